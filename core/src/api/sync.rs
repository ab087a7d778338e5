//! Where everything is, and syncing.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::identifier::{DocumentId, EntryId, Hash32};
use crate::domain::time::Timestamp;
use crate::error::ErrorCode;

/// Where a record or a file is: 本机 → 服务器 → 协调员.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case", tag = "at")]
#[ts(export)]
pub enum Whereabouts {
    /// On this device only.
    Here {
        /// For a file that is on its way: bytes that the server holds, of how many.
        #[serde(rename = "bytesSent")]
        bytes_sent: Option<u64>,
        /// The file's size.
        #[serde(rename = "bytesTotal")]
        bytes_total: Option<u64>,
    },
    /// On the server since.
    Server {
        /// When the server acknowledged it, by this device's clock.
        since: Timestamp,
        /// It is in a verified backup, too.
        durable: bool,
    },
    /// On the device of a coordinator who answers for the child.
    Desk {
        /// When this device heard of it.
        since: Timestamp,
    },
    /// The server keeps it apart until a person decides.
    Quarantined {
        /// A key of the presentation table.
        reason: String,
    },
    /// Written by others; it came from the server.
    FromServer,
}

/// The strip that is always there, and the head of the sync page.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SyncStatus {
    /// Records that wait to be sent.
    pub waiting_records: u32,
    /// Photo files that wait to be sent.
    pub waiting_photos: u32,
    /// Bytes of photo files that wait to be sent.
    pub waiting_photo_bytes: u64,
    /// Records that the server keeps apart.
    pub quarantined_records: u32,
    /// Fields with two values within the person's scope.
    pub conflict_count: u32,
    /// When a sync last came to its end.
    pub last_sync_at: Option<Timestamp>,
    /// What is going on now.
    pub activity: SyncActivity,
    /// What went wrong last, when the last attempt did not come to its end.
    pub failure: Option<ErrorCode>,
    /// Children on this device.
    pub child_count: u32,
    /// The server keeps no backup (durability=local): said in words.
    pub server_without_backup: bool,
}

/// What a sync is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case", tag = "phase")]
#[ts(export)]
pub enum SyncActivity {
    /// Nothing.
    Idle,
    /// Records go up and come down.
    Records {
        /// Envelopes received so far.
        received: u32,
    },
    /// Photo files go up or come down.
    Photos {
        /// Files done in this sync.
        done: u32,
        /// Files in all.
        total: u32,
        /// Bytes done of this sync's files.
        #[serde(rename = "bytesDone")]
        bytes_done: u64,
        /// Bytes in all.
        #[serde(rename = "bytesTotal")]
        bytes_total: u64,
    },
}

/// Asks for the list of what this device recorded.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(export)]
pub struct ListDeliveries {
    /// Rows to pass over.
    pub offset: u32,
    /// Rows to give, at most 200.
    pub limit: u32,
}

/// What this device recorded, newest first.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Deliveries {
    /// How many in all.
    pub total: u32,
    /// The page.
    pub rows: Vec<Delivery>,
}

/// One record with its photos.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Delivery {
    /// The dossier.
    pub document_id: DocumentId,
    /// The child's name.
    pub child_name: String,
    /// What was recorded.
    pub what: DeliveryKind,
    /// The visit, where it is one.
    pub entry_id: Option<EntryId>,
    /// When it was saved here.
    pub saved_at: Timestamp,
    /// Where the record is.
    pub whereabouts: Whereabouts,
    /// Its photos.
    pub photos: Vec<PhotoDelivery>,
}

/// What was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DeliveryKind {
    /// A home visit.
    Visit,
    /// A child was registered.
    Registered,
    /// A field was changed.
    FieldChanged,
    /// A conflict was settled.
    ConflictSettled,
    /// A schooling status was recorded.
    Status,
    /// A roster row was taken over.
    Roster,
}

/// A photo with where it is.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PhotoDelivery {
    /// The photo.
    pub photo_hash: Hash32,
    /// The thumbnail.
    pub thumbnail_hash: Hash32,
    /// Where the photo is.
    pub whereabouts: Whereabouts,
}
