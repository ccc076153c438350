//! Time: unix milliseconds, and a hybrid logical clock that never runs backwards.
//!
//! Source: Kulkarni, Demirbas et al., "Logical Physical Clocks" (2014).

/// Unix time in milliseconds, UTC.
pub type UnixMillis = i64;

/// A remote clock further ahead than this is not adopted, so that one wrong device does not drag all others.
pub const SKEW_LIMIT_MS: i64 = 5 * 60 * 1_000;

/// A reading of a hybrid logical clock.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    minicbor::Encode,
    minicbor::Decode,
)]
#[cbor(array)]
pub struct Timestamp {
    /// Unix milliseconds.
    #[n(0)]
    pub millis: UnixMillis,
    /// Tells events of one millisecond apart.
    #[n(1)]
    pub counter: u32,
}

/// The clock of one replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HybridClock {
    last: Timestamp,
}

impl HybridClock {
    /// A clock that has seen `last`.
    pub const fn resume(last: Timestamp) -> Self {
        Self { last }
    }

    /// The latest reading given out or adopted.
    pub const fn last(&self) -> Timestamp {
        self.last
    }

    /// A reading later than all before it. `now`: the device's own clock, which may jump back.
    pub fn tick(&mut self, now: UnixMillis) -> Timestamp {
        self.last = if now > self.last.millis {
            Timestamp {
                millis: now,
                counter: 0,
            }
        } else {
            Timestamp {
                millis: self.last.millis,
                counter: self.last.counter.saturating_add(1),
            }
        };
        self.last
    }

    /// Adopts a reading seen on another device, unless it lies more than [`SKEW_LIMIT_MS`] ahead of `now`.
    /// Returns whether it was near enough.
    pub fn observe(&mut self, seen: Timestamp, now: UnixMillis) -> bool {
        let near = seen.millis <= now.saturating_add(SKEW_LIMIT_MS);
        if near && seen > self.last {
            self.last = seen;
        }
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_backwards_even_if_the_device_clock_jumps() {
        let mut clock = HybridClock::default();
        let mut last = Timestamp::default();
        for now in [1_000, 1_000, 999, 5, 1_001, 86_400_000, 2_000] {
            let reading = clock.tick(now);
            assert!(reading > last, "{reading:?} after {last:?}");
            last = reading;
        }
    }

    #[test]
    fn a_clock_a_day_ahead_is_not_adopted() {
        let mut clock = HybridClock::default();
        clock.tick(1_000);
        assert!(!clock.observe(
            Timestamp {
                millis: 86_400_000,
                counter: 0
            },
            1_000
        ));
        assert_eq!(clock.tick(1_000).millis, 1_000);
        assert!(clock.observe(
            Timestamp {
                millis: 200_000,
                counter: 3
            },
            1_000
        ));
        assert_eq!(
            clock.tick(1_000),
            Timestamp {
                millis: 200_000,
                counter: 4
            }
        );
    }
}
