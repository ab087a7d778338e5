//! The virtual network: what a tablet says goes to the real server by a call, unless something befalls it.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::error::ErrorCode;
use jiafang_core::protocol::enrol::{EnrolAnswer, EnrolRequest};
use jiafang_core::protocol::pack::PACK_PART_BYTES;
use jiafang_core::protocol::photo::PhotoOffset;
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::protocol::sync::{Receipt, ReceiptRun, SyncAnswer};
use jiafang_core::protocol::{PHOTO_PART_BYTES, REPAIR_PATH, body};
use jiafang_core::sync::link::{Connector, DeviceIdentity, Exchanged, Link, LinkFailure, PhotoPart};

use super::plan::{BadAnswer, CallFault};
use super::tablet::{Request, Tablet, held};
use super::world::World;

/// What unwinds when an app is killed: nobody but the simulator catches it.
pub(super) struct Killed;

/// What came back.
pub(super) enum Answer {
    Body(Vec<u8>),
    Part(PhotoPart),
}

/// A tablet's connection for one sync.
pub(super) struct VirtualLink<'w> {
    pub(super) world: &'w World,
    pub(super) tablet: Arc<Tablet>,
    pub(super) faults: &'w [(u8, CallFault)],
    pub(super) calls: u8,
    /// How this sync may end, after what befell it.
    pub(super) may_end_with: BTreeSet<ErrorCode>,
}

impl World {
    /// A request arrives at the server.
    pub(super) fn arrives(&self, tablet: &Tablet, request: &Request) -> Result<Answer, Refusal> {
        let office = held(&self.office);
        let server = office.server();
        let handled = catch_unwind(AssertUnwindSafe(|| {
            let device = server.device(tablet.certificate, &tablet.key_info)?;
            match request {
                Request::Sync(bytes) => server.sync(&device, bytes).map(Answer::Body),
                Request::Repair(bytes) => server.repair(&device, bytes).map(Answer::Body),
                Request::Put(hash, offset, part) => server.put_photo(&device, *hash, *offset, part).map(Answer::Body),
                Request::Get(hash, offset, bytes_max) => server
                    .get_photo(&device, *hash, *offset, *bytes_max)
                    .map(|part| Answer::Part(PhotoPart { bytes: part.bytes, bytes_total: part.bytes_total })),
                Request::Pack(hash, offset, bytes_max) => server
                    .get_pack(&device, *hash, *offset, *bytes_max)
                    .map(|part| Answer::Part(PhotoPart { bytes: part.bytes, bytes_total: part.bytes_total })),
            }
        }));
        drop(office);
        handled.unwrap_or_else(|_| {
            self.finds("the server panicked at a request");
            Err(Refusal { code: RefusalCode::Fault, detail: String::new() })
        })
    }
}

impl VirtualLink<'_> {
    fn cut(&mut self, what: &str) -> LinkFailure {
        self.may_end_with.insert(ErrorCode::ServerUnreachable);
        LinkFailure::Unreachable(what.to_owned())
    }

    fn call(&mut self, request: &Request) -> Result<Answer, LinkFailure> {
        let number = self.calls;
        self.calls = self.calls.saturating_add(1);
        self.tablet.keeps_sent(request);
        let faults: Vec<CallFault> =
            self.faults.iter().filter(|(call, _)| *call == number).map(|(_, fault)| *fault).collect();
        for fault in &faults {
            self.world.tallies(&format!("{fault:?}"));
        }
        for fault in &faults {
            match fault {
                CallFault::RequestCut => return Err(self.cut("the request was lost")),
                CallFault::DiesBefore => resume_unwind(Box::new(Killed)),
                CallFault::OtherSyncsBefore(other) => self.world.other_syncs(&self.tablet, *other),
                CallFault::Twice => drop(self.world.arrives(&self.tablet, request)),
                _ => {}
            }
        }
        for fault in &faults {
            if let CallFault::ServerDies(rows) = fault {
                held(&self.world.office).will_die_at_write(*rows);
            }
        }
        let answer = self.world.arrives(&self.tablet, request);
        let mut answer = self.after(&faults, answer)?;
        for fault in &faults {
            match fault {
                CallFault::AnswerCut => return Err(self.cut("the answer was lost")),
                CallFault::DiesBetween => resume_unwind(Box::new(Killed)),
                CallFault::OtherSyncsBetween(other) => self.world.other_syncs(&self.tablet, *other),
                CallFault::RecordsMeanwhile(child) => self.world.records_meanwhile(&self.tablet, *child),
                CallFault::BadAnswer(how, at) => answer = self.spoilt(answer, *how, *at)?,
                _ => {}
            }
        }
        Ok(answer)
    }

    /// What the server did, or that it died of it.
    fn after(&mut self, faults: &[CallFault], answer: Result<Answer, Refusal>) -> Result<Answer, LinkFailure> {
        let was_to_die = faults.iter().any(|fault| matches!(fault, CallFault::ServerDies(_)));
        if was_to_die {
            let died = matches!(&answer, Err(refusal) if refusal.code == RefusalCode::Fault);
            let mut office = held(&self.world.office);
            office.will_live();
            if died {
                office.server_dies_and_starts_again();
                drop(office);
                return Err(self.cut("the server died"));
            }
        }
        if faults.contains(&CallFault::ServerDiesAfter) {
            held(&self.world.office).server_dies_and_starts_again();
            return Err(self.cut("the server died before it answered"));
        }
        answer.map_err(|refusal| {
            if refusal.code == RefusalCode::Fault && held(&self.world.office).disk_is_full {
                self.may_end_with.insert(ErrorCode::ServerFault);
            }
            LinkFailure::Refused(refusal)
        })
    }

    fn spoilt(&mut self, answer: Answer, how: BadAnswer, at: u16) -> Result<Answer, LinkFailure> {
        self.may_end_with.extend([ErrorCode::ServerAnswerUnreadable, ErrorCode::PackDamaged]);
        let at = usize::from(at);
        match answer {
            Answer::Part(mut part) => {
                let length = part.bytes.len();
                match how {
                    BadAnswer::Cut => part.bytes.truncate(at % (length + 1)),
                    _ => turn_bit(&mut part.bytes, at),
                }
                Ok(Answer::Part(part))
            }
            Answer::Body(bytes) => match body::read::<SyncAnswer>(&bytes) {
                Ok(right) => spoilt_sync(&bytes, &right, how, at).map(Answer::Body),
                Err(_) => Ok(Answer::Body(bytes)),
            },
        }
    }
}

fn turn_bit(bytes: &mut [u8], at: usize) {
    let length = bytes.len();
    if let Some(byte) = at.checked_rem(length).and_then(|place| bytes.get_mut(place)) {
        *byte ^= 1 << (at % 8);
    }
}

/// The connection proves the server, so that nobody in between can make it say what it did not say: an answer that
/// still can be read, and claims something else, is not handed on.
fn spoilt_sync(bytes: &[u8], right: &SyncAnswer, how: BadAnswer, at: usize) -> Result<Vec<u8>, LinkFailure> {
    let mut answer = right.clone();
    match how {
        BadAnswer::Cut => return Ok(bytes.get(..at % bytes.len()).unwrap_or_default().to_vec()),
        BadAnswer::Noise => return Ok(b"<html>Please log in</html>".repeat(1 + at % 40)),
        BadAnswer::TurnedBit => {
            let mut turned = bytes.to_vec();
            turn_bit(&mut turned, at);
            return match body::read::<SyncAnswer>(&turned) {
                Ok(read) if !claims_the_same(&read, right) => {
                    Err(LinkFailure::Unreadable("the connection found it altered".to_owned()))
                }
                _ => Ok(turned),
            };
        }
        BadAnswer::ForgedEnvelope => {
            let number = at.checked_rem(answer.envelopes.len()).unwrap_or(0);
            if let Some(envelope) = answer.envelopes.get_mut(number) {
                turn_bit(&mut envelope.signature.0, at);
            }
        }
        BadAnswer::ForgedRegister => {
            let number = at.checked_rem(answer.register.len()).unwrap_or(0);
            if let Some(entry) = answer.register.get_mut(number) {
                turn_bit(&mut entry.signature.0, at);
            }
        }
        BadAnswer::ReceiptForNothing => answer.receipts.push(ReceiptRun {
            first_counter: 1_000_000,
            count: u64::MAX,
            receipt: Receipt::Stored,
            first_seq: 1,
        }),
    }
    body::write(&answer).map_err(|cause| LinkFailure::Unreadable(cause.to_string()))
}

fn claims_the_same(read: &SyncAnswer, right: &SyncAnswer) -> bool {
    let claims = |answer: &SyncAnswer| {
        (
            answer.receipts.clone(),
            answer.rights.clone(),
            answer.delivered.clone(),
            answer.photo_offsets.clone(),
            answer.photos_delivered.clone(),
            (answer.durable_seq, answer.photo_mark, answer.without_backup, answer.envelopes.len()),
        )
    };
    claims(read) == claims(right)
}

impl Link for VirtualLink<'_> {
    fn exchange(&mut self, body: Vec<u8>) -> Result<Exchanged, LinkFailure> {
        match self.call(&Request::Sync(body))? {
            Answer::Body(bytes) => {
                let answer = body::read(&bytes).map_err(|cause| LinkFailure::Unreadable(cause.to_string()))?;
                Ok(Exchanged { answer, answer_bytes: u64::try_from(bytes.len()).unwrap_or(0) })
            }
            Answer::Part(_) => Err(LinkFailure::Unreadable("no answer to a sync".to_owned())),
        }
    }

    fn post(&mut self, path: &'static str, body: Vec<u8>) -> Result<Vec<u8>, LinkFailure> {
        if path == REPAIR_PATH {
            return match self.call(&Request::Repair(body))? {
                Answer::Body(bytes) => Ok(bytes),
                Answer::Part(_) => Err(LinkFailure::Unreadable("no answer to a comparison".to_owned())),
            };
        }
        // Tablets of the simulator wait for no news: each sync is the plan's.
        Err(LinkFailure::Unreadable(format!("nobody here knows {path}")))
    }

    fn send_photo(
        &mut self,
        hash: Hash32,
        offset: u64,
        bytes: &[u8],
        heard: &mut dyn FnMut(PhotoOffset) -> bool,
    ) -> Result<(), LinkFailure> {
        let mut at = offset;
        for piece in bytes.chunks(PHOTO_PART_BYTES) {
            let held: PhotoOffset = match self.call(&Request::Put(hash, at, piece.to_vec()))? {
                Answer::Body(bytes) => {
                    body::read(&bytes).map_err(|cause| LinkFailure::Unreadable(cause.to_string()))?
                }
                Answer::Part(_) => return Err(LinkFailure::Unreadable("no answer to a part".to_owned())),
            };
            at = at.saturating_add(u64::try_from(piece.len()).unwrap_or(0));
            if !heard(held) || held.complete || held.offset != at {
                break;
            }
        }
        Ok(())
    }

    fn get_photo_part(&mut self, hash: Hash32, offset: u64, bytes_max: usize) -> Result<PhotoPart, LinkFailure> {
        match self.call(&Request::Get(hash, offset, bytes_max))? {
            Answer::Part(part) => Ok(part),
            Answer::Body(_) => Err(LinkFailure::Unreadable("no part".to_owned())),
        }
    }

    fn get_pack(
        &mut self,
        hash: Hash32,
        offset: u64,
        bytes_max: usize,
        take: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), LinkFailure> {
        match self.call(&Request::Pack(hash, offset, bytes_max))? {
            Answer::Part(part) => {
                self.world.tallies("PartOfAPack");
                for piece in part.bytes.chunks(PACK_PART_BYTES) {
                    if !take(part.bytes_total, piece) {
                        break;
                    }
                }
                Ok(())
            }
            Answer::Body(_) => Err(LinkFailure::Unreadable("no part".to_owned())),
        }
    }
}

/// The connection that a device is enrolled over: a calm one.
pub(super) struct CalmConnector<'w>(pub(super) &'w World);

impl Connector for CalmConnector<'_> {
    fn enrol(&self, _: &str, _: Hash32, request: &EnrolRequest) -> Result<EnrolAnswer, LinkFailure> {
        let bytes = body::write(request).map_err(|cause| LinkFailure::Unreadable(cause.to_string()))?;
        let answer = held(&self.0.office).server().enrol(&bytes).map_err(LinkFailure::Refused)?;
        body::read(&answer).map_err(|cause| LinkFailure::Unreadable(cause.to_string()))
    }

    fn connect(&self, _: DeviceIdentity) -> Result<Box<dyn Link>, LinkFailure> {
        Err(LinkFailure::Unreachable("an enrolment needs no more".to_owned()))
    }
}
