//! A child who is missing, from the first roll to the closing, on the devices of those who answer for it.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiafang_core::api::casework::{BeginPages, CaseView};
use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::TimelineEvent;
use jiafang_core::api::ledger_kind::LedgerKind;
use jiafang_core::api::plan::RecordPlan;
use jiafang_core::api::reminder::Reminder;
use jiafang_core::api::roll::RecordAbsence;
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::absence::AbsenceForm;
use jiafang_core::domain::case::{CasePhase, StepStanding, TaskKind};
use jiafang_core::domain::case_record::CaseForm;
use jiafang_core::domain::code_list::{
    AbsenceReason, AttendanceMark, CaseOutcome, CaseRecordKind, DayPart, DropoutDestination, ParentPosition,
    ReturnPlacement, SchoolingStatus, ServiceMethod, VisitPurpose,
};
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::{ClassId, Scope};
use jiafang_core::domain::plan::PlanForm;
use jiafang_core::domain::role::Role;
use jiafang_core::domain::time::Day;
use jiafang_core::domain::visit::{Companion, VisitForm};
use jiafang_core::error::ErrorCode;
use jiafang_tests::kit::person::{photo_bytes, sync_until_quiet};
use jiafang_tests::kit::{Person, Township};

const WHOLE: DayPart = DayPart::Whole;

struct Cast {
    township: Township,
    li: Person,
    wang: Person,
    principal: Person,
    office: Person,
    child: DocumentId,
    class: ClassId,
}

impl Cast {
    /// Two teachers of one class, their principal, the township's office, and a child whom all of them know.
    fn new(seed: u64) -> Self {
        let mut township = Township::new(seed);
        let village = township.village(0);
        let class = township.county.schools[0].classes[0].id.clone();
        let scope = || Scope::Class(class.clone());
        let li = township.teacher("李老师", scope());
        let wang = township.teacher("王老师", scope());
        let code = township.invites("周校长", Role::Principal, Scope::School(class.school()));
        let principal = township.somebody("周校长");
        principal.enrols(&code);
        let office = township.coordinator("赵敏");
        let child = li.registers_pupil("石小雨", &village, &class);
        let cast = Self { township, li, wang, principal, office, child, class };
        cast.everybody_syncs();
        cast
    }

    fn everybody(&self) -> [&Person; 4] {
        [&self.li, &self.wang, &self.principal, &self.office]
    }

    fn everybody_syncs(&self) {
        sync_until_quiet(&self.everybody());
    }

    fn it_is(&self, day: &str, hour: i64) {
        for person in self.everybody() {
            person.clock.shows(day, hour);
        }
        self.township.clock.shows(day, hour);
    }

    /// After a sync all devices say the same of the case: phase and counted days.
    fn all_say(&self, phase: CasePhase, absent_days: u32) -> CaseView {
        self.everybody_syncs();
        for person in self.everybody() {
            let case = person.case(self.child);
            assert_eq!((case.phase, case.absent_days), (phase, absent_days), "on {}'s device", person.name);
        }
        self.li.case(self.child)
    }

    fn persuades(&self, person: &Person, promised: Option<&str>) {
        person.records_visit(self.child, &[], |form: &mut VisitForm| {
            form.purpose = Some(VisitPurpose::Persuasion);
            form.child_seen = Some(true);
            form.reasons_teacher = vec![AbsenceReason::SchoolAversion];
            form.parent_position =
                Some(if promised.is_some() { ParentPosition::AgreesDate } else { ParentPosition::AgreesVague });
            form.promised_return_on = promised.and_then(Day::parse);
        });
    }

    fn served(&self, number: &str) {
        let notice = CaseForm {
            number: number.to_owned(),
            office: "青石镇人民政府".to_owned(),
            person: "石大山".to_owned(),
            ..self.office.case_form(CaseRecordKind::Notice)
        };
        self.office.records_case(self.child, notice, &["portrait_6.jpg"]).unwrap();
        let notice = self.office.casework(self.child).notices.last().unwrap().entry_id;
        let both = ["赵敏", "孙干部"].map(|name| Companion { name: name.to_owned(), duty: String::new() });
        let service = CaseForm {
            method: Some(ServiceMethod::InPerson),
            person: "石大山".to_owned(),
            servers: both.to_vec(),
            of: Some(notice),
            ..self.office.case_form(CaseRecordKind::Service)
        };
        self.office.records_case(self.child, service, &["landscape_6.jpg"]).unwrap();
    }

    /// Missing from Monday the 23rd, named, reported, noticed, back on 3 December.
    fn came_back(&self) {
        self.it_is("2026-11-23", 9);
        self.li.marks(self.child, AttendanceMark::Unexcused, WHOLE);
        self.it_is("2026-11-27", 9);
        self.everybody_syncs();
        self.principal.records_case(self.child, named(&self.principal), &[]).unwrap();
        self.it_is("2026-12-03", 8);
        self.li.marks(self.child, AttendanceMark::Present, WHOLE);
        self.everybody_syncs();
    }

    fn proposes_closing(&self) -> CaseForm {
        let proposal = CaseForm {
            outcome: Some(CaseOutcome::Returned),
            note: "复学登记表和点名册在班级档案第12页".to_owned(),
            ..self.li.case_form(CaseRecordKind::ClosingProposed)
        };
        self.li.records_case(self.child, proposal, &[]).unwrap();
        self.everybody_syncs();
        let of = self.li.case(self.child).closing.unwrap().proposal;
        CaseForm { of: Some(of), ..self.principal.case_form(CaseRecordKind::ClosingConfirmed) }
    }
}

fn named(by: &Person) -> CaseForm {
    CaseForm { person: "王老师".to_owned(), ..by.case_form(CaseRecordKind::Assignment) }
}

fn standing(case: &CaseView, step: &str) -> StepStanding {
    case.steps.iter().rev().find(|other| other.key == step).unwrap().standing
}

fn status(person: &Person, child: DocumentId) -> SchoolingStatus {
    person.opens(child).row.status
}

#[test]
fn a_child_is_missing_persuaded_missing_again_reported_noticed_returned_settled_and_closed() {
    let cast = Cast::new(51);
    let child = cast.child;

    // Monday: both teachers record it, neither knows of the other.
    cast.it_is("2026-11-23", 9);
    for teacher in [&cast.li, &cast.wang] {
        teacher.goes_offline();
        teacher.marks(child, AttendanceMark::Unexcused, WHOLE);
        teacher.gets_signal();
    }
    let case = cast.all_say(CasePhase::Watch, 1);
    assert_eq!(standing(&case, "persuade"), StepStanding::Due);
    let roll = cast.li.roll(&cast.class);
    assert_eq!((roll.absent_count, roll.rows[0].morning.person_names.len()), (1, 2), "one absence, told by two");
    let today = cast.li.today();
    assert_eq!(today.due_today[0].task.as_ref().unwrap().step, "persuade");
    assert!(cast.principal.today().due_today.is_empty(), "it is not the school's turn yet");
    assert_eq!(cast.principal.today().waiting.len(), 1);

    // Tuesday: persuaded; the family promises Wednesday. It is done by the visit, and a day late.
    cast.it_is("2026-11-24", 17);
    cast.persuades(&cast.li, Some("2026-11-25"));
    let case = cast.all_say(CasePhase::Watch, 2);
    let step = case.steps.iter().find(|step| step.key == "persuade").unwrap();
    assert_eq!((step.standing, step.late_days, step.person_name.as_str()), (StepStanding::Done, 1, "李老师"));
    assert_eq!((case.attempt_count, case.promised_on), (1, Day::parse("2026-11-25")));

    assert!(cast.office.ledger_row_of(LedgerKind::Suspected, child).is_none(), "watched, and not suspected");

    // Wednesday: missing again: the promise is not kept, and the school names somebody.
    cast.it_is("2026-11-25", 9);
    cast.wang.marks(child, AttendanceMark::Unexcused, WHOLE);
    let case = cast.all_say(CasePhase::Suspected, 3);
    assert_eq!(standing(&case, "name_person"), StepStanding::Due);
    assert_eq!(status(&cast.office, child), SchoolingStatus::EnrolledHere, "no status without a person");
    cast.principal.records_case(child, named(&cast.principal), &[]).unwrap();
    cast.everybody_syncs();
    assert_eq!(status(&cast.li, child), SchoolingStatus::SuspectedDropout);

    // Thursday: the broken promise is a task, and the named teacher goes; the form knows which attempt it is, and whose.
    cast.it_is("2026-11-26", 16);
    cast.everybody_syncs();
    let draft = cast.wang.begins_a_visit(&[child]);
    let persuasion = draft.children[0].persuasion.as_ref().expect("there is a case");
    assert_eq!((persuasion.attempt, persuasion.named.as_str()), (2, "王老师"));
    assert_eq!((persuasion.step_zh.as_str(), persuasion.promise_broken), ("专人上门劝返", true));
    let overdue = cast.li.today().overdue;
    assert_eq!(overdue[0].task.as_ref().unwrap().kind, TaskKind::Promise);
    cast.persuades(&cast.wang, None);

    // Friday: the fifth day, the written report; then the notice, its service, its deadline.
    cast.it_is("2026-11-27", 10);
    let case = cast.all_say(CasePhase::Suspected, 5);
    assert_eq!(standing(&case, "persuade_named"), StepStanding::Done);
    let early = CaseForm {
        number: "青府学〔2026〕3号".to_owned(),
        office: "青石镇人民政府".to_owned(),
        person: "石大山".to_owned(),
        ..cast.office.case_form(CaseRecordKind::Notice)
    };
    let refused = cast.office.records_case(child, early, &[]).unwrap_err();
    assert_eq!(refused.facts["reason"], "report_first");
    let report =
        CaseForm { office: "青石镇人民政府".to_owned(), ..cast.principal.case_form(CaseRecordKind::Report) };
    let refused = cast.li.records_case(child, report.clone(), &[]).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotAllowed, "a class teacher does not report for the school");
    cast.principal.records_case(child, report, &["portrait_6.jpg"]).unwrap();
    cast.it_is("2026-11-30", 10);
    let case = cast.all_say(CasePhase::Suspected, 6);
    assert_eq!(standing(&case, "report_township"), StepStanding::Done);
    assert_eq!(cast.office.today().due_today[0].task.as_ref().unwrap().step, "return_notice");
    cast.it_is("2026-12-01", 10);
    cast.served("青府学〔2026〕3号");
    let case = cast.all_say(CasePhase::Suspected, 7);
    assert_eq!(case.deadline, Day::parse("2026-12-08"));
    let notice = case.steps.iter().find(|step| step.key == "return_notice").unwrap();
    assert_eq!(notice.late_days, 1, "late stays visible as late");

    let row = cast.office.ledger_row_of(LedgerKind::Suspected, child).expect("a suspected dropout");
    let cell = |key: &str| row.get(key).map_or("", String::as_str);
    assert_eq!((cell("absent_from"), cell("absent_days"), cell("case_phase")), ("2026-11-23", "7", "疑似辍学"));
    assert_eq!((cell("reason_code"), cell("due_at")), ("厌学", "2026-12-08"));
    assert!(cell("persuasions").starts_with("2次: 2026-11-24 李老师 入户 同意返校(有日期)"), "{}", cell("persuasions"));
    assert_eq!(cell("reports"), "2026-11-27 周校长 青石镇人民政府");
    assert!(cast.office.ledger_row_of(LedgerKind::Dropout, child).is_none(), "nobody decided that");

    // Thursday the 3rd: back. Registered, watched, visited.
    cast.it_is("2026-12-03", 8);
    cast.wang.marks(child, AttendanceMark::Present, WHOLE);
    let case = cast.all_say(CasePhase::Settling, 8);
    assert_eq!(standing(&case, "return_deadline"), StepStanding::NotNeeded);
    assert_eq!(standing(&case, "register_return"), StepStanding::Due);
    cast.li.records_case(child, cast.li.case_form(CaseRecordKind::Returned), &[]).unwrap();
    cast.everybody_syncs();
    assert_eq!(status(&cast.office, child), SchoolingStatus::Returned);
    cast.it_is("2026-12-10", 16);
    cast.li.records_visit(child, &[], |form| form.purpose = Some(VisitPurpose::FollowUp));

    // The settling period is over: one proposes, another confirms.
    cast.it_is("2027-01-05", 10);
    let case = cast.all_say(CasePhase::Settling, 8);
    assert_eq!(standing(&case, "follow_up_7"), StepStanding::Done);
    assert!(case.tasks.iter().any(|task| task.kind == TaskKind::ProposeClosing));
    let confirmation = cast.proposes_closing();
    assert_eq!(cast.principal.today().soon.len() + cast.principal.today().overdue.len(), 1);
    cast.it_is("2027-01-06", 10);
    let confirmation = CaseForm { on: Day::parse("2027-01-06").unwrap(), ..confirmation };
    cast.principal.records_case(child, confirmation, &[]).unwrap();
    let case = cast.all_say(CasePhase::Closed, 8);
    let closing = case.closing.unwrap();
    assert_eq!((closing.proposed_by.as_str(), closing.confirmed_by.as_str()), ("李老师", "周校长"));
    assert_eq!(status(&cast.office, child), SchoolingStatus::EnrolledHere);
    let row = cast.office.ledger_row_of(LedgerKind::Suspected, child).expect("closed in this school year");
    assert_eq!(
        (row["outcome"].as_str(), row["closed_on"].as_str(), row["closed_by"].as_str()),
        ("已返校", "2027-01-06", "周校长")
    );
    for person in cast.everybody() {
        assert!(person.today().overdue.is_empty() && person.today().waiting.is_empty(), "{}", person.name);
        person.assert_projections_rebuild();
    }
    cast.township.assert_same_ledger(&cast.office);
}

/// Lets two people who recorded something apart sync, the first before the second or after.
fn meet(cast: &Cast, first: &Person, second: &Person, first_comes_first: bool) {
    first.gets_signal();
    second.gets_signal();
    if first_comes_first {
        first.syncs();
        second.syncs();
    } else {
        second.syncs();
        first.syncs();
    }
    cast.everybody_syncs();
}

#[test]
fn two_teachers_different_absences_count_as_the_more_urgent_one_until_somebody_corrects() {
    for (order, seed) in [(true, 52), (false, 53)] {
        let cast = Cast::new(seed);
        cast.it_is("2026-11-23", 9);
        cast.li.goes_offline();
        cast.wang.goes_offline();
        cast.li.marks(cast.child, AttendanceMark::Sick, WHOLE);
        cast.wang.marks(cast.child, AttendanceMark::Unexcused, WHOLE);
        meet(&cast, &cast.li, &cast.wang, order);
        let case = cast.all_say(CasePhase::Watch, 1);
        assert!(case.tasks.iter().any(|task| task.kind == TaskKind::SettleRoll), "it waits for a person");
        assert!(cast.wang.roll(&cast.class).rows[0].morning.contradicts);
        assert_eq!(cast.office.casework(cast.child).contradicting_days.len(), 1);
        cast.li.marks(cast.child, AttendanceMark::Sick, WHOLE);
        cast.everybody_syncs();
        for person in cast.everybody() {
            assert!(person.casework(cast.child).cases.is_empty(), "ill, and nothing else, says {}", person.name);
        }
    }
}

#[test]
fn a_return_and_a_day_three_recorded_apart_leave_the_child_back_and_say_what_changed() {
    for (order, seed) in [(true, 54), (false, 55)] {
        let cast = Cast::new(seed);
        cast.it_is("2026-11-23", 9);
        cast.li.marks(cast.child, AttendanceMark::Unexcused, WHOLE);
        cast.everybody_syncs();
        cast.it_is("2026-11-25", 9);
        cast.wang.goes_offline();
        cast.principal.goes_offline();
        assert_eq!(cast.principal.case(cast.child).phase, CasePhase::Suspected);
        cast.principal.records_case(cast.child, named(&cast.principal), &[]).unwrap();
        cast.wang.marks(cast.child, AttendanceMark::Present, WHOLE);
        meet(&cast, &cast.wang, &cast.principal, order);
        let case = cast.all_say(CasePhase::Ended, 2);
        assert_eq!(standing(&case, "name_person"), StepStanding::Done, "what was done stays to be seen");
        let changes = cast.principal.casework(cast.child).changes;
        let change = changes.first().expect("the principal is told");
        assert_eq!(change.before.phase, Some(CasePhase::Suspected));
        assert_eq!(change.after.phase, Some(CasePhase::Ended));
        assert_eq!((change.because[0].what.as_str(), change.because[0].person_name.as_str()), ("present", "王老师"));
        assert_eq!(cast.principal.today().changed.len(), 1);
    }
}

#[test]
fn a_late_visit_against_a_closing_waits_for_a_person() {
    for (order, seed) in [(true, 56), (false, 57)] {
        let cast = Cast::new(seed);
        cast.came_back();
        cast.it_is("2027-01-04", 16);
        cast.wang.goes_offline();
        cast.persuades(&cast.wang, None);
        cast.it_is("2027-01-05", 10);
        let confirmation = {
            let proposal = CaseForm {
                outcome: Some(CaseOutcome::Returned),
                note: "复学登记表在班级档案".to_owned(),
                ..cast.li.case_form(CaseRecordKind::ClosingProposed)
            };
            cast.li.records_case(cast.child, proposal, &[]).unwrap();
            cast.li.syncs();
            cast.principal.syncs();
            let of = cast.principal.case(cast.child).closing.unwrap().proposal;
            CaseForm { of: Some(of), ..cast.principal.case_form(CaseRecordKind::ClosingConfirmed) }
        };
        cast.principal.goes_offline();
        cast.principal.records_case(cast.child, confirmation, &[]).unwrap();
        assert_eq!(cast.principal.case(cast.child).phase, CasePhase::Closed);
        meet(&cast, &cast.principal, &cast.wang, order);
        let case = cast.all_say(CasePhase::InReview, 8);
        assert_eq!(case.contradictions.len(), 1);
        assert_eq!(cast.principal.today().due_today[0].task.as_ref().unwrap().kind, TaskKind::Review);
        let keep = CaseForm {
            note: "日期记错,该次家访是12月4日补写".to_owned(),
            ..cast.principal.case_form(CaseRecordKind::KeptClosed)
        };
        cast.principal.records_case(cast.child, keep, &[]).unwrap();
        cast.all_say(CasePhase::Closed, 8);
    }
}

#[test]
fn the_same_step_done_twice_is_done_by_the_first_and_both_are_kept() {
    for (order, seed) in [(true, 58), (false, 59)] {
        let cast = Cast::new(seed);
        cast.it_is("2026-11-23", 9);
        cast.li.marks(cast.child, AttendanceMark::Unexcused, WHOLE);
        cast.everybody_syncs();
        cast.it_is("2026-11-25", 9);
        cast.principal.goes_offline();
        cast.principal.records_case(cast.child, named(&cast.principal), &[]).unwrap();
        cast.it_is("2026-11-26", 9);
        cast.office.goes_offline();
        cast.office.records_case(cast.child, named(&cast.office), &[]).unwrap();
        meet(&cast, &cast.principal, &cast.office, order);
        let case = cast.all_say(CasePhase::Suspected, 4);
        let step = case.steps.iter().find(|step| step.key == "name_person").unwrap();
        assert_eq!((step.person_name.as_str(), step.late_days, step.again_count), ("周校长", 0, 1));
    }
}

#[test]
fn a_dropout_is_a_decision_and_stands_in_its_own_ledger() {
    let cast = Cast::new(62);
    cast.it_is("2026-11-23", 9);
    cast.li.marks(cast.child, AttendanceMark::Unexcused, WHOLE);
    cast.it_is("2026-12-28", 9);
    cast.everybody_syncs();
    assert!(cast.office.ledger_row_of(LedgerKind::Dropout, cast.child).is_none(), "no number of days decides it");
    let decision = CaseForm {
        note: "已外出务工,多次劝返无效,学校和乡镇共同认定".to_owned(),
        destination: Some(DropoutDestination::Work),
        place: "广东东莞某电子厂".to_owned(),
        ..cast.office.case_form(CaseRecordKind::Dropout)
    };
    assert_eq!(cast.li.records_case(cast.child, decision.clone(), &[]).unwrap_err().code, ErrorCode::NotAllowed);
    let nowhere = CaseForm { destination: None, ..decision.clone() };
    assert_eq!(cast.office.records_case(cast.child, nowhere, &[]).unwrap_err().facts["field"], "destination");
    cast.office.records_case(cast.child, decision, &[]).unwrap();
    cast.all_say(CasePhase::Dropout, 26);
    assert_eq!(status(&cast.li, cast.child), SchoolingStatus::Dropout);
    let row = cast.principal.ledger_row_of(LedgerKind::Dropout, cast.child).expect("a dropout");
    assert_eq!((row["dropout_on"].as_str(), row["absent_days"].as_str()), ("2026-12-28", "26"));
    assert_eq!(row["dropout_destination"], "务工 广东东莞某电子厂");
    assert_eq!([&row["poverty_household"], &row["plan"], &row["return_placement"]], ["否", "", ""]);
    assert!(cast.principal.ledger_row_of(LedgerKind::Suspected, cast.child).is_none());

    let plan_form: PlanForm =
        serde_json::from_value(serde_json::json!({ "kind": "plan", "on": "2026-12-28", "reviewOn": "2027-03-01" }))
            .unwrap();
    let plan = PlanForm {
        goal: "开春返校,学一门手艺".to_owned(),
        measures: "每周联系一次".to_owned(),
        person: "王老师".to_owned(),
        ..plan_form
    };
    cast.principal
        .app()
        .record_plan(RecordPlan { document_id: cast.child, form: plan, of: None, pages: None })
        .unwrap();
    cast.it_is("2026-12-30", 9);
    let back = CaseForm {
        placement: Some(ReturnPlacement::SeparateClass),
        ..cast.principal.case_form(CaseRecordKind::Returned)
    };
    cast.principal.records_case(cast.child, back, &[]).unwrap();
    cast.everybody_syncs();
    let row = cast.office.ledger_row_of(LedgerKind::Dropout, cast.child).expect("until two have closed the case");
    assert_eq!([&row["plan"], &row["return_placement"]], ["开春返校,学一门手艺", "单独编班"]);
}

#[test]
fn a_leave_keeps_its_slip_and_a_day_back_within_it_keeps_the_rest() {
    let cast = Cast::new(63);
    cast.it_is("2026-11-23", 9);
    let app = cast.li.app();
    let draft = app.begin_pages(BeginPages { document_id: cast.child }).unwrap();
    app.attach_photo(draft.draft_id, &photo_bytes("portrait_6.jpg")).unwrap();
    let form = AbsenceForm {
        day: Day::parse("2026-11-23").unwrap(),
        until: Day::parse("2026-11-27"),
        part: WHOLE,
        mark: AttendanceMark::Sick,
        note: "发烧,家长请假".to_owned(),
    };
    app.record_absence(RecordAbsence { document_id: cast.child, form, pages: Some(draft.draft_id) }).unwrap();
    cast.it_is("2026-11-25", 9);
    cast.everybody_syncs();
    let row = &cast.wang.roll(&cast.class).rows[0];
    assert_eq!((row.morning.mark, row.leave_until), (Some(AttendanceMark::Sick), Day::parse("2026-11-27")));
    let slips = cast.wang.opens(cast.child).timeline.into_iter().find_map(|entry| match entry.event {
        TimelineEvent::Absence { photos, .. } => Some(photos.len()),
        _ => None,
    });
    assert_eq!(slips, Some(1));
    cast.wang.marks(cast.child, AttendanceMark::Present, WHOLE);
    cast.everybody_syncs();
    assert_eq!(cast.li.roll(&cast.class).rows[0].morning.mark, Some(AttendanceMark::Present));
    cast.it_is("2026-11-26", 9);
    assert_eq!(cast.li.roll(&cast.class).rows[0].morning.mark, Some(AttendanceMark::Sick), "the leave goes on");
    assert!(cast.li.casework(cast.child).cases.is_empty());
}

#[test]
fn nobody_closes_what_he_proposed_himself() {
    let cast = Cast::new(60);
    cast.came_back();
    cast.it_is("2027-01-05", 10);
    let proposal = CaseForm {
        outcome: Some(CaseOutcome::Returned),
        note: "点名册".to_owned(),
        ..cast.principal.case_form(CaseRecordKind::ClosingProposed)
    };
    cast.principal.records_case(cast.child, proposal, &[]).unwrap();
    let of = cast.principal.case(cast.child).closing.unwrap().proposal;
    let own = CaseForm { of: Some(of), ..cast.principal.case_form(CaseRecordKind::ClosingConfirmed) };
    assert_eq!(cast.principal.records_case(cast.child, own, &[]).unwrap_err().facts["reason"], "own_proposal");
    assert!(!cast.principal.case(cast.child).closing.unwrap().may_confirm);
}

#[test]
fn a_slip_of_the_finger_is_undone_and_stays_to_be_seen() {
    let cast = Cast::new(61);
    let saved = cast.li.marks(cast.child, AttendanceMark::Unexcused, WHOLE);
    let again = cast.li.marks(cast.child, AttendanceMark::Unexcused, WHOLE);
    assert_eq!(saved.entry_id, again.entry_id, "the same tap twice is one entry");
    cast.li.withdraws(cast.child, saved.entry_id);
    cast.everybody_syncs();
    assert!(cast.wang.casework(cast.child).cases.is_empty());
    let absences = cast
        .wang
        .opens(cast.child)
        .timeline
        .into_iter()
        .filter(|entry| matches!(entry.event, TimelineEvent::Absence { .. }));
    assert_eq!(absences.count(), 2, "the entry and its withdrawal");
    assert_eq!(cast.wang.roll(&cast.class).absent_count, 0);
}

/// The mornings for which the system is asked to remind somebody: day, overdue, due.
fn mornings(person: &Person) -> Vec<(String, u32, u32)> {
    let planned = person.app().reminders(Nothing {}).unwrap().reminders;
    let told = serde_json::to_string(&planned).unwrap();
    assert!(!told.contains('石') && !told.contains("村"), "a lock screen is read by anybody: {told}");
    let morning = |one: &Reminder| {
        let since_midnight_ms = one.at.unix_ms().checked_sub(one.at.day().start().unix_ms());
        assert_eq!(since_midnight_ms, Some(27_000_000), "half past seven");
        (one.at.day().to_string(), one.overdue_count, one.due_count)
    };
    planned.iter().map(morning).collect()
}

#[test]
fn everybody_is_reminded_on_the_morning_when_something_is_their_turn() {
    let cast = Cast::new(63);
    cast.it_is("2026-11-23", 9);
    assert_eq!(mornings(&cast.li), [], "nothing is due");
    cast.li.marks(cast.child, AttendanceMark::Unexcused, WHOLE);
    cast.everybody_syncs();
    assert_eq!(mornings(&cast.li)[0], ("2026-11-24".to_owned(), 1, 0), "the visit of the first day will be late");
    assert_eq!(
        mornings(&cast.principal)[0],
        ("2026-11-25".to_owned(), 0, 1),
        "if the child stays away, the school names somebody on the third day"
    );
    cast.persuades(&cast.li, Some("2026-11-24"));
    cast.it_is("2026-11-24", 7);
    cast.li.marks(cast.child, AttendanceMark::Present, WHOLE);
    cast.everybody_syncs();
    assert_eq!(mornings(&cast.principal), [], "the child is back");
}
