//! Settings under which a long snapshot is written: no less durable than others, but each page is written once.

use rusqlite::Connection;

use crate::error::ReplicaError;

/// Rows come in the order of their records, not of their bar codes and pictures of words: with less, pages go to the disk
/// and come back. Given back afterwards.
const CACHE_KIB: i64 = 32_000;

/// The connection's usual settings, to be put back.
pub(super) struct Bulk {
    cache: i64,
    is_rollback: bool,
}

/// Nearly all pages of an install are new and need no log beside the file: they go straight to their places. Those that
/// change are put aside first, and until the commit's last sync all of it can be taken back. So most pages are written
/// once instead of twice. If anybody else has the file open, it stays as it is.
pub(super) fn begin(connection: &Connection) -> Result<Bulk, ReplicaError> {
    let cache = connection.pragma_query_value(None, "cache_size", |r| r.get(0))?;
    let is_rollback = set_mode(connection, "delete");
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(Bulk { cache, is_rollback })
}

/// Puts the usual settings back. If the log can not be had back now, commits are slower until the file is opened again.
pub(super) fn end(connection: &Connection, bulk: &Bulk) -> Result<(), ReplicaError> {
    connection.pragma_update(None, "cache_size", bulk.cache)?;
    if bulk.is_rollback && !set_mode(connection, "wal") {
        tracing::warn!("the write-ahead log is not back yet");
    }
    Ok(())
}

fn set_mode(connection: &Connection, mode: &str) -> bool {
    let set =
        connection.pragma_update_and_check(None, "journal_mode", mode, |r| r.get::<_, String>(0));
    set.is_ok_and(|now| now == mode)
}
