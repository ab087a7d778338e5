//! Short drills over emulated links (docs/drills.md); the long ones are `./dev drills`.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]
#![cfg(target_os = "linux")]

use std::path::Path;

use jiafang_tests::drills::day::{Day, Report};
use jiafang_tests::drills::lane::LinkTerms;

/// The longest that any of these may take: three times what they take on a busy machine.
const MS_MAX: u64 = 240_000;

fn plays(day: Day) -> Option<Report> {
    let seed = 7;
    println!("seed {seed}");
    match day.play(seed, Path::new(env!("CARGO_BIN_EXE_drill-tablet"))) {
        Ok(report) => {
            println!("{}\n{}", Report::HEAD, report.line());
            Some(report)
        }
        Err(words) => {
            println!("{words}");
            None
        }
    }
}

#[test]
fn visits_with_photos_arrive_over_edge() {
    let day = Day {
        name: "EDGE",
        terms: LinkTerms::EDGE,
        visits: 3,
        photos: 1,
        photo_side_px: 400,
        tap_ms: Some(1_000),
        ms_max: MS_MAX,
    };
    let Some(report) = plays(day) else { return };
    assert!(report.count.bytes_twice <= 8 * 1024 * report.count.cuts, "{report:?}");
}

#[test]
fn visits_with_photos_arrive_over_a_link_that_loses_every_tenth_packet() {
    let day = Day {
        name: "worse",
        terms: LinkTerms::WORSE,
        visits: 2,
        photos: 1,
        photo_side_px: 300,
        tap_ms: Some(1_000),
        ms_max: MS_MAX,
    };
    let Some(report) = plays(day) else { return };
    assert!(report.count.bytes_twice <= 8 * 1024 * report.count.cuts, "{report:?}");
}

#[test]
fn visits_with_photos_arrive_in_windows_of_signal() {
    let day = Day {
        name: "EDGE in windows",
        terms: LinkTerms::EDGE.in_windows(20_000, 15_000),
        visits: 3,
        photos: 1,
        photo_side_px: 400,
        tap_ms: Some(2_000),
        ms_max: MS_MAX,
    };
    let Some(report) = plays(day) else { return };
    assert!(report.count.bytes_twice <= 8 * 1024 * report.count.cuts, "{report:?}");
}
