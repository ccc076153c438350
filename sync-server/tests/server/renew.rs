//! Devices that go on under another chain, key or site, through the whole app.

use crate::common::handheld::Handheld;
use crate::common::{Warehouse, item, operator, story};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use documents::catalogue::Site;
use documents::{Certificate, Partition, SigningKey};
use domain::{ChainId, SiteId};
use protocol::{EnrolReply, Refusal, RefusalCode, RenewReason, RenewRequest};
use sync_server::store::accounts::Role;
use tower::ServiceExt;

async fn ask(warehouse: &Warehouse, token: &str, body: Vec<u8>) -> Result<EnrolReply, RefusalCode> {
    let request = Request::post(protocol::RENEW_PATH)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body))
        .unwrap();
    let answer = warehouse.router().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    if status == 200 {
        return Ok(EnrolReply::from_bytes(&bytes).unwrap());
    }
    let refusal = Refusal::from_bytes(&bytes).unwrap();
    assert_eq!(status, refusal.code.status());
    Err(refusal.code)
}

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

fn site_chain(handheld: &Handheld, site: SiteId) -> ChainId {
    handheld.replica.own_chain(Partition::Site(site)).unwrap()
}

fn own_certificate(reply: &EnrolReply) -> Certificate {
    Certificate::verify(&reply.certificates[0], &reply.server_key).unwrap()
}

/// The handheld goes on as the hub says.
fn adopt(handheld: &mut Handheld, reply: &EnrolReply, key: SigningKey) {
    let identity = replica::Identity {
        device: reply.device,
        device_name: reply.device_name.clone(),
        site: reply.site,
        token: reply.token.clone(),
        key,
        ..handheld.replica.identity().unwrap().clone()
    };
    let certificates: Vec<Vec<u8>> = reply
        .certificates
        .iter()
        .map(|signed| signed.to_vec())
        .collect();
    handheld.replica.enrol(identity, &certificates).unwrap();
    handheld.renewed(reply.site, &reply.token);
}

fn receive(handheld: &mut Handheld, warehouse: &Warehouse, n: i64) {
    let body = story::received(1, domain::Goods::of(item(1)), n);
    handheld.record(operator(1), body, warehouse.now());
    handheld.sync(warehouse, warehouse.now());
}

#[tokio::test]
async fn a_copy_becomes_a_device_of_its_own_in_quarantine_until_it_is_released() {
    let warehouse = Warehouse::new();
    let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let chain = site_chain(&handheld, warehouse.site);
    let token = handheld.token().to_owned();
    let request = RenewRequest::new(RenewReason::Fork, chain, &key(1), &key(11));
    let reply = ask(&warehouse, &token, request.to_bytes()).await.unwrap();
    assert_ne!(reply.device, handheld.replica.identity().unwrap().device);
    assert_eq!(reply.device_name, "手持 1 号 (2)");
    assert_ne!(reply.token, token);
    let again = ask(&warehouse, &token, request.to_bytes()).await.unwrap();
    assert_eq!(again, reply, "the answer may have been lost");

    adopt(&mut handheld, &reply, key(11));
    receive(&mut handheld, &warehouse, 5);
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    assert!(browser.get("/stock").await.body.contains("还没有库存"));
    let page = browser.get("/quarantine").await.body;
    assert!(page.contains("手持 1 号 (2)") && page.contains("设备副本"));
    let seen = page.split("name=\"seen\" value=\"").nth(1).unwrap();
    let seen = seen.split('"').next().unwrap().to_owned();
    let path = format!("/quarantine/{}", reply.device);
    let form = [("choice", "release"), ("reason", "x"), ("seen", &*seen)];
    let answer = browser.post_from("/quarantine", &path, &form).await;
    assert_eq!(answer.status, 303);
    assert!(browser.get("/stock").await.body.contains("5 件"));
    receive(&mut handheld, &warehouse, 2);
    assert!(browser.get("/stock").await.body.contains("7 件"));
}

#[tokio::test]
async fn a_new_key_takes_new_chains_and_the_old_ones_count_no_more() {
    let warehouse = Warehouse::new();
    let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    receive(&mut handheld, &warehouse, 3);
    let device = handheld.replica.identity().unwrap().device;
    let chain = site_chain(&handheld, warehouse.site);
    let old_token = handheld.token().to_owned();
    // Somebody still has the old key, and what was not sent with it.
    let late = story::received(1, domain::Goods::of(item(1)), 100);
    handheld.record(operator(1), late, warehouse.now());
    handheld
        .replica
        .seal(Partition::Site(warehouse.site))
        .unwrap();
    assert!(warehouse.hub.rotate_key(device).unwrap());
    let request = RenewRequest::new(RenewReason::KeyRotation, chain, &key(1), &key(12));
    let reply = ask(&warehouse, &old_token, request.to_bytes())
        .await
        .unwrap();
    assert_eq!(reply.device, device);
    let again = ask(&warehouse, &old_token, request.to_bytes())
        .await
        .unwrap();
    assert_eq!(again, reply);
    let other = RenewRequest::new(RenewReason::KeyRotation, chain, &key(1), &key(13));
    for token in [&old_token, &reply.token] {
        let refused = ask(&warehouse, token, other.to_bytes()).await.unwrap_err();
        let expected = [RefusalCode::DeviceUnknown, RefusalCode::RenewalRefused];
        assert!(expected.contains(&refused), "{refused:?}");
    }
    adopt(&mut handheld, &reply, key(12));
    receive(&mut handheld, &warehouse, 4);
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    assert!(
        browser.get("/stock").await.body.contains("7 件"),
        "3 and 4, not the 100"
    );
    assert!(browser.get("/quarantine").await.body.contains("旧密钥"));
}

#[tokio::test]
async fn a_copy_that_takes_another_key_stays_in_quarantine() {
    let warehouse = Warehouse::new();
    let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let original = handheld.replica.identity().unwrap().device;
    let chain = site_chain(&handheld, warehouse.site);
    let token = handheld.token().to_owned();
    let request = RenewRequest::new(RenewReason::Fork, chain, &key(1), &key(11));
    let copy = ask(&warehouse, &token, request.to_bytes()).await.unwrap();
    assert_eq!(own_certificate(&copy).copy_of, Some(original));
    adopt(&mut handheld, &copy, key(11));
    handheld.sync(&warehouse, warehouse.now());

    assert!(warehouse.hub.rotate_key(copy.device).unwrap());
    let chain = site_chain(&handheld, warehouse.site);
    let request = RenewRequest::new(RenewReason::KeyRotation, chain, &key(11), &key(12));
    let reply = ask(&warehouse, &copy.token, request.to_bytes())
        .await
        .unwrap();
    assert_eq!(own_certificate(&reply).copy_of, Some(original));
    adopt(&mut handheld, &reply, key(12));
    receive(&mut handheld, &warehouse, 5);
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    assert!(browser.get("/stock").await.body.contains("还没有库存"));

    // Once released, its next key counts at once.
    warehouse.hub.trust(copy.device, warehouse.now()).unwrap();
    assert!(warehouse.hub.rotate_key(copy.device).unwrap());
    let chain = site_chain(&handheld, warehouse.site);
    let request = RenewRequest::new(RenewReason::KeyRotation, chain, &key(12), &key(13));
    let reply = ask(&warehouse, &reply.token, request.to_bytes())
        .await
        .unwrap();
    assert_eq!(own_certificate(&reply).copy_of, None);
    adopt(&mut handheld, &reply, key(13));
    receive(&mut handheld, &warehouse, 2);
    assert!(browser.get("/stock").await.body.contains("2 件"));
}

#[tokio::test]
async fn a_device_moves_to_another_site_when_the_hub_says_so() {
    let warehouse = Warehouse::new();
    let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let device = handheld.replica.identity().unwrap().device;
    let chain = site_chain(&handheld, warehouse.site);
    let token = handheld.token().to_owned();
    let request = RenewRequest::new(RenewReason::SiteMoved, chain, &key(1), &key(1));
    let refused = ask(&warehouse, &token, request.to_bytes()).await;
    assert_eq!(
        refused,
        Err(RefusalCode::RenewalRefused),
        "nobody asked for it"
    );
    let site = Site {
        id: SiteId::from_bytes([0x77; 16]),
        code: "BJ2".into(),
        name_en: "Beijing 2".into(),
        name_zh: "北京二号仓".into(),
        time_zone: "Asia/Shanghai".into(),
    };
    warehouse.hub.create_site(&site, warehouse.now()).unwrap();
    assert!(warehouse.hub.move_device(device, site.id).unwrap());
    assert_eq!(handheld.wanted(&warehouse), Some(RenewReason::SiteMoved));
    let reply = ask(&warehouse, &token, request.to_bytes()).await.unwrap();
    let certificate = own_certificate(&reply);
    assert_eq!((reply.device, reply.site), (device, site.id));
    assert_eq!(certificate.site, site.id);
    assert_eq!(
        Some(certificate.shared_chain),
        handheld.replica.own_chain(Partition::Shared),
        "the shared chain goes on"
    );
    adopt(&mut handheld, &reply, key(1));
    receive(&mut handheld, &warehouse, 4);
    assert_eq!(handheld.wanted(&warehouse), None);
    let replica = warehouse.hub.replica().lock().unwrap();
    assert_eq!(replica.query().quarantine().unwrap(), []);
    assert_eq!(replica.query().event_count().unwrap(), 1);
}

#[tokio::test]
async fn who_does_not_hold_the_keys_is_refused() {
    let warehouse = Warehouse::new();
    let handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let stranger = Handheld::enrol(&warehouse, "手持 2 号", 2);
    let chain = site_chain(&handheld, warehouse.site);
    let good = RenewRequest::new(RenewReason::Fork, chain, &key(1), &key(11));
    let check = async |token: &str, body: Vec<u8>, expected| {
        assert_eq!(ask(&warehouse, token, body).await, Err(expected));
    };
    let token = handheld.token();
    check(token, b"nonsense".to_vec(), RefusalCode::Malformed).await;
    check("", good.to_bytes(), RefusalCode::DeviceUnknown).await;
    check(
        stranger.token(),
        good.to_bytes(),
        RefusalCode::DeviceUnknown,
    )
    .await;
    let forged = RenewRequest::new(RenewReason::Fork, chain, &key(2), &key(11));
    check(token, forged.to_bytes(), RefusalCode::KeyUnproven).await;
    let same = RenewRequest::new(RenewReason::Fork, chain, &key(1), &key(1));
    check(token, same.to_bytes(), RefusalCode::RenewalRefused).await;
    let shared = handheld.replica.own_chain(Partition::Shared).unwrap();
    let shared = RenewRequest::new(RenewReason::Fork, shared, &key(1), &key(11));
    check(token, shared.to_bytes(), RefusalCode::RenewalRefused).await;
    let later = RenewRequest {
        versions: (900, 901),
        ..good
    };
    check(token, later.to_bytes(), RefusalCode::VersionUnknown).await;
}
