//! What the hub refuses is counted by device and cause, and shown to supervisors.

use crate::common::handheld::Handheld;
use crate::common::{NOW, Warehouse, item, operator, story};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use documents::{Partition, SigningKey};
use domain::{ChainId, Goods};
use protocol::{EnrolRequest, RenewReason, RenewRequest};
use sync_server::hub::Limits;
use sync_server::store::accounts::Role;
use sync_server::tls::Peer;
use tower::ServiceExt;

async fn post(router: &Router, path: &str, token: Option<&str>, body: Vec<u8>) -> u16 {
    let mut request = Request::builder().method(Method::POST).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let mut request = request.body(Body::from(body)).unwrap();
    let peer = Peer(([10, 0, 0, 9], 40_000).into());
    request.extensions_mut().insert(ConnectInfo(peer));
    let answer = router.clone().oneshot(request).await.unwrap();
    answer.status().as_u16()
}

/// Cause, times, and whose: the start of a name, or an address.
fn counted(warehouse: &Warehouse) -> Vec<(String, u64, String)> {
    let rows = warehouse.hub.refusals(warehouse.now()).unwrap();
    let name = |id| {
        let devices = warehouse.hub.devices().unwrap();
        let found = devices.into_iter().find(|d| d.device == id);
        found.map_or_else(|| "?".to_owned(), |d| d.name)
    };
    let mut counted: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let of = row.device.map_or(row.address, name);
            (row.cause, row.times, of)
        })
        .collect();
    counted.sort();
    counted
}

fn expected(rows: &[(&str, u64, &str)]) -> Vec<(String, u64, String)> {
    rows.iter()
        .map(|(cause, times, of)| ((*cause).to_owned(), *times, (*of).to_owned()))
        .collect()
}

#[tokio::test]
async fn every_way_in_counts_what_it_refuses_under_the_device_or_its_address() {
    let warehouse = Warehouse::new();
    let device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let router = warehouse.router();
    let stranger = "00".repeat(32);
    for path in [
        protocol::SYNC_PATH,
        protocol::RENEW_PATH,
        protocol::BLOB_PATH,
        protocol::BLOB_GET_PATH,
        protocol::SNAPSHOT_PATH,
    ] {
        let status = post(&router, path, Some(device.token()), b"?".to_vec()).await;
        assert_eq!(status, 400, "{path}");
        assert_eq!(
            post(&router, path, None, b"?".to_vec()).await,
            401,
            "{path}"
        );
    }
    let key = SigningKey::from_seed(&[7; 32]);
    let wrong = EnrolRequest::new("WRONG-CODE1", "", &key).to_bytes();
    assert_eq!(post(&router, protocol::ENROL_PATH, None, wrong).await, 403);
    assert_eq!(
        post(&router, protocol::ENROL_PATH, None, vec![0]).await,
        400
    );
    let chain = ChainId::from_bytes([5; 16]);
    let renew = RenewRequest::new(RenewReason::Fork, chain, &key, &key).to_bytes();
    let unknown = post(&router, protocol::RENEW_PATH, Some(&stranger), renew).await;
    assert_eq!(unknown, 401);
    let huge = vec![0; protocol::REQUEST_BYTES_MAX + 1];
    let status = post(&router, protocol::SYNC_PATH, Some(device.token()), huge).await;
    assert_eq!(status, 413);
    assert_eq!(
        counted(&warehouse),
        expected(&[
            ("device-revoked", 6, "10.0.0.9"),
            ("enrol-code-wrong", 1, "10.0.0.9"),
            ("request-malformed", 1, "10.0.0.9"),
            ("request-malformed", 5, "PDA 1"),
            ("request-too-large", 1, "PDA 1"),
        ])
    );
    // Counted on with what is in the database already.
    post(&router, protocol::ENROL_PATH, None, vec![0]).await;
    assert!(counted(&warehouse).contains(&(
        "request-malformed".to_owned(),
        2,
        "10.0.0.9".to_owned()
    )));
}

#[tokio::test]
async fn who_asks_too_often_or_sends_too_much_is_told_apart_from_a_busy_server() {
    let warehouse = Warehouse::new();
    let mut device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let body = story::received(1, Goods::of(item(1)), 5);
    device.record(operator(1), body.clone(), NOW);
    let here = Partition::Site(warehouse.site);
    let path = protocol::SYNC_PATH;
    for (limits, statuses) in [
        (
            Limits {
                requests_per_second: 1,
                ..Limits::default()
            },
            vec![200; 10],
        ),
        (
            Limits {
                push_changes_per_day: 1,
                ..Limits::default()
            },
            vec![],
        ),
        (
            Limits {
                waiting_max: 0,
                ..Limits::default()
            },
            vec![],
        ),
    ] {
        let router = warehouse.router_with(limits);
        device.record(operator(1), body.clone(), NOW);
        let request = device.request(here, NOW).to_bytes();
        for status in statuses.into_iter().chain([429]) {
            let answer = post(&router, path, Some(device.token()), request.clone()).await;
            assert_eq!(answer, status);
        }
    }
    assert_eq!(
        counted(&warehouse),
        expected(&[
            ("push-quota", 1, "PDA 1"),
            ("too-many-requests", 1, "PDA 1"),
            ("too-often", 1, "PDA 1"),
        ])
    );
}

#[tokio::test]
async fn what_is_not_taken_of_a_chain_or_a_file_is_counted_too() {
    let warehouse = Warehouse::new();
    let other = Warehouse::new();
    let mut device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let router = warehouse.router();
    let body = story::received(1, Goods::of(item(1)), 5);
    device.record(operator(1), body, NOW);
    let mut forged = device.request(Partition::Site(warehouse.site), NOW);
    let segment = &forged.partitions[0].segments[0];
    let mut bad = segment.body_bytes().to_vec();
    *bad.last_mut().unwrap() ^= 1;
    forged.partitions[0].segments[0] = documents::segment::Segment::from_parts(
        segment.header_bytes().to_vec(),
        *segment.signature(),
        bad,
    );
    let bytes = forged.to_bytes();
    let status = post(&router, protocol::SYNC_PATH, Some(device.token()), bytes).await;
    assert_eq!(status, 200);
    let id = device.replica.identity().unwrap().device;
    warehouse.hub.set_revoked(id, true, NOW).unwrap();
    let poll = device.request(Partition::Shared, NOW).to_bytes();
    post(&router, protocol::SYNC_PATH, Some(device.token()), poll).await;
    let parcel = exchange::parcel_for(&mut device.replica, &[], 1 << 20).unwrap();
    let file = carry::file::write(&[parcel.to_bytes()]).unwrap();
    let mut browser = other.signed_in(Role::Supervisor).await;
    for bytes in [&file[..], b"sku,name"] {
        let answer = browser
            .upload("/devices", "/devices/parcels", "a.tallyman", bytes)
            .await;
        assert_eq!(answer.status, 422);
    }
    assert_eq!(
        counted(&warehouse),
        expected(&[("push-forged", 1, "PDA 1"), ("push-revoked", 1, "PDA 1")])
    );
    assert_eq!(
        counted(&other),
        expected(&[("file-foreign", 1, ""), ("file-other-organisation", 1, "")])
    );
    let page = browser.get("/refused").await.body;
    assert!(page.contains("文件属于其他单位") && page.contains("导入的文件"));
}

#[tokio::test]
async fn supervisors_read_the_cause_and_the_next_step_in_their_language() {
    let warehouse = Warehouse::new();
    let device = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let page = browser.get("/refused").await;
    assert!(page.body.contains("没有被拒绝的请求"), "{}", page.body);
    let router = warehouse.router();
    post(&router, protocol::SYNC_PATH, Some(device.token()), vec![0]).await;
    post(&router, protocol::SYNC_PATH, Some("stolen"), vec![0x80]).await;
    let wrong = EnrolRequest::new("WRONG-CODE1", "", &SigningKey::from_seed(&[7; 32]));
    post(&router, protocol::ENROL_PATH, None, wrong.to_bytes()).await;
    let zh = browser.get("/refused").await.body;
    for words in [
        "手持 1 号",
        "请求无法读取",
        "请更新这台设备上的程序",
        "未知设备",
        "10.0.0.9",
        "加入码错误",
        "请在“设备”页生成新的加入码",
    ] {
        assert!(zh.contains(words), "{words}: {zh}");
    }
    browser.set_cookie("tm_lang", "en");
    let en = browser.get("/refused").await.body;
    for words in [
        "The request cannot be read",
        "Wrong enrolment code",
        "Unknown device",
    ] {
        assert!(en.contains(words), "{words}: {en}");
    }
    let devices = browser.get("/devices").await.body;
    assert!(devices.contains("1 refused") && devices.contains("href=\"/refused\""));
    // A week later the page of devices is calm again; after 90 days it is forgotten.
    warehouse.pass(8 * 24 * 3_600_000);
    assert!(!browser.get("/devices").await.body.contains("1 refused"));
    let viewer = warehouse
        .signed_in(Role::Viewer)
        .await
        .get("/refused")
        .await;
    assert_eq!(viewer.status, 403);
}

#[tokio::test]
async fn a_live_connection_that_is_refused_is_counted_by_its_address() {
    let warehouse = Warehouse::new();
    let request = Request::builder()
        .uri(protocol::live::LIVE_PATH)
        .header("authorization", "Bearer stolen")
        .body(Body::empty())
        .unwrap();
    let answer = warehouse.router().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(
        counted(&warehouse),
        expected(&[("request-malformed", 1, "-")])
    );
}
