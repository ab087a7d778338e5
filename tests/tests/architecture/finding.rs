//! What a rule finds, and how it is told.

use std::fmt;

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file, from the root of the clone.
    pub(crate) file: String,
    /// The line, from 1; 0 when the whole file is meant.
    pub(crate) line: usize,
    /// What is there.
    pub(crate) what: String,
}

impl Finding {
    pub(crate) fn at(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into() }
    }

    pub(crate) fn in_file(file: &str, what: impl Into<String>) -> Self {
        Self::at(file, 0, what)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.what)
        } else {
            write!(f, "{}:{}: {}", self.file, self.line, self.what)
        }
    }
}

/// Fails with every finding and what to do instead.
pub(crate) fn hold(findings: &[Finding], instead: &str) {
    let places: String = findings.iter().map(|finding| format!("  {finding}\n")).collect();
    assert!(findings.is_empty(), "\n{places}{instead}\n");
}

/// The places alone, for the tests of the rules.
pub(crate) fn places(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{}:{}", finding.file, finding.line)).collect()
}

#[test]
#[should_panic(expected = "core/src/a.rs:7: a bad thing\nDo the good thing.")]
fn a_finding_tells_file_line_and_what_to_do() {
    hold(&[Finding::at("core/src/a.rs", 7, "a bad thing")], "Do the good thing.");
}
