//! What the ways of children into the next school are folded from.

use rusqlite::{Transaction, named_params};

use super::children::{self, StoredChild};
use super::{Reading, malformed, sqlite};
use crate::domain::code_list::TransitionEntryKind;
use crate::domain::dossier::Dossier;
use crate::domain::identifier::DocumentId;
use crate::domain::place::{ClassId, Stage};
use crate::domain::time::Day;
use crate::domain::transition::{TransitionEntry, TransitionFacts, facts_of};
use crate::error::Result;

const fn stage_key(stage: Stage) -> &'static str {
    match stage {
        Stage::Primary => "primary",
        Stage::Junior => "junior",
    }
}

/// Writes what a dossier says of its child's ways, and of a class that has reported back.
///
/// # Errors
/// The faults of a store.
pub fn put(tx: &Transaction<'_>, document: DocumentId, dossier: &Dossier) -> Result<()> {
    remove(tx, document)?;
    let id = document.as_bytes().as_slice();
    for ((stage, year), facts) in facts_of(dossier) {
        tx.prepare_cached(
            "INSERT INTO transition (document, stage, year, facts) VALUES (:document, :stage, :year, :facts)",
        )
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":document": id,
                ":stage": stage_key(stage),
                ":year": year,
                ":facts": serde_json::to_string(&facts).unwrap_or_default(),
            })
        })
        .map_err(sqlite)?;
    }
    for entry in dossier.transition.iter().filter(|entry| entry.form.kind == TransitionEntryKind::ClassBack) {
        let Some(class) = &entry.form.from_class else { continue };
        tx.prepare_cached(
            "INSERT INTO class_back (entry, document, class, term, value)
             VALUES (:entry, :document, :class, :term, :value) ON CONFLICT (entry) DO NOTHING",
        )
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":entry": entry.entry.as_bytes().as_slice(),
                ":document": id,
                ":class": class.0,
                ":term": entry.form.on.to_string(),
                ":value": serde_json::to_string(entry).unwrap_or_default(),
            })
        })
        .map_err(sqlite)?;
    }
    Ok(())
}

/// Takes a dossier's ways off the lists.
///
/// # Errors
/// The faults of a store.
pub fn remove(tx: &Transaction<'_>, document: DocumentId) -> Result<()> {
    for sql in
        ["DELETE FROM transition WHERE document = :document", "DELETE FROM class_back WHERE document = :document"]
    {
        tx.prepare_cached(sql)
            .and_then(|mut statement| statement.execute(named_params! { ":document": document.as_bytes().as_slice() }))
            .map_err(sqlite)?;
    }
    Ok(())
}

/// Which children: those of whom something is recorded, and who else belongs to the year.
#[derive(Debug, Clone)]
pub struct TransitionWanted {
    /// Which school they come to.
    pub into: Stage,
    /// In which year.
    pub year: i16,
    /// All children of these classes belong to it.
    pub classes: Vec<ClassId>,
    /// And all without a class who were born from this to this day.
    pub born: Option<(Day, Day)>,
}

impl Reading<'_> {
    /// The children of a year's way into the next school, in the order of the walk, with what it is folded from.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn transitions(self, wanted: &TransitionWanted) -> Result<Vec<(StoredChild, TransitionFacts)>> {
        let mut members = String::from("SELECT document FROM transition WHERE stage = ?1 AND year = ?2");
        let mut values: Vec<Box<dyn rusqlite::ToSql>> = vec![Box::new(stage_key(wanted.into)), Box::new(wanted.year)];
        if !wanted.classes.is_empty() {
            let marks = vec!["?"; wanted.classes.len()].join(", ");
            members.push_str(&format!(" UNION SELECT document FROM child WHERE class IN ({marks})"));
            values.extend(wanted.classes.iter().map(|class| Box::new(class.0.clone()) as Box<dyn rusqlite::ToSql>));
        }
        if let Some((first, last)) = wanted.born {
            members.push_str(" UNION SELECT document FROM child WHERE class = '' AND birth_date BETWEEN ? AND ?");
            values.push(Box::new(first.to_string()));
            values.push(Box::new(last.to_string()));
        }
        let values: Vec<&dyn rusqlite::ToSql> = values.iter().map(AsRef::as_ref).collect();
        let rows = self
            .0
            .prepare_cached(&format!(
                "SELECT {}, transition.facts AS facts FROM child
                 JOIN document ON document.id = child.document
                 LEFT JOIN transition ON transition.document = child.document
                     AND transition.stage = ?1 AND transition.year = ?2
                 WHERE child.document IN ({members}) AND document.left_seq = 0
                     AND (child.closed = 0 OR transition.facts IS NOT NULL)
                 ORDER BY child.sort_key",
                children::COLUMNS
            ))
            .and_then(|mut statement| {
                statement
                    .query_map(values.as_slice(), |row| {
                        Ok((children::read(row)?, row.get::<_, Option<String>>("facts")?))
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        rows.into_iter().map(|(child, facts)| Ok((child, understood(facts.as_deref())?))).collect()
    }

    /// What the way of one child is folded from.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn transition_of(self, document: DocumentId, into: Stage, year: i16) -> Result<TransitionFacts> {
        let rows = self
            .0
            .prepare_cached("SELECT facts FROM transition WHERE document = ?1 AND stage = ?2 AND year = ?3")
            .and_then(|mut statement| {
                statement
                    .query_map(rusqlite::params![document.as_bytes().as_slice(), stage_key(into), year], |row| {
                        row.get::<_, String>("facts")
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        understood(rows.first().map(String::as_str))
    }

    /// What teachers said of a class at the beginning of a term: from this day on.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn class_back(self, class: &ClassId, from: Day) -> Result<Vec<TransitionEntry>> {
        let rows = self
            .0
            .prepare_cached("SELECT value FROM class_back WHERE class = ?1 AND term >= ?2 ORDER BY term, entry")
            .and_then(|mut statement| {
                statement
                    .query_map(rusqlite::params![class.0, from.to_string()], |row| row.get::<_, String>("value"))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        rows.iter().map(|value| serde_json::from_str(value).map_err(|_| malformed("class reported back"))).collect()
    }
}

fn understood(facts: Option<&str>) -> Result<TransitionFacts> {
    facts.map_or_else(
        || Ok(TransitionFacts::default()),
        |facts| serde_json::from_str(facts).map_err(|_| malformed("transition")),
    )
}
