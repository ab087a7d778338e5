//! A tablet (or a desk): the real store, the real app's use cases, a clock that may be wrong, and a life that may end
//! at any moment.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiafang_core::app::device::Device;
use jiafang_core::app::enrol;
use jiafang_core::app::shared_device::SharedDevice;
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32, PersonId};
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::store::Durability;
use jiafang_core::sync::link::Connector;
use jiafang_core::vault::key_file::KeyFile;
use jiafang_core::vault::pin_key::Argon2Cost;
use jiafang_core::vault::sealing::DataKey;
use jiafang_sync_server::identity::ed25519_spki;

use super::fate;
use super::plan::Post;
use super::time::{WrongClock, environment};
use crate::kit::township::copy_folder;

const PIN: &str = "271828";

/// A tablet.
pub(super) struct Tablet {
    pub(super) number: usize,
    pub(super) post: Mutex<Post>,
    pub(super) certificate: CertificateId,
    pub(super) person: PersonId,
    /// The key that its connections are made with.
    pub(super) key_info: Vec<u8>,
    pub(super) clock: Arc<WrongClock>,
    /// What the app has in memory: gone when it is killed.
    pub(super) shared: SharedDevice,
    /// Requests that it has sent: an old one may arrive again.
    pub(super) sent: Mutex<Vec<Request>>,
    /// It has a twin with the same certificate and key.
    cloned: AtomicBool,
    /// Its disk is full, or nearly.
    pub(super) disk_is_full: AtomicBool,
    /// A dossier of it has lost something that only a comparison finds again.
    pub(super) is_broken: AtomicBool,
    key: DataKey,
    seed: u64,
    life: Mutex<Life>,
}

struct Life {
    folder: PathBuf,
    starts: u64,
}

/// What goes out over the link.
#[derive(Clone)]
pub(super) enum Request {
    Sync(Vec<u8>),
    Repair(Vec<u8>),
    Put(Hash32, u64, Vec<u8>),
    Get(Hash32, u64, usize),
    Pack(Hash32, u64, usize),
}

/// A lock whose holder was killed guards nothing half done: stores commit whole.
pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The numbers of streams of chance: the office has those below, each tablet a thousand of its own.
fn stream_of(number: usize, starts: u64) -> u64 {
    (u64::try_from(number).unwrap_or(0) + 1_000) * 1_000_000 + starts
}

impl Tablet {
    /// Enrols a new tablet in a folder of its own.
    pub(super) fn enrol(
        number: usize,
        folder: &Path,
        clock: Arc<WrongClock>,
        seed: u64,
        post: Post,
        code: &str,
        connector: &dyn Connector,
    ) -> Result<Self> {
        let keys = KeyFile::in_folder(folder).with_cost(Argon2Cost::for_tests());
        let chance = environment(&clock, seed, stream_of(number, 0));
        let device = enrol::enrol(folder, &keys, code, PIN, connector, &chance, Durability::ForFixtures)?;
        let key = keys.unlock(PIN, &chance)?;
        Ok(Self {
            number,
            post: Mutex::new(post),
            certificate: device.enrolment.certificate,
            person: device.enrolment.person,
            key_info: ed25519_spki(&device.author.signer.public_key()),
            clock,
            shared: Mutex::new(Some(device)),
            sent: Mutex::new(Vec::new()),
            cloned: AtomicBool::new(false),
            disk_is_full: AtomicBool::new(false),
            is_broken: AtomicBool::new(false),
            key,
            seed,
            life: Mutex::new(Life { folder: folder.to_path_buf(), starts: 1 }),
        })
    }

    /// Works with the app.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Device) -> Result<T>) -> Result<T> {
        match held(&self.shared).as_mut() {
            Some(device) => work(device),
            None => Err(Failure::new(ErrorCode::Locked, "the app does not run")),
        }
    }

    /// Reads what a check needs to know; that much always can be read.
    pub(super) fn knows<T>(&self, read: impl FnOnce(&mut Device) -> Result<T>) -> T {
        match self.with(read) {
            Ok(known) => known,
            Err(failure) => panic!("tablet {}: {failure} ({:?})", self.number, failure.cause),
        }
    }

    /// The app is killed, this moment, and started again: what it had in memory is gone, and what stays is what lay
    /// on the disk, byte for byte.
    pub(super) fn dies_and_starts_again(&self) {
        let mut life = held(&self.life);
        // The copy is taken while everything is still open: closing would tidy up what a kill leaves behind.
        let image = life.folder.with_extension(format!("{}", life.starts));
        copy_folder(&life.folder, &image);
        *held(&self.shared) = None;
        std::fs::remove_dir_all(&life.folder).expect("the old folder goes");
        life.folder = image;
        self.starts(&mut life);
    }

    /// The app is closed properly, and opened again.
    pub(super) fn restarts(&self) {
        let mut life = held(&self.life);
        *held(&self.shared) = None;
        self.starts(&mut life);
    }

    fn starts(&self, life: &mut Life) {
        self.disk_is_full.store(false, Ordering::SeqCst);
        life.starts = life.starts.saturating_add(1);
        let chance = environment(&self.clock, self.seed, stream_of(self.number, life.starts));
        match Device::open(&life.folder, &self.key, &chance, Durability::ForFixtures) {
            Ok(device) => *held(&self.shared) = Some(device),
            Err(failure) => panic!("tablet {} does not open again: {failure} ({:?})", self.number, failure.cause),
        }
    }

    /// Copies the folder to another tablet, which goes on by itself.
    pub(super) fn cloned_to(&self, number: usize, folder: &Path, clock: Arc<WrongClock>) -> Self {
        copy_folder(&held(&self.life).folder, folder);
        self.cloned.store(true, Ordering::SeqCst);
        let twin = Self {
            number,
            post: Mutex::new(*held(&self.post)),
            certificate: self.certificate,
            person: self.person,
            key_info: self.key_info.clone(),
            clock,
            shared: Mutex::new(None),
            sent: Mutex::new(Vec::new()),
            cloned: AtomicBool::new(true),
            disk_is_full: AtomicBool::new(false),
            is_broken: AtomicBool::new(self.is_broken.load(Ordering::SeqCst)),
            key: self.key.clone(),
            seed: self.seed,
            life: Mutex::new(Life { folder: folder.to_path_buf(), starts: 0 }),
        };
        twin.starts(&mut held(&twin.life));
        twin
    }

    /// A dossier of which every change has its envelope here loses the changes: rows that vanished from a disk.
    pub(super) fn loses_what_envelopes_hold(&self, id: DocumentId) {
        let lost = self.with(|device| {
            let reading = device.store.reading();
            let Ok(document) = reading.document(id) else { return Ok(false) };
            // A poisoned dossier has changes that are passed over, and one from a pack has no envelopes.
            let whole = jiafang_core::domain::doc::change_hashes(&document)?.len()
                == reading.envelopes_of(id)?.len().saturating_add(1);
            if !whole || reading.passes_over_changes(id)? || !reading.own_not_in_log(id)?.is_empty() {
                return Ok(false);
            }
            device.store.transact(|tx| jiafang_core::store::repair::begin_anew(tx, id))?;
            Ok(true)
        });
        if matches!(lost, Ok(true)) {
            self.is_broken.store(true, Ordering::SeqCst);
        }
    }

    /// Whether there is another tablet with the same key.
    pub(super) fn is_cloned(&self) -> bool {
        self.cloned.load(Ordering::SeqCst)
    }

    /// Keeps what went out: some of it may arrive again one day.
    pub(super) fn keeps_sent(&self, request: &Request) {
        const KEPT_MAX: usize = 8;
        let mut sent = held(&self.sent);
        if sent.len() == KEPT_MAX {
            sent.remove(0);
        }
        sent.push(request.clone());
    }

    /// The app will be killed when it has written so many more rows.
    pub(super) fn will_die_at_write(&self, rows: u16) {
        self.on_the_store(|store| fate::kill_at_write(store, rows));
    }

    /// It will not.
    pub(super) fn will_live(&self) {
        self.on_the_store(fate::spare);
    }

    /// The disk has so many pages left, or room again.
    pub(super) fn leaves_pages(&self, pages: Option<u16>) {
        self.disk_is_full.store(pages.is_some(), Ordering::SeqCst);
        self.on_the_store(|store| fate::leave_pages(store, pages));
    }

    fn on_the_store(&self, work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<()>) {
        self.knows(|device| {
            device.store.transact(|tx| {
                work(tx).expect("the simulator's own statement");
                Ok(())
            })
        });
    }

    /// The dossiers on the tablet, in the order of their ids.
    pub(super) fn dossiers(&self) -> Vec<DocumentId> {
        self.knows(|device| device.store.reading().document_ids(DocumentKind::Dossier))
    }
}
