//! Photo files that were offered: whose, how large, whether all has come. The bytes lie beside the store.

use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32};
use jiafang_core::error::Result;
use jiafang_core::protocol::photo::PhotoOffer;
use rusqlite::{Connection, Transaction, named_params};

use super::{optional, signed, sqlite, unsigned};

/// A file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhotoRow {
    /// Its size.
    pub bytes_total: u64,
    /// All has come, and the hash was right.
    pub complete: bool,
    /// The device that offered it first.
    pub uploader: CertificateId,
}

/// Keeps an offer.
///
/// # Errors
/// The faults of a store.
pub fn offer(tx: &Transaction<'_>, offer: &PhotoOffer, uploader: CertificateId) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO photo (hash, file, bytes_total, uploader) VALUES (:hash, :file, :bytes_total, :uploader)
         ON CONFLICT (hash) DO NOTHING",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":hash": offer.hash.0.as_slice(),
            ":file": match offer.file {
                jiafang_core::protocol::photo::PhotoFile::Thumbnail => 1_i64,
                jiafang_core::protocol::photo::PhotoFile::Photo => 2_i64,
            },
            ":bytes_total": signed(offer.bytes_total),
            ":uploader": uploader.as_bytes().as_slice(),
        })
    })
    .map_err(sqlite)?;
    tx.prepare_cached("INSERT INTO photo_document (hash, document) VALUES (:hash, :document) ON CONFLICT DO NOTHING")
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":hash": offer.hash.0.as_slice(),
                ":document": offer.document.as_bytes().as_slice(),
            })
        })
        .map_err(sqlite)?;
    Ok(())
}

/// A file's row.
///
/// # Errors
/// The faults of a store.
pub fn row(connection: &Connection, hash: Hash32) -> Result<Option<PhotoRow>> {
    let row = connection
        .prepare_cached("SELECT bytes_total, complete, uploader FROM photo WHERE hash = :hash")
        .map_err(sqlite)?
        .query_row(named_params! { ":hash": hash.0.as_slice() }, |row| {
            Ok(PhotoRow {
                bytes_total: unsigned(row.get("bytes_total")?),
                complete: row.get("complete")?,
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

/// All of a file has come.
///
/// # Errors
/// The faults of a store.
pub fn mark_complete(tx: &Transaction<'_>, hash: Hash32) -> Result<()> {
    tx.execute("UPDATE photo SET complete = 1 WHERE hash = :hash", named_params! { ":hash": hash.0.as_slice() })
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
        .prepare("SELECT hash FROM photo WHERE complete = 1 ORDER BY hash")
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok(Hash32(row.get("hash")?)))?.collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(sqlite)
}
