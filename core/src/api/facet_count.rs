//! What a list can be narrowed to, with how many rows each leaves.

use serde::Serialize;
use ts_rs::TS;

/// How many rows there are for a value.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct FacetCount {
    /// The key to filter by.
    pub key: String,
    /// The name.
    pub name: String,
    /// Rows.
    pub count: u32,
}
