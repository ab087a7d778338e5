//! Writes tables as .xlsx, as a clerk expects them: a title, a frozen header with filters, columns wide enough for
//! Chinese, long numbers as text, days as days. The same table gives the same bytes.

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use crate::domain::time::read_day;
use crate::error::{ErrorCode, Failure, Result};

/// A table to write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// A line above the header, over all columns.
    pub title: Option<String>,
    /// The sheet's name; what Excel does not allow in it is left out.
    pub sheet_name: String,
    /// The columns.
    pub columns: Vec<TableColumn>,
    /// The rows; cells that a row lacks are blank.
    pub rows: Vec<Vec<String>>,
    /// How many columns stay in sight when one scrolls to the right.
    pub frozen_columns: u16,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumn {
    /// The header.
    pub header: String,
    /// Width in half-width characters: a Chinese character takes two. Never narrower than the header.
    pub width_chars: u16,
    /// What its cells hold.
    pub kind: ColumnKind,
}

/// What the cells of a column hold. A cell that does not hold it stays text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, also where it looks like a number: ID numbers, phones, codes. Nothing is rounded or run as a formula.
    Text,
    /// Whole numbers of at most 15 digits.
    Integer,
    /// Days.
    Date,
}

/// The font that Chinese offices have (宋体).
const FONT: &str = "SimSun";
/// The longest text that Excel takes in a cell, in characters.
const CELL_CHARS_MAX: usize = 32_767;
/// The longest sheet name, in characters.
const SHEET_NAME_CHARS_MAX: usize = 31;
/// The widest column.
const WIDTH_CHARS_MAX: u16 = 80;
/// Excel's own number formats `@` and `0`, which it shows as "text" and "number".
const TEXT_FORMAT: u8 = 49;
const INTEGER_FORMAT: u8 = 1;
/// Paper size A4, as Excel numbers it.
const A4: u8 = 9;

/// Writes a table.
///
/// # Errors
/// [`ErrorCode::SpreadsheetTooLarge`] for more than Excel's 1,048,576 rows or 16,384 columns;
/// [`ErrorCode::FileWriteFailed`] should the file not come about for another reason.
pub fn write_table(table: &Table) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    // Without a moment of its own the library asks the clock, and the same table gave other bytes each second.
    let moment = ExcelDateTime::from_ymd(2000, 1, 1).map_err(unwritable)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&moment));
    let sheet = workbook.add_worksheet();
    fill(sheet, table).map_err(unwritable)?;
    workbook.save_to_buffer().map_err(unwritable)
}

fn unwritable(cause: XlsxError) -> Failure {
    match cause {
        XlsxError::RowColumnLimitError => {
            Failure::new(ErrorCode::SpreadsheetTooLarge, "more than a sheet holds").fact("limit", "rows")
        }
        // The cause may quote a cell: only its kind goes to the log.
        _ => Failure::new(ErrorCode::FileWriteFailed, "the spreadsheet cannot be written"),
    }
}

fn fill(sheet: &mut Worksheet, table: &Table) -> std::result::Result<(), XlsxError> {
    let base = Format::new().set_font_name(FONT).set_font_size(11).set_align(FormatAlign::VerticalCenter);
    let boxed = base.clone().set_border(FormatBorder::Thin);
    let header = boxed.clone().set_bold().set_align(FormatAlign::Center).set_text_wrap();
    let title = base.set_bold().set_font_size(16).set_align(FormatAlign::Center);
    let text = boxed.clone().set_num_format_index(TEXT_FORMAT);
    let formats = CellFormats {
        date: boxed.clone().set_num_format("yyyy-mm-dd"),
        integer: boxed.set_num_format_index(INTEGER_FORMAT),
        text,
    };

    sheet.set_name(sheet_name(&table.sheet_name))?;
    let width = u16::try_from(table.columns.len()).map_err(|_| XlsxError::RowColumnLimitError)?;
    let last_column = width.saturating_sub(1);
    let header_row: u32 = table.title.is_some().into();
    if let Some(words) = &table.title {
        if last_column > 0 {
            sheet.merge_range(0, 0, 0, last_column, &shortened(words), &title)?;
        } else {
            sheet.write_string_with_format(0, 0, shortened(words), &title)?;
        }
        sheet.set_row_height(0, 30)?;
    }
    for (at, column) in (0_u16..).zip(&table.columns) {
        sheet.write_string_with_format(header_row, at, shortened(&column.header), &header)?;
        let wide_enough = column.width_chars.max(width_of(&column.header)).min(WIDTH_CHARS_MAX);
        sheet.set_column_width(at, f64::from(wide_enough) + 2.0)?;
        // Blank cells below the table stay text, too: what is typed there later is not rounded.
        sheet.set_column_format(at, formats.of(column.kind))?;
    }
    let first_row = header_row.saturating_add(1);
    let mut last_row = header_row;
    for (row, cells) in (first_row..).zip(&table.rows) {
        for ((at, column), cell) in (0_u16..).zip(&table.columns).zip(cells) {
            write_cell(sheet, (row, at), column.kind, cell, &formats)?;
        }
        last_row = row;
    }
    sheet.set_freeze_panes(first_row, table.frozen_columns.min(width))?;
    if width > 0 {
        sheet.autofilter(header_row, 0, last_row, last_column)?;
    }
    sheet.set_repeat_rows(0, header_row)?;
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    Ok(())
}

struct CellFormats {
    text: Format,
    integer: Format,
    date: Format,
}

impl CellFormats {
    fn of(&self, kind: ColumnKind) -> &Format {
        match kind {
            ColumnKind::Text => &self.text,
            ColumnKind::Integer => &self.integer,
            ColumnKind::Date => &self.date,
        }
    }
}

fn write_cell(
    sheet: &mut Worksheet,
    (row, at): (u32, u16),
    kind: ColumnKind,
    cell: &str,
    formats: &CellFormats,
) -> std::result::Result<(), XlsxError> {
    if cell.is_empty() {
        sheet.write_blank(row, at, formats.of(kind))?;
        return Ok(());
    }
    match kind {
        ColumnKind::Integer => {
            // 15 digits are what a spreadsheet keeps.
            if let Some(number) = cell.parse::<i64>().ok().filter(|number| number.abs() < 1_000_000_000_000_000) {
                // Exact: it is below 2^53.
                #[allow(clippy::cast_precision_loss)]
                sheet.write_number_with_format(row, at, number as f64, &formats.integer)?;
                return Ok(());
            }
        }
        ColumnKind::Date => {
            let day = read_day(cell).and_then(|day| {
                let year = u16::try_from(day.year()).ok().filter(|year| *year >= 1900)?;
                ExcelDateTime::from_ymd(year, day.month().try_into().ok()?, day.day().try_into().ok()?).ok()
            });
            if let Some(day) = day {
                sheet.write_datetime_with_format(row, at, day, &formats.date)?;
                return Ok(());
            }
        }
        ColumnKind::Text => {}
    }
    // A string cell is never a formula, whatever it begins with.
    sheet.write_string_with_format(row, at, shortened(cell), &formats.text)?;
    Ok(())
}

fn shortened(text: &str) -> String {
    text.chars().take(CELL_CHARS_MAX).collect()
}

/// A name that Excel takes: 31 characters, none of `[]:*?/\`, no apostrophe at its ends.
fn sheet_name(name: &str) -> String {
    let allowed = name.chars().filter(|c| !c.is_control() && !"[]:*?/\\".contains(*c));
    let name: String = allowed.take(SHEET_NAME_CHARS_MAX).collect();
    let name = name.trim().trim_matches('\'').trim();
    if name.is_empty() { "Sheet1".to_owned() } else { name.to_owned() }
}

/// Width in half-width characters: what is beyond Latin takes two.
#[must_use]
pub fn width_of(text: &str) -> u16 {
    let line = |line: &str| line.chars().map(|c| if c < '\u{1100}' { 1_u16 } else { 2 }).fold(0, u16::saturating_add);
    text.lines().map(line).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::reader::read_sheet;
    use super::super::{Cell, CellKind};
    use super::*;
    use jiff::civil::date;

    fn column(header: &str, kind: ColumnKind) -> TableColumn {
        TableColumn { header: header.to_owned(), width_chars: 10, kind }
    }

    fn table(rows: &[&[&str]]) -> Table {
        Table {
            title: Some("云雾镇适龄儿童少年台账".to_owned()),
            sheet_name: "台账".to_owned(),
            columns: vec![
                column("学生姓名", ColumnKind::Text),
                column("身份证件号", ColumnKind::Text),
                column("家访次数", ColumnKind::Integer),
                column("出生日期", ColumnKind::Date),
            ],
            rows: rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect(),
            frozen_columns: 1,
        }
    }

    /// The XML of a part of the file.
    fn part(file: &[u8], name: &str) -> String {
        use std::io::Read;
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_ledger_comes_back_as_it_was_written() {
        let file = write_table(&table(&[&["石小满", "999999201709010011", "12", "2017-09-01"]])).unwrap();
        let sheet = read_sheet("台账.xlsx", &file).unwrap();
        assert_eq!(sheet.name, "台账");
        assert_eq!(sheet.rows[0][0].text, "云雾镇适龄儿童少年台账");
        assert_eq!(sheet.rows[0][3].text, "云雾镇适龄儿童少年台账", "the title lies over all columns");
        assert_eq!(
            sheet.rows[2],
            [Cell::text("石小满"), Cell::text("999999201709010011"), Cell::number(12.0), Cell::date(date(2017, 9, 1)),]
        );
    }

    #[test]
    fn what_is_no_number_or_day_stays_text() {
        let file =
            write_table(&table(&[&["石小满", "", "1234567890123456", "不详"], &["石小圆", "", "多次", "2017-02-30"]]));
        let sheet = read_sheet("", &file.unwrap()).unwrap();
        for cell in [sheet.cell(2, 2), sheet.cell(2, 3), sheet.cell(3, 2), sheet.cell(3, 3)] {
            assert_eq!(cell.kind, CellKind::Text, "{cell:?}");
        }
    }

    #[test]
    fn nothing_in_a_table_is_run_as_a_formula() {
        let hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://example.org\")", "http://example.org"];
        let rows: Vec<&[&str]> = hostile.iter().map(std::slice::from_ref).collect();
        let file = write_table(&table(&rows)).unwrap();
        let xml = part(&file, "xl/worksheets/sheet1.xml");
        assert!(!xml.contains("<f>") && !xml.contains("<hyperlink"), "{xml}");
        let sheet = read_sheet("", &file).unwrap();
        for (at, text) in hostile.iter().enumerate() {
            assert_eq!(sheet.cell(at + 2, 0), &Cell::text(*text));
        }
    }

    #[test]
    fn the_header_is_frozen_filtered_and_wide_enough_for_chinese() {
        let file = write_table(&table(&[&["石小满", "999999201709010011", "12", "2017-09-01"]])).unwrap();
        let xml = part(&file, "xl/worksheets/sheet1.xml");
        assert!(xml.contains(r#"<pane xSplit="1" ySplit="2" topLeftCell="B3""#), "{xml}");
        assert!(xml.contains(r#"<autoFilter ref="A2:D3"/>"#), "{xml}");
        assert!(xml.contains(r#"<mergeCell ref="A1:D1"/>"#), "{xml}");
        let styles = part(&file, "xl/styles.xml");
        assert!(
            styles.contains(r#"<name val="SimSun"/>"#) && styles.contains(r#"numFmtId="49""#),
            "49 is text: {styles}"
        );
        assert_eq!((width_of("身份证件号"), width_of("G7班")), (10, 4));
    }

    #[test]
    fn the_same_table_gives_the_same_bytes() {
        let table = table(&[&["石小满", "999999201709010011", "12", "2017-09-01"]]);
        let first = write_table(&table).unwrap();
        assert!(part(&first, "docProps/core.xml").contains("2000-01-01T00:00:00Z"), "no clock was asked");
        assert_eq!(first, write_table(&table).unwrap());
    }

    #[test]
    fn a_table_without_rows_or_columns_or_with_odd_names_is_a_file_all_the_same() {
        let mut odd = table(&[]);
        assert!(read_sheet("", &write_table(&odd).unwrap()).is_ok());
        odd.sheet_name = "'[青杠村]/2026:秋*季?花名册\\非常非常非常非常非常非常非常长的名字'".to_owned();
        let sheet = read_sheet("", &write_table(&odd).unwrap()).unwrap();
        assert!(sheet.name.starts_with("青杠村2026秋季花名册"), "{}", sheet.name);
        odd.columns.truncate(1);
        assert!(write_table(&odd).is_ok());
        odd.columns.clear();
        assert!(write_table(&odd).is_ok());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_comes_back(text in "\\PC{1,40}") {
            let file = write_table(&table(&[&[&text]])).unwrap();
            let sheet = read_sheet("", &file).unwrap();
            proptest::prop_assert_eq!(sheet.cell(2, 0), &Cell::text(text));
        }
    }
}
