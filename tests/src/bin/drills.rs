//! The long drills; prints a table. docs/drills.md; `./dev drills`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// Plays the long drills: bad links, kills, power loss.
#[derive(Parser)]
struct Arguments {
    /// Only drills whose name holds this text: EDGE, worse, windows, kills, power.
    #[arg(long, default_value = "")]
    only: String,
    /// What chance is drawn from.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Visits of a day, with two photos each.
    #[arg(long, default_value_t = 12)]
    visits: usize,
    /// How often a process is killed.
    #[arg(long, default_value_t = 200)]
    kills: u64,
    /// The power goes at every so manieth step.
    #[arg(long, default_value_t = 1)]
    power_every: usize,
}

fn main() -> ExitCode {
    let _ = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter("error").try_init();
    let arguments = Arguments::parse();
    let mut out = std::io::stdout().lock();
    #[cfg(target_os = "linux")]
    return match linux::play(&arguments, &mut out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            let _ = writeln!(out, "{words}");
            ExitCode::FAILURE
        }
    };
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (arguments, writeln!(out, "the drills need Linux: network namespaces and LD_PRELOAD"));
        ExitCode::FAILURE
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::Write;
    use std::path::PathBuf;

    use jiafang_core::environment::Environment;
    use jiafang_tests::drills::county::program;
    use jiafang_tests::drills::day::{Day, Report};
    use jiafang_tests::drills::kills;
    use jiafang_tests::drills::lane::LinkTerms;
    use jiafang_tests::drills::power::{check, story};

    use super::Arguments;

    const HOURS_MS: u64 = 3 * 3_600_000;

    fn days(visits: usize) -> [Day; 4] {
        let day = |name, terms, photo_side_px| Day {
            name,
            terms,
            visits,
            photos: 2,
            photo_side_px,
            tap_ms: None,
            ms_max: HOURS_MS,
        };
        [
            day("EDGE: 60 kbit/s, 1 s, 2 % lost", LinkTerms::EDGE, 1_000),
            day("worse: 20 kbit/s, 1.5 s, 10 % lost", LinkTerms::WORSE, 400),
            day("EDGE in windows: 20 s of signal a minute", LinkTerms::EDGE.in_windows(20_000, 40_000), 400),
            day("worse in windows: 20 s of signal a minute", LinkTerms::WORSE.in_windows(20_000, 40_000), 200),
        ]
    }

    fn said(cause: std::io::Error) -> String {
        cause.to_string()
    }

    pub(super) fn play(arguments: &Arguments, out: &mut impl Write) -> Result<(), String> {
        let tablet: PathBuf = program("drill-tablet");
        let clock = Environment::of_this_machine().clock;
        writeln!(out, "seed {}\n\n{}", arguments.seed, Report::HEAD).map_err(said)?;
        for day in days(arguments.visits) {
            if day.name.contains(&arguments.only) {
                let report = day.play(arguments.seed, &tablet)?;
                writeln!(out, "{}", report.line()).map_err(said)?;
                out.flush().map_err(said)?;
            }
        }
        if "kills".contains(&arguments.only) {
            let killed = kills::play(arguments.seed, arguments.kills, &tablet);
            writeln!(
                out,
                "\nkills: {} of the tablet, {} of the server; {} visits were said to be saved, {} with a photo, and are there; \
                 {} more are there that the kill kept from being said; all ledgers are equal ({} s)",
                killed.tablets,
                killed.servers,
                killed.visits,
                killed.photos,
                killed.unsaid,
                clock.monotonic_ms() / 1_000
            )
            .map_err(said)?;
        }
        if "power".contains(&arguments.only) {
            let folder = tempfile::tempdir().map_err(said)?;
            let told = story::play(arguments.seed, 6, folder.path(), &tablet)?;
            let (tried, broken) = check::all(&told, arguments.seed, arguments.power_every);
            writeln!(
                out,
                "\npower: {} steps recorded; {} disks of the tablet and {} of the server opened, {} broken",
                told.steps.len(),
                tried.tablet_disks,
                tried.server_disks,
                broken.len()
            )
            .map_err(said)?;
            if !broken.is_empty() {
                return Err(broken.join("\n"));
            }
        }
        Ok(())
    }
}
