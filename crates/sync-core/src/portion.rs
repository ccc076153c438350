//! How much goes in one exchange. A line that breaks, or is so slow that waiting ends, in the middle of a large one would
//! never bring anything through; in small portions it does.

use crate::device::PUSH_BYTES_MAX;

/// Halved so often, a push has 16 KiB and a reply 64 KiB: 15 s are enough for that at little more than 1 KiB a second.
const HALVINGS_MAX: u32 = 6;

/// The share of the largest exchange that the line is trusted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Portion {
    halvings: u32,
}

impl Portion {
    pub(crate) const WHOLE: Self = Self { halvings: 0 };

    /// Bytes of segments to send.
    pub(crate) const fn push_bytes(self) -> usize {
        PUSH_BYTES_MAX >> self.halvings
    }

    /// Bytes of entries to ask for.
    pub(crate) const fn reply_bytes(self) -> u32 {
        protocol::REPLY_BYTES_MAX as u32 >> self.halvings
    }

    /// The line broke in the middle.
    pub(crate) const fn cut(&mut self) {
        if self.halvings < HALVINGS_MAX {
            self.halvings += 1;
        }
    }

    /// An exchange came through.
    pub(crate) const fn came_through(&mut self) {
        self.halvings = self.halvings.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_shrink_to_a_bound_and_grow_again() {
        let mut portion = Portion::WHOLE;
        let sizes = |p: Portion| (p.push_bytes() >> 10, p.reply_bytes() >> 10);
        assert_eq!(sizes(portion), (1_024, 4_096));
        for _ in 0..20 {
            portion.cut();
        }
        assert_eq!(sizes(portion), (16, 64));
        portion.came_through();
        assert_eq!(sizes(portion), (32, 128));
        for _ in 0..20 {
            portion.came_through();
        }
        assert_eq!(sizes(portion), (1_024, 4_096));
    }
}
