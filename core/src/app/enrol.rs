//! Enrols this device: a code for a certificate, a PIN for a key, and an empty store.

use std::path::Path;

use super::device::Device;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};
use crate::protocol::enrol::EnrolRequest;
use crate::protocol::sync::Rights;
use crate::store::device::{self, Enrolment};
use crate::store::{Durability, FILE_NAME, Store, projection};
use crate::sync::link::Connector;
use crate::vault::enrolment_code::EnrolmentCode;
use crate::vault::key_file::KeyFile;
use crate::vault::pin::Pin;
use crate::vault::recovery_key::RecoveryPublicKey;
use crate::vault::signing::DeviceSigner;

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
    std::fs::create_dir_all(folder)?;
    let signer = DeviceSigner::new(environment);
    let request = EnrolRequest::new(*code.token(), &signer);
    let answer = connector.enrol(code.address(), code.fingerprint(), &request)?;
    // The key file comes first: a store without it could never be opened. An enrolment that dies between the
    // two is begun again with a new code.
    let data_key = keys.create(pin, &RecoveryPublicKey::from_bytes(answer.recovery_public_key), environment)?;
    discard_unfinished_store(folder)?;
    let mut store = Store::open(folder, &data_key, durability)?;
    store.transact(|tx| {
        device::enrol(
            tx,
            &Enrolment {
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
            },
        )?;
        projection::set_version(tx, projection::VERSION)?;
        let mut standing = crate::store::Reading::within(tx).standing()?;
        standing.clock_ahead_ms = environment.now().unix_ms().saturating_sub(answer.server_time.unix_ms());
        device::set_standing(tx, &standing)
    })?;
    drop(store);
    Device::open(folder, &data_key, environment, durability)
}

/// Whether this folder holds an enrolled device: its keys and its store. Keys alone are what an enrolment
/// that was interrupted leaves.
#[must_use]
pub fn is_enrolled(folder: &Path, keys: &KeyFile) -> bool {
    keys.exists() && folder.join(FILE_NAME).exists()
}

/// A store that an interrupted enrolment left is under a key that nobody has any more, and holds nothing.
fn discard_unfinished_store(folder: &Path) -> Result<()> {
    for name in [FILE_NAME.to_owned(), format!("{FILE_NAME}-wal"), format!("{FILE_NAME}-shm")] {
        match std::fs::remove_file(folder.join(name)) {
            Ok(()) => {}
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {}
            Err(cause) => return Err(cause.into()),
        }
    }
    Ok(())
}
