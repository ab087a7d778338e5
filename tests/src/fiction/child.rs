//! What is known of a fictional child: the columns of the ledger (handbook 3.4) that tests and rosters need.

use std::collections::BTreeSet;

use jiafang_core::domain::code_list::{AttendanceMode, ChildFlag, IdType, Relation, SchoolingStatus, Sex};
use jiafang_core::domain::place::{ClassId, PlaceCode};
use jiff::civil::Date;
use serde::Serialize;

use super::names::Ethnicity;
use super::scenario::Scenario;

/// A child who does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FictionalChild {
    /// Which awkward case it plays; most play none.
    pub scenario: Option<Scenario>,
    /// Its full name, middle dots as U+00B7.
    pub name: String,
    /// Its sex.
    pub sex: Sex,
    /// Its birthday.
    pub birth_date: Date,
    /// Its ethnicity.
    pub ethnicity: Ethnicity,
    /// What kind of paper the number is of.
    pub id_type: IdType,
    /// Its identity number, 18 characters of region 999999, valid unless the scenario says otherwise.
    pub id_number: Option<String>,
    /// Its village (12 digits), where its household is registered and lives.
    pub village: PlaceCode,
    /// A village code from before the townships were merged, under which old records have it.
    pub former_village: Option<PlaceCode>,
    /// 社, as in `3社`.
    pub village_group: String,
    /// Its household: unique in the county; siblings share it.
    pub household_number: u32,
    /// The name of the head of the household.
    pub household_head: String,
    /// Down to the house number.
    pub address: String,
    /// Who answers for it, the one to call first. Empty for nobody.
    pub guardians: Vec<FictionalGuardian>,
    /// Who answered for it before.
    pub former_guardians: Vec<FictionalGuardian>,
    /// Where the parents work, if elsewhere.
    pub parents_work_place: Option<&'static str>,
    /// Flags of the child and categories of the household.
    pub flags: BTreeSet<ChildFlag>,
    /// Kind and degree of a disability, as in `肢体二级`.
    pub disability: Option<&'static str>,
    /// How it attends.
    pub attendance: AttendanceMode,
    /// Where it really is.
    pub status: SchoolingStatus,
    /// Since when; known where the child is not simply at school.
    pub status_since: Option<Date>,
    /// Its class; `None` for a child who is on no roll.
    pub class: Option<ClassId>,
    /// Its grade, 1 to 9, by age.
    pub grade: u8,
    /// 备注
    pub note: &'static str,
}

/// An adult of a fictional household.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FictionalGuardian {
    /// Full name.
    pub name: String,
    /// Who it is to the child.
    pub relation: Relation,
    /// Eleven digits, 199-0000-xxxx; `None` for no telephone.
    pub phone: Option<String>,
    /// Works elsewhere and is not at home.
    pub away: bool,
}

impl FictionalChild {
    /// The telephone number to call first.
    #[must_use]
    pub fn phone(&self) -> Option<&str> {
        self.guardians.iter().find_map(|guardian| guardian.phone.as_deref())
    }
}
