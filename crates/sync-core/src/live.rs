//! The live connection as the device half sees it: when to open it, and whether it still lives.
//!
//! It only makes things faster. A device on which it never opens polls, and loses nothing.

use domain::UnixMillis;
use protocol::{LiveEntries, LiveHint, LogPosition};

use crate::backoff::Backoff;

/// With the connection open, the hub is asked this often although nothing happened.
pub const HEARTBEAT_MS: i64 = 60_000;
/// With the connection open, a commit waits this long for others to go with it.
pub const LIVE_GATHER_MS: i64 = 5;
/// After so long a silence the hub is pinged.
pub const QUIET_MS: i64 = 25_000;
/// A request that was not answered for so long makes the hub be pinged: is it busy, or gone?
const SLOW_MS: i64 = 3_000;
/// A hub that does not answer a ping for so long is not there any more.
pub const DEAD_MS: i64 = 10_000;
/// A connection that lived this long was a good one: the next one need not wait long.
const GOOD_MS: i64 = 60_000;

/// What happened to the live connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveEvent {
    /// It is open.
    Opened,
    /// It could not be opened, or is gone. What was asked on it has failed.
    Closed,
    /// Something came that says no more than that the hub is there: the answer to a ping.
    Heard,
    /// The hub sent entries unasked.
    Entries {
        /// What came.
        entries: LiveEntries,
        /// Where this device stands in that partition's log.
        position: LogPosition,
    },
    /// The hub said that there are new entries.
    Hint {
        /// What came.
        hint: LiveHint,
        /// Where this device stands in that partition's log.
        position: LogPosition,
    },
}

/// What is to be done with it. While it is open, requests go over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveEffect {
    /// Open it; answer with [`LiveEvent::Opened`] or [`LiveEvent::Closed`].
    Open,
    /// Ping the hub.
    Ping,
    /// Drop it.
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// This driver has none.
    Never,
    /// It may be opened again then.
    Closed(UnixMillis),
    Opening,
    Open {
        since: UnixMillis,
        /// If nothing is heard until then, the hub is pinged.
        ping_at: UnixMillis,
        /// It was pinged; the connection is dead if nothing is heard until then.
        answer_by: Option<UnixMillis>,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Live {
    state: State,
    backoff: Backoff,
}

impl Live {
    pub(crate) const fn never(seed: u64) -> Self {
        Self {
            state: State::Never,
            // Not the waits of the exchanges.
            backoff: Backoff::new(seed.rotate_left(32)),
        }
    }

    pub(crate) const fn allow(&mut self) {
        self.state = State::Closed(UnixMillis::MIN);
    }

    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// An exchange went well: whether to open it now.
    pub(crate) fn should_open(&mut self, now: UnixMillis) -> bool {
        let due = matches!(self.state, State::Closed(at) if at <= now);
        if due {
            self.state = State::Opening;
        }
        due
    }

    pub(crate) fn opened(&mut self, now: UnixMillis) {
        if self.state == State::Opening {
            self.state = State::Open {
                since: now,
                ping_at: now + QUIET_MS,
                answer_by: None,
            };
        }
    }

    pub(crate) fn heard(&mut self, now: UnixMillis) {
        if let State::Open {
            ping_at, answer_by, ..
        } = &mut self.state
        {
            *ping_at = now + QUIET_MS;
            *answer_by = None;
        }
    }

    /// A request goes out.
    pub(crate) fn asked(&mut self, now: UnixMillis) {
        if let State::Open { ping_at, .. } = &mut self.state {
            *ping_at = (*ping_at).min(now + SLOW_MS);
        }
    }

    /// It is gone, or was not to be had. Returns how many milliseconds to wait before asking the hub what became of it;
    /// `None` if it was never open: polling goes on as before.
    pub(crate) fn closed(&mut self, now: UnixMillis) -> Option<i64> {
        let was_open = match self.state {
            State::Never | State::Closed(_) => return None,
            State::Opening => false,
            State::Open { since, .. } => {
                if now.saturating_sub(since) >= GOOD_MS {
                    self.backoff.reset();
                }
                true
            }
        };
        let wait = self.backoff.next_wait_ms() as i64;
        self.state = State::Closed(now + wait);
        was_open.then_some(wait)
    }

    /// Nobody wants it now. Returns whether there is one to close.
    pub(crate) fn drop(&mut self, now: UnixMillis) -> bool {
        let there = matches!(self.state, State::Opening | State::Open { .. });
        if there {
            self.state = State::Closed(now);
        }
        there
    }

    /// When [`Live::check`] has something to say.
    pub(crate) const fn due(&self) -> Option<UnixMillis> {
        match self.state {
            State::Open {
                answer_by: Some(at),
                ..
            } => Some(at),
            State::Open { ping_at, .. } => Some(ping_at),
            _ => None,
        }
    }

    /// What the silence asks for.
    pub(crate) fn check(&mut self, now: UnixMillis) -> Option<LiveEffect> {
        let State::Open {
            ping_at, answer_by, ..
        } = &mut self.state
        else {
            return None;
        };
        // If the clock was set back, silence is measured anew.
        *ping_at = (*ping_at).min(now + QUIET_MS);
        *answer_by = answer_by.map(|at| at.min(now + DEAD_MS));
        match *answer_by {
            Some(at) if at <= now => Some(LiveEffect::Close),
            None if *ping_at <= now => {
                *answer_by = Some(now + DEAD_MS);
                Some(LiveEffect::Ping)
            }
            _ => None,
        }
    }
}
