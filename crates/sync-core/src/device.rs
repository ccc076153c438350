//! The device half: when to exchange, what to send next, what to do with the answer.
//!
//! Events in, effects out; the clock is an argument. A driver runs the effects and feeds back what came of them. Only
//! one exchange is under way at a time; whatever happens meanwhile is remembered and causes the next one.

use std::collections::{BTreeMap, BTreeSet};

use documents::Partition;
use documents::segment::{Accepted, Segment, SegmentHash};
use domain::{ChainId, UnixMillis};
use protocol::{
    CarriedChain, DeviceStatus, LogPosition, PartitionRequest, PushOutcome, Refusal, RefusalCode,
    RenewReason, SnapshotWish, SyncReply, SyncRequest,
};

use crate::backoff::Backoff;
use crate::live::{HEARTBEAT_MS, LIVE_GATHER_MS, Live, LiveEffect, LiveEvent};
use crate::portion::Portion;

/// When nothing happens, the hub is asked this often.
pub const POLL_MS: i64 = 5_000;
/// A commit waits this long for others to go with it.
pub const GATHER_MS: i64 = 150;
/// About how much one request carries.
pub const PUSH_BYTES_MAX: usize = 1 << 20;

/// What the operator's chip shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Connection {
    /// The last exchange failed, or none was tried yet.
    Offline,
    /// The last exchange went well.
    Online,
    /// An exchange is under way and has more than nothing to do.
    Syncing,
    /// The operator asked to stay offline.
    StayOffline,
}

/// Why an exchange failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// No connection, or an answer that is none of ours: a captive portal, a proxy.
    Unreachable,
    /// There was a connection, and it broke or was too slow before the answer had come.
    Cut,
    /// The server's certificate is not the one that was pinned.
    CertificateWrong,
    /// The hub refused.
    Refused(RefusalCode),
    /// The device's own database failed.
    Storage,
    /// The device's own disk is full.
    DiskFull,
}

impl Failure {
    /// Stable code; also the key of the translated sentence.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable | Self::Cut => "server-unreachable",
            Self::CertificateWrong => "server-certificate-wrong",
            Self::Refused(code) => code.code(),
            Self::Storage => "database-error",
            Self::DiskFull => "disk-full",
        }
    }
}

/// What the replica holds of one partition, with the segments to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionState {
    /// Which one.
    pub partition: Partition,
    /// How far its log has been read.
    pub position: LogPosition,
    /// The end of the own chain.
    pub head_seq: u64,
    /// The hash of that segment.
    pub head_hash: SegmentHash,
    /// The last own segment known to be accepted.
    pub accepted_seq: u64,
    /// The own chain.
    pub chain: ChainId,
    /// Own segments after the place that was asked for.
    pub segments: Vec<Segment>,
    /// Others' segments that the hub is not known to hold, if they were asked for.
    pub carried: Vec<CarriedChain>,
    /// Others' segments that the hub is not known to hold did not fit, or were not asked for yet.
    pub carries_more: bool,
    /// Of a counter: the digest of the progress that it was told; see [`PartitionRequest::told`].
    pub told: Option<[u8; 8]>,
}

impl From<PartitionState> for PartitionRequest {
    fn from(state: PartitionState) -> Self {
        Self {
            partition: state.partition,
            position: state.position,
            head_seq: state.head_seq,
            head_hash: state.head_hash,
            segments: state.segments,
            chain: Some(state.chain),
            carried: state.carried,
            snapshot: SnapshotWish::default(),
            told: state.told.map(Into::into),
        }
    }
}

/// The answer to [`Effect::Gather`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// How the device is.
    pub status: DeviceStatus,
    /// The shared partition first.
    pub partitions: Vec<PartitionState>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The program runs and is enrolled.
    Started,
    /// Something was committed on this device.
    Committed,
    /// The operator pressed "sync now".
    SyncNow,
    /// The operator's switch.
    StayOffline(bool),
    /// The time of [`Effect::WakeAt`] has come.
    Woke,
    /// The replica was asked.
    Gathered(Gathered),
    /// The hub answered.
    Replied(SyncReply),
    /// The exchange failed.
    Failed(Failure),
    /// The hub refused, and may have said how long to wait.
    Refused(Refusal),
    /// Something happened to the live connection.
    Live(LiveEvent),
    /// [`Effect::Ingest`] was carried out. `complete`: all entries were taken in.
    Ingested {
        /// Whether all entries were taken in.
        complete: bool,
    },
    /// [`Effect::Renew`] was carried out, or put off. `done`: this device goes on under other chains.
    Renewed {
        /// Whether this device goes on under other chains.
        done: bool,
    },
}

/// What to ask the replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gather {
    /// For each chain, the segment after which to begin; a chain that is not named begins after its last accepted one.
    pub push_after: BTreeMap<ChainId, u64>,
    /// Partitions whose log has been read to its end: others' segments that it does not hold are really lacking there.
    pub carry: BTreeSet<Partition>,
    /// About how many bytes of segments, own and carried each.
    pub bytes_max: usize,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Seal what is unsealed; answer with [`Event::Gathered`].
    Gather(Gather),
    /// Send; answer with [`Event::Replied`] or [`Event::Failed`].
    Send(SyncRequest),
    /// Take these in, in this order, each partition in one transaction with its cursor; answer with
    /// [`Event::Ingested`] once.
    Ingest {
        /// Which log.
        epoch: [u8; 16],
        /// Partitions whose log is to be read from the beginning first.
        restart: Vec<Partition>,
        /// Entries to take in.
        entries: Vec<(Partition, Vec<Accepted>)>,
    },
    /// Send [`Event::Woke`] then; a later one replaces an earlier one.
    WakeAt(UnixMillis),
    /// The chip changed.
    Show {
        /// What to show.
        connection: Connection,
        /// Why, if something failed.
        failure: Option<Failure>,
    },
    /// An exchange went well and there is nothing more to do: data is as of now.
    UpToDate,
    /// The hub stopped this device's chain, and a supervisor has to act; `None`: it goes on.
    Stopped(Option<PushOutcome>),
    /// Ask the hub for other chains and go on under them; answer with [`Event::Renewed`], [`Event::Failed`] or
    /// [`Event::Refused`]. What a copy has written is to be said again there.
    Renew(RenewReason),
    /// The hub has another branch of somebody's chain: what is carried of it here is to be set aside.
    GiveWay(Partition, ChainId),
    /// Something is to be done with the live connection; only after [`DeviceSync::with_live`].
    Live(LiveEffect),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Gathering,
    Sending,
    Ingesting,
    /// Entries that came unasked are being taken in.
    Taking,
    /// Other chains are being asked for.
    Renewing,
}

/// The state of one device's sync.
#[derive(Debug, Clone)]
pub struct DeviceSync {
    phase: Phase,
    connection: Connection,
    stay_offline: bool,
    /// Something was committed while an exchange was under way.
    again: bool,
    /// The reply said that there is more, or not everything could be sent at once.
    more: bool,
    /// Where the hub said that chains end: own ones, and carried ones of which it lacks the beginning.
    hub_heads: BTreeMap<ChainId, u64>,
    /// Chains that the hub stopped.
    stopped: BTreeMap<ChainId, PushOutcome>,
    /// Own chains of this device and their ends, as last sent.
    own: BTreeMap<Partition, (ChainId, u64)>,
    /// Why this device is to go on under other chains, if it is.
    renew: Option<RenewReason>,
    /// Partitions whose log has been read to its end.
    read_up: BTreeSet<Partition>,
    /// Something carried that the hub was not ready for is to be offered with the next poll.
    offers_again: bool,
    backoff: Backoff,
    portion: Portion,
    /// When the next exchange is due.
    next_at: Option<UnixMillis>,
    live: Live,
}

impl DeviceSync {
    /// `seed`: random, for the jitter of the back-off.
    pub const fn new(seed: u64, stay_offline: bool) -> Self {
        Self {
            phase: Phase::Idle,
            connection: if stay_offline {
                Connection::StayOffline
            } else {
                Connection::Offline
            },
            stay_offline,
            again: false,
            more: false,
            hub_heads: BTreeMap::new(),
            stopped: BTreeMap::new(),
            own: BTreeMap::new(),
            renew: None,
            read_up: BTreeSet::new(),
            offers_again: false,
            backoff: Backoff::new(seed),
            portion: Portion::WHOLE,
            next_at: None,
            live: Live::never(seed),
        }
    }

    /// The driver can open a live connection.
    pub const fn with_live(mut self) -> Self {
        self.live.allow();
        self
    }

    /// What the chip shows.
    pub const fn connection(&self) -> Connection {
        self.connection
    }

    /// Whether no exchange is under way.
    pub const fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle)
    }

    /// One step.
    pub fn handle(&mut self, now: UnixMillis, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Started => self.begin(&mut effects),
            Event::Woke => self.woke(now, &mut effects),
            Event::SyncNow => {
                self.backoff.reset();
                self.begin(&mut effects);
            }
            Event::Committed => {
                if self.phase == Phase::Idle && !self.stay_offline && self.backoff.failures() == 0 {
                    let gather = if self.live.is_open() {
                        LIVE_GATHER_MS
                    } else {
                        GATHER_MS
                    };
                    self.exchange_by(now + gather, &mut effects);
                } else {
                    self.again = true;
                }
            }
            Event::StayOffline(stay) => {
                self.stay_offline = stay;
                if stay {
                    if self.phase == Phase::Idle {
                        self.leave(now, &mut effects);
                    }
                    self.show(Connection::StayOffline, None, &mut effects);
                } else {
                    self.backoff.reset();
                    self.show(Connection::Offline, None, &mut effects);
                    self.begin(&mut effects);
                }
            }
            Event::Gathered(gathered) if self.phase == Phase::Gathering => {
                self.send(now, gathered, &mut effects)
            }
            Event::Replied(reply) if self.phase == Phase::Sending => {
                self.live.heard(now);
                self.take(reply, &mut effects);
            }
            Event::Ingested { complete } if self.phase == Phase::Ingesting => {
                self.phase = Phase::Idle;
                if complete {
                    self.done(now, &mut effects);
                } else {
                    self.fail(now, Failure::Unreachable, 0, &mut effects);
                }
            }
            Event::Ingested { complete } if self.phase == Phase::Taking => {
                self.phase = Phase::Idle;
                let offers_again = self.try_missing_again();
                // An exchange brings what these needed first.
                if !complete || self.again {
                    self.begin(&mut effects);
                } else if self.stay_offline {
                    self.leave(now, &mut effects);
                } else if offers_again {
                    self.exchange_by(now + POLL_MS, &mut effects);
                }
            }
            Event::Renewed { done } if self.phase == Phase::Renewing => {
                self.phase = Phase::Idle;
                self.renew = None;
                if done {
                    self.hub_heads.clear();
                    self.stopped.clear();
                    self.own.clear();
                    self.read_up.clear();
                    // The open connection is another device's now.
                    self.leave(now, &mut effects);
                    self.begin(&mut effects);
                } else {
                    self.rest(now, &mut effects);
                }
            }
            Event::Failed(failure) => self.fail(now, failure, 0, &mut effects),
            // Another of this device's copies was quicker, or it is not wanted any more: work goes on as it was.
            Event::Refused(refusal)
                if self.phase == Phase::Renewing
                    && refusal.code == RefusalCode::RenewalRefused
                    && self.renew != Some(RenewReason::Fork) =>
            {
                self.phase = Phase::Idle;
                self.renew = None;
                self.rest(now, &mut effects);
            }
            Event::Refused(refusal) => {
                self.live.heard(now);
                let asked = u64::from(refusal.retry_after_seconds) * 1_000;
                self.fail(now, Failure::Refused(refusal.code), asked, &mut effects);
            }
            Event::Live(event) => self.live_event(now, event, &mut effects),
            Event::Gathered(_)
            | Event::Replied(_)
            | Event::Ingested { .. }
            | Event::Renewed { .. } => {}
        }
        effects
    }

    fn woke(&mut self, now: UnixMillis, effects: &mut Vec<Effect>) {
        if !self.live.is_open() {
            self.begin(effects);
            return;
        }
        match self.live.check(now) {
            Some(LiveEffect::Close) => {
                effects.push(Effect::Live(LiveEffect::Close));
                // The driver says that what was under way on it has failed; if nothing was, a poll says how things are.
                self.live_event(now, LiveEvent::Closed, effects);
                return;
            }
            Some(effect) => effects.push(Effect::Live(effect)),
            None => {}
        }
        // A time that lies further away than any wait was set before the clock was.
        if self
            .next_at
            .is_some_and(|at| at <= now || at > now + 2 * HEARTBEAT_MS)
        {
            self.begin(effects);
        }
        self.wake(effects);
    }

    fn live_event(&mut self, now: UnixMillis, event: LiveEvent, effects: &mut Vec<Effect>) {
        self.live.heard(now);
        match event {
            LiveEvent::Opened => {
                self.live.opened(now);
                if self.live.is_open() {
                    // The hub learns from a request what to tell this device of.
                    self.begin(effects);
                    self.wake(effects);
                }
            }
            LiveEvent::Closed => {
                if let Some(wait) = self.live.closed(now) {
                    self.exchange_by(now + wait, effects);
                }
            }
            LiveEvent::Heard => {}
            LiveEvent::Hint { hint, position } => {
                if hint.number != position.number {
                    self.begin(effects);
                }
            }
            LiveEvent::Entries { entries, position } => {
                let last = entries.entries.last().map_or(0, |e| e.number);
                let follows = entries.after.is_at(&position);
                let held = entries.after.epoch == position.epoch && last <= position.number;
                if self.phase == Phase::Idle && follows && !self.stay_offline {
                    self.phase = Phase::Taking;
                    effects.push(Effect::Ingest {
                        epoch: position.epoch,
                        restart: Vec::new(),
                        entries: vec![(entries.partition, entries.entries)],
                    });
                } else if !held {
                    self.begin(effects);
                }
            }
        }
    }

    /// The next exchange begins then at the latest.
    fn exchange_by(&mut self, at: UnixMillis, effects: &mut Vec<Effect>) {
        self.next_at = Some(self.next_at.map_or(at, |next| next.min(at)));
        self.wake(effects);
    }

    fn wake(&self, effects: &mut Vec<Effect>) {
        let times = [self.next_at, self.live.due()];
        effects.extend(times.into_iter().flatten().min().map(Effect::WakeAt));
    }

    fn begin(&mut self, effects: &mut Vec<Effect>) {
        if self.stay_offline {
            return;
        }
        if self.phase != Phase::Idle {
            self.again = true;
            return;
        }
        self.phase = Phase::Gathering;
        self.next_at = None;
        self.again = false;
        self.more = false;
        let mut push_after = self.hub_heads.clone();
        // Nothing stands after the greatest number that a database holds.
        push_after.extend(self.stopped.keys().map(|chain| (*chain, i64::MAX as u64)));
        effects.push(Effect::Gather(Gather {
            push_after,
            carry: self.read_up.clone(),
            bytes_max: self.portion.push_bytes(),
        }));
    }

    fn send(&mut self, now: UnixMillis, gathered: Gathered, effects: &mut Vec<Effect>) {
        self.phase = Phase::Sending;
        let mut busy = false;
        let partitions = gathered
            .partitions
            .into_iter()
            .map(|state| {
                self.own
                    .insert(state.partition, (state.chain, state.head_seq));
                let begin = self
                    .hub_heads
                    .get(&state.chain)
                    .copied()
                    .unwrap_or(state.accepted_seq);
                let sent_to = begin + state.segments.len() as u64;
                busy |= !state.segments.is_empty() || !state.carried.is_empty();
                self.more |= sent_to < state.head_seq && !state.segments.is_empty();
                // What is carried goes once the log has been read.
                self.more |= state.carries_more;
                state.into()
            })
            .collect();
        // An idle poll must not make the chip flicker.
        if busy || self.connection != Connection::Online {
            self.show(Connection::Syncing, None, effects);
        }
        effects.push(Effect::Send(SyncRequest {
            versions: protocol::VERSIONS,
            status: gathered.status,
            partitions,
            reply_bytes_max: self.portion.reply_bytes(),
        }));
        self.live.asked(now);
        self.wake(effects);
    }

    fn take(&mut self, reply: SyncReply, effects: &mut Vec<Effect>) {
        self.phase = Phase::Ingesting;
        self.portion.came_through();
        let mut restart = Vec::new();
        let mut entries = Vec::new();
        // A copy must not go on as if the chain were its own, nor read the log as its owner.
        if self.is_copy(&reply) {
            self.renew = Some(RenewReason::Fork);
            self.more = false;
            for (chain, _) in self.own.values() {
                if self.stopped.remove(chain).is_some() {
                    effects.push(Effect::Stopped(None));
                }
            }
            effects.push(Effect::Ingest {
                epoch: reply.epoch,
                restart,
                entries,
            });
            return;
        }
        self.renew = reply.renew.first().copied();
        for part in reply.partitions {
            self.more |= part.more;
            let own = self.own.get(&part.partition).map(|(chain, _)| *chain);
            if let Some(chain) = own {
                self.take_outcome(chain, part.outcome, part.head_seq, true, effects);
            }
            for c in &part.carried {
                self.take_outcome(c.chain, c.outcome, c.head_seq, false, effects);
                if c.outcome == PushOutcome::Fork {
                    effects.push(Effect::GiveWay(part.partition, c.chain));
                }
            }
            if part.more || part.restart {
                self.read_up.remove(&part.partition);
            } else {
                self.read_up.insert(part.partition);
            }
            if part.restart {
                restart.push(part.partition);
                self.more = true;
            }
            if !part.entries.is_empty() {
                entries.push((part.partition, part.entries));
            }
        }
        // What vouches for chains of a site comes in the shared partition.
        self.offers_again |= !entries.is_empty() && self.try_missing_again();
        if !restart.is_empty() {
            // What another log held of others' chains says nothing of this one.
            let own = |chain: &ChainId| self.own.values().any(|(own, _)| own == chain);
            self.hub_heads.retain(|chain, _| own(chain));
            self.stopped.retain(|chain, _| own(chain));
        }
        effects.push(Effect::Ingest {
            epoch: reply.epoch,
            restart,
            entries,
        });
    }

    /// Whether the hub has what this device should have written and did not: it was put back to an earlier state, or
    /// another device writes on its chain.
    fn is_copy(&self, reply: &SyncReply) -> bool {
        reply.partitions.iter().any(|part| {
            let own_end = self.own.get(&part.partition).map_or(u64::MAX, |own| own.1);
            match part.outcome {
                PushOutcome::Fork => true,
                PushOutcome::Held | PushOutcome::Missing => part.head_seq > own_end,
                _ => false,
            }
        })
    }

    fn take_outcome(
        &mut self,
        chain: ChainId,
        outcome: PushOutcome,
        head_seq: u64,
        is_own: bool,
        effects: &mut Vec<Effect>,
    ) {
        let before = self.hub_heads.insert(chain, head_seq);
        // What others wrote and the hub holds is in the log, which is read before anything is offered again: there it
        // is counted as held. Should the hub be put back in between, it must not count here as held any more.
        if !is_own && outcome != PushOutcome::Missing {
            self.hub_heads.remove(&chain);
        }
        match outcome {
            PushOutcome::Held => {
                if self.stopped.remove(&chain).is_some() && is_own {
                    effects.push(Effect::Stopped(None));
                    // Nothing was sent while it was stopped.
                    self.more = true;
                }
            }
            // The hub forgot some, or never had them: send again from where it is.
            PushOutcome::Missing if is_own || before != Some(head_seq) => {
                self.more = true;
                self.stopped.remove(&chain);
            }
            // Of a losing branch nothing is left to offer; a neighbour may bring it again, and then it gives way again. What
            // is carried was verified when it came: on the way to the hub it was damaged, and goes again with the next.
            PushOutcome::Fork | PushOutcome::Forged if !is_own => {
                self.stopped.remove(&chain);
            }
            stop => {
                // What becomes of others' chains is told to those who write them.
                if self.stopped.insert(chain, stop) != Some(stop) && is_own {
                    effects.push(Effect::Stopped(Some(stop)));
                }
            }
        }
    }

    /// The log has grown: somebody may have brought what was missing before carried segments, or who vouches for them.
    /// Returns whether any wait for that.
    fn try_missing_again(&mut self) -> bool {
        let before = self.stopped.len();
        self.stopped.retain(|_, stop| *stop != PushOutcome::Missing);
        self.stopped.len() < before
    }

    fn done(&mut self, now: UnixMillis, effects: &mut Vec<Effect>) {
        self.backoff.reset();
        if self.stay_offline {
            self.leave(now, effects);
            return;
        }
        if self.more || self.again && self.renew != Some(RenewReason::Fork) {
            self.begin(effects);
            return;
        }
        if let Some(reason) = self.renew
            && self.may_renew(reason)
        {
            self.phase = Phase::Renewing;
            effects.push(Effect::Renew(reason));
            return;
        }
        self.rest(now, effects);
    }

    /// A copy renews at once; others when nothing of theirs waits under the old chains.
    fn may_renew(&self, reason: RenewReason) -> bool {
        match reason {
            RenewReason::Fork => true,
            RenewReason::KeyRotation | RenewReason::SiteMoved => {
                self.own.values().all(|(chain, end)| {
                    !self.stopped.contains_key(chain) && self.hub_heads.get(chain) == Some(end)
                })
            }
            RenewReason::Later => false,
        }
    }

    /// Nothing is left to do until something happens, or for a while.
    fn rest(&mut self, now: UnixMillis, effects: &mut Vec<Effect>) {
        effects.push(Effect::UpToDate);
        self.show(Connection::Online, None, effects);
        if self.live.should_open(now) {
            effects.push(Effect::Live(LiveEffect::Open));
        }
        let wait = if self.live.is_open() && !self.offers_again {
            HEARTBEAT_MS
        } else {
            POLL_MS
        };
        self.offers_again = false;
        self.exchange_by(now + wait, effects);
    }

    /// `asked_ms`: how long the hub asked to be left alone.
    fn fail(
        &mut self,
        now: UnixMillis,
        failure: Failure,
        asked_ms: u64,
        effects: &mut Vec<Effect>,
    ) {
        if failure == Failure::Cut && self.phase == Phase::Sending {
            self.portion.cut();
        }
        self.phase = Phase::Idle;
        // What the hub holds must be asked again.
        self.hub_heads.clear();
        self.read_up.clear();
        self.again = false;
        let wait = self.backoff.next_wait_at_least_ms(asked_ms);
        self.next_at = Some(now + wait as i64);
        self.wake(effects);
        let connection = if self.stay_offline {
            self.leave(now, effects);
            Connection::StayOffline
        } else {
            Connection::Offline
        };
        self.show(connection, Some(failure), effects);
    }

    /// The operator wants to be offline, and nothing is under way any more.
    fn leave(&mut self, now: UnixMillis, effects: &mut Vec<Effect>) {
        if self.live.drop(now) {
            effects.push(Effect::Live(LiveEffect::Close));
        }
    }

    fn show(
        &mut self,
        connection: Connection,
        failure: Option<Failure>,
        effects: &mut Vec<Effect>,
    ) {
        if self.connection != connection || failure.is_some() {
            self.connection = connection;
            effects.push(Effect::Show {
                connection,
                failure,
            });
        }
    }
}

#[cfg(test)]
mod tests;
