//! The way of children into the next school: a class's list with whose turn it is, and what is recorded of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::casework::is_mine;
use super::children::{self, ChildRow};
use crate::app::device::Device;
use crate::app::record_transition::{TransitionRecorded, record_transition};
use crate::app::transition::{OnTheWay, Transitions};
use crate::domain::code_list::TransitionEntryKind;
use crate::domain::identifier::{DocumentId, DraftId, EntryId};
use crate::domain::ledger::PlaceNames;
use crate::domain::place::{ClassId, SchoolCode, Stage};
use crate::domain::time::{Day, Timestamp};
use crate::domain::transition::{Standing, TransitionForm, TransitionState, may_record};
use crate::domain::transition_balance::{From, breaks};
use crate::domain::transition_rules::TransitionDates;
use crate::domain::transition_tasks::{Side, TransitionTask, TransitionTaskKind};
use crate::error::Result;
use crate::store::children::StoredChild;

/// Asks for children on their way.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ShowTransition {
    /// Which school they come to.
    pub into: Stage,
    /// In which year; none: the year that people work on.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub year: Option<i16>,
    /// Only of this class, whether they leave it or come to it.
    #[serde(default)]
    pub class: Option<ClassId>,
    /// Only who comes from here, by the key of a balance's row.
    #[serde(default)]
    pub from: Option<String>,
    /// And goes to this school; empty: to none of the county. Only together with `from`.
    #[serde(default)]
    pub to: Option<SchoolCode>,
    /// Only those for whom the balance is red.
    #[serde(default)]
    pub only_breaking: bool,
}

/// Children on their way.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TransitionView {
    /// Which school they come to.
    pub into: Stage,
    /// In which year.
    #[ts(type = "number")]
    pub year: i16,
    /// When what is due.
    pub dates: TransitionDates,
    /// Today.
    pub today: Day,
    /// The class, where one was asked for: school and name.
    pub class_name: String,
    /// This class is the one that children leave: its school lists, hands over and verifies.
    pub is_leaving: bool,
    /// The classes of the year that have children on this device, those that are left first.
    pub classes: Vec<ListedClass>,
    /// The children, in the order of the walk.
    pub rows: Vec<TransitionRow>,
    /// What this person's role may record.
    pub may_record: Vec<TransitionEntryKind>,
    /// The schools that receive, with their classes of the year.
    pub receiving: Vec<ReceivingSchool>,
}

/// A class of the year.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ListedClass {
    /// Its id.
    pub id: ClassId,
    /// School and class in words.
    pub name: String,
    /// Its children leave it; else they come to it.
    pub leaving: bool,
    /// How many of them are on this device.
    pub count: u32,
}

/// A school that receives.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ReceivingSchool {
    /// Its code.
    pub code: SchoolCode,
    /// Its name.
    pub name: String,
    /// Its classes of the year: id and name.
    pub classes: Vec<ReceivingClass>,
}

/// A class of the year.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ReceivingClass {
    /// Its id.
    pub id: ClassId,
    /// Its name.
    pub name: String,
}

/// A child on its way.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TransitionRow {
    /// The child.
    pub child: ChildRow,
    /// Where it stands.
    pub state: TransitionState,
    /// What is to be done next.
    pub task: Option<TransitionTaskView>,
    /// The balance is red for this child.
    pub breaks: bool,
    /// Two answers of the same matter stand: a person must judge.
    pub waits: bool,
    /// As it stands on the list.
    pub list: Option<TransitionForm>,
    /// Where it comes from, in words.
    pub from_name: String,
    /// Where it goes, in words.
    pub to_name: String,
    /// Handed over on this day.
    pub handed_over_on: Option<Day>,
    /// Signed by.
    pub signers: String,
    /// What stands of where it is: one as a rule.
    pub whereabouts: Vec<ToldView>,
    /// A return was registered in its case.
    pub returned_on: Option<Day>,
    /// Its record was moved.
    pub record_moved_on: Option<Day>,
    /// Who answers: 包核.
    pub tracker_primary: String,
    /// Who answers: 包劝.
    pub tracker_junior: String,
    /// Everything is there.
    pub closed_on: Option<Day>,
}

/// An entry with who wrote it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ToldView {
    /// Its key, for taking it back.
    pub entry_id: EntryId,
    /// What it says.
    pub form: TransitionForm,
    /// Who recorded it.
    pub person_name: String,
    /// When.
    pub at: Timestamp,
}

/// What is to be done of a child.
#[derive(Debug, Clone, Copy, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TransitionTaskView {
    /// What.
    pub kind: TransitionTaskKind,
    /// Which school's turn it is.
    pub side: Side,
    /// Who there.
    pub owner: crate::domain::role::Role,
    /// Until when.
    pub due_on: Day,
    /// It is this person's turn.
    pub mine: bool,
    /// Its day is past.
    pub overdue: bool,
}

/// Records one thing of one child, or of many alike.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordTransition {
    /// The dossiers.
    pub document_ids: Vec<DocumentId>,
    /// What is recorded.
    pub form: TransitionForm,
    /// The draft of its photographed pages.
    #[serde(default)]
    pub pages: Option<DraftId>,
}

/// It is saved.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TransitionSaved {
    /// The entries, for taking them back.
    pub entries: Vec<TransitionSavedEntry>,
    /// When it was committed on this device.
    pub saved_at: Timestamp,
}

/// One of them.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TransitionSavedEntry {
    /// The dossier.
    pub document_id: DocumentId,
    /// The entry.
    pub entry_id: EntryId,
}

/// Children of one list that are shown: more than any class has.
const ROWS_MAX: usize = 500;

/// Records.
pub(super) fn record(device: &mut Device, request: &RecordTransition) -> Result<TransitionSaved> {
    let recorded = record_transition(device, &request.document_ids, &request.form, request.pages)?;
    let saved_at = recorded.first().map_or_else(|| device.environment.now(), |one| one.saved_at);
    let entry = |one: &TransitionRecorded| TransitionSavedEntry { document_id: one.document, entry_id: one.entry };
    Ok(TransitionSaved { entries: recorded.iter().map(entry).collect(), saved_at })
}

/// Where a child comes from, for the balance: its class, or what it was listed as.
pub(super) fn comes_from(one: &OnTheWay, names: &PlaceNames<'_>) -> From {
    let own = || one.child.leaves.class.clone().filter(|_| one.way.listed.is_empty());
    match one.way.from_class().cloned().or_else(own) {
        Some(class) => From::Class(class),
        None => {
            let told = one.way.list().map(|form| form.from_name.clone()).filter(|name| !name.is_empty());
            From::Named(told.unwrap_or_else(|| names.village(&one.child.leaves)))
        }
    }
}

/// The key of a row of the balance.
pub(super) fn from_key(from: &From) -> String {
    match from {
        From::Class(class) => class.0.clone(),
        From::Named(name) => format!("={name}"),
    }
}

/// Where children come from, in words.
pub(super) fn from_name(from: &From, names: &PlaceNames<'_>, day: Day) -> String {
    match from {
        From::Class(class) => format!("{} {}", names.school(class), names.class(class, day)),
        From::Named(name) => name.clone(),
    }
}

/// A school's name by its code.
pub(super) fn school_name(device: &Device, code: &SchoolCode) -> String {
    let county = device.county();
    let known = county.schools.iter().find(|school| school.code == *code);
    known.map_or_else(|| code.0.clone(), |school| school.name.clone())
}

/// A child's task as this person sees it.
pub(super) fn task_view(task: TransitionTask, role: crate::domain::role::Role, today: Day) -> TransitionTaskView {
    TransitionTaskView {
        kind: task.kind,
        side: task.side,
        owner: task.owner,
        due_on: task.due_on,
        mine: is_mine(role, task.owner),
        overdue: task.due_on < today,
    }
}

/// The class that a child's turn is with: the one that it leaves, or the one that it comes to.
pub(super) fn class_of_task(one: &OnTheWay, side: Side) -> Option<ClassId> {
    let from = || one.way.from_class().cloned().or_else(|| one.child.leaves.class.clone());
    match side {
        Side::From => from(),
        Side::To => one.child.leaves.class.clone(),
    }
}

/// The last day on which the classes that are left had their grade: names are told as of then.
pub(super) fn naming_day(year: i16) -> Day {
    Day(jiff::civil::Date::new(year, 8, 31).unwrap_or(jiff::civil::Date::MIN))
}

/// Children on their way, from projections.
///
/// # Errors
/// The faults of a store.
pub fn view(device: &Device, request: &ShowTransition) -> Result<TransitionView> {
    let transitions = Transitions::of(device, request.into, request.year)?;
    let county = device.county();
    let names = PlaceNames::of(&county);
    let (dates, today, year) = (transitions.dates, transitions.today, transitions.year);
    let mut found = transitions.all()?;
    let classes = listed_classes(&transitions, &found, &names);
    if let Some(class) = &request.class {
        found.retain(|one| {
            let handed_to = one.way.hand_over().and_then(|standing| standing.entry.form.to_class.as_ref());
            one.child.leaves.class.as_ref() == Some(class)
                || one.way.from_class() == Some(class)
                || handed_to == Some(class)
        });
    }
    if let Some(from) = &request.from {
        let to = request.to.clone().filter(|code| !code.0.is_empty());
        found.retain(|one| from_key(&comes_from(one, &names)) == *from && one.way.school() == to);
    }
    if request.only_breaking {
        found.retain(|one| breaks(one.way.state, &dates, today));
    }
    found.truncate(ROWS_MAX);
    let stored: Vec<StoredChild> = found.iter().map(|one| one.child.clone()).collect();
    let role = device.author.rights.role;
    let rows = children::rows(device, &stored).into_iter().zip(&found).map(|(child, one)| {
        let from = from_name(&comes_from(one, &names), &names, naming_day(year));
        row(device, child, one, from, (&dates, today))
    });
    let class = request.class.as_ref();
    let of_year = |class: &&crate::domain::place::Class| transitions.is_entered(class);
    let schools = county.schools.iter().filter(|school| school.merged_into.is_none());
    let receiving = schools.filter(|school| school.classes.iter().any(|class| of_year(&class))).map(|school| {
        let classes = school.classes.iter().filter(of_year).map(|class| ReceivingClass {
            id: class.id.clone(),
            name: names.class(&class.id, naming_day(year).plus_days(1)),
        });
        ReceivingSchool { code: school.code.clone(), name: school.name.clone(), classes: classes.collect() }
    });
    Ok(TransitionView {
        into: transitions.into,
        year,
        dates,
        today,
        class_name: class.map(|class| class_name(&transitions, &names, class)).unwrap_or_default(),
        is_leaving: class.and_then(|class| transitions.class(class)).is_some_and(|class| transitions.is_leaving(class)),
        classes,
        rows: rows.collect(),
        may_record: TransitionEntryKind::ALL.iter().copied().filter(|kind| may_record(role, *kind)).collect(),
        receiving: receiving.collect(),
    })
}

/// School and class in words, as of when the class is left or entered.
pub(super) fn class_name(transitions: &Transitions<'_>, names: &PlaceNames<'_>, class: &ClassId) -> String {
    let entered = transitions.class(class).is_some_and(|class| transitions.is_entered(class));
    let last = naming_day(transitions.year);
    format!("{} {}", names.school(class), names.class(class, if entered { last.plus_days(1) } else { last }))
}

fn listed_classes(transitions: &Transitions<'_>, all: &[OnTheWay], names: &PlaceNames<'_>) -> Vec<ListedClass> {
    let mut counts: BTreeMap<ClassId, u32> = BTreeMap::new();
    for one in all {
        let at = one.child.leaves.class.clone();
        let from = one.way.from_class().cloned().filter(|from| at.as_ref() != Some(from));
        for class in at.into_iter().chain(from) {
            let count = counts.entry(class).or_default();
            *count = count.saturating_add(1);
        }
    }
    let leaving = |id: &ClassId| transitions.class(id).is_some_and(|class| transitions.is_leaving(class));
    let mut classes: Vec<ListedClass> = counts
        .into_iter()
        .map(|(id, count)| {
            let name = class_name(transitions, names, &id);
            ListedClass { leaving: leaving(&id), name, id, count }
        })
        .collect();
    classes.sort_by_key(|class| !class.leaving);
    classes
}

fn told(standing: &Standing) -> ToldView {
    ToldView {
        entry_id: standing.entry.entry,
        form: standing.entry.form.clone(),
        person_name: standing.doer.name.clone(),
        at: standing.entry.at,
    }
}

fn row(
    device: &Device,
    child: ChildRow,
    one: &OnTheWay,
    from_name: String,
    (dates, today): (&TransitionDates, Day),
) -> TransitionRow {
    let way = &one.way;
    let role = device.author.rights.role;
    let first_on = |all: &[Standing]| all.first().map(|standing| standing.entry.form.on);
    let last = |text: &dyn Fn(&TransitionForm) -> &String| {
        let told = way.trackers.iter().rev().map(|standing| text(&standing.entry.form));
        told.filter(|name| !name.is_empty()).map(String::clone).next().unwrap_or_default()
    };
    TransitionRow {
        child,
        state: way.state,
        task: one.task.map(|task| task_view(task, role, today)),
        breaks: breaks(way.state, dates, today),
        waits: way.waits_for_a_person(),
        list: way.list().cloned(),
        from_name,
        to_name: to_name(device, one),
        handed_over_on: first_on(&way.handed_over),
        signers: signers(one),
        whereabouts: way.whereabouts.iter().map(told).collect(),
        returned_on: way.returned_on,
        record_moved_on: first_on(&way.record_moved),
        tracker_primary: last(&|form| &form.tracker_primary),
        tracker_junior: last(&|form| &form.tracker_junior),
        closed_on: way.closed_on,
    }
}

/// Where a child goes, in words.
pub(super) fn to_name(device: &Device, one: &OnTheWay) -> String {
    let mut elsewhere = one.way.whereabouts.iter().map(|standing| &standing.entry.form.school_name);
    let elsewhere = elsewhere.rfind(|name| !name.is_empty()).cloned();
    let school = one.way.school().map(|code| school_name(device, &code));
    let listed = one.way.list().map(|form| form.school_name.clone()).filter(|name| !name.is_empty());
    elsewhere.or(school).or(listed).unwrap_or_default()
}

/// Who signed: all who were told, once each.
pub(super) fn signers(one: &OnTheWay) -> String {
    let mut told: Vec<&str> = one.way.handed_over.iter().map(|standing| standing.entry.form.signers.trim()).collect();
    told.dedup();
    told.join("；")
}
