//! The proof of delivery: how much of what was recorded here is where, in all and by dossier. True counts, never a share
//! that is rounded up.

use serde::Serialize;
use ts_rs::TS;

use crate::app::device::Device;
use crate::domain::identifier::DocumentId;
use crate::error::Result;
use crate::store::Reading;
use crate::store::proof::{DossierProof, PlaceCounts};

/// Dossiers that are listed one by one.
const LISTED_MAX: usize = 100;

/// How many records or photos are where: each is counted once, at the farthest place that it has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DeliveryCounts {
    /// All that was recorded here.
    pub total: u32,
    /// On this device only.
    pub here: u32,
    /// Not taken by the server, or kept apart there.
    pub apart: u32,
    /// On the server.
    pub server: u32,
    /// In a verified backup of the server.
    pub backed_up: u32,
    /// On a coordinator's device.
    pub desk: u32,
}

impl From<PlaceCounts> for DeliveryCounts {
    fn from(counts: PlaceCounts) -> Self {
        Self {
            total: counts.total(),
            here: counts.here,
            apart: counts.apart,
            server: counts.server,
            backed_up: counts.backed_up,
            desk: counts.desk,
        }
    }
}

/// What of a dossier was recorded here and is not with the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DossierDelivery {
    /// The dossier.
    pub document_id: DocumentId,
    /// The child's name.
    pub child_name: String,
    /// Forms on this device only.
    pub records_here: u32,
    /// Forms that the server keeps apart.
    pub records_apart: u32,
    /// Photos on this device only.
    pub photos_here: u32,
    /// Photos that the server cannot take.
    pub photos_apart: u32,
    /// Everything of this child is with the server, as far as it is known here.
    pub all_at_server: bool,
    /// All that was recorded here of this child is in a verified backup, too.
    pub all_backed_up: bool,
}

/// How much is where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DeliveryOverview {
    /// Forms that were recorded here.
    pub records: DeliveryCounts,
    /// Photos that were taken here.
    pub photos: DeliveryCounts,
    /// Dossiers on this device.
    pub dossier_count: u32,
    /// Those of them of which not everything is with the server.
    pub incomplete_count: u32,
    /// The first of those.
    pub incomplete: Vec<DossierDelivery>,
    /// The server was restored from a backup, or the person's rights are others now: what it has is being compared, and until
    /// that is done nothing is said of dossiers.
    pub comparing: bool,
}

/// Counts.
pub(super) fn overview(device: &Device) -> Result<DeliveryOverview> {
    let reading = device.store.reading();
    let proofs = reading.proofs(None)?;
    let records = proofs.values().fold(PlaceCounts::default(), |sum, proof| sum_of(sum, proof.records));
    let is_incomplete = |proof: &DossierProof| !proof.records.is_at_server() || !proof.photos.is_at_server();
    let mut incomplete = Vec::new();
    let mut incomplete_count = 0_u32;
    for (id, proof) in proofs.into_iter().filter(|(_, proof)| is_incomplete(proof)) {
        incomplete_count = incomplete_count.saturating_add(1);
        if incomplete.len() < LISTED_MAX {
            incomplete.push(view(reading, id, proof)?);
        }
    }
    Ok(DeliveryOverview {
        records: records.into(),
        photos: reading.photos_in_all()?.into(),
        dossier_count: reading.child_counts()?.0,
        incomplete_count,
        incomplete,
        comparing: is_comparing(reading)?,
    })
}

/// What of one dossier is with the server; `None` as long as that is being compared.
pub(super) fn of_dossier(device: &Device, id: DocumentId) -> Result<Option<DossierDelivery>> {
    let reading = device.store.reading();
    if is_comparing(reading)? {
        return Ok(None);
    }
    view(reading, id, reading.proofs(Some(id))?.remove(&id).unwrap_or_default()).map(Some)
}

/// A device that has synced and stands at the start again is told everything once more.
fn is_comparing(reading: Reading<'_>) -> Result<bool> {
    let standing = reading.standing()?;
    Ok(standing.cursor.seq == 0 && standing.last_sync_at.is_some())
}

fn view(reading: Reading<'_>, document_id: DocumentId, proof: DossierProof) -> Result<DossierDelivery> {
    Ok(DossierDelivery {
        document_id,
        child_name: reading.child(document_id)?.map(|child| child.name).unwrap_or_default(),
        records_here: proof.records.here,
        records_apart: proof.records.apart,
        photos_here: proof.photos.here,
        photos_apart: proof.photos.apart,
        all_at_server: proof.records.is_at_server() && proof.photos.is_at_server(),
        all_backed_up: proof.all_backed_up,
    })
}

fn sum_of(one: PlaceCounts, other: PlaceCounts) -> PlaceCounts {
    PlaceCounts {
        here: one.here.saturating_add(other.here),
        apart: one.apart.saturating_add(other.apart),
        server: one.server.saturating_add(other.server),
        backed_up: one.backed_up.saturating_add(other.backed_up),
        desk: one.desk.saturating_add(other.desk),
    }
}
