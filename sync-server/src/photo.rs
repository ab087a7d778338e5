//! Photo files: content-addressed, beside the store. Parts are appended and fsynced; a file counts when its
//! hash is right.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::error::Result;
use jiafang_core::protocol::photo::PhotoOffset;
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::protocol::sync::Rights;

use crate::intake;
use crate::store::register::Device;
use crate::store::{Connection, Store, log, photo as photo_store};
use crate::{fault, refuse};

/// The folder within the data folder.
pub const FOLDER_NAME: &str = "photos";

/// The folder of photo files.
#[derive(Debug)]
pub struct PhotoFolder {
    folder: PathBuf,
    /// Parts are small: one at a time is written, so that two devices with one photo cannot mix theirs.
    writing: Mutex<()>,
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
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, writing: Mutex::new(()) })
    }

    /// Where a whole file lies.
    #[must_use]
    pub fn path(&self, hash: Hash32) -> PathBuf {
        let name = hash.to_string();
        let shelf: String = name.chars().take(2).collect();
        self.folder.join(shelf).join(name)
    }

    fn part_path(&self, hash: Hash32) -> PathBuf {
        self.path(hash).with_extension("part")
    }

    /// How much of a file is here, durably.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn held(&self, store: &Store, hash: Hash32) -> Result<PhotoOffset> {
        let row = store.read(|connection| photo_store::row(connection, hash))?;
        if let Some(row) = row.filter(|row| row.complete) {
            return Ok(PhotoOffset { hash, offset: row.bytes_total, complete: true });
        }
        let offset = fs::metadata(self.part_path(hash)).map_or(0, |metadata| metadata.len());
        Ok(PhotoOffset { hash, offset, complete: false })
    }

    fn in_scope(store: &Store, device: &Device, hash: Hash32) -> std::result::Result<(), Refusal> {
        let Some(rights) = &device.rights else { return Err(refuse(RefusalCode::NotYours, "no rights")) };
        let yours = store.read(|connection| scope_covers(connection, rights, hash)).map_err(fault)?;
        if yours { Ok(()) } else { Err(refuse(RefusalCode::NotYours, "the photo belongs to no dossier of yours")) }
    }

    /// Appends a part at the end of what is here.
    ///
    /// # Errors
    /// [`RefusalCode::PhotoUnknown`] for what was not offered, [`RefusalCode::NotYours`],
    /// [`RefusalCode::OffsetWrong`], [`RefusalCode::TooLarge`], [`RefusalCode::HashWrong`],
    /// [`RefusalCode::Fault`].
    pub fn append(
        &self,
        store: &Store,
        device: &Device,
        hash: Hash32,
        offset: u64,
        part: &[u8],
    ) -> std::result::Result<PhotoOffset, Refusal> {
        let row = store.read(|connection| photo_store::row(connection, hash)).map_err(fault)?;
        let Some(row) = row else { return Err(refuse(RefusalCode::PhotoUnknown, "the photo was not offered")) };
        Self::in_scope(store, device, hash)?;
        if row.complete {
            return Ok(PhotoOffset { hash, offset: row.bytes_total, complete: true });
        }
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let held = self.held(store, hash).map_err(fault)?;
        if held.complete {
            return Ok(held);
        }
        if held.offset != offset {
            // The device is told how much is here, and goes on from there.
            return Ok(held);
        }
        let end = offset.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
        if end > row.bytes_total {
            return Err(refuse(RefusalCode::TooLarge, "more bytes than were offered"));
        }
        let path = self.part_path(hash);
        append_durably(&path, part).map_err(|cause| fault(cause.into()))?;
        if end < row.bytes_total {
            return Ok(PhotoOffset { hash, offset: end, complete: false });
        }
        let bytes = fs::read(&path).map_err(|cause| fault(cause.into()))?;
        if Hash32::of(&bytes) != hash {
            fs::remove_file(&path).map_err(|cause| fault(cause.into()))?;
            return Err(refuse(RefusalCode::HashWrong, "the bytes have another hash"));
        }
        fs::rename(&path, self.path(hash)).map_err(|cause| fault(cause.into()))?;
        sync_folder_of(&path).map_err(|cause| fault(cause.into()))?;
        store.transact(|tx| photo_store::mark_complete(tx, hash)).map_err(fault)?;
        Ok(PhotoOffset { hash, offset: end, complete: true })
    }

    /// Reads a part. When a desk gets the last one, those who put the photo up are told at their next sync.
    ///
    /// # Errors
    /// [`RefusalCode::PhotoUnknown`], [`RefusalCode::NotYours`], [`RefusalCode::Fault`].
    pub fn read(
        &self,
        store: &Store,
        device: &Device,
        hash: Hash32,
        offset: u64,
        bytes_max: usize,
    ) -> std::result::Result<Part, Refusal> {
        // Whether there is such a photo is not told to whom it does not concern.
        Self::in_scope(store, device, hash)?;
        let row = store.read(|connection| photo_store::row(connection, hash)).map_err(fault)?;
        let Some(row) = row.filter(|row| row.complete) else {
            return Err(refuse(RefusalCode::PhotoUnknown, "the photo has not come whole yet"));
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

fn scope_covers(connection: &Connection, rights: &Rights, hash: Hash32) -> Result<bool> {
    for document in photo_store::documents(connection, hash)? {
        if let Some(placed) = log::placement(connection, document)?
            && intake::may_see(rights, placed.kind, &placed.leaves)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn append_durably(path: &Path, part: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let before = file.metadata()?.len();
    let written = file.write_all(part).and_then(|()| file.sync_data());
    if written.is_err() {
        // A part that a full disk cut short is taken off again, so that what is here stays a prefix.
        file.set_len(before)?;
    }
    written
}

fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
