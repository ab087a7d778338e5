//! What a server says when it does not do what was asked. Never a loss: what was offered stays offered.

use minicbor::{Decode, Encode};

use crate::error::ErrorCode;

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RefusalCode {
    /// The body could not be read.
    #[n(1)]
    Malformed,
    /// The client's protocol version is not spoken here.
    #[n(2)]
    VersionNotSpoken,
    /// No such enrolment code.
    #[n(3)]
    TokenUnknown,
    /// The enrolment code was used.
    #[n(4)]
    TokenUsed,
    /// The enrolment code has expired.
    #[n(5)]
    TokenExpired,
    /// No client certificate, or one that the register does not know or has revoked.
    #[n(6)]
    CertificateRefused,
    /// Not within what the person answers for.
    #[n(7)]
    NotYours,
    /// Larger than is taken.
    #[n(8)]
    TooLarge,
    /// The photo's part does not begin where the server's copy ends.
    #[n(9)]
    OffsetWrong,
    /// The photo's bytes do not have the hash that they were offered under.
    #[n(10)]
    HashWrong,
    /// There is no such photo.
    #[n(11)]
    PhotoUnknown,
    /// There is no such pack any more, or none for this device.
    #[n(13)]
    PackUnknown,
    /// A fault of the server's own (a full disk, a damaged store).
    #[n(12)]
    Fault,
}

/// The body of every answer with a status of 400 and above: CBOR, not compressed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Refusal {
    /// Why.
    #[n(0)]
    pub code: RefusalCode,
    /// For the log; no personal data.
    #[n(1)]
    pub detail: String,
}

impl RefusalCode {
    /// The HTTP status that goes with it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::VersionNotSpoken => 426,
            Self::TokenUnknown | Self::TokenUsed | Self::TokenExpired | Self::CertificateRefused => 401,
            Self::NotYours => 403,
            Self::PhotoUnknown | Self::PackUnknown => 404,
            Self::OffsetWrong => 409,
            Self::TooLarge => 413,
            Self::HashWrong => 422,
            Self::Fault => 500,
        }
    }

    /// What the person is told.
    #[must_use]
    pub const fn error_code(self) -> ErrorCode {
        match self {
            Self::Malformed | Self::PackUnknown | Self::OffsetWrong | Self::HashWrong | Self::TooLarge => {
                ErrorCode::ServerAnswerUnreadable
            }
            Self::VersionNotSpoken => ErrorCode::AppTooOld,
            Self::TokenUnknown => ErrorCode::EnrolmentCodeWrong,
            Self::TokenUsed => ErrorCode::EnrolmentCodeUsed,
            Self::TokenExpired => ErrorCode::EnrolmentCodeExpired,
            Self::CertificateRefused => ErrorCode::DeviceRefused,
            Self::NotYours => ErrorCode::NotAllowed,
            Self::PhotoUnknown => ErrorCode::PhotoNotHere,
            Self::Fault => ErrorCode::ServerFault,
        }
    }
}
