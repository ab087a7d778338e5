//! The days of school transition that the county sets (handbook 7.3): year by year, with what holds where it sets none.

use serde::Serialize;
use ts_rs::TS;

use crate::app::transition::rules;
use crate::domain::county::County;
use crate::domain::place::Stage;
use crate::domain::time::Day;
use crate::domain::transition_days::{OwnTransitionDays, usual};
use crate::domain::transition_rules::TransitionDates;
use crate::error::Result;

/// The days of one year's way into one stage.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TransitionYearView {
    /// Which school the children come to.
    pub into: Stage,
    /// In which year.
    #[ts(type = "number")]
    pub year: i16,
    /// The days as they hold.
    pub holds: TransitionDates,
    /// The days that hold where the county has none of its own.
    pub usual: TransitionDates,
    /// The county's own; what is left out is as usual.
    pub own: Option<OwnTransitionDays>,
}

/// Years ahead that people may set days for, besides the one that they work on.
const YEARS_AHEAD: i16 = 2;

/// The year that people work on, the next ones, and whatever else the county has set; the newest last, junior schools first.
pub(super) fn years(county: &County, today: Day) -> Result<Vec<TransitionYearView>> {
    let rules = rules()?;
    let now = rules.year_on(today);
    let own = county.calendar.transitions.iter().map(|own| own.year);
    let mut years: Vec<i16> = (now..=now.saturating_add(YEARS_AHEAD)).chain(own).collect();
    years.sort_unstable();
    years.dedup();
    let pairs = years.into_iter().flat_map(|year| [(year, Stage::Junior), (year, Stage::Primary)]);
    let views = pairs.map(|(year, into)| TransitionYearView {
        into,
        year,
        holds: rules.dates(&county.calendar, into, year),
        usual: usual(rules, &county.calendar, into, year),
        own: county.calendar.transitions.iter().find(|own| own.year == year && own.into == into).cloned(),
    });
    Ok(views.collect())
}
