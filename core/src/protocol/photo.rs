//! Photos on the wire: announced by the dossier, offered in the sync request, carried in small parts.

use minicbor::{Decode, Encode};

use crate::domain::identifier::{DocumentId, Hash32};

/// Which of a photograph's files: the small one goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum PhotoFile {
    /// At most 320 px: what lists show.
    #[n(1)]
    Thumbnail,
    /// At most 1600 px, upright, without EXIF.
    #[n(2)]
    Photo,
}

/// A file that a device holds and the server may lack.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PhotoOffer {
    /// SHA-256 of the whole file.
    #[n(0)]
    pub hash: Hash32,
    /// The dossier that it belongs to: whose rights are its rights.
    #[n(1)]
    pub document: DocumentId,
    /// Which file.
    #[n(2)]
    pub file: PhotoFile,
    /// Its size.
    #[n(3)]
    pub bytes_total: u64,
}

/// How much of a file the server holds, durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct PhotoOffset {
    /// The file.
    #[n(0)]
    pub hash: Hash32,
    /// Bytes held from the start.
    #[n(1)]
    pub offset: u64,
    /// All held, and the hash was right.
    #[n(2)]
    pub complete: bool,
    /// Of a file that is complete: the end of the log when this was said. A verified backup that reaches further holds
    /// the file.
    #[n(3)]
    pub head: Option<u64>,
}
