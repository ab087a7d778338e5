//! The county's settings: read by all, edited by those who may, looked at before they are saved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::casework::CaseLineView;
use super::children::{self, ChildRow};
use super::transition_settings::{self, TransitionYearView};
use super::version_settings::{VersionView, versions};
use crate::app::casework::Casework;
use crate::app::county_preview::{self, Preview};
use crate::app::county_settings;
use crate::app::device::Device;
use crate::domain::code_list;
use crate::domain::county::County;
use crate::domain::county_edit::CountyEdit;
use crate::domain::doc::county::ContestedEntry;
use crate::domain::duty::DutyGrid;
use crate::domain::edit_difference::{EvidenceDifference, HomeTeachingDifference, TransitionDifference};
use crate::domain::evidence_rules::EvidenceRules;
use crate::domain::home_teaching::HomeTeachingQuota;
use crate::domain::rule_set::{RuleSet, RuleStep};
use crate::domain::setting_mistake::SettingMistake;
use crate::domain::time::{Day, Timestamp};
use crate::error::{ErrorCode, Failure, Result};
use crate::store::casework::CaseLine;

/// The settings.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CountySettings {
    /// The person may edit them.
    pub may_edit: bool,
    /// Today.
    pub today: Day,
    /// The county as it stands.
    pub county: County,
    /// The rule sets, newest first by the day from which they hold.
    pub rules: Vec<VersionView<RuleSet>>,
    /// Cases on this device that are open under a rule set, by its name.
    pub open_cases: BTreeMap<String, u32>,
    /// Which proofs are asked for, newest first by the day from which they hold.
    pub evidence: Vec<VersionView<EvidenceRules>>,
    /// How much home teaching there must be, newest first by the day from which it holds.
    pub home_teaching: Vec<VersionView<HomeTeachingQuota>>,
    /// The county has told no term of this school year: it is reckoned by defaults.
    pub calendar_is_default: bool,
    /// The days of school transition, year by year.
    pub transitions: Vec<TransitionYearView>,
    /// Entries that people changed without knowing of each other.
    pub contested: Vec<ContestedView>,
    /// Lists whose wording is the county's.
    pub worded_lists: Vec<String>,
}

/// An entry at which several texts stand.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ContestedView {
    /// Its root map: `places`, `calendar`.
    pub root: String,
    /// Its key.
    pub key: String,
    /// What it is about, as people call it.
    pub name: String,
    /// What was written, what holds first.
    pub values: Vec<ContestedValue>,
}

/// What one person wrote.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ContestedValue {
    /// The text, by which it is chosen.
    pub json: String,
    /// Only what differs, by field.
    pub fields: BTreeMap<String, String>,
    /// The entry was taken away.
    pub gone: bool,
    /// Who.
    pub person_name: String,
    /// When, by that device's clock.
    pub at: Timestamp,
    /// It holds as long as nobody chooses.
    pub holds: bool,
}

/// An edit, to be looked at or saved.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct EditCounty {
    /// It.
    pub edit: CountyEdit,
}

/// Chooses among what several wrote.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SettleCounty {
    /// The entry's root map.
    pub root: String,
    /// Its key.
    pub key: String,
    /// The text that is chosen.
    pub json: String,
}

/// What an edit would change.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CountyEditPreview {
    /// The edit as it would be saved.
    pub edit: CountyEdit,
    /// Why it cannot be saved; empty when it can.
    pub mistakes: Vec<SettingMistake>,
    /// Cases on this device that are open now.
    pub open_cases: u32,
    /// Those of them of which something would be different.
    pub moved_cases: u32,
    /// The first of these.
    pub moved: Vec<MovedCaseView>,
    /// Days that would be school days, and were none.
    pub days_added: Vec<Day>,
    /// Days that would be none any more.
    pub days_removed: Vec<Day>,
    /// Steps of the ladder that differ from what holds until then.
    pub steps: Vec<StepDifferenceView>,
    /// The version that holds until then, and under which open cases go on.
    pub held_until: Option<String>,
    /// Dossiers on this device that lie in the place or school.
    pub children_here: u32,
    /// What other rules of evidence would change.
    pub evidence: Option<EvidenceDifference>,
    /// What another quota of home teaching would change.
    pub home_teaching: Option<HomeTeachingDifference>,
    /// Years of school transition that would have other days.
    pub transitions: Vec<TransitionDifference>,
}

/// A case of which something would be different.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MovedCaseView {
    /// The child.
    pub child: ChildRow,
    /// As it stands.
    pub before: CaseLineView,
    /// As it would stand.
    pub after: CaseLineView,
}

/// A step of the ladder that differs.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct StepDifferenceView {
    /// As it is; none: it is new.
    pub before: Option<RuleStep>,
    /// As it would be; none: it goes.
    pub after: Option<RuleStep>,
}

/// One rule set.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OneRuleSet {
    /// Its name: `tongjiang-1357@1`.
    pub name: String,
}

/// The text of a rule set's file.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ReadRuleSet {
    /// JSON, as an export has it.
    pub text: String,
}

/// A rule set that was read from a file.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RuleSetRead {
    /// It.
    pub set: RuleSet,
}

/// Cases of which something would be different that a preview lists.
const MOVED_MAX: usize = 50;
/// The largest file of a rule set.
const RULE_FILE_BYTES_MAX: usize = 256 * 1024;

/// The settings as they stand.
pub(super) fn view(device: &Device) -> Result<CountySettings> {
    let county = device.county();
    let today = device.environment.now().day();
    Ok(CountySettings {
        may_edit: county_settings::may_edit(device),
        today,
        rules: versions(&county.rule_sets(), county.rules.is_empty(), today),
        open_cases: open_cases(device)?,
        evidence: versions(&county.evidence_rules(), county.evidence.is_empty(), today),
        home_teaching: versions(&county.home_teaching_versions(), county.home_teaching.is_empty(), today),
        calendar_is_default: county.calendar.of_school(None).is_default_on(today),
        transitions: transition_settings::years(&county, today)?,
        contested: contested(device, &county)?,
        county: County {
            duty: DutyGrid::default(),
            evidence: Vec::new(),
            home_teaching: Vec::new(),
            looks: Vec::new(),
            ..County::clone(&county)
        },
        worded_lists: code_list::WORDED_LISTS.iter().map(|list| (*list).to_owned()).collect(),
    })
}

/// Cases on this device that are open, by the rule set that they began under.
fn open_cases(device: &Device) -> Result<BTreeMap<String, u32>> {
    let casework = Casework::of(device);
    let mut open: BTreeMap<String, u32> = BTreeMap::new();
    for (child, facts) in device.store.reading().all_casework()? {
        let last = casework.cases(&facts, &child.leaves).pop().filter(|case| case.phase.is_open());
        if let Some(case) = last {
            let count = open.entry(case.rule).or_default();
            *count = count.saturating_add(1);
        }
    }
    Ok(open)
}

fn contested(device: &Device, county: &County) -> Result<Vec<ContestedView>> {
    let reading = device.store.reading();
    let mut views = Vec::new();
    for ContestedEntry { root, key, values } in county_settings::contested(device)? {
        let objects: Vec<serde_json::Value> =
            values.iter().map(|value| serde_json::from_str(&value.json).unwrap_or_default()).collect();
        let mut shown = Vec::new();
        for (value, object) in values.into_iter().zip(&objects) {
            shown.push(ContestedValue {
                fields: differing(object, &objects),
                gone: object.is_null(),
                person_name: reading.person_name_of_actor(&value.actor)?.unwrap_or_default(),
                json: value.json,
                at: value.at,
                holds: value.holds,
            });
        }
        views.push(ContestedView { name: name_of(county, &root, &key), root, key, values: shown });
    }
    Ok(views)
}

/// The fields in which an object differs from one of the others, as text.
fn differing(object: &serde_json::Value, all: &[serde_json::Value]) -> BTreeMap<String, String> {
    let Some(fields) = object.as_object() else { return BTreeMap::new() };
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(list) => {
            let parts = list.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned));
            parts.collect::<Vec<_>>().join("、")
        }
        other => other.to_string(),
    };
    fields
        .iter()
        .filter(|(key, value)| all.iter().any(|other| !other.is_null() && other.get(key.as_str()) != Some(*value)))
        .map(|(key, value)| (key.clone(), text(value)))
        .collect()
}

fn name_of(county: &County, root: &str, key: &str) -> String {
    let place = || county.places.iter().find(|place| place.code.as_str() == key).map(|place| place.name.clone());
    let school = || county.schools.iter().find(|school| school.code.0 == key).map(|school| school.name.clone());
    let found = match root {
        "places" => place(),
        "schools" => school(),
        _ => None,
    };
    found.unwrap_or_else(|| key.rsplit('/').next().unwrap_or(key).to_owned())
}

/// What an edit would change.
pub(super) fn preview(device: &Device, edit: CountyEdit) -> Result<CountyEditPreview> {
    let Preview {
        edit,
        mistakes,
        open_cases,
        moved,
        days_added,
        days_removed,
        steps,
        held_until,
        children_here,
        evidence,
        home_teaching,
        transitions,
    } = county_preview::preview(device, edit)?;
    let rules = edit.applied(&device.county()).rule_sets();
    // Who sees counts only gets the count.
    let shown = if device.author.rights.role.sees_names() { MOVED_MAX } else { 0 };
    let listed: Vec<_> = moved.iter().take(shown).map(|case| case.child.clone()).collect();
    let rows = children::rows(device, &listed);
    let views = rows.into_iter().zip(&moved).map(|(child, case)| {
        let rule = rules.iter().find(|rules| rules.name() == case.rule);
        MovedCaseView { child, before: line(&case.before, rule), after: line(&case.after, rule) }
    });
    Ok(CountyEditPreview {
        moved_cases: u32::try_from(moved.len()).unwrap_or(u32::MAX),
        moved: views.collect(),
        steps: steps.into_iter().map(|step| StepDifferenceView { before: step.before, after: step.after }).collect(),
        edit,
        mistakes,
        open_cases,
        days_added,
        days_removed,
        held_until,
        children_here,
        evidence,
        home_teaching,
        transitions,
    })
}

pub(super) fn line(line: &CaseLine, rules: Option<&RuleSet>) -> CaseLineView {
    let step = rules.and_then(|rules| rules.step(&line.step));
    CaseLineView {
        phase: line.phase,
        absent_days: line.absent_days,
        zh: step.map_or_else(|| line.step.clone(), |step| step.zh.clone()),
        en: step.map_or_else(|| line.step.clone(), |step| step.en.clone()),
        due_on: line.due_on,
    }
}

/// A rule set as a file: its name and its bytes.
pub(super) fn rule_file(device: &Device, name: &str) -> Result<(String, Vec<u8>)> {
    let sets = device.county().rule_sets();
    let set = sets.iter().find(|set| set.name() == name);
    let set = set.ok_or_else(|| Failure::invalid("name", "unknown"))?;
    let bytes = serde_json::to_vec_pretty(set);
    let bytes = bytes.map_err(|cause| Failure::caused(ErrorCode::Internal, "a rule set as a file", cause))?;
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Ok((format!("rules-{plain}.json"), bytes))
}

/// Reads a rule set from the text of a file. It holds from today at the earliest; nothing is saved.
pub(super) fn read_rule_file(device: &Device, text: &str) -> Result<RuleSetRead> {
    let unreadable = || Failure::invalid("file", "no_rule_set");
    if text.len() > RULE_FILE_BYTES_MAX {
        return Err(unreadable());
    }
    let set: RuleSet = serde_json::from_str(text).map_err(|_| unreadable())?;
    let today = device.environment.now().day();
    Ok(RuleSetRead { set: RuleSet { holds_from: set.holds_from.max(today), ..set } })
}
