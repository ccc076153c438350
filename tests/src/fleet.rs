//! Handhelds, a hub and the wire between them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use documents::catalogue::{Bin, Handling, Item, Room, Site};
use documents::{FieldEdit, Partition, RecordKind, Role, SigningKey};
use domain::{
    BinId, EventBody, Goods, ItemId, OperatorId, OrderLine, Quantity, SiteId, UnitId, UnixMillis,
    ZoneId,
};
use protocol::{
    Becomes, EnrolRequest, RenewReason, RenewRequest, SnapshotGet, SnapshotPart, SyncReply,
    SyncRequest,
};
use replica::{Commit, DatabaseKey, Identity, NewEvent, OpenOptions, RecordEdit, Replica};
use sync_core::{DeviceSync, Effect, Event, Failure};
use sync_server::hub::Hub;
use sync_server::store::Database;

use testkit::random::Random;

/// When simulated time begins.
pub const T0: UnixMillis = 1_790_000_000_000;
/// The one site.
pub const SITE: SiteId = SiteId::from_bytes([0x51; 16]);

/// What the network does to one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Nothing.
    Good,
    /// The request is lost.
    RequestLost,
    /// The hub takes the request; the answer is lost.
    ReplyLost,
    /// The request arrives twice; the second answer comes back.
    RequestTwice,
    /// The answer's entries are cut off or in the wrong order.
    ReplyScrambled,
}

/// The hub with its files.
pub struct HubHost {
    folder: PathBuf,
    hub: Option<Hub>,
}

impl HubHost {
    /// A hub with one site.
    ///
    /// # Errors
    /// Whatever the hub says, as of all functions here.
    pub fn start(folder: &Path) -> Result<Self> {
        let mut host = Self {
            folder: folder.to_owned(),
            hub: None,
        };
        host.restart(T0)?;
        let site = Site {
            id: SITE,
            code: "SHA1".into(),
            name_en: "Shanghai 1".into(),
            name_zh: "上海一号仓".into(),
            time_zone: "Asia/Shanghai".into(),
        };
        host.get().create_site(&site, T0)?;
        Ok(host)
    }

    /// A hub over files that are there already.
    pub fn open(folder: &Path, now: UnixMillis) -> Result<Self> {
        let mut host = Self {
            folder: folder.to_owned(),
            hub: None,
        };
        host.restart(now)?;
        Ok(host)
    }

    /// The running hub.
    ///
    /// # Panics
    /// Never: it is only absent inside [`HubHost::restart`].
    #[expect(clippy::expect_used, reason = "absent only inside restart")]
    pub fn get(&self) -> &Hub {
        self.hub.as_ref().expect("the hub runs")
    }

    /// Copies the log's database away, with the hub stopped.
    pub fn back_up(&mut self, now: UnixMillis) -> Result<()> {
        self.hub = None;
        std::fs::copy(self.folder.join("hub.db"), self.folder.join("hub.backup"))?;
        self.restart(now)
    }

    /// Puts the copy back in its place; what came since is gone from the log.
    pub fn restore(&mut self, now: UnixMillis) -> Result<()> {
        self.hub = None;
        for left in ["hub.db-wal", "hub.db-shm"] {
            // They are there only if the hub did not close its file.
            let _ = std::fs::remove_file(self.folder.join(left));
        }
        std::fs::copy(self.folder.join("hub.backup"), self.folder.join("hub.db"))?;
        self.restart(now)
    }

    /// Stops it where it is and starts it again from its files.
    pub fn restart(&mut self, now: UnixMillis) -> Result<()> {
        self.hub = None;
        let database = Arc::new(Database::open(&self.folder.join("hub.db"))?);
        self.hub = Some(Hub::open(&self.folder, database, now)?);
        Ok(())
    }
}

/// One device with its files and its own clock.
pub struct Handheld {
    path: PathBuf,
    starts: u8,
    seed: u64,
    /// The replica; always open between calls.
    pub replica: Replica,
    sync: DeviceSync,
    /// Whether it takes snapshots instead of history.
    pub takes_snapshots: bool,
    /// Every reply of the hub, as it came.
    pub heard: Vec<Vec<u8>>,
    /// This device's clock minus true time.
    pub clock_error_ms: i64,
    /// The person who is signed in.
    pub operator: OperatorId,
}

fn key(seed: u64) -> DatabaseKey {
    DatabaseKey::from_bytes([seed as u8; 32])
}

/// The key under which handheld `n` keeps its database.
pub const fn key_of(n: u8) -> [u8; 32] {
    [n.wrapping_add(1); 32]
}

impl Handheld {
    /// Enrols a new device at the hub.
    pub fn enrol(folder: &Path, hub: &Hub, n: u8, now: UnixMillis) -> Result<Self> {
        Self::enrol_as(folder, hub, n, Role::Handheld, now)
    }

    /// Enrols a new device at the hub, as a handheld or as a counter.
    pub fn enrol_as(folder: &Path, hub: &Hub, n: u8, role: Role, now: UnixMillis) -> Result<Self> {
        let path = folder.join(format!("handheld-{n}.db"));
        let seed = u64::from(n) + 1;
        let signing = SigningKey::from_seed(&[n.wrapping_add(100); 32]);
        let code = hub.invite_as(SITE, &format!("PDA {n}"), role, now)?;
        let mut replica = Replica::open(OpenOptions::file(&path, Some(key(seed)), [n; 8]))?;
        let (counter, other) = replica.may_become()?;
        let request = EnrolRequest::new(&code, "", &signing).becoming(Becomes { counter, other });
        let reply = hub
            .enrol(&request, now)?
            .map_err(|code| anyhow!("refused: {}", code.code()))?;
        let certificates: Vec<Vec<u8>> = reply.certificates.into_iter().map(Vec::from).collect();
        let identity = Identity {
            organisation: reply.organisation,
            device: reply.device,
            device_name: reply.device_name,
            site: reply.site,
            key: signing,
            server_key: reply.server_key,
            server_url: String::new(),
            pinned_certificate: None,
            token: reply.token,
            pepper: reply.pepper,
        };
        replica.enrol(identity, &certificates)?;
        Ok(Self {
            path,
            starts: 0,
            seed,
            replica,
            sync: DeviceSync::new(seed, false),
            takes_snapshots: false,
            heard: Vec::new(),
            clock_error_ms: 0,
            operator: OperatorId::from_bytes([n; 16]),
        })
    }

    /// Handheld `n` over a file that is there already.
    pub fn open(path: &Path, n: u8) -> Result<Self> {
        let seed = u64::from(n) + 1;
        let options = OpenOptions::file(path, Some(key(seed)), [n; 8]);
        Ok(Self {
            path: path.to_owned(),
            starts: 0,
            seed,
            replica: Replica::open(options)?,
            sync: DeviceSync::new(seed, false),
            takes_snapshots: false,
            heard: Vec::new(),
            clock_error_ms: 0,
            operator: OperatorId::from_bytes([n; 16]),
        })
    }

    /// The power goes and comes back: only what is in the file remains.
    pub fn restart(&mut self) -> Result<()> {
        self.starts += 1;
        let random = [self.starts ^ (self.seed as u8).wrapping_mul(31); 8];
        let options = OpenOptions::file(&self.path, Some(key(self.seed)), random);
        self.replica = Replica::open(options)?;
        self.sync = DeviceSync::new(self.seed, false);
        Ok(())
    }

    fn commit(&mut self, commit: Commit, now: UnixMillis) -> Result<usize> {
        Ok(self
            .replica
            .commit(commit, now + self.clock_error_ms)?
            .events
            .len())
    }

    /// The device's path and the key of its file, to look into it from outside.
    pub fn file(&self) -> (&Path, [u8; 32]) {
        (&self.path, [self.seed as u8; 32])
    }

    /// Counts the bin of an order's line.
    pub fn count(&mut self, line: OrderLine, body: EventBody, now: UnixMillis) -> Result<usize> {
        let commit = Commit {
            operator: Some(self.operator),
            site: Some(SITE),
            events: vec![NewEvent {
                order: Some(line),
                ..body.into()
            }],
            ..Commit::default()
        };
        self.commit(commit, now)
    }

    /// Writes events.
    pub fn record(&mut self, bodies: Vec<EventBody>, now: UnixMillis) -> Result<usize> {
        let commit = Commit {
            operator: Some(self.operator),
            site: Some(SITE),
            events: bodies.into_iter().map(in_a_carton).collect(),
            ..Commit::default()
        };
        self.commit(commit, now)
    }

    /// Edits a field of an item.
    pub fn rename(&mut self, item: ItemId, name_zh: &str, now: UnixMillis) -> Result<()> {
        let edit = RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Item,
            id: item.into(),
            fields: vec![FieldEdit::set("name_zh", name_zh)],
        };
        self.commit(
            Commit {
                edits: vec![edit],
                ..Commit::default()
            },
            now,
        )?;
        Ok(())
    }

    /// One exchange, or as many as it takes on a good wire; returns whether it ended up to date.
    pub fn exchange(
        &mut self,
        hub: &Hub,
        wire: Wire,
        now: UnixMillis,
        random: &mut Random,
    ) -> Result<bool> {
        let mut queue = vec![Event::SyncNow];
        let mut wire = wire;
        for _ in 0..2_000 {
            let Some(event) = queue.pop() else {
                return Ok(false);
            };
            for effect in self.sync.handle(now, event) {
                match effect {
                    Effect::Gather(ask) => {
                        let clock = now + self.clock_error_ms;
                        queue.push(Event::Gathered(exchange::gather(
                            &mut self.replica,
                            &ask,
                            clock,
                            "simulation",
                        )?));
                    }
                    Effect::Send(mut request) => {
                        if self.takes_snapshots {
                            exchange::snapshot::wish(&self.replica, &mut request, true, now)?;
                        }
                        let mut answer = self.send(hub, request, wire, now, random)?;
                        wire = Wire::Good;
                        if let Some(reply) = &mut answer {
                            exchange::snapshot::take_offers(&mut self.replica, reply)?;
                        }
                        queue.push(match answer {
                            Some(reply) => Event::Replied(reply),
                            None => Event::Failed(Failure::Unreachable),
                        });
                    }
                    Effect::Ingest {
                        epoch,
                        restart,
                        entries,
                    } => {
                        let mut complete = true;
                        for partition in restart {
                            self.replica.restart_cursor(partition, epoch)?;
                        }
                        for (partition, entries) in entries {
                            let done = self.replica.ingest(
                                partition,
                                epoch,
                                &entries,
                                now + self.clock_error_ms,
                            )?;
                            complete &= done.rejected.is_none();
                        }
                        queue.push(Event::Ingested { complete });
                    }
                    Effect::UpToDate if self.fetch_snapshots(hub, now)? => {
                        queue.push(Event::SyncNow);
                    }
                    Effect::UpToDate => return Ok(true),
                    Effect::WakeAt(_) | Effect::Show { .. } | Effect::Live(_) => {}
                    Effect::Stopped(None) => {}
                    Effect::Stopped(Some(outcome)) => {
                        return Err(anyhow!("the hub stopped the chain: {outcome:?}"));
                    }
                    Effect::Renew(reason) => {
                        let done = self.renew(hub, reason, now, random)?;
                        queue.push(Event::Renewed { done });
                    }
                    Effect::GiveWay(partition, chain) => {
                        self.replica.give_way(partition, chain)?;
                    }
                }
            }
        }
        Err(anyhow!("the exchange does not end"))
    }

    /// Asks for other chains and goes on under them.
    fn renew(
        &mut self,
        hub: &Hub,
        reason: RenewReason,
        now: UnixMillis,
        random: &mut Random,
    ) -> Result<bool> {
        let seed = std::array::from_fn(|_| random.bits() as u8);
        let request = exchange::renewal::request(&mut self.replica, reason, seed)?;
        let request = RenewRequest::from_bytes(&request.to_bytes())?;
        let token = self.replica.enrolled()?.token.clone();
        let reply = hub
            .renew(&token, &request, now)?
            .map_err(|code| anyhow!("refused: {}", code.code()))?;
        let clock = now + self.clock_error_ms;
        Ok(exchange::renewal::take(&mut self.replica, reason, reply, clock)?.is_some())
    }

    /// Fetches what was offered and installs it; returns whether there was anything.
    fn fetch_snapshots(&mut self, hub: &Hub, now: UnixMillis) -> Result<bool> {
        let mut any = false;
        while let Some(next) = exchange::snapshot::next(&self.replica)? {
            any = true;
            match next {
                exchange::snapshot::Next::Install(partition) => {
                    self.replica
                        .install_snapshot(partition, now + self.clock_error_ms)?;
                }
                exchange::snapshot::Next::Ask(partition, get) => {
                    let token = &self.replica.identity().context("enrolled")?.token;
                    let get = SnapshotGet::from_bytes(&get.to_bytes())?;
                    let part = hub
                        .give_snapshot(token, &get)?
                        .map_err(|code| anyhow!("refused: {}", code.code()))?;
                    let part = SnapshotPart::from_bytes(&part.to_bytes())?;
                    exchange::snapshot::take_part(&mut self.replica, partition, &get, part)?;
                }
            }
        }
        Ok(any)
    }

    fn send(
        &mut self,
        hub: &Hub,
        request: SyncRequest,
        wire: Wire,
        now: UnixMillis,
        random: &mut Random,
    ) -> Result<Option<SyncReply>> {
        // Over bytes, as on the real wire.
        let bytes = request.to_bytes();
        let token = &self.replica.identity().context("enrolled")?.token.clone();
        let heard = &mut self.heard;
        let mut ask = || -> Result<SyncReply> {
            let reply = hub
                .sync(token, SyncRequest::from_bytes(&bytes)?, now)?
                .map_err(|code| anyhow!("refused: {}", code.code()))?;
            heard.push(reply.to_bytes());
            Ok(SyncReply::from_bytes(&reply.to_bytes())?)
        };
        Ok(match wire {
            Wire::RequestLost => None,
            Wire::Good => Some(ask()?),
            Wire::ReplyLost => {
                ask()?;
                None
            }
            Wire::RequestTwice => {
                ask()?;
                Some(ask()?)
            }
            Wire::ReplyScrambled => {
                let mut reply = ask()?;
                for part in &mut reply.partitions {
                    let n = part.entries.len() as u64;
                    match random.below(3) {
                        0 if n > 0 => part.entries.truncate(random.below(n) as usize),
                        1 if n > 1 => part.entries.swap(0, random.below(n) as usize),
                        _ => {
                            let again = part.entries.clone();
                            part.entries.extend(again);
                        }
                    }
                }
                Some(reply)
            }
        })
    }
}

/// An item for the simulation.
pub fn item_edit(n: u8) -> RecordEdit {
    let item = Item {
        id: item(n),
        sku: format!("SKU-{n:03}"),
        name_en: format!("Thing {n}"),
        name_zh: format!("商品{n}"),
        unit: "pcs".into(),
        decimals: 0,
        tracks_lot: false,
        tracks_serial: false,
        tracks_expiry: false,
        barcodes: [(format!("2000000000{n:03}"), Quantity::ONE)].into(),
        handling: Handling::default(),
        value: None,
        owner: None,
    };
    RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item.id.into(),
        fields: item.to_fields(),
    }
}

/// A bin for the simulation.
pub fn bin_edit(n: u8) -> RecordEdit {
    let bin = Bin {
        id: bin(n),
        code: format!("A-{n:02}"),
        zone: ZoneId::from_bytes([1; 16]),
        site: SITE,
        room: Room::default(),
    };
    RecordEdit {
        partition: Partition::Site(SITE),
        kind: RecordKind::Bin,
        id: bin.id.into(),
        fields: bin.to_fields(),
    }
}

/// The item of [`item_edit`].
pub const fn item(n: u8) -> ItemId {
    ItemId::from_bytes([0x40 | n; 16])
}

/// The bin of [`bin_edit`].
pub const fn bin(n: u8) -> BinId {
    BinId::from_bytes([0xb0 | n; 16])
}

/// What is packed goes into one of the bin's few cartons, and some of what moves or goes out is in one.
fn in_a_carton(body: EventBody) -> NewEvent {
    let n = body.quantity().map_or(0, Quantity::thousandths) / 1_000;
    let is_packed = matches!(body, EventBody::Packed { .. });
    let bin = body.bins().first().map(|bin| bin.as_bytes()[0]);
    NewEvent {
        carton: bin
            .filter(|_| is_packed || n % 3 == 0)
            .map(|bin| UnitId::plate(&format!("C-{bin}-{}", n % 2))),
        ..body.into()
    }
}

/// A random event over a few bins, items and units, so that everything collides.
pub fn random_event(random: &mut Random) -> EventBody {
    let (from, to) = (bin(random.below(4) as u8), bin(random.below(4) as u8));
    let mut goods = Goods::of(item(random.below(6) as u8));
    if random.one_in(4) {
        goods.unit = Some(UnitId::plate(&format!("LP-{}", random.below(5))));
    }
    let quantity = Quantity::from_thousandths(1_000 * (1 + random.below(9) as i64));
    match random.below(11) {
        10 => EventBody::Packed {
            bin: from,
            goods,
            quantity,
        },
        0..=3 => EventBody::Received {
            bin: from,
            goods,
            quantity,
        },
        4..=6 => EventBody::Issued {
            bin: from,
            goods,
            quantity,
        },
        7 if from != to => EventBody::Moved {
            from,
            to,
            goods,
            quantity,
        },
        8 => EventBody::Counted {
            bin: from,
            lines: vec![domain::CountedLine {
                item: goods.item,
                lot: None,
                counted: quantity,
            }],
            whole_bin: random.one_in(2),
        },
        _ => EventBody::SetAside {
            code: format!("??-{}", random.below(3)),
            bin: Some(from),
            quantity,
        },
    }
}
