//! Going on under other chains: as a device of its own after a fork, with a new key, or at another site.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use documents::record::{Counting, edits_again, read_if_known};
use documents::segment::SegmentHash;
use documents::{Partition, Record, RecordId, SigningKey, journal};
use domain::event::{EventBody, EventHash, EventRecord};
use domain::{ChainId, UnixMillis};
use minicbor::{Decode, Encode};
use rusqlite::{Connection, Transaction};

use crate::chains::{Chain, Chains};
use crate::commit::{self, EventWriter, RecordEdit};
use crate::error::ReplicaError;
use crate::identity::Identity;
use crate::replica::{self, Replica};
use crate::{displaced, ingest, meta, quarantine, records, snapshot};

/// What became of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Renewed {
    /// Events that were said again on the new chain.
    pub events: u64,
    /// Records that were edited again on the new chain.
    pub records: u64,
}

/// What a renewal was begun with. It is kept until it is granted, so that asking again gets the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct RenewalKey {
    /// The reason, as a number of the protocol.
    #[n(0)]
    reason: u32,
    /// The chain that is given up.
    #[n(1)]
    replaces: ChainId,
    /// The seed of the next key.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    seed: [u8; 32],
}

const RENEWAL: &str = "renewal";
const LEFT: &str = "left-sites";

/// Sites that this device has left and dropped.
pub(crate) fn load_left(connection: &Connection) -> Result<BTreeSet<Partition>, ReplicaError> {
    Ok(match meta::get(connection, LEFT)? {
        None => BTreeSet::new(),
        Some(bytes) => minicbor::decode::<Vec<domain::SiteId>>(&bytes)
            .map_err(|_| ReplicaError::BadRow("left-sites"))?
            .into_iter()
            .map(Partition::Site)
            .collect(),
    })
}

fn save_left(connection: &Connection, left: &BTreeSet<Partition>) -> Result<(), ReplicaError> {
    let sites: Vec<domain::SiteId> = left
        .iter()
        .filter_map(|p| match p {
            Partition::Site(site) => Some(*site),
            Partition::Shared => None,
        })
        .collect();
    meta::set(
        connection,
        LEFT,
        &minicbor::to_vec(sites).unwrap_or_default(),
    )
}

/// What a chain that is given up said, as far as the hub does not have it.
#[derive(Default)]
struct GivenUp {
    /// By number.
    events: BTreeMap<u64, (EventHash, EventRecord)>,
    /// How each record that it changed read before it was given up.
    records: BTreeMap<RecordId, Option<Record>>,
    /// The segments that it was read from; one that cannot be read is not among them.
    segments: Vec<SegmentHash>,
}

impl Replica {
    /// Keeps what a renewal is asked for with, or gives what was kept for the same one. `seed`: 32 random bytes for a
    /// new key.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn begin_renewal(
        &mut self,
        reason: u32,
        replaces: ChainId,
        seed: [u8; 32],
    ) -> Result<SigningKey, ReplicaError> {
        let kept = meta::get(&self.connection, RENEWAL)?
            .and_then(|bytes| minicbor::decode::<RenewalKey>(&bytes).ok())
            .filter(|kept| (kept.reason, kept.replaces) == (reason, replaces));
        let seed = match kept {
            Some(kept) => kept.seed,
            None => {
                let begun = RenewalKey {
                    reason,
                    replaces,
                    seed,
                };
                let bytes = minicbor::to_vec(begun).unwrap_or_default();
                meta::set(&self.connection, RENEWAL, &bytes)?;
                seed
            }
        };
        Ok(SigningKey::from_seed(&seed))
    }

    /// Goes on as what the hub says this device is now. Where it has another chain than before, everything that the hub
    /// is not known to hold of the old one is set aside and said again on the new one, with its origin named, all in one
    /// transaction.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing has changed then.
    pub fn renew(
        &mut self,
        identity: Identity,
        certificates: &[Vec<u8>],
        now: UnixMillis,
    ) -> Result<Renewed, ReplicaError> {
        self.renew_and_write(identity, certificates, &[], now)
    }

    /// [`Replica::renew`], with edits that come before anything else on the new chains: a node of the server begins with
    /// the certificates that vouch for them, since those who read the log know them from nowhere else.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing has changed then.
    pub fn renew_and_write(
        &mut self,
        identity: Identity,
        certificates: &[Vec<u8>],
        first: &[RecordEdit],
        now: UnixMillis,
    ) -> Result<Renewed, ReplicaError> {
        // Under the old key, while it is ours.
        for partition in self.own_partitions() {
            self.seal(partition)?;
        }
        let result = self.try_renew(identity, certificates, first, now);
        if result.is_err() {
            self.forget_unwritten();
        }
        result
    }

    fn try_renew(
        &mut self,
        identity: Identity,
        certificates: &[Vec<u8>],
        first: &[RecordEdit],
        now: UnixMillis,
    ) -> Result<Renewed, ReplicaError> {
        let old: Vec<Chain> = self
            .own_partitions()
            .into_iter()
            .filter_map(|p| self.chains.get(self.own_chain(p)?).copied())
            .collect();
        let transaction = self.connection.unchecked_transaction()?;
        meta::set(&transaction, replica::IDENTITY, &identity.to_bytes())?;
        transaction.execute("DELETE FROM meta WHERE key = ?1", [RENEWAL])?;
        for bytes in certificates {
            self.chains.learn(&transaction, &identity, bytes)?;
        }
        let mut left = self.left.clone();
        if left.remove(&Partition::Site(identity.site)) {
            save_left(&transaction, &left)?;
        }
        let mut given_up = Vec::new();
        for chain in old {
            let next = self.chains.newest_of(&identity, chain.partition);
            match next.copied() {
                Some(next) if next.chain != chain.chain => {
                    let said = give_up(&transaction, &self.chains, &chain)?;
                    given_up.push((chain, next, said));
                }
                _ => {}
            }
        }
        self.journals.clear();
        let anything = |said: &GivenUp| !said.events.is_empty() || !said.records.is_empty();
        if given_up.iter().any(|(.., said)| anything(said)) {
            ingest::fold_anew(&transaction, &mut self.chains, Some(&identity))?;
        }
        for edit in first {
            let chain = self.chains.newest_of(&identity, edit.partition);
            let chain = chain.ok_or(ReplicaError::NotAllowed)?.chain;
            commit::write_edit(&transaction, &mut self.chains, Some(&identity), chain, edit)?;
        }
        let mut renewed = Renewed::default();
        for (chain, next, mut said) in given_up {
            let segments = std::mem::take(&mut said.segments);
            renewed.records += edit_again(
                &transaction,
                &mut self.chains,
                &identity,
                &chain,
                &next,
                &said,
            )?;
            // A writer that is opened begins a journal.
            if let Partition::Site(site) = chain.partition
                && !said.events.is_empty()
            {
                let mut writer = EventWriter::open(
                    &transaction,
                    &mut self.journals,
                    &mut self.ids,
                    next.chain,
                    next.local,
                    site,
                    identity.device,
                    now,
                )?;
                let mut written = Vec::new();
                for record in again(said.events) {
                    written.push(writer.append(record)?);
                }
                renewed.events += written.len() as u64;
                commit::fold(&transaction, &self.chains, site, written)?;
            }
            for hash in segments {
                displaced::said_again(&transaction, chain.local, hash)?;
            }
        }
        transaction.commit()?;
        self.left = left;
        self.identity = Some(identity);
        Ok(renewed)
    }

    /// Drops a site that this device has moved from, once the hub holds everything that was written there. Returns
    /// whether one was dropped.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing has changed then.
    pub fn leave_old_sites(&mut self) -> Result<bool, ReplicaError> {
        let Some(identity) = &self.identity else {
            return Ok(false);
        };
        let here = [Partition::Shared, Partition::Site(identity.site)];
        let is_server = |p| {
            self.own_chain(p)
                .and_then(|chain| self.chains.get(chain))
                .is_none_or(|chain| chain.is_server)
        };
        let mut left = self.left.clone();
        for partition in self.own_partitions() {
            if here.contains(&partition) || is_server(partition) {
                continue;
            }
            let waits: bool = self.connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM own_change WHERE partition = ?1 AND sealed = 0)
                     OR EXISTS (SELECT 1 FROM segment s JOIN chain c ON c.id = s.chain
                                WHERE c.partition = ?1 AND s.number IS NULL)",
                [partition.to_key()],
                |r| r.get(0),
            )?;
            if !waits {
                left.insert(partition);
            }
        }
        if left == self.left {
            return Ok(false);
        }
        let transaction = self.connection.unchecked_transaction()?;
        for partition in left.difference(&self.left) {
            drop_partition(&transaction, *partition)?;
        }
        save_left(&transaction, &left)?;
        transaction.commit()?;
        self.left = left;
        self.journals.clear();
        Ok(true)
    }
}

/// Sets aside what the hub is not known to hold of a chain, and reads what it said.
fn give_up(
    transaction: &Transaction<'_>,
    chains: &Chains,
    chain: &Chain,
) -> Result<GivenUp, ReplicaError> {
    displaced::set_aside(transaction, chain.local, 1)?;
    transaction.execute(
        "DELETE FROM own_change WHERE partition = ?1",
        [chain.partition.to_key()],
    )?;
    transaction.execute(
        "DELETE FROM meta WHERE key = ?1",
        [commit::journal_key(chain.chain)],
    )?;
    let mut said = GivenUp::default();
    for segment in displaced::to_say_again(transaction, chain.local)? {
        let Ok(body) = segment.body() else {
            tracing::error!(chain = %chain.chain, hash = ?segment.hash(), "an own segment cannot be read; it stays set aside");
            continue;
        };
        let mut is_readable = true;
        for part in body.parts {
            if !part.is_journal {
                let read = read_record(transaction, chains, part.document)?;
                said.records.insert(part.document, read);
                continue;
            }
            let changes = part.unpack();
            is_readable &= changes.is_ok();
            for change in changes.unwrap_or_default() {
                if let Some(event) = journal::event_of(&change)
                    && let Some(record) = event.record
                {
                    said.events.insert(event.number, (event.hash, record));
                }
            }
        }
        if is_readable {
            said.segments.push(segment.hash());
        }
    }
    Ok(said)
}

fn read_record(
    connection: &Connection,
    chains: &Chains,
    id: RecordId,
) -> Result<Option<Record>, ReplicaError> {
    let saved = records::load(connection, id)?.saved;
    if saved.is_empty() {
        return Ok(None);
    }
    let withheld = quarantine::withheld(connection, id)?;
    let counting = Counting {
        withheld: &withheld,
        is_server: &|chain| chains.get(chain).is_some_and(|c| c.is_server),
    };
    Ok(read_if_known(&saved, &counting)?)
}

/// The records as they are written on the next chain. What was said again before and is given up a second time keeps its
/// first origin, and is called by it.
fn again(events: BTreeMap<u64, (EventHash, EventRecord)>) -> Vec<EventRecord> {
    let first_names: HashMap<EventHash, EventHash> = events
        .values()
        .filter_map(|(hash, record)| Some((*hash, record.origin?)))
        .collect();
    let first = |hash: EventHash| first_names.get(&hash).copied().unwrap_or(hash);
    events
        .into_values()
        .map(|(hash, mut record)| {
            match &mut record.body {
                EventBody::Reversed { target: named }
                | EventBody::CountApproved { count: named }
                | EventBody::Attached { to: named, .. } => *named = first(*named),
                _ => {}
            }
            record.carries_out = record.carries_out.map(first);
            record.origin = Some(first(hash));
            record
        })
        .collect()
}

fn edit_again(
    transaction: &Transaction<'_>,
    chains: &mut Chains,
    identity: &Identity,
    chain: &Chain,
    next: &Chain,
    said: &GivenUp,
) -> Result<u64, ReplicaError> {
    let mut edited = 0;
    for (id, full) in &said.records {
        let Some(full) = full else { continue };
        let base = read_record(transaction, chains, *id)?;
        let edit = RecordEdit {
            partition: chain.partition,
            kind: full.kind,
            id: *id,
            fields: edits_again(full, base.as_ref(), chain.chain),
        };
        if edit.fields.is_empty() {
            continue;
        }
        let identity = Some(identity);
        commit::write_edit(transaction, chains, identity, next.chain, &edit)?;
        edited += 1;
    }
    Ok(edited)
}

/// Deletes everything of a site.
fn drop_partition(transaction: &Transaction<'_>, partition: Partition) -> Result<(), ReplicaError> {
    let key = partition.to_key();
    if let Partition::Site(site) = partition {
        snapshot::clear_ledger(transaction, site)?;
        snapshot::forget_units_gone(transaction)?;
    }
    let chains = "chain IN (SELECT id FROM chain WHERE partition = ?1)";
    for table in [
        "segment",
        "segment_events",
        "chain_end",
        "quarantined_change",
    ] {
        transaction.execute(&format!("DELETE FROM {table} WHERE {chains}"), [&key])?;
    }
    for table in ["own_change", "snapshot", "cursor", "told_order"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE partition = ?1"), [&key])?;
    }
    records::drop_of(transaction, partition)?;
    let key = meta::records_key(partition);
    transaction.execute("DELETE FROM meta WHERE key = ?1", [key])?;
    Ok(())
}
