//! Segments that another one has taken the place of on their chain.
//!
//! A copy of a device writes on the same chain as the device. The hub takes what comes first; the other branch may have
//! got here from a neighbour, or have been written here. It is set aside and folds to nothing; whoever wrote it says it
//! again on a chain of its own.

use std::collections::BTreeMap;

use documents::segment::{Accepted, Segment, SegmentHash};
use documents::{Partition, journal};
use domain::event::{EventHash, EventRecord};
use domain::{ChainId, DeviceId, UnixMillis};
use rusqlite::{Connection, params};

use crate::error::ReplicaError;
use crate::query::Query;
use crate::replica::Replica;
use crate::{ingest, outbox, row};

/// What lies set aside here of one device's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetAside {
    /// Whose chain it stood on.
    pub device: DeviceId,
    /// How many events; of a segment that cannot be read, each change that it carries counts as one.
    pub events: u64,
    /// When the oldest that can be read was made, by its device's clock.
    pub oldest: Option<UnixMillis>,
}

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

    /// Remembers of what was set aside here that its writer has said it again since, as far as that has come. To be
    /// called after something came in: what an installed snapshot counts in is no longer seen one by one.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing has changed then.
    pub fn note_said_again(&mut self) -> Result<(), ReplicaError> {
        if self.displaced()? == 0 {
            return Ok(());
        }
        let transaction = self.connection.unchecked_transaction()?;
        for (local, _, segment) in set_aside_in_sites(&transaction)? {
            let Some(events) = events_of(&segment) else {
                continue;
            };
            let mut all = true;
            for (hash, _) in events {
                all = all && is_said(&transaction, hash)?;
            }
            if all {
                said_again(&transaction, local, segment.hash())?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// How many segments have been set aside here, and are not known to have been said again.
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

impl Query<'_> {
    /// Events that were set aside here and that nobody is known to have said again, by the device that wrote them. Edits
    /// of records are left out: nothing tells whether they were made again.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn set_aside(&self) -> Result<Vec<SetAside>, ReplicaError> {
        let mut by_device: BTreeMap<DeviceId, SetAside> = BTreeMap::new();
        for (_, device, segment) in set_aside_in_sites(self.connection)? {
            let mut events = 0;
            let mut oldest = None;
            match events_of(&segment) {
                None => events = segment.header().map_or(1, |h| u64::from(h.changes)),
                Some(all) => {
                    for (hash, record) in all {
                        if !is_said(self.connection, hash)? {
                            events += 1;
                            let at = record.clock.millis;
                            oldest = Some(oldest.map_or(at, |o: UnixMillis| o.min(at)));
                        }
                    }
                }
            }
            if events > 0 {
                let of_device = by_device.entry(device).or_insert(SetAside {
                    device,
                    events: 0,
                    oldest: None,
                });
                of_device.events += events;
                of_device.oldest = of_device.oldest.into_iter().chain(oldest).min();
            }
        }
        Ok(by_device.into_values().collect())
    }
}

/// Segments of journals that were set aside and not said again, with the chain's number here and its device.
fn set_aside_in_sites(
    connection: &Connection,
) -> Result<Vec<(i64, DeviceId, Segment)>, ReplicaError> {
    let mut statement = connection.prepare_cached(
        "SELECT d.chain, c.device, d.header, d.signature, d.body FROM displaced d JOIN chain c ON c.id = d.chain
         WHERE d.said_again = 0 AND c.partition <> ?1 ORDER BY d.chain, d.seq",
    )?;
    let mut rows = statement.query([Partition::Shared.to_key()])?;
    let mut segments = Vec::new();
    while let Some(r) = rows.next()? {
        let device = DeviceId::from_bytes(row::bytes16(r, "device")?);
        segments.push((r.get("chain")?, device, outbox::segment_from_row(r)?));
    }
    Ok(segments)
}

/// `None` if the segment cannot be read.
fn events_of(segment: &Segment) -> Option<Vec<(EventHash, EventRecord)>> {
    let mut events = Vec::new();
    for part in segment.body().ok()?.parts {
        if part.is_journal {
            for change in part.unpack().ok()? {
                let event = journal::event_of(&change);
                events.extend(event.and_then(|e| Some((e.hash, e.record?))));
            }
        }
    }
    Some(events)
}

/// Whether the event is here after all, or another that says it again.
fn is_said(connection: &Connection, hash: EventHash) -> Result<bool, ReplicaError> {
    let here: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM event WHERE hash = ?1)")?
        .query_row([hash.0], |r| r.get(0))?;
    if here {
        return Ok(true);
    }
    let mut statement = connection.prepare_cached(
        "SELECT e.record FROM event_name n JOIN event e ON e.chain = n.chain AND e.number = n.number
         WHERE n.hash = ?1",
    )?;
    let mut rows = statement.query([hash.0])?;
    while let Some(r) = rows.next()? {
        let record = EventRecord::from_bytes(&r.get::<_, Vec<u8>>("record")?)
            .map_err(|_| ReplicaError::BadRow("event.record"))?;
        if record.origin == Some(hash) {
            return Ok(true);
        }
    }
    Ok(false)
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

pub(crate) fn said_again(
    connection: &Connection,
    local: i64,
    hash: SegmentHash,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached("UPDATE displaced SET said_again = 1 WHERE chain = ?1 AND hash = ?2")?
        .execute(params![local, hash.0])?;
    Ok(())
}
