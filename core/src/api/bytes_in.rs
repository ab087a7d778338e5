//! What comes to the backend as bytes and not as a command: pictures, rosters, packs.

use std::sync::Arc;

use super::backend::Backend;
use super::{roster, state, sync, visit};
use crate::app::pack_file;
use crate::domain::identifier::{DraftId, Hash32};
use crate::error::Result;
use crate::vault::enrolment_code::EnrolmentCode;

impl Backend {
    /// Reads the enrolment code out of a picture of its QR code; keeps nothing of the picture, enrols nobody.
    ///
    /// # Errors
    /// [`ErrorCode::QrCodeNotFound`], and those of a picture that cannot be read.
    ///
    /// [`ErrorCode::QrCodeNotFound`]: crate::error::ErrorCode::QrCodeNotFound
    pub fn read_enrolment_code(&self, picture: &[u8]) -> Result<state::EnrolmentCodeRead> {
        let code = crate::photo::qr_code::find(picture, |text| EnrolmentCode::from_text(text).ok())?;
        Ok(state::EnrolmentCodeRead { code: code.to_text() })
    }

    /// Attaches a photo to a draft, from the camera's bytes.
    ///
    /// # Errors
    /// As [`crate::app::attach_photo`].
    pub fn attach_photo(&self, draft: DraftId, capture: &[u8]) -> Result<visit::DraftView> {
        use crate::app::attach_photo;
        // The draft is asked for first: a photo for a draft that is gone is not made at all.
        let photos = self.with_device(|device| {
            device.store.reading().draft(draft)?;
            Ok(Arc::clone(&device.photos))
        })?;
        let photo = attach_photo::make_photo(&photos, &self.environment, capture)?;
        self.changing(|device| {
            attach_photo::attach(device, draft, &photo)?;
            visit::draft_view(device, draft)
        })
    }

    /// The bytes of a photo, a thumbnail or a marked copy (of the photo with this hash), as JPEG.
    ///
    /// # Errors
    /// [`ErrorCode::PhotoNotHere`], [`ErrorCode::PhotoDamaged`].
    ///
    /// [`ErrorCode::PhotoNotHere`]: crate::error::ErrorCode::PhotoNotHere
    /// [`ErrorCode::PhotoDamaged`]: crate::error::ErrorCode::PhotoDamaged
    pub fn photo(&self, kind: &str, hash: Hash32) -> Result<Vec<u8>> {
        visit::photo_bytes(self, kind, hash)
    }

    /// Reads a roster and judges its rows, before anything is written.
    ///
    /// # Errors
    /// [`ErrorCode::SpreadsheetUnreadable`] and the like, [`ErrorCode::NotAllowed`].
    ///
    /// [`ErrorCode::SpreadsheetUnreadable`]: crate::error::ErrorCode::SpreadsheetUnreadable
    /// [`ErrorCode::NotAllowed`]: crate::error::ErrorCode::NotAllowed
    pub fn preview_roster(&self, file_name: &str, bytes: &[u8]) -> Result<roster::RosterPreview> {
        roster::preview(self, file_name, bytes)
    }

    /// Takes a file of packs in.
    ///
    /// # Errors
    /// As [`pack_file::import`].
    pub fn import_packs(&self, code: &str, bytes: &[u8]) -> Result<sync::PacksImported> {
        let taken = self.changing(|device| pack_file::import(device, bytes, code))?;
        Ok(sync::PacksImported { child_count: taken.children, packs_of_others: taken.packs_of_others })
    }
}
