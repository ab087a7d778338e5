//! One direction of a bad link, as packets meet it: a bottleneck with a queue before it, delay, jitter, loss, and windows
//! of signal. Pure: time is handed in and chance is seeded, so that the same packets at the same times always fare the
//! same. Who moves real packets through it stands in `network.rs`.

use std::collections::VecDeque;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a link is like, each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkTerms {
    /// Bits a second through the bottleneck.
    pub bits_per_second: u64,
    /// From the bottleneck to the other end, in milliseconds: half of a round trip.
    pub delay_ms: u64,
    /// Up to so much more, drawn for each packet. Packets stay in order, as on a radio link that repeats frames.
    pub jitter_ms: u64,
    /// Packets that are lost, of 1,000.
    pub loss_permille: u32,
    /// Bytes that wait before the bottleneck; what comes on top is dropped.
    pub queue_bytes: u64,
    /// When there is signal; `None` for always.
    pub windows: Option<Windows>,
}

/// Windows of signal: `on_ms` of signal, `off_ms` without, and so on, from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// How long there is signal.
    pub on_ms: u64,
    /// How long there is none.
    pub off_ms: u64,
}

impl LinkTerms {
    /// EDGE in a village: 60 kbit/s, a round trip of a second, 2 % of the packets lost.
    pub const EDGE: Self = Self {
        bits_per_second: 60_000,
        delay_ms: 475,
        jitter_ms: 50,
        loss_permille: 20,
        queue_bytes: 30_000,
        windows: None,
    };
    /// Worse: 20 kbit/s, 1.5 seconds, 10 % lost.
    pub const WORSE: Self = Self {
        bits_per_second: 20_000,
        delay_ms: 700,
        jitter_ms: 100,
        loss_permille: 100,
        queue_bytes: 30_000,
        windows: None,
    };
    /// A cable: so that what the drill itself costs can be seen.
    pub const CABLE: Self = Self {
        bits_per_second: 100_000_000,
        delay_ms: 0,
        jitter_ms: 0,
        loss_permille: 0,
        queue_bytes: 1_000_000,
        windows: None,
    };

    /// The same with windows of signal.
    #[must_use]
    pub const fn in_windows(self, on_ms: u64, off_ms: u64) -> Self {
        Self { windows: Some(Windows { on_ms, off_ms }), ..self }
    }

    /// Whether there is signal at a time.
    #[must_use]
    pub fn has_signal(&self, at_ms: u64) -> bool {
        let Some(Windows { on_ms, off_ms }) = self.windows else { return true };
        at_ms.checked_rem(on_ms.saturating_add(off_ms)).is_some_and(|within| within < on_ms)
    }
}

/// What went over one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// Packets that came through.
    pub packets: u64,
    /// Their bytes, headers and repetitions included.
    pub bytes: u64,
    /// Packets that were lost by chance.
    pub lost: u64,
    /// Packets that found the queue full.
    pub dropped: u64,
    /// Packets that were sent where there was no signal.
    pub unheard: u64,
}

/// One direction.
#[derive(Debug)]
pub struct Lane {
    terms: LinkTerms,
    chance: ChaCha8Rng,
    /// When the bottleneck is free again, in microseconds.
    free_at_us: u64,
    /// When the packet before arrives.
    last_due_us: u64,
    underway: VecDeque<(u64, Vec<u8>)>,
    carried: Carried,
}

impl Lane {
    /// A direction whose chance is drawn from a seed.
    #[must_use]
    pub fn new(terms: LinkTerms, seed: u64) -> Self {
        Self {
            terms,
            chance: ChaCha8Rng::seed_from_u64(seed),
            free_at_us: 0,
            last_due_us: 0,
            underway: VecDeque::new(),
            carried: Carried::default(),
        }
    }

    /// Takes a packet in that is sent at this time.
    pub fn send(&mut self, packet: Vec<u8>, now_ms: u64) {
        let now_us = now_ms.saturating_mul(1_000);
        let bytes = u64::try_from(packet.len()).unwrap_or(u64::MAX);
        // Drawn for every packet, so that what is lost does not depend on how full the queue is.
        let lost = self.chance.next_u32() % 1_000 < self.terms.loss_permille;
        let jitter_ms =
            u64::from(self.chance.next_u32()).checked_rem(self.terms.jitter_ms.saturating_add(1)).unwrap_or(0);
        if !self.terms.has_signal(now_ms) {
            self.carried.unheard += 1;
            return;
        }
        let waiting_us = self.free_at_us.saturating_sub(now_us);
        let waiting_bytes = waiting_us.saturating_mul(self.terms.bits_per_second) / 8_000_000;
        if waiting_bytes.saturating_add(bytes) > self.terms.queue_bytes {
            self.carried.dropped += 1;
            return;
        }
        let serial_us = bytes.saturating_mul(8_000_000).checked_div(self.terms.bits_per_second).unwrap_or(u64::MAX);
        self.free_at_us = self.free_at_us.max(now_us).saturating_add(serial_us);
        if lost {
            // It took its place on the air all the same.
            self.carried.lost += 1;
            return;
        }
        let flight_us = self.terms.delay_ms.saturating_add(jitter_ms).saturating_mul(1_000);
        self.last_due_us = self.last_due_us.max(self.free_at_us.saturating_add(flight_us));
        self.underway.push_back((self.last_due_us, packet));
    }

    /// The next packet that has arrived by this time.
    pub fn arrived(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        let (due_us, _) = self.underway.front()?;
        if *due_us > now_ms.saturating_mul(1_000) {
            return None;
        }
        let (_, packet) = self.underway.pop_front()?;
        self.carried.packets += 1;
        self.carried.bytes += u64::try_from(packet.len()).unwrap_or(0);
        Some(packet)
    }

    /// When the next packet arrives, in milliseconds.
    #[must_use]
    pub fn next_arrival_ms(&self) -> Option<u64> {
        self.underway.front().map(|(due_us, _)| due_us.div_ceil(1_000))
    }

    /// What it has carried.
    #[must_use]
    pub fn carried(&self) -> Carried {
        self.carried
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_arrivals(lane: &mut Lane) -> Vec<(u64, usize)> {
        let mut arrivals = Vec::new();
        while let Some(at) = lane.next_arrival_ms() {
            let packet = lane.arrived(at).unwrap();
            arrivals.push((at, packet.len()));
        }
        arrivals
    }

    #[test]
    fn a_packet_over_edge_takes_its_time_on_the_air_and_half_a_round_trip() {
        let terms = LinkTerms { jitter_ms: 0, loss_permille: 0, ..LinkTerms::EDGE };
        let mut lane = Lane::new(terms, 1);
        lane.send(vec![0; 750], 1_000);
        lane.send(vec![0; 750], 1_000);
        assert_eq!(lane.arrived(1_574), None);
        // 750 bytes are 6,000 bits: a tenth of a second each, one after the other.
        assert_eq!(all_arrivals(&mut lane), [(1_575, 750), (1_675, 750)]);
    }

    #[test]
    fn a_sender_that_does_not_listen_fills_the_queue_and_loses_the_rest() {
        let terms = LinkTerms { jitter_ms: 0, loss_permille: 0, queue_bytes: 3_000, ..LinkTerms::EDGE };
        let mut lane = Lane::new(terms, 1);
        for _ in 0..10 {
            lane.send(vec![0; 1_000], 0);
        }
        assert_eq!(all_arrivals(&mut lane).len(), 3);
        assert_eq!(lane.carried().dropped, 7);
    }

    #[test]
    fn packets_come_in_order_whatever_the_jitter_and_the_share_that_is_lost_is_what_was_said() {
        let terms = LinkTerms { jitter_ms: 300, queue_bytes: u64::MAX, ..LinkTerms::WORSE };
        let mut lane = Lane::new(terms, 7);
        for number in 0..10_000_u32 {
            lane.send(number.to_le_bytes().to_vec(), u64::from(number) * 10);
        }
        let mut last = None;
        while let Some(at) = lane.next_arrival_ms() {
            let packet = lane.arrived(at).unwrap();
            let number = u32::from_le_bytes(packet.try_into().unwrap());
            assert!(last < Some(number));
            last = Some(number);
        }
        let lost = lane.carried().lost;
        assert!((900..1_100).contains(&lost), "{lost} of 10,000");
    }

    #[test]
    fn out_of_the_window_nothing_is_heard_and_the_same_seed_is_the_same_story() {
        let terms = LinkTerms::EDGE.in_windows(20_000, 40_000);
        let play = |seed| {
            let mut lane = Lane::new(terms, seed);
            for second in 0..120 {
                lane.send(vec![0; 100], second * 1_000);
            }
            (all_arrivals(&mut lane), lane.carried())
        };
        let (arrivals, carried) = play(3);
        assert_eq!(carried.unheard, 80);
        assert_eq!(arrivals.len() as u64 + carried.lost, 40);
        assert_eq!(play(3), (arrivals.clone(), carried));
        assert_ne!(play(4).0, arrivals);
    }
}
