//! Expected deliveries: imported, received by two handhelds that were cut off, decided about.

use crate::common::handheld::Handheld;
use crate::common::story::received;
use crate::common::{Warehouse, item, operator, units};
use domain::{
    EventBody, FinishedLine, Goods, OrderFinished, OrderId, OrderLine, OrderStep, OrderType, UnitId,
};
use replica::NewEvent;
use sync_server::store::accounts::Role;

fn apply_path(page: &str) -> String {
    let (_, rest) = page.split_once("action=\"/data/import/").unwrap();
    format!("/data/import/{}", rest.split('"').next().unwrap())
}

fn finish(order: OrderId, done: i64) -> EventBody {
    EventBody::OrderFinished(OrderFinished {
        order,
        step: OrderStep::Receive,
        after: Vec::new(),
        lines: vec![FinishedLine {
            line: 1,
            asked: units(12),
            done: units(done),
            reason: if done < 12 { "short" } else { "" }.into(),
        }],
    })
}

#[tokio::test]
async fn a_delivery_that_two_handhelds_finished_shows_both_results() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let file = "单据号,供应商,预计到货,商品编码,数量\nPO-7,华东五金,2026-05-04,WR-0250,12\nPO-7,,,GL-0008,3\nPO-8,华东五金,,NOWHERE,1\nPO-8,,,WR-0250,1\n";
    let check = "/data/import/deliveries/check";
    let checked = browser
        .upload("/data", check, "d.csv", file.as_bytes())
        .await;
    assert_eq!(checked.status, 200, "{}", checked.body);
    for words in ["导入到货通知", "NOWHERE"] {
        assert!(checked.body.contains(words), "{words}: {}", checked.body);
    }
    let done = browser
        .post_from("/data", &apply_path(&checked.body), &[])
        .await;
    assert!(done.body.contains("导入完成"), "{}", done.body);
    // The same file again brings nothing.
    let again = browser
        .upload("/data", check, "d.csv", file.as_bytes())
        .await;
    assert!(again.body.contains("该单据号已存在"), "{}", again.body);

    let orders = |code: &str| {
        let replica = warehouse.hub.replica().lock().unwrap();
        replica
            .query()
            .orders_by_code(warehouse.site, code)
            .unwrap()
    };
    assert!(orders("PO-8").is_empty(), "whole or not at all");
    let found = orders("PO-7");
    assert_eq!((found.len(), found[0].lines.len()), (1, 2));
    let order = found[0].id;

    let mut one = Handheld::enrol(&warehouse, "PDA-1", 1);
    let mut other = Handheld::enrol(&warehouse, "PDA-2", 2);
    let now = warehouse.now();
    for handheld in [&mut one, &mut other] {
        handheld.sync(&warehouse, now);
    }
    one.record(
        operator(1),
        NewEvent {
            order: Some(OrderLine { order, line: 1 }),
            reason: Some("damaged".into()),
            ..received(1, Goods::of(item(1)), 3).into()
        },
        now,
    );
    one.record(operator(1), finish(order, 12), now);
    other.record(operator(2), finish(order, 5), now + 1);
    for handheld in [&mut one, &mut other] {
        handheld.sync(&warehouse, now + 2);
    }
    let feed = browser.get("/feed").await.body;
    assert!(feed.contains("（破损）（PO-7）"), "{feed}");
    let queue = browser.get("/review").await.body;
    for words in [
        "同一单据重复完成",
        "收货 PO-7 · 华东五金",
        "与单据一致",
        "活动扳手 250 mm",
        "应 12，实 5（短少）",
    ] {
        assert!(queue.contains(words), "{words}: {queue}");
    }
    let card = queue.split("href=\"/review/").nth(1).unwrap();
    let id = card.split('"').next().unwrap().to_owned();
    let page = format!("/review/{id}");
    let shown = browser.get(&page).await;
    let (csrf, seen) = (shown.csrf(), shown.field("seen"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("seen", seen.as_str()),
        ("choice", "keep-first"),
    ];
    let answer = browser.post_raw(&format!("{page}/resolve"), &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let _ = warehouse.hub.pump(warehouse.now()).unwrap();
    let queue = browser.get("/review").await.body;
    assert!(!queue.contains(&format!("id=\"x{id}\"")), "{queue}");
    let english = {
        browser.set_cookie("tm_lang", "en");
        browser.get("/feed").await.body
    };
    assert!(english.contains("Finished receiving PO-7"), "{english}");
}

/// Checks and applies an import file; the page that answers.
async fn import(browser: &mut crate::common::browser::Browser, kind: &str, file: &str) -> String {
    let check = format!("/data/import/{kind}/check");
    let checked = browser
        .upload("/data", &check, "f.csv", file.as_bytes())
        .await;
    assert_eq!(checked.status, 200, "{}", checked.body);
    let done = browser
        .post_from("/data", &apply_path(&checked.body), &[])
        .await;
    assert!(done.body.contains("导入完成"), "{}", done.body);
    checked.body
}

#[tokio::test]
async fn a_count_names_its_bins_and_who_may_not_count_them() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let bins: Vec<String> = {
        let replica = warehouse.hub.replica().lock().unwrap();
        let all = [1, 2].map(|n| {
            replica
                .query()
                .bin(crate::common::bin(n))
                .unwrap()
                .unwrap()
                .code
        });
        all.into()
    };
    let person = {
        let replica = warehouse.hub.replica().lock().unwrap();
        replica.query().operator(operator(1)).unwrap().unwrap().name
    };
    let file = format!(
        "单据号,库位,盲盘,初盘人\nC-1,{0},是,{person}\nC-1,{1},,\nC-2,NOWHERE,,\nC-3,{0},,\nC-3,{0},,\nC-4,{0},,没有这个人\n",
        bins[0], bins[1]
    );
    let checked = import(&mut browser, "counts", &file).await;
    for words in ["NOWHERE", "没有这个人"] {
        assert!(checked.contains(words), "{words}: {checked}");
    }
    let replica = warehouse.hub.replica().lock().unwrap();
    let query = replica.query();
    let counts = query
        .orders(warehouse.site, OrderType::Count, OrderStep::Count)
        .unwrap();
    let [count] = counts.as_slice() else {
        panic!("{counts:?}")
    };
    let order = &count.order;
    assert_eq!((order.code.as_str(), order.blind), ("C-1", true));
    assert_eq!(order.counted_by, [operator(1)]);
    let asked: Vec<_> = order.lines.values().map(|line| line.bin).collect();
    assert_eq!(
        asked,
        [Some(crate::common::bin(1)), Some(crate::common::bin(2))]
    );
    let hidden = query
        .bins_under_blind_count(warehouse.site, Some(operator(2)))
        .unwrap();
    assert_eq!(hidden.len(), 2);
}

#[tokio::test]
async fn what_left_for_another_site_is_announced_there() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let other = domain::SiteId::from_bytes([8; 16]);
    let site = documents::catalogue::Site {
        id: other,
        code: "SZ1".into(),
        name_en: "Suzhou".into(),
        name_zh: "苏州仓".into(),
        time_zone: "Asia/Shanghai".into(),
    };
    let now = warehouse.now();
    warehouse.hub.create_site(&site, now).unwrap();
    let file = "单据号,调入仓库,商品编码,数量\nT-1,SZ1,WR-0250,12\nT-1,sz1,GL-0008,3\nT-2,SH1,WR-0250,1\nT-3,NONE,WR-0250,1\n";
    let checked = import(&mut browser, "transfers", file).await;
    assert!(
        checked.contains("NONE") && checked.contains("SH1"),
        "{checked}"
    );
    let orders = |site, code: &str| {
        let replica = warehouse.hub.replica().lock().unwrap();
        replica.query().orders_by_code(site, code).unwrap()
    };
    assert!(orders(warehouse.site, "T-2").is_empty());
    let order = orders(warehouse.site, "T-1")[0].id;
    assert_eq!(
        warehouse.hub.announce_transfers(now).unwrap(),
        0,
        "nothing has left"
    );

    let mut handheld = Handheld::enrol(&warehouse, "PDA-1", 1);
    handheld.sync(&warehouse, now);
    let ship = |handheld: &mut Handheld, n: i64, at: i64| {
        let left = NewEvent {
            order: Some(OrderLine { order, line: 1 }),
            carton: (n > 1).then(|| UnitId::plate(&format!("C-{n}"))),
            ..crate::common::story::issued(1, Goods::of(item(1)), n).into()
        };
        handheld.record(operator(1), left, at);
    };
    let finish = |handheld: &mut Handheld, after: Vec<domain::EventHash>, at: i64| {
        let finished = EventBody::OrderFinished(OrderFinished {
            order,
            step: OrderStep::Ship,
            after,
            lines: Vec::new(),
        });
        handheld.record(operator(1), finished, at);
    };
    ship(&mut handheld, 7, now);
    handheld.sync(&warehouse, now);
    warehouse.hub.pump(now).unwrap();
    assert_eq!(
        warehouse.hub.announce_transfers(now).unwrap(),
        0,
        "nobody has said so"
    );
    finish(&mut handheld, Vec::new(), now + 1);
    handheld.sync(&warehouse, now + 1);
    warehouse.hub.pump(now + 1).unwrap();
    assert_eq!(warehouse.hub.announce_transfers(now + 1).unwrap(), 1);
    assert_eq!(
        warehouse.hub.announce_transfers(now + 2).unwrap(),
        0,
        "once"
    );
    let arrival = orders(other, "T-1").remove(0);
    assert_eq!(arrival.kind, OrderType::Inbound);
    assert!(arrival.party.starts_with("SH1"), "{}", arrival.party);
    let cartons = |order: domain::OrderId| {
        let replica = warehouse.hub.replica().lock().unwrap();
        let record = replica.query().record(order.into()).unwrap().unwrap();
        let contents = documents::ArrivingContent::of(&record).into_iter();
        let content =
            |c: documents::ArrivingContent| (c.carton.as_str().to_owned(), c.line, c.quantity);
        contents.map(content).collect::<Vec<_>>()
    };
    assert_eq!(cartons(arrival.id), [("C-7".to_owned(), 1, units(7))]);
    let expected = |order: &documents::Order| {
        let lines = order.lines.iter();
        lines.map(|(n, l)| (*n, l.asked)).collect::<Vec<_>>()
    };
    assert_eq!(
        expected(&arrival),
        [(1, units(7))],
        "what left, and not what was asked for"
    );

    // What leaves later is added.
    let known = handheld
        .replica
        .query()
        .finished(warehouse.site, order, OrderStep::Ship)
        .unwrap();
    ship(&mut handheld, 5, now + 3);
    finish(&mut handheld, known, now + 4);
    handheld.sync(&warehouse, now + 5);
    warehouse.hub.pump(now + 5).unwrap();
    assert_eq!(warehouse.hub.announce_transfers(now + 5).unwrap(), 1);
    let arrivals = orders(other, "T-1");
    assert_eq!(arrivals.len(), 1);
    assert_eq!(expected(&arrivals[0]), [(1, units(12))]);
    let both = [
        ("C-5".to_owned(), 1, units(5)),
        ("C-7".to_owned(), 1, units(7)),
    ];
    assert_eq!(cartons(arrival.id), both);
    assert_eq!(warehouse.hub.announce_transfers(now + 6).unwrap(), 0);
}
