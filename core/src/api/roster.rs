//! Bringing in a roster: every row has its verdict before anything is written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::backend::Backend;
use super::held::held;
use super::made_file::MadeFile;
use crate::app::import_roster::{self, JudgedRoster};
use crate::domain::field::{self, masked};
use crate::domain::identifier::{DocumentId, ImportId};
use crate::domain::ledger::PlaceNames;
use crate::domain::place::Leaves;
use crate::domain::roster::{FieldChange, Verdict};
use crate::domain::time::{Day, Timestamp};
use crate::error::{ErrorCode, Failure, Result};
use crate::spreadsheet::refused_rows::refused_rows;

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
    /// The sheet that was read.
    pub sheet_name: String,
    /// Other sheets of the file that hold a table of children, too: they were not read. To bring one in, it is
    /// saved as a file of its own.
    pub other_sheets: Vec<String>,
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

/// Rosters that are being looked at. In memory only: they hold personal data, and a restart loses nothing
/// that was confirmed.
#[derive(Default)]
pub(super) struct PreviewedRosters(Mutex<BTreeMap<ImportId, Arc<Mutex<JudgedRoster>>>>);

/// So many are kept at most; the oldest goes.
const ROSTERS_MAX: usize = 3;

impl PreviewedRosters {
    fn keep(&self, id: ImportId, roster: JudgedRoster) {
        let mut rosters = held(&self.0);
        while rosters.len() >= ROSTERS_MAX {
            rosters.pop_first();
        }
        rosters.insert(id, Arc::new(Mutex::new(roster)));
    }

    fn get(&self, id: ImportId) -> Result<Arc<Mutex<JudgedRoster>>> {
        held(&self.0).get(&id).map(Arc::clone).ok_or_else(|| Failure::new(ErrorCode::ImportNotHere, "no such import"))
    }

    pub(super) fn discard(&self, id: ImportId) {
        held(&self.0).remove(&id);
    }

    pub(super) fn clear(&self) {
        held(&self.0).clear();
    }
}

pub(super) fn preview(backend: &Backend, file_name: &str, bytes: &[u8]) -> Result<RosterPreview> {
    // The file is read without holding the store: a large one takes seconds.
    backend.with_device(|device| import_roster::may_import(device))?;
    let read = import_roster::read(file_name, bytes)?;
    let roster = backend.with_device(|device| import_roster::judge(device, read))?;
    let import_id = backend.environment().new_import_id();
    let preview = RosterPreview {
        import_id,
        row_count: count(roster.verdicts.len()),
        counts: counts(&roster),
        recognised_columns: roster
            .table
            .recognised()
            .map(|(header, column)| RecognisedColumn { header: header.to_owned(), taken_for: column.zh().to_owned() })
            .collect(),
        unrecognised_columns: roster.table.unrecognised().map(str::to_owned).collect(),
        missing_columns: roster.table.missing().into_iter().map(str::to_owned).collect(),
        sheet_name: roster.sheet.name.clone(),
        other_sheets: roster.sheet.other_tables.clone(),
    };
    backend.rosters.keep(import_id, roster);
    Ok(preview)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn counts(roster: &JudgedRoster) -> VerdictCounts {
    let of = |verdict| count(roster.verdicts.iter().filter(|row| row.verdict == verdict).count());
    VerdictCounts {
        new: of(Verdict::New),
        same: of(Verdict::Same),
        changed: of(Verdict::Changed),
        doubtful: of(Verdict::Doubtful),
        refused: of(Verdict::Refused),
    }
}

pub(super) fn rows(backend: &Backend, request: &ShowRosterRows) -> Result<RosterRows> {
    let roster = backend.rosters.get(request.import_id)?;
    let roster = held(&roster);
    let wanted = request.verdict.as_deref();
    page(backend, &roster, |verdict| wanted.is_none_or(|key| verdict.key() == key), request.offset, request.limit)
}

fn page(
    backend: &Backend,
    roster: &MutexGuard<'_, JudgedRoster>,
    wanted: impl Fn(Verdict) -> bool,
    offset: u32,
    limit: u32,
) -> Result<RosterRows> {
    let county = backend.with_device(|device| Ok(device.county()))?;
    let names = PlaceNames::of(&county);
    let today = backend.environment().now().day();
    let matching: Vec<_> =
        roster.verdicts.iter().zip(&roster.table.rows).filter(|(verdict, _)| wanted(verdict.verdict)).collect();
    let from = usize::try_from(offset).unwrap_or(usize::MAX);
    let most = usize::try_from(limit.clamp(1, 500)).unwrap_or(1);
    let rows = matching
        .iter()
        .skip(from)
        .take(most)
        .map(|(verdict, row)| RosterRowView {
            row_number: verdict.row_number,
            verdict: verdict.verdict.key().to_owned(),
            name: row.name.as_ref().map(|name| name.written().to_owned()).unwrap_or_default(),
            id_number: masked(&row.id_text),
            village_name: names.village(&verdict.leaves),
            class_name: class_name(&names, &verdict.leaves, today),
            problems: verdict
                .problems
                .iter()
                .map(|problem| RosterProblemView {
                    column: problem.column.clone(),
                    cell: if problem.cell.len() >= 15 { masked(&problem.cell) } else { problem.cell.clone() },
                    text_zh: problem.text_zh(),
                    text_en: problem.text_en(),
                })
                .collect(),
            changes: verdict.changes.iter().map(change_view).collect(),
            matched: verdict.matched,
            accepted: roster.accepted.contains(&verdict.row_number),
        })
        .collect();
    Ok(RosterRows { total: count(matching.len()), rows })
}

fn class_name(names: &PlaceNames<'_>, leaves: &Leaves, today: Day) -> String {
    leaves.class.as_ref().map(|id| format!("{}{}", names.school(id), names.class(id, today))).unwrap_or_default()
}

fn change_view(change: &FieldChange) -> RosterChangeView {
    let (zh, en) = match field::at(&change.field) {
        Some(field) => (field.zh, field.en),
        None if change.field.starts_with("guardians.") => ("监护人", "Guardian"),
        None if change.field == "placement.village" => ("村(社区)", "Village"),
        None if change.field == "placement.class" => ("班级", "Class"),
        None if change.field == "status" => ("就学状态", "Status"),
        None => ("特殊情况", "Flags"),
    };
    let shown = |text: &str| if text.len() >= 15 && text.is_ascii() { masked(text) } else { text.to_owned() };
    RosterChangeView {
        label_zh: zh.to_owned(),
        label_en: en.to_owned(),
        old: shown(&change.old),
        new: shown(&change.new),
    }
}

pub(super) fn accept(backend: &Backend, request: &AcceptRosterRows) -> Result<RosterRows> {
    let roster = backend.rosters.get(request.import_id)?;
    let mut roster = held(&roster);
    for row_number in &request.row_numbers {
        roster.accept(*row_number, request.accepted);
    }
    page(backend, &roster, |verdict| verdict == Verdict::Doubtful, 0, 500)
}

pub(super) fn confirm(backend: &Backend, id: ImportId) -> Result<RosterImported> {
    let roster = backend.rosters.get(id)?;
    let imported = backend.with_device(|device| import_roster::confirm(device, &held(&roster)))?;
    backend.rosters.discard(id);
    Ok(RosterImported {
        created: count(imported.created),
        changed: count(imported.changed),
        left: count(imported.left),
        saved_at: imported.saved_at,
    })
}

pub(super) fn refused(backend: &Backend, id: ImportId) -> Result<MadeFile> {
    let roster = backend.rosters.get(id)?;
    let roster = held(&roster);
    let bytes = refused_rows(&roster.sheet, &roster.table, &roster.verdicts)?;
    let name = format!("未导入的行-{}.xlsx", backend.environment().now().day());
    Ok(backend.files().keep(backend.environment(), &name, bytes, counts(&roster).refused))
}
