//! Programs that are recorded, and the record.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Something that a program did, in the order in which all of them did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which program: the number that it was given.
    pub who: u8,
    /// What it did.
    pub deed: Deed,
}

/// What a program did. Files are named by their inode, which a later file may have again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Made an empty file.
    Create {
        /// The file.
        inode: u64,
        /// Its path.
        path: PathBuf,
    },
    /// Wrote.
    Write {
        /// Into this file.
        inode: u64,
        /// From here on.
        offset: u64,
        /// These bytes.
        bytes: Vec<u8>,
    },
    /// Cut a file, or made it longer.
    Truncate {
        /// The file.
        inode: u64,
        /// To so many bytes.
        length: u64,
    },
    /// Came back from a sync of a file.
    Sync {
        /// The file.
        inode: u64,
    },
    /// Came back from a sync of a folder.
    SyncFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Renamed a file.
    Rename {
        /// What it was called.
        from: PathBuf,
        /// What it is called.
        to: PathBuf,
    },
    /// Removed a name.
    Unlink {
        /// The name.
        path: PathBuf,
    },
    /// Made a folder.
    MakeFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Said something on its standard output.
    Said(String),
}

/// The shim, compiled, with a log that it writes.
#[derive(Debug)]
pub struct Recorder {
    shim: PathBuf,
    log: PathBuf,
}

impl Recorder {
    /// Compiles the shim into a folder, where its log will lie, too.
    ///
    /// # Errors
    /// The words to print where there is no C compiler.
    pub fn new(folder: &Path) -> Result<Self, String> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/drills/power/recorder.c");
        let shim = folder.join("recorder.so");
        let compiled = Command::new("cc")
            .args(["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-pthread", "-o"])
            .arg(&shim)
            .arg(source)
            .output()
            .map_err(|cause| {
                format!("skipped: what a program writes is recorded by a shim that `cc` compiles ({cause})")
            })?;
        assert!(compiled.status.success(), "recorder.c: {}", String::from_utf8_lossy(&compiled.stderr));
        Ok(Self { shim, log: folder.join("record.log") })
    }

    /// A program that is recorded: what it does below `root`, and what it says.
    #[must_use]
    pub fn command(&self, who: u8, program: &Path, root: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env("LD_PRELOAD", &self.shim)
            .env("JIAFANG_RECORD_LOG", &self.log)
            .env("JIAFANG_RECORD_ROOT", root)
            .env("JIAFANG_RECORD_WHO", who.to_string());
        command
    }

    /// All that was recorded so far.
    ///
    /// # Panics
    /// When a record cannot be read.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let bytes = std::fs::read(&self.log).expect("the log");
        let mut rest = bytes.as_slice();
        let mut steps = Vec::new();
        while !rest.is_empty() {
            steps.push(read_step(&mut rest).expect("a whole record"));
        }
        assert!(!steps.is_empty(), "the shim has recorded nothing");
        steps
    }
}

fn take<'a>(from: &mut &'a [u8], bytes: usize) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(bytes)?;
    *from = rest;
    Some(taken)
}

fn take_u32(from: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(take(from, 4)?.try_into().ok()?))
}

fn take_u64(from: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(take(from, 8)?.try_into().ok()?))
}

fn read_step(from: &mut &[u8]) -> Option<Step> {
    let length = usize::try_from(take_u32(from)?).ok()?;
    let mut record = take(from, length)?;
    let (who, kind) = (*take(&mut record, 1)?.first()?, *take(&mut record, 1)?.first()?);
    let (inode, number) = (take_u64(&mut record)?, take_u64(&mut record)?);
    let path_length = usize::try_from(take_u32(&mut record)?).ok()?;
    let path = PathBuf::from(std::str::from_utf8(take(&mut record, path_length)?).ok()?);
    let deed = match kind {
        1 => Deed::Create { inode, path },
        2 => Deed::Write { inode, offset: number, bytes: record.to_vec() },
        3 => Deed::Truncate { inode, length: number },
        4 => Deed::Sync { inode },
        5 => Deed::SyncFolder { path },
        6 => Deed::Rename { from: path, to: PathBuf::from(std::str::from_utf8(record).ok()?) },
        7 => Deed::Unlink { path },
        8 => Deed::MakeFolder { path },
        9 => Deed::Said(String::from_utf8_lossy(record).into_owned()),
        _ => return None,
    };
    Some(Step { who, deed })
}
