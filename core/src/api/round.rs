//! The door-to-door check (摸排): villages with how far each is, households of a village, and the children of one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::axes::{MismatchView, mismatch_view};
use super::dossier::Saved;
use super::timeline::Seen;
use crate::app::device::Device;
use crate::app::record_check;
use crate::domain::check::{self, CheckEntry, CheckForm};
use crate::domain::code_list::{CheckFound, SchoolingStatus, Sex};
use crate::domain::county::Mergers;
use crate::domain::doc::dossier_read;
use crate::domain::identifier::{DocumentId, EntryId};
use crate::domain::ledger::PlaceNames;
use crate::domain::person_name;
use crate::domain::place::{Leaves, PlaceCode};
use crate::domain::round::{self, HouseholdState, RoundBegin, household_state};
use crate::domain::time::{Day, Timestamp};
use crate::domain::two_axes;
use crate::error::{ErrorCode, Failure, Result};
use crate::spreadsheet::writer::{ColumnKind, Table, TableColumn, write_table};
use crate::store::child_search::TermRange;
use crate::store::children::ChildFilter;
use crate::store::round::{RoundRow, VillageCounts};

/// The villages of a round.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RoundView {
    /// The day from which checks count.
    pub begins_on: Day,
    /// What told it.
    pub begin: RoundBegin,
    /// Villages with children on this device, and those that the person answers for.
    pub villages: Vec<RoundVillage>,
}

/// How far a village is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RoundVillage {
    /// The village.
    pub village: PlaceCode,
    /// Its name.
    pub name: String,
    /// Its township's.
    pub township_name: String,
    /// Households with somebody who is asked for.
    pub households: u32,
    /// Those in which all were asked for.
    pub households_asked: u32,
    /// Those in which of all is known.
    pub households_done: u32,
    /// Children who are asked for.
    pub children: u32,
    /// Those who were checked.
    pub checked: u32,
    /// Found away.
    pub away: u32,
    /// Found not in school.
    pub not_in_school: u32,
    /// Of whom nobody could tell.
    pub unknown: u32,
    /// Registered since the round began, and in no roster.
    pub found_anew: u32,
    /// This person may record here.
    pub may_write: bool,
}

/// Asks for the households of a village.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ShowRoundVillage {
    /// The village.
    pub village: PlaceCode,
    /// A part of a name, of the head's name or of a group; empty for all.
    #[serde(default)]
    pub search: String,
}

/// The households of a village.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RoundVillageView {
    /// The day from which checks count.
    pub begins_on: Day,
    /// How far it is.
    pub village: RoundVillage,
    /// Households: those first in which somebody is still to be asked for, by group and head.
    pub households: Vec<HouseholdRow>,
}

/// A household of a village.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HouseholdRow {
    /// Its children; by any of them it is opened.
    pub children: Vec<DocumentId>,
    /// 社(组)
    pub group: String,
    /// The head; empty where nobody knows.
    pub head: String,
    /// Names of its children.
    pub names: Vec<String>,
    /// Children who are still to be asked for.
    pub open: u32,
    /// Of whom nobody could tell.
    pub unknown: u32,
    /// Of whom something does not agree.
    pub mismatches: u32,
    /// How far it is.
    pub state: HouseholdState,
}

/// Asks for the household of a child.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ShowHousehold {
    /// One of its children.
    pub child: DocumentId,
}

/// A household.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HouseholdView {
    /// The village.
    pub village: PlaceCode,
    /// Its name.
    pub village_name: String,
    /// 社(组)
    pub group: String,
    /// The head.
    pub head: String,
    /// Today.
    pub today: Day,
    /// The day from which checks count.
    pub begins_on: Day,
    /// How far it is.
    pub state: HouseholdState,
    /// Its children of 3 to 18 years.
    pub children: Vec<HouseholdChild>,
    /// A child of the next household in which somebody is still to be asked for; none when all were.
    pub next: Option<DocumentId>,
    /// This person may record here.
    pub may_write: bool,
}

/// A child of a household.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HouseholdChild {
    /// The dossier.
    pub document_id: DocumentId,
    /// The name.
    pub name: String,
    /// Sex.
    pub sex: Option<Sex>,
    /// Age in full years today; none where nobody knows the date of birth.
    pub age: Option<u8>,
    /// The school's name and the class's; empty for none.
    pub class_name: String,
    /// The status.
    pub status: SchoolingStatus,
    /// Checks that stand, the one that counts first; more than one when people checked apart.
    pub checks: Vec<CheckView>,
    /// The one that counts is of this round.
    pub is_checked: bool,
    /// What does not agree.
    pub mismatch: Option<MismatchView>,
    /// This person may record of the child.
    pub may_write: bool,
}

/// A check with who made it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CheckView {
    /// Its key.
    pub entry_id: EntryId,
    /// What it says.
    pub form: CheckForm,
    /// Who made it.
    pub person_name: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Records checks of the children of a household.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordChecks {
    /// Each child with how it was found.
    pub checks: Vec<OneCheck>,
}

/// How one child was found.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OneCheck {
    /// The dossier.
    pub document_id: DocumentId,
    /// How.
    pub form: CheckForm,
}

/// Checks that were recorded.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChecksSaved {
    /// When.
    pub saved_at: Timestamp,
    /// What takes them back.
    pub entries: Vec<CheckKey>,
}

/// The key of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CheckKey {
    /// The dossier.
    pub document_id: DocumentId,
    /// The entry.
    pub entry_id: EntryId,
}

/// Takes checks back.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct WithdrawChecks {
    /// Which.
    pub checks: Vec<CheckKey>,
}

/// The most children that a search within a village finds.
const FOUND_MAX: u32 = 2_000;

/// Records checks.
pub(super) fn record(device: &mut Device, request: &RecordChecks) -> Result<ChecksSaved> {
    let checks: Vec<_> = request.checks.iter().map(|one| (one.document_id, one.form.clone())).collect();
    let recorded = record_check::record_checks(device, &checks)?;
    let entries =
        recorded.entries.into_iter().map(|(document_id, entry_id)| CheckKey { document_id, entry_id }).collect();
    Ok(ChecksSaved { saved_at: recorded.saved_at, entries })
}

/// Takes checks back.
pub(super) fn withdraw(device: &mut Device, request: &WithdrawChecks) -> Result<Saved> {
    let checks: Vec<_> = request.checks.iter().map(|one| (one.document_id, one.entry_id)).collect();
    record_check::withdraw_checks(device, &checks).map(|recorded| Saved::at(recorded.saved_at))
}

/// The day from which checks count, today.
fn begin(device: &Device) -> (Day, RoundBegin) {
    round::begins(&device.county().calendar, None, device.environment.now().day())
}

fn in_village(village: &PlaceCode) -> Leaves {
    Leaves { village: Some(village.clone()), class: None }
}

/// The villages of a round.
///
/// # Errors
/// The faults of a store.
pub fn view(device: &Device) -> Result<RoundView> {
    let (begins_on, begin) = begin(device);
    Ok(RoundView { begins_on, begin, villages: villages(device, begins_on)? })
}

/// Villages with children here, and those of the person's scope, in the order of their codes.
fn villages(device: &Device, begins_on: Day) -> Result<Vec<RoundVillage>> {
    let county = device.county();
    let mergers = county.mergers();
    let mut by_village: BTreeMap<PlaceCode, VillageCounts> = BTreeMap::new();
    for counts in device.store.reading().round_counts(begins_on, device.environment.now().day())? {
        let Some(code) = PlaceCode::parse(&counts.village) else { continue };
        match by_village.entry(mergers.place(&code)) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(counts);
            }
            std::collections::btree_map::Entry::Occupied(mut place) => add(place.get_mut(), &counts),
        }
    }
    let own = county.places.iter().filter(|place| place.code.is_village() && place.merged_into.is_none());
    for place in own.filter(|place| device.author.may_write(&in_village(&place.code)).is_ok()) {
        by_village.entry(place.code.clone()).or_insert_with(|| none(place.code.as_str()));
    }
    Ok(by_village.into_iter().map(|(code, counts)| one(device, &code, &counts)).collect())
}

fn none(village: &str) -> VillageCounts {
    VillageCounts {
        village: village.to_owned(),
        households: 0,
        households_asked: 0,
        households_done: 0,
        children: 0,
        checked: 0,
        away: 0,
        not_in_school: 0,
        unknown: 0,
        found_anew: 0,
    }
}

fn add(sum: &mut VillageCounts, counts: &VillageCounts) {
    let put = |into: &mut u32, more: u32| *into = into.saturating_add(more);
    put(&mut sum.households, counts.households);
    put(&mut sum.households_asked, counts.households_asked);
    put(&mut sum.households_done, counts.households_done);
    put(&mut sum.children, counts.children);
    put(&mut sum.checked, counts.checked);
    put(&mut sum.away, counts.away);
    put(&mut sum.not_in_school, counts.not_in_school);
    put(&mut sum.unknown, counts.unknown);
    put(&mut sum.found_anew, counts.found_anew);
}

fn one(device: &Device, code: &PlaceCode, counts: &VillageCounts) -> RoundVillage {
    let county = device.county();
    let names = PlaceNames::of(&county);
    RoundVillage {
        village: code.clone(),
        name: names.place(code.as_str()),
        township_name: code.parent().map(|parent| names.place(parent.as_str())).unwrap_or_default(),
        households: counts.households,
        households_asked: counts.households_asked,
        households_done: counts.households_done,
        children: counts.children,
        checked: counts.checked,
        away: counts.away,
        not_in_school: counts.not_in_school,
        unknown: counts.unknown,
        found_anew: counts.found_anew,
        may_write: device.author.may_write(&in_village(code)).is_ok(),
    }
}

/// The households of a village, children who lie under the codes of what became a part of it among them.
fn households(device: &Device, mergers: &Mergers, village: &PlaceCode) -> Result<Vec<Vec<RoundRow>>> {
    let today = device.environment.now().day();
    let rows = device.store.reading().round_rows(&mergers.codes_of(village), today)?;
    let mut households: Vec<Vec<RoundRow>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        let place = if row.household.is_empty() { None } else { places.get(&row.household).copied() };
        match place.and_then(|place| households.get_mut(place)) {
            Some(household) => household.push(row),
            None => {
                places.insert(row.household.clone(), households.len());
                households.push(vec![row]);
            }
        }
    }
    Ok(households)
}

fn household_row(household: &[RoundRow], begins_on: Day) -> Option<HouseholdRow> {
    let first = household.first()?;
    let count = |is: &dyn Fn(&RoundRow) -> bool| {
        u32::try_from(household.iter().filter(|row| is(row)).count()).unwrap_or(u32::MAX)
    };
    Some(HouseholdRow {
        children: household.iter().map(|row| row.document).collect(),
        group: first.village_group.clone(),
        head: household.iter().map(|row| &row.head).find(|head| !head.is_empty()).cloned().unwrap_or_default(),
        names: household.iter().map(|row| row.name.clone()).collect(),
        open: count(&|row| row.check.found_since(begins_on).is_none()),
        unknown: count(&|row| row.check.found_since(begins_on) == Some(CheckFound::Unknown)),
        mismatches: count(&|row| row.mismatch.is_some()),
        state: household_state(household.iter().map(|row| row.check), begins_on),
    })
}

/// The households of a village.
///
/// # Errors
/// The faults of a store.
pub fn village(device: &Device, request: &ShowRoundVillage) -> Result<RoundVillageView> {
    let (begins_on, _) = begin(device);
    let mergers = device.county().mergers();
    let village = mergers.place(&request.village);
    let households = households(device, &mergers, &village)?;
    let mut rows: Vec<HouseholdRow> = households.iter().filter_map(|one| household_row(one, begins_on)).collect();
    let found = found_by(device, &mergers, &village, &request.search)?;
    let count = |is: &dyn Fn(&HouseholdRow) -> bool| {
        u32::try_from(rows.iter().filter(|row| is(row)).count()).unwrap_or(u32::MAX)
    };
    let children = households.iter().flatten();
    let sum = |is: &dyn Fn(&RoundRow) -> bool| {
        u32::try_from(children.clone().filter(|row| is(row)).count()).unwrap_or(u32::MAX)
    };
    let told = |what| sum(&|row: &RoundRow| row.check.found_since(begins_on) == Some(what));
    let counts = VillageCounts {
        households: count(&|_| true),
        households_asked: count(&|row| row.state != HouseholdState::Open),
        households_done: count(&|row| row.state == HouseholdState::Done),
        children: sum(&|_| true),
        checked: sum(&|row| row.check.found_since(begins_on).is_some()),
        away: told(CheckFound::Away),
        not_in_school: told(CheckFound::NotInSchool),
        unknown: told(CheckFound::Unknown),
        found_anew: sum(&|row| row.opened_on.is_some_and(|on| on >= begins_on)),
        ..none(village.as_str())
    };
    let typed = person_name::matching(&request.search);
    if !typed.is_empty() {
        let has = |text: &str| person_name::matching(text).contains(&typed);
        rows.retain(|row| has(&row.head) || has(&row.group) || row.children.iter().any(|child| found.contains(child)));
    }
    // Stable: within a state they stay by group and head.
    rows.sort_by_key(|row| row.state);
    Ok(RoundVillageView { begins_on, village: one(device, &village, &counts), households: rows })
}

/// Children of a village whom what was typed finds: characters, pinyin, initials, the tail of the ID number.
fn found_by(device: &Device, mergers: &Mergers, village: &PlaceCode, typed: &str) -> Result<BTreeSet<DocumentId>> {
    let Some(terms) = TermRange::of(typed) else { return Ok(BTreeSet::new()) };
    let filter = ChildFilter { terms: Some(terms), places: mergers.codes_of(village), ..ChildFilter::default() };
    let found = device.store.reading().children(&filter, 0, FOUND_MAX)?;
    Ok(found.into_iter().map(|child| child.document).collect())
}

/// The household of a child. Its few dossiers are loaded: it is no list.
///
/// # Errors
/// [`ErrorCode::DocumentNotHere`], the faults of a store.
pub fn household(device: &Device, request: &ShowHousehold) -> Result<HouseholdView> {
    let (begins_on, _) = begin(device);
    let county = device.county();
    let mergers = county.mergers();
    let reading = device.store.reading();
    let not_here = || Failure::new(ErrorCode::DocumentNotHere, "dossier");
    let (lies_in, _) = reading.household_of(request.child)?.ok_or_else(not_here)?;
    let village = mergers.place(&lies_in);
    let households = households(device, &mergers, &village)?;
    let at = households.iter().position(|one| one.iter().any(|row| row.document == request.child));
    let at = at.ok_or_else(not_here)?;
    let rows = households.get(at).ok_or_else(not_here)?;
    let own = household_row(rows, begins_on).ok_or_else(not_here)?;
    let is_open =
        |one: &&Vec<RoundRow>| household_state(one.iter().map(|row| row.check), begins_on) == HouseholdState::Open;
    // Onwards from here, then from the start: so nobody walks back before the end of the village.
    let after = households.iter().skip(at.saturating_add(1)).chain(households.iter().take(at));
    let next = after.filter(is_open).find_map(|one| one.first()).map(|row| row.document);
    let names = PlaceNames::of(&county);
    Ok(HouseholdView {
        village_name: names.place(village.as_str()),
        may_write: device.author.may_write(&in_village(&lies_in)).is_ok(),
        village,
        group: own.group,
        head: own.head,
        today: device.environment.now().day(),
        begins_on,
        state: own.state,
        children: rows.iter().map(|row| child(device, row, &names, begins_on)).collect::<Result<_>>()?,
        next,
    })
}

fn child(device: &Device, row: &RoundRow, names: &PlaceNames<'_>, begins_on: Day) -> Result<HouseholdChild> {
    let today = device.environment.now().day();
    let reading = device.store.reading();
    let document = reading.document_row(row.document)?;
    let document = document.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))?;
    let dossier = dossier_read::read(&reading.document(row.document)?)?;
    let seen = Seen::of(device, row.document)?;
    let class = document.leaves.class.as_ref();
    let mut checks: Vec<CheckView> =
        check::standing(&dossier.checks).into_iter().map(|one| check_view(&seen, one)).collect::<Result<_>>()?;
    checks.reverse();
    Ok(HouseholdChild {
        document_id: row.document,
        name: row.name.clone(),
        sex: Sex::from_key(dossier.value("profile.sex")),
        age: row.birth_date.and_then(|birth| birth.full_years_until(today)),
        class_name: class.map(|id| names.school(id) + &names.class(id, today)).unwrap_or_default(),
        status: row.status,
        checks,
        is_checked: row.check.found_since(begins_on).is_some(),
        mismatch: two_axes::of_dossier(&dossier).map(|kind| mismatch_view(kind, device.author.rights.role)),
        may_write: !reading.has_left(row.document)? && device.author.may_write(&document.leaves).is_ok(),
    })
}

fn check_view(seen: &Seen<'_>, entry: &CheckEntry) -> Result<CheckView> {
    Ok(CheckView {
        entry_id: entry.entry,
        form: entry.form.clone(),
        person_name: seen.person_name(&entry.actor)?,
        at: entry.at,
    })
}

/// The table by village as a spreadsheet.
pub(super) fn spreadsheet(device: &Device) -> Result<(Vec<u8>, u32)> {
    let view = view(device)?;
    let column = |zh: &str, width_chars: u16, kind| TableColumn { header: zh.to_owned(), width_chars, kind };
    let number = |zh: &str| column(zh, 10, ColumnKind::Integer);
    let columns = vec![
        column("乡镇", 14, ColumnKind::Text),
        column("村(社区)", 16, ColumnKind::Text),
        number("户数"),
        number("已摸排户数"),
        number("3-18岁人数"),
        number("已摸排人数"),
        number("外出"),
        number("未上学"),
        number("不清楚"),
        number("新发现"),
    ];
    let rows: Vec<Vec<String>> = view
        .villages
        .iter()
        .map(|one| {
            let mut cells = vec![one.township_name.clone(), one.name.clone()];
            let numbers = [
                one.households,
                one.households_asked,
                one.children,
                one.checked,
                one.away,
                one.not_in_school,
                one.unknown,
                one.found_anew,
            ];
            cells.extend(numbers.iter().map(ToString::to_string));
            cells
        })
        .collect();
    let row_count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let bytes = write_table(&Table {
        title: Some(format!("摸排进度({} 起)", view.begins_on)),
        sheet_name: "摸排进度".to_owned(),
        columns,
        rows,
        frozen_columns: 2,
    })?;
    Ok((bytes, row_count))
}
