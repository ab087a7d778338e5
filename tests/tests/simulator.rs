//! Hundreds of counties live through what can go wrong, each drawn from a seed: docs/simulator.md.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use std::sync::atomic::{AtomicU64, Ordering};

use jiafang_core::environment::Environment;
use jiafang_tests::simulator::{Extent, Plan, play, shrink};

/// Plans are played for so long, and at least so many.
const SECONDS: u64 = 60;
const PLANS_MIN: u64 = 40;

/// Plays a seed; what is found is told with the fewest steps that still show it.
fn assert_all_is_well(seed: u64, extent: Extent) {
    let plan = Plan::draw(seed, extent);
    let outcome = play(&plan);
    if outcome.findings.is_empty() {
        return;
    }
    let smaller = shrink(&plan, 60);
    let told = play(&smaller);
    panic!(
        "seed {seed}; {extent:?}; again with: ./dev sim --seed {seed}, with --small for a small one\n{}\n\nwith {} of {} steps:\n{}\n{}",
        outcome.findings.join("\n"),
        smaller.steps.len(),
        plan.steps.len(),
        told.trace.join("\n"),
        told.findings.join("\n"),
    );
}

#[test]
fn whatever_happens_to_links_servers_and_tablets_nothing_that_was_called_saved_is_lost() {
    let clock = Environment::of_this_machine().clock;
    let begun = clock.monotonic_ms();
    let seeds = AtomicU64::new(0);
    // A plan runs on one thread from its beginning to its end: how many run side by side changes no story.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while seeds.load(Ordering::SeqCst) < PLANS_MIN || clock.monotonic_ms() - begun < SECONDS * 1_000 {
                    assert_all_is_well(seeds.fetch_add(1, Ordering::SeqCst) + 1, Extent::Small);
                }
            });
        }
    });
    let plans = seeds.load(Ordering::SeqCst);
    println!("{plans} plans, seeds 1 to {plans}, in {} s", (clock.monotonic_ms() - begun) / 1_000);
}

#[test]
fn the_same_seed_is_the_same_story() {
    for seed in [7, 31, 53] {
        let plan = Plan::draw(seed, Extent::Small);
        let (once, twice) = (play(&plan), play(&plan));
        assert_eq!(once.trace, twice.trace, "seed {seed}");
        assert_eq!(once.trace_hash(), twice.trace_hash());
        let other = play(&Plan::draw(seed + 1_000, Extent::Small));
        assert_ne!(once.trace_hash(), other.trace_hash());
    }
}

/// Seeds that found something once. Drawing plans otherwise makes other stories of them; what was found has a test of its
/// own beside the code, too (`one_poisoned_change_takes_the_dossier_from_nobody`).
#[test]
fn what_a_seed_found_once_it_does_not_find_again() {
    for (seed, extent, found) in [
        (31, Extent::Small, "a poisoned change took a dossier from the lists of everybody"),
        (126, Extent::Small, "and from the one who had just recorded in it"),
        (
            560,
            Extent::Small,
            "a move that had been decided over left its author's tablet in a place that the server did not know",
        ),
        (2_274, Extent::Small, "what a newcomer recorded before the first sync had no name in the ledger"),
        (
            4_764,
            Extent::Small,
            "what a copied tablet wrote and a colleague gave back did not come to the tablet that it was copied from",
        ),
        (21_208, Extent::Small, "photos of a visit that waits for a person were missed on the server"),
        (57_614, Extent::Small, "a poisoned change that could be applied could not be given again, and that panicked"),
        (49, Extent::Whole, "a photo whose dossier a restore had lost was given up for ever"),
        (306, Extent::Whole, "a poisoned change that could be applied made a snapshot that could not be loaded"),
        (
            2_008,
            Extent::Whole,
            "a dossier that had left and had lost what its envelopes hold was not put together again",
        ),
    ] {
        println!("seed {seed}: {found}");
        assert_all_is_well(seed, extent);
    }
}
