//! Arrows between crates, as Cargo knows them.

use std::process::Command;

use serde_json::Value;

use crate::finding::Finding;
use crate::tree::root;

/// Which of our crates each may depend on: `(crate, [crates])` (ARCHITECTURE.md, code map).
const DRAWN: &[(&str, &[&str])] = &[
    ("jiafang-core", &[]),
    ("jiafang-sync-client", &["jiafang-core"]),
    ("jiafang-sync-server", &["jiafang-core"]),
    ("jiafang-app", &["jiafang-core", "jiafang-sync-client"]),
    ("jiafang-tests", &["jiafang-core", "jiafang-sync-client", "jiafang-sync-server", "jiafang-app"]),
];

/// Crates that bring a runtime, the network or a shell with them.
const RUNTIMES: &[&str] =
    &["tauri", "wry", "tao", "axum", "hyper", "reqwest", "rustls", "tokio", "mio", "async-std", "smol"];

/// One of our crates with all that its manifest names, for building and for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CrateDependencies {
    /// The crate.
    pub(crate) name: String,
    /// Its manifest, from the root of the clone.
    pub(crate) manifest: String,
    /// What it depends on.
    pub(crate) dependencies: Vec<String>,
}

/// Asks Cargo.
pub(crate) fn dependencies_of_our_crates() -> Vec<CrateDependencies> {
    read_metadata(&cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"]))
}

/// Everything that core is built from on this machine, at any depth, as `(name, version)` lines of Cargo.
pub(crate) fn all_that_core_is_built_from() -> Vec<String> {
    cargo(&["tree", "--package", "jiafang-core", "--edges", "normal,build", "--prefix", "none", "--offline"])
        .lines()
        .map(str::to_owned)
        .collect()
}

fn cargo(arguments: &[&str]) -> String {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let answered = Command::new(program).current_dir(root()).args(arguments).output().expect("cargo runs");
    assert!(answered.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&answered.stderr));
    String::from_utf8(answered.stdout).expect("cargo answers in UTF-8")
}

fn read_metadata(json: &str) -> Vec<CrateDependencies> {
    let metadata: Value = serde_json::from_str(json).expect("cargo metadata is JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let crates = metadata["packages"].as_array().expect("packages");
    crates
        .iter()
        .map(|package| CrateDependencies {
            name: text(&package["name"]),
            manifest: text(&package["manifest_path"])
                .trim_start_matches(&*root().to_string_lossy())
                .trim_start_matches('/')
                .to_owned(),
            dependencies: package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .map(|dependency| text(&dependency["name"]))
                .collect(),
        })
        .collect()
}

/// The feature of core that can open a store in the clear, and the one manifest that may name it.
const PLAIN_STORE: &str = "jiafang-core/plain-store-for-benchmarks";

/// Manifests that let a store lie in the clear: all but the tests' crate, whose feature must not be a default.
/// `manifests` are paths with their texts.
pub(crate) fn stores_in_the_clear(manifests: &[(String, String)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in manifests {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#')) {
            let names_it = line.contains("plain-store");
            let is_declared = match path.as_str() {
                "core/Cargo.toml" => line == "plain-store-for-benchmarks = []",
                "tests/Cargo.toml" => line == format!("plain-store = [\"{PLAIN_STORE}\"]"),
                _ => false,
            };
            if names_it && !is_declared {
                findings.push(Finding::at(path, number + 1, "a store in the clear is for `./dev bench` alone"));
            }
        }
    }
    findings
}

/// Arrows that are not drawn, and crates without a place in the drawing.
pub(crate) fn arrows_against_the_drawing(crates: &[CrateDependencies]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in crates {
        let Some((_, allowed)) = DRAWN.iter().find(|(name, _)| *name == one.name) else {
            findings.push(Finding::in_file(
                &one.manifest,
                format!("{} has no place: draw it in ARCHITECTURE.md and in this test's table", one.name),
            ));
            continue;
        };
        for dependency in &one.dependencies {
            if DRAWN.iter().any(|(ours, _)| ours == dependency) && !allowed.contains(&dependency.as_str()) {
                findings.push(Finding::in_file(&one.manifest, format!("{} must not depend on {dependency}", one.name)));
            }
        }
    }
    findings
}

/// Runtimes, networks and shells among the lines of `cargo tree`.
pub(crate) fn runtimes_among(lines: &[String]) -> Vec<Finding> {
    let names = lines.iter().filter_map(|line| line.split_whitespace().next());
    let mut found: Vec<_> = names.filter(|name| RUNTIMES.contains(name)).collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|name| Finding::in_file("core/Cargo.toml", format!("core is built from {name}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, dependencies: &[&str]) -> CrateDependencies {
        CrateDependencies {
            name: name.to_owned(),
            manifest: format!("{name}/Cargo.toml"),
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn an_arrow_upwards_is_found() {
        let bad =
            [one("jiafang-core", &["serde", "jiafang-sync-client"]), one("jiafang-app", &["jiafang-sync-server"])];
        let found = arrows_against_the_drawing(&bad);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(
            found[0].to_string(),
            "jiafang-core/Cargo.toml: jiafang-core must not depend on jiafang-sync-client"
        );
    }

    #[test]
    fn a_product_that_opens_stores_in_the_clear_is_found() {
        let manifest = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let feature = format!("plain-store = [\"{PLAIN_STORE}\"]");
        let good = [manifest("tests/Cargo.toml", &feature), manifest("core/Cargo.toml", "# plain-store: why")];
        assert_eq!(stores_in_the_clear(&good), []);
        for bad in [
            manifest("tests/Cargo.toml", &format!("default = [\"plain-store\"]\n{feature}")),
            manifest("src-tauri/Cargo.toml", &feature),
            manifest("src-tauri/Cargo.toml", "jiafang-core = { features = [\"plain-store-for-benchmarks\"] }"),
            manifest("core/Cargo.toml", "default = [\"plain-store-for-benchmarks\"]"),
        ] {
            assert_eq!(stores_in_the_clear(&[bad]).len(), 1);
        }
    }

    #[test]
    fn a_crate_that_nobody_drew_is_found() {
        assert_eq!(arrows_against_the_drawing(&[one("jiafang-extra", &[])]).len(), 1);
    }

    #[test]
    fn a_runtime_that_a_library_brings_in_is_found() {
        let lines = ["jiafang-core v0.1.0", "serde v1.0.228", "tokio v1.48.0", "tokio v1.48.0 (*)"].map(str::to_owned);
        assert_eq!(runtimes_among(&lines).len(), 1);
        assert_eq!(runtimes_among(&["tokio-like v1.0.0".to_owned()]), []);
    }

    #[test]
    fn dependencies_of_tests_count() {
        let json = r#"{"packages": [{"name": "jiafang-core", "manifest_path": "/x/core/Cargo.toml",
            "dependencies": [{"name": "jiafang-tests", "kind": "dev"}]}]}"#;
        assert_eq!(arrows_against_the_drawing(&read_metadata(json)).len(), 1);
    }

    #[test]
    fn cargo_tells_of_all_five_crates_and_of_what_core_is_built_from() {
        let crates = dependencies_of_our_crates();
        assert!(DRAWN.iter().all(|(name, _)| crates.iter().any(|one| one.name == *name)), "{crates:?}");
        assert!(all_that_core_is_built_from().iter().any(|line| line.starts_with("automerge ")));
    }
}
