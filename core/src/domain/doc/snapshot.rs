//! A document with its whole history in one piece, as packs carry it.
//!
//! A snapshot is one Automerge document chunk (type 0). It is made by the server from changes that were measured one by
//! one, and travels under the county's signature; it is loaded behind a shield all the same.

use automerge::Automerge;

use super::{apply, change_hashes, changes, check, genesis_hashes, heads, is_complete, load, shielded};
use crate::domain::doc::DocumentKind;
use crate::domain::identifier::Hash32;
use crate::error::{ErrorCode, Failure, Result};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const DOCUMENT_CHUNK: u8 = 0;
/// Where the chunk's type stands: after the magic and the checksum.
const CHUNK_TYPE_AT: usize = 8;

/// Makes a snapshot, uncompressed, that is certain to load again with the same heads.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`] for a document that lacks something, cannot be read, or does not come back, as a whole or as its
/// changes: a poisoned change that could be applied can make a save that cannot be loaded (docs/automerge.md, 3).
pub fn write_snapshot(kind: DocumentKind, document: &Automerge) -> Result<Vec<u8>> {
    if !is_complete(document) {
        return Err(Failure::new(ErrorCode::DocumentDamaged, "a change lacks what it builds on"));
    }
    let bytes = shielded(|| Ok(document.save_nocompress()))?;
    let loaded = read_snapshot(kind, &bytes)?;
    if heads(&loaded) != heads(document) {
        return Err(Failure::new(ErrorCode::DocumentDamaged, "a snapshot does not load as what it is"));
    }
    changes(&loaded)?;
    Ok(bytes)
}

/// Loads a snapshot.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`] for anything but one whole document of that kind, with its genesis and with all that
/// its changes build on.
pub fn read_snapshot(kind: DocumentKind, bytes: &[u8]) -> Result<Automerge> {
    let wrong = |detail: &'static str| Failure::new(ErrorCode::DocumentDamaged, detail);
    if !is_one_document_chunk(bytes) {
        return Err(wrong("the bytes are no snapshot"));
    }
    let document = load(bytes)?;
    let known = change_hashes(&document)?;
    let has_genesis = genesis_hashes(kind)?.iter().all(|hash| known.contains(hash));
    if !has_genesis || !is_complete(&document) {
        return Err(wrong("the snapshot is not whole"));
    }
    check(kind, &document)?;
    Ok(document)
}

/// Whether a document holds a change.
#[must_use]
pub fn holds(document: &Automerge, change: Hash32) -> bool {
    change_hashes(document).is_ok_and(|known| known.contains(&change))
}

/// Brings all changes of a snapshot into a document, shielded. After a failure the document is to be thrown away.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn join(document: &mut Automerge, snapshot: &Automerge) -> Result<()> {
    let changes = shielded(|| {
        let known = document.get_heads();
        let there = change_hashes(snapshot)?;
        let known: Vec<_> = known.into_iter().filter(|head| there.contains(&Hash32(head.0))).collect();
        Ok(snapshot.get_changes(&known))
    })?;
    apply(document, changes).map_err(|failure| Failure::caused(failure.code, "a snapshot cannot be joined", failure))
}

fn is_one_document_chunk(bytes: &[u8]) -> bool {
    let length = || {
        let mut length = 0_usize;
        for (place, byte) in bytes.get(CHUNK_TYPE_AT.checked_add(1)?..)?.iter().take(9).enumerate() {
            length |= usize::from(byte & 0x7F).checked_shl(u32::try_from(place).ok()?.checked_mul(7)?)?;
            if byte & 0x80 == 0 {
                return CHUNK_TYPE_AT.checked_add(place)?.checked_add(2)?.checked_add(length);
            }
        }
        None
    };
    bytes.starts_with(&MAGIC) && bytes.get(CHUNK_TYPE_AT) == Some(&DOCUMENT_CHUNK) && length() == Some(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::super::{commit, dossier_read, dossier_write, empty, is_only_genesis};
    use super::*;
    use crate::domain::time::Timestamp;

    const AT: Timestamp = Timestamp::from_unix_ms(1_795_395_600_000);

    fn dossier() -> Automerge {
        let mut document = empty(DocumentKind::Dossier).unwrap();
        commit(&mut document, &[1; 16], AT, |tx| dossier_write::set_field(tx, "profile.name", "石小雨")).unwrap();
        document
    }

    #[test]
    fn a_snapshot_comes_back_and_what_was_written_upon_it_elsewhere_fits() {
        let mut written = dossier();
        let bytes = write_snapshot(DocumentKind::Dossier, &written).unwrap();
        let later = commit(&mut written, &[2; 16], AT, |tx| dossier_write::set_field(tx, "profile.name", "石大川"));
        // A tablet that has heard of the later change first: it waits, and nothing can be read yet.
        let mut tablet = empty(DocumentKind::Dossier).unwrap();
        apply(&mut tablet, vec![later.unwrap().unwrap()]).unwrap();
        assert!(is_only_genesis(&tablet) && !is_complete(&tablet));
        join(&mut tablet, &read_snapshot(DocumentKind::Dossier, &bytes).unwrap()).unwrap();
        assert_eq!(heads(&tablet), heads(&written));
        assert_eq!(dossier_read::read(&tablet).unwrap().value("profile.name"), "石大川");
    }

    #[test]
    fn what_is_cut_longer_of_another_type_or_without_its_genesis_is_no_snapshot() {
        let bytes = write_snapshot(DocumentKind::Dossier, &dossier()).unwrap();
        let refused = |bytes: &[u8]| read_snapshot(DocumentKind::Dossier, bytes).unwrap_err().code;
        for length in 0..bytes.len() {
            assert_eq!(refused(&bytes[..length]), ErrorCode::DocumentDamaged);
        }
        assert_eq!(refused(&[bytes.as_slice(), b"\0"].concat()), ErrorCode::DocumentDamaged);
        let mut other = bytes.clone();
        other[CHUNK_TYPE_AT] = 3;
        assert_eq!(refused(&other), ErrorCode::DocumentDamaged);
        assert_eq!(refused(&Automerge::new().save()), ErrorCode::DocumentDamaged);
        assert!(read_snapshot(DocumentKind::County, &bytes).is_err(), "a dossier is no county");
    }

    #[test]
    fn a_document_that_lacks_a_change_makes_no_snapshot() {
        let mut whole = dossier();
        let later = commit(&mut whole, &[1; 16], AT, |tx| dossier_write::set_field(tx, "profile.name", "石大川"));
        let mut lacking = empty(DocumentKind::Dossier).unwrap();
        apply(&mut lacking, vec![later.unwrap().unwrap()]).unwrap();
        assert!(write_snapshot(DocumentKind::Dossier, &lacking).is_err());
    }
}
