//! Drops the projections and fills them again from the documents, after an update or on request.

use automerge::Automerge;

use crate::domain::doc::DocumentKind;
use crate::error::{ErrorCode, Result};
use crate::store::{Reading, Store, document, projection};

/// Documents in one transaction: a rebuild can be interrupted, and goes on from the start at the next open.
const DOCUMENTS_PER_TRANSACTION: usize = 200;

/// Rebuilds. `progress` hears how many documents are done, of how many.
///
/// # Errors
/// The faults of a store. A document that cannot be read is marked, and the others go on.
pub fn rebuild(store: &mut Store, progress: &mut dyn FnMut(usize, usize)) -> Result<()> {
    store.transact(|tx| {
        projection::set_version(tx, 0)?;
        projection::clear(tx)
    })?;
    let mut ids = store.reading().document_ids(DocumentKind::County)?;
    ids.extend(store.reading().document_ids(DocumentKind::Dossier)?);
    ids.extend(store.reading().document_ids(DocumentKind::Restricted)?);
    ids.extend(store.reading().document_ids(DocumentKind::Place)?);
    let mut done = 0_usize;
    for batch in ids.chunks(DOCUMENTS_PER_TRANSACTION) {
        store.transact(|tx| {
            for id in batch {
                let reading = Reading::within(tx);
                let Some(row) = reading.document_row(*id)? else { continue };
                let project = |loaded: Automerge| projection::project(tx, &row, &loaded);
                let projected = match reading.document(*id).and_then(project) {
                    Err(failure) if failure.code == ErrorCode::DocumentDamaged => {
                        document::load_passing_over(tx, &row).and_then(project)
                    }
                    other => other,
                };
                match projected {
                    Ok(()) => {}
                    Err(failure) if failure.code == ErrorCode::DocumentDamaged => {
                        tracing::error!(document = %id, "a document cannot be read and is passed over");
                        document::mark_damaged(tx, *id)?;
                    }
                    Err(failure) => return Err(failure),
                }
            }
            Ok(())
        })?;
        done = done.saturating_add(batch.len());
        progress(done, ids.len());
    }
    store.transact(|tx| projection::set_version(tx, projection::VERSION))
}
