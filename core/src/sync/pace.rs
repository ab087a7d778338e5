//! When a device syncs by itself, and when it waits for news. A rule without a clock: times come in, waits go out.
//!
//! A record that was saved goes out a moment later, when the last sync went well. Without signal the tries grow rarer, so
//! that a day in the hills costs no battery; a save tries once more. Where the line broke in the middle of a sync there was
//! signal a moment ago: the next try comes soon, however many windows it takes until all is there. An idle device asks every
//! five minutes, with one request of some hundred bytes. A desk, and only a desk, whose window is open and whose last sync went well waits for news
//! between its syncs: a tablet on a bad link has nothing of that.

use std::time::Duration;

use crate::error::ErrorCode;

/// Several children of one visit are saved within moments: they go together.
const SETTLE: Duration = Duration::from_secs(2);
/// The next sync of a device that has nothing to send.
const IDLE: Duration = Duration::from_secs(5 * 60);
/// The first wait after a sync in vain; each next is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// The wait after a sync that got further before its line broke: windows of signal are short, and the next may be near.
const WAIT_AFTER_A_CUT: Duration = Duration::from_secs(10);
/// The longest wait while there may be no signal.
const WAIT_MAX: Duration = Duration::from_secs(5 * 60);
/// The wait when trying again helps nobody: somebody must do something first.
const HOPELESS_WAIT: Duration = Duration::from_secs(30 * 60);
/// A save, or a window that is opened, tries at once, but not sooner than this after a try in vain.
const NUDGE_GAP: Duration = Duration::from_secs(15);
/// Between two syncs that news began.
const NEWS_GAP: Duration = Duration::from_millis(500);
/// The first pause of a desk whose wait broke; each next is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// Until somebody wakes who waits for that.
const UNTIL_WOKEN: Duration = Duration::from_secs(60 * 60);

/// How a sync ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It came to its end.
    Well {
        /// Something still waits to be sent: what it builds on is not there, or it was saved meanwhile.
        leaves_waiting: bool,
    },
    /// It did not.
    Broken {
        /// By what.
        code: ErrorCode,
        /// Something was carried before: an answer, a part of a photo or of a pack.
        moved: bool,
    },
}

/// How a wait for news ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// There is something: a sync begins.
    News,
    /// Nothing, for now.
    Nothing {
        /// What the server asks for.
        again_after: Duration,
    },
    /// The link broke, or the server refused.
    Broken,
}

/// The pace of a device.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    /// When the last sync ended, in milliseconds of the run.
    ended_at_ms: Option<u64>,
    went_well: bool,
    in_vain: u32,
    /// The line broke in the middle of the last sync.
    cut: bool,
    hopeless: bool,
    /// When something was saved, or the window opened, since the last sync began.
    nudged_at_ms: Option<u64>,
    hidden: bool,
    waits_broken: u32,
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// `first`, doubled for each time after the first.
fn doubled(first: Duration, times: u32, at_most: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times.saturating_sub(1).min(20))).min(at_most)
}

impl Pace {
    /// Something was saved that is to be sent.
    pub fn saved(&mut self, now_ms: u64) {
        // The first save counts: who saves every second is not made to wait for ever.
        self.nudged_at_ms.get_or_insert(now_ms);
    }

    /// The window has come into sight, or gone out of it.
    pub fn shown(&mut self, is_shown: bool, now_ms: u64) {
        if is_shown && self.hidden {
            self.nudged_at_ms.get_or_insert(now_ms);
        }
        self.hidden = !is_shown;
    }

    /// Whether the window is out of sight.
    #[must_use]
    pub const fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// Whether a sync is about to begin: something was saved a moment ago, or the last one was cut off in its middle.
    #[must_use]
    pub const fn is_about_to_sync(&self) -> bool {
        !self.hopeless && (self.cut || self.nudged_at_ms.is_some())
    }

    /// A sync begins.
    pub fn began(&mut self) {
        self.nudged_at_ms = None;
    }

    /// A sync has ended.
    pub fn ended(&mut self, how: Ended, now_ms: u64) {
        self.ended_at_ms = Some(now_ms);
        self.went_well = matches!(how, Ended::Well { .. });
        // Only of the line: a server with a fault is not helped by being asked sooner.
        self.cut = matches!(how, Ended::Broken { code: ErrorCode::ServerUnreachable, moved: true });
        self.in_vain = match how {
            Ended::Well { leaves_waiting: false } => 0,
            Ended::Broken { .. } if self.cut => 0,
            Ended::Well { leaves_waiting: true } | Ended::Broken { .. } => self.in_vain.saturating_add(1),
        };
        self.hopeless = match how {
            Ended::Well { .. } => false,
            Ended::Broken { code, .. } => matches!(
                code,
                ErrorCode::ServerNotTrusted | ErrorCode::DeviceRefused | ErrorCode::AppTooOld | ErrorCode::StoreDamaged
            ),
        };
    }

    /// The device was locked: what was is forgotten.
    pub fn locked(&mut self) {
        *self = Self { hidden: self.hidden, ..Self::default() };
    }

    /// How long until a sync is due; zero when it is. `spread` is any number, so that three thousand devices that lost their
    /// server in one moment do not all come back in one.
    #[must_use]
    pub fn due_in(&self, something_waits: bool, now_ms: u64, spread: u8) -> Duration {
        let Some(ended) = self.ended_at_ms else { return Duration::ZERO };
        if let Some(nudged) = self.nudged_at_ms.filter(|_| !self.hopeless) {
            let gap = if self.in_vain > 0 { NUDGE_GAP } else { Duration::ZERO };
            // Who goes away saves no sibling's visit in the next moment, and the app may soon be ended.
            let settle = if self.hidden { Duration::ZERO } else { SETTLE };
            let due = nudged.saturating_add(ms(settle)).max(ended.saturating_add(ms(gap)));
            return Duration::from_millis(due.saturating_sub(now_ms));
        }
        let rest = if self.hopeless {
            HOPELESS_WAIT
        } else if self.cut {
            WAIT_AFTER_A_CUT
        } else if self.in_vain > 0 {
            doubled(FIRST_WAIT, self.in_vain, WAIT_MAX)
        } else if something_waits {
            FIRST_WAIT
        } else {
            IDLE
        };
        let spread_ms = ms(rest).saturating_mul(u64::from(spread)).checked_div(1_024).unwrap_or(0);
        let due = ended.saturating_add(ms(rest)).saturating_add(spread_ms);
        Duration::from_millis(due.saturating_sub(now_ms))
    }

    /// Whether the device is to wait for news now.
    #[must_use]
    pub fn may_wait(&self, is_desk: bool) -> bool {
        is_desk && !self.hidden && self.went_well
    }

    /// A wait has ended: how long until the next may begin.
    pub fn waited(&mut self, how: Waited) -> Duration {
        self.waits_broken = match how {
            Waited::News | Waited::Nothing { .. } => 0,
            Waited::Broken => self.waits_broken.saturating_add(1),
        };
        match how {
            Waited::News => NEWS_GAP,
            Waited::Nothing { again_after } => again_after,
            Waited::Broken => doubled(FIRST_PAUSE, self.waits_broken, WAIT_MAX),
        }
    }

    /// How long somebody rests who may not wait for news, unless a sync ends or the window comes into sight.
    #[must_use]
    pub const fn until_woken() -> Duration {
        UNTIL_WOKEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Ended = Ended::Well { leaves_waiting: false };
    const NO_SIGNAL: Ended = Ended::Broken { code: ErrorCode::ServerUnreachable, moved: false };
    const CUT: Ended = Ended::Broken { code: ErrorCode::ServerUnreachable, moved: true };

    fn seconds(pace: &Pace, waits: bool, now_ms: u64) -> u64 {
        pace.due_in(waits, now_ms, 0).as_secs()
    }

    #[test]
    fn a_visit_goes_out_two_seconds_after_it_was_saved() {
        let mut pace = Pace::default();
        assert_eq!(seconds(&pace, false, 0), 0, "the first sync is due at once");
        pace.began();
        pace.ended(WELL, 1_000);
        assert_eq!(seconds(&pace, false, 1_000), 300, "an idle device asks every five minutes");
        pace.saved(61_000);
        assert_eq!(seconds(&pace, true, 61_000), 2);
        pace.saved(62_500);
        assert_eq!(pace.due_in(true, 62_500, 0).as_millis(), 500, "a sibling's visit goes with it, and delays nothing");
    }

    #[test]
    fn what_was_saved_goes_at_once_when_the_app_goes_out_of_sight() {
        let mut pace = Pace::default();
        pace.began();
        pace.ended(WELL, 0);
        assert!(!pace.is_about_to_sync(), "a tablet that has sent all is not kept running");
        pace.saved(60_000);
        pace.shown(false, 60_500);
        assert!(pace.is_about_to_sync());
        assert_eq!(seconds(&pace, true, 60_500), 0);
        pace.began();
        pace.ended(CUT, 61_000);
        assert!(pace.is_about_to_sync(), "the signal was there a moment ago");
        pace.began();
        pace.ended(NO_SIGNAL, 71_000);
        assert!(!pace.is_about_to_sync(), "a valley without signal is not waited for");
        pace.saved(72_000);
        pace.ended(Ended::Broken { code: ErrorCode::DeviceRefused, moved: false }, 73_000);
        assert!(!pace.is_about_to_sync(), "trying again helps nobody");
    }

    #[test]
    fn without_signal_the_tries_grow_rarer_and_a_save_tries_once_more() {
        let mut pace = Pace::default();
        let mut waits = Vec::new();
        for _ in 0..6 {
            pace.began();
            pace.ended(NO_SIGNAL, 0);
            waits.push(seconds(&pace, true, 0));
        }
        assert_eq!(waits, [30, 60, 120, 240, 300, 300]);
        pace.saved(100_000);
        assert_eq!(seconds(&pace, true, 100_000), 2);
        pace.began();
        pace.ended(NO_SIGNAL, 103_000);
        pace.saved(103_500);
        assert_eq!(seconds(&pace, true, 103_500), 14, "twelve visits in a row are not twelve tries in a row");
        pace.began();
        pace.ended(WELL, 120_000);
        assert_eq!(seconds(&pace, false, 120_000), 300, "with signal all is as before");
    }

    #[test]
    fn a_tablet_that_gets_a_little_further_in_each_window_of_signal_misses_none_of_them() {
        let mut pace = Pace::default();
        for window in 0..6 {
            pace.began();
            pace.ended(CUT, 0);
            assert_eq!(seconds(&pace, true, 0), 10, "after window {window}");
            assert_eq!(seconds(&pace, false, 0), 10, "also when what is left comes down and does not go up");
        }
        pace.ended(NO_SIGNAL, 0);
        assert_eq!(seconds(&pace, true, 0), 30, "in vain for the first time");
        pace.ended(NO_SIGNAL, 0);
        assert_eq!(seconds(&pace, true, 0), 60);
        pace.ended(CUT, 0);
        assert_eq!(seconds(&pace, true, 0), 10, "what was in vain before counts no more");
    }

    #[test]
    fn a_server_with_a_fault_is_not_asked_sooner_because_it_took_something_first() {
        let mut pace = Pace::default();
        for expected in [30, 60, 120] {
            pace.ended(Ended::Broken { code: ErrorCode::ServerFault, moved: true }, 0);
            assert_eq!(seconds(&pace, true, 0), expected);
        }
    }

    #[test]
    fn a_record_that_waits_for_what_is_not_there_does_not_make_the_device_ask_all_the_time() {
        let mut pace = Pace::default();
        for expected in [30, 60, 120] {
            pace.began();
            pace.ended(Ended::Well { leaves_waiting: true }, 0);
            assert_eq!(seconds(&pace, true, 0), expected);
        }
    }

    #[test]
    fn a_tablet_that_was_shut_out_asks_twice_an_hour() {
        let mut pace = Pace::default();
        pace.ended(Ended::Broken { code: ErrorCode::DeviceRefused, moved: false }, 0);
        pace.saved(0);
        assert_eq!(seconds(&pace, true, 0), 30 * 60, "whatever is saved");
    }

    #[test]
    fn devices_that_lost_their_server_in_one_moment_do_not_come_back_in_one() {
        let mut pace = Pace::default();
        pace.ended(NO_SIGNAL, 0);
        assert!(pace.due_in(true, 0, 255) > pace.due_in(true, 0, 0) + Duration::from_secs(7));
    }

    #[test]
    fn only_a_desk_with_an_open_window_and_a_good_link_waits_for_news() {
        let mut pace = Pace::default();
        assert!(!pace.may_wait(true), "not before the first sync");
        pace.ended(WELL, 0);
        assert!(pace.may_wait(true));
        assert!(!pace.may_wait(false), "a tablet has nothing of it");
        pace.shown(false, 0);
        assert!(!pace.may_wait(true), "nobody looks");
        pace.shown(true, 90_000);
        assert!(pace.may_wait(true));
        assert_eq!(seconds(&pace, false, 90_000), 2, "and who comes back sees what is new");
        pace.ended(NO_SIGNAL, 0);
        assert!(!pace.may_wait(true), "a bad link is left in peace");
        pace.locked();
        assert!(!pace.may_wait(true));
    }

    #[test]
    fn a_desk_whose_wait_breaks_waits_longer_each_time_and_begins_anew_when_it_went_well() {
        let mut pace = Pace::default();
        let broken: Vec<u64> = (0..8).map(|_| pace.waited(Waited::Broken).as_secs()).collect();
        assert_eq!(broken, [5, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(pace.waited(Waited::Nothing { again_after: Duration::ZERO }), Duration::ZERO);
        assert_eq!(pace.waited(Waited::News), NEWS_GAP);
        assert_eq!(pace.waited(Waited::Broken), FIRST_PAUSE);
    }
}
