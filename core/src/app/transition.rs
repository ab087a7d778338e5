//! The ways of a device's children into the next school today: the fold under the county's days, and with who wrote what.

use std::sync::Arc;

use super::casework::Casework;
use super::device::Device;
use crate::domain::county::County;
use crate::domain::place::{Class, ClassId, Stage};
use crate::domain::time::Day;
use crate::domain::transition::{self, Transition, TransitionFacts};
use crate::domain::transition_rules::{TransitionDates, TransitionRules};
use crate::domain::transition_tasks::{TransitionTask, next_task};
use crate::error::{ErrorCode, Failure, Result};
use crate::store::children::StoredChild;
use crate::store::transition::TransitionWanted;

/// A child on its way.
#[derive(Debug, Clone)]
pub struct OnTheWay {
    /// The child.
    pub child: StoredChild,
    /// Where it stands.
    pub way: Transition,
    /// What is to be done next.
    pub task: Option<TransitionTask>,
}

/// Folds ways of one year into one stage.
pub struct Transitions<'a> {
    device: &'a Device,
    casework: Casework<'a>,
    county: Arc<County>,
    /// Which school the children come to.
    pub into: Stage,
    /// In which year.
    pub year: i16,
    /// When what is due.
    pub dates: TransitionDates,
    /// Today.
    pub today: Day,
}

impl std::fmt::Debug for Transitions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Transitions({:?} {})", self.into, self.year)
    }
}

/// The rules of the app.
///
/// # Errors
/// [`ErrorCode::Internal`] when the program's own rules cannot be read.
pub fn rules() -> Result<&'static TransitionRules> {
    TransitionRules::default_rules().ok_or_else(|| Failure::new(ErrorCode::Internal, "the transition rules"))
}

impl<'a> Transitions<'a> {
    /// Of a device, today; of the year that people work on, where none is named.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] when the program's own rules cannot be read.
    pub fn of(device: &'a Device, into: Stage, year: Option<i16>) -> Result<Self> {
        let county = device.county();
        let today = device.environment.now().day();
        let rules = rules()?;
        let year = year.unwrap_or_else(|| rules.year_on(today));
        let dates = rules.dates(&county.calendar, into, year);
        Ok(Self { device, casework: Casework::of(device), county, into, year, dates, today })
    }

    /// The class is one that the children of this year leave.
    #[must_use]
    pub fn is_leaving(&self, class: &Class) -> bool {
        self.into == Stage::Junior
            && class.stage == Stage::Primary
            && class.entry_year.checked_add(6) == Some(self.year)
    }

    /// The class is one that the children of this year come to.
    #[must_use]
    pub fn is_entered(&self, class: &Class) -> bool {
        class.stage == self.into && class.entry_year == self.year
    }

    /// What the county knows of a class.
    #[must_use]
    pub fn class(&self, id: &ClassId) -> Option<&Class> {
        self.county.schools.iter().flat_map(|school| &school.classes).find(|class| class.id == *id)
    }

    /// All children of the year, in the order of the walk. A child in a class that is entered, of whom nothing is recorded, is not on
    /// the way any more: it came by another one.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn all(&self) -> Result<Vec<OnTheWay>> {
        let classes = self.county.schools.iter().flat_map(|school| &school.classes);
        let wanted = TransitionWanted {
            into: self.into,
            year: self.year,
            classes: classes.filter(|class| self.is_leaving(class)).map(|class| class.id.clone()).collect(),
            born: (self.into == Stage::Primary).then(|| rules().map(|rules| rules.cohort(self.year))).transpose()?,
        };
        let stored = self.device.store.reading().transitions(&wanted)?;
        Ok(stored.into_iter().map(|(child, facts)| self.folded(child, &facts)).collect())
    }

    /// Folds one child's.
    #[must_use]
    pub fn folded(&self, child: StoredChild, facts: &TransitionFacts) -> OnTheWay {
        let way = transition::fold(facts, &|actor| self.casework.doer(actor));
        let task = next_task(self.into, &way, &self.dates, self.today);
        OnTheWay { child, way, task }
    }

    /// The cases of the same look at the store.
    #[must_use]
    pub const fn casework(&self) -> &Casework<'a> {
        &self.casework
    }
}
