//! A dossier as it was read from its document: every field with every value that stands, every event with
//! the actor that wrote it.

use std::collections::{BTreeMap, BTreeSet};

use super::absence::AbsenceEntry;
use super::actor::Actor;
use super::case_record::CaseRecord;
use super::check::CheckEntry;
use super::code_list::{CaseRecordKind, ChildFlag, SchoolingStatus};
use super::duty::DutyEntry;
use super::evidence::EvidenceEntry;
use super::identifier::{EntryId, Hash32};
use super::place::Leaves;
use super::plan::PlanEntry;
use super::time::{Day, Timestamp};
use super::transition::TransitionEntry;
use super::visit::VisitForm;

/// A value with who wrote it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The value.
    pub value: String,
    /// Names this very write: counter and actor of its operation.
    pub operation: String,
    /// Who.
    pub actor: Actor,
    /// When, by that device's clock.
    pub at: Timestamp,
}

/// Where something stands in the child's favour when two values stand: the safer one is shown (architecture:
/// conflicts).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEvent {
    /// Its key.
    pub entry: EntryId,
    /// The status; one that a newer version knows reads as 待核实.
    pub status: SchoolingStatus,
    /// Since when.
    pub since: Option<Day>,
    /// Why.
    pub note: String,
    /// Who recorded it.
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
    /// It came with a roster: nobody has looked.
    pub from_roster: bool,
    /// Status events that its author had seen: what it replaces.
    pub seen: BTreeSet<EntryId>,
}

/// A visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitRecord {
    /// Its key.
    pub entry: EntryId,
    /// The form.
    pub form: VisitForm,
    /// Who recorded it.
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A photo's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoRecord {
    /// Its key.
    pub entry: EntryId,
    /// The record that it belongs to: a visit, an absence, a record of a case, a proof.
    pub visit: Option<EntryId>,
    /// SHA-256 of the camera's file.
    pub capture: Hash32,
    /// SHA-256 of the photo.
    pub photo: Hash32,
    /// Size of the photo.
    pub photo_bytes: u64,
    /// SHA-256 of the thumbnail.
    pub thumbnail: Hash32,
    /// Size of the thumbnail.
    pub thumbnail_bytes: u64,
    /// Thumbhash.
    pub placeholder: Vec<u8>,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// `latitude,longitude` in degrees, where the camera told; for the county's evidence copy only.
    pub position: Option<String>,
    /// Width of the photo in px.
    pub width: u32,
    /// Height of the photo in px.
    pub height: u32,
    /// Who attached it.
    pub actor: Actor,
}

/// A move to another village or class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveRecord {
    /// Its key.
    pub entry: EntryId,
    /// Where to.
    pub to: Leaves,
    /// Why.
    pub note: String,
    /// Who recorded it.
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A dossier as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dossier {
    /// Values by path (`profile.name`, `guardians.<key>.phone`): the one to show first, then others that stand.
    pub fields: BTreeMap<String, Vec<Written>>,
    /// Keys of guardians, in the order in which they were added.
    pub guardians: BTreeSet<EntryId>,
    /// Flags.
    pub flags: BTreeSet<ChildFlag>,
    /// Where it lies, for display.
    pub leaves: Leaves,
    /// Moves, oldest first. Where the child lies now is not told by them but by the server's order.
    pub moves: Vec<MoveRecord>,
    /// Status events, oldest first.
    pub statuses: Vec<StatusEvent>,
    /// Visits by key.
    pub visits: BTreeMap<EntryId, VisitRecord>,
    /// Photos by key.
    pub photos: BTreeMap<EntryId, PhotoRecord>,
    /// Absences, in the order of their keys.
    pub absences: Vec<AbsenceEntry>,
    /// Records of cases, in the order of their keys.
    pub case_records: Vec<CaseRecord>,
    /// Proofs of the evidence file and their withdrawals, in the order of their keys.
    pub evidence: Vec<EvidenceEntry>,
    /// Who answers for this very child in the duty grid, in the order of the keys.
    pub duties: Vec<DutyEntry>,
    /// Entries of plans, home teaching, strengths and results, in the order of their keys.
    pub plan: Vec<PlanEntry>,
    /// Door-to-door checks and their withdrawals, in the order of their keys.
    pub checks: Vec<CheckEntry>,
    /// Entries of the way into the next school, in the order of their keys.
    pub transition: Vec<TransitionEntry>,
    /// Opened from a roster.
    pub from_roster: bool,
    /// Who opened it and when.
    pub opened: Option<(Actor, Timestamp)>,
}

impl Dossier {
    /// The value to show of a field; empty when there is none.
    #[must_use]
    pub fn value(&self, path: &str) -> &str {
        self.fields.get(path).and_then(|values| values.first()).map_or("", |written| written.value.as_str())
    }

    /// Paths of fields where two values stand.
    pub fn conflicts(&self) -> impl Iterator<Item = (&str, &[Written])> {
        self.fields
            .iter()
            .filter(|(_, values)| values.len() > 1)
            .map(|(path, values)| (path.as_str(), values.as_slice()))
    }

    /// Status events that no other has replaced: one as a rule, more when people recorded them apart.
    #[must_use]
    pub fn standing_statuses(&self) -> Vec<&StatusEvent> {
        let replaced: BTreeSet<EntryId> = self.statuses.iter().flat_map(|event| event.seen.iter().copied()).collect();
        self.statuses.iter().filter(|event| !replaced.contains(&event.entry)).collect()
    }

    /// What a status event names that is recorded now: the standing statuses, in whose place it stands, and the checks that
    /// its author has seen, which it thereby answers.
    #[must_use]
    pub fn known_of_status(&self) -> Vec<EntryId> {
        let statuses = self.standing_statuses().into_iter().map(|event| event.entry);
        statuses.chain(self.checks.iter().map(|check| check.entry)).collect()
    }

    /// What a status event counts as: 辍学 is a decision over a case (handbook 3.9), and where there is none the child is
    /// suspected of it, whatever somebody wrote.
    #[must_use]
    pub fn counts_as(&self, event: &StatusEvent) -> SchoolingStatus {
        if event.status == SchoolingStatus::Dropout && !self.dropout_is_decided() {
            return SchoolingStatus::SuspectedDropout;
        }
        event.status
    }

    fn dropout_is_decided(&self) -> bool {
        let of_kind = |kind| self.case_records.iter().filter(move |record| record.form.kind == kind);
        of_kind(CaseRecordKind::Dropout).any(|decision| {
            !of_kind(CaseRecordKind::Withdrawn).any(|withdrawn| withdrawn.form.of == Some(decision.entry))
        })
    }

    /// The schooling status to show: of those that stand, the one that is safer for the child, which is the
    /// one that keeps people looking.
    #[must_use]
    pub fn status(&self) -> SchoolingStatus {
        self.standing_statuses()
            .iter()
            .map(|event| self.counts_as(event))
            .max_by_key(|status| urgency(*status))
            .unwrap_or(SchoolingStatus::Unverified)
    }

    /// Whether a person has recorded a status, and not only rosters.
    #[must_use]
    pub fn status_is_looked_into(&self) -> bool {
        self.statuses.iter().any(|event| !event.from_roster)
    }

    /// Since when the shown status holds.
    #[must_use]
    pub fn status_since(&self) -> Option<Day> {
        let status = self.status();
        self.standing_statuses()
            .iter()
            .filter(|event| self.counts_as(event) == status)
            .filter_map(|event| event.since)
            .min()
    }

    /// The last visit by its start.
    #[must_use]
    pub fn last_visit(&self) -> Option<&VisitRecord> {
        self.visits.values().max_by_key(|visit| (visit.form.started_at, visit.entry))
    }
}

/// Where a status says that the child is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// At a school, or taught at home.
    AtSchool,
    /// Not at school, and lawfully so.
    LawfullyAway,
    /// Out of school.
    Out,
    /// Nobody looks for the child any more.
    Over,
    /// Not known.
    Unknown,
}

/// Where a status says that the child is (handbook 3.8: "in compulsory schooling?").
#[must_use]
pub const fn presence(status: SchoolingStatus) -> Presence {
    use SchoolingStatus as S;
    match status {
        S::EnrolledHere
        | S::EnrolledCounty
        | S::EnrolledElsewhere
        | S::EnrolledAbroad
        | S::SpecialSchool
        | S::InclusiveClass
        | S::SpecialClass
        | S::HomeTeaching
        | S::VocationalTrack
        | S::ReformSchool
        | S::LongLeave
        | S::Returned => Presence::AtSchool,
        S::Suspended | S::DeferredEntry | S::ExemptPhysical | S::NotYetAge => Presence::LawfullyAway,
        S::NeverEnrolled | S::AbsentUnexcused | S::SuspectedDropout | S::Dropout | S::LostContact => Presence::Out,
        S::GraduatedG9 | S::Deceased | S::Emigrated | S::OverageClosed => Presence::Over,
        S::TransferPending | S::InCustody | S::Unverified => Presence::Unknown,
    }
}

/// How much a status asks people to look after the child: out of school first, then what is unknown, then
/// what is lawful and passing, then what is well, then what is closed (handbook 3.8).
#[must_use]
pub const fn urgency(status: SchoolingStatus) -> u8 {
    use SchoolingStatus as S;
    match status {
        S::Dropout => 9,
        S::LostContact | S::NeverEnrolled => 8,
        S::SuspectedDropout => 7,
        S::AbsentUnexcused => 6,
        S::InCustody | S::Unverified => 5,
        S::Returned | S::TransferPending | S::LongLeave => 4,
        S::Suspended | S::DeferredEntry | S::ExemptPhysical | S::HomeTeaching => 3,
        S::EnrolledElsewhere | S::EnrolledAbroad | S::VocationalTrack | S::ReformSchool => 2,
        S::EnrolledHere | S::EnrolledCounty | S::SpecialSchool | S::InclusiveClass | S::SpecialClass | S::NotYetAge => {
            1
        }
        S::GraduatedG9 | S::Deceased | S::Emigrated | S::OverageClosed => 0,
    }
}

/// Whether the child is out of school (handbook 3.8, the rows that say NO).
#[must_use]
pub const fn is_out_of_school(status: SchoolingStatus) -> bool {
    urgency(status) >= 6
}

/// Whether nobody looks for the child any more.
#[must_use]
pub const fn is_closed(status: SchoolingStatus) -> bool {
    urgency(status) == 0
}
