//! A county whose server is a process of its own: set up here, served by the program `jiafang-sync-server`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiafang_core::domain::county::County;
use jiafang_core::domain::place::{PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::environment::Environment;
use jiafang_core::vault::recovery_key::RecoveryKeyPair;
use jiafang_sync_server::identity::Identity;
use jiafang_sync_server::invite::{Invite, invite};
use jiafang_sync_server::setup::{self, Setup};
use jiafang_sync_server::store::Store;

use crate::fiction::{Fiction, Size};

/// Where a program of the workspace lies.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let folder = std::env::var_os("JIAFANG_BIN_DIR").map_or_else(
        || {
            // Tests run from `deps`, programs from beside it.
            let here = std::env::current_exe().expect("this program");
            let folder = here.parent().expect("its folder").to_path_buf();
            if folder.ends_with("deps") { folder.join("..") } else { folder }
        },
        PathBuf::from,
    );
    let path = folder.join(name);
    assert!(path.exists(), "{} is not built: ./dev builds the programs before it runs the tests", path.display());
    path
}

/// A county with the folder of its server.
pub struct DrillCounty {
    /// The places and schools.
    pub county: County,
    data: PathBuf,
    address: String,
    environment: Environment,
}

impl DrillCounty {
    /// Sets up a county of one township, whose server will be reached at this address.
    ///
    /// # Panics
    /// When that fails.
    #[must_use]
    pub fn new(seed: u64, data: &Path, address: &str) -> Self {
        let environment = Environment::of_this_machine();
        let county = Fiction::new(seed).county(Size::Township);
        let recovery = RecoveryKeyPair::generate(&environment);
        let setup = Setup { county: &county, address, recovery: &recovery.public, without_backup: false };
        let identity = Identity::create("localhost", &environment).expect("keys");
        drop(setup::create(data, &setup, &identity, &environment).expect("a county"));
        Self { county, data: data.to_path_buf(), address: address.to_owned(), environment }
    }

    /// The server's data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The server's store, opened beside the process that serves.
    ///
    /// # Panics
    /// When it does not open.
    #[must_use]
    pub fn store(&self) -> Store {
        Store::open(&self.data).expect("the server's store")
    }

    /// The code of a village.
    ///
    /// # Panics
    /// When the township has fewer.
    #[must_use]
    pub fn village(&self, number: usize) -> PlaceCode {
        let mut villages = self.county.places.iter().filter(|place| place.code.is_village());
        villages.nth(number).expect("a village").code.clone()
    }

    /// An enrolment code for somebody with a role and a scope.
    ///
    /// # Panics
    /// When that fails.
    #[must_use]
    pub fn invites(&self, name: &str, role: Role, scope: Scope) -> String {
        let identity = Identity::read(&self.data).expect("keys");
        let whom = Invite { name: name.to_owned(), role, scopes: vec![scope], person: None, valid_days: 14 };
        invite(&self.store(), &identity, &whom, &self.environment).expect("an invitation").to_text()
    }

    /// Starts the server by this command of its program, and waits until it listens.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn serves(&self, mut program: Command) -> ServerProcess {
        let mut child = program
            .args(["serve", "--listen", &self.address, "--data"])
            .arg(&self.data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // It writes a line for each request.
            .stderr(Stdio::null())
            .spawn()
            .expect("the server's program");
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("its output"));
        said.read_line(&mut line).expect("a line");
        assert!(line.contains("Serving on"), "the server said: {line:?}");
        ServerProcess { child }
    }
}

/// A server that runs.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
}

impl ServerProcess {
    /// The process's id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

/// `kill -9`: the server is never asked to stop.
impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
