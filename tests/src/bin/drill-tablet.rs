//! A tablet for the drills: the app's backend over the real connection, told what to do by the standard input.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Runs a tablet's backend; each line is an order, each answer a line.
#[derive(Parser)]
struct Arguments {
    /// The app's data folder; made when it is not there.
    #[arg(long)]
    data: PathBuf,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter("error").init();
    #[cfg(target_os = "linux")]
    if jiafang_tests::drills::tablet::serve(&Arguments::parse().data).is_ok() {
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}
