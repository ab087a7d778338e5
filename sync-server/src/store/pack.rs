//! Packs that were made, and which dossiers may go into one.

use std::collections::BTreeMap;

use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::place::{ClassId, Leaves, PlaceCode, Scope};
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::Result;
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::pack::PackCell;
use jiafang_core::protocol::sync::{ScopeChange, ScopeEvent};
use rusqlite::{Connection, Row, Transaction, named_params};

use super::{log, malformed, moves, optional, signed, sqlite, unsigned};

/// A pack that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackRow {
    /// What names it.
    pub hash: Hash32,
    /// Whose dossiers.
    pub cell: PackCell,
    /// Up to where in the log.
    pub cut: Cursor,
    /// The size of its file.
    pub bytes_total: u64,
    /// SHA-256 of the file.
    pub file_hash: Hash32,
    /// Its file is here.
    pub is_here: bool,
}

const COLUMNS: &str = "hash, cell_kind, cell, cut_seq, cut_chain, bytes_total, file_hash, is_here";

/// How a store names a cell: the kind, and the code.
fn names(cell: &PackCell) -> (i64, &str) {
    match cell {
        PackCell::Village(village) => (0, village.as_str()),
        PackCell::Class(class) => (1, class.0.as_str()),
    }
}

fn cell_of(kind: i64, cell: String) -> Result<PackCell> {
    match kind {
        0 => PlaceCode::parse(&cell).map(PackCell::Village).ok_or_else(|| malformed("a pack's cell")),
        _ => Ok(PackCell::Class(ClassId(cell))),
    }
}

fn read(row: &Row<'_>) -> Result<PackRow> {
    Ok(PackRow {
        hash: Hash32(row.get("hash").map_err(sqlite)?),
        cell: cell_of(row.get("cell_kind").map_err(sqlite)?, row.get("cell").map_err(sqlite)?)?,
        cut: Cursor {
            seq: unsigned(row.get("cut_seq").map_err(sqlite)?),
            chain: Hash32(row.get("cut_chain").map_err(sqlite)?),
        },
        bytes_total: unsigned(row.get("bytes_total").map_err(sqlite)?),
        file_hash: Hash32(row.get("file_hash").map_err(sqlite)?),
        is_here: row.get("is_here").map_err(sqlite)?,
    })
}

/// Keeps a pack whose file is written.
///
/// # Errors
/// The faults of a store.
pub fn keep(tx: &Transaction<'_>, pack: &PackRow, documents: &[DocumentId], at: Timestamp) -> Result<()> {
    let (kind, cell) = names(&pack.cell);
    tx.execute(
        "INSERT INTO pack (hash, cell_kind, cell, cut_seq, cut_chain, bytes_total, file_hash, is_here, made_at)
         VALUES (:hash, :kind, :cell, :cut_seq, :cut_chain, :bytes_total, :file_hash, 1, :made_at)
         ON CONFLICT (hash) DO UPDATE SET is_here = 1, bytes_total = excluded.bytes_total,
             file_hash = excluded.file_hash",
        named_params! {
            ":hash": pack.hash.0.as_slice(),
            ":kind": kind,
            ":cell": cell,
            ":cut_seq": signed(pack.cut.seq),
            ":cut_chain": pack.cut.chain.0.as_slice(),
            ":bytes_total": signed(pack.bytes_total),
            ":file_hash": pack.file_hash.0.as_slice(),
            ":made_at": at.unix_ms(),
        },
    )
    .map_err(sqlite)?;
    let mut insert = tx
        .prepare_cached("INSERT INTO pack_document (pack, document) VALUES (:pack, :document) ON CONFLICT DO NOTHING")
        .map_err(sqlite)?;
    for document in documents {
        insert
            .execute(named_params! {
                ":pack": pack.hash.0.as_slice(),
                ":document": document.as_bytes().as_slice(),
            })
            .map_err(sqlite)?;
    }
    Ok(())
}

/// A pack by its hash.
///
/// # Errors
/// The faults of a store.
pub fn by_hash(connection: &Connection, hash: Hash32) -> Result<Option<PackRow>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM pack WHERE hash = :hash")).map_err(sqlite)?;
    let mut rows = statement.query(named_params! { ":hash": hash.0.as_slice() }).map_err(sqlite)?;
    rows.next().map_err(sqlite)?.map(read).transpose()
}

/// The packs of a cell whose files are here, the newest cut first.
///
/// # Errors
/// The faults of a store.
pub fn of_cell(connection: &Connection, cell: &PackCell) -> Result<Vec<PackRow>> {
    let (kind, cell) = names(cell);
    let mut statement = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM pack WHERE cell_kind = :kind AND cell = :cell AND is_here = 1
             ORDER BY cut_seq DESC, hash"
        ))
        .map_err(sqlite)?;
    let mut rows = statement.query(named_params! { ":kind": kind, ":cell": cell }).map_err(sqlite)?;
    let mut packs = Vec::new();
    while let Some(row) = rows.next().map_err(sqlite)? {
        packs.push(read(row)?);
    }
    Ok(packs)
}

/// The dossiers of a pack.
///
/// # Errors
/// The faults of a store.
pub fn documents(connection: &Connection, pack: Hash32) -> Result<Vec<DocumentId>> {
    connection
        .prepare_cached("SELECT document FROM pack_document WHERE pack = :pack ORDER BY document")
        .and_then(|mut statement| {
            statement
                .query_map(named_params! { ":pack": pack.0.as_slice() }, |row| {
                    Ok(DocumentId::from_bytes(row.get("document")?))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(sqlite)
}

/// Whether a pack was cut from this log, and not from one that a restore has put an end to.
///
/// # Errors
/// The faults of a store.
pub fn is_of_this_log(connection: &Connection, pack: &PackRow) -> Result<bool> {
    log::knows_cursor(connection, &pack.cut)
}

/// Whether a child of the pack has left its cell.
///
/// # Errors
/// The faults of a store.
pub fn has_lost_a_child(connection: &Connection, pack: &PackRow) -> Result<bool> {
    let (kind, cell) = names(&pack.cell);
    connection
        .prepare_cached(
            "SELECT 1 FROM pack_document JOIN document ON document.id = pack_document.document
             WHERE pack_document.pack = :pack
             AND CASE :kind WHEN 0 THEN document.village ELSE document.class END <> :cell",
        )
        .and_then(|mut statement| {
            statement.exists(named_params! { ":pack": pack.hash.0.as_slice(), ":kind": kind, ":cell": cell })
        })
        .map_err(sqlite)
}

/// How many envelopes of its dossiers a pack lacks, up to a place in the log.
///
/// # Errors
/// The faults of a store.
pub fn envelopes_since(connection: &Connection, pack: &PackRow, up_to: u64) -> Result<u64> {
    connection
        .prepare_cached(
            "SELECT count(*) AS count FROM pack_document
             JOIN log ON log.document = pack_document.document AND log.seq > :cut AND log.seq <= :up_to
             WHERE pack_document.pack = :pack",
        )
        .and_then(|mut statement| {
            statement.query_row(
                named_params! {
                    ":pack": pack.hash.0.as_slice(),
                    ":cut": signed(pack.cut.seq),
                    ":up_to": signed(up_to),
                },
                |row| row.get("count"),
            )
        })
        .map(unsigned)
        .map_err(sqlite)
}

/// Forgets a pack's file: it is gone, or rotten, or makes room. What devices hold of it stays known.
///
/// # Errors
/// The faults of a store.
pub fn forget_file(tx: &Transaction<'_>, hash: Hash32) -> Result<()> {
    tx.execute("UPDATE pack SET is_here = 0 WHERE hash = :hash", named_params! { ":hash": hash.0.as_slice() })
        .map_err(sqlite)?;
    Ok(())
}

/// Packs whose files must go for all to be within `bytes_max`, the oldest first.
///
/// # Errors
/// The faults of a store.
pub fn beyond(connection: &Connection, bytes_max: u64) -> Result<Vec<Hash32>> {
    let mut statement = connection
        .prepare("SELECT hash, bytes_total FROM pack WHERE is_here = 1 ORDER BY made_at DESC, hash")
        .map_err(sqlite)?;
    let mut rows = statement.query([]).map_err(sqlite)?;
    let mut bytes = 0_u64;
    let mut beyond = Vec::new();
    while let Some(row) = rows.next().map_err(sqlite)? {
        bytes = bytes.saturating_add(unsigned(row.get("bytes_total").map_err(sqlite)?));
        if bytes > bytes_max {
            beyond.push(Hash32(row.get("hash").map_err(sqlite)?));
        }
    }
    beyond.reverse();
    Ok(beyond)
}

/// A dossier could not be put into a pack; it is tried again when there is more of it.
///
/// # Errors
/// The faults of a store.
pub fn mark_unpackable(tx: &Transaction<'_>, document: DocumentId) -> Result<()> {
    tx.execute(
        "INSERT INTO unpackable (document, seq)
         VALUES (:document, (SELECT coalesce(max(seq), 0) FROM log WHERE log.document = :document))
         ON CONFLICT (document) DO UPDATE SET seq = excluded.seq",
        named_params! { ":document": document.as_bytes().as_slice() },
    )
    .map_err(sqlite)?;
    Ok(())
}

/// Dossiers that could not be put into a pack.
///
/// # Errors
/// The faults of a store.
pub fn unpackable(connection: &Connection) -> Result<Vec<DocumentId>> {
    connection
        .prepare("SELECT document FROM unpackable ORDER BY document")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| Ok(DocumentId::from_bytes(row.get("document")?)))?
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(sqlite)
}

/// The cells of a scope in which dossiers lie, in the order of their codes.
///
/// # Errors
/// The faults of a store.
pub fn cells(connection: &Connection, scope: &Scope) -> Result<Vec<PackCell>> {
    let (column, from, to) = match scope {
        Scope::Place(place) => ("village", place.as_str().to_owned(), format!("{}~", place.as_str())),
        // `/` follows the school's code in a class's id.
        Scope::School(school) => ("class", format!("{}/", school.0), format!("{}/~", school.0)),
        Scope::Class(class) => ("class", class.0.clone(), class.0.clone()),
    };
    let mut statement = connection
        .prepare_cached(&format!(
            "SELECT DISTINCT {column} AS cell FROM document
             WHERE kind = :kind AND {column} BETWEEN :from AND :to ORDER BY {column}"
        ))
        .map_err(sqlite)?;
    let rows = statement
        .query_map(named_params! { ":kind": DocumentKind::Dossier.number(), ":from": from, ":to": to }, |row| {
            row.get::<_, String>("cell")
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(sqlite)?;
    let kind = i64::from(column == "class");
    let cells = rows.into_iter().map(|cell| cell_of(kind, cell)).collect::<Result<Vec<_>>>()?;
    Ok(cells.into_iter().filter(|cell| cell.lies_within(scope)).collect())
}

/// The dossiers of a cell that may go into a pack with this cut, with where each lies: it lay there at the cut already,
/// and has been found neither unpackable nor poisoned.
///
/// # Errors
/// The faults of a store.
pub fn packable(connection: &Connection, cell: &PackCell, cut_seq: u64) -> Result<BTreeMap<DocumentId, Leaves>> {
    let (kind, code) = names(cell);
    let column = if kind == 0 { "village" } else { "class" };
    let mut statement = connection
        .prepare_cached(&format!(
            "SELECT id, village, class FROM document WHERE kind = :dossier AND {column} = :cell
             AND EXISTS (SELECT 1 FROM log WHERE log.document = document.id AND log.seq <= :cut)
             AND NOT EXISTS (SELECT 1 FROM move WHERE move.document = document.id AND move.seq > :cut)
             AND NOT EXISTS (SELECT 1 FROM poisoned WHERE poisoned.document = document.id)
             AND NOT EXISTS (SELECT 1 FROM unpackable WHERE unpackable.document = document.id
                 AND unpackable.seq >= (SELECT max(seq) FROM log WHERE log.document = document.id))"
        ))
        .map_err(sqlite)?;
    let rows = statement
        .query_map(
            named_params! { ":dossier": DocumentKind::Dossier.number(), ":cell": code, ":cut": signed(cut_seq) },
            |row| {
                let village: String = row.get("village")?;
                Ok((DocumentId::from_bytes(row.get("id")?), moves::leaves(&village, row.get("class")?)))
            },
        )
        .and_then(Iterator::collect::<rusqlite::Result<BTreeMap<_, _>>>)
        .map_err(sqlite)?;
    Ok(rows)
}

/// For a device that holds nothing yet: all of its scope up to the lowest cut that is in no pack, in one page that goes on
/// from there, so that it need not look over the whole log. `None` where that is more than `bytes_max`.
///
/// # Errors
/// The faults of a store.
pub fn leap(
    connection: &Connection,
    to: Cursor,
    bytes_max: usize,
    covers: &dyn Fn(DocumentKind, &Leaves) -> bool,
    is_packed: &dyn Fn(DocumentId) -> bool,
) -> Result<Option<log::Page>> {
    let mut page = log::Page { envelopes: Vec::new(), moves: Vec::new(), cursor: to, more: true };
    let mut bytes = 0_usize;
    for kind in [DocumentKind::County, DocumentKind::Dossier, DocumentKind::Restricted, DocumentKind::Place] {
        for (document, placed) in log::documents(connection, kind)? {
            if !covers(kind, &placed.leaves) || is_packed(document) {
                continue;
            }
            let mut envelopes = log::of_document_up_to(connection, document, to.seq)?;
            bytes = envelopes.iter().fold(bytes, |sum, envelope| sum.saturating_add(envelope.to_bytes().len()));
            if bytes > bytes_max {
                return Ok(None);
            }
            page.envelopes.append(&mut envelopes);
            if moved_by(connection, document, to.seq)? {
                let next = moves::first_after(connection, document, to.seq)?;
                let leaves = next.map_or(placed.leaves, |next| next.from);
                page.moves.push(ScopeEvent { document, change: ScopeChange::Here { leaves } });
            }
        }
    }
    Ok(Some(page))
}

/// Whether a dossier has moved at or before a place in the log.
///
/// # Errors
/// The faults of a store.
fn moved_by(connection: &Connection, document: DocumentId, seq: u64) -> Result<bool> {
    let row = connection
        .prepare_cached("SELECT 1 FROM move WHERE document = :document AND seq <= :seq LIMIT 1")
        .map_err(sqlite)?
        .query_row(named_params! { ":document": document.as_bytes().as_slice(), ":seq": signed(seq) }, |_| Ok(()));
    Ok(optional(row)?.is_some())
}
