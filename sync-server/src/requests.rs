//! What a request does, without the connection that it came by: who asks and bytes in, bytes out. The listening
//! socket stands in [`crate::serve`]; tests call these alone, with a network of their own.

use jiafang_core::domain::identifier::{CertificateId, Hash32};
use jiafang_core::error::Failure;
use jiafang_core::protocol::photo::PhotoOffset;
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::protocol::repair::RepairRequest;
use jiafang_core::protocol::wait::{WaitAnswer, WaitRequest};
use jiafang_core::protocol::{self, body};

use crate::identity::ed25519_spki;
use crate::photo::Part;
use crate::serve::Server;
use crate::store::register::{self, Device};
use crate::{enrol, exchange, fault, refuse, repair};

/// A photo part is small; a batch of them is taken as one, too.
pub const PHOTO_PART_BYTES_MAX: usize = 512 * 1024;

/// What is answered: a body, or why not.
type Answered<T> = Result<T, Refusal>;

fn read_body<T: for<'b> minicbor::Decode<'b, ()>>(bytes: &[u8], inflated_bytes_max: usize) -> Answered<T> {
    body::read_within(bytes, inflated_bytes_max).map_err(|cause| refuse(RefusalCode::Malformed, cause.to_string()))
}

fn written<T: minicbor::Encode<()>>(answer: &T) -> Answered<Vec<u8>> {
    body::write(answer).map_err(|cause| fault(Failure::from(cause)))
}

impl Server {
    /// The device that a connection has proven, by its certificate's id and the key (SubjectPublicKeyInfo) that made
    /// the connection, as the register knows it now.
    ///
    /// # Errors
    /// [`RefusalCode::CertificateRefused`], [`RefusalCode::Fault`].
    pub fn device(&self, certificate: CertificateId, public_key_info: &[u8]) -> Answered<Device> {
        let nobody = |detail: &str| refuse(RefusalCode::CertificateRefused, detail);
        let device = self
            .store
            .read(|connection| register::device(connection, certificate))
            .map_err(fault)?
            .ok_or_else(|| nobody("the register does not know the device, or has revoked it"))?;
        if public_key_info != ed25519_spki(&device.public_key) {
            return Err(nobody("the certificate has another key than the register"));
        }
        Ok(device)
    }

    /// `POST /v1/enrol`.
    ///
    /// # Errors
    /// As [`enrol::enrol`], [`RefusalCode::Malformed`].
    pub fn enrol(&self, bytes: &[u8]) -> Answered<Vec<u8>> {
        let request = read_body(bytes, protocol::ENROL_BYTES_MAX)?;
        written(&enrol::enrol(&self.store, &self.identity, &request, &self.environment)?)
    }

    /// `POST /v1/sync`.
    ///
    /// # Errors
    /// As [`exchange::answer`], [`RefusalCode::Malformed`].
    pub fn sync(&self, device: &Device, bytes: &[u8]) -> Answered<Vec<u8>> {
        let request = read_body(bytes, protocol::REQUEST_INFLATED_BYTES_MAX)?;
        let answer = exchange::answer(
            &self.store,
            &self.photos,
            &self.packs,
            &self.identity.county,
            device,
            request,
            self.environment.now(),
        )?;
        self.news.taken_in(&self.store, &answer.receipts);
        written(&answer)
    }

    /// The body of `POST /v1/wait`, and whether the device is to sync at once.
    ///
    /// # Errors
    /// [`RefusalCode::Malformed`], [`RefusalCode::VersionNotSpoken`], [`RefusalCode::Fault`].
    pub fn begins_to_wait(&self, device: &Device, bytes: &[u8]) -> Answered<bool> {
        let request: WaitRequest = read_body(bytes, protocol::WAIT_BYTES_MAX)?;
        if request.version != protocol::VERSION {
            return Err(refuse(RefusalCode::VersionNotSpoken, format!("version {}", request.version)));
        }
        self.news.is_behind(&self.store, device, &request).map_err(fault)
    }

    /// The answer to `POST /v1/wait`.
    ///
    /// # Errors
    /// [`RefusalCode::Fault`].
    pub fn waited(&self, news: bool, again_after_ms: u32) -> Answered<Vec<u8>> {
        written(&WaitAnswer { news, again_after_ms, photo_news: self.news.photo_news() })
    }

    /// `POST /v1/repair`.
    ///
    /// # Errors
    /// As [`repair::answer`], [`RefusalCode::Malformed`].
    pub fn repair(&self, device: &Device, bytes: &[u8]) -> Answered<Vec<u8>> {
        let request: RepairRequest = read_body(bytes, protocol::REQUEST_INFLATED_BYTES_MAX)?;
        written(&repair::answer(&self.store, device, &request)?)
    }

    /// `GET /v1/pack/{hash}`, from a byte on.
    ///
    /// # Errors
    /// As [`crate::packs::Packs::read`].
    pub fn get_pack(&self, device: &Device, hash: Hash32, offset: u64, bytes_max: usize) -> Answered<Part> {
        self.packs.read(&self.store, device, hash, offset, bytes_max.min(PHOTO_PART_BYTES_MAX))
    }

    /// `PUT /v1/photo/{hash}?offset=…`.
    ///
    /// # Errors
    /// As [`Self::append_photo`].
    pub fn put_photo(&self, device: &Device, hash: Hash32, offset: u64, bytes: &[u8]) -> Answered<Vec<u8>> {
        written(&self.append_photo(device, hash, offset, bytes)?)
    }

    /// Bytes of a photo that have come.
    ///
    /// # Errors
    /// As [`crate::photo::PhotoFolder::append`].
    pub fn append_photo(&self, device: &Device, hash: Hash32, offset: u64, bytes: &[u8]) -> Answered<PhotoOffset> {
        if bytes.len() > PHOTO_PART_BYTES_MAX {
            return Err(refuse(RefusalCode::TooLarge, "a part of that size"));
        }
        let held = self.photos.append(&self.store, device, hash, offset, bytes)?;
        if held.complete {
            self.news.photo_is_whole(&self.store, hash);
        }
        Ok(held)
    }

    /// `GET /v1/photo/{hash}`, from a byte on.
    ///
    /// # Errors
    /// As [`crate::photo::PhotoFolder::read`].
    pub fn get_photo(&self, device: &Device, hash: Hash32, offset: u64, bytes_max: usize) -> Answered<Part> {
        self.photos.read(&self.store, device, hash, offset, bytes_max.min(PHOTO_PART_BYTES_MAX))
    }
}
