//! A stream of QR codes, shown in a loop, and what is made of the ones that were seen.

use crate::base45;

/// The length of a frame's part: the text of a frame then fits a QR of 101 modules (version 21) with error correction
/// L, four pixels a module on the narrowest screen.
pub const PART_BYTES: usize = 800;
/// No stream has more parts than this.
pub const PARTS_MAX: usize = 256;
/// No content is larger than this.
pub const CONTENT_BYTES_MAX: usize = PART_BYTES * PARTS_MAX;

const HEAD: &str = "TLYQ1:";
const HEADER_BYTES: usize = 16;

/// Names a content and proves it: the first bytes of its hash.
type StreamId = [u8; 8];
/// Which parts a frame is the exclusive or of, a bit each.
type Choice = [u64; PARTS_MAX / 64];

fn stream_id(content: &[u8]) -> StreamId {
    let mut id = [0; 8];
    id.copy_from_slice(&blake3::hash(content).as_bytes()[..8]);
    id
}

/// The parts that a frame carries.
fn choice(id: StreamId, number: u32, parts: usize) -> Choice {
    let mut chosen = Choice::default();
    let mut set = |part: usize| chosen[part / 64] |= 1 << (part % 64);
    match usize::try_from(number) {
        Ok(part) if part < parts => set(part),
        _ => {
            let hash = blake3::hash(&[&id[..], &number.to_be_bytes()].concat());
            let bit = |part: &usize| hash.as_bytes()[part / 8] >> (part % 8) & 1 == 1;
            (0..parts).filter(bit).for_each(&mut set);
            if chosen == Choice::default() {
                // A frame that says nothing would only cost time.
                chosen[0] |= 1;
            }
        }
    }
    chosen
}

fn add(to: &mut [u8], other: &[u8]) {
    to.iter_mut().zip(other).for_each(|(a, b)| *a ^= b);
}

/// The content does not fit into a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much for QR codes")]
pub struct TooLarge;

/// Shows a content.
#[derive(Debug, Clone)]
pub struct Sender {
    id: StreamId,
    length: u32,
    parts: Vec<Vec<u8>>,
}

impl Sender {
    /// Cuts the content.
    ///
    /// # Errors
    /// [`TooLarge`]: it is empty or passes [`CONTENT_BYTES_MAX`].
    pub fn new(content: &[u8]) -> Result<Self, TooLarge> {
        if content.is_empty() || content.len() > CONTENT_BYTES_MAX {
            return Err(TooLarge);
        }
        // Parts of about the same length: a small content makes small codes.
        let count = content.len().div_ceil(PART_BYTES);
        let part_bytes = content.len().div_ceil(count);
        let parts = content.chunks(part_bytes).map(|chunk| {
            let mut part = chunk.to_vec();
            part.resize(part_bytes, 0);
            part
        });
        Ok(Self {
            id: stream_id(content),
            length: u32::try_from(content.len()).map_err(|_| TooLarge)?,
            parts: parts.collect(),
        })
    }

    /// How many frames a receiver needs that misses none.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// The text of a frame, in the characters of a QR's alphanumeric mode. `number` counts up from 0 without end; after
    /// the last one it begins again.
    pub fn frame(&self, number: u32) -> String {
        let mut part = vec![0; self.parts.first().map_or(0, Vec::len)];
        let chosen = choice(self.id, number, self.parts.len());
        for (n, other) in self.parts.iter().enumerate() {
            if chosen[n / 64] >> (n % 64) & 1 == 1 {
                add(&mut part, other);
            }
        }
        let mut bytes = Vec::with_capacity(HEADER_BYTES + part.len());
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&self.length.to_be_bytes());
        bytes.extend_from_slice(&number.to_be_bytes());
        bytes.extend_from_slice(&part);
        format!("{HEAD}{}", base45::encode(&bytes))
    }
}

/// Whether a scanned text is a frame at all.
pub fn is_frame(text: &str) -> bool {
    text.starts_with(HEAD)
}

/// What a frame did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The text is no frame of a stream.
    Foreign,
    /// So many parts of so many are known.
    Progress {
        /// Parts that are known or can be worked out.
        have: usize,
        /// All parts.
        of: usize,
    },
    /// All of it, verified.
    Complete(Vec<u8>),
    /// All frames were there, and what they give is not what was named. It begins again.
    Damaged,
}

/// Collects the frames of one stream. A frame of another stream begins that one.
#[derive(Debug, Clone, Default)]
pub struct Receiver {
    stream: Option<Stream>,
}

#[derive(Debug, Clone)]
struct Stream {
    id: StreamId,
    length: usize,
    part_bytes: usize,
    /// By its first chosen part: equations that no other one says already.
    rows: Vec<Option<(Choice, Vec<u8>)>>,
    have: usize,
}

impl Receiver {
    /// Takes what was scanned.
    pub fn take(&mut self, text: &str) -> Seen {
        let Some((id, length, number, part)) = parse(text) else {
            return Seen::Foreign;
        };
        let count = length.div_ceil(part.len());
        let same = |s: &Stream| s.id == id && s.length == length && s.part_bytes == part.len();
        let known = self.stream.take().filter(same);
        let mut stream = known.unwrap_or_else(|| Stream {
            id,
            length,
            part_bytes: part.len(),
            rows: vec![None; count],
            have: 0,
        });
        stream.learn(choice(id, number, count), part);
        if stream.have < count {
            let have = stream.have;
            self.stream = Some(stream);
            return Seen::Progress { have, of: count };
        }
        match stream.solve() {
            Some(content) => Seen::Complete(content),
            None => Seen::Damaged,
        }
    }
}

/// The header's fields and the part, if the text is a frame whose sizes can be.
fn parse(text: &str) -> Option<(StreamId, usize, u32, Vec<u8>)> {
    let encoded = text.strip_prefix(HEAD)?;
    // Each part of a stream is as long as the first; no honest one is longer than two thirds of its text.
    if encoded.len() > (HEADER_BYTES + PART_BYTES) * 3 / 2 + 3 {
        return None;
    }
    let bytes = base45::decode(encoded)?;
    let (id, rest) = bytes.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (number, part) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let fits = !part.is_empty()
        && part.len() <= PART_BYTES
        && length > 0
        && length.div_ceil(part.len()) <= PARTS_MAX;
    fits.then(|| (*id, length, u32::from_be_bytes(*number), part.to_vec()))
}

impl Stream {
    /// Adds an equation: the parts that are chosen give `sum`. What the others say already is taken out of it first.
    fn learn(&mut self, mut chosen: Choice, mut sum: Vec<u8>) {
        for part in 0..self.rows.len() {
            if chosen[part / 64] >> (part % 64) & 1 == 0 {
                continue;
            }
            match &mut self.rows[part] {
                Some((others, known)) => {
                    chosen
                        .iter_mut()
                        .zip(others.iter())
                        .for_each(|(a, b)| *a ^= b);
                    add(&mut sum, known);
                }
                row => {
                    *row = Some((chosen, sum));
                    self.have += 1;
                    return;
                }
            }
        }
    }

    /// Every part has an equation that begins with it: from the last to the first each one is known.
    fn solve(mut self) -> Option<Vec<u8>> {
        let mut parts: Vec<Vec<u8>> = vec![Vec::new(); self.rows.len()];
        for part in (0..self.rows.len()).rev() {
            let (chosen, mut sum) = self.rows[part].take()?;
            for (n, known) in parts.iter().enumerate().skip(part + 1) {
                if chosen[n / 64] >> (n % 64) & 1 == 1 {
                    add(&mut sum, known);
                }
            }
            parts[part] = sum;
        }
        let mut content = parts.concat();
        content.truncate(self.length);
        (stream_id(&content) == self.id).then_some(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Shows frames from `first` on, without those that `lost` names; returns the content and how many were read.
    fn received(sender: &Sender, first: u32, lost: impl Fn(u32) -> bool) -> (Vec<u8>, usize) {
        let mut receiver = Receiver::default();
        let mut read = 0;
        for number in (first..).filter(|n| !lost(*n)) {
            read += 1;
            match receiver.take(&sender.frame(number)) {
                Seen::Complete(content) => return (content, read),
                Seen::Progress { .. } => {}
                other => panic!("frame {number}: {other:?}"),
            }
        }
        unreachable!("the show has no end")
    }

    fn content(bytes: usize) -> Vec<u8> {
        (0..bytes)
            .map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[0])
            .collect()
    }

    #[test]
    fn nothing_lost_takes_as_many_frames_as_parts() {
        for bytes in [1, 799, 800, 801, 12_000, CONTENT_BYTES_MAX] {
            let content = content(bytes);
            let sender = Sender::new(&content).unwrap();
            assert_eq!(received(&sender, 0, |_| false), (content, sender.parts()));
        }
    }

    #[test]
    fn a_few_frames_more_make_up_for_any_loss() {
        let content = content(16_000);
        let sender = Sender::new(&content).unwrap();
        assert_eq!(sender.parts(), 20);
        for (first, lost) in [(0, 3), (7, 2), (1_000, 5), (u32::MAX / 2, 2)] {
            let (got, read) = received(&sender, first, |n| n % lost == 0);
            assert_eq!(got, content);
            assert!(read <= 20 + 8, "{read} frames");
        }
    }

    #[test]
    fn too_much_or_nothing_is_refused() {
        assert_eq!(Sender::new(&[]).err(), Some(TooLarge));
        assert_eq!(
            Sender::new(&vec![0; CONTENT_BYTES_MAX + 1]).err(),
            Some(TooLarge)
        );
    }

    #[test]
    fn a_frame_of_another_stream_begins_that_one() {
        let (one, other) = (content(2_000), content(2_001));
        let senders = [&one, &other].map(|c| Sender::new(c).unwrap());
        let mut receiver = Receiver::default();
        let progress = |have| Seen::Progress { have, of: 3 };
        assert_eq!(receiver.take(&senders[0].frame(0)), progress(1));
        assert_eq!(receiver.take(&senders[0].frame(1)), progress(2));
        assert_eq!(receiver.take(&senders[0].frame(1)), progress(2));
        assert_eq!(receiver.take(&senders[1].frame(2)), progress(1));
        assert_eq!(receiver.take("6901234567892"), Seen::Foreign);
        assert_eq!(receiver.take(&senders[1].frame(0)), progress(2));
        assert_eq!(receiver.take(&senders[1].frame(1)), Seen::Complete(other));
    }

    #[test]
    fn a_false_frame_is_noticed_and_the_show_goes_on() {
        let content = content(1_500);
        let sender = Sender::new(&content).unwrap();
        let mut bytes = base45::decode(&sender.frame(0)[HEAD.len()..]).unwrap();
        bytes[HEADER_BYTES] ^= 1;
        let mut receiver = Receiver::default();
        receiver.take(&format!("{HEAD}{}", base45::encode(&bytes)));
        assert_eq!(receiver.take(&sender.frame(1)), Seen::Damaged);
        assert_eq!(
            receiver.take(&sender.frame(0)),
            Seen::Progress { have: 1, of: 2 }
        );
        assert_eq!(receiver.take(&sender.frame(1)), Seen::Complete(content));
    }

    #[test]
    fn sizes_that_cannot_be_are_foreign() {
        let frame = |length: u32, part: usize| {
            let bytes = [&[0; 8], &length.to_be_bytes()[..], &[0; 4], &vec![1; part]].concat();
            format!("{HEAD}{}", base45::encode(&bytes))
        };
        for (length, part) in [
            (u32::MAX, 800),
            (0, 10),
            (10, 0),
            (300, 1),
            (5_000, PART_BYTES + 1),
        ] {
            let seen = Receiver::default().take(&frame(length, part));
            assert_eq!(seen, Seen::Foreign, "{length} bytes in parts of {part}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_without_panic(text in "(TLYQ1:)?[0-9A-Z $%*+./:-]{0,200}") {
            Receiver::default().take(&text);
        }

        #[test]
        fn any_order_and_any_loss_gives_the_same_bytes(
            bytes in proptest::collection::vec(any::<u8>(), 1..6_000),
            numbers in proptest::collection::vec(0_u32..64, 200),
        ) {
            let sender = Sender::new(&bytes).unwrap();
            let mut receiver = Receiver::default();
            // Some of any order first, then the show from the beginning: it must end within one round of parts.
            let mut complete = None;
            for number in numbers.into_iter().take(5).chain(0..8) {
                if let Seen::Complete(content) = receiver.take(&sender.frame(number)) {
                    complete.get_or_insert(content);
                }
            }
            prop_assert_eq!(complete, Some(bytes));
        }
    }
}
