//! A county with its server, for a test.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiafang_core::domain::county::County as Places;
use jiafang_core::domain::identifier::{Hash32, PersonId};
use jiafang_core::domain::place::{Place, PlaceCode, School, SchoolCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::domain::time::Timestamp;
use jiafang_core::environment::{Clock, Environment};
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::vault::enrolment_code::EnrolmentCode;
use jiafang_core::vault::recovery_key::RecoveryKeyPair;
use jiafang_sync_server::identity::Identity;
use jiafang_sync_server::invite::{Invite, invite};
use jiafang_sync_server::serve::{Running, Server};
use jiafang_sync_server::setup::{Setup, create};
use jiafang_sync_server::store::{Store, register};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// 云岭村, in the township of the officer.
pub(crate) const YUNLING: &str = "999999101001";
/// 石桥村, in the same township.
pub(crate) const SHIQIAO: &str = "999999101002";
/// The township of both.
pub(crate) const QINGSHI: &str = "999999101";

/// 24 November 2026, morning.
const BEGINNING_MS: i64 = 1_795_490_000_000;

/// A clock that goes on when it is told to.
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.load(Ordering::Relaxed))
    }

    fn monotonic_ms(&self) -> u64 {
        0
    }
}

/// A county: its data folder, and the server while it runs.
pub(crate) struct County {
    folder: TempDir,
    data: PathBuf,
    clock: Arc<TestClock>,
    pub(crate) environment: Environment,
    runtime: Runtime,
    running: Option<Running>,
}

impl County {
    /// A county with a server that runs.
    pub(crate) fn served() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Self::new(folder, data, false)
    }

    /// A county whose data folder lies on some other disk.
    pub(crate) fn served_on(disk: &Path) -> Self {
        Self::new(tempfile::tempdir().unwrap(), disk.join("data"), false)
    }

    /// A county that has chosen to run without a backup.
    pub(crate) fn served_without_backup() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Self::new(folder, data, true)
    }

    fn new(folder: TempDir, data: PathBuf, without_backup: bool) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(BEGINNING_MS)));
        let environment = Environment { clock: clock.clone(), ..Environment::of_this_machine() };
        let identity = Identity::create("127.0.0.1", &environment).unwrap();
        let setup = Setup {
            county: &places(),
            address: "127.0.0.1:8443",
            recovery: &RecoveryKeyPair::generate(&environment).public,
            without_backup,
        };
        create(&data, &setup, &identity, &environment).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut county = Self { folder, data, clock, environment, runtime, running: None };
        county.starts();
        county
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.data.clone()
    }

    /// A folder beside it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the server listens now.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running.as_ref().expect("the server runs").address
    }

    /// The server's fingerprint, as codes carry it.
    pub(crate) fn fingerprint(&self) -> Hash32 {
        Identity::read(&self.data()).unwrap().fingerprint().unwrap()
    }

    /// Another look at the store, as the administrator's commands have it.
    pub(crate) fn store(&self) -> Store {
        Store::open(&self.data()).unwrap()
    }

    /// Starts the server, on another port than before.
    pub(crate) fn starts(&mut self) {
        let server = Server::open(&self.data(), self.environment.clone()).unwrap();
        self.running = Some(self.runtime.block_on(server.start("127.0.0.1:0".parse().unwrap())).unwrap());
    }

    /// Stops the server; requests in work are finished.
    pub(crate) fn stops(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }

    /// Puts what a backup holds in the place of the data folder: what a county does after its disk has died.
    pub(crate) fn is_restored_from(&mut self, backup: &Path) {
        self.stops();
        std::fs::remove_dir_all(self.data()).unwrap();
        copy_folder(backup, &self.data());
        self.starts();
    }

    /// Days go by.
    pub(crate) fn days_pass(&self, days: i64) {
        self.clock.0.fetch_add(days * 86_400_000, Ordering::Relaxed);
    }

    /// A code for somebody new.
    pub(crate) fn invites(&self, name: &str, role: Role, scope: &str) -> EnrolmentCode {
        self.invites_again(None, name, role, scope)
    }

    /// A code for another device of somebody, with what that person may do from now on.
    pub(crate) fn invites_again(&self, person: Option<PersonId>, name: &str, role: Role, scope: &str) -> EnrolmentCode {
        let wanted =
            Invite { name: name.to_owned(), role, scopes: vec![Scope::parse(scope).unwrap()], person, valid_days: 14 };
        invite(&self.store(), &Identity::read(&self.data()).unwrap(), &wanted, &self.environment).unwrap()
    }

    /// Writes a fact into the register.
    pub(crate) fn registers(&self, fact: RegisterFact) {
        let identity = Identity::read(&self.data()).unwrap();
        let now = self.environment.now();
        self.store().transact(|tx| register::write(tx, fact, &identity.county, now).map(|_| ())).unwrap();
    }

    /// How many envelopes the log holds.
    pub(crate) fn log_length(&self) -> u64 {
        self.store().read(jiafang_sync_server::store::log::head).unwrap().seq
    }
}

impl Drop for County {
    fn drop(&mut self) {
        self.stops();
    }
}

fn places() -> Places {
    let place = |code: &str, name: &str| Place {
        code: PlaceCode::parse(code).unwrap(),
        name: name.to_owned(),
        former_names: vec![],
        merged_into: None,
        key_area: false,
    };
    Places {
        county: place("999999", "云岭县"),
        places: vec![place(QINGSHI, "青石乡"), place(YUNLING, "云岭村"), place(SHIQIAO, "石桥村")],
        schools: vec![School {
            former_names: vec![],
            merged_into: None,
            code: SchoolCode("9999990001".to_owned()),
            name: "青石小学".to_owned(),
            township: PlaceCode::parse(QINGSHI).unwrap(),
            classes: vec![],
        }],
        calendar: jiafang_core::domain::calendar::Calendar::default(),
        rules: Vec::new(),
        codes: vec![],
        duty: jiafang_core::domain::duty::DutyGrid::default(),
        evidence: vec![],
        home_teaching: vec![],
        looks: vec![],
        method: vec![],
        round_from: None,
    }
}

/// Copies a folder with all that lies in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
