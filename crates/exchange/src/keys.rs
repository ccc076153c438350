//! Keys of customers with a neighbour. What is said here goes over a connection of two certified handhelds alone.

use domain::CustomerId;
use protocol::keys::SharedKey;
use protocol::peer_keys::{PEER_KEYS_MAX, PeerKeys};
use replica::{Replica, ReplicaError};

const MAX: u32 = PEER_KEYS_MAX as u32;

fn destroyed_hash(destroyed: &[CustomerId]) -> [u8; 32] {
    let ids: Vec<u8> = destroyed.iter().flat_map(|id| *id.as_bytes()).collect();
    blake3::derive_key("tallyman destroyed keys 1", &ids)
}

/// What is said first; `None` by a device that only counts, which is given no key, and by one that knows of no person.
///
/// # Errors
/// Those of the replica.
pub fn first_keys(replica: &Replica) -> Result<Option<PeerKeys>, ReplicaError> {
    if replica.counts_only() || !replica.keeps_persons()? {
        return Ok(None);
    }
    Ok(Some(PeerKeys {
        lacks: replica.lacked_keys(MAX)?,
        destroyed: destroyed_hash(&replica.destroyed_keys(MAX)?),
        keys: Vec::new(),
    }))
}

/// Takes in what a neighbour said, and answers it; with how much was new. `None` by a device that only counts.
///
/// # Errors
/// Those of the replica; nothing was taken in then.
pub fn answer_keys(
    replica: &mut Replica,
    said: &PeerKeys,
) -> Result<Option<(PeerKeys, usize)>, ReplicaError> {
    if replica.counts_only() {
        return Ok(None);
    }
    let given = said.keys.iter().take(PEER_KEYS_MAX);
    let given: Vec<replica::SharedKey> = given
        .map(|shared| replica::SharedKey {
            customer: shared.customer,
            key: shared
                .key
                .map(|key| documents::CustomerKey::from_bytes(*key)),
        })
        .collect();
    let fresh = replica.take_neighbours_keys(&given)?;
    let destroyed = replica.destroyed_keys(MAX)?;
    let hash = destroyed_hash(&destroyed);
    let lacked = said.lacks.get(..PEER_KEYS_MAX).unwrap_or(&said.lacks);
    let mut keys: Vec<SharedKey> = Vec::new();
    if hash != said.destroyed {
        // What lies destroyed is said first: it wins.
        keys.extend(destroyed.into_iter().map(|customer| SharedKey {
            customer,
            key: None,
        }));
    }
    let known = replica.keys_of(lacked)?.into_iter();
    keys.extend(known.map(|shared| SharedKey {
        customer: shared.customer,
        key: shared.key.map(|key| (*key.as_bytes()).into()),
    }));
    keys.truncate(PEER_KEYS_MAX);
    let reply = PeerKeys {
        lacks: replica.lacked_keys(MAX)?,
        destroyed: hash,
        keys,
    };
    Ok(Some((reply, fresh)))
}

/// Whether an answer leaves nothing to be said: it brings nothing, and asks for nothing that could be given.
pub fn is_over(reply: &PeerKeys, said: &PeerKeys) -> bool {
    reply.keys.is_empty() && said.keys.is_empty()
}
