//! The architecture, held: what ARCHITECTURE.md says must not happen is looked for in the tree here.
//!
//! Each rule is one test, named as a sentence. When it fails, it names the file, the line and what to do
//! instead. The checking functions stand in the modules, each with small bad inputs that prove that it can fail.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

mod commands;
mod crates;
mod documents;
mod finding;
mod migrations;
mod module_arrows;
mod people;
mod rust_source;
mod texts;
mod tree;

use finding::hold;

// ---- crates ----------------------------------------------------------------------------------------------

#[test]
fn crates_depend_on_each_other_only_as_the_architecture_draws() {
    hold(
        &crates::arrows_against_the_drawing(&crates::dependencies_of_our_crates()),
        "Arrows point down only: core; sync-client and sync-server on core; src-tauri on core and sync-client; \
         tests on all. Move what both sides need into core, or hand it in through a trait of core.",
    );
}

#[test]
fn core_is_built_without_any_runtime_network_or_shell() {
    hold(
        &crates::runtimes_among(&crates::all_that_core_is_built_from()),
        "core must run the same on a tablet, a desk and the server: take the crate out, or one that brings it \
         in, and let the shell do that work behind a trait of core (see sync::link::Link).",
    );
}

#[test]
fn no_product_can_open_a_store_in_the_clear() {
    hold(
        &crates::stores_in_the_clear(&tree::files(|path| path.ends_with(".toml"))),
        "Only `./dev bench` may name the feature that opens a store without encryption, to state what encryption \
         costs: in the manifests of core and of the tests' crate, as they stand, and as nobody's default.",
    );
    const { assert!(jiafang_core::store::IS_ENCRYPTED, "and these tests run on encrypted stores") };
}

// ---- modules ---------------------------------------------------------------------------------------------

#[test]
fn modules_of_core_import_only_downwards() {
    hold(
        &module_arrows::imports_upwards(&tree::rust_sources("core/src/")),
        "ARCHITECTURE.md draws the arrows between core's modules. Hand the value in as an argument, or move the \
         type to the lower module.",
    );
}

#[test]
fn the_server_knows_nothing_of_a_device() {
    hold(
        &module_arrows::device_parts_on_the_wire(&tree::rust_sources_of_programs()),
        "The server and the client's side of the wire take from core what both ends have in common: domain, protocol, \
         vault, sync. Move the type there.",
    );
}

#[test]
fn rusqlite_is_imported_by_the_two_stores_alone() {
    hold(
        &module_arrows::rusqlite_outside_of_stores(&tree::rust_sources_of_programs()),
        "Only core/src/store and sync-server/src/store speak SQL. Add a function to the store that is named \
         after what is asked.",
    );
}

#[test]
fn only_use_cases_write_to_the_store() {
    hold(
        &module_arrows::transactions_outside_of_use_cases(&tree::rust_sources_of_programs()),
        "store::transact has one kind of caller: a use case in core/src/app. Write or call one there.",
    );
}

#[test]
fn nothing_reads_the_clock_or_randomness_but_the_environment() {
    hold(
        &module_arrows::clock_or_randomness_outside_of_the_environment(&tree::rust_sources_of_programs()),
        "Take a jiafang_core::environment::Environment as an argument and ask that: a test then sets the clock, \
         and a failure can be replayed from its seed.",
    );
}

#[test]
fn automerge_is_used_only_as_is_known_to_be_safe() {
    hold(
        &module_arrows::dangerous_uses_of_automerge(&tree::rust_sources_of_programs()),
        "docs/automerge.md tells what happens and what to do: read by domain::doc::read_change, apply by \
         domain::doc::apply, load by domain::doc::load, write field by field.",
    );
}

#[test]
fn the_user_interface_imports_tauri_in_one_folder() {
    hold(
        &texts::tauri_outside_of_the_backend(&tree::files(|path| path.starts_with("ui/"))),
        "Only ui/src/backend knows which host there is. Add what you need to its interface, for both hosts.",
    );
}

#[test]
fn forms_begin_with_the_cores_day() {
    hold(
        &texts::own_today(&tree::files(|path| path.starts_with("ui/src/"))),
        "Take today() of ui/src/state/app.ts: the core says which day it is in China, also after midnight.",
    );
}

// ---- files -----------------------------------------------------------------------------------------------

#[test]
fn no_file_is_longer_than_600_lines() {
    hold(
        &texts::longer_than_the_limit(&tree::files(texts::has_a_limit)),
        "A file has one subject. Cut it at the second one. There are no exceptions.",
    );
}

#[test]
fn the_project_names_nothing_of_one_machine() {
    hold(
        &texts::machine_paths(&tree::files(|_| true)),
        "The project must stand alone: say it relative to the clone, by an environment variable, or by a \
         temporary folder.",
    );
}

#[test]
fn the_project_names_no_registry_host() {
    hold(
        &texts::registry_hosts(&tree::files(|_| true)),
        "Which mirror packages come from is each machine's own affair: name packages, not hosts. In ui/.npmrc \
         `omit-lockfile-registry-resolved=true` keeps hosts out of lock files.",
    );
}

#[test]
fn no_package_or_program_is_tracked() {
    hold(
        &texts::packages_and_programs(&tree::tracked_paths()),
        "Name it in a lock file, or build it. `git rm` the file.",
    );
}

#[test]
fn no_profile_aborts_on_panic() {
    hold(
        &texts::aborts_on_panic(&tree::files(|path| path.ends_with("Cargo.toml"))),
        "Hostile documents are applied behind catch_unwind (docs/automerge.md, trap 3); an abort would end the app.",
    );
}

#[test]
fn every_id_number_in_the_tree_is_invented() {
    hold(
        &people::id_numbers_that_may_be_somebodys(&tree::files(|_| true)),
        "Test data is fictional: take a number of region 999999, which no place has.",
    );
}

// ---- documents -------------------------------------------------------------------------------------------

#[test]
fn no_relative_link_in_a_document_is_dead() {
    hold(
        &documents::dead_links(&tree::files(|path| path.ends_with(".md")), &tree::tracked_paths()),
        "Point the link at what is there, or write what it points at.",
    );
}

#[test]
fn every_decision_stands_in_the_index() {
    hold(
        &documents::decisions_not_in_the_index(&tree::files(|path| path.starts_with("docs/decisions/"))),
        "Add its line to docs/decisions/README.md.",
    );
}

// ---- commands --------------------------------------------------------------------------------------------

#[test]
fn ci_runs_dev_test_and_nothing_of_its_own() {
    hold(
        &commands::what_ci_does_of_its_own(&tree::text(".ci/run")),
        "What CI runs, everybody can run: put the step into ./dev test.",
    );
}

#[test]
fn the_version_of_rust_is_the_same_wherever_it_is_said() {
    let files = [
        ("README.md", tree::text("README.md"), "Rust "),
        ("dev.d/install.sh", tree::text("dev.d/install.sh"), "rust_min="),
        ("CONTRIBUTING.md", tree::text("CONTRIBUTING.md"), "Rust "),
    ];
    let files: Vec<_> = files.iter().map(|(path, text, before)| (*path, text.as_str(), *before)).collect();
    hold(
        &commands::other_versions_named(&tree::text("Cargo.toml"), &files),
        "Change it everywhere when Cargo.toml changes.",
    );
}

// ---- migrations ------------------------------------------------------------------------------------------

#[test]
fn landed_migrations_never_change() {
    for folder in ["core/src/store/migrations/", "sync-server/src/store/migrations/"] {
        hold(
            &migrations::changed_after_landing(folder, &tree::files(|path| path.starts_with(folder))),
            "Devices have run a landed migration already: put the file back and write a new one with the next \
             number, then add its line: `cd FOLDER && sha256sum NNNN_name.sql >> CHECKSUMS`.",
        );
    }
}
