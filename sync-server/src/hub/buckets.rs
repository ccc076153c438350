//! Token buckets: so much at once, and so much a second for as long as it goes on.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::UnixMillis;

/// Memory stays bounded however many keys are tried.
const REMEMBERED_MAX: usize = 20_000;

/// How much a bucket holds and how fast it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Millionths of a second for each; 0: no limit.
    pub(crate) every_us: i64,
    /// How many at once.
    pub(crate) burst: i64,
}

impl Rate {
    /// So many a second, and ten seconds' worth at once; 0: no limit.
    pub(crate) fn per_second(n: u32) -> Self {
        Self {
            every_us: 1_000_000_i64.checked_div(i64::from(n)).unwrap_or(0),
            burst: i64::from(n) * 10,
        }
    }
}

/// One bucket for each key, all alike. Kept for each is the time at which it is full again.
pub(crate) struct Buckets<K> {
    rate: Rate,
    full_at_us: Mutex<HashMap<K, i64>>,
}

impl<K: Hash + Eq> Buckets<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            full_at_us: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, i64>> {
        self.full_at_us
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one out.
    ///
    /// # Errors
    /// The seconds until there is one again, at least 1.
    pub(crate) fn take(&self, key: K, now: UnixMillis) -> Result<(), u32> {
        if self.rate.every_us == 0 {
            return Ok(());
        }
        let mut buckets = self.lock();
        let now_us = now.saturating_mul(1_000);
        if buckets.len() >= REMEMBERED_MAX && !buckets.contains_key(&key) {
            buckets.retain(|_, full_at| *full_at > now_us);
            if buckets.len() >= REMEMBERED_MAX {
                buckets.clear();
            }
        }
        let next = self.next(buckets.get(&key), now_us)?;
        buckets.insert(key, next);
        Ok(())
    }

    /// As [`Buckets::take`], but takes nothing.
    ///
    /// # Errors
    /// As of [`Buckets::take`].
    pub(crate) fn look(&self, key: &K, now: UnixMillis) -> Result<(), u32> {
        if self.rate.every_us == 0 {
            return Ok(());
        }
        self.next(self.lock().get(key), now.saturating_mul(1_000))
            .map(|_| ())
    }

    /// When the bucket is full again after one was taken.
    fn next(&self, full_at: Option<&i64>, now_us: i64) -> Result<i64, u32> {
        let whole = self.rate.every_us.saturating_mul(self.rate.burst);
        // A clock that was set back empties nobody's bucket more than wholly.
        let full_at = full_at
            .copied()
            .unwrap_or(now_us)
            .clamp(now_us, now_us.saturating_add(whole));
        let next = full_at.saturating_add(self.rate.every_us);
        let over = next - now_us - whole;
        if over > 0 {
            return Err(u32::try_from(over.div_euclid(1_000_000) + 1).unwrap_or(u32::MAX));
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_emptied_alone_says_how_long_to_wait_and_fills_again() {
        let buckets = Buckets::new(Rate {
            every_us: 2_000_000,
            burst: 3,
        });
        for _ in 0..3 {
            assert_eq!(buckets.take("a", 1_000), Ok(()));
        }
        assert_eq!(buckets.look(&"a", 1_000), Err(3));
        assert_eq!(buckets.take("a", 2_500), Err(1));
        assert_eq!(buckets.take("b", 2_500), Ok(()));
        assert_eq!(buckets.take("a", 3_000), Ok(()));
        assert!(buckets.take("a", 3_000).is_err());
        // The clock was set back by a day: the wait is no longer than for an empty bucket.
        assert_eq!(buckets.take("a", 3_000 - 86_400_000), Err(3));
    }

    #[test]
    fn no_rate_is_no_limit_and_memory_stays_bounded() {
        let free = Buckets::new(Rate::per_second(0));
        assert!((0..100_000).all(|_| free.take(1, 0).is_ok()));
        let buckets = Buckets::new(Rate::per_second(1));
        for key in 0..3 * REMEMBERED_MAX {
            assert_eq!(buckets.take(key, 0), Ok(()));
            assert!(buckets.lock().len() <= REMEMBERED_MAX);
        }
    }
}
