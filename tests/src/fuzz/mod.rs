//! Every parser of bytes from outside as a fuzz target: what it may never do, whatever the bytes are (invariant 6).
//!
//! A target panics when something is wrong: a panic that got out, a value that does not encode to what it was read
//! from, a store that took in a half. Two programs drive them: the test `fuzz`, with a bounded number of seeded inputs,
//! and libFuzzer (`./dev fuzz`), which looks for new ways by coverage. docs/fuzzing.md tells of both.

mod documents;
pub mod mutation;
mod photos;
mod server;
mod spreadsheets;
mod tablet;
mod texts;
mod wire;

use std::path::PathBuf;

/// A parser with its invariants.
pub struct Target {
    /// Its name: of its corpus's folder and on the command line.
    pub name: &'static str,
    /// Panics when an invariant does not hold for these bytes.
    pub check: fn(&[u8]),
    /// Well-formed inputs, made by the code as it is now.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Inputs that the ordinary test tries: some seconds' worth in a debug build.
    pub inputs: u32,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "envelope", check: wire::envelope, seeds: wire::envelopes, inputs: 30_000 },
    Target { name: "sync_request", check: wire::sync_request, seeds: wire::sync_requests, inputs: 60_000 },
    Target { name: "sync_answer", check: wire::sync_answer, seeds: wire::sync_answers, inputs: 60_000 },
    Target { name: "small_messages", check: wire::small_messages, seeds: wire::all_small_messages, inputs: 100_000 },
    Target { name: "body", check: wire::body, seeds: wire::bodies, inputs: 400 },
    Target { name: "change", check: documents::change, seeds: documents::changes, inputs: 15_000 },
    Target { name: "typed_text", check: texts::typed_text, seeds: texts::typed_texts, inputs: 30_000 },
    Target { name: "county_file", check: texts::county_file, seeds: texts::county_files, inputs: 30_000 },
    Target { name: "spreadsheet", check: spreadsheets::file, seeds: spreadsheets::files, inputs: 2_000 },
    Target { name: "xlsx_part", check: spreadsheets::xlsx_part, seeds: spreadsheets::xlsx_parts, inputs: 600 },
    Target { name: "xls_stream", check: spreadsheets::xls_stream, seeds: spreadsheets::xls_streams, inputs: 1_500 },
    Target { name: "delimited_text", check: spreadsheets::text, seeds: spreadsheets::texts, inputs: 4_000 },
    Target { name: "capture", check: photos::capture, seeds: photos::captures, inputs: 8_000 },
    Target { name: "server_push", check: server::push, seeds: server::pushes, inputs: 1_000 },
    Target { name: "tablet_answer", check: tablet::answer, seeds: tablet::answers, inputs: 400 },
];

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// The kept inputs of a target, each with its file: what once led to a finding (`crashers`), and a small corpus that
/// coverage has chosen (`corpus`).
#[must_use]
pub fn kept(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let mut inputs = Vec::new();
    for kind in ["crashers", "corpus"] {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(kind).join(target.name);
        let Ok(files) = std::fs::read_dir(&folder) else { continue };
        let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a kept input").path()).collect();
        paths.sort();
        inputs.extend(paths.into_iter().map(|path| {
            let bytes = std::fs::read(&path).expect("a kept input");
            (path, bytes)
        }));
    }
    inputs
}
