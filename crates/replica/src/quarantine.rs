//! What lies in quarantine, and what has been decided about it.
//!
//! The fold decides about events. Changes of records are here: they are in their documents, and do not count until
//! their segment is released.

use std::collections::BTreeSet;

use documents::catalogue::Verdict;
use documents::record::ChangeHashes;
use documents::segment::Segment;
use documents::{Partition, RecordId};
use domain::event::{EventBody, EventRecord, QuarantineDecision};
use domain::{ChainId, DeviceId, UnixMillis};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::ReplicaError;
use crate::query::Query;
use crate::{outbox, row};

/// A run of quarantined segments of one chain that nobody has decided about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedRun {
    /// Whose.
    pub device: DeviceId,
    /// On which chain.
    pub chain: ChainId,
    /// Where to.
    pub partition: Partition,
    /// The first and the last segment.
    pub segments: (u64, u64),
    /// The lowest and the highest number of the events in them.
    pub events: Option<(u64, u64)>,
    /// How many changes of records.
    pub edits: u64,
    /// When the hub accepted the first.
    pub since: Option<UnixMillis>,
}

/// The decisions about one chain, in the order in which they count.
struct Decisions(Vec<((u64, u64), bool)>);

impl Decisions {
    fn of(
        connection: &Connection,
        chain: ChainId,
        partition: Partition,
    ) -> Result<Self, ReplicaError> {
        let mut decisions = Vec::new();
        if partition == Partition::Shared {
            // The server decides about a segment once; should two verdicts differ, what was rejected stays out.
            let mut statement = connection.prepare_cached(
                "SELECT first_seq, last_seq, released FROM verdict WHERE chain = ?1 ORDER BY released",
            )?;
            let mut rows = statement.query([chain.as_bytes()])?;
            while let Some(r) = rows.next()? {
                let first = r.get::<_, i64>("first_seq")? as u64;
                let last = r.get::<_, i64>("last_seq")? as u64;
                decisions.push(((first, last), r.get("released")?));
            }
            return Ok(Self(decisions));
        }
        let mut statement = connection.prepare_cached(
            "SELECT e.record FROM event_decision d JOIN event e ON e.chain = d.chain AND e.number = d.number
             WHERE d.exception = ?1 ORDER BY e.place",
        )?;
        let mut rows = statement.query([QuarantineDecision::subject(chain).0])?;
        while let Some(r) = rows.next()? {
            let record: Vec<u8> = r.get("record")?;
            if let Ok(EventRecord {
                body: EventBody::QuarantineDecided(decision),
                ..
            }) = EventRecord::from_bytes(&record)
                && decision.chain == chain
            {
                decisions.push((decision.segments, decision.release));
            }
        }
        Ok(Self(decisions))
    }

    /// Whether a segment was released; `None`: nobody has decided.
    fn on(&self, seq: u64) -> Option<bool> {
        self.0
            .iter()
            .find(|((first, last), _)| (*first..=*last).contains(&seq))
            .map(|(_, release)| *release)
    }
}

/// Whether any change of any record may be withheld.
pub(crate) fn is_any_withheld(connection: &Connection) -> Result<bool, ReplicaError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM quarantined_change LIMIT 1")?
        .exists([])?)
}

/// Changes of a document that do not count.
pub(crate) fn withheld(
    connection: &Connection,
    document: RecordId,
) -> Result<ChangeHashes, ReplicaError> {
    let mut statement = connection.prepare_cached(
        "SELECT q.hash, q.seq, c.chain, c.partition FROM quarantined_change q JOIN chain c ON c.id = q.chain
         WHERE q.document = ?1 ORDER BY q.chain, q.seq",
    )?;
    let mut rows = statement.query([document.0])?;
    let mut hashes = ChangeHashes::new();
    let mut last: Option<(ChainId, Decisions)> = None;
    while let Some(r) = rows.next()? {
        let chain = ChainId::from_bytes(row::bytes16(r, "chain")?);
        let decisions = match last.take() {
            Some((of, decisions)) if of == chain => decisions,
            _ => Decisions::of(connection, chain, row::partition(r, "partition")?)?,
        };
        if decisions.on(r.get::<_, i64>("seq")? as u64) != Some(true) {
            hashes.insert(row::bytes32(r, "hash")?);
        }
        last = Some((chain, decisions));
    }
    Ok(hashes)
}

/// Whether a chain is the server's.
pub(crate) fn is_server(connection: &Connection, chain: ChainId) -> Result<bool, ReplicaError> {
    let found: Option<bool> = connection
        .prepare_cached("SELECT is_server FROM chain WHERE chain = ?1")?
        .query_row([chain.as_bytes()], |r| r.get(0))
        .optional()?;
    Ok(found.unwrap_or(false))
}

/// A change of a record lies in quarantine.
pub(crate) fn put_change(
    connection: &Connection,
    document: RecordId,
    hash: [u8; 32],
    chain: i64,
    seq: u64,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO quarantined_change (document, hash, chain, seq) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![document.0, hash, chain, seq as i64])?;
    Ok(())
}

/// The hub judges a segment anew that was taken in before. Returns the records that it changes.
pub(crate) fn rejudge(
    connection: &Connection,
    chain: ChainId,
    local: i64,
    seq: u64,
    quarantined: bool,
) -> Result<Vec<RecordId>, ReplicaError> {
    let segment: Segment = connection
        .prepare_cached(
            "SELECT header, signature, body FROM segment WHERE chain = ?1 AND seq = ?2",
        )?
        .query_row(params![local, seq as i64], |r| {
            Ok(outbox::segment_from_row(r))
        })??;
    let mut documents = Vec::new();
    let Ok(body) = segment.body() else {
        return Ok(documents);
    };
    for part in body.parts.iter().filter(|part| !part.is_journal) {
        let Ok(changes) = part.unpack() else { continue };
        for change in changes {
            if quarantined && change.actor_id().to_bytes() == chain.as_bytes() {
                put_change(connection, part.document, change.hash().0, local, seq)?;
            }
        }
        documents.push(part.document);
    }
    if !quarantined {
        connection
            .prepare_cached("DELETE FROM quarantined_change WHERE chain = ?1 AND seq = ?2")?
            .execute(params![local, seq as i64])?;
    }
    Ok(documents)
}

/// The records that quarantined segments of a chain change.
pub(crate) fn documents_of(
    connection: &Connection,
    chain: ChainId,
) -> Result<Vec<RecordId>, ReplicaError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT q.document FROM quarantined_change q JOIN chain c ON c.id = q.chain WHERE c.chain = ?1",
    )?;
    let mut rows = statement.query([chain.as_bytes()])?;
    let mut documents = Vec::new();
    while let Some(r) = rows.next()? {
        documents.push(RecordId(row::bytes16(r, "document")?));
    }
    Ok(documents)
}

/// The records that quarantined segments of a partition change.
pub(crate) fn documents_in(
    connection: &Connection,
    partition: Partition,
) -> Result<BTreeSet<RecordId>, ReplicaError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT q.document FROM quarantined_change q JOIN chain c ON c.id = q.chain WHERE c.partition = ?1",
    )?;
    let mut rows = statement.query([partition.to_key()])?;
    let mut documents = BTreeSet::new();
    while let Some(r) = rows.next()? {
        documents.insert(RecordId(row::bytes16(r, "document")?));
    }
    Ok(documents)
}

/// Forgets what is known of segments that a snapshot covers: it says itself what lies in quarantine.
pub(crate) fn forget_covered(
    connection: &Connection,
    partition: Partition,
) -> Result<(), ReplicaError> {
    connection.execute(
        "DELETE FROM quarantined_change WHERE chain IN (SELECT id FROM chain WHERE partition = ?1)
         AND seq <= (SELECT e.seq FROM chain_end e WHERE e.chain = quarantined_change.chain)",
        [partition.to_key()],
    )?;
    Ok(())
}

/// Keeps what a device's record says about its segments of the shared partition. Returns the chains about which it says
/// something new.
pub(crate) fn put_verdicts(
    connection: &Connection,
    device: DeviceId,
    verdicts: &[Verdict],
) -> Result<BTreeSet<ChainId>, ReplicaError> {
    let mut news = BTreeSet::new();
    for verdict in verdicts {
        let written = connection
            .prepare_cached(
                "INSERT INTO verdict (device, chain, first_seq, last_seq, released, reason)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET released = excluded.released, reason = excluded.reason
                 WHERE released <> excluded.released",
            )?
            .execute(params![
                device.as_bytes(),
                verdict.chain.as_bytes(),
                verdict.segments.0 as i64,
                verdict.segments.1 as i64,
                verdict.release,
                verdict.reason,
            ])?;
        if written > 0 {
            news.insert(verdict.chain);
        }
    }
    Ok(news)
}

#[expect(clippy::missing_errors_doc, reason = "said once, at the type")]
impl Query<'_> {
    /// Events and edits of a device that wait until a supervisor lets them count.
    pub fn held_for_supervisor(&self, device: DeviceId) -> Result<u64, ReplicaError> {
        let own = self
            .quarantine()?
            .into_iter()
            .filter(|r| r.device == device);
        Ok(own
            .map(|run| run.edits + run.events.map_or(0, |(first, last)| last - first + 1))
            .sum())
    }

    /// What lies in quarantine and waits for a decision, by chain and place.
    pub fn quarantine(&self) -> Result<Vec<QuarantinedRun>, ReplicaError> {
        let segments = self.rows(
            "SELECT c.chain, c.device, c.partition, s.seq, s.accepted_at, e.first_event, e.last_event
             FROM segment s JOIN chain c ON c.id = s.chain
                  LEFT JOIN segment_events e ON e.chain = s.chain AND e.seq = s.seq
             WHERE s.status = 1 ORDER BY c.device, c.partition, c.chain, s.seq",
            [],
            |r| {
                let seq = r.get::<_, i64>("seq")? as u64;
                let numbers = (
                    r.get::<_, Option<i64>>("first_event")?,
                    r.get::<_, Option<i64>>("last_event")?,
                );
                Ok(QuarantinedRun {
                    device: DeviceId::from_bytes(row::bytes16(r, "device")?),
                    chain: ChainId::from_bytes(row::bytes16(r, "chain")?),
                    partition: row::partition(r, "partition")?,
                    segments: (seq, seq),
                    events: match numbers {
                        (Some(first), Some(last)) => Some((first as u64, last as u64)),
                        _ => None,
                    },
                    edits: 0,
                    since: r.get("accepted_at")?,
                })
            },
        )?;
        let mut runs: Vec<QuarantinedRun> = Vec::new();
        let mut last: Option<(ChainId, Decisions)> = None;
        for mut next in segments {
            let seq = next.segments.0;
            let decisions = match last.take() {
                Some((of, decisions)) if of == next.chain => decisions,
                _ => Decisions::of(self.connection, next.chain, next.partition)?,
            };
            let waits = decisions.on(seq).is_none();
            last = Some((next.chain, decisions));
            if !waits {
                continue;
            }
            next.edits = self.count(
                "SELECT count(*) FROM quarantined_change q JOIN chain c ON c.id = q.chain
                 WHERE c.chain = ?1 AND q.seq = ?2",
                params![next.chain.as_bytes(), seq as i64],
            )?;
            match runs.last_mut() {
                Some(run) if run.chain == next.chain && run.segments.1 + 1 == seq => {
                    run.segments.1 = seq;
                    run.edits += next.edits;
                    run.events = match (run.events, next.events) {
                        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                        (a, b) => a.or(b),
                    };
                }
                _ => runs.push(next),
            }
        }
        Ok(runs)
    }
}
