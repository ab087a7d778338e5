//! Roles and what each may do. A role comes with a scope: places or classes that it answers for.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The roles that the app knows (handbook 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[ts(export)]
pub enum Role {
    /// 包生教师: answers for named pupils.
    #[n(1)]
    SubjectTeacher,
    /// 班主任: own class; first reporter.
    #[n(2)]
    ClassTeacher,
    /// 学籍管理员: the school's records.
    #[n(3)]
    RecordsClerk,
    /// 教务处/分管副校长: own school.
    #[n(4)]
    SchoolLead,
    /// 校长: own school.
    #[n(5)]
    Principal,
    /// 乡镇教育专干: own township; merges field data, keeps the ledgers.
    #[n(6)]
    TownshipOfficer,
    /// 村干部: own village.
    #[n(7)]
    VillageCadre,
    /// 教科体局: the county's ledgers.
    #[n(8)]
    CountySection,
    /// 局领导: the county's figures, without raw evidence.
    #[n(9)]
    CountyLead,
}

impl Role {
    /// All roles.
    pub const ALL: &'static [Self] = &[
        Self::SubjectTeacher,
        Self::ClassTeacher,
        Self::RecordsClerk,
        Self::SchoolLead,
        Self::Principal,
        Self::TownshipOfficer,
        Self::VillageCadre,
        Self::CountySection,
        Self::CountyLead,
    ];

    /// The key as the command line and the user interface have it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::SubjectTeacher => "subject_teacher",
            Self::ClassTeacher => "class_teacher",
            Self::RecordsClerk => "records_clerk",
            Self::SchoolLead => "school_lead",
            Self::Principal => "principal",
            Self::TownshipOfficer => "township_officer",
            Self::VillageCadre => "village_cadre",
            Self::CountySection => "county_section",
            Self::CountyLead => "county_lead",
        }
    }

    /// Its name, as it stands in ledgers (handbook 2.3).
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Self::SubjectTeacher => "包生教师",
            Self::ClassTeacher => "班主任",
            Self::RecordsClerk => "学籍管理员",
            Self::SchoolLead => "学校分管领导",
            Self::Principal => "校长",
            Self::TownshipOfficer => "乡镇专干",
            Self::VillageCadre => "村干部",
            Self::CountySection => "教科体局股室",
            Self::CountyLead => "县局领导",
        }
    }

    /// From its key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.key() == key)
    }

    /// Works at a desk and answers for merging: holding an envelope there is what a delivery mark tells.
    #[must_use]
    pub const fn is_desk(self) -> bool {
        matches!(
            self,
            Self::RecordsClerk | Self::SchoolLead | Self::Principal | Self::TownshipOfficer | Self::CountySection
        )
    }

    /// May move children to another village or class within the scope: who keeps the ledgers.
    #[must_use]
    pub const fn moves_children(self) -> bool {
        self.is_desk()
    }

    /// May write dossiers within the scope: visits, children, fields.
    #[must_use]
    pub const fn writes_dossiers(self) -> bool {
        !matches!(self, Self::CountyLead)
    }

    /// May write the county's settings: calendar, ladders, places, schools.
    #[must_use]
    pub const fn writes_county(self) -> bool {
        matches!(self, Self::CountySection | Self::CountyLead)
    }

    /// May bind people in the duty grid within the scope: who keeps the ledgers.
    #[must_use]
    pub const fn binds_duties(self) -> bool {
        self.is_desk()
    }

    /// Sees the names of children; else counts, and names for a recorded reason only (handbook 2.3).
    #[must_use]
    pub const fn sees_names(self) -> bool {
        !matches!(self, Self::CountyLead)
    }

    /// Works with the screens of a desk: also who keeps no ledger, and reads figures only.
    #[must_use]
    pub const fn has_desk_screens(self) -> bool {
        self.is_desk() || matches!(self, Self::CountyLead)
    }

    /// May decide over what waits apart of the children in the scope: who answers for them, and who keeps the ledgers.
    #[must_use]
    pub const fn decides_what_waits(self) -> bool {
        self.is_desk() || matches!(self, Self::ClassTeacher)
    }

    /// May bring in a roster.
    #[must_use]
    pub const fn imports_rosters(self) -> bool {
        matches!(
            self,
            Self::RecordsClerk | Self::SchoolLead | Self::Principal | Self::TownshipOfficer | Self::CountySection
        )
    }
}
