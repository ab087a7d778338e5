//! Photos that others took: whether they are here, and asking for one.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::app::device::Device;
use crate::app::fetch_photo::want_photo;
use crate::domain::identifier::Hash32;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::photo_file::PhotoFileRow;

/// Asks for a photo.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct FetchPhoto {
    /// [`super::dossier::PhotoView::photo_hash`].
    pub photo_hash: Hash32,
}

/// Whether a photo can be looked at here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case", tag = "at")]
#[ts(export)]
pub enum PhotoState {
    /// On this device.
    Here,
    /// Not on this device: `fetchPhoto` asks for it.
    Away,
    /// Asked for, by a person or by a desk for itself: it comes with the next sync, after records and thumbnails.
    Wanted {
        /// Bytes that have arrived.
        #[serde(rename = "bytesHere")]
        bytes_here: u64,
        /// Its size.
        #[serde(rename = "bytesTotal")]
        bytes_total: u64,
    },
    /// Asked for, and the server has not got it yet: whoever took it has not sent it. Each sync asks again.
    NotOnServer {
        /// When the server was last asked, by this device's clock.
        since: Timestamp,
    },
}

/// How a photo's file stands. A desk asks for all of them by itself.
pub(super) fn state(device: &Device, file: &PhotoFileRow) -> PhotoState {
    if file.here {
        return PhotoState::Here;
    }
    match file.absent_at {
        Some(since) => PhotoState::NotOnServer { since },
        None if file.wanted || device.author.rights.role.is_desk() => PhotoState::Wanted {
            bytes_here: device.photos.arrived_so_far(file.hash).unwrap_or(0),
            bytes_total: file.bytes_total,
        },
        None => PhotoState::Away,
    }
}

/// Asks for a photo.
pub(super) fn fetch(device: &mut Device, request: &FetchPhoto) -> Result<PhotoState> {
    let file = want_photo(device, request.photo_hash)?;
    Ok(state(device, &file))
}
