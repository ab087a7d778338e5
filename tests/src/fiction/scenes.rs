//! How each scenario is played: which children it takes and what is odd about them.

use jiafang_core::domain::code_list::{AttendanceMode, ChildFlag, IdType, Relation, SchoolingStatus, Sex};
use jiff::civil::date;

use super::child::{FictionalChild, FictionalGuardian};
use super::family::Care;
use super::identity::with_wrong_checksum;
use super::names::{FamilyName, NameKind};
use super::register::{Register, grade_by_age};
use super::scenario::Scenario;

/// The children who play `scenario`: as many as [`Scenario::children_count`].
pub(super) fn play(register: &mut Register<'_>, scenario: Scenario) -> Vec<FictionalChild> {
    let mut children = match scenario {
        Scenario::Twins => twins(register),
        Scenario::SiblingsInOneHousehold => {
            let family = register.any_family();
            register.siblings(&family, 3)
        }
        Scenario::SameNameSameVillage => same_name_same_village(register),
        Scenario::DuplicateRecord => duplicate_record(register),
        Scenario::DeceasedSiblingSameName => deceased_sibling(register),
        Scenario::SharedPhone => shared_phone(register),
        _ => vec![alone(register, scenario)],
    };
    for child in &mut children {
        child.scenario = Some(scenario);
    }
    children
}

/// A child whose case needs no other child.
fn alone(register: &mut Register<'_>, scenario: Scenario) -> FictionalChild {
    let name = match scenario {
        Scenario::CompoundSurname => FamilyName::of(&mut register.draw, NameKind::Compound),
        Scenario::RareCharacter => FamilyName::of(&mut register.draw, NameKind::Rare),
        Scenario::MinorityName => FamilyName::of(&mut register.draw, NameKind::Yi).with_dot(),
        Scenario::LongMinorityName => FamilyName::of(&mut register.draw, NameKind::Uyghur),
        _ => FamilyName::of(&mut register.draw, NameKind::Common),
    };
    let care = match scenario {
        Scenario::OrphanWithAunt => Care::Aunt,
        Scenario::LeftBehindByBoth => Care::BothParentsAway,
        Scenario::GuardianChanged => Care::OneParentLeft,
        _ => Care::BothParents,
    };
    let moved = (scenario == Scenario::MovedTownshipCode).then(|| register.any_moved_village()).flatten();
    let village = moved.as_ref().map_or_else(|| register.any_village(), |(now, _)| now.clone());
    let family = register.family_in(village, name, care);
    let birthday = match scenario {
        Scenario::BornOn31August => date(2015, 8, 31),
        Scenario::BornOn1September => date(2015, 9, 1),
        Scenario::LeapDay => date(2012, 2, 29),
        _ => {
            let grade = usual_grade(register, scenario);
            register.birthday_in_grade(grade)
        }
    };
    let mut child = register.child(&family, birthday);
    child.former_village = moved.map(|(_, before)| before);
    set_identity(&mut child, scenario);
    set_guardians(register, &mut child, scenario);
    set_schooling(&mut child, scenario);
    child
}

/// The grade in which the case usually arises.
fn usual_grade(register: &mut Register<'_>, scenario: Scenario) -> u8 {
    let (first, last) = match scenario {
        Scenario::AcademicYearRollover => (6, 6),
        Scenario::BoardingSundayNoShow | Scenario::Boarder => (7, 9),
        Scenario::NoticeRefused | Scenario::ReturnedThenRelapsed => (8, 9),
        Scenario::NoIdNumber => (1, 2),
        _ => (1, 9),
    };
    u8::try_from(register.draw.between(first, last)).unwrap_or(1)
}

fn set_identity(child: &mut FictionalChild, scenario: Scenario) {
    match scenario {
        Scenario::NoIdNumber => {
            child.id_type = IdType::Other;
            child.id_number = None;
            child.note = "未上户，有出生医学证明复印件";
        }
        Scenario::WrongChecksum => {
            child.id_number = child.id_number.as_deref().map(with_wrong_checksum);
        }
        _ => {}
    }
}

fn set_guardians(register: &mut Register<'_>, child: &mut FictionalChild, scenario: Scenario) {
    if scenario == Scenario::GuardianChanged {
        let name = FamilyName::of(&mut register.draw, NameKind::Common).member(&mut register.draw, Sex::Female);
        let grandmother = FictionalGuardian {
            name,
            relation: Relation::MaternalGrandmother,
            phone: Some(register.phones.issue()),
            away: false,
        };
        child.household_head.clone_from(&grandmother.name);
        child.former_guardians = std::mem::replace(&mut child.guardians, vec![grandmother]);
        child.note = "2026年9月起由外祖母监护";
    }
}

/// Where the child really is, since when, and what the class teacher wrote beside it.
fn set_schooling(child: &mut FictionalChild, scenario: Scenario) {
    let (status, since, note) = match scenario {
        Scenario::BoardingSundayNoShow => {
            (SchoolingStatus::AbsentUnexcused, date(2026, 11, 22), "周日晚未返校，电话无人接听")
        }
        Scenario::LeaveExpired => (SchoolingStatus::LongLeave, date(2026, 10, 19), "请假至11月13日,到期未返校"),
        Scenario::FoundInAnotherProvince => {
            (SchoolingStatus::EnrolledElsewhere, date(2026, 9, 1), "随父母在浙江就读，有就读证明")
        }
        Scenario::ClaimsTransferWithoutProof => {
            (SchoolingStatus::TransferPending, date(2026, 9, 1), "家长称已转学，未提供证明")
        }
        Scenario::NoticeRefused => (SchoolingStatus::Dropout, date(2026, 10, 9), "限期复学通知书留置送达，家长拒签"),
        Scenario::SuspensionExpiring => (SchoolingStatus::Suspended, date(2025, 12, 1), "休学至2026年11月30日"),
        Scenario::ReturnedThenRelapsed => {
            (SchoolingStatus::SuspectedDropout, date(2026, 11, 16), "10月劝返复学,11月16日起又未到校")
        }
        Scenario::PlatformSuspectResolved => {
            (SchoolingStatus::EnrolledHere, date(2026, 9, 3), "平台下发疑似辍学，已核实在校")
        }
        Scenario::AbsentOnMakeUpSaturday => {
            (SchoolingStatus::AbsentUnexcused, date(2026, 10, 10), "国庆调休周六起未到校")
        }
        Scenario::DisabledHomeTeaching => (SchoolingStatus::HomeTeaching, date(2024, 9, 1), "每周送教两次"),
        Scenario::Boarder => {
            board(child);
            return;
        }
        _ => return,
    };
    child.status = status;
    child.status_since = Some(since);
    child.note = note;
    match scenario {
        Scenario::BoardingSundayNoShow => board(child),
        Scenario::DisabledHomeTeaching => {
            child.attendance = AttendanceMode::HomeTeaching;
            child.flags.remove(&ChildFlag::Boarder);
            child.flags.insert(ChildFlag::Disabled);
            child.disability = Some("肢体二级");
        }
        _ => {}
    }
}

fn board(child: &mut FictionalChild) {
    child.attendance = AttendanceMode::Boarding;
    child.flags.insert(ChildFlag::Boarder);
}

fn twins(register: &mut Register<'_>) -> Vec<FictionalChild> {
    let family = register.any_family();
    let grade = usual_grade(register, Scenario::Twins);
    let birthday = register.birthday_in_grade(grade);
    let first = register.child(&family, birthday);
    let mut second = register.child_of_sex(&family, birthday, first.sex);
    while second.name == first.name {
        second.name = family.name.member(&mut register.draw, second.sex);
    }
    vec![first, second]
}

fn same_name_same_village(register: &mut Register<'_>) -> Vec<FictionalChild> {
    let name = FamilyName::of(&mut register.draw, NameKind::Common);
    let first_family = register.family(name, Care::BothParents);
    let second_family = register.family_in(first_family.village.clone(), name, Care::BothParentsAway);
    let birthdays = [4, 7].map(|grade| register.birthday_in_grade(grade));
    let first = register.child_of_sex(&first_family, birthdays[0], Sex::Female);
    let mut second = register.child_of_sex(&second_family, birthdays[1], Sex::Female);
    second.name.clone_from(&first.name);
    vec![first, second]
}

/// The second record is the same child at another school, with an older telephone number.
fn duplicate_record(register: &mut Register<'_>) -> Vec<FictionalChild> {
    let family = register.any_family();
    // Grade 2 is taught at the village points too, so even a township has a second school for it.
    let birthday = register.birthday_in_grade(2);
    let first = register.child(&family, birthday);
    let mut second = first.clone();
    if let Some(class) = &first.class {
        second.class = register.seat_elsewhere(2, class);
    }
    second.note = "重复学籍";
    vec![first, second]
}

fn deceased_sibling(register: &mut Register<'_>) -> Vec<FictionalChild> {
    let family = register.any_family();
    let (elder_birthday, younger_birthday) = (register.birthday_in_grade(8), register.birthday_in_grade(2));
    let mut elder = register.child_of_sex(&family, elder_birthday, Sex::Male);
    let mut younger = register.child_of_sex(&family, younger_birthday, Sex::Male);
    younger.name.clone_from(&elder.name);
    elder.status = SchoolingStatus::Deceased;
    elder.status_since = Some(date(2018, 7, 14));
    elder.class = None;
    elder.attendance = AttendanceMode::Day;
    elder.flags.remove(&ChildFlag::Boarder);
    elder.grade = grade_by_age(elder.birth_date);
    elder.note = "2018年病故，户口已注销";
    vec![elder, younger]
}

fn shared_phone(register: &mut Register<'_>) -> Vec<FictionalChild> {
    let (first_family, mut second_family) = (register.any_family(), register.any_family());
    let phone = first_family.guardians.iter().find_map(|guardian| guardian.phone.clone());
    for guardian in &mut second_family.guardians {
        guardian.phone = None;
    }
    if let Some(first) = second_family.guardians.first_mut() {
        first.phone = phone;
    }
    let birthdays = [3, 5].map(|grade| register.birthday_in_grade(grade));
    vec![register.child(&first_family, birthdays[0]), register.child(&second_family, birthdays[1])]
}
