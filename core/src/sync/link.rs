//! The narrow door to the network. The sync client implements it over HTTPS; tests implement it over
//! whatever they want to break.

use crate::domain::identifier::Hash32;
use crate::error::{ErrorCode, Failure};
use crate::protocol::photo::PhotoOffset;
use crate::protocol::refusal::Refusal;
use crate::protocol::sync::SyncAnswer;
use crate::protocol::{enrol::EnrolAnswer, enrol::EnrolRequest};

/// Why nothing came back that could be used.
#[derive(Debug, thiserror::Error)]
pub enum LinkFailure {
    /// No connection, or it was lost: try again when there is signal.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// The server's key is not the pinned one.
    #[error("the server's key is not the pinned one")]
    NotTrusted,
    /// The server refused, and said why.
    #[error("refused: {:?} {}", .0.code, .0.detail)]
    Refused(Refusal),
    /// What came back could not be read.
    #[error("the answer could not be read: {0}")]
    Unreadable(String),
}

impl From<LinkFailure> for Failure {
    fn from(failure: LinkFailure) -> Self {
        let code = match &failure {
            LinkFailure::Unreachable(_) => ErrorCode::ServerUnreachable,
            LinkFailure::NotTrusted => ErrorCode::ServerNotTrusted,
            LinkFailure::Refused(refusal) => refusal.code.error_code(),
            LinkFailure::Unreadable(_) => ErrorCode::ServerAnswerUnreadable,
        };
        Self::caused(code, "link", failure)
    }
}

/// An enrolled device's connection to its server. Calls block; they run on a thread of their own.
pub trait Link: Send {
    /// `POST /v1/sync` with an encoded [`crate::protocol::sync::SyncRequest`] body.
    ///
    /// # Errors
    /// [`LinkFailure`].
    fn exchange(&mut self, body: Vec<u8>) -> Result<Exchanged, LinkFailure>;

    /// `POST` of a body to another path of [`crate::protocol`]; gives the body of the answer.
    ///
    /// # Errors
    /// [`LinkFailure`].
    fn post(&mut self, path: &'static str, body: Vec<u8>) -> Result<Vec<u8>, LinkFailure>;

    /// `POST /v1/photo/{hash}?offset=…`: sends bytes of a file from `offset` on. Never more than
    /// [`crate::protocol::PHOTO_PART_BYTES`] of them are on their way that the server has not said to hold. `heard` is told
    /// each time it holds more; once that says `false` nothing new goes out, and what is on its way is still heard of.
    ///
    /// # Errors
    /// [`LinkFailure`].
    fn send_photo(
        &mut self,
        hash: Hash32,
        offset: u64,
        bytes: &[u8],
        heard: &mut dyn FnMut(PhotoOffset) -> bool,
    ) -> Result<(), LinkFailure>;

    /// `GET /v1/photo/{hash}` with `Range: bytes=offset-…`: at most `bytes_max` bytes from `offset` on.
    ///
    /// # Errors
    /// [`LinkFailure`].
    fn get_photo_part(&mut self, hash: Hash32, offset: u64, bytes_max: usize) -> Result<PhotoPart, LinkFailure>;

    /// `GET /v1/pack/{hash}` with `Range: bytes=offset-…`: hands over what comes, at most `bytes_max` bytes from `offset`
    /// on, in pieces of [`crate::protocol::pack::PACK_PART_BYTES`] (the last may be smaller), each with the whole pack's
    /// size. Stops when `take` says `false`. What has come before a line is cut is handed over, too.
    ///
    /// # Errors
    /// [`LinkFailure`].
    fn get_pack(
        &mut self,
        hash: Hash32,
        offset: u64,
        bytes_max: usize,
        take: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), LinkFailure>;
}

/// A sync answer with what it cost on the wire.
#[derive(Debug)]
pub struct Exchanged {
    /// The answer.
    pub answer: SyncAnswer,
    /// The size of the answer's body as it came.
    pub answer_bytes: u64,
}

/// A part of a photo that came down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoPart {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The whole file's size.
    pub bytes_total: u64,
}

/// What an enrolled device needs to connect: nothing of it is secret but the key.
pub struct DeviceIdentity {
    /// `host:port` of the server.
    pub address: String,
    /// SHA-256 of the server's SubjectPublicKeyInfo.
    pub fingerprint: Hash32,
    /// The X.509 client certificate, DER.
    pub certificate_der: Vec<u8>,
    /// The device's secret key, PKCS#8 DER.
    pub key_pkcs8_der: Vec<u8>,
}

/// Makes connections: handed to use cases by the host.
pub trait Connector: Send + Sync {
    /// `POST /v1/enrol` to a server that must have the key of this fingerprint.
    ///
    /// # Errors
    /// [`LinkFailure`].
    fn enrol(&self, address: &str, fingerprint: Hash32, request: &EnrolRequest) -> Result<EnrolAnswer, LinkFailure>;

    /// A connection for an enrolled device; made when first used, kept warm, made again when lost.
    ///
    /// # Errors
    /// [`LinkFailure::Unreadable`] when the identity cannot be used.
    fn connect(&self, identity: DeviceIdentity) -> Result<Box<dyn Link>, LinkFailure>;
}
