//! Compares what a device holds with the log: `POST /v1/repair`. Rare; nothing of it is kept ready, and no document is loaded.
//! A device hears of documents that it may see, as in a sync; of all others, that the log does not know them.

use std::collections::BTreeSet;

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::error::Result;
use jiafang_core::protocol::VERSION;
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::protocol::repair::{
    self, BUCKETS, CHANGES_MAX, DOCUMENTS_MAX, Difference, DocumentDigest, HeldDocument, RepairAnswer, RepairAsk,
    RepairRequest,
};
use jiafang_core::protocol::sync::Rights;

use crate::store::register::Device;
use crate::store::repair::{apart_change_ids, change_ids, documents_of, logged_changes};
use crate::store::{Connection, Store, log};
use crate::{fault, intake, refuse};

/// Changes that one request looks at; then the bucket that it is in is the last.
const LOOKED_AT_MAX: usize = 200_000;
/// Envelopes that one request reads; then the document that it is in is the last.
const READ_MAX: usize = 5_000;
/// Bytes of envelopes that one answer carries; one always goes through.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Answers one request.
///
/// # Errors
/// [`Refusal`]. Nothing is ever changed by it.
pub fn answer(store: &Store, device: &Device, request: &RepairRequest) -> std::result::Result<RepairAnswer, Refusal> {
    if request.version != VERSION {
        return Err(refuse(RefusalCode::VersionNotSpoken, format!("version {}", request.version)));
    }
    let Some(rights) = &device.rights else {
        return Err(refuse(RefusalCode::CertificateRefused, "the administration's certificate does not sync"));
    };
    if let RepairAsk::Changes { documents } = &request.ask {
        let changes = documents.iter().fold(0_usize, |sum, one| sum.saturating_add(one.changes.len()));
        if documents.len() > DOCUMENTS_MAX || changes > CHANGES_MAX {
            return Err(refuse(RefusalCode::TooLarge, "too many documents or changes"));
        }
    }
    store
        .read(|connection| {
            if rights.hash() != request.rights || !log::knows_cursor(connection, &request.cursor)? {
                return Ok(RepairAnswer::SyncFirst);
            }
            match &request.ask {
                RepairAsk::Buckets { root, from } => buckets(connection, rights, *root, *from),
                RepairAsk::Documents { buckets } => documents(connection, rights, buckets),
                RepairAsk::Changes { documents } => changes(connection, rights, request.cursor.seq, documents),
            }
        })
        .map_err(fault)
}

/// The digests of a bucket's documents, and how many changes were looked at for them.
fn digests_of(connection: &Connection, rights: &Rights, bucket: u8) -> Result<(Vec<DocumentDigest>, usize)> {
    let mut looked_at = 0_usize;
    let mut digests = Vec::new();
    for document in documents_of(connection, bucket, &|kind, leaves| intake::may_see(rights, kind, leaves))? {
        let changes = change_ids(connection, document)?;
        looked_at = looked_at.saturating_add(changes.len()).saturating_add(1);
        digests.push(DocumentDigest { document, digest: repair::document_digest(document, &changes) });
    }
    Ok((digests, looked_at))
}

fn buckets(connection: &Connection, rights: &Rights, root: Hash32, from: u16) -> Result<RepairAnswer> {
    let mut digests = Vec::new();
    let mut looked_at = 0_usize;
    for bucket in from..BUCKETS {
        let Ok(bucket) = u8::try_from(bucket) else { break };
        let (documents, looked) = digests_of(connection, rights, bucket)?;
        digests.push(repair::bucket_digest(&documents));
        looked_at = looked_at.saturating_add(looked);
        if looked_at > LOOKED_AT_MAX {
            break;
        }
    }
    if digests.len() == usize::from(BUCKETS) && repair::root(&digests) == root {
        return Ok(RepairAnswer::Same);
    }
    Ok(RepairAnswer::Buckets { digests })
}

fn documents(connection: &Connection, rights: &Rights, asked: &[u16]) -> Result<RepairAnswer> {
    let (mut documents, mut looked_at, mut done) = (Vec::new(), 0_usize, 0_u16);
    for bucket in asked.iter().take(usize::from(BUCKETS)) {
        if let Ok(bucket) = u8::try_from(*bucket) {
            let (mut digests, looked) = digests_of(connection, rights, bucket)?;
            documents.append(&mut digests);
            looked_at = looked_at.saturating_add(looked);
        }
        done = done.saturating_add(1);
        if looked_at > LOOKED_AT_MAX {
            break;
        }
    }
    Ok(RepairAnswer::Documents { buckets: done, documents })
}

fn changes(connection: &Connection, rights: &Rights, cursor_seq: u64, asked: &[HeldDocument]) -> Result<RepairAnswer> {
    let mut documents = Vec::new();
    let (mut read, mut bytes) = (0_usize, 0_usize);
    for held in asked {
        let document = held.document;
        let placed =
            log::placement(connection, document)?.filter(|placed| intake::may_see(rights, placed.kind, &placed.leaves));
        let Some(placed) = placed else {
            let lacking = held.changes.clone();
            documents.push(Difference { document, leaves: None, envelopes: Vec::new(), more: false, lacking });
            continue;
        };
        let logged = logged_changes(connection, document)?;
        read = read.saturating_add(logged.len());
        // What was in the log before a restore may be apart now. It is here, and nobody needs to send it.
        let mut known = apart_change_ids(connection, document)?;
        known.extend(logged.iter().map(|one| one.change));
        let named: BTreeSet<u64> = held.changes.iter().copied().collect();
        let lacking = held.changes.iter().copied().filter(|change| !known.contains(change)).collect();
        let (mut envelopes, mut more) = (Vec::new(), false);
        for one in logged.into_iter().filter(|one| one.seq <= cursor_seq && !named.contains(&one.change)) {
            let size = one.envelope.to_bytes().len();
            if bytes.saturating_add(size) > ANSWER_BYTES_MAX && bytes > 0 {
                more = true;
                break;
            }
            bytes = bytes.saturating_add(size);
            envelopes.push(one.envelope);
        }
        documents.push(Difference { document, leaves: Some(placed.leaves), envelopes, more, lacking });
        if more || read > READ_MAX {
            break;
        }
    }
    Ok(RepairAnswer::Changes { documents })
}
