//! The loopback host: the same backend as the shell's, over HTTP on 127.0.0.1, for browser tests and the
//! demonstration. Never shipped. A random token guards it, since other users of a machine can reach loopback,
//! too.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiafang_core::api::backend::{Backend, Host};
use jiafang_core::api::commands;
use jiafang_core::domain::identifier::{DraftId, Hash32};
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::store::Durability;
use jiafang_core::vault::key_file::KeyFile;
use jiafang_sync_client::HttpsConnector;
use tokio::sync::broadcast;

/// The largest file that a page may hand in: a capture or a roster.
const BODY_BYTES_MAX: usize = 40 * 1024 * 1024;

/// A running host.
#[derive(Debug)]
pub struct Loopback {
    /// Where it listens.
    pub address: SocketAddr,
    /// What a page must show.
    pub token: String,
}

impl Loopback {
    /// The address to open in a browser: the token stands behind the #, where no server sees it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/#token={}", self.address, self.token)
    }
}

struct Heard(broadcast::Sender<()>);

impl Host for Heard {
    fn changed(&self) {
        // Nobody listens before a page is open.
        let _ = self.0.send(());
    }
}

struct Shared {
    backend: Arc<Backend>,
    changes: broadcast::Sender<()>,
    pages: PathBuf,
    token: String,
}

/// Starts a host over a data folder, serving the built pages of `ui/dist`.
///
/// # Errors
/// [`ErrorCode::ServerFault`] when no port can be had.
pub async fn start(data: &Path, pages: &Path, port: u16) -> Result<Loopback> {
    std::fs::create_dir_all(data)?;
    let environment = Environment::of_this_machine();
    let token = data_encoding::HEXLOWER.encode(&environment.random_bytes::<16>());
    let (changes, _) = broadcast::channel(64);
    let backend = Arc::new(Backend::new(
        data,
        KeyFile::in_folder(data),
        environment,
        Arc::new(HttpsConnector),
        Arc::new(Heard(changes.clone())),
        Durability::Full,
    ));
    backend.keep_synchronised();
    let shared = Arc::new(Shared { backend, changes, pages: pages.to_path_buf(), token: token.clone() });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.map_err(no_port)?;
    let address = listener.local_addr().map_err(no_port)?;
    let router = router(shared);
    tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    });
    Ok(Loopback { address, token })
}

fn no_port(cause: std::io::Error) -> Failure {
    Failure::caused(ErrorCode::ServerFault, "no port on loopback", cause)
}

fn router(shared: Arc<Shared>) -> Router {
    let guarded = Router::new()
        .route("/call/{command}", post(call))
        .route("/put/{command}", post(put))
        .route("/photo/{kind}/{hash}", get(photo))
        .route("/file/{id}", get(file))
        .route("/events", get(events))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    guarded.fallback(get(page)).with_state(shared)
}

#[derive(serde::Deserialize)]
struct Asked {
    token: Option<String>,
    draft: Option<String>,
    name: Option<String>,
    code: Option<String>,
}

async fn guard(
    State(shared): State<Arc<Shared>>,
    Query(asked): Query<Asked>,
    request: Request,
    next: Next,
) -> Response {
    let shown = request.headers().get("x-token").and_then(|value| value.to_str().ok()).or(asked.token.as_deref());
    if shown == Some(shared.token.as_str()) { next.run(request).await } else { StatusCode::FORBIDDEN.into_response() }
}

/// The backend blocks: it runs off the threads that wait.
async fn at_work<T: Send + 'static>(
    shared: Arc<Shared>,
    work: impl FnOnce(&Backend) -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(move || work(&shared.backend))
        .await
        .unwrap_or_else(|cause| Err(Failure::caused(ErrorCode::Internal, "a command panicked", cause)))
}

fn json(answer: Result<serde_json::Value>) -> Response {
    match answer {
        Ok(value) => ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response(),
        Err(failure) => {
            let body = serde_json::to_string(&failure.view()).unwrap_or_default();
            (StatusCode::UNPROCESSABLE_ENTITY, [(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
    }
}

fn unreadable(what: &'static str) -> Failure {
    Failure::new(ErrorCode::RequestUnreadable, what)
}

async fn call(State(shared): State<Arc<Shared>>, UrlPath(command): UrlPath<String>, body: Bytes) -> Response {
    json(
        at_work(shared, move |backend| {
            let request = serde_json::from_slice(&body).map_err(|_| unreadable("no JSON"))?;
            commands::dispatch(backend, &command, request)
        })
        .await,
    )
}

async fn put(
    State(shared): State<Arc<Shared>>,
    UrlPath(command): UrlPath<String>,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Response {
    json(
        at_work(shared, move |backend| {
            let value = match command.as_str() {
                "attachPhoto" => {
                    let draft =
                        asked.draft.as_deref().and_then(DraftId::parse).ok_or_else(|| unreadable("no draft"))?;
                    serde_json::to_value(backend.attach_photo(draft, &body)?)
                }
                "readEnrolmentCode" => serde_json::to_value(backend.read_enrolment_code(&body)?),
                "previewRoster" => {
                    serde_json::to_value(backend.preview_roster(asked.name.as_deref().unwrap_or_default(), &body)?)
                }
                "importPacks" => {
                    serde_json::to_value(backend.import_packs(asked.code.as_deref().unwrap_or_default(), &body)?)
                }
                _ => return Err(unreadable("no such command")),
            };
            value.map_err(|cause| Failure::caused(ErrorCode::Internal, "the answer cannot be written", cause))
        })
        .await,
    )
}

async fn photo(State(shared): State<Arc<Shared>>, UrlPath((kind, hash)): UrlPath<(String, String)>) -> Response {
    let bytes = at_work(shared, move |backend| {
        let hash = Hash32::parse(&hash).ok_or_else(|| unreadable("no hash"))?;
        backend.photo(&kind, hash)
    });
    match bytes.await {
        Ok(bytes) => ([(header::CONTENT_TYPE, "image/jpeg")], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn file(State(shared): State<Arc<Shared>>, UrlPath(id): UrlPath<String>) -> Response {
    match at_work(shared, move |backend| backend.take_file(&id)).await {
        Ok((_, bytes)) => {
            let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            ([(header::CONTENT_TYPE, kind)], bytes).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A page that is open: somebody may look at it.
struct OpenPage {
    changes: Option<broadcast::Receiver<()>>,
    shared: Arc<Shared>,
}

impl OpenPage {
    fn new(shared: Arc<Shared>) -> Self {
        let changes = Some(shared.changes.subscribe());
        shared.backend.shown(true);
        Self { changes, shared }
    }
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        self.changes = None;
        self.shared.backend.shown(self.shared.changes.receiver_count() > 0);
    }
}

async fn events(
    State(shared): State<Arc<Shared>>,
) -> Sse<impl futures_core::Stream<Item = std::result::Result<Event, Infallible>>> {
    let stream = futures_util::stream::unfold(OpenPage::new(shared), |mut page| async {
        match page.changes.as_mut()?.recv().await {
            Ok(()) | Err(broadcast::error::RecvError::Lagged(_)) => Some((Ok(Event::default().data("changed")), page)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// The built pages.
async fn page(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let asked = request.uri().path().trim_start_matches('/');
    let name = if asked.is_empty() { "index.html" } else { asked };
    if name.split('/').any(|part| part == ".." || part.is_empty()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(bytes) = tokio::fs::read(shared.pages.join(name)).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], bytes).into_response()
}
