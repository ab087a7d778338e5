//! The HTTP side of a sync session: a connection to a server whose key is pinned, proven by the device's
//! certificate. Nothing else: what is sent and what becomes of it is decided in core.

#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

mod photo;
mod pinned;

use std::time::Duration;

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::protocol::enrol::{EnrolAnswer, EnrolRequest};
use jiafang_core::protocol::pack::PACK_PART_BYTES;
use jiafang_core::protocol::photo::PhotoOffset;
use jiafang_core::protocol::{self, body};
use jiafang_core::sync::link::{Connector, DeviceIdentity, Exchanged, Link, LinkFailure, PhotoPart};
use reqwest::{Client, Response, header};
use tokio::runtime::Runtime;

/// How long a handshake over a bad link may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(20);
/// How long it may take until an answer begins, and then until more of it comes: a push of 120 KB at 20 kbit/s needs
/// 48 seconds, an answer of 500 KB needs more than three minutes, and neither is lost as long as bytes move.
const SILENCE_TIME_MAX: Duration = Duration::from_secs(180);
/// A connection whose other end has vanished is noticed after so long. A tablet that left the valley sends again after 3,
/// 6, 12, 24 seconds: with a minute of patience, as it was, two windows of signal of 20 seconds went by unused between two
/// attempts, and a drill needed twice as long (docs/drills.md). Three losses of one packet in a row are still survived.
/// Windows lets no program set it: there a connection ends after a packet was repeated five times in vain.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNACKNOWLEDGED_TIME_MAX: Duration = Duration::from_secs(20);
/// How often a silent connection is asked whether it still stands: who waits for an answer that was lost with the signal
/// has nothing unacknowledged, and hears of it by the second question.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// A connection is kept warm for so long between two syncs.
const IDLE_TIME_MAX: Duration = Duration::from_secs(10 * 60);
/// Who enrols asks again so often when the connection breaks.
const ENROLMENT_RETRIES: u32 = 2;
/// An answer larger than this is no answer of ours.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Makes connections over HTTPS.
#[derive(Debug, Default)]
pub struct HttpsConnector;

/// An enrolled device's connection.
struct HttpsLink {
    client: Client,
    address: String,
    /// Keeps the connection alive between two calls, and waits for both directions at once where a call needs that.
    runtime: Option<Runtime>,
}

impl Drop for HttpsLink {
    fn drop(&mut self) {
        // Nothing of it is waited for: what was to be heard has been heard.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn runtime() -> Result<Runtime, LinkFailure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|cause| LinkFailure::Unreachable(format!("no thread for the connection: {cause}")))
}

fn client(fingerprint: Hash32, identity: Option<(&[u8], &[u8])>) -> Result<Client, LinkFailure> {
    let tls = pinned::client_config(fingerprint, identity)?;
    let builder = Client::builder();
    #[cfg(any(target_os = "android", target_os = "linux"))]
    let builder = builder.tcp_user_timeout(UNACKNOWLEDGED_TIME_MAX);
    builder
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT_TIME_MAX)
        .read_timeout(SILENCE_TIME_MAX)
        .tcp_keepalive(KEEPALIVE_INTERVAL)
        .tcp_keepalive_interval(KEEPALIVE_INTERVAL)
        .tcp_keepalive_retries(3)
        .pool_idle_timeout(IDLE_TIME_MAX)
        .tcp_nodelay(true)
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        // A proxy of the system would see nothing, but the county's server is not reached through one.
        .no_proxy()
        .build()
        .map_err(|cause| LinkFailure::Unreadable(format!("the connection cannot be set up: {cause}")))
}

/// What the TLS layer said, wherever in the chain of causes it stands: an `io::Error` hides what it wraps from
/// [`std::error::Error::source`].
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls);
    }
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match wrapped {
        Some(wrapped) => tls_error(wrapped),
        None => error.source().and_then(tls_error),
    }
}

/// What went wrong underneath, told apart by what the TLS layer said.
fn unreachable(cause: &reqwest::Error) -> LinkFailure {
    match tls_error(cause) {
        Some(rustls::Error::InvalidCertificate(_)) => return LinkFailure::NotTrusted,
        Some(tls) => return LinkFailure::Unreachable(format!("TLS: {tls}")),
        None => {}
    }
    // Without the address: the log needs no more than what kind of failure it was.
    let kind = if cause.is_timeout() {
        "it took too long"
    } else if cause.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    LinkFailure::Unreachable(kind.to_owned())
}

/// What is left of a body, bit by bit, so that a slow answer is waited for as long as it comes. What was read before the
/// line broke counts.
async fn read_body(response: &mut Response, body: &mut Vec<u8>) -> Result<(), LinkFailure> {
    while let Some(bytes) = response.chunk().await.map_err(|cause| unreachable(&cause))? {
        body.extend_from_slice(&bytes);
        if u64::try_from(body.len()).is_ok_and(|length| length > ANSWER_BYTES_MAX) {
            return Err(LinkFailure::Unreadable("an answer of that size".to_owned()));
        }
    }
    Ok(())
}

/// The body of a good answer; what the server said of a bad one.
async fn bytes_of(mut response: Response) -> Result<Vec<u8>, LinkFailure> {
    let status = response.status();
    let mut bytes = Vec::new();
    read_body(&mut response, &mut bytes).await?;
    if status.is_success() {
        return Ok(bytes);
    }
    match minicbor::decode(&bytes) {
        Ok(refusal) => Err(LinkFailure::Refused(refusal)),
        // A portal of some network answered instead of the server, or a proxy in front of it.
        Err(_) => Err(LinkFailure::Unreadable(format!("status {status}"))),
    }
}

fn read<T: for<'b> minicbor::Decode<'b, ()>>(bytes: &[u8]) -> Result<T, LinkFailure> {
    body::read(bytes).map_err(|cause| LinkFailure::Unreadable(cause.to_string()))
}

impl Connector for HttpsConnector {
    fn enrol(&self, address: &str, fingerprint: Hash32, request: &EnrolRequest) -> Result<EnrolAnswer, LinkFailure> {
        let body = body::write(request).map_err(|cause| LinkFailure::Unreadable(cause.to_string()))?;
        let mut link =
            HttpsLink { client: client(fingerprint, None)?, address: address.to_owned(), runtime: Some(runtime()?) };
        let mut ask = || read(&link.send(protocol::ENROL_PATH, body.clone())?);
        // A code works once, and the answer may be lost on the way: the same key is given the same certificate again.
        let mut answer = ask();
        for _ in 0..ENROLMENT_RETRIES {
            if !matches!(answer, Err(LinkFailure::Unreachable(_))) {
                break;
            }
            answer = ask();
        }
        answer
    }

    fn connect(&self, identity: DeviceIdentity) -> Result<Box<dyn Link>, LinkFailure> {
        let proof = (identity.certificate_der.as_slice(), identity.key_pkcs8_der.as_slice());
        Ok(Box::new(HttpsLink {
            client: client(identity.fingerprint, Some(proof))?,
            address: identity.address,
            runtime: Some(runtime()?),
        }))
    }
}

impl HttpsLink {
    /// Waits for a call to end.
    fn waits<T>(&self, call: impl Future<Output = Result<T, LinkFailure>>) -> Result<T, LinkFailure> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(call),
            None => Err(LinkFailure::Unreachable("the connection was let go".to_owned())),
        }
    }

    fn send(&mut self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, LinkFailure> {
        let request = self.client.post(format!("https://{}{path}", self.address)).body(body);
        self.waits(async { bytes_of(request.send().await.map_err(|cause| unreachable(&cause))?).await })
    }

    fn photo_url(&self, hash: Hash32) -> String {
        format!("https://{}{}/{hash}", self.address, protocol::PHOTO_PATH)
    }

    /// Asks for at most so many bytes of something, from an offset on.
    fn part(&self, url: String, offset: u64, bytes_max: usize) -> reqwest::RequestBuilder {
        let last = offset.saturating_add(u64::try_from(bytes_max).unwrap_or(u64::MAX)).saturating_sub(1);
        self.client.get(url).header(header::RANGE, format!("bytes={offset}-{last}"))
    }
}

/// The size of a whole of which a part came.
fn whole_of(response: &Response) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.rsplit('/').next()?.parse().ok()
}

/// The answer to a request for a part, with the size of the whole; a refusal, or somebody else's page, is a failure.
async fn part_of(request: reqwest::RequestBuilder) -> Result<(Response, u64), LinkFailure> {
    let response = request.send().await.map_err(|cause| unreachable(&cause))?;
    match whole_of(&response) {
        Some(bytes_total) if response.status() == reqwest::StatusCode::PARTIAL_CONTENT => Ok((response, bytes_total)),
        _ => match bytes_of(response).await {
            Ok(_) => Err(LinkFailure::Unreadable("a part without its range".to_owned())),
            Err(failure) => Err(failure),
        },
    }
}

impl Link for HttpsLink {
    fn exchange(&mut self, body: Vec<u8>) -> Result<Exchanged, LinkFailure> {
        let bytes = self.send(protocol::SYNC_PATH, body)?;
        Ok(Exchanged { answer: read(&bytes)?, answer_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX) })
    }

    fn post(&mut self, path: &'static str, body: Vec<u8>) -> Result<Vec<u8>, LinkFailure> {
        self.send(path, body)
    }

    fn send_photo(
        &mut self,
        hash: Hash32,
        offset: u64,
        bytes: &[u8],
        heard: &mut dyn FnMut(PhotoOffset) -> bool,
    ) -> Result<(), LinkFailure> {
        let request = self.client.post(format!("{}?offset={offset}", self.photo_url(hash)));
        self.waits(photo::send(request, hash, offset, bytes, heard))
    }

    fn get_photo_part(&mut self, hash: Hash32, offset: u64, bytes_max: usize) -> Result<PhotoPart, LinkFailure> {
        let request = self.part(self.photo_url(hash), offset, bytes_max);
        self.waits(async {
            let (mut response, bytes_total) = part_of(request).await?;
            let mut bytes = Vec::new();
            match read_body(&mut response, &mut bytes).await {
                Ok(()) if bytes.len() <= bytes_max => Ok(PhotoPart { bytes, bytes_total }),
                // The line broke: what has come is not fetched again.
                Err(LinkFailure::Unreachable(_)) if (1..=bytes_max).contains(&bytes.len()) => {
                    Ok(PhotoPart { bytes, bytes_total })
                }
                Ok(()) => Err(LinkFailure::Unreadable("more than was asked for".to_owned())),
                Err(failure) => Err(failure),
            }
        })
    }

    fn get_pack(
        &mut self,
        hash: Hash32,
        offset: u64,
        bytes_max: usize,
        take: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), LinkFailure> {
        let request = self.part(format!("https://{}{}/{hash}", self.address, protocol::PACK_PATH), offset, bytes_max);
        self.waits(async {
            let (mut response, bytes_total) = part_of(request).await?;
            let (mut come, mut waiting) = (0_usize, Vec::with_capacity(PACK_PART_BYTES));
            loop {
                let next = response.chunk().await;
                if let Ok(Some(bytes)) = &next {
                    come = come.saturating_add(bytes.len());
                    waiting.extend_from_slice(bytes);
                }
                if come > bytes_max {
                    return Err(LinkFailure::Unreadable("more than was asked for".to_owned()));
                }
                // What was read before a line was cut counts.
                let is_last = !matches!(next, Ok(Some(_)));
                while waiting.len() >= PACK_PART_BYTES || (is_last && !waiting.is_empty()) {
                    let rest = waiting.split_off(waiting.len().min(PACK_PART_BYTES));
                    if !take(bytes_total, &std::mem::replace(&mut waiting, rest)) {
                        return Ok(());
                    }
                }
                match next {
                    Ok(Some(_)) => {}
                    Ok(None) => return Ok(()),
                    Err(_) => return Err(LinkFailure::Unreachable("the connection broke".to_owned())),
                }
            }
        })
    }
}
