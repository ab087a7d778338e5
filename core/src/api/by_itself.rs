//! Syncing by itself: the backend's side of [`Pace`], which is the rule. A host calls
//! [`Backend::keep_synchronised`] once, and says when its window is in sight.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::backend::Backend;
use super::held::held;
use super::running_sync::Syncing;
use crate::app::shared_device::SharedDevice;
use crate::app::wait_for_news::{self, Heard};
use crate::error::{ErrorCode, Failure, Result};
use crate::sync::link::{Connector, Link};
use crate::sync::pace::{Pace, Waited};

/// The longest rest before it is looked again whether a sync is due: a device that was asleep wakes within.
const REST_MAX: Duration = Duration::from_secs(30);

/// Wakes who rests: one for when a sync may be due, one for when somebody may wait for news.
#[derive(Default)]
pub(super) struct Alarm {
    rung: Mutex<Rung>,
    woken: Condvar,
}

#[derive(Default, Clone, Copy)]
struct Rung {
    for_sync: u64,
    for_news: u64,
}

impl Alarm {
    /// Something was saved.
    pub(super) fn ring_for_sync(&self) {
        let mut rung = held(&self.rung);
        rung.for_sync = rung.for_sync.wrapping_add(1);
        self.woken.notify_all();
    }

    /// A sync has ended, or the window has come into sight.
    pub(super) fn ring(&self) {
        let mut rung = held(&self.rung);
        rung.for_sync = rung.for_sync.wrapping_add(1);
        rung.for_news = rung.for_news.wrapping_add(1);
        self.woken.notify_all();
    }

    fn now(&self) -> Rung {
        *held(&self.rung)
    }

    /// Rests until `counts` is another than it was `before`, or the time is over.
    fn rest(&self, at_most: Duration, before: u64, counts: fn(&Rung) -> u64) {
        let rung = held(&self.rung);
        let rested = self.woken.wait_timeout_while(rung, at_most, |rung| counts(rung) == before);
        drop(rested.unwrap_or_else(PoisonError::into_inner));
    }
}

/// Whether something of this device waits to be sent, or is asked for.
pub(super) fn something_waits(device: &SharedDevice) -> Result<bool> {
    match held(device).as_ref() {
        None => Ok(false),
        Some(device) => {
            let reading = device.store.reading();
            Ok(reading.outbox_counts()?.0 > 0
                || reading.files_waiting()?.0 > 0
                || reading.files_asked_for()? > 0
                || reading.first_copy()?.is_some())
        }
    }
}

impl Backend {
    /// Syncs by itself from now on, and waits for news where that is worth it, on two threads of its own, until the backend
    /// is no more. For hosts; a test that drives each sync itself does without.
    pub fn keep_synchronised(self: &Arc<Self>) {
        let (backend, syncing) = (Arc::downgrade(self), Arc::clone(&self.syncing));
        std::thread::spawn(move || keep_sending(&backend, &syncing));
        let (backend, syncing) = (Arc::downgrade(self), Arc::clone(&self.syncing));
        std::thread::spawn(move || keep_waiting(&backend, &syncing));
    }

    /// A window that stays open over midnight shows the new day: what is due has changed, and nobody has written anything.
    fn tell_of_a_new_day(&self) {
        let today = self.environment().clock.now().day();
        let before = held(&self.syncing.shown_day).replace(today);
        if before.is_some_and(|before| before != today) {
            self.host.changed();
        }
    }

    /// Covers screens that nobody touches, tells them of a new day, begins a sync when one is due, and says how long until it is to be asked again.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn tick(&self) -> Result<Duration> {
        self.cover_when_due();
        if held(&self.device).is_none() || self.is_syncing() {
            return Ok(REST_MAX);
        }
        self.tell_of_a_new_day();
        let waits = something_waits(&self.device)?;
        let [spread] = self.environment().random_bytes();
        let due = held(&self.syncing.pace).due_in(waits, self.environment().clock.monotonic_ms(), spread);
        if due.is_zero() {
            self.begin_sync();
            return Ok(REST_MAX);
        }
        Ok(due.min(REST_MAX))
    }

    /// What a wait needs, without keeping the backend alive for as long as it takes.
    fn waiting(&self) -> Waiting {
        Waiting {
            device: Arc::clone(&self.device),
            syncing: Arc::clone(&self.syncing),
            connector: Arc::clone(&self.connector),
        }
    }
}

fn keep_sending(backend: &Weak<Backend>, syncing: &Syncing) {
    loop {
        let before = syncing.alarm.now().for_sync;
        let Some(alive) = backend.upgrade() else { return };
        let rest = alive.tick().unwrap_or_else(|failure| {
            tracing::warn!(code = ?failure.code, detail = %failure.detail, "no sync could begin by itself");
            REST_MAX
        });
        drop(alive);
        syncing.alarm.rest(rest, before, |rung| rung.for_sync);
    }
}

fn keep_waiting(backend: &Weak<Backend>, syncing: &Syncing) {
    let mut desk = None;
    loop {
        let before = syncing.alarm.now().for_news;
        let Some(waiting) = backend.upgrade().map(|backend| backend.waiting()) else { return };
        match waiting.wait(&mut desk) {
            Next::Rest(rest) => syncing.alarm.rest(rest, before, |rung| rung.for_news),
            Next::Sync { then_rest } => {
                let before = syncing.alarm.now().for_news;
                let Some(backend) = backend.upgrade() else { return };
                backend.begin_sync();
                drop(backend);
                // The next wait begins when the sync that fetches the news has ended, and not before.
                syncing.alarm.rest(Pace::until_woken(), before, |rung| rung.for_news);
                syncing.alarm.rest(then_rest, 0, |_| 0);
            }
        }
    }
}

/// What follows a wait.
enum Next {
    /// Nothing, for so long.
    Rest(Duration),
    /// A sync, and then so long nothing.
    Sync {
        /// For so long.
        then_rest: Duration,
    },
}

struct Waiting {
    device: Arc<SharedDevice>,
    syncing: Arc<Syncing>,
    connector: Arc<dyn Connector>,
}

/// A desk that waits: its connection, and what it heard last.
struct Desk {
    link: Box<dyn Link>,
    photo_news: u64,
}

impl Waiting {
    /// Waits for news, if this device is to wait now.
    fn wait(&self, desk: &mut Option<Desk>) -> Next {
        let asked = match wait_for_news::request(&self.device, desk.as_ref().map_or(0, |desk| desk.photo_news)) {
            Ok(Some(request)) if held(&self.syncing.pace).may_wait(true) => request,
            // A device that does not wait lets the connection go.
            Ok(_) | Err(Failure { code: ErrorCode::Locked, .. }) => {
                *desk = None;
                return Next::Rest(Pace::until_woken());
            }
            Err(failure) => return self.broke(&failure),
        };
        match self.ask(desk, &asked) {
            Ok(Heard { news: true, .. }) => Next::Sync { then_rest: held(&self.syncing.pace).waited(Waited::News) },
            Ok(Heard { news: false, again_after }) => {
                Next::Rest(held(&self.syncing.pace).waited(Waited::Nothing { again_after }))
            }
            Err(failure) => {
                *desk = None;
                self.broke(&failure)
            }
        }
    }

    fn ask(&self, desk: &mut Option<Desk>, asked: &wait_for_news::Asked) -> Result<Heard> {
        let mut waiting = match desk.take() {
            Some(desk) => desk,
            None => {
                let identity = match held(&self.device).as_ref() {
                    Some(device) => device.identity()?,
                    None => return Err(Failure::new(ErrorCode::Locked, "the device is locked")),
                };
                Desk { link: self.connector.connect(identity).map_err(Failure::from)?, photo_news: 0 }
            }
        };
        let (heard, photo_news) = asked.ask(waiting.link.as_mut())?;
        waiting.photo_news = photo_news;
        *desk = Some(waiting);
        Ok(heard)
    }

    fn broke(&self, failure: &Failure) -> Next {
        tracing::info!(code = ?failure.code, detail = %failure.detail, "the wait for news ended");
        Next::Rest(held(&self.syncing.pace).waited(Waited::Broken))
    }
}
