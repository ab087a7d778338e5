//! The awkward cases that fictional children play (handbook 18).

use serde::Serialize;

macro_rules! scenarios {
    ($($(#[$doc:meta])* $variant:ident = $key:literal, $children:literal;)+) => {
        /// A case that the app must get right. Most children play none.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum Scenario {
            $($(#[$doc])* #[serde(rename = $key)] $variant,)+
        }

        impl Scenario {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in snake case.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// How many children play it together.
            #[must_use]
            pub const fn children_count(self) -> usize {
                match self { $(Self::$variant => $children,)+ }
            }
        }
    };
}

scenarios!(
    /// A boarder who did not come back on Sunday evening.
    BoardingSundayNoShow = "boarding_sunday_no_show", 1;
    /// Leave was granted, has run out, and the child is not back.
    LeaveExpired = "leave_expired", 1;
    /// Found at a school in another province, with a certificate of attendance.
    FoundInAnotherProvince = "found_in_another_province", 1;
    /// The parents say that the child was transferred and show nothing.
    ClaimsTransferWithoutProof = "claims_transfer_without_proof", 1;
    /// The return notice was served and its receipt refused.
    NoticeRefused = "notice_refused", 1;
    /// Another adult has become the guardian.
    GuardianChanged = "guardian_changed", 1;
    /// An orphan who lives with an aunt.
    OrphanWithAunt = "orphan_with_aunt", 1;
    /// Two children of one birthday, household, address and telephone.
    Twins = "twins", 2;
    /// Three children of one household in different grades: one visit covers them.
    SiblingsInOneHousehold = "siblings_in_one_household", 3;
    /// Two children of one village and one name, and no kin.
    SameNameSameVillage = "same_name_same_village", 2;
    /// No identity number yet (paper of type Z).
    NoIdNumber = "no_id_number", 1;
    /// The identity number on file has a wrong check character.
    WrongChecksum = "wrong_checksum", 1;
    /// The identity number is right, and every spreadsheet has it rounded.
    ExcelBrokenId = "excel_broken_id", 1;
    /// A disabled child who is taught at home.
    DisabledHomeTeaching = "disabled_home_teaching", 1;
    /// A suspension that ends within two weeks.
    SuspensionExpiring = "suspension_expiring", 1;
    /// Came back and is missing again.
    ReturnedThenRelapsed = "returned_then_relapsed", 1;
    /// On record under a village code from before the townships were merged.
    MovedTownshipCode = "moved_township_code", 1;
    /// One child with records at two schools under one identity number.
    DuplicateRecord = "duplicate_record", 2;
    /// A child who died, and the later-born sibling who was given the same name.
    DeceasedSiblingSameName = "deceased_sibling_same_name", 2;
    /// The ministry's platform suspects a dropout whose case is settled here.
    PlatformSuspectResolved = "platform_suspect_resolved", 1;
    /// Two teachers will change this child's dossier, both offline.
    TwoTeachersOffline = "two_teachers_offline", 1;
    /// Visited with a tablet that is lost on its fourth day.
    TabletLostOnDayFour = "tablet_lost_on_day_four", 1;
    /// Missing since the Saturday that is taught to make up for the National Day holiday.
    AbsentOnMakeUpSaturday = "absent_on_make_up_saturday", 1;
    /// Born on 31 August: the youngest of the class.
    BornOn31August = "born_on_31_august", 1;
    /// Born on 1 September of the same year: a class lower.
    BornOn1September = "born_on_1_september", 1;
    /// Born on 29 February 2012.
    LeapDay = "leap_day", 1;
    /// In grade 6: the class ends with the school year.
    AcademicYearRollover = "academic_year_rollover", 1;
    /// Both parents work elsewhere; the grandparents are at home.
    LeftBehindByBoth = "left_behind_by_both", 1;
    /// Lives at school during the week.
    Boarder = "boarder", 1;
    /// Two children of two households who are reached by one telephone.
    SharedPhone = "shared_phone", 2;
    /// A surname of two characters.
    CompoundSurname = "compound_surname", 1;
    /// A character that fonts and encodings forget.
    RareCharacter = "rare_character", 1;
    /// A minority name with a middle dot.
    MinorityName = "minority_name", 1;
    /// A minority name of more than five characters.
    LongMinorityName = "long_minority_name", 1;
);

impl Scenario {
    /// How many children one performance of all scenarios needs.
    #[must_use]
    pub fn full_cast_count() -> usize {
        Self::ALL.iter().map(|scenario| scenario.children_count()).sum()
    }
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key())
    }
}
