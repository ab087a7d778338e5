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

/// For what a tablet says and hears on most days: two in a hundred smaller than at [`LEVEL_OF_LARGE`], in some milliseconds, while
/// EDGE needs thirteen for each hundred bytes.
const LEVEL_OF_SMALL: i32 = 19;
/// For what is larger than [`SMALL_BYTES_MAX`].
const LEVEL_OF_LARGE: i32 = 9;
/// Up to which size, before compression, a body is small.
const SMALL_BYTES_MAX: usize = 64 * 1024;

/// Encodes and compresses a message.
///
/// # Errors
/// Only when memory runs out.
pub fn write<T: Encode<()>>(message: &T) -> std::io::Result<Vec<u8>> {
    let bytes = cbor(message);
    zstd::bulk::compress(&bytes, if bytes.len() > SMALL_BYTES_MAX { LEVEL_OF_LARGE } else { LEVEL_OF_SMALL })
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
