//! Attaches a photo to a draft: the capture is sealed first, so that a crash while the photo is made loses
//! nothing; then the photo and its thumbnail are made and sealed; then the draft's row says so.

use super::device::Device;
use crate::domain::identifier::{DraftId, Hash32};
use crate::domain::time::Timestamp;
use crate::environment::Environment;
use crate::error::Result;
use crate::photo::PhotoKind;
use crate::photo::file_store::PhotoFiles;
use crate::photo::intake::process_capture;
use crate::store::draft::{self, DraftPhoto};

/// Makes the photo of a capture and seals its files. Takes a tenth of a second: done without holding the
/// store.
///
/// # Errors
/// [`crate::error::ErrorCode::PhotoFormatUnsupported`], [`crate::error::ErrorCode::PhotoDamaged`],
/// [`crate::error::ErrorCode::PhotoTooLarge`], [`crate::error::ErrorCode::DiskFull`].
pub fn make_photo(photos: &PhotoFiles, environment: &Environment, capture: &[u8]) -> Result<DraftPhoto> {
    let capture_hash = photos.put(PhotoKind::Capture, capture)?;
    let made = process_capture(capture).and_then(|processed| {
        photos.put(PhotoKind::Photo, &processed.photo.bytes)?;
        photos.put(PhotoKind::Thumbnail, &processed.thumbnail.bytes)?;
        Ok(processed)
    });
    // The capture has done its work, or cannot do it: the person still has the file that cannot be read.
    photos.remove(PhotoKind::Capture, capture_hash)?;
    let processed = made?;
    Ok(DraftPhoto {
        capture: capture_hash,
        photo: processed.photo.hash,
        photo_bytes: u64::try_from(processed.photo.bytes.len()).unwrap_or(u64::MAX),
        thumbnail: processed.thumbnail.hash,
        thumbnail_bytes: u64::try_from(processed.thumbnail.bytes.len()).unwrap_or(u64::MAX),
        placeholder: processed.placeholder,
        taken_at: believable(processed.facts.taken_at, environment.now()),
        position: processed
            .facts
            .position
            .map(|position| format!("{:.5},{:.5}", position.latitude, position.longitude)),
        width: processed.photo.width,
        height: processed.photo.height,
    })
}

/// A camera whose clock was never set says 2000 or 1970, one that is ahead says tomorrow: then the moment of
/// attaching is the better word.
fn believable(taken_at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    const TWENTY_YEARS_MS: i64 = 20 * 365 * 86_400_000;
    taken_at.filter(|at| *at <= now.plus_ms(86_400_000) && *at >= now.plus_ms(-TWENTY_YEARS_MS)).unwrap_or(now)
}

/// Attaches a photo that was made.
///
/// # Errors
/// [`crate::error::ErrorCode::DraftNotHere`], the faults of a store.
pub fn attach(device: &mut Device, id: DraftId, photo: &DraftPhoto) -> Result<()> {
    let now = device.environment.now();
    device.store.reading().draft(id)?;
    device.store.transact(|tx| draft::attach(tx, id, photo, now))
}

/// Takes a photo off a draft. Its files go when no dossier and no draft has them.
///
/// # Errors
/// The faults of a store.
pub fn detach(device: &mut Device, id: DraftId, photo: Hash32) -> Result<()> {
    let attached = device.store.reading().draft_photos(id)?;
    device.store.transact(|tx| draft::detach(tx, id, photo))?;
    remove_files_without_owner(device, attached.iter().filter(|attached| attached.photo == photo))
}

/// Removes the files of photos that no dossier and no draft has.
pub(super) fn remove_files_without_owner<'a>(
    device: &Device,
    photos: impl Iterator<Item = &'a DraftPhoto>,
) -> Result<()> {
    let reading = device.store.reading();
    for photo in photos {
        if reading.knows_file(photo.photo)? || reading.drafts_have_photo(photo.photo)? {
            continue;
        }
        device.photos.remove(PhotoKind::Photo, photo.photo)?;
        device.photos.remove(PhotoKind::Thumbnail, photo.thumbnail)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_whose_clock_was_never_set_is_not_believed() {
        let now = Timestamp::from_unix_ms(1_795_400_000_000);
        let yesterday = now.plus_ms(-86_400_000);
        assert_eq!(believable(Some(yesterday), now), yesterday);
        assert_eq!(believable(Some(Timestamp::from_unix_ms(0)), now), now);
        assert_eq!(believable(Some(now.plus_ms(3 * 86_400_000)), now), now);
        assert_eq!(believable(None, now), now);
    }
}
