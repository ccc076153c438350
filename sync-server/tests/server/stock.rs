//! Stock by bin, item, lot and age; at an instant and as a device knew it; the plan and the figures.

use std::collections::BTreeSet;

use crate::common::browser::Browser;
use crate::common::handheld::Handheld;
use crate::common::{MINUTE, NOW, Warehouse, bin, item, operator, story, units};
use documents::catalogue::{Bin, Handling, Item, Room};
use documents::{FieldEdit, LineAsked, Order, Partition, RecordKind};
use domain::event::{EventBody, Goods};
use domain::{BinId, ItemId, OrderId, OrderType, Quantity, ZoneId};
use replica::{Commit, NewEvent, RecordEdit};
use sync_server::store::accounts::Role;

fn edit(warehouse: &Warehouse, edits: Vec<RecordEdit>, events: Vec<EventBody>) {
    let commit = Commit {
        operator: Some(operator(1)),
        site: Some(warehouse.site),
        edits,
        events: events.into_iter().map(NewEvent::from).collect(),
        ..Commit::default()
    };
    warehouse.hub.commit(commit, warehouse.now()).unwrap();
}

fn safety_stock(n: u8, least: i64) -> RecordEdit {
    RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item(n).into(),
        fields: vec![FieldEdit::set("min_stock", least * 1_000)],
    }
}

/// So many items with a bin each, and two pieces in each bin.
fn many(warehouse: &Warehouse, n: u8) {
    let mut edits = Vec::new();
    let mut events = Vec::new();
    for i in 0..n {
        let item = Item {
            id: ItemId::from_bytes([i, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]),
            sku: format!("ZZ-{i:03}"),
            name_en: format!("Thing {i}"),
            name_zh: String::new(),
            unit: "pcs".into(),
            decimals: 0,
            tracks_lot: false,
            tracks_serial: false,
            tracks_expiry: false,
            barcodes: Default::default(),
            value: None,
            owner: None,
            handling: Handling {
                class: if i % 10 == 0 {
                    "cold".into()
                } else {
                    String::new()
                },
                ..Handling::default()
            },
        };
        let bin = Bin {
            id: BinId::from_bytes([i, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]),
            code: format!("Z-{:02}-{:02}", i / 20, i % 20),
            zone: ZoneId::from_bytes([50; 16]),
            site: warehouse.site,
            room: Room::default(),
        };
        events.push(EventBody::Received {
            bin: bin.id,
            goods: Goods::of(item.id),
            quantity: units(2),
        });
        edits.push(RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Item,
            id: item.id.into(),
            fields: item.to_fields(),
        });
        edits.push(RecordEdit {
            partition: Partition::Site(warehouse.site),
            kind: RecordKind::Bin,
            id: bin.id.into(),
            fields: bin.to_fields(),
        });
    }
    edit(warehouse, edits, events);
}

/// Every page of a list, as one text.
async fn all_pages(browser: &mut Browser, path: &str) -> (String, usize) {
    let mut path = path.to_owned();
    let mut all = String::new();
    for pages in 1..100 {
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        all.push_str(&answer.body);
        let Some((_, rest)) = answer.body.split_once("rel=\"next\" href=\"") else {
            return (all, pages);
        };
        path = rest
            .split('"')
            .next()
            .unwrap()
            .replace("&#38;", "&")
            .replace("&amp;", "&");
    }
    panic!("the list does not end");
}

#[tokio::test]
async fn lists_show_everything_once_page_by_page() {
    let warehouse = Warehouse::new();
    many(&warehouse, 120);
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    let now = "2026-09-22T00%3A00";
    for path in [
        "/stock?q=ZZ".to_owned(),
        "/stock".to_owned(),
        format!("/stock?at={now}"),
        "/stock?by=item".to_owned(),
        format!("/stock?by=item&at={now}"),
        "/stock?by=age".to_owned(),
        format!("/stock?by=age&at={now}"),
    ] {
        let (all, pages) = all_pages(&mut browser, &path).await;
        assert!(pages >= 3, "{path}: {pages}");
        for i in 0..120 {
            let sku = format!(">ZZ-{i:03}<");
            assert_eq!(all.matches(&sku).count(), 1, "{sku} on {path}");
        }
    }
    let (cold, _) = all_pages(&mut browser, "/stock?by=item&class=cold").await;
    assert_eq!(cold.matches(">ZZ-").count(), 12);
    let (of_bins, _) = all_pages(&mut browser, "/stock?class=cold").await;
    assert_eq!(of_bins.matches(">ZZ-").count(), 12);
    for forged in [
        "x",
        "[]",
        "%5B1%2C2%5D",
        "%5B%22Z%22%2C%22no-id%22%5D",
        "%00",
    ] {
        for by in ["bin", "item", "lot", "age"] {
            let answer = browser.get(&format!("/stock?by={by}&after={forged}")).await;
            assert_eq!(answer.status, 200, "{by} {forged}");
        }
    }
}

#[tokio::test]
async fn what_is_low_or_expires_is_listed_and_told_above_every_list() {
    let warehouse = Warehouse::new();
    let _handhelds = story::tell(&warehouse);
    edit(
        &warehouse,
        vec![safety_stock(1, 100), safety_stock(3, 5)],
        Vec::new(),
    );
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    browser.language = "en";
    let stock = browser.get("/stock").await.body;
    assert!(stock.contains("1 items below safety stock"), "{stock}");
    let low = browser.get("/stock?low=1").await.body;
    assert!(low.contains("WR-0250") && low.contains("safety stock 100 pcs"));
    assert!(!low.contains("CB-0035"));
    let milk = |body: &str| body.contains("M2609") && body.contains("2026-12-01");
    assert!(milk(&browser.get("/stock?by=lot").await.body));
    assert!(milk(&browser.get("/stock?by=lot&expiring=90").await.body));
    assert!(!milk(&browser.get("/stock?by=lot&expiring=30").await.body));
    assert!(!milk(&browser.get("/stock?expiring=0").await.body));
    // Its day has passed.
    warehouse.pass(72 * 86_400_000);
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    browser.language = "en";
    let expired = browser.get("/stock?expiring=0").await.body;
    assert!(
        milk(&expired) && expired.contains("expired 1 days ago"),
        "{expired}"
    );
    assert!(expired.contains("1 lots expired"));
    // And at the instant before it was not.
    assert!(!milk(
        &browser
            .get("/stock?expiring=0&at=2026-10-01T00%3A00")
            .await
            .body
    ));
}

#[tokio::test]
async fn stock_is_told_apart_by_what_may_be_promised() {
    let warehouse = Warehouse::new();
    let mut one = Handheld::enrol(&warehouse, "手持 1 号", 1);
    one.record(operator(1), story::received(1, Goods::of(item(1)), 40), NOW);
    one.record(operator(1), story::received(2, Goods::of(item(1)), 5), NOW);
    one.sync(&warehouse, NOW);
    let order = |n: u8, kind, line: LineAsked| {
        let order = Order {
            stocktake: None,
            id: OrderId::from_bytes([0xd0 | n; 16]),
            site: warehouse.site,
            kind,
            code: format!("O-{n}"),
            party: String::new(),
            note: String::new(),
            due: NOW - 5 * MINUTE,
            cancelled: false,
            blind: false,
            assigned: None,
            counted_by: Vec::new(),
            to_site: None,
            lines: [(1, line)].into(),
        };
        RecordEdit {
            partition: Partition::Site(warehouse.site),
            kind: RecordKind::Order,
            id: order.id.into(),
            fields: order.to_fields(),
        }
    };
    let asked = LineAsked {
        item: Some(item(1)),
        asked: units(12),
        ..LineAsked::default()
    };
    let counted = LineAsked {
        bin: Some(bin(2)),
        asked: Quantity::ZERO,
        ..LineAsked::default()
    };
    edit(
        &warehouse,
        vec![
            order(1, OrderType::Outbound, asked),
            order(2, OrderType::Count, counted),
        ],
        Vec::new(),
    );
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    browser.language = "en";
    let list = browser.get("/stock?by=item&q=WR-0250").await.body;
    let row = list.split("<tbody>").nth(1).unwrap();
    // 45 on hand, 12 reserved, 5 frozen: 28 may be promised.
    for (head, quantity) in [
        ("On hand", "45 pcs"),
        ("Available", "28 pcs"),
        ("Reserved", "12 pcs"),
        ("Frozen", "5 pcs"),
    ] {
        let (_, cell) = row
            .split_once(&format!("data-head=\"{head}\""))
            .expect(head);
        assert!(
            cell.split("</td>").next().unwrap().contains(quantity),
            "{head}: {cell}"
        );
    }
    assert!(
        browser
            .get("/stock")
            .await
            .body
            .contains("frozen: being counted")
    );
    let page = browser.get(&format!("/items/{}", item(1))).await.body;
    assert!(page.contains("<dt>Reserved</dt><dd>12 pcs</dd>"));
    // Of the past only the book is known.
    let past = browser
        .get("/stock?by=item&q=WR-0250&at=2026-09-21T23%3A00")
        .await
        .body;
    assert!(past.contains("45 pcs") && !past.contains("Reserved</th>"));
    assert!(browser.get("/dashboards").await.body.contains("O-1"));
}

#[tokio::test]
async fn a_device_is_shown_with_what_it_knew() {
    let warehouse = Warehouse::new();
    let (mut one, mut two) = (
        Handheld::enrol(&warehouse, "手持 1 号", 1),
        Handheld::enrol(&warehouse, "手持 2 号", 2),
    );
    let at = |minutes: i64| NOW + minutes * MINUTE;
    one.record(
        operator(1),
        story::received(1, Goods::of(item(1)), 40),
        at(1),
    );
    warehouse.pass(10 * MINUTE);
    one.sync(&warehouse, at(10));
    two.sync(&warehouse, at(10));
    // It says with its next request what it holds.
    two.sync(&warehouse, at(10));
    one.record(
        operator(1),
        story::issued(1, Goods::of(item(1)), 15),
        at(12),
    );
    two.record(operator(2), story::issued(1, Goods::of(item(1)), 2), at(14));
    warehouse.pass(20 * MINUTE);
    one.sync(&warehouse, at(30));
    warehouse.pass(30 * MINUTE);
    two.sync(&warehouse, at(60));

    let mut browser = warehouse.signed_in(Role::Viewer).await;
    browser.language = "en";
    let device = two.replica.identity().unwrap().device;
    let quantity = |body: &str| {
        let table = body.split("<tbody>").nth(1).unwrap_or_default();
        ["38 pcs", "40 pcs", "25 pcs", "23 pcs"]
            .into_iter()
            .find(|q| table.split("</table>").next().unwrap().contains(q))
    };
    // 22:13 at the site is when it all began.
    let pages = [
        format!("/bins/{}?", bin(1)),
        format!("/items/{}?", item(1)),
        "/stock?".to_owned(),
        "/stock?by=item&".to_owned(),
        "/stock?by=age&".to_owned(),
    ];
    for page in pages {
        for (time, known, truth) in [
            ("2026-09-21T22%3A24", "40 pcs", "40 pcs"),
            ("2026-09-21T22%3A40", "38 pcs", "23 pcs"),
        ] {
            let body = browser
                .get(&format!("{page}at={time}&as={device}"))
                .await
                .body;
            assert_eq!(quantity(&body), Some(known), "{page} {time}");
            assert!(
                body.contains("What 手持 2 号 knew at 2026-09-21 22:"),
                "{body}"
            );
            assert!(
                body.contains("what it said at 2026-09-21 22:23:20"),
                "{body}"
            );
            let body = browser.get(&format!("{page}at={time}")).await.body;
            assert_eq!(quantity(&body), Some(truth), "{page} {time}");
        }
        let before = browser
            .get(&format!("{page}at=2026-09-21T22%3A15&as={device}"))
            .await
            .body;
        assert_eq!(quantity(&before), None, "{page}");
        assert!(before.contains("No sync of 手持 2 号 is on record"));
    }
    let wrong = browser.get("/stock?at=yesterday").await;
    assert_eq!(wrong.status, 200);
    assert!(wrong.body.contains("This time cannot be read"));
    assert!(wrong.body.contains("value=\"yesterday\""));
}

#[tokio::test]
async fn the_plan_draws_every_bin_with_its_heat_and_a_table() {
    let warehouse = Warehouse::new();
    many(&warehouse, 60);
    let _handhelds = story::tell(&warehouse);
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    for heat in ["fill", "picks", "age", "nonsense"] {
        let plan = browser.get(&format!("/stock/plan?heat={heat}")).await;
        assert_eq!(plan.status, 200);
        let (svg, table) = plan.body.split_once("<details>").unwrap();
        let drawn: BTreeSet<&str> = svg
            .split("<a href=\"/bins/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(drawn.len() >= 66, "{heat}: {}", drawn.len());
        assert_eq!(
            table.matches("class=\"code\" href=\"/bins/").count(),
            drawn.len()
        );
        assert!(svg.contains("<title>A-01-1"), "{svg}");
    }
    let picks = browser.get("/stock/plan?heat=picks").await.body;
    assert!(picks.contains("拣货 1 次"), "{picks}");
    let none = browser
        .get("/stock/plan?site=x&zone=00000000-0000-0000-0000-000000000001")
        .await;
    assert_eq!(none.status, 200);
}

#[tokio::test]
async fn every_figure_leads_to_its_rows() {
    let warehouse = Warehouse::new();
    let _handhelds = story::tell(&warehouse);
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    for language in ["zh-CN", "en"] {
        browser.language = language;
        for days in ["7", "30", "90", "x"] {
            let page = browser.get(&format!("/dashboards?days={days}")).await;
            assert_eq!(page.status, 200);
            let links: BTreeSet<String> = page
                .body
                .split("href=\"")
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
                .filter(|link| link.starts_with("/feed") || link.starts_with("/stock"))
                .map(|link| link.replace("&#38;", "&").replace("&amp;", "&"))
                .collect();
            assert!(links.len() > 10, "{links:?}");
            if days == "7" {
                for link in &links {
                    assert_eq!(browser.get(link).await.status, 200, "{link}");
                }
            }
        }
    }
    let page = browser.get("/dashboards?days=7").await.body;
    // 40 + 25 + 500 + 1 + 1 + 120 + 24 came in.
    assert!(page.contains("<b>711</b>"), "{page}");
    let (before, _) = page.split_once("<b>711</b>").unwrap();
    let link = before
        .rsplit("href=\"")
        .next()
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let feed = browser
        .get(&link.replace("&#38;", "&").replace("&amp;", "&"))
        .await
        .body;
    let rows = feed.split("<tbody>").nth(1).unwrap();
    assert_eq!(rows.matches("<tr").count(), 7, "{rows}");
    assert_eq!(rows.matches("#received").count(), 7);
    // A narrower time leaves fewer, and none before it all began.
    let narrow = browser
        .get("/feed?kind=received&from=2026-09-21T22%3A15&until=2026-09-21T22%3A18")
        .await
        .body;
    assert_eq!(narrow.matches("#received\"").count(), 3, "{narrow}");
    let nothing = browser
        .get("/feed?kind=received&until=2026-09-21T22%3A00")
        .await
        .body;
    assert!(!nothing.contains("<tbody>"));
}

/// How many pictures of labels a PDF has, and how many sheets.
fn labels_in(pdf: &[u8]) -> (usize, usize) {
    assert!(pdf.starts_with(b"%PDF-"));
    let text = String::from_utf8_lossy(pdf);
    let pages = text.split("/Count ").nth(1).unwrap();
    let pages = pages.split_whitespace().next().unwrap().parse().unwrap();
    (text.matches("/Subtype /Image").count(), pages)
}

#[tokio::test]
async fn labels_of_bins_come_on_sheets_of_paper() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let page = browser.get("/bins/labels?start=a-01&layout=a4-8").await;
    assert!(page.body.contains("2 张标签，共 1 页"), "{}", page.body);
    let file = page.body.split("href=\"/bins/labels.pdf").nth(1).unwrap();
    let file = file.split('"').next().unwrap().replace("&#38;", "&");
    let pdf = browser.get(&format!("/bins/labels.pdf{file}")).await;
    assert_eq!(pdf.headers["content-type"], "application/pdf");
    assert_eq!(labels_in(&pdf.bytes), (2, 1));
    // The eighth place of the first sheet is the last one on it.
    let pdf = browser.get("/bins/labels.pdf?layout=a4-8&skip=7").await;
    assert_eq!(labels_in(&pdf.bytes), (6, 2));
    let one = browser.get(&format!("/bins/{}", bin(3))).await;
    assert!(one.body.contains(&format!("bin={}", bin(3))));
    let pdf = browser
        .get(&format!(
            "/bins/labels.pdf?bin={}&layout=roll-80x50",
            bin(3)
        ))
        .await;
    assert_eq!(labels_in(&pdf.bytes), (1, 1));
    let none = browser.get("/bins/labels.pdf?start=NOWHERE").await;
    assert_eq!(none.status, 422);
    assert!(none.body.contains("没有符合条件的库位") && none.body.contains("NOWHERE"));
    // The longest codes there are have a square code still, where bars have no room.
    for code in ["X".repeat(64), "库".repeat(64)] {
        let fields = [("bin", code.as_str())];
        browser
            .post_from("/data/add/bins", "/data/add/bins", &fields)
            .await;
    }
    for layout in labels::sheet::Layout::ALL {
        for start in ["XX", "%E5%BA%93%E5%BA%93"] {
            let file = format!("/bins/labels.pdf?start={start}&layout={}", layout.code);
            let pdf = browser.get(&file).await;
            assert_eq!(pdf.status, 200, "{file}: {}", pdf.body);
            assert_eq!(labels_in(&pdf.bytes), (1, 1), "{file}");
        }
    }
    // More than anybody prints at once.
    let edits = (0..2_001_u16).map(|n| {
        let mut id = [0x5b; 16];
        id[..2].copy_from_slice(&n.to_be_bytes());
        let bin = Bin {
            id: BinId::from_bytes(id),
            code: format!("M-{n}"),
            zone: ZoneId::from_bytes([50; 16]),
            site: warehouse.site,
            room: Room::default(),
        };
        RecordEdit {
            partition: Partition::Site(warehouse.site),
            kind: RecordKind::Bin,
            id: bin.id.into(),
            fields: bin.to_fields(),
        }
    });
    edit(&warehouse, edits.collect(), Vec::new());
    let many = browser.get("/bins/labels.pdf?start=M-").await;
    assert_eq!(many.status, 422);
    assert!(many.body.contains("超过 2,000 张标签"), "{}", many.body);
    let page = browser.get("/bins/labels?start=M-").await;
    assert!(!page.body.contains("href=\"/bins/labels.pdf"));
}
