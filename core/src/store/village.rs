//! What stands of villages: a projection of their documents, so that a table by village loads none.

use std::collections::BTreeMap;

use automerge::Automerge;
use rusqlite::{Transaction, named_params};

use super::document::DocumentRow;
use super::{Reading, malformed, sqlite};
use crate::domain::doc::place;
use crate::domain::place::PlaceCode;
use crate::domain::village_work::{VillageWork, document_of};
use crate::error::Result;

/// Writes the row of a village's document. A document under another id than its village's is none.
///
/// # Errors
/// [`crate::error::ErrorCode::DocumentDamaged`], the faults of a store.
pub fn project(tx: &Transaction<'_>, row: &DocumentRow, document: &Automerge) -> Result<()> {
    let Some(village) = row.leaves.village.as_ref().filter(|village| document_of(village) == row.id) else {
        return Ok(());
    };
    let work = VillageWork::of(place::read(document)?);
    tx.prepare_cached(
        "INSERT INTO village_work (document, village, work) VALUES (:document, :village, :work)
         ON CONFLICT (document) DO UPDATE SET work = excluded.work",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":document": row.id.as_bytes().as_slice(),
            ":village": village.as_str(),
            ":work": serde_json::to_string(&work).unwrap_or_default(),
        })
    })
    .map(drop)
    .map_err(sqlite)
}

impl Reading<'_> {
    /// What stands of villages, by code.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn village_work(self) -> Result<BTreeMap<PlaceCode, VillageWork>> {
        let rows = self
            .0
            .prepare_cached("SELECT village, work FROM village_work")
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| Ok((row.get::<_, String>("village")?, row.get::<_, String>("work")?)))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        let mut found = BTreeMap::new();
        for (village, work) in rows {
            let Some(village) = PlaceCode::parse(&village) else { continue };
            found.insert(village, serde_json::from_str(&work).map_err(|_| malformed("village work"))?);
        }
        Ok(found)
    }
}
