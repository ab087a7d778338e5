//! The list of children, and registering one that no roster had.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::code_list::{AttendanceMode, ChildFlag, Relation, SchoolingStatus, Sex};
use crate::domain::identifier::DocumentId;
use crate::domain::place::{ClassId, PlaceCode};
use crate::domain::time::{Day, Timestamp};

/// Asks for a page of children.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(export)]
pub struct ListChildren {
    /// Characters, pinyin, initials, a village, or the tail of the ID number; empty for all.
    pub search: String,
    /// Only of this village.
    pub village: Option<PlaceCode>,
    /// Only of this class.
    pub class: Option<ClassId>,
    /// Rows to pass over.
    pub offset: u32,
    /// Rows to give, at most 200.
    pub limit: u32,
}

/// A page of children.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChildrenPage {
    /// How many there are in all; counted up to 10,000.
    pub total: u32,
    /// The page.
    pub rows: Vec<ChildRow>,
}

/// A child as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChildRow {
    /// The dossier.
    pub document_id: DocumentId,
    /// The name.
    pub name: String,
    /// Sex.
    pub sex: Option<Sex>,
    /// Age in full years today.
    pub age: Option<u8>,
    /// The village's name.
    pub village_name: String,
    /// 社(组)
    pub village_group: String,
    /// The school's name.
    pub school_name: String,
    /// 三年级(1)班
    pub class_name: String,
    /// Schooling status; while two values stand, the one that is safer for the child.
    pub status: SchoolingStatus,
    /// Flags.
    pub flags: Vec<ChildFlag>,
    /// The last visit's start.
    pub last_visit_at: Option<Timestamp>,
    /// Days since then, today.
    pub last_visit_days: Option<i32>,
    /// The day of the next visit that was agreed.
    pub next_visit_on: Option<Day>,
    /// Fields with two values.
    pub conflict_count: u32,
    /// Visits and photos that wait to be sent.
    pub waiting_count: u32,
}

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

/// What became of the registration.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "snake_case", tag = "outcome")]
#[ts(export)]
pub enum ChildRegistered {
    /// It is saved.
    Saved {
        /// The new dossier.
        #[serde(rename = "documentId")]
        document_id: DocumentId,
    },
    /// Children that may be the same one: nothing was saved.
    Alike {
        /// Them.
        rows: Vec<ChildRow>,
    },
}
