//! What a tablet holds, as envelopes and as changes that came in packs.

use std::collections::BTreeSet;

use jiafang_core::domain::doc::{self, DocumentKind};
use jiafang_core::domain::identifier::{DocumentId, Hash32};

use super::tablet::Tablet;

/// The changes of a dossier that came in a pack, but its genesis; none of one that came by envelopes.
pub(super) fn packed(tablet: &Tablet, kind: DocumentKind, id: DocumentId) -> BTreeSet<Hash32> {
    let came_by_pack = tablet.knows(|device| device.store.reading().came_by_pack(id));
    let document = tablet.with(|device| device.store.reading().document(id));
    let (true, Ok(document)) = (came_by_pack, document) else { return BTreeSet::new() };
    let genesis = doc::genesis_hashes(kind).expect("the genesis");
    // Without the changes themselves: Automerge cannot put them together again from some poisoned documents.
    let changes = doc::change_hashes(&document).expect("what a document holds");
    changes.into_iter().filter(|change| !genesis.contains(change)).collect()
}

/// Envelopes that a tablet holds, and the changes that came to it in packs.
pub(super) fn all_that_is_held(tablet: &Tablet) -> BTreeSet<Hash32> {
    let mut all: BTreeSet<Hash32> = tablet.knows(|device| {
        device.store.transact(|tx| {
            let mut statement = tx.prepare("SELECT hash FROM envelope").expect("the envelopes");
            let hashes = statement.query_map([], |row| Ok(Hash32(row.get(0)?))).expect("the envelopes");
            Ok(hashes.collect::<Result<_, _>>().expect("hashes"))
        })
    });
    for kind in [DocumentKind::Dossier, DocumentKind::Place] {
        for document in tablet.knows(|device| device.store.reading().document_ids(kind)) {
            all.extend(packed(tablet, kind, document));
        }
    }
    all
}
