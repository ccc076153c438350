//! Moves what this node wrote into the log, and what is new in the log into its replica.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use documents::Partition;
use documents::segment::{Accepted, Segment, SegmentStatus};
use domain::{ChainId, UnixMillis};
use protocol::{Acceptances, LogPosition};
use replica::{CarriedSegments, Cursor, Rejected, Replica};
use rusqlite::Connection;
use sync_core::next_accepted_at;

use super::tail::position;
use super::{Hub, HubError};
use crate::clock::Clock;
use crate::store::{StoreError, hub_chains, hub_log};

/// About how much is folded at once, so that the console is not kept waiting. A packed event has 20 bytes, and takes
/// some two thousand while it is folded.
const TAIL_BYTES: usize = 96 << 10;
/// What comes in this time is folded together: the console need not know of each scan at once.
const GATHER: Duration = Duration::from_millis(50);
/// So often the store is asked whether another node has written: one small query.
const LOOK: Duration = Duration::from_millis(250);
/// At the latest after this long everything is looked at again.
const IDLE: Duration = Duration::from_secs(2);

/// A segment that was judged, and where it stands.
pub(crate) struct Judged {
    pub(crate) partition: Partition,
    pub(crate) chain: ChainId,
    pub(crate) seq: u64,
    pub(crate) status: SegmentStatus,
    pub(crate) segment: Segment,
}

impl Hub {
    /// Appends a judged segment to the log. Runs in the caller's transaction, which orders the log.
    pub(crate) fn append(
        &self,
        connection: &Connection,
        judged: Judged,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let Judged {
            partition,
            chain,
            seq,
            status,
            segment,
        } = judged;
        let end = hub_log::end(connection, partition)?;
        let accepted_at = next_accepted_at(now, end.accepted_at);
        let accepted = Accepted::sign(
            end.number + 1,
            accepted_at,
            status,
            segment,
            &self.organisation.key,
        );
        let cursor = Cursor {
            epoch: self.organisation.epoch,
            number: end.number,
            running_hash: end.running_hash,
        };
        let running_hash = cursor.after(accepted.hash).running_hash;
        hub_log::append(connection, partition, chain, seq, &accepted, running_hash)
    }

    /// Publishes and tails until nothing is left to do. Returns whether the replica changed.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn pump(&self, now: UnixMillis) -> Result<bool, HubError> {
        self.flush_contacts()?;
        self.flush_refusals(now)?;
        let mut replica = self.lock();
        self.publish(&mut replica, now)?;
        let there = self.look()?;
        self.read_keys(&mut replica)?;
        let (mut changed, mut whole) = self.tail(&mut replica, now)?;
        if changed || !self.erasures_heeded.swap(true, Ordering::AcqRel) {
            self.heed_erasures(&mut replica, now)?;
        }
        // What came may name sites that this node has no chain for yet.
        if changed {
            self.sites_came.store(true, Ordering::Release);
        }
        if self.sites_came.load(Ordering::Acquire) {
            if self.certify_sites(&mut replica, now)? {
                self.publish(&mut replica, now)?;
                let (more, all) = self.tail(&mut replica, now)?;
                (changed, whole) = (changed || more, whole && all);
            }
            self.sites_came.store(false, Ordering::Release);
        }
        if whole {
            self.have_seen(there);
        }
        Ok(changed)
    }

    fn publish(&self, replica: &mut Replica, now: UnixMillis) -> Result<(), HubError> {
        while !self.publish_own(replica, now)? {
            self.begin_other_chains(replica, now)?;
        }
        Ok(())
    }

    /// `false`: somebody else writes on this node's chains, and not everything could be published.
    fn publish_own(&self, replica: &mut Replica, now: UnixMillis) -> Result<bool, HubError> {
        if self.is_another_here(replica)? {
            return Ok(false);
        }
        for partition in replica.own_partitions() {
            replica.seal(partition)?;
            let Some(chain) = replica.own_chain(partition) else {
                continue;
            };
            // Not what the replica has read of the log: that may have been put back since, and then the shared partition's
            // own word, which vouches for the chains of sites, goes in again before theirs.
            let (held, _) = self.database.read(|c| hub_log::chain_end(c, chain))?;
            if replica.own_head(partition)?.seq == held {
                continue;
            }
            let published = self.database.write(|t| -> Result<bool, HubError> {
                let (held, hash) = hub_log::chain_end(t, chain)?;
                // It may have come since it was looked at.
                if held > 0 && replica.own_hash_at(partition, held)? != Some(hash) {
                    return Ok(false);
                }
                for (seq, segment) in
                    (held + 1..).zip(replica.own_segments_after(partition, held, usize::MAX)?)
                {
                    let status = SegmentStatus::Live;
                    let judged = Judged {
                        partition,
                        chain,
                        seq,
                        status,
                        segment,
                    };
                    self.append(t, judged, now)?;
                }
                Ok(true)
            })?;
            if !published {
                return Ok(false);
            }
            self.tail.refresh(&self.database, &[partition]);
        }
        Ok(true)
    }

    /// A log that was put back lacks what the replica still holds, of devices that may be gone by now: it goes into the
    /// log again, as if a device had carried it.
    pub(super) fn give_back(&self, now: UnixMillis) -> Result<(), HubError> {
        // Some were certified after the log was copied, and others may carry what they wrote.
        self.heed_records(&self.lock())?;
        // Chains that the server wrote on before vouch for those of devices.
        self.give_back_of(true, now)?;
        self.give_back_of(false, now)
    }

    fn give_back_of(&self, servers: bool, now: UnixMillis) -> Result<(), HubError> {
        let replica = self.lock();
        let is_servers = |chain| replica.chain(chain).is_some_and(|c| c.is_server);
        for partition in replica.own_partitions() {
            let mut after = BTreeMap::new();
            loop {
                let (carried, more) = replica.carried(partition, &after, TAIL_BYTES)?;
                if carried.is_empty() {
                    break;
                }
                self.database.write(|t| -> Result<(), HubError> {
                    let turn = carried.iter().filter(|c| is_servers(c.chain) == servers);
                    for CarriedSegments { chain, segments } in turn {
                        let known = hub_chains::get(t, *chain)?;
                        let end = match known.filter(|c| c.partition == partition) {
                            Some(known) => self.take_chain(t, &known, segments, now)?,
                            None => continue,
                        };
                        tracing::info!(%chain, seq = end.0.seq, outcome = ?end.1, "given back to the log");
                    }
                    Ok(())
                })?;
                // What could not be taken now is not offered again.
                for CarriedSegments { chain, segments } in carried {
                    let last = segments.last().and_then(|s| s.header().ok());
                    after.insert(chain, last.map_or(i64::MAX as u64, |h| h.seq));
                }
                if !more {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Returns whether the replica changed, and whether it has taken in all that there was.
    fn tail(&self, replica: &mut Replica, now: UnixMillis) -> Result<(bool, bool), HubError> {
        let (mut changed, mut whole) = (false, true);
        self.learn_certificates(replica)?;
        // Certificates come through the shared partition, which sorts first.
        for partition in self.database.read(hub_log::partitions)? {
            self.notice_rollback(replica, partition)?;
            loop {
                let position = replica.cursor(partition)?.map_or(0, |c| c.number);
                // Bodies of what the replica holds already are not read. A new replica holds nothing.
                let held = replica.own_head(partition)?.seq;
                let own = replica.own_chain(partition).map(|chain| (chain, held));
                let (entries, more) = self
                    .database
                    .read(|c| hub_log::entries_after(c, partition, position, own, TAIL_BYTES))?;
                if entries.is_empty() {
                    break;
                }
                let done = replica.ingest(partition, self.organisation.epoch, &entries, now)?;
                changed |= done.entries > 0;
                if partition == Partition::Shared && done.fresh > 0 {
                    self.heed_records(replica)?;
                }
                if let Some(rejected) = done.rejected {
                    // Another node may have begun a chain while this was read.
                    if rejected == Rejected::UnknownChain && self.learn_certificates(replica)? {
                        continue;
                    }
                    tracing::error!(%partition, number = done.cursor.number + 1, code = rejected.code(), "the server's own log cannot be folded further");
                    whole = false;
                    break;
                }
                if !more {
                    break;
                }
            }
        }
        Ok((changed, whole))
    }

    /// A log that was restored from a backup is shorter or different: it is read from the beginning. What the replica
    /// holds beyond it stays, and comes back from the devices that wrote it.
    fn notice_rollback(&self, replica: &mut Replica, partition: Partition) -> Result<(), HubError> {
        let Some(cursor) = replica.cursor(partition)? else {
            return Ok(());
        };
        let known = |number| replica.acceptance(partition, number);
        let position = LogPosition {
            acceptances: Acceptances::up_to(cursor.number, known)?,
            ..position(cursor)
        };
        if !self
            .database
            .read(|c| self.is_here(c, partition, position))?
        {
            tracing::warn!(%partition, number = cursor.number, "the log was rolled back; reading it from the beginning");
            replica.restart_cursor(partition, self.organisation.epoch)?;
        }
        Ok(())
    }

    /// Keeps pumping until the task is dropped; calls `changed` after the replica has changed or a photo has come.
    pub async fn run(self: Arc<Self>, clock: Clock, changed: impl Fn() + Send + 'static) {
        let mut building: Option<tokio::task::JoinHandle<()>> = None;
        let mut pumped = Instant::now();
        // Since when something has come that may be a transfer.
        let mut transfers_due = Some(Instant::now());
        loop {
            let woken = tokio::time::timeout(LOOK, self.wake.notified()).await;
            let is_due = woken.is_ok() || pumped.elapsed() >= IDLE;
            if self.wants_snapshots() && building.as_ref().is_none_or(|b| b.is_finished()) {
                let (hub, now) = (self.clone(), clock.now());
                building = Some(tokio::task::spawn_blocking(move || {
                    if let Err(error) = hub.build_snapshots(now) {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "a snapshot could not be built"
                        );
                    }
                }));
            }
            if is_due {
                pumped = Instant::now();
            }
            let hub = self.clone();
            let now = clock.now();
            let announce = self.announces && transfers_due.is_some_and(|at| at.elapsed() >= IDLE);
            if announce {
                transfers_due = None;
            }
            let pump = move || {
                if announce {
                    hub.announce_transfers(now)?;
                }
                match is_due {
                    true => hub.pump(now),
                    false => hub.catch_up(now),
                }
            };
            match tokio::task::spawn_blocking(pump).await {
                Ok(Ok(folded)) => {
                    if self.blob_came.swap(false, Ordering::Relaxed) || folded {
                        changed();
                        transfers_due = transfers_due.or_else(|| Some(Instant::now()));
                        tokio::time::sleep(GATHER).await;
                    }
                }
                Ok(Err(error)) => tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the log could not be folded"
                ),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the pump stopped")
                }
            }
        }
    }
}
