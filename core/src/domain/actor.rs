//! Who wrote a change, as the change itself tells; whose device that is tells the register.

/// The actor of a change: bound to one certificate by the first envelope that carried it.
pub type Actor = Vec<u8>;

/// How an actor stands in text: hex digits.
pub(crate) mod actor_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Actor;

    pub(crate) fn serialize<S: Serializer>(actor: &Actor, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::HEXLOWER.encode(actor))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Actor, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(serde::de::Error::custom)
    }
}
