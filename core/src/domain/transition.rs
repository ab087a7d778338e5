//! The way of a child into the next school (小学包送、初中包接、小学包核、初中包劝; handbook 7): what people recorded of it, and what
//! is folded from that. Entries are only ever added; each names what its author had seen of the same matter and stands in its place.
//! The fold asks who wrote an entry, by the verified envelope, and does not depend on the order of arrival.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::actor::{Actor, actor_text};
use super::case::Doer;
use super::case_record::decides;
use super::code_list::{CaseRecordKind, TransitionDestination, TransitionEntryKind};
use super::dossier::Dossier;
use super::form_check::{filled, not_after};
use super::identifier::EntryId;
use super::place::{ClassId, SchoolCode, Stage};
use super::role::Role;
use super::time::{Day, Timestamp};
use crate::error::{Failure, Result};

/// The longest text of one field, in characters.
const TEXT_CHARS_MAX: usize = 500;

/// What is filled in; which fields a kind needs, [`TransitionForm::validate`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TransitionForm {
    /// What it is.
    pub kind: TransitionEntryKind,
    /// The year in which the child comes to the next school.
    #[ts(type = "number")]
    pub year: i16,
    /// Which school it comes to: primary or junior.
    pub into: Stage,
    /// The day on which it was done.
    pub on: Day,
    /// Where the child goes.
    #[serde(default)]
    pub destination: Option<TransitionDestination>,
    /// The school of the county that it is assigned to.
    #[serde(default)]
    pub school: Option<SchoolCode>,
    /// The school's name, where it is none of the county's.
    #[serde(default)]
    pub school_name: String,
    /// The school that the family wants, where it is another.
    #[serde(default)]
    pub intended: String,
    /// The class that the child comes from.
    #[serde(default)]
    pub from_class: Option<ClassId>,
    /// The kindergarten or village that it comes from, where there is no class.
    #[serde(default)]
    pub from_name: String,
    /// The class that it comes to.
    #[serde(default)]
    pub to_class: Option<ClassId>,
    /// Who signed for both schools.
    #[serde(default)]
    pub signers: String,
    /// Who verifies, at the school that the child comes from (包核).
    #[serde(default)]
    pub tracker_primary: String,
    /// Who persuades, at the school that it comes to (包劝).
    #[serde(default)]
    pub tracker_junior: String,
    /// Why the child has not come; where a proof lies.
    #[serde(default)]
    pub note: String,
    /// The entry that is withdrawn.
    #[serde(default)]
    pub of: Option<EntryId>,
    /// Of a class that has reported back: how many came.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub came: Option<u16>,
}

/// What entries of several kinds speak of: of one matter the later one stands in the place of what it had seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matter {
    /// The list.
    List,
    /// The hand-over.
    HandOver,
    /// Where the child is.
    Whereabouts,
    /// Where its record is.
    Record,
    /// Who answers.
    Trackers,
    /// A class that has reported back.
    Class,
}

/// The matter of a kind; none of a withdrawal.
#[must_use]
pub const fn matter(kind: TransitionEntryKind) -> Option<Matter> {
    use TransitionEntryKind as K;
    match kind {
        K::Listed => Some(Matter::List),
        K::HandedOver => Some(Matter::HandOver),
        K::Arrived | K::NoShow | K::Elsewhere | K::Approved => Some(Matter::Whereabouts),
        K::RecordMoved => Some(Matter::Record),
        K::Trackers => Some(Matter::Trackers),
        K::ClassBack => Some(Matter::Class),
        K::Withdrawn => None,
    }
}

/// Who may record what: a class lists, receives and verifies; a list is handed over and a record moved by who keeps them. What a
/// village cadre knows goes into a visit.
#[must_use]
pub const fn may_record(role: Role, kind: TransitionEntryKind) -> bool {
    use TransitionEntryKind as K;
    match kind {
        K::HandedOver | K::RecordMoved => role.moves_children(),
        K::Listed | K::Arrived | K::NoShow | K::Elsewhere | K::Approved | K::Trackers | K::ClassBack | K::Withdrawn => {
            role.writes_dossiers() && !matches!(role, Role::VillageCadre)
        }
    }
}

/// The child's place is in the county, and a school there receives it.
#[must_use]
pub const fn is_received(destination: TransitionDestination) -> bool {
    matches!(destination, TransitionDestination::CountyPublic | TransitionDestination::CountyPrivate)
}

impl TransitionForm {
    /// A form of a kind with nothing else in it.
    #[must_use]
    pub const fn new(kind: TransitionEntryKind, into: Stage, year: i16, on: Day) -> Self {
        Self {
            kind,
            year,
            into,
            on,
            destination: None,
            school: None,
            school_name: String::new(),
            intended: String::new(),
            from_class: None,
            from_name: String::new(),
            to_class: None,
            signers: String::new(),
            tracker_primary: String::new(),
            tracker_junior: String::new(),
            note: String::new(),
            of: None,
            came: None,
        }
    }

    /// Checks a form that is to be recorded with so many photographed pages.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::FieldMissing`] or [`crate::error::ErrorCode::FieldInvalid`], with the field.
    pub fn validate(&self, today: Day, page_count: usize) -> Result<()> {
        use TransitionEntryKind as K;
        not_after(today, self.on, "on")?;
        match self.kind {
            K::Listed => {
                let destination = self.destination.ok_or_else(|| Failure::missing("destination"))?;
                if is_received(destination) && self.school.is_none() {
                    return Err(Failure::missing("school"));
                }
            }
            // Signed by both schools (handbook 7.3).
            K::HandedOver => filled(&self.signers, "signers")?,
            K::NoShow => filled(&self.note, "note")?,
            // Elsewhere counts with proof only: a page, or in words where it lies.
            K::Elsewhere => {
                filled(&self.school_name, "schoolName")?;
                if page_count == 0 {
                    filled(&self.note, "proof")?;
                }
            }
            K::Approved if page_count == 0 => filled(&self.note, "proof")?,
            K::Trackers => {
                if self.tracker_primary.trim().is_empty() {
                    filled(&self.tracker_junior, "trackerPrimary")?;
                }
            }
            K::ClassBack => {
                self.from_class.as_ref().ok_or_else(|| Failure::missing("class"))?;
                self.came.ok_or_else(|| Failure::missing("came"))?;
            }
            K::Withdrawn => {
                self.of.ok_or_else(|| Failure::missing("of"))?;
            }
            K::Arrived | K::Approved | K::RecordMoved => {}
        }
        for (field, text) in [
            ("schoolName", &self.school_name),
            ("intended", &self.intended),
            ("fromName", &self.from_name),
            ("signers", &self.signers),
            ("trackerPrimary", &self.tracker_primary),
            ("trackerJunior", &self.tracker_junior),
            ("note", &self.note),
        ] {
            if text.chars().count() > TEXT_CHARS_MAX {
                return Err(Failure::invalid(field, "too_long"));
            }
        }
        Ok(())
    }
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitionEntry {
    /// Its key.
    pub entry: EntryId,
    /// What it says.
    pub form: TransitionForm,
    /// Entries of the same matter that its author had seen: it stands in their place.
    pub seen: BTreeSet<EntryId>,
    /// Pages were photographed for it.
    #[serde(default)]
    pub has_pages: bool,
    /// Who recorded it.
    #[serde(with = "actor_text")]
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A return that was registered in a case: a child who had not come is at school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredReturn {
    /// The record.
    pub entry: EntryId,
    /// The day.
    pub on: Day,
    /// Who recorded it.
    #[serde(with = "actor_text")]
    pub actor: Actor,
}

/// What the way of one child is folded from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TransitionFacts {
    /// Entries of one year and one school to come to, in the order of their keys.
    pub entries: Vec<TransitionEntry>,
    /// Returns that nobody withdrew.
    #[serde(default)]
    pub returns: Vec<RegisteredReturn>,
}

/// The facts of a dossier by the school that the child comes to, and the year.
#[must_use]
pub fn facts_of(dossier: &Dossier) -> Vec<((Stage, i16), TransitionFacts)> {
    let mut found: Vec<((Stage, i16), TransitionFacts)> = Vec::new();
    for entry in dossier.transition.iter().filter(|entry| entry.form.kind != TransitionEntryKind::ClassBack) {
        let key = (entry.form.into, entry.form.year);
        match found.iter_mut().find(|(known, _)| *known == key) {
            Some((_, facts)) => facts.entries.push(entry.clone()),
            None => found.push((key, TransitionFacts { entries: vec![entry.clone()], returns: Vec::new() })),
        }
    }
    let withdrawn: BTreeSet<EntryId> = dossier
        .case_records
        .iter()
        .filter(|record| record.form.kind == CaseRecordKind::Withdrawn)
        .filter_map(|record| record.form.of)
        .collect();
    for (_, facts) in &mut found {
        let missed = facts.entries.iter().filter(|entry| entry.form.kind == TransitionEntryKind::NoShow);
        let Some(first) = missed.map(|entry| entry.form.on).min() else { continue };
        facts.returns = dossier
            .case_records
            .iter()
            .filter(|record| record.form.kind == CaseRecordKind::Returned && record.form.on >= first)
            .filter(|record| !withdrawn.contains(&record.entry))
            .map(|record| RegisteredReturn { entry: record.entry, on: record.form.on, actor: record.actor.clone() })
            .collect();
    }
    found
}

/// Where a child stands on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TransitionState {
    /// On no list.
    NotListed,
    /// On the list; where it goes is not decided, or told in two ways.
    Undecided,
    /// On the list with its destination, and not handed over.
    Listed,
    /// Handed over; nobody has said whether it came.
    HandedOver,
    /// Registered at the school that it comes to.
    Arrived,
    /// Registered elsewhere, with proof.
    Elsewhere,
    /// Suspended, at a special school, put off: approved.
    Approved,
    /// Has not come.
    NoShow,
    /// People say different things of where it is, without knowing of each other.
    Contradicts,
}

/// What stands of one matter, told by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The entry.
    pub entry: TransitionEntry,
    /// Who wrote it.
    pub doer: Doer,
}

/// The way of one child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Where it stands.
    pub state: TransitionState,
    /// The list: one as a rule, more when people wrote apart.
    pub listed: Vec<Standing>,
    /// Hand-overs, the earlier day first.
    pub handed_over: Vec<Standing>,
    /// What stands of where the child is, the earlier day first.
    pub whereabouts: Vec<Standing>,
    /// Records moved, the earlier day first.
    pub record_moved: Vec<Standing>,
    /// Who answers.
    pub trackers: Vec<Standing>,
    /// A return was registered in the case of a child who had not come: on that day.
    pub returned_on: Option<Day>,
    /// Everything is there since this day.
    pub closed_on: Option<Day>,
}

/// Folds what people recorded. `doer` tells who wrote under an actor; an entry of nobody, or of somebody who may not record such a
/// thing, counts for nothing.
#[must_use]
pub fn fold(facts: &TransitionFacts, doer: &dyn Fn(&Actor) -> Option<Doer>) -> Transition {
    use TransitionEntryKind as K;
    let mut counted: Vec<Standing> = facts
        .entries
        .iter()
        .filter_map(|entry| Some(Standing { entry: entry.clone(), doer: doer(&entry.actor)? }))
        .filter(|one| may_record(one.doer.role, one.entry.form.kind))
        .collect();
    // The order of arrival decides nothing.
    counted.sort_by_key(|one| (one.entry.form.on, one.entry.entry));
    counted.dedup_by_key(|one| one.entry.entry);
    let author_of = |entry: EntryId| counted.iter().find(|one| one.entry.entry == entry).map(|one| one.doer.person);
    let withdrawn: BTreeSet<EntryId> = counted
        .iter()
        .filter(|one| one.entry.form.kind == K::Withdrawn)
        .filter_map(|one| Some((one, one.entry.form.of?)))
        .filter(|(one, of)| decides(one.doer.role) || author_of(*of) == Some(one.doer.person))
        .map(|(_, of)| of)
        .collect();
    // What was withdrawn hides nothing any more: what it had replaced stands again.
    let replaced: BTreeSet<EntryId> = counted
        .iter()
        .filter(|one| !withdrawn.contains(&one.entry.entry))
        .flat_map(|one| one.entry.seen.iter().copied().filter(|seen| *seen != one.entry.entry))
        .collect();
    let of_matter = |wanted: Matter| -> Vec<Standing> {
        let stands = |one: &&Standing| {
            matter(one.entry.form.kind) == Some(wanted)
                && !withdrawn.contains(&one.entry.entry)
                && !replaced.contains(&one.entry.entry)
        };
        counted.iter().filter(stands).cloned().collect()
    };
    let listed = of_matter(Matter::List);
    let handed_over = of_matter(Matter::HandOver);
    let whereabouts = of_matter(Matter::Whereabouts);
    let record_moved = of_matter(Matter::Record);
    let missed_on =
        whereabouts.iter().filter(|one| one.entry.form.kind == K::NoShow).map(|one| one.entry.form.on).max();
    // A return that was registered in the case says what an arrival says, of a child who had not come until then.
    let returned_on = missed_on.and_then(|missed| {
        facts.returns.iter().filter(|one| one.on >= missed && doer(&one.actor).is_some()).map(|one| one.on).min()
    });
    let kinds: BTreeSet<K> = whereabouts
        .iter()
        .map(|one| one.entry.form.kind)
        .map(|kind| if kind == K::NoShow && returned_on.is_some() { K::Arrived } else { kind })
        .collect();
    let destinations: BTreeSet<_> = listed.iter().map(|one| destination_of(&one.entry.form)).collect();
    let state = match (kinds.len(), kinds.first()) {
        (1, Some(K::Arrived)) => TransitionState::Arrived,
        (1, Some(K::NoShow)) => TransitionState::NoShow,
        (1, Some(K::Elsewhere)) => TransitionState::Elsewhere,
        (1, Some(K::Approved)) => TransitionState::Approved,
        (0, _) if !handed_over.is_empty() => TransitionState::HandedOver,
        (0, _) if listed.is_empty() => TransitionState::NotListed,
        (0, _) if destinations.len() == 1 && !destinations.contains(&None) => TransitionState::Listed,
        (0, _) => TransitionState::Undecided,
        _ => TransitionState::Contradicts,
    };
    let first_on = |all: &[Standing]| all.first().map(|one| one.entry.form.on);
    let closed_on = match state {
        TransitionState::Arrived => {
            let there = returned_on.or_else(|| first_on(&whereabouts));
            there.zip(first_on(&record_moved)).map(|(there, moved)| there.max(moved))
        }
        TransitionState::Elsewhere | TransitionState::Approved => first_on(&whereabouts),
        _ => None,
    };
    Transition {
        state,
        trackers: of_matter(Matter::Trackers),
        listed,
        handed_over,
        whereabouts,
        record_moved,
        returned_on,
        closed_on,
    }
}

/// Where a list sends a child; none where that is not decided.
fn destination_of(form: &TransitionForm) -> Option<(TransitionDestination, Option<SchoolCode>, String)> {
    let destination = form.destination.filter(|destination| *destination != TransitionDestination::Undecided)?;
    Some((destination, form.school.clone(), form.school_name.clone()))
}

impl Transition {
    /// The list that is shown: the last of those that stand.
    #[must_use]
    pub fn list(&self) -> Option<&TransitionForm> {
        self.listed.last().map(|one| &one.entry.form)
    }

    /// The hand-over that counts: the earliest.
    #[must_use]
    pub fn hand_over(&self) -> Option<&Standing> {
        self.handed_over.first()
    }

    /// The class that the child comes from: as it was listed, or handed over.
    #[must_use]
    pub fn from_class(&self) -> Option<&ClassId> {
        let mut told = self.listed.iter().chain(&self.handed_over);
        told.find_map(|one| one.entry.form.from_class.as_ref())
    }

    /// The school of the county that it comes to: where it was handed over to, or else assigned.
    #[must_use]
    pub fn school(&self) -> Option<SchoolCode> {
        let handed = self.hand_over().and_then(|one| one.entry.form.to_class.as_ref()).map(ClassId::school);
        handed.or_else(|| self.list().and_then(|form| form.school.clone()))
    }

    /// The entries of a matter: what a new one of it has seen.
    #[must_use]
    pub fn standing(&self, of: Matter) -> BTreeSet<EntryId> {
        let all = match of {
            Matter::List => &self.listed,
            Matter::HandOver => &self.handed_over,
            Matter::Whereabouts => &self.whereabouts,
            Matter::Record => &self.record_moved,
            Matter::Trackers => &self.trackers,
            Matter::Class => return BTreeSet::new(),
        };
        all.iter().map(|one| one.entry.entry).collect()
    }

    /// Two lists that differ, two schools that it was handed over to, or two answers to where it is: a person must judge.
    #[must_use]
    pub fn waits_for_a_person(&self) -> bool {
        let schools: BTreeSet<_> =
            self.handed_over.iter().map(|one| one.entry.form.to_class.as_ref().map(ClassId::school)).collect();
        let lists: BTreeSet<_> = self.listed.iter().map(|one| destination_of(&one.entry.form)).collect();
        self.state == TransitionState::Contradicts || schools.len() > 1 || lists.len() > 1
    }
}
