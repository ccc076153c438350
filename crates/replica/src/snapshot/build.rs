//! Building a snapshot from a full replica, chunk by chunk.

use std::collections::HashSet;

use documents::snapshot::{CHUNK_UNPACKED_MAX, pack};
use documents::{Manifest, Partition, RecordId};
use domain::event::{EventId, ExceptionId};
use domain::ledger::baseline::{
    baseline, can_be_found_again, finding_at, tied, waits_in_quarantine,
};
use domain::ledger::{ExceptionStatus, Finding, LedgerStore, Place, Subject};
use domain::{OrganisationId, SiteId, UnixMillis};
use minicbor::Encode;
use rusqlite::{Connection, params};

use super::content::{BaselineRow, ChainRow, Content, KeptEvent, QuarantinedChange, Records};
use crate::chains::Chains;
use crate::error::ReplicaError;
use crate::ledger_store::{SqlLedger, exception_from_row};
use crate::replica::Reader;
use crate::{ingest, outbox, replica, row};

/// Rows are gathered up to about this size; a chunk packs better the larger it is.
const GATHER_BYTES: usize = CHUNK_UNPACKED_MAX / 2;

/// Where to cut a site's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The last entry that a replica on the snapshot does not read.
    pub number: u64,
    /// The hash over the log up to it.
    pub running_hash: [u8; 32],
    /// When it was accepted; all entries after it were accepted later.
    pub accepted_at: UnixMillis,
}

/// Packs rows into chunks and hands them on.
struct Chunks<'a> {
    entries: Vec<documents::snapshot::ChunkEntry>,
    sink: &'a mut dyn FnMut(&[u8]) -> std::io::Result<()>,
}

impl Chunks<'_> {
    fn put(&mut self, content: &Content) -> Result<(), ReplicaError> {
        let plain = minicbor::to_vec(content).unwrap_or_default();
        let (entry, packed) =
            pack(&plain).ok_or(ReplicaError::BadRow("row larger than a chunk"))?;
        (self.sink)(&packed).map_err(ReplicaError::Snapshot)?;
        self.entries.push(entry);
        Ok(())
    }

    /// Splits rows over as many chunks as they take.
    fn rows<T: Encode<()>>(
        &mut self,
        rows: impl IntoIterator<Item = Result<T, ReplicaError>>,
        wrap: impl Fn(Vec<T>) -> Content,
    ) -> Result<(), ReplicaError> {
        let (mut gathered, mut size) = (Vec::new(), 0);
        for row in rows {
            let row = row?;
            size += minicbor::to_vec(&row).unwrap_or_default().len();
            gathered.push(row);
            if size >= GATHER_BYTES {
                self.put(&wrap(std::mem::take(&mut gathered)))?;
                size = 0;
            }
        }
        if !gathered.is_empty() {
            self.put(&wrap(gathered))?;
        }
        Ok(())
    }
}

impl Reader {
    /// Builds a snapshot of what this replica has folded, as of its last commit. Chunks go to `sink` in order, and are
    /// not kept. Of a site, `cut` says where its log is cut; the shared partition is cut where this replica stands.
    /// `None` if this replica has not read up to the cut. What lies in quarantine goes along, with what was decided.
    ///
    /// # Errors
    /// [`ReplicaError`], [`ReplicaError::Snapshot`] if the sink fails.
    pub fn build_snapshot(
        &self,
        organisation: OrganisationId,
        partition: Partition,
        cut: Option<Cut>,
        now: UnixMillis,
        sink: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<Option<Manifest>, ReplicaError> {
        // Everything below sees one commit.
        let transaction = self.connection.unchecked_transaction()?;
        let Some(cursor) = ingest::load_cursor(&transaction, partition)? else {
            return Ok(None);
        };
        let (number, running_hash, horizon) = match (partition, cut) {
            (Partition::Shared, _) => (cursor.number, cursor.running_hash, None),
            (Partition::Site(_), Some(cut)) => (
                cut.number,
                cut.running_hash,
                Some((Place::end_of(cut.accepted_at), cut.accepted_at)),
            ),
            (Partition::Site(_), None) => return Ok(None),
        };
        if cursor.number < number || number == 0 {
            return Ok(None);
        }
        let mut chunks = Chunks {
            entries: Vec::new(),
            sink,
        };
        let chains = Chains::load(&transaction)?;
        chunks.put(&Content::Chains(chain_rows(
            &transaction,
            &chains,
            partition,
            number,
        )?))?;
        let mut certificates =
            transaction.prepare("SELECT bytes FROM certificate ORDER BY bytes")?;
        let certificates = certificates
            .query_map([], |r| r.get::<_, Vec<u8>>(0))?
            .map(|bytes| Ok(bytes?.into()));
        chunks.rows(certificates, Content::Certificates)?;
        let quarantined = quarantined_changes(&transaction, &chains, partition)?;
        chunks.rows(quarantined.into_iter().map(Ok), Content::Quarantined)?;
        records(&transaction, partition, &mut chunks)?;
        if let (Partition::Site(site), Some((horizon, accepted_at))) = (partition, horizon) {
            let mut store = SqlLedger::new(&transaction, &chains, site);
            let found = findings(&transaction, &mut store, site, horizon)?;
            let seeds = seeds(&transaction, &mut store, site, horizon, accepted_at, &found)?;
            let kept = tied(&mut store, seeds)?;
            let events = kept.into_values().map(|placed| {
                Ok(KeptEvent {
                    id: placed.event.id,
                    hash: placed.event.hash,
                    place: placed.place,
                    standing: placed.standing,
                    accepted_at: placed.event.accepted_at,
                    quarantined: placed.event.quarantined,
                    record: placed.event.record.to_bytes(),
                })
            });
            chunks.rows(events, Content::Events)?;
            baselines(&transaction, &mut store, site, horizon, &mut chunks)?;
            chunks.rows(found.kept.into_iter().map(Ok), Content::Findings)?;
        }
        Ok(Some(Manifest {
            organisation,
            partition,
            epoch: cursor.epoch,
            cut: number,
            cut_hash: running_hash,
            end: cursor.number,
            horizon: horizon.map(|(place, _)| place),
            taken_at: now,
            chunks: chunks.entries,
        }))
    }
}

fn chain_rows(
    connection: &Connection,
    chains: &Chains,
    partition: Partition,
    cut: u64,
) -> Result<Vec<ChainRow>, ReplicaError> {
    let mut rows = Vec::new();
    for chain in chains.all().filter(|c| c.partition == partition) {
        let end = outbox::head_at(connection, chain.local, cut)?;
        let last_event: i64 = connection
            .prepare_cached(
                "SELECT coalesce(max(last_event), 0) FROM segment_events WHERE chain = ?1 AND seq <= ?2",
            )?
            .query_row(params![chain.local, end.seq as i64], |r| r.get(0))?;
        rows.push(ChainRow {
            chain: chain.chain,
            partition,
            device: chain.device,
            key: chain.key,
            is_server: chain.is_server,
            seq: end.seq,
            hash: end.hash.0,
            last_event: last_event as u64,
            last_event_hash: replica::hash_of_event(connection, chain.local, last_event as u64)?,
        });
    }
    rows.sort_unstable_by_key(|r| r.chain);
    Ok(rows)
}

fn quarantined_changes(
    connection: &Connection,
    chains: &Chains,
    partition: Partition,
) -> Result<Vec<QuarantinedChange>, ReplicaError> {
    let mut statement = connection.prepare(
        "SELECT q.chain, q.seq, q.document, q.hash FROM quarantined_change q JOIN chain c ON c.id = q.chain
         WHERE c.partition = ?1 ORDER BY c.chain, q.seq, q.document, q.hash",
    )?;
    let mut rows = statement.query([partition.to_key()])?;
    let mut changes = Vec::new();
    while let Some(r) = rows.next()? {
        changes.push(QuarantinedChange {
            chain: chains.by_local(r.get("chain")?)?.chain,
            seq: r.get::<_, i64>("seq")? as u64,
            document: RecordId(row::bytes16(r, "document")?),
            hash: row::bytes32(r, "hash")?,
        });
    }
    Ok(changes)
}

fn records(
    connection: &Connection,
    partition: Partition,
    chunks: &mut Chunks<'_>,
) -> Result<(), ReplicaError> {
    let mut statement = connection
        .prepare("SELECT id, saved FROM document WHERE partition = ?1 ORDER BY kind, id")?;
    let mut rows = statement.query([partition.to_key()])?;
    let mut gathered = Records::default();
    while let Some(r) = rows.next()? {
        let saved: Vec<u8> = r.get("saved")?;
        gathered.push(RecordId(row::bytes16(r, "id")?), &saved);
        if gathered.size() >= GATHER_BYTES {
            chunks.put(&Content::Records(std::mem::take(&mut gathered)))?;
        }
    }
    if gathered.size() > 0 {
        chunks.put(&Content::Records(gathered))?;
    }
    Ok(())
}

/// Findings to be kept, and what the choice of kept events rests on.
struct Found {
    kept: Vec<Finding>,
    /// Evidence of what is open now or was at the horizon.
    evidence: Vec<EventId>,
    /// Exceptions that are here and can not be found anew: decisions on them need not be kept.
    settled: HashSet<ExceptionId>,
}

fn findings(
    connection: &Connection,
    store: &mut SqlLedger<'_>,
    site: SiteId,
    horizon: Place,
) -> Result<Found, ReplicaError> {
    let mut found = Found {
        kept: Vec::new(),
        evidence: Vec::new(),
        settled: HashSet::new(),
    };
    let mut statement =
        connection.prepare("SELECT * FROM exception WHERE site = ?1 ORDER BY id")?;
    let mut rows = statement.query([site.as_bytes()])?;
    while let Some(r) = rows.next()? {
        let exception = exception_from_row(r)?;
        let finding = finding_at(store, &exception, horizon)?;
        if finding.is_some() || exception.status == ExceptionStatus::Open {
            for hash in &exception.finding.evidence {
                found.evidence.extend(store.by_hash(*hash)?);
            }
        }
        if finding.is_none() && !can_be_found_again(&exception.finding, horizon) {
            found.settled.insert(exception.finding.id());
        }
        found.kept.extend(finding);
    }
    Ok(found)
}

/// The events from which the kept ones are reached.
fn seeds(
    connection: &Connection,
    store: &mut SqlLedger<'_>,
    site: SiteId,
    horizon: Place,
    accepted_at: UnixMillis,
    found: &Found,
) -> Result<Vec<EventId>, ReplicaError> {
    let place = horizon.to_bytes();
    let mut seeds = found.evidence.clone();
    // What will be read again from the log although it is counted in, and what will not although it is not.
    seeds.extend(store.ids(
        "SELECT chain, number FROM event WHERE place <= ?1 AND (accepted_at IS NULL OR accepted_at > ?2)",
        params![place, accepted_at],
    )?);
    seeds.extend(store.ids(
        "SELECT chain, number FROM event WHERE place > ?1 AND accepted_at <= ?2",
        params![place, accepted_at],
    )?);
    // What later events refer to.
    seeds.extend(store.ids(
        "SELECT DISTINCT t.chain, t.number FROM event_name n
         JOIN event t ON t.hash = n.hash JOIN event x ON x.chain = n.chain AND x.number = n.number
         WHERE t.place <= ?1 AND x.place > ?1",
        [place],
    )?);
    seeds.extend(store.dangling()?);
    // What may come to count.
    for id in store.ids("SELECT chain, number FROM event WHERE quarantined = 1", [])? {
        if let Some(placed) = store.event(id)?
            && waits_in_quarantine(store, &placed.event)?
        {
            seeds.push(id);
        }
    }
    let mut statement = connection.prepare(
        "SELECT DISTINCT d.exception FROM event_decision d
         JOIN chain c ON c.id = d.chain WHERE c.partition = ?1",
    )?;
    let mut rows = statement.query([site.as_bytes()])?;
    while let Some(r) = rows.next()? {
        let id = row::exception_id(r, "exception")?;
        if !found.settled.contains(&id) {
            seeds.extend(store.decisions(id)?);
        }
    }
    Ok(seeds)
}

fn baselines(
    connection: &Connection,
    store: &mut SqlLedger<'_>,
    site: SiteId,
    horizon: Place,
    chunks: &mut Chunks<'_>,
) -> Result<(), ReplicaError> {
    let mut statement =
        connection.prepare("SELECT key FROM subject WHERE substr(key, 1, 16) = ?1 ORDER BY key")?;
    let mut rows = statement.query([site.as_bytes()])?;
    let rows = std::iter::from_fn(|| match rows.next() {
        Ok(None) => None,
        Err(error) => Some(Err(error.into())),
        Ok(Some(r)) => Some(r.get::<_, Vec<u8>>(0).map_err(ReplicaError::from)),
    });
    let rows = rows.filter_map(|key| {
        let subject = match key {
            Ok(key) => key.get(16..).and_then(Subject::from_key),
            Err(error) => return Some(Err(error)),
        };
        let Some(subject) = subject else {
            return Some(Err(ReplicaError::BadRow("subject.key")));
        };
        match baseline(store, &subject, horizon) {
            Ok(found) => found.map(|baseline| Ok(BaselineRow { subject, baseline })),
            Err(error) => Some(Err(error)),
        }
    });
    chunks.rows(rows, Content::Baselines)
}
