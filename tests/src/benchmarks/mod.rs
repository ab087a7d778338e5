//! What `./dev bench` measures. Benchmarks, not timed tests: nothing here fails for being slow.

#[cfg(target_os = "linux")]
pub mod bad_links;
pub mod casework;
pub mod device;
pub mod first_copy;
mod load;
pub mod repair;
pub mod roster;
pub mod round;
pub mod server;
pub mod sync;
pub mod transition;

/// A line of the table.
#[derive(Debug)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// The goal.
    pub goal: String,
    /// What came out.
    pub measured: String,
    /// The same without encryption, where the build can do that and it makes a difference.
    pub plain: String,
    /// How, and the peer or limit beside it.
    pub note: String,
}

impl Figure {
    fn new(what: &str, goal: &str, measured: String, note: &str) -> Self {
        Self { what: what.to_owned(), goal: goal.to_owned(), measured, plain: String::new(), note: note.to_owned() }
    }

    /// With the same work on a store in the clear beside it.
    fn beside(self, plain: Option<String>) -> Self {
        Self { plain: plain.unwrap_or_else(|| "not in this build".to_owned()), ..self }
    }
}

/// Runs `work` so often and gives each run's time in milliseconds, sorted.
fn times_ms(runs: usize, mut work: impl FnMut()) -> Vec<f64> {
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            #[allow(clippy::disallowed_methods)] // a benchmark reads the clock
            let begun = std::time::Instant::now();
            work();
            begun.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

/// The value below which a share of sorted times lies.
fn percentile(times: &[f64], share: f64) -> f64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let place = ((times.len() as f64 - 1.0) * share).round() as usize;
    times.get(place).copied().unwrap_or_default()
}
