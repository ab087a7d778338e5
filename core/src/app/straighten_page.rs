//! Makes a straight page of a photographed paper that waits in a draft, in the photo's place. The capture's hash and moment
//! stay with it: it is the same photograph.

use super::attach_photo::remove_files_without_owner;
use super::device::Device;
use crate::domain::identifier::{DraftId, Hash32};
use crate::error::{ErrorCode, Failure, Result};
use crate::photo::PhotoKind;
use crate::photo::file_store::PhotoFiles;
use crate::photo::straighten::{Corners, straighten};
use crate::store::draft::{self, DraftPhoto};

/// A photo of a draft.
///
/// # Errors
/// [`ErrorCode::PhotoNotHere`], the faults of a store.
pub fn photo_of(device: &Device, id: DraftId, photo: Hash32) -> Result<DraftPhoto> {
    let attached = device.store.reading().draft_photos(id)?;
    attached
        .into_iter()
        .find(|attached| attached.photo == photo)
        .ok_or_else(|| Failure::new(ErrorCode::PhotoNotHere, "the draft does not have the photo"))
}

/// Makes the page and seals its files. Takes a tenth of a second: done without holding the store.
///
/// # Errors
/// [`ErrorCode::FieldInvalid`] (field `corners`), [`ErrorCode::PhotoDamaged`], [`ErrorCode::DiskFull`].
pub fn make_page(photos: &PhotoFiles, photo: &DraftPhoto, corners: &Corners) -> Result<DraftPhoto> {
    let page = straighten(&photos.get(PhotoKind::Photo, photo.photo)?, corners)?;
    photos.put(PhotoKind::Photo, &page.photo.bytes)?;
    photos.put(PhotoKind::Thumbnail, &page.thumbnail.bytes)?;
    Ok(DraftPhoto {
        photo: page.photo.hash,
        photo_bytes: u64::try_from(page.photo.bytes.len()).unwrap_or(u64::MAX),
        thumbnail: page.thumbnail.hash,
        thumbnail_bytes: u64::try_from(page.thumbnail.bytes.len()).unwrap_or(u64::MAX),
        placeholder: page.placeholder,
        width: page.photo.width,
        height: page.photo.height,
        ..photo.clone()
    })
}

/// Puts the page into the photo's place.
///
/// # Errors
/// [`ErrorCode::DraftNotHere`], the faults of a store.
pub fn put_in_place(device: &mut Device, id: DraftId, photo: &DraftPhoto, page: &DraftPhoto) -> Result<()> {
    device.store.reading().draft(id)?;
    device.store.transact(|tx| draft::replace(tx, id, photo.photo, page))?;
    remove_files_without_owner(device, std::iter::once(photo))
}
