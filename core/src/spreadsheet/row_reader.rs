//! What the cells of a row say (handbook 9.1, 9.2, 10.3). What cannot be meant is noted in the cell's own terms.

use super::cell_values::{self as values, LeftBehind, code_text};
use super::guardian_cells;
use super::row_cells::RowCells;
use crate::domain::code_list::{AttendanceMode, ChildFlag};
use crate::domain::id_number::{IdNumber, IdNumberProblem};
use crate::domain::person_name::PersonName;
use crate::domain::roster::RosterRow;
use crate::domain::roster::column::RosterColumn;
use crate::domain::roster::ethnicity::Ethnicity;
use crate::domain::roster::reason::RowReason;
use crate::domain::roster::status::StatedStatus;

/// Reads the row into `child`.
pub(super) fn read_row(cells: RowCells<'_>, child: &mut RosterRow) {
    child.problems = cells.errors();
    read_person(cells, child);
    read_id(cells, child);
    read_student_no(cells, child);
    read_place(cells, child);
    read_schooling(cells, child);
    read_status(cells, child);
    read_flags(cells, child);
    child.guardians = guardian_cells::read(cells, &mut child.problems);
}

fn read_person(cells: RowCells<'_>, child: &mut RosterRow) {
    use RosterColumn as C;
    match PersonName::parse(&cells.cell(C::Name).text) {
        Ok(name) => child.name = Some(name),
        Err(problem) => child.problems.push(cells.problem(C::Name, problem.into())),
    }
    let sex = cells.code(C::Sex);
    child.sex = values::sex(&sex);
    // 0 未知 and 9 未说明 (GB/T 2261.1) say that the sex is not told.
    if child.sex.is_none() && !matches!(sex.as_str(), "" | "0" | "9") {
        child.problems.push(cells.problem(C::Sex, RowReason::SexUnreadable));
    }
    let ethnicity = cells.code(C::Ethnicity);
    child.ethnicity = Ethnicity::read(&ethnicity);
    if child.ethnicity.is_none() && !ethnicity.is_empty() {
        child.problems.push(cells.problem(C::Ethnicity, RowReason::EthnicityUnknown));
    }
    child.birth_date = values::day(cells.cell(C::BirthDate));
    if child.birth_date.is_none() && !cells.code(C::BirthDate).is_empty() {
        child.problems.push(cells.problem(C::BirthDate, RowReason::BirthDateUnreadable));
    }
    child.note = cells.line(C::Note, &mut child.problems);
}

/// The ID number. What a spreadsheet holds as a number of 16 digits or more has lost its tail, whatever it shows.
fn read_id(cells: RowCells<'_>, child: &mut RosterRow) {
    use RosterColumn as C;
    let kind = cells.code(C::IdType);
    child.id_type = values::id_type(&kind);
    if child.id_type.is_none() && !kind.is_empty() {
        child.problems.push(cells.problem(C::IdType, RowReason::CodeUnknown));
    }
    let cell = cells.cell(C::IdNumber);
    child.id_text = cell.text.trim().to_owned();
    let read = if cell.is_rounded_number() { Err(IdNumberProblem::Rounded) } else { IdNumber::parse(&code_text(cell)) };
    match read {
        Ok(id) => child.id_number = Some(id),
        // Handbook 9.1: with another paper the number may be blank, and is none of ours if it is not.
        Err(_) if child.has_other_paper() => {
            child.problems.push(cells.problem(C::IdNumber, RowReason::IdOtherKind));
        }
        Err(problem) => {
            child.id_problem = Some(problem);
            // That there is none is said with the verdict, once it is sure that no other column gives it.
            if problem != IdNumberProblem::Empty {
                child.problems.push(cells.problem(C::IdNumber, problem.into()));
            }
        }
    }
    let head = cells.cell(C::HeadId);
    let read = if head.is_rounded_number() { Err(IdNumberProblem::Rounded) } else { IdNumber::parse(&code_text(head)) };
    match read {
        Ok(id) => child.head_id = Some(id),
        Err(IdNumberProblem::Empty) => {}
        Err(IdNumberProblem::Rounded) => child.problems.push(cells.problem(C::HeadId, RowReason::NumberRounded)),
        Err(_) => child.problems.push(cells.problem(C::HeadId, RowReason::CodeUnknown)),
    }
}

/// `G` and the ID number, or `L` and a temporary number (handbook 9.2). It gives the ID number where its own cell
/// does not: the letter has kept spreadsheets from rounding it.
fn read_student_no(cells: RowCells<'_>, child: &mut RosterRow) {
    use RosterColumn as C;
    let text = cells.code(C::NationalStudentNo).to_ascii_uppercase();
    let is_temporary = |rest: &str| rest.len() >= 8 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    if text.is_empty() {
        // Nothing is said of what most rosters of villages do not have.
    } else if cells.cell(C::NationalStudentNo).is_rounded_number() {
        child.problems.push(cells.problem(C::NationalStudentNo, RowReason::NumberRounded));
    } else if text.strip_prefix('L').is_some_and(is_temporary) {
        child.national_student_no = text;
    } else if let Ok(id) = IdNumber::parse(text.strip_prefix('G').unwrap_or(&text)) {
        child.national_student_no = format!("G{}", id.in_full());
        if child.id_number.is_none() && !child.has_other_paper() {
            child.id_number = Some(id);
            child.problems.push(cells.problem(C::NationalStudentNo, RowReason::IdFromStudentNo));
        }
    } else {
        child.problems.push(cells.problem(C::NationalStudentNo, RowReason::StudentNoUnreadable));
    }
    if cells.cell(C::AuxiliaryRecordNo).is_rounded_number() {
        child.problems.push(cells.problem(C::AuxiliaryRecordNo, RowReason::NumberRounded));
    } else {
        child.auxiliary_record_no = cells.line(C::AuxiliaryRecordNo, &mut child.problems);
    }
}

fn read_place(cells: RowCells<'_>, child: &mut RosterRow) {
    use RosterColumn as C;
    child.township = cells.code(C::Township);
    child.village = cells.code(C::Village);
    // The kinds have been one by law for years, and many lists say 居民户口: that is nothing to ask a clerk about.
    child.hukou_type = values::hukou_type(&cells.code(C::HukouType));
    child.hukou_address = cells.line(C::HukouAddress, &mut child.problems);
    // The system's import form has the place's code in the column of the registered address (handbook 9.1).
    let is_code = child.hukou_address.len() >= 12 && child.hukou_address.bytes().all(|b| b.is_ascii_digit());
    if is_code && child.village.is_empty() {
        child.village = std::mem::take(&mut child.hukou_address);
    }
    for (column, field) in [
        (C::VillageGroup, &mut child.village_group),
        (C::Address, &mut child.address),
        (C::HeadName, &mut child.head_name),
        (C::RelationToHead, &mut child.relation_to_head),
        (C::Caregiver, &mut child.caregiver),
        (C::ParentsWorkPlace, &mut child.parents_work_place),
    ] {
        *field = cells.line(column, &mut child.problems);
    }
}

fn read_schooling(cells: RowCells<'_>, child: &mut RosterRow) {
    use RosterColumn as C;
    for (column, field) in [
        (C::SchoolName, &mut child.school),
        (C::SchoolCode, &mut child.school_code),
        (C::Stage, &mut child.stage),
        (C::Grade, &mut child.grade),
        (C::Class, &mut child.class),
    ] {
        *field = cells.code(column);
    }
    child.study_region = cells.line(C::StudyRegion, &mut child.problems);
    let entry = cells.cell(C::EntryMonth);
    child.entry_month = values::year_and_month(entry);
    if child.entry_month.is_none() && !code_text(entry).is_empty() {
        child.problems.push(cells.problem(C::EntryMonth, RowReason::EntryMonthUnreadable));
    }
    let mode = cells.code(C::AttendanceMode);
    child.attendance_mode = values::attendance_mode(&mode);
    match child.attendance_mode {
        Some(mode) => {
            child.flags.insert(ChildFlag::Boarder, mode == AttendanceMode::Boarding);
        }
        None if !mode.is_empty() => child.problems.push(cells.problem(C::AttendanceMode, RowReason::CodeUnknown)),
        None => {}
    }
}

/// How the child stands, and how the record stands: two questions, and a roster as a rule answers one of them
/// (handbook 0.1, fact 1).
fn read_status(cells: RowCells<'_>, child: &mut RosterRow) {
    use RosterColumn as C;
    child.status_text = cells.code(C::SchoolingStatus);
    child.record_state_text = cells.code(C::RecordState);
    let (said, recorded) = (StatedStatus::read(&child.status_text), StatedStatus::read(&child.record_state_text));
    for (column, text, read) in
        [(C::SchoolingStatus, &child.status_text, said), (C::RecordState, &child.record_state_text, recorded)]
    {
        if read.is_none() && !text.is_empty() {
            child.problems.push(cells.problem(column, RowReason::StatusUnknown));
        }
    }
    child.status = said.or(recorded);
    child.record_state = recorded.or(said);
    child.status_since = values::day(cells.cell(C::StatusSince));
    if child.status_since.is_none() && !cells.code(C::StatusSince).is_empty() {
        child.problems.push(cells.problem(C::StatusSince, RowReason::StatusSinceUnreadable));
    }
}

fn read_flags(cells: RowCells<'_>, child: &mut RosterRow) {
    use RosterColumn as C;
    for column in [C::HouseholdCategory, C::SpecialFlags] {
        let (flags, has_unknown) = values::categories(&cells.code(column));
        child.flags.extend(flags);
        if has_unknown {
            child.problems.push(cells.problem(column, RowReason::CodeUnknown));
        }
    }
    for (column, flag) in [
        (C::Orphan, ChildFlag::Orphan),
        (C::NoCarer, ChildFlag::NoCarer),
        (C::MigrantChild, ChildFlag::MigrantChild),
        (C::Lifted, ChildFlag::Lifted),
        (C::Monitored, ChildFlag::Monitored),
        (C::SubsistenceAllowance, ChildFlag::SubsistenceAllowance),
        (C::DestituteSupport, ChildFlag::DestituteSupport),
        (C::Boarder, ChildFlag::Boarder),
    ] {
        let text = cells.code(column);
        if text.is_empty() {
            continue;
        }
        match values::yes_or_no(&text, cells.header(column), flag) {
            Some(set) => {
                child.flags.insert(flag, set);
            }
            None => child.problems.push(cells.problem(column, RowReason::CodeUnknown)),
        }
    }
    read_disability(cells, child);
    read_left_behind(cells, child);
}

/// Whether, or which: 视力, 四级, a card's number.
fn read_disability(cells: RowCells<'_>, child: &mut RosterRow) {
    let text = cells.code(RosterColumn::Disability);
    if text.is_empty() {
        return;
    }
    match values::yes_or_no(&text, "", ChildFlag::Disabled) {
        Some(set) => {
            child.flags.insert(ChildFlag::Disabled, set);
        }
        None if text.bytes().all(|b| b.is_ascii_digit()) => {
            child.problems.push(cells.problem(RosterColumn::Disability, RowReason::CodeUnknown));
            return;
        }
        None => {
            child.flags.insert(ChildFlag::Disabled, true);
        }
    }
    // A bare yes or no is in the flag; words are kept.
    if text.chars().count() > 1 && child.flags.get(&ChildFlag::Disabled) == Some(&true) && text != "残疾" {
        child.disability = cells.line(RosterColumn::Disability, &mut child.problems);
    }
}

fn read_left_behind(cells: RowCells<'_>, child: &mut RosterRow) {
    let text = cells.code(RosterColumn::LeftBehind);
    let (one, both) = match values::left_behind(&text) {
        Some(LeftBehind::No) => (false, false),
        Some(LeftBehind::One) => (true, false),
        Some(LeftBehind::Both) => (false, true),
        Some(LeftBehind::Yes) => {
            child.problems.push(cells.problem(RosterColumn::LeftBehind, RowReason::LeftBehindKindUnknown));
            (true, false)
        }
        None => {
            if !text.is_empty() {
                child.problems.push(cells.problem(RosterColumn::LeftBehind, RowReason::CodeUnknown));
            }
            return;
        }
    };
    child.flags.insert(ChildFlag::LeftBehindOne, one);
    child.flags.insert(ChildFlag::LeftBehindBoth, both);
}

#[cfg(test)]
mod tests {
    use super::super::roster_reader::read_roster;
    use super::super::{Cell, Sheet};
    use super::*;
    use crate::domain::code_list::IdType;
    use crate::domain::code_list::{Relation, SchoolingStatus, Sex};
    use crate::domain::roster::CellProblem;
    use crate::domain::roster::example::id_number;
    use jiff::civil::date;

    /// A roster of one child under this header.
    fn read(header: &[&str], cells: &[Cell]) -> RosterRow {
        let header = header.iter().map(|text| Cell::text(*text)).collect();
        let sheet = Sheet { name: "Sheet1".to_owned(), rows: vec![header, cells.to_vec()], other_tables: vec![] };
        read_roster(&sheet).unwrap().rows.remove(0)
    }

    fn read_texts(columns: &[(&str, &str)]) -> RosterRow {
        let header: Vec<&str> = columns.iter().map(|(header, _)| *header).collect();
        let cells: Vec<Cell> = columns.iter().map(|(_, cell)| Cell::text(*cell)).collect();
        read(&header, &cells)
    }

    fn reasons(row: &RosterRow) -> Vec<RowReason> {
        row.problems.iter().map(|problem| problem.reason).collect()
    }

    #[test]
    fn how_the_child_stands_and_how_the_record_stands_are_two_columns() {
        let id = id_number("99999920170901", 1);
        let row = read_texts(&[
            ("姓名", "石小满"),
            ("身份证号", id.in_full()),
            ("就学状态", "疑似辍学"),
            ("就读状态", "在读"),
            ("状态起始日", "2026.10.12"),
        ]);
        assert_eq!(row.status.unwrap().status, Some(SchoolingStatus::SuspectedDropout));
        assert_eq!(row.record_state.unwrap().term, "在读");
        assert_eq!(row.status_since, Some(date(2026, 10, 12)));
        let row = read_texts(&[("xm", "石小满"), ("sfzjh", id.in_full()), ("jdztm", "3Z")]);
        assert_eq!((row.status, row.record_state), (None, None));
        assert!(reasons(&row).contains(&RowReason::StatusUnknown), "its codes are not published: none is guessed");
    }

    #[test]
    fn a_row_of_the_record_system_s_export_is_read_by_codes() {
        let id = id_number("99999920170901", 1);
        let row = read_texts(&[
            ("xm", "石小满"),
            ("xbm", "1"),
            ("csrq", "20170901"),
            ("mzm", "07"),
            ("sfzjlxm", "1"),
            ("sfzjh", id.in_full()),
            ("grbsm", &format!("G{}", id.in_full())),
            ("xjfh", "0002024001"),
            ("hkszdm", "999999101001"),
            ("xzz", "青杠村3组15号"),
            ("jdfsm", "2"),
            ("rxny", "202409"),
            ("sflsetm", "2"),
            ("sfge", "0"),
            ("cjlxm", "无"),
            ("cy1xm", "石大山"),
            ("cy1gx", "51"),
            ("cy1dh", "19900000001"),
        ]);
        assert_eq!(reasons(&row), []);
        assert_eq!(row.row_number, 2);
        assert_eq!(row.name.as_ref().unwrap().written(), "石小满");
        assert_eq!((row.sex, row.birth_date), (Some(Sex::Male), Some(date(2017, 9, 1))));
        assert_eq!(row.ethnicity.unwrap().zh(), "彝族");
        assert_eq!(row.id_number.as_ref().unwrap(), &id);
        assert_eq!(row.auxiliary_record_no, "0002024001");
        assert_eq!((row.village.as_str(), row.hukou_address.as_str()), ("999999101001", ""));
        assert_eq!((row.attendance_mode, row.entry_month), (Some(AttendanceMode::Boarding), Some((2024, 9))));
        let flags: Vec<_> = row.flags.iter().map(|(flag, set)| (*flag, *set)).collect();
        let expected = [
            (ChildFlag::LeftBehindOne, false),
            (ChildFlag::LeftBehindBoth, true),
            (ChildFlag::Orphan, false),
            (ChildFlag::Boarder, true),
        ];
        assert_eq!(flags, expected);
        let guardian = &row.guardians[0];
        assert_eq!(guardian.name.as_ref().unwrap().written(), "石大山");
        assert_eq!((guardian.relation, row.guardians.len()), (Some(Relation::Father), 1));
        assert_eq!(guardian.phone.as_ref().unwrap().as_str(), "19900000001");
    }

    #[test]
    fn an_id_number_that_a_spreadsheet_holds_as_a_number_is_rounded_even_if_it_looks_right() {
        let header = ["姓名", "身份证号"];
        // Its check digit fits by chance, and it is not the child's: floats are 64 apart here.
        for number in [999_999_201_709_010_000_f64, 999_999_201_709_010_048_f64] {
            let row = read(&header, &[Cell::text("石小满"), Cell::number(number)]);
            assert_eq!((row.id_number, row.id_problem), (None, Some(IdNumberProblem::Rounded)));
            let expected = CellProblem::new("身份证号", format!("{number}"), RowReason::IdRounded);
            assert_eq!(row.problems, [expected]);
        }
        let row = read(&header, &[Cell::text("石小满"), Cell::text("9.99999E+17")]);
        assert_eq!(reasons(&row), [RowReason::IdRounded]);
    }

    #[test]
    fn the_national_student_number_gives_the_id_number_that_was_rounded() {
        let id = id_number("99999920170901", 1);
        let student_no = format!("g{}", id.in_full());
        let row = read(
            &["姓名", "身份证号", "全国学籍号"],
            &[Cell::text("石小满"), Cell::number(999_999_201_709_010_000_f64), Cell::text(student_no)],
        );
        assert_eq!(row.id_number, Some(id));
        assert_eq!(reasons(&row), [RowReason::IdRounded, RowReason::IdFromStudentNo]);
        let temporary = read_texts(&[("姓名", "石小满"), ("全国学籍号", "L0123456789")]);
        assert_eq!((temporary.national_student_no.as_str(), reasons(&temporary)), ("L0123456789", vec![]));
        let broken = read_texts(&[("姓名", "石小满"), ("全国学籍号", "G99999920170901")]);
        assert_eq!((broken.national_student_no.as_str(), reasons(&broken)), ("", vec![RowReason::StudentNoUnreadable]));
    }

    #[test]
    fn another_paper_s_number_is_left_out_and_said() {
        let row = read_texts(&[("姓名", "石小满"), ("身份证件类型", "Z"), ("身份证件号", "")]);
        assert_eq!((row.id_type, reasons(&row)), (Some(IdType::Other), vec![RowReason::IdOtherKind]));
    }

    #[test]
    fn what_a_cell_cannot_mean_is_said_in_the_cell_s_own_terms() {
        let row = read_texts(&[
            ("学生姓名", "石小满2"),
            ("性别", "南"),
            ("民族", "汉彝"),
            ("出生日期", "2017.13.1"),
            ("入学年月", "去年"),
            ("就读方式", "3"),
            ("是否低保", "待定"),
            ("家长电话", "199000"),
        ]);
        let problems: Vec<_> = row.problems.iter().map(|p| (p.column.as_str(), p.cell.as_str(), p.reason)).collect();
        assert_eq!(
            problems,
            [
                ("学生姓名", "石小满2", RowReason::NameHasDigits),
                ("性别", "南", RowReason::SexUnreadable),
                ("民族", "汉彝", RowReason::EthnicityUnknown),
                ("出生日期", "2017.13.1", RowReason::BirthDateUnreadable),
                ("入学年月", "去年", RowReason::EntryMonthUnreadable),
                ("就读方式", "3", RowReason::CodeUnknown),
                ("是否低保", "待定", RowReason::CodeUnknown),
                ("家长电话", "199000", RowReason::PhoneWrongLength),
            ]
        );
    }

    #[test]
    fn nothing_is_said_about_cells_that_say_nothing() {
        let row = read_texts(&[
            ("姓名", "石小满"),
            ("性别", "/"),
            ("民族", "-"),
            ("身份证号", "无"),
            ("父亲姓名", "无"),
            ("家长电话", "—"),
            ("是否孤儿", " "),
            ("备注", "无"),
        ]);
        assert_eq!((reasons(&row), row.flags.len(), row.guardians.len(), row.note.as_str()), (vec![], 0, 0, ""));
    }

    #[test]
    fn guardians_come_from_their_columns_from_parents_and_from_one_cell() {
        let row = read_texts(&[
            ("姓名", "石小满"),
            ("监护人姓名", "王桂花"),
            ("监护人关系", "奶奶"),
            ("父亲姓名", "石大山"),
            ("父亲电话", "19900000002"),
            ("联系电话", "19900000001"),
        ]);
        let told: Vec<_> = row
            .guardians
            .iter()
            .map(|g| (g.name.as_ref().unwrap().written(), g.relation, g.phone.as_ref().unwrap().as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("王桂花", Some(Relation::PaternalGrandmother), "19900000001"),
                ("石大山", Some(Relation::Father), "19900000002"),
            ]
        );
        for cell in ["石大山/父亲/19900000001", "石大山（父亲）19900000001", "父亲：石大山 19900000001"]
        {
            let row = read_texts(&[("姓名", "石小满"), ("监护人姓名/关系/电话", cell)]);
            let guardian = &row.guardians[0];
            assert_eq!(guardian.name.as_ref().unwrap().written(), "石大山", "{cell}");
            assert_eq!(guardian.relation, Some(Relation::Father));
            assert_eq!(guardian.phone.as_ref().unwrap().as_str(), "19900000001");
        }
    }

    #[test]
    fn a_guardian_who_is_the_father_is_one_person_and_a_fourth_is_left_out() {
        let row = read_texts(&[
            ("姓名", "石小满"),
            ("监护人1姓名", "石大山"),
            ("监护人2姓名", "王桂花"),
            ("监护人3姓名", "石有田"),
            ("父亲姓名", "石大山"),
            ("母亲姓名", "李春燕"),
        ]);
        assert_eq!(row.guardians.len(), 3);
        assert_eq!(row.guardians[0].relation, Some(Relation::Father), "his column says so");
        assert_eq!(reasons(&row), [RowReason::GuardianLeftOut]);
    }

    #[test]
    fn categories_and_flags_are_read_from_words() {
        let row = read_texts(&[
            ("姓名", "石小满"),
            ("家庭类别", "脱贫户、低保"),
            ("是否留守儿童", "是"),
            ("残疾类别/等级/证号", "视力四级"),
            ("是否住校", "√"),
        ]);
        let set: Vec<_> = row.flags.iter().filter(|(_, set)| **set).map(|(flag, _)| *flag).collect();
        assert_eq!(
            set,
            [
                ChildFlag::LeftBehindOne,
                ChildFlag::Disabled,
                ChildFlag::Lifted,
                ChildFlag::SubsistenceAllowance,
                ChildFlag::Boarder,
            ]
        );
        assert_eq!(row.disability, "视力四级");
        assert_eq!(reasons(&row), [RowReason::LeftBehindKindUnknown]);
    }
}
