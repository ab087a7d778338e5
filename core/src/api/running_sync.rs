//! The sync that runs beside the user interface, on a thread of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::backend::{Backend, Host, held};
use super::by_itself::{self, Alarm};
use super::completeness::Completeness;
use super::sync::{self, SyncActivity, SyncStatus};
use crate::app::synchronise::{SharedDevice, synchronise};
use crate::app::tidy_photos::tidy_photos;
use crate::domain::time::Day;
use crate::error::{ErrorCode, Failure, Result};
use crate::sync::link::{Connector, Link};
use crate::sync::pace::{Ended, Pace};

/// What is known of the sync that runs or ran last.
#[derive(Default)]
pub(super) struct Syncing {
    pub(super) runs: AtomicBool,
    pub(super) told: Mutex<Told>,
    /// Kept warm from one sync to the next.
    pub(super) link: Mutex<Option<Box<dyn Link>>>,
    /// When the device syncs by itself.
    pub(super) pace: Mutex<Pace>,
    pub(super) alarm: Alarm,
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

impl Backend {
    /// Whether a sync runs.
    #[must_use]
    pub fn is_syncing(&self) -> bool {
        self.syncing.runs.load(Ordering::Acquire)
    }

    pub(super) fn sync_status_view(&self) -> Result<SyncStatus> {
        let told = held(&self.syncing.told).clone();
        let activity = told.activity.unwrap_or(SyncActivity::Idle);
        self.with_device(|device| sync::status(device, activity, told.failure))
    }

    /// Begins a sync on a thread of its own, unless one runs or the device is locked.
    pub fn begin_sync(&self) {
        if held(&self.device).is_none() || self.syncing.runs.swap(true, Ordering::AcqRel) {
            return;
        }
        held(&self.syncing.told).activity = Some(SyncActivity::Records { received: 0 });
        held(&self.syncing.pace).began();
        let environment = self.environment.clone();
        let (device, syncing, connector, host) =
            (Arc::clone(&self.device), Arc::clone(&self.syncing), Arc::clone(&self.connector), Arc::clone(&self.host));
        std::thread::spawn(move || {
            let mut moved = false;
            let result = run_sync(&device, &syncing, connector.as_ref(), host.as_ref(), &mut moved);
            // With signal or without: this thread holds up nobody.
            if let Err(failure) = tidy_photos(&device) {
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
                None => Ended::Well { leaves_waiting: by_itself::something_waits(&device).unwrap_or(false) },
            };
            held(&syncing.pace).ended(how, environment.clock.monotonic_ms());
            syncing.runs.store(false, Ordering::Release);
            syncing.alarm.ring();
            host.changed();
        });
    }
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
