//! A consistent copy of everything while the server serves: store, keys, photos; checked, and only then said
//! to be durable.

use std::fs;
use std::path::{Path, PathBuf};

use jiafang_core::error::{ErrorCode, Failure, Result};

use crate::photo::PhotoFolder;
use crate::store::{self, FILE_NAME, Store, photo as photo_store, register};
use crate::{identity, photo};

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// The folder.
    pub folder: PathBuf,
    /// The log's end in it.
    pub seq: u64,
    /// Photo files in it.
    pub photo_files: usize,
    /// Photo files that were copied this time; the others were there from before.
    pub photo_files_copied: usize,
}

/// Copies the data folder to `target`, which may hold an earlier backup: photos that it has are not copied
/// again, and the store is replaced only when the new copy has been verified.
///
/// # Errors
/// [`ErrorCode::StoreDamaged`] when the copy does not hold together, [`ErrorCode::DiskFull`], the faults of a
/// store. An earlier backup in `target` is then untouched.
pub fn back_up(data: &Path, store: &Store, target: &Path) -> Result<BackedUp> {
    if same_folder(data, target) {
        return Err(Failure::new(ErrorCode::FieldInvalid, "a backup cannot lie in the data folder")
            .fact("field", "to")
            .fact("reason", "data_folder"));
    }
    fs::create_dir_all(target)?;
    let partial = target.join(format!("{FILE_NAME}.partial"));
    remove_if_there(&partial)?;
    store.copy_to(&partial)?;
    let seq = store::verify_copy(&partial)?;
    let keys = target.join(identity::FOLDER_NAME);
    fs::create_dir_all(&keys)?;
    for name in identity::FILES {
        identity::write_private(&keys.join(name), &fs::read(data.join(identity::FOLDER_NAME).join(name))?)?;
    }
    let source = PhotoFolder::open(data)?;
    let copy = PhotoFolder::open(target)?;
    let mut photo_files = 0_usize;
    let mut photo_files_copied = 0_usize;
    for hash in store.read(photo_store::complete_hashes)? {
        photo_files = photo_files.saturating_add(1);
        let path = copy.path(hash);
        if path.exists() {
            continue;
        }
        let bytes = fs::read(source.path(hash))
            .map_err(|cause| Failure::caused(ErrorCode::StoreDamaged, "a photo file is missing", cause))?;
        if jiafang_core::domain::identifier::Hash32::of(&bytes) != hash {
            return Err(Failure::new(ErrorCode::StoreDamaged, "a photo file has another hash"));
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        jiafang_core::files::write_atomically(&path, &bytes)?;
        photo_files_copied = photo_files_copied.saturating_add(1);
    }
    fs::File::open(&partial)?.sync_all()?;
    fs::rename(&partial, target.join(FILE_NAME))?;
    store.transact(|tx| register::set_durable_seq(tx, seq))?;
    Ok(BackedUp { folder: target.to_path_buf(), seq, photo_files, photo_files_copied })
}

fn same_folder(data: &Path, target: &Path) -> bool {
    let resolved = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let (data, target) = (resolved(data), resolved(target));
    data == target
        || target.starts_with(data.join(photo::FOLDER_NAME))
        || target.starts_with(data.join(identity::FOLDER_NAME))
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(cause.into()),
    }
}
