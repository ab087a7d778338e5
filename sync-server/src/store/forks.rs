//! Chains of a device beside the one that the server knew first: a tablet was copied, or put back from a copy.

use jiafang_core::domain::identifier::{CertificateId, Hash32};
use jiafang_core::error::Result;
use rusqlite::{Connection, Transaction, named_params};

use super::{optional, signed, sqlite, unsigned};

/// A fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fork {
    /// Its first envelope, which names it.
    pub first: Hash32,
    /// The counter of its last envelope.
    pub counter: u64,
    /// A person has accepted of it.
    pub let_in: bool,
}

/// The fork that ends with an envelope.
///
/// # Errors
/// The faults of a store.
pub fn headed_by(connection: &Connection, certificate: CertificateId, head: Hash32) -> Result<Option<Fork>> {
    let row = connection
        .prepare_cached("SELECT first, counter, let_in FROM fork WHERE certificate = :certificate AND head = :head")
        .map_err(sqlite)?
        .query_row(
            named_params! { ":certificate": certificate.as_bytes().as_slice(), ":head": head.0.as_slice() },
            |row| {
                Ok(Fork {
                    first: Hash32(row.get("first")?),
                    counter: unsigned(row.get("counter")?),
                    let_in: row.get("let_in")?,
                })
            },
        );
    optional(row)
}

/// A fork begins, or goes on: this is its end now.
///
/// # Errors
/// The faults of a store.
pub fn set_head(
    tx: &Transaction<'_>,
    first: Hash32,
    certificate: CertificateId,
    counter: u64,
    head: Hash32,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO fork (first, certificate, counter, head) VALUES (:first, :certificate, :counter, :head)
         ON CONFLICT (first) DO UPDATE SET counter = excluded.counter, head = excluded.head",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":first": first.0.as_slice(),
            ":certificate": certificate.as_bytes().as_slice(),
            ":counter": signed(counter),
            ":head": head.0.as_slice(),
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// A person has accepted of it: what follows is judged like all else.
///
/// # Errors
/// The faults of a store.
pub fn let_in(tx: &Transaction<'_>, first: Hash32) -> Result<()> {
    tx.prepare_cached("UPDATE fork SET let_in = 1 WHERE first = :first")
        .and_then(|mut statement| statement.execute(named_params! { ":first": first.0.as_slice() }))
        .map_err(sqlite)?;
    Ok(())
}

/// Whether a device has more than one chain.
///
/// # Errors
/// The faults of a store.
pub fn is_forked(connection: &Connection, certificate: CertificateId) -> Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM fork WHERE certificate = :certificate")
        .and_then(|mut statement| statement.exists(named_params! { ":certificate": certificate.as_bytes().as_slice() }))
        .map_err(sqlite)
}

/// An envelope of the log that a device has written under a counter, and is not this one: of a chain beside. `None` for none.
///
/// # Errors
/// The faults of a store.
pub fn other_under(
    connection: &Connection,
    certificate: CertificateId,
    counter: u64,
    envelope: Hash32,
) -> Result<Option<Hash32>> {
    let row = connection
        .prepare_cached(
            "SELECT hash FROM log WHERE certificate = :certificate AND counter = :counter AND hash <> :envelope LIMIT 1",
        )
        .map_err(sqlite)?
        .query_row(
            named_params! {
                ":certificate": certificate.as_bytes().as_slice(),
                ":counter": signed(counter),
                ":envelope": envelope.0.as_slice(),
            },
            |row| Ok(Hash32(row.get("hash")?)),
        );
    optional(row)
}

/// The highest counter that the log holds of a device: above its chain's end where others gave back what it has not offered
/// again. 0 for none.
///
/// # Errors
/// The faults of a store.
pub fn highest_counter(connection: &Connection, certificate: CertificateId) -> Result<u64> {
    connection
        .prepare_cached("SELECT coalesce(max(counter), 0) AS counter FROM log WHERE certificate = :certificate")
        .and_then(|mut statement| {
            statement.query_row(named_params! { ":certificate": certificate.as_bytes().as_slice() }, |row| {
                row.get("counter")
            })
        })
        .map(unsigned)
        .map_err(sqlite)
}
