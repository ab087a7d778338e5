//! Whether the app is enrolled, locked or open; whose it is; what the forms offer.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::app::device::Device;
use crate::domain::code_list::{self, CodeWording};
use crate::domain::county::County;
use crate::domain::ledger::PlaceNames;
use crate::domain::place::{ClassId, Leaves, Place, PlaceCode, SchoolCode, Scope};
use crate::domain::role::Role;
use crate::domain::time::Day;
use crate::error::Result;

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
    /// Locked, and the store is open behind the cover: the PIN, or a finger for some hours after it, goes on where it was.
    pub is_covered: bool,
    /// A finger is enough: the PIN was typed not too long ago.
    pub may_be_recognised: bool,
    /// Whose device this is; only when open, also behind the cover.
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
    /// Today in China, by the device's clock: what forms begin with. After midnight the host is told of a change.
    pub today: Day,
}

/// How the screens of an open device stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cover {
    pub(super) is_covered: bool,
    pub(super) may_be_recognised: bool,
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
    /// Sees names; else counts only, and names for a recorded reason.
    pub sees_names: bool,
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

/// An enrolment code that was read out of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct EnrolmentCodeRead {
    /// As it is typed, for [`EnrolDevice::code`].
    pub code: String,
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
    /// The text, to be sent, copied or shown as a QR.
    pub text: String,
    /// Twelve digits in three groups, to be read out on the telephone: the office sees the same when it answers, and
    /// others when somebody exchanged the text on its way.
    pub spoken_code: String,
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
    /// The county watches it most closely (重点区域).
    pub key_area: bool,
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
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CodeView {
    /// The key that requests carry.
    pub key: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
    /// The county's forms do not offer it; where it was recorded it stays to be read.
    pub hidden: bool,
    /// The standard term, which ledgers keep.
    pub standard_zh: String,
    /// The standard English term.
    pub standard_en: String,
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
    /// [`crate::domain::code_list::AttendanceMark`]
    pub attendance_mark: Vec<CodeView>,
    /// [`crate::domain::code_list::DayPart`]
    pub day_part: Vec<CodeView>,
    /// [`crate::domain::code_list::CaseSource`]
    pub case_source: Vec<CodeView>,
    /// [`crate::domain::code_list::ServiceMethod`]
    pub service_method: Vec<CodeView>,
    /// [`crate::domain::code_list::CaseOutcome`]
    pub case_outcome: Vec<CodeView>,
    /// [`crate::domain::code_list::DropoutDestination`]
    pub dropout_destination: Vec<CodeView>,
    /// [`crate::domain::code_list::ConfirmMethod`]
    pub confirm_method: Vec<CodeView>,
    /// [`crate::domain::code_list::CheckFound`]
    pub check_found: Vec<CodeView>,
    /// [`crate::domain::code_list::VerifyMethod`]
    pub verify_method: Vec<CodeView>,
    /// [`crate::domain::code_list::StudyRegion`]
    pub study_region: Vec<CodeView>,
    /// [`crate::domain::code_list::Placement`]
    pub placement: Vec<CodeView>,
    /// [`crate::domain::code_list::IdType`]
    pub id_type: Vec<CodeView>,
    /// [`crate::domain::code_list::HukouType`]
    pub hukou_type: Vec<CodeView>,
    /// [`crate::domain::code_list::ReturnPlacement`]
    pub return_placement: Vec<CodeView>,
    /// [`crate::domain::code_list::TransitionDestination`]
    pub transition_destination: Vec<CodeView>,
    /// [`crate::domain::code_list::CaseRecordKind`]
    pub case_record_kind: Vec<CodeView>,
    /// [`crate::domain::code_list::TransitionEntryKind`]
    pub transition_entry_kind: Vec<CodeView>,
    /// [`crate::domain::code_list::PlanKind`]
    pub plan_kind: Vec<CodeView>,
    /// [`crate::domain::code_list::ResultTrend`]
    pub result_trend: Vec<CodeView>,
    /// [`crate::domain::code_list::DangerKind`]
    pub danger_kind: Vec<CodeView>,
    /// [`crate::domain::code_list::DangerStep`]
    pub danger_step: Vec<CodeView>,
}

/// The state as the first screen sees it.
pub(super) fn view(
    device: Option<&Device>,
    cover: Cover,
    enrolled: bool,
    wait_seconds: u64,
    today: Day,
) -> Result<AppState> {
    let stage = match (device, enrolled) {
        (Some(_), _) if cover.is_covered => AppStage::Locked,
        (Some(_), _) => AppStage::Open,
        (None, true) => AppStage::Locked,
        (None, false) => AppStage::Enrol,
    };
    let clock_off_minutes = match device {
        Some(device) => {
            let minutes = device.store.reading().standing()?.clock_ahead_ms.checked_div(60_000).unwrap_or(0);
            (minutes.abs() > CLOCK_OFF_MINUTES_SAID).then(|| i32::try_from(minutes).unwrap_or(i32::MAX))
        }
        None => None,
    };
    Ok(AppState {
        stage,
        is_covered: cover.is_covered && device.is_some(),
        may_be_recognised: cover.may_be_recognised && device.is_some(),
        person: device.map(person),
        county_name: device.map(|device| device.enrolment.county_name.clone()),
        wait_seconds: u32::try_from(wait_seconds).unwrap_or(u32::MAX),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        clock_off_minutes,
        today,
    })
}

/// A clock that is off by less is not worth a word.
const CLOCK_OFF_MINUTES_SAID: i64 = 10;

fn person(device: &Device) -> PersonView {
    let rights = &device.author.rights;
    let county = device.county();
    let names = PlaceNames::of(&county);
    let today = device.environment.now().day();
    let scope_names = rights
        .scopes
        .iter()
        .map(|scope| match scope {
            Scope::Place(code) => {
                let parent = code.parent().filter(|_| code.is_village());
                let above = parent.map(|parent| names.place(parent.as_str())).unwrap_or_default();
                format!("{above}{}", names.place(code.as_str()))
            }
            Scope::School(code) => names.school(&ClassId(code.0.clone())),
            Scope::Class(id) => format!("{}{}", names.school(id), names.class(id, today)),
        })
        .collect();
    PersonView {
        name: device.enrolment.person_name.clone(),
        role: rights.role,
        is_desk: rights.role.has_desk_screens(),
        sees_names: rights.role.sees_names(),
        scope_names,
        imports_rosters: rights.role.imports_rosters(),
        writes_dossiers: rights.role.writes_dossiers(),
    }
}

/// Places, schools and classes for the forms.
pub(super) fn places(device: &Device) -> Places {
    let county = device.county();
    let names = PlaceNames::of(&county);
    let today = device.environment.now().day();
    let covers = |leaves: &Leaves| device.author.rights.scopes.iter().any(|scope| scope.covers(leaves));
    // A township that became a part of another, and all its villages with it, is not offered any more.
    let has_villages = |township: &Place| {
        let mut places = county.places.iter();
        places.any(|place| place.code.is_village() && township.code.holds(&place.code) && place.merged_into.is_none())
    };
    let key_areas = county.key_areas();
    let townships = county
        .places
        .iter()
        .filter(|place| place.code.as_str().len() == 9 && (place.merged_into.is_none() || has_villages(place)))
        .map(|township| TownshipView {
            code: township.code.clone(),
            name: township.name.clone(),
            villages: county
                .places
                .iter()
                .filter(|place| place.code.is_village() && township.code.holds(&place.code))
                .filter(|place| place.merged_into.is_none())
                .map(|village| VillageView {
                    code: village.code.clone(),
                    name: village.name.clone(),
                    key_area: key_areas.iter().any(|area| area.holds(&village.code)),
                    mine: covers(&Leaves { village: Some(village.code.clone()), class: None }),
                })
                .collect(),
        })
        .collect();
    let schools = county
        .schools
        .iter()
        .map(|school| {
            let mut classes: Vec<ClassView> = school
                .classes
                .iter()
                .filter_map(|class| {
                    Some(ClassView {
                        id: class.id.clone(),
                        name: names.class(&class.id, today),
                        grade: class.grade_on(today.0)?,
                        mine: covers(&Leaves { village: None, class: Some(class.id.clone()) }),
                    })
                })
                .collect();
            classes.sort_by(|a, b| (a.grade, &a.id).cmp(&(b.grade, &b.id)));
            SchoolView { code: school.code.clone(), name: school.name.clone(), classes }
        })
        .collect();
    Places { townships, schools }
}

/// All code lists.
pub(super) fn code_lists(county: Option<&County>) -> CodeLists {
    macro_rules! list {
        ($name:ident) => {
            code_list::$name::ALL.iter().map(|code| standard(code.key(), code.zh(), code.en())).collect()
        };
    }
    let mut lists = CodeLists {
        sex: list!(Sex),
        visit_mode: list!(VisitMode),
        visit_purpose: list!(VisitPurpose),
        relation: list!(Relation),
        parent_position: list!(ParentPosition),
        child_position: list!(ChildPosition),
        absence_reason: list!(AbsenceReason),
        informed_topic: list!(InformedTopic),
        schooling_status: list!(SchoolingStatus),
        child_flag: list!(ChildFlag),
        signer_role: list!(SignerRole),
        attendance_mode: list!(AttendanceMode),
        attendance_mark: list!(AttendanceMark),
        day_part: list!(DayPart),
        case_source: list!(CaseSource),
        service_method: list!(ServiceMethod),
        case_outcome: list!(CaseOutcome),
        dropout_destination: list!(DropoutDestination),
        confirm_method: list!(ConfirmMethod),
        check_found: list!(CheckFound),
        verify_method: list!(VerifyMethod),
        study_region: list!(StudyRegion),
        placement: list!(Placement),
        id_type: list!(IdType),
        hukou_type: list!(HukouType),
        return_placement: list!(ReturnPlacement),
        transition_destination: list!(TransitionDestination),
        case_record_kind: list!(CaseRecordKind),
        transition_entry_kind: list!(TransitionEntryKind),
        plan_kind: list!(PlanKind),
        result_trend: list!(ResultTrend),
        danger_kind: list!(DangerKind),
        danger_step: list!(DangerStep),
    };
    for (name, list) in [
        ("visit_purpose", &mut lists.visit_purpose),
        ("informed_topic", &mut lists.informed_topic),
        ("absence_reason", &mut lists.absence_reason),
        ("parent_position", &mut lists.parent_position),
        ("child_position", &mut lists.child_position),
        ("child_flag", &mut lists.child_flag),
    ] {
        let wordings = county.iter().flat_map(|county| &county.codes).filter(|wording| wording.list == name);
        for wording in wordings {
            put_in_words(list, wording);
        }
    }
    lists
}

fn standard(key: &str, zh: &str, en: &str) -> CodeView {
    CodeView {
        key: key.to_owned(),
        zh: zh.to_owned(),
        en: en.to_owned(),
        hidden: false,
        standard_zh: zh.to_owned(),
        standard_en: en.to_owned(),
    }
}

/// The county's word stands in place of the standard term on forms.
fn put_in_words(list: &mut [CodeView], wording: &CodeWording) {
    let Some(code) = list.iter_mut().find(|code| code.key == wording.key) else { return };
    code.hidden = wording.hidden;
    if !wording.zh.is_empty() {
        code.zh.clone_from(&wording.zh);
    }
    if !wording.en.is_empty() {
        code.en.clone_from(&wording.en);
    }
}
