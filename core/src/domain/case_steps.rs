//! The steps of the ladder for one time that a child was missing: what made each due, who did it, and how late.

use super::calendar::SchoolDays;
use super::case::{CaseStep, Contact, StepDone, StepStanding};
use super::case_clock::Clock;
use super::case_record::{CaseRecord, decides};
use super::code_list::CaseRecordKind;
use super::rule_set::{DayUnit, RuleSet, RuleStep, StepRecord, Trigger};
use super::time::Day;

/// One time that the child was missing, until it is missing again or the case is closed.
#[derive(Debug)]
pub(super) struct Round<'a> {
    /// The first day.
    pub(super) from: Day,
    /// It began with a record and not with the roll.
    pub(super) opened_by_record: bool,
    /// Counted days that go before, where the rule set does not begin anew.
    pub(super) counted_before: u32,
    /// Counted days.
    pub(super) counted: Vec<Day>,
    /// The day on which the child came back.
    pub(super) returned_on: Option<Day>,
    /// The day on which it was missing again, or the case was closed.
    pub(super) ended_on: Option<Day>,
    /// What was recorded.
    pub(super) records: Vec<&'a CaseRecord>,
    /// Visits and calls, by day.
    pub(super) contacts: Vec<&'a Contact>,
}

impl Round<'_> {
    pub(super) fn new(from: Day, counted: u32) -> Self {
        Self {
            from,
            opened_by_record: counted == 0,
            counted_before: 0,
            counted: if counted == 0 { Vec::new() } else { vec![from] },
            returned_on: None,
            ended_on: None,
            records: Vec::new(),
            contacts: Vec::new(),
        }
    }

    /// The n-th counted day. What a record says of a child who is feared for is day 1.
    fn absent_day(&self, count: u32) -> Option<Day> {
        let place = count.checked_sub(self.counted_before)?.checked_sub(1)?;
        let counted = self.counted.get(usize::try_from(place).ok()?).copied();
        counted.or((self.opened_by_record && count == 1).then_some(self.from))
    }

    /// The first service that was recorded: what was proven, by its form, starts the deadline.
    fn served_on(&self) -> Option<Day> {
        self.records
            .iter()
            .filter(|record| record.form.kind == CaseRecordKind::Service)
            .map(|record| record.form.on)
            .min()
    }

    /// The first day on which a person who may decided that the child has dropped out.
    fn dropout_confirmed_on(&self, clock: &Clock<'_>) -> Option<Day> {
        self.records
            .iter()
            .filter(|record| record.form.kind == CaseRecordKind::Dropout)
            .filter(|record| (clock.doer)(&record.actor).is_some_and(|doer| decides(doer.role)))
            .map(|record| record.form.on)
            .min()
    }
}

/// The last day that the notice gives the family; `None` before its service.
pub(super) fn deadline(rules: &RuleSet, round: &Round<'_>, days: &SchoolDays) -> Option<Day> {
    let step = rules.steps.iter().find(|step| step.trigger == Trigger::NoticeServed)?;
    Some(step.within.due(round.served_on()?, days))
}

/// The steps of a round. While the case is open and this is its last round, steps that lie ahead are among them.
pub(super) fn of_round(
    rules: &RuleSet,
    round: &Round<'_>,
    number: u32,
    with_ahead: bool,
    clock: &Clock<'_>,
) -> Vec<CaseStep> {
    let mut steps: Vec<CaseStep> = Vec::new();
    for step in &rules.steps {
        let triggered_on = triggered_on(step, round, &steps, clock);
        let mut candidates = candidates(rules, step, round, triggered_on).into_iter();
        let first = candidates.next();
        let due_on = triggered_on.map(|day| step.within.due(day, clock.days));
        let done = first.map(|candidate| StepDone {
            entry: candidate.entry,
            on: candidate.on,
            actor: candidate.actor.clone(),
            at: candidate.at,
            late_days: due_on
                .map_or(0, |due_on| u32::try_from(candidate.on.days_since(due_on).max(0)).unwrap_or(u32::MAX)),
        });
        let after_return = matches!(step.trigger, Trigger::AfterReturn { .. });
        // An absence's step is moot once the child is back; one of the settling period once that is over.
        let over_on = if after_return { round.ended_on } else { earliest(round.returned_on, round.ended_on) };
        let standing = match (&done, due_on, over_on) {
            (Some(_), _, _) => StepStanding::Done,
            (None, Some(due_on), Some(over_on)) if due_on < over_on => StepStanding::Missed,
            (None, Some(_), Some(_)) => StepStanding::NotNeeded,
            (None, Some(due_on), None) if due_on < clock.today => StepStanding::Overdue,
            (None, Some(_), None) => StepStanding::Due,
            (None, None, _) => StepStanding::Ahead,
        };
        if standing == StepStanding::Ahead && (!with_ahead || over_on.is_some()) {
            continue;
        }
        steps.push(CaseStep {
            key: step.key.clone(),
            round: number,
            owner: step.owner,
            triggered_on,
            due_on: if done.is_some() { due_on } else { due_on.or_else(|| expected_on(rules, step, round, clock)) },
            standing,
            done,
            done_again: candidates.map(|candidate| candidate.entry).collect(),
        });
    }
    steps
}

fn earliest(a: Option<Day>, b: Option<Day>) -> Option<Day> {
    [a, b].into_iter().flatten().min()
}

fn triggered_on(step: &RuleStep, round: &Round<'_>, before: &[CaseStep], clock: &Clock<'_>) -> Option<Day> {
    let today = clock.today;
    match &step.trigger {
        Trigger::AbsentDays { count } => round.absent_day(*count),
        Trigger::CaseAge { days } => {
            let day = plus(round.from, *days);
            let over = earliest(round.returned_on, round.ended_on);
            (day <= today && over.is_none_or(|over| day < over)).then_some(day)
        }
        Trigger::MonthDay { day } => Some(next_month_day(round.from, *day)),
        Trigger::StepDone { step } => {
            before.iter().find(|other| other.key == *step).and_then(|other| other.done.as_ref()).map(|done| done.on)
        }
        Trigger::DropoutConfirmed => round.dropout_confirmed_on(clock),
        Trigger::NoticeServed => round.served_on(),
        Trigger::AfterReturn { days } => {
            let day = plus(round.returned_on?, *days);
            (day <= today && round.ended_on.is_none_or(|ended| day < ended)).then_some(day)
        }
    }
}

/// The day on which a step would come if the child stays away.
fn expected_on(rules: &RuleSet, step: &RuleStep, round: &Round<'_>, clock: &Clock<'_>) -> Option<Day> {
    match &step.trigger {
        Trigger::AbsentDays { count } => {
            let had = round.counted_before.saturating_add(u32::try_from(round.counted.len()).unwrap_or(u32::MAX));
            let left = count.checked_sub(had)?;
            let last = round.counted.last().copied().unwrap_or(round.from);
            Some(match rules.counting.unit {
                DayUnit::SchoolDays => clock.days.plus_school_days(last, left),
                DayUnit::WorkingDays => clock.days.plus_working_days(last, left),
                DayUnit::CalendarDays => plus(last, left),
            })
        }
        Trigger::CaseAge { days } => Some(plus(round.from, *days)),
        Trigger::AfterReturn { days } => round.returned_on.map(|day| plus(day, *days)),
        Trigger::MonthDay { .. } | Trigger::StepDone { .. } | Trigger::DropoutConfirmed | Trigger::NoticeServed => None,
    }
}

fn plus(day: Day, days: u32) -> Day {
    day.plus_days(i32::try_from(days).unwrap_or(i32::MAX))
}

/// The day of the month on or after `from`; in a month that is too short its last day.
fn next_month_day(from: Day, day_of_month: u8) -> Day {
    let wanted = i8::try_from(day_of_month).unwrap_or(31);
    (0..62)
        .map(|days| from.plus_days(days))
        .find(|day| day.0.day() == wanted.min(day.0.days_in_month()))
        .unwrap_or(from)
}

struct Candidate<'a> {
    entry: super::identifier::EntryId,
    on: Day,
    actor: &'a super::actor::Actor,
    at: super::time::Timestamp,
}

/// What was recorded that does the step, earliest first. A contact does every step that asks for one and was due when it was
/// made; a record does the step that it names, or the first of its kind, and may come before it is due.
fn candidates<'a>(
    rules: &RuleSet,
    step: &RuleStep,
    round: &Round<'a>,
    triggered_on: Option<Day>,
) -> Vec<Candidate<'a>> {
    if step.done_by == StepRecord::Contact {
        let Some(triggered_on) = triggered_on else { return Vec::new() };
        return round
            .contacts
            .iter()
            .filter(|contact| contact.on >= triggered_on)
            .map(|contact| Candidate { entry: contact.entry, on: contact.on, actor: &contact.actor, at: contact.at })
            .collect();
    }
    let is_first = rules.steps.iter().find(|other| other.done_by == step.done_by).is_some_and(|first| first == step);
    let mut candidates: Vec<Candidate<'a>> = round
        .records
        .iter()
        .filter(|record| record.form.does() == Some(step.done_by))
        .filter(|record| record.form.step == step.key || (record.form.step.is_empty() && is_first))
        .map(|record| Candidate { entry: record.entry, on: record.form.on, actor: &record.actor, at: record.at })
        .collect();
    candidates.sort_by_key(|candidate| (candidate.on, candidate.entry));
    candidates
}
