//! The sync that runs beside the user interface, on a thread of its own.

use std::sync::{Arc, Mutex};

use super::backend::{Backend, Host};
use super::by_itself::{self, Alarm};
use super::completeness::Completeness;
use super::held::held;
use super::sync::{self, SyncActivity, SyncStatus};
use crate::app::shared_device::SharedDevice;
use crate::app::synchronise::synchronise;
use crate::app::tidy_photos::tidy_photos;
use crate::domain::time::Day;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};
use crate::sync::link::{Connector, Link};
use crate::sync::pace::{Ended, Pace};

/// Whether a sync or a comparison runs: one at a time.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    #[default]
    Rests,
    Runs,
    /// Somebody has asked for a sync while one ran: it may have been past what is asked for, and another follows.
    RunsAndIsAskedFor,
}

/// What is known of the sync that runs or ran last.
#[derive(Default)]
pub(super) struct Syncing {
    run: Mutex<Run>,
    pub(super) told: Mutex<Told>,
    /// Kept warm from one sync to the next.
    pub(super) link: Mutex<Option<Box<dyn Link>>>,
    /// When the device syncs by itself.
    pub(super) pace: Mutex<Pace>,
    pub(super) alarm: Alarm,
    /// What the host was last told: whether its process is needed out of sight.
    pub(super) is_needed: Mutex<bool>,
    /// The day that screens were last told of.
    pub(super) shown_day: Mutex<Option<Day>>,
}

#[derive(Default, Clone)]
pub(super) struct Told {
    pub(super) activity: Option<SyncActivity>,
    pub(super) failure: Option<ErrorCode>,
    /// What is known of the comparison that runs or ran last.
    pub(super) completeness: Completeness,
}

impl Syncing {
    pub(super) fn rests(&self) -> bool {
        *held(&self.run) == Run::Rests
    }

    /// Takes the one run there is; `false` when one runs.
    pub(super) fn begins(&self) -> bool {
        let mut run = held(&self.run);
        let rests = *run == Run::Rests;
        if rests {
            *run = Run::Runs;
        }
        rests
    }

    /// Takes the one run there is, or has another sync follow the one that runs, and then says `false`.
    fn begins_or_follows(&self) -> bool {
        let mut run = held(&self.run);
        let rests = *run == Run::Rests;
        *run = if rests { Run::Runs } else { Run::RunsAndIsAskedFor };
        rests
    }

    /// A run has ended; `true` when a sync was asked for meanwhile: it still runs then.
    pub(super) fn ends(&self) -> bool {
        let mut run = held(&self.run);
        let asked_for = *run == Run::RunsAndIsAskedFor;
        *run = if asked_for { Run::Runs } else { Run::Rests };
        asked_for
    }
}

impl Backend {
    /// Whether a sync runs.
    #[must_use]
    pub fn is_syncing(&self) -> bool {
        !self.syncing.rests()
    }

    pub(super) fn sync_status_view(&self) -> Result<SyncStatus> {
        let told = held(&self.syncing.told).clone();
        let activity = told.activity.unwrap_or(SyncActivity::Idle);
        self.with_device(|device| sync::status(device, activity, told.failure))
    }

    /// Begins a sync on a thread of its own, unless one runs or the device is locked.
    pub fn begin_sync(&self) {
        if held(&self.device).is_some() && self.syncing.begins() {
            self.spawn_sync();
        }
    }

    /// Somebody asks for a sync: it begins, or follows the one that runs, which may be past what is asked for.
    pub(super) fn ask_for_sync(&self) {
        if held(&self.device).is_some() && self.syncing.begins_or_follows() {
            self.spawn_sync();
        }
    }

    fn spawn_sync(&self) {
        let runner = self.runner();
        runner.tells_of_the_beginning();
        std::thread::spawn(move || runner.runs());
    }

    pub(super) fn runner(&self) -> Runner {
        Runner {
            environment: self.environment().clone(),
            device: Arc::clone(&self.device),
            syncing: Arc::clone(&self.syncing),
            connector: Arc::clone(&self.connector),
            host: self.host(),
        }
    }
}

/// What a thread that syncs or compares has of the backend, without keeping it alive.
pub(super) struct Runner {
    pub(super) environment: Environment,
    pub(super) device: Arc<SharedDevice>,
    pub(super) syncing: Arc<Syncing>,
    pub(super) connector: Arc<dyn Connector>,
    pub(super) host: Arc<dyn Host>,
}

impl Runner {
    pub(super) fn tells_of_the_beginning(&self) {
        held(&self.syncing.told).activity = Some(SyncActivity::Records { received: 0 });
        held(&self.syncing.pace).began();
    }

    /// Syncs, and again when somebody asked for it meanwhile.
    fn runs(&self) {
        self.syncs();
        self.ends();
    }

    /// The run is over, for whoever waits; unless a sync was asked for meanwhile, which follows.
    pub(super) fn ends(&self) {
        while self.syncing.ends() {
            self.tells_of_the_beginning();
            self.host.changed();
            self.syncs();
        }
        self.syncing.tell_whether_needed(self.host.as_ref(), false);
        self.syncing.alarm.ring();
        self.host.changed();
    }

    fn syncs(&self) {
        let Self { environment, device, syncing, connector, host } = self;
        let mut moved = false;
        let result = shielded(syncing, || run_sync(device, syncing, connector.as_ref(), host.as_ref(), &mut moved));
        // With signal or without: this thread holds up nobody.
        if let Err(failure) = shielded(syncing, || tidy_photos(device)) {
            tracing::warn!(code = ?failure.code, detail = %failure.detail, "the photo files were not tidied up");
        }
        let failure = result.err().map(|failure| {
            tracing::warn!(code = ?failure.code, detail = %failure.detail, "a sync did not come to its end");
            failure.code
        });
        {
            let mut told = held(&syncing.told);
            told.activity = None;
            told.failure = failure;
        }
        let how = match failure {
            Some(code) => Ended::Broken { code, moved },
            None => Ended::Well { leaves_waiting: by_itself::something_waits(device).unwrap_or(false) },
        };
        held(&syncing.pace).ended(how, environment.clock.monotonic_ms());
    }
}

/// What panics within a library ends this run and no more: all would else wait for ever for a run whose thread is gone. What it was
/// writing is rolled back.
///
/// # Errors
/// What `work` says, [`ErrorCode::Internal`].
pub(super) fn shielded<T>(syncing: &Syncing, work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| {
        // It may have been in the middle of an exchange.
        *held(&syncing.link) = None;
        Err(Failure::new(ErrorCode::Internal, "a run panicked"))
    })
}

fn run_sync(
    device: &SharedDevice,
    syncing: &Syncing,
    connector: &dyn Connector,
    host: &dyn Host,
    moved: &mut bool,
) -> Result<()> {
    let mut link = held(&syncing.link);
    let link = connected(&mut link, device, connector)?;
    let mut last_told = None;
    synchronise(device, link, &mut |progress| {
        *moved = progress.moved();
        let activity = sync::activity(progress);
        if last_told.as_ref() != Some(&activity) {
            held(&syncing.told).activity = Some(activity.clone());
            last_told = Some(activity);
            host.changed();
        }
    })
    .map(|_| ())
}

/// The connection that is kept warm, or a new one.
pub(super) fn connected<'l>(
    link: &'l mut Option<Box<dyn Link>>,
    device: &SharedDevice,
    connector: &dyn Connector,
) -> Result<&'l mut dyn Link> {
    if link.is_none() {
        let identity = match held(device).as_ref() {
            Some(device) => device.identity()?,
            None => return Err(Failure::new(ErrorCode::Locked, "the device is locked")),
        };
        *link = Some(connector.connect(identity).map_err(Failure::from)?);
    }
    match link {
        Some(link) => Ok(link.as_mut()),
        None => Err(Failure::new(ErrorCode::Internal, "no connection")),
    }
}
