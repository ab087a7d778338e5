//! The data key, and sealing bytes under it with an authenticated cipher (XChaCha20-Poly1305).

use zeroize::{Zeroize, ZeroizeOnDrop};

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
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey")
    }
}

impl DataKey {
    /// A key for one purpose. (Replaced by the sealing module.)
    #[must_use]
    pub fn sub_key(&self, purpose: &'static str) -> [u8; 32] {
        use sha2::Digest;
        sha2::Sha256::new().chain_update(purpose).chain_update(self.0).finalize().into()
    }
}
