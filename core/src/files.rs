//! Files that are written whole or not at all.

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

#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    // Windows has no handle to fsync a folder by; NTFS journals the rename.
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
    fn a_write_that_fails_leaves_the_old_content() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("gone").join("a");
        assert!(write_atomically(&missing, b"one").is_err());
    }
}
