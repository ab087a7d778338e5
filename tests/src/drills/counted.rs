//! The real connection, with everything counted that goes over it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::protocol::PHOTO_PART_BYTES;
use jiafang_core::protocol::enrol::{EnrolAnswer, EnrolRequest};
use jiafang_core::protocol::photo::PhotoOffset;
use jiafang_core::sync::link::{Connector, DeviceIdentity, Exchanged, Link, LinkFailure, PhotoPart};
use jiafang_sync_client::HttpsConnector;
use serde::{Deserialize, Serialize};

/// What went over a link, as the device sees it: bodies, without HTTP, TLS and TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// Sync requests that were begun.
    pub syncs: u64,
    /// Those that were answered.
    pub answered: u64,
    /// Other requests than syncs and parts of files.
    pub others: u64,
    /// Bytes of the requests' and answers' bodies, parts of files left out.
    pub body_bytes: u64,
    /// Parts of files that came down, and words of the server that it holds more of one.
    pub parts: u64,
    /// Their bytes.
    pub part_bytes: u64,
    /// Bytes of packs that came.
    pub pack_bytes: u64,
    /// Bytes of parts that may have been sent before: all that was on its way when a line broke and did not come.
    pub bytes_twice: u64,
    /// Requests of either kind that came to no answer.
    pub cuts: u64,
}

/// The counters of one device.
#[derive(Debug, Default)]
pub struct Counts(Mutex<(Count, BTreeMap<Hash32, u64>)>);

impl Counts {
    /// What was counted so far.
    #[must_use]
    pub fn so_far(&self) -> Count {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn change(&self, change: impl FnOnce(&mut Count, &mut BTreeMap<Hash32, u64>)) {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, sent_up_to) = &mut *guard;
        change(count, sent_up_to);
    }
}

/// Makes real connections that count.
pub struct CountingConnector(pub Arc<Counts>);

struct CountingLink {
    link: Box<dyn Link>,
    counts: Arc<Counts>,
}

impl Connector for CountingConnector {
    fn enrol(&self, address: &str, fingerprint: Hash32, request: &EnrolRequest) -> Result<EnrolAnswer, LinkFailure> {
        HttpsConnector.enrol(address, fingerprint, request)
    }

    fn connect(&self, identity: DeviceIdentity) -> Result<Box<dyn Link>, LinkFailure> {
        Ok(Box::new(CountingLink { link: HttpsConnector.connect(identity)?, counts: Arc::clone(&self.0) }))
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

impl CountingLink {
    fn cut<T>(&self, answer: Result<T, LinkFailure>) -> Result<T, LinkFailure> {
        if matches!(answer, Err(LinkFailure::Unreachable(_))) {
            self.counts.change(|count, _| count.cuts += 1);
        }
        answer
    }
}

impl Link for CountingLink {
    fn exchange(&mut self, body: Vec<u8>) -> Result<Exchanged, LinkFailure> {
        let sent = length(&body);
        self.counts.change(|count, _| {
            count.syncs += 1;
            count.body_bytes += sent;
        });
        let answer = self.link.exchange(body);
        let exchanged = self.cut(answer)?;
        self.counts.change(|count, _| {
            count.answered += 1;
            count.body_bytes += exchanged.answer_bytes;
        });
        Ok(exchanged)
    }

    fn post(&mut self, path: &'static str, body: Vec<u8>) -> Result<Vec<u8>, LinkFailure> {
        let sent = length(&body);
        self.counts.change(|count, _| {
            count.others += 1;
            count.body_bytes += sent;
        });
        let answer = self.link.post(path, body);
        let answer = self.cut(answer)?;
        self.counts.change(|count, _| count.body_bytes += length(&answer));
        Ok(answer)
    }

    fn send_photo(
        &mut self,
        hash: Hash32,
        offset: u64,
        bytes: &[u8],
        heard: &mut dyn FnMut(PhotoOffset) -> bool,
    ) -> Result<(), LinkFailure> {
        self.counts.change(|count, sent_up_to| {
            count.bytes_twice += sent_up_to.get(&hash).map_or(0, |before| before.saturating_sub(offset));
        });
        let (counts, mut held_up_to) = (Arc::clone(&self.counts), offset);
        let answer = self.link.send_photo(hash, offset, bytes, &mut |held| {
            counts.change(|count, _| {
                count.parts += 1;
                count.part_bytes += held.offset.saturating_sub(held_up_to);
            });
            held_up_to = held.offset;
            heard(held)
        });
        // How much of what was on its way had left the tablet nobody knows: all of it is counted.
        let underway = if answer.is_ok() { 0 } else { u64::try_from(PHOTO_PART_BYTES).unwrap_or(u64::MAX) };
        let sent = held_up_to.saturating_add(underway).min(offset.saturating_add(length(bytes)));
        self.counts.change(|_, sent_up_to| {
            let before = sent_up_to.entry(hash).or_default();
            *before = sent.max(*before);
        });
        self.cut(answer)
    }

    fn get_photo_part(&mut self, hash: Hash32, offset: u64, bytes_max: usize) -> Result<PhotoPart, LinkFailure> {
        let answer = self.link.get_photo_part(hash, offset, bytes_max);
        let part = self.cut(answer)?;
        self.counts.change(|count, _| {
            count.parts += 1;
            count.part_bytes += length(&part.bytes);
        });
        Ok(part)
    }

    fn get_pack(
        &mut self,
        hash: Hash32,
        offset: u64,
        bytes_max: usize,
        take: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), LinkFailure> {
        let counts = Arc::clone(&self.counts);
        let ended = self.link.get_pack(hash, offset, bytes_max, &mut |bytes_total, piece| {
            counts.change(|count, _| count.pack_bytes += length(piece));
            take(bytes_total, piece)
        });
        self.cut(ended)
    }
}
