//! What the log holds of documents, as sets of changes: for the comparison with a device.

use std::collections::BTreeSet;

use jiafang_core::domain::doc::{self, DocumentKind};
use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::place::Leaves;
use jiafang_core::error::Result;
use jiafang_core::protocol::envelope::Envelope;
use jiafang_core::protocol::repair::change_id;
use rusqlite::{Connection, named_params};

use super::{malformed, moves, sqlite, unsigned};

/// The documents whose ids begin with a byte and which a device may see, by their ids.
///
/// # Errors
/// The faults of a store.
pub fn documents_of(
    connection: &Connection,
    first_byte: u8,
    covers: &dyn Fn(DocumentKind, &Leaves) -> bool,
) -> Result<Vec<DocumentId>> {
    let mut lowest = [0_u8; 16];
    let mut highest = [u8::MAX; 16];
    (lowest[0], highest[0]) = (first_byte, first_byte);
    let mut statement = connection
        .prepare_cached(
            "SELECT id, kind, village, class FROM document WHERE id BETWEEN :lowest AND :highest ORDER BY id",
        )
        .map_err(sqlite)?;
    let mut rows = statement
        .query(named_params! { ":lowest": lowest.as_slice(), ":highest": highest.as_slice() })
        .map_err(sqlite)?;
    let mut documents = Vec::new();
    while let Some(row) = rows.next().map_err(sqlite)? {
        let kind =
            DocumentKind::from_number(row.get("kind").map_err(sqlite)?).ok_or_else(|| malformed("document kind"))?;
        let village: String = row.get("village").map_err(sqlite)?;
        if covers(kind, &moves::leaves(&village, row.get("class").map_err(sqlite)?)) {
            documents.push(DocumentId::from_bytes(row.get("id").map_err(sqlite)?));
        }
    }
    Ok(documents)
}

/// The ids of the changes of a document that are in the log. The table of changes tells them without a look at any envelope;
/// where it does not fit the log, the envelopes do.
///
/// # Errors
/// The faults of a store.
pub fn change_ids(connection: &Connection, document: DocumentId) -> Result<BTreeSet<u64>> {
    let id = document.as_bytes().as_slice();
    let told: Vec<Hash32> = connection
        .prepare_cached("SELECT hash FROM change WHERE document = :id")
        .and_then(|mut statement| {
            statement.query_map(named_params! { ":id": id }, |row| Ok(Hash32(row.get("hash")?)))?.collect()
        })
        .map_err(sqlite)?;
    let logged: i64 = connection
        .prepare_cached("SELECT count(*) AS logged FROM log WHERE document = :id")
        .and_then(|mut statement| statement.query_row(named_params! { ":id": id }, |row| row.get("logged")))
        .map_err(sqlite)?;
    if i64::try_from(told.len()).is_ok_and(|told| told == logged) {
        return Ok(told.into_iter().map(change_id).collect());
    }
    Ok(logged_changes(connection, document)?.into_iter().map(|one| one.change).collect())
}

/// An envelope of the log with what it carries.
pub struct LoggedChange {
    /// Its place in the log.
    pub seq: u64,
    /// Its change's id.
    pub change: u64,
    /// It.
    pub envelope: Envelope,
}

/// What the log has of a document, in its order.
///
/// # Errors
/// The faults of a store.
pub fn logged_changes(connection: &Connection, document: DocumentId) -> Result<Vec<LoggedChange>> {
    let rows: Vec<(u64, Vec<u8>)> = connection
        .prepare_cached("SELECT seq, bytes FROM log WHERE document = :id ORDER BY seq")
        .and_then(|mut statement| {
            statement
                .query_map(named_params! { ":id": document.as_bytes().as_slice() }, |row| {
                    Ok((unsigned(row.get("seq")?), row.get("bytes")?))
                })?
                .collect()
        })
        .map_err(sqlite)?;
    let mut changes = Vec::new();
    for (seq, bytes) in rows {
        let envelope = Envelope::from_bytes(&bytes).map_err(|_| malformed("envelope"))?;
        let change = change_id(Hash32(doc::read_change(&envelope.body.change)?.hash().0));
        changes.push(LoggedChange { seq, change, envelope });
    }
    Ok(changes)
}

/// The ids of the changes of a document that are kept apart, whatever was decided over them.
///
/// # Errors
/// The faults of a store.
pub fn apart_change_ids(connection: &Connection, document: DocumentId) -> Result<BTreeSet<u64>> {
    connection
        .prepare_cached("SELECT change_hash FROM quarantine WHERE document = :id AND change_hash <> x''")
        .and_then(|mut statement| {
            statement
                .query_map(named_params! { ":id": document.as_bytes().as_slice() }, |row| {
                    Ok(change_id(Hash32(row.get("change_hash")?)))
                })?
                .collect()
        })
        .map_err(sqlite)
}
