//! The power goes while visits are saved and synced (docs/drills.md): what was said to be saved is there.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]
#![cfg(target_os = "linux")]

use std::path::Path;

use jiafang_tests::drills::power::{check, story};

#[test]
fn what_was_said_to_be_saved_is_there_after_the_power_went_at_any_moment() {
    let seed = 11;
    println!("seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let told = match story::play(seed, 3, folder.path(), Path::new(env!("CARGO_BIN_EXE_drill-tablet"))) {
        Ok(told) => told,
        Err(words) => {
            println!("{words}");
            return;
        }
    };
    let every = std::env::var("JIAFANG_POWER_EVERY").ok().and_then(|text| text.parse().ok()).unwrap_or(7);
    let (tried, broken) = check::all(&told, seed, every);
    println!(
        "{} steps; {} disks of the tablet and {} of the server",
        told.steps.len(),
        tried.tablet_disks,
        tried.server_disks
    );
    assert!(tried.tablet_disks > 50 && tried.server_disks > 20, "{tried:?}");
    assert!(broken.is_empty(), "{} broken:\n{}", broken.len(), broken.join("\n"));
}
