//! Begins, saves and throws away drafts.

use super::attach_photo;
use super::device::Device;
use crate::domain::code_list::VisitMode;
use crate::domain::identifier::{DocumentId, DraftId};
use crate::domain::ledger::PlaceNames;
use crate::domain::time::Timestamp;
use crate::domain::visit::VisitForm;
use crate::error::{ErrorCode, Failure, Result};
use crate::store::draft::{self, DraftRow};

/// One visit covers at most so many brothers and sisters.
const CHILDREN_MAX: usize = 12;

/// Begins a visit: a draft that is filled in with what the app knows.
///
/// # Errors
/// [`ErrorCode::DocumentNotHere`], [`ErrorCode::NotAllowed`], [`ErrorCode::ChildMovedAway`], the faults of a store.
pub fn begin_visit(device: &mut Device, documents: &[DocumentId]) -> Result<DraftRow> {
    begin(device, documents, false)
}

fn begin(device: &mut Device, documents: &[DocumentId], is_pages: bool) -> Result<DraftRow> {
    if documents.is_empty() || documents.len() > CHILDREN_MAX {
        return Err(Failure::invalid("documentIds", "too_many"));
    }
    let now = device.environment.now();
    let reading = device.store.reading();
    let mut place = String::new();
    for id in documents {
        let child = reading.child(*id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "child"))?;
        device.author.may_write(&child.leaves)?;
        if reading.has_left(*id)? {
            return Err(Failure::new(ErrorCode::ChildMovedAway, "the dossier has left the person's scope"));
        }
        if place.is_empty() {
            place = PlaceNames::of(&device.county()).village(&child.leaves);
            place.push_str(&child.village_group);
        }
    }
    let draft = DraftRow {
        id: device.environment.new_draft_id(),
        documents: documents.to_vec(),
        form: VisitForm { started_at: Some(now), mode: Some(VisitMode::AtHome), place, ..VisitForm::default() },
        saved_at: now,
        is_pages,
    };
    device.store.transact(|tx| draft::put(tx, &draft))?;
    Ok(draft)
}

/// Begins to collect photographed pages for a record of a child's case, or goes on where that was left.
///
/// # Errors
/// As [`begin_visit`].
pub fn begin_pages(device: &mut Device, document: DocumentId) -> Result<DraftRow> {
    let begun = device.store.reading().drafts()?;
    if let Some(draft) = begun.into_iter().find(|draft| draft.is_pages && draft.documents == [document]) {
        return Ok(draft);
    }
    begin(device, &[document], true)
}

/// Saves a draft as it stands, valid or not.
///
/// # Errors
/// [`ErrorCode::DraftNotHere`], the faults of a store.
pub fn save(device: &mut Device, id: DraftId, form: VisitForm) -> Result<Timestamp> {
    let now = device.environment.now();
    let draft = device.store.reading().draft(id)?;
    device.store.transact(|tx| draft::put(tx, &DraftRow { form, saved_at: now, ..draft }))?;
    Ok(now)
}

/// Throws a draft away with its photos.
///
/// # Errors
/// The faults of a store.
pub fn discard(device: &mut Device, id: DraftId) -> Result<Timestamp> {
    let photos = device.store.reading().draft_photos(id)?;
    device.store.transact(|tx| draft::delete(tx, id))?;
    attach_photo::remove_files_without_owner(device, photos.iter())?;
    Ok(device.environment.now())
}
