//! Every parser of bytes from outside as a fuzz target: what it may never do, whatever the bytes are (invariant 6).
//!
//! A target panics when something is wrong: a panic that got out, a value that does not encode to what it was read
//! from, a store that took in a half. Two programs drive them: the test `fuzz`, with a bounded number of seeded inputs,
//! and libFuzzer (`./dev fuzz`), which looks for new ways by coverage. docs/fuzzing.md tells of both.

mod documents;
pub mod mutation;
mod packs;
mod photos;
mod server;
mod spreadsheets;
mod tablet;
mod texts;
mod wire;

use std::path::{Path, PathBuf};

use jiafang_core::files::write_atomically;
use jiafang_core::protocol::body::cbor;
use minicbor::bytes::ByteVec;

/// The most bytes of one corpus in the tree.
const CORPUS_BYTES_MAX: usize = 96 * 1024;

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
    Target { name: "envelope", check: wire::envelope, seeds: wire::envelopes, inputs: 10_000 },
    Target { name: "sync_request", check: wire::sync_request, seeds: wire::sync_requests, inputs: 20_000 },
    Target { name: "sync_answer", check: wire::sync_answer, seeds: wire::sync_answers, inputs: 20_000 },
    Target { name: "small_messages", check: wire::small_messages, seeds: wire::all_small_messages, inputs: 30_000 },
    Target { name: "repair", check: wire::repair, seeds: wire::repairs, inputs: 20_000 },
    Target { name: "body", check: wire::body, seeds: wire::bodies, inputs: 100 },
    Target { name: "change", check: documents::change, seeds: documents::changes, inputs: 4_000 },
    Target { name: "typed_text", check: texts::typed_text, seeds: texts::typed_texts, inputs: 10_000 },
    Target { name: "county_file", check: texts::county_file, seeds: texts::county_files, inputs: 10_000 },
    Target { name: "spreadsheet", check: spreadsheets::file, seeds: spreadsheets::files, inputs: 500 },
    Target { name: "xlsx_part", check: spreadsheets::xlsx_part, seeds: spreadsheets::xlsx_parts, inputs: 150 },
    Target { name: "xls_stream", check: spreadsheets::xls_stream, seeds: spreadsheets::xls_streams, inputs: 500 },
    Target { name: "delimited_text", check: spreadsheets::text, seeds: spreadsheets::texts, inputs: 800 },
    Target { name: "capture", check: photos::capture, seeds: photos::captures, inputs: 3_000 },
    Target { name: "pack", check: packs::pack, seeds: packs::packs, inputs: 250 },
    Target { name: "server_push", check: server::push, seeds: server::pushes, inputs: 600 },
    Target { name: "tablet_answer", check: tablet::answer, seeds: tablet::answers, inputs: 300 },
];

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

fn folder(kind: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(kind)
}

fn files_in(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("an input").path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).expect("an input");
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}

/// What once led to a finding, each with its file: `tests/fuzz/crashers/NAME/`.
#[must_use]
pub fn crashers(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    files_in(&folder("crashers").join(target.name))
}

fn corpus_file(target: &Target) -> PathBuf {
    folder("corpus").join(format!("{}.cbor", target.name))
}

/// The small corpus that coverage has chosen: one file for each target, an array of byte strings.
#[must_use]
pub fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let Ok(bytes) = std::fs::read(corpus_file(target)) else { return Vec::new() };
    let inputs: Vec<ByteVec> = minicbor::decode(&bytes).expect("a corpus");
    inputs.into_iter().map(Into::into).collect()
}

/// Makes a target's corpus anew, of the files in a folder: the small ones, as many as fit.
pub fn keep(target: &Target, folder: &Path) {
    let mut inputs: Vec<Vec<u8>> = files_in(folder).into_iter().map(|(_, bytes)| bytes).collect();
    inputs.sort_by_key(Vec::len);
    let mut bytes_total = 0;
    inputs.retain(|input| {
        bytes_total += input.len();
        bytes_total <= CORPUS_BYTES_MAX
    });
    let inputs: Vec<ByteVec> = inputs.into_iter().map(Into::into).collect();
    let file = corpus_file(target);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("the folder of the corpora");
    write_atomically(&file, &cbor(&inputs)).expect("the corpus");
}
