//! What the server is known to have: counted from what it has said of each record and each file, dossier by dossier.
//!
//! All that others wrote came from the server, and each sync begins with the server's word that it knows the log up to
//! where this device stands (the cursor's chain value). So a dossier lies with the server as far as this device knows it when
//! all that was recorded here does.

use std::collections::BTreeMap;

use rusqlite::named_params;

use super::device::signed;
use super::{Reading, sqlite};
use crate::domain::identifier::{DocumentId, Hash32};
use crate::error::Result;

/// How many records, or photos, are where: each is counted once, at the farthest place that it has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlaceCounts {
    /// On this device only.
    pub here: u32,
    /// Not taken by the server, or kept apart there: a person must do something.
    pub apart: u32,
    /// On the server.
    pub server: u32,
    /// In a verified backup of the server.
    pub backed_up: u32,
    /// On a coordinator's device.
    pub desk: u32,
}

impl PlaceCounts {
    /// All.
    #[must_use]
    pub fn total(self) -> u32 {
        [self.here, self.apart, self.server, self.backed_up, self.desk].into_iter().fold(0, u32::saturating_add)
    }

    /// Whether the server has all.
    #[must_use]
    pub fn is_at_server(self) -> bool {
        self.here == 0 && self.apart == 0
    }

    fn add(&mut self, at: PhotoAt) {
        let count = match at {
            PhotoAt::Here => &mut self.here,
            PhotoAt::Apart => &mut self.apart,
            PhotoAt::Server => &mut self.server,
            PhotoAt::BackedUp => &mut self.backed_up,
            PhotoAt::Desk => &mut self.desk,
        };
        *count = count.saturating_add(1);
    }
}

/// What of a dossier was recorded here, and where that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DossierProof {
    /// Forms, but for those that a person has refused: they have come back.
    pub records: PlaceCounts,
    /// Photos: one with its thumbnail counts once, and is where the less far of the two is.
    pub photos: PlaceCounts,
    /// All of it lies in a verified backup.
    pub all_backed_up: bool,
}

impl Default for DossierProof {
    /// Of nothing, all is everywhere.
    fn default() -> Self {
        Self { records: PlaceCounts::default(), photos: PlaceCounts::default(), all_backed_up: true }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PhotoAt {
    Apart,
    Here,
    Server,
    BackedUp,
    Desk,
}

/// A photo that was taken here, as one of its dossiers has it.
struct OwnPhoto {
    document: DocumentId,
    hash: Hash32,
    at: PhotoAt,
    is_backed_up: bool,
}

impl Reading<'_> {
    /// What was recorded here, by dossier: `document`, or all.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn proofs(self, document: Option<DocumentId>) -> Result<BTreeMap<DocumentId, DossierProof>> {
        let durable_seq = signed(self.standing()?.durable_seq);
        let only = document.map(|document| document.as_bytes().to_vec()).unwrap_or_default();
        let mut proofs: BTreeMap<DocumentId, DossierProof> = BTreeMap::new();
        let mut statement = self
            .0
            .prepare_cached(
                "SELECT document, sum(state = 'waiting') AS here, sum(state NOT IN ('waiting', 'stored')) AS apart,
                     sum(state = 'stored' AND on_desk_at = 0 AND (seq = 0 OR seq > :durable)) AS server,
                     sum(state = 'stored' AND on_desk_at = 0 AND seq > 0 AND seq <= :durable) AS backed_up,
                     sum(state = 'stored' AND on_desk_at > 0) AS desk,
                     min(state = 'stored' AND seq > 0 AND seq <= :durable) AS all_backed_up
                 FROM outbox WHERE refused_at = 0 AND (:only = x'' OR document = :only) GROUP BY document",
            )
            .map_err(sqlite)?;
        let mut rows = statement.query(named_params! { ":durable": durable_seq, ":only": only }).map_err(sqlite)?;
        while let Some(row) = rows.next().map_err(sqlite)? {
            let count = |name: &str| row.get::<_, u32>(name).map_err(sqlite);
            let id = DocumentId::from_bytes(row.get("document").map_err(sqlite)?);
            let proof = proofs.entry(id).or_default();
            proof.all_backed_up = row.get("all_backed_up").map_err(sqlite)?;
            proof.records = PlaceCounts {
                here: count("here")?,
                apart: count("apart")?,
                server: count("server")?,
                backed_up: count("backed_up")?,
                desk: count("desk")?,
            };
        }
        for photo in self.photos_at(durable_seq, &only)? {
            let proof = proofs.entry(photo.document).or_default();
            proof.photos.add(photo.at);
            proof.all_backed_up &= photo.is_backed_up;
        }
        Ok(proofs)
    }

    /// Where the photos are that were taken here, each counted once also when it stands in the dossiers of two siblings.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn photos_in_all(self) -> Result<PlaceCounts> {
        let durable_seq = signed(self.standing()?.durable_seq);
        let mut by_photo: BTreeMap<Hash32, PhotoAt> = BTreeMap::new();
        for photo in self.photos_at(durable_seq, &[])? {
            by_photo.entry(photo.hash).and_modify(|least| *least = (*least).min(photo.at)).or_insert(photo.at);
        }
        let mut counts = PlaceCounts::default();
        by_photo.into_values().for_each(|at| counts.add(at));
        Ok(counts)
    }

    fn photos_at(self, durable_seq: i64, only: &[u8]) -> Result<Vec<OwnPhoto>> {
        let mut statement = self
            .0
            .prepare_cached(
                "SELECT document, max(CASE WHEN file = 2 THEN hash ELSE x'' END) AS photo,
                     max(problem <> '') AS named, min(complete_at > 0) AS complete, min(on_desk_at > 0) AS on_desk,
                     min(complete_head > 0 AND complete_head < :durable) AS backed_up
                 FROM photo_file WHERE own = 1 AND (:only = x'' OR document = :only) GROUP BY document, entry",
            )
            .map_err(sqlite)?;
        let mut rows = statement.query(named_params! { ":durable": durable_seq, ":only": only }).map_err(sqlite)?;
        let mut photos = Vec::new();
        while let Some(row) = rows.next().map_err(sqlite)? {
            let is = |name: &str| row.get::<_, bool>(name).map_err(sqlite);
            let hash: Vec<u8> = row.get("photo").map_err(sqlite)?;
            let document = DocumentId::from_bytes(row.get("document").map_err(sqlite)?);
            let is_backed_up = is("backed_up")?;
            let at = if is("named")? {
                PhotoAt::Apart
            } else if !is("complete")? {
                PhotoAt::Here
            } else if is("on_desk")? {
                PhotoAt::Desk
            } else if is_backed_up {
                PhotoAt::BackedUp
            } else {
                PhotoAt::Server
            };
            let hash = <[u8; 32]>::try_from(hash).map_or(Hash32::ZERO, Hash32);
            photos.push(OwnPhoto { document, hash, at, is_backed_up });
        }
        Ok(photos)
    }
}
