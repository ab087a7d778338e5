//! Reads arrays of a request within a limit.
//!
//! An element of one byte on the wire is some twenty in memory, and a compressed kilobyte can hold millions of them: a
//! request that is itself small could make a server ask for hundreds of megabytes before anybody counts.

use minicbor::decode::Error;
use minicbor::{Decode, Decoder};

/// The most elements of one array: far more than a push or a list of offers may have (the server counts those and
/// answers in words), and little memory.
const ELEMENTS_MAX: usize = 65_536;

/// For `#[cbor(decode_with = "…")]`.
pub(super) fn decode<'b, C, T: Decode<'b, C>>(decoder: &mut Decoder<'b>, context: &mut C) -> Result<Vec<T>, Error> {
    let mut elements = Vec::new();
    for element in decoder.array_iter_with(context)? {
        if elements.len() >= ELEMENTS_MAX {
            return Err(Error::message("an array of very many elements"));
        }
        elements.push(element?);
    }
    Ok(elements)
}

#[cfg(test)]
mod tests {
    use crate::protocol::sync::Push;

    /// A push with so many changes of no bytes: one byte each on the wire, and nearly none once compressed.
    fn push_of_empty_changes(count: u32) -> Vec<u8> {
        let mut bytes = [&[0x86, 0x01, 0x58, 0x20], [0; 32].as_slice(), &[0x80, 0x80, 0x9A]].concat();
        bytes.extend(count.to_be_bytes());
        bytes.resize(bytes.len() + usize::try_from(count).unwrap(), 0x40);
        bytes.push(0x80);
        bytes
    }

    #[test]
    fn a_request_of_a_kilobyte_cannot_make_the_server_hold_millions_of_changes() {
        let push: Push = minicbor::decode(&push_of_empty_changes(5_000)).unwrap();
        assert_eq!(push.changes.len(), 5_000, "as many as the server takes are read");
        let bomb = push_of_empty_changes(8_000_000);
        assert!(zstd::bulk::compress(&bomb, 9).unwrap().len() < 1_024, "it comes small");
        assert!(minicbor::decode::<Push>(&bomb).unwrap_err().to_string().contains("very many"));
    }
}
