//! The disks that a power loss could leave.
//!
//! The model is POSIX's promise and no more: a file's bytes are certain after a sync of the file, a name after a sync of
//! its folder. What is not certain may be there, may be missing, and may be there in part: bytes by sectors of 512 or
//! pages of 4,096, in any order between files and within one; names in the order in which they were changed, as a
//! journal has them. No file system in use keeps less; most keep more.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::recording::{Deed, Step};

/// How much of what is not certain is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// All of it: the disk had written nothing that nobody waited for.
    All,
    /// None of it: as after a kill.
    Nothing,
    /// Each sector of so many bytes by chance; of names, what came after a moment drawn by chance.
    Sectors(usize),
    /// Names stay, bytes go: files are there, empty or full of zeroes.
    Bytes,
    /// Bytes stay, names go.
    Names,
}

impl Loss {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::All, Self::Nothing, Self::Sectors(512), Self::Sectors(4_096), Self::Bytes, Self::Names];
}

#[derive(Debug, Clone)]
enum Uncertain {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate(usize),
}

#[derive(Debug, Clone, Default)]
struct FileState {
    certain: Vec<u8>,
    uncertain: Vec<Uncertain>,
}

#[derive(Debug, Clone)]
enum NameChange {
    Is(PathBuf, usize),
    IsGone(PathBuf),
    IsFolder(PathBuf),
    /// Certain with the folder that it moves to: file systems in use never lose a file between two names.
    Moves {
        from: PathBuf,
        to: PathBuf,
        file: usize,
    },
}

impl NameChange {
    fn folder(&self) -> &Path {
        let path = match self {
            Self::Is(path, _) | Self::IsGone(path) | Self::IsFolder(path) | Self::Moves { to: path, .. } => path,
        };
        path.parent().unwrap_or(path)
    }
}

/// Names of files, and folders (`None`).
type Names = BTreeMap<PathBuf, Option<usize>>;

/// A disk as one program has used it up to some moment.
#[derive(Debug, Clone)]
pub struct Disk {
    who: u8,
    root: PathBuf,
    files: Vec<FileState>,
    by_inode: BTreeMap<u64, usize>,
    /// As the running program sees them.
    names: Names,
    certain_names: Names,
    uncertain_names: Vec<NameChange>,
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).expect("a file that fits into memory")
}

fn apply(names: &mut Names, change: &NameChange) {
    match change {
        NameChange::Is(path, file) => drop(names.insert(path.clone(), Some(*file))),
        NameChange::IsGone(path) => drop(names.remove(path)),
        NameChange::IsFolder(path) => drop(names.insert(path.clone(), None)),
        NameChange::Moves { from, to, file } => {
            names.remove(from);
            names.insert(to.clone(), Some(*file));
        }
    }
}

fn write_into(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

impl Disk {
    /// The disk of program `who` before its first step: what lies below `root` now is certain.
    ///
    /// # Panics
    /// When the folder cannot be read.
    #[must_use]
    pub fn before(who: u8, root: &Path) -> Self {
        let mut disk = Self {
            who,
            root: root.to_path_buf(),
            files: Vec::new(),
            by_inode: BTreeMap::new(),
            names: Names::new(),
            certain_names: Names::new(),
            uncertain_names: Vec::new(),
        };
        if root.exists() {
            disk.read_folder(root);
        }
        disk.certain_names = disk.names.clone();
        disk
    }

    fn read_folder(&mut self, folder: &Path) {
        self.names.insert(folder.to_path_buf(), None);
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                self.read_folder(&path);
            } else if !path.to_string_lossy().ends_with("-shm") {
                let inode = path.metadata().expect("a file").ino();
                let certain = std::fs::read(&path).expect("a file");
                let file = self.new_file(inode);
                self.files[file].certain = certain;
                self.names.insert(path, Some(file));
            }
        }
    }

    fn new_file(&mut self, inode: u64) -> usize {
        self.files.push(FileState::default());
        let file = self.files.len() - 1;
        self.by_inode.insert(inode, file);
        file
    }

    fn change_name(&mut self, change: NameChange) {
        apply(&mut self.names, &change);
        self.uncertain_names.push(change);
    }

    /// Takes the next step in.
    ///
    /// # Panics
    /// When it does not fit what came before: the shim has missed something.
    pub fn take(&mut self, step: &Step) {
        if step.who != self.who {
            return;
        }
        let file = |disk: &Self, inode: &u64| *disk.by_inode.get(inode).expect("a file whose beginning was recorded");
        match &step.deed {
            Deed::Said(_) => {}
            Deed::Create { inode, path } => {
                let file = self.new_file(*inode);
                self.change_name(NameChange::Is(path.clone(), file));
            }
            Deed::Write { inode, offset, bytes } => {
                let write = Uncertain::Write { offset: to_usize(*offset), bytes: bytes.clone() };
                let file = file(self, inode);
                self.files[file].uncertain.push(write);
            }
            Deed::Truncate { inode, length } => {
                let file = file(self, inode);
                self.files[file].uncertain.push(Uncertain::Truncate(to_usize(*length)));
            }
            Deed::Sync { inode } => {
                let file = file(self, inode);
                let state = &mut self.files[file];
                state.certain = content(state, &mut |_| true, usize::MAX);
                state.uncertain.clear();
            }
            Deed::SyncFolder { path } => {
                let (certain, uncertain) =
                    std::mem::take(&mut self.uncertain_names).into_iter().partition(|change| change.folder() == path);
                self.uncertain_names = uncertain;
                let certain: Vec<NameChange> = certain;
                certain.iter().for_each(|change| apply(&mut self.certain_names, change));
            }
            Deed::Rename { from, to } => {
                let file = self.names.get(from).copied().flatten().expect("a file to rename");
                self.change_name(NameChange::Moves { from: from.clone(), to: to.clone(), file });
            }
            Deed::Unlink { path } => self.change_name(NameChange::IsGone(path.clone())),
            Deed::MakeFolder { path } => self.change_name(NameChange::IsFolder(path.clone())),
        }
    }

    /// Whether anything could be lost now.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.uncertain_names.is_empty() && self.files.iter().all(|file| file.uncertain.is_empty())
    }

    /// Writes a disk that a power loss at this moment could leave into a folder.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn loses_power(&self, loss: Loss, seed: u64, into: &Path) {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let mut names = self.certain_names.clone();
        let kept = match loss {
            Loss::All | Loss::Names => 0,
            Loss::Nothing | Loss::Bytes => self.uncertain_names.len(),
            Loss::Sectors(_) => draw(&mut chance, self.uncertain_names.len() + 1),
        };
        self.uncertain_names.iter().take(kept).for_each(|change| apply(&mut names, change));
        std::fs::create_dir_all(into).expect("a folder");
        for (path, file) in &names {
            // A name in a folder that was lost is lost with it.
            let missing = path.ancestors().skip(1).take_while(|above| above.starts_with(&self.root));
            if missing.into_iter().any(|above| names.get(above) != Some(&None)) {
                continue;
            }
            let target = into.join(path.strip_prefix(&self.root).expect("a path below the root"));
            match file {
                None => std::fs::create_dir_all(&target).expect("a folder"),
                Some(file) => {
                    let bytes = self.left_of(&self.files[*file], loss, &mut chance);
                    jiafang_core::files::write_atomically(&target, &bytes).expect("a file");
                }
            }
        }
    }

    fn left_of(&self, file: &FileState, loss: Loss, chance: &mut ChaCha8Rng) -> Vec<u8> {
        match loss {
            Loss::All => file.certain.clone(),
            Loss::Nothing | Loss::Names => content(file, &mut |_| true, usize::MAX),
            // The length is in the inode, and the inode was written.
            Loss::Bytes => content(file, &mut |_| false, usize::MAX),
            Loss::Sectors(sector) => {
                let share = draw(chance, 5);
                content(file, &mut |_| draw(chance, 4) < share, sector)
            }
        }
    }
}

fn draw(chance: &mut ChaCha8Rng, below: usize) -> usize {
    usize::try_from(chance.next_u32()).unwrap_or(0) % below.max(1)
}

/// A file's bytes when of each uncertain write those sectors came to the disk that `comes` says. The length is what it
/// would be with all of them; what did not come is zeroes or what was there before.
fn content(file: &FileState, comes: &mut dyn FnMut(usize) -> bool, sector: usize) -> Vec<u8> {
    let mut content = file.certain.clone();
    for change in &file.uncertain {
        match change {
            Uncertain::Truncate(length) => content.resize(*length, 0),
            Uncertain::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                let mut from = *offset;
                while from < end {
                    let boundary = if sector == usize::MAX { end } else { (from / sector + 1) * sector };
                    let to = boundary.min(end);
                    if comes(from) {
                        write_into(&mut content, from, &bytes[from - offset..to - offset]);
                    }
                    from = to;
                }
            }
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(deed: Deed) -> Step {
        Step { who: 1, deed }
    }

    /// A file of one page that was synced with its name, and a second page that was not.
    fn disk() -> Disk {
        let root = Path::new("/r");
        let mut disk = Disk::before(1, root);
        let path = root.join("a");
        for deed in [
            Deed::MakeFolder { path: root.to_path_buf() },
            Deed::SyncFolder { path: "/".into() },
            Deed::Create { inode: 5, path: path.clone() },
            Deed::Write { inode: 5, offset: 0, bytes: vec![1; 4_096] },
            Deed::Sync { inode: 5 },
            Deed::SyncFolder { path: root.to_path_buf() },
            Deed::Write { inode: 5, offset: 4_096, bytes: vec![2; 4_096] },
        ] {
            disk.take(&step(deed));
        }
        disk
    }

    fn left(disk: &Disk, loss: Loss, seed: u64) -> BTreeMap<String, Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        disk.loses_power(loss, seed, folder.path());
        let entries = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
        entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect()
    }

    #[test]
    fn what_was_synced_is_there_after_any_power_loss_and_the_rest_may_be_gone_or_torn() {
        let disk = disk();
        assert!(!disk.is_certain());
        assert_eq!(left(&disk, Loss::All, 1)["a"], [1; 4_096]);
        assert_eq!(left(&disk, Loss::Nothing, 1)["a"], [[1; 4_096], [2; 4_096]].concat());
        assert_eq!(left(&disk, Loss::Bytes, 1)["a"], [[1; 4_096], [0; 4_096]].concat());
        let torn = (0..20).map(|seed| left(&disk, Loss::Sectors(512), seed)["a"].clone());
        let mut halves = 0;
        for bytes in torn {
            assert_eq!(bytes[..4_096], [1; 4_096]);
            halves += usize::from(bytes[4_096..].contains(&0) && bytes[4_096..].contains(&2));
        }
        assert!(halves > 3, "some are torn");
    }

    #[test]
    fn a_name_whose_folder_was_not_synced_may_be_gone_with_all_that_was_synced_in_it() {
        let mut disk = disk();
        let folder = PathBuf::from("/r/photos");
        for deed in [
            Deed::Sync { inode: 5 },
            Deed::MakeFolder { path: folder.clone() },
            Deed::Create { inode: 6, path: folder.join("x.partial") },
            Deed::Write { inode: 6, offset: 0, bytes: vec![3; 10] },
            Deed::Sync { inode: 6 },
            Deed::Rename { from: folder.join("x.partial"), to: folder.join("x") },
            Deed::SyncFolder { path: folder },
        ] {
            disk.take(&step(deed));
        }
        assert_eq!(left(&disk, Loss::All, 1).keys().collect::<Vec<_>>(), ["a"], "the folder itself was never synced");
        disk.take(&step(Deed::SyncFolder { path: "/r".into() }));
        let root = tempfile::tempdir().unwrap();
        disk.loses_power(Loss::All, 1, root.path());
        assert_eq!(std::fs::read(root.path().join("photos/x")).unwrap(), [3; 10]);
        assert!(disk.is_certain());
    }
}
