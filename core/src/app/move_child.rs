//! Moves a child to another village or class. The server orders moves; where two people move one child without knowing
//! of each other, the first that reaches it stands.

use super::author::FormKind;
use super::device::Device;
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::dossier_write;
use crate::domain::field::VALUE_CHARS_MAX;
use crate::domain::identifier::DocumentId;
use crate::domain::place::Leaves;
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};
use crate::store::document::DocumentRow;
use crate::store::moves;

/// Moves a child; who answers for the old place loses the dossier at the next sync, and who answers for the new one gets
/// it whole.
///
/// # Errors
/// [`ErrorCode::NotAllowed`] without the role or when either place lies outside of the scope,
/// [`ErrorCode::FieldInvalid`] for a place or class that the county does not know or where the child is already,
/// [`ErrorCode::DocumentNotHere`], [`ErrorCode::ChildMovedAway`], the faults of a store.
pub fn move_child(device: &mut Device, id: DocumentId, to: Leaves, note: &str) -> Result<Timestamp> {
    if !device.author.rights.role.moves_children() {
        return Err(Failure::new(ErrorCode::NotAllowed, "the role does not move children"));
    }
    let row =
        device.store.reading().document_row(id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))?;
    if note.chars().count() > VALUE_CHARS_MAX {
        return Err(Failure::invalid("note", "too_long"));
    }
    if to == row.leaves {
        return Err(Failure::invalid("village", "unchanged"));
    }
    let county = device.county();
    let village_known = to
        .village
        .as_ref()
        .is_some_and(|village| county.places.iter().any(|place| place.code == *village && place.code.is_village()));
    if !village_known {
        return Err(Failure::invalid("village", "no_village"));
    }
    let mut classes = county.schools.iter().flat_map(|school| &school.classes);
    if to.class.as_ref().is_some_and(|class| !classes.any(|known| known.id == *class)) {
        return Err(Failure::invalid("class", "not_in_the_list"));
    }
    // Both the place that the child leaves and the one that it comes to.
    device.author.may_write(&row.leaves)?;
    device.author.may_write(&to)?;
    let now = device.environment.now();
    let moved = DocumentRow { leaves: to, ..row };
    let Device { store, author, environment, .. } = device;
    let entry = environment.new_entry_id();
    let kind = FormKind { what: DeliveryKind::Moved, entry: Some(entry) };
    store.transact(|tx| {
        author.write_form(tx, &moved, kind, now, |document| {
            dossier_write::add_move(document, entry, &moved.leaves, note)
        })?;
        moves::place(tx, id, &moved.leaves)
    })?;
    Ok(now)
}
