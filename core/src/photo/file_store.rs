//! The store of photo files: each under its content hash, sealed with a key of its own.
//!
//! A file's name is its hash and tells nothing of the child. What is put is on the disk, whole, before the call
//! returns. Any file may be missing at any time: it says so, and all else works. How a file arrives over a bad
//! line stands in `arrival.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::PhotoKind;
use crate::domain::identifier::Hash32;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};
use crate::files::{sync_folder, write_atomically};
use crate::vault::sealing::{DataKey, open, seal};

const FILE_PURPOSE: &str = "photo file";
/// The folder of parts, beside those of the kinds. A part is called `hash.offset`.
pub(super) const ARRIVALS: &str = "arriving";
/// What [`write_atomically`] ends the name of a neighbour with that is not whole yet.
const HALF_WRITTEN: &str = "partial";

/// The photo files of one device.
pub struct PhotoFiles {
    pub(super) folder: PathBuf,
    pub(super) key: DataKey,
    pub(super) environment: Environment,
    /// Held while anything is written or removed: two writers of one file would share its half-written neighbour.
    writing: Mutex<PutSinceOpening>,
    tidied: AtomicBool,
}

/// What was put since the store was opened: somebody is about to name it.
pub(super) type PutSinceOpening = BTreeSet<(PhotoKind, Hash32)>;

impl std::fmt::Debug for PhotoFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhotoFiles")
    }
}

impl PhotoFiles {
    /// Opens the store in `folder`, and makes it if it is not there.
    ///
    /// # Errors
    /// [`ErrorCode::DiskFull`] or [`ErrorCode::FileWriteFailed`] if the folders cannot be made.
    pub fn open(folder: &Path, key: &DataKey, environment: Environment) -> Result<Self> {
        for name in PhotoKind::ALL.iter().map(|kind| kind.key()).chain([ARRIVALS]) {
            fs::create_dir_all(folder.join(name))?;
        }
        // Their names, too: else a power loss could take a folder with all the photos that were synced in it. Also when
        // they were there: who made them may have been killed before this line.
        sync_folder(folder)?;
        if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
            sync_folder(above)?;
        }
        Ok(Self {
            folder: folder.to_path_buf(),
            key: key.clone(),
            environment,
            writing: Mutex::default(),
            tidied: AtomicBool::new(false),
        })
    }

    /// Keeps `bytes` and tells their hash. When this returns they are on the disk for good. What is there
    /// already stays; what is there but damaged is written anew.
    ///
    /// # Errors
    /// [`ErrorCode::DiskFull`] or [`ErrorCode::FileWriteFailed`]: then nothing has changed.
    pub fn put(&self, kind: PhotoKind, bytes: &[u8]) -> Result<Hash32> {
        let mut put = self.lock();
        self.put_locked(&mut put, kind, bytes)
    }

    pub(super) fn put_locked(&self, put: &mut PutSinceOpening, kind: PhotoKind, bytes: &[u8]) -> Result<Hash32> {
        let hash = Hash32::of(bytes);
        put.insert((kind, hash));
        if self.has(kind, hash) && self.get(kind, hash).is_ok() {
            return Ok(hash);
        }
        let sealed = seal(&self.key, FILE_PURPOSE, &bound_to(kind, hash), &*self.environment.random, bytes)?;
        write_atomically(&self.path(kind, hash), &sealed)?;
        Ok(hash)
    }

    /// The file, its hash checked.
    ///
    /// # Errors
    /// [`ErrorCode::PhotoNotHere`] if there is none; [`ErrorCode::PhotoDamaged`] if it was changed or cut, lies in
    /// the place of another, or was sealed under another key; [`ErrorCode::StoreTooNew`];
    /// [`ErrorCode::StoreFailed`] if the disk does not give it.
    pub fn get(&self, kind: PhotoKind, hash: Hash32) -> Result<Vec<u8>> {
        let sealed = read(&self.path(kind, hash))?;
        let bytes =
            open(&self.key, FILE_PURPOSE, &bound_to(kind, hash), &sealed).map_err(|failure| damaged(failure, kind))?;
        if Hash32::of(&bytes) != hash {
            return Err(Failure::new(ErrorCode::PhotoDamaged, format!("a {} has another hash", kind.key())));
        }
        Ok(bytes)
    }

    /// Whether there is such a file. It may still turn out damaged.
    #[must_use]
    pub fn has(&self, kind: PhotoKind, hash: Hash32) -> bool {
        self.path(kind, hash).is_file()
    }

    /// Removes the file, if it is there. After a power cut it may be there once more.
    ///
    /// # Errors
    /// [`ErrorCode::FileWriteFailed`].
    pub fn remove(&self, kind: PhotoKind, hash: Hash32) -> Result<()> {
        let _writing = self.lock();
        remove(&self.path(kind, hash))
    }

    /// What the files of `kind` take on the disk, in bytes.
    ///
    /// # Errors
    /// [`ErrorCode::StoreFailed`] if the folder cannot be read.
    pub fn bytes_total(&self, kind: PhotoKind) -> Result<u64> {
        let mut total = 0_u64;
        for (_, path) in files_in(&self.folder.join(kind.key()))? {
            total = total.saturating_add(size(&path)?);
        }
        Ok(total)
    }

    /// Removes what a crash left half-written. Nothing else depends on it: see `app::tidy_photos`.
    ///
    /// # Errors
    /// [`ErrorCode::FileWriteFailed`], [`ErrorCode::StoreFailed`].
    pub fn sweep(&self) -> Result<()> {
        let _writing = self.lock();
        for name in PhotoKind::ALL.iter().map(|kind| kind.key()).chain([ARRIVALS]) {
            for (_, path) in files_in(&self.folder.join(name))? {
                if path.extension().is_some_and(|extension| extension == HALF_WRITTEN) {
                    remove(&path)?;
                }
            }
        }
        Ok(())
    }

    /// The whole files that are here.
    ///
    /// # Errors
    /// [`ErrorCode::StoreFailed`] if a folder cannot be read.
    pub fn list(&self) -> Result<Vec<(PhotoKind, Hash32)>> {
        let mut files = Vec::new();
        for kind in PhotoKind::ALL {
            let names = files_in(&self.folder.join(kind.key()))?;
            files.extend(names.into_iter().filter_map(|(name, _)| Some((*kind, Hash32::parse(&name)?))));
        }
        Ok(files)
    }

    /// Removes files that nothing names, and what has arrived of files that are not on their way any more; tells how
    /// many. What was put since the store was opened stays: somebody is about to name it.
    ///
    /// # Errors
    /// [`ErrorCode::FileWriteFailed`], [`ErrorCode::StoreFailed`]: then the rest is still there.
    pub fn remove_left_behind(
        &self,
        files: impl Iterator<Item = (PhotoKind, Hash32)>,
        arriving: &BTreeSet<Hash32>,
    ) -> Result<u32> {
        let put = self.lock();
        let mut removed = 0_u32;
        for (kind, hash) in files.filter(|file| !put.contains(file)) {
            remove(&self.path(kind, hash))?;
            removed = removed.saturating_add(1);
        }
        let parts = files_in(&self.folder.join(ARRIVALS))?;
        let arrived: BTreeSet<Hash32> =
            parts.iter().filter_map(|(name, _)| Hash32::parse(name.split('.').next()?)).collect();
        for hash in arrived.difference(arriving) {
            self.forget_arrival_locked(*hash)?;
            removed = removed.saturating_add(1);
        }
        Ok(removed)
    }

    /// Whether [`PhotoFiles::set_tidied`] was called since the store was opened.
    #[must_use]
    pub fn was_tidied(&self) -> bool {
        self.tidied.load(Ordering::Acquire)
    }

    /// Nothing is left behind by whatever happened before the store was opened.
    pub fn set_tidied(&self) {
        self.tidied.store(true, Ordering::Release);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, PutSinceOpening> {
        // A writer that panicked left nothing behind that the next one could trip over.
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, kind: PhotoKind, hash: Hash32) -> PathBuf {
        self.folder.join(kind.key()).join(hash.to_string())
    }
}

fn bound_to(kind: PhotoKind, hash: Hash32) -> Vec<u8> {
    [hash.0.as_slice(), kind.key().as_bytes()].concat()
}

/// For a person it is the photo that is damaged, and not the store.
pub(super) fn damaged(failure: Failure, kind: PhotoKind) -> Failure {
    match failure.code {
        ErrorCode::StoreDamaged => {
            Failure::caused(ErrorCode::PhotoDamaged, format!("a sealed {}", kind.key()), failure)
        }
        _ => failure,
    }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|cause| match cause.kind() {
        ErrorKind::NotFound => Failure::new(ErrorCode::PhotoNotHere, "no such photo file"),
        _ => unreadable(cause),
    })
}

pub(super) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(cause.into()),
        _ => Ok(()),
    }
}

pub(super) fn size(path: &Path) -> Result<u64> {
    Ok(fs::metadata(path).map_err(unreadable)?.len())
}

/// Name and path of the files in `folder`; what is no file of ours, by its name, is left out.
pub(super) fn files_in(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| entry.map_err(unreadable))
        .filter_map(|entry| {
            let entry = match entry {
                Ok(entry) => entry,
                Err(failure) => return Some(Err(failure)),
            };
            let name = entry.file_name().into_string().ok()?;
            Some(Ok((name, entry.path())))
        })
        .collect()
}

fn unreadable(cause: std::io::Error) -> Failure {
    Failure::caused(ErrorCode::StoreFailed, "reading photo files", cause)
}

#[cfg(test)]
pub(super) mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::vault::sealing::SEAL_BYTES;

    fn key() -> DataKey {
        DataKey::from_bytes([7; 32])
    }

    /// A device with its photo files in a folder of its own.
    pub(in crate::photo) struct Device {
        folder: TempDir,
        pub(in crate::photo) files: PhotoFiles,
    }

    impl Device {
        pub(in crate::photo) fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let files = PhotoFiles::open(folder.path(), &key(), Environment::of_this_machine()).unwrap();
            Self { folder, files }
        }

        pub(in crate::photo) fn restarted(self) -> Self {
            let files = PhotoFiles::open(self.folder.path(), &key(), Environment::of_this_machine()).unwrap();
            Self { folder: self.folder, files }
        }

        pub(in crate::photo) fn names(&self, folder: &str) -> Vec<String> {
            let mut names: Vec<String> =
                files_in(&self.folder.path().join(folder)).unwrap().into_iter().map(|(name, _)| name).collect();
            names.sort();
            names
        }
    }

    #[test]
    fn a_capture_that_was_put_is_there_after_a_restart() {
        let device = Device::new();
        let hash = device.files.put(PhotoKind::Capture, b"pixels of a porch").unwrap();
        let device = device.restarted();
        assert!(device.files.has(PhotoKind::Capture, hash));
        assert_eq!(device.files.get(PhotoKind::Capture, hash).unwrap(), b"pixels of a porch");
        assert!(!device.files.has(PhotoKind::Photo, hash), "a capture is no photo");
    }

    #[test]
    fn whoever_finds_the_tablet_finds_hashes_and_noise() {
        let device = Device::new();
        let hash = device.files.put(PhotoKind::Photo, b"pixels of a porch").unwrap();
        device.files.append_arrival(hash, 0, b"pixels").unwrap();
        assert_eq!(device.names("photo"), [hash.to_string()]);
        assert_eq!(device.names(ARRIVALS), [format!("{hash}.0")]);
        for folder in ["photo", ARRIVALS] {
            let on_disk = fs::read(device.folder.path().join(folder).join(&device.names(folder)[0])).unwrap();
            assert!(!on_disk.windows(6).any(|window| window == b"pixels"));
        }
        let thief =
            PhotoFiles::open(device.folder.path(), &DataKey::from_bytes([8; 32]), Environment::of_this_machine())
                .unwrap();
        assert_eq!(thief.get(PhotoKind::Photo, hash).unwrap_err().code, ErrorCode::PhotoDamaged);
    }

    #[test]
    fn a_photo_put_twice_is_kept_once() {
        let device = Device::new();
        let hash = device.files.put(PhotoKind::Photo, b"porch").unwrap();
        let on_disk = fs::read(device.files.path(PhotoKind::Photo, hash)).unwrap();
        assert_eq!(device.files.put(PhotoKind::Photo, b"porch").unwrap(), hash);
        assert_eq!(fs::read(device.files.path(PhotoKind::Photo, hash)).unwrap(), on_disk, "not written again");
        assert_eq!(device.files.bytes_total(PhotoKind::Photo).unwrap(), (5 + SEAL_BYTES) as u64);
        assert_eq!(device.files.bytes_total(PhotoKind::Capture).unwrap(), 0);
    }

    #[test]
    fn a_photo_that_is_not_here_says_so_and_can_be_removed_all_the_same() {
        let device = Device::new();
        let hash = Hash32::of(b"elsewhere");
        assert_eq!(device.files.get(PhotoKind::Photo, hash).unwrap_err().code, ErrorCode::PhotoNotHere);
        device.files.remove(PhotoKind::Photo, hash).unwrap();
        let here = device.files.put(PhotoKind::Photo, b"porch").unwrap();
        device.files.remove(PhotoKind::Photo, here).unwrap();
        assert_eq!(device.files.get(PhotoKind::Photo, here).unwrap_err().code, ErrorCode::PhotoNotHere);
    }

    #[test]
    fn a_photo_that_rotted_on_the_disk_is_noticed_and_healed_when_it_comes_again() {
        let device = Device::new();
        let hash = device.files.put(PhotoKind::Photo, b"porch").unwrap();
        let path = device.files.path(PhotoKind::Photo, hash);
        let whole = fs::read(&path).unwrap();
        for rotten in
            [whole[..whole.len() - 1].to_vec(), Vec::new(), [&whole[..30], &[whole[30] ^ 1], &whole[31..]].concat()]
        {
            write_atomically(&path, &rotten).unwrap();
            assert_eq!(device.files.get(PhotoKind::Photo, hash).unwrap_err().code, ErrorCode::PhotoDamaged);
            device.files.put(PhotoKind::Photo, b"porch").unwrap();
            assert_eq!(device.files.get(PhotoKind::Photo, hash).unwrap(), b"porch");
        }
    }

    #[test]
    fn a_photo_laid_in_the_place_of_another_is_not_shown() {
        let device = Device::new();
        let wang = device.files.put(PhotoKind::Photo, b"porch of the first house").unwrap();
        let li = device.files.put(PhotoKind::Photo, b"porch of the second house").unwrap();
        let thumbnail = device.files.put(PhotoKind::Thumbnail, b"porch of the first house").unwrap();
        fs::copy(device.files.path(PhotoKind::Photo, wang), device.files.path(PhotoKind::Photo, li)).unwrap();
        assert_eq!(device.files.get(PhotoKind::Photo, li).unwrap_err().code, ErrorCode::PhotoDamaged);
        fs::copy(device.files.path(PhotoKind::Photo, wang), device.files.path(PhotoKind::Thumbnail, thumbnail))
            .unwrap();
        assert_eq!(device.files.get(PhotoKind::Thumbnail, thumbnail).unwrap_err().code, ErrorCode::PhotoDamaged);
    }

    #[test]
    fn what_a_power_cut_left_half_written_counts_for_nothing_and_is_swept_away() {
        let device = Device::new();
        let hash = device.files.put(PhotoKind::Photo, b"porch").unwrap();
        let arriving = Hash32::of(b"arriving");
        device.files.append_arrival(arriving, 0, b"arr").unwrap();
        let half_written = [
            device.folder.path().join(format!("capture/{}.partial", Hash32::of(b"half"))),
            device.folder.path().join(format!("{ARRIVALS}/{arriving}.3.partial")),
        ];
        for path in &half_written {
            write_atomically(path, b"half").unwrap();
        }
        assert!(!device.files.has(PhotoKind::Capture, Hash32::of(b"half")));
        assert_eq!(device.files.arrived_so_far(arriving).unwrap(), 3);
        device.files.sweep().unwrap();
        assert!(half_written.iter().all(|path| !path.exists()));
        assert!(device.files.get(PhotoKind::Photo, hash).is_ok());
        assert_eq!(device.files.arrived_so_far(arriving).unwrap(), 3);
    }

    #[test]
    fn a_write_that_fails_says_so_and_keeps_what_there_was() {
        let device = Device::new();
        let hash = device.files.put(PhotoKind::Photo, b"porch").unwrap();
        fs::remove_dir_all(device.folder.path().join("capture")).unwrap();
        let failure = device.files.put(PhotoKind::Capture, b"yard").unwrap_err();
        assert_eq!(failure.code, ErrorCode::FileWriteFailed);
        assert_eq!(device.files.get(PhotoKind::Photo, hash).unwrap(), b"porch");
    }

    #[test]
    fn many_threads_may_put_the_same_photo() {
        let device = Device::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| device.files.put(PhotoKind::Photo, &[5; 50_000]).unwrap());
            }
        });
        assert_eq!(device.files.get(PhotoKind::Photo, Hash32::of(&[5; 50_000])).unwrap(), [5; 50_000]);
    }
}
