//! Packs in a file: a desk takes a first copy to where there is no signal, on a stick, and tablets take it in there.
//!
//! The file holds the very packs that the server serves, under the county's signature, each sealed under a code that is
//! drawn for this file and told by another way: a stick that is lost tells nobody anything (docs/decisions/packs.md).

use super::device::Device;
use super::first_copy::{begin_at_the_start, take_part};
use super::shared_device::{SharedDevice, with};
use crate::domain::identifier::Hash32;
use crate::error::{ErrorCode, Failure, Result};
use crate::protocol::body;
use crate::protocol::cursor::Cursor;
use crate::protocol::pack::{
    HEAD_BYTES_MAX, HEAD_LENGTH_BYTES, PackError, PackGroup, PackOffer, PackRequest, SignedPackHead,
};
use crate::protocol::sync::SyncRequest;
use crate::store::pack;
use crate::sync::link::{Link, LinkFailure};
use crate::vault::sealing::{self, DataKey};
use crate::vault::signing::PublicKey;
use crate::vault::transfer_code::TransferCode;

/// What the file begins with.
const MAGIC: &[u8; 8] = b"JFPACKS1";
const SEALED_AS: &str = "file of packs";
/// The largest sealed pack that is read: the server makes them of some 8 MiB at most.
const SEALED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The largest pack that is fetched.
const PACK_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The largest file that is made: the packs of some 50,000 children.
const FILE_BYTES_MAX: usize = 192 * 1024 * 1024;
/// A server that says for ever that more is being made is believed no longer.
const ASKED_MAX: u32 = 2_000;
/// How much of a pack is taken in by one transaction, at least: groups are whole or not there.
const TAKEN_BYTES: usize = 256 * 1024;

/// A file that was made.
pub struct PackFile {
    /// The file.
    pub bytes: Vec<u8>,
    /// What opens it: shown once.
    pub code: TransferCode,
    /// Packs in it.
    pub packs: u32,
    /// Children in them.
    pub children: u32,
}

impl std::fmt::Debug for PackFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PackFile")
    }
}

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakenIn {
    /// Packs that were taken in.
    pub packs: u32,
    /// Packs that were here already.
    pub packs_known: u32,
    /// Packs of children for whom this person does not answer: passed over, unread.
    pub packs_of_others: u32,
    /// Children in the packs that were taken in.
    pub children: u32,
}

/// Fetches all packs of the person's scope, and seals them into a file.
///
/// # Errors
/// [`ErrorCode::NotAllowed`] for who is at no desk, [`ErrorCode::PackDamaged`], what the link says.
pub fn export(shared: &SharedDevice, link: &mut dyn Link) -> Result<PackFile> {
    let (county_key, environment) = with(shared, |device| {
        if !device.author.rights.role.is_desk() {
            return Err(Failure::new(ErrorCode::NotAllowed, "first copies are handed out at a desk"));
        }
        Ok((device.enrolment.county_key, device.environment.clone()))
    })?;
    let offers = named(shared, link)?;
    let code = TransferCode::new(&environment);
    let mut file = PackFile { bytes: MAGIC.to_vec(), code, packs: 0, children: 0 };
    let key = file.code.key();
    for offer in offers {
        let bytes = fetched(link, &offer)?;
        let signed = checked(&bytes, Some(offer.hash), &county_key)?;
        file.children = file.children.saturating_add(u32::try_from(signed.head.documents().count()).unwrap_or(0));
        append(&mut file.bytes, &key, file.packs, &environment, &bytes)?;
        file.packs = file.packs.saturating_add(1);
        if file.bytes.len() > FILE_BYTES_MAX {
            return Err(Failure::new(ErrorCode::FileWriteFailed, "more than one file of packs takes"));
        }
    }
    // An empty one ends it: a file that was cut is noticed.
    append(&mut file.bytes, &key, file.packs, &environment, &[])?;
    Ok(file)
}

/// Asks as a device that begins, without taking anything of the answer in.
fn named(shared: &SharedDevice, link: &mut dyn Link) -> Result<Vec<PackOffer>> {
    let mut offers: Vec<PackOffer> = Vec::new();
    for _ in 0..ASKED_MAX {
        let awaited = offers.iter().map(|offer| offer.hash).collect();
        let request = with(shared, |device| {
            let standing = device.store.reading().standing()?;
            Ok(SyncRequest {
                version: crate::protocol::VERSION,
                cursor: Cursor::START,
                rights: device.author.rights.hash(),
                register_head: standing.register_head,
                push: None,
                photo_offers: Vec::new(),
                undelivered_from: 0,
                answer_bytes_max: 0,
                photo_mark: standing.photo_mark,
                register_hash: standing.register_hash,
                apart: None,
                packs: Some(PackRequest { awaited, ..PackRequest::default() }),
            })
        })?;
        let answer = link.exchange(body::write(&request)?)?.answer;
        if answer.rewound || answer.rights.is_some() {
            return Err(Failure::new(ErrorCode::SyncFirst, "the device does not stand where the server is"));
        }
        let Some(packs) = answer.packs else { break };
        offers.extend(packs.packs);
        if !packs.pending {
            break;
        }
    }
    Ok(offers)
}

fn fetched(link: &mut dyn Link, offer: &PackOffer) -> Result<Vec<u8>> {
    let mut bytes: Vec<u8> = Vec::new();
    if offer.bytes_total > PACK_BYTES_MAX {
        return Err(PackError::Tables.into());
    }
    loop {
        let at = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if at >= offer.bytes_total {
            return Ok(bytes);
        }
        link.get_pack(offer.hash, at, TAKEN_BYTES, &mut |_, piece| {
            bytes.extend_from_slice(piece);
            true
        })?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) == at {
            return Err(LinkFailure::Unreadable("a part of a pack without bytes".to_owned()).into());
        }
    }
}

/// A whole pack, every part of it proven.
fn checked(bytes: &[u8], named: Option<Hash32>, county_key: &PublicKey) -> Result<SignedPackHead> {
    let cut = || Failure::from(PackError::Tables);
    let (length, rest) = bytes.split_first_chunk::<HEAD_LENGTH_BYTES>().ok_or_else(cut)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length > HEAD_BYTES_MAX {
        return Err(cut());
    }
    let (section, mut rest) = rest.split_at_checked(length).ok_or_else(cut)?;
    let signed = SignedPackHead::read(section, named, county_key)?;
    for group in &signed.head.groups {
        let (frame, behind) =
            rest.split_at_checked(usize::try_from(group.bytes).unwrap_or(usize::MAX)).ok_or_else(cut)?;
        PackGroup::read(frame, group, &signed.head.cell)?;
        rest = behind;
    }
    if rest.is_empty() { Ok(signed) } else { Err(cut()) }
}

/// Which record of the file it is, and whether it is the last: sealed with it, so that none is left out or changed places.
fn bound_to(number: u32, is_last: bool) -> [u8; 5] {
    let [a, b, c, d] = number.to_be_bytes();
    [a, b, c, d, u8::from(is_last)]
}

fn append(
    file: &mut Vec<u8>,
    key: &DataKey,
    number: u32,
    environment: &crate::environment::Environment,
    pack: &[u8],
) -> Result<()> {
    let sealed = sealing::seal(key, SEALED_AS, &bound_to(number, pack.is_empty()), environment.random.as_ref(), pack)?;
    file.extend_from_slice(&u32::try_from(sealed.len()).unwrap_or(u32::MAX).to_be_bytes());
    file.extend_from_slice(&sealed);
    Ok(())
}

/// The packs of a file, opened and proven, all of them or none.
fn opened(file: &[u8], code: &TransferCode, county_key: &PublicKey) -> Result<Vec<(SignedPackHead, Vec<u8>)>> {
    let damaged = || Failure::new(ErrorCode::PackDamaged, "the file of packs");
    let mut rest = file.strip_prefix(MAGIC.as_slice()).ok_or_else(damaged)?;
    let key = code.key();
    let mut packs = Vec::new();
    loop {
        let (length, behind) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let (sealed, behind) = behind.split_at_checked(length.min(SEALED_BYTES_MAX)).ok_or_else(damaged)?;
        let number = u32::try_from(packs.len()).unwrap_or(u32::MAX);
        if behind.is_empty() {
            let last = sealing::open(&key, SEALED_AS, &bound_to(number, true), sealed);
            return match last {
                Ok(_) => Ok(packs),
                Err(_) if packs.is_empty() => Err(Failure::new(ErrorCode::TransferCodeWrong, "another file's code")),
                Err(_) => Err(damaged()),
            };
        }
        let pack = sealing::open(&key, SEALED_AS, &bound_to(number, false), sealed).map_err(|_| {
            // The first record opens under the right code, or the code is another file's.
            if packs.is_empty() {
                Failure::new(ErrorCode::TransferCodeWrong, "the code does not open the file")
            } else {
                damaged()
            }
        })?;
        packs.push((checked(&pack, None, county_key)?, pack));
        rest = behind;
    }
}

/// Takes a file of packs in: those of children for whom the person answers. All of the file is proven first; then each
/// group is taken in whole. What the server has since comes with the next sync.
///
/// # Errors
/// [`ErrorCode::TransferCodeWrong`], [`ErrorCode::PackDamaged`] with nothing taken in, [`ErrorCode::SyncFirst`] when this
/// device does not know those who wrote, the faults of a store.
pub fn import(device: &mut Device, file: &[u8], code: &str) -> Result<TakenIn> {
    let code = TransferCode::from_text(code)?;
    let packs = opened(file, &code, &device.enrolment.county_key)?;
    let rights = device.author.rights.clone();
    let mut taken = TakenIn::default();
    let mut ours = Vec::new();
    for (signed, bytes) in packs {
        if rights.scopes.iter().any(|scope| signed.head.cell.lies_within(scope)) {
            knows_authors(device, &signed, &bytes)?;
            ours.push((signed, bytes));
        } else {
            taken.packs_of_others = taken.packs_of_others.saturating_add(1);
        }
    }
    let awaited: Vec<Hash32> = device.store.reading().packs_awaited()?.iter().map(|row| row.hash).collect();
    let held = device.store.reading().packs_held()?;
    // Those that the server has named come first: they end the waiting for them.
    ours.sort_by_key(|(signed, _)| !awaited.contains(&signed.hash()));
    let mut begins_again = false;
    for (signed, bytes) in ours {
        let hash = signed.hash();
        if held.contains(&hash) {
            taken.packs_known = taken.packs_known.saturating_add(1);
            continue;
        }
        if !awaited.contains(&hash) {
            let offer = PackOffer {
                hash,
                bytes_total: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                dossiers: u32::try_from(signed.head.documents().count()).unwrap_or(u32::MAX),
                cut_seq: signed.head.cut.seq,
            };
            device.store.transact(|tx| {
                // What has moved away since the pack was cut is told to a device that begins at the start, and packs that
                // were named for the same children are not fetched besides.
                if !std::mem::replace(&mut begins_again, true) {
                    pack::forget_awaited(tx)?;
                    begin_at_the_start(tx)?;
                }
                pack::await_all(tx, &[offer])
            })?;
        }
        take_whole(device, hash, &bytes)?;
        taken.packs = taken.packs.saturating_add(1);
        taken.children =
            taken.children.saturating_add(u32::try_from(signed.head.documents().count()).unwrap_or(u32::MAX));
    }
    Ok(taken)
}

/// Who wrote is shown by name, and names are in the register, which only the server gives.
fn knows_authors(device: &Device, signed: &SignedPackHead, bytes: &[u8]) -> Result<()> {
    let groups = usize::try_from(signed.head.group_bytes()).unwrap_or(usize::MAX);
    let mut rest = bytes.len().checked_sub(groups).and_then(|from| bytes.get(from..)).unwrap_or_default();
    for announced in &signed.head.groups {
        let Some((frame, behind)) = rest.split_at_checked(usize::try_from(announced.bytes).unwrap_or(usize::MAX))
        else {
            return Err(PackError::Tables.into());
        };
        for certificate in PackGroup::read(frame, announced, &signed.head.cell)?.certificates {
            if device.store.reading().public_key(certificate)?.is_none() {
                return Err(Failure::new(ErrorCode::SyncFirst, "the register does not name everybody who wrote"));
            }
        }
        rest = behind;
    }
    Ok(())
}

fn take_whole(device: &mut Device, hash: Hash32, bytes: &[u8]) -> Result<()> {
    loop {
        let Some(row) = device.store.reading().pack_awaited(hash)? else { return Ok(()) };
        let from = usize::try_from(row.next_byte()).unwrap_or(usize::MAX);
        let part = bytes.get(from..from.saturating_add(TAKEN_BYTES).min(bytes.len())).unwrap_or_default();
        match take_part(device, hash, row.next_byte(), part) {
            Ok(taken) if taken.complete => return Ok(()),
            Ok(_) if !part.is_empty() => {}
            Ok(_) => return Err(PackError::Tables.into()),
            Err(failure) => {
                device.store.transact(|tx| {
                    pack::forget(tx, hash)?;
                    begin_at_the_start(tx)
                })?;
                return Err(failure);
            }
        }
    }
}
