//! Reports a danger to a child, and records what is done about it. A report goes into an annex of its own; where the reporter
//! may not see annexes, this device gives it up as soon as it is safe elsewhere
//! (docs/decisions/restricted-annex.md).

use super::author::FormKind;
use super::device::Device;
use crate::domain::danger::{DangerForm, DangerStepForm, reports, sees};
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::{DocumentKind, restricted};
use crate::domain::identifier::DocumentId;
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};
use crate::store::document::DocumentRow;
use crate::store::{danger, moves};

/// Reports a danger to the child of a dossier.
///
/// # Errors
/// [`ErrorCode::FieldMissing`], [`ErrorCode::FieldInvalid`], [`ErrorCode::DocumentNotHere`], [`ErrorCode::NotAllowed`],
/// [`ErrorCode::ChildMovedAway`], the faults of a store.
pub fn report_danger(device: &mut Device, about: DocumentId, form: &DangerForm) -> Result<Timestamp> {
    let now = device.environment.now();
    form.validate(now.day())?;
    let reading = device.store.reading();
    let child = reading.document_row(about)?.filter(|row| row.kind == DocumentKind::Dossier);
    let child = child.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))?;
    if reading.has_left(about)? {
        return Err(Failure::new(ErrorCode::ChildMovedAway, "the dossier has left the person's scope"));
    }
    let role = device.author.rights.role;
    if !reports(role) {
        return Err(Failure::new(ErrorCode::NotAllowed, "the role does not report"));
    }
    let Device { store, author, environment, .. } = device;
    let row = DocumentRow { id: environment.new_document_id(), kind: DocumentKind::Restricted, leaves: child.leaves };
    store.transact(|tx| {
        author.write_form(tx, &row, FormKind::of(DeliveryKind::Danger), now, |document| {
            restricted::report(document, about, form)
        })?;
        danger::put_receipt(tx, row.id, about, now)?;
        // Who may not see annexes keeps none: what was written here goes as soon as it is safe elsewhere.
        if sees(role) { Ok(()) } else { moves::mark_left(tx, row.id, 1) }
    })?;
    Ok(now)
}

/// Records what was done about a report.
///
/// # Errors
/// [`ErrorCode::FieldMissing`], [`ErrorCode::FieldInvalid`], [`ErrorCode::DocumentNotHere`], [`ErrorCode::NotAllowed`], the
/// faults of a store.
pub fn record_step(device: &mut Device, annex: DocumentId, form: &DangerStepForm) -> Result<Timestamp> {
    let now = device.environment.now();
    form.validate(now.day())?;
    if !sees(device.author.rights.role) {
        return Err(Failure::new(ErrorCode::NotAllowed, "the role does not see annexes"));
    }
    let row = device.store.reading().document_row(annex)?.filter(|row| row.kind == DocumentKind::Restricted);
    let row = row.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "annex"))?;
    let Device { store, author, environment, .. } = device;
    let entry = environment.new_entry_id();
    store.transact(|tx| {
        author.write_form(tx, &row, FormKind::of(DeliveryKind::Danger), now, |document| {
            restricted::add_step(document, entry, form)
        })
    })?;
    Ok(now)
}
