//! The county as its document holds it: places, schools, calendar, rule sets, wording. What was renamed or merged stays to
//! be found under its old name and its old code (handbook 0.1, fact 14; 10.2).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::calendar::Calendar;
use super::code_list::CodeWording;
use super::duty::DutyGrid;
use super::evidence_rules::EvidenceRules;
use super::evidence_versions::EvidenceVersions;
use super::home_teaching::{HomeTeachingQuota, HomeTeachingQuotas};
use super::look::Look;
use super::method::MethodItem;
use super::place::{Leaves, Place, PlaceCode, School, SchoolCode};
use super::rule_set::RuleSet;
use super::setting_mistake::{MistakeCode, SettingMistake};
use super::time::Day;
use super::version;

/// The county file that `init` reads and the county document holds: places, schools, classes, calendar, rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct County {
    /// The county's own place.
    pub county: Place,
    /// Its townships and villages.
    pub places: Vec<Place>,
    /// Its schools with their classes.
    pub schools: Vec<School>,
    /// Its school calendar; where it tells nothing, years are reckoned by defaults.
    #[serde(default)]
    pub calendar: Calendar,
    /// Its rule sets, all versions; of none the default ladder holds.
    #[serde(default)]
    pub rules: Vec<RuleSet>,
    /// Which proofs it asks for, all versions; of none the default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(skip)]
    pub evidence: Vec<EvidenceRules>,
    /// How much home teaching there must be, all versions; of none the default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(skip)]
    pub home_teaching: Vec<HomeTeachingQuota>,
    /// Its own words on forms, where they differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<CodeWording>,
    /// The items of its working method, for a round through a village; none until it fills them in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub method: Vec<MethodItem>,
    /// The day from which a round counts that it has set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_from: Option<Day>,
    /// Who answers for what; screens ask for it by commands of its own.
    #[serde(default, skip_serializing_if = "DutyGrid::is_empty")]
    #[ts(skip)]
    pub duty: DutyGrid,
    /// Who asked for names, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(skip)]
    pub looks: Vec<Look>,
}

impl County {
    /// Places by code, the county among them.
    #[must_use]
    pub fn places_by_code(&self) -> BTreeMap<&str, &Place> {
        std::iter::once(&self.county).chain(&self.places).map(|place| (place.code.as_str(), place)).collect()
    }

    /// Places that the county watches most closely, with all that is a part of them now.
    #[must_use]
    pub fn key_areas(&self) -> Vec<PlaceCode> {
        let mergers = self.mergers();
        let marked = self.places.iter().filter(|place| place.key_area);
        marked.flat_map(|place| mergers.codes_of(&place.code)).collect()
    }

    /// What is a part of what now.
    #[must_use]
    pub fn mergers(&self) -> Mergers {
        let places = self.places.iter();
        let schools = self.schools.iter();
        Mergers {
            places: places.filter_map(|place| Some((place.code.clone(), place.merged_into.clone()?))).collect(),
            schools: schools.filter_map(|school| Some((school.code.clone(), school.merged_into.clone()?))).collect(),
        }
    }

    /// What makes the county unusable; empty when all is well.
    #[must_use]
    pub fn mistakes(&self) -> Vec<SettingMistake> {
        let mut mistakes = self.mistakes_of_places();
        mistakes.extend(self.mistakes_of_schools());
        mistakes.extend(self.calendar.mistakes());
        mistakes.extend(version::mistakes(&self.rules));
        mistakes.extend(self.rules.iter().flat_map(RuleSet::mistakes));
        mistakes.extend(version::mistakes(&self.evidence));
        mistakes.extend(self.evidence.iter().flat_map(EvidenceRules::mistakes));
        mistakes.extend(version::mistakes(&self.home_teaching));
        mistakes.extend(self.home_teaching.iter().flat_map(HomeTeachingQuota::mistakes));
        if let Some(settings) = &self.duty.settings {
            mistakes.extend(settings.mistakes());
        }
        for item in self.method.iter().filter(|item| item.text.trim().is_empty()) {
            mistakes.push(SettingMistake::new(MistakeCode::NameMissing, &item.key));
        }
        for code in self.codes.iter().filter(|code| !code.is_known()) {
            mistakes.push(SettingMistake::new(MistakeCode::CodeUnknown, format!("{}/{}", code.list, code.key)));
        }
        mistakes
    }

    fn mistakes_of_places(&self) -> Vec<SettingMistake> {
        let mut mistakes = Vec::new();
        let mut add = |code, at: &str| mistakes.push(SettingMistake::new(code, at));
        if !self.county.code.is_county() {
            add(MistakeCode::CountyCodeWrong, self.county.code.as_str());
        }
        let mut seen = BTreeSet::new();
        let mut names = BTreeSet::new();
        for place in &self.places {
            let code = place.code.as_str();
            if !self.county.code.holds(&place.code) || place.code == self.county.code {
                add(MistakeCode::OutsideCounty, code);
            }
            if !seen.insert(code) {
                add(MistakeCode::PlaceTwice, code);
            }
            if place.name.trim().is_empty() {
                add(MistakeCode::NameMissing, code);
            } else if place.merged_into.is_none() && !names.insert((place.code.parent(), place.name.trim())) {
                add(MistakeCode::NameTaken, code);
            }
        }
        for place in &self.places {
            let code = place.code.as_str();
            if place.code.is_village() && place.code.parent().is_none_or(|parent| !seen.contains(parent.as_str())) {
                add(MistakeCode::TownshipUnknown, code);
            }
            let Some(into) = &place.merged_into else { continue };
            if !seen.contains(into.as_str()) || into.as_str().len() != code.len() {
                add(MistakeCode::MergedIntoUnknown, code);
            }
        }
        for code in circles(&self.mergers().places) {
            add(MistakeCode::MergedIntoItself, code.as_str());
        }
        mistakes
    }

    fn mistakes_of_schools(&self) -> Vec<SettingMistake> {
        let mut mistakes = Vec::new();
        let townships: BTreeSet<&PlaceCode> = self.places.iter().map(|place| &place.code).collect();
        let codes: BTreeSet<&SchoolCode> = self.schools.iter().map(|school| &school.code).collect();
        let mut seen = BTreeSet::new();
        for school in &self.schools {
            let mut add = |code| mistakes.push(SettingMistake::new(code, &school.code.0));
            if !seen.insert(&school.code) {
                add(MistakeCode::SchoolTwice);
            }
            if school.name.trim().is_empty() {
                add(MistakeCode::NameMissing);
            }
            if !townships.contains(&school.township) {
                add(MistakeCode::TownshipUnknown);
            }
            if school.merged_into.as_ref().is_some_and(|into| !codes.contains(into)) {
                add(MistakeCode::MergedIntoUnknown);
            }
            mistakes.extend(school.mistakes_of_classes());
        }
        for code in circles(&self.mergers().schools) {
            mistakes.push(SettingMistake::new(MistakeCode::MergedIntoItself, &code.0));
        }
        let told = self.calendar.terms.iter().map(|term| &term.school);
        let told = told.chain(self.calendar.days.iter().map(|day| &day.school));
        let told = told.chain(self.calendar.cycles.iter().map(|cycle| &cycle.school));
        let unknown: BTreeSet<&SchoolCode> = told.flatten().filter(|school| !codes.contains(school)).collect();
        mistakes.extend(unknown.into_iter().map(|code| SettingMistake::new(MistakeCode::SchoolUnknown, &code.0)));
        mistakes
    }

    /// Which proofs are asked for here, and by which version when: the county's own, or the default.
    #[must_use]
    pub fn evidence_versions(&self) -> EvidenceVersions<'_> {
        EvidenceVersions::of(&self.evidence)
    }

    /// The versions of what evidence asks for: the county's own, or the default.
    #[must_use]
    pub fn evidence_rules(&self) -> Vec<EvidenceRules> {
        own_or(&self.evidence, Some(EvidenceRules::default_rules()))
    }

    /// How much home teaching there must be here, and by which version when: the county's own, or the default.
    #[must_use]
    pub fn home_teaching_quotas(&self) -> HomeTeachingQuotas<'_> {
        HomeTeachingQuotas::of(&self.home_teaching)
    }

    /// The versions of the quota of home teaching: the county's own, or the default.
    #[must_use]
    pub fn home_teaching_versions(&self) -> Vec<HomeTeachingQuota> {
        own_or(&self.home_teaching, HomeTeachingQuota::default_quota())
    }

    /// The rule sets that hold here: the county's own, or the default ladder.
    #[must_use]
    pub fn rule_sets(&self) -> Vec<RuleSet> {
        own_or(&self.rules, RuleSet::default_rules().as_ref())
    }
}

fn own_or<T: Clone>(own: &[T], default: Option<&T>) -> Vec<T> {
    if own.is_empty() { default.into_iter().cloned().collect() } else { own.to_vec() }
}

/// What is a part of what now, by codes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mergers {
    places: BTreeMap<PlaceCode, PlaceCode>,
    schools: BTreeMap<SchoolCode, SchoolCode>,
}

impl Mergers {
    /// The place that a code means now.
    #[must_use]
    pub fn place(&self, code: &PlaceCode) -> PlaceCode {
        follow(&self.places, code)
    }

    /// The school that a code means now.
    #[must_use]
    pub fn school(&self, code: &SchoolCode) -> SchoolCode {
        follow(&self.schools, code)
    }

    /// Leaves with the village that they mean now. A class stays: its children lie under its id until they are moved.
    #[must_use]
    pub fn leaves(&self, leaves: &Leaves) -> Leaves {
        Leaves { village: leaves.village.as_ref().map(|village| self.place(village)), class: leaves.class.clone() }
    }

    /// A place and all that are a part of it now: records may lie under any of these codes.
    #[must_use]
    pub fn codes_of(&self, place: &PlaceCode) -> Vec<PlaceCode> {
        let parts = self.places.keys().filter(|code| *code != place && self.place(code) == *place).cloned();
        std::iter::once(place.clone()).chain(parts).collect()
    }

    /// A school and all that are a part of it now.
    #[must_use]
    pub fn schools_of(&self, school: &SchoolCode) -> Vec<SchoolCode> {
        let parts = self.schools.keys().filter(|code| *code != school && self.school(code) == *school).cloned();
        std::iter::once(school.clone()).chain(parts).collect()
    }
}

/// Follows what a key is a part of, to the end. Two people who merge two villages each into the other make a circle: then the
/// smallest code of the circle is what all of them mean, on every device alike.
fn follow<K: Ord + Clone>(parts: &BTreeMap<K, K>, key: &K) -> K {
    let mut way = vec![key.clone()];
    while let Some(next) = way.last().and_then(|last| parts.get(last)) {
        if let Some(start) = way.iter().position(|passed| passed == next) {
            return way.into_iter().skip(start).min().unwrap_or_else(|| key.clone());
        }
        way.push(next.clone());
    }
    way.pop().unwrap_or_else(|| key.clone())
}

/// The keys that lie on a circle.
fn circles<K: Ord + Clone>(parts: &BTreeMap<K, K>) -> Vec<K> {
    let lies_on_one = |key: &&K| {
        let mut at = parts.get(*key);
        for _ in 0..parts.len() {
            match at {
                Some(next) if next == *key => return true,
                Some(next) => at = parts.get(next),
                None => return false,
            }
        }
        false
    };
    parts.keys().filter(lies_on_one).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roster::example;

    fn code(text: &str) -> PlaceCode {
        PlaceCode::parse(text).unwrap()
    }

    #[test]
    fn a_county_file_with_two_classes_under_one_id_is_refused() {
        let mut county = example::county();
        assert_eq!(county.mistakes(), Vec::new());
        let classes = &mut county.schools[1].classes;
        let twin = classes[0].clone();
        classes[1].id = twin.id.clone();
        classes.push(twin.clone());
        let mistakes = county.mistakes();
        assert_eq!(mistakes[0].to_string(), format!("class_id_wrong: {}", twin.id.0));
        assert_eq!(mistakes[1].to_string(), format!("class_twice: {}", twin.id.0));
    }

    #[test]
    fn a_village_that_became_a_part_of_another_means_that_other_one_and_both_codes_find_it() {
        let mut county = example::county();
        let villages: Vec<PlaceCode> =
            county.places.iter().map(|place| place.code.clone()).filter(PlaceCode::is_village).take(3).collect();
        let merge = |county: &mut County, from: &PlaceCode, into: &PlaceCode| {
            let place = county.places.iter_mut().find(|place| place.code == *from).unwrap();
            place.merged_into = Some(into.clone());
        };
        merge(&mut county, &villages[0], &villages[1]);
        merge(&mut county, &villages[1], &villages[2]);
        assert_eq!(county.mistakes(), Vec::new());
        let mergers = county.mergers();
        assert_eq!(mergers.place(&villages[0]), villages[2], "by the way of another merger");
        assert_eq!(mergers.codes_of(&villages[2]).len(), 3);
        assert_eq!(mergers.place(&code("999999999")), code("999999999"));

        merge(&mut county, &villages[2], &villages[0]);
        assert_eq!(county.mistakes().len(), 3, "nobody may save a circle");
        let smallest = villages.iter().min().unwrap();
        let mergers = county.mergers();
        assert!(villages.iter().all(|village| mergers.place(village) == *smallest), "and a merge that made one ends");
    }

    #[test]
    fn a_village_cannot_become_a_part_of_a_township_or_of_what_nobody_knows() {
        let mut county = example::county();
        let village = county.places.iter_mut().find(|place| place.code.is_village()).unwrap();
        village.merged_into = village.code.parent();
        assert_eq!(county.mistakes()[0].code, MistakeCode::MergedIntoUnknown);
    }
}
