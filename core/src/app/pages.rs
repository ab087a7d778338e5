//! A form of one child with its photographed papers: an entry, its photos' records and the files, in one commit; and the
//! draft that they were attached to is gone.

use super::author::{DocumentTransaction, FormKind};
use super::device::Device;
use super::record_visit::{files, records};
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::dossier_write;
use crate::domain::identifier::{DraftId, EntryId};
use crate::environment::Environment;
use crate::error::Result;
use crate::store::document::DocumentRow;
use crate::store::{draft, photo_file};

/// How many papers are photographed for a form.
pub(super) fn page_count(device: &Device, pages: Option<DraftId>) -> Result<usize> {
    pages.map_or(Ok(0), |pages| Ok(device.store.reading().draft_photos(pages)?.len()))
}

/// Writes a form under a new key, with the papers of `pages`; gives the key.
pub(super) fn write_with_pages(
    device: &mut Device,
    row: &DocumentRow,
    what: DeliveryKind,
    pages: Option<DraftId>,
    write: impl FnOnce(&mut DocumentTransaction<'_>, EntryId, &Environment) -> Result<()>,
) -> Result<EntryId> {
    let now = device.environment.now();
    let photos = pages.map_or_else(|| Ok(Vec::new()), |pages| device.store.reading().draft_photos(pages))?;
    let Device { store, author, environment, .. } = device;
    let entry = environment.new_entry_id();
    let kind = FormKind { what, entry: Some(entry) };
    let records = records(&photos, entry, environment, author.actor);
    store.transact(|tx| {
        author.write_form(tx, row, kind, now, |document| {
            write(document, entry, environment)?;
            records.iter().try_for_each(|photo| dossier_write::add_photo(document, photo))
        })?;
        for (record, photo) in records.iter().zip(&photos) {
            for file in files(row.id, record.entry, photo) {
                photo_file::put(tx, &file)?;
            }
        }
        pages.map_or(Ok(()), |pages| draft::delete(tx, pages))
    })?;
    Ok(entry)
}
