//! What is due.

use serde::Serialize;
use ts_rs::TS;

use super::children::ChildRow;
use crate::domain::time::Day;

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
