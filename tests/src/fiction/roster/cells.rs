//! How a child is spelled in the cells of a row, and how a trap spoils them.

use std::collections::BTreeMap;

use jiafang_core::domain::code_list::{AttendanceMode, ChildFlag, IdType, Sex};
use jiafang_core::domain::county::County;
use jiafang_core::domain::place::{Class, ClassId, School};
use jiff::civil::Date;

use super::super::TODAY;
use super::super::child::FictionalChild;
use super::super::draw::Draw;
use super::super::identity::{REGION, id_number};
use super::super::scenario::Scenario;
use super::RosterStyle;
use super::columns::Column;
use super::plan::PlannedRow;
use super::trap::Trap;

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Number(f64),
    Date(Date),
    Blank,
}

/// The cells of a row by column.
pub(super) type Cells = BTreeMap<Column, Cell>;

/// How this file's clerk writes what can be written in several ways.
pub(super) struct Spelling<'a> {
    style: RosterStyle,
    places: BTreeMap<&'a str, &'a str>,
    classes: BTreeMap<&'a ClassId, (&'a School, &'a Class)>,
    class_form: usize,
}

impl<'a> Spelling<'a> {
    pub(super) fn of(draw: &mut Draw, county: &'a County, style: RosterStyle) -> Self {
        let places = county.places_by_code().into_iter().map(|(code, place)| (code, place.name.as_str())).collect();
        let classes = county
            .schools
            .iter()
            .flat_map(|school| school.classes.iter().map(move |class| (&class.id, (school, class))))
            .collect();
        Self { style, places, classes, class_form: draw.below(4) }
    }

    /// The row of a child.
    pub(super) fn cells(&self, draw: &mut Draw, child: &FictionalChild, number: u32) -> Cells {
        let seat = child.class.as_ref().and_then(|class| self.classes.get(class));
        let guardian = child.guardians.first();
        let village = child.former_village.as_ref().unwrap_or(&child.village);
        let township = child.village.parent();
        let place = |code: Option<&str>| text(code.and_then(|code| self.places.get(code)).copied().unwrap_or(""));
        let grade = seat.and_then(|(_, class)| class.grade_on(TODAY));
        let official = self.style.is_of_a_school();
        Cells::from([
            (Column::Number, Cell::Number(f64::from(number))),
            (Column::Township, place(township.as_ref().map(|code| code.as_str()))),
            (Column::Village, place(Some(child.village.as_str()))),
            (Column::VillageGroup, text(&child.village_group)),
            (Column::HouseholdHead, text(&child.household_head)),
            (Column::Name, text(&child.name)),
            (Column::Sex, self.sex(draw, child.sex)),
            (Column::Ethnicity, self.coded(draw, child.ethnicity.code, &[child.ethnicity.zh])),
            (Column::BirthDate, self.date(draw, child.birth_date)),
            (Column::IdType, self.id_type(draw, child.id_type)),
            (Column::IdNumber, child.id_number.as_deref().map_or_else(|| nothing(draw), text)),
            (Column::RegisteredPlaceCode, text(village.as_str())),
            (Column::Address, text(&child.address)),
            (Column::SchoolCode, seat.map_or(Cell::Blank, |(school, _)| text(&school.code.0))),
            (Column::SchoolName, seat.map_or(Cell::Blank, |(school, _)| text(&school.name))),
            (Column::Grade, grade.map_or(Cell::Blank, |grade| text(grade_words(grade)))),
            (Column::Class, seat.zip(grade).map_or(Cell::Blank, |((_, class), grade)| self.class(class, grade))),
            (Column::EntryMonth, seat.map_or(Cell::Blank, |(_, class)| text(&format!("{}09", class.entry_year)))),
            (Column::StudentNo, student_no(child)),
            (Column::AttendanceMode, self.attendance(draw, child.attendance)),
            (Column::LeftBehind, self.left_behind(draw, child)),
            (Column::Orphan, self.yes_no(draw, child.flags.contains(&ChildFlag::Orphan))),
            (
                Column::Disability,
                child.disability.map_or_else(|| if official { text("无") } else { nothing(draw) }, text),
            ),
            (Column::HouseholdCategory, categories(draw, child)),
            (Column::GuardianName, guardian.map_or(Cell::Blank, |guardian| text(&guardian.name))),
            (Column::GuardianRelation, guardian.map_or(Cell::Blank, |guardian| text(guardian.relation.zh()))),
            (Column::Phone, child.phone().map_or(Cell::Blank, |phone| self.phone(draw, phone))),
            (Column::Note, if child.note.is_empty() { Cell::Blank } else { text(child.note) }),
        ])
    }

    /// A school's list codes, and in one row of ten has the words all the same; a clerk writes words.
    fn coded(&self, draw: &mut Draw, code: &str, words: &[&'static str]) -> Cell {
        if self.style.is_of_a_school() && !draw.percent(10) { text(code) } else { text(draw.text(words)) }
    }

    fn sex(&self, draw: &mut Draw, sex: Sex) -> Cell {
        let code = if sex == Sex::Male { 1 } else { 2 };
        // Codes typed by hand into the export are numbers, not texts.
        if self.style == RosterStyle::StudentRecordExport && draw.percent(20) {
            return Cell::Number(f64::from(code));
        }
        self.coded(draw, &code.to_string(), &[sex.zh()])
    }

    fn id_type(&self, draw: &mut Draw, id_type: IdType) -> Cell {
        match id_type {
            IdType::ResidentId => self.coded(draw, "1", &["居民身份证"]),
            _ => self.coded(draw, "Z", &["其他"]),
        }
    }

    fn attendance(&self, draw: &mut Draw, mode: AttendanceMode) -> Cell {
        match mode {
            AttendanceMode::Day => self.coded(draw, "1", &["走读"]),
            AttendanceMode::Boarding => self.coded(draw, "2", &["住校"]),
            AttendanceMode::HomeTeaching => text("送教上门"),
        }
    }

    fn left_behind(&self, draw: &mut Draw, child: &FictionalChild) -> Cell {
        if child.flags.contains(&ChildFlag::LeftBehindBoth) {
            self.coded(draw, "2", &["双亲留守"])
        } else if child.flags.contains(&ChildFlag::LeftBehindOne) {
            self.coded(draw, "1", &["单亲留守"])
        } else {
            self.coded(draw, "0", &["非留守儿童", "否"])
        }
    }

    fn yes_no(&self, draw: &mut Draw, yes: bool) -> Cell {
        if yes { self.coded(draw, "1", &["是"]) } else { self.coded(draw, "0", &["否"]) }
    }

    /// The export writes eight digits; a clerk writes as the hand goes, in a workbook also real dates.
    fn date(&self, draw: &mut Draw, date: Date) -> Cell {
        let format = match (self.style, draw.below(6)) {
            (RosterStyle::StudentRecordExport, _) | (_, 0) => "%Y%m%d",
            (_, 1) => "%Y-%m-%d",
            (_, 2) => "%Y.%-m.%-d",
            (_, 3) => "%Y年%-m月%-d日",
            (style, _) if style.is_workbook() => return Cell::Date(date),
            _ => "%Y/%-m/%-d",
        };
        Cell::Text(date.strftime(format).to_string())
    }

    fn class(&self, class: &Class, grade: u8) -> Cell {
        let (words, number) = (grade_words(grade), class.number);
        Cell::Text(match self.class_form {
            0 => format!("{words}({number})班"),
            1 => format!("{}级{number}班", class.entry_year),
            2 => format!("{words}（{number}）班"),
            _ => format!("{}({number})班", short_grade_words(grade)),
        })
    }

    /// Eleven digits, in workbooks sometimes as a number, by hand sometimes in groups.
    fn phone(&self, draw: &mut Draw, phone: &str) -> Cell {
        match draw.below(10) {
            0 if self.style.is_workbook() => phone.parse().map_or(Cell::Blank, Cell::Number),
            1 if !self.style.is_of_a_school() => {
                let (network, rest) = phone.split_at_checked(3).unwrap_or((phone, ""));
                let (middle, last) = rest.split_at_checked(4).unwrap_or((rest, ""));
                Cell::Text(format!("{network}-{middle}-{last}"))
            }
            _ => text(phone),
        }
    }
}

impl PlannedRow {
    /// Spoils a row as its trap wants it, and writes in what has changed since.
    pub(super) fn spoil(&self, draw: &mut Draw, cells: &mut Cells, child: &FictionalChild, style: RosterStyle) {
        if let Some(phone) = &self.new_phone {
            cells.insert(Column::Phone, text(phone));
        }
        let Some(trap) = self.trap else { return };
        let id = child.id_number.as_deref().unwrap_or_default();
        match trap {
            Trap::RoundedId => {
                cells.insert(Column::IdNumber, rounded(id, style));
                cells.insert(Column::StudentNo, Cell::Blank);
            }
            Trap::OldId => {
                let short_birthday = child.birth_date.strftime("%y%m%d");
                cells.insert(Column::IdNumber, Cell::Text(format!("{REGION}{short_birthday}{:03}", draw.below(1000))));
                cells.insert(Column::StudentNo, Cell::Blank);
            }
            Trap::ImpossibleBirthday => {
                let sequence = if child.sex == Sex::Male { 3 } else { 4 };
                cells.insert(Column::IdNumber, Cell::Text(id_number("20110229", sequence)));
                cells.insert(Column::StudentNo, Cell::Blank);
            }
            Trap::OtherSex => {
                let other = if child.sex == Sex::Male { Sex::Female } else { Sex::Male };
                cells.insert(Column::Sex, text(other.zh()));
            }
            Trap::OtherBirthDate => {
                let other = child.birth_date.saturating_add(jiff::Span::new().days(31));
                cells.insert(Column::BirthDate, Cell::Text(other.strftime("%Y-%m-%d").to_string()));
            }
            Trap::MissingName => {
                cells.insert(Column::Name, Cell::Blank);
            }
            Trap::NothingIdentifies => {
                for column in [Column::IdNumber, Column::BirthDate, Column::StudentNo] {
                    cells.insert(column, Cell::Blank);
                }
            }
            Trap::RepeatedRow => {}
            Trap::FullWidthDigits => {
                for column in [Column::IdNumber, Column::Phone] {
                    rewrite(cells, column, |text| text.chars().map(full_width).collect());
                }
            }
            Trap::LooseSpaces => {
                rewrite(cells, Column::Name, |text| format!(" {text}\u{3000}"));
                rewrite(cells, Column::IdNumber, |text| format!("{text} "));
                // GBK has no no-break space.
                let space = if style == RosterStyle::GbkCsv { ' ' } else { '\u{a0}' };
                rewrite(cells, Column::Phone, |text| format!("{space}{text}"));
            }
            Trap::StretchedName => {
                let space = if draw.percent(50) { "\u{3000}" } else { "  " };
                rewrite(cells, Column::Name, |text| text.chars().map(String::from).collect::<Vec<_>>().join(space));
            }
            Trap::LowercaseX => rewrite(cells, Column::IdNumber, str::to_lowercase),
            Trap::GuardedId => {
                let guard = if style.is_workbook() { '\'' } else { '\t' };
                rewrite(cells, Column::IdNumber, |text| format!("{guard}{text}"));
            }
            Trap::WordsForNothing => {
                for column in [Column::Phone, Column::Disability, Column::HouseholdCategory, Column::Note] {
                    cells.insert(column, text(draw.text(&["无", "-", "/", "——"])));
                }
            }
            Trap::OtherDot => {
                let dot = draw.text(&["•", "・", "‧", "．"]);
                rewrite(cells, Column::Name, |text| text.replace('·', dot));
            }
        }
    }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// An empty cell, or a word for it.
fn nothing(draw: &mut Draw) -> Cell {
    match draw.below(8) {
        0 => text("无"),
        _ => Cell::Blank,
    }
}

fn rewrite(cells: &mut Cells, column: Column, by: impl FnOnce(&str) -> String) {
    let old = match cells.get(&column) {
        Some(Cell::Text(text)) => text.clone(),
        Some(Cell::Number(number)) => format!("{number}"),
        _ => return,
    };
    cells.insert(column, Cell::Text(by(&old)));
}

fn full_width(character: char) -> char {
    character.to_digit(10).and_then(|digit| char::from_u32(digit.saturating_add('０' as u32))).unwrap_or(character)
}

/// What Excel keeps of 18 digits: fifteen; a .csv gets what the cell showed.
fn rounded(id: &str, style: RosterStyle) -> Cell {
    let kept: String = id.chars().take(15).collect();
    if style.is_workbook() {
        format!("{kept}000").parse().map_or(Cell::Blank, Cell::Number)
    } else {
        text("9.99999E+17")
    }
}

/// "G" and the identity number that the ministry has verified (handbook 9.2); the temporary numbers of others
/// are left out.
fn student_no(child: &FictionalChild) -> Cell {
    let verified = child.id_number.as_ref().filter(|_| child.scenario != Some(Scenario::WrongChecksum));
    verified.map_or(Cell::Blank, |number| Cell::Text(format!("G{number}")))
}

fn categories(draw: &mut Draw, child: &FictionalChild) -> Cell {
    let words: Vec<&str> = [
        ChildFlag::Lifted,
        ChildFlag::Monitored,
        ChildFlag::SubsistenceAllowance,
        ChildFlag::DestituteSupport,
        ChildFlag::Orphan,
    ]
    .into_iter()
    .filter(|flag| child.flags.contains(flag))
    .map(ChildFlag::zh)
    .collect();
    if words.is_empty() { nothing(draw) } else { Cell::Text(words.join("、")) }
}

const fn grade_words(grade: u8) -> &'static str {
    match grade {
        1 => "一年级",
        2 => "二年级",
        3 => "三年级",
        4 => "四年级",
        5 => "五年级",
        6 => "六年级",
        7 => "七年级",
        8 => "八年级",
        9 => "九年级",
        _ => "",
    }
}

/// As people say it: 三, and 初一 for grade 7 (handbook 9.5).
const fn short_grade_words(grade: u8) -> &'static str {
    match grade {
        1 => "一",
        2 => "二",
        3 => "三",
        4 => "四",
        5 => "五",
        6 => "六",
        7 => "初一",
        8 => "初二",
        9 => "初三",
        _ => "",
    }
}
