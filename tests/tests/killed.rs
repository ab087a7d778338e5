//! Tablet and server are killed at random while visits are saved and synced (docs/drills.md).

#![allow(clippy::print_stdout, reason = "clippy counts the helpers of an integration test as outside of tests")]
#![cfg(target_os = "linux")]

use std::path::Path;

use jiafang_tests::drills::kills;

#[test]
fn what_was_said_to_be_saved_outlives_kills_of_tablet_and_server() {
    let seed = 23;
    println!("seed {seed}");
    let killed = kills::play(seed, 20, Path::new(env!("CARGO_BIN_EXE_drill-tablet")));
    println!("{killed:?}");
    assert!(killed.tablets > 5 && killed.servers > 2 && killed.visits > 20, "{killed:?}");
}
