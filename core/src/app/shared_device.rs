//! The device as the threads of a program share it: held for as long as the store is read or written, and gone when it is locked.

use std::sync::{Mutex, PoisonError};

use super::device::Device;
use crate::error::{ErrorCode, Failure, Result};

/// A device that may be locked while a sync runs: then the sync ends.
pub type SharedDevice = Mutex<Option<Device>>;

/// Works with the device, and holds it for no longer.
///
/// # Errors
/// [`ErrorCode::Locked`], and what the work says.
pub(super) fn with<T>(device: &SharedDevice, work: impl FnOnce(&mut Device) -> Result<T>) -> Result<T> {
    // A panic elsewhere leaves no half-done work in the store: transactions are whole.
    let mut guard = device.lock().unwrap_or_else(PoisonError::into_inner);
    match guard.as_mut() {
        Some(device) => work(device),
        None => Err(Failure::new(ErrorCode::Locked, "the device was locked during a sync")),
    }
}
