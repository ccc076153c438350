//! Parcels: what one replica holds and another lacks, by any way.

use std::collections::BTreeMap;

use documents::Partition;
use documents::segment::SegmentHash;
use domain::{ChainId, UnixMillis};
use protocol::parcel::ChainHead;
use protocol::{Holding, LogPosition, Parcel, ParcelPart, PeerMessage};
use replica::{Rejected, Replica, ReplicaError};

use crate::gather::position;

/// What came of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Segments that were new here.
    pub fresh: usize,
    /// Entries of the hub's log that were read, new or known.
    pub entries: usize,
    /// The parcel is another organisation's: nothing was looked at.
    pub foreign: bool,
    /// Why something was left out, if anything was.
    pub rejected: Option<Rejected>,
}

/// What this replica holds, the shared partition first. Everything written so far is sealed, so that it can be given. A
/// counter names no site: so nobody gives it anything of one, not even a program that knows no counters.
///
/// # Errors
/// [`ReplicaError`].
pub fn holdings(replica: &mut Replica) -> Result<Vec<Holding>, ReplicaError> {
    let mut have = Vec::new();
    for partition in replica.own_partitions() {
        replica.seal(partition)?;
        if !replica.exchanges(partition) {
            continue;
        }
        have.push(Holding {
            partition,
            position: position(replica, partition)?,
            heads: replica
                .chain_heads(partition)?
                .into_iter()
                .map(|(chain, head)| ChainHead {
                    chain,
                    seq: head.seq,
                    hash: head.hash,
                })
                .collect(),
        });
    }
    Ok(have)
}

/// What the other lacks: about `bytes_max` of bodies. `have` empty: it is unknown who will read it (a file), so
/// everything that the hub is not known to hold goes in.
///
/// # Errors
/// [`ReplicaError`].
pub fn parcel_for(
    replica: &mut Replica,
    have: &[Holding],
    bytes_max: usize,
) -> Result<Parcel, ReplicaError> {
    let organisation = replica.enrolled()?.organisation;
    let mut left = bytes_max;
    let mut parcel = Parcel {
        organisation,
        certificates: Vec::new(),
        parts: Vec::new(),
        more: false,
    };
    for partition in replica.own_partitions() {
        let theirs = have.iter().find(|h| h.partition == partition);
        if theirs.is_none() && !have.is_empty() {
            // The other works elsewhere and has no business with this site.
            continue;
        }
        let part = part_for(replica, partition, theirs, &mut left, &mut parcel.more)?;
        if !part.entries.is_empty() || !part.carried.is_empty() {
            parcel.parts.push(part);
        }
    }
    if !parcel.parts.is_empty() {
        parcel.certificates = replica
            .certificates()?
            .into_iter()
            .map(Into::into)
            .collect();
    }
    Ok(parcel)
}

/// For a file: the log as far as it is known here, then what the hub is not known to hold, since whoever reads the file
/// may lack any of it. About `bytes_max` of bodies in each.
///
/// # Errors
/// [`ReplicaError`].
pub fn parcels_for_anyone(
    replica: &mut Replica,
    bytes_max: usize,
) -> Result<Vec<Parcel>, ReplicaError> {
    let partitions = replica.own_partitions();
    let mut have: Vec<Holding> = partitions
        .into_iter()
        .map(|partition| Holding {
            partition,
            position: LogPosition::default(),
            heads: Vec::new(),
        })
        .collect();
    let mut parcels = Vec::new();
    loop {
        let parcel = parcel_for(replica, &have, bytes_max)?;
        if parcel.is_empty() {
            return Ok(parcels);
        }
        for holding in &mut have {
            move_on(holding, &parcel);
        }
        let more = parcel.more;
        parcels.push(parcel);
        if !more {
            return Ok(parcels);
        }
    }
}

/// The holding of somebody who has read the parcel.
fn move_on(holding: &mut Holding, parcel: &Parcel) {
    for part in parcel
        .parts
        .iter()
        .filter(|p| p.partition == holding.partition)
    {
        if let Some(last) = part.entries.last() {
            holding.position.epoch = part.epoch;
            holding.position.number = last.number;
        }
        let log = part.entries.iter().filter_map(|e| e.segment.as_ref());
        for header in log.chain(&part.carried).filter_map(|s| s.header().ok()) {
            let head = ChainHead {
                chain: header.chain,
                seq: header.seq,
                hash: SegmentHash::default(),
            };
            match holding.heads.iter_mut().find(|h| h.chain == header.chain) {
                Some(known) => *known = head,
                None => holding.heads.push(head),
            }
        }
    }
}

/// Whether nothing speaks against the log that was read here being the one of which another replica stands at `at`.
fn may_continue(
    replica: &Replica,
    partition: Partition,
    at: &LogPosition,
) -> Result<bool, ReplicaError> {
    let known = |number| replica.acceptance(partition, number);
    Ok(match at.acceptances {
        Some(theirs) => theirs.are_at(at.number, known)? != Some(false),
        None => true,
    })
}

fn part_for(
    replica: &mut Replica,
    partition: Partition,
    theirs: Option<&Holding>,
    left: &mut usize,
    more: &mut bool,
) -> Result<ParcelPart, ReplicaError> {
    let cursor = replica.cursor(partition)?.unwrap_or_default();
    let mut part = ParcelPart {
        partition,
        epoch: cursor.epoch,
        entries: Vec::new(),
        carried: Vec::new(),
    };
    if let Some(theirs) = theirs {
        let at = theirs.position;
        let same_log = at.epoch == cursor.epoch && may_continue(replica, partition, &at)?;
        // Another log than ours: whose is newer, only the hub can say.
        if (same_log || theirs.position.number == 0) && *left > 0 {
            let number = if same_log { theirs.position.number } else { 0 };
            let (entries, cut) = replica.log_after(partition, number, *left)?;
            let bodies = entries.iter().filter_map(|e| e.segment.as_ref());
            let bytes: usize = bodies.map(|s| s.body_bytes().len()).sum();
            *left = left.saturating_sub(bytes);
            *more |= cut;
            part.entries = entries;
            if cut {
                return Ok(part);
            }
        }
    }
    replica.seal(partition)?;
    let heads = theirs.map_or(&[][..], |h| h.heads.as_slice());
    let after: BTreeMap<ChainId, u64> = heads.iter().map(|h| (h.chain, h.seq)).collect();
    let own = replica.own_chain(partition);
    let own_begin = match own.and_then(|chain| after.get(&chain)) {
        Some(seq) => *seq,
        None if theirs.is_some() => 0,
        None => replica.accepted_seq(partition)?,
    };
    // The log that was just put in may bring own segments too; those are passed over there.
    let own_begin = own_begin.max(replica.accepted_seq(partition)?);
    if let Some(chain) = own {
        if *left == 0 {
            *more |= replica.own_head(partition)?.seq > own_begin;
        } else {
            let (segments, cut) = replica.segments_after(chain, own_begin, *left)?;
            let bytes: usize = segments.iter().map(|s| s.body_bytes().len()).sum();
            *left = left.saturating_sub(bytes);
            *more |= cut;
            part.carried.extend(segments);
        }
    }
    let (carried, cut) = replica.carried(partition, &after, *left)?;
    *more |= cut;
    for chain in carried {
        let bytes: usize = chain.segments.iter().map(|s| s.body_bytes().len()).sum();
        *left = left.saturating_sub(bytes);
        part.carried.extend(chain.segments);
    }
    Ok(part)
}

/// Takes in what is new in a parcel. What cannot be trusted is left out; the rest is kept.
///
/// # Errors
/// [`ReplicaError`].
pub fn take(
    replica: &mut Replica,
    parcel: &Parcel,
    now: UnixMillis,
) -> Result<Taken, ReplicaError> {
    let mut taken = Taken::default();
    if parcel.organisation != replica.enrolled()?.organisation {
        taken.foreign = true;
        return Ok(taken);
    }
    let certificates: Vec<&[u8]> = parcel.certificates.iter().map(|c| c.as_slice()).collect();
    replica.learn(&certificates)?;
    let mut own = replica.own_partitions();
    own.retain(|partition| replica.exchanges(*partition));
    for part in parcel.parts.iter().filter(|p| own.contains(&p.partition)) {
        let cursor = replica.cursor(part.partition)?.unwrap_or_default();
        let follows = cursor.epoch == part.epoch || cursor.number == 0;
        if follows && !part.entries.is_empty() {
            let done = replica.ingest(part.partition, part.epoch, &part.entries, now)?;
            taken.fresh += done.fresh;
            taken.entries += done.entries;
            taken.rejected = taken.rejected.or(done.rejected);
        }
        let done = replica.take_carried(part.partition, &part.carried, now)?;
        taken.fresh += done.fresh;
        taken.rejected = taken.rejected.or(done.rejected);
    }
    Ok(taken)
}

/// One turn of a direct exchange: takes what came, and answers with what is held now and what the other lacks. Both
/// sides are done when a turn carries no parcel either way.
///
/// # Errors
/// [`ReplicaError`].
pub fn answer(
    replica: &mut Replica,
    message: &PeerMessage,
    bytes_max: usize,
    now: UnixMillis,
) -> Result<(PeerMessage, Taken), ReplicaError> {
    let taken = match &message.parcel {
        Some(parcel) => take(replica, parcel, now)?,
        None => Taken::default(),
    };
    // An empty list stands for "unknown" in a parcel; a neighbour that holds nothing has no partition of ours.
    let parcel = if message.have.is_empty() {
        None
    } else {
        Some(parcel_for(replica, &message.have, bytes_max)?).filter(|p| !p.is_empty())
    };
    let reply = PeerMessage {
        versions: protocol::VERSIONS,
        have: holdings(replica)?,
        parcel,
    };
    Ok((reply, taken))
}
