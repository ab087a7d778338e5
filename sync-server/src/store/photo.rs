//! Photo files: what was offered, what is here whole, and which documents each belongs to. The bytes lie beside
//! the store.

use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32};
use jiafang_core::error::Result;
use jiafang_core::protocol::photo::{PhotoFile, PhotoOffer};
use rusqlite::{Connection, Transaction, named_params};

use super::{malformed, optional, signed, sqlite, unsigned};

/// A file that is here whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhotoRow {
    /// Its size.
    pub bytes_total: u64,
    /// The device that put it up first.
    pub uploader: CertificateId,
}

const fn number_of(file: PhotoFile) -> i64 {
    match file {
        PhotoFile::Thumbnail => 1,
        PhotoFile::Photo => 2,
    }
}

const fn file_of(number: i64) -> Option<PhotoFile> {
    match number {
        1 => Some(PhotoFile::Thumbnail),
        2 => Some(PhotoFile::Photo),
        _ => None,
    }
}

/// Keeps an offer of a device.
///
/// # Errors
/// The faults of a store.
pub fn offer(tx: &Transaction<'_>, offer: &PhotoOffer, certificate: CertificateId) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO photo_offer (hash, certificate, document, file, bytes_total)
         VALUES (:hash, :certificate, :document, :file, :bytes_total)
         ON CONFLICT (hash, certificate, document)
         DO UPDATE SET file = excluded.file, bytes_total = excluded.bytes_total",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":hash": offer.hash.0.as_slice(),
            ":certificate": certificate.as_bytes().as_slice(),
            ":document": offer.document.as_bytes().as_slice(),
            ":file": number_of(offer.file),
            ":bytes_total": signed(offer.bytes_total),
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// What a device has offered under a hash.
///
/// # Errors
/// The faults of a store.
pub fn offers(connection: &Connection, hash: Hash32, certificate: CertificateId) -> Result<Vec<PhotoOffer>> {
    let rows = connection
        .prepare_cached(
            "SELECT document, file, bytes_total FROM photo_offer
             WHERE hash = :hash AND certificate = :certificate ORDER BY document",
        )
        .and_then(|mut statement| {
            statement
                .query_map(
                    named_params! {
                        ":hash": hash.0.as_slice(),
                        ":certificate": certificate.as_bytes().as_slice(),
                    },
                    |row| {
                        Ok((
                            DocumentId::from_bytes(row.get("document")?),
                            row.get::<_, i64>("file")?,
                            unsigned(row.get("bytes_total")?),
                        ))
                    },
                )?
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(sqlite)?;
    rows.into_iter()
        .map(|(document, file, bytes_total)| {
            let file = file_of(file).ok_or_else(|| malformed("photo file"))?;
            Ok(PhotoOffer { hash, document, file, bytes_total })
        })
        .collect()
}

/// A file that is here whole; `None` when it is not.
///
/// # Errors
/// The faults of a store.
pub fn row(connection: &Connection, hash: Hash32) -> Result<Option<PhotoRow>> {
    let row = connection
        .prepare_cached("SELECT bytes_total, uploader FROM photo WHERE hash = :hash")
        .map_err(sqlite)?
        .query_row(named_params! { ":hash": hash.0.as_slice() }, |row| {
            Ok(PhotoRow {
                bytes_total: unsigned(row.get("bytes_total")?),
                uploader: CertificateId::from_bytes(row.get("uploader")?),
            })
        });
    optional(row)
}

/// The documents that a file belongs to.
///
/// # Errors
/// The faults of a store.
pub fn documents(connection: &Connection, hash: Hash32) -> Result<Vec<DocumentId>> {
    connection
        .prepare_cached("SELECT document FROM photo_document WHERE hash = :hash ORDER BY document")
        .and_then(|mut statement| {
            statement
                .query_map(named_params! { ":hash": hash.0.as_slice() }, |row| {
                    Ok(DocumentId::from_bytes(row.get("document")?))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(sqlite)
}

/// All of a file has come from a device, and the hash was right.
///
/// # Errors
/// The faults of a store.
pub fn keep(tx: &Transaction<'_>, offer: &PhotoOffer, uploader: CertificateId) -> Result<()> {
    tx.execute(
        "INSERT INTO photo (hash, file, bytes_total, uploader) VALUES (:hash, :file, :bytes_total, :uploader)
         ON CONFLICT (hash) DO NOTHING",
        named_params! {
            ":hash": offer.hash.0.as_slice(),
            ":file": number_of(offer.file),
            ":bytes_total": signed(offer.bytes_total),
            ":uploader": uploader.as_bytes().as_slice(),
        },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// A file belongs to a document: who may see the one may fetch the other.
///
/// # Errors
/// The faults of a store.
pub fn link(tx: &Transaction<'_>, hash: Hash32, document: DocumentId) -> Result<()> {
    tx.prepare_cached("INSERT INTO photo_document (hash, document) VALUES (:hash, :document) ON CONFLICT DO NOTHING")
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":hash": hash.0.as_slice(),
                ":document": document.as_bytes().as_slice(),
            })
        })
        .map_err(sqlite)?;
    Ok(())
}

/// A desk has fetched the file whole.
///
/// # Errors
/// The faults of a store.
pub fn mark_delivered(tx: &Transaction<'_>, hash: Hash32, uploader: CertificateId) -> Result<()> {
    tx.execute(
        "INSERT INTO photo_delivery (hash, uploader) VALUES (:hash, :uploader) ON CONFLICT (hash) DO NOTHING",
        named_params! { ":hash": hash.0.as_slice(), ":uploader": uploader.as_bytes().as_slice() },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// Files of a device that a desk has fetched since a mark, with the new mark.
///
/// # Errors
/// The faults of a store.
pub fn delivered_since(
    connection: &Connection,
    uploader: CertificateId,
    mark: u64,
    limit: u32,
) -> Result<(Vec<Hash32>, u64)> {
    let rows = connection
        .prepare_cached(
            "SELECT id, hash FROM photo_delivery WHERE uploader = :uploader AND id > :mark ORDER BY id LIMIT :limit",
        )
        .and_then(|mut statement| {
            statement
                .query_map(
                    named_params! {
                        ":uploader": uploader.as_bytes().as_slice(),
                        ":mark": signed(mark),
                        ":limit": limit,
                    },
                    |row| Ok((unsigned(row.get("id")?), Hash32(row.get("hash")?))),
                )?
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(sqlite)?;
    let new_mark = rows.last().map_or(mark, |(id, _)| *id);
    Ok((rows.into_iter().map(|(_, hash)| hash).collect(), new_mark))
}

/// Hashes of all files that have come whole: what a backup must hold.
///
/// # Errors
/// The faults of a store.
pub fn complete_hashes(connection: &Connection) -> Result<Vec<Hash32>> {
    connection
        .prepare("SELECT hash FROM photo ORDER BY hash")
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok(Hash32(row.get("hash")?)))?.collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(sqlite)
}
