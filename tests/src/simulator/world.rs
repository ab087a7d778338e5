//! The world of one simulation: the office, the tablets, the time, what screens have said, and what was found wrong.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};

use jiafang_core::app::repair::{Repaired, repair};
use jiafang_core::app::synchronise::{Synchronised, synchronise};
use jiafang_core::domain::identifier::{DocumentId, EntryId, Hash32, PersonId};
use jiafang_core::error::{ErrorCode, Failure};
use tempfile::TempDir;

use super::fate;
use super::hostile::Stranger;
use super::link::{CalmConnector, Killed, VirtualLink};
use super::office::Office;
use super::plan::{CallFault, Post};
use super::tablet::{Tablet, held};
use super::time::WrongClock;
use crate::memory_folder::folder_in_memory;

/// A form that a screen has called saved.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) tablet: usize,
    pub(super) counter: u64,
    pub(super) envelope: Hash32,
    pub(super) document: DocumentId,
    pub(super) entry: Option<EntryId>,
}

/// A simulated county.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) truth: Arc<AtomicI64>,
    pub(super) office: Mutex<Office>,
    pub(super) tablets: Mutex<Vec<Arc<Tablet>>>,
    pub(super) said: Mutex<Vec<Said>>,
    /// Up to which counter each tablet's list has been read.
    pub(super) noted: Mutex<BTreeMap<usize, u64>>,
    /// What was typed into each visit.
    pub(super) texts: Mutex<BTreeMap<EntryId, String>>,
    pub(super) stranger: Mutex<Option<Stranger>>,
    /// What a person's tablets held when the person got another post: it may have left them since. Envelopes, and changes that
    /// came in packs.
    pub(super) held_before: Mutex<BTreeMap<PersonId, BTreeSet<Hash32>>>,
    findings: Mutex<Vec<String>>,
    trace: Mutex<Vec<String>>,
    tally: Mutex<BTreeMap<String, u64>>,
    nested: AtomicBool,
    numbers: AtomicUsize,
    folder: TempDir,
}

thread_local! {
    /// The last panic of a simulation on this thread; `None` where no simulation runs.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Panics within a simulation are caught and told in its report: the machine's own report would drown it.
fn hear_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let simulated = LAST_PANIC.with(|last| match &mut *last.borrow_mut() {
                Some(last) => {
                    *last = info.to_string();
                    true
                }
                None => false,
            });
            if !simulated {
                before(info);
            }
        }));
    });
    LAST_PANIC.with(|last| *last.borrow_mut() = Some(String::new()));
}

/// What the last panic said.
pub(super) fn last_panic() -> String {
    LAST_PANIC.with(|last| last.borrow().clone().unwrap_or_default())
}

/// Panics are the machine's own again.
pub(super) fn stop_hearing_panics() {
    LAST_PANIC.with(|last| *last.borrow_mut() = None);
}

impl World {
    /// An empty county.
    pub(super) fn new(seed: u64) -> Self {
        hear_panics();
        let folder = folder_in_memory();
        // 2026-11-23 09:00 in China.
        let truth = Arc::new(AtomicI64::new(1_795_395_600_000));
        let office = Office::set_up(folder.path(), &truth, seed);
        Self {
            seed,
            truth,
            office: Mutex::new(office),
            tablets: Mutex::default(),
            said: Mutex::default(),
            noted: Mutex::default(),
            texts: Mutex::default(),
            stranger: Mutex::default(),
            held_before: Mutex::default(),
            findings: Mutex::default(),
            trace: Mutex::default(),
            tally: Mutex::default(),
            nested: AtomicBool::new(false),
            numbers: AtomicUsize::new(0),
            folder,
        }
    }

    /// The number of a new tablet, and the folder that it may make.
    pub(super) fn next_tablet(&self) -> (usize, PathBuf) {
        let number = self.numbers.fetch_add(1, Ordering::SeqCst);
        (number, self.folder.path().join(format!("tablet-{number}")))
    }

    /// Something is wrong.
    pub(super) fn finds(&self, finding: impl Into<String>) {
        let finding = finding.into();
        self.tells(format!("FOUND: {finding}"));
        held(&self.findings).push(finding);
    }

    pub(super) fn findings(&self) -> Vec<String> {
        held(&self.findings).clone()
    }

    /// A line of the trace.
    pub(super) fn tells(&self, line: String) {
        held(&self.trace).push(line);
    }

    pub(super) fn trace(&self) -> Vec<String> {
        held(&self.trace).clone()
    }

    /// Counts what was played; what stands in brackets is left out.
    pub(super) fn tallies(&self, what: &str) {
        let name: String = what.chars().take_while(char::is_ascii_alphabetic).collect();
        let mut tally = held(&self.tally);
        let count = tally.entry(name).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn tally(&self) -> BTreeMap<String, u64> {
        held(&self.tally).clone()
    }

    /// The last line: what the log came to.
    pub(super) fn tells_its_end(&self) {
        let log: Vec<String> = held(&self.office).log().iter().map(|envelope| envelope.hash().to_string()).collect();
        self.tells(format!("the log: {} envelopes, {}", log.len(), Hash32::of(log.concat().as_bytes())));
    }

    pub(super) fn everybody(&self) -> Vec<Arc<Tablet>> {
        held(&self.tablets).clone()
    }

    /// The tablet of a number, counted round.
    pub(super) fn tablet(&self, number: u32) -> Arc<Tablet> {
        let tablets = held(&self.tablets);
        let number = usize::try_from(number).unwrap_or(0) % tablets.len();
        tablets.get(number).cloned().expect("a tablet")
    }

    /// Somebody new is enrolled.
    pub(super) fn enrols(&self, post: Post) -> Result<Arc<Tablet>, String> {
        let code = held(&self.office).invites(post)?;
        let (number, folder) = self.next_tablet();
        std::fs::create_dir_all(&folder).map_err(|cause| cause.to_string())?;
        let clock = WrongClock::of(&self.truth);
        let tablet = Tablet::enrol(number, &folder, clock, self.seed, post, &code, &CalmConnector(self))
            .map_err(|failure| failure.to_string())?;
        let tablet = Arc::new(tablet);
        held(&self.tablets).push(Arc::clone(&tablet));
        Ok(tablet)
    }

    /// Runs what may be killed, or panic: `Err(None)` when the app was killed in it.
    pub(super) fn survives<T>(
        &self,
        tablet: &Tablet,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Option<Failure>> {
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Err(failure)) if fate::was_killed(&failure) => Err(None),
            Ok(result) => result.map_err(Some),
            Err(thrown) => {
                if thrown.downcast_ref::<Killed>().is_none() {
                    self.finds(format!("the app of tablet {} panicked: {}", tablet.number, last_panic()));
                }
                Err(None)
            }
        }
    }

    /// A tablet syncs, and what befalls its calls is played. `Err(None)` when the app was killed.
    pub(super) fn syncs(
        &self,
        tablet: &Arc<Tablet>,
        faults: &[(u8, CallFault)],
    ) -> Result<Synchronised, Option<Failure>> {
        self.over_the_link(tablet, faults, |link| synchronise(&tablet.shared, link, &mut |_| {}))
    }

    /// A tablet and the server compare what they hold.
    pub(super) fn compares_with_server(
        &self,
        tablet: &Arc<Tablet>,
        faults: &[(u8, CallFault)],
    ) -> Result<Option<Repaired>, Option<Failure>> {
        let compared = self.over_the_link(tablet, faults, |link| repair(&tablet.shared, link, &mut |_| {}));
        let is_mended = match &compared {
            Ok(_) => true,
            Err(Some(failure)) => failure.code != ErrorCode::DiskFull,
            Err(None) => false,
        };
        if is_mended && tablet.is_broken.swap(false, Ordering::SeqCst) {
            self.tallies("DossierPutTogetherAgain");
        }
        compared
    }

    fn over_the_link<T>(
        &self,
        tablet: &Arc<Tablet>,
        faults: &[(u8, CallFault)],
        work: impl FnOnce(&mut VirtualLink<'_>) -> Result<T, Failure>,
    ) -> Result<T, Option<Failure>> {
        let mut link =
            VirtualLink { world: self, tablet: Arc::clone(tablet), faults, calls: 0, may_end_with: BTreeSet::new() };
        let ended = self.survives(tablet, || work(&mut link));
        let mut may_end_with = link.may_end_with;
        if tablet.disk_is_full.load(Ordering::SeqCst) {
            may_end_with.insert(ErrorCode::DiskFull);
        }
        if !held(&self.office).lets_in(tablet.certificate) {
            may_end_with.insert(ErrorCode::DeviceRefused);
        }
        if let Err(Some(failure)) = &ended
            && !may_end_with.contains(&failure.code)
        {
            self.finds(format!("a sync of tablet {} ended with {failure} ({:?})", tablet.number, failure.cause));
        }
        ended
    }

    /// While a tablet's request is on its way, somebody else syncs.
    pub(super) fn other_syncs(&self, tablet: &Tablet, other: u8) {
        let other = self.tablet(u32::from(other));
        if other.number == tablet.number || self.nested.swap(true, Ordering::SeqCst) {
            return;
        }
        drop(self.syncs(&other, &[]));
        self.nested.store(false, Ordering::SeqCst);
    }

    /// Reads what a tablet's list of saved forms has new: from now on they are promised.
    pub(super) fn notes(&self, tablet: &Tablet) {
        let from = held(&self.noted).get(&tablet.number).copied().unwrap_or(0);
        let rows = outbox_above(tablet, from);
        if let Some(last) = rows.last() {
            held(&self.noted).insert(tablet.number, last.counter);
        }
        held(&self.said).extend(rows);
    }
}

fn outbox_above(tablet: &Tablet, counter: u64) -> Vec<Said> {
    tablet.knows(|device| {
        device.store.transact(|tx| {
            let mut statement = tx
                .prepare_cached(
                    "SELECT counter, envelope, document, entry FROM outbox WHERE counter > ? ORDER BY counter",
                )
                .expect("the outbox");
            let rows = statement
                .query_map([i64::try_from(counter).unwrap_or(i64::MAX)], |row| {
                    Ok(Said {
                        tablet: tablet.number,
                        counter: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
                        envelope: Hash32(row.get(1)?),
                        document: DocumentId::from_bytes(row.get(2)?),
                        entry: EntryId::from_slice(&row.get::<_, Vec<u8>>(3)?),
                    })
                })
                .expect("the outbox");
            Ok(rows.map(|row| row.expect("a row of the outbox")).collect())
        })
    })
}
