//! Whose device this is, and where it stands.

use rusqlite::{OptionalExtension, Transaction, named_params};

use super::{Reading, malformed, sqlite};
use crate::domain::identifier::{CertificateId, Hash32, PersonId};
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::protocol::body::cbor;
use crate::protocol::cursor::Cursor;
use crate::protocol::sync::Rights;
use crate::vault::signing::PublicKey;

/// Whose device this is: written at enrolment.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// `host:port` of the server.
    pub address: String,
    /// SHA-256 of the server's public key.
    pub fingerprint: Hash32,
    /// The device's certificate.
    pub certificate: CertificateId,
    /// Its X.509 form.
    pub certificate_der: Vec<u8>,
    /// The secret half of the device's key.
    pub signing_secret: [u8; 32],
    /// The person.
    pub person: PersonId,
    /// The person's name.
    pub person_name: String,
    /// What the person may do.
    pub rights: Rights,
    /// The county's name.
    pub county_name: String,
    /// The key that signs the register.
    pub county_key: PublicKey,
}

/// Where the device stands: moves with every form and every sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The counter of the last envelope written here.
    pub counter: u64,
    /// Its hash.
    pub previous: Hash32,
    /// In the server's log.
    pub cursor: Cursor,
    /// The last register entry.
    pub register_head: u64,
    /// Its hash.
    pub register_hash: Hash32,
    /// What a verified backup of the server holds.
    pub durable_seq: u64,
    /// See [`crate::protocol::sync::SyncRequest::photo_mark`].
    pub photo_mark: u64,
    /// When a sync last came to its end.
    pub last_sync_at: Option<Timestamp>,
    /// This device's clock minus the server's, when last heard.
    pub clock_ahead_ms: i64,
    /// The server keeps no backup.
    pub without_backup: bool,
}

/// Writes the enrolment: the first thing in a new store.
///
/// # Errors
/// The faults of a store.
pub fn enrol(tx: &Transaction<'_>, enrolment: &Enrolment) -> Result<()> {
    tx.execute(
        "INSERT INTO device (id, address, fingerprint, certificate, certificate_der, signing_secret, person,
             person_name, rights, county_name, county_key, previous, cursor_chain, register_hash)
         VALUES (1, :address, :fingerprint, :certificate, :certificate_der, :signing_secret, :person,
             :person_name, :rights, :county_name, :county_key, :zero, :zero, :zero)",
        named_params! {
            ":address": enrolment.address,
            ":fingerprint": enrolment.fingerprint.0.as_slice(),
            ":certificate": enrolment.certificate.as_bytes().as_slice(),
            ":certificate_der": enrolment.certificate_der,
            ":signing_secret": enrolment.signing_secret.as_slice(),
            ":person": enrolment.person.as_bytes().as_slice(),
            ":person_name": enrolment.person_name,
            ":rights": cbor(&enrolment.rights),
            ":county_name": enrolment.county_name,
            ":county_key": enrolment.county_key.0.as_slice(),
            ":zero": Hash32::ZERO.0.as_slice(),
        },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// Changes the rights, when the server says that they are others now.
///
/// # Errors
/// The faults of a store.
pub fn set_rights(tx: &Transaction<'_>, rights: &Rights) -> Result<()> {
    tx.execute("UPDATE device SET rights = :rights WHERE id = 1", named_params! { ":rights": cbor(rights) })
        .map_err(sqlite)?;
    Ok(())
}

/// Writes where the device stands.
///
/// # Errors
/// The faults of a store.
pub fn set_standing(tx: &Transaction<'_>, standing: &Standing) -> Result<()> {
    tx.prepare_cached(
        "UPDATE device SET counter = :counter, previous = :previous, cursor_seq = :cursor_seq,
             cursor_chain = :cursor_chain, register_head = :register_head, register_hash = :register_hash,
             durable_seq = :durable_seq, photo_mark = :photo_mark, last_sync_at = :last_sync_at,
             clock_ahead_ms = :clock_ahead_ms, without_backup = :without_backup
         WHERE id = 1",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":counter": signed(standing.counter),
            ":previous": standing.previous.0.as_slice(),
            ":cursor_seq": signed(standing.cursor.seq),
            ":cursor_chain": standing.cursor.chain.0.as_slice(),
            ":register_head": signed(standing.register_head),
            ":register_hash": standing.register_hash.0.as_slice(),
            ":durable_seq": signed(standing.durable_seq),
            ":photo_mark": signed(standing.photo_mark),
            ":last_sync_at": standing.last_sync_at.map_or(0, Timestamp::unix_ms),
            ":clock_ahead_ms": standing.clock_ahead_ms,
            ":without_backup": standing.without_backup,
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

impl Reading<'_> {
    /// Whose device this is; `None` before enrolment.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn enrolment(self) -> Result<Option<Enrolment>> {
        self.0
            .query_row(
                "SELECT address, fingerprint, certificate, certificate_der, signing_secret, person, person_name,
                     rights, county_name, county_key FROM device WHERE id = 1",
                [],
                |row| {
                    Ok((
                        row.get::<_, String>("address")?,
                        row.get::<_, [u8; 32]>("fingerprint")?,
                        row.get::<_, [u8; 16]>("certificate")?,
                        row.get::<_, Vec<u8>>("certificate_der")?,
                        row.get::<_, [u8; 32]>("signing_secret")?,
                        row.get::<_, [u8; 16]>("person")?,
                        row.get::<_, String>("person_name")?,
                        row.get::<_, Vec<u8>>("rights")?,
                        row.get::<_, String>("county_name")?,
                        row.get::<_, [u8; 32]>("county_key")?,
                    ))
                },
            )
            .optional()
            .map_err(sqlite)?
            .map(|(address, fingerprint, certificate, der, secret, person, person_name, rights, county, key)| {
                Ok(Enrolment {
                    address,
                    fingerprint: Hash32(fingerprint),
                    certificate: CertificateId::from_bytes(certificate),
                    certificate_der: der,
                    signing_secret: secret,
                    person: PersonId::from_bytes(person),
                    person_name,
                    rights: minicbor::decode(&rights).map_err(|_| malformed("rights"))?,
                    county_name: county,
                    county_key: PublicKey(key),
                })
            })
            .transpose()
    }

    /// Where the device stands.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn standing(self) -> Result<Standing> {
        self.0
            .prepare_cached(
                "SELECT counter, previous, cursor_seq, cursor_chain, register_head, register_hash, durable_seq,
                     photo_mark, last_sync_at, clock_ahead_ms, without_backup FROM device WHERE id = 1",
            )
            .and_then(|mut statement| {
                statement.query_row([], |row| {
                    Ok(Standing {
                        counter: unsigned(row.get("counter")?),
                        previous: Hash32(row.get("previous")?),
                        cursor: Cursor {
                            seq: unsigned(row.get("cursor_seq")?),
                            chain: Hash32(row.get("cursor_chain")?),
                        },
                        register_head: unsigned(row.get("register_head")?),
                        register_hash: Hash32(row.get("register_hash")?),
                        durable_seq: unsigned(row.get("durable_seq")?),
                        photo_mark: unsigned(row.get("photo_mark")?),
                        last_sync_at: moment(row.get("last_sync_at")?),
                        clock_ahead_ms: row.get("clock_ahead_ms")?,
                        without_backup: row.get("without_backup")?,
                    })
                })
            })
            .map_err(sqlite)
    }
}

/// SQLite counts with a sign.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// And back.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A moment from its column, where 0 says that there is none.
pub(super) fn moment(ms: i64) -> Option<Timestamp> {
    (ms != 0).then(|| Timestamp::from_unix_ms(ms))
}
