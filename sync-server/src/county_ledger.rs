//! The ledger as the server's log has it: for the administrator, and for the proof that it equals the desk's.
//! Materialises documents: never in the way of intake.

use jiafang_core::domain::county::County;
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::doc::{self, dossier_read};
use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::ledger::{self, LedgerRow};
use jiafang_core::error::{ErrorCode, Result};

use crate::store::materialised::{self, Trouble};
use crate::store::{Store, log, register};

/// The ledger of a whole county.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CountyLedger {
    /// Rows with their dossiers, in the order of the dossiers' ids.
    pub rows: Vec<(DocumentId, LedgerRow)>,
    /// Dossiers of which something could not be read.
    pub damaged: Vec<DocumentId>,
}

/// Folds all dossiers.
///
/// # Errors
/// The faults of a store.
pub fn fold(store: &Store) -> Result<CountyLedger> {
    store.read(|connection| {
        let mut county = CountyLedger::default();
        for (document, placed) in log::documents(connection, DocumentKind::Dossier)? {
            // What the background step could not come to an end with is not begun here.
            let known = materialised::trouble_of(connection, document)?;
            let passed_over = known.as_ref().map(|known| known.changes.clone()).unwrap_or_default();
            if let Some(known) = known {
                county.damaged.push(document);
                if known.trouble != Trouble::Unreadable && passed_over.is_empty() {
                    continue;
                }
            }
            let read = log::of_document(connection, document).and_then(|envelopes| {
                let base = doc::empty(DocumentKind::Dossier)?;
                let changes = envelopes
                    .iter()
                    .map(|envelope| doc::read_change(&envelope.body.change))
                    .filter(|read| !read.as_ref().is_ok_and(|change| passed_over.contains(&Hash32(change.hash().0))))
                    .collect::<Result<Vec<_>>>()?;
                let mut loaded = base.clone();
                let whole = doc::apply(&mut loaded, changes.clone());
                match whole.and_then(|()| dossier_read::read(&loaded)) {
                    // As devices do: what is bad in a dossier is passed over, and named.
                    Err(failure) if failure.code == ErrorCode::DocumentDamaged => {
                        if county.damaged.last() != Some(&document) {
                            county.damaged.push(document);
                        }
                        dossier_read::read(&doc::apply_passing_over(DocumentKind::Dossier, &base, changes).0)
                    }
                    other => other,
                }
            });
            match read {
                Ok(dossier) => {
                    let name_of = |actor: &Vec<u8>| register::person_name_of_actor(connection, actor).ok().flatten();
                    county.rows.push((document, ledger::fold(&dossier, &placed.leaves, &name_of)));
                }
                Err(failure) if failure.code == ErrorCode::DocumentDamaged => {
                    if county.damaged.last() != Some(&document) {
                        county.damaged.push(document);
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(county)
    })
}

/// The county, as its document in the log tells.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`], the faults of a store.
pub fn county(store: &Store) -> Result<County> {
    store.read(|connection| {
        let row = register::county(connection)?;
        let mut loaded = doc::empty(DocumentKind::County)?;
        let changes = log::of_document(connection, row.document)?
            .iter()
            .map(|envelope| doc::read_change(&envelope.body.change))
            .collect::<Result<Vec<_>>>()?;
        doc::apply(&mut loaded, changes)?;
        doc::county::read(&loaded)
    })
}
