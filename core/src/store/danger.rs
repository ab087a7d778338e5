//! Restricted annexes on the devices that may see them, and what a reporter's device keeps: that, when and of whom.

use automerge::Automerge;
use rusqlite::{Transaction, named_params};

use super::device::moment;
use super::document::DocumentRow;
use super::{Reading, sqlite};
use crate::domain::danger::{Annex, sees};
use crate::domain::doc::restricted;
use crate::domain::identifier::DocumentId;
use crate::domain::time::Timestamp;
use crate::error::Result;

/// That somebody reported here. Nothing of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DangerReceipt {
    /// The annex.
    pub annex: DocumentId,
    /// When it was recorded.
    pub reported_at: Timestamp,
    /// The server has it.
    pub on_server: bool,
    /// The device of somebody who may see it has it.
    pub received_at: Option<Timestamp>,
    /// Its words are on this device still: they go when a verified backup and somebody who may see them have it.
    pub words_here: bool,
}

/// Keeps that a report was made.
///
/// # Errors
/// The faults of a store.
pub fn put_receipt(tx: &Transaction<'_>, annex: DocumentId, about: DocumentId, at: Timestamp) -> Result<()> {
    tx.prepare_cached("INSERT INTO danger_receipt (annex, about, reported_at) VALUES (:annex, :about, :at)")
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":annex": annex.as_bytes().as_slice(),
                ":about": about.as_bytes().as_slice(),
                ":at": at.unix_ms(),
            })
        })
        .map(drop)
        .map_err(sqlite)
}

/// Writes the row of an annex, on a device whose person may see it and on no other.
///
/// # Errors
/// [`crate::error::ErrorCode::DocumentDamaged`], the faults of a store.
pub fn project(tx: &Transaction<'_>, row: &DocumentRow, document: &Automerge) -> Result<()> {
    let id = row.id.as_bytes().as_slice();
    let annex = restricted::read(document)?;
    let role = Reading::within(tx).enrolment()?.map(|enrolment| enrolment.rights.role);
    let (Some(about), true) = (annex.about, role.is_some_and(sees)) else {
        return tx
            .prepare_cached("DELETE FROM danger WHERE annex = :annex")
            .and_then(|mut statement| statement.execute(named_params! { ":annex": id }))
            .map(drop)
            .map_err(sqlite);
    };
    tx.prepare_cached(
        "INSERT INTO danger (annex, about, open) VALUES (:annex, :about, :open)
         ON CONFLICT (annex) DO UPDATE SET about = excluded.about, open = excluded.open",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":annex": id,
            ":about": about.as_bytes().as_slice(),
            ":open": annex.is_open(),
        })
    })
    .map(drop)
    .map_err(sqlite)
}

impl Reading<'_> {
    /// Annexes that this device shows: the open ones first, newest first. Of one child, or of all.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn annexes(self, about: Option<DocumentId>) -> Result<Vec<(DocumentId, DocumentId, Annex)>> {
        let rows = self
            .0
            .prepare_cached(
                "SELECT danger.annex AS annex, danger.about AS about FROM danger
                 JOIN document ON document.id = danger.annex AND document.left_seq = 0
                 WHERE :about IS NULL OR danger.about = :about ORDER BY danger.open DESC, danger.annex DESC",
            )
            .and_then(|mut statement| {
                let about = about.as_ref().map(|about| about.as_bytes().as_slice());
                statement
                    .query_map(named_params! { ":about": about }, |row| {
                        Ok((DocumentId::from_bytes(row.get("annex")?), DocumentId::from_bytes(row.get("about")?)))
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        rows.into_iter().map(|(annex, about)| Ok((annex, about, restricted::read(&self.document(annex)?)?))).collect()
    }

    /// Whether envelopes of annexes that are not here any more are kept all the same.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn keeps_words_of_annexes(self) -> Result<bool> {
        self.0
            .prepare_cached(
                "SELECT 1 FROM outbox JOIN danger_receipt ON danger_receipt.annex = outbox.document
                 WHERE length(outbox.kept) > 0
                     OR EXISTS (SELECT 1 FROM envelope WHERE envelope.hash = outbox.envelope)",
            )
            .and_then(|mut statement| statement.exists([]))
            .map_err(sqlite)
    }

    /// How many annexes are open that this device shows.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn open_annexes(self) -> Result<u32> {
        self.0
            .prepare_cached(
                "SELECT count(*) AS open FROM danger
                 JOIN document ON document.id = danger.annex AND document.left_seq = 0 WHERE danger.open = 1",
            )
            .and_then(|mut statement| statement.query_row([], |row| row.get("open")))
            .map_err(sqlite)
    }

    /// What was reported here of a child, newest first.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn danger_receipts(self, about: DocumentId) -> Result<Vec<DangerReceipt>> {
        self.0
            .prepare_cached(
                "SELECT annex, reported_at, coalesce(outbox.state = 'stored', 0) AS on_server,
                     coalesce(outbox.on_desk_at, 0) AS received_at,
                     EXISTS (SELECT 1 FROM document WHERE document.id = annex) AS words_here
                 FROM danger_receipt LEFT JOIN outbox ON outbox.document = annex
                     AND outbox.counter = (SELECT min(counter) FROM outbox AS first WHERE first.document = annex)
                 WHERE about = :about
                 ORDER BY reported_at DESC, annex",
            )
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":about": about.as_bytes().as_slice() }, |row| {
                        Ok(DangerReceipt {
                            annex: DocumentId::from_bytes(row.get("annex")?),
                            reported_at: Timestamp::from_unix_ms(row.get("reported_at")?),
                            on_server: row.get("on_server")?,
                            received_at: moment(row.get("received_at")?),
                            words_here: row.get("words_here")?,
                        })
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }
}
