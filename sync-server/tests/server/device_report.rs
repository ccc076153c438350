//! What devices say of themselves with a request, and how the console shows it.

use crate::common::handheld::Handheld;
use crate::common::{MINUTE, Warehouse, item, operator, story};
use documents::Partition;
use domain::Goods;
use protocol::{BatteryStatus, DeviceStatus, SyncRequest};
use sync_server::store::accounts::Role;

const HOUR: i64 = 60 * MINUTE;

/// Asks as a device that says this of itself, and takes nothing of the answer.
fn says(warehouse: &Warehouse, handheld: &mut Handheld, status: DeviceStatus) {
    let now = warehouse.now();
    let site = Partition::Site(warehouse.site);
    let mut request = SyncRequest {
        status: DeviceStatus {
            clock: now,
            ..status
        },
        ..handheld.request(Partition::Shared, now)
    };
    request
        .partitions
        .extend(handheld.request(site, now).partitions);
    for part in &mut request.partitions {
        // It holds more than it has sent, so that what it says of that stands.
        part.segments.clear();
    }
    let reply = warehouse.hub.sync(handheld.token(), request, now);
    reply.unwrap().unwrap();
    warehouse.hub.pump(now).unwrap();
}

fn condition(percent: u8, free: u64) -> DeviceStatus {
    DeviceStatus {
        program: env!("CARGO_PKG_VERSION").into(),
        waiting_releases: Some(0),
        battery: Some(BatteryStatus {
            percent,
            charging: false,
        }),
        storage_free: Some(free),
        locked: Some(false),
        ..DeviceStatus::default()
    }
}

fn id(handheld: &Handheld) -> String {
    handheld.replica.identity().unwrap().device.to_string()
}

#[tokio::test]
async fn what_a_device_says_is_shown_and_what_it_does_not_say_is_said_so() {
    let warehouse = Warehouse::new();
    let mut one = Handheld::enrol(&warehouse, "手持 1 号", 1);
    // Enrolled, and never heard of.
    let code = warehouse
        .hub
        .invite_as(
            warehouse.site,
            "",
            documents::Role::Handheld,
            warehouse.now(),
        )
        .unwrap();
    let key = documents::SigningKey::from_seed(&[9; 32]);
    let request = protocol::EnrolRequest::new(&code, "手持 2 号", &key);
    let reply = warehouse.hub.enrol(&request, warehouse.now()).unwrap();
    warehouse.hub.pump(warehouse.now()).unwrap();
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    let path = format!("/devices/{}", reply.unwrap().device);
    let never = browser.get(&path).await.body;
    assert!(
        never.contains("从未联系") && never.contains("未上报"),
        "{never}"
    );
    assert!(!never.contains("0%") && !never.contains("0 B"), "{never}");

    one.sync(&warehouse, warehouse.now());
    one.record(
        operator(1),
        story::received(1, Goods::of(item(1)), 5),
        warehouse.now(),
    );
    let waiting = DeviceStatus {
        waiting_events: 7,
        waiting_edits: 1,
        waiting_releases: Some(3),
        battery: Some(BatteryStatus {
            percent: 100,
            charging: true,
        }),
        ..condition(0, 12_345_000_000)
    };
    says(&warehouse, &mut one, waiting);
    warehouse.pass(2 * HOUR);
    for path in ["/devices".to_owned(), format!("/devices/{}", id(&one))] {
        let page = browser.get(&path).await.body;
        for words in [
            "<span class=\"tag warn\">8</span>",
            "出库 3",
            "100%",
            "充电中",
            "剩余 12 GB",
            "2 小时前",
            "有出库未同步，账面不准",
            env!("CARGO_PKG_VERSION"),
        ] {
            assert!(page.contains(words), "{words} in {path}: {page}");
        }
    }
    // A program that does not say how many of them took goods out, and has no battery.
    let older = DeviceStatus {
        waiting_events: 7,
        program: "0.0.9".into(),
        ..DeviceStatus::default()
    };
    says(&warehouse, &mut one, older);
    let page = browser.get(&format!("/devices/{}", id(&one))).await.body;
    for words in ["出库数未上报", "未上报电池", "比服务器旧", "未上报</span>"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(browser.get("/devices/00ff").await.status, 404);
    let feed = format!("/feed?device={}", id(&one));
    assert!(page.contains(&feed));
}

#[tokio::test]
async fn data_is_as_old_as_the_first_entry_that_the_device_lacks() {
    let warehouse = Warehouse::new();
    let mut reader = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let mut writer = Handheld::enrol(&warehouse, "手持 2 号", 2);
    reader.sync(&warehouse, warehouse.now());
    let as_of = |handheld: &Handheld| {
        let device = handheld.replica.identity().unwrap().device;
        let rows = warehouse.hub.devices().unwrap();
        let row = rows.into_iter().find(|row| row.device == device).unwrap();
        row.report.data_as_of
    };
    assert_eq!(as_of(&writer), None, "it had read nothing");
    says(&warehouse, &mut reader, condition(80, 1 << 33));
    let level = warehouse.now();
    assert_eq!(as_of(&reader), Some(level), "it held everything");
    warehouse.pass(HOUR);
    let lacked = warehouse.now();
    writer.record(
        operator(1),
        story::received(1, Goods::of(item(1)), 5),
        lacked,
    );
    writer.sync(&warehouse, lacked);
    warehouse.pass(3 * HOUR);
    says(&warehouse, &mut reader, condition(80, 1 << 33));
    assert_eq!(
        as_of(&reader),
        Some(lacked),
        "since then it lacks something"
    );
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    let page = browser.get(&format!("/devices/{}", id(&reader))).await.body;
    assert!(
        page.contains("数据陈旧") && page.contains("3 小时前"),
        "{page}"
    );
    reader.sync(&warehouse, warehouse.now());
    says(&warehouse, &mut reader, condition(80, 1 << 33));
    assert_eq!(as_of(&reader), Some(warehouse.now()));
}

#[tokio::test]
async fn what_needs_somebody_comes_first_and_filters_narrow() {
    let warehouse = Warehouse::new();
    let mut well = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let mut low = Handheld::enrol(&warehouse, "手持 2 号", 2);
    let mut full = Handheld::enrol(&warehouse, "手持 3 号", 3);
    for handheld in [&mut well, &mut low, &mut full] {
        handheld.sync(&warehouse, warehouse.now());
    }
    says(&warehouse, &mut well, condition(80, 1 << 33));
    says(&warehouse, &mut low, condition(15, 1 << 33));
    says(&warehouse, &mut full, condition(80, 50_000_000));
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let names = |page: &str| -> Vec<String> {
        let rows = page.split("<th data-head").skip(1);
        let name = |row: &str| {
            let link = row.split("<a href=\"/devices/").nth(1)?;
            Some(link.split('>').nth(1)?.split('<').next()?.to_owned())
        };
        rows.filter_map(name).collect()
    };
    let all = names(&browser.get("/devices").await.body);
    assert_eq!(all[..3], ["手持 3 号", "手持 2 号", "手持 1 号"], "{all:?}");
    let shown = names(&browser.get("/devices?show=attention").await.body);
    assert_eq!(shown, ["手持 3 号", "手持 2 号"]);
    let page = browser.get("/devices?show=waiting").await.body;
    assert!(page.contains("没有这样的设备"), "{page}");
    // Locked here, and it has not said yet that it knows.
    let lock = format!("/devices/{}/lock", id(&well));
    let locked = [("locked", "yes"), ("text", "请交回办公室")];
    browser.post_from("/devices", &lock, &locked).await;
    let page = browser.get("/devices?show=locked").await.body;
    assert_eq!(names(&page), ["手持 1 号"]);
    assert!(page.contains("锁定状态未送达"), "{page}");
    let heard = DeviceStatus {
        locked: Some(true),
        ..condition(80, 1 << 33)
    };
    says(&warehouse, &mut well, heard);
    let page = browser.get(&format!("/devices/{}", id(&well))).await.body;
    assert!(page.contains("设备已收到锁定") && page.contains("请交回办公室"));
    assert!(!page.contains("锁定状态未送达"), "{page}");
    browser
        .post_from("/devices", &lock, &[("locked", "no")])
        .await;
    let page = browser.get(&format!("/devices/{}", id(&well))).await.body;
    assert!(page.contains("已在此解锁，设备尚未回报收到"), "{page}");
}

#[tokio::test]
async fn numbers_that_nobody_can_mean_do_no_harm() {
    let warehouse = Warehouse::new();
    let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    handheld.sync(&warehouse, warehouse.now());
    let status = DeviceStatus {
        waiting_releases: Some(u64::MAX),
        ..condition(255, u64::MAX)
    };
    says(&warehouse, &mut handheld, status);
    let row = warehouse.hub.devices().unwrap().remove(0);
    assert_eq!(row.report.battery, Some((100, false)));
    assert_eq!(row.report.storage_free, Some(i64::MAX as u64));
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    assert_eq!(browser.get("/devices").await.status, 200);
}
