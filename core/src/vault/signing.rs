//! Placeholder until the vault lands.
use minicbor::{Decode, Encode};

/// An Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct PublicKey(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub [u8; 32],
);

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Signature(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub [u8; 64],
);

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PublicKey")
    }
}
impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signature")
    }
}

/// Signs what a device writes.
pub struct DeviceSigner(ed25519_dalek::SigningKey);

impl DeviceSigner {
    /// From the secret's bytes.
    #[must_use]
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(secret))
    }
    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }
    /// Signs.
    #[must_use]
    pub fn sign(&self, domain: &'static str, message: &[u8]) -> Signature {
        use ed25519_dalek::Signer;
        Signature(self.0.sign(&[b"jiafang/v1/", domain.as_bytes(), b"\0", message].concat()).to_bytes())
    }
}

/// Verifies.
#[must_use]
pub fn verify(key: &PublicKey, domain: &'static str, message: &[u8], signature: &Signature) -> bool {
    let Ok(key) = ed25519_dalek::VerifyingKey::from_bytes(&key.0) else { return false };
    key.verify_strict(
        &[b"jiafang/v1/", domain.as_bytes(), b"\0", message].concat(),
        &ed25519_dalek::Signature::from_bytes(&signature.0),
    )
    .is_ok()
}
