//! The library that a tablet loads.
//!
//! The desk's program has the shell in itself and not from here: a library that Rust could link to, too, would be left out of the
//! optimisation across crates (docs/decisions/release-profile.md).

mod shell;

/// Runs the app until the system ends it.
#[cfg_attr(mobile, tauri::mobile_entry_point)]
pub fn run() {
    shell::run();
}
