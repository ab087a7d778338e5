//! The balance that must come out (handbook 7.3): sent = registered here + registered elsewhere with proof + suspended or special,
//! approved + not come and open. By the class that the children come from and the school that they go to.

use std::collections::BTreeMap;

use super::place::{ClassId, SchoolCode};
use super::time::Day;
use super::transition::{Transition, TransitionState};
use super::transition_rules::TransitionDates;

/// From where to where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BalanceKey {
    /// The class that they come from, as its id; or the kindergarten or village, where there is no class.
    pub from: From,
    /// The school of the county that they go to; none: elsewhere, or not decided.
    pub to: Option<SchoolCode>,
}

/// Where children come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum From {
    /// A class.
    Class(ClassId),
    /// A kindergarten or a village, by its name.
    Named(String),
}

/// Counts of children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// Still on no list.
    pub not_listed: u32,
    /// On the list: sent.
    pub sent: u32,
    /// Registered at the school that they come to.
    pub arrived: u32,
    /// Registered elsewhere, with proof.
    pub elsewhere: u32,
    /// Suspended, special, put off: approved.
    pub approved: u32,
    /// Not come, and open.
    pub no_show: u32,
    /// Told in two ways.
    pub contradicts: u32,
    /// Nobody has said anything yet.
    pub silent: u32,
}

impl Balance {
    fn add(&mut self, state: TransitionState) {
        use TransitionState as S;
        let counts: &mut [&mut u32] = match state {
            S::NotListed => &mut [&mut self.not_listed],
            S::Undecided | S::Listed | S::HandedOver => &mut [&mut self.sent, &mut self.silent],
            S::Arrived => &mut [&mut self.sent, &mut self.arrived],
            S::Elsewhere => &mut [&mut self.sent, &mut self.elsewhere],
            S::Approved => &mut [&mut self.sent, &mut self.approved],
            S::NoShow => &mut [&mut self.sent, &mut self.no_show],
            S::Contradicts => &mut [&mut self.sent, &mut self.contradicts],
        };
        for count in counts.iter_mut() {
            **count = count.saturating_add(1);
        }
    }

    /// Adds another one.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            not_listed: self.not_listed.saturating_add(other.not_listed),
            sent: self.sent.saturating_add(other.sent),
            arrived: self.arrived.saturating_add(other.arrived),
            elsewhere: self.elsewhere.saturating_add(other.elsewhere),
            approved: self.approved.saturating_add(other.approved),
            no_show: self.no_show.saturating_add(other.no_show),
            contradicts: self.contradicts.saturating_add(other.contradicts),
            silent: self.silent.saturating_add(other.silent),
        }
    }

    /// How many are sent and in no account: 0 when it comes out.
    #[must_use]
    pub fn difference(&self) -> u32 {
        let accounted = [self.arrived, self.elsewhere, self.approved, self.no_show];
        self.sent.saturating_sub(accounted.into_iter().fold(0, u32::saturating_add))
    }

    /// It does not come out and should by now: told in two ways at any time, on no list after the list's day, without an account
    /// from the day on which who has not come is told.
    #[must_use]
    pub fn is_red(&self, dates: &TransitionDates, today: Day) -> bool {
        self.contradicts > 0
            || (today > dates.list_by && self.not_listed > 0)
            || (today >= dates.no_show_list && self.difference() > 0)
    }
}

/// Whether a child is one of those for whom a balance is red.
#[must_use]
pub fn breaks(state: TransitionState, dates: &TransitionDates, today: Day) -> bool {
    let mut alone = Balance::default();
    alone.add(state);
    alone.is_red(dates, today)
}

/// Counts children by where they come from and go to.
#[must_use]
pub fn balance<'a>(children: impl Iterator<Item = (BalanceKey, &'a Transition)>) -> BTreeMap<BalanceKey, Balance> {
    let mut found: BTreeMap<BalanceKey, Balance> = BTreeMap::new();
    for (key, child) in children {
        found.entry(key).or_default().add(child.state);
    }
    found
}
