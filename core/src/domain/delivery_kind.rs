//! What a form recorded, for the lists of where each is.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DeliveryKind {
    /// A home visit.
    Visit,
    /// A child was registered.
    Registered,
    /// A field was changed.
    FieldChanged,
    /// A conflict was settled.
    ConflictSettled,
    /// A schooling status was recorded.
    Status,
    /// A roster row was taken over.
    Roster,
    /// A child was moved to another village or class.
    Moved,
    /// An absence, a leave or a return in the roll.
    Absence,
    /// A step of a case, or a decision over it.
    Case,
    /// A proof of the evidence file, or its withdrawal.
    Evidence,
    /// A setting of the county.
    County,
    /// Who answers for what.
    Duty,
    /// An entry of a plan, of home teaching, of strengths or results.
    Plan,
    /// What happened on the way into the next school.
    Transition,
    /// A report of danger to a child, or what was done about it.
    Danger,
    /// Names were asked for.
    Look,
    /// A door-to-door check, or its withdrawal.
    Check,
    /// How far a village is, or an item of its checklist.
    Village,
}

impl DeliveryKind {
    /// The key that the outbox holds.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::Registered => "registered",
            Self::FieldChanged => "field_changed",
            Self::ConflictSettled => "conflict_settled",
            Self::Status => "status",
            Self::Roster => "roster",
            Self::Moved => "moved",
            Self::Absence => "absence",
            Self::Case => "case",
            Self::Evidence => "evidence",
            Self::Plan => "plan",
            Self::Transition => "transition",
            Self::County => "county",
            Self::Duty => "duty",
            Self::Danger => "danger",
            Self::Look => "look",
            Self::Check => "check",
            Self::Village => "village",
        }
    }

    /// From its key; what is unknown counts as a changed field.
    #[must_use]
    pub fn from_key(key: &str) -> Self {
        [
            Self::Visit,
            Self::Registered,
            Self::ConflictSettled,
            Self::Status,
            Self::Roster,
            Self::Moved,
            Self::Absence,
            Self::Case,
            Self::Evidence,
            Self::Plan,
            Self::Transition,
            Self::County,
            Self::Duty,
            Self::Danger,
            Self::Look,
            Self::Check,
            Self::Village,
        ]
        .into_iter()
        .find(|kind| kind.key() == key)
        .unwrap_or(Self::FieldChanged)
    }
}
