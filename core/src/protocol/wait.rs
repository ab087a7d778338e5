//! A desk waits for news: `POST /v1/wait` is answered as soon as there is something for the device above where it stands,
//! or after [`WAIT_SECONDS_MAX`] with nothing. It carries no records: an ordinary sync follows.

use minicbor::{Decode, Encode};

use super::cursor::Cursor;
use crate::domain::identifier::Hash32;

/// How long a server lets a device wait at most. Shorter than what networks of mobile operators forget a silent
/// connection after.
pub const WAIT_SECONDS_MAX: u64 = 50;

/// `POST /v1/wait`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct WaitRequest {
    /// [`super::VERSION`].
    #[n(0)]
    pub version: u16,
    /// Where the device stands, as in a sync.
    #[n(1)]
    pub cursor: Cursor,
    /// The hash of the rights that it knows itself to have.
    #[n(2)]
    pub rights: Hash32,
    /// The last register entry that it holds.
    #[n(3)]
    pub register_head: u64,
    /// The hash of that entry; zeroes before the first.
    #[n(4)]
    pub register_hash: Hash32,
    /// [`WaitAnswer::photo_news`] of the last answer; 0 at first.
    #[n(5)]
    pub photo_news: u64,
}

/// The answer to a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct WaitAnswer {
    /// There is something for this device: sync now.
    #[n(0)]
    pub news: bool,
    /// The device may ask again after so many milliseconds; more than 0 when too many wait, or the server is about to stop.
    #[n(1)]
    pub again_after_ms: u32,
    /// Counts the photo files that have come whole since the server started.
    #[n(2)]
    pub photo_news: u64,
}
