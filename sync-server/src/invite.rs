//! Invites a person: register entry, one-time token, enrolment code.

use jiafang_core::domain::identifier::{Hash32, PersonId};
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_core::environment::Environment;
use jiafang_core::error::{Failure, Result};
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::vault::enrolment_code::EnrolmentCode;

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

/// Writes the person into the register and gives the code that enrols one device.
///
/// # Errors
/// [`jiafang_core::error::ErrorCode::FieldMissing`] without a name or a scope, the faults of a store.
pub fn invite(store: &Store, identity: &Identity, invite: &Invite, environment: &Environment) -> Result<EnrolmentCode> {
    if invite.name.trim().is_empty() {
        return Err(Failure::missing("name"));
    }
    if invite.scopes.is_empty() {
        return Err(Failure::missing("scope"));
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
