//! A tablet's taking in of the server's answer: envelopes of colleagues with whatever in them, signed as somebody with
//! an enrolled device and bad intent can; and answers of a server that has gone mad.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use jiafang_core::app::device::Device;
use jiafang_core::app::synchronise::{build_request, take_in};
use jiafang_core::domain::doc::{self, DocumentKind};
use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32};
use jiafang_core::domain::place::{PlaceCode, Scope};
use jiafang_core::protocol::body::cbor;
use jiafang_core::protocol::envelope::Envelope;
use jiafang_core::protocol::register::{RegisterEntry, RegisterFact};
use jiafang_core::protocol::sync::{SyncAnswer, SyncRequest};
use jiafang_core::store::Durability;
use jiafang_core::store::device::Standing;
use jiafang_core::vault::key_file::KeyFile;
use jiafang_core::vault::pin_key::Argon2Cost;
use jiafang_core::vault::sealing::DataKey;
use jiafang_core::vault::signing::DeviceSigner;
use jiafang_sync_server::identity::Identity;
use jiafang_sync_server::store::register;

use super::documents::with_checksum;
use super::wire;
use crate::kit::Township;
use crate::kit::field_clock::{FieldClock, environment};
use crate::kit::person::PIN;
use crate::memory_folder::folder_in_memory;

/// A teacher's tablet with a child, a visit that waits, and a colleague's device in its register; to be copied for each
/// input.
pub(super) struct Tablet {
    pub(super) folder: tempfile::TempDir,
    pub(super) key: DataKey,
    pub(super) colleague: CertificateId,
    pub(super) village: PlaceCode,
    child: DocumentId,
    pub(super) county: DeviceSigner,
}

pub(super) fn tablet() -> &'static Tablet {
    static TABLET: OnceLock<Tablet> = OnceLock::new();
    TABLET.get_or_init(|| {
        let mut township = Township::new(1);
        let village = township.village(0);
        let teacher = township.teacher("李老师", Scope::Place(village.clone()));
        let identity = Identity::read(&township.data()).expect("keys");
        let colleague = CertificateId::from_bytes([0xCE; 16]);
        let store = township.store();
        let person = store.read(register::people).expect("people").first().expect("a teacher").id;
        let fact =
            RegisterFact::Certificate { certificate: colleague, person, public_key: wire::signer().public_key() };
        store
            .transact(|tx| register::write(tx, fact, &identity.county, environment(&FieldClock::new(), 1).now()))
            .expect("a register entry");
        let child = teacher.registers("石小雨", "2016-05-04", &village, "19900001001");
        teacher.syncs();
        teacher.goes_offline();
        teacher.records_visit(child, &[], |form| form.at_home = "在家帮奶奶".to_owned());
        let folder = folder_in_memory();
        copied(&teacher.folder, folder.path());
        let keys = KeyFile::in_folder(folder.path()).with_cost(Argon2Cost::for_tests());
        let key = keys.unlock(PIN, &environment(&FieldClock::new(), 1)).expect("the PIN");
        Tablet { folder, key, colleague, village, child, county: identity.county }
    })
}

pub(super) fn copied(from: &Path, to: &Path) {
    crate::kit::township::copy_folder(from, to);
}

/// Brings an answer near to what the server sends, by bits of its photo mark: bit 1 leaves the envelopes as they are,
/// bit 2 the register, bit 3 the receipts.
fn made_plausible(mut answer: SyncAnswer, tablet: &Tablet, request: &SyncRequest, standing: &Standing) -> SyncAnswer {
    if answer.photo_mark & 0b10 == 0 {
        for envelope in &mut answer.envelopes {
            envelope.body.certificate = tablet.colleague;
            envelope.body.change = with_checksum(&envelope.body.change);
            if envelope.body.document.as_bytes()[0] % 2 == 1 {
                envelope.body.document = tablet.child;
            }
            *envelope = Envelope::sign(envelope.body.clone(), &wire::signer());
        }
        // What cannot be read at all, the server keeps apart.
        answer.envelopes.retain(|envelope| doc::read_change(&envelope.body.change).is_ok());
    }
    if answer.photo_mark & 0b1000 == 0 {
        let offered = request.push.as_ref().map_or(1, |push| push.first_counter);
        for run in &mut answer.receipts {
            (run.first_counter, run.count) = (offered, 1);
        }
    }
    if answer.photo_mark & 0b100 == 0 {
        let (mut seq, mut previous) = (standing.register_head, standing.register_hash);
        for entry in &mut answer.register {
            seq += 1;
            entry.body.seq = seq;
            entry.body.previous = previous;
            *entry = RegisterEntry::sign(entry.body.clone(), &tablet.county);
            previous = entry.hash();
        }
    }
    answer
}

/// All that a screen could show: standing, what waits, each dossier's heads and row.
pub(super) type Seen = (Standing, (u32, u32), BTreeMap<DocumentId, (Vec<Hash32>, String)>);

pub(super) fn seen(device: &Device) -> Seen {
    let reading = device.store.reading();
    let mut documents = BTreeMap::new();
    for id in reading.document_ids(DocumentKind::Dossier).expect("dossiers") {
        let document = reading.document(id).expect("a dossier that was taken in opens");
        documents.insert(id, (doc::heads(&document), format!("{:?}", reading.ledger_row(id).expect("a row"))));
    }
    (reading.standing().expect("a standing"), reading.outbox_counts().expect("an outbox"), documents)
}

pub(super) fn answer(bytes: &[u8]) {
    let Ok(answer) = minicbor::decode::<SyncAnswer>(bytes) else { return };
    let tablet = tablet();
    let folder = folder_in_memory();
    copied(tablet.folder.path(), folder.path());
    let environment = environment(&FieldClock::new(), 1);
    let mut device = Device::open(folder.path(), &tablet.key, &environment, Durability::ForFixtures).expect("a tablet");
    let before = seen(&device);
    let request: SyncRequest = build_request(&device).expect("a request");
    let answer = made_plausible(answer, tablet, &request, &before.0);
    match take_in(&mut device, &request, answer) {
        Err(_) => assert_eq!(seen(&device), before, "an answer that is refused changes nothing"),
        Ok(_) => {
            // The tablet goes on: it opens every dossier that is not marked as damaged, and asks again.
            seen(&device);
            drop(build_request(&device).expect("the next request"));
        }
    }
    drop(device);
    let opened = Device::open(folder.path(), &tablet.key, &environment, Durability::ForFixtures);
    seen(&opened.expect("the app starts again"));
}

pub(super) fn answers() -> Vec<Vec<u8>> {
    let mut answers: Vec<SyncAnswer> = Vec::new();
    for photo_mark in [0, 0b10, 0b100, 0b1000] {
        answers.push(SyncAnswer { photo_mark, ..wire::answer() });
    }
    // A new device of a colleague, and a change to the child that the tablet holds.
    let mut on_the_child = wire::answer();
    on_the_child.register.truncate(1);
    for envelope in &mut on_the_child.envelopes {
        envelope.body.document = DocumentId::from_bytes([0xD1; 16]);
    }
    answers.push(SyncAnswer { rights: None, register: vec![], photo_mark: 0, ..on_the_child.clone() });
    answers.push(SyncAnswer { photo_mark: 0, ..on_the_child });
    answers.iter().map(cbor).collect()
}
