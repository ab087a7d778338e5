//! The kinds of document.

use minicbor::{Decode, Encode};

/// The kinds of document, each with rights of its own (architecture: documents).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum DocumentKind {
    /// One child.
    #[n(1)]
    Dossier,
    /// What protects a child: another document, for few.
    #[n(2)]
    Restricted,
    /// Places, schools, calendar: written by the county, read by all.
    #[n(3)]
    County,
    /// A village: what is recorded of it and of no child. One for each, under an id made from its code.
    #[n(4)]
    Place,
}

impl DocumentKind {
    /// The number that stores hold.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Dossier => 1,
            Self::Restricted => 2,
            Self::County => 3,
            Self::Place => 4,
        }
    }

    /// From its number.
    #[must_use]
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Dossier),
            2 => Some(Self::Restricted),
            3 => Some(Self::County),
            4 => Some(Self::Place),
            _ => None,
        }
    }
}
