//! Forms other than visits that are kept while somebody fills them in, so that nothing has to be typed twice when the system ends
//! the app behind others.

use serde::de::IntoDeserializer;
use serde::de::value::Error as DeserializeError;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::identifier::DocumentId;
use super::time::Timestamp;

/// Which form. A report of danger is none of them: of that nothing stays on the device of who reports it
/// (docs/decisions/restricted-annex.md).
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
    /// A schooling status.
    Status,
    /// What is special about a child.
    Flags,
    /// One field of a dossier.
    Field,
    /// A guardian who is added.
    Guardian,
    /// A guardian's telephone number.
    GuardianPhone,
    /// A move to another village or class.
    Move,
    /// A paper that is put on file; its pages wait in a draft.
    Evidence,
    /// An absence that a tap cannot say.
    Absence,
    /// A step on the way into the next school, of one child or of several.
    Transition,
    /// The way to a village.
    Road,
    /// Notes on the working method in a village.
    Checklist,
}

impl HalfWrittenForm {
    /// The key that the store holds, the same as on the way to the pages.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Case => "case",
            Self::Plan => "plan",
            Self::Household => "household",
            Self::Status => "status",
            Self::Flags => "flags",
            Self::Field => "field",
            Self::Guardian => "guardian",
            Self::GuardianPhone => "guardian_phone",
            Self::Move => "move",
            Self::Evidence => "evidence",
            Self::Absence => "absence",
            Self::Transition => "transition",
            Self::Road => "road",
            Self::Checklist => "checklist",
        }
    }

    /// The form of a key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::deserialize(IntoDeserializer::<DeserializeError>::into_deserializer(key)).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_found_again_by_its_key_and_no_other_is() {
        for form in [HalfWrittenForm::Register, HalfWrittenForm::GuardianPhone, HalfWrittenForm::Checklist] {
            assert_eq!(HalfWrittenForm::from_key(form.key()), Some(form));
        }
        assert_eq!(HalfWrittenForm::from_key("danger"), None);
    }
}
