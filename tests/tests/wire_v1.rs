//! The bytes of version 1, kept: today's code reads them and says the same.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use std::fmt::Debug;
use std::path::Path;

use jiafang_core::domain::doc::{self, DocumentKind, dossier_read};
use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32, PersonId};
use jiafang_core::domain::place::Leaves;
use jiafang_core::domain::role::Role;
use jiafang_core::domain::time::Timestamp;
use jiafang_core::protocol::body;
use jiafang_core::protocol::enrol::{EnrolAnswer, EnrolRequest};
use jiafang_core::protocol::envelope::{Envelope, EnvelopeBody};
use jiafang_core::protocol::photo::{PhotoFile, PhotoHeard, PhotoOffset, PhotoWords};
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::protocol::register::{RegisterEntry, RegisterFact};
use jiafang_core::protocol::repair::{RepairAnswer, RepairAsk, RepairRequest};
use jiafang_core::protocol::sync::{Receipt, Rights, SyncAnswer, SyncRequest};
use jiafang_core::vault::signing::DeviceSigner;

const SPOKEN_AT: Timestamp = Timestamp::from_unix_ms(1_795_490_000_000);

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/wire/v1").join(name)).unwrap()
}

/// Reads what stands in a file and holds that it is written as the same bytes.
fn example<T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()> + Debug>(name: &str) -> T {
    let bytes = bytes(name);
    let read: T = minicbor::decode(&bytes).unwrap_or_else(|cause| panic!("{name}: {cause}"));
    assert_eq!(body::cbor(&read), bytes, "{name} is written as it was: {read:?}");
    read
}

fn exchanged<T: for<'b> minicbor::Decode<'b, ()>>(name: &str) -> T {
    body::read(&bytes(name)).unwrap_or_else(|cause| panic!("{name}: {cause}"))
}

#[test]
fn an_envelope_of_version_1_has_its_hash_and_its_signature() {
    let envelope: Envelope = example("envelope.cbor");
    let signed: EnvelopeBody = example("envelope_body.cbor");
    assert_eq!(envelope.body, signed);
    assert_eq!(envelope.hash().to_string(), "30da51904db12acef788b197e7a01593d35c67116310f16d192850486f829744");
    assert!(envelope.is_signed_by(&DeviceSigner::from_secret(&[7; 32]).public_key()));
    assert_eq!((signed.counter, signed.register_head, signed.cursor_seq), (1, 3, 1));
    assert_eq!((signed.document, signed.kind), (DocumentId::from_bytes([0xD0; 16]), DocumentKind::Dossier));
    let without_class: Leaves = example("leaves_without_class.cbor");
    let without_village: Leaves = example("leaves_without_village.cbor");
    assert_eq!((&without_class.village, &without_village.class), (&signed.leaves.village, &signed.leaves.class));
    assert!(without_class.class.is_none() && without_village.village.is_none());
}

#[test]
fn a_request_and_an_answer_of_version_1_say_what_they_said() {
    let request: SyncRequest = example("sync_request.cbor");
    assert_eq!((request.version, request.cursor.seq, request.register_head), (1, 1, 3));
    assert_eq!((request.undelivered_from, request.answer_bytes_max, request.photo_mark), (1, 524_288, 0));
    assert_eq!((request.photo_offers[0].file, request.photo_offers[0].bytes_total), (PhotoFile::Thumbnail, 9_000));
    let envelopes = request.push.unwrap().unpack(CertificateId::from_bytes([0xCE; 16])).unwrap();
    assert_eq!(body::cbor(&envelopes[0]), bytes("envelope.cbor"), "rebuilt, it has the bytes that were signed");
    let idle: SyncRequest = example("sync_request_idle.cbor");
    assert!(idle.push.is_none() && idle.photo_offers.is_empty());
    let rights: Rights = example("rights.cbor");
    assert_eq!((rights.role, rights.scopes.len()), (Role::ClassTeacher, 2));
    assert_eq!(rights.hash(), idle.rights);

    let answer: SyncAnswer = example("sync_answer.cbor");
    let run = &answer.receipts[0];
    assert_eq!((run.first_counter, run.count, &run.receipt, run.first_seq), (1, 1, &Receipt::Stored, 2));
    assert_eq!((answer.delivered.as_slice(), answer.durable_seq, answer.cursor.seq), ([(1, 1)].as_slice(), 1, 2));
    assert_eq!((answer.rewound, answer.more, answer.server_time), (false, false, SPOKEN_AT));
    assert_eq!(answer.photo_offsets[0].offset, 8_192);
}

#[test]
fn enrolment_register_photos_and_refusals_of_version_1_say_what_they_said() {
    let request: EnrolRequest = example("enrol_request.cbor");
    assert!(request.is_proven());
    let answer: EnrolAnswer = example("enrol_answer.cbor");
    assert_eq!(
        (answer.person_name.as_str(), answer.role, answer.server_time),
        ("李老师", Role::ClassTeacher, SPOKEN_AT)
    );
    assert_eq!((answer.county_name.as_str(), answer.person), ("青石县", PersonId::from_bytes([0xBE; 16])));
    let entry: RegisterEntry = example("register_person.cbor");
    assert!(entry.follows(1, Hash32([0xEE; 32]), &DeviceSigner::from_secret(&[7; 32]).public_key()));
    assert!(matches!(&entry.body.fact, RegisterFact::Person { name, .. } if name == "李老师"));
    let half: PhotoOffset = example("photo_offset.cbor");
    let whole: PhotoOffset = example("photo_offset_complete.cbor");
    assert_eq!((half.offset, half.complete, whole.offset, whole.complete), (8_192, false, 9_000, true));
    let words = PhotoWords::default().take(&bytes("photo_words.cbor")).unwrap();
    assert_eq!(words[1], PhotoHeard::Held { offset: 3_000, complete: true, head: Some(17) });
    assert_eq!(words.iter().flat_map(body::cbor).collect::<Vec<u8>>(), bytes("photo_words.cbor"));
    let refusal: Refusal = example("refusal.cbor");
    assert_eq!(refusal.code, RefusalCode::TokenUsed);
}

#[test]
fn a_comparison_of_version_1_says_what_it_said() {
    let buckets: RepairRequest = example("repair_buckets.cbor");
    assert_eq!(buckets.ask, RepairAsk::Buckets { root: Hash32([0x40; 32]), from: 0 });
    assert_eq!((buckets.version, buckets.cursor.seq, buckets.rights), (1, 1, Hash32([0x5C; 32])));
    let changes: RepairRequest = example("repair_changes.cbor");
    let RepairAsk::Changes { documents } = changes.ask else { panic!("it asked for changes") };
    assert_eq!(
        (documents[0].document, documents[0].changes[1]),
        (DocumentId::from_bytes([0xD0; 16]), 0x1122_3344_5566_7788)
    );
    let answer: RepairAnswer = example("repair_answer.cbor");
    let RepairAnswer::Changes { documents } = answer else { panic!("it told of changes") };
    assert!(documents[0].leaves.is_some() && documents[0].envelopes.is_empty() && !documents[0].more);
    assert_eq!(documents[0].lacking, [1]);
}

#[test]
fn what_a_tablet_and_a_server_of_version_1_exchanged_is_a_visit_in_a_dossier_today() {
    let asked: SyncRequest = exchanged("recorded_first_request.body");
    assert_eq!((asked.version, asked.cursor.seq), (1, 0));
    let told: SyncAnswer = exchanged("recorded_first_answer.body");
    let mut keys = std::collections::BTreeMap::new();
    let (mut seq, mut hash) = (0, Hash32::ZERO);
    for entry in &told.register {
        if let RegisterFact::County { public_key, certificate, .. } = &entry.body.fact {
            keys.insert(*certificate, *public_key);
        }
        if let RegisterFact::Certificate { certificate, public_key, .. } = &entry.body.fact {
            keys.insert(*certificate, *public_key);
        }
        assert_eq!((entry.body.seq, entry.body.previous), (seq + 1, hash), "the register follows");
        (seq, hash) = (entry.body.seq, entry.hash());
    }
    assert!(seq >= 5, "county, two people, two certificates");

    let pushed: SyncRequest = exchanged("recorded_push_request.body");
    let certificate = CertificateId::from_bytes(bytes("recorded_push_certificate.bin").try_into().unwrap());
    let pushed = pushed.push.unwrap().unpack(certificate).unwrap();
    let answer: SyncAnswer = exchanged("recorded_push_answer.body");
    let stored: u64 =
        answer.receipts.iter().map(|run| if run.receipt == Receipt::Stored { run.count } else { 0 }).sum();
    assert_eq!(stored, 2);

    // The coordinator registered the child, the teacher wrote on it.
    let dossier = pushed[0].body.document;
    let mut document = doc::empty(DocumentKind::Dossier).unwrap();
    for envelope in told.envelopes.iter().chain(&pushed).filter(|envelope| envelope.body.document == dossier) {
        assert!(envelope.is_signed_by(&keys[&envelope.body.certificate]), "signed by whom the register names");
        document.apply_changes([doc::read_change(&envelope.body.change).unwrap()]).unwrap();
    }
    let view = dossier_read::read(&document).unwrap();
    let phone = format!("guardians.{}.phone", view.guardians.first().unwrap());
    assert_eq!((view.value("profile.name"), view.value(&phone)), ("王小明", "19900002002"));
    let visits: Vec<&str> = view.visits.values().map(|visit| visit.form.at_home.as_str()).collect();
    assert_eq!((visits.as_slice(), view.photos.len()), (["奶奶说孩子这周一直在家"].as_slice(), 1));
}
