//! What befalls a store while it is written: the process is killed at the nth row, or the disk is full.
//!
//! Both are played by SQLite itself over the store's own connection, so that the programs need no door for it:
//! temporary triggers, which lie in memory, count the rows that are written and break the transaction off at one;
//! `max_page_count` is SQLite's own limit for the size of a file.

use rusqlite::{Connection, Result};

/// What the cause of a failure says when the process was killed.
const KILLED: &str = "the process was killed here";

/// Whether a failure says that the process was killed in the middle of it.
pub(super) fn was_killed(failure: &jiafang_core::error::Failure) -> bool {
    failure.cause.as_ref().is_some_and(|cause| cause.to_string().contains(KILLED))
}

/// The process will be killed when it has written so many more rows.
pub(super) fn kill_at_write(store: &Connection, rows: u16) -> Result<()> {
    if store.prepare("SELECT 1 FROM temp.sqlite_schema WHERE name = 'fate_left'")?.exists([])? {
        store.execute("UPDATE fate_left SET rows = ?", [i64::from(rows)])?;
        return Ok(());
    }
    store.execute_batch("CREATE TEMP TABLE fate_left (rows INTEGER NOT NULL)")?;
    store.execute("INSERT INTO fate_left (rows) VALUES (?)", [i64::from(rows)])?;
    let tables: Vec<String> = store
        .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_>>()?;
    for table in tables {
        for event in ["INSERT", "UPDATE", "DELETE"] {
            store.execute_batch(&format!(
                "CREATE TEMP TRIGGER fate_{event}_{table} AFTER {event} ON main.{table} BEGIN
                     UPDATE fate_left SET rows = rows - 1;
                     SELECT RAISE(ROLLBACK, '{KILLED}') FROM fate_left WHERE rows < 0;
                 END;"
            ))?;
        }
    }
    Ok(())
}

/// It will not be killed.
pub(super) fn spare(store: &Connection) -> Result<()> {
    if store.prepare("SELECT 1 FROM temp.sqlite_schema WHERE name = 'fate_left'")?.exists([])? {
        store.execute("UPDATE fate_left SET rows = 1000000000000", [])?;
    }
    Ok(())
}

/// The store may grow by so many pages; by any number when none is said.
pub(super) fn leave_pages(store: &Connection, pages: Option<u16>) -> Result<()> {
    let limit = match pages {
        Some(pages) => {
            store.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0))?.saturating_add(i64::from(pages))
        }
        None => i64::from(u32::MAX) - 1,
    };
    store.query_row(&format!("PRAGMA max_page_count = {limit}"), [], |_| Ok(()))
}
