//! Where everything is, and syncing.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::made_file::MadeFile;
use crate::app::device::Device;
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::dossier_read;
use crate::domain::identifier::{DocumentId, EntryId, Hash32};
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Result};
use crate::store::outbox::{OutboxRow, OutboxState};
use crate::store::photo_file::PhotoFileRow;
use crate::sync::session::Progress;

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
    /// A person has refused it: it has come back, and waits in the inbox.
    Returned {
        /// When this device heard of it.
        since: Timestamp,
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
    /// Photos that the server cannot take: they stay here, each with its reason.
    pub untaken_photos: u32,
    /// Records that the server keeps apart.
    pub quarantined_records: u32,
    /// Fields with two values within the person's scope.
    pub conflict_count: u32,
    /// Records of others that wait for this person to decide.
    pub review_count: u32,
    /// Own records that were refused and have come back.
    pub returned_count: u32,
    /// When a sync last came to its end.
    pub last_sync_at: Option<Timestamp>,
    /// What is going on now.
    pub activity: SyncActivity,
    /// What went wrong last, when the last attempt did not come to its end.
    pub failure: Option<ErrorCode>,
    /// The first copy of dossiers, while it is coming.
    pub first_copy: Option<FirstCopyView>,
    /// Children on this device.
    pub child_count: u32,
    /// The server keeps no backup (durability=local): said in words.
    pub server_without_backup: bool,
}

/// How far a first copy has come: what is here can be searched and worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct FirstCopyView {
    /// Children who are here.
    pub children_here: u32,
    /// Children in all.
    pub children_total: u32,
}

/// A file with the first copy of all children of a desk, sealed.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PacksExported {
    /// The file.
    pub file: MadeFile,
    /// Opens it; shown once, and told by another way than the file goes.
    pub code: String,
    /// Children in it.
    pub child_count: u32,
}

/// What came of a file of packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PacksImported {
    /// Children who were taken in.
    pub child_count: u32,
    /// Packs of children for whom this person does not answer.
    pub packs_of_others: u32,
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
    /// A first copy comes: see [`SyncStatus::first_copy`].
    FirstCopy {
        /// Bytes that have come in this sync.
        #[serde(rename = "bytesDone")]
        bytes_done: u64,
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

/// Where a form of this device is.
pub(super) fn whereabouts(row: &OutboxRow, durable_seq: u64) -> Whereabouts {
    match &row.state {
        OutboxState::Waiting => Whereabouts::Here { bytes_sent: None, bytes_total: None },
        OutboxState::Quarantined { reason } => Whereabouts::Quarantined { reason: reason.clone() },
        OutboxState::Returned { at } => Whereabouts::Returned { since: *at },
        OutboxState::Stored { on_desk_at: Some(since), .. } => Whereabouts::Desk { since: *since },
        OutboxState::Stored { seq, at, on_desk_at: None } => {
            Whereabouts::Server { since: *at, durable: *seq > 0 && *seq <= durable_seq }
        }
    }
}

/// Where a photo file is.
pub(super) fn file_whereabouts(file: &PhotoFileRow, durable_seq: u64) -> Whereabouts {
    if !file.own {
        return Whereabouts::FromServer;
    }
    if !file.problem.is_empty() {
        return Whereabouts::Quarantined { reason: format!("photo_{}", file.problem) };
    }
    match (file.on_desk_at, file.complete_at) {
        (Some(since), _) => Whereabouts::Desk { since },
        (None, Some(since)) => {
            // A backup that reaches beyond where the log ended then was made later.
            Whereabouts::Server { since, durable: file.complete_head > 0 && file.complete_head < durable_seq }
        }
        (None, None) => Whereabouts::Here { bytes_sent: Some(file.offset), bytes_total: Some(file.bytes_total) },
    }
}

/// What a sync is doing, from how far it has come.
pub(super) fn activity(progress: Progress) -> SyncActivity {
    if progress.files_total == 0 && progress.pack_bytes > 0 {
        SyncActivity::FirstCopy { bytes_done: progress.pack_bytes }
    } else if progress.files_total == 0 {
        SyncActivity::Records { received: progress.received }
    } else {
        SyncActivity::Photos {
            done: progress.files_done,
            total: progress.files_total,
            bytes_done: progress.bytes_done,
            bytes_total: progress.bytes_total,
        }
    }
}

/// The strip.
pub(super) fn status(device: &Device, activity: SyncActivity, failure: Option<ErrorCode>) -> Result<SyncStatus> {
    let reading = device.store.reading();
    let (waiting_records, quarantined_records) = reading.outbox_counts()?;
    let (waiting_photos, waiting_photo_bytes) = reading.files_waiting()?;
    let (child_count, conflict_count) = reading.child_counts()?;
    let (review_count, returned_count) = reading.apart_counts()?;
    let standing = reading.standing()?;
    Ok(SyncStatus {
        review_count,
        returned_count,
        waiting_records,
        waiting_photos,
        waiting_photo_bytes,
        untaken_photos: reading.photos_in_all()?.apart,
        quarantined_records,
        conflict_count,
        last_sync_at: standing.last_sync_at,
        activity,
        failure,
        first_copy: reading
            .first_copy()?
            .map(|copy| FirstCopyView { children_here: copy.here, children_total: copy.total }),
        child_count,
        server_without_backup: standing.without_backup,
    })
}

/// Where each record and photo of this device is.
pub(super) fn deliveries(device: &Device, request: &ListDeliveries) -> Result<Deliveries> {
    let reading = device.store.reading();
    let durable_seq = reading.standing()?.durable_seq;
    let (total, outbox) = reading.deliveries(request.offset, request.limit.clamp(1, 200))?;
    let mut rows = Vec::new();
    for row in outbox {
        let what = DeliveryKind::from_key(&row.what);
        let visit = row.entry.filter(|_| what == DeliveryKind::Visit);
        rows.push(Delivery {
            document_id: row.document,
            child_name: reading.child(row.document)?.map(|child| child.name).unwrap_or_default(),
            what,
            entry_id: visit,
            saved_at: row.saved_at,
            whereabouts: whereabouts(&row, durable_seq),
            photos: match visit {
                Some(visit) => photos_of(device, row.document, visit, durable_seq)?,
                None => Vec::new(),
            },
        });
    }
    Ok(Deliveries { total, rows })
}

fn photos_of(device: &Device, document: DocumentId, visit: EntryId, durable_seq: u64) -> Result<Vec<PhotoDelivery>> {
    let reading = device.store.reading();
    let files = reading.files_of(document)?;
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let dossier = dossier_read::read(&reading.document(document)?)?;
    Ok(dossier
        .photos
        .values()
        .filter(|photo| photo.visit == Some(visit))
        .map(|photo| PhotoDelivery {
            photo_hash: photo.photo,
            thumbnail_hash: photo.thumbnail,
            whereabouts: files
                .iter()
                .find(|file| file.hash == photo.photo)
                .map_or(Whereabouts::FromServer, |file| file_whereabouts(file, durable_seq)),
        })
        .collect())
}
