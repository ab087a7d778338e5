//! The clock (handbook 4): folds what is known of a child into its cases on a day. Pure: the same facts, rules, calendar
//! and day give the same cases, whatever came first.

use std::collections::{BTreeMap, BTreeSet};

use super::absence::{Attendance, HalfDay, Roll};
use super::case::{Case, CaseFacts, CasePhase, CaseStep, Contact};
use super::case_clock::Clock;
use super::case_closing::{Answer, closing, closings, standing_records};
use super::case_record::{CaseForm, CaseRecord, decides};
use super::case_steps::{self, Round};
use super::case_tasks::{promise, roll_tasks, tasks};
use super::code_list::{CaseRecordKind, CaseSource, VisitPurpose};
use super::identifier::EntryId;
use super::rule_set::{DayUnit, RuleSet, SilentDay, in_force};
use super::time::Day;

/// Days that are gone through at most: a case of more than ten years is begun where they begin.
const DAYS_MAX: i32 = 3_700;

/// The cases of a child, oldest first.
#[must_use]
pub fn fold(facts: &CaseFacts, clock: &Clock<'_>) -> Vec<Case> {
    if facts.is_empty() {
        return Vec::new();
    }
    let records = standing_records(facts, clock);
    let returns: Vec<_> = records
        .iter()
        .filter(|record| record.form.kind == CaseRecordKind::Returned)
        .map(|record| (record.form.on, record.entry, &record.seen))
        .collect();
    let roll = Roll::of(&facts.absences, &returns);
    let mut by_day: BTreeMap<Day, Vec<&CaseRecord>> = BTreeMap::new();
    for record in &records {
        by_day.entry(record.form.on).or_default().push(record);
    }
    for records in by_day.values_mut() {
        records.sort_by_key(|record| (record.form.kind, record.entry));
    }
    let first = [roll.span().map(|(first, _)| first), by_day.keys().next().copied()].into_iter().flatten().min();
    let Some(first) = first else { return Vec::new() };
    let mut walk = Walk {
        facts,
        clock,
        closings: closings(&records, clock),
        roll: &roll,
        cases: Vec::new(),
        carry: Carry::None,
        counted: Vec::new(),
    };
    let mut day = first.max(clock.today.plus_days(DAYS_MAX.saturating_neg()));
    while day <= clock.today {
        walk.attendance(day);
        for record in by_day.get(&day).into_iter().flatten() {
            walk.record(record);
        }
        day = day.plus_days(1);
    }
    let counted = walk.counted;
    let last = walk.cases.len().saturating_sub(1);
    let cases = walk.cases.into_iter().enumerate();
    let mut cases: Vec<Case> = cases.map(|(place, open)| open.finish(facts, clock, &counted, place == last)).collect();
    if let Some(case) = cases.last_mut() {
        roll_tasks(case, &roll);
    }
    cases
}

/// Where the last case stands, as long as it is open.
#[must_use]
pub fn open_phase(cases: &[Case]) -> Option<CasePhase> {
    cases.last().map(|case| case.phase).filter(|phase| phase.is_open())
}

/// What silence means after the last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carry {
    /// At school.
    None,
    /// Missing without excuse.
    Missing,
    /// Away with an excuse while a case is open: neither counted nor back.
    Excused,
}

/// A case as it is being walked through.
struct OpenCase<'a> {
    opened_on: Day,
    source: Option<CaseSource>,
    rules: &'a RuleSet,
    phase: CasePhase,
    /// Counted days of the absence that goes on.
    streak: u32,
    relapses: u32,
    rounds: Vec<Round<'a>>,
    proposal: Option<(&'a CaseRecord, Option<Answer<'a>>)>,
    closed_on: Option<Day>,
    contradictions: BTreeSet<EntryId>,
    /// Until then a new absence reopens this case.
    reopens_until: Day,
}

struct Walk<'a, 'b> {
    facts: &'a CaseFacts,
    clock: &'b Clock<'a>,
    closings: BTreeMap<EntryId, Answer<'a>>,
    roll: &'b Roll,
    cases: Vec<OpenCase<'a>>,
    carry: Carry,
    /// All counted days.
    counted: Vec<Day>,
}

impl<'a> Walk<'a, '_> {
    fn rules_on(&self, day: Day) -> Option<&'a RuleSet> {
        match self.cases.last() {
            Some(case) if case.phase.is_open() || day <= case.reopens_until => Some(case.rules),
            _ => {
                let named = begun_under(self.facts, self.clock.rules, day);
                named.or_else(|| in_force(self.clock.rules, day))
            }
        }
    }

    /// Takes what the roll says of a day.
    fn attendance(&mut self, day: Day) {
        let Some(rules) = self.rules_on(day) else { return };
        let (morning, afternoon) = self.roll.day(day);
        let is_told = morning.is_some() || afternoon.is_some();
        let is_school_day = self.clock.days.is_school_day(day);
        let counts = match rules.counting.unit {
            DayUnit::SchoolDays => is_school_day,
            DayUnit::WorkingDays => self.clock.days.is_working_day(day),
            DayUnit::CalendarDays => true,
        };
        let (before, after) = self.halves(rules, morning, afternoon);
        let unexcused = [before, after].iter().filter(|half| **half == Attendance::Unexcused).count();
        let is_back = [before, after].iter().all(|half| *half == Attendance::Present);
        // What is recorded of a day without school counts only when the child is back: on Sunday evening, say.
        let says_back = is_told && is_back;
        if !(is_school_day || counts || says_back) {
            return;
        }
        let is_missing = self.cases.last().is_some_and(|case| case.phase.is_missing());
        self.carry = match (before, after) {
            (Attendance::Unexcused, Attendance::Unexcused) => Carry::Missing,
            (_, Attendance::Excused) if is_missing || self.carry == Carry::Missing => Carry::Excused,
            (_, Attendance::Unexcused) if self.carry != Carry::None => self.carry,
            _ => Carry::None,
        };
        if counts && (unexcused == 2 || (unexcused == 1 && rules.counting.half_days_count)) {
            self.count(day, rules);
        } else if is_back && (is_school_day || is_told) {
            self.back(day, is_told);
        }
    }

    /// What the halves of a day come to, silence reckoned.
    fn halves(
        &self,
        rules: &RuleSet,
        morning: Option<&HalfDay>,
        afternoon: Option<&HalfDay>,
    ) -> (Attendance, Attendance) {
        let silent = match (self.carry, rules.counting.silent_day) {
            (Carry::Missing, SilentDay::StillAbsent) => Attendance::Unexcused,
            (Carry::Excused, SilentDay::StillAbsent) => Attendance::Excused,
            _ => Attendance::Present,
        };
        match (morning.map(|half| half.attendance), afternoon.map(|half| half.attendance)) {
            (Some(morning), Some(afternoon)) => (morning, afternoon),
            (Some(Attendance::Present), None) => (Attendance::Present, Attendance::Present),
            (Some(morning), None) => (morning, silent),
            (None, Some(afternoon)) => (silent, afternoon),
            (None, None) => (silent, silent),
        }
    }

    /// A day that counts.
    fn count(&mut self, day: Day, rules: &'a RuleSet) {
        let told: Vec<EntryId> = [self.roll.day(day).0, self.roll.day(day).1]
            .into_iter()
            .flatten()
            .filter(|half| half.attendance == Attendance::Unexcused)
            .flat_map(|half| half.entries.iter().copied())
            .collect();
        if let Some(case) = self.cases.last_mut()
            && let Some((_, Some(Answer::Confirmed(confirmation)))) = &case.proposal
            && confirmation.form.on >= day
        {
            // Somebody confirmed the closing later than this day: what that person had not seen waits for a judgement.
            case.contradictions.extend(told.into_iter().filter(|entry| !confirmation.seen.contains(entry)));
            return;
        }
        self.counted.push(day);
        match self.cases.last_mut() {
            Some(case) if case.phase.is_missing() => case.count(day),
            Some(case) if case.phase == CasePhase::InReview => case.contradictions.extend(told),
            Some(case) if case.phase == CasePhase::Settling => case.begins_again(day, CasePhase::Suspected, true),
            Some(case) if day <= case.reopens_until => {
                let was_closed = case.phase == CasePhase::Closed;
                let phase = if was_closed { CasePhase::Suspected } else { CasePhase::Watch };
                case.begins_again(day, phase, was_closed);
            }
            _ => self.cases.push(OpenCase::new(day, None, rules, CasePhase::Watch, 1)),
        }
    }

    /// A whole day back at school.
    fn back(&mut self, day: Day, is_told: bool) {
        let Some(case) = self.cases.last_mut().filter(|case| case.phase.is_missing()) else { return };
        // A case that a record opened ends by a closing, and one that is suspected is ended by no silence.
        let has_absence = case.rounds.last().is_some_and(|round| !round.counted.is_empty());
        if case.phase == CasePhase::Watch && has_absence {
            case.phase = CasePhase::Ended;
            case.reopens_until = day.plus_days(i32::try_from(case.rules.settling_days).unwrap_or(0));
        } else if is_told
            || (case.phase != CasePhase::Watch && case.rules.counting.silent_day == SilentDay::StillAbsent)
        {
            case.phase = CasePhase::Settling;
            case.reopens_until = day.plus_days(i32::try_from(case.rules.settling_days).unwrap_or(0));
        } else {
            return;
        }
        if let Some(round) = case.rounds.last_mut() {
            round.returned_on = Some(day);
        }
    }

    fn record(&mut self, record: &'a CaseRecord) {
        let doer = (self.clock.doer)(&record.actor);
        let may_decide = doer.is_some_and(|doer| decides(doer.role));
        let CaseForm { kind, on, source, .. } = &record.form;
        let opens = match kind {
            CaseRecordKind::Opened => true,
            CaseRecordKind::Dropout => may_decide,
            _ => false,
        };
        let no_case = self.cases.last().is_none_or(|case| !case.phase.is_open());
        if opens && no_case {
            let Some(rules) = self.rules_on(*on) else { return };
            let phase = match source {
                Some(CaseSource::Tendency) => CasePhase::Watch,
                _ => CasePhase::Suspected,
            };
            self.cases.push(OpenCase::new(*on, *source, rules, phase, 0));
        }
        let answer = self.closings.get(&record.entry).cloned();
        let Some(case) = self.cases.last_mut() else { return };
        match kind {
            CaseRecordKind::Opened if case.phase == CasePhase::Watch && *source != Some(CaseSource::Tendency) => {
                case.phase = CasePhase::Suspected;
            }
            CaseRecordKind::Dropout if may_decide && case.phase.is_missing() => case.phase = CasePhase::Dropout,
            CaseRecordKind::ClosingProposed if case.phase.is_open() => {
                let refused = matches!(answer, Some(Answer::Refused));
                case.proposal = (!refused).then_some((record, answer));
            }
            CaseRecordKind::ClosingConfirmed => case.confirmed(record, &self.facts.contacts),
            CaseRecordKind::Reopened if may_decide => case.reopened(*on),
            CaseRecordKind::KeptClosed
                if may_decide
                    && case.phase == CasePhase::InReview
                    && case.contradictions.iter().all(|entry| record.seen.contains(entry)) =>
            {
                case.phase = CasePhase::Closed;
                case.contradictions.clear();
            }
            _ => {}
        }
        if let Some(round) = case.rounds.last_mut() {
            round.records.push(record);
        }
    }
}

/// Of the rule sets that entries from `opened` on name, the one that held first: the case began under it, whatever the
/// county has added since, and whichever entry came here first.
fn begun_under<'a>(facts: &CaseFacts, rules: &'a [RuleSet], opened: Day) -> Option<&'a RuleSet> {
    let of_absences = facts.absences.iter().filter(|entry| entry.form.day == opened).map(|entry| entry.rule.as_str());
    let of_records = facts.records.iter().filter(|record| record.form.on == opened).map(|record| record.rule.as_str());
    let named: BTreeSet<&str> = of_absences.chain(of_records).collect();
    rules
        .iter()
        .filter(|set| named.contains(set.name().as_str()))
        .min_by_key(|set| (set.holds_from, set.version, set.id.clone()))
}

impl<'a> OpenCase<'a> {
    fn new(day: Day, source: Option<CaseSource>, rules: &'a RuleSet, phase: CasePhase, streak: u32) -> Self {
        let mut case = Self {
            opened_on: day,
            source,
            rules,
            phase,
            streak,
            relapses: 0,
            rounds: vec![Round::new(day, streak)],
            proposal: None,
            closed_on: None,
            contradictions: BTreeSet::new(),
            reopens_until: day,
        };
        case.suspect();
        case
    }

    fn suspect(&mut self) {
        if self.phase == CasePhase::Watch && self.streak >= self.rules.suspected_at {
            self.phase = CasePhase::Suspected;
        }
    }

    fn count(&mut self, day: Day) {
        self.streak = self.streak.saturating_add(1);
        if let Some(round) = self.rounds.last_mut() {
            round.counted.push(day);
        }
        self.suspect();
    }

    /// The child is missing again.
    fn begins_again(&mut self, day: Day, phase: CasePhase, is_relapse: bool) {
        if let Some(round) = self.rounds.last_mut() {
            round.ended_on = Some(day);
        }
        let before = if self.rules.counting.resets_on_return { 0 } else { self.streak };
        self.streak = before.saturating_add(1);
        self.phase = phase;
        self.relapses = self.relapses.saturating_add(u32::from(is_relapse));
        self.proposal = None;
        self.closed_on = None;
        self.contradictions.clear();
        let mut round = Round::new(day, 1);
        round.counted_before = before;
        self.rounds.push(round);
        self.suspect();
    }

    /// A person takes a case up again that was over. What is counted begins with the roll.
    fn reopened(&mut self, on: Day) {
        if self.phase.is_missing() || self.phase == CasePhase::Settling {
            return;
        }
        self.begins_again(on, CasePhase::Suspected, false);
        self.streak = 0;
        if let Some(round) = self.rounds.last_mut() {
            round.counted.clear();
            round.opened_by_record = true;
        }
    }

    fn confirmed(&mut self, record: &'a CaseRecord, contacts: &[Contact]) {
        let Some((proposal, Some(Answer::Confirmed(confirmation)))) = &self.proposal else { return };
        if confirmation.entry != record.entry {
            return;
        }
        let since = self.rounds.last().and_then(|round| round.returned_on).unwrap_or(proposal.form.on);
        // Whoever goes to persuade after the day of the return says that the child is not at school.
        let against = contacts.iter().filter(|contact| {
            contact.purpose == Some(VisitPurpose::Persuasion)
                && contact.on > since
                && contact.on <= record.form.on
                && !record.seen.contains(&contact.entry)
        });
        self.contradictions.extend(against.map(|contact| contact.entry));
        self.phase = if self.contradictions.is_empty() { CasePhase::Closed } else { CasePhase::InReview };
        self.closed_on = Some(record.form.on);
        if let Some(round) = self.rounds.last_mut() {
            round.ended_on = Some(record.form.on);
        }
        if self.rounds.last().is_some_and(|round| round.returned_on.is_none()) {
            self.reopens_until = record.form.on;
        }
    }

    fn finish(mut self, facts: &'a CaseFacts, clock: &Clock<'_>, counted: &[Day], is_last: bool) -> Case {
        let until = self.closed_on.unwrap_or(clock.today);
        for contact in facts.contacts.iter().filter(|contact| contact.on >= self.opened_on && contact.on <= until) {
            if let Some(round) = self.rounds.iter_mut().rev().find(|round| round.from <= contact.on) {
                round.contacts.push(contact);
            }
        }
        for round in &mut self.rounds {
            round.contacts.sort_by_key(|contact| (contact.on, contact.entry));
        }
        let mut steps: Vec<CaseStep> = Vec::new();
        for (number, round) in (1..).zip(&self.rounds) {
            let is_current = is_last && usize::try_from(number).is_ok_and(|number| number == self.rounds.len());
            steps.extend(case_steps::of_round(self.rules, round, number, is_current && self.phase.is_open(), clock));
        }
        let round = self.rounds.last();
        let window = i64::from(self.rules.counting.window_days);
        let in_window = counted.iter().filter(|day| {
            let age = clock.today.days_since(**day);
            age >= 0 && age < window
        });
        let window_days = u32::try_from(in_window.count()).unwrap_or(u32::MAX);
        let settling = i32::try_from(self.rules.settling_days).unwrap_or(0);
        let returned_on = round.and_then(|round| round.returned_on);
        let mut case = Case {
            opened_on: self.opened_on,
            source: self.source,
            rule: self.rules.name(),
            phase: self.phase,
            absent_from: round.and_then(|round| round.counted.first().copied()),
            absent_days: self.streak,
            window_days,
            window_flagged: window_days >= self.rules.counting.window_flag_at && self.phase.is_open(),
            relapses: self.relapses,
            attempts: self
                .rounds
                .iter()
                .flat_map(|round| &round.contacts)
                .filter(|contact| contact.purpose == Some(VisitPurpose::Persuasion))
                .map(|contact| contact.entry)
                .collect(),
            promise: round.and_then(|round| promise(round, clock)),
            deadline: round.and_then(|round| case_steps::deadline(self.rules, round, clock.days)),
            returned_on,
            settling_until: returned_on.filter(|_| self.phase != CasePhase::Ended).map(|day| day.plus_days(settling)),
            closing: self.proposal.map(|(proposal, answer)| closing(proposal, answer.as_ref())),
            contradictions: self.contradictions.into_iter().collect(),
            steps,
            tasks: Vec::new(),
        };
        if is_last {
            case.tasks = tasks(&case, self.rules, self.rounds.last(), clock);
        }
        case
    }
}
