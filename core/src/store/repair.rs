//! What is here of documents, for the comparison with the server; and what a store that has lost rows still holds beside
//! them.

use std::collections::BTreeSet;

use rusqlite::{Transaction, named_params};

use super::{Reading, malformed, sqlite};
use crate::domain::identifier::{DocumentId, Hash32};
use crate::error::Result;
use crate::protocol::envelope::Envelope;

/// An envelope that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HereEnvelope {
    /// It.
    pub envelope: Envelope,
    /// It was refused, and its change taken out of the document.
    pub dropped: bool,
}

/// The server lacks these: they are given back with the next requests. Own ones wait again, until it has said where in the
/// log they are.
///
/// # Errors
/// The faults of a store.
pub fn give(tx: &Transaction<'_>, envelopes: &[Hash32]) -> Result<()> {
    for envelope in envelopes {
        tx.prepare_cached("INSERT INTO unconfirmed (envelope) VALUES (:envelope) ON CONFLICT DO NOTHING")
            .and_then(|mut statement| statement.execute(named_params! { ":envelope": envelope.0.as_slice() }))
            .map_err(sqlite)?;
        tx.prepare_cached(
            "UPDATE outbox SET state = 'waiting', reason = '', seq = 0, stored_at = 0, on_desk_at = 0
             WHERE envelope = :envelope AND state = 'stored'",
        )
        .and_then(|mut statement| statement.execute(named_params! { ":envelope": envelope.0.as_slice() }))
        .map_err(sqlite)?;
    }
    if !envelopes.is_empty() {
        tx.execute("UPDATE apart SET recovering = 2 WHERE recovering = 0", []).map_err(sqlite)?;
    }
    Ok(())
}

/// A document's snapshot cannot be read: it is thrown away, and so are the changes beside it. The envelopes stay.
///
/// # Errors
/// The faults of a store.
pub fn begin_anew(tx: &Transaction<'_>, id: DocumentId) -> Result<()> {
    for sql in [
        "UPDATE document SET snapshot = x'', damaged = 0 WHERE id = :id",
        "DELETE FROM document_change WHERE document = :id",
    ] {
        tx.prepare_cached(sql)
            .and_then(|mut statement| statement.execute(named_params! { ":id": id.as_bytes().as_slice() }))
            .map_err(sqlite)?;
    }
    Ok(())
}

impl Reading<'_> {
    /// All documents that are here, by their ids, and whether each has left what this device answers for.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn documents_with_what_left(self) -> Result<Vec<(DocumentId, bool)>> {
        self.0
            .prepare_cached("SELECT id, left_seq > 0 AS has_left FROM document ORDER BY id")
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| Ok((DocumentId::from_bytes(row.get("id")?), row.get("has_left")?)))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// Documents of which there are envelopes, and nothing else.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn documents_without_row(self) -> Result<Vec<DocumentId>> {
        self.ids(
            "SELECT DISTINCT document AS id FROM envelope
             WHERE NOT EXISTS (SELECT 1 FROM document WHERE document.id = envelope.document) ORDER BY document",
        )
    }

    /// Documents of which an own form that the server has stored is here without its bytes.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn documents_without_own_bytes(self) -> Result<BTreeSet<DocumentId>> {
        let ids = self.ids(
            "SELECT DISTINCT outbox.document AS id FROM outbox JOIN document ON document.id = outbox.document
             WHERE outbox.state = 'stored' AND outbox.kept = x'' AND document.left_seq = 0
             AND NOT EXISTS (SELECT 1 FROM envelope WHERE envelope.hash = outbox.envelope)",
        )?;
        Ok(ids.into_iter().collect())
    }

    fn ids(self, sql: &str) -> Result<Vec<DocumentId>> {
        self.0
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| Ok(DocumentId::from_bytes(row.get("id")?)))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// Whether changes of a document are passed over, as they cannot be applied.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn passes_over_changes(self, id: DocumentId) -> Result<bool> {
        self.0
            .prepare_cached("SELECT 1 FROM document WHERE id = :id AND damaged = 1")
            .and_then(|mut statement| statement.exists(named_params! { ":id": id.as_bytes().as_slice() }))
            .map_err(sqlite)
    }

    /// The envelopes of a document, in the order in which they came.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn envelopes_of(self, id: DocumentId) -> Result<Vec<HereEnvelope>> {
        self.with_bytes(
            "SELECT envelope.bytes AS bytes, coalesce(outbox.dropped, 0) AS dropped
             FROM envelope LEFT JOIN outbox ON outbox.envelope = envelope.hash
             WHERE envelope.document = :id ORDER BY envelope.rowid",
            id,
        )
    }

    /// Own forms of a document that are not in the server's log as far as is known: they wait, are apart, or were refused.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn own_not_in_log(self, id: DocumentId) -> Result<Vec<HereEnvelope>> {
        self.with_bytes(
            "SELECT coalesce(envelope.bytes, outbox.kept) AS bytes, outbox.dropped AS dropped
             FROM outbox LEFT JOIN envelope ON envelope.hash = outbox.envelope
             WHERE outbox.document = :id AND (outbox.state <> 'stored' OR outbox.dropped = 1)",
            id,
        )
    }

    fn with_bytes(self, sql: &str, id: DocumentId) -> Result<Vec<HereEnvelope>> {
        let rows: Vec<(Vec<u8>, bool)> = self
            .0
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":id": id.as_bytes().as_slice() }, |row| {
                        Ok((row.get("bytes")?, row.get("dropped")?))
                    })?
                    .collect()
            })
            .map_err(sqlite)?;
        rows.into_iter()
            .filter(|(bytes, _)| !bytes.is_empty())
            .map(|(bytes, dropped)| {
                let envelope = Envelope::from_bytes(&bytes).map_err(|_| malformed("envelope"))?;
                Ok(HereEnvelope { envelope, dropped })
            })
            .collect()
    }

    /// How many of these envelopes the server has not taken.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn unconfirmed_of(self, envelopes: &BTreeSet<Hash32>) -> Result<usize> {
        let mut statement =
            self.0.prepare_cached("SELECT 1 FROM unconfirmed WHERE envelope = :envelope").map_err(sqlite)?;
        let mut open = 0_usize;
        for envelope in envelopes {
            if statement.exists(named_params! { ":envelope": envelope.0.as_slice() }).map_err(sqlite)? {
                open = open.saturating_add(1);
            }
        }
        Ok(open)
    }
}
