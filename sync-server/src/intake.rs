//! Takes a push in: frame check, signature, right to write, one transaction. No document is loaded: a
//! poisoned one could harm only who materialises it (docs/automerge.md, 3).

use automerge::Change;
use jiafang_core::domain::danger;
use jiafang_core::domain::doc;
use jiafang_core::domain::doc::CHANGE_BYTES_MAX;
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::domain::place::{Leaves, PlaceCode};
use jiafang_core::domain::time::Timestamp;
use jiafang_core::domain::village_work::document_of;
use jiafang_core::error::Result;
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::envelope::Envelope;
use jiafang_core::protocol::quarantine::QuarantineReason;
use jiafang_core::protocol::sync::{Receipt, ReceiptRun, Rights};

use crate::review;
use crate::store::Transaction;
use crate::store::apart::{self, Why};
use crate::store::device_progress;
use crate::store::forks;
use crate::store::log::{self, Known};
use crate::store::moves;
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

    fn change_hash(&self) -> Option<Hash32> {
        self.change.as_ref().ok().map(|change| Hash32(change.hash().0))
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

/// Takes checked envelopes in, and gives a receipt for each.
///
/// # Errors
/// The faults of a store: then none was taken in.
pub fn take_in(
    tx: &Transaction<'_>,
    device: &Device,
    county: &CountyRow,
    checked: &[Checked],
    at: Timestamp,
) -> Result<Vec<ReceiptRun>> {
    let mut end = log::head(tx)?;
    let mut runs: Vec<ReceiptRun> = Vec::new();
    for item in checked {
        let counter = item.envelope.body.counter;
        let (receipt, seq) = take_one(tx, device, county, item, &mut end, at)?;
        push_receipt(&mut runs, counter, receipt, seq);
    }
    // What has come may be what something accepted was waiting for.
    review::release(tx, county, at)?;
    Ok(runs)
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
    match log::known(tx, certificate, body.counter, item.hash)? {
        Known::Logged(seq) => {
            go_on_with(tx, item)?;
            return Ok((Receipt::Duplicate, seq));
        }
        Known::Apart(reason) => {
            go_on_with(tx, item)?;
            return Ok((Receipt::Quarantined { reason }, 0));
        }
        Known::Other | Known::Nothing => {}
    }
    if !item.signed {
        // It says nothing of the device's chain: the right one under its counter may still come.
        return put_apart(tx, item, QuarantineReason::SignatureWrong, None, at);
    }
    let fork = match chain_of(tx, item)? {
        Chain::Gap => return Ok((Receipt::NeedsDependencies, 0)),
        Chain::First => None,
        Chain::Fork { first, let_in } => {
            if !let_in {
                // A cloned or restored tablet: its branch is kept and named, and the chain that is known goes on without it.
                forks::set_head(tx, first, certificate, body.counter, item.hash)?;
                return put_apart(tx, item, QuarantineReason::CounterForked, Some(first), at);
            }
            Some(first)
        }
    };
    let taken = match judge(tx, device, county, item, at)? {
        Judgement::Dependencies => return Ok((Receipt::NeedsDependencies, 0)),
        Judgement::Right { change, moved_from } => {
            *end = log_it(tx, item, change, moved_from.as_ref(), *end, at)?;
            (Receipt::Stored, end.seq)
        }
        Judgement::Apart(reason) => put_apart(tx, item, reason, fork, at)?,
    };
    match fork {
        Some(first) => forks::set_head(tx, first, certificate, body.counter, item.hash)?,
        None => {
            // Somebody may have given back, after a restore, what a copy of this device wrote under the same counter.
            if let Some(other) = forks::other_under(tx, certificate, body.counter, item.hash)? {
                forks::set_head(tx, other, certificate, body.counter, other)?;
            }
            device_progress::set_head(tx, certificate, body.counter, item.hash)?;
        }
    }
    Ok(taken)
}

fn log_it(
    tx: &Transaction<'_>,
    item: &Checked,
    change: &Change,
    moved_from: Option<&Leaves>,
    end: Cursor,
    at: Timestamp,
) -> Result<Cursor> {
    let body = &item.envelope.body;
    let end = log::append(tx, &item.envelope, change, end, at)?;
    if let Some(from) = moved_from {
        moves::keep(tx, body.document, end.seq, from, &body.leaves, at)?;
    }
    Ok(end)
}

fn put_apart(
    tx: &Transaction<'_>,
    item: &Checked,
    reason: QuarantineReason,
    fork: Option<Hash32>,
    at: Timestamp,
) -> Result<(Receipt, u64)> {
    let acceptable = match &item.change {
        Ok(change) if reason.may_be_accepted() => review::is_acceptable(tx, &item.envelope, change, item.signed)?,
        _ => false,
    };
    apart::keep(tx, &item.envelope, &Why { reason, change: item.change_hash(), fork, acceptable }, at)?;
    review::arrived(tx, item.hash)?;
    Ok((Receipt::Quarantined { reason }, 0))
}

/// An envelope that is here already may have come from others after a restore, before what its device wrote before it: the
/// chain goes on with it then.
fn go_on_with(tx: &Transaction<'_>, item: &Checked) -> Result<()> {
    let body = &item.envelope.body;
    let (head, head_hash) = device_progress::head(tx, body.certificate)?.unwrap_or((0, Hash32::ZERO));
    if item.signed && head.checked_add(1) == Some(body.counter) && body.previous == head_hash {
        device_progress::set_head(tx, body.certificate, body.counter, item.hash)?;
    }
    Ok(())
}

/// Takes an envelope in that somebody else gives back: `false` when what it builds on is not here. It continues its device's
/// chain where it can. One that cannot be of that chain is a copied tablet's: both tablets hear that there is another, and what
/// follows it waits for a person.
///
/// # Errors
/// The faults of a store.
pub fn take_back(
    tx: &Transaction<'_>,
    author: &Device,
    county: &CountyRow,
    envelope: Envelope,
    at: Timestamp,
) -> Result<bool> {
    let Some(item) = check(vec![envelope], author).pop() else { return Ok(false) };
    if !item.signed {
        return Ok(true);
    }
    let fork = fork_given_back(tx, &item)?;
    match judge(tx, author, county, &item, at)? {
        Judgement::Dependencies => return Ok(false),
        Judgement::Apart(reason) => {
            put_apart(tx, &item, reason, fork, at)?;
        }
        Judgement::Right { change, moved_from } => {
            log_it(tx, &item, change, moved_from.as_ref(), log::head(tx)?, at)?;
        }
    }
    match fork {
        Some(first) => forks::set_head(tx, first, item.envelope.body.certificate, item.counter(), item.hash)?,
        None => go_on_with(tx, &item)?,
    }
    Ok(true)
}

/// The fork that a given back envelope is of, by its first envelope. `None` when it continues the chain that is known, and also
/// when it lies above a gap: then its device's own offer will tell.
fn fork_given_back(tx: &Transaction<'_>, item: &Checked) -> Result<Option<Hash32>> {
    let body = &item.envelope.body;
    let (head, head_hash) = device_progress::head(tx, body.certificate)?.unwrap_or((0, Hash32::ZERO));
    let next = head.checked_add(1) == Some(body.counter);
    if next && body.previous == head_hash {
        return Ok(None);
    }
    if let Some(fork) = forks::headed_by(tx, body.certificate, body.previous)?
        && fork.counter.checked_add(1) == Some(body.counter)
    {
        return Ok(Some(fork.first));
    }
    let is_beside =
        next || body.counter <= head || forks::other_under(tx, body.certificate, body.counter, item.hash)?.is_some();
    Ok(is_beside.then_some(item.hash))
}

/// Which of a device's chains an envelope continues.
enum Chain {
    /// The one that the server knew first.
    First,
    /// One beside it, by its first envelope.
    Fork { first: Hash32, let_in: bool },
    /// None: something before it has not come.
    Gap,
}

fn chain_of(tx: &Transaction<'_>, item: &Checked) -> Result<Chain> {
    let body = &item.envelope.body;
    let (head, head_hash) = device_progress::head(tx, body.certificate)?.unwrap_or((0, Hash32::ZERO));
    let next = head.checked_add(1) == Some(body.counter);
    if next && body.previous == head_hash {
        return Ok(Chain::First);
    }
    if let Some(fork) = forks::headed_by(tx, body.certificate, body.previous)?
        && fork.counter.checked_add(1) == Some(body.counter)
    {
        return Ok(Chain::Fork { first: fork.first, let_in: fork.let_in });
    }
    let begins_one = next
        || body.counter <= head
        || log::seq_of(tx, body.previous)?.is_some()
        || apart::reason(tx, body.previous)?.is_some();
    Ok(if begins_one { Chain::Fork { first: item.hash, let_in: false } } else { Chain::Gap })
}

/// What became of an envelope that waited for another, judged again.
pub enum Rejudged {
    /// It is in the log.
    Logged,
    /// It waits for a reason of its own.
    Apart(QuarantineReason),
    /// It waits as before.
    Waits,
}

/// Judges an envelope that is apart as if it came now.
///
/// # Errors
/// The faults of a store.
pub fn judge_again(
    tx: &Transaction<'_>,
    author: &Device,
    county: &CountyRow,
    envelope: Envelope,
    at: Timestamp,
) -> Result<Rejudged> {
    let Some(item) = check(vec![envelope], author).pop() else { return Ok(Rejudged::Waits) };
    Ok(match judge(tx, author, county, &item, at)? {
        Judgement::Dependencies => Rejudged::Waits,
        Judgement::Apart(reason) => Rejudged::Apart(reason),
        Judgement::Right { change, moved_from } => {
            log_it(tx, &item, change, moved_from.as_ref(), log::head(tx)?, at)?;
            Rejudged::Logged
        }
    })
}

enum Judgement<'a> {
    /// It goes into the log.
    Right {
        /// Its change.
        change: &'a Change,
        /// Where the child lay before, when the envelope moves the child.
        moved_from: Option<Leaves>,
    },
    /// What it builds on is not here.
    Dependencies,
    /// It waits until a person decides.
    Apart(QuarantineReason),
}

fn judge<'a>(
    tx: &Transaction<'_>,
    device: &Device,
    county: &CountyRow,
    item: &'a Checked,
    at: Timestamp,
) -> Result<Judgement<'a>> {
    let body = &item.envelope.body;
    let change = match &item.change {
        Ok(change) => change,
        Err(reason) => return Ok(Judgement::Apart(*reason)),
    };
    let placement = log::placement(tx, body.document)?;
    if placement.as_ref().is_some_and(|placement| placement.kind != body.kind) {
        return Ok(Judgement::Apart(QuarantineReason::NotYours));
    }
    let placed = placement.map(|placement| placement.leaves);
    if !are_places(&body.leaves) || !may_write(device, county, item, change, placed.as_ref()) {
        return Ok(Judgement::Apart(QuarantineReason::NotYours));
    }
    let mut moved_from = None;
    if let (DocumentKind::Dossier, Some(placed)) = (body.kind, placed) {
        if !device.rights.as_ref().is_some_and(|rights| covers(rights, &placed)) {
            if let Some(reason) = came_too_late(tx, device, item, at)? {
                return Ok(Judgement::Apart(reason));
            }
        } else if body.leaves != placed && knows_where_it_lies(tx, device, item)? {
            moved_from = Some(placed);
        }
    }
    // An actor belongs to the certificate whose envelope first carried it: nobody writes under another's.
    let actor = change.actor_id().to_bytes();
    let bound = log::certificate_of_actor(tx, actor)?;
    if actor == doc::GENESIS_ACTOR || bound.is_some_and(|bound| bound != device.certificate) {
        return Ok(Judgement::Apart(QuarantineReason::NotYours));
    }
    // Every document begins with its genesis, and everything builds on that (docs/automerge.md, 5).
    if change.deps().is_empty() {
        return Ok(Judgement::Apart(QuarantineReason::ChangeUnreadable));
    }
    let genesis = doc::genesis_hashes(body.kind)?;
    for dependency in change.deps() {
        let hash = Hash32(dependency.0);
        if genesis.contains(&hash) || log::has_change(tx, body.document, hash)? {
            continue;
        }
        return Ok(if apart::holds_back(tx, device.certificate, body.document, hash)? {
            Judgement::Apart(QuarantineReason::BuildsOnQuarantined)
        } else {
            Judgement::Dependencies
        });
    }
    judge_number(tx, item, change, moved_from)
}

/// How long what was recorded before a child moved away is still taken in by itself. Teachers in the hills come into
/// signal after weeks, and a school's summer is two months.
const GRACE_MS: i64 = 60 * 24 * 60 * 60 * 1_000;

/// Whether what was written of a child who lies elsewhere now came too late, and the reason then. It was in time when
/// the child lay in the author's scope as far as the author had seen the log, which is what the envelope says under its
/// signature, and when the move is not long past. What comes later waits for a person, and is not lost.
fn came_too_late(
    tx: &Transaction<'_>,
    device: &Device,
    item: &Checked,
    at: Timestamp,
) -> Result<Option<QuarantineReason>> {
    let body = &item.envelope.body;
    let Some(moved) = moves::first_after(tx, body.document, body.cursor_seq)? else {
        return Ok(Some(QuarantineReason::NotYours));
    };
    if !device.rights.as_ref().is_some_and(|rights| covers(rights, &moved.from)) {
        return Ok(Some(QuarantineReason::NotYours));
    }
    let in_time = at.unix_ms().saturating_sub(moved.at.unix_ms()) <= GRACE_MS;
    Ok((!in_time).then_some(QuarantineReason::Late))
}

/// Whether an envelope that names another place than where the child lies was written by somebody who may move children
/// and knew where the child lay: then it moves the child. Else its author was behind, and the child stays.
fn knows_where_it_lies(tx: &Transaction<'_>, device: &Device, item: &Checked) -> Result<bool> {
    let body = &item.envelope.body;
    if !device.rights.as_ref().is_some_and(|rights| rights.role.moves_children()) {
        return Ok(false);
    }
    let last = moves::last(tx, body.document)?;
    Ok(last.is_none_or(|last| body.cursor_seq >= last.seq || last.certificate == device.certificate))
}

/// Automerge numbers the changes of an actor within a document. Two under one number make every device refuse the
/// whole dossier (docs/automerge.md, 1), and a number that is left out is none of an honest device's.
fn judge_number<'a>(
    tx: &Transaction<'_>,
    item: &Checked,
    change: &'a Change,
    moved_from: Option<Leaves>,
) -> Result<Judgement<'a>> {
    let document = item.envelope.body.document;
    let actor = change.actor_id().to_bytes();
    let under_its_number = log::change_of_number(tx, document, actor, change.seq())?;
    if under_its_number.is_some_and(|known| known != Hash32(change.hash().0)) {
        return Ok(Judgement::Apart(QuarantineReason::CounterForked));
    }
    let follows = match change.seq() {
        0 => false,
        1 => true,
        number => log::change_of_number(tx, document, actor, number.saturating_sub(1))?.is_some(),
    };
    Ok(if follows {
        Judgement::Right { change, moved_from }
    } else {
        Judgement::Apart(QuarantineReason::ChangeUnreadable)
    })
}

/// Whether leaves name what they can name: a dossier under a code that is none would be seen by nobody.
#[must_use]
pub fn are_places(leaves: &Leaves) -> bool {
    leaves.village.as_ref().is_none_or(|village| PlaceCode::parse(village.as_str()).as_ref() == Some(village))
        && leaves.class.as_ref().is_none_or(|class| !class.0.is_empty())
}

/// The right to write: the person's role, and a scope that covers the document where the author saw it. Where it lies is
/// asked for besides.
fn may_write(device: &Device, county: &CountyRow, item: &Checked, change: &Change, placed: Option<&Leaves>) -> bool {
    let body = &item.envelope.body;
    match body.kind {
        DocumentKind::County => {
            let is_allowed = |rights: &Rights| doc::county_rights::allows(rights.role, &rights.scopes, change);
            body.document == county.document
                && (device.certificate == county.certificate || device.rights.as_ref().is_some_and(is_allowed))
        }
        // A danger to a child is reported by whoever works with children, wherever the child has moved since; what is done
        // about it is recorded by those who may see it.
        DocumentKind::Restricted => device.rights.as_ref().is_some_and(|rights| match placed {
            // Without any scope the device was revoked before it wrote this.
            None => danger::reports(rights.role) && !rights.scopes.is_empty(),
            Some(placed) => may_see(rights, DocumentKind::Restricted, placed),
        }),
        // Under its village's own id alone: else somebody could write the document of a village that is another's.
        DocumentKind::Place => {
            let Leaves { village, class } = &body.leaves;
            let is_its_own =
                class.is_none() && village.as_ref().is_some_and(|village| document_of(village) == body.document);
            let is_allowed = |rights: &Rights| rights.role.writes_dossiers() && covers(rights, &body.leaves);
            is_its_own && device.rights.as_ref().is_some_and(is_allowed)
        }
        DocumentKind::Dossier => {
            device.rights.as_ref().is_some_and(|rights| rights.role.writes_dossiers() && covers(rights, &body.leaves))
        }
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
        DocumentKind::Restricted => danger::sees(rights.role) && covers(rights, leaves),
        DocumentKind::Dossier | DocumentKind::Place => covers(rights, leaves),
    }
}
