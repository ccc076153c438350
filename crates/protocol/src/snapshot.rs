//! Snapshots: offered in the reply of a sync, fetched chunk by chunk.

use documents::SnapshotId;

use crate::wire::message;

/// What a device can do with a snapshot of a partition. A device that takes none is served the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct SnapshotWish {
    /// It knows what to do with one.
    #[n(0)]
    pub takes: bool,
    /// The cut of the snapshot that its rows rest on; 0 if it holds all of its history.
    #[n(1)]
    pub cut: u64,
    /// Something is stale, and only a snapshot that counts in the log up to here puts it right; 0 if nothing is.
    #[n(2)]
    pub end: u64,
    /// It would take one only to drop old history.
    #[n(3)]
    pub prune: bool,
}

/// Asks for one chunk of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct SnapshotGet {
    /// The oldest and newest version that the device speaks.
    #[n(0)]
    pub versions: (u32, u32),
    /// Which snapshot.
    #[n(1)]
    pub id: SnapshotId,
    /// Which chunk, from 0.
    #[n(2)]
    pub chunk: u32,
}
message!(SnapshotGet);

/// One chunk.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct SnapshotPart {
    /// The version that both speak.
    #[n(0)]
    pub version: u32,
    /// The chunk; `None` if the hub has the snapshot no more, and a later sync offers another.
    #[n(1)]
    pub chunk: Option<minicbor::bytes::ByteVec>,
}
message!(SnapshotPart);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_off_and_scrambled_messages_are_refused_without_panic() {
        let get = SnapshotGet {
            versions: crate::VERSIONS,
            id: SnapshotId([7; 32]),
            chunk: 3,
        };
        let part = SnapshotPart {
            version: 1,
            chunk: Some(vec![9; 300].into()),
        };
        assert_eq!(SnapshotGet::from_bytes(&get.to_bytes()), Ok(get.clone()));
        assert_eq!(SnapshotPart::from_bytes(&part.to_bytes()), Ok(part.clone()));
        for bytes in [get.to_bytes(), part.to_bytes()] {
            for end in 0..bytes.len() {
                assert!(SnapshotGet::from_bytes(&bytes[..end]).is_err());
                assert!(SnapshotPart::from_bytes(&bytes[..end]).is_err());
            }
        }
        // A length that promises more than there is must not allocate it.
        assert!(
            SnapshotPart::from_bytes(&[0x82, 1, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0])
                .is_err()
        );
    }
}
