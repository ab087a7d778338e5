//! What cases are folded from, and what a sync changed of them.

use rusqlite::{OptionalExtension, Transaction, named_params};
use serde::{Deserialize, Serialize};

use super::children::{self, StoredChild};
use super::{Reading, malformed, sqlite};
use crate::domain::actor::{Actor, actor_text};
use crate::domain::case::{CaseFacts, CasePhase, Doer};
use crate::domain::identifier::{DocumentId, EntryId, PersonId};
use crate::domain::role::Role;
use crate::domain::time::{Day, Timestamp};
use crate::error::Result;
use crate::protocol::sync::Rights;

/// What a list says of a case in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLine {
    /// Where it stands; none: there is no case.
    pub phase: Option<CasePhase>,
    /// The step that comes next, by its key; empty for none.
    pub step: String,
    /// When it is due.
    pub due_on: Option<Day>,
    /// Whose turn it is.
    pub owner: Option<Role>,
    /// Counted days.
    pub absent_days: u32,
}

/// An entry that came with a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCause {
    /// The entry.
    pub entry: EntryId,
    /// The key of its code: a mark, a kind of record, a purpose of a visit.
    pub what: String,
    /// The day that it is about.
    pub on: Day,
    /// Who recorded it.
    #[serde(with = "actor_text")]
    pub actor: Actor,
}

/// What a sync changed of a case, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseChange {
    /// What stood before.
    pub before: CaseLine,
    /// What stands since.
    pub after: CaseLine,
    /// What came.
    pub because: Vec<ChangeCause>,
}

/// A change that was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedChange {
    /// Its number on this device.
    pub id: i64,
    /// The dossier.
    pub document: DocumentId,
    /// When it was noted.
    pub noted_at: Timestamp,
    /// What.
    pub change: CaseChange,
    /// Somebody has seen it.
    pub looked_at: bool,
}

/// Writes what the cases of a child are folded from.
///
/// # Errors
/// The faults of a store.
pub fn put(tx: &Transaction<'_>, document: DocumentId, facts: &CaseFacts) -> Result<()> {
    let id = document.as_bytes().as_slice();
    if facts.is_empty() {
        return tx
            .prepare_cached("DELETE FROM casework WHERE document = :document")
            .and_then(|mut statement| statement.execute(named_params! { ":document": id }))
            .map(drop)
            .map_err(sqlite);
    }
    tx.prepare_cached(
        "INSERT INTO casework (document, facts) VALUES (:document, :facts)
         ON CONFLICT (document) DO UPDATE SET facts = excluded.facts",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":document": id,
            ":facts": serde_json::to_string(facts).unwrap_or_default(),
        })
    })
    .map(drop)
    .map_err(sqlite)
}

/// Keeps what is known of a child's cases before a sync brings something, until [`note`] tells the difference.
///
/// # Errors
/// The faults of a store.
pub fn keep_before(tx: &Transaction<'_>, document: DocumentId) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO casework_before (document, facts) SELECT document, facts FROM casework WHERE document = :document
         ON CONFLICT (document) DO NOTHING",
    )
    .and_then(|mut statement| statement.execute(named_params! { ":document": document.as_bytes().as_slice() }))
    .map(drop)
    .map_err(sqlite)
}

/// Notes what a sync changed, if anything, and forgets what was known before.
///
/// # Errors
/// The faults of a store.
pub fn note(tx: &Transaction<'_>, document: DocumentId, change: Option<&CaseChange>, at: Timestamp) -> Result<()> {
    let id = document.as_bytes().as_slice();
    if let Some(change) = change {
        tx.prepare_cached("INSERT INTO case_change (document, noted_at, change) VALUES (:document, :at, :change)")
            .and_then(|mut statement| {
                statement.execute(named_params! {
                    ":document": id,
                    ":at": at.unix_ms(),
                    ":change": serde_json::to_string(change).unwrap_or_default(),
                })
            })
            .map_err(sqlite)?;
    }
    tx.prepare_cached("DELETE FROM casework_before WHERE document = :document")
        .and_then(|mut statement| statement.execute(named_params! { ":document": id }))
        .map(drop)
        .map_err(sqlite)
}

/// Somebody has seen all changes of a child.
///
/// # Errors
/// The faults of a store.
pub fn mark_looked_at(tx: &Transaction<'_>, document: DocumentId) -> Result<()> {
    tx.prepare_cached("UPDATE case_change SET looked_at = 1 WHERE document = :document AND looked_at = 0")
        .and_then(|mut statement| statement.execute(named_params! { ":document": document.as_bytes().as_slice() }))
        .map(drop)
        .map_err(sqlite)
}

fn understood(facts: &str) -> Result<CaseFacts> {
    serde_json::from_str(facts).map_err(|_| malformed("casework"))
}

/// Changes of one child are shown, newest first, as far as this.
const CHANGES_MAX: u32 = 20;

impl Reading<'_> {
    /// What the cases of a child are folded from.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn case_facts(self, document: DocumentId) -> Result<CaseFacts> {
        let facts = self
            .0
            .prepare_cached("SELECT facts FROM casework WHERE document = :document")
            .and_then(|mut statement| {
                let id = document.as_bytes().as_slice();
                let read = |row: &rusqlite::Row<'_>| row.get::<_, String>("facts");
                statement.query_row(named_params! { ":document": id }, read).optional()
            })
            .map_err(sqlite)?;
        facts.map_or_else(|| Ok(CaseFacts::default()), |facts| understood(&facts))
    }

    /// All children who were missing or have a record, in the order of the walk, with what their cases are folded from.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn all_casework(self) -> Result<Vec<(StoredChild, CaseFacts)>> {
        let rows = self
            .0
            .prepare_cached(&format!(
                "SELECT {}, casework.facts AS facts FROM casework JOIN child ON child.document = casework.document
                 JOIN document ON document.id = child.document
                 WHERE child.closed = 0 AND document.left_seq = 0 ORDER BY child.sort_key",
                children::COLUMNS
            ))
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| Ok((children::read(row)?, row.get::<_, String>("facts")?)))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        rows.into_iter().map(|(child, facts)| Ok((child, understood(&facts)?))).collect()
    }

    /// What was known before the last sync of children of whom it brought something.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn casework_before(self) -> Result<Vec<(DocumentId, CaseFacts)>> {
        let rows = self
            .0
            .prepare_cached("SELECT document, facts FROM casework_before ORDER BY document")
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| {
                        Ok((DocumentId::from_bytes(row.get("document")?), row.get::<_, String>("facts")?))
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        rows.into_iter().map(|(document, facts)| Ok((document, understood(&facts)?))).collect()
    }

    /// What syncs changed of one child's cases, newest first.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn case_changes_of(self, document: DocumentId) -> Result<Vec<NotedChange>> {
        self.case_changes("document = ?", &[&document.as_bytes().as_slice()])
    }

    /// What syncs changed and nobody has seen yet, newest first.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn new_case_changes(self) -> Result<Vec<NotedChange>> {
        self.case_changes("looked_at = 0", &[])
    }

    fn case_changes(self, condition: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<NotedChange>> {
        let rows = self
            .0
            .prepare_cached(&format!(
                "SELECT id, document, noted_at, change, looked_at FROM case_change WHERE {condition}
                 ORDER BY id DESC LIMIT {CHANGES_MAX}"
            ))
            .and_then(|mut statement| {
                statement
                    .query_map(values, |row| {
                        Ok((
                            row.get::<_, i64>("id")?,
                            DocumentId::from_bytes(row.get("document")?),
                            Timestamp::from_unix_ms(row.get("noted_at")?),
                            row.get::<_, String>("change")?,
                            row.get::<_, bool>("looked_at")?,
                        ))
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        rows.into_iter()
            .map(|(id, document, noted_at, change, looked_at)| {
                let change = serde_json::from_str(&change).map_err(|_| malformed("case change"))?;
                Ok(NotedChange { id, document, noted_at, change, looked_at })
            })
            .collect()
    }

    /// Who wrote under an actor, by the verified envelope that bound it.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn doer_of_actor(self, actor: &[u8]) -> Result<Option<Doer>> {
        let found = self
            .0
            .prepare_cached(
                "SELECT person.id AS id, person.name AS name, person.rights AS rights FROM actor
                 JOIN certificate ON certificate.id = actor.certificate
                 JOIN person ON person.id = certificate.person
                 WHERE actor.actor = :actor",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(named_params! { ":actor": actor }, |row| {
                        Ok((
                            PersonId::from_bytes(row.get("id")?),
                            row.get::<_, String>("name")?,
                            row.get::<_, Vec<u8>>("rights")?,
                        ))
                    })
                    .optional()
            })
            .map_err(sqlite)?;
        found
            .map(|(person, name, rights)| {
                let rights: Rights = minicbor::decode(&rights).map_err(|_| malformed("rights"))?;
                Ok(Doer { person, name, role: rights.role })
            })
            .transpose()
    }
}
