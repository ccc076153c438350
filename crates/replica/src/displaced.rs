//! Segments that another one has taken the place of on their chain.
//!
//! A copy of a device writes on the same chain as the device. The hub takes what comes first; the other branch may have
//! got here from a neighbour, or have been written here. It is set aside and folds to nothing; whoever wrote it says it
//! again on a chain of its own.

use documents::Partition;
use documents::segment::{Accepted, Segment};
use domain::{ChainId, DeviceId};
use rusqlite::{Connection, params};

use crate::error::ReplicaError;
use crate::replica::Replica;
use crate::{ingest, outbox};

impl Replica {
    /// The hub has another branch of a chain than the one that was carried here: what it is not known to hold of that
    /// chain is set aside. Returns how many segments.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing has changed then.
    pub fn give_way(
        &mut self,
        partition: Partition,
        chain: ChainId,
    ) -> Result<usize, ReplicaError> {
        match self.chain(chain) {
            Some(held) if held.partition == partition => self.displace_from(chain, 1),
            _ => Ok(0),
        }
    }

    /// The log has this entry where another segment stands here. Returns whether that has been set aside: not if it is
    /// this device's own, which has to become another device first.
    pub(crate) fn give_way_to(&mut self, entry: &Accepted) -> Result<bool, ReplicaError> {
        let Some(header) = entry.segment.as_ref().and_then(|s| s.header().ok()) else {
            return Ok(false);
        };
        Ok(self.displace_from(header.chain, header.seq)? > 0)
    }

    fn displace_from(&mut self, chain: ChainId, from: u64) -> Result<usize, ReplicaError> {
        let Some(chain) = self.chains.get(chain).copied() else {
            return Ok(0);
        };
        if self.identity().is_some_and(|i| i.device == chain.device) {
            return Ok(0);
        }
        let transaction = self.connection.unchecked_transaction()?;
        let moved = set_aside(&transaction, chain.local, from)?;
        if moved > 0 {
            let identity = self.identity.as_ref();
            let folded = ingest::fold_anew(&transaction, &mut self.chains, identity);
            let done = folded.and_then(|()| Ok(transaction.commit()?));
            if let Err(error) = done {
                self.forget_unwritten();
                return Err(error);
            }
            self.journals.clear();
            tracing::warn!(chain = %chain.chain, from, moved, "another branch of a chain was set aside");
        }
        Ok(moved)
    }

    /// How many segments have been set aside here, and not been said again by this device.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn displaced(&self) -> Result<u64, ReplicaError> {
        let n: i64 = self.connection.query_row(
            "SELECT count(*) FROM displaced WHERE said_again = 0",
            [],
            |r| r.get(0),
        )?;
        Ok(n as u64)
    }
}

/// Takes the segments of a chain from a place on that the hub is not known to hold out of it. What was folded from them
/// is still there. Returns how many.
pub(crate) fn set_aside(
    connection: &Connection,
    local: i64,
    from: u64,
) -> Result<usize, ReplicaError> {
    // The chain must end where the first one is taken out.
    let first: Option<i64> = connection
        .prepare_cached(
            // What an installed snapshot covers is counted in it.
            "SELECT min(seq) FROM segment WHERE chain = ?1 AND seq >= ?2 AND number IS NULL
             AND seq > coalesce((SELECT e.seq FROM chain_end e WHERE e.chain = ?1), 0)",
        )?
        .query_row(params![local, from as i64], |r| r.get(0))?;
    let Some(first) = first else { return Ok(0) };
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO displaced (chain, seq, hash, header, signature, body)
             SELECT chain, seq, hash, header, signature, body FROM segment WHERE chain = ?1 AND seq >= ?2",
        )?
        .execute(params![local, first])?;
    for table in ["segment", "segment_events"] {
        connection.execute(
            &format!("DELETE FROM {table} WHERE chain = ?1 AND seq >= ?2"),
            params![local, first],
        )?;
    }
    Ok(connection
        .prepare_cached("SELECT count(*) FROM displaced WHERE chain = ?1 AND seq >= ?2")?
        .query_row(params![local, first], |r| r.get::<_, i64>(0))? as usize)
}

/// What a snapshot's cut covers is about to be dropped. Where it covers another branch than the one held here, that
/// branch is set aside instead. Returns whether there was one; `None`, and nothing is to be dropped, if it is of this
/// `device`: it has to become another device first.
pub(crate) fn keep_other_branches(
    connection: &Connection,
    partition: Partition,
    device: DeviceId,
) -> Result<Option<bool>, ReplicaError> {
    let mut statement = connection.prepare(
        "SELECT e.chain, min(s.seq), c.device = ?2 FROM chain_end e
         JOIN chain c ON c.id = e.chain
         JOIN segment s ON s.chain = e.chain AND s.number IS NULL AND s.seq <= e.seq
         WHERE c.partition = ?1
           AND NOT EXISTS (SELECT 1 FROM segment x WHERE x.chain = e.chain AND x.seq = e.seq AND x.hash = e.hash)
         GROUP BY e.chain",
    )?;
    let others = statement
        .query_map(params![partition.to_key(), device.as_bytes()], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })?
        .collect::<Result<Vec<(i64, i64, bool)>, _>>()?;
    if others.iter().any(|(.., is_own)| *is_own) {
        return Ok(None);
    }
    for (local, first, _) in &others {
        set_aside(connection, *local, *first as u64)?;
    }
    Ok(Some(!others.is_empty()))
}

/// Segments of a chain that were set aside and not said again, in order.
pub(crate) fn to_say_again(
    connection: &Connection,
    local: i64,
) -> Result<Vec<Segment>, ReplicaError> {
    let mut statement = connection.prepare_cached(
        "SELECT header, signature, body FROM displaced WHERE chain = ?1 AND said_again = 0 ORDER BY seq",
    )?;
    let mut rows = statement.query([local])?;
    let mut segments = Vec::new();
    while let Some(r) = rows.next()? {
        segments.push(outbox::segment_from_row(r)?);
    }
    Ok(segments)
}

pub(crate) fn said_again(connection: &Connection, local: i64) -> Result<(), ReplicaError> {
    connection
        .prepare_cached("UPDATE displaced SET said_again = 1 WHERE chain = ?1")?
        .execute([local])?;
    Ok(())
}
