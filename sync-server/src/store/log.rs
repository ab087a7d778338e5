//! The log: every envelope that was taken in, in one order, chained by hash.

use automerge::Change;
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32};
use jiafang_core::domain::place::Leaves;
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::{Failure, Result};
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::envelope::Envelope;
use jiafang_core::protocol::quarantine::QuarantineReason;
use jiafang_core::protocol::sync::{ScopeChange, ScopeEvent};
use rusqlite::{Connection, Transaction, named_params};

use super::{apart, device_progress, malformed, moves, optional, signed, sqlite, unsigned};
use crate::news::Taken;

/// Where a document lies, as the server ordered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Its kind.
    pub kind: DocumentKind,
    /// Its leaves.
    pub leaves: Leaves,
}

/// The end of the log.
///
/// # Errors
/// The faults of a store.
pub fn head(connection: &Connection) -> Result<Cursor> {
    let row = connection
        .prepare_cached("SELECT seq, chain FROM log ORDER BY seq DESC LIMIT 1")
        .map_err(sqlite)?
        .query_row([], |row| Ok(Cursor { seq: unsigned(row.get("seq")?), chain: Hash32(row.get("chain")?) }));
    Ok(optional(row)?.unwrap_or(Cursor::START))
}

/// Whether a cursor is a place of this log.
///
/// # Errors
/// The faults of a store.
pub fn knows_cursor(connection: &Connection, cursor: &Cursor) -> Result<bool> {
    if cursor.seq == 0 {
        return Ok(cursor.chain == Hash32::ZERO);
    }
    Ok(chain_at(connection, cursor.seq)? == Some(cursor.chain))
}

/// The chain value at a sequence number.
///
/// # Errors
/// The faults of a store.
pub fn chain_at(connection: &Connection, seq: u64) -> Result<Option<Hash32>> {
    let row = connection
        .prepare_cached("SELECT chain FROM log WHERE seq = :seq")
        .map_err(sqlite)?
        .query_row(named_params! { ":seq": signed(seq) }, |row| Ok(Hash32(row.get("chain")?)));
    optional(row)
}

/// Recomputes the chain of a whole log.
pub(super) fn verify_chain(connection: &Connection) -> Result<u64> {
    let mut statement = connection.prepare("SELECT seq, hash, chain FROM log ORDER BY seq").map_err(sqlite)?;
    let mut rows = statement.query([]).map_err(sqlite)?;
    let mut cursor = Cursor::START;
    while let Some(row) = rows.next().map_err(sqlite)? {
        let seq = unsigned(row.get("seq").map_err(sqlite)?);
        let hash = Hash32(row.get("hash").map_err(sqlite)?);
        let chain = Hash32(row.get("chain").map_err(sqlite)?);
        if cursor.seq.checked_add(1) != Some(seq) || Cursor::link(cursor.chain, hash) != chain {
            return Err(malformed("the log's chain does not hold"));
        }
        cursor = Cursor { seq, chain };
    }
    Ok(cursor.seq)
}

/// Where a document lies; `None` when the log does not know it.
///
/// # Errors
/// The faults of a store.
pub fn placement(connection: &Connection, document: DocumentId) -> Result<Option<Placement>> {
    let row = connection
        .prepare_cached("SELECT kind, village, class FROM document WHERE id = :id")
        .map_err(sqlite)?
        .query_row(named_params! { ":id": document.as_bytes().as_slice() }, |row| {
            Ok((row.get::<_, i64>("kind")?, row.get::<_, String>("village")?, row.get::<_, String>("class")?))
        });
    optional(row)?.map(|(kind, village, class)| placed(kind, &village, class)).transpose()
}

fn placed(kind: i64, village: &str, class: String) -> Result<Placement> {
    Ok(Placement {
        kind: DocumentKind::from_number(kind).ok_or_else(|| malformed("document kind"))?,
        leaves: moves::leaves(village, class),
    })
}

/// What the log or the quarantine has under a device's counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// This envelope, in the log, at this place.
    Logged(u64),
    /// This envelope, apart.
    Apart(QuarantineReason),
    /// Another envelope.
    Other,
    /// Nothing.
    Nothing,
}

/// Looks an envelope up.
///
/// # Errors
/// The faults of a store.
pub fn known(connection: &Connection, certificate: CertificateId, counter: u64, hash: Hash32) -> Result<Known> {
    if let Some(seq) = seq_of(connection, hash)? {
        return Ok(Known::Logged(seq));
    }
    if let Some(reason) = apart::reason(connection, hash)? {
        return Ok(Known::Apart(reason));
    }
    let used = device_progress::head(connection, certificate)?.is_some_and(|(head, _)| counter <= head);
    Ok(if used { Known::Other } else { Known::Nothing })
}

/// Where an envelope stands in the log.
///
/// # Errors
/// The faults of a store.
pub fn seq_of(connection: &Connection, envelope: Hash32) -> Result<Option<u64>> {
    let row = connection
        .prepare_cached("SELECT seq FROM log WHERE hash = :hash")
        .map_err(sqlite)?
        .query_row(named_params! { ":hash": envelope.0.as_slice() }, |row| row.get::<_, i64>("seq"));
    Ok(optional(row)?.map(unsigned))
}

/// Whether a change is in the log of its document.
///
/// # Errors
/// The faults of a store.
pub fn has_change(connection: &Connection, document: DocumentId, change: Hash32) -> Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM change WHERE hash = :hash AND document = :document")
        .and_then(|mut statement| {
            statement.exists(named_params! {
                ":hash": change.0.as_slice(),
                ":document": document.as_bytes().as_slice(),
            })
        })
        .map_err(sqlite)
}

/// The change that stands under a number of an actor's changes of a document.
///
/// # Errors
/// The faults of a store.
pub fn change_of_number(
    connection: &Connection,
    document: DocumentId,
    actor: &[u8],
    number: u64,
) -> Result<Option<Hash32>> {
    let row = connection
        .prepare_cached("SELECT hash FROM change WHERE document = :document AND actor = :actor AND number = :number")
        .map_err(sqlite)?
        .query_row(
            named_params! {
                ":document": document.as_bytes().as_slice(),
                ":actor": actor,
                ":number": signed(number),
            },
            |row| Ok(Hash32(row.get("hash")?)),
        );
    optional(row)
}

/// The certificate that an actor is bound to.
///
/// # Errors
/// The faults of a store.
pub fn certificate_of_actor(connection: &Connection, actor: &[u8]) -> Result<Option<CertificateId>> {
    let row = connection
        .prepare_cached("SELECT certificate FROM actor WHERE actor = :actor")
        .map_err(sqlite)?
        .query_row(named_params! { ":actor": actor }, |row| Ok(CertificateId::from_bytes(row.get("certificate")?)));
    optional(row)
}

/// Appends an envelope with its change, found right. Gives the new end of the log.
///
/// # Errors
/// The faults of a store.
pub fn append(
    tx: &Transaction<'_>,
    envelope: &Envelope,
    change: &Change,
    end: Cursor,
    at: Timestamp,
) -> Result<Cursor> {
    let actor = change.actor_id().to_bytes();
    let hash = envelope.hash();
    let next = Cursor { seq: end.seq.saturating_add(1), chain: Cursor::link(end.chain, hash) };
    let body = &envelope.body;
    let document = body.document.as_bytes().as_slice();
    let certificate = body.certificate.as_bytes().as_slice();
    tx.prepare_cached(
        "INSERT INTO log (seq, hash, document, certificate, counter, chain, received_at, bytes)
         VALUES (:seq, :hash, :document, :certificate, :counter, :chain, :received_at, :bytes)",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":seq": signed(next.seq),
            ":hash": hash.0.as_slice(),
            ":document": document,
            ":certificate": certificate,
            ":counter": signed(body.counter),
            ":chain": next.chain.0.as_slice(),
            ":received_at": at.unix_ms(),
            ":bytes": envelope.to_bytes(),
        })
    })
    .map_err(sqlite)?;
    tx.prepare_cached(
        "INSERT INTO change (document, hash, actor, number) VALUES (:document, :hash, :actor, :number)
         ON CONFLICT (document, hash) DO NOTHING",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":document": document,
            ":hash": change.hash().0.as_slice(),
            ":actor": actor,
            ":number": signed(change.seq()),
        })
    })
    .map_err(sqlite)?;
    tx.prepare_cached("INSERT INTO actor (actor, certificate) VALUES (:actor, :certificate) ON CONFLICT DO NOTHING")
        .and_then(|mut statement| statement.execute(named_params! { ":actor": actor, ":certificate": certificate }))
        .map_err(sqlite)?;
    let (village, class) = moves::texts(&body.leaves);
    tx.prepare_cached(
        "INSERT INTO document (id, kind, village, class) VALUES (:id, :kind, :village, :class)
         ON CONFLICT (id) DO NOTHING",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":id": document,
            ":kind": body.kind.number(),
            ":village": village,
            ":class": class,
        })
    })
    .map_err(sqlite)?;
    Ok(next)
}

/// The envelope at a place in the log.
///
/// # Errors
/// The faults of a store.
pub fn envelope_at(connection: &Connection, seq: u64) -> Result<Option<Envelope>> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM log WHERE seq = :seq").map_err(sqlite)?;
    let row = statement.query_row(named_params! { ":seq": signed(seq) }, |row| row.get::<_, Vec<u8>>("bytes"));
    let Some(bytes) = optional(row)? else { return Ok(None) };
    Envelope::from_bytes(&bytes).map(Some).map_err(|_| -> Failure { malformed("envelope") })
}

/// Envelopes above a cursor that a device may see, in the order of the log.
#[derive(Debug)]
pub struct Page {
    /// Them.
    pub envelopes: Vec<Envelope>,
    /// Children who moved.
    pub moves: Vec<ScopeEvent>,
    /// Up to where the log was looked at.
    pub cursor: Cursor,
    /// The log goes on.
    pub more: bool,
}

/// Who looks at the log.
pub struct Viewer<'a> {
    /// Whether the device answers for what lies there.
    pub covers: &'a dyn Fn(DocumentKind, &Leaves) -> bool,
    /// Up to where in the log the device has a document from a pack; 0 where it has none.
    pub packed: &'a dyn Fn(DocumentId) -> u64,
    /// Whether the device has this envelope, by certificate and counter, for certain.
    pub holds: &'a dyn Fn(CertificateId, u64) -> bool,
}

/// Rows of the log that one request looks at: a bound on its time, not on what a device gets in all.
const SCANNED_MAX: u32 = 50_000;

struct Row {
    cursor: Cursor,
    document: DocumentId,
    certificate: CertificateId,
    counter: u64,
    kind: DocumentKind,
    /// Where the dossier lay after this envelope.
    then: Leaves,
    /// Where it lies now.
    now: Leaves,
    /// Where it lay before, when this envelope moved it.
    moved_from: Option<Leaves>,
}

impl Row {
    fn read(row: &rusqlite::Row<'_>) -> Result<Self> {
        let text = |name: &str| -> Result<Option<&str>> {
            row.get_ref(name).map_err(sqlite)?.as_str_or_null().map_err(|_| malformed("leaves"))
        };
        let pair = |village: &str, class: &str| -> Result<Option<Leaves>> {
            let village = text(village)?;
            Ok(village.zip(text(class)?).map(|(village, class)| moves::leaves(village, class.to_owned())))
        };
        let now = pair("village", "class")?.ok_or_else(|| malformed("leaves"))?;
        Ok(Self {
            cursor: Cursor {
                seq: unsigned(row.get("seq").map_err(sqlite)?),
                chain: Hash32(row.get("chain").map_err(sqlite)?),
            },
            document: DocumentId::from_bytes(row.get("document").map_err(sqlite)?),
            certificate: CertificateId::from_bytes(row.get("certificate").map_err(sqlite)?),
            counter: unsigned(row.get("counter").map_err(sqlite)?),
            kind: DocumentKind::from_number(row.get("kind").map_err(sqlite)?)
                .ok_or_else(|| malformed("document kind"))?,
            then: pair("then_village", "then_class")?.unwrap_or_else(|| now.clone()),
            now,
            moved_from: pair("from_village", "from_class")?,
        })
    }
}

/// Looks for envelopes above a cursor. A device gets what was recorded of a child while the child lay in its scope, and
/// all that was recorded before when the child comes into it; of a child who lies elsewhere now it gets nothing any more.
///
/// # Errors
/// The faults of a store.
pub fn page(connection: &Connection, after: Cursor, bytes_max: usize, viewer: &Viewer<'_>) -> Result<Page> {
    let mut statement = connection
        .prepare_cached(
            "SELECT log.seq AS seq, log.chain AS chain, log.document AS document, log.certificate AS certificate,
                 log.counter AS counter, document.kind AS kind, document.village AS village,
                 document.class AS class, log.bytes AS bytes, later.from_village AS then_village,
                 later.from_class AS then_class, this.from_village AS from_village, this.from_class AS from_class
             FROM log JOIN document ON document.id = log.document
             LEFT JOIN move AS this ON this.seq = log.seq
             LEFT JOIN move AS later ON later.seq =
                 (SELECT min(seq) FROM move WHERE move.document = log.document AND move.seq > log.seq)
             WHERE log.seq > :after ORDER BY log.seq LIMIT :limit",
        )
        .map_err(sqlite)?;
    let mut rows =
        statement.query(named_params! { ":after": signed(after.seq), ":limit": SCANNED_MAX }).map_err(sqlite)?;
    let mut page = Page { envelopes: Vec::new(), moves: Vec::new(), cursor: after, more: false };
    let mut bytes = 0_usize;
    let mut scanned = 0_u32;
    while let Some(row) = rows.next().map_err(sqlite)? {
        scanned = scanned.saturating_add(1);
        let found = Row::read(row)?;
        if found.cursor.seq <= (viewer.packed)(found.document) {
            page.cursor = found.cursor;
            continue;
        }
        let sees = (viewer.covers)(found.kind, &found.now) && (viewer.covers)(found.kind, &found.then);
        let saw = found.moved_from.as_ref().is_some_and(|from| (viewer.covers)(found.kind, from));
        let mut given = Vec::new();
        if found.moved_from.is_some() && sees && !saw {
            // The child comes into the scope: with all that was recorded, also by this device in an earlier year.
            given = of_document_up_to(connection, found.document, found.cursor.seq)?;
        } else if sees && !(viewer.holds)(found.certificate, found.counter) {
            let read = row.get_ref("bytes").map_err(sqlite)?.as_blob().map_err(|_| malformed("envelope"))?;
            given.push(Envelope::from_bytes(read).map_err(|_| malformed("envelope"))?);
        }
        let read = given.iter().fold(0_usize, |sum, envelope| sum.saturating_add(envelope.to_bytes().len()));
        if !given.is_empty() && bytes.saturating_add(read) > bytes_max && !page.envelopes.is_empty() {
            page.more = true;
            return Ok(page);
        }
        bytes = bytes.saturating_add(read);
        page.envelopes.append(&mut given);
        if found.moved_from.is_some() {
            let left = saw && !(viewer.covers)(found.kind, &found.now);
            let change = match (sees, left) {
                (true, _) => Some(ScopeChange::Here { leaves: found.then }),
                (false, true) => Some(ScopeChange::Left { seq: found.cursor.seq }),
                (false, false) => None,
            };
            page.moves.extend(change.map(|change| ScopeEvent { document: found.document, change }));
        }
        page.cursor = found.cursor;
    }
    page.more = scanned >= SCANNED_MAX;
    Ok(page)
}

/// The envelopes of a document up to a sequence number, in the order of the log.
pub(crate) fn of_document_up_to(connection: &Connection, document: DocumentId, seq: u64) -> Result<Vec<Envelope>> {
    let mut statement = connection
        .prepare_cached("SELECT bytes FROM log WHERE document = :id AND seq <= :seq ORDER BY seq")
        .map_err(sqlite)?;
    let rows = statement
        .query_map(named_params! { ":id": document.as_bytes().as_slice(), ":seq": signed(seq) }, |row| {
            row.get::<_, Vec<u8>>("bytes")
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(sqlite)?;
    rows.iter().map(|bytes| Envelope::from_bytes(bytes).map_err(|_| -> Failure { malformed("envelope") })).collect()
}

/// Whether a device has written into a document.
///
/// # Errors
/// The faults of a store.
pub fn has_written(connection: &Connection, certificate: CertificateId, document: DocumentId) -> Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM log WHERE document = :document AND certificate = :certificate")
        .and_then(|mut statement| {
            statement.exists(named_params! {
                ":document": document.as_bytes().as_slice(),
                ":certificate": certificate.as_bytes().as_slice(),
            })
        })
        .map_err(sqlite)
}

/// A device's own envelopes from a counter on: (counter, seq, placement), at most `limit`.
///
/// # Errors
/// The faults of a store.
pub fn own_from(
    connection: &Connection,
    certificate: CertificateId,
    counter: u64,
    limit: u32,
) -> Result<Vec<(u64, u64, Placement)>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT log.counter AS counter, log.seq AS seq, document.kind AS kind, document.village AS village,
                 document.class AS class
             FROM log JOIN document ON document.id = log.document
             WHERE log.certificate = :certificate AND log.counter >= :counter
             ORDER BY log.counter LIMIT :limit",
        )
        .map_err(sqlite)?;
    let rows = statement
        .query_map(
            named_params! {
                ":certificate": certificate.as_bytes().as_slice(),
                ":counter": signed(counter),
                ":limit": limit,
            },
            |row| {
                Ok((
                    unsigned(row.get("counter")?),
                    unsigned(row.get("seq")?),
                    row.get::<_, i64>("kind")?,
                    row.get::<_, String>("village")?,
                    row.get::<_, String>("class")?,
                ))
            },
        )
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(sqlite)?;
    rows.into_iter()
        .map(|(counter, seq, kind, village, class)| Ok((counter, seq, placed(kind, &village, class)?)))
        .collect()
}

/// All envelopes of a document, in the order of the log.
///
/// # Errors
/// The faults of a store.
pub fn of_document(connection: &Connection, document: DocumentId) -> Result<Vec<Envelope>> {
    of_document_up_to(connection, document, i64::MAX.unsigned_abs())
}

/// The ids of all dossiers with where they lie.
///
/// # Errors
/// The faults of a store.
pub fn documents(connection: &Connection, kind: DocumentKind) -> Result<Vec<(DocumentId, Placement)>> {
    let mut statement = connection
        .prepare_cached("SELECT id, kind, village, class FROM document WHERE kind = :kind ORDER BY id")
        .map_err(sqlite)?;
    let rows = statement
        .query_map(named_params! { ":kind": kind.number() }, |row| {
            Ok((
                DocumentId::from_bytes(row.get("id")?),
                row.get::<_, i64>("kind")?,
                row.get::<_, String>("village")?,
                row.get::<_, String>("class")?,
            ))
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(sqlite)?;
    rows.into_iter().map(|(id, kind, village, class)| Ok((id, placed(kind, &village, class)?))).collect()
}

/// What was taken in between two places of the log (both included), as far as it decides whom it concerns.
///
/// # Errors
/// The faults of a store.
pub fn placed_between(connection: &Connection, first: u64, last: u64) -> Result<Vec<Taken>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT log.seq AS seq, log.certificate AS certificate, document.kind AS kind, document.village AS village,
                 document.class AS class, move.from_village AS from_village, move.from_class AS from_class
             FROM log JOIN document ON document.id = log.document LEFT JOIN move ON move.seq = log.seq
             WHERE log.seq BETWEEN :first AND :last ORDER BY log.seq",
        )
        .map_err(sqlite)?;
    let mut rows = statement.query(named_params! { ":first": signed(first), ":last": signed(last) }).map_err(sqlite)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(sqlite)? {
        let text = |name: &str| row.get::<_, Option<String>>(name).map_err(sqlite);
        let mut places = Vec::new();
        for (village, class) in [("village", "class"), ("from_village", "from_class")] {
            if let Some((village, class)) = text(village)?.zip(text(class)?) {
                places.push(moves::leaves(&village, class));
            }
        }
        all.push(Taken {
            seq: unsigned(row.get("seq").map_err(sqlite)?),
            certificate: CertificateId::from_bytes(row.get("certificate").map_err(sqlite)?),
            kind: DocumentKind::from_number(row.get("kind").map_err(sqlite)?)
                .ok_or_else(|| malformed("document kind"))?,
            places,
        });
    }
    Ok(all)
}
