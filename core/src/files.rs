//! Files that are written whole or not at all, and folders that stay.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::error::{ErrorCode, Failure, Result};

/// Writes `bytes` to `path` through a neighbour that is fsynced and renamed, then fsyncs the folder.
/// After `Ok` the bytes survive a power loss; after an error the old content, if any, is untouched.
///
/// # Errors
/// [`ErrorCode::DiskFull`] or [`ErrorCode::FileWriteFailed`].
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().ok_or_else(|| Failure::new(ErrorCode::FileWriteFailed, "the path has no folder"))?;
    let mut name = path.file_name().map(std::ffi::OsStr::to_os_string).unwrap_or_default();
    name.push(".partial");
    let neighbour = folder.join(name);
    let written = (|| {
        let mut file = File::create(&neighbour)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&neighbour, path)?;
        sync_folder(folder)
    })();
    if written.is_err() {
        // The half-written neighbour is of no use; that it cannot be removed either changes nothing.
        let _ = fs::remove_file(&neighbour);
    }
    written.map_err(Failure::from)
}

/// Makes a folder and those above it that are missing. After `Ok` what was made survives a power loss: a file that was
/// synced in a folder whose own name was not may be gone with it.
///
/// # Errors
/// [`ErrorCode::DiskFull`] or [`ErrorCode::FileWriteFailed`].
pub fn create_folders(folder: &Path) -> Result<()> {
    let missing = folder.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists()).count();
    fs::create_dir_all(folder)?;
    for made in folder.ancestors().take(missing) {
        match made.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent)?,
            _ => sync_folder(Path::new("."))?,
        }
    }
    Ok(())
}

/// Names in a folder, made and removed, survive a power loss after this.
///
/// # Errors
/// A folder that cannot be opened or synced.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Names in a folder, made and removed, survive a power loss after this.
///
/// # Errors
/// None here: Windows has no handle to fsync a folder by; NTFS journals the rename.
#[cfg(not(unix))]
pub fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no half-written neighbour stays");
    }

    #[test]
    fn folders_are_made_with_those_above_them_and_again_without_harm() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a").join("b");
        for _ in 0..2 {
            create_folders(&deep).unwrap();
            assert!(deep.is_dir());
        }
        write_atomically(&folder.path().join("file"), b"one").unwrap();
        assert!(create_folders(&folder.path().join("file").join("b")).is_err());
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_content() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("gone").join("a");
        assert!(write_atomically(&missing, b"one").is_err());
    }
}
