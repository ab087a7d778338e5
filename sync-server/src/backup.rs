//! A consistent copy of everything while the server serves: store, keys, photos; checked, and only then said
//! to be durable.

use std::fs;
use std::path::{Path, PathBuf};

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::files::{create_folders, sync_folder};

use crate::identity;
use crate::photo::PhotoFolder;
use crate::store::{self, FILE_NAME, Store, photo as photo_store, register};

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// The folder.
    pub folder: PathBuf,
    /// The log's end in it.
    pub seq: u64,
    /// Its photos.
    pub photos: CopiedPhotos,
}

/// The photos of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CopiedPhotos {
    /// Files in it.
    pub files: usize,
    /// Files that were copied this time; the others were there from before.
    pub files_new: usize,
    /// Files that are gone or damaged on the server, and not in it.
    pub damaged: usize,
}

/// Copies the data folder to `target`, which may hold an earlier backup: photos that it has are not copied
/// again, and the store is replaced only when the new copy has been verified.
///
/// # Errors
/// [`ErrorCode::StoreDamaged`] when the copy does not hold together, [`ErrorCode::DiskFull`], the faults of a
/// store. An earlier backup in `target` is then untouched.
pub fn back_up(data: &Path, store: &Store, target: &Path) -> Result<BackedUp> {
    if lies_within(target, data) {
        return Err(Failure::new(ErrorCode::FieldInvalid, "--to: a backup cannot lie in the data folder")
            .fact("field", "to")
            .fact("reason", "data_folder"));
    }
    // A log of changes beside a store that is replaced would be played into the new one.
    if target.join(format!("{FILE_NAME}-wal")).exists() {
        let detail = "--to: a server runs on that folder, or ran and crashed; choose another folder for the backup";
        return Err(Failure::new(ErrorCode::FieldInvalid, detail).fact("field", "to").fact("reason", "in_use"));
    }
    create_folders(target)?;
    let partial = target.join(format!("{FILE_NAME}.partial"));
    let copied = copy(data, store, target, &partial);
    if copied.is_err() {
        // It is of no use, and its room may be what is missing.
        remove_if_there(&partial)?;
    }
    let (seq, photos) = copied?;
    store.transact(|tx| register::set_durable_seq(tx, seq))?;
    Ok(BackedUp { folder: target.to_path_buf(), seq, photos })
}

fn copy(data: &Path, store: &Store, target: &Path, partial: &Path) -> Result<(u64, CopiedPhotos)> {
    remove_if_there(partial)?;
    store.copy_to(partial)?;
    let seq = store::verify_copy(partial)?;
    let keys = target.join(identity::FOLDER_NAME);
    create_folders(&keys)?;
    for name in identity::FILES {
        identity::write_private(&keys.join(name), &fs::read(data.join(identity::FOLDER_NAME).join(name))?)?;
    }
    let photos = copy_photos(data, store, target)?;
    // Opened for writing: Windows syncs no file that is open for reading only.
    fs::OpenOptions::new().write(true).open(partial)?.sync_all()?;
    fs::rename(partial, target.join(FILE_NAME))?;
    // Only what is certain to be there after a power cut is said to be durable.
    sync_folder(target)?;
    Ok((seq, photos))
}

/// A photo that is gone or damaged here holds up no record: it is counted, and said.
fn copy_photos(data: &Path, store: &Store, target: &Path) -> Result<CopiedPhotos> {
    let source = PhotoFolder::open(data)?;
    let copy = PhotoFolder::open(target)?;
    let mut photos = CopiedPhotos::default();
    for hash in store.read(photo_store::complete_hashes)? {
        let path = copy.path(hash);
        if path.exists() {
            photos.files = photos.files.saturating_add(1);
            continue;
        }
        let bytes = match fs::read(source.path(hash)) {
            Ok(bytes) if Hash32::of(&bytes) == hash => bytes,
            Ok(_) => {
                tracing::error!(%hash, "a photo file has another hash");
                photos.damaged = photos.damaged.saturating_add(1);
                continue;
            }
            Err(cause) => {
                tracing::error!(%hash, %cause, "a photo file cannot be read");
                photos.damaged = photos.damaged.saturating_add(1);
                continue;
            }
        };
        if let Some(folder) = path.parent() {
            create_folders(folder)?;
        }
        jiafang_core::files::write_atomically(&path, &bytes)?;
        photos.files = photos.files.saturating_add(1);
        photos.files_new = photos.files_new.saturating_add(1);
    }
    Ok(photos)
}

/// Whether a file or folder, which need not be there yet, lies within a folder or is it.
#[must_use]
pub fn lies_within(folder: &Path, other: &Path) -> bool {
    let other = fs::canonicalize(other).unwrap_or_else(|_| other.to_path_buf());
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let there = absolute.ancestors().find_map(|ancestor| Some((ancestor, fs::canonicalize(ancestor).ok()?)));
    let resolved = match there {
        Some((ancestor, resolved)) => match absolute.strip_prefix(ancestor) {
            Ok(rest) => resolved.join(rest),
            Err(_) => resolved,
        },
        None => absolute,
    };
    resolved.starts_with(other)
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(cause.into()),
    }
}
