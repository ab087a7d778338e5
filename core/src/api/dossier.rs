//! One child: who, how it stands, everything in order, and fields with two values.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::children::ChildRow;
use super::sync::Whereabouts;
use crate::domain::code_list::{Relation, SchoolingStatus};
use crate::domain::identifier::{DocumentId, EntryId, Hash32};
use crate::domain::place::ClassId;
use crate::domain::time::{Day, Timestamp};
use crate::domain::visit::VisitForm;

/// Names a dossier.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OpenDossier {
    /// The dossier.
    pub document_id: DocumentId,
}

/// A dossier as a person sees it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DossierView {
    /// The row as lists show it.
    pub row: ChildRow,
    /// The fields of the child, in the order of the ledger (handbook 3.4), empty ones too.
    pub fields: Vec<FieldView>,
    /// Guardians.
    pub guardians: Vec<GuardianView>,
    /// Everything that happened, newest first.
    pub timeline: Vec<TimelineEntry>,
    /// Brothers and sisters of the same household who are on this device: one visit can cover them.
    pub siblings: Vec<ChildRow>,
    /// The class, for links.
    pub class: Option<ClassId>,
    /// May be changed by this person.
    pub writable: bool,
}

/// A field with its value or values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct FieldView {
    /// The key that [`ChangeField`] takes: `profile.name`, `household.address`, `guardians.<id>.phone`.
    pub field: String,
    /// The Chinese label of the ledger.
    pub label_zh: String,
    /// The English label.
    pub label_en: String,
    /// What it holds and how it is entered.
    pub kind: FieldKind,
    /// The value to show; ID numbers are masked.
    pub value: String,
    /// Two or more, when several people changed it without knowing of each other; else empty.
    pub conflict: Vec<ConflictValue>,
}

/// How a field is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum FieldKind {
    /// A line of text.
    Text,
    /// A day.
    Day,
    /// A phone number: offer to call.
    Phone,
    /// An ID number: masked.
    IdNumber,
    /// A key of the code list `sex`.
    Sex,
    /// A key of the code list `relation`.
    Relation,
    /// A key of the code list `attendance_mode`.
    AttendanceMode,
    /// A key of the code list `schooling_status`; changed by a status event.
    SchoolingStatus,
    /// Not to be changed here.
    ReadOnly,
}

/// One of the values of a field that has several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ConflictValue {
    /// Names the value to [`SettleConflict`].
    pub choice: String,
    /// The value to show.
    pub value: String,
    /// Who wrote it.
    pub person_name: String,
    /// When, by that device's clock.
    pub at: Timestamp,
}

/// A guardian.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct GuardianView {
    /// Its key within the dossier.
    pub key: String,
    /// Name, relation and phone, each of which may have two values.
    pub name: FieldView,
    /// Relation to the child.
    pub relation: FieldView,
    /// Phone.
    pub phone: FieldView,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TimelineEntry {
    /// Its key within the dossier.
    pub entry_id: EntryId,
    /// When it happened, as recorded.
    pub at: Timestamp,
    /// Who recorded it.
    pub person_name: String,
    /// What.
    pub event: TimelineEvent,
    /// Where the record is.
    pub whereabouts: Whereabouts,
}

/// What happened.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[ts(export)]
pub enum TimelineEvent {
    /// A home visit.
    Visit {
        /// The record.
        form: Box<VisitForm>,
        /// Its photos.
        photos: Vec<PhotoView>,
        /// What an inspector would miss, by field.
        incomplete: Vec<String>,
    },
    /// The schooling status changed.
    Status {
        /// The status.
        status: SchoolingStatus,
        /// Since when.
        since: Option<Day>,
        /// Why.
        note: String,
    },
    /// The dossier was opened: from a roster or in the field.
    Registered {
        /// From a roster.
        #[serde(rename = "fromRoster")]
        from_roster: bool,
    },
}

/// A photo with where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PhotoView {
    /// Its key within the dossier.
    pub entry_id: EntryId,
    /// SHA-256 of the photo: with kind `photo`, `marked_copy` or `thumbnail` it fetches the file.
    pub photo_hash: Hash32,
    /// SHA-256 of the thumbnail.
    pub thumbnail_hash: Hash32,
    /// Thumbhash placeholder, base64.
    pub placeholder: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Width of the photo in px.
    pub width: u32,
    /// Height of the photo in px.
    pub height: u32,
    /// The thumbnail is on this device.
    pub thumbnail_here: bool,
    /// The photo is on this device.
    pub photo_here: bool,
    /// Where the photo is.
    pub whereabouts: Whereabouts,
}

/// Changes one field of a child.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChangeField {
    /// The dossier.
    pub document_id: DocumentId,
    /// The field, as [`FieldView::field`] names it.
    pub field: String,
    /// The new value; for code lists the key.
    pub value: String,
}

/// Chooses among the values of a field.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SettleConflict {
    /// The dossier.
    pub document_id: DocumentId,
    /// The field.
    pub field: String,
    /// [`ConflictValue::choice`].
    pub choice: String,
}

/// Records a schooling status.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordStatus {
    /// The dossier.
    pub document_id: DocumentId,
    /// The status.
    pub status: SchoolingStatus,
    /// Since when.
    pub since: Option<Day>,
    /// Why; needed for 辍学, which only a person decides.
    #[serde(default)]
    pub note: String,
}

/// Adds a guardian.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AddGuardian {
    /// The dossier.
    pub document_id: DocumentId,
    /// The name.
    pub name: String,
    /// Relation to the child.
    pub relation: Option<Relation>,
    /// Phone.
    #[serde(default)]
    pub phone: String,
}

/// Something was saved.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Saved {
    /// When it was committed on this device.
    pub saved_at: Timestamp,
}
