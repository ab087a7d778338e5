//! What the system is to remind of while the app is closed or locked: how much is due on the mornings to come. Never a name, a
//! place or a reason: a lock screen is read by anybody.

use serde::Serialize;
use ts_rs::TS;

use super::today;
use crate::app::device::Device;
use crate::domain::time::Timestamp;
use crate::error::Result;

/// A reminder on the morning of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Reminder {
    /// When to show it.
    pub at: Timestamp,
    /// Cards that will be overdue, if nothing is done until then.
    pub overdue_count: u32,
    /// Cards that will be due on that day.
    pub due_count: u32,
}

/// The reminders of the days to come, soonest first.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Reminders {
    /// None on days on which nothing is this person's turn.
    pub reminders: Vec<Reminder>,
}

/// Mornings that are planned ahead: who has not opened the app for a week is not reminded by it any more.
const DAYS_AHEAD: i32 = 7;
/// Half past seven in China: before the first lesson, when the day can still be planned.
const AT_MS: i64 = 450 * 60_000;

/// Plans the reminders of the next seven mornings.
///
/// # Errors
/// The faults of a store.
pub fn plan(device: &Device) -> Result<Reminders> {
    let now = device.environment.now();
    let mut reminders = Vec::new();
    for ahead in 0..=DAYS_AHEAD {
        let day = now.day().plus_days(ahead);
        let at = Timestamp::from_unix_ms(day.start().unix_ms().saturating_add(AT_MS));
        if at <= now {
            continue;
        }
        let (overdue_count, due_count) = today::due_counts_on(device, day)?;
        if overdue_count > 0 || due_count > 0 {
            reminders.push(Reminder { at, overdue_count, due_count });
        }
    }
    Ok(Reminders { reminders })
}
