//! Expected deliveries: imported, received by two handhelds that were cut off, decided about.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use common::handheld::Handheld;
use common::story::received;
use common::{Warehouse, item, operator, units};
use domain::{EventBody, FinishedLine, Goods, OrderFinished, OrderId, OrderLine, OrderStep};
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
