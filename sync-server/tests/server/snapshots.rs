//! Snapshots through the whole app: offered, built, fetched chunk by chunk, refused to whom they are not meant for.

use crate::common::handheld::Handheld;
use crate::common::{Warehouse, bin, item};
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use documents::{Manifest, Partition, SnapshotId};
use domain::{EventBody, Goods, OperatorId, Quantity};
use protocol::{
    DeviceStatus, LogPosition, PartitionRequest, Refusal, RefusalCode, SnapshotGet, SnapshotPart,
    SnapshotWish, SyncReply, SyncRequest,
};
use sync_server::hub::{ENTRIES_MIN, Hub};
use tower::ServiceExt;

const DAY: i64 = 86_400_000;

async fn post(
    warehouse: &Warehouse,
    path: &str,
    token: &str,
    body: Vec<u8>,
) -> (StatusCode, Vec<u8>) {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body))
        .unwrap();
    let answer = warehouse.router().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 8 << 20).await.unwrap();
    (status, bytes.to_vec())
}

/// What the hub answers a device at the beginning of the site's log.
async fn ask(warehouse: &Warehouse, token: &str, wish: SnapshotWish) -> SyncReply {
    let request = SyncRequest {
        versions: protocol::VERSIONS,
        status: DeviceStatus::default(),
        partitions: vec![PartitionRequest {
            partition: Partition::Site(warehouse.site),
            position: LogPosition::default(),
            head_seq: 0,
            head_hash: documents::SegmentHash::default(),
            segments: Vec::new(),
            chain: None,
            carried: Vec::new(),
            snapshot: wish,
            told: None,
        }],
        reply_bytes_max: 1 << 20,
    };
    let (status, bytes) = post(warehouse, protocol::SYNC_PATH, token, request.to_bytes()).await;
    assert_eq!(status, StatusCode::OK);
    SyncReply::from_bytes(&bytes).unwrap()
}

async fn get(
    warehouse: &Warehouse,
    token: &str,
    id: SnapshotId,
    chunk: u32,
) -> Result<Option<Vec<u8>>, RefusalCode> {
    let get = SnapshotGet {
        versions: protocol::VERSIONS,
        id,
        chunk,
    };
    let (status, bytes) = post(warehouse, protocol::SNAPSHOT_PATH, token, get.to_bytes()).await;
    if status != StatusCode::OK {
        return Err(Refusal::from_bytes(&bytes).unwrap().code);
    }
    let part = SnapshotPart::from_bytes(&bytes).unwrap();
    Ok(part.chunk.map(Vec::from))
}

#[tokio::test]
async fn a_snapshot_is_offered_when_it_saves_reading_and_given_to_the_sites_own_devices() {
    let warehouse = Warehouse::new();
    let hub: &Hub = &warehouse.hub;
    let mut device = Handheld::enrol(&warehouse, "PDA 1", 1);
    for n in 0..(ENTRIES_MIN as i64 + 6) {
        let received = EventBody::Received {
            bin: bin(1),
            goods: Goods::of(item(1)),
            quantity: Quantity::ONE,
        };
        let now = warehouse.now() + n;
        device.record(OperatorId::from_bytes([1; 16]), received, now);
        device.sync(&warehouse, now);
    }
    let token = device.token().to_owned();
    let wish = SnapshotWish {
        takes: true,
        ..SnapshotWish::default()
    };
    // All of it is young: there is nothing to cut.
    assert!(
        ask(&warehouse, &token, wish).await.partitions[0]
            .snapshot
            .is_empty()
    );
    assert_eq!(hub.build_snapshots(warehouse.now()).unwrap(), 0);

    warehouse.pass(40 * DAY);
    let reply = ask(&warehouse, &token, wish).await;
    assert!(reply.partitions[0].snapshot.is_empty(), "none is built yet");
    assert!(
        !reply.partitions[0].entries.is_empty(),
        "so the log is served"
    );
    assert_eq!(hub.build_snapshots(warehouse.now()).unwrap(), 1);
    assert_eq!(
        hub.build_snapshots(warehouse.now()).unwrap(),
        0,
        "nobody waits any more"
    );
    let reply = ask(&warehouse, &token, SnapshotWish::default()).await;
    assert!(
        reply.partitions[0].snapshot.is_empty(),
        "an older device is served the log"
    );
    assert!(!reply.partitions[0].entries.is_empty());
    let reply = ask(&warehouse, &token, wish).await;
    assert!(reply.partitions[0].entries.is_empty());
    let signed = reply.partitions[0].snapshot.clone();
    let manifest = Manifest::verify(&signed, &hub.organisation().key.public()).unwrap();
    assert_eq!(manifest.partition, Partition::Site(warehouse.site));
    assert!(manifest.cut >= ENTRIES_MIN);

    let id = Manifest::id(&signed);
    for (number, entry) in (0..).zip(&manifest.chunks) {
        let chunk = get(&warehouse, &token, id, number).await.unwrap().unwrap();
        assert!(entry.verify(&chunk));
    }
    let beyond = manifest.chunks.len() as u32;
    assert_eq!(get(&warehouse, &token, id, beyond).await, Ok(None));
    assert_eq!(
        get(&warehouse, &token, SnapshotId([1; 32]), 0).await,
        Ok(None)
    );
    assert_eq!(
        get(&warehouse, "another token", id, 0).await,
        Err(RefusalCode::DeviceUnknown)
    );
    let row = hub.devices().unwrap().remove(0);
    hub.set_revoked(row.device, true, warehouse.now()).unwrap();
    assert_eq!(
        get(&warehouse, &token, id, 0).await,
        Err(RefusalCode::DeviceUnknown)
    );
}
