//! Slows down guessing of passwords: after a few wrong tries a name, or an address, has to wait.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::UnixMillis;

const WINDOW_MS: i64 = 15 * 60 * 1_000;
const TRIES_PER_NAME: u32 = 5;
/// More, because a whole warehouse may sit behind one address.
const TRIES_PER_ADDRESS: u32 = 50;
/// Memory stays bounded whatever names are tried.
const REMEMBERED_MAX: usize = 10_000;

/// Counts wrong tries in a window that starts with the first of them.
#[derive(Default)]
pub struct Throttle {
    tries: Mutex<HashMap<String, (u32, UnixMillis)>>,
}

impl Throttle {
    /// `Err(seconds)` if that name or address has to wait.
    ///
    /// # Errors
    /// The seconds until the next try.
    pub fn check(&self, name: &str, address: &str, now: UnixMillis) -> Result<(), u64> {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, limit) in keys(name, address) {
            if let Some((count, since)) = tries.get(&key)
                && *count >= limit
                && now < since + WINDOW_MS
            {
                return Err(u64::try_from((since + WINDOW_MS - now + 999) / 1_000).unwrap_or(1));
            }
        }
        Ok(())
    }

    /// Notes a wrong try.
    pub fn wrong(&self, name: &str, address: &str, now: UnixMillis) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= REMEMBERED_MAX {
            tries.retain(|_, (_, since)| now < *since + WINDOW_MS);
            if tries.len() >= REMEMBERED_MAX {
                tries.clear();
            }
        }
        for (key, _) in keys(name, address) {
            let entry = tries.entry(key).or_insert((0, now));
            if now >= entry.1 + WINDOW_MS {
                *entry = (0, now);
            }
            entry.0 += 1;
        }
    }

    /// A right password forgets that name's wrong tries.
    pub fn right(&self, name: &str) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.remove(&format!("name {}", name.to_lowercase()));
    }
}

fn keys(name: &str, address: &str) -> [(String, u32); 2] {
    [
        (format!("name {}", name.to_lowercase()), TRIES_PER_NAME),
        (format!("address {address}"), TRIES_PER_ADDRESS),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_try_waits_and_the_window_passes() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            assert_eq!(throttle.check("Chen", "a", 1_000), Ok(()));
            throttle.wrong("chen", "a", 1_000);
        }
        assert_eq!(throttle.check("CHEN", "b", 1_000), Err(900));
        assert_eq!(throttle.check("li", "a", 1_000), Ok(()));
        assert_eq!(throttle.check("chen", "a", 1_000 + WINDOW_MS), Ok(()));
        throttle.right("chen");
        assert_eq!(throttle.check("chen", "a", 1_000), Ok(()));
    }

    #[test]
    fn one_address_cannot_try_every_name() {
        let throttle = Throttle::default();
        for n in 0..50 {
            throttle.wrong(&format!("name{n}"), "a", 0);
        }
        assert!(throttle.check("new", "a", 0).is_err());
        assert!(throttle.check("new", "b", 0).is_ok());
    }
}
