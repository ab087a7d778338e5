//! The rows of a document are written anew: what is bad in it is passed over, and holds up nothing else.

use automerge::Automerge;

use crate::error::{ErrorCode, Result};
use crate::store::document::{self, DocumentRow};
use crate::store::{Reading, Transaction, casework, projection};

/// Writes the rows of a document anew.
pub(super) fn project(tx: &Transaction<'_>, row: &DocumentRow) -> Result<()> {
    casework::keep_before(tx, row.id)?;
    let settle = |loaded: Automerge| {
        projection::project(tx, row, &loaded)?;
        document::compact(tx, row.id, &loaded)
    };
    let taken = match Reading::within(tx).document(row.id).and_then(settle) {
        // What is bad in a document is passed over, and holds up nothing else (docs/automerge.md, 3).
        Err(failure) if failure.code == ErrorCode::DocumentDamaged => {
            document::load_passing_over(tx, row).and_then(settle)
        }
        other => other,
    };
    match taken {
        Err(failure) if failure.code == ErrorCode::DocumentDamaged => {
            tracing::error!(document = %row.id, "a document cannot be read and is passed over");
            document::mark_damaged(tx, row.id)
        }
        other => other,
    }
}
