//! The register on this device: who is who, replicated read-only.

use rusqlite::{OptionalExtension, Transaction, named_params};

use super::device::{Enrolment, signed};
use super::{Reading, malformed, sqlite};
use crate::domain::identifier::{CertificateId, DocumentId, PersonId};
use crate::error::Result;
use crate::protocol::body::cbor;
use crate::protocol::register::{RegisterEntry, RegisterFact};
use crate::protocol::sync::Rights;
use crate::vault::signing::{DeviceSigner, PublicKey};

/// A person as the register tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredPerson {
    /// The person.
    pub id: PersonId,
    /// The name.
    pub name: String,
    /// What the person may do now.
    pub rights: Rights,
}

/// Keeps an entry whose signature and place in the chain have been checked. Returns the person who was known under another
/// name: what they have recorded shows the new one from now on.
///
/// # Errors
/// The faults of a store.
pub fn append(tx: &Transaction<'_>, entry: &RegisterEntry) -> Result<Option<PersonId>> {
    tx.prepare_cached("INSERT INTO register_entry (seq, bytes) VALUES (:seq, :bytes)")
        .and_then(|mut statement| {
            statement.execute(named_params! { ":seq": signed(entry.body.seq), ":bytes": cbor(entry) })
        })
        .map_err(sqlite)?;
    match &entry.body.fact {
        RegisterFact::County { certificate, public_key, name, .. } => {
            // The county's administration writes the county document under a certificate of its own.
            let person = PersonId::from_bytes(*certificate.as_bytes());
            let renamed = put_person(tx, person, name, &[])?;
            put_certificate(tx, *certificate, person, public_key)?;
            Ok(renamed.then_some(person))
        }
        RegisterFact::Person { person, name, role, scopes } => {
            let rights = cbor(&Rights { role: *role, scopes: scopes.clone() });
            Ok(put_person(tx, *person, name, &rights)?.then_some(*person))
        }
        RegisterFact::Certificate { certificate, person, public_key } => {
            put_certificate(tx, *certificate, *person, public_key)?;
            Ok(None)
        }
        RegisterFact::Revoked { certificate } => {
            tx.execute(
                "UPDATE certificate SET revoked = 1 WHERE id = :id",
                named_params! { ":id": certificate.as_bytes().as_slice() },
            )
            .map_err(sqlite)?;
            Ok(None)
        }
    }
}

/// Writes whose device this is, as the enrolment tells: the register itself comes with the first sync, and what is recorded
/// before that has its author's name.
///
/// # Errors
/// The faults of a store.
pub fn put_holder(tx: &Transaction<'_>, enrolment: &Enrolment) -> Result<()> {
    let key = DeviceSigner::from_secret(&enrolment.signing_secret).public_key();
    put_person(tx, enrolment.person, &enrolment.person_name, &cbor(&enrolment.rights))?;
    put_certificate(tx, enrolment.certificate, enrolment.person, &key)
}

/// Forgets the chain of entries, to take it in again from its start: the server was restored from a backup, and
/// what it has written since is another continuation. Who was known stays known: their envelopes are here.
///
/// # Errors
/// The faults of a store.
pub fn begin_again(tx: &Transaction<'_>) -> Result<()> {
    tx.execute("DELETE FROM register_entry", []).map_err(sqlite)?;
    Ok(())
}

/// `true` when the person was known by another name.
fn put_person(tx: &Transaction<'_>, person: PersonId, name: &str, rights: &[u8]) -> Result<bool> {
    let renamed = tx
        .prepare_cached("SELECT 1 FROM person WHERE id = :id AND name <> :name")
        .and_then(|mut statement| {
            statement.exists(named_params! { ":id": person.as_bytes().as_slice(), ":name": name })
        })
        .map_err(sqlite)?;
    tx.prepare_cached(
        "INSERT INTO person (id, name, rights) VALUES (:id, :name, :rights)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, rights = excluded.rights",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! { ":id": person.as_bytes().as_slice(), ":name": name, ":rights": rights })
    })
    .map_err(sqlite)?;
    Ok(renamed)
}

fn put_certificate(tx: &Transaction<'_>, id: CertificateId, person: PersonId, key: &PublicKey) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO certificate (id, person, public_key) VALUES (:id, :person, :key) ON CONFLICT (id) DO NOTHING",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":id": id.as_bytes().as_slice(),
            ":person": person.as_bytes().as_slice(),
            ":key": key.0.as_slice(),
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

impl Reading<'_> {
    /// The key that a certificate signs with; `None` for one that the register does not know.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn public_key(self, certificate: CertificateId) -> Result<Option<PublicKey>> {
        self.0
            .prepare_cached("SELECT public_key FROM certificate WHERE id = :id")
            .and_then(|mut statement| {
                statement
                    .query_row(named_params! { ":id": certificate.as_bytes().as_slice() }, |row| {
                        Ok(PublicKey(row.get("public_key")?))
                    })
                    .optional()
            })
            .map_err(sqlite)
    }

    /// The name of the person whose device has this certificate; `None` for one that the register does not know.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn person_name_of_certificate(self, certificate: CertificateId) -> Result<Option<String>> {
        self.0
            .prepare_cached(
                "SELECT person.name AS name FROM certificate JOIN person ON person.id = certificate.person
                 WHERE certificate.id = :certificate",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(named_params! { ":certificate": certificate.as_bytes().as_slice() }, |row| {
                        row.get("name")
                    })
                    .optional()
            })
            .map_err(sqlite)
    }

    /// The name of the person whose device wrote under this actor, by the envelope that first carried it;
    /// `None` for an actor that no envelope has bound.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn person_name_of_actor(self, actor: &[u8]) -> Result<Option<String>> {
        self.0
            .prepare_cached(
                "SELECT person.name AS name FROM actor
                 JOIN certificate ON certificate.id = actor.certificate
                 JOIN person ON person.id = certificate.person
                 WHERE actor.actor = :actor",
            )
            .and_then(|mut statement| {
                statement.query_row(named_params! { ":actor": actor }, |row| row.get("name")).optional()
            })
            .map_err(sqlite)
    }

    /// Documents in which a person may have written: those of their envelopes, and all that came in packs.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn documents_of_person(self, person: PersonId) -> Result<Vec<DocumentId>> {
        self.0
            .prepare_cached(
                "SELECT envelope.document AS document FROM certificate
                 JOIN envelope ON envelope.certificate = certificate.id WHERE certificate.person = :person
                 UNION SELECT document FROM pack_document",
            )
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":person": person.as_bytes().as_slice() }, |row| {
                        Ok(DocumentId::from_bytes(row.get("document")?))
                    })?
                    .collect()
            })
            .map_err(sqlite)
    }

    /// All people whom the register knows, but the county's own administration.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn registered_people(self) -> Result<Vec<RegisteredPerson>> {
        let rows = self
            .0
            .prepare_cached("SELECT id, name, rights FROM person WHERE length(rights) > 0 ORDER BY name, id")
            .and_then(|mut statement| {
                let read = |row: &rusqlite::Row<'_>| {
                    Ok((
                        PersonId::from_bytes(row.get("id")?),
                        row.get::<_, String>("name")?,
                        row.get::<_, Vec<u8>>("rights")?,
                    ))
                };
                statement.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        let understood = |(id, name, rights): (PersonId, String, Vec<u8>)| {
            let rights = minicbor::decode(&rights).map_err(|_| malformed("rights"))?;
            Ok(RegisteredPerson { id, name, rights })
        };
        rows.into_iter().map(understood).collect()
    }

    /// A person.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn person(self, id: PersonId) -> Result<Option<RegisteredPerson>> {
        self.0
            .prepare_cached("SELECT name, rights FROM person WHERE id = :id")
            .and_then(|mut statement| {
                statement
                    .query_row(named_params! { ":id": id.as_bytes().as_slice() }, |row| {
                        Ok((row.get::<_, String>("name")?, row.get::<_, Vec<u8>>("rights")?))
                    })
                    .optional()
            })
            .map_err(sqlite)?
            .map(|(name, rights)| {
                let rights = minicbor::decode(&rights).map_err(|_| malformed("rights"))?;
                Ok(RegisteredPerson { id, name, rights })
            })
            .transpose()
    }
}
