//! The time that the windows of a test see: the system's own, shifted for their processes alone by libfaketime, so that the
//! app that ships needs no door for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiafang_core::environment::{Clock, Environment};
use jiafang_tests::kit::field_clock::FieldClock;

/// Days that a test sets, for all of its windows and the server.
pub(crate) struct FieldTime {
    library: PathBuf,
    file: PathBuf,
    server: Arc<FieldClock>,
}

impl FieldTime {
    /// Keeps the shift in a file of this folder, which the windows read again and again.
    pub(crate) fn new(folder: &Path, server: &Arc<FieldClock>) -> Self {
        let library = std::fs::read_dir("/usr/lib").unwrap().flatten();
        let library = library.map(|of| of.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
        let library = library.expect("libfaketime: ./dev install brings it");
        Self { library, file: folder.join("shift"), server: Arc::clone(server) }
    }

    /// It is this hour of this day in China, everywhere.
    pub(crate) fn shows(&self, day: &str, hour: i64) {
        self.server.shows(day, hour);
        let shift_ms = self.server.now().unix_ms() - Environment::of_this_machine().clock.now().unix_ms();
        jiafang_core::files::write_atomically(&self.file, format!("{:+}\n", shift_ms / 1_000).as_bytes()).unwrap();
    }

    /// What a window's processes are started with. Only what the calendar says is shifted, never what timers run by.
    pub(crate) fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("LD_PRELOAD", self.library.clone()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.clone()),
            // Else each process goes by its own copy for a second, and the app may see another day than its page.
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("FAKETIME_DONT_RESET", "1".into()),
            ("TZ", "UTC".into()),
        ]
    }
}
