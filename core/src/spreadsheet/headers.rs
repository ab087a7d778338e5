//! Where in a sheet the header is: below title rows, in one line or in two.

use std::collections::BTreeSet;

use super::Sheet;
use super::header_names::recognise;
use crate::domain::roster::column::RosterColumn;

/// How many rows from the top a header is looked for in.
const ROWS_TO_LOOK_AT: usize = 40;

/// A header that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its first row, from 0.
    pub first_row: usize,
    /// How many rows it takes: one, or two with groups above.
    pub row_count: usize,
    /// Its columns, from left to right, those without a text left out.
    pub columns: Vec<HeaderColumn>,
    /// How many different columns were recognised that the dossier has a place for.
    pub score: usize,
}

/// A column of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderColumn {
    /// Where it stands, from 0.
    pub at: usize,
    /// Its text as in the file, line ends left out; of two rows what names it.
    pub header: String,
    /// What it was taken for; `None` where it is not understood.
    pub column: Option<RosterColumn>,
}

/// The best header of a sheet: the one with the most columns, the name among them. `None` where there is none
/// with at least two.
#[must_use]
pub fn find(sheet: &Sheet) -> Option<Header> {
    let rows = sheet.rows.len().min(ROWS_TO_LOOK_AT);
    let mut best: Option<Header> = None;
    for row in 0..rows {
        // Of equals the first: a header is printed anew on every page. Two rows must say more than the second
        // alone, or else the first is a title; and as much as the first alone: the second holds the system's keys.
        let below = row.checked_add(1).and_then(|below| single(sheet, below)).map_or(0, |header| header.score);
        let here = match (single(sheet, row), double(sheet, row)) {
            (one, Some(two)) if two.score >= one.as_ref().map_or(0, |one| one.score) => {
                Some(two).filter(|two| two.score > below)
            }
            (one, _) => one,
        };
        best = match (here, best) {
            (Some(here), best) if here.score > best.as_ref().map_or(1, |best| best.score) => Some(here),
            (_, best) => best,
        };
    }
    best
}

/// The header in one row.
fn single(sheet: &Sheet, row: usize) -> Option<Header> {
    let cells = sheet.rows.get(row)?;
    let texts = cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
    header(row, 1, texts.map(|(at, cell)| (at, tidy(&cell.text), recognise(&cell.text))).collect())
}

/// The header in two rows: groups above (监护人), names below (姓名, 关系, 电话). A group that is not merged in
/// the file reaches as far as the cells right of it are blank and those below are not.
fn double(sheet: &Sheet, row: usize) -> Option<Header> {
    let (above, below) = (sheet.rows.get(row)?, sheet.rows.get(row.checked_add(1)?)?);
    let mut columns = Vec::new();
    let mut group = String::new();
    let mut has_names_below = false;
    for at in 0..above.len().max(below.len()) {
        let top = tidy(&sheet.cell(row, at).text);
        let bottom = tidy(below.get(at).map_or("", |cell| cell.text.as_str()));
        if !top.is_empty() {
            group.clone_from(&top);
        }
        if bottom.is_empty() || bottom == top {
            if !top.is_empty() {
                columns.push((at, top.clone(), recognise(&top)));
            }
            if bottom.is_empty() {
                group.clone_from(&top);
            }
            continue;
        }
        let joined = format!("{}{bottom}", without_filler(&group));
        if let Some(column) = recognise(&joined) {
            has_names_below = true;
            // As in the file, as long as it says the same without its group.
            let says_it_alone = recognise(&bottom) == Some(column);
            columns.push((at, if says_it_alone { bottom } else { joined }, Some(column)));
        } else if let Some(column) = recognise(&bottom).filter(|_| !speaks_of_a_person(&group)) {
            has_names_below = true;
            columns.push((at, bottom, Some(column)));
        } else {
            // Below a header that stands alone comes a child, and no part of a header.
            columns.push((at, joined, None));
        }
    }
    if has_names_below { header(row, 2, columns) } else { None }
}

fn header(first_row: usize, row_count: usize, found: Vec<(usize, String, Option<RosterColumn>)>) -> Option<Header> {
    let mut seen = BTreeSet::new();
    let mut columns = Vec::new();
    for (at, header, column) in found {
        // Only texts may stand in several columns; a second 姓名 or 身份证号 is another person's.
        let column = column.filter(|column| seen.insert(*column) || may_repeat(*column));
        columns.push(HeaderColumn { at, header, column });
    }
    seen.remove(&RosterColumn::LeftOut);
    let score = seen.len();
    seen.contains(&RosterColumn::Name).then_some(Header { first_row, row_count, columns, score })
}

const fn may_repeat(column: RosterColumn) -> bool {
    matches!(
        column,
        RosterColumn::Address
            | RosterColumn::HukouAddress
            | RosterColumn::HouseholdCategory
            | RosterColumn::SpecialFlags
            | RosterColumn::Note
            | RosterColumn::LeftOut
    )
}

/// Without line ends and outer white space.
fn tidy(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).collect::<String>()
}

/// 监护人信息 groups what 监护人 groups.
fn without_filler(group: &str) -> String {
    let mut bare = group.to_owned();
    for filler in ["基本信息", "基本情况", "信息", "情况", "资料"] {
        bare = bare.replace(filler, "");
    }
    bare
}

/// A group that speaks of somebody else: 姓名 below it is not the child's.
fn speaks_of_a_person(group: &str) -> bool {
    const OTHERS: [&str; 11] = ["监护", "家长", "父", "母", "户主", "成员", "照护", "责任", "教师", "联系人", "班主任"];
    OTHERS.iter().any(|other| group.contains(other))
}

#[cfg(test)]
mod tests {
    use super::super::Cell;
    use super::*;
    use RosterColumn as C;

    fn sheet(rows: &[&[&str]]) -> Sheet {
        let rows = rows.iter().map(|row| row.iter().map(|text| Cell::text(*text)).collect()).collect();
        Sheet { rows, ..Sheet::default() }
    }

    fn columns(header: &Header) -> Vec<(usize, Option<RosterColumn>)> {
        header.columns.iter().map(|column| (column.at, column.column)).collect()
    }

    #[test]
    fn the_header_is_found_below_title_rows() {
        let sheet = sheet(&[
            &["云雾镇中心小学学生花名册", "云雾镇中心小学学生花名册"],
            &["填表人:", "", "填表日期:2026.9.1"],
            &[],
            &["序号", "姓名", "性别", "血型"],
            &["1", "石小满", "男", "A"],
        ]);
        let header = find(&sheet).unwrap();
        assert_eq!((header.first_row, header.row_count, header.score), (3, 1, 2));
        assert_eq!(columns(&header), [(0, Some(C::LeftOut)), (1, Some(C::Name)), (2, Some(C::Sex)), (3, None)]);
    }

    #[test]
    fn a_header_of_two_lines_is_read_with_its_groups() {
        let merged = sheet(&[
            &["序号", "学生基本信息", "学生基本信息", "监护人信息", "监护人信息", "监护人信息", "备注"],
            &["序号", "姓名", "身份证号", "姓名", "关系", "联系电话", "备注"],
            &["1", "石小满", "999999201709010011", "石大山", "父亲", "19900000001", ""],
        ]);
        let plain = sheet(&[
            &["序号", "学生基本信息", "", "监护人信息", "", "", "备注"],
            &["", "姓名", "身份证号", "姓名", "关系", "联系电话", ""],
            &["1", "石小满", "999999201709010011", "石大山", "父亲", "19900000001", ""],
        ]);
        for sheet in [merged, plain] {
            let header = find(&sheet).unwrap();
            assert_eq!((header.first_row, header.row_count), (0, 2));
            let expected = [
                (0, Some(C::LeftOut)),
                (1, Some(C::Name)),
                (2, Some(C::IdNumber)),
                (3, Some(C::GuardianName(0))),
                (4, Some(C::GuardianRelation(0))),
                (5, Some(C::GuardianPhone(0))),
                (6, Some(C::Note)),
            ];
            assert_eq!(columns(&header), expected);
            assert_eq!(header.columns[3].header, "监护人姓名", "so that it reads alone");
        }
    }

    #[test]
    fn chinese_names_above_pinyin_keys_are_a_header_of_two_lines() {
        let header = find(&sheet(&[&["姓名", "性别", "民族"], &["xm", "xbm", "mzm"], &["石小满", "1", "07"]])).unwrap();
        assert_eq!(header.score, 3);
        assert_eq!(header.first_row + header.row_count, 2, "the child comes after both");
    }

    #[test]
    fn the_first_child_is_no_second_line_of_the_header() {
        let header = find(&sheet(&[&["姓名", "性别", "户主"], &["石小满", "男", "石大山"]])).unwrap();
        assert_eq!((header.first_row, header.row_count), (0, 1));
    }

    #[test]
    fn a_second_name_column_is_another_person_s() {
        let header = find(&sheet(&[&["姓名", "性别", "姓名", "身份证号", "身份证号"]])).unwrap();
        let taken: Vec<_> = header.columns.iter().map(|column| column.column).collect();
        assert_eq!(taken, [Some(C::Name), Some(C::Sex), None, Some(C::IdNumber), None]);
    }

    #[test]
    fn a_sheet_without_a_name_column_has_no_header() {
        assert_eq!(find(&sheet(&[&["年级", "人数"], &["三年级", "40"]])), None);
        assert_eq!(find(&sheet(&[&["姓名"], &["石小满"]])), None, "a list of bare names is no roster");
    }
}
