//! Gives the refused rows back as they were in the file, with the reasons in words, for the clerk to mend and bring
//! in again.

use std::collections::BTreeMap;

use super::Sheet;
use super::roster_reader::RosterTable;
use super::writer::{ColumnKind, Table, TableColumn, width_of, write_table};
use crate::domain::roster::reason::Weight;
use crate::domain::roster::{CellProblem, RowVerdict, Verdict};
use crate::error::Result;

/// The header of the first column; `header_names::recognise` knows it and leaves it out.
pub const REASON_HEADER: &str = "原因";
/// How wide a column may grow for its cells, in half-width characters.
const WIDTH_CHARS_MAX: u16 = 40;

/// Writes the refused rows of a roster. Every cell is text, so that a mended ID number is not rounded again; a
/// header of two lines has become one.
///
/// # Errors
/// As [`write_table`].
pub fn refused_rows(sheet: &Sheet, table: &RosterTable, verdicts: &[RowVerdict]) -> Result<Vec<u8>> {
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for verdict in verdicts.iter().filter(|verdict| verdict.verdict == Verdict::Refused) {
        let row = usize::try_from(verdict.row_number).unwrap_or(usize::MAX).saturating_sub(1);
        let cells = table.columns.iter().map(|column| sheet.cell(row, column.at).text.clone());
        rows.insert(verdict.row_number, std::iter::once(reasons(&verdict.problems)).chain(cells).collect());
    }
    let mut columns = vec![TableColumn { header: REASON_HEADER.to_owned(), width_chars: 50, kind: ColumnKind::Text }];
    for (at, column) in (1_usize..).zip(&table.columns) {
        let widest = rows.values().filter_map(|cells| cells.get(at)).map(|cell| width_of(cell)).max().unwrap_or(0);
        let width_chars = widest.min(WIDTH_CHARS_MAX);
        columns.push(TableColumn { header: column.header.clone(), width_chars, kind: ColumnKind::Text });
    }
    let table = Table {
        title: Some("未导入的行：改正后可直接再次导入".to_owned()),
        sheet_name: "未导入".to_owned(),
        columns,
        rows: rows.into_values().collect(),
        frozen_columns: 1,
    };
    write_table(&table)
}

/// Why a row was refused, then what else a person should look at: 身份证号「9.99E+17」：…；出生日期：…
fn reasons(problems: &[CellProblem]) -> String {
    let mut problems: Vec<&CellProblem> = problems.iter().collect();
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.reason.weight()));
    let heavy = problems.iter().filter(|problem| problem.reason.weight() > Weight::Note);
    // Notes about a village or a class that was not found say why the row has no place.
    let notes = problems.iter().filter(|problem| problem.reason.weight() == Weight::Note && !problem.cell.is_empty());
    let said = heavy.chain(notes).map(|problem| {
        let place = match (problem.column.is_empty(), problem.cell.is_empty()) {
            (true, _) => String::new(),
            (false, true) => format!("{}：", problem.column),
            (false, false) => format!("{}「{}」：", problem.column, problem.cell),
        };
        format!("{place}{}", problem.text_zh())
    });
    said.collect::<Vec<_>>().join("；")
}

#[cfg(test)]
mod tests {
    use super::super::Cell;
    use super::super::reader::read_sheet;
    use super::super::roster_reader::read_roster;
    use super::*;
    use crate::domain::roster::example::{KnownList, TODAY, county, id_number};
    use crate::domain::roster::judge;

    fn verdicts(table: &RosterTable) -> Vec<RowVerdict> {
        judge(&table.rows, &KnownList::default(), &county(), TODAY)
    }

    /// A roster with a header of two lines: one row that is good, and two that must be refused.
    fn sheet() -> Sheet {
        let id = id_number("99999920170901", 1);
        let text = |row: &[&str]| row.iter().map(|text| Cell::text(*text)).collect::<Vec<_>>();
        let mut rounded = text(&["2", "石小圆", "", "", "云雾镇", "青杠村", "石大山", "19900000001", "O型"]);
        rounded[2] = Cell::number(999_999_201_709_010_000_f64);
        let rows = vec![
            text(&["云雾镇学生花名册"]),
            text(&["序号", "学生信息", "", "", "住址", "", "监护人", "", "血型"]),
            text(&["", "姓名", "身份证号", "出生日期", "乡镇", "村", "姓名", "电话", ""]),
            text(&["1", "石小满", id.in_full(), "", "云雾镇", "青杠村", "石大山", "19900000001", "A型"]),
            rounded,
            text(&["3", "石小方", "", "2016-03-04", "云雾镇", "金竹村", "=石二山", "19900000002", ""]),
        ];
        Sheet { name: "花名册".to_owned(), rows, other_tables: vec![] }
    }

    #[test]
    fn refused_rows_come_back_as_they_were_with_the_reason_in_words() {
        let sheet = sheet();
        let table = read_roster(&sheet).unwrap();
        let judged = verdicts(&table);
        let told: Vec<_> = judged.iter().map(|verdict| (verdict.row_number, verdict.verdict)).collect();
        assert_eq!(told, [(4, Verdict::New), (5, Verdict::Refused), (6, Verdict::Refused)]);

        let back = read_sheet("未导入.xlsx", &refused_rows(&sheet, &table, &judged).unwrap()).unwrap();
        let texts = |row: usize| back.rows[row].iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>();
        assert_eq!(
            texts(1),
            ["原因", "序号", "姓名", "身份证号", "出生日期", "乡镇", "村", "监护人姓名", "监护人电话", "血型"]
        );
        let first = texts(2);
        assert!(
            first[0].starts_with("身份证号「999999201709010000」：既没有可用的身份证号，也没有出生日期"),
            "{}",
            first[0]
        );
        assert!(first[0].contains("证件号被表格软件当成数字，末尾几位已丢失"), "{}", first[0]);
        assert_eq!(
            first[1..],
            ["2", "石小圆", "999999201709010000", "", "云雾镇", "青杠村", "石大山", "19900000001", "O型"]
        );
        let second = texts(3);
        assert!(second[0].contains("村「金竹村」：本县没有这个村(社区)"), "{}", second[0]);
        assert_eq!(second[7], "=石二山");
        assert_eq!(back.rows.len(), 4, "the good row is not among them");
    }

    #[test]
    fn a_clerk_mends_the_refused_rows_and_brings_the_same_file_in_again() {
        let sheet = sheet();
        let table = read_roster(&sheet).unwrap();
        let file = refused_rows(&sheet, &table, &verdicts(&table)).unwrap();
        let mut back = read_sheet("未导入.xlsx", &file).unwrap();

        let unmended = read_roster(&back).unwrap();
        assert!(
            verdicts(&unmended).iter().all(|verdict| verdict.verdict == Verdict::Refused),
            "nothing was mended yet"
        );

        back.rows[2][3] = Cell::text(id_number("99999920170901", 2).in_full());
        back.rows[3][6] = Cell::text("白岩村");
        let mended = read_roster(&back).unwrap();
        assert_eq!(mended.unrecognised().collect::<Vec<_>>(), ["血型"], "the reasons are known and left out");
        let told: Vec<_> = verdicts(&mended).iter().map(|verdict| verdict.verdict).collect();
        assert_eq!(told, [Verdict::New, Verdict::New]);
        let guardian = &mended.rows[0].guardians[0];
        assert_eq!(guardian.name.as_ref().unwrap().written(), "石大山", "the two lines of the header still count");
    }
}
