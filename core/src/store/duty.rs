//! Bindings that lie in dossiers, and where children lie, for the duty grid.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, Transaction, named_params};

use super::child_rules::NOT_WHOLE_ON;
use super::{Reading, malformed, sqlite};
use crate::domain::duty::DutyEntry;
use crate::domain::identifier::DocumentId;
use crate::domain::place::{ClassId, Leaves, PlaceCode};
use crate::domain::time::Day;
use crate::error::Result;

/// A child, as far as duties and counts go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildPlaceRow {
    /// The dossier.
    pub document: DocumentId,
    /// Where it lies.
    pub leaves: Leaves,
    /// 3社
    pub group: String,
}

/// Writes the bindings of a dossier anew.
///
/// # Errors
/// The faults of a store.
pub fn put(tx: &Transaction<'_>, document: DocumentId, entries: &[DutyEntry]) -> Result<()> {
    let id = document.as_bytes().as_slice();
    if entries.is_empty() {
        return tx
            .prepare_cached("DELETE FROM child_duty WHERE document = :document")
            .and_then(|mut statement| statement.execute(named_params! { ":document": id }))
            .map(drop)
            .map_err(sqlite);
    }
    tx.prepare_cached(
        "INSERT INTO child_duty (document, entries) VALUES (:document, :entries)
         ON CONFLICT (document) DO UPDATE SET entries = excluded.entries",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":document": id,
            ":entries": serde_json::to_string(entries).unwrap_or_default(),
        })
    })
    .map(drop)
    .map_err(sqlite)
}

fn understood(entries: &str) -> Result<Vec<DutyEntry>> {
    serde_json::from_str(entries).map_err(|_| malformed("duties of a child"))
}

impl Reading<'_> {
    /// The bindings of a dossier.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn child_duties(self, document: DocumentId) -> Result<Vec<DutyEntry>> {
        let entries = self
            .0
            .prepare_cached("SELECT entries FROM child_duty WHERE document = :document")
            .and_then(|mut statement| {
                let id = document.as_bytes().as_slice();
                let read = |row: &rusqlite::Row<'_>| row.get::<_, String>("entries");
                statement.query_row(named_params! { ":document": id }, read).optional()
            })
            .map_err(sqlite)?;
        entries.map_or_else(|| Ok(Vec::new()), |entries| understood(&entries))
    }

    /// The bindings of all dossiers that have any.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn all_child_duties(self) -> Result<BTreeMap<DocumentId, Vec<DutyEntry>>> {
        let rows = self
            .0
            .prepare_cached("SELECT document, entries FROM child_duty")
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| {
                        Ok((DocumentId::from_bytes(row.get("document")?), row.get::<_, String>("entries")?))
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        rows.into_iter().map(|(document, entries)| Ok((document, understood(&entries)?))).collect()
    }

    /// Children of whom a status says that they are out of school.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn children_out_of_school(self) -> Result<BTreeSet<DocumentId>> {
        self.documents_where("out_of_school = 1", &[])
    }

    /// Children whose evidence file is not whole on a day.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn children_without_evidence(self, on: Day) -> Result<BTreeSet<DocumentId>> {
        self.documents_where(NOT_WHOLE_ON, &[&on.to_string()])
    }

    fn documents_where(self, condition: &str, values: &[&dyn rusqlite::ToSql]) -> Result<BTreeSet<DocumentId>> {
        self.0
            .prepare_cached(&format!("SELECT document FROM child WHERE {condition}"))
            .and_then(|mut statement| {
                statement
                    .query_map(values, |row| Ok(DocumentId::from_bytes(row.get("document")?)))?
                    .collect::<rusqlite::Result<BTreeSet<_>>>()
            })
            .map_err(sqlite)
    }

    /// Where all children lie whom somebody looks for, in the order of the walk: without those who have moved away, and
    /// without those of whom the status says that nobody looks for them any more.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn child_places(self) -> Result<Vec<ChildPlaceRow>> {
        self.0
            .prepare_cached(
                "SELECT child.document AS document, child.village AS village, child.class AS class,
                     child.village_group AS village_group
                 FROM child JOIN document ON document.id = child.document
                 WHERE child.closed = 0 AND document.left_seq = 0 ORDER BY child.sort_key",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| {
                        let class: String = row.get("class")?;
                        Ok(ChildPlaceRow {
                            document: DocumentId::from_bytes(row.get("document")?),
                            leaves: Leaves {
                                village: PlaceCode::parse(&row.get::<_, String>("village")?),
                                class: (!class.is_empty()).then_some(ClassId(class)),
                            },
                            group: row.get("village_group")?,
                        })
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }
}
