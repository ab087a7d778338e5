//! Asks for a photo that somebody else took: the next sync fetches it, after all records and thumbnails, in parts
//! that a lost line does not waste. A desk needs not ask: it keeps everything.

use super::device::Device;
use crate::domain::identifier::Hash32;
use crate::error::{ErrorCode, Failure, Result};
use crate::photo::PhotoKind;
use crate::protocol::photo::PhotoFile;
use crate::store::photo_file::{self, PhotoFileRow};

/// Marks a photo as wanted, and tells how its file stands. One that is here stays as it is; one that should be here
/// and cannot be read any more is asked for again.
///
/// # Errors
/// [`ErrorCode::PhotoNotHere`] when no dossier on this device has such a photo, the faults of a store.
pub fn want_photo(device: &mut Device, hash: Hash32) -> Result<PhotoFileRow> {
    let file = photo(device, hash)?;
    if file.own || (file.here && device.photos.get(PhotoKind::Photo, hash).is_ok()) {
        return Ok(file);
    }
    device.store.transact(|tx| photo_file::mark_wanted(tx, hash))?;
    photo(device, hash)
}

fn photo(device: &Device, hash: Hash32) -> Result<PhotoFileRow> {
    let file = device.store.reading().file(hash)?.filter(|file| file.file == PhotoFile::Photo);
    file.ok_or_else(|| Failure::new(ErrorCode::PhotoNotHere, "no dossier here has this photo"))
}
