//! What a restored server may have lost and this device holds: envelopes of others, and entries of the register.

use rusqlite::{Transaction, named_params};

use super::{Reading, malformed, sqlite};
use crate::domain::identifier::Hash32;
use crate::error::Result;
use crate::protocol::body::cbor;
use crate::protocol::envelope::Envelope;
use crate::protocol::register::RegisterEntry;

/// How far a recovery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// There is none.
    Nothing,
    /// The log is being looked at again.
    Looking,
    /// It has been: what is left the server has not got.
    Giving,
}

/// The server was restored: all of others is held to be lost until it has come again. Before the register is forgotten.
///
/// # Errors
/// The faults of a store.
pub fn begin(tx: &Transaction<'_>) -> Result<()> {
    for sql in [
        "INSERT INTO unconfirmed (envelope) SELECT hash FROM envelope
         WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.envelope = envelope.hash) ON CONFLICT DO NOTHING",
        "INSERT INTO lost_register (seq, bytes) SELECT seq, bytes FROM register_entry WHERE true
         ON CONFLICT (seq) DO UPDATE SET bytes = excluded.bytes",
        "UPDATE apart SET recovering = 1",
    ] {
        tx.execute(sql, []).map_err(sqlite)?;
    }
    Ok(())
}

/// The server has an envelope.
///
/// # Errors
/// The faults of a store.
pub fn confirm(tx: &Transaction<'_>, envelope: Hash32) -> Result<()> {
    tx.prepare_cached("DELETE FROM unconfirmed WHERE envelope = :envelope")
        .and_then(|mut statement| statement.execute(named_params! { ":envelope": envelope.0.as_slice() }))
        .map_err(sqlite)?;
    Ok(())
}

/// The server has a register entry: this very one.
///
/// # Errors
/// The faults of a store.
pub fn confirm_entry(tx: &Transaction<'_>, entry: &RegisterEntry) -> Result<()> {
    tx.prepare_cached("DELETE FROM lost_register WHERE bytes = :bytes")
        .and_then(|mut statement| statement.execute(named_params! { ":bytes": cbor(entry) }))
        .map_err(sqlite)?;
    Ok(())
}

/// Goes on to giving, when the log was looked at to its end; and ends, when nothing is left.
///
/// # Errors
/// The faults of a store.
pub fn go_on(tx: &Transaction<'_>, at_the_end: bool) -> Result<()> {
    if at_the_end {
        tx.execute("UPDATE apart SET recovering = 2 WHERE recovering = 1", []).map_err(sqlite)?;
    }
    tx.execute(
        "UPDATE apart SET recovering = 0 WHERE recovering = 2 AND NOT EXISTS (SELECT 1 FROM unconfirmed)
             AND NOT EXISTS (SELECT 1 FROM lost_register)",
        [],
    )
    .map_err(sqlite)?;
    Ok(())
}

impl Reading<'_> {
    /// How far a recovery is.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn recovery(self) -> Result<Recovery> {
        self.0
            .prepare_cached("SELECT recovering FROM apart")
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>("recovering")))
            .map(|number| match number {
                1 => Recovery::Looking,
                2 => Recovery::Giving,
                _ => Recovery::Nothing,
            })
            .map_err(sqlite)
    }

    /// Envelopes that the server has not got, in the order in which they came, after a place in it, up to a budget of
    /// bytes (at least one); with the place of the last.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn to_give_back(self, after: i64, bytes_max: usize) -> Result<(Vec<Envelope>, i64)> {
        let mut statement = self
            .0
            .prepare_cached(
                "SELECT envelope.rowid AS place, envelope.bytes AS bytes
                 FROM unconfirmed JOIN envelope ON envelope.hash = unconfirmed.envelope
                 WHERE envelope.rowid > :after ORDER BY envelope.rowid",
            )
            .map_err(sqlite)?;
        let mut rows = statement.query(named_params! { ":after": after }).map_err(sqlite)?;
        let (mut envelopes, mut place, mut bytes) = (Vec::new(), after, 0_usize);
        while let Some(row) = rows.next().map_err(sqlite)? {
            let read: Vec<u8> = row.get("bytes").map_err(sqlite)?;
            bytes = bytes.saturating_add(read.len());
            if bytes > bytes_max && !envelopes.is_empty() {
                break;
            }
            place = row.get("place").map_err(sqlite)?;
            envelopes.push(Envelope::from_bytes(&read).map_err(|_| malformed("envelope"))?);
        }
        Ok((envelopes, place))
    }

    /// Register entries that the server has not got, oldest first, at most `limit`.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn entries_to_give_back(self, limit: u32) -> Result<Vec<RegisterEntry>> {
        self.0
            .prepare_cached("SELECT bytes FROM lost_register ORDER BY seq LIMIT :limit")
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":limit": limit }, |row| row.get::<_, Vec<u8>>("bytes"))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?
            .iter()
            .map(|bytes| minicbor::decode(bytes).map_err(|_| malformed("register entry")))
            .collect()
    }
}
