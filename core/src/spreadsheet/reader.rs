//! Reads the bytes of a spreadsheet into a [`Sheet`].
//!
//! What the file is, its content says and not its name: web systems call tab-separated text .xls. Nothing from
//! outside may panic, hang or ask for more memory than the limits of [`super`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::refusal::too_large;
use super::{FILE_BYTES_MAX, Sheet, delimited_text, workbook};
use crate::error::{ErrorCode, Failure, Result};

/// Reads the sheet that has a header row, or else the first one that holds anything. `file_name` names a .csv's
/// sheet and nothing more.
///
/// # Errors
/// [`ErrorCode::SpreadsheetTooLarge`] with the fact `limit`; [`ErrorCode::SpreadsheetUnreadable`] for what is
/// damaged, protected by a password (fact `reason` = `protected`), or no spreadsheet.
pub fn read_sheet(file_name: &str, bytes: &[u8]) -> Result<Sheet> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(too_large("bytes"));
    }
    // calamine and what it stands on index into records by lengths that the file gives: hostile bytes make them
    // panic (a seeded test below looks for it). They are handed a copy and nothing of ours is half-changed.
    let read = catch_unwind(AssertUnwindSafe(|| match bytes {
        [b'P', b'K', 3, 4, ..] => workbook::read_xlsx(bytes),
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => workbook::read_xls(bytes),
        _ => delimited_text::read(file_name, bytes),
    }));
    read.unwrap_or_else(|_| Err(Failure::new(ErrorCode::SpreadsheetUnreadable, "the reader stumbled over the file")))
}
