//! Bringing in a roster: every row has its verdict before anything is written.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::identifier::{DocumentId, ImportId};
use crate::domain::time::Timestamp;

/// What a spreadsheet holds, before anything is written. Answers the upload of the file.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RosterPreview {
    /// Names the import.
    pub import_id: ImportId,
    /// Rows in all.
    pub row_count: u32,
    /// How many rows for each verdict.
    pub counts: VerdictCounts,
    /// Headers that were understood, with what they were taken for.
    pub recognised_columns: Vec<RecognisedColumn>,
    /// Headers that were not understood: their cells are left out.
    pub unrecognised_columns: Vec<String>,
    /// Columns that the ledger asks for and the file lacks, by Chinese header.
    pub missing_columns: Vec<String>,
}

/// How many rows for each verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct VerdictCounts {
    /// 新增
    pub new: u32,
    /// 相同
    pub same: u32,
    /// 有变化
    pub changed: u32,
    /// 存疑
    pub doubtful: u32,
    /// 不能导入
    pub refused: u32,
}

/// A header that was understood.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecognisedColumn {
    /// As in the file.
    pub header: String,
    /// The ledger's Chinese header.
    pub taken_for: String,
}

/// Asks for rows of an import.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ShowRosterRows {
    /// The import.
    pub import_id: ImportId,
    /// Only with this verdict: new, same, changed, doubtful, refused.
    #[serde(default)]
    pub verdict: Option<String>,
    /// Rows to pass over.
    #[serde(default)]
    pub offset: u32,
    /// Rows to give, at most 500.
    pub limit: u32,
}

/// Rows of an import.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RosterRows {
    /// How many there are.
    pub total: u32,
    /// The page.
    pub rows: Vec<RosterRowView>,
}

/// A row with its verdict.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RosterRowView {
    /// As in the file, from 1.
    pub row_number: u32,
    /// new, same, changed, doubtful, refused
    pub verdict: String,
    /// The name in the file.
    pub name: String,
    /// The ID number, masked.
    pub id_number: String,
    /// Village as it was understood.
    pub village_name: String,
    /// School and class as they were understood.
    pub class_name: String,
    /// What is wrong, in the cell's own terms.
    pub problems: Vec<RosterProblemView>,
    /// What would change, for a known child.
    pub changes: Vec<RosterChangeView>,
    /// The known child that it was taken for.
    pub matched: Option<DocumentId>,
    /// For a doubtful row: the person has decided to take it.
    pub accepted: bool,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RosterProblemView {
    /// The header as in the file.
    pub column: String,
    /// The cell's text.
    pub cell: String,
    /// In Chinese.
    pub text_zh: String,
    /// In English.
    pub text_en: String,
}

/// A field that would change.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RosterChangeView {
    /// The field's Chinese label.
    pub label_zh: String,
    /// The field's English label.
    pub label_en: String,
    /// So far.
    pub old: String,
    /// In the file.
    pub new: String,
}

/// Decides on doubtful rows.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AcceptRosterRows {
    /// The import.
    pub import_id: ImportId,
    /// The rows.
    pub row_numbers: Vec<u32>,
    /// Take them, or leave them.
    pub accepted: bool,
}

/// Names an import.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OneImport {
    /// The import.
    pub import_id: ImportId,
}

/// What was written.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RosterImported {
    /// Dossiers opened.
    pub created: u32,
    /// Dossiers changed.
    pub changed: u32,
    /// Rows left alone: same, refused, doubtful and not accepted.
    pub left: u32,
    /// When it was committed.
    pub saved_at: Timestamp,
}

#[derive(Default)]
pub struct PreviewedRosters;
impl PreviewedRosters {
    pub(super) fn clear(&self) {}
    pub(super) fn discard(&self, _: ImportId) {}
}
use super::backend::Backend;
use crate::error::{Failure, Result};
pub(super) fn preview(_: &Backend, _: &str, _: &[u8]) -> Result<RosterPreview> {
    Err(Failure::missing("x"))
}
pub(super) fn rows(_: &Backend, _: &ShowRosterRows) -> Result<RosterRows> {
    Err(Failure::missing("x"))
}
pub(super) fn accept(_: &Backend, _: &AcceptRosterRows) -> Result<RosterRows> {
    Err(Failure::missing("x"))
}
pub(super) fn confirm(_: &Backend, _: ImportId) -> Result<RosterImported> {
    Err(Failure::missing("x"))
}
pub(super) fn refused(_: &Backend, _: ImportId) -> Result<super::ledger::MadeFile> {
    Err(Failure::missing("x"))
}
