//! Tests of the reader as a whole: files as people make them, and files as nobody should.

use std::io::{Cursor, Read, Write};

use encoding_rs::GB18030;
use jiff::civil::date;
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::reader::read_sheet;
use super::roster_reader::{RosterTable, read_roster};
use super::{Cell, CellKind, Sheet};
use crate::domain::code_list::Sex;
use crate::domain::id_number::IdNumberProblem;
use crate::domain::roster::RosterRow;
use crate::domain::roster::example::{KnownList, THREE_ONE, TODAY, county, id_number};
use crate::domain::roster::reason::RowReason;
use crate::domain::roster::{Verdict, judge};
use crate::error::ErrorCode;

const LEGACY: &[u8] = include_bytes!("fixtures/roster.xls");

fn roster(name: &str, bytes: &[u8]) -> RosterTable {
    read_roster(&read_sheet(name, bytes).unwrap()).unwrap()
}

fn names(table: &RosterTable) -> Vec<&str> {
    table.rows.iter().map(|row| row.name.as_ref().map_or("", |name| name.written())).collect()
}

fn reasons(row: &RosterRow) -> Vec<RowReason> {
    row.problems.iter().map(|problem| problem.reason).collect()
}

fn failure(bytes: &[u8]) -> (ErrorCode, Option<String>) {
    let failure = read_sheet("名册.xlsx", bytes).unwrap_err();
    (failure.code, failure.facts.into_values().next())
}

/// A roster as an office makes it: a title over all columns, a header of two lines, a merged class, a rounded ID.
fn office_workbook() -> Workbook {
    let mut workbook = Workbook::new();
    let plain = Format::new();
    let day = Format::new().set_num_format("yyyy/m/d");
    workbook.add_worksheet().set_name("封面").unwrap().write_string(0, 0, "云雾镇中心小学").unwrap();
    let sheet = workbook.add_worksheet().set_name("花名册").unwrap();
    sheet.merge_range(0, 0, 0, 7, "2026年秋季学生花名册", &plain).unwrap();
    for (at, text) in [(0, "序号"), (5, "班级")] {
        sheet.merge_range(1, at, 2, at, text, &plain).unwrap();
    }
    sheet.merge_range(1, 1, 1, 4, "学生信息", &plain).unwrap();
    sheet.merge_range(1, 6, 1, 7, "监护人", &plain).unwrap();
    for (at, text) in [(1, "姓名"), (2, "性别"), (3, "出生日期"), (4, "身份证号"), (6, "姓名"), (7, "联系电话")]
    {
        sheet.write_string(2, at, text).unwrap();
    }
    let born = ExcelDateTime::from_ymd(2017, 9, 1).unwrap();
    sheet.write_number(3, 0, 1).unwrap();
    sheet.write_string(3, 1, "石小满").unwrap();
    sheet.write_string(3, 2, "男").unwrap();
    sheet.write_datetime_with_format(3, 3, born, &day).unwrap();
    sheet.write_string(3, 4, id_number("99999920170901", 1).in_full()).unwrap();
    sheet.write_string(3, 6, "石大山").unwrap();
    sheet.write_number(3, 7, 19_900_000_001_f64).unwrap();
    sheet.write_number(4, 0, 2).unwrap();
    sheet.write_string(4, 1, "李　明").unwrap();
    sheet.write_number(4, 2, 2).unwrap();
    sheet.write_string(4, 3, "2018年2月28日").unwrap();
    sheet.write_number(4, 4, 999_999_201_802_280_000_f64).unwrap();
    sheet.write_boolean(4, 6, true).unwrap();
    sheet.write_formula(4, 7, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    sheet.merge_range(3, 5, 4, 5, "三年级(1)班", &plain).unwrap();
    workbook
}

#[test]
fn an_xlsx_of_an_office_is_read_with_its_title_merged_cells_and_traps() {
    let bytes = office_workbook().save_to_buffer().unwrap();
    let sheet = read_sheet("花名册.xlsx", &bytes).unwrap();
    assert_eq!(sheet.name, "花名册", "the cover has no header");
    assert_eq!(sheet.cell(3, 3), &Cell::date(date(2017, 9, 1)));
    assert_eq!(sheet.cell(4, 5).text, "三年级(1)班", "filled from the first of the merged cells");
    assert_eq!(sheet.cell(4, 6).kind, CellKind::Boolean);

    let table = read_roster(&sheet).unwrap();
    assert_eq!(names(&table), ["石小满", "李明"]);
    let [first, second] = table.rows.as_slice() else { panic!("two children") };
    assert_eq!((first.row_number, second.row_number), (4, 5));
    assert_eq!(first.birth_date, Some(date(2017, 9, 1)));
    assert_eq!(first.id_number, Some(id_number("99999920170901", 1)));
    assert_eq!(first.guardians[0].phone.as_ref().unwrap().as_str(), "19900000001");
    assert_eq!(reasons(first), []);
    assert_eq!((second.sex, second.birth_date), (Some(Sex::Female), Some(date(2018, 2, 28))));
    assert_eq!(second.id_problem, Some(IdNumberProblem::Rounded));
    assert_eq!(second.problems.iter().find(|p| p.reason == RowReason::IdRounded).unwrap().cell, "999999201802280000");
}

#[test]
fn a_formula_s_error_is_no_phone_number() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (at, text) in [(0, "姓名"), (1, "性别"), (2, "联系电话")] {
        sheet.write_string(0, at, text).unwrap();
    }
    sheet.write_string(1, 0, "石小满").unwrap();
    sheet.write_string(1, 1, "男").unwrap();
    sheet.write_formula(1, 2, Formula::new("=VLOOKUP(A2,B:C,2)").set_result("#N/A")).unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let table = roster("名册.xlsx", &bytes);
    assert_eq!((reasons(&table.rows[0]), table.rows[0].guardians.len()), (vec![RowReason::CellError], 0));
}

/// The file with one part changed.
fn with_part(file: &[u8], part: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut change = Some(change);
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if name == part {
            change.take().expect("one part has this name")(&mut content);
        }
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&content).unwrap();
    }
    assert!(change.is_none(), "{part} is there");
    writer.finish().unwrap().into_inner()
}

/// The file with a text of one part replaced.
fn rewritten(file: &[u8], part: &str, from: &str, to: &str) -> Vec<u8> {
    with_part(file, part, |content| {
        let text = std::str::from_utf8(content).unwrap();
        assert!(text.contains(from), "{text}");
        *content = text.replace(from, to).into_bytes();
    })
}

#[test]
fn a_legacy_xls_is_read_with_the_same_result() {
    let sheet = read_sheet("roster.xls", LEGACY).unwrap();
    assert_eq!((sheet.name.as_str(), sheet.other_tables.len()), ("花名册", 0));
    let table = read_roster(&sheet).unwrap();
    assert_eq!(names(&table), ["石小满", "阿依・古丽", "欧阳䶮"]);
    let [first, second, third] = table.rows.as_slice() else { panic!("three children") };
    assert_eq!((first.row_number, table.passed_over.as_slice()), (5, [8].as_slice()));
    assert_eq!((first.birth_date, first.sex), (Some(date(2017, 9, 1)), Some(Sex::Male)));
    assert_eq!(first.id_number.as_ref().unwrap().in_full(), "999999201709010011");
    assert_eq!(first.guardians[0].phone.as_ref().unwrap().as_str(), "19900000001");
    assert_eq!(second.name.as_ref().unwrap().matching(), "阿依\u{b7}古丽");
    assert_eq!((second.birth_date, reasons(second)), (Some(date(2017, 10, 12)), vec![RowReason::IdRounded]));
    assert_eq!(second.guardians[0].phone.as_ref().unwrap().as_str(), "0827-7000001");
    assert_eq!((reasons(third), third.guardians.len()), (vec![], 0));
    assert!(table.rows.iter().all(|row| row.class == "三年级(1)班"));

    let verdicts = judge(&table.rows, &KnownList::default(), &county(), TODAY);
    let told: Vec<_> = verdicts.iter().map(|verdict| verdict.verdict).collect();
    assert_eq!(told, [Verdict::New, Verdict::Doubtful, Verdict::New]);
    assert_eq!(verdicts[0].leaves.class.as_ref().unwrap().0, THREE_ONE, "the school is named in the title");
}

#[test]
fn a_legacy_xls_that_names_a_wrong_code_page_is_read_all_the_same() {
    let code_page = [0x42, 0, 2, 0, 0xB0, 0x04];
    let at = LEGACY.windows(6).position(|window| window == code_page).expect("the fixture names UTF-16");
    let mut other = LEGACY.to_vec();
    other[at + 4..at + 6].copy_from_slice(&1252_u16.to_le_bytes());
    assert_eq!(names(&roster("roster.xls", &other)), ["石小满", "阿依・古丽", "欧阳䶮"]);
}

const TEXT: &str = "云雾镇学生花名册,,\r\n姓名,性别,备注\r\n\r\n石小满,男,\"住,三社\"\r\n李　明,女,\"一行\n二行\"\r\n欧阳\u{4dae},男,\r\n";

#[test]
fn a_csv_is_read_in_every_encoding_that_offices_save() {
    let utf8 = TEXT.as_bytes().to_vec();
    let with_mark = [b"\xEF\xBB\xBF".as_slice(), TEXT.as_bytes()].concat();
    let (gbk, _, unmappable) = GB18030.encode(TEXT);
    assert!(!unmappable);
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(TEXT.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for (encoding, bytes) in
        [("utf-8", utf8), ("utf-8 with mark", with_mark), ("gb18030", gbk.into_owned()), ("utf-16", utf16)]
    {
        let sheet = read_sheet("C:\\桌面\\名册.csv", &bytes).unwrap();
        assert_eq!(sheet.name, "名册", "{encoding}");
        let table = read_roster(&sheet).unwrap();
        assert_eq!(names(&table), ["石小满", "李明", "欧阳\u{4dae}"], "{encoding}");
        let numbers: Vec<_> = table.rows.iter().map(|row| row.row_number).collect();
        assert_eq!(numbers, [4, 5, 6], "blank lines count as rows, line ends inside cells do not");
        assert_eq!(table.rows[0].note, "住,三社");
        assert_eq!(table.rows[1].note, "一行 二行");
    }
}

#[test]
fn a_csv_is_read_with_commas_tabs_and_semicolons() {
    for (delimiter, name) in [(",", "名册.csv"), ("\t", "名册.txt"), (";", "名册.csv"), ("\t", "名册.xls")] {
        let text =
            ["姓名,出生日期,地址", "石小满,2017-09-01,青杠村 3社"].map(|line| line.replace(',', delimiter)).join("\r");
        let table = roster(name, text.as_bytes());
        assert_eq!(table.rows[0].birth_date, Some(date(2017, 9, 1)), "{delimiter:?} {name}");
    }
    let named = roster("名册.csv", "sep=;\n姓名;性别\n石小满;男\n".as_bytes());
    assert_eq!(named.rows[0].row_number, 3);
}

#[test]
fn a_number_that_a_system_guards_in_a_csv_is_read_without_its_guard() {
    let id = id_number("99999920170901", 1);
    for guarded in
        [format!("\"=\"\"{id}\"\"\"", id = id.in_full()), format!("\t{}", id.in_full()), format!("'{}", id.in_full())]
    {
        let table = roster("名册.csv", format!("姓名,身份证号\n石小满,{guarded}\n").as_bytes());
        assert_eq!(table.rows[0].id_number.as_ref(), Some(&id), "{guarded}");
    }
    let rounded = roster("名册.csv", "姓名,身份证号\n石小满,9.99999E+17\n".as_bytes());
    assert_eq!(rounded.rows[0].id_problem, Some(IdNumberProblem::Rounded), "Excel has saved it so");
}

#[test]
fn a_workbook_with_a_sheet_for_each_class_names_those_that_were_not_read() {
    let mut workbook = Workbook::new();
    for name in ["一班", "二班"] {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        sheet.write_string(0, 0, "姓名").unwrap().write_string(0, 1, "性别").unwrap();
    }
    let sheet = read_sheet("三年级.xlsx", &workbook.save_to_buffer().unwrap()).unwrap();
    assert_eq!((sheet.name.as_str(), sheet.other_tables), ("一班", vec!["二班".to_owned()]));
}

#[test]
fn a_hidden_sheet_is_not_taken_for_the_roster() {
    let mut workbook = Workbook::new();
    let codes = workbook.add_worksheet();
    codes.write_string(0, 0, "姓名").unwrap().write_string(0, 1, "性别").unwrap().write_string(0, 2, "民族").unwrap();
    codes.set_hidden(true);
    let sheet = workbook.add_worksheet().set_name("名册").unwrap();
    sheet.write_string(0, 0, "姓名").unwrap().write_string(0, 1, "性别").unwrap();
    sheet.set_active(true);
    assert_eq!(read_sheet("", &workbook.save_to_buffer().unwrap()).unwrap().name, "名册");
}

#[test]
fn what_is_no_spreadsheet_is_told_so() {
    let unreadable = |reason: Option<&str>| (ErrorCode::SpreadsheetUnreadable, reason.map(str::to_owned));
    assert_eq!(failure(b""), unreadable(None));
    assert_eq!(failure(b"\n , ,\n"), unreadable(None));
    assert_eq!(failure(b"PK\x03\x04 and then nothing"), unreadable(None));
    assert_eq!(failure(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and then nothing"), unreadable(None));
    assert_eq!(failure(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), unreadable(None));
    assert_eq!(failure("<html><table><tr><td>姓名".as_bytes()), unreadable(Some("web_page")));
    let whole = office_workbook().save_to_buffer().unwrap();
    assert_eq!(failure(&whole[..whole.len() / 2]), unreadable(None));
}

#[test]
fn a_file_with_a_password_says_that_it_is_protected() {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_stream("/EncryptedPackage").unwrap();
    let bytes = file.into_inner().into_inner();
    assert_eq!(failure(&bytes), (ErrorCode::SpreadsheetUnreadable, Some("protected".to_owned())));
}

#[test]
fn what_is_too_large_says_which_limit() {
    let too_large = |limit: &str| (ErrorCode::SpreadsheetTooLarge, Some(limit.to_owned()));
    assert_eq!(failure(&vec![b'a'; super::FILE_BYTES_MAX + 1]), too_large("bytes"));
    assert_eq!(failure("a\n".repeat(super::ROWS_MAX + 1).as_bytes()), too_large("rows"));
    assert_eq!(failure("a,".repeat(300).replace(",a", ",b").as_bytes()), too_large("columns"));
    let cell = |row: u32, column: u16| {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().write_string(row, column, "石小满").unwrap();
        workbook.save_to_buffer().unwrap()
    };
    assert_eq!(failure(&cell(100_000, 0)), too_large("rows"));
    assert_eq!(failure(&cell(0, 256)), too_large("columns"));
    assert!(read_sheet("", &cell(99_999, 255)).is_ok());
}

#[test]
fn a_promise_of_very_many_shared_texts_takes_no_memory() {
    let bytes = office_workbook().save_to_buffer().unwrap();
    let at = "uniqueCount=\"";
    let hostile = rewritten(&bytes, "xl/sharedStrings.xml", at, "uniqueCount=\"99999999999");
    assert_eq!(names(&roster("", &hostile)), ["石小满", "李明"]);
}

#[test]
fn a_merged_area_over_the_whole_sheet_is_filled_as_far_as_there_are_rows() {
    let bytes = office_workbook().save_to_buffer().unwrap();
    let hostile = rewritten(&bytes, "xl/worksheets/sheet2.xml", r#"ref="A1:H1""#, r#"ref="A1:XFD1048576""#);
    let sheet = read_sheet("", &hostile).unwrap();
    assert_eq!((sheet.rows.len(), sheet.rows[4].len()), (5, 8));
}

#[test]
fn merged_areas_that_lie_over_each_other_by_the_thousand_are_too_large() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write(0, 0, "姓名").unwrap();
    sheet.write(2_000, 200, "末").unwrap();
    sheet.merge_range(0, 2, 0, 3, "家庭", &Format::new()).unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let area = r#"<mergeCell ref="A1:GS2001"/>"#;
    let hostile = rewritten(&bytes, "xl/worksheets/sheet1.xml", r#"<mergeCell ref="C1:D1"/>"#, &area.repeat(20_000));
    assert!(hostile.len() < 32 * 1024, "small enough for any mail: {} bytes", hostile.len());
    assert_eq!(failure(&hostile), (ErrorCode::SpreadsheetTooLarge, Some("cells".to_owned())));
}

#[test]
fn a_thousand_sheets_that_are_all_one_large_part_are_too_many() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("一").unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let large = with_part(&bytes, "xl/worksheets/sheet1.xml", |content| content.extend(vec![b' '; 4 << 20]));
    let sheets: String =
        (1..1_000).map(|number| format!(r#"<sheet name="{number}" sheetId="{number}" r:id="rId1"/>"#)).collect();
    let hostile = rewritten(&large, "xl/workbook.xml", "<sheets>", &format!("<sheets>{sheets}"));
    assert!(hostile.len() < 64 * 1024, "small enough for any mail: {} bytes", hostile.len());
    assert_eq!(failure(&hostile), (ErrorCode::SpreadsheetTooLarge, Some("sheets".to_owned())));
}

/// Reads a mutated file in all the ways there are; it may fail and must not stumble.
fn read_through(bytes: &[u8]) {
    if let Ok(sheet) = read_sheet("名册", bytes) {
        assert!(sheet.rows.len() <= super::ROWS_MAX);
        if let Ok(table) = read_roster(&sheet) {
            let verdicts = judge(&table.rows, &KnownList::default(), &county(), TODAY);
            let _ = super::refused_rows::refused_rows(&sheet, &table, &verdicts).unwrap();
        }
    }
}

fn mutated(bytes: &[u8], changes: &[(usize, u8)], cut: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, value) in changes {
        let length = bytes.len();
        bytes[at % length] = *value;
    }
    bytes.truncate(bytes.len() - cut % bytes.len() / 8);
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((any::<usize>(), any::<u8>()), 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_damaged_xls_never_makes_the_reader_stumble(changes in changes(), cut in 0..400_usize) {
        read_through(&mutated(LEGACY, &changes, cut));
    }

    #[test]
    fn a_damaged_workbook_stream_never_makes_the_reader_stumble(changes in changes()) {
        // Inside the stream, where the compound file's own checks do not look.
        let (name, stream) = super::xls_measure::workbook_stream(LEGACY).unwrap();
        read_through(&super::xls_measure::packed(name, &mutated(&stream, &changes, 0)).unwrap());
    }

    #[test]
    fn a_damaged_xlsx_never_makes_the_reader_stumble(changes in changes(), cut in 0..400_usize) {
        read_through(&mutated(&office_workbook().save_to_buffer().unwrap(), &changes, cut));
    }

    #[test]
    fn a_damaged_sheet_never_makes_the_reader_stumble(changes in changes(), part in 0..3_usize) {
        let part = ["xl/worksheets/sheet2.xml", "xl/sharedStrings.xml", "xl/workbook.xml"][part];
        let file = with_part(&office_workbook().save_to_buffer().unwrap(), part, |content| {
            *content = mutated(content, &changes, 0);
        });
        read_through(&file);
    }

    #[test]
    fn no_text_makes_the_reader_stumble(text in "[姓名性别,;\t\"\n\r=' 石小满男0-9]{0,200}", changes in changes()) {
        read_through(text.as_bytes());
        if !text.is_empty() {
            read_through(&mutated(text.as_bytes(), &changes, 0));
        }
    }
}

#[test]
fn an_empty_sheet_has_no_cells() {
    assert_eq!(Sheet::default().cell(3, 3), &Cell::default());
}
