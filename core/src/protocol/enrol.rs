//! Enrolment: a one-time token and a device's new public key for a certificate.

use minicbor::{Decode, Encode};

use super::body::cbor;
use crate::domain::identifier::{CertificateId, PersonId};
use crate::domain::place::Scope;
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::vault::signing::{DeviceSigner, PublicKey, Signature, verify};

/// `POST /v1/enrol`, over a connection whose server key was pinned by the code.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct EnrolRequest {
    /// [`super::VERSION`].
    #[n(0)]
    pub version: u16,
    /// The one-time token of the code.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub token: [u8; 16],
    /// The key that the device made for itself; its secret half never leaves it.
    #[n(2)]
    pub public_key: PublicKey,
    /// Proves that the device holds the secret half.
    #[n(3)]
    pub proof: Signature,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct EnrolAnswer {
    /// The certificate's id; it stands in the X.509 certificate's common name, too.
    #[n(0)]
    pub certificate: CertificateId,
    /// The X.509 client certificate, DER.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub certificate_der: Vec<u8>,
    /// Whose device this is now.
    #[n(2)]
    pub person: PersonId,
    /// The person's name.
    #[n(3)]
    pub person_name: String,
    /// The role.
    #[n(4)]
    pub role: Role,
    /// What it covers.
    #[n(5)]
    pub scopes: Vec<Scope>,
    /// The county's name.
    #[n(6)]
    pub county_name: String,
    /// The key that signs the register.
    #[n(7)]
    pub county_key: PublicKey,
    /// The county's recovery key, its public half (X25519): what a forgotten PIN is mended with.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub recovery_public_key: [u8; 32],
    /// The server's clock.
    #[n(9)]
    pub server_time: Timestamp,
}

const SIGNED_AS: &str = "enrol";

impl EnrolRequest {
    /// Makes the request of a device with a new key.
    #[must_use]
    pub fn new(token: [u8; 16], signer: &DeviceSigner) -> Self {
        let public_key = signer.public_key();
        Self { version: super::VERSION, token, public_key, proof: signer.sign(SIGNED_AS, &proven(&token, &public_key)) }
    }

    /// Whether the device holds the key that it shows.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        verify(&self.public_key, SIGNED_AS, &proven(&self.token, &self.public_key), &self.proof)
    }
}

fn proven(token: &[u8; 16], key: &PublicKey) -> Vec<u8> {
    let mut message = token.to_vec();
    message.extend(cbor(key));
    message
}
