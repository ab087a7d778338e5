//! Enrols this device: a code for a certificate, a PIN for a key, and an empty store.

use std::path::Path;

use super::device::Device;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};
use crate::files::{create_folders, sync_folder};
use crate::protocol::enrol::EnrolRequest;
use crate::protocol::sync::Rights;
use crate::store::device::{self, Enrolment};
use crate::store::{Durability, FILE_NAME, Store, projection, register};
use crate::sync::link::Connector;
use crate::vault::enrolment_code::EnrolmentCode;
use crate::vault::key_file::KeyFile;
use crate::vault::pin::Pin;
use crate::vault::recovery_key::RecoveryPublicKey;
use crate::vault::signing::DeviceSigner;

/// The folder in which a new store is made.
const UNFINISHED: &str = "enrolling";

/// Enrols. The PIN and the code are checked before the server is asked, since the code works once.
///
/// # Errors
/// [`ErrorCode::AlreadyEnrolled`], [`ErrorCode::PinTooWeak`], [`ErrorCode::EnrolmentCodeUnreadable`], what the
/// server says, the faults of a store.
pub fn enrol(
    folder: &Path,
    keys: &KeyFile,
    code: &str,
    pin: &str,
    connector: &dyn Connector,
    environment: &Environment,
    durability: Durability,
) -> Result<Device> {
    if is_enrolled(folder, keys) {
        return Err(Failure::new(ErrorCode::AlreadyEnrolled, "the folder holds an enrolled device"));
    }
    Pin::chosen(pin)?;
    let code = EnrolmentCode::from_text(code)?;
    create_folders(folder)?;
    if let Some(above) = folder.parent() {
        // The shell may have made the folder a moment ago. Where the system made it, the one above may not be ours to open,
        // and needs nothing of us.
        let _ = sync_folder(above);
    }
    let signer = DeviceSigner::new(environment);
    let request = EnrolRequest::new(*code.token(), &signer);
    let answer = connector.enrol(code.address(), code.fingerprint(), &request)?;
    // The key file comes first: a store without it could never be opened. The store is made beside its place and moved
    // there whole: an enrolment that dies before that is begun again with a new code.
    let data_key = keys.create(pin, &RecoveryPublicKey::from_bytes(answer.recovery_public_key), environment)?;
    let unfinished = folder.join(UNFINISHED);
    discard(&unfinished)?;
    create_folders(&unfinished)?;
    let mut store = Store::open(&unfinished, &data_key, durability)?;
    store.transact(|tx| {
        let enrolment = Enrolment {
            address: code.address().to_owned(),
            fingerprint: code.fingerprint(),
            certificate: answer.certificate,
            certificate_der: answer.certificate_der.clone(),
            signing_secret: *signer.secret(),
            person: answer.person,
            person_name: answer.person_name.clone(),
            rights: Rights { role: answer.role, scopes: answer.scopes.clone() },
            county_name: answer.county_name.clone(),
            county_key: answer.county_key,
        };
        device::enrol(tx, &enrolment)?;
        register::put_holder(tx, &enrolment)?;
        projection::set_version(tx, projection::VERSION)?;
        let mut standing = crate::store::Reading::within(tx).standing()?;
        standing.clock_ahead_ms = environment.now().unix_ms().saturating_sub(answer.server_time.unix_ms());
        device::set_standing(tx, &standing)
    })?;
    // Closing writes the log of changes into the store's one file.
    drop(store);
    if unfinished.join(format!("{FILE_NAME}-wal")).exists() {
        return Err(Failure::new(ErrorCode::StoreFailed, "the new store could not be closed"));
    }
    // Of what a power loss left in the store's place, nothing can be opened.
    for name in [format!("{FILE_NAME}-wal"), format!("{FILE_NAME}-shm")] {
        remove(&folder.join(name))?;
    }
    std::fs::rename(unfinished.join(FILE_NAME), folder.join(FILE_NAME))?;
    sync_folder(folder)?;
    discard(&unfinished)?;
    Device::open(folder, &data_key, environment, durability)
}

/// Whether this folder holds an enrolled device: its keys and its store. Keys alone are what an enrolment
/// that was interrupted leaves.
#[must_use]
pub fn is_enrolled(folder: &Path, keys: &KeyFile) -> bool {
    keys.exists() && folder.join(FILE_NAME).exists()
}

/// What an interrupted enrolment has left is under a key that nobody has any more, and holds nothing.
fn discard(unfinished: &Path) -> Result<()> {
    match std::fs::remove_dir_all(unfinished) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause.into()),
        _ => Ok(()),
    }
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause.into()),
        _ => Ok(()),
    }
}
