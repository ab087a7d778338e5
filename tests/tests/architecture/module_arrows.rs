//! Arrows between modules, and the few doors that only some may use.

use crate::finding::Finding;
use crate::rust_source::{Name, SourceFile};

/// What each module of core must not import: `(module, [what])`. ARCHITECTURE.md tells why.
const NOT_IMPORTED: &[(&str, &[&str])] = &[
    ("error", &["domain", "protocol", "vault", "photo", "spreadsheet", "store", "sync", "app", "api"]),
    ("files", &["domain", "protocol", "vault", "photo", "spreadsheet", "store", "sync", "app", "api"]),
    ("environment", &["protocol", "vault", "photo", "spreadsheet", "store", "sync", "app", "api"]),
    ("domain", &["protocol", "vault", "photo", "spreadsheet", "store", "sync", "app", "api"]),
    ("vault", &["protocol", "photo", "spreadsheet", "store", "sync", "app", "api"]),
    ("protocol", &["photo", "spreadsheet", "store", "sync", "app", "api"]),
    ("photo", &["protocol", "spreadsheet", "store", "sync", "app", "api"]),
    ("spreadsheet", &["protocol", "photo", "store", "sync", "app", "api"]),
    ("sync", &["photo", "spreadsheet", "store", "app", "api"]),
    ("store", &["sync", "app", "api"]),
    ("app", &["api"]),
];

/// Imports of core's modules against the drawing.
pub(crate) fn imports_upwards(core: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in core {
        let Some(module) = source.module.first() else { continue };
        let Some((_, forbidden)) = NOT_IMPORTED.iter().find(|(from, _)| from == module) else { continue };
        for name in &source.names {
            if let Some(other) = forbidden.iter().find(|other| name.begins_with(&["crate", other])) {
                findings.push(Finding::at(
                    &source.path,
                    name.line,
                    format!("`{module}` must not know `{other}`: {}", name.text()),
                ));
            }
        }
    }
    findings
}

/// What the shells on both ends of the wire take from core besides what a device and a server have in common.
pub(crate) fn device_parts_on_the_wire(programs: &[SourceFile]) -> Vec<Finding> {
    const DEVICE_PARTS: &[&str] = &["api", "app", "store", "photo", "spreadsheet"];
    found(
        programs,
        |source| source.path.starts_with("sync-server/src/") || source.path.starts_with("sync-client/src/"),
        |name| !name.in_test && DEVICE_PARTS.iter().any(|part| name.begins_with(&["jiafang_core", part])),
        "of a device alone",
    )
}

/// Uses of rusqlite outside of the two stores.
pub(crate) fn rusqlite_outside_of_stores(programs: &[SourceFile]) -> Vec<Finding> {
    found(
        programs,
        |source| !is_store(source),
        |name| name.begins_with(&["rusqlite"]),
        "rusqlite is for the stores alone",
    )
}

/// Calls of core's `store::transact` outside of its use cases. The server has a store of its own, which is not
/// meant.
pub(crate) fn transactions_outside_of_use_cases(programs: &[SourceFile]) -> Vec<Finding> {
    let is_server = |source: &SourceFile| source.path.starts_with("sync-server/");
    let mut findings = found(
        programs,
        |source| !is_server(source) && !is_use_case(source) && !is_store(source),
        |name| !name.in_test && name.holds(&["transact"]),
        "a write past the use cases",
    );
    findings.extend(found(
        programs,
        is_server,
        |name| name.begins_with(&["jiafang_core", "store"]) && name.holds(&["transact"]),
        "a write past the use cases",
    ));
    findings
}

/// The types whose `now` asks the machine.
const CLOCKS: &[&str] = &["SystemTime", "Instant", "Utc", "Local", "Zoned", "Timestamp", "OffsetDateTime", "Uuid"];
/// The functions by which they are asked.
const CLOCK_READINGS: &[&str] = &["now", "now_utc", "now_v7"];
/// Whatever draws randomness from the machine.
const RANDOMNESS: &[&[&str]] = &[
    &["getrandom"],
    &["OsRng"],
    &["SysRng"],
    &["SystemRandom"],
    &["thread_rng"],
    &["from_entropy"],
    &["from_os_rng"],
    &["Uuid", "new_v4"],
    &["KeyPair", "generate"],
    &["KeyPair", "generate_for"],
];

/// Readings of the clock or of the machine's randomness outside of `core/src/environment.rs` and of tests.
pub(crate) fn clock_or_randomness_outside_of_the_environment(programs: &[SourceFile]) -> Vec<Finding> {
    let is_reading = |name: &Name| {
        CLOCKS.iter().any(|clock| CLOCK_READINGS.iter().any(|reading| name.holds(&[clock, reading])))
            || RANDOMNESS.iter().any(|source| name.holds(source))
    };
    found(
        programs,
        |source| source.path != "core/src/environment.rs",
        |name| !name.in_test && is_reading(name),
        "the machine's clock or randomness",
    )
}

/// What of automerge is never called: the numbers are those of docs/automerge.md.
const NEVER_OF_AUTOMERGE: &[(&[&str], &str)] = &[
    (&["load_incremental"], "trap 2: it drops changes in silence"),
    (&["load_incremental_log_patches"], "trap 2: it drops changes in silence"),
    (&["autosurgeon"], "trap 4: it erases conflicts"),
    (&["bundle"], "trap 9: experimental"),
    (&["fragments"], "trap 9: experimental"),
    (&["automerge", "sync"], "decision 1: we have a sync of our own"),
];

/// Uses of automerge that lose data or stop the program, and bytes of others that are applied past the shield
/// in `core/src/domain/doc`.
pub(crate) fn dangerous_uses_of_automerge(programs: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, why) in NEVER_OF_AUTOMERGE {
        findings.extend(found(programs, |_| true, |name| name.holds(path), why));
    }
    findings.extend(found(
        programs,
        |source| !source.path.starts_with("core/src/domain/doc/"),
        |name| name.holds(&["apply_changes"]) || name.holds(&["Automerge", "load"]),
        "trap 3: hostile bytes past the shield of domain::doc",
    ));
    findings
}

fn is_store(source: &SourceFile) -> bool {
    source.path.starts_with("core/src/store/") || source.path.starts_with("sync-server/src/store/")
}

fn is_use_case(source: &SourceFile) -> bool {
    source.path.starts_with("core/src/app/")
}

fn found(
    sources: &[SourceFile],
    looked_at: impl Fn(&SourceFile) -> bool,
    is_bad: impl Fn(&Name) -> bool,
    what: &str,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| looked_at(source)) {
        for name in source.names.iter().filter(|name| is_bad(name)) {
            findings.push(Finding::at(&source.path, name.line, format!("{what}: {}", name.text())));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::places;
    use crate::rust_source::samples::sources;

    #[test]
    fn an_import_upwards_is_found_however_it_is_written() {
        let bad = sources(&[
            ("core/src/domain/visit.rs", "use crate::domain::child;\nuse crate::{error, store::open};"),
            ("core/src/domain/doc/mod.rs", "fn f() { super::super::app::record_visit::run(); }"),
            ("core/src/sync/session.rs", "pub use crate::store::*;"),
            ("core/src/store/open.rs", "use crate::domain::time; use crate::app;"),
        ]);
        assert_eq!(
            places(&imports_upwards(&bad)),
            [
                "core/src/domain/visit.rs:2",
                "core/src/domain/doc/mod.rs:1",
                "core/src/sync/session.rs:1",
                "core/src/store/open.rs:1"
            ]
        );
    }

    #[test]
    fn an_import_downwards_is_fine() {
        let good = sources(&[
            ("core/src/app/record_visit.rs", "use crate::store; use crate::domain::visit; use super::attach_photo;"),
            ("core/src/domain/visit.rs", "use crate::error; fn store() { let store = 1; } // crate::store"),
        ]);
        assert_eq!(imports_upwards(&good), []);
    }

    #[test]
    fn a_part_of_the_device_in_the_server_is_found() {
        let bad = sources(&[
            ("sync-server/src/commands/quarantine.rs", "use jiafang_core::api::children::ChildRow;"),
            ("sync-client/src/lib.rs", "use jiafang_core::protocol::body;\nuse jiafang_core::app::device::Device;"),
            ("src-tauri/src/shell/mod.rs", "use jiafang_core::api::backend::Backend;"),
        ]);
        assert_eq!(
            places(&device_parts_on_the_wire(&bad)),
            ["sync-server/src/commands/quarantine.rs:1", "sync-client/src/lib.rs:2"]
        );
    }

    #[test]
    fn sql_outside_of_a_store_is_found() {
        let bad = sources(&[
            ("core/src/app/a.rs", "fn f(c: &rusqlite::Connection) {}"),
            ("sync-server/src/serve.rs", "#[cfg(test)] mod tests {\n use rusqlite::Connection; }"),
            ("core/src/store/open.rs", "use rusqlite::Connection;"),
            ("sync-server/src/store/mod.rs", "use rusqlite::Connection;"),
        ]);
        assert_eq!(places(&rusqlite_outside_of_stores(&bad)), ["core/src/app/a.rs:1", "sync-server/src/serve.rs:2"]);
    }

    #[test]
    fn a_write_past_the_use_cases_is_found() {
        let bad = sources(&[
            ("core/src/api/handlers.rs", "use crate::store::transact as write;"),
            ("src-tauri/src/shell/mod.rs", "fn f() { store.transact(|t| ()); }"),
            ("sync-server/src/sync.rs", "use jiafang_core::store::{open, transact};"),
            ("sync-server/src/store/log.rs", "fn transact() {}"),
            ("core/src/app/record_visit.rs", "use crate::store::transact;"),
            ("core/src/store/mod.rs", "pub fn transact() {}"),
        ]);
        assert_eq!(
            places(&transactions_outside_of_use_cases(&bad)),
            ["core/src/api/handlers.rs:1", "src-tauri/src/shell/mod.rs:1", "sync-server/src/sync.rs:1"]
        );
    }

    #[test]
    fn a_look_at_the_clock_or_a_draw_of_randomness_is_found() {
        for reading in [
            "std::time::SystemTime::now()",
            "Instant::now()",
            "tokio::time::Instant::now()",
            "chrono::Utc::now()",
            "jiff::Zoned::now()",
            "jiff::Timestamp::now()",
            "getrandom::fill(&mut bytes)",
            "rand::thread_rng()",
            "rand_core::OsRng",
            "Uuid::new_v4()",
            "Uuid::now_v7()",
            "StdRng::from_os_rng()",
            "rcgen::KeyPair::generate()",
        ] {
            let bad = sources(&[("sync-server/src/serve.rs", &format!("fn f() {{ {reading}; }}"))]);
            assert_eq!(clock_or_randomness_outside_of_the_environment(&bad).len(), 1, "{reading}");
        }
    }

    #[test]
    fn a_dangerous_use_of_automerge_is_found() {
        for using in [
            "doc.load_incremental(&bytes)",
            "autosurgeon::hydrate(&doc)",
            "doc.apply_changes(changes)",
            "automerge::Automerge::load(&bytes)",
            "automerge::sync::State::new()",
            "doc.bundle(changes)",
        ] {
            let bad = sources(&[("core/src/store/document.rs", &format!("fn f() {{ {using}; }}"))]);
            assert_eq!(dangerous_uses_of_automerge(&bad).len(), 1, "{using}");
        }
        let good = sources(&[("core/src/domain/doc/mod.rs", "fn f() { shielded(|| doc.apply_changes(changes)); }")]);
        assert_eq!(dangerous_uses_of_automerge(&good), []);
    }

    #[test]
    fn the_environment_itself_and_tests_may_ask_the_machine() {
        let good = sources(&[
            ("core/src/environment.rs", "fn f() { std::time::Instant::now(); }"),
            (
                "core/src/app/a.rs",
                "fn f(e: &Environment) { e.now(); e.clock.now(); } #[cfg(test)] mod tests { fn f() { Instant::now(); } }",
            ),
        ]);
        assert_eq!(clock_or_randomness_outside_of_the_environment(&good), []);
    }
}
