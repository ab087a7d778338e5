//! Absences: exceptions to a full class, by half day, as entries that are only ever added (handbook 4.3, 4.4).
//!
//! An entry that corrects names the entries that its author saw for those half days, and stands in their place there. What
//! two teachers recorded without knowing of each other stands beside each other: where both say the same it is one
//! absence, and where they differ the one that keeps people looking counts until a person corrects it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::actor::{Actor, actor_text};
use super::code_list::{AttendanceMark, DayPart};
use super::form_check::filled;
use super::identifier::EntryId;
use super::time::{Day, Timestamp};
use crate::error::{Failure, Result};

/// The longest leave, in days: a school year; what is longer is a suspension with its own paper (handbook 3.8).
pub const LEAVE_DAYS_MAX: i64 = 366;
/// The longest note, in characters.
pub const NOTE_CHARS_MAX: usize = 500;

/// What is recorded of a child for a day, a half, or a range of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AbsenceForm {
    /// The day, or the first.
    pub day: Day,
    /// The last day of a leave; none for one day.
    #[serde(default)]
    pub until: Option<Day>,
    /// Which part of each day.
    #[serde(default = "whole")]
    pub part: DayPart,
    /// What the roll says.
    pub mark: AttendanceMark,
    /// Why; who asked for leave and who granted it.
    #[serde(default)]
    pub note: String,
}

const fn whole() -> DayPart {
    DayPart::Whole
}

impl AbsenceForm {
    /// The last day.
    #[must_use]
    pub fn last_day(&self) -> Day {
        self.until.unwrap_or(self.day)
    }

    /// Whether it says something of any of these days.
    #[must_use]
    pub fn touches(&self, from: Day, to: Day) -> bool {
        self.day <= to && self.last_day() >= from
    }

    /// The halves of a day that it speaks of.
    fn halves(&self) -> &'static [Half] {
        match self.part {
            DayPart::Whole => &[Half::Morning, Half::Afternoon],
            DayPart::Morning => &[Half::Morning],
            DayPart::Afternoon => &[Half::Afternoon],
        }
    }

    /// Checks a form that is to be recorded.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::FieldInvalid`], [`crate::error::ErrorCode::FieldMissing`], with the field.
    pub fn validate(&self, today: Day) -> Result<()> {
        let days = self.last_day().days_since(self.day);
        if days < 0 {
            return Err(Failure::invalid("until", "before_start"));
        }
        if days > LEAVE_DAYS_MAX {
            return Err(Failure::invalid("until", "too_long"));
        }
        let is_leave = verdict(self.mark) == Attendance::Excused;
        if self.day > today && !is_leave {
            return Err(Failure::invalid("day", "in_the_future"));
        }
        if self.until.is_some() && !is_leave && self.mark != AttendanceMark::Withdrawn {
            return Err(Failure::invalid("until", "only_leave"));
        }
        // A leave is told apart from truancy by its reason, asked the same day (handbook 4.3).
        if self.mark == AttendanceMark::Personal {
            filled(&self.note, "note")?;
        }
        if self.note.chars().count() > NOTE_CHARS_MAX {
            return Err(Failure::invalid("note", "too_long"));
        }
        Ok(())
    }
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsenceEntry {
    /// Its key.
    pub entry: EntryId,
    /// What it says.
    pub form: AbsenceForm,
    /// The entries that its author saw for these half days: it stands in their place there.
    pub seen: BTreeSet<EntryId>,
    /// The rule set that held where it was recorded: `tongjiang-1357@1`.
    pub rule: String,
    /// Who recorded it.
    #[serde(with = "actor_text")]
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A half of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    /// 上午
    Morning,
    /// 下午
    Afternoon,
}

/// What a mark means for the count, the most urgent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attendance {
    /// At school.
    Present,
    /// Away with a reason: the clock stands.
    Excused,
    /// Away without a known reason: the clock runs.
    Unexcused,
}

/// What a mark means. A reason that nobody knows yet is no excuse; late or early is there.
#[must_use]
pub const fn verdict(mark: AttendanceMark) -> Attendance {
    use AttendanceMark as M;
    match mark {
        M::Present | M::Late | M::LeftEarly | M::Withdrawn => Attendance::Present,
        M::Sick | M::Personal | M::Bereavement | M::Official => Attendance::Excused,
        M::Unexcused | M::Unknown => Attendance::Unexcused,
    }
}

/// What stands of one half day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfDay {
    /// What counts.
    pub attendance: Attendance,
    /// The entries that stand, oldest key first.
    pub entries: Vec<EntryId>,
    /// They contradict each other: a person must look.
    pub contradicts: bool,
}

/// Every half day of which something stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roll {
    halves: BTreeMap<(Day, Half), HalfDay>,
}

impl Roll {
    /// Merges entries into half days; the same for every order of arrival. `present` are days on which a return was
    /// registered, each with its record and what that had seen: they count like the mark 到校.
    #[must_use]
    pub fn of(entries: &[AbsenceEntry], present: &[(Day, EntryId, &BTreeSet<EntryId>)]) -> Self {
        let mut claims: BTreeMap<(Day, Half), BTreeMap<EntryId, Option<Attendance>>> = BTreeMap::new();
        let mut hidden: BTreeMap<(Day, Half), BTreeSet<EntryId>> = BTreeMap::new();
        for entry in entries {
            let withdrawn = entry.form.mark == AttendanceMark::Withdrawn;
            let days = entry.form.last_day().days_since(entry.form.day).clamp(0, LEAVE_DAYS_MAX);
            for step in 0..=i32::try_from(days).unwrap_or(0) {
                for half in entry.form.halves() {
                    let cell = (entry.form.day.plus_days(step), *half);
                    let claim = (!withdrawn).then(|| verdict(entry.form.mark));
                    claims.entry(cell).or_default().insert(entry.entry, claim);
                    hidden.entry(cell).or_default().extend(entry.seen.iter().copied());
                }
            }
        }
        for (day, entry, seen) in present {
            for half in [Half::Morning, Half::Afternoon] {
                claims.entry((*day, half)).or_default().insert(*entry, Some(Attendance::Present));
                hidden.entry((*day, half)).or_default().extend(seen.iter().copied());
            }
        }
        let mut halves = BTreeMap::new();
        for (cell, claims) in claims {
            let replaced = hidden.get(&cell);
            let standing: Vec<(EntryId, Attendance)> = claims
                .into_iter()
                .filter(|(entry, _)| !replaced.is_some_and(|replaced| replaced.contains(entry)))
                .filter_map(|(entry, claim)| Some((entry, claim?)))
                .collect();
            let Some(attendance) = standing.iter().map(|(_, claim)| *claim).max() else { continue };
            let contradicts = standing.iter().any(|(_, claim)| *claim != attendance);
            let entries = standing.into_iter().map(|(entry, _)| entry).collect();
            halves.insert(cell, HalfDay { attendance, entries, contradicts });
        }
        Self { halves }
    }

    /// What stands of a half day; `None` where nobody recorded anything.
    #[must_use]
    pub fn half(&self, day: Day, half: Half) -> Option<&HalfDay> {
        self.halves.get(&(day, half))
    }

    /// What stands of a day: morning, afternoon.
    #[must_use]
    pub fn day(&self, day: Day) -> (Option<&HalfDay>, Option<&HalfDay>) {
        (self.half(day, Half::Morning), self.half(day, Half::Afternoon))
    }

    /// The first and the last day of which something stands.
    #[must_use]
    pub fn span(&self) -> Option<(Day, Day)> {
        Some((self.halves.keys().next()?.0, self.halves.keys().next_back()?.0))
    }

    /// Days whose entries contradict each other.
    #[must_use]
    pub fn contradictions(&self) -> BTreeSet<Day> {
        self.halves.iter().filter(|(_, half)| half.contradicts).map(|((day, _), _)| *day).collect()
    }

    /// The entries that stand on a day in these parts: what a new one would replace.
    #[must_use]
    pub fn standing(&self, form: &AbsenceForm) -> BTreeSet<EntryId> {
        let halves = form.halves();
        self.halves
            .range((form.day, Half::Morning)..=(form.last_day(), Half::Afternoon))
            .filter(|((_, half), _)| halves.contains(half))
            .flat_map(|(_, standing)| standing.entries.iter().copied())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::example::day;
    use super::*;

    fn entry(key: u8, form: AbsenceForm, seen: &[u8]) -> AbsenceEntry {
        AbsenceEntry {
            entry: EntryId::from_bytes([key; 16]),
            form,
            seen: seen.iter().map(|key| EntryId::from_bytes([*key; 16])).collect(),
            rule: String::new(),
            actor: vec![key],
            at: Timestamp::default(),
        }
    }

    fn form(text: &str, mark: AttendanceMark) -> AbsenceForm {
        AbsenceForm { day: day(text), until: None, part: DayPart::Whole, mark, note: String::new() }
    }

    const MONDAY: &str = "2026-11-23";

    #[test]
    fn what_two_teachers_record_of_one_day_is_one_absence() {
        let li = entry(1, AbsenceForm { part: DayPart::Morning, ..form(MONDAY, AttendanceMark::Unexcused) }, &[]);
        let wang = entry(2, form(MONDAY, AttendanceMark::Unknown), &[]);
        let roll = Roll::of(&[li.clone(), wang.clone()], &[]);
        assert_eq!(roll, Roll::of(&[wang, li], &[]), "in both orders of arrival");
        let (morning, afternoon) = roll.day(day(MONDAY));
        assert_eq!(morning.unwrap().entries.len(), 2);
        assert_eq!(afternoon.unwrap().attendance, Attendance::Unexcused);
        assert_eq!(roll.contradictions(), BTreeSet::new());
    }

    #[test]
    fn an_excuse_that_did_not_know_of_the_absence_waits_for_a_person_and_one_that_knew_counts() {
        let absent = entry(1, form(MONDAY, AttendanceMark::Unexcused), &[]);
        let apart = Roll::of(&[absent.clone(), entry(2, form(MONDAY, AttendanceMark::Sick), &[])], &[]);
        assert_eq!(apart.half(day(MONDAY), Half::Morning).unwrap().attendance, Attendance::Unexcused);
        assert_eq!(apart.contradictions(), BTreeSet::from([day(MONDAY)]));
        let knowing = Roll::of(&[absent, entry(2, form(MONDAY, AttendanceMark::Sick), &[1])], &[]);
        assert_eq!(knowing.half(day(MONDAY), Half::Morning).unwrap().attendance, Attendance::Excused);
        assert_eq!(knowing.contradictions(), BTreeSet::new());
    }

    #[test]
    fn who_is_back_on_one_day_of_a_leave_keeps_the_rest_of_it() {
        let leave = AbsenceForm { until: Some(day("2026-11-27")), ..form(MONDAY, AttendanceMark::Sick) };
        let back = form("2026-11-25", AttendanceMark::Present);
        let roll = Roll::of(&[entry(1, leave, &[]), entry(2, back, &[1])], &[]);
        let says = |text: &str| roll.half(day(text), Half::Morning).map(|half| half.attendance);
        assert_eq!(says("2026-11-24"), Some(Attendance::Excused));
        assert_eq!(says("2026-11-25"), Some(Attendance::Present));
        assert_eq!(says("2026-11-26"), Some(Attendance::Excused));
        assert_eq!(roll.span(), Some((day(MONDAY), day("2026-11-27"))));
    }

    #[test]
    fn a_withdrawn_entry_leaves_nothing_and_what_a_colleague_wrote_stays() {
        let wrong = entry(1, form(MONDAY, AttendanceMark::Unexcused), &[]);
        let undo = entry(2, form(MONDAY, AttendanceMark::Withdrawn), &[1]);
        assert_eq!(Roll::of(&[undo.clone(), wrong.clone()], &[]), Roll::default());
        let wang = entry(3, form(MONDAY, AttendanceMark::Unexcused), &[]);
        let roll = Roll::of(&[undo, wrong, wang.clone()], &[]);
        assert_eq!(roll.half(day(MONDAY), Half::Afternoon).unwrap().entries, [wang.entry]);
    }

    #[test]
    fn an_absence_of_tomorrow_is_refused_and_a_leave_of_tomorrow_is_not() {
        let today = day("2026-11-22");
        let refused = form(MONDAY, AttendanceMark::Unexcused).validate(today).unwrap_err();
        assert_eq!(refused.facts["field"], "day");
        form(MONDAY, AttendanceMark::Sick).validate(today).unwrap();
        let refused = form(MONDAY, AttendanceMark::Personal).validate(today).unwrap_err();
        assert_eq!(refused.facts["field"], "note", "who granted it, and why");
        let backwards = AbsenceForm { until: Some(day("2026-11-20")), ..form(MONDAY, AttendanceMark::Sick) };
        assert_eq!(backwards.validate(today).unwrap_err().facts["field"], "until");
    }
}
