//! `bench load`: hundreds of connected handhelds, each with its own key, chain and TLS connection; then ten times the
//! scans; then until everything is acknowledged.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use documents::catalogue::Site;
use documents::segment::{Segment, SegmentHash};
use documents::{Partition, SigningKey};
use domain::{BinId, EventRecord, HybridClock, ItemId, OperatorId, SiteId};
use protocol::{
    DeviceStatus, EnrolReply, EnrolRequest, LiveFrame, LogPosition, PartitionRequest, PushOutcome,
    SyncReply, SyncRequest,
};
use replica::Cursor;
use sync_server::hub::Hub;
use sync_server::store::Database;
use tokio::time::{Instant as Moment, sleep_until};
use tokio_rustls::TlsConnector;

use crate::author::Author;
use crate::host::{become_server, number, port, work};
use crate::line::{Line, tls};
use crate::measure::{cpu_seconds, percentile_ms, say, status_kb};
use crate::stage::Stage;
use crate::workload::{self, Random};

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) clients: usize,
    pub(crate) sites: usize,
    pub(crate) every_ms: u64,
    pub(crate) seconds: u64,
    pub(crate) overload_seconds: u64,
}

fn site(n: usize) -> SiteId {
    SiteId::from_bytes([0x60 + n as u8; 16])
}

fn key(n: usize) -> SigningKey {
    let mut seed = [0x77; 32];
    seed[..8].copy_from_slice(&(n as u64).to_le_bytes());
    SigningKey::from_seed(&seed)
}

/// Enrols all clients in a new hub's data, then becomes the real server.
pub(crate) fn server() -> Result<()> {
    let data = work()?.join("server");
    std::fs::create_dir_all(&data)?;
    let now = sync_server::clock::Clock::system().now();
    let (clients, sites) = (number("CLIENTS")?, number("SITES")?);
    {
        let database = Arc::new(Database::open(&data.join("hub.db"))?);
        let hub = Hub::open(&data, database, now)?;
        for n in 0..sites {
            let made = Site {
                id: site(n),
                code: format!("S{n}"),
                name_en: format!("Site {n}"),
                name_zh: format!("{n}号仓"),
                time_zone: "Europe/Berlin".into(),
            };
            hub.create_site(&made, now)?;
        }
        for n in 0..clients {
            let code = hub.invite(site(n % sites), &format!("PDA {n}"), now)?;
            let reply = hub
                .enrol(&EnrolRequest::new(&code, "", &key(n)), now)?
                .map_err(|code| anyhow::anyhow!("refused: {}", code.code()))?;
            std::fs::write(work()?.join(format!("client-{n}")), reply.to_bytes())?;
        }
    }
    become_server(&data)
}

/// What all clients write to.
#[derive(Default)]
struct Board {
    /// Milliseconds between two scans of one client; 0: no scans.
    every_ms: AtomicU64,
    stop: AtomicBool,
    ready: AtomicU64,
    scanned: AtomicU64,
    acknowledged: AtomicU64,
    exchanges: AtomicU64,
    pushed: AtomicU64,
    refused: AtomicU64,
    reconnects: AtomicU64,
    bytes: AtomicU64,
    latencies: Mutex<Vec<Duration>>,
}

struct Client {
    token: String,
    author: Author,
    clock: HybridClock,
    random: Random,
    items: Vec<ItemId>,
    bins: Vec<BinId>,
    waiting: VecDeque<(u64, Segment, Instant)>,
    positions: BTreeMap<Partition, LogPosition>,
    board: Arc<Board>,
}

fn cursor(position: LogPosition) -> Cursor {
    Cursor {
        epoch: position.epoch,
        number: position.number,
        running_hash: position.running_hash,
    }
}

fn now() -> i64 {
    sync_server::clock::Clock::system().now()
}

impl Client {
    fn read(n: usize, board: Arc<Board>, items: Vec<ItemId>) -> Result<Self> {
        let reply = EnrolReply::from_bytes(&std::fs::read(work()?.join(format!("client-{n}")))?)?;
        let author = Author::new(&reply, key(n))?;
        let partitions = [Partition::Shared, author.partition()];
        Ok(Self {
            token: reply.token,
            author,
            clock: HybridClock::default(),
            random: Random::new(n as u64 + 1),
            items,
            bins: workload::bins(),
            waiting: VecDeque::new(),
            positions: partitions.map(|p| (p, LogPosition::default())).into(),
            board,
        })
    }

    fn scan(&mut self) -> Result<()> {
        let record = EventRecord {
            clock: self.clock.tick(now()),
            operator: OperatorId::from_bytes([1; 16]),
            body: workload::event(&self.items, &self.bins, &mut self.random),
            carries_out: None,
            evidence: Vec::new(),
            origin: None,
            order: None,
            reason: None,
            carton: None,
            approved_by: None,
        };
        let segment = self.author.seal(&[record])?;
        self.waiting
            .push_back((self.author.head.0, segment, Instant::now()));
        self.board.scanned.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn request(&self) -> SyncRequest {
        let chains = [
            (Partition::Shared, self.author.shared_chain),
            (self.author.partition(), self.author.chain),
        ];
        let partitions = chains.map(|(partition, chain)| {
            let own = partition != Partition::Shared;
            PartitionRequest {
                partition,
                position: self.positions[&partition],
                head_seq: if own { self.author.head.0 } else { 0 },
                head_hash: if own {
                    self.author.head.1
                } else {
                    SegmentHash::default()
                },
                segments: match own {
                    true => self.waiting.iter().take(500).map(|w| w.1.clone()).collect(),
                    false => Vec::new(),
                },
                chain: Some(chain),
                carried: Vec::new(),
                // What a client skips costs the server nothing.
                snapshot: protocol::SnapshotWish::default(),
                told: None,
            }
        });
        SyncRequest {
            versions: protocol::VERSIONS,
            status: DeviceStatus {
                waiting_events: self.waiting.len() as u64,
                clock: now(),
                program: "bench".into(),
                ..DeviceStatus::default()
            },
            partitions: partitions.into(),
            reply_bytes_max: 1 << 20,
        }
    }

    /// Returns whether there is more to do.
    fn take(&mut self, reply: SyncReply) -> Result<bool> {
        let mut more = false;
        for part in reply.partitions {
            if part.outcome != PushOutcome::Held {
                bail!("pushed: {:?}", part.outcome);
            }
            if part.restart {
                self.positions
                    .insert(part.partition, LogPosition::default());
                bail!("the hub does not know the position");
            }
            if part.partition != Partition::Shared {
                let mut latencies = self
                    .board
                    .latencies
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                while self.waiting.front().is_some_and(|w| w.0 <= part.head_seq) {
                    if let Some((_, _, made)) = self.waiting.pop_front() {
                        latencies.push(made.elapsed());
                        self.board.acknowledged.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            let at = self.positions[&part.partition];
            let start = if at.number == 0 {
                Cursor::start(reply.epoch)
            } else {
                cursor(at)
            };
            // Some may have been pushed between the request and its answer.
            let fresh = part.entries.iter().filter(|e| e.number > start.number);
            let end = fresh.fold(start, |at, e| at.after(e.hash));
            self.positions
                .insert(part.partition, exchange::position_of(end));
            more |= part.more;
        }
        Ok(more || !self.waiting.is_empty())
    }

    async fn run(mut self, tls: TlsConnector, port: u16) -> Result<()> {
        let mut counted = false;
        // Scans of the clients are spread over the interval.
        let mut scan_at = Moment::now();
        let mut scheduled = 0;
        loop {
            match self
                .connected(&tls, port, &mut counted, &mut scan_at, &mut scheduled)
                .await
            {
                Ok(()) => return Ok(()),
                Err(error) => {
                    if self.board.reconnects.fetch_add(1, Ordering::Relaxed) < 3 {
                        say(&format!(
                            "{}",
                            serde_json::json!({ "reconnects_because": format!("{error:#}") })
                        ));
                    }
                    let wait = 500 + self.random.below(1_500);
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
            }
        }
    }

    async fn connected(
        &mut self,
        tls: &TlsConnector,
        port: u16,
        counted: &mut bool,
        scan_at: &mut Moment,
        scheduled: &mut u64,
    ) -> Result<()> {
        let mut line = Line::connect(tls, port, &self.token).await?;
        let board = self.board.clone();
        let mut seen = 0;
        let (mut awaited, mut ask, mut ask_at) = (false, true, Moment::now());
        while !board.stop.load(Ordering::Relaxed) {
            let every = board.every_ms.load(Ordering::Relaxed);
            if every != *scheduled {
                *scheduled = every;
                *scan_at = Moment::now() + Duration::from_millis(self.random.below(every.max(1)));
            }
            if ask && !awaited && ask_at <= Moment::now() {
                line.send(&self.request()).await?;
                board.exchanges.fetch_add(1, Ordering::Relaxed);
                (awaited, ask) = (true, false);
            }
            let look = Moment::now() + Duration::from_millis(500);
            let mut wake = if every > 0 { look.min(*scan_at) } else { look };
            if ask && !awaited {
                wake = wake.min(ask_at);
            }
            let positions = &self.positions;
            tokio::select! {
                frame = line.next(|partition| positions.get(&partition).copied().context("a position")) => match frame? {
                    LiveFrame::Reply(reply) => {
                        awaited = false;
                        ask |= self.take(reply)?;
                        if !ask && !*counted {
                            *counted = true;
                            board.ready.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    LiveFrame::Refused(refusal) => {
                        awaited = false;
                        ask = true;
                        board.refused.fetch_add(1, Ordering::Relaxed);
                        let wait = u64::from(refusal.retry_after_seconds).max(1) * 1_000;
                        ask_at = Moment::now() + Duration::from_millis(wait + self.random.below(wait / 2));
                    }
                    LiveFrame::Entries(pushed) => {
                        let at = self.positions[&pushed.partition];
                        if at == pushed.after {
                            board.pushed.fetch_add(pushed.entries.len() as u64, Ordering::Relaxed);
                            let end = pushed.entries.iter().fold(cursor(at), |at, e| at.after(e.hash));
                            self.positions.insert(pushed.partition, exchange::position_of(end));
                        } else if pushed.entries.last().is_some_and(|e| e.number > at.number) {
                            ask = true;
                        }
                    }
                    LiveFrame::Packed(_) => {}
                    LiveFrame::Hint(hint) => ask |= self.positions[&hint.partition].number < hint.number,
                },
                () = sleep_until(wake) => {
                    if every > 0 && *scan_at <= Moment::now() {
                        self.scan()?;
                        *scan_at += Duration::from_millis(every);
                        ask = true;
                    }
                }
            }
            let total = line.bytes();
            board.bytes.fetch_add(total - seen, Ordering::Relaxed);
            seen = total;
        }
        Ok(())
    }
}

struct Mark {
    at: Instant,
    cpu: f64,
    own_cpu: f64,
    counts: [u64; 6],
}

impl Board {
    fn counts(&self) -> [u64; 6] {
        [
            &self.scanned,
            &self.acknowledged,
            &self.exchanges,
            &self.pushed,
            &self.refused,
            &self.bytes,
        ]
        .map(|n| n.load(Ordering::Relaxed))
    }

    fn mark(&self, server: u32) -> Mark {
        Mark {
            at: Instant::now(),
            cpu: cpu_seconds(server),
            own_cpu: cpu_seconds(std::process::id()),
            counts: self.counts(),
        }
    }

    /// Prints what has happened since a mark.
    fn report(&self, phase: &str, since: &Mark, server: u32) {
        let latencies = std::mem::take(
            &mut *self
                .latencies
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let seconds = since.at.elapsed().as_secs_f64();
        let now = self.counts();
        let grown = |n: usize| now[n] - since.counts[n];
        let report = serde_json::json!({
            "bench": "load", "phase": phase, "seconds": seconds,
            "scans": grown(0), "acknowledged": grown(1), "not_acknowledged": now[0] - now[1],
            "acknowledged_a_second": grown(1) as f64 / seconds,
            "acknowledged_ms": {
                "p50": percentile_ms(&latencies, 50), "p99": percentile_ms(&latencies, 99),
                "max": percentile_ms(&latencies, 100),
            },
            "exchanges": grown(2), "entries_pushed": grown(3), "refused": grown(4),
            "mb": grown(5) as f64 / 1e6,
            "server_cpu": (cpu_seconds(server) - since.cpu) / seconds,
            "clients_cpu": (cpu_seconds(std::process::id()) - since.own_cpu) / seconds,
            "server_rss_mb": status_kb(server, "VmRSS") as f64 / 1e3,
            "server_peak_mb": status_kb(server, "VmHWM") as f64 / 1e3,
            "reconnects": self.reconnects.load(Ordering::Relaxed),
        });
        say(&report.to_string());
    }
}

/// Starts the server and a process with all clients.
pub(crate) fn run(load: Load) -> Result<()> {
    let numbers = [
        ("CLIENTS", load.clients as u64),
        ("SITES", load.sites as u64),
        ("EVERY_MS", load.every_ms),
        ("SECONDS", load.seconds),
        ("OVERLOAD_SECONDS", load.overload_seconds),
    ];
    // It enrols all clients first.
    let stage = Stage::start("load-server", &numbers, Duration::from_secs(300))?;
    let clients = stage
        .command(&["load-clients"])
        .env("SERVER", stage.server().to_string())
        .status()?;
    if !clients.success() {
        bail!("the clients failed");
    }
    Ok(())
}

/// All clients, in one process.
pub(crate) fn clients() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(all_clients())
}

async fn all_clients() -> Result<()> {
    let (clients, every, server) = (
        number("CLIENTS")?,
        number("EVERY_MS")? as u64,
        number("SERVER")?,
    );
    let (tls, port, server) = (tls()?, port()?, server as u32);
    let board = Arc::new(Board::default());
    let mut ids = domain::IdSource::new([9; 8]);
    let items: Vec<ItemId> = (0..1_000)
        .map(|_| ItemId::from_bytes(ids.draw(workload::T0)))
        .collect();
    let begun = board.mark(server);
    for n in 0..clients {
        let client = Client::read(n, board.clone(), items.clone())?;
        let tls = tls.clone();
        tokio::spawn(async move {
            if let Err(error) = client.run(tls, port).await {
                say(&serde_json::json!({ "client_failed": format!("{error:#}") }).to_string());
            }
        });
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    while board.ready.load(Ordering::Relaxed) < clients as u64 {
        if begun.at.elapsed() > Duration::from_secs(120) {
            bail!(
                "{} of {clients} clients are connected",
                board.ready.load(Ordering::Relaxed)
            );
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    board.report("connected", &begun, server);
    let phases = [
        ("load", every, number("SECONDS")?),
        (
            "ten times",
            (every / 10).max(1),
            number("OVERLOAD_SECONDS")?,
        ),
    ];
    for (name, every, seconds) in phases {
        let mark = board.mark(server);
        board.every_ms.store(every, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(seconds as u64)).await;
        board.report(name, &mark, server);
    }
    let mark = board.mark(server);
    board.every_ms.store(0, Ordering::Relaxed);
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let [scanned, acknowledged, ..] = board.counts();
        if scanned == acknowledged {
            break;
        }
        if mark.at.elapsed() > Duration::from_secs(120) {
            board.report("not everything was acknowledged", &mark, server);
            bail!(
                "{} of {scanned} scans are not acknowledged",
                scanned - acknowledged
            );
        }
    }
    board.report("until all is acknowledged", &mark, server);
    board.stop.store(true, Ordering::Relaxed);
    Ok(())
}
