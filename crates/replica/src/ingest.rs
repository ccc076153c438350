//! Taking in what the hub has accepted: segments, acknowledgements and the cursor, in one transaction.

use std::collections::{BTreeSet, HashMap};

use automerge::Change;
use documents::segment::{Accepted, Segment, SegmentError, SegmentHash, SegmentStatus};
use documents::{Body, Partition, RecordId, journal};
use domain::event::{Event, EventBody, EventId};
use domain::ledger::{Added, Ledger};
use domain::{ChainId, HybridClock, UnixMillis};
use rusqlite::{Connection, OptionalExtension, params};

use crate::chains::{Chain, Chains};
use crate::error::ReplicaError;
use crate::identity::Identity;
use crate::ledger_store::SqlLedger;
use crate::replica::{self, Replica};
use crate::{outbox, quarantine, records, rights, row, snapshot};

/// How far a replica has read the hub's log of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    /// Which log: a restored hub begins another.
    pub epoch: [u8; 16],
    /// The last number read.
    pub number: u64,
    /// A hash over everything read, so that a log that was rolled back and grew anew is noticed.
    pub running_hash: [u8; 32],
}

impl Cursor {
    /// At the beginning of a log.
    pub const fn start(epoch: [u8; 16]) -> Self {
        Self {
            epoch,
            number: 0,
            running_hash: [0; 32],
        }
    }

    /// After one more entry of the log.
    #[must_use]
    pub fn after(self, hash: SegmentHash) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.running_hash).update(&hash.0);
        Self {
            epoch: self.epoch,
            number: self.number + 1,
            running_hash: *hasher.finalize().as_bytes(),
        }
    }
}

/// Why an entry of the log was not taken in. The cursor stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Its number is not the next one.
    #[error("the log has a gap")]
    Gap,
    /// The hub's signature is wrong.
    #[error("the hub did not sign this")]
    NotSignedByHub,
    /// No certificate vouches for its chain (yet).
    #[error("no certificate for the chain")]
    UnknownChain,
    /// Its device did not sign it, or it was changed on the way.
    #[error("the segment is not what the device signed")]
    Segment(#[source] SegmentError),
    /// It is of another organisation or partition, or does not follow the chain.
    #[error("the segment does not belong here")]
    Foreign,
    /// Another segment stands at its place on the chain.
    #[error("the chain forks here")]
    Fork,
    /// It is whole, and this is a counter's replica; or it is an extract, and this is none.
    #[error("the segment is for another kind of device")]
    OtherRole,
}

impl Rejected {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gap => "log-gap",
            Self::NotSignedByHub => "hub-signature-wrong",
            Self::UnknownChain => "chain-unknown",
            Self::Segment(_) => "segment-forged",
            Self::Foreign => "segment-foreign",
            Self::Fork => "chain-forked",
            Self::OtherRole => "segment-other-role",
        }
    }
}

/// What came of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ingested {
    /// How many entries were taken in.
    pub entries: usize,
    /// How many of them carried events or edits that were new here.
    pub fresh: usize,
    /// Where the cursor stands now.
    pub cursor: Cursor,
    /// Why it stopped early, if it did.
    pub rejected: Option<Rejected>,
}

impl Replica {
    /// Where reading of a partition's log goes on.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn cursor(&self, partition: Partition) -> Result<Option<Cursor>, ReplicaError> {
        load_cursor(&self.connection, partition)
    }

    /// When the hub accepted the entry at a number of a partition's log, and as what; `None` if it is not known here.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn acceptance(
        &self,
        partition: Partition,
        number: u64,
    ) -> Result<Option<(UnixMillis, SegmentStatus)>, ReplicaError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT accepted_at, status FROM segment WHERE number = ?2 AND acceptance IS NOT NULL
                 AND chain IN (SELECT id FROM chain WHERE partition = ?1)",
            )?
            .query_row(params![partition.to_key(), number as i64], |r| {
                Ok((r.get("accepted_at")?, row::segment_status(r)?))
            })
            .optional()?)
    }

    /// Begins a log anew after the hub's epoch changed; everything known stays. No segment counts as held by the hub
    /// until the new log says so: what it has lost is offered to it again, others' segments too.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn restart_cursor(
        &mut self,
        partition: Partition,
        epoch: [u8; 16],
    ) -> Result<(), ReplicaError> {
        let transaction = self.connection.unchecked_transaction()?;
        save_cursor(&transaction, partition, Cursor::start(epoch))?;
        transaction
            .prepare_cached(
                "UPDATE segment SET number = NULL WHERE number IS NOT NULL
                 AND chain IN (SELECT id FROM chain WHERE partition = ?1)",
            )?
            .execute([partition.to_key()])?;
        Ok(transaction.commit()?)
    }

    /// Takes in consecutive entries of the hub's log. Entries already known only tell their acceptance. Stops before
    /// the first entry that cannot be trusted; all before it is kept.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing was written then.
    pub fn ingest(
        &mut self,
        partition: Partition,
        epoch: [u8; 16],
        entries: &[Accepted],
        now: UnixMillis,
    ) -> Result<Ingested, ReplicaError> {
        let mut result = self.try_ingest(partition, epoch, entries, now);
        // What the log holds at a place outranks what another brought for it.
        while let Ok(outcome) = &result
            && outcome.rejected == Some(Rejected::Fork)
            && let Some(entry) = entries.iter().find(|e| e.number > outcome.cursor.number)
        {
            let (entries_before, fresh) = (outcome.entries, outcome.fresh);
            if !self.give_way_to(entry)? {
                break;
            }
            result = self.try_ingest(partition, epoch, entries, now);
            if let Ok(outcome) = &mut result {
                outcome.entries += entries_before;
                outcome.fresh += fresh;
            }
        }
        if result.is_err() {
            self.forget_unwritten();
        }
        result
    }

    fn try_ingest(
        &mut self,
        partition: Partition,
        epoch: [u8; 16],
        entries: &[Accepted],
        now: UnixMillis,
    ) -> Result<Ingested, ReplicaError> {
        let identity = self.enrolled()?.clone();
        let transaction = self.connection.unchecked_transaction()?;
        let mut cursor = match load_cursor(&transaction, partition)? {
            Some(cursor) if cursor.epoch == epoch => cursor,
            _ => Cursor::start(epoch),
        };
        let mut batch = Batch::default();
        let mut outcome = Ingested {
            entries: 0,
            fresh: 0,
            cursor,
            rejected: None,
        };
        for entry in entries {
            if entry.number <= cursor.number {
                // A neighbour may have been quicker, and may know the log as it was before it was put back.
                if is_another_log(&transaction, partition, entry)? {
                    outcome.rejected = Some(Rejected::Gap);
                    break;
                }
                continue;
            }
            match take(
                &transaction,
                &mut self.chains,
                &identity,
                partition,
                cursor,
                entry,
                &mut batch,
            )? {
                Ok(fresh) => {
                    cursor = cursor.after(entry.hash);
                    outcome.entries += 1;
                    outcome.fresh += usize::from(fresh);
                }
                Err(rejected) => {
                    outcome.rejected = Some(rejected);
                    break;
                }
            }
        }
        batch.observe_clocks(&transaction, &mut self.clock, now)?;
        batch.apply(&transaction, &mut self.chains, Some(&identity), partition)?;
        save_cursor(&transaction, partition, cursor)?;
        transaction.commit()?;
        outcome.cursor = cursor;
        Ok(outcome)
    }

    /// Folds everything again from the changes, on the snapshots that were installed. The result has the identical state hash.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing has changed then.
    pub fn rebuild(&mut self) -> Result<(), ReplicaError> {
        let result = self.try_rebuild();
        if result.is_err() {
            self.forget_unwritten();
        }
        result
    }

    fn try_rebuild(&mut self) -> Result<(), ReplicaError> {
        let transaction = self.connection.unchecked_transaction()?;
        fold_anew(&transaction, &mut self.chains, self.identity.as_ref())?;
        transaction.commit()?;
        self.journals.clear();
        Ok(())
    }
}

/// Folds everything again from the changes that are held, in the transaction that is open.
pub(crate) fn fold_anew(
    connection: &Connection,
    chains: &mut Chains,
    identity: Option<&Identity>,
) -> Result<(), ReplicaError> {
    replica::clear_read_model(connection)?;
    let mut partitions: Vec<Partition> = chains.all().map(|c| c.partition).collect();
    partitions.sort_unstable();
    partitions.dedup();
    for partition in partitions {
        let local: Vec<Chain> = chains
            .all()
            .filter(|c| c.partition == partition)
            .copied()
            .collect();
        if let Some(identity) = identity {
            snapshot::apply(connection, chains, identity, partition)?;
        }
        let mut batch = Batch::default();
        for chain in local {
            batch.read_stored(connection, &chain)?;
            batch.read_unsealed(connection, &chain, identity)?;
        }
        batch.apply(connection, chains, identity, partition)?;
    }
    Ok(())
}

/// The segment that changes were found in.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) seq: u64,
    pub(crate) accepted_at: Option<UnixMillis>,
    pub(crate) quarantined: bool,
}

impl Origin {
    /// Own changes that are not sealed yet.
    const UNSEALED: Self = Self {
        seq: 0,
        accepted_at: None,
        quarantined: false,
    };
}

/// Changes and events read from segments, to be applied together: one by one costs many times more.
#[derive(Default)]
pub(crate) struct Batch {
    records: Vec<(RecordId, Vec<Change>)>,
    positions: HashMap<RecordId, usize>,
    events: Vec<Event>,
    acceptances: Vec<(EventId, UnixMillis)>,
    /// Events of segments that the hub judges anew.
    rejudged: Vec<(EventId, bool)>,
    /// Records to be read again: what counts of them may have changed.
    reread: BTreeSet<RecordId>,
    /// Chains about whose quarantine something was decided.
    decided: BTreeSet<ChainId>,
}

impl Batch {
    /// Later events of this device shall stand after those that it has seen; clocks far ahead are not believed.
    pub(crate) fn observe_clocks(
        &self,
        connection: &Connection,
        clock: &mut HybridClock,
        now: UnixMillis,
    ) -> Result<(), ReplicaError> {
        if let Some(latest) = self
            .events
            .iter()
            .map(|e| e.record.clock)
            .filter(|c| c.millis <= now + domain::SKEW_LIMIT_MS)
            .max()
        {
            clock.observe(latest, now);
            replica::save_clock(connection, clock)?;
        }
        Ok(())
    }

    fn add_record_changes(&mut self, id: RecordId, changes: Vec<Change>) {
        let position = *self.positions.entry(id).or_insert_with(|| {
            self.records.push((id, Vec::new()));
            self.records.len() - 1
        });
        if let Some((_, all)) = self.records.get_mut(position) {
            all.extend(changes);
        }
    }

    fn add_journal_changes(
        &mut self,
        connection: &Connection,
        chain: &Chain,
        document: RecordId,
        changes: &[Change],
        origin: Origin,
    ) -> Result<Vec<u64>, ReplicaError> {
        let Partition::Site(site) = chain.partition else {
            return Ok(Vec::new());
        };
        let mut numbers = Vec::new();
        for change in changes {
            // Events are the chain's own: nobody can write into another's journal.
            if change.actor_id().to_bytes() != chain.chain.as_bytes() {
                note_unreadable(
                    connection,
                    chain.chain,
                    origin.seq,
                    document,
                    "written by another chain",
                )?;
                continue;
            }
            let Some(found) = journal::event_of(change) else {
                continue;
            };
            let Some(record) = found.record else {
                note_unreadable(connection, chain.chain, origin.seq, document, "no event")?;
                continue;
            };
            if let EventBody::QuarantineDecided(decision) = &record.body {
                if !chain.is_server {
                    let reason = "a decision that only the server takes";
                    note_unreadable(connection, chain.chain, origin.seq, document, reason)?;
                    continue;
                }
                self.decided.insert(decision.chain);
            }
            numbers.push(found.number);
            self.events.push(Event {
                id: EventId {
                    chain: chain.chain,
                    number: found.number,
                },
                hash: found.hash,
                site,
                device: chain.device,
                record,
                accepted_at: origin.accepted_at,
                quarantined: origin.quarantined,
            });
        }
        Ok(numbers)
    }

    pub(crate) fn add_segment(
        &mut self,
        connection: &Connection,
        chain: &Chain,
        segment: &Segment,
        origin: Origin,
    ) -> Result<(), ReplicaError> {
        let Ok(body) = segment.body() else {
            return note_unreadable(
                connection,
                chain.chain,
                origin.seq,
                RecordId([0; 16]),
                "body",
            );
        };
        let mut numbers = Vec::new();
        for part in body.parts {
            let Ok(changes) = part.unpack() else {
                note_unreadable(
                    connection,
                    chain.chain,
                    origin.seq,
                    part.document,
                    "changes",
                )?;
                continue;
            };
            if part.is_journal {
                numbers.extend(self.add_journal_changes(
                    connection,
                    chain,
                    part.document,
                    &changes,
                    origin,
                )?);
            } else {
                // Nobody writes in another's name.
                let own = |c: &Change| c.actor_id().to_bytes() == chain.chain.as_bytes();
                if !changes.iter().all(own) {
                    note_unreadable(
                        connection,
                        chain.chain,
                        origin.seq,
                        part.document,
                        "written by another chain",
                    )?;
                }
                let changes: Vec<Change> = changes.into_iter().filter(own).collect();
                if origin.quarantined {
                    for change in &changes {
                        let hash = change.hash().0;
                        quarantine::put_change(
                            connection,
                            part.document,
                            hash,
                            chain.local,
                            origin.seq,
                        )?;
                    }
                }
                self.add_record_changes(part.document, changes);
            }
        }
        outbox::put_segment_events(connection, chain.local, origin.seq, &numbers)
    }

    pub(crate) fn read_stored(
        &mut self,
        connection: &Connection,
        chain: &Chain,
    ) -> Result<(), ReplicaError> {
        // What a snapshot covers may still be held for a server that is restored: it is counted in.
        let mut statement = connection.prepare_cached(
            "SELECT seq, header, signature, body, accepted_at, status FROM segment WHERE chain = ?1
             AND seq > coalesce((SELECT seq FROM chain_end WHERE chain = ?1), 0) ORDER BY seq",
        )?;
        let mut rows = statement.query([chain.local])?;
        while let Some(r) = rows.next()? {
            let segment = outbox::segment_from_row(r)?;
            let seq: i64 = r.get("seq")?;
            let quarantined = r.get::<_, i64>("status")? == 1;
            let origin = Origin {
                seq: seq as u64,
                accepted_at: r.get("accepted_at")?,
                quarantined,
            };
            self.add_segment(connection, chain, &segment, origin)?;
        }
        Ok(())
    }

    pub(crate) fn read_unsealed(
        &mut self,
        connection: &Connection,
        chain: &Chain,
        identity: Option<&Identity>,
    ) -> Result<(), ReplicaError> {
        if identity.is_none_or(|i| i.device != chain.device) {
            return Ok(());
        }
        let mut statement = connection.prepare_cached(
            "SELECT document, bytes, is_journal FROM own_change WHERE partition = ?1 AND sealed = 0 ORDER BY id",
        )?;
        let mut rows = statement.query([chain.partition.to_key()])?;
        while let Some(r) = rows.next()? {
            let document = RecordId(row::bytes16(r, "document")?);
            let bytes: Vec<u8> = r.get("bytes")?;
            let change =
                Change::from_bytes(bytes).map_err(|_| ReplicaError::BadRow("own_change.bytes"))?;
            if change.actor_id().to_bytes() != chain.chain.as_bytes() {
                continue;
            }
            if r.get("is_journal")? {
                self.add_journal_changes(connection, chain, document, &[change], Origin::UNSEALED)?;
            } else {
                self.add_record_changes(document, vec![change]);
            }
        }
        Ok(())
    }

    pub(crate) fn apply(
        mut self,
        connection: &Connection,
        chains: &mut Chains,
        identity: Option<&Identity>,
        partition: Partition,
    ) -> Result<(), ReplicaError> {
        let mut store = records::RecordStore {
            connection,
            chains: &mut *chains,
            identity,
            partition,
        };
        for (id, changes) in self.records {
            self.decided.extend(store.merge(id, changes)?);
        }
        rights::judge_again(connection, chains)?;
        if let Partition::Site(site) = partition {
            let mut store = SqlLedger::folding(connection, chains, site)?;
            let mut ledger = Ledger::new(&mut store)?;
            for event in self.events {
                let id = event.id;
                if ledger.add(event)? == Added::Fork {
                    tracing::warn!(event = ?id, "another event stands at this number");
                }
            }
            for (id, accepted_at) in self.acceptances {
                ledger.accept(id, Some(accepted_at))?;
            }
            // A hub that was put back may judge anew, and a supervisor decides.
            for (id, quarantined) in self.rejudged {
                ledger.set_quarantine(id, quarantined)?;
            }
            ledger.finish()?;
        }
        for chain in self.decided {
            self.reread
                .extend(quarantine::documents_of(connection, chain)?);
        }
        reread(connection, chains, identity, self.reread)
    }
}

/// Reads records again after what counts of them has changed; each stays in its partition.
pub(crate) fn reread(
    connection: &Connection,
    chains: &mut Chains,
    identity: Option<&Identity>,
    documents: BTreeSet<RecordId>,
) -> Result<(), ReplicaError> {
    for id in documents {
        if let Some(partition) = records::partition_of(connection, id)? {
            let mut store = records::RecordStore {
                connection,
                chains: &mut *chains,
                identity,
                partition,
            };
            store.merge(id, Vec::new())?;
        }
    }
    rights::judge_again(connection, chains)
}

/// Reads the records again that quarantined segments of these chains change.
pub(crate) fn reread_decided(
    connection: &Connection,
    chains: &mut Chains,
    identity: Option<&Identity>,
    decided: BTreeSet<ChainId>,
) -> Result<(), ReplicaError> {
    let mut documents = BTreeSet::new();
    for chain in decided {
        documents.extend(quarantine::documents_of(connection, chain)?);
    }
    reread(connection, chains, identity, documents)
}

/// Takes in one entry, or says why not. `Ok(true)`: it was new here.
fn take(
    connection: &Connection,
    chains: &mut Chains,
    identity: &Identity,
    partition: Partition,
    cursor: Cursor,
    entry: &Accepted,
    batch: &mut Batch,
) -> Result<Result<bool, Rejected>, ReplicaError> {
    if entry.number != cursor.number + 1 {
        return Ok(Err(Rejected::Gap));
    }
    if !entry.verify(&identity.server_key) {
        return Ok(Err(Rejected::NotSignedByHub));
    }
    if let Some(known) = find(connection, entry.hash)? {
        accept(connection, chains, known, entry, batch)?;
        return Ok(Ok(false));
    }
    let Some(segment) = &entry.segment else {
        // An acknowledgement of an own segment that a snapshot covers, when the log is read again.
        let pruned = snapshot::covers(connection, partition)?;
        return Ok(if pruned {
            Ok(false)
        } else {
            Err(Rejected::Gap)
        });
    };
    let header = match segment.header() {
        Ok(header) => header,
        Err(error) => return Ok(Err(Rejected::Segment(error))),
    };
    if let Some(chain) = chains.get(header.chain)
        && header.seq <= snapshot::covered_seq(connection, chain.local)?
    {
        return Ok(Ok(false));
    }
    if chains.get(header.chain).is_none() {
        // A device's record earlier in this very batch may vouch for the chain.
        std::mem::take(batch).apply(connection, chains, Some(identity), partition)?;
    }
    if chains.get(header.chain).is_none() {
        introduce(connection, chains, identity, segment)?;
    }
    let Some(chain) = chains.get(header.chain).copied() else {
        return Ok(Err(Rejected::UnknownChain));
    };
    if let Err(error) = entry.verify_segment(&chain.key, &identity.server_key) {
        return Ok(Err(Rejected::Segment(error)));
    }
    let is_site = matches!(partition, Partition::Site(_));
    let is_counters = chains.counts_only() && is_site && chain.device != identity.device;
    if is_counters && may_hold_stock(segment) || !is_counters && entry.extract.is_some() {
        return Ok(Err(Rejected::OtherRole));
    }
    let head = outbox::head(connection, chain.local)?;
    if header.seq <= head.seq
        && header.partition == partition
        && outbox::hash_at(connection, chain.local, header.seq)?.is_some()
    {
        return Ok(Err(Rejected::Fork));
    }
    // Put back to an earlier state, this device has gone on writing before it read what it had written then: that stands
    // at places that its own work would get.
    let is_own = chains
        .newest_of(identity, partition)
        .is_some_and(|own| own.chain == chain.chain);
    if is_own && outbox::is_any_unsealed(connection, partition)? {
        return Ok(Err(Rejected::Fork));
    }
    let follows = header.seq == head.seq + 1 && header.previous == head.hash;
    if header.organisation != identity.organisation
        || header.partition != partition
        || chain.partition != partition
        || !follows
    {
        return Ok(Err(Rejected::Foreign));
    }
    outbox::insert(connection, chain.local, header.seq, segment)?;
    let quarantined = entry.status == SegmentStatus::Quarantined;
    let origin = Origin {
        seq: header.seq,
        accepted_at: Some(entry.accepted_at),
        quarantined,
    };
    batch.add_segment(connection, &chain, segment, origin)?;
    note_acceptance(connection, chain.local, header.seq, entry)?;
    Ok(Ok(true))
}

/// Whether anything of a journal may be in it: what cannot be read may be anything.
fn may_hold_stock(segment: &Segment) -> bool {
    let only_records = |body: Body| body.parts.iter().all(|part| !part.is_journal);
    !segment.body().is_ok_and(only_records)
}

/// The first segment of a chain may bring the certificate that vouches for it: a restored server writes on chains that
/// nobody could tell the devices of before. What is not signed by the server teaches nothing.
fn introduce(
    connection: &Connection,
    chains: &mut Chains,
    identity: &Identity,
    segment: &Segment,
) -> Result<(), ReplicaError> {
    let Ok(body) = segment.body() else {
        return Ok(());
    };
    for part in body.parts.iter().filter(|part| !part.is_journal) {
        for change in part.unpack().unwrap_or_default() {
            for bytes in documents::record::bytes_written(&change) {
                chains.learn(connection, identity, &bytes)?;
            }
        }
    }
    Ok(())
}

/// Whether another entry was read under this one's number, or the same at another time or judged otherwise.
fn is_another_log(
    connection: &Connection,
    partition: Partition,
    entry: &Accepted,
) -> Result<bool, ReplicaError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM segment
             WHERE number = ?2 AND (hash <> ?3 OR accepted_at <> ?4 OR status <> ?5) AND acceptance IS NOT NULL
             AND chain IN (SELECT id FROM chain WHERE partition = ?1)",
        )?
        .exists(params![
            partition.to_key(),
            entry.number as i64,
            entry.hash.0,
            entry.accepted_at,
            entry.status == SegmentStatus::Quarantined
        ])?)
}

/// A segment that is here already.
#[derive(Clone, Copy)]
struct Known {
    local: i64,
    seq: u64,
    quarantined: bool,
}

fn find(connection: &Connection, hash: SegmentHash) -> Result<Option<Known>, ReplicaError> {
    Ok(connection
        .prepare_cached("SELECT chain, seq, status FROM segment WHERE hash = ?1")?
        .query_row([hash.0], |r| {
            Ok(Known {
                local: r.get("chain")?,
                seq: r.get::<_, i64>("seq")? as u64,
                quarantined: r.get("status")?,
            })
        })
        .optional()?)
}

fn accept(
    connection: &Connection,
    chains: &Chains,
    known: Known,
    entry: &Accepted,
    batch: &mut Batch,
) -> Result<(), ReplicaError> {
    let Known { local, seq, .. } = known;
    let chain: ChainId = chains.by_local(local)?.chain;
    let quarantined = entry.status == SegmentStatus::Quarantined;
    let rejudged = quarantined != known.quarantined;
    note_acceptance(connection, local, seq, entry)?;
    let range: Option<(i64, i64)> = connection
        .prepare_cached(
            "SELECT first_event, last_event FROM segment_events WHERE chain = ?1 AND seq = ?2",
        )?
        .query_row(params![local, seq as i64], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    if let Some((first, last)) = range {
        let events = (first as u64..=last as u64).map(|number| EventId { chain, number });
        let accepted = events.clone().map(|id| (id, entry.accepted_at));
        batch.acceptances.extend(accepted);
        if rejudged {
            batch.rejudged.extend(events.map(|id| (id, quarantined)));
        }
    }
    if rejudged {
        let documents = quarantine::rejudge(connection, chain, local, seq, quarantined)?;
        batch.reread.extend(documents);
    }
    Ok(())
}

fn note_acceptance(
    connection: &Connection,
    local: i64,
    seq: u64,
    entry: &Accepted,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "UPDATE segment SET number = ?3, accepted_at = ?4, status = ?5, acceptance = ?6
             WHERE chain = ?1 AND seq = ?2",
        )?
        .execute(params![
            local,
            seq as i64,
            entry.number as i64,
            entry.accepted_at,
            i64::from(entry.status == SegmentStatus::Quarantined),
            entry.signature.as_bytes(),
        ])?;
    Ok(())
}

pub(crate) fn note_unreadable(
    connection: &Connection,
    chain: ChainId,
    seq: u64,
    document: RecordId,
    reason: &str,
) -> Result<(), ReplicaError> {
    tracing::warn!(%chain, seq, reason, "part of a segment cannot be read; it is kept and passed on");
    connection
        .prepare_cached(
            "INSERT INTO unreadable (chain, seq, document, reason) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![chain.as_bytes(), seq as i64, document.0, reason])?;
    Ok(())
}

pub(crate) fn load_cursor(
    connection: &Connection,
    partition: Partition,
) -> Result<Option<Cursor>, ReplicaError> {
    let mut statement = connection
        .prepare_cached("SELECT epoch, number, running_hash FROM cursor WHERE partition = ?1")?;
    let mut rows = statement.query([partition.to_key()])?;
    match rows.next()? {
        None => Ok(None),
        Some(r) => Ok(Some(Cursor {
            epoch: row::bytes16(r, "epoch")?,
            number: r.get::<_, i64>("number")? as u64,
            running_hash: row::bytes32(r, "running_hash")?,
        })),
    }
}

pub(crate) fn save_cursor(
    connection: &Connection,
    partition: Partition,
    cursor: Cursor,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO cursor (partition, epoch, number, running_hash) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![partition.to_key(), cursor.epoch, cursor.number as i64, cursor.running_hash])?;
    Ok(())
}
