//! A township: a real server with its county, and the people who are invited to it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiafang_core::domain::county::County;
use jiafang_core::domain::place::{PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::environment::{Clock, Environment};
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::protocol::sync::Rights;
use jiafang_core::vault::recovery::answer_recovery;
use jiafang_core::vault::recovery_key::RecoveryKeyPair;
use jiafang_sync_server::identity::Identity;
use jiafang_sync_server::invite::{Invite, invite};
use jiafang_sync_server::serve::{Running, Server};
use jiafang_sync_server::setup::{self, Setup};
use jiafang_sync_server::store::{Store, apart, log, register};
use jiafang_sync_server::{backup, county_ledger};
use tempfile::TempDir;

use super::field_clock::{FieldClock, environment};
use super::person::Person;
use crate::fiction::{Fiction, Size};

/// A township with its server.
pub struct Township {
    /// The places and schools.
    pub county: County,
    /// Where all children of the tests come from.
    pub fiction: Fiction,
    /// The server's clock.
    pub clock: Arc<FieldClock>,
    /// The county's recovery key.
    pub recovery: RecoveryKeyPair,
    folder: PathBuf,
    environment: Environment,
    runtime: tokio::runtime::Runtime,
    running: Option<Running>,
    address: SocketAddr,
    seed: u64,
    people: u64,
    /// Goes with the township, after all that lies in it was closed.
    temporary: Option<TempDir>,
}

impl Township {
    /// Sets up a county of one township in a temporary folder and serves it on a free port.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        // The port is chosen first: enrolment codes carry it.
        let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
        let folder = temporary.path().to_path_buf();
        let mut township = Self::lasting(seed, &folder, address, FieldClock::new());
        township.temporary = Some(temporary);
        township
    }

    /// Sets up a county of one township in a folder that stays, served on this address.
    #[must_use]
    pub fn lasting(seed: u64, folder: &Path, address: SocketAddr, clock: Arc<FieldClock>) -> Self {
        let _ = tracing_subscriber::fmt().with_test_writer().with_env_filter("info").try_init();
        tracing::info!("seed {seed}");
        let fiction = Fiction::new(seed);
        let county = fiction.county(Size::Township);
        let environment = environment(&clock, seed);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let recovery = RecoveryKeyPair::generate(&environment);
        let setup =
            Setup { county: &county, address: &address.to_string(), recovery: &recovery.public, without_backup: false };
        let identity = Identity::create("localhost", &environment).expect("keys");
        drop(setup::create(&folder.join("server"), &setup, &identity, &environment).expect("a county"));
        let mut township = Self {
            county,
            fiction,
            clock,
            recovery,
            folder: folder.to_path_buf(),
            environment,
            runtime,
            running: None,
            address,
            seed,
            people: 0,
            temporary: None,
        };
        township.server_starts();
        township
    }

    /// Where the server's data lies.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("server")
    }

    /// A folder beside the server's.
    #[must_use]
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Starts the server.
    pub fn server_starts(&mut self) {
        let server = Server::open(&self.data(), self.environment.clone()).expect("the county opens");
        self.running = Some(self.runtime.block_on(server.start(self.address)).expect("the server starts"));
    }

    /// Starts the server again as one that packs nothing before its background step has looked at it, which does not run here.
    pub fn server_packs_after_looks(&mut self) {
        self.server_stops();
        let server = Server::open(&self.data(), self.environment.clone()).expect("the county opens");
        let started = self.runtime.block_on(server.packing_after_looks().start(self.address));
        self.running = Some(started.expect("the server starts"));
    }

    /// Stops the server.
    pub fn server_stops(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }

    /// Copies everything to a folder beside, as the nightly backup does.
    pub fn backs_up(&self, name: &str) {
        backup::back_up(&self.data(), &self.store(), &self.beside(name)).expect("a backup");
    }

    /// Replaces the server's data by a backup.
    pub fn is_restored_from(&mut self, name: &str) {
        self.server_stops();
        std::fs::remove_dir_all(self.data()).expect("the old data goes");
        copy_folder(&self.beside(name), &self.data());
        self.server_starts();
    }

    /// The server's store, opened beside the one that serves.
    #[must_use]
    pub fn store(&self) -> Store {
        Store::open(&self.data()).expect("the server's store")
    }

    /// The code of the `number`-th village.
    #[must_use]
    pub fn village(&self, number: usize) -> PlaceCode {
        self.county
            .places
            .iter()
            .filter(|place| place.code.is_village())
            .nth(number)
            .map(|place| place.code.clone())
            .expect("a village")
    }

    /// The township's own code.
    #[must_use]
    pub fn township(&self) -> PlaceCode {
        self.village(0).parent().expect("a township")
    }

    /// An enrolment code for somebody.
    #[must_use]
    pub fn invites(&self, name: &str, role: Role, scope: Scope) -> String {
        self.invites_for(name, role, scope, 14)
    }

    /// An enrolment code that is valid for so many days.
    #[must_use]
    pub fn invites_for(&self, name: &str, role: Role, scope: Scope, valid_days: u32) -> String {
        let identity = Identity::read(&self.data()).expect("keys");
        let whom = Invite { name: name.to_owned(), role, scopes: vec![scope], person: None, valid_days };
        invite(&self.store(), &identity, &whom, &self.environment).expect("an invitation").to_text()
    }

    /// Somebody with a new device that is not enrolled.
    pub fn somebody(&mut self, name: &str) -> Person {
        self.people = self.people.saturating_add(1);
        let folder = self.beside(&format!("device-{}", self.people));
        Person::with_new_device(
            name,
            &folder,
            self.seed.wrapping_mul(1_000).wrapping_add(self.people),
            self.clock.now(),
        )
    }

    /// Somebody with a new device whose disk is mounted here.
    #[must_use]
    pub fn somebody_on(&self, name: &str, disk: &Path) -> Person {
        Person::with_new_device(name, disk, self.seed.wrapping_mul(1_000), self.clock.now())
    }

    /// Shuts out every device of somebody.
    pub fn revokes(&self, name: &str) {
        let identity = Identity::read(&self.data()).expect("keys");
        let store = self.store();
        let people = store.read(register::people).expect("people");
        let person = people.iter().find(|person| person.name == name).expect("somebody has that name");
        for (certificate, _) in &person.certificates {
            let fact = RegisterFact::Revoked { certificate: *certificate };
            store
                .transact(|tx| register::write(tx, fact, &identity.county, self.environment.now()))
                .expect("a register entry");
        }
    }

    /// The register tells of somebody under another name.
    pub fn renames(&self, name: &str, new_name: &str) {
        let identity = Identity::read(&self.data()).expect("keys");
        let store = self.store();
        let people = store.read(register::people).expect("people");
        let person = people.iter().find(|person| person.name == name).expect("somebody has that name");
        let Rights { role, scopes } = person.rights.clone().expect("rights");
        let fact = RegisterFact::Person { person: person.id, name: new_name.to_owned(), role, scopes };
        store
            .transact(|tx| register::write(tx, fact, &identity.county, self.environment.now()))
            .expect("a register entry");
    }

    /// Gives somebody another role and scope in the register; the devices hear of it at their next sync.
    pub fn gives(&self, name: &str, role: Role, scope: Scope) {
        self.gives_all(name, role, vec![scope]);
    }

    /// Gives somebody a role with several scopes.
    pub fn gives_all(&self, name: &str, role: Role, scopes: Vec<Scope>) {
        let identity = Identity::read(&self.data()).expect("keys");
        let store = self.store();
        let people = store.read(register::people).expect("people");
        let person = people.iter().find(|person| person.name == name).expect("somebody has that name");
        let fact = RegisterFact::Person { person: person.id, name: person.name.clone(), role, scopes };
        store
            .transact(|tx| register::write(tx, fact, &identity.county, self.environment.now()))
            .expect("a register entry");
    }

    /// The office answers a forgotten PIN, with the recovery key from the safe.
    #[must_use]
    pub fn answers_recovery(&self, request: &str) -> String {
        answer_recovery(&self.recovery.secret, request, &self.environment).expect("a request that can be read")
    }

    /// Records in the server's log.
    #[must_use]
    pub fn log_length(&self) -> u64 {
        self.store().read(log::head).expect("the log").seq
    }

    /// Records that the server keeps apart.
    #[must_use]
    pub fn kept_apart(&self) -> usize {
        self.store().read(apart::all).expect("what is kept apart").len()
    }

    /// A teacher with an enrolled tablet.
    pub fn teacher(&mut self, name: &str, scope: Scope) -> Person {
        let code = self.invites(name, Role::ClassTeacher, scope);
        let teacher = self.somebody(name);
        teacher.enrols(&code);
        teacher
    }

    /// The township's coordinator with an enrolled desk.
    pub fn coordinator(&mut self, name: &str) -> Person {
        let code = self.invites(name, Role::TownshipOfficer, Scope::Place(self.township()));
        let coordinator = self.somebody(name);
        coordinator.enrols(&code);
        coordinator
    }

    /// Fails unless the server's fold and a desk's stored ledger are the same (invariant 3).
    pub fn assert_same_ledger(&self, desk: &Person) {
        let county = county_ledger::fold(&self.store()).expect("the server's ledger");
        assert!(county.damaged.is_empty(), "the server reads every dossier");
        let desk_rows = desk.ledger_rows();
        assert_eq!(county.rows.len(), desk_rows.len(), "as many rows on the server as on {}'s desk", desk.name);
        for ((server_id, server_row), (desk_id, desk_row)) in county.rows.iter().zip(&desk_rows) {
            assert_eq!(server_id, desk_id);
            assert_eq!(server_row, desk_row, "the row of {server_id}");
        }
    }
}

impl Drop for Township {
    fn drop(&mut self) {
        self.server_stops();
    }
}

/// Copies a folder as it lies on the disk now.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file");
        }
    }
}
