//! Edits the county's settings: looked at before they are saved, one edit one commit.

use std::sync::Arc;

use super::author::FormKind;
use super::casework::Casework;
use super::device::Device;
use super::note_case_changes::line;
use crate::api::evidence_settings::EvidenceDifference;
use crate::api::sync::DeliveryKind;
use crate::domain::calendar::SchoolDays;
use crate::domain::code_list::SchoolingStatus;
use crate::domain::county::County;
use crate::domain::county_edit::CountyEdit;
use crate::domain::doc::county::{self, ContestedEntry};
use crate::domain::doc::{DocumentKind, county_rights};
use crate::domain::evidence::EvidenceFile;
use crate::domain::place::{PlaceCode, SchoolCode};
use crate::domain::rule_set::{RuleStep, in_force};
use crate::domain::setting_mistake::SettingMistake;
use crate::domain::time::{Day, Timestamp};
use crate::domain::version::{self, Versioned};
use crate::error::{ErrorCode, Failure, Result};
use crate::store::casework::CaseLine;
use crate::store::children::{ChildFilter, StoredChild};
use crate::store::document::DocumentRow;

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

/// Whether the person may edit the settings.
#[must_use]
pub fn may_edit(device: &Device) -> bool {
    county_rights::writes_settings(device.author.rights.role, &device.author.rights.scopes)
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
    })
}

/// Saves an edit.
///
/// # Errors
/// [`ErrorCode::NotAllowed`], [`ErrorCode::FieldInvalid`] with the first mistake's code as its reason,
/// [`ErrorCode::SyncFirst`] before the county has come, the faults of a store.
pub fn save(device: &mut Device, edit: CountyEdit) -> Result<Timestamp> {
    let today = device.environment.now().day();
    let before = device.county();
    let edit = edit.completed(&before, &edition(device));
    if let Some(mistake) = edit.mistakes(&before, today).into_iter().next() {
        return Err(Failure::new(ErrorCode::FieldInvalid, mistake.to_string())
            .fact("field", "settings")
            .fact("reason", mistake.to_string().split(':').next().unwrap_or_default()));
    }
    write(device, |tx| county::write_edit(tx, &before, &edit))
}

/// Entries that people changed without knowing of each other.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`], the faults of a store.
pub fn contested(device: &Device) -> Result<Vec<ContestedEntry>> {
    let Some(row) = document(device)? else { return Ok(Vec::new()) };
    county::contested(&device.store.reading().document(row.id)?)
}

/// Chooses among what several wrote.
///
/// # Errors
/// [`ErrorCode::ConflictGone`], [`ErrorCode::NotAllowed`], the faults of a store.
pub fn settle(device: &mut Device, root: &str, key: &str, json: &str) -> Result<Timestamp> {
    write(device, |tx| county::settle(tx, root, key, json))
}

/// The county document's row; none before it has come.
///
/// # Errors
/// The faults of a store.
pub(super) fn document(device: &Device) -> Result<Option<DocumentRow>> {
    let reading = device.store.reading();
    reading.document_ids(DocumentKind::County)?.first().map_or(Ok(None), |id| reading.document_row(*id))
}

fn write(
    device: &mut Device,
    change: impl FnOnce(&mut super::author::DocumentTransaction<'_>) -> Result<()>,
) -> Result<Timestamp> {
    let row = document(device)?.ok_or_else(|| Failure::new(ErrorCode::SyncFirst, "the county has not come yet"))?;
    let now = device.environment.now();
    let Device { store, author, .. } = &mut *device;
    store.transact(|tx| author.write_form(tx, &row, FormKind::of(DeliveryKind::County), now, change))?;
    device.refresh()?;
    Ok(now)
}

/// Tells two versions apart that two people make without knowing of each other.
fn edition(device: &Device) -> String {
    let random: [u8; 3] = device.environment.random_bytes();
    data_encoding::HEXLOWER.encode(&random)
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
