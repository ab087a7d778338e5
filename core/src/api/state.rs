//! Whether the app is enrolled, locked or open; whose it is; what the forms offer.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::place::{ClassId, PlaceCode, SchoolCode};
use crate::domain::role::Role;

/// A request without anything in it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Nothing {}

/// What the first screen must know.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AppState {
    /// Where the app stands.
    pub stage: AppStage,
    /// Whose device this is; only when open.
    pub person: Option<PersonView>,
    /// The county's name; only when open.
    pub county_name: Option<String>,
    /// Seconds until a PIN may be tried again; 0 when it may now.
    pub wait_seconds: u32,
    /// The app's version.
    pub version: String,
    /// The device's clock is off from the server's by more than ten minutes: how many minutes (positive: the
    /// device is ahead).
    pub clock_off_minutes: Option<i32>,
}

/// Where the app stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum AppStage {
    /// Not enrolled: ask for a code.
    Enrol,
    /// Locked: ask for the PIN.
    Locked,
    /// Open.
    Open,
}

/// A person as a colleague sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PersonView {
    /// The name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// Which of the two shells: a tablet's five places or a desk.
    pub is_desk: bool,
    /// What the role covers, by name: 青石乡云岭村, 云岭小学三年级(1)班.
    pub scope_names: Vec<String>,
    /// May bring in a roster.
    pub imports_rosters: bool,
    /// May write visits, children and fields.
    pub writes_dossiers: bool,
}

/// Enrols this device.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct EnrolDevice {
    /// The code as scanned or typed.
    pub code: String,
    /// The PIN that the person chooses.
    pub pin: String,
}

/// A PIN.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Unlock {
    /// The PIN.
    pub pin: String,
}

/// Changes the PIN.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChangePin {
    /// The PIN so far.
    pub old_pin: String,
    /// The new one.
    pub new_pin: String,
}

/// What a tablet whose PIN was forgotten shows to the office.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecoveryRequestView {
    /// The text, to be read out, copied or shown as a QR.
    pub text: String,
}

/// The office's answer, with a new PIN.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Recover {
    /// The answer's text.
    pub answer: String,
    /// The new PIN.
    pub new_pin: String,
}

/// What the forms offer: places, schools and classes within the person's scope and beyond.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Places {
    /// Townships with their villages.
    pub townships: Vec<TownshipView>,
    /// Schools with their classes that have a grade today.
    pub schools: Vec<SchoolView>,
}

/// A township.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TownshipView {
    /// Its code.
    pub code: PlaceCode,
    /// Its name.
    pub name: String,
    /// Its villages.
    pub villages: Vec<VillageView>,
}

/// A village.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct VillageView {
    /// Its code.
    pub code: PlaceCode,
    /// Its name.
    pub name: String,
    /// Within the person's scope.
    pub mine: bool,
}

/// A school.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SchoolView {
    /// Its code.
    pub code: SchoolCode,
    /// Its name.
    pub name: String,
    /// Its classes.
    pub classes: Vec<ClassView>,
}

/// A class.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ClassView {
    /// Its id.
    pub id: ClassId,
    /// 三年级(1)班
    pub name: String,
    /// 1 to 9.
    pub grade: u8,
    /// Within the person's scope.
    pub mine: bool,
}

/// A value of a code list in both languages.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct CodeView {
    /// The key that requests carry.
    pub key: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// All code lists, in the order in which forms offer them.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CodeLists {
    /// [`crate::domain::code_list::Sex`]
    pub sex: Vec<CodeView>,
    /// [`crate::domain::code_list::VisitMode`]
    pub visit_mode: Vec<CodeView>,
    /// [`crate::domain::code_list::VisitPurpose`]
    pub visit_purpose: Vec<CodeView>,
    /// [`crate::domain::code_list::Relation`]
    pub relation: Vec<CodeView>,
    /// [`crate::domain::code_list::ParentPosition`]
    pub parent_position: Vec<CodeView>,
    /// [`crate::domain::code_list::ChildPosition`]
    pub child_position: Vec<CodeView>,
    /// [`crate::domain::code_list::AbsenceReason`]
    pub absence_reason: Vec<CodeView>,
    /// [`crate::domain::code_list::InformedTopic`]
    pub informed_topic: Vec<CodeView>,
    /// [`crate::domain::code_list::SchoolingStatus`]
    pub schooling_status: Vec<CodeView>,
    /// [`crate::domain::code_list::ChildFlag`]
    pub child_flag: Vec<CodeView>,
    /// [`crate::domain::code_list::SignerRole`]
    pub signer_role: Vec<CodeView>,
    /// [`crate::domain::code_list::AttendanceMode`]
    pub attendance_mode: Vec<CodeView>,
}
