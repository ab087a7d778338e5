//! .csv and .txt: comma, tab or semicolon between, in UTF-8, UTF-16 with a mark, or GB18030 as WPS and Excel
//! write it in China (handbook 10.3).

use encoding_rs::{Encoding, GB18030, UTF_8};

use super::refusal::{too_large, unreadable};
use super::{CELLS_MAX, COLUMNS_MAX, Cell, ROWS_MAX, Sheet, headers};
use crate::error::{ErrorCode, Failure, Result};

/// What may stand between cells, the commonest first.
const DELIMITERS: [u8; 3] = [b',', b'\t', b';'];
/// How many rows are looked at to tell which one it is.
const ROWS_TO_LOOK_AT: usize = 40;

pub(super) fn read(file_name: &str, bytes: &[u8]) -> Result<Sheet> {
    let text = decoded(bytes)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (delimiter, text) = match named_delimiter(text) {
        Some((delimiter, rest)) => (delimiter, rest),
        None => (likeliest_delimiter(text), text),
    };
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let rows = rows(text, delimiter, ROWS_MAX)?;
    if rows.iter().all(|row| row.iter().all(Cell::is_empty)) {
        return Err(Failure::new(ErrorCode::SpreadsheetUnreadable, "the text holds nothing"));
    }
    Ok(Sheet { name, rows, other_tables: Vec::new() })
}

/// The text, with line ends as `\n`.
fn decoded(bytes: &[u8]) -> Result<String> {
    let unknown = |what: &str| Failure::new(ErrorCode::SpreadsheetUnreadable, what.to_owned());
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => GB18030,
    };
    let (text, _, had_errors) = encoding.decode(bytes);
    if had_errors {
        return Err(unknown("the text is in no encoding that is known"));
    }
    if text.contains('\0') {
        return Err(unknown("a binary file"));
    }
    let begin = text.trim_start();
    if ["<html", "<!doctype", "<?xml", "<table", "{\\rtf", "%PDF"]
        .iter()
        .any(|sign| begin.get(..sign.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(sign)))
    {
        // Web systems name such files .xls, and Excel opens them; saved again as .xlsx they can be read.
        return Err(unknown("a web page or document and no spreadsheet").fact("reason", "web_page"));
    }
    // One kind of line end, so that rows can be counted.
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Excel's own first line `sep=;`. It stays as an empty first row, so that row numbers are the file's.
fn named_delimiter(text: &str) -> Option<(u8, &str)> {
    let rest = text.strip_prefix("sep=")?;
    let delimiter = rest.bytes().next().filter(|byte| DELIMITERS.contains(byte))?;
    let rest = rest.get(1..)?;
    rest.starts_with('\n').then_some((delimiter, rest))
}

/// The delimiter that makes the best header row, and among equals the one that stands most often.
fn likeliest_delimiter(text: &str) -> u8 {
    let score = |delimiter: u8| {
        let rows = rows(text, delimiter, ROWS_TO_LOOK_AT).unwrap_or_default();
        let sheet = Sheet { rows, ..Sheet::default() };
        let lines = text.lines().take(ROWS_TO_LOOK_AT);
        let times: usize = lines.map(|line| line.bytes().filter(|byte| *byte == delimiter).count()).sum();
        (headers::find(&sheet).map_or(0, |header| header.score), times)
    };
    // `max_by_key` takes the last of equals: the commonest comes last.
    DELIMITERS.iter().rev().copied().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

/// The rows up to `rows_max`. Beyond [`ROWS_MAX`] the file is too large; a look at the beginning just ends.
fn rows(text: &str, delimiter: u8, rows_max: usize) -> Result<Vec<Vec<Cell>>> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut cells = 0_usize;
    let mut record = csv::StringRecord::new();
    let mut line_ends_in_cells = 0_usize;
    loop {
        let more = reader.read_record(&mut record).map_err(|cause| unreadable("csv", cause))?;
        if !more {
            return Ok(rows);
        }
        // The reader passes over blank lines, which people count as rows; a line end inside a cell ends no row.
        let inside: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
        line_ends_in_cells = line_ends_in_cells.saturating_add(inside);
        let position = reader.position();
        let line_ends = usize::try_from(position.line()).unwrap_or(usize::MAX).saturating_sub(1);
        let read = text.as_bytes().get(..usize::try_from(position.byte()).unwrap_or(usize::MAX));
        let own_line_end = usize::from(read.is_some_and(|read| read.last() == Some(&b'\n')));
        let row = line_ends.saturating_sub(line_ends_in_cells).saturating_sub(own_line_end);
        let row = row.max(rows.len());
        if row >= rows_max {
            return if rows_max < ROWS_MAX { Ok(rows) } else { Err(too_large("rows")) };
        }
        let mut row_cells: Vec<Cell> = record.iter().map(|text| Cell::text(without_guard(text))).collect();
        while row_cells.last().is_some_and(Cell::is_empty) {
            row_cells.pop();
        }
        if row_cells.len() > COLUMNS_MAX {
            return Err(too_large("columns"));
        }
        cells = cells.saturating_add(row_cells.len());
        if cells > CELLS_MAX {
            return Err(too_large("cells"));
        }
        rows.resize_with(row, Vec::new);
        rows.push(row_cells);
    }
}

/// `="0123"` and `=0123"`: how systems make Excel keep a number as text; and the tab that does the same.
fn without_guard(text: &str) -> &str {
    let text = text.trim_matches('\t');
    match text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner,
        None => text,
    }
}
