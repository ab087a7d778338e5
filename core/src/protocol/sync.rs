//! One request a sync: what a device has written goes up, what it lacks comes down.
//!
//! What the receiver can rebuild is left out of a push: the certificate (the connection proves it), the
//! counters (they run on), the hash of each envelope's predecessor (it is the one before), and what repeats
//! (documents and leaves stand in tables). The changes lie side by side, so that they compress as one text.

use minicbor::{Decode, Encode};

use super::apart::{ApartAnswer, ApartRequest};
use super::cursor::Cursor;
use super::envelope::{Envelope, EnvelopeBody};
use super::pack::{PackAnswer, PackRequest};
use super::photo::{PhotoOffer, PhotoOffset};
use super::quarantine::QuarantineReason;
use super::register::RegisterEntry;
use crate::domain::doc::DocumentKind;
use crate::domain::identifier::{CertificateId, DocumentId, Hash32};
use crate::domain::place::{Leaves, Scope};
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::vault::signing::Signature;

/// A batch of a device's own envelopes, consecutive.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Push {
    /// The counter of the first.
    #[n(0)]
    pub first_counter: u64,
    /// The hash of the device's envelope before the first.
    #[n(1)]
    pub previous: Hash32,
    /// The documents that the envelopes name by their place here.
    #[cbor(n(2), decode_with = "super::bounded::decode")]
    pub documents: Vec<PushedDocument>,
    /// What each envelope says besides its change and signature.
    #[cbor(n(3), decode_with = "super::bounded::decode")]
    pub frames: Vec<PushedFrame>,
    /// The changes, in the order of the frames.
    #[cbor(n(4), decode_with = "super::bounded::decode")]
    pub changes: Vec<minicbor::bytes::ByteVec>,
    /// The signatures, in the order of the frames.
    #[cbor(n(5), decode_with = "super::bounded::decode")]
    pub signatures: Vec<Signature>,
}

/// A document of a push.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct PushedDocument {
    /// The document.
    #[n(0)]
    pub document: DocumentId,
    /// Its kind.
    #[n(1)]
    pub kind: DocumentKind,
    /// Where the author saw it lie.
    #[n(2)]
    pub leaves: Leaves,
}

/// What an envelope says besides its change and signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct PushedFrame {
    /// The place of its document in [`Push::documents`].
    #[n(0)]
    pub document: u32,
    /// See [`EnvelopeBody::register_head`].
    #[n(1)]
    pub register_head: u64,
    /// See [`EnvelopeBody::cursor_seq`].
    #[n(2)]
    pub cursor_seq: u64,
}

/// A push whose tables do not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tables of the push do not fit together")]
pub struct PushError;

impl Push {
    /// Packs consecutive envelopes of one device; `None` when there are none.
    ///
    /// # Errors
    /// [`PushError`] when they are not consecutive.
    pub fn pack(envelopes: &[Envelope]) -> Result<Option<Self>, PushError> {
        let Some(first) = envelopes.first() else { return Ok(None) };
        let mut push = Self {
            first_counter: first.body.counter,
            previous: first.body.previous,
            documents: Vec::new(),
            frames: Vec::new(),
            changes: Vec::new(),
            signatures: Vec::new(),
        };
        let mut counter = first.body.counter;
        for envelope in envelopes {
            if envelope.body.counter != counter {
                return Err(PushError);
            }
            counter = counter.checked_add(1).ok_or(PushError)?;
            let document = PushedDocument {
                document: envelope.body.document,
                kind: envelope.body.kind,
                leaves: envelope.body.leaves.clone(),
            };
            let place = push.documents.iter().position(|known| *known == document).unwrap_or_else(|| {
                push.documents.push(document);
                push.documents.len().saturating_sub(1)
            });
            push.frames.push(PushedFrame {
                document: u32::try_from(place).map_err(|_| PushError)?,
                register_head: envelope.body.register_head,
                cursor_seq: envelope.body.cursor_seq,
            });
            push.changes.push(envelope.body.change.clone().into());
            push.signatures.push(envelope.signature);
        }
        Ok(Some(push))
    }

    /// Rebuilds the envelopes of the device that proved itself by `certificate`.
    ///
    /// # Errors
    /// [`PushError`].
    pub fn unpack(self, certificate: CertificateId) -> Result<Vec<Envelope>, PushError> {
        if self.frames.len() != self.changes.len() || self.frames.len() != self.signatures.len() {
            return Err(PushError);
        }
        let mut counter = self.first_counter;
        let mut previous = self.previous;
        let mut envelopes = Vec::with_capacity(self.frames.len());
        for ((frame, change), signature) in self.frames.into_iter().zip(self.changes).zip(self.signatures) {
            let document =
                self.documents.get(usize::try_from(frame.document).map_err(|_| PushError)?).ok_or(PushError)?;
            let envelope = Envelope {
                body: EnvelopeBody {
                    document: document.document,
                    kind: document.kind,
                    leaves: document.leaves.clone(),
                    change: change.into(),
                    counter,
                    previous,
                    certificate,
                    register_head: frame.register_head,
                    cursor_seq: frame.cursor_seq,
                },
                signature,
            };
            previous = envelope.hash();
            counter = counter.checked_add(1).ok_or(PushError)?;
            envelopes.push(envelope);
        }
        Ok(envelopes)
    }
}

/// `POST /v1/sync`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SyncRequest {
    /// [`super::VERSION`].
    #[n(0)]
    pub version: u16,
    /// Where the device stands.
    #[n(1)]
    pub cursor: Cursor,
    /// The hash of the rights that it knows itself to have ([`Rights::hash`]).
    #[n(2)]
    pub rights: Hash32,
    /// The last register entry that it holds.
    #[n(3)]
    pub register_head: u64,
    /// What it has written since.
    #[n(4)]
    pub push: Option<Push>,
    /// Files that it holds and has no word of the server about.
    #[cbor(n(5), decode_with = "super::bounded::decode")]
    pub photo_offers: Vec<PhotoOffer>,
    /// The lowest of its counters that it does not know to be on a desk; 0 when none is open.
    #[n(6)]
    pub undelivered_from: u64,
    /// How many bytes of envelopes the answer may carry.
    #[n(7)]
    pub answer_bytes_max: u32,
    /// Up to where the device has heard of its photos being on a desk ([`SyncAnswer::photo_mark`]); 0 at first.
    #[n(8)]
    pub photo_mark: u64,
    /// The hash of that register entry; zeroes before the first. A server that was restored from a backup may have
    /// other entries under the same numbers.
    #[n(9)]
    pub register_hash: Hash32,
    /// What waits apart; a device that says nothing of it is told nothing.
    #[n(10)]
    pub apart: Option<ApartRequest>,
    /// Packs that the device has or waits for; absent when it takes envelopes only, or needs to say nothing.
    #[n(12)]
    pub packs: Option<PackRequest>,
}

/// What became of an envelope that was offered.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Receipt {
    /// Committed to the server's log.
    #[n(0)]
    Stored,
    /// It was there already.
    #[n(1)]
    Duplicate,
    /// What it builds on is not on the server: send that first. Kept by the device, offered again.
    #[n(2)]
    NeedsDependencies,
    /// Kept by the server outside of the log until a person decides.
    #[n(3)]
    Quarantined {
        /// Why.
        #[n(0)]
        reason: QuarantineReason,
    },
}

/// The same receipt for a run of counters.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ReceiptRun {
    /// The first counter.
    #[n(0)]
    pub first_counter: u64,
    /// How many.
    #[n(1)]
    pub count: u64,
    /// What became of each.
    #[n(2)]
    pub receipt: Receipt,
    /// The sequence number of the first in the server's log, running on with the counters; 0 when not stored.
    #[n(3)]
    pub first_seq: u64,
}

/// What a person may see and write now.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Rights {
    /// The role.
    #[n(0)]
    pub role: Role,
    /// What it covers, sorted.
    #[n(1)]
    pub scopes: Vec<Scope>,
}

impl Rights {
    /// The hash by which both sides see whether they mean the same rights.
    #[must_use]
    pub fn hash(&self) -> Hash32 {
        Hash32::of(&super::body::cbor(self))
    }
}

/// The answer to a sync.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SyncAnswer {
    /// The server does not know the cursor: it was restored from a backup. Nothing was taken in or given out;
    /// the cursor here is the one to go on from.
    #[n(0)]
    pub rewound: bool,
    /// What became of what was pushed.
    #[n(1)]
    pub receipts: Vec<ReceiptRun>,
    /// Register entries above the device's head, in order.
    #[n(2)]
    pub register: Vec<RegisterEntry>,
    /// The device's rights, when they differ from what it knows: it then starts again at [`Cursor::START`],
    /// and what it holds already comes as duplicates that it passes over.
    #[n(3)]
    pub rights: Option<Rights>,
    /// Envelopes of others in the device's scope, above its cursor, in the order of the log.
    #[n(4)]
    pub envelopes: Vec<Envelope>,
    /// Runs of the device's own counters that a desk which answers for the child holds: (first, last).
    #[n(5)]
    pub delivered: Vec<(u64, u64)>,
    /// What the server holds of the offered files; one that is not named it holds nothing of.
    #[n(6)]
    pub photo_offsets: Vec<PhotoOffset>,
    /// The highest sequence number that a verified backup holds.
    #[n(7)]
    pub durable_seq: u64,
    /// Where the device stands now.
    #[n(8)]
    pub cursor: Cursor,
    /// There is more than the answer could carry: ask again.
    #[n(9)]
    pub more: bool,
    /// The server's clock.
    #[n(10)]
    pub server_time: Timestamp,
    /// Photos that this device put up and that a desk has fetched whole since its photo mark.
    #[n(11)]
    pub photos_delivered: Vec<Hash32>,
    /// The new photo mark: counts the server's deliveries of photos to desks.
    #[n(12)]
    pub photo_mark: u64,
    /// The installation has chosen to run without a backup: `durable_seq` is then the head of the log, and
    /// people are told.
    #[n(13)]
    pub without_backup: bool,
    /// Children who have moved, in the order of the log; absent when there are none.
    #[n(14)]
    pub moves: Option<Vec<ScopeEvent>>,
    /// What waits apart, when there is something to say.
    #[n(15)]
    pub apart: Option<ApartAnswer>,
    /// Packs for a device that begins at the start and has said that it understands them.
    #[n(17)]
    pub packs: Option<PackAnswer>,
}

/// A child who has moved, as far as it concerns a device. A later event of the same child replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ScopeEvent {
    /// The dossier.
    #[n(0)]
    pub document: DocumentId,
    /// What it means to the device.
    #[n(1)]
    pub change: ScopeChange,
}

/// What a move means to a device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum ScopeChange {
    /// The child has come into the device's scope, or moved within it, and lies there now. Of a child who has come,
    /// all that was recorded before comes in the same answer.
    #[n(0)]
    Here {
        /// Where the dossier lies.
        #[n(0)]
        leaves: Leaves,
    },
    /// The child has left the device's scope. Where to is not said to whom it does not concern.
    #[n(1)]
    Left {
        /// The place in the log of the envelope that moved it.
        #[n(0)]
        seq: u64,
    },
}
