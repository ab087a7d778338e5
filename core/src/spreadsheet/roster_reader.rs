//! From a sheet to a roster: the header, what each column means, which rows are about a child (handbook 3.4, 9.1).

use std::sync::Arc;

use super::Sheet;
use super::headers::{self, HeaderColumn};
use super::row_cells::{Places, RowCells, Subject};
use super::row_reader::read_row;
use crate::domain::roster::column::RosterColumn;
use crate::domain::roster::{RosterContext, RosterRow};
use crate::error::{ErrorCode, Failure, Result};

/// A roster: what its columns were taken for, and its rows.
#[derive(Debug, Clone)]
pub struct RosterTable {
    /// The columns of the header, from left to right.
    pub columns: Vec<HeaderColumn>,
    /// The rows that speak of a child, in the order of the file.
    pub rows: Vec<RosterRow>,
    /// Rows that hold something and speak of no child: totals, footers, a header printed again. From 1.
    pub passed_over: Vec<u32>,
}

impl RosterTable {
    /// Headers that were understood, with what they were taken for.
    pub fn recognised(&self) -> impl Iterator<Item = (&str, RosterColumn)> {
        self.columns
            .iter()
            .filter_map(|column| Some((column.header.as_str(), column.column?)))
            .filter(|(_, column)| *column != RosterColumn::LeftOut)
    }

    /// Headers that were not understood: their cells are left out.
    pub fn unrecognised(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|column| column.column.is_none()).map(|column| column.header.as_str())
    }

    /// Headers that are known and that the dossier has no place for: their cells are left out, too.
    pub fn left_out(&self) -> impl Iterator<Item = &str> {
        let known = self.columns.iter().filter(|column| column.column == Some(RosterColumn::LeftOut));
        known.map(|column| column.header.as_str())
    }

    /// Columns that the ledger asks for and that the file lacks, by the ledger's headers.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let has = |expected: RosterColumn| {
            self.columns.iter().filter_map(|column| column.column).any(|c| c == expected || c.stands_in_for(expected))
        };
        RosterColumn::EXPECTED.iter().filter(|expected| !has(**expected)).map(|expected| expected.zh()).collect()
    }
}

/// Finds the header and reads the rows below it.
///
/// # Errors
/// [`ErrorCode::SpreadsheetHeaderMissing`] where no row names a name column and another one.
pub fn read_roster(sheet: &Sheet) -> Result<RosterTable> {
    let header = headers::find(sheet)
        .ok_or_else(|| Failure::new(ErrorCode::SpreadsheetHeaderMissing, "no header with a name column"))?;
    let mut places = Places::new();
    let mut context = RosterContext { titles: titles(sheet, header.first_row), ..RosterContext::default() };
    for HeaderColumn { at, header, column } in &header.columns {
        if let Some(column) = column.filter(|column| *column != RosterColumn::LeftOut) {
            places.entry(column).or_default().push(*at);
            context.headers.entry(column).or_insert_with(|| header.clone());
        }
    }
    let context = Arc::new(context);
    let mut table = RosterTable { columns: header.columns, rows: Vec::new(), passed_over: Vec::new() };
    for row in header.first_row.saturating_add(header.row_count)..sheet.rows.len() {
        let row_number = u32::try_from(row).unwrap_or(u32::MAX).saturating_add(1);
        let cells = RowCells { sheet, row, places: &places, context: &context };
        match cells.subject() {
            Subject::Child => {
                let mut child = RosterRow { row_number, context: context.clone(), ..RosterRow::default() };
                read_row(cells, &mut child);
                table.rows.push(child);
            }
            Subject::Other => table.passed_over.push(row_number),
            Subject::Nothing => {}
        }
    }
    Ok(table)
}

/// The sheet's name and what stands above the header, each text once.
fn titles(sheet: &Sheet, first_row: usize) -> Vec<String> {
    let mut titles = vec![sheet.name.clone()];
    for cell in sheet.rows.iter().take(first_row).flatten().filter(|cell| !cell.is_empty()) {
        let text = cell.text.trim().to_owned();
        if !titles.contains(&text) {
            titles.push(text);
        }
    }
    titles
}

#[cfg(test)]
mod tests {
    use super::super::Cell;
    use super::*;

    #[test]
    fn rows_that_speak_of_no_child_are_passed_over_and_counted() {
        let rows: [&[&str]; 11] = [
            &["2026年秋季学生花名册", "2026年秋季学生花名册", "2026年秋季学生花名册"],
            &["序号", "姓名", "性别"],
            &["", "必填", "1男2女"],
            &["1", "石小满", "男"],
            &[],
            &["序号", "姓名", "性别"],
            &["2", "石小圆", "女"],
            &["3", "", ""],
            &["合计", "2人", ""],
            &["填表人:王老师", "", ""],
            &["注:本表一式两份", "注:本表一式两份", "注:本表一式两份"],
        ];
        let rows = rows.iter().map(|row| row.iter().map(|text| Cell::text(*text)).collect()).collect();
        let table = read_roster(&Sheet { name: "1班".to_owned(), rows, other_tables: vec![] }).unwrap();
        let numbers: Vec<_> = table.rows.iter().map(|row| row.row_number).collect();
        assert_eq!((numbers, table.passed_over), (vec![4, 7], vec![3, 6, 8, 9, 10, 11]));
        assert_eq!(table.rows[0].context.titles, ["1班", "2026年秋季学生花名册"]);
    }

    #[test]
    fn columns_are_told_as_understood_not_understood_and_missing() {
        let header = ["序号", "姓名", "性别", "血型", "学校标识码", "出生日期", "父亲姓名", "政治面貌"];
        let rows = vec![header.iter().map(|text| Cell::text(*text)).collect()];
        let table = read_roster(&Sheet { rows, ..Sheet::default() }).unwrap();
        let recognised: Vec<_> = table.recognised().map(|(header, column)| (header, column.zh())).collect();
        assert_eq!(recognised[0], ("姓名", "学生姓名"));
        assert_eq!(recognised.len(), 5);
        assert_eq!(table.unrecognised().collect::<Vec<_>>(), ["血型"]);
        assert_eq!(table.left_out().collect::<Vec<_>>(), ["序号", "政治面貌"]);
        let missing = table.missing();
        assert!(missing.contains(&"身份证件号") && missing.contains(&"村(社区)") && missing.contains(&"监护人电话"));
        assert!(!missing.contains(&"就读学校") && !missing.contains(&"监护人姓名"), "other columns give them");
    }

    #[test]
    fn a_sheet_without_a_header_is_told_so() {
        let failure = read_roster(&Sheet::default()).unwrap_err();
        assert_eq!(failure.code, ErrorCode::SpreadsheetHeaderMissing);
    }
}
