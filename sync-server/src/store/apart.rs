//! What waits apart: envelopes that were not taken into the log, kept until a person decides; and for good when they
//! were refused.

use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32};
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::Result;
use jiafang_core::protocol::apart::Verdict;
use jiafang_core::protocol::envelope::Envelope;
use jiafang_core::protocol::quarantine::QuarantineReason;
use rusqlite::{Connection, Row, Transaction, named_params};

use super::{malformed, optional, signed, sqlite, unsigned};

/// Why an envelope is apart; `None` for one that is not.
///
/// # Errors
/// The faults of a store.
pub fn reason(connection: &Connection, envelope: Hash32) -> Result<Option<QuarantineReason>> {
    let reason = connection
        .prepare_cached("SELECT reason FROM quarantine WHERE hash = :hash")
        .map_err(sqlite)?
        .query_row(named_params! { ":hash": envelope.0.as_slice() }, |row| row.get::<_, String>("reason"));
    Ok(optional(reason)?.map(|key| reason_of(&key)))
}

fn reason_of(key: &str) -> QuarantineReason {
    QuarantineReason::from_key(key).unwrap_or(QuarantineReason::ChangeUnreadable)
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

/// What is known of an envelope when it is put apart.
#[derive(Debug, Clone, Copy)]
pub struct Why {
    /// Why.
    pub reason: QuarantineReason,
    /// The hash of its change, where that can be read.
    pub change: Option<Hash32>,
    /// The first envelope of the fork that it belongs to.
    pub fork: Option<Hash32>,
    /// A person may let it into the log.
    pub acceptable: bool,
}

fn or_nothing(hash: Option<&Hash32>) -> &[u8] {
    hash.map_or(&[][..], |hash| hash.0.as_slice())
}

/// Keeps an envelope apart until a person decides.
///
/// # Errors
/// The faults of a store.
pub fn keep(tx: &Transaction<'_>, envelope: &Envelope, why: &Why, at: Timestamp) -> Result<()> {
    let body = &envelope.body;
    tx.prepare_cached(
        "INSERT INTO quarantine (hash, certificate, counter, document, change_hash, reason, received_at, bytes, fork,
             acceptable)
         VALUES (:hash, :certificate, :counter, :document, :change_hash, :reason, :received_at, :bytes, :fork,
             :acceptable)
         ON CONFLICT (hash) DO NOTHING",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":hash": envelope.hash().0.as_slice(),
            ":certificate": body.certificate.as_bytes().as_slice(),
            ":counter": signed(body.counter),
            ":document": body.document.as_bytes().as_slice(),
            ":change_hash": or_nothing(why.change.as_ref()),
            ":reason": why.reason.key(),
            ":received_at": at.unix_ms(),
            ":bytes": envelope.to_bytes(),
            ":fork": or_nothing(why.fork.as_ref()),
            ":acceptable": why.acceptable,
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// An envelope that is apart.
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
    /// The hash of its change, where that can be read.
    pub change: Option<Hash32>,
    /// Why.
    pub reason: QuarantineReason,
    /// Since when.
    pub received_at: Timestamp,
    /// What was decided; `None` while it waits.
    pub verdict: Option<Verdict>,
    /// The envelope whose decision it follows.
    pub decision: Option<Hash32>,
    /// The first envelope of the fork that it belongs to.
    pub fork: Option<Hash32>,
    /// A person may let it into the log.
    pub acceptable: bool,
    /// The envelope's bytes.
    bytes: Vec<u8>,
}

impl ApartRow {
    /// The envelope.
    ///
    /// # Errors
    /// [`jiafang_core::error::ErrorCode::StoreDamaged`].
    pub fn envelope(&self) -> Result<Envelope> {
        Envelope::from_bytes(&self.bytes).map_err(|_| malformed("an envelope that is apart"))
    }
}

const COLUMNS: &str = "hash, certificate, counter, document, change_hash, reason, received_at, verdict, decision, fork, \
     acceptable, bytes";

fn read(row: &Row<'_>) -> rusqlite::Result<ApartRow> {
    let hash = |name: &str| -> rusqlite::Result<Option<Hash32>> {
        Ok(<[u8; 32]>::try_from(row.get_ref(name)?.as_blob()?).ok().map(Hash32))
    };
    let reason = reason_of(row.get_ref("reason")?.as_str()?);
    Ok(ApartRow {
        hash: Hash32(row.get("hash")?),
        certificate: CertificateId::from_bytes(row.get("certificate")?),
        counter: unsigned(row.get("counter")?),
        document: DocumentId::from_bytes(row.get("document")?),
        change: hash("change_hash")?,
        reason,
        received_at: Timestamp::from_unix_ms(row.get("received_at")?),
        verdict: match row.get::<_, i64>("verdict")? {
            1 => Some(Verdict::Accept),
            2 => Some(Verdict::Refuse),
            _ => None,
        },
        decision: hash("decision")?,
        fork: hash("fork")?,
        acceptable: row.get::<_, bool>("acceptable")? && reason.may_be_accepted(),
        bytes: row.get("bytes")?,
    })
}

fn rows(connection: &Connection, rest: &str, parameters: &[(&str, &dyn rusqlite::ToSql)]) -> Result<Vec<ApartRow>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM quarantine {rest}"))
        .and_then(|mut statement| statement.query_map(parameters, read)?.collect::<rusqlite::Result<Vec<_>>>())
        .map_err(sqlite)
}

/// An envelope that is apart.
///
/// # Errors
/// The faults of a store.
pub fn row(connection: &Connection, envelope: Hash32) -> Result<Option<ApartRow>> {
    let found = rows(connection, "WHERE hash = :hash", named_params! { ":hash": envelope.0.as_slice() })?;
    Ok(found.into_iter().next())
}

/// What waits for a person, oldest first.
///
/// # Errors
/// The faults of a store.
pub fn waiting(connection: &Connection, limit: u32) -> Result<Vec<ApartRow>> {
    let rest = "WHERE verdict = 0 ORDER BY received_at, certificate, counter LIMIT :limit";
    rows(connection, rest, named_params! { ":limit": limit })
}

/// What was accepted and waits for what it builds on.
///
/// # Errors
/// The faults of a store.
pub fn accepted(connection: &Connection) -> Result<Vec<ApartRow>> {
    rows(connection, "WHERE verdict = 1 ORDER BY certificate, counter", &[])
}

/// What one device wrote into a document and is apart, in the order of its counter.
///
/// # Errors
/// The faults of a store.
pub fn of_device(connection: &Connection, certificate: CertificateId, document: DocumentId) -> Result<Vec<ApartRow>> {
    rows(
        connection,
        "WHERE certificate = :certificate AND document = :document ORDER BY counter, hash",
        named_params! {
            ":certificate": certificate.as_bytes().as_slice(),
            ":document": document.as_bytes().as_slice(),
        },
    )
}

/// All that is apart and not refused, oldest first.
///
/// # Errors
/// The faults of a store.
pub fn all(connection: &Connection) -> Result<Vec<ApartRow>> {
    rows(connection, "WHERE verdict <> 2 ORDER BY received_at, certificate, counter", &[])
}

/// All that was refused, oldest first.
///
/// # Errors
/// The faults of a store.
pub fn refused(connection: &Connection) -> Result<Vec<ApartRow>> {
    rows(connection, "WHERE verdict = 2 ORDER BY received_at, certificate, counter", &[])
}

/// The decision that a refused change of a document follows; `None` for one that was not refused.
///
/// # Errors
/// The faults of a store.
pub fn refused_with(connection: &Connection, document: DocumentId, change: Hash32) -> Result<Option<Hash32>> {
    let found = rows(
        connection,
        "WHERE document = :document AND change_hash = :hash AND verdict = 2",
        named_params! { ":document": document.as_bytes().as_slice(), ":hash": change.0.as_slice() },
    )?;
    Ok(found.into_iter().find_map(|row| row.decision))
}

/// A person has decided; `None`: it waits after all.
///
/// # Errors
/// The faults of a store.
pub fn set_verdict(tx: &Transaction<'_>, envelope: Hash32, decided: Option<(Verdict, Hash32)>) -> Result<()> {
    tx.prepare_cached("UPDATE quarantine SET verdict = :verdict, decision = :decision WHERE hash = :hash")
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":verdict": match decided {
                    None => 0,
                    Some((Verdict::Accept, _)) => 1,
                    Some((Verdict::Refuse, _)) => 2,
                },
                ":decision": or_nothing(decided.as_ref().map(|(_, decision)| decision)),
                ":hash": envelope.0.as_slice(),
            })
        })
        .map_err(sqlite)?;
    Ok(())
}

/// It waits for another reason now.
///
/// # Errors
/// The faults of a store.
pub fn set_reason(tx: &Transaction<'_>, envelope: Hash32, reason: QuarantineReason) -> Result<()> {
    tx.prepare_cached("UPDATE quarantine SET reason = :reason WHERE hash = :hash")
        .and_then(|mut statement| {
            statement.execute(named_params! { ":reason": reason.key(), ":hash": envelope.0.as_slice() })
        })
        .map_err(sqlite)?;
    Ok(())
}

/// It can only be put away.
///
/// # Errors
/// The faults of a store.
pub fn mark_unacceptable(tx: &Transaction<'_>, envelope: Hash32) -> Result<()> {
    tx.prepare_cached("UPDATE quarantine SET acceptable = 0 WHERE hash = :hash")
        .and_then(|mut statement| statement.execute(named_params! { ":hash": envelope.0.as_slice() }))
        .map_err(sqlite)?;
    Ok(())
}

/// It is in the log, and apart no more.
///
/// # Errors
/// The faults of a store.
pub fn remove(tx: &Transaction<'_>, envelope: Hash32) -> Result<()> {
    tx.prepare_cached("DELETE FROM quarantine WHERE hash = :hash")
        .and_then(|mut statement| statement.execute(named_params! { ":hash": envelope.0.as_slice() }))
        .map_err(sqlite)?;
    Ok(())
}
