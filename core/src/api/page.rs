//! A photographed paper made straight: corners proposed, corners chosen.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::backend::Backend;
use super::visit::{self, DraftView};
use crate::app::straighten_page::{make_page, photo_of, put_in_place};
use crate::domain::identifier::{DraftId, Hash32};
use crate::error::Result;
use crate::photo::PhotoKind;
use crate::photo::straighten::{Corner, propose};

/// Names a photographed page of a draft.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OnePage {
    /// The draft.
    pub draft_id: DraftId,
    /// The photo.
    pub photo_hash: Hash32,
}

/// Where the corners of a page are: upper left, upper right, lower right, lower left.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PageCorners {
    /// They; the corners of the whole picture where no page was plain to see.
    pub corners: [Corner; 4],
}

/// Makes a straight page of a photo of a draft.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct StraightenPage {
    /// The draft.
    pub draft_id: DraftId,
    /// The photo.
    pub photo_hash: Hash32,
    /// Its corners, as in [`PageCorners`].
    pub corners: [Corner; 4],
}

/// Where the corners of a page probably are.
pub(super) fn corners(backend: &Backend, request: &OnePage) -> Result<PageCorners> {
    let photos = backend.with_device(|device| {
        photo_of(device, request.draft_id, request.photo_hash)?;
        Ok(Arc::clone(&device.photos))
    })?;
    Ok(PageCorners { corners: propose(&photos.get(PhotoKind::Photo, request.photo_hash)?)? })
}

/// Makes the page, and puts it into the photo's place.
pub(super) fn straighten(backend: &Backend, request: &StraightenPage) -> Result<DraftView> {
    let (photos, photo) = backend.with_device(|device| {
        Ok((Arc::clone(&device.photos), photo_of(device, request.draft_id, request.photo_hash)?))
    })?;
    let page = make_page(&photos, &photo, &request.corners)?;
    backend.with_device(|device| {
        put_in_place(device, request.draft_id, &photo, &page)?;
        visit::draft_view(device, request.draft_id)
    })
}
