//! A round of the door-to-door check through a village: who is asked for, from which day on a check counts, and how far a
//! household is.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::calendar::Calendar;
use super::code_list::{CheckFound, SchoolingStatus};
use super::time::Day;

/// The youngest who is asked for, in full years: 排查 3 至 18 周岁人口 (the county's own account; handbook 3.1).
pub const AGE_FROM: u8 = 3;
/// The oldest.
pub const AGE_TO: u8 = 18;

/// Births of those who are asked for on a day: from the first day on, until the last.
#[must_use]
pub fn births_asked(on: Day) -> (Day, Day) {
    // A child is of an age from its birthday on; who was born on 29 February has it on 1 March of common years. So the bounds
    // are looked for, near where they must be, by the one rule of ages.
    let years_before = |years: i16, is_asked: &dyn Fn(u8) -> bool, forward: bool| {
        let near = on.0.saturating_sub(jiff::Span::new().years(years));
        let near = Day(near);
        let mut days: Vec<Day> = (-2..=2).map(|offset| near.plus_days(offset)).collect();
        if !forward {
            days.reverse();
        }
        days.into_iter().find(|birth| birth.full_years_until(on).is_some_and(is_asked)).unwrap_or(near)
    };
    let oldest = i16::from(AGE_TO).saturating_add(1);
    (years_before(oldest, &|age| age <= AGE_TO, true), years_before(i16::from(AGE_FROM), &|age| age >= AGE_FROM, false))
}

/// Whether a child of this status is asked for: nobody asks a family after a child who has died, and who has moved away for good
/// is in no household of the village.
#[must_use]
pub const fn is_asked(status: SchoolingStatus) -> bool {
    !matches!(status, SchoolingStatus::Deceased | SchoolingStatus::Emigrated)
}

/// What told the day from which checks count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum RoundBegin {
    /// The county set it.
    County,
    /// The term began.
    Term,
    /// The half of the school year began: no term of the county's calendar has begun yet.
    HalfYear,
}

/// The day from which checks count: the latest of the days that the county set and of the beginnings of terms, as far as they
/// have come. So a round of spring does not answer for autumn (handbook 5.5, F01: spring and autumn).
#[must_use]
pub fn begins(calendar: &Calendar, set: Option<Day>, today: Day) -> (Day, RoundBegin) {
    let term = calendar
        .terms
        .iter()
        .filter(|term| term.school.is_none() && term.from <= today)
        .map(|term| (term.from, RoundBegin::Term))
        .max_by_key(|(day, _)| *day);
    let spring = today.half_year_begin();
    let half_year = if spring <= today { spring } else { today.school_year_start() };
    let county = set.filter(|day| *day <= today).map(|day| (day, RoundBegin::County));
    let told = county.into_iter().chain(term).max_by_key(|(day, _)| *day);
    // Of a year that the calendar does not tell, the half of the school year counts.
    told.filter(|(day, _)| *day >= half_year.plus_days(-60)).unwrap_or((half_year, RoundBegin::HalfYear))
}

/// How far somebody has come with a household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum HouseholdState {
    /// Somebody in it has not been asked for yet.
    Open,
    /// All were asked for, and of one nobody could tell.
    Unknown,
    /// Of all it is known.
    Done,
}

/// A child of a round, as far as its count needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoundChild {
    /// The day of the check that counts.
    pub checked_on: Option<Day>,
    /// What it found.
    pub found: Option<CheckFound>,
}

impl RoundChild {
    /// What was found in the round that began on a day; none where nobody has asked since.
    #[must_use]
    pub fn found_since(self, begin: Day) -> Option<CheckFound> {
        self.found.filter(|_| self.checked_on.is_some_and(|on| on >= begin))
    }
}

/// How far a household is.
#[must_use]
pub fn household_state(children: impl IntoIterator<Item = RoundChild>, begin: Day) -> HouseholdState {
    children
        .into_iter()
        .map(|child| match child.found_since(begin) {
            None => HouseholdState::Open,
            Some(CheckFound::Unknown) => HouseholdState::Unknown,
            Some(_) => HouseholdState::Done,
        })
        .min()
        .unwrap_or(HouseholdState::Done)
}

#[cfg(test)]
mod tests {
    use super::super::calendar::example::{calendar, day};
    use super::*;

    #[test]
    fn who_is_three_today_is_asked_for_and_who_turns_nineteen_is_not() {
        for today in ["2026-11-24", "2026-02-28", "2026-03-01", "2028-02-29", "2027-01-01"] {
            let today = day(today);
            let (from, to) = births_asked(today);
            for offset in -800..=8_000 {
                let birth = today.plus_days(-offset);
                let age = birth.full_years_until(today);
                let is_asked = age.is_some_and(|age| (AGE_FROM..=AGE_TO).contains(&age));
                assert_eq!(from <= birth && birth <= to, is_asked, "born {birth}, on {today}");
            }
        }
    }

    #[test]
    fn a_round_begins_with_the_term_or_on_the_day_that_the_county_sets_since() {
        let calendar = calendar();
        let autumn = calendar.terms.iter().map(|term| term.from).min().unwrap();
        assert_eq!(begins(&calendar, None, day("2026-11-24")), (autumn, RoundBegin::Term));
        let set = Some(day("2026-11-01"));
        assert_eq!(begins(&calendar, set, day("2026-11-24")), (day("2026-11-01"), RoundBegin::County));
        assert_eq!(begins(&calendar, set, day("2026-10-31")), (autumn, RoundBegin::Term), "it has not come yet");
        let spring = calendar.terms.iter().map(|term| term.from).max().unwrap();
        assert_eq!(begins(&calendar, set, spring.plus_days(3)), (spring, RoundBegin::Term), "a new term, a new round");
    }

    #[test]
    fn without_a_calendar_the_half_of_the_school_year_counts() {
        let none = Calendar::default();
        assert_eq!(begins(&none, None, day("2026-11-24")), (day("2026-09-01"), RoundBegin::HalfYear));
        assert_eq!(begins(&none, None, day("2027-03-01")), (day("2027-03-01"), RoundBegin::HalfYear));
        assert_eq!(begins(&none, None, day("2027-08-31")), (day("2027-03-01"), RoundBegin::HalfYear));
        let years_ago = Some(day("2024-10-01"));
        assert_eq!(begins(&none, years_ago, day("2026-11-24")), (day("2026-09-01"), RoundBegin::HalfYear));
    }

    #[test]
    fn a_household_is_done_when_of_all_in_it_is_known_where_they_are() {
        let begin = day("2026-09-01");
        let child = |on: &str, found| RoundChild { checked_on: Day::parse(on), found };
        let (old, unknown, home) = (
            child("2026-03-10", Some(CheckFound::AtSchool)),
            child("2026-11-24", Some(CheckFound::Unknown)),
            child("2026-09-01", Some(CheckFound::AtHome)),
        );
        assert_eq!(household_state([home, old], begin), HouseholdState::Open, "last spring does not count");
        assert_eq!(household_state([home, unknown], begin), HouseholdState::Unknown);
        assert_eq!(household_state([home, home], begin), HouseholdState::Done);
        assert_eq!(household_state([RoundChild::default()], begin), HouseholdState::Open);
    }
}
