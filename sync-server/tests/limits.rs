//! How much a device may ask and send, through the whole app.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use common::handheld::Handheld;
use common::{NOW, Warehouse};
use documents::Partition;
use protocol::bounds::{CARRIED_CHAINS_MAX, PARTITIONS_MAX};
use protocol::{CarriedChain, Refusal, RefusalCode, SyncReply, SyncRequest};
use tower::ServiceExt;

async fn sync(
    warehouse: &Warehouse,
    token: &str,
    request: &SyncRequest,
) -> Result<SyncReply, Refusal> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(protocol::SYNC_PATH)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(request.to_bytes()))
        .unwrap();
    let answer = warehouse.router().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
    if status == 200 {
        return Ok(SyncReply::from_bytes(&bytes).unwrap());
    }
    let refusal = Refusal::from_bytes(&bytes).unwrap();
    assert_eq!(status, refusal.code.status());
    Err(refusal)
}

#[tokio::test]
async fn a_request_that_names_too_much_is_refused_and_the_next_one_is_answered() {
    let warehouse = Warehouse::new();
    let mut device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let good = device.request(Partition::Shared, NOW);
    let mut partitions = good.clone();
    partitions.partitions = vec![good.partitions[0].clone(); PARTITIONS_MAX + 1];
    let mut chains = good.clone();
    let chain = CarriedChain {
        chain: domain::ChainId::from_bytes([1; 16]),
        segments: Vec::new(),
    };
    chains.partitions[0].carried = vec![chain; CARRIED_CHAINS_MAX + 1];
    for much in [partitions, chains] {
        let refused = sync(&warehouse, device.token(), &much).await;
        assert_eq!(refused.unwrap_err().code, RefusalCode::TooLarge);
    }
    assert!(sync(&warehouse, device.token(), &good).await.is_ok());
}
