//! The store of photo files: each under its content hash, sealed with a key of its own.
//!
//! A file's name is its hash and tells nothing of the child. What is put is on the disk, whole, before the call
//! returns. Files that come over a bad line arrive in parts, each sealed and kept, and count only when their
//! hash is right. Any file may be missing at any time: it says so, and all else works.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{CAPTURE_BYTES_MAX, PhotoKind};
use crate::domain::identifier::Hash32;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};
use crate::files::write_atomically;
use crate::vault::sealing::{DataKey, SEAL_BYTES, open, seal};

const FILE_PURPOSE: &str = "photo file";
const ARRIVAL_PURPOSE: &str = "photo arrival";
/// The folder of parts, beside those of the kinds. A part is called `hash.offset`.
const ARRIVALS: &str = "arriving";
/// What [`write_atomically`] ends the name of a neighbour with that is not whole yet.
const HALF_WRITTEN: &str = "partial";

/// The photo files of one device.
pub struct PhotoFiles {
    folder: PathBuf,
    key: DataKey,
    environment: Environment,
    /// Held while anything is written or removed: two writers of one file would share its half-written neighbour.
    writing: Mutex<()>,
}

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
        Ok(Self { folder: folder.to_path_buf(), key: key.clone(), environment, writing: Mutex::new(()) })
    }

    /// Keeps `bytes` and tells their hash. When this returns they are on the disk for good. What is there
    /// already stays; what is there but damaged is written anew.
    ///
    /// # Errors
    /// [`ErrorCode::DiskFull`] or [`ErrorCode::FileWriteFailed`]: then nothing has changed.
    pub fn put(&self, kind: PhotoKind, bytes: &[u8]) -> Result<Hash32> {
        let _writing = self.lock();
        self.put_locked(kind, bytes)
    }

    fn put_locked(&self, kind: PhotoKind, bytes: &[u8]) -> Result<Hash32> {
        let hash = Hash32::of(bytes);
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

    /// How many bytes of an arriving file are here, without a gap from its start: where the sender goes on.
    ///
    /// # Errors
    /// [`ErrorCode::StoreFailed`] if the folder cannot be read.
    pub fn arrived_so_far(&self, hash: Hash32) -> Result<u64> {
        Ok(self.parts(hash)?.last().map_or(0, |part| part.end))
    }

    /// Takes in the part of a file that starts at `offset`, and tells how many bytes are here then, on the disk
    /// for good. A part that does not start where the last one ended is not taken (it came twice, or one
    /// before it was lost): the answer tells where to go on.
    ///
    /// # Errors
    /// [`ErrorCode::PhotoTooLarge`] for more than any photo file has;
    /// [`ErrorCode::DiskFull`], [`ErrorCode::FileWriteFailed`], [`ErrorCode::StoreFailed`]: then the part is not taken.
    pub fn append_arrival(&self, hash: Hash32, offset: u64, bytes: &[u8]) -> Result<u64> {
        let _writing = self.lock();
        let here = self.arrived_so_far(hash)?;
        if offset != here || bytes.is_empty() {
            return Ok(here);
        }
        let limit = u64::try_from(CAPTURE_BYTES_MAX).unwrap_or(u64::MAX);
        let end = here.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if end > limit {
            let limit = format!("{} MiB", limit / 1024 / 1024);
            return Err(Failure::new(ErrorCode::PhotoTooLarge, "an arriving file").fact("limit", limit));
        }
        let sealed = seal(&self.key, ARRIVAL_PURPOSE, &part_bound_to(hash, offset), &*self.environment.random, bytes)?;
        write_atomically(&self.part_path(hash, offset), &sealed)?;
        Ok(end)
    }

    /// All parts have arrived: checks the hash, keeps the file, and lets the parts go.
    ///
    /// # Errors
    /// [`ErrorCode::PhotoNotHere`] if nothing has arrived; [`ErrorCode::PhotoDamaged`] if what arrived is not the
    /// file: then the parts are gone, and it starts anew; [`ErrorCode::DiskFull`],
    /// [`ErrorCode::FileWriteFailed`], [`ErrorCode::StoreFailed`]: then the parts are kept.
    pub fn finish_arrival(&self, kind: PhotoKind, hash: Hash32) -> Result<()> {
        let _writing = self.lock();
        let parts = self.parts(hash)?;
        if parts.is_empty() {
            // The app died after the file was kept and before anybody heard of it.
            return self.get(kind, hash).map(drop);
        }
        let mut bytes = Vec::new();
        for part in &parts {
            let sealed = read(&part.path)?;
            match open(&self.key, ARRIVAL_PURPOSE, &part_bound_to(hash, part.offset), &sealed) {
                Ok(plain) => bytes.extend(plain),
                Err(failure) => {
                    self.forget_arrival_locked(hash)?;
                    return Err(damaged(failure, kind));
                }
            }
        }
        if Hash32::of(&bytes) != hash {
            self.forget_arrival_locked(hash)?;
            return Err(Failure::new(ErrorCode::PhotoDamaged, format!("a {} arrived with another hash", kind.key())));
        }
        self.put_locked(kind, &bytes)?;
        self.forget_arrival_locked(hash)
    }

    /// Lets go what has arrived of a file that is not wanted any more.
    ///
    /// # Errors
    /// [`ErrorCode::FileWriteFailed`], [`ErrorCode::StoreFailed`].
    pub fn forget_arrival(&self, hash: Hash32) -> Result<()> {
        let _writing = self.lock();
        self.forget_arrival_locked(hash)
    }

    fn forget_arrival_locked(&self, hash: Hash32) -> Result<()> {
        // The last part goes first: whatever remains after a crash has no gap.
        for (_, path) in self.part_files(hash)?.into_iter().rev() {
            remove(&path)?;
        }
        Ok(())
    }

    /// Removes what a crash left half-written. To be called now and then; nothing else depends on it.
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

    fn lock(&self) -> MutexGuard<'_, ()> {
        // The lock guards no value: a writer that panicked left nothing behind that the next one could trip over.
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, kind: PhotoKind, hash: Hash32) -> PathBuf {
        self.folder.join(kind.key()).join(hash.to_string())
    }

    fn part_path(&self, hash: Hash32, offset: u64) -> PathBuf {
        self.folder.join(ARRIVALS).join(format!("{hash}.{offset}"))
    }

    /// The files of all parts of `hash` by their offsets, with gaps or without.
    fn part_files(&self, hash: Hash32) -> Result<Vec<(u64, PathBuf)>> {
        let prefix = format!("{hash}.");
        let mut files: Vec<(u64, PathBuf)> = files_in(&self.folder.join(ARRIVALS))?
            .into_iter()
            .filter_map(|(name, path)| Some((name.strip_prefix(&prefix)?.parse().ok()?, path)))
            .collect();
        files.sort();
        Ok(files)
    }

    /// The parts of `hash` from its start up to the first gap.
    fn parts(&self, hash: Hash32) -> Result<Vec<Part>> {
        let seal_bytes = u64::try_from(SEAL_BYTES).unwrap_or(u64::MAX);
        let mut parts = Vec::new();
        let mut here = 0_u64;
        for (offset, path) in self.part_files(hash)? {
            let plain_bytes = size(&path)?.saturating_sub(seal_bytes);
            if offset != here || plain_bytes == 0 {
                break;
            }
            here = here.saturating_add(plain_bytes);
            parts.push(Part { offset, end: here, path });
        }
        Ok(parts)
    }
}

/// A part of an arriving file: the bytes from `offset` to before `end`.
struct Part {
    offset: u64,
    end: u64,
    path: PathBuf,
}

fn bound_to(kind: PhotoKind, hash: Hash32) -> Vec<u8> {
    [hash.0.as_slice(), kind.key().as_bytes()].concat()
}

fn part_bound_to(hash: Hash32, offset: u64) -> Vec<u8> {
    [hash.0.as_slice(), offset.to_le_bytes().as_slice()].concat()
}

/// For a person it is the photo that is damaged, and not the store.
fn damaged(failure: Failure, kind: PhotoKind) -> Failure {
    match failure.code {
        ErrorCode::StoreDamaged => {
            Failure::caused(ErrorCode::PhotoDamaged, format!("a sealed {}", kind.key()), failure)
        }
        _ => failure,
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|cause| match cause.kind() {
        ErrorKind::NotFound => Failure::new(ErrorCode::PhotoNotHere, "no such photo file"),
        _ => unreadable(cause),
    })
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(cause.into()),
        _ => Ok(()),
    }
}

fn size(path: &Path) -> Result<u64> {
    Ok(fs::metadata(path).map_err(unreadable)?.len())
}

/// Name and path of the files in `folder`; what is no file of ours, by its name, is left out.
fn files_in(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
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
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn key() -> DataKey {
        DataKey::from_bytes([7; 32])
    }

    struct Device {
        folder: TempDir,
        files: PhotoFiles,
    }

    impl Device {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let files = PhotoFiles::open(folder.path(), &key(), Environment::of_this_machine()).unwrap();
            Self { folder, files }
        }

        fn restarted(self) -> Self {
            let files = PhotoFiles::open(self.folder.path(), &key(), Environment::of_this_machine()).unwrap();
            Self { folder: self.folder, files }
        }

        fn names(&self, folder: &str) -> Vec<String> {
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
    fn a_photo_resumes_where_the_line_was_lost() {
        let photo: Vec<u8> = (0..100_000_u32).map(|index| (index % 251) as u8).collect();
        let hash = Hash32::of(&photo);
        let mut device = Device::new();
        assert_eq!(device.files.arrived_so_far(hash).unwrap(), 0);
        for (index, chunk) in photo.chunks(30_000).enumerate() {
            let offset = (index * 30_000) as u64;
            assert_eq!(device.files.arrived_so_far(hash).unwrap(), offset);
            assert_eq!(device.files.append_arrival(hash, offset, chunk).unwrap(), offset + chunk.len() as u64);
            assert!(!device.files.has(PhotoKind::Photo, hash), "not before its hash is checked");
            device = device.restarted();
        }
        device.files.finish_arrival(PhotoKind::Photo, hash).unwrap();
        assert_eq!(device.files.get(PhotoKind::Photo, hash).unwrap(), photo);
        assert!(device.names(ARRIVALS).is_empty(), "the parts are gone");
        device.files.finish_arrival(PhotoKind::Photo, hash).unwrap();
    }

    #[test]
    fn a_part_that_comes_twice_or_too_early_is_not_taken() {
        let device = Device::new();
        let hash = Hash32::of(b"porch and yard");
        assert_eq!(device.files.append_arrival(hash, 6, b"and").unwrap(), 0, "its start is not here");
        assert_eq!(device.files.append_arrival(hash, 0, b"").unwrap(), 0);
        assert_eq!(device.files.append_arrival(hash, 0, b"porch ").unwrap(), 6);
        assert_eq!(device.files.append_arrival(hash, 0, b"porch ").unwrap(), 6);
        assert_eq!(device.files.append_arrival(hash, 3, b"ch and").unwrap(), 6);
        assert_eq!(device.files.append_arrival(hash, 6, b"and yard").unwrap(), 14);
        device.files.finish_arrival(PhotoKind::Thumbnail, hash).unwrap();
        assert_eq!(device.files.get(PhotoKind::Thumbnail, hash).unwrap(), b"porch and yard");
    }

    #[test]
    fn what_arrives_and_is_not_the_photo_is_thrown_away() {
        let device = Device::new();
        let hash = Hash32::of(b"porch");
        device.files.append_arrival(hash, 0, b"perch").unwrap();
        assert_eq!(device.files.finish_arrival(PhotoKind::Photo, hash).unwrap_err().code, ErrorCode::PhotoDamaged);
        assert!(!device.files.has(PhotoKind::Photo, hash));
        assert_eq!(device.files.arrived_so_far(hash).unwrap(), 0, "it starts anew");
        assert_eq!(device.files.finish_arrival(PhotoKind::Photo, hash).unwrap_err().code, ErrorCode::PhotoNotHere);
    }

    #[test]
    fn parts_that_rotted_or_were_swapped_make_the_photo_start_anew() {
        for spoil in [
            (|first, second| fs::copy(first, second).map(drop)) as fn(&Path, &Path) -> std::io::Result<()>,
            |_, second| fs::OpenOptions::new().write(true).open(second)?.set_len(60),
        ] {
            let device = Device::new();
            let hash = Hash32::of(&[7; 60]);
            device.files.append_arrival(hash, 0, &[7; 30]).unwrap();
            device.files.append_arrival(hash, 30, &[7; 30]).unwrap();
            spoil(&device.files.part_path(hash, 0), &device.files.part_path(hash, 30)).unwrap();
            assert_eq!(device.files.finish_arrival(PhotoKind::Photo, hash).unwrap_err().code, ErrorCode::PhotoDamaged);
            assert!(device.names(ARRIVALS).is_empty());
        }
    }

    #[test]
    fn a_lost_part_is_asked_for_again() {
        let device = Device::new();
        let hash = Hash32::of(&[7; 90]);
        for offset in [0, 30, 60] {
            device.files.append_arrival(hash, offset, &[7; 30]).unwrap();
        }
        fs::remove_file(device.files.part_path(hash, 30)).unwrap();
        assert_eq!(device.files.arrived_so_far(hash).unwrap(), 30);
        device.files.append_arrival(hash, 30, &[7; 30]).unwrap();
        assert_eq!(device.files.arrived_so_far(hash).unwrap(), 90);
        device.files.finish_arrival(PhotoKind::Photo, hash).unwrap();
    }

    #[test]
    fn an_arrival_without_end_is_refused() {
        let device = Device::new();
        let hash = Hash32::of(b"endless");
        device.files.append_arrival(hash, 0, &vec![0; CAPTURE_BYTES_MAX]).unwrap();
        let failure = device.files.append_arrival(hash, CAPTURE_BYTES_MAX as u64, b"1").unwrap_err();
        assert_eq!((failure.code, failure.facts["limit"].as_str()), (ErrorCode::PhotoTooLarge, "32 MiB"));
    }

    #[test]
    fn a_child_that_leaves_takes_its_arrivals_along_and_no_others() {
        let device = Device::new();
        let (leaves, stays) = (Hash32::of(b"leaves"), Hash32::of(b"stays"));
        device.files.append_arrival(leaves, 0, b"lea").unwrap();
        device.files.append_arrival(leaves, 3, b"ves").unwrap();
        device.files.append_arrival(stays, 0, b"st").unwrap();
        device.files.forget_arrival(leaves).unwrap();
        assert_eq!((device.files.arrived_so_far(leaves).unwrap(), device.files.arrived_so_far(stays).unwrap()), (0, 2));
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
