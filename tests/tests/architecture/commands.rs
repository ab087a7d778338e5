//! The commands of the house: `.ci/run`, and how `./dev test` sums up its runners.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::finding::Finding;
use crate::tree::root;

/// What `.ci/run` does besides `./dev test`, whose options are anybody's.
pub(crate) fn what_ci_does_of_its_own(ci_run: &str) -> Vec<Finding> {
    let lines = ci_run.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let mut lines: Vec<_> = lines.collect();
    let plain = |options: &str| options.chars().all(|c| c.is_ascii_alphanumeric() || " -".contains(c));
    let calls_dev_test = |line: &str| line.strip_prefix("exec ./dev test").is_some_and(plain);
    match lines.iter().position(|(_, line)| calls_dev_test(line)) {
        Some(at) => drop(lines.remove(at)),
        None => return vec![Finding::in_file(".ci/run", "does not call ./dev test")],
    }
    lines.into_iter().map(|(number, line)| Finding::at(".ci/run", number + 1, line)).collect()
}

/// Files that name another version of Rust or Node.js than the workspace asks for.
pub(crate) fn other_versions_named(manifest: &str, files: &[(&str, &str, &str)]) -> Vec<Finding> {
    let rust = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap_or_default();
    let rust = rust.trim_matches('"');
    files
        .iter()
        .map(|(path, text, before)| (path, text, format!("{before}{rust}")))
        .filter(|(_, text, wanted)| !text.contains(wanted))
        .map(|(path, _, wanted)| Finding::in_file(path, format!("should say `{wanted}`, as Cargo.toml does")))
        .collect()
}

/// What `./dev test` prints last for the output of its runners.
fn summed_up(output: &str) -> String {
    let mut awk = Command::new("awk")
        .current_dir(root())
        .args(["-f", "dev.d/count_tests.awk"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("awk runs");
    awk.stdin.take().expect("a pipe").write_all(output.as_bytes()).expect("awk reads");
    String::from_utf8(awk.wait_with_output().expect("awk ends").stdout).expect("awk answers in UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_all_runners_are_summed_up() {
        let output = "\
running 3 tests
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s
 Test Files  1 failed | 3 passed (4)
      Tests  1 failed | 100 passed | 2 skipped (103)
\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m7 passed\u{1b}[39m\u{1b}[22m\u{1b}[90m (7)\u{1b}[39m
# tests 5
# pass 4
# fail 1
ℹ pass 1000
ℹ fail 0
a test that prints: 9 passed
";
        assert_eq!(summed_up(output), "1124 passed, 4 failed\n");
    }

    #[test]
    fn when_no_runner_came_to_its_end_nothing_has_passed() {
        assert_eq!(summed_up("error: could not compile\n"), "0 passed, 0 failed\n");
    }

    #[test]
    fn a_step_of_its_own_in_ci_is_found() {
        assert_eq!(what_ci_does_of_its_own("#!/usr/bin/env bash\nexec ./dev test\n"), []);
        assert_eq!(what_ci_does_of_its_own("#!/usr/bin/env bash\nnpm ci\nexec ./dev test\n")[0].line, 2);
        assert_eq!(what_ci_does_of_its_own("exec ./dev test --fuzz-seconds 60\n"), []);
        assert_eq!(what_ci_does_of_its_own("exec ./dev test --fuzz-seconds 60; npm ci\n").len(), 1);
        assert_eq!(what_ci_does_of_its_own("cargo test\n").len(), 1);
    }

    #[test]
    fn a_version_that_fell_behind_is_found() {
        let manifest = "[workspace.package]\nrust-version = \"1.95\"\n";
        assert_eq!(other_versions_named(manifest, &[("README.md", "Rust 1.95 or newer", "Rust ")]), []);
        assert_eq!(other_versions_named(manifest, &[("README.md", "Rust 1.94 or newer", "Rust ")]).len(), 1);
    }
}
