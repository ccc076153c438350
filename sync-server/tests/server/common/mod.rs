//! A server with a small warehouse behind it, two handhelds, and a browser without a screen.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses its own part"
)]

pub mod browser;
pub mod custody;
pub mod handheld;
pub mod story;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use documents::catalogue::{Bin, Handling, Item, Operator, Room, Site, Zone};
use documents::{Partition, RecordKind};
use domain::{BinId, ItemId, OperatorId, Quantity, SiteId, UnixMillis, ZoneId};
use replica::{Commit, RecordEdit};
use sync_server::auth::accounts;
use sync_server::clock::Clock;
use sync_server::hub::Hub;
use sync_server::store::Database;
use sync_server::store::accounts::Role;
use sync_server::{AppState, Parts, router};
use tempfile::TempDir;

use browser::Browser;

/// 2026-09-21 14:13:20 UTC.
pub const NOW: UnixMillis = 1_790_000_000_000;
pub const MINUTE: i64 = 60_000;
pub const PASSWORD: &str = "correct horse";

pub struct Warehouse {
    pub folder: TempDir,
    pub app: AppState,
    pub hub: Arc<Hub>,
    pub database: Arc<Database>,
    pub time: Arc<AtomicI64>,
    pub site: SiteId,
}

/// Thousandths of `n` units.
pub fn units(n: i64) -> Quantity {
    Quantity::from_thousandths(n * 1_000)
}

pub fn item(n: u8) -> ItemId {
    ItemId::from_bytes([n; 16])
}

pub fn bin(n: u8) -> BinId {
    BinId::from_bytes([100 + n; 16])
}

pub fn operator(n: u8) -> OperatorId {
    OperatorId::from_bytes([200 + n; 16])
}

const ITEMS: [(&str, &str, &str, &str, &str); 6] = [
    (
        "WR-0250",
        "活动扳手 250 mm",
        "Adjustable wrench 250 mm",
        "pcs",
        "6901234500017",
    ),
    (
        "GL-0008",
        "丁腈手套 L 码",
        "Nitrile gloves, size L",
        "box",
        "6901234500024",
    ),
    (
        "CB-0035",
        "铜芯电线 BV 3.5 mm²",
        "Copper wire BV 3.5 mm²",
        "m",
        "6901234500031",
    ),
    (
        "MK-0001",
        "纯牛奶 1 L",
        "Whole milk 1 l",
        "pcs",
        "6901234500048",
    ),
    (
        "PL-0900",
        "托盘 1200×1000",
        "Pallet 1200×1000",
        "pcs",
        "6901234500055",
    ),
    (
        "BT-0012",
        "蓄电池 12 V 45 Ah",
        "Battery 12 V 45 Ah",
        "pcs",
        "6901234500062",
    ),
];

const BINS: [&str; 6] = ["A-01-1", "A-01-2", "A-02-1", "B-01-1", "B-03-2", "R-01"];

impl Warehouse {
    pub fn new() -> Self {
        Self::with_url("http://127.0.0.1:8080")
    }

    pub fn with_url(url: &str) -> Self {
        let warehouse = Self::over(tempfile::tempdir().unwrap(), url);
        warehouse.furnish();
        warehouse
    }

    /// A server made from a backup.
    pub fn restored(from: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        sync_server::backup::restore(from, folder.path()).unwrap();
        Self::over(folder, "http://127.0.0.1:8080")
    }

    fn over(folder: TempDir, url: &str) -> Self {
        let time = Arc::new(AtomicI64::new(NOW));
        let read = time.clone();
        let clock = Clock::new(move || read.load(Ordering::Relaxed));
        let database = Arc::new(Database::open(&folder.path().join("hub.db")).unwrap());
        let hub = Arc::new(Hub::open(folder.path(), database.clone(), NOW).unwrap());
        let app = AppState::new(Parts {
            database: database.clone(),
            hub: hub.clone(),
            clock,
            secure: false,
            public_url: url.to_owned(),
            certificate_fingerprint: None,
            limits: sync_server::hub::Limits::default(),
            proxies: Vec::new(),
        });
        let site = SiteId::from_bytes([9; 16]);
        Self {
            folder,
            app,
            hub,
            database,
            time,
            site,
        }
    }

    fn furnish(&self) {
        let site = Site {
            id: self.site,
            code: "SH1".into(),
            name_en: "Shanghai depot".into(),
            name_zh: "上海一号仓".into(),
            time_zone: "Asia/Shanghai".into(),
        };
        self.hub.create_site(&site, NOW).unwrap();
        let zone = Zone {
            id: ZoneId::from_bytes([50; 16]),
            code: "A".into(),
            name_en: "Storage".into(),
            name_zh: "存货区".into(),
            purpose: "storage".into(),
            site: self.site,
        };
        let here = Partition::Site(self.site);
        let mut edits = vec![edit(
            here,
            RecordKind::Zone,
            zone.id.into(),
            zone.to_fields(),
        )];
        for (n, (sku, zh, en, unit, barcode)) in (1..).zip(ITEMS) {
            let item = Item {
                id: item(n),
                sku: sku.into(),
                name_en: en.into(),
                name_zh: zh.into(),
                unit: unit.into(),
                decimals: 0,
                tracks_lot: n == 4,
                tracks_serial: n == 6,
                tracks_expiry: n == 4,
                barcodes: [(barcode.to_owned(), Quantity::ONE)].into(),
                handling: Handling::default(),
                value: None,
                owner: None,
            };
            let id = item.id.into();
            edits.push(edit(
                Partition::Shared,
                RecordKind::Item,
                id,
                item.to_fields(),
            ));
        }
        for (n, code) in (1..).zip(BINS) {
            let bin = Bin {
                id: bin(n),
                code: code.into(),
                zone: zone.id,
                site: self.site,
                room: Room::default(),
            };
            edits.push(edit(here, RecordKind::Bin, bin.id.into(), bin.to_fields()));
        }
        for (n, name) in (1..).zip(["王芳", "李强", "Anna Schmidt"]) {
            let operator = Operator {
                id: operator(n),
                name: name.into(),
                badge: format!("B-{n}"),
                pin_verifier: String::new(),
                active: true,
                grants: Default::default(),
            };
            let id = operator.id.into();
            let fields = operator.to_fields();
            edits.push(edit(Partition::Shared, RecordKind::Operator, id, fields));
        }
        let commit = Commit {
            edits,
            ..Commit::default()
        };
        self.hub.commit(commit, NOW).unwrap();
    }

    pub fn now(&self) -> UnixMillis {
        self.time.load(Ordering::Relaxed)
    }

    pub fn pass(&self, millis: i64) {
        self.time.fetch_add(millis, Ordering::Relaxed);
    }

    pub fn add_user(&self, name: &str, role: Role) {
        accounts::create(&self.database, name, role, Some(PASSWORD), self.now()).unwrap();
    }

    pub fn router(&self) -> Router {
        router(self.app.clone())
    }

    /// The same server with other limits; what they count begins anew.
    pub fn router_with(&self, limits: sync_server::hub::Limits) -> Router {
        self.router_behind(&[], limits)
    }

    /// The same server behind proxies that it believes.
    pub fn router_behind(&self, proxies: &[&str], limits: sync_server::hub::Limits) -> Router {
        router(AppState::new(Parts {
            proxies: proxies.iter().map(|p| p.parse().unwrap()).collect(),
            database: self.database.clone(),
            hub: self.hub.clone(),
            clock: self.app.clock().clone(),
            secure: false,
            public_url: self.app.public_url().to_owned(),
            certificate_fingerprint: None,
            limits,
        }))
    }

    pub fn visitor(&self) -> Browser {
        Browser::new(self.router())
    }

    /// A browser of somebody who is signed in.
    pub async fn signed_in(&self, role: Role) -> Browser {
        let name = format!("user-{}", role.code());
        if accounts::find(&self.database, &name).is_err() {
            self.add_user(&name, role);
        }
        let user = accounts::find(&self.database, &name).unwrap();
        let token = accounts::open_session(&self.database, user.id, self.now()).unwrap();
        let mut browser = self.visitor();
        browser.set_cookie("tm_session", token.secret());
        browser
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
