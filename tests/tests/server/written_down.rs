//! docs/protocol.md, held: its examples are what the code writes, byte for byte.

use std::fmt::Write;

use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::doc::{self, dossier_write};
use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32, PersonId};
use jiafang_core::domain::place::{ClassId, Leaves, PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::ErrorCode;
use jiafang_core::protocol::apart::{
    ApartAnswer, ApartRequest, Decision, DecisionBody, Fate, Outcome, OwnHead, Verdict,
};
use jiafang_core::protocol::body::cbor;
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::enrol::EnrolRequest;
use jiafang_core::protocol::envelope::{Envelope, EnvelopeBody};
use jiafang_core::protocol::pack::{PACK_VERSION, PackCell, PackHead, PackedGroup, SignedPackHead};
use jiafang_core::protocol::photo::{PhotoFile, PhotoHeard, PhotoOffer, PhotoOffset};
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::protocol::register::{RegisterEntry, RegisterEntryBody, RegisterFact};
use jiafang_core::protocol::repair::{Difference, HeldDocument, RepairAnswer, RepairAsk, RepairRequest};
use jiafang_core::protocol::sync::{Push, Receipt, ReceiptRun, Rights, SyncAnswer, SyncRequest};
use jiafang_core::protocol::wait::{WaitAnswer, WaitRequest};
use jiafang_core::vault::enrolment_code::EnrolmentCode;
use jiafang_core::vault::signing::DeviceSigner;

const DOCUMENT: &str = include_str!("../../../docs/protocol.md");

/// The signing key of all examples: the seed is 32 times 07.
fn signer() -> DeviceSigner {
    DeviceSigner::from_secret(&[7; 32])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The hex digits of all indented or fenced lines, without white space: how long bytes are broken into lines is left
/// to the document.
fn written() -> String {
    DOCUMENT.split_whitespace().collect()
}

fn leaves() -> Leaves {
    Leaves { village: PlaceCode::parse("999999101001"), class: Some(ClassId("9999990001/P2024/1".to_owned())) }
}

fn envelope() -> Envelope {
    let mut document = doc::empty(DocumentKind::Dossier).unwrap();
    let change = doc::commit(&mut document, &[0xAC; 16], Timestamp::from_unix_ms(1_795_490_000_000), |tx| {
        dossier_write::set_field(tx, "household.address", "一组3号")
    });
    Envelope::sign(
        EnvelopeBody {
            document: DocumentId::from_bytes([0xD0; 16]),
            kind: DocumentKind::Dossier,
            leaves: leaves(),
            change: change.unwrap().unwrap().raw_bytes().to_vec(),
            counter: 1,
            previous: Hash32::ZERO,
            certificate: CertificateId::from_bytes([0xCE; 16]),
            register_head: 3,
            cursor_seq: 1,
        },
        &signer(),
    )
}

fn examples() -> Vec<(&'static str, Vec<u8>)> {
    let envelope = envelope();
    let chain = Cursor::link(Hash32::ZERO, envelope.hash());
    let rights = Rights {
        role: Role::ClassTeacher,
        scopes: vec![Scope::parse("place:999999101001").unwrap(), Scope::parse("class:9999990001/P2024/1").unwrap()],
    };
    let person = RegisterEntry::sign(
        RegisterEntryBody {
            seq: 2,
            previous: Hash32([0xEE; 32]),
            at: Timestamp::from_unix_ms(1_795_490_000_000),
            fact: RegisterFact::Person {
                person: PersonId::from_bytes([0xBE; 16]),
                name: "李老师".to_owned(),
                role: rights.role,
                scopes: rights.scopes.clone(),
            },
        },
        &signer(),
    );
    let request = SyncRequest {
        version: 1,
        cursor: Cursor { seq: 1, chain: Hash32([0xC1; 32]) },
        rights: rights.hash(),
        register_head: 3,
        push: Push::pack(std::slice::from_ref(&envelope)).unwrap(),
        photo_offers: vec![PhotoOffer {
            hash: Hash32([0xF0; 32]),
            document: DocumentId::from_bytes([0xD0; 16]),
            file: PhotoFile::Thumbnail,
            bytes_total: 9_000,
        }],
        undelivered_from: 1,
        answer_bytes_max: 524_288,
        photo_mark: 0,
        register_hash: Hash32([0xEE; 32]),
        apart: None,
        packs: None,
    };
    let wait = WaitRequest {
        version: 1,
        cursor: request.cursor,
        rights: request.rights,
        register_head: 3,
        register_hash: request.register_hash,
        photo_news: 0,
    };
    let news = WaitAnswer { news: true, again_after_ms: 0, photo_news: 1_795_490_000_001 };
    let idle = SyncRequest { push: None, photo_offers: vec![], undelivered_from: 0, ..request.clone() };
    let answer = SyncAnswer {
        rewound: false,
        receipts: vec![ReceiptRun { first_counter: 1, count: 1, receipt: Receipt::Stored, first_seq: 2 }],
        register: vec![],
        rights: None,
        envelopes: vec![],
        delivered: vec![(1, 1)],
        photo_offsets: vec![PhotoOffset { hash: Hash32([0xF0; 32]), offset: 8_192, complete: false, head: None }],
        durable_seq: 1,
        cursor: Cursor { seq: 2, chain },
        more: false,
        server_time: Timestamp::from_unix_ms(1_795_490_000_000),
        photos_delivered: vec![],
        photo_mark: 0,
        without_backup: false,
        moves: None,
        apart: None,
        packs: None,
    };
    let pack = SignedPackHead::sign(
        PackHead {
            version: PACK_VERSION,
            cell: PackCell::Village(PlaceCode::parse("999999101001").unwrap()),
            cut: Cursor { seq: 2, chain },
            groups: vec![PackedGroup {
                hash: Hash32([0xF2; 32]),
                bytes: 60_000,
                documents: vec![DocumentId::from_bytes([0xD0; 16]), DocumentId::from_bytes([0xD1; 16])],
            }],
        },
        &signer(),
    );
    vec![
        ("the public key", signer().public_key().0.to_vec()),
        ("the change", envelope.body.change.clone()),
        ("the envelope's body", cbor(&envelope.body)),
        ("its signature", envelope.signature.0.to_vec()),
        ("the envelope's hash", envelope.hash().0.to_vec()),
        ("the chain after it", chain.0.to_vec()),
        ("leaves without a class", cbor(&Leaves { class: None, ..leaves() })),
        ("leaves without a village", cbor(&Leaves { village: None, ..leaves() })),
        ("rights", cbor(&rights)),
        ("their hash", rights.hash().0.to_vec()),
        ("a register entry", cbor(&person)),
        ("an enrolment request", cbor(&EnrolRequest::new([0x70; 16], &signer()))),
        ("a request that pushes", cbor(&request)),
        ("an idle request", cbor(&idle)),
        ("a request to wait", cbor(&wait)),
        ("its answer", cbor(&news)),
        ("an answer", cbor(&answer)),
        ("what waits apart, asked", cbor(&asked_apart())),
        ("what waits apart, told", cbor(&told_apart())),
        ("a pack's head", cbor(&pack)),
        ("a pack's hash", pack.hash().0.to_vec()),
        ("a question for buckets", cbor(&compared(RepairAsk::Buckets { root: Hash32([0x40; 32]), from: 0 }))),
        ("a question for changes", cbor(&compared(RepairAsk::Changes { documents: vec![held_document()] }))),
        ("what differs", cbor(&what_differs())),
        ("the words that answer a photo", photo_words().iter().flat_map(cbor).collect()),
        ("a refusal", cbor(&Refusal { code: RefusalCode::TokenUsed, detail: "the token was used".to_owned() })),
    ]
}

fn compared(ask: RepairAsk) -> RepairRequest {
    RepairRequest { version: 1, cursor: Cursor { seq: 1, chain: Hash32([0xC1; 32]) }, rights: Hash32([0x5C; 32]), ask }
}

fn held_document() -> HeldDocument {
    HeldDocument { document: DocumentId::from_bytes([0xD0; 16]), changes: vec![1, 0x1122_3344_5566_7788] }
}

fn what_differs() -> RepairAnswer {
    RepairAnswer::Changes {
        documents: vec![Difference {
            document: DocumentId::from_bytes([0xD0; 16]),
            leaves: Some(leaves()),
            envelopes: vec![],
            more: false,
            lacking: vec![1],
        }],
    }
}

fn photo_words() -> [PhotoHeard; 3] {
    let refusal = Refusal { code: RefusalCode::HashWrong, detail: "another hash".to_owned() };
    [
        PhotoHeard::Held { offset: 2_048, complete: false, head: None },
        PhotoHeard::Held { offset: 3_000, complete: true, head: Some(17) },
        PhotoHeard::Refused { refusal },
    ]
}

fn asked_apart() -> ApartRequest {
    let body = DecisionBody {
        envelope: Hash32([0xA9; 32]),
        verdict: Verdict::Accept,
        note: String::new(),
        at: Timestamp::from_unix_ms(1_795_490_000_000),
    };
    ApartRequest {
        review: Hash32([0x4E; 32]),
        asks: vec![Hash32([0xA5; 32])],
        decisions: vec![Decision::sign(body, &signer())],
        own_head: Some(OwnHead { counter: 1, hash: Hash32([0x0E; 32]) }),
        twin_known: false,
        given_back: None,
    }
}

fn told_apart() -> ApartAnswer {
    let at = Timestamp::from_unix_ms(1_795_490_000_000);
    let fate = Fate::Refused { by: "王老师".to_owned(), at, note: "重复".to_owned() };
    ApartAnswer {
        review: None,
        outcomes: vec![Outcome { envelope: Hash32([0xA5; 32]), fate }],
        decided: vec![Hash32([0xA9; 32])],
        twin: false,
        taken_back: None,
    }
}

#[test]
fn every_example_of_the_written_protocol_is_what_the_code_writes() {
    for (what, bytes) in examples() {
        println!("{what} ({} bytes): {}", bytes.len(), hex(&bytes));
    }
    let written = written();
    for (what, bytes) in examples() {
        assert!(written.contains(&hex(&bytes)), "docs/protocol.md has other bytes for {what}");
    }
}

#[test]
fn the_enrolment_code_of_the_written_protocol_is_what_the_code_writes() {
    let code = EnrolmentCode::new("127.0.0.1:8443", Hash32([0xF1; 32]), [0x70; 16]).unwrap().to_text();
    assert!(DOCUMENT.contains(&code), "docs/protocol.md lacks: {code}");
}

#[test]
fn every_refusal_of_the_written_protocol_has_its_number_and_its_status() {
    use RefusalCode as R;
    for code in [
        R::Malformed,
        R::VersionNotSpoken,
        R::TokenUnknown,
        R::TokenUsed,
        R::TokenExpired,
        R::CertificateRefused,
        R::NotYours,
        R::TooLarge,
        R::OffsetWrong,
        R::HashWrong,
        R::PhotoUnknown,
        R::Fault,
        R::PackUnknown,
    ] {
        let number = cbor(&code)[0];
        let line = format!("| {number} | `{code:?}` | {} |", code.status());
        assert!(DOCUMENT.contains(&line), "docs/protocol.md lacks: {line}");
        assert_ne!(code.error_code(), ErrorCode::Internal, "people get a sentence");
    }
}
