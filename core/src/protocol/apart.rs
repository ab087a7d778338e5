//! What waits apart: who wrote it asks what became of it, who answers for the child decides, and a device that shares its
//! certificate with a copy of itself learns of it.

use minicbor::{Decode, Encode};

use super::body::cbor;
use super::envelope::Envelope;
use super::quarantine::QuarantineReason;
use super::register::RegisterEntry;
use crate::domain::identifier::{CertificateId, DocumentId, Hash32};
use crate::domain::place::Leaves;
use crate::domain::time::Timestamp;
use crate::vault::signing::{DeviceSigner, PublicKey, Signature, verify};

/// Own envelopes that one request asks about; the next asks about others.
pub const ASKS_MAX: usize = 100;
/// Decisions that one request carries.
pub const DECISIONS_MAX: usize = 100;
/// The longest note of a decision, in characters.
pub const NOTE_CHARS_MAX: usize = 500;

/// What a person decides over an envelope that waits, and over what builds on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Verdict {
    /// It goes into the log, under its author's name.
    #[n(1)]
    Accept,
    /// It does not; its author's device drops it and shows its words again.
    #[n(2)]
    Refuse,
}

/// What is signed of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct DecisionBody {
    /// The envelope that waits.
    #[n(0)]
    pub envelope: Hash32,
    /// What was decided.
    #[n(1)]
    pub verdict: Verdict,
    /// Why, for its author.
    #[n(2)]
    pub note: String,
    /// When, by the clock of the device.
    #[n(3)]
    pub at: Timestamp,
}

/// A signed decision. The certificate is that of the connection.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Decision {
    /// What is signed.
    #[n(0)]
    pub body: DecisionBody,
    /// The device's signature over the body's CBOR.
    #[n(1)]
    pub signature: Signature,
}

const SIGNED_AS: &str = "decision";

impl Decision {
    /// Signs a decision.
    #[must_use]
    pub fn sign(body: DecisionBody, signer: &DeviceSigner) -> Self {
        let signature = signer.sign(SIGNED_AS, &cbor(&body));
        Self { body, signature }
    }

    /// Whether this key signed it.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        verify(key, SIGNED_AS, &cbor(&self.body), &self.signature)
    }
}

/// The last envelope that a device has written itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct OwnHead {
    /// Its counter; 0 before the first.
    #[n(0)]
    pub counter: u64,
    /// Its hash; zeroes before the first.
    #[n(1)]
    pub hash: Hash32,
}

/// What a device says of what waits apart. A server answers in kind only whoever speaks of it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ApartRequest {
    /// The hash of the review list that the device holds ([`review_hash`]); zeroes when it holds none.
    #[n(0)]
    pub review: Hash32,
    /// Own envelopes that it knows to be apart and has heard nothing of since.
    #[cbor(n(1), decode_with = "super::bounded::decode")]
    pub asks: Vec<Hash32>,
    /// Decisions that the server has not acknowledged.
    #[cbor(n(2), decode_with = "super::bounded::decode")]
    pub decisions: Vec<Decision>,
    /// The end of its own chain; left out of a request with a push, which shows it.
    #[n(3)]
    pub own_head: Option<OwnHead>,
    /// It knows that another device has its certificate: it is sent what that one wrote.
    #[n(4)]
    pub twin_known: bool,
    /// What a restored server has lost and this device holds of others.
    #[n(5)]
    pub given_back: Option<GivenBack>,
}

/// What a device gives back to a server that was restored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct GivenBack {
    /// Register entries, oldest first.
    #[cbor(n(0), decode_with = "super::bounded::decode")]
    pub register: Vec<RegisterEntry>,
    /// Envelopes of others, in the order of the log in which they came.
    #[cbor(n(1), decode_with = "super::bounded::decode")]
    pub envelopes: Vec<Envelope>,
}

/// What need not be given back again, by hash: it is there, whether it was taken or known, or something newer is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct TakenBack {
    /// Register entries.
    #[n(0)]
    pub register: Vec<Hash32>,
    /// Envelopes.
    #[n(1)]
    pub envelopes: Vec<Hash32>,
}

/// What the server says of what waits apart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct ApartAnswer {
    /// What waits for this person to decide, oldest first, when it is another list than the device holds.
    #[n(0)]
    pub review: Option<Vec<ReviewItem>>,
    /// What became of envelopes that the device asked about; of one that still waits nothing is said.
    #[n(1)]
    pub outcomes: Vec<Outcome>,
    /// Envelopes of which a decision needs not be sent again.
    #[n(2)]
    pub decided: Vec<Hash32>,
    /// Another device writes under this certificate, and this one does not know it: it begins again at the start of the
    /// log.
    #[n(3)]
    pub twin: bool,
    /// What was taken back of what the device gave.
    #[n(4)]
    pub taken_back: Option<TakenBack>,
}

/// An envelope that waits for a person to decide.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ReviewItem {
    /// Its hash.
    #[n(0)]
    pub envelope: Hash32,
    /// Whose device.
    #[n(1)]
    pub certificate: CertificateId,
    /// The device's counter.
    #[n(2)]
    pub counter: u64,
    /// The dossier.
    #[n(3)]
    pub document: DocumentId,
    /// Where its author saw it lie.
    #[n(4)]
    pub leaves: Leaves,
    /// Why it waits.
    #[n(5)]
    pub reason: QuarantineReason,
    /// Since when, by the server's clock.
    #[n(6)]
    pub since: Timestamp,
    /// It can be accepted; else it can only be put away.
    #[n(7)]
    pub acceptable: bool,
    /// Its change; empty where that cannot be read, or is too large to send along.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub change: Vec<u8>,
}

/// The hash of a review list; zeroes for an empty one.
#[must_use]
pub fn review_hash(items: &[ReviewItem]) -> Hash32 {
    if items.is_empty() { Hash32::ZERO } else { Hash32::of(&cbor(&items)) }
}

/// What became of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Outcome {
    /// The envelope.
    #[n(0)]
    pub envelope: Hash32,
    /// What became of it.
    #[n(1)]
    pub fate: Fate,
}

/// What became of an envelope that a device knew to be apart.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Fate {
    /// The server has not got it: it was restored from a backup. It is to be offered again.
    #[n(0)]
    Unknown,
    /// It is in the log.
    #[n(1)]
    Accepted {
        /// Where.
        #[n(0)]
        seq: u64,
    },
    /// It was refused.
    #[n(2)]
    Refused {
        /// The name of who decided.
        #[n(0)]
        by: String,
        /// When.
        #[n(1)]
        at: Timestamp,
        /// Why.
        #[n(2)]
        note: String,
    },
}
