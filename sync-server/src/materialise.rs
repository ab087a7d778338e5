//! Materialises each dossier that was changed, apart from intake: nobody waits for it. A change that makes Automerge panic is
//! caught; a loop cannot be stopped within a process, so a process of its own looks, and one that takes too long, or dies, is
//! ended and named (docs/decisions/materialisation.md). What is found is marked, and shown to the administrator.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use automerge::{Automerge, Change};
use jiafang_core::domain::doc::{self, DocumentKind};
use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::time::Timestamp;
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::protocol::body::cbor;

use crate::store::materialised::{self, Poisoned, Trouble};
use crate::store::{Store, log};

/// The subcommand of the server's own program that looks at dossiers for it.
pub const COMMAND: &str = "look-at-dossiers";
/// Between two looks at whether something has changed.
const PAUSE: Duration = Duration::from_secs(10);
/// So long may one change take; a day's visits take milliseconds.
const CHANGE_TIME_MAX: Duration = Duration::from_secs(20);
/// Envelopes whose dossiers are looked at in one round.
const ROUND_ENVELOPES_MAX: u32 = 200;
/// A dossier of which more than this is bad is named without saying what.
const PASSED_OVER_MAX: usize = 8;

/// Who looks.
pub struct Looker {
    program: PathBuf,
    arguments: Vec<String>,
    change_time_max: Duration,
}

impl Looker {
    /// The server's own program.
    #[must_use]
    pub fn own(program: PathBuf) -> Self {
        Self { program, arguments: vec![COMMAND.to_owned()], change_time_max: CHANGE_TIME_MAX }
    }

    /// Another program with another patience, for tests.
    #[must_use]
    pub fn with(program: &Path, arguments: &[&str], change_time_max: Duration) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { program: program.to_path_buf(), arguments, change_time_max }
    }
}

/// Looks at the dossiers that were changed since the last round, as far as one round goes. Gives how many it looked at; none
/// are left when that is 0.
///
/// # Errors
/// The faults of a store, [`ErrorCode::ServerFault`] when no process can be begun.
pub fn round(store: &Store, looker: &Looker, now: Timestamp) -> Result<usize> {
    let (from, (changed, last)) = store.read(|connection| {
        let from = materialised::looked_up_to(connection)?;
        Ok((from, materialised::changed_after(connection, from, ROUND_ENVELOPES_MAX)?))
    })?;
    let mut looked = 0_usize;
    for document in changed {
        let kind = store.read(|connection| log::placement(connection, document))?.map(|placed| placed.kind);
        if kind != Some(DocumentKind::Dossier) {
            continue;
        }
        let found = look(store, looker, document)?;
        looked = looked.saturating_add(1);
        store.transact(|tx| match &found {
            None => materialised::unmark(tx, document),
            Some((trouble, changes)) => {
                tracing::error!(%document, trouble = trouble.key(), changes = changes.len(), "a dossier is poisoned");
                let poisoned = Poisoned { document, trouble: *trouble, changes: changes.clone(), since: now };
                materialised::mark(tx, &poisoned)
            }
        })?;
    }
    if last > from {
        store.transact(|tx| materialised::set_looked_up_to(tx, last))?;
    }
    Ok(looked)
}

type Found = Option<(Trouble, BTreeSet<Hash32>)>;

/// Looks at one dossier in a process of its own, and again without what ended that process.
fn look(store: &Store, looker: &Looker, document: DocumentId) -> Result<Found> {
    let envelopes = store.read(|connection| log::of_document(connection, document))?;
    let mut changes: Vec<(Hash32, Vec<u8>)> = envelopes
        .into_iter()
        .map(|envelope| {
            let hash = doc::read_change(&envelope.body.change).map_or(Hash32::ZERO, |change| Hash32(change.hash().0));
            (hash, envelope.body.change)
        })
        .collect();
    let (mut worst, mut one_by_one) = (None, false);
    let mut passed_over = BTreeSet::new();
    while passed_over.len() <= PASSED_OVER_MAX {
        match ask(looker, one_by_one, &changes)? {
            Said::Bad(bad) => {
                passed_over.extend(bad);
                let trouble = worst.or((!passed_over.is_empty()).then_some(Trouble::Unreadable));
                return Ok(trouble.map(|trouble| (trouble, passed_over)));
            }
            Said::Ended { trouble, at } => {
                worst = Some(trouble);
                match at {
                    Some(at) => {
                        passed_over.insert(at);
                        changes.retain(|(hash, _)| *hash != at);
                    }
                    None if one_by_one => break,
                    None => one_by_one = true,
                }
            }
        }
    }
    Ok(Some((worst.unwrap_or(Trouble::Unreadable), BTreeSet::new())))
}

enum Said {
    /// It came to its end, and could not use these changes.
    Bad(BTreeSet<Hash32>),
    /// It took too long, or died.
    Ended {
        trouble: Trouble,
        /// The change that it had begun with.
        at: Option<Hash32>,
    },
}

fn ask(looker: &Looker, one_by_one: bool, changes: &[(Hash32, Vec<u8>)]) -> Result<Said> {
    let no_process = |cause| Failure::caused(ErrorCode::ServerFault, "no process to look at dossiers", cause);
    let mut child = Command::new(&looker.program)
        .args(&looker.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(no_process)?;
    let lines = lines_of(&mut child);
    let changes: Vec<minicbor::bytes::ByteVec> = changes.iter().map(|(_, bytes)| bytes.clone().into()).collect();
    if let Some(mut stdin) = child.stdin.take() {
        let bytes = cbor(&(one_by_one, changes));
        // A process that has died does not read: that is noticed by its silence. Written beside, for it may say something
        // before it has read all.
        std::thread::spawn(move || drop(stdin.write_all(&bytes)));
    }
    let said = listen(looker, &lines);
    // What has not ended by itself ends now; the dead are not left lying about.
    let _ = child.kill();
    let _ = child.wait();
    Ok(said)
}

fn lines_of(child: &mut Child) -> Receiver<String> {
    let (says, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(std::io::Result::ok) {
                if says.send(line).is_err() {
                    return;
                }
            }
        });
    }
    lines
}

fn listen(looker: &Looker, lines: &Receiver<String>) -> Said {
    let mut at = None;
    let mut bad = BTreeSet::new();
    loop {
        match lines.recv_timeout(looker.change_time_max) {
            Ok(line) => match line.split_once(' ') {
                Some(("begins", hash)) => at = Hash32::parse(hash),
                Some(("bad", hash)) => bad.extend(Hash32::parse(hash)),
                _ if line == "done" => return Said::Bad(bad),
                _ => {}
            },
            Err(RecvTimeoutError::Timeout) => return Said::Ended { trouble: Trouble::TooSlow, at },
            Err(RecvTimeoutError::Disconnected) => return Said::Ended { trouble: Trouble::Crashed, at },
        }
    }
}

/// What the process does that looks: applies the changes of a dossier together, and one by one where that fails or where it is
/// asked to; says of each when it begins with it, and whether it could not be used.
///
/// # Errors
/// [`ErrorCode::RequestUnreadable`] for a question that cannot be read, a closed pipe.
pub fn look_at(mut question: impl Read, mut answer: impl Write) -> Result<()> {
    let mut bytes = Vec::new();
    question.read_to_end(&mut bytes)?;
    let (one_by_one, changes): (bool, Vec<minicbor::bytes::ByteVec>) = minicbor::decode(&bytes)
        .map_err(|cause| Failure::caused(ErrorCode::RequestUnreadable, "the changes of a dossier", cause))?;
    let changes: Vec<Change> = changes.iter().map(|bytes| doc::read_change(bytes)).collect::<Result<_>>()?;
    let mut dossier = doc::empty(DocumentKind::Dossier)?;
    if one_by_one || !fits(&mut dossier, changes.clone()) {
        for change in changes {
            let hash = Hash32(change.hash().0);
            writeln!(answer, "begins {hash}")?;
            answer.flush()?;
            if !fits(&mut dossier, vec![change]) {
                writeln!(answer, "bad {hash}")?;
            }
        }
    }
    writeln!(answer, "done")?;
    answer.flush()?;
    Ok(())
}

/// Applies changes, and keeps them when the dossier can be read then, and its save be loaded.
fn fits(dossier: &mut Automerge, changes: Vec<Change>) -> bool {
    let mut next = dossier.clone();
    let fits = doc::apply(&mut next, changes)
        .and_then(|()| doc::check(DocumentKind::Dossier, &next))
        .and_then(|()| doc::save(&next))
        .and_then(|saved| doc::load(&saved).map(drop))
        .is_ok();
    if fits {
        *dossier = next;
    }
    fits
}

/// Looks for as long as the program runs, on a thread of its own that nothing waits for.
#[must_use = "it is to be stopped before the program ends, so that the store is closed in order"]
pub fn keep_looking(store: Store, looker: Looker, environment: Environment) -> Looking {
    let stopping = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stopping);
    let thread = std::thread::spawn(move || {
        while !told.load(Ordering::Acquire) {
            match round(&store, &looker, environment.now()) {
                Ok(0) => std::thread::park_timeout(PAUSE),
                Ok(_) => {}
                Err(failure) => {
                    tracing::error!(code = ?failure.code, detail = %failure.detail, "dossiers could not be looked at");
                    std::thread::park_timeout(PAUSE);
                }
            }
        }
    });
    Looking { stopping, thread }
}

/// The thread that looks.
pub struct Looking {
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Looking {
    /// Ends it, and waits until its store is closed: as long as the dossier in work may take.
    pub fn stop(self) {
        self.stopping.store(true, Ordering::Release);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            tracing::error!("the thread that looks at dossiers had panicked");
        }
    }
}
