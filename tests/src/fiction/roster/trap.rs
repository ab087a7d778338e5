//! What goes wrong in spreadsheets between a desk and a school (handbook 10.1, 10.3).

use serde::Serialize;

use super::super::child::FictionalChild;
use super::{RosterStyle, Verdict};

/// What was done to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trap {
    /// The identity number went through a number cell: 15 digits are left, shown as 9.99999E+17.
    RoundedId,
    /// An identity number of the old form, 15 digits: no child of school age has one.
    OldId,
    /// The identity number has a day that never was and a check character that fits.
    ImpossibleBirthday,
    /// The sex beside the identity number is the other one.
    OtherSex,
    /// The birthday beside the identity number is another one.
    OtherBirthDate,
    /// The name was left out.
    MissingName,
    /// Identity number and birthday were left out: it cannot be told which child this is.
    NothingIdentifies,
    /// The row stands in the list a second time.
    RepeatedRow,
    /// Digits in full width, as a Chinese keyboard types them.
    FullWidthDigits,
    /// Spaces around name, number and telephone: common, ideographic and no-break ones.
    LooseSpaces,
    /// A name of two characters stretched with a space, to stand even with those of three.
    StretchedName,
    /// The check character x in lower case.
    LowercaseX,
    /// An apostrophe or a tab before the identity number, put there against rounding.
    GuardedId,
    /// 无, - or / where a cell could be empty.
    WordsForNothing,
    /// The middle dot of a minority name as another code point.
    OtherDot,
}

impl Trap {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::RoundedId,
        Self::OldId,
        Self::ImpossibleBirthday,
        Self::OtherSex,
        Self::OtherBirthDate,
        Self::MissingName,
        Self::NothingIdentifies,
        Self::RepeatedRow,
        Self::FullWidthDigits,
        Self::LooseSpaces,
        Self::StretchedName,
        Self::LowercaseX,
        Self::GuardedId,
        Self::WordsForNothing,
        Self::OtherDot,
    ];

    /// What must be said of the row in an import into an empty store.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::RoundedId
            | Self::OldId
            | Self::ImpossibleBirthday
            | Self::OtherSex
            | Self::OtherBirthDate
            | Self::RepeatedRow => Verdict::Doubtful,
            Self::MissingName | Self::NothingIdentifies => Verdict::Refused,
            Self::FullWidthDigits
            | Self::LooseSpaces
            | Self::StretchedName
            | Self::LowercaseX
            | Self::GuardedId
            | Self::WordsForNothing
            | Self::OtherDot => Verdict::New,
        }
    }

    /// Whether it can be laid for this child in this kind of file. Children who play a scenario get none
    /// besides the scenario's own, so that it stays clear what is expected of them.
    #[must_use]
    pub fn fits(self, child: &FictionalChild, style: RosterStyle) -> bool {
        if child.scenario.is_some() {
            return false;
        }
        match self {
            Self::StretchedName => child.name.chars().count() == 2,
            Self::LowercaseX => child.id_number.as_deref().is_some_and(|number| number.ends_with('X')),
            // GBK has one middle dot only.
            Self::OtherDot => child.name.contains('·') && style != RosterStyle::GbkCsv,
            _ => true,
        }
    }
}
