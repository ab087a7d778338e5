//! Why an envelope is kept outside of the log until a person decides.

use minicbor::{Decode, Encode};

/// Why an envelope waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum QuarantineReason {
    /// The person does not answer for this child. The county's administration resolves it.
    #[n(1)]
    NotYours,
    /// It is no change that can be read.
    #[n(2)]
    ChangeUnreadable,
    /// Its signature does not fit.
    #[n(3)]
    SignatureWrong,
    /// Another envelope of this device has the same counter: the device was cloned or restored.
    #[n(4)]
    CounterForked,
    /// It builds on an envelope that waits.
    #[n(5)]
    BuildsOnQuarantined,
    /// It is larger than a form can be.
    #[n(6)]
    TooLarge,
    /// The child had moved away from the author's scope too long before it came.
    #[n(7)]
    Late,
}

impl QuarantineReason {
    /// All reasons.
    pub const ALL: &'static [Self] = &[
        Self::NotYours,
        Self::ChangeUnreadable,
        Self::SignatureWrong,
        Self::CounterForked,
        Self::BuildsOnQuarantined,
        Self::TooLarge,
        Self::Late,
    ];

    /// From its key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.key() == key)
    }

    /// Whether a person may let it into the log, when nothing else speaks against that: what nobody can read, or whose
    /// author is not proven, never comes in.
    #[must_use]
    pub const fn may_be_accepted(self) -> bool {
        match self {
            Self::NotYours | Self::CounterForked | Self::BuildsOnQuarantined | Self::Late => true,
            Self::ChangeUnreadable | Self::SignatureWrong | Self::TooLarge => false,
        }
    }

    /// The key that stores and the user interface hold.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::NotYours => "not_yours",
            Self::ChangeUnreadable => "change_unreadable",
            Self::SignatureWrong => "signature_wrong",
            Self::CounterForked => "counter_forked",
            Self::BuildsOnQuarantined => "builds_on_quarantined",
            Self::TooLarge => "too_large",
            Self::Late => "late",
        }
    }
}
