//! Runs sync-core's device half: asks the replica, hands requests to the network, takes answers in.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;

use documents::Partition;
use documents::segment::Accepted;
use protocol::{
    PushOutcome, RenewReason, SNAPSHOT_PATH, SYNC_PATH, SnapshotPart, SyncReply, SyncRequest,
};
use replica::{Rejected, Replica, ReplicaError};
use sync_core::{Connection, DeviceSync, Effect, Event, Failure};

use super::ToWorker;
use super::live_line::LiveState;
use super::snapshot_fetch::{SnapshotFetch, Step};
use crate::health::Health;
use crate::transport::{Answer, Network, Post, PostError, Server};
use crate::view::Message;

/// Entries of the log that are taken in between two inputs of the operator: a long log must not hold up a scan.
const SLICE_ENTRIES: usize = 8;

/// Sync of one enrolled device.
pub(crate) struct SyncDriver {
    device: DeviceSync,
    pub(super) network: Box<dyn Network>,
    pub(super) live: LiveState,
    pub(super) answers: Sender<ToWorker>,
    wake_at: Option<i64>,
    ingest: Option<Ingest>,
    failure: Option<Failure>,
    stopped: Option<PushOutcome>,
    /// Code of the sentence about an entry of the log that could not be trusted.
    rejected: Option<&'static str>,
    finished: u64,
    snapshots: SnapshotFetch,
    /// Why other chains were asked for, while the answer is awaited.
    pub(super) renewing: Option<RenewReason>,
    /// This device's clock minus the hub's, when they last spoke.
    clock_ahead_ms: i64,
    /// What the machine last said of itself; goes with every request, for people.
    pub(super) health: Health,
    /// Whether the device has heard that it is locked.
    pub(super) locked: bool,
}

/// Entries of one reply that are still to be taken in.
struct Ingest {
    epoch: [u8; 16],
    entries: VecDeque<(Partition, VecDeque<Accepted>)>,
    complete: bool,
}

/// What the worker must know after a step.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyncNews {
    /// The data is as of now.
    pub(crate) up_to_date: bool,
    /// Something was taken in: what is shown may have changed.
    pub(crate) took_in: bool,
    /// The hub's log was set back.
    pub(crate) restarted: bool,
    /// This device goes on under other chains.
    pub(crate) renewed: Option<RenewReason>,
}

impl SyncDriver {
    pub(crate) fn new(
        seed: u64,
        stay_offline: bool,
        network: Box<dyn Network>,
        answers: Sender<ToWorker>,
    ) -> Self {
        Self {
            device: match network.has_live() {
                true => DeviceSync::new(seed, stay_offline).with_live(),
                false => DeviceSync::new(seed, stay_offline),
            },
            live: LiveState::default(),
            network,
            answers,
            wake_at: None,
            ingest: None,
            failure: None,
            stopped: None,
            rejected: None,
            finished: 0,
            snapshots: SnapshotFetch::default(),
            renewing: None,
            clock_ahead_ms: 0,
            health: Health::default(),
            locked: false,
        }
    }

    pub(crate) fn connection(&self) -> Connection {
        self.device.connection()
    }

    /// Whether the last exchange failed because nobody answered.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(self.failure, Some(Failure::Unreachable | Failure::Cut))
    }

    /// What the hub said of the chains that were given up does not matter any more.
    pub(super) fn forget_trouble(&mut self) {
        self.stopped = None;
        self.rejected = None;
    }

    /// How many exchanges have ended, well or badly.
    pub(crate) fn finished(&self) -> u64 {
        self.finished
    }

    /// What went wrong last, while it still matters.
    pub(crate) fn error(&self, waiting: u64) -> Option<Message> {
        match (self.stopped, self.rejected, self.failure) {
            (Some(PushOutcome::Revoked), ..) => Some(Message::new("device-revoked")),
            (Some(_), ..) => Some(Message::new("segment-refused").with(waiting.to_string())),
            (_, Some(code), _) => Some(Message::new(code)),
            (.., Some(failure)) => Some(Message::new(sentence_code(failure.code()))),
            _ if self.clock_ahead_ms.abs() > domain::SKEW_LIMIT_MS => {
                let minutes = self.clock_ahead_ms.abs() / 60_000;
                Some(Message::new("clock-wrong").with(format!("{minutes} min")))
            }
            _ => None,
        }
    }

    /// Whether neither an exchange is under way nor one is due: there is time for photos.
    pub(crate) fn is_quiet(&self, now: i64) -> bool {
        let soon = now + sync_core::device::GATHER_MS;
        self.device.is_idle() && self.ingest.is_none() && self.wake_at.is_none_or(|at| at > soon)
    }

    /// When [`SyncDriver::tick`] is due.
    pub(crate) fn due(&self) -> Option<i64> {
        if self.ingest.is_some() {
            return Some(i64::MIN);
        }
        self.wake_at
    }

    /// A request of another kind on the same connection.
    pub(crate) fn post(&mut self, post: Post, wrap: fn(Answer) -> ToWorker) {
        let answers = self.answers.clone();
        // The worker may have ended meanwhile; then nobody waits for the answer.
        self.network.post(
            post,
            Box::new(move |answer| drop(answers.send(wrap(answer)))),
        );
    }

    /// The time has come, or entries wait to be taken in.
    pub(crate) fn tick(&mut self, replica: &mut Replica, now: i64) -> SyncNews {
        if self.ingest.is_some() {
            return self.take_slice(replica, now);
        }
        if self.wake_at.is_some_and(|at| at <= now) {
            self.wake_at = None;
            return self.handle(Event::Woke, replica, now);
        }
        SyncNews::default()
    }

    pub(super) fn replied(
        &mut self,
        mut reply: SyncReply,
        replica: &mut Replica,
        now: i64,
    ) -> Event {
        self.clock_ahead_ms = now.saturating_sub(reply.now);
        match self.snapshots.offered(replica, &mut reply) {
            Ok(()) => Event::Replied(reply),
            Err(error) => failed(&error),
        }
    }

    /// The hub answered a sync request, or did not.
    pub(crate) fn answered(&mut self, answer: Answer, replica: &mut Replica, now: i64) -> SyncNews {
        let event = match answer {
            Ok(bytes) => match SyncReply::from_bytes(&bytes) {
                Ok(reply) => self.replied(reply, replica, now),
                Err(_) => Event::Failed(Failure::Unreachable),
            },
            Err(PostError::Refused(refusal)) => Event::Refused(refusal),
            Err(PostError::CertificateWrong) => Event::Failed(Failure::CertificateWrong),
            Err(PostError::Cut) => Event::Failed(Failure::Cut),
            Err(_) => Event::Failed(Failure::Unreachable),
        };
        self.handle(event, replica, now)
    }

    /// One step of the device half, and everything that follows from it at once.
    pub(crate) fn handle(&mut self, event: Event, replica: &mut Replica, now: i64) -> SyncNews {
        if event == Event::Committed {
            self.snapshots.worked(now);
        }
        let mut news = SyncNews::default();
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            self.finished += u64::from(matches!(event, Event::Failed(_) | Event::Refused(_)));
            for effect in self.device.handle(now, event) {
                match effect {
                    Effect::Gather(ask) => events.push_back(
                        match exchange::gather(replica, &ask, now, env!("CARGO_PKG_VERSION")) {
                            Ok(mut gathered) => {
                                self.health.tell(&mut gathered.status);
                                gathered.status.locked = Some(self.locked);
                                Event::Gathered(gathered)
                            }
                            Err(error) => failed(&error),
                        },
                    ),
                    Effect::Send(request) => match self.send(request, replica, now) {
                        Ok(()) => {}
                        Err(error) => events.push_back(failed(&error)),
                    },
                    Effect::Ingest {
                        epoch,
                        restart,
                        entries,
                    } => {
                        news.restarted |= !restart.is_empty();
                        let restarted: Result<(), ReplicaError> = restart
                            .into_iter()
                            .try_for_each(|partition| replica.restart_cursor(partition, epoch));
                        if let Err(error) = restarted {
                            events.push_back(failed(&error));
                        } else if entries.is_empty() {
                            events.push_back(Event::Ingested { complete: true });
                        } else {
                            let entries = entries.into_iter().map(|(p, e)| (p, e.into()));
                            self.ingest = Some(Ingest {
                                epoch,
                                entries: entries.collect(),
                                complete: true,
                            });
                        }
                    }
                    Effect::WakeAt(at) => self.wake_at = Some(at),
                    Effect::Live(effect) => events.extend(self.live_effect(effect, replica)),
                    Effect::Show {
                        connection,
                        failure,
                    } => {
                        // "Syncing" says nothing yet about what went wrong before.
                        if connection != Connection::Syncing {
                            self.failure = failure;
                        }
                    }
                    Effect::UpToDate => {
                        self.finished += 1;
                        self.rejected = None;
                        let left = replica.leave_old_sites();
                        let fetched = left.and_then(|_| self.go_on_fetching(replica, now));
                        match fetched {
                            Ok(pending) => news.up_to_date = !pending,
                            Err(error) => events.push_back(failed(&error)),
                        }
                    }
                    Effect::Stopped(outcome) => {
                        tracing::warn!(?outcome, "what the hub says of this device's chains");
                        self.stopped = outcome;
                    }
                    Effect::Renew(reason) => events.extend(self.renew(reason, replica)),
                    Effect::GiveWay(partition, chain) => match replica.give_way(partition, chain) {
                        Ok(moved) => news.took_in |= moved > 0,
                        Err(error) => events.push_back(failed(&error)),
                    },
                }
            }
        }
        news
    }

    /// The hub answered a request for a chunk, or did not.
    pub(crate) fn snapshot_answered(
        &mut self,
        answer: Answer,
        replica: &mut Replica,
        now: i64,
    ) -> SyncNews {
        let part = answer
            .ok()
            .and_then(|bytes| SnapshotPart::from_bytes(&bytes).ok());
        let came = part.is_some();
        let done = self
            .snapshots
            .answered(part, replica)
            .and_then(|()| match came {
                true => self.go_on_fetching(replica, now),
                // Exchanges go on by themselves, and with them the fetching.
                false => Ok(true),
            });
        match done {
            Ok(true) => SyncNews::default(),
            // Installed, or given up: the log goes on, or another snapshot is offered.
            Ok(false) => {
                let mut news = self.handle(Event::SyncNow, replica, now);
                news.took_in = true;
                news
            }
            Err(error) => self.handle(failed(&error), replica, now),
        }
    }

    /// Goes on with what is being fetched; returns whether something is still to come.
    fn go_on_fetching(&mut self, replica: &mut Replica, now: i64) -> Result<bool, ReplicaError> {
        loop {
            match self.snapshots.go_on(replica, now)? {
                Step::Installed => {}
                Step::Nothing => return self.snapshots.is_pending(replica),
                Step::Ask(get) => {
                    self.post_to_hub(
                        replica,
                        SNAPSHOT_PATH,
                        get.to_bytes(),
                        ToWorker::SnapshotAnswered,
                    )?;
                    return Ok(true);
                }
            }
        }
    }

    fn send(
        &mut self,
        mut request: SyncRequest,
        replica: &Replica,
        now: i64,
    ) -> Result<(), ReplicaError> {
        self.snapshots.wish(replica, &mut request, now)?;
        let Some(bytes) = self.send_live(request.to_bytes()) else {
            return Ok(());
        };
        self.post_to_hub(replica, SYNC_PATH, bytes, ToWorker::SyncAnswered)
    }

    pub(super) fn post_to_hub(
        &mut self,
        replica: &Replica,
        path: &'static str,
        body: Vec<u8>,
        wrap: fn(Answer) -> ToWorker,
    ) -> Result<(), ReplicaError> {
        let identity = replica.enrolled()?;
        let post = Post {
            server: Server {
                url: identity.server_url.clone(),
                fingerprint: identity.pinned_certificate,
            },
            path,
            token: Some(identity.token.clone()),
            body,
        };
        self.post(post, wrap);
        Ok(())
    }

    fn take_slice(&mut self, replica: &mut Replica, now: i64) -> SyncNews {
        let Some(mut ingest) = self.ingest.take() else {
            return SyncNews::default();
        };
        let mut took_in = false;
        if let Some((partition, mut entries)) = ingest.entries.pop_front() {
            let slice: Vec<Accepted> = entries.drain(..entries.len().min(SLICE_ENTRIES)).collect();
            match replica.ingest(partition, ingest.epoch, &slice, now) {
                Ok(outcome) => {
                    took_in = outcome.fresh > 0;
                    if let Some(rejected) = outcome.rejected {
                        tracing::warn!(%rejected, "an entry of the log was not taken in");
                        self.rejected = Some(match rejected {
                            // The log moved under us or a certificate is on its way: trying again helps.
                            Rejected::Gap | Rejected::UnknownChain => "server-error",
                            Rejected::OtherRole => "segment-other-role",
                            _ => "segment-forged",
                        });
                        ingest.complete = false;
                        entries.clear();
                    }
                }
                Err(error) => {
                    let mut news = self.handle(failed(&error), replica, now);
                    news.took_in = true;
                    return news;
                }
            }
            if !entries.is_empty() {
                ingest.entries.push_front((partition, entries));
            }
        }
        if !ingest.entries.is_empty() {
            self.ingest = Some(ingest);
            return SyncNews {
                took_in,
                ..SyncNews::default()
            };
        }
        let complete = ingest.complete;
        if !complete {
            self.finished += 1;
        }
        let mut news = self.handle(Event::Ingested { complete }, replica, now);
        // Even without fresh entries, own events may have been acknowledged.
        news.took_in = true;
        news
    }
}

pub(super) fn failed(error: &ReplicaError) -> Event {
    tracing::error!(%error, "sync cannot use the database");
    Event::Failed(match error {
        ReplicaError::DiskFull(_) => Failure::DiskFull,
        _ => Failure::Storage,
    })
}

/// Codes that people read as the same sentence.
pub(crate) fn sentence_code(code: &'static str) -> &'static str {
    match code {
        "version-unknown" => "device-too-old",
        "request-malformed" | "too-many-requests" | "request-too-large" | "key-unproven" => {
            "server-error"
        }
        other => other,
    }
}
