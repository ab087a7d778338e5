//! Whose turn it is with a child on its way into the next school: the primary lists and hands over, the junior registers, the
//! primary verifies the others, the junior persuades who has not come (handbook 7.1, 7.3). Done by doing the thing.

use serde::Serialize;
use ts_rs::TS;

use super::code_list::TransitionDestination;
use super::place::Stage;
use super::role::Role;
use super::time::Day;
use super::transition::{Transition, TransitionState, is_received};
use super::transition_rules::TransitionDates;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TransitionTaskKind {
    /// Two people said different things: look, and say which it is.
    Settle,
    /// Persuade: the child has not come. Its case says which step is due.
    Persuade,
    /// Put the child on the list.
    List,
    /// Settle where it goes, with the parent's signature.
    Decide,
    /// Hand it over, signed by both schools.
    HandOver,
    /// Say whether it has come.
    Register,
    /// Find out where it is, and bring the proof.
    Verify,
    /// Move the student record.
    MoveRecord,
    /// Say of a class who has come back after the holidays.
    ClassBack,
}

/// Which of the two schools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Side {
    /// The school that the child comes from.
    From,
    /// The school that it comes to.
    To,
}

/// What is to be done, by whom, until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TransitionTask {
    /// What.
    pub kind: TransitionTaskKind,
    /// Whose turn it is: which school's.
    pub side: Side,
    /// And who there.
    pub owner: Role,
    /// Until when.
    pub due_on: Day,
}

/// What is to be done next with a child on its way into a school of this stage; none before the list is opened, before its day
/// has come, or when all is there.
#[must_use]
pub fn next_task(into: Stage, child: &Transition, dates: &TransitionDates, today: Day) -> Option<TransitionTask> {
    use TransitionState as S;
    use TransitionTaskKind as K;
    let task = |kind, side, owner, due_on| Some(TransitionTask { kind, side, owner, due_on });
    // Nobody teaches those who are to enter grade 1: the township has them enter (Compulsory Education Law, art. 13).
    let sender = if into == Stage::Primary { Role::TownshipOfficer } else { Role::ClassTeacher };
    if today < dates.opens {
        return None;
    }
    let destination = child.list().and_then(|form| form.destination);
    let has_page = child.listed.iter().any(|one| one.entry.has_pages || !one.entry.form.signers.trim().is_empty());
    match child.state {
        S::Contradicts => task(K::Settle, Side::From, sender, today),
        S::NoShow => task(K::Persuade, Side::To, Role::ClassTeacher, dates.no_show_list),
        S::NotListed => task(K::List, Side::From, sender, dates.list_by),
        S::Undecided => task(K::Decide, Side::From, sender, dates.list_by),
        // Confirmed with the parent's signature (handbook 7.3).
        S::Listed if !has_page => task(K::Decide, Side::From, sender, dates.list_by),
        S::Listed if destination.is_some_and(is_received) => {
            task(K::HandOver, Side::From, Role::TownshipOfficer, dates.hand_over_by)
        }
        S::Listed if today < dates.registration && destination != Some(TransitionDestination::Suspended) => None,
        S::Listed => task(K::Verify, Side::From, sender, dates.record_moved_by),
        S::HandedOver if today < dates.registration => None,
        // Until the list of who has not come is due the receiving school says it; then the sending one looks, too.
        S::HandedOver => task(K::Register, Side::To, Role::ClassTeacher, dates.no_show_list),
        S::Arrived if child.closed_on.is_none() => {
            task(K::MoveRecord, Side::To, Role::RecordsClerk, dates.record_moved_by)
        }
        S::Arrived | S::Elsewhere | S::Approved => None,
    }
}
