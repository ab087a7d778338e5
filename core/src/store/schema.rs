//! How a store gets its tables: a new one all at once, an older one by the migrations that it lacks.

use rusqlite::{Connection, TransactionBehavior};

use super::sqlite;
use crate::error::{ErrorCode, Failure, Result};

const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_device.sql"),
    include_str!("migrations/0002_wanted_photos.sql"),
    include_str!("migrations/0003_moves.sql"),
    include_str!("migrations/0004_apart.sql"),
    include_str!("migrations/0005_packs.sql"),
    include_str!("migrations/0006_casework.sql"),
    include_str!("migrations/0007_given_back.sql"),
    include_str!("migrations/0008_photo_proof.sql"),
    include_str!("migrations/0009_mismatch.sql"),
    include_str!("migrations/0010_evidence.sql"),
    include_str!("migrations/0011_child_duty.sql"),
    include_str!("migrations/0012_restricted.sql"),
    include_str!("migrations/0013_plan.sql"),
    include_str!("migrations/0014_repair.sql"),
    include_str!("migrations/0015_round.sql"),
    include_str!("migrations/0016_village.sql"),
    include_str!("migrations/0017_transition.sql"),
    include_str!("migrations/0018_child_evidence.sql"),
    include_str!("migrations/0019_half_written.sql"),
];

/// The schema that this version writes. A store with a higher one was written by a newer app.
pub(super) const VERSION: usize = MIGRATIONS.len();

/// What all migrations together make. A new store gets it in one commit: on a tablet each commit waits for the disk, and
/// the app's first start for them all.
const WHOLE: &str = include_str!("schema.sql");

/// Brings a store to a version of the schema, unless it is there.
///
/// # Errors
/// [`ErrorCode::StoreTooNew`]; the faults of a store.
pub(super) fn bring_to(connection: &mut Connection, version: usize) -> Result<()> {
    let now: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(sqlite)?;
    let now = usize::try_from(now).unwrap_or(0);
    if now > VERSION {
        return Err(Failure::new(ErrorCode::StoreTooNew, format!("schema {now}")));
    }
    if now == 0 && version == VERSION {
        return step(connection, WHOLE, VERSION);
    }
    for (migration, becomes) in MIGRATIONS.iter().zip(1..=version).skip(now) {
        step(connection, migration, becomes)?;
    }
    Ok(())
}

/// One step is one transaction: an app that is killed goes on where it was.
fn step(connection: &mut Connection, sql: &str, becomes: usize) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive).map_err(sqlite)?;
    transaction.execute_batch(sql).map_err(sqlite)?;
    transaction.pragma_update(None, "user_version", i64::try_from(becomes).unwrap_or(i64::MAX)).map_err(sqlite)?;
    transaction.commit().map_err(sqlite)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "\
-- The whole schema of a device's store, as all migrations together make it: what a new store gets.
-- Not edited by hand: a test of store/schema.rs writes it anew when a migration is added. SQLite puts a column that was
-- added later before the comment of the one that was last; what it is for stands in its migration.
";

    /// All that makes a store: its tables and indexes in the order of their names, and the rows that it begins with.
    fn told(connection: &Connection) -> String {
        let texts = |sql: &str| -> Vec<(String, String)> {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            rows.map(std::result::Result::unwrap).collect()
        };
        let mut told = String::from(HEAD);
        let all = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*' ORDER BY type = 'index', name";
        for (_, sql) in texts(all) {
            told.push_str(&format!("\n{sql};\n"));
        }
        let tables = "SELECT name, (SELECT group_concat('quote(\"' || name || '\")', ' || '', '' || ')
                      FROM pragma_table_xinfo(m.name)) FROM sqlite_schema AS m WHERE type = 'table'
                      AND name NOT GLOB 'sqlite_*' ORDER BY name";
        for (table, columns) in texts(tables) {
            for (_, row) in texts(&format!("SELECT '', {columns} FROM {table}")) {
                told.push_str(&format!("\nINSERT INTO {table} VALUES ({row});\n"));
            }
        }
        told
    }

    fn made_by(make: impl FnOnce(&mut Connection)) -> String {
        // The one place besides where a store is opened: in memory, of nobody.
        #[allow(clippy::disallowed_methods)]
        let mut connection = Connection::open_in_memory().unwrap();
        make(&mut connection);
        told(&connection)
    }

    #[test]
    fn a_new_store_is_what_an_old_one_becomes() {
        let migrated = made_by(|connection| {
            bring_to(connection, 1).unwrap();
            bring_to(connection, VERSION).unwrap();
        });
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/schema.sql");
        if migrated != WHOLE {
            crate::files::write_atomically(std::path::Path::new(path), migrated.as_bytes()).unwrap();
        }
        assert!(WHOLE == migrated, "schema.sql was old and is written anew: run the tests again, and commit it");
        let new = made_by(|connection| bring_to(connection, VERSION).unwrap());
        assert!(new == migrated, "a new store differs:\n{new}");
    }
}
