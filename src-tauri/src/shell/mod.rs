//! The shell for desktop and Android: one backend of core behind one command for words and one for bytes, the
//! dialog that asks where a file goes, and a sync that begins by itself.

mod chosen_place;
mod fingerprint;
#[cfg(target_os = "android")]
mod keep_running;
mod reminders;
#[cfg(windows)]
mod web_view;

use std::path::PathBuf;
use std::sync::Arc;

use jiafang_core::api::backend::{Backend, Host};
use jiafang_core::api::commands::{self, Commands};
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::identifier::{DraftId, Hash32};
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, FailureView, Result};
use jiafang_core::store::Durability;
use jiafang_core::vault::key_file::KeyFile;
use jiafang_sync_client::HttpsConnector;
use tauri::ipc::{InvokeBody, Request};
use tauri::{AppHandle, Emitter, Manager, State, UriSchemeContext, Wry, http};
use tauri_plugin_dialog::DialogExt;

// No product has a way to keep its store in the clear.
const _: () = assert!(jiafang_core::store::IS_ENCRYPTED, "built with a feature that only `./dev bench` may use");

/// Tells the pages that something changed.
struct Pages(AppHandle);

impl Host for Pages {
    fn changed(&self) {
        if let Err(cause) = self.0.emit("changed", ()) {
            tracing::warn!(%cause, "the pages do not hear");
        }
    }

    #[cfg(target_os = "android")]
    fn needed(&self, is_needed: bool) {
        keep_running::needed(is_needed);
    }
}

type Answer = std::result::Result<serde_json::Value, FailureView>;

/// The backend blocks: it never runs on the thread that draws.
async fn at_work<T: Send + 'static>(
    backend: &State<'_, Arc<Backend>>,
    work: impl FnOnce(&Backend) -> Result<T> + Send + 'static,
) -> std::result::Result<T, FailureView> {
    let backend = Arc::clone(backend);
    tauri::async_runtime::spawn_blocking(move || work(&backend))
        .await
        .unwrap_or_else(|cause| Err(Failure::caused(ErrorCode::Internal, "a command panicked", cause)))
        .map_err(|failure| {
            tracing::warn!(code = ?failure.code, detail = %failure.detail, "a command failed");
            failure.view()
        })
}

fn unreadable(what: &'static str) -> Failure {
    Failure::new(ErrorCode::RequestUnreadable, what)
}

/// The one command for words.
#[tauri::command]
async fn call(backend: State<'_, Arc<Backend>>, command: String, request: serde_json::Value) -> Answer {
    at_work(&backend, move |backend| commands::dispatch(backend, &command, request)).await
}

/// The one command for bytes: they do not go through JSON.
#[tauri::command]
async fn put(backend: State<'_, Arc<Backend>>, request: Request<'_>) -> Answer {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (command, draft, file_name) = (header("x-command"), header("x-draft"), header("x-file-name"));
    let code = header("x-code");
    let InvokeBody::Raw(bytes) = request.body() else {
        return Err(unreadable("no bytes").view());
    };
    let bytes = bytes.clone();
    at_work(&backend, move |backend| {
        let value = match command.as_deref() {
            Some("attachPhoto") => {
                let draft = draft.as_deref().and_then(DraftId::parse).ok_or_else(|| unreadable("no draft"))?;
                serde_json::to_value(backend.attach_photo(draft, &bytes)?)
            }
            Some("readEnrolmentCode") => serde_json::to_value(backend.read_enrolment_code(&bytes)?),
            Some("previewRoster") => {
                serde_json::to_value(backend.preview_roster(file_name.as_deref().unwrap_or_default(), &bytes)?)
            }
            Some("importPacks") => {
                serde_json::to_value(backend.import_packs(code.as_deref().unwrap_or_default(), &bytes)?)
            }
            _ => return Err(unreadable("no such command")),
        };
        value.map_err(|cause| Failure::caused(ErrorCode::Internal, "the answer cannot be written", cause))
    })
    .await
}

/// Asks where a file that was made is to go, and writes it there. `None` when the person changed their mind.
#[tauri::command]
async fn save_file(
    app: AppHandle,
    backend: State<'_, Arc<Backend>>,
    file_id: String,
) -> std::result::Result<Option<String>, FailureView> {
    at_work(&backend, move |backend| {
        let (name, bytes) = backend.take_file(&file_id)?;
        let Some(chosen) = app.dialog().file().set_file_name(&name).blocking_save_file() else { return Ok(None) };
        chosen_place::write(&app, chosen, &bytes).map(Some)
    })
    .await
}

/// Puts the app behind the others, as the home button does: what is half written on its screen stays. Only a tablet has a
/// back button that asks for it.
#[tauri::command]
fn step_back(window: tauri::WebviewWindow) {
    #[cfg(target_os = "android")]
    let asked = window.with_webview(|page| {
        page.jni_handle().exec(|env, activity, _| {
            if let Err(cause) = env.call_method(activity, "moveTaskToBack", "(Z)Z", &[true.into()]) {
                tracing::warn!(%cause, "the app does not leave the screen");
            }
        });
    });
    #[cfg(not(target_os = "android"))]
    let asked = window.minimize();
    if let Err(cause) = asked {
        tracing::warn!(%cause, "the app does not leave the screen");
    }
}

/// `photo://localhost/{kind}/{hash}`: pictures out of the sealed store.
fn photo(context: &UriSchemeContext<'_, Wry>, request: &http::Request<Vec<u8>>) -> http::Response<Vec<u8>> {
    let decoded = request.uri().path().trim_start_matches('/').replace("%2F", "/");
    let bytes = decoded
        .split_once('/')
        .and_then(|(kind, hash)| Some((kind, Hash32::parse(hash)?)))
        .and_then(|(kind, hash)| context.app_handle().state::<Arc<Backend>>().photo(kind, hash).ok());
    let mut response = http::Response::new(Vec::new());
    match bytes {
        Some(bytes) => {
            response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("image/jpeg"));
            *response.body_mut() = bytes;
        }
        None => *response.status_mut() = http::StatusCode::NOT_FOUND,
    }
    response
}

/// Where the data lies: `JIAFANG_DATA` for demonstrations and tests, the system's place for apps otherwise. On Windows the
/// one that stays on this machine: what roams to another one with its user would be a cloned device.
fn data_folder(app: &AppHandle) -> std::result::Result<PathBuf, Box<dyn std::error::Error>> {
    match std::env::var_os("JIAFANG_DATA") {
        Some(folder) => Ok(PathBuf::from(folder)),
        None if cfg!(windows) => Ok(app.path().app_local_data_dir()?),
        None => Ok(app.path().app_data_dir()?),
    }
}

fn set_up(app: &mut tauri::App) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let folder = data_folder(app.handle())?;
    std::fs::create_dir_all(&folder)?;
    let backend = Arc::new(Backend::new(
        &folder,
        KeyFile::in_folder(&folder),
        Environment::of_this_machine(),
        Arc::new(HttpsConnector),
        Arc::new(Pages(app.handle().clone())),
        Durability::Full,
    ));
    if std::env::var_os("JIAFANG_DATA").is_some()
        && let (Some(window), Some(device)) = (app.get_webview_window("main"), folder.file_name())
    {
        // Several devices on one desk: the windows must be told apart.
        window.set_title(&format!("家访 · {}", device.display()))?;
    }
    app.manage(Arc::clone(&backend));
    backend.keep_synchronised();
    reminders::begin(app.handle());
    Ok(())
}

/// Whether somebody can see the window from now on; `None` when that has not changed. On a desk a window is seen beside another one;
/// on a tablet it goes out of sight with its activity, and not when a keyboard or the system's own bar lies over it.
fn is_in_sight(window: &tauri::Window, event: &tauri::WindowEvent) -> Option<bool> {
    match event {
        tauri::WindowEvent::Focused(true) => Some(true),
        tauri::WindowEvent::Focused(false) if cfg!(desktop) => Some(!window.is_minimized().unwrap_or(false)),
        #[cfg(mobile)]
        tauri::WindowEvent::Resumed => Some(true),
        #[cfg(mobile)]
        tauri::WindowEvent::Suspended => Some(false),
        _ => None,
    }
}

/// Runs the app until its last window closes.
///
/// # Errors
/// When no window can be made.
#[allow(clippy::disallowed_types)] // in what tauri's own macro writes
pub(crate) fn run() {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter("info").init();
    #[cfg(windows)]
    if !web_view::is_there() {
        return;
    }
    let builder = tauri::Builder::default();
    #[cfg(mobile)]
    let builder = builder.plugin(tauri_plugin_biometric::init());
    let built = builder
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_fs::init())
        .plugin(tauri_plugin_notification::init())
        .register_uri_scheme_protocol("photo", |context, request| photo(&context, &request))
        .setup(set_up)
        .on_window_event(|window, event| {
            if let Some(is_in_sight) = is_in_sight(window, event) {
                #[cfg(target_os = "android")]
                keep_running::prepare(window.app_handle());
                window.state::<Arc<Backend>>().shown(is_in_sight);
            }
        })
        .invoke_handler(tauri::generate_handler![
            call,
            put,
            save_file,
            step_back,
            reminders::may_remind,
            reminders::remind,
            fingerprint::can_recognise,
            fingerprint::recognise
        ])
        .build(tauri::generate_context!());
    match built {
        Ok(app) => app.run(|app, event| {
            if let (tauri::RunEvent::Exit, Some(backend)) = (event, app.try_state::<Arc<Backend>>()) {
                close(&backend);
            }
        }),
        Err(cause) => tracing::error!(%cause, "the app could not start"),
    }
}

/// The last window is closed, maybe in the middle of a sync. What is being written is written to its end and the store is closed
/// before the program ends: it must not end under a thread that encrypts.
fn close(backend: &Backend) {
    if let Err(failure) = backend.lock(Nothing {}) {
        tracing::warn!(code = ?failure.code, detail = %failure.detail, "the store was not closed");
    }
}
