//! Sites, bins, items, people and orders of `bench console`.

use std::collections::BTreeMap;

use anyhow::Result;
use documents::catalogue::{self, Bin, Handling, Item, Operator, Room, Zone};
use documents::{LineAsked, Order, Partition, RecordKind};
use domain::{Currency, OperatorId, OrderId, OrderType, Quantity, SiteId, UnitValue, ZoneId};
use replica::{Commit, RecordEdit};
use sync_server::hub::Hub;

use super::site::{SITE, SMALL, Site, Size, order_edit};
use crate::workload::{Random, T0};

pub(crate) const OPERATORS: usize = 20;
const ZONES: usize = 10;
/// Orders of the year; the last tenth of them is open.
const ORDERS: usize = 2_000;
/// Edits of one commit.
const BATCH: usize = 5_000;

/// Somebody who scans.
pub(crate) fn operator(n: usize) -> OperatorId {
    OperatorId::from_bytes([200 + (n % OPERATORS) as u8; 16])
}

/// Whether an item's goods have lots with a last day.
pub(crate) const fn has_lots(item: usize) -> bool {
    item % 10 == 3
}

fn commit(hub: &Hub, edits: &[RecordEdit], now: i64) -> Result<()> {
    for batch in edits.chunks(BATCH) {
        let commit = Commit {
            edits: batch.to_vec(),
            ..Commit::default()
        };
        hub.commit(commit, now)?;
    }
    Ok(())
}

fn zone(site: SiteId, n: usize) -> Zone {
    Zone {
        id: ZoneId::from_bytes([if site == SITE { 50 } else { 90 } + n as u8; 16]),
        code: format!("Z{n}"),
        name_en: format!("Storage {n}"),
        name_zh: format!("存货区{n}"),
        purpose: "storage".into(),
        site,
    }
}

fn item(n: usize, site: &Site, random: &mut Random) -> Item {
    // One in ten is fast and dear, two more are in between.
    let class = ["A", "B", "B", "C", "C", "C", "C", "C", "C", "C"][n % 10];
    Item {
        id: site.items[n],
        sku: format!("SKU-{n:06}"),
        name_en: format!("Widget {} mk{}", random.below(5_000), random.below(9)),
        name_zh: format!("零件{}号", random.below(5_000)),
        unit: "EA".into(),
        decimals: 0,
        tracks_lot: has_lots(n),
        tracks_serial: false,
        tracks_expiry: has_lots(n),
        barcodes: [(
            format!("{:013}", random.below(9_999_999_999_999)),
            Quantity::ONE,
        )]
        .into(),
        handling: Handling {
            class: class.into(),
            volume: 1_000,
            weight: 500,
            // Of one in seven somebody has said it, and of most of these there is enough.
            min_stock: Quantity::from_thousandths(if n.is_multiple_of(7) { 20_000 } else { 0 }),
        },
        value: Currency::from_code("CNY").map(|currency| UnitValue {
            minor: 100 + random.below(100_000) as i64,
            currency,
        }),
        owner: None,
    }
}

/// All but orders.
pub(crate) fn records(hub: &Hub, site: &Site) -> Result<()> {
    let mut edits = Vec::new();
    let mut put = |partition, kind, id, fields| {
        edits.push(RecordEdit {
            partition,
            kind,
            id,
            fields,
        });
    };
    for (id, code, zh) in [(SITE, "B1", "大仓"), (SMALL, "B2", "小仓")] {
        let made = catalogue::Site {
            id,
            code: code.into(),
            name_en: format!("Site {code}"),
            name_zh: zh.into(),
            time_zone: "Asia/Shanghai".into(),
        };
        hub.create_site(&made, T0)?;
        for n in 0..ZONES {
            let zone = zone(id, n);
            put(
                Partition::Site(id),
                RecordKind::Zone,
                zone.id.into(),
                zone.to_fields(),
            );
        }
    }
    for (n, id) in site.bins.iter().enumerate() {
        let (here, n, of) = match n.checked_sub(site.big) {
            None => (SITE, n, site.big),
            Some(n) => (SMALL, n, site.bins.len() - site.big),
        };
        let bin = Bin {
            id: *id,
            code: crate::workload::bin_code(n),
            zone: zone(here, n * ZONES / of).id,
            site: here,
            room: Room {
                volume: 2_000_000,
                ..Room::default()
            },
        };
        put(
            Partition::Site(here),
            RecordKind::Bin,
            bin.id.into(),
            bin.to_fields(),
        );
    }
    let mut random = Random::new(1);
    for n in 0..site.items.len() {
        let item = item(n, site, &mut random);
        put(
            Partition::Shared,
            RecordKind::Item,
            item.id.into(),
            item.to_fields(),
        );
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
        put(
            Partition::Shared,
            RecordKind::Operator,
            person.id.into(),
            person.to_fields(),
        );
    }
    commit(hub, &edits, T0)
}

/// Deliveries and shipments: those of long ago were called off, the others wait, some of them for too long.
pub(crate) fn orders(hub: &Hub, site: &Site, size: &Size) -> Result<()> {
    let mut random = Random::new(3);
    let mut edits = Vec::new();
    for n in 0..ORDERS {
        let is_open = n >= ORDERS * 9 / 10;
        let lines = (1..=5).map(|line| {
            let asked = LineAsked {
                item: Some(site.items[random.below(site.items.len() as u64) as usize]),
                asked: Quantity::from_thousandths(5_000),
                ..LineAsked::default()
            };
            (line, asked)
        });
        let mut id = [0x0d; 16];
        id[8..].copy_from_slice(&(n as u64).to_be_bytes());
        edits.push(order_edit(&Order {
            id: OrderId::from_bytes(id),
            site: SITE,
            kind: [OrderType::Inbound, OrderType::Outbound][n % 2],
            code: format!("O-{n:05}"),
            party: format!("Party {}", n % 97),
            note: String::new(),
            due: size.end() + (n % 9) as i64 * 86_400_000 - 4 * 86_400_000,
            cancelled: !is_open,
            blind: false,
            assigned: None,
            counted_by: Vec::new(),
            to_site: None,
            stocktake: None,
            lines: lines.collect::<BTreeMap<_, _>>(),
        }));
    }
    commit(hub, &edits, size.end())
}
