//! The envelope: one change of one document, signed by the device that made it.

use minicbor::{Decode, Encode};

use super::body::cbor;
use crate::domain::doc::DocumentKind;
use crate::domain::identifier::{CertificateId, DocumentId, Hash32};
use crate::domain::place::Leaves;
use crate::vault::signing::{DeviceSigner, PublicKey, Signature, verify};

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct EnvelopeBody {
    /// The document.
    #[n(0)]
    pub document: DocumentId,
    /// Its kind.
    #[n(1)]
    pub kind: DocumentKind,
    /// Where its author saw the document lie.
    #[n(2)]
    pub leaves: Leaves,
    /// One Automerge change chunk (type 1 or 2).
    #[cbor(n(3), with = "minicbor::bytes")]
    pub change: Vec<u8>,
    /// The device's count of envelopes, from 1.
    #[n(4)]
    pub counter: u64,
    /// The hash of the device's envelope before this one; zeroes before the first.
    #[n(5)]
    pub previous: Hash32,
    /// Whose device.
    #[n(6)]
    pub certificate: CertificateId,
    /// The register's head when it was written.
    #[n(7)]
    pub register_head: u64,
    /// The cursor's sequence number when it was written.
    #[n(8)]
    pub cursor_seq: u64,
}

/// A signed envelope.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Envelope {
    /// What is signed.
    #[n(0)]
    pub body: EnvelopeBody,
    /// The device's signature over the body's CBOR.
    #[n(1)]
    pub signature: Signature,
}

const SIGNED_AS: &str = "envelope";

/// Why bytes are no envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not the CBOR of an envelope.
    #[error("not an envelope")]
    Unreadable,
    /// An envelope in another than its one encoding: its hash would not be unique.
    #[error("an envelope in an unusual encoding")]
    NotCanonical,
}

impl Envelope {
    /// Signs a body.
    #[must_use]
    pub fn sign(body: EnvelopeBody, signer: &DeviceSigner) -> Self {
        let signature = signer.sign(SIGNED_AS, &cbor(&body));
        Self { body, signature }
    }

    /// Whether the certificate's key signed it.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        verify(key, SIGNED_AS, &cbor(&self.body), &self.signature)
    }

    /// Its one encoding.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor(self)
    }

    /// Reads an envelope in its one encoding.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let envelope: Self = minicbor::decode(bytes).map_err(|_| EnvelopeError::Unreadable)?;
        if envelope.to_bytes() == bytes { Ok(envelope) } else { Err(EnvelopeError::NotCanonical) }
    }

    /// The hash that names it: of its one encoding.
    #[must_use]
    pub fn hash(&self) -> Hash32 {
        Hash32::of(&self.to_bytes())
    }
}
