//! A small disk of its own, for stories in which one is full.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A disk of some megabytes; only root can mount one.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// Mounts one; `None`, and a word on why, where that is not allowed.
    #[must_use]
    #[allow(clippy::print_stdout)] // a test that is skipped says so
    pub fn mounted(megabytes: u32) -> Option<Self> {
        let mount = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(mount.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: a disk that can be filled up needs the right to mount one (root)");
        }
        mounted.then_some(Self(mount))
    }

    /// Its folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Others' videos fill it to the last byte.
    pub fn fills_up(&self) {
        let mut ballast = File::create(self.ballast()).expect("the ballast");
        for bytes in [64 * 1024, 4 * 1024, 1] {
            while ballast.write_all(&vec![0; bytes]).is_ok() {}
        }
    }

    /// There is room again.
    pub fn is_tidied_up(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast goes");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the store of the test may still be open.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
