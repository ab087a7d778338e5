//! A tablet as a process of its own: the app's backend over the real connection, told what to do line by line. The
//! program is `drill-tablet`; what stands here is both ends of the lines.
//!
//! What the program has answered, the app has said: an answer is written after the command has returned and not before.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use jiafang_core::api::backend::{Backend, Host};
use jiafang_core::api::commands;
use jiafang_core::api::state::Nothing;
use jiafang_core::api::sync::SyncStatus;
use jiafang_core::app::device::Device;
use jiafang_core::domain::doc;
use jiafang_core::domain::identifier::DraftId;
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::store::Durability;
use jiafang_core::sync::link::Connector;
use jiafang_core::vault::key_file::KeyFile;
use jiafang_core::vault::pin_key::Argon2Cost;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::counted::{CountingConnector, Counts};

/// What a tablet is told, a line each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "order")]
pub enum Order {
    /// A command of the user interface.
    Call {
        /// Its name.
        command: String,
        /// Its request.
        request: Value,
    },
    /// Attaches the picture of a file to a draft.
    Attach {
        /// The draft.
        draft: DraftId,
        /// The picture.
        path: PathBuf,
    },
    /// Waits until no sync runs.
    WaitForSync,
    /// Syncs until nothing waits to be sent, or the time is over.
    SyncUntilSent {
        /// Somebody taps 同步 again so long after a sync has ended; `None` leaves it to the app's own pace.
        tap_ms: Option<u64>,
        /// At most.
        ms_max: u64,
    },
    /// What went over the link so far.
    Count,
    /// The size of the changes that wait to be sent, as one zstd stream.
    RawChanges,
}

/// A backend as the shell has it, but for the PIN's stretching, which takes a second in a debug build.
#[must_use]
pub fn backend(folder: &Path, connector: Arc<dyn Connector>, host: Arc<dyn Host>) -> Backend {
    let keys = KeyFile::in_folder(folder).with_cost(Argon2Cost::for_tests());
    Backend::new(folder, keys, Environment::of_this_machine(), connector, host, Durability::Full)
}

#[derive(Default)]
struct Ear {
    heard: Mutex<u64>,
    woken: Condvar,
}

impl Host for Ear {
    fn changed(&self) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        *heard = heard.wrapping_add(1);
        self.woken.notify_all();
    }
}

/// The program: does what the lines of the standard input say, and answers each with a line.
///
/// # Errors
/// A folder that cannot be made, a standard output that is closed.
pub fn serve(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let counts = Arc::new(Counts::default());
    let ear = Arc::new(Ear::default());
    let connector = Arc::new(CountingConnector(Arc::clone(&counts)));
    let backend = Arc::new(backend(folder, connector, Arc::clone(&ear) as Arc<dyn Host>));
    say(&json!("ready"))?;
    for line in io::stdin().lock().lines() {
        let answer = match serde_json::from_str(&line?) {
            Ok(order) => obey(&backend, &counts, &ear, order),
            Err(_) => Err(Failure::new(ErrorCode::RequestUnreadable, "no order")),
        };
        say(&match answer {
            Ok(value) => json!({ "ok": value }),
            Err(failure) => json!({ "failure": failure.view() }),
        })?;
    }
    Ok(())
}

fn say(value: &Value) -> io::Result<()> {
    // In one write: who is killed in between has said it whole or not at all.
    let mut out = io::stdout().lock();
    out.write_all(format!("{value}\n").as_bytes())?;
    out.flush()
}

fn as_json(value: impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|cause| Failure::caused(ErrorCode::Internal, "an answer", cause))
}

fn obey(backend: &Arc<Backend>, counts: &Counts, ear: &Ear, order: Order) -> Result<Value> {
    match order {
        Order::Call { command, request } => commands::dispatch(backend.as_ref(), &command, request),
        Order::Attach { draft, path } => as_json(backend.attach_photo(draft, &std::fs::read(path)?)?),
        Order::Count => as_json(counts.so_far()),
        Order::RawChanges => as_json(backend.with_device(|device| raw_changes(device))?),
        Order::WaitForSync => {
            wait(backend, ear, Duration::from_secs(600));
            as_json(commands::Commands::sync_status(backend.as_ref(), Nothing {})?)
        }
        Order::SyncUntilSent { tap_ms, ms_max } => {
            let clock = Environment::of_this_machine().clock;
            if tap_ms.is_none() {
                backend.keep_synchronised();
            }
            loop {
                let left = Duration::from_millis(ms_max.saturating_sub(clock.monotonic_ms()));
                if tap_ms.is_some() {
                    backend.begin_sync();
                }
                wait(backend, ear, left);
                let status: SyncStatus = commands::Commands::sync_status(backend.as_ref(), Nothing {})?;
                let sent = status.waiting_records == 0 && status.waiting_photos == 0;
                if (sent && !backend.is_syncing()) || left.is_zero() {
                    return as_json(status);
                }
                std::thread::sleep(Duration::from_millis(tap_ms.unwrap_or(200)).min(left));
            }
        }
    }
}

fn raw_changes(device: &Device) -> Result<usize> {
    let mut raw = Vec::new();
    for envelope in device.store.reading().waiting_envelopes(usize::MAX)? {
        raw.extend_from_slice(doc::read_change(&envelope.body.change)?.raw_bytes());
    }
    Ok(zstd::bulk::compress(&raw, 9)?.len())
}

fn wait(backend: &Backend, ear: &Ear, at_most: Duration) {
    let heard = ear.heard.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = ear.woken.wait_timeout_while(heard, at_most, |_| backend.is_syncing());
}

/// The other end: a tablet that runs.
#[derive(Debug)]
pub struct TabletProcess {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl TabletProcess {
    /// Starts the program by this command, over a data folder.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(mut program: Command, folder: &Path) -> Self {
        let mut child = program
            .arg("--data")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the tablet's program");
        let orders = child.stdin.take().expect("its input");
        let answers = BufReader::new(child.stdout.take().expect("its output"));
        let mut tablet = Self { child, orders, answers };
        assert_eq!(tablet.hears(), Some(json!("ready")));
        tablet
    }

    /// Gives an order and does not wait. `false` when nobody is there.
    pub fn is_told(&mut self, order: &Order) -> bool {
        let line = serde_json::to_string(order).expect("JSON");
        self.orders.write_all(format!("{line}\n").as_bytes()).is_ok()
    }

    /// The next answer; `None` when the program has ended.
    pub fn hears(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            // A line without its end was never said.
            Ok(1..) if line.ends_with('\n') => serde_json::from_str(&line).ok(),
            _ => None,
        }
    }

    /// Gives an order and waits for its answer; `None` when the program has ended before it answered.
    pub fn asks(&mut self, order: &Order) -> Option<Value> {
        if self.is_told(order) { self.hears() } else { None }
    }

    /// What a command gives.
    ///
    /// # Panics
    /// When it fails.
    pub fn does(&mut self, order: &Order) -> Value {
        let answer = self.asks(order).expect("the tablet runs");
        let Some(value) = answer.get("ok") else { panic!("{order:?}: {answer}") };
        value.clone()
    }

    /// What a command of the user interface gives.
    pub fn calls(&mut self, command: &str, request: Value) -> Value {
        self.does(&Order::Call { command: command.to_owned(), request })
    }

    /// The process's id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`, at once.
    pub fn dies(&mut self) {
        let _ = self.child.kill();
    }

    /// Reads what was still said, and waits for the end.
    pub fn last_words(mut self) -> Vec<Value> {
        let mut words = Vec::new();
        while let Some(word) = self.hears() {
            words.push(word);
        }
        let _ = self.child.wait();
        words
    }
}

impl Drop for TabletProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
