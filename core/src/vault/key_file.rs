//! The key file: the data key under the PIN and the device's secret, and again for the county's recovery key,
//! with the count of wrong PINs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::device_secret::{DeviceSecret, DeviceSecretFile, DeviceSecretStore};
use super::key_file_contents::{KeyFileContents, data_key_check, device_secret_check};
use super::pin::Pin;
use super::pin_key::{Argon2Cost, PinWrappedKey};
use super::pin_wait::WrongTries;
use super::recovery_key::RecoveryPublicKey;
use super::sealing::DataKey;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};
use crate::files::write_atomically;

/// The keys of one installation: `keys.cbor` in the app's folder, with the device's secret beside it.
///
/// The key file tells nothing of who uses the device, and a shell needs nothing from it before it is unlocked but
/// [`KeyFile::exists`] and [`KeyFile::wait_seconds`].
pub struct KeyFile {
    pub(super) folder: PathBuf,
    secrets: Arc<dyn DeviceSecretStore>,
    cost: Argon2Cost,
}

impl KeyFile {
    /// The keys in this folder, which must exist, with the device's secret in a file and PINs at the shipped cost.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            secrets: Arc::new(DeviceSecretFile::in_folder(folder)),
            cost: Argon2Cost::standard(),
        }
    }

    /// With the device's secret in another place: a platform's key store.
    #[must_use]
    pub fn with_secrets(self, secrets: Arc<dyn DeviceSecretStore>) -> Self {
        Self { secrets, ..self }
    }

    /// With another cost for PINs that are chosen from now on.
    #[must_use]
    pub fn with_cost(self, cost: Argon2Cost) -> Self {
        Self { cost, ..self }
    }

    /// Whether there is a key file, whole or not.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path().exists()
    }

    /// Makes a new data key and wraps it under `pin` and for the county's recovery key.
    ///
    /// # Errors
    /// [`ErrorCode::PinTooWeak`]; [`ErrorCode::AlreadyEnrolled`] when there is a key file, because what lies under
    /// its key would be lost; [`ErrorCode::DiskFull`] and [`ErrorCode::FileWriteFailed`].
    pub fn create(&self, pin: &str, recovery: &RecoveryPublicKey, env: &Environment) -> Result<DataKey> {
        let _alone = alone();
        let pin = Pin::chosen(pin)?;
        if self.exists() {
            return Err(Failure::new(ErrorCode::AlreadyEnrolled, "there is a key file already"));
        }
        let key = DataKey::from_bytes(env.random_bytes());
        let secret = DeviceSecret::new(env);
        let contents = KeyFileContents {
            wrapped: PinWrappedKey::wrap(&key, &pin, &secret, self.cost, env)?,
            sealed_for_recovery: recovery.seal(key.as_bytes(), env)?,
            data_key_check: data_key_check(&key)?,
            device_secret_check: device_secret_check(&secret)?,
            wrong_tries: WrongTries::default(),
        };
        // The key file is what says that there are keys, so it comes last.
        self.secrets.keep(&secret)?;
        self.write(&contents)?;
        Ok(key)
    }

    /// The data key, for the right PIN. Each try is counted on the disk before it is made, so that stopping the
    /// app does not help a guesser, and a right one ends the count.
    ///
    /// # Errors
    /// [`ErrorCode::PinWrong`] with the fact `wait_seconds` (0 while tries are free); [`ErrorCode::PinWait`] with
    /// `wait_seconds` when it is too early, and the PIN was not looked at; [`ErrorCode::NotEnrolled`] when there is
    /// no key file; [`ErrorCode::StoreDamaged`] when it, or the device's secret, is not what was written;
    /// [`ErrorCode::StoreTooNew`]; [`ErrorCode::DiskFull`] when the try cannot be counted.
    pub fn unlock(&self, pin: &str, env: &Environment) -> Result<DataKey> {
        let _alone = alone();
        let (key, contents, _) = self.try_pin(&Pin::typed(pin), env)?;
        if let Err(failure) = self.write(&contents) {
            // The PIN was right: that the count could not be ended is no reason to lock a teacher out.
            tracing::warn!(code = ?failure.code, "the count of wrong PINs could not be ended");
        }
        // She knows the PIN again: an answer that is still on its way must open nothing.
        self.forget_recovery();
        Ok(key)
    }

    /// Wraps the data key under a new PIN. A wrong `old` counts as in [`KeyFile::unlock`].
    ///
    /// # Errors
    /// As [`KeyFile::unlock`], and [`ErrorCode::PinTooWeak`] for `new`, before anything is tried.
    pub fn change_pin(&self, old: &str, new: &str, env: &Environment) -> Result<()> {
        let _alone = alone();
        let new = Pin::chosen(new)?;
        let (key, contents, secret) = self.try_pin(&Pin::typed(old), env)?;
        let wrapped = PinWrappedKey::wrap(&key, &new, &secret, self.cost, env)?;
        self.write(&KeyFileContents { wrapped, ..contents })?;
        self.forget_recovery();
        Ok(())
    }

    /// Seconds until a PIN may be tried; 0 when one may be now. A clock that was set back makes the wait count
    /// from now.
    ///
    /// # Errors
    /// As [`KeyFile::unlock`], for the key file.
    pub fn wait_seconds(&self, env: &Environment) -> Result<u64> {
        let _alone = alone();
        let mut contents = self.read()?;
        self.remaining_wait_seconds(&mut contents, env)
    }

    /// Counts a try, makes it, and gives the contents with the count ended, for the caller to write.
    fn try_pin(&self, pin: &Pin, env: &Environment) -> Result<(DataKey, KeyFileContents, DeviceSecret)> {
        let mut contents = self.read()?;
        let secret = self.device_secret(&contents)?;
        let wait_seconds = self.remaining_wait_seconds(&mut contents, env)?;
        if wait_seconds > 0 {
            return Err(Failure::new(ErrorCode::PinWait, "too early").fact("wait_seconds", wait_seconds));
        }
        contents.wrong_tries = contents.wrong_tries.and_one_more(env.now());
        self.write(&contents)?;
        let Some(key) = contents.wrapped.unwrap(pin, &secret)? else {
            let wait_seconds = contents.wrong_tries.wait_seconds(env.now());
            return Err(Failure::new(ErrorCode::PinWrong, "wrong PIN").fact("wait_seconds", wait_seconds));
        };
        contents.wrong_tries = WrongTries::default();
        Ok((key, contents, secret))
    }

    fn remaining_wait_seconds(&self, contents: &mut KeyFileContents, env: &Environment) -> Result<u64> {
        let now = env.now();
        let seen = contents.wrong_tries.seen_at(now);
        if seen != contents.wrong_tries {
            contents.wrong_tries = seen;
            self.write(contents)?;
        }
        Ok(seen.wait_seconds(now))
    }

    fn device_secret(&self, contents: &KeyFileContents) -> Result<DeviceSecret> {
        let secret = self.secrets.load()?;
        match secret {
            Some(secret) if device_secret_check(&secret)? == contents.device_secret_check => Ok(secret),
            Some(_) => Err(Failure::new(ErrorCode::StoreDamaged, "the device secret is another one")),
            None => Err(Failure::new(ErrorCode::StoreDamaged, "the device secret is gone")),
        }
    }

    /// The device's secret for a recovery, which needs not the one that was lost: a new one if there is none.
    pub(super) fn device_secret_or_new(&self, env: &Environment) -> Result<DeviceSecret> {
        match self.secrets.load() {
            Ok(Some(secret)) => Ok(secret),
            Err(failure) if failure.code != ErrorCode::StoreDamaged => Err(failure),
            Ok(None) | Err(_) => {
                let secret = DeviceSecret::new(env);
                self.secrets.keep(&secret)?;
                Ok(secret)
            }
        }
    }

    /// Wraps a recovered data key under a new PIN and ends the count of wrong ones.
    pub(super) fn rewrap(
        &self,
        contents: KeyFileContents,
        key: &DataKey,
        pin: &Pin,
        secret: &DeviceSecret,
        env: &Environment,
    ) -> Result<()> {
        self.write(&KeyFileContents {
            wrapped: PinWrappedKey::wrap(key, pin, secret, self.cost, env)?,
            device_secret_check: device_secret_check(secret)?,
            wrong_tries: WrongTries::default(),
            ..contents
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.join("keys.cbor")
    }

    pub(super) fn read(&self) -> Result<KeyFileContents> {
        match fs::read(self.path()) {
            Ok(bytes) => KeyFileContents::from_file(&bytes),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                Err(Failure::new(ErrorCode::NotEnrolled, "there is no key file"))
            }
            Err(cause) => Err(Failure::caused(ErrorCode::StoreFailed, "reading the key file", cause)),
        }
    }

    fn write(&self, contents: &KeyFileContents) -> Result<()> {
        write_atomically(&self.path(), &contents.to_file()?)
    }
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyFile")
    }
}

/// One at a time reads, changes and writes a key file, or tries made at once would count as one.
pub(super) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::recovery_key::RecoveryKeyPair;
    use super::super::test_environment::environment;
    use super::*;

    const PIN: &str = "739524";

    fn keys_in(folder: &tempfile::TempDir) -> KeyFile {
        KeyFile::in_folder(folder.path()).with_cost(Argon2Cost::for_tests())
    }

    fn enrolled(env: &Environment) -> (tempfile::TempDir, KeyFile, DataKey) {
        let folder = tempfile::tempdir().unwrap();
        let keys = keys_in(&folder);
        let key = keys.create(PIN, &RecoveryKeyPair::generate(env).public, env).unwrap();
        (folder, keys, key)
    }

    fn refusal<T>(result: Result<T>) -> (ErrorCode, Option<u64>) {
        let failure = result.err().expect("refused");
        (failure.code, failure.facts.get("wait_seconds").map(|seconds| seconds.parse().unwrap()))
    }

    #[test]
    fn a_teacher_opens_the_app_with_her_pin_after_a_restart() {
        let (env, _) = environment(1);
        let (folder, keys, key) = enrolled(&env);
        assert!(keys.exists());
        assert_eq!(keys_in(&folder).unlock(PIN, &env).unwrap().as_bytes(), key.as_bytes());
        assert_eq!(keys_in(&folder).unlock("７３９５２４", &env).unwrap().as_bytes(), key.as_bytes());
    }

    #[test]
    fn the_shipped_cost_works_too() {
        let (env, _) = environment(1);
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyFile::in_folder(folder.path());
        let key = keys.create(PIN, &RecoveryKeyPair::generate(&env).public, &env).unwrap();
        assert_eq!(keys.unlock(PIN, &env).unwrap().as_bytes(), key.as_bytes());
    }

    #[test]
    fn the_files_on_the_disk_do_not_hold_the_data_key() {
        let (env, _) = environment(1);
        let (folder, _, key) = enrolled(&env);
        for entry in fs::read_dir(folder.path()).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(32).any(|window| window == key.as_bytes()));
        }
    }

    #[test]
    fn enrolling_again_does_not_throw_the_old_key_away() {
        let (env, _) = environment(1);
        let (_folder, keys, key) = enrolled(&env);
        let again = keys.create("112358", &RecoveryKeyPair::generate(&env).public, &env);
        assert_eq!(refusal(again).0, ErrorCode::AlreadyEnrolled);
        assert_eq!(keys.unlock(PIN, &env).unwrap().as_bytes(), key.as_bytes());
    }

    #[test]
    fn a_weak_pin_makes_no_keys() {
        let (env, _) = environment(1);
        let folder = tempfile::tempdir().unwrap();
        let keys = keys_in(&folder);
        let created = keys.create("123456", &RecoveryKeyPair::generate(&env).public, &env);
        assert_eq!(refusal(created).0, ErrorCode::PinTooWeak);
        assert!(!keys.exists());
        assert_eq!(refusal(keys.unlock(PIN, &env)).0, ErrorCode::NotEnrolled);
    }

    #[test]
    fn wrong_pins_slow_down_and_the_right_one_ends_it() {
        let (env, clock) = environment(1);
        let (_folder, keys, _) = enrolled(&env);
        let wrong = || refusal(keys.unlock("000001", &env));
        assert_eq!(wrong(), (ErrorCode::PinWrong, Some(0)));
        assert_eq!(wrong(), (ErrorCode::PinWrong, Some(0)));
        for wait_seconds in [5, 30, 120, 600, 3600, 3600] {
            assert_eq!(wrong(), (ErrorCode::PinWrong, Some(wait_seconds)));
            assert_eq!(refusal(keys.unlock(PIN, &env)), (ErrorCode::PinWait, Some(wait_seconds)), "even the right one");
            clock.goes_on(i64::try_from(wait_seconds).unwrap() - 1);
            assert_eq!(wrong(), (ErrorCode::PinWait, Some(1)));
            assert_eq!(keys.wait_seconds(&env).unwrap(), 1);
            clock.goes_on(1);
            assert_eq!(keys.wait_seconds(&env).unwrap(), 0);
        }
        keys.unlock(PIN, &env).unwrap();
        assert_eq!(wrong(), (ErrorCode::PinWrong, Some(0)), "counted from the start again");
    }

    #[test]
    fn stopping_the_app_in_the_middle_of_a_try_gives_no_free_one() {
        let (env, _) = environment(1);
        let (_folder, keys, _) = enrolled(&env);
        // A cost that no version asks for ends the try where the app would be stopped: before its result.
        let contents = keys.read().unwrap();
        keys.write(&KeyFileContents { wrapped: contents.wrapped.clone().at_impossible_cost(), ..contents }).unwrap();
        assert_eq!(refusal(keys.unlock(PIN, &env)).0, ErrorCode::StoreDamaged);
        assert_eq!(keys.read().unwrap().wrong_tries, WrongTries::default().and_one_more(env.now()));
    }

    #[test]
    fn a_try_that_cannot_be_counted_is_not_made() {
        let (env, _) = environment(1);
        let (folder, keys, key) = enrolled(&env);
        let in_the_way = folder.path().join("keys.cbor.partial");
        fs::create_dir(&in_the_way).unwrap();
        assert_eq!(refusal(keys.unlock(PIN, &env)).0, ErrorCode::FileWriteFailed);
        fs::remove_dir(&in_the_way).unwrap();
        assert_eq!(keys.unlock(PIN, &env).unwrap().as_bytes(), key.as_bytes());
    }

    #[test]
    fn tries_made_at_once_are_all_counted() {
        let (env, _) = environment(1);
        let (_folder, keys, _) = enrolled(&env);
        let codes: Vec<ErrorCode> = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8).map(|_| scope.spawn(|| refusal(keys.unlock("000001", &env)).0)).collect();
            tries.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(codes.iter().filter(|&&code| code == ErrorCode::PinWrong).count(), 3);
        assert_eq!(codes.iter().filter(|&&code| code == ErrorCode::PinWait).count(), 5);
    }

    #[test]
    fn a_clock_set_back_neither_frees_a_guesser_nor_locks_a_teacher_out_for_years() {
        const YEAR_SECONDS: i64 = 365 * 86_400;
        let (env, clock) = environment(1);
        let (_folder, keys, key) = enrolled(&env);
        for _ in 0..3 {
            assert_eq!(refusal(keys.unlock("000001", &env)).0, ErrorCode::PinWrong);
        }
        clock.goes_on(-YEAR_SECONDS);
        assert_eq!(refusal(keys.unlock(PIN, &env)), (ErrorCode::PinWait, Some(5)));
        clock.goes_on(5);
        assert_eq!(keys.unlock(PIN, &env).unwrap().as_bytes(), key.as_bytes());
    }

    #[test]
    fn a_changed_pin_opens_the_same_key_and_the_old_one_does_not() {
        let (env, _) = environment(1);
        let (_folder, keys, key) = enrolled(&env);
        assert_eq!(refusal(keys.change_pin("000001", "112358", &env)), (ErrorCode::PinWrong, Some(0)));
        assert_eq!(refusal(keys.change_pin(PIN, "111111", &env)).0, ErrorCode::PinTooWeak);
        keys.change_pin(PIN, "112358", &env).unwrap();
        assert_eq!(refusal(keys.unlock(PIN, &env)), (ErrorCode::PinWrong, Some(0)));
        assert_eq!(keys.unlock("112358", &env).unwrap().as_bytes(), key.as_bytes());
    }

    #[test]
    fn a_damaged_key_file_is_said_to_be_damaged_and_is_not_replaced() {
        let (env, _) = environment(1);
        let (folder, keys, _) = enrolled(&env);
        let path = folder.path().join("keys.cbor");
        let whole = fs::read(&path).unwrap();
        write_atomically(&path, &whole[..100]).unwrap();
        assert!(keys.exists());
        assert_eq!(refusal(keys.unlock(PIN, &env)).0, ErrorCode::StoreDamaged);
        assert_eq!(refusal(keys.wait_seconds(&env)).0, ErrorCode::StoreDamaged);
        assert_eq!(refusal(keys.recovery_request(&env)).0, ErrorCode::StoreDamaged);
        let again = keys.create(PIN, &RecoveryKeyPair::generate(&env).public, &env);
        assert_eq!(refusal(again).0, ErrorCode::AlreadyEnrolled);
    }

    #[test]
    fn a_key_file_copied_to_another_device_opens_with_no_pin_and_counts_none() {
        let (env, _) = environment(1);
        let (folder, _, _) = enrolled(&env);
        let (other_folder, other, _) = enrolled(&env);
        fs::copy(folder.path().join("keys.cbor"), other_folder.path().join("keys.cbor")).unwrap();
        assert_eq!(refusal(other.unlock(PIN, &env)).0, ErrorCode::StoreDamaged);
        fs::remove_file(other_folder.path().join("device-secret")).unwrap();
        assert_eq!(refusal(other.unlock(PIN, &env)).0, ErrorCode::StoreDamaged);
        assert_eq!(other.read().unwrap().wrong_tries, WrongTries::default());
    }
}
