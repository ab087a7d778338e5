//! Connections: taken, proven, served, and let go. Tablets vanish from a network without a word; what they leave
//! open is closed here, or a county would run out of file handles in a week.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Extension, Request};
use axum::middleware::Next;
use axum::response::Response;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use jiafang_core::domain::identifier::CertificateId;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

/// A device that sends nothing for so long is let go: links in the mountains are slow, but not that slow.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(60);
/// Longer than a device keeps a connection warm between two syncs.
const IDLE_TIME_MAX: Duration = Duration::from_secs(15 * 60);
/// What is in work when a connection is to end may take so long.
const GRACE: Duration = Duration::from_secs(60);
/// As many connections at once; the next ones wait.
const CONNECTIONS_MAX: usize = 4_096;

/// Who stands at the other end of a connection, by the certificate that it was made with.
#[derive(Debug, Clone)]
pub(crate) enum Peer {
    /// No certificate: it may only enrol.
    Nobody,
    /// A certificate of the county's own, with the key that made the connection.
    Device {
        /// The certificate's id.
        certificate: CertificateId,
        /// The key, as SubjectPublicKeyInfo.
        public_key_info: Arc<Vec<u8>>,
    },
    /// A certificate of the county's own that says of no device.
    Unreadable,
}

impl Peer {
    fn of(stream: &tokio_rustls::server::TlsStream<TcpStream>) -> Self {
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let Some(der) = chain.first() else { return Self::Nobody };
        let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) else { return Self::Unreadable };
        let name = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        match name.and_then(CertificateId::parse) {
            Some(id) => {
                Self::Device { certificate: id, public_key_info: Arc::new(certificate.public_key().raw.to_vec()) }
            }
            None => Self::Unreadable,
        }
    }
}

/// What a connection is doing.
#[derive(Debug)]
pub(crate) struct Activity {
    requests: AtomicUsize,
    last: Mutex<Instant>,
}

impl Activity {
    fn begun() -> Arc<Self> {
        Arc::new(Self { requests: AtomicUsize::new(0), last: Mutex::new(Instant::now()) })
    }

    fn last(&self) -> Instant {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when nothing has happened for so long.
    async fn ceased(&self, idle_time_max: Duration) {
        loop {
            let until = self.last().checked_add(idle_time_max).unwrap_or_else(Instant::now);
            if self.requests.load(Ordering::Relaxed) == 0 && until <= Instant::now() {
                return;
            }
            let look_again = Instant::now().checked_add(Duration::from_secs(1)).unwrap_or(until);
            tokio::time::sleep_until(until.max(look_again)).await;
        }
    }
}

/// A request in work, counted until it is answered or given up.
struct InWork(Arc<Activity>);

impl InWork {
    fn begin(activity: Arc<Activity>) -> Self {
        activity.requests.fetch_add(1, Ordering::Relaxed);
        Self(activity)
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts the requests of a connection.
pub(crate) async fn counted(Extension(activity): Extension<Arc<Activity>>, request: Request, next: Next) -> Response {
    let _in_work = InWork::begin(activity);
    next.run(request).await
}

/// Takes connections until `stopped`, then lets those in work finish.
pub(crate) async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = tokio::task::JoinSet::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = one(&listener, &places) => accepted,
            _ = stopped.changed() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let (stream, place) = match accepted {
            Ok(accepted) => accepted,
            Err(cause) => {
                // Out of file handles, as a rule: others will be given back.
                tracing::warn!(%cause, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (acceptor, router, stopped) = (acceptor.clone(), router.clone(), stopped.clone());
        connections.spawn(async move {
            connection(stream, acceptor, router, stopped).await;
            drop(place);
        });
    }
    // Nobody new: who calls now is told at once that nobody is here.
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(Duration::from_secs(10), drained).await.is_err() {
        connections.abort_all();
    }
}

async fn one(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    Ok((listener.accept().await?.0, place))
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, router: Router, mut stopped: watch::Receiver<bool>) {
    if let Err(cause) = stream.set_nodelay(true) {
        tracing::debug!(%cause, "no nodelay");
    }
    let handshake = tokio::select! {
        handshake = tokio::time::timeout(HANDSHAKE_TIME_MAX, acceptor.accept(stream)) => handshake,
        _ = stopped.changed() => return,
    };
    let stream = match handshake {
        Ok(Ok(stream)) => stream,
        Ok(Err(cause)) => return tracing::debug!(%cause, "a handshake failed"),
        Err(_) => return tracing::debug!("a handshake took too long"),
    };
    let activity = Activity::begun();
    let service = router.layer(Extension(Peer::of(&stream))).layer(Extension(Arc::clone(&activity)));
    let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    let serving = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(serving);
    let served = tokio::select! {
        served = serving.as_mut() => Ok(served),
        () = ended(&mut stopped, &activity) => {
            serving.as_mut().graceful_shutdown();
            tokio::time::timeout(GRACE, serving).await
        }
    };
    match served {
        Ok(Ok(())) => {}
        Ok(Err(cause)) => tracing::debug!(%cause, "a connection ended"),
        Err(_) => tracing::debug!("a connection did not end by itself"),
    }
}

async fn ended(stopped: &mut watch::Receiver<bool>, activity: &Activity) {
    tokio::select! {
        _ = stopped.changed() => {}
        () = activity.ceased(IDLE_TIME_MAX) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_ends_when_nothing_has_come_for_long_and_not_while_a_request_is_in_work() {
        let begun = Instant::now();
        let activity = Activity::begun();
        let in_work = InWork::begin(Arc::clone(&activity));
        let waits = activity.ceased(Duration::from_secs(900));
        tokio::pin!(waits);
        assert!(tokio::time::timeout(Duration::from_secs(4_000), waits.as_mut()).await.is_err(), "it is in work");
        drop(in_work);
        waits.await;
        let waited = begun.elapsed().as_secs();
        assert!((4_900..4_910).contains(&waited), "{waited}");
    }
}
