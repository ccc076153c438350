//! Snapshots on a device's side: when to ask for one, and what becomes of what the hub sends.

use documents::Partition;
use domain::UnixMillis;
use protocol::{SnapshotGet, SnapshotPart, SnapshotWish, SyncReply, SyncRequest};
use replica::{Replica, ReplicaError};

/// A stale device asks for another snapshot at most this often: a device with a wrong clock must not make the whole
/// site fetch all day.
pub const STALE_MS: i64 = 10 * 60_000;
/// Old history is dropped at most this often.
pub const PRUNE_MS: i64 = 24 * 3_600_000;

/// Says in a request which snapshots this device can use. `idle`: nobody waits for it, so that it may prune.
///
/// # Errors
/// [`ReplicaError`].
pub fn wish(
    replica: &Replica,
    request: &mut SyncRequest,
    idle: bool,
    now: UnixMillis,
) -> Result<(), ReplicaError> {
    for asked in &mut request.partitions {
        let installed = replica.installed_snapshot(asked.partition)?;
        let age = installed.map_or(i64::MAX, |i| age(i.installed_at, now));
        let stale = match asked.partition {
            Partition::Shared => false,
            Partition::Site(site) => replica.query().is_stale(site)? && age >= STALE_MS,
        };
        asked.snapshot = SnapshotWish {
            // A snapshot of a site is stock.
            takes: replica.exchanges(asked.partition),
            cut: installed.map_or(0, |i| i.cut),
            end: if stale { asked.position.number } else { 0 },
            prune: idle && age >= PRUNE_MS,
        };
    }
    Ok(())
}

/// How long ago that was; long, if it is yet to come: the clock was ahead when the snapshot was installed.
fn age(installed_at: UnixMillis, now: UnixMillis) -> i64 {
    match now.saturating_sub(installed_at) {
        ahead if ahead < 0 => i64::MAX,
        age => age,
    }
}

/// Keeps what a reply says beside the log: the snapshots that it offers, to be fetched; how far the server is backed up, which
/// says what may go when one is installed; what it tells a counter of others' work. Snapshots that this device's server did
/// not sign are left.
///
/// # Errors
/// [`ReplicaError`].
pub fn take_offers(replica: &mut Replica, reply: &mut SyncReply) -> Result<(), ReplicaError> {
    let mut shared_comes = false;
    for part in &mut reply.partitions {
        replica.set_backed_up(part.partition, part.backed_up)?;
        if let Some(told) = part.progress.take()
            && !replica.exchanges(part.partition)
        {
            replica.put_told(part.partition, &told)?;
        }
        let signed = std::mem::take(&mut part.snapshot);
        if signed.is_empty() {
            continue;
        }
        if replica.begin_snapshot(&signed)? {
            shared_comes |= part.partition == Partition::Shared;
        } else {
            tracing::warn!(partition = %part.partition, "a snapshot that cannot be trusted was offered");
        }
    }
    if shared_comes {
        // Who vouches for the chains of a site is in the snapshot: what they wrote is read once that is installed.
        let sites = reply.partitions.iter_mut();
        for part in sites.filter(|part| part.partition != Partition::Shared) {
            part.entries.clear();
            part.more = false;
        }
    }
    Ok(())
}

/// What to do next about snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Ask the hub for this, and hand its answer to [`take_part`].
    Ask(Partition, SnapshotGet),
    /// Everything of it is here: [`Replica::install_snapshot`].
    Install(Partition),
}

/// What to do next about the snapshots that are being fetched, if there are any.
///
/// # Errors
/// [`ReplicaError`].
pub fn next(replica: &Replica) -> Result<Option<Next>, ReplicaError> {
    for partition in replica.own_partitions() {
        let Some(fetching) = replica.fetching_snapshot(partition)? else {
            continue;
        };
        return Ok(Some(match fetching.next {
            None => Next::Install(partition),
            Some(chunk) => Next::Ask(
                partition,
                SnapshotGet {
                    versions: protocol::VERSIONS,
                    id: fetching.id,
                    chunk,
                },
            ),
        }));
    }
    Ok(None)
}

/// Keeps a chunk that was asked for. A chunk that is not the one that was signed, or that the hub has no more, ends the
/// fetching: a later sync offers another snapshot.
///
/// # Errors
/// [`ReplicaError`].
pub fn take_part(
    replica: &mut Replica,
    partition: Partition,
    get: &SnapshotGet,
    part: SnapshotPart,
) -> Result<(), ReplicaError> {
    let kept = match &part.chunk {
        Some(chunk) => replica.put_snapshot_chunk(partition, get.chunk, chunk)?,
        None => false,
    };
    if !kept {
        tracing::warn!(%partition, chunk = get.chunk, "a snapshot cannot be fetched to its end");
        replica.drop_fetching(partition)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_ahead_keeps_nobody_from_a_fresh_snapshot() {
        assert_eq!(age(1_000, 3_500), 2_500);
        assert_eq!(age(1_000, 1_000), 0);
        assert!(age(90_000_000, 1_000) >= PRUNE_MS);
    }
}
