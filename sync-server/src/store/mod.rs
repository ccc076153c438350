//! The server's own database: accounts, sessions, and the hub's log. The only SQL outside `replica`.
//!
//! One file, one writer connection behind a mutex, a few readers. WAL with synchronous=FULL: what was answered with
//! "done" survives a power cut.

pub mod accounts;
pub mod api;
pub mod audit;
pub(crate) mod copy;
pub mod customers;
pub mod hub_blobs;
pub mod hub_chains;
pub mod hub_devices;
pub mod hub_keys;
pub mod hub_log;
pub mod hub_pushes;
pub mod hub_readings;
pub mod hub_refusals;
pub mod hub_renewals;
pub mod imports;
pub mod links;
mod migrate;
mod pool;
pub mod requests;
pub mod roles;
pub mod sessions;
pub mod totp;
pub mod webhooks;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use migrate::newest_version;
use pool::Readers;

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Written by a later program. Trying again does not help; a newer program does.
    #[error(
        "the database has schema {found}, and this program knows only up to {known}: use a newer tallyman-server"
    )]
    TooNew {
        /// The schema of the file.
        found: u32,
        /// The newest schema that this program knows.
        known: u32,
    },
    /// SQLite refused; a busy or full disk may pass.
    #[error("the database refused")]
    Sqlite(#[from] rusqlite::Error),
    /// The transaction that was shared with others' requests failed.
    #[error("a transaction that was shared with other requests failed")]
    GroupFailed,
    /// A stored value is none that this program writes.
    #[error("the database holds an unexpected {0}")]
    Corrupt(&'static str),
}

/// The server's database file. Calls block: from async code go through `tokio::task::spawn_blocking`.
pub struct Database {
    writer: Mutex<Connection>,
    readers: Readers,
}

impl Database {
    /// Opens the file, makes it if it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] if a later program wrote it; [`StoreError::Sqlite`] if it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_on(path, None)
    }

    /// [`Database::open`] on a file system of SQLite's that was registered under this name; `None` is the operating
    /// system's.
    ///
    /// # Errors
    /// As of [`Database::open`].
    pub fn open_on(path: &Path, vfs: Option<&str>) -> Result<Self, StoreError> {
        let mut writer = connect(path, OpenFlags::default(), vfs)?;
        configure(&writer)?;
        migrate::migrate(&mut writer)?;
        Ok(Self {
            writer: Mutex::new(writer),
            readers: Readers::new(path, vfs),
        })
    }

    /// Reads. All statements in `f` see one state of the database.
    ///
    /// # Errors
    /// Those of `f`, and of opening a connection.
    pub fn read<T, E: From<StoreError>>(
        &self,
        f: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.readers.with(f)
    }

    /// Writes, in one transaction: all of `f` or, if it fails, nothing.
    ///
    /// # Errors
    /// Those of `f`, and of the commit.
    pub fn write<T, E: From<StoreError>>(
        &self,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = lock(&self.writer);
        let transaction = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let value = f(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(value)
    }

    /// Puts what was written last into the file itself, and empties the log of writes: what was overwritten is found in
    /// neither then. Somebody who reads meanwhile may keep it from being emptied; it is with the next one.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn empty_log(&self) -> Result<(), StoreError> {
        lock(&self.writer).query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }
}

/// A thread that panicked while it held the lock left no half-done work: its transaction was rolled back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(
    path: &Path,
    flags: OpenFlags,
    vfs: Option<&str>,
) -> Result<Connection, rusqlite::Error> {
    match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    }
}

fn configure(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&folder.path().join("hub.db")).unwrap();
        let failed: Result<(), StoreError> = db.write(|t| {
            accounts::insert(t, "chen", accounts::Role::Admin, "", [1; 16], 5)?;
            Err(StoreError::Corrupt("test"))
        });
        assert!(failed.is_err());
        let found: Result<_, StoreError> = db.read(accounts::count);
        assert_eq!(found.unwrap(), 0);
    }

    #[test]
    fn a_database_of_a_later_program_is_refused_in_plain_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        drop(Database::open(&path).unwrap());
        let raw = Connection::open(&path).unwrap();
        raw.pragma_update(None, "user_version", 9_999).unwrap();
        drop(raw);
        let refused = Database::open(&path).err().unwrap().to_string();
        assert!(refused.contains("9999") && refused.contains("newer tallyman-server"));
    }
}
