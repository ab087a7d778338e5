//! Who may write the county document. The server asks this before it takes an envelope in, and a device before it applies one
//! that came from there: what nobody may write is nowhere.
//!
//! The county's section and lead, with the whole county in their scope, write all of it. Desks add entries to the duty grid
//! within their own scope: a principal binds the teachers of the school. It is asked of the register and of the change alone:
//! the root maps come from the frozen genesis, so a change says into which of them it writes, and under which keys, without
//! the document being loaded.

use automerge::legacy::{Key, ObjectId, OpId, OpType};
use automerge::{Change, ScalarValue};

use super::DocumentKind;
use crate::domain::duty::{lies_in, read_key};
use crate::domain::place::Scope;
use crate::domain::role::Role;

/// Whether a person of this role and these scopes may write the county's settings.
#[must_use]
pub fn writes_settings(role: Role, scopes: &[Scope]) -> bool {
    role.writes_county() && scopes.iter().any(|scope| matches!(scope, Scope::Place(code) if code.is_county()))
}

/// Whether a person may have made a change of the county document.
#[must_use]
pub fn allows(role: Role, scopes: &[Scope], change: &Change) -> bool {
    writes_settings(role, scopes)
        || (role.binds_duties() && super::shielded(|| Ok(adds_duties_within(scopes, change))).unwrap_or(false))
}

/// Whether a person binds to what lies in this scope of the register.
#[must_use]
pub fn binds_within(role: Role, scopes: &[Scope], scope: &Scope) -> bool {
    writes_settings(role, scopes) || (role.binds_duties() && scopes.iter().any(|own| lies_in(scope, own)))
}

/// Every operation of the change puts a text under a new key of the duty grid that lies in one of the scopes.
fn adds_duties_within(scopes: &[Scope], change: &Change) -> bool {
    let Some(grid) = duty_grid_object() else { return false };
    let operations = change.decode().operations;
    !operations.is_empty()
        && operations.iter().all(|operation| {
            let key = match &operation.key {
                Key::Map(key) => read_key(key),
                Key::Seq(_) => None,
            };
            operation.obj == grid
                && !operation.insert
                && operation.pred.is_empty()
                && matches!(operation.action, OpType::Put(ScalarValue::Str(_)))
                && key.is_some_and(|(scope, _)| scopes.iter().any(|own| lies_in(&scope, own)))
        })
}

/// The root map of the grid, as a change names it.
fn duty_grid_object() -> Option<ObjectId> {
    let genesis = super::empty(DocumentKind::County).ok()?;
    match super::dossier_write::root(&genesis, "duty_grid").ok()? {
        automerge::ObjId::Id(counter, actor, _) => Some(ObjectId::Id(OpId(counter, actor))),
        automerge::ObjId::Root => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use automerge::transaction::{Transactable, Transaction};

    use super::*;
    use crate::domain::doc::{commit, duty_text, empty};
    use crate::domain::duty::{DutyEntry, DutyForm, DutyPerson, DutyScope};
    use crate::domain::identifier::EntryId;
    use crate::domain::place::{ClassId, PlaceCode, SchoolCode};
    use crate::domain::time::{Day, Timestamp};
    use crate::error::Result;

    fn change(write: impl FnOnce(&mut Transaction<'_>) -> Result<()>) -> Change {
        let mut doc = empty(DocumentKind::County).unwrap();
        commit(&mut doc, &[9; 16], Timestamp::default(), write).unwrap().unwrap()
    }

    fn binding(scope: DutyScope) -> DutyEntry {
        let person = DutyPerson { person: None, name: "李老师".to_owned(), phone: String::new() };
        let form = DutyForm::Bind {
            level: "teacher".to_owned(),
            scope,
            person: Some(person),
            from: Day::parse("2026-09-01").unwrap(),
        };
        DutyEntry { entry: EntryId::from_bytes([3; 16]), form, seen: BTreeSet::new(), actor: Vec::new() }
    }

    #[test]
    fn a_principal_binds_within_the_school_and_nowhere_else_and_writes_nothing_beside() {
        let class = |school: &str| DutyScope::Class { id: ClassId(format!("{school}/P2024/1")) };
        let own = vec![Scope::School(SchoolCode("9999990001".to_owned()))];
        let allowed = |change: &Change| allows(Role::Principal, &own, change);
        let bound = change(|tx| duty_text::add_to_grid(tx, &binding(class("9999990001")), &[]));
        assert!(allowed(&bound));
        assert!(!allowed(&change(|tx| duty_text::add_to_grid(tx, &binding(class("9999990002")), &[]))));
        let village = DutyScope::Place { code: PlaceCode::parse("999999101001").unwrap() };
        assert!(!allowed(&change(|tx| duty_text::add_to_grid(tx, &binding(village), &[]))));
        let place = |tx: &mut Transaction<'_>, key: &str| {
            let map = super::super::dossier_write::root(tx, "places").unwrap();
            tx.put(&map, key, "{}").map_err(super::super::damaged)
        };
        assert!(!allowed(&change(|tx| place(tx, "999999101001"))));
        assert!(!allowed(&change(|tx| {
            duty_text::add_to_grid(tx, &binding(class("9999990001")), &[])?;
            place(tx, "999999101001")
        })));
        assert!(!allowed(&change(|tx| {
            let map = super::super::dossier_write::root(tx, "duty_grid").unwrap();
            tx.put(&map, "settings", "{}").map_err(super::super::damaged)
        })));
        assert!(!allows(Role::ClassTeacher, &own, &bound), "a class teacher binds nobody");
        assert!(allows(Role::CountySection, &[Scope::parse("place:999999").unwrap()], &bound));
    }

    #[test]
    fn an_entry_of_the_grid_is_never_written_over() {
        let entry = binding(DutyScope::Class { id: ClassId("9999990001/P2024/1".to_owned()) });
        let mut other = entry.clone();
        if let DutyForm::Bind { person, .. } = &mut other.form {
            *person = None;
        }
        let mut doc = empty(DocumentKind::County).unwrap();
        let mut add = |entry: &DutyEntry| {
            let write = |tx: &mut Transaction<'_>| duty_text::add_to_grid(tx, entry, &[]);
            commit(&mut doc, &[9; 16], Timestamp::default(), write).unwrap().unwrap()
        };
        let (first, second) = (add(&entry), add(&other));
        let own = vec![Scope::School(SchoolCode("9999990001".to_owned()))];
        assert!(allows(Role::Principal, &own, &first) && !allows(Role::Principal, &own, &second));
    }

    #[test]
    fn the_section_of_the_county_writes_its_settings_and_an_officer_of_one_township_does_not() {
        let scopes = |text: &str| vec![Scope::parse(text).unwrap()];
        assert!(writes_settings(Role::CountySection, &scopes("place:999999")));
        assert!(writes_settings(Role::CountyLead, &scopes("place:999999")));
        assert!(!writes_settings(Role::CountySection, &scopes("place:999999101")), "a section of one township only");
        assert!(!writes_settings(Role::TownshipOfficer, &scopes("place:999999")));
        assert!(!writes_settings(Role::Principal, &scopes("school:9999990001")));
    }
}
