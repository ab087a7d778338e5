//! Households: who lives there, who works elsewhere, what help they are entitled to.

use std::collections::BTreeSet;

use jiafang_core::domain::code_list::{ChildFlag, Relation, Sex};
use jiafang_core::domain::place::PlaceCode;

use super::child::FictionalGuardian;
use super::draw::Draw;
use super::identity::PhoneIssuer;
use super::names::FamilyName;

/// Where parents of the mountains go to work.
const WORK_PLACES: &[&str] = &[
    "广东东莞",
    "广东深圳",
    "浙江宁波",
    "浙江义乌",
    "福建晋江",
    "江苏昆山",
    "上海",
    "成都",
    "重庆",
    "新疆阿克苏",
    "北京",
    "陕西西安",
];

/// Who looks after the children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    BothParents,
    OneParentAway,
    BothParentsAway,
    OneParentLeft,
    Aunt,
}

/// A household with what its children share.
#[derive(Debug, Clone)]
pub(super) struct Family {
    pub(super) number: u32,
    pub(super) name: FamilyName,
    pub(super) village: PlaceCode,
    pub(super) village_group: String,
    pub(super) head: String,
    pub(super) address: String,
    pub(super) guardians: Vec<FictionalGuardian>,
    pub(super) parents_work_place: Option<&'static str>,
    pub(super) flags: BTreeSet<ChildFlag>,
}

/// How families are spread: of a hundred, 45 with both parents at home, 20 with one away, 27 with both.
pub(super) fn any_care(draw: &mut Draw) -> Care {
    match draw.below(100) {
        0..45 => Care::BothParents,
        45..65 => Care::OneParentAway,
        65..92 => Care::BothParentsAway,
        _ => Care::OneParentLeft,
    }
}

/// The adults who answer for the children, the one to call first.
pub(super) fn guardians(
    draw: &mut Draw,
    phones: &mut PhoneIssuer,
    name: &FamilyName,
    care: Care,
) -> Vec<FictionalGuardian> {
    let mut adult = |draw: &mut Draw, relation: Relation, away: bool, has_phone: bool| {
        let sex = match relation {
            Relation::Father | Relation::PaternalGrandfather | Relation::MaternalGrandfather => Sex::Male,
            _ => Sex::Female,
        };
        // A wife, a mother's parent and an aunt keep the names that they were born with.
        let born_into = match relation {
            Relation::Father | Relation::PaternalGrandfather => name.of_elders(),
            _ => name.in_laws(draw),
        };
        let phone = has_phone.then(|| phones.issue());
        FictionalGuardian { name: born_into.member(draw, sex), relation, phone, away }
    };
    match care {
        Care::BothParents => {
            vec![adult(draw, Relation::Father, false, true), adult(draw, Relation::Mother, false, true)]
        }
        Care::OneParentAway => {
            vec![adult(draw, Relation::Mother, false, true), adult(draw, Relation::Father, true, true)]
        }
        Care::BothParentsAway => {
            let at_home = match draw.below(10) {
                0..4 => Relation::PaternalGrandmother,
                4..7 => Relation::PaternalGrandfather,
                7..9 => Relation::MaternalGrandmother,
                _ => Relation::MaternalGrandfather,
            };
            vec![
                adult(draw, at_home, false, true),
                adult(draw, Relation::Father, true, true),
                adult(draw, Relation::Mother, true, false),
            ]
        }
        Care::OneParentLeft => {
            let relation = if draw.percent(60) { Relation::Father } else { Relation::Mother };
            vec![adult(draw, relation, false, true)]
        }
        Care::Aunt => vec![adult(draw, Relation::Aunt, false, true)],
    }
}

/// Flags that all children of the household have.
pub(super) fn flags(draw: &mut Draw, care: Care) -> BTreeSet<ChildFlag> {
    let mut flags = BTreeSet::new();
    match care {
        Care::OneParentAway => {
            flags.insert(ChildFlag::LeftBehindOne);
        }
        Care::BothParentsAway => {
            flags.insert(ChildFlag::LeftBehindBoth);
        }
        Care::Aunt => {
            flags.extend([ChildFlag::Orphan, ChildFlag::DestituteSupport]);
        }
        Care::BothParents | Care::OneParentLeft => {}
    }
    // 脱贫户 and 监测户 exclude each other on one date (handbook 16, rule 12).
    match draw.below(100) {
        0..14 => {
            flags.insert(ChildFlag::Lifted);
        }
        14..18 => {
            flags.insert(ChildFlag::Monitored);
        }
        _ => {}
    }
    if draw.percent(8) {
        flags.insert(ChildFlag::SubsistenceAllowance);
    }
    flags
}

/// Where the parents work, if one of the adults is away.
pub(super) fn work_place(draw: &mut Draw, guardians: &[FictionalGuardian]) -> Option<&'static str> {
    guardians.iter().any(|guardian| guardian.away).then(|| draw.text(WORK_PLACES))
}
