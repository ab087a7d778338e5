//! The closed list of what can go wrong, as a person meets it.
//!
//! A [`Failure`] carries a code and facts without personal data; the user interface has one table that
//! turns a code into a sentence and what to do next, in the person's language
//! (`ui/src/failures/presentation.ts`). The detail is for the log and never holds a name or an ID number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What went wrong. Add a code only with its sentence in the presentation table and a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ErrorCode {
    /// What was typed or scanned is no enrolment code.
    EnrolmentCodeUnreadable,
    /// The server does not know this enrolment code.
    EnrolmentCodeWrong,
    /// The enrolment code has been used already.
    EnrolmentCodeUsed,
    /// The enrolment code has expired.
    EnrolmentCodeExpired,
    /// The device is enrolled already.
    AlreadyEnrolled,
    /// The device is not enrolled yet.
    NotEnrolled,
    /// No connection to the server could be made.
    ServerUnreachable,
    /// The server that answered is not the county's: its key is another one.
    ServerNotTrusted,
    /// The server does not accept this device any more.
    DeviceRefused,
    /// The server answered with what this version does not understand.
    ServerAnswerUnreadable,
    /// The server speaks a newer protocol: the app must be updated.
    AppTooOld,
    /// The server has a fault of its own.
    ServerFault,
    /// The server lost what it had acknowledged: it was restored from an older backup.
    ServerRewound,
    /// The PIN is wrong. Fact: `wait_seconds` until the next try.
    PinWrong,
    /// Too many wrong PINs: wait. Fact: `wait_seconds`.
    PinWait,
    /// The PIN is too easy to guess.
    PinTooWeak,
    /// The recovery answer does not fit this device.
    RecoveryAnswerWrong,
    /// The store is locked: the PIN is asked for first.
    Locked,
    /// The disk is full; nothing was changed.
    DiskFull,
    /// The store on this device is damaged.
    StoreDamaged,
    /// The store was written by a newer version of the app.
    StoreTooNew,
    /// The store could not be read or written.
    StoreFailed,
    /// A document could not be read; the others are not touched.
    DocumentDamaged,
    /// The document is not on this device.
    DocumentNotHere,
    /// The draft is gone.
    DraftNotHere,
    /// The person's role does not allow this.
    NotAllowed,
    /// The child has moved out of the person's scope: the dossier is read-only here.
    ChildMovedAway,
    /// A field that is needed is empty. Fact: `field`.
    FieldMissing,
    /// A field holds what it cannot hold. Facts: `field`, `reason`.
    FieldInvalid,
    /// A schooling status that does not follow the one that stands (handbook 3.8). Facts: `from`, `to`, `reason`.
    StatusChangeRefused,
    /// The picture has a format that cannot be read here (HEIC and others). Fact: `format`.
    PhotoFormatUnsupported,
    /// The picture file is damaged.
    PhotoDamaged,
    /// The picture is too large. Fact: `limit`.
    PhotoTooLarge,
    /// A pack of dossiers is damaged, or was not made by the county.
    PackDamaged,
    /// The code does not open this file of packs.
    TransferCodeWrong,
    /// This needs a sync first.
    SyncFirst,
    /// The picture is not on this device yet.
    PhotoNotHere,
    /// No QR code that fits was found in the picture.
    QrCodeNotFound,
    /// The file is no spreadsheet that can be read.
    SpreadsheetUnreadable,
    /// No header row with a name column was found.
    SpreadsheetHeaderMissing,
    /// The spreadsheet is larger than can be taken. Fact: `limit`.
    SpreadsheetTooLarge,
    /// The import preview is gone: choose the file again.
    ImportNotHere,
    /// A file could not be written.
    FileWriteFailed,
    /// The field has been settled or changed meanwhile: look again.
    ConflictGone,
    /// The request has a form that this version does not know.
    RequestUnreadable,
    /// A fault in the program; what was saved is safe.
    Internal,
}

/// A failure: the code for the person, the detail for the log.
#[derive(Debug, thiserror::Error)]
#[error("{code:?}: {detail}")]
pub struct Failure {
    /// What the person is told.
    pub code: ErrorCode,
    /// Facts for the sentence: numbers, field keys, formats. Never personal data.
    pub facts: BTreeMap<&'static str, String>,
    /// For the log: what was being done. Never personal data.
    pub detail: String,
    /// What caused it.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of what can fail in front of a person.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure with its detail for the log.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, facts: BTreeMap::new(), detail: detail.into(), cause: None }
    }

    /// A failure that another error caused.
    pub fn caused(
        code: ErrorCode,
        detail: impl Into<String>,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { code, facts: BTreeMap::new(), detail: detail.into(), cause: Some(cause.into()) }
    }

    /// Adds a fact for the sentence.
    #[must_use]
    pub fn fact(mut self, key: &'static str, value: impl ToString) -> Self {
        self.facts.insert(key, value.to_string());
        self
    }

    /// The field `field` is needed and empty.
    #[must_use]
    pub fn missing(field: &'static str) -> Self {
        Self::new(ErrorCode::FieldMissing, format!("{field} is empty")).fact("field", field)
    }

    /// The field `field` holds what it cannot hold; `reason` is a key of the presentation table.
    #[must_use]
    pub fn invalid(field: &'static str, reason: &'static str) -> Self {
        Self::new(ErrorCode::FieldInvalid, format!("{field}: {reason}")).fact("field", field).fact("reason", reason)
    }
}

impl From<std::io::Error> for Failure {
    /// A full disk has a sentence of its own; everything else is a file that could not be read or written.
    fn from(cause: std::io::Error) -> Self {
        let code = match cause.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
            _ => ErrorCode::FileWriteFailed,
        };
        Self::caused(code, "file", cause)
    }
}

/// A failure as the user interface hears of it: never the detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct FailureView {
    /// What went wrong.
    pub code: ErrorCode,
    /// Facts for the sentence.
    pub facts: BTreeMap<String, String>,
}

impl Failure {
    /// What the user interface hears.
    #[must_use]
    pub fn view(&self) -> FailureView {
        FailureView {
            code: self.code,
            facts: self.facts.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
        }
    }
}
