//! Changes as they lie in envelopes. A change carries a checksum: it is made right again, so that what is behind is
//! reached, as somebody who means harm would.

use std::io::Write;
use std::sync::OnceLock;

use automerge::Automerge;
use jiafang_core::domain::doc::{self, CHANGE_BYTES_MAX, DocumentKind, dossier_read, dossier_write};
use jiafang_core::domain::identifier::{EntryId, Hash32};
use jiafang_core::domain::ledger;
use jiafang_core::domain::place::Leaves;
use jiafang_core::domain::time::Timestamp;
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

/// A chunk as an envelope carries it: read, applied to a dossier and to one that lacks what it builds on, and the dossier
/// read and folded.
pub(super) fn whole_chunk(chunk: &[u8]) {
    let Ok(change) = doc::read_change(chunk) else { return };
    assert!(chunk.len() <= CHANGE_BYTES_MAX * 2, "measured");
    for document in [dossier(), &doc::empty(DocumentKind::Dossier).expect("an empty dossier")] {
        let mut applied = document.clone();
        if doc::apply(&mut applied, vec![change.clone()]).is_err() {
            // It is thrown away and loaded again from what was good.
            continue;
        }
        if let Ok(dossier) = dossier_read::read(&applied) {
            let _ = ledger::fold(&dossier, &Leaves::default(), &|_| None);
        }
        let before = doc::heads(&applied);
        // Twice is once.
        if doc::apply(&mut applied, vec![change.clone()]).is_ok() {
            assert_eq!(doc::heads(&applied), before);
        }
    }
}

/// A dossier with an address and a visit.
fn dossier() -> &'static Automerge {
    static DOSSIER: OnceLock<Automerge> = OnceLock::new();
    DOSSIER.get_or_init(|| made().0)
}

fn made() -> (Automerge, Vec<Vec<u8>>) {
    let mut dossier = doc::empty(DocumentKind::Dossier).expect("an empty dossier");
    let at = Timestamp::from_unix_ms(1_795_490_000_000);
    let mut bodies = Vec::new();
    let mut write = |work: &dyn Fn(&mut automerge::transaction::Transaction<'_>) -> jiafang_core::error::Result<()>| {
        let change = doc::commit(&mut dossier, &[0xAC; 16], at, work).expect("a commit").expect("a change");
        let chunk = change.raw_bytes().to_vec();
        let length_bytes = chunk[9..].iter().take_while(|byte| **byte >= 0x80).count() + 1;
        bodies.push(chunk[9 + length_bytes..].to_vec());
    };
    write(&|tx| dossier_write::set_field(tx, "household.address", "一组3号"));
    write(&|tx| dossier_write::set_field(tx, "household.address", "二组1号"));
    write(&|tx| dossier_write::add_guardian(tx, EntryId::from_bytes([9; 16]), "石大山", "father", "19900000001"));
    write(&|tx| {
        let form = VisitForm {
            started_at: Some(at),
            child_seen: Some(true),
            at_home: "在家帮奶奶".to_owned(),
            ..VisitForm::default()
        };
        dossier_write::add_visit(tx, EntryId::from_bytes([0x77; 16]), &form)
    });
    (dossier, bodies)
}

pub(super) fn changes() -> Vec<Vec<u8>> {
    made().1.into_iter().flat_map(|body| [[vec![0], body.clone()].concat(), [vec![1], body].concat()]).collect()
}
