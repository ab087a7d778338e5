//! What people decided over what waits apart, as they signed it.

use jiafang_core::domain::identifier::{CertificateId, Hash32};
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::Result;
use jiafang_core::protocol::apart::{Decision, Verdict};
use rusqlite::{Connection, Transaction, named_params};

use super::{malformed, optional, sqlite};

/// A decision that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    pub note: String,
    /// When, by the clock of who decided.
    pub at: Timestamp,
    /// Who decided.
    pub certificate: CertificateId,
}

/// Keeps a decision. Of two the first stands.
///
/// # Errors
/// The faults of a store.
pub fn put(tx: &Transaction<'_>, decision: &Decision, certificate: CertificateId, at: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO decision (envelope, verdict, note, at, certificate, signature, taken_at)
         VALUES (:envelope, :verdict, :note, :at, :certificate, :signature, :taken_at)
         ON CONFLICT (envelope) DO NOTHING",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":envelope": decision.body.envelope.0.as_slice(),
            ":verdict": match decision.body.verdict {
                Verdict::Accept => 1,
                Verdict::Refuse => 2,
            },
            ":note": decision.body.note,
            ":at": decision.body.at.unix_ms(),
            ":certificate": certificate.as_bytes().as_slice(),
            ":signature": decision.signature.0.as_slice(),
            ":taken_at": at.unix_ms(),
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// The decision over an envelope.
///
/// # Errors
/// The faults of a store.
pub fn over(connection: &Connection, envelope: Hash32) -> Result<Option<DecisionRow>> {
    let row = connection
        .prepare_cached("SELECT verdict, note, at, certificate FROM decision WHERE envelope = :envelope")
        .map_err(sqlite)?
        .query_row(named_params! { ":envelope": envelope.0.as_slice() }, |row| {
            Ok((
                row.get::<_, i64>("verdict")?,
                row.get("note")?,
                Timestamp::from_unix_ms(row.get("at")?),
                CertificateId::from_bytes(row.get("certificate")?),
            ))
        });
    optional(row)?
        .map(|(verdict, note, at, certificate)| {
            let verdict = match verdict {
                1 => Verdict::Accept,
                2 => Verdict::Refuse,
                _ => return Err(malformed("a decision")),
            };
            Ok(DecisionRow { verdict, note, at, certificate })
        })
        .transpose()
}

/// Drops a decision that cannot stand: what it let in cannot be taken in.
///
/// # Errors
/// The faults of a store.
pub fn drop_over(tx: &Transaction<'_>, envelope: Hash32) -> Result<()> {
    tx.prepare_cached("DELETE FROM decision WHERE envelope = :envelope")
        .and_then(|mut statement| statement.execute(named_params! { ":envelope": envelope.0.as_slice() }))
        .map_err(sqlite)?;
    Ok(())
}

/// How many decisions of a device wait for an envelope that the server has not got.
///
/// # Errors
/// The faults of a store.
pub fn early_ones(connection: &Connection, certificate: CertificateId) -> Result<u64> {
    connection
        .prepare_cached(
            "SELECT count(*) AS early FROM decision WHERE certificate = :certificate
             AND NOT EXISTS (SELECT 1 FROM quarantine WHERE quarantine.hash = decision.envelope)
             AND NOT EXISTS (SELECT 1 FROM log WHERE log.hash = decision.envelope)",
        )
        .and_then(|mut statement| {
            statement.query_row(named_params! { ":certificate": certificate.as_bytes().as_slice() }, |row| {
                row.get::<_, i64>("early")
            })
        })
        .map(super::unsigned)
        .map_err(sqlite)
}
