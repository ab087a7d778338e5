//! Time and randomness, handed in: the only door to both (invariant 7).

use std::sync::Arc;

use crate::domain::time::Timestamp;

/// Tells the time. Devices in the field are wrong by years; what must be ordered is ordered by counters and
/// cursors, never by this.
pub trait Clock: Send + Sync {
    /// The device's own idea of now.
    fn now(&self) -> Timestamp;
    /// Milliseconds since some fixed moment of this run, never going back.
    fn monotonic_ms(&self) -> u64;
}

/// Draws random bytes: for keys and identifiers.
pub trait Randomness: Send + Sync {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// What every use case is handed: a clock and a source of randomness.
#[derive(Clone)]
pub struct Environment {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Randomness>,
}

impl Environment {
    /// The machine's own clock and its operating system's randomness, for programs that people run.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self { clock: Arc::new(machine::MachineClock::new()), random: Arc::new(machine::MachineRandomness) }
    }

    /// `N` random bytes.
    #[must_use]
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// Now, by the clock that was handed in.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Environment")
    }
}

/// The one place that asks the operating system.
#[allow(clippy::disallowed_methods)]
mod machine {
    use super::{Clock, Randomness, Timestamp};

    pub(super) struct MachineClock {
        started: std::time::Instant,
    }

    impl MachineClock {
        pub(super) fn new() -> Self {
            Self { started: std::time::Instant::now() }
        }
    }

    impl Clock for MachineClock {
        fn now(&self) -> Timestamp {
            let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            Timestamp::from_unix_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
        }

        fn monotonic_ms(&self) -> u64 {
            u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
        }
    }

    pub(super) struct MachineRandomness;

    impl Randomness for MachineRandomness {
        fn fill(&self, bytes: &mut [u8]) {
            // Without randomness no key may be made: there is nothing to go on with.
            #[allow(clippy::panic)]
            if let Err(cause) = getrandom::fill(bytes) {
                panic!("the operating system gives no randomness: {cause}");
            }
        }
    }
}
