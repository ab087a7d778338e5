//! A child's cases: the ladder with who did what, what is due, and what a sync changed; recording a step.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::children::{self, ChildRow};
use super::saved::Saved;
use super::visit;
use super::visit::DraftView;
use crate::app::casework::Casework;
use crate::app::device::Device;
use crate::app::{drafts, note_case_changes, record_case};
use crate::domain::actor::Actor;
use crate::domain::case::{Case, CaseFacts, CasePhase, CaseStep, CaseTask, Closing, StepStanding, TaskKind};
use crate::domain::case_record::{CaseForm, decides, may_record};
use crate::domain::code_list::{CaseOutcome, CaseRecordKind, CaseSource};
use crate::domain::identifier::{DocumentId, DraftId, EntryId};
use crate::domain::place::Leaves;
use crate::domain::role::Role;
use crate::domain::rule_set::{EvidenceAsked, RuleSet, StepRecord, Trigger};
use crate::domain::time::{Day, Timestamp};
use crate::error::Result;
use crate::store::casework::{CaseLine, NotedChange};

/// Records a step of a case, or a decision over it.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordCase {
    /// The dossier.
    pub document_id: DocumentId,
    /// What.
    pub form: CaseForm,
    /// The draft that the photographed pages were attached to.
    #[serde(default)]
    pub pages: Option<DraftId>,
}

/// Begins to collect photographed pages for a record of a case, or goes on.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct BeginPages {
    /// The dossier.
    pub document_id: DocumentId,
}

/// A case as a person sees it, today.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CaseView {
    /// The day on which it began.
    pub opened_on: Day,
    /// How it came to be known; none: by the roll.
    pub source: Option<CaseSource>,
    /// The rule set that it began under, in Chinese.
    pub rules_zh: String,
    /// The version by its name: `tongjiang-1357@1`.
    pub rule: String,
    /// English.
    pub rules_en: String,
    /// Where it stands.
    pub phase: CasePhase,
    /// The first counted day of the last absence.
    pub absent_from: Option<Day>,
    /// Counted days of it.
    pub absent_days: u32,
    /// Days without excuse within the rule set's window.
    pub window_days: u32,
    /// So many that they are pointed out.
    pub window_flagged: bool,
    /// How often the child was missing again while it was watched.
    pub relapses: u32,
    /// The steps, in order.
    pub steps: Vec<StepView>,
    /// Attempts to persuade so far.
    pub attempt_count: u32,
    /// The visits that were attempts, in their order: which of them a visit was.
    pub attempts: Vec<EntryId>,
    /// The day for which the family promised the return.
    pub promised_on: Option<Day>,
    /// It passed, and the child was not back.
    pub promise_broken: bool,
    /// The last day that the notice gives.
    pub deadline: Option<Day>,
    /// Since when the child is back.
    pub returned_on: Option<Day>,
    /// The last day on which it is watched.
    pub settling_until: Option<Day>,
    /// A closing that waits or stands.
    pub closing: Option<ClosingView>,
    /// Entries that contradict the closing, to be found in the timeline.
    pub contradictions: Vec<EntryId>,
    /// What is due, most urgent first.
    pub tasks: Vec<TaskView>,
}

/// A step.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct StepView {
    /// Its key in the rule set.
    pub key: String,
    /// Which time that the child was missing: from 1 on.
    pub round: u32,
    /// What is to be done.
    pub zh: String,
    /// English.
    pub en: String,
    /// Whose turn it is.
    pub owner: Role,
    /// What record does it.
    pub done_by: Option<StepRecord>,
    /// What an inspector asks for.
    pub evidence: Vec<EvidenceAsked>,
    /// The last day in time; of a step ahead the day on which it would come.
    pub due_on: Option<Day>,
    /// Where it stands.
    pub standing: StepStanding,
    /// The day on which it was done.
    pub done_on: Option<Day>,
    /// Who recorded it.
    pub person_name: String,
    /// Days that it was late.
    pub late_days: u32,
    /// It was recorded on a later day than it was done.
    pub recorded_later: Option<Timestamp>,
    /// The record, to be found in the timeline.
    pub entry_id: Option<EntryId>,
    /// How often the same step was recorded besides.
    pub again_count: u32,
    /// It comes once the child is back.
    pub after_return: bool,
}

/// A closing.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ClosingView {
    /// The proposal.
    pub proposal: EntryId,
    /// How the case came out.
    pub outcome: Option<CaseOutcome>,
    /// When it was proposed.
    pub proposed_on: Day,
    /// Who proposed it.
    pub proposed_by: String,
    /// When it was confirmed.
    pub confirmed_on: Option<Day>,
    /// Who confirmed it.
    pub confirmed_by: String,
    /// Somebody tried to confirm his own proposal.
    pub needs_another_person: bool,
    /// This person may confirm it.
    pub may_confirm: bool,
}

/// What somebody must do.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TaskView {
    /// What.
    pub kind: TaskKind,
    /// The step's key; empty where it is none.
    pub step: String,
    /// The step, in Chinese.
    pub zh: String,
    /// English.
    pub en: String,
    /// What record does it.
    pub done_by: Option<StepRecord>,
    /// In somebody's own words; empty where the kind says it.
    pub words: String,
    /// Whose turn it is.
    pub owner: Role,
    /// It is this person's turn.
    pub mine: bool,
    /// The last day in time.
    pub due_on: Day,
    /// That day has gone.
    pub overdue: bool,
}

/// What a sync changed of a case, and why.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CaseChangeView {
    /// When it was noted.
    pub noted_at: Timestamp,
    /// What stood before.
    pub before: CaseLineView,
    /// What stands since.
    pub after: CaseLineView,
    /// What came with the sync.
    pub because: Vec<ChangeCauseView>,
    /// Somebody has seen it here.
    pub looked_at: bool,
}

/// A case in one line.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CaseLineView {
    /// Where it stands; none: there is no case.
    pub phase: Option<CasePhase>,
    /// Counted days.
    pub absent_days: u32,
    /// The next step, in Chinese; empty for none.
    pub zh: String,
    /// English.
    pub en: String,
    /// When it is due.
    pub due_on: Option<Day>,
}

/// An entry that came with a sync.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChangeCauseView {
    /// The key of its code: a mark, a kind of record, a purpose of a visit.
    pub what: String,
    /// The day that it is about.
    pub on: Day,
    /// Who recorded it.
    pub person_name: String,
}

/// A child of whom a sync changed something.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChangedCase {
    /// The child.
    pub child: ChildRow,
    /// What changed last.
    pub change: CaseChangeView,
}

/// What a case says in a dossier, with what this person may do.
#[derive(Debug, Clone, Default, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CaseworkView {
    /// Cases, newest first.
    pub cases: Vec<CaseView>,
    /// What syncs changed, newest first.
    pub changes: Vec<CaseChangeView>,
    /// What this person may record.
    pub may_record: Vec<CaseRecordKind>,
    /// Days of which two people say different things.
    pub contradicting_days: Vec<Day>,
    /// Notices of which no service is known: what a service may be of.
    pub notices: Vec<NoticeView>,
}

/// A notice.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct NoticeView {
    /// The record.
    pub entry_id: EntryId,
    /// Its number.
    pub number: String,
    /// Its date.
    pub on: Day,
    /// To whom.
    pub person: String,
    /// It was served.
    pub served: bool,
}

/// Whose turn a step is: the role itself, and who stands in for it at the same desk (handbook 2.3).
#[must_use]
pub(super) fn is_mine(role: Role, owner: Role) -> bool {
    role == owner
        || matches!(
            (owner, role),
            (Role::ClassTeacher, Role::SubjectTeacher)
                | (Role::SchoolLead, Role::Principal)
                | (Role::Principal, Role::SchoolLead)
                | (Role::TownshipOfficer, Role::CountySection)
        )
}

/// The casework of one child.
pub(super) fn view(device: &Device, id: DocumentId, leaves: &Leaves) -> Result<CaseworkView> {
    let casework = Casework::of(device);
    let facts = device.store.reading().case_facts(id)?;
    let role = device.author.rights.role;
    let cases: Vec<CaseView> =
        casework.cases(&facts, leaves).iter().rev().map(|case| case_view(&casework, device, case)).collect();
    let changes = device.store.reading().case_changes_of(id)?;
    let questions = casework.roll_questions(&facts, leaves);
    Ok(CaseworkView {
        cases,
        changes: changes.iter().map(|noted| change_view(&casework, noted)).collect(),
        may_record: CaseRecordKind::ALL.iter().copied().filter(|kind| may_record(role, *kind)).collect(),
        contradicting_days: questions
            .iter()
            .filter(|task| task.kind == TaskKind::SettleRoll)
            .map(|task| task.due_on)
            .collect(),
        notices: notices(&facts),
    })
}

fn notices(facts: &CaseFacts) -> Vec<NoticeView> {
    let of_kind = |kind| facts.records.iter().filter(move |record| record.form.kind == kind);
    of_kind(CaseRecordKind::Notice)
        .map(|notice| NoticeView {
            entry_id: notice.entry,
            number: notice.form.number.clone(),
            on: notice.form.on,
            person: notice.form.person.clone(),
            served: of_kind(CaseRecordKind::Service).any(|service| service.form.of == Some(notice.entry)),
        })
        .collect()
}

fn case_view(casework: &Casework<'_>, device: &Device, case: &Case) -> CaseView {
    let rules = casework.rule_set(&case.rule);
    let (role, today) = (device.author.rights.role, device.environment.now().day());
    let name = |actor: &Actor| casework.doer(actor).map(|doer| doer.name).unwrap_or_default();
    CaseView {
        opened_on: case.opened_on,
        source: case.source,
        rule: case.rule.clone(),
        rules_zh: rules.map_or_else(|| case.rule.clone(), |rules| rules.zh.clone()),
        rules_en: rules.map_or_else(|| case.rule.clone(), |rules| rules.en.clone()),
        phase: case.phase,
        absent_from: case.absent_from,
        absent_days: case.absent_days,
        window_days: case.window_days,
        window_flagged: case.window_flagged,
        relapses: case.relapses,
        steps: case.steps.iter().map(|step| step_view(rules, step, &name)).collect(),
        attempt_count: u32::try_from(case.attempts.len()).unwrap_or(u32::MAX),
        attempts: case.attempts.clone(),
        promised_on: case.promise.as_ref().map(|promise| promise.on),
        promise_broken: case.promise.as_ref().is_some_and(|promise| promise.broken),
        deadline: case.deadline,
        returned_on: case.returned_on,
        settling_until: case.settling_until,
        closing: case.closing.as_ref().map(|closing| closing_view(casework, device, closing)),
        contradictions: case.contradictions.clone(),
        tasks: case.tasks.iter().map(|task| task_view(rules, task, role, today)).collect(),
    }
}

fn step_view(rules: Option<&RuleSet>, step: &CaseStep, name: &dyn Fn(&Actor) -> String) -> StepView {
    let rule = rules.and_then(|rules| rules.step(&step.key));
    let done = step.done.as_ref();
    StepView {
        key: step.key.clone(),
        round: step.round,
        zh: rule.map_or_else(|| step.key.clone(), |rule| rule.zh.clone()),
        en: rule.map_or_else(|| step.key.clone(), |rule| rule.en.clone()),
        owner: step.owner,
        done_by: rule.map(|rule| rule.done_by),
        evidence: rule.map(|rule| rule.evidence.clone()).unwrap_or_default(),
        due_on: step.due_on,
        standing: step.standing,
        done_on: done.map(|done| done.on),
        person_name: done.map(|done| name(&done.actor)).unwrap_or_default(),
        late_days: done.map_or(0, |done| done.late_days),
        recorded_later: done.filter(|done| done.at.day() > done.on).map(|done| done.at),
        entry_id: done.map(|done| done.entry),
        again_count: u32::try_from(step.done_again.len()).unwrap_or(u32::MAX),
        after_return: rule.is_some_and(|rule| matches!(rule.trigger, Trigger::AfterReturn { .. })),
    }
}

fn closing_view(casework: &Casework<'_>, device: &Device, closing: &Closing) -> ClosingView {
    let proposer = casework.doer(&closing.proposed_by);
    let own = proposer.as_ref().is_none_or(|proposer| proposer.person == device.enrolment.person);
    ClosingView {
        proposal: closing.proposal,
        outcome: closing.outcome,
        proposed_on: closing.proposed_on,
        proposed_by: proposer.map(|proposer| proposer.name).unwrap_or_default(),
        confirmed_on: closing.confirmed.as_ref().map(|(on, _)| *on),
        confirmed_by: closing
            .confirmed
            .as_ref()
            .and_then(|(_, actor)| casework.doer(actor))
            .map(|doer| doer.name)
            .unwrap_or_default(),
        needs_another_person: closing.needs_another_person,
        may_confirm: closing.confirmed.is_none() && !own && decides(device.author.rights.role),
    }
}

pub(super) fn task_view(rules: Option<&RuleSet>, task: &CaseTask, role: Role, today: Day) -> TaskView {
    let rule = rules.and_then(|rules| rules.step(&task.step));
    TaskView {
        kind: task.kind,
        step: task.step.clone(),
        zh: rule.map(|rule| rule.zh.clone()).unwrap_or_default(),
        en: rule.map(|rule| rule.en.clone()).unwrap_or_default(),
        done_by: rule.map(|rule| rule.done_by),
        words: task.words.clone(),
        owner: task.owner,
        mine: is_mine(role, task.owner),
        due_on: task.due_on,
        overdue: task.due_on < today,
    }
}

fn change_view(casework: &Casework<'_>, noted: &NotedChange) -> CaseChangeView {
    // A step of a rule set that is not known here any more keeps its key.
    let rule = |key: &str| casework.rules().iter().find_map(|rules| rules.step(key));
    let line = |line: &CaseLine| CaseLineView {
        phase: line.phase,
        absent_days: line.absent_days,
        zh: rule(&line.step).map_or_else(|| line.step.clone(), |rule| rule.zh.clone()),
        en: rule(&line.step).map_or_else(|| line.step.clone(), |rule| rule.en.clone()),
        due_on: line.due_on,
    };
    let because = noted.change.because.iter().map(|cause| ChangeCauseView {
        what: cause.what.clone(),
        on: cause.on,
        person_name: casework.doer(&cause.actor).map(|doer| doer.name).unwrap_or_default(),
    });
    CaseChangeView {
        noted_at: noted.noted_at,
        before: line(&noted.change.before),
        after: line(&noted.change.after),
        because: because.collect(),
        looked_at: noted.looked_at,
    }
}

/// Children of whom a sync changed something that nobody has seen here yet: the last change of each.
pub(super) fn new_changes(device: &Device) -> Result<Vec<ChangedCase>> {
    let casework = Casework::of(device);
    let reading = device.store.reading();
    let mut changed: Vec<ChangedCase> = Vec::new();
    for noted in reading.new_case_changes()? {
        let known = changed.iter().any(|other| other.child.document_id == noted.document);
        let Some(child) = reading.child(noted.document)?.filter(|_| !known) else { continue };
        let Some(child) = children::rows(device, std::slice::from_ref(&child)).pop() else { continue };
        changed.push(ChangedCase { child, change: change_view(&casework, &noted) });
    }
    Ok(changed)
}

/// Records a step or a decision.
pub(super) fn record(device: &mut Device, request: &RecordCase) -> Result<Saved> {
    let recorded = record_case::record_case(device, request.document_id, &request.form, request.pages)?;
    Ok(Saved::at(recorded.saved_at))
}

/// Begins to collect pages.
pub(super) fn begin_pages(device: &mut Device, request: &BeginPages) -> Result<DraftView> {
    let draft = drafts::begin_pages(device, request.document_id)?;
    visit::draft_view(device, draft.id)
}

/// Somebody has seen what changed.
pub(super) fn look_at_changes(device: &mut Device, id: DocumentId) -> Result<Saved> {
    note_case_changes::mark_looked_at(device, id)?;
    Ok(Saved::at(device.environment.now()))
}
