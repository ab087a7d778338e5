//! Keeps a form while somebody fills it in, and lets it go when it was sent or is not wanted.

use super::device::Device;
use crate::domain::half_written::{HalfWritten, HalfWrittenForm};
use crate::domain::identifier::DocumentId;
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};
use crate::store::half_written;

/// So many are kept at most; the oldest goes.
const KEPT_MAX: usize = 50;

/// The longest form, in bytes of JSON; no screen writes a tenth of it.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// The longest name of a place in the app, in bytes.
const PLACE_BYTES_MAX: usize = 500;

/// Keeps a form as it stands, valid or not.
///
/// # Errors
/// [`ErrorCode::FieldInvalid`] for what no screen writes, [`ErrorCode::DocumentNotHere`], the faults of a store.
pub fn keep(
    device: &mut Device,
    form: HalfWrittenForm,
    document: Option<DocumentId>,
    place: String,
    text: String,
) -> Result<Timestamp> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Failure::invalid("text", "too_long"));
    }
    if place.len() > PLACE_BYTES_MAX {
        return Err(Failure::invalid("place", "too_long"));
    }
    let saved_at = device.environment.now();
    if let Some(id) = document {
        let here = device.store.reading().document_row(id)?;
        here.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "a half-written form"))?;
    }
    device.store.transact(|tx| {
        half_written::put(tx, &HalfWritten { form, document, place, text, saved_at })?;
        let all = crate::store::Reading::within(tx).all_half_written()?;
        all.iter().skip(KEPT_MAX).try_for_each(|old| half_written::delete(tx, old.form, old.document.as_ref()))
    })?;
    Ok(saved_at)
}

/// Lets a form go.
///
/// # Errors
/// The faults of a store.
pub fn let_go(device: &mut Device, form: HalfWrittenForm, document: Option<DocumentId>) -> Result<Timestamp> {
    device.store.transact(|tx| half_written::delete(tx, form, document.as_ref()))?;
    Ok(device.environment.now())
}
