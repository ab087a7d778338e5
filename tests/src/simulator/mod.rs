//! A deterministic simulator of the whole sync: one seed, virtual time, a virtual network; the real app with its real
//! encrypted stores, the real session, the real server without its socket. What it plays, checks and does not show is
//! written in docs/simulator.md.

mod acts;
mod casework;
mod checks;
mod decisions;
mod fate;
mod holding;
mod hostile;
mod link;
mod lost;
mod office;
mod plan;
mod tablet;
mod time;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiafang_core::domain::identifier::Hash32;

pub use plan::{Act, BadAnswer, CallFault, CaseworkAct, Extent, HostileAct, Plan, Post, Step};
use world::World;

/// What a simulation came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Tablets at its end.
    pub tablets: usize,
    /// Steps that were played.
    pub steps: usize,
    /// What was found wrong; nothing, if all is well.
    pub findings: Vec<String>,
    /// What happened, a line each.
    pub trace: Vec<String>,
    /// How often each act and each fault was played, and what was found that is known and explained.
    pub tally: BTreeMap<String, u64>,
}

impl Outcome {
    /// The hash of the trace: equal for equal runs.
    #[must_use]
    pub fn trace_hash(&self) -> Hash32 {
        Hash32::of(self.trace.join("\n").as_bytes())
    }
}

/// Plays a plan to its end, mends everything, lets everybody sync until nothing moves, and checks what must hold.
#[must_use]
pub fn play(plan: &Plan) -> Outcome {
    let world = World::new(plan.seed);
    let played = catch_unwind(AssertUnwindSafe(|| {
        world.begins(plan);
        for step in &plan.steps {
            world.plays(step);
        }
        world.comes_to_rest();
        world.checks();
        world.tells_its_end();
    }));
    if let Err(thrown) = played {
        world.finds(format!("the simulation panicked: {} {}", world::last_panic(), message_of(&*thrown)));
    }
    world::stop_hearing_panics();
    Outcome {
        seed: plan.seed,
        tablets: world.everybody().len(),
        steps: plan.steps.len(),
        findings: world.findings(),
        trace: world.trace(),
        tally: world.tally(),
    }
}

fn message_of(thrown: &(dyn std::any::Any + Send)) -> String {
    let text = thrown.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| thrown.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Leaves steps out of a plan that fails, as long as it still fails; at most `plays_max` plans are played.
#[must_use]
pub fn shrink(plan: &Plan, plays_max: usize) -> Plan {
    let mut smallest = plan.clone();
    let mut plays = 0_usize;
    let mut size = smallest.steps.len().div_ceil(2);
    while size > 0 && plays < plays_max {
        let mut from = 0;
        while from < smallest.steps.len() && plays < plays_max {
            let mut fewer = smallest.clone();
            let to = (from + size).min(fewer.steps.len());
            fewer.steps.drain(from..to);
            plays += 1;
            if play(&fewer).findings.is_empty() {
                from = to;
            } else {
                smallest = fewer;
            }
        }
        size /= 2;
    }
    smallest
}
