//! A customer signs on their own telephone that they got the goods.

use crate::common::Warehouse;
use crate::common::browser::Browser;
use crate::common::custody::{LEFT, WHO, deposit, release, share_keys, take_in};
use crate::common::handheld::Handheld;
use axum::http::StatusCode;
use data_encoding::BASE64;
use documents::Acknowledged;
use sync_server::store::accounts::Role;

/// A PNG of 600 by 240 pixels, as far as anybody looks.
fn png() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x58\0\0\0\xf0\x08\x02\0\0\0".to_vec();
    png.extend(b"\0\0\0\0\0\0\0\0IEND\xae\x42\x60\x82");
    png
}

async fn scene() -> (Warehouse, Handheld, Browser) {
    let warehouse = Warehouse::new();
    let mut a = Handheld::enrol(&warehouse, "PDA 1", 1);
    take_in(&warehouse, &mut a);
    a.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut a).await;
    let mut customer = warehouse.visitor();
    let ticket = deposit(warehouse.site).claim.grouped();
    let _ = customer.post_from("/c", "/c", &[("claim", &ticket)]).await;
    (warehouse, a, customer)
}

#[tokio::test]
async fn what_was_handed_out_is_signed_for_once_and_goes_with_the_key() {
    let (warehouse, mut a, mut customer) = scene().await;
    let page = format!("/c/deposits/{LEFT}");
    let sign = format!("{page}/sign");
    assert!(
        !customer.get(&page).await.body.contains("签收确认"),
        "nothing was handed out"
    );
    let act = release(&warehouse, &mut a, 2);
    a.sync(&warehouse, warehouse.now());
    let shown = customer.get(&page).await.body;
    assert!(shown.contains("领取件号 2 的物品") && shown.contains("也可在柜台签字"));

    let hash = act.hex();
    let picture = format!("data:image/png;base64,{}", BASE64.encode(&png()));
    for (hash, picture, words) in [
        (hash.as_str(), "", "没有收到签名"),
        (&hash, "data:image/svg+xml;base64,PHN2Zz4=", "没有收到签名"),
        (&"ab".repeat(32), &picture, "没有待签收的物品"),
        ("", &picture, "没有待签收的物品"),
    ] {
        let form = [("act", hash), ("picture", picture)];
        let answer = customer.post_from(&page, &sign, &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        assert!(answer.body.contains(words), "{words}");
    }
    let form = [("act", hash.as_str()), ("picture", &picture)];
    let mut stranger = warehouse.visitor();
    let answer = stranger.post_from("/c", &sign, &form).await;
    assert_eq!(answer.location(), "/c");
    let done = customer.post_from(&page, &sign, &form).await;
    assert_eq!(done.location(), format!("{page}?done=signed"));
    warehouse.hub.pump(warehouse.now()).unwrap();
    let shown = customer.get(&page).await.body;
    assert!(shown.contains("已签收") && !shown.contains("签收确认"));
    let twice = customer.post_from(&page, &sign, &form).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);

    // The record names it, on handhelds too; what lies on the disk says nothing.
    a.sync(&warehouse, warehouse.now());
    let record = a.replica.query().record(LEFT.into()).unwrap().unwrap();
    let signed = Acknowledged::of(&record, act).unwrap();
    let (_, content) = warehouse
        .hub
        .blob_content(signed.signature)
        .unwrap()
        .unwrap();
    assert!(!content.windows(4).any(|w| w == b"IHDR"), "it is sealed");
    let blob = format!("/blobs/{}", signed.signature.hex());
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    let deposit = supervisor.get(&format!("/custody/{LEFT}")).await.body;
    assert!(deposit.contains("已签收") && deposit.contains(&blob));
    let picture = supervisor.get(&blob).await;
    assert_eq!((picture.status, picture.bytes), (StatusCode::OK, png()));

    release(&warehouse, &mut a, 1);
    a.sync(&warehouse, warehouse.now());
    assert!(
        customer.get(&page).await.body.contains("领取件号 1 的物品"),
        "the next one"
    );
    let data = warehouse.app.console_data();
    data.erase_person(WHO, warehouse.now()).unwrap().unwrap();
    assert_eq!(supervisor.get(&blob).await.status, StatusCode::NOT_FOUND);
    let trail = warehouse.signed_in(Role::Admin).await.get("/audit").await;
    assert!(trail.body.contains("客户签收"));
}
