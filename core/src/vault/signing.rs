//! Signatures (Ed25519) of devices and of the county.
//!
//! What is signed says what it is for: the message is preceded by `jiafang/v1/<domain>` and a zero byte, so that
//! a signature made for one purpose is worth nothing for another. A domain holds no zero byte.

use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};

/// An Ed25519 public key; whether it is one is asked by [`verify`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct PublicKey(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub [u8; 32],
);

/// An Ed25519 signature; whether it is right is asked by [`verify`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Signature(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub [u8; 64],
);

/// Signs with a secret key: wiped when dropped, never shown.
pub struct DeviceSigner(SigningKey);

impl DeviceSigner {
    /// With a new key.
    #[must_use]
    pub fn new(env: &Environment) -> Self {
        Self::from_secret(&Zeroizing::new(env.random_bytes()))
    }

    /// With the key of these secret bytes (the seed of RFC 8032).
    #[must_use]
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// The secret bytes, to be kept in the encrypted store.
    #[must_use]
    pub fn secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `message` for the purpose `domain`.
    #[must_use]
    pub fn sign(&self, domain: &'static str, message: &[u8]) -> Signature {
        Signature(self.0.sign(&in_domain(domain, message)).to_bytes())
    }

    /// The key pair as PKCS#8 DER (RFC 8410, RFC 5958), as TLS libraries take it.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] when it cannot be encoded.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.0
            .to_pkcs8_der()
            .map(|document| document.to_bytes())
            .map_err(|cause| Failure::caused(ErrorCode::Internal, "encoding a signing key", cause))
    }
}

/// Whether `signature` was made with the secret half of `key` over `message` for the purpose `domain`. Strict
/// (`verify_strict` of ed25519-dalek): keys and signatures in forms that an honest signer never makes, by which one
/// signature could fit several messages or be rewritten, are wrong.
#[must_use]
pub fn verify(key: &PublicKey, domain: &'static str, message: &[u8], signature: &Signature) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    VerifyingKey::from_bytes(&key.0).is_ok_and(|key| key.verify_strict(&in_domain(domain, message), &signature).is_ok())
}

fn in_domain(domain: &'static str, message: &[u8]) -> Vec<u8> {
    [b"jiafang/v1/", domain.as_bytes(), b"\0", message].concat()
}

impl std::fmt::Debug for DeviceSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceSigner({:?})", self.public_key())
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({})", short_hex(&self.0))
    }
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signature({})", short_hex(&self.0))
    }
}

fn short_hex(bytes: &[u8]) -> String {
    let start: Vec<u8> = bytes.iter().copied().take(6).collect();
    format!("{}…", data_encoding::HEXLOWER.encode(&start))
}

#[cfg(test)]
mod tests {
    use super::super::test_environment::environment;
    use super::*;

    fn signer() -> DeviceSigner {
        DeviceSigner::from_secret(&[7; 32])
    }

    #[test]
    fn a_signature_is_right_for_its_key_its_purpose_and_its_message_only() {
        let signer = signer();
        let signature = signer.sign("envelope", b"a visit");
        assert!(verify(&signer.public_key(), "envelope", b"a visit", &signature));
        assert!(!verify(&signer.public_key(), "envelope", b"a wisit", &signature));
        assert!(!verify(&signer.public_key(), "register", b"a visit", &signature));
        assert!(!verify(&DeviceSigner::from_secret(&[8; 32]).public_key(), "envelope", b"a visit", &signature));
        for at in 0..64 {
            let mut flipped = signature;
            flipped.0[at] ^= 1;
            assert!(!verify(&signer.public_key(), "envelope", b"a visit", &flipped), "byte {at}");
        }
    }

    #[test]
    fn purpose_and_message_cannot_be_shifted_into_each_other() {
        let signer = signer();
        let signature = signer.sign("enrol", b"ment");
        assert!(!verify(&signer.public_key(), "enrolment", b"", &signature));
        assert!(!verify(&signer.public_key(), "enrol", b"\0ment", &signature));
    }

    #[test]
    fn what_is_signed_is_what_the_documentation_says() {
        let signer = signer();
        let by_hand = SigningKey::from_bytes(&[7; 32]).sign(b"jiafang/v1/envelope\0a visit");
        assert_eq!(signer.sign("envelope", b"a visit").0, by_hand.to_bytes());
    }

    #[test]
    fn a_key_that_fits_every_message_is_refused() {
        // The neutral point is a key of small order: with it and with S = 0, R = the neutral point, the plain
        // equation of RFC 8032 holds for any message.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!verify(&PublicKey(neutral), "envelope", b"any", &Signature(signature)));
    }

    #[test]
    fn keys_and_signatures_are_plain_byte_strings_in_cbor() {
        let signature = signer().sign("envelope", b"a visit");
        let bytes = minicbor::to_vec(signature).unwrap();
        assert_eq!(bytes[..2], [0x58, 64]);
        assert_eq!(minicbor::decode::<Signature>(&bytes).unwrap(), signature);
        let key = minicbor::to_vec(signer().public_key()).unwrap();
        assert_eq!(key[..2], [0x58, 32]);
        assert_eq!(minicbor::decode::<PublicKey>(&key).unwrap(), signer().public_key());
        assert!(minicbor::decode::<PublicKey>(&bytes).is_err(), "64 bytes are no key");
    }

    #[test]
    fn a_key_comes_back_from_its_secret_and_from_pkcs8() {
        use ed25519_dalek::pkcs8::DecodePrivateKey;
        let signer = DeviceSigner::new(&environment(1).0);
        assert_eq!(DeviceSigner::from_secret(&signer.secret()).public_key(), signer.public_key());
        let back = SigningKey::from_pkcs8_der(&signer.to_pkcs8_der().unwrap()).unwrap();
        assert_eq!(back.verifying_key().to_bytes(), signer.public_key().0);
    }

    #[test]
    fn no_log_shows_a_secret_and_keys_are_short_there() {
        let shown = format!("{:?}", signer());
        assert_eq!(shown, format!("DeviceSigner({:?})", signer().public_key()));
        assert_eq!(format!("{:?}", PublicKey([0xAB; 32])), "PublicKey(abababababab…)");
        assert_eq!(format!("{:?}", Signature([0xCD; 64])), "Signature(cdcdcdcdcdcd…)");
    }

    proptest::proptest! {
        #[test]
        fn garbage_is_no_signature(key: [u8; 32], start: [u8; 32], end: [u8; 32]) {
            let signature = Signature([start, end].concat().try_into().unwrap());
            proptest::prop_assert!(!verify(&PublicKey(key), "envelope", b"a visit", &signature));
            proptest::prop_assert!(!verify(&signer().public_key(), "envelope", b"a visit", &signature));
        }
    }
}
