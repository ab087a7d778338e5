//! Deciding over what waits apart: who may, what a decision does, and what is told of it. *Quarantine holds the branch*:
//! what the same device built on a held envelope goes the same way (docs/decisions/apart.md).

use std::collections::BTreeSet;

use automerge::Change;
use jiafang_core::domain::doc::{self, DocumentKind};
use jiafang_core::domain::identifier::{CertificateId, Hash32};
use jiafang_core::domain::place::Leaves;
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::Result;
use jiafang_core::protocol::apart::{
    self as wire, ApartAnswer, ApartRequest, Decision, Fate, Outcome, ReviewItem, Verdict,
};
use jiafang_core::protocol::envelope::Envelope;
use jiafang_core::protocol::sync::{Rights, ScopeChange, ScopeEvent};

use crate::intake::{self, Rejudged};
use crate::store::apart::{self, ApartRow};
use crate::store::register::{self, CountyRow, Device, Holder};
use crate::store::{Connection, Transaction, decisions, device_progress, forks, log};

/// Rows that are looked through for one person's list.
const SCANNED_MAX: u32 = 2_000;
/// What one list holds: the oldest; the rest comes when these are decided.
const ITEMS_MAX: usize = 200;
/// Bytes of changes that one list holds.
const LIST_BYTES_MAX: usize = 256 * 1024;
/// A change above this is not sent along: no form is so large.
const CHANGE_BYTES_SENT_MAX: usize = 32 * 1024;
/// Decisions of one device that may come before their envelopes do.
const EARLY_MAX: u64 = 1_000;

/// What became of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// It stands.
    Taken,
    /// The envelope is not here: the decision is kept, and stands when it comes.
    Early,
    /// There was one before, or the envelope is in the log.
    Before,
    /// Not by this person.
    NotAllowed,
    /// The envelope cannot be let into the log.
    NotAcceptable,
}

/// Where the child lies of whom an envelope tells: as the server ordered it, else where its author saw it.
fn lies(connection: &Connection, row: &ApartRow) -> Result<Leaves> {
    Ok(match log::placement(connection, row.document)? {
        Some(placement) => placement.leaves,
        None => row.envelope()?.body.leaves,
    })
}

/// Whether a person decides over what is apart: by the role, for a child within the scope, and not over what the same
/// person wrote. The county's administration decides over everything.
fn may_decide(connection: &Connection, decider: &Holder, row: &ApartRow) -> Result<bool> {
    let Some(rights) = &decider.rights else { return Ok(true) };
    if !rights.role.decides_what_waits() {
        return Ok(false);
    }
    let author = register::holder(connection, row.certificate)?;
    if author.is_some_and(|author| author.person == decider.person) {
        return Ok(false);
    }
    // A report of danger is nobody's to read but those whom it is for: not even that it is there is told to others.
    let kind = row.envelope()?.body.kind;
    Ok(intake::may_see(rights, kind, &lies(connection, row)?))
}

/// Takes a decision.
///
/// # Errors
/// The faults of a store.
pub fn decide(tx: &Transaction<'_>, decider: &Holder, decision: &Decision, at: Timestamp) -> Result<Decided> {
    let envelope = decision.body.envelope;
    if decisions::over(tx, envelope)?.is_some() {
        return Ok(Decided::Before);
    }
    let Some(row) = apart::row(tx, envelope)? else {
        if log::seq_of(tx, envelope)?.is_some() || decisions::early_ones(tx, decider.certificate)? >= EARLY_MAX {
            return Ok(Decided::Before);
        }
        decisions::put(tx, decision, decider.certificate, at)?;
        return Ok(Decided::Early);
    };
    if row.verdict.is_some() {
        return Ok(Decided::Before);
    }
    if !may_decide(tx, decider, &row)? {
        return Ok(Decided::NotAllowed);
    }
    if decision.body.verdict == Verdict::Accept && !row.acceptable {
        return Ok(Decided::NotAcceptable);
    }
    decisions::put(tx, decision, decider.certificate, at)?;
    apply(tx, &row, decision.body.verdict)?;
    Ok(Decided::Taken)
}

/// What a decision does: to the envelope, and to what the same device built on it.
fn apply(tx: &Transaction<'_>, root: &ApartRow, verdict: Verdict) -> Result<()> {
    for row in branch(tx, root)? {
        if verdict == Verdict::Accept && !row.acceptable {
            continue;
        }
        apart::set_verdict(tx, row.hash, Some((verdict, root.hash)))?;
        if let (Verdict::Accept, Some(fork)) = (verdict, row.fork) {
            forks::let_in(tx, fork)?;
        }
    }
    Ok(())
}

/// An envelope that waits with all that waits and was built on it by the same device, in the order of its counter. On
/// one that cannot be read all may be built that waits for such a reason.
fn branch(connection: &Connection, root: &ApartRow) -> Result<Vec<ApartRow>> {
    let mut changes: BTreeSet<Hash32> = root.change.into_iter().collect();
    let mut branch = vec![root.clone()];
    for row in apart::of_device(connection, root.certificate, root.document)? {
        if row.verdict.is_some() || row.hash == root.hash {
            continue;
        }
        let builds_on_it = dependencies(&row)?.iter().any(|hash| changes.contains(hash))
            || (root.change.is_none() && row.counter > root.counter && row.change.is_some() && waits_for_another(&row));
        if builds_on_it {
            changes.extend(row.change);
            branch.push(row);
        }
    }
    Ok(branch)
}

fn waits_for_another(row: &ApartRow) -> bool {
    row.reason == jiafang_core::protocol::quarantine::QuarantineReason::BuildsOnQuarantined
}

fn dependencies(row: &ApartRow) -> Result<Vec<Hash32>> {
    let change = doc::read_change(&row.envelope()?.body.change);
    Ok(change.map(|change| change.deps().iter().map(|hash| Hash32(hash.0)).collect()).unwrap_or_default())
}

/// An envelope has just been put apart. A decision over it may be here already, after a restore; and what builds on
/// something refused is refused with it: it could never be taken in.
///
/// # Errors
/// The faults of a store.
pub fn arrived(tx: &Transaction<'_>, envelope: Hash32) -> Result<()> {
    let Some(row) = apart::row(tx, envelope)? else { return Ok(()) };
    if row.verdict.is_some() {
        return Ok(());
    }
    if let Some(early) = decisions::over(tx, envelope)? {
        let decider = register::holder(tx, early.certificate)?;
        let stands = match &decider {
            Some(decider) => may_decide(tx, decider, &row)?,
            None => false,
        } && (early.verdict == Verdict::Refuse || row.acceptable);
        return if stands { apply(tx, &row, early.verdict) } else { decisions::drop_over(tx, envelope) };
    }
    for dependency in dependencies(&row)? {
        if let Some(decision) = apart::refused_with(tx, row.document, dependency)? {
            return apart::set_verdict(tx, envelope, Some((Verdict::Refuse, decision)));
        }
    }
    Ok(())
}

/// Whether nothing but the reason for which it waits keeps an envelope out of the log: its author is proven, it is a
/// change of a dossier that lies somewhere, and nobody else's actor or number is used.
///
/// # Errors
/// The faults of a store.
pub fn is_acceptable(connection: &Connection, envelope: &Envelope, change: &Change, signed: bool) -> Result<bool> {
    let body = &envelope.body;
    let placed = log::placement(connection, body.document)?;
    let is_dossier =
        body.kind == DocumentKind::Dossier && placed.is_none_or(|placed| placed.kind == DocumentKind::Dossier);
    if !signed || !is_dossier || !intake::are_places(&body.leaves) || change.deps().is_empty() {
        return Ok(false);
    }
    let actor = change.actor_id().to_bytes();
    let bound = log::certificate_of_actor(connection, actor)?;
    if actor == doc::GENESIS_ACTOR || bound.is_some_and(|bound| bound != body.certificate) {
        return Ok(false);
    }
    let under_its_number = log::change_of_number(connection, body.document, actor, change.seq())?;
    Ok(under_its_number.is_none_or(|known| known == Hash32(change.hash().0)))
}

/// Puts into the log what was accepted and finds all that it builds on there, until nothing more fits.
///
/// # Errors
/// The faults of a store.
pub fn release(tx: &Transaction<'_>, county: &CountyRow, at: Timestamp) -> Result<()> {
    loop {
        let mut moved = false;
        for row in apart::accepted(tx)? {
            moved |= place(tx, county, &row, at)?;
        }
        if !moved {
            return Ok(());
        }
    }
}

/// `true` when it waits for nothing any more, one way or the other.
fn place(tx: &Transaction<'_>, county: &CountyRow, row: &ApartRow, at: Timestamp) -> Result<bool> {
    let envelope = row.envelope()?;
    let signed = register::holder(tx, row.certificate)?.is_some_and(|holder| envelope.is_signed_by(&holder.public_key));
    let change = doc::read_change(&envelope.body.change).ok();
    let Some(change) = change.filter(|change| is_acceptable(tx, &envelope, change, signed).unwrap_or(false)) else {
        return cannot_be_placed(tx, row);
    };
    let genesis = doc::genesis_hashes(envelope.body.kind)?;
    for dependency in change.deps() {
        let hash = Hash32(dependency.0);
        if genesis.contains(&hash) || log::has_change(tx, row.document, hash)? {
            continue;
        }
        let refused = apart::refused_with(tx, row.document, hash)?;
        if let Some(decision) = refused {
            apart::set_verdict(tx, row.hash, Some((Verdict::Refuse, decision)))?;
        }
        return Ok(refused.is_some());
    }
    let number_before = change.seq().saturating_sub(1);
    let actor = change.actor_id().to_bytes();
    if change.seq() == 0
        || (number_before > 0 && log::change_of_number(tx, row.document, actor, number_before)?.is_none())
    {
        return cannot_be_placed(tx, row);
    }
    log::append(tx, &envelope, &change, log::head(tx)?, at)?;
    apart::remove(tx, row.hash)?;
    judge_those_behind(tx, county, row, at)?;
    Ok(true)
}

/// What was accepted and cannot be taken in waits again, to be put away.
fn cannot_be_placed(tx: &Transaction<'_>, row: &ApartRow) -> Result<bool> {
    apart::mark_unacceptable(tx, row.hash)?;
    apart::set_verdict(tx, row.hash, None)?;
    if let Some(decision) = row.decision.filter(|decision| *decision == row.hash) {
        decisions::drop_over(tx, decision)?;
    }
    Ok(true)
}

/// What waited for nothing else than the envelope that has just come into the log is judged as if it came now.
fn judge_those_behind(tx: &Transaction<'_>, county: &CountyRow, before: &ApartRow, at: Timestamp) -> Result<()> {
    let Some(author) = register::device(tx, before.certificate)? else { return Ok(()) };
    for row in apart::of_device(tx, before.certificate, before.document)? {
        if row.verdict.is_some() || !waits_for_another(&row) {
            continue;
        }
        match intake::judge_again(tx, &author, county, row.envelope()?, at)? {
            Rejudged::Logged => apart::remove(tx, row.hash)?,
            Rejudged::Apart(reason) => apart::set_reason(tx, row.hash, reason)?,
            Rejudged::Waits => {}
        }
    }
    Ok(())
}

/// What waits for a person to decide, as it is sent to the person's devices.
///
/// # Errors
/// The faults of a store.
pub fn list_for(connection: &Connection, device: &Device) -> Result<Vec<ReviewItem>> {
    if !device.rights.as_ref().is_some_and(|rights| rights.role.decides_what_waits()) {
        return Ok(Vec::new());
    }
    let decider = Holder {
        certificate: device.certificate,
        person: device.person,
        name: String::new(),
        public_key: device.public_key,
        rights: device.rights.clone(),
    };
    let mut items = Vec::new();
    let mut bytes = 0_usize;
    for row in apart::waiting(connection, SCANNED_MAX)? {
        if items.len() >= ITEMS_MAX || !may_decide(connection, &decider, &row)? {
            continue;
        }
        let body = row.envelope()?.body;
        let change =
            if row.change.is_some() && body.change.len() <= CHANGE_BYTES_SENT_MAX { body.change } else { Vec::new() };
        bytes = bytes.saturating_add(change.len());
        if bytes > LIST_BYTES_MAX && !items.is_empty() {
            break;
        }
        items.push(ReviewItem {
            envelope: row.hash,
            certificate: row.certificate,
            counter: row.counter,
            document: row.document,
            leaves: body.leaves,
            reason: row.reason,
            since: row.received_at,
            acceptable: row.acceptable,
            change,
        });
    }
    Ok(items)
}

/// What became of an envelope that its device believes apart; `None` while it waits. Of somebody else's envelope a device
/// hears what it hears of one that does not exist.
fn fate(connection: &Connection, certificate: CertificateId, envelope: Hash32) -> Result<Option<Fate>> {
    if let Some(seq) = log::seq_of(connection, envelope)? {
        let is_own = log::envelope_at(connection, seq)?.is_some_and(|there| there.body.certificate == certificate);
        return Ok(Some(if is_own { Fate::Accepted { seq } } else { Fate::Unknown }));
    }
    let row = apart::row(connection, envelope)?.filter(|row| row.certificate == certificate);
    let Some(row) = row else { return Ok(Some(Fate::Unknown)) };
    if row.verdict != Some(Verdict::Refuse) {
        return Ok(None);
    }
    let decision = row.decision.map(|decision| decisions::over(connection, decision)).transpose()?.flatten();
    let Some(decision) = decision else { return Ok(None) };
    let by = register::holder(connection, decision.certificate)?.map(|holder| holder.name).unwrap_or_default();
    Ok(Some(Fate::Refused { by, at: decision.at, note: decision.note }))
}

/// What is told to a device of what waits apart; `None` when there is nothing to tell. `decided` are those of its
/// decisions that need not be sent again.
///
/// # Errors
/// The faults of a store.
pub fn answer(
    connection: &Connection,
    device: &Device,
    request: &ApartRequest,
    decided: Vec<Hash32>,
) -> Result<Option<ApartAnswer>> {
    let list = list_for(connection, device)?;
    let mut outcomes = Vec::new();
    for envelope in request.asks.iter().take(wire::ASKS_MAX) {
        if let Some(fate) = fate(connection, device.certificate, *envelope)? {
            outcomes.push(Outcome { envelope: *envelope, fate });
        }
    }
    let answer = ApartAnswer {
        review: (wire::review_hash(&list) != request.review).then_some(list),
        outcomes,
        decided,
        twin: !request.twin_known && has_twin(connection, device, request)?,
        taken_back: None,
    };
    Ok((answer != ApartAnswer::default()).then_some(answer))
}

/// Where children lie of whom a device's records were decided over. While its own move waited, the device went by it; an
/// accepted move moves no child, and a refused one none either. The outcomes are those of its own records alone.
///
/// # Errors
/// The faults of a store.
pub fn places(connection: &Connection, rights: &Rights, outcomes: &[Outcome]) -> Result<Vec<ScopeEvent>> {
    let mut events = Vec::new();
    for outcome in outcomes {
        let envelope = match outcome.fate {
            Fate::Accepted { seq } => log::envelope_at(connection, seq)?,
            Fate::Refused { .. } => apart::row(connection, outcome.envelope)?.map(|row| row.envelope()).transpose()?,
            Fate::Unknown => None,
        };
        let Some(body) = envelope.map(|envelope| envelope.body) else { continue };
        let placed = log::placement(connection, body.document)?.filter(|placed| placed.leaves != body.leaves);
        let Some(placed) = placed else { continue };
        let change = if intake::may_see(rights, placed.kind, &placed.leaves) {
            ScopeChange::Here { leaves: placed.leaves }
        } else {
            ScopeChange::Left { seq: log::head(connection)?.seq }
        };
        events.push(ScopeEvent { document: body.document, change });
    }
    Ok(events)
}

/// Whether another device writes under this certificate: there is more than one chain, or one that this device does not
/// know the end of, or records above all that it has written.
fn has_twin(connection: &Connection, device: &Device, request: &ApartRequest) -> Result<bool> {
    if forks::is_forked(connection, device.certificate)? {
        return Ok(true);
    }
    let Some(own) = request.own_head else { return Ok(false) };
    if own.counter < forks::highest_counter(connection, device.certificate)? {
        return Ok(true);
    }
    let Some((counter, hash)) = device_progress::head(connection, device.certificate)? else { return Ok(false) };
    Ok(own.counter < counter || (own.counter == counter && own.hash != hash))
}
