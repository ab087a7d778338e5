//! The shelf of packs: which a device is named, made when first asked for, their files, and who may fetch one.
//!
//! Making a pack loads documents, which intake never does. It happens here, one pack at a time, within a budget of time
//! for each request: a device that is told that more are being made fetches what there is and asks again.

mod make;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::place::{Leaves, Scope};
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::pack::{PACK_DOSSIERS_MAX, PackAnswer, PackCell, PackOffer, PackRequest};
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::protocol::sync::Rights;

use crate::identity::Identity;
use crate::photo::Part;
use crate::store::materialised;
use crate::store::pack::{self as pack_store, PackRow};
use crate::store::register::Device;
use crate::store::{Connection, Store, log};
use crate::{fault, refuse};

/// The folder within the data folder. Backups leave it out: everything in it can be made again.
pub const FOLDER_NAME: &str = "packs";
/// How much of it there may be: a county of 80,000 dossiers has some 250 MB in either tree.
const SHELF_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// One request makes packs for so long, and finishes the one that it has begun.
const MAKING_MS: u64 = 1_500;
/// Requests that wait for one another to make packs: others must not find all workers waiting.
const WAITING_MAX: usize = 4;
/// Dossiers of a cell that are in no pack yet, and get one of their own when they are so many.
const LOOSE_MAX: usize = 10;
/// A pack is made anew when so many envelopes have come above its cut, besides one for each dossier.
const ENVELOPES_SINCE_MAX: u64 = 20;

/// Which dossiers a device has, or will have, from packs, each with the place in the log up to which.
pub type Covered = BTreeMap<DocumentId, u64>;

/// The shelf.
pub struct Packs {
    folder: PathBuf,
    identity: Arc<Identity>,
    environment: Environment,
    making: Mutex<()>,
    waiting: AtomicUsize,
    after_looks: AtomicBool,
}

impl std::fmt::Debug for Packs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Packs")
    }
}

/// What a device is told, and what it need not be sent as envelopes.
#[derive(Debug)]
pub struct Named {
    /// For the answer.
    pub answer: PackAnswer,
    /// What is in packs.
    pub covered: Covered,
    /// Dossiers whose pack the device could not take in: they travel as envelopes.
    unwanted: BTreeSet<DocumentId>,
}

impl Named {
    /// Names nothing.
    #[must_use]
    pub fn nothing(covered: Covered) -> Self {
        let answer = PackAnswer { packs: Vec::new(), pending: false };
        Self { answer, covered, unwanted: BTreeSet::new() }
    }
}

impl Packs {
    /// The shelf of a data folder.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn open(data: &Path, identity: Arc<Identity>, environment: Environment) -> Result<Self> {
        let folder = data.join(FOLDER_NAME);
        fs::create_dir_all(&folder)?;
        Ok(Self {
            folder,
            identity,
            environment,
            making: Mutex::new(()),
            waiting: AtomicUsize::new(0),
            after_looks: AtomicBool::new(false),
        })
    }

    /// From now on nothing goes into a pack that the background step has not looked at ([`crate::materialise`]): a change that
    /// never ends would hold up all packs. What it has not reached travels as envelopes.
    pub fn come_after_looks(&self) {
        self.after_looks.store(true, Ordering::Release);
    }

    fn path(&self, hash: Hash32) -> PathBuf {
        let name = hash.to_string();
        let shelf: String = name.chars().take(2).collect();
        self.folder.join(shelf).join(name)
    }

    /// What a device need not be sent, by what it says that it has or waits for.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn covered(connection: &Connection, rights: &Rights, asked: &PackRequest) -> Result<Covered> {
        let mut covered = Covered::new();
        for (hashes, must_be_here) in [(&asked.held, false), (&asked.awaited, true)] {
            for hash in hashes {
                let Some(row) = pack_store::by_hash(connection, *hash)? else { continue };
                if pack_store::is_of_this_log(connection, &row)?
                    && (!must_be_here || is_given(connection, rights, &row)?)
                {
                    cover(connection, &mut covered, &row)?;
                }
            }
        }
        Ok(covered)
    }

    /// Names packs for a device that begins at the start, and makes those that there are not.
    ///
    /// # Errors
    /// The faults of a store, a full disk.
    pub fn name(&self, store: &Store, rights: &Rights, asked: &PackRequest, durable_seq: u64) -> Result<Named> {
        let begun = self.environment.clock.monotonic_ms();
        let covered = store.read(|connection| Self::covered(connection, rights, asked))?;
        let mut named = Named::nothing(covered);
        for hash in &asked.refused {
            named.unwanted.extend(store.read(|connection| pack_store::documents(connection, *hash))?);
        }
        let seq = if self.after_looks.load(Ordering::Acquire) {
            store.read(materialised::looked_up_to)?.min(durable_seq)
        } else {
            durable_seq
        };
        let Some(chain) = store.read(|connection| log::chain_at(connection, seq))? else { return Ok(named) };
        let cut = Cursor { seq, chain };
        // Villages first: what lies in a class as well is not named twice.
        let (places, classes): (Vec<&Scope>, Vec<&Scope>) =
            rights.scopes.iter().partition(|scope| matches!(scope, Scope::Place(_)));
        for scope in places.into_iter().chain(classes) {
            for cell in store.read(|connection| pack_store::cells(connection, scope))? {
                let mut loose = self.name_of_cell(store, &cell, cut, &mut named)?;
                while !loose.is_empty() {
                    if self.environment.clock.monotonic_ms().saturating_sub(begun) > MAKING_MS {
                        named.answer.pending = true;
                        return Ok(named);
                    }
                    loose = self.make_of_cell(store, &cell, cut, &mut named).unwrap_or_else(|failure| {
                        // A full disk, as a rule: these dossiers travel as envelopes.
                        tracing::error!(code = ?failure.code, detail = %failure.detail, "a pack was not made");
                        Vec::new()
                    });
                }
            }
        }
        Ok(named)
    }

    /// Names the packs of a cell that are on the shelf, and gives the dossiers for which one is to be made.
    fn name_of_cell(
        &self,
        store: &Store,
        cell: &PackCell,
        cut: Cursor,
        named: &mut Named,
    ) -> Result<Vec<(DocumentId, Leaves)>> {
        let mut rotten = Vec::new();
        let loose = store.read(|connection| {
            let packable = pack_store::packable(connection, cell, cut.seq)?;
            let in_cell = packable.len();
            let mut wanted: BTreeMap<DocumentId, Leaves> =
                packable.into_iter().filter(|(document, _)| named.wants(document)).collect();
            for row in pack_store::of_cell(connection, cell)? {
                if wanted.is_empty() {
                    break;
                }
                let documents: BTreeSet<DocumentId> =
                    pack_store::documents(connection, row.hash)?.into_iter().collect();
                let is_wanted = documents.iter().any(|document| wanted.contains_key(document));
                if !is_wanted || row.cut.seq > cut.seq || !is_fresh(connection, &row, documents.len(), cut.seq)? {
                    continue;
                }
                if !self.is_sound(&row) {
                    rotten.push(row.hash);
                    continue;
                }
                wanted.retain(|document, _| !documents.contains(document));
                named.offer(connection, &row, documents.len())?;
            }
            // A few that came lately travel as envelopes.
            let is_worth_it = wanted.len() > LOOSE_MAX || wanted.len() == in_cell;
            Ok(if is_worth_it { wanted.into_iter().collect() } else { Vec::new() })
        })?;
        if !rotten.is_empty() {
            store.transact(|tx| rotten.iter().try_for_each(|hash| pack_store::forget_file(tx, *hash)))?;
        }
        Ok(loose)
    }

    /// Makes one pack of what a cell has loose, names it, and gives what is left then: nothing, when many wait to make
    /// packs already; these dossiers travel as envelopes to this device.
    fn make_of_cell(
        &self,
        store: &Store,
        cell: &PackCell,
        cut: Cursor,
        named: &mut Named,
    ) -> Result<Vec<(DocumentId, Leaves)>> {
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= WAITING_MAX {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return Ok(Vec::new());
        }
        let made = {
            let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever was here before may have made it.
            self.name_of_cell(store, cell, cut, named).and_then(|mut loose| {
                loose.sort_by(|(id, leaves), (other_id, other)| (leaves, id).cmp(&(other, other_id)));
                loose.truncate(PACK_DOSSIERS_MAX);
                if loose.is_empty() {
                    return Ok(());
                }
                self.make_and_keep(store, cell, cut, &loose)
            })
        };
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        made?;
        self.name_of_cell(store, cell, cut, named)
    }

    fn make_and_keep(&self, store: &Store, cell: &PackCell, cut: Cursor, loose: &[(DocumentId, Leaves)]) -> Result<()> {
        let made = make::make(store, &self.identity.county, cell, cut, loose)?;
        if !made.documents.is_empty() {
            let path = self.path(made.hash);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            jiafang_core::files::write_atomically(&path, &made.bytes)?;
        }
        let row = PackRow {
            hash: made.hash,
            cell: cell.clone(),
            cut,
            bytes_total: u64::try_from(made.bytes.len()).unwrap_or(u64::MAX),
            file_hash: Hash32::of(&made.bytes),
            is_here: true,
        };
        let now = self.environment.now();
        let gone = store.transact(|tx| {
            made.unpackable.iter().try_for_each(|document| pack_store::mark_unpackable(tx, *document))?;
            if !made.documents.is_empty() {
                pack_store::keep(tx, &row, &made.documents, now)?;
            }
            let gone = pack_store::beyond(tx, SHELF_BYTES_MAX)?;
            gone.iter().try_for_each(|hash| pack_store::forget_file(tx, *hash))?;
            Ok(gone)
        })?;
        for hash in gone {
            remove_if_there(&self.path(hash))?;
        }
        Ok(())
    }

    /// Whether a pack's file has the bytes that were written.
    fn is_sound(&self, row: &PackRow) -> bool {
        fs::read(self.path(row.hash)).is_ok_and(|bytes| Hash32::of(&bytes) == row.file_hash)
    }

    /// Reads a part of a pack.
    ///
    /// # Errors
    /// [`RefusalCode::PackUnknown`] for one that there is not, that is not for this device, or that holds a child who has
    /// left; which of them is not told. [`RefusalCode::Fault`].
    pub fn read(
        &self,
        store: &Store,
        device: &Device,
        hash: Hash32,
        offset: u64,
        bytes_max: usize,
    ) -> std::result::Result<Part, Refusal> {
        let unknown = || refuse(RefusalCode::PackUnknown, "no pack for this device");
        let rights = device.rights.as_ref().ok_or_else(unknown)?;
        let given = store.read(|connection| {
            let Some(row) = pack_store::by_hash(connection, hash)? else { return Ok(None) };
            Ok(is_given(connection, rights, &row)?.then_some(row))
        });
        let row = given.map_err(fault)?.ok_or_else(unknown)?;
        let mut file = match File::open(self.path(hash)) {
            Ok(file) => file,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                store.transact(|tx| pack_store::forget_file(tx, hash)).map_err(fault)?;
                return Err(unknown());
            }
            Err(cause) => return Err(fault(cause.into())),
        };
        let start = offset.min(row.bytes_total);
        file.seek(SeekFrom::Start(start)).map_err(|cause| fault(cause.into()))?;
        let mut bytes = Vec::new();
        file.take(u64::try_from(bytes_max).unwrap_or(u64::MAX))
            .read_to_end(&mut bytes)
            .map_err(|cause| fault(cause.into()))?;
        Ok(Part { bytes, bytes_total: row.bytes_total })
    }
}

impl Named {
    fn wants(&self, document: &DocumentId) -> bool {
        !self.covered.contains_key(document) && !self.unwanted.contains(document)
    }

    fn offer(&mut self, connection: &Connection, row: &PackRow, dossiers: usize) -> Result<()> {
        self.answer.packs.push(PackOffer {
            hash: row.hash,
            bytes_total: row.bytes_total,
            dossiers: u32::try_from(dossiers).unwrap_or(u32::MAX),
            cut_seq: row.cut.seq,
        });
        cover(connection, &mut self.covered, row)
    }
}

/// A dossier that is in two packs is had up to the lower of their cuts.
fn cover(connection: &Connection, covered: &mut Covered, row: &PackRow) -> Result<()> {
    for document in pack_store::documents(connection, row.hash)? {
        covered.entry(document).and_modify(|seq| *seq = (*seq).min(row.cut.seq)).or_insert(row.cut.seq);
    }
    Ok(())
}

/// Whether a device is given a pack: its bytes are here and of this log, the person answers for the whole cell, and no
/// child of it has left the cell.
fn is_given(connection: &Connection, rights: &Rights, row: &PackRow) -> Result<bool> {
    Ok(row.is_here
        && rights.scopes.iter().any(|scope| row.cell.lies_within(scope))
        && pack_store::is_of_this_log(connection, row)?
        && !pack_store::has_lost_a_child(connection, row)?)
}

fn is_fresh(connection: &Connection, row: &PackRow, dossiers: usize, durable_seq: u64) -> Result<bool> {
    if !pack_store::is_of_this_log(connection, row)? || pack_store::has_lost_a_child(connection, row)? {
        return Ok(false);
    }
    let since_max = u64::try_from(dossiers).unwrap_or(u64::MAX).saturating_add(ENVELOPES_SINCE_MAX);
    Ok(pack_store::envelopes_since(connection, row, durable_seq)? <= since_max)
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(Failure::caused(ErrorCode::ServerFault, "a pack's file", cause)),
    }
}
