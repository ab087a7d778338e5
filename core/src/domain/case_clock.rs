//! What folding a child's cases asks of the world (handbook 4): the county's rules, the days of the school, who wrote, and today.

use super::actor::Actor;
use super::calendar::SchoolDays;
use super::case::Doer;
use super::rule_set::RuleSet;
use super::time::Day;

/// What a fold needs besides the facts.
#[derive(Clone, Copy)]
pub struct Clock<'a> {
    /// The county's rule sets, all versions.
    pub rules: &'a [RuleSet],
    /// The days of the child's school.
    pub days: &'a SchoolDays,
    /// Who wrote under an actor, by the verified envelope.
    pub doer: &'a dyn Fn(&Actor) -> Option<Doer>,
    /// Today, in China.
    pub today: Day,
}

impl std::fmt::Debug for Clock<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.today)
    }
}
