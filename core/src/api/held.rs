//! Locks of the backend.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A lock whose holder panicked guards nothing half done here: stores commit whole.
pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
