//! Every parser of bytes from outside, tried with what once broke it, with a small corpus that coverage has chosen, and
//! with seeded mutations of well-formed bytes (docs/fuzzing.md).
//!
//! `JIAFANG_FUZZ_SEED` replays a run; `JIAFANG_FUZZ_TIMES` tries so many times the inputs, and `JIAFANG_FUZZ_SECONDS` goes on with
//! them until a target has had so many seconds (`./dev test --fuzz-seconds N`).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy counts an integration test's helpers as outside of tests"
)]

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use jiafang_core::environment::Environment;
use jiafang_tests::fuzz::mutation::Mutations;
use jiafang_tests::fuzz::{Target, corpus, crashers, target};

/// The longest that one input may take, in a debug build on a busy machine.
const INPUT_MS_MAX: u64 = 20_000;
/// The most memory that this program may ever have held, whatever came: all targets run in it beside each other.
const PEAK_BYTES_MAX: u64 = 2 << 30;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap())
}

/// The most resident memory that this process has had. Linux tells; elsewhere the check is left out.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

thread_local! {
    /// While an input is tried: what the last panic said, and where.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Libraries of which it is known panic behind `catch_unwind`, thousands of times here: only the last is kept.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panicked| {
            let quiet = PANIC.with_borrow_mut(|last| last.as_mut().map(|last| *last = panicked.to_string()));
            if quiet.is_none() {
                loud(panicked);
            }
        }));
    });
}

/// Tries one input; on a finding, keeps it where it can be replayed from.
fn tries(target: &Target, bytes: &[u8], what: &str) {
    let clock = Environment::of_this_machine().clock;
    let begin = clock.monotonic_ms();
    PANIC.set(Some(String::new()));
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.check)(bytes)));
    let panicked = PANIC.take().unwrap_or_default();
    let took_ms = clock.monotonic_ms() - begin;
    let peak = peak_bytes();
    if outcome.is_err() || took_ms > INPUT_MS_MAX || peak > PEAK_BYTES_MAX {
        let path = std::env::temp_dir().join(format!("jiafang-finding-{}", target.name));
        jiafang_core::files::write_atomically(&path, bytes).unwrap();
        panic!(
            "{}, {what}: {}; {} bytes, {took_ms} ms, peak {} MiB. The input is in {}; copy it to tests/fuzz/crashers/{}/",
            target.name,
            if outcome.is_err() { panicked.as_str() } else { "too slow, or too large" },
            bytes.len(),
            peak >> 20,
            path.display(),
            target.name
        );
    }
}

fn holds_for(name: &str) {
    keep_panics_quiet();
    let clock = Environment::of_this_machine().clock;
    let begin_ms = clock.monotonic_ms();
    let target = target(name).unwrap();
    let mut seeds: Vec<Vec<u8>> = (target.seeds)();
    for (number, bytes) in seeds.iter().enumerate() {
        tries(target, bytes, &format!("well-formed input {number}"));
    }
    for (path, bytes) in crashers(target) {
        tries(target, &bytes, &path.display().to_string());
        seeds.push(bytes);
    }
    for (number, bytes) in corpus(target).into_iter().enumerate() {
        tries(target, &bytes, &format!("input {number} of the corpus"));
    }
    let seed = number("JIAFANG_FUZZ_SEED", 20_261_124);
    let inputs = u64::from(target.inputs) * number("JIAFANG_FUZZ_TIMES", 1);
    let until_ms = begin_ms + number("JIAFANG_FUZZ_SECONDS", 0) * 1_000;
    println!("{name}: seed {seed}, at least {inputs} inputs");
    let mut mutations = Mutations::new(seed, seeds);
    let mut tried = 0;
    while tried < inputs || clock.monotonic_ms() < until_ms {
        let bytes = mutations.next_input();
        tries(target, &bytes, &format!("seed {seed}, input {tried}"));
        tried += 1;
    }
    let took_ms = clock.monotonic_ms() - begin_ms;
    println!("{name}: {tried} inputs in {took_ms} ms, peak {} MiB", peak_bytes() >> 20);
}

macro_rules! holds {
    ($($sentence:ident = $target:literal;)+) => {
        $(
            #[test]
            fn $sentence() {
                holds_for($target);
            }
        )+

        #[test]
        fn no_target_is_left_out() {
            let tried = [$($target),+];
            for target in jiafang_tests::fuzz::TARGETS {
                assert!(tried.contains(&target.name), "{} has no test here", target.name);
            }
        }
    };
}

holds! {
    an_envelope_of_any_bytes_is_refused_or_is_those_bytes = "envelope";
    a_request_of_any_bytes_harms_nobody = "sync_request";
    an_answer_of_any_bytes_harms_nobody = "sync_answer";
    enrolment_refusals_and_register_entries_of_any_bytes_harm_nobody = "small_messages";
    a_comparison_of_any_bytes_harms_nobody = "repair";
    a_body_of_any_bytes_is_unpacked_within_its_limit = "body";
    a_change_of_any_bytes_is_applied_or_thrown_away = "change";
    a_typed_or_scanned_text_of_any_kind_is_read_or_refused = "typed_text";
    a_county_file_of_any_content_is_read_or_refused = "county_file";
    a_spreadsheet_of_any_bytes_is_read_or_refused = "spreadsheet";
    a_workbook_with_any_part_damaged_is_read_or_refused = "xlsx_part";
    a_legacy_workbook_with_any_record_damaged_is_read_or_refused = "xls_stream";
    a_text_table_of_any_bytes_is_read_or_refused = "delimited_text";
    a_camera_file_of_any_bytes_is_taken_in_or_refused = "capture";
    a_pack_with_whatever_in_it_is_taken_in_by_whole_groups_or_refused = "pack";
    a_request_of_an_enrolled_device_with_bad_intent_is_taken_in_whole_or_not_at_all = "server_push";
    an_answer_with_whatever_in_it_is_taken_in_whole_or_not_at_all = "tablet_answer";
}
