//! What somebody must do now, from how a case stands and from the roll.

use super::absence::{Attendance, HalfDay, Roll, verdict};
use super::case::{Case, CaseFacts, CasePhase, CaseTask, Contact, Promise, StepStanding, TaskKind};
use super::case_clock::Clock;
use super::case_closing::standing_records;
use super::case_steps::Round;
use super::code_list::CaseRecordKind;
use super::role::Role;
use super::rule_set::RuleSet;
use super::time::Day;

/// What must be asked of the roll although there is no case, or none that is open: days with two different answers, and
/// leaves that ended without a word.
#[must_use]
pub fn roll_questions(facts: &CaseFacts, clock: &Clock<'_>) -> Vec<CaseTask> {
    let records = standing_records(facts, clock);
    let returns: Vec<_> = records
        .iter()
        .filter(|record| record.form.kind == CaseRecordKind::Returned)
        .map(|record| (record.form.on, record.entry, &record.seen))
        .collect();
    let roll = Roll::of(&facts.absences, &returns);
    let mut tasks: Vec<CaseTask> =
        roll.contradictions().into_iter().map(|day| question(TaskKind::SettleRoll, day)).collect();
    if let Some(day) = leave_ended(facts, &roll, clock) {
        tasks.push(question(TaskKind::LeaveEnded, day));
    }
    tasks
}

fn question(kind: TaskKind, due_on: Day) -> CaseTask {
    CaseTask { kind, step: String::new(), owner: Role::ClassTeacher, words: String::new(), due_on }
}

/// The school day on which somebody should have said whether the child is back from a leave of several days.
fn leave_ended(facts: &CaseFacts, roll: &Roll, clock: &Clock<'_>) -> Option<Day> {
    let (_, last) = roll.span()?;
    let (morning, afternoon) = roll.day(last);
    let is_excused = |half: Option<&HalfDay>| half.is_none_or(|half| half.attendance == Attendance::Excused);
    if !is_excused(morning) || !is_excused(afternoon) {
        return None;
    }
    let of_several_days = facts.absences.iter().any(|entry| {
        entry.form.until.is_some_and(|until| until > entry.form.day)
            && entry.form.touches(last, last)
            && verdict(entry.form.mark) == Attendance::Excused
    });
    let next = clock.days.school_day_from(last.plus_days(1));
    (of_several_days && next <= clock.today).then_some(next)
}

pub(super) fn roll_tasks(case: &mut Case, roll: &Roll) {
    if case.phase.is_open() {
        for day in roll.contradictions().into_iter().filter(|day| *day >= case.opened_on) {
            case.tasks.push(question(TaskKind::SettleRoll, day));
        }
        case.tasks.sort_by_key(|task| (task.due_on, task.kind));
    }
}

pub(super) fn promise(round: &Round<'_>, clock: &Clock<'_>) -> Option<Promise> {
    let last = round.contacts.iter().rev().find(|contact| contact.promised_return_on.is_some())?;
    let on = clock.days.school_day_from(last.promised_return_on?);
    let kept = round.returned_on.is_some_and(|returned| returned <= on);
    Some(Promise { visit: last.entry, on, broken: !kept && round.returned_on.map_or(clock.today, |day| day) > on })
}

/// What the family promised besides the return, and what nobody has asked for since the day that it named: any contact from
/// that day on has asked for it.
fn promised_things(round: Option<&Round<'_>>) -> Vec<CaseTask> {
    let contacts = round.map_or(&[][..], |round| round.contacts.as_slice());
    let asked_for = |contact: &Contact, until: Day| {
        contacts.iter().any(|other| other.on >= until && (other.on, other.entry) > (contact.on, contact.entry))
    };
    contacts
        .iter()
        .filter_map(|contact| Some((contact, contact.promise.as_ref()?)))
        .filter(|(contact, (_, until))| !asked_for(contact, *until))
        .map(|(_, (words, until))| CaseTask {
            kind: TaskKind::PromisedThing,
            step: String::new(),
            owner: Role::ClassTeacher,
            words: words.clone(),
            due_on: *until,
        })
        .collect()
}

pub(super) fn tasks(case: &Case, rules: &RuleSet, round: Option<&Round<'_>>, clock: &Clock<'_>) -> Vec<CaseTask> {
    let mut tasks = Vec::new();
    if !case.phase.is_open() {
        return tasks;
    }
    tasks.extend(promised_things(round));
    let mut task = |kind, owner, due_on| {
        tasks.push(CaseTask { kind, step: String::new(), owner, words: String::new(), due_on });
    };
    if case.phase == CasePhase::InReview {
        task(TaskKind::Review, Role::Principal, clock.today);
    }
    if let Some(promise) = case.promise.as_ref().filter(|_| case.phase.is_missing()) {
        task(TaskKind::Promise, Role::ClassTeacher, promise.on);
    }
    if let (CasePhase::Suspected, Some(days)) = (case.phase, rules.dropout_asked_after_days) {
        let asked_on = case.opened_on.plus_days(i32::try_from(days).unwrap_or(i32::MAX));
        if asked_on <= clock.today {
            task(TaskKind::DecideDropout, Role::SchoolLead, asked_on);
        }
    }
    match (&case.closing, case.settling_until) {
        (Some(closing), _) if closing.confirmed.is_none() => {
            // Long enough to look at the evidence, short enough not to be forgotten.
            let due_on = clock.days.plus_working_days(closing.proposed_on, 1);
            task(TaskKind::ConfirmClosing, Role::Principal, due_on);
        }
        (None, Some(until)) if case.phase == CasePhase::Settling && until < clock.today => {
            task(TaskKind::ProposeClosing, Role::SchoolLead, clock.days.working_day_from(until.plus_days(1)));
        }
        _ => {}
    }
    for step in &case.steps {
        if let (StepStanding::Overdue | StepStanding::Due, Some(due_on)) = (step.standing, step.due_on) {
            tasks.push(CaseTask {
                kind: TaskKind::Step,
                step: step.key.clone(),
                owner: step.owner,
                words: String::new(),
                due_on,
            });
        }
    }
    tasks.sort_by_key(|task| (task.due_on, task.kind));
    tasks
}
