//! The register and the county's own row: who may see and write what.

use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32, PersonId};
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::protocol::body::cbor;
use jiafang_core::protocol::register::{RegisterEntry, RegisterEntryBody, RegisterFact};
use jiafang_core::protocol::sync::Rights;
use jiafang_core::vault::signing::{DeviceSigner, PublicKey};
use rusqlite::{Connection, Transaction, named_params};

use super::{malformed, optional, signed, sqlite, unsigned};

/// The county's own row.
#[derive(Debug, Clone)]
pub struct CountyRow {
    /// Its name.
    pub name: String,
    /// `host:port` that devices are told.
    pub address: String,
    /// The administration's certificate.
    pub certificate: CertificateId,
    /// The document of places and schools.
    pub document: DocumentId,
    /// The public half of the recovery key.
    pub recovery_public_key: [u8; 32],
    /// It has chosen to run without a backup.
    pub without_backup: bool,
    /// The highest sequence number in a verified backup.
    pub durable_seq: u64,
}

/// Writes the county's row: once.
///
/// # Errors
/// The faults of a store.
pub fn create_county(tx: &Transaction<'_>, county: &CountyRow) -> Result<()> {
    tx.execute(
        "INSERT INTO county (id, name, address, certificate, document, recovery_public_key, durability)
         VALUES (1, :name, :address, :certificate, :document, :recovery_public_key, :durability)",
        named_params! {
            ":name": county.name,
            ":address": county.address,
            ":certificate": county.certificate.as_bytes().as_slice(),
            ":document": county.document.as_bytes().as_slice(),
            ":recovery_public_key": county.recovery_public_key.as_slice(),
            ":durability": if county.without_backup { "local" } else { "backup" },
        },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// The county's row.
///
/// # Errors
/// [`ErrorCode::NotEnrolled`] when `init` has not come to its end, the faults of a store.
pub fn county(connection: &Connection) -> Result<CountyRow> {
    let row = connection
        .prepare_cached(
            "SELECT name, address, certificate, document, recovery_public_key, durability, durable_seq
             FROM county WHERE id = 1",
        )
        .map_err(sqlite)?
        .query_row([], |row| {
            Ok(CountyRow {
                name: row.get("name")?,
                address: row.get("address")?,
                certificate: CertificateId::from_bytes(row.get("certificate")?),
                document: DocumentId::from_bytes(row.get("document")?),
                recovery_public_key: row.get("recovery_public_key")?,
                without_backup: row.get::<_, String>("durability")? == "local",
                durable_seq: unsigned(row.get("durable_seq")?),
            })
        });
    optional(row)?.ok_or_else(|| Failure::new(ErrorCode::NotEnrolled, "the data folder holds no county"))
}

/// A verified backup holds the log up to here.
///
/// # Errors
/// The faults of a store.
pub fn set_durable_seq(tx: &Transaction<'_>, seq: u64) -> Result<()> {
    tx.execute(
        "UPDATE county SET durable_seq = max(durable_seq, :seq) WHERE id = 1",
        named_params! { ":seq": signed(seq) },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// Writes a fact as the next entry, signed by the county's key.
///
/// # Errors
/// The faults of a store.
pub fn write(tx: &Transaction<'_>, fact: RegisterFact, county: &DeviceSigner, at: Timestamp) -> Result<()> {
    let (seq, previous) = head(tx)?;
    let body = RegisterEntryBody { seq: seq.saturating_add(1), previous, at, fact };
    let entry = RegisterEntry::sign(body, county);
    tx.execute(
        "INSERT INTO register_entry (seq, hash, bytes) VALUES (:seq, :hash, :bytes)",
        named_params! {
            ":seq": signed(entry.body.seq),
            ":hash": entry.hash().0.as_slice(),
            ":bytes": cbor(&entry),
        },
    )
    .map_err(sqlite)?;
    match entry.body.fact {
        RegisterFact::County { certificate, public_key, name, .. } => {
            let person = PersonId::from_bytes(*certificate.as_bytes());
            put_person(tx, person, &name, &[], false)?;
            put_certificate(tx, certificate, person, &public_key)
        }
        RegisterFact::Person { person, name, role, scopes } => {
            put_person(tx, person, &name, &cbor(&Rights { role, scopes }), role.is_desk())?;
            forget_cursors(tx, person)
        }
        RegisterFact::Certificate { certificate, person, public_key } => {
            put_certificate(tx, certificate, person, &public_key)
        }
        RegisterFact::Revoked { certificate } => {
            tx.execute(
                "UPDATE certificate SET revoked = 1 WHERE id = :id",
                named_params! { ":id": certificate.as_bytes().as_slice() },
            )
            .map_err(sqlite)?;
            Ok(())
        }
    }
}

fn put_person(tx: &Transaction<'_>, person: PersonId, name: &str, rights: &[u8], is_desk: bool) -> Result<()> {
    tx.execute(
        "INSERT INTO person (id, name, rights, is_desk) VALUES (:id, :name, :rights, :is_desk)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, rights = excluded.rights, is_desk = excluded.is_desk",
        named_params! {
            ":id": person.as_bytes().as_slice(),
            ":name": name,
            ":rights": rights,
            ":is_desk": is_desk,
        },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// With other rights a person's devices see another part of the log: what they hold of it they say anew.
fn forget_cursors(tx: &Transaction<'_>, person: PersonId) -> Result<()> {
    tx.execute(
        "UPDATE device_cursor SET seq = 0
         WHERE certificate IN (SELECT id FROM certificate WHERE person = :person)",
        named_params! { ":person": person.as_bytes().as_slice() },
    )
    .map_err(sqlite)?;
    Ok(())
}

fn put_certificate(tx: &Transaction<'_>, id: CertificateId, person: PersonId, key: &PublicKey) -> Result<()> {
    tx.execute(
        "INSERT INTO certificate (id, person, public_key) VALUES (:id, :person, :key) ON CONFLICT (id) DO NOTHING",
        named_params! {
            ":id": id.as_bytes().as_slice(),
            ":person": person.as_bytes().as_slice(),
            ":key": key.0.as_slice(),
        },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// The last entry's number and hash.
///
/// # Errors
/// The faults of a store.
pub fn head(connection: &Connection) -> Result<(u64, Hash32)> {
    let row = connection
        .prepare_cached("SELECT seq, hash FROM register_entry ORDER BY seq DESC LIMIT 1")
        .map_err(sqlite)?
        .query_row([], |row| Ok((unsigned(row.get("seq")?), Hash32(row.get("hash")?))));
    Ok(optional(row)?.unwrap_or((0, Hash32::ZERO)))
}

/// Whether an entry stands here under its number, by its hash.
///
/// # Errors
/// The faults of a store.
pub fn knows_entry(connection: &Connection, seq: u64, hash: Hash32) -> Result<bool> {
    if seq == 0 {
        return Ok(hash == Hash32::ZERO);
    }
    connection
        .prepare_cached("SELECT 1 FROM register_entry WHERE seq = :seq AND hash = :hash")
        .and_then(|mut statement| statement.exists(named_params! { ":seq": signed(seq), ":hash": hash.0.as_slice() }))
        .map_err(sqlite)
}

/// Entries above a number, in order, up to a budget of bytes (at least one); and whether these are all.
///
/// # Errors
/// The faults of a store.
pub fn entries_after(connection: &Connection, seq: u64, bytes_max: usize) -> Result<(Vec<RegisterEntry>, bool)> {
    let mut statement =
        connection.prepare_cached("SELECT bytes FROM register_entry WHERE seq > :seq ORDER BY seq").map_err(sqlite)?;
    let mut rows = statement.query(named_params! { ":seq": signed(seq) }).map_err(sqlite)?;
    let mut entries = Vec::new();
    let mut bytes = 0_usize;
    while let Some(row) = rows.next().map_err(sqlite)? {
        let read = row.get_ref("bytes").map_err(sqlite)?.as_blob().map_err(|_| malformed("register entry"))?;
        bytes = bytes.saturating_add(read.len());
        if bytes > bytes_max && !entries.is_empty() {
            return Ok((entries, false));
        }
        entries.push(minicbor::decode(read).map_err(|_| malformed("register entry"))?);
    }
    Ok((entries, true))
}

/// All entries, in their order.
///
/// # Errors
/// The faults of a store.
pub fn all_entries(connection: &Connection) -> Result<Vec<RegisterEntry>> {
    Ok(entries_after(connection, 0, usize::MAX)?.0)
}

/// A device that the register knows and has not revoked.
#[derive(Debug, Clone)]
pub struct Device {
    /// Its certificate.
    pub certificate: CertificateId,
    /// The key that it signs with.
    pub public_key: PublicKey,
    /// Whose.
    pub person: PersonId,
    /// What the person may do now; `None` for the county's administration.
    pub rights: Option<Rights>,
}

/// Looks a device up; `None` for one that is unknown or revoked.
///
/// # Errors
/// The faults of a store.
pub fn device(connection: &Connection, certificate: CertificateId) -> Result<Option<Device>> {
    let row = connection
        .prepare_cached(
            "SELECT certificate.public_key AS public_key, certificate.person AS person, person.rights AS rights
             FROM certificate JOIN person ON person.id = certificate.person
             WHERE certificate.id = :id AND certificate.revoked = 0",
        )
        .map_err(sqlite)?
        .query_row(named_params! { ":id": certificate.as_bytes().as_slice() }, |row| {
            Ok((
                row.get::<_, [u8; 32]>("public_key")?,
                row.get::<_, [u8; 16]>("person")?,
                row.get::<_, Vec<u8>>("rights")?,
            ))
        });
    optional(row)?
        .map(|(key, person, rights)| {
            Ok(Device {
                certificate,
                public_key: PublicKey(key),
                person: PersonId::from_bytes(person),
                rights: if rights.is_empty() {
                    None
                } else {
                    Some(minicbor::decode(&rights).map_err(|_| malformed("rights"))?)
                },
            })
        })
        .transpose()
}

/// Who a certificate belongs to, whether it is revoked or not.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The certificate.
    pub certificate: CertificateId,
    /// The person.
    pub person: PersonId,
    /// The name as colleagues know it.
    pub name: String,
    /// The key that the device signs with.
    pub public_key: PublicKey,
    /// What the person may do now; `None` for the county's administration.
    pub rights: Option<Rights>,
}

/// Looks up who a certificate belongs to.
///
/// # Errors
/// The faults of a store.
pub fn holder(connection: &Connection, certificate: CertificateId) -> Result<Option<Holder>> {
    let row = connection
        .prepare_cached(
            "SELECT certificate.public_key AS public_key, certificate.person AS person, person.name AS name,
                 person.rights AS rights
             FROM certificate JOIN person ON person.id = certificate.person WHERE certificate.id = :id",
        )
        .map_err(sqlite)?
        .query_row(named_params! { ":id": certificate.as_bytes().as_slice() }, |row| {
            Ok((
                row.get::<_, [u8; 32]>("public_key")?,
                row.get::<_, [u8; 16]>("person")?,
                row.get::<_, String>("name")?,
                row.get::<_, Vec<u8>>("rights")?,
            ))
        });
    optional(row)?
        .map(|(key, person, name, rights)| {
            let rights = (!rights.is_empty()).then(|| minicbor::decode(&rights)).transpose();
            Ok(Holder {
                certificate,
                person: PersonId::from_bytes(person),
                name,
                public_key: PublicKey(key),
                rights: rights.map_err(|_| malformed("rights"))?,
            })
        })
        .transpose()
}

/// The certificate of a person's device with a key; `None` when there is none or it is revoked.
///
/// # Errors
/// The faults of a store.
pub fn certificate_of_key(connection: &Connection, person: PersonId, key: &PublicKey) -> Result<Option<CertificateId>> {
    let row = connection
        .prepare_cached("SELECT id FROM certificate WHERE person = :person AND public_key = :key AND revoked = 0")
        .map_err(sqlite)?
        .query_row(named_params! { ":person": person.as_bytes().as_slice(), ":key": key.0.as_slice() }, |row| {
            Ok(CertificateId::from_bytes(row.get("id")?))
        });
    optional(row)
}

/// Devices at desks, with how far each holds the log and what it may see.
///
/// # Errors
/// The faults of a store.
pub fn desks(connection: &Connection) -> Result<Vec<(PersonId, Rights, u64)>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT person.id AS id, person.rights AS rights, device_cursor.seq AS seq
             FROM person JOIN certificate ON certificate.person = person.id
             JOIN device_cursor ON device_cursor.certificate = certificate.id
             WHERE person.is_desk = 1 AND certificate.revoked = 0",
        )
        .map_err(sqlite)?;
    let rows = statement
        .query_map([], |row| {
            Ok((row.get::<_, [u8; 16]>("id")?, row.get::<_, Vec<u8>>("rights")?, unsigned(row.get("seq")?)))
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(sqlite)?;
    rows.into_iter()
        .map(|(person, rights, seq)| {
            let rights = minicbor::decode(&rights).map_err(|_| malformed("rights"))?;
            Ok((PersonId::from_bytes(person), rights, seq))
        })
        .collect()
}

/// A person with devices, for the administrator's list.
#[derive(Debug, Clone)]
pub struct PersonRow {
    /// The person.
    pub id: PersonId,
    /// The name.
    pub name: String,
    /// Rights; `None` for the administration itself.
    pub rights: Option<Rights>,
    /// Certificates, with whether each is revoked.
    pub certificates: Vec<(CertificateId, bool)>,
}

/// All people.
///
/// # Errors
/// The faults of a store.
pub fn people(connection: &Connection) -> Result<Vec<PersonRow>> {
    let mut statement = connection.prepare("SELECT id, name, rights FROM person ORDER BY name").map_err(sqlite)?;
    let rows = statement
        .query_map([], |row| {
            Ok((row.get::<_, [u8; 16]>("id")?, row.get::<_, String>("name")?, row.get::<_, Vec<u8>>("rights")?))
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(sqlite)?;
    let mut of_person =
        connection.prepare("SELECT id, revoked FROM certificate WHERE person = :person ORDER BY id").map_err(sqlite)?;
    rows.into_iter()
        .map(|(id, name, rights)| {
            let certificates = of_person
                .query_map(named_params! { ":person": id.as_slice() }, |row| {
                    Ok((CertificateId::from_bytes(row.get("id")?), row.get("revoked")?))
                })
                .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
                .map_err(sqlite)?;
            Ok(PersonRow { id: PersonId::from_bytes(id), name, rights: minicbor::decode(&rights).ok(), certificates })
        })
        .collect()
}

/// Keeps an invitation under the hash of its token.
///
/// # Errors
/// The faults of a store.
pub fn invite(tx: &Transaction<'_>, token_hash: Hash32, person: PersonId, expires_at: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO invitation (token_hash, person, expires_at) VALUES (:hash, :person, :expires_at)",
        named_params! {
            ":hash": token_hash.0.as_slice(),
            ":person": person.as_bytes().as_slice(),
            ":expires_at": expires_at.unix_ms(),
        },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// An invitation.
#[derive(Debug, Clone, Copy)]
pub struct Invitation {
    /// For whom.
    pub person: PersonId,
    /// Until when.
    pub expires_at: Timestamp,
    /// It was used.
    pub used: bool,
}

/// Looks an invitation up.
///
/// # Errors
/// The faults of a store.
pub fn invitation(connection: &Connection, token_hash: Hash32) -> Result<Option<Invitation>> {
    let row = connection
        .prepare_cached("SELECT person, expires_at, used_at FROM invitation WHERE token_hash = :hash")
        .map_err(sqlite)?
        .query_row(named_params! { ":hash": token_hash.0.as_slice() }, |row| {
            Ok(Invitation {
                person: PersonId::from_bytes(row.get("person")?),
                expires_at: Timestamp::from_unix_ms(row.get("expires_at")?),
                used: row.get::<_, i64>("used_at")? != 0,
            })
        });
    optional(row)
}

/// Uses an invitation up. `false` when another request was faster.
///
/// # Errors
/// The faults of a store.
pub fn use_invitation(tx: &Transaction<'_>, token_hash: Hash32, at: Timestamp) -> Result<bool> {
    let used = tx
        .execute(
            "UPDATE invitation SET used_at = :at WHERE token_hash = :hash AND used_at = 0",
            named_params! { ":hash": token_hash.0.as_slice(), ":at": at.unix_ms().max(1) },
        )
        .map_err(sqlite)?;
    Ok(used == 1)
}

/// A person's name and rights.
///
/// # Errors
/// The faults of a store.
pub fn person(connection: &Connection, id: PersonId) -> Result<Option<(String, Rights)>> {
    let row = connection
        .prepare_cached("SELECT name, rights FROM person WHERE id = :id")
        .map_err(sqlite)?
        .query_row(named_params! { ":id": id.as_bytes().as_slice() }, |row| {
            Ok((row.get::<_, String>("name")?, row.get::<_, Vec<u8>>("rights")?))
        });
    optional(row)?
        .map(|(name, rights)| Ok((name, minicbor::decode(&rights).map_err(|_| malformed("rights"))?)))
        .transpose()
}

/// The name of the person whose device writes under an actor.
///
/// # Errors
/// The faults of a store.
pub fn person_name_of_actor(connection: &Connection, actor: &[u8]) -> Result<Option<String>> {
    let row = connection
        .prepare_cached(
            "SELECT person.name AS name FROM actor JOIN certificate ON certificate.id = actor.certificate
             JOIN person ON person.id = certificate.person WHERE actor.actor = :actor",
        )
        .map_err(sqlite)?
        .query_row(named_params! { ":actor": actor }, |row| row.get("name"));
    optional(row)
}
