//! The door-to-door check (摸排, 铁脚板; handbook 3.2): how a child of a household was found, on which day, how it was verified
//! and by whom (handbook 3.4, columns 22, 30 and 31).
//!
//! A check is an entry of the child's dossier that is only added. It says what somebody found and changes no status: what it
//! finds otherwise is work for the list of what does not agree, until somebody records how the child stands.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::actor::Actor;
use super::code_list::{CheckFound, SchoolingStatus, StudyRegion, VerifyMethod};
use super::dossier::{Dossier, Presence, presence};
use super::form_check::not_after;
use super::identifier::EntryId;
use super::time::{Day, Timestamp};
use crate::error::{Failure, Result};

/// The longest text of one field, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// From this age on a child belongs into a school (handbook 3.1).
const SCHOOL_AGE_FROM: u8 = 6;

/// How a child was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CheckForm {
    /// The day.
    pub on: Day,
    /// How the child was found; none in a withdrawal.
    #[serde(default)]
    pub found: Option<CheckFound>,
    /// How it was verified; none in a withdrawal.
    #[serde(default)]
    pub how: Option<VerifyMethod>,
    /// Where a child is who is away.
    #[serde(default)]
    pub region: Option<StudyRegion>,
    /// Where that is, and which school, in words.
    #[serde(default)]
    pub place: String,
    /// What there is to say.
    #[serde(default)]
    pub note: String,
    /// The check that this entry takes back.
    #[serde(default)]
    pub withdraws: Option<EntryId>,
}

impl CheckForm {
    /// What takes a check back.
    #[must_use]
    pub const fn withdrawal(of: EntryId, on: Day) -> Self {
        Self {
            on,
            found: None,
            how: None,
            region: None,
            place: String::new(),
            note: String::new(),
            withdraws: Some(of),
        }
    }

    /// Checks a form.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::FieldMissing`] or [`crate::error::ErrorCode::FieldInvalid`], with the field.
    pub fn validate(&self, today: Day) -> Result<()> {
        not_after(today, self.on, "on")?;
        let found = self.found.ok_or_else(|| Failure::missing("found"))?;
        if self.how.is_none() {
            return Err(Failure::missing("how"));
        }
        if self.region.is_some() && found != CheckFound::Away {
            return Err(Failure::invalid("region", "not_away"));
        }
        for (field, text) in [("place", &self.place), ("note", &self.note)] {
            if text.chars().count() > TEXT_CHARS_MAX {
                return Err(Failure::invalid(field, "too_long"));
            }
        }
        Ok(())
    }
}

/// A check with who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckEntry {
    /// Its key.
    pub entry: EntryId,
    /// What it says.
    pub form: CheckForm,
    /// Checks that its author had seen: it stands in their place.
    pub seen: BTreeSet<EntryId>,
    /// Who.
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Checks that stand: not taken back, and not replaced by one that knew of them. More than one when people checked the child
/// without knowing of each other. The latest day last, then the greater key.
#[must_use]
pub fn standing(checks: &[CheckEntry]) -> Vec<&CheckEntry> {
    let withdrawn: BTreeSet<EntryId> = checks.iter().filter_map(|check| check.form.withdraws).collect();
    let counts = |check: &&CheckEntry| check.form.withdraws.is_none() && !withdrawn.contains(&check.entry);
    let replaced: BTreeSet<EntryId> =
        checks.iter().filter(counts).flat_map(|check| check.seen.iter().copied()).collect();
    let mut standing: Vec<&CheckEntry> =
        checks.iter().filter(counts).filter(|check| !replaced.contains(&check.entry)).collect();
    standing.sort_by_key(|check| (check.form.on, check.entry));
    standing
}

/// The check that counts: of those that stand the one of the latest day.
#[must_use]
pub fn last(checks: &[CheckEntry]) -> Option<&CheckEntry> {
    standing(checks).pop()
}

/// Whether checks stand beside each other that found a child otherwise. Who did not find out contradicts nobody.
#[must_use]
pub fn differ(checks: &[CheckEntry]) -> bool {
    let found: BTreeSet<CheckFound> = standing(checks)
        .into_iter()
        .filter_map(|check| check.form.found)
        .filter(|found| *found != CheckFound::Unknown)
        .collect();
    found.len() > 1
}

/// Whether the check that counts found a child otherwise than its status says, and nobody has recorded a status since who
/// knew of it.
#[must_use]
pub fn contradicts_status(dossier: &Dossier) -> bool {
    let Some(check) = last(&dossier.checks) else { return false };
    let is_answered =
        dossier.standing_statuses().iter().any(|event| !event.from_roster && event.seen.contains(&check.entry));
    let age = Day::parse(dossier.value("profile.birth_date")).and_then(|birth| birth.full_years_until(check.form.on));
    let Some(found) = check.form.found else { return false };
    !is_answered && is_otherwise(found, check.form.region, dossier.status(), age)
}

/// Whether how a child was found and what its status says cannot both be true; `age` in full years on the day of the check.
#[must_use]
pub fn is_otherwise(found: CheckFound, region: Option<StudyRegion>, status: SchoolingStatus, age: Option<u8>) -> bool {
    use SchoolingStatus as S;
    let is_gone = matches!(status, S::Deceased | S::Emigrated);
    match found {
        CheckFound::Unknown => false,
        CheckFound::AtSchool => {
            is_gone || matches!(presence(status), Presence::Out) || matches!(status, S::Suspended | S::DeferredEntry)
        }
        // Children are at home on a Sunday and in the holidays: that alone says nothing of school.
        CheckFound::AtHome => is_gone || status == S::LostContact,
        CheckFound::NotInSchool => {
            let lawful = matches!(status, S::LongLeave | S::HomeTeaching | S::InCustody);
            let is_missed = matches!(presence(status), Presence::AtSchool | Presence::Unknown) && !lawful;
            is_gone || (is_missed && age.is_none_or(|age| age >= SCHOOL_AGE_FROM))
        }
        CheckFound::Away => {
            let is_here = matches!(
                status,
                S::EnrolledHere
                    | S::EnrolledCounty
                    | S::InclusiveClass
                    | S::SpecialClass
                    | S::SpecialSchool
                    | S::HomeTeaching
                    | S::Returned
            );
            status == S::Deceased
                || (is_here && region != Some(StudyRegion::County))
                || (status == S::LostContact && region.is_some())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::example::day;
    use super::super::dossier::StatusEvent;
    use super::*;
    use CheckFound as F;
    use SchoolingStatus as S;
    use proptest::prelude::*;

    fn key(number: u8) -> EntryId {
        EntryId::from_bytes([number; 16])
    }

    fn check(number: u8, on: &str, found: F, seen: &[u8]) -> CheckEntry {
        let form = CheckForm { found: Some(found), how: Some(VerifyMethod::Household), ..empty(on) };
        let seen = seen.iter().copied().map(key).collect();
        CheckEntry { entry: key(number), form, seen, actor: vec![number], at: Timestamp::default() }
    }

    fn empty(on: &str) -> CheckForm {
        CheckForm { withdraws: None, ..CheckForm::withdrawal(key(0), day(on)) }
    }

    fn withdrawal(number: u8, of: u8) -> CheckEntry {
        let form = CheckForm::withdrawal(key(of), day("2026-11-24"));
        CheckEntry { entry: key(number), form, seen: BTreeSet::new(), actor: vec![number], at: Timestamp::default() }
    }

    fn status(number: u8, status: S, from_roster: bool, seen: &[u8]) -> StatusEvent {
        StatusEvent {
            entry: key(number),
            status,
            since: None,
            note: String::new(),
            actor: vec![number],
            at: Timestamp::default(),
            from_roster,
            seen: seen.iter().copied().map(key).collect(),
        }
    }

    #[test]
    fn a_check_needs_what_was_found_and_how_and_no_day_that_is_to_come() {
        let today = day("2026-11-24");
        let form = check(1, "2026-11-24", F::AtHome, &[]).form;
        form.validate(today).unwrap();
        let field = |form: CheckForm| form.validate(today).unwrap_err().facts["field"].clone();
        assert_eq!(field(CheckForm { found: None, ..form.clone() }), "found");
        assert_eq!(field(CheckForm { how: None, ..form.clone() }), "how");
        assert_eq!(field(CheckForm { on: day("2026-11-25"), ..form.clone() }), "on");
        assert_eq!(field(CheckForm { region: Some(StudyRegion::Abroad), ..form.clone() }), "region");
        assert_eq!(field(CheckForm { note: "长".repeat(201), ..form }), "note");
    }

    #[test]
    fn two_teachers_who_checked_one_child_apart_both_stand_and_the_latest_day_counts() {
        let li = check(1, "2026-11-24", F::AtHome, &[]);
        let wang = check(2, "2026-11-23", F::Away, &[]);
        for checks in [[li.clone(), wang.clone()], [wang.clone(), li.clone()]] {
            assert_eq!(standing(&checks).len(), 2);
            assert_eq!(last(&checks), Some(&li));
            assert!(differ(&checks));
        }
        let again = check(3, "2026-11-25", F::Away, &[1, 2]);
        let checks = [li, wang, again.clone()];
        assert_eq!(standing(&checks), [&again], "who has seen both decides");
        assert!(!differ(&checks));
    }

    #[test]
    fn who_did_not_find_out_contradicts_nobody() {
        let checks = [check(1, "2026-11-23", F::AtHome, &[]), check(2, "2026-11-24", F::Unknown, &[])];
        assert!(!differ(&checks));
    }

    #[test]
    fn a_check_that_is_taken_back_leaves_what_stood_before_it() {
        let before = check(1, "2026-09-10", F::AtSchool, &[]);
        let mistaken = check(2, "2026-11-24", F::Away, &[1]);
        let checks = [before.clone(), mistaken, withdrawal(3, 2)];
        assert_eq!(standing(&checks), [&before]);
    }

    #[test]
    fn the_standing_checks_are_the_same_in_any_order_of_arrival() {
        let all = [
            check(1, "2026-11-20", F::AtSchool, &[]),
            check(2, "2026-11-22", F::Away, &[1]),
            check(3, "2026-11-22", F::AtHome, &[1]),
            withdrawal(4, 3),
            check(5, "2026-11-21", F::Unknown, &[]),
        ];
        let expected: Vec<EntryId> = standing(&all).iter().map(|check| check.entry).collect();
        for turn in 0..all.len() {
            let mut turned = all.clone();
            turned.rotate_left(turn);
            let found: Vec<EntryId> = standing(&turned).iter().map(|check| check.entry).collect();
            assert_eq!(found, expected);
        }
        assert_eq!(expected, [key(5), key(2)]);
    }

    /// What people may have recorded of one child: each knows some of what was recorded before.
    fn histories() -> impl Strategy<Value = Vec<CheckEntry>> {
        let found =
            prop_oneof![Just(F::AtSchool), Just(F::AtHome), Just(F::NotInSchool), Just(F::Away), Just(F::Unknown)];
        let one = (found, 1..28_u8, any::<u16>(), prop::option::weighted(0.2, any::<prop::sample::Index>()));
        prop::collection::vec(one, 1..12).prop_map(|told| {
            let mut number = 0;
            let entry = |(found, date, knows, withdraws): (F, u8, u16, Option<prop::sample::Index>)| {
                number += 1;
                match withdraws.filter(|_| number > 1) {
                    Some(of) => withdrawal(number, u8::try_from(of.index(usize::from(number) - 1)).unwrap() + 1),
                    None => {
                        let seen: Vec<u8> = (1..number).filter(|other| knows & (1 << other) != 0).collect();
                        check(number, &format!("2026-11-{date:02}"), found, &seen)
                    }
                }
            };
            told.into_iter().map(entry).collect()
        })
    }

    proptest! {
        #[test]
        fn what_stands_of_any_history_is_the_same_in_any_order_of_arrival(
            (history, arrived) in histories().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            known in prop_oneof![Just(S::EnrolledHere), Just(S::SuspectedDropout), Just(S::LostContact)],
        ) {
            let keys = |checks: &[CheckEntry]| standing(checks).iter().map(|check| check.entry).collect::<Vec<_>>();
            prop_assert_eq!(keys(&history), keys(&arrived));
            prop_assert_eq!(last(&history), last(&arrived));
            prop_assert_eq!(differ(&history), differ(&arrived));
            let dossier = |checks| Dossier { statuses: vec![status(1, known, true, &[])], checks, ..Dossier::default() };
            let (one, other) = (dossier(history.clone()), dossier(arrived));
            prop_assert_eq!(contradicts_status(&one), contradicts_status(&other));
            prop_assert_eq!(one.status(), known, "no check changes a status");
            // What nobody took back or replaced is never lost.
            for check in history.iter().filter(|check| check.form.withdraws.is_none()) {
                let by = |other: &&CheckEntry| {
                    other.form.withdraws == Some(check.entry)
                        || (other.form.withdraws.is_none() && other.seen.contains(&check.entry))
                };
                prop_assert!(keys(&history).contains(&check.entry) || history.iter().any(|other| by(&other)));
            }
        }
    }

    #[test]
    fn a_child_found_otherwise_is_work_until_somebody_who_knows_of_it_records_a_status() {
        let mut dossier = Dossier {
            statuses: vec![status(1, S::EnrolledHere, true, &[])],
            checks: vec![check(9, "2026-11-24", F::NotInSchool, &[])],
            ..Dossier::default()
        };
        assert!(contradicts_status(&dossier));
        assert_eq!(dossier.status(), S::EnrolledHere, "no check makes anybody a dropout");
        // Somebody records the old status without having heard of the check: the question stays.
        dossier.statuses.push(status(2, S::EnrolledHere, false, &[1]));
        assert!(contradicts_status(&dossier));
        dossier.statuses.push(status(3, S::EnrolledHere, false, &[1, 2, 9]));
        assert!(!contradicts_status(&dossier), "somebody has looked, and says that the child is at school");
        dossier.checks.push(check(10, "2026-11-25", F::Away, &[9]));
        assert!(contradicts_status(&dossier), "a newer check asks anew");
    }

    #[test]
    fn what_agrees_is_no_work() {
        for (found, region, status) in [
            (F::AtSchool, None, S::EnrolledHere),
            (F::AtSchool, None, S::EnrolledElsewhere),
            (F::AtHome, None, S::EnrolledHere),
            (F::AtHome, None, S::NotYetAge),
            (F::NotInSchool, None, S::SuspectedDropout),
            (F::NotInSchool, None, S::NotYetAge),
            (F::NotInSchool, None, S::HomeTeaching),
            (F::NotInSchool, None, S::GraduatedG9),
            (F::Away, Some(StudyRegion::County), S::EnrolledCounty),
            (F::Away, Some(StudyRegion::Country), S::EnrolledElsewhere),
            (F::Unknown, None, S::EnrolledHere),
        ] {
            assert!(!is_otherwise(found, region, status, Some(10)), "{found:?} {status:?}");
        }
        assert!(!is_otherwise(F::NotInSchool, None, S::Unverified, Some(4)), "a child of four need not be at school");
    }

    #[test]
    fn what_cannot_both_be_true_is_work() {
        for (found, region, status) in [
            (F::AtSchool, None, S::SuspectedDropout),
            (F::AtSchool, None, S::Suspended),
            (F::AtHome, None, S::LostContact),
            (F::AtHome, None, S::Deceased),
            (F::NotInSchool, None, S::EnrolledHere),
            (F::NotInSchool, None, S::Unverified),
            (F::Away, None, S::EnrolledHere),
            (F::Away, Some(StudyRegion::Country), S::EnrolledCounty),
            (F::Away, Some(StudyRegion::Country), S::LostContact),
        ] {
            assert!(is_otherwise(found, region, status, Some(10)), "{found:?} {status:?}");
        }
    }
}
