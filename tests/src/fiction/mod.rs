//! Fictional data from a seed: a county, its children, the spreadsheets that name them, visits to them.
//!
//! Nobody here exists. Identity numbers are of region 999999, which was never given out; villages, schools
//! and people are invented; telephone numbers are of the form 199-0000-xxxx (handbook 18). What the generator
//! is for are the awkward cases that real data is full of: [`Scenario`] lists those of the children,
//! [`Trap`] those of the spreadsheets.
//!
//! The same seed gives the same bytes on every machine, so a failing test is replayed from the seed that it
//! printed. Every subject draws from a stream of its own: a change to how visits are written moves no child.
//!
//! ```
//! use jiafang_tests::fiction::{Fiction, RosterStyle, Size};
//!
//! let fiction = Fiction::new(20_261_123);
//! let county = fiction.county(Size::Township);
//! let children = fiction.children(&county, 300);
//! let roster = fiction.roster_workbook(&children, &county, RosterStyle::ClerksHand).unwrap();
//! let visits = fiction.visits(&children);
//! assert_eq!(visits.len(), 299, "all but a child who died");
//! assert!(roster.expected.len() >= 300, "one expectation a row: {fiction}");
//! ```

mod child;
mod draw;
mod family;
mod identity;
mod names;
mod places;
mod register;
mod roster;
mod scenario;
mod scenes;
mod visit_texts;
mod visits;

pub use child::{FictionalChild, FictionalGuardian};
pub use identity::{REGION, check_digit};
pub use names::Ethnicity;
pub use places::{Size, county_file, write_county_file};
pub use roster::{ExpectedVerdict, FictionalRoster, RosterStyle, Trap, Verdict};
pub use scenario::Scenario;
pub use visits::FictionalVisit;

use jiff::civil::{Date, date};

/// The day on which the fiction is told: a Monday of the autumn term.
pub const TODAY: Date = date(2026, 11, 23);

/// The school year that [`TODAY`] lies in: it began on 1 September of this year (handbook 9.5).
pub const SCHOOL_YEAR: i16 = 2026;

/// The source of all fictional data: a seed. Prints as `fiction of seed 42`, so that tests can be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fiction {
    seed: u64,
}

impl Fiction {
    /// The fiction of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The seed that tells it again.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }
}

impl std::fmt::Display for Fiction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "fiction of seed {}", self.seed)
    }
}
