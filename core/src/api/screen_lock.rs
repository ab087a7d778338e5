//! The screens are covered when nobody has touched them for a while: a tablet that is left lying shows nobody's children. The store
//! stays open behind the cover, so a sync ends, and what was typed stays. The PIN uncovers, or, for as long as it was typed not too
//! long ago, a person whom the system recognises by the finger (docs/decisions/screen-lock.md).

use super::backend::Backend;
use super::held::held;
use super::state::{AppState, Cover};
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};

/// Without a touch for so long, screens are covered.
pub const COVER_AFTER_MINUTES: u32 = 15;
/// For so long after the PIN was typed another way of recognising the person is enough.
pub const PIN_HOLDS_HOURS: u32 = 12;

const MINUTE_MS: u64 = 60_000;

/// A moment by both clocks.
#[derive(Debug, Clone, Copy)]
struct Moment {
    unix_ms: i64,
    monotonic_ms: u64,
}

impl Moment {
    fn now(environment: &Environment) -> Self {
        Self { unix_ms: environment.clock.now().unix_ms(), monotonic_ms: environment.clock.monotonic_ms() }
    }

    /// Milliseconds since, by the clock that says more: one stands still while a tablet sleeps, the other can be set back.
    fn ms_until(self, now: Self) -> u64 {
        let by_day = u64::try_from(now.unix_ms.saturating_sub(self.unix_ms)).unwrap_or(0);
        by_day.max(now.monotonic_ms.saturating_sub(self.monotonic_ms))
    }
}

/// Whether the screens of an open device are covered.
#[derive(Debug, Default)]
pub(super) struct ScreenLock {
    touched: Option<Moment>,
    pin_typed: Option<Moment>,
    covered: bool,
}

impl ScreenLock {
    /// The person has typed the PIN.
    pub(super) fn pin_typed(&mut self, environment: &Environment) {
        let now = Moment::now(environment);
        *self = Self { touched: Some(now), pin_typed: Some(now), covered: false };
    }

    /// The device is locked: there is nothing left to cover.
    pub(super) fn locked(&mut self) {
        *self = Self::default();
    }

    /// Somebody touches the screen. Who comes back too late finds it covered.
    pub(super) fn touched(&mut self, environment: &Environment) -> bool {
        let is_new = self.look(environment);
        if !self.covered {
            self.touched = Some(Moment::now(environment));
        }
        is_new
    }

    /// Covers when it is time; whether that is new.
    pub(super) fn look(&mut self, environment: &Environment) -> bool {
        let now = Moment::now(environment);
        let is_due =
            self.touched.is_some_and(|touched| touched.ms_until(now) >= u64::from(COVER_AFTER_MINUTES) * MINUTE_MS);
        let is_new = is_due && !self.covered;
        self.covered = self.covered || is_due;
        is_new
    }

    /// Whether the device is open, behind a cover or not.
    pub(super) const fn is_open(&self) -> bool {
        self.pin_typed.is_some()
    }

    /// Whether the screens are covered.
    pub(super) const fn is_covered(&self) -> bool {
        self.covered
    }

    /// Whether it is enough that the system recognises the person: screens are covered, and the PIN was typed not too long ago.
    pub(super) fn may_be_recognised(&self, environment: &Environment) -> bool {
        let now = Moment::now(environment);
        let holds = |typed: Moment| {
            typed.ms_until(now) < u64::from(PIN_HOLDS_HOURS).saturating_mul(60).saturating_mul(MINUTE_MS)
        };
        self.covered && self.pin_typed.is_some_and(holds)
    }

    /// The system has recognised the person: uncovers where that is enough, and says whether it did.
    pub(super) fn recognised(&mut self, environment: &Environment) -> bool {
        let may = self.may_be_recognised(environment);
        if may {
            self.covered = false;
            self.touched = Some(Moment::now(environment));
        }
        may
    }
}

impl Backend {
    /// How the screens of an open device stand.
    pub(super) fn cover(&self) -> Cover {
        let screen = held(&self.screen);
        Cover { is_covered: screen.is_covered(), may_be_recognised: screen.may_be_recognised(&self.environment) }
    }

    /// Somebody touches the screen.
    pub(super) fn is_touched(&self) {
        if held(&self.screen).touched(&self.environment) {
            self.host.changed();
        }
    }

    /// Covers the screens when nobody has touched them for a while. A sync that runs goes on.
    pub(super) fn cover_when_due(&self) {
        if held(&self.screen).look(&self.environment) {
            self.host.changed();
        }
    }

    /// The system has recognised the person whose screens are covered. For a shell alone: no page can ask for it.
    ///
    /// # Errors
    /// [`ErrorCode::Locked`] when the PIN was typed too long ago, or the device is locked.
    pub fn recognised(&self) -> Result<AppState> {
        if !held(&self.screen).recognised(&self.environment) {
            return Err(Failure::new(ErrorCode::Locked, "the PIN is asked for again"));
        }
        self.host.changed();
        self.state()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    use super::*;
    use crate::domain::time::Timestamp;
    use crate::environment::{Clock, Randomness};

    #[derive(Default)]
    struct TwoClocks {
        unix_ms: AtomicI64,
        monotonic_ms: AtomicU64,
    }

    impl Clock for TwoClocks {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_ms(self.unix_ms.load(Ordering::SeqCst))
        }
        fn monotonic_ms(&self) -> u64 {
            self.monotonic_ms.load(Ordering::SeqCst)
        }
    }

    struct NoChance;
    impl Randomness for NoChance {
        fn fill(&self, _: &mut [u8]) {}
    }

    fn opened() -> (Arc<TwoClocks>, Environment, ScreenLock) {
        let clocks = Arc::new(TwoClocks::default());
        let environment = Environment { clock: Arc::clone(&clocks) as Arc<dyn Clock>, random: Arc::new(NoChance) };
        let mut lock = ScreenLock::default();
        lock.pin_typed(&environment);
        (clocks, environment, lock)
    }

    fn minutes_go_by(clocks: &TwoClocks, minutes: u32) {
        clocks.unix_ms.fetch_add(i64::from(minutes) * 60_000, Ordering::SeqCst);
        clocks.monotonic_ms.fetch_add(u64::from(minutes) * 60_000, Ordering::SeqCst);
    }

    #[test]
    fn a_tablet_that_nobody_touches_is_covered_and_one_in_use_is_not() {
        let (clocks, environment, mut lock) = opened();
        for _ in 0..6 {
            minutes_go_by(&clocks, COVER_AFTER_MINUTES - 1);
            assert!(!lock.touched(&environment));
        }
        minutes_go_by(&clocks, COVER_AFTER_MINUTES);
        assert!(lock.look(&environment));
        assert!(!lock.look(&environment), "covered once");
        assert!(!lock.touched(&environment) && lock.is_covered(), "a touch uncovers nothing");
        lock.pin_typed(&environment);
        assert!(!lock.is_covered());
    }

    #[test]
    fn a_tablet_that_slept_in_a_bag_is_covered_at_the_first_touch_and_a_clock_set_back_changes_nothing() {
        let (clocks, environment, mut lock) = opened();
        // While it sleeps the clock that never goes back stands still.
        clocks.unix_ms.fetch_add(60 * 60_000, Ordering::SeqCst);
        assert!(lock.touched(&environment));
        let (clocks, environment, mut lock) = opened();
        clocks.unix_ms.fetch_sub(1_000 * 60_000, Ordering::SeqCst);
        clocks.monotonic_ms.fetch_add(u64::from(COVER_AFTER_MINUTES) * 60_000, Ordering::SeqCst);
        assert!(lock.look(&environment));
    }

    #[test]
    fn a_finger_uncovers_in_the_hours_after_the_pin_and_opens_nothing_that_is_locked() {
        let (clocks, environment, mut lock) = opened();
        minutes_go_by(&clocks, COVER_AFTER_MINUTES);
        lock.look(&environment);
        assert!(lock.recognised(&environment) && !lock.is_covered());
        minutes_go_by(&clocks, PIN_HOLDS_HOURS * 60);
        lock.look(&environment);
        assert!(!lock.recognised(&environment) && lock.is_covered(), "the PIN is asked for at least once a day");
        lock.locked();
        assert!(!lock.recognised(&environment));
    }
}
