//! Tests of the clock: the life of a case, and random histories.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::absence::{AbsenceEntry, AbsenceForm};
use super::actor::Actor;
use super::calendar::example::{calendar, day};
use super::case::{Case, CaseFacts, CasePhase, Contact, Doer, StepStanding, TaskKind};
use super::case_clock::Clock;
use super::case_fold::fold;
use super::case_record::{CaseForm, CaseRecord};
use super::code_list::{AttendanceMark, CaseOutcome, CaseRecordKind, CaseSource, DayPart, VisitMode, VisitPurpose};
use super::identifier::{EntryId, PersonId};
use super::role::Role;
use super::rule_set::RuleSet;
use super::time::{Day, Timestamp};

pub(super) const LI: u8 = 1;
const WANG: u8 = 2;
pub(super) const PRINCIPAL: u8 = 3;
const TOWNSHIP: u8 = 4;

fn doer(actor: &Actor) -> Option<Doer> {
    let number = *actor.first()?;
    let role = match number {
        LI | WANG => Role::ClassTeacher,
        PRINCIPAL => Role::Principal,
        TOWNSHIP => Role::TownshipOfficer,
        _ => return None,
    };
    Some(Doer { person: PersonId::from_bytes([number; 16]), name: number.to_string(), role })
}

fn key(number: u8) -> EntryId {
    EntryId::from_bytes([number; 16])
}

/// What happened, added to in any order.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    facts: CaseFacts,
    next: u8,
}

impl Story {
    fn key(&mut self) -> EntryId {
        self.next += 1;
        key(self.next)
    }

    fn marks(&mut self, who: u8, on: &str, mark: AttendanceMark, part: DayPart, seen: &[EntryId]) -> EntryId {
        let entry = self.key();
        self.facts.absences.push(AbsenceEntry {
            entry,
            form: AbsenceForm { day: day(on), until: None, part, mark, note: String::new() },
            seen: seen.iter().copied().collect(),
            rule: String::new(),
            actor: vec![who],
            at: day(on).start(),
        });
        entry
    }

    pub(super) fn missing(&mut self, on: &str) -> EntryId {
        self.marks(LI, on, AttendanceMark::Unexcused, DayPart::Whole, &[])
    }

    fn present(&mut self, on: &str) -> EntryId {
        self.marks(LI, on, AttendanceMark::Present, DayPart::Whole, &[])
    }

    fn visits(&mut self, who: u8, on: &str, purpose: VisitPurpose, promised: Option<&str>) -> EntryId {
        let entry = self.key();
        self.facts.contacts.push(Contact {
            entry,
            on: day(on),
            mode: Some(VisitMode::AtHome),
            purpose: Some(purpose),
            parent_position: None,
            promised_return_on: promised.map(day),
            promise: None,
            team: Vec::new(),
            reasons: Vec::new(),
            actor: vec![who],
            at: day(on).start(),
        });
        entry
    }

    fn records(&mut self, who: u8, form: CaseForm, seen: &[EntryId]) -> EntryId {
        let entry = self.key();
        let at = form.on.start();
        let seen = seen.iter().copied().collect();
        self.facts.records.push(CaseRecord { entry, form, seen, rule: String::new(), actor: vec![who], at });
        entry
    }

    pub(super) fn does(&mut self, who: u8, kind: CaseRecordKind, on: &str) -> EntryId {
        self.records(who, CaseForm::new(kind, day(on)), &[])
    }

    fn answers(&mut self, who: u8, kind: CaseRecordKind, on: &str, of: EntryId, seen: &[EntryId]) -> EntryId {
        self.records(who, CaseForm { of: Some(of), ..CaseForm::new(kind, day(on)) }, seen)
    }

    pub(super) fn cases(&self, today: &str) -> Vec<Case> {
        self.under(&[RuleSet::default_rules().unwrap()], today)
    }

    pub(super) fn under(&self, rules: &[RuleSet], today: &str) -> Vec<Case> {
        let days = calendar().of_school(None);
        fold(&self.facts, &Clock { rules, days: &days, doer: &doer, today: day(today) })
    }

    fn case(&self, today: &str) -> Case {
        let mut cases = self.cases(today);
        assert_eq!(cases.len(), 1, "one case");
        cases.remove(0)
    }
}

fn standing(case: &Case, step: &str) -> (StepStanding, Option<String>) {
    let step = case.steps.iter().rev().find(|other| other.key == step).unwrap();
    (step.standing, step.due_on.map(|day: Day| day.to_string()))
}

fn due(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_ladder_of_one_week_without_a_word_from_anybody() {
    let mut story = Story::default();
    story.missing("2026-11-23");
    let case = story.case("2026-11-23");
    assert_eq!((case.phase, case.absent_days), (CasePhase::Watch, 1));
    assert_eq!(standing(&case, "persuade"), (StepStanding::Due, due("2026-11-23")));
    assert_eq!(standing(&case, "name_person"), (StepStanding::Ahead, due("2026-11-25")), "if nothing changes");
    assert_eq!(standing(&case, "report_township"), (StepStanding::Ahead, due("2026-11-27")));
    // Nobody takes the roll any more: that is no return.
    let case = story.case("2026-11-30");
    assert_eq!((case.phase, case.absent_days), (CasePhase::Suspected, 6));
    assert_eq!(standing(&case, "persuade"), (StepStanding::Overdue, due("2026-11-23")));
    assert_eq!(standing(&case, "report_township"), (StepStanding::Overdue, due("2026-11-27")));
    assert_eq!(standing(&case, "return_notice").0, StepStanding::Ahead, "it waits for the report");
    assert!(case.window_flagged);
    assert_ne!(case.phase, CasePhase::Dropout);
}

#[test]
fn no_number_of_days_makes_a_dropout_and_a_person_is_asked() {
    let mut story = Story::default();
    story.missing("2026-09-07");
    let case = story.case("2027-06-30");
    assert_eq!(case.phase, CasePhase::Suspected);
    assert!(case.tasks.iter().any(|task| task.kind == TaskKind::DecideDropout && task.due_on == day("2026-10-07")));
    story.does(LI, CaseRecordKind::Dropout, "2026-10-08");
    assert_eq!(story.case("2026-10-09").phase, CasePhase::Suspected, "a class teacher does not decide it");
    story.does(PRINCIPAL, CaseRecordKind::Dropout, "2026-10-09");
    assert_eq!(story.case("2026-10-09").phase, CasePhase::Dropout);
}

#[test]
fn half_days_are_recorded_and_not_counted_unless_the_county_counts_them() {
    let mut story = Story::default();
    story.marks(LI, "2026-11-23", AttendanceMark::Unexcused, DayPart::Morning, &[]);
    assert_eq!(story.cases("2026-11-25"), []);
    let mut rules = RuleSet::default_rules().unwrap();
    rules.counting.half_days_count = true;
    let cases = story.under(&[rules], "2026-11-25");
    assert_eq!((cases[0].phase, cases[0].absent_days), (CasePhase::Ended, 1), "half a day is no word on the next");
}

#[test]
fn a_day_back_begins_the_count_anew_and_the_thirty_days_remember() {
    let mut story = Story::default();
    for week in ["2026-11-02", "2026-11-05", "2026-11-09", "2026-11-12", "2026-11-16"] {
        story.missing(week);
        story.present(&day(week).plus_days(1).to_string());
    }
    let case = story.case("2026-11-16");
    assert_eq!((case.phase, case.absent_days, case.window_days), (CasePhase::Watch, 1, 5));
    assert!(case.window_flagged);
    assert!(!story.case("2026-11-17").window_flagged, "a case that is over asks nobody");
    let mut rules = RuleSet::default_rules().unwrap();
    rules.counting.resets_on_return = false;
    assert_eq!(story.under(&[rules], "2026-11-16")[0].absent_days, 5);
}

#[test]
fn leave_stops_the_clock_and_what_comes_after_is_asked() {
    let mut story = Story::default();
    story.missing("2026-11-23");
    story.marks(LI, "2026-11-24", AttendanceMark::Sick, DayPart::Whole, &[]);
    let case = story.case("2026-11-27");
    assert_eq!((case.phase, case.absent_days), (CasePhase::Watch, 1), "neither counted nor back");
    story.missing("2026-11-26");
    assert_eq!(story.case("2026-11-27").absent_days, 3, "Monday, Thursday, Friday");
}

#[test]
fn who_returns_is_watched_and_who_is_missing_again_is_suspected_at_once() {
    let mut story = Story::default();
    story.missing("2026-11-16");
    story.present("2026-11-19");
    let case = story.case("2026-11-20");
    assert_eq!((case.phase, case.returned_on), (CasePhase::Settling, Some(day("2026-11-19"))));
    assert_eq!(case.settling_until, Some(day("2026-12-19")));
    assert_eq!(standing(&case, "persuade").0, StepStanding::Missed, "nobody went, and that stays to be seen");
    assert_eq!(standing(&case, "register_return"), (StepStanding::Due, due("2026-11-20")));
    story.missing("2026-12-01");
    let case = story.case("2026-12-01");
    assert_eq!((case.phase, case.relapses, case.absent_days), (CasePhase::Suspected, 1, 1));
    assert_eq!(standing(&case, "persuade"), (StepStanding::Due, due("2026-12-01")), "the ladder begins anew");
}

#[test]
fn a_short_absence_ends_by_itself_and_the_next_one_joins_it() {
    let mut story = Story::default();
    story.missing("2026-11-23");
    story.present("2026-11-24");
    assert_eq!(story.case("2026-11-24").phase, CasePhase::Ended);
    story.missing("2026-11-25");
    let case = story.case("2026-11-25");
    assert_eq!((case.phase, case.opened_on, case.relapses), (CasePhase::Watch, day("2026-11-23"), 0));
    let mut later = Story::default();
    later.missing("2026-09-07");
    later.present("2026-09-08");
    later.missing("2026-11-25");
    assert_eq!(later.cases("2026-11-25").len(), 2, "two months later it is another case");
}

fn served(story: &mut Story) {
    story.missing("2026-11-23");
    story.visits(LI, "2026-11-23", VisitPurpose::Persuasion, Some("2026-11-25"));
    story.does(PRINCIPAL, CaseRecordKind::Assignment, "2026-11-25");
    story.visits(WANG, "2026-11-26", VisitPurpose::Persuasion, None);
    story.does(PRINCIPAL, CaseRecordKind::Report, "2026-11-27");
    story.does(TOWNSHIP, CaseRecordKind::Notice, "2026-11-30");
    story.does(TOWNSHIP, CaseRecordKind::Service, "2026-12-01");
}

#[test]
fn the_whole_ladder_done_in_time_and_the_deadline_runs_from_service() {
    let mut story = Story::default();
    served(&mut story);
    let case = story.case("2026-12-02");
    for step in ["persuade", "name_person", "persuade_named", "report_township", "return_notice", "serve_notice"] {
        let step = case.steps.iter().find(|other| other.key == step).unwrap();
        assert_eq!((step.standing, step.done.as_ref().unwrap().late_days), (StepStanding::Done, 0), "{}", step.key);
    }
    assert_eq!(case.deadline, Some(day("2026-12-08")));
    assert_eq!(standing(&case, "return_deadline"), (StepStanding::Due, due("2026-12-08")));
    assert_eq!(standing(&story.case("2026-12-09"), "return_deadline").0, StepStanding::Overdue);
    assert!(case.promise.as_ref().is_some_and(|promise| promise.broken && promise.on == day("2026-11-25")));
    assert_eq!(case.attempts.len(), 2);
    assert_eq!(case.tasks[0].kind, TaskKind::Promise, "a broken promise is a task");
}

#[test]
fn a_late_step_stays_late_and_a_step_done_twice_is_done_once() {
    let mut story = Story::default();
    story.missing("2026-11-23");
    let late = story.does(PRINCIPAL, CaseRecordKind::Assignment, "2026-11-27");
    let again = story.does(TOWNSHIP, CaseRecordKind::Assignment, "2026-11-30");
    let case = story.case("2026-12-01");
    let step = case.steps.iter().find(|step| step.key == "name_person").unwrap();
    let done = step.done.as_ref().unwrap();
    assert_eq!((done.entry, done.late_days, &step.done_again), (late, 2, &vec![again]));
    story.present("2026-12-02");
    let case = story.case("2026-12-20");
    let step = case.steps.iter().find(|step| step.key == "name_person").unwrap();
    assert_eq!(step.done.as_ref().unwrap().late_days, 2, "for ever");
}

fn settled(story: &mut Story) -> EntryId {
    served(story);
    story.present("2026-12-03");
    let form = CaseForm {
        outcome: Some(CaseOutcome::Returned),
        ..CaseForm::new(CaseRecordKind::ClosingProposed, day("2027-01-05"))
    };
    story.records(LI, form, &[])
}

#[test]
fn a_case_is_closed_by_another_person_and_by_nobody_alone() {
    let mut story = Story::default();
    let proposal = settled(&mut story);
    let before = story.case("2027-01-04");
    assert!(before.tasks.iter().any(|task| task.kind == TaskKind::ProposeClosing));
    let case = story.case("2027-01-05");
    assert_eq!(case.phase, CasePhase::Settling);
    assert!(case.tasks.iter().any(|task| task.kind == TaskKind::ConfirmClosing));
    let mut alone = story.clone();
    alone.answers(LI, CaseRecordKind::ClosingConfirmed, "2027-01-06", proposal, &[]);
    assert_eq!(alone.case("2027-01-06").phase, CasePhase::Settling, "a class teacher closes nothing");
    let mut own = Story::default();
    served(&mut own);
    own.present("2026-12-03");
    let proposal_of_principal = own.does(PRINCIPAL, CaseRecordKind::ClosingProposed, "2027-01-05");
    own.answers(PRINCIPAL, CaseRecordKind::ClosingConfirmed, "2027-01-06", proposal_of_principal, &[]);
    let case = own.case("2027-01-06");
    assert!(case.phase == CasePhase::Settling && case.closing.unwrap().needs_another_person);
    story.answers(PRINCIPAL, CaseRecordKind::ClosingConfirmed, "2027-01-06", proposal, &[]);
    let case = story.case("2027-01-07");
    assert_eq!((case.phase, case.tasks), (CasePhase::Closed, Vec::new()));
    let confirmed = case.closing.unwrap().confirmed.unwrap();
    assert_eq!(confirmed, (day("2027-01-06"), vec![PRINCIPAL]));
}

#[test]
fn a_late_visit_that_contradicts_a_closing_waits_for_a_person() {
    let mut story = Story::default();
    let proposal = settled(&mut story);
    story.answers(PRINCIPAL, CaseRecordKind::ClosingConfirmed, "2027-01-06", proposal, &[]);
    let visit = story.visits(WANG, "2027-01-04", VisitPurpose::Persuasion, None);
    let absence = story.missing("2027-01-06");
    let case = story.case("2027-01-07");
    assert_eq!((case.phase, &case.contradictions), (CasePhase::InReview, &vec![visit, absence]));
    assert_eq!(case.tasks[0].kind, TaskKind::Review);
    let mut kept = story.clone();
    kept.records(PRINCIPAL, CaseForm::new(CaseRecordKind::KeptClosed, day("2027-01-07")), &[visit]);
    assert_eq!(kept.case("2027-01-07").phase, CasePhase::InReview, "one of the two was not looked at");
    kept.records(PRINCIPAL, CaseForm::new(CaseRecordKind::KeptClosed, day("2027-01-07")), &[visit, absence]);
    assert_eq!(kept.case("2027-01-07").phase, CasePhase::Closed);
    story.does(PRINCIPAL, CaseRecordKind::Reopened, "2027-01-07");
    assert_eq!(story.case("2027-01-08").phase, CasePhase::Suspected);
}

#[test]
fn what_the_principal_had_seen_contradicts_nothing() {
    let mut story = Story::default();
    let proposal = settled(&mut story);
    let visit = story.visits(WANG, "2027-01-04", VisitPurpose::Persuasion, None);
    story.answers(PRINCIPAL, CaseRecordKind::ClosingConfirmed, "2027-01-06", proposal, &[visit]);
    assert_eq!(story.case("2027-01-07").phase, CasePhase::Closed);
}

#[test]
fn a_return_and_a_day_three_recorded_apart_stand_side_by_side() {
    let mut story = Story::default();
    story.missing("2026-11-23");
    story.does(PRINCIPAL, CaseRecordKind::Assignment, "2026-11-25");
    assert_eq!(story.case("2026-11-25").phase, CasePhase::Suspected);
    story.marks(WANG, "2026-11-25", AttendanceMark::Present, DayPart::Whole, &[]);
    let case = story.case("2026-11-25");
    assert_eq!((case.phase, case.absent_days), (CasePhase::Ended, 2), "the child was back on the third day");
    assert_eq!(standing(&case, "name_person"), (StepStanding::Done, None), "what was done stays done");
}

#[test]
fn a_case_keeps_the_rules_that_it_began_under() {
    let mut story = Story::default();
    story.missing("2026-11-23");
    story.facts.absences[0].rule = "tongjiang-1357@1".to_owned();
    let old = RuleSet::default_rules().unwrap();
    let mut new = RuleSet { version: 2, holds_from: day("2026-11-20"), suspected_at: 1, ..old.clone() };
    let rules = [new.clone(), old.clone()];
    assert_eq!(story.under(&rules, "2026-11-24")[0].rule, "tongjiang-1357@1", "although the new one was dated back");
    assert_eq!(story.under(&rules, "2026-11-24")[0].phase, CasePhase::Watch);
    let mut next = Story::default();
    next.missing("2026-11-24");
    assert_eq!(next.under(&rules, "2026-11-24")[0].phase, CasePhase::Suspected);
    new.holds_from = day("2026-12-01");
    assert_eq!(next.under(&[new, old], "2026-11-24")[0].rule, "tongjiang-1357@1");
}

#[test]
fn a_tendency_is_watched_and_the_platform_suspects() {
    let opened = |source| {
        let mut story = Story::default();
        let form = CaseForm { source: Some(source), ..CaseForm::new(CaseRecordKind::Opened, day("2026-09-01")) };
        story.records(LI, form, &[]);
        story.case("2026-09-01")
    };
    let case = opened(CaseSource::Tendency);
    assert_eq!((case.phase, case.source), (CasePhase::Watch, Some(CaseSource::Tendency)));
    assert_eq!(standing(&case, "persuade"), (StepStanding::Due, due("2026-09-01")), "by the seed: the same day");
    assert_eq!(opened(CaseSource::NoShow).phase, CasePhase::Suspected);
}

#[test]
fn a_promise_of_a_paper_that_nobody_asked_for_is_a_task_until_somebody_does() {
    let mut story = Story::default();
    story.missing("2026-11-23");
    story.visits(1, "2026-11-24", VisitPurpose::Persuasion, None);
    story.facts.contacts[0].promise = Some(("交县医院诊断证明".to_owned(), day("2026-11-26")));
    let promised = |story: &Story, today: &str| {
        let tasks = story.case(today).tasks;
        tasks.into_iter().find(|task| task.kind == TaskKind::PromisedThing).map(|task| (task.words, task.due_on))
    };
    let expected = Some(("交县医院诊断证明".to_owned(), day("2026-11-26")));
    assert_eq!(promised(&story, "2026-11-25"), expected);
    assert_eq!(promised(&story, "2026-11-27"), expected, "it stays until somebody asks");
    story.visits(1, "2026-11-25", VisitPurpose::Persuasion, None);
    assert_eq!(promised(&story, "2026-11-27"), expected, "a visit before the day has not asked for it");
    story.visits(2, "2026-11-27", VisitPurpose::Verification, None);
    assert_eq!(promised(&story, "2026-11-27"), None);
}

/// Random histories of ten weeks: marks, visits and records by four people, who saw some of what was there.
fn history() -> impl Strategy<Value = CaseFacts> {
    let mark = proptest::sample::select(vec![
        AttendanceMark::Unexcused,
        AttendanceMark::Unexcused,
        AttendanceMark::Present,
        AttendanceMark::Sick,
        AttendanceMark::Late,
        AttendanceMark::Withdrawn,
    ]);
    let part = proptest::sample::select(DayPart::ALL.to_vec());
    let kind = proptest::sample::select(CaseRecordKind::ALL.to_vec());
    let purpose = proptest::sample::select(VisitPurpose::ALL.to_vec());
    let keys = subsequence((1..=40_u8).collect::<Vec<_>>(), 0..20);
    let absences = proptest::collection::vec((0..70_i32, mark, part, 1..=4_u8, keys.clone()), 0..14);
    let records = proptest::collection::vec((0..70_i32, kind, 1..=5_u8, 1..=40_u8, keys), 0..14);
    let contacts = proptest::collection::vec((0..70_i32, purpose, 1..=4_u8, any::<bool>()), 0..12);
    (absences, records, contacts).prop_map(|(absences, records, contacts)| {
        let start = day("2026-09-21");
        let mut next = 0;
        let mut key_of = || {
            next += 1;
            key(next)
        };
        let seen = |keys: &[u8]| keys.iter().map(|number| key(*number)).collect::<BTreeSet<_>>();
        let mut facts = CaseFacts::default();
        for (offset, mark, part, who, keys) in absences {
            facts.absences.push(AbsenceEntry {
                entry: key_of(),
                form: AbsenceForm { day: start.plus_days(offset), until: None, part, mark, note: String::new() },
                seen: seen(&keys),
                rule: String::new(),
                actor: vec![who],
                at: Timestamp::default(),
            });
        }
        for (offset, kind, who, of, keys) in records {
            let form = CaseForm { of: Some(key(of)), ..CaseForm::new(kind, start.plus_days(offset)) };
            let (entry, seen) = (key_of(), seen(&keys));
            facts.records.push(CaseRecord {
                entry,
                form,
                seen,
                rule: String::new(),
                actor: vec![who],
                at: Timestamp::default(),
            });
        }
        for (offset, purpose, who, promises) in contacts {
            let on = start.plus_days(offset);
            facts.contacts.push(Contact {
                entry: key_of(),
                on,
                mode: None,
                purpose: Some(purpose),
                parent_position: None,
                promised_return_on: promises.then(|| on.plus_days(2)),
                promise: promises.then(|| ("交证明".to_owned(), on.plus_days(3))),
                team: Vec::new(),
                reasons: Vec::new(),
                actor: vec![who],
                at: Timestamp::default(),
            });
        }
        facts
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_gives_the_same_cases(
        (facts, absences, records, contacts) in history().prop_flat_map(|facts| {
            let shuffled = (
                Just(facts.absences.clone()).prop_shuffle(),
                Just(facts.records.clone()).prop_shuffle(),
                Just(facts.contacts.clone()).prop_shuffle(),
            );
            (Just(facts), shuffled.0, shuffled.1, shuffled.2)
        }),
        offset in 0..90_i32,
    ) {
        let today = day("2026-09-21").plus_days(offset).to_string();
        let one = Story { facts, next: 0 };
        let other = Story { facts: CaseFacts { absences, records, contacts }, next: 0 };
        prop_assert_eq!(one.cases(&today), other.cases(&today));
    }

    #[test]
    fn no_history_makes_a_dropout_without_a_decision_or_a_closing_without_two_people(
        facts in history(),
        offset in 0..90_i32,
    ) {
        let today = day("2026-09-21").plus_days(offset).to_string();
        let story = Story { facts, next: 0 };
        let decided = |kind, case: &Case| story.facts.records.iter().any(|record| {
            record.form.kind == kind
                && record.form.on >= case.opened_on
                && matches!(record.actor.first(), Some(&PRINCIPAL | &TOWNSHIP))
        });
        for case in story.cases(&today) {
            prop_assert!(case.phase != CasePhase::Dropout || decided(CaseRecordKind::Dropout, &case));
            if case.phase == CasePhase::Closed {
                let (_, closer) = case.closing.clone().unwrap().confirmed.unwrap();
                prop_assert!(case.closing.unwrap().proposed_by != closer);
            }
            for step in &case.steps {
                let is_done = step.standing == StepStanding::Done;
                prop_assert_eq!(is_done, step.done.is_some());
                if let (Some(done), Some(due_on)) = (&step.done, step.due_on) {
                    prop_assert_eq!(i64::from(done.late_days), done.on.days_since(due_on).max(0));
                }
            }
        }
    }
}
