//! The database file as a backup sees it: opened and copied without bringing its schema up to date.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::{StoreError, hub_blobs, migrate};

/// How long a lock is waited for.
const BUSY: Duration = Duration::from_secs(10);

/// Copies the database at one instant into `to`, an empty file, while others read and write `from`. The schema stays
/// as it is. The copy is one file, which can be read from a medium that cannot be written.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags)?;
    source.busy_timeout(BUSY)?;
    let mut copy = Connection::open(to)?;
    copy_into(&source, &mut copy)?;
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(copy)
}

/// In one step, which is one read transaction: in several, every write in between would begin it anew.
fn copy_into(source: &Connection, copy: &mut Connection) -> Result<(), StoreError> {
    let backup = Backup::new(source, copy)?;
    while backup.step(-1)? != StepResult::Done {
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Opens a copy to be read. What it shows has today's schema: of an older one, a further copy in a temporary file is
/// brought up to date, and the file stays as it is.
pub(crate) fn open_copy(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copy = Connection::open_with_flags(path, flags)?;
    if schema(&copy)? == migrate::newest_version() {
        return Ok(copy);
    }
    // An empty name is SQLite's for a file of its own that goes when it is closed.
    let mut temporary = Connection::open("")?;
    copy_into(&copy, &mut temporary)?;
    migrate::migrate(&mut temporary)?;
    Ok(temporary)
}

/// Writes to a database without bringing its schema up to date, in one transaction.
pub(crate) fn write<T>(
    path: &Path,
    f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = f(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

/// The schema of a database.
pub(crate) fn schema(connection: &Connection) -> Result<u32, StoreError> {
    let found = connection.pragma_query_value(None, "user_version", |r| r.get(0))?;
    if found > migrate::newest_version() {
        return Err(StoreError::TooNew {
            found,
            known: migrate::newest_version(),
        });
    }
    Ok(found)
}

/// What SQLite finds wrong with the file; nothing if it is sound. At most ten findings.
pub(crate) fn faults(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare("PRAGMA integrity_check(10)")?;
    let rows = statement.query_map([], |r| r.get(0))?;
    let found: Vec<String> = rows.collect::<Result<_, _>>()?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}

/// Whether the database's schema is of a time when there was such a table.
pub(crate) fn has_table(connection: &Connection, name: &str) -> Result<bool, StoreError> {
    Ok(connection.query_row(
        "SELECT count(*) > 0 FROM sqlite_schema WHERE name = ?1",
        [name],
        |r| r.get(0),
    )?)
}

/// The hashes of all blobs that the database names, hexadecimal; none of a schema before there were blobs.
pub(crate) fn blobs(connection: &Connection) -> Result<Vec<String>, StoreError> {
    if !has_table(connection, "hub_blob")? {
        return Ok(Vec::new());
    }
    Ok(hub_blobs::all(connection)?
        .iter()
        .map(domain::BlobId::hex)
        .collect())
}

/// Takes back what opens once: what was signed out or used up after the copy was made would open again.
pub(crate) fn close_what_opens_once(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch(
        "DELETE FROM sessions; DELETE FROM sign_in_links; DELETE FROM hub_invitation;",
    )?)
}
