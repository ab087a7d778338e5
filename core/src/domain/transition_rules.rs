//! When what is due on the way into the next school (handbook 7.3), and which children come to school in a year (handbook 3.1):
//! data, with the county's calendar and the county's own days put in.

use std::sync::LazyLock;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::calendar::{Calendar, SchoolDays};
use super::place::Stage;
use super::time::Day;

/// The days of a year that hold where the county has none of its own, as `month-day`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TransitionRules {
    /// Names the rules.
    pub id: String,
    /// Raised whenever something in them changes.
    pub version: u32,
    /// Where they come from.
    pub source: String,
    /// The list is opened.
    pub opens: String,
    /// Every child is on the list, with its destination.
    pub list_by: String,
    /// The list is handed over, signed by both schools.
    pub hand_over_by: String,
    /// Children register, where the calendar has no term that begins in autumn.
    pub registration: String,
    /// On this school day, the first being that of registration, who has not come is told to the township.
    pub no_show_school_day: u32,
    /// Student records are moved within so many working days after registration.
    pub record_working_days: u32,
    /// No child of the leaving class is open any more.
    pub zero_by: String,
    /// Who is of age by this day comes to school in the same autumn.
    pub cut_off: String,
    /// Of age: so many years.
    pub entry_age_years: i16,
    /// Until this school day of a term the class teacher says of the class who has reported back.
    pub term_confirm_school_days: u32,
}

static RULES: LazyLock<Option<TransitionRules>> =
    LazyLock::new(|| serde_json::from_str(include_str!("rules/transition.json")).ok());

/// The days of one year's way into the next school.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TransitionDates {
    /// The list is opened.
    pub opens: Day,
    /// Every child is on the list.
    pub list_by: Day,
    /// The list is handed over.
    pub hand_over_by: Day,
    /// Children register.
    pub registration: Day,
    /// Who has not come is told to the township.
    pub no_show_list: Day,
    /// Student records have been moved.
    pub record_moved_by: Day,
    /// No child is open any more.
    pub zero_by: Day,
}

impl TransitionRules {
    /// The rules of the app; none of what cannot be read, which a test rules out.
    #[must_use]
    pub fn default_rules() -> Option<&'static Self> {
        RULES.as_ref()
    }

    /// The days of a year, under the county's calendar: registration is the first day of the autumn term.
    #[must_use]
    pub fn dates(&self, calendar: &Calendar, into: Stage, year: i16) -> TransitionDates {
        let own = calendar.transitions.iter().find(|own| own.year == year && own.into == into);
        let term = calendar.terms.iter().filter(|term| term.school.is_none()).map(|term| term.from);
        let autumn = term.filter(|from| from.0.year() == year && from.0.month() >= 8).min();
        let registration =
            own.and_then(|own| own.registration).or(autumn).unwrap_or_else(|| in_year(year, &self.registration));
        let days = calendar.of_school(None);
        // Children may register on the eve of the term: its first school day is the first that counts.
        let first = days.school_day_from(registration);
        TransitionDates {
            opens: in_year(year, &self.opens),
            list_by: own.and_then(|own| own.list_by).unwrap_or_else(|| in_year(year, &self.list_by)),
            hand_over_by: own.and_then(|own| own.hand_over_by).unwrap_or_else(|| in_year(year, &self.hand_over_by)),
            registration,
            no_show_list: days.plus_school_days(first, self.no_show_school_day.saturating_sub(1)),
            record_moved_by: days.plus_working_days(registration, self.record_working_days),
            zero_by: own.and_then(|own| own.zero_by).unwrap_or_else(|| in_year(year, &self.zero_by)),
        }
    }

    /// The year whose way into the next school people work on: from the day on which its list is opened.
    #[must_use]
    pub fn year_on(&self, today: Day) -> i16 {
        let year = today.0.year();
        if today >= in_year(year, &self.opens) { year } else { year.saturating_sub(1) }
    }

    /// First and last day of birth of the children who come to grade 1 in a year (handbook 3.1: of 2026 born from 1 September 2019
    /// to 31 August 2020).
    #[must_use]
    pub fn cohort(&self, year: i16) -> (Day, Day) {
        let last = |year: i16| in_year(year.saturating_sub(self.entry_age_years), &self.cut_off);
        (last(year.saturating_sub(1)).plus_days(1), last(year))
    }

    /// The first day of the term that began last, and until when a class teacher says of the class who has reported back.
    #[must_use]
    pub fn term_on(&self, days: &SchoolDays, today: Day) -> Option<(Day, Day)> {
        let first = days.term_begin(today)?;
        let count = self.term_confirm_school_days.saturating_sub(1);
        Some((first, days.plus_school_days(days.school_day_from(first), count)))
    }
}

/// A `month-day` in a year. 29 February is 28 in a common year.
fn in_year(year: i16, month_day: &str) -> Day {
    let (month, day) = month_day.split_once('-').unwrap_or_default();
    let (month, day) = (month.parse().unwrap_or(1), day.parse().unwrap_or(1));
    let date = Date::new(year, month, day).or_else(|_| Date::new(year, month, 28));
    date.map_or(Day::EARLIEST, Day)
}

#[cfg(test)]
mod tests {
    use super::super::calendar::example::{calendar, day};
    use super::super::transition_days::OwnTransitionDays;
    use super::*;

    fn rules() -> &'static TransitionRules {
        TransitionRules::default_rules().unwrap()
    }

    #[test]
    fn the_rules_can_be_read_and_say_where_they_come_from() {
        assert!(!rules().source.is_empty() && rules().version == 1 && rules().id == "transition");
    }

    #[test]
    fn who_is_six_by_the_thirty_first_of_august_comes_to_school_in_the_same_autumn() {
        for (born, year) in [
            ("2019-09-01", 2026),
            ("2020-02-29", 2026),
            ("2020-08-31", 2026),
            ("2020-09-01", 2027),
            ("2016-02-29", 2022),
            ("2017-02-28", 2023),
            ("2017-03-01", 2023),
            ("2019-12-31", 2026),
            ("2020-01-01", 2026),
        ] {
            let years: Vec<i16> = (2015..2035)
                .filter(|year| {
                    let (first, last) = rules().cohort(*year);
                    (first..=last).contains(&day(born))
                })
                .collect();
            assert_eq!(years, [year], "born {born}: one autumn, and one only");
        }
    }

    #[test]
    fn registration_is_the_first_day_of_the_county_s_term_and_the_rest_is_counted_from_it() {
        let usual = rules().dates(&Calendar::default(), Stage::Junior, 2026);
        assert_eq!(usual.registration, day("2026-09-01"));
        assert_eq!(usual.no_show_list, day("2026-09-03"), "the third school day");
        assert_eq!(usual.record_moved_by, day("2026-09-15"), "ten working days");
        let own = OwnTransitionDays {
            year: 2026,
            into: Stage::Junior,
            list_by: Some(day("2026-06-10")),
            hand_over_by: None,
            registration: Some(day("2026-08-29")),
            zero_by: None,
        };
        let told = Calendar { transitions: vec![own], ..calendar() };
        let dates = rules().dates(&told, Stage::Junior, 2026);
        assert_eq!((dates.list_by, dates.registration), (day("2026-06-10"), day("2026-08-29")));
        assert_eq!(rules().dates(&told, Stage::Primary, 2026).list_by, day("2026-06-30"), "of one school only");
    }

    #[test]
    fn a_year_s_list_is_worked_on_from_march_to_the_end_of_february() {
        for (today, year) in [("2026-02-28", 2025), ("2024-02-29", 2023), ("2026-03-01", 2026), ("2027-01-10", 2026)] {
            assert_eq!(rules().year_on(day(today)), year, "{today}");
        }
    }
}
