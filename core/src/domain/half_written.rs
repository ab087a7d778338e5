//! Forms other than visits that are kept while somebody fills them in, so that nothing has to be typed twice when the system ends
//! the app behind others.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::identifier::DocumentId;
use super::time::Timestamp;

/// Which form. A report of danger is none of them: of that nothing stays on the device of who reports it
/// (docs/decisions/restricted-annex.md). Short ones, of a field or two, are none either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum HalfWrittenForm {
    /// A child that no roster had.
    Register,
    /// A record of a case: an attempt to persuade, a paper, a closing.
    Case,
    /// An entry of a plan, of home teaching, of strengths or results.
    Plan,
    /// Who is where in a household, from door to door.
    Household,
}

impl HalfWrittenForm {
    /// The key that the store holds.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Case => "case",
            Self::Plan => "plan",
            Self::Household => "household",
        }
    }

    /// The form of a key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Register, Self::Case, Self::Plan, Self::Household].into_iter().find(|form| form.key() == key)
    }
}

/// A form as it was when it was last kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfWritten {
    /// Which.
    pub form: HalfWrittenForm,
    /// The dossier that it is about, where it is about one.
    pub document: Option<DocumentId>,
    /// Where in the app it stands, as the app's pages name their places.
    pub place: String,
    /// JSON, as its screen wrote it.
    pub text: String,
    /// When it was kept.
    pub saved_at: Timestamp,
}
