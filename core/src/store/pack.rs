//! Packs of a first copy: which are awaited, how far each has come, which are held.

use rusqlite::{OptionalExtension, Row, Transaction, named_params};

use super::device::{signed, unsigned};
use super::{Reading, sqlite};
use crate::domain::identifier::{CertificateId, DocumentId, Hash32};
use crate::error::Result;
use crate::protocol::cursor::Cursor;
use crate::protocol::pack::{PackOffer, PackRequest};

/// A pack that is awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackRow {
    /// What names it.
    pub hash: Hash32,
    /// The size of the whole.
    pub bytes_total: u64,
    /// Its head section; empty before it has come.
    pub head: Vec<u8>,
    /// Groups that were taken in, or passed over.
    pub groups_taken: u64,
    /// Bytes of head and groups that were.
    pub bytes_taken: u64,
    /// Bytes that have come above those.
    pub bytes_waiting: u64,
}

impl PackRow {
    /// The first byte that has not come.
    #[must_use]
    pub fn next_byte(&self) -> u64 {
        self.bytes_taken.saturating_add(self.bytes_waiting)
    }
}

/// How far a first copy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstCopy {
    /// Children in the packs of this first copy that are here.
    pub here: u32,
    /// Children in them in all.
    pub total: u32,
}

const COLUMNS: &str = "hash, bytes_total, head, groups_taken, bytes_taken,
    (SELECT coalesce(sum(length(bytes)), 0) FROM pack_part WHERE pack_part.pack = pack.hash) AS bytes_waiting";

fn read(row: &Row<'_>) -> rusqlite::Result<PackRow> {
    Ok(PackRow {
        hash: Hash32(row.get("hash")?),
        bytes_total: unsigned(row.get("bytes_total")?),
        head: row.get("head")?,
        groups_taken: unsigned(row.get("groups_taken")?),
        bytes_taken: unsigned(row.get("bytes_taken")?),
        bytes_waiting: unsigned(row.get("bytes_waiting")?),
    })
}

/// Packs that the server has named are awaited; what is known of one already stays.
///
/// # Errors
/// The faults of a store.
pub fn await_all(tx: &Transaction<'_>, packs: &[PackOffer]) -> Result<()> {
    let mut statement = tx
        .prepare_cached(
            "INSERT INTO pack (hash, bytes_total, dossiers, cut_seq)
             VALUES (:hash, :bytes_total, :dossiers, :cut_seq) ON CONFLICT (hash) DO NOTHING",
        )
        .map_err(sqlite)?;
    for pack in packs {
        statement
            .execute(named_params! {
                ":hash": pack.hash.0.as_slice(),
                ":bytes_total": signed(pack.bytes_total),
                ":dossiers": pack.dossiers,
                ":cut_seq": signed(pack.cut_seq),
            })
            .map_err(sqlite)?;
    }
    Ok(())
}

/// Keeps bytes that have come of an awaited pack.
///
/// # Errors
/// The faults of a store.
pub fn keep_part(tx: &Transaction<'_>, hash: Hash32, offset: u64, bytes: &[u8]) -> Result<()> {
    tx.prepare_cached("INSERT INTO pack_part (pack, offset, bytes) VALUES (:pack, :offset, :bytes)")
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":pack": hash.0.as_slice(),
                ":offset": signed(offset),
                ":bytes": bytes,
            })
        })
        .map_err(sqlite)?;
    Ok(())
}

/// Takes the first `length` bytes that wait, and leaves the rest.
///
/// # Errors
/// The faults of a store.
pub fn take_waiting(tx: &Transaction<'_>, row: &PackRow, length: usize) -> Result<Vec<u8>> {
    let mut bytes = Reading::within(tx).waiting_bytes(row.hash)?;
    let rest = bytes.split_off(length.min(bytes.len()));
    tx.execute("DELETE FROM pack_part WHERE pack = :pack", named_params! { ":pack": row.hash.0.as_slice() })
        .map_err(sqlite)?;
    if !rest.is_empty() {
        let offset = row.bytes_taken.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        keep_part(tx, row.hash, offset, &rest)?;
    }
    Ok(bytes)
}

/// The head of a pack is here.
///
/// # Errors
/// The faults of a store.
pub fn set_head(tx: &Transaction<'_>, hash: Hash32, head: &[u8], bytes: u64) -> Result<()> {
    tx.execute(
        "UPDATE pack SET head = :head, bytes_taken = :bytes WHERE hash = :hash",
        named_params! { ":head": head, ":bytes": signed(bytes), ":hash": hash.0.as_slice() },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// A group of a pack is here.
///
/// # Errors
/// The faults of a store.
pub fn mark_group_taken(tx: &Transaction<'_>, hash: Hash32, bytes: u32, documents: &[DocumentId]) -> Result<()> {
    let pack = hash.0.as_slice();
    tx.prepare_cached(
        "UPDATE pack SET groups_taken = groups_taken + 1, dossiers_taken = dossiers_taken + :dossiers,
             bytes_taken = bytes_taken + :bytes WHERE hash = :hash",
    )
    .and_then(|mut statement| {
        let dossiers = u32::try_from(documents.len()).unwrap_or(u32::MAX);
        statement.execute(named_params! { ":dossiers": dossiers, ":bytes": bytes, ":hash": pack })
    })
    .map_err(sqlite)?;
    let mut insert = tx
        .prepare_cached("INSERT INTO pack_document (pack, document) VALUES (:pack, :document) ON CONFLICT DO NOTHING")
        .map_err(sqlite)?;
    for document in documents {
        insert.execute(named_params! { ":pack": pack, ":document": document.as_bytes().as_slice() }).map_err(sqlite)?;
    }
    Ok(())
}

/// A pack has been taken in whole.
///
/// # Errors
/// The faults of a store.
pub fn mark_held(tx: &Transaction<'_>, hash: Hash32) -> Result<()> {
    let hash = hash.0.as_slice();
    tx.execute("DELETE FROM pack_part WHERE pack = :hash", named_params! { ":hash": hash }).map_err(sqlite)?;
    tx.execute("UPDATE pack SET state = 'held', head = x'' WHERE hash = :hash", named_params! { ":hash": hash })
        .map_err(sqlite)?;
    Ok(())
}

/// Forgets an awaited pack: the server has it no more. What was taken in of it stays, and is not fetched again should
/// the pack be named again.
///
/// # Errors
/// The faults of a store.
pub fn forget(tx: &Transaction<'_>, hash: Hash32) -> Result<()> {
    let hash = hash.0.as_slice();
    for sql in ["DELETE FROM pack_part WHERE pack = :hash", "DELETE FROM pack WHERE hash = :hash"] {
        tx.execute(sql, named_params! { ":hash": hash }).map_err(sqlite)?;
    }
    Ok(())
}

/// A pack cannot be taken in here: its dossiers are asked for as envelopes.
///
/// # Errors
/// The faults of a store.
pub fn refuse(tx: &Transaction<'_>, hash: Hash32) -> Result<()> {
    tx.execute("DELETE FROM pack_part WHERE pack = :hash", named_params! { ":hash": hash.0.as_slice() })
        .map_err(sqlite)?;
    tx.execute(
        "UPDATE pack SET state = 'refused', head = x'' WHERE hash = :hash",
        named_params! { ":hash": hash.0.as_slice() },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// Forgets all packs that are awaited: the server will name others.
///
/// # Errors
/// The faults of a store.
pub fn forget_awaited(tx: &Transaction<'_>) -> Result<()> {
    for row in Reading::within(tx).packs_awaited()? {
        forget(tx, row.hash)?;
    }
    Ok(())
}

/// A dossier is erased: packs that it came in are held no more.
///
/// # Errors
/// The faults of a store.
pub fn forget_with(tx: &Transaction<'_>, document: DocumentId) -> Result<()> {
    let document = document.as_bytes().as_slice();
    for sql in [
        "DELETE FROM pack WHERE state = 'held'
             AND hash IN (SELECT pack FROM pack_document WHERE document = :document)",
        "DELETE FROM pack_document WHERE document = :document",
    ] {
        tx.prepare_cached(sql)
            .and_then(|mut statement| statement.execute(named_params! { ":document": document }))
            .map_err(sqlite)?;
    }
    Ok(())
}

/// Binds an actor to a certificate, as the county has signed it. A binding that an envelope made stays.
///
/// # Errors
/// The faults of a store.
pub fn bind_actor(tx: &Transaction<'_>, actor: &[u8], certificate: CertificateId) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO actor (actor, certificate) VALUES (:actor, :certificate) ON CONFLICT (actor) DO NOTHING",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! { ":actor": actor, ":certificate": certificate.as_bytes().as_slice() })
    })
    .map_err(sqlite)?;
    Ok(())
}

impl Reading<'_> {
    /// Packs that are awaited, in the order in which they are fetched.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn packs_awaited(self) -> Result<Vec<PackRow>> {
        self.0
            .prepare_cached(&format!("SELECT {COLUMNS} FROM pack WHERE state = 'awaited' ORDER BY number"))
            .and_then(|mut statement| statement.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>())
            .map_err(sqlite)
    }

    /// Packs that have been taken in, every dossier of which is here still.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn packs_held(self) -> Result<Vec<Hash32>> {
        self.0
            .prepare_cached("SELECT hash FROM pack WHERE state = 'held' ORDER BY number")
            .and_then(|mut statement| {
                statement.query_map([], |row| Ok(Hash32(row.get("hash")?)))?.collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// An awaited pack; `None` when it is not awaited any more.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn pack_awaited(self, hash: Hash32) -> Result<Option<PackRow>> {
        self.0
            .prepare_cached(&format!("SELECT {COLUMNS} FROM pack WHERE state = 'awaited' AND hash = :hash"))
            .and_then(|mut statement| {
                statement.query_row(named_params! { ":hash": hash.0.as_slice() }, read).optional()
            })
            .map_err(sqlite)
    }

    /// All bytes of a pack that wait.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn waiting_bytes(self, hash: Hash32) -> Result<Vec<u8>> {
        self.0
            .prepare_cached("SELECT bytes FROM pack_part WHERE pack = :pack ORDER BY offset")
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":pack": hash.0.as_slice() }, |row| row.get::<_, Vec<u8>>("bytes"))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map(|parts| parts.concat())
            .map_err(sqlite)
    }

    /// Whether a dossier has been taken in from some pack.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn came_by_pack(self, document: DocumentId) -> Result<bool> {
        self.0
            .prepare_cached("SELECT 1 FROM pack_document WHERE document = :document")
            .and_then(|mut statement| statement.exists(named_params! { ":document": document.as_bytes().as_slice() }))
            .map_err(sqlite)
    }

    /// Whether a dossier has been taken in from a pack that is held or awaited, of which the server hears.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn is_of_a_pack_here(self, document: DocumentId) -> Result<bool> {
        self.0
            .prepare_cached(
                "SELECT 1 FROM pack_document JOIN pack ON pack.hash = pack_document.pack
                 WHERE pack_document.document = :document AND pack.state <> 'refused'",
            )
            .and_then(|mut statement| statement.exists(named_params! { ":document": document.as_bytes().as_slice() }))
            .map_err(sqlite)
    }

    /// What a request says of packs; `None` where nothing needs to be said.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn pack_request(self, cursor: Cursor) -> Result<Option<PackRequest>> {
        let hashes = |sql: &str, seq: u64| -> Result<Vec<Hash32>> {
            self.0
                .prepare_cached(sql)
                .and_then(|mut statement| {
                    statement
                        .query_map(named_params! { ":seq": signed(seq) }, |row| Ok(Hash32(row.get("hash")?)))?
                        .collect::<rusqlite::Result<Vec<_>>>()
                })
                .map_err(sqlite)
        };
        let awaited = hashes("SELECT hash FROM pack WHERE state = 'awaited' AND :seq >= 0 ORDER BY number", 0)?;
        let held = hashes("SELECT hash FROM pack WHERE state = 'held' AND cut_seq > :seq ORDER BY number", cursor.seq)?;
        let begins = cursor == Cursor::START;
        if !begins && awaited.is_empty() && held.is_empty() {
            return Ok(None);
        }
        let refused = if begins {
            hashes("SELECT hash FROM pack WHERE state = 'refused' AND :seq >= 0 ORDER BY number", 0)?
        } else {
            Vec::new()
        };
        let fresh = begins
            && !self
                .0
                .prepare_cached("SELECT 1 FROM document")
                .and_then(|mut statement| statement.exists([]))
                .map_err(sqlite)?;
        Ok(Some(PackRequest { awaited, held, fresh, refused }))
    }

    /// How far the first copy has come; `None` when none is going on.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn first_copy(self) -> Result<Option<FirstCopy>> {
        self.0
            .prepare_cached(
                "SELECT coalesce(sum(dossiers_taken), 0) AS here, coalesce(sum(dossiers), 0) AS total,
                     count(*) FILTER (WHERE state = 'awaited') AS awaited
                 FROM pack WHERE state <> 'refused'",
            )
            .and_then(|mut statement| {
                statement.query_row([], |row| {
                    let number = |name: &str| -> rusqlite::Result<u32> {
                        Ok(u32::try_from(row.get::<_, i64>(name)?).unwrap_or(u32::MAX))
                    };
                    let copy = FirstCopy { here: number("here")?, total: number("total")? };
                    Ok((number("awaited")? > 0).then_some(copy))
                })
            })
            .map_err(sqlite)
    }
}
