//! The server's intake: a request of an enrolled device, with whatever in it. The device signs what it sends, as
//! somebody with a tablet and bad intent can.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use jiafang_core::domain::identifier::{CertificateId, Hash32};
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_core::protocol::VERSION;
use jiafang_core::protocol::body::cbor;
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::enrol::EnrolRequest;
use jiafang_core::protocol::envelope::Envelope;
use jiafang_core::protocol::refusal::RefusalCode;
use jiafang_core::protocol::sync::{Push, Receipt, SyncAnswer, SyncRequest};
use jiafang_core::vault::enrolment_code::EnrolmentCode;
use jiafang_core::vault::recovery_key::RecoveryKeyPair;
use jiafang_core::vault::signing::DeviceSigner;
use jiafang_sync_server::identity::Identity;
use jiafang_sync_server::invite::{Invite, invite};
use jiafang_sync_server::packs::Packs;
use jiafang_sync_server::photo::PhotoFolder;
use jiafang_sync_server::setup::{self, Setup};
use jiafang_sync_server::store::{Store, log, register};
use jiafang_sync_server::{county_ledger, enrol, exchange};
use tempfile::TempDir;

use super::documents::with_checksum;
use super::wire;
use crate::fiction::{Fiction, Size};
use crate::kit::field_clock::{FieldClock, environment};
use crate::memory_folder::folder_in_memory;

/// A county with one enrolled teacher, to be copied for each input.
struct County {
    folder: TempDir,
    certificate: CertificateId,
    key: DeviceSigner,
}

fn county() -> &'static County {
    static COUNTY: OnceLock<County> = OnceLock::new();
    COUNTY.get_or_init(|| {
        let folder = folder_in_memory();
        let environment = environment(&FieldClock::new(), 1);
        let places = Fiction::new(1).county(Size::Township);
        let recovery = RecoveryKeyPair::generate(&environment);
        let identity = Identity::create("127.0.0.1", &environment).expect("keys");
        let setup =
            Setup { county: &places, address: "127.0.0.1:8443", recovery: &recovery.public, without_backup: false };
        let store = setup::create(folder.path(), &setup, &identity, &environment).expect("a county");
        let whom = Invite {
            name: "李老师".to_owned(),
            role: Role::ClassTeacher,
            scopes: vec![Scope::parse("place:999999101001").expect("a scope")],
            person: None,
            valid_days: 14,
        };
        let code: EnrolmentCode = invite(&store, &identity, &whom, &environment).expect("an invitation");
        let request = EnrolRequest::new(*code.token(), &wire::signer());
        let answer = enrol::enrol(&store, &identity, &request, &environment).expect("a certificate");
        County { folder, certificate: answer.certificate, key: identity.county }
    })
}

/// How an input is brought near to what an honest device sends, by bits of its undelivered number: bit 1 leaves the
/// counters as they are, bit 2 the changes' checksums, bit 3 the signatures, bit 4 cursor and register.
fn made_plausible(mut request: SyncRequest, certificate: CertificateId, signer: &DeviceSigner) -> Option<SyncRequest> {
    let leaves_as_is = |bit: u64| request.undelivered_from & (1 << bit) != 0;
    let (counters, checksums) = (leaves_as_is(1), leaves_as_is(2));
    let (signatures, standing) = (leaves_as_is(3), leaves_as_is(4));
    if !standing {
        request.version = VERSION;
        request.cursor = Cursor::START;
        (request.register_head, request.register_hash) = (0, Hash32::ZERO);
    }
    let Some(push) = request.push.take() else { return Some(request) };
    let mut envelopes = push.unpack(certificate).ok()?;
    let mut previous = Hash32::ZERO;
    for (envelope, counter) in envelopes.iter_mut().zip(1..) {
        if !counters {
            envelope.body.counter = counter;
            envelope.body.previous = previous;
        }
        if !checksums {
            envelope.body.change = with_checksum(&envelope.body.change);
        }
        if !signatures {
            *envelope = Envelope::sign(envelope.body.clone(), signer);
        }
        previous = envelope.hash();
    }
    request.push = Push::pack(&envelopes).ok()?;
    Some(request)
}

fn copied(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("the county's folder") {
        let entry = entry.expect("a file");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&target).expect("a folder");
            copied(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file");
        }
    }
}

/// Chain of the whole log, computed anew.
fn log_holds(store: &Store) -> u64 {
    store
        .read(|connection| {
            let head = log::head(connection)?;
            let mut chain = Hash32::ZERO;
            let (mut seq, mut seen) = (0, 0);
            while seq < head.seq {
                seq += 1;
                seen += u64::from(log::chain_at(connection, seq)?.is_some());
                chain = log::chain_at(connection, seq)?.unwrap_or(Hash32::ZERO);
            }
            assert_eq!((seen, chain), (head.seq, head.chain), "a log without gaps");
            Ok(head.seq)
        })
        .expect("the log")
}

pub(super) fn push(bytes: &[u8]) {
    let Ok(request) = minicbor::decode::<SyncRequest>(bytes) else { return };
    let county = county();
    let signer = wire::signer();
    let Some(request) = made_plausible(request, county.certificate, &signer) else { return };
    let folder = folder_in_memory();
    copied(county.folder.path(), folder.path());
    let store = Store::open(folder.path()).expect("the store");
    let photos = PhotoFolder::open(folder.path()).expect("the photos");
    let device = store.read(|connection| register::device(connection, county.certificate)).expect("the register");
    let device = device.expect("the teacher's device");
    let environment = environment(&FieldClock::new(), 1);
    let now = environment.now();
    let identity = Arc::new(Identity::read(county.folder.path()).expect("the county's keys"));
    let packs = Packs::open(folder.path(), identity, environment).expect("the packs");
    let before = log_holds(&store);
    let pushed: u64 = request.push.as_ref().map_or(0, |push| push.frames.len() as u64);
    let answer = match exchange::answer(&store, &photos, &packs, &county.key, &device, request.clone(), now) {
        Ok(answer) => answer,
        Err(refusal) => {
            assert_ne!(refusal.code, RefusalCode::Fault, "hostile bytes are no fault of the server's: {refusal:?}");
            assert_eq!(log_holds(&store), before, "a refusal takes nothing in");
            return;
        }
    };
    let read_back: SyncAnswer = minicbor::decode(&cbor(&answer)).expect("the device reads the answer");
    assert_eq!(read_back, answer);
    if answer.rewound {
        assert_eq!(log_holds(&store), before, "nothing is taken in from a device of another history");
        return;
    }
    assert_eq!(answer.receipts.iter().map(|run| run.count).sum::<u64>(), pushed, "a receipt for each envelope");
    let stored = |answer: &SyncAnswer| {
        answer.receipts.iter().filter(|run| run.receipt == Receipt::Stored).map(|run| run.count).sum::<u64>()
    };
    let after = log_holds(&store);
    let taken_back = answer.apart.as_ref().and_then(|apart| apart.taken_back.as_ref());
    let given = taken_back.map_or(0, |taken| taken.envelopes.len() as u64);
    let told = before + stored(&answer);
    assert!((told..=told + given).contains(&after), "what is said to be stored is in the log, and nothing unsaid");
    // Sending something twice does nothing twice.
    let again = exchange::answer(&store, &photos, &packs, &county.key, &device, request, now)
        .expect("what was taken once is taken again");
    assert_eq!(stored(&again), 0);
    assert_eq!(log_holds(&store), after);
    county_ledger::fold(&store).expect("the server's own ledger");
}

pub(super) fn pushes() -> Vec<Vec<u8>> {
    let mut requests: Vec<SyncRequest> = Vec::new();
    for undelivered_from in [0, 0b0_0010, 0b0_1000, 0b1_0000] {
        requests.push(SyncRequest { undelivered_from, ..wire::request() });
    }
    requests.iter().map(cbor).collect()
}
