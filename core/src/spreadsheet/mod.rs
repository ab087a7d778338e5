//! Spreadsheets: rosters in, ledgers out.
//!
//! [`reader`] turns the bytes of an .xlsx, .xls, .csv or .txt into a [`Sheet`] of plain cells; [`roster_reader`]
//! finds the header in it and makes typed rows for `domain::roster`; [`writer`] writes tables as .xlsx, and
//! [`refused_rows`] gives back what could not be taken, for the clerk to mend. Which crates and why:
//! docs/decisions/spreadsheet-crates.md.

mod cell_values;
mod delimited_text;
mod guardian_cells;
pub mod header_names;
pub mod headers;
pub mod reader;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod reader_tests;
mod refusal;
pub mod refused_rows;
pub mod roster_reader;
mod row_cells;
mod row_reader;
mod workbook;
pub mod writer;
mod xls_measure;
mod xlsx_measure;

use jiff::civil::Date;

/// A sheet as plain cells. Row and column numbers are the file's own: `rows[0]` is its first row, be it empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sheet {
    /// The sheet's name; of a .csv, the file's name without its ending.
    pub name: String,
    /// The rows, each up to its last cell that holds something.
    pub rows: Vec<Vec<Cell>>,
    /// Other sheets of the file that also have a header row: they are not read, and a person should know.
    pub other_tables: Vec<String>,
}

impl Sheet {
    /// The cell at a row and a column, both from 0; an empty one outside of what is there.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> &Cell {
        self.rows.get(row).and_then(|cells| cells.get(column)).unwrap_or(&EMPTY)
    }
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// As text: numbers in full digits, dates as `2015-09-01`, booleans as `TRUE` and `FALSE`, errors as `#N/A`.
    pub text: String,
    /// What the file says that it is.
    pub kind: CellKind,
}

static EMPTY: Cell = Cell { text: String::new(), kind: CellKind::Empty };

/// What a file says that a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum CellKind {
    /// Nothing.
    #[default]
    Empty,
    /// Text.
    Text,
    /// A number, as a 64-bit float: a spreadsheet keeps 15 digits of it and drops leading zeros.
    Number(f64),
    /// A day.
    Date(Date),
    /// True or false.
    Boolean,
    /// A formula's error.
    Error,
}

impl Cell {
    /// A text cell; an empty one where the text is blank.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.trim().is_empty() { Self::default() } else { Self { text, kind: CellKind::Text } }
    }

    /// A number cell.
    #[must_use]
    pub fn number(number: f64) -> Self {
        // Full digits, as a person would type them; only what nobody types stays scientific.
        let text = if number.abs() < 1e21 { format!("{number}") } else { format!("{number:e}") };
        Self { text, kind: CellKind::Number(number) }
    }

    /// A day.
    #[must_use]
    pub fn date(date: Date) -> Self {
        Self { text: date.to_string(), kind: CellKind::Date(date) }
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kind == CellKind::Empty
    }

    /// Whether it holds a number that is too long to be kept: a spreadsheet has 15 digits, and a float is exact
    /// to 2^53 (handbook 10.3: an ID number becomes 1.23E+17 and loses its tail).
    #[must_use]
    pub fn is_rounded_number(&self) -> bool {
        matches!(self.kind, CellKind::Number(number) if number.abs() >= 1e15)
    }
}

/// The largest file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The most rows that are read.
pub const ROWS_MAX: usize = 100_000;
/// The most columns that are read.
pub const COLUMNS_MAX: usize = 256;
/// The most cells that are read, merged ones counted where they are filled in: 80,000 children of 50 columns.
pub const CELLS_MAX: usize = 5_000_000;
/// The most text that cells may hold in all, in bytes: a shared text may stand in every cell of a sheet.
pub const TEXT_BYTES_MAX: usize = 256 * 1024 * 1024;
