//! .xlsx and .xls by calamine, within the limits of [`super`].
//!
//! What calamine does not tell, and what is done about it: a number's format, so `07` of a cell formatted `00`
//! comes as 7 (the code lists read both); the digits that a spreadsheet never kept, so a long number is marked
//! as rounded and never taken for an ID number.

use std::io::Cursor;

use calamine::{Data, Dimensions, Reader, SheetType, SheetVisible, Xls, XlsOptions, Xlsx};
use jiff::civil::Date;

use super::refusal::{protected, too_large, unreadable};
use super::{
    CELLS_MAX, COLUMNS_MAX, Cell, CellKind, ROWS_MAX, Sheet, TEXT_BYTES_MAX, headers, xls_measure, xlsx_measure,
};
use crate::error::{ErrorCode, Failure, Result};

/// Sheets times the largest part, in bytes: what calamine may have to read.
const PARTS_READ_BYTES_MAX: u64 = 1024 * 1024 * 1024;

pub(super) fn read_xlsx(bytes: &[u8]) -> Result<Sheet> {
    let measured = xlsx_measure::measured(bytes)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(measured.file)).map_err(|cause| unreadable("xlsx", cause))?;
    let mut limits = Limits::default();
    let mut sheets = Vec::new();
    let names = names(workbook.sheets_metadata());
    // A thousand sheets may all name one large part, which is then read a thousand times.
    if measured.part_bytes_max.saturating_mul(names.len() as u64) > PARTS_READ_BYTES_MAX {
        return Err(too_large("sheets"));
    }
    for name in names {
        let mut sheet = Sheet { name: name.clone(), ..Sheet::default() };
        let mut reader = workbook.worksheet_cells_reader(&name).map_err(|cause| unreadable("xlsx", cause))?;
        while let Some(cell) = reader.next_cell().map_err(|cause| unreadable("xlsx", cause))? {
            limits.put(&mut sheet, cell.get_position(), cell_of(cell.get_value().clone().into()))?;
        }
        drop(reader);
        let merged = workbook.merge_cells_by_sheet_name(&name).map_err(|cause| unreadable("xlsx", cause))?;
        limits.fill(&mut sheet, &merged)?;
        sheets.push(sheet);
    }
    chosen(sheets)
}

pub(super) fn read_xls(bytes: &[u8]) -> Result<Sheet> {
    let measured = xls_measure::measured(bytes)?;
    let mut options = XlsOptions::default();
    options.force_codepage = measured.is_unicode.then_some(1200);
    let opened = Xls::new_with_options(Cursor::new(measured.file), options);
    let mut workbook = opened.map_err(|cause| match cause {
        calamine::XlsError::Password => protected(),
        cause => unreadable("xls", cause),
    })?;
    let mut limits = Limits::default();
    let mut sheets = Vec::new();
    for name in names(workbook.sheets_metadata()) {
        let mut sheet = Sheet { name: name.clone(), ..Sheet::default() };
        let range = workbook.worksheet_range(&name).map_err(|cause| unreadable("xls", cause))?;
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, column, value) in range.used_cells() {
            let at = |first: u32, offset: usize| first.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
            let position = (at(first_row, row), at(first_column, column));
            limits.put(&mut sheet, position, cell_of(value.clone()))?;
        }
        let merged = workbook.merge_cells_by_sheet_name(&name).map_err(|cause| unreadable("xls", cause))?;
        limits.fill(&mut sheet, &merged)?;
        sheets.push(sheet);
    }
    chosen(sheets)
}

/// The sheets that people see, or all where none is visible: code lists hide in hidden sheets.
fn names(sheets: &[calamine::Sheet]) -> Vec<String> {
    let named = |visible: bool| {
        let sheets = sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        let sheets = sheets.filter(|sheet| !visible || sheet.visible == SheetVisible::Visible);
        sheets.map(|sheet| sheet.name.clone()).collect::<Vec<_>>()
    };
    let visible = named(true);
    if visible.is_empty() { named(false) } else { visible }
}

/// The sheet with the best header row; the first of equals, and without any the first that holds something.
fn chosen(sheets: Vec<Sheet>) -> Result<Sheet> {
    let scores: Vec<usize> = sheets.iter().map(|sheet| headers::find(sheet).map_or(0, |header| header.score)).collect();
    let best = scores.iter().max().copied().unwrap_or(0);
    let is_best = |at: usize, sheet: &Sheet| scores.get(at) == Some(&best) && (best > 0 || !sheet.rows.is_empty());
    let at = sheets.iter().enumerate().find(|(at, sheet)| is_best(*at, sheet)).map(|(at, _)| at);
    let others = scores.iter().enumerate().filter(|(other, score)| Some(*other) != at && **score > 0);
    let other_tables = others.filter_map(|(other, _)| Some(sheets.get(other)?.name.clone())).collect();
    let sheet = at.and_then(|at| sheets.into_iter().nth(at));
    sheet
        .map(|sheet| Sheet { other_tables, ..sheet })
        .ok_or_else(|| Failure::new(ErrorCode::SpreadsheetUnreadable, "no sheet holds anything"))
}

/// What all sheets of a file have taken so far.
#[derive(Default)]
struct Limits {
    cells: usize,
    text_bytes: usize,
    /// Cells of merged areas. Areas of an honest file do not overlap; a thousand that do would take minutes.
    merged: usize,
}

impl Limits {
    /// Puts a cell at its place. Cells without content take no room, wherever they stand.
    fn put(&mut self, sheet: &mut Sheet, (row, column): (u32, u32), cell: Cell) -> Result<()> {
        if cell.is_empty() {
            return Ok(());
        }
        let (row, column) = (row as usize, column as usize);
        if row >= ROWS_MAX {
            return Err(too_large("rows"));
        }
        if column >= COLUMNS_MAX {
            return Err(too_large("columns"));
        }
        self.text_bytes = self.text_bytes.saturating_add(cell.text.len());
        if self.text_bytes > TEXT_BYTES_MAX {
            return Err(too_large("text"));
        }
        if sheet.rows.len() <= row {
            sheet.rows.resize_with(row.saturating_add(1), Vec::new);
        }
        let Some(cells) = sheet.rows.get_mut(row) else { return Ok(()) };
        if cells.len() <= column {
            let wider = column.saturating_add(1);
            self.cells = self.cells.saturating_add(wider.saturating_sub(cells.len()));
            if self.cells > CELLS_MAX {
                return Err(too_large("cells"));
            }
            cells.resize(wider, Cell::default());
        }
        if let Some(place) = cells.get_mut(column) {
            *place = cell;
        }
        Ok(())
    }

    /// Fills merged cells from their first, as far as the sheet reaches.
    fn fill(&mut self, sheet: &mut Sheet, merged: &[Dimensions]) -> Result<()> {
        let last_row = sheet.rows.len().saturating_sub(1);
        let last_column = sheet.rows.iter().map(Vec::len).max().unwrap_or(0).saturating_sub(1);
        for area in merged {
            let (first_row, first_column) = area.start;
            let first = sheet.cell(first_row as usize, first_column as usize).clone();
            if first.is_empty() {
                continue;
            }
            let end_row = area.end.0.min(u32::try_from(last_row).unwrap_or(u32::MAX));
            let end_column = area.end.1.min(u32::try_from(last_column).unwrap_or(u32::MAX));
            let side = |first: u32, end: u32| (end.saturating_sub(first) as usize).saturating_add(1);
            self.merged =
                self.merged.saturating_add(side(first_row, end_row).saturating_mul(side(first_column, end_column)));
            if self.merged > CELLS_MAX {
                return Err(too_large("cells"));
            }
            for row in first_row..=end_row {
                for column in first_column..=end_column {
                    if sheet.cell(row as usize, column as usize).is_empty() {
                        self.put(sheet, (row, column), first.clone())?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn cell_of(value: Data) -> Cell {
    match value {
        Data::Empty => Cell::default(),
        Data::String(text) => Cell::text(text),
        // Whole numbers of an .xls: the float is exact as far as a spreadsheet keeps digits.
        #[allow(clippy::cast_precision_loss)]
        Data::Int(number) => Cell::number(number as f64),
        Data::Float(number) if number.is_finite() => Cell::number(number),
        Data::Float(_) => Cell { text: "#NUM!".to_owned(), kind: CellKind::Error },
        Data::Bool(answer) => Cell { text: if answer { "TRUE" } else { "FALSE" }.to_owned(), kind: CellKind::Boolean },
        Data::Error(error) => Cell { text: error.to_string(), kind: CellKind::Error },
        Data::DateTimeIso(text) => {
            let day = text.get(..10).and_then(|day| day.parse::<Date>().ok());
            day.map_or_else(|| Cell::text(text), Cell::date)
        }
        Data::DurationIso(text) => Cell::text(text),
        Data::DateTime(moment) => {
            // A serial number from day 1 to 9999-12-31; 20150901 in a cell that is formatted as a date is none.
            let serial = moment.as_f64();
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            let date = i16::try_from(year)
                .ok()
                .zip(i8::try_from(month).ok())
                .zip(i8::try_from(day).ok())
                .and_then(|((year, month), day)| Date::new(year, month, day).ok())
                .filter(|_| moment.is_datetime() && (1.0..2_958_466.0).contains(&serial));
            date.map_or_else(|| if serial.is_finite() { Cell::number(serial) } else { Cell::default() }, Cell::date)
        }
    }
}
