//! What an edit of the county's settings would change for the children on a device, in numbers.

use serde::Serialize;
use ts_rs::TS;

use super::code_list::SchoolingStatus;
use super::place::Stage;
use super::transition_rules::TransitionDates;

/// A year's days that an edit would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TransitionDifference {
    /// Which school the children come to.
    pub into: Stage,
    /// In which year.
    #[ts(type = "number")]
    pub year: i16,
    /// The days as they hold.
    pub before: TransitionDates,
    /// As they would.
    pub after: TransitionDates,
    /// Children on this device whose next step would be another, or due on another day.
    pub moved: u32,
    /// Children on this device whose next step is late.
    pub late_before: u32,
    /// As it would be.
    pub late_after: u32,
}

/// What other rules of evidence would change, on their first day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct EvidenceDifference {
    /// Statuses that would ask for something else.
    pub statuses: Vec<SchoolingStatus>,
    /// Children on this device without whole evidence as it is.
    pub lacking_before: u32,
    /// As it would be.
    pub lacking_after: u32,
    /// Children whose evidence is whole and would not be by the new version alone: they keep the old one for the school year.
    pub kept: u32,
}

/// What another quota of home teaching would change, on its first day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HomeTeachingDifference {
    /// Children on this device who are taught at home.
    pub taught: u32,
    /// Those to whom somebody must come by that day, or should have, as it is.
    pub due_before: u32,
    /// As it would be.
    pub due_after: u32,
}
