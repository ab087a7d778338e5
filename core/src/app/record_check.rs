//! Records what a door-to-door check found of the children of a household: one entry in each dossier, one transaction for all.

use std::collections::BTreeSet;

use super::author::FormKind;
use super::device::Device;
use crate::domain::check::{self, CheckForm};
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::{dossier_read, dossier_write};
use crate::domain::identifier::{DocumentId, EntryId};
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};

/// The most children of one household that are checked at once.
const CHILDREN_MAX: usize = 50;

/// Checks that were recorded.
#[derive(Debug, Clone)]
pub struct ChecksRecorded {
    /// The key of each, in its dossier.
    pub entries: Vec<(DocumentId, EntryId)>,
    /// When they were committed.
    pub saved_at: Timestamp,
}

/// Records checks. Each stands in the place of all checks of the child that are known here. No status is touched.
///
/// # Errors
/// [`ErrorCode::FieldMissing`], [`ErrorCode::FieldInvalid`], [`ErrorCode::DocumentNotHere`], [`ErrorCode::NotAllowed`],
/// [`ErrorCode::ChildMovedAway`], the faults of a store; nothing is written then.
pub fn record_checks(device: &mut Device, checks: &[(DocumentId, CheckForm)]) -> Result<ChecksRecorded> {
    let today = device.environment.now().day();
    for (_, form) in checks {
        form.validate(today)?;
    }
    write(device, checks, |known| check::standing(known).into_iter().map(|check| check.entry).collect())
}

/// Takes checks back by other entries: what stood before them stands again.
///
/// # Errors
/// [`ErrorCode::FieldInvalid`] for what is no check of the child, and as [`record_checks`].
pub fn withdraw_checks(device: &mut Device, checks: &[(DocumentId, EntryId)]) -> Result<ChecksRecorded> {
    let today = device.environment.now().day();
    let reading = device.store.reading();
    for (id, entry) in checks {
        let known = dossier_read::read(&reading.document(*id)?)?.checks;
        if !known.iter().any(|check| check.entry == *entry && check.form.withdraws.is_none()) {
            return Err(Failure::invalid("entryId", "unknown"));
        }
    }
    let forms: Vec<_> = checks.iter().map(|(id, entry)| (*id, CheckForm::withdrawal(*entry, today))).collect();
    write(device, &forms, |_| BTreeSet::new())
}

fn write(
    device: &mut Device,
    checks: &[(DocumentId, CheckForm)],
    seen: impl Fn(&[check::CheckEntry]) -> BTreeSet<EntryId>,
) -> Result<ChecksRecorded> {
    let now = device.environment.now();
    if checks.is_empty() {
        return Err(Failure::missing("checks"));
    }
    if checks.len() > CHILDREN_MAX {
        return Err(Failure::invalid("checks", "too_many"));
    }
    let reading = device.store.reading();
    let mut forms = Vec::new();
    for (id, form) in checks {
        let row = reading.document_row(*id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))?;
        let known = dossier_read::read(&reading.document(*id)?)?.checks;
        forms.push((row, form, seen(&known)));
    }
    let Device { store, author, environment, .. } = device;
    let entries = store.transact(|tx| {
        let mut entries = Vec::new();
        for (row, form, seen) in &forms {
            let entry = environment.new_entry_id();
            let kind = FormKind { what: DeliveryKind::Check, entry: Some(entry) };
            author.write_form(tx, row, kind, now, |document| dossier_write::add_check(document, entry, form, seen))?;
            entries.push((row.id, entry));
        }
        Ok(entries)
    })?;
    Ok(ChecksRecorded { entries, saved_at: now })
}
