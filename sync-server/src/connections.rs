//! Connections: taken, proven, served, and let go. Tablets vanish from a network without a word; what they leave
//! open is closed here, or a county would run out of file handles in a week.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
#[derive(Debug, Default)]
pub(crate) struct Activity {
    in_work: AtomicUsize,
    begun: AtomicUsize,
}

impl Activity {
    /// Ends when a whole span has gone by in which no request was begun or in work.
    async fn ceased(&self, span: Duration) {
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            tokio::time::sleep(span).await;
            if self.in_work.load(Ordering::Relaxed) == 0 && self.begun.load(Ordering::Relaxed) == begun {
                return;
            }
        }
    }
}

/// A request in work, counted until it is answered or given up.
struct InWork(Arc<Activity>);

impl InWork {
    fn begin(activity: Arc<Activity>) -> Self {
        activity.begun.fetch_add(1, Ordering::Relaxed);
        activity.in_work.fetch_add(1, Ordering::Relaxed);
        Self(activity)
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        self.0.in_work.fetch_sub(1, Ordering::Relaxed);
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
    let activity = Arc::new(Activity::default());
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

    const SPAN: Duration = Duration::from_secs(900);

    async fn goes_on_for(activity: &Activity, seconds: u64) -> bool {
        tokio::time::timeout(Duration::from_secs(seconds), activity.ceased(SPAN)).await.is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_a_tablet_left_without_a_word_ends_by_itself() {
        let activity = Activity::default();
        assert!(!goes_on_for(&activity, 901).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_does_not_end_while_a_request_is_in_work_and_not_soon_after() {
        let activity = Arc::new(Activity::default());
        let in_work = InWork::begin(Arc::clone(&activity));
        assert!(goes_on_for(&activity, 100_000).await, "it is in work");
        let waiting = tokio::spawn({
            let activity = Arc::clone(&activity);
            async move { activity.ceased(SPAN).await }
        });
        tokio::time::sleep(Duration::from_secs(600)).await;
        drop(in_work);
        drop(InWork::begin(Arc::clone(&activity)));
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert!(!waiting.is_finished(), "it was used within the first span");
        tokio::time::sleep(Duration::from_secs(700)).await;
        assert!(waiting.is_finished());
    }
}
