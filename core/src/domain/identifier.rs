//! Identifiers: what they name, how they look in text, and that they carry no personal data.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::environment::Environment;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, Encode, Decode)]
        #[serde(transparent)]
        #[cbor(transparent)]
        #[ts(export, type = "string")]
        pub struct $name(#[n(0)] #[cbor(with = "uuid_bytes")] Uuid);

        impl $name {
            /// From its sixteen bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// Its sixteen bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// From a slice that must hold sixteen bytes.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }

            /// From its text form.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

identifier!(
    /// A document: random, so that it tells nothing of the child.
    DocumentId
);
identifier!(
    /// An entry that a device adds alone (a visit, a photo's record): UUIDv7, so that entries sort by age.
    EntryId
);
identifier!(
    /// A person who works with the app.
    PersonId
);
identifier!(
    /// A certificate: one device of one person.
    CertificateId
);
identifier!(
    /// A form that is being filled in on this device.
    DraftId
);
identifier!(
    /// An import that is being looked at before it is confirmed.
    ImportId
);

/// How the sixteen bytes stand in CBOR.
mod uuid_bytes {
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{Encoder, Write};
    use uuid::Uuid;

    pub(super) fn encode<C, W: Write>(
        id: &Uuid,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(id.as_bytes())?.ok()
    }

    pub(super) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Uuid, Error> {
        let at = d.position();
        Uuid::from_slice(d.bytes()?).map_err(|_| Error::message("an identifier has sixteen bytes").at(at))
    }
}

impl Environment {
    fn random_uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random_bytes()).into_uuid()
    }

    /// A new document's id.
    #[must_use]
    pub fn new_document_id(&self) -> DocumentId {
        DocumentId(self.random_uuid())
    }

    /// A new person's id.
    #[must_use]
    pub fn new_person_id(&self) -> PersonId {
        PersonId(self.random_uuid())
    }

    /// A new certificate's id.
    #[must_use]
    pub fn new_certificate_id(&self) -> CertificateId {
        CertificateId(self.random_uuid())
    }

    /// A new draft's id.
    #[must_use]
    pub fn new_draft_id(&self) -> DraftId {
        DraftId(self.random_uuid())
    }

    /// A new import's id.
    #[must_use]
    pub fn new_import_id(&self) -> ImportId {
        ImportId(self.random_uuid())
    }

    /// A new entry's id: sorts by the clock that was handed in.
    #[must_use]
    pub fn new_entry_id(&self) -> EntryId {
        let ms = u64::try_from(self.now().unix_ms()).unwrap_or(0);
        EntryId(uuid::Builder::from_unix_timestamp_millis(ms, &self.random_bytes()).into_uuid())
    }
}

/// The SHA-256 of some bytes, in text as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, TS)]
#[cbor(transparent)]
#[ts(export, type = "string")]
pub struct Hash32(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub [u8; 32],
);

impl Hash32 {
    /// All zeroes: the hash before the first.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// From a slice that must hold 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// From 64 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
        Self::from_slice(&bytes)
    }
}

impl std::fmt::Display for Hash32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl std::fmt::Debug for Hash32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hash32({self})")
    }
}

impl Serialize for Hash32 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash32 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a hash has 64 hex digits"))
    }
}
