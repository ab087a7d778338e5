//! Children who moved: where a dossier lies, whether it has left, and what happens to it then.

use rusqlite::{OptionalExtension, Transaction, named_params};

use super::device::{signed, unsigned};
use super::{Reading, sqlite};
use crate::domain::identifier::{DocumentId, Hash32};
use crate::domain::place::{Leaves, PlaceCode};
use crate::error::Result;

/// Places a dossier, which is here then.
///
/// # Errors
/// The faults of a store.
pub fn place(tx: &Transaction<'_>, id: DocumentId, leaves: &Leaves) -> Result<()> {
    tx.prepare_cached("UPDATE document SET village = :village, class = :class, left_seq = 0 WHERE id = :id")
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":village": leaves.village.as_ref().map_or("", PlaceCode::as_str),
                ":class": leaves.class.as_ref().map_or("", |class| class.0.as_str()),
                ":id": id.as_bytes().as_slice(),
            })
        })
        .map_err(sqlite)?;
    Ok(())
}

/// A dossier has left: it is read-only from now on.
///
/// # Errors
/// The faults of a store.
pub fn mark_left(tx: &Transaction<'_>, id: DocumentId, seq: u64) -> Result<()> {
    tx.prepare_cached("UPDATE document SET left_seq = :seq WHERE id = :id")
        .and_then(|mut statement| {
            statement.execute(named_params! { ":seq": signed(seq.max(1)), ":id": id.as_bytes().as_slice() })
        })
        .map_err(sqlite)?;
    Ok(())
}

/// Erases a dossier that has left: document, what others wrote, rows, and the names of its photos, which are given back
/// where no other dossier names them, for their files to be removed. Of what was recorded here only that stays which a
/// restored server could ask for, and nothing shows it.
///
/// # Errors
/// The faults of a store.
pub fn erase(tx: &Transaction<'_>, id: DocumentId) -> Result<Vec<Hash32>> {
    super::pack::forget_with(tx, id)?;
    let id = id.as_bytes().as_slice();
    let photos = tx
        .prepare_cached(
            "SELECT DISTINCT hash FROM photo_file AS mine WHERE document = :id AND NOT EXISTS
                 (SELECT 1 FROM photo_file AS other WHERE other.hash = mine.hash AND other.document <> :id)",
        )
        .and_then(|mut statement| {
            statement
                .query_map(named_params! { ":id": id }, |row| Ok(Hash32(row.get("hash")?)))?
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(sqlite)?;
    for sql in [
        // Of a restricted annex nothing stays (docs/decisions/restricted-annex.md).
        "UPDATE outbox SET kept = (SELECT bytes FROM envelope WHERE envelope.hash = outbox.envelope)
         WHERE document = :id AND EXISTS (SELECT 1 FROM envelope WHERE envelope.hash = outbox.envelope)
             AND NOT EXISTS (SELECT 1 FROM document WHERE document.id = :id AND kind = 2)",
        "DELETE FROM unconfirmed WHERE envelope IN (SELECT hash FROM envelope WHERE document = :id)",
        "DELETE FROM envelope WHERE document = :id",
        "DELETE FROM document_change WHERE document = :id",
        "DELETE FROM photo_file WHERE document = :id",
        "DELETE FROM child WHERE document = :id",
        "DELETE FROM child_evidence WHERE document = :id",
        "DELETE FROM child_search WHERE document = :id",
        "DELETE FROM casework WHERE document = :id",
        "DELETE FROM casework_before WHERE document = :id",
        "DELETE FROM case_change WHERE document = :id",
        "DELETE FROM danger WHERE annex = :id",
        "DELETE FROM village_work WHERE document = :id",
        "DELETE FROM half_written WHERE document = :id",
        "DELETE FROM document WHERE id = :id",
    ] {
        tx.prepare_cached(sql)
            .and_then(|mut statement| statement.execute(named_params! { ":id": id }))
            .map_err(sqlite)?;
    }
    Ok(photos)
}

impl Reading<'_> {
    /// Whether a dossier has left this device's scope.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn has_left(self, id: DocumentId) -> Result<bool> {
        self.0
            .prepare_cached("SELECT left_seq FROM document WHERE id = :id")
            .and_then(|mut statement| {
                statement
                    .query_row(named_params! { ":id": id.as_bytes().as_slice() }, |row| {
                        Ok(unsigned(row.get("left_seq")?))
                    })
                    .optional()
            })
            .map(|seq| seq.is_some_and(|seq| seq > 0))
            .map_err(sqlite)
    }

    /// Dossiers that have left and of which nothing needs this device any more: all that was recorded here lies in the
    /// server's log at or below `durable_seq`, all photos are there, and no draft is being written; a report of danger lies
    /// besides with somebody who may see it.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn may_be_erased(self, durable_seq: u64) -> Result<Vec<DocumentId>> {
        let left = self
            .0
            .prepare_cached(
                "SELECT id FROM document WHERE left_seq > 0 AND left_seq <= :durable
                 AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.document = document.id
                     AND outbox.refused_at = 0
                     AND (outbox.state <> 'stored' OR outbox.seq = 0 OR outbox.seq > :durable))
                 AND NOT (kind = 2 AND EXISTS (SELECT 1 FROM outbox WHERE outbox.document = document.id
                     AND outbox.on_desk_at = 0 AND outbox.refused_at = 0))
                 AND NOT EXISTS (SELECT 1 FROM photo_file WHERE photo_file.document = document.id
                     AND own = 1 AND complete_at = 0)
                 ORDER BY id",
            )
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":durable": signed(durable_seq) }, |row| {
                        Ok(DocumentId::from_bytes(row.get("id")?))
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        if left.is_empty() {
            return Ok(left);
        }
        let drafts = self.drafts()?;
        let written = |id: &DocumentId| drafts.iter().any(|draft| draft.documents.contains(id));
        Ok(left.into_iter().filter(|id| !written(id)).collect())
    }
}
