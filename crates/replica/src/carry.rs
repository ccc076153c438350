//! Segments that travel by another way than from the hub: what this replica can hand on, and what it takes in before
//! the hub has accepted it.

use std::collections::BTreeMap;

use documents::segment::{Accepted, Segment, SegmentError, SegmentHash};
use documents::{Partition, RecordId};
use domain::{ChainId, UnixMillis};
use rusqlite::{Connection, params};

use crate::error::ReplicaError;
use crate::ingest::{Batch, Origin, Rejected};
use crate::outbox::{self, Head};
use crate::replica::Replica;
use crate::{records, row};

/// Segments of one chain, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedSegments {
    /// Whose.
    pub chain: ChainId,
    /// Without gaps.
    pub segments: Vec<Segment>,
}

/// What came of carried segments that were offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// How many were new here and are kept.
    pub fresh: usize,
    /// Why one was not taken, if any was not; the rest of its chain was left out with it.
    pub rejected: Option<Rejected>,
}

impl Replica {
    /// Whether segments of a partition may be handed on to others and taken from them. A counter holds extracts of its
    /// site's, which nobody else can use, and must not be given more.
    pub const fn exchanges(&self, partition: Partition) -> bool {
        !(self.counts_only() && matches!(partition, Partition::Site(_)))
    }

    /// The end of every chain of a partition that segments are held of, the own one included.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn chain_heads(&self, partition: Partition) -> Result<Vec<(ChainId, Head)>, ReplicaError> {
        let mut heads = Vec::new();
        for chain in self.chains.all().filter(|c| c.partition == partition) {
            let head = outbox::head(&self.connection, chain.local)?;
            if head.seq > 0 {
                heads.push((chain.chain, head));
            }
        }
        heads.sort_unstable_by_key(|(chain, _)| *chain);
        Ok(heads)
    }

    /// Segments that the hub is not known to hold, of all chains but the own one; of each chain from its first such
    /// segment, or from after the place in `after` if that is later. About `bytes_max` of bodies, at least one
    /// segment; the flag says whether there is more.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn carried(
        &self,
        partition: Partition,
        after: &BTreeMap<ChainId, u64>,
        bytes_max: usize,
    ) -> Result<(Vec<CarriedSegments>, bool), ReplicaError> {
        let own = self.own_chain(partition);
        let mut carried = Vec::new();
        if !self.exchanges(partition) {
            return Ok((carried, false));
        }
        let mut left = bytes_max;
        for (chain, first) in self.unaccepted(partition)? {
            let begin = after.get(&chain).copied().unwrap_or(0).max(first - 1);
            if Some(chain) == own {
                continue;
            }
            if left == 0 {
                return Ok((carried, true));
            }
            let (segments, more) = self.segments_after(chain, begin, left)?;
            let bytes: usize = segments.iter().map(|s| s.body_bytes().len()).sum();
            left = left.saturating_sub(bytes);
            if !segments.is_empty() {
                carried.push(CarriedSegments { chain, segments });
            }
            if more {
                return Ok((carried, true));
            }
        }
        Ok((carried, false))
    }

    /// Each chain with segments that the hub is not known to hold, and the first of them.
    fn unaccepted(&self, partition: Partition) -> Result<Vec<(ChainId, u64)>, ReplicaError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT min(seq) AS first FROM segment WHERE chain = ?1 AND number IS NULL",
        )?;
        let mut found = Vec::new();
        for chain in self.chains.all().filter(|c| c.partition == partition) {
            let first: Option<i64> = statement.query_row([chain.local], |r| r.get("first"))?;
            if let Some(first) = first {
                found.push((chain.chain, first as u64));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Segments of a chain after a place, in order, about `bytes_max` of bodies (at least one segment); the flag says
    /// whether there is more.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn segments_after(
        &self,
        chain: ChainId,
        seq: u64,
        bytes_max: usize,
    ) -> Result<(Vec<Segment>, bool), ReplicaError> {
        let Some(chain) = self.chains.get(chain) else {
            return Ok((Vec::new(), false));
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT header, signature, body FROM segment WHERE chain = ?1 AND seq > ?2 ORDER BY seq",
        )?;
        let mut rows = statement.query(params![chain.local, seq as i64])?;
        let mut segments = Vec::new();
        let mut bytes = 0;
        while let Some(r) = rows.next()? {
            let segment = outbox::segment_from_row(r)?;
            bytes += segment.body_bytes().len();
            if bytes > bytes_max && !segments.is_empty() {
                return Ok((segments, true));
            }
            segments.push(segment);
        }
        Ok((segments, false))
    }

    /// The hub's log after a number as far as it has been read here, without gaps; about `bytes_max` of bodies. The
    /// flag says whether there is more.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn log_after(
        &self,
        partition: Partition,
        number: u64,
        bytes_max: usize,
    ) -> Result<(Vec<Accepted>, bool), ReplicaError> {
        if !self.exchanges(partition) {
            return Ok((Vec::new(), false));
        }
        let end = self.cursor(partition)?.map_or(0, |c| c.number);
        let mut statement = self.connection.prepare_cached(
            "SELECT header, signature, body, hash, number, accepted_at, status, acceptance
             FROM segment WHERE number > ?2 AND number <= ?3 AND acceptance IS NOT NULL AND chain IN (SELECT id FROM chain WHERE partition = ?1)
             ORDER BY number",
        )?;
        let mut rows = statement.query(params![partition.to_key(), number as i64, end as i64])?;
        let mut entries: Vec<Accepted> = Vec::new();
        let mut bytes = 0;
        while let Some(r) = rows.next()? {
            let at = r.get::<_, i64>("number")? as u64;
            // History that was pruned here cannot be handed on.
            if at != number + 1 + entries.len() as u64 {
                break;
            }
            let segment = outbox::segment_from_row(r)?;
            bytes += segment.body_bytes().len();
            if bytes > bytes_max && !entries.is_empty() {
                return Ok((entries, true));
            }
            entries.push(Accepted {
                number: at,
                accepted_at: r.get("accepted_at")?,
                status: row::segment_status(r)?,
                signature: row::signature(r, "acceptance")?,
                segment: Some(segment),
                hash: SegmentHash(row::bytes32(r, "hash")?),
                extract: None,
            });
        }
        Ok((entries, false))
    }

    /// The signed certificates of all chains that are known here.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn certificates(&self) -> Result<Vec<Vec<u8>>, ReplicaError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT bytes FROM certificate ORDER BY bytes")?;
        let rows = statement.query_map([], |r| r.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether any change to a record has written these bytes, such as a device's certificate.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn has_written(&self, record: RecordId, bytes: &[u8]) -> Result<bool, ReplicaError> {
        let saved = records::load(&self.connection, record)?.saved;
        let changes = documents::record::changes(&saved)?;
        let mut written = changes.iter().flat_map(documents::record::bytes_written);
        Ok(written.any(|known| known == bytes))
    }

    /// Learns the chains of certificates; those that the server did not sign teach nothing.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing was learnt then.
    pub fn learn(&mut self, certificates: &[impl AsRef<[u8]>]) -> Result<(), ReplicaError> {
        let identity = self.enrolled()?.clone();
        let mut chains = self.chains.clone();
        let transaction = self.connection.unchecked_transaction()?;
        for signed in certificates {
            chains.learn(&transaction, &identity, signed.as_ref())?;
        }
        transaction.commit()?;
        self.chains = chains;
        Ok(())
    }

    /// Takes in segments that the hub is not known to have accepted. Segments held already are passed over; of each
    /// chain only what follows its end here is taken.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing was written then.
    pub fn take_carried(
        &mut self,
        partition: Partition,
        segments: &[Segment],
        now: UnixMillis,
    ) -> Result<Carried, ReplicaError> {
        let result = self.try_take_carried(partition, segments, now);
        if result.is_err() {
            self.forget_unwritten();
        }
        result
    }

    fn try_take_carried(
        &mut self,
        partition: Partition,
        segments: &[Segment],
        now: UnixMillis,
    ) -> Result<Carried, ReplicaError> {
        let identity = self.enrolled()?.clone();
        if !self.exchanges(partition) {
            return Ok(Carried::default());
        }
        let transaction = self.connection.unchecked_transaction()?;
        let mut batch = Batch::default();
        let mut carried = Carried::default();
        for segment in segments {
            match self.take_one_carried(&transaction, partition, segment, &mut batch)? {
                Ok(fresh) => carried.fresh += usize::from(fresh),
                Err(rejected) => {
                    carried.rejected.get_or_insert(rejected);
                }
            }
        }
        batch.observe_clocks(&transaction, &mut self.clock, now)?;
        batch.apply(&transaction, &mut self.chains, Some(&identity), partition)?;
        transaction.commit()?;
        Ok(carried)
    }

    fn take_one_carried(
        &self,
        connection: &Connection,
        partition: Partition,
        segment: &Segment,
        batch: &mut Batch,
    ) -> Result<Result<bool, Rejected>, ReplicaError> {
        let header = match segment.header() {
            Ok(header) => header,
            Err(error) => return Ok(Err(Rejected::Segment(error))),
        };
        let Some(chain) = self.chains.get(header.chain).copied() else {
            return Ok(Err(Rejected::UnknownChain));
        };
        if chain.partition != partition || header.partition != partition || header.seq == 0 {
            return Ok(Err(Rejected::Foreign));
        }
        let head = outbox::head(connection, chain.local)?;
        if header.seq <= head.seq {
            let held = outbox::hash_at(connection, chain.local, header.seq)?;
            // Pruned history is held by the hub; what differs from it is the hub's to judge.
            let same = held.is_none_or(|held| held == segment.hash());
            return Ok(if same { Ok(false) } else { Err(Rejected::Fork) });
        }
        // An own segment that is not here: this device was restored from a copy, or is one.
        if self.identity().is_some_and(|i| i.device == chain.device) {
            return Ok(Err(Rejected::Fork));
        }
        if let Err(error) = segment.verify(&chain.key) {
            return Ok(Err(Rejected::Segment(error)));
        }
        if header.organisation != self.enrolled()?.organisation {
            return Ok(Err(Rejected::Segment(SegmentError::Malformed)));
        }
        if header.seq != head.seq + 1 {
            return Ok(Err(Rejected::Gap));
        }
        if header.previous != head.hash {
            return Ok(Err(Rejected::Fork));
        }
        outbox::insert(connection, chain.local, header.seq, segment)?;
        let origin = Origin {
            seq: header.seq,
            accepted_at: None,
            quarantined: false,
        };
        batch.add_segment(connection, &chain, segment, origin)?;
        Ok(Ok(true))
    }
}
