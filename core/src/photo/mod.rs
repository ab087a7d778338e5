//! Photographs: from the camera's file to what is kept, shown, sent and exported.
//!
//! Four words (ARCHITECTURE.md): the **capture** is the camera's file as it came; the **photo** is upright, its
//! long side at most 1600 px, without any metadata; the **marked copy** is the photo with its visible strip;
//! the **thumbnail** has a long side of at most 320 px. A placeholder of some 20 bytes lies in the dossier.
//!
//! - [`intake`] makes photo, thumbnail and placeholder of a capture, and reads when and where it was taken;
//! - [`watermark`] makes the marked copy;
//! - [`straighten`] makes a straight page of a photographed paper;
//! - [`qr_code`] reads an enrolment code out of a picture;
//! - [`file_store`] keeps them all, sealed, under their content hashes, and takes in what arrives in parts.

pub mod capture_facts;
pub mod file_store;
pub mod intake;
pub mod qr_code;
pub mod straighten;
pub mod watermark;

mod arrival;
mod format;
mod raster;
mod strip_text;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::identifier::Hash32;

/// The largest capture that is taken in, in bytes.
pub const CAPTURE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The largest picture that is decoded: 8160 × 6144, the 50 megapixels of a phone at full resolution, fits.
/// Asked of the header before anything is decoded: a few kilobytes can claim a picture that fills the memory.
pub const CAPTURE_PIXELS_MAX: u64 = 52_000_000;
/// The longest side of a photo in px (handbook 5.3).
pub const PHOTO_SIDE_MAX: u32 = 1600;
/// The longest side of a thumbnail in px.
pub const THUMBNAIL_SIDE_MAX: u32 = 320;

/// Which of the files of a photograph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[ts(export)]
pub enum PhotoKind {
    /// The camera's file as it came, with its metadata: stays on the device, and goes once the photo is made.
    #[n(1)]
    Capture,
    /// Upright, long side at most 1600 px, no metadata.
    #[n(2)]
    Photo,
    /// The photo with its visible strip.
    #[n(3)]
    MarkedCopy,
    /// Long side at most 320 px, no metadata.
    #[n(4)]
    Thumbnail,
}

impl PhotoKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[Self::Capture, Self::Photo, Self::MarkedCopy, Self::Thumbnail];

    /// The key, as the user interface and the folders of the file store have it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Photo => "photo",
            Self::MarkedCopy => "marked_copy",
            Self::Thumbnail => "thumbnail",
        }
    }

    /// From its key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.key() == key)
    }
}

/// A JPEG that was made here.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedPicture {
    /// The file.
    pub bytes: Vec<u8>,
    /// SHA-256 of the file.
    pub hash: Hash32,
    /// Width in px.
    pub width: u32,
    /// Height in px.
    pub height: u32,
}

impl std::fmt::Debug for EncodedPicture {
    /// Without the picture: what is logged shows no child.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EncodedPicture({}, {} x {}, {} bytes)", self.hash, self.width, self.height, self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_key_everywhere() {
        for kind in PhotoKind::ALL {
            assert_eq!(PhotoKind::from_key(kind.key()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.key());
            let bytes = minicbor::to_vec(kind).unwrap();
            assert_eq!(minicbor::decode::<PhotoKind>(&bytes).unwrap(), *kind);
        }
        assert_eq!(PhotoKind::from_key("selfie"), None);
    }
}
