//! The words on the wire, shared by device and server. One step a file.
//!
//! All bodies are CBOR of the types here, in their one deterministic encoding, compressed as one zstd
//! stream ([`body`]). Paths and limits stand here; who may ask what is decided from the register and never
//! from the request (architecture: partial replication).

pub mod apart;
pub mod body;
mod bounded;
pub mod cursor;
pub mod enrol;
pub mod envelope;
pub mod pack;
pub mod photo;
pub mod quarantine;
pub mod refusal;
pub mod register;
pub mod repair;
pub mod sync;
pub mod wait;

/// The version of the protocol. A server that does not know a client's version says so ([`refusal`]).
/// 1 (2026-11): the first.
pub const VERSION: u16 = 1;

/// Where a device exchanges its enrolment code for a certificate. The only path without a client certificate.
pub const ENROL_PATH: &str = "/v1/enrol";
/// Where a device pushes and pulls.
pub const SYNC_PATH: &str = "/v1/sync";
/// Where a desk waits for news.
pub const WAIT_PATH: &str = "/v1/wait";
/// Where a device compares what it holds with what the server holds.
pub const REPAIR_PATH: &str = "/v1/repair";
/// The largest request to wait, before and after decompression: 4 KiB. It holds no records.
pub const WAIT_BYTES_MAX: usize = 4 * 1024;
/// Photos by hash: `POST` with `?offset=N` appends and is answered as the bytes come, `PUT` appends one part, `GET` with a
/// `Range` fetches.
pub const PHOTO_PATH: &str = "/v1/photo";
/// Packs by hash: `GET` with a `Range` fetches.
pub const PACK_PATH: &str = "/v1/pack";

/// The largest request body that a server reads: 4 MiB.
pub const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The largest request after decompression: 8 MiB. A day's push has some 100 KB.
pub const REQUEST_INFLATED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The largest request to enrol, before and after decompression: 4 KiB. It may come from anybody.
pub const ENROL_BYTES_MAX: usize = 4 * 1024;
/// The largest answer after decompression: 32 MiB.
pub const INFLATED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bytes of a photo that are on their way without a word that they have been kept: what a lost link wastes at most.
pub const PHOTO_PART_BYTES: usize = 8 * 1024;
/// A piece of them: the server keeps each as it comes, and says so, while the next ones are on their way.
pub const PHOTO_PIECE_BYTES: usize = 2 * 1024;
/// Bytes of a photo that one request carries at most: at 20 kbit/s nearly two minutes.
pub const PHOTO_STREAM_BYTES: usize = 256 * 1024;
/// The largest photo: 4 MiB. Ours have 200 to 400 KB.
pub const PHOTO_BYTES_MAX: u64 = 4 * 1024 * 1024;
