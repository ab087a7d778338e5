//! Folders for stores that are made and thrown away by the thousand.

use std::path::Path;

use tempfile::TempDir;

/// A temporary folder that lies in memory where the machine has room for that: on a disk, a store that is opened for each plan or
/// input waits for the disk and not for the work.
///
/// # Panics
/// Where no temporary folder can be made at all.
#[must_use]
pub(crate) fn folder_in_memory() -> TempDir {
    let shared_memory = Path::new("/dev/shm");
    let mut named = tempfile::Builder::new();
    named.prefix("jiafang-");
    let place = if shared_memory.is_dir() { named.tempdir_in(shared_memory) } else { named.tempdir() };
    place.or_else(|_| named.tempdir()).expect("a temporary folder")
}
