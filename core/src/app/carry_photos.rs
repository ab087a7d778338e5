//! Carries the files of photos, up and down. What a broken line costs is at most what is on its way and has not been heard of.

use super::device::Device;
use super::shared_device::{SharedDevice, with};
use crate::domain::identifier::Hash32;
use crate::error::{ErrorCode, Failure, Result};
use crate::photo::PhotoKind;
use crate::protocol::PHOTO_BYTES_MAX;
use crate::protocol::photo::{PhotoFile, PhotoOffset};
use crate::protocol::refusal::RefusalCode;
use crate::store::photo_file;
use crate::sync::link::{Link, LinkFailure};
use crate::sync::session::Event;

/// Files of a session that the server may have a fault with before the session gives up: its disk may be full.
const FAULTS_MAX: u32 = 3;
/// How far a file has come is kept here so often. It is for people to see: when a sync begins the server says it better.
const KEPT_EVERY_BYTES: u64 = 32 * 1024;

fn record_waits(device: &Device) -> Result<bool> {
    Ok(device.store.reading().outbox_counts()?.0 > 0)
}

/// Sends on of a file, from an offset on and so many bytes at most, until a record waits to be sent. `sent` is told how many
/// bytes the server has taken by it.
pub(super) fn send(
    device: &SharedDevice,
    link: &mut dyn Link,
    hash: Hash32,
    (offset, bytes_max): (u64, usize),
    faults: &mut u32,
    sent: &mut dyn FnMut(u64),
) -> Result<Event> {
    let photos = with(device, |device| Ok(std::sync::Arc::clone(&device.photos)))?;
    let file = with(device, |device| device.store.reading().file(hash))?;
    if file.as_ref().is_some_and(|file| file.bytes_total > PHOTO_BYTES_MAX) {
        return pass_over(device, hash, "too_large");
    }
    let kind = match file.map(|file| file.file) {
        Some(PhotoFile::Thumbnail) => PhotoKind::Thumbnail,
        _ => PhotoKind::Photo,
    };
    let bytes = match photos.get(kind, hash) {
        Ok(bytes) => bytes,
        // A file that is gone or damaged here cannot be sent: it is named, and nothing waits for it.
        Err(failure) if matches!(failure.code, ErrorCode::PhotoNotHere | ErrorCode::PhotoDamaged) => {
            return pass_over(device, hash, "not_here");
        }
        Err(failure) => return Err(failure),
    };
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let end = start.saturating_add(bytes_max).min(bytes.len());
    let mut held = Held { last: None, kept: offset, failed: None };
    let ended = link.send_photo(hash, offset, bytes.get(start..end).unwrap_or_default(), &mut |now_held| {
        let goes_on = held.hears(device, now_held);
        sent(now_held.offset.saturating_sub(offset));
        goes_on
    });
    held.is_kept(device)?;
    if let Some(failure) = held.failed {
        return Err(failure);
    }
    match ended {
        Ok(()) => {}
        Err(LinkFailure::Refused(refusal)) => match refusal.code {
            RefusalCode::TooLarge => return pass_over(device, hash, "too_large"),
            RefusalCode::NotYours => return pass_over(device, hash, "not_yours"),
            RefusalCode::PhotoUnknown => return pass_over(device, hash, "not_taken"),
            // The server's copy was of no use and is gone, or ends elsewhere: another time from the start.
            RefusalCode::HashWrong | RefusalCode::OffsetWrong => return try_later(device, hash, true, faults),
            // The server has a fault with this file, or with all: some others are tried before the sync gives up.
            RefusalCode::Fault | RefusalCode::Malformed => return try_later(device, hash, false, faults),
            _ => return Err(LinkFailure::Refused(refusal).into()),
        },
        Err(failure) => return Err(failure.into()),
    }
    let Some(held) = held.last else {
        return Err(LinkFailure::Unreadable("no word of what was sent".to_owned()).into());
    };
    let record_waits = with(device, |device| record_waits(device))?;
    Ok(Event::PartSent { offset: held.offset, complete: held.complete, record_waits })
}

/// What the server has said to hold of a file.
struct Held {
    last: Option<PhotoOffset>,
    /// How much of that is in the store.
    kept: u64,
    failed: Option<Failure>,
}

impl Held {
    /// Whether more is to be sent.
    fn hears(&mut self, device: &SharedDevice, held: PhotoOffset) -> bool {
        self.last = Some(held);
        if held.offset.saturating_sub(self.kept) >= KEPT_EVERY_BYTES
            && let Err(failure) = self.is_kept(device)
        {
            self.failed = Some(failure);
        }
        let waits = with(device, |device| record_waits(device)).unwrap_or_else(|failure| {
            self.failed = Some(failure);
            true
        });
        !waits && self.failed.is_none()
    }

    fn is_kept(&mut self, device: &SharedDevice) -> Result<()> {
        let Some(held) = self.last.filter(|held| held.offset != self.kept || held.complete) else { return Ok(()) };
        self.kept = held.offset;
        with(device, |device| {
            let now = device.environment.now();
            device.store.transact(|tx| photo_file::mark_offset(tx, &held, now))
        })
    }
}

/// What the server got damaged too often is sent once more: somebody has asked for it.
///
/// # Errors
/// The faults of a store.
pub fn try_damaged_once_more(device: &mut Device) -> Result<()> {
    device.store.transact(photo_file::try_damaged_once_more)
}

/// The file goes behind all others: no photo delays another for ever.
fn try_later(device: &SharedDevice, hash: Hash32, was_damaged: bool, faults: &mut u32) -> Result<Event> {
    tracing::warn!(%hash, was_damaged, "a photo file was tried in vain");
    with(device, |device| device.store.transact(|tx| photo_file::mark_failed(tx, hash, was_damaged)))?;
    *faults = faults.saturating_add(1);
    if *faults > FAULTS_MAX {
        return Err(Failure::new(ErrorCode::ServerFault, "several photo files in a row were not taken"));
    }
    Ok(Event::FilePassedOver)
}

fn pass_over(device: &SharedDevice, hash: Hash32, problem: &'static str) -> Result<Event> {
    tracing::warn!(%hash, problem, "a photo file is passed over");
    with(device, |device| device.store.transact(|tx| photo_file::mark_problem(tx, hash, problem)))?;
    Ok(Event::FilePassedOver)
}

/// Fetches on of a file.
pub(super) fn fetch(
    device: &SharedDevice,
    link: &mut dyn Link,
    hash: Hash32,
    file: PhotoFile,
    offset: u64,
    bytes_max: usize,
) -> Result<Event> {
    let photos = with(device, |device| Ok(std::sync::Arc::clone(&device.photos)))?;
    let part = match link.get_photo_part(hash, offset, bytes_max) {
        Ok(part) => part,
        // Photo bytes may be missing anywhere at any time, and all else still works.
        Err(LinkFailure::Refused(refusal))
            if matches!(refusal.code, RefusalCode::PhotoUnknown | RefusalCode::NotYours) =>
        {
            with(device, |device| {
                let now = device.environment.now();
                device.store.transact(|tx| photo_file::mark_absent(tx, hash, now))
            })?;
            return Ok(Event::FilePassedOver);
        }
        Err(failure) => return Err(failure.into()),
    };
    let kind = match file {
        PhotoFile::Thumbnail => PhotoKind::Thumbnail,
        PhotoFile::Photo => PhotoKind::Photo,
    };
    photos.append_arrival(hash, offset, &part.bytes)?;
    let arrived = photos.arrived_so_far(hash)?;
    let complete = arrived >= part.bytes_total;
    if complete {
        if let Err(failure) = photos.finish_arrival(kind, hash) {
            // What arrived has another hash than what was announced: it is dropped, and asked for another day.
            tracing::warn!(%hash, %failure, "a photo file arrived damaged");
            with(device, |device| device.store.transact(|tx| photo_file::mark_failed(tx, hash, true)))?;
            return Ok(Event::FilePassedOver);
        }
        with(device, |device| device.store.transact(|tx| photo_file::mark_here(tx, hash)))?;
    } else if part.bytes.is_empty() {
        return Ok(Event::FilePassedOver);
    }
    with(device, |device| Ok(Event::PartFetched { offset: arrived, complete, record_waits: record_waits(device)? }))
}
