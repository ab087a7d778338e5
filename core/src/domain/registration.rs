//! A child that no roster had, as somebody registers it.

use serde::Deserialize;
use ts_rs::TS;

use super::code_list::{AttendanceMode, ChildFlag, Relation, SchoolingStatus, Sex};
use super::place::{ClassId, PlaceCode};
use super::time::Day;

/// Registers a child that no roster had.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RegisterChild {
    /// The name as in the household register.
    pub name: String,
    /// Sex.
    pub sex: Sex,
    /// Date of birth.
    pub birth_date: Day,
    /// The ID number; empty where there is none.
    #[serde(default)]
    pub id_number: String,
    /// The village; within the person's scope.
    pub village: PlaceCode,
    /// 社(组)
    #[serde(default)]
    pub village_group: String,
    /// Head of the household, as the household register names it.
    #[serde(default)]
    pub household_head: String,
    /// Where the family lives.
    #[serde(default)]
    pub address: String,
    /// The class, where there is one.
    #[serde(default)]
    pub class: Option<ClassId>,
    /// How the child attends.
    #[serde(default)]
    pub attendance_mode: Option<AttendanceMode>,
    /// Schooling status as found.
    pub status: SchoolingStatus,
    /// Flags.
    #[serde(default)]
    pub flags: Vec<ChildFlag>,
    /// Guardians; at least one with a phone, or a note why not.
    #[serde(default)]
    pub guardians: Vec<GuardianForm>,
    /// Register it although a child with the same name and birth date, or the same ID number, is known.
    #[serde(default)]
    pub although_alike: bool,
}

/// A guardian as entered.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct GuardianForm {
    /// The name.
    pub name: String,
    /// Relation to the child.
    pub relation: Option<Relation>,
    /// The phone number.
    #[serde(default)]
    pub phone: String,
}
