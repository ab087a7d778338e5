//! Makes packs: materialises dossiers, apart from intake and each behind a shield. One that cannot be materialised is
//! marked, travels as envelopes, and holds up no other.

use std::collections::BTreeMap;

use jiafang_core::domain::doc::{self, DocumentKind, snapshot};
use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32};
use jiafang_core::domain::place::Leaves;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::pack::{
    GROUP_DOSSIERS_MAX, GROUP_SNAPSHOT_BYTES_MAX, PACK_VERSION, PackCell, PackGroup, PackHead, PackedActor,
    PackedDossier, PackedGroup, SNAPSHOT_BYTES_MAX, SignedPackHead,
};
use jiafang_core::vault::signing::DeviceSigner;

use crate::store::{Store, log};

/// When a pack has grown to this, the dossiers that are left go into the next: what is made lies in memory.
const PACK_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A pack that was made.
pub(super) struct Made {
    pub(super) hash: Hash32,
    /// The whole file.
    pub(super) bytes: Vec<u8>,
    pub(super) documents: Vec<DocumentId>,
    /// Dossiers that could not be materialised.
    pub(super) unpackable: Vec<DocumentId>,
}

/// A dossier that was materialised, with who wrote in it.
struct Materialised {
    dossier: PackedDossier,
    actors: BTreeMap<Vec<u8>, CertificateId>,
}

/// Makes a pack of some dossiers of a cell at a cut: of as many of the first as one pack takes. `None` where none of
/// them can be packed.
pub(super) fn make(
    store: &Store,
    county: &DeviceSigner,
    cell: &PackCell,
    cut: Cursor,
    wanted: &[(DocumentId, Leaves)],
) -> Result<Made> {
    let mut made = Made { hash: Hash32::ZERO, bytes: Vec::new(), documents: Vec::new(), unpackable: Vec::new() };
    let mut frames = Vec::new();
    let mut groups: Vec<PackedGroup> = Vec::new();
    let mut waiting: Vec<Materialised> = Vec::new();
    let mut waiting_bytes = 0_usize;
    for (document, leaves) in wanted {
        let one = match materialise(store, *document, leaves, cut.seq) {
            Ok(one) => one,
            Err(failure) if failure.code == ErrorCode::DocumentDamaged => {
                tracing::error!(%document, detail = %failure.detail, "a dossier cannot be packed and travels as envelopes");
                made.unpackable.push(*document);
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let bytes = one.dossier.snapshot.len();
        let is_full = waiting.len() >= GROUP_DOSSIERS_MAX
            || (!waiting.is_empty() && waiting_bytes.saturating_add(bytes) > GROUP_SNAPSHOT_BYTES_MAX);
        if is_full {
            close_group(&mut waiting, &mut groups, &mut frames)?;
            waiting_bytes = 0;
            if frames.len() > PACK_BYTES_MAX {
                break;
            }
        }
        waiting_bytes = waiting_bytes.saturating_add(bytes);
        waiting.push(one);
    }
    if frames.len() <= PACK_BYTES_MAX {
        close_group(&mut waiting, &mut groups, &mut frames)?;
    }
    let head = PackHead { version: PACK_VERSION, cell: cell.clone(), cut, groups };
    made.documents = head.documents().collect();
    let signed = SignedPackHead::sign(head, county);
    made.hash = signed.hash();
    made.bytes = signed.to_section()?;
    made.bytes.append(&mut frames);
    Ok(made)
}

fn close_group(waiting: &mut Vec<Materialised>, groups: &mut Vec<PackedGroup>, frames: &mut Vec<u8>) -> Result<()> {
    if waiting.is_empty() {
        return Ok(());
    }
    let mut group = PackGroup { dossiers: Vec::new(), certificates: Vec::new(), actors: Vec::new() };
    let mut bound: BTreeMap<Vec<u8>, CertificateId> = BTreeMap::new();
    for mut one in waiting.drain(..) {
        bound.append(&mut one.actors);
        group.dossiers.push(one.dossier);
    }
    for (actor, certificate) in bound {
        let place = group.certificates.iter().position(|known| *known == certificate).unwrap_or_else(|| {
            group.certificates.push(certificate);
            group.certificates.len().saturating_sub(1)
        });
        group.actors.push(PackedActor { actor, certificate: u32::try_from(place).unwrap_or(u32::MAX) });
    }
    let frame = group.to_frame()?;
    groups.push(PackedGroup {
        hash: Hash32::of(&frame),
        bytes: u32::try_from(frame.len()).unwrap_or(u32::MAX),
        documents: group.dossiers.iter().map(|dossier| dossier.document).collect(),
    });
    frames.extend_from_slice(&frame);
    Ok(())
}

fn materialise(store: &Store, document: DocumentId, leaves: &Leaves, cut_seq: u64) -> Result<Materialised> {
    let envelopes = store.read(|connection| log::of_document_up_to(connection, document, cut_seq))?;
    let changes =
        envelopes.iter().map(|envelope| doc::read_change(&envelope.body.change)).collect::<Result<Vec<_>>>()?;
    let actors = store.read(|connection| {
        let mut actors = BTreeMap::new();
        for change in &changes {
            let actor = change.actor_id().to_bytes();
            if let Some(certificate) = log::certificate_of_actor(connection, actor)? {
                actors.insert(actor.to_vec(), certificate);
            }
        }
        Ok(actors)
    })?;
    let mut loaded = doc::empty(DocumentKind::Dossier)?;
    doc::apply(&mut loaded, changes)?;
    let snapshot = snapshot::write_snapshot(DocumentKind::Dossier, &loaded)?;
    if snapshot.len() > SNAPSHOT_BYTES_MAX {
        return Err(Failure::new(ErrorCode::DocumentDamaged, "larger than a pack takes"));
    }
    let dossier = PackedDossier { document, kind: DocumentKind::Dossier, leaves: leaves.clone(), snapshot };
    Ok(Materialised { dossier, actors })
}
