//! The live connection: the sync messages as frames of one WebSocket, and what the hub says unasked.

use documents::Partition;
use documents::segment::Accepted;

use crate::wire::message;
use crate::{LogPosition, Refusal, SyncReply};

/// Where the hub takes live connections.
pub const LIVE_PATH: &str = "/live/v1";
/// No request is larger than this on a live connection: larger ones are posted, so that a connection's buffer is small.
pub const LIVE_REQUEST_BYTES_MAX: usize = 256 << 10;
/// No frame of the hub is larger than this: a segment of the largest size, and what surrounds it.
pub const LIVE_FRAME_BYTES_MAX: usize = 4 * crate::REPLY_BYTES_MAX;

/// New entries of a partition's log.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct LiveEntries {
    /// Which partition.
    #[n(0)]
    pub partition: Partition,
    /// The place in its log after which they stand; only a device whose position is exactly this one may take them.
    #[n(1)]
    pub after: LogPosition,
    /// At least one, without gaps, as in a reply.
    #[n(2)]
    pub entries: Vec<Accepted>,
}

/// The log of a partition is longer than the device's, by more than is sent unasked: it should ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct LiveHint {
    /// Which partition.
    #[n(0)]
    pub partition: Partition,
    /// The number of its last entry.
    #[n(1)]
    pub number: u64,
}

/// What the hub sends. The device sends requests only, one at a time.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
pub enum LiveFrame {
    /// The answer to the request.
    #[n(0)]
    Reply(#[n(0)] SyncReply),
    /// The request is refused.
    #[n(1)]
    Refused(#[n(0)] Refusal),
    /// New entries, unasked.
    #[n(2)]
    Entries(#[n(0)] LiveEntries),
    /// There are new entries, unasked.
    #[n(3)]
    Hint(#[n(0)] LiveHint),
    /// [`LiveFrame::Entries`] as [`crate::LivePacking`] packs them, to a device that asked for it.
    #[n(4)]
    Packed(
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        Vec<u8>,
    ),
}
message!(LiveFrame);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RefusalCode;

    #[test]
    fn frames_read_back_and_a_hint_is_tiny() {
        let partition = Partition::Site(domain::SiteId::from_bytes([1; 16]));
        let hint = LiveFrame::Hint(LiveHint {
            partition,
            number: 900_000,
        });
        assert!(hint.to_bytes().len() < 40);
        let entries = LiveFrame::Entries(LiveEntries {
            partition,
            after: LogPosition::default(),
            entries: Vec::new(),
        });
        let refused = LiveFrame::Refused(Refusal {
            code: RefusalCode::TooMany,
            retry_after_seconds: 3,
        });
        for frame in [hint, entries, refused] {
            let bytes = frame.to_bytes();
            assert_eq!(LiveFrame::from_bytes(&bytes), Ok(frame));
            for end in 0..bytes.len() {
                assert!(LiveFrame::from_bytes(&bytes[..end]).is_err());
            }
        }
    }
}
