//! The hub half: what becomes of one segment. Pure; the store is asked by the caller.

use documents::segment::{Segment, SegmentError, SegmentHash, SegmentStatus};
use documents::{Partition, PublicKey};
use domain::{ChainId, OrganisationId, UnixMillis};

/// What the hub knows of the chain that a segment continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainEnd {
    /// The organisation that the hub serves.
    pub organisation: OrganisationId,
    /// The chain.
    pub chain: ChainId,
    /// The partition.
    pub partition: Partition,
    /// What the device signs with.
    pub key: PublicKey,
    /// The last segment held; 0 before the first.
    pub seq: u64,
    /// Its hash.
    pub hash: SegmentHash,
    /// Whether what is written on it counts only after a supervisor's decision: its device was revoked, or the chain
    /// itself is in question.
    pub quarantined: bool,
}

/// What becomes of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the next one: into the log.
    Accept(SegmentStatus),
    /// The caller must compare its hash with the one held at its place: the same is a duplicate, another is a fork.
    Compare {
        /// The place on the chain.
        seq: u64,
    },
    /// The ones before it have not come.
    Missing,
    /// It does not link to the one held: a fork.
    Fork,
    /// Not signed by the device, or of another chain, partition or organisation.
    Forged(SegmentError),
}

/// Judges one segment. The cheap checks come first; nothing is unpacked.
pub fn judge(segment: &Segment, end: &ChainEnd) -> Verdict {
    let header = match segment.verify(&end.key) {
        Ok(header) => header,
        Err(error) => return Verdict::Forged(error),
    };
    if header.organisation != end.organisation
        || header.partition != end.partition
        || header.chain != end.chain
    {
        return Verdict::Forged(SegmentError::Malformed);
    }
    if header.seq == 0 {
        return Verdict::Forged(SegmentError::Malformed);
    }
    if header.seq <= end.seq {
        return Verdict::Compare { seq: header.seq };
    }
    if header.seq > end.seq + 1 {
        return Verdict::Missing;
    }
    if header.previous != end.hash {
        return Verdict::Fork;
    }
    Verdict::Accept(if end.quarantined {
        SegmentStatus::Quarantined
    } else {
        SegmentStatus::Live
    })
}

/// The hub's time of acceptance: its clock, but never before that of the entry before.
pub fn next_accepted_at(now: UnixMillis, last: Option<UnixMillis>) -> UnixMillis {
    last.map_or(now, |last| now.max(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use documents::body::{Body, Part};
    use documents::keys::SigningKey;
    use documents::record::RecordId;
    use documents::segment::SegmentHeader;

    fn header(seq: u64, previous: SegmentHash) -> SegmentHeader {
        SegmentHeader {
            organisation: OrganisationId::from_bytes([1; 16]),
            partition: Partition::Shared,
            chain: ChainId::from_bytes([2; 16]),
            seq,
            previous,
            changes: 1,
            body_hash: [0; 32],
        }
    }

    fn seal(header: SegmentHeader, key: u8) -> Segment {
        let body = Body {
            parts: vec![Part::record(RecordId([3; 16]), vec![vec![1]])],
        };
        Segment::seal(header, &body, &SigningKey::from_seed(&[key; 32]))
    }

    fn end() -> ChainEnd {
        ChainEnd {
            organisation: OrganisationId::from_bytes([1; 16]),
            chain: ChainId::from_bytes([2; 16]),
            partition: Partition::Shared,
            key: SigningKey::from_seed(&[7; 32]).public(),
            seq: 5,
            hash: SegmentHash([9; 32]),
            quarantined: false,
        }
    }

    #[test]
    fn each_segment_finds_its_verdict() {
        let at = |seq| header(seq, SegmentHash([9; 32]));
        for (segment, expected) in [
            (seal(at(6), 7), Verdict::Accept(SegmentStatus::Live)),
            (seal(at(5), 7), Verdict::Compare { seq: 5 }),
            (seal(at(1), 7), Verdict::Compare { seq: 1 }),
            (seal(at(8), 7), Verdict::Missing),
            (seal(header(6, SegmentHash([8; 32])), 7), Verdict::Fork),
            (seal(at(6), 8), Verdict::Forged(SegmentError::Signature)),
            (seal(at(0), 7), Verdict::Forged(SegmentError::Malformed)),
            (
                seal(
                    SegmentHeader {
                        chain: ChainId::from_bytes([5; 16]),
                        ..at(6)
                    },
                    7,
                ),
                Verdict::Forged(SegmentError::Malformed),
            ),
            (
                seal(
                    SegmentHeader {
                        organisation: OrganisationId::from_bytes([5; 16]),
                        ..at(6)
                    },
                    7,
                ),
                Verdict::Forged(SegmentError::Malformed),
            ),
        ] {
            assert_eq!(judge(&segment, &end()), expected);
        }
        let revoked = ChainEnd {
            quarantined: true,
            ..end()
        };
        assert_eq!(
            judge(&seal(at(6), 7), &revoked),
            Verdict::Accept(SegmentStatus::Quarantined)
        );
    }

    #[test]
    fn the_log_never_runs_back_in_time() {
        assert_eq!(next_accepted_at(5, None), 5);
        assert_eq!(next_accepted_at(5, Some(9)), 9);
        assert_eq!(next_accepted_at(12, Some(9)), 12);
    }
}
