//! Writes a planned sheet as a file.

use jiafang_core::error::{ErrorCode, Failure, Result};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::RosterStyle;
use super::cells::{Cell, Cells};
use super::columns::{Column, Layout};

/// The file of a style.
pub(super) fn file(layout: &Layout, rows: &[Cells], style: RosterStyle) -> Result<Vec<u8>> {
    match style {
        RosterStyle::StudentRecordExport => workbook(layout, rows, false).map_err(unwritable),
        RosterStyle::ClerksHand => workbook(layout, rows, true).map_err(unwritable),
        RosterStyle::Utf8Csv => Ok(["\u{feff}".as_bytes(), lines(layout, rows)?.as_bytes()].concat()),
        RosterStyle::GbkCsv => {
            let text = lines(layout, rows)?;
            let (bytes, _, has_unknown) = encoding_rs::GBK.encode(&text);
            if has_unknown {
                return Err(Failure::new(ErrorCode::Internal, "the roster has a character that GBK does not have"));
            }
            Ok(bytes.into_owned())
        }
    }
}

fn unwritable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::caused(ErrorCode::Internal, "a fictional roster cannot be written", cause)
}

/// A workbook of one sheet. Its date of creation is fixed, so that the same roster gives the same bytes.
fn workbook(layout: &Layout, rows: &[Cells], villages_merged: bool) -> std::result::Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(2026, 9, 5)?;
    workbook.set_properties(&DocProperties::new().set_author("").set_creation_datetime(&created));
    let sheet = workbook.add_worksheet();
    let title = Format::new().set_bold().set_align(FormatAlign::Center);
    let last_column = u16::try_from(layout.columns.len()).unwrap_or(u16::MAX).saturating_sub(1);
    let mut row = 0_u32;
    for text in &layout.titles {
        sheet.merge_range(row, 0, row, last_column, text, &title)?;
        row = row.saturating_add(1);
    }
    for ((_, header), column) in layout.columns.iter().zip(0_u16..) {
        sheet.write_string_with_format(row, column, *header, &title)?;
    }
    row = row.saturating_add(1);
    let first_row = row;
    let day = Format::new().set_num_format("yyyy/m/d");
    for cells in rows {
        for ((column, _), at) in layout.columns.iter().zip(0_u16..) {
            match cells.get(column) {
                Some(Cell::Text(text)) => sheet.write_string(row, at, text)?,
                Some(Cell::Number(number)) => sheet.write_number(row, at, *number)?,
                Some(Cell::Date(date)) => {
                    let year = u16::try_from(date.year()).unwrap_or(1900);
                    let month = u8::try_from(date.month()).unwrap_or(1);
                    let day_of_month = u8::try_from(date.day()).unwrap_or(1);
                    sheet.write_datetime_with_format(
                        row,
                        at,
                        ExcelDateTime::from_ymd(year, month, day_of_month)?,
                        &day,
                    )?
                }
                Some(Cell::Blank) | None => continue,
            };
        }
        row = row.saturating_add(1);
    }
    if villages_merged {
        merge_runs(sheet, layout, rows, first_row)?;
    }
    if let Some(footer) = &layout.footer {
        sheet.merge_range(row, 0, row, last_column, footer, &Format::new())?;
    }
    workbook.save_to_buffer()
}

/// Merges the village's cells of neighbouring rows, as clerks do: only the first keeps the name.
fn merge_runs(
    sheet: &mut Worksheet,
    layout: &Layout,
    rows: &[Cells],
    first_row: u32,
) -> std::result::Result<(), XlsxError> {
    let Some(at) = layout.columns.iter().position(|(column, _)| *column == Column::Village) else { return Ok(()) };
    let at = u16::try_from(at).unwrap_or(u16::MAX);
    let middle = Format::new().set_align(FormatAlign::VerticalCenter);
    let mut top = first_row;
    for run in rows.chunk_by(|a, b| a.get(&Column::Village) == b.get(&Column::Village)) {
        let length = u32::try_from(run.len()).unwrap_or(u32::MAX);
        let below = top.saturating_add(length);
        if let (2.., Some(Cell::Text(village))) = (length, run.first().and_then(|cells| cells.get(&Column::Village))) {
            sheet.merge_range(top, at, below.saturating_sub(1), at, village, &middle)?;
        }
        top = below;
    }
    Ok(())
}

/// The lines of a .csv, ended as on Windows.
fn lines(layout: &Layout, rows: &[Cells]) -> Result<String> {
    let mut writer = csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for title in &layout.titles {
        let blanks = layout.columns.iter().skip(1).map(|_| "");
        writer.write_record(std::iter::once(title.as_str()).chain(blanks)).map_err(unwritable)?;
    }
    writer.write_record(layout.columns.iter().map(|(_, header)| *header)).map_err(unwritable)?;
    for cells in rows {
        let texts = layout.columns.iter().map(|(column, _)| match cells.get(column) {
            Some(Cell::Text(text)) => text.clone(),
            Some(Cell::Number(number)) => format!("{number}"),
            Some(Cell::Date(date)) => date.strftime("%Y/%-m/%-d").to_string(),
            Some(Cell::Blank) | None => String::new(),
        });
        writer.write_record(texts).map_err(unwritable)?;
    }
    let bytes = writer.into_inner().map_err(|cause| unwritable(cause.to_string()))?;
    String::from_utf8(bytes).map_err(unwritable)
}
