//! Time and randomness of a test: a clock that is set, and a seeded generator.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiafang_core::domain::time::Timestamp;
use jiafang_core::environment::{Clock, Environment, Randomness};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A clock that stands still until it is moved. Each device has one of its own, which may be wrong.
#[derive(Debug)]
pub struct FieldClock(AtomicI64);

impl FieldClock {
    /// A clock that shows `2026-11-23 09:00` in China.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Self::at(Timestamp::from_unix_ms(1_795_395_600_000))
    }

    /// A clock that shows this time.
    #[must_use]
    pub fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(now.unix_ms())))
    }

    /// Moves the clock on, or back.
    pub fn pass_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for FieldClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::SeqCst)).unwrap_or(0)
    }
}

struct Seeded(Mutex<ChaCha8Rng>);

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

/// An environment of this clock and this seed.
#[must_use]
pub fn environment(clock: &Arc<FieldClock>, seed: u64) -> Environment {
    Environment {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        random: Arc::new(Seeded(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))),
    }
}
