//! Records of a village how far it is, and what of the county's working method is done there: entries of the village's own
//! document, which two tablets without signal may both begin.

use super::author::FormKind;
use super::device::Device;
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::{DocumentKind, place};
use crate::domain::place::{Leaves, PlaceCode};
use crate::domain::time::Timestamp;
use crate::domain::village_work::{VillageForm, VillageWork, document_of};
use crate::error::{Failure, Result};
use crate::store::document::DocumentRow;

/// Records an entry. It stands in the place of all that is known here of its subject.
///
/// # Errors
/// [`crate::error::ErrorCode::FieldMissing`], [`crate::error::ErrorCode::FieldInvalid`],
/// [`crate::error::ErrorCode::NotAllowed`], the faults of a store.
pub fn record_village(device: &mut Device, village: &PlaceCode, form: &VillageForm) -> Result<Timestamp> {
    let now = device.environment.now();
    let county = device.county();
    if !village.is_village() {
        return Err(Failure::invalid("village", "no_village"));
    }
    form.validate(now.day(), &county.method.iter().map(|item| item.key.as_str()).collect())?;
    let row = DocumentRow {
        id: document_of(village),
        kind: DocumentKind::Place,
        leaves: Leaves { village: Some(village.clone()), class: None },
    };
    let reading = device.store.reading();
    let known = match reading.document_row(row.id)? {
        Some(_) => VillageWork::of(place::read(&reading.document(row.id)?)?),
        None => VillageWork::default(),
    };
    let seen = known.standing(form);
    let Device { store, author, environment, .. } = device;
    let entry = environment.new_entry_id();
    let kind = FormKind { what: DeliveryKind::Village, entry: Some(entry) };
    store.transact(|tx| author.write_form(tx, &row, kind, now, |document| place::add(document, entry, form, &seen)))?;
    Ok(now)
}
