//! What an edit of the county's settings would change, before it is saved: which cases move, which days, whose evidence.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::casework::Casework;
use super::county_settings::edition;
use super::device::Device;
use super::note_case_changes::line;
use super::transition::{Transitions, rules};
use crate::domain::calendar::{Calendar, SchoolDays};
use crate::domain::code_list::SchoolingStatus;
use crate::domain::county::County;
use crate::domain::county_edit::CountyEdit;
use crate::domain::edit_difference::{EvidenceDifference, HomeTeachingDifference, TransitionDifference};
use crate::domain::evidence::EvidenceFile;
use crate::domain::home_teaching::HomeTeachingQuotas;
use crate::domain::place::{PlaceCode, SchoolCode, Stage};
use crate::domain::rule_set::{RuleStep, in_force};
use crate::domain::setting_mistake::SettingMistake;
use crate::domain::time::Day;
use crate::domain::transition_tasks::next_task;
use crate::domain::version::{self, Versioned};
use crate::error::Result;
use crate::store::casework::CaseLine;
use crate::store::children::{ChildFilter, StoredChild};

/// School days are compared this far ahead, and this far back: a year each way holds every open case and both terms.
const COMPARED_DAYS: i32 = 366;

/// What an edit would change.
#[derive(Debug)]
pub struct Preview {
    /// The edit as it would be saved.
    pub edit: CountyEdit,
    /// Why it cannot be saved; empty when it can.
    pub mistakes: Vec<SettingMistake>,
    /// Cases that are open now.
    pub open_cases: u32,
    /// Those of them of which something would be different.
    pub moved: Vec<MovedCase>,
    /// Days that would be school days, and were none: of the county or of the school that the edit is about.
    pub days_added: Vec<Day>,
    /// Days that would be none any more.
    pub days_removed: Vec<Day>,
    /// Steps of the ladder that differ from the version that holds on the first day of the new one.
    pub steps: Vec<StepDifference>,
    /// The version that holds until then.
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

/// A case that stands otherwise, or is due on another day.
#[derive(Debug)]
pub struct MovedCase {
    /// The child.
    pub child: StoredChild,
    /// The rule set that it goes by.
    pub rule: String,
    /// As it stands.
    pub before: CaseLine,
    /// As it would stand.
    pub after: CaseLine,
}

/// A step that differs.
#[derive(Debug)]
pub struct StepDifference {
    /// As it is; none: it is new.
    pub before: Option<RuleStep>,
    /// As it would be; none: it goes.
    pub after: Option<RuleStep>,
}

/// What an edit would change. Writes nothing.
///
/// # Errors
/// The faults of a store.
pub fn preview(device: &Device, edit: CountyEdit) -> Result<Preview> {
    let today = device.environment.now().day();
    let before = device.county();
    let edit = edit.completed(&before, &edition(device));
    let after = Arc::new(edit.applied(&before));
    let transitions = transition_differences(device, &before, &after)?;
    let (open_cases, moved) = moved_cases(device, &before, &after)?;
    let (days_added, days_removed) = changed_days(&before, &after, &edit, today);
    let mut steps = Vec::new();
    let mut held_until = None;
    if let CountyEdit::RuleSet { set } = &edit {
        let versions = before.rule_sets();
        if let Some(held) = in_force(&versions, set.holds_from) {
            held_until = Some(held.name());
            let differs = |before: Option<&RuleStep>, after: Option<&RuleStep>| {
                (before != after).then(|| StepDifference { before: before.cloned(), after: after.cloned() })
            };
            steps.extend(set.steps.iter().filter_map(|step| differs(held.step(&step.key), Some(step))));
            steps.extend(
                held.steps
                    .iter()
                    .filter_map(|step| differs(Some(step), set.step(&step.key)))
                    .filter(|one| one.after.is_none()),
            );
        }
    }
    let children_here = match &edit {
        CountyEdit::Place { place } => children_in(device, vec![place.code.clone()], Vec::new())?,
        CountyEdit::School { school } => children_in(device, Vec::new(), vec![school.code.clone()])?,
        CountyEdit::RuleSet { .. }
        | CountyEdit::Calendar { .. }
        | CountyEdit::Code { .. }
        | CountyEdit::Method { .. }
        | CountyEdit::Round { .. }
        | CountyEdit::Evidence { .. }
        | CountyEdit::HomeTeaching { .. }
        | CountyEdit::Duty { .. } => 0,
    };
    let mut evidence = None;
    if let CountyEdit::Evidence { rules } = &edit {
        let versions = before.evidence_rules();
        let held = version::in_force(&versions, rules.holds_from);
        held_until = held.map(Versioned::version_name);
        let statuses = held.map(|held| rules.asks_otherwise(held)).unwrap_or_default();
        evidence = Some(evidence_difference(device, &before, &after, rules.holds_from.max(today), statuses)?);
    }
    let mut home_teaching = None;
    if let CountyEdit::HomeTeaching { quota } = &edit {
        held_until = before.home_teaching_quotas().in_force(quota.holds_from).map(Versioned::version_name);
        home_teaching = Some(home_teaching_difference(device, &before, &after, quota.holds_from.max(today))?);
    }
    Ok(Preview {
        mistakes: edit.mistakes(&before, today),
        edit,
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
    })
}

fn children_in(device: &Device, places: Vec<PlaceCode>, schools: Vec<SchoolCode>) -> Result<u32> {
    device.store.reading().count_children(&ChildFilter { places, schools, ..ChildFilter::default() })
}

/// What other rules of evidence change for the children on this device on a day.
fn evidence_difference(
    device: &Device,
    before: &County,
    after: &County,
    on: Day,
    statuses: Vec<SchoolingStatus>,
) -> Result<EvidenceDifference> {
    let (is, would_be) = (before.evidence_versions(), after.evidence_versions());
    let mut difference = EvidenceDifference { statuses, lacking_before: 0, lacking_after: 0, kept: 0 };
    for (_, row) in device.store.reading().ledger_rows(&ChildFilter::default(), 0, u32::MAX)? {
        let (old, new) = (row.evidence(&is, on), row.evidence(&would_be, on));
        let lacks = |file: &EvidenceFile<'_>| file.complete_until().is_none_or(|until| until < on);
        difference.lacking_before = difference.lacking_before.saturating_add(u32::from(lacks(&old)));
        difference.lacking_after = difference.lacking_after.saturating_add(u32::from(lacks(&new)));
        difference.kept = difference.kept.saturating_add(u32::from(would_be.kept_until(new.rules, on).is_some()));
    }
    Ok(difference)
}

/// To how many children on this device somebody must come by a day, under each of two quotas.
fn home_teaching_difference(
    device: &Device,
    before: &County,
    after: &County,
    on: Day,
) -> Result<HomeTeachingDifference> {
    let (is, would_be) = (before.home_teaching_quotas(), after.home_teaching_quotas());
    let mut difference = HomeTeachingDifference { taught: 0, due_before: 0, due_after: 0 };
    for (_, row) in device.store.reading().ledger_rows(&ChildFilter::default(), 0, u32::MAX)? {
        let Some(taught) = row.taught_at_home else { continue };
        let add = |count: &mut u32, counts: bool| *count = count.saturating_add(u32::from(counts));
        let is_due = |quotas: &HomeTeachingQuotas<'_>| taught.due(quotas).is_some_and(|due| due <= on);
        add(&mut difference.taught, true);
        add(&mut difference.due_before, is_due(&is));
        add(&mut difference.due_after, is_due(&would_be));
    }
    Ok(difference)
}

fn moved_cases(device: &Device, before: &Arc<County>, after: &Arc<County>) -> Result<(u32, Vec<MovedCase>)> {
    if before.rules == after.rules && before.calendar == after.calendar {
        return Ok((0, Vec::new()));
    }
    let now = Casework::of(device);
    let then = Casework::under(device, Arc::clone(after));
    let mut open = 0_u32;
    let mut moved = Vec::new();
    for (child, facts) in device.store.reading().all_casework()? {
        let (is, would_be) = (now.cases(&facts, &child.leaves), then.cases(&facts, &child.leaves));
        let is_open = is.last().is_some_and(|case| case.phase.is_open());
        open = open.saturating_add(u32::from(is_open));
        let (before, after) = (line(&is), line(&would_be));
        if before != after && (is_open || would_be.last().is_some_and(|case| case.phase.is_open())) {
            let rule = would_be.last().map(|case| case.rule.clone()).unwrap_or_default();
            moved.push(MovedCase { child, rule, before, after });
        }
    }
    Ok((open, moved))
}

/// School days that come and go with an edit of the calendar: of the county, or of the one school that it is about.
fn changed_days(before: &County, after: &County, edit: &CountyEdit, today: Day) -> (Vec<Day>, Vec<Day>) {
    let CountyEdit::Calendar { put, remove } = edit else { return (Vec::new(), Vec::new()) };
    let of_put = put.terms.iter().map(|term| &term.school);
    let of_put = of_put.chain(put.days.iter().map(|day| &day.school)).chain(put.cycles.iter().map(|one| &one.school));
    let of_removed = remove.iter().filter_map(|key| key.split('/').nth(1)).filter(|school| !school.is_empty());
    let school = of_put.flatten().cloned().chain(of_removed.map(|code| SchoolCode(code.to_owned()))).next();
    let days = |county: &County| -> SchoolDays { county.calendar.of_school(school.as_ref()) };
    let (old, new) = (days(before), days(after));
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for offset in COMPARED_DAYS.saturating_neg()..=COMPARED_DAYS {
        let day = today.plus_days(offset);
        match (old.is_school_day(day), new.is_school_day(day)) {
            (false, true) => added.push(day),
            (true, false) => removed.push(day),
            (true, true) | (false, false) => {}
        }
    }
    (added, removed)
}

/// Years of school transition that would have other days, and how many children's next step is due on another day then.
fn transition_differences(device: &Device, before: &County, after: &County) -> Result<Vec<TransitionDifference>> {
    if before.calendar == after.calendar {
        return Ok(Vec::new());
    }
    let today = device.environment.now().day();
    let rules = rules()?;
    let told = |calendar: &Calendar| {
        let own = calendar.transitions.iter().map(|own| own.year);
        own.chain(calendar.terms.iter().map(|term| term.from.0.year())).collect::<Vec<_>>()
    };
    let mut years = BTreeSet::from([rules.year_on(today)]);
    years.extend(told(&before.calendar));
    years.extend(told(&after.calendar));
    let mut differences = Vec::new();
    for year in years {
        for into in [Stage::Junior, Stage::Primary] {
            let (is, would_be) = (rules.dates(&before.calendar, into, year), rules.dates(&after.calendar, into, year));
            if is == would_be {
                continue;
            }
            let mut difference = TransitionDifference {
                into,
                year,
                before: is,
                after: would_be,
                moved: 0,
                late_before: 0,
                late_after: 0,
            };
            for child in Transitions::of(device, into, Some(year))?.all()? {
                let then = next_task(into, &child.way, &would_be, today);
                let add = |count: &mut u32, counts: bool| *count = count.saturating_add(u32::from(counts));
                add(&mut difference.moved, child.task != then);
                add(&mut difference.late_before, child.task.is_some_and(|task| task.due_on < today));
                add(&mut difference.late_after, then.is_some_and(|task| task.due_on < today));
            }
            differences.push(difference);
        }
    }
    Ok(differences)
}
