//! The ledger (台账, handbook 3.4) as a live view.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::children::{ResponsibleNames, villages_named};
use super::ledger_kind::LedgerKind;
use crate::app::device::Device;
use crate::domain::code_list::{ChildFlag, SchoolingStatus};
use crate::domain::county::County;
use crate::domain::duty_fold::Duties;
use crate::domain::identifier::DocumentId;
use crate::domain::ledger::{self, LedgerRow, PlaceNames};
use crate::domain::place::{ClassId, PlaceCode, SchoolCode};
use crate::error::Result;
use crate::spreadsheet::writer::{ColumnKind, Table, TableColumn, write_table};
use crate::store::child_search::TermRange;
use crate::store::children::{ChildFilter, FilterPart};

/// Which rows, in which order.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(export)]
pub struct ShowLedger {
    /// Which ledger.
    pub kind: LedgerKind,
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
    /// For an export: only these dossiers of what the filter leaves; empty for all.
    pub only: Vec<DocumentId>,
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

fn filter(device: &Device, request: &ShowLedger) -> ChildFilter {
    let county = device.county();
    let mergers = county.mergers();
    ChildFilter {
        terms: TermRange::of(&request.search),
        villages_named: villages_named(&county, &request.search),
        places: request.place.as_ref().map(|place| mergers.codes_of(place)).unwrap_or_default(),
        schools: request.school.as_ref().map(|school| mergers.schools_of(school)).unwrap_or_default(),
        class: request.class.clone(),
        statuses: request.statuses.clone(),
        flags: request.flags.clone(),
        only_conflicts: request.only_conflicts,
        evidence_before: None,
        only: None,
        // Only a column's own key is ever sorted by.
        sort_by: ledger::COLUMNS
            .iter()
            .map(|column| column.key)
            .find(|key| *key == request.sort_by)
            .or((!request.search.is_empty()).then_some("village")),
        descending: request.descending,
    }
}

/// A page of the ledger with its facets.
pub(super) fn page(device: &Device, request: &ShowLedger) -> Result<LedgerPage> {
    let mut filter = filter(device, request);
    let cases = request.kind.rows(device)?;
    filter.only = cases.as_ref().map(|rows| rows.keys().copied().collect());
    let reading = device.store.reading();
    let county = device.county();
    let names = PlaceNames::of(&county);
    let today = device.environment.now().day();
    let mut stored = reading.ledger_rows(&filter, request.offset, request.limit.clamp(1, 500))?;
    name_responsible(device, &county, &mut stored);
    let rows = stored
        .iter()
        .zip(request.offset.saturating_add(1)..)
        .map(|((document_id, row), seq)| LedgerRowView {
            document_id: *document_id,
            cells: with_case(ledger::cells(row, seq, &names, today), cases.as_ref(), *document_id),
            status: SchoolingStatus::from_key(&row.status).unwrap_or(SchoolingStatus::Unverified),
            conflicts: conflict_columns(&row.conflicts),
        })
        .collect();
    let facet = |part, name: &dyn Fn(&str) -> String| -> Result<Vec<FacetCount>> {
        let counts = reading.facet(&filter, part)?;
        Ok(counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(key, count)| FacetCount { name: name(&key), key, count })
            .collect())
    };
    Ok(LedgerPage {
        columns: ledger::COLUMNS
            .iter()
            .map(|column| LedgerColumn {
                key: column.key.to_owned(),
                header: column.zh.to_owned(),
                header_en: column.en.to_owned(),
                numeric: NUMERIC.contains(&column.key),
                shown: column.shown && (request.kind == LedgerKind::SchoolAge || !NOT_OF_CASES.contains(&column.key)),
            })
            .chain(request.kind.columns().into_iter().map(|column| LedgerColumn {
                key: column.key.to_owned(),
                header: column.zh.to_owned(),
                header_en: column.en.to_owned(),
                numeric: column.numeric,
                shown: true,
            }))
            .collect(),
        rows,
        total: reading.count_children(&filter)?,
        by_status: facet(FilterPart::Status, &|key| {
            SchoolingStatus::from_key(key).map_or_else(|| key.to_owned(), |status| status.zh().to_owned())
        })?,
        by_village: facet(FilterPart::Place, &|key| names.place(key))?,
        by_school: facet(FilterPart::School, &|key| names.school(&ClassId(key.to_owned())))?,
        by_flag: facet(FilterPart::Flag, &|key| {
            ChildFlag::from_key(key).map_or_else(|| key.to_owned(), |flag| flag.zh().to_owned())
        })?,
    })
}

/// Columns of the master ledger that a ledger of cases shows only on request: its own take their place.
const NOT_OF_CASES: &[&str] = &[
    "household_head_name",
    "sex",
    "birth_date",
    "left_behind",
    "status_since",
    "special_flags",
    "evidence",
    "verify_method",
    "verified_on",
    "verified_by",
    "visit_count",
];

/// The cells of the master ledger, and those of the case after them.
fn with_case(
    mut cells: Vec<String>,
    cases: Option<&BTreeMap<DocumentId, Vec<String>>>,
    document: DocumentId,
) -> Vec<String> {
    if let Some(own) = cases.and_then(|rows| rows.get(&document)) {
        cells.extend(own.iter().cloned());
    }
    cells
}

/// Who is responsible is told by the county's grid and not by the dossier alone, so it is put in when a row is shown.
fn name_responsible(device: &Device, county: &County, rows: &mut [(DocumentId, LedgerRow)]) {
    let duties = Duties::of(county);
    for (document, row) in rows {
        let group = row.cells.get("village_group").cloned().unwrap_or_default();
        let ResponsibleNames { government, education } =
            ResponsibleNames::of(device, &duties, *document, &row.leaves, &group);
        row.cells.insert("responsible_gov".to_owned(), government);
        row.cells.insert("responsible_edu".to_owned(), education);
    }
}

/// Columns whose numbers stand right.
const NUMERIC: &[&str] = &["seq", "visit_count"];
/// Columns that hold days.
const DAYS: &[&str] = &["birth_date", "status_since", "verified_on"];
/// Rows of one export; a county has some 80,000 children.
const EXPORT_ROWS_MAX: u32 = 200_000;

fn conflict_columns(paths: &[String]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for column in ledger::COLUMNS {
        let hit = paths.iter().any(|path| {
            !column.path.is_empty() && (path == column.path || path.split('.').next() == Some(column.path))
        });
        if hit {
            keys.push(column.key.to_owned());
        }
    }
    keys
}

/// The ledger as a spreadsheet: exactly what is seen, all pages, or of it the rows that were chosen; and how many
/// rows it has.
pub(super) fn export(device: &Device, request: &ShowLedger) -> Result<(Vec<u8>, u32)> {
    let mut filter = filter(device, request);
    let cases = request.kind.rows(device)?;
    filter.only = cases.as_ref().map(|rows| rows.keys().copied().collect());
    let county = device.county();
    let names = PlaceNames::of(&county);
    let today = device.environment.now().day();
    let all = export_columns(request.kind);
    let wanted: Vec<usize> = if request.columns.is_empty() {
        (0..all.len()).collect()
    } else {
        let place = |key: &String| all.iter().position(|(known, _)| *known == key.as_str());
        request.columns.iter().filter_map(place).collect()
    };
    let mut stored = device.store.reading().ledger_rows(&filter, 0, EXPORT_ROWS_MAX)?;
    name_responsible(device, &county, &mut stored);
    let only: BTreeSet<DocumentId> = request.only.iter().copied().collect();
    let rows: Vec<Vec<String>> = stored
        .iter()
        .filter(|(document_id, _)| only.is_empty() || only.contains(document_id))
        .zip(1..)
        .map(|((document_id, row), seq)| {
            let cells = with_case(ledger::cells(row, seq, &names, today), cases.as_ref(), *document_id);
            wanted.iter().map(|place| cells.get(*place).cloned().unwrap_or_default()).collect()
        })
        .collect();
    let row_count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let columns = wanted.iter().filter_map(|place| all.get(*place)).map(|(_, column)| column.clone()).collect();
    let bytes = write_table(&Table {
        title: Some(format!("{}{}({today})", county.county.name, request.kind.zh())),
        sheet_name: request.kind.zh().to_owned(),
        columns,
        rows,
        frozen_columns: 1,
    })?;
    Ok((bytes, row_count))
}

/// All columns of a ledger as a spreadsheet has them, by key.
fn export_columns(kind: LedgerKind) -> Vec<(&'static str, TableColumn)> {
    let master = ledger::COLUMNS.iter().map(|column| {
        let form = if NUMERIC.contains(&column.key) {
            ColumnKind::Integer
        } else if DAYS.contains(&column.key) {
            ColumnKind::Date
        } else {
            ColumnKind::Text
        };
        (column.key, table_column(column.zh, column.width_chars, form))
    });
    let own = kind.columns().into_iter().map(|column| {
        let form = if column.numeric { ColumnKind::Integer } else { ColumnKind::Text };
        (column.key, table_column(column.zh, column.width_chars, form))
    });
    master.chain(own).collect()
}

fn table_column(header: &str, width_chars: u8, kind: ColumnKind) -> TableColumn {
    TableColumn { header: header.to_owned(), width_chars: u16::from(width_chars), kind }
}
