//! How far a device has read the server's log.

use minicbor::{Decode, Encode};

use crate::domain::identifier::Hash32;

/// Where a device stands in the server's log: the sequence number and the hash chain up to it. Clients treat
/// it as opaque. A server that does not know the chain value at that number was restored from a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Cursor {
    /// The sequence number of the last envelope that was looked at for this device; 0 before the first.
    #[n(0)]
    pub seq: u64,
    /// `chain(n) = SHA-256(chain(n-1) ‖ hash of envelope n)`; zeroes at 0.
    #[n(1)]
    pub chain: Hash32,
}

impl Cursor {
    /// Before the first envelope.
    pub const START: Self = Self { seq: 0, chain: Hash32::ZERO };

    /// The chain value after one more envelope.
    #[must_use]
    pub fn link(chain: Hash32, envelope: Hash32) -> Hash32 {
        let mut bytes = [0; 64];
        let (left, right) = bytes.split_at_mut(32);
        left.copy_from_slice(&chain.0);
        right.copy_from_slice(&envelope.0);
        Hash32::of(&bytes)
    }
}
