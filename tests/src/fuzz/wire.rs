//! The words on the wire: envelopes, requests, answers, and the bodies that they travel in.

use jiafang_core::domain::doc::{self, DocumentKind, dossier_write};
use jiafang_core::domain::identifier::{CertificateId, DocumentId, EntryId, Hash32, PersonId};
use jiafang_core::domain::place::{ClassId, Leaves, PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::domain::time::Timestamp;
use jiafang_core::domain::visit::VisitForm;
use jiafang_core::protocol::apart::{
    ApartAnswer, ApartRequest, Decision, DecisionBody, Fate, GivenBack, Outcome, OwnHead, ReviewItem, TakenBack,
    Verdict,
};
use jiafang_core::protocol::body::{self, cbor};
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::enrol::{EnrolAnswer, EnrolRequest};
use jiafang_core::protocol::envelope::{Envelope, EnvelopeBody};
use jiafang_core::protocol::photo::{PhotoFile, PhotoHeard, PhotoOffer, PhotoOffset, PhotoWords};
use jiafang_core::protocol::quarantine::QuarantineReason;
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::protocol::register::{RegisterEntry, RegisterEntryBody, RegisterFact};
use jiafang_core::protocol::repair::{
    self, Difference, DocumentDigest, HeldDocument, RepairAnswer, RepairAsk, RepairRequest,
};
use jiafang_core::protocol::sync::{
    Push, Receipt, ReceiptRun, Rights, ScopeChange, ScopeEvent, SyncAnswer, SyncRequest,
};
use jiafang_core::protocol::wait::{WaitAnswer, WaitRequest};
use jiafang_core::protocol::{ENROL_BYTES_MAX, REQUEST_INFLATED_BYTES_MAX};
use jiafang_core::vault::signing::DeviceSigner;
use minicbor::{Decode, Encode};

pub(super) fn signer() -> DeviceSigner {
    DeviceSigner::from_secret(&[7; 32])
}

const CERTIFICATE: CertificateId = CertificateId::from_bytes([0xCE; 16]);
const DOCUMENT: DocumentId = DocumentId::from_bytes([0xD0; 16]);
pub(super) const AT: Timestamp = Timestamp::from_unix_ms(1_795_490_000_000);

/// What was read encodes to something that reads as the same: the encoding says all there is, and says it in one way.
fn survives_encoding<T>(value: &T)
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + std::fmt::Debug,
{
    let bytes = cbor(value);
    let again: T = minicbor::decode(&bytes).expect("what we encode, we read");
    assert_eq!(&again, value);
    assert_eq!(cbor(&again), bytes, "one encoding");
}

pub(super) fn envelope(bytes: &[u8]) {
    let Ok(envelope) = Envelope::from_bytes(bytes) else { return };
    assert_eq!(envelope.to_bytes(), bytes, "what decodes encodes to the same bytes");
    survives_encoding(&envelope);
    let hash = envelope.hash();
    let _ = envelope.is_signed_by(&signer().public_key());
    if let Ok(Some(push)) = Push::pack(std::slice::from_ref(&envelope)) {
        let certificate = envelope.body.certificate;
        let rebuilt = push.unpack(certificate);
        // The counter after the last one must be a number, too.
        if envelope.body.counter < u64::MAX {
            assert_eq!(rebuilt.expect("it was packed").first().map(Envelope::hash), Some(hash), "the very bytes");
        }
    }
    super::documents::whole_chunk(&envelope.body.change);
}

pub(super) fn sync_request(bytes: &[u8]) {
    let Ok(request) = minicbor::decode::<SyncRequest>(bytes) else { return };
    survives_encoding(&request);
    if let Some(push) = request.push
        && let Ok(envelopes) = push.unpack(CERTIFICATE)
        && let Some(packed) = Push::pack(&envelopes).expect("unpacked envelopes are consecutive")
    {
        assert_eq!(packed.unpack(CERTIFICATE).expect("it was packed"), envelopes);
    }
}

pub(super) fn sync_answer(bytes: &[u8]) {
    let Ok(answer) = minicbor::decode::<SyncAnswer>(bytes) else { return };
    survives_encoding(&answer);
    let key = signer().public_key();
    for entry in &answer.register {
        let _ = entry.follows(0, Hash32::ZERO, &key);
    }
    for envelope in &answer.envelopes {
        assert_eq!(Envelope::from_bytes(&envelope.to_bytes()).as_ref(), Ok(envelope));
    }
}

/// The messages of a few fields: the first byte says which.
pub(super) fn small_messages(bytes: &[u8]) {
    fn reads<T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> Option<T> {
        let value = minicbor::decode(bytes).ok()?;
        survives_encoding(&value);
        Some(value)
    }
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind % 8 {
        0 => drop(reads::<EnrolRequest>(bytes).map(|request| request.is_proven())),
        1 => drop(reads::<EnrolAnswer>(bytes)),
        2 => drop(reads::<Refusal>(bytes)),
        3 => drop(reads::<PhotoOffset>(bytes)),
        7 => photo_words(bytes),
        5 => drop(reads::<WaitRequest>(bytes)),
        6 => drop(reads::<WaitAnswer>(bytes)),
        _ => drop(reads::<RegisterEntry>(bytes).map(|entry| entry.hash())),
    }
}

/// What a server says while a photo comes: the same words, however the line cuts them.
fn photo_words(bytes: &[u8]) {
    let whole = PhotoWords::default().take(bytes);
    if let Ok(words) = &whole {
        words.iter().for_each(survives_encoding);
    }
    let mut heard = PhotoWords::default();
    let cut: Result<Vec<_>, _> = bytes.chunks(3).map(|piece| heard.take(piece)).collect();
    match (whole, cut) {
        (Ok(whole), Ok(cut)) => assert_eq!(cut.concat(), whole),
        // A word without end is given up when it has become long, which may be before all has come.
        (whole, cut) => assert!(whole.is_err() || cut.is_ok() || bytes.len() > 4_096),
    }
}

/// A comparison's request, or its answer: the first byte says which.
pub(super) fn repair(bytes: &[u8]) {
    match bytes.split_first() {
        Some((0, bytes)) => {
            let Ok(request) = minicbor::decode::<RepairRequest>(bytes) else { return };
            survives_encoding(&request);
        }
        Some((_, bytes)) => {
            let Ok(answer) = minicbor::decode::<RepairAnswer>(bytes) else { return };
            survives_encoding(&answer);
            if let RepairAnswer::Documents { documents, .. } = &answer {
                let digests = documents.iter().map(|one| (one.document, one.digest)).collect();
                assert_eq!(repair::bucket_digests(&digests).len(), usize::from(repair::BUCKETS));
            }
        }
        None => {}
    }
}

pub(super) fn repairs() -> Vec<Vec<u8>> {
    let asks = [
        RepairAsk::Buckets { root: Hash32([0x40; 32]), from: 3 },
        RepairAsk::Documents { buckets: vec![0, 7, 255] },
        RepairAsk::Changes { documents: vec![HeldDocument { document: DOCUMENT, changes: vec![1, u64::MAX] }] },
    ];
    let cursor = Cursor { seq: 2, chain: Hash32([0xC1; 32]) };
    let requests = asks.into_iter().map(|ask| {
        let request = RepairRequest { version: 1, cursor, rights: rights().hash(), ask };
        [vec![0], cbor(&request)].concat()
    });
    let answers = [
        RepairAnswer::SyncFirst,
        RepairAnswer::Same,
        RepairAnswer::Buckets { digests: vec![0, 1, u64::MAX] },
        RepairAnswer::Documents { buckets: 2, documents: vec![DocumentDigest { document: DOCUMENT, digest: 7 }] },
        RepairAnswer::Changes {
            documents: vec![Difference {
                document: DOCUMENT,
                leaves: Some(leaves()),
                envelopes: written(),
                more: true,
                lacking: vec![1],
            }],
        },
    ];
    requests.chain(answers.iter().map(|answer| [vec![1], cbor(answer)].concat())).collect()
}

/// Compressed bodies as they come from the line.
pub(super) fn body(bytes: &[u8]) {
    if let Ok(request) = body::read_within::<SyncRequest>(bytes, REQUEST_INFLATED_BYTES_MAX) {
        assert!(cbor(&request).len() <= REQUEST_INFLATED_BYTES_MAX.saturating_mul(9), "no message grows by being read");
    }
    let _ = body::read_within::<EnrolRequest>(bytes, ENROL_BYTES_MAX);
    let _ = body::read::<SyncAnswer>(bytes);
}

fn leaves() -> Leaves {
    Leaves { village: PlaceCode::parse("999999101001"), class: Some(ClassId("9999990001/P2024/1".to_owned())) }
}

/// Consecutive envelopes of one device: an address, a visit, and what is no change.
pub(super) fn written() -> Vec<Envelope> {
    let mut dossier = doc::empty(DocumentKind::Dossier).expect("an empty dossier");
    let address =
        doc::commit(&mut dossier, &[0xAC; 16], AT, |tx| dossier_write::set_field(tx, "household.address", "一组3号"));
    let visit = doc::commit(&mut dossier, &[0xAC; 16], AT, |tx| {
        let form = VisitForm { started_at: Some(AT), at_home: "在家帮奶奶".to_owned(), ..VisitForm::default() };
        dossier_write::add_visit(tx, EntryId::from_bytes([0x77; 16]), &form)
    });
    let mut changes: Vec<Vec<u8>> = [address, visit]
        .into_iter()
        .map(|change| change.expect("a commit").expect("something was written").raw_bytes().to_vec())
        .collect();
    changes.push(b"no change".to_vec());
    let mut envelopes: Vec<Envelope> = Vec::new();
    for (change, counter) in changes.into_iter().zip(1..) {
        let body = EnvelopeBody {
            document: DOCUMENT,
            kind: DocumentKind::Dossier,
            leaves: leaves(),
            change,
            counter,
            previous: envelopes.last().map_or(Hash32::ZERO, Envelope::hash),
            certificate: CERTIFICATE,
            register_head: 3,
            cursor_seq: 1,
        };
        envelopes.push(Envelope::sign(body, &signer()));
    }
    envelopes
}

pub(super) fn envelopes() -> Vec<Vec<u8>> {
    written().iter().map(Envelope::to_bytes).collect()
}

pub(super) fn request() -> SyncRequest {
    SyncRequest {
        version: 1,
        cursor: Cursor::START,
        rights: rights().hash(),
        register_head: 0,
        push: Push::pack(&written()).expect("consecutive envelopes"),
        photo_offers: vec![PhotoOffer {
            hash: Hash32([0xF0; 32]),
            document: DOCUMENT,
            file: PhotoFile::Thumbnail,
            bytes_total: 9_000,
        }],
        undelivered_from: 1,
        answer_bytes_max: 524_288,
        photo_mark: 0,
        register_hash: Hash32::ZERO,
        apart: Some(ApartRequest {
            review: Hash32([0x4E; 32]),
            asks: vec![Hash32([0xA5; 32])],
            decisions: vec![Decision::sign(
                DecisionBody {
                    envelope: Hash32([0xA9; 32]),
                    verdict: Verdict::Refuse,
                    note: "重复".to_owned(),
                    at: AT,
                },
                &signer(),
            )],
            own_head: Some(OwnHead { counter: 3, hash: Hash32([0x0E; 32]) }),
            twin_known: true,
            given_back: Some(GivenBack { register: register(), envelopes: written() }),
        }),
        packs: None,
    }
}

fn rights() -> Rights {
    Rights {
        role: Role::ClassTeacher,
        scopes: vec![
            Scope::parse("place:999999101001").expect("a scope"),
            Scope::parse("class:9999990001/P2024/1").expect("a scope"),
        ],
    }
}

pub(super) fn sync_requests() -> Vec<Vec<u8>> {
    let idle = SyncRequest { push: None, photo_offers: vec![], undelivered_from: 0, ..request() };
    vec![cbor(&request()), cbor(&idle)]
}

fn register() -> Vec<RegisterEntry> {
    let person = PersonId::from_bytes([0xBE; 16]);
    let facts = [
        RegisterFact::County {
            name: "云岭县".to_owned(),
            document: DocumentId::from_bytes([0xC0; 16]),
            certificate: CERTIFICATE,
            public_key: signer().public_key(),
        },
        RegisterFact::Person {
            person, name: "李老师".to_owned(), role: Role::ClassTeacher, scopes: rights().scopes
        },
        RegisterFact::Certificate { certificate: CERTIFICATE, person, public_key: signer().public_key() },
        RegisterFact::Revoked { certificate: CERTIFICATE },
    ];
    let mut entries: Vec<RegisterEntry> = Vec::new();
    for (fact, seq) in facts.into_iter().zip(1..) {
        let previous = entries.last().map_or(Hash32::ZERO, RegisterEntry::hash);
        entries.push(RegisterEntry::sign(RegisterEntryBody { seq, previous, at: AT, fact }, &signer()));
    }
    entries
}

pub(super) fn answer() -> SyncAnswer {
    let run = |first_counter, receipt, first_seq| ReceiptRun { first_counter, count: 1, receipt, first_seq };
    SyncAnswer {
        rewound: false,
        receipts: vec![
            run(1, Receipt::Stored, 2),
            run(2, Receipt::NeedsDependencies, 0),
            run(3, Receipt::Quarantined { reason: QuarantineReason::ChangeUnreadable }, 0),
        ],
        register: register(),
        rights: Some(rights()),
        envelopes: written(),
        delivered: vec![(1, 1)],
        photo_offsets: vec![PhotoOffset { hash: Hash32([0xF0; 32]), offset: 8_192, complete: false, head: None }],
        durable_seq: 1,
        cursor: Cursor { seq: 2, chain: Hash32([0xC1; 32]) },
        more: false,
        server_time: AT,
        photos_delivered: vec![Hash32([0xF0; 32])],
        photo_mark: 1,
        without_backup: false,
        moves: Some(vec![
            ScopeEvent { document: DOCUMENT, change: ScopeChange::Here { leaves: leaves() } },
            ScopeEvent { document: DocumentId::from_bytes([0xD1; 16]), change: ScopeChange::Left { seq: 2 } },
        ]),
        apart: Some(ApartAnswer {
            review: Some(vec![ReviewItem {
                envelope: Hash32([0xA9; 32]),
                certificate: CERTIFICATE,
                counter: 4,
                document: DOCUMENT,
                leaves: leaves(),
                reason: QuarantineReason::Late,
                since: AT,
                acceptable: true,
                change: written().first().map(|envelope| envelope.body.change.clone()).unwrap_or_default(),
            }]),
            outcomes: vec![
                Outcome { envelope: Hash32([0xA5; 32]), fate: Fate::Unknown },
                Outcome {
                    envelope: Hash32([0xA6; 32]),
                    fate: Fate::Refused { by: "王老师".to_owned(), at: AT, note: String::new() },
                },
                Outcome { envelope: Hash32([0xA7; 32]), fate: Fate::Accepted { seq: 7 } },
            ],
            decided: vec![Hash32([0xA9; 32])],
            twin: false,
            taken_back: Some(TakenBack { register: vec![Hash32([0xEE; 32])], envelopes: vec![Hash32([0xA5; 32])] }),
        }),
        packs: None,
    }
}

pub(super) fn sync_answers() -> Vec<Vec<u8>> {
    let rewound = SyncAnswer { rewound: true, receipts: vec![], register: vec![], envelopes: vec![], ..answer() };
    vec![cbor(&answer()), cbor(&rewound)]
}

fn waiting() -> WaitRequest {
    WaitRequest {
        version: 1,
        cursor: Cursor { seq: 7, chain: Hash32([0xC1; 32]) },
        rights: rights().hash(),
        register_head: 3,
        register_hash: Hash32([0xEE; 32]),
        photo_news: 7,
    }
}

fn photo_words_said() -> [PhotoHeard; 2] {
    let refusal = Refusal { code: RefusalCode::HashWrong, detail: "another hash".to_owned() };
    [PhotoHeard::Held { offset: 3_000, complete: true, head: Some(17) }, PhotoHeard::Refused { refusal }]
}

pub(super) fn all_small_messages() -> Vec<Vec<u8>> {
    let enrolled = EnrolAnswer {
        certificate: CERTIFICATE,
        certificate_der: vec![0x30, 0x03, 0x02, 0x01, 0x01],
        person: PersonId::from_bytes([0xBE; 16]),
        person_name: "李老师".to_owned(),
        role: Role::ClassTeacher,
        scopes: rights().scopes,
        county_name: "云岭县".to_owned(),
        county_key: signer().public_key(),
        recovery_public_key: [0x33; 32],
        server_time: AT,
    };
    let mut messages = vec![
        (0, cbor(&EnrolRequest::new([0x70; 16], &signer()))),
        (1, cbor(&enrolled)),
        (2, cbor(&Refusal { code: RefusalCode::TokenUsed, detail: "the token was used".to_owned() })),
        (3, cbor(&PhotoOffset { hash: Hash32([0xF0; 32]), offset: 8_192, complete: false, head: None })),
        (5, cbor(&waiting())),
        (6, cbor(&WaitAnswer { news: true, again_after_ms: 0, photo_news: 7 })),
        (7, photo_words_said().iter().flat_map(cbor).collect()),
    ];
    messages.extend(register().iter().map(|entry| (4, cbor(entry))));
    messages.into_iter().map(|(kind, bytes)| [vec![kind], bytes].concat()).collect()
}

pub(super) fn bodies() -> Vec<Vec<u8>> {
    let compressed = |bytes: &[u8]| zstd::bulk::compress(bytes, 9).expect("compression");
    vec![
        body::write(&request()).expect("compression"),
        body::write(&answer()).expect("compression"),
        body::write(&EnrolRequest::new([0x70; 16], &signer())).expect("compression"),
        // Bombs: a gigabyte of zeroes is 32 KB; eight megabytes of empty arrays are as many values.
        compressed(&vec![0; 64 << 20]),
        compressed(&nested()),
        compressed(&empty_changes(REQUEST_INFLATED_BYTES_MAX / 2)),
    ]
}

/// Arrays in arrays, as deep as a request may be long.
fn nested() -> Vec<u8> {
    vec![0x81; REQUEST_INFLATED_BYTES_MAX / 2]
}

/// A request whose push claims so many changes of no bytes: each takes one byte on the wire.
pub(super) fn empty_changes(count: usize) -> Vec<u8> {
    let idle = cbor(&SyncRequest { push: None, ..request() });
    let rights_hash = cbor(&rights().hash());
    let after_rights = idle.windows(rights_hash.len()).position(|at| at == rights_hash).expect("the rights") + 34;
    // Version, cursor, rights and register head stand before the push, which is null in an idle request.
    let (head, tail) = (&idle[..=after_rights], &idle[after_rights + 2..]);
    let mut bytes = [head, &[0x86, 0x01, 0x58, 0x20], &[0; 32], &[0x80, 0x80, 0x9A]].concat();
    bytes.extend(u32::try_from(count).expect("a count of 32 bits").to_be_bytes());
    bytes.extend(std::iter::repeat_n(0x40, count));
    bytes.extend([0x80]);
    bytes.extend(tail);
    bytes
}
