//! The shape of the documents: genesis, readers and field-wise writers.
//!
//! Every document begins with a frozen genesis change that makes its root maps: fixed actor, time 0, the
//! same bytes everywhere, so that no two devices ever make the same container apart (docs/automerge.md, 5).
//! A later root map is a numbered change of the same kind that depends on the one before.

mod change_frame;
pub mod county;
pub mod county_rights;
pub mod dossier_read;
pub mod dossier_write;
pub mod duty_text;
mod entry_fields;
mod kind;
pub mod place;
pub mod restricted;
pub mod snapshot;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Automerge, Change, ChangeHash, ObjType, ROOT, ReadDoc};

use super::identifier::Hash32;
use super::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};

pub use kind::DocumentKind;

/// The largest single change: 1 MiB. A finished form has some hundred bytes.
pub const CHANGE_BYTES_MAX: usize = 1024 * 1024;

/// The root maps of a dossier (architecture: documents).
pub const DOSSIER_ROOTS: &[&str] = &[
    "profile",
    "household",
    "guardians",
    "flags",
    "placement",
    "record",
    "status",
    "absences",
    "cases",
    "visits",
    "evidence",
    "aid",
    "transition",
    "letters",
    "plan",
];

/// The root maps of the county document.
pub const COUNTY_ROOTS: &[&str] = &["county", "places", "schools", "calendar", "rules", "aid_programs", "duty_grid"];

/// The root maps of a village's document.
pub const PLACE_ROOTS: &[&str] = &["entries"];

/// The root maps of a restricted annex.
pub const RESTRICTED_ROOTS: &[&str] = &["report", "steps"];

/// The actor of all genesis changes; it never writes anything else.
pub const GENESIS_ACTOR: &[u8; 16] = b"jiafang-genesis1";

fn genesis_of(roots: &[&str]) -> Option<Change> {
    let mut doc = Automerge::new().with_actor(ActorId::from(GENESIS_ACTOR.as_slice()));
    let mut transaction = doc.transaction();
    for root in roots {
        transaction.put_object(ROOT, *root, ObjType::Map).ok()?;
    }
    transaction.commit_with(CommitOptions::default().with_time(0));
    doc.get_last_local_change()
}

static DOSSIER_GENESIS: LazyLock<Option<Change>> = LazyLock::new(|| genesis_of(DOSSIER_ROOTS));
static RESTRICTED_GENESIS: LazyLock<Option<Change>> = LazyLock::new(|| genesis_of(RESTRICTED_ROOTS));
static PLACE_GENESIS: LazyLock<Option<Change>> = LazyLock::new(|| genesis_of(PLACE_ROOTS));
static COUNTY_GENESIS: LazyLock<Option<Change>> = LazyLock::new(|| genesis_of(COUNTY_ROOTS));

fn genesis(kind: DocumentKind) -> Result<&'static Change> {
    let change = match kind {
        DocumentKind::Dossier => &*DOSSIER_GENESIS,
        DocumentKind::Restricted => &*RESTRICTED_GENESIS,
        DocumentKind::County => &*COUNTY_GENESIS,
        DocumentKind::Place => &*PLACE_GENESIS,
    };
    change.as_ref().ok_or_else(|| Failure::new(ErrorCode::Internal, "the genesis change cannot be made"))
}

/// The hashes of the changes that every document of a kind has without their being sent.
///
/// # Errors
/// [`ErrorCode::Internal`], which a test rules out.
pub fn genesis_hashes(kind: DocumentKind) -> Result<Vec<Hash32>> {
    Ok(vec![Hash32(genesis(kind)?.hash().0)])
}

/// A document of a kind with nothing in it but its genesis.
///
/// # Errors
/// [`ErrorCode::Internal`], which a test rules out.
pub fn empty(kind: DocumentKind) -> Result<Automerge> {
    let mut doc = Automerge::new();
    doc.apply_changes([genesis(kind)?.clone()]).map_err(damaged)?;
    Ok(doc)
}

/// Runs `write` as one commit of `actor` at `at` and gives the change that it made; `None` when it changed
/// nothing.
///
/// # Errors
/// What `write` says; the document is then as it was. [`ErrorCode::DocumentDamaged`] when Automerge cannot give what it wrote;
/// the document is then to be thrown away.
pub fn commit(
    doc: &mut Automerge,
    actor: &[u8; 16],
    at: Timestamp,
    write: impl FnOnce(&mut Transaction<'_>) -> Result<()>,
) -> Result<Option<Change>> {
    doc.set_actor(ActorId::from(actor.as_slice()));
    let mut transaction = doc.transaction();
    if let Err(failure) = write(&mut transaction) {
        transaction.rollback();
        return Err(failure);
    }
    let seconds = at.unix_ms().checked_div(1000).unwrap_or(0);
    let (hash, _) = transaction.commit_with(CommitOptions::default().with_time(seconds));
    shielded(|| Ok(hash.and_then(|hash| doc.get_change_by_hash(&hash))))
}

/// A change from the bytes of an envelope: one whole chunk of type 1 (or 2, deflated), measured first, nothing
/// else. Other chunk types can loop for ever inside of automerge, and so can one that claims enough operations
/// (docs/automerge.md, 3).
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn read_change(bytes: &[u8]) -> Result<Change> {
    if !change_frame::is_sound(bytes) {
        return Err(Failure::new(ErrorCode::DocumentDamaged, "the bytes are no change, or none of a form"));
    }
    Change::try_from(bytes).map_err(|cause| Failure::caused(ErrorCode::DocumentDamaged, "change", cause))
}

/// Applies changes of others, shielded: hostile bytes can make automerge panic (docs/automerge.md, 3). After a
/// failure the document is to be thrown away and loaded again.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn apply(doc: &mut Automerge, changes: Vec<Change>) -> Result<()> {
    shielded(|| doc.apply_changes(changes).map_err(damaged))
}

/// Applies changes one by one, each after all that it builds on, and passes over each that cannot be applied or that
/// leaves a document which cannot be read: one poisoned change takes a dossier from nobody. Gives the document and the
/// hashes of what was passed over. What builds on those, or on what is not here, waits in the document. All that is not passed
/// over can be applied together.
///
/// Slow: only for changes that [`apply`] did not take together.
#[must_use]
pub fn apply_passing_over(kind: DocumentKind, base: &Automerge, changes: Vec<Change>) -> (Automerge, Vec<Hash32>) {
    let hash_of = |change: &Change| Hash32(change.hash().0);
    let mut sound = base.clone();
    let mut fit = Vec::new();
    let mut waiting = changes.clone();
    loop {
        let before = waiting.len();
        let known: BTreeSet<Hash32> = change_hashes(&sound).unwrap_or_default().into_iter().collect();
        let (ready, left): (Vec<Change>, Vec<Change>) = waiting
            .into_iter()
            .partition(|change| change.deps().iter().all(|dependency| known.contains(&Hash32(dependency.0))));
        for change in ready {
            let hash = hash_of(&change);
            let mut next = sound.clone();
            if apply(&mut next, vec![change]).and_then(|()| check(kind, &next)).is_ok() {
                sound = next;
                fit.push(hash);
            }
        }
        waiting = left;
        if waiting.len() == before {
            break;
        }
    }
    let together = |kept: &BTreeSet<Hash32>| {
        let mut document = base.clone();
        let changes = changes.iter().filter(|change| kept.contains(&hash_of(change))).cloned().collect();
        apply(&mut document, changes).and_then(|()| check(kind, &document)).is_ok().then_some(document)
    };
    // Together more is refused than one by one: two changes under one number of an actor, also where they only wait. Half by half it
    // is found out which can stand beside the rest.
    let mut kept = BTreeSet::new();
    let mut groups = vec![waiting.iter().map(hash_of).collect(), fit];
    while let Some(group) = groups.pop() {
        let with: BTreeSet<Hash32> = kept.iter().chain(&group).copied().collect();
        if together(&with).is_some() {
            kept = with;
        } else if group.len() > 1 {
            let (first, second) = group.split_at(group.len() / 2);
            groups.extend([second.to_vec(), first.to_vec()]);
        }
    }
    let document = together(&kept).unwrap_or_else(|| base.clone());
    let passed_over = changes.iter().map(hash_of).filter(|hash| !kept.contains(hash)).collect();
    (document, passed_over)
}

/// Whether a document can be read as what it is, shielded.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn check(kind: DocumentKind, doc: &Automerge) -> Result<()> {
    match kind {
        DocumentKind::Dossier => shielded(|| dossier_read::read(doc).map(drop)),
        // A county document that has not come whole reads as none: that is no damage.
        DocumentKind::County => Ok(()),
        DocumentKind::Restricted => restricted::read(doc).map(drop),
        DocumentKind::Place => place::read(doc).map(drop),
    }
}

/// Loads a document from what [`Automerge::save`] gave, shielded.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn load(bytes: &[u8]) -> Result<Automerge> {
    shielded(|| Automerge::load(bytes).map_err(damaged))
}

/// The hashes of a document's changes, its genesis among them. Without the changes themselves, which Automerge cannot put
/// together again from some poisoned documents that it can load.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn change_hashes(doc: &Automerge) -> Result<Vec<Hash32>> {
    shielded(|| Ok(doc.get_changes_meta(&[]).into_iter().map(|change| Hash32(change.hash.0)).collect()))
}

/// A document's changes, each after all that it builds on, its genesis among them.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`] where Automerge cannot put them together again: it can load some poisoned documents of which it
/// cannot give the changes (docs/automerge.md, 3).
pub fn changes(doc: &Automerge) -> Result<Vec<Change>> {
    shielded(|| Ok(doc.get_changes(&[])))
}

/// A document in one piece, as [`load`] takes it; not certain to be taken (docs/automerge.md, 3).
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn save(doc: &Automerge) -> Result<Vec<u8>> {
    shielded(|| Ok(doc.save()))
}

fn shielded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Failure::new(ErrorCode::DocumentDamaged, "automerge panicked")))
}

/// Whether all that the document's changes build on is there.
#[must_use]
pub fn is_complete(doc: &Automerge) -> bool {
    doc.get_missing_deps(&[]).is_empty()
}

/// Whether nothing but its genesis is in a document.
#[must_use]
pub fn is_only_genesis(doc: &Automerge) -> bool {
    let genesis = [&DOSSIER_GENESIS, &COUNTY_GENESIS, &PLACE_GENESIS].map(|change| change.as_ref().map(Change::hash));
    doc.get_heads().iter().all(|head| genesis.contains(&Some(*head)))
}

/// The heads of a document, sorted: equal heads, equal screens.
#[must_use]
pub fn heads(doc: &Automerge) -> Vec<Hash32> {
    let mut heads: Vec<Hash32> = doc.get_heads().iter().map(|ChangeHash(hash)| Hash32(*hash)).collect();
    heads.sort_unstable();
    heads
}

/// Who wrote an operation.
fn actor_of(operation: &automerge::ObjId) -> super::actor::Actor {
    match operation {
        automerge::ObjId::Id(_, actor, _) => actor.to_bytes().to_vec(),
        automerge::ObjId::Root => Vec::new(),
    }
}

pub(crate) fn damaged(cause: automerge::AutomergeError) -> Failure {
    Failure::caused(ErrorCode::DocumentDamaged, "automerge", cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These hashes are in every document of every county. They may never change.
    #[test]
    fn the_genesis_is_frozen() {
        let hash = |kind| genesis_hashes(kind).unwrap()[0].to_string();
        assert_eq!(hash(DocumentKind::Dossier), "de363ca1ca7eb5a38d70f9bdcdbc4f06420aa02b52601e6611a231e268369423");
        assert_eq!(hash(DocumentKind::Restricted), "f91aad44e7550743b285a7c4b411dc8a225733ea1550a025fcaf74f2eafa8fbc");
        assert_eq!(hash(DocumentKind::Place), "461157fb3ccf1fad951bdd7e6bf3ec98ef0352e20371c9b4e80a3901da16f892");
        assert_eq!(hash(DocumentKind::County), "0fa28285d0b168344ea9a7c79b69f820102c93eb6eb6ecd5741e7b6248957f24");
    }

    /// One byte of a change is another, and the checksum is made right again.
    fn poisoned(change: &Change, at: usize, byte: u8) -> Option<Change> {
        let mut bytes = change.raw_bytes().to_vec();
        *bytes.get_mut(at)? = byte;
        let checksum = Hash32::of(&bytes[8..]);
        bytes[4..8].copy_from_slice(&checksum.0[..4]);
        read_change(&bytes).ok()
    }

    #[test]
    fn one_poisoned_change_takes_the_dossier_from_nobody() {
        let at = Timestamp::from_unix_ms(1_795_395_600_000);
        let write = |doc: &mut Automerge, actor: u8, value: &str| {
            let written = commit(doc, &[actor; 16], at, |tx| dossier_write::set_field(tx, "profile.name", value));
            written.unwrap().unwrap()
        };
        let base = empty(DocumentKind::Dossier).unwrap();
        let (mut li, mut wang) = (base.clone(), base.clone());
        let good = [write(&mut li, 1, "石小雨"), write(&mut li, 1, "王小明")];
        let change = write(&mut wang, 2, "马秀英");
        let mut bad = 0;
        for place in 9..change.raw_bytes().len() {
            let Some(poison) = poisoned(&change, place, change.raw_bytes()[place] ^ 0x41) else { continue };
            let all = vec![good[1].clone(), poison, good[0].clone()];
            let mut whole = base.clone();
            if apply(&mut whole, all.clone()).and_then(|()| check(DocumentKind::Dossier, &whole)).is_ok() {
                continue;
            }
            bad += 1;
            let (document, passed_over) = apply_passing_over(DocumentKind::Dossier, &base, all);
            assert_eq!(passed_over.len(), 1, "the poison alone, at {place}");
            assert_eq!(dossier_read::read(&document).unwrap().value("profile.name"), "王小明");
            let next = write(&mut document.clone(), 1, "可以接着写");
            assert!(next.deps().contains(&good[1].hash()), "and can be written");
        }
        assert!(bad > 0, "something in a change can harm");
    }

    #[test]
    fn two_changes_under_one_number_that_wait_for_what_never_comes_take_the_dossier_from_nobody() {
        let at = Timestamp::from_unix_ms(1_795_395_600_000);
        let write = |doc: &mut Automerge, actor: u8, value: &str| {
            commit(doc, &[actor; 16], at, |tx| dossier_write::set_field(tx, "profile.name", value)).unwrap().unwrap()
        };
        let base = empty(DocumentKind::Dossier).unwrap();
        let good = write(&mut base.clone(), 1, "王小明");
        let mut never_comes = base.clone();
        write(&mut never_comes, 2, "石小雨");
        let one = write(&mut never_comes.clone(), 3, "马秀英");
        let other = write(&mut never_comes.clone(), 3, "张桂兰");
        let alone = write(&mut never_comes.clone(), 4, "李春花");
        // Of the number of one that can be applied, too.
        let of_a_known_number = write(&mut never_comes, 1, "石大山");
        let all = vec![one.clone(), good, other, of_a_known_number, alone];
        assert!(apply(&mut base.clone(), all.clone()).is_err(), "else this tests nothing");
        let (document, passed_over) = apply_passing_over(DocumentKind::Dossier, &base, all.clone());
        assert_eq!(dossier_read::read(&document).unwrap().value("profile.name"), "王小明");
        assert_eq!(passed_over, [&all[2], &all[3]].map(|change| Hash32(change.hash().0)));
        let mut loaded = base.clone();
        let kept = all.into_iter().filter(|change| !passed_over.contains(&Hash32(change.hash().0))).collect();
        apply(&mut loaded, kept).unwrap();
        assert_eq!(heads(&loaded), heads(&document), "what is left can be loaded together");
    }

    #[test]
    fn a_change_that_can_be_applied_and_not_be_given_again_panics_nowhere_and_is_in_no_snapshot() {
        let at = Timestamp::from_unix_ms(1_795_395_600_000);
        let write = |doc: &mut Automerge, actor: u8, value: &str| {
            commit(doc, &[actor; 16], at, |tx| dossier_write::set_field(tx, "profile.name", value)).unwrap().unwrap()
        };
        let mut base = empty(DocumentKind::Dossier).unwrap();
        write(&mut base, 1, "石小雨");
        let change = write(&mut base.clone(), 2, "王小明");
        let mut bad = 0;
        for place in 9..change.raw_bytes().len() {
            let Some(poison) = poisoned(&change, place, change.raw_bytes()[place] ^ 0x41) else { continue };
            let mut whole = base.clone();
            if apply(&mut whole, vec![poison.clone()]).and_then(|()| check(DocumentKind::Dossier, &whole)).is_err() {
                continue;
            }
            let Err(failure) = changes(&whole) else { continue };
            bad += 1;
            assert_eq!(failure.code, ErrorCode::DocumentDamaged);
            let refused = snapshot::write_snapshot(DocumentKind::Dossier, &whole).unwrap_err();
            assert_eq!(refused.code, ErrorCode::DocumentDamaged);
            assert!(snapshot::holds(&whole, Hash32(poison.hash().0)), "what it holds can be told all the same");
            write(&mut whole, 1, "可以接着写");
        }
        assert!(bad > 0, "something in a change can harm so");
    }

    #[test]
    fn a_chunk_that_is_no_change_is_refused_before_automerge_sees_it() {
        let mut bytes = genesis(DocumentKind::Dossier).unwrap().raw_bytes().to_vec();
        assert!(read_change(&bytes).is_ok());
        bytes[8] = 3;
        assert_eq!(read_change(&bytes).unwrap_err().code, ErrorCode::DocumentDamaged);
        assert!(read_change(&bytes[..7]).is_err());
    }
}
