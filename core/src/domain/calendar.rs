//! The school calendar (handbook 4.2, 9.5): on which days there is school, and which days are working days.
//!
//! It is data of the county document, one entry a fact, so that two people who change different days do not meet. An
//! entry is for the whole county or for one school. Where the county has told no term of a school year, that year is
//! reckoned by `DEFAULT_TERMS`, and screens say so.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::place::SchoolCode;
use super::setting_mistake::{MistakeCode, SettingMistake};
use super::time::Day;
use super::transition_days::{self, OwnTransitionDays};

/// What a day is that is not as its weekday says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DayKind {
    /// 法定节假日: neither school nor work.
    Holiday,
    /// 调休: school and work on a Saturday or Sunday, within the terms.
    MakeUp,
    /// 停课: no school, but a working day.
    SchoolClosed,
    /// 补课: school, but no working day.
    SchoolOnly,
}

/// A day that is not as its weekday says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CalendarDay {
    /// Of this school only; none for the county.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<SchoolCode>,
    /// The day.
    pub day: Day,
    /// What it is.
    pub kind: DayKind,
    /// 国庆节, 国庆调休, 暴雪停课.
    #[serde(default)]
    pub reason: String,
}

/// A term: its first and its last day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Term {
    /// Of this school only; none for the county.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<SchoolCode>,
    /// `2026-2027-1`
    pub key: String,
    /// The first day, on which children register.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

/// A boarding cycle (大周): so many days at school, weekends among them, then so many at home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BoardingCycle {
    /// Of this school only; none for the county.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<SchoolCode>,
    /// The first school day of the first cycle; before it weekdays count.
    pub from: Day,
    /// The last day for which the cycle holds.
    pub to: Day,
    /// Days at school.
    pub school_days: u8,
    /// Days at home.
    pub home_days: u8,
}

/// A day within a boarding cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CycleDay {
    /// At school; else at home.
    pub at_school: bool,
    /// Which of them, from 1 on.
    pub number: u8,
    /// Of so many.
    pub of: u8,
}

/// The calendar as the county document holds it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct Calendar {
    /// Terms.
    pub terms: Vec<Term>,
    /// Days that are not as their weekday says.
    pub days: Vec<CalendarDay>,
    /// Boarding cycles.
    pub cycles: Vec<BoardingCycle>,
    /// Days of the way into the next school that are the county's own.
    pub transitions: Vec<OwnTransitionDays>,
}

/// The terms of a school year that the county has not told, as (month, day) of first and last day: wide, since a day too
/// many asks a question and a day too few hides a child (docs/decisions/casework.md).
const DEFAULT_TERMS: [((i8, i8), (i8, i8)); 2] = [((9, 1), (1, 20)), ((2, 20), (7, 10))];

/// Public holidays that have a fixed day in the sun's calendar (全国年节及纪念日放假办法, 2024); the others move with the
/// moon or by a yearly notice, and stand in the county's calendar.
const FIXED_HOLIDAYS: [(i8, i8); 6] = [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)];

/// The longest way to look for a school day or a working day: longer than any holiday.
const LOOK_DAYS_MAX: i32 = 400;

impl Calendar {
    /// The days of one school, or where none is known of the county.
    #[must_use]
    pub fn of_school(&self, school: Option<&SchoolCode>) -> SchoolDays {
        let own = |entry: &Option<SchoolCode>| entry.is_some() && entry.as_ref() == school;
        let county = |entry: &Option<SchoolCode>| entry.is_none();
        let days = |mine: &dyn Fn(&Option<SchoolCode>) -> bool| {
            self.days.iter().filter(|entry| mine(&entry.school)).map(|entry| (entry.day, entry.kind)).collect()
        };
        // A school that has terms or a cycle of its own has no others.
        let of_one = |has_own: bool, entry: &Option<SchoolCode>| if has_own { own(entry) } else { county(entry) };
        let has_terms = self.terms.iter().any(|term| own(&term.school));
        let has_cycles = self.cycles.iter().any(|cycle| own(&cycle.school));
        SchoolDays {
            terms: self
                .terms
                .iter()
                .filter(|term| of_one(has_terms, &term.school))
                .map(|term| (term.from, term.to))
                .collect(),
            county_days: days(&county),
            own_days: days(&own),
            cycles: self.cycles.iter().filter(|cycle| of_one(has_cycles, &cycle.school)).cloned().collect(),
        }
    }

    /// What makes it unusable; empty when all is well.
    #[must_use]
    pub fn mistakes(&self) -> Vec<SettingMistake> {
        let mut mistakes = Vec::new();
        let mut add = |code, at: &str| mistakes.push(SettingMistake::new(code, at));
        for (place, term) in self.terms.iter().enumerate() {
            if term.key.trim().is_empty() {
                add(MistakeCode::TermWithoutKey, &term.from.to_string());
            }
            if term.to < term.from {
                add(MistakeCode::TermEndsBeforeItBegins, &term.key);
            }
            let before = || self.terms.iter().take(place).filter(|other| other.school == term.school);
            if before().any(|other| other.key == term.key) {
                add(MistakeCode::TermTwice, &term.key);
            } else if before().any(|other| other.from <= term.to && term.from <= other.to) {
                add(MistakeCode::TermsOverlap, &term.key);
            }
        }
        for day in self.days.iter().filter(|day| day.kind == DayKind::MakeUp && is_weekday(day.day)) {
            add(MistakeCode::MakeUpOnWeekday, &day.day.to_string());
        }
        for (place, cycle) in self.cycles.iter().enumerate() {
            if cycle.school_days == 0 || cycle.home_days == 0 || cycle.to < cycle.from {
                add(MistakeCode::CycleEmpty, &cycle.from.to_string());
            }
            let mut before = self.cycles.iter().take(place).filter(|other| other.school == cycle.school);
            if before.any(|other| other.from <= cycle.to && cycle.from <= other.to) {
                add(MistakeCode::CyclesOverlap, &cycle.from.to_string());
            }
        }
        mistakes.extend(transition_days::mistakes(self));
        mistakes
    }

    /// Whether the county itself has told a term: without one every year is reckoned by defaults.
    #[must_use]
    pub fn has_county_terms(&self) -> bool {
        self.terms.iter().any(|term| term.school.is_none())
    }
}

/// The key of a term's entry in the county document.
#[must_use]
pub fn term_key(term: &Term) -> String {
    format!("term/{}/{}", of_school(term.school.as_ref()), term.key)
}

/// The key of a day's entry.
#[must_use]
pub fn day_key(day: &CalendarDay) -> String {
    format!("day/{}/{}", of_school(day.school.as_ref()), day.day)
}

/// The key of a boarding cycle's entry.
#[must_use]
pub fn cycle_key(cycle: &BoardingCycle) -> String {
    format!("cycle/{}/{}", of_school(cycle.school.as_ref()), cycle.from)
}

fn of_school(school: Option<&SchoolCode>) -> &str {
    school.map_or("", |code| code.0.as_str())
}

/// The days of one school, ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchoolDays {
    terms: Vec<(Day, Day)>,
    county_days: BTreeMap<Day, DayKind>,
    own_days: BTreeMap<Day, DayKind>,
    cycles: Vec<BoardingCycle>,
}

impl SchoolDays {
    /// Whether there is school on this day.
    #[must_use]
    pub fn is_school_day(&self, day: Day) -> bool {
        match self.kind(day) {
            Some(DayKind::Holiday | DayKind::SchoolClosed) => false,
            Some(DayKind::SchoolOnly) => true,
            Some(DayKind::MakeUp) => self.is_in_term(day),
            None if is_fixed_holiday(day) => false,
            None => self.is_in_term(day) && self.by_cycle(day).unwrap_or_else(|| is_weekday(day)),
        }
    }

    /// Whether offices work on this day. What closes one school does not close an office.
    #[must_use]
    pub fn is_working_day(&self, day: Day) -> bool {
        match self.county_days.get(&day) {
            Some(DayKind::Holiday) => false,
            Some(DayKind::MakeUp) => true,
            Some(DayKind::SchoolClosed | DayKind::SchoolOnly) | None => is_weekday(day) && !is_fixed_holiday(day),
        }
    }

    /// Whether the county has told no term of the school year that this day lies in.
    #[must_use]
    pub fn is_default_on(&self, day: Day) -> bool {
        let year = day.school_year_start();
        !self.terms.iter().any(|(from, to)| from.school_year_start() == year || to.school_year_start() == year)
    }

    /// Whether the day lies in a term: only then a make-up Saturday is one of school.
    #[must_use]
    pub fn is_in_term(&self, day: Day) -> bool {
        if !self.is_default_on(day) {
            return self.terms.iter().any(|(from, to)| (*from..=*to).contains(&day));
        }
        let date = (day.0.month(), day.0.day());
        DEFAULT_TERMS.iter().any(|(from, to)| {
            // The autumn term goes over New Year.
            if from > to { date >= *from || date <= *to } else { (*from..=*to).contains(&date) }
        })
    }

    /// The first day of the term that a day lies in; none in the holidays.
    #[must_use]
    pub fn term_begin(&self, day: Day) -> Option<Day> {
        if !self.is_default_on(day) {
            return self.terms.iter().find(|(from, to)| (*from..=*to).contains(&day)).map(|(from, _)| *from);
        }
        if !self.is_in_term(day) {
            return None;
        }
        let autumn = day.school_year_start();
        let spring = Date::new(autumn.0.year().saturating_add(1), 2, 20).map_or(autumn, Day);
        Some(if day >= spring { spring } else { autumn })
    }

    /// The day itself when there is school on it, or the next one on which there is.
    #[must_use]
    pub fn school_day_from(&self, day: Day) -> Day {
        first_day(day, |day| self.is_school_day(day))
    }

    /// The day itself when offices work, or the next on which they do.
    #[must_use]
    pub fn working_day_from(&self, day: Day) -> Day {
        first_day(day, |day| self.is_working_day(day))
    }

    /// The `count`-th school day after `day`; for 0 the day itself.
    #[must_use]
    pub fn plus_school_days(&self, day: Day, count: u32) -> Day {
        (0..count).fold(day, |day, _| self.school_day_from(day.plus_days(1)))
    }

    /// The `count`-th working day after `day`; for 0 the day itself.
    #[must_use]
    pub fn plus_working_days(&self, day: Day, count: u32) -> Day {
        (0..count).fold(day, |day, _| self.working_day_from(day.plus_days(1)))
    }

    /// What a day is that is not as its weekday says; none where its weekday says it.
    #[must_use]
    pub fn told(&self, day: Day) -> Option<DayKind> {
        self.kind(day).or_else(|| is_fixed_holiday(day).then_some(DayKind::Holiday))
    }

    /// Where a day lies in its boarding cycle: which day of how many at school, or at home; none where no cycle holds.
    #[must_use]
    pub fn in_cycle(&self, day: Day) -> Option<CycleDay> {
        let cycle = self.cycles.iter().find(|cycle| (cycle.from..=cycle.to).contains(&day))?;
        let length = i64::from(cycle.school_days).checked_add(i64::from(cycle.home_days))?;
        let place = u8::try_from(day.days_since(cycle.from).checked_rem(length)?).ok()?;
        let at_school = place < cycle.school_days;
        let (first, of) = if at_school { (0, cycle.school_days) } else { (cycle.school_days, cycle.home_days) };
        Some(CycleDay { at_school, number: place.checked_sub(first)?.checked_add(1)?, of })
    }

    fn kind(&self, day: Day) -> Option<DayKind> {
        self.own_days.get(&day).or_else(|| self.county_days.get(&day)).copied()
    }

    /// Where the day lies in its boarding cycle; `None` where no cycle holds.
    fn by_cycle(&self, day: Day) -> Option<bool> {
        let cycle = self.cycles.iter().find(|cycle| (cycle.from..=cycle.to).contains(&day))?;
        let length = i64::from(cycle.school_days).checked_add(i64::from(cycle.home_days))?;
        let place = day.days_since(cycle.from).checked_rem(length)?;
        Some(place < i64::from(cycle.school_days))
    }
}

fn first_day(from: Day, wanted: impl Fn(Day) -> bool) -> Day {
    (0..LOOK_DAYS_MAX).map(|days| from.plus_days(days)).find(|day| wanted(*day)).unwrap_or(from)
}

fn is_weekday(day: Day) -> bool {
    !matches!(day.0.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn is_fixed_holiday(day: Day) -> bool {
    let date: Date = day.0;
    FIXED_HOLIDAYS.contains(&(date.month(), date.day()))
}

#[cfg(test)]
pub(crate) mod example {
    use super::*;

    pub(crate) fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn holiday(text: &str, reason: &str) -> CalendarDay {
        CalendarDay { school: None, day: day(text), kind: DayKind::Holiday, reason: reason.to_owned() }
    }

    /// The school year 2026/27 of an invented county, with the national holidays of autumn 2026.
    pub(crate) fn calendar() -> Calendar {
        let term = |key: &str, from, to| Term { school: None, key: key.to_owned(), from: day(from), to: day(to) };
        let mut days: Vec<CalendarDay> = (25..=27).map(|d| holiday(&format!("2026-09-{d}"), "中秋节")).collect();
        days.extend((1..=7).map(|d| holiday(&format!("2026-10-0{d}"), "国庆节")));
        for text in ["2026-09-20", "2026-10-10"] {
            let reason = "国庆调休".to_owned();
            days.push(CalendarDay { school: None, day: day(text), kind: DayKind::MakeUp, reason });
        }
        days.sort_by_key(|entry| entry.day);
        Calendar {
            transitions: Vec::new(),
            terms: vec![
                term("2026-2027-1", "2026-09-01", "2027-01-22"),
                term("2026-2027-2", "2027-02-22", "2027-07-02"),
            ],
            days,
            cycles: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::example::{calendar, day};
    use super::*;

    fn school_days(days: &SchoolDays, from: &str, to: &str) -> Vec<String> {
        let (mut next, to) = (day(from), day(to));
        let mut found = Vec::new();
        while next <= to {
            if days.is_school_day(next) {
                found.push(next.to_string());
            }
            next = next.plus_days(1);
        }
        found
    }

    #[test]
    fn a_make_up_saturday_is_a_school_day_and_the_week_of_the_holiday_is_none() {
        let days = calendar().of_school(None);
        assert_eq!(
            school_days(&days, "2026-09-30", "2026-10-13"),
            ["2026-09-30", "2026-10-08", "2026-10-09", "2026-10-10", "2026-10-12", "2026-10-13"]
        );
        assert!(days.is_working_day(day("2026-10-10")));
        assert_eq!(days.plus_school_days(day("2026-09-30"), 3), day("2026-10-10"));
        assert_eq!(days.working_day_from(day("2026-10-04")), day("2026-10-08"));
    }

    #[test]
    fn the_thirty_first_of_august_is_holiday_and_the_first_of_september_is_school() {
        let days = calendar().of_school(None);
        assert!(!days.is_school_day(day("2026-08-31")));
        assert!(days.is_school_day(day("2026-09-01")));
        assert_eq!(days.school_day_from(day("2027-01-23")), day("2027-02-22"), "over the winter holidays");
    }

    #[test]
    fn a_make_up_day_of_the_whole_country_within_the_winter_holidays_is_no_school_day() {
        let mut calendar = calendar();
        let entry = CalendarDay { school: None, day: day("2027-02-14"), kind: DayKind::MakeUp, reason: String::new() };
        calendar.days.push(entry);
        let days = calendar.of_school(None);
        assert!(days.is_working_day(day("2027-02-14")) && !days.is_school_day(day("2027-02-14")));
    }

    #[test]
    fn a_year_without_a_calendar_is_reckoned_wide_and_says_so() {
        let days = Calendar::default().of_school(None);
        assert!(days.is_default_on(day("2028-03-01")));
        assert!(days.is_school_day(day("2028-02-29")), "a leap day is a day");
        assert!(days.is_school_day(day("2027-01-20")) && !days.is_school_day(day("2027-01-21")));
        assert!(!days.is_school_day(day("2026-10-01")) && !days.is_school_day(day("2026-08-31")));
        let told = calendar().of_school(None);
        assert!(!told.is_default_on(day("2026-11-23")) && told.is_default_on(day("2027-09-01")));
    }

    #[test]
    fn a_boarding_school_has_ten_days_at_school_and_four_at_home() {
        let school = SchoolCode("9999990002".to_owned());
        let mut calendar = calendar();
        calendar.cycles.push(BoardingCycle {
            school: Some(school.clone()),
            from: day("2026-11-09"),
            to: day("2027-01-22"),
            school_days: 10,
            home_days: 4,
        });
        let days = calendar.of_school(Some(&school));
        assert!(days.is_school_day(day("2026-11-14")), "a Saturday at school");
        assert!(!days.is_school_day(day("2026-11-19")), "a Thursday at home");
        assert!(days.is_school_day(day("2026-11-23")));
        let told = |text| days.in_cycle(day(text)).map(|one| (one.at_school, one.number, one.of));
        assert_eq!(told("2026-11-14"), Some((true, 6, 10)));
        assert_eq!(told("2026-11-19"), Some((false, 1, 4)));
        assert_eq!(told("2026-11-23"), Some((true, 1, 10)));
        assert_eq!(told("2026-11-08"), None, "before the first cycle");
        assert!(!calendar.of_school(None).is_school_day(day("2026-11-14")), "other schools have weekends");
    }

    #[test]
    fn snow_closes_one_school_and_no_other_and_no_office() {
        let school = SchoolCode("9999990001".to_owned());
        let mut calendar = calendar();
        let (day, reason) = (day("2026-12-15"), "大雪停课".to_owned());
        calendar.days.push(CalendarDay { school: Some(school.clone()), day, kind: DayKind::SchoolClosed, reason });
        let days = calendar.of_school(Some(&school));
        assert!(!days.is_school_day(day) && days.is_working_day(day));
        assert!(calendar.of_school(None).is_school_day(day));
    }
}
