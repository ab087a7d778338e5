//! Files that come over a bad line: in parts, each sealed and on the disk for good before the next is asked for.
//! They count only when all is here and the hash is right.

use std::path::PathBuf;

use super::file_store::{ARRIVALS, PhotoFiles, damaged, files_in, read, remove, size};
use super::{CAPTURE_BYTES_MAX, PhotoKind};
use crate::domain::identifier::Hash32;
use crate::error::{ErrorCode, Failure, Result};
use crate::files::write_atomically;
use crate::vault::sealing::{SEAL_BYTES, open, seal};

const ARRIVAL_PURPOSE: &str = "photo arrival";

impl PhotoFiles {
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
        let mut put = self.lock();
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
        self.put_locked(&mut put, kind, &bytes)?;
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

    pub(super) fn forget_arrival_locked(&self, hash: Hash32) -> Result<()> {
        // The last part goes first: whatever remains after a crash has no gap.
        for (_, path) in self.part_files(hash)?.into_iter().rev() {
            remove(&path)?;
        }
        Ok(())
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
            if offset > here {
                break;
            }
            // Beyond a gap that was closed since, parts may lie that the new ones cover.
            if offset < here || plain_bytes == 0 {
                continue;
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

fn part_bound_to(hash: Hash32, offset: u64) -> Vec<u8> {
    [hash.0.as_slice(), offset.to_le_bytes().as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::photo::file_store::tests::Device;

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
    fn a_gap_may_be_closed_by_parts_of_another_size() {
        let device = Device::new();
        let photo: Vec<u8> = (0..120).collect();
        let hash = Hash32::of(&photo);
        for offset in [0, 30, 60] {
            device.files.append_arrival(hash, offset as u64, &photo[offset..offset + 30]).unwrap();
        }
        fs::remove_file(device.files.part_path(hash, 30)).unwrap();
        assert_eq!(device.files.append_arrival(hash, 30, &photo[30..100]).unwrap(), 100);
        assert_eq!(device.files.append_arrival(hash, 100, &photo[100..]).unwrap(), 120);
        assert_eq!(device.files.arrived_so_far(hash).unwrap(), 120);
        device.files.finish_arrival(PhotoKind::Photo, hash).unwrap();
        assert_eq!(device.files.get(PhotoKind::Photo, hash).unwrap(), photo);
        assert!(device.names(ARRIVALS).is_empty());
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
}
