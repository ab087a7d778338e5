//! The server's store: SQLite, one writer, the only importer of rusqlite in this crate.

pub mod apart;
pub mod decisions;
pub mod device_progress;
pub mod forks;
pub mod log;
pub mod materialised;
pub mod moves;
pub mod pack;
pub mod photo;
pub mod register;
pub mod repair;

use std::path::Path;
use std::sync::{Mutex, PoisonError, TryLockError};

use jiafang_core::error::{ErrorCode, Failure, Result};
use rusqlite::{ErrorCode as SqliteCode, OpenFlags, OptionalExtension, TransactionBehavior};

/// What reads, and what writes: handed to those who look into the store.
pub use rusqlite::{Connection, Transaction};

/// The file within the data folder.
pub const FILE_NAME: &str = "county.db";

const SCHEMA_VERSION: i64 = 5;
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_server.sql"),
    include_str!("migrations/0002_moves.sql"),
    include_str!("migrations/0003_apart.sql"),
    include_str!("migrations/0004_packs.sql"),
    include_str!("migrations/0005_materialised.sql"),
];
/// Connections that only read: a sync that has nothing to push waits for no writer.
const READERS: usize = 4;

/// An open store.
pub struct Store {
    writer: Mutex<Connection>,
    readers: Vec<Mutex<Connection>>,
    next_reader: std::sync::atomic::AtomicUsize,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    // The one place where a store is opened.
    #[allow(clippy::disallowed_methods)]
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    // What SQLCipher would write to the standard error of a file that is none of ours, the failure says.
    connection.pragma_update(None, "cipher_log_level", "NONE").map_err(sqlite)?;
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(sqlite)?;
    // There are some 80.
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

impl Store {
    /// Makes a new store in a data folder.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn create(data: &Path) -> Result<Self> {
        Self::open_with(data, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens the store of a data folder.
    ///
    /// # Errors
    /// [`ErrorCode::StoreTooNew`], the faults of a store.
    pub fn open(data: &Path) -> Result<Self> {
        Self::open_with(data, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn open_with(data: &Path, flags: OpenFlags) -> Result<Self> {
        let path = data.join(FILE_NAME);
        let mut writer = connect(&path, flags)?;
        writer.pragma_update(None, "journal_mode", "WAL").map_err(sqlite)?;
        writer.pragma_update(None, "synchronous", "FULL").map_err(sqlite)?;
        writer.pragma_update(None, "foreign_keys", "ON").map_err(sqlite)?;
        migrate(&mut writer)?;
        let readers = (0..READERS)
            .map(|_| {
                let reader = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
                reader.pragma_update(None, "query_only", "ON").map_err(sqlite)?;
                Ok(Mutex::new(reader))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { writer: Mutex::new(writer), readers, next_reader: std::sync::atomic::AtomicUsize::new(0) })
    }

    /// Runs `work` as one transaction: all of it is on the disk when this returns `Ok`, none of it else.
    ///
    /// # Errors
    /// What `work` says, the faults of a store.
    pub fn transact<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
        let result = work(&transaction)?;
        transaction.commit().map_err(sqlite)?;
        Ok(result)
    }

    /// Reads, in one snapshot.
    ///
    /// # Errors
    /// What `work` says, the faults of a store.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        // Whoever is free; a request waits for a particular one only when all are at work.
        let free = self.readers.iter().find_map(|reader| match reader.try_lock() {
            Ok(reader) => Some(reader),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let turn = self.next_reader.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut reader = match free {
            Some(reader) => reader,
            None => self
                .readers
                .get(turn.checked_rem(self.readers.len()).unwrap_or(0))
                .ok_or_else(|| Failure::new(ErrorCode::Internal, "no reader"))?
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        };
        let transaction = reader.transaction().map_err(sqlite)?;
        work(&transaction)
    }

    /// Copies the store to a new file while others write. All pages in one step, which is one snapshot: a copy in several
    /// steps begins anew whenever another process writes, and a server writes all the time. Writers are not held up.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        let source = self.readers.first().ok_or_else(|| Failure::new(ErrorCode::Internal, "no reader"))?;
        let source = source.lock().unwrap_or_else(PoisonError::into_inner);
        let mut target = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        {
            let backup = rusqlite::backup::Backup::new(&source, &mut target).map_err(sqlite)?;
            backup.run_to_completion(i32::MAX, std::time::Duration::ZERO, None).map_err(sqlite)?;
        }
        target.pragma_update(None, "journal_mode", "DELETE").map_err(sqlite)?;
        Ok(())
    }
}

fn migrate(connection: &mut Connection) -> Result<()> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(sqlite)?;
    if version > SCHEMA_VERSION {
        return Err(Failure::new(ErrorCode::StoreTooNew, format!("schema {version}")));
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(usize::try_from(version).unwrap_or(0)) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive).map_err(sqlite)?;
        transaction.execute_batch(migration).map_err(sqlite)?;
        let done = i64::try_from(index).unwrap_or(0).saturating_add(1);
        transaction.pragma_update(None, "user_version", done).map_err(sqlite)?;
        transaction.commit().map_err(sqlite)?;
    }
    Ok(())
}

/// Checks a copied store: SQLite's own check, and the chain up to the head. Gives the head's sequence number.
///
/// # Errors
/// [`ErrorCode::StoreDamaged`].
pub fn verify_copy(path: &Path) -> Result<u64> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).map_err(sqlite)?;
    if verdict != "ok" {
        return Err(Failure::new(ErrorCode::StoreDamaged, "the copy fails SQLite's integrity check"));
    }
    log::verify_chain(&connection)
}

/// What SQLite says, as a person meets it.
pub(crate) fn sqlite(cause: rusqlite::Error) -> Failure {
    let code = match cause.sqlite_error_code() {
        Some(SqliteCode::DiskFull) => ErrorCode::DiskFull,
        Some(SqliteCode::DatabaseCorrupt | SqliteCode::NotADatabase) => ErrorCode::StoreDamaged,
        _ => ErrorCode::StoreFailed,
    };
    Failure::caused(code, "server store", cause)
}

pub(crate) fn malformed(what: &'static str) -> Failure {
    Failure::new(ErrorCode::StoreDamaged, what)
}

/// A row or none: not found and could not read stay different.
pub(crate) fn optional<T>(result: rusqlite::Result<T>) -> Result<Option<T>> {
    result.optional().map_err(sqlite)
}

/// SQLite counts with a sign.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// And back.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
