//! A clock that tests set and randomness that they can replay.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::domain::identifier::Hash32;
use crate::domain::time::Timestamp;
use crate::environment::{Clock, Environment, Randomness};

/// Stands still until it is set: 2026-11-23 14:02 in China at first.
pub(super) struct SetClock(AtomicI64);

impl SetClock {
    pub(super) fn goes_on(&self, seconds: i64) {
        self.0.fetch_add(seconds.saturating_mul(1000), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> u64 {
        0
    }
}

/// The hashes of a seed and a counter.
struct Replayable {
    seed: u64,
    drawn: AtomicU64,
}

impl Randomness for Replayable {
    fn fill(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
            let hash = Hash32::of(&[self.seed.to_be_bytes(), drawn.to_be_bytes()].concat());
            part.copy_from_slice(&hash.0[..part.len()]);
        }
    }
}

/// An environment whose randomness comes from `seed`, with its clock.
pub(super) fn environment(seed: u64) -> (Environment, Arc<SetClock>) {
    let clock = Arc::new(SetClock(AtomicI64::new(1_795_413_720_000)));
    let random = Arc::new(Replayable { seed, drawn: AtomicU64::new(0) });
    (Environment { clock: clock.clone(), random }, clock)
}
