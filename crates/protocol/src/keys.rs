//! Keys of customers: given from the device that made one to the hub, and from the hub to the others.
//!
//! They stand in no document and in no segment, so that one can be destroyed. The hub numbers them as they come and as they
//! are destroyed; a device asks for what came after the last number it has read.

use domain::CustomerId;
use minicbor::bytes::ByteArray;

use crate::wire::message;

/// A request and a reply name at most so many keys.
pub const KEYS_MAX: usize = 500;

/// A customer's key on its way; without one: it was destroyed, and shall be everywhere.
#[derive(Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct SharedKey {
    /// Whose.
    #[n(0)]
    pub customer: CustomerId,
    /// The 32 bytes.
    #[n(1)]
    pub key: Option<ByteArray<32>>,
}

/// Keys are never logged.
impl std::fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = if self.key.is_some() {
            "key"
        } else {
            "destroyed"
        };
        write!(f, "{:?}: {word}", self.customer)
    }
}

/// A device gives the keys that it made, and asks for the others.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct KeysRequest {
    /// The oldest and newest version that the device speaks.
    #[n(0)]
    pub versions: (u32, u32),
    /// The epoch of the hub whose keys were read; of another one all are wanted.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// The last number read.
    #[n(2)]
    pub after: u64,
    /// Keys that the device made and the hub has not, at most [`KEYS_MAX`].
    #[n(3)]
    pub made: Vec<SharedKey>,
}
message!(KeysRequest);

/// What the hub answers; it holds every key of the request then.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct KeysReply {
    /// The version that both speak.
    #[n(0)]
    pub version: u32,
    /// Which hub's numbers these are.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// The number of the last key given; the request's if there is none.
    #[n(2)]
    pub number: u64,
    /// In the order of their numbers, at most [`KEYS_MAX`].
    #[n(3)]
    pub keys: Vec<SharedKey>,
    /// There are more.
    #[n(4)]
    pub more: bool,
}
message!(KeysReply);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_and_are_not_shown() {
        let reply = KeysReply {
            version: 1,
            epoch: [3; 16],
            number: 9,
            keys: vec![
                SharedKey {
                    customer: CustomerId::from_bytes([1; 16]),
                    key: Some(ByteArray::from([0xab; 32])),
                },
                SharedKey {
                    customer: CustomerId::from_bytes([2; 16]),
                    key: None,
                },
            ],
            more: false,
        };
        assert_eq!(KeysReply::from_bytes(&reply.to_bytes()), Ok(reply.clone()));
        let shown = format!("{reply:?}");
        assert!(
            !shown.contains("171") && !shown.contains("ab, ab"),
            "{shown}"
        );
        let request = KeysRequest {
            versions: crate::VERSIONS,
            epoch: [3; 16],
            after: 9,
            made: reply.keys,
        };
        assert_eq!(KeysRequest::from_bytes(&request.to_bytes()), Ok(request));
    }
}
