//! The county's rules by which the rows of children are filled, and what hangs on them: the days on which evidence is whole, and
//! when home teaching is due.
//! They are kept beside the county, so that filling a row does not read the whole of it; when they change, all rows are filled
//! anew from what they hold already, without a document being loaded.

use rusqlite::{OptionalExtension, Transaction, named_params};
use serde::{Deserialize, Serialize};

use super::{Reading, malformed, sqlite};
use crate::domain::county::County;
use crate::domain::evidence_rules::EvidenceRules;
use crate::domain::evidence_versions::EvidenceVersions;
use crate::domain::home_teaching::{HomeTeachingQuota, HomeTeachingQuotas};
use crate::domain::identifier::DocumentId;
use crate::domain::ledger::LedgerRow;
use crate::error::Result;

/// Whether a child is without whole evidence on a day, its one value.
pub(super) const NOT_WHOLE_ON: &str = "NOT EXISTS (SELECT 1 FROM child_evidence, (SELECT ? AS on_day)
     WHERE child_evidence.document = child.document AND from_day <= on_day AND until_day >= on_day)";

/// The county's own rules for rows of children.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct ChildRules {
    /// Which proofs are asked for, all versions.
    evidence: Vec<EvidenceRules>,
    /// How much home teaching there must be, all versions.
    #[serde(default)]
    home_teaching: Vec<HomeTeachingQuota>,
}

impl ChildRules {
    fn of(county: &County) -> Self {
        Self { evidence: county.evidence.clone(), home_teaching: county.home_teaching.clone() }
    }

    fn ready(&self) -> Ready<'_> {
        Ready {
            evidence: EvidenceVersions::of(&self.evidence),
            home_teaching: HomeTeachingQuotas::of(&self.home_teaching),
        }
    }

    /// As they are kept; empty for none, as for most counties, so that nothing is read for each row.
    fn text(&self) -> String {
        if *self == Self::default() { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }

    fn read(text: &str) -> Result<Self> {
        if text.is_empty() { Ok(Self::default()) } else { serde_json::from_str(text).map_err(|_| malformed("rules")) }
    }
}

/// Fills what hangs on the county's rules in the row of a child.
pub(super) fn put(tx: &Transaction<'_>, document: DocumentId, row: &LedgerRow) -> Result<()> {
    let rules = ChildRules::read(&kept(tx)?)?;
    put_by(tx, document, row, &rules.ready())
}

/// The rules, ready to be asked of many rows.
struct Ready<'a> {
    evidence: EvidenceVersions<'a>,
    home_teaching: HomeTeachingQuotas<'a>,
}

fn put_by(tx: &Transaction<'_>, document: DocumentId, row: &LedgerRow, rules: &Ready<'_>) -> Result<()> {
    put_evidence(tx, document, row, &rules.evidence)?;
    let due = row.plan_due(&rules.home_teaching).map(|day| day.to_string()).unwrap_or_default();
    tx.prepare_cached("UPDATE child SET plan_due_on = :due WHERE document = :document AND plan_due_on <> :due")
        .and_then(|mut statement| {
            statement.execute(named_params! { ":document": document.as_bytes().as_slice(), ":due": due })
        })
        .map_err(sqlite)?;
    Ok(())
}

fn put_evidence(
    tx: &Transaction<'_>,
    document: DocumentId,
    row: &LedgerRow,
    evidence: &EvidenceVersions<'_>,
) -> Result<()> {
    clear_of(tx, document)?;
    for (from, until) in row.whole_days(evidence) {
        tx.prepare_cached(
            "INSERT INTO child_evidence (document, from_day, until_day) VALUES (:document, :from, :until)",
        )
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":document": document.as_bytes().as_slice(),
                ":from": from.to_string(),
                ":until": until.to_string(),
            })
        })
        .map_err(sqlite)?;
    }
    Ok(())
}

fn clear_of(tx: &Transaction<'_>, document: DocumentId) -> Result<()> {
    tx.prepare_cached("DELETE FROM child_evidence WHERE document = :document")
        .and_then(|mut statement| statement.execute(named_params! { ":document": document.as_bytes().as_slice() }))
        .map_err(sqlite)?;
    Ok(())
}

fn kept(tx: &Transaction<'_>) -> Result<String> {
    let found = tx
        .prepare_cached("SELECT child_rules FROM county WHERE id = 1")
        .and_then(|mut statement| statement.query_row([], |row| row.get::<_, String>("child_rules")).optional());
    Ok(found.map_err(sqlite)?.unwrap_or_default())
}

/// The county has come, or has changed: where its rules for children did, all rows are filled by the new ones.
pub(super) fn take_over(tx: &Transaction<'_>, county: &County) -> Result<()> {
    let rules = ChildRules::of(county);
    let text = rules.text();
    if kept(tx)? == text {
        return Ok(());
    }
    tx.execute("UPDATE county SET child_rules = :rules WHERE id = 1", named_params! { ":rules": text })
        .map_err(sqlite)?;
    let ready = rules.ready();
    for document in documents(tx)? {
        if let Some(row) = Reading::within(tx).ledger_row(document)? {
            put_by(tx, document, &row, &ready)?;
        }
    }
    Ok(())
}

fn documents(tx: &Transaction<'_>) -> Result<Vec<DocumentId>> {
    tx.prepare_cached("SELECT document FROM child")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| Ok(DocumentId::from_bytes(row.get("document")?)))?
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(sqlite)
}
