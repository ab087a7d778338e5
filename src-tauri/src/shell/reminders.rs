//! Reminders of what is due, by the system's own notifications. Core says when and how much, the pages say it in words, and
//! this hands it over. A tablet's system keeps them while the app is closed; on a desk the app itself must be running.

use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::{ErrorCode, Failure, FailureView};
use serde::Deserialize;
use tauri::AppHandle;
use tauri::plugin::PermissionState;
use tauri_plugin_notification::NotificationExt;

/// A reminder in words.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Words {
    at: Timestamp,
    title: String,
    body: String,
}

type Answer<T> = Result<T, FailureView>;

fn refused(cause: impl std::error::Error + Send + Sync + 'static) -> FailureView {
    let failure = Failure::caused(ErrorCode::Internal, "the system's notifications", cause);
    tracing::warn!(detail = %failure.detail, "no reminder");
    failure.view()
}

/// The plugin may block: never on the thread that draws.
async fn at_work<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, tauri_plugin_notification::Error> + Send + 'static,
) -> Answer<T> {
    tauri::async_runtime::spawn_blocking(work).await.map_err(refused)?.map_err(refused)
}

/// Asks the system whether reminders may be shown; the system asks the person, once.
#[tauri::command]
pub(crate) async fn may_remind(app: AppHandle) -> Answer<bool> {
    at_work(move || {
        let known = app.notification().permission_state()?;
        let state = if known == PermissionState::Granted { known } else { app.notification().request_permission()? };
        Ok(state == PermissionState::Granted)
    })
    .await
}

/// Replaces all reminders by these; none takes them back.
#[tauri::command]
pub(crate) async fn remind(app: AppHandle, reminders: Vec<Words>) -> Answer<()> {
    tracing::info!(mornings = reminders.len(), "reminders are planned");
    at_work(move || platform::plan(&app, reminders)).await
}

#[cfg(mobile)]
mod platform {
    use tauri::AppHandle;
    use tauri_plugin_notification::{Error, NotificationExt, Schedule};

    use super::Words;

    /// The system shows them by itself.
    pub(crate) fn begin(_: &AppHandle) {}

    pub(super) fn plan(app: &AppHandle, reminders: Vec<Words>) -> Result<(), Error> {
        let system = app.notification();
        system.cancel_all()?;
        for (number, words) in (1_i32..).zip(reminders) {
            let seconds = words.at.unix_ms().div_euclid(1_000);
            let Ok(date) = time::OffsetDateTime::from_unix_timestamp(seconds) else { continue };
            let at = Schedule::At { date, repeating: false, allow_while_idle: true };
            system.builder().id(number).title(words.title).body(words.body).schedule(at).auto_cancel().show()?;
        }
        Ok(())
    }
}

pub(crate) use platform::begin;

#[cfg(desktop)]
mod platform {
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::Duration;

    use jiafang_core::environment::Environment;
    use tauri::{AppHandle, Manager};
    use tauri_plugin_notification::{Error, NotificationExt};

    use super::Words;

    /// How often it is looked whether a reminder is due. A desk that slept shows what was due meanwhile.
    const LOOK_EVERY: Duration = Duration::from_secs(20);

    #[derive(Default)]
    struct Planned(Arc<Mutex<Vec<Words>>>);

    pub(super) fn plan(app: &AppHandle, reminders: Vec<Words>) -> Result<(), Error> {
        if let Some(planned) = app.try_state::<Planned>() {
            let mut kept = planned.0.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Environment::of_this_machine().now();
            // What is due and was not shown yet is still to be shown, unless there is nothing to remind of any more.
            kept.retain(|one| one.at <= now && !reminders.is_empty());
            kept.extend(reminders);
        }
        Ok(())
    }

    /// Shows what is due from now on, on a thread of its own, as long as the app runs.
    pub(crate) fn begin(app: &AppHandle) {
        let planned = Planned::default();
        let (reminders, app_shown) = (Arc::clone(&planned.0), app.clone());
        app.manage(planned);
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(LOOK_EVERY);
                let now = Environment::of_this_machine().now();
                let due: Vec<Words> = {
                    let mut reminders = reminders.lock().unwrap_or_else(PoisonError::into_inner);
                    let (due, later) = reminders.drain(..).partition(|one| one.at <= now);
                    *reminders = later;
                    due
                };
                // Of mornings that were slept through, the last one says all.
                let Some(words) = due.into_iter().max_by_key(|one| one.at) else { continue };
                tracing::info!("a reminder is shown");
                if let Err(cause) = app_shown.notification().builder().title(words.title).body(words.body).show() {
                    tracing::warn!(%cause, "a reminder was not shown");
                }
            }
        });
    }
}
