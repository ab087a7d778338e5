//! Everything that happened with one child, in order and in words.

use serde::Serialize;
use ts_rs::TS;

use super::photo::{self, PhotoState};
use super::sync::{self, Whereabouts};
use crate::app::device::Device;
use crate::app::record_absence::roll;
use crate::domain::absence::AbsenceForm;
use crate::domain::actor::Actor;
use crate::domain::case::CaseFacts;
use crate::domain::case_record::CaseForm;
use crate::domain::check::{self, CheckForm};
use crate::domain::code_list::SchoolingStatus;
use crate::domain::dossier::{Dossier, PhotoRecord};
use crate::domain::evidence::{self, EvidenceForm};
use crate::domain::identifier::{DocumentId, EntryId, Hash32};
use crate::domain::ledger::PlaceNames;
use crate::domain::plan::PlanForm;
use crate::domain::time::{Day, Timestamp};
use crate::domain::transition::TransitionForm;
use crate::domain::visit::VisitForm;
use crate::error::Result;
use crate::store::outbox::OutboxRow;
use crate::store::photo_file::PhotoFileRow;

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
        /// Its photographed papers.
        photos: Vec<PhotoView>,
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
    /// A proof was put on file, or withdrawn.
    Evidence {
        /// What it says.
        form: EvidenceForm,
        /// The kind of proof, in Chinese.
        #[serde(rename = "proofZh")]
        proof_zh: String,
        /// English.
        #[serde(rename = "proofEn")]
        proof_en: String,
        /// Another entry stands in its place now, or it was withdrawn.
        replaced: bool,
        /// Its photographed pages.
        photos: Vec<PhotoView>,
    },
    /// An entry of a plan, of home teaching, of strengths or results.
    Plan {
        /// What it says.
        form: Box<PlanForm>,
        /// Its photographed pages.
        photos: Vec<PhotoView>,
    },
    /// A door-to-door check, or its withdrawal.
    Check {
        /// What it says.
        form: CheckForm,
        /// Another entry stands in its place now, or it was withdrawn.
        replaced: bool,
    },
    /// Something happened on the way into the next school.
    Transition {
        /// What it says.
        form: Box<TransitionForm>,
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

/// The timeline of a dossier, newest first.
pub(super) fn of(device: &Device, id: DocumentId, seen: &Seen<'_>, dossier: &Dossier) -> Result<Vec<TimelineEntry>> {
    let mut timeline: Vec<TimelineEntry> = Vec::new();
    let photos_of = |entry: EntryId| -> Vec<PhotoView> {
        dossier.photos.values().filter(|photo| photo.visit == Some(entry)).map(|photo| seen.photo(photo)).collect()
    };
    for visit in dossier.visits.values() {
        timeline.push(TimelineEntry {
            entry_id: visit.entry,
            at: visit.form.started_at.unwrap_or(visit.at),
            person_name: seen.person_name(&visit.actor)?,
            event: TimelineEvent::Visit {
                form: Box::new(visit.form.clone()),
                photos: photos_of(visit.entry),
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
            event: TimelineEvent::Status {
                status: event.status,
                since: event.since,
                note: event.note.clone(),
                photos: photos_of(event.entry),
            },
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
    let roll = roll(&CaseFacts::of(dossier));
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
    let on_file = evidence::standing(dossier);
    let county = device.county();
    let rules = county.evidence_versions();
    for entry in &dossier.evidence {
        let kind = rules.kind(&entry.form.proof, entry.at.day());
        timeline.push(TimelineEntry {
            entry_id: entry.entry,
            at: entry.at,
            person_name: seen.person_name(&entry.actor)?,
            event: TimelineEvent::Evidence {
                form: entry.form.clone(),
                proof_zh: kind.map_or_else(|| entry.form.proof.clone(), |kind| kind.zh.clone()),
                proof_en: kind.map_or_else(|| entry.form.proof.clone(), |kind| kind.en.clone()),
                replaced: !entry.form.withdrawn && !on_file.iter().any(|proof| proof.entry == entry.entry),
                photos: photos_of(entry.entry),
            },
            whereabouts: seen.entry(entry.entry),
        });
    }
    for entry in &dossier.plan {
        timeline.push(TimelineEntry {
            entry_id: entry.entry,
            at: entry.at,
            person_name: seen.person_name(&entry.actor)?,
            event: TimelineEvent::Plan { form: Box::new(entry.form.clone()), photos: photos_of(entry.entry) },
            whereabouts: seen.entry(entry.entry),
        });
    }
    for entry in &dossier.transition {
        timeline.push(TimelineEntry {
            entry_id: entry.entry,
            at: entry.at,
            person_name: seen.person_name(&entry.actor)?,
            event: TimelineEvent::Transition { form: Box::new(entry.form.clone()), photos: photos_of(entry.entry) },
            whereabouts: seen.entry(entry.entry),
        });
    }
    let standing: Vec<EntryId> = check::standing(&dossier.checks).iter().map(|check| check.entry).collect();
    for entry in &dossier.checks {
        timeline.push(TimelineEntry {
            entry_id: entry.entry,
            at: entry.at,
            person_name: seen.person_name(&entry.actor)?,
            event: TimelineEvent::Check {
                form: entry.form.clone(),
                replaced: entry.form.withdraws.is_none() && !standing.contains(&entry.entry),
            },
            whereabouts: seen.entry(entry.entry),
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
    Ok(timeline)
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

    pub(super) fn person_name(&self, actor: &Actor) -> Result<String> {
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
