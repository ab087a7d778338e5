//! For tests: a fictional county, rows about fictional children, and a store that knows some of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, date};

use super::{KnownChild, KnownChildren, RosterContext, RosterGuardian, RosterRow};
use crate::domain::calendar::Calendar;
use crate::domain::code_list::{Relation, Sex};
use crate::domain::county::County;
use crate::domain::id_number::IdNumber;
use crate::domain::identifier::DocumentId;
use crate::domain::person_name::{PersonName, matching};
use crate::domain::phone::Phone;
use crate::domain::place::{Class, ClassId, Leaves, Place, PlaceCode, School, SchoolCode, Stage};

/// The day on which the tests' rosters are brought in.
pub(crate) const TODAY: Date = date(2026, 11, 23);

/// 青杠村 of 云雾镇.
pub(crate) const QINGGANG: &str = "999999101001";
/// 白岩村 of 云雾镇, formerly 老鹰村.
pub(crate) const BAIYAN: &str = "999999101002";
/// 白岩村 of 石门乡.
pub(crate) const OTHER_BAIYAN: &str = "999999102001";
/// Grade 3, class 1 of 云雾镇中心小学 on [`TODAY`].
pub(crate) const THREE_ONE: &str = "9999990001/P2024/1";
/// Grade 7, class 3 of 云岭九年制学校 on [`TODAY`]. Its first grade has a class 3 of the same year, too.
pub(crate) const SEVEN_THREE: &str = "9999990002/J2026/3";

fn place(code: &str, name: &str, former_names: &[&str]) -> Place {
    Place {
        code: PlaceCode::parse(code).unwrap(),
        name: name.to_owned(),
        former_names: former_names.iter().map(|name| (*name).to_owned()).collect(),
        merged_into: None,
        key_area: false,
    }
}

fn school(code: &str, name: &str, township: &str, classes: &[(Stage, i16, u8)]) -> School {
    let school_code = SchoolCode(code.to_owned());
    let classes = classes.iter().map(|(stage, entry_year, number)| Class {
        id: ClassId::new(&school_code, *stage, *entry_year, *number),
        stage: *stage,
        entry_year: *entry_year,
        number: *number,
    });
    School {
        classes: classes.collect(),
        code: school_code,
        name: name.to_owned(),
        township: PlaceCode::parse(township).unwrap(),
        former_names: Vec::new(),
        merged_into: None,
    }
}

/// Two townships with four villages, two schools.
pub(crate) fn county() -> County {
    County {
        county: place("999999", "云岭县", &[]),
        places: vec![
            place("999999101", "云雾镇", &["水磨乡", "999999205"]),
            place(QINGGANG, "青杠村", &["999999205007"]),
            place(BAIYAN, "白岩村", &["老鹰村"]),
            place("999999101003", "新街社区", &[]),
            place("999999102", "石门乡", &[]),
            place(OTHER_BAIYAN, "白岩村", &[]),
        ],
        schools: vec![
            school(
                "9999990001",
                "云雾镇中心小学",
                "999999101",
                &[(Stage::Primary, 2024, 1), (Stage::Primary, 2024, 2), (Stage::Primary, 2025, 1)],
            ),
            school(
                "9999990002",
                "云岭九年制学校",
                "999999102",
                &[
                    (Stage::Primary, 2026, 3),
                    (Stage::Junior, 2026, 3),
                    (Stage::Junior, 2026, 1),
                    (Stage::Primary, 2021, 1),
                ],
            ),
        ],
        calendar: Calendar::default(),
        rules: Vec::new(),
        codes: Vec::new(),
        duty: crate::domain::duty::DutyGrid::default(),
        evidence: Vec::new(),
        home_teaching: Vec::new(),
        looks: Vec::new(),
        method: Vec::new(),
        round_from: None,
    }
}

/// A complete row about 石小满, born on 1 September 2017, of 青杠村, in grade 3 class 1.
pub(crate) fn row(row_number: u32) -> RosterRow {
    RosterRow {
        row_number,
        context: Arc::new(RosterContext::default()),
        name: PersonName::parse("石小满").ok(),
        sex: Some(Sex::Male),
        birth_date: Some(date(2017, 9, 1)),
        id_number: Some(id_number("99999920170901", 1)),
        id_text: id_number("99999920170901", 1).in_full().to_owned(),
        township: "云雾镇".to_owned(),
        village: "青杠村".to_owned(),
        address: "青杠村3组".to_owned(),
        school: "云雾镇中心小学".to_owned(),
        class: "三年级(1)班".to_owned(),
        guardians: vec![RosterGuardian {
            name: PersonName::parse("石大山").ok(),
            relation: Some(Relation::Father),
            phone: Phone::parse("19900000001").ok(),
        }],
        ..RosterRow::default()
    }
}

/// The ID number with this region and date, this sequence number, and the check character that fits.
pub(crate) fn id_number(region_and_date: &str, sequence: u16) -> IdNumber {
    let body = format!("{region_and_date}{sequence:03}");
    let ends = ('0'..='9').chain(['X']);
    ends.filter_map(|end| IdNumber::parse(&format!("{body}{end}")).ok()).next().expect("one check character fits")
}

/// A document id out of a number.
pub(crate) fn document(number: u8) -> DocumentId {
    DocumentId::from_bytes([number; 16])
}

/// The child of a row as a store knows it after the row was brought in.
pub(crate) fn known_as(row: &RosterRow, number: u8) -> KnownChild {
    let leaves = Leaves { village: PlaceCode::parse(QINGGANG), class: Some(ClassId(THREE_ONE.to_owned())) };
    let entry = crate::domain::identifier::EntryId::from_bytes([9; 16]);
    KnownChild {
        document_id: document(number),
        name: row.name.as_ref().unwrap().written().to_owned(),
        sex: row.sex_or_from_id(),
        birth_date: row.born(),
        id_number: row.id_number.clone(),
        leaves,
        fields: row.fields(),
        status: crate::domain::code_list::SchoolingStatus::EnrolledHere,
        status_is_looked_into: false,
        flags: row.flags.iter().filter(|(_, set)| **set).map(|(flag, _)| *flag).collect::<BTreeSet<_>>(),
        guardians: row
            .guardians
            .iter()
            .map(|guardian| super::KnownGuardian {
                entry,
                name: guardian.name.as_ref().map(|name| name.written().to_owned()).unwrap_or_default(),
                relation: guardian.relation.map(|relation| relation.key().to_owned()).unwrap_or_default(),
                phone: guardian.phone.as_ref().map(|phone| phone.as_str().to_owned()).unwrap_or_default(),
            })
            .collect(),
    }
}

/// Known children, looked up as the store's indexes do.
#[derive(Default)]
pub(crate) struct KnownList {
    by_id: BTreeMap<IdNumber, Vec<KnownChild>>,
    by_name: BTreeMap<(String, Date), Vec<KnownChild>>,
}

impl KnownList {
    pub(crate) fn of(children: impl IntoIterator<Item = KnownChild>) -> Self {
        let mut list = Self::default();
        for child in children {
            if let Some(id) = &child.id_number {
                list.by_id.entry(id.clone()).or_default().push(child.clone());
            }
            if let Some(born) = child.birth_date {
                list.by_name.entry((matching(&child.name), born)).or_default().push(child);
            }
        }
        list
    }
}

impl KnownChildren for KnownList {
    fn by_id_number(&self, id: &IdNumber) -> Vec<KnownChild> {
        self.by_id.get(id).cloned().unwrap_or_default()
    }

    fn by_name_and_birth(&self, name: &str, birth_date: Date) -> Vec<KnownChild> {
        self.by_name.get(&(name.to_owned(), birth_date)).cloned().unwrap_or_default()
    }
}
