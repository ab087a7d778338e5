//! Compares what a device and the server hold, dossier by dossier: `POST /v1/repair`. Rare, and beside the sync: no digest
//! travels or is computed in an ordinary one.
//!
//! Both sides know the changes of each document: the device from the document itself, which may have come in a pack and then
//! has no envelopes; the server from its log. Digests are over sets of changes, first by the first byte of the documents' ids,
//! then by document, then the changes themselves. What the device lacks is in the last answer; what the server lacks is given
//! back as after a restore (docs/decisions/restore.md).

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::cursor::Cursor;
use super::envelope::Envelope;
use crate::domain::identifier::{DocumentId, Hash32};
use crate::domain::place::Leaves;

/// One bucket for each first byte of a document's id.
pub const BUCKETS: u16 = 256;
/// Documents of which one request can ask for the changes.
pub const DOCUMENTS_MAX: usize = 100;
/// Changes that one request can name: below the limit of what is read of an array.
pub const CHANGES_MAX: usize = 20_000;

/// The first 8 bytes of a change's hash, as a number: enough to tell the changes of one document apart.
#[must_use]
pub fn change_id(change: Hash32) -> u64 {
    first_of(&change.0)
}

fn first_of(hash: &[u8]) -> u64 {
    hash.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// The digest of a document by its changes, without the genesis: the first 8 bytes of SHA-256 over the document's id and the
/// ids of its changes, each 8 bytes, ascending.
#[must_use]
pub fn document_digest(document: DocumentId, changes: &BTreeSet<u64>) -> u64 {
    let mut sum = Sha256::new();
    sum.update(document.as_bytes());
    for change in changes {
        sum.update(change.to_be_bytes());
    }
    first_of(&sum.finalize())
}

/// The number of the bucket of a document.
#[must_use]
pub fn bucket_of(document: DocumentId) -> u8 {
    document.as_bytes().first().copied().unwrap_or(0)
}

/// The digest of a bucket: the first 8 bytes of SHA-256 over id and digest of its documents, by their ids; 0 for an empty one.
#[must_use]
pub fn bucket_digest<'d>(documents: impl IntoIterator<Item = &'d DocumentDigest>) -> u64 {
    let mut sum = Sha256::new();
    let mut is_empty = true;
    for one in documents {
        is_empty = false;
        sum.update(one.document.as_bytes());
        sum.update(one.digest.to_be_bytes());
    }
    if is_empty { 0 } else { first_of(&sum.finalize()) }
}

/// The digests of all buckets, of documents by their digests.
#[must_use]
pub fn bucket_digests(documents: &BTreeMap<DocumentId, u64>) -> Vec<u64> {
    let mut buckets: Vec<Vec<DocumentDigest>> = vec![Vec::new(); usize::from(BUCKETS)];
    for (document, digest) in documents {
        if let Some(bucket) = buckets.get_mut(usize::from(bucket_of(*document))) {
            bucket.push(DocumentDigest { document: *document, digest: *digest });
        }
    }
    buckets.iter().map(bucket_digest).collect()
}

/// SHA-256 over the digests of all buckets, each 8 bytes.
#[must_use]
pub fn root(buckets: &[u64]) -> Hash32 {
    let bytes: Vec<u8> = buckets.iter().flat_map(|digest| digest.to_be_bytes()).collect();
    Hash32::of(&bytes)
}

/// `POST /v1/repair`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RepairRequest {
    /// [`super::VERSION`].
    #[n(0)]
    pub version: u16,
    /// Where the device stands, as in a sync.
    #[n(1)]
    pub cursor: Cursor,
    /// The hash of the rights that it knows itself to have.
    #[n(2)]
    pub rights: Hash32,
    /// What it asks.
    #[n(3)]
    pub ask: RepairAsk,
}

/// What a device asks. What it holds is what of each document it may see; what still waits to be sent, or waits apart, is
/// left out.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum RepairAsk {
    /// The digests of buckets.
    #[n(0)]
    Buckets {
        /// [`root`] of what the device holds.
        #[n(0)]
        root: Hash32,
        /// The first bucket that it wants; 0 at first.
        #[n(1)]
        from: u16,
    },
    /// The digests of the documents in these buckets.
    #[n(1)]
    Documents {
        /// Their numbers, ascending.
        #[cbor(n(0), decode_with = "super::bounded::decode")]
        buckets: Vec<u16>,
    },
    /// The changes of documents.
    #[n(2)]
    Changes {
        /// At most [`DOCUMENTS_MAX`] with [`CHANGES_MAX`] changes in all.
        #[cbor(n(0), decode_with = "super::bounded::decode")]
        documents: Vec<HeldDocument>,
    },
}

/// What a device holds of a document.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HeldDocument {
    /// The document.
    #[n(0)]
    pub document: DocumentId,
    /// The ids of its changes, ascending.
    #[cbor(n(1), decode_with = "super::bounded::decode")]
    pub changes: Vec<u64>,
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum RepairAnswer {
    /// The device stands elsewhere than it thinks (a restored server, other rights): an ordinary sync comes first.
    #[n(0)]
    SyncFirst,
    /// All is the same on both sides.
    #[n(1)]
    Same,
    /// Digests of buckets, from the one that was asked for on, as far as one request's work goes.
    #[n(2)]
    Buckets {
        /// Them.
        #[cbor(n(0), decode_with = "super::bounded::decode")]
        digests: Vec<u64>,
    },
    /// Digests of documents.
    #[n(3)]
    Documents {
        /// Of the first of the buckets that were asked for: so many, at least one.
        #[n(0)]
        buckets: u16,
        /// All that the device may see of them.
        #[n(1)]
        documents: Vec<DocumentDigest>,
    },
    /// What differs, of the first of the documents that were asked for: as many as there are elements, at least one.
    #[n(4)]
    Changes {
        /// In the order in which they were asked for.
        #[n(0)]
        documents: Vec<Difference>,
    },
}

/// The digest of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct DocumentDigest {
    /// The document.
    #[n(0)]
    pub document: DocumentId,
    /// [`document_digest`].
    #[n(1)]
    pub digest: u64,
}

/// What differs of a document.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Difference {
    /// The document.
    #[n(0)]
    pub document: DocumentId,
    /// Where it lies; `None` when the log does not know it, or the device may not see it.
    #[n(1)]
    pub leaves: Option<Leaves>,
    /// Envelopes with changes that the device did not name, at or below its cursor, in the order of the log. What is above
    /// comes by a sync.
    #[n(2)]
    pub envelopes: Vec<Envelope>,
    /// There are more of them: ask for this document again.
    #[n(3)]
    pub more: bool,
    /// Changes that the device named and the log does not have.
    #[n(4)]
    pub lacking: Vec<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> DocumentId {
        DocumentId::from_bytes([number; 16])
    }

    #[test]
    fn equal_sets_of_changes_have_equal_digests_in_whatever_order_they_came_and_one_change_more_is_seen() {
        let of = |changes: &[u64]| document_digest(id(1), &changes.iter().copied().collect());
        assert_eq!(of(&[1, 2, 3]), of(&[3, 1, 2]));
        assert_ne!(of(&[1, 2, 3]), of(&[1, 2]));
        assert_ne!(of(&[1]), document_digest(id(2), &BTreeSet::from([1])), "of another document");
    }

    #[test]
    fn a_difference_in_one_document_is_a_difference_in_its_bucket_alone() {
        let here: BTreeMap<DocumentId, u64> = (0..=255).map(|number| (id(number), u64::from(number))).collect();
        let mut there = here.clone();
        there.insert(id(7), 70);
        there.remove(&id(200));
        let (here, there) = (bucket_digests(&here), bucket_digests(&there));
        let differing: Vec<usize> = (0..256).filter(|number| here[*number] != there[*number]).collect();
        assert_eq!(differing, [7, 200]);
        assert_eq!(there[200], 0, "an empty bucket");
        assert_ne!(root(&here), root(&there));
    }
}
