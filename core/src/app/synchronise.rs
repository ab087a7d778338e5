//! Drives a sync: asks the session what to do, talks to the link, puts every answer into the store in one
//! transaction. The device is held only while the store is read or written, never while the link is waited
//! for: a teacher can record through all of it.

use std::collections::BTreeSet;

use super::device::Device;
use super::note_case_changes::note_case_changes;
use super::project::project;
use super::shared_device::{SharedDevice, with};
use super::take_envelopes::take_envelopes;
use super::{apart, carry_photos, first_copy, recovery, returned};
use crate::domain::danger;
use crate::domain::doc::DocumentKind;
use crate::domain::identifier::{Hash32, PersonId};
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};
use crate::photo::PhotoKind;
use crate::protocol::apart::ApartRequest;
use crate::protocol::body;
use crate::protocol::cursor::Cursor;
use crate::protocol::sync::{Push, Receipt, ReceiptRun, Rights, ScopeChange, ScopeEvent, SyncAnswer, SyncRequest};
use crate::store::photo_file::PhotoFileRow;
use crate::store::recovery::Recovery;
use crate::store::{Reading, device, moves, outbox, pack, photo_file, register};
use crate::sync::link::Link;
use crate::sync::session::{EXCHANGES_MAX, Effect, Event, FileTask, Progress, Session};

/// Bytes of envelopes in one push: sent within a window of signal of 20 seconds at 60 kbit/s.
const PUSH_BYTES_MAX: usize = 120 * 1024;
/// Bytes of envelopes that an answer may carry.
const ANSWER_BYTES_MAX: u32 = 512 * 1024;
/// Files that one session plans for.
const FILES_MAX: u32 = 400;

/// What a sync has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Synchronised {
    /// How far it has come.
    pub progress: Progress,
    /// Bytes of request and answer bodies of all exchanges, photos left out.
    pub body_bytes: u64,
}

/// Syncs until nothing is left to do. `heard` is told of each step.
///
/// # Errors
/// What the link says ([`ErrorCode::ServerUnreachable`] and the like), the faults of a store,
/// [`ErrorCode::Locked`] when the device was locked meanwhile. All that was done before stays done.
pub fn synchronise(
    device: &SharedDevice,
    link: &mut dyn Link,
    heard: &mut dyn FnMut(Progress),
) -> Result<Synchronised> {
    let mut session = Session::new();
    let mut body_bytes = 0_u64;
    let mut faults = 0_u32;
    let mut effect = session.next(Event::Begun);
    loop {
        heard(session.progress());
        let event = match effect {
            Effect::Finish => break,
            Effect::Exchange => {
                let request = with(device, |device| build_request(device))?;
                let request_body = body::write(&request)?;
                body_bytes = body_bytes.saturating_add(u64::try_from(request_body.len()).unwrap_or(0));
                let exchanged = link.exchange(request_body)?;
                body_bytes = body_bytes.saturating_add(exchanged.answer_bytes);
                with(device, |device| take_in(device, &request, exchanged.answer))?
            }
            Effect::FetchPack { hash } => {
                let progress = session.progress();
                first_copy::fetch_pack(device, link, hash, &mut |bytes| {
                    heard(Progress { pack_bytes: progress.pack_bytes.saturating_add(bytes), ..progress });
                })?
            }
            Effect::SendPart { hash, offset, bytes_max } => {
                let progress = session.progress();
                let mut sent = |bytes: u64| {
                    heard(Progress { bytes_done: progress.bytes_done.saturating_add(bytes), ..progress });
                };
                carry_photos::send(device, link, hash, (offset, bytes_max), &mut faults, &mut sent)?
            }
            Effect::FetchPart { hash, file, offset, bytes_max } => {
                carry_photos::fetch(device, link, hash, file, offset, bytes_max)?
            }
        };
        effect = session.next(event);
    }
    with(device, |device| {
        let now = device.environment.now();
        device.store.transact(|tx| {
            let mut standing = Reading::within(tx).standing()?;
            standing.last_sync_at = Some(now);
            device::set_standing(tx, &standing)
        })
    })?;
    Ok(Synchronised { progress: session.progress(), body_bytes })
}

/// Exchanges records until none is left, and nothing else.
///
/// # Errors
/// As [`synchronise`].
pub(super) fn exchange_records(device: &SharedDevice, link: &mut dyn Link) -> Result<()> {
    for _ in 0..EXCHANGES_MAX {
        let request = with(device, |device| build_request(device))?;
        let exchanged = link.exchange(body::write(&request)?)?;
        let event = with(device, |device| take_in(device, &request, exchanged.answer))?;
        if !matches!(event, Event::Exchanged { again: true, .. }) {
            break;
        }
    }
    Ok(())
}

/// Builds the request from the store.
///
/// # Errors
/// The faults of a store.
pub fn build_request(device: &Device) -> Result<SyncRequest> {
    let reading = device.store.reading();
    let standing = reading.standing()?;
    let envelopes = reading.waiting_envelopes(PUSH_BYTES_MAX)?;
    let push = Push::pack(&envelopes)
        .map_err(|cause| Failure::caused(ErrorCode::Internal, "the outbox is not consecutive", cause))?;
    let apart = apart::request(reading, &standing, push.is_some(), device.asked_up_to)?;
    Ok(SyncRequest {
        version: crate::protocol::VERSION,
        cursor: standing.cursor,
        rights: device.author.rights.hash(),
        register_head: standing.register_head,
        push,
        // Also of which a part is there: when a line broke, the answer tells how much had come, and nothing goes twice.
        photo_offers: reading.files_to_send(FILES_MAX)?.iter().map(PhotoFileRow::offer).collect(),
        undelivered_from: reading.undelivered_from()?,
        answer_bytes_max: ANSWER_BYTES_MAX,
        photo_mark: standing.photo_mark,
        register_hash: standing.register_hash,
        apart: Some(ApartRequest { given_back: recovery::request(device)?, ..apart }),
        packs: reading.pack_request(standing.cursor)?,
    })
}

/// Puts an answer into the store, all of it or nothing, and says what is to be done next.
///
/// # Errors
/// [`ErrorCode::ServerAnswerUnreadable`] for an answer that does not hold together, the faults of a store.
pub fn take_in(device: &mut Device, request: &SyncRequest, answer: SyncAnswer) -> Result<Event> {
    let now = device.environment.now();
    let received = u32::try_from(answer.envelopes.len()).unwrap_or(u32::MAX);
    // A desk says at once that it holds what came: those who recorded it are waiting to hear.
    let mut again = answer.more || answer.rewound || (received > 0 && device.author.rights.role.is_desk());
    let own_rights = device.author.rights.clone();
    let county_key = device.enrolment.county_key;
    let mut erased_photos = Vec::new();
    let mut actor_is_spent = false;
    let environment = device.environment.clone();
    let asked_up_to = apart::asked_up_to(device.store.reading(), request.apart.as_ref())?;
    let given_back = request.apart.as_ref().and_then(|apart| apart.given_back.as_ref());
    let gave_up_to = recovery::gave_up_to(device.store.reading(), device.gave_up_to, given_back)?;
    device.store.transact(|tx| {
        let mut standing = Reading::within(tx).standing()?;
        standing.clock_ahead_ms = now.unix_ms().saturating_sub(answer.server_time.unix_ms());
        standing.durable_seq = answer.durable_seq;
        standing.without_backup = answer.without_backup;
        standing.photo_mark = answer.photo_mark;
        if answer.rewound {
            tracing::warn!(seq = answer.cursor.seq, "the server was restored from a backup; offering again");
            standing.cursor = answer.cursor;
            crate::store::recovery::begin(tx)?;
            register::begin_again(tx)?;
            (standing.register_head, standing.register_hash) = (0, Hash32::ZERO);
            outbox::offer_again_above(tx, answer.cursor.seq)?;
            pack::forget_awaited(tx)?;
            photo_file::offer_all_again(tx)?;
            crate::store::apart::tell_all_again(tx)?;
            return device::set_standing(tx, &standing);
        }
        // A file is sent after it was offered: that is done by the next request.
        again |= take_receipts(tx, request, &answer, now)?;
        let mut renamed = BTreeSet::new();
        for entry in &answer.register {
            if !entry.follows(standing.register_head, standing.register_hash, &county_key) {
                return Err(Failure::new(ErrorCode::ServerAnswerUnreadable, "a register entry does not follow"));
            }
            renamed.extend(register::append(tx, entry)?);
            crate::store::recovery::confirm_entry(tx, entry)?;
            standing.register_head = entry.body.seq;
            standing.register_hash = entry.hash();
        }
        show_names(tx, renamed)?;
        take_envelopes(tx, answer.envelopes)?;
        for event in answer.moves.unwrap_or_default() {
            take_move(tx, event)?;
        }
        standing.cursor = answer.cursor;
        let taken_back = answer.apart.as_ref().and_then(|told| told.taken_back.as_ref());
        again |= recovery::take_in(tx, given_back, taken_back)?;
        if let Some(told) = answer.apart {
            let heard = apart::take_in(tx, &environment, told, &mut standing, now)?;
            again |= heard.again;
            actor_is_spent = heard.actor_is_spent;
        }
        for (first, last) in &answer.delivered {
            outbox::mark_on_desk(tx, *first, *last, now)?;
        }
        for offset in &answer.photo_offsets {
            photo_file::mark_offset(tx, offset, now)?;
        }
        for hash in &answer.photos_delivered {
            photo_file::mark_on_desk(tx, *hash, now)?;
        }
        match answer.rights.filter(|rights| *rights != own_rights) {
            Some(rights) => {
                device::set_rights(tx, &rights)?;
                place_under(tx, &rights, answer.cursor.seq)?;
                photo_file::offer_not_taken_again(tx)?;
                pack::forget_awaited(tx)?;
                again = true;
                standing.cursor = Cursor::START;
            }
            None => pack::await_all(tx, answer.packs.as_ref().map_or(&[], |packs| packs.packs.as_slice()))?,
        }
        let at_the_end = !answer.more && standing.cursor.seq == answer.cursor.seq;
        let was_looking = Reading::within(tx).recovery()? == Recovery::Looking;
        crate::store::recovery::go_on(tx, at_the_end)?;
        again |= was_looking && Reading::within(tx).recovery()? == Recovery::Giving;
        for id in Reading::within(tx).may_be_erased(standing.durable_seq)? {
            tracing::info!(document = %id, "a dossier that has left is erased");
            erased_photos.extend(moves::erase(tx, id)?);
        }
        device::set_standing(tx, &standing)
    })?;
    for hash in erased_photos {
        for kind in [PhotoKind::Photo, PhotoKind::MarkedCopy, PhotoKind::Thumbnail] {
            device.photos.remove(kind, hash)?;
        }
    }
    device.refresh()?;
    device.asked_up_to = asked_up_to;
    device.gave_up_to = gave_up_to;
    if actor_is_spent {
        device.author.actor = device.environment.random_bytes();
    }
    note_case_changes(device)?;
    let reading = device.store.reading();
    // What waits although it was just offered needs something that is not there yet: not again in this session.
    let offered = request.push.as_ref().map_or(0..0, |push| {
        push.first_counter..push.first_counter.saturating_add(u64::try_from(push.frames.len()).unwrap_or(0))
    });
    again |= reading.waits_besides(&offered)?;
    Ok(Event::Exchanged {
        again,
        received,
        packs: reading.packs_awaited()?.into_iter().map(|row| row.hash).collect(),
        to_send: tasks(&reading.files_to_send(FILES_MAX)?, &device.photos, true),
        // A tablet fetches the thumbnails of others by itself, and a photo when somebody asked; a desk keeps everything.
        to_fetch: tasks(&reading.files_to_fetch(FILES_MAX, own_rights.role.is_desk())?, &device.photos, false),
    })
}

fn tasks(files: &[PhotoFileRow], photos: &crate::photo::file_store::PhotoFiles, up: bool) -> Vec<FileTask> {
    let mut tasks: Vec<FileTask> = Vec::new();
    for file in files {
        if tasks.iter().any(|task| task.hash == file.hash) {
            continue;
        }
        let offset = if up { file.offset } else { photos.arrived_so_far(file.hash).unwrap_or(0) };
        tasks.push(FileTask {
            hash: file.hash,
            file: file.file,
            offset,
            bytes_total: file.bytes_total,
            failures: file.failures,
        });
    }
    tasks
}

/// Only what was offered can be acknowledged, and that once: an answer of any size makes no more work than the push.
fn no_more_than(pushed: u64, receipts: &[ReceiptRun]) -> Result<()> {
    let told = receipts.iter().fold(0_u64, |sum, run| sum.saturating_add(run.count.max(1)));
    if told > pushed {
        return Err(Failure::new(ErrorCode::ServerAnswerUnreadable, "more receipts than were asked for"));
    }
    Ok(())
}

/// `true` when files are to be offered that the server had not taken before.
fn take_receipts(
    tx: &crate::store::Transaction<'_>,
    request: &SyncRequest,
    answer: &SyncAnswer,
    now: Timestamp,
) -> Result<bool> {
    let Some(push) = &request.push else { return Ok(false) };
    let mut files_again = false;
    let pushed = u64::try_from(push.frames.len()).unwrap_or(0);
    let end = push.first_counter.saturating_add(pushed);
    no_more_than(pushed, &answer.receipts)?;
    for run in &answer.receipts {
        for step in 0..run.count {
            let counter = run.first_counter.saturating_add(step);
            if counter < push.first_counter || counter >= end {
                return Err(Failure::new(ErrorCode::ServerAnswerUnreadable, "a receipt for what was not offered"));
            }
            match &run.receipt {
                Receipt::Stored | Receipt::Duplicate => {
                    let seq = if run.first_seq == 0 { 0 } else { run.first_seq.saturating_add(step) };
                    if let Some(form) = Reading::within(tx).dropped_form(counter)? {
                        returned::take_back(tx, &form)?;
                    }
                    outbox::mark_stored(tx, counter, seq, now)?;
                    files_again |= photo_file::offer_again_with_record(tx, counter)?;
                }
                Receipt::Quarantined { reason } => outbox::mark_quarantined(tx, counter, reason.key())?,
                // It stays in the outbox and is offered again.
                Receipt::NeedsDependencies => {}
            }
        }
    }
    Ok(files_again)
}

/// Writes anew the rows that name people who have another name now.
fn show_names(tx: &crate::store::Transaction<'_>, renamed: BTreeSet<PersonId>) -> Result<()> {
    let reading = Reading::within(tx);
    let mut documents = BTreeSet::new();
    for person in renamed {
        documents.extend(reading.documents_of_person(person)?);
    }
    for row in documents.into_iter().filter_map(|id| reading.document_row(id).transpose()) {
        project(tx, &row?)?;
    }
    Ok(())
}

fn take_move(tx: &crate::store::Transaction<'_>, event: ScopeEvent) -> Result<()> {
    match event.change {
        ScopeChange::Left { seq } => moves::mark_left(tx, event.document, seq),
        ScopeChange::Here { leaves } => {
            moves::place(tx, event.document, &leaves)?;
            match Reading::within(tx).document_row(event.document)? {
                Some(row) => project(tx, &row),
                None => Ok(()),
            }
        }
    }
}

/// The person's rights are others now: dossiers that they do not cover have left, and such as they cover are here.
fn place_under(tx: &crate::store::Transaction<'_>, rights: &Rights, seq: u64) -> Result<()> {
    let reading = Reading::within(tx);
    let others = [DocumentKind::Restricted, DocumentKind::Place].map(|kind| reading.document_ids(kind));
    let others = others.into_iter().collect::<Result<Vec<_>>>()?.concat();
    for id in reading.document_ids(DocumentKind::Dossier)?.into_iter().chain(others) {
        let Some(row) = reading.document_row(id)? else { continue };
        let may_see = row.kind != DocumentKind::Restricted || danger::sees(rights.role);
        if may_see && rights.scopes.iter().any(|scope| scope.covers(&row.leaves)) {
            moves::place(tx, id, &row.leaves)?;
        } else {
            moves::mark_left(tx, id, seq)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first_counter: u64, count: u64) -> ReceiptRun {
        ReceiptRun { first_counter, count, receipt: Receipt::Stored, first_seq: first_counter }
    }

    #[test]
    fn an_answer_that_acknowledges_more_than_was_sent_is_refused_before_it_makes_work() {
        assert!(no_more_than(3, &[run(1, 2), run(3, 1)]).is_ok());
        assert!(no_more_than(0, &[]).is_ok());
        for receipts in [vec![run(1, u64::MAX)], vec![run(1, 3); 2], vec![run(1, 0); 4]] {
            let failure = no_more_than(3, &receipts).unwrap_err();
            assert_eq!(failure.code, ErrorCode::ServerAnswerUnreadable);
        }
    }
}
