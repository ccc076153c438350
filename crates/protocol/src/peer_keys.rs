//! Keys of customers between two handhelds that no server is in reach of.
//!
//! They go over the connection of two certified handhelds alone, in no file and no picture, and a counter is given none. Each
//! says whose keys it lacks and is given those that the other has; what was destroyed goes along and wins.

use domain::CustomerId;

use crate::keys::SharedKey;
use crate::wire::message;

/// A message names at most so many customers whose keys lack, and as many keys.
pub const PEER_KEYS_MAX: usize = 5_000;

/// One turn. The same message twice ends the exchange.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct PeerKeys {
    /// Whose keys lack here, at most [`PEER_KEYS_MAX`].
    #[n(0)]
    pub lacks: Vec<CustomerId>,
    /// Which keys are known to be destroyed: a hash, by which two see that they know of the same.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub destroyed: [u8; 32],
    /// Keys that the other lacks, and what it does not know to be destroyed; at most [`PEER_KEYS_MAX`].
    #[n(2)]
    pub keys: Vec<SharedKey>,
}
message!(PeerKeys);
