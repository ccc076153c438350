//! The network in memory: what becomes of a message on its way.

use std::collections::BTreeSet;

use testkit::random::Random;

/// How bad it is. `one_in`: 0 never, else about once in so many messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quality {
    pub(super) delay_ms: u64,
    pub(super) lost_one_in: u64,
    pub(super) doubled_one_in: u64,
    pub(super) late_one_in: u64,
    pub(super) cut_one_in: u64,
    pub(super) flipped_one_in: u64,
}

impl Quality {
    pub(super) const GOOD: Self = Self {
        delay_ms: 20,
        lost_one_in: 0,
        doubled_one_in: 0,
        late_one_in: 0,
        cut_one_in: 0,
        flipped_one_in: 0,
    };

    pub(super) fn draw(random: &mut Random) -> Self {
        let mut odds = |usual: u64| if random.one_in(2) { 0 } else { usual };
        Self {
            lost_one_in: odds(5),
            doubled_one_in: odds(8),
            late_one_in: odds(10),
            cut_one_in: odds(10),
            flipped_one_in: odds(10),
            delay_ms: 1 + random.below(3_000),
        }
    }
}

#[derive(Debug)]
pub(super) struct Network {
    pub(super) quality: Quality,
    /// Pairs of handheld and hub node that do not reach each other.
    pub(super) split: BTreeSet<(usize, usize)>,
}

impl Network {
    pub(super) const fn new() -> Self {
        Self {
            quality: Quality::GOOD,
            split: BTreeSet::new(),
        }
    }

    /// When and how a message arrives: not at all, once, or twice.
    pub(super) fn carry(&self, bytes: &[u8], random: &mut Random) -> Vec<(i64, Vec<u8>)> {
        let quality = self.quality;
        let happens = |one_in: u64, random: &mut Random| one_in > 0 && random.one_in(one_in);
        let copies = if happens(quality.lost_one_in, random) {
            0
        } else if happens(quality.doubled_one_in, random) {
            2
        } else {
            1
        };
        let copy = |_| {
            let mut delay = 1 + random.below(quality.delay_ms.max(1)) as i64;
            if happens(quality.late_one_in, random) {
                // Long after the sender has given up, and after others that were sent later.
                delay += 60_000 + random.below(600_000) as i64;
            }
            let mut bytes = bytes.to_owned();
            if happens(quality.cut_one_in, random) {
                bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
            }
            if happens(quality.flipped_one_in, random) && !bytes.is_empty() {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << random.below(8);
            }
            (delay, bytes)
        };
        (0..copies).map(copy).collect()
    }
}
