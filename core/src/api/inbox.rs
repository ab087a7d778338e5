//! What needs a person's decision.

use serde::Serialize;
use ts_rs::TS;

use super::apart::{self, ApartCase, ReturnedForm};
use super::casework::{self, ChangedCase};
use super::children::{self, ChildRow};
use super::dossier::{self, FieldView};
use crate::app::device::Device;
use crate::error::Result;

/// What needs a decision: fields with two values, most urgent for a child first; what others wrote and waits apart; and own
/// forms that came back.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Inbox {
    /// Fields with two values.
    pub conflicts: Vec<InboxConflict>,
    /// What others wrote and waits apart, oldest first.
    pub waiting: Vec<ApartCase>,
    /// Own forms that were refused, newest first.
    pub returned: Vec<ReturnedForm>,
    /// What the last sync changed of a case, and nobody has looked at here.
    pub changed: Vec<ChangedCase>,
}

/// A field of a child that has two values.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct InboxConflict {
    /// The child.
    pub child: ChildRow,
    /// The field.
    pub field: FieldView,
}

/// So many children with conflicts are listed; the rest come when these are settled.
const CHILDREN_MAX: u32 = 200;

/// What needs a decision.
pub(super) fn view(device: &Device) -> Result<Inbox> {
    let with_conflicts = device.store.reading().children_with_conflicts(CHILDREN_MAX)?;
    let mut conflicts = Vec::new();
    for (child, stored) in children::rows(device, &with_conflicts).into_iter().zip(&with_conflicts) {
        for field in dossier::conflict_views(device, stored.document)? {
            conflicts.push(InboxConflict { child: child.clone(), field });
        }
    }
    Ok(Inbox {
        conflicts,
        waiting: apart::cases(device)?,
        returned: apart::returned(device)?,
        changed: casework::new_changes(device)?,
    })
}
