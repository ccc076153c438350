#![doc = include_str!("../README.md")]

pub mod enrolment;
pub mod invitation;
pub mod refusal;
pub mod sync;
mod wire;

pub use enrolment::{EnrolReply, EnrolRequest};
pub use invitation::Invitation;
pub use refusal::{Refusal, RefusalCode};
pub use sync::{
    DeviceStatus, LogPosition, PartitionReply, PartitionRequest, PushOutcome, SyncReply,
    SyncRequest,
};
pub use wire::WireError;

/// The versions of the protocol that this program speaks, the oldest first.
pub const VERSIONS: (u32, u32) = (1, 1);
/// Where the hub takes sync requests.
pub const SYNC_PATH: &str = "/sync/v1";
/// Where the hub takes enrolments.
pub const ENROL_PATH: &str = "/enrol/v1";
/// The media type of requests and replies.
pub const MEDIA_TYPE: &str = "application/vnd.tallyman+cbor";
/// No request is larger than this.
pub const REQUEST_BYTES_MAX: usize = 8 << 20;
/// No reply is larger than this by much: one segment may pass it.
pub const REPLY_BYTES_MAX: usize = 4 << 20;
