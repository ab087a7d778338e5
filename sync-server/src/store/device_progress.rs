//! How far each device is: the last envelope that came from it, and up to where it holds the log.

use jiafang_core::domain::identifier::{CertificateId, Hash32};
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::Result;
use rusqlite::{Connection, Transaction, named_params};

use super::{optional, signed, sqlite, unsigned};

/// The last counter and hash of a device, in the log or apart.
///
/// # Errors
/// The faults of a store.
pub fn head(connection: &Connection, certificate: CertificateId) -> Result<Option<(u64, Hash32)>> {
    let row = connection
        .prepare_cached("SELECT counter, hash FROM device_head WHERE certificate = :certificate")
        .map_err(sqlite)?
        .query_row(named_params! { ":certificate": certificate.as_bytes().as_slice() }, |row| {
            Ok((unsigned(row.get("counter")?), Hash32(row.get("hash")?)))
        });
    optional(row)
}

/// Moves a device's head on.
///
/// # Errors
/// The faults of a store.
pub fn set_head(tx: &Transaction<'_>, certificate: CertificateId, counter: u64, hash: Hash32) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO device_head (certificate, counter, hash) VALUES (:certificate, :counter, :hash)
         ON CONFLICT (certificate) DO UPDATE SET counter = excluded.counter, hash = excluded.hash
         WHERE excluded.counter > device_head.counter",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":certificate": certificate.as_bytes().as_slice(),
            ":counter": signed(counter),
            ":hash": hash.0.as_slice(),
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// Up to where a device holds the log: what it says at each sync.
///
/// # Errors
/// The faults of a store.
pub fn set_cursor(tx: &Transaction<'_>, certificate: CertificateId, seq: u64, at: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO device_cursor (certificate, seq, at) VALUES (:certificate, :seq, :at)
         ON CONFLICT (certificate) DO UPDATE SET seq = excluded.seq, at = excluded.at",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":certificate": certificate.as_bytes().as_slice(),
            ":seq": signed(seq),
            ":at": at.unix_ms(),
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// Up to where a device holds the log.
///
/// # Errors
/// The faults of a store.
pub fn cursor(connection: &Connection, certificate: CertificateId) -> Result<u64> {
    let row = connection
        .prepare_cached("SELECT seq FROM device_cursor WHERE certificate = :certificate")
        .map_err(sqlite)?
        .query_row(named_params! { ":certificate": certificate.as_bytes().as_slice() }, |row| row.get("seq"));
    Ok(optional(row)?.map_or(0, unsigned))
}
