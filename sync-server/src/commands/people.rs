//! People and their devices: inviting, listing, shutting out, and mending a forgotten PIN.

use std::path::Path;

use jiafang_core::domain::identifier::{CertificateId, PersonId};
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::vault::recovery::{RecoveryRequest, answer_recovery};
use jiafang_core::vault::recovery_key::RecoverySecretKey;
use jiafang_sync_server::identity::Identity;
use jiafang_sync_server::invite::{self, Invite};
use jiafang_sync_server::store::{Store, forks, register};

use super::console::{say, write_qr_png};
use super::{read_text, usage};

fn role_of(key: &str) -> Result<Role> {
    Role::from_key(key).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.key()).collect();
        usage(format!("--role {key}: the roles are {}", known.join(", ")))
    })
}

fn scopes_of(texts: &[String]) -> Result<Vec<Scope>> {
    texts
        .iter()
        .map(|text| {
            Scope::parse(text)
                .ok_or_else(|| usage(format!("--scope {text}: write place:CODE, school:CODE or class:CODE/P2024/1")))
        })
        .collect()
}

/// What `invite` is told.
pub(super) struct Invitation {
    pub(super) role: String,
    pub(super) scopes: Vec<String>,
    pub(super) name: String,
    pub(super) person: Option<String>,
    pub(super) valid_days: u32,
}

pub(super) fn invite(data: &Path, invitation: Invitation, png: Option<&Path>, environment: &Environment) -> Result<()> {
    let Invitation { role, scopes, name, person, valid_days } = invitation;
    let person = person
        .map(|text| PersonId::parse(&text).ok_or_else(|| usage(format!("--person {text}: `people` lists the ids"))))
        .transpose()?;
    let invite = Invite { name, role: role_of(&role)?, scopes: scopes_of(&scopes)?, person, valid_days };
    let store = Store::open(data)?;
    let identity = Identity::read(data)?;
    let code = invite::invite(&store, &identity, &invite, environment)?.to_text();
    let qr =
        qrcode::QrCode::new(code.as_bytes()).map_err(|cause| Failure::caused(ErrorCode::Internal, "the QR", cause))?;
    say(&qr.render::<qrcode::render::unicode::Dense1x2>().quiet_zone(true).build());
    say(&code);
    say(&format!("Valid for {valid_days} days, for one device."));
    if let Some(path) = png {
        write_qr_png(&qr, path)?;
        say(&format!("The QR is in {}.", path.display()));
    }
    Ok(())
}

pub(super) fn list(data: &Path) -> Result<()> {
    let store = Store::open(data)?;
    let is_copied = |certificate| store.read(|connection| forks::is_forked(connection, certificate));
    for person in store.read(register::people)? {
        let Some(rights) = person.rights else { continue };
        let scopes: Vec<String> = rights.scopes.iter().map(ToString::to_string).collect();
        say(&format!("{}\t{}\t{}\tperson {}", person.name, rights.role.key(), scopes.join(" "), person.id));
        for (certificate, revoked) in person.certificates {
            // Two tablets with one key: `invite --person` gives one a new code, and then the old certificate goes.
            let copied = if is_copied(certificate)? { "\tcopied: two tablets write under it" } else { "" };
            say(&format!("\tdevice {certificate}{}{copied}", if revoked { "\trevoked" } else { "" }));
        }
    }
    Ok(())
}

pub(super) fn revoke(data: &Path, certificate: &str, environment: &Environment) -> Result<()> {
    let id = CertificateId::parse(certificate)
        .ok_or_else(|| usage(format!("--certificate {certificate}: `people` lists them")))?;
    let store = Store::open(data)?;
    let identity = Identity::read(data)?;
    if store.read(|connection| register::device(connection, id))?.is_none() {
        return Err(usage("no such device, or it is revoked already".to_owned()));
    }
    store.transact(|tx| {
        register::write(tx, RegisterFact::Revoked { certificate: id }, &identity.county, environment.now())
    })?;
    say("The device is shut out from its next request on. What it sent before stays.");
    Ok(())
}

pub(super) fn recover(recovery_key: &Path, request: &str, environment: &Environment) -> Result<()> {
    let secret = RecoverySecretKey::from_text(read_text(recovery_key)?.trim())
        .ok_or_else(|| usage(format!("{} holds no recovery key", recovery_key.display())))?;
    let spoken = RecoveryRequest::from_text(request)?.spoken_code();
    say(&format!("Ask the teacher to read out the number that the tablet shows. It must be {spoken}."));
    say("Only if it is, and you know the voice, give out this answer:");
    say(&answer_recovery(&secret, request, environment)?);
    Ok(())
}
