//! The cases of a device's children today: the fold with the county's rules and calendar, and with who wrote what.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::device::Device;
use crate::domain::actor::Actor;
use crate::domain::calendar::SchoolDays;
use crate::domain::case::{Case, CaseFacts, CaseTask, Doer};
use crate::domain::case_clock::Clock;
use crate::domain::case_fold;
use crate::domain::case_tasks::roll_questions;
use crate::domain::county::County;
use crate::domain::place::{Leaves, SchoolCode};
use crate::domain::rule_set::{RuleSet, in_force};
use crate::domain::time::Day;
use crate::store::Reading;

/// Folds cases. Made for one look at the store: it keeps what it has asked for.
pub struct Casework<'a> {
    reading: Reading<'a>,
    county: Arc<County>,
    rules: Vec<RuleSet>,
    today: Day,
    days: RefCell<BTreeMap<Option<SchoolCode>, Arc<SchoolDays>>>,
    doers: RefCell<BTreeMap<Actor, Option<Doer>>>,
}

impl std::fmt::Debug for Casework<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Casework({})", self.today)
    }
}

impl<'a> Casework<'a> {
    /// Of a device, today.
    #[must_use]
    pub fn of(device: &'a Device) -> Self {
        Self::under(device, device.county())
    }

    /// Of a device, as it will be on another day if nobody records anything until then.
    #[must_use]
    pub fn on(device: &'a Device, day: Day) -> Self {
        Self { today: day, ..Self::of(device) }
    }

    /// Of a device, today, as if the county were this one: what an edit of its settings would change.
    #[must_use]
    pub fn under(device: &'a Device, county: Arc<County>) -> Self {
        Self {
            reading: device.store.reading(),
            rules: county.rule_sets(),
            county,
            today: device.environment.now().day(),
            days: RefCell::default(),
            doers: RefCell::default(),
        }
    }

    /// Today.
    #[must_use]
    pub const fn today(&self) -> Day {
        self.today
    }

    /// The rule sets, all versions.
    #[must_use]
    pub fn rules(&self) -> &[RuleSet] {
        &self.rules
    }

    /// The rule set of a name: `tongjiang-1357@1`.
    #[must_use]
    pub fn rule_set(&self, name: &str) -> Option<&RuleSet> {
        self.rules.iter().find(|rules| rules.name() == name)
    }

    /// The days of the school that a dossier belongs to.
    #[must_use]
    pub fn days(&self, leaves: &Leaves) -> Arc<SchoolDays> {
        let school = leaves.class.as_ref().map(crate::domain::place::ClassId::school);
        let mut known = self.days.borrow_mut();
        let days =
            known.entry(school.clone()).or_insert_with(|| Arc::new(self.county.calendar.of_school(school.as_ref())));
        Arc::clone(days)
    }

    /// Who wrote under an actor. What cannot be read counts as nobody: it decides nothing.
    #[must_use]
    pub fn doer(&self, actor: &Actor) -> Option<Doer> {
        if let Some(known) = self.doers.borrow().get(actor) {
            return known.clone();
        }
        let doer = self.reading.doer_of_actor(actor).ok().flatten();
        self.doers.borrow_mut().insert(actor.clone(), doer.clone());
        doer
    }

    /// The cases of a child, oldest first.
    #[must_use]
    pub fn cases(&self, facts: &CaseFacts, leaves: &Leaves) -> Vec<Case> {
        self.with_clock(leaves, |clock| case_fold::fold(facts, clock))
    }

    /// What must be asked of the roll, case or no case.
    #[must_use]
    pub fn roll_questions(&self, facts: &CaseFacts, leaves: &Leaves) -> Vec<CaseTask> {
        self.with_clock(leaves, |clock| roll_questions(facts, clock))
    }

    /// The rule set that an entry of this day is recorded under: that of the open case, or the one in force.
    #[must_use]
    pub fn rule_name(&self, cases: &[Case], on: Day) -> String {
        let open = cases.last().filter(|case| case.phase.is_open()).map(|case| case.rule.clone());
        open.or_else(|| in_force(&self.rules, on).map(RuleSet::name)).unwrap_or_default()
    }

    fn with_clock<T>(&self, leaves: &Leaves, work: impl FnOnce(&Clock<'_>) -> T) -> T {
        let days = self.days(leaves);
        let doer = |actor: &Actor| self.doer(actor);
        work(&Clock { rules: &self.rules, days: &days, doer: &doer, today: self.today })
    }
}
