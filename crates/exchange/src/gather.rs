//! What the device half of sync asks of the replica.

use std::collections::BTreeMap;

use documents::{Certificate, Partition};
use domain::{ChainId, UnixMillis};
use protocol::bounds::CARRIED_CHAINS_MAX;
use protocol::{Acceptances, CarriedChain, DeviceStatus, LogPosition};
use replica::{Cursor, Replica, ReplicaError};
use sync_core::{Gather, Gathered, PartitionState};

/// How far a replica has read the hub's log.
///
/// # Errors
/// [`ReplicaError`].
pub fn position(replica: &Replica, partition: Partition) -> Result<LogPosition, ReplicaError> {
    let cursor = replica.cursor(partition)?.unwrap_or_default();
    Ok(LogPosition {
        acceptances: Acceptances::up_to(cursor.number, |n| replica.acceptance(partition, n))?,
        ..position_of(cursor)
    })
}

/// A cursor in the words of the protocol, for whoever does not know how its last entries were accepted.
pub fn position_of(cursor: Cursor) -> LogPosition {
    LogPosition {
        epoch: cursor.epoch,
        number: cursor.number,
        running_hash: cursor.running_hash,
        acceptances: None,
    }
}

/// The certificates that the replica has, by the chains that they vouch for; read when the first is wanted.
#[derive(Default)]
struct Vouching(Option<BTreeMap<ChainId, Vec<u8>>>);

impl Vouching {
    fn of(&mut self, replica: &Replica, chain: ChainId) -> Result<Option<Vec<u8>>, ReplicaError> {
        if self.0.is_none() {
            let key = replica.enrolled()?.server_key;
            let mut all = BTreeMap::new();
            for signed in replica.certificates()? {
                if let Some(certificate) = Certificate::verify(&signed, &key) {
                    all.insert(certificate.shared_chain, signed.clone());
                    all.insert(certificate.site_chain, signed);
                }
            }
            self.0 = Some(all);
        }
        Ok(self.0.as_ref().and_then(|all| all.get(&chain).cloned()))
    }
}

/// Seals what is unsealed and collects what is to be sent. `clock`: this device's, unix milliseconds; `program`: its
/// version.
///
/// # Errors
/// [`ReplicaError`].
pub fn gather(
    replica: &mut Replica,
    ask: &Gather,
    clock: UnixMillis,
    program: &str,
) -> Result<Gathered, ReplicaError> {
    let mut partitions = Vec::new();
    let mut chains_left = CARRIED_CHAINS_MAX;
    let mut vouching = Vouching::default();
    for partition in replica.own_partitions() {
        let Some(chain) = replica.own_chain(partition) else {
            continue;
        };
        replica.seal(partition)?;
        let accepted_seq = replica.accepted_seq(partition)?;
        let after = ask.push_after.get(&chain).copied().unwrap_or(accepted_seq);
        let head = replica.own_head(partition)?;
        // Only whether there is anything, until the log has been read.
        let carry = ask.carry.contains(&partition);
        let bytes_max = if carry { ask.bytes_max } else { 1 };
        let (mut carried, more) = replica.carried(partition, &ask.push_after, bytes_max)?;
        // Together with the partitions before it, no more than the hub takes at once; the rest goes with the next.
        let most = if carry { chains_left } else { 0 };
        let carries_more = more || carried.len() > most;
        carried.truncate(most);
        chains_left -= carried.len();
        partitions.push(PartitionState {
            partition,
            position: position(replica, partition)?,
            head_seq: head.seq,
            head_hash: head.hash,
            accepted_seq,
            chain,
            segments: replica.own_segments_after(partition, after, ask.bytes_max)?,
            carried: carried
                .into_iter()
                .map(|c| {
                    Ok(CarriedChain {
                        certificate: vouching.of(replica, c.chain)?.map(Into::into),
                        chain: c.chain,
                        segments: c.segments,
                    })
                })
                .collect::<Result<_, ReplicaError>>()?,
            carries_more,
            told: replica.told_digest(partition)?,
        });
    }
    let waiting = replica.waiting()?;
    let releases = match replica.identity() {
        Some(identity) if waiting.events > 0 => {
            replica.query().releases_only_here(identity.device)?
        }
        _ => 0,
    };
    Ok(Gathered {
        status: DeviceStatus {
            waiting_events: waiting.events,
            waiting_edits: waiting.edits,
            clock,
            program: program.to_owned(),
            waiting_releases: Some(releases),
            // What the machine says of itself is known to whoever drives the exchange.
            ..DeviceStatus::default()
        },
        partitions,
    })
}
