//! Photo files: content-addressed, beside the store. Parts are appended and fsynced; a file counts when its
//! hash is right.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32};
use jiafang_core::error::Result;
use jiafang_core::files::{create_folders, sync_folder};
use jiafang_core::protocol::photo::{PhotoOffer, PhotoOffset};
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};

use crate::intake;
use crate::store::register::Device;
use crate::store::{Connection, Store, log, photo as photo_store};
use crate::{fault, refuse};

/// The folder within the data folder.
pub const FOLDER_NAME: &str = "photos";

/// Parts of different files are written side by side, each waiting for its own fsync.
const WRITERS: usize = 16;

/// The folder of photo files.
#[derive(Debug)]
pub struct PhotoFolder {
    folder: PathBuf,
    /// One part of a file is written at a time: a device that asks twice cannot mix its own bytes.
    writing: [Mutex<()>; WRITERS],
}

/// A part of a file with the file's size.
#[derive(Debug)]
pub struct Part {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The file's size.
    pub bytes_total: u64,
}

impl PhotoFolder {
    /// The folder of a data folder.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn open(data: &Path) -> Result<Self> {
        let folder = data.join(FOLDER_NAME);
        create_folders(&folder)?;
        Ok(Self { folder, writing: Default::default() })
    }

    /// Where a whole file lies.
    #[must_use]
    pub fn path(&self, hash: Hash32) -> PathBuf {
        let name = hash.to_string();
        let shelf: String = name.chars().take(2).collect();
        self.folder.join(shelf).join(name)
    }

    /// Parts lie apart for each device: what one has sent says nothing of what another has.
    fn part_path(&self, hash: Hash32, certificate: CertificateId) -> PathBuf {
        self.path(hash).with_extension(format!("{certificate}.part"))
    }

    /// How much of a file is here, durably, as far as a device may know. A file that others put up is as if it were
    /// not here, until the device has shown that it has it.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn held(&self, store: &Store, device: &Device, hash: Hash32) -> Result<PhotoOffset> {
        let held = store.read(|connection| {
            let row = readable(connection, device, hash)?;
            row.map(|row| Ok((row, log::head(connection)?.seq))).transpose()
        })?;
        if let Some((row, head)) = held {
            return Ok(PhotoOffset { hash, offset: row.bytes_total, complete: true, head: Some(head) });
        }
        let part = fs::metadata(self.part_path(hash, device.certificate));
        Ok(PhotoOffset { hash, offset: part.map_or(0, |metadata| metadata.len()), complete: false, head: None })
    }

    /// Appends a part at the end of what is here. A part that begins elsewhere is not taken, and the answer says where
    /// it should begin.
    ///
    /// # Errors
    /// [`RefusalCode::PhotoUnknown`] for what was not offered, [`RefusalCode::NotYours`] when the child is not the
    /// person's any more, [`RefusalCode::TooLarge`], [`RefusalCode::HashWrong`], [`RefusalCode::Fault`].
    pub fn append(
        &self,
        store: &Store,
        device: &Device,
        hash: Hash32,
        offset: u64,
        part: &[u8],
    ) -> std::result::Result<PhotoOffset, Refusal> {
        let offers = store.read(|connection| offers_in_scope(connection, device, hash)).map_err(fault)?;
        let Some(offers) = offers else { return Err(refuse(RefusalCode::PhotoUnknown, "the photo was not offered")) };
        let Some(offer) = offers.first() else {
            return Err(refuse(RefusalCode::NotYours, "the photo belongs to no dossier of yours"));
        };
        let writer = hash.0.last().map_or(0, |byte| usize::from(*byte)).checked_rem(WRITERS).unwrap_or(0);
        let _writing = self.writing.get(writer).map(|writer| writer.lock().unwrap_or_else(PoisonError::into_inner));
        let held = self.held(store, device, hash).map_err(fault)?;
        if held.complete || held.offset != offset {
            return Ok(held);
        }
        let end = offset.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
        if end > offer.bytes_total {
            return Err(refuse(RefusalCode::TooLarge, "more bytes than were offered"));
        }
        let path = self.part_path(hash, device.certificate);
        append_durably(&path, part).map_err(|cause| fault(cause.into()))?;
        if offset == 0 {
            self.sync_shelf_of(&path).map_err(|cause| fault(cause.into()))?;
        }
        if end < offer.bytes_total {
            return Ok(PhotoOffset { hash, offset: end, complete: false, head: None });
        }
        let bytes = fs::read(&path).map_err(|cause| fault(cause.into()))?;
        if Hash32::of(&bytes) != hash {
            fs::remove_file(&path).map_err(|cause| fault(cause.into()))?;
            return Err(refuse(RefusalCode::HashWrong, "the bytes have another hash"));
        }
        // Where another device was faster, the same bytes take the place of the same bytes.
        fs::rename(&path, self.path(hash)).map_err(|cause| fault(cause.into()))?;
        self.sync_shelf_of(&path).map_err(|cause| fault(cause.into()))?;
        let head = store
            .transact(|tx| {
                photo_store::keep(tx, offer, device.certificate)?;
                offers.iter().try_for_each(|offer| photo_store::link(tx, hash, offer.document))?;
                log::head(tx)
            })
            .map_err(fault)?
            .seq;
        Ok(PhotoOffset { hash, offset: end, complete: true, head: Some(head) })
    }

    /// The name of a file on its shelf survives a power loss, and the shelf's own: it may have been made just now, or by a
    /// server that was killed before it came so far.
    fn sync_shelf_of(&self, path: &Path) -> std::io::Result<()> {
        path.parent().map_or(Ok(()), sync_folder)?;
        sync_folder(&self.folder)
    }

    /// Reads a part. When a desk gets the last one, who put the photo up is told at the next sync.
    ///
    /// # Errors
    /// [`RefusalCode::PhotoUnknown`], also for a photo of somebody else's children: whether there is one is not told
    /// to whom it does not concern. [`RefusalCode::Fault`].
    pub fn read(
        &self,
        store: &Store,
        device: &Device,
        hash: Hash32,
        offset: u64,
        bytes_max: usize,
    ) -> std::result::Result<Part, Refusal> {
        let row = store.read(|connection| readable(connection, device, hash)).map_err(fault)?;
        let Some(row) = row else {
            return Err(refuse(RefusalCode::PhotoUnknown, "no photo of yours that has come whole"));
        };
        let mut file = File::open(self.path(hash)).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => refuse(RefusalCode::PhotoUnknown, "the file is gone"),
            _ => fault(cause.into()),
        })?;
        let start = offset.min(row.bytes_total);
        file.seek(SeekFrom::Start(start)).map_err(|cause| fault(cause.into()))?;
        let mut bytes = Vec::new();
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut bytes).map_err(|cause| fault(cause.into()))?;
        let end = start.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
        let at_desk = device.rights.as_ref().is_some_and(|rights| rights.role.is_desk());
        if end >= row.bytes_total && at_desk && row.uploader != device.certificate {
            store.transact(|tx| photo_store::mark_delivered(tx, hash, row.uploader)).map_err(fault)?;
        }
        Ok(Part { bytes, bytes_total: row.bytes_total })
    }
}

/// The file, when it is here whole and belongs to a document that the device may see.
///
/// # Errors
/// The faults of a store.
pub(crate) fn readable(
    connection: &Connection,
    device: &Device,
    hash: Hash32,
) -> Result<Option<photo_store::PhotoRow>> {
    let Some(row) = photo_store::row(connection, hash)? else { return Ok(None) };
    for document in photo_store::documents(connection, hash)? {
        if may_see(connection, device, document)? {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// Whether a device may see a document where it lies now.
///
/// # Errors
/// The faults of a store.
pub(crate) fn may_see(connection: &Connection, device: &Device, document: DocumentId) -> Result<bool> {
    let placed = log::placement(connection, document)?;
    Ok(device
        .rights
        .as_ref()
        .zip(placed)
        .is_some_and(|(rights, placed)| intake::may_see(rights, placed.kind, &placed.leaves)))
}

/// Whether a device may put up photos of a document: it may see it, or what it wrote while it could is in the log.
///
/// # Errors
/// The faults of a store.
pub(crate) fn may_bring(connection: &Connection, device: &Device, document: DocumentId) -> Result<bool> {
    Ok(may_see(connection, device, document)? || log::has_written(connection, device.certificate, document)?)
}

/// What a device has offered under a hash for documents that it may bring photos to; `None` when it offered nothing.
fn offers_in_scope(connection: &Connection, device: &Device, hash: Hash32) -> Result<Option<Vec<PhotoOffer>>> {
    let offers = photo_store::offers(connection, hash, device.certificate)?;
    if offers.is_empty() {
        return Ok(None);
    }
    let mut in_scope = Vec::new();
    for offer in offers {
        if may_bring(connection, device, offer.document)? {
            in_scope.push(offer);
        }
    }
    Ok(Some(in_scope))
}

fn append_durably(path: &Path, part: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let (mut file, before) = opened_at_its_end(path)?;
    let written = file.write_all(part).and_then(|()| file.sync_data());
    if written.is_err() {
        // A part that a full disk cut short is taken off again, so that what is here stays a prefix.
        file.set_len(before)?;
    }
    written
}

/// A file to write on from its end, and its length. Not opened for appending: Windows lets nobody shorten such a file.
fn opened_at_its_end(path: &Path) -> std::io::Result<(File, u64)> {
    let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    let end = file.seek(SeekFrom::End(0))?;
    Ok((file, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_written_on_from_its_end_and_can_be_cut_back_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shelf").join("a.part");
        append_durably(&path, b"one").unwrap();
        append_durably(&path, b"two").unwrap();
        let (mut file, end) = opened_at_its_end(&path).unwrap();
        file.write_all(b"cut short").unwrap();
        file.set_len(end).unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"onetwo");
    }
}
