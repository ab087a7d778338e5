//! One child: who, how it stands, everything in order, and fields with two values.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::casework::{self, CaseworkView};
use super::children::{self, ChildRow};
use super::photo::{self, PhotoState};
use super::sync::{self, Whereabouts};
use crate::app::device::Device;
use crate::app::record_absence::roll;
use crate::domain::absence::AbsenceForm;
use crate::domain::case::CaseFacts;
use crate::domain::case_record::CaseForm;
use crate::domain::code_list::{Relation, SchoolingStatus};
use crate::domain::doc::dossier_read;
use crate::domain::dossier::{Actor, Dossier, PhotoRecord};
use crate::domain::field::{self, Field, FieldForm};
use crate::domain::identifier::{DocumentId, EntryId, Hash32};
use crate::domain::ledger::PlaceNames;
use crate::domain::place::{ClassId, PlaceCode};
use crate::domain::time::{Day, Timestamp};
use crate::domain::visit::VisitForm;
use crate::error::{ErrorCode, Failure, Result};
use crate::store::outbox::OutboxRow;
use crate::store::photo_file::PhotoFileRow;

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
    /// The village that it lies in.
    pub village: Option<PlaceCode>,
    /// The class, for links.
    pub class: Option<ClassId>,
    /// May be changed by this person.
    pub writable: bool,
    /// The child has moved out of the person's scope: the dossier goes from here when all that was recorded is safe.
    pub moved_away: bool,
    /// May be moved to another village or class by this person.
    pub movable: bool,
    /// Its cases.
    pub casework: CaseworkView,
    /// Whether everything of this child is with the server; absent while that is being compared.
    pub delivery: Option<super::delivery::DossierDelivery>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
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
    /// The child moved to another village or class.
    Moved {
        /// Where to, in words.
        to: String,
        /// Why.
        note: String,
    },
    /// An entry of the roll.
    Absence {
        /// What it says.
        form: AbsenceForm,
        /// Another entry stands in its place now, or it was withdrawn.
        replaced: bool,
        /// Its photographed pages.
        photos: Vec<PhotoView>,
    },
    /// A step of a case, or a decision over it.
    Case {
        /// What it says.
        form: Box<CaseForm>,
        /// Its photographed pages.
        photos: Vec<PhotoView>,
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
    /// Whether the photo is here, has been asked for, or can be.
    pub photo_state: PhotoState,
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

/// Moves a child to another village or class.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MoveChild {
    /// The dossier.
    pub document_id: DocumentId,
    /// The village that the child moves to, or stays in.
    pub village: PlaceCode,
    /// The class that the child goes to; none when it is not known yet.
    pub class: Option<ClassId>,
    /// Why.
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

impl Saved {
    pub(super) fn at(saved_at: Timestamp) -> Self {
        Self { saved_at }
    }
}

/// A dossier as a person sees it.
pub(super) fn view(device: &Device, id: DocumentId) -> Result<DossierView> {
    let reading = device.store.reading();
    let child = reading.child(id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "child"))?;
    let dossier = dossier_read::read(&reading.document(id)?)?;
    let seen = Seen::of(device, id)?;
    let mut timeline: Vec<TimelineEntry> = Vec::new();
    for visit in dossier.visits.values() {
        let photos =
            dossier.photos.values().filter(|photo| photo.visit == Some(visit.entry)).map(|photo| seen.photo(photo));
        timeline.push(TimelineEntry {
            entry_id: visit.entry,
            at: visit.form.started_at.unwrap_or(visit.at),
            person_name: seen.person_name(&visit.actor)?,
            event: TimelineEvent::Visit {
                form: Box::new(visit.form.clone()),
                photos: photos.collect(),
                incomplete: visit.form.incomplete(),
            },
            whereabouts: seen.entry(visit.entry),
        });
    }
    for event in &dossier.statuses {
        timeline.push(TimelineEntry {
            entry_id: event.entry,
            at: event.at,
            person_name: seen.person_name(&event.actor)?,
            event: TimelineEvent::Status { status: event.status, since: event.since, note: event.note.clone() },
            // The first status is of the form that opened the dossier.
            whereabouts: if dossier.opened.as_ref() == Some(&(event.actor.clone(), event.at)) {
                seen.first_form()
            } else {
                seen.entry(event.entry)
            },
        });
    }
    let county = device.county();
    let names = PlaceNames::of(&county);
    let today = device.environment.now().day();
    for event in &dossier.moves {
        let class = event.to.class.as_ref().map(|class| names.school(class) + &names.class(class, today));
        let to = [Some(names.village(&event.to)), class].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        timeline.push(TimelineEntry {
            entry_id: event.entry,
            at: event.at,
            person_name: seen.person_name(&event.actor)?,
            event: TimelineEvent::Moved { to, note: event.note.clone() },
            whereabouts: seen.entry(event.entry),
        });
    }
    let roll = roll(&CaseFacts::of(&dossier));
    let photos_of = |entry: EntryId| -> Vec<PhotoView> {
        dossier.photos.values().filter(|photo| photo.visit == Some(entry)).map(|photo| seen.photo(photo)).collect()
    };
    for entry in &dossier.absences {
        timeline.push(TimelineEntry {
            entry_id: entry.entry,
            at: entry.at,
            person_name: seen.person_name(&entry.actor)?,
            event: TimelineEvent::Absence {
                form: entry.form.clone(),
                replaced: !roll.standing(&entry.form).contains(&entry.entry),
                photos: photos_of(entry.entry),
            },
            whereabouts: seen.entry(entry.entry),
        });
    }
    for record in &dossier.case_records {
        timeline.push(TimelineEntry {
            entry_id: record.entry,
            at: record.at,
            person_name: seen.person_name(&record.actor)?,
            event: TimelineEvent::Case { form: Box::new(record.form.clone()), photos: photos_of(record.entry) },
            whereabouts: seen.entry(record.entry),
        });
    }
    if let Some((actor, at)) = &dossier.opened {
        timeline.push(TimelineEntry {
            entry_id: EntryId::from_bytes(*id.as_bytes()),
            at: *at,
            person_name: seen.person_name(actor)?,
            event: TimelineEvent::Registered { from_roster: dossier.from_roster },
            whereabouts: seen.first_form(),
        });
    }
    timeline.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.entry_id)));
    let mut fields = Vec::new();
    for field in field::FIELDS {
        fields.push(field_view(&seen, &dossier, field.path, field)?);
    }
    fields.push(status_field(&seen, &dossier)?);
    let mut guardians = Vec::new();
    for key in &dossier.guardians {
        let part = |name: &str| -> Result<FieldView> {
            let field = field::GUARDIAN_FIELDS
                .iter()
                .find(|field| field.path == name)
                .ok_or_else(|| Failure::new(ErrorCode::Internal, "no such part of a guardian"))?;
            field_view(&seen, &dossier, &format!("guardians.{key}.{name}"), field)
        };
        guardians.push(GuardianView {
            key: key.to_string(),
            name: part("name")?,
            relation: part("relation")?,
            phone: part("phone")?,
        });
    }
    let moved_away = reading.has_left(id)?;
    let writable = !moved_away && device.author.may_write(&child.leaves).is_ok();
    Ok(DossierView {
        row: children::one(device, &child),
        fields,
        guardians,
        timeline,
        siblings: children::rows(device, &reading.siblings(id)?),
        writable,
        moved_away,
        movable: writable && device.author.rights.role.moves_children(),
        casework: casework::view(device, id, &child.leaves)?,
        delivery: super::delivery::of_dossier(device, id)?,
        village: child.leaves.village,
        class: child.leaves.class,
    })
}

/// Fields of a dossier that have two values.
pub(super) fn conflict_views(device: &Device, id: DocumentId) -> Result<Vec<FieldView>> {
    let dossier = dossier_read::read(&device.store.reading().document(id)?)?;
    let seen = Seen::of(device, id)?;
    let mut views = Vec::new();
    for (path, _) in dossier.conflicts() {
        if let Some(field) = field::at(path) {
            views.push(field_view(&seen, &dossier, path, &field)?);
        }
    }
    let status = status_field(&seen, &dossier)?;
    if !status.conflict.is_empty() {
        views.insert(0, status);
    }
    Ok(views)
}

fn field_view(seen: &Seen<'_>, dossier: &Dossier, path: &str, field: &Field) -> Result<FieldView> {
    let kind = kind_of(field.form);
    let values = dossier.fields.get(path).map_or(&[][..], Vec::as_slice);
    let mut conflict = Vec::new();
    if values.len() > 1 {
        for written in values {
            conflict.push(ConflictValue {
                choice: written.operation.clone(),
                value: shown(kind, &written.value),
                person_name: seen.person_name(&written.actor)?,
                at: written.at,
            });
        }
    }
    Ok(FieldView {
        field: path.to_owned(),
        label_zh: field.zh.to_owned(),
        label_en: field.en.to_owned(),
        kind,
        value: shown(kind, dossier.value(path)),
        conflict,
    })
}

fn status_field(seen: &Seen<'_>, dossier: &Dossier) -> Result<FieldView> {
    let standing = dossier.standing_statuses();
    let differ = standing.iter().any(|event| Some(event.status) != standing.first().map(|first| first.status));
    let mut conflict = Vec::new();
    if differ {
        for event in standing {
            conflict.push(ConflictValue {
                choice: event.entry.to_string(),
                value: event.status.key().to_owned(),
                person_name: seen.person_name(&event.actor)?,
                at: event.at,
            });
        }
    }
    Ok(FieldView {
        field: "status".to_owned(),
        label_zh: "就学状态".to_owned(),
        label_en: "Status".to_owned(),
        kind: FieldKind::SchoolingStatus,
        value: dossier.status().key().to_owned(),
        conflict,
    })
}

pub(super) const fn kind_of(form: FieldForm) -> FieldKind {
    match form {
        FieldForm::Text => FieldKind::Text,
        FieldForm::Day => FieldKind::Day,
        FieldForm::Phone => FieldKind::Phone,
        FieldForm::IdNumber => FieldKind::IdNumber,
        FieldForm::Sex => FieldKind::Sex,
        FieldForm::Relation => FieldKind::Relation,
        FieldForm::AttendanceMode => FieldKind::AttendanceMode,
        FieldForm::ReadOnly => FieldKind::ReadOnly,
    }
}

/// A value as it is shown: numbers that would tell too much over a shoulder are masked (handbook 12).
pub(super) fn shown(kind: FieldKind, value: &str) -> String {
    if kind == FieldKind::IdNumber { masked(value) } else { value.to_owned() }
}

/// `9999**********0017`: the first and the last four, of numbers of any length; a short one is masked whole.
pub(super) fn masked(number: &str) -> String {
    let length = number.chars().count();
    let kept = if length > 8 { 4 } else { 0 };
    number
        .chars()
        .enumerate()
        .map(|(place, c)| if place < kept || place >= length.saturating_sub(kept) { c } else { '*' })
        .collect()
}

/// What this device knows of who wrote and where things are.
pub(super) struct Seen<'a> {
    device: &'a Device,
    outbox: Vec<OutboxRow>,
    files: Vec<PhotoFileRow>,
    durable_seq: u64,
}

impl<'a> Seen<'a> {
    pub(super) fn of(device: &'a Device, id: DocumentId) -> Result<Self> {
        let reading = device.store.reading();
        Ok(Self {
            device,
            outbox: reading.outbox_of(id)?,
            files: reading.files_of(id)?,
            durable_seq: reading.standing()?.durable_seq,
        })
    }

    fn person_name(&self, actor: &Actor) -> Result<String> {
        Ok(self.device.store.reading().person_name_of_actor(actor)?.unwrap_or_default())
    }

    fn entry(&self, entry: EntryId) -> Whereabouts {
        let row = self.outbox.iter().find(|row| row.entry == Some(entry));
        row.map_or(Whereabouts::FromServer, |row| sync::whereabouts(row, self.durable_seq))
    }

    fn first_form(&self) -> Whereabouts {
        let row = self.outbox.first().filter(|row| matches!(row.what.as_str(), "registered" | "roster"));
        row.map_or(Whereabouts::FromServer, |row| sync::whereabouts(row, self.durable_seq))
    }

    pub(super) fn photo(&self, record: &PhotoRecord) -> PhotoView {
        let file = |hash| self.files.iter().find(|file| file.hash == hash);
        PhotoView {
            entry_id: record.entry,
            photo_hash: record.photo,
            thumbnail_hash: record.thumbnail,
            placeholder: data_encoding::BASE64.encode(&record.placeholder),
            taken_at: record.taken_at,
            width: record.width,
            height: record.height,
            thumbnail_here: file(record.thumbnail).is_some_and(|file| file.here),
            photo_here: file(record.photo).is_some_and(|file| file.here),
            photo_state: file(record.photo).map_or(PhotoState::Away, |file| photo::state(self.device, file)),
            whereabouts: file(record.photo)
                .map_or(Whereabouts::FromServer, |file| sync::file_whereabouts(file, self.durable_seq)),
        }
    }
}
