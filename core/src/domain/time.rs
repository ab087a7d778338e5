//! Moments and days, in the one time zone of the work: China Standard Time, UTC+8, without summer time.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, TS, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
#[ts(export, type = "number")]
pub struct Timestamp(#[n(0)] i64);

/// A calendar day, `2026-11-23` in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(export, type = "string")]
pub struct Day(pub Date);

impl Day {
    /// The first day that there is.
    pub const EARLIEST: Self = Self(Date::MIN);
    /// The last day that there is.
    pub const LATEST: Self = Self(Date::MAX);

    /// From `2026-11-23`, and from what clerks write ([`read_day`]).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        read_day(text).map(Self)
    }

    /// How many days after `earlier` this is; negative when it is before.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        let span = self.0.duration_since(earlier.0);
        span.as_secs().checked_div(86_400).unwrap_or(0)
    }

    /// Full years from this day to `today`: an age.
    #[must_use]
    pub fn full_years_until(self, today: Self) -> Option<u8> {
        let years = i32::from(today.0.year()).checked_sub(i32::from(self.0.year()))?;
        // A child of 29 February has its birthday on 1 March in common years.
        let had_birthday = (today.0.month(), today.0.day()) >= (self.0.month(), self.0.day());
        u8::try_from(if had_birthday { years } else { years.checked_sub(1)? }).ok()
    }

    /// The first day of the school year that this day lies in (handbook 9.5: it turns on 1 September).
    #[must_use]
    pub fn school_year_start(self) -> Self {
        let year = if self.0.month() >= 9 { self.0.year() } else { self.0.year().saturating_sub(1) };
        Self(Date::new(year, 9, 1).unwrap_or(self.0))
    }

    /// The last day of the school year that this day lies in: 31 August.
    #[must_use]
    pub fn school_year_end(self) -> Self {
        let start = self.school_year_start().0;
        Self(Date::new(start.year().saturating_add(1), 8, 31).unwrap_or(start))
    }

    /// The last day of the half of a school year that this day lies in: the end of February, or 31 August. What is asked for
    /// once a term holds that long, so that it does not lapse in the holidays.
    #[must_use]
    pub fn half_year_end(self) -> Self {
        let year = self.school_year_end().0.year();
        let spring = Self(Date::new(year, 3, 1).unwrap_or(self.0));
        if self < spring { spring.plus_days(-1) } else { self.school_year_end() }
    }

    /// The first day of the second half of the school year that this day lies in: 1 March.
    #[must_use]
    pub fn half_year_begin(self) -> Self {
        Self(Date::new(self.school_year_end().0.year(), 3, 1).unwrap_or(self.0))
    }

    /// The moment at which the day begins in China.
    #[must_use]
    pub fn start(self) -> Timestamp {
        let moment = TimeZone::fixed(CHINA).to_timestamp(self.0.at(0, 0, 0, 0));
        Timestamp(moment.map_or(0, |moment| moment.as_millisecond()))
    }

    /// The day `days` later, or the last one there is.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().try_days(days).unwrap_or_default()))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

const CHINA: Offset = Offset::constant(8);

impl Timestamp {
    /// From milliseconds since 1970.
    #[must_use]
    pub const fn from_unix_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// The wall clock in China. A moment outside of years -9999 to 9999 counts as the nearest one inside.
    #[must_use]
    pub fn in_china(self) -> DateTime {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        TimeZone::fixed(CHINA).to_datetime(moment)
    }

    /// The calendar day in China.
    #[must_use]
    pub fn day(self) -> Day {
        Day(self.in_china().date())
    }

    /// `2026-11-23 14:02`, as it stands on strips and in spreadsheets.
    #[must_use]
    pub fn to_minute_text(self) -> String {
        self.in_china().strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The moment `ms` later, or the last one there is.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// Reads a day from `2015-09-01`, `20150901`, `2015/9/1`, `2015.9.1` or `2015年9月1日`.
#[must_use]
pub fn read_day(text: &str) -> Option<Date> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let (year, month, day) = if digits == text.len() && digits == 8 {
        (text.get(0..4)?, text.get(4..6)?, text.get(6..8)?)
    } else {
        let mut parts = text.split(['-', '/', '.', '年', '月', '日']).map(str::trim).filter(|part| !part.is_empty());
        let parts = (parts.next()?, parts.next()?, parts.next()?, parts.next());
        if parts.3.is_some() {
            return None;
        }
        (parts.0, parts.1, parts.2)
    };
    if year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_in_china_is_the_day_before_in_greenwich() {
        let moment = Timestamp::from_unix_ms(1_795_363_200_000);
        assert_eq!(moment.to_minute_text(), "2026-11-23 00:00");
    }

    #[test]
    fn days_are_read_as_clerks_write_them() {
        let expected = Date::new(2015, 9, 1).unwrap();
        for text in ["2015-09-01", "20150901", "2015/9/1", "2015.9.1", "2015年9月1日", " 2015-9-1 "] {
            assert_eq!(read_day(text), Some(expected), "{text}");
        }
        for text in ["", "2015", "15-9-1", "2011-02-29", "2015-9-1-2", "无"] {
            assert_eq!(read_day(text), None, "{text}");
        }
    }

    #[test]
    fn a_leap_day_child_has_its_birthday_on_the_first_of_march() {
        let day = |text| Day::parse(text).unwrap();
        assert_eq!(day("2012-02-29").full_years_until(day("2026-02-28")), Some(13));
        assert_eq!(day("2012-02-29").full_years_until(day("2026-03-01")), Some(14));
        assert_eq!(day("2027-01-01").full_years_until(day("2026-03-01")), None);
    }

    #[test]
    fn the_school_year_begins_in_september() {
        let day = |text| Day::parse(text).unwrap();
        assert_eq!(day("2026-08-31").school_year_start(), day("2025-09-01"));
        assert_eq!(day("2026-09-01").school_year_start(), day("2026-09-01"));
        assert_eq!(day("2026-08-31").school_year_end(), day("2026-08-31"));
        assert_eq!(day("2026-09-01").half_year_end(), day("2027-02-28"));
        assert_eq!(day("2028-02-29").half_year_end(), day("2028-02-29"));
        assert_eq!(day("2028-03-01").half_year_end(), day("2028-08-31"));
        assert_eq!(day("2026-09-01").start().to_minute_text(), "2026-09-01 00:00");
    }

    #[test]
    fn a_clock_that_is_wrong_by_ages_still_has_a_day() {
        assert_eq!(Timestamp::from_unix_ms(i64::MAX).day().0.year(), 9999);
    }
}
