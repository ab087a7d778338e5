//! Days of the way into the next school that are the county's own (handbook 7.3: every county settles them each year), beside those
//! that the app's rules say: what is left out goes by these, and an entry that is taken away leaves nothing behind.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::calendar::Calendar;
use super::place::Stage;
use super::setting_mistake::{MistakeCode, SettingMistake};
use super::time::Day;
use super::transition_rules::{TransitionDates, TransitionRules};

/// Days of the county's own, kept with its calendar: what is left out is as the app's rules say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OwnTransitionDays {
    /// The year in which the children come to the next school.
    #[ts(type = "number")]
    pub year: i16,
    /// Which school they come to.
    pub into: Stage,
    /// Every child is on the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_by: Option<Day>,
    /// The list is handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_over_by: Option<Day>,
    /// Children register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<Day>,
    /// No child is open any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero_by: Option<Day>,
}

impl OwnTransitionDays {
    /// Its days by name, in the order in which they come.
    const fn days(&self) -> [(&'static str, Option<Day>); 4] {
        [
            ("list_by", self.list_by),
            ("hand_over_by", self.hand_over_by),
            ("registration", self.registration),
            ("zero_by", self.zero_by),
        ]
    }
}

/// The key of such an entry in the county document.
#[must_use]
pub fn own_days_key(days: &OwnTransitionDays) -> String {
    let into = match days.into {
        Stage::Primary => "primary",
        Stage::Junior => "junior",
    };
    format!("transition/{}/{into}", days.year)
}

/// What makes a county's own days unusable: each mistake with the entry's key and the day's name, `transition/2027/junior/zero_by`.
/// Days that the county leaves out count as they hold, so that its own cannot stand before or after them.
#[must_use]
pub fn mistakes(calendar: &Calendar) -> Vec<SettingMistake> {
    let mut mistakes = Vec::new();
    let Some(rules) = TransitionRules::default_rules() else { return mistakes };
    for (place, own) in calendar.transitions.iter().enumerate() {
        let key = own_days_key(own);
        if calendar.transitions.iter().take(place).any(|other| own_days_key(other) == key) {
            mistakes.push(SettingMistake::new(MistakeCode::TransitionDaysTwice, &key));
            continue;
        }
        if own.days().iter().all(|(_, day)| day.is_none()) {
            mistakes.push(SettingMistake::new(MistakeCode::TransitionDaysEmpty, &key));
        }
        let outside = |day: Day| rules.year_on(day) != own.year;
        let mut in_year = true;
        for (name, _) in own.days().iter().filter(|(_, day)| day.is_some_and(outside)) {
            mistakes.push(SettingMistake::new(MistakeCode::TransitionDayOutsideYear, format!("{key}/{name}")));
            in_year = false;
        }
        if !in_year {
            continue;
        }
        let holding = order(&rules.dates(calendar, own.into, own.year));
        for pair in holding.windows(2) {
            if let [(_, before), (name, after)] = pair
                && after < before
            {
                mistakes.push(SettingMistake::new(MistakeCode::TransitionDaysOutOfOrder, format!("{key}/{name}")));
            }
        }
    }
    mistakes
}

/// The days that a county may set, in the order in which they come.
const fn order(dates: &TransitionDates) -> [(&'static str, Day); 4] {
    [
        ("list_by", dates.list_by),
        ("hand_over_by", dates.hand_over_by),
        ("registration", dates.registration),
        ("zero_by", dates.zero_by),
    ]
}

/// The days of a year as they would be without the county's own: what holds where an entry leaves one out.
#[must_use]
pub fn usual(rules: &TransitionRules, calendar: &Calendar, into: Stage, year: i16) -> TransitionDates {
    let without = Calendar { transitions: Vec::new(), ..calendar.clone() };
    rules.dates(&without, into, year)
}

#[cfg(test)]
mod tests {
    use super::super::calendar::example::{calendar, day};
    use super::*;

    fn own(year: i16) -> OwnTransitionDays {
        OwnTransitionDays {
            year,
            into: Stage::Junior,
            list_by: None,
            hand_over_by: None,
            registration: None,
            zero_by: None,
        }
    }

    fn told(entries: &[OwnTransitionDays]) -> Vec<String> {
        let calendar = Calendar { transitions: entries.to_vec(), ..calendar() };
        mistakes(&calendar).into_iter().map(|mistake| mistake.to_string()).collect()
    }

    #[test]
    fn a_county_that_sets_its_days_in_their_order_is_told_of_no_mistake() {
        let all = OwnTransitionDays {
            list_by: Some(day("2027-06-10")),
            hand_over_by: Some(day("2027-06-10")),
            registration: Some(day("2027-08-30")),
            zero_by: Some(day("2028-01-10")),
            ..own(2027)
        };
        assert_eq!(told(&[all]), Vec::<String>::new(), "two on one day, and the last in the winter after");
    }

    #[test]
    fn days_out_of_order_are_named_with_the_day_that_stands_too_early_also_against_what_is_left_out() {
        let late_list = OwnTransitionDays { list_by: Some(day("2027-07-15")), ..own(2027) };
        assert_eq!(
            told(&[late_list]),
            ["transition_days_out_of_order: transition/2027/junior/hand_over_by"],
            "the hand-over is by 10 July where the county says nothing"
        );
        let early_zero = OwnTransitionDays { zero_by: Some(day("2027-08-20")), ..own(2027) };
        assert_eq!(told(&[early_zero]), ["transition_days_out_of_order: transition/2027/junior/zero_by"]);
    }

    #[test]
    fn a_day_of_another_year_an_empty_entry_and_a_second_one_are_named() {
        let slip = OwnTransitionDays { registration: Some(day("2026-08-31")), ..own(2027) };
        assert_eq!(told(&[slip]), ["transition_day_outside_year: transition/2027/junior/registration"]);
        assert_eq!(told(&[own(2027)]), ["transition_days_empty: transition/2027/junior"]);
        let one = OwnTransitionDays { list_by: Some(day("2027-06-10")), ..own(2027) };
        assert_eq!(told(&[one.clone(), one]), ["transition_days_twice: transition/2027/junior"]);
    }

    #[test]
    fn what_is_usual_goes_by_the_county_s_term_and_not_by_its_own_days() {
        let rules = TransitionRules::default_rules().unwrap();
        let one = OwnTransitionDays { registration: Some(day("2026-08-29")), ..own(2026) };
        let calendar = Calendar { transitions: vec![one], ..calendar() };
        assert_eq!(usual(rules, &calendar, Stage::Junior, 2026).registration, day("2026-09-01"));
        assert_eq!(rules.dates(&calendar, Stage::Junior, 2026).registration, day("2026-08-29"));
    }
}
