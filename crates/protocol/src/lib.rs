#![doc = include_str!("../README.md")]

pub mod blob;
pub mod bounds;
pub mod enrolment;
pub mod invitation;
pub mod keys;
pub mod live;
pub mod live_packed;
pub mod pairing;
pub mod parcel;
pub mod peer;
pub mod peer_keys;
pub mod refusal;
pub mod renewal;
pub mod snapshot;
pub mod sync;
mod wire;

pub use blob::{BlobChunk, BlobGet, BlobPart, BlobReply, BlobRequest, ChunkOutcome};
pub use enrolment::{Becomes, EnrolReply, EnrolRequest};
pub use invitation::Invitation;
pub use keys::{KeysReply, KeysRequest, SharedKey};
pub use live::{LiveEntries, LiveFrame, LiveHint};
pub use live_packed::{LIVE_PACKED_QUERY, LivePacking};
pub use pairing::{Offer, Pairing};
pub use parcel::{Holding, Parcel, ParcelPart, PeerMessage};
pub use peer::{Judge, PeerFrame, PeerHello, PeerRefusal, SetUp};
pub use refusal::{Refusal, RefusalCode};
pub use renewal::{RenewReason, RenewRequest};
pub use snapshot::{SnapshotGet, SnapshotPart, SnapshotWish};
pub use sync::{
    Acceptance, Acceptances, BatteryStatus, CarriedChain, CarriedReply, DeviceStatus, LogPosition,
    PartitionReply, PartitionRequest, PushOutcome, SyncReply, SyncRequest,
};
pub use wire::WireError;

/// The versions of the protocol that this program speaks, the oldest first.
pub const VERSIONS: (u32, u32) = (1, 1);
/// Where the hub takes sync requests.
pub const SYNC_PATH: &str = "/sync/v1";
/// Where the hub takes enrolments.
pub const ENROL_PATH: &str = "/enrol/v1";
/// Where the hub takes renewals.
pub const RENEW_PATH: &str = "/renew/v1";
/// Where the hub takes chunks of photos, signatures and documents.
pub const BLOB_PATH: &str = "/blobs/v1";
/// Where the hub gives them out.
pub const BLOB_GET_PATH: &str = "/blobs/v1/get";
/// Where keys of customers are exchanged.
pub const KEYS_PATH: &str = "/keys/v1";
/// Where the hub gives out snapshots.
pub const SNAPSHOT_PATH: &str = "/snapshot/v1";
/// The media type of requests and replies.
pub const MEDIA_TYPE: &str = "application/vnd.tallyman+cbor";
/// No request is larger than this.
pub const REQUEST_BYTES_MAX: usize = 8 << 20;
/// No blob is larger than this.
pub const BLOB_BYTES_MAX: u64 = 8 << 20;
/// No thumbnail is larger than this.
pub const THUMBNAIL_BYTES_MAX: u64 = 20_000;
/// No chunk of a blob is larger than this.
pub const CHUNK_BYTES_MAX: usize = 256 << 10;
/// One request asks for the state of at most so many blobs.
pub const BLOB_ASK_MAX: usize = 256;
/// No reply is larger than this by much: one segment may pass it.
pub const REPLY_BYTES_MAX: usize = 4 << 20;
