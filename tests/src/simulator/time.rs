//! Virtual time: one true time that only steps move, and tablets whose clocks are wrong against it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiafang_core::domain::time::Timestamp;
use jiafang_core::environment::{Clock, Environment, Randomness};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A clock that shows the true time, or another by a fixed number of milliseconds.
#[derive(Debug)]
pub(super) struct WrongClock {
    truth: Arc<AtomicI64>,
    ahead_ms: AtomicI64,
}

impl WrongClock {
    /// A clock that is right.
    pub(super) fn of(truth: &Arc<AtomicI64>) -> Arc<Self> {
        Arc::new(Self { truth: Arc::clone(truth), ahead_ms: AtomicI64::new(0) })
    }

    /// Sets it wrong.
    pub(super) fn is_ahead_by(&self, ms: i64) {
        self.ahead_ms.store(ms, Ordering::SeqCst);
    }

    /// How wrong it is.
    pub(super) fn ahead_ms(&self) -> i64 {
        self.ahead_ms.load(Ordering::SeqCst)
    }
}

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.truth.load(Ordering::SeqCst).saturating_add(self.ahead_ms()))
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.truth.load(Ordering::SeqCst)).unwrap_or(0)
    }
}

struct Seeded(Mutex<ChaCha8Rng>);

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

/// An environment of a clock and a stream of chance of its own: `whose` says which of the seed's.
pub(super) fn environment(clock: &Arc<WrongClock>, seed: u64, whose: u64) -> Environment {
    let mut stream = ChaCha8Rng::seed_from_u64(seed);
    stream.set_stream(whose);
    Environment { clock: Arc::clone(clock) as Arc<dyn Clock>, random: Arc::new(Seeded(Mutex::new(stream))) }
}
