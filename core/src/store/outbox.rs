//! What was recorded here and where it is: waiting, on the server, on a desk, apart.

use rusqlite::{Row, Transaction, named_params};

use super::device::{moment, signed, unsigned};
use super::{Reading, malformed, sqlite};
use crate::domain::identifier::{DocumentId, EntryId, Hash32};
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::protocol::envelope::Envelope;

/// What became of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxState {
    /// It waits to be sent.
    Waiting,
    /// The server has it in its log.
    Stored {
        /// Where in the log; 0 when the server had it already and did not say.
        seq: u64,
        /// When this device heard of it.
        at: Timestamp,
        /// When this device heard that a desk has it.
        on_desk_at: Option<Timestamp>,
    },
    /// The server keeps it apart until a person decides.
    Quarantined {
        /// [`crate::protocol::quarantine::QuarantineReason::key`].
        reason: String,
    },
    /// A person has refused it: it has come back.
    Returned {
        /// When this device heard of it.
        at: Timestamp,
    },
}

/// A form that was recorded here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// The envelope's counter.
    pub counter: u64,
    /// The dossier.
    pub document: DocumentId,
    /// The key of [`crate::domain::delivery_kind::DeliveryKind`].
    pub what: String,
    /// The visit, where it is one.
    pub entry: Option<EntryId>,
    /// When it was committed here.
    pub saved_at: Timestamp,
    /// What became of it.
    pub state: OutboxState,
}

/// Puts a form's envelope out to be sent.
///
/// # Errors
/// The faults of a store.
pub fn put(
    tx: &Transaction<'_>,
    envelope: &Envelope,
    what: &str,
    entry: Option<EntryId>,
    saved_at: Timestamp,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO outbox (counter, envelope, document, what, entry, saved_at)
         VALUES (:counter, :envelope, :document, :what, :entry, :saved_at)",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":counter": signed(envelope.body.counter),
            ":envelope": envelope.hash().0.as_slice(),
            ":document": envelope.body.document.as_bytes().as_slice(),
            ":what": what,
            ":entry": entry.as_ref().map_or(&[][..], |entry| entry.as_bytes().as_slice()),
            ":saved_at": saved_at.unix_ms(),
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// The server has the envelope in its log.
///
/// # Errors
/// The faults of a store.
pub fn mark_stored(tx: &Transaction<'_>, counter: u64, seq: u64, at: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "UPDATE outbox SET state = 'stored', reason = '', seq = max(seq, :seq), stored_at = :at, refused_at = 0
         WHERE counter = :counter AND state <> 'stored'",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! { ":counter": signed(counter), ":seq": signed(seq), ":at": at.unix_ms() })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// The server keeps the envelope apart.
///
/// # Errors
/// The faults of a store.
pub fn mark_quarantined(tx: &Transaction<'_>, counter: u64, reason: &str) -> Result<()> {
    tx.prepare_cached("UPDATE outbox SET state = 'quarantined', reason = :reason WHERE counter = :counter")
        .and_then(|mut statement| statement.execute(named_params! { ":counter": signed(counter), ":reason": reason }))
        .map_err(sqlite)?;
    Ok(())
}

/// The server has not got the envelope any more.
///
/// # Errors
/// The faults of a store.
pub fn offer_again(tx: &Transaction<'_>, counter: u64) -> Result<()> {
    tx.prepare_cached("UPDATE outbox SET state = 'waiting', reason = '' WHERE counter = :counter")
        .and_then(|mut statement| statement.execute(named_params! { ":counter": signed(counter) }))
        .map_err(sqlite)?;
    Ok(())
}

/// A desk has the envelopes of these counters.
///
/// # Errors
/// The faults of a store.
pub fn mark_on_desk(tx: &Transaction<'_>, first: u64, last: u64, at: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "UPDATE outbox SET on_desk_at = :at
         WHERE counter BETWEEN :first AND :last AND state = 'stored' AND on_desk_at = 0",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! { ":first": signed(first), ":last": signed(last), ":at": at.unix_ms() })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// Offers again what the server stored above `seq`: it was restored from a backup that ends there. What it had put apart
/// is offered again, too: whether its backup holds that is not known, and a gap in the count would hold up all that
/// follows. A report of danger that this device has given up is not: who may see it gives it back.
///
/// # Errors
/// The faults of a store.
pub fn offer_again_above(tx: &Transaction<'_>, seq: u64) -> Result<()> {
    tx.execute(
        "UPDATE outbox SET state = 'waiting', reason = '', seq = 0, stored_at = 0, on_desk_at = 0, refused_at = 0
         WHERE ((state = 'stored' AND (seq > :seq OR seq = 0)) OR state = 'quarantined')
             AND (length(kept) > 0 OR EXISTS (SELECT 1 FROM envelope WHERE envelope.hash = outbox.envelope))",
        named_params! { ":seq": signed(seq) },
    )
    .map_err(sqlite)?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    let state = match row.get_ref("state")?.as_str()? {
        "stored" => OutboxState::Stored {
            seq: unsigned(row.get("seq")?),
            at: Timestamp::from_unix_ms(row.get("stored_at")?),
            on_desk_at: moment(row.get("on_desk_at")?),
        },
        "quarantined" => match moment(row.get("refused_at")?) {
            Some(at) => OutboxState::Returned { at },
            None => OutboxState::Quarantined { reason: row.get("reason")? },
        },
        _ => OutboxState::Waiting,
    };
    Ok(OutboxRow {
        counter: unsigned(row.get("counter")?),
        document: DocumentId::from_bytes(row.get("document")?),
        what: row.get("what")?,
        entry: EntryId::from_slice(row.get_ref("entry")?.as_blob()?),
        saved_at: Timestamp::from_unix_ms(row.get("saved_at")?),
        state,
    })
}

/// What a server has lost from the middle of its log is not pushed, which would look like the work of a copied device: it is
/// given back ([`super::repair`]), and pushed when the server has it, to hear under which number.
const NOT_GIVEN_BACK: &str = "NOT EXISTS (SELECT 1 FROM unconfirmed WHERE unconfirmed.envelope = outbox.envelope)";

const COLUMNS: &str = "counter, document, what, entry, saved_at, state, reason, seq, stored_at, on_desk_at, refused_at";

impl Reading<'_> {
    /// Envelopes that wait, consecutive from the first that waits, up to a budget of bytes (at least one).
    ///
    /// # Errors
    /// The faults of a store.
    pub fn waiting_envelopes(self, bytes_max: usize) -> Result<Vec<Envelope>> {
        let mut statement = self
            .0
            .prepare_cached(&format!(
                "SELECT outbox.counter AS counter, coalesce(envelope.bytes, outbox.kept) AS bytes
                 FROM outbox LEFT JOIN envelope ON envelope.hash = outbox.envelope
                 WHERE outbox.state = 'waiting' AND {NOT_GIVEN_BACK} ORDER BY outbox.counter"
            ))
            .map_err(sqlite)?;
        let mut rows = statement.query([]).map_err(sqlite)?;
        let mut envelopes: Vec<Envelope> = Vec::new();
        let mut bytes = 0_usize;
        while let Some(row) = rows.next().map_err(sqlite)? {
            let read: Vec<u8> = row.get("bytes").map_err(sqlite)?;
            bytes = bytes.saturating_add(read.len());
            let envelope = Envelope::from_bytes(&read).map_err(|_| malformed("envelope"))?;
            let follows =
                envelopes.last().is_none_or(|last| last.body.counter.checked_add(1) == Some(envelope.body.counter));
            if !follows || (bytes > bytes_max && !envelopes.is_empty()) {
                break;
            }
            envelopes.push(envelope);
        }
        Ok(envelopes)
    }

    /// How many forms wait, how many are apart.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn outbox_counts(self) -> Result<(u32, u32)> {
        self.0
            .prepare_cached(
                "SELECT (SELECT count(*) FROM outbox WHERE state = 'waiting') AS waiting,
                     (SELECT count(*) FROM outbox WHERE state = 'quarantined' AND refused_at = 0) AS apart",
            )
            .and_then(|mut statement| statement.query_row([], |row| Ok((row.get("waiting")?, row.get("apart")?))))
            .map_err(sqlite)
    }

    /// Whether forms wait besides those of a run of counters.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn waits_besides(self, run: &std::ops::Range<u64>) -> Result<bool> {
        self.0
            .prepare_cached(&format!(
                "SELECT 1 FROM outbox WHERE state = 'waiting' AND (counter < :start OR counter >= :end)
                 AND {NOT_GIVEN_BACK}"
            ))
            .and_then(|mut statement| {
                statement.exists(named_params! { ":start": signed(run.start), ":end": signed(run.end) })
            })
            .map_err(sqlite)
    }

    /// The lowest counter of a form that is not known to be on a desk; 0 when there is none.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn undelivered_from(self) -> Result<u64> {
        self.0
            .prepare_cached(
                "SELECT min(counter) AS counter FROM outbox WHERE state <> 'quarantined' AND on_desk_at = 0",
            )
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, Option<i64>>("counter")))
            .map(|counter| counter.map_or(0, unsigned))
            .map_err(sqlite)
    }

    /// A page of what was recorded here, newest first, with the number in all. Rows of a roster's import are
    /// many and not what a teacher looks for: they are left out.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn deliveries(self, offset: u32, limit: u32) -> Result<(u32, Vec<OutboxRow>)> {
        let total = self
            .0
            .prepare_cached("SELECT count(*) AS total FROM outbox WHERE what <> 'roster'")
            .and_then(|mut statement| statement.query_row([], |row| row.get("total")))
            .map_err(sqlite)?;
        let rows = self
            .0
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM outbox WHERE what <> 'roster'
                 ORDER BY counter DESC LIMIT :limit OFFSET :offset"
            ))
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":limit": limit, ":offset": offset }, read)?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        Ok((total, rows))
    }

    /// What was recorded here of one dossier, oldest first.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn outbox_of(self, document: DocumentId) -> Result<Vec<OutboxRow>> {
        self.0
            .prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE document = :document ORDER BY counter"))
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":document": document.as_bytes().as_slice() }, read)?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// The hash of the own envelope with this counter.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn own_envelope_hash(self, counter: u64) -> Result<Option<Hash32>> {
        use rusqlite::OptionalExtension;
        self.0
            .prepare_cached("SELECT envelope FROM outbox WHERE counter = :counter")
            .and_then(|mut statement| {
                statement
                    .query_row(named_params! { ":counter": signed(counter) }, |row| Ok(Hash32(row.get("envelope")?)))
                    .optional()
            })
            .map_err(sqlite)
    }
}
