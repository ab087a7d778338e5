//! What the background step has found: up to where it has looked, and the dossiers of which something cannot be read.

use std::collections::BTreeSet;

use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::Result;
use rusqlite::{Connection, Transaction, named_params};

use super::{malformed, optional, signed, sqlite, unsigned};

/// What is wrong with a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A change of it makes Automerge panic, or leaves what cannot be read.
    Unreadable,
    /// A change of it takes longer than any honest one.
    TooSlow,
    /// The process that looked at it died.
    Crashed,
}

impl Trouble {
    /// The word in the store, in the log and on the command line.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::TooSlow => "too_slow",
            Self::Crashed => "crashed",
        }
    }

    fn from_key(key: &str) -> Option<Self> {
        [Self::Unreadable, Self::TooSlow, Self::Crashed].into_iter().find(|trouble| trouble.key() == key)
    }
}

/// A dossier of which something cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poisoned {
    /// The dossier.
    pub document: DocumentId,
    /// What is wrong.
    pub trouble: Trouble,
    /// The changes that are passed over. Empty when it could not be told which.
    pub changes: BTreeSet<Hash32>,
    /// When it was found.
    pub since: Timestamp,
}

/// Up to where the log was looked at.
///
/// # Errors
/// The faults of a store.
pub fn looked_up_to(connection: &Connection) -> Result<u64> {
    connection
        .query_row("SELECT seq FROM materialised WHERE id = 1", [], |row| Ok(unsigned(row.get("seq")?)))
        .map_err(sqlite)
}

/// The log was looked at up to here.
///
/// # Errors
/// The faults of a store.
pub fn set_looked_up_to(tx: &Transaction<'_>, seq: u64) -> Result<()> {
    tx.execute("UPDATE materialised SET seq = :seq WHERE id = 1", named_params! { ":seq": signed(seq) })
        .map_err(sqlite)?;
    Ok(())
}

/// The dossiers that were changed above a place of the log, by the next `envelopes_max` envelopes, and the place of the last of
/// these.
///
/// # Errors
/// The faults of a store.
pub fn changed_after(connection: &Connection, seq: u64, envelopes_max: u32) -> Result<(BTreeSet<DocumentId>, u64)> {
    let mut statement = connection
        .prepare_cached("SELECT seq, document FROM log WHERE seq > :seq ORDER BY seq LIMIT :limit")
        .map_err(sqlite)?;
    let mut rows = statement.query(named_params! { ":seq": signed(seq), ":limit": envelopes_max }).map_err(sqlite)?;
    let (mut changed, mut last) = (BTreeSet::new(), seq);
    while let Some(row) = rows.next().map_err(sqlite)? {
        last = unsigned(row.get("seq").map_err(sqlite)?);
        changed.insert(DocumentId::from_bytes(row.get("document").map_err(sqlite)?));
    }
    Ok((changed, last))
}

/// Marks a dossier. What was found before stays as old as it is.
///
/// # Errors
/// The faults of a store.
pub fn mark(tx: &Transaction<'_>, poisoned: &Poisoned) -> Result<()> {
    let changes: Vec<u8> = poisoned.changes.iter().flat_map(|hash| hash.0).collect();
    tx.prepare_cached(
        "INSERT INTO poisoned (document, trouble, changes, since) VALUES (:document, :trouble, :changes, :since)
         ON CONFLICT (document) DO UPDATE SET trouble = excluded.trouble, changes = excluded.changes",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":document": poisoned.document.as_bytes().as_slice(),
            ":trouble": poisoned.trouble.key(),
            ":changes": changes,
            ":since": poisoned.since.unix_ms(),
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// A dossier can be read.
///
/// # Errors
/// The faults of a store.
pub fn unmark(tx: &Transaction<'_>, document: DocumentId) -> Result<()> {
    tx.prepare_cached("DELETE FROM poisoned WHERE document = :document")
        .and_then(|mut statement| statement.execute(named_params! { ":document": document.as_bytes().as_slice() }))
        .map_err(sqlite)?;
    Ok(())
}

/// What is wrong with a dossier; `None` when nothing is known to be.
///
/// # Errors
/// The faults of a store.
pub fn trouble_of(connection: &Connection, document: DocumentId) -> Result<Option<Poisoned>> {
    let row = connection
        .prepare_cached("SELECT document, trouble, changes, since FROM poisoned WHERE document = :document")
        .map_err(sqlite)?
        .query_row(named_params! { ":document": document.as_bytes().as_slice() }, raw);
    optional(row)?.map(poisoned).transpose()
}

/// All dossiers of which something cannot be read, the oldest first.
///
/// # Errors
/// The faults of a store.
pub fn all(connection: &Connection) -> Result<Vec<Poisoned>> {
    let mut statement = connection
        .prepare("SELECT document, trouble, changes, since FROM poisoned ORDER BY since, document")
        .map_err(sqlite)?;
    let rows = statement.query_map([], raw).and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>);
    rows.map_err(sqlite)?.into_iter().map(poisoned).collect()
}

type Raw = (DocumentId, String, Vec<u8>, i64);

fn raw(row: &rusqlite::Row<'_>) -> rusqlite::Result<Raw> {
    Ok((DocumentId::from_bytes(row.get("document")?), row.get("trouble")?, row.get("changes")?, row.get("since")?))
}

fn poisoned((document, trouble, changes, since): Raw) -> Result<Poisoned> {
    let changes = changes.chunks_exact(32).filter_map(|hash| <[u8; 32]>::try_from(hash).ok().map(Hash32)).collect();
    Ok(Poisoned {
        document,
        trouble: Trouble::from_key(&trouble).ok_or_else(|| malformed("a trouble"))?,
        changes,
        since: Timestamp::from_unix_ms(since),
    })
}
