//! What every command that saves something answers.

use serde::Serialize;
use ts_rs::TS;

use crate::domain::time::Timestamp;

/// Something was saved.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Saved {
    /// When it was committed on this device.
    pub saved_at: Timestamp,
}

impl Saved {
    pub(super) fn at(saved_at: Timestamp) -> Self {
        Self { saved_at }
    }
}
