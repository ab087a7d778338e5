//! Serves: TLS 1.3 with a pinned key, client certificates, and the few paths of the protocol.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Extension, Path as UrlPath, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::protocol::wait::WAIT_SECONDS_MAX;
use jiafang_core::protocol::{self, body};
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::connections::{self, Peer};
use crate::identity::Identity;
use crate::news::{AGAIN_AFTER_MS, News};
use crate::packs::Packs;
use crate::photo::{Part, PhotoFolder};
use crate::photo_stream;
use crate::refuse;
use crate::requests::PHOTO_PART_BYTES_MAX;
use crate::store::Store;
use crate::store::register::{self, Device};

/// A request may take so long, from its first byte to its answer; devices give up before.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(5 * 60);
/// A desk waits for news so long.
const WAIT_TIME_MAX: Duration = Duration::from_secs(WAIT_SECONDS_MAX);
/// Requests that are worked on at once.
const WORKERS: usize = 16;

/// A running server.
pub struct Server {
    /// The store.
    pub store: Arc<Store>,
    /// The county's keys.
    pub identity: Arc<Identity>,
    pub(crate) photos: Arc<PhotoFolder>,
    pub(crate) packs: Arc<Packs>,
    pub(crate) environment: Environment,
    pub(crate) news: Arc<News>,
    work: Semaphore,
    repairs: Semaphore,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

/// Where a server listens, and how it is stopped.
#[derive(Debug)]
pub struct Running {
    /// The address that it listens on.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Stops taking connections, lets those in work finish, and waits for it.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        if let Err(cause) = self.task.await {
            tracing::error!(%cause, "the server did not stop cleanly");
        }
    }

    /// Waits until the server ends by itself.
    pub async fn wait(self) {
        if let Err(cause) = self.task.await {
            tracing::error!(%cause, "the server ended");
        }
        drop(self.stop);
    }
}

impl Server {
    /// Opens the county of a data folder.
    ///
    /// # Errors
    /// [`ErrorCode::NotEnrolled`] when there is none, the faults of a store.
    pub fn open(data: &Path, environment: Environment) -> Result<Self> {
        let store = Store::open(data)?;
        store.read(register::county)?;
        let identity = Arc::new(Identity::read(data)?);
        Ok(Self {
            store: Arc::new(store),
            photos: Arc::new(PhotoFolder::open(data)?),
            news: Arc::new(News::from(u64::try_from(environment.now().unix_ms()).unwrap_or(0))),
            packs: Arc::new(Packs::open(data, Arc::clone(&identity), environment.clone())?),
            identity,
            environment,
            work: Semaphore::new(WORKERS),
            repairs: Semaphore::new(1),
        })
    }

    /// Nothing goes into a pack that the background step has not looked at; for a program that has one
    /// ([`crate::materialise::keep_looking`]).
    #[must_use]
    pub fn packing_after_looks(self) -> Self {
        self.packs.come_after_looks();
        self
    }

    /// Begins to serve on an address; port 0 takes a free one.
    ///
    /// # Errors
    /// [`ErrorCode::ServerFault`] when the address cannot be listened on, [`ErrorCode::StoreDamaged`] when the
    /// keys cannot be used.
    pub async fn start(self, address: SocketAddr) -> Result<Running> {
        let acceptor = TlsAcceptor::from(Arc::new(tls_config(&self.identity)?));
        let listener = TcpListener::bind(address)
            .await
            .map_err(|cause| Failure::caused(ErrorCode::ServerFault, "the address cannot be listened on", cause))?;
        let address = listener
            .local_addr()
            .map_err(|cause| Failure::caused(ErrorCode::ServerFault, "the address of the listener", cause))?;
        let news = Arc::clone(&self.news);
        let router = router(Arc::new(self));
        let (stop, stopped) = watch::channel(false);
        let mut stops = stopped.clone();
        tokio::spawn(async move {
            // Who waits for news is in work for a minute: that is not waited for.
            let _ = stops.changed().await;
            news.end();
        });
        let task = tokio::spawn(connections::accept(listener, acceptor, router, stopped));
        Ok(Running { address, stop, task })
    }
}

/// Whether a county's keys can be served with: certificates that can be read, and keys that go with them.
///
/// # Errors
/// [`ErrorCode::StoreDamaged`].
pub fn check_keys(identity: &Identity) -> Result<()> {
    tls_config(identity).map(drop)
}

fn tls_config(identity: &Identity) -> Result<rustls::ServerConfig> {
    let unusable = |cause: String| Failure::new(ErrorCode::StoreDamaged, format!("the server's keys: {cause}"));
    let pem = |text: &str| {
        CertificateDer::pem_slice_iter(text.as_bytes())
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(|cause| unusable(cause.to_string()))
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    for certificate in pem(&identity.device_ca_certificate_pem)? {
        roots.add(certificate).map_err(|cause| unusable(cause.to_string()))?;
    }
    // Without a certificate a device can only enrol; every other path asks for one.
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()
        .map_err(|cause| unusable(cause.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(identity.server_key_pem.as_bytes())
        .map_err(|cause| unusable(cause.to_string()))?;
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|cause| unusable(cause.to_string()))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(pem(&identity.server_certificate_pem)?, key)
        .map_err(|cause| unusable(cause.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn router(server: Arc<Server>) -> Router {
    // Who may not speak is refused before the body is read.
    let proven = Router::new()
        .route(protocol::SYNC_PATH, post(post_sync).fallback(unknown))
        .route(protocol::WAIT_PATH, post(post_wait).fallback(unknown))
        .route(
            &format!("{}/{{hash}}", protocol::PHOTO_PATH),
            get(get_photo).put(put_photo).post(post_photo).fallback(unknown),
        )
        .route(protocol::REPAIR_PATH, post(post_repair).fallback(unknown))
        .route(&format!("{}/{{hash}}", protocol::PACK_PATH), get(get_pack).fallback(unknown))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(protocol::REQUEST_BYTES_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&server), proven));
    let enrolment = post(post_enrol).fallback(unknown).layer(DefaultBodyLimit::max(protocol::ENROL_BYTES_MAX));
    Router::new()
        .route(protocol::ENROL_PATH, enrolment)
        .merge(proven)
        .layer(middleware::from_fn_with_state(Arc::clone(&server), logged))
        .layer(middleware::from_fn(connections::counted))
        .with_state(server)
}

/// Writes a line for each request: which device, what, how it ended, how long it took. No names.
async fn logged(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let begun = server.environment.clock.monotonic_ms();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = tokio::time::timeout(REQUEST_TIME_MAX, next.run(request)).await.unwrap_or_else(|_| {
        // What was taken in stays taken in: the device offers it again and hears that it is known.
        refused(&refuse(RefusalCode::Malformed, "the request took too long"))
    });
    let device = match peer {
        Peer::Device { certificate, .. } => certificate.to_string(),
        Peer::Nobody | Peer::Unreadable => "-".to_owned(),
    };
    let ms = server.environment.clock.monotonic_ms().saturating_sub(begun);
    tracing::info!(%device, %method, path, status = response.status().as_u16(), ms, "request");
    response
}

/// Finds the device of a connection, as the register knows it now.
async fn proven(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    match at_work(server, move |server| device_of(server, &peer)).await {
        Ok(device) => {
            request.extensions_mut().insert(device);
            next.run(request).await
        }
        Err(refusal) => refused(&refusal),
    }
}

async fn unknown() -> Response {
    refused(&refuse(RefusalCode::Malformed, "there is no such path, or not with this method"))
}

pub(crate) fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    tracing::debug!(code = ?refusal.code, detail = refusal.detail, "refused");
    (status, [(header::CONTENT_TYPE, "application/cbor")], body::cbor(refusal)).into_response()
}

fn answered(answer: std::result::Result<Vec<u8>, Refusal>) -> Response {
    match answer {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/cbor+zstd")], bytes).into_response(),
        Err(refusal) => refused(&refusal),
    }
}

/// Runs what reads disks and checks signatures off the threads that wait for the network, a few at a time: a request
/// may take some megabytes while it is read.
pub(crate) async fn at_work<T: Send + 'static>(
    server: Arc<Server>,
    work: impl FnOnce(&Server) -> std::result::Result<T, Refusal> + Send + 'static,
) -> std::result::Result<T, Refusal> {
    let broken = |cause: &dyn std::fmt::Display| {
        tracing::error!(%cause, "a request panicked");
        refuse(RefusalCode::Fault, "a fault in the server")
    };
    let _place = server.work.acquire().await.map_err(|cause| broken(&cause))?;
    let worker = Arc::clone(&server);
    tokio::task::spawn_blocking(move || work(&worker)).await.unwrap_or_else(|cause| Err(broken(&cause)))
}

/// A body that has come whole and within its limit.
fn whole(bytes: std::result::Result<Bytes, BytesRejection>) -> std::result::Result<Bytes, Refusal> {
    bytes.map_err(|cause| match cause.status() {
        StatusCode::PAYLOAD_TOO_LARGE => refuse(RefusalCode::TooLarge, "the body"),
        _ => refuse(RefusalCode::Malformed, "the body did not come whole"),
    })
}

fn device_of(server: &Server, peer: &Peer) -> std::result::Result<Device, Refusal> {
    let nobody = |detail: &str| refuse(RefusalCode::CertificateRefused, detail);
    match peer {
        Peer::Device { certificate, public_key_info } => server.device(*certificate, public_key_info),
        Peer::Nobody => Err(nobody("no client certificate")),
        Peer::Unreadable => Err(nobody("a certificate without an id")),
    }
}

async fn post_enrol(State(server): State<Arc<Server>>, bytes: std::result::Result<Bytes, BytesRejection>) -> Response {
    answered(at_work(server, move |server| server.enrol(&whole(bytes)?)).await)
}

async fn post_sync(
    State(server): State<Arc<Server>>,
    Extension(device): Extension<Device>,
    bytes: std::result::Result<Bytes, BytesRejection>,
) -> Response {
    answered(at_work(server, move |server| server.sync(&device, &whole(bytes)?)).await)
}

async fn post_repair(
    State(server): State<Arc<Server>>,
    Extension(device): Extension<Device>,
    bytes: std::result::Result<Bytes, BytesRejection>,
) -> Response {
    // One at a time: a comparison looks at many rows, and nothing else is to wait for it.
    let Ok(_turn) = server.repairs.acquire().await else {
        return refused(&refuse(RefusalCode::Fault, "the server stops"));
    };
    answered(at_work(Arc::clone(&server), move |server| server.repair(&device, &whole(bytes)?)).await)
}

async fn post_wait(
    State(server): State<Arc<Server>>,
    Extension(device): Extension<Device>,
    bytes: std::result::Result<Bytes, BytesRejection>,
) -> Response {
    answered(wait(&server, device, bytes).await)
}

async fn wait(
    server: &Arc<Server>,
    device: Device,
    bytes: std::result::Result<Bytes, BytesRejection>,
) -> std::result::Result<Vec<u8>, Refusal> {
    let bytes = whole(bytes)?;
    // The place first: what is taken in while the store is looked into calls it.
    let Some(place) = server.news.enter(&device) else { return server.waited(false, AGAIN_AFTER_MS) };
    let is_behind = at_work(Arc::clone(server), move |server| server.begins_to_wait(&device, &bytes)).await?;
    let called = is_behind || tokio::time::timeout(WAIT_TIME_MAX, place.called()).await.is_ok();
    drop(place);
    if server.news.has_ended() { server.waited(false, AGAIN_AFTER_MS) } else { server.waited(called, 0) }
}

#[derive(serde::Deserialize)]
struct AtOffset {
    offset: u64,
}

fn read_hash(text: &str) -> std::result::Result<Hash32, Refusal> {
    Hash32::parse(text).ok_or_else(|| refuse(RefusalCode::Malformed, "no hash"))
}

async fn put_photo(
    State(server): State<Arc<Server>>,
    Extension(device): Extension<Device>,
    UrlPath(hash): UrlPath<String>,
    at: std::result::Result<Query<AtOffset>, QueryRejection>,
    bytes: std::result::Result<Bytes, BytesRejection>,
) -> Response {
    let answer = at_work(server, move |server| {
        let hash = read_hash(&hash)?;
        let Query(at) = at.map_err(|_| refuse(RefusalCode::Malformed, "no offset"))?;
        server.put_photo(&device, hash, at.offset, &whole(bytes)?)
    });
    answered(answer.await)
}

async fn post_photo(
    State(server): State<Arc<Server>>,
    Extension(device): Extension<Device>,
    UrlPath(hash): UrlPath<String>,
    at: std::result::Result<Query<AtOffset>, QueryRejection>,
    body: axum::body::Body,
) -> Response {
    let asked = read_hash(&hash).and_then(|hash| match at {
        Ok(Query(at)) => Ok((hash, at.offset)),
        Err(_) => Err(refuse(RefusalCode::Malformed, "no offset")),
    });
    match asked {
        Ok((hash, offset)) => photo_stream::taken_as_it_comes(server, device, hash, offset, body),
        Err(refusal) => refused(&refusal),
    }
}

async fn get_photo(
    State(server): State<Arc<Server>>,
    Extension(device): Extension<Device>,
    UrlPath(hash): UrlPath<String>,
    headers: HeaderMap,
) -> Response {
    let (start, bytes_max) = asked_part(&headers);
    let answer = at_work(server, move |server| server.get_photo(&device, read_hash(&hash)?, start, bytes_max));
    part_of(answer.await, start, "image/jpeg")
}

async fn get_pack(
    State(server): State<Arc<Server>>,
    Extension(device): Extension<Device>,
    UrlPath(hash): UrlPath<String>,
    headers: HeaderMap,
) -> Response {
    let (start, bytes_max) = asked_part(&headers);
    let answer = at_work(server, move |server| server.get_pack(&device, read_hash(&hash)?, start, bytes_max));
    part_of(answer.await, start, "application/octet-stream")
}

/// From where, and how many bytes at most.
fn asked_part(headers: &HeaderMap) -> (u64, usize) {
    let (start, end) = range_of(headers);
    let bytes_max = end
        .and_then(|end| usize::try_from(end.saturating_sub(start).saturating_add(1)).ok())
        .map_or(PHOTO_PART_BYTES_MAX, |asked| asked.min(PHOTO_PART_BYTES_MAX));
    (start, bytes_max)
}

fn part_of(answer: std::result::Result<Part, Refusal>, start: u64, content_type: &str) -> Response {
    match answer {
        Ok(part) => {
            let length = u64::try_from(part.bytes.len()).unwrap_or(0);
            let last = start.saturating_add(length).saturating_sub(1);
            let range = format!("bytes {start}-{last}/{}", part.bytes_total);
            let headers = [(header::CONTENT_TYPE, content_type.to_owned()), (header::CONTENT_RANGE, range)];
            (StatusCode::PARTIAL_CONTENT, headers, part.bytes).into_response()
        }
        Err(refusal) => refused(&refusal),
    }
}

/// `Range: bytes=START-END`, with or without an end; from the start when there is none.
fn range_of(headers: &HeaderMap) -> (u64, Option<u64>) {
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let Some((start, end)) = range.and_then(|text| text.strip_prefix("bytes=")).and_then(|text| text.split_once('-'))
    else {
        return (0, None);
    };
    (start.parse().unwrap_or(0), end.parse().ok())
}
