//! Looks whether device and server hold the same, dossier by dossier, and mends what does not: what the device lacks it
//! fetches, what the server lacks it gives back. Somebody asks for it; no sync does ([`crate::protocol::repair`]).
//!
//! What is compared are changes, since a dossier that came in a pack has no envelopes. What this device has not been able to
//! send yet, and what waits apart, is not in the log and is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::device::Device;
use super::project::project;
use super::shared_device::{SharedDevice, with};
use super::synchronise::exchange_records;
use super::take_envelopes::take_envelopes;
use crate::domain::danger;
use crate::domain::doc::{self, DocumentKind};
use crate::domain::identifier::{DocumentId, Hash32};
use crate::error::{ErrorCode, Failure, Result};
use crate::protocol::repair::{
    self, BUCKETS, CHANGES_MAX, DOCUMENTS_MAX, Difference, HeldDocument, RepairAnswer, RepairAsk, RepairRequest,
    change_id,
};
use crate::protocol::{REPAIR_PATH, VERSION, body};
use crate::store::document::{self, DocumentRow};
use crate::store::recovery::Recovery;
use crate::store::repair::{self as store, HereEnvelope};
use crate::store::{Reading, Transaction, moves};
use crate::sync::link::Link;

/// Buckets of which the documents are asked for at once.
const BUCKETS_AT_ONCE: usize = 64;
/// Questions that one comparison asks at most: a server that always says that there is more is left alone.
const ASKS_MAX: u32 = 10_000;

/// How far a comparison has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// An ordinary sync comes first, and last.
    Syncing,
    /// What is here is being read.
    Reading {
        /// Dossiers that have been.
        done: u32,
        /// Of so many.
        total: u32,
    },
    /// The server is being asked.
    Comparing,
    /// Dossiers that differ are being mended.
    Mending {
        /// Dossiers that have been.
        done: u32,
        /// Of so many.
        total: u32,
    },
}

/// What a comparison came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repaired {
    /// Dossiers that were compared.
    pub compared: u32,
    /// Records that were missing in a dossier and lay here beside it.
    pub mended: u32,
    /// Records that came from the server.
    pub fetched: u32,
    /// Records that the server lacked and has taken.
    pub given: u32,
    /// Records that the server lacks still: what they build on is with somebody else, or they came here in a first copy and
    /// only who wrote them can send them. Or they cannot be compared yet: a move of this device's waits for a decision, and
    /// until then the server tells it nothing of that child.
    pub waiting: u32,
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Why a comparison did not come to its end.
enum Broke {
    /// An ordinary sync has to do its work first.
    NotYet,
    Failed(Failure),
}

impl<F: Into<Failure>> From<F> for Broke {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

/// Compares, and mends. `None` when it is not the time: while the first copy is coming, while this device looks at the log of
/// a restored server again, or when its rights have just changed.
///
/// # Errors
/// What the link says, the faults of a store, [`ErrorCode::Locked`]. All that was mended before stays mended.
pub fn repair(device: &SharedDevice, link: &mut dyn Link, heard: &mut dyn FnMut(Progress)) -> Result<Option<Repaired>> {
    match compare(device, link, heard) {
        Ok(repaired) => Ok(Some(repaired)),
        Err(Broke::NotYet) => Ok(None),
        Err(Broke::Failed(failure)) => Err(failure),
    }
}

fn compare(
    device: &SharedDevice,
    link: &mut dyn Link,
    heard: &mut dyn FnMut(Progress),
) -> std::result::Result<Repaired, Broke> {
    heard(Progress::Syncing);
    let synced = exchange_records(device, link);
    // What can be mended from what is here needs no signal.
    let (put_back, mended) = with(device, put_rows_back)?;
    let mut repaired = Repaired { mended, ..Repaired::default() };
    let digests = read_all(device, &mut repaired, heard)?;
    synced?;
    let (is_time, without_bytes) = with(device, |device| {
        let reading = device.store.reading();
        let is_time = reading.recovery()? != Recovery::Looking && reading.packs_awaited()?.is_empty();
        Ok((is_time, reading.documents_without_own_bytes()?))
    })?;
    if !is_time {
        return Err(Broke::NotYet);
    }
    heard(Progress::Comparing);
    let mut asking = Asking { device, link, asks: 0 };
    let mut differing = asking.differing(&digests)?;
    differing.extend(&without_bytes);
    // Where these lie nobody here knows for certain: their last author may have been behind.
    differing.extend(put_back);
    let given = asking.mend(&differing, &without_bytes, &mut repaired, heard)?;
    heard(Progress::Syncing);
    exchange_records(device, link)?;
    let left = with(device, |device| device.store.reading().unconfirmed_of(&given))?;
    repaired.given = count(given.len().saturating_sub(left));
    repaired.waiting = repaired.waiting.saturating_add(count(left));
    tracing::info!(?repaired, "device and server were compared");
    Ok(repaired)
}

/// Documents of which the envelopes alone are here get their rows back; gives them, and how many records they hold.
fn put_rows_back(device: &mut Device) -> Result<(Vec<DocumentId>, u32)> {
    let ids = device.store.reading().documents_without_row()?;
    let role = device.author.rights.role;
    device
        .store
        .transact(|tx| {
            let mut mended = 0_u32;
            for id in &ids {
                let envelopes = Reading::within(tx).envelopes_of(*id)?;
                let Some(last) = envelopes.last() else { continue };
                let row =
                    DocumentRow { id: *id, kind: last.envelope.body.kind, leaves: last.envelope.body.leaves.clone() };
                // Who may not see an annex does not get it back by a fault of the disk.
                if row.kind == DocumentKind::Restricted && !danger::sees(role) {
                    continue;
                }
                document::insert(tx, &row)?;
                for here in envelopes.iter().filter(|here| !here.dropped) {
                    document::append_change(tx, *id, &doc::read_change(&here.envelope.body.change)?)?;
                    mended = mended.saturating_add(1);
                }
                tracing::warn!(document = %id, "a document that was gone is put together from its envelopes");
                project(tx, &row)?;
            }
            Ok(mended)
        })
        .map(|mended| (ids, mended))
}

/// Reads all documents, mends what can be mended from what is here, and gives their digests.
fn read_all(
    device: &SharedDevice,
    repaired: &mut Repaired,
    heard: &mut dyn FnMut(Progress),
) -> Result<BTreeMap<DocumentId, u64>> {
    let ids = with(device, |device| device.store.reading().documents_with_what_left())?;
    let mut digests = BTreeMap::new();
    for (number, (id, has_left)) in ids.iter().enumerate() {
        if number.is_multiple_of(64) {
            heard(Progress::Reading { done: count(number), total: count(ids.len()) });
        }
        // The device is free between two dossiers: a form that is saved now waits for one of them at most.
        let changes = with(device, |device| {
            let (held, missing) = look_at(device.store.reading(), *id)?;
            if missing.is_empty() && held.can_be_read {
                return Ok(held.changes);
            }
            tracing::warn!(document = %id, missing = missing.len(), "a document lacks what its envelopes hold");
            repaired.mended = repaired.mended.saturating_add(count(missing.len()));
            device.store.transact(|tx| put_changes_back(tx, *id, held.can_be_read))
        })?;
        // The server tells nothing of a dossier that has left; until it is erased it is to be whole all the same.
        if !has_left {
            digests.insert(*id, repair::document_digest(*id, &changes));
        }
    }
    repaired.compared = count(digests.len());
    Ok(digests)
}

/// What is here of a document.
struct Held {
    /// The ids of its changes, without those that are not in the server's log.
    changes: BTreeSet<u64>,
    can_be_read: bool,
}

/// What is here of a document, and envelopes whose changes are not in it.
fn look_at(reading: Reading<'_>, id: DocumentId) -> Result<(Held, Vec<Hash32>)> {
    let Some(row) = reading.document_row(id)? else {
        return Ok((Held { changes: BTreeSet::new(), can_be_read: true }, Vec::new()));
    };
    let envelopes = reading.envelopes_of(id)?;
    let mut held = Held { changes: BTreeSet::new(), can_be_read: true };
    let mut passes_over = reading.passes_over_changes(id)?;
    match reading.document(id) {
        Ok(document) => {
            match doc::change_hashes(&document) {
                Ok(applied) => {
                    let genesis = doc::genesis_hashes(row.kind)?;
                    held.changes.extend(applied.into_iter().filter(|hash| !genesis.contains(hash)).map(change_id));
                }
                // Poisoned, and yet it can be read: what its envelopes hold is held.
                Err(failure) if failure.code == ErrorCode::DocumentDamaged => passes_over = true,
                Err(failure) => return Err(failure),
            }
            // What waits for something that is not here is held, too.
            held.changes.extend(reading.changes_beside(id)?.iter().map(|change| change_id(Hash32(change.hash().0))));
        }
        Err(failure) if failure.code == ErrorCode::DocumentDamaged => held.can_be_read = false,
        Err(failure) => return Err(failure),
    }
    let mut missing = Vec::new();
    for here in envelopes.iter().filter(|here| !here.dropped) {
        let Ok(change) = doc::read_change(&here.envelope.body.change) else { continue };
        let change = change_id(Hash32(change.hash().0));
        if held.changes.insert(change) && held.can_be_read && !passes_over {
            missing.push(here.envelope.hash());
        }
    }
    for own in reading.own_not_in_log(id)? {
        if let Ok(change) = doc::read_change(&own.envelope.body.change) {
            held.changes.remove(&change_id(Hash32(change.hash().0)));
        }
    }
    Ok((held, missing))
}

/// Puts the changes of a document's envelopes into it that are not in it; gives what it holds then.
fn put_changes_back(tx: &Transaction<'_>, id: DocumentId, can_be_read: bool) -> Result<BTreeSet<u64>> {
    let reading = Reading::within(tx);
    let Some(row) = reading.document_row(id)? else { return Ok(BTreeSet::new()) };
    let (_, missing) = look_at(reading, id)?;
    if !can_be_read {
        store::begin_anew(tx, id)?;
    }
    for here in reading.envelopes_of(id)?.iter().filter(|here| !here.dropped) {
        if !can_be_read || missing.contains(&here.envelope.hash()) {
            document::append_change(tx, id, &doc::read_change(&here.envelope.body.change)?)?;
        }
    }
    project(tx, &row)?;
    Ok(look_at(reading, id)?.0.changes)
}

struct Asking<'a> {
    device: &'a SharedDevice,
    link: &'a mut dyn Link,
    asks: u32,
}

fn unexpected() -> Broke {
    Failure::new(ErrorCode::ServerAnswerUnreadable, "another answer than what was asked for").into()
}

impl Asking<'_> {
    fn ask(&mut self, ask: RepairAsk) -> std::result::Result<RepairAnswer, Broke> {
        self.asks = self.asks.saturating_add(1);
        if self.asks > ASKS_MAX {
            return Err(unexpected());
        }
        let request = with(self.device, |device| {
            let standing = device.store.reading().standing()?;
            Ok(RepairRequest { version: VERSION, cursor: standing.cursor, rights: device.author.rights.hash(), ask })
        })?;
        let answer = self.link.post(REPAIR_PATH, body::write(&request)?)?;
        let answer = body::read(&answer)
            .map_err(|cause| Failure::caused(ErrorCode::ServerAnswerUnreadable, "the answer to a comparison", cause))?;
        match answer {
            // Something came in between: the next comparison begins with another sync.
            RepairAnswer::SyncFirst => Err(Broke::NotYet),
            other => Ok(other),
        }
    }

    /// The documents that are not the same on both sides.
    fn differing(&mut self, digests: &BTreeMap<DocumentId, u64>) -> std::result::Result<BTreeSet<DocumentId>, Broke> {
        let here = repair::bucket_digests(digests);
        let root = repair::root(&here);
        let mut there = Vec::new();
        while there.len() < usize::from(BUCKETS) {
            let from = u16::try_from(there.len()).unwrap_or(BUCKETS);
            match self.ask(RepairAsk::Buckets { root, from })? {
                RepairAnswer::Same => return Ok(BTreeSet::new()),
                RepairAnswer::Buckets { digests } if !digests.is_empty() => there.extend(digests),
                _ => return Err(unexpected()),
            }
        }
        let buckets: Vec<u16> = (0..BUCKETS)
            .zip(here.iter().zip(&there))
            .filter(|(_, (here, there))| here != there)
            .map(|(n, _)| n)
            .collect();
        let mut differing = BTreeSet::new();
        let mut asked = buckets.as_slice();
        while !asked.is_empty() {
            let some: Vec<u16> = asked.iter().copied().take(BUCKETS_AT_ONCE).collect();
            let RepairAnswer::Documents { buckets, documents } =
                self.ask(RepairAsk::Documents { buckets: some.clone() })?
            else {
                return Err(unexpected());
            };
            let done = usize::from(buckets).min(some.len());
            if done == 0 {
                return Err(unexpected());
            }
            let (answered, rest) = asked.split_at_checked(done).ok_or_else(unexpected)?;
            let there: BTreeMap<DocumentId, u64> = documents.iter().map(|one| (one.document, one.digest)).collect();
            let of_these = |id: &&DocumentId| answered.contains(&u16::from(repair::bucket_of(**id)));
            let ids: BTreeSet<DocumentId> = digests.keys().chain(there.keys()).filter(of_these).copied().collect();
            differing.extend(ids.into_iter().filter(|id| digests.get(id) != there.get(id)));
            asked = rest;
        }
        Ok(differing)
    }

    /// Fetches what is lacking here and sets aside what is lacking there, which it gives: envelopes that the next sync gives
    /// back.
    fn mend(
        &mut self,
        differing: &BTreeSet<DocumentId>,
        whole: &BTreeSet<DocumentId>,
        repaired: &mut Repaired,
        heard: &mut dyn FnMut(Progress),
    ) -> std::result::Result<BTreeSet<Hash32>, Broke> {
        let mut given = BTreeSet::new();
        // Of a document that is asked for again only what has not come yet is to come.
        let mut whole = whole.clone();
        let mut left: Vec<DocumentId> = differing.iter().copied().rev().collect();
        while !left.is_empty() {
            heard(Progress::Mending {
                done: count(differing.len().saturating_sub(left.len())),
                total: count(differing.len()),
            });
            let asked = self.next_documents(&left, &whole)?;
            let RepairAnswer::Changes { documents } = self.ask(RepairAsk::Changes { documents: asked.clone() })? else {
                return Err(unexpected());
            };
            let fits = documents.iter().zip(&asked).all(|(told, asked)| told.document == asked.document);
            if documents.is_empty() || documents.len() > asked.len() || !fits {
                return Err(unexpected());
            }
            for difference in documents {
                let (id, more) = (difference.document, difference.more);
                if more && difference.envelopes.is_empty() {
                    return Err(unexpected());
                }
                let taken = with(self.device, |device| take_in(device, difference))?;
                repaired.fetched = repaired.fetched.saturating_add(taken.fetched);
                repaired.waiting = repaired.waiting.saturating_add(taken.without_envelope);
                given.extend(taken.to_give);
                whole.remove(&id);
                if !more {
                    left.pop();
                }
            }
        }
        if !given.is_empty() {
            // From the first on: these may have come before what was given last.
            with(self.device, |device| {
                device.gave_up_to = 0;
                Ok(())
            })?;
        }
        Ok(given)
    }

    /// What is here of the next documents, as many as one request can carry.
    fn next_documents(&self, left: &[DocumentId], whole: &BTreeSet<DocumentId>) -> Result<Vec<HeldDocument>> {
        let mut asked = Vec::new();
        let mut changes_in_all = 0_usize;
        for id in left.iter().rev().take(DOCUMENTS_MAX) {
            let changes: Vec<u64> = if whole.contains(id) {
                Vec::new()
            } else {
                with(self.device, |device| Ok(look_at(device.store.reading(), *id)?.0.changes))?.into_iter().collect()
            };
            changes_in_all = changes_in_all.saturating_add(changes.len());
            if changes_in_all > CHANGES_MAX && !asked.is_empty() {
                break;
            }
            asked.push(HeldDocument { document: *id, changes });
        }
        Ok(asked)
    }
}

/// What the difference of one document came to.
struct Taken {
    fetched: u32,
    to_give: Vec<Hash32>,
    /// Changes that the server lacks and that are here without an envelope.
    without_envelope: u32,
}

/// Whether a document lies within this device's scope only by a move of its own that is not in the log: the server tells
/// nothing of it until somebody has decided over the move, and does not lack what it does not tell.
fn lies_here_by_own_move(reading: Reading<'_>, id: DocumentId, here: &[HereEnvelope]) -> Result<bool> {
    let own = reading.own_not_in_log(id)?;
    let waits: BTreeSet<Hash32> = own.iter().map(|own| own.envelope.hash()).collect();
    let in_log: Vec<_> = here.iter().filter(|one| !waits.contains(&one.envelope.hash())).collect();
    Ok(own.iter().any(|own| in_log.iter().all(|one| one.envelope.body.leaves != own.envelope.body.leaves)))
}

fn take_in(device: &mut Device, difference: Difference) -> Result<Taken> {
    let id = difference.document;
    device.store.transact(|tx| {
        let reading = Reading::within(tx);
        let before = reading.envelopes_of(id)?.len();
        if difference.envelopes.iter().any(|envelope| envelope.body.document != id) {
            return Err(Failure::new(ErrorCode::ServerAnswerUnreadable, "an envelope of another document"));
        }
        take_envelopes(tx, difference.envelopes)?;
        if let (Some(leaves), Some(row)) = (&difference.leaves, reading.document_row(id)?)
            && row.leaves != *leaves
        {
            moves::place(tx, id, leaves)?;
            project(tx, &DocumentRow { leaves: leaves.clone(), ..row })?;
        }
        let here = reading.envelopes_of(id)?;
        let fetched = count(here.len().saturating_sub(before));
        let mut lacking: BTreeSet<u64> = difference.lacking.into_iter().collect();
        if difference.leaves.is_none() && lies_here_by_own_move(reading, id, &here)? {
            return Ok(Taken { fetched, to_give: Vec::new(), without_envelope: count(lacking.len()) });
        }
        let mut to_give = Vec::new();
        for one in here.iter().filter(|one| !one.dropped) {
            let Ok(change) = doc::read_change(&one.envelope.body.change) else { continue };
            if lacking.remove(&change_id(Hash32(change.hash().0))) {
                to_give.push(one.envelope.hash());
            }
        }
        store::give(tx, &to_give)?;
        Ok(Taken { fetched, to_give, without_envelope: count(lacking.len()) })
    })
}
