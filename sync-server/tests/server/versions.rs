//! Requests of older and newer programs, through the whole app.

use crate::common::handheld::Handheld;
use crate::common::{NOW, Warehouse, bin, item, operator, units};
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use documents::Partition;
use domain::{EventBody, Goods};
use minicbor::{Decoder, Encoder};
use protocol::{PushOutcome, Refusal, RefusalCode, SyncReply, SyncRequest};
use tower::ServiceExt;

async fn post(warehouse: &Warehouse, token: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
    let request = Request::builder()
        .method(Method::POST)
        .uri(protocol::SYNC_PATH)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body))
        .unwrap();
    let answer = warehouse.router().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
    (status, bytes.to_vec())
}

/// Where a later program's field lies: behind every field of today. The ones between are absent.
const LATER_FIELD: u64 = 15;

/// The same message as a later program would send it: every array that is a message of ours has a field more.
/// `is_list`: whether the array at a path is a list, which grows by no field.
fn with_later_fields(bytes: &[u8], is_list: &dyn Fn(&[u64]) -> bool) -> Vec<u8> {
    fn copy(
        d: &mut Decoder<'_>,
        e: &mut Encoder<&mut Vec<u8>>,
        path: &mut Vec<u64>,
        is_list: &dyn Fn(&[u64]) -> bool,
    ) {
        if d.datatype().unwrap() != minicbor::data::Type::Array {
            let start = d.position();
            d.skip().unwrap();
            let raw = d.input()[start..d.position()].to_vec();
            e.writer_mut().extend(raw);
            return;
        }
        let n = d.array().unwrap().unwrap();
        let grows = !is_list(path);
        assert!(n <= LATER_FIELD, "{path:?} is a list, or grew");
        e.array(if grows { LATER_FIELD + 1 } else { n }).unwrap();
        for at in 0..n {
            path.push(at);
            copy(d, e, path, is_list);
            path.pop();
        }
        if grows {
            for _ in n..LATER_FIELD {
                e.null().unwrap();
            }
            e.str("of a later program").unwrap();
        }
    }
    let mut out = Vec::new();
    copy(
        &mut Decoder::new(bytes),
        &mut Encoder::new(&mut out),
        &mut Vec::new(),
        is_list,
    );
    out
}

/// In a request: `versions`, `partitions`, each partition's key, its segments and carried chains with their segments.
fn is_list(path: &[u64]) -> bool {
    matches!(
        path,
        [0] | [2] | [2, _, 0] | [2, _, 4] | [2, _, 6] | [2, _, 6, _, 1]
    )
}

fn receipt() -> EventBody {
    EventBody::Received {
        bin: bin(1),
        goods: Goods::of(item(1)),
        quantity: units(2),
    }
}

#[tokio::test]
async fn every_range_that_shares_a_version_is_served_and_the_others_are_told_so() {
    let warehouse = Warehouse::new();
    let mut handheld = Handheld::enrol(&warehouse, "PDA 1", 1);
    let (oldest, newest) = protocol::VERSIONS;
    for (versions, served) in [
        ((oldest, oldest), true),
        ((oldest, newest), true),
        ((oldest, newest + 2), true),
        ((newest, newest + 7), true),
        ((newest + 1, newest + 3), false),
    ] {
        let request = SyncRequest {
            versions,
            ..handheld.request(Partition::Shared, NOW)
        };
        let (status, bytes) = post(&warehouse, handheld.token(), request.to_bytes()).await;
        assert_eq!(status == StatusCode::OK, served, "{versions:?}");
        match served {
            true => {
                let reply = SyncReply::from_bytes(&bytes).unwrap();
                assert!(
                    (versions.0..=versions.1).contains(&reply.version),
                    "{versions:?}"
                );
            }
            false => {
                let refusal = Refusal::from_bytes(&bytes).unwrap();
                assert_eq!(refusal.code, RefusalCode::VersionUnknown);
            }
        }
    }
}

#[tokio::test]
async fn fields_of_a_later_program_at_every_level_are_skipped_and_what_came_with_them_is_taken() {
    let warehouse = Warehouse::new();
    let mut handheld = Handheld::enrol(&warehouse, "PDA 1", 1);
    handheld.record(operator(1), receipt(), NOW);
    let request = handheld.request(Partition::Site(warehouse.site), NOW);
    assert!(!request.partitions[0].segments.is_empty());
    let later = with_later_fields(&request.to_bytes(), &is_list);
    assert!(
        later.len() > request.to_bytes().len() + 5 * 18,
        "every level grew"
    );
    assert_eq!(SyncRequest::from_bytes(&later), Ok(request));

    let (status, bytes) = post(&warehouse, handheld.token(), later).await;
    assert_eq!(status, StatusCode::OK);
    let reply = SyncReply::from_bytes(&bytes).unwrap();
    assert_eq!(reply.partitions[0].outcome, PushOutcome::Held);
    warehouse.hub.pump(NOW).unwrap();
    let hub = warehouse.hub.replica().lock().unwrap();
    assert_eq!(hub.query().event_count().unwrap(), 1);
    drop(hub);

    // And a reply: `partitions` and `renew`, each partition's key, its entries and what became of carried chains.
    let is_list = |path: &[u64]| matches!(path, [3] | [3, _, 0] | [3, _, 4] | [3, _, 6] | [4]);
    let later = with_later_fields(&bytes, &is_list);
    assert_eq!(SyncReply::from_bytes(&later), Ok(reply));
}

#[test]
fn an_outcome_of_a_later_program_leaves_the_rest_of_the_answer() {
    for (index, outcome) in [
        (0, PushOutcome::Held),
        (1, PushOutcome::Missing),
        (2, PushOutcome::Fork),
        (3, PushOutcome::Forged),
        (4, PushOutcome::Revoked),
        (5, PushOutcome::Later),
        (99_999, PushOutcome::Later),
    ] {
        let bytes = minicbor::to_vec(index).unwrap();
        assert_eq!(minicbor::decode::<PushOutcome>(&bytes).unwrap(), outcome);
    }
}
