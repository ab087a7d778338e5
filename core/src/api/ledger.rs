//! The ledger (台账, handbook 3.4) as a live view.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::child_ledger;
use super::children::{ResponsibleNames, villages_named};
use super::facet_count::FacetCount;
use super::ledger_kind::LedgerKind;
use crate::app::device::Device;
use crate::domain::code_list::{ChildFlag, SchoolingStatus};
use crate::domain::county::County;
use crate::domain::duty_fold::Duties;
use crate::domain::identifier::DocumentId;
use crate::domain::ledger::{self, LedgerRow, PlaceNames};
use crate::domain::place::{Class, ClassId, PlaceCode, SchoolCode};
use crate::domain::time::Day;
use crate::error::Result;
use crate::spreadsheet::writer::{ColumnKind, Table, TableColumn, write_table};
use crate::store::Reading;
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
    /// Only of places that the county watches most closely (重点区域).
    pub only_key_areas: bool,
    /// Only of this villager group.
    pub group: Option<String>,
    /// Only of this household: a key of `by_household`.
    pub household: Option<String>,
    /// Only of this grade, 1 to 9.
    pub grade: Option<u8>,
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
    /// How many for each villager group of the place, where that is a village; the filter by group left out.
    pub by_group: Vec<FacetCount>,
    /// How many for each household of the place, where that is a village; the filter by household left out.
    pub by_household: Vec<FacetCount>,
    /// How many for each grade, the filter by grade left out.
    pub by_grade: Vec<FacetCount>,
    /// How many for each township, where there are several, and each village; the filter by place left out.
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

fn filter(county: &County, today: Day, request: &ShowLedger) -> ChildFilter {
    let mergers = county.mergers();
    ChildFilter {
        terms: TermRange::of(&request.search),
        villages_named: villages_named(county, &request.search),
        places: request.place.as_ref().map(|place| mergers.codes_of(place)).unwrap_or_default(),
        key_areas: request.only_key_areas.then(|| county.key_areas()),
        schools: request.school.as_ref().map(|school| mergers.schools_of(school)).unwrap_or_default(),
        class: request.class.clone(),
        statuses: request.statuses.clone(),
        flags: request.flags.clone(),
        only_conflicts: request.only_conflicts,
        not_whole_on: None,
        only: None,
        village_group: request.group.clone(),
        household: request.household.clone(),
        classes: request.grade.map(|grade| classes_of(county, grade, today)),
        members: child_ledger::members(request.kind),
        // Only a column's own key is ever sorted by.
        sort_by: ledger::COLUMNS
            .iter()
            .map(|column| column.key)
            .chain(request.kind.columns().into_iter().filter(|_| !request.kind.is_of_cases()).map(|column| column.key))
            .find(|key| *key == request.sort_by)
            .or((!request.search.is_empty()).then_some("village")),
        descending: request.descending,
    }
}

/// A page of the ledger with its facets.
pub(super) fn page(device: &Device, request: &ShowLedger) -> Result<LedgerPage> {
    let county = device.county();
    let today = device.environment.now().day();
    let mut filter = filter(&county, today, request);
    let cases = request.kind.rows(device)?;
    filter.only = cases.as_ref().map(|rows| rows.keys().copied().collect());
    let reading = device.store.reading();
    let names = PlaceNames::of(&county);
    let mut stored =
        ordered_rows(reading, &filter, request, cases.as_ref(), request.offset, request.limit.clamp(1, 500))?;
    name_responsible(device, &county, &mut stored);
    let rows = stored
        .iter()
        .zip(request.offset.saturating_add(1)..)
        .map(|((document_id, row), seq)| LedgerRowView {
            document_id: *document_id,
            cells: all_cells(request.kind, &county, &names, today, (*document_id, row, seq), cases.as_ref()),
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
                shown: is_shown(request.kind, column),
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
        by_group: if request.place.as_ref().is_some_and(PlaceCode::is_village) {
            facet(FilterPart::Group, &str::to_owned)?
        } else {
            Vec::new()
        },
        by_household: if request.place.as_ref().is_some_and(PlaceCode::is_village) {
            let mut households = facet(FilterPart::Household, &household_name)?;
            households.retain(|household| !household.key.is_empty());
            households
        } else {
            Vec::new()
        },
        by_grade: by_grade(&county, today, reading.facet(&filter, FilterPart::Grade)?),
        by_village: with_townships(&names, facet(FilterPart::Place, &|key| names.place(key))?),
        by_school: facet(FilterPart::School, &|key| names.school(&ClassId(key.to_owned())))?,
        by_flag: facet(FilterPart::Flag, &|key| {
            ChildFlag::from_key(key).map_or_else(|| key.to_owned(), |flag| flag.zh().to_owned())
        })?,
    })
}

/// What a ledger shows of the master ledger's columns unless somebody chooses otherwise.
fn is_shown(kind: LedgerKind, column: &ledger::Column) -> bool {
    match (kind, column.key) {
        (LedgerKind::SchoolAge, _) => column.shown,
        (LedgerKind::KeyGroups, "special_flags" | "household_category" | "left_behind" | "guardian") => true,
        // What does not agree, and what to do, come first to the eye.
        (LedgerKind::Mismatch, "guardian" | "school_name" | "village_group") => false,
        (LedgerKind::HomeTeaching, "disability") | (LedgerKind::Mismatch, "record_state") => true,
        (_, key) => column.shown && !NOT_OF_CASES.contains(&key),
    }
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

/// The rows in their order: of a column of cases by what the fold says, else by the store.
fn ordered_rows(
    reading: Reading<'_>,
    filter: &ChildFilter,
    request: &ShowLedger,
    cases: Option<&CaseCells>,
    offset: u32,
    limit: u32,
) -> Result<Vec<(DocumentId, LedgerRow)>> {
    let columns = request.kind.columns();
    let sorted = columns.iter().position(|column| column.key == request.sort_by).zip(cases);
    let Some((place, cases)) = sorted else { return reading.ledger_rows(filter, offset, limit) };
    let mut rows = reading.ledger_rows(&ChildFilter { descending: false, ..filter.clone() }, 0, EXPORT_ROWS_MAX)?;
    let is_numeric = columns.get(place).is_some_and(|column| column.numeric);
    let value = |document: &DocumentId| {
        let text = cases.get(document).and_then(|cells| cells.get(place)).cloned().unwrap_or_default();
        let number = text.parse::<i64>().unwrap_or(i64::MIN);
        (if is_numeric { number } else { 0 }, text)
    };
    rows.sort_by_cached_key(|(document, _)| value(document));
    if request.descending {
        rows.reverse();
    }
    let from = usize::try_from(offset).unwrap_or(usize::MAX);
    let count = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(rows.into_iter().skip(from).take(count).collect())
}

/// The cells of the master ledger, and those of the ledger's own columns after them.
fn all_cells(
    kind: LedgerKind,
    county: &County,
    names: &PlaceNames<'_>,
    today: Day,
    (document, row, seq): (DocumentId, &LedgerRow, u32),
    cases: Option<&CaseCells>,
) -> Vec<String> {
    let mut cells = ledger::cells(row, seq, names, &county.evidence_versions(), today);
    match cases {
        Some(rows) => cells.extend(rows.get(&document).into_iter().flatten().cloned()),
        None => cells.extend(kind.columns().iter().map(|column| child_ledger::cell(column.key, row, county, today))),
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

/// Head and group of a household, by its key; or the phone by which it is told apart.
fn household_name(key: &str) -> String {
    let mut parts = key.split('|').skip(1);
    match (parts.next(), parts.next()) {
        (Some(""), Some(head)) => head.to_owned(),
        (Some(group), Some(head)) => format!("{head} {group}"),
        (phone, _) => phone.unwrap_or_default().to_owned(),
    }
}

/// The classes that have a grade today.
fn classes_of(county: &County, grade: u8, today: Day) -> Vec<ClassId> {
    let classes = county.schools.iter().flat_map(|school| &school.classes);
    classes.filter(|class| class.grade_on(today.0) == Some(grade)).map(|class| class.id.clone()).collect()
}

/// Counts by class as counts by grade.
fn by_grade(county: &County, today: Day, classes: Vec<(String, u32)>) -> Vec<FacetCount> {
    let known: BTreeMap<&str, &Class> =
        county.schools.iter().flat_map(|school| &school.classes).map(|class| (class.id.0.as_str(), class)).collect();
    let mut counts: BTreeMap<u8, u32> = BTreeMap::new();
    for (class, count) in classes {
        if let Some(grade) = known.get(class.as_str()).and_then(|class| class.grade_on(today.0)) {
            let total = counts.entry(grade).or_default();
            *total = total.saturating_add(count);
        }
    }
    counts
        .into_iter()
        .map(|(grade, count)| FacetCount { key: grade.to_string(), name: ledger::grade_name(grade), count })
        .collect()
}

/// Counts by village, with those of the townships before them where there are several.
fn with_townships(names: &PlaceNames<'_>, villages: Vec<FacetCount>) -> Vec<FacetCount> {
    let mut townships: BTreeMap<String, u32> = BTreeMap::new();
    for village in &villages {
        if let Some(township) = PlaceCode::parse(&village.key).and_then(|code| code.parent()) {
            let total = townships.entry(township.as_str().to_owned()).or_default();
            *total = total.saturating_add(village.count);
        }
    }
    if townships.len() < 2 {
        return villages;
    }
    let townships = townships.into_iter().map(|(key, count)| FacetCount { name: names.place(&key), key, count });
    townships.chain(villages).collect()
}

/// The cells of a ledger of cases by dossier.
type CaseCells = BTreeMap<DocumentId, Vec<String>>;

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
    let county = device.county();
    let today = device.environment.now().day();
    let mut filter = filter(&county, today, request);
    let cases = request.kind.rows(device)?;
    filter.only = cases.as_ref().map(|rows| rows.keys().copied().collect());
    let names = PlaceNames::of(&county);
    let all = export_columns(request.kind);
    let wanted: Vec<usize> = if request.columns.is_empty() {
        (0..all.len()).collect()
    } else {
        let place = |key: &String| all.iter().position(|(known, _)| *known == key.as_str());
        request.columns.iter().filter_map(place).collect()
    };
    let mut stored = ordered_rows(device.store.reading(), &filter, request, cases.as_ref(), 0, EXPORT_ROWS_MAX)?;
    name_responsible(device, &county, &mut stored);
    let only: BTreeSet<DocumentId> = request.only.iter().copied().collect();
    let rows: Vec<Vec<String>> = stored
        .iter()
        .filter(|(document_id, _)| only.is_empty() || only.contains(document_id))
        .zip(1..)
        .map(|((document_id, row), seq)| {
            let cells = all_cells(request.kind, &county, &names, today, (*document_id, row, seq), cases.as_ref());
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
