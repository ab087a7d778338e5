//! Which version of a county's rules of evidence counts when ([`super::evidence_rules`]).
//!
//! A version holds from its day on, for every child whose file is not whole. A file that is whole under the version before stays
//! whole until the end of the school year in which that version held last: no paper that was collected in good faith, on a device
//! that had not heard of the new rules either, is void before its year is over (docs/decisions/county-settings.md).

use super::evidence::{self, EvidenceFile, StandingProof};
use super::evidence_rules::{EvidenceOf, EvidenceRules, ProofKind};
use super::time::Day;
use super::version;

/// All versions that a county has.
#[derive(Debug, Clone)]
pub struct EvidenceVersions<'a> {
    /// Those that hold at some time, in the order of their first days.
    holding: Vec<Counts<'a>>,
    /// All of them, the newest last: what a kind of proof is called.
    all: Vec<&'a EvidenceRules>,
}

/// A version with the days on which a file may go by it.
#[derive(Debug, Clone, Copy)]
struct Counts<'a> {
    rules: &'a EvidenceRules,
    from: Day,
    until: Day,
}

impl<'a> EvidenceVersions<'a> {
    /// Of the county's own versions; of none the default.
    #[must_use]
    pub fn of(own: &'a [EvidenceRules]) -> Self {
        let own = if own.is_empty() { std::slice::from_ref(EvidenceRules::default_rules()) } else { own };
        let sorted = version::holding(own);
        let next = sorted.iter().skip(1).map(|rules| Some(rules.holds_from)).chain([None]);
        let holding = sorted.iter().zip(next).enumerate().map(|(place, (rules, next))| Counts {
            rules,
            // Rather the earliest than none.
            from: if place == 0 { Day::EARLIEST } else { rules.holds_from },
            until: next.map_or(Day::LATEST, |day| day.plus_days(-1).school_year_end()),
        });
        let mut all: Vec<&EvidenceRules> = own.iter().collect();
        all.sort_by_key(|rules| rules.holds_from);
        Self { holding: holding.collect(), all }
    }

    /// Those that hold on a day.
    #[must_use]
    pub fn in_force(&self, on: Day) -> &'a EvidenceRules {
        let began = self.holding.iter().rev().find(|counts| counts.from <= on);
        let Some(counts) = began else { return EvidenceRules::default_rules() };
        counts.rules
    }

    /// A kind by its key, as the version calls it that holds on a day; what only another knows keeps the name that it had.
    #[must_use]
    pub fn kind(&self, key: &str, on: Day) -> Option<&'a ProofKind> {
        self.in_force(on).kind(key).or_else(|| self.all.iter().rev().find_map(|rules| rules.kind(key)))
    }

    /// The file of a child on a day: by the version that holds, or by one before that still counts and under which all is there.
    #[must_use]
    pub fn file(&self, child: &EvidenceOf, standing: &[StandingProof], on: Day) -> EvidenceFile<'a> {
        let counting = self.holding.iter().rev().filter(|counts| counts.from <= on && on <= counts.until);
        let mut files = counting.map(|counts| evidence::fold(counts.rules, child, standing));
        let newest = files.next().unwrap_or_else(|| evidence::fold(self.in_force(on), child, standing));
        let is_whole = |file: &EvidenceFile<'_>| file.complete_until().is_some_and(|until| until >= on);
        if is_whole(&newest) { newest } else { files.find(is_whole).unwrap_or(newest) }
    }

    /// The last day on which a file may go by rules that hold no more; none for those that hold on the day.
    #[must_use]
    pub fn kept_until(&self, rules: &EvidenceRules, on: Day) -> Option<Day> {
        let held = self.holding.iter().find(|counts| std::ptr::eq(counts.rules, rules))?;
        (!std::ptr::eq(self.in_force(on), rules)).then_some(held.until)
    }

    /// The days, from and until, on which all is there that is asked of a child, by one version or another. It does not depend on
    /// the day, so lists need not fold.
    #[must_use]
    pub fn whole_days(&self, child: &EvidenceOf, standing: &[StandingProof]) -> Vec<(Day, Day)> {
        let spans = self.holding.iter().filter_map(|counts| {
            let until = evidence::fold(counts.rules, child, standing).complete_until()?.min(counts.until);
            (counts.from <= until).then_some((counts.from, until))
        });
        spans.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::calendar::example::day;
    use crate::domain::code_list::SchoolingStatus;
    use crate::domain::evidence::EvidenceState;
    use crate::domain::identifier::EntryId;

    fn pupil() -> EvidenceOf {
        EvidenceOf { status: SchoolingStatus::EnrolledHere, flags: BTreeSet::new(), has_id_number: true }
    }

    fn paper(number: u8, kind: &str) -> StandingProof {
        StandingProof {
            entry: EntryId::from_bytes([number; 16]),
            proof: kind.to_owned(),
            school_year: 2026,
            issued_by: String::new(),
            number: String::new(),
            valid_until: None,
        }
    }

    /// The default, and from a day on a version by which a pupil of the school needs the roll page and nothing else.
    fn versions(from: &str) -> Vec<EvidenceRules> {
        let old = EvidenceRules::default_rules().clone();
        let mut new = EvidenceRules { version: 2, edition: "3f2a91".into(), holds_from: day(from), ..old.clone() };
        new.groups[0].one = vec!["class_roll".into()];
        new.groups[0].x.clear();
        vec![new, old]
    }

    #[test]
    fn a_file_that_is_not_whole_goes_by_the_new_rules_from_their_day_on() {
        let own = versions("2026-11-30");
        let versions = EvidenceVersions::of(&own);
        let roll = [paper(1, "class_roll")];
        let state = |on: &str| versions.file(&pupil(), &roll, day(on)).state(day(on));
        assert_eq!((state("2026-11-29"), state("2026-11-30")), (EvidenceState::Missing, EvidenceState::Complete));
        assert_eq!(versions.whole_days(&pupil(), &roll), [(day("2026-11-30"), day("2027-08-31"))]);
        assert_eq!(versions.file(&pupil(), &[], day("2026-11-30")).asked[0].kinds, ["class_roll"]);
    }

    #[test]
    fn a_file_that_was_whole_stays_so_until_the_school_year_ends_and_goes_by_the_new_rules_then() {
        let mut own = versions("2026-11-30");
        let passport = own[1].kinds.iter().find(|kind| kind.key == "passport").unwrap().clone();
        for rules in &mut own {
            // Papers that hold for good: only the rules can end them.
            for kind in &mut rules.kinds {
                kind.holds = passport.holds;
            }
        }
        let versions = EvidenceVersions::of(&own);
        let papers = [paper(1, "record_screenshot"), paper(2, "meal_list")];
        let file = |on: &str| versions.file(&pupil(), &papers, day(on));
        assert_eq!(file("2027-08-31").state(day("2027-08-31")), EvidenceState::Complete);
        assert_eq!(versions.kept_until(file("2027-08-31").rules, day("2027-08-31")), Some(day("2027-08-31")));
        assert_eq!(versions.kept_until(file("2026-11-29").rules, day("2026-11-29")), None);
        assert_eq!(file("2027-09-01").state(day("2027-09-01")), EvidenceState::Missing);
        assert_eq!(versions.whole_days(&pupil(), &papers), [(Day::EARLIEST, day("2027-08-31"))]);
    }

    #[test]
    fn a_version_from_the_first_day_of_a_school_year_leaves_the_one_before_no_day() {
        let own = versions("2026-09-01");
        let versions = EvidenceVersions::of(&own);
        let papers = [paper(1, "record_screenshot"), paper(2, "meal_list")];
        assert_eq!(
            versions.file(&pupil(), &papers, day("2026-09-01")).state(day("2026-09-01")),
            EvidenceState::Missing
        );
    }

    #[test]
    fn a_list_and_the_fold_say_the_same_of_every_day() {
        let own = versions("2026-11-30");
        let versions = EvidenceVersions::of(&own);
        for papers in
            [vec![], vec![paper(1, "class_roll")], vec![paper(1, "record_screenshot"), paper(2, "class_roll")]]
        {
            let spans = versions.whole_days(&pupil(), &papers);
            for offset in 0..800 {
                let on = day("2026-08-01").plus_days(offset);
                let state = versions.file(&pupil(), &papers, on).state(on);
                let whole =
                    matches!(state, EvidenceState::Complete | EvidenceState::Expiring | EvidenceState::NotAsked);
                assert_eq!(spans.iter().any(|(from, until)| *from <= on && on <= *until), whole, "{on}");
            }
        }
    }

    #[test]
    fn a_kind_that_a_county_left_out_keeps_its_name() {
        let mut own = versions("2026-11-30");
        own[0].kinds.retain(|kind| kind.key != "gate_photo");
        let versions = EvidenceVersions::of(&own);
        assert_eq!(versions.kind("gate_photo", day("2026-12-01")).unwrap().zh, "校门口照片");
    }
}
