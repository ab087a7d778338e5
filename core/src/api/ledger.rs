//! The ledger (台账, handbook 3.4) as a live view.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::code_list::{ChildFlag, SchoolingStatus};
use crate::domain::identifier::DocumentId;
use crate::domain::place::{ClassId, PlaceCode, SchoolCode};

/// Which rows, in which order.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(export)]
pub struct ShowLedger {
    /// As in the list of children.
    pub search: String,
    /// Only of this place: a township or a village.
    pub place: Option<PlaceCode>,
    /// Only of this school.
    pub school: Option<SchoolCode>,
    /// Only of this class.
    pub class: Option<ClassId>,
    /// Only with one of these statuses.
    pub statuses: Vec<SchoolingStatus>,
    /// Only with all of these flags.
    pub flags: Vec<ChildFlag>,
    /// Only with fields that have two values.
    pub only_conflicts: bool,
    /// A column's key; empty for village, group, household, name.
    pub sort_by: String,
    /// From the end.
    pub descending: bool,
    /// Rows to pass over.
    pub offset: u32,
    /// Rows to give, at most 500.
    pub limit: u32,
    /// For an export: the columns to write, by key, in order; empty for all.
    pub columns: Vec<String>,
}

/// A page of the ledger with its facets.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LedgerPage {
    /// The columns.
    pub columns: Vec<LedgerColumn>,
    /// The page.
    pub rows: Vec<LedgerRowView>,
    /// How many rows the filter leaves.
    pub total: u32,
    /// How many for each status, the filter by status left out.
    pub by_status: Vec<FacetCount>,
    /// How many for each village, the filter by place left out.
    pub by_village: Vec<FacetCount>,
    /// How many for each school, the filter by school left out.
    pub by_school: Vec<FacetCount>,
    /// How many for each flag, the filter by flag left out.
    pub by_flag: Vec<FacetCount>,
}

/// A column.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LedgerColumn {
    /// The key (handbook 3.4).
    pub key: String,
    /// The handbook's Chinese header.
    pub header: String,
    /// English.
    pub header_en: String,
    /// Numbers stand right.
    pub numeric: bool,
    /// Shown unless the person chooses otherwise.
    pub shown: bool,
}

/// A row: the cells in the order of the columns.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LedgerRowView {
    /// The dossier.
    pub document_id: DocumentId,
    /// The cells.
    pub cells: Vec<String>,
    /// The status, for its badge.
    pub status: SchoolingStatus,
    /// Keys of columns whose field has two values.
    pub conflicts: Vec<String>,
}

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

/// A file that was made and waits to be saved where the person wants it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MadeFile {
    /// Fetches the bytes from the host, once.
    pub file_id: String,
    /// A name for it, without personal data.
    pub file_name: String,
    /// Rows in it.
    pub row_count: u32,
}
