//! A forgotten PIN loses no visit: the county's recovery key opens the data key that the tablet seals for it.
//!
//! The tablet shows a request, the office answers with the secret half of the recovery key, which lies offline,
//! and the answer opens on that tablet only, or on a copy of its disk: the request is for anybody's eyes, the answer
//! is best sent to the person alone. Who asks is for the office to make sure of, by comparing
//! [`RecoveryRequest::spoken_code`] with the person on the telephone.

use std::fs;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::device_secret::DeviceSecret;
use super::key_file::{KeyFile, alone};
use super::key_file_contents::{decoded, encoded};
use super::pin::Pin;
use super::recovery_key::{RecoveryPublicKey, RecoverySecretKey};
use super::sealed_secret::{SealedSecret, derive};
use super::sealing::DataKey;
use super::typed_text::{from_typed_text, to_typed_text};
use crate::domain::identifier::Hash32;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};
use crate::files::write_atomically;

const REQUEST_PREFIX: &str = "JFRQ1.";
const ANSWER_PREFIX: &str = "JFRA1.";
const PENDING: &str = "jiafang/v1/recovery-pending";
/// A box that holds 32 bytes: the sender's public key, the tag, the bytes.
const BOXED_BYTES: usize = 32 + 16 + 32;

/// What a tablet asks the office for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryRequest {
    boxed_data_key: [u8; BOXED_BYTES],
    answer_to: RecoveryPublicKey,
}

impl RecoveryRequest {
    /// `JFRQ1.…`, with a checksum: to be shown as a QR code, sent, or read out.
    #[must_use]
    pub fn to_text(&self) -> String {
        to_typed_text(REQUEST_PREFIX, &self.to_bytes())
    }

    /// From [`RecoveryRequest::to_text`].
    ///
    /// # Errors
    /// [`ErrorCode::RequestUnreadable`] when it is something else or has a typing error.
    pub fn from_text(text: &str) -> Result<Self> {
        let read = || {
            let bytes = from_typed_text(REQUEST_PREFIX, text)?;
            let (boxed, answer_to) = bytes.split_at_checked(BOXED_BYTES)?;
            Some(Self {
                boxed_data_key: boxed.try_into().ok()?,
                answer_to: RecoveryPublicKey::from_bytes(answer_to.try_into().ok()?),
            })
        };
        read().ok_or_else(|| Failure::new(ErrorCode::RequestUnreadable, "no recovery request, or a typing error in it"))
    }

    /// Twelve digits, in three groups, that the person reads out and the office compares before it answers: a
    /// request that somebody exchanged on its way has others.
    #[must_use]
    pub fn spoken_code(&self) -> String {
        let hash = Hash32::of(&[b"jiafang/v1/recovery-request\0".as_slice(), &self.to_bytes()].concat());
        let groups = hash.0.as_chunks::<4>().0.iter().take(3);
        groups.map(|four| format!("{:04}", u32::from_be_bytes(*four) % 10_000)).collect::<Vec<_>>().join(" ")
    }

    fn to_bytes(&self) -> Vec<u8> {
        [self.boxed_data_key.as_slice(), self.answer_to.as_bytes()].concat()
    }
}

/// The office's answer to a recovery request: the data key, which only the tablet that asked can open.
///
/// # Errors
/// [`ErrorCode::RequestUnreadable`] when the text is no request, has a typing error, or was made for another
/// recovery key.
pub fn answer_recovery(secret: &RecoverySecretKey, request_text: &str, env: &Environment) -> Result<String> {
    let request = RecoveryRequest::from_text(request_text)?;
    let key = secret
        .unseal(&request.boxed_data_key)
        .ok_or_else(|| Failure::new(ErrorCode::RequestUnreadable, "the request is for another recovery key"))?;
    Ok(to_typed_text(ANSWER_PREFIX, &request.answer_to.seal(&key, env)?))
}

impl KeyFile {
    /// What to show to the office when the PIN is forgotten. Asked again before the answer is here, it is the same.
    /// It works even when the device's secret is lost.
    ///
    /// # Errors
    /// [`ErrorCode::NotEnrolled`], [`ErrorCode::StoreDamaged`], [`ErrorCode::StoreTooNew`] for the key file;
    /// [`ErrorCode::DiskFull`] and [`ErrorCode::FileWriteFailed`].
    pub fn recovery_request(&self, env: &Environment) -> Result<RecoveryRequest> {
        let _alone = alone();
        let contents = self.read()?;
        let boxed_data_key = contents
            .sealed_for_recovery
            .as_slice()
            .try_into()
            .map_err(|_| Failure::new(ErrorCode::StoreDamaged, "the sealed data key has a wrong size"))?;
        let secret = self.device_secret_or_new(env)?;
        let answer_key = match self.answer_key(&secret)? {
            Some(pending) => pending,
            None => self.new_answer_key(&secret, env)?,
        };
        Ok(RecoveryRequest { boxed_data_key, answer_to: answer_key.public() })
    }

    /// The data key out of the office's answer, and wrapped under `new_pin` from now on. Wrong PINs are forgotten.
    ///
    /// # Errors
    /// [`ErrorCode::PinTooWeak`]; [`ErrorCode::RecoveryAnswerWrong`] with the fact `reason`: `unreadable` when the
    /// text is no answer or has a typing error, `not_asked` when this device waits for none, `other_device` when
    /// it does not fit the request; and those of [`KeyFile::recovery_request`].
    pub fn recover(&self, answer_text: &str, new_pin: &str, env: &Environment) -> Result<DataKey> {
        let _alone = alone();
        let wrong = |reason: &'static str| {
            Failure::new(ErrorCode::RecoveryAnswerWrong, format!("recovery answer: {reason}")).fact("reason", reason)
        };
        let pin = Pin::chosen(new_pin)?;
        let contents = self.read()?;
        let boxed = from_typed_text(ANSWER_PREFIX, answer_text).ok_or_else(|| wrong("unreadable"))?;
        let secret = self.device_secret_or_new(env)?;
        let answer_key = self.answer_key(&secret)?.ok_or_else(|| wrong("not_asked"))?;
        let key = answer_key.unseal(&boxed).ok_or_else(|| wrong("other_device"))?;
        let key = DataKey::from_bytes(*key);
        if !contents.is_key(&key)? {
            return Err(wrong("other_device"));
        }
        self.rewrap(contents, &key, &pin, &secret, env)?;
        self.forget_recovery();
        Ok(key)
    }

    /// Makes answers that are still on their way worthless.
    pub(super) fn forget_recovery(&self) {
        if let Err(cause) = fs::remove_file(self.pending_path())
            && cause.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%cause, "the pending recovery could not be removed");
        }
    }

    /// The key of the request that waits, if there is one and it can be opened; another helps nobody.
    fn answer_key(&self, secret: &DeviceSecret) -> Result<Option<RecoverySecretKey>> {
        let bytes = match fs::read(self.pending_path()) {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(Failure::caused(ErrorCode::StoreFailed, "reading the pending recovery", cause)),
        };
        let Some(pending) = decoded::<SealedSecret>(&bytes) else { return Ok(None) };
        Ok(pending.open(&pending_key(secret)?, PENDING).map(RecoverySecretKey::from_secret))
    }

    fn new_answer_key(&self, secret: &DeviceSecret, env: &Environment) -> Result<RecoverySecretKey> {
        let answer_key = RecoverySecretKey::new(env);
        let sealed = SealedSecret::seal(answer_key.as_bytes(), &pending_key(secret)?, PENDING, env)?;
        write_atomically(&self.pending_path(), &encoded(&sealed)?)?;
        Ok(answer_key)
    }

    fn pending_path(&self) -> PathBuf {
        self.folder.join("recovery-pending.cbor")
    }
}

fn pending_key(secret: &DeviceSecret) -> Result<Zeroizing<[u8; 32]>> {
    derive(None, secret.as_bytes(), PENDING)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::pin_key::Argon2Cost;
    use super::super::recovery_key::RecoveryKeyPair;
    use super::super::test_environment::environment;
    use super::*;

    const PIN: &str = "739524";
    const NEW_PIN: &str = "112358";

    fn keys_in(folder: &Path) -> KeyFile {
        KeyFile::in_folder(folder).with_cost(Argon2Cost::for_tests())
    }

    fn tablet(county: &RecoveryKeyPair, env: &Environment) -> (tempfile::TempDir, KeyFile, DataKey) {
        let folder = tempfile::tempdir().unwrap();
        let keys = keys_in(folder.path());
        let key = keys.create(PIN, &county.public, env).unwrap();
        (folder, keys, key)
    }

    fn reason<T>(result: Result<T>) -> String {
        let failure = result.err().expect("refused");
        assert_eq!(failure.code, ErrorCode::RecoveryAnswerWrong);
        failure.facts["reason"].clone()
    }

    #[test]
    fn a_forgotten_pin_loses_no_visit() {
        let (env, clock) = environment(1);
        let county = RecoveryKeyPair::generate(&env);
        let (folder, keys, key) = tablet(&county, &env);
        for _ in 0..8 {
            assert!(keys.unlock("000001", &env).is_err());
            clock.goes_on(3600);
        }
        let request = keys.recovery_request(&env).unwrap().to_text();
        let answer = answer_recovery(&county.secret, &request, &env).unwrap();
        // The tablet was switched off meanwhile, and the answer typed by hand.
        let keys = keys_in(folder.path());
        assert_eq!(keys.recover(&answer.to_lowercase(), NEW_PIN, &env).unwrap().as_bytes(), key.as_bytes());
        assert_eq!(keys.wait_seconds(&env).unwrap(), 0);
        assert_eq!(keys.unlock(NEW_PIN, &env).unwrap().as_bytes(), key.as_bytes());
        assert_eq!(keys.unlock(PIN, &env).unwrap_err().code, ErrorCode::PinWrong);
        assert_eq!(reason(keys.recover(&answer, PIN, &env)), "not_asked", "an answer opens once");
    }

    #[test]
    fn a_request_shown_again_is_the_same_and_an_earlier_answer_fits_it() {
        let (env, _) = environment(1);
        let county = RecoveryKeyPair::generate(&env);
        let (_folder, keys, key) = tablet(&county, &env);
        let request = keys.recovery_request(&env).unwrap();
        let answer = answer_recovery(&county.secret, &request.to_text(), &env).unwrap();
        assert_eq!(keys.recovery_request(&env).unwrap(), request);
        assert_eq!(keys.recover(&answer, NEW_PIN, &env).unwrap().as_bytes(), key.as_bytes());
    }

    #[test]
    fn a_lost_device_secret_loses_no_visit_either() {
        let (env, _) = environment(1);
        let county = RecoveryKeyPair::generate(&env);
        let (folder, keys, key) = tablet(&county, &env);
        let secret = folder.path().join("device-secret");
        for damage in [&|path: &Path| fs::remove_file(path).unwrap(), &|path: &Path| {
            write_atomically(path, b"half").unwrap();
        }] as [&dyn Fn(&Path); 2]
        {
            damage(&secret);
            assert_eq!(keys.unlock(PIN, &env).unwrap_err().code, ErrorCode::StoreDamaged);
            let request = keys.recovery_request(&env).unwrap().to_text();
            let answer = answer_recovery(&county.secret, &request, &env).unwrap();
            assert_eq!(keys.recover(&answer, PIN, &env).unwrap().as_bytes(), key.as_bytes());
            assert_eq!(keys.unlock(PIN, &env).unwrap().as_bytes(), key.as_bytes());
        }
    }

    #[test]
    fn an_answer_opens_on_the_tablet_that_asked_and_on_no_other() {
        let (env, _) = environment(1);
        let county = RecoveryKeyPair::generate(&env);
        let (_folder, one, _) = tablet(&county, &env);
        let (_other_folder, two, two_key) = tablet(&county, &env);
        let request = one.recovery_request(&env).unwrap().to_text();
        two.recovery_request(&env).unwrap();
        let answer = answer_recovery(&county.secret, &request, &env).unwrap();
        assert_eq!(reason(two.recover(&answer, NEW_PIN, &env)), "other_device");
        assert_eq!(two.unlock(PIN, &env).unwrap().as_bytes(), two_key.as_bytes(), "nothing was changed");
    }

    #[test]
    fn an_answer_with_another_data_key_is_refused() {
        let (env, _) = environment(1);
        let county = RecoveryKeyPair::generate(&env);
        let (_folder, keys, key) = tablet(&county, &env);
        let request = keys.recovery_request(&env).unwrap();
        let forged = to_typed_text(ANSWER_PREFIX, &request.answer_to.seal(&[9; 32], &env).unwrap());
        assert_eq!(reason(keys.recover(&forged, NEW_PIN, &env)), "other_device");
        assert_eq!(keys.unlock(PIN, &env).unwrap().as_bytes(), key.as_bytes(), "nothing was changed");
    }

    #[test]
    fn a_typing_error_in_a_text_is_told_from_a_wrong_text() {
        let (env, _) = environment(1);
        let county = RecoveryKeyPair::generate(&env);
        let (_folder, keys, _) = tablet(&county, &env);
        let request = keys.recovery_request(&env).unwrap().to_text();
        let answer = answer_recovery(&county.secret, &request, &env).unwrap();
        assert_eq!(reason(keys.recover(answer.get(..100).unwrap(), NEW_PIN, &env)), "unreadable");
        assert_eq!(reason(keys.recover(&request, NEW_PIN, &env)), "unreadable");
        let cut = answer_recovery(&county.secret, request.get(..100).unwrap(), &env);
        assert_eq!(cut.unwrap_err().code, ErrorCode::RequestUnreadable);
        let other_county = answer_recovery(&RecoveryKeyPair::generate(&env).secret, &request, &env);
        assert_eq!(other_county.unwrap_err().code, ErrorCode::RequestUnreadable);
    }

    #[test]
    fn a_pin_remembered_meanwhile_makes_the_answer_worthless() {
        let (env, _) = environment(1);
        let county = RecoveryKeyPair::generate(&env);
        let (_folder, keys, _) = tablet(&county, &env);
        let request = keys.recovery_request(&env).unwrap().to_text();
        let answer = answer_recovery(&county.secret, &request, &env).unwrap();
        keys.unlock(PIN, &env).unwrap();
        assert_eq!(reason(keys.recover(&answer, NEW_PIN, &env)), "not_asked");
    }

    #[test]
    fn a_weak_new_pin_wastes_no_answer() {
        let (env, _) = environment(1);
        let county = RecoveryKeyPair::generate(&env);
        let (_folder, keys, _) = tablet(&county, &env);
        let request = keys.recovery_request(&env).unwrap().to_text();
        let answer = answer_recovery(&county.secret, &request, &env).unwrap();
        assert_eq!(keys.recover(&answer, "123456", &env).unwrap_err().code, ErrorCode::PinTooWeak);
        keys.recover(&answer, NEW_PIN, &env).unwrap();
    }

    #[test]
    fn the_office_hears_whether_a_request_was_exchanged_on_its_way() {
        let (env, _) = environment(1);
        let county = RecoveryKeyPair::generate(&env);
        let (_folder, keys, _) = tablet(&county, &env);
        let shown = keys.recovery_request(&env).unwrap();
        let arrived = RecoveryRequest::from_text(&shown.to_text()).unwrap();
        assert_eq!(arrived.spoken_code(), shown.spoken_code());
        assert_eq!(shown.spoken_code().len(), 14, "three groups of four: {}", shown.spoken_code());
        let exchanged = RecoveryRequest { answer_to: RecoveryKeyPair::generate(&env).public, ..shown.clone() };
        assert_ne!(exchanged.spoken_code(), shown.spoken_code());
    }

    #[test]
    fn a_damaged_pending_request_is_asked_anew() {
        let (env, _) = environment(1);
        let county = RecoveryKeyPair::generate(&env);
        let (folder, keys, key) = tablet(&county, &env);
        let first = keys.recovery_request(&env).unwrap();
        write_atomically(&folder.path().join("recovery-pending.cbor"), b"\x82half").unwrap();
        let second = keys.recovery_request(&env).unwrap();
        assert_ne!(first, second);
        let answer = answer_recovery(&county.secret, &second.to_text(), &env).unwrap();
        assert_eq!(keys.recover(&answer, NEW_PIN, &env).unwrap().as_bytes(), key.as_bytes());
    }

    #[test]
    fn garbage_is_neither_request_nor_answer() {
        let (env, _) = environment(1);
        let county = RecoveryKeyPair::generate(&env);
        let (_folder, keys, _) = tablet(&county, &env);
        keys.recovery_request(&env).unwrap();
        proptest::proptest!(|(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200))| {
            let request = to_typed_text(REQUEST_PREFIX, &bytes);
            proptest::prop_assert!(answer_recovery(&county.secret, &request, &env).is_err());
            let answer = to_typed_text(ANSWER_PREFIX, &bytes);
            proptest::prop_assert!(keys.recover(&answer, NEW_PIN, &env).is_err());
        });
    }
}
