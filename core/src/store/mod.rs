//! The store of a device: SQLite under SQLCipher, one writer, the only importer of rusqlite in this crate.
//!
//! Truth (documents, envelopes, outbox, photos, cursor) and projections, which can be dropped and rebuilt
//! with the same result. Every change goes through [`Store::transact`], whose only callers are the use cases
//! in [`crate::app`]; "saved" is said after it returns.

pub mod apart;
pub mod casework;
mod child_rules;
pub mod child_search;
pub mod children;
pub mod county_authors;
pub mod danger;
pub mod device;
pub mod document;
pub mod draft;
pub mod duty;
pub mod half_written;
pub mod moves;
pub mod outbox;
pub mod pack;
pub mod photo_file;
pub mod projection;
pub mod proof;
pub mod recovery;
pub mod register;
pub mod repair;
pub mod round;
mod schema;
pub mod transition;
pub mod village;

use std::path::Path;

use rusqlite::{Connection, ErrorCode as SqliteCode, TransactionBehavior};

/// A transaction that is writing: what [`Store::transact`] hands to a use case.
pub use rusqlite::Transaction;

use crate::error::{ErrorCode, Failure, Result};
use crate::vault::sealing::DataKey;

/// The file within the app's folder.
pub const FILE_NAME: &str = "jiafang.db";

/// Room for pages in memory: 64 MiB, taken only as far as pages are touched. With SQLite's own 2 MiB a roster of 10,000
/// rows wrote, and encrypted, most of its pages several times before its one commit. Negative: in KiB.
const CACHE_KIB: i64 = -64 * 1024;

/// Prepared statements that are kept: there are some 170, and a sync alone uses over 64.
const STATEMENTS_MAX: usize = 256;

/// Whether this build can open nothing but encrypted stores. The shell does not compile where it is not so.
pub const IS_ENCRYPTED: bool = !cfg!(feature = "plain-store-for-benchmarks");

/// An open store.
pub struct Store {
    connection: Connection,
}

/// How durable a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A commit survives a power loss: what every shipped program uses.
    Full,
    /// Commits are not synced: for building large fixtures in tests and benchmarks.
    ForFixtures,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

fn connect(folder: &Path) -> Result<Connection> {
    // The one place where a store is opened.
    #[allow(clippy::disallowed_methods)]
    Connection::open(folder.join(FILE_NAME)).map_err(sqlite)
}

impl Store {
    /// Opens the store in `folder` under the data key, and makes it when it is not there.
    ///
    /// # Errors
    /// [`ErrorCode::StoreTooNew`], [`ErrorCode::StoreDamaged`], [`ErrorCode::DiskFull`],
    /// [`ErrorCode::StoreFailed`].
    pub fn open(folder: &Path, key: &DataKey, durability: Durability) -> Result<Self> {
        Self::open_at(folder, key, durability, schema::VERSION)
    }

    fn open_at(folder: &Path, key: &DataKey, durability: Durability, version: usize) -> Result<Self> {
        let connection = connect(folder)?;
        // A wrong key, a damaged page: SQLCipher would write of them to the standard error, past every log and unasked.
        // The failure says it.
        connection.pragma_update(None, "cipher_log_level", "NONE").map_err(sqlite)?;
        let key = data_encoding::HEXLOWER.encode(&key.sub_key("store"));
        // A raw key: Argon2id has stretched the PIN already, so SQLCipher's own derivation is passed over.
        connection.pragma_update(None, "key", format!("x'{key}'")).map_err(sqlite)?;
        Self::prepare(connection, durability, version)
    }

    /// Opens a store in the clear: the same in all else, so that the benchmarks can state what encryption costs.
    ///
    /// # Errors
    /// As [`Store::open`].
    #[cfg(feature = "plain-store-for-benchmarks")]
    pub fn open_in_the_clear(folder: &Path, durability: Durability) -> Result<Self> {
        Self::prepare(connect(folder)?, durability, schema::VERSION)
    }

    fn prepare(mut connection: Connection, durability: Durability, version: usize) -> Result<Self> {
        connection.pragma_update(None, "journal_mode", "WAL").map_err(sqlite)?;
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::ForFixtures => "OFF",
        };
        connection.pragma_update(None, "synchronous", synchronous).map_err(sqlite)?;
        connection.pragma_update(None, "foreign_keys", "ON").map_err(sqlite)?;
        // Scratch files would lie in the clear on some platforms.
        connection.pragma_update(None, "temp_store", "MEMORY").map_err(sqlite)?;
        connection.pragma_update(None, "cache_size", CACHE_KIB).map_err(sqlite)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        schema::bring_to(&mut connection, version)?;
        Ok(Self { connection })
    }

    /// Runs `work` as one transaction: all of it is on the disk when this returns `Ok`, none of it else.
    ///
    /// # Errors
    /// What `work` says; [`ErrorCode::DiskFull`] and the other faults of a store.
    pub fn transact<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
        let result = work(&transaction)?;
        transaction.commit().map_err(sqlite)?;
        Ok(result)
    }

    /// Reads. Nothing can be written through it.
    #[must_use]
    pub fn reading(&self) -> Reading<'_> {
        Reading(&self.connection)
    }
}

/// A view of the store for reading.
#[derive(Clone, Copy)]
pub struct Reading<'a>(&'a Connection);

impl<'a> Reading<'a> {
    /// Reads within a transaction that is writing.
    #[must_use]
    pub fn within(transaction: &'a Transaction<'_>) -> Self {
        Self(transaction)
    }
}

/// What SQLite says, as a person meets it.
pub(crate) fn sqlite(cause: rusqlite::Error) -> Failure {
    let code = match cause.sqlite_error_code() {
        Some(SqliteCode::DiskFull) => ErrorCode::DiskFull,
        Some(SqliteCode::DatabaseCorrupt | SqliteCode::NotADatabase) => ErrorCode::StoreDamaged,
        _ => ErrorCode::StoreFailed,
    };
    Failure::caused(code, "store", cause)
}

/// Something in the store has not the form that it was written in.
pub(crate) fn malformed(what: &'static str) -> Failure {
    Failure::new(ErrorCode::StoreDamaged, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> DataKey {
        DataKey::from_bytes([7; 32])
    }

    #[test]
    fn a_store_opens_again_with_its_key_and_with_no_other() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path(), &key(), Durability::Full).unwrap());
        drop(Store::open(folder.path(), &key(), Durability::Full).unwrap());
        let other = DataKey::from_bytes([8; 32]);
        assert_eq!(Store::open(folder.path(), &other, Durability::Full).unwrap_err().code, ErrorCode::StoreDamaged);
        let bytes = std::fs::read(folder.path().join(FILE_NAME)).unwrap();
        assert!(!bytes.starts_with(b"SQLite format 3"), "the file tells nothing");
    }

    #[test]
    fn a_wrong_key_writes_nothing_past_the_log() {
        // In a process of its own: what a C library writes, no test can catch in its own.
        let out = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::a_store_opens_again_with_its_key_and_with_no_other", "--nocapture"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout);
        assert!(said.contains("1 passed"), "{said}");
        assert!(!said.contains("hmac") && !said.contains("sqlcipher"), "{said}");
    }

    #[test]
    fn a_tablet_of_the_first_version_keeps_its_photos_when_the_app_is_updated() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_at(folder.path(), &key(), Durability::Full, 1).unwrap();
        let insert = "INSERT INTO photo_file (hash, document, file, entry, bytes_total, own, here)
             VALUES (zeroblob(32), zeroblob(16), 2, zeroblob(16), 9000, 0, 0)";
        store.connection.execute_batch(insert).unwrap();
        drop(store);
        let store = Store::open(folder.path(), &key(), Durability::Full).unwrap();
        let files = store.reading().files_to_fetch(10, true).unwrap();
        assert_eq!(files.iter().map(|file| (file.bytes_total, file.wanted)).collect::<Vec<_>>(), [(9_000, false)]);
        assert!(store.reading().files_to_fetch(10, false).unwrap().is_empty(), "a tablet fetches what is asked for");
    }

    #[test]
    fn a_store_of_a_newer_app_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &key(), Durability::Full).unwrap();
        store.connection.pragma_update(None, "user_version", i64::try_from(schema::VERSION).unwrap() + 1).unwrap();
        drop(store);
        assert_eq!(Store::open(folder.path(), &key(), Durability::Full).unwrap_err().code, ErrorCode::StoreTooNew);
    }

    #[test]
    fn a_store_cut_short_is_named_damaged_and_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path(), &key(), Durability::Full).unwrap());
        let path = folder.path().join(FILE_NAME);
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(6_000).unwrap();
        let failure = Store::open(folder.path(), &key(), Durability::Full).unwrap_err();
        assert_eq!(failure.code, ErrorCode::StoreDamaged);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 6_000, "the file is untouched");
    }

    #[test]
    fn work_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path(), &key(), Durability::Full).unwrap();
        let result: Result<()> = store.transact(|tx| {
            tx.execute("INSERT INTO county (id, document, value) VALUES (1, x'00', '{}')", []).map_err(sqlite)?;
            Err(Failure::missing("name"))
        });
        assert_eq!(result.unwrap_err().code, ErrorCode::FieldMissing);
        let count: i64 = store.connection.query_row("SELECT count(*) FROM county", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0);
    }
}
