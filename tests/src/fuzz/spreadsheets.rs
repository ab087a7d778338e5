//! Rosters: whole files, and the parts inside of them that a damaged archive would hide.

use std::io::{Cursor, Read, Write};
use std::sync::OnceLock;

use jiafang_core::domain::county::County;
use jiafang_core::domain::id_number::IdNumber;
use jiafang_core::domain::roster::{KnownChild, KnownChildren, judge};
use jiafang_core::spreadsheet::reader::read_sheet;
use jiafang_core::spreadsheet::refused_rows::refused_rows;
use jiafang_core::spreadsheet::roster_reader::read_roster;
use jiafang_core::spreadsheet::{COLUMNS_MAX, ROWS_MAX};

use crate::fiction::{Fiction, RosterStyle, Size};

/// A legacy workbook, as an office saves it; the reader's own tests have it, too.
const LEGACY: &[u8] = include_bytes!("../../../core/src/spreadsheet/fixtures/roster.xls");

/// Parts of an .xlsx that say what the reader does.
const PARTS: [&str; 6] = [
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "[Content_Types].xml",
];

pub(super) fn file(bytes: &[u8]) {
    reads("名册.xls", bytes);
}

/// After a byte that says which part of a sound .xlsx this is.
pub(super) fn xlsx_part(bytes: &[u8]) {
    let Some((part, content)) = bytes.split_first() else { return };
    let part = PARTS[usize::from(*part) % PARTS.len()];
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, sound) in sound_parts() {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(name.as_str(), options).expect("an entry");
        writer.write_all(if name == part { content } else { sound }).expect("an entry");
    }
    reads("名册.xlsx", &writer.finish().expect("an archive").into_inner());
}

/// The workbook's stream of a legacy .xls.
pub(super) fn xls_stream(bytes: &[u8]) {
    let packed = || -> std::io::Result<Vec<u8>> {
        let mut file = cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new()))?;
        file.create_stream("/Workbook")?.write_all(bytes)?;
        file.flush()?;
        Ok(file.into_inner().into_inner())
    };
    reads("名册.xls", &packed().expect("a compound file"));
}

pub(super) fn text(bytes: &[u8]) {
    reads("名册.csv", bytes);
}

/// A county that knows no child yet.
struct Nobody;

impl KnownChildren for Nobody {
    fn by_id_number(&self, _: &IdNumber) -> Vec<KnownChild> {
        Vec::new()
    }

    fn by_name_and_birth(&self, _: &str, _: jiff::civil::Date) -> Vec<KnownChild> {
        Vec::new()
    }
}

fn reads(name: &str, bytes: &[u8]) {
    let Ok(sheet) = read_sheet(name, bytes) else { return };
    assert!(sheet.rows.len() <= ROWS_MAX);
    assert!(sheet.rows.iter().all(|row| row.len() <= COLUMNS_MAX));
    let Ok(table) = read_roster(&sheet) else { return };
    assert!(table.rows.len() <= sheet.rows.len());
    static COUNTY: OnceLock<County> = OnceLock::new();
    let county = COUNTY.get_or_init(|| Fiction::new(1).county(Size::Township));
    let today = jiff::civil::date(2026, 11, 23);
    let verdicts = judge(&table.rows, &Nobody, county, today);
    assert_eq!(verdicts.len(), table.rows.len(), "a word on every row");
    // What was refused is given back as a workbook that is read again.
    let given_back = refused_rows(&sheet, &table, &verdicts).expect("a workbook");
    read_sheet("退回.xlsx", &given_back).expect("our own workbook");
}

fn roster(style: RosterStyle, count: usize) -> Vec<u8> {
    let fiction = Fiction::new(1);
    let county = fiction.county(Size::Township);
    let children = fiction.children(&county, count);
    fiction.roster_workbook(&children, &county, style).expect("a roster").bytes
}

fn sound_parts() -> &'static [(String, Vec<u8>)] {
    static PARTS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    PARTS.get_or_init(|| {
        let mut archive = zip::ZipArchive::new(Cursor::new(roster(RosterStyle::ClerksHand, 6))).expect("an archive");
        let mut parts = Vec::new();
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at).expect("an entry");
            let name = entry.name().expect("a name").into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("an entry");
            parts.push((name, content));
        }
        parts
    })
}

pub(super) fn files() -> Vec<Vec<u8>> {
    vec![roster(RosterStyle::ClerksHand, 4), LEGACY.to_vec(), texts().swap_remove(0)]
}

pub(super) fn xlsx_parts() -> Vec<Vec<u8>> {
    (0_u8..)
        .zip(PARTS)
        .filter_map(|(number, part)| {
            let (_, content) = sound_parts().iter().find(|(name, _)| name == part)?;
            Some([vec![number], content.clone()].concat())
        })
        .collect()
}

pub(super) fn xls_streams() -> Vec<Vec<u8>> {
    let mut file = cfb::CompoundFile::open(Cursor::new(LEGACY)).expect("a compound file");
    let mut stream = Vec::new();
    file.open_stream("/Workbook").expect("a workbook").read_to_end(&mut stream).expect("a stream");
    vec![stream]
}

pub(super) fn texts() -> Vec<Vec<u8>> {
    let text = "序号,姓名,性别,出生日期,身份证号,家庭住址,监护人,联系电话\r\n\
                1,石小雨,女,2016-05-04,999999201605040027,云岭村3社,石大山,19900001001\r\n\
                2,王小明,男,2015.9.1,,\"石桥村, 2组\",王建国,'19900001002\r\n";
    let (gb18030, _, _) = encoding_rs::GB18030.encode(text);
    let utf16: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    vec![text.as_bytes().to_vec(), gb18030.into_owned(), utf16, text.replace(',', "\t").into_bytes()]
}
