//! The balance by class and school (handbook 7.3), and the tasks of a day by class: both from one fold over projections.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::roll::{self, ShowRoll};
use super::transition::{
    class_name, class_of_task, comes_from, from_key, from_name, naming_day, school_name, task_view,
};
use crate::app::device::Device;
use crate::app::transition::Transitions;
use crate::domain::code_list::TransitionEntryKind;
use crate::domain::ledger::PlaceNames;
use crate::domain::place::{ClassId, SchoolCode, Scope, Stage};
use crate::domain::time::Day;
use crate::domain::transition::may_record;
use crate::domain::transition_balance::{Balance, BalanceKey, From, balance};
use crate::domain::transition_rules::TransitionDates;
use crate::domain::transition_tasks::TransitionTaskKind;
use crate::error::Result;

/// Asks for the balance.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ShowTransitionBalance {
    /// Which school the children come to.
    pub into: Stage,
    /// In which year; none: the year that people work on.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub year: Option<i16>,
}

/// The balance.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TransitionBalanceView {
    /// Which school they come to.
    pub into: Stage,
    /// In which year.
    #[ts(type = "number")]
    pub year: i16,
    /// When what is due.
    pub dates: TransitionDates,
    /// Today.
    pub today: Day,
    /// Of all.
    pub total: BalanceCounts,
    /// By class and school: those that are red first, then in the order of schools and classes.
    pub rows: Vec<BalanceRow>,
}

/// A row.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct BalanceRow {
    /// Names where the children come from, to ask for them.
    pub from: String,
    /// In words: school and class, or kindergarten or village.
    pub from_name: String,
    /// The school that they go to; empty: none of the county, or not decided.
    pub to: SchoolCode,
    /// Its name.
    pub to_name: String,
    /// The counts.
    pub counts: BalanceCounts,
}

/// Counts of children; with whether they come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct BalanceCounts {
    /// Still on no list.
    pub not_listed: u32,
    /// Sent.
    pub sent: u32,
    /// Registered at the school that they come to.
    pub arrived: u32,
    /// Registered elsewhere, with proof.
    pub elsewhere: u32,
    /// Suspended or special, approved.
    pub approved: u32,
    /// Not come, and open.
    pub no_show: u32,
    /// Told in two ways.
    pub contradicts: u32,
    /// Sent, and in no account.
    pub difference: u32,
    /// It does not come out, and should by now.
    pub red: bool,
}

/// What is to be done with a class's list: one card for a class and a task.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TransitionCard {
    /// Which school the children come to.
    pub into: Stage,
    /// The class whose turn it is; none: children without a class.
    pub class: Option<ClassId>,
    /// School and class in words.
    pub class_name: String,
    /// What is to be done.
    pub kind: TransitionTaskKind,
    /// With how many children.
    pub count: u32,
    /// Until when.
    pub due_on: Day,
    /// That day is past.
    pub overdue: bool,
    /// It is this person's turn.
    pub mine: bool,
}

fn counts(balance: &Balance, dates: &TransitionDates, today: Day) -> BalanceCounts {
    BalanceCounts {
        not_listed: balance.not_listed,
        sent: balance.sent,
        arrived: balance.arrived,
        elsewhere: balance.elsewhere,
        approved: balance.approved,
        no_show: balance.no_show,
        contradicts: balance.contradicts,
        difference: balance.difference(),
        red: balance.is_red(dates, today),
    }
}

/// The balance, from projections.
///
/// # Errors
/// The faults of a store.
pub fn view(device: &Device, request: &ShowTransitionBalance) -> Result<TransitionBalanceView> {
    let transitions = Transitions::of(device, request.into, request.year)?;
    let county = device.county();
    let names = PlaceNames::of(&county);
    let (dates, today, year) = (transitions.dates, transitions.today, transitions.year);
    let all = transitions.all()?;
    let keyed = all.iter().map(|one| {
        let to = one.way.school();
        (BalanceKey { from: comes_from(one, &names), to }, &one.way)
    });
    let found = balance(keyed);
    let total = found.values().fold(Balance::default(), |sum, one| sum.plus(*one));
    let mut rows: Vec<BalanceRow> = found
        .iter()
        .map(|(key, balance)| BalanceRow {
            from: from_key(&key.from),
            from_name: from_name(&key.from, &names, naming_day(year)),
            to: key.to.clone().unwrap_or_else(|| SchoolCode(String::new())),
            to_name: key.to.as_ref().map(|code| school_name(device, code)).unwrap_or_default(),
            counts: counts(balance, &dates, today),
        })
        .collect();
    rows.sort_by_key(|row| !row.counts.red);
    Ok(TransitionBalanceView {
        into: transitions.into,
        year,
        dates,
        today,
        total: BalanceCounts {
            // One class that does not come out is not made good by another.
            red: rows.iter().any(|row| row.counts.red),
            ..counts(&total, &dates, today)
        },
        rows,
    })
}

/// Of this person's own classes those of which nobody has said yet who is back after the holidays.
fn classes_to_report(device: &Device, names: &PlaceNames<'_>) -> Result<Vec<TransitionCard>> {
    let today = device.environment.now().day();
    let mut cards = Vec::new();
    let scopes = &device.author.rights.scopes;
    let classes = scopes.iter().filter_map(|scope| if let Scope::Class(class) = scope { Some(class) } else { None });
    for class in classes {
        let roll = roll::view(device, &ShowRoll { class: class.clone(), day: None })?;
        let Some(term) = roll.term.filter(|term| term.said.is_empty() && !roll.rows.is_empty()) else { continue };
        // Who is new registers by the list of the way into this school.
        let autumn = i16::from(term.began.0.month() >= 8).checked_mul(term.began.0.year());
        if class.entry_year().is_some_and(|entry| Some(entry) == autumn) {
            continue;
        }
        cards.push(TransitionCard {
            into: Stage::Junior,
            class: Some(class.clone()),
            class_name: format!("{} {}", names.school(class), names.class(class, today)),
            kind: TransitionTaskKind::ClassBack,
            count: u32::try_from(roll.rows.len()).unwrap_or(u32::MAX),
            due_on: term.due_on,
            overdue: term.due_on < today,
            mine: may_record(device.author.rights.role, TransitionEntryKind::ClassBack),
        });
    }
    Ok(cards)
}

/// The day's tasks by class, the most urgent first. A child without a class stands under where it comes from.
pub(super) fn cards(device: &Device) -> Result<Vec<TransitionCard>> {
    let county = device.county();
    let names = PlaceNames::of(&county);
    let role = device.author.rights.role;
    let mut cards: Vec<TransitionCard> = Vec::new();
    for into in [Stage::Junior, Stage::Primary] {
        let transitions = Transitions::of(device, into, None)?;
        let mut found: BTreeMap<(TransitionTaskKind, From), TransitionCard> = BTreeMap::new();
        for one in &transitions.all()? {
            let Some(task) = one.task else { continue };
            let class = class_of_task(one, task.side);
            let at = class.clone().map_or_else(|| comes_from(one, &names), From::Class);
            let shown = task_view(task, role, transitions.today);
            let name = match &at {
                From::Class(class) => class_name(&transitions, &names, class),
                From::Named(name) => name.clone(),
            };
            let card = found.entry((task.kind, at.clone())).or_insert_with(|| TransitionCard {
                into,
                class,
                class_name: name,
                kind: task.kind,
                count: 0,
                due_on: task.due_on,
                overdue: shown.overdue,
                mine: shown.mine,
            });
            card.count = card.count.saturating_add(1);
        }
        cards.extend(found.into_values());
    }
    cards.extend(classes_to_report(device, &names)?);
    cards.sort_by_key(|card| (!card.mine, card.due_on, card.kind));
    Ok(cards)
}
