//! What the key file holds, and how it stands on the disk.

use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use super::device_secret::DeviceSecret;
use super::pin_key::PinWrappedKey;
use super::pin_wait::WrongTries;
use super::sealed_secret::derive;
use super::sealing::DataKey;
use crate::domain::identifier::Hash32;
use crate::error::{ErrorCode, Failure, Result};

const VERSION: u16 = 1;

/// What the key file holds. Nothing in it is secret by itself, and nothing is about a person.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct KeyFileContents {
    #[n(0)]
    pub(super) wrapped: PinWrappedKey,
    /// The data key in a box (X25519) that only the county's recovery key opens.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(super) sealed_for_recovery: Vec<u8>,
    /// Derived from the data key: tells the right one from another that came as a recovery answer.
    #[n(2)]
    pub(super) data_key_check: Hash32,
    /// Derived from the device's secret: tells a lost or foreign one from a wrong PIN.
    #[n(3)]
    pub(super) device_secret_check: Hash32,
    #[n(4)]
    pub(super) wrong_tries: WrongTries,
}

impl KeyFileContents {
    /// Whether this is the data key of this file; compared in constant time.
    pub(super) fn is_key(&self, key: &DataKey) -> Result<bool> {
        use subtle::ConstantTimeEq;
        Ok(data_key_check(key)?.0.ct_eq(&self.data_key_check.0).into())
    }

    /// The file's bytes.
    pub(super) fn to_file(&self) -> Result<Vec<u8>> {
        let contents = encoded(self)?;
        let hash = hash_of(VERSION, &contents);
        encoded(&Frame { version: VERSION, contents, hash })
    }

    /// From the file's bytes.
    ///
    /// # Errors
    /// [`ErrorCode::StoreDamaged`] when they are not what was written, [`ErrorCode::StoreTooNew`] when a newer version
    /// wrote them.
    pub(super) fn from_file(bytes: &[u8]) -> Result<Self> {
        let damaged = || Failure::new(ErrorCode::StoreDamaged, "the key file is damaged");
        let frame: Frame = decoded(bytes).ok_or_else(damaged)?;
        if hash_of(frame.version, &frame.contents) != frame.hash {
            return Err(damaged());
        }
        if frame.version > VERSION {
            return Err(Failure::new(ErrorCode::StoreTooNew, format!("key file of version {}", frame.version)));
        }
        decoded(&frame.contents).ok_or_else(damaged)
    }
}

/// What is on the disk, the same in all versions: the contents with a hash, by which damage is told from a wrong
/// PIN. It keeps nobody from tampering; the ciphers inside do.
#[derive(Encode, Decode)]
struct Frame {
    #[n(0)]
    version: u16,
    #[cbor(n(1), with = "minicbor::bytes")]
    contents: Vec<u8>,
    #[n(2)]
    hash: Hash32,
}

fn hash_of(version: u16, contents: &[u8]) -> Hash32 {
    Hash32::of(&[version.to_be_bytes().as_slice(), contents].concat())
}

/// The value's bytes.
pub(super) fn encoded<T: Encode<()>>(value: &T) -> Result<Vec<u8>> {
    minicbor::to_vec(value).map_err(|cause| Failure::caused(ErrorCode::Internal, "encoding keys", cause))
}

/// The value, if the bytes hold it and nothing after it.
pub(super) fn decoded<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Option<T> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let value = decoder.decode().ok()?;
    (decoder.position() == bytes.len()).then_some(value)
}

/// What the key file knows a data key by; it tells nothing of the key.
pub(super) fn data_key_check(key: &DataKey) -> Result<Hash32> {
    derive(None, key.as_bytes(), "jiafang/v1/data-key-check").map(as_check)
}

/// What the key file knows a device's secret by; it tells nothing of the secret.
pub(super) fn device_secret_check(secret: &DeviceSecret) -> Result<Hash32> {
    derive(None, secret.as_bytes(), "jiafang/v1/device-secret-check").map(as_check)
}

fn as_check(derived: Zeroizing<[u8; 32]>) -> Hash32 {
    Hash32(*derived)
}

#[cfg(test)]
mod tests {
    use super::super::pin::Pin;
    use super::super::pin_key::Argon2Cost;
    use super::super::test_environment::environment;
    use super::*;

    fn contents() -> KeyFileContents {
        let (env, _) = environment(1);
        let (key, secret) = (DataKey::from_bytes([7; 32]), DeviceSecret::from_bytes([1; 32]));
        KeyFileContents {
            wrapped: PinWrappedKey::wrap(&key, &Pin::typed("739524"), &secret, Argon2Cost::for_tests(), &env).unwrap(),
            sealed_for_recovery: vec![3; 80],
            data_key_check: data_key_check(&key).unwrap(),
            device_secret_check: device_secret_check(&secret).unwrap(),
            wrong_tries: WrongTries::default().and_one_more(env.now()),
        }
    }

    fn refusal(bytes: &[u8]) -> ErrorCode {
        KeyFileContents::from_file(bytes).unwrap_err().code
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(KeyFileContents::from_file(&contents().to_file().unwrap()).unwrap(), contents());
    }

    #[test]
    fn a_key_file_that_is_cut_flipped_or_added_to_is_said_to_be_damaged() {
        let whole = contents().to_file().unwrap();
        for length in 0..whole.len() {
            assert_eq!(refusal(&whole[..length]), ErrorCode::StoreDamaged, "{length} bytes");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            assert_eq!(refusal(&flipped), ErrorCode::StoreDamaged, "byte {at}");
        }
        assert_eq!(refusal(&[whole.as_slice(), &[0]].concat()), ErrorCode::StoreDamaged);
    }

    #[test]
    fn a_key_file_of_a_newer_version_is_not_called_damaged() {
        let contents = vec![0x80];
        let frame = Frame { version: 2, hash: hash_of(2, &contents), contents };
        assert_eq!(refusal(&encoded(&frame).unwrap()), ErrorCode::StoreTooNew);
    }

    proptest::proptest! {
        #[test]
        fn garbage_is_no_key_file(bytes: Vec<u8>) {
            proptest::prop_assert!(KeyFileContents::from_file(&bytes).is_err());
        }

        #[test]
        fn garbage_in_a_sound_frame_is_no_key_file(contents: Vec<u8>) {
            let frame = Frame { version: VERSION, hash: hash_of(VERSION, &contents), contents };
            proptest::prop_assert!(KeyFileContents::from_file(&encoded(&frame).unwrap()).is_err());
        }
    }
}
