//! A 32-byte secret sealed under a 32-byte key, and keys derived from keys.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use minicbor::{Decode, Encode};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};

/// A 32-byte secret under XChaCha20-Poly1305. Its nonce is random: 24 bytes never meet twice.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct SealedSecret {
    #[cbor(n(0), with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[cbor(n(1), with = "minicbor::bytes")]
    ciphertext: [u8; 48],
}

impl SealedSecret {
    /// Seals `secret` under `key`. `purpose` is authenticated with it: what was sealed for one purpose does not
    /// open for another.
    pub(super) fn seal(
        secret: &[u8; 32],
        key: &Zeroizing<[u8; 32]>,
        purpose: &'static str,
        env: &Environment,
    ) -> Result<Self> {
        let nonce = env.random_bytes();
        let payload = Payload { msg: secret, aad: purpose.as_bytes() };
        let ciphertext = XChaCha20Poly1305::new((&**key).into())
            .encrypt(&XNonce::from(nonce), payload)
            .ok()
            .and_then(|sealed| sealed.try_into().ok())
            .ok_or_else(|| Failure::new(ErrorCode::Internal, "a secret could not be sealed"))?;
        Ok(Self { nonce, ciphertext })
    }

    /// Opens it, if this is its key and its purpose.
    pub(super) fn open(&self, key: &Zeroizing<[u8; 32]>, purpose: &'static str) -> Option<Zeroizing<[u8; 32]>> {
        let payload = Payload { msg: &self.ciphertext, aad: purpose.as_bytes() };
        let opened = XChaCha20Poly1305::new((&**key).into()).decrypt(&XNonce::from(self.nonce), payload).ok()?;
        secret_from_slice(&Zeroizing::new(opened))
    }
}

/// A 32-byte secret from a slice of 32 bytes.
pub(super) fn secret_from_slice(bytes: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    bytes.try_into().ok().map(Zeroizing::new)
}

/// A key for one purpose out of a key (HKDF with SHA-256, RFC 5869); `salt` may be a second secret.
pub(super) fn derive(salt: Option<&[u8]>, key: &[u8], purpose: &'static str) -> Result<Zeroizing<[u8; 32]>> {
    let mut derived = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(salt, key)
        .expand(purpose.as_bytes(), derived.as_mut())
        .map_err(|_| Failure::new(ErrorCode::Internal, "a key could not be derived"))?;
    Ok(derived)
}

#[cfg(test)]
mod tests {
    use super::super::test_environment::environment;
    use super::*;

    #[test]
    fn a_secret_opens_under_its_own_key_and_purpose_only() {
        let (env, _) = environment(1);
        let key = Zeroizing::new([1; 32]);
        let sealed = SealedSecret::seal(&[7; 32], &key, "one", &env).unwrap();
        assert_eq!(sealed.open(&key, "one").as_deref(), Some(&[7; 32]));
        assert_eq!(sealed.open(&key, "two"), None);
        assert_eq!(sealed.open(&Zeroizing::new([2; 32]), "one"), None);
        assert_ne!(SealedSecret::seal(&[7; 32], &key, "one", &env).unwrap(), sealed, "each sealing has its own nonce");
    }

    #[test]
    fn keys_for_two_purposes_have_nothing_in_common() {
        let one = derive(None, &[1; 32], "one").unwrap();
        assert_ne!(one, derive(None, &[1; 32], "two").unwrap());
        assert_ne!(one, derive(Some(&[3; 32]), &[1; 32], "one").unwrap());
        assert_eq!(one, derive(None, &[1; 32], "one").unwrap());
    }
}
