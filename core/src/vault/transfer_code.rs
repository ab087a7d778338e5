//! The code that opens a file of packs: drawn for each file, told by another way than the file goes.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::sealing::DataKey;
use super::typed_text::{from_typed_text, to_typed_text};
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};

const PREFIX: &str = "JFT-";
/// 128 random bits: nobody tries them all, so they need no stretching.
const CODE_BYTES: usize = 16;

/// A transfer code.
pub struct TransferCode(Zeroizing<[u8; CODE_BYTES]>);

impl TransferCode {
    /// A new one.
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        Self(Zeroizing::new(environment.random_bytes()))
    }

    /// From what was typed.
    ///
    /// # Errors
    /// [`ErrorCode::TransferCodeWrong`] for what is no such code, or holds a typing error.
    pub fn from_text(text: &str) -> Result<Self> {
        let bytes = from_typed_text(PREFIX, text).and_then(|bytes| bytes.as_slice().try_into().ok());
        bytes
            .map(|bytes| Self(Zeroizing::new(bytes)))
            .ok_or_else(|| Failure::new(ErrorCode::TransferCodeWrong, "no transfer code"))
    }

    /// As it is read out and typed.
    #[must_use]
    pub fn to_text(&self) -> String {
        to_typed_text(PREFIX, self.0.as_slice())
    }

    /// The key that the file is sealed under.
    #[must_use]
    pub fn key(&self) -> DataKey {
        let hash = Sha256::new().chain_update(b"jiafang/v1/transfer\0").chain_update(self.0.as_slice()).finalize();
        DataKey::from_bytes(hash.into())
    }
}

impl std::fmt::Debug for TransferCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TransferCode")
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_environment::environment;
    use super::*;

    #[test]
    fn a_code_that_was_typed_opens_what_it_was_drawn_for_and_a_typing_error_is_named() {
        let code = TransferCode::new(&environment(1).0);
        let text = code.to_text();
        assert!(text.starts_with("JFT-") && text.len() < 48, "{text}");
        let typed = TransferCode::from_text(&text.to_lowercase().replace('-', " ")).unwrap();
        assert_eq!(typed.key().as_bytes(), code.key().as_bytes());
        assert_ne!(TransferCode::new(&environment(2).0).key().as_bytes(), code.key().as_bytes());
        let mut wrong = text.clone();
        let other = if wrong.pop() == Some('7') { '8' } else { '7' };
        wrong.push(other);
        assert_eq!(TransferCode::from_text(&wrong).unwrap_err().code, ErrorCode::TransferCodeWrong);
        assert_eq!(format!("{code:?}"), "TransferCode");
    }
}
