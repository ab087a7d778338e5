//! What waits apart: envelopes that were not taken into the log, kept until a person decides.

use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32};
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::Result;
use jiafang_core::protocol::envelope::Envelope;
use jiafang_core::protocol::sync::QuarantineReason;
use rusqlite::{Connection, Transaction, named_params};

use super::{optional, signed, sqlite, unsigned};

fn reason_from_key(key: &str) -> QuarantineReason {
    use QuarantineReason as R;
    [
        R::NotYours,
        R::ChangeUnreadable,
        R::SignatureWrong,
        R::CounterForked,
        R::BuildsOnQuarantined,
        R::TooLarge,
        R::Late,
    ]
    .into_iter()
    .find(|reason| reason.key() == key)
    .unwrap_or(R::ChangeUnreadable)
}

/// Why an envelope waits; `None` for one that does not.
///
/// # Errors
/// The faults of a store.
pub fn reason(connection: &Connection, envelope: Hash32) -> Result<Option<QuarantineReason>> {
    let reason = connection
        .prepare_cached("SELECT reason FROM quarantine WHERE hash = :hash")
        .map_err(sqlite)?
        .query_row(named_params! { ":hash": envelope.0.as_slice() }, |row| row.get::<_, String>("reason"));
    Ok(optional(reason)?.as_deref().map(reason_from_key))
}

/// Whether a change that this device could build on waits apart: the change itself, or, where it could not be
/// read, any record that this device wrote for the document.
///
/// # Errors
/// The faults of a store.
pub fn holds_back(
    connection: &Connection,
    certificate: CertificateId,
    document: DocumentId,
    change: Hash32,
) -> Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM quarantine WHERE document = :document AND change_hash = :hash
             UNION ALL SELECT 1 FROM quarantine WHERE document = :document AND certificate = :certificate",
        )
        .and_then(|mut statement| {
            statement.exists(named_params! {
                ":document": document.as_bytes().as_slice(),
                ":hash": change.0.as_slice(),
                ":certificate": certificate.as_bytes().as_slice(),
            })
        })
        .map_err(sqlite)
}

/// Keeps an envelope apart until a person decides.
///
/// # Errors
/// The faults of a store.
pub fn keep(
    tx: &Transaction<'_>,
    envelope: &Envelope,
    change_hash: Option<Hash32>,
    reason: QuarantineReason,
    at: Timestamp,
) -> Result<()> {
    let body = &envelope.body;
    tx.prepare_cached(
        "INSERT INTO quarantine (hash, certificate, counter, document, change_hash, reason, received_at, bytes)
         VALUES (:hash, :certificate, :counter, :document, :change_hash, :reason, :received_at, :bytes)
         ON CONFLICT (hash) DO NOTHING",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":hash": envelope.hash().0.as_slice(),
            ":certificate": body.certificate.as_bytes().as_slice(),
            ":counter": signed(body.counter),
            ":document": body.document.as_bytes().as_slice(),
            ":change_hash": change_hash.as_ref().map_or(&[][..], |hash| hash.0.as_slice()),
            ":reason": reason.key(),
            ":received_at": at.unix_ms(),
            ":bytes": envelope.to_bytes(),
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// An envelope that waits apart, as the administrator sees it: no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApartRow {
    /// The envelope.
    pub hash: Hash32,
    /// Whose device.
    pub certificate: CertificateId,
    /// The device's counter.
    pub counter: u64,
    /// The document.
    pub document: DocumentId,
    /// Why.
    pub reason: String,
    /// Since when.
    pub received_at: Timestamp,
}

/// What waits apart, oldest first.
///
/// # Errors
/// The faults of a store.
pub fn all(connection: &Connection) -> Result<Vec<ApartRow>> {
    let mut statement = connection
        .prepare(
            "SELECT hash, certificate, counter, document, reason, received_at FROM quarantine
             ORDER BY received_at, certificate, counter",
        )
        .map_err(sqlite)?;
    statement
        .query_map([], |row| {
            Ok(ApartRow {
                hash: Hash32(row.get("hash")?),
                certificate: CertificateId::from_bytes(row.get("certificate")?),
                counter: unsigned(row.get("counter")?),
                document: DocumentId::from_bytes(row.get("document")?),
                reason: row.get("reason")?,
                received_at: Timestamp::from_unix_ms(row.get("received_at")?),
            })
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(sqlite)
}
