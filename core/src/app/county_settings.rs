//! Edits the county's settings: looked at before they are saved ([`super::county_preview`]), one edit one commit.

use super::author::FormKind;
use super::device::Device;
use crate::domain::county_edit::CountyEdit;
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::county::{self, ContestedEntry};
use crate::domain::doc::{DocumentKind, county_rights};
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};
use crate::store::document::DocumentRow;

/// Whether the person may edit the settings.
#[must_use]
pub fn may_edit(device: &Device) -> bool {
    county_rights::writes_settings(device.author.rights.role, &device.author.rights.scopes)
}

/// Saves an edit.
///
/// # Errors
/// [`ErrorCode::NotAllowed`], [`ErrorCode::FieldInvalid`] with the first mistake's code as its reason,
/// [`ErrorCode::SyncFirst`] before the county has come, the faults of a store.
pub fn save(device: &mut Device, edit: CountyEdit) -> Result<Timestamp> {
    let today = device.environment.now().day();
    let before = device.county();
    let edit = edit.completed(&before, &edition(device));
    if let Some(mistake) = edit.mistakes(&before, today).into_iter().next() {
        return Err(Failure::new(ErrorCode::FieldInvalid, mistake.to_string())
            .fact("field", "settings")
            .fact("reason", mistake.to_string().split(':').next().unwrap_or_default()));
    }
    write(device, |tx| county::write_edit(tx, &before, &edit))
}

/// Entries that people changed without knowing of each other.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`], the faults of a store.
pub fn contested(device: &Device) -> Result<Vec<ContestedEntry>> {
    let Some(row) = document(device)? else { return Ok(Vec::new()) };
    county::contested(&device.store.reading().document(row.id)?)
}

/// Chooses among what several wrote.
///
/// # Errors
/// [`ErrorCode::ConflictGone`], [`ErrorCode::NotAllowed`], the faults of a store.
pub fn settle(device: &mut Device, root: &str, key: &str, json: &str) -> Result<Timestamp> {
    write(device, |tx| county::settle(tx, root, key, json))
}

/// The county document's row; none before it has come.
///
/// # Errors
/// The faults of a store.
pub(super) fn document(device: &Device) -> Result<Option<DocumentRow>> {
    let reading = device.store.reading();
    reading.document_ids(DocumentKind::County)?.first().map_or(Ok(None), |id| reading.document_row(*id))
}

fn write(
    device: &mut Device,
    change: impl FnOnce(&mut super::author::DocumentTransaction<'_>) -> Result<()>,
) -> Result<Timestamp> {
    let row = document(device)?.ok_or_else(|| Failure::new(ErrorCode::SyncFirst, "the county has not come yet"))?;
    let now = device.environment.now();
    let Device { store, author, .. } = &mut *device;
    store.transact(|tx| author.write_form(tx, &row, FormKind::of(DeliveryKind::County), now, change))?;
    device.refresh()?;
    Ok(now)
}

/// Tells two versions apart that two people make without knowing of each other.
pub(super) fn edition(device: &Device) -> String {
    let random: [u8; 3] = device.environment.random_bytes();
    data_encoding::HEXLOWER.encode(&random)
}
