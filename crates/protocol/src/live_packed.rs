//! Unasked entries in few bytes: what both ends of a live connection know is left out, and what is like the entries
//! before is said by pointing at them.
//!
//! One scan is about 600 bytes as [`crate::LiveEntries`], and every handheld of the site gets it. Of these the device can
//! work out the hashes, the position and most of the header; the rest is compressed against what it got last on this
//! connection, which holds the same ids. What is left is mostly two signatures and a hash.

use std::cell::RefCell;
use std::collections::VecDeque;

use documents::segment::{Accepted, Segment, SegmentHash, SegmentHeader, SegmentStatus};
use documents::{Partition, Signature};
use domain::{ChainId, OrganisationId, UnixMillis};
use zstd::zstd_safe::{CCtx, DCtx};

use crate::{LiveEntries, LogPosition, WireError};

/// What stands in the query of the live path of a device that reads packed entries.
pub const LIVE_PACKED_QUERY: &str = "packed=1";

/// Entries that unpack to more are sent plain.
pub const UNPACKED_BYTES_MAX: usize = 64 << 10;
/// Both ends keep the last entries up to so many bytes.
pub const KEPT_BYTES_MAX: usize = 4 << 10;
/// Higher levels save nothing on so few bytes.
const ZSTD_LEVEL: i32 = 3;

#[derive(minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
struct Short {
    #[n(0)]
    organisation: OrganisationId,
    #[n(1)]
    partition: Partition,
    #[n(2)]
    entries: Vec<ShortEntry>,
    #[n(3)]
    after: u64,
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    check: [u8; 8],
}

/// In the order that puts what is alike in two entries next to each other.
#[derive(minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
struct ShortEntry {
    #[n(0)]
    chain: ChainId,
    #[n(1)]
    changes: u32,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    body: Vec<u8>,
    #[n(3)]
    status: SegmentStatus,
    #[n(4)]
    accepted_at: UnixMillis,
    #[n(5)]
    seq: u64,
    /// Absent: the newest of this chain among the entries before in this frame and those that are kept.
    #[n(6)]
    previous: Option<SegmentHash>,
    #[n(7)]
    signature: Signature,
    #[n(8)]
    acceptance: Signature,
}

/// A frame that both ends remember.
struct Kept {
    plain: Vec<u8>,
    ends: Vec<(ChainId, SegmentHash)>,
}

/// One end's memory of what was sent unasked on a connection. Both ends' are alike, because the connection neither loses
/// nor reorders; so each frame is packed and unpacked once, in order.
#[derive(Default)]
pub struct LivePacking {
    kept: VecDeque<Kept>,
}

/// Entries as they came. Where they stand in the log is known by number and by a check of the position.
#[derive(Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// Which partition.
    pub partition: Partition,
    after: u64,
    check: [u8; 8],
    entries: Vec<Accepted>,
}

impl Unpacked {
    /// The entries for a device that stands at `position` in that partition. If they do not follow it, the place after
    /// which they stand is none that a device can have.
    pub fn at(self, position: &LogPosition) -> LiveEntries {
        let here = self.after == position.number && self.check == check_of(position);
        let after = if here {
            LogPosition {
                acceptances: None,
                ..*position
            }
        } else {
            LogPosition {
                number: self.after,
                running_hash: [0xff; 32],
                ..LogPosition::default()
            }
        };
        LiveEntries {
            partition: self.partition,
            after,
            entries: self.entries,
        }
    }
}

/// Tells one log and position from another: the first 8 bytes of the hash of epoch and running hash.
fn check_of(position: &LogPosition) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&position.epoch);
    hasher.update(&position.running_hash);
    let [a, b, c, d, e, f, g, h, ..] = *hasher.finalize().as_bytes();
    [a, b, c, d, e, f, g, h]
}

impl LivePacking {
    /// Packs entries for the other end; `None` if they have to be sent as they are.
    pub fn pack(&mut self, entries: &LiveEntries) -> Option<Vec<u8>> {
        let mut ends = Vec::with_capacity(entries.entries.len());
        let mut short = Vec::with_capacity(entries.entries.len());
        let mut organisation = None;
        for (accepted, number) in entries.entries.iter().zip(entries.after.number + 1..) {
            let segment = accepted.segment.as_ref()?;
            let header = segment.header().ok()?;
            // A later program may have written more into it.
            let is_told = minicbor::to_vec(&header).ok()? == segment.header_bytes()
                && *organisation.get_or_insert(header.organisation) == header.organisation
                && header.partition == entries.partition
                && header.body_hash == *blake3::hash(segment.body_bytes()).as_bytes()
                && accepted.hash == segment.hash()
                && accepted.number == number;
            if !is_told {
                return None;
            }
            let known = self.end_of(header.chain, &ends);
            short.push(ShortEntry {
                chain: header.chain,
                changes: header.changes,
                body: segment.body_bytes().to_vec(),
                status: accepted.status,
                accepted_at: accepted.accepted_at,
                seq: header.seq,
                previous: Some(header.previous).filter(|p| Some(*p) != known),
                signature: *segment.signature(),
                acceptance: accepted.signature,
            });
            ends.push((header.chain, accepted.hash));
        }
        let plain = minicbor::to_vec(Short {
            organisation: organisation?,
            partition: entries.partition,
            entries: short,
            after: entries.after.number,
            check: check_of(&entries.after),
        })
        .ok()?;
        if plain.len() > UNPACKED_BYTES_MAX {
            return None;
        }
        let packed = compress(&plain, &self.dictionary())?;
        self.keep(Kept { plain, ends });
        Some(packed)
    }

    /// Unpacks what the other end packed.
    ///
    /// # Errors
    /// [`WireError`] if it did not: nothing that follows on this connection can be read then.
    pub fn unpack(&mut self, packed: &[u8]) -> Result<Unpacked, WireError> {
        let plain = decompress(packed, &self.dictionary()).ok_or(WireError)?;
        let short: Short = minicbor::decode(&plain).map_err(|_| WireError)?;
        let mut ends = Vec::with_capacity(short.entries.len());
        let mut entries = Vec::with_capacity(short.entries.len());
        let mut number = short.after;
        for entry in short.entries {
            number = number.checked_add(1).ok_or(WireError)?;
            let known = || self.end_of(entry.chain, &ends);
            let header = SegmentHeader {
                organisation: short.organisation,
                partition: short.partition,
                chain: entry.chain,
                seq: entry.seq,
                previous: entry.previous.or_else(known).ok_or(WireError)?,
                changes: entry.changes,
                body_hash: *blake3::hash(&entry.body).as_bytes(),
            };
            let header_bytes = minicbor::to_vec(&header).map_err(|_| WireError)?;
            let segment = Segment::from_parts(header_bytes, entry.signature, entry.body);
            let hash = segment.hash();
            ends.push((entry.chain, hash));
            entries.push(Accepted {
                number,
                accepted_at: entry.accepted_at,
                status: entry.status,
                signature: entry.acceptance,
                segment: Some(segment),
                hash,
                extract: None,
            });
        }
        self.keep(Kept { plain, ends });
        Ok(Unpacked {
            partition: short.partition,
            after: short.after,
            check: short.check,
            entries,
        })
    }

    /// The newest segment of a chain among `fresh` and what is kept.
    fn end_of(&self, chain: ChainId, fresh: &[(ChainId, SegmentHash)]) -> Option<SegmentHash> {
        let kept = self.kept.iter().flat_map(|frame| &frame.ends);
        let mut newest_first = fresh.iter().rev().chain(kept.rev());
        newest_first
            .find(|(of, _)| *of == chain)
            .map(|(_, hash)| *hash)
    }

    /// The newest comes last: what is near costs least to point at.
    fn dictionary(&self) -> Vec<u8> {
        let plain = self.kept.iter().map(|frame| &frame.plain[..]);
        plain.collect::<Vec<_>>().concat()
    }

    fn keep(&mut self, frame: Kept) {
        self.kept.push_back(frame);
        let mut bytes: usize = self.kept.iter().map(|frame| frame.plain.len()).sum();
        while bytes > KEPT_BYTES_MAX {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            bytes -= oldest.plain.len();
        }
    }
}

fn compress(plain: &[u8], dictionary: &[u8]) -> Option<Vec<u8>> {
    thread_local! {
        /// Its tables are larger than many connections' memory of what they sent.
        static CONTEXT: RefCell<CCtx<'static>> = RefCell::new(CCtx::create());
    }
    let mut packed = Vec::with_capacity(zstd::zstd_safe::compress_bound(plain.len()));
    CONTEXT.with_borrow_mut(|context| {
        context
            .compress_using_dict(&mut packed, plain, dictionary, ZSTD_LEVEL)
            .ok()
    })?;
    Some(packed)
}

fn decompress(packed: &[u8], dictionary: &[u8]) -> Option<Vec<u8>> {
    // The frame says how long it is unpacked; memory is taken for no more than that.
    let bytes = zstd::zstd_safe::get_frame_content_size(packed).ok()??;
    let bytes = usize::try_from(bytes).ok()?;
    if bytes > UNPACKED_BYTES_MAX {
        return None;
    }
    let mut plain = Vec::with_capacity(bytes);
    DCtx::create()
        .decompress_using_dict(&mut plain, packed, dictionary)
        .ok()?;
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use documents::body::{Body, Part};
    use documents::{RecordId, SigningKey};
    use domain::SiteId;

    const HERE: Partition = Partition::Site(SiteId::from_bytes([2; 16]));

    /// A log of a site that three devices write, one entry after the other.
    struct Log {
        position: LogPosition,
        ends: [(u64, SegmentHash); 3],
        hub: SigningKey,
    }

    impl Log {
        fn new() -> Self {
            Self {
                position: LogPosition {
                    epoch: [7; 16],
                    ..LogPosition::default()
                },
                ends: [(0, SegmentHash::default()); 3],
                hub: SigningKey::from_seed(&[9; 32]),
            }
        }

        fn scan(&mut self, device: u8, bytes: usize) -> Accepted {
            let key = SigningKey::from_seed(&[device; 32]);
            let (seq, previous) = self.ends[usize::from(device)];
            let header = SegmentHeader {
                organisation: OrganisationId::from_bytes([1; 16]),
                partition: HERE,
                chain: ChainId::from_bytes([10 + device; 16]),
                seq: seq + 1,
                previous,
                changes: 1,
                body_hash: [0; 32],
            };
            let journal = RecordId([20 + device; 16]);
            let part = Part::journal(journal, vec![vec![seq as u8; bytes]]);
            let segment = Segment::seal(header, &Body { parts: vec![part] }, &key);
            self.ends[usize::from(device)] = (seq + 1, segment.hash());
            let number = self.position.number + 1;
            let at = 1_000 + number as i64;
            Accepted::sign(number, at, SegmentStatus::Live, segment, &self.hub)
        }

        fn send(&mut self, entries: Vec<Accepted>) -> LiveEntries {
            let after = self.position;
            for entry in &entries {
                let chained = [&self.position.running_hash[..], &entry.hash.0].concat();
                self.position.number += 1;
                self.position.running_hash = *blake3::hash(&chained).as_bytes();
            }
            LiveEntries {
                partition: HERE,
                after,
                entries,
            }
        }
    }

    fn plain_bytes(entries: &LiveEntries) -> usize {
        crate::LiveFrame::Entries(entries.clone()).to_bytes().len()
    }

    #[test]
    fn what_is_packed_is_unpacked_however_much_is_remembered() {
        let (mut hub, mut device, mut log) =
            (LivePacking::default(), LivePacking::default(), Log::new());
        for n in 0..40u8 {
            // Small and large ones, so that what is remembered begins anew now and then.
            let bytes = if n % 9 == 8 { 3_000 } else { 40 };
            let scanned = log.scan(n % 3, bytes);
            let sent = log.send(vec![scanned]);
            let packed = hub.pack(&sent).unwrap();
            let position = LogPosition {
                acceptances: Some(crate::Acceptances {
                    count: 1,
                    hash: [5; 8],
                }),
                ..sent.after
            };
            let unpacked = device.unpack(&packed).unwrap();
            assert_eq!(unpacked.at(&position), sent, "entry {n}");
            let remembered: usize = device.kept.iter().map(|f| f.plain.len()).sum();
            assert!(remembered <= KEPT_BYTES_MAX);
        }
    }

    #[test]
    fn several_entries_of_one_chain_in_one_frame() {
        let (mut hub, mut device, mut log) =
            (LivePacking::default(), LivePacking::default(), Log::new());
        let mut entries = Vec::new();
        for n in 0..5 {
            let mut scanned = log.scan(0, 40);
            scanned = Accepted::sign(
                n + 1,
                scanned.accepted_at,
                scanned.status,
                scanned.segment.unwrap(),
                &log.hub,
            );
            entries.push(scanned);
        }
        let sent = log.send(entries);
        let packed = hub.pack(&sent).unwrap();
        assert!(packed.len() < plain_bytes(&sent) / 2);
        assert_eq!(device.unpack(&packed).unwrap().at(&sent.after), sent);
    }

    #[test]
    fn one_more_scan_costs_little_beside_its_signatures() {
        let (mut hub, mut log) = (LivePacking::default(), Log::new());
        let mut last = 0;
        for n in 0..6 {
            let scanned = log.scan(n % 3, 40);
            let sent = log.send(vec![scanned]);
            last = hub.pack(&sent).unwrap().len();
        }
        assert!(last < 128 + 70, "{last} bytes");
    }

    #[test]
    fn a_device_that_stands_elsewhere_is_told_so() {
        let (mut hub, mut device, mut log) =
            (LivePacking::default(), LivePacking::default(), Log::new());
        let scanned = log.scan(0, 40);
        let sent = log.send(vec![scanned]);
        let packed = hub.pack(&sent).unwrap();
        let unpacked = || LivePacking::default().unpack(&packed).unwrap();
        for elsewhere in [
            log.position,
            LogPosition {
                epoch: [8; 16],
                ..sent.after
            },
            LogPosition {
                running_hash: [1; 32],
                ..sent.after
            },
        ] {
            let told = unpacked().at(&elsewhere);
            assert!(!told.after.is_at(&elsewhere));
            assert_eq!(told.after.number, 0);
        }
        assert_eq!(device.unpack(&packed).unwrap().at(&sent.after), sent);
    }

    #[test]
    fn what_the_other_end_cannot_work_out_is_sent_plain() {
        let mut log = Log::new();
        let scanned = log.scan(0, 40);
        let sent = log.send(vec![scanned]);
        let with = |change: &dyn Fn(&mut LiveEntries)| {
            let mut other = sent.clone();
            change(&mut other);
            LivePacking::default().pack(&other)
        };
        assert!(with(&|_| ()).is_some());
        assert!(with(&|e| e.entries[0].segment = None).is_none());
        assert!(with(&|e| e.entries[0].number = 5).is_none());
        assert!(with(&|e| e.entries[0].hash = SegmentHash::default()).is_none());
        assert!(with(&|e| e.partition = Partition::Shared).is_none());
        assert!(with(&|e| e.entries.clear()).is_none());
        // A header with a field more.
        let longer = |e: &mut LiveEntries| {
            let segment = e.entries[0].segment.take().unwrap();
            let mut header = segment.header_bytes().to_vec();
            header[0] += 1;
            header.push(0);
            let (signature, body) = (*segment.signature(), segment.body_bytes().to_vec());
            let longer = Segment::from_parts(header, signature, body);
            e.entries[0].hash = longer.hash();
            e.entries[0].segment = Some(longer);
        };
        assert!(with(&longer).is_none());
        // Its body is packed already; several of them pass the bound.
        let mut noise = vec![0; 40_000];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        let part = Part::journal(RecordId([4; 16]), vec![noise]);
        let key = SigningKey::from_seed(&[0; 32]);
        let large = |number| {
            let scanned = Log::new().scan(0, 0);
            let header = scanned.segment.unwrap().header().unwrap();
            let parts = vec![part.clone()];
            let segment = Segment::seal(header, &Body { parts }, &key);
            Accepted::sign(number, 5, SegmentStatus::Live, segment, &key)
        };
        assert!(with(&|e| e.entries = vec![large(1)]).is_some());
        assert!(with(&|e| e.entries = vec![large(1), large(2)]).is_none());
    }

    #[test]
    fn damaged_bytes_are_an_error_or_fail_their_signatures() {
        let mut log = Log::new();
        let first = log.scan(0, 40);
        let first = log.send(vec![first]);
        let second = log.scan(0, 40);
        let second = log.send(vec![second]);
        let mut hub = LivePacking::default();
        let (one, two) = (hub.pack(&first).unwrap(), hub.pack(&second).unwrap());
        let key = SigningKey::from_seed(&[0; 32]).public();
        for at in 0..two.len() {
            for bad in [
                [&two[..at], &[two[at] ^ 1], &two[at + 1..]].concat(),
                two[..at].to_vec(),
            ] {
                let mut device = LivePacking::default();
                device.unpack(&one).unwrap();
                let Ok(unpacked) = device.unpack(&bad) else {
                    continue;
                };
                let told = unpacked.at(&second.after);
                let sound = told.after == second.after
                    && told.entries.iter().all(|e| {
                        e.verify(&log.hub.public())
                            && e.segment.as_ref().is_some_and(|s| s.verify(&key).is_ok())
                    });
                assert!(!sound || told == second, "byte {at}");
            }
        }
        // Another memory than the hub's.
        assert_ne!(
            LivePacking::default()
                .unpack(&two)
                .map(|u| u.at(&second.after)),
            Ok(second)
        );
    }
}
