//! The ledgers beside the three that are required: who stands in each, with what, in which order, and what a spreadsheet of
//! it holds.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiafang_core::api::axes::RecordStatus;
use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::{ChangeField, ChangeFlags};
use jiafang_core::api::ledger::{LedgerPage, ShowLedger};
use jiafang_core::api::ledger_kind::LedgerKind;
use jiafang_core::api::roster::OneImport;
use jiafang_core::domain::code_list::{AttendanceMark, ChildFlag, DayPart, SchoolingStatus, VisitPurpose};
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::time::Day;
use jiafang_core::error::ErrorCode;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township};

fn sets(person: &Person, child: DocumentId, field: &str, value: &str) {
    let request = ChangeField { document_id: child, field: field.to_owned(), value: value.to_owned() };
    person.app().change_field(request).unwrap();
}

fn says(person: &Person, child: DocumentId, status: SchoolingStatus) {
    let note = "见班级档案".to_owned();
    person.app().record_status(RecordStatus { document_id: child, status, since: None, note, pages: None }).unwrap();
}

fn page(person: &Person, request: ShowLedger) -> LedgerPage {
    person.app().show_ledger(ShowLedger { limit: 100, ..request }).unwrap()
}

fn names(page: &LedgerPage) -> Vec<String> {
    let place = page.columns.iter().position(|column| column.key == "name").unwrap();
    page.rows.iter().map(|row| row.cells[place].clone()).collect()
}

#[test]
fn the_number_of_another_paper_is_taken_where_its_kind_is_said_and_the_ledger_says_both() {
    let mut township = Township::new(95);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    let passport =
        || ChangeField { document_id: child, field: "profile.id_number".to_owned(), value: "e12345678".to_owned() };
    assert!(li.app().change_field(passport()).is_err(), "no number of a resident identity card");
    sets(&li, child, "profile.id_type", "passport");
    li.app().change_field(passport()).unwrap();
    let no_number = ChangeField { value: "在办".to_owned(), ..passport() };
    assert_eq!(li.app().change_field(no_number).unwrap_err().facts["reason"], "no_number_of_a_paper");
    sets(&li, child, "household.hukou_type", "non_agricultural");
    let row = li.ledger_row_of(LedgerKind::SchoolAge, child).expect("it is of age");
    assert_eq!([&row["id_type"], &row["hukou_type"]], ["护照", "非农业"]);
    assert!(row["id_number"].starts_with("E123") || row["id_number"].contains('*'), "{}", row["id_number"]);
}

#[test]
fn the_smaller_ledgers_hold_their_children_with_what_an_inspector_asks_for() {
    let mut township = Township::new(91);
    let village = township.village(0);
    let class = township.county.schools[0].classes[0].id.clone();
    let office = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let away = li.registers_pupil("石在外", &village, &class);
    let home = li.registers_pupil("石在家", &village, &class);
    let well = li.registers_pupil("石在校", &village, &class);
    let held = li.registers_pupil("石涉案", &village, &class);

    says(&li, away, SchoolingStatus::EnrolledElsewhere);
    sets(&li, away, "record.host_school", "东莞市某某小学");
    sets(&li, away, "record.confirmed_how", "phone");
    sets(&li, away, "record.confirmed_on", "2026-10-12");
    says(&li, home, SchoolingStatus::HomeTeaching);
    says(&li, held, SchoolingStatus::InCustody);
    sets(&li, home, "plan.placement", "home_teaching");
    sets(&li, home, "plan.home_teacher", "王老师");
    for _ in 0..2 {
        li.records_visit(home, &[], |form| form.purpose = Some(VisitPurpose::HomeTeaching));
    }
    let refused = li.app().change_field(ChangeField {
        document_id: home,
        field: "plan.placement".to_owned(),
        value: "somewhere".to_owned(),
    });
    assert_eq!(refused.unwrap_err().facts["reason"], "not_in_the_list");
    sync_until_quiet(&[&li, &office]);

    let row = office.ledger_row_of(LedgerKind::OutOfCounty, away).expect("it studies elsewhere");
    assert_eq!((row["host_school"].as_str(), row["confirmed_how"].as_str()), ("东莞市某某小学", "电话"));
    assert!(row["recheck_on"].as_str() > "2026-10-12", "asked anew next term: {}", row["recheck_on"]);
    assert!(office.ledger_row_of(LedgerKind::OutOfCounty, well).is_none());
    let row = office.ledger_row_of(LedgerKind::HomeTeaching, home).expect("it is taught at home");
    assert_eq!((row["placement"].as_str(), row["home_teacher"].as_str()), ("送教上门", "王老师"));
    assert_eq!(
        (row["home_sessions"].as_str(), row["last_session"].as_str()),
        ("2", li.today().today.to_string().as_str())
    );
    assert!(office.ledger_row_of(LedgerKind::KeyGroups, well).is_none());
    assert!(office.ledger_row_of(LedgerKind::KeyGroups, held).is_some(), "as long as its status says so");
    office.assert_projections_rebuild();
    township.assert_same_ledger(&office);

    let columns = ["name", "host_school", "confirmed_on"].map(str::to_owned).to_vec();
    let request = ShowLedger { kind: LedgerKind::OutOfCounty, columns, ..ShowLedger::default() };
    let made = office.app().export_ledger(request).unwrap();
    assert_eq!(made.row_count, 1);
}

#[test]
fn a_ledger_is_narrowed_by_grade_and_group_and_sorted_by_the_case_s_own_columns() {
    let mut township = Township::new(92);
    let village = township.village(0);
    let (class, other) = {
        let classes = &township.county.schools[0].classes;
        let today = Day::parse("2026-11-23").unwrap();
        let graded: Vec<_> = classes.iter().filter_map(|one| Some((one.id.clone(), one.grade_on(today.0)?))).collect();
        let first = graded[0].clone();
        let second = graded.iter().find(|one| one.1 != first.1).unwrap().clone();
        (first, second)
    };
    let office = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    for person in [&li, &office] {
        person.clock.shows("2026-11-23", 9);
    }
    township.clock.shows("2026-11-23", 9);
    let long = li.registers_pupil("石三天", &village, &class.0);
    let short = li.registers_pupil("石一天", &village, &other.0);
    sets(&li, long, "household.village_group", "3社");
    sets(&li, short, "household.village_group", "1社");
    li.marks(long, AttendanceMark::Unexcused, DayPart::Whole);
    li.clock.shows("2026-11-26", 9);
    li.marks(short, AttendanceMark::Unexcused, DayPart::Whole);
    for person in [&li, &office] {
        person.clock.shows("2026-11-30", 9);
    }
    township.clock.shows("2026-11-30", 9);
    sync_until_quiet(&[&li, &office]);
    let suspected = ShowLedger { kind: LedgerKind::Suspected, ..ShowLedger::default() };
    for (descending, expected) in [(true, ["石三天", "石一天"]), (false, ["石一天", "石三天"])] {
        let request = ShowLedger { sort_by: "absent_days".to_owned(), descending, ..suspected.clone() };
        assert_eq!(names(&page(&office, request)), expected);
    }
    let first = ShowLedger { sort_by: "absent_days".to_owned(), descending: true, ..suspected.clone() };
    let second = office.app().show_ledger(ShowLedger { offset: 1, limit: 1, ..first }).unwrap();
    assert_eq!((names(&second), second.total), (vec!["石一天".to_owned()], 2), "page by page in the same order");

    let graded = page(&office, ShowLedger { grade: Some(class.1), ..suspected.clone() });
    assert_eq!(names(&graded), ["石三天"]);
    assert_eq!(graded.by_grade.iter().map(|one| one.count).sum::<u32>(), 2, "the facet leaves its own filter out");
    let of_village = ShowLedger { place: Some(village), ..suspected };
    let seen = page(&office, of_village.clone());
    assert_eq!(seen.by_group.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["1社", "3社"]);
    assert_eq!(names(&page(&office, ShowLedger { group: Some("1社".to_owned()), ..of_village })), ["石一天"]);
}

#[test]
fn a_child_of_a_single_parent_family_stands_among_the_key_groups_and_is_found_by_that() {
    let mut township = Township::new(96);
    let village = township.village(0);
    let name_of =
        |code: &str| township.county.places.iter().find(|one| one.code.as_str() == code).unwrap().name.clone();
    let (village_name, township_name) = (name_of(village.as_str()), name_of(township.township().as_str()));
    let office = township.coordinator("赵敏");
    let roster = format!(
        "姓名,性别,出生日期,乡镇,村,社,特殊情况类别\n石小雨,女,2014-05-04,{township_name},{village_name},3社,单亲家庭\n\
         石大山,男,2014-06-04,{township_name},{village_name},3社,\n"
    );
    let preview = office.app().preview_roster("名册.csv", roster.as_bytes()).unwrap();
    office.app().confirm_roster(OneImport { import_id: preview.import_id }).unwrap();
    let row =
        office.ledger_row_of(LedgerKind::KeyGroups, office.child("石小雨")).expect("the county watches such families");
    assert_eq!(row["special_flags"], "单亲家庭");
    assert!(office.ledger_row_of(LedgerKind::KeyGroups, office.child("石大山")).is_none());
    let request = ShowLedger { flags: vec![ChildFlag::SingleParent], ..ShowLedger::default() };
    assert_eq!(names(&page(&office, request)), ["石小雨"]);
}

#[test]
fn a_teacher_marks_what_is_special_about_a_child_and_a_raised_flag_stands_where_two_differ() {
    for li_is_first in [true, false] {
        let mut township = Township::new(97);
        let village = township.village(0);
        let office = township.coordinator("赵敏");
        let li = township.teacher("李老师", Scope::Place(village.clone()));
        let zhang = township.teacher("张老师", Scope::Place(village.clone()));
        let child = li.registers("石小雨", "2014-05-04", &village, "19900000001");
        let change = |person: &Person, raised: &[ChildFlag], lowered: &[ChildFlag]| {
            let request = ChangeFlags { document_id: child, raised: raised.to_vec(), lowered: lowered.to_vec() };
            person.app().change_flags(request)
        };
        change(&li, &[ChildFlag::LeftBehindBoth, ChildFlag::Boarder], &[]).unwrap();
        sync_until_quiet(&[&li, &zhang, &office]);
        let row = office.ledger_row_of(LedgerKind::KeyGroups, child).expect("its parents are away");
        assert_eq!(row["left_behind"], "双亲留守");
        let before = township.log_length();
        change(&li, &[ChildFlag::Boarder], &[ChildFlag::Orphan]).unwrap();
        li.syncs();
        assert_eq!(township.log_length(), before, "what stands so already is not written again");

        // One takes it away, the other has heard of it again, without knowing of each other.
        change(&li, &[], &[ChildFlag::LeftBehindBoth]).unwrap();
        change(&zhang, &[], &[ChildFlag::LeftBehindBoth]).unwrap();
        change(&zhang, &[ChildFlag::LeftBehindBoth], &[]).unwrap();
        if li_is_first {
            sync_until_quiet(&[&li, &zhang, &office]);
        } else {
            sync_until_quiet(&[&zhang, &li, &office]);
        }
        for person in [&li, &zhang, &office] {
            assert!(person.ledger_row_of(LedgerKind::KeyGroups, child).is_some(), "the safer reading for the child");
        }
        change(&office, &[], &[ChildFlag::LeftBehindBoth]).unwrap();
        sync_until_quiet(&[&office, &li, &zhang]);
        assert!(li.ledger_row_of(LedgerKind::KeyGroups, child).is_none());
        for (raised, lowered) in
            [(&[ChildFlag::OverdueVisit][..], &[][..]), (&[ChildFlag::Orphan][..], &[ChildFlag::Orphan][..])]
        {
            assert_eq!(change(&li, raised, lowered).unwrap_err().code, ErrorCode::FieldInvalid);
        }
        office.assert_projections_rebuild();
        township.assert_same_ledger(&office);
    }
}
