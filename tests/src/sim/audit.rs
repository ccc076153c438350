//! What lies on a disk, read with SQL of our own: a check that asked the product's code would share its mistakes.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use documents::segment::{Accepted, Segment, SegmentHash, SegmentStatus};
use documents::{PublicKey, Signature, journal};
use domain::{ChainId, EventHash, EventRecord};
use rusqlite::{Connection, OpenFlags, Row};
use testkit::disk::{Disk, VFS};

/// One segment as a replica or the log holds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HeldSegment {
    pub(super) chain: ChainId,
    pub(super) seq: u64,
    pub(super) hash: SegmentHash,
    /// What the hub said of it: number, time and status.
    pub(super) acceptance: Option<(u64, i64, i64)>,
}

/// Everything in a replica that the invariants are about.
#[derive(Debug, Default)]
pub(super) struct Audit {
    pub(super) segments: BTreeSet<HeldSegment>,
    /// Hashes of own changes that are not sealed yet.
    pub(super) unsealed: BTreeSet<[u8; 32]>,
    /// The read model's events.
    pub(super) events: BTreeSet<EventHash>,
    /// The events that the changes hold.
    pub(super) written: BTreeSet<EventHash>,
    /// Events that are here without being folded: others say them again, or they wait on a branch that was set aside.
    pub(super) kept: BTreeSet<EventHash>,
    /// The chains whose beginning an installed snapshot stands for.
    pub(super) covered: BTreeMap<ChainId, Covered>,
}

/// Where a snapshot's cut is on a chain: what is up to there need not be held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Covered {
    pub(super) seq: u64,
    hash: SegmentHash,
    last_event: u64,
}

/// What segments hold: the same segment is on many disks, and is unpacked and verified once.
#[derive(Debug, Default)]
pub(super) struct Segments {
    events: BTreeMap<SegmentHash, Said>,
    verified: BTreeSet<SegmentHash>,
    /// Whose chain each is, as the replicas have learned it.
    pub(super) keys: BTreeMap<ChainId, PublicKey>,
}

/// What a segment says.
#[derive(Debug, Default)]
pub(super) struct Said {
    events: BTreeSet<EventHash>,
    /// What it says again.
    again: BTreeSet<EventHash>,
}

impl Segments {
    fn events(&mut self, segment: &Segment) -> Result<&Said> {
        let hash = segment.hash();
        if let Entry::Vacant(unseen) = self.events.entry(hash) {
            let mut said = Said::default();
            for part in segment.body()?.parts {
                if part.is_journal {
                    for event in part.unpack()?.iter().filter_map(journal::event_of) {
                        said.events.insert(event.hash);
                        said.again.extend(event.record.and_then(|r| r.origin));
                    }
                }
            }
            unseen.insert(said);
        }
        self.events.get(&hash).context("unpacked")
    }

    /// Verifies a segment and returns the hash that it names as the one before.
    fn verify(
        &mut self,
        segment: &Segment,
        hash: SegmentHash,
        place: (ChainId, u64),
    ) -> Result<SegmentHash> {
        let header = segment.header()?;
        ensure!(segment.hash() == hash, "a segment under another's hash");
        ensure!(
            (header.chain, header.seq) == place,
            "a segment at another's place"
        );
        let key = self.keys.get(&place.0).context("a segment of nobody")?;
        if !self.verified.contains(&hash) {
            segment.verify(key)?;
            self.verified.insert(hash);
        }
        Ok(header.previous)
    }
}

fn blob<const N: usize>(row: &Row<'_>, column: &str) -> Result<[u8; N]> {
    let bytes: Vec<u8> = row.get(column)?;
    bytes.try_into().ok().context(column.to_owned())
}

fn number(row: &Row<'_>, column: &str) -> Result<u64> {
    Ok(row.get::<_, i64>(column)? as u64)
}

fn signature(row: &Row<'_>, column: &str) -> Result<Signature> {
    Signature::from_slice(&blob::<64>(row, column)?).context(column.to_owned())
}

fn segment(row: &Row<'_>) -> Result<Segment> {
    Ok(Segment::from_parts(
        row.get("header")?,
        signature(row, "signature")?,
        row.get("body")?,
    ))
}

/// Opens a copy, so that looking changes nothing.
fn open(disk: &Disk, file: &str, key: Option<&[u8; 32]>) -> Result<(Disk, Connection)> {
    let copy = Disk::new(0);
    copy.restore(&disk.image());
    let path = copy.mount().path(file);
    let connection = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), VFS)?;
    if let Some(key) = key {
        let hex: String = key.iter().map(|b| format!("{b:02x}")).collect();
        connection.pragma_update(None, "key", format!("x'{hex}'"))?;
    }
    Ok((copy, connection))
}

/// All events in a replica, said again or set aside among them; none if the disk is new.
pub(super) fn events(
    disk: &Disk,
    file: &str,
    key: Option<&[u8; 32]>,
    segments: &mut Segments,
) -> Result<BTreeSet<EventHash>> {
    let (_copy, connection) = open(disk, file, key)?;
    let mut hashes = BTreeSet::new();
    if !connection.table_exists(None, "displaced")? {
        return Ok(hashes);
    }
    // Of events that came with a snapshot there is no change and no signature here, so they could not be given back.
    let mut statement = connection.prepare(
        "SELECT hash, record FROM event e
         WHERE number > coalesce((SELECT last_event FROM chain_end c WHERE c.chain = e.chain), 0)
         AND NOT EXISTS (SELECT 1 FROM kept_event k WHERE k.chain = e.chain AND k.number = e.number)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        hashes.insert(EventHash(blob(row, "hash")?));
        let record: Vec<u8> = row.get("record")?;
        hashes.extend(EventRecord::from_bytes(&record)?.origin);
    }
    hashes.extend(set_aside(&connection, segments)?);
    let mut statement = connection.prepare(
        "SELECT header, signature, body FROM segment WHERE chain IN (SELECT chain FROM chain_end)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let said = segments.events(&segment(row)?)?;
        hashes.extend(said.events.iter().chain(&said.again));
    }
    Ok(hashes)
}

/// Events of branches that were set aside.
fn set_aside(connection: &Connection, segments: &mut Segments) -> Result<BTreeSet<EventHash>> {
    let mut statement = connection.prepare("SELECT header, signature, body FROM displaced")?;
    let mut rows = statement.query([])?;
    let mut hashes = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let said = segments.events(&segment(row)?)?;
        hashes.extend(said.events.iter().chain(&said.again));
    }
    Ok(hashes)
}

/// All events in the hub's log.
pub(super) fn events_of_log(
    disk: &Disk,
    file: &str,
    segments: &mut Segments,
) -> Result<BTreeSet<EventHash>> {
    let (_copy, connection) = open(disk, file, None)?;
    events_read_from_log(&connection, segments)
}

/// The same, as a program that runs reads it: what a failed commit has left in the files may be gone any moment.
pub(super) fn events_read_from_log(
    connection: &Connection,
    segments: &mut Segments,
) -> Result<BTreeSet<EventHash>> {
    let mut statement = connection.prepare("SELECT header, signature, body FROM hub_log")?;
    let mut rows = statement.query([])?;
    let mut hashes = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let said = segments.events(&segment(row)?)?;
        hashes.extend(said.events.iter().chain(&said.again));
    }
    Ok(hashes)
}

/// Reads the hub's log whole, and verifies that it is one: numbers without gaps, hashes, signatures, order in time.
pub(super) fn log(
    disk: &Disk,
    file: &str,
    hub: &PublicKey,
    segments: &mut Segments,
) -> Result<BTreeSet<HeldSegment>> {
    let (_copy, connection) = open(disk, file, None)?;
    let mut statement = connection.prepare(
        "SELECT partition, number, chain, seq, hash, header, signature, body, accepted_at, status, acceptance,
             running_hash
         FROM hub_log ORDER BY partition, number",
    )?;
    let mut rows = statement.query([])?;
    let mut held = BTreeSet::new();
    let mut end: (Vec<u8>, u64, i64, [u8; 32]) = Default::default();
    let mut chains: BTreeMap<ChainId, (u64, SegmentHash)> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let partition: Vec<u8> = row.get("partition")?;
        if end.0 != partition {
            end = (partition.clone(), 0, i64::MIN, [0; 32]);
        }
        let (at, accepted_at) = (number(row, "number")?, row.get("accepted_at")?);
        ensure!(at == end.1 + 1, "number {at} of the log follows {}", end.1);
        ensure!(
            accepted_at >= end.2,
            "number {at} of the log is back in time"
        );
        let (chain, seq) = (
            ChainId::from_bytes(blob(row, "chain")?),
            number(row, "seq")?,
        );
        let hash = SegmentHash(blob(row, "hash")?);
        let segment = segment(row)?;
        let previous = segments.verify(&segment, hash, (chain, seq))?;
        let before = chains.insert(chain, (seq, hash)).unwrap_or_default();
        ensure!(
            (seq, previous) == (before.0 + 1, before.1),
            "segment {seq} of {chain} in the log does not follow {}",
            before.0
        );
        let status: i64 = row.get("status")?;
        let accepted = Accepted {
            number: at,
            accepted_at,
            status: if status == 1 {
                SegmentStatus::Quarantined
            } else {
                SegmentStatus::Live
            },
            signature: signature(row, "acceptance")?,
            segment: None,
            hash,
            extract: None,
        };
        ensure!(accepted.verify(hub), "number {at} of the log is not signed");
        let running = *blake3::hash(&[end.3, hash.0].concat()).as_bytes();
        ensure!(
            running == blob(row, "running_hash")?,
            "the running hash breaks at {at}"
        );
        end = (partition, at, accepted_at, running);
        held.insert(HeldSegment {
            chain,
            seq,
            hash,
            acceptance: Some((at, accepted_at, status)),
        });
    }
    Ok(held)
}

/// Reads a replica whole, and verifies every segment and every event in it.
pub(super) fn replica(
    disk: &Disk,
    file: &str,
    key: Option<&[u8; 32]>,
    segments: &mut Segments,
) -> Result<Audit> {
    let (_copy, connection) = open(disk, file, key)?;
    let mut audit = Audit::default();
    learn_chains(&connection, segments)?;
    audit.covered = covered(&connection)?;
    let mut statement = connection.prepare(
        "SELECT c.chain, s.seq, s.hash, s.header, s.signature, s.body, s.number, s.accepted_at, s.status
         FROM segment s JOIN chain c ON c.id = s.chain ORDER BY c.chain, s.seq",
    )?;
    let mut rows = statement.query([])?;
    let mut ends: BTreeMap<ChainId, (u64, SegmentHash)> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (chain, seq) = (
            ChainId::from_bytes(blob(row, "chain")?),
            number(row, "seq")?,
        );
        let hash = SegmentHash(blob(row, "hash")?);
        let segment = segment(row)?;
        let previous = segments.verify(&segment, hash, (chain, seq))?;
        let covered = audit.covered.get(&chain).copied().unwrap_or_default();
        let before = match ends.insert(chain, (seq, hash)) {
            Some(before) if before.0 >= covered.seq || before.0 + 1 == seq => before,
            // Of what the cut covers, some may be held for a server that is restored: what was written here, not what
            // a copy of this device wrote on the same chain.
            _ if seq <= covered.seq => (seq - 1, previous),
            _ => (covered.seq, covered.hash),
        };
        ensure!(
            (seq, previous) == (before.0 + 1, before.1),
            "segment {seq} of {chain} does not follow {}",
            before.0
        );
        ensure!(
            seq != covered.seq || hash == covered.hash,
            "segment {seq} of {chain} is another than the one at the cut"
        );
        let said = segments.events(&segment)?;
        if seq <= covered.seq {
            // Bytes alone: nothing is folded from them.
            audit.kept.extend(said.events.iter().chain(&said.again));
            continue;
        }
        audit.written.extend(&said.events);
        audit.kept.extend(&said.again);
        let acceptance = match row.get::<_, Option<i64>>("number")? {
            Some(number) => Some((number as u64, row.get("accepted_at")?, row.get("status")?)),
            None => None,
        };
        audit.segments.insert(HeldSegment {
            chain,
            seq,
            hash,
            acceptance,
        });
    }
    audit.kept.extend(set_aside(&connection, segments)?);
    read_unsealed(&connection, &mut audit)?;
    read_events(&connection, &mut audit)?;
    Ok(audit)
}

/// What the installed snapshots cover; nothing where all of history is held.
fn covered(connection: &Connection) -> Result<BTreeMap<ChainId, Covered>> {
    let mut statement = connection.prepare(
        "SELECT c.chain, e.seq, e.hash, e.last_event FROM chain_end e JOIN chain c ON c.id = e.chain",
    )?;
    let mut rows = statement.query([])?;
    let mut covered = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let end = Covered {
            seq: number(row, "seq")?,
            hash: SegmentHash(blob(row, "hash")?),
            last_event: number(row, "last_event")?,
        };
        covered.insert(ChainId::from_bytes(blob(row, "chain")?), end);
    }
    Ok(covered)
}

fn learn_chains(connection: &Connection, segments: &mut Segments) -> Result<()> {
    let mut statement = connection.prepare("SELECT chain, public_key FROM chain")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let chain = ChainId::from_bytes(blob(row, "chain")?);
        let key = PublicKey::from_bytes(blob(row, "public_key")?);
        let known = segments.keys.insert(chain, key);
        ensure!(
            known.is_none_or(|known| known == key),
            "two replicas know chain {chain} under different keys"
        );
    }
    Ok(())
}

fn read_unsealed(connection: &Connection, audit: &mut Audit) -> Result<()> {
    let mut statement =
        connection.prepare("SELECT hash, event, bytes FROM own_change WHERE sealed = 0")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let hash = blob(row, "hash")?;
        audit.unsealed.insert(hash);
        if row.get::<_, i64>("event")? > 0 {
            audit.written.insert(EventHash(hash));
            let change = automerge::Change::from_bytes(row.get("bytes")?)?;
            let event = journal::event_of(&change).and_then(|e| e.record);
            audit.kept.extend(event.and_then(|record| record.origin));
        }
    }
    Ok(())
}

fn read_events(connection: &Connection, audit: &mut Audit) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT c.chain, e.number, e.hash, e.standing, e.record, k.chain IS NOT NULL AS kept
         FROM event e JOIN chain c ON c.id = e.chain
         LEFT JOIN kept_event k ON k.chain = e.chain AND k.number = e.number
         ORDER BY c.chain, e.number",
    )?;
    let mut rows = statement.query([])?;
    let mut ends: BTreeMap<ChainId, u64> = BTreeMap::new();
    let mut counted = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let (chain, at) = (
            ChainId::from_bytes(blob(row, "chain")?),
            number(row, "number")?,
        );
        let hash = EventHash(blob(row, "hash")?);
        let record: Vec<u8> = row.get("record")?;
        let covered = audit.covered.get(&chain).copied().unwrap_or_default();
        let comes_with_snapshot = row.get("kept")? && !audit.written.contains(&hash);
        if at > covered.last_event && !comes_with_snapshot {
            let before = ends.insert(chain, at).unwrap_or(covered.last_event);
            ensure!(at == before + 1, "event {at} of {chain} follows {before}");
            ensure!(
                audit.events.insert(hash),
                "event {at} of {chain} is there twice"
            );
        }
        let said = EventRecord::from_bytes(&record)?.origin.unwrap_or(hash);
        ensure!(
            row.get::<_, i64>("standing")? == 0 || counted.insert(said),
            "what event {at} of {chain} says counts twice"
        );
    }
    Ok(())
}
