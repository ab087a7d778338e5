//! Binds people to places, classes and children, hands over all that one person answers for, and counts who answers for
//! whom. A duty is no right to read: the register is not touched by any of this.

use std::collections::{BTreeMap, BTreeSet};

use super::author::FormKind;
use super::county_settings;
use super::device::Device;
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::{county_rights, duty_text};
use crate::domain::duty::{DutyEntry, DutyForm, DutyLevel, DutyLine, DutyPerson, DutyReach, DutyScope};
use crate::domain::duty_fold::{Answering, ChildPlace, Duties};
use crate::domain::form_check::filled;
use crate::domain::identifier::{DocumentId, EntryId};
use crate::domain::place::{Leaves, Scope};
use crate::domain::time::{Day, Timestamp};
use crate::error::{ErrorCode, Failure, Result};
use crate::store::Reading;

/// So many things are bound by one form at most.
const SCOPES_MAX: usize = 500;

/// Who answers for the children on this device.
#[derive(Debug, Default)]
pub struct DutyCounts {
    /// Children whom somebody looks for.
    pub children: u32,
    /// Children without a responsible person, by line.
    pub gaps: BTreeMap<DutyLine, Vec<DocumentId>>,
    /// People with the children whom they are responsible for, by line.
    pub people: BTreeMap<String, Load>,
}

/// What one person answers for.
#[derive(Debug, Clone, Default)]
pub struct Load {
    /// Who.
    pub person: Option<DutyPerson>,
    /// The children, by line.
    pub children: BTreeMap<DutyLine, Vec<DocumentId>>,
}

impl Load {
    /// How many children in all.
    #[must_use]
    pub fn total(&self) -> u32 {
        let all: BTreeSet<&DocumentId> = self.children.values().flatten().collect();
        u32::try_from(all.len()).unwrap_or(u32::MAX)
    }
}

/// Counts who answers for whom, over the children on this device.
///
/// # Errors
/// The faults of a store.
pub fn count(device: &Device, duties: &Duties) -> Result<DutyCounts> {
    let reading = device.store.reading();
    let own = reading.all_child_duties()?;
    let mut counts = DutyCounts::default();
    // Children of one class and one group have the same people, unless a dossier says otherwise.
    let mut known: BTreeMap<(DutyLine, Leaves, String), Vec<DutyPerson>> = BTreeMap::new();
    for row in reading.child_places()? {
        counts.children = counts.children.saturating_add(1);
        for line in DutyLine::ALL {
            let ask = |own: &[DutyEntry]| -> Vec<DutyPerson> {
                let child = ChildPlace { document: row.document, leaves: &row.leaves, group: &row.group, own };
                let found = duties.responsible(line, &child).map(|found| found.people).unwrap_or_default();
                found.into_iter().map(|one| one.person).collect()
            };
            let people = match own.get(&row.document) {
                Some(own) => ask(own),
                None => {
                    let key = (line, row.leaves.clone(), row.group.clone());
                    known.entry(key).or_insert_with(|| ask(&[])).clone()
                }
            };
            if people.is_empty() {
                counts.gaps.entry(line).or_default().push(row.document);
            }
            for person in people {
                let load = counts.people.entry(person.key()).or_default();
                load.person.get_or_insert(person);
                load.children.entry(line).or_default().push(row.document);
            }
        }
    }
    Ok(counts)
}

/// Who answers for one child on a line; empty for nobody.
///
/// # Errors
/// The faults of a store.
pub fn responsible(
    reading: Reading<'_>,
    duties: &Duties,
    line: DutyLine,
    document: DocumentId,
    leaves: &Leaves,
    group: &str,
) -> Result<Vec<Answering>> {
    let own = reading.child_duties(document)?;
    let child = ChildPlace { document, leaves, group, own: &own };
    Ok(duties.responsible(line, &child).map(|found| found.people).unwrap_or_default())
}

/// Whether the person may bind to this.
///
/// # Errors
/// The faults of a store.
pub fn may_bind(device: &Device, scope: &DutyScope) -> Result<bool> {
    let rights = &device.author.rights;
    Ok(match scope {
        DutyScope::Child { document } => {
            let row = device.store.reading().document_row(*document)?;
            rights.role.binds_duties() && row.is_some_and(|row| device.author.may_write(&row.leaves).is_ok())
        }
        other => {
            let scope = other.register_scope();
            scope.is_some_and(|scope| county_rights::binds_within(rights.role, &rights.scopes, &scope))
        }
    })
}

/// Binds a person, or nobody, to several things at a level: one form.
///
/// # Errors
/// [`ErrorCode::NotAllowed`], [`ErrorCode::FieldMissing`], [`ErrorCode::FieldInvalid`] for a level or a scope that the grid
/// does not have, [`ErrorCode::DocumentNotHere`], the faults of a store.
pub fn bind(
    device: &mut Device,
    level: &str,
    scopes: &[DutyScope],
    person: Option<&DutyPerson>,
    from: Day,
) -> Result<Timestamp> {
    let duties = Duties::of(&device.county());
    let level = duties.settings().level(level).ok_or_else(|| Failure::invalid("level", "unknown"))?;
    if scopes.is_empty() || scopes.len() > SCOPES_MAX {
        return Err(Failure::missing("scope"));
    }
    if let Some(person) = person {
        filled(&person.name, "person")?;
    }
    let reading = device.store.reading();
    // Who binds somebody knowingly, after that person was handed over, means it.
    let handed_over = |person: &DutyPerson| {
        let from_person =
            |form: &DutyForm| matches!(form, DutyForm::Handover { from, .. } if from.key() == person.key());
        let all = duties.handovers().iter().map(|one| &one.entry);
        all.filter(|entry| from_person(&entry.form)).map(|entry| entry.entry).collect::<BTreeSet<_>>()
    };
    let mut entries = Vec::new();
    for scope in scopes {
        if !reaches(level, scope) {
            return Err(Failure::invalid("scope", "unknown"));
        }
        if !may_bind(device, scope)? {
            return Err(Failure::new(ErrorCode::NotAllowed, "the duty lies outside of the person's scope"));
        }
        let mut seen = duties.standing_at(&level.key, scope);
        if let DutyScope::Child { document } = scope {
            seen.extend(
                reading.child_duties(*document)?.iter().filter(|known| is_of(known, level)).map(|one| one.entry),
            );
        }
        seen.extend(person.map(handed_over).unwrap_or_default());
        let (level, scope, person) = (level.key.clone(), scope.clone(), person.cloned());
        let form = DutyForm::Bind { level, scope, person, from };
        entries.push(DutyEntry { entry: device.environment.new_entry_id(), form, seen, actor: Vec::new() });
    }
    write(device, &entries)
}

fn is_of(entry: &DutyEntry, of: &DutyLevel) -> bool {
    matches!(&entry.form, DutyForm::Bind { level, .. } if *level == of.key)
}

/// Whether a level binds to such a thing. Who answers for a class may answer for single children of it.
fn reaches(level: &DutyLevel, scope: &DutyScope) -> bool {
    match (level.reach, scope) {
        (DutyReach::Township, DutyScope::Place { code }) => code.as_str().len() == 9,
        (DutyReach::Village, DutyScope::Place { code }) => code.is_village(),
        (DutyReach::Group, DutyScope::Group { village, group }) => village.is_village() && !group.trim().is_empty(),
        (DutyReach::School, DutyScope::School { .. })
        | (DutyReach::Class, DutyScope::Class { .. } | DutyScope::Child { .. }) => true,
        (
            DutyReach::Township | DutyReach::Village | DutyReach::Group | DutyReach::School | DutyReach::Class,
            DutyScope::Place { .. }
            | DutyScope::Group { .. }
            | DutyScope::School { .. }
            | DutyScope::Class { .. }
            | DutyScope::Child { .. },
        ) => false,
    }
}

/// What a hand-over would pass on.
#[derive(Debug, Default)]
pub struct HandoverPreview {
    /// What is bound, by level, with what.
    pub bindings: Vec<(String, DutyScope)>,
    /// Children of this device who would get the other person.
    pub children: Vec<DocumentId>,
    /// So many children the other person would then answer for.
    pub then: u32,
}

/// What a hand-over would pass on. Writes nothing.
///
/// # Errors
/// As [`hand_over`], but for rights.
pub fn preview(device: &Device, from: &DutyPerson, to: &DutyPerson, within: &Scope) -> Result<HandoverPreview> {
    let county = device.county();
    let now = Duties::of(&county);
    let mut next = (*county).clone();
    let entry = handover(device, &now, from, to, within, device.environment.now().day(), "")?;
    let id = entry.entry;
    next.duty.entries.push(entry);
    let next = Duties::of(&next);
    let passed = |people: &[Answering]| people.iter().any(|one| one.handed_over.contains(&id));
    let bindings = next.all().filter(|(_, _, people)| passed(people));
    let bindings = bindings.map(|(level, scope, _)| (level.to_owned(), scope.clone())).collect();
    let (before, after) = (count(device, &now)?, count(device, &next)?);
    let of = |counts: &DutyCounts, person: &DutyPerson| -> BTreeSet<DocumentId> {
        let load = counts.people.get(&person.key());
        load.into_iter().flat_map(|load| load.children.values().flatten().copied()).collect()
    };
    let (had, has) = (of(&before, from), of(&after, from));
    Ok(HandoverPreview {
        bindings,
        children: had.difference(&has).copied().collect(),
        then: u32::try_from(of(&after, to).len()).unwrap_or(u32::MAX),
    })
}

/// Hands over all that one person answers for within a scope: one recorded decision, whatever it passes on.
///
/// # Errors
/// [`ErrorCode::NotAllowed`], [`ErrorCode::FieldMissing`] without a reason or a name, [`ErrorCode::FieldInvalid`] when both
/// are one person or nothing would be passed on, the faults of a store.
pub fn hand_over(
    device: &mut Device,
    from: &DutyPerson,
    to: &DutyPerson,
    within: &Scope,
    on: Day,
    reason: &str,
) -> Result<Timestamp> {
    filled(reason, "reason")?;
    let rights = &device.author.rights;
    if !county_rights::binds_within(rights.role, &rights.scopes, within) {
        return Err(Failure::new(ErrorCode::NotAllowed, "the hand-over lies outside of the person's scope"));
    }
    let what = preview(device, from, to, within)?;
    if what.bindings.is_empty() && what.children.is_empty() {
        return Err(Failure::invalid("from", "nothing_to_hand_over"));
    }
    let entry = handover(device, &Duties::of(&device.county()), from, to, within, on, reason)?;
    write(device, &[entry])
}

fn handover(
    device: &Device,
    duties: &Duties,
    from: &DutyPerson,
    to: &DutyPerson,
    within: &Scope,
    on: Day,
    reason: &str,
) -> Result<DutyEntry> {
    filled(&to.name, "to")?;
    if from.key() == to.key() {
        return Err(Failure::invalid("to", "same_person"));
    }
    // It goes on from the hand-overs that brought something to the person who leaves now.
    let leads_here = |form: &DutyForm| matches!(form, DutyForm::Handover { to, .. } if to.key() == from.key());
    let seen = duties.handovers().iter().filter(|one| leads_here(&one.entry.form)).map(|one| one.entry.entry);
    let form = DutyForm::Handover {
        from: from.clone(),
        to: to.clone(),
        within: within.clone(),
        on,
        reason: reason.trim().to_owned(),
    };
    Ok(DutyEntry { entry: device.environment.new_entry_id(), seen: seen.collect(), form, actor: Vec::new() })
}

/// Takes a hand-over back by another recorded decision.
///
/// # Errors
/// [`ErrorCode::ConflictGone`] when it is not there or taken back already, [`ErrorCode::FieldMissing`] without a reason,
/// [`ErrorCode::NotAllowed`], the faults of a store.
pub fn undo(device: &mut Device, of: EntryId, reason: &str) -> Result<Timestamp> {
    filled(reason, "reason")?;
    let duties = Duties::of(&device.county());
    let stands = duties.handovers().iter().any(|one| one.entry.entry == of && one.undone_by.is_none());
    if !stands {
        return Err(Failure::new(ErrorCode::ConflictGone, "no such hand-over, or it was taken back"));
    }
    let form = DutyForm::Undo { of, reason: reason.trim().to_owned() };
    let entry = device.environment.new_entry_id();
    write(device, &[DutyEntry { entry, form, seen: BTreeSet::new(), actor: Vec::new() }])
}

/// Writes entries: those of the county into its document, those of children into their dossiers, all in one transaction.
fn write(device: &mut Device, entries: &[DutyEntry]) -> Result<Timestamp> {
    let now = device.environment.now();
    let known = device.county().duty.entries.clone();
    let child = |entry: &DutyEntry| match &entry.form {
        DutyForm::Bind { scope: DutyScope::Child { document }, .. } => Some(*document),
        DutyForm::Bind { .. } | DutyForm::Handover { .. } | DutyForm::Undo { .. } => None,
    };
    let county_row = county_settings::document(device)?;
    let kind = FormKind::of(DeliveryKind::Duty);
    let Device { store, author, .. } = &mut *device;
    store.transact(|tx| {
        let mut of_county = entries.iter().filter(|entry| child(entry).is_none()).peekable();
        if of_county.peek().is_some() {
            let row = county_row.ok_or_else(|| Failure::new(ErrorCode::SyncFirst, "the county has not come yet"))?;
            author.write_form(tx, &row, kind, now, |document| {
                of_county.try_for_each(|entry| duty_text::add_to_grid(document, entry, &known))
            })?;
        }
        for (entry, document) in entries.iter().filter_map(|entry| Some((entry, child(entry)?))) {
            let row = Reading::within(tx).document_row(document)?;
            let row = row.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))?;
            author.write_form(tx, &row, kind, now, |tx| duty_text::add_to_child(tx, entry))?;
        }
        Ok(())
    })?;
    device.refresh()?;
    Ok(now)
}
