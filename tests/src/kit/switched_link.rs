//! The real connection behind a switch: without signal nothing goes out, and an answer can be lost on its way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::protocol::PHOTO_PART_BYTES;
use jiafang_core::protocol::enrol::{EnrolAnswer, EnrolRequest};
use jiafang_core::protocol::photo::PhotoOffset;
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::sync::link::{Connector, DeviceIdentity, Exchanged, Link, LinkFailure, PhotoPart};
use jiafang_sync_client::HttpsConnector;

/// The switch of one device, and what went over its link.
#[derive(Debug, Default)]
pub struct Switch {
    no_signal: AtomicBool,
    lose_next_answer: AtomicBool,
    panic_at_next_answer: AtomicBool,
    hold_next_answer: Mutex<Option<Arc<Barrier>>>,
    cut_after_parts: AtomicU64,
    /// Exchanges that reached the server.
    pub exchanges: AtomicU64,
    /// Bytes of request and answer bodies of those exchanges.
    pub body_bytes: AtomicU64,
    /// Bytes of photo parts that were sent.
    pub part_bytes: AtomicU64,
    /// Bytes of photo parts that were fetched.
    pub fetched_bytes: AtomicU64,
    /// Photo files whose parts are answered with a refusal instead of going to the server.
    pub refused_files: Mutex<BTreeMap<Hash32, RefusalCode>>,
    /// Other requests that were answered: the path, and the bytes of both bodies.
    pub others: Mutex<Vec<(&'static str, u64)>>,
    /// Bytes of packs that came over the line, whether or not the tablet had them in time.
    pub pack_bytes: AtomicU64,
}

impl Switch {
    /// Takes the signal away, or gives it back.
    pub fn set_signal(&self, signal: bool) {
        self.no_signal.store(!signal, Ordering::SeqCst);
    }

    /// The next exchange reaches the server, and its answer is lost.
    pub fn lose_next_answer(&self) {
        self.lose_next_answer.store(true, Ordering::SeqCst);
    }

    /// At the next answer a library panics, as on bytes that nobody has thought of.
    pub fn panic_at_next_answer(&self) {
        self.panic_at_next_answer.store(true, Ordering::SeqCst);
    }

    /// The next answer waits on its way, until the test has waited twice at what is given: first until the answer is there,
    /// then to let it go.
    pub fn hold_next_answer(&self) -> Arc<Barrier> {
        let gate = Arc::new(Barrier::new(2));
        *self.hold_next_answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&gate));
        gate
    }

    /// The link breaks after so many parts of photos, up or down, or of packs.
    pub fn cut_after_parts(&self, parts: u64) {
        self.cut_after_parts.store(parts.saturating_add(1), Ordering::SeqCst);
    }

    fn count_part(&self) -> Result<(), LinkFailure> {
        let parts = self.cut_after_parts.load(Ordering::SeqCst);
        if parts > 0 {
            self.cut_after_parts.store(parts.saturating_sub(1), Ordering::SeqCst);
            if parts == 1 {
                return Err(LinkFailure::Unreachable("the link broke".to_owned()));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), LinkFailure> {
        if self.no_signal.load(Ordering::SeqCst) {
            Err(LinkFailure::Unreachable("no signal".to_owned()))
        } else {
            Ok(())
        }
    }
}

/// Makes real connections behind a switch.
pub struct SwitchedConnector(pub Arc<Switch>);

struct SwitchedLink {
    link: Box<dyn Link>,
    switch: Arc<Switch>,
}

impl Connector for SwitchedConnector {
    fn enrol(&self, address: &str, fingerprint: Hash32, request: &EnrolRequest) -> Result<EnrolAnswer, LinkFailure> {
        self.0.check()?;
        HttpsConnector.enrol(address, fingerprint, request)
    }

    fn connect(&self, identity: DeviceIdentity) -> Result<Box<dyn Link>, LinkFailure> {
        Ok(Box::new(SwitchedLink { link: HttpsConnector.connect(identity)?, switch: Arc::clone(&self.0) }))
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

impl Link for SwitchedLink {
    fn exchange(&mut self, body: Vec<u8>) -> Result<Exchanged, LinkFailure> {
        self.switch.check()?;
        let sent = length(&body);
        let exchanged = self.link.exchange(body)?;
        self.switch.exchanges.fetch_add(1, Ordering::SeqCst);
        self.switch.body_bytes.fetch_add(sent.saturating_add(exchanged.answer_bytes), Ordering::SeqCst);
        let held = self.switch.hold_next_answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(gate) = held {
            gate.wait();
            gate.wait();
        }
        assert!(!self.switch.panic_at_next_answer.swap(false, Ordering::SeqCst), "a library panics, for a test");
        if self.switch.lose_next_answer.swap(false, Ordering::SeqCst) {
            return Err(LinkFailure::Unreachable("the answer was lost".to_owned()));
        }
        Ok(exchanged)
    }

    fn post(&mut self, path: &'static str, body: Vec<u8>) -> Result<Vec<u8>, LinkFailure> {
        self.switch.check()?;
        let sent = length(&body);
        let answer = self.link.post(path, body)?;
        self.switch.check()?;
        let bytes = sent.saturating_add(length(&answer));
        let mut others = self.switch.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.push((path, bytes));
        Ok(answer)
    }

    fn send_photo(
        &mut self,
        hash: Hash32,
        offset: u64,
        bytes: &[u8],
        heard: &mut dyn FnMut(PhotoOffset) -> bool,
    ) -> Result<(), LinkFailure> {
        self.switch.check()?;
        let refused = self.switch.refused_files.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).copied();
        if let Some(code) = refused {
            return Err(LinkFailure::Refused(Refusal { code, detail: "a test's".to_owned() }));
        }
        let switch = Arc::clone(&self.switch);
        let (mut counted, mut at, mut broke) = (offset, offset, None);
        let part = u64::try_from(PHOTO_PART_BYTES).unwrap_or(u64::MAX);
        let ended = self.link.send_photo(hash, offset, bytes, &mut |held| {
            // What was on its way when the line broke arrives, and only the server knows.
            switch.part_bytes.fetch_add(held.offset.saturating_sub(at), Ordering::SeqCst);
            at = held.offset;
            if broke.is_none() && (held.complete || held.offset.saturating_sub(counted) >= part) {
                counted = held.offset;
                broke = switch.check().and_then(|()| switch.count_part()).err();
            }
            broke.is_none() && heard(held)
        });
        broke.map_or(ended, Err)
    }

    fn get_photo_part(&mut self, hash: Hash32, offset: u64, bytes_max: usize) -> Result<PhotoPart, LinkFailure> {
        self.switch.check()?;
        self.switch.count_part()?;
        let part = self.link.get_photo_part(hash, offset, bytes_max)?;
        self.switch.fetched_bytes.fetch_add(length(&part.bytes), Ordering::SeqCst);
        Ok(part)
    }

    fn get_pack(
        &mut self,
        hash: Hash32,
        offset: u64,
        bytes_max: usize,
        take: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), LinkFailure> {
        self.switch.check()?;
        let switch = Arc::clone(&self.switch);
        let mut broke = None;
        self.link.get_pack(hash, offset, bytes_max, &mut |bytes_total, piece| {
            switch.pack_bytes.fetch_add(length(piece), Ordering::SeqCst);
            match switch.check().and_then(|()| switch.count_part()) {
                Ok(()) => take(bytes_total, piece),
                Err(failure) => {
                    broke = Some(failure);
                    false
                }
            }
        })?;
        broke.map_or(Ok(()), Err)
    }
}
