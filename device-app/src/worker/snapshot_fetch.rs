//! Fetches the snapshots that the hub offered, one chunk at a time, between exchanges.

use domain::UnixMillis;
use exchange::snapshot::{self, Next, PRUNE_MS};
use protocol::{SnapshotGet, SnapshotPart, SyncReply, SyncRequest};
use replica::{Replica, ReplicaError};

use documents::Partition;

/// History is dropped only when nobody has worked for so long: it holds up a scan for the time of one transaction.
const IDLE_MS: i64 = 10 * 60_000;

/// What is being fetched.
#[derive(Debug, Default)]
pub(crate) struct SnapshotFetch {
    asked: Option<(Partition, SnapshotGet)>,
    /// When this device last asked for a snapshot only to drop history.
    prune_asked_at: Option<UnixMillis>,
    worked_at: UnixMillis,
}

/// What the driver has to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing is to be fetched, or an answer is awaited.
    Nothing,
    /// Send this.
    Ask(SnapshotGet),
    /// A snapshot was installed: everything shown may have changed, and the log goes on from its cut.
    Installed,
}

impl SnapshotFetch {
    /// Somebody works on this device.
    pub(crate) const fn worked(&mut self, now: UnixMillis) {
        self.worked_at = now;
    }

    /// Says in a sync request which snapshots can be used.
    pub(crate) fn wish(
        &mut self,
        replica: &Replica,
        request: &mut SyncRequest,
        now: UnixMillis,
    ) -> Result<(), ReplicaError> {
        let idle = now.saturating_sub(self.worked_at) >= IDLE_MS
            && self
                .prune_asked_at
                .is_none_or(|at| now.saturating_sub(at) >= PRUNE_MS);
        if idle {
            self.prune_asked_at = Some(now);
        }
        snapshot::wish(replica, request, idle, now)
    }

    /// Keeps what a reply offers.
    pub(crate) fn offered(
        &mut self,
        replica: &mut Replica,
        reply: &mut SyncReply,
    ) -> Result<(), ReplicaError> {
        snapshot::take_offers(replica, reply)
    }

    /// Whether a snapshot is still to come.
    pub(crate) fn is_pending(&self, replica: &Replica) -> Result<bool, ReplicaError> {
        Ok(self.asked.is_some() || snapshot::next(replica)?.is_some())
    }

    /// Goes on, unless an answer is awaited.
    pub(crate) fn go_on(
        &mut self,
        replica: &mut Replica,
        now: UnixMillis,
    ) -> Result<Step, ReplicaError> {
        if self.asked.is_some() {
            return Ok(Step::Nothing);
        }
        Ok(match snapshot::next(replica)? {
            None => Step::Nothing,
            Some(Next::Install(partition)) => {
                replica.install_snapshot(partition, now)?;
                Step::Installed
            }
            Some(Next::Ask(partition, get)) => {
                self.asked = Some((partition, get.clone()));
                Step::Ask(get)
            }
        })
    }

    /// The hub answered, or did not: then the next exchange goes on with the chunk that is missing.
    pub(crate) fn answered(
        &mut self,
        part: Option<SnapshotPart>,
        replica: &mut Replica,
    ) -> Result<(), ReplicaError> {
        match (self.asked.take(), part) {
            (Some((partition, get)), Some(part)) => {
                snapshot::take_part(replica, partition, &get, part)
            }
            _ => Ok(()),
        }
    }
}
