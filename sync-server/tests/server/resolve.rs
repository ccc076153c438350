//! Decisions add events, change the stock, and can be taken back.

use crate::common::browser::Browser;
use crate::common::{Warehouse, bin, item, operator, story, units};
use domain::ledger::{ExceptionKind, StockKey};
use replica::query::{EventFilter, ExceptionFilter};
use sync_server::store::accounts::Role;

struct Desk {
    warehouse: Warehouse,
    browser: Browser,
}

impl Desk {
    async fn open() -> Self {
        let warehouse = Warehouse::new();
        let _handhelds = story::tell(&warehouse);
        let browser = warehouse.signed_in(Role::Supervisor).await;
        Self { warehouse, browser }
    }

    fn find(&self, kind: ExceptionKind) -> Option<String> {
        let replica = self.warehouse.hub.replica().lock().unwrap();
        let filter = ExceptionFilter {
            kind: Some(kind),
            open_only: true,
            site: None,
        };
        let found = replica.query().exceptions(&filter, 1).unwrap();
        found.first().map(|e| e.finding.id().to_string())
    }

    fn balance(&self, b: u8, i: u8) -> i64 {
        let key = StockKey {
            bin: bin(b),
            item: item(i),
            lot: None,
        };
        let replica = self.warehouse.hub.replica().lock().unwrap();
        replica
            .query()
            .balance(self.warehouse.site, &key)
            .unwrap()
            .thousandths()
            / 1_000
    }

    fn events(&self) -> usize {
        let replica = self.warehouse.hub.replica().lock().unwrap();
        replica
            .query()
            .events(&EventFilter::default(), 1_000)
            .unwrap()
            .len()
    }

    /// Decides as the page's form would; returns the status and the page.
    async fn decide(&mut self, id: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let page = format!("/review/{id}");
        let shown = self.browser.get(&page).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        let (csrf, seen) = (shown.csrf(), shown.field("seen"));
        let mut all = vec![("csrf", csrf.as_str()), ("seen", seen.as_str())];
        all.extend(fields);
        let answer = self
            .browser
            .post_raw(&format!("{page}/resolve"), &all)
            .await;
        let _ = self.warehouse.hub.pump(self.warehouse.now()).unwrap();
        (answer.status.as_u16(), answer.body)
    }
}

#[tokio::test]
async fn keeping_the_first_issue_reverses_the_second() {
    let mut desk = Desk::open().await;
    let id = desk.find(ExceptionKind::UnitIssuedTwice).unwrap();
    assert_eq!(desk.balance(4, 5), -1);
    let before = desk.events();
    let (status, body) = desk
        .decide(&id, &[("choice", "keep-first"), ("note", "单号 77")])
        .await;
    assert_eq!(status, 303, "{body}");
    assert_eq!(desk.events(), before + 2, "the decision and its reversal");
    assert_eq!(desk.balance(4, 5), 0);
    assert_eq!(desk.find(ExceptionKind::UnitIssuedTwice), None);

    let decided = desk.browser.get("/review?tab=decided").await.body;
    for words in [
        "同一件重复出库",
        "单号 77",
        "user-supervisor",
        "保留第一条",
        "冲销：从 B-01-1 出库",
    ] {
        assert!(decided.contains(words), "{words}: {decided}");
    }
    let undo = decided.split("/review/decisions/").nth(1).unwrap();
    let undo = format!("/review/decisions/{}", undo.split('"').next().unwrap());
    let answer = desk
        .browser
        .post_from("/review?tab=decided", &undo, &[])
        .await;
    assert_eq!(answer.location(), "/review?done=undone");
    assert_eq!(
        desk.balance(4, 5),
        -1,
        "the reversal went with its decision"
    );
    assert_eq!(desk.find(ExceptionKind::UnitIssuedTwice), Some(id));
    let decided = desk.browser.get("/review?tab=decided").await.body;
    assert!(decided.contains("由 user-supervisor 撤销"));
    let again = desk
        .browser
        .post_from("/review?tab=decided", &undo, &[])
        .await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn negative_stock_is_put_right_by_an_adjustment() {
    let mut desk = Desk::open().await;
    let page = desk.browser.get("/review?kind=negative-stock").await.body;
    let id = page
        .split("<article")
        .find(|card| card.contains("GL-0008"))
        .and_then(|card| card.split("id=\"x").nth(1))
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    assert_eq!(desk.balance(2, 2), -5);
    let (status, _) = desk.decide(&id, &[("choice", "adjust-to-zero")]).await;
    assert_eq!(status, 303);
    assert_eq!(desk.balance(2, 2), 0);
    let feed = desk.browser.get("/feed").await.body;
    assert!(
        feed.contains("调整 A-01-2 丁腈手套 L 码（GL-0008） +5 箱（负库存处理）"),
        "{feed}"
    );
}

#[tokio::test]
async fn an_unknown_code_becomes_a_barcode_and_the_goods_are_received() {
    let mut desk = Desk::open().await;
    let id = desk.find(ExceptionKind::UnknownCode).unwrap();
    let (status, body) = desk
        .decide(&id, &[("choice", "link-to-item"), ("item", "NO-SUCH")])
        .await;
    assert_eq!(status, 422);
    assert!(body.contains("没有唯一对应的商品"));
    assert!(body.contains("value=\"NO-SUCH\""), "what was typed stays");
    let (status, body) = desk.decide(&id, &[("choice", "dismiss")]).await;
    assert_eq!(status, 422);
    assert!(body.contains("需要填写说明"));
    let (status, _) = desk
        .decide(&id, &[("choice", "link-to-item"), ("item", "CB-0035")])
        .await;
    assert_eq!(status, 303);
    assert_eq!(desk.balance(6, 3), 3);
    let item_page = desk.browser.get(&format!("/items/{}", item(3))).await.body;
    assert!(item_page.contains("X-4711-UNBEKANNT"), "{item_page}");
    assert_eq!(desk.find(ExceptionKind::UnknownCode), None);
}

#[tokio::test]
async fn an_approved_count_sets_the_book() {
    let mut desk = Desk::open().await;
    let id = desk.find(ExceptionKind::CountVariance).unwrap();
    assert_eq!(desk.balance(1, 1), 40);
    let (status, _) = desk.decide(&id, &[("choice", "approve-count")]).await;
    assert_eq!(status, 303);
    assert_eq!(desk.balance(1, 1), 37);
    assert_eq!(desk.find(ExceptionKind::CountVariance), None);
}

#[tokio::test]
async fn noted_exceptions_and_both_happened_change_nothing_but_the_queue() {
    let mut desk = Desk::open().await;
    for kind in [ExceptionKind::ExpiryDisagreement, ExceptionKind::ClockSkew] {
        let id = desk.find(kind).unwrap();
        let (status, _) = desk.decide(&id, &[("choice", "acknowledge")]).await;
        assert_eq!(status, 303);
        assert_eq!(desk.find(kind), None);
    }
    let id = desk.find(ExceptionKind::UnitIssuedTwice).unwrap();
    let (status, _) = desk
        .decide(&id, &[("choice", "both-happened"), ("note", "换托盘")])
        .await;
    assert_eq!(status, 303);
    assert_eq!(desk.balance(4, 5), -1);
    assert_eq!(desk.find(ExceptionKind::UnitIssuedTwice), None);
}

#[tokio::test]
async fn a_decision_on_old_evidence_is_not_taken() {
    let mut desk = Desk::open().await;
    let id = desk.find(ExceptionKind::UnknownCode).unwrap();
    let page = format!("/review/{id}");
    let shown = desk.browser.get(&page).await;
    let (csrf, seen) = (shown.csrf(), shown.field("seen"));
    let mut third = crate::common::handheld::Handheld::enrol(&desk.warehouse, "手持 3 号", 3);
    let aside = domain::EventBody::SetAside {
        code: "X-4711-UNBEKANNT".into(),
        bin: None,
        quantity: units(1),
    };
    third.record(operator(1), aside, desk.warehouse.now());
    third.sync(&desk.warehouse, desk.warehouse.now());
    let before = desk.events();
    let fields = [
        ("csrf", csrf.as_str()),
        ("seen", &seen),
        ("choice", "dismiss"),
        ("note", "x"),
    ];
    let answer = desk
        .browser
        .post_raw(&format!("{page}/resolve"), &fields)
        .await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("已变化或已被他人处理"));
    assert_eq!(desk.events(), before);
}
