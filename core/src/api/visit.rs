//! Drafts and finished visits.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use std::sync::Arc;

use super::backend::Backend;
use super::photo::PhotoState;
use super::sync::Whereabouts;
use super::timeline::PhotoView;
use crate::app::casework::Casework;
use crate::app::device::Device;
use crate::app::record_visit::Recorded;
use crate::domain::case::{CaseFacts, CaseStep, StepStanding};
use crate::domain::code_list::CaseRecordKind;
use crate::domain::doc::dossier_read;
use crate::domain::identifier::{DocumentId, DraftId, EntryId, Hash32};
use crate::domain::ledger::PlaceNames;
use crate::domain::place::Leaves;
use crate::domain::rule_set::StepRecord;
use crate::domain::time::{Day, Timestamp};
use crate::domain::visit::{Companion, VisitForm};
use crate::error::{ErrorCode, Failure, Result};
use crate::photo::PhotoKind;
use crate::photo::watermark::{Strip, marked_copy};

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
    /// What a visit to persuade would be; none without an open case.
    pub persuasion: Option<PersuasionView>,
}

/// What the app knows of a visit to persuade before it is written (handbook 5.2).
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PersuasionView {
    /// Which attempt it would be, from 1 on.
    pub attempt: u32,
    /// The step of the ladder that it does, or that the case has come to, in Chinese.
    pub step_zh: String,
    /// English.
    pub step_en: String,
    /// When that is due.
    pub due_on: Option<Day>,
    /// Counted days of absence.
    pub absent_days: u32,
    /// Who was named to persuade; empty for nobody.
    pub named: String,
    /// Who went along the last time.
    pub team: Vec<Companion>,
    /// The return that was promised last.
    pub promised_on: Option<Day>,
    /// It passed, and the child was not back.
    pub promise_broken: bool,
}

fn persuasion(casework: &Casework<'_>, facts: &CaseFacts, leaves: &Leaves) -> Option<PersuasionView> {
    let case = casework.cases(facts, leaves).pop().filter(|case| case.phase.is_open())?;
    let rules = casework.rule_set(&case.rule);
    let rule = |step: &CaseStep| rules.and_then(|rules| rules.step(&step.key));
    // A visit does the step that asks for a contact and is due; where none is, it is told how far the case has come.
    let is_due = |step: &&CaseStep| matches!(step.standing, StepStanding::Overdue | StepStanding::Due);
    let asked = case
        .steps
        .iter()
        .filter(is_due)
        .find(|step| rule(step).is_some_and(|rule| rule.done_by == StepRecord::Contact));
    let reached = || case.steps.iter().rev().find(|step| step.standing == StepStanding::Done);
    let step = asked.or_else(reached);
    let named = facts.records.iter().filter(|record| record.form.kind == CaseRecordKind::Assignment);
    let last = case.attempts.last().and_then(|last| facts.contacts.iter().find(|contact| contact.entry == *last));
    Some(PersuasionView {
        attempt: u32::try_from(case.attempts.len()).unwrap_or(u32::MAX).saturating_add(1),
        step_zh: step.and_then(rule).map(|rule| rule.zh.clone()).unwrap_or_default(),
        step_en: step.and_then(rule).map(|rule| rule.en.clone()).unwrap_or_default(),
        due_on: asked.and_then(|step| step.due_on),
        absent_days: case.absent_days,
        named: named
            .max_by_key(|record| (record.form.on, record.entry))
            .map(|one| one.form.person.clone())
            .unwrap_or_default(),
        team: last.map(|contact| contact.team.clone()).unwrap_or_default(),
        promised_on: case.promise.as_ref().map(|promise| promise.on),
        promise_broken: case.promise.as_ref().is_some_and(|promise| promise.broken),
    })
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

/// A draft as the form shows it.
pub(super) fn draft_view(device: &Device, id: DraftId) -> Result<DraftView> {
    let reading = device.store.reading();
    let draft = reading.draft(id)?;
    let photos = reading.draft_photos(id)?;
    let county = device.county();
    let names = PlaceNames::of(&county);
    let today = device.environment.now().day();
    let casework = Casework::of(device);
    let mut children = Vec::new();
    for document_id in draft.documents {
        let Some(child) = reading.child(document_id)? else { continue };
        let class = child.leaves.class.as_ref();
        children.push(DraftChild {
            document_id,
            village_text: format!("{}{}", names.village(&child.leaves), child.village_group),
            class_text: class.map(|id| format!("{}{}", names.school(id), names.class(id, today))).unwrap_or_default(),
            persuasion: persuasion(&casework, &reading.case_facts(document_id)?, &child.leaves),
            name: child.name,
        });
    }
    Ok(DraftView {
        draft_id: draft.id,
        children,
        form: draft.form,
        photos: photos
            .iter()
            .map(|photo| PhotoView {
                // It has no entry in a dossier yet.
                entry_id: EntryId::from_bytes(*id.as_bytes()),
                photo_hash: photo.photo,
                thumbnail_hash: photo.thumbnail,
                placeholder: data_encoding::BASE64.encode(&photo.placeholder),
                taken_at: photo.taken_at,
                width: photo.width,
                height: photo.height,
                thumbnail_here: true,
                photo_here: true,
                photo_state: PhotoState::Here,
                whereabouts: Whereabouts::Here { bytes_sent: None, bytes_total: None },
            })
            .collect(),
        saved_at: draft.saved_at,
    })
}

/// Drafts, newest first.
pub(super) fn drafts(device: &Device) -> Result<Drafts> {
    let drafts = device.store.reading().drafts()?.into_iter().filter(|draft| !draft.is_pages).collect::<Vec<_>>();
    Ok(Drafts { drafts: drafts.iter().map(|draft| draft_view(device, draft.id)).collect::<Result<Vec<_>>>()? })
}

/// The visit is saved.
pub(super) fn recorded(recorded: &Recorded, form: &VisitForm) -> VisitRecorded {
    VisitRecorded {
        visits: recorded
            .visits
            .iter()
            .map(|(document_id, entry_id)| RecordedVisit { document_id: *document_id, entry_id: *entry_id })
            .collect(),
        saved_at: recorded.saved_at,
        photo_count: u32::try_from(recorded.photo_count).unwrap_or(u32::MAX),
        incomplete: form.incomplete(),
    }
}

/// The bytes of a photo, a thumbnail, or a marked copy, which is made from the photo and the app's own
/// capture data whenever it is asked for.
pub(super) fn photo_bytes(backend: &Backend, kind: &str, hash: Hash32) -> Result<Vec<u8>> {
    let photos = backend.with_device(|device| Ok(Arc::clone(&device.photos)))?;
    match kind {
        "thumbnail" => photos.get(PhotoKind::Thumbnail, hash),
        "photo" => photos.get(PhotoKind::Photo, hash),
        "marked_copy" => {
            let photo = photos.get(PhotoKind::Photo, hash)?;
            let strip = backend.with_device(|device| strip_of(device, hash))?;
            Ok(marked_copy(&photo, &strip)?.bytes)
        }
        _ => Err(Failure::new(ErrorCode::RequestUnreadable, "no such kind of picture")),
    }
}

fn strip_of(device: &Device, hash: Hash32) -> Result<Strip> {
    let reading = device.store.reading();
    let (document, entry) =
        reading.owner_of_file(hash)?.ok_or_else(|| Failure::new(ErrorCode::PhotoNotHere, "no dossier has it"))?;
    let dossier = dossier_read::read(&reading.document(document)?)?;
    let photo =
        dossier.photos.get(&entry).ok_or_else(|| Failure::new(ErrorCode::PhotoNotHere, "no record of the photo"))?;
    let county = device.county();
    let leaves = reading.document_row(document)?.map(|row| row.leaves).unwrap_or_default();
    let names = PlaceNames::of(&county);
    Ok(Strip {
        date_time: photo.taken_at,
        village: format!("{}{}", names.township(&leaves), names.village(&leaves)),
        case_number: None,
    })
}
