//! Enrols a device: a one-time token for a certificate.

use jiafang_core::domain::identifier::{CertificateId, Hash32, PersonId};
use jiafang_core::domain::time::Timestamp;
use jiafang_core::environment::Environment;
use jiafang_core::protocol::VERSION;
use jiafang_core::protocol::enrol::{EnrolAnswer, EnrolRequest};
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::protocol::sync::Rights;

use crate::identity::Identity;
use crate::store::Store;
use crate::store::register::{self, CountyRow};
use crate::{fault, refuse};

/// Answers an enrolment. The token is looked up by its hash, so that the time it takes tells nothing of it.
///
/// # Errors
/// [`RefusalCode::TokenUnknown`], [`RefusalCode::TokenUsed`], [`RefusalCode::TokenExpired`],
/// [`RefusalCode::Malformed`] without proof of the key, [`RefusalCode::Fault`].
pub fn enrol(
    store: &Store,
    identity: &Identity,
    request: &EnrolRequest,
    environment: &Environment,
) -> Result<EnrolAnswer, Refusal> {
    if request.version != VERSION {
        return Err(refuse(RefusalCode::VersionNotSpoken, format!("version {}", request.version)));
    }
    if !request.is_proven() {
        return Err(refuse(RefusalCode::Malformed, "the key is not proven"));
    }
    let now = environment.now();
    let token_hash = Hash32::of(&request.token);
    let invitation = store.read(|connection| register::invitation(connection, token_hash)).map_err(fault)?;
    let Some(invitation) = invitation else { return Err(refuse(RefusalCode::TokenUnknown, "no such token")) };
    if invitation.used {
        return again(store, identity, &invitation, request, now);
    }
    if invitation.expires_at < now {
        return Err(refuse(RefusalCode::TokenExpired, "the token has expired"));
    }
    let certificate = environment.new_certificate_id();
    let certificate_der = identity.issue(certificate, &request.public_key).map_err(fault)?;
    let enrolled = store
        .transact(|tx| {
            if !register::use_invitation(tx, token_hash, now)? {
                return Ok(None);
            }
            let fact =
                RegisterFact::Certificate { certificate, person: invitation.person, public_key: request.public_key };
            register::write(tx, fact, &identity.county, now)?;
            Ok(register::person(tx, invitation.person)?.zip(Some(register::county(tx)?)))
        })
        .map_err(fault)?;
    let Some(((person_name, rights), county)) = enrolled else {
        return Err(refuse(RefusalCode::TokenUsed, "the token was used"));
    };
    tracing::info!(%certificate, "a device was enrolled");
    Ok(answer_of(
        identity,
        county,
        Enrolled { certificate, certificate_der, person: invitation.person, person_name, rights },
        now,
    ))
}

/// A code works once. But when the answer was lost on the way, the device that used it asks again with the same key,
/// whose secret half nobody else has, and gets the same certificate.
fn again(
    store: &Store,
    identity: &Identity,
    invitation: &register::Invitation,
    request: &EnrolRequest,
    now: Timestamp,
) -> Result<EnrolAnswer, Refusal> {
    let person = invitation.person;
    let enrolled = store
        .read(|connection| {
            let Some(certificate) = register::certificate_of_key(connection, person, &request.public_key)? else {
                return Ok(None);
            };
            let known = register::person(connection, person)?.zip(Some(register::county(connection)?));
            Ok(known.map(|(person, county)| (certificate, person, county)))
        })
        .map_err(fault)?;
    let Some((certificate, (person_name, rights), county)) = enrolled else {
        return Err(refuse(RefusalCode::TokenUsed, "the token was used"));
    };
    let certificate_der = identity.issue(certificate, &request.public_key).map_err(fault)?;
    Ok(answer_of(identity, county, Enrolled { certificate, certificate_der, person, person_name, rights }, now))
}

struct Enrolled {
    certificate: CertificateId,
    certificate_der: Vec<u8>,
    person: PersonId,
    person_name: String,
    rights: Rights,
}

fn answer_of(identity: &Identity, county: CountyRow, enrolled: Enrolled, now: Timestamp) -> EnrolAnswer {
    let Enrolled { certificate, certificate_der, person, person_name, rights } = enrolled;
    EnrolAnswer {
        certificate,
        certificate_der,
        person,
        person_name,
        role: rights.role,
        scopes: rights.scopes,
        county_name: county.name,
        county_key: identity.county.public_key(),
        recovery_public_key: county.recovery_public_key,
        server_time: now,
    }
}
