//! Deposits that are announced by a file: who brings them is found, asked about or made; a handheld takes them in by
//! scanning pre-printed labels; what did not come can be taken back.

use std::collections::BTreeMap;

use crate::common::Warehouse;
use crate::common::browser::{Answer, Browser};
use crate::common::custody::{WHO, deposit, key_of_wang, share_keys, take_in_as, wang};
use crate::common::handheld::Handheld;
use crate::common::{bin, operator};
use axum::http::StatusCode;
use documents::{Partition, RecordKind};
use domain::custody::{Custody, CustodyAct};
use domain::ticket::PieceCode;
use domain::{EventBody, Goods, OrderLine, Quantity, UnitId};
use replica::query::DepositRow;
use replica::{Commit, NewEvent, RecordEdit};
use sync_server::store::accounts::Role;

const FILE: &str = "客户姓名,手机,证件号,件数,类别,规格,价值,天数,说明
王喆,13800138000,,2,BAG,l,\"1,200.50\",,易碎
李雷,13900139000,,1,BOX,,,7,
李雷,+86 139 0013 9000,身份证 A1,3,BAG,XL,,7,
韩梅梅,13800138000,,1,BAG,,,,
王小明,,护照 E12345678,1,BAG,,,,
没电话,,,1,BAG,,,,
赵一,13700137000,,0,BAG,,,,
钱二,13700137001,,1,NOTHING,,,,
";

/// Wang is known, there are two categories, and house rules.
async fn scene() -> (Warehouse, Handheld, Browser) {
    let warehouse = Warehouse::new();
    let mut a = Handheld::enrol(&warehouse, "PDA 1", 1);
    let left = deposit(warehouse.site);
    take_in_as(
        &warehouse,
        &mut a,
        &left,
        &wang(),
        &key_of_wang(),
        Vec::new(),
    );
    a.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut a).await;
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let items = "SKU,名称,存放类别\nBAG,行李箱包,custody\nBOX,小件,custody-small\n";
    let check = "/data/import/items/check";
    let checked = admin
        .upload("/data", check, "i.csv", items.as_bytes())
        .await;
    let _ = admin
        .post_from("/data", &apply_path(&checked.body), &[])
        .await;
    let rules = format!("/custody/rules/{}", warehouse.site);
    let said = [("daily", "10"), ("currency", "CNY"), ("days", "30")];
    let _ = admin.post_from(&rules, &rules, &said).await;
    (warehouse, a, admin)
}

fn apply_path(page: &str) -> String {
    let (_, rest) = page.split_once("action=\"/data/import/").unwrap();
    format!("/data/import/{}", rest.split('"').next().unwrap())
}

fn figure(page: &str, heading: &str) -> u64 {
    let (_, rest) = page
        .split_once(&format!("<dt>{heading}</dt>"))
        .expect(heading);
    let digits = rest.split_once("<dd").unwrap().1.split_once('>').unwrap().1;
    digits.split('<').next().unwrap().trim().parse().unwrap()
}

async fn check(browser: &mut Browser, file: &[u8]) -> Answer {
    browser
        .upload("/data", "/data/import/deposits/check", "预约.csv", file)
        .await
}

fn expected(a: &Handheld, warehouse: &Warehouse) -> Vec<DepositRow> {
    let query = a.replica.query();
    query.deposits_expected(warehouse.site, None, 99).unwrap()
}

/// What a handheld writes when it takes in what was announced: a label scanned for each piece.
fn take_in_announced(warehouse: &Warehouse, a: &mut Handheld, row: &DepositRow) {
    let query = a.replica.query();
    let announced = query.announced(row.deposit.id).unwrap().unwrap();
    let labels: BTreeMap<u32, UnitId> = announced
        .pieces
        .keys()
        .map(|n| {
            (
                *n,
                UnitId::plate(PieceCode::draw([100 + *n as u8; 8]).as_str()),
            )
        })
        .collect();
    let today = "2026-09-21".parse().unwrap();
    let taken = announced.taken_in(&row.deposit, &labels, warehouse.now(), today);
    let mut said = Custody::new(
        taken.id,
        CustodyAct::Deposited,
        labels.keys().copied().collect(),
    );
    said.terms = Some(taken.terms());
    let mut events: Vec<NewEvent> = taken
        .pieces
        .iter()
        .map(|(number, piece)| NewEvent {
            order: Some(OrderLine {
                order: taken.id.as_order(),
                line: *number,
            }),
            ..EventBody::Received {
                bin: bin(1),
                goods: Goods {
                    unit: Some(piece.unit.clone()),
                    ..Goods::of(piece.item)
                },
                quantity: Quantity::ONE,
            }
            .into()
        })
        .collect();
    events.push(EventBody::Custody(Box::new(said)).into());
    let commit = Commit {
        operator: Some(operator(1)),
        site: Some(warehouse.site),
        events,
        edits: vec![RecordEdit {
            partition: Partition::Site(warehouse.site),
            kind: RecordKind::Deposit,
            id: taken.id.into(),
            fields: taken.to_fields(),
        }],
        ..Commit::default()
    };
    a.replica.commit(commit, warehouse.now()).unwrap();
}

#[tokio::test]
async fn a_file_announces_deposits_and_a_person_says_who_is_who() {
    let (warehouse, mut a, mut admin) = scene().await;
    let checked = check(&mut admin, FILE.as_bytes()).await;
    assert_eq!(checked.status, StatusCode::OK, "{}", checked.body);
    for (heading, n) in [
        ("新增", 2),
        ("新客户", 1),
        ("已有客户", 1),
        ("有误，不导入", 4),
    ] {
        assert_eq!(figure(&checked.body, heading), n, "{heading}");
    }
    for words in [
        "请确认 1 位客户",
        "第 6 行",
        "王小明",
        "手机号或证件与前面的行相同",
        "请填写手机号或证件",
        "件数须为 1 至 99",
        "没有该寄存类别",
        "物品未到，不计库存和费用",
    ] {
        assert!(checked.body.contains(words), "{words}");
    }
    warehouse.hub.pump(warehouse.now()).unwrap();
    a.sync(&warehouse, warehouse.now());
    assert!(
        expected(&a, &warehouse).is_empty(),
        "a check writes nothing"
    );
    let errors = apply_path(&checked.body).replace("/apply", "/errors.csv");
    let errors = admin.get(&errors).await.body;
    assert!(errors.contains("5,姓名,韩梅梅,") && errors.contains("9,寄存类别,NOTHING,"));

    let apply = apply_path(&checked.body);
    let done = admin
        .post_from("/data", &apply, &[("person:6", "new")])
        .await;
    assert_eq!(
        (done.status, figure(&done.body, "新增")),
        (StatusCode::OK, 3)
    );
    warehouse.hub.pump(warehouse.now()).unwrap();
    a.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut a).await;
    let rows = expected(&a, &warehouse);
    let of = |name: &str| {
        let query = a.replica.query();
        let is = |row: &&DepositRow| {
            query
                .person(row.deposit.customer)
                .unwrap()
                .is_some_and(|p| p.name == name)
        };
        rows.iter().find(is).unwrap()
    };
    let query = a.replica.query();
    let of_wang = query.announced(of("王喆").deposit.id).unwrap().unwrap();
    assert_eq!((of("王喆").deposit.customer, of_wang.days), (WHO, 30));
    let piece = &of_wang.pieces[&2];
    assert_eq!((piece.size.as_str(), piece.value), ("L", 120_050));
    let li = query.announced(of("李雷").deposit.id).unwrap().unwrap();
    assert_eq!(
        (li.pieces.len(), li.days),
        (4, 7),
        "two rows are one deposit"
    );
    assert_ne!(of("王小明").deposit.customer, WHO);
    let person = query.person(of("李雷").deposit.customer).unwrap().unwrap();
    assert_eq!(person.document, "身份证 A1", "what the second row adds");
    // Nothing of a person stands open.
    let record = query.record(of("李雷").deposit.id.into()).unwrap().unwrap();
    let person = query
        .record(of("李雷").deposit.customer.into())
        .unwrap()
        .unwrap();
    let all = format!("{:?} {:?}", record.fields, person.fields);
    assert!(!all.contains("李雷") && !all.contains("1390013"));

    let list = admin.get("/custody?show=expected").await.body;
    assert!(list.contains("李雷") && list.contains("已预约") && list.contains("到达后 7 天"));
    let page = admin
        .get(&format!("/custody/{}", of("王喆").deposit.id))
        .await
        .body;
    for words in ["易碎", "未贴标签", "撤销预约", "物品未到"] {
        assert!(page.contains(words), "{words}");
    }
    // The same file once more brings nothing twice; only who is who is asked again.
    let again = check(&mut admin, FILE.as_bytes()).await;
    assert_eq!(
        (figure(&again.body, "新增"), figure(&again.body, "无变化")),
        (0, 2)
    );

    // The customer sees it too, and it is no stock.
    let ticket = of("李雷").deposit.claim.grouped();
    let mut customer = warehouse.visitor();
    let _ = customer.post_from("/c", "/c", &[("claim", &ticket)]).await;
    let left = customer
        .get(&format!("/c/deposits/{}", of("李雷").deposit.id))
        .await
        .body;
    assert!(
        left.contains("预约已登记") && left.contains("未到"),
        "{left}"
    );
}

#[tokio::test]
async fn what_comes_is_taken_in_and_what_does_not_is_taken_back() {
    let (warehouse, mut a, mut admin) = scene().await;
    let checked = check(&mut admin, FILE.as_bytes()).await;
    let done = admin
        .post_from("/data", &apply_path(&checked.body), &[])
        .await;
    assert_eq!(figure(&done.body, "新增"), 2);
    assert!(done.body.contains("可能是已有客户，未选择"));
    warehouse.hub.pump(warehouse.now()).unwrap();
    a.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut a).await;
    let rows = expected(&a, &warehouse);
    let wang = rows.iter().find(|row| row.deposit.customer == WHO).unwrap();
    let other = rows.iter().find(|row| row.deposit.customer != WHO).unwrap();
    take_in_announced(&warehouse, &mut a, wang);
    a.sync(&warehouse, warehouse.now());
    let taken = format!("/custody/{}", wang.deposit.id);
    let page = admin.get(&taken).await.body;
    assert!(
        page.contains("寄存中") && page.contains("2026-10-21"),
        "30 days from its day"
    );
    let late = admin
        .post_from(&taken, &format!("{taken}/withdraw"), &[])
        .await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(late.body.contains("物品已经收存"));

    let run = done.body.split("href=\"/imports/").nth(1).unwrap();
    let run = format!("/imports/{}", run.split('"').next().unwrap());
    let undone = admin.post_from(&run, &format!("{run}/undo"), &[]).await;
    let undone = match undone.location() {
        "/requests?done=second" => {
            let approve = [("choice", "approve")];
            let mut second = warehouse.signed_in(Role::Admin).await;
            let _ = second.post_from("/requests", "/requests/1", &approve).await;
            second.get(&run).await
        }
        _ => admin.get(&run).await,
    };
    assert!(undone.body.contains("已撤销"), "{}", undone.body);
    warehouse.hub.pump(warehouse.now()).unwrap();
    let gone = admin.get(&format!("/custody/{}", other.deposit.id)).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(
        admin.get(&taken).await.body.contains("寄存中"),
        "it has come"
    );
    a.sync(&warehouse, warehouse.now());
    let query = a.replica.query();
    assert!(query.person(other.deposit.customer).unwrap().is_none());
    assert_eq!(query.deposit(wang.deposit.id).unwrap().unwrap().stored, 2);
}

#[tokio::test]
async fn an_announcement_is_withdrawn_by_hand() {
    let (warehouse, _a, mut admin) = scene().await;
    let form = [
        ("person-name", "孙三"),
        ("phone", "13600136000"),
        ("pieces", "2"),
        ("category", "BAG"),
    ];
    let added = admin
        .post_from("/data/add/deposits", "/data/add/deposits", &form)
        .await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.body);
    let list = admin.get("/custody?show=expected").await.body;
    assert!(list.contains("孙三"));
    let one = list.split("class=\"code\" href=\"").nth(1).unwrap();
    let one = one.split('"').next().unwrap().to_owned();
    let done = admin.post_from(&one, &format!("{one}/withdraw"), &[]).await;
    assert_eq!(done.location(), "/custody?show=expected&done=saved");
    warehouse.hub.pump(warehouse.now()).unwrap();
    assert!(
        !admin
            .get("/custody?show=expected")
            .await
            .body
            .contains("孙三")
    );
    assert_eq!(admin.get(&one).await.status, StatusCode::NOT_FOUND);
    // Somebody who may be known is asked about in a file only.
    let doubt = [
        ("person-name", "别人"),
        ("phone", "13800138000"),
        ("category", "BAG"),
    ];
    let answer = admin
        .post_from("/data/add/deposits", "/data/add/deposits", &doubt)
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("可能是已有客户"));
}

#[tokio::test]
async fn a_sheet_that_cannot_be_read_says_why_and_writes_nothing() {
    let (warehouse, mut a, mut admin) = scene().await;
    let mut broken = b"PK\x03\x04".to_vec();
    broken.extend([7; 500]);
    let answer = check(&mut admin, &broken).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("role=\"alert\""));
    let answer = check(&mut admin, "a,b,c\n1,2,3\n".as_bytes()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.body.contains("姓名") && answer.body.contains("of:a"),
        "columns are asked for"
    );
    let huge = vec![b'x'; 40 << 20];
    let answer = check(&mut admin, &huge).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("请拆成几个较小的文件"));
    warehouse.hub.pump(warehouse.now()).unwrap();
    a.sync(&warehouse, warehouse.now());
    assert!(expected(&a, &warehouse).is_empty());
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    let refused = check(&mut viewer, FILE.as_bytes()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
