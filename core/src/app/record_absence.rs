//! Records an absence, a leave or a return in the roll; and withdraws a wrong entry by another one.

use std::collections::BTreeSet;

use super::casework::Casework;
use super::device::Device;
use super::pages::write_with_pages;
use crate::domain::absence::{AbsenceForm, Roll};
use crate::domain::case::CaseFacts;
use crate::domain::code_list::{AttendanceMark, CaseRecordKind};
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::dossier_write;
use crate::domain::identifier::{DocumentId, DraftId, EntryId};
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};
use crate::store::document::DocumentRow;

/// An entry that was recorded, or that stood already and says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbsenceRecorded {
    /// The entry.
    pub entry: EntryId,
    /// When it was committed; of one that stood already, now.
    pub saved_at: Timestamp,
}

/// Records an absence. It stands in the place of what is known here of the same half days; what others record meanwhile
/// stands beside it. What stands already is not written twice. `pages` is the draft that the photographed slip was attached to.
///
/// # Errors
/// [`ErrorCode::FieldMissing`], [`ErrorCode::FieldInvalid`], [`ErrorCode::DocumentNotHere`], [`ErrorCode::NotAllowed`],
/// the faults of a store.
pub fn record_absence(
    device: &mut Device,
    id: DocumentId,
    form: &AbsenceForm,
    pages: Option<DraftId>,
) -> Result<AbsenceRecorded> {
    let now = device.environment.now();
    form.validate(now.day())?;
    if form.mark == AttendanceMark::Withdrawn {
        return Err(Failure::invalid("mark", "not_in_the_list"));
    }
    let row = row(device, id)?;
    let facts = device.store.reading().case_facts(id)?;
    let roll = roll(&facts);
    if let Some(entry) = said_already(&facts, &roll, form).filter(|_| pages.is_none()) {
        device.author.may_write(&row.leaves)?;
        return Ok(AbsenceRecorded { entry, saved_at: now });
    }
    write(device, &row, &facts, form, &roll.standing(form), pages)
}

/// Withdraws an entry: what it said does not stand any more, and that it was said stays to be seen.
///
/// # Errors
/// [`ErrorCode::ConflictGone`] when there is no such entry; else as [`record_absence`].
pub fn withdraw_absence(device: &mut Device, id: DocumentId, entry: EntryId, note: &str) -> Result<AbsenceRecorded> {
    let row = row(device, id)?;
    let facts = device.store.reading().case_facts(id)?;
    let wrong = facts
        .absences
        .iter()
        .find(|other| other.entry == entry)
        .ok_or_else(|| Failure::new(ErrorCode::ConflictGone, "no such absence"))?;
    let form = AbsenceForm { mark: AttendanceMark::Withdrawn, note: note.to_owned(), ..wrong.form.clone() };
    form.validate(device.environment.now().day())?;
    write(device, &row, &facts, &form, &BTreeSet::from([entry]), None)
}

fn row(device: &Device, id: DocumentId) -> Result<DocumentRow> {
    device.store.reading().document_row(id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))
}

/// The roll of a child as it stands here, registered returns among it.
pub(crate) fn roll(facts: &CaseFacts) -> Roll {
    let returns: Vec<_> = facts
        .records
        .iter()
        .filter(|record| record.form.kind == CaseRecordKind::Returned)
        .map(|record| (record.form.on, record.entry, &record.seen))
        .collect();
    Roll::of(&facts.absences, &returns)
}

/// The entry that says already what a form without a note would say: two taps of two teachers are one absence.
fn said_already(facts: &CaseFacts, roll: &Roll, form: &AbsenceForm) -> Option<EntryId> {
    if !form.note.trim().is_empty() || form.until.is_some() {
        return None;
    }
    let standing = roll.standing(form);
    let says_so = |entry: &EntryId| {
        facts
            .absences
            .iter()
            .find(|other| other.entry == *entry)
            .is_some_and(|other| other.form.mark == form.mark && other.form.part.covers(form.part))
    };
    let first = *standing.first()?;
    standing.iter().all(says_so).then_some(first)
}

fn write(
    device: &mut Device,
    row: &DocumentRow,
    facts: &CaseFacts,
    form: &AbsenceForm,
    seen: &BTreeSet<EntryId>,
    pages: Option<DraftId>,
) -> Result<AbsenceRecorded> {
    let now = device.environment.now();
    let rule = {
        let casework = Casework::of(device);
        casework.rule_name(&casework.cases(facts, &row.leaves), form.day)
    };
    let entry = write_with_pages(device, row, DeliveryKind::Absence, pages, |document, entry, _| {
        dossier_write::add_absence(document, entry, form, seen, &rule)
    })?;
    Ok(AbsenceRecorded { entry, saved_at: now })
}
