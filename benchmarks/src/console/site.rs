//! A year of a warehouse on the server, made once for a folder.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use documents::catalogue::{Bin, Operator, Room, Zone};
use documents::{Partition, RecordKind};
use domain::{
    BinId, CountedLine, EventBody, Goods, IdSource, ItemId, OperatorId, Quantity, SiteId, ZoneId,
};
use replica::{Commit, RecordEdit};
use sync_server::auth::accounts;
use sync_server::clock::Clock;
use sync_server::hub::{Hub, Limits};
use sync_server::settings::{Settings, Transport};
use sync_server::store::Database;
use sync_server::store::accounts::Role;
use sync_server::{AppState, Parts};

use crate::workload::{self, Random, T0};

const SITE: SiteId = SiteId::from_bytes([9; 16]);
/// Between two events: five million of them are a year.
const EVERY_MS: i64 = 6_000;
const BATCH: usize = 20_000;
const OPERATORS: usize = 20;
const ZONES: usize = 10;
/// Items in a bin.
const PILES_IN_BIN: usize = 10;

pub(crate) struct Size {
    pub(crate) items: usize,
    pub(crate) bins: usize,
    pub(crate) events: usize,
    /// Faults among the events; each is an open exception.
    pub(crate) faults: usize,
}

impl Size {
    /// When the last event was.
    const fn end(&self) -> i64 {
        T0 + self.events as i64 * EVERY_MS
    }
}

/// What there is, to ask for.
pub(crate) struct Site {
    pub(crate) items: Vec<ItemId>,
    pub(crate) bins: Vec<BinId>,
}

/// The server.
pub(crate) struct Office {
    app: AppState,
    database: Arc<Database>,
    now: i64,
    folder: std::path::PathBuf,
}

impl Office {
    /// Opens the folder's server; makes it first if there is none.
    pub(crate) fn open(folder: &Path, size: &Size) -> Result<(Self, Site)> {
        let path = folder.join("hub.db");
        let is_new = !path.exists();
        let database = Arc::new(Database::open(&path)?);
        let hub = Arc::new(Hub::open(folder, database.clone(), T0)?);
        let mut ids = IdSource::new([5; 8]);
        let site = Site {
            items: (0..size.items)
                .map(|_| ItemId::from_bytes(ids.draw(T0 - 1_000_000)))
                .collect(),
            bins: (0..size.bins)
                .map(|_| BinId::from_bytes(ids.draw(T0 - 1_000_000)))
                .collect(),
        };
        if is_new {
            furnish(&hub, &site)?;
            play(&hub, &site, size)?;
            accounts::create(&database, "bench", Role::Admin, None, T0)?;
        }
        let now = size.end();
        let app = AppState::new(Parts {
            database: database.clone(),
            hub,
            clock: Clock::new(move || now),
            secure: false,
            public_url: "http://127.0.0.1".into(),
            certificate_fingerprint: None,
            limits: Limits::default(),
            proxies: Vec::new(),
        });
        let office = Self {
            app,
            database,
            now,
            folder: folder.to_owned(),
        };
        Ok((office, site))
    }

    pub(crate) async fn open_exceptions(&self) -> Result<u64> {
        let now = self.app.now();
        Ok(self.app.data(move |data| data.open_count(now)).await?)
    }

    /// Listens on loopback; the address, and the cookie of somebody who is signed in.
    pub(crate) async fn serve(&self) -> Result<(String, String)> {
        let user = accounts::find(&self.database, "bench")?;
        let token = accounts::open_session(&self.database, user.id, self.now)?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let listen = listener.local_addr()?;
        let settings = Settings {
            data: self.folder.clone(),
            listen,
            transport: Transport::PlainOnLoopback,
        };
        let app = self.app.clone();
        tokio::spawn(async move {
            let never = std::future::pending();
            sync_server::serve(&settings, app, listener, None, never).await
        });
        Ok((listen.to_string(), format!("tm_session={}", token.secret())))
    }

    /// What every page asks for besides itself.
    pub(crate) async fn assets(
        &self,
        client: &reqwest::Client,
        address: &str,
        cookie: &str,
    ) -> Result<Vec<String>> {
        let page = client.get(format!("http://{address}/people"));
        let text = page.header("cookie", cookie).send().await?.text().await?;
        let mut found: Vec<String> = text
            .split('"')
            .filter(|part| part.starts_with("/assets/"))
            .map(|part| part.split('#').next().unwrap_or(part).to_owned())
            .collect();
        found.sort();
        found.dedup();
        Ok(found)
    }
}

fn edit(
    partition: Partition,
    kind: RecordKind,
    id: documents::RecordId,
    fields: Vec<documents::FieldEdit>,
) -> RecordEdit {
    RecordEdit {
        partition,
        kind,
        id,
        fields,
    }
}

fn operator(n: usize) -> OperatorId {
    OperatorId::from_bytes([200 + (n % OPERATORS) as u8; 16])
}

/// Site, zones, bins, items, people.
fn furnish(hub: &Hub, site: &Site) -> Result<()> {
    let mut random = Random::new(1);
    let here = documents::catalogue::Site {
        id: SITE,
        code: "B1".into(),
        name_en: "Big site".into(),
        name_zh: "大仓".into(),
        time_zone: "Asia/Shanghai".into(),
    };
    hub.create_site(&here, T0)?;
    let mut edits = Vec::new();
    for n in 0..ZONES {
        let zone = Zone {
            id: ZoneId::from_bytes([50 + n as u8; 16]),
            code: format!("Z{n}"),
            name_en: format!("Storage {n}"),
            name_zh: format!("存货区{n}"),
            purpose: "storage".into(),
            site: SITE,
        };
        let (id, fields) = (zone.id.into(), zone.to_fields());
        edits.push(edit(Partition::Site(SITE), RecordKind::Zone, id, fields));
    }
    for (n, id) in site.bins.iter().enumerate() {
        let bin = Bin {
            id: *id,
            code: crate::handheld::bin_code(n),
            zone: ZoneId::from_bytes([50 + (n * ZONES / site.bins.len()) as u8; 16]),
            site: SITE,
            room: Room::default(),
        };
        let (id, fields) = (bin.id.into(), bin.to_fields());
        edits.push(edit(Partition::Site(SITE), RecordKind::Bin, id, fields));
    }
    for (n, id) in site.items.iter().enumerate() {
        edits.push(workload::item(*id, n, &mut random));
    }
    for n in 0..OPERATORS {
        let person = Operator {
            id: operator(n),
            name: format!("操作员 {n}"),
            badge: format!("B-{n}"),
            pin_verifier: String::new(),
            active: true,
            grants: Default::default(),
        };
        let (id, fields) = (person.id.into(), person.to_fields());
        edits.push(edit(Partition::Shared, RecordKind::Operator, id, fields));
    }
    for batch in edits.chunks(5_000) {
        let commit = Commit {
            edits: batch.to_vec(),
            ..Commit::default()
        };
        hub.commit(commit, T0)?;
    }
    Ok(())
}

/// What lies where: a few goods in each bin, more of them the longer the list of items.
struct Floor<'a> {
    site: &'a Site,
    /// Thousandths, by bin and place in it.
    piles: Vec<i64>,
}

impl Floor<'_> {
    fn at(&self, pile: usize) -> (BinId, ItemId) {
        let bin = pile / PILES_IN_BIN;
        let item = pile * 7 % self.site.items.len();
        (self.site.bins[bin], self.site.items[item])
    }

    /// What an honest operator would scan at this pile.
    fn honest(&mut self, pile: usize, random: &mut Random) -> EventBody {
        let (bin, item) = self.at(pile);
        let held = self.piles[pile];
        let some = 1_000 * (1 + random.below(24) as i64);
        match random.below(20) {
            0 => EventBody::Counted {
                bin,
                lines: vec![CountedLine {
                    item,
                    lot: None,
                    counted: Quantity::from_thousandths(held),
                }],
                whole_bin: false,
            },
            1..=9 if held >= some => {
                self.piles[pile] -= some;
                EventBody::Issued {
                    bin,
                    goods: Goods::of(item),
                    quantity: Quantity::from_thousandths(some),
                }
            }
            _ => {
                self.piles[pile] += some;
                EventBody::Received {
                    bin,
                    goods: Goods::of(item),
                    quantity: Quantity::from_thousandths(some),
                }
            }
        }
    }

    /// A mistake at a pile that nobody touches before or after.
    fn fault(&self, n: usize) -> EventBody {
        let (bin, item) = self.at(n * PILES_IN_BIN % self.piles.len());
        match n % 3 {
            0 => EventBody::Issued {
                bin,
                goods: Goods::of(item),
                quantity: Quantity::from_thousandths(5_000),
            },
            1 => EventBody::Counted {
                bin,
                lines: vec![CountedLine {
                    item,
                    lot: None,
                    counted: Quantity::from_thousandths(9_000),
                }],
                whole_bin: false,
            },
            _ => EventBody::SetAside {
                code: format!("X-{n:06}"),
                bin: Some(bin),
                quantity: Quantity::ONE,
            },
        }
    }
}

fn play(hub: &Hub, site: &Site, size: &Size) -> Result<()> {
    let mut random = Random::new(2);
    let mut floor = Floor {
        site,
        piles: vec![0; size.bins * PILES_IN_BIN],
    };
    let every = size.events.checked_div(size.faults).unwrap_or(usize::MAX);
    let (mut written, mut faults) = (0, 0);
    while written < size.events {
        let batch = BATCH.min(size.events - written);
        let mut events = Vec::with_capacity(batch);
        for n in written..written + batch {
            let body = if faults < size.faults && n % every == every / 2 {
                faults += 1;
                floor.fault(faults - 1)
            } else {
                // Never the first of a bin: that is where the mistakes are.
                let bin = random.below(size.bins as u64) as usize;
                let place = 1 + random.below(PILES_IN_BIN as u64 - 1) as usize;
                floor.honest(bin * PILES_IN_BIN + place, &mut random)
            };
            events.push(body.into());
        }
        let commit = Commit {
            operator: Some(operator(written / BATCH)),
            site: Some(SITE),
            events,
            ..Commit::default()
        };
        let now = T0 + written as i64 * EVERY_MS;
        hub.commit(commit, now).context("a batch of events")?;
        written += batch;
    }
    Ok(())
}
