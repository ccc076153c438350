//! What was refused, for the supervisor. It is counted in memory and written with the next fold of the log, so that a
//! refused request costs no write.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{DeviceId, UnixMillis};
use protocol::{PushOutcome, Refusal, RefusalCode};

use super::guard::Caller;
use super::{Hub, HubError};
use crate::store::hub_devices;
use crate::store::hub_refusals::{self, RefusalRow};

/// So many counters wait at most to be written. Beyond, tokens are not told apart, then addresses.
const WAITING_MAX: usize = 2_000;

/// What a device is told, and what the supervisor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    /// Stable name: the code's, or that of one of several causes of a code.
    pub(super) cause: &'static str,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let cause = refusal.code.code();
        Self { refusal, cause }
    }
}

impl From<RefusalCode> for Refused {
    fn from(code: RefusalCode) -> Self {
        Refusal::from(code).into()
    }
}

/// Who was refused, as far as it is known without a search.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Device(DeviceId),
    /// The hash of a token, and the address in case it opens nothing.
    Token([u8; 32], String),
    Address(String),
    File,
}

impl From<&Caller> for Who {
    fn from(caller: &Caller) -> Self {
        let address = caller
            .address
            .map_or_else(|| "-".to_owned(), |address| address.to_string());
        match caller.token {
            Some(token) => Self::Token(token, address),
            None => Self::Address(address),
        }
    }
}

/// Times, first time, last time.
type Counts = BTreeMap<(Who, &'static str), (u64, UnixMillis, UnixMillis)>;

#[derive(Default)]
pub(super) struct Refusals(Mutex<Counts>);

impl Refusals {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, who: Who, cause: &'static str, now: UnixMillis) {
        let mut counts = self.lock();
        let mut key = (who, cause);
        for coarser in [WAITING_MAX, 2 * WAITING_MAX] {
            if counts.len() >= coarser && !counts.contains_key(&key) {
                key.0 = match key.0 {
                    Who::Token(_, address) => Who::Address(address),
                    Who::Address(_) => Who::Address("-".to_owned()),
                    known => known,
                };
            }
        }
        let count = counts.entry(key).or_insert((0, now, now));
        count.0 += 1;
        count.2 = now;
    }
}

/// The cause of an outcome by which nothing more is taken of a chain.
pub(super) const fn push_cause(outcome: PushOutcome) -> Option<&'static str> {
    match outcome {
        PushOutcome::Held | PushOutcome::Missing | PushOutcome::Later => None,
        PushOutcome::Fork => Some("push-fork"),
        PushOutcome::Forged => Some("push-forged"),
        PushOutcome::Revoked => Some("push-revoked"),
    }
}

impl Hub {
    /// Writes what was counted, if there is anything; who shows a token is looked up only now.
    pub(super) fn flush_refusals(&self, now: UnixMillis) -> Result<(), HubError> {
        let counts = mem::take(&mut *self.refusals.lock());
        if counts.is_empty() {
            return Ok(());
        }
        let written = self.database.write(|t| {
            for ((who, cause), (times, since, at)) in &counts {
                let (device, address) = match who {
                    Who::Device(device) => (Some(*device), ""),
                    Who::Token(hash, address) => match hub_devices::by_token(t, hash)? {
                        Some(row) => (Some(row.device), ""),
                        None => (None, address.as_str()),
                    },
                    Who::Address(address) => (None, address.as_str()),
                    Who::File => (None, ""),
                };
                let row = RefusalRow {
                    device,
                    address: address.to_owned(),
                    cause: (*cause).to_owned(),
                    times: *times,
                    since: *since,
                    at: *at,
                };
                hub_refusals::count(t, &row)?;
            }
            hub_refusals::forget(t, now)
        });
        if written.is_err() {
            // Nothing was written: it is counted with what came meanwhile, the next time.
            let mut waiting = self.refusals.lock();
            for (key, (times, since, at)) in counts {
                let count = waiting.entry(key).or_insert((0, since, at));
                count.0 += times;
                count.1 = count.1.min(since);
            }
        }
        Ok(written?)
    }

    /// All that was refused in the last 90 days, the latest first.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn refusals(&self, now: UnixMillis) -> Result<Vec<RefusalRow>, HubError> {
        self.flush_refusals(now)?;
        Ok(self.database.read(hub_refusals::all)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_stay_bounded_whatever_is_tried() {
        let refusals = Refusals::default();
        for n in 0..10_000_u32 {
            let mut token = [0; 32];
            token[..4].copy_from_slice(&n.to_le_bytes());
            let who = Who::Token(token, format!("10.0.{}.{}", n / 256 % 256, n % 256));
            refusals.note(who, "device-revoked", i64::from(n));
        }
        let counts = refusals.lock();
        assert!(counts.len() <= 2 * WAITING_MAX + 1, "{}", counts.len());
        assert_eq!(counts.values().map(|c| c.0).sum::<u64>(), 10_000);
    }
}
