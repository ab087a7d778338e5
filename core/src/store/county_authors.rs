//! Who may have written the county document, by the register on this device. A device asks it of every envelope of that
//! document: what the server should never have taken in is not applied here either.

use std::collections::BTreeMap;

use automerge::Change;

use super::{Reading, malformed, sqlite};
use crate::domain::doc::county_rights;
use crate::domain::identifier::{CertificateId, DocumentId, PersonId};
use crate::error::Result;
use crate::protocol::envelope::Envelope;
use crate::protocol::register::{RegisterEntry, RegisterFact};
use crate::protocol::sync::Rights;

/// What the register says of it.
#[derive(Debug, Default)]
pub struct CountyAuthors {
    document: Option<DocumentId>,
    administration: Option<CertificateId>,
    persons: BTreeMap<CertificateId, PersonId>,
    /// All rights that each person ever had: what was written before somebody lost them stays.
    rights: BTreeMap<PersonId, Vec<Rights>>,
}

impl CountyAuthors {
    /// Whether an envelope is one of the county's own document and its author had the right to write it. Whether the right
    /// had been lost by then is the server's to say, which orders both.
    #[must_use]
    pub fn may_have_written(&self, envelope: &Envelope, change: &Change) -> bool {
        let body = &envelope.body;
        if self.document != Some(body.document) {
            return false;
        }
        if self.administration == Some(body.certificate) {
            return true;
        }
        let person = self.persons.get(&body.certificate);
        let rights = person.and_then(|person| self.rights.get(person));
        rights.into_iter().flatten().any(|rights| county_rights::allows(rights.role, &rights.scopes, change))
    }
}

impl Reading<'_> {
    /// Goes through the whole register: asked once for what a sync brings.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn county_authors(self) -> Result<CountyAuthors> {
        let rows = self
            .0
            .prepare_cached("SELECT bytes FROM register_entry ORDER BY seq")
            .and_then(|mut statement| {
                statement.query_map([], |row| row.get::<_, Vec<u8>>("bytes"))?.collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        let mut authors = CountyAuthors::default();
        for bytes in rows {
            let entry: RegisterEntry = minicbor::decode(&bytes).map_err(|_| malformed("register entry"))?;
            match entry.body.fact {
                RegisterFact::County { document, certificate, .. } => {
                    authors.document.get_or_insert(document);
                    authors.administration.get_or_insert(certificate);
                }
                RegisterFact::Person { person, role, scopes, .. } => {
                    authors.rights.entry(person).or_default().push(Rights { role, scopes });
                }
                RegisterFact::Certificate { certificate, person, .. } => {
                    authors.persons.insert(certificate, person);
                }
                RegisterFact::Revoked { .. } => {}
            }
        }
        Ok(authors)
    }
}
