//! How the versions stand of rules that a county never changes, and what another one would change: the same for ladders, for what
//! evidence asks for, and for the quota of home teaching.

use serde::Serialize;
use ts_rs::TS;

use crate::domain::time::Day;
use crate::domain::version::{Versioned, in_force};

/// A version and how it stands.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct VersionView<T: TS> {
    /// It.
    pub rules: T,
    /// Its name, as entries have it: `tongjiang-1357@2-3f2a91`.
    pub name: String,
    /// How it stands.
    pub standing: RuleStanding,
    /// The last day on which it holds; none: no other follows.
    pub holds_until: Option<Day>,
    /// The county has none of its own: this is the default.
    pub is_default: bool,
}

/// How a version stands today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum RuleStanding {
    /// It holds: cases that begin today begin under it.
    Holds,
    /// It will hold.
    WillHold,
    /// It held; cases that began under it go on under it.
    Held,
    /// Another version that holds from the same day or earlier stands in its place.
    Superseded,
}

/// The versions of rules, the newest first by the day from which they hold.
pub(super) fn versions<T: Versioned + Clone + TS>(known: &[T], is_default: bool, today: Day) -> Vec<VersionView<T>> {
    let views = known.iter().map(|rules| {
        let (standing, holds_until) = standing(known, rules, today);
        VersionView { name: rules.version_name(), standing, holds_until, is_default, rules: rules.clone() }
    });
    let mut views: Vec<_> = views.collect();
    views.sort_by(|one, other| (other.rules.holds_from(), &other.name).cmp(&(one.rules.holds_from(), &one.name)));
    views
}

/// How a version stands among all, and the last day on which it holds.
fn standing<T: Versioned>(versions: &[T], one: &T, today: Day) -> (RuleStanding, Option<Day>) {
    let name = one.version_name();
    let holds_on = |day: Day| in_force(versions, day).is_some_and(|held| held.version_name() == name);
    let standing = if holds_on(today) {
        RuleStanding::Holds
    } else if !holds_on(one.holds_from()) {
        RuleStanding::Superseded
    } else if one.holds_from() > today {
        RuleStanding::WillHold
    } else {
        RuleStanding::Held
    };
    let later = versions.iter().map(Versioned::holds_from).filter(|day| *day > one.holds_from());
    (standing, later.min().map(|day| day.plus_days(-1)))
}
