//! Photos on the wire: announced by the dossier, offered in the sync request, carried in small parts.

use minicbor::{Decode, Encode};

use super::refusal::Refusal;
use crate::domain::identifier::{DocumentId, Hash32};

/// Which of a photograph's files: the small one goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum PhotoFile {
    /// At most 320 px: what lists show.
    #[n(1)]
    Thumbnail,
    /// At most 1600 px, upright, without EXIF.
    #[n(2)]
    Photo,
}

/// A file that a device holds and the server may lack.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PhotoOffer {
    /// SHA-256 of the whole file.
    #[n(0)]
    pub hash: Hash32,
    /// The dossier that it belongs to: whose rights are its rights.
    #[n(1)]
    pub document: DocumentId,
    /// Which file.
    #[n(2)]
    pub file: PhotoFile,
    /// Its size.
    #[n(3)]
    pub bytes_total: u64,
}

/// How much of a file the server holds, durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct PhotoOffset {
    /// The file.
    #[n(0)]
    pub hash: Hash32,
    /// Bytes held from the start.
    #[n(1)]
    pub offset: u64,
    /// All held, and the hash was right.
    #[n(2)]
    pub complete: bool,
    /// Of a file that is complete: the end of the log when this was said. A verified backup that reaches further holds
    /// the file.
    #[n(3)]
    pub head: Option<u64>,
}

/// What the server says while the bytes of a file come: one after the other, in CBOR.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum PhotoHeard {
    /// So much is held now, durably; as in [`PhotoOffset`].
    #[n(0)]
    Held {
        /// Bytes held from the start.
        #[n(0)]
        offset: u64,
        /// All held, and the hash was right.
        #[n(1)]
        complete: bool,
        /// Of a file that is complete: the end of the log when this was said.
        #[n(2)]
        head: Option<u64>,
    },
    /// The file is not taken, and this is the last word.
    #[n(1)]
    Refused {
        /// Why.
        #[n(0)]
        refusal: Refusal,
    },
}

/// More bytes than any word has.
const WORD_BYTES_MAX: usize = 8 * 1024;

/// Words as they come in, in pieces of any size.
#[derive(Debug, Default)]
pub struct PhotoWords(Vec<u8>);

impl PhotoWords {
    /// Takes bytes in, and gives the words that are whole by them.
    ///
    /// # Errors
    /// Bytes that are no words.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Vec<PhotoHeard>, minicbor::decode::Error> {
        self.0.extend_from_slice(bytes);
        let mut words = Vec::new();
        let mut decoder = minicbor::Decoder::new(&self.0);
        let mut read = 0;
        loop {
            match decoder.decode() {
                Ok(word) => words.push(word),
                Err(cause) if cause.is_end_of_input() && self.0.len().saturating_sub(read) <= WORD_BYTES_MAX => break,
                Err(cause) => return Err(cause),
            }
            read = decoder.position();
        }
        self.0.drain(..read);
        Ok(words)
    }
}

#[cfg(test)]
mod tests {
    use super::super::refusal::RefusalCode;
    use super::*;

    fn said() -> (Vec<PhotoHeard>, Vec<u8>) {
        let refusal = Refusal { code: RefusalCode::HashWrong, detail: "another hash".to_owned() };
        let words = vec![
            PhotoHeard::Held { offset: 2_048, complete: false, head: None },
            PhotoHeard::Held { offset: 3_000, complete: true, head: Some(17) },
            PhotoHeard::Refused { refusal },
        ];
        let bytes = words.iter().flat_map(|word| minicbor::to_vec(word).unwrap()).collect();
        (words, bytes)
    }

    #[test]
    fn words_are_understood_however_the_line_cuts_them() {
        let (words, bytes) = said();
        for size in 1..bytes.len() {
            let mut heard = PhotoWords::default();
            let taken: Vec<PhotoHeard> = bytes.chunks(size).flat_map(|piece| heard.take(piece).unwrap()).collect();
            assert_eq!(taken, words, "in pieces of {size}");
        }
    }

    #[test]
    fn a_page_of_some_portal_and_a_word_without_end_are_no_words() {
        assert!(PhotoWords::default().take(b"<html>Please log in</html>").is_err());
        // A text of a thousand million bytes.
        let mut heard = PhotoWords::default();
        let begun = [0x82, 0x01, 0x81, 0x82, 0x0A, 0x7A, 0x3B, 0x9A, 0xCA, 0x00];
        assert_eq!(heard.take(&begun).unwrap(), []);
        let mut fed = 0;
        while heard.take(&[b'a'; 1_000]).is_ok() {
            fed += 1;
            assert!(fed < 10, "nobody keeps what never ends");
        }
    }
}
