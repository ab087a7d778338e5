//! What an office above the school sees of its level: counts down to the village and the class, and the children behind a
//! count. A county lead sees counts, and names only for a reason, which is recorded before they are shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::casework::CaseLineView;
use super::children::{self, ChildRow};
use super::duty::ScopeChoice;
use super::duty_pages::scope_name;
use crate::app::county_settings;
use crate::app::device::Device;
use crate::app::office::{self, ChildStanding, OfficeList};
use crate::domain::county::Mergers;
use crate::domain::identifier::{DocumentId, EntryId};
use crate::domain::ledger::PlaceNames;
use crate::domain::look::OfficeWhat;
use crate::domain::place::{PlaceCode, Scope};
use crate::domain::time::Day;
use crate::error::{ErrorCode, Failure, Result};

/// Asks for a level.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(export)]
pub struct ShowOffice {
    /// Of what; none: the person's own.
    pub scope: Option<Scope>,
    /// By schools instead of places.
    pub by_school: bool,
}

/// A level with its counts.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OfficeView {
    /// What this is.
    pub here: ScopeChoice,
    /// What it lies in, as far as the person's own scope goes, from the top; this one is the last.
    pub path: Vec<ScopeChoice>,
    /// Counts of all of it.
    pub total: OfficeCounts,
    /// What lies in it, in the county's order; empty at the lowest level.
    pub rows: Vec<OfficeRow>,
    /// Counted by schools.
    pub by_school: bool,
    /// Can be counted both ways.
    pub both_ways: bool,
    /// Names are shown for a recorded reason only.
    pub names_need_reason: bool,
    /// Who asked for names, newest first; for those who may edit the county's settings.
    pub looks: Vec<LookView>,
}

/// What lies in a level.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OfficeRow {
    /// It.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// Its counts.
    pub counts: OfficeCounts,
}

/// Counts over children whom somebody looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OfficeCounts {
    /// All of them.
    pub children: u32,
    /// Missing now, by their cases or by their status.
    pub missing: u32,
    /// With an open case.
    pub open: u32,
    /// With a step that is overdue.
    pub late: u32,
    /// Whose evidence file is not whole.
    pub unevidenced: u32,
    /// Without a responsible person on the government line.
    pub no_government: u32,
    /// Without one on the education line.
    pub no_education: u32,
}

impl OfficeCounts {
    fn add(&mut self, child: &ChildStanding) {
        let count = |number: &mut u32, what| *number = number.saturating_add(u32::from(child.is(what)));
        count(&mut self.children, OfficeWhat::Children);
        count(&mut self.missing, OfficeWhat::Missing);
        count(&mut self.open, OfficeWhat::Open);
        count(&mut self.late, OfficeWhat::Late);
        count(&mut self.unevidenced, OfficeWhat::Unevidenced);
        count(&mut self.no_government, OfficeWhat::NoGovernment);
        count(&mut self.no_education, OfficeWhat::NoEducation);
    }
}

/// Somebody asked for names.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LookView {
    /// The record.
    pub entry: EntryId,
    /// Who.
    pub person_name: String,
    /// When.
    pub on: Day,
    /// Of what, as people call it.
    pub scope_name: String,
    /// Which list.
    pub what: OfficeWhat,
    /// So many names.
    pub children: u32,
    /// Why.
    pub reason: String,
}

/// Asks for the children behind a count.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ListOfficeChildren {
    /// Of what.
    pub scope: Scope,
    /// Which count.
    pub what: OfficeWhat,
    /// Why: needed of those who see counts only, and recorded. Without anybody's name in it.
    pub reason: String,
}

/// The children behind a count.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OfficeChildren {
    /// How many in all.
    pub total: u32,
    /// The first of them, most urgent first.
    pub rows: Vec<OfficeChild>,
}

/// A child behind a count.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OfficeChild {
    /// The child.
    pub child: ChildRow,
    /// The case in one line; none: there is none.
    pub case: Option<CaseLineView>,
    /// Days by which the most overdue step is late; 0: none is.
    pub late_days: u32,
}

/// A level with its counts.
pub(super) fn view(device: &Device, request: &ShowOffice) -> Result<OfficeView> {
    let county = device.county();
    let names = PlaceNames::of(&county);
    let mergers = county.mergers();
    let today = device.environment.now().day();
    let choice = |scope: &Scope| ScopeChoice { scope: scope.clone(), name: scope_name(&names, scope, today) };
    let own = &device.author.rights.scopes;
    let here = match &request.scope {
        Some(scope) if office::is_within(device, scope) => scope.clone(),
        Some(_) => return Err(Failure::new(ErrorCode::NotAllowed, "the office lies outside of the person's scope")),
        None => own.first().cloned().ok_or_else(|| Failure::new(ErrorCode::NotAllowed, "no scope"))?,
    };
    let both_ways = matches!(&here, Scope::Place(code) if !code.is_village());
    let by_school = request.by_school && both_ways;
    let mut total = OfficeCounts::default();
    let mut parts: BTreeMap<Scope, OfficeCounts> = BTreeMap::new();
    for child in office::standings(device, &here)? {
        total.add(&child);
        if let Some(part) = part_of(&here, &child, by_school, &mergers) {
            parts.entry(part).or_default().add(&child);
        }
    }
    // Where nobody is counted yet is listed as well: an empty village is news to an office.
    for part in parts_of(device, &here, by_school) {
        parts.entry(part).or_default();
    }
    // Within a township a village is called by its own name, and within a school a class by its own.
    let short = |scope: &Scope| match scope {
        Scope::Place(code) => names.place(code.as_str()),
        Scope::Class(id) => names.class(id, today),
        Scope::School(_) => choice(scope).name,
    };
    let rows = parts.into_iter().map(|(scope, counts)| OfficeRow { name: short(&scope), scope, counts }).collect();
    let mut path = vec![choice(&here)];
    let mut at = here.clone();
    while let Some(above) = above(&at).filter(|above| office::is_within(device, above)) {
        path.insert(0, choice(&above));
        at = above;
    }
    Ok(OfficeView {
        here: choice(&here),
        path,
        total,
        rows,
        by_school,
        both_ways,
        names_need_reason: !device.author.rights.role.sees_names(),
        looks: if county_settings::may_edit(device) { looks(device, &names, today)? } else { Vec::new() },
    })
}

fn above(scope: &Scope) -> Option<Scope> {
    match scope {
        Scope::Place(code) => code.parent().map(Scope::Place),
        Scope::School(_) => None,
        Scope::Class(id) => Some(Scope::School(id.school())),
    }
}

/// In which part of a level a child is counted; none at the lowest level, and for a child without village or class.
fn part_of(here: &Scope, child: &ChildStanding, by_school: bool, mergers: &Mergers) -> Option<Scope> {
    let class = child.place.leaves.class.as_ref();
    match here {
        Scope::Place(_) if by_school => class.map(|class| Scope::School(mergers.school(&class.school()))),
        Scope::Place(code) => {
            let village = mergers.place(child.place.leaves.village.as_ref()?);
            match code.as_str().len() {
                6 => village.parent().map(|township| Scope::Place(mergers.place(&township))),
                9 => Some(Scope::Place(village)),
                _ => None,
            }
        }
        Scope::School(_) => class.map(|class| Scope::Class(class.clone())),
        Scope::Class(_) => None,
    }
}

/// What lies in a level by the county's settings.
fn parts_of(device: &Device, here: &Scope, by_school: bool) -> Vec<Scope> {
    let county = device.county();
    let today = device.environment.now().day();
    let stands = county.places.iter().filter(|place| place.merged_into.is_none()).map(|place| &place.code);
    match here {
        Scope::Place(code) if by_school => {
            let schools = county.schools.iter().filter(|school| school.merged_into.is_none());
            let schools = schools.filter(|school| code.holds(&school.township));
            schools.map(|school| Scope::School(school.code.clone())).collect()
        }
        Scope::Place(code) => {
            let below: usize = match code.as_str().len() {
                6 => 9,
                9 => 12,
                _ => return Vec::new(),
            };
            let lies_below = |one: &&PlaceCode| one.as_str().len() == below && code.holds(one);
            stands.filter(lies_below).map(|one| Scope::Place(one.clone())).collect()
        }
        Scope::School(code) => {
            let school = county.schools.iter().filter(|school| school.code == *code);
            let classes = school.flat_map(|school| &school.classes).filter(|class| class.grade_on(today.0).is_some());
            classes.map(|class| Scope::Class(class.id.clone())).collect()
        }
        Scope::Class(_) => Vec::new(),
    }
}

fn looks(device: &Device, names: &PlaceNames<'_>, today: Day) -> Result<Vec<LookView>> {
    let county = device.county();
    let reading = device.store.reading();
    let mut views = Vec::new();
    for look in county.looks.iter().rev() {
        views.push(LookView {
            entry: look.entry,
            person_name: reading.person_name_of_actor(&look.actor)?.unwrap_or_default(),
            on: look.form.on,
            scope_name: scope_name(names, &look.form.scope, today),
            what: look.form.what,
            children: look.form.children,
            reason: look.form.reason.clone(),
        });
    }
    Ok(views)
}

/// The children behind a count, for those who see names, and for a recorded reason.
pub(super) fn children(device: &mut Device, request: &ListOfficeChildren) -> Result<OfficeChildren> {
    let OfficeList { total, children: listed } = office::list(device, &request.scope, request.what, &request.reason)?;
    let reading = device.store.reading();
    let mut rows = Vec::new();
    for standing in &listed {
        let Some(stored) = reading.child(standing.place.document)? else { continue };
        rows.push(OfficeChild {
            child: children::one(device, &stored),
            case: standing.line.as_ref().map(|line| {
                super::county_settings::line(
                    &line.line,
                    device.county().rule_sets().iter().find(|set| set.name() == line.rule),
                )
            }),
            late_days: standing.late_days,
        });
    }
    Ok(OfficeChildren { total, rows })
}

/// Whether lists with names are for this person at all.
///
/// # Errors
/// [`ErrorCode::NotAllowed`].
pub(super) fn names(device: &Device) -> Result<()> {
    if device.author.rights.role.sees_names() {
        Ok(())
    } else {
        Err(Failure::new(ErrorCode::NotAllowed, "names are shown for a recorded reason only"))
    }
}

/// Whether a dossier is for this person: also one of a list that was asked for with a reason since the device was unlocked.
///
/// # Errors
/// [`ErrorCode::NotAllowed`].
pub(super) fn dossier(device: &Device, document: DocumentId) -> Result<()> {
    if device.shown.contains(&document) { Ok(()) } else { names(device) }
}
