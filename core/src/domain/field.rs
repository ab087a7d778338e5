//! The fields of a child that people enter and correct, in the order of the ledger (handbook 3.4).
//!
//! A field has one path in the dossier (`root.property`), which is its name everywhere: in documents, in
//! requests, in conflicts.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a field is entered and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum FieldKind {
    /// A line of text.
    Text,
    /// A day.
    Day,
    /// A phone number: offer to call.
    Phone,
    /// A resident ID number: masked where it is shown.
    IdNumber,
    /// A key of [`super::code_list::Sex`].
    Sex,
    /// A key of [`super::code_list::Relation`].
    Relation,
    /// A key of [`super::code_list::AttendanceMode`].
    AttendanceMode,
    /// A key of [`super::code_list::ConfirmMethod`].
    ConfirmMethod,
    /// A key of [`super::code_list::Placement`].
    Placement,
    /// A key of [`super::code_list::IdType`].
    IdType,
    /// A key of [`super::code_list::HukouType`].
    HukouType,
    /// A key of [`super::code_list::SchoolingStatus`]; changed by a status event.
    SchoolingStatus,
    /// Set by other means.
    ReadOnly,
}

/// A field of the dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Where it stands: `profile.name`.
    pub path: &'static str,
    /// The ledger's Chinese header.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
    /// How it is entered.
    pub kind: FieldKind,
}

const fn field(path: &'static str, zh: &'static str, en: &'static str, kind: FieldKind) -> Field {
    Field { path, zh, en, kind }
}

/// All fields of a child, besides guardians.
pub const FIELDS: &[Field] = &[
    field("profile.name", "学生姓名", "Name", FieldKind::Text),
    field("profile.sex", "性别", "Sex", FieldKind::Sex),
    field("profile.ethnicity", "民族", "Ethnicity", FieldKind::Text),
    field("profile.birth_date", "出生日期", "Date of birth", FieldKind::Day),
    field("profile.id_type", "身份证件类型", "Kind of ID", FieldKind::IdType),
    field("profile.id_number", "身份证件号", "ID number", FieldKind::IdNumber),
    field("profile.national_student_no", "全国学籍号", "National student no.", FieldKind::IdNumber),
    field("profile.auxiliary_record_no", "学籍辅号", "Auxiliary record no.", FieldKind::Text),
    field("household.village_group", "社(组)", "Villager group", FieldKind::Text),
    field("household.head_name", "户主姓名", "Household head", FieldKind::Text),
    field("household.head_id", "户主身份证号", "Head's ID number", FieldKind::IdNumber),
    field("household.relation_to_head", "与户主关系", "Relation to head", FieldKind::Text),
    field("household.hukou_type", "户口性质", "Kind of registration", FieldKind::HukouType),
    field("household.hukou_address", "户籍地址", "Registered address", FieldKind::Text),
    field("household.address", "现住址", "Address", FieldKind::Text),
    field("household.caregiver", "实际照护人", "Caregiver", FieldKind::Text),
    field("household.parents_work_place", "父母外出务工地", "Parents work at", FieldKind::Text),
    field("record.attendance_mode", "就读方式", "Attendance", FieldKind::AttendanceMode),
    field("record.study_region", "就读地", "Studies at", FieldKind::Text),
    field("record.state", "学籍状态", "State of the record", FieldKind::ReadOnly),
    field("profile.disability", "残疾类别/等级/证号", "Disability", FieldKind::Text),
    field("record.host_school", "就读学校(县外)", "School out of the county", FieldKind::Text),
    field("record.host_phone", "该校电话", "That school's phone", FieldKind::Phone),
    field("record.confirmed_how", "去向确认方式", "Confirmed how", FieldKind::ConfirmMethod),
    field("record.confirmed_on", "去向确认日期", "Confirmed on", FieldKind::Day),
    field("plan.support_person", "帮扶责任人", "Support person", FieldKind::Text),
    field("plan.placement", "安置方式", "Placement", FieldKind::Placement),
    field("plan.expert_opinion", "专家委员会意见", "Experts' opinion", FieldKind::Text),
    field("plan.provider_school", "送教学校", "School that teaches at home", FieldKind::Text),
    field("plan.home_teacher", "送教教师", "Teacher at home", FieldKind::Text),
    field("plan.home_plan", "送教计划", "Plan for teaching at home", FieldKind::Text),
    field("profile.note", "备注", "Note", FieldKind::Text),
];

/// The parts of a guardian.
pub const GUARDIAN_FIELDS: &[Field] = &[
    field("name", "监护人姓名", "Guardian", FieldKind::Text),
    field("relation", "关系", "Relation", FieldKind::Relation),
    field("phone", "电话", "Phone", FieldKind::Phone),
];

/// The field at a path: `profile.name`, or `guardians.<key>.phone`.
#[must_use]
pub fn at(path: &str) -> Option<Field> {
    if let Some(rest) = path.strip_prefix("guardians.") {
        let (key, part) = rest.split_once('.')?;
        super::identifier::EntryId::parse(key)?;
        return GUARDIAN_FIELDS.iter().copied().find(|field| field.path == part);
    }
    FIELDS.iter().copied().find(|field| field.path == path)
}

/// Whether a field stands in one of the smaller ledgers (handbook 3.7) and not in the master ledger.
#[must_use]
pub fn is_of_small_ledgers(path: &str) -> bool {
    path.starts_with("plan.") || HOST_FIELDS.contains(&path)
}

const HOST_FIELDS: &[&str] =
    &["record.host_school", "record.host_phone", "record.confirmed_how", "record.confirmed_on"];

/// The longest value of a field, in characters.
pub const VALUE_CHARS_MAX: usize = 200;

/// A value as it is shown: numbers that would tell too much over a shoulder are masked (handbook 12).
#[must_use]
pub fn shown(kind: FieldKind, value: &str) -> String {
    if kind == FieldKind::IdNumber { masked(value) } else { value.to_owned() }
}

/// `9999**********0017`: the first and the last four, of numbers of any length; a short one is masked whole.
#[must_use]
pub fn masked(number: &str) -> String {
    let length = number.chars().count();
    let kept = if length > 8 { 4 } else { 0 };
    number
        .chars()
        .enumerate()
        .map(|(place, c)| if place < kept || place >= length.saturating_sub(kept) { c } else { '*' })
        .collect()
}
