//! The data key, and sealing bytes under it with an authenticated cipher (XChaCha20-Poly1305).
//!
//! One key never serves two ciphers: the store's cipher and every kind of sealed file have a key of their
//! own, derived from the data key by HKDF-SHA-256 (RFC 5869) with the purpose as its information.
//!
//! Sealed bytes are `version (1) | nonce (24) | ciphertext | tag (16)`. The version, the purpose and what the
//! bytes are bound to (for a file: its content hash) are authenticated with them, so that files which are
//! swapped, renamed or brought from another purpose do not open.

use chacha20poly1305::{AeadInPlace, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::environment::Randomness;
use crate::error::{ErrorCode, Failure, Result};

/// How many bytes longer sealed bytes are than the plain ones.
pub const SEAL_BYTES: usize = 1 + NONCE_BYTES + TAG_BYTES;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// What stands before the purpose in HKDF's information: another application's purposes are not ours.
const DERIVATION: &[u8] = b"jiafang data key v1: ";

/// The key of a device's store and files: 32 random bytes, in memory only while the app is unlocked.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct DataKey([u8; 32]);

impl DataKey {
    /// From its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key for one purpose: always the same, and none tells of another or of the data key.
    /// Purposes are constants of the program, such as `store`. The caller wipes what it gets.
    #[must_use]
    pub fn sub_key(&self, purpose: &'static str) -> [u8; 32] {
        let mut key = [0; 32];
        let derived = Hkdf::<Sha256>::new(None, &self.0).expand_multi_info(&[DERIVATION, purpose.as_bytes()], &mut key);
        debug_assert!(derived.is_ok(), "HKDF gives up to 8160 bytes, and 32 are asked for");
        key
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey")
    }
}

/// Seals `plain` for `purpose`, bound to `bound_to`: only [`open`] with the same three gives it back.
/// The nonce is drawn from `random`: 24 bytes, long enough never to repeat by chance.
///
/// # Errors
/// [`ErrorCode::Internal`] for more than 256 GiB, which is what the cipher can take.
pub fn seal(
    key: &DataKey,
    purpose: &'static str,
    bound_to: &[u8],
    random: &dyn Randomness,
    plain: &[u8],
) -> Result<Vec<u8>> {
    let mut nonce = [0; NONCE_BYTES];
    random.fill(&mut nonce);
    let mut sealed = Vec::with_capacity(plain.len().saturating_add(SEAL_BYTES));
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let body = sealed.get_mut(1 + NONCE_BYTES..).unwrap_or_default();
    let tag = cipher(key, purpose)
        .encrypt_in_place_detached(XNonce::from_slice(&nonce), &associated_data(purpose, bound_to), body)
        .map_err(|_| Failure::new(ErrorCode::Internal, "too long to be sealed"))?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens what [`seal`] made with the same key, purpose and binding.
///
/// # Errors
/// [`ErrorCode::StoreTooNew`] for a version that this program does not know, [`ErrorCode::StoreDamaged`] for
/// anything that was not sealed so: cut, changed, swapped, or sealed under another key.
pub fn open(key: &DataKey, purpose: &'static str, bound_to: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
    let damaged = || Failure::new(ErrorCode::StoreDamaged, format!("a sealed {purpose} does not open"));
    let (&version, rest) = sealed.split_first().ok_or_else(damaged)?;
    if version != VERSION {
        return Err(Failure::new(ErrorCode::StoreTooNew, format!("a {purpose} is sealed by version {version}")));
    }
    let (nonce, rest) = rest.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
    let body_bytes = rest.len().checked_sub(TAG_BYTES).ok_or_else(damaged)?;
    let (body, tag) = rest.split_at_checked(body_bytes).ok_or_else(damaged)?;
    let mut plain = body.to_vec();
    cipher(key, purpose)
        .decrypt_in_place_detached(
            XNonce::from_slice(nonce),
            &associated_data(purpose, bound_to),
            &mut plain,
            Tag::from_slice(tag),
        )
        .map_err(|_| damaged())?;
    Ok(plain)
}

fn cipher(key: &DataKey, purpose: &'static str) -> XChaCha20Poly1305 {
    let key = Zeroizing::new(key.sub_key(purpose));
    XChaCha20Poly1305::new(key.as_slice().into())
}

/// `version | length of purpose | purpose | bound_to`: the length keeps the two from running into each other.
fn associated_data(purpose: &'static str, bound_to: &[u8]) -> Vec<u8> {
    let length = u64::try_from(purpose.len()).unwrap_or(u64::MAX);
    [&[VERSION], length.to_le_bytes().as_slice(), purpose.as_bytes(), bound_to].concat()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    /// Each draw differs from the one before, and every run draws the same.
    #[derive(Default)]
    struct Counted(AtomicU8);

    impl Randomness for Counted {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn key() -> DataKey {
        DataKey::from_bytes([7; 32])
    }

    #[test]
    fn what_was_sealed_opens_again() {
        let random = Counted::default();
        for plain in [b"".as_slice(), b"a", &[9; 100_000]] {
            let sealed = seal(&key(), "photo file", b"hash", &random, plain).unwrap();
            assert_eq!(sealed.len(), plain.len() + SEAL_BYTES);
            assert_eq!(open(&key(), "photo file", b"hash", &sealed).unwrap(), plain);
        }
    }

    #[test]
    fn the_same_bytes_never_look_the_same_twice() {
        let random = Counted::default();
        let once = seal(&key(), "photo file", b"hash", &random, b"visit").unwrap();
        let twice = seal(&key(), "photo file", b"hash", &random, b"visit").unwrap();
        assert_ne!(once, twice);
        assert!(!once.windows(5).any(|window| window == b"visit"));
    }

    #[test]
    fn a_thief_with_another_key_opens_nothing() {
        let sealed = seal(&key(), "photo file", b"hash", &Counted::default(), b"visit").unwrap();
        let other = DataKey::from_bytes([8; 32]);
        assert_eq!(open(&other, "photo file", b"hash", &sealed).unwrap_err().code, ErrorCode::StoreDamaged);
    }

    #[test]
    fn a_file_put_in_the_place_of_another_does_not_open() {
        let sealed = seal(&key(), "photo file", b"hash", &Counted::default(), b"visit").unwrap();
        assert_eq!(open(&key(), "photo file", b"hush", &sealed).unwrap_err().code, ErrorCode::StoreDamaged);
        assert_eq!(open(&key(), "photo filehash", b"", &sealed).unwrap_err().code, ErrorCode::StoreDamaged);
        assert_eq!(open(&key(), "photo arrival", b"hash", &sealed).unwrap_err().code, ErrorCode::StoreDamaged);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let sealed = seal(&key(), "photo file", b"hash", &Counted::default(), b"visit").unwrap();
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                let code = open(&key(), "photo file", b"hash", &changed).unwrap_err().code;
                let expected = if at == 0 { ErrorCode::StoreTooNew } else { ErrorCode::StoreDamaged };
                assert_eq!(code, expected, "byte {at}, bit {bit}");
            }
            let cut = open(&key(), "photo file", b"hash", &sealed[..at]).unwrap_err();
            assert_eq!(cut.code, ErrorCode::StoreDamaged, "cut at {at}");
        }
    }

    #[test]
    fn the_store_and_the_files_never_share_a_key() {
        let keys = [key().sub_key("store"), key().sub_key("photo file"), *key().as_bytes()];
        assert_ne!(keys[0], keys[1]);
        assert!(keys[..2].iter().all(|sub_key| *sub_key != keys[2]));
        assert_eq!(keys[0], key().sub_key("store"), "a purpose has one key for ever");
        assert_ne!(keys[0], DataKey::from_bytes([8; 32]).sub_key("store"));
    }

    #[test]
    fn keys_stay_as_they_are_so_that_old_stores_open() {
        // Computed independently: HKDF-SHA-256, no salt, 0x07 × 32, "jiafang data key v1: store".
        assert_eq!(
            data_encoding::HEXLOWER.encode(&key().sub_key("store")),
            "a162d0f69a361aa4492c2c5b15d7949d798663269e3dad23b0bb335ff00a47b3"
        );
    }
}
