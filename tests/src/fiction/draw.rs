//! Drawing lots from a seed, the same on every machine and for ever.
//!
//! ChaCha8 is specified bit by bit; how a number below a bound is made of it is written here and not taken
//! from `rand`, whose sampling may change between versions and would move every fixture with it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What is drawn for. Each subject has its own stream, so that none disturbs another.
/// The numbers are part of the fixtures: never renumber.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject {
    County = 1,
    Children = 2,
    Visits = 3,
    RosterRows = 4,
    RosterSpelling = 5,
    NextRoster = 6,
}

/// A source of lots.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// The lots of a seed for one subject.
    pub(super) fn new(seed: u64, subject: Subject) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(subject as u64);
        Self(rng)
    }

    /// A number from 0 to `bound - 1`; 0 for a bound of 0. The bias of a multiplied 64-bit lot is below one
    /// in 2^40 for every bound used here.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.0.next_u64()).saturating_mul(bound as u128);
        usize::try_from(wide.wrapping_shr(64)).unwrap_or(0)
    }

    /// A number from `first` to `last`, both included.
    pub(super) fn between(&mut self, first: usize, last: usize) -> usize {
        first.saturating_add(self.below(last.saturating_sub(first).saturating_add(1)))
    }

    /// Yes in `percent` of a hundred cases.
    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of a list; `None` of an empty one.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let at = self.below(from.len());
        from.get(at)
    }

    /// One of a list of texts.
    pub(super) fn text(&mut self, from: &[&'static str]) -> &'static str {
        self.pick(from).copied().unwrap_or_default()
    }

    /// Puts a list into a drawn order (Fisher and Yates).
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let with = self.between(0, last);
            items.swap(last, with);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lots_of_a_seed_never_change() {
        let mut draw = Draw::new(1, Subject::County);
        let lots: Vec<usize> = (0..6).map(|_| draw.below(1000)).collect();
        assert_eq!(lots, [851, 50, 558, 100, 964, 344], "a change here moves every fixture");
    }

    #[test]
    fn subjects_do_not_disturb_each_other() {
        let of = |subject| Draw::new(1, subject).below(1_000_000);
        assert_ne!(of(Subject::County), of(Subject::Children));
    }

    #[test]
    fn every_number_of_a_range_comes_up() {
        let mut draw = Draw::new(7, Subject::Visits);
        let seen: std::collections::BTreeSet<usize> = (0..200).map(|_| draw.between(3, 9)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(draw.below(0), 0);
        assert_eq!(draw.pick::<u8>(&[]), None);
    }
}
