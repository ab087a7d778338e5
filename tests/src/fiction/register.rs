//! The household register of an invented county: settles families in villages and seats children in classes.

use std::collections::{BTreeMap, BTreeSet};

use jiafang_core::domain::code_list::{AttendanceMode, ChildFlag, IdType, SchoolingStatus, Sex};
use jiafang_core::domain::county::County;
use jiafang_core::domain::place::{ClassId, Place, PlaceCode};
use jiff::civil::{Date, date};

use super::child::FictionalChild;
use super::draw::{Draw, Subject};
use super::family::{self, Care, Family};
use super::identity::{IdIssuer, PhoneIssuer};
use super::names::FamilyName;
use super::scenario::Scenario;
use super::{Fiction, SCHOOL_YEAR, TODAY, scenes};

/// One performance of all scenarios for so many children.
const CHILDREN_A_PERFORMANCE: usize = 2_000;

impl Fiction {
    /// `count` children of `county`, siblings beside each other. Every scenario is played once for each 2,000
    /// children begun; where `count` is smaller than [`Scenario::full_cast_count`], the first ones that fit.
    /// A county without villages has no children.
    #[must_use]
    pub fn children(&self, county: &County, count: usize) -> Vec<FictionalChild> {
        let mut register = Register::new(self, county);
        if register.villages.is_empty() {
            return Vec::new();
        }
        let mut households: Vec<Vec<FictionalChild>> = Vec::new();
        let mut made = 0_usize;
        for _ in 0..count.div_ceil(CHILDREN_A_PERFORMANCE) {
            for scenario in Scenario::ALL {
                if made.saturating_add(scenario.children_count()) <= count {
                    let children = scenes::play(&mut register, *scenario);
                    made = made.saturating_add(children.len());
                    households.push(children);
                }
            }
        }
        while made < count {
            let mut children = register.ordinary_household();
            children.truncate(count.saturating_sub(made));
            made = made.saturating_add(children.len());
            households.push(children);
        }
        register.draw.shuffle(&mut households);
        households.into_iter().flatten().collect()
    }
}

/// A class with the township or village whose children it takes.
type Seats = BTreeMap<(PlaceCode, u8), Vec<ClassId>>;

/// What is needed to bring a child into the county.
pub(super) struct Register<'a> {
    pub(super) draw: Draw,
    pub(super) phones: PhoneIssuer,
    ids: IdIssuer,
    households: u32,
    county: &'a County,
    villages: Vec<&'a Place>,
    places: BTreeMap<&'a str, &'a Place>,
    township_seats: Seats,
    village_seats: Seats,
}

impl<'a> Register<'a> {
    fn new(fiction: &Fiction, county: &'a County) -> Self {
        let mut draw = Draw::new(fiction.seed(), Subject::Children);
        let phones = PhoneIssuer::new(&mut draw);
        let villages: Vec<&Place> = county.places.iter().filter(|place| place.code.is_village()).collect();
        let (mut township_seats, mut village_seats) = (Seats::new(), Seats::new());
        for school in &county.schools {
            // A school that bears a village's name is a village point and takes that village's children only.
            let village = villages.iter().find(|village| school.name.starts_with(&village.name));
            for class in &school.classes {
                let Some(grade) = class.grade_on(TODAY) else { continue };
                let (seats, place) = match village {
                    Some(village) => (&mut village_seats, &village.code),
                    None => (&mut township_seats, &school.township),
                };
                seats.entry((place.clone(), grade)).or_default().push(class.id.clone());
            }
        }
        let places = county.places_by_code();
        let ids = IdIssuer::default();
        Self { draw, phones, ids, households: 0, county, villages, places, township_seats, village_seats }
    }

    /// Some village.
    pub(super) fn any_village(&mut self) -> PlaceCode {
        self.draw.pick(&self.villages).map_or_else(|| self.county.county.code.clone(), |village| village.code.clone())
    }

    /// Some village of a township that had another code before, with the village's code of that time.
    pub(super) fn any_moved_village(&mut self) -> Option<(PlaceCode, PlaceCode)> {
        let moved: Vec<(PlaceCode, PlaceCode)> = self
            .villages
            .iter()
            .filter_map(|village| {
                let township = self.places.get(village.code.parent()?.as_str())?;
                let former = township.former_names.iter().find_map(|name| PlaceCode::parse(name))?;
                let number = village.code.as_str().get(9..)?;
                Some((village.code.clone(), PlaceCode::parse(&format!("{former}{number}"))?))
            })
            .collect();
        self.draw.pick(&moved).cloned()
    }

    /// Some family somewhere.
    pub(super) fn any_family(&mut self) -> Family {
        let name = FamilyName::any(&mut self.draw);
        let care = family::any_care(&mut self.draw);
        self.family(name, care)
    }

    /// A family of this name and care, in some village.
    pub(super) fn family(&mut self, name: FamilyName, care: Care) -> Family {
        let village = self.any_village();
        self.family_in(village, name, care)
    }

    /// A family in this village.
    pub(super) fn family_in(&mut self, village: PlaceCode, name: FamilyName, care: Care) -> Family {
        self.households = self.households.saturating_add(1);
        let guardians = family::guardians(&mut self.draw, &mut self.phones, &name, care);
        let head = guardians.first().map(|guardian| guardian.name.clone()).unwrap_or_default();
        let parents_work_place = family::work_place(&mut self.draw, &guardians);
        let flags = family::flags(&mut self.draw, care);
        let village_group = format!("{}社", self.draw.between(1, 8));
        let place_name = |code: Option<&str>| code.and_then(|code| self.places.get(code)).map_or("", |p| &p.name);
        let township = village.parent();
        let address = format!(
            "{}{}{}{village_group}{}号",
            self.county.county.name,
            place_name(township.as_ref().map(PlaceCode::as_str)),
            place_name(Some(village.as_str())),
            self.draw.between(1, 120)
        );
        Family {
            number: self.households,
            name,
            village,
            village_group,
            head,
            address,
            guardians,
            parents_work_place,
            flags,
        }
    }

    /// A birthday of someone who is in this grade by the cohort rule (handbook 3.1), never the last or first
    /// day of a cohort and never a leap day: those have scenarios.
    pub(super) fn birthday_in_grade(&mut self, grade: u8) -> Date {
        let year = SCHOOL_YEAR.saturating_sub(6).saturating_sub(i16::from(grade));
        let days = i64::try_from(self.draw.between(1, 362)).unwrap_or(1);
        let birthday = date(year, 9, 1).saturating_add(jiff::Span::new().days(days));
        if (birthday.month(), birthday.day()) == (2, 29) { birthday.yesterday().unwrap_or(birthday) } else { birthday }
    }

    /// A child of this family with this birthday, at school.
    pub(super) fn child(&mut self, family: &Family, birth_date: Date) -> FictionalChild {
        let sex = if self.draw.percent(52) { Sex::Male } else { Sex::Female };
        self.child_of_sex(family, birth_date, sex)
    }

    /// As [`Self::child`], of this sex.
    pub(super) fn child_of_sex(&mut self, family: &Family, birth_date: Date, sex: Sex) -> FictionalChild {
        let grade = grade_by_age(birth_date);
        let boards = self.draw.percent(match grade {
            7.. => 55,
            3.. => 10,
            _ => 0,
        });
        let mut flags = family.flags.clone();
        if boards {
            flags.insert(ChildFlag::Boarder);
        }
        let mut name = family.name.member(&mut self.draw, sex);
        while family.guardians.iter().any(|guardian| guardian.name == name) {
            name = family.name.member(&mut self.draw, sex);
        }
        FictionalChild {
            scenario: None,
            name,
            sex,
            birth_date,
            ethnicity: family.name.ethnicity,
            id_type: IdType::ResidentId,
            id_number: Some(self.ids.issue(birth_date, sex)),
            village: family.village.clone(),
            former_village: None,
            village_group: family.village_group.clone(),
            household_number: family.number,
            household_head: family.head.clone(),
            address: family.address.clone(),
            guardians: family.guardians.clone(),
            former_guardians: Vec::new(),
            parents_work_place: family.parents_work_place,
            flags,
            disability: None,
            attendance: if boards { AttendanceMode::Boarding } else { AttendanceMode::Day },
            status: SchoolingStatus::EnrolledHere,
            status_since: None,
            class: self.seat(&family.village, grade),
            grade,
            note: "",
        }
    }

    /// A class for a child of a village: at the village's own point if there is one, in most cases.
    fn seat(&mut self, village: &PlaceCode, grade: u8) -> Option<ClassId> {
        if self.draw.percent(75) {
            let point = self.village_seats.get(&(village.clone(), grade)).and_then(|classes| self.draw.pick(classes));
            if point.is_some() {
                return point.cloned();
            }
        }
        let classes = self.township_seats.get(&(village.parent()?, grade))?;
        self.draw.pick(classes).cloned()
    }

    /// A class of the same grade at another school, wherever in the county.
    pub(super) fn seat_elsewhere(&mut self, grade: u8, not_at: &ClassId) -> Option<ClassId> {
        let elsewhere: Vec<&ClassId> = self
            .township_seats
            .iter()
            .chain(&self.village_seats)
            .filter(|((_, seat_grade), _)| *seat_grade == grade)
            .flat_map(|(_, classes)| classes)
            .filter(|class| class.school() != not_at.school())
            .collect();
        self.draw.pick(&elsewhere).map(|class| (*class).clone())
    }

    /// One to three siblings in different grades, who play no scenario.
    fn ordinary_household(&mut self) -> Vec<FictionalChild> {
        let family = self.any_family();
        let children = match self.draw.below(100) {
            0..50 => 1,
            50..85 => 2,
            _ => 3,
        };
        self.siblings(&family, children)
    }

    /// So many siblings in different grades, the eldest first.
    pub(super) fn siblings(&mut self, family: &Family, count: usize) -> Vec<FictionalChild> {
        let mut grades: Vec<u8> = (1..=9).collect();
        self.draw.shuffle(&mut grades);
        grades.truncate(count);
        grades.sort_unstable_by(|a, b| b.cmp(a));
        let mut names = BTreeSet::new();
        let mut children = Vec::new();
        for grade in grades {
            let birthday = self.birthday_in_grade(grade);
            let mut child = self.child(family, birthday);
            while !names.insert(child.name.clone()) {
                child.name = family.name.member(&mut self.draw, child.sex);
            }
            children.push(child);
        }
        children
    }
}

/// The grade in which a child of this birthday is in [`SCHOOL_YEAR`], 1 to 9; the nearest for others.
pub(super) fn grade_by_age(birth_date: Date) -> u8 {
    let cohort = if birth_date.month() >= 9 { birth_date.year().saturating_add(1) } else { birth_date.year() };
    let grade = SCHOOL_YEAR.saturating_sub(cohort).saturating_sub(5);
    u8::try_from(grade.clamp(1, 9)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::super::{REGION, Size, check_digit};
    use super::*;
    use jiafang_core::domain::code_list::Relation;

    /// A township's children of a seed, with what to print when something fails.
    fn township(seed: u64, count: usize) -> (Fiction, County, Vec<FictionalChild>) {
        let fiction = Fiction::new(seed);
        let county = fiction.county(Size::Township);
        let children = fiction.children(&county, count);
        (fiction, county, children)
    }

    /// Who plays `scenario`, in the order of the children.
    fn players(children: &[FictionalChild], scenario: Scenario) -> Vec<&FictionalChild> {
        children.iter().filter(|child| child.scenario == Some(scenario)).collect()
    }

    fn is_valid(id_number: &str, child: &FictionalChild) -> bool {
        let (Some(birthday), Some(sequence)) = (id_number.get(6..14), id_number.get(14..17)) else { return false };
        let is_odd = sequence.parse::<u32>().unwrap() % 2 == 1;
        id_number.len() == 18
            && id_number.ends_with(check_digit(id_number))
            && birthday == child.birth_date.strftime("%Y%m%d").to_string()
            && is_odd == (child.sex == Sex::Male)
    }

    #[test]
    fn the_same_seed_makes_the_same_children_and_another_seed_others() {
        let tell = |seed| serde_json::to_vec(&township(seed, 300).2).unwrap();
        assert_eq!(tell(41), tell(41));
        assert_ne!(tell(41), tell(42));
    }

    #[test]
    fn a_township_plays_every_scenario_and_most_children_play_none() {
        for seed in 0..12 {
            let (fiction, _, children) = township(seed, Size::Township.children_count());
            assert_eq!(children.len(), 300, "{fiction}");
            for scenario in Scenario::ALL {
                let count = players(&children, *scenario).len();
                assert_eq!(count, scenario.children_count(), "{fiction}: {scenario}");
            }
            let without = children.iter().filter(|child| child.scenario.is_none()).count();
            assert!(without > 240, "{fiction}: {without}");
        }
    }

    #[test]
    fn every_identity_number_is_of_region_999999_and_valid_unless_its_scenario_says_otherwise() {
        for seed in 0..4 {
            let (fiction, _, children) = township(seed, 2_500);
            let mut seen = BTreeSet::new();
            for child in &children {
                match (child.scenario, &child.id_number) {
                    (Some(Scenario::NoIdNumber), number) => {
                        assert_eq!((number, child.id_type), (&None, IdType::Other), "{fiction}");
                    }
                    (scenario, Some(number)) => {
                        assert!(number.starts_with(REGION), "{fiction}: {number}");
                        let wrong = scenario == Some(Scenario::WrongChecksum);
                        assert_eq!(is_valid(number, child), !wrong, "{fiction}: {number}");
                        let twice = scenario == Some(Scenario::DuplicateRecord);
                        assert!(seen.insert(number) || twice, "{fiction}: {number} belongs to two children");
                    }
                    (_, None) => panic!("{fiction}: {} has no identity number", child.household_number),
                }
            }
        }
    }

    #[test]
    fn every_telephone_number_is_of_the_block_that_nobody_has() {
        let (fiction, _, children) = township(43, 500);
        let guardians = || children.iter().flat_map(|child| child.guardians.iter().chain(&child.former_guardians));
        for phone in guardians().filter_map(|guardian| guardian.phone.as_ref()) {
            assert!(phone.len() == 11 && phone.starts_with("1990000"), "{fiction}: {phone}");
        }
        assert!(children.iter().all(|child| child.phone().is_some()), "{fiction}");
    }

    #[test]
    fn children_sit_in_a_class_of_their_grade_in_their_own_township() {
        for size in [Size::Township, Size::County] {
            let fiction = Fiction::new(44);
            let county = fiction.county(size);
            let schools: BTreeMap<_, _> = county.schools.iter().map(|school| (&school.code, school)).collect();
            let mut points = 0;
            for child in fiction.children(&county, 3_000) {
                let Some(id) = &child.class else {
                    assert_eq!(child.scenario, Some(Scenario::DeceasedSiblingSameName), "{fiction}");
                    continue;
                };
                let school = schools[&id.school()];
                let class = school.classes.iter().find(|class| class.id == *id).unwrap();
                assert_eq!(class.grade_on(TODAY), Some(child.grade), "{fiction}");
                if child.scenario != Some(Scenario::DuplicateRecord) {
                    assert_eq!(Some(&school.township), child.village.parent().as_ref(), "{fiction}");
                }
                points += usize::from(school.name.ends_with("教学点"));
            }
            assert!(points > 10, "{fiction}: {points} children at village points");
        }
    }

    #[test]
    fn the_cohort_turns_between_31_august_and_1_september() {
        assert_eq!(grade_by_age(date(2020, 8, 31)), 1);
        assert_eq!(grade_by_age(date(2019, 9, 1)), 1);
        assert_eq!(grade_by_age(date(2015, 8, 31)), 6);
        assert_eq!(grade_by_age(date(2015, 9, 1)), 5);
        assert_eq!(grade_by_age(date(2012, 2, 29)), 9);
        let (fiction, _, children) = township(45, 2_000);
        for child in children {
            let first = date(2019 - i16::from(child.grade) + 1, 9, 1);
            let last = date(2020 - i16::from(child.grade) + 1, 8, 31);
            assert!((first..=last).contains(&child.birth_date), "{fiction}: {}", child.birth_date);
        }
    }

    #[test]
    fn kin_and_doubles_are_as_alike_as_they_are_said_to_be() {
        for seed in 50..60 {
            let (fiction, _, children) = township(seed, 300);
            let pair = |scenario| {
                let pair = players(&children, scenario);
                (pair[0], pair[1])
            };
            let (a, b) = pair(Scenario::Twins);
            assert_eq!((a.birth_date, a.household_number, a.phone()), (b.birth_date, b.household_number, b.phone()));
            assert!(a.name != b.name && a.id_number != b.id_number, "{fiction}");

            let (a, b) = pair(Scenario::SameNameSameVillage);
            assert_eq!((&a.name, &a.village), (&b.name, &b.village), "{fiction}");
            assert!(a.id_number != b.id_number && a.household_number != b.household_number, "{fiction}");

            let (a, b) = pair(Scenario::DuplicateRecord);
            assert_eq!((&a.name, &a.id_number), (&b.name, &b.id_number), "{fiction}");
            assert_ne!(a.class.as_ref().unwrap().school(), b.class.as_ref().unwrap().school(), "{fiction}");

            let (elder, younger) = pair(Scenario::DeceasedSiblingSameName);
            assert_eq!((&elder.name, elder.household_number), (&younger.name, younger.household_number), "{fiction}");
            assert_eq!(elder.status, SchoolingStatus::Deceased, "{fiction}");
            assert_eq!(younger.status, SchoolingStatus::EnrolledHere, "{fiction}");

            let (a, b) = pair(Scenario::SharedPhone);
            assert_eq!(a.phone(), b.phone(), "{fiction}");
            assert_ne!(a.household_number, b.household_number, "{fiction}");

            let siblings = players(&children, Scenario::SiblingsInOneHousehold);
            assert!(siblings.windows(2).all(|two| two[0].household_number == two[1].household_number), "{fiction}");
            assert!(siblings.windows(2).all(|two| two[0].grade > two[1].grade), "{fiction}");
        }
    }

    #[test]
    fn a_child_is_in_the_situation_that_its_scenario_tells() {
        let (fiction, county, children) = township(71, 300);
        let one = |scenario| players(&children, scenario)[0];
        let orphan = one(Scenario::OrphanWithAunt);
        assert!(orphan.flags.contains(&ChildFlag::Orphan), "{fiction}");
        assert_eq!(orphan.guardians[0].relation, Relation::Aunt, "{fiction}");
        let changed = one(Scenario::GuardianChanged);
        assert_ne!(changed.guardians, changed.former_guardians, "{fiction}");
        assert!(!changed.former_guardians.is_empty(), "{fiction}");
        let moved = one(Scenario::MovedTownshipCode);
        let former = moved.former_village.as_ref().unwrap();
        let former_township = former.parent().unwrap();
        assert!(
            county.places.iter().any(|place| place.former_names.contains(&former_township.to_string())),
            "{fiction}: {former} is the code of a township that was"
        );
        let taught_at_home = one(Scenario::DisabledHomeTeaching);
        assert_eq!(taught_at_home.attendance, AttendanceMode::HomeTeaching, "{fiction}");
        assert!(taught_at_home.disability.is_some() && taught_at_home.flags.contains(&ChildFlag::Disabled));
        assert!(one(Scenario::LeftBehindByBoth).flags.contains(&ChildFlag::LeftBehindBoth), "{fiction}");
        assert_eq!(one(Scenario::Boarder).attendance, AttendanceMode::Boarding, "{fiction}");
        assert_eq!(one(Scenario::LeapDay).birth_date, date(2012, 2, 29), "{fiction}");
        assert!(one(Scenario::LongMinorityName).name.chars().count() > 5, "{fiction}");
        assert_eq!(one(Scenario::MinorityName).name.matches('·').count(), 1, "{fiction}");
        assert_eq!(one(Scenario::NoticeRefused).status, SchoolingStatus::Dropout, "{fiction}");
        for child in &children {
            let boards = child.attendance == AttendanceMode::Boarding;
            assert_eq!(boards, child.flags.contains(&ChildFlag::Boarder), "{fiction}");
            assert_eq!(
                child.status == SchoolingStatus::EnrolledHere,
                child.status_since.is_none() || { child.scenario == Some(Scenario::PlatformSuspectResolved) }
            );
        }
    }

    #[test]
    fn few_children_are_still_so_many_and_none_are_none() {
        for count in [0, 1, 2, 10, 41, 42, 43] {
            let (fiction, _, children) = township(72, count);
            assert_eq!(children.len(), count, "{fiction}");
        }
        let (fiction, mut county, _) = township(73, 0);
        county.places.clear();
        assert_eq!(fiction.children(&county, 5), []);
    }

    #[test]
    fn a_whole_county_has_eighty_thousand_children_with_a_number_each() {
        let fiction = Fiction::new(74);
        let county = fiction.county(Size::County);
        let children = fiction.children(&county, Size::County.children_count());
        assert_eq!(children.len(), 80_000);
        let numbers: BTreeSet<&String> = children.iter().filter_map(|child| child.id_number.as_ref()).collect();
        // One in each of 40 performances has none, and one is on record twice.
        assert_eq!(numbers.len(), 80_000 - 40 - 40, "{fiction}");
    }
}
