//! Writes a file to the place that a person has chosen in the system's dialog.

use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::files::write_atomically;
use tauri::AppHandle;
use tauri_plugin_fs::FilePath;

/// Writes the bytes there; gives what to call the place in a sentence: a path on a desk, nothing on a tablet, where the
/// system's own address says nothing to a person.
///
/// # Errors
/// [`ErrorCode::FileWriteFailed`]; on a desk an older file of that name is still whole then.
pub(crate) fn write(app: &AppHandle, place: FilePath, bytes: &[u8]) -> Result<String> {
    match place {
        FilePath::Path(path) => {
            write_atomically(&path, bytes)?;
            Ok(path.display().to_string())
        }
        #[cfg(target_os = "android")]
        address @ FilePath::Url(_) => {
            write_to_address(app, address, bytes).map_err(|cause| {
                Failure::caused(ErrorCode::FileWriteFailed, "the chosen place cannot be written to", cause)
            })?;
            Ok(String::new())
        }
        #[cfg(not(target_os = "android"))]
        FilePath::Url(_) => {
            let _ = app;
            Err(Failure::new(ErrorCode::FileWriteFailed, "the chosen place is no file"))
        }
    }
}

/// The dialog has made the file, empty; whoever offers the place (a stick, a folder, a cloud's app) takes the bytes.
#[cfg(target_os = "android")]
fn write_to_address(app: &AppHandle, address: FilePath, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use tauri_plugin_fs::{FsExt, OpenOptions};

    let mut options = OpenOptions::new();
    options.read(false).write(true).truncate(true);
    let mut file = app.fs().open(address, options)?;
    file.write_all(bytes)?;
    file.sync_all().or_else(|cause| {
        // A pipe to another app's provider cannot be synced, and need not be.
        if cause.kind() == std::io::ErrorKind::InvalidInput { Ok(()) } else { Err(cause) }
    })
}
