//! A stocktake from its plan to its report, counted on handhelds, decided on the console.

use crate::common::browser::{Answer, Browser};
use crate::common::handheld::Handheld;
use crate::common::story::received;
use crate::common::{MINUTE, Warehouse, bin, item, operator, units};
use documents::catalogue::Item;
use documents::{FieldEdit, Order, Partition, RecordKind};
use domain::event::CountedLine;
use domain::{
    Currency, EventBody, EventHash, Goods, ItemId, OperatorId, OrderLine, StocktakeId, UnitValue,
};
use replica::{Commit, NewEvent, RecordEdit};
use sync_server::auth::accounts;
use sync_server::store::accounts::Role;

/// Wrenches are of class A and worth 12.50 CNY each.
fn value_wrenches(warehouse: &Warehouse) {
    let mut fields = vec![FieldEdit::set("class", "A")];
    fields.extend(Item::value_fields(UnitValue {
        minor: 1_250,
        currency: Currency::from_code("CNY").unwrap(),
    }));
    let edit = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item(1).into(),
        fields,
    };
    let commit = Commit {
        edits: vec![edit],
        ..Commit::default()
    };
    warehouse.hub.commit(commit, warehouse.now()).unwrap();
}

struct Site {
    warehouse: Warehouse,
    browser: Browser,
    one: Handheld,
    two: Handheld,
}

/// Wrenches in bins 1 and 2, gloves in bin 3; the rest is empty.
async fn furnished() -> Site {
    let warehouse = Warehouse::new();
    value_wrenches(&warehouse);
    let mut one = Handheld::enrol(&warehouse, "PDA-1", 1);
    let two = Handheld::enrol(&warehouse, "PDA-2", 2);
    let now = warehouse.now();
    for (b, i, n) in [(1, 1, 40), (2, 1, 10), (3, 2, 25)] {
        one.record(operator(1), received(b, Goods::of(item(i)), n), now);
    }
    one.sync(&warehouse, now);
    warehouse.pass(MINUTE);
    let browser = warehouse.signed_in(Role::Supervisor).await;
    Site {
        warehouse,
        browser,
        one,
        two,
    }
}

impl Site {
    fn site_id(&self) -> String {
        self.warehouse.site.to_string()
    }

    /// Previews and writes a plan; the address of its page.
    async fn plan(&mut self, fields: &[(&str, &str)]) -> String {
        let site = self.site_id();
        let mut all = vec![("site", site.as_str()), ("kind", "full"), ("split", "even")];
        all.extend(fields);
        all.push(("do", "preview"));
        let preview = self
            .browser
            .post_from("/stocktakes/new", "/stocktakes", &all)
            .await;
        assert_eq!(preview.status, 200, "{}", preview.body);
        let seen = preview.field("seen");
        all.pop();
        all.extend([("seen", seen.as_str()), ("do", "write")]);
        let written = self
            .browser
            .post_from("/stocktakes/new", "/stocktakes", &all)
            .await;
        assert_eq!(written.status, 303, "{}", written.body);
        self.sync();
        written.location().split('?').next().unwrap().to_owned()
    }

    fn sync(&mut self) {
        let now = self.warehouse.now();
        for handheld in [&mut self.one, &mut self.two] {
            handheld.sync(&self.warehouse, now);
            handheld.sync(&self.warehouse, now);
        }
    }

    fn orders(&self, page: &str) -> Vec<Order> {
        let id: StocktakeId = page.rsplit('/').next().unwrap().parse().unwrap();
        let replica = self.warehouse.hub.replica().lock().unwrap();
        replica.query().orders_of_stocktake(id).unwrap()
    }

    /// Counts a bin by whichever order has it last.
    fn count(&mut self, page: &str, by: u8, b: u8, found: &[(ItemId, i64)]) -> EventHash {
        let orders = self.orders(page);
        let line = orders.iter().rev().find_map(|order| {
            let mut lines = order.lines.iter();
            let (line, _) = lines.find(|(_, line)| line.bin == Some(bin(b)))?;
            Some(OrderLine {
                order: order.id,
                line: *line,
            })
        });
        let lines = found.iter().map(|(item, n)| CountedLine {
            item: *item,
            lot: None,
            counted: units(*n),
        });
        let event = NewEvent {
            order: line,
            ..EventBody::Counted {
                bin: bin(b),
                lines: lines.collect(),
                whole_bin: true,
            }
            .into()
        };
        self.warehouse.pass(MINUTE);
        let now = self.warehouse.now();
        let handheld = if by == 1 {
            &mut self.one
        } else {
            &mut self.two
        };
        let hash = handheld.record(operator(by), event, now);
        handheld.sync(&self.warehouse, now);
        hash
    }

    /// The marks of the counts that can be chosen on the page.
    async fn marks(&mut self, page: &str) -> Vec<String> {
        let shown = self.browser.get(page).await.body;
        let marks = shown.split("name=\"count\" value=\"").skip(1);
        marks
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    }

    async fn decide(&mut self, page: &str, fields: &[(&str, &str)]) -> Answer {
        self.warehouse.pass(MINUTE);
        let path = format!("{page}/decide");
        let answer = self.browser.post_from(page, &path, fields).await;
        let _ = self.warehouse.hub.pump(self.warehouse.now()).unwrap();
        answer
    }

    fn stock(&self, b: u8, item: ItemId) -> String {
        let replica = self.warehouse.hub.replica().lock().unwrap();
        let piles = replica.query().stock_of_bin(bin(b)).unwrap();
        let pile = piles.into_iter().find(|pile| pile.key.item == item);
        pile.map_or("0".into(), |pile| pile.balance.to_string())
    }
}

fn id(n: u8) -> String {
    operator(n).to_string()
}

#[tokio::test]
async fn a_plan_says_what_it_makes_and_handhelds_can_count_by_it() {
    let mut site = furnished().await;
    let (wang, li) = (id(1), id(2));
    let fields = [
        ("name", "九月全盘"),
        ("view", "blind"),
        ("counter", wang.as_str()),
        ("counter", li.as_str()),
        ("per_order", "2"),
    ];
    let page = site.plan(&fields).await;
    let orders = site.orders(&page);
    let shape: Vec<(&str, Option<OperatorId>, usize, bool)> = orders
        .iter()
        .map(|o| {
            (
                o.code.rsplit('-').next().unwrap(),
                o.assigned,
                o.lines.len(),
                o.blind,
            )
        })
        .collect();
    let (wang, li) = (Some(operator(1)), Some(operator(2)));
    assert_eq!(
        shape,
        [
            ("01", wang, 1, true),
            ("02", wang, 2, true),
            ("03", li, 1, true),
            ("04", li, 2, true)
        ]
    );
    // The book of these bins is hidden from whoever counts, by data.
    let hidden = site.one.replica.query();
    let hidden = hidden
        .bins_under_blind_count(site.warehouse.site, wang)
        .unwrap();
    assert_eq!(hidden.len(), 3);

    let shown = site.browser.get(&page).await.body;
    for words in ["九月全盘", "0 / 6", "王芳", "李强"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    site.count(&page, 1, 1, &[(item(1), 40)]);
    let progress = site.browser.get(&format!("{page}/progress")).await.body;
    assert!(progress.contains("1 / 6"), "{progress}");
    let list = site.browser.get("/stocktakes").await.body;
    assert!(list.contains("1 / 6"), "{list}");
}

#[tokio::test]
async fn what_cannot_be_planned_is_said_and_nothing_typed_is_lost() {
    let mut site = furnished().await;
    let here = site.site_id();
    for (field, value, words) in [
        ("bins", "A-01-1, NOWHERE", "NOWHERE"),
        ("items", "NOTHING", "NOTHING"),
        ("due", "2020-01-01T08:00", "2020-01-01T08:00"),
        ("per_order", "0", "不是有效的数字"),
        ("percent:", "many", "many"),
        ("class", "Z", "没有符合条件的库位"),
    ] {
        let fields = [
            ("site", here.as_str()),
            ("kind", "full"),
            ("name", "<b>盘点</b>"),
            (field, value),
            ("do", "preview"),
        ];
        let answer = site
            .browser
            .post_from("/stocktakes/new", "/stocktakes", &fields)
            .await;
        assert_eq!(answer.status, 422, "{field}: {}", answer.body);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
        assert!(
            answer.body.contains("&#60;b&#62;盘点"),
            "what was typed stays, and is text"
        );
    }
    // Goods that came into an empty bin since the preview make the plan another one.
    let fields = [
        ("site", here.as_str()),
        ("kind", "cycle"),
        ("class", "A"),
        ("do", "preview"),
    ];
    let preview = site
        .browser
        .post_from("/stocktakes/new", "/stocktakes", &fields)
        .await;
    let seen = preview.field("seen");
    let now = site.warehouse.now();
    site.one
        .record(operator(1), received(5, Goods::of(item(1)), 1), now);
    site.sync();
    let fields = [
        ("site", here.as_str()),
        ("kind", "cycle"),
        ("class", "A"),
        ("seen", seen.as_str()),
        ("do", "write"),
    ];
    let answer = site
        .browser
        .post_from("/stocktakes/new", "/stocktakes", &fields)
        .await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(answer.body.contains("在预览之后有变化"), "{}", answer.body);
    assert!(
        site.browser
            .get("/stocktakes")
            .await
            .body
            .contains("还没有盘点")
    );
}

#[tokio::test]
async fn a_cycle_count_takes_what_was_not_counted_for_longest() {
    let mut site = furnished().await;
    let first = site.plan(&[("bins", "A-01-1")]).await;
    site.count(&first, 1, 1, &[(item(1), 40)]);
    let here = site.site_id();
    let page = {
        let fields = [
            ("site", here.as_str()),
            ("kind", "cycle"),
            ("class", "A"),
            ("most", "1"),
            ("do", "preview"),
        ];
        site.browser
            .post_from("/stocktakes/new", "/stocktakes", &fields)
            .await
    };
    assert!(page.body.contains("A-01-2 – A-01-2"), "{}", page.body);
}

#[tokio::test]
async fn variances_are_decided_by_somebody_else_and_set_the_book() {
    let mut site = furnished().await;
    let page = site
        .plan(&[
            ("bins", "A-01-1\nA-01-2\nA-02-1"),
            ("quantity:A", "1"),
            ("view", "blind"),
        ])
        .await;
    // Cut off from now on, it takes five wrenches out.
    let mut late = Handheld::enrol(&site.warehouse, "PDA-3", 3);
    let taken = EventBody::Issued {
        bin: bin(2),
        goods: Goods::of(item(1)),
        quantity: units(5),
    };
    late.record(operator(3), taken, site.warehouse.now());
    site.count(&page, 1, 1, &[(item(1), 39)]);
    let beyond = site.count(&page, 1, 2, &[(item(1), 4)]);
    site.count(&page, 1, 3, &[(item(2), 25)]);
    let shown = site.browser.get(&page).await.body;
    // The worst first: six wrenches are more than one.
    let (worst, mild) = (
        shown.find("A-01-2</a>").unwrap(),
        shown.find("A-01-1</a>").unwrap(),
    );
    assert!(worst < mild, "{shown}");
    for words in [
        "-75.00 CNY",
        "-12.50 CNY",
        "-87.50 CNY",
        "超出容差",
        "容差内",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let marks = site.marks(&page).await;
    assert_eq!(marks.len(), 2);
    assert!(marks[0].starts_with(&beyond.hex()));

    // Beyond tolerance, no approval without a reason; and nothing is decided that was not seen so.
    let answer = site
        .decide(&page, &[("do", "approve"), ("count", &marks[0])])
        .await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("请选择或填写原因"), "{}", answer.body);
    let stale = format!("{}:000000000000", beyond.hex());
    let fields = [
        ("do", "approve"),
        ("count", stale.as_str()),
        ("note", "查过了"),
    ];
    let answer = site.decide(&page, &fields).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("此间有变化") && answer.body.contains("查过了"),
        "{}",
        answer.body
    );

    // Who has counted does not decide, on the stocktake's page or in the review queue.
    let mut other = std::mem::replace(&mut site.browser, {
        site.warehouse.add_user("王芳", Role::Supervisor);
        let user = accounts::find(&site.warehouse.database, "王芳").unwrap();
        let token = accounts::open_session(&site.warehouse.database, user.id, site.warehouse.now())
            .unwrap();
        let mut browser = site.warehouse.visitor();
        browser.set_cookie("tm_session", token.secret());
        browser
    });
    let own = [
        ("do", "approve"),
        ("count", marks[0].as_str()),
        ("reason", "lost"),
    ];
    let answer = site.decide(&page, &own).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("盘点人不能审批"), "{}", answer.body);
    let answer = site.decide(&page, &[("do", "approve-tolerated")]).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    let queue = site.browser.get("/review?kind=count-variance").await.body;
    let card = queue
        .split("href=\"/review/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let card = format!("/review/{card}");
    let seen = site.browser.get(&card).await.field("seen");
    let fields = [("choice", "approve-count"), ("seen", seen.as_str())];
    let answer = site
        .browser
        .post_from(&card, &format!("{card}/resolve"), &fields)
        .await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("不能审批自己的盘点"),
        "{}",
        answer.body
    );
    std::mem::swap(&mut site.browser, &mut other);

    // What is tolerated is approved in one go, with what does not differ.
    let answer = site.decide(&page, &[("do", "approve-tolerated")]).await;
    assert!(
        answer.location().contains("done=approved"),
        "{}",
        answer.body
    );
    assert_eq!(
        (site.stock(1, item(1)), site.stock(2, item(1))),
        ("39".into(), "10".into())
    );
    // The rest is counted again by somebody else.
    let li = id(2);
    let wang = id(1);
    let again = |counter| {
        [
            ("do", "recount"),
            ("count", marks[0].as_str()),
            ("reason", "miscount"),
            ("counter", counter),
        ]
    };
    let answer = site.decide(&page, &again(&wang)).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("请选择其他复盘人"), "{}", answer.body);
    let answer = site.decide(&page, &again(&li)).await;
    assert!(
        answer.location().contains("done=recount"),
        "{}",
        answer.body
    );
    let orders = site.orders(&page);
    let recount = orders.last().unwrap();
    assert!(recount.code.ends_with("-R01") && recount.blind);
    assert_eq!(
        (recount.assigned, recount.counted_by.as_slice()),
        (Some(operator(2)), &[operator(1)][..])
    );
    let shown = site
        .browser
        .get(&format!("{page}?status=recount"))
        .await
        .body;
    assert!(
        shown.contains("盘点有误") && shown.contains("A-01-2"),
        "{shown}"
    );
    site.sync();
    site.count(&page, 2, 2, &[(item(1), 5)]);
    let marks = site.marks(&page).await;
    assert_eq!(marks.len(), 1, "only the recount waits");
    let fields = [
        ("do", "approve"),
        ("count", marks[0].as_str()),
        ("reason", "lost"),
        ("note", "货架后"),
    ];
    let answer = site.decide(&page, &fields).await;
    assert!(
        answer.location().contains("done=approved"),
        "{}",
        answer.body
    );
    assert_eq!(site.stock(2, item(1)), "5");

    // Late, from before the count: the book of that instant changes, and not the stock.
    late.sync(&site.warehouse, site.warehouse.now());
    site.sync();
    assert_eq!(site.stock(2, item(1)), "5");
    let queue = site.browser.get("/review?kind=count-variance").await.body;
    assert!(
        !queue.contains("data-card"),
        "nothing is left open: {queue}"
    );
}

#[tokio::test]
async fn two_results_of_one_bin_are_a_split_or_a_duplicate() {
    let mut site = furnished().await;
    let page = site.plan(&[("bins", "A-01-1\nA-01-2")]).await;
    // Each counts without knowing of the other.
    for b in [1, 2] {
        site.count(&page, 1, b, &[(item(1), 6)]);
        site.count(&page, 2, b, &[(item(1), 4)]);
    }
    let shown = site.browser.get(&page).await.body;
    assert!(
        shown.contains("两人结果不同") && shown.contains("各盘一部分"),
        "{shown}"
    );
    let marks = site.marks(&page).await;
    assert_eq!(marks.len(), 4);
    let of = |marks: &[String], hash: EventHash| {
        let found = marks.iter().find(|m| m.starts_with(&hash.hex()));
        found.unwrap().clone()
    };
    let counts = {
        let order = site.orders(&page)[0].clone();
        let replica = site.warehouse.hub.replica().lock().unwrap();
        replica.query().counts_of_order(order.id).unwrap()
    };
    // Bin 1: a duplicate, the second stands. Bin 2: each counted a part.
    let fields = [
        ("do", "approve"),
        ("count", &of(&marks, counts[1].hash)),
        ("reason", "miscount"),
    ];
    let answer = site.decide(&page, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let fields = [
        ("do", "add-up"),
        ("count", &of(&marks, counts[2].hash)),
        ("reason", "other"),
    ];
    let answer = site.decide(&page, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(
        (site.stock(1, item(1)), site.stock(2, item(1))),
        ("4".into(), "10".into())
    );
    assert!(site.marks(&page).await.is_empty());
    let queue = site.browser.get("/review?kind=count-variance").await.body;
    assert!(!queue.contains("data-card"), "{queue}");
}

#[tokio::test]
async fn it_is_closed_with_a_reason_and_reported() {
    let mut site = furnished().await;
    let page = site
        .plan(&[("name", "抽盘 & 复核"), ("bins", "A-01-1,A-01-2,A-02-1")])
        .await;
    site.count(&page, 1, 1, &[(item(1), 41)]);
    site.count(&page, 2, 3, &[(item(2), 25)]);
    let close = format!("{page}/close");
    let answer = site.browser.post_from(&page, &close, &[]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("还有 2 个库位"), "{}", answer.body);
    let answer = site
        .browser
        .post_from(&page, &close, &[("reason", "停电")])
        .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(site.orders(&page).iter().all(|order| order.cancelled));
    let answer = site
        .browser
        .post_from(&page, &close, &[("reason", "再来")])
        .await;
    assert_eq!(answer.status, 422, "once");
    let answer = site.decide(&page, &[("do", "approve-tolerated")]).await;
    assert!(answer.body.contains("盘点已关闭"), "{}", answer.body);

    let report = site.browser.get(&format!("{page}/report")).await.body;
    for words in [
        "抽盘 &#38; 复核",
        "停电",
        "+1",
        "12.50 CNY",
        "50.0 %",
        "A-01-2",
        "1 / 2",
    ] {
        assert!(report.contains(words), "{words}: {report}");
    }
    let xlsx = site
        .browser
        .get(&format!("{page}/report/report.xlsx"))
        .await;
    assert_eq!(xlsx.status, 200);
    assert!(xlsx.bytes.starts_with(b"PK"));
    assert!(
        xlsx.headers["content-disposition"]
            .to_str()
            .unwrap()
            .contains(".xlsx")
    );
    let pdf = site.browser.get(&format!("{page}/report/report.pdf")).await;
    assert!(pdf.bytes.starts_with(b"%PDF-"));
    if let Ok(folder) = std::env::var("KEEP_REPORTS") {
        std::fs::write(format!("{folder}/report.pdf"), &pdf.bytes).unwrap();
        std::fs::write(format!("{folder}/report.xlsx"), &xlsx.bytes).unwrap();
    }
    assert_eq!(
        site.browser
            .get(&format!("{page}/report/report.exe"))
            .await
            .status,
        404
    );
    site.browser.set_cookie("tm_lang", "en");
    for path in [
        page.clone(),
        format!("{page}/report"),
        "/stocktakes/new".into(),
        "/stocktakes".into(),
    ] {
        let shown = site.browser.get(&path).await;
        assert_eq!(shown.status, 200, "{path}");
        assert!(shown.body.contains("Stocktake"), "{path}");
    }
}

#[tokio::test]
async fn a_viewer_looks_and_does_not_decide() {
    let mut site = furnished().await;
    let page = site.plan(&[]).await;
    let mut viewer = site.warehouse.signed_in(Role::Viewer).await;
    assert_eq!(viewer.get(&page).await.status, 200);
    assert_eq!(viewer.get("/stocktakes/new").await.status, 403);
    for path in [
        "/stocktakes".to_owned(),
        format!("{page}/decide"),
        format!("{page}/close"),
    ] {
        let answer = viewer.post_from(&page, &path, &[("do", "approve")]).await;
        assert_eq!(answer.status, 403, "{path}");
    }
}
