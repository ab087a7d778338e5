//! The files of the clone: what git tracks, and what is new and not ignored.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::rust_source::{SourceFile, read_sources};

/// The root of the clone.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The paths of all files that are tracked or would be, from the root of the clone, in order.
pub(crate) fn tracked_paths() -> Vec<String> {
    let listed = Command::new("git")
        .current_dir(root())
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .expect("git lists the files of the clone");
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let mut paths: Vec<String> = String::from_utf8(listed.stdout)
        .expect("file names are UTF-8")
        .split_terminator('\0')
        .filter(|path| root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    assert!(paths.iter().any(|path| path == "Cargo.toml"), "the tree is not the clone's");
    paths
}

/// The text files among those whose path is `wanted`, as (path, text). A file that is no UTF-8 is no text.
pub(crate) fn files(wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    tracked_paths()
        .into_iter()
        .filter(|path| wanted(path))
        .filter_map(|path| {
            let text = String::from_utf8(fs::read(root().join(&path)).ok()?).ok()?;
            Some((path, text))
        })
        .collect()
}

/// The text of one file that must be there.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|cause| panic!("{path}: {cause}"))
}

/// The Rust files below a folder.
pub(crate) fn rust_sources(folder: &str) -> Vec<SourceFile> {
    let sources = read_sources(&files(|path| path.starts_with(folder) && path.ends_with(".rs")));
    assert!(!sources.is_empty(), "no Rust file below {folder}: the rule would hold nothing");
    sources
}

/// The Rust files of all that is shipped: not the `tests` crate, which is for breaking things.
pub(crate) fn rust_sources_of_programs() -> Vec<SourceFile> {
    ["core/src/", "sync-client/src/", "sync-server/src/", "src-tauri/src/"].into_iter().flat_map(rust_sources).collect()
}
