//! Moves: where dossiers lay, and the envelopes that moved them.

use jiafang_core::domain::identifier::{CertificateId, DocumentId};
use jiafang_core::domain::place::{ClassId, Leaves, PlaceCode};
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::Result;
use rusqlite::{Connection, Transaction, named_params};

use super::{optional, signed, sqlite, unsigned};

/// A move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The place of its envelope in the log.
    pub seq: u64,
    /// Where the dossier lay before.
    pub from: Leaves,
    /// When the server took it in.
    pub at: Timestamp,
    /// The device that moved it.
    pub certificate: CertificateId,
}

pub(super) fn leaves(village: &str, class: String) -> Leaves {
    Leaves { village: PlaceCode::parse(village), class: (!class.is_empty()).then_some(ClassId(class)) }
}

/// The text that a store holds of leaves: (village, class), each empty where there is none.
pub(super) fn texts(leaves: &Leaves) -> (&str, &str) {
    (leaves.village.as_ref().map_or("", PlaceCode::as_str), leaves.class.as_ref().map_or("", |class| class.0.as_str()))
}

/// The first move of a dossier above a sequence number.
///
/// # Errors
/// The faults of a store.
pub fn first_after(connection: &Connection, document: DocumentId, seq: u64) -> Result<Option<Move>> {
    one(
        connection,
        document,
        "SELECT move.seq AS seq, from_village, from_class, at, log.certificate AS certificate
         FROM move JOIN log ON log.seq = move.seq
         WHERE move.document = :document AND move.seq > :seq ORDER BY move.seq LIMIT 1",
        seq,
    )
}

/// The last move of a dossier.
///
/// # Errors
/// The faults of a store.
pub fn last(connection: &Connection, document: DocumentId) -> Result<Option<Move>> {
    one(
        connection,
        document,
        "SELECT move.seq AS seq, from_village, from_class, at, log.certificate AS certificate
         FROM move JOIN log ON log.seq = move.seq
         WHERE move.document = :document AND move.seq > :seq ORDER BY move.seq DESC LIMIT 1",
        0,
    )
}

fn one(connection: &Connection, document: DocumentId, sql: &str, seq: u64) -> Result<Option<Move>> {
    let row = connection.prepare_cached(sql).map_err(sqlite)?.query_row(
        named_params! { ":document": document.as_bytes().as_slice(), ":seq": signed(seq) },
        |row| {
            Ok(Move {
                seq: unsigned(row.get("seq")?),
                from: leaves(row.get_ref("from_village")?.as_str()?, row.get("from_class")?),
                at: Timestamp::from_unix_ms(row.get("at")?),
                certificate: CertificateId::from_bytes(row.get("certificate")?),
            })
        },
    );
    optional(row)
}

/// Keeps a move, and places the dossier where it lies now.
///
/// # Errors
/// The faults of a store.
pub fn keep(
    tx: &Transaction<'_>,
    document: DocumentId,
    seq: u64,
    from: &Leaves,
    to: &Leaves,
    at: Timestamp,
) -> Result<()> {
    let ((from_village, from_class), (to_village, to_class)) = (texts(from), texts(to));
    tx.prepare_cached(
        "INSERT INTO move (seq, document, from_village, from_class, to_village, to_class, at)
         VALUES (:seq, :document, :from_village, :from_class, :to_village, :to_class, :at)",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":seq": signed(seq),
            ":document": document.as_bytes().as_slice(),
            ":from_village": from_village,
            ":from_class": from_class,
            ":to_village": to_village,
            ":to_class": to_class,
            ":at": at.unix_ms(),
        })
    })
    .map_err(sqlite)?;
    tx.prepare_cached("UPDATE document SET village = :village, class = :class WHERE id = :id")
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":village": to_village,
                ":class": to_class,
                ":id": document.as_bytes().as_slice(),
            })
        })
        .map_err(sqlite)?;
    Ok(())
}
