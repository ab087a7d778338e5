//! Brings a roster in: read, judge every row, and after a person has confirmed write all that was taken, in
//! one transaction.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::author::FormKind;
use super::device::Device;
use crate::domain::code_list::{ChildFlag, SchoolingStatus};
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::DocumentKind;
use crate::domain::doc::{dossier_read, dossier_write};
use crate::domain::field::FIELDS;
use crate::domain::id_number::IdNumber;
use crate::domain::identifier::{DocumentId, EntryId};
use crate::domain::person_name;
use crate::domain::roster::reason::RowReason;
use crate::domain::roster::status::StatedStatus;
use crate::domain::roster::{
    self, CellProblem, KnownChild, KnownChildren, KnownGuardian, RosterGuardian, RosterRow, RowVerdict, Verdict,
};
use crate::domain::time::{Day, Timestamp};
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};
use crate::spreadsheet::Sheet;
use crate::spreadsheet::reader::read_sheet;
use crate::spreadsheet::roster_reader::{RosterTable, read_roster};
use crate::store::Reading;
use crate::store::children::StoredChild;
use crate::store::document::DocumentRow;

/// A roster as it was read.
pub struct ReadRoster {
    sheet: Sheet,
    table: RosterTable,
}

/// A roster whose rows have their verdicts.
pub struct JudgedRoster {
    /// The sheet as it is in the file.
    pub sheet: Sheet,
    /// Its columns and rows.
    pub table: RosterTable,
    /// A verdict for each row, in the order of the rows.
    pub verdicts: Vec<RowVerdict>,
    /// Doubtful rows that a person has decided to take.
    pub accepted: BTreeSet<u32>,
}

impl JudgedRoster {
    /// A person decides on a doubtful row; other rows are not for deciding.
    pub fn accept(&mut self, row_number: u32, accepted: bool) {
        let doubtful = |row: &RowVerdict| row.row_number == row_number && row.verdict == Verdict::Doubtful;
        if !accepted {
            self.accepted.remove(&row_number);
        } else if self.verdicts.iter().any(doubtful) {
            self.accepted.insert(row_number);
        }
    }

    fn is_taken(&self, verdict: &RowVerdict) -> bool {
        match verdict.verdict {
            Verdict::New | Verdict::Changed => true,
            Verdict::Doubtful => self.accepted.contains(&verdict.row_number),
            Verdict::Same | Verdict::Refused => false,
        }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Dossiers opened.
    pub created: usize,
    /// Dossiers changed.
    pub changed: usize,
    /// Rows left alone.
    pub left: usize,
    /// When it was committed.
    pub saved_at: Timestamp,
}

/// Whether the person may bring in a roster.
///
/// # Errors
/// [`ErrorCode::NotAllowed`].
pub fn may_import(device: &Device) -> Result<()> {
    if device.author.rights.role.imports_rosters() {
        Ok(())
    } else {
        Err(Failure::new(ErrorCode::NotAllowed, "the role does not import rosters"))
    }
}

/// Reads a file. Needs no store.
///
/// # Errors
/// [`ErrorCode::SpreadsheetUnreadable`], [`ErrorCode::SpreadsheetHeaderMissing`],
/// [`ErrorCode::SpreadsheetTooLarge`].
pub fn read(file_name: &str, bytes: &[u8]) -> Result<ReadRoster> {
    let sheet = read_sheet(file_name, bytes)?;
    let table = read_roster(&sheet)?;
    Ok(ReadRoster { sheet, table })
}

/// Judges every row. Writes nothing.
///
/// # Errors
/// The faults of a store.
pub fn judge(device: &Device, read: ReadRoster) -> Result<JudgedRoster> {
    let known = StoredChildren { reading: device.store.reading(), failure: RefCell::new(None) };
    let today = device.environment.now().day().0;
    let mut verdicts = roster::judge(&read.table.rows, &known, &device.county(), today);
    // Not found and could not read stay different.
    if let Some(failure) = known.failure.into_inner() {
        return Err(failure);
    }
    for verdict in &mut verdicts {
        bound_by_rights(device, verdict);
    }
    Ok(JudgedRoster { sheet: read.sheet, table: read.table, verdicts, accepted: BTreeSet::new() })
}

/// A row outside of the person's scope is refused; a move is not made by an import.
fn bound_by_rights(device: &Device, verdict: &mut RowVerdict) {
    let before = verdict.changes.len();
    verdict.changes.retain(|change| !change.field.starts_with("placement."));
    if verdict.changes.len() < before {
        verdict.problems.push(CellProblem::new("", "", RowReason::MoveLeftOut));
        if verdict.changes.is_empty() && verdict.verdict == Verdict::Changed {
            verdict.verdict = Verdict::Same;
        }
    }
    let opens = verdict.matched.is_none() && verdict.verdict != Verdict::Refused;
    if opens && device.author.may_write(&verdict.leaves).is_err() {
        verdict.problems.push(CellProblem::new("", "", RowReason::OutsideScope));
        verdict.verdict = Verdict::Refused;
    }
}

/// The store as the judge asks it.
struct StoredChildren<'a> {
    reading: Reading<'a>,
    failure: RefCell<Option<Failure>>,
}

impl StoredChildren<'_> {
    fn found(&self, stored: Result<Vec<StoredChild>>) -> Vec<KnownChild> {
        let known = stored.and_then(|children| {
            children.into_iter().map(|child| known_child(self.reading, child)).collect::<Result<Vec<_>>>()
        });
        known.unwrap_or_else(|failure| {
            self.failure.borrow_mut().get_or_insert(failure);
            Vec::new()
        })
    }
}

impl KnownChildren for StoredChildren<'_> {
    fn by_id_number(&self, id: &IdNumber) -> Vec<KnownChild> {
        self.found(self.reading.children_by_id_number(id.in_full()))
    }

    fn by_name_and_birth(&self, name: &str, birth_date: Date) -> Vec<KnownChild> {
        let stored = self.reading.children_by_birth_date(Day(birth_date)).map(|mut children| {
            children.retain(|child| person_name::matching(&child.name) == name);
            children
        });
        self.found(stored)
    }
}

fn known_child(reading: Reading<'_>, child: StoredChild) -> Result<KnownChild> {
    let dossier = dossier_read::read(&reading.document(child.document)?)?;
    let fields: BTreeMap<&'static str, String> = FIELDS
        .iter()
        .map(|field| (field.path, dossier.value(field.path).to_owned()))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    Ok(KnownChild {
        document_id: child.document,
        name: child.name,
        sex: child.sex,
        birth_date: child.birth_date.map(|day| day.0),
        id_number: IdNumber::parse(&child.id_number).ok(),
        leaves: child.leaves,
        fields,
        status: dossier.status(),
        status_is_looked_into: dossier.status_is_looked_into(),
        flags: dossier.flags.clone(),
        guardians: dossier
            .guardians
            .iter()
            .map(|entry| {
                let part = |name: &str| dossier.value(&format!("guardians.{entry}.{name}")).to_owned();
                KnownGuardian { entry: *entry, name: part("name"), relation: part("relation"), phone: part("phone") }
            })
            .collect(),
    })
}

/// Writes all rows that are taken, in one transaction.
///
/// # Errors
/// [`ErrorCode::NotAllowed`], the faults of a store: then nothing was written.
pub fn confirm(device: &mut Device, roster: &JudgedRoster) -> Result<Imported> {
    may_import(device)?;
    let now = device.environment.now();
    let Device { store, author, environment, .. } = device;
    let kind = FormKind::of(DeliveryKind::Roster);
    let mut imported = Imported { created: 0, changed: 0, left: 0, saved_at: now };
    store.transact(|tx| {
        for (verdict, row) in roster.verdicts.iter().zip(&roster.table.rows) {
            if !roster.is_taken(verdict) {
                imported.left = imported.left.saturating_add(1);
                continue;
            }
            match verdict.matched {
                None => {
                    let leaves = verdict.leaves.clone();
                    let new = DocumentRow { id: environment.new_document_id(), kind: DocumentKind::Dossier, leaves };
                    author.write_form(tx, &new, kind, now, |document| write_new(document, row, &new, environment))?;
                    imported.created = imported.created.saturating_add(1);
                }
                Some(id) => {
                    let known = known_row(Reading::within(tx), id)?;
                    if author.may_write(&known.leaves).is_err() {
                        imported.left = imported.left.saturating_add(1);
                        continue;
                    }
                    let replaced = status_to_replace(Reading::within(tx), id, verdict)?;
                    let changed = author.write_form(tx, &known, kind, now, |document| {
                        write_changes(document, row, verdict, environment, replaced.as_deref())
                    })?;
                    let counted = if changed { &mut imported.changed } else { &mut imported.left };
                    *counted = counted.saturating_add(1);
                }
            }
        }
        Ok(())
    })?;
    Ok(imported)
}

fn known_row(reading: Reading<'_>, id: DocumentId) -> Result<DocumentRow> {
    reading.document_row(id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))
}

type Document<'a> = automerge::transaction::Transaction<'a>;

fn write_new(document: &mut Document<'_>, row: &RosterRow, new: &DocumentRow, environment: &Environment) -> Result<()> {
    dossier_write::open(document, &new.leaves, true)?;
    for (path, value) in row.fields() {
        dossier_write::set_field(document, path, &value)?;
    }
    for (flag, set) in &row.flags {
        if *set {
            dossier_write::set_flag(document, *flag, true)?;
        }
    }
    for guardian in &row.guardians {
        add_guardian(document, environment, guardian)?;
    }
    // A roster tells where the record is, not where the child is: until somebody has looked, what it says counts; a
    // child in a class is at school by it, and one without is to be verified (handbook 3.8).
    let said = row.status.and_then(StatedStatus::for_child).filter(|status| *status != SchoolingStatus::EnrolledHere);
    let status = match said {
        Some(status) => status,
        None if new.leaves.class.is_some() => SchoolingStatus::EnrolledHere,
        None => SchoolingStatus::Unverified,
    };
    let since = row.status_since.map(Day);
    dossier_write::add_status_of_roster(document, environment.new_entry_id(), status, since, &[])
}

fn add_guardian(document: &mut Document<'_>, environment: &Environment, guardian: &RosterGuardian) -> Result<()> {
    dossier_write::add_guardian(
        document,
        environment.new_entry_id(),
        guardian.name.as_ref().map_or("", |name| name.written()),
        guardian.relation.map_or("", |relation| relation.key()),
        guardian.phone.as_ref().map_or("", |phone| phone.as_str()),
    )
}

/// The status events that the roster's replaces; `None` where it says nothing of it, or where somebody has looked
/// since the rows were judged.
fn status_to_replace(reading: Reading<'_>, id: DocumentId, verdict: &RowVerdict) -> Result<Option<Vec<EntryId>>> {
    if !verdict.changes.iter().any(|change| change.field == "status") {
        return Ok(None);
    }
    let dossier = dossier_read::read(&reading.document(id)?)?;
    let standing = dossier.standing_statuses().iter().map(|event| event.entry).collect();
    Ok((!dossier.status_is_looked_into()).then_some(standing))
}

fn write_changes(
    document: &mut Document<'_>,
    row: &RosterRow,
    verdict: &RowVerdict,
    environment: &Environment,
    replaced: Option<&[EntryId]>,
) -> Result<()> {
    for change in &verdict.changes {
        if change.field == "status" {
            if let (Some(seen), Some(status)) = (replaced, SchoolingStatus::from_zh(&change.new)) {
                let since = row.status_since.map(Day);
                dossier_write::add_status_of_roster(document, environment.new_entry_id(), status, since, seen)?;
            }
        } else if let Some(key) = change.field.strip_prefix("flags.") {
            if let Some(flag) = ChildFlag::from_key(key) {
                dossier_write::set_flag(document, flag, change.new == "true")?;
            }
        } else if let Some(at) = change.field.strip_prefix("guardians.new.") {
            if let Some(guardian) = at.parse::<usize>().ok().and_then(|at| row.guardians.get(at)) {
                add_guardian(document, environment, guardian)?;
            }
        } else if let Some(rest) = change.field.strip_prefix("guardians.")
            && rest.split('.').next().and_then(EntryId::parse).is_none()
        {
            return Err(Failure::new(ErrorCode::Internal, "a change of a guardian without a key"));
        } else {
            dossier_write::set_field(document, &change.field, &change.new)?;
        }
    }
    Ok(())
}
