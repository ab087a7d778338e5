//! Forms other than visits that are being filled in: on this device only, kept at every pause.

use rusqlite::{OptionalExtension, Row, Transaction, named_params};

use super::{Reading, malformed, sqlite};
use crate::domain::half_written::{HalfWritten, HalfWrittenForm};
use crate::domain::identifier::DocumentId;
use crate::domain::time::Timestamp;
use crate::error::Result;

const COLUMNS: &str = "form, document, place, text, saved_at";

fn key_of(document: Option<&DocumentId>) -> &[u8] {
    document.map_or(&[], |document| document.as_bytes().as_slice())
}

/// Keeps a form as it stands; the one before goes.
///
/// # Errors
/// The faults of a store.
pub fn put(tx: &Transaction<'_>, kept: &HalfWritten) -> Result<()> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO half_written (form, document, place, text, saved_at)
         VALUES (:form, :document, :place, :text, :saved_at)",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":form": kept.form.key(),
            ":document": key_of(kept.document.as_ref()),
            ":place": kept.place,
            ":text": kept.text,
            ":saved_at": kept.saved_at.unix_ms(),
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// Sent, or not wanted.
///
/// # Errors
/// The faults of a store.
pub fn delete(tx: &Transaction<'_>, form: HalfWrittenForm, document: Option<&DocumentId>) -> Result<()> {
    tx.prepare_cached("DELETE FROM half_written WHERE form = :form AND document = :document")
        .and_then(|mut statement| {
            statement.execute(named_params! { ":form": form.key(), ":document": key_of(document) })
        })
        .map_err(sqlite)?;
    Ok(())
}

impl Reading<'_> {
    /// The form that is kept, if one is.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn half_written(self, form: HalfWrittenForm, document: Option<&DocumentId>) -> Result<Option<HalfWritten>> {
        let mut statement = self
            .0
            .prepare_cached(&format!("SELECT {COLUMNS} FROM half_written WHERE form = :form AND document = :document"))
            .map_err(sqlite)?;
        let row = statement
            .query_row(named_params! { ":form": form.key(), ":document": key_of(document) }, |row| Ok(read(row)))
            .optional()
            .map_err(sqlite)?;
        row.transpose()
    }

    /// All that are kept, the newest first.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn all_half_written(self) -> Result<Vec<HalfWritten>> {
        let mut statement = self
            .0
            .prepare_cached(&format!("SELECT {COLUMNS} FROM half_written ORDER BY saved_at DESC, form, document"))
            .map_err(sqlite)?;
        let rows = statement.query_map([], |row| Ok(read(row))).map_err(sqlite)?;
        rows.map(|row| row.map_err(sqlite)?).collect()
    }
}

fn read(row: &Row<'_>) -> Result<HalfWritten> {
    let form: String = row.get("form").map_err(sqlite)?;
    let document: Vec<u8> = row.get("document").map_err(sqlite)?;
    let document = match document.as_slice() {
        [] => None,
        bytes => Some(DocumentId::from_bytes(bytes.try_into().map_err(|_| malformed("half-written form"))?)),
    };
    Ok(HalfWritten {
        form: HalfWrittenForm::from_key(&form).ok_or_else(|| malformed("half-written form"))?,
        document,
        place: row.get("place").map_err(sqlite)?,
        text: row.get("text").map_err(sqlite)?,
        saved_at: Timestamp::from_unix_ms(row.get("saved_at").map_err(sqlite)?),
    })
}
