//! Answers a sync: takes in what is pushed, gives out what the device lacks.

use std::collections::BTreeMap;

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::Result;
use jiafang_core::protocol::apart::{ApartRequest, DECISIONS_MAX, NOTE_CHARS_MAX, TakenBack};
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::pack::PackRequest;
use jiafang_core::protocol::photo::PhotoOffer;
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::protocol::sync::{ReceiptRun, Rights, SyncAnswer, SyncRequest};
use jiafang_core::protocol::{PHOTO_BYTES_MAX, VERSION};
use jiafang_core::vault::signing::DeviceSigner;

use crate::intake::{self, Checked};
use crate::packs::{Covered, Named, Packs};
use crate::photo::{self, PhotoFolder};
use crate::store::device_progress;
use crate::store::log;
use crate::store::pack;
use crate::store::photo as photo_store;
use crate::store::register::{self, CountyRow, Device};
use crate::store::{Connection, Store, Transaction};
use crate::{fault, give_back, refuse, review};

/// Own envelopes that one request is told about: whether a desk has them.
const DELIVERIES_MAX: u32 = 500;
/// Photos that one request is told about.
const PHOTO_DELIVERIES_MAX: u32 = 500;
/// Envelopes of one push.
const PUSHED_MAX: usize = 5_000;
/// Photo files that one request may offer; what is above is offered again another time.
const OFFERS_MAX: usize = 1_000;
/// The least that an answer may be asked to carry: one envelope of any size goes through all the same.
const ANSWER_BYTES_MIN: u32 = 1_024;
/// The most.
const ANSWER_BYTES_MAX: u32 = 2 * 1024 * 1024;

/// Answers one request of a device that the connection has proven.
///
/// # Errors
/// [`Refusal`]; nothing was taken in then.
pub fn answer(
    store: &Store,
    photos: &PhotoFolder,
    packs: &Packs,
    county_key: &DeviceSigner,
    device: &Device,
    request: SyncRequest,
    now: Timestamp,
) -> std::result::Result<SyncAnswer, Refusal> {
    if request.version != VERSION {
        return Err(refuse(RefusalCode::VersionNotSpoken, format!("version {}", request.version)));
    }
    let Some(rights) = device.rights.clone() else {
        return Err(refuse(RefusalCode::CertificateRefused, "the administration's certificate does not sync"));
    };
    if request.push.as_ref().is_some_and(|push| push.frames.len() > PUSHED_MAX) {
        return Err(refuse(RefusalCode::TooLarge, "too many envelopes in one push"));
    }
    let cursor = request.cursor;
    let known = store
        .read(|connection| {
            // A register that is longer on a tablet than here, or another one, tells the same: this is a restored backup.
            let register_known = register::knows_entry(connection, request.register_head, request.register_hash)?;
            Ok(register_known && log::knows_cursor(connection, &cursor)?)
        })
        .map_err(fault)?;
    if !known {
        return rewound(store, &cursor, now).map_err(fault);
    }
    let checked = match request.push {
        None => Vec::new(),
        Some(push) => {
            let envelopes =
                push.unpack(device.certificate).map_err(|cause| refuse(RefusalCode::Malformed, cause.to_string()))?;
            intake::check(envelopes, device)
        }
    };
    let offers: Vec<_> = request.photo_offers.into_iter().take(OFFERS_MAX).collect();
    let pulled = Asked {
        cursor,
        rights_known: request.rights,
        register_head: request.register_head,
        undelivered_from: request.undelivered_from,
        answer_bytes_max: request.answer_bytes_max.clamp(ANSWER_BYTES_MIN, ANSWER_BYTES_MAX),
        photo_mark: request.photo_mark,
        apart: request.apart,
        packs: request.packs,
    };
    let pushed_from = checked.first().map_or(u64::MAX, Checked::counter);
    let given = take_given_back(store, county_key, device, pulled.apart.as_ref(), now).map_err(fault)?;
    let Taken { receipts, offers: taken_offers, decided } =
        push(store, device, &pulled, &checked, &offers, now).map_err(fault)?;
    let named = name_packs(store, packs, &rights, &pulled).map_err(fault)?;
    let mut answer =
        store.read(|connection| pull(connection, device, &rights, &pulled, &named, pushed_from, now)).map_err(fault)?;
    if let Some(apart) = &pulled.apart {
        let (told, places) = store
            .read(|connection| {
                let told = review::answer(connection, device, apart, decided)?;
                let outcomes = told.as_ref().map_or(&[][..], |told| &told.outcomes);
                let places = review::places(connection, &rights, outcomes)?;
                Ok((told, places))
            })
            .map_err(fault)?;
        answer.apart = told;
        if !places.is_empty() {
            answer.moves.get_or_insert_default().extend(places);
        }
        if given.is_some() {
            answer.apart.get_or_insert_default().taken_back = given;
        }
    }
    answer.receipts = receipts;
    for hash in taken_offers {
        let held = photos.held(store, device, hash).map_err(fault)?;
        // Of a file that is not here at all nothing is said: that is what the device takes for granted.
        if held.offset > 0 {
            answer.photo_offsets.push(held);
        }
    }
    Ok(answer)
}

struct Asked {
    cursor: Cursor,
    rights_known: Hash32,
    register_head: u64,
    undelivered_from: u64,
    answer_bytes_max: u32,
    photo_mark: u64,
    apart: Option<ApartRequest>,
    packs: Option<PackRequest>,
}

/// What a push came to.
#[derive(Default)]
struct Taken {
    receipts: Vec<ReceiptRun>,
    /// Offered files that the device may put up.
    offers: Vec<Hash32>,
    /// Envelopes of which a decision needs not be sent again.
    decided: Vec<Hash32>,
}

impl Checked {
    pub(crate) fn counter(&self) -> u64 {
        self.envelope().body.counter
    }
}

/// Takes in what was pushed and offered, and where the device stands: one transaction, or none when nothing is new.
fn push(
    store: &Store,
    device: &Device,
    asked: &Asked,
    checked: &[Checked],
    offers: &[PhotoOffer],
    now: Timestamp,
) -> Result<Taken> {
    // A device that does not know its rights has looked at the log with other eyes: what it holds of what it may see
    // now is not known until it has begun again.
    let knows_its_rights = device.rights.as_ref().is_some_and(|rights| rights.hash() == asked.rights_known);
    // Nor is what lies in packs that have not come: a cursor goes on before they do.
    let waits_for_packs = asked.packs.as_ref().is_some_and(|packs| !packs.awaited.is_empty());
    let holds_up_to = if knows_its_rights && !waits_for_packs { asked.cursor.seq } else { 0 };
    let decides = asked.apart.as_ref().is_some_and(|apart| !apart.decisions.is_empty());
    if checked.is_empty() && offers.is_empty() && !decides {
        let known = store.read(|connection| device_progress::cursor(connection, device.certificate))?;
        if known == holds_up_to {
            // An idle sync writes nothing and waits for no disk.
            return Ok(Taken::default());
        }
    }
    store.transact(|tx| {
        let county = register::county(tx)?;
        let receipts = intake::take_in(tx, device, &county, checked, now)?;
        device_progress::set_cursor(tx, device.certificate, holds_up_to, now)?;
        let mut taken = Vec::new();
        for offer in offers {
            // Knowing a hash is no permission, and neither is a document of somebody else.
            if offer.bytes_total > PHOTO_BYTES_MAX || !photo::may_bring(tx, device, offer.document)? {
                continue;
            }
            photo_store::offer(tx, offer, device.certificate)?;
            if photo::readable(tx, device, offer.hash)?.is_some() {
                photo_store::link(tx, offer.hash, offer.document)?;
            }
            taken.push(offer.hash);
        }
        let decided = take_decisions(tx, device, &county, asked.apart.as_ref(), now)?;
        Ok(Taken { receipts, offers: taken, decided })
    })
}

/// Takes back what a device holds of others, after a restore: a transaction of its own, before the device's own push, which
/// may build on it.
fn take_given_back(
    store: &Store,
    county_key: &DeviceSigner,
    device: &Device,
    apart: Option<&ApartRequest>,
    now: Timestamp,
) -> Result<Option<TakenBack>> {
    let Some(given) = apart.and_then(|apart| apart.given_back.as_ref()) else { return Ok(None) };
    store
        .transact(|tx| {
            let county = register::county(tx)?;
            let taken = give_back::take(tx, device, &county, county_key, given, now)?;
            review::release(tx, &county, now)?;
            Ok(taken)
        })
        .map(Some)
}

/// Takes a device's decisions over what waits apart. One that cannot stand is acknowledged like one that does: sending it
/// again would change nothing, and the list tells what still waits.
fn take_decisions(
    tx: &Transaction<'_>,
    device: &Device,
    county: &CountyRow,
    apart: Option<&ApartRequest>,
    now: Timestamp,
) -> Result<Vec<Hash32>> {
    let Some(apart) = apart.filter(|apart| !apart.decisions.is_empty()) else { return Ok(Vec::new()) };
    let Some(decider) = register::holder(tx, device.certificate)? else { return Ok(Vec::new()) };
    let mut decided = Vec::new();
    for decision in apart.decisions.iter().take(DECISIONS_MAX) {
        if decision.body.note.chars().count() > NOTE_CHARS_MAX || !decision.is_signed_by(&device.public_key) {
            continue;
        }
        let became = review::decide(tx, &decider, decision, now)?;
        tracing::info!(envelope = %decision.body.envelope, ?became, "a decision over what waits apart");
        decided.push(decision.body.envelope);
    }
    review::release(tx, county, now)?;
    Ok(decided)
}

/// What of the log a device has from packs, or is to have; it is named packs when it begins at the start and knows
/// whom its records are signed by.
fn name_packs(store: &Store, packs: &Packs, rights: &Rights, asked: &Asked) -> Result<Option<Named>> {
    let Some(asked_packs) = &asked.packs else { return Ok(None) };
    let begins = asked.cursor == Cursor::START && rights.hash() == asked.rights_known;
    let (durable_seq, register_is_whole) = store.read(|connection| {
        let bytes_max = usize::try_from(asked.answer_bytes_max).unwrap_or(usize::MAX);
        let (_, register_is_whole) = register::entries_after(connection, asked.register_head, bytes_max)?;
        Ok((durable_seq(connection, &register::county(connection)?)?, register_is_whole))
    })?;
    if begins && register_is_whole {
        return packs.name(store, rights, asked_packs, durable_seq).map(Some);
    }
    let covered = store.read(|connection| Packs::covered(connection, rights, asked_packs))?;
    Ok(Some(Named::nothing(covered)))
}

/// A device that holds nothing goes on from the lowest cut of its packs.
fn leap(
    connection: &Connection,
    asked: &Asked,
    covered: &Covered,
    bytes_max: usize,
    viewer: &log::Viewer<'_>,
) -> Result<Option<log::Page>> {
    let begins = asked.cursor == Cursor::START && asked.packs.as_ref().is_some_and(|packs| packs.fresh);
    let Some(lowest) = covered.values().min().copied().filter(|_| begins) else { return Ok(None) };
    let Some(chain) = log::chain_at(connection, lowest)? else { return Ok(None) };
    let to = Cursor { seq: lowest, chain };
    pack::leap(connection, to, bytes_max, viewer.covers, &|document| covered.contains_key(&document))
}

fn pull(
    connection: &Connection,
    device: &Device,
    rights: &Rights,
    asked: &Asked,
    named: &Option<Named>,
    pushed_from: u64,
    now: Timestamp,
) -> Result<SyncAnswer> {
    let county = register::county(connection)?;
    let rights_changed = rights.hash() != asked.rights_known;
    // What was just pushed is not sent back; what the device wrote before comes only to one that begins anew, or that
    // shares its certificate with another.
    let twin_known = asked.apart.as_ref().is_some_and(|apart| apart.twin_known);
    let nothing = Covered::new();
    let covered = named.as_ref().map_or(&nothing, |named| &named.covered);
    let pending = named.as_ref().is_some_and(|named| named.answer.pending);
    let viewer = log::Viewer {
        packed: &|document| covered.get(&document).copied().unwrap_or(0),
        covers: &|kind, leaves| intake::may_see(rights, kind, leaves),
        holds: &|certificate, counter| {
            certificate == device.certificate && !twin_known && (counter >= pushed_from || asked.cursor.seq > 0)
        },
    };
    let bytes_max = usize::try_from(asked.answer_bytes_max).unwrap_or(usize::MAX);
    let (register, register_is_whole) = register::entries_after(connection, asked.register_head, bytes_max)?;
    // Signatures are checked by the register: it goes first, and records wait until it is whole.
    // And they wait until it is certain what comes in packs.
    let page = if register_is_whole && !pending {
        match leap(connection, asked, covered, bytes_max, &viewer)? {
            Some(page) => page,
            None => log::page(connection, asked.cursor, bytes_max, &viewer)?,
        }
    } else {
        log::Page { envelopes: Vec::new(), moves: Vec::new(), cursor: asked.cursor, more: true }
    };
    let (photos_delivered, photo_mark) =
        photo_store::delivered_since(connection, device.certificate, asked.photo_mark, PHOTO_DELIVERIES_MAX)?;
    Ok(SyncAnswer {
        rewound: false,
        receipts: Vec::new(),
        register,
        rights: rights_changed.then(|| rights.clone()),
        envelopes: page.envelopes,
        delivered: delivered(connection, device, asked.undelivered_from)?,
        photo_offsets: Vec::new(),
        durable_seq: durable_seq(connection, &county)?,
        cursor: page.cursor,
        more: page.more,
        server_time: now,
        photos_delivered,
        photo_mark,
        without_backup: county.without_backup,
        moves: (!page.moves.is_empty()).then_some(page.moves),
        apart: None,
        packs: named
            .as_ref()
            .map(|named| named.answer.clone())
            .filter(|answer| answer.pending || !answer.packs.is_empty()),
    })
}

fn durable_seq(connection: &Connection, county: &CountyRow) -> Result<u64> {
    if county.without_backup { Ok(log::head(connection)?.seq) } else { Ok(county.durable_seq) }
}

/// Runs of the device's own counters that a desk of somebody else holds, who answers for the child.
fn delivered(connection: &Connection, device: &Device, from: u64) -> Result<Vec<(u64, u64)>> {
    if from == 0 {
        return Ok(Vec::new());
    }
    let desks = register::desks(connection)?;
    // Of two under one counter, of a device that was copied, neither is told before both are there.
    let mut on_desk: BTreeMap<u64, bool> = BTreeMap::new();
    for (counter, seq, placed) in log::own_from(connection, device.certificate, from, DELIVERIES_MAX)? {
        let held = desks.iter().any(|(person, rights, cursor_seq)| {
            *person != device.person && *cursor_seq >= seq && intake::may_see(rights, placed.kind, &placed.leaves)
        });
        *on_desk.entry(counter).or_insert(true) &= held;
    }
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for (counter, _) in on_desk.into_iter().filter(|(_, held)| *held) {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(counter) => *last = counter,
            _ => runs.push((counter, counter)),
        }
    }
    Ok(runs)
}

/// The server does not know the cursor, or the register that the device has: it was restored from a backup, and may
/// have gone on since. Up to where the two histories are one cannot be told from one cursor, so the device begins
/// again; what it holds comes as duplicates.
fn rewound(store: &Store, cursor: &Cursor, now: Timestamp) -> Result<SyncAnswer> {
    store.read(|connection| {
        let county = register::county(connection)?;
        let head = log::head(connection)?;
        tracing::warn!(theirs = cursor.seq, ours = head.seq, "a device knows another log than the server has");
        Ok(SyncAnswer {
            rewound: true,
            receipts: Vec::new(),
            register: Vec::new(),
            rights: None,
            envelopes: Vec::new(),
            delivered: Vec::new(),
            photo_offsets: Vec::new(),
            durable_seq: durable_seq(connection, &county)?,
            cursor: Cursor::START,
            more: true,
            server_time: now,
            photos_delivered: Vec::new(),
            photo_mark: 0,
            without_backup: county.without_backup,
            moves: None,
            apart: None,
            packs: None,
        })
    })
}
