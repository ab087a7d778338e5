//! What is due, from the ladder, from promises and from what was agreed. A card goes when the thing is done, not by ticking.

use std::collections::BTreeSet;

use serde::Serialize;
use ts_rs::TS;

use super::axes::{MismatchView, mismatch_view};
use super::casework::{self, ChangedCase, TaskView};
use super::children::{self, ChildRow};
use super::evidence;
use super::transition_balance::{self, TransitionCard};
use crate::app::casework::Casework;
use crate::app::device::Device;
use crate::domain::case::{CasePhase, CaseTask};
use crate::domain::danger;
use crate::domain::dossier::is_out_of_school;
use crate::domain::identifier::DocumentId;
use crate::domain::time::Day;
use crate::error::Result;
use crate::store::children::StoredChild;

/// The day's cards, most urgent first, and by village within.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TodayView {
    /// Today, in China.
    pub today: Day,
    /// Due before today.
    pub overdue: Vec<TodayCard>,
    /// Due today.
    pub due_today: Vec<TodayCard>,
    /// Due within seven days.
    pub soon: Vec<TodayCard>,
    /// Children who are missing, and for whom it is somebody else's turn.
    pub waiting: Vec<TodayCard>,
    /// Children whose record and whose status do not agree, besides those whom a case or a card above speaks of.
    pub mismatches: Vec<TodayCard>,
    /// What the last sync changed of a case, and nobody has looked at here.
    pub changed: Vec<ChangedCase>,
    /// Reports of danger that somebody must act on; 0 for everybody who may not see them.
    pub open_dangers: u32,
    /// What is to be done on the way into the next school, by class: this person's turn first.
    pub transitions: Vec<TransitionCard>,
    /// Children without valid evidence.
    pub without_evidence: u32,
    /// Children whose evidence lapses within a month.
    pub evidence_lapses_soon: u32,
    /// Drafts that wait to be finished.
    pub draft_count: u32,
}

/// A card.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TodayCard {
    /// The child.
    pub child: ChildRow,
    /// Why it is here.
    pub reason: TodayReason,
    /// When it is or was due.
    pub due_on: Option<Day>,
    /// Days from today; negative when overdue.
    pub days: i32,
    /// What does not agree, where that is the reason.
    pub mismatch: Option<MismatchView>,
    /// What is to be done of the case, where that is the reason.
    pub task: Option<TaskView>,
    /// Counted days of absence; 0 when there is no case.
    pub absent_days: u32,
    /// Where the case stands.
    pub phase: Option<CasePhase>,
}

/// Why a child is on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TodayReason {
    /// A case asks for something.
    Case,
    /// The status says that the child is out of school.
    OutOfSchool,
    /// The family promised that the child would be back by that day.
    PromiseDue,
    /// The next visit was agreed for that day.
    NextVisit,
    /// A plan is to be looked at again, or a session of home teaching is due.
    PlanDue,
    /// Where the record is and where the child is do not agree.
    Mismatch,
    /// Not visited in this school year (at least one visit a year: ministries' opinion of 2023).
    NotVisitedThisYear,
}

/// Evidence that lapses within so many days is to be renewed.
const LAPSES_SOON_DAYS: u16 = 30;
/// Days ahead that count as soon.
const SOON_DAYS: i32 = 7;
/// Cards of one kind that are shown: more than a day's work.
const CARDS_MAX: u32 = 300;

/// What is due.
///
/// # Errors
/// The faults of a store.
pub fn view(device: &Device) -> Result<TodayView> {
    let reading = device.store.reading();
    let today = device.environment.now().day();
    let without_evidence = reading.count_children(&evidence::without_evidence(today, 0))?;
    let lapses_soon = reading.count_children(&evidence::without_evidence(today, LAPSES_SOON_DAYS))?;
    let evidence_lapses_soon = lapses_soon.saturating_sub(without_evidence);
    let mut view = TodayView {
        open_dangers: if danger::sees(device.author.rights.role) { reading.open_annexes()? } else { 0 },
        transitions: transition_balance::cards(device)?,
        without_evidence,
        evidence_lapses_soon,
        changed: casework::new_changes(device)?,
        draft_count: u32::try_from(
            reading
                .drafts()?
                .iter()
                .filter(|draft| !draft.is_pages)
                .count()
                .saturating_add(reading.all_half_written()?.len()),
        )
        .unwrap_or(u32::MAX),
        ..empty(today)
    };
    let listed = put_what_is_due(device, &mut view)?;
    let year_start = today.school_year_start().start();
    let unvisited = reading.children_not_visited_since(year_start, CARDS_MAX)?;
    let role = device.author.rights.role;
    let mut not_agreeing = reading.children_with_mismatch(CARDS_MAX)?;
    not_agreeing.retain(|child| !listed.contains(&child.document));
    for (row, child) in children::rows(device, &not_agreeing).into_iter().zip(&not_agreeing) {
        let mismatch = child.mismatch.map(|kind| mismatch_view(kind, role));
        view.mismatches.push(TodayCard { mismatch, ..card(row, TodayReason::Mismatch) });
    }
    view.mismatches.sort_by_key(|card| card.mismatch.as_ref().is_none_or(|mismatch| !mismatch.mine));
    for (row, child) in children::rows(device, &unvisited).into_iter().zip(&unvisited) {
        if !listed.contains(&child.document) {
            view.soon.push(card(row, TodayReason::NotVisitedThisYear));
        }
    }
    Ok(view)
}

/// How much will be overdue and due on a day, if nobody records anything until then: what a reminder says.
///
/// # Errors
/// The faults of a store.
pub(super) fn due_counts_on(device: &Device, day: Day) -> Result<(u32, u32)> {
    let mut view = empty(day);
    put_what_is_due(device, &mut view)?;
    let count = |cards: &[TodayCard]| u32::try_from(cards.len()).unwrap_or(u32::MAX);
    Ok((count(&view.overdue), count(&view.due_today)))
}

const fn empty(today: Day) -> TodayView {
    TodayView {
        today,
        overdue: Vec::new(),
        due_today: Vec::new(),
        soon: Vec::new(),
        waiting: Vec::new(),
        mismatches: Vec::new(),
        changed: Vec::new(),
        transitions: Vec::new(),
        open_dangers: 0,
        without_evidence: 0,
        evidence_lapses_soon: 0,
        draft_count: 0,
    }
}

/// Cards with a day, and children who are missing: all that cases, promises, agreed visits and plans ask for. Gives the children
/// whom a case or a visit speaks of.
fn put_what_is_due(device: &Device, view: &mut TodayView) -> Result<BTreeSet<DocumentId>> {
    let (reading, today) = (device.store.reading(), view.today);
    let in_cases = case_cards(device, view)?;
    let due = reading.children_due(today.plus_days(SOON_DAYS), CARDS_MAX)?;
    for (row, child) in children::rows(device, &due).into_iter().zip(&due) {
        let (reason, due_on) = most_urgent(child, today);
        // A case says more of a child who is out of school, or promised back, than the status does.
        if in_cases.contains(&child.document) && reason != TodayReason::NextVisit {
            continue;
        }
        put(view, TodayCard { due_on, ..card(row, reason) });
    }
    let planned = reading.children_with_plan_due(today.plus_days(SOON_DAYS), CARDS_MAX)?;
    let children_planned: Vec<StoredChild> = planned.iter().map(|(child, _)| child.clone()).collect();
    for (row, (_, due_on)) in children::rows(device, &children_planned).into_iter().zip(&planned) {
        // One card a child: what is more urgent stands on it already.
        if in_cases.contains(&row.document_id) || due.iter().any(|child| child.document == row.document_id) {
            continue;
        }
        let (reason, due_on) = (TodayReason::PlanDue, *due_on);
        put(view, TodayCard { due_on, ..card(row, reason) });
    }
    // Soonest first; equal ones stay in the order of the walk, village by village.
    view.overdue.sort_by_key(|card| (card.reason, card.days));
    view.due_today.sort_by_key(|card| card.reason);
    view.soon.sort_by_key(|card| card.days);
    Ok(due.iter().map(|child| child.document).chain(in_cases).collect())
}

/// A card with its reason alone.
fn card(child: ChildRow, reason: TodayReason) -> TodayCard {
    TodayCard { child, reason, due_on: None, days: 0, mismatch: None, task: None, absent_days: 0, phase: None }
}

/// Puts a card where its day belongs.
fn put(view: &mut TodayView, mut card: TodayCard) {
    card.days = card.due_on.map_or(0, |day| i32::try_from(day.days_since(view.today)).unwrap_or(i32::MAX));
    match (card.reason, card.days) {
        (TodayReason::OutOfSchool, _) => view.overdue.push(card),
        (_, ..=-1) => view.overdue.push(card),
        (_, 0) => view.due_today.push(card),
        (_, 1..) => view.soon.push(card),
    }
}

/// One card for each child of whom a case asks for something: the most urgent thing that is this person's turn; and
/// children who are missing while it is somebody else's turn. Gives the children whom a case speaks of.
fn case_cards(device: &Device, view: &mut TodayView) -> Result<BTreeSet<DocumentId>> {
    let (role, today) = (device.author.rights.role, view.today);
    let casework = Casework::on(device, today);
    let mut in_cases = BTreeSet::new();
    let mut found = Vec::new();
    for (child, facts) in device.store.reading().all_casework()? {
        let case = casework.cases(&facts, &child.leaves).pop().filter(|case| case.phase.is_open());
        let mut tasks: Vec<CaseTask> = casework.roll_questions(&facts, &child.leaves);
        if let Some(case) = &case {
            in_cases.insert(child.document);
            tasks.extend(case.tasks.iter().filter(|task| !tasks.contains(task)).cloned().collect::<Vec<_>>());
        }
        tasks.sort_by_key(|task| (!casework::is_mine(role, task.owner), task.due_on, task.kind));
        let first = tasks.first();
        let is_missing = case.as_ref().is_some_and(|case| case.phase.is_missing());
        if first.is_none() && !is_missing {
            continue;
        }
        in_cases.insert(child.document);
        let rules = case.as_ref().and_then(|case| casework.rule_set(&case.rule));
        let task = first.map(|task| casework::task_view(rules, task, role, today));
        found.push((child, task, case.as_ref().map_or(0, |case| case.absent_days), case.map(|case| case.phase)));
    }
    let stored: Vec<StoredChild> = found.iter().map(|(child, ..)| child.clone()).collect();
    for (child, (_, task, absent_days, phase)) in children::rows(device, &stored).into_iter().zip(found) {
        let due_on = task.as_ref().map(|task| task.due_on);
        let mine = task.as_ref().is_some_and(|task| task.mine);
        let card = TodayCard { due_on, task, absent_days, phase, ..card(child, TodayReason::Case) };
        if mine {
            put(view, card);
        } else {
            view.waiting.push(card);
        }
    }
    Ok(in_cases)
}

fn most_urgent(child: &StoredChild, today: Day) -> (TodayReason, Option<Day>) {
    let dated = [(TodayReason::PromiseDue, child.promised_return_on), (TodayReason::NextVisit, child.next_visit_on)];
    let first = dated.into_iter().filter_map(|(reason, day)| Some((day?, reason))).min();
    match first {
        // A date that has come says more than that the child is out of school.
        Some((day, reason)) if day <= today || !is_out_of_school(child.status) => (reason, Some(day)),
        _ => (TodayReason::OutOfSchool, None),
    }
}
