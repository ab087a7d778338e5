//! Rosters of fictional children, as the student-record system exports them or a clerk keeps them by hand,
//! with the traps of handbook 10.3 and, for every row, the verdict that an import must come to.

mod cells;
mod columns;
mod plan;
mod trap;
mod write;

use jiafang_core::domain::county::County;
use jiafang_core::error::Result;
use serde::Serialize;

pub use trap::Trap;

use super::child::FictionalChild;
use super::draw::{Draw, Subject};
use super::{Fiction, SCHOOL_YEAR};
use cells::Spelling;
use columns::Layout;
use plan::PlannedRow;

/// What a roster looks like. The old binary .xls is missing: nothing in Rust writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RosterStyle {
    /// .xlsx of the student-record system: a merged title, official headers, codes with some values in words.
    StudentRecordExport,
    /// .xlsx of a village's list: two title rows, own headers, villages in merged cells, dates in all
    /// spellings, a line for the signature below.
    ClerksHand,
    /// .csv in GBK, as Chinese Excel saves it, with a title line.
    GbkCsv,
    /// .csv in UTF-8 with a byte order mark.
    Utf8Csv,
}

impl RosterStyle {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::StudentRecordExport, Self::ClerksHand, Self::GbkCsv, Self::Utf8Csv];

    /// Whether cells have types and can be merged.
    pub(super) const fn is_workbook(self) -> bool {
        matches!(self, Self::StudentRecordExport | Self::ClerksHand)
    }

    /// Whether it is a school's list: children who are on no roll are not in it.
    pub(super) const fn is_of_a_school(self) -> bool {
        matches!(self, Self::StudentRecordExport | Self::Utf8Csv)
    }
}

/// What an import must say of a row before anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A child that the store does not have.
    New,
    /// A child that the store has, and nothing differs.
    Same,
    /// A child that the store has, and something differs.
    Changed,
    /// A person must look.
    Doubtful,
    /// Cannot be taken, with the reason.
    Refused,
}

/// What must be said of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ExpectedVerdict {
    /// The row as a spreadsheet program numbers it, from 1, title rows counted.
    pub row_number: u32,
    /// The verdict.
    pub verdict: Verdict,
    /// The child that the row is about, as an index into the children that were given.
    pub child: usize,
    /// What was done to the row.
    pub trap: Option<Trap>,
}

/// A roster with what must be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FictionalRoster {
    /// A file name with the right ending and without personal data.
    pub file_name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// One for every row that is about a child, in the order of the rows. Other rows (titles, the line for
    /// the signature) are about nobody and must get no verdict.
    pub expected: Vec<ExpectedVerdict>,
}

impl FictionalRoster {
    /// How many rows must get this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.expected.iter().filter(|expected| expected.verdict == verdict).count()
    }
}

impl Fiction {
    /// The first roster: all of `children` (a school's list leaves out who is on no roll), every trap that
    /// the style allows at least once where the list is long enough, two in a hundred rows else. The expected
    /// verdicts hold for a store that has none of them.
    ///
    /// # Errors
    /// [`jiafang_core::error::ErrorCode::Internal`] where the file cannot be made: more rows than a sheet
    /// holds, a character that GBK does not have.
    pub fn roster_workbook(
        &self,
        children: &[FictionalChild],
        county: &County,
        style: RosterStyle,
    ) -> Result<FictionalRoster> {
        let rows = plan::first(&mut Draw::new(self.seed(), Subject::RosterRows), children, style);
        self.lay_out(children, &rows, county, style)
    }

    /// The roster of the term after: `children[..known]` were brought in by [`Self::roster_workbook`] of the
    /// same style, the others have come since. Of the known, one in ten has another telephone number; rows
    /// that were doubtful or refused do not come again. The expected verdicts hold for a store into which the
    /// first roster was imported and no doubtful row accepted.
    ///
    /// # Errors
    /// As [`Self::roster_workbook`].
    pub fn next_roster_workbook(
        &self,
        children: &[FictionalChild],
        known: usize,
        county: &County,
        style: RosterStyle,
    ) -> Result<FictionalRoster> {
        let before = children.get(..known).unwrap_or(children);
        let first = plan::first(&mut Draw::new(self.seed(), Subject::RosterRows), before, style);
        let mut draw = Draw::new(self.seed(), Subject::NextRoster);
        let rows = plan::next(&mut draw, children, before.len(), &first, style);
        self.lay_out(children, &rows, county, style)
    }

    fn lay_out(
        &self,
        children: &[FictionalChild],
        rows: &[PlannedRow],
        county: &County,
        style: RosterStyle,
    ) -> Result<FictionalRoster> {
        let mut draw = Draw::new(self.seed(), Subject::RosterSpelling);
        let layout = Layout::of(&mut draw, style, &county.county.name);
        let spelling = Spelling::of(&mut draw, county, style);
        let mut expected = Vec::with_capacity(rows.len());
        let mut sheet = Vec::with_capacity(rows.len());
        let first_row = layout.header_row_number().saturating_add(1);
        for (row, row_number) in rows.iter().zip(first_row..) {
            let Some(child) = children.get(row.child) else { continue };
            let mut cells = spelling.cells(&mut draw, child, row_number.saturating_sub(first_row).saturating_add(1));
            row.spoil(&mut draw, &mut cells, child, style);
            sheet.push(cells);
            expected.push(ExpectedVerdict { row_number, verdict: row.verdict, child: row.child, trap: row.trap });
        }
        let bytes = write::file(&layout, &sheet, style)?;
        let file_name = match style {
            RosterStyle::StudentRecordExport => format!("学生基本信息导出{SCHOOL_YEAR}09.xlsx"),
            RosterStyle::ClerksHand => format!("{SCHOOL_YEAR}年秋季适龄儿童花名册(最终版).xlsx"),
            RosterStyle::GbkCsv => format!("{SCHOOL_YEAR}年秋季花名册.csv"),
            RosterStyle::Utf8Csv => format!("students-{SCHOOL_YEAR}-autumn.csv"),
        };
        Ok(FictionalRoster { file_name, bytes, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Scenario, Size};
    use super::*;
    use calamine::{Data, Reader, Xlsx};
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::Cursor;

    struct Telling {
        fiction: Fiction,
        county: County,
        children: Vec<FictionalChild>,
    }

    fn telling(seed: u64, count: usize) -> Telling {
        let fiction = Fiction::new(seed);
        let county = fiction.county(Size::Township);
        let children = fiction.children(&county, count);
        Telling { fiction, county, children }
    }

    impl Telling {
        fn roster(&self, style: RosterStyle) -> FictionalRoster {
            self.fiction.roster_workbook(&self.children, &self.county, style).unwrap()
        }
    }

    /// The cells of a file by row and column, both from 1, as another program reads them.
    fn cells(roster: &FictionalRoster, style: RosterStyle) -> BTreeMap<(u32, u32), Data> {
        let mut cells = BTreeMap::new();
        if style.is_workbook() {
            let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(&roster.bytes)).unwrap();
            let range = workbook.worksheet_range_at(0).unwrap().unwrap();
            assert_eq!(range.start(), Some((0, 0)), "the sheet begins at its corner");
            for (row, line) in (1..).zip(range.rows()) {
                let filled = (1..).zip(line).filter(|(_, data)| **data != Data::Empty);
                cells.extend(filled.map(|(column, data)| ((row, column), data.clone())));
            }
            return cells;
        }
        let text = match style {
            RosterStyle::GbkCsv => {
                let (text, _, damaged) = encoding_rs::GBK.decode(&roster.bytes);
                assert!(!damaged && String::from_utf8(roster.bytes.clone()).is_err(), "it is GBK and nothing else");
                text.into_owned()
            }
            _ => String::from_utf8(roster.bytes.clone()).unwrap().strip_prefix('\u{feff}').unwrap().to_owned(),
        };
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        for (record, row) in reader.records().zip(1..) {
            for (cell, column) in record.unwrap().iter().zip(1..) {
                if !cell.is_empty() {
                    cells.insert((row, column), Data::String(cell.to_owned()));
                }
            }
        }
        cells
    }

    /// In which row the headers stand, and in which column one of these does.
    fn column(cells: &BTreeMap<(u32, u32), Data>, headers: &[&str]) -> (u32, u32) {
        let hit = cells.iter().find(|(_, cell)| matches!(cell, Data::String(text) if headers.contains(&text.as_str())));
        *hit.unwrap().0
    }

    const NAMES: &[&str] = &["姓名", "学生姓名", "儿童姓名", "姓 名"];
    const ID_NUMBERS: &[&str] = &["身份证件号", "身份证号", "身份证号码", "证件号", "公民身份号码"];
    const PHONES: &[&str] = &["成员1联系电话", "联系电话", "家长电话", "监护人电话", "电话"];

    /// A name or number as people read it: without spaces, with one kind of dot, digits in half width.
    fn plain(cell: &Data) -> String {
        let text = cell.to_string();
        let plain = text.chars().filter(|c| !c.is_whitespace() && !['\'', '-'].contains(c)).map(|c| match c {
            '•' | '・' | '‧' | '．' => '·',
            c => {
                "０１２３４５６７８９".chars().zip('0'..='9').find(|(wide, _)| *wide == c).map_or(c, |(_, digit)| digit)
            }
        });
        plain.collect::<String>().to_uppercase()
    }

    #[test]
    fn the_same_seed_writes_the_same_bytes_in_every_style() {
        for style in RosterStyle::ALL {
            let roster = telling(81, 120).roster(*style);
            assert_eq!(roster, telling(81, 120).roster(*style), "{style:?}");
            assert_ne!(roster.bytes, telling(82, 120).roster(*style).bytes, "{style:?}");
        }
    }

    #[test]
    fn every_row_is_about_the_child_that_is_expected_there() {
        for (seed, style) in (83..).zip(RosterStyle::ALL) {
            let told = telling(seed, 600);
            let (fiction, roster) = (told.fiction, told.roster(*style));
            let cells = cells(&roster, *style);
            let (header_row, name_column) = column(&cells, NAMES);
            let (_, id_column) = column(&cells, ID_NUMBERS);
            assert_eq!(roster.expected[0].row_number, header_row + 1, "{fiction}, {style:?}");
            for (expected, row) in roster.expected.iter().zip(header_row + 1..) {
                let child = &told.children[expected.child];
                assert_eq!(expected.row_number, row, "{fiction}, {style:?}");
                let name = cells.get(&(row, name_column)).map(plain).unwrap_or_default();
                if expected.trap == Some(Trap::MissingName) {
                    assert_eq!(name, "", "{fiction}, {style:?}, row {row}");
                } else {
                    assert_eq!(name, child.name, "{fiction}, {style:?}, row {row}");
                }
                let id_number = cells.get(&(row, id_column)).map(plain).unwrap_or_default();
                let id_is_spoilt = matches!(
                    expected.trap,
                    Some(Trap::RoundedId | Trap::OldId | Trap::ImpossibleBirthday | Trap::NothingIdentifies)
                );
                if let Some(right) = child.id_number.as_ref().filter(|_| !id_is_spoilt) {
                    assert_eq!(&id_number, right, "{fiction}, {style:?}, row {row}");
                } else if id_is_spoilt {
                    assert_ne!(Some(&id_number), child.id_number.as_ref(), "{fiction}, {style:?}, row {row}");
                }
            }
        }
    }

    #[test]
    fn every_trap_is_laid_and_scenarios_keep_their_own() {
        for (seed, style) in (87..).zip(RosterStyle::ALL) {
            let told = telling(seed, 600);
            let roster = told.roster(*style);
            let laid: BTreeSet<Trap> = roster.expected.iter().filter_map(|expected| expected.trap).collect();
            for trap in Trap::ALL {
                let possible = told.children.iter().any(|child| trap.fits(child, *style));
                assert_eq!(laid.contains(trap), possible, "{}, {style:?}: {trap:?}", told.fiction);
            }
            for expected in &roster.expected {
                let scenario = told.children[expected.child].scenario;
                let wanted = match scenario {
                    None => continue,
                    Some(Scenario::WrongChecksum) => (Verdict::Doubtful, None),
                    Some(Scenario::ExcelBrokenId) => (Verdict::Doubtful, Some(Trap::RoundedId)),
                    Some(Scenario::DuplicateRecord) if expected.verdict == Verdict::Doubtful => continue,
                    Some(_) => (Verdict::New, None),
                };
                assert_eq!((expected.verdict, expected.trap), wanted, "{}, {style:?}: {scenario:?}", told.fiction);
            }
        }
    }

    #[test]
    fn excel_has_rounded_what_it_took_for_a_number() {
        let told = telling(91, 300);
        for style in RosterStyle::ALL {
            let roster = told.roster(*style);
            let cells = cells(&roster, *style);
            let (_, id_column) = column(&cells, ID_NUMBERS);
            for expected in roster.expected.iter().filter(|expected| expected.trap == Some(Trap::RoundedId)) {
                match &cells[&(expected.row_number, id_column)] {
                    Data::Float(number) if style.is_workbook() => {
                        assert!(number.to_string().ends_with("000"), "{}: {number}", told.fiction);
                        assert!((9.99e17..1e18).contains(number), "{}: {number}", told.fiction);
                    }
                    Data::String(text) if !style.is_workbook() => assert_eq!(text, "9.99999E+17"),
                    other => panic!("{}, {style:?}: {other:?}", told.fiction),
                }
            }
        }
    }

    #[test]
    fn a_clerk_merges_villages_and_writes_real_dates() {
        let told = telling(92, 300);
        let roster = told.roster(RosterStyle::ClerksHand);
        let cells = cells(&roster, RosterStyle::ClerksHand);
        let (header_row, village_column) = column(&cells, &["村(社区)", "村", "村(居)", "所在村"]);
        assert_eq!(header_row, 3, "two title rows stand above");
        let written = cells.keys().filter(|(row, column)| *row > header_row && *column == village_column).count();
        assert_eq!(written, 6, "{}: each village's name stands once", told.fiction);
        let (_, birth_column) = column(&cells, &["出生日期", "出生年月日", "出生年月"]);
        let is_date =
            |((_, column), cell): (&(u32, u32), &Data)| *column == birth_column && matches!(cell, Data::DateTime(_));
        assert!(cells.iter().filter(|cell| is_date(*cell)).count() > 50, "{}", told.fiction);
        let last_row = cells.keys().map(|(row, _)| *row).max().unwrap();
        assert_eq!(last_row, roster.expected.last().unwrap().row_number + 1, "a line for the signature stands below");
    }

    #[test]
    fn the_next_roster_changes_telephones_and_brings_newcomers() {
        let told = telling(93, 700);
        let known = 600;
        for style in RosterStyle::ALL {
            let first = told.fiction.roster_workbook(&told.children[..known], &told.county, *style).unwrap();
            let next = told.fiction.next_roster_workbook(&told.children, known, &told.county, *style).unwrap();
            let count = |verdict| next.count(verdict);
            assert_eq!(count(Verdict::Same) + count(Verdict::Changed), first.count(Verdict::New), "{}", told.fiction);
            assert_eq!(count(Verdict::Doubtful) + count(Verdict::Refused), 0, "{}", told.fiction);
            assert!((20..120).contains(&count(Verdict::Changed)), "{}: {}", told.fiction, count(Verdict::Changed));
            assert!((50..=100).contains(&count(Verdict::New)), "{}: {}", told.fiction, count(Verdict::New));
            let cells = cells(&next, *style);
            let (_, phone_column) = column(&cells, PHONES);
            for expected in &next.expected {
                let child = &told.children[expected.child];
                let phone = cells.get(&(expected.row_number, phone_column)).map(plain);
                let is_another = phone.as_deref() != child.phone();
                let is_left_out = expected.trap == Some(Trap::WordsForNothing);
                assert_eq!(
                    is_another,
                    expected.verdict == Verdict::Changed || is_left_out,
                    "{}, {style:?}, row {}",
                    told.fiction,
                    expected.row_number
                );
                assert_eq!(expected.child >= known, expected.verdict == Verdict::New, "{}", told.fiction);
            }
        }
    }

    #[test]
    fn a_school_lists_only_who_is_on_its_roll() {
        let told = telling(94, 300);
        let deceased = told.children.iter().position(|child| child.class.is_none()).unwrap();
        for style in RosterStyle::ALL {
            let listed = told.roster(*style).expected.iter().any(|expected| expected.child == deceased);
            assert_eq!(listed, !style.is_of_a_school(), "{}, {style:?}", told.fiction);
        }
    }

    #[test]
    fn ten_thousand_rows_fit_and_gbk_has_every_character() {
        let fiction = Fiction::new(95);
        let county = fiction.county(Size::County);
        let children = fiction.children(&county, 10_000);
        for style in [RosterStyle::ClerksHand, RosterStyle::GbkCsv] {
            let roster = fiction.roster_workbook(&children, &county, style).unwrap();
            assert!(roster.expected.len() >= 10_000, "{fiction}, {style:?}: {}", roster.expected.len());
        }
    }

    #[test]
    fn a_list_of_nobody_is_a_list_all_the_same() {
        let told = telling(96, 0);
        for style in RosterStyle::ALL {
            let roster = told.roster(*style);
            assert_eq!(roster.expected, []);
            column(&cells(&roster, *style), NAMES);
        }
    }
}
