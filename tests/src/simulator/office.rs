//! The county's office: the real server without a socket, its data, its backups, and what the administrator does.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use jiafang_core::domain::county::County;
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32, PersonId};
use jiafang_core::domain::place::{PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::environment::Environment;
use jiafang_core::protocol::envelope::Envelope;
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::vault::recovery_key::RecoveryKeyPair;
use jiafang_sync_server::backup;
use jiafang_sync_server::identity::Identity;
use jiafang_sync_server::invite::{Invite, invite};
use jiafang_sync_server::serve::Server;
use jiafang_sync_server::setup::{self, Setup};
use jiafang_sync_server::store::{apart, log, register};

use super::fate;
use super::plan::{Post, VILLAGES};
use super::time::{WrongClock, environment};
use crate::fiction::{Fiction, Size};
use crate::kit::township::copy_folder;

/// A backup: where it lies, and what the log held when it was made.
pub(super) struct Backup {
    pub(super) folder: PathBuf,
    pub(super) holds: Vec<Hash32>,
}

/// The office.
pub(super) struct Office {
    pub(super) villages: Vec<PlaceCode>,
    pub(super) township: PlaceCode,
    server: Option<Server>,
    pub(super) backups: Vec<Backup>,
    pub(super) restored: u32,
    pub(super) disk_is_full: bool,
    folder: PathBuf,
    clock: Arc<WrongClock>,
    seed: u64,
    starts: u64,
    invited: u32,
}

fn small_county() -> County {
    let mut county = Fiction::new(1).county(Size::Township);
    let township =
        county.places.iter().find_map(|place| place.code.is_village().then(|| place.code.parent())).flatten();
    let township = township.expect("a township");
    let mut villages = 0;
    county.places.retain(|place| {
        let stays = place.code.is_village() && place.code.parent().as_ref() == Some(&township) && villages < VILLAGES;
        villages += u8::from(stays);
        stays || place.code == township
    });
    county.schools.clear();
    county
}

impl Office {
    /// Sets a county up and opens it.
    pub(super) fn set_up(folder: &Path, truth: &Arc<AtomicI64>, seed: u64) -> Self {
        let clock = WrongClock::of(truth);
        let county = small_county();
        let data = folder.join("server");
        // Keys are the same in every simulation: making them would cost more than most simulations.
        let chance = environment(&clock, 0, 0);
        let recovery = RecoveryKeyPair::generate(&chance);
        let identity = Identity::create("localhost", &chance).expect("keys");
        let setup =
            Setup { county: &county, address: "127.0.0.1:1", recovery: &recovery.public, without_backup: false };
        drop(setup::create(&data, &setup, &identity, &environment(&clock, seed, 1)).expect("a county"));
        let villages: Vec<PlaceCode> =
            county.places.iter().filter(|place| place.code.is_village()).map(|place| place.code.clone()).collect();
        let township = villages.first().and_then(PlaceCode::parent).expect("a township");
        let server = Server::open(&data, environment(&clock, seed, 2)).expect("the county opens");
        Self {
            villages,
            township,
            server: Some(server),
            backups: Vec::new(),
            restored: 0,
            disk_is_full: false,
            folder: folder.to_path_buf(),
            clock,
            seed,
            starts: 2,
            invited: 0,
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("server")
    }

    pub(super) fn environment(&mut self) -> Environment {
        self.starts = self.starts.saturating_add(1);
        environment(&self.clock, self.seed, self.starts)
    }

    /// The server is killed, and started again from what lies on the disk.
    pub(super) fn server_dies_and_starts_again(&mut self) {
        let image = self.folder.join(format!("server-{}", self.starts));
        copy_folder(&self.data(), &image);
        self.takes(&image);
        std::fs::remove_dir_all(&image).expect("the image goes");
    }

    /// The server's data is replaced by what lies in a folder.
    fn takes(&mut self, image: &Path) {
        // The old server lets go of its files before they go.
        self.server = None;
        std::fs::remove_dir_all(self.data()).expect("the old data goes");
        copy_folder(image, &self.data());
        let environment = self.environment();
        self.server = Some(Server::open(&self.data(), environment).expect("the county opens again"));
        self.disk_is_full = false;
    }

    /// The server that runs.
    pub(super) fn server(&self) -> &Server {
        self.server.as_ref().expect("a server runs")
    }

    /// A backup is made, as every night.
    pub(super) fn backs_up(&mut self) -> Result<u64, String> {
        let folder = self.folder.join(format!("backup-{}", self.backups.len()));
        let holds = self.log().iter().map(Envelope::hash).collect();
        let made =
            backup::back_up(&self.data(), &self.server().store, &folder).map_err(|failure| failure.to_string())?;
        self.backups.push(Backup { folder, holds });
        Ok(made.seq)
    }

    /// The disk breaks, and a backup takes its place: the newest for age 0.
    pub(super) fn is_restored(&mut self, age: u8) -> Option<u64> {
        let number = self.backups.len().checked_sub(usize::from(age) + 1)?;
        let folder = self.backups.get(number)?.folder.clone();
        self.takes(&folder);
        self.restored = self.restored.saturating_add(1);
        Some(self.server().store.read(log::head).expect("the log").seq)
    }

    /// The server's disk has so many pages left, or room again.
    pub(super) fn leaves_pages(&mut self, pages: Option<u8>) {
        self.disk_is_full = pages.is_some();
        self.on_the_writer(|writer| fate::leave_pages(writer, pages.map(u16::from)));
    }

    /// The server will be killed when it has written so many more rows.
    pub(super) fn will_die_at_write(&self, rows: u8) {
        self.on_the_writer(|writer| fate::kill_at_write(writer, u16::from(rows)));
    }

    /// It will not.
    pub(super) fn will_live(&self) {
        self.on_the_writer(fate::spare);
    }

    fn on_the_writer(&self, work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<()>) {
        let done = self.server().store.transact(|tx| {
            work(tx).expect("the simulator's own statement");
            Ok(())
        });
        // A disk that is full to the last page cannot even be limited: it is full already.
        drop(done);
    }

    pub(super) fn scopes_of(&self, post: Post) -> (Role, Vec<Scope>) {
        let village = |number: u8| {
            let village = self.villages.get(usize::from(number % VILLAGES)).expect("a village");
            Scope::Place(village.clone())
        };
        let (role, mut scopes) = match post {
            Post::Coordinator => (Role::TownshipOfficer, vec![Scope::Place(self.township.clone())]),
            Post::Clerk => (Role::RecordsClerk, vec![Scope::Place(self.township.clone())]),
            Post::Lead => (Role::CountyLead, vec![Scope::Place(self.township.clone())]),
            Post::TeacherOfVillage(number) => (Role::ClassTeacher, vec![village(number)]),
            Post::TeacherOfTwo(one, two) => (Role::ClassTeacher, vec![village(one), village(two)]),
        };
        scopes.sort();
        scopes.dedup();
        (role, scopes)
    }

    /// The code that enrols a device of somebody new.
    pub(super) fn invites(&mut self, post: Post) -> Result<String, String> {
        self.invited = self.invited.saturating_add(1);
        let (role, scopes) = self.scopes_of(post);
        let whom = Invite { name: format!("第{}位", self.invited), role, scopes, person: None, valid_days: 14 };
        let environment = self.environment();
        invite(&self.server().store, &self.server().identity, &whom, &environment)
            .map(|code| code.to_text())
            .map_err(|failure| failure.to_string())
    }

    /// Writes a fact into the register; `false` when the disk is too full for it.
    fn writes(&mut self, fact: RegisterFact) -> bool {
        let now = self.environment().now();
        let Server { store, identity, .. } = self.server();
        store.transact(|tx| register::write(tx, fact, &identity.county, now)).is_ok()
    }

    /// A device may not sync any more.
    pub(super) fn revokes(&mut self, certificate: CertificateId) -> bool {
        self.writes(RegisterFact::Revoked { certificate })
    }

    /// A person gets another post; `false` when the register does not know the person.
    pub(super) fn gives_post(&mut self, person: PersonId, post: Post) -> bool {
        let Some((name, _)) =
            self.server().store.read(|connection| register::person(connection, person)).ok().flatten()
        else {
            return false;
        };
        let (role, scopes) = self.scopes_of(post);
        self.writes(RegisterFact::Person { person, name, role, scopes })
    }

    /// Whether the register knows a certificate and has not revoked it.
    pub(super) fn lets_in(&self, certificate: CertificateId) -> bool {
        self.server().store.read(|connection| register::device(connection, certificate)).is_ok_and(|it| it.is_some())
    }

    /// All envelopes of the log, in their order.
    pub(super) fn log(&self) -> Vec<Envelope> {
        let rows = self.server().store.read(|connection| {
            let mut statement = connection.prepare("SELECT bytes FROM log ORDER BY seq").expect("the log");
            let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).expect("the log");
            Ok(rows.map(|bytes| Envelope::from_bytes(&bytes.expect("a row")).expect("an envelope")).collect())
        });
        rows.expect("the log can be read")
    }

    /// Hashes of what waits apart, with the reason.
    pub(super) fn apart(&self) -> Vec<(Hash32, String)> {
        let rows = self.server().store.read(apart::all).expect("what waits apart");
        rows.into_iter().map(|row| (row.hash, row.reason.key().to_owned())).collect()
    }

    /// All dossiers of the log with where they lie.
    pub(super) fn documents(&self, kind: DocumentKind) -> Vec<(DocumentId, log::Placement)> {
        self.server().store.read(|connection| log::documents(connection, kind)).expect("the documents")
    }
}
