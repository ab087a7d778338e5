//! What a restored server has lost comes back from whoever holds it: register entries because the county's key signed
//! them, envelopes because their authors did and the register says that these might write (docs/decisions/restore.md).

use jiafang_core::domain::identifier::CertificateId;
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::Result;
use jiafang_core::protocol::apart::{GivenBack, TakenBack};
use jiafang_core::protocol::envelope::Envelope;
use jiafang_core::protocol::register::{RegisterEntry, RegisterFact};
use jiafang_core::protocol::sync::Rights;
use jiafang_core::vault::signing::DeviceSigner;

use crate::intake;
use crate::store::register::{self, CountyRow, Device};
use crate::store::{Transaction, apart, log};

/// Envelopes and entries that one request may give back.
const GIVEN_MAX: usize = 5_000;

/// Takes back what a device gives. What cannot be taken in yet, because something else is missing, is not named: the
/// device gives it again another time.
///
/// # Errors
/// The faults of a store.
pub fn take(
    tx: &Transaction<'_>,
    giver: &Device,
    county: &CountyRow,
    county_key: &DeviceSigner,
    given: &GivenBack,
    at: Timestamp,
) -> Result<TakenBack> {
    let mut taken = TakenBack::default();
    for entry in given.register.iter().take(GIVEN_MAX) {
        if take_entry(tx, county_key, entry, at)? {
            taken.register.push(entry.hash());
        }
    }
    let history = register::all_entries(tx)?;
    for envelope in given.envelopes.iter().take(GIVEN_MAX) {
        let hash = envelope.hash();
        if log::seq_of(tx, hash)?.is_some()
            || apart::row(tx, hash)?.is_some()
            || take_envelope(tx, giver, county, &history, envelope, at)?
        {
            taken.envelopes.push(hash);
        }
    }
    Ok(taken)
}

/// `true` when the register says it, or says something newer: then it need not come again.
///
/// The chain of the entries is broken, as this server may have gone on since: what the old entry says is written anew, as
/// the next entry. What was written here after it stands.
fn take_entry(tx: &Transaction<'_>, county_key: &DeviceSigner, entry: &RegisterEntry, at: Timestamp) -> Result<bool> {
    if !entry.is_signed_by(&county_key.public_key()) {
        return Ok(true);
    }
    if register::knows_entry(tx, entry.body.seq, entry.hash())? {
        return Ok(true);
    }
    let is_news = match &entry.body.fact {
        RegisterFact::County { .. } => false,
        RegisterFact::Person { person, .. } => {
            let last = register::all_entries(tx)?.into_iter().rfind(
                |known| matches!(&known.body.fact, RegisterFact::Person { person: known, .. } if known == person),
            );
            last.is_none_or(|last| last.body.at < entry.body.at && last.body.fact != entry.body.fact)
        }
        RegisterFact::Certificate { certificate, person, .. } => {
            if register::person(tx, *person)?.is_none() {
                return Ok(false);
            }
            register::holder(tx, *certificate)?.is_none()
        }
        RegisterFact::Revoked { certificate } => match register::holder(tx, *certificate)? {
            None => return Ok(false),
            Some(_) => register::device(tx, *certificate)?.is_some(),
        },
    };
    if is_news {
        tracing::info!(seq = entry.body.seq, "a register entry that a restore had lost is written again");
        register::write(tx, entry.body.fact.clone(), county_key, at)?;
    }
    Ok(true)
}

fn take_envelope(
    tx: &Transaction<'_>,
    giver: &Device,
    county: &CountyRow,
    history: &[RegisterEntry],
    envelope: &Envelope,
    at: Timestamp,
) -> Result<bool> {
    let certificate = envelope.body.certificate;
    if certificate == county.certificate {
        return Ok(false);
    }
    let author = if certificate == giver.certificate {
        giver.clone()
    } else {
        let Some(author) = author_as_then(tx, history, certificate, envelope)? else { return Ok(false) };
        author
    };
    intake::take_back(tx, &author, county, envelope.clone(), at)
}

/// The author with the rights that make the envelope theirs: those of now or, where these do not, others that the register
/// has given before. Without rights at all when the certificate was revoked before it was written: then a person looks.
fn author_as_then(
    tx: &Transaction<'_>,
    history: &[RegisterEntry],
    certificate: CertificateId,
    envelope: &Envelope,
) -> Result<Option<Device>> {
    let Some(holder) = register::holder(tx, certificate)? else { return Ok(None) };
    let leaves = &envelope.body.leaves;
    let fits = |rights: &Rights| rights.role.writes_dossiers() && intake::covers(rights, leaves);
    let revoked = history.iter().find_map(|entry| match &entry.body.fact {
        RegisterFact::Revoked { certificate: revoked } if *revoked == certificate => Some(entry.body.seq),
        _ => None,
    });
    let mut rights = holder.rights.clone();
    if revoked.is_some_and(|seq| seq <= envelope.body.register_head) {
        rights = rights.map(|rights| Rights { scopes: Vec::new(), ..rights });
    } else if !rights.as_ref().is_some_and(fits) {
        let then = history.iter().rev().find_map(|entry| match &entry.body.fact {
            RegisterFact::Person { person, role, scopes, .. } if *person == holder.person => {
                Some(Rights { role: *role, scopes: scopes.clone() }).filter(fits)
            }
            _ => None,
        });
        rights = then.or(rights);
    }
    Ok(Some(Device { certificate, public_key: holder.public_key, person: holder.person, rights }))
}
