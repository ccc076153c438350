//! From unsealed changes to signed segments, and what the hub still lacks.

use std::collections::HashMap;

use documents::body::{Body, CHANGES_MAX, Part};
use documents::segment::{BODY_BYTES_MAX, Segment, SegmentHash, SegmentHeader};
use documents::{Journal, Partition, RecordId};
use domain::ChainId;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::commit::resume;
use crate::error::ReplicaError;
use crate::replica::Replica;
use crate::row;

/// The end of a chain as this replica holds it: 0 and a zero hash before the first segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// The last segment.
    pub seq: u64,
    /// Its hash.
    pub hash: SegmentHash,
}

/// What exists only on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Events that the hub has not accepted.
    pub events: u64,
    /// Edits of records that the hub has not accepted.
    pub edits: u64,
}

impl Waiting {
    /// Events and edits.
    pub const fn total(self) -> u64 {
        self.events + self.edits
    }
}

struct Unsealed {
    id: i64,
    document: RecordId,
    hash: [u8; 32],
    bytes: Vec<u8>,
    event: u64,
    is_journal: bool,
}

impl Replica {
    /// Seals what has been written since into segments of the own chain. Returns how many.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn seal(&mut self, partition: Partition) -> Result<usize, ReplicaError> {
        let result = self.try_seal(partition);
        if result.is_err() {
            self.forget_unwritten();
        }
        result
    }

    fn try_seal(&mut self, partition: Partition) -> Result<usize, ReplicaError> {
        let Some(chain) = self.own_chain(partition) else {
            return Ok(0);
        };
        let mut sealed = 0;
        let mut limit = CHANGES_MAX;
        loop {
            let transaction = self.connection.unchecked_transaction()?;
            let unsealed = unsealed(&transaction, partition, limit)?;
            if unsealed.is_empty() {
                return Ok(sealed);
            }
            let body = pack(&transaction, &mut self.journals, chain, &unsealed)?;
            let size = body.to_bytes().len();
            if size > BODY_BYTES_MAX && limit > 1 {
                limit = (limit / 2).max(1);
                continue;
            }
            let identity = self.enrolled()?;
            let local = self.chains.local(chain)?;
            let head = head(&transaction, local)?;
            let header = SegmentHeader {
                organisation: identity.organisation,
                partition,
                chain,
                seq: head.seq + 1,
                previous: head.hash,
                changes: unsealed.len() as u32,
                body_hash: [0; 32],
            };
            let segment = Segment::seal(header, &body, &identity.key);
            insert(&transaction, local, head.seq + 1, &segment)?;
            let numbers: Vec<u64> = unsealed
                .iter()
                .map(|u| u.event)
                .filter(|n| *n > 0)
                .collect();
            put_segment_events(&transaction, local, head.seq + 1, &numbers)?;
            let last = unsealed.last().map_or(0, |u| u.id);
            transaction
                .prepare_cached("UPDATE own_change SET sealed = 1 WHERE partition = ?1 AND sealed = 0 AND id <= ?2")?
                .execute(params![partition.to_key(), last])?;
            forget_closed(&transaction, partition, chain)?;
            transaction.commit()?;
            sealed += 1;
            limit = CHANGES_MAX;
        }
    }

    /// The end of the own chain in a partition, sealed segments only.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn own_head(&self, partition: Partition) -> Result<Head, ReplicaError> {
        match self.own_chain(partition) {
            Some(chain) => head(&self.connection, self.chains.local(chain)?),
            None => Ok(Head::default()),
        }
    }

    /// The hash of the own segment at a place; `None` if there is none.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn own_hash_at(
        &self,
        partition: Partition,
        seq: u64,
    ) -> Result<Option<SegmentHash>, ReplicaError> {
        match self.own_chain(partition) {
            Some(chain) => hash_at(&self.connection, self.chains.local(chain)?, seq),
            None => Ok(None),
        }
    }

    /// The last own segment that the hub is known to have accepted.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn accepted_seq(&self, partition: Partition) -> Result<u64, ReplicaError> {
        let Some(chain) = self.own_chain(partition) else {
            return Ok(0);
        };
        let n: i64 = self
            .connection
            .prepare_cached(
                "SELECT max(coalesce((SELECT max(seq) FROM segment WHERE chain = ?1 AND number IS NOT NULL), 0),
                            coalesce((SELECT seq FROM chain_end WHERE chain = ?1), 0))",
            )?
            .query_row([self.chains.local(chain)?], |r| r.get(0))?;
        Ok(n as u64)
    }

    /// Own segments after `seq`, in order, up to about `bytes_max` of bodies (at least one).
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn own_segments_after(
        &self,
        partition: Partition,
        seq: u64,
        bytes_max: usize,
    ) -> Result<Vec<Segment>, ReplicaError> {
        match self.own_chain(partition) {
            Some(chain) => Ok(self.segments_after(chain, seq, bytes_max)?.0),
            None => Ok(Vec::new()),
        }
    }

    /// How many changes the segments of a chain hold after a place; the headers say so, no body is read.
    fn sealed_changes_after(&self, local: i64, seq: u64) -> Result<u64, ReplicaError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT header FROM segment WHERE chain = ?1 AND seq > ?2")?;
        let mut rows = statement.query(params![local, seq as i64])?;
        let mut changes = 0;
        while let Some(r) = rows.next()? {
            let header: Vec<u8> = r.get("header")?;
            let header: SegmentHeader =
                minicbor::decode(&header).map_err(|_| ReplicaError::BadRow("segment.header"))?;
            changes += u64::from(header.changes);
        }
        Ok(changes)
    }

    /// What exists only on this device, over all partitions.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn waiting(&self) -> Result<Waiting, ReplicaError> {
        let mut waiting = Waiting::default();
        for partition in self.own_partitions() {
            let Some(chain) = self.own_chain(partition) else {
                continue;
            };
            let local = self.chains.local(chain)?;
            let accepted = self.accepted_seq(partition)?;
            let (unsealed_events, unsealed_edits): (i64, i64) = self
                .connection
                .prepare_cached(
                    "SELECT count(*) FILTER (WHERE event > 0), count(*) FILTER (WHERE is_journal = 0)
                     FROM own_change WHERE partition = ?1 AND sealed = 0",
                )?
                .query_row([partition.to_key()], |r| Ok((r.get(0)?, r.get(1)?)))?;
            let sealed_events: i64 = self
                .connection
                .prepare_cached(
                    "SELECT coalesce(sum(last_event - first_event + 1), 0) FROM segment_events
                     WHERE chain = ?1 AND seq > ?2",
                )?
                .query_row(params![local, accepted as i64], |r| r.get(0))?;
            waiting.events += (unsealed_events + sealed_events) as u64;
            // A site's segments hold journals' opening changes too, which nobody waits for.
            let edits = match partition {
                Partition::Shared => self.sealed_changes_after(local, accepted)?,
                Partition::Site(_) => 0,
            };
            waiting.edits += edits + unsealed_edits as u64;
        }
        Ok(waiting)
    }
}

fn pack(
    transaction: &Transaction<'_>,
    journals: &mut HashMap<Partition, Journal>,
    chain: ChainId,
    unsealed: &[Unsealed],
) -> Result<Body, ReplicaError> {
    let mut order: Vec<RecordId> = Vec::new();
    let mut by_document: HashMap<RecordId, Vec<&Unsealed>> = HashMap::new();
    for change in unsealed {
        by_document
            .entry(change.document)
            .or_insert_with(|| {
                order.push(change.document);
                Vec::new()
            })
            .push(change);
    }
    let mut body = Body::default();
    for document in order {
        let Some(changes) = by_document.get(&document) else {
            continue;
        };
        let is_journal = changes.iter().any(|c| c.is_journal);
        let plain = || changes.iter().map(|c| c.bytes.clone()).collect();
        body.parts.push(if !is_journal {
            Part::record(document, plain())
        } else if changes.len() < 3 {
            Part::journal(document, plain())
        } else {
            let hashes: Vec<[u8; 32]> = changes.iter().map(|c| c.hash).collect();
            let open = journals.values_mut().find(|j| j.id() == document);
            let bundle = match open {
                Some(journal) => journal.bundle(&hashes)?,
                None => resume(transaction, document, chain)?.bundle(&hashes)?,
            };
            Part::journal_bundle(document, bundle)
        });
    }
    Ok(body)
}

fn unsealed(
    transaction: &Transaction<'_>,
    partition: Partition,
    limit: usize,
) -> Result<Vec<Unsealed>, ReplicaError> {
    let mut statement = transaction.prepare_cached(
        "SELECT id, document, hash, bytes, event, is_journal FROM own_change
         WHERE partition = ?1 AND sealed = 0 ORDER BY id LIMIT ?2",
    )?;
    let mut rows = statement.query(params![partition.to_key(), limit as i64])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        out.push(Unsealed {
            id: r.get("id")?,
            document: RecordId(row::bytes16(r, "document")?),
            hash: row::bytes32(r, "hash")?,
            bytes: r.get("bytes")?,
            event: r.get::<_, i64>("event")? as u64,
            is_journal: r.get("is_journal")?,
        });
    }
    Ok(out)
}

/// Whether anything was written in a partition that is in no segment yet.
pub(crate) fn is_any_unsealed(
    connection: &rusqlite::Connection,
    partition: Partition,
) -> Result<bool, ReplicaError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM own_change WHERE partition = ?1 AND sealed = 0 LIMIT 1")?
        .exists([partition.to_key()])?)
}

/// Sealed changes are in their segments; only the open journal's are still needed here, to go on writing.
fn forget_closed(
    transaction: &Transaction<'_>,
    partition: Partition,
    chain: ChainId,
) -> Result<(), ReplicaError> {
    let open = crate::meta::get(transaction, &format!("open-journal:{chain}"))?
        .and_then(|b| minicbor::decode::<(RecordId, i64)>(&b).ok())
        .map_or([0; 16], |(id, _)| id.0);
    transaction
        .prepare_cached(
            "DELETE FROM own_change WHERE partition = ?1 AND sealed = 1 AND document <> ?2
             AND (is_journal = 0 OR document NOT IN (SELECT document FROM own_change WHERE sealed = 0))",
        )?
        .execute(params![partition.to_key(), open])?;
    Ok(())
}

pub(crate) fn head(connection: &rusqlite::Connection, local: i64) -> Result<Head, ReplicaError> {
    let found: Option<(i64, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT seq, hash FROM segment WHERE chain = ?1
             UNION ALL SELECT seq, hash FROM chain_end WHERE chain = ?1 ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([local], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    as_head(found)
}

/// The end of a chain as the log held it at that entry.
pub(crate) fn head_at(
    connection: &rusqlite::Connection,
    local: i64,
    number: u64,
) -> Result<Head, ReplicaError> {
    let found: Option<(i64, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT seq, hash FROM segment WHERE chain = ?1 AND number <= ?2 ORDER BY seq DESC LIMIT 1",
        )?
        .query_row(params![local, number as i64], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    as_head(found)
}

fn as_head(found: Option<(i64, Vec<u8>)>) -> Result<Head, ReplicaError> {
    match found {
        None => Ok(Head::default()),
        Some((seq, hash)) => Ok(Head {
            seq: seq as u64,
            hash: SegmentHash::from_slice(&hash).ok_or(ReplicaError::BadRow("segment.hash"))?,
        }),
    }
}

pub(crate) fn hash_at(
    connection: &rusqlite::Connection,
    local: i64,
    seq: u64,
) -> Result<Option<SegmentHash>, ReplicaError> {
    let mut statement =
        connection.prepare_cached("SELECT hash FROM segment WHERE chain = ?1 AND seq = ?2")?;
    let mut rows = statement.query(params![local, seq as i64])?;
    rows.next()?
        .map(|r| row::bytes32(r, "hash").map(SegmentHash))
        .transpose()
}

pub(crate) fn segment_from_row(r: &Row<'_>) -> Result<Segment, ReplicaError> {
    Ok(Segment::from_parts(
        r.get("header")?,
        row::signature(r, "signature")?,
        r.get("body")?,
    ))
}

pub(crate) fn insert(
    connection: &rusqlite::Connection,
    local: i64,
    seq: u64,
    segment: &Segment,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT INTO segment (chain, seq, hash, header, signature, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            local,
            seq as i64,
            segment.hash().0,
            segment.header_bytes(),
            segment.signature().as_bytes(),
            segment.body_bytes(),
        ])?;
    Ok(())
}

pub(crate) fn put_segment_events(
    connection: &rusqlite::Connection,
    local: i64,
    seq: u64,
    numbers: &[u64],
) -> Result<(), ReplicaError> {
    if let (Some(first), Some(last)) = (numbers.iter().min(), numbers.iter().max()) {
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO segment_events (chain, seq, first_event, last_event)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![local, seq as i64, *first as i64, *last as i64])?;
    }
    Ok(())
}
