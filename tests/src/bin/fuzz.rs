//! A libFuzzer program over the targets of `jiafang_tests::fuzz`: `FUZZ_TARGET=name fuzz FOLDER…`, as `./dev fuzz` calls
//! it. `fuzz` with `FUZZ_SEEDS=FOLDER` writes the target's seeds and its corpus there instead; with `FUZZ_KEEP=FOLDER` it
//! makes that corpus anew of what lies there.

#![no_main]

use std::cell::RefCell;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::OnceLock;

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::files::write_atomically;
use jiafang_tests::fuzz::{TARGETS, Target, corpus, keep, target};
use libfuzzer_sys::fuzz_target;

static TARGET: OnceLock<&'static Target> = OnceLock::new();

thread_local! {
    /// What the last panic said, and where.
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Tells a finding as it happens: one that depends on more than its input may never show itself again.
fn tell_finding() {
    let _ = writeln!(std::io::stderr(), "FOUND: {}", LAST_PANIC.take());
}

/// Keeps what a panic said for [`tell_finding`]. One that cannot unwind ends the program after this, and nothing else tells of it.
fn hear(panic: &std::panic::PanicHookInfo<'_>) {
    let said = panic.to_string();
    if said.contains("cannot unwind") || said.contains("during cleanup") {
        tell_finding();
    }
    LAST_PANIC.set(said);
}

/// Chooses the target, and lets panics unwind again: libFuzzer's binding aborts in the hook, and readers that stand
/// behind `catch_unwind` catch what their libraries panic with. What gets out of the target is a finding all the same.
fn prepare() {
    std::panic::set_hook(Box::new(hear));
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let Some(target) = target(&name) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        tracing_subscriber::fmt().init();
        tracing::error!("FUZZ_TARGET must be one of: {}", names.join(" "));
        std::process::exit(2);
    };
    if let Some(folder) = std::env::var_os("FUZZ_SEEDS").map(PathBuf::from) {
        for seed in (target.seeds)().into_iter().chain(corpus(target)) {
            let path = folder.join(Hash32::of(&seed).to_string());
            if write_atomically(&path, &seed).is_err() {
                std::process::exit(1);
            }
        }
        std::process::exit(0);
    }
    if let Some(folder) = std::env::var_os("FUZZ_KEEP").map(PathBuf::from) {
        keep(target, &folder);
        std::process::exit(0);
    }
    let _ = TARGET.set(target);
}

fuzz_target!(init: prepare(), |bytes: &[u8]| {
    let Some(target) = TARGET.get() else { return };
    if catch_unwind(AssertUnwindSafe(|| (target.check)(bytes))).is_err() {
        tell_finding();
        std::process::abort();
    }
});
