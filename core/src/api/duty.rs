//! The duty grid as screens ask for it: who answers for what, where somebody is missing, who has too much, and who hands over
//! to whom. What fills these views stands in `duty_pages`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::children::ChildrenPage;
use crate::domain::duty::{DutyLine, DutyPerson, DutyScope, DutySettings};
use crate::domain::duty_fold::Answering;
use crate::domain::identifier::EntryId;
use crate::domain::place::Scope;
use crate::domain::role::Role;
use crate::domain::time::Day;

/// The grid in one look.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DutyView {
    /// How it is made.
    pub settings: DutySettings,
    /// The person may change its levels and names.
    pub may_edit_settings: bool,
    /// The person may bind somebody to something.
    pub may_bind: bool,
    /// Children on this device whom somebody looks for.
    pub children: u32,
    /// Children without a responsible person, by line.
    pub gaps: Vec<DutyGap>,
    /// Everybody who answers for children here, who has most first.
    pub people: Vec<DutyPersonView>,
    /// So many of them have more than the county allows.
    pub overloads: u32,
    /// Hand-overs, newest first.
    pub handovers: Vec<HandoverView>,
    /// Within what the person may hand over.
    pub scopes: Vec<ScopeChoice>,
}

/// Children without a responsible person on a line.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DutyGap {
    /// The line.
    pub line: DutyLine,
    /// How many.
    pub count: u32,
    /// Where: villages on the government line, classes on the education line, most first.
    pub places: Vec<GapPlace>,
}

/// So many children of one place.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct GapPlace {
    /// The place as people call it.
    pub name: String,
    /// How many.
    pub count: u32,
}

/// Somebody who answers for children.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DutyPersonView {
    /// Names the person in requests.
    pub key: String,
    /// Who.
    pub person: DutyPerson,
    /// The role, as the register has it; none without a device.
    pub role: Option<Role>,
    /// Children on the government line.
    pub government: u32,
    /// Children on the education line.
    pub education: u32,
    /// Children in all.
    pub total: u32,
    /// More than the county allows.
    pub over: bool,
}

/// A hand-over.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HandoverView {
    /// It.
    pub entry: EntryId,
    /// Who left.
    pub from: DutyPerson,
    /// Who took over.
    pub to: DutyPerson,
    /// Within what, as people call it.
    pub within: String,
    /// From this day on.
    pub on: Day,
    /// Why.
    pub reason: String,
    /// Who recorded it.
    pub recorded_by: String,
    /// Why it was taken back, and by whom; none: it stands.
    pub undone: Option<UndoneView>,
    /// The person may take it back.
    pub may_undo: bool,
}

/// A hand-over that was taken back.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct UndoneView {
    /// Why.
    pub reason: String,
    /// Who recorded it.
    pub recorded_by: String,
}

/// A scope of the register by its name.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ScopeChoice {
    /// It.
    pub scope: Scope,
    /// As people call it.
    pub name: String,
}

/// What is bound at a level.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
#[ts(export)]
pub struct ListDuties {
    /// The level.
    pub level: String,
    /// Only what has this in its name.
    pub search: String,
    /// Only where nobody is bound.
    pub only_open: bool,
    /// Rows to pass over.
    pub offset: u32,
    /// Rows to give, at most 200.
    pub limit: u32,
}

/// A page of what is bound at a level.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DutyRows {
    /// Rows in all.
    pub total: u32,
    /// Rows without anybody, in all.
    pub open: u32,
    /// Them.
    pub rows: Vec<DutyRow>,
}

/// Something with who answers for it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DutyRow {
    /// What.
    pub scope: DutyScope,
    /// Its name.
    pub name: String,
    /// What it lies in: 青石乡, 青石小学.
    pub above: String,
    /// Who; more than one when people bound apart.
    pub people: Vec<AnsweringView>,
    /// The person may bind here.
    pub may_bind: bool,
}

/// Who answers, and since when.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AnsweringView {
    /// Who.
    pub person: DutyPerson,
    /// Since.
    pub since: Day,
    /// It came by a hand-over.
    pub handed_over: bool,
}

impl From<&Answering> for AnsweringView {
    fn from(one: &Answering) -> Self {
        Self { person: one.person.clone(), since: one.since, handed_over: !one.handed_over.is_empty() }
    }
}

/// Who answers for a child, level by level.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChildDuties {
    /// Both lines, each with who is responsible for the child.
    pub lines: Vec<ChildLine>,
    /// The person may bind somebody to this very child.
    pub may_bind: bool,
    /// The level at which a child may have somebody of its own; none: the grid has no such level.
    pub own_level: Option<String>,
}

/// One line of a child.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChildLine {
    /// The line.
    pub line: DutyLine,
    /// The level at which somebody is responsible for the child; none: nobody is.
    pub level: Option<String>,
    /// Who is responsible.
    pub people: Vec<AnsweringView>,
    /// All levels of the line with somebody, from the top.
    pub chain: Vec<ChainLevel>,
}

/// A level with who is bound there.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChainLevel {
    /// Its key.
    pub key: String,
    /// 村干部
    pub who_zh: String,
    /// English.
    pub who_en: String,
    /// Who.
    pub people: Vec<AnsweringView>,
}

/// Binds somebody to several things.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct BindDuty {
    /// The level.
    pub level: String,
    /// To what.
    pub scopes: Vec<DutyScope>,
    /// Who; none: nobody any more.
    pub person: Option<DutyPerson>,
    /// From this day on.
    pub from: Day,
}

/// People to choose from.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DutyCandidates {
    /// Those whom the register knows, and those who answer for something already.
    pub people: Vec<DutyCandidate>,
}

/// Somebody to choose.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DutyCandidate {
    /// Names the person in a list.
    pub key: String,
    /// Who.
    pub person: DutyPerson,
    /// The role in the register; none without a device.
    pub role: Option<Role>,
    /// What the role covers, by name.
    pub scope_names: Vec<String>,
}

/// Children of a list of the grid.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ListDutyChildren {
    /// Of which line.
    pub line: DutyLine,
    /// Of this person, by key; none: those without anybody.
    pub person: Option<String>,
    /// Rows to pass over.
    pub offset: u32,
    /// Rows to give, at most 200.
    pub limit: u32,
}

/// A hand-over to be looked at or recorded.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HandOver {
    /// Who leaves.
    pub from: DutyPerson,
    /// Who takes over.
    pub to: DutyPerson,
    /// Within what.
    pub within: Scope,
    /// From this day on.
    pub on: Day,
    /// Why.
    pub reason: String,
}

/// What a hand-over would pass on.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HandoverPreviewView {
    /// What is bound, with its level: 村干部 · 云岭村.
    pub bindings: Vec<BoundView>,
    /// Children of this device who would get the other person.
    pub children: ChildrenPage,
    /// So many the other person would then answer for.
    pub then: u32,
    /// More than the county allows.
    pub over: bool,
    /// The person who leaves is in the register, and reads what the rights there say until its administrator changes them.
    pub from_reads: bool,
    /// So with the person who takes over: without rights that cover these children they are not on that device.
    pub to_reads: bool,
}

/// Something that is bound.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct BoundView {
    /// The level's key.
    pub level: String,
    /// The name of what is bound.
    pub name: String,
}

/// Takes a hand-over back.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct UndoHandover {
    /// It.
    pub entry: EntryId,
    /// Why.
    pub reason: String,
}
