//! An .xls is measured and packed anew before it is read.
//!
//! calamine lays a sheet out from its first cell to its last, reserves what a record promises, and copies a shared
//! text into every cell that names it: a small hostile file asks for terabytes, which aborts the process. So the
//! workbook's stream is taken out by the `cfb` crate, its records are walked in the order in which calamine walks
//! them ([MS-XLS] 2.1.4), and what passes is packed into a file of its own that has one reading only.

use std::io::{Cursor, Read, Write};

use super::refusal::{protected, too_large, unreadable};
use super::{CELLS_MAX, FILE_BYTES_MAX, TEXT_BYTES_MAX};
use crate::error::{ErrorCode, Failure, Result};

const CONTINUE: u16 = 0x003C;
const BOUND_SHEET: u16 = 0x0085;
const SHARED_STRINGS: u16 = 0x00FC;
const LABEL_SHARED: u16 = 0x00FD;
const MANY_RK: u16 = 0x00BD;
const DIMENSIONS: u16 = 0x0200;
const BEGIN: u16 = 0x0809;
const END: u16 = 0x000A;
/// Records that put something into a cell, besides [`LABEL_SHARED`] and [`MANY_RK`]: formula, number, label, text
/// with runs, boolean or error, RK number.
const CELLS: [u16; 6] = [0x0006, 0x0203, 0x0204, 0x00D6, 0x0205, 0x027E];

/// The most sheets.
const SHEETS_MAX: usize = 256;
/// The most pieces of one record: calamine takes them one by one from the front, which is quadratic.
const PIECES_MAX: usize = 20_000;

/// A workbook that was measured.
pub(super) struct Measured {
    /// The file that holds it and nothing else.
    pub(super) file: Vec<u8>,
    /// Whether it is of Excel 97 or later, whose texts are UTF-16 whatever its code page record says. Some
    /// writers name 936 or 1252 there, which calamine would believe.
    pub(super) is_unicode: bool,
}

/// Takes out the workbook, measures it, packs it anew.
pub(super) fn measured(bytes: &[u8]) -> Result<Measured> {
    let (name, mut stream) = workbook_stream(bytes)?;
    measure(&mut stream)?;
    let is_unicode = u16_at(&stream, 4) == Some(0x0600);
    Ok(Measured { file: packed(name, &stream).map_err(|cause| unreadable("cfb", cause))?, is_unicode })
}

/// The stream that holds the workbook, with its name.
pub(super) fn workbook_stream(bytes: &[u8]) -> Result<(&'static str, Vec<u8>)> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(|cause| unreadable("cfb", cause))?;
    if file.is_stream("/EncryptedPackage") {
        return Err(protected());
    }
    let name = if file.is_stream("/Workbook") { "/Workbook" } else { "/Book" };
    let mut stream = Vec::new();
    let reader = file.open_stream(name).map_err(|cause| unreadable("cfb", cause))?;
    // A stream is no longer than its file, whatever its entry says.
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX);
    reader.take(limit).read_to_end(&mut stream).map_err(|cause| unreadable("cfb", cause))?;
    Ok((name, stream))
}

/// A compound file that holds this stream and nothing else.
pub(super) fn packed(name: &str, stream: &[u8]) -> std::io::Result<Vec<u8>> {
    // Version 3 as Excel writes it: in version 4 calamine wants small streams, too.
    let mut file = cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new()))?;
    file.create_stream(name)?.write_all(stream)?;
    file.flush()?;
    Ok(file.into_inner().into_inner())
}

/// A record: where its content lies in the stream.
#[derive(Debug, Clone, Copy)]
struct Record {
    kind: u16,
    start: usize,
    end: usize,
}

/// The records from a place on, up to the first that is cut short.
struct Records<'s> {
    stream: &'s [u8],
    at: usize,
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let start = self.at.checked_add(4)?;
        let (kind, length) = (u16_at(self.stream, self.at)?, u16_at(self.stream, self.at.checked_add(2)?)?);
        let end = start.checked_add(length.into())?;
        (end <= self.stream.len()).then(|| {
            self.at = end;
            Record { kind, start, end }
        })
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    two.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    four.try_into().ok().map(u32::from_le_bytes)
}

/// Walks the workbook's globals and then each sheet. What promises memory (the sheets' dimensions) is cleared.
fn measure(stream: &mut [u8]) -> Result<()> {
    let (sheets, text_bytes) = measure_globals(stream)?;
    let mut walked: Vec<(usize, usize)> = Vec::new();
    let mut promises: Vec<Record> = Vec::new();
    let (mut cells, mut text) = (0_usize, 0_usize);
    for at in sheets {
        let sheet = measure_sheet(stream, at, &text_bytes);
        if walked.iter().any(|(start, end)| *start < sheet.end && at < *end) {
            return Err(Failure::new(ErrorCode::SpreadsheetUnreadable, "two sheets of the .xls overlap"));
        }
        walked.push((at, sheet.end));
        promises.extend(sheet.promises);
        cells = cells.saturating_add(sheet.rows.saturating_mul(sheet.columns)).saturating_add(sheet.records);
        text = text.saturating_add(sheet.text_bytes);
    }
    // Laid out, an empty cell takes as much room as a full one; the stray cell in the last row is what counts.
    if cells > CELLS_MAX.saturating_mul(2) {
        return Err(too_large("cells"));
    }
    if text > TEXT_BYTES_MAX {
        return Err(too_large("text"));
    }
    for promise in promises {
        stream.get_mut(promise.start..promise.end).into_iter().flatten().for_each(|byte| *byte = 0);
    }
    Ok(())
}

/// Where the sheets begin, and how long each shared text may become.
fn measure_globals(stream: &[u8]) -> Result<(Vec<usize>, Vec<u32>)> {
    let mut sheets = Vec::new();
    let mut text_bytes = Vec::new();
    let mut records = Records { stream, at: 0 }.peekable();
    while let Some(record) = records.next() {
        let mut pieces = vec![stream.get(record.start..record.end).unwrap_or_default()];
        while let Some(piece) = records.next_if(|next| next.kind == CONTINUE) {
            pieces.push(stream.get(piece.start..piece.end).unwrap_or_default());
        }
        if pieces.len() > PIECES_MAX {
            return Err(too_large("pieces"));
        }
        match record.kind {
            BOUND_SHEET => {
                let at = u32_at(stream, record.start).and_then(|at| usize::try_from(at).ok());
                sheets.push(at.unwrap_or(stream.len()));
            }
            SHARED_STRINGS => text_bytes = shared_text_bytes(&pieces),
            END => break,
            _ => {}
        }
        if sheets.len() > SHEETS_MAX {
            return Err(too_large("sheets"));
        }
    }
    Ok((sheets, text_bytes))
}

/// What a sheet asks for.
#[derive(Default)]
struct SheetMeasure {
    end: usize,
    rows: usize,
    columns: usize,
    records: usize,
    text_bytes: usize,
    promises: Vec<Record>,
}

fn measure_sheet(stream: &[u8], at: usize, shared_text_bytes: &[u32]) -> SheetMeasure {
    let mut sheet = SheetMeasure { end: at, ..SheetMeasure::default() };
    let (mut first_row, mut first_column) = (u16::MAX, u16::MAX);
    let (mut last_row, mut last_column) = (0, 0);
    let (mut begun, mut depth) = (false, 0_usize);
    for record in (Records { stream, at }) {
        sheet.end = record.end;
        match record.kind {
            // A chart inside the sheet has records of its own, which are passed over.
            BEGIN if begun => depth = depth.saturating_add(1),
            BEGIN => begun = true,
            END if depth == 0 => break,
            END => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            DIMENSIONS => sheet.promises.push(record),
            LABEL_SHARED | MANY_RK => {
                let last = if record.kind == MANY_RK { record.end.checked_sub(2) } else { record.start.checked_add(2) };
                let bounds = (u16_at(stream, record.start), last.and_then(|last| u16_at(stream, last)));
                if let ((Some(row), Some(column)), Some(first)) =
                    (bounds, record.start.checked_add(2).and_then(|at| u16_at(stream, at)))
                {
                    (first_row, last_row) = (first_row.min(row), last_row.max(row));
                    (first_column, last_column) = (first_column.min(first), last_column.max(column));
                    sheet.records =
                        sheet.records.saturating_add(usize::from(column.saturating_sub(first)).saturating_add(1));
                }
                let text = record
                    .start
                    .checked_add(6)
                    .and_then(|at| u32_at(stream, at))
                    .filter(|_| record.kind == LABEL_SHARED);
                let bytes = text.and_then(|at| shared_text_bytes.get(usize::try_from(at).ok()?));
                sheet.text_bytes = sheet.text_bytes.saturating_add(bytes.map_or(0, |bytes| *bytes as usize));
            }
            kind if CELLS.contains(&kind) => {
                let column = record.start.checked_add(2).and_then(|at| u16_at(stream, at));
                if let (Some(row), Some(column)) = (u16_at(stream, record.start), column) {
                    (first_row, last_row) = (first_row.min(row), last_row.max(row));
                    (first_column, last_column) = (first_column.min(column), last_column.max(column));
                    sheet.records = sheet.records.saturating_add(1);
                }
            }
            _ => {}
        }
    }
    if sheet.records > 0 {
        sheet.rows = usize::from(last_row.saturating_sub(first_row)).saturating_add(1);
        sheet.columns = usize::from(last_column.saturating_sub(first_column)).saturating_add(1);
    }
    sheet
}

/// How many bytes each shared text takes at most ([MS-XLS] 2.5.293): four a character in UTF-8.
fn shared_text_bytes(pieces: &[&[u8]]) -> Vec<u32> {
    let mut lengths = Vec::new();
    let mut reader = Pieces { pieces, piece: 0, at: 8 };
    while let Some(length) = reader.string() {
        lengths.push(length.saturating_mul(4));
    }
    lengths
}

/// Bytes a character: one where the high bytes are all zero and left out.
const fn width_of_characters(flags: u8) -> usize {
    if flags & 1 == 0 { 1 } else { 2 }
}

/// Reads on from piece to piece.
struct Pieces<'p> {
    pieces: &'p [&'p [u8]],
    piece: usize,
    at: usize,
}

impl Pieces<'_> {
    fn rest(&self) -> &[u8] {
        self.pieces.get(self.piece).and_then(|piece| piece.get(self.at..)).unwrap_or_default()
    }

    /// Goes to the next piece; `false` after the last.
    fn turn(&mut self) -> bool {
        self.piece = self.piece.saturating_add(1);
        self.at = 0;
        self.piece < self.pieces.len()
    }

    /// Passes over one string and tells its characters.
    fn string(&mut self) -> Option<u32> {
        if self.rest().is_empty() {
            if !self.turn() {
                return None;
            }
            if self.rest().is_empty() {
                return Some(0);
            }
        }
        let rest = self.rest();
        let (characters, flags) = (u16_at(rest, 0)?, *rest.get(2)?);
        let mut header = 3_usize;
        let mut trailer = 0_usize;
        if flags & 0x8 != 0 {
            trailer = usize::from(u16_at(rest, header)?).checked_mul(4)?;
            header = header.checked_add(2)?;
        }
        if flags & 0x4 != 0 {
            trailer = trailer.checked_add(usize::try_from(u32_at(rest, header)?).ok()?)?;
            header = header.checked_add(4)?;
        }
        self.at = self.at.checked_add(header)?;
        let mut left = usize::from(characters);
        let mut width = width_of_characters(flags);
        loop {
            let here = left.min(self.rest().len().checked_div(width)?);
            self.at = self.at.checked_add(here.checked_mul(width)?)?;
            left = left.checked_sub(here)?;
            if left == 0 {
                break;
            }
            if !self.turn() {
                return None;
            }
            // Text that goes on in the next piece has its flags there again.
            width = width_of_characters(*self.rest().first()?);
            self.at = 1;
        }
        while trailer > 0 {
            let here = trailer.min(self.rest().len());
            self.at = self.at.checked_add(here)?;
            trailer = trailer.checked_sub(here)?;
            if trailer > 0 && !self.turn() {
                return None;
            }
        }
        Some(characters.into())
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn record(kind: u16, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap();
        [&kind.to_le_bytes(), &length.to_le_bytes(), content].concat()
    }

    /// A workbook of one sheet with these records.
    fn workbook(globals: &[Vec<u8>], sheet: &[Vec<u8>]) -> Vec<u8> {
        let begin = record(BEGIN, &[0, 6, 5, 0]);
        let globals = globals.concat();
        let bound_length = 4 + 4 + 4;
        let at = u32::try_from(begin.len() + bound_length + globals.len() + 4).unwrap();
        let bound = record(BOUND_SHEET, &[&at.to_le_bytes()[..], &[0, 0, 0, 0]].concat());
        [begin, bound, globals, record(END, &[]), record(BEGIN, &[0, 6, 16, 0]), sheet.concat(), record(END, &[])]
            .concat()
    }

    fn number(row: u16, column: u16) -> Vec<u8> {
        record(0x0203, &[&row.to_le_bytes()[..], &column.to_le_bytes(), &[0; 10]].concat())
    }

    #[test]
    fn a_stray_cell_in_the_last_corner_is_too_large() {
        let mut stream = workbook(&[], &[number(0, 0), number(65_535, 16_383)]);
        assert_eq!(measure(&mut stream).unwrap_err().code, ErrorCode::SpreadsheetTooLarge);
        let mut stream = workbook(&[], &[number(0, 0), number(65_535, 40)]);
        assert!(measure(&mut stream).is_ok(), "a full sheet of 41 columns is not");
    }

    #[test]
    fn a_promise_of_many_cells_is_forgotten() {
        let promise = record(DIMENSIONS, &[0, 0, 0, 0, 255, 255, 255, 127, 0, 0, 255, 0, 0, 0]);
        let mut stream = workbook(&[], &[promise.clone(), number(0, 0)]);
        let at = stream.windows(promise.len()).position(|window| window == promise).unwrap();
        measure(&mut stream).unwrap();
        assert_eq!(stream[at..at + promise.len()], record(DIMENSIONS, &[0; 14]));
    }

    #[test]
    fn a_long_text_in_very_many_cells_is_too_large() {
        let text = [&[8; 8][..], &30_000_u16.to_le_bytes(), &[0], &[b'a'; 30_000][..]].concat();
        let (first, rest) = text.split_at(8_000);
        // Text that goes on in another piece begins with its flags again.
        let mut globals = vec![record(SHARED_STRINGS, first)];
        globals.extend(rest.chunks(8_000).map(|piece| record(CONTINUE, &[&[0], piece].concat())));
        let label = |row: u16| record(LABEL_SHARED, &[&row.to_le_bytes()[..], &[0; 8]].concat());
        let few: Vec<_> = (0..100).map(label).collect();
        assert!(measure(&mut workbook(&globals, &few)).is_ok());
        let many: Vec<_> = (0..3_000).map(label).collect();
        assert_eq!(measure(&mut workbook(&globals, &many)).unwrap_err().code, ErrorCode::SpreadsheetTooLarge);
    }

    #[test]
    fn sheets_that_overlap_are_refused() {
        let mut stream = workbook(&[], &[number(0, 0)]);
        let bound = stream[8..20].to_vec();
        let at = u32::from_le_bytes(bound[4..8].try_into().unwrap()) + 12;
        let bound = record(BOUND_SHEET, &[&at.to_le_bytes()[..], &[0, 0, 0, 0]].concat());
        stream.splice(8..20, [bound.clone(), bound].concat());
        assert_eq!(measure(&mut stream).unwrap_err().code, ErrorCode::SpreadsheetUnreadable);
    }
}
