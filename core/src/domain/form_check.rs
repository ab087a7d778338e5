//! What is asked of a field in the same way by many forms.

use super::time::Day;
use crate::error::{Failure, Result};

/// A text that is needed: not empty, and not of spaces alone.
///
/// # Errors
/// [`crate::error::ErrorCode::FieldMissing`] with the field.
pub fn filled(text: &str, field: &'static str) -> Result<()> {
    if text.trim().is_empty() { Err(Failure::missing(field)) } else { Ok(()) }
}

/// A day on which something was done: not after today.
///
/// # Errors
/// [`crate::error::ErrorCode::FieldInvalid`] with the field.
pub fn not_after(today: Day, day: Day, field: &'static str) -> Result<()> {
    if day > today { Err(Failure::invalid(field, "in_the_future")) } else { Ok(()) }
}
