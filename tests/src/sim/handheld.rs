//! A handheld: its disk, and while it runs, its replica and the driver of its sync.
//!
//! The driver does one thing at a time, as the real one does between two inputs, and the world decides when: so the
//! power may go between any two effects.

use std::collections::VecDeque;

use documents::segment::Accepted;
use documents::{Partition, SigningKey};
use domain::{OperatorId, UnixMillis};
use protocol::{
    EnrolReply, PushOutcome, RefusalCode, RenewReason, RenewRequest, SyncReply, SyncRequest,
};
use replica::{DatabaseKey, Identity, OpenOptions, Replica, ReplicaError};
use sync_core::{DeviceSync, Effect, Event, Failure};
use testkit::disk::{Disk, Image, Mount, VFS};
use testkit::random::Random;

/// The file of a handheld.
pub(super) const REPLICA: &str = "replica.db";
/// Entries that are taken in at once, as on the real device.
const SLICE_ENTRIES: usize = 8;

pub(super) struct Handheld {
    pub(super) number: usize,
    pub(super) disk: Disk,
    /// What its database is encrypted under.
    pub(super) key: Option<[u8; 32]>,
    pub(super) operator: OperatorId,
    /// Its clock minus true time.
    pub(super) clock_error_ms: i64,
    /// Lost for good, with everything on it.
    pub(super) is_lost: bool,
    /// Whether it takes snapshots instead of history.
    pub(super) takes_snapshots: bool,
    pub(super) backups: Vec<Image>,
    /// Counts starts, so that what was meant for an earlier one is known.
    pub(super) starts: u32,
    pub(super) running: Option<Running>,
}

/// What is gone when the power goes.
pub(super) struct Running {
    mount: Mount,
    pub(super) replica: Replica,
    sync: DeviceSync,
    inbox: VecDeque<Event>,
    effects: VecDeque<Effect>,
    ingest: Option<Ingest>,
    /// The exchange whose answer is awaited.
    pub(super) awaited: Option<u64>,
    /// The only wake that counts.
    pub(super) wake_at: Option<UnixMillis>,
    pub(super) is_scheduled: bool,
    pub(super) stays_offline: bool,
    /// What the hub said when it stopped a chain.
    pub(super) stopped: Option<PushOutcome>,
    /// Why the hub refused the last request, if it did.
    pub(super) refused: Option<RefusalCode>,
    pub(super) takes_snapshots: bool,
    /// An exchange has ended, or a chunk has come: what was offered may be fetched.
    pub(super) may_fetch: bool,
    /// A step of that is due.
    pub(super) is_fetching: bool,
    /// Counts chunks that came and snapshots that were installed.
    pub(super) fetched: u64,
    /// Counts exchanges that ended with nothing left to do.
    pub(super) up_to_date: u64,
    /// What its keys are drawn from.
    random: Random,
    /// Why the awaited exchange asks for other chains, if it does, and the answer to it.
    renewing: Option<(RenewReason, Option<EnrolReply>)>,
    /// What happened to it that the trace shall say.
    pub(super) remarks: Vec<String>,
}

/// Entries of one reply that are still to be taken in.
struct Ingest {
    epoch: [u8; 16],
    entries: VecDeque<(Partition, VecDeque<Accepted>)>,
    complete: bool,
}

/// What the world is to do for a handheld.
pub(super) enum Wish {
    Sync {
        token: String,
        bytes: Vec<u8>,
    },
    Renew {
        token: String,
        request: RenewRequest,
    },
    WakeAt(UnixMillis),
}

impl Handheld {
    pub(super) fn new(number: usize, disk: Disk, key: Option<[u8; 32]>) -> Self {
        Self {
            number,
            disk,
            key,
            operator: OperatorId::from_bytes([number as u8 + 1; 16]),
            clock_error_ms: 0,
            is_lost: false,
            takes_snapshots: false,
            backups: Vec::new(),
            starts: 0,
            running: None,
        }
    }

    /// Switches on.
    pub(super) fn start(&mut self, random: &mut Random) -> Result<(), ReplicaError> {
        self.starts += 1;
        let mount = self.disk.mount();
        let options = OpenOptions {
            vfs: Some(VFS),
            cache_kib: 4_000,
            ..OpenOptions::file(
                mount.path(REPLICA),
                self.key.map(DatabaseKey::from_bytes),
                random.bits().to_be_bytes(),
            )
        };
        let running = Running {
            mount,
            replica: Replica::open(options)?,
            sync: DeviceSync::new(random.bits(), false),
            inbox: VecDeque::from([Event::Started]),
            effects: VecDeque::new(),
            ingest: None,
            awaited: None,
            wake_at: None,
            is_scheduled: false,
            stays_offline: false,
            stopped: None,
            refused: None,
            takes_snapshots: self.takes_snapshots,
            may_fetch: false,
            is_fetching: false,
            fetched: 0,
            up_to_date: 0,
            random: Random::new(random.bits()),
            renewing: None,
            remarks: Vec::new(),
        };
        self.running = Some(running);
        Ok(())
    }

    /// The program dies; what it wrote stays.
    pub(super) fn kill(&mut self) {
        if let Some(running) = &self.running {
            self.disk.kill(running.mount);
        }
        self.running = None;
    }

    /// The battery is out.
    pub(super) fn power_cut(&mut self) {
        self.disk.power_cut();
        self.running = None;
    }
}

/// What enrolment gave, as the device keeps it.
pub(super) fn identity(reply: EnrolReply, key: SigningKey) -> (Identity, Vec<Vec<u8>>) {
    let certificates = reply.certificates.into_iter().map(Vec::from).collect();
    let identity = Identity {
        organisation: reply.organisation,
        device: reply.device,
        device_name: reply.device_name,
        site: reply.site,
        key,
        server_key: reply.server_key,
        server_url: String::new(),
        pinned_certificate: None,
        token: reply.token,
        pepper: reply.pepper,
    };
    (identity, certificates)
}

impl Running {
    /// Something happened that sync must know.
    pub(super) fn tell(&mut self, event: Event) {
        if let Event::StayOffline(stays) = event {
            self.stays_offline = stays;
        }
        self.inbox.push_back(event);
    }

    /// The answer to the awaited exchange, or the lack of one.
    pub(super) fn answered(&mut self, answer: Option<Result<&[u8], RefusalCode>>) {
        self.awaited = None;
        self.refused = answer.as_ref().and_then(|a| a.as_ref().err()).copied();
        let renewing = self.renewing.take();
        let event = match answer {
            Some(Ok(bytes)) if renewing.is_some() => match EnrolReply::from_bytes(bytes) {
                Ok(reply) => {
                    self.renewing = renewing.map(|(reason, _)| (reason, Some(reply)));
                    return;
                }
                Err(_) => Event::Failed(Failure::Unreachable),
            },
            Some(Ok(bytes)) => match SyncReply::from_bytes(bytes) {
                Ok(reply) => {
                    let carried = reply.partitions.iter().flat_map(|p| &p.carried);
                    for c in carried.filter(|c| c.outcome != PushOutcome::Held) {
                        let remark = format!("carries {:?}: {:?}", c.chain, c.outcome);
                        self.remarks.push(remark);
                    }
                    Event::Replied(reply)
                }
                Err(_) => Event::Failed(Failure::Unreachable),
            },
            Some(Err(code)) => {
                self.remarks.push(format!("is refused: {code:?}"));
                Event::Refused(code.into())
            }
            None => Event::Failed(Failure::Unreachable),
        };
        self.inbox.push_back(event);
    }

    /// Whether the hub has told it that it can go no further by itself.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.is_some() || self.refused == Some(RefusalCode::DeviceUnknown)
    }

    /// Whether there is anything to do before the next answer or wake.
    pub(super) fn is_busy(&self) -> bool {
        let is_granted = matches!(self.renewing, Some((_, Some(_))));
        !self.inbox.is_empty() || !self.effects.is_empty() || self.ingest.is_some() || is_granted
    }

    /// Does the next thing. `now`: the device's own clock.
    ///
    /// # Errors
    /// Those of the replica, which sync has been told of.
    pub(super) fn work(&mut self, now: UnixMillis) -> Result<Option<Wish>, ReplicaError> {
        let done = if let Some(effect) = self.effects.pop_front() {
            self.carry_out(effect, now)
        } else if self.ingest.is_some() {
            self.take_slice(now).map(|()| None)
        } else if let Some((reason, Some(reply))) = self.renewing.take_if(|r| r.1.is_some()) {
            self.go_on_as(reason, reply, now).map(|()| None)
        } else {
            self.next_event(now).map(|()| None)
        };
        if done.is_err() {
            self.ingest = None;
            self.inbox.push_back(Event::Failed(Failure::Storage));
        }
        done
    }

    fn next_event(&mut self, now: UnixMillis) -> Result<(), ReplicaError> {
        let Some(mut event) = self.inbox.pop_front() else {
            return Ok(());
        };
        if let Event::Replied(reply) = &mut event {
            exchange::snapshot::take_offers(&mut self.replica, reply)?;
        }
        self.effects = self.sync.handle(now, event).into();
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect, now: UnixMillis) -> Result<Option<Wish>, ReplicaError> {
        match effect {
            Effect::Gather(ask) => {
                let gathered = exchange::gather(&mut self.replica, &ask, now, "simulation")?;
                self.inbox.push_front(Event::Gathered(gathered));
            }
            Effect::Send(mut request) => {
                if self.takes_snapshots {
                    // Whether anybody works with it just now is anybody's guess.
                    let is_idle = self.random.one_in(2);
                    exchange::snapshot::wish(&self.replica, &mut request, is_idle, now)?;
                }
                return self.send(&request).map(Some);
            }
            Effect::Ingest {
                epoch,
                restart,
                entries,
            } => {
                for partition in restart {
                    self.replica.restart_cursor(partition, epoch)?;
                }
                if entries.is_empty() {
                    self.inbox.push_front(Event::Ingested { complete: true });
                } else {
                    let entries = entries.into_iter().map(|(p, e)| (p, e.into()));
                    self.ingest = Some(Ingest {
                        epoch,
                        entries: entries.collect(),
                        complete: true,
                    });
                }
            }
            Effect::WakeAt(at) => return Ok(Some(Wish::WakeAt(at))),
            // The simulated network has no live connection: exchanges alone.
            Effect::Show { .. } | Effect::Live(_) => {}
            Effect::UpToDate => {
                self.up_to_date += 1;
                self.may_fetch = true;
            }
            Effect::Stopped(outcome) => {
                self.remarks.push(format!("stopped: {outcome:?}"));
                self.stopped = outcome;
            }
            Effect::Renew(reason) => {
                let seed = std::array::from_fn(|_| self.random.bits() as u8);
                let request = exchange::renewal::request(&mut self.replica, reason, seed)?;
                self.remarks.push(format!("renews: {reason:?}"));
                self.renewing = Some((reason, None));
                return Ok(Some(Wish::Renew {
                    token: self.replica.enrolled()?.token.clone(),
                    request,
                }));
            }
            Effect::GiveWay(partition, chain) => {
                let moved = self.replica.give_way(partition, chain)?;
                self.remarks.push(format!("gives way with {moved}"));
            }
        }
        Ok(None)
    }

    fn go_on_as(
        &mut self,
        reason: RenewReason,
        reply: EnrolReply,
        now: UnixMillis,
    ) -> Result<(), ReplicaError> {
        let renewed = exchange::renewal::take(&mut self.replica, reason, reply, now)?;
        self.inbox.push_front(match renewed {
            Some(renewed) => {
                let own = self.replica.own_chain(Partition::Shared);
                let remark = format!("goes on, shared chain {own:?}: {renewed:?}");
                self.remarks.push(remark);
                Event::Renewed { done: true }
            }
            None => Event::Failed(Failure::Unreachable),
        });
        Ok(())
    }

    fn send(&self, request: &SyncRequest) -> Result<Wish, ReplicaError> {
        Ok(Wish::Sync {
            token: self.replica.enrolled()?.token.clone(),
            bytes: request.to_bytes(),
        })
    }

    fn take_slice(&mut self, now: UnixMillis) -> Result<(), ReplicaError> {
        let Some(mut ingest) = self.ingest.take() else {
            return Ok(());
        };
        if let Some((partition, mut entries)) = ingest.entries.pop_front() {
            let slice: Vec<Accepted> = entries.drain(..entries.len().min(SLICE_ENTRIES)).collect();
            let outcome = self.replica.ingest(partition, ingest.epoch, &slice, now)?;
            if let Some(rejected) = outcome.rejected {
                let next = slice.iter().find(|e| e.number > outcome.cursor.number);
                let header = next.and_then(|e| e.segment.as_ref()?.header().ok());
                let place = header.map(|h| (h.partition, h.chain, h.seq));
                let remark = format!("leaves out {place:?}: {rejected:?}");
                self.remarks.push(remark);
                ingest.complete = false;
                entries.clear();
            }
            if !entries.is_empty() {
                ingest.entries.push_front((partition, entries));
            }
        }
        if ingest.entries.is_empty() {
            let complete = ingest.complete;
            self.inbox.push_front(Event::Ingested { complete });
        } else {
            self.ingest = Some(ingest);
        }
        Ok(())
    }
}
