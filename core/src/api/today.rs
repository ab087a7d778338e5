//! What is due.

use serde::Serialize;
use ts_rs::TS;

use super::children::{self, ChildRow};
use crate::app::device::Device;
use crate::domain::dossier::is_out_of_school;
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
}

/// Why a child is on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TodayReason {
    /// The status says that the child is out of school.
    OutOfSchool,
    /// The family promised that the child would be back by that day.
    PromiseDue,
    /// The next visit was agreed for that day.
    NextVisit,
    /// Not visited in this school year (at least one visit a year: ministries' opinion of 2023).
    NotVisitedThisYear,
}

/// Days ahead that count as soon.
const SOON_DAYS: i32 = 7;
/// Cards of one kind that are shown: more than a day's work.
const CARDS_MAX: u32 = 300;

/// What is due.
pub(super) fn view(device: &Device) -> Result<TodayView> {
    let reading = device.store.reading();
    let today = device.environment.now().day();
    let mut view = TodayView {
        today,
        overdue: Vec::new(),
        due_today: Vec::new(),
        soon: Vec::new(),
        draft_count: u32::try_from(reading.drafts()?.len()).unwrap_or(u32::MAX),
    };
    let due = reading.children_due(today.plus_days(SOON_DAYS), CARDS_MAX)?;
    for (row, child) in children::rows(device, &due).into_iter().zip(&due) {
        let (reason, due_on) = most_urgent(child, today);
        let days = due_on.map_or(0, |day| i32::try_from(day.days_since(today)).unwrap_or(i32::MAX));
        let card = TodayCard { child: row, reason, due_on, days };
        match (reason, days) {
            (TodayReason::OutOfSchool, _) => view.overdue.push(card),
            (_, ..=-1) => view.overdue.push(card),
            (_, 0) => view.due_today.push(card),
            (_, 1..) => view.soon.push(card),
        }
    }
    // Soonest first; equal ones stay in the order of the walk, village by village.
    view.overdue.sort_by_key(|card| (card.reason, card.days));
    view.due_today.sort_by_key(|card| card.reason);
    view.soon.sort_by_key(|card| card.days);
    let year_start = today.school_year_start().start();
    let unvisited = reading.children_not_visited_since(year_start, CARDS_MAX)?;
    for (row, child) in children::rows(device, &unvisited).into_iter().zip(&unvisited) {
        if !due.iter().any(|other| other.document == child.document) {
            view.soon.push(TodayCard { child: row, reason: TodayReason::NotVisitedThisYear, due_on: None, days: 0 });
        }
    }
    Ok(view)
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
