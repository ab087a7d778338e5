//! How a message becomes a body: CBOR, then one zstd stream.

use minicbor::{Decode, Encode};

use super::INFLATED_BYTES_MAX;

/// What makes a body unreadable.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is no zstd stream, or inflates to more than is allowed.
    #[error("the body cannot be inflated: {0}")]
    Compression(std::io::Error),
    /// It is not the CBOR that this version knows.
    #[error("the body is not the expected CBOR: {0}")]
    Encoding(minicbor::decode::Error),
}

/// The level is the best that costs a tablet under a millisecond for a day of visits.
const LEVEL: i32 = 9;

/// Encodes and compresses a message.
///
/// # Errors
/// Only when memory runs out.
pub fn write<T: Encode<()>>(message: &T) -> std::io::Result<Vec<u8>> {
    zstd::bulk::compress(&cbor(message), LEVEL)
}

/// Inflates and decodes a message.
///
/// # Errors
/// [`BodyError`]; nothing outside of the size limit is ever allocated.
pub fn read<T: for<'b> Decode<'b, ()>>(body: &[u8]) -> Result<T, BodyError> {
    read_within(body, INFLATED_BYTES_MAX)
}

/// Inflates and decodes a message that is never larger than `inflated_bytes_max`.
///
/// # Errors
/// As [`read`].
pub fn read_within<T: for<'b> Decode<'b, ()>>(body: &[u8], inflated_bytes_max: usize) -> Result<T, BodyError> {
    let inflated = zstd::bulk::decompress(body, inflated_bytes_max).map_err(BodyError::Compression)?;
    minicbor::decode(&inflated).map_err(BodyError::Encoding)
}

/// The one CBOR encoding of a value: what is signed and hashed.
pub fn cbor<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to a vector cannot fail, and no type here refuses to be encoded.
    let _: Result<(), minicbor::encode::Error<std::convert::Infallible>> = minicbor::encode(value, &mut bytes);
    bytes
}
