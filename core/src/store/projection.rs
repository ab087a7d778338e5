//! Projections: from a document to the rows that lists, search and ledgers read. They can be dropped and
//! rebuilt with the same result (invariant 4).

use automerge::Automerge;
use rusqlite::{OptionalExtension, Transaction, named_params};

use super::photo_file::{self, PhotoFileRow};
use super::{Reading, casework, child_rules, child_search, danger, duty, malformed, sqlite, transition, village};
use crate::domain::case::CaseFacts;
use crate::domain::check;
use crate::domain::code_list::{AxisMismatch, CaseRecordKind, CheckFound, SchoolingStatus};
use crate::domain::county::County;
use crate::domain::doc::{self, DocumentKind, county, dossier_read};
use crate::domain::dossier::Dossier;
use crate::domain::identifier::DocumentId;
use crate::domain::ledger::{self, LedgerRow};
use crate::domain::place::Leaves;
use crate::domain::two_axes;
use crate::error::Result;
use crate::protocol::photo::PhotoFile;
use crate::store::document::DocumentRow;

/// Raised whenever a projection is filled otherwise than before: an older one is then rebuilt.
pub const VERSION: i64 = 16;

/// Writes all rows of one document anew.
///
/// # Errors
/// [`crate::error::ErrorCode::DocumentDamaged`], the faults of a store.
pub fn project(tx: &Transaction<'_>, row: &DocumentRow, document: &Automerge) -> Result<()> {
    match row.kind {
        DocumentKind::Dossier => {
            if doc::is_only_genesis(document) {
                // All that stood in it was refused, or what was recorded since a pack was cut came before the pack: it is
                // in no list.
                return unlist(tx, row.id);
            }
            let dossier = dossier_read::read(document)?;
            project_child(tx, row, &dossier)?;
            casework::put(tx, row.id, &CaseFacts::of(&dossier))?;
            duty::put(tx, row.id, &dossier.duties)?;
            transition::put(tx, row.id, &dossier)?;
            project_photos(tx, row.id, &dossier)
        }
        DocumentKind::County => {
            // Before the county's first change has come there is nothing to project.
            let Ok(county) = county::read(document) else { return Ok(()) };
            tx.execute(
                "INSERT INTO county (id, document, value) VALUES (1, :document, :value)
                 ON CONFLICT (id) DO UPDATE SET document = excluded.document, value = excluded.value",
                named_params! {
                    ":document": row.id.as_bytes().as_slice(),
                    ":value": serde_json::to_string(&county).unwrap_or_default(),
                },
            )
            .map_err(sqlite)?;
            child_rules::take_over(tx, &county)
        }
        DocumentKind::Restricted => danger::project(tx, row, document),
        DocumentKind::Place => village::project(tx, row, document),
    }
}

fn project_child(tx: &Transaction<'_>, row: &DocumentRow, dossier: &Dossier) -> Result<()> {
    let reading = Reading::within(tx);
    let name_of = |actor: &Vec<u8>| reading.person_name_of_actor(actor).ok().flatten();
    let ledger_row = ledger::fold(dossier, &row.leaves, &name_of);
    let village = row.leaves.village.as_ref().map_or("", |village| village.as_str());
    let group = dossier.value("household.village_group");
    let head = dossier.value("household.head_name");
    let name = dossier.value("profile.name");
    let id_number = dossier.value("profile.id_number");
    let check = check::last(&dossier.checks);
    let opened_on = dossier.opened.as_ref().filter(|_| !dossier.from_roster).map(|(_, at)| at.day());
    tx.prepare_cached(
        "INSERT INTO child (document, name, sex, birth_date, id_number, village, village_group, school, class,
             household, status, out_of_school, closed, flags, last_visit_at, next_visit_on, promised_return_on,
             visit_count, photo_count, mismatch, conflict_count, conflicts, sort_key, cells,
             head, checked_on, found, opened_on)
         VALUES (:document, :name, :sex, :birth_date, :id_number, :village, :village_group, :school, :class,
             :household, :status, :out_of_school, :closed, :flags, :last_visit_at, :next_visit_on,
             :promised_return_on, :visit_count, :photo_count, :mismatch, :conflict_count, :conflicts, :sort_key, :cells,
             :head, :checked_on, :found, :opened_on)
         ON CONFLICT (document) DO UPDATE SET name = excluded.name, sex = excluded.sex,
             birth_date = excluded.birth_date, id_number = excluded.id_number, village = excluded.village,
             village_group = excluded.village_group, school = excluded.school, class = excluded.class,
             household = excluded.household, status = excluded.status, out_of_school = excluded.out_of_school,
             closed = excluded.closed, flags = excluded.flags, last_visit_at = excluded.last_visit_at,
             next_visit_on = excluded.next_visit_on, promised_return_on = excluded.promised_return_on,
             visit_count = excluded.visit_count, photo_count = excluded.photo_count, mismatch = excluded.mismatch,
             conflict_count = excluded.conflict_count, conflicts = excluded.conflicts,
             sort_key = excluded.sort_key, cells = excluded.cells,
             head = excluded.head,
             checked_on = excluded.checked_on, found = excluded.found, opened_on = excluded.opened_on",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":document": row.id.as_bytes().as_slice(),
            ":name": name,
            ":sex": dossier.value("profile.sex"),
            ":birth_date": dossier.value("profile.birth_date"),
            ":id_number": id_number,
            ":village": village,
            ":village_group": group,
            ":school": row.leaves.class.as_ref().map(|class| class.school().0).unwrap_or_default(),
            ":class": row.leaves.class.as_ref().map_or("", |class| class.0.as_str()),
            ":household": household(dossier, &row.leaves),
            ":status": ledger_row.status,
            ":out_of_school": ledger::row_is_out_of_school(&ledger_row),
            ":closed": ledger::row_is_closed(&ledger_row),
            ":flags": barred(ledger_row.flags.iter().map(String::as_str)),
            ":last_visit_at": ledger_row.last_visit_at.map_or(0, |at| at.unix_ms()),
            ":next_visit_on": ledger_row.next_visit_on.map(|day| day.to_string()).unwrap_or_default(),
            ":promised_return_on": ledger_row.promised_return_on.map(|day| day.to_string()).unwrap_or_default(),
            ":visit_count": ledger_row.visit_count,
            ":photo_count": ledger_row.photo_count,
            ":mismatch": mismatch(reading, dossier).map_or("", AxisMismatch::key),
            ":conflict_count": u32::try_from(ledger_row.conflicts.len()).unwrap_or(u32::MAX),
            ":conflicts": barred(ledger_row.conflicts.iter().map(String::as_str)),
            ":sort_key": format!("{village}\u{1}{group}\u{1}{head}\u{1}{name}\u{1}{}", row.id),
            ":cells": serde_json::to_string(&ledger_row).unwrap_or_default(),
            ":head": head,
            ":checked_on": check.map(|check| check.form.on.to_string()).unwrap_or_default(),
            ":found": check.and_then(|check| check.form.found).map_or("", CheckFound::key),
            ":opened_on": opened_on.map(|day| day.to_string()).unwrap_or_default(),
        })
    })
    .map_err(sqlite)?;
    child_rules::put(tx, row.id, &ledger_row)?;
    child_search::index(tx, row.id, name, id_number)
}

/// What does not agree in a dossier; and a death that only one person recorded (handbook 16, rule 5).
fn mismatch(reading: Reading<'_>, dossier: &Dossier) -> Option<AxisMismatch> {
    let found = two_axes::of_dossier(dossier);
    if found.is_some() || dossier.status() != SchoolingStatus::Deceased {
        return found;
    }
    let closed_by_two = dossier.case_records.iter().any(|record| record.form.kind == CaseRecordKind::ClosingConfirmed);
    let told = dossier.statuses.iter().filter(|event| event.status == SchoolingStatus::Deceased);
    let mut persons: Vec<_> =
        told.filter_map(|event| reading.doer_of_actor(&event.actor).ok().flatten()).map(|doer| doer.person).collect();
    persons.sort_unstable();
    persons.dedup();
    (persons.len() < 2 && !closed_by_two).then_some(AxisMismatch::DeathByOnePerson)
}

/// `|a|b|`: a list that SQL can look into; empty for none.
fn barred<'a>(keys: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for key in keys {
        text.push('|');
        text.push_str(key);
    }
    if !text.is_empty() {
        text.push('|');
    }
    text
}

/// Equal for children of one household: the village and the head, or where no head is known the village and
/// a guardian's phone. Empty where neither is known.
fn household(dossier: &Dossier, leaves: &Leaves) -> String {
    let village = leaves.village.as_ref().map_or("", |village| village.as_str());
    let head = dossier.value("household.head_name");
    if !head.is_empty() {
        return format!("{village}|{}|{head}", dossier.value("household.village_group"));
    }
    let phone =
        dossier.guardians.iter().map(|key| dossier.value(&format!("guardians.{key}.phone"))).find(|p| !p.is_empty());
    phone.map(|phone| format!("{village}|{phone}")).unwrap_or_default()
}

fn project_photos(tx: &Transaction<'_>, document: DocumentId, dossier: &Dossier) -> Result<()> {
    for photo in dossier.photos.values() {
        for (hash, file, bytes_total) in [
            (photo.thumbnail, PhotoFile::Thumbnail, photo.thumbnail_bytes),
            (photo.photo, PhotoFile::Photo, photo.photo_bytes),
        ] {
            photo_file::put(
                tx,
                &PhotoFileRow {
                    hash,
                    document,
                    file,
                    entry: photo.entry,
                    bytes_total,
                    own: false,
                    here: false,
                    offset: 0,
                    complete_at: None,
                    on_desk_at: None,
                    problem: String::new(),
                    wanted: false,
                    absent_at: None,
                    failures: 0,
                    complete_head: 0,
                },
            )?;
        }
    }
    Ok(())
}

/// Takes a dossier off the lists.
fn unlist(tx: &Transaction<'_>, id: DocumentId) -> Result<()> {
    for sql in [
        "DELETE FROM child WHERE document = :id",
        "DELETE FROM child_evidence WHERE document = :id",
        "DELETE FROM child_search WHERE document = :id",
        "DELETE FROM casework WHERE document = :id",
        "DELETE FROM child_duty WHERE document = :id",
        "DELETE FROM transition WHERE document = :id",
        "DELETE FROM class_back WHERE document = :id",
    ] {
        tx.prepare_cached(sql)
            .and_then(|mut statement| statement.execute(named_params! { ":id": id.as_bytes().as_slice() }))
            .map_err(sqlite)?;
    }
    Ok(())
}

/// Drops what can be rebuilt of children. [`project`] fills it again, document by document.
///
/// # Errors
/// The faults of a store.
pub fn clear(tx: &Transaction<'_>) -> Result<()> {
    tx.execute_batch(
        "DELETE FROM child; DELETE FROM child_evidence; DELETE FROM child_search; DELETE FROM casework; DELETE FROM child_duty;
         DELETE FROM transition; DELETE FROM class_back; DELETE FROM danger; DELETE FROM village_work;
         DELETE FROM county;",
    )
    .map_err(sqlite)
}

/// Writes that the projections have been filled by this version.
///
/// # Errors
/// The faults of a store.
pub fn set_version(tx: &Transaction<'_>, version: i64) -> Result<()> {
    tx.execute("UPDATE device SET projection_version = :version", named_params! { ":version": version })
        .map_err(sqlite)?;
    Ok(())
}

impl Reading<'_> {
    /// The version that the projections were filled by.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn projection_version(self) -> Result<i64> {
        self.0
            .query_row("SELECT projection_version FROM device WHERE id = 1", [], |row| row.get("projection_version"))
            .map_err(sqlite)
    }

    /// The county, as its document tells; `None` before the first sync.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn county(self) -> Result<Option<County>> {
        self.0
            .prepare_cached("SELECT value FROM county WHERE id = 1")
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, String>("value")).optional())
            .map_err(sqlite)?
            .map(|value| serde_json::from_str(&value).map_err(|_| malformed("county")))
            .transpose()
    }

    /// The stored ledger row of a child.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn ledger_row(self, document: DocumentId) -> Result<Option<LedgerRow>> {
        self.0
            .prepare_cached("SELECT cells FROM child WHERE document = :document")
            .and_then(|mut statement| {
                statement
                    .query_row(named_params! { ":document": document.as_bytes().as_slice() }, |row| {
                        row.get::<_, String>("cells")
                    })
                    .optional()
            })
            .map_err(sqlite)?
            .map(|cells| serde_json::from_str(&cells).map_err(|_| malformed("ledger row")))
            .transpose()
    }
}
