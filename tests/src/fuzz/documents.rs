//! Changes as they lie in envelopes. A change carries a checksum: it is made right again, so that what is behind is
//! reached, as somebody who means harm would.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::OnceLock;

use automerge::Automerge;
use jiafang_core::domain::doc::{
    self, CHANGE_BYTES_MAX, DocumentKind, county, dossier_read, dossier_write, place, restricted,
};
use jiafang_core::domain::identifier::{EntryId, Hash32};
use jiafang_core::domain::ledger;
use jiafang_core::domain::place::Leaves;
use jiafang_core::domain::time::{Day, Timestamp};
use jiafang_core::domain::village_work::{VillageForm, VillageWhat, VillageWork};
use jiafang_core::domain::visit::VisitForm;

const MAGIC: [u8; 4] = [0x85, 0x6F, 0x4A, 0x83];

/// A change's body in a sound chunk: type 1, or for an odd first byte type 2, deflated.
fn chunk_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let (first, body) = bytes.split_first()?;
    let data = if first % 2 == 1 {
        let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        deflate.write_all(body).ok()?;
        deflate.finish().ok()?
    } else {
        body.to_vec()
    };
    let sum = Hash32::of(&[&[1], unsigned(body.len()).as_slice(), body].concat());
    Some([&MAGIC, &sum.0[..4], &[1 + first % 2], unsigned(data.len()).as_slice(), &data].concat())
}

fn unsigned(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7F).unwrap_or(0);
        number >>= 7;
        bytes.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            return bytes;
        }
    }
}

/// The same change with its checksum made right, where the bytes are long enough to have one.
pub(super) fn with_checksum(chunk: &[u8]) -> Vec<u8> {
    let mut chunk = chunk.to_vec();
    if chunk.len() > 8 {
        let sum = Hash32::of(&chunk[8..]);
        chunk[4..8].copy_from_slice(&sum.0[..4]);
    }
    chunk
}

/// The body of a change, after a byte that says how it is packed.
pub(super) fn change(bytes: &[u8]) {
    if let Some(chunk) = chunk_of(bytes) {
        whole_chunk(&chunk);
    }
}

/// A chunk as an envelope carries it: read, applied to documents of every kind and to such as lack what it builds on, and what
/// comes of it read and folded.
pub(super) fn whole_chunk(chunk: &[u8]) {
    let Ok(change) = doc::read_change(chunk) else { return };
    assert!(chunk.len() <= CHANGE_BYTES_MAX * 2, "measured");
    for (kind, document) in documents() {
        let mut applied = document.clone();
        if doc::apply(&mut applied, vec![change.clone()]).is_err() {
            // It is thrown away and loaded again from what was good.
            continue;
        }
        read(*kind, &applied);
        let before = doc::heads(&applied);
        // Twice is once.
        if doc::apply(&mut applied, vec![change.clone()]).is_ok() {
            assert_eq!(doc::heads(&applied), before);
        }
    }
}

/// Reads what a change has made of a document, as its screens do.
fn read(kind: DocumentKind, document: &Automerge) {
    match kind {
        DocumentKind::Dossier => {
            if let Ok(dossier) = dossier_read::read(document) {
                let _ = ledger::fold(&dossier, &Leaves::default(), &|_| None);
            }
        }
        DocumentKind::Place => {
            let _ = place::read(document).map(VillageWork::of);
        }
        DocumentKind::Restricted => drop(restricted::read(document)),
        DocumentKind::County => {
            let _ = county::read(document);
            let _ = county::contested(document);
        }
    }
}

/// A dossier with an address and a visit, a village with its way, and one of each kind that lacks what a change builds on.
fn documents() -> &'static [(DocumentKind, Automerge)] {
    static DOCUMENTS: OnceLock<Vec<(DocumentKind, Automerge)>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| {
        use DocumentKind as K;
        let kinds = [K::Dossier, K::Restricted, K::County, K::Place];
        let empty = kinds.into_iter().map(|kind| (kind, doc::empty(kind).expect("an empty document")));
        [(K::Dossier, made().0), (K::Place, village().0)].into_iter().chain(empty).collect()
    })
}

fn village() -> (Automerge, Vec<Vec<u8>>) {
    let mut village = doc::empty(DocumentKind::Place).expect("an empty document");
    let form = VillageForm {
        what: VillageWhat::Road,
        on: Day::parse("2026-11-24").expect("a day"),
        walk_minutes: Some(95),
        distance_m: Some(7_500),
        item: String::new(),
        done: false,
        note: "雨天过不了河".to_owned(),
    };
    let (first, second) = (EntryId::from_bytes([5; 16]), EntryId::from_bytes([6; 16]));
    let bodies = [(first, BTreeSet::new()), (second, BTreeSet::from([first]))].into_iter().map(|(entry, seen)| {
        let change = doc::commit(&mut village, &[0xAD; 16], at(), |tx| place::add(tx, entry, &form, &seen));
        body_of(change.expect("a commit").expect("a change").raw_bytes())
    });
    let bodies = bodies.collect();
    (village, bodies)
}

fn at() -> Timestamp {
    Timestamp::from_unix_ms(1_795_490_000_000)
}

/// What lies behind a chunk's head.
fn body_of(chunk: &[u8]) -> Vec<u8> {
    let length_bytes = chunk[9..].iter().take_while(|byte| **byte >= 0x80).count() + 1;
    chunk[9 + length_bytes..].to_vec()
}

fn made() -> (Automerge, Vec<Vec<u8>>) {
    let mut dossier = doc::empty(DocumentKind::Dossier).expect("an empty dossier");
    let mut bodies = Vec::new();
    let mut write = |work: &dyn Fn(&mut automerge::transaction::Transaction<'_>) -> jiafang_core::error::Result<()>| {
        let change = doc::commit(&mut dossier, &[0xAC; 16], at(), work).expect("a commit").expect("a change");
        bodies.push(body_of(change.raw_bytes()));
    };
    write(&|tx| dossier_write::set_field(tx, "household.address", "一组3号"));
    write(&|tx| dossier_write::set_field(tx, "household.address", "二组1号"));
    write(&|tx| dossier_write::add_guardian(tx, EntryId::from_bytes([9; 16]), "石大山", "father", "19900000001"));
    write(&|tx| {
        let form = VisitForm {
            started_at: Some(at()),
            child_seen: Some(true),
            at_home: "在家帮奶奶".to_owned(),
            ..VisitForm::default()
        };
        dossier_write::add_visit(tx, EntryId::from_bytes([0x77; 16]), &form)
    });
    (dossier, bodies)
}

pub(super) fn changes() -> Vec<Vec<u8>> {
    made()
        .1
        .into_iter()
        .chain(village().1)
        .flat_map(|body| [[vec![0], body.clone()].concat(), [vec![1], body].concat()])
        .collect()
}
