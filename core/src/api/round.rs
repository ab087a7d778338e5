//! The door-to-door check (摸排): villages with how far each is, households of a village, and the children of one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::saved::Saved;
use crate::app::device::Device;
use crate::app::record_village;
use crate::domain::code_list::CheckFound;
use crate::domain::county::Mergers;
use crate::domain::identifier::DocumentId;
use crate::domain::ledger::PlaceNames;
use crate::domain::method::MethodItem;
use crate::domain::person_name;
use crate::domain::place::{Leaves, PlaceCode};
use crate::domain::round::{self, HouseholdState, RoundBegin, household_state};
use crate::domain::time::{Day, Timestamp};
use crate::domain::village_work::{VillageEntry, VillageForm, VillageWork};
use crate::error::Result;
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
    /// The county watches it most closely (重点区域).
    pub key_area: bool,
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
    /// How far it is; more than one where people wrote apart, what counts first.
    pub road: Vec<VillageEntryView>,
    /// Items of the county's working method that are done.
    pub items_done: u32,
    /// Its items; none where the county has not filled them in.
    pub items: u32,
    /// Items of which people say different things.
    pub items_differ: u32,
    /// This person may record here.
    pub may_write: bool,
}

/// An entry of a village.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct VillageEntryView {
    /// What it says.
    pub form: VillageForm,
    /// Who wrote it.
    pub person_name: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// An item of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChecklistItem {
    /// The item, as the county has it.
    pub item: MethodItem,
    /// It is done.
    pub done: bool,
    /// People who did not know of each other say different things: somebody must look.
    pub differs: bool,
    /// What stands of it, what counts first.
    pub entries: Vec<VillageEntryView>,
}

/// Records how far a village is, or that an item is done or not.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordVillage {
    /// The village.
    pub village: PlaceCode,
    /// What.
    pub form: VillageForm,
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
    /// Today.
    pub today: Day,
    /// The county's working method as a checklist; empty until the county fills it in.
    pub checklist: Vec<ChecklistItem>,
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

/// The most children that a search within a village finds.
const FOUND_MAX: u32 = 2_000;

/// The day from which checks count, today.
pub(super) fn begin(device: &Device) -> (Day, RoundBegin) {
    let county = device.county();
    round::begins(&county.calendar, county.round_from, device.environment.now().day())
}

pub(super) fn in_village(village: &PlaceCode) -> Leaves {
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
    let work = device.store.reading().village_work()?;
    by_village.into_iter().map(|(code, counts)| one(device, &code, &counts, work.get(&code))).collect()
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

fn one(device: &Device, code: &PlaceCode, counts: &VillageCounts, work: Option<&VillageWork>) -> Result<RoundVillage> {
    let county = device.county();
    let names = PlaceNames::of(&county);
    let nothing = VillageWork::default();
    let work = work.unwrap_or(&nothing);
    let items = |is: &dyn Fn(&str) -> bool| {
        u32::try_from(county.method.iter().filter(|item| is(&item.key)).count()).unwrap_or(u32::MAX)
    };
    Ok(RoundVillage {
        road: entry_views(device, &work.road)?,
        items_done: items(&|key| work.is_done(key)),
        items: items(&|_| true),
        items_differ: items(&|key| work.differs(key)),
        village: code.clone(),
        name: names.place(code.as_str()),
        township_name: code.parent().map(|parent| names.place(parent.as_str())).unwrap_or_default(),
        key_area: county.key_areas().iter().any(|area| area.holds(code)),
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
    })
}

fn entry_views(device: &Device, entries: &[VillageEntry]) -> Result<Vec<VillageEntryView>> {
    let reading = device.store.reading();
    let view = |entry: &VillageEntry| -> Result<VillageEntryView> {
        Ok(VillageEntryView {
            form: entry.form.clone(),
            person_name: reading.person_name_of_actor(&entry.actor)?.unwrap_or_default(),
            at: entry.at,
        })
    };
    entries.iter().map(view).collect()
}

/// The county's working method with what stands of each item.
fn checklist(device: &Device, work: &VillageWork) -> Result<Vec<ChecklistItem>> {
    let item = |item: &MethodItem| -> Result<ChecklistItem> {
        Ok(ChecklistItem {
            item: item.clone(),
            done: work.is_done(&item.key),
            differs: work.differs(&item.key),
            entries: entry_views(device, work.item(&item.key))?,
        })
    };
    device.county().method.iter().map(item).collect()
}

/// Records how far a village is, or that an item is done or not.
pub(super) fn record_village(device: &mut Device, request: &RecordVillage) -> Result<Saved> {
    record_village::record_village(device, &request.village, &request.form).map(Saved::at)
}

/// The households of a village, children who lie under the codes of what became a part of it among them.
pub(super) fn households(device: &Device, mergers: &Mergers, village: &PlaceCode) -> Result<Vec<Vec<RoundRow>>> {
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

pub(super) fn household_row(household: &[RoundRow], begins_on: Day) -> Option<HouseholdRow> {
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
    let mut work = device.store.reading().village_work()?;
    let work = work.remove(&village).unwrap_or_default();
    Ok(RoundVillageView {
        begins_on,
        today: device.environment.now().day(),
        village: one(device, &village, &counts, Some(&work))?,
        checklist: checklist(device, &work)?,
        households: rows,
    })
}

/// Children of a village whom what was typed finds: characters, pinyin, initials, the tail of the ID number.
fn found_by(device: &Device, mergers: &Mergers, village: &PlaceCode, typed: &str) -> Result<BTreeSet<DocumentId>> {
    let Some(terms) = TermRange::of(typed) else { return Ok(BTreeSet::new()) };
    let filter = ChildFilter { terms: Some(terms), places: mergers.codes_of(village), ..ChildFilter::default() };
    let found = device.store.reading().children(&filter, 0, FOUND_MAX)?;
    Ok(found.into_iter().map(|child| child.document).collect())
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
        number("步行(分钟)"),
        number("路程(米)"),
        column("工作法", 10, ColumnKind::Text),
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
            let road = one.road.first().map(|road| &road.form);
            let text = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
            cells.push(text(road.and_then(|road| road.walk_minutes)));
            cells.push(text(road.and_then(|road| road.distance_m)));
            cells.push(if one.items == 0 { String::new() } else { format!("{}/{}", one.items_done, one.items) });
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
