//! One-of-a-kind values.

use documents::Partition;
use domain::SiteId;
use domain::ledger::StateHash;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::ReplicaError;

/// What was folded by an older program must be folded again.
pub(crate) const REBUILD_NEEDED: &str = "rebuild-needed";

pub(crate) fn get(connection: &Connection, key: &str) -> Result<Option<Vec<u8>>, ReplicaError> {
    Ok(connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([key], |r| r.get(0))
        .optional()?)
}

pub(crate) fn set(connection: &Connection, key: &str, value: &[u8]) -> Result<(), ReplicaError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
        .execute(params![key, value])?;
    Ok(())
}

pub(crate) fn ledger_key(site: SiteId) -> String {
    format!("state-of-ledger:{site}")
}

pub(crate) fn records_key(partition: Partition) -> String {
    format!("state-of-records:{partition}")
}

pub(crate) fn state_hash(connection: &Connection, key: &str) -> Result<StateHash, ReplicaError> {
    match get(connection, key)? {
        None => Ok(StateHash::default()),
        Some(bytes) => StateHash::from_bytes(&bytes).ok_or(ReplicaError::BadRow("state hash")),
    }
}

pub(crate) fn set_state_hash(
    connection: &Connection,
    key: &str,
    hash: StateHash,
) -> Result<(), ReplicaError> {
    set(connection, key, &hash.to_bytes())
}
