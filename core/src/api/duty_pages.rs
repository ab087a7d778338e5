//! Fills the views of the duty grid: the one look, the pages of a level, the lists of children, a child's two lines, and what
//! a hand-over would pass on.

use std::collections::{BTreeMap, BTreeSet};

use super::children::{self, ChildrenPage};
use super::duty::{
    AnsweringView, BoundView, ChainLevel, ChildDuties, ChildLine, DutyCandidate, DutyCandidates, DutyGap,
    DutyPersonView, DutyRow, DutyRows, DutyView, GapPlace, HandOver, HandoverPreviewView, HandoverView, ListDuties,
    ListDutyChildren, ScopeChoice, UndoneView,
};
use crate::app::county_settings;
use crate::app::device::Device;
use crate::app::duty::{self, DutyCounts};
use crate::domain::county::County;
use crate::domain::doc::county_rights;
use crate::domain::duty::{DutyForm, DutyLine, DutyPerson, DutyReach, DutyScope};
use crate::domain::duty_fold::{Answering, ChildPlace, Duties};
use crate::domain::identifier::{DocumentId, PersonId};
use crate::domain::ledger::PlaceNames;
use crate::domain::place::{ClassId, Leaves, PlaceCode, Scope};
use crate::domain::role::Role;
use crate::domain::time::Day;
use crate::error::{Failure, Result};
use crate::store::Reading;

/// Children whom a preview lists.
const LISTED_MAX: usize = 50;

/// The grid in one look.
pub(super) fn view(device: &Device) -> Result<DutyView> {
    let county = device.county();
    let duties = Duties::of(&county);
    let counts = duty::count(device, &duties)?;
    let names = PlaceNames::of(&county);
    let reading = device.store.reading();
    let today = device.environment.now().day();
    let max = duties.settings().children_per_person_max;
    let roles: BTreeMap<PersonId, Role> =
        reading.registered_people()?.into_iter().map(|one| (one.id, one.rights.role)).collect();
    let mut people: Vec<DutyPersonView> = Vec::new();
    for (key, load) in &counts.people {
        let Some(person) = load.person.clone() else { continue };
        let of = |line| load.children.get(&line).map_or(0, |children| len(children));
        let total = load.total();
        people.push(DutyPersonView {
            key: key.clone(),
            role: person.person.and_then(|id| roles.get(&id).copied()),
            person,
            government: of(DutyLine::Government),
            education: of(DutyLine::Education),
            total,
            over: total > max,
        });
    }
    people.sort_by(|one, other| (other.total, &one.key).cmp(&(one.total, &other.key)));
    let gaps =
        DutyLine::ALL.into_iter().map(|line| gap(reading, line, &counts, &names, today)).collect::<Result<_>>()?;
    let mut handovers = Vec::new();
    for one in duties.handovers().iter().rev() {
        let DutyForm::Handover { from, to, within, on, reason } = &one.entry.form else { continue };
        let name_of = |actor: &[u8]| -> Result<String> { Ok(reading.person_name_of_actor(actor)?.unwrap_or_default()) };
        let undone = match &one.undone_by {
            Some(undo) => {
                let DutyForm::Undo { reason, .. } = &undo.form else { continue };
                Some(UndoneView { reason: reason.clone(), recorded_by: name_of(&undo.actor)? })
            }
            None => None,
        };
        handovers.push(HandoverView {
            entry: one.entry.entry,
            from: from.clone(),
            to: to.clone(),
            within: scope_name(&names, within, today),
            on: *on,
            reason: reason.clone(),
            recorded_by: name_of(&one.entry.actor)?,
            may_undo: undone.is_none() && binds_within(device, within),
            undone,
        });
    }
    let own = device.author.rights.scopes.iter().filter(|scope| binds_within(device, scope));
    let scopes: Vec<ScopeChoice> =
        own.map(|scope| ScopeChoice { scope: scope.clone(), name: scope_name(&names, scope, today) }).collect();
    Ok(DutyView {
        may_edit_settings: county_settings::may_edit(device),
        may_bind: !scopes.is_empty(),
        children: counts.children,
        gaps,
        overloads: u32::try_from(people.iter().filter(|one| one.over).count()).unwrap_or(u32::MAX),
        people,
        handovers,
        scopes,
        settings: duties.settings().clone(),
    })
}

fn binds_within(device: &Device, scope: &Scope) -> bool {
    county_rights::binds_within(device.author.rights.role, &device.author.rights.scopes, scope)
}

fn len<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

fn gap(
    reading: Reading<'_>,
    line: DutyLine,
    counts: &DutyCounts,
    names: &PlaceNames<'_>,
    today: Day,
) -> Result<DutyGap> {
    let missing = counts.gaps.get(&line).map_or(&[][..], Vec::as_slice);
    let mut places: BTreeMap<String, u32> = BTreeMap::new();
    let all: BTreeSet<&DocumentId> = missing.iter().collect();
    for row in reading.child_places()?.iter().filter(|row| all.contains(&row.document)) {
        let name = match line {
            DutyLine::Government => names.village(&row.leaves),
            DutyLine::Education => class_name(names, row.leaves.class.as_ref(), today),
        };
        let count = places.entry(name).or_default();
        *count = count.saturating_add(1);
    }
    let mut places: Vec<GapPlace> = places.into_iter().map(|(name, count)| GapPlace { name, count }).collect();
    places.sort_by(|one, other| (other.count, &one.name).cmp(&(one.count, &other.name)));
    Ok(DutyGap { line, count: len(missing), places })
}

fn class_name(names: &PlaceNames<'_>, class: Option<&ClassId>, today: Day) -> String {
    class.map(|id| format!("{}{}", names.school(id), names.class(id, today))).unwrap_or_default()
}

/// A scope of the register as people call it.
pub(super) fn scope_name(names: &PlaceNames<'_>, scope: &Scope, today: Day) -> String {
    match scope {
        Scope::Place(code) => {
            let parent = code.parent().filter(|_| code.is_village());
            let above = parent.map(|parent| names.place(parent.as_str())).unwrap_or_default();
            format!("{above}{}", names.place(code.as_str()))
        }
        Scope::School(code) => names.school(&ClassId(code.0.clone())),
        Scope::Class(id) => class_name(names, Some(id), today),
    }
}

fn duty_name(names: &PlaceNames<'_>, scope: &DutyScope, today: Day) -> (String, String) {
    let township = |code: &PlaceCode| {
        code.parent().filter(|_| code.is_village()).map(|parent| names.place(parent.as_str())).unwrap_or_default()
    };
    match scope {
        DutyScope::Place { code } => (names.place(code.as_str()), township(code)),
        DutyScope::Group { village, group } => {
            (group.clone(), format!("{}{}", township(village), names.place(village.as_str())))
        }
        DutyScope::School { code } => (names.school(&ClassId(code.0.clone())), String::new()),
        DutyScope::Class { id } => (names.class(id, today), names.school(id)),
        DutyScope::Child { .. } => (String::new(), String::new()),
    }
}

/// What there is to be bound at a level, within the person's scope.
fn scopes_at(device: &Device, county: &County, reach: DutyReach) -> Result<Vec<DutyScope>> {
    let covers = |leaves: &Leaves| device.author.rights.scopes.iter().any(|scope| scope.covers(leaves));
    let place = |code: &PlaceCode| covers(&Leaves { village: Some(code.clone()), class: None });
    let class = |id: &ClassId| covers(&Leaves { village: None, class: Some(id.clone()) });
    let stands = county.places.iter().filter(|one| one.merged_into.is_none()).map(|one| &one.code);
    let in_county = |code: &PlaceCode| {
        place(code)
            || device.author.rights.scopes.iter().any(|scope| matches!(scope, Scope::Place(own) if code.holds(own)))
    };
    let today = device.environment.now().day();
    let all_covered = county_rights::writes_settings(device.author.rights.role, &device.author.rights.scopes)
        || device.author.rights.scopes.contains(&Scope::Place(county.county.code.clone()));
    Ok(match reach {
        DutyReach::Township => stands
            .filter(|code| code.as_str().len() == 9 && in_county(code))
            .map(|code| DutyScope::Place { code: code.clone() })
            .collect(),
        DutyReach::Village => stands
            .filter(|code| code.is_village() && place(code))
            .map(|code| DutyScope::Place { code: code.clone() })
            .collect(),
        DutyReach::Group => {
            let rows = device.store.reading().child_places()?;
            let groups = rows.into_iter().filter_map(|row| Some((row.leaves.village?, row.group)));
            let groups: BTreeSet<_> =
                groups.filter(|(village, group)| !group.trim().is_empty() && place(village)).collect();
            groups.into_iter().map(|(village, group)| DutyScope::Group { village, group }).collect()
        }
        DutyReach::School => county
            .schools
            .iter()
            .filter(|school| school.merged_into.is_none())
            .filter(|school| all_covered || class(&ClassId(school.code.0.clone())) || place(&school.township))
            .map(|school| DutyScope::School { code: school.code.clone() })
            .collect(),
        DutyReach::Class => county
            .schools
            .iter()
            .flat_map(|school| school.classes.iter().map(move |class| (school, class)))
            .filter(|(_, class)| class.grade_on(today.0).is_some())
            .filter(|(school, one)| all_covered || class(&one.id) || place(&school.township))
            .map(|(_, class)| DutyScope::Class { id: class.id.clone() })
            .collect(),
    })
}

/// A page of what is bound at a level.
pub(super) fn rows(device: &Device, request: &ListDuties) -> Result<DutyRows> {
    let county = device.county();
    let duties = Duties::of(&county);
    let level = duties.settings().level(&request.level).ok_or_else(|| Failure::invalid("level", "unknown"))?;
    let names = PlaceNames::of(&county);
    let today = device.environment.now().day();
    let typed = request.search.trim();
    let mut rows = Vec::new();
    let (mut total, mut open) = (0_u32, 0_u32);
    let limit = usize::try_from(request.limit.clamp(1, 200)).unwrap_or(200);
    for scope in scopes_at(device, &county, level.reach)? {
        let (name, above) = duty_name(&names, &scope, today);
        let people = duties.people(&level.key, &scope);
        let is_named = |text: &str| text.contains(typed);
        let named = is_named(&name) || is_named(&above) || people.iter().any(|one| is_named(&one.person.name));
        if !typed.is_empty() && !named {
            continue;
        }
        open = open.saturating_add(u32::from(people.is_empty()));
        if request.only_open && !people.is_empty() {
            continue;
        }
        if total >= request.offset && rows.len() < limit {
            rows.push(DutyRow {
                may_bind: duty::may_bind(device, &scope)?,
                people: people.iter().map(AnsweringView::from).collect(),
                scope,
                name,
                above,
            });
        }
        total = total.saturating_add(1);
    }
    Ok(DutyRows { total, open, rows })
}

/// People to choose from: those whom the register knows, and those who answer for something already.
pub(super) fn candidates(device: &Device) -> Result<DutyCandidates> {
    let county = device.county();
    let names = PlaceNames::of(&county);
    let today = device.environment.now().day();
    let mut people: BTreeMap<String, DutyCandidate> = BTreeMap::new();
    for one in device.store.reading().registered_people()? {
        let person = DutyPerson { person: Some(one.id), name: one.name, phone: String::new() };
        let scope_names = one.rights.scopes.iter().map(|scope| scope_name(&names, scope, today)).collect();
        let key = person.key();
        people.insert(key.clone(), DutyCandidate { key, person, role: Some(one.rights.role), scope_names });
    }
    let duties = Duties::of(&county);
    let bound = duties.all().flat_map(|(_, _, people)| people).map(|one| one.person);
    for person in bound {
        let key = person.key();
        people.entry(key.clone()).or_insert(DutyCandidate { key, person, role: None, scope_names: Vec::new() });
    }
    let mut people: Vec<DutyCandidate> = people.into_values().collect();
    people.sort_by(|one, other| (&one.person.name, &one.key).cmp(&(&other.person.name, &other.key)));
    Ok(DutyCandidates { people })
}

/// Children without anybody on a line, or of one person.
pub(super) fn children(device: &Device, request: &ListDutyChildren) -> Result<ChildrenPage> {
    let counts = duty::count(device, &Duties::of(&device.county()))?;
    let nobody = Vec::new();
    let all = match &request.person {
        Some(key) => counts.people.get(key).and_then(|load| load.children.get(&request.line)),
        None => counts.gaps.get(&request.line),
    };
    let all = all.unwrap_or(&nobody);
    let offset = usize::try_from(request.offset).unwrap_or(usize::MAX);
    let limit = usize::try_from(request.limit.clamp(1, 200)).unwrap_or(200);
    let page: Vec<DocumentId> = all.iter().skip(offset).take(limit).copied().collect();
    listed(device, &page, len(all))
}

/// Rows of children by their dossiers.
pub(super) fn listed(device: &Device, documents: &[DocumentId], total: u32) -> Result<ChildrenPage> {
    let reading = device.store.reading();
    let mut stored = Vec::new();
    for document in documents {
        stored.extend(reading.child(*document)?);
    }
    Ok(ChildrenPage { total, rows: children::rows(device, &stored) })
}

/// Who answers for a child.
pub(super) fn of_child(device: &Device, document: DocumentId, leaves: &Leaves, group: &str) -> Result<ChildDuties> {
    let county = device.county();
    let duties = Duties::of(&county);
    let own = device.store.reading().child_duties(document)?;
    let child = ChildPlace { document, leaves, group, own: &own };
    let chain = duties.chain(&child);
    let view = |people: &[Answering]| people.iter().map(AnsweringView::from).collect::<Vec<_>>();
    let lines = DutyLine::ALL.into_iter().map(|line| {
        let found = duties.responsible(line, &child);
        ChildLine {
            line,
            level: found.as_ref().map(|one| one.level.key.clone()),
            people: found.as_ref().map(|one| view(&one.people)).unwrap_or_default(),
            chain: chain
                .iter()
                .filter(|one| one.level.line == line)
                .map(|one| ChainLevel {
                    key: one.level.key.clone(),
                    who_zh: one.level.who_zh.clone(),
                    who_en: one.level.who_en.clone(),
                    people: view(&one.people),
                })
                .collect(),
        }
    });
    let own_level = duties.settings().answering(DutyLine::Education).find(|level| level.reach == DutyReach::Class);
    Ok(ChildDuties {
        lines: lines.collect(),
        may_bind: duty::may_bind(device, &DutyScope::Child { document })?,
        own_level: own_level.map(|level| level.key.clone()),
    })
}

/// What a hand-over would pass on.
pub(super) fn preview(device: &Device, request: &HandOver) -> Result<HandoverPreviewView> {
    let county = device.county();
    let what = duty::preview(device, &request.from, &request.to, &request.within)?;
    let names = PlaceNames::of(&county);
    let today = device.environment.now().day();
    let max = county.duty.settings().children_per_person_max;
    let reading = device.store.reading();
    let people = reading.registered_people()?;
    let scopes_of = |person: Option<PersonId>| {
        person.and_then(|id| people.iter().find(|one| one.id == id)).map(|one| one.rights.scopes.clone())
    };
    let covers_all = |scopes: Vec<Scope>| -> Result<bool> {
        for document in &what.children {
            let row = reading.document_row(*document)?;
            if !row.is_some_and(|row| scopes.iter().any(|scope| scope.covers(&row.leaves))) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    // Who sees counts only gets the count.
    let shown = if device.author.rights.role.sees_names() { LISTED_MAX } else { 0 };
    let listed_children: Vec<DocumentId> = what.children.iter().take(shown).copied().collect();
    Ok(HandoverPreviewView {
        bindings: what
            .bindings
            .iter()
            .map(|(level, scope)| {
                let (name, above) = duty_name(&names, scope, today);
                BoundView { level: level.clone(), name: format!("{above}{name}") }
            })
            .collect(),
        children: listed(device, &listed_children, len(&what.children))?,
        then: what.then,
        over: what.then > max,
        from_reads: scopes_of(request.from.person).is_some(),
        to_reads: scopes_of(request.to.person).map_or(Ok(false), covers_all)?,
    })
}
