//! Places, schools and classes: the two trees that scopes are cut from.
//!
//! The village tree: county (6 digits) – township (9) – village (12), by the statistical codes (handbook
//! 10.2); the villager group (社) is a text. The school tree: school – class.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::setting_mistake::{MistakeCode, SettingMistake};

/// A statistical place code of 6, 9 or 12 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, Encode, Decode)]
#[serde(try_from = "String", into = "String")]
#[cbor(transparent)]
#[ts(export, type = "string")]
pub struct PlaceCode(#[n(0)] String);

impl PlaceCode {
    /// From text; `None` unless it has 6, 9 or 12 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        (matches!(text.len(), 6 | 9 | 12) && text.bytes().all(|b| b.is_ascii_digit())).then(|| Self(text.to_owned()))
    }

    /// Stands where no county is known yet.
    #[must_use]
    pub fn unknown_county() -> Self {
        Self("000000".to_owned())
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this place or lies in it.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether it names a county.
    #[must_use]
    pub fn is_county(&self) -> bool {
        self.0.len() == 6
    }

    /// Whether it names a village.
    #[must_use]
    pub fn is_village(&self) -> bool {
        self.0.len() == 12
    }

    /// The place one level up.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        match self.0.len() {
            12 => self.0.get(..9).map(|code| Self(code.to_owned())),
            9 => self.0.get(..6).map(|code| Self(code.to_owned())),
            _ => None,
        }
    }
}

impl TryFrom<String> for PlaceCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a place code has 6, 9 or 12 digits")
    }
}

impl From<PlaceCode> for String {
    fn from(code: PlaceCode) -> Self {
        code.0
    }
}

impl std::fmt::Display for PlaceCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A school's identification code (学校标识码), ten digits as a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, Encode, Decode)]
#[serde(transparent)]
#[cbor(transparent)]
#[ts(export, type = "string")]
pub struct SchoolCode(#[n(0)] pub String);

/// A class: `{school code}/{P or J}{entry year}/{number}`, so that grades are computed and not renamed in September.
/// The letter tells the stage: a nine-year school takes a first and a seventh grade in every year, and both have a
/// class 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, Encode, Decode)]
#[serde(transparent)]
#[cbor(transparent)]
#[ts(export, type = "string")]
pub struct ClassId(#[n(0)] pub String);

impl ClassId {
    /// Of a school, the stage, the year in which the class entered this stage, and its number.
    #[must_use]
    pub fn new(school: &SchoolCode, stage: Stage, entry_year: i16, number: u8) -> Self {
        Self(format!("{}/{}{entry_year}/{number}", school.0, stage.letter()))
    }

    /// From text as a person types it; `None` unless it names a school, a stage with a year, and a number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('/');
        let (school, entry, number) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || school.is_empty() {
            return None;
        }
        let mut entry = entry.chars();
        let stage = Stage::from_letter(entry.next()?)?;
        let year = entry.as_str().parse().ok().filter(|year| (2000..2100).contains(year))?;
        let number = number.parse().ok().filter(|number| *number > 0)?;
        Some(Self::new(&SchoolCode(school.to_owned()), stage, year, number))
    }

    /// The year in which the class entered its stage; none of an id that tells none.
    #[must_use]
    pub fn entry_year(&self) -> Option<i16> {
        self.0.split('/').nth(1)?.get(1..)?.parse().ok()
    }

    /// The school part.
    #[must_use]
    pub fn school(&self) -> SchoolCode {
        SchoolCode(self.0.split('/').next().unwrap_or_default().to_owned())
    }
}

/// What a grant covers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, Encode, Decode)]
#[serde(rename_all = "snake_case", tag = "kind", content = "code")]
#[ts(export)]
pub enum Scope {
    /// All children of a county, township or village.
    #[n(0)]
    Place(#[n(0)] PlaceCode),
    /// All children of a school.
    #[n(1)]
    School(#[n(0)] SchoolCode),
    /// All children of a class.
    #[n(2)]
    Class(#[n(0)] ClassId),
}

impl Scope {
    /// Whether a dossier that lies at `leaves` is covered.
    #[must_use]
    pub fn covers(&self, leaves: &Leaves) -> bool {
        match self {
            Self::Place(code) => leaves.village.as_ref().is_some_and(|village| code.holds(village)),
            Self::School(school) => leaves.class.as_ref().is_some_and(|class| class.school() == *school),
            Self::Class(id) => leaves.class.as_ref() == Some(id),
        }
    }

    /// From the command line: `place:999999101001`, `school:9999990001`, `class:9999990001/P2024/1`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, code) = text.trim().split_once(':')?;
        match kind {
            "place" => PlaceCode::parse(code).map(Self::Place),
            "school" => (!code.is_empty()).then(|| Self::School(SchoolCode(code.to_owned()))),
            "class" => ClassId::parse(code).map(Self::Class),
            _ => None,
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Place(code) => write!(f, "place:{code}"),
            Self::School(code) => write!(f, "school:{}", code.0),
            Self::Class(id) => write!(f, "class:{}", id.0),
        }
    }
}

/// Where a dossier lies in the two trees.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, TS, Encode, Decode)]
#[ts(export)]
pub struct Leaves {
    /// The village (12 digits).
    #[n(0)]
    pub village: Option<PlaceCode>,
    /// The class.
    #[n(1)]
    pub class: Option<ClassId>,
}

/// Which level of the village tree a place stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PlaceLevel {
    /// 县
    County,
    /// 乡镇
    Township,
    /// 村(社区)
    Village,
}

/// A place of the county.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Place {
    /// Its code.
    pub code: PlaceCode,
    /// Its name now.
    pub name: String,
    /// Names and codes that it had (townships were merged around 2020: handbook 10.2).
    #[serde(default)]
    pub former_names: Vec<String>,
    /// It is a part of this place now: records that lie under its code stay to be found, and nothing new is put there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<PlaceCode>,
    /// 重点区域: remote mountain villages and others that the county watches most closely (the county's own account: 边远山区等
    /// 重点区域). Of a township it holds for all its villages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub key_area: bool,
}

/// Primary or junior secondary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Stage {
    /// 小学, grades 1 to 6.
    Primary,
    /// 初中, grades 7 to 9.
    Junior,
}

impl Stage {
    /// The letter that it has in a class's id.
    const fn letter(self) -> char {
        match self {
            Self::Primary => 'P',
            Self::Junior => 'J',
        }
    }

    const fn from_letter(letter: char) -> Option<Self> {
        match letter {
            'P' | 'p' => Some(Self::Primary),
            'J' | 'j' => Some(Self::Junior),
            _ => None,
        }
    }
}

/// A school of the county.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct School {
    /// 学校标识码.
    pub code: SchoolCode,
    /// Its name.
    pub name: String,
    /// The township that it stands in.
    pub township: PlaceCode,
    /// Its classes.
    pub classes: Vec<Class>,
    /// Names and codes that it had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_names: Vec<String>,
    /// It is a part of this school now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<SchoolCode>,
}

impl School {
    /// An id that says something else than its class would put children of two classes into one.
    pub(super) fn mistakes_of_classes(&self) -> Vec<SettingMistake> {
        let mut mistakes = Vec::new();
        if self.code.0.trim().is_empty() || self.code.0.contains('/') {
            mistakes.push(SettingMistake::new(MistakeCode::SchoolCodeWrong, &self.code.0));
        }
        let mut ids = std::collections::BTreeSet::new();
        for class in &self.classes {
            if class.id != ClassId::new(&self.code, class.stage, class.entry_year, class.number) {
                mistakes.push(SettingMistake::new(MistakeCode::ClassIdWrong, &class.id.0));
            } else if !ids.insert(&class.id) {
                mistakes.push(SettingMistake::new(MistakeCode::ClassTwice, &class.id.0));
            }
        }
        mistakes
    }
}

/// A class of a school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Class {
    /// Its id.
    pub id: ClassId,
    /// Primary or junior.
    pub stage: Stage,
    /// The year in which it entered this stage.
    pub entry_year: i16,
    /// Its number within the year.
    pub number: u8,
}

impl Class {
    /// Its grade (1 to 9) in the school year that `day` lies in; `None` before its entry and after its end.
    /// The school year turns on 1 September (handbook 9.5).
    #[must_use]
    pub fn grade_on(&self, day: jiff::civil::Date) -> Option<u8> {
        let school_year = if day.month() >= 9 { day.year() } else { day.year().saturating_sub(1) };
        let years = u8::try_from(school_year.checked_sub(self.entry_year)?).ok()?;
        let (first, last) = match self.stage {
            Stage::Primary => (1, 6),
            Stage::Junior => (7, 9),
        };
        let grade = years.checked_add(first)?;
        (grade <= last).then_some(grade)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn class(stage: Stage, entry_year: i16) -> Class {
        Class {
            id: ClassId::new(&SchoolCode("9999990001".to_owned()), stage, entry_year, 1),
            stage,
            entry_year,
            number: 1,
        }
    }

    #[test]
    fn a_class_rises_on_the_first_of_september() {
        let class = class(Stage::Primary, 2020);
        assert_eq!(class.grade_on(date(2021, 8, 31)), Some(1));
        assert_eq!(class.grade_on(date(2021, 9, 1)), Some(2));
        assert_eq!(class.grade_on(date(2026, 8, 31)), Some(6));
        assert_eq!(class.grade_on(date(2026, 9, 1)), None, "it has left the primary school");
        assert_eq!(class.grade_on(date(2019, 9, 1)), None, "it has not entered yet");
    }

    #[test]
    fn a_junior_class_begins_with_grade_seven() {
        assert_eq!(class(Stage::Junior, 2026).grade_on(date(2026, 11, 23)), Some(7));
    }

    #[test]
    fn a_township_covers_its_villages_and_no_others() {
        let scope = Scope::parse("place:999999101").unwrap();
        let at = |village: &str| Leaves { village: PlaceCode::parse(village), class: None };
        assert!(scope.covers(&at("999999101003")));
        assert!(!scope.covers(&at("999999102001")));
        assert!(!scope.covers(&Leaves::default()));
    }

    #[test]
    fn a_class_is_covered_by_its_school() {
        let leaves = Leaves { village: None, class: Some(ClassId("9999990001/P2024/1".to_owned())) };
        assert!(Scope::parse("school:9999990001").unwrap().covers(&leaves));
        assert!(Scope::parse("class:9999990001/P2024/1").unwrap().covers(&leaves));
        assert!(Scope::parse("class:9999990001/p2024/1").unwrap().covers(&leaves), "as somebody types it");
        assert!(!Scope::parse("class:9999990001/P2024/2").unwrap().covers(&leaves));
    }

    #[test]
    fn a_teacher_of_a_first_grade_does_not_get_the_seventh_grade_of_the_same_nine_year_school() {
        let school = SchoolCode("9999990002".to_owned());
        let first = ClassId::new(&school, Stage::Primary, 2026, 1);
        let seventh = ClassId::new(&school, Stage::Junior, 2026, 1);
        let at = |class: &ClassId| Leaves { village: None, class: Some(class.clone()) };
        let scope = Scope::parse(&format!("class:{}", first.0)).unwrap();
        assert!(scope.covers(&at(&first)) && !scope.covers(&at(&seventh)));
        let whole = Scope::School(school);
        assert!(whole.covers(&at(&first)) && whole.covers(&at(&seventh)));
    }

    #[test]
    fn an_invitation_to_a_class_must_say_its_stage() {
        for slip in ["9999990001/2024/1", "9999990001/P24/1", "9999990001/P2024", "/P2024/1", "9999990001/P2024/0"] {
            assert_eq!(Scope::parse(&format!("class:{slip}")), None, "{slip}");
        }
    }
}
