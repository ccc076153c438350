//! One POST when nothing is wrong.

use documents::Partition;
use documents::segment::{Accepted, Segment, SegmentHash, SegmentStatus};
use domain::{ChainId, OrderProgress, UnixMillis};
use minicbor::bytes::ByteArray;

use crate::renewal::RenewReason;
use crate::snapshot::SnapshotWish;
use crate::wire::message;

/// How a device is, for the supervisor's list.
#[derive(Debug, Clone, PartialEq, Eq, Default, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct DeviceStatus {
    /// Events that exist only on it, this request's not counted off.
    #[n(0)]
    pub waiting_events: u64,
    /// Edits that exist only on it.
    #[n(1)]
    pub waiting_edits: u64,
    /// Its clock, unix milliseconds.
    #[n(2)]
    pub clock: UnixMillis,
    /// Version of its program.
    #[n(3)]
    pub program: String,
    /// How many of its waiting events take goods out and stand. `None`, as in all that follows: an older program, or one
    /// that cannot tell.
    #[n(4)]
    pub waiting_releases: Option<u64>,
    /// Its battery; a machine without one says none.
    #[n(5)]
    pub battery: Option<BatteryStatus>,
    /// Room that is left on the disk with its files, in bytes.
    #[n(6)]
    pub storage_free: Option<u64>,
    /// Whether it has heard that it is locked, and records nothing.
    #[n(7)]
    pub locked: Option<bool>,
}

/// What a device says of its battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct BatteryStatus {
    /// How full it is: 0 to 100.
    #[n(0)]
    pub percent: u8,
    /// Whether it is being charged.
    #[n(1)]
    pub charging: bool,
}

/// Where a replica stands in the hub's log of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct LogPosition {
    /// Which log.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// The last number read.
    #[n(1)]
    pub number: u64,
    /// The hash over everything read.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub running_hash: [u8; 32],
    /// How the hub took the last ones in. Absent if that is not known any more.
    #[n(3)]
    pub acceptances: Option<Acceptances>,
}

/// When the hub accepted an entry, and as what.
pub type Acceptance = (UnixMillis, SegmentStatus);

/// When the hub accepted the last entries of a log, and as what. A hub that was put back and takes the same segments again
/// has the same running hash, but other times or other judgements, which the fold goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Acceptances {
    /// Of how many entries, the last at the position's number; at most [`Acceptances::COUNT_MAX`].
    #[n(0)]
    pub count: u32,
    /// The first bytes of the BLAKE3 hash over time (8 bytes, little-endian) and status (1 byte) of each, the newest first.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub hash: [u8; 8],
}

impl Acceptances {
    /// More are not compared.
    pub const COUNT_MAX: u32 = 64;

    /// Those of the entry at `number` and of the ones before it that were accepted in the same millisecond, as far as
    /// `known` has them. Others need no comparing: two logs that part earlier end in the same millisecond only where the
    /// hub's clock was behind, and then all that it took in since has the time of the last one before.
    ///
    /// # Errors
    /// Those of `known`.
    pub fn up_to<E>(
        number: u64,
        mut known: impl FnMut(u64) -> Result<Option<Acceptance>, E>,
    ) -> Result<Option<Self>, E> {
        let mut run = Vec::new();
        for number in Self::numbers(number, Self::COUNT_MAX) {
            match known(number)? {
                Some(next) if run.first().is_none_or(|(at, _)| *at == next.0) => run.push(next),
                _ => break,
            }
        }
        Ok((!run.is_empty()).then(|| Self::of(&run)))
    }

    /// Whether they are those of the entries up to `number`; `None` if some of them are not known, or are too many.
    ///
    /// # Errors
    /// Those of `known`.
    pub fn are_at<E>(
        &self,
        number: u64,
        mut known: impl FnMut(u64) -> Result<Option<Acceptance>, E>,
    ) -> Result<Option<bool>, E> {
        if self.count > Self::COUNT_MAX {
            return Ok(None);
        }
        let mut entries = Vec::new();
        for number in Self::numbers(number, self.count) {
            match known(number)? {
                Some(next) => entries.push(next),
                None => return Ok(None),
            }
        }
        Ok(Some(Self::of(&entries) == *self))
    }

    fn numbers(last: u64, count: u32) -> impl Iterator<Item = u64> {
        (1..=last).rev().take(count as usize)
    }

    /// Of some entries, the newest first.
    fn of(entries: &[Acceptance]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for (accepted_at, status) in entries {
            hasher.update(&accepted_at.to_le_bytes());
            hasher.update(&[*status as u8]);
        }
        let [a, b, c, d, e, f, g, h, ..] = *hasher.finalize().as_bytes();
        Self {
            count: entries.len() as u32,
            hash: [a, b, c, d, e, f, g, h],
        }
    }
}

impl LogPosition {
    /// Whether both stand at the same place of the same log, by what was read of it.
    pub fn is_at(&self, other: &Self) -> bool {
        (self.epoch, self.number, self.running_hash)
            == (other.epoch, other.number, other.running_hash)
    }
}

/// What a device has and wants of one partition.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct PartitionRequest {
    /// Which one.
    #[n(0)]
    pub partition: Partition,
    /// How far it has read.
    #[n(1)]
    pub position: LogPosition,
    /// The end of its own chain: the last segment's place there; 0 before the first.
    #[n(2)]
    pub head_seq: u64,
    /// The hash of that segment.
    #[n(3)]
    pub head_hash: SegmentHash,
    /// Own segments that the hub is thought to lack, in order.
    #[n(4)]
    pub segments: Vec<Segment>,
    /// The own chain that `head_seq`, `head_hash` and `segments` are of; absent from version 1 devices, which have one
    /// chain in each partition.
    #[n(5)]
    pub chain: Option<ChainId>,
    /// Other devices' segments that the hub is thought to lack.
    #[n(6)]
    #[cbor(default)]
    pub carried: Vec<CarriedChain>,
    /// Which snapshots the device can use.
    #[n(7)]
    #[cbor(default)]
    pub snapshot: SnapshotWish,
    /// Of a counter, in its site's partition: [`OrderProgress::digest`] of what it was told, so that it is told again only
    /// what is otherwise.
    #[n(8)]
    pub told: Option<ByteArray<8>>,
}

/// Segments of another device's chain that this device holds and the hub is thought to lack. They are signed, so it
/// does not matter who brings them.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct CarriedChain {
    /// Whose.
    #[n(0)]
    pub chain: ChainId,
    /// In order, without gaps.
    #[n(1)]
    pub segments: Vec<Segment>,
    /// The server's word for who writes it, where the device has it: a hub that was put back may not know the chain.
    #[n(2)]
    pub certificate: Option<minicbor::bytes::ByteVec>,
}

/// What became of carried segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct CarriedReply {
    /// Whose.
    #[n(0)]
    pub chain: ChainId,
    /// As for own segments.
    #[n(1)]
    pub outcome: PushOutcome,
    /// The end of the chain as the hub holds it.
    #[n(2)]
    pub head_seq: u64,
}

/// What a device asks.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct SyncRequest {
    /// The oldest and newest version that the device speaks.
    #[n(0)]
    pub versions: (u32, u32),
    /// How it is.
    #[n(1)]
    pub status: DeviceStatus,
    /// The shared partition first.
    #[n(2)]
    pub partitions: Vec<PartitionRequest>,
    /// About how large the reply may be.
    #[n(3)]
    pub reply_bytes_max: u32,
}
message!(SyncRequest);

impl SyncRequest {
    /// Whether it brings any, own or carried.
    pub fn brings_segments(&self) -> bool {
        self.partitions
            .iter()
            .any(|p| !p.segments.is_empty() || !p.carried.is_empty())
    }
}

/// What became of the segments that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode)]
#[cbor(index_only)]
pub enum PushOutcome {
    /// The hub holds all that were sent.
    #[n(0)]
    Held,
    /// The hub lacks an earlier one: send from `head_seq` + 1.
    #[n(1)]
    Missing,
    /// Another segment stands at the place of one that was sent: this device was cloned or restored.
    #[n(2)]
    Fork,
    /// A signature or a link is wrong; nothing from there on was taken.
    #[n(3)]
    Forged,
    /// The device may not write here any more.
    #[n(4)]
    Revoked,
    /// An outcome of a later program, which is never sent by this one: nothing more goes up on this chain, and the rest of
    /// the answer counts.
    #[n(65535)]
    Later,
}

impl<'b, C> minicbor::Decode<'b, C> for PushOutcome {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Ok(match d.u32()? {
            0 => Self::Held,
            1 => Self::Missing,
            2 => Self::Fork,
            3 => Self::Forged,
            4 => Self::Revoked,
            _ => Self::Later,
        })
    }
}

/// What the hub answers for one partition.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct PartitionReply {
    /// Which one.
    #[n(0)]
    pub partition: Partition,
    /// What became of what was sent.
    #[n(1)]
    pub outcome: PushOutcome,
    /// The end of the device's chain as the hub holds it.
    #[n(2)]
    pub head_seq: u64,
    /// Its log was restored or rolled back: read it from the beginning.
    #[n(3)]
    pub restart: bool,
    /// The log after the device's position, without gaps. The device's own segments come without their bodies: that is
    /// how it learns that they are accepted.
    #[n(4)]
    pub entries: Vec<Accepted>,
    /// There is more to read.
    #[n(5)]
    pub more: bool,
    /// What became of what was carried, in the order of the request.
    #[n(6)]
    #[cbor(default)]
    pub carried: Vec<CarriedReply>,
    /// A snapshot to be fetched instead of the log up to its cut: the signed manifest, and no entries. Mostly empty.
    #[n(7)]
    #[cbor(with = "minicbor::bytes", default)]
    pub snapshot: Vec<u8>,
    /// The last entry of this log that the hub's last backup holds; 0 if there is none. A device keeps its own segments
    /// until they are behind it.
    #[n(8)]
    #[cbor(default)]
    pub backed_up: u64,
    /// To a counter: how far the work on the site's counts has come, those of which nothing is done left out. Absent: as it was told
    /// before.
    #[n(9)]
    pub progress: Option<Vec<OrderProgress>>,
}

/// What the hub answers.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct SyncReply {
    /// The version that both speak.
    #[n(0)]
    pub version: u32,
    /// Which log this is.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// The hub's clock, unix milliseconds.
    #[n(2)]
    pub now: UnixMillis,
    /// In the order of the request.
    #[n(3)]
    pub partitions: Vec<PartitionReply>,
    /// Why the device shall renew, once nothing of its own waits; empty if it need not. A list, so that it is always
    /// written: what is left out at the end would be taken for a later field.
    #[n(4)]
    #[cbor(default)]
    pub renew: Vec<RenewReason>,
}
message!(SyncReply);

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> SyncRequest {
        SyncRequest {
            versions: crate::VERSIONS,
            status: DeviceStatus {
                waiting_events: 3,
                waiting_edits: 1,
                clock: 1_790_000_000_000,
                program: "0.1.0".into(),
                waiting_releases: Some(2),
                battery: Some(BatteryStatus {
                    percent: 55,
                    charging: false,
                }),
                storage_free: Some(12_000_000_000),
                locked: Some(false),
            },
            partitions: [
                Partition::Shared,
                Partition::Site(domain::SiteId::from_bytes([1; 16])),
            ]
            .map(|partition| PartitionRequest {
                partition,
                position: LogPosition {
                    epoch: [7; 16],
                    number: 900_000,
                    running_hash: [9; 32],
                    acceptances: Some(Acceptances::of(&[(1_790_000_000_000, SegmentStatus::Live)])),
                },
                head_seq: 1_000,
                head_hash: SegmentHash([3; 32]),
                segments: Vec::new(),
                chain: Some(ChainId::from_bytes([4; 16])),
                carried: Vec::new(),
                snapshot: SnapshotWish::default(),
                told: None,
            })
            .into(),
            reply_bytes_max: 1 << 20,
        }
    }

    #[test]
    fn an_idle_request_is_small_and_reads_back() {
        let bytes = request().to_bytes();
        assert_eq!(SyncRequest::from_bytes(&bytes), Ok(request()));
        assert!(bytes.len() < 340, "{} bytes", bytes.len());
    }

    #[test]
    fn cut_off_and_scrambled_messages_are_refused_without_panic() {
        let bytes = request().to_bytes();
        for end in 0..bytes.len() {
            assert_eq!(
                SyncRequest::from_bytes(&bytes[..end]),
                Err(crate::WireError)
            );
        }
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0xff;
            let _ = SyncRequest::from_bytes(&bad);
        }
        // A length that promises more than there is must not allocate it.
        assert!(
            SyncRequest::from_bytes(&[
                0x84, 0x82, 1, 1, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
            ])
            .is_err()
        );
    }
}
