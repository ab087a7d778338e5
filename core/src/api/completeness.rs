//! Looking whether everything is here and on the server: begun by a person, told while it goes on and afterwards.

use serde::Serialize;
use ts_rs::TS;

use super::backend::Backend;
use super::held::held;
use super::running_sync::{Runner, connected, shielded};
use crate::app::repair::{self, Progress, Repaired};
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Result};
use crate::sync::pace::Ended;

/// How far a comparison of this device with the server is, or what the last one came to since the device was unlocked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, TS)]
#[serde(rename_all = "snake_case", tag = "stage")]
#[ts(export)]
pub enum Completeness {
    /// Nobody has asked.
    #[default]
    Unasked,
    /// It goes on.
    Running {
        /// Dossiers that have been looked at, or mended.
        done: u32,
        /// Of so many; 0 while device and server talk.
        total: u32,
    },
    /// It has come to its end.
    Ended {
        /// When.
        at: Timestamp,
        /// Dossiers that were compared.
        compared: u32,
        /// Records that were missing in a dossier and lay on this device beside it.
        mended: u32,
        /// Records that came from the server.
        fetched: u32,
        /// Records that the server lacked and has taken.
        given: u32,
        /// Records that the server lacks still, and that others must send first.
        waiting: u32,
    },
    /// The first copy is coming, or something else that a sync has to do first.
    NotYet {
        /// When it was tried.
        at: Timestamp,
    },
    /// It broke off.
    Failed {
        /// Why.
        code: ErrorCode,
    },
}

impl Backend {
    /// How far the comparison is.
    pub(super) fn completeness_view(&self) -> Completeness {
        held(&self.syncing.told).completeness.clone()
    }

    /// Begins to compare this device with the server on a thread of its own, unless a sync runs or the device is locked.
    pub fn begin_to_compare(&self) {
        if held(&self.device).is_none() || !self.syncing.begins() {
            return;
        }
        let runner = self.runner();
        runner.tells_of_the_beginning();
        held(&self.syncing.told).completeness = Completeness::Running { done: 0, total: 0 };
        std::thread::spawn(move || {
            compares(&runner);
            runner.ends();
        });
    }
}

/// Compares, tells how far it is, and leaves what it came to.
fn compares(runner: &Runner) {
    let Runner { environment, device, syncing, connector, host } = runner;
    let compared: Result<Option<Repaired>> = shielded(syncing, || {
        let mut link = held(&syncing.link);
        let link = connected(&mut link, device, connector.as_ref())?;
        repair::repair(device, link, &mut |progress| {
            let (done, total) = match progress {
                Progress::Syncing | Progress::Comparing => (0, 0),
                Progress::Reading { done, total } | Progress::Mending { done, total } => (done, total),
            };
            held(&syncing.told).completeness = Completeness::Running { done, total };
            host.changed();
        })
    });
    let failure = compared.as_ref().err().map(|failure| {
        tracing::warn!(code = ?failure.code, detail = %failure.detail, "a comparison did not come to its end");
        failure.code
    });
    {
        let mut told = held(&syncing.told);
        told.activity = None;
        told.failure = failure;
        told.completeness = match compared {
            Ok(Some(repaired)) => ended(repaired, environment.now()),
            Ok(None) => Completeness::NotYet { at: environment.now() },
            Err(failure) => Completeness::Failed { code: failure.code },
        };
    }
    let how = match failure {
        Some(code) => Ended::Broken { code, moved: false },
        None => Ended::Well { leaves_waiting: false },
    };
    held(&syncing.pace).ended(how, environment.clock.monotonic_ms());
}

fn ended(repaired: Repaired, at: Timestamp) -> Completeness {
    let Repaired { compared, mended, fetched, given, waiting } = repaired;
    Completeness::Ended { at, compared, mended, fetched, given, waiting }
}
