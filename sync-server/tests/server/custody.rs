//! Deposits on the console: found, told, extended, given up; house rules; a person erased, to the last replica.

use crate::common::Warehouse;
use crate::common::browser::{Answer, Browser};
use crate::common::custody::{
    DAY, LEFT, WHO, deposit, key_of_wang, release, send_blob, share_keys, take_in_as, wang,
};
use crate::common::handheld::Handheld;
use axum::http::StatusCode;
use documents::sealed::PICTURE;
use documents::{HouseRules, WishKind};
use domain::custody::CustodyAct;
use domain::{BlobKind, EventBody};
use replica::KeyState;
use sync_server::store::accounts::Role;

const JPEG: &[u8] = b"\xff\xd8\xff\xe0 a suitcase";

/// Wang has left two pieces, with a photo; both devices and the server know.
async fn scene() -> (Warehouse, Handheld, Handheld, String) {
    let warehouse = Warehouse::new();
    let mut a = Handheld::enrol(&warehouse, "PDA 1", 1);
    let mut b = Handheld::enrol(&warehouse, "PDA 2", 2);
    let sealed = key_of_wang().seal(WHO, PICTURE, [3; 24], JPEG);
    let photo = send_blob(&warehouse, &a, &sealed, BlobKind::Photo).id;
    let left = deposit(warehouse.site);
    let (who, key) = (wang(), key_of_wang());
    take_in_as(&warehouse, &mut a, &left, &who, &key, vec![photo]);
    a.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut a).await;
    b.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut b).await;
    (warehouse, a, b, photo.hex())
}

/// Asks as a supervisor, and an administrator approves what was asked last.
async fn by_two(
    warehouse: &Warehouse,
    first: &mut Browser,
    page: &str,
    path: &str,
    n: u32,
    fields: &[(&str, &str)],
) -> Answer {
    let asked = first.post_from(page, path, fields).await;
    assert_eq!(asked.location(), "/requests?done=second");
    let mut second = warehouse.signed_in(Role::Admin).await;
    let path = format!("/requests/{n}");
    let approve = [("choice", "approve")];
    second.post_from("/requests", &path, &approve).await
}

#[tokio::test]
async fn deposits_are_listed_by_term_and_found_by_ticket_label_and_person() {
    let (warehouse, _a, _b, _) = scene().await;
    let left = deposit(warehouse.site);
    let row = format!("/custody/{LEFT}");
    let has = |body: &str| body.contains(&row);
    for (days, shown) in [
        // Its term ends ten days after it came.
        (0, ["here"].as_slice()),
        (5, &["here", "soon"]),
        (20, &["here", "overdue"]),
        (60, &["here", "overdue", "abandoned"]),
    ] {
        warehouse.pass(days * DAY);
        let mut viewer = warehouse.signed_in(Role::Viewer).await;
        for show in ["here", "soon", "overdue", "abandoned", "wished"] {
            let body = viewer.get(&format!("/custody?show={show}")).await.body;
            assert_eq!(has(&body), shown.contains(&show), "{show} after {days}");
        }
        // The plan colours the bin in which both pieces wait.
        let plan = viewer.get("/stock/plan?heat=overdue").await.body;
        let is_overdue = shown.contains(&"overdue");
        assert_eq!(
            plan.contains("逾期 2 件</title>"),
            is_overdue,
            "{days}: {plan}"
        );
        warehouse.pass(-days * DAY);
    }
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    let list = viewer.get("/custody").await.body;
    assert!(list.contains("王喆") && list.contains("2 / 2"));
    assert!(
        !list.contains(left.claim.as_str()),
        "whoever has the whole code can ask for the goods"
    );
    for (text, found) in [
        (left.claim.grouped(), true),
        (left.pieces[&2].unit.printed().to_owned(), true),
        ("王".to_owned(), true),
        ("13800138000".to_owned(), true),
        ("8000".to_owned(), true),
        ("李".to_owned(), false),
        ("%".to_owned(), false),
    ] {
        let query = serde_urlencoded::to_string([("q", &text)]).unwrap();
        let body = viewer.get(&format!("/custody?{query}")).await.body;
        assert_eq!(has(&body), found, "{text}");
    }
    let trail = warehouse
        .signed_in(Role::Admin)
        .await
        .get("/audit")
        .await
        .body;
    assert!(trail.contains("查看寄存单"));
}

#[tokio::test]
async fn one_deposit_is_told_with_its_photos_its_pieces_and_its_receipts() {
    let (warehouse, mut a, _b, photo) = scene().await;
    release(&warehouse, &mut a, 2);
    a.sync(&warehouse, warehouse.now());
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    let page = viewer.get(&format!("/custody/{LEFT}")).await;
    assert_eq!(page.status, StatusCode::OK);
    for said in [
        "王喆",
        "138-0013-8000",
        "部分领取",
        "A-01-1",
        "手持",
        "PDA 1",
        "件号 2",
    ] {
        if said != "手持" {
            assert!(page.body.contains(said), "{said}");
        }
    }
    // Two acts, two pieces that came, one that went.
    assert_eq!(page.body.matches("<span class=\"dot\">").count(), 5);
    assert_eq!(page.body.matches(".tallyman-receipt\"").count(), 2);
    assert!(!page.body.contains("/extend"), "a viewer changes nothing");
    let picture = viewer.get(&format!("/blobs/{photo}")).await;
    assert_eq!((picture.status, &picture.bytes[..]), (StatusCode::OK, JPEG));
    assert_eq!(picture.headers["cache-control"], "no-store");
    let unknown = viewer.get(&format!("/custody/{}", "0".repeat(8))).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_term_is_extended_and_what_nobody_fetches_is_disposed_of_by_two() {
    let (warehouse, mut a, _b, _) = scene().await;
    let page = format!("/custody/{LEFT}");
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    let wish = documents::Wish {
        kind: WishKind::Extend,
        at: warehouse.now() + 20 * DAY,
        asked_at: warehouse.now(),
        answered_at: 0,
    };
    warehouse
        .app
        .console_data()
        .wish(LEFT, &wish, warehouse.now())
        .unwrap();
    assert!(
        supervisor
            .get("/custody?show=wished")
            .await
            .body
            .contains(&page)
    );
    let extend = format!("{page}/extend");
    for bad in ["", "2026-10-01", "2026-01-01", "9999-01-01"] {
        let answer = supervisor.post_from(&page, &extend, &[("day", bad)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(answer.body.contains("请选择晚于当前到期日"));
    }
    let answer = supervisor
        .post_from(&page, &extend, &[("day", "2026-10-20")])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    warehouse.hub.pump(warehouse.now()).unwrap();
    assert!(
        !supervisor
            .get("/custody?show=wished")
            .await
            .body
            .contains(&page),
        "it is answered"
    );
    a.sync(&warehouse, warehouse.now());
    let row = a.replica.query().deposit(LEFT).unwrap().unwrap();
    assert_eq!(row.deposit.due, "2026-10-20".parse().ok());
    let acts = a.replica.query().acts_of(LEFT).unwrap();
    assert_eq!(acts.len(), 2);
    assert_eq!(
        a.replica.query().last_acts(LEFT).unwrap().len(),
        1,
        "it goes on from the first"
    );

    let dispose = format!("{page}/dispose");
    let done = by_two(
        &warehouse,
        &mut supervisor,
        &page,
        &dispose,
        1,
        &[("reason", "逾期无人领取")],
    )
    .await;
    assert_eq!(done.location(), "/requests?done=request-approved");
    warehouse.hub.pump(warehouse.now()).unwrap();
    a.sync(&warehouse, warehouse.now());
    let query = a.replica.query();
    assert_eq!(query.deposit(LEFT).unwrap().unwrap().stored, 0);
    let acts = query.acts_of(LEFT).unwrap();
    let EventBody::Custody(last) = &acts[2].placed.event.record.body else {
        panic!("no act");
    };
    assert_eq!(
        (last.act, &last.pieces[..]),
        (CustodyAct::Disposed, &[1, 2][..])
    );
    let (who, place) = (crate::common::custody::WHO, documents::sealed::NOTE);
    assert_eq!(
        query.sealed_words(who, place, &last.note).unwrap(),
        "逾期无人领取"
    );
    assert!(supervisor.get(&page).await.body.contains("已处置"));
    let late = supervisor
        .post_from("/account", &extend, &[("day", "2026-11-20")])
        .await;
    assert!(late.body.contains("物品已不在库"));
}

#[tokio::test]
async fn house_rules_reach_the_handhelds_and_bad_ones_say_what_is_wrong() {
    let (warehouse, mut a, _b, _) = scene().await;
    let page = format!("/custody/rules/{}", warehouse.site);
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let bad = [("daily", "10"), ("cap", "5"), ("currency", "CNY")];
    let answer = admin.post_from(&page, &page, &bad).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("封顶不能低于") && answer.body.contains("value=\"10\""));
    let good = [
        ("daily", "10.50"),
        ("cap", "100"),
        ("currency", "cny"),
        ("days", "30"),
        ("forbidden", "2026-2"),
    ];
    assert_eq!(
        admin.post_from(&page, &page, &good).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(admin.get(&page).await.body.contains("value=\"10.50\""));
    warehouse.hub.pump(warehouse.now()).unwrap();
    a.sync(&warehouse, warehouse.now());
    let record = a
        .replica
        .query()
        .record(warehouse.site.into())
        .unwrap()
        .unwrap();
    let rules = HouseRules::of(&record);
    assert_eq!(
        (rules.fee.daily, rules.fee.cap, rules.days),
        (1_050, 10_000, 30)
    );
    assert_eq!(
        (rules.fee.currency.code(), rules.forbidden.as_str()),
        ("CNY", "2026-2")
    );
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    assert_eq!(supervisor.get(&page).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_person_is_erased_by_two_and_every_receipt_still_verifies() {
    let (warehouse, mut a, mut b, photo) = scene().await;
    let act = {
        let query = a.replica.query();
        query.acts_of(LEFT).unwrap()[0].placed.event.hash
    };
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    let page = format!("/custody/people/{WHO}");
    let erase = format!("{page}/erase");
    let body = supervisor.get(&page).await.body;
    assert!(body.contains("王喆") && body.contains("E12345678"));
    let paper = format!("/custody/receipts/{}.pdf", act.hex());
    let before = supervisor.get(&paper).await.bytes;

    // Not while something of theirs is here.
    let early = by_two(&warehouse, &mut supervisor, &page, &erase, 1, &[]).await;
    assert!(!early.location().ends_with("request-approved"));
    assert!(supervisor.get(&page).await.body.contains("王喆"));
    for number in [1, 2] {
        release(&warehouse, &mut a, number);
    }
    a.sync(&warehouse, warehouse.now());
    b.sync(&warehouse, warehouse.now());
    let done = by_two(&warehouse, &mut supervisor, &page, &erase, 2, &[]).await;
    assert_eq!(done.location(), "/requests?done=request-approved");

    let erased = supervisor.get(&page).await.body;
    assert!(erased.contains("个人信息已删除"));
    let deposit_page = format!("/custody/{LEFT}");
    for address in [
        page.as_str(),
        "/custody",
        "/custody?q=8000",
        &deposit_page,
        "/feed",
    ] {
        let body = supervisor.get(address).await.body;
        for hidden in ["王喆", "138-0013", "E12345678"] {
            assert!(!body.contains(hidden), "{hidden} on {address}");
        }
    }
    let picture = supervisor.get(&format!("/blobs/{photo}")).await;
    assert_eq!(picture.status, StatusCode::NOT_FOUND);
    // On the handhelds, at their next contact.
    for device in [&mut a, &mut b] {
        assert_eq!(device.replica.query().person(WHO).unwrap(), Some(wang()));
        share_keys(&warehouse, device).await;
        device.sync(&warehouse, warehouse.now());
        let query = device.replica.query();
        assert_eq!(query.person(WHO).unwrap(), None);
        assert_eq!(query.customer_key(WHO).unwrap(), KeyState::Destroyed);
        assert!(query.find_persons("王", 9).unwrap().is_empty());
        assert_eq!(query.acts_of(LEFT).unwrap().len(), 3, "what was done stays");
    }
    // What was handed out before, and what is made now.
    let after = supervisor.get(&paper).await.bytes;
    for file in [before, after] {
        let mut anybody = warehouse.visitor();
        let answer = anybody.upload("/receipt", "/receipt", "r.pdf", &file).await;
        assert!(answer.body.contains("真实有效"));
    }
    let ticket = deposit(warehouse.site).claim.grouped();
    let mut customer = warehouse.visitor();
    let answer = customer.post_from("/c", "/c", &[("claim", &ticket)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let trail = warehouse
        .signed_in(Role::Admin)
        .await
        .get("/audit")
        .await
        .body;
    assert!(trail.contains("删除个人信息") && !trail.contains("王喆"));
}

#[tokio::test]
async fn without_a_gateway_a_supervisor_reads_the_code_to_the_customer() {
    let (warehouse, _a, _b, _) = scene().await;
    let mut customer = warehouse.visitor();
    let _ = customer
        .post_from("/c", "/c/code", &[("phone", "13800138000")])
        .await;
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    let mut body = String::new();
    for _ in 0..100 {
        body = supervisor.get("/custody/notices").await.body;
        if body.contains("待告知") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(
        body.contains("王喆") && body.contains("您的寄存查询验证码为"),
        "{body}"
    );
    warehouse.pass(11 * crate::common::MINUTE);
    assert!(
        !supervisor
            .get("/custody/notices")
            .await
            .body
            .contains("王喆")
    );
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    assert_eq!(
        viewer.get("/custody/notices").await.status,
        StatusCode::FORBIDDEN
    );
}
