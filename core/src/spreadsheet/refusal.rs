//! Why a file is not read, in the words of the closed list of failures.

use crate::error::{ErrorCode, Failure};

/// What was being read could not be.
pub(super) fn unreadable(part: &str, cause: impl std::error::Error) -> Failure {
    // A cause may quote cells: only its kind goes to the log.
    let kind = std::any::type_name_of_val(&cause);
    Failure::new(ErrorCode::SpreadsheetUnreadable, format!("{part} cannot be read: {kind}"))
}

/// A limit is exceeded.
pub(super) fn too_large(limit: &'static str) -> Failure {
    Failure::new(ErrorCode::SpreadsheetTooLarge, format!("more {limit} than can be taken")).fact("limit", limit)
}

/// The file asks for a password.
pub(super) fn protected() -> Failure {
    Failure::new(ErrorCode::SpreadsheetUnreadable, "protected by a password").fact("reason", "protected")
}
