//! What goes when a snapshot covers it, and what stays for a server that may be restored.
//!
//! A server that is put back to its last backup has lost what it took after it. Devices bring back their own, so each
//! keeps its own segments until the server has said that a backup holds them. They are held as bytes alone: nothing is
//! folded from a segment that a snapshot covers.

use documents::Partition;
use domain::DeviceId;
use rusqlite::{Connection, params};

use crate::error::ReplicaError;
use crate::meta;
use crate::replica::Replica;

/// A server that is never backed up must not fill its devices: of own segments behind a snapshot that no backup holds, the
/// newest of about so many bytes stay for each partition. It is the work of one device over years (some 20 bytes an event),
/// and little beside its database.
const OWN_KEPT_BYTES: u64 = 16 << 20;

fn key(partition: Partition) -> String {
    format!("backed-up:{partition}")
}

fn backed_up(connection: &Connection, partition: Partition) -> Result<u64, ReplicaError> {
    let bytes = meta::get(connection, &key(partition))?;
    Ok(bytes
        .and_then(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)))
        .unwrap_or(0))
}

impl Replica {
    /// The last entry of a partition's log that a backup of the server holds, as the server last said; 0 if it never made
    /// one.
    ///
    /// # Errors
    /// [`ReplicaError`], as of the one that sets it.
    pub fn backed_up(&self, partition: Partition) -> Result<u64, ReplicaError> {
        backed_up(&self.connection, partition)
    }

    /// Keeps how far the server is backed up. It may go back: a restored server knows of an older backup.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn set_backed_up(&self, partition: Partition, number: u64) -> Result<(), ReplicaError> {
        if self.backed_up(partition)? == number {
            return Ok(());
        }
        meta::set(&self.connection, &key(partition), &number.to_be_bytes())
    }

    #[cfg(test)]
    pub(crate) fn bound_own(&self, partition: Partition, bytes: u64) -> Result<(), ReplicaError> {
        bound(&self.connection, partition, bytes)
    }
}

/// Drops the segments that the installed snapshot covers: all of others, and own ones that a backup holds.
pub(super) fn covered(
    connection: &Connection,
    own: DeviceId,
    partition: Partition,
    cut: u64,
) -> Result<(), ReplicaError> {
    connection.execute(
        "DELETE FROM segment_events WHERE chain IN (SELECT id FROM chain WHERE partition = ?1)
         AND seq <= (SELECT e.seq FROM chain_end e WHERE e.chain = segment_events.chain)",
        [partition.to_key()],
    )?;
    // The hub holds what the snapshot covers, though its acceptance may not have been read: it is at or before the cut.
    connection.execute(
        "UPDATE segment SET number = ?2, acceptance = NULL
         WHERE number IS NULL AND chain IN (SELECT id FROM chain WHERE partition = ?1)
         AND seq <= (SELECT e.seq FROM chain_end e WHERE e.chain = segment.chain)",
        params![partition.to_key(), cut as i64],
    )?;
    connection.execute(
        "DELETE FROM segment WHERE chain IN (SELECT id FROM chain WHERE partition = ?1)
         AND seq <= (SELECT e.seq FROM chain_end e WHERE e.chain = segment.chain)
         AND (number <= ?3 OR chain IN (SELECT id FROM chain WHERE device <> ?2))",
        params![
            partition.to_key(),
            own.as_bytes(),
            backed_up(connection, partition)? as i64
        ],
    )?;
    bound(connection, partition, OWN_KEPT_BYTES)
}

/// Of the segments that a snapshot covers and that are still held, the newest stay.
fn bound(
    connection: &Connection,
    partition: Partition,
    bytes_max: u64,
) -> Result<(), ReplicaError> {
    connection.execute(
        "DELETE FROM segment WHERE (chain, seq) IN (
             SELECT chain, seq FROM (
                 SELECT s.chain, s.seq,
                        sum(length(s.body)) OVER (ORDER BY s.chain DESC, s.seq DESC) AS bytes
                 FROM segment s JOIN chain_end e ON e.chain = s.chain AND s.seq <= e.seq
                 JOIN chain c ON c.id = s.chain WHERE c.partition = ?1
             ) WHERE bytes > ?2)",
        params![partition.to_key(), bytes_max as i64],
    )?;
    Ok(())
}
