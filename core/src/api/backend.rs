//! The backend behind the user interface: the same on a tablet, a desk, and a browser of the tests. A host
//! gives it a folder, time, a connector, and an ear for changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::held::held;
pub use super::host::Host;
use super::made_file::MadeFiles;
use super::roster::PreviewedRosters;
use super::running_sync::Syncing;
use super::screen_lock::ScreenLock;
use super::state::{self, AppState};
use crate::app::device::Device;
use crate::app::enrol;
use crate::app::shared_device::SharedDevice;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};
use crate::store::Durability;
use crate::sync::link::Connector;
use crate::vault::key_file::KeyFile;

/// The backend.
pub struct Backend {
    pub(super) folder: PathBuf,
    pub(super) keys: KeyFile,
    pub(super) environment: Environment,
    pub(super) connector: Arc<dyn Connector>,
    pub(super) durability: Durability,
    pub(super) host: Arc<dyn Host>,
    pub(super) device: Arc<SharedDevice>,
    pub(super) syncing: Arc<Syncing>,
    pub(super) screen: Mutex<ScreenLock>,
    pub(super) rosters: PreviewedRosters,
    pub(super) files: MadeFiles,
}

impl Backend {
    /// A backend over a folder of its own.
    #[must_use]
    pub fn new(
        folder: &Path,
        keys: KeyFile,
        environment: Environment,
        connector: Arc<dyn Connector>,
        host: Arc<dyn Host>,
        durability: Durability,
    ) -> Self {
        Self {
            folder: folder.to_path_buf(),
            keys,
            environment,
            connector,
            durability,
            host,
            device: Arc::new(Mutex::new(None)),
            syncing: Arc::new(Syncing::default()),
            screen: Mutex::new(ScreenLock::default()),
            rosters: PreviewedRosters::default(),
            files: MadeFiles::default(),
        }
    }

    /// Works with the unlocked device.
    ///
    /// # Errors
    /// [`ErrorCode::Locked`], also while the screens are covered, and what the work says.
    pub fn with_device<T>(&self, work: impl FnOnce(&mut Device) -> Result<T>) -> Result<T> {
        if held(&self.screen).is_covered() {
            return Err(Failure::new(ErrorCode::Locked, "the screens are covered"));
        }
        match held(&self.device).as_mut() {
            Some(device) => work(device),
            None => Err(Failure::new(ErrorCode::Locked, "the device is locked")),
        }
    }

    pub(super) fn open(&self, device: Device) -> Result<AppState> {
        *held(&self.device) = Some(device);
        held(&self.screen).pin_typed(&self.environment);
        self.host.changed();
        self.state()
    }

    pub(super) fn state(&self) -> Result<AppState> {
        let enrolled = enrol::is_enrolled(&self.folder, &self.keys);
        let wait_seconds = if enrolled { self.keys.wait_seconds(&self.environment)? } else { 0 };
        let today = self.environment.now().day();
        state::view(held(&self.device).as_ref(), self.cover(), enrolled, wait_seconds, today)
    }

    /// The bytes of a file that was made, once, with its name.
    ///
    /// # Errors
    /// [`ErrorCode::ImportNotHere`] when it was fetched already.
    pub fn take_file(&self, file_id: &str) -> Result<(String, Vec<u8>)> {
        self.files.take(file_id)
    }

    pub(super) fn host(&self) -> Arc<dyn Host> {
        Arc::clone(&self.host)
    }

    pub(super) fn files(&self) -> &MadeFiles {
        &self.files
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }
}
