//! Puts a proof on file with its photographed pages, or withdraws one: one form, one commit.

use std::collections::BTreeSet;

use super::author::FormKind;
use super::device::Device;
use super::record_visit::{files, records};
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::{dossier_read, dossier_write};
use crate::domain::evidence::{EvidenceForm, standing, usual_end};
use crate::domain::identifier::{DocumentId, DraftId, EntryId};
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};
use crate::store::{draft, photo_file};

/// Records a proof in the place of `replaces`, or withdraws those. `pages` is the draft that the photographed pages were
/// attached to; it goes with them.
///
/// # Errors
/// [`ErrorCode::FieldMissing`], [`ErrorCode::FieldInvalid`], [`ErrorCode::ConflictGone`] when what it replaces does not stand any
/// more, [`ErrorCode::DocumentNotHere`], [`ErrorCode::DraftNotHere`], [`ErrorCode::NotAllowed`], the faults of a store.
pub fn record_evidence(
    device: &mut Device,
    id: DocumentId,
    form: &EvidenceForm,
    replaces: &BTreeSet<EntryId>,
    pages: Option<DraftId>,
) -> Result<Timestamp> {
    let now = device.environment.now();
    let county = device.county();
    let rules = county.evidence_versions();
    let reading = device.store.reading();
    let photos = pages.map_or_else(|| Ok(Vec::new()), |pages| reading.draft_photos(pages))?;
    let mut form = form.clone();
    // What is asked for once a term must be asked for again, also where nobody typed a day.
    if !form.withdrawn && form.valid_until.is_none() {
        form.valid_until = rules.kind(&form.proof, now.day()).and_then(|kind| usual_end(kind, now.day()));
    }
    form.validate(&rules, now.day(), photos.len(), replaces.len())?;
    let row = reading.document_row(id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))?;
    let stands = standing(&dossier_read::read(&reading.document(id)?)?);
    if !replaces.iter().all(|replaced| stands.iter().any(|proof| proof.entry == *replaced)) {
        return Err(Failure::new(ErrorCode::ConflictGone, "what it replaces does not stand any more"));
    }
    let Device { store, author, environment, .. } = device;
    let entry = environment.new_entry_id();
    let kind = FormKind { what: DeliveryKind::Evidence, entry: Some(entry) };
    let records = records(&photos, entry, environment, author.actor);
    store.transact(|tx| {
        author.write_form(tx, &row, kind, now, |document| {
            dossier_write::add_evidence(document, entry, &form, replaces)?;
            records.iter().try_for_each(|photo| dossier_write::add_photo(document, photo))
        })?;
        for (record, photo) in records.iter().zip(&photos) {
            for file in files(row.id, record.entry, photo) {
                photo_file::put(tx, &file)?;
            }
        }
        pages.map_or(Ok(()), |pages| draft::delete(tx, pages))
    })?;
    Ok(now)
}
