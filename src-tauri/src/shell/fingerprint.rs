//! The system recognises the person by finger or face, and the covered screens are theirs again. The pages can ask for the system's
//! question, and not for its answer: uncovering is done here (docs/decisions/screen-lock.md). Only tablets have it.

use std::sync::Arc;

use jiafang_core::api::backend::Backend;
use jiafang_core::api::state::AppState;
use jiafang_core::error::{ErrorCode, Failure, FailureView};
use tauri::{AppHandle, State};

type Answer<T> = Result<T, FailureView>;

fn refused(cause: impl std::error::Error + Send + Sync + 'static) -> FailureView {
    let failure = Failure::caused(ErrorCode::Locked, "the system has not recognised the person", cause);
    tracing::info!(detail = %failure.detail, "not uncovered");
    failure.view()
}

/// Whether the system can recognise anybody: it has a reader, and somebody's finger or face is known to it.
#[tauri::command]
pub(crate) async fn can_recognise(app: AppHandle) -> Answer<bool> {
    tauri::async_runtime::spawn_blocking(move || platform::can(&app)).await.map_err(refused)
}

/// Lets the system recognise the person, with this sentence above its own button to cancel, and uncovers the screens.
#[tauri::command]
pub(crate) async fn recognise(
    app: AppHandle,
    backend: State<'_, Arc<Backend>>,
    reason: String,
    cancel: String,
) -> Answer<AppState> {
    let backend = Arc::clone(&backend);
    tauri::async_runtime::spawn_blocking(move || {
        platform::recognise(&app, reason, cancel)?;
        backend.recognised().map_err(|failure| failure.view())
    })
    .await
    .map_err(refused)?
}

#[cfg(mobile)]
mod platform {
    use jiafang_core::error::FailureView;
    use tauri::AppHandle;
    use tauri_plugin_biometric::{AuthOptions, BiometricExt};

    use super::refused;

    pub(super) fn can(app: &AppHandle) -> bool {
        app.biometric().status().is_ok_and(|status| status.is_available)
    }

    pub(super) fn recognise(app: &AppHandle, reason: String, cancel: String) -> Result<(), FailureView> {
        // The tablet's own code is no answer: whoever shares the tablet knows it.
        let options = AuthOptions { cancel_title: Some(cancel), ..AuthOptions::default() };
        app.biometric().authenticate(reason, options).map_err(refused)
    }
}

#[cfg(desktop)]
mod platform {
    use jiafang_core::error::{ErrorCode, Failure, FailureView};
    use tauri::AppHandle;

    pub(super) fn can(_: &AppHandle) -> bool {
        false
    }

    pub(super) fn recognise(_: &AppHandle, _: String, _: String) -> Result<(), FailureView> {
        Err(Failure::new(ErrorCode::Locked, "no system here recognises anybody").view())
    }
}
