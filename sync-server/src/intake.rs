//! Takes a push in: frame check, signature, right to write, one transaction. No document is loaded: a
//! poisoned one could harm only who materialises it (docs/automerge.md, 3).

use crate::store::Transaction;
use automerge::Change;
use jiafang_core::domain::doc;
use jiafang_core::domain::identifier::{CertificateId, Hash32};
use jiafang_core::domain::place::Leaves;
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::Result;
use jiafang_core::protocol::CHANGE_BYTES_MAX;
use jiafang_core::protocol::envelope::{DocumentKind, Envelope};
use jiafang_core::protocol::sync::{Cursor, QuarantineReason, Receipt, ReceiptRun, Rights};

use crate::store::log::{self, Known};
use crate::store::register::{CountyRow, Device};

/// An envelope with what can be told of it without the store.
pub struct Checked {
    envelope: Envelope,
    hash: Hash32,
    /// The change, when it can be read; else why not.
    change: std::result::Result<Change, QuarantineReason>,
    signed: bool,
}

impl Checked {
    /// The envelope.
    #[must_use]
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }
}

/// Checks what can be checked without the store: done outside of the transaction.
#[must_use]
pub fn check(envelopes: Vec<Envelope>, device: &Device) -> Vec<Checked> {
    envelopes
        .into_iter()
        .map(|envelope| {
            let change = if envelope.body.change.len() > CHANGE_BYTES_MAX {
                Err(QuarantineReason::TooLarge)
            } else {
                doc::read_change(&envelope.body.change).map_err(|_| QuarantineReason::ChangeUnreadable)
            };
            Checked { hash: envelope.hash(), signed: envelope.is_signed_by(&device.public_key), change, envelope }
        })
        .collect()
}

/// Takes checked envelopes in. Gives a receipt for each, and the end of the log.
///
/// # Errors
/// The faults of a store: then none was taken in.
pub fn take_in(
    tx: &Transaction<'_>,
    device: &Device,
    county: &CountyRow,
    checked: &[Checked],
    at: Timestamp,
) -> Result<(Vec<ReceiptRun>, Cursor)> {
    let mut end = log::head(tx)?;
    let mut runs: Vec<ReceiptRun> = Vec::new();
    for item in checked {
        let counter = item.envelope.body.counter;
        let (receipt, seq) = take_one(tx, device, county, item, &mut end, at)?;
        push_receipt(&mut runs, counter, receipt, seq);
    }
    Ok((runs, end))
}

fn push_receipt(runs: &mut Vec<ReceiptRun>, counter: u64, receipt: Receipt, seq: u64) {
    if let Some(last) = runs.last_mut() {
        let follows = last.first_counter.checked_add(last.count) == Some(counter);
        let seq_follows = match last.first_seq {
            0 => seq == 0,
            first => first.checked_add(last.count) == Some(seq),
        };
        if follows && seq_follows && last.receipt == receipt {
            last.count = last.count.saturating_add(1);
            return;
        }
    }
    runs.push(ReceiptRun { first_counter: counter, count: 1, receipt, first_seq: seq });
}

fn take_one(
    tx: &Transaction<'_>,
    device: &Device,
    county: &CountyRow,
    item: &Checked,
    end: &mut Cursor,
    at: Timestamp,
) -> Result<(Receipt, u64)> {
    let body = &item.envelope.body;
    let certificate = device.certificate;
    let reason = match log::known(tx, certificate, body.counter, item.hash)? {
        Known::Logged(seq) => return Ok((Receipt::Duplicate, seq)),
        Known::Apart(reason) => return Ok((Receipt::Quarantined { reason }, 0)),
        // A cloned or restored tablet: kept, named, and no harm done to the chain that is known.
        Known::Other => Some(QuarantineReason::CounterForked),
        Known::Nothing => {
            let (head, head_hash) = log::device_head(tx, certificate)?.unwrap_or((0, Hash32::ZERO));
            if head.checked_add(1) != Some(body.counter) {
                return Ok((Receipt::NeedsDependencies, 0));
            }
            (body.previous != head_hash).then_some(QuarantineReason::CounterForked)
        }
    };
    let reason = match reason {
        Some(reason) => Some(reason),
        None => match objection(tx, device, county, item)? {
            Objection::None => None,
            Objection::Dependencies => return Ok((Receipt::NeedsDependencies, 0)),
            Objection::Apart(reason) => Some(reason),
        },
    };
    let change_hash = item.change.as_ref().ok().map(|change| Hash32(change.hash().0));
    let receipt = match (reason, &item.change) {
        (None, Ok(change)) => {
            *end = log::append(tx, &item.envelope, Hash32(change.hash().0), change.actor_id().to_bytes(), *end, at)?;
            (Receipt::Stored, end.seq)
        }
        (reason, _) => {
            let reason = reason.unwrap_or(QuarantineReason::ChangeUnreadable);
            log::keep_apart(tx, &item.envelope, change_hash, reason, at)?;
            (Receipt::Quarantined { reason }, 0)
        }
    };
    log::set_device_head(tx, certificate, body.counter, item.hash)?;
    Ok(receipt)
}

enum Objection {
    None,
    Dependencies,
    Apart(QuarantineReason),
}

fn objection(tx: &Transaction<'_>, device: &Device, county: &CountyRow, item: &Checked) -> Result<Objection> {
    let body = &item.envelope.body;
    if !item.signed {
        return Ok(Objection::Apart(QuarantineReason::SignatureWrong));
    }
    let change = match &item.change {
        Ok(change) => change,
        Err(reason) => return Ok(Objection::Apart(*reason)),
    };
    let placement = log::placement(tx, body.document)?;
    if placement.as_ref().is_some_and(|placement| placement.kind != body.kind) {
        return Ok(Objection::Apart(QuarantineReason::NotYours));
    }
    let known_leaves = placement.map(|placement| placement.leaves);
    if !may_write(device, county, body.kind, body.document == county.document, &body.leaves, known_leaves.as_ref()) {
        return Ok(Objection::Apart(QuarantineReason::NotYours));
    }
    // An actor belongs to the certificate whose envelope first carried it: nobody writes under another's.
    let bound = log::certificate_of_actor(tx, change.actor_id().to_bytes())?;
    if bound.is_some_and(|bound| bound != device.certificate) {
        return Ok(Objection::Apart(QuarantineReason::NotYours));
    }
    let genesis = doc::genesis_hashes(body.kind)?;
    for dependency in change.deps() {
        let hash = Hash32(dependency.0);
        if genesis.contains(&hash) || log::has_change(tx, body.document, hash)? {
            continue;
        }
        return Ok(if log::is_apart(tx, hash)? {
            Objection::Apart(QuarantineReason::BuildsOnQuarantined)
        } else {
            Objection::Dependencies
        });
    }
    Ok(Objection::None)
}

/// The right to write: the person's role, and a scope that covers the document both where the author saw it
/// and where it lies.
fn may_write(
    device: &Device,
    county: &CountyRow,
    kind: DocumentKind,
    is_county_document: bool,
    leaves: &Leaves,
    placed: Option<&Leaves>,
) -> bool {
    match kind {
        DocumentKind::County => is_county_document && device.certificate == county.certificate,
        // Their rights are a kind of their own, which this version does not give to anybody yet.
        DocumentKind::Restricted => false,
        DocumentKind::Dossier => device.rights.as_ref().is_some_and(|rights| {
            rights.role.writes_dossiers()
                && covers(rights, leaves)
                && placed.is_none_or(|placed| covers(rights, placed))
        }),
    }
}

/// Whether rights cover a place.
#[must_use]
pub fn covers(rights: &Rights, leaves: &Leaves) -> bool {
    rights.scopes.iter().any(|scope| scope.covers(leaves))
}

/// Whether a device may see a document.
#[must_use]
pub fn may_see(rights: &Rights, kind: DocumentKind, leaves: &Leaves) -> bool {
    match kind {
        DocumentKind::County => true,
        DocumentKind::Restricted => false,
        DocumentKind::Dossier => covers(rights, leaves),
    }
}

/// Whether an envelope is of the device itself.
#[must_use]
pub fn is_own(device: &Device, certificate: CertificateId) -> bool {
    device.certificate == certificate
}
