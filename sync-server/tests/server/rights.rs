//! Rights of people, granted on the console, and what becomes of who goes beyond them.

use crate::common::handheld::Handheld;
use crate::common::{MINUTE, Warehouse, item, operator, story};
use domain::ledger::ExceptionKind;
use domain::rights::Action;
use domain::{Goods, Grants, Quantity};
use replica::NewEvent;
use replica::query::ExceptionFilter;
use sync_server::store::accounts::Role;

fn grants(warehouse: &Warehouse, n: u8) -> Grants {
    let replica = warehouse.hub.replica().lock().unwrap();
    let person = replica.query().operator(operator(n)).unwrap().unwrap();
    person.grants
}

/// The exception of who went beyond their rights, while nobody has decided about it.
fn open_breach(warehouse: &Warehouse) -> Option<String> {
    let replica = warehouse.hub.replica().lock().unwrap();
    let filter = ExceptionFilter {
        kind: Some(ExceptionKind::RightBreached),
        open_only: true,
        site: None,
    };
    let found = replica.query().exceptions(&filter, 1).unwrap();
    found.first().map(|e| e.finding.id().to_string())
}

fn path(n: u8) -> String {
    format!("/people/{}/rights", operator(n))
}

#[tokio::test]
async fn a_post_fills_the_form_in_and_what_is_granted_stands_in_the_record() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let people = browser.get("/people").await.body;
    assert!(people.contains(&path(2)) && people.contains("不受限制"));
    let page = browser.get(&path(2)).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("李强") && page.body.contains("从未受过限制"));
    assert_eq!(page.body.matches(" checked").count(), Action::ALL.len() + 1);

    let filled = browser.get(&format!("{}?post=picker", path(2))).await;
    assert_eq!(filled.status, 200);
    assert!(filled.body.contains("value=\"pick\" checked"));
    assert!(!filled.body.contains("value=\"adjust\" checked"));
    assert_eq!(
        grants(&warehouse, 2),
        Grants::default(),
        "filled in, not granted"
    );

    let site = warehouse.site.to_string();
    let fields = [
        ("post", "picker"),
        ("action", "pick"),
        ("action", "adjust"),
        ("scope", "some"),
        ("site", site.as_str()),
        ("adjust", "2.5"),
        ("over_receipt_percent", "10"),
        ("may_approve", "yes"),
        ("until", "2027-01-31"),
    ];
    let answer = browser.post_from(&path(2), &path(2), &fields).await;
    assert_eq!(answer.location(), "/people?done=saved");
    let granted = grants(&warehouse, 2);
    let (since, grant) = granted.all().first_key_value().unwrap();
    assert_eq!(*since, warehouse.now());
    assert_eq!(grant.actions, [Action::Pick, Action::Adjust].into());
    assert_eq!(grant.sites, Some([warehouse.site].into()));
    assert_eq!(grant.limits.adjust, Some(Quantity::from_thousandths(2_500)));
    assert_eq!(grant.limits.over_receipt_percent, Some(10));
    assert!(grant.may_approve);

    // It shows again as it was typed, and the page in English has no Chinese of ours.
    let again = browser.get(&path(2)).await.body;
    for shown in [
        "value=\"2.5\"",
        "value=\"10\"",
        "value=\"2027-01-31\"",
        "拣货员",
    ] {
        assert!(again.contains(shown), "{shown}");
    }
    browser.set_cookie("tm_lang", "en");
    assert!(browser.get("/people").await.body.contains("Picker"));

    // Another one later: both stay, each from its time on, also within one millisecond.
    let nothing = [("scope", "all")];
    for _ in 0..2 {
        let answer = browser.post_from(&path(2), &path(2), &nothing).await;
        assert_eq!(answer.location(), "/people?done=saved");
    }
    let granted = grants(&warehouse, 2);
    assert_eq!(granted.all().len(), 3);
    assert!(
        granted
            .all()
            .values()
            .next_back()
            .unwrap()
            .actions
            .is_empty()
    );
    assert!(
        !grants(&warehouse, 3).all().contains_key(since),
        "nobody else's"
    );
}

#[tokio::test]
async fn what_is_typed_wrongly_is_told_and_kept_and_nothing_is_granted() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    for (name, value, words) in [
        ("adjust", "viel", "不小于 0 的数字"),
        ("count_percent", "7.5", "0 至 1000 的整数"),
        ("scope", "some", "至少选择一个仓库"),
        ("until", "2001-01-01", "尚未过去的日期"),
    ] {
        let fields = [("action", "count"), (name, value)];
        let answer = browser.post_from(&path(2), &path(2), &fields).await;
        assert_eq!(answer.status, 422, "{name}");
        assert!(answer.body.contains(words), "{words}");
        assert!(answer.body.contains("value=\"count\" checked"));
        assert!(!answer.body.contains("value=\"pick\" checked"));
    }
    assert_eq!(grants(&warehouse, 2), Grants::default());
    let unknown = "/people/00000000-0000-0000-0000-000000000000/rights";
    assert_eq!(browser.get(unknown).await.status, 404);
}

#[tokio::test]
async fn only_supervisors_grant_and_only_from_our_own_form() {
    let warehouse = Warehouse::new();
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    assert_eq!(viewer.get(&path(2)).await.status, 403);
    assert!(!viewer.get("/people").await.body.contains(&path(2)));
    let fields = [("action", "pick")];
    let answer = viewer.post_from("/account", &path(2), &fields).await;
    assert_eq!(answer.status, 403);
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    let answer = supervisor.post_raw(&path(2), &fields).await;
    assert_eq!(answer.status, 403);
    assert_eq!(grants(&warehouse, 2), Grants::default());
}

#[tokio::test]
async fn who_goes_beyond_their_rights_is_in_the_review_queue_until_it_is_noted() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let fields = [("action", "pick")];
    browser.post_from(&path(2), &path(2), &fields).await;
    // A handheld that has not heard of it, or has been tampered with.
    warehouse.pass(MINUTE);
    let mut handheld = Handheld::enrol(&warehouse, "手持 7", 7);
    let now = warehouse.now();
    let received = story::received(1, Goods::of(item(1)), 5);
    handheld.record(operator(2), received.clone(), now);
    let approved = NewEvent {
        approved_by: Some(operator(3)),
        ..received.into()
    };
    handheld.record(operator(1), approved, now);
    handheld.sync(&warehouse, now);
    let queue = browser.get("/review").await.body;
    assert!(
        queue.contains("无权限操作") && queue.contains("李强"),
        "{queue}"
    );
    let id = open_breach(&warehouse).unwrap();
    let page = format!("/review/{id}");
    let shown = browser.get(&page).await.body;
    assert!(shown.contains("授予权限"), "{shown}");
    let (csrf, seen) = (
        browser.get(&page).await.csrf(),
        browser.get(&page).await.field("seen"),
    );
    let fields = [
        ("csrf", csrf.as_str()),
        ("seen", &seen),
        ("choice", "acknowledge"),
    ];
    let answer = browser.post_raw(&format!("{page}/resolve"), &fields).await;
    assert_eq!(answer.status, 303);
    warehouse.hub.pump(warehouse.now()).unwrap();
    assert_eq!(open_breach(&warehouse), None);
    // Who approved is told wherever the record is.
    let items = browser.get(&format!("/items/{}", item(1))).await.body;
    assert!(items.contains("Anna Schmidt 批准"), "{items}");
}
