//! Invites a person: register entry, one-time token, enrolment code.

use jiafang_core::domain::county::County;
use jiafang_core::domain::identifier::{Hash32, PersonId};
use jiafang_core::domain::place::{SchoolCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::vault::enrolment_code::EnrolmentCode;

use crate::county_ledger;
use crate::identity::Identity;
use crate::store::{Store, register};

/// Whom to invite.
#[derive(Debug, Clone)]
pub struct Invite {
    /// The name as colleagues know it.
    pub name: String,
    /// The role.
    pub role: Role,
    /// What the role covers.
    pub scopes: Vec<Scope>,
    /// A person who has a device already and gets another one; `None` for somebody new.
    pub person: Option<PersonId>,
    /// Days until the code expires.
    pub valid_days: u32,
}

/// A scope that names a place or a school that the county does not have: a slip of the keyboard, whose owner would see
/// no child and not know why. Classes come and go every September and are not looked up.
fn unknown_scope<'a>(county: &County, scopes: &'a [Scope]) -> Option<&'a Scope> {
    let places = county.places_by_code();
    let has_school = |code: &SchoolCode| county.schools.iter().any(|school| school.code == *code);
    scopes.iter().find(|scope| match scope {
        Scope::Place(code) => !places.contains_key(code.as_str()),
        Scope::School(code) => !has_school(code),
        Scope::Class(id) => !has_school(&id.school()),
    })
}

/// Writes the person into the register and gives the code that enrols one device.
///
/// # Errors
/// [`ErrorCode::FieldMissing`] without a name or a scope, [`ErrorCode::FieldInvalid`] for a scope that is not in the
/// county or a person whom the register does not know, the faults of a store.
pub fn invite(store: &Store, identity: &Identity, invite: &Invite, environment: &Environment) -> Result<EnrolmentCode> {
    if invite.name.trim().is_empty() {
        return Err(Failure::missing("name"));
    }
    if invite.scopes.is_empty() {
        return Err(Failure::missing("scope"));
    }
    if let Some(scope) = unknown_scope(&county_ledger::county(store)?, &invite.scopes) {
        let detail = format!("--scope {scope}: the county file has no such place or school");
        return Err(Failure::new(ErrorCode::FieldInvalid, detail).fact("field", "scope").fact("reason", "unknown"));
    }
    if let Some(person) = invite.person
        && store.read(|connection| register::person(connection, person))?.is_none()
    {
        let detail = "--person: nobody has that id; `people` lists them";
        return Err(Failure::new(ErrorCode::FieldInvalid, detail).fact("field", "person").fact("reason", "unknown"));
    }
    let now = environment.now();
    let person = invite.person.unwrap_or_else(|| environment.new_person_id());
    let token: [u8; 16] = environment.random_bytes();
    let mut scopes = invite.scopes.clone();
    scopes.sort();
    scopes.dedup();
    let expires_at = now.plus_ms(i64::from(invite.valid_days).saturating_mul(86_400_000));
    let address = store.transact(|tx| {
        let fact = RegisterFact::Person { person, name: invite.name.trim().to_owned(), role: invite.role, scopes };
        register::write(tx, fact, &identity.county, now)?;
        register::invite(tx, Hash32::of(&token), person, expires_at)?;
        Ok(register::county(tx)?.address)
    })?;
    EnrolmentCode::new(&address, identity.fingerprint()?, token)
}
