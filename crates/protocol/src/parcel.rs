//! What passes between two devices without a server: by a direct connection, a file on a stick, or pictures.
//!
//! Everything in a parcel is signed, by the hub or by the device that wrote it, so it does not matter who brings it.

use documents::Partition;
use documents::segment::{Accepted, Segment, SegmentHash};
use domain::{ChainId, OrganisationId};

use crate::sync::LogPosition;
use crate::wire::message;

/// What a replica holds of one partition.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Holding {
    /// Which one.
    #[n(0)]
    pub partition: Partition,
    /// How far it has read the hub's log.
    #[n(1)]
    pub position: LogPosition,
    /// The end of every chain that it holds segments of.
    #[n(2)]
    pub heads: Vec<ChainHead>,
}

/// The end of one chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct ChainHead {
    /// Which chain.
    #[n(0)]
    pub chain: ChainId,
    /// Its last segment's place.
    #[n(1)]
    pub seq: u64,
    /// Its hash.
    #[n(2)]
    pub hash: SegmentHash,
}

/// One partition's share of a parcel.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct ParcelPart {
    /// Which one.
    #[n(0)]
    pub partition: Partition,
    /// Which log the entries are of.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// Entries of the hub's log, without gaps.
    #[n(2)]
    pub entries: Vec<Accepted>,
    /// Segments that the hub is not known to have accepted; each chain's in order.
    #[n(3)]
    pub carried: Vec<Segment>,
}

/// Certificates, log entries and carried segments.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Parcel {
    /// Whose data it is.
    #[n(0)]
    pub organisation: OrganisationId,
    /// Signed certificates of the chains in it.
    #[n(1)]
    pub certificates: Vec<minicbor::bytes::ByteVec>,
    /// The shared partition first.
    #[n(2)]
    pub parts: Vec<ParcelPart>,
    /// The receiver lacks more than fitted in.
    #[n(3)]
    pub more: bool,
}
message!(Parcel);

impl Parcel {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.parts
            .iter()
            .all(|p| p.entries.is_empty() && p.carried.is_empty())
    }
}

/// Request and reply of a direct exchange: what the sender holds, and what it thinks the other lacks.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct PeerMessage {
    /// The oldest and newest version that the sender speaks.
    #[n(0)]
    pub versions: (u32, u32),
    /// What it holds.
    #[n(1)]
    pub have: Vec<Holding>,
    /// What the other lacks, once that is known.
    #[n(2)]
    pub parcel: Option<Parcel>,
}
message!(PeerMessage);
