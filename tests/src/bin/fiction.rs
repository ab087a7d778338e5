//! Writes fictional files: a county for the server's `init`, rosters for an import.
//!
//! ```text
//! fiction county --seed 1 --size township --out county.json
//! fiction roster --seed 1 --style clerks-hand --count 300 --out roster.xlsx
//! ```

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use jiafang_core::error::Result;
use jiafang_core::files::write_atomically;
use jiafang_tests::fiction::{Fiction, RosterStyle, Size, Verdict, write_county_file};

/// Writes files about an invented county: nobody in them exists.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The county file that `jiafang-sync-server init --county` reads.
    County {
        /// The same seed writes the same file.
        #[arg(long)]
        seed: u64,
        /// How much of a county.
        #[arg(long)]
        size: SizeArgument,
        /// Where to.
        #[arg(long)]
        out: PathBuf,
    },
    /// A roster of the county of the same seed and size, with its traps.
    Roster {
        /// The same seed writes the same file.
        #[arg(long)]
        seed: u64,
        /// How much of a county the children live in.
        #[arg(long, default_value = "township")]
        size: SizeArgument,
        /// What it looks like.
        #[arg(long)]
        style: StyleArgument,
        /// How many children.
        #[arg(long, default_value_t = 300)]
        count: usize,
        /// Where to.
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum SizeArgument {
    Township,
    County,
}

impl From<SizeArgument> for Size {
    fn from(size: SizeArgument) -> Self {
        match size {
            SizeArgument::Township => Self::Township,
            SizeArgument::County => Self::County,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum StyleArgument {
    StudentRecordExport,
    ClerksHand,
    GbkCsv,
    Utf8Csv,
}

impl From<StyleArgument> for RosterStyle {
    fn from(style: StyleArgument) -> Self {
        match style {
            StyleArgument::StudentRecordExport => Self::StudentRecordExport,
            StyleArgument::ClerksHand => Self::ClerksHand,
            StyleArgument::GbkCsv => Self::GbkCsv,
            StyleArgument::Utf8Csv => Self::Utf8Csv,
        }
    }
}

fn main() -> ExitCode {
    // Whoever reads what is printed may have gone: the file counts.
    match run(Arguments::parse()) {
        Ok(line) => {
            let _ = writeln!(std::io::stdout(), "{line}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Writes what was asked for and tells it in a line.
fn run(arguments: Arguments) -> Result<String> {
    match arguments.what {
        What::County { seed, size, out } => {
            let fiction = Fiction::new(seed);
            let county = fiction.county(size.into());
            write_county_file(&county, &std::path::absolute(&out)?)?;
            Ok(format!(
                "{fiction}: {} places and {} schools in {}",
                county.places.len(),
                county.schools.len(),
                out.display()
            ))
        }
        What::Roster { seed, size, style, count, out } => {
            let fiction = Fiction::new(seed);
            let county = fiction.county(size.into());
            let children = fiction.children(&county, count);
            let roster = fiction.roster_workbook(&children, &county, style.into())?;
            write_atomically(&std::path::absolute(&out)?, &roster.bytes)?;
            Ok(format!(
                "{fiction}: {} rows in {}; to be new {}, doubtful {}, refused {}",
                roster.expected.len(),
                out.display(),
                roster.count(Verdict::New),
                roster.count(Verdict::Doubtful),
                roster.count(Verdict::Refused)
            ))
        }
    }
}
