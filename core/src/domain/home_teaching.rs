//! How much home teaching (送教上门) there must be at least: the quota, as versions of the county's (handbook 5.4: every place has
//! its own), and when a session is due under them.
//!
//! A session is due on the first day on which the version that holds on that very day says so. So nobody is late by a version before
//! it began, and who was late under one does not become punctual by the next.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::setting_mistake::{MistakeCode, SettingMistake};
use super::time::Day;
use super::version::{self, Versioned, versioned};

/// Half a year: a child whom nobody comes to within it is not taught.
const DAYS_BETWEEN_MAX: u16 = 180;
/// More periods than a day of home teaching has were typed by mistake.
pub const PERIODS_MAX: u8 = 8;
/// Every day of half a school year, and every period of each.
const PERIODS_PER_HALF_YEAR_MAX: u16 = 800;
/// Three hours.
const MINUTES_MAX: u16 = 180;

/// A version of how much home teaching there must be at least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct HomeTeachingQuota {
    /// Names the rules: `home-teaching`.
    pub id: String,
    /// Raised whenever something in them changes.
    pub version: u32,
    /// Tells two versions of one number apart ([`Versioned::edition`]).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub edition: String,
    /// The name, in Chinese.
    pub zh: String,
    /// English.
    pub en: String,
    /// From when it holds.
    pub holds_from: Day,
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
    /// So many days after a session the next is due at the latest.
    pub days_between: u16,
    /// Periods of a session.
    pub periods_per_session: u16,
    /// Periods of half a school year.
    pub periods_per_half_year: u16,
    /// Minutes of a period.
    pub minutes_per_period: u16,
}

static DEFAULT: LazyLock<Option<HomeTeachingQuota>> =
    LazyLock::new(|| serde_json::from_str(include_str!("rules/home-teaching.json")).ok());

impl HomeTeachingQuota {
    /// The quota that holds where the county has none of its own; none of what cannot be read, which a test rules out.
    #[must_use]
    pub fn default_quota() -> Option<&'static Self> {
        DEFAULT.as_ref()
    }

    /// What makes it unusable: each mistake with the name of the number; empty when all is well.
    #[must_use]
    pub fn mistakes(&self) -> Vec<SettingMistake> {
        let mut mistakes = Vec::new();
        let name = self.version_name();
        if self.id.trim().is_empty() || self.id.contains(['@', '/']) {
            mistakes.push(SettingMistake::new(MistakeCode::RuleIdWrong, &name));
        }
        if self.zh.trim().is_empty() {
            mistakes.push(SettingMistake::new(MistakeCode::NameMissing, &name));
        }
        for (field, is, most) in [
            ("days_between", self.days_between, DAYS_BETWEEN_MAX),
            ("periods_per_session", self.periods_per_session, PERIODS_MAX.into()),
            ("periods_per_half_year", self.periods_per_half_year, PERIODS_PER_HALF_YEAR_MAX),
            ("minutes_per_period", self.minutes_per_period, MINUTES_MAX),
        ] {
            if is == 0 {
                mistakes.push(SettingMistake::new(MistakeCode::QuotaZero, field));
            } else if is > most {
                mistakes.push(SettingMistake::new(MistakeCode::QuotaTooLarge, field));
            }
        }
        if self.periods_per_half_year < self.periods_per_session {
            mistakes.push(SettingMistake::new(MistakeCode::QuotaContradicts, "periods_per_half_year"));
        }
        mistakes
    }
}

versioned!(HomeTeachingQuota);

/// All versions that a county has.
#[derive(Debug, Clone)]
pub struct HomeTeachingQuotas<'a> {
    /// Those that hold at some time, in the order of their first days.
    holding: Vec<&'a HomeTeachingQuota>,
}

impl<'a> HomeTeachingQuotas<'a> {
    /// Of the county's own versions; of none the default.
    #[must_use]
    pub fn of(own: &'a [HomeTeachingQuota]) -> Self {
        let holding = if own.is_empty() {
            HomeTeachingQuota::default_quota().into_iter().collect()
        } else {
            version::holding(own)
        };
        Self { holding }
    }

    /// The one that holds on a day; of none that has begun the earliest.
    #[must_use]
    pub fn in_force(&self, on: Day) -> Option<&'a HomeTeachingQuota> {
        let began = self.holding.iter().rev().find(|quota| quota.holds_from <= on);
        began.or_else(|| self.holding.first()).copied()
    }

    /// When the next session is due that is counted from a day: the first day on which the version that holds on it says so.
    #[must_use]
    pub fn due(&self, counted_from: Day) -> Option<Day> {
        let ends = self.holding.iter().skip(1).map(|next| next.holds_from.plus_days(-1)).chain([Day::LATEST]);
        self.holding.iter().zip(ends).enumerate().find_map(|(place, (quota, until))| {
            let first = if place == 0 { Day::EARLIEST } else { quota.holds_from };
            let due = counted_from.plus_days(i32::from(quota.days_between)).max(first);
            (due <= until).then_some(due)
        })
    }
}

/// What the quota is held against, of a child who is taught at home now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaughtAtHome {
    /// The last session; before the first the plan's first day, or that of the status.
    pub counted_from: Option<Day>,
    /// Days of sessions with their periods.
    pub periods: Vec<(Day, u16)>,
}

impl TaughtAtHome {
    /// When the next session is due.
    #[must_use]
    pub fn due(&self, quotas: &HomeTeachingQuotas<'_>) -> Option<Day> {
        quotas.due(self.counted_from?)
    }
}

/// Periods in the half of the school year that a day lies in, of days of sessions with their periods.
#[must_use]
pub fn periods_in_half_year(periods: &[(Day, u16)], today: Day) -> u16 {
    let end = today.half_year_end();
    let in_it = periods.iter().filter(|(day, _)| day.half_year_end() == end);
    in_it.fold(0, |sum, (_, periods)| sum.saturating_add(*periods))
}

#[cfg(test)]
mod tests {
    use super::super::calendar::example::day;
    use super::*;

    fn version(number: u32, from: &str, days_between: u16) -> HomeTeachingQuota {
        let default = HomeTeachingQuota::default_quota().unwrap().clone();
        HomeTeachingQuota { version: number, holds_from: day(from), days_between, ..default }
    }

    #[test]
    fn the_quota_can_be_read_says_where_it_comes_from_and_makes_sense() {
        let quota = HomeTeachingQuota::default_quota().unwrap();
        assert_eq!((quota.days_between, quota.periods_per_half_year), (15, 10));
        assert!(!quota.source.is_empty());
        assert_eq!(quota.mistakes(), []);
    }

    #[test]
    fn a_stricter_quota_makes_nobody_late_before_it_begins() {
        let own = [version(2, "2026-12-01", 7), version(1, "2000-01-01", 15)];
        let quotas = HomeTeachingQuotas::of(&own);
        assert_eq!(quotas.due(day("2026-11-10")), Some(day("2026-11-25")), "by the old one, before the new one begins");
        assert_eq!(quotas.due(day("2026-11-20")), Some(day("2026-12-01")), "not on 27 November, when nobody asked");
        assert_eq!(quotas.due(day("2026-11-28")), Some(day("2026-12-05")));
        assert_eq!(quotas.in_force(day("2026-11-30")).unwrap().version, 1);
        assert_eq!(quotas.in_force(day("2026-12-01")).unwrap().version, 2);
    }

    #[test]
    fn who_was_late_stays_late_when_the_county_asks_for_less() {
        let own = [version(1, "2000-01-01", 15), version(2, "2026-12-01", 30)];
        let quotas = HomeTeachingQuotas::of(&own);
        assert_eq!(quotas.due(day("2026-11-10")), Some(day("2026-11-25")));
        assert_eq!(quotas.due(day("2026-11-20")), Some(day("2026-12-20")), "due on 5 December, when less is asked");
    }

    #[test]
    fn numbers_that_cannot_be_meant_are_named() {
        let mut quota = version(1, "2026-12-01", 0);
        quota.periods_per_session = 9;
        quota.periods_per_half_year = 5;
        let told: Vec<String> = quota.mistakes().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "quota_zero: days_between",
                "quota_too_large: periods_per_session",
                "quota_contradicts: periods_per_half_year"
            ]
        );
    }
}
