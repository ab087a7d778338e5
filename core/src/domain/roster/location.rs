//! Where a row places a child: village and class, found in the county by code or by name, former names too
//! (handbook 10.2: mergers left old names in records).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::class_text::{ClassColumn, ClassText};
use super::column::RosterColumn;
use super::reason::RowReason;
use super::{CellProblem, RosterRow, stage_of};
use crate::domain::county::{County, Mergers};
use crate::domain::person_name::matching;
use crate::domain::place::{Class, ClassId, Leaves, Place, PlaceCode, School, Stage};

/// The county's places and schools, by all names and codes that they have or had.
pub(super) struct CountyIndex<'a> {
    county_name: String,
    mergers: Mergers,
    by_code: BTreeMap<&'a str, &'a Place>,
    townships: BTreeMap<String, Vec<&'a Place>>,
    villages: BTreeMap<String, Vec<&'a Place>>,
    /// Full names of villages, by their township's code: what may be found inside a longer text.
    villages_of: BTreeMap<&'a str, Vec<(String, &'a Place)>>,
    schools_by_code: BTreeMap<&'a str, &'a School>,
    schools_by_name: Vec<(String, &'a School)>,
}

/// What was found for a row.
pub(super) struct Located {
    pub(super) leaves: Leaves,
    /// The grade that the row speaks of, for the check of age against grade.
    pub(super) grade: Option<u8>,
}

/// Endings that people leave out.
const TOWNSHIP_ENDINGS: [&str; 4] = ["街道办事处", "街道", "镇", "乡"];
const VILLAGE_ENDINGS: [&str; 8] = ["村民委员会", "居民委员会", "村委会", "社区居委会", "居委会", "社区", "村", "居"];

impl<'a> CountyIndex<'a> {
    pub(super) fn new(county: &'a County) -> Self {
        let mut index = Self {
            county_name: matching(&county.county.name),
            mergers: county.mergers(),
            by_code: BTreeMap::new(),
            townships: BTreeMap::new(),
            villages: BTreeMap::new(),
            villages_of: BTreeMap::new(),
            schools_by_code: schools_by_code(county),
            schools_by_name: schools_by_name(county),
        };
        for place in &county.places {
            let endings: &[&str] = if place.code.is_village() { &VILLAGE_ENDINGS } else { &TOWNSHIP_ENDINGS };
            let names = if place.code.is_village() { &mut index.villages } else { &mut index.townships };
            for name in std::iter::once(&place.name).chain(&place.former_names) {
                if PlaceCode::parse(name).is_some() {
                    index.by_code.entry(name.trim()).or_insert(place);
                    continue;
                }
                let full = matching(name);
                let bare = without_ending(&full, endings).to_owned();
                if let Some(township) = place.code.as_str().get(..9).filter(|_| place.code.is_village() && full != bare)
                {
                    index.villages_of.entry(township).or_default().push((full.clone(), place));
                }
                for key in BTreeSet::from([full, bare]) {
                    let places = names.entry(key).or_insert_with(Vec::new);
                    if !places.iter().any(|other| other.code == place.code) {
                        places.push(place);
                    }
                }
            }
        }
        // Present codes win over former ones.
        for place in &county.places {
            index.by_code.insert(place.code.as_str(), place);
        }
        index
    }

    /// What is a part of what now.
    pub(super) const fn mergers(&self) -> &Mergers {
        &self.mergers
    }

    /// Finds village and class; what was not found goes to `problems`.
    pub(super) fn locate(&self, row: &RosterRow, today: Date, problems: &mut Vec<CellProblem>) -> Located {
        let village = self.village(row, problems).map(|village| self.mergers.place(&village));
        let (class, grade) = self.class(row, today, problems);
        Located { leaves: Leaves { village, class }, grade }
    }

    fn village(&self, row: &RosterRow, problems: &mut Vec<CellProblem>) -> Option<PlaceCode> {
        let townships = self.townships_of(row, problems);
        if !row.village.is_empty() {
            return self.village_by_cell(row, &townships, problems);
        }
        let texts =
            [(RosterColumn::HukouAddress, row.hukou_address.as_str()), (RosterColumn::Address, row.address.as_str())];
        for (column, text) in texts {
            if let Some(code) = self.village_in_text(text, &townships) {
                problems.push(row.problem(column, RowReason::VillageFromText));
                return Some(code);
            }
        }
        // A village school's class list names the school and not where the children live.
        let mut titles =
            row.context.titles.iter().filter(|title| !["学", "班"].iter().any(|word| title.contains(word)));
        let (title, code) = titles.find_map(|title| Some((title, self.village_in_text(title, &townships)?)))?;
        problems.push(CellProblem::new("", title.as_str(), RowReason::VillageFromText));
        Some(code)
    }

    /// The townships that the row's cell may mean: none when it is blank or unknown.
    fn townships_of(&self, row: &RosterRow, problems: &mut Vec<CellProblem>) -> Vec<&'a Place> {
        if row.township.is_empty() {
            return Vec::new();
        }
        let found = match self.place_by_code(&row.township) {
            Some(place) if place.code.is_village() => {
                place.code.parent().and_then(|code| self.by_code.get(code.as_str()).copied())
            }
            place => place,
        };
        if let Some(place) = found {
            return vec![place];
        }
        let name = self.without_county(&matching(&row.township));
        let found = named(&self.townships, &name, &TOWNSHIP_ENDINGS);
        if found.is_empty() {
            problems.push(row.problem(RosterColumn::Township, RowReason::TownshipUnknown));
        }
        found
    }

    fn village_by_cell(
        &self,
        row: &RosterRow,
        townships: &[&'a Place],
        problems: &mut Vec<CellProblem>,
    ) -> Option<PlaceCode> {
        if let Some(place) = self.place_by_code(&row.village).filter(|place| place.code.is_village()) {
            return Some(place.code.clone());
        }
        let lies_in = |village: &Place| {
            let now = self.mergers.place(&village.code);
            townships.is_empty() || townships.iter().any(|t| t.code.holds(&village.code) || t.code.holds(&now))
        };
        let name = self.without_county(&matching(&row.village));
        let mut found = named(&self.villages, &name, &VILLAGE_ENDINGS);
        found.retain(|village| lies_in(village));
        // An old name and the name that it has now are one village.
        let mut meant = BTreeSet::new();
        found.retain(|village| meant.insert(self.mergers.place(&village.code)));
        match found.as_slice() {
            [village] => Some(village.code.clone()),
            // 云雾镇青杠村三社 in one cell.
            [] => {
                let code = self.village_in_text(&row.village, townships);
                if code.is_none() {
                    problems.push(row.problem(RosterColumn::Village, RowReason::VillageUnknown));
                }
                code
            }
            _ => {
                problems.push(row.problem(RosterColumn::Village, RowReason::VillageAmbiguous));
                None
            }
        }
    }

    /// The one village whose full name stands in a text, after its township's unless that is given. Nothing is
    /// guessed: bare names do not count, and of several villages none is taken.
    fn village_in_text(&self, text: &str, townships: &[&'a Place]) -> Option<PlaceCode> {
        let text = matching(text);
        if text.is_empty() {
            return None;
        }
        let in_text =
            self.townships.iter().filter(|(name, _)| TOWNSHIP_ENDINGS.iter().any(|ending| name.ends_with(ending)));
        let places: Vec<(&Place, &str)> = if townships.is_empty() {
            in_text
                .filter_map(|(name, places)| Some((places, text.split_once(name.as_str())?.1)))
                .flat_map(|(places, rest)| places.iter().map(move |place| (*place, rest)))
                .collect()
        } else {
            townships.iter().map(|place| (*place, text.as_str())).collect()
        };
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for (township, rest) in places {
            let villages = self.villages_of.get(township.code.as_str()).into_iter().flatten();
            for (name, village) in villages.filter(|(name, _)| rest.contains(name.as_str())) {
                let length = found.entry(village.code.as_str()).or_default();
                *length = (*length).max(name.chars().count());
            }
        }
        let longest = found.values().max().copied()?;
        let mut best = found.iter().filter(|(_, length)| **length == longest).map(|(code, _)| *code);
        let first = best.next()?;
        if best.next().is_some() { None } else { PlaceCode::parse(first) }
    }

    /// By code; a township's may be filled up to twelve digits, and a village's may carry the three digits of
    /// its urban-rural class (handbook 10.2).
    fn place_by_code(&self, text: &str) -> Option<&'a Place> {
        let text = text.trim();
        if text.len() < 9 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let filled_up = text.strip_suffix("000").filter(|rest| rest.len() == 9);
        let without_class = (text.len() == 15).then(|| text.get(..12)).flatten();
        [Some(text), filled_up, without_class].into_iter().flatten().find_map(|code| self.by_code.get(code).copied())
    }

    fn without_county(&self, text: &str) -> String {
        match text.split_once(self.county_name.as_str()) {
            Some((_, rest)) if !self.county_name.is_empty() && !rest.is_empty() => rest.to_owned(),
            _ => text.to_owned(),
        }
    }

    fn class(&self, row: &RosterRow, today: Date, problems: &mut Vec<CellProblem>) -> (Option<ClassId>, Option<u8>) {
        let said = class_text_of(row, problems);
        let Some(school) = self.school(row, problems) else { return (None, said.grade) };
        if said == ClassText::default() {
            return (None, None);
        }
        let mut fitting: Vec<&Class> = school.classes.iter().filter(|class| fits(class, &said, today)).collect();
        if fitting.is_empty() {
            // The school is a part of another now, and its classes are that one's.
            let now = self.mergers.school(&school.code);
            let now = self.schools_by_code.get(now.0.as_str()).into_iter().flat_map(|school| &school.classes);
            fitting = now.filter(|class| fits(class, &said, today)).collect();
        }
        match fitting.as_slice() {
            [class] => (Some(class.id.clone()), said.grade.or_else(|| class.grade_on(today))),
            [] => {
                problems.push(row.problem(class_column(row), RowReason::ClassUnknown));
                (None, said.grade)
            }
            _ => {
                problems.push(row.problem(class_column(row), RowReason::ClassAmbiguous));
                (None, said.grade)
            }
        }
    }

    fn school(&self, row: &RosterRow, problems: &mut Vec<CellProblem>) -> Option<&'a School> {
        for text in [&row.school_code, &row.school] {
            if let Some(school) = self.schools_by_code.get(text.trim()) {
                return Some(school);
            }
        }
        if !row.school.is_empty() {
            let name = self.without_county(&school_name(&row.school));
            let mut found: Vec<&School> = self.schools_named(|other| other == name);
            if found.is_empty() && name.chars().count() >= 4 {
                found = self.schools_named(|other| other.ends_with(&name) || name.ends_with(other));
            }
            return match found.as_slice() {
                [school] => Some(school),
                [] => {
                    problems.push(row.problem(RosterColumn::SchoolName, RowReason::SchoolUnknown));
                    None
                }
                _ => {
                    problems.push(row.problem(RosterColumn::SchoolName, RowReason::SchoolAmbiguous));
                    None
                }
            };
        }
        if !row.school_code.is_empty() {
            problems.push(row.problem(RosterColumn::SchoolCode, RowReason::SchoolUnknown));
            return None;
        }
        let (title, school) =
            row.context.titles.iter().find_map(|title| Some((title, self.school_in_title(title)?)))?;
        problems.push(CellProblem::new("", title.as_str(), RowReason::SchoolFromTitle));
        Some(school)
    }

    fn schools_named(&self, fits: impl Fn(&str) -> bool) -> Vec<&'a School> {
        let names = self.schools_by_name.iter();
        names.filter(|(name, _)| fits(self.without_county(name).as_str())).map(|(_, school)| *school).collect()
    }

    /// The school with the longest name that stands in a title.
    fn school_in_title(&self, title: &str) -> Option<&'a School> {
        let title = school_name(title);
        let inside = self.schools_by_name.iter().filter(|(name, _)| name.chars().count() >= 4 && title.contains(name));
        inside.max_by_key(|(name, _)| name.chars().count()).map(|(_, school)| *school)
    }
}

/// Schools by the codes that they have, or had.
fn schools_by_code(county: &County) -> BTreeMap<&str, &School> {
    let mut schools = BTreeMap::new();
    for school in &county.schools {
        for former in &school.former_names {
            schools.entry(former.trim()).or_insert(school);
        }
    }
    // Present codes win over former ones.
    schools.extend(county.schools.iter().map(|school| (school.code.0.as_str(), school)));
    schools
}

/// Schools by the names that they have, and by those that they had unless another has them now.
fn schools_by_name(county: &County) -> Vec<(String, &School)> {
    let now: Vec<_> = county.schools.iter().map(|school| (school_name(&school.name), school)).collect();
    let former = county
        .schools
        .iter()
        .flat_map(|school| school.former_names.iter().map(move |name| (school_name(name), school)));
    let former: Vec<_> = former.filter(|(name, _)| !now.iter().any(|(taken, _)| taken == name)).collect();
    now.into_iter().chain(former).collect()
}

/// By name as it is given, or else without its ending.
fn named<'a>(names: &BTreeMap<String, Vec<&'a Place>>, name: &str, endings: &[&str]) -> Vec<&'a Place> {
    names.get(name).or_else(|| names.get(without_ending(name, endings))).cloned().unwrap_or_default()
}

fn without_ending<'t>(name: &'t str, endings: &[&str]) -> &'t str {
    let bare = endings.iter().find_map(|ending| name.strip_suffix(ending));
    bare.filter(|bare| !bare.is_empty()).unwrap_or(name)
}

/// A school's name as it is compared: 小学校 and 小学 are one.
fn school_name(name: &str) -> String {
    matching(name).replace("小学校", "小学")
}

/// What the row's columns say of the class together; where they contradict each other, the class is unreadable.
fn class_text_of(row: &RosterRow, problems: &mut Vec<CellProblem>) -> ClassText {
    let mut said = ClassText::default();
    let cells = [
        (RosterColumn::Class, row.class.as_str(), ClassColumn::Class),
        (RosterColumn::Grade, row.grade.as_str(), ClassColumn::Grade),
        (RosterColumn::Stage, row.stage.as_str(), ClassColumn::Stage),
    ];
    for (column, text, kind) in cells {
        if text.is_empty() {
            continue;
        }
        let Some(read) = ClassText::read(text, kind) else {
            problems.push(row.problem(column, RowReason::ClassUnreadable));
            continue;
        };
        match (said.grade, read.grade) {
            (Some(one), Some(other)) if one == other => {}
            // 初中 in one cell and 二 in another: 8 and 2 are one grade.
            (Some(one), Some(other)) if one.abs_diff(other) == 6 => said.grade = Some(one.max(other)),
            (Some(_), Some(_)) => {
                problems.push(row.problem(column, RowReason::ClassAmbiguous));
                return ClassText::default();
            }
            (None, grade) => said.grade = grade,
            (Some(_), None) => {}
        }
        // A stage that a bare grade number implies gives way to the stage that the stage's own column says.
        said.stage = read.stage.filter(|_| kind == ClassColumn::Stage).or(said.stage).or(read.stage);
        said.number = said.number.or(read.number);
        said.entry_year = said.entry_year.or(read.entry_year);
    }
    // 初中 and 二 in two columns are grade 8.
    if let (Some(Stage::Junior), Some(grade @ 1..=3)) = (said.stage, said.grade) {
        said.grade = Some(grade.saturating_add(6));
    }
    if said.grade.is_none() && said.entry_year.is_none() && said.number.is_some() {
        // A class without a grade: the month of entry tells it, as long as it is the first year of this stage.
        said.entry_year = row.entry_month.map(|(year, month)| if month >= 7 { year } else { year.saturating_sub(1) });
    }
    said.stage = said.grade.map(stage_of).or(said.stage);
    said
}

fn fits(class: &Class, said: &ClassText, today: Date) -> bool {
    said.number.is_none_or(|number| class.number == number)
        && said.grade.is_none_or(|grade| class.grade_on(today) == Some(grade))
        && said.entry_year.is_none_or(|year| class.entry_year == year)
        && said.stage.is_none_or(|stage| class.stage == stage)
        // A stage or a number alone names no class.
        && (said.grade.is_some() || said.entry_year.is_some())
}

/// The column that speaks of the class.
fn class_column(row: &RosterRow) -> RosterColumn {
    if row.class.is_empty() { RosterColumn::Grade } else { RosterColumn::Class }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::RosterContext;
    use super::super::example::{BAIYAN, OTHER_BAIYAN, QINGGANG, SEVEN_THREE, THREE_ONE, TODAY, county};
    use super::*;

    fn located(row: &RosterRow) -> (Option<String>, Option<String>, Vec<RowReason>) {
        let county = county();
        let mut problems = Vec::new();
        let leaves = CountyIndex::new(&county).locate(row, TODAY, &mut problems).leaves;
        let village = leaves.village.map(|code| code.as_str().to_owned());
        (village, leaves.class.map(|class| class.0), problems.iter().map(|problem| problem.reason).collect())
    }

    fn village(township: &str, village: &str) -> (Option<String>, Vec<RowReason>) {
        let row = RosterRow { township: township.to_owned(), village: village.to_owned(), ..RosterRow::default() };
        let (village, _, reasons) = located(&row);
        (village, reasons)
    }

    fn class(school: &str, grade: &str, class: &str) -> (Option<String>, Vec<RowReason>) {
        let row = RosterRow {
            school: school.to_owned(),
            grade: grade.to_owned(),
            class: class.to_owned(),
            ..RosterRow::default()
        };
        let (_, class, reasons) = located(&row);
        (class, reasons)
    }

    #[test]
    fn a_village_is_found_by_code_by_name_and_by_its_former_names() {
        for (township, name, expected) in [
            ("", QINGGANG, QINGGANG),
            ("", "999999101001220", QINGGANG),
            ("", "999999205007", QINGGANG),
            ("", "青杠村", QINGGANG),
            ("", "青杠", QINGGANG),
            ("", "青杠村委会", QINGGANG),
            ("云雾镇", "白岩村", BAIYAN),
            ("云雾", "白岩", BAIYAN),
            ("999999101", "白岩村", BAIYAN),
            ("999999101000", "白岩村", BAIYAN),
            ("水磨乡", "白岩村", BAIYAN),
            ("999999205", "白岩村", BAIYAN),
            ("云岭县云雾镇", "白岩村", BAIYAN),
            ("石门乡", "白岩村", OTHER_BAIYAN),
            ("", "老鹰村", BAIYAN),
            ("", "云雾镇白岩村3社", BAIYAN),
            ("石门乡", "白岩村二组", OTHER_BAIYAN),
            ("", "新街社区居委会", "999999101003"),
        ] {
            assert_eq!(village(township, name), (Some(expected.to_owned()), vec![]), "{township} {name}");
        }
    }

    #[test]
    fn a_village_that_is_not_sure_is_not_guessed() {
        assert_eq!(village("", "白岩村"), (None, vec![RowReason::VillageAmbiguous]));
        assert_eq!(village("云雾镇", "金竹村"), (None, vec![RowReason::VillageUnknown]));
        assert_eq!(village("高山镇", "青杠村"), (Some(QINGGANG.to_owned()), vec![RowReason::TownshipUnknown]));
        assert_eq!(village("石门乡", "青杠村"), (None, vec![RowReason::VillageUnknown]), "it lies in another township");
        assert_eq!(village("", "999999999999"), (None, vec![RowReason::VillageUnknown]));
    }

    #[test]
    fn an_address_tells_the_village_where_no_column_does_and_says_so() {
        let at = |address: &str| located(&RosterRow { hukou_address: address.to_owned(), ..RosterRow::default() });
        let (village, _, reasons) = at("云岭县石门乡白岩村2社15号");
        assert_eq!((village.as_deref(), reasons), (Some(OTHER_BAIYAN), vec![RowReason::VillageFromText]));
        assert_eq!(at("白岩村2社15号").0, None, "two villages have this name");
        assert_eq!(at("云雾镇白岩路8号").0, None, "a street is no village");
    }

    #[test]
    fn a_village_s_ledger_names_its_village_in_the_title_and_a_school_s_list_does_not() {
        let titled = |title: &str| {
            let context = RosterContext { titles: vec![title.to_owned()], ..RosterContext::default() };
            located(&RosterRow { context: Arc::new(context), ..RosterRow::default() }).0
        };
        assert_eq!(titled("云雾镇青杠村适龄儿童少年台账").as_deref(), Some(QINGGANG));
        assert_eq!(titled("云雾镇青杠村小学一年级花名册"), None);
    }

    #[test]
    fn a_class_is_found_by_its_grade_today_or_its_year_of_entry() {
        for (school, grade, name, expected) in [
            ("云雾镇中心小学", "", "三年级(1)班", THREE_ONE),
            ("云岭县云雾镇中心小学校", "三年级", "1班", THREE_ONE),
            ("9999990001", "3", "1", THREE_ONE),
            ("中心小学", "", "2024级1班", THREE_ONE),
            ("云岭九年制学校", "初一", "3班", SEVEN_THREE),
            ("云岭九年制学校", "7", "3", SEVEN_THREE),
            ("云岭九年制学校", "一年级", "(3)班", "9999990002/P2026/3"),
            ("云岭九年制学校", "六年级", "", "9999990002/P2021/1"),
        ] {
            assert_eq!(class(school, grade, name), (Some(expected.to_owned()), vec![]), "{school} {grade} {name}");
        }
    }

    #[test]
    fn a_class_that_is_not_sure_is_not_guessed() {
        let school = "云雾镇中心小学";
        assert_eq!(class("高山小学", "", "三年级1班"), (None, vec![RowReason::SchoolUnknown]));
        assert_eq!(class(school, "", "三年级9班"), (None, vec![RowReason::ClassUnknown]));
        assert_eq!(class(school, "三年级", ""), (None, vec![RowReason::ClassAmbiguous]), "it has two classes");
        assert_eq!(class(school, "四年级", "三年级1班"), (None, vec![RowReason::ClassAmbiguous]));
        assert_eq!(class(school, "", "火箭班"), (None, vec![RowReason::ClassUnreadable]));
        assert_eq!(
            class("云岭九年制学校", "", "2026级3班"),
            (None, vec![RowReason::ClassAmbiguous]),
            "a primary and a junior class entered in that year"
        );
    }

    #[test]
    fn stage_and_month_of_entry_help_where_the_class_is_short() {
        let row = RosterRow {
            school: "云岭九年制学校".to_owned(),
            stage: "初中".to_owned(),
            class: "3班".to_owned(),
            entry_month: Some((2026, 9)),
            ..RosterRow::default()
        };
        assert_eq!(located(&row).1.as_deref(), Some(SEVEN_THREE));
    }

    #[test]
    fn a_school_is_taken_from_the_title_where_no_column_names_it() {
        let context = RosterContext {
            titles: vec!["云雾镇中心小学学生花名册".to_owned()], ..RosterContext::default()
        };
        let row = RosterRow { context: Arc::new(context), class: "三年级1班".to_owned(), ..RosterRow::default() };
        assert_eq!(located(&row), (None, Some(THREE_ONE.to_owned()), vec![RowReason::SchoolFromTitle]));
    }
}
