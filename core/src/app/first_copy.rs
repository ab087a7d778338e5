//! Takes packs in: what has come is kept every 8 KB, each group is taken in as soon as it is whole, in one transaction
//! with its search rows, and can be worked with before the next has come.

use super::device::Device;
use super::project::project;
use super::returned;
use super::shared_device::{SharedDevice, with};
use crate::domain::doc::snapshot;
use crate::domain::identifier::Hash32;
use crate::error::{ErrorCode, Failure, Result};
use crate::protocol::cursor::Cursor;
use crate::protocol::pack::{
    HEAD_BYTES_MAX, HEAD_LENGTH_BYTES, PackError, PackGroup, PackHead, PackedGroup, SignedPackHead,
};
use crate::protocol::refusal::RefusalCode;
use crate::protocol::sync::Rights;
use crate::store::document::{self, DocumentRow};
use crate::store::pack::PackRow;
use crate::store::{Reading, Transaction, device, moves, pack};
use crate::sync::link::{Link, LinkFailure};
use crate::sync::session::Event;
use crate::vault::signing::PublicKey;

/// What one request fetches at most: between two of them a record that was just written goes up.
const RANGE_BYTES: usize = 256 * 1024;

/// How far a pack has come by some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The first byte that is wanted next.
    pub next_byte: u64,
    /// Dossiers that were taken in by these bytes.
    pub dossiers: usize,
    /// The pack is here whole.
    pub complete: bool,
}

/// Fetches on of a pack, until it is whole, a record waits to be sent, or a request's worth has come.
pub(super) fn fetch_pack(
    shared: &SharedDevice,
    link: &mut dyn Link,
    hash: Hash32,
    heard: &mut dyn FnMut(u64),
) -> Result<Event> {
    let Some(row) = with(shared, |device| device.store.reading().pack_awaited(hash))? else {
        return Ok(Event::PackGone);
    };
    let begun_at = row.next_byte();
    let mut at = begun_at;
    let mut complete = false;
    let mut record_waits = false;
    let mut failed = None;
    let fetched = link.get_pack(hash, begun_at, RANGE_BYTES, &mut |bytes_total, bytes| {
        let taken = with(shared, |device| {
            if bytes_total != row.bytes_total {
                return Err(PackError::Tables.into());
            }
            let taken = take_part(device, hash, at, bytes)?;
            record_waits = device.store.reading().outbox_counts()?.0 > 0;
            Ok(taken)
        });
        match taken {
            Ok(taken) => {
                at = at.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
                complete = taken.complete;
                heard(at.saturating_sub(begun_at));
                // Where the next group is here already, the rest of this answer is of no use.
                !complete && !record_waits && taken.next_byte == at
            }
            Err(failure) => {
                failed = Some(failure);
                false
            }
        }
    });
    if let Some(failure) = failed {
        if failure.code == ErrorCode::PackDamaged {
            tracing::error!(%hash, detail = %failure.detail, cause = ?failure.cause, "a pack is refused");
            give_up(shared, hash, pack::refuse)?;
        }
        return Err(failure);
    }
    match fetched {
        Ok(()) => {}
        // A child has left, or the server has lost it: others will be named.
        Err(LinkFailure::Refused(refusal))
            if matches!(refusal.code, RefusalCode::PackUnknown | RefusalCode::Malformed) =>
        {
            give_up(shared, hash, pack::forget)?;
            return Ok(Event::PackGone);
        }
        Err(failure) => return Err(failure.into()),
    }
    if at == begun_at && !complete {
        return Err(LinkFailure::Unreadable("a part of a pack without bytes".to_owned()).into());
    }
    Ok(Event::PackPartFetched { bytes: at.saturating_sub(begun_at), complete, record_waits })
}

/// A pack will not come: what it would have held is asked for anew. What is here already comes as known.
fn give_up(
    shared: &SharedDevice,
    hash: Hash32,
    how: impl FnOnce(&Transaction<'_>, Hash32) -> Result<()>,
) -> Result<()> {
    with(shared, |device| {
        device.store.transact(|tx| {
            how(tx, hash)?;
            begin_at_the_start(tx)
        })
    })
}

/// The next sync asks from the start: what is here comes as known.
pub(super) fn begin_at_the_start(tx: &Transaction<'_>) -> Result<()> {
    let mut standing = Reading::within(tx).standing()?;
    standing.cursor = Cursor::START;
    device::set_standing(tx, &standing)
}

/// Keeps bytes of an awaited pack that follow on what has come, and takes in each group that is whole by them: all in one
/// transaction.
///
/// # Errors
/// [`ErrorCode::PackDamaged`] for what the county has not signed so: then nothing of these bytes is kept. The faults of a
/// store.
pub fn take_part(device: &mut Device, hash: Hash32, offset: u64, bytes: &[u8]) -> Result<Taken> {
    let (county_key, rights) = (device.enrolment.county_key, device.author.rights.clone());
    device.store.transact(|tx| {
        let mut dossiers = 0_usize;
        let row = Reading::within(tx).pack_awaited(hash)?;
        if row.is_some_and(|row| row.next_byte() == offset) {
            pack::keep_part(tx, hash, offset, bytes)?;
        }
        loop {
            let Some(row) = Reading::within(tx).pack_awaited(hash)? else {
                return Ok(Taken { next_byte: 0, dossiers, complete: true });
            };
            let step = if row.head.is_empty() {
                take_head(tx, &row, &county_key, &rights)?
            } else {
                take_next_group(tx, &row, &county_key)?
            };
            match step {
                Step::Took(count) => dossiers = dossiers.saturating_add(count),
                Step::Waits => return Ok(Taken { next_byte: row.next_byte(), dossiers, complete: false }),
                Step::Whole => {
                    pack::mark_held(tx, hash)?;
                    return Ok(Taken { next_byte: row.bytes_total, dossiers, complete: true });
                }
            }
        }
    })
}

enum Step {
    /// Something was taken in, with so many dossiers.
    Took(usize),
    /// More bytes are needed.
    Waits,
    /// There is no more.
    Whole,
}

fn take_head(tx: &Transaction<'_>, row: &PackRow, county_key: &PublicKey, rights: &Rights) -> Result<Step> {
    let waiting = Reading::within(tx).waiting_bytes(row.hash)?;
    let Some((length, rest)) = waiting.split_first_chunk::<HEAD_LENGTH_BYTES>() else { return Ok(Step::Waits) };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length > HEAD_BYTES_MAX {
        return Err(PackError::Tables.into());
    }
    let Some(section) = rest.get(..length) else { return Ok(Step::Waits) };
    let signed = SignedPackHead::read(section, Some(row.hash), county_key)?;
    let bytes = u64::try_from(length.saturating_add(HEAD_LENGTH_BYTES)).unwrap_or(u64::MAX);
    check_head(&signed.head, bytes, row.bytes_total, rights)?;
    pack::take_waiting(tx, row, length.saturating_add(HEAD_LENGTH_BYTES))?;
    pack::set_head(tx, row.hash, section, bytes)?;
    Ok(Step::Took(0))
}

/// The whole is as long as its parts, and all of it lies within what the person answers for.
pub(super) fn check_head(head: &PackHead, head_bytes: u64, bytes_total: u64, rights: &Rights) -> Result<()> {
    let fits = head_bytes.saturating_add(head.group_bytes()) == bytes_total;
    if !fits || !rights.scopes.iter().any(|scope| head.cell.lies_within(scope)) {
        return Err(PackError::Tables.into());
    }
    Ok(())
}

fn take_next_group(tx: &Transaction<'_>, row: &PackRow, county_key: &PublicKey) -> Result<Step> {
    let signed = SignedPackHead::read(&row.head, Some(row.hash), county_key)?;
    let number = usize::try_from(row.groups_taken).unwrap_or(usize::MAX);
    let Some(announced) = signed.head.groups.get(number) else { return Ok(Step::Whole) };
    let frame_bytes = usize::try_from(announced.bytes).unwrap_or(usize::MAX);
    if all_are_here(tx, announced)? {
        pack::take_waiting(tx, row, frame_bytes)?;
        pack::mark_group_taken(tx, row.hash, announced.bytes, &announced.documents)?;
        return Ok(Step::Took(0));
    }
    if row.bytes_waiting < u64::from(announced.bytes) {
        return Ok(Step::Waits);
    }
    let frame = pack::take_waiting(tx, row, frame_bytes)?;
    take_group(tx, &PackGroup::read(&frame, announced, &signed.head.cell)?)?;
    pack::mark_group_taken(tx, row.hash, announced.bytes, &announced.documents)?;
    Ok(Step::Took(announced.documents.len()))
}

/// What came in a pack of the other tree, or of this pack before it vanished, is not fetched twice.
fn all_are_here(tx: &Transaction<'_>, announced: &PackedGroup) -> Result<bool> {
    for document in &announced.documents {
        if !Reading::within(tx).is_of_a_pack_here(*document)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes the dossiers of a group in: documents, who wrote in them, and their rows.
pub(super) fn take_group(tx: &Transaction<'_>, group: &PackGroup) -> Result<()> {
    let damaged = |failure: Failure| match failure.code {
        ErrorCode::DocumentDamaged => Failure::caused(ErrorCode::PackDamaged, "a dossier in a pack", failure),
        _ => failure,
    };
    for actor in &group.actors {
        if let Some(certificate) = group.certificate_of(actor) {
            pack::bind_actor(tx, &actor.actor, certificate)?;
        }
    }
    for packed in &group.dossiers {
        let row = DocumentRow { id: packed.document, kind: packed.kind, leaves: packed.leaves.clone() };
        let loaded = snapshot::read_snapshot(packed.kind, &packed.snapshot).map_err(damaged)?;
        let is_new = Reading::within(tx).document_row(row.id)?.is_none();
        document::take_snapshot(tx, &row, &loaded).map_err(damaged)?;
        if is_new {
            returned::put_kept_back(tx, row.id)?;
        }
        moves::place(tx, row.id, &row.leaves)?;
        project(tx, &row)?;
    }
    Ok(())
}
