//! Drafts and finished visits.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::dossier::PhotoView;
use crate::domain::identifier::{DocumentId, DraftId, EntryId, Hash32};
use crate::domain::time::Timestamp;
use crate::domain::visit::VisitForm;

/// Begins a visit to one child, or to several of one household.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct BeginVisit {
    /// The dossiers.
    pub document_ids: Vec<DocumentId>,
}

/// Saves a draft as it is typed.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SaveDraft {
    /// The draft.
    pub draft_id: DraftId,
    /// The form as it stands.
    pub form: VisitForm,
}

/// Names a draft.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OneDraft {
    /// The draft.
    pub draft_id: DraftId,
}

/// A draft.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DraftView {
    /// The draft.
    pub draft_id: DraftId,
    /// The children whom it covers.
    pub children: Vec<DraftChild>,
    /// The form as it stands, filled in with what the app knows.
    pub form: VisitForm,
    /// Photos attached so far.
    pub photos: Vec<PhotoView>,
    /// When it was last saved.
    pub saved_at: Timestamp,
}

/// A child whom a draft covers.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DraftChild {
    /// The dossier.
    pub document_id: DocumentId,
    /// The name.
    pub name: String,
    /// Village and group, for the head of the form.
    pub village_text: String,
    /// School and class.
    pub class_text: String,
}

/// Drafts, newest first.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Drafts {
    /// Them.
    pub drafts: Vec<DraftView>,
}

/// Takes a photo off a draft.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DetachPhoto {
    /// The draft.
    pub draft_id: DraftId,
    /// [`PhotoView::photo_hash`].
    pub photo_hash: Hash32,
}

/// Records the visit that a draft holds.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordVisit {
    /// The draft.
    pub draft_id: DraftId,
    /// The finished form.
    pub form: VisitForm,
}

/// The visit is saved on this device.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct VisitRecorded {
    /// One entry for each child.
    pub visits: Vec<RecordedVisit>,
    /// When it was committed.
    pub saved_at: Timestamp,
    /// Photos saved with it.
    pub photo_count: u32,
    /// What an inspector would miss, by field.
    pub incomplete: Vec<String>,
}

/// The visit in one child's dossier.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordedVisit {
    /// The dossier.
    pub document_id: DocumentId,
    /// The visit's key.
    pub entry_id: EntryId,
}
