//! Serves: TLS 1.3 with a pinned key, client certificates, and the few paths of the protocol.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Extension, Path as UrlPath, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use jiafang_core::domain::identifier::{CertificateId, Hash32};
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::protocol::{self, body};
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::identity::{Identity, ed25519_spki};
use crate::photo::PhotoFolder;
use crate::store::Store;
use crate::store::register::{self, Device};
use crate::{enrol, exchange, fault, refuse};

/// A device that sends nothing for so long is let go: links in the mountains are slow, but not that slow.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(60);

/// A photo part is small; a batch of them is taken as one, too.
const PHOTO_PART_BYTES_MAX: usize = 512 * 1024;

/// A running server.
pub struct Server {
    /// The store.
    pub store: Arc<Store>,
    /// The county's keys.
    pub identity: Arc<Identity>,
    photos: Arc<PhotoFolder>,
    environment: Environment,
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
        Ok(Self {
            store: Arc::new(store),
            identity: Arc::new(Identity::read(data)?),
            photos: Arc::new(PhotoFolder::open(data)?),
            environment,
        })
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
        let router = router(Arc::new(self));
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, acceptor, router, stopped));
        Ok(Running { address, stop, task })
    }
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

/// The certificate that a connection was made with, DER; `None` for one that may only enrol.
#[derive(Clone)]
struct PeerCertificate(Option<Arc<Vec<u8>>>);

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, router: Router, mut stopped: watch::Receiver<bool>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(cause) => {
                // Out of file handles, as a rule: others will be given back.
                tracing::warn!(%cause, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (acceptor, router, stopped) = (acceptor.clone(), router.clone(), stopped.clone());
        connections.spawn(async move { connection(stream, acceptor, router, stopped).await });
    }
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(Duration::from_secs(10), drained).await.is_err() {
        connections.abort_all();
    }
}

async fn connection(
    stream: tokio::net::TcpStream,
    acceptor: TlsAcceptor,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) {
    if let Err(cause) = stream.set_nodelay(true) {
        tracing::debug!(%cause, "no nodelay");
    }
    let stream = match tokio::time::timeout(HANDSHAKE_TIME_MAX, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(cause)) => return tracing::debug!(%cause, "a handshake failed"),
        Err(_) => return tracing::debug!("a handshake took too long"),
    };
    let peer = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let peer = PeerCertificate(peer.map(|certificate| Arc::new(certificate.to_vec())));
    let service = TowerToHyperService::new(router.layer(Extension(peer)));
    let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let served = tokio::select! {
        served = serving.as_mut() => served,
        _ = stopped.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(cause) = served {
        tracing::debug!(%cause, "a connection ended");
    }
}

fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route(protocol::ENROL_PATH, post(post_enrol))
        .route(protocol::SYNC_PATH, post(post_sync))
        .route(&format!("{}/{{hash}}", protocol::PHOTO_PATH), get(get_photo).put(put_photo))
        .layer(DefaultBodyLimit::max(protocol::REQUEST_BYTES_MAX))
        .with_state(server)
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/cbor")], body::cbor(refusal)).into_response()
}

fn answered<T: minicbor::Encode<()>>(answer: &T) -> Response {
    match body::write(answer) {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/cbor+zstd")], bytes).into_response(),
        Err(cause) => refused(&fault(Failure::from(cause))),
    }
}

/// Runs what reads disks and checks signatures off the threads that wait for the network.
async fn at_work<T: Send + 'static>(
    work: impl FnOnce() -> std::result::Result<T, Refusal> + Send + 'static,
) -> std::result::Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|cause| {
        tracing::error!(%cause, "a request panicked");
        Err(refuse(RefusalCode::Fault, "a fault in the server"))
    })
}

fn read_body<T: for<'b> minicbor::Decode<'b, ()>>(bytes: &[u8]) -> std::result::Result<T, Refusal> {
    body::read(bytes).map_err(|cause| refuse(RefusalCode::Malformed, cause.to_string()))
}

/// The device that a connection was made by, as the register knows it now.
fn device_of(server: &Server, peer: &PeerCertificate) -> std::result::Result<Device, Refusal> {
    let nobody = |detail: &str| refuse(RefusalCode::CertificateRefused, detail);
    let der = peer.0.as_ref().ok_or_else(|| nobody("no client certificate"))?;
    let (_, certificate) = x509_parser::parse_x509_certificate(der).map_err(|_| nobody("an unreadable certificate"))?;
    let name = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    let id = name.and_then(CertificateId::parse).ok_or_else(|| nobody("a certificate without an id"))?;
    let device = server
        .store
        .read(|connection| register::device(connection, id))
        .map_err(fault)?
        .ok_or_else(|| nobody("the register does not know the device, or has revoked it"))?;
    if certificate.public_key().raw != ed25519_spki(&device.public_key) {
        return Err(nobody("the certificate has another key than the register"));
    }
    Ok(device)
}

async fn post_enrol(State(server): State<Arc<Server>>, bytes: Bytes) -> Response {
    let answer = at_work(move || {
        let request = read_body(&bytes)?;
        enrol::enrol(&server.store, &server.identity, &request, &server.environment)
    });
    match answer.await {
        Ok(answer) => answered(&answer),
        Err(refusal) => refused(&refusal),
    }
}

async fn post_sync(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<PeerCertificate>,
    bytes: Bytes,
) -> Response {
    let answer = at_work(move || {
        let device = device_of(&server, &peer)?;
        let request = read_body(&bytes)?;
        exchange::answer(&server.store, &server.photos, &device, request, server.environment.now())
    });
    match answer.await {
        Ok(answer) => answered(&answer),
        Err(refusal) => refused(&refusal),
    }
}

#[derive(serde::Deserialize)]
struct AtOffset {
    offset: u64,
}

async fn put_photo(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<PeerCertificate>,
    UrlPath(hash): UrlPath<String>,
    Query(at): Query<AtOffset>,
    bytes: Bytes,
) -> Response {
    let answer = at_work(move || {
        let device = device_of(&server, &peer)?;
        let hash = Hash32::parse(&hash).ok_or_else(|| refuse(RefusalCode::Malformed, "no hash"))?;
        if bytes.len() > PHOTO_PART_BYTES_MAX {
            return Err(refuse(RefusalCode::TooLarge, "a part of that size"));
        }
        server.photos.append(&server.store, &device, hash, at.offset, &bytes)
    });
    match answer.await {
        Ok(offset) => answered(&offset),
        Err(refusal) => refused(&refusal),
    }
}

async fn get_photo(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<PeerCertificate>,
    UrlPath(hash): UrlPath<String>,
    headers: HeaderMap,
) -> Response {
    let (start, end) = range_of(&headers);
    let bytes_max = end
        .and_then(|end| usize::try_from(end.saturating_sub(start).saturating_add(1)).ok())
        .map_or(PHOTO_PART_BYTES_MAX, |asked| asked.min(PHOTO_PART_BYTES_MAX));
    let answer = at_work(move || {
        let device = device_of(&server, &peer)?;
        let hash = Hash32::parse(&hash).ok_or_else(|| refuse(RefusalCode::Malformed, "no hash"))?;
        server.photos.read(&server.store, &device, hash, start, bytes_max)
    });
    match answer.await {
        Ok(part) => {
            let length = u64::try_from(part.bytes.len()).unwrap_or(0);
            let last = start.saturating_add(length).saturating_sub(1);
            let range = format!("bytes {start}-{last}/{}", part.bytes_total);
            let headers = [(header::CONTENT_TYPE, "image/jpeg".to_owned()), (header::CONTENT_RANGE, range)];
            (StatusCode::PARTIAL_CONTENT, headers, part.bytes).into_response()
        }
        Err(refusal) => refused(&refusal),
    }
}

/// `Range: bytes=START-END`, with or without an end; all of it when there is none.
fn range_of(headers: &HeaderMap) -> (u64, Option<u64>) {
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let Some((start, end)) = range.and_then(|text| text.strip_prefix("bytes=")).and_then(|text| text.split_once('-'))
    else {
        return (0, None);
    };
    (start.parse().unwrap_or(0), end.parse().ok())
}
