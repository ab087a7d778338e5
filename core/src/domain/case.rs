//! A case (handbook 4.4, 4.6): what the fold of absences, records and visits says of a child on a day. Nothing of it is
//! written anywhere; [`super::case_fold`] makes it anew from what is known, and so it is the same in any order of arrival.

use serde::{Deserialize, Serialize};

use super::absence::AbsenceEntry;
use super::actor::{Actor, actor_text};
use super::case_record::CaseRecord;
use super::code_list::{AbsenceReason, CaseOutcome, CaseSource, ParentPosition, VisitMode, VisitPurpose};
use super::dossier::Dossier;
use super::identifier::{EntryId, PersonId};
use super::role::Role;
use super::time::{Day, Timestamp};
use super::visit::Companion;

/// Who wrote an entry, by the verified envelope that carried it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doer {
    /// The person.
    pub person: PersonId,
    /// The name.
    pub name: String,
    /// The role.
    pub role: Role,
}

/// A visit or a call, as far as a case asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The visit's key.
    pub entry: EntryId,
    /// The day on which it was made.
    pub on: Day,
    /// How.
    pub mode: Option<VisitMode>,
    /// What for.
    pub purpose: Option<VisitPurpose>,
    /// What the family said.
    pub parent_position: Option<ParentPosition>,
    /// The return that the family promised.
    pub promised_return_on: Option<Day>,
    /// What else the family promised, and until when.
    #[serde(default)]
    pub promise: Option<(String, Day)>,
    /// Who went along.
    #[serde(default)]
    pub team: Vec<Companion>,
    /// Why the child is missing, as the family, the child and the teacher say.
    #[serde(default)]
    pub reasons: Vec<AbsenceReason>,
    /// Who recorded it.
    #[serde(with = "actor_text")]
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
}

/// All that cases of one child are folded from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CaseFacts {
    /// Absences, in the order of their keys.
    pub absences: Vec<AbsenceEntry>,
    /// Records, in the order of their keys.
    pub records: Vec<CaseRecord>,
    /// Visits and calls, in the order of their keys.
    pub contacts: Vec<Contact>,
}

impl CaseFacts {
    /// Of a dossier. Contacts of a child who was never missing and has no record are left out: nothing asks for them.
    #[must_use]
    pub fn of(dossier: &Dossier) -> Self {
        if dossier.absences.is_empty() && dossier.case_records.is_empty() {
            return Self::default();
        }
        let contact = |visit: &super::dossier::VisitRecord| Contact {
            entry: visit.entry,
            on: visit.form.started_at.unwrap_or(visit.at).day(),
            mode: visit.form.mode,
            purpose: visit.form.purpose,
            parent_position: visit.form.parent_position,
            promised_return_on: visit.form.promised_return_on,
            promise: visit.form.promised_until.map(|until| (visit.form.promise.clone(), until)),
            team: visit.form.companions.clone(),
            reasons: [&visit.form.reasons_teacher, &visit.form.reasons_parent, &visit.form.reasons_child]
                .into_iter()
                .flatten()
                .copied()
                .collect(),
            actor: visit.actor.clone(),
            at: visit.at,
        };
        Self {
            absences: dossier.absences.clone(),
            records: dossier.case_records.clone(),
            contacts: dossier.visits.values().map(contact).collect(),
        }
    }

    /// Nothing happened that a case could be made of.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.absences.is_empty() && self.records.is_empty()
    }
}

/// Where a case stands (handbook 4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum CasePhase {
    /// 辍学: a person decided it.
    Dropout,
    /// 疑似辍学
    Suspected,
    /// 关注: missing without excuse, and not yet suspected.
    Watch,
    /// Closed, and something that the person who closed it had not seen says otherwise: a person must judge.
    InReview,
    /// 巩固期: back, and watched.
    Settling,
    /// Back before anything was suspected; nothing to close.
    Ended,
    /// 销号
    Closed,
}

impl CasePhase {
    /// The child is missing.
    #[must_use]
    pub const fn is_missing(self) -> bool {
        matches!(self, Self::Dropout | Self::Suspected | Self::Watch)
    }

    /// Somebody must still do something.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Ended | Self::Closed)
    }

    /// Its key, as bindings have it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Dropout => "dropout",
            Self::Suspected => "suspected",
            Self::Watch => "watch",
            Self::InReview => "in_review",
            Self::Settling => "settling",
            Self::Ended => "ended",
            Self::Closed => "closed",
        }
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum StepStanding {
    /// Done; late or not.
    Done,
    /// Due before today, and not done.
    Overdue,
    /// Due today or later.
    Due,
    /// Comes when the absence goes on, or when the step before it is done.
    Ahead,
    /// The child came back, or the case was closed, before it was due.
    NotNeeded,
    /// It was due before the child came back, and nobody did it.
    Missed,
}

/// Who did a step, when, and by which record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepDone {
    /// The record or the visit.
    pub entry: EntryId,
    /// The day on which it was done.
    pub on: Day,
    /// Who recorded it.
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
    /// Days after it was due; 0 when in time.
    pub late_days: u32,
}

/// A step of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseStep {
    /// Its key in the rule set.
    pub key: String,
    /// Which time that the child was missing: from 1 on.
    pub round: u32,
    /// Whose turn it is.
    pub owner: Role,
    /// What made it due.
    pub triggered_on: Option<Day>,
    /// The last day in time; of a step ahead the day on which it would come.
    pub due_on: Option<Day>,
    /// Where it stands.
    pub standing: StepStanding,
    /// Who did it first.
    pub done: Option<StepDone>,
    /// Records of others, or later ones, of the same step.
    pub done_again: Vec<EntryId>,
}

/// A return that the family promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The visit.
    pub visit: EntryId,
    /// The day.
    pub on: Day,
    /// The day has passed, and the child was not back.
    pub broken: bool,
}

/// A closing that waits or stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The proposal.
    pub proposal: EntryId,
    /// When it was proposed.
    pub proposed_on: Day,
    /// Who proposed it.
    pub proposed_by: Actor,
    /// How the case came out.
    pub outcome: Option<CaseOutcome>,
    /// When somebody else confirmed it, and who.
    pub confirmed: Option<(Day, Actor)>,
    /// Somebody tried to confirm his own proposal.
    pub needs_another_person: bool,
}

/// What somebody must do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseTask {
    /// What.
    pub kind: TaskKind,
    /// The step, where it is one.
    pub step: String,
    /// Whose turn it is.
    pub owner: Role,
    /// What, in somebody's own words; empty where the kind says it.
    pub words: String,
    /// The last day in time.
    pub due_on: Day,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TaskKind {
    /// A closed case that something contradicts.
    Review,
    /// A step of the ladder.
    Step,
    /// The family promised the return for that day.
    Promise,
    /// The family promised something else for that day, and nobody has been in touch since.
    PromisedThing,
    /// Two people say different things of one day.
    SettleRoll,
    /// A person is asked to decide whether this is a dropout.
    DecideDropout,
    /// A closing that another person must confirm.
    ConfirmClosing,
    /// The settling period is over: propose the closing.
    ProposeClosing,
    /// A leave has ended, and nobody has said whether the child is back.
    LeaveEnded,
}

/// A case on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The day on which it began.
    pub opened_on: Day,
    /// How it came to be known; none: by the roll.
    pub source: Option<CaseSource>,
    /// The rule set that it began under: `tongjiang-1357@1`.
    pub rule: String,
    /// Where it stands.
    pub phase: CasePhase,
    /// The first counted day of the absence that goes on, or that was the last.
    pub absent_from: Option<Day>,
    /// Counted days of that absence.
    pub absent_days: u32,
    /// Days without excuse within the window (30 days), resets or not.
    pub window_days: u32,
    /// So many of them that they are pointed out.
    pub window_flagged: bool,
    /// How often the child was missing again while it was watched.
    pub relapses: u32,
    /// The steps: of this time, and what was due in times before.
    pub steps: Vec<CaseStep>,
    /// Attempts to persuade, in their order.
    pub attempts: Vec<EntryId>,
    /// The last promise of this time.
    pub promise: Option<Promise>,
    /// The last day that the notice gives the family.
    pub deadline: Option<Day>,
    /// The day on which the child came back.
    pub returned_on: Option<Day>,
    /// The last day on which it is watched.
    pub settling_until: Option<Day>,
    /// A closing that waits or stands.
    pub closing: Option<Closing>,
    /// Entries that contradict a closing and that whoever closed had not seen.
    pub contradictions: Vec<EntryId>,
    /// What somebody must do now, most urgent first.
    pub tasks: Vec<CaseTask>,
}

impl Case {
    /// The step that comes next: overdue first, then due, then ahead.
    #[must_use]
    pub fn next_step(&self) -> Option<&CaseStep> {
        let open = |step: &&CaseStep| {
            matches!(step.standing, StepStanding::Overdue | StepStanding::Due | StepStanding::Ahead)
                && step.due_on.is_some()
        };
        self.steps.iter().filter(open).min_by_key(|step| (step.standing, step.due_on))
    }
}
