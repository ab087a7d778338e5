//! Rosters: what a row says, and the verdict on it before anything is written (handbook 3.2, 9.1, 10.3).
//!
//! A row comes typed from `spreadsheet::roster_reader`; [`judge`] compares it with the children that are known
//! and with the county's places. Everything here is pure.

mod changes;
pub mod class_text;
pub mod column;
pub mod ethnicity;
#[cfg(test)]
pub(crate) mod example;
mod identity;
mod judge;
mod known;
mod location;
pub mod reason;
pub mod status;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::code_list::{AttendanceMode, ChildFlag, HukouType, IdType, Relation, Sex};
use super::id_number::{IdNumber, IdNumberProblem};
use super::identifier::DocumentId;
use super::person_name::PersonName;
use super::phone::Phone;
use super::place::{Leaves, Stage};
use column::RosterColumn;
use ethnicity::Ethnicity;
use reason::{RowReason, Weight};
use status::StatedStatus;

pub use judge::judge;
pub use known::{KnownChild, KnownChildren, KnownGuardian};

/// What is wrong with a cell, or with a row as a whole. `Debug` leaves out the cell.
#[derive(Clone, PartialEq, Eq)]
pub struct CellProblem {
    /// The header as it stands in the file; empty where the row as a whole is meant.
    pub column: String,
    /// The cell's text, as in the file. Personal data: never for a log.
    pub cell: String,
    /// What is wrong.
    pub reason: RowReason,
    /// The other row of the file that it is about, where there is one.
    pub other_row: Option<u32>,
}

impl std::fmt::Debug for CellProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CellProblem({}: {})", self.column, self.reason.key())
    }
}

impl CellProblem {
    /// About a cell.
    #[must_use]
    pub fn new(column: impl Into<String>, cell: impl Into<String>, reason: RowReason) -> Self {
        Self { column: column.into(), cell: cell.into(), reason, other_row: None }
    }

    /// In Chinese, with the other row's number where there is one.
    #[must_use]
    pub fn text_zh(&self) -> String {
        let row = self.other_row.map(|row| format!("(第{row}行)")).unwrap_or_default();
        format!("{}{row}", self.reason.zh())
    }

    /// In English, with the other row's number where there is one.
    #[must_use]
    pub fn text_en(&self) -> String {
        let row = self.other_row.map(|row| format!(" (row {row})")).unwrap_or_default();
        format!("{}{row}", self.reason.en())
    }
}

/// A guardian as a row gives one. At least a name or a phone number is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RosterGuardian {
    /// The name.
    pub name: Option<PersonName>,
    /// Relation to the child.
    pub relation: Option<Relation>,
    /// The phone number.
    pub phone: Option<Phone>,
}

/// What all rows of a file share.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RosterContext {
    /// For each column, its header as in the file.
    pub headers: BTreeMap<RosterColumn, String>,
    /// The sheet's name and the title lines above the header: they often name the school or the village.
    pub titles: Vec<String>,
}

/// A row of a roster, typed. What the file leaves out is `None` or empty. `Debug` shows the row's number only.
#[derive(Clone, Default)]
pub struct RosterRow {
    /// As in the file, from 1.
    pub row_number: u32,
    /// Headers and titles.
    pub context: Arc<RosterContext>,
    /// The name; `None` where the cell holds none.
    pub name: Option<PersonName>,
    /// Sex, as the cell says.
    pub sex: Option<Sex>,
    /// Date of birth, as the cell says.
    pub birth_date: Option<Date>,
    /// Ethnicity.
    pub ethnicity: Option<Ethnicity>,
    /// Kind of identity paper.
    pub id_type: Option<IdType>,
    /// The ID number, from its cell or from the national student number.
    pub id_number: Option<IdNumber>,
    /// Why the cell's ID number was not taken.
    pub id_problem: Option<IdNumberProblem>,
    /// The ID number's cell, as in the file.
    pub id_text: String,
    /// 全国学籍号: `G` and an ID number, or a temporary one with `L`.
    pub national_student_no: String,
    /// 学籍辅号
    pub auxiliary_record_no: String,
    /// Township by name or code, as in the file.
    pub township: String,
    /// Village by name or code, as in the file.
    pub village: String,
    /// 社(组)
    pub village_group: String,
    /// 户主姓名
    pub head_name: String,
    /// 户主身份证号
    pub head_id: Option<IdNumber>,
    /// 与户主关系
    pub relation_to_head: String,
    /// 户籍地址
    pub hukou_address: String,
    /// 户口性质
    pub hukou_type: Option<HukouType>,
    /// 现住址
    pub address: String,
    /// 实际照护人
    pub caregiver: String,
    /// 父母外出务工地
    pub parents_work_place: String,
    /// School by name, as in the file.
    pub school: String,
    /// 学校标识码, as in the file.
    pub school_code: String,
    /// Stage as in the file.
    pub stage: String,
    /// Grade as in the file.
    pub grade: String,
    /// Class as in the file.
    pub class: String,
    /// 就读地
    pub study_region: String,
    /// Year and month in which the child entered this stage.
    pub entry_month: Option<(i16, i8)>,
    /// 就学状态, or else 就读状态 of the student-record system.
    pub status: Option<StatedStatus>,
    /// 就学状态, as in the file.
    pub status_text: String,
    /// 就读状态, as in the file.
    pub record_state_text: String,
    /// 学籍状态: what the record says, by 就读状态 or else 就学状态.
    pub record_state: Option<StatedStatus>,
    /// 状态起始日
    pub status_since: Option<Date>,
    /// 就读方式
    pub attendance_mode: Option<AttendanceMode>,
    /// Guardians, at most three.
    pub guardians: Vec<RosterGuardian>,
    /// Flags that the row answers, with the answer. What a row does not say is not in it.
    pub flags: BTreeMap<ChildFlag, bool>,
    /// 残疾类别/等级/证号
    pub disability: String,
    /// 备注
    pub note: String,
    /// What was wrong with cells, as they were read.
    pub problems: Vec<CellProblem>,
}

impl std::fmt::Debug for RosterRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RosterRow({})", self.row_number)
    }
}

impl RosterRow {
    /// Whether the row names another paper than the resident identity card.
    #[must_use]
    pub fn has_other_paper(&self) -> bool {
        self.id_type.is_some_and(|kind| kind != IdType::ResidentId)
    }

    /// The date of birth: the cell's, or else the ID number's.
    #[must_use]
    pub fn born(&self) -> Option<Date> {
        self.birth_date.or_else(|| self.id_number.as_ref().map(IdNumber::birth_date))
    }

    /// The sex: the cell's, or else the ID number's.
    #[must_use]
    pub fn sex_or_from_id(&self) -> Option<Sex> {
        self.sex.or_else(|| self.id_number.as_ref().map(IdNumber::sex))
    }

    /// What the row gives, by the dossier's field paths (`domain::field`); fields without a value are left out.
    /// Guardians, flags and leaves go their own ways.
    #[must_use]
    pub fn fields(&self) -> BTreeMap<&'static str, String> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let fields = [
            ("profile.name", self.name.as_ref().map(|name| name.written().to_owned())),
            ("profile.sex", self.sex_or_from_id().map(|sex| sex.key().to_owned())),
            ("profile.ethnicity", self.ethnicity.map(Ethnicity::zh)),
            ("profile.birth_date", self.born().map(|date| date.to_string())),
            ("profile.id_type", self.id_type.map(|kind| kind.key().to_owned())),
            ("profile.id_number", self.id_number.as_ref().map(|id| id.in_full().to_owned())),
            ("profile.national_student_no", text(&self.national_student_no)),
            ("profile.auxiliary_record_no", text(&self.auxiliary_record_no)),
            ("profile.disability", text(&self.disability)),
            ("profile.note", text(&self.note)),
            ("household.village_group", text(&self.village_group)),
            ("household.head_name", text(&self.head_name)),
            ("household.head_id", self.head_id.as_ref().map(|id| id.in_full().to_owned())),
            ("household.relation_to_head", text(&self.relation_to_head)),
            ("household.hukou_type", self.hukou_type.map(|kind| kind.key().to_owned())),
            ("household.hukou_address", text(&self.hukou_address)),
            ("household.address", text(&self.address)),
            ("household.caregiver", text(&self.caregiver)),
            ("household.parents_work_place", text(&self.parents_work_place)),
            ("record.attendance_mode", self.attendance_mode.map(|mode| mode.key().to_owned())),
            ("record.study_region", text(&self.study_region)),
            ("record.state", self.record_state.map(|state| state.term.to_owned())),
        ];
        fields.into_iter().filter_map(|(path, value)| Some((path, value?))).collect()
    }

    /// A problem with one of the row's cells.
    fn problem(&self, column: RosterColumn, reason: RowReason) -> CellProblem {
        let header = self.context.headers.get(&column).map_or(column.zh(), String::as_str);
        CellProblem::new(header, self.cell_text(column), reason)
    }

    /// The text of a cell that verdicts speak about.
    fn cell_text(&self, column: RosterColumn) -> String {
        match column {
            RosterColumn::Name => self.name.as_ref().map(|name| name.written().to_owned()).unwrap_or_default(),
            RosterColumn::Sex => self.sex.map(|sex| sex.zh().to_owned()).unwrap_or_default(),
            RosterColumn::BirthDate => self.birth_date.map(|date| date.to_string()).unwrap_or_default(),
            RosterColumn::IdNumber => self.id_text.clone(),
            RosterColumn::NationalStudentNo => self.national_student_no.clone(),
            RosterColumn::Township => self.township.clone(),
            RosterColumn::Village => self.village.clone(),
            RosterColumn::HukouAddress => self.hukou_address.clone(),
            RosterColumn::Address => self.address.clone(),
            RosterColumn::SchoolName => self.school.clone(),
            RosterColumn::SchoolCode => self.school_code.clone(),
            RosterColumn::Stage => self.stage.clone(),
            RosterColumn::Grade => self.grade.clone(),
            RosterColumn::Class => self.class.clone(),
            RosterColumn::SchoolingStatus => self.status_text.clone(),
            RosterColumn::RecordState => self.record_state_text.clone(),
            _ => String::new(),
        }
    }
}

/// The verdict on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Verdict {
    /// 新增: no known child is meant.
    New,
    /// 相同: a known child, and nothing differs.
    Same,
    /// 有变化: a known child, and something differs.
    Changed,
    /// 存疑: a person must decide.
    Doubtful,
    /// 不能导入: the row cannot be taken.
    Refused,
}

impl Verdict {
    /// The key.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Same => "same",
            Self::Changed => "changed",
            Self::Doubtful => "doubtful",
            Self::Refused => "refused",
        }
    }
}

/// A field that a row would change in a known child. `Debug` shows the field only.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The path: one of `domain::field`; `placement.village`, `placement.class`; `status` with the Chinese terms; `flags.<key>` with `true` or
    /// `false`; `guardians.<entry>.name|relation|phone`; or `guardians.new.<n>`, the n-th guardian of the row.
    pub field: String,
    /// What is known so far; empty when nothing is.
    pub old: String,
    /// What the file says.
    pub new: String,
}

impl std::fmt::Debug for FieldChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FieldChange({})", self.field)
    }
}

/// A row's verdict, with what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowVerdict {
    /// As in the file, from 1.
    pub row_number: u32,
    /// The verdict.
    pub verdict: Verdict,
    /// All that is wrong, what was noticed while reading first.
    pub problems: Vec<CellProblem>,
    /// The known child that the row was taken for. An accepted doubtful row changes this child, and opens a new
    /// dossier where there is none.
    pub matched: Option<DocumentId>,
    /// Other known children that may be meant, for a person to look at.
    pub candidates: Vec<DocumentId>,
    /// What the row would change in the matched child.
    pub changes: Vec<FieldChange>,
    /// Where the row places the child.
    pub leaves: Leaves,
}

impl RowVerdict {
    /// The heaviest reason's weight; a row without any weighs like a note.
    #[must_use]
    pub fn weight(&self) -> Weight {
        self.problems.iter().map(|problem| problem.reason.weight()).max().unwrap_or(Weight::Note)
    }
}

/// Today's school year: the year in which it began, turning on 1 September (handbook 9.5).
fn school_year(today: Date) -> i16 {
    if today.month() >= 9 { today.year() } else { today.year().saturating_sub(1) }
}

/// The stage of a grade.
const fn stage_of(grade: u8) -> Stage {
    if grade <= 6 { Stage::Primary } else { Stage::Junior }
}
