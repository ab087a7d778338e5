//! The files of photos: which are here, how far each has come on its way.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, Transaction, named_params};

use super::device::{moment, signed, unsigned};
use super::{Reading, sqlite};
use crate::domain::identifier::{DocumentId, EntryId, Hash32};
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::protocol::photo::{PhotoFile, PhotoOffer, PhotoOffset};

/// A file of a photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoFileRow {
    /// SHA-256 of the file.
    pub hash: Hash32,
    /// The dossier.
    pub document: DocumentId,
    /// Which file.
    pub file: PhotoFile,
    /// The photo's entry in the dossier.
    pub entry: EntryId,
    /// Its size.
    pub bytes_total: u64,
    /// Taken here: it goes up. Else it comes down.
    pub own: bool,
    /// It is in the file store of this device.
    pub here: bool,
    /// Bytes that the server holds of an own file.
    pub offset: u64,
    /// When the server had an own file whole.
    pub complete_at: Option<Timestamp>,
    /// When this device heard that a desk has it.
    pub on_desk_at: Option<Timestamp>,
    /// Why the server does not take it: a key; empty when nothing is wrong.
    pub problem: String,
    /// Somebody has asked here for a photo that others took.
    pub wanted: bool,
    /// When the server was last asked for it and had not got it.
    pub absent_at: Option<Timestamp>,
    /// Tries in vain in a row, up or down.
    pub failures: u32,
    /// Of an own file that the server has whole: the end of its log when it said so. A verified backup that reaches further
    /// holds the file. 0 when it was not said.
    pub complete_head: u64,
}

/// As often a file is tried before it is named: a link that damages bytes, or a disk that does, is no passing thing.
const FAILURES_MAX: u32 = 3;

const COLUMNS: &str = "hash, document, file, entry, bytes_total, own, here, offset, complete_at, on_desk_at, problem, \
     wanted, absent_at, failures, complete_head";

fn read(row: &Row<'_>) -> rusqlite::Result<PhotoFileRow> {
    Ok(PhotoFileRow {
        hash: Hash32(row.get("hash")?),
        document: DocumentId::from_bytes(row.get("document")?),
        file: if row.get::<_, i64>("file")? == 1 { PhotoFile::Thumbnail } else { PhotoFile::Photo },
        entry: EntryId::from_bytes(row.get("entry")?),
        bytes_total: unsigned(row.get("bytes_total")?),
        own: row.get("own")?,
        here: row.get("here")?,
        offset: unsigned(row.get("offset")?),
        complete_at: moment(row.get("complete_at")?),
        on_desk_at: moment(row.get("on_desk_at")?),
        problem: row.get("problem")?,
        wanted: row.get("wanted")?,
        absent_at: moment(row.get("absent_at")?),
        failures: row.get("failures")?,
        complete_head: unsigned(row.get("complete_head")?),
    })
}

const fn number(file: PhotoFile) -> i64 {
    match file {
        PhotoFile::Thumbnail => 1,
        PhotoFile::Photo => 2,
    }
}

/// Keeps a file's row; one that is known already stays as it is, save that a file which is here now is here.
///
/// # Errors
/// The faults of a store.
pub fn put(tx: &Transaction<'_>, row: &PhotoFileRow) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO photo_file (hash, document, file, entry, bytes_total, own, here)
         VALUES (:hash, :document, :file, :entry, :bytes_total, :own, :here)
         ON CONFLICT (hash, document) DO UPDATE SET here = max(here, excluded.here), own = max(own, excluded.own)",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":hash": row.hash.0.as_slice(),
            ":document": row.document.as_bytes().as_slice(),
            ":file": number(row.file),
            ":entry": row.entry.as_bytes().as_slice(),
            ":bytes_total": signed(row.bytes_total),
            ":own": row.own,
            ":here": row.here,
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// The server holds so much of an own file.
///
/// # Errors
/// The faults of a store.
pub fn mark_offset(tx: &Transaction<'_>, held: &PhotoOffset, at: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "UPDATE photo_file SET offset = :offset, failures = CASE WHEN :offset > offset THEN 0 ELSE failures END,
             complete_at = CASE WHEN :complete AND complete_at = 0 THEN :at ELSE complete_at END,
             complete_head = CASE WHEN :complete AND complete_head = 0 THEN :head ELSE complete_head END
         WHERE hash = :hash AND own = 1",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":hash": held.hash.0.as_slice(),
            ":offset": signed(held.offset),
            ":complete": held.complete,
            ":at": at.unix_ms(),
            ":head": signed(held.head.unwrap_or(0)),
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// A file was tried in vain, up or down, for no reason of its own that is known. It goes behind all others, and begins anew;
/// an own one that the server threw away as damaged so often is named.
///
/// # Errors
/// The faults of a store.
pub fn mark_failed(tx: &Transaction<'_>, hash: Hash32, was_damaged: bool) -> Result<()> {
    tx.prepare_cached(
        "UPDATE photo_file SET failures = failures + 1, offset = CASE WHEN :damaged THEN 0 ELSE offset END,
             problem = CASE WHEN own = 1 AND :damaged AND failures + 1 >= :most THEN 'damaged_on_way' ELSE problem END
         WHERE hash = :hash",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":hash": hash.0.as_slice(), ":damaged": was_damaged, ":most": FAILURES_MAX,
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// A file that came down is in the file store now.
///
/// # Errors
/// The faults of a store.
pub fn mark_here(tx: &Transaction<'_>, hash: Hash32) -> Result<()> {
    tx.execute(
        "UPDATE photo_file SET here = 1, wanted = 0, absent_at = 0, failures = 0 WHERE hash = :hash",
        named_params! { ":hash": hash.0.as_slice() },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// Somebody asks for a photo that others took: the next sync fetches it.
///
/// # Errors
/// The faults of a store.
pub fn mark_wanted(tx: &Transaction<'_>, hash: Hash32) -> Result<()> {
    tx.execute(
        "UPDATE photo_file SET wanted = 1, here = 0, absent_at = 0, failures = 0 WHERE hash = :hash AND own = 0",
        named_params! { ":hash": hash.0.as_slice() },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// The server was asked for the file and has not got it, yet: it stays wanted.
///
/// # Errors
/// The faults of a store.
pub fn mark_absent(tx: &Transaction<'_>, hash: Hash32, at: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE photo_file SET absent_at = :at WHERE hash = :hash AND own = 0",
        named_params! { ":hash": hash.0.as_slice(), ":at": at.unix_ms() },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// A desk has fetched the file.
///
/// # Errors
/// The faults of a store.
pub fn mark_on_desk(tx: &Transaction<'_>, hash: Hash32, at: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE photo_file SET on_desk_at = :at WHERE hash = :hash AND own = 1 AND on_desk_at = 0",
        named_params! { ":hash": hash.0.as_slice(), ":at": at.unix_ms() },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// The server does not take the file, for this reason: it stays here, and nothing waits for it.
///
/// # Errors
/// The faults of a store.
pub fn mark_problem(tx: &Transaction<'_>, hash: Hash32, problem: &str) -> Result<()> {
    tx.execute(
        "UPDATE photo_file SET problem = :problem WHERE hash = :hash AND own = 1",
        named_params! { ":hash": hash.0.as_slice(), ":problem": problem },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// A restored server may lack files that it had: all own ones are offered again. A desk that has fetched one
/// still has it, and does not fetch it again, so that stays said.
///
/// # Errors
/// The faults of a store.
pub fn offer_all_again(tx: &Transaction<'_>) -> Result<()> {
    tx.execute("UPDATE photo_file SET offset = 0, complete_at = 0, complete_head = 0, failures = 0 WHERE own = 1", [])
        .map_err(sqlite)?;
    Ok(())
}

/// A record has been taken in: files of its dossier that the server had not taken, since it did not know the dossier or they
/// came damaged, are offered again. `true` when there are such files.
///
/// # Errors
/// The faults of a store.
pub fn offer_again_with_record(tx: &Transaction<'_>, counter: u64) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "UPDATE photo_file SET problem = '', failures = 0
             WHERE own = 1 AND problem IN ('not_taken', 'not_yours', 'damaged_on_way') AND document = (SELECT document FROM outbox WHERE counter = :counter)",
        )
        .and_then(|mut statement| statement.execute(named_params! { ":counter": signed(counter) }))
        .map_err(sqlite)?;
    Ok(changed > 0)
}

/// Somebody asks for a sync: what arrived damaged too often is tried once more, and named again if that was in vain.
///
/// # Errors
/// The faults of a store.
pub fn try_damaged_once_more(tx: &Transaction<'_>) -> Result<()> {
    tx.execute(
        "UPDATE photo_file SET problem = '', failures = :failures WHERE own = 1 AND problem = 'damaged_on_way'",
        named_params! { ":failures": FAILURES_MAX.saturating_sub(1) },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// The record of a photo is in its dossier no more.
///
/// # Errors
/// The faults of a store.
pub fn forget(tx: &Transaction<'_>, document: DocumentId, entry: EntryId) -> Result<()> {
    tx.prepare_cached("DELETE FROM photo_file WHERE document = :document AND entry = :entry")
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":document": document.as_bytes().as_slice(),
                ":entry": entry.as_bytes().as_slice(),
            })
        })
        .map_err(sqlite)?;
    Ok(())
}

/// The person answers for others now: what was not taken before is offered again.
///
/// # Errors
/// The faults of a store.
pub fn offer_not_taken_again(tx: &Transaction<'_>) -> Result<()> {
    tx.execute("UPDATE photo_file SET problem = '' WHERE own = 1 AND problem IN ('not_taken', 'not_yours')", [])
        .map_err(sqlite)?;
    Ok(())
}

impl Reading<'_> {
    /// Own files that the server has no word of or not all of: thumbnails first, oldest first; what was tried in vain last.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn files_to_send(self, limit: u32) -> Result<Vec<PhotoFileRow>> {
        self.files(
            &format!(
                "SELECT {COLUMNS} FROM photo_file
                 WHERE own = 1 AND complete_at = 0 AND problem = '' ORDER BY failures, file, entry LIMIT :limit"
            ),
            limit,
        )
    }

    /// Files of others that are not here: thumbnails first, then what somebody asked for, then the newest. Photos that
    /// nobody asked for only where `all` are kept.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn files_to_fetch(self, limit: u32, all: bool) -> Result<Vec<PhotoFileRow>> {
        let which = if all { "" } else { "AND (file = 1 OR wanted = 1)" };
        self.files(
            &format!(
                "SELECT {COLUMNS} FROM photo_file
                 WHERE own = 0 AND here = 0 AND failures < {FAILURES_MAX} {which}
                 ORDER BY failures, file, wanted DESC, entry DESC LIMIT :limit"
            ),
            limit,
        )
    }

    /// How many photos somebody has asked for that no sync has looked for yet.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn files_asked_for(self) -> Result<u32> {
        self.0
            .prepare_cached(
                "SELECT count(DISTINCT hash) AS files FROM photo_file
                 WHERE own = 0 AND here = 0 AND wanted = 1 AND absent_at = 0",
            )
            .and_then(|mut statement| statement.query_row([], |row| row.get("files")))
            .map_err(sqlite)
    }

    /// A file, as the first dossier that has it knows it.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn file(self, hash: Hash32) -> Result<Option<PhotoFileRow>> {
        self.0
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM photo_file WHERE hash = :hash ORDER BY own DESC, document LIMIT 1"
            ))
            .and_then(|mut statement| {
                statement.query_row(named_params! { ":hash": hash.0.as_slice() }, read).optional()
            })
            .map_err(sqlite)
    }

    fn files(self, sql: &str, limit: u32) -> Result<Vec<PhotoFileRow>> {
        self.0
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.query_map(named_params! { ":limit": limit }, read)?.collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// All files of a dossier.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn files_of(self, document: DocumentId) -> Result<Vec<PhotoFileRow>> {
        self.0
            .prepare_cached(&format!("SELECT {COLUMNS} FROM photo_file WHERE document = :document"))
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":document": document.as_bytes().as_slice() }, read)?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// How many own files wait to be sent, and how many bytes of them.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn files_waiting(self) -> Result<(u32, u64)> {
        self.0
            .prepare_cached(
                "SELECT count(DISTINCT hash) AS files, coalesce(sum(bytes_total - offset), 0) AS bytes
                 FROM photo_file WHERE own = 1 AND complete_at = 0 AND problem = ''",
            )
            .and_then(|mut statement| {
                statement.query_row([], |row| Ok((row.get("files")?, unsigned(row.get("bytes")?))))
            })
            .map_err(sqlite)
    }

    /// A dossier that a file belongs to, with the photo's entry in it.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn owner_of_file(self, hash: Hash32) -> Result<Option<(DocumentId, EntryId)>> {
        self.0
            .prepare_cached("SELECT document, entry FROM photo_file WHERE hash = :hash ORDER BY document LIMIT 1")
            .and_then(|mut statement| {
                statement
                    .query_row(named_params! { ":hash": hash.0.as_slice() }, |row| {
                        Ok((DocumentId::from_bytes(row.get("document")?), EntryId::from_bytes(row.get("entry")?)))
                    })
                    .optional()
            })
            .map_err(sqlite)
    }

    /// All files that dossiers name, here or not.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn files_of_dossiers(self) -> Result<BTreeSet<Hash32>> {
        self.hashes("SELECT DISTINCT hash FROM photo_file")
    }

    /// Files of others that are not here: parts of them may be.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn files_on_their_way(self) -> Result<BTreeSet<Hash32>> {
        self.hashes("SELECT DISTINCT hash FROM photo_file WHERE own = 0 AND here = 0")
    }

    fn hashes(self, sql: &str) -> Result<BTreeSet<Hash32>> {
        self.0
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.query_map([], |row| Ok(Hash32(row.get("hash")?)))?.collect::<rusqlite::Result<_>>()
            })
            .map_err(sqlite)
    }

    /// Whether a file belongs to any dossier here.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn knows_file(self, hash: Hash32) -> Result<bool> {
        self.0
            .prepare_cached("SELECT 1 FROM photo_file WHERE hash = :hash")
            .and_then(|mut statement| {
                statement.query_row(named_params! { ":hash": hash.0.as_slice() }, |_| Ok(())).optional()
            })
            .map(|found| found.is_some())
            .map_err(sqlite)
    }
}

impl PhotoFileRow {
    /// What is said to the server of it.
    #[must_use]
    pub fn offer(&self) -> PhotoOffer {
        PhotoOffer { hash: self.hash, document: self.document, file: self.file, bytes_total: self.bytes_total }
    }
}
