//! Forms that are being filled in: on this device only, committed at every pause.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, Transaction, named_params};

use super::{Reading, malformed, sqlite};
use crate::domain::identifier::{DocumentId, DraftId, Hash32};
use crate::domain::time::Timestamp;
use crate::domain::visit::VisitForm;
use crate::error::{ErrorCode, Failure, Result};
use serde::{Deserialize, Serialize};

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// The draft.
    pub id: DraftId,
    /// The dossiers that it covers.
    pub documents: Vec<DocumentId>,
    /// The form as it stands.
    pub form: VisitForm,
    /// When it was last saved.
    pub saved_at: Timestamp,
    /// It only collects photographed pages for a record of a case.
    pub is_pages: bool,
}

/// A photo that was attached to a draft: its files lie in the file store already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftPhoto {
    /// SHA-256 of the capture.
    pub capture: Hash32,
    /// SHA-256 of the photo.
    pub photo: Hash32,
    /// Size of the photo.
    pub photo_bytes: u64,
    /// SHA-256 of the thumbnail.
    pub thumbnail: Hash32,
    /// Size of the thumbnail.
    pub thumbnail_bytes: u64,
    /// Thumbhash.
    pub placeholder: Vec<u8>,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// `latitude,longitude`.
    pub position: Option<String>,
    /// Width in px.
    pub width: u32,
    /// Height in px.
    pub height: u32,
}

/// Makes or replaces a draft.
///
/// # Errors
/// The faults of a store.
pub fn put(tx: &Transaction<'_>, draft: &DraftRow) -> Result<()> {
    let documents: Vec<String> = draft.documents.iter().map(ToString::to_string).collect();
    tx.prepare_cached(
        "INSERT INTO draft (id, documents, form, saved_at, is_pages)
         VALUES (:id, :documents, :form, :saved_at, :is_pages)
         ON CONFLICT (id) DO UPDATE SET form = excluded.form, saved_at = excluded.saved_at",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":id": draft.id.as_bytes().as_slice(),
            ":documents": documents.join(","),
            ":form": serde_json::to_string(&draft.form).unwrap_or_default(),
            ":saved_at": draft.saved_at.unix_ms(),
            ":is_pages": draft.is_pages,
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// Throws a draft away with its photos' records.
///
/// # Errors
/// The faults of a store.
pub fn delete(tx: &Transaction<'_>, id: DraftId) -> Result<()> {
    tx.execute("DELETE FROM draft WHERE id = :id", named_params! { ":id": id.as_bytes().as_slice() })
        .map_err(sqlite)?;
    Ok(())
}

/// Attaches a photo.
///
/// # Errors
/// The faults of a store.
pub fn attach(tx: &Transaction<'_>, id: DraftId, photo: &DraftPhoto, at: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO draft_photo (draft, photo, record, attached_at) VALUES (:draft, :photo, :record, :at)
         ON CONFLICT (draft, photo) DO NOTHING",
        named_params! {
            ":draft": id.as_bytes().as_slice(),
            ":photo": photo.photo.0.as_slice(),
            ":record": serde_json::to_string(photo).unwrap_or_default(),
            ":at": at.unix_ms(),
        },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// Takes a photo off.
///
/// # Errors
/// The faults of a store.
pub fn detach(tx: &Transaction<'_>, id: DraftId, photo: Hash32) -> Result<()> {
    tx.execute(
        "DELETE FROM draft_photo WHERE draft = :draft AND photo = :photo",
        named_params! { ":draft": id.as_bytes().as_slice(), ":photo": photo.0.as_slice() },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// Puts a photo that was made of another into its place.
///
/// # Errors
/// The faults of a store.
pub fn replace(tx: &Transaction<'_>, id: DraftId, photo: Hash32, by: &DraftPhoto) -> Result<()> {
    tx.execute(
        "UPDATE OR REPLACE draft_photo SET photo = :by, record = :record WHERE draft = :draft AND photo = :photo",
        named_params! {
            ":draft": id.as_bytes().as_slice(),
            ":photo": photo.0.as_slice(),
            ":by": by.photo.0.as_slice(),
            ":record": serde_json::to_string(by).unwrap_or_default(),
        },
    )
    .map_err(sqlite)?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<(DraftId, String, String, Timestamp, bool)> {
    Ok((
        DraftId::from_bytes(row.get("id")?),
        row.get("documents")?,
        row.get("form")?,
        Timestamp::from_unix_ms(row.get("saved_at")?),
        row.get("is_pages")?,
    ))
}

fn understood(
    (id, documents, form, saved_at, is_pages): (DraftId, String, String, Timestamp, bool),
) -> Result<DraftRow> {
    Ok(DraftRow {
        id,
        documents: documents.split(',').filter_map(DocumentId::parse).collect(),
        form: serde_json::from_str(&form).map_err(|_| malformed("draft"))?,
        saved_at,
        is_pages,
    })
}

impl Reading<'_> {
    /// A draft.
    ///
    /// # Errors
    /// [`ErrorCode::DraftNotHere`], the faults of a store.
    pub fn draft(self, id: DraftId) -> Result<DraftRow> {
        self.0
            .prepare_cached("SELECT id, documents, form, saved_at, is_pages FROM draft WHERE id = :id")
            .and_then(|mut statement| {
                statement.query_row(named_params! { ":id": id.as_bytes().as_slice() }, read).optional()
            })
            .map_err(sqlite)?
            .ok_or_else(|| Failure::new(ErrorCode::DraftNotHere, "draft"))
            .and_then(understood)
    }

    /// All drafts, newest first.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn drafts(self) -> Result<Vec<DraftRow>> {
        self.0
            .prepare_cached("SELECT id, documents, form, saved_at, is_pages FROM draft ORDER BY saved_at DESC, id")
            .and_then(|mut statement| statement.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>())
            .map_err(sqlite)?
            .into_iter()
            .map(understood)
            .collect()
    }

    /// The photos of a draft, in the order in which they were attached.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn draft_photos(self, id: DraftId) -> Result<Vec<DraftPhoto>> {
        self.0
            .prepare_cached("SELECT record FROM draft_photo WHERE draft = :id ORDER BY attached_at, photo")
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":id": id.as_bytes().as_slice() }, |row| row.get::<_, String>("record"))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?
            .iter()
            .map(|record| serde_json::from_str(record).map_err(|_| malformed("draft photo")))
            .collect()
    }

    /// The photos and thumbnails of all drafts.
    ///
    /// # Errors
    /// The faults of a store; [`ErrorCode::StoreDamaged`] for a draft that cannot be read.
    pub fn files_of_drafts(self) -> Result<BTreeSet<Hash32>> {
        let records = self
            .0
            .prepare_cached("SELECT record FROM draft_photo")
            .and_then(|mut statement| {
                let records = statement.query_map([], |row| row.get::<_, String>("record"))?;
                records.collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        let mut files = BTreeSet::new();
        for record in records {
            let photo: DraftPhoto = serde_json::from_str(&record).map_err(|_| malformed("draft photo"))?;
            files.extend([photo.photo, photo.thumbnail]);
        }
        Ok(files)
    }

    /// Whether any draft has this photo.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn drafts_have_photo(self, photo: Hash32) -> Result<bool> {
        self.0
            .prepare_cached("SELECT 1 FROM draft_photo WHERE photo = :photo")
            .and_then(|mut statement| statement.exists(named_params! { ":photo": photo.0.as_slice() }))
            .map_err(sqlite)
    }
}
