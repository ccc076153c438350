//! Devices and people on the console.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use common::handheld::Handheld;
use common::{MINUTE, Warehouse, operator, story};
use protocol::Invitation;
use sync_server::store::accounts::Role;

#[tokio::test]
async fn a_code_is_shown_once_with_a_qr_and_lets_one_device_in() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Admin).await;
    let page = browser
        .post_from("/devices", "/devices/invite", &[("name", "手持 7")])
        .await;
    assert_eq!(page.status, 201, "{}", page.body);
    assert!(page.body.contains("<svg") && !page.body.contains("<?xml"));
    let code = page
        .body
        .split("class=\"secret\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    let key = documents::SigningKey::from_seed(&[5; 32]);
    let request = protocol::EnrolRequest::new(code, "", &key);
    let reply = warehouse.hub.enrol(&request, warehouse.now()).unwrap();
    assert_eq!(reply.unwrap().device_name, "手持 7");
    assert!(
        warehouse
            .hub
            .enrol(&request, warehouse.now())
            .unwrap()
            .is_err()
    );
    assert!(!browser.get("/devices").await.body.contains(code));
}

#[tokio::test]
async fn the_qr_is_what_handhelds_read() {
    let warehouse = Warehouse::new();
    let invitation = sync_server::console::desk::invite(
        &warehouse.hub,
        "https://10.0.0.5:8443",
        Some([7; 32]),
        warehouse.site,
        "x",
        warehouse.now(),
    )
    .unwrap();
    let read = Invitation::from_text(&invitation.qr).unwrap();
    assert_eq!(read.url, "https://10.0.0.5:8443");
    assert_eq!(
        (read.code, read.fingerprint),
        (invitation.code, Some([7; 32]))
    );
}

#[tokio::test]
async fn what_a_revoked_device_writes_is_seen_but_does_not_count() {
    let warehouse = Warehouse::new();
    let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let mut browser = warehouse.signed_in(Role::Admin).await;
    let devices = browser.get("/devices").await.body;
    let revoke = devices
        .split("action=\"/devices/")
        .nth(2)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let answer = browser
        .post_from("/devices", &format!("/devices/{revoke}"), &[])
        .await;
    assert_eq!(answer.location(), "/devices?done=revoked");
    assert!(browser.get("/devices").await.body.contains("已停用</span>"));
    let body = story::received(1, domain::Goods::of(common::item(1)), 5);
    handheld.record(operator(1), body, warehouse.now());
    handheld.sync(&warehouse, warehouse.now());
    assert!(browser.get("/stock").await.body.contains("还没有库存"));
    assert!(browser.get("/feed").await.body.contains("隔离中"));
}

#[tokio::test]
async fn a_file_of_a_handheld_is_taken_in_once_and_a_wrong_one_not_at_all() {
    let (warehouse, other) = (Warehouse::new(), Warehouse::new());
    let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let body = story::received(1, domain::Goods::of(common::item(1)), 5);
    handheld.record(operator(1), body, warehouse.now());
    let parcel = exchange::parcel_for(&mut handheld.replica, &[], 1 << 20).unwrap();
    let file = carry::file::write(&[parcel.to_bytes()]).unwrap();
    let mut damaged = file.clone();
    damaged[40] ^= 1;

    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    for (bytes, status, words) in [
        (&damaged[..], 422, "文件已损坏"),
        (b"sku,name\n", 422, "不是理货员的文件"),
        (&file, 200, "新增 1 段"),
        (&file, 200, "内容都已有"),
    ] {
        let answer = browser
            .upload("/devices", "/devices/parcels", "a.tallyman", bytes)
            .await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
        warehouse.hub.pump(warehouse.now()).unwrap();
    }
    let stock = browser.get("/stock").await.body;
    assert!(!stock.contains("还没有库存"), "{stock}");

    let mut stranger = other.signed_in(Role::Supervisor).await;
    let answer = stranger
        .upload("/devices", "/devices/parcels", "a.tallyman", &file)
        .await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("其他单位"), "{}", answer.body);
}

#[tokio::test]
async fn the_clock_and_the_last_contact_are_shown() {
    let warehouse = Warehouse::new();
    let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    handheld.sync(&warehouse, warehouse.now() + 7 * MINUTE);
    warehouse.pass(5 * MINUTE);
    let page = warehouse
        .signed_in(Role::Viewer)
        .await
        .get("/devices")
        .await
        .body;
    assert!(
        page.contains("快 7 分钟") && page.contains("5 分钟前"),
        "{page}"
    );
    assert!(!page.contains("/devices/invite"), "only admins add devices");
}

#[tokio::test]
async fn people_are_added_with_a_pin_that_nobody_sees_again() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    for (name, pin, badge, words) in [
        ("", "4711", "", "姓名不能为空"),
        ("赵六", "12", "", "4 至 8 位数字"),
        ("赵六", "", "", "请填写 PIN 或工牌码"),
        ("赵六", "4711", "B-1", "已被其他人使用"),
    ] {
        let fields = [("name", name), ("pin", pin), ("badge", badge)];
        let answer = browser.post_from("/people", "/people", &fields).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(words), "{words}");
        assert!(!answer.body.contains("4711"));
    }
    let fields = [("name", "赵六"), ("pin", "4711"), ("badge", "B-9")];
    let answer = browser.post_from("/people", "/people", &fields).await;
    assert_eq!(answer.location(), "/people?done=person");
    let found = {
        let replica = warehouse.hub.replica().lock().unwrap();
        replica.query().operator_by_badge("B-9").unwrap().unwrap()
    };
    assert!(found.pin_verifier.starts_with("$argon2id$"));
    let active = format!("/people/{}/active", found.id);
    browser
        .post_from("/people", &active, &[("active", "no")])
        .await;
    assert!(browser.get("/people").await.body.contains("不可登录"));
}

#[tokio::test]
async fn a_new_server_begins_with_a_site() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Admin).await;
    for (code, zone, words) in [
        ("", "Asia/Shanghai", "仓库编码不能为空"),
        ("SH1", "Asia/Shanghai", "已有这个编码的仓库"),
        ("SH2", "Mars/Olympus", "没有这个时区"),
    ] {
        let fields = [("code", code), ("time_zone", zone)];
        let answer = browser.post_from("/data", "/sites", &fields).await;
        assert_eq!(answer.status, 422, "{words}");
        assert!(answer.body.contains(words), "{words}");
    }
    let fields = [
        ("code", "BJ1"),
        ("name_zh", "北京一号仓"),
        ("time_zone", "Asia/Shanghai"),
    ];
    let answer = browser.post_from("/data", "/sites", &fields).await;
    assert_eq!(answer.location(), "/data?done=site");
    assert!(browser.get("/data").await.body.contains("北京一号仓"));
    let page = browser
        .post_from("/devices", "/devices/invite", &[("name", "手持 8")])
        .await;
    assert_eq!(page.status, 201);
}

/// The value of the hidden field that stands for what was shown.
fn seen(page: &str) -> String {
    let rest = page.split("name=\"seen\" value=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// A handheld is revoked and sends five units of item 1 afterwards. Returns the path of its form.
async fn held_back(warehouse: &Warehouse, handheld: &mut Handheld) -> String {
    let device = handheld.replica.identity().unwrap().device;
    warehouse
        .hub
        .set_revoked(device, true, warehouse.now())
        .unwrap();
    let body = story::received(1, domain::Goods::of(common::item(1)), 5);
    handheld.record(operator(1), body, warehouse.now());
    handheld.sync(warehouse, warehouse.now());
    format!("/quarantine/{device}")
}

#[tokio::test]
async fn what_lies_in_quarantine_is_shown_and_released_with_a_reason() {
    let warehouse = Warehouse::new();
    let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let path = held_back(&warehouse, &mut handheld).await;
    assert!(
        browser
            .get("/review")
            .await
            .body
            .contains("有记录等待放行或拒绝")
    );
    assert!(browser.get("/devices").await.body.contains("/quarantine#q"));
    let page = browser.get("/quarantine").await.body;
    for words in ["手持 1 号", "设备已停用", "1 条记录", "收货"] {
        assert!(page.contains(words), "{words}");
    }
    let seen = seen(&page);
    let blank = [("choice", "release"), ("reason", " "), ("seen", &*seen)];
    let answer = browser.post_from("/quarantine", &path, &blank).await;
    assert_eq!(answer.status, 422);
    let good = [
        ("choice", "release"),
        ("reason", "盘点过"),
        ("seen", &*seen),
    ];
    let answer = browser.post_from("/quarantine", &path, &good).await;
    assert_eq!(answer.location(), "/quarantine?done=released");
    assert!(browser.get("/stock").await.body.contains("5 件"));
    let feed = browser.get("/feed").await.body;
    assert!(feed.contains("放行 手持 1 号 的隔离记录：盘点过"));
    assert!(!feed.contains("隔离中，不计入库存"));
}

#[tokio::test]
async fn of_two_supervisors_the_first_decides_and_viewers_do_not() {
    let warehouse = Warehouse::new();
    let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let path = held_back(&warehouse, &mut handheld).await;
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    let page = viewer.get("/quarantine").await.body;
    assert!(page.contains("手持 1 号") && !page.contains("name=\"seen\""));
    let mut one = warehouse.signed_in(Role::Supervisor).await;
    let mut other = warehouse.signed_in(Role::Supervisor).await;
    let seen = seen(&one.get("/quarantine").await.body);
    let form = |choice| [("choice", choice), ("reason", "x"), ("seen", &*seen)];
    let answer = viewer
        .post_from("/quarantine", &path, &form("release"))
        .await;
    assert_eq!(answer.status, 403);
    let answer = one.post_from("/quarantine", &path, &form("reject")).await;
    assert_eq!(answer.location(), "/quarantine?done=rejected");
    let answer = other
        .post_from("/quarantine", &path, &form("release"))
        .await;
    assert_eq!(answer.status, 422);
    assert!(one.get("/stock").await.body.contains("还没有库存"));
    assert!(one.get("/feed").await.body.contains("隔离中，不计入库存"));
    assert!(
        one.get("/quarantine")
            .await
            .body
            .contains("没有隔离中的记录")
    );
}
