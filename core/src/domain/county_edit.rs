//! An edit of the county's settings: what it makes of the county, and what is wrong with it, before anything is written.
//!
//! A rule set is never changed: an edit of it is a new version that holds from a day on. A place or school that gets another
//! name keeps the old one among its former names.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::calendar::{Calendar, cycle_key, day_key, term_key};
use super::code_list::CodeWording;
use super::county::County;
use super::duty::DutySettings;
use super::evidence_rules::EvidenceRules;
use super::home_teaching::HomeTeachingQuota;
use super::method::MethodItem;
use super::place::{ClassId, Place, School};
use super::rule_set::RuleSet;
use super::setting_mistake::{MistakeCode, SettingMistake};
use super::time::Day;
use super::transition_days::own_days_key;
use super::version::{self, Versioned};

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[ts(export)]
pub enum CountyEdit {
    /// A new version of a rule set, or a first version of another one.
    RuleSet {
        /// It; number and edition are given when it is made.
        set: RuleSet,
    },
    /// Terms, days and boarding cycles.
    Calendar {
        /// What is added, or stands for what has its key.
        put: Calendar,
        /// Keys of entries that are taken away: `day//2026-10-10`.
        remove: Vec<String>,
    },
    /// A place: a new one, or what is known of one with this code.
    Place {
        /// It.
        place: Place,
    },
    /// A school with its classes.
    School {
        /// It.
        school: School,
    },
    /// The county's word for a value of a form.
    Code {
        /// It.
        code: CodeWording,
    },
    /// The working method of a round.
    Method {
        /// Items that are added, or stand for those with their keys.
        put: Vec<MethodItem>,
        /// Keys of items that are taken away.
        remove: Vec<String>,
    },
    /// The day from which a round counts.
    Round {
        /// It.
        from: Day,
    },
    /// A new version of which proofs are asked for.
    Evidence {
        /// It; number and edition are given when it is made, and the keys of kinds whose key begins with `new`.
        rules: EvidenceRules,
    },
    /// A new version of how much home teaching there must be.
    HomeTeaching {
        /// It; number and edition are given when it is made.
        quota: HomeTeachingQuota,
    },
    /// How the duty grid is made: its levels and names.
    Duty {
        /// It.
        settings: DutySettings,
    },
}

impl CountyEdit {
    /// The edit with what the program adds: a version's number and edition, the old name of what is renamed, the ids of
    /// classes.
    #[must_use]
    pub fn completed(self, county: &County, edition: &str) -> Self {
        match self {
            Self::RuleSet { set } => {
                let (version, edition) = version::next(&county.rule_sets(), &set.id, edition);
                Self::RuleSet { set: RuleSet { version, edition, ..set } }
            }
            Self::Evidence { mut rules } => {
                rules.name_new_kinds(edition);
                let known = county.evidence_rules();
                // Papers refer to a kind for good: it may be asked for no more, and is never taken away.
                for kind in version::holding(&known).into_iter().rev().flat_map(|older| &older.kinds) {
                    if rules.kind(&kind.key).is_none() {
                        rules.kinds.push(kind.clone());
                    }
                }
                let (version, edition) = version::next(&known, &rules.id, edition);
                Self::Evidence { rules: EvidenceRules { version, edition, ..rules } }
            }
            Self::HomeTeaching { quota } => {
                let (version, edition) = version::next(&county.home_teaching_versions(), &quota.id, edition);
                Self::HomeTeaching { quota: HomeTeachingQuota { version, edition, ..quota } }
            }
            Self::Place { mut place } => {
                if let Some(old) = county.places.iter().find(|old| old.code == place.code) {
                    keep_old_name(&mut place.former_names, &old.name, &place.name);
                }
                Self::Place { place }
            }
            Self::School { mut school } => {
                if let Some(old) = county.schools.iter().find(|old| old.code == school.code) {
                    keep_old_name(&mut school.former_names, &old.name, &school.name);
                }
                for class in &mut school.classes {
                    class.id = ClassId::new(&school.code, class.stage, class.entry_year, class.number);
                }
                Self::School { school }
            }
            Self::Method { mut put, remove } => {
                for (number, item) in put.iter_mut().enumerate().filter(|(_, item)| item.key.is_empty()) {
                    item.key = format!("{edition}-{number}");
                }
                Self::Method { put, remove }
            }
            other @ (Self::Calendar { .. } | Self::Code { .. } | Self::Duty { .. } | Self::Round { .. }) => other,
        }
    }

    /// The county after this edit.
    #[must_use]
    pub fn applied(&self, county: &County) -> County {
        let mut next = county.clone();
        match self {
            Self::RuleSet { set } => {
                // The default ladder held until now: cases that began under it go on under it.
                next.rules = county.rule_sets();
                put_version(&mut next.rules, set);
            }
            Self::Calendar { put: entries, remove } => {
                let calendar = &mut next.calendar;
                calendar.terms.retain(|term| !remove.contains(&term_key(term)));
                calendar.days.retain(|day| !remove.contains(&day_key(day)));
                calendar.cycles.retain(|cycle| !remove.contains(&cycle_key(cycle)));
                calendar.transitions.retain(|days| !remove.contains(&own_days_key(days)));
                for term in &entries.terms {
                    put(&mut calendar.terms, term, |one, other| term_key(one) == term_key(other));
                }
                for day in &entries.days {
                    put(&mut calendar.days, day, |one, other| day_key(one) == day_key(other));
                }
                for cycle in &entries.cycles {
                    put(&mut calendar.cycles, cycle, |one, other| cycle_key(one) == cycle_key(other));
                }
                for days in &entries.transitions {
                    put(&mut calendar.transitions, days, |one, other| own_days_key(one) == own_days_key(other));
                }
            }
            Self::Place { place } if place.code == county.county.code => next.county = place.clone(),
            Self::Place { place } => put(&mut next.places, place, |one, other| one.code == other.code),
            Self::School { school } => put(&mut next.schools, school, |one, other| one.code == other.code),
            Self::Method { put: items, remove } => {
                next.method.retain(|item| !remove.contains(&item.key));
                for item in items {
                    put(&mut next.method, item, |one, other| one.key == other.key);
                }
                next.method.sort_by(|one, other| (one.position, &one.key).cmp(&(other.position, &other.key)));
            }
            Self::Evidence { rules } => {
                // The default held until now, and still counts for files that are whole under it.
                next.evidence = county.evidence_rules();
                put_version(&mut next.evidence, rules);
            }
            Self::HomeTeaching { quota } => {
                next.home_teaching = county.home_teaching_versions();
                put_version(&mut next.home_teaching, quota);
            }
            Self::Round { from } => next.round_from = Some(*from),
            Self::Duty { settings } => next.duty.settings = Some(settings.clone()),
            Self::Code { code } => {
                put(&mut next.codes, code, |one, other| one.entry_key() == other.entry_key());
            }
        }
        next
    }

    /// What this edit would make wrong; what was wrong before is not its fault. Empty when all is well.
    #[must_use]
    pub fn mistakes(&self, county: &County, today: Day) -> Vec<SettingMistake> {
        let next = self.applied(county);
        let before = county.mistakes();
        let mut mistakes: Vec<SettingMistake> =
            next.mistakes().into_iter().filter(|mistake| !before.contains(mistake)).collect();
        match self {
            Self::RuleSet { set } => mistakes.extend(version::mistakes_of_next(&county.rule_sets(), set, today)),
            Self::Evidence { rules } => {
                mistakes.extend(version::mistakes_of_next(&county.evidence_rules(), rules, today));
            }
            Self::HomeTeaching { quota } => {
                mistakes.extend(version::mistakes_of_next(&county.home_teaching_versions(), quota, today));
            }
            Self::Calendar { .. } if !next.calendar.has_county_terms() => {
                mistakes.push(SettingMistake::new(MistakeCode::NoTerms, ""));
            }
            Self::Calendar { .. }
            | Self::Place { .. }
            | Self::School { .. }
            | Self::Code { .. }
            | Self::Method { .. }
            | Self::Round { .. }
            | Self::Duty { .. } => {
                if next == *county {
                    mistakes.push(SettingMistake::new(MistakeCode::NothingChanged, ""));
                }
            }
        }
        mistakes
    }
}

fn keep_old_name(former: &mut Vec<String>, old: &str, new: &str) {
    if old != new && !old.trim().is_empty() && !former.iter().any(|name| name == old) {
        former.push(old.to_owned());
    }
}

fn put_version<T: Versioned + Clone>(versions: &mut Vec<T>, one: &T) {
    put(versions, one, |one, other| one.version_name() == other.version_name());
}

fn put<T: Clone>(list: &mut Vec<T>, entry: &T, is_it: impl Fn(&T, &T) -> bool) {
    match list.iter_mut().find(|known| is_it(known, entry)) {
        Some(known) => known.clone_from(entry),
        None => list.push(entry.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::example::{calendar, day};
    use crate::domain::calendar::{CalendarDay, DayKind, Term};
    use crate::domain::evidence_rules::ProofKind;
    use crate::domain::rule_set::{Trigger, in_force};

    fn county() -> County {
        County { calendar: calendar(), ..crate::domain::roster::example::county() }
    }

    fn codes(edit: &CountyEdit, county: &County) -> Vec<MistakeCode> {
        edit.mistakes(county, day("2026-11-24")).into_iter().map(|mistake| mistake.code).collect()
    }

    fn edited(holds_from: &str) -> RuleSet {
        let mut set = RuleSet::default_rules().unwrap();
        set.holds_from = day(holds_from);
        set.steps[1].trigger = Trigger::AbsentDays { count: 2 };
        set
    }

    #[test]
    fn an_edited_ladder_is_a_new_version_beside_the_old_one() {
        let county = county();
        let edit = CountyEdit::RuleSet { set: edited("2026-12-01") }.completed(&county, "3f2a91");
        assert_eq!(codes(&edit, &county), []);
        let next = edit.applied(&county);
        let names: Vec<String> = next.rules.iter().map(RuleSet::name).collect();
        assert_eq!(
            names,
            ["tongjiang-1357@1", "tongjiang-1357@2-3f2a91"],
            "the default stays, now in words of its own"
        );
        assert_eq!(in_force(&next.rules, day("2026-11-30")).unwrap().name(), names[0]);
        assert_eq!(in_force(&next.rules, day("2026-12-01")).unwrap().name(), names[1]);
    }

    #[test]
    fn a_ladder_that_would_have_held_yesterday_or_says_the_same_is_refused() {
        let county = county();
        let late = CountyEdit::RuleSet { set: edited("2026-11-23") };
        assert_eq!(codes(&late, &county), [MistakeCode::HoldsFromPast]);
        let same = RuleSet { holds_from: day("2026-12-01"), ..RuleSet::default_rules().unwrap() };
        let same = CountyEdit::RuleSet { set: same }.completed(&county, "3f2a91");
        assert_eq!(codes(&same, &county), [MistakeCode::NothingChanged]);
    }

    #[test]
    fn a_calendar_without_terms_is_refused_and_so_is_one_whose_terms_overlap() {
        let county = county();
        let all: Vec<String> = county.calendar.terms.iter().map(term_key).collect();
        let none = CountyEdit::Calendar { put: Calendar::default(), remove: all };
        assert_eq!(codes(&none, &county), [MistakeCode::NoTerms]);
        let term = Term { school: None, key: "2027-1".into(), from: day("2027-06-01"), to: day("2027-07-20") };
        let put = |put| CountyEdit::Calendar { put, remove: Vec::new() };
        let over = put(Calendar { terms: vec![term], ..Calendar::default() });
        assert_eq!(codes(&over, &county), [MistakeCode::TermsOverlap]);
        let wednesday =
            CalendarDay { school: None, day: day("2026-12-02"), kind: DayKind::MakeUp, reason: String::new() };
        let over = put(Calendar { days: vec![wednesday], ..Calendar::default() });
        assert_eq!(codes(&over, &county), [MistakeCode::MakeUpOnWeekday]);
    }

    #[test]
    fn a_renamed_village_keeps_its_old_name() {
        let county = county();
        let mut place = county.places.iter().find(|place| place.code.is_village()).unwrap().clone();
        let old = std::mem::replace(&mut place.name, "新桥村".to_owned());
        let next = CountyEdit::Place { place: place.clone() }.completed(&county, "").applied(&county);
        let renamed = next.places.iter().find(|other| other.code == place.code).unwrap();
        assert_eq!(renamed.name, "新桥村");
        assert!(renamed.former_names.contains(&old));
    }

    #[test]
    fn two_villages_of_a_township_cannot_have_one_name() {
        let county = county();
        let mut villages = county.places.iter().filter(|place| place.code.is_village());
        let (one, other) = (villages.next().unwrap(), villages.next().unwrap());
        let edit = CountyEdit::Place { place: Place { name: one.name.clone(), ..other.clone() } };
        assert_eq!(codes(&edit, &county), [MistakeCode::NameTaken]);
    }

    #[test]
    fn a_new_version_of_the_evidence_stands_beside_the_old_and_keeps_the_kinds_that_papers_name() {
        let county = county();
        let mut rules = EvidenceRules::default_rules().clone();
        rules.holds_from = day("2026-12-01");
        rules.kinds.retain(|kind| kind.key != "gate_photo");
        rules
            .kinds
            .push(ProofKind { key: "new_1".into(), zh: "村级就读核实表".into(), ..rules.kinds[0].clone() });
        rules.groups[0].x[0].kinds = vec!["new_1".into()];
        for group in &mut rules.groups {
            group.x.iter_mut().for_each(|extra| extra.kinds.retain(|kind| kind != "gate_photo"));
        }
        let edit = CountyEdit::Evidence { rules }.completed(&county, "3f2a91");
        assert_eq!(edit.mistakes(&county, day("2026-11-24")), []);
        let next = edit.applied(&county);
        let names: Vec<String> = next.evidence.iter().map(Versioned::version_name).collect();
        assert_eq!(names, ["evidence-1x@1", "evidence-1x@2-3f2a91"]);
        let new = &next.evidence[1];
        assert_eq!(new.groups[0].x[0].kinds, ["own-3f2a91-1"], "two people never make two kinds under one key");
        assert!(new.kind("own-3f2a91-1").is_some() && new.kind("gate_photo").is_some());
        assert_eq!(edit.clone().completed(&county, "3f2a91"), edit);
    }

    #[test]
    fn rules_of_evidence_that_say_nothing_new_or_hold_from_the_past_are_refused() {
        let county = county();
        let today = day("2026-11-24");
        let same = EvidenceRules { holds_from: today, ..EvidenceRules::default_rules().clone() };
        let codes = |rules: EvidenceRules| -> Vec<MistakeCode> {
            let edit = CountyEdit::Evidence { rules }.completed(&county, "3f2a91");
            edit.mistakes(&county, today).into_iter().map(|mistake| mistake.code).collect()
        };
        assert_eq!(codes(same.clone()), [MistakeCode::NothingChanged]);
        let mut other = EvidenceRules { holds_from: day("2026-11-23"), ..same };
        other.groups[0].one.clear();
        assert_eq!(codes(other), [MistakeCode::OneMissing, MistakeCode::HoldsFromPast]);
    }
}
