//! How much is under way at one time. Beyond it devices are told to come back later, so that the load that is taken is
//! answered in time and memory stays bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use protocol::{Refusal, RefusalCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bounds that an operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Live connections at one time; devices beyond it poll.
    pub live_max: usize,
    /// Requests that are worked on or wait; devices beyond it are told to wait.
    pub waiting_max: usize,
    /// MiB of replies at one time.
    pub reply_mib: usize,
    /// Requests a second of one device, for as long as it goes on; ten seconds' worth at once. 0: no limit.
    pub requests_per_second: u32,
    /// As above, of one address: behind a proxy that is everybody.
    pub requests_per_second_per_address: u32,
    /// MiB of new segments that one device may bring in a day.
    pub push_mib_per_day: u64,
    /// Changes that one device may bring in a day.
    pub push_changes_per_day: u64,
    /// Requests a second of one key of another program; ten seconds' worth at once. 0: no limit.
    pub api_requests_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            live_max: 2_000,
            waiting_max: 1_000,
            reply_mib: 32,
            requests_per_second: 200,
            requests_per_second_per_address: 2_000,
            push_mib_per_day: 512,
            push_changes_per_day: 1_000_000,
            api_requests_per_second: 50,
        }
    }
}

/// Requests that are worked on at one time, each on a thread of its own; those that write share transactions.
const WORKING: usize = 32;
/// What every reply may take without asking.
const REPLY_FLOOR_KIB: u32 = 64;
/// How long a device that was sent away waits at least; it adds jitter.
const RETRY_AFTER_SECONDS: u32 = 2;

#[derive(Clone)]
pub(super) struct Gate {
    limits: Limits,
    live: Arc<Semaphore>,
    working: Arc<Semaphore>,
    reply_kib: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

/// Counts one request that waits.
struct Waits(Arc<AtomicUsize>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Leave to work on one request, and to answer it in so many bytes.
pub(super) struct Leave {
    _waits: Waits,
    _working: OwnedSemaphorePermit,
    reply_kib: OwnedSemaphorePermit,
}

impl Leave {
    pub(super) fn reply_bytes_max(&self) -> u32 {
        u32::try_from(self.reply_kib.num_permits()).map_or(u32::MAX, |kib| kib.saturating_mul(1024))
    }

    /// The work is done; keeps only what the reply takes until it is sent.
    pub(super) fn into_reply(mut self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let kib = bytes.div_ceil(1024).min(self.reply_kib.num_permits());
        self.reply_kib.split(kib)
    }
}

/// The refusal of those who are too many.
pub(super) const fn too_many() -> Refusal {
    Refusal {
        code: RefusalCode::TooMany,
        retry_after_seconds: RETRY_AFTER_SECONDS,
    }
}

impl Gate {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            live: Arc::new(Semaphore::new(limits.live_max)),
            working: Arc::new(Semaphore::new(WORKING)),
            reply_kib: Arc::new(Semaphore::new(limits.reply_mib.max(8) * 1024)),
            waiting: Arc::default(),
        }
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Room for one more live connection.
    pub(super) fn live(&self) -> Option<OwnedSemaphorePermit> {
        self.live.clone().try_acquire_owned().ok()
    }

    /// Waits for leave to work on a request whose reply may have `reply_bytes`; refuses at once if too many wait.
    pub(super) async fn enter(&self, reply_bytes: u32) -> Result<Leave, Refusal> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let waits = Waits(self.waiting.clone());
        if before >= self.limits.waiting_max {
            return Err(too_many());
        }
        // Neither is ever closed.
        let closed = |_| too_many();
        let working = self.working.clone().acquire_owned().await.map_err(closed)?;
        let floor = self.reply_kib.clone().acquire_many_owned(REPLY_FLOOR_KIB);
        let mut reply_kib = floor.await.map_err(closed)?;
        let wanted = (reply_bytes / 1024).saturating_sub(REPLY_FLOOR_KIB);
        // A long log is read in several replies if all at once would be too much.
        for share in [wanted, wanted / 4, wanted / 16] {
            if let Ok(more) = self.reply_kib.clone().try_acquire_many_owned(share) {
                reply_kib.merge(more);
                break;
            }
        }
        Ok(Leave {
            _waits: waits,
            _working: working,
            reply_kib,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn too_many_are_refused_and_room_comes_back() {
        let gate = Gate::new(Limits {
            live_max: 1,
            waiting_max: 2,
            reply_mib: 8,
            ..Limits::default()
        });
        let first = gate.enter(4 << 20).await.unwrap();
        let second = gate.enter(4 << 20).await.unwrap();
        assert_eq!(gate.enter(0).await.err(), Some(too_many()));
        assert_eq!(first.reply_bytes_max(), 4 << 20);
        // Both together never get more than there is.
        assert!(second.reply_bytes_max() <= 4 << 20);
        let sending = first.into_reply(10_000).unwrap();
        assert_eq!(sending.num_permits(), 10);
        assert!(gate.enter(0).await.is_ok());
        drop((second, sending));
        assert_eq!(gate.reply_kib.available_permits(), 8 * 1024);
        let live = gate.live();
        assert!(live.is_some() && gate.live().is_none());
    }
}
