//! Records a visit: the finished form goes into the dossier of each child that it covers, with its photos,
//! and the draft goes. One transaction: saved means committed.

use super::author::FormKind;
use super::device::Device;
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::dossier_write;
use crate::domain::dossier::PhotoRecord;
use crate::domain::identifier::{DocumentId, DraftId, EntryId};
use crate::domain::time::Timestamp;
use crate::domain::visit::VisitForm;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};
use crate::protocol::photo::PhotoFile;
use crate::store::draft::{self, DraftPhoto};
use crate::store::photo_file::{self, PhotoFileRow};

/// A visit that was recorded.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The visit's key in each dossier.
    pub visits: Vec<(DocumentId, EntryId)>,
    /// Photos that went with it.
    pub photo_count: usize,
    /// When it was committed.
    pub saved_at: Timestamp,
}

/// Records the visit of a draft.
///
/// # Errors
/// [`ErrorCode::FieldMissing`], [`ErrorCode::FieldInvalid`], [`ErrorCode::DraftNotHere`],
/// [`ErrorCode::DocumentNotHere`], [`ErrorCode::NotAllowed`], the faults of a store; the draft is then kept.
pub fn record_visit(device: &mut Device, id: DraftId, form: &VisitForm) -> Result<Recorded> {
    let now = device.environment.now();
    form.validate(now)?;
    let reading = device.store.reading();
    let draft = reading.draft(id)?;
    let photos = reading.draft_photos(id)?;
    let rows = draft
        .documents
        .iter()
        .map(|document| {
            reading.document_row(*document)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))
        })
        .collect::<Result<Vec<_>>>()?;
    let Device { store, author, environment, .. } = device;
    let visits = store.transact(|tx| {
        let mut visits = Vec::new();
        for row in &rows {
            let entry = environment.new_entry_id();
            let records = records(&photos, entry, environment, author.actor);
            let kind = FormKind { what: DeliveryKind::Visit, entry: Some(entry) };
            author.write_form(tx, row, kind, now, |document| {
                dossier_write::add_visit(document, entry, form)?;
                records.iter().try_for_each(|photo| dossier_write::add_photo(document, photo))
            })?;
            for (record, photo) in records.iter().zip(&photos) {
                for file in files(row.id, record.entry, photo) {
                    photo_file::put(tx, &file)?;
                }
            }
            visits.push((row.id, entry));
        }
        draft::delete(tx, id)?;
        Ok(visits)
    })?;
    Ok(Recorded { visits, photo_count: photos.len(), saved_at: now })
}

pub(super) fn records(
    photos: &[DraftPhoto],
    visit: EntryId,
    environment: &Environment,
    actor: [u8; 16],
) -> Vec<PhotoRecord> {
    photos
        .iter()
        .map(|photo| PhotoRecord {
            entry: environment.new_entry_id(),
            visit: Some(visit),
            capture: photo.capture,
            photo: photo.photo,
            photo_bytes: photo.photo_bytes,
            thumbnail: photo.thumbnail,
            thumbnail_bytes: photo.thumbnail_bytes,
            placeholder: photo.placeholder.clone(),
            taken_at: photo.taken_at,
            position: photo.position.clone(),
            width: photo.width,
            height: photo.height,
            actor: actor.to_vec(),
        })
        .collect()
}

pub(super) fn files(document: DocumentId, entry: EntryId, photo: &DraftPhoto) -> [PhotoFileRow; 2] {
    let file = |hash, file, bytes_total| PhotoFileRow {
        hash,
        document,
        file,
        entry,
        bytes_total,
        own: true,
        here: true,
        offset: 0,
        complete_at: None,
        on_desk_at: None,
        problem: String::new(),
        wanted: false,
        absent_at: None,
        failures: 0,
        complete_head: 0,
    };
    [
        file(photo.thumbnail, PhotoFile::Thumbnail, photo.thumbnail_bytes),
        file(photo.photo, PhotoFile::Photo, photo.photo_bytes),
    ]
}
