//! How the children of an office's level stand, and who may see their names.

use std::collections::BTreeMap;

use super::author::FormKind;
use super::casework::Casework;
use super::county_settings;
use super::device::Device;
use super::note_case_changes::line;
use crate::domain::case::{Case, StepStanding};
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::county;
use crate::domain::duty::{DutyEntry, DutyLine};
use crate::domain::duty_fold::{ChildPlace, Duties};
use crate::domain::identifier::DocumentId;
use crate::domain::look::{LookForm, OfficeWhat};
use crate::domain::place::{Leaves, Scope};
use crate::error::{ErrorCode, Failure, Result};
use crate::store::casework::CaseLine;
use crate::store::duty::ChildPlaceRow;

/// So many children of a list are shown, most urgent first.
const LISTED_MAX: usize = 300;
/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 200;

/// How a child stands.
#[derive(Debug, Clone)]
pub struct ChildStanding {
    /// Where it lies.
    pub place: ChildPlaceRow,
    /// The case in one line; none: there is no open case.
    pub line: Option<RuledLine>,
    /// The child is missing.
    pub missing: bool,
    /// Days by which the most overdue step is late; 0: none is.
    pub late_days: u32,
    /// The evidence file is not whole.
    pub unevidenced: bool,
    /// Nobody is responsible on the government line.
    pub no_government: bool,
    /// Nobody is responsible on the education line.
    pub no_education: bool,
}

/// A case in one line, with the rule set that it goes by.
#[derive(Debug, Clone)]
pub struct RuledLine {
    /// The rule set's name.
    pub rule: String,
    /// The line.
    pub line: CaseLine,
}

impl ChildStanding {
    /// Whether the child belongs to a count.
    #[must_use]
    pub const fn is(&self, what: OfficeWhat) -> bool {
        match what {
            OfficeWhat::Children => true,
            OfficeWhat::Missing => self.missing,
            OfficeWhat::Open => self.line.is_some(),
            OfficeWhat::Late => self.late_days > 0,
            OfficeWhat::Unevidenced => self.unevidenced,
            OfficeWhat::NoGovernment => self.no_government,
            OfficeWhat::NoEducation => self.no_education,
        }
    }
}

/// A list behind a count.
#[derive(Debug)]
pub struct OfficeList {
    /// In all.
    pub total: u32,
    /// The first of them.
    pub children: Vec<ChildStanding>,
}

/// Whether a level lies within what the person answers for. A school lies in the place where it stands.
#[must_use]
pub fn is_within(device: &Device, scope: &Scope) -> bool {
    let county = device.county();
    let school = match scope {
        Scope::School(code) => Some(code.clone()),
        Scope::Class(id) => Some(id.school()),
        Scope::Place(_) => None,
    };
    let stands = school.and_then(|code| county.schools.iter().find(|school| school.code == code));
    let stands = stands.map(|school| Scope::Place(school.township.clone()));
    device.author.rights.scopes.iter().any(|own| {
        crate::domain::duty::lies_in(scope, own)
            || stands.as_ref().is_some_and(|township| crate::domain::duty::lies_in(township, own))
    })
}

/// How the children stand who are counted at a level: those whom somebody looks for, and who are on this device.
///
/// # Errors
/// The faults of a store.
pub fn standings(device: &Device, scope: &Scope) -> Result<Vec<ChildStanding>> {
    let county = device.county();
    let mergers = county.mergers();
    let duties = Duties::of(&county);
    let reading = device.store.reading();
    let casework = Casework::of(device);
    let today = casework.today();
    let mut cases: BTreeMap<DocumentId, Case> = BTreeMap::new();
    for (child, facts) in reading.all_casework()? {
        let last = casework.cases(&facts, &child.leaves).pop().filter(|case| case.phase.is_open());
        cases.extend(last.map(|case| (child.document, case)));
    }
    let own = reading.all_child_duties()?;
    let out_of_school = reading.children_out_of_school()?;
    let without_evidence = reading.children_without_evidence(today)?;
    let mut known: BTreeMap<(DutyLine, Leaves, String), bool> = BTreeMap::new();
    let mut standings = Vec::new();
    for place in reading.child_places()? {
        let leaves = mergers.leaves(&place.leaves);
        let school = leaves.class.as_ref().map(|class| mergers.school(&class.school()));
        let counted = match scope {
            Scope::School(code) => school.as_ref() == Some(code),
            Scope::Place(_) | Scope::Class(_) => scope.covers(&leaves),
        };
        if !counted {
            continue;
        }
        let mut is_missed = |line: DutyLine| {
            let ask = |own: &[DutyEntry]| {
                let child = ChildPlace { document: place.document, leaves: &place.leaves, group: &place.group, own };
                duties.responsible(line, &child).is_none()
            };
            match own.get(&place.document) {
                Some(own) => ask(own),
                None => {
                    let key = (line, place.leaves.clone(), place.group.clone());
                    *known.entry(key).or_insert_with(|| ask(&[]))
                }
            }
        };
        let (no_government, no_education) = (is_missed(DutyLine::Government), is_missed(DutyLine::Education));
        let case = cases.get(&place.document);
        let overdue =
            case.into_iter().flat_map(|case| &case.steps).filter(|step| step.standing == StepStanding::Overdue);
        let late = overdue.filter_map(|step| step.due_on).map(|due| today.days_since(due)).max().unwrap_or(0);
        standings.push(ChildStanding {
            missing: case.is_some_and(|case| case.phase.is_missing()) || out_of_school.contains(&place.document),
            unevidenced: without_evidence.contains(&place.document),
            late_days: u32::try_from(late).unwrap_or(0),
            line: case.map(|case| RuledLine { rule: case.rule.clone(), line: line(std::slice::from_ref(case)) }),
            no_government,
            no_education,
            place,
        });
    }
    Ok(standings)
}

/// The children behind a count, most urgent first. Who sees counts only gives a reason, and it is recorded before a name is
/// given.
///
/// # Errors
/// [`ErrorCode::NotAllowed`] outside of the person's scope, [`ErrorCode::FieldMissing`] without a reason where one is needed,
/// [`ErrorCode::FieldInvalid`] for one that is too long, the faults of a store.
pub fn list(device: &mut Device, scope: &Scope, what: OfficeWhat, reason: &str) -> Result<OfficeList> {
    if !is_within(device, scope) {
        return Err(Failure::new(ErrorCode::NotAllowed, "the office lies outside of the person's scope"));
    }
    let mut found = standings(device, scope)?;
    found.retain(|child| child.is(what));
    found.sort_by_key(|child| (std::cmp::Reverse(child.late_days), !child.missing, child.line.is_none()));
    let total = u32::try_from(found.len()).unwrap_or(u32::MAX);
    found.truncate(LISTED_MAX);
    if !device.author.rights.role.sees_names() {
        record(device, scope, what, total, reason)?;
        device.shown.extend(found.iter().map(|child| child.place.document));
    }
    Ok(OfficeList { total, children: found })
}

fn record(device: &mut Device, scope: &Scope, what: OfficeWhat, children: u32, reason: &str) -> Result<()> {
    let reason = reason.trim().to_owned();
    if reason.is_empty() {
        return Err(Failure::missing("reason"));
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(Failure::invalid("reason", "too_long"));
    }
    let row = county_settings::document(device)?;
    let row = row.ok_or_else(|| Failure::new(ErrorCode::SyncFirst, "the county has not come yet"))?;
    let now = device.environment.now();
    let entry = device.environment.new_entry_id();
    let form = LookForm { on: now.day(), scope: scope.clone(), what, children, reason };
    let Device { store, author, .. } = &mut *device;
    let kind = FormKind { what: DeliveryKind::Look, entry: Some(entry) };
    store.transact(|tx| author.write_form(tx, &row, kind, now, |document| county::add_look(document, entry, &form)))?;
    device.refresh()
}
