//! Everything there is, and the queue of what happens next.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, anyhow};
use documents::SigningKey;
use documents::catalogue::Site;
use domain::{EventHash, UnixMillis};
use protocol::{EnrolRequest, RefusalCode, RenewRequest, SyncRequest};
use replica::{Commit, ReplicaError};
use sync_core::Event;
use sync_server::store::StoreError;
use testkit::disk::Disk;
use testkit::random::Random;

use super::audit::{self, Segments};
use super::books::Books;
use super::faults::{self, Kinds};
use super::handheld::{self, Handheld, Running, Wish};
use super::hubs::{self, Hubs};
use super::network::Network;
use super::report::{Outcome, Trace};
use super::snapshots::{self, Windows};
use super::{Plan, invariants};
use crate::fleet::{SITE, T0, bin_edit, item_edit};

/// A request without an answer is given up after this long, as the real transport does.
const TIMEOUT_MS: i64 = 30_000;

/// Something that happens at its time. `start` counts a machine's starts: what was meant for an earlier one is void.
pub(super) enum Due {
    /// The handheld does the next thing.
    Work {
        handheld: usize,
        start: u32,
    },
    Wake {
        handheld: usize,
        start: u32,
        at: UnixMillis,
    },
    Timeout {
        handheld: usize,
        start: u32,
        exchange: u64,
    },
    Request(Request),
    Reply {
        handheld: usize,
        start: u32,
        exchange: u64,
        answer: Result<Vec<u8>, RefusalCode>,
    },
    Look {
        node: usize,
        start: u32,
    },
    StartHandheld {
        handheld: usize,
        start: u32,
    },
    StartNode {
        node: usize,
        start: u32,
    },
    Room {
        handheld: usize,
    },
    /// The next step of what it fetches.
    Fetch {
        handheld: usize,
        start: u32,
    },
}

#[derive(Clone)]
pub(super) struct Request {
    handheld: usize,
    start: u32,
    exchange: u64,
    node: usize,
    token: String,
    asks: Asks,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
pub(super) enum Asks {
    Sync,
    Renew,
}

pub(super) struct World {
    plan: Plan,
    pub(super) random: Random,
    /// True time, which no machine knows.
    pub(super) now: UnixMillis,
    queue: BTreeMap<(UnixMillis, u64), Due>,
    last_due: u64,
    last_exchange: u64,
    pub(super) hubs: Hubs,
    pub(super) handhelds: Vec<Handheld>,
    pub(super) network: Network,
    pub(super) books: Books,
    /// Keys that enrolment was asked for with.
    pub(super) keys: BTreeSet<[u8; 32]>,
    /// Parcel files that somebody has made and nobody has thrown away.
    pub(super) files: Vec<Vec<u8>>,
    /// Whether there are snapshots in this run.
    pub(super) snapshots: Option<Windows>,
    /// What may go wrong in this run.
    pub(super) kinds: Kinds,
    segments: Segments,
    trace: Trace,
    pub(super) steps: u64,
    pub(super) violations: Vec<String>,
}

impl World {
    pub(super) fn new(plan: Plan) -> Result<Self> {
        let mut random = Random::new(plan.seed);
        // The first few numbers of near seeds are alike.
        for _ in 0..8 {
            random.bits();
        }
        // Mostly one alone; what several do to each other is looked for in the other half.
        let nodes = match random.one_in(2) {
            true => 1,
            false => 2 + random.below(2) as usize,
        };
        Ok(Self {
            plan,
            now: T0,
            queue: BTreeMap::new(),
            last_due: 0,
            last_exchange: 0,
            hubs: Hubs::new(nodes, &mut random)?,
            handhelds: Vec::new(),
            network: Network::new(),
            books: Books::default(),
            keys: BTreeSet::new(),
            files: Vec::new(),
            snapshots: Windows::draw(&mut random),
            kinds: Kinds::draw(&mut random),
            segments: Segments::default(),
            trace: Trace::new(plan.verbose),
            steps: 0,
            violations: Vec::new(),
            random,
        })
    }

    pub(super) fn outcome(mut self, result: Result<()>) -> Outcome {
        if let Err(error) = result {
            self.violations.push(format!("{error:?}"));
        }
        Outcome {
            plan: self.plan,
            steps: self.steps,
            violations: self.violations,
            trace: self.trace.hash(),
        }
    }

    pub(super) fn note(&mut self, what: std::fmt::Arguments<'_>) {
        let (steps, ms) = (self.steps, self.now - T0);
        self.trace.note(format_args!("{steps} {ms} {what}"));
    }

    /// The whole run.
    pub(super) fn play(&mut self) -> Result<()> {
        self.set_up()?;
        for _ in 0..self.plan.steps {
            self.steps += 1;
            if self.random.below(20) < 13 {
                self.pass(UnixMillis::MAX)?;
            } else {
                self.now += self.random.below(2_000) as i64;
                faults::act(self)?;
            }
        }
        self.settle()?;
        invariants::check(self)?;
        let counts = self.hubs.store.counts();
        self.note(format_args!("the store's disk: {counts:?}"));
        Ok(())
    }

    fn set_up(&mut self) -> Result<()> {
        for node in 0..self.hubs.nodes.len() {
            self.hubs.start(node, self.now, &mut self.random)?;
            snapshots::configure(self, node);
        }
        let site = Site {
            id: SITE,
            code: "SHA1".into(),
            name_en: "Shanghai 1".into(),
            name_zh: "上海一号仓".into(),
            time_zone: "Asia/Shanghai".into(),
        };
        let hub = self.hubs.nodes[0].hub.as_ref().context("runs")?;
        hub.create_site(&site, self.now)?;
        let edits = (0..6).map(item_edit).chain((0..4).map(bin_edit)).collect();
        let commit = Commit {
            edits,
            ..Commit::default()
        };
        hub.commit(commit, self.now)?;
        // Mostly a few, now and then a whole shift.
        let crowd = if self.random.one_in(12) { 19 } else { 5 };
        for _ in 0..2 + self.random.below(crowd) {
            self.enrol()?;
        }
        Ok(())
    }

    /// Takes the next thing from the queue that is due before `until`, if there is one, and does it.
    pub(super) fn pass(&mut self, until: UnixMillis) -> Result<bool> {
        match self.queue.first_key_value() {
            Some(((at, _), _)) if *at <= until => {}
            _ => return Ok(false),
        }
        if let Some(((at, _), due)) = self.queue.pop_first() {
            self.now = self.now.max(at);
            self.happen(due)?;
        }
        Ok(true)
    }

    pub(super) fn schedule(&mut self, after_ms: i64, due: Due) {
        self.last_due += 1;
        self.queue.insert((self.now + after_ms, self.last_due), due);
    }

    fn happen(&mut self, due: Due) -> Result<()> {
        match due {
            Due::Work { handheld, start } => self.work(handheld, start),
            Due::Wake {
                handheld,
                start,
                at,
            } => {
                if let Some(running) = self.running(handheld, start)
                    && running.wake_at == Some(at)
                {
                    running.wake_at = None;
                    running.tell(Event::Woke);
                    self.keep_working(handheld);
                }
                Ok(())
            }
            Due::Timeout {
                handheld,
                start,
                exchange,
            } => {
                if let Some(running) = self.running(handheld, start)
                    && running.awaited == Some(exchange)
                {
                    running.answered(None);
                    self.note(format_args!("handheld {handheld} gives up {exchange}"));
                    self.keep_working(handheld);
                }
                Ok(())
            }
            Due::Request(request) => self.serve(&request),
            Due::Reply {
                handheld,
                start,
                exchange,
                answer,
            } => {
                self.answer(handheld, start, exchange, answer);
                Ok(())
            }
            Due::Look { node, start } => {
                if self.hubs.nodes[node].starts == start {
                    self.look(node)?;
                }
                Ok(())
            }
            Due::StartHandheld { handheld, start } => {
                if self.handhelds[handheld].starts == start {
                    self.start_handheld(handheld)?;
                }
                Ok(())
            }
            Due::StartNode { node, start } => {
                if self.hubs.nodes[node].starts == start {
                    self.start_node(node)?;
                }
                Ok(())
            }
            Due::Fetch { handheld, start } => match self.running(handheld, start) {
                Some(running) => {
                    running.is_fetching = false;
                    snapshots::fetch(self, handheld)
                }
                None => Ok(()),
            },
            Due::Room { handheld } => {
                self.handhelds[handheld].disk.set_quota(None);
                Ok(())
            }
        }
    }

    fn running(&mut self, handheld: usize, start: u32) -> Option<&mut Running> {
        let handheld = &mut self.handhelds[handheld];
        handheld
            .running
            .as_mut()
            .filter(|_| handheld.starts == start)
    }

    /// Numbers of the handhelds that are not lost.
    pub(super) fn alive(&self) -> impl Iterator<Item = usize> {
        self.handhelds
            .iter()
            .filter(|h| !h.is_lost)
            .map(|h| h.number)
    }

    // Handhelds.

    /// Takes a new handheld in, if a node is there to do it.
    pub(super) fn enrol(&mut self) -> Result<()> {
        let Some(node) = self.any_node() else {
            return Ok(());
        };
        let number = self.handhelds.len();
        let key = SigningKey::from_seed(&self.draw());
        self.keys.insert(*key.public().as_bytes());
        let failures = self.hubs.disk_failures();
        let at = self.now + self.hubs.nodes[node].clock_error_ms;
        let hub = self.hubs.nodes[node].hub.as_ref().context("runs")?;
        let enrolled = hub
            .invite(SITE, &format!("PDA {number}"), at)
            .and_then(|code| hub.enrol(&EnrolRequest::new(&code, "", &key), at));
        let Some(enrolled) = self.hub_result(failures, enrolled)? else {
            return Ok(());
        };
        let reply = enrolled.map_err(|code| anyhow!("refused: {}", code.code()))?;
        let (identity, certificates) = handheld::identity(reply, key);
        let database_key = if self.random.one_in(4) {
            Some(self.draw())
        } else {
            None
        };
        let disk = Disk::new(self.random.bits());
        let mut made = Handheld::new(number, disk, database_key);
        made.takes_snapshots = self.snapshots.is_some() && !self.random.one_in(4);
        made.start(&mut self.random)?;
        let running = made.running.as_mut().context("runs")?;
        running.replica.enrol(identity, &certificates)?;
        self.handhelds.push(made);
        self.note(format_args!("handheld {number} is enrolled"));
        self.keep_working(number);
        Ok(())
    }

    fn draw<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.random.bits() as u8)
    }

    /// Lets a handheld go on soon, if it has anything to do.
    pub(super) fn keep_working(&mut self, n: usize) {
        let handheld = &mut self.handhelds[n];
        let start = handheld.starts;
        if let Some(running) = &mut handheld.running
            && running.is_busy()
            && !running.is_scheduled
        {
            running.is_scheduled = true;
            let after = self.random.below(20) as i64;
            self.schedule(after, Due::Work { handheld: n, start });
        }
    }

    fn work(&mut self, n: usize, start: u32) -> Result<()> {
        let failures = self.handhelds[n].disk.counts().failures;
        let now = self.now + self.handhelds[n].clock_error_ms;
        let Some(running) = self.running(n, start) else {
            return Ok(());
        };
        running.is_scheduled = false;
        let worked = running.work(now);
        for remark in std::mem::take(&mut running.remarks) {
            self.note(format_args!("handheld {n} {remark}"));
        }
        let wish = self.handheld_result(n, failures, worked)?.flatten();
        self.fetch_later(n);
        if self.handhelds[n].running.is_none() {
            return Ok(());
        }
        match wish {
            Some(Wish::Sync { token, bytes }) => self.send(n, token, Asks::Sync, bytes),
            Some(Wish::Renew { token, request }) => {
                self.keys.insert(*request.key.as_bytes());
                self.send(n, token, Asks::Renew, request.to_bytes());
            }
            Some(Wish::WakeAt(at)) => {
                // The device waits by its own clock.
                let after = at - now;
                if let Some(running) = self.running(n, start) {
                    running.wake_at = Some(at);
                }
                self.schedule(
                    after,
                    Due::Wake {
                        handheld: n,
                        start,
                        at,
                    },
                );
            }
            None => {}
        }
        self.keep_working(n);
        Ok(())
    }

    /// Goes on with a snapshot, if this handheld has heard of one and was up to date since.
    pub(super) fn fetch_later(&mut self, n: usize) {
        let handheld = &mut self.handhelds[n];
        let start = handheld.starts;
        if let Some(running) = &mut handheld.running
            && std::mem::take(&mut running.may_fetch)
            && !running.is_fetching
        {
            running.is_fetching = true;
            let after = 1 + self.random.below(1_000) as i64;
            self.schedule(after, Due::Fetch { handheld: n, start });
        }
    }

    /// What came of an operation on a handheld's disk. `None`: it failed, and the disk is why.
    pub(super) fn handheld_result<T>(
        &mut self,
        n: usize,
        failures: u64,
        result: Result<T, ReplicaError>,
    ) -> Result<Option<T>> {
        let handheld = &mut self.handhelds[n];
        let disk_failed = handheld.disk.counts().failures > failures;
        let stands_still = handheld.disk.stands_still();
        if stands_still {
            self.stop_handheld(n);
        }
        match result {
            // Whoever was to be told is gone.
            Ok(_) if stands_still => Ok(None),
            Ok(value) => Ok(Some(value)),
            Err(error) if disk_failed => {
                self.note(format_args!("handheld {n}: {}", error.code()));
                Ok(None)
            }
            Err(error) => {
                let error = anyhow!(error).context(format!("handheld {n}, with a sound disk"));
                Err(error)
            }
        }
    }

    /// Ends a handheld where it is, by a crash or a power cut; it comes back later.
    pub(super) fn stop_handheld(&mut self, n: usize) {
        let handheld = &mut self.handhelds[n];
        if self.random.one_in(3) {
            handheld.kill();
        } else {
            handheld.power_cut();
        }
        let start = handheld.starts;
        let after = self.random.below(120_000) as i64;
        self.schedule(after, Due::StartHandheld { handheld: n, start });
        self.note(format_args!("handheld {n} stops"));
    }

    pub(super) fn start_handheld(&mut self, n: usize) -> Result<()> {
        if self.handhelds[n].is_lost || self.handhelds[n].running.is_some() {
            return Ok(());
        }
        let failures = self.handhelds[n].disk.counts().failures;
        let started = self.handhelds[n].start(&mut self.random);
        if self.handheld_result(n, failures, started)?.is_none()
            && self.handhelds[n].running.is_none()
        {
            let start = self.handhelds[n].starts;
            self.schedule(10_000, Due::StartHandheld { handheld: n, start });
        }
        self.note(format_args!("handheld {n} starts"));
        self.keep_working(n);
        Ok(())
    }

    /// A full disk does not stay full for ever.
    pub(super) fn make_room_later(&mut self, n: usize) {
        let after = self.random.below(300_000) as i64;
        self.schedule(after, Due::Room { handheld: n });
    }

    // The wire.

    fn send(&mut self, n: usize, token: String, asks: Asks, bytes: Vec<u8>) {
        self.last_exchange += 1;
        let exchange = self.last_exchange;
        let node = self.random.below(self.hubs.nodes.len() as u64) as usize;
        let start = self.handhelds[n].starts;
        if let Some(running) = self.running(n, start) {
            running.awaited = Some(exchange);
        }
        self.note(format_args!(
            "handheld {n} sends {exchange}, {} bytes",
            bytes.len()
        ));
        self.trace.bytes(&bytes);
        let request = Request {
            handheld: n,
            start,
            exchange,
            node,
            token,
            asks,
            bytes,
        };
        for (delay, bytes) in self.network.carry(&request.bytes, &mut self.random) {
            let copy = Request {
                bytes,
                ..request.clone()
            };
            self.schedule(delay, Due::Request(copy));
        }
        self.schedule(
            TIMEOUT_MS,
            Due::Timeout {
                handheld: n,
                start,
                exchange,
            },
        );
    }

    fn serve(&mut self, request: &Request) -> Result<()> {
        let node = request.node;
        if self.network.split.contains(&(request.handheld, node)) {
            return Ok(());
        }
        let failures = self.hubs.disk_failures();
        let at = self.now + self.hubs.nodes[node].clock_error_ms;
        let Some(hub) = &self.hubs.nodes[node].hub else {
            return Ok(());
        };
        let answer = match request.asks {
            Asks::Sync => match SyncRequest::from_bytes(&request.bytes) {
                Err(_) => Ok(Err(RefusalCode::Malformed)),
                Ok(asked) => hub
                    .sync(&request.token, asked, at)
                    .map(|answer| answer.map(|reply| reply.to_bytes())),
            },
            Asks::Renew => match RenewRequest::from_bytes(&request.bytes) {
                Err(_) => Ok(Err(RefusalCode::Malformed)),
                Ok(asked) => hub
                    .renew(&request.token, &asked, at)
                    .map(|answer| answer.map(|reply| reply.to_bytes())),
            },
        };
        let answer = match self.hub_result(failures, answer)? {
            Some(Ok(reply)) => Ok(reply),
            Some(Err(code)) => Err(code),
            None if self.hubs.nodes[node].hub.is_none() => return Ok(()),
            None => Err(RefusalCode::HubFailed),
        };
        self.look_later();
        let (Ok(bytes) | Err(bytes)) = answer
            .clone()
            .map_err(|code| code.code().as_bytes().to_vec());
        self.note(format_args!("node {node} answers {}", request.exchange));
        self.trace.bytes(&bytes);
        for (delay, carried) in self.network.carry(&bytes, &mut self.random) {
            let due = Due::Reply {
                handheld: request.handheld,
                start: request.start,
                exchange: request.exchange,
                answer: answer.as_ref().map(|_| carried).map_err(|code| *code),
            };
            self.schedule(delay, due);
        }
        Ok(())
    }

    fn answer(
        &mut self,
        n: usize,
        start: u32,
        exchange: u64,
        answer: Result<Vec<u8>, RefusalCode>,
    ) {
        // A proxy that mixes up its connections is not unheard of.
        let is_mixed_up = self.random.one_in(4);
        let Some(running) = self.running(n, start) else {
            return;
        };
        if running.awaited == Some(exchange) || (running.awaited.is_some() && is_mixed_up) {
            running.answered(Some(answer.as_deref().map_err(|code| *code)));
            self.note(format_args!("handheld {n} has the answer to {exchange}"));
            self.keep_working(n);
        }
    }

    /// All events that lie anywhere.
    pub(super) fn held(&mut self) -> Result<BTreeSet<EventHash>> {
        let segments = &mut self.segments;
        let running = self.hubs.nodes.iter().find(|n| n.hub.is_some());
        let mut read = None;
        if let Some(database) = running.and_then(|node| node.database.as_ref()) {
            // A disk that fails just now leaves what lies on it.
            let _ = database.read(|c| {
                read = audit::events_read_from_log(c, segments).ok();
                Ok::<_, StoreError>(())
            });
        }
        let mut held = match read {
            Some(held) => held,
            None => audit::events_of_log(&self.hubs.store, hubs::STORE, segments)?,
        };
        for node in &self.hubs.nodes {
            let replica = audit::events(&node.disk, hubs::REPLICA, None, &mut self.segments)?;
            held.extend(replica);
        }
        for handheld in self.handhelds.iter().filter(|h| !h.is_lost) {
            let key = handheld.key.as_ref();
            let disk = &handheld.disk;
            let replica = audit::events(disk, handheld::REPLICA, key, &mut self.segments)?;
            held.extend(replica);
        }
        Ok(held)
    }
}
