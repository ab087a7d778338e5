//! What waits apart: the list that a person here may decide over, what was decided, and own forms that came back.

use rusqlite::{Row, Transaction, named_params};

use super::device::{signed, unsigned};
use super::{Reading, malformed, sqlite};
use crate::domain::identifier::{DocumentId, DraftId, EntryId, Hash32};
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::protocol::apart::{Decision, ReviewItem, review_hash};
use crate::protocol::body::cbor;
use crate::protocol::envelope::Envelope;

/// Replaces the list of what waits by the one that the server sent.
///
/// # Errors
/// The faults of a store.
pub fn set_review(tx: &Transaction<'_>, items: &[ReviewItem]) -> Result<()> {
    tx.execute("DELETE FROM review", []).map_err(sqlite)?;
    for (place, item) in (0_i64..).zip(items) {
        tx.prepare_cached(
            "INSERT INTO review (envelope, place, item) VALUES (:envelope, :place, :item)
             ON CONFLICT (envelope) DO NOTHING",
        )
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":envelope": item.envelope.0.as_slice(),
                ":place": place,
                ":item": cbor(item),
            })
        })
        .map_err(sqlite)?;
    }
    tx.execute("UPDATE apart SET review = :hash", named_params! { ":hash": review_hash(items).0.as_slice() })
        .map_err(sqlite)?;
    Ok(())
}

/// Another device writes under this certificate.
///
/// # Errors
/// The faults of a store.
pub fn set_twin_known(tx: &Transaction<'_>) -> Result<()> {
    tx.execute("UPDATE apart SET twin_known = 1", []).map_err(sqlite)?;
    Ok(())
}

/// Keeps a decision, to be sent. `false` when there is one over this envelope already: the first stands.
///
/// # Errors
/// The faults of a store.
pub fn put_decision(tx: &Transaction<'_>, decision: &Decision) -> Result<bool> {
    tx.prepare_cached(
        "INSERT INTO decision (envelope, bytes) VALUES (:envelope, :bytes) ON CONFLICT (envelope) DO NOTHING",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":envelope": decision.body.envelope.0.as_slice(),
            ":bytes": cbor(decision),
        })
    })
    .map(|rows| rows == 1)
    .map_err(sqlite)
}

/// The server has a decision.
///
/// # Errors
/// The faults of a store.
pub fn mark_told(tx: &Transaction<'_>, envelope: Hash32) -> Result<()> {
    tx.prepare_cached("UPDATE decision SET told = 1 WHERE envelope = :envelope")
        .and_then(|mut statement| statement.execute(named_params! { ":envelope": envelope.0.as_slice() }))
        .map_err(sqlite)?;
    Ok(())
}

/// A restored server may have lost decisions: all are sent again.
///
/// # Errors
/// The faults of a store.
pub fn tell_all_again(tx: &Transaction<'_>) -> Result<()> {
    tx.execute("UPDATE decision SET told = 0", []).map_err(sqlite)?;
    Ok(())
}

/// An own form that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedRow {
    /// Its envelope's counter.
    pub counter: u64,
    /// The dossier.
    pub document: DocumentId,
    /// The child's name when it came back.
    pub child_name: String,
    /// The key of [`crate::domain::delivery_kind::DeliveryKind`].
    pub what: String,
    /// When it was saved here.
    pub saved_at: Timestamp,
    /// What it says: JSON of a list of [`crate::domain::form_words::FormWords`].
    pub words: String,
    /// The draft that it is now, where it is a visit.
    pub draft: Option<DraftId>,
    /// The name of who refused it, or what it builds on.
    pub refused_by: String,
    /// When that person did.
    pub refused_at: Timestamp,
    /// Why.
    pub note: String,
}

/// Keeps a form that came back; of one that has come back before only who refused it is written anew.
///
/// # Errors
/// The faults of a store.
pub fn put_returned(tx: &Transaction<'_>, row: &ReturnedRow) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO returned_form (counter, document, child_name, what, saved_at, words, draft, refused_by, refused_at,
             note)
         VALUES (:counter, :document, :child_name, :what, :saved_at, :words, :draft, :refused_by, :refused_at, :note)
         ON CONFLICT (counter) DO UPDATE SET refused_by = excluded.refused_by, refused_at = excluded.refused_at,
             note = excluded.note",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":counter": signed(row.counter),
            ":document": row.document.as_bytes().as_slice(),
            ":child_name": row.child_name,
            ":what": row.what,
            ":saved_at": row.saved_at.unix_ms(),
            ":words": row.words,
            ":draft": row.draft.as_ref().map_or(&[][..], |draft| draft.as_bytes().as_slice()),
            ":refused_by": row.refused_by,
            ":refused_at": row.refused_at.unix_ms(),
            ":note": row.note,
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// A person has looked at a form that came back.
///
/// # Errors
/// The faults of a store.
pub fn put_away(tx: &Transaction<'_>, counter: u64, at: Timestamp) -> Result<()> {
    tx.prepare_cached("UPDATE returned_form SET put_away_at = :at WHERE counter = :counter AND put_away_at = 0")
        .and_then(|mut statement| {
            statement.execute(named_params! { ":at": at.unix_ms().max(1), ":counter": signed(counter) })
        })
        .map_err(sqlite)?;
    Ok(())
}

/// A form that had come back was taken in after all.
///
/// # Errors
/// The faults of a store.
pub fn forget_returned(tx: &Transaction<'_>, counter: u64) -> Result<()> {
    tx.prepare_cached("DELETE FROM returned_form WHERE counter = :counter")
        .and_then(|mut statement| statement.execute(named_params! { ":counter": signed(counter) }))
        .map_err(sqlite)?;
    Ok(())
}

/// An own form was refused.
///
/// # Errors
/// The faults of a store.
pub fn mark_refused(tx: &Transaction<'_>, counter: u64, at: Timestamp) -> Result<()> {
    tx.prepare_cached("UPDATE outbox SET refused_at = :at WHERE counter = :counter AND state = 'quarantined'")
        .and_then(|mut statement| {
            statement.execute(named_params! { ":at": at.unix_ms().max(1), ":counter": signed(counter) })
        })
        .map_err(sqlite)?;
    Ok(())
}

/// The change of an own form was taken out of its dossier, or is in it again.
///
/// # Errors
/// The faults of a store.
pub fn mark_dropped(tx: &Transaction<'_>, counter: u64, dropped: bool) -> Result<()> {
    tx.prepare_cached("UPDATE outbox SET dropped = :dropped WHERE counter = :counter")
        .and_then(|mut statement| statement.execute(named_params! { ":dropped": dropped, ":counter": signed(counter) }))
        .map_err(sqlite)?;
    Ok(())
}

/// An own form with its envelope.
#[derive(Debug, Clone)]
pub struct OwnForm {
    /// The counter.
    pub counter: u64,
    /// The key of [`crate::domain::delivery_kind::DeliveryKind`].
    pub what: String,
    /// The visit, where it is one.
    pub entry: Option<EntryId>,
    /// When it was committed here.
    pub saved_at: Timestamp,
    /// Its change was taken out of its dossier.
    pub dropped: bool,
    /// The envelope.
    pub envelope: Envelope,
}

fn read_own(row: &Row<'_>) -> rusqlite::Result<(OwnForm, bool)> {
    let bytes: Vec<u8> = row.get("bytes")?;
    let envelope = Envelope::from_bytes(&bytes)
        .map_err(|_| rusqlite::Error::InvalidColumnType(0, "bytes".to_owned(), rusqlite::types::Type::Blob))?;
    let form = OwnForm {
        counter: unsigned(row.get("counter")?),
        what: row.get("what")?,
        entry: EntryId::from_slice(row.get_ref("entry")?.as_blob()?),
        saved_at: Timestamp::from_unix_ms(row.get("saved_at")?),
        dropped: row.get("dropped")?,
        envelope,
    };
    Ok((form, row.get("waits")?))
}

const OWN: &str = "SELECT outbox.counter AS counter, what, entry, saved_at, dropped,
         state = 'quarantined' AND refused_at = 0 AS waits, coalesce(envelope.bytes, outbox.kept) AS bytes
     FROM outbox LEFT JOIN envelope ON envelope.hash = outbox.envelope";

impl Reading<'_> {
    /// The hash of the list of what waits; zeroes for none.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn review_hash(self) -> Result<Hash32> {
        self.0.query_row("SELECT review FROM apart", [], |row| Ok(Hash32(row.get("review")?))).map_err(sqlite)
    }

    /// Whether another device is known to write under this certificate.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn twin_known(self) -> Result<bool> {
        self.0.query_row("SELECT twin_known FROM apart", [], |row| row.get("twin_known")).map_err(sqlite)
    }

    /// What waits for a decision here, in the order of the list; what was decided is left out.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn review(self) -> Result<Vec<ReviewItem>> {
        self.0
            .prepare_cached(
                "SELECT item FROM review
                 WHERE NOT EXISTS (SELECT 1 FROM decision WHERE decision.envelope = review.envelope) ORDER BY place",
            )
            .and_then(|mut statement| {
                statement.query_map([], |row| row.get::<_, Vec<u8>>("item"))?.collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?
            .iter()
            .map(|item| minicbor::decode(item).map_err(|_| malformed("a review item")))
            .collect()
    }

    /// How many envelopes wait for a decision here, and how many own forms have come back.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn apart_counts(self) -> Result<(u32, u32)> {
        self.0
            .prepare_cached(
                "SELECT (SELECT count(*) FROM review WHERE NOT EXISTS
                     (SELECT 1 FROM decision WHERE decision.envelope = review.envelope)) AS review,
                     (SELECT count(*) FROM returned_form WHERE put_away_at = 0) AS returned",
            )
            .and_then(|mut statement| statement.query_row([], |row| Ok((row.get("review")?, row.get("returned")?))))
            .map_err(sqlite)
    }

    /// Decisions that the server has not got, at most `limit`.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn untold_decisions(self, limit: usize) -> Result<Vec<Decision>> {
        self.0
            .prepare_cached("SELECT bytes FROM decision WHERE told = 0 ORDER BY envelope LIMIT :limit")
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":limit": i64::try_from(limit).unwrap_or(i64::MAX) }, |row| {
                        row.get::<_, Vec<u8>>("bytes")
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?
            .iter()
            .map(|bytes| minicbor::decode(bytes).map_err(|_| malformed("a decision")))
            .collect()
    }

    /// Own envelopes that are known to wait apart, above a counter, at most `limit`: (counter, hash).
    ///
    /// # Errors
    /// The faults of a store.
    pub fn waiting_apart(self, above: u64, limit: usize) -> Result<Vec<(u64, Hash32)>> {
        self.0
            .prepare_cached(
                "SELECT counter, envelope FROM outbox
                 WHERE state = 'quarantined' AND refused_at = 0 AND counter > :above ORDER BY counter LIMIT :limit",
            )
            .and_then(|mut statement| {
                statement
                    .query_map(
                        named_params! {
                            ":above": signed(above),
                            ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
                        },
                        |row| Ok((unsigned(row.get("counter")?), Hash32(row.get("envelope")?))),
                    )?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// The own form of an envelope, and whether it is known to wait apart; `None` when this device did not record it.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn own_form(self, envelope: Hash32) -> Result<Option<(OwnForm, bool)>> {
        use rusqlite::OptionalExtension;
        self.0
            .prepare_cached(&format!("{OWN} WHERE outbox.envelope = :envelope"))
            .and_then(|mut statement| {
                statement.query_row(named_params! { ":envelope": envelope.0.as_slice() }, read_own).optional()
            })
            .map_err(sqlite)
    }

    /// The own form of a counter, when its change was taken out of its dossier.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn dropped_form(self, counter: u64) -> Result<Option<OwnForm>> {
        use rusqlite::OptionalExtension;
        self.0
            .prepare_cached(&format!("{OWN} WHERE outbox.counter = :counter AND outbox.dropped = 1"))
            .and_then(|mut statement| {
                statement.query_row(named_params! { ":counter": signed(counter) }, read_own).optional()
            })
            .map(|found| found.map(|(form, _)| form))
            .map_err(sqlite)
    }

    /// The own forms of a dossier, oldest first.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn own_forms(self, document: DocumentId) -> Result<Vec<OwnForm>> {
        self.0
            // A store that has lost rows may know of a form without its bytes: the server has them (see [`super::repair`]).
            .prepare_cached(&format!(
                "{OWN} WHERE outbox.document = :document AND coalesce(envelope.bytes, outbox.kept) <> x''
                 ORDER BY outbox.counter"
            ))
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":document": document.as_bytes().as_slice() }, read_own)?
                    .map(|row| row.map(|(form, _)| form))
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// Own forms that came back and were not put away, newest first.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn returned_forms(self) -> Result<Vec<ReturnedRow>> {
        self.0
            .prepare_cached(
                "SELECT counter, document, child_name, what, saved_at, words, draft, refused_by, refused_at, note
                 FROM returned_form WHERE put_away_at = 0 ORDER BY counter DESC",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| {
                        Ok(ReturnedRow {
                            counter: unsigned(row.get("counter")?),
                            document: DocumentId::from_bytes(row.get("document")?),
                            child_name: row.get("child_name")?,
                            what: row.get("what")?,
                            saved_at: Timestamp::from_unix_ms(row.get("saved_at")?),
                            words: row.get("words")?,
                            draft: DraftId::from_slice(row.get_ref("draft")?.as_blob()?),
                            refused_by: row.get("refused_by")?,
                            refused_at: Timestamp::from_unix_ms(row.get("refused_at")?),
                            note: row.get("note")?,
                        })
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }
}
