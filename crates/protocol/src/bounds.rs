//! How much one sync request may name. It is counted on the bytes as they came, before anything is read into memory: a
//! list of a few bytes for each entry would be many times as large once it is read, and each entry costs the hub a search.

use minicbor::Decoder;
use minicbor::data::Type;

use crate::WireError;

/// One request asks for at most so many partitions; a handheld has two, and one more for each site it has worked at.
pub const PARTITIONS_MAX: usize = 64;
/// One request brings at most so many segments, own and carried. As many real ones would pass the request's bytes.
pub const SEGMENTS_MAX: usize = 32_768;
/// One request carries at most so many chains of others; who has more sends them with the next.
pub const CARRIED_CHAINS_MAX: usize = 4_096;

/// Why counting ended early.
enum Stop {
    Wire,
    Bounds,
}

impl From<minicbor::decode::Error> for Stop {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Wire
    }
}

#[derive(Default)]
struct Counted {
    partitions: usize,
    segments: usize,
    chains: usize,
}

/// Whether a sync request keeps within [`PARTITIONS_MAX`], [`SEGMENTS_MAX`] and [`CARRIED_CHAINS_MAX`].
///
/// # Errors
/// [`WireError`] if the bytes are no request; what is `Ok` may still turn out to be none.
pub fn is_within_bounds(request: &[u8]) -> Result<bool, WireError> {
    let mut counted = Counted::default();
    let mut d = Decoder::new(request);
    let outcome = each(&mut d, |d, field| match field {
        2 => each(d, |d, _| partition(d, &mut counted)),
        _ => Ok(d.skip()?),
    });
    match outcome {
        Ok(()) => Ok(true),
        Err(Stop::Bounds) => Ok(false),
        Err(Stop::Wire) => Err(WireError),
    }
}

fn partition(d: &mut Decoder<'_>, counted: &mut Counted) -> Result<(), Stop> {
    one_more(&mut counted.partitions, PARTITIONS_MAX)?;
    each(d, |d, field| match field {
        4 => segments(d, counted),
        6 => each(d, |d, _| {
            one_more(&mut counted.chains, CARRIED_CHAINS_MAX)?;
            each(d, |d, field| match field {
                1 => segments(d, counted),
                _ => Ok(d.skip()?),
            })
        }),
        _ => Ok(d.skip()?),
    })
}

fn segments(d: &mut Decoder<'_>, counted: &mut Counted) -> Result<(), Stop> {
    each(d, |d, _| {
        one_more(&mut counted.segments, SEGMENTS_MAX)?;
        Ok(d.skip()?)
    })
}

fn one_more(count: &mut usize, max: usize) -> Result<(), Stop> {
    *count += 1;
    if *count > max {
        return Err(Stop::Bounds);
    }
    Ok(())
}

/// The entries of an array with their places, whether its length is told or not.
fn each<'b>(
    d: &mut Decoder<'b>,
    mut f: impl FnMut(&mut Decoder<'b>, u64) -> Result<(), Stop>,
) -> Result<(), Stop> {
    if d.datatype()? == Type::Null {
        return Ok(d.skip()?);
    }
    let length = d.array()?;
    let mut at = 0;
    loop {
        match length {
            Some(length) if at == length => return Ok(()),
            None if d.datatype()? == Type::Break => return Ok(d.skip()?),
            _ => f(d, at)?,
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use documents::segment::{Segment, SegmentHash};
    use documents::{Partition, Signature};
    use domain::ChainId;

    use super::*;
    use crate::{
        CarriedChain, DeviceStatus, LogPosition, PartitionRequest, SnapshotWish, SyncRequest,
    };

    fn request(partitions: usize, segments: usize, chains: usize, in_each: usize) -> Vec<u8> {
        let segment = Segment::from_parts(
            Vec::new(),
            Signature::from_slice(&[0; 64]).unwrap(),
            Vec::new(),
        );
        let part = |first: bool| PartitionRequest {
            partition: Partition::Shared,
            position: LogPosition::default(),
            head_seq: 0,
            head_hash: SegmentHash::default(),
            segments: vec![segment.clone(); if first { segments } else { 0 }],
            chain: None,
            carried: (0..if first { chains } else { 0 })
                .map(|_| CarriedChain {
                    chain: ChainId::from_bytes([1; 16]),
                    segments: vec![segment.clone(); in_each],
                    certificate: None,
                })
                .collect(),
            snapshot: SnapshotWish::default(),
            told: None,
        };
        SyncRequest {
            versions: crate::VERSIONS,
            status: DeviceStatus::default(),
            partitions: (0..partitions).map(|n| part(n == 0)).collect(),
            reply_bytes_max: 0,
        }
        .to_bytes()
    }

    #[test]
    fn what_is_allowed_passes_and_one_more_of_each_does_not() {
        for (partitions, segments, chains, in_each, fits) in [
            (0, 0, 0, 0, true),
            (PARTITIONS_MAX, 3, 2, 2, true),
            (PARTITIONS_MAX + 1, 0, 0, 0, false),
            (1, SEGMENTS_MAX, 0, 0, true),
            (1, SEGMENTS_MAX + 1, 0, 0, false),
            (1, SEGMENTS_MAX - 1, 1, 1, true),
            (1, SEGMENTS_MAX - 1, 1, 2, false),
            (1, 0, CARRIED_CHAINS_MAX, 0, true),
            (1, 0, CARRIED_CHAINS_MAX + 1, 0, false),
        ] {
            let bytes = request(partitions, segments, chains, in_each);
            assert_eq!(
                is_within_bounds(&bytes),
                Ok(fits),
                "{partitions} {segments} {chains} {in_each}"
            );
        }
    }

    #[test]
    fn lists_without_a_length_are_counted_too_and_what_is_cut_off_is_no_request() {
        let mut endless = vec![0x84, 0x82, 1, 1, 0x80, 0x9f];
        endless.extend([0x80; PARTITIONS_MAX]);
        endless.extend([0xff, 0]);
        assert_eq!(is_within_bounds(&endless), Ok(true));
        endless.insert(6, 0x80);
        assert_eq!(is_within_bounds(&endless), Ok(false));
        let bytes = request(2, 2, 2, 2);
        for end in 0..bytes.len() {
            assert_eq!(is_within_bounds(&bytes[..end]), Err(WireError), "{end}");
        }
        // A length that promises more than there is.
        assert!(is_within_bounds(&[0x84, 0x82, 1, 1, 0x80, 0x9b, 1, 0, 0, 0, 0, 0, 0, 0]).is_err());
    }
}
