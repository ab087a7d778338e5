//! What is planned for one child and how it goes: the plan of a child in difficulty (一人一案, handbook 3.6, 5.5 F07), home teaching
//! with its sessions (送教上门, handbook 5.4), and what the child is good at, likes and takes part in, with the trend of its results
//! (the county's own account: 放大每个学生的闪光点, 考试成绩+发展趋势). Entries that are only ever added.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::actor::Actor;
use super::code_list::{PlanKind, ResultTrend, SchoolingStatus, VisitPurpose};
use super::dossier::{Dossier, VisitRecord};
use super::form_check::{filled, not_after};
use super::home_teaching::{PERIODS_MAX, TaughtAtHome};
use super::identifier::EntryId;
use super::time::{Day, Timestamp};
use crate::error::{Failure, Result};

/// The longest text of one field, in characters.
const TEXT_CHARS_MAX: usize = 1_000;

/// What is filled in; which fields a kind needs, [`PlanForm::validate`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PlanForm {
    /// What it is.
    pub kind: PlanKind,
    /// The day of the session or the review; the day from which a plan holds.
    pub on: Day,
    /// What is to be reached; of a session what was practised.
    #[serde(default)]
    pub goal: String,
    /// What is done for it; of a session how the child took it; of a review how it goes.
    #[serde(default)]
    pub measures: String,
    /// Who does it.
    #[serde(default)]
    pub person: String,
    /// Until when.
    #[serde(default)]
    pub until: Option<Day>,
    /// When people look at it again.
    #[serde(default)]
    pub review_on: Option<Day>,
    /// Periods of a session.
    #[serde(default)]
    pub periods: Option<u8>,
    /// What the child is good at.
    #[serde(default)]
    pub strengths: String,
    /// What it likes.
    #[serde(default)]
    pub interests: String,
    /// Clubs that it takes part in (社团).
    #[serde(default)]
    pub clubs: String,
    /// Results of a term, in the school's words.
    #[serde(default)]
    pub results: String,
    /// Which way they go.
    #[serde(default)]
    pub trend: Option<ResultTrend>,
    /// The plan that a review is of, and that it ends.
    #[serde(default)]
    pub ends: bool,
}

impl PlanForm {
    /// Checks a form.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::FieldMissing`] or [`crate::error::ErrorCode::FieldInvalid`], with the field.
    pub fn validate(&self, today: Day) -> Result<()> {
        if !matches!(self.kind, PlanKind::Plan | PlanKind::HomePlan) {
            not_after(today, self.on, "on")?;
        }
        match self.kind {
            PlanKind::Plan => {
                filled(&self.goal, "goal")?;
                filled(&self.measures, "measures")?;
                filled(&self.person, "person")?;
                // A plan that nobody looks at again is a paper.
                let review = self.review_on.ok_or_else(|| Failure::missing("reviewOn"))?;
                if review < self.on {
                    return Err(Failure::invalid("reviewOn", "before_start"));
                }
            }
            PlanKind::HomePlan => {
                filled(&self.goal, "goal")?;
                filled(&self.person, "person")?;
            }
            PlanKind::Review => {
                filled(&self.measures, "measures")?;
                if !self.ends {
                    self.review_on.ok_or_else(|| Failure::missing("reviewOn"))?;
                }
            }
            PlanKind::Session => {
                filled(&self.goal, "goal")?;
                let periods = self.periods.ok_or_else(|| Failure::missing("periods"))?;
                if periods == 0 || periods > PERIODS_MAX {
                    return Err(Failure::invalid("periods", "out_of_range"));
                }
            }
            PlanKind::Strengths => {
                if [&self.strengths, &self.interests, &self.clubs].iter().all(|text| text.trim().is_empty()) {
                    return Err(Failure::missing("strengths"));
                }
            }
            PlanKind::Results => {
                filled(&self.results, "results")?;
                self.trend.ok_or_else(|| Failure::missing("trend"))?;
            }
        }
        for (field, text) in [
            ("goal", &self.goal),
            ("measures", &self.measures),
            ("person", &self.person),
            ("strengths", &self.strengths),
            ("interests", &self.interests),
            ("clubs", &self.clubs),
            ("results", &self.results),
        ] {
            if text.chars().count() > TEXT_CHARS_MAX {
                return Err(Failure::invalid(field, "too_long"));
            }
        }
        Ok(())
    }
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanEntry {
    /// Its key.
    pub entry: EntryId,
    /// What it says.
    pub form: PlanForm,
    /// Entries of the same subject that its author had seen.
    pub seen: BTreeSet<EntryId>,
    /// Who recorded it.
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
}

/// What stands of the plans of a child. It does not depend on the day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChildPlan {
    /// The plans that no review has ended and no newer one has replaced, each with its reviews in order.
    pub plans: Vec<(PlanEntry, Vec<PlanEntry>)>,
    /// The home-teaching plan: the last one; more than one when people wrote them apart.
    pub home_plans: Vec<PlanEntry>,
    /// Sessions of home teaching, by day.
    pub sessions: Vec<PlanEntry>,
    /// Days of visits whose purpose was home teaching, in their order: each was a session, too, of which nobody wrote the periods.
    pub home_visits: Vec<Day>,
    /// What the child is good at and likes: what the last people wrote.
    pub strengths: Vec<PlanEntry>,
    /// Results, by day.
    pub results: Vec<PlanEntry>,
}

impl ChildPlan {
    /// Folds the entries of a dossier. An entry that its successor's author had seen is replaced; what people wrote apart
    /// stands beside each other.
    #[must_use]
    pub fn of(dossier: &Dossier) -> Self {
        let of_kind = |kind: PlanKind| dossier.plan.iter().filter(move |entry| entry.form.kind == kind);
        let standing = |kind: PlanKind| -> Vec<PlanEntry> {
            let replaced: BTreeSet<EntryId> = of_kind(kind).flat_map(|entry| entry.seen.iter().copied()).collect();
            of_kind(kind).filter(|entry| !replaced.contains(&entry.entry)).cloned().collect()
        };
        let by_day = |kind: PlanKind| {
            let mut entries: Vec<PlanEntry> = of_kind(kind).cloned().collect();
            entries.sort_by_key(|entry| (entry.form.on, entry.entry));
            entries
        };
        let reviews_of = |plan: EntryId| -> Vec<PlanEntry> {
            by_day(PlanKind::Review).into_iter().filter(|review| review.seen.contains(&plan)).collect()
        };
        let home_visit = |visit: &VisitRecord| {
            let started_at = visit.form.started_at.filter(|_| visit.form.purpose == Some(VisitPurpose::HomeTeaching));
            started_at.map(Timestamp::day)
        };
        let mut home_visits: Vec<Day> = dossier.visits.values().filter_map(home_visit).collect();
        home_visits.sort_unstable();
        let plans = standing(PlanKind::Plan).into_iter().map(|plan| {
            let reviews = reviews_of(plan.entry);
            (plan, reviews)
        });
        Self {
            plans: plans.filter(|(_, reviews)| !reviews.iter().any(|review| review.form.ends)).collect(),
            home_plans: standing(PlanKind::HomePlan),
            sessions: by_day(PlanKind::Session),
            home_visits,
            strengths: standing(PlanKind::Strengths),
            results: by_day(PlanKind::Results),
        }
    }

    /// When a plan is to be looked at again: the earliest of all that stand, each by its last review.
    #[must_use]
    pub fn review_due(&self) -> Option<Day> {
        let due = |(plan, reviews): &(PlanEntry, Vec<PlanEntry>)| {
            reviews.last().and_then(|review| review.form.review_on).or(plan.form.review_on)
        };
        self.plans.iter().filter_map(due).min()
    }

    /// What the county's quota is held against ([`super::home_teaching`]), of a child who is taught at home: counted from the last
    /// session, or from the plan's first day, or from that of the status. None of any other child.
    #[must_use]
    pub fn taught_at_home(&self, status: SchoolingStatus, since: Option<Day>) -> Option<TaughtAtHome> {
        if status != SchoolingStatus::HomeTeaching {
            return None;
        }
        let last = self.taught_on().last().copied();
        let began = self.home_plans.iter().map(|plan| plan.form.on).max();
        Some(TaughtAtHome { counted_from: last.or(began).or(since), periods: self.periods() })
    }

    /// The days on which the child was taught at home, in their order: each visit for it, and each session in the plan of a day
    /// on which no such visit is. Who writes both writes of one lesson.
    #[must_use]
    pub fn taught_on(&self) -> Vec<Day> {
        let sessions = self.sessions.iter().map(|session| session.form.on);
        let mut days: Vec<Day> = sessions.filter(|day| !self.home_visits.contains(day)).collect();
        days.extend(&self.home_visits);
        days.sort_unstable();
        days
    }

    /// Days of sessions with their periods.
    #[must_use]
    pub fn periods(&self) -> Vec<(Day, u16)> {
        let periods = |session: &PlanEntry| (session.form.on, session.form.periods.unwrap_or(0).into());
        self.sessions.iter().map(periods).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::calendar::example::day;
    use super::super::home_teaching::{HomeTeachingQuotas, periods_in_half_year};
    use super::super::visit::VisitForm;
    use super::*;

    fn form(kind: PlanKind, on: &str) -> PlanForm {
        PlanForm {
            kind,
            on: day(on),
            goal: "每天到校".to_owned(),
            measures: "结对帮扶".to_owned(),
            person: "李老师".to_owned(),
            until: None,
            review_on: None,
            periods: Some(1),
            strengths: String::new(),
            interests: String::new(),
            clubs: String::new(),
            results: String::new(),
            trend: None,
            ends: false,
        }
    }

    fn entry(number: u8, form: PlanForm, seen: &[u8]) -> PlanEntry {
        let key = |number: u8| EntryId::from_bytes([number; 16]);
        let seen = seen.iter().map(|number| key(*number)).collect();
        PlanEntry { entry: key(number), form, seen, actor: vec![number], at: Timestamp::default() }
    }

    fn plan(entries: Vec<PlanEntry>) -> ChildPlan {
        ChildPlan::of(&Dossier { plan: entries, ..Dossier::default() })
    }

    #[test]
    fn a_plan_that_nobody_will_look_at_again_is_refused() {
        let today = day("2026-11-24");
        let without = form(PlanKind::Plan, "2026-11-24");
        assert_eq!(without.validate(today).unwrap_err().facts["field"], "reviewOn");
        PlanForm { review_on: Some(day("2026-12-24")), ..without.clone() }.validate(today).unwrap();
        let before = PlanForm { review_on: Some(day("2026-11-20")), ..without };
        assert_eq!(before.validate(today).unwrap_err().facts["reason"], "before_start");
        assert_eq!(form(PlanKind::Results, "2026-11-24").validate(today).unwrap_err().facts["field"], "results");
    }

    #[test]
    fn a_review_moves_the_next_one_on_and_the_last_one_ends_the_plan() {
        let first = PlanForm { review_on: Some(day("2026-12-01")), ..form(PlanKind::Plan, "2026-11-01") };
        let mut entries = vec![entry(1, first, &[])];
        assert_eq!(plan(entries.clone()).review_due(), Some(day("2026-12-01")));
        let review = PlanForm { review_on: Some(day("2027-01-10")), ..form(PlanKind::Review, "2026-12-01") };
        entries.push(entry(2, review, &[1]));
        assert_eq!(plan(entries.clone()).review_due(), Some(day("2027-01-10")));
        entries.push(entry(3, PlanForm { ends: true, ..form(PlanKind::Review, "2027-01-10") }, &[1]));
        assert_eq!(plan(entries).review_due(), None);
    }

    #[test]
    fn two_plans_written_apart_both_stand_and_the_earlier_review_is_due() {
        let by = |number: u8, review: &str| {
            entry(number, PlanForm { review_on: Some(day(review)), ..form(PlanKind::Plan, "2026-11-01") }, &[])
        };
        for entries in [[by(1, "2026-12-10"), by(2, "2026-12-01")], [by(2, "2026-12-01"), by(1, "2026-12-10")]] {
            let plan = plan(entries.to_vec());
            assert_eq!((plan.plans.len(), plan.review_due()), (2, Some(day("2026-12-01"))));
        }
    }

    #[test]
    fn a_child_taught_at_home_is_due_a_session_and_its_periods_are_counted_by_half_year() {
        let quotas = HomeTeachingQuotas::of(&[]);
        let status = SchoolingStatus::HomeTeaching;
        let since = Some(day("2026-09-01"));
        let due = |plan: &ChildPlan| plan.taught_at_home(status, since).unwrap().due(&quotas);
        assert_eq!(due(&plan(vec![])), Some(day("2026-09-16")));
        let two = PlanForm { periods: Some(2), ..form(PlanKind::Session, "2027-02-28") };
        let plan = plan(vec![
            entry(3, form(PlanKind::Session, "2027-03-01"), &[]),
            entry(1, form(PlanKind::Session, "2026-11-24"), &[]),
            entry(2, two, &[]),
        ]);
        assert_eq!(due(&plan), Some(day("2027-03-16")));
        assert_eq!(plan.taught_at_home(SchoolingStatus::EnrolledHere, since), None);
        assert_eq!(periods_in_half_year(&plan.periods(), day("2027-01-05")), 3);
        assert_eq!(periods_in_half_year(&plan.periods(), day("2027-03-01")), 1);
    }

    #[test]
    fn a_visit_for_home_teaching_is_a_session_and_who_writes_both_of_one_lesson_has_taught_once() {
        let visit = |number: u8, on: &str, purpose: VisitPurpose| {
            let started_at = Some(day(on).start());
            let form = VisitForm { started_at, purpose: Some(purpose), ..VisitForm::default() };
            let entry = EntryId::from_bytes([number; 16]);
            (entry, VisitRecord { entry, form, actor: vec![number], at: Timestamp::default() })
        };
        let dossier = Dossier {
            visits: BTreeMap::from([
                visit(1, "2026-11-20", VisitPurpose::HomeTeaching),
                visit(2, "2026-11-22", VisitPurpose::HomeTeaching),
                visit(3, "2026-11-23", VisitPurpose::Routine),
            ]),
            plan: vec![
                entry(4, form(PlanKind::Session, "2026-11-20"), &[]),
                entry(5, form(PlanKind::Session, "2026-11-10"), &[]),
            ],
            ..Dossier::default()
        };
        let plan = ChildPlan::of(&dossier);
        assert_eq!(plan.taught_on(), ["2026-11-10", "2026-11-20", "2026-11-22"].map(day));
        let taught = plan.taught_at_home(SchoolingStatus::HomeTeaching, None).unwrap();
        assert_eq!(taught.due(&HomeTeachingQuotas::of(&[])), Some(day("2026-12-07")), "counted from the visit");
        assert_eq!(
            taught.periods,
            [(day("2026-11-10"), 1), (day("2026-11-20"), 1)],
            "of a visit nobody wrote the periods"
        );
    }
}
