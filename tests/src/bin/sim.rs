//! Plays simulations of the whole sync, seed after seed, and tells of the first that fails; docs/simulator.md.
//!
//! ```text
//! sim --seeds 2000             # 2,000 plans, from seed 1
//! sim --seeds 500 --from 7000
//! sim --seed 7123              # one plan again, step by step
//! ```

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use jiafang_core::environment::Environment;
use jiafang_tests::simulator::{Extent, Outcome, Plan, play, shrink};

/// Plays simulations of the whole sync.
#[derive(Parser)]
struct Arguments {
    /// How many plans.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// This one plan, told step by step.
    #[arg(long)]
    seed: Option<u64>,
    /// Small plans, as the test plays them.
    #[arg(long)]
    small: bool,
    /// Go on after a plan that failed.
    #[arg(long)]
    keep_going: bool,
    /// Plays at most so many plans to make a failing one smaller; 0 tells it as it is.
    #[arg(long, default_value_t = 60)]
    shrink: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut out = std::io::stdout().lock();
    match run(&arguments, &mut out) {
        Ok(0) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn run(arguments: &Arguments, out: &mut impl Write) -> std::io::Result<u64> {
    let extent = if arguments.small { Extent::Small } else { Extent::Whole };
    if let Some(seed) = arguments.seed {
        let outcome = play(&Plan::draw(seed, extent));
        tell(out, &outcome)?;
        return Ok(u64::from(!outcome.findings.is_empty()));
    }
    let clock = Environment::of_this_machine().clock;
    let begun = clock.monotonic_ms();
    let mut totals = Totals::default();
    for seed in arguments.from..arguments.from.saturating_add(arguments.seeds) {
        let plan = Plan::draw(seed, extent);
        let outcome = play(&plan);
        totals.add(&outcome);
        if !outcome.findings.is_empty() {
            let small = if arguments.small { " --small" } else { "" };
            writeln!(out, "\nseed {seed} FAILED; again with: ./dev sim --seed {seed}{small}")?;
            for finding in &outcome.findings {
                writeln!(out, "  {finding}")?;
            }
            if arguments.shrink > 0 {
                let smaller = shrink(&plan, arguments.shrink);
                writeln!(out, "with {} of its {} steps:", smaller.steps.len(), plan.steps.len())?;
                writeln!(out, "people: {:?}, children: {}", smaller.people, smaller.children)?;
                for step in &smaller.steps {
                    writeln!(out, "  {step:?}")?;
                }
                tell(out, &play(&smaller))?;
            }
            if !arguments.keep_going {
                break;
            }
        }
        if totals.plans.is_multiple_of(100) {
            let seconds = clock.monotonic_ms().saturating_sub(begun) / 1_000;
            writeln!(out, "{} plans, {} failed, {seconds} s", totals.plans, totals.failed)?;
            out.flush()?;
        }
    }
    totals.tell(out, clock.monotonic_ms().saturating_sub(begun))?;
    Ok(totals.failed)
}

#[derive(Default)]
struct Totals {
    plans: u64,
    failed: u64,
    steps: usize,
    tablets: usize,
    tablets_max: usize,
    tally: BTreeMap<String, u64>,
}

impl Totals {
    fn add(&mut self, outcome: &Outcome) {
        self.plans = self.plans.saturating_add(1);
        self.failed = self.failed.saturating_add(u64::from(!outcome.findings.is_empty()));
        self.steps = self.steps.saturating_add(outcome.steps);
        self.tablets = self.tablets.saturating_add(outcome.tablets);
        self.tablets_max = self.tablets_max.max(outcome.tablets);
        for (name, count) in &outcome.tally {
            let total = self.tally.entry(name.clone()).or_default();
            *total = total.saturating_add(*count);
        }
    }

    fn tell(&self, out: &mut impl Write, ms: u64) -> std::io::Result<()> {
        writeln!(
            out,
            "\n{} plans, {} failed; {} steps; {} tablets, {} at most in one; {} s",
            self.plans,
            self.failed,
            self.steps,
            self.tablets,
            self.tablets_max,
            ms / 1_000
        )?;
        for (name, count) in &self.tally {
            writeln!(out, "  {count:>8} {name}")?;
        }
        Ok(())
    }
}

fn tell(out: &mut impl Write, outcome: &Outcome) -> std::io::Result<()> {
    writeln!(out, "seed {}: {} tablets, {} steps", outcome.seed, outcome.tablets, outcome.steps)?;
    for line in &outcome.trace {
        writeln!(out, "  {line}")?;
    }
    writeln!(out, "trace {}", outcome.trace_hash())?;
    if outcome.findings.is_empty() {
        writeln!(out, "all is well")?;
    }
    for finding in &outcome.findings {
        writeln!(out, "FOUND: {finding}")?;
    }
    Ok(())
}
