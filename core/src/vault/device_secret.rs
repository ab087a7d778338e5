//! The device's own secret: without it a copy of the key file opens with no PIN.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::sealed_secret::secret_from_slice;
use crate::domain::identifier::Hash32;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};

/// 32 random bytes that stay on the device: wiped when dropped, never shown.
#[derive(Clone)]
pub struct DeviceSecret(Zeroizing<[u8; 32]>);

impl DeviceSecret {
    /// A new one.
    #[must_use]
    pub fn new(env: &Environment) -> Self {
        Self::from_bytes(env.random_bytes())
    }

    /// From its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for DeviceSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceSecret")
    }
}

/// Where the device's secret lies. A platform's key store (Android Keystore, the desktop's keychain) takes over
/// by implementing this; until then it is [`DeviceSecretFile`].
pub trait DeviceSecretStore: Send + Sync {
    /// The secret, if there is one.
    ///
    /// # Errors
    /// [`ErrorCode::StoreDamaged`] when it is there and cannot be the one that was kept,
    /// [`ErrorCode::StoreFailed`] when it cannot be read.
    fn load(&self) -> Result<Option<DeviceSecret>>;

    /// Keeps the secret in place of any other. After `Ok` it survives a power loss.
    ///
    /// # Errors
    /// [`ErrorCode::DiskFull`] or [`ErrorCode::FileWriteFailed`].
    fn keep(&self, secret: &DeviceSecret) -> Result<()>;
}

/// The secret in a file that its owner alone may read: the 32 bytes and their SHA-256, by which a damaged file is
/// told from a wrong PIN.
#[derive(Debug)]
pub struct DeviceSecretFile {
    path: PathBuf,
}

impl DeviceSecretFile {
    /// The file `device-secret` in the app's folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("device-secret") }
    }
}

impl DeviceSecretStore for DeviceSecretFile {
    fn load(&self) -> Result<Option<DeviceSecret>> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(Failure::caused(ErrorCode::StoreFailed, "reading the device secret", cause)),
        };
        bytes
            .split_at_checked(32)
            .filter(|(secret, hash)| Hash32::of(secret).0.as_slice() == *hash)
            .and_then(|(secret, _)| secret_from_slice(secret))
            .map(|secret| Some(DeviceSecret(secret)))
            .ok_or_else(|| Failure::new(ErrorCode::StoreDamaged, "the device secret is damaged"))
    }

    /// Like [`crate::files::write_atomically`], but nobody else may read the file at any moment.
    fn keep(&self, secret: &DeviceSecret) -> Result<()> {
        let neighbour = self.path.with_extension("partial");
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let kept = (|| {
            // One left by a run that was killed.
            if neighbour.exists() {
                fs::remove_file(&neighbour)?;
            }
            let mut file = options.open(&neighbour)?;
            file.write_all(secret.as_bytes())?;
            file.write_all(&Hash32::of(secret.as_bytes()).0)?;
            file.sync_all()?;
            fs::rename(&neighbour, &self.path)?;
            // Windows has no handle to fsync a folder by; NTFS journals the rename.
            if cfg!(unix)
                && let Some(folder) = self.path.parent()
            {
                File::open(folder)?.sync_all()?;
            }
            Ok(())
        })();
        if kept.is_err() {
            // The half-written neighbour is of no use; that it cannot be removed either changes nothing.
            let _ = fs::remove_file(&neighbour);
        }
        kept.map_err(|cause: std::io::Error| Failure::from(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_environment::environment;
    use super::*;

    #[test]
    fn the_secret_comes_back_as_it_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = DeviceSecretFile::in_folder(folder.path());
        assert!(store.load().unwrap().is_none());
        let secret = DeviceSecret::new(&environment(1).0);
        store.keep(&DeviceSecret::from_bytes([9; 32])).unwrap();
        File::create(folder.path().join("device-secret.partial")).unwrap();
        store.keep(&secret).unwrap();
        assert_eq!(store.load().unwrap().unwrap().as_bytes(), secret.as_bytes());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no half-written neighbour stays");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_but_the_owner_may_read_the_secret() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let store = DeviceSecretFile::in_folder(folder.path());
        store.keep(&DeviceSecret::from_bytes([9; 32])).unwrap();
        let mode = fs::metadata(folder.path().join("device-secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_secret_is_said_to_be_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let store = DeviceSecretFile::in_folder(folder.path());
        store.keep(&DeviceSecret::from_bytes([9; 32])).unwrap();
        let path = folder.path().join("device-secret");
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            crate::files::write_atomically(&path, &whole[..length]).unwrap();
            assert_eq!(store.load().unwrap_err().code, ErrorCode::StoreDamaged, "{length} bytes");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            crate::files::write_atomically(&path, &flipped).unwrap();
            assert_eq!(store.load().unwrap_err().code, ErrorCode::StoreDamaged, "byte {at}");
        }
    }
}
