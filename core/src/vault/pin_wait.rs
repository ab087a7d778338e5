//! Wrong PINs slow down: how many there were, and how long the next try must wait.

use minicbor::{Decode, Encode};

use crate::domain::time::Timestamp;

/// Seconds to wait after the third wrong PIN in a row, the fourth, and so on; the last one stays.
/// Nothing is ever wiped: whoever forgot the PIN goes through recovery.
const WAITS_SECONDS: [u64; 5] = [5, 30, 120, 600, 3600];
/// As many wrong PINs cost no wait.
const FREE_WRONG_TRIES: u32 = 2;

/// The wrong PINs since the last right one, and when the latest was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
pub(super) struct WrongTries {
    #[n(0)]
    count: u32,
    #[n(1)]
    latest: Timestamp,
}

impl WrongTries {
    /// These and one more, tried `now`.
    pub(super) fn and_one_more(self, now: Timestamp) -> Self {
        Self { count: self.count.saturating_add(1), latest: now }
    }

    /// The same with the latest try no later than `now`. A clock that was set back, or that ran ahead when the
    /// PIN was tried, would otherwise make the wait last until it comes round again: so the whole wait counts
    /// from now. Setting the clock back thus never shortens a wait and lengthens it once by itself at most.
    pub(super) fn seen_at(self, now: Timestamp) -> Self {
        Self { latest: self.latest.min(now), ..self }
    }

    /// Seconds until the next try, rounded up; 0 when it may be now.
    pub(super) fn wait_seconds(self, now: Timestamp) -> u64 {
        let passed_ms = now.unix_ms().saturating_sub(self.seen_at(now).latest.unix_ms());
        let wait_ms = self.whole_wait_seconds().saturating_mul(1000);
        wait_ms.saturating_sub(u64::try_from(passed_ms).unwrap_or(0)).div_ceil(1000)
    }

    fn whole_wait_seconds(self) -> u64 {
        let Some(step) = self.count.checked_sub(FREE_WRONG_TRIES).and_then(|beyond| beyond.checked_sub(1)) else {
            return 0;
        };
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        WAITS_SECONDS.get(step).or(WAITS_SECONDS.last()).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_795_413_720_000);
    const YEAR_MS: i64 = 365 * 86_400_000;

    fn after_wrong_tries(count: u32) -> WrongTries {
        (0..count).fold(WrongTries::default(), |tries, _| tries.and_one_more(NOW))
    }

    #[test]
    fn three_tries_are_free_and_then_each_costs_more() {
        let waits: Vec<u64> = (0..10).map(|count| after_wrong_tries(count).wait_seconds(NOW)).collect();
        assert_eq!(waits, [0, 0, 0, 5, 30, 120, 600, 3600, 3600, 3600]);
    }

    #[test]
    fn a_wait_runs_down_and_ends() {
        let tries = after_wrong_tries(4);
        assert_eq!(tries.wait_seconds(NOW.plus_ms(1)), 30, "rounded up");
        assert_eq!(tries.wait_seconds(NOW.plus_ms(29_000)), 1);
        assert_eq!(tries.wait_seconds(NOW.plus_ms(29_999)), 1);
        assert_eq!(tries.wait_seconds(NOW.plus_ms(30_000)), 0);
        assert_eq!(tries.wait_seconds(NOW.plus_ms(YEAR_MS)), 0);
    }

    #[test]
    fn a_clock_set_back_by_a_year_costs_the_wait_once_more_and_not_a_year() {
        let set_back = NOW.plus_ms(-YEAR_MS);
        let tries = after_wrong_tries(4);
        assert_eq!(tries.wait_seconds(set_back), 30, "not shortened, not a year");
        let seen = tries.seen_at(set_back);
        assert_eq!(seen.wait_seconds(set_back.plus_ms(30_000)), 0, "it runs down by the new clock");
    }

    #[test]
    fn a_pin_tried_while_the_clock_ran_years_ahead_locks_nobody_out() {
        let tries = WrongTries { count: 9, latest: Timestamp::from_unix_ms(i64::MAX) }.seen_at(NOW);
        assert_eq!(tries.wait_seconds(NOW), 3600);
        assert_eq!(tries.wait_seconds(NOW.plus_ms(3_600_000)), 0);
    }

    #[test]
    fn clocks_at_both_ends_of_time_still_give_an_answer() {
        let first = Timestamp::from_unix_ms(i64::MIN);
        let last = Timestamp::from_unix_ms(i64::MAX);
        assert_eq!(WrongTries { count: u32::MAX, latest: first }.and_one_more(first).wait_seconds(first), 3600);
        assert_eq!(WrongTries { count: 7, latest: first }.wait_seconds(last), 0);
        assert_eq!(WrongTries { count: 7, latest: last }.wait_seconds(first), 3600);
    }
}
