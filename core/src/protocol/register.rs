//! The register: who may see and write what. Ordered by the server, append-only, each entry signed by the
//! county's key and chained by hash, replicated read-only. No CRDT: rights must have one order.

use minicbor::{Decode, Encode};

use super::body::cbor;
use crate::domain::identifier::{CertificateId, DocumentId, Hash32, PersonId};
use crate::domain::place::Scope;
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::vault::signing::{DeviceSigner, PublicKey, Signature, verify};

/// One fact of the register.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum RegisterFact {
    /// The first entry: the county and its document of places and schools.
    #[n(0)]
    County {
        /// Its name.
        #[n(0)]
        name: String,
        /// The county document.
        #[n(1)]
        document: DocumentId,
        /// The certificate of the county's own administration, which writes the county document.
        #[n(2)]
        certificate: CertificateId,
        /// Its key.
        #[n(3)]
        public_key: PublicKey,
    },
    /// A person with a role and what it answers for; a later entry for the same person replaces it.
    #[n(1)]
    Person {
        /// The person.
        #[n(0)]
        person: PersonId,
        /// The name as colleagues know it.
        #[n(1)]
        name: String,
        /// The role.
        #[n(2)]
        role: Role,
        /// What the role covers.
        #[n(3)]
        scopes: Vec<Scope>,
    },
    /// A device of a person.
    #[n(2)]
    Certificate {
        /// The certificate.
        #[n(0)]
        certificate: CertificateId,
        /// Whose.
        #[n(1)]
        person: PersonId,
        /// The key that it signs with.
        #[n(2)]
        public_key: PublicKey,
    },
    /// A device that may not write any more; what it wrote before stays its own.
    #[n(3)]
    Revoked {
        /// The certificate.
        #[n(0)]
        certificate: CertificateId,
    },
}

/// What is signed of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RegisterEntryBody {
    /// From 1, without gaps.
    #[n(0)]
    pub seq: u64,
    /// The hash of the entry before; zeroes before the first.
    #[n(1)]
    pub previous: Hash32,
    /// When the server wrote it.
    #[n(2)]
    pub at: Timestamp,
    /// The fact.
    #[n(3)]
    pub fact: RegisterFact,
}

/// A signed entry.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RegisterEntry {
    /// What is signed.
    #[n(0)]
    pub body: RegisterEntryBody,
    /// By the county's key.
    #[n(1)]
    pub signature: Signature,
}

const SIGNED_AS: &str = "register";

impl RegisterEntry {
    /// Signs an entry.
    #[must_use]
    pub fn sign(body: RegisterEntryBody, county: &DeviceSigner) -> Self {
        let signature = county.sign(SIGNED_AS, &cbor(&body));
        Self { body, signature }
    }

    /// Whether it follows `previous` and the county's key signed it.
    #[must_use]
    pub fn follows(&self, previous_seq: u64, previous: Hash32, county_key: &PublicKey) -> bool {
        Some(self.body.seq) == previous_seq.checked_add(1)
            && self.body.previous == previous
            && verify(county_key, SIGNED_AS, &cbor(&self.body), &self.signature)
    }

    /// Whether the county's key signed it, wherever it stood.
    #[must_use]
    pub fn is_signed_by(&self, county_key: &PublicKey) -> bool {
        verify(county_key, SIGNED_AS, &cbor(&self.body), &self.signature)
    }

    /// The hash that the next entry names.
    #[must_use]
    pub fn hash(&self) -> Hash32 {
        Hash32::of(&cbor(self))
    }
}
