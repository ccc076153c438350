//! Devices and people on the console.

use crate::common::handheld::Handheld;
use crate::common::{MINUTE, Warehouse, operator, story};
use documents::Instructions;
use documents::catalogue::Site;
use domain::{DeviceId, SiteId};
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
        ("x", documents::Role::Handheld),
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
        .filter_map(|form| form.split('"').next())
        .find(|address| address.ends_with("/revoke"))
        .unwrap();
    let answer = browser
        .post_from("/devices", &format!("/devices/{revoke}"), &[])
        .await;
    assert_eq!(answer.location(), "/devices?done=revoked");
    assert!(browser.get("/devices").await.body.contains("已停用</span>"));
    let body = story::received(1, domain::Goods::of(crate::common::item(1)), 5);
    handheld.record(operator(1), body, warehouse.now());
    handheld.sync(&warehouse, warehouse.now());
    assert!(browser.get("/stock").await.body.contains("还没有库存"));
    assert!(browser.get("/feed").await.body.contains("隔离中"));
}

#[tokio::test]
async fn a_file_of_a_handheld_is_taken_in_once_and_a_wrong_one_not_at_all() {
    let (warehouse, other) = (Warehouse::new(), Warehouse::new());
    let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let body = story::received(1, domain::Goods::of(crate::common::item(1)), 5);
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
    let body = story::received(1, domain::Goods::of(crate::common::item(1)), 5);
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

/// The addresses of the forms on a page whose last part is `what`.
fn forms(page: &str, what: &str) -> Vec<String> {
    page.split("action=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|action| action.starts_with("/devices/") && action.ends_with(what))
        .map(str::to_owned)
        .collect()
}

fn second_site(warehouse: &Warehouse) -> SiteId {
    let site = Site {
        id: SiteId::from_bytes([77; 16]),
        code: "GZ1".into(),
        name_en: "Guangzhou".into(),
        name_zh: "广州仓".into(),
        time_zone: "Asia/Shanghai".into(),
    };
    warehouse.hub.create_site(&site, warehouse.now()).unwrap();
    site.id
}

#[tokio::test]
async fn a_device_is_asked_for_a_new_key_and_shown_as_waiting_until_it_has_one() {
    let warehouse = Warehouse::new();
    let handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let mut browser = warehouse.signed_in(Role::Admin).await;
    let page = browser.get("/devices").await.body;
    let action = forms(&page, "/key").remove(0);
    assert!(!page.contains("等待设备"));
    let answer = browser.post_from("/devices", &action, &[]).await;
    assert_eq!(answer.location(), "/devices?done=asked");
    let page = browser.get("/devices?done=asked").await.body;
    assert!(page.contains("等待设备换密钥") && page.contains("等待设备下次同步"));
    assert!(forms(&page, "/key").is_empty(), "it is asked once");
    let device = handheld.replica.identity().unwrap().device;
    assert_eq!(warehouse.hub.asked_of(device).unwrap(), (None, true));
}

#[tokio::test]
async fn a_device_is_asked_to_move_and_its_own_site_takes_that_back() {
    let warehouse = Warehouse::new();
    let handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let device = handheld.replica.identity().unwrap().device;
    let mut browser = warehouse.signed_in(Role::Admin).await;
    let page = browser.get("/devices").await.body;
    assert!(forms(&page, "/site").is_empty(), "there is one site only");
    let next = second_site(&warehouse);
    let page = browser.get("/devices").await.body;
    let action = forms(&page, "/site").remove(0);
    for (site, asked) in [(next, Some(next)), (warehouse.site, None)] {
        let site = site.to_string();
        let answer = browser
            .post_from("/devices", &action, &[("site", &site)])
            .await;
        assert_eq!(answer.location(), "/devices?done=asked");
        assert_eq!(warehouse.hub.asked_of(device).unwrap(), (asked, false));
        let page = browser.get("/devices").await.body;
        assert_eq!(page.contains("等待设备转到“广州仓”"), asked.is_some());
    }
    for site in ["", "x", "00000000-0000-0000-0000-000000000009"] {
        let answer = browser
            .post_from("/devices", &action, &[("site", site)])
            .await;
        assert_eq!(answer.status, 400, "{site}");
    }
}

#[tokio::test]
async fn only_an_administrator_asks_devices_and_only_devices_are_asked() {
    let warehouse = Warehouse::new();
    let handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let device = handheld.replica.identity().unwrap().device;
    let server = warehouse.hub.node().unwrap();
    let site = second_site(&warehouse).to_string();
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    let page = supervisor.get("/devices").await.body;
    assert!(forms(&page, "/key").is_empty() && forms(&page, "/site").is_empty());
    let mut admin = warehouse.signed_in(Role::Admin).await;
    for (what, fields) in [("key", vec![]), ("site", vec![("site", &*site)])] {
        let path = format!("/devices/{device}/{what}");
        let answer = supervisor.post_from("/devices", &path, &fields).await;
        assert_eq!(answer.status, 403, "{what}");
        let path = format!("/devices/{server}/{what}");
        let answer = admin.post_from("/devices", &path, &fields).await;
        assert_eq!(answer.status, 404, "{what}");
    }
    assert_eq!(warehouse.hub.asked_of(device).unwrap(), (None, false));
}

#[tokio::test]
async fn each_site_says_what_its_cameras_read() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Admin).await;
    let path = format!("/sites/{}/symbologies", warehouse.site);
    let picking = format!("{path}?operation=pick");
    assert!(browser.get("/data").await.body.contains(&path));
    let ticked = |body: &str, code: &str| body.contains(&format!("value=\"{code}\" checked"));
    let usual = browser.get(&path).await.body;
    assert!(ticked(&usual, "ean-13") && ticked(&usual, "qr") && !ticked(&usual, "upc-e"));
    let everywhere = [
        ("operation", ""),
        ("read", "qr"),
        ("read", "databar"),
        ("read", "add-on"),
    ];
    let answer = browser.post_from(&path, &path, &everywhere).await;
    assert_eq!(answer.location(), format!("{path}?done=codes"));
    let body = browser.get(&picking).await.body;
    for (code, is_read) in [
        ("qr", true),
        ("databar", true),
        ("add-on", true),
        ("ean-13", false),
    ] {
        assert_eq!(
            ticked(&body, code),
            is_read,
            "{code}: picking follows the site"
        );
    }
    let own = [("operation", "pick"), ("read", "code-128")];
    let answer = browser.post_from(&picking, &path, &own).await;
    assert_eq!(answer.location(), format!("{picking}&done=codes"));
    let body = browser.get(&picking).await.body;
    assert!(ticked(&body, "code-128") && !ticked(&body, "qr"), "{body}");
    assert!(ticked(&browser.get(&path).await.body, "qr"));
    // A camera that reads nothing helps nobody; what nobody knows is not taken.
    for (read, status) in [("add-on", 422), ("typed", 400), ("of-tomorrow", 400)] {
        let fields = [("operation", "pick"), ("read", read)];
        let answer = browser.post_from(&picking, &path, &fields).await;
        assert_eq!(answer.status, status, "{read}: {}", answer.body);
    }
    let nowhere = [("operation", "fly"), ("read", "qr")];
    assert_eq!(browser.post_from(&path, &path, &nowhere).await.status, 404);
    assert!(ticked(&browser.get(&picking).await.body, "code-128"));
    let shared = [
        ("operation", "pick"),
        ("read", "code-128"),
        ("shared", "yes"),
    ];
    browser.post_from(&picking, &path, &shared).await;
    assert!(ticked(&browser.get(&picking).await.body, "qr"));
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    assert_eq!(supervisor.get(&path).await.status, 403);
}

#[tokio::test]
async fn each_site_says_which_code_means_what() {
    let warehouse = Warehouse::new();
    let other = second_site(&warehouse);
    let mut browser = warehouse.signed_in(Role::Admin).await;
    let path = format!("/sites/{}/codes", warehouse.site);
    let tries = format!("{path}/try");
    assert!(browser.get("/data").await.body.contains(&path));
    let patterns = "LOC-{bin}\r\n\r\n{item:A9}*{quantity}*{expiry:ddmmyy}";
    let tried = |code: &'static str| [("patterns", patterns), ("code", code)];
    let answer = browser
        .post_from(&path, &tries, &tried("AB1*12*311227"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    for shown in [
        "{item:A9}*{quantity}*{expiry:ddmmyy}",
        "AB1",
        "12",
        "2027-12-31",
    ] {
        assert!(answer.body.contains(shown), "{shown}: {}", answer.body);
    }
    let answer = browser.post_from(&path, &tries, &tried("XYZ-7")).await;
    assert!(answer.body.contains("没有符合的规则"));
    // Trying writes nothing.
    assert!(!browser.get(&path).await.body.contains("{item:A9}*"));
    for (wrong, line, words) in [
        ("LOC-{bin}\n{shelf}", "第 2 行", "没有这种组成部分"),
        ("LOC", "第 1 行", "请至少用花括号写一个部分"),
        ("{expiry}", "第 1 行", "效期需要格式"),
        (&"{item}\n".repeat(51), "第 51 行", "最多 50 条"),
    ] {
        for to in [&path, &tries] {
            let answer = browser
                .post_from(&path, to, &[("patterns", wrong), ("code", "x")])
                .await;
            assert_eq!(answer.status, 422, "{wrong}");
            assert!(
                answer.body.contains(line) && answer.body.contains(words),
                "{}",
                answer.body
            );
            assert!(
                answer.body.contains(wrong.lines().next().unwrap()),
                "nothing typed is lost"
            );
        }
    }
    let answer = browser
        .post_from(&path, &path, &[("patterns", patterns)])
        .await;
    assert_eq!(answer.location(), format!("{path}?done=codes"));
    let body = browser.get(&path).await.body;
    assert!(
        body.contains("LOC-{bin}\n{item:A9}*{quantity}*{expiry:ddmmyy}"),
        "{body}"
    );
    let elsewhere = browser.get(&format!("/sites/{other}/codes")).await;
    assert!(elsewhere.status == 200 && !elsewhere.body.contains("{item:A9}*"));
    let nowhere = format!("/sites/{}/codes", SiteId::from_bytes([0x77; 16]));
    assert_eq!(browser.get(&nowhere).await.status, 404);
    // No lines take all away.
    browser.post_from(&path, &path, &[("patterns", "")]).await;
    assert!(!browser.get(&path).await.body.contains("{item:A9}*"));
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    assert_eq!(supervisor.get(&path).await.status, 403);
}

#[tokio::test]
async fn each_site_says_how_much_history_its_handhelds_hold() {
    let warehouse = Warehouse::new();
    let other = second_site(&warehouse);
    let mut browser = warehouse.signed_in(Role::Admin).await;
    let path = format!("/sites/{}/window", warehouse.site);
    let answer = browser.post_from("/data", &path, &[("days", "7")]).await;
    assert_eq!(answer.location(), "/data?done=window");
    let days = |site| warehouse.hub.site_window(site).unwrap() / 86_400_000;
    assert_eq!((days(warehouse.site), days(other)), (7, 30));
    assert!(browser.get("/data").await.body.contains("value=\"7\""));
    for wrong in ["0", "3651", "-1", "", "many"] {
        let answer = browser.post_from("/data", &path, &[("days", wrong)]).await;
        assert_eq!(answer.status, 422, "{wrong}");
        assert!(answer.body.contains("1 到 3650"));
    }
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    let answer = supervisor.post_from("/data", &path, &[("days", "9")]).await;
    assert_eq!(answer.status, 403);
    assert_eq!(days(warehouse.site), 7);
}

#[tokio::test]
async fn a_supervisor_writes_to_one_handheld_or_to_all_and_an_administrator_sets_them_up() {
    let warehouse = Warehouse::new();
    let one = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let other = Handheld::enrol(&warehouse, "手持 2 号", 2);
    let id_of = |handheld: &Handheld| handheld.replica.identity().unwrap().device;
    let [first, second] = [&one, &other].map(id_of);
    let told = |device: DeviceId| {
        let replica = warehouse.hub.replica().lock().unwrap();
        let record = replica.query().record(device.into()).unwrap().unwrap();
        Instructions::of(&record)
    };
    let words = |device| told(device).message.map(|message| message.text);
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    let message = |id: DeviceId| format!("/devices/{id}/message");
    let sent = supervisor
        .post_from("/devices", &message(first), &[("text", "A 区先盘点")])
        .await;
    assert_eq!(sent.location(), "/devices?done=told");
    assert_eq!(words(first).as_deref(), Some("A 区先盘点"));
    assert_eq!(words(second), None);
    supervisor
        .post_from(
            "/devices",
            &message(first),
            &[("text", "收工"), ("all", "yes")],
        )
        .await;
    assert_eq!(words(second).as_deref(), Some("收工"));
    let page = supervisor.get("/devices").await.body;
    assert!(
        page.contains("上次发送：") && page.contains("收工"),
        "{page}"
    );
    for text in ["", "  ", &"长".repeat(121)] {
        let answer = supervisor
            .post_from("/devices", &message(first), &[("text", text)])
            .await;
        assert_eq!(answer.status, 400, "{text}");
    }
    let settings = format!("/devices/{first}/settings");
    let set_up = [("volume", "40"), ("theme", "plaid"), ("sound", "")];
    assert_eq!(
        supervisor
            .post_from("/devices", &settings, &set_up)
            .await
            .status,
        403
    );
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let saved = admin.post_from("/devices", &settings, &set_up).await;
    assert_eq!(saved.location(), "/devices?done=saved");
    assert_eq!(
        told(first).settings,
        [("volume".to_owned(), "40".to_owned())].into()
    );
    assert!(told(second).settings.is_empty());
    let page = admin.get("/devices").await.body;
    assert!(
        page.contains("<option value=\"40\" selected>40 %"),
        "{page}"
    );
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    let refused = viewer
        .post_from("/devices", &message(first), &[("text", "x")])
        .await;
    assert_eq!(refused.status, 403);
    let nobody = admin
        .post_from(
            "/devices",
            &message(DeviceId::from_bytes([9; 16])),
            &[("text", "x")],
        )
        .await;
    assert_eq!(nobody.status, 404);
}
