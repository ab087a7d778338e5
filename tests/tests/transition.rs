//! The way into the next school: the primary lists and a coordinator hands over, the junior registers, the primary verifies, the
//! junior persuades; and the balance comes out at each step.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiafang_core::api::commands::Commands;
use jiafang_core::api::county_settings::EditCounty;
use jiafang_core::api::ledger::ShowLedger;
use jiafang_core::api::ledger_kind::LedgerKind;
use jiafang_core::api::roll::OneClass;
use jiafang_core::api::transition::{RecordTransition, ShowTransition, TransitionRow, TransitionSaved, TransitionView};
use jiafang_core::api::transition_balance::{BalanceCounts, ShowTransitionBalance, TransitionBalanceView};
use jiafang_core::domain::case::CasePhase;
use jiafang_core::domain::code_list::{
    AttendanceMark, DayPart, SchoolingStatus, TransitionDestination, TransitionEntryKind as K,
};
use jiafang_core::domain::county_edit::CountyEdit;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::{Class, ClassId, Scope, Stage};
use jiafang_core::domain::role::Role;
use jiafang_core::domain::time::Day;
use jiafang_core::domain::transition::{TransitionForm, TransitionState as S};
use jiafang_core::domain::transition_tasks::TransitionTaskKind as T;
use jiafang_core::environment::Clock as _;
use jiafang_core::error::{ErrorCode, Result};
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township, section};

/// The children come to junior school in autumn of this year.
const YEAR: i16 = 2027;

/// A class of grade 6, and a class of the junior school that the county has made for the autumn.
struct Schools {
    leaving: ClassId,
    entered: ClassId,
}

/// The county's section makes the classes of the coming autumn.
fn schools(township: &mut Township, section: &Person) -> Schools {
    let of_stage = |stage: Stage| {
        township.county.schools.iter().find(|school| school.classes.iter().any(|class| class.stage == stage)).unwrap()
    };
    let primary = of_stage(Stage::Primary);
    let junior = of_stage(Stage::Junior).clone();
    let leaving = primary.classes.iter().find(|class| class.stage == Stage::Primary && class.entry_year == YEAR - 6);
    let entered = ClassId::new(&junior.code, Stage::Junior, YEAR, 1);
    let schools = Schools { leaving: leaving.unwrap().id.clone(), entered: entered.clone() };
    let mut school = junior;
    school.classes.push(Class { id: entered, stage: Stage::Junior, entry_year: YEAR, number: 1 });
    section.app().save_county_edit(EditCounty { edit: CountyEdit::School { school } }).unwrap();
    schools
}

fn on(day: &str, township: &Township, people: &[&Person]) {
    township.clock.shows(day, 9);
    for person in people {
        person.clock.shows(day, 9);
    }
}

fn form(person: &Person, kind: K) -> TransitionForm {
    TransitionForm::new(kind, Stage::Junior, YEAR, person.clock.now().day())
}

fn records(person: &Person, children: &[DocumentId], form: TransitionForm) -> Result<TransitionSaved> {
    person.app().record_transition(RecordTransition { document_ids: children.to_vec(), form, pages: None })
}

fn lists(person: &Person, children: &[DocumentId], schools: &Schools) {
    let form = TransitionForm {
        destination: Some(TransitionDestination::CountyPublic),
        school: Some(schools.entered.school()),
        signers: "家长签字表在班级档案".to_owned(),
        ..form(person, K::Listed)
    };
    records(person, children, form).unwrap();
}

fn hands_over(person: &Person, children: &[DocumentId], schools: &Schools) -> Result<TransitionSaved> {
    let form = TransitionForm {
        to_class: Some(schools.entered.clone()),
        signers: "小学李老师，初中王老师".to_owned(),
        ..form(person, K::HandedOver)
    };
    records(person, children, form)
}

fn misses(person: &Person, child: DocumentId) -> TransitionSaved {
    records(person, &[child], TransitionForm { note: "家里没有人接电话".to_owned(), ..form(person, K::NoShow) })
        .unwrap()
}

fn finds_elsewhere(person: &Person, child: DocumentId) {
    let form = TransitionForm {
        school_name: "东莞市某某中学".to_owned(),
        note: "就读证明在学校档案".to_owned(),
        ..form(person, K::Elsewhere)
    };
    records(person, &[child], form).unwrap();
}

fn list(person: &Person, class: &ClassId) -> TransitionView {
    let request = ShowTransition {
        into: Stage::Junior,
        year: None,
        class: Some(class.clone()),
        from: None,
        to: None,
        only_breaking: false,
    };
    person.app().show_transition(request).unwrap()
}

fn row(person: &Person, class: &ClassId, child: DocumentId) -> TransitionRow {
    list(person, class).rows.into_iter().find(|row| row.child.document_id == child).expect("the child is on the list")
}

fn balance(person: &Person) -> TransitionBalanceView {
    person.app().show_transition_balance(ShowTransitionBalance { into: Stage::Junior, year: None }).unwrap()
}

/// Sent, arrived, elsewhere, not come, difference, red.
fn says(counts: &BalanceCounts) -> (u32, u32, u32, u32, u32, bool) {
    (counts.sent, counts.arrived, counts.elsewhere, counts.no_show, counts.difference, counts.red)
}

fn cards(person: &Person) -> Vec<(T, u32, bool)> {
    person.today().transitions.iter().map(|card| (card.kind, card.count, card.mine)).collect()
}

#[test]
fn a_class_goes_from_primary_to_junior_school_and_the_balance_comes_out_at_each_step() {
    let mut township = Township::new(95);
    let code = township.invites("陈科长", Role::CountySection, Scope::Place(township.county.county.code.clone()));
    let chen = township.somebody("陈科长");
    chen.enrols(&code);
    let schools = schools(&mut township, &chen);
    chen.syncs();
    let zhao = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Class(schools.leaving.clone()));
    let wang = township.teacher("王老师", Scope::Class(schools.entered.clone()));
    let everybody = [&li, &wang, &zhao];
    let village = township.village(0);

    section("May: every child of grade 6 is to be put on the list");
    on("2027-05-10", &township, &everybody);
    let children: Vec<DocumentId> = ["石一", "石二", "石三", "石四", "石五"]
        .into_iter()
        .map(|name| li.registers_pupil(name, &village, &schools.leaving))
        .collect();
    assert_eq!(cards(&li), [(T::List, 5, true)]);
    lists(&li, &children[..4], &schools);
    let away = TransitionForm {
        destination: Some(TransitionDestination::OutOfProvince),
        school_name: "东莞市某某中学".to_owned(),
        signers: "家长签字表在班级档案".to_owned(),
        ..form(&li, K::Listed)
    };
    records(&li, &children[4..], away).unwrap();
    sync_until_quiet(&everybody);
    assert!(list(&wang, &schools.entered).rows.is_empty(), "the junior school has nobody before the hand-over");
    assert_eq!(says(&balance(&zhao).total), (5, 0, 0, 0, 5, false));

    section("July: the list is handed over, signed by both; the children lie at the junior school from now on");
    on("2027-07-05", &township, &everybody);
    assert_eq!(cards(&zhao), [(T::HandOver, 4, true)]);
    assert_eq!(hands_over(&li, &children[..1], &schools).unwrap_err().code, ErrorCode::NotAllowed);
    hands_over(&zhao, &children[..4], &schools).unwrap();
    // Who verifies at the primary school keeps sight of the children by a scope of their class.
    let both = vec![Scope::Class(schools.leaving.clone()), Scope::Class(schools.entered.clone())];
    township.gives_all("李老师", Role::ClassTeacher, both);
    sync_until_quiet(&everybody);
    assert_eq!(list(&wang, &schools.entered).rows.len(), 4);
    assert_eq!(row(&wang, &schools.entered, children[0]).state, S::HandedOver);
    assert!(row(&li, &schools.leaving, children[0]).child.document_id == children[0], "the primary sees it still");

    section("September: two have come, one has not, and of one nobody has said anything");
    on("2027-09-01", &township, &everybody);
    assert_eq!(cards(&wang), [(T::Register, 4, true)]);
    for child in &children[..2] {
        records(&wang, &[*child], form(&wang, K::Arrived)).unwrap();
    }
    misses(&wang, children[2]);
    sync_until_quiet(&everybody);
    assert_eq!(
        says(&balance(&zhao).total),
        (5, 2, 0, 1, 2, false),
        "until the third school day nobody need have spoken"
    );
    assert_eq!(wang.opens(children[2]).row.status, SchoolingStatus::SuspectedDropout);
    assert_eq!(wang.case(children[2]).phase, CasePhase::Suspected);
    assert!(zhao.ledger_row_of(LedgerKind::Suspected, children[2]).is_some(), "one case, and no second truth");
    on("2027-09-03", &township, &everybody);
    let counts = balance(&zhao);
    assert_eq!(says(&counts.total), (5, 2, 0, 1, 2, true));
    assert!(counts.rows[0].counts.red);
    let request = ShowTransition {
        into: Stage::Junior,
        year: None,
        class: None,
        from: Some(counts.rows[0].from.clone()),
        to: Some(counts.rows[0].to.clone()),
        only_breaking: true,
    };
    assert_eq!(zhao.app().show_transition(request).unwrap().rows.len(), 1, "the balance names its child");

    section("the primary verifies two; of one of them the junior says at the same time that it has come");
    finds_elsewhere(&li, children[4]);
    finds_elsewhere(&li, children[3]);
    records(&wang, &[children[3]], form(&wang, K::Arrived)).unwrap();
    sync_until_quiet(&everybody);
    for person in [&wang, &li] {
        let of_both = row(person, &schools.entered, children[3]);
        assert_eq!((of_both.state, of_both.waits, of_both.whereabouts.len()), (S::Contradicts, true, 2));
    }
    assert_eq!(says(&balance(&zhao).total), (5, 2, 1, 1, 1, true), "one child in two places is in no account");
    records(&wang, &[children[3]], form(&wang, K::Arrived)).unwrap();

    section("the child who had not come is persuaded, and comes");
    on("2027-09-08", &township, &everybody);
    records(&wang, &[children[2]], form(&wang, K::Arrived)).unwrap();
    assert_eq!(wang.opens(children[2]).row.status, SchoolingStatus::Returned);
    assert_eq!(wang.case(children[2]).phase, CasePhase::Settling, "the case knows of it in the same commit");
    sync_until_quiet(&everybody);
    assert_eq!(says(&balance(&zhao).total), (5, 4, 1, 0, 0, false));

    section("the records are moved, and the ledger tells the whole way");
    let moved = form(&zhao, K::RecordMoved);
    records(&zhao, &children[..4], moved).unwrap();
    let told = zhao.ledger_row_of(LedgerKind::Transition, children[0]).unwrap();
    assert_eq!(told["handed_over_on"], "2027-07-05");
    assert_eq!((told["registered_on"].as_str(), told["registration_confirmed_by"].as_str()), ("2027-09-01", "王老师"));
    assert_eq!((told["transition_closed_on"].as_str(), told["no_show"].as_str()), ("2027-09-08", ""));
    let told = zhao.ledger_row_of(LedgerKind::Transition, children[4]).unwrap();
    assert_eq!((told["went_to"].as_str(), told["receiving_proof"].as_str()), ("东莞市某某中学", "就读证明在学校档案"));
    let made = zhao.app().export_ledger(ShowLedger { kind: LedgerKind::Transition, ..ShowLedger::default() }).unwrap();
    assert_eq!(made.row_count, 5);
    assert_eq!(cards(&zhao), []);
    sync_until_quiet(&everybody);
    let before = balance(&wang);
    for person in everybody {
        person.assert_projections_rebuild();
    }
    assert_eq!(says(&before.total), says(&balance(&wang).total));
    township.assert_same_ledger(&zhao);
}

#[test]
fn the_children_of_the_cohort_enter_grade_one_and_who_does_not_come_is_a_case_of_the_first_day() {
    let mut township = Township::new(98);
    let code = township.invites("陈科长", Role::CountySection, Scope::Place(township.county.county.code.clone()));
    let chen = township.somebody("陈科长");
    chen.enrols(&code);
    let is_primary = |class: &Class| class.stage == Stage::Primary;
    let primary = township.county.schools.iter().find(|school| school.classes.iter().any(is_primary)).unwrap();
    let entered = ClassId::new(&primary.code, Stage::Primary, YEAR, 1);
    let mut school = primary.clone();
    school.classes.push(Class { id: entered.clone(), stage: Stage::Primary, entry_year: YEAR, number: 1 });
    chen.app().save_county_edit(EditCounty { edit: CountyEdit::School { school } }).unwrap();
    chen.syncs();
    let zhao = township.coordinator("赵敏");
    let wang = township.teacher("王老师", Scope::Class(entered.clone()));
    let everybody = [&zhao, &wang];
    let village = township.village(0);
    let first = |person: &Person, kind| TransitionForm { into: Stage::Primary, ..form(person, kind) };
    let into_first = |person: &Person| {
        person.app().show_transition_balance(ShowTransitionBalance { into: Stage::Primary, year: None }).unwrap()
    };

    section("June: of the village's children those who are six until the end of August are to be put on the list");
    on("2027-06-10", &township, &everybody);
    let [come, missing, _young] = [("石早", "2020-09-01"), ("石末", "2021-08-31"), ("石幼", "2021-09-01")]
        .map(|(name, born)| zhao.registers(name, born, &village, "19900000000"));
    assert_eq!(cards(&zhao), [(T::List, 2, true)], "born on 1 September is the next year's");
    let listed = TransitionForm {
        destination: Some(TransitionDestination::CountyPublic),
        school: Some(entered.school()),
        signers: "家长签字表在村委会".to_owned(),
        ..first(&zhao, K::Listed)
    };
    records(&zhao, &[come, missing], listed).unwrap();

    section("July: they are given their class, and the school has them");
    on("2027-07-05", &township, &everybody);
    let handed = TransitionForm {
        to_class: Some(entered.clone()),
        signers: "村委会石主任，小学王老师".to_owned(),
        ..first(&zhao, K::HandedOver)
    };
    records(&zhao, &[come, missing], handed).unwrap();
    sync_until_quiet(&everybody);
    assert_eq!(says(&into_first(&zhao).total), (2, 0, 0, 0, 2, false));

    section("the first day: one comes, one does not");
    on("2027-09-01", &township, &everybody);
    assert_eq!(cards(&wang), [(T::Register, 2, true)]);
    records(&wang, &[come], first(&wang, K::Arrived)).unwrap();
    let missed = TransitionForm { note: "家里没有人接电话".to_owned(), ..first(&wang, K::NoShow) };
    records(&wang, &[missing], missed).unwrap();
    sync_until_quiet(&everybody);
    assert_eq!(wang.case(missing).phase, CasePhase::Suspected);
    assert!(zhao.ledger_row_of(LedgerKind::Suspected, missing).is_some());
    assert_eq!(says(&into_first(&zhao).total), (2, 1, 0, 1, 0, false));

    section("persuaded, the child comes, and the balance is even on every device");
    on("2027-09-06", &township, &everybody);
    records(&wang, &[missing], first(&wang, K::Arrived)).unwrap();
    sync_until_quiet(&everybody);
    for person in everybody {
        assert_eq!(says(&into_first(person).total), (2, 2, 0, 0, 0, false));
        person.assert_projections_rebuild();
    }
    township.assert_same_ledger(&zhao);
}

#[test]
fn a_no_show_that_was_tapped_by_mistake_is_taken_back_with_its_case_and_its_status() {
    let mut township = Township::new(96);
    let code = township.invites("陈科长", Role::CountySection, Scope::Place(township.county.county.code.clone()));
    let chen = township.somebody("陈科长");
    chen.enrols(&code);
    let schools = schools(&mut township, &chen);
    chen.syncs();
    let zhao = township.coordinator("赵敏");
    let wang = township.teacher("王老师", Scope::Class(schools.entered.clone()));
    on("2027-06-20", &township, &[&zhao, &wang]);
    let child = zhao.registers_pupil("石一", &township.village(0), &schools.leaving);
    lists(&zhao, &[child], &schools);
    hands_over(&zhao, &[child], &schools).unwrap();
    on("2027-09-01", &township, &[&zhao, &wang]);
    sync_until_quiet(&[&zhao, &wang]);
    let saved = misses(&wang, child);
    assert_eq!(row(&wang, &schools.entered, child).state, S::NoShow);
    let undo = TransitionForm { of: Some(saved.entries[0].entry_id), ..form(&wang, K::Withdrawn) };
    records(&wang, &[child], undo).unwrap();
    assert_eq!(row(&wang, &schools.entered, child).state, S::HandedOver);
    assert_eq!(wang.opens(child).row.status, SchoolingStatus::EnrolledHere);
    assert!(wang.casework(child).cases.iter().all(|case| !case.phase.is_open()));
    records(&wang, &[child], form(&wang, K::Arrived)).unwrap();
    let foreign = TransitionForm { of: Some(saved.entries[0].entry_id), ..form(&wang, K::Withdrawn) };
    assert!(records(&wang, &[child], foreign).is_ok(), "once more changes nothing");
    assert_eq!(row(&wang, &schools.entered, child).state, S::Arrived);
}

#[test]
fn two_coordinators_hand_one_child_over_apart_and_it_is_one_hand_over() {
    for first in [0, 1] {
        let mut township = Township::new(97);
        let code = township.invites("陈科长", Role::CountySection, Scope::Place(township.county.county.code.clone()));
        let chen = township.somebody("陈科长");
        chen.enrols(&code);
        let schools = schools(&mut township, &chen);
        chen.syncs();
        let zhao = township.coordinator("赵敏");
        on("2027-07-05", &township, &[&zhao, &chen]);
        let child = zhao.registers_pupil("石一", &township.village(0), &schools.leaving);
        lists(&zhao, &[child], &schools);
        sync_until_quiet(&[&zhao, &chen]);
        let both = [&zhao, &chen];
        for person in both {
            person.goes_offline();
            hands_over(person, &[child], &schools).unwrap();
        }
        for person in [both[first], both[1 - first]] {
            person.gets_signal();
            person.syncs();
        }
        sync_until_quiet(&both);
        for person in both {
            let told = row(person, &schools.entered, child);
            assert_eq!((told.state, told.waits), (S::HandedOver, false), "{} first", both[first].name);
            assert_eq!(told.handed_over_on, Day::parse("2027-07-05"));
            assert_eq!(says(&balance(person).total).0, 1);
        }
        assert_eq!(township.kept_apart(), 0);
    }
}

#[test]
fn after_the_holidays_a_class_is_back_when_its_teacher_has_said_so_and_who_is_missing_stays_missing() {
    let mut township = Township::new(98);
    let class = township.county.schools[0].classes.iter().find(|class| class.entry_year == 2024).unwrap().id.clone();
    let zhao = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Class(class.clone()));
    let he = township.teacher("何老师", Scope::Class(class.clone()));
    let everybody = [&zhao, &li, &he];
    on("2027-01-20", &township, &everybody);
    let village = township.village(0);
    let children: Vec<DocumentId> =
        ["石一", "石二", "石三"].into_iter().map(|name| li.registers_pupil(name, &village, &class)).collect();
    sync_until_quiet(&everybody);
    on("2027-02-10", &township, &everybody);
    assert!(li.roll(&class).term.is_none(), "in the holidays nobody is asked");

    on("2027-02-22", &township, &everybody);
    assert_eq!(cards(&li), [(T::ClassBack, 3, true)], "silence is no return");
    li.marks(children[2], AttendanceMark::Unexcused, DayPart::Whole);
    for person in [&li, &he] {
        person.goes_offline();
        person.app().confirm_class_back(OneClass { class: class.clone() }).unwrap();
        assert_eq!(cards(person), []);
        person.gets_signal();
    }
    sync_until_quiet(&everybody);
    for person in everybody {
        let said = person.roll(&class).term.unwrap().said;
        let mut told: Vec<(String, u16)> = said.into_iter().map(|one| (one.person_name, one.came)).collect();
        told.sort();
        assert_eq!(told, [("何老师".to_owned(), 3), ("李老师".to_owned(), 2)], "both said what each saw");
        assert_eq!(person.roll(&class).absent_count, 1);
        person.assert_projections_rebuild();
    }
}
