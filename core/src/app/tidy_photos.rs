//! Removes photo files that a crash left behind: half-written ones, and whole ones whose row was never committed, or
//! was deleted before they were. Whatever a draft or a dossier names stays.

use super::shared_device::{SharedDevice, with};
use crate::error::Result;
use crate::photo::PhotoKind;

/// Tidies the photo files up, once after each unlocking; later calls do nothing. May run beside everything else: what
/// was put since the unlocking is left alone, be it named already or not.
///
/// # Errors
/// [`crate::error::ErrorCode::Locked`], the faults of a store and of a disk: then something is left for the next time.
pub fn tidy_photos(device: &SharedDevice) -> Result<()> {
    let photos = with(device, |device| Ok(std::sync::Arc::clone(&device.photos)))?;
    if photos.was_tidied() {
        return Ok(());
    }
    photos.sweep()?;
    // First what is there, then what is named: a file that is named meanwhile was put meanwhile, or was named before.
    let here = photos.list()?;
    let (named, arriving) = with(device, |device| {
        let reading = device.store.reading();
        let mut named = reading.files_of_drafts()?;
        named.extend(reading.files_of_dossiers()?);
        Ok((named, reading.files_on_their_way()?))
    })?;
    let left_behind = here.into_iter().filter(|(kind, hash)| {
        // A capture goes as soon as its photo is made: one that is here belongs to an attempt that died.
        *kind == PhotoKind::Capture || !named.contains(hash)
    });
    let removed = photos.remove_left_behind(left_behind, &arriving)?;
    if removed > 0 {
        tracing::info!(removed, "photo files that nothing names were removed");
    }
    photos.set_tidied();
    Ok(())
}
