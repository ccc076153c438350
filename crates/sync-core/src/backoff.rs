//! How long to wait before trying again: doubling, with jitter, so that a fleet does not come back all at once.

/// The shortest wait, in milliseconds.
pub const FIRST_MS: u64 = 1_000;
/// The longest wait, in milliseconds, before jitter.
pub const LAST_MS: u64 = 60_000;

/// Waits of 1, 2, 4 ... 60 s, each taken at random from its upper half.
#[derive(Debug, Clone)]
pub struct Backoff {
    failures: u32,
    random: u64,
}

impl Backoff {
    /// `seed`: random, different for each device.
    pub const fn new(seed: u64) -> Self {
        Self {
            failures: 0,
            random: seed | 1,
        }
    }

    /// An exchange went well.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// How often it has failed since the last success.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Another failure: how many milliseconds to wait now.
    pub fn next_wait_ms(&mut self) -> u64 {
        let whole = (FIRST_MS << self.failures.min(10)).min(LAST_MS);
        self.failures = self.failures.saturating_add(1);
        // xorshift64: jitter needs no better.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        whole / 2 + self.random % (whole / 2 + 1)
    }

    /// Another failure, with a wait that the other side asked for: never less than that, and up to half as much more,
    /// so that all those who were sent away do not come back together.
    pub fn next_wait_at_least_ms(&mut self, asked: u64) -> u64 {
        let own = self.next_wait_ms();
        own.max(asked.saturating_add(self.random % (asked / 2 + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_stay_bounded_and_differ_between_devices() {
        let (mut a, mut b) = (Backoff::new(1), Backoff::new(2));
        let (mut same, mut whole) = (0, FIRST_MS);
        for _ in 0..20 {
            let (x, y) = (a.next_wait_ms(), b.next_wait_ms());
            assert!((whole / 2..=whole).contains(&x), "{x} of {whole}");
            same += u32::from(x == y);
            whole = (whole * 2).min(LAST_MS);
        }
        assert!(same < 5);
        a.reset();
        assert!(a.next_wait_ms() <= FIRST_MS);
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept_and_spread() {
        let seeds = (1..50_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let waits: std::collections::BTreeSet<u64> = seeds
            .map(|seed| Backoff::new(seed).next_wait_at_least_ms(10_000))
            .collect();
        assert!(waits.iter().all(|w| (10_000..=15_000).contains(w)));
        assert!(waits.len() > 40);
    }
}
