//! What needs a person's decision.

use serde::Serialize;
use ts_rs::TS;

use super::children::ChildRow;
use super::dossier::FieldView;

/// Fields with two values, most urgent for a child first.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Inbox {
    /// Them.
    pub conflicts: Vec<InboxConflict>,
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
