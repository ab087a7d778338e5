//! Seeded mutation, for the ordinary test: what bit rot, cut lines and people with hex editors do to well-formed bytes.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Numbers at which readers stumble, as they stand in lengths and counters.
const EDGES: &[&[u8]] = &[
    &[0x00],
    &[0x7F],
    &[0x80],
    &[0xFF],
    &[0xFF, 0xFF],
    &[0x00, 0x80],
    &[0xFF, 0xFF, 0xFF, 0x7F],
    &[0xFF, 0xFF, 0xFF, 0xFF],
    &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
    &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    // CBOR: empty and indefinite containers, null, and lengths of 32 and 64 bits.
    &[0x80],
    &[0x9F],
    &[0xF6],
    &[0x5A, 0xFF, 0xFF, 0xFF, 0xFF],
    &[0x9B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    &[0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
];

/// Mutated inputs, one after another; equal for equal seeds.
pub struct Mutations {
    random: ChaCha8Rng,
    seeds: Vec<Vec<u8>>,
}

impl Mutations {
    /// Mutations of these seeds. There is at least one.
    #[must_use]
    pub fn new(seed: u64, seeds: Vec<Vec<u8>>) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), seeds }
    }

    /// A number below `end`; 0 for an `end` of 0.
    fn below(&mut self, end: usize) -> usize {
        let drawn = usize::try_from(self.random.next_u64() >> 32).unwrap_or(0);
        drawn.checked_rem(end).unwrap_or(0)
    }

    /// The next input: a seed with one to eight changes; some small, some that move whole stretches.
    pub fn next_input(&mut self) -> Vec<u8> {
        let chosen = self.below(self.seeds.len());
        let mut bytes = self.seeds[chosen].clone();
        for _ in 0..=self.below(8) {
            self.change(&mut bytes);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len().max(1)).min(bytes.len());
        let end = (at + 1 + self.below(64)).min(bytes.len());
        match self.below(9) {
            0 | 1 => {
                let bit = self.below(8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            2 => {
                let drawn = self.below(256);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(drawn).unwrap_or(0);
                }
            }
            3 => {
                let edge = EDGES[self.below(EDGES.len())];
                let over = (at + edge.len()).min(bytes.len());
                bytes.splice(at..over, edge.iter().copied());
            }
            4 => {
                let edge = EDGES[self.below(EDGES.len())];
                bytes.splice(at..at, edge.iter().copied());
            }
            5 => drop(bytes.drain(at..end)),
            6 => {
                let copied = bytes[at..end].to_vec();
                let to = self.below(bytes.len() + 1);
                bytes.splice(to..to, copied);
            }
            7 => {
                let other = self.below(self.seeds.len());
                let other = self.seeds[other].clone();
                let from = self.below(other.len() + 1);
                let until = (from + 1 + self.below(256)).min(other.len());
                bytes.splice(at..end, other[from..until].iter().copied());
            }
            _ => {
                if self.below(4) == 0 {
                    bytes.truncate(at);
                }
            }
        }
    }
}
