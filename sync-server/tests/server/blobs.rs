//! Photos from handhelds: chunk by chunk through the whole app.

use crate::common::handheld::Handheld;
use crate::common::{NOW, Warehouse};
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use domain::{BlobKind, BlobRef};
use protocol::{
    BlobChunk, BlobGet, BlobPart, BlobReply, BlobRequest, ChunkOutcome, Refusal, RefusalCode,
};
use sync_server::hub::{DAY_BYTES_MAX, Hub};
use sync_server::store::hub_blobs;
use tower::ServiceExt;

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
    (
        status,
        to_bytes(answer.into_body(), 1 << 20)
            .await
            .unwrap()
            .to_vec(),
    )
}

async fn send(
    warehouse: &Warehouse,
    device: &Handheld,
    request: &BlobRequest,
) -> Result<BlobReply, RefusalCode> {
    let (status, bytes) = post(
        warehouse,
        protocol::BLOB_PATH,
        device.token(),
        request.to_bytes(),
    )
    .await;
    if status == StatusCode::OK {
        return Ok(BlobReply::from_bytes(&bytes).unwrap());
    }
    let refusal = Refusal::from_bytes(&bytes).unwrap();
    assert_eq!(status.as_u16(), refusal.code.status());
    Err(refusal.code)
}

fn photo(bytes: usize) -> (BlobRef, Vec<u8>) {
    let mut content = b"\xff\xd8\xff".to_vec();
    content.extend((3..bytes).map(|n| (n % 251) as u8));
    (
        BlobRef::of(&content, "image/jpeg", BlobKind::Photo),
        content,
    )
}

fn piece(blob: &BlobRef, content: &[u8], from: usize, to: usize) -> BlobRequest {
    BlobRequest {
        versions: protocol::VERSIONS,
        ask: Vec::new(),
        chunk: Some(BlobChunk {
            blob: blob.clone(),
            offset: from as u64,
            bytes: content[from..to].to_vec(),
        }),
    }
}

fn ask(blob: &BlobRef) -> BlobRequest {
    BlobRequest {
        versions: protocol::VERSIONS,
        ask: vec![blob.id],
        chunk: None,
    }
}

#[tokio::test]
async fn an_upload_that_was_cut_goes_on_where_it_was_also_after_a_restart() {
    let warehouse = Warehouse::new();
    let device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let (blob, content) = photo(1_000);
    let reply = send(&warehouse, &device, &piece(&blob, &content, 0, 400))
        .await
        .unwrap();
    assert_eq!(
        (reply.outcome, reply.held),
        (Some(ChunkOutcome::Taken), vec![(blob.id, 400)])
    );
    // The answer was lost: the same chunk again does no harm, and the hub says from where to go on.
    let reply = send(&warehouse, &device, &piece(&blob, &content, 0, 400))
        .await
        .unwrap();
    assert_eq!(
        (reply.outcome, reply.held),
        (Some(ChunkOutcome::Elsewhere), vec![(blob.id, 400)])
    );
    let again = Hub::open(warehouse.folder.path(), warehouse.database.clone(), NOW).unwrap();
    assert!(again.whole_blob(blob.id).unwrap().is_none());
    assert_eq!(
        send(&warehouse, &device, &ask(&blob)).await.unwrap().held,
        [(blob.id, 400)]
    );
    let reply = send(&warehouse, &device, &piece(&blob, &content, 400, 1_000))
        .await
        .unwrap();
    assert_eq!(
        (reply.outcome, reply.held),
        (Some(ChunkOutcome::Whole), vec![(blob.id, 1_000)])
    );
    let hex = blob.id.hex();
    let file = warehouse
        .folder
        .path()
        .join("blobs")
        .join(&hex[..2])
        .join(&hex);
    assert_eq!(std::fs::read(file).unwrap(), content);
    // Whoever sends it again, also another device, is told that it is there.
    let other = Handheld::enrol(&warehouse, "PDA 2", 2);
    let reply = send(&warehouse, &other, &piece(&blob, &content, 0, 10))
        .await
        .unwrap();
    assert_eq!(reply.outcome, Some(ChunkOutcome::Whole));
    let get = BlobGet {
        versions: protocol::VERSIONS,
        id: blob.id,
        offset: 990,
        bytes_max: 100,
    };
    let (status, bytes) = post(
        &warehouse,
        protocol::BLOB_GET_PATH,
        other.token(),
        get.to_bytes(),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    let part = BlobPart::from_bytes(&bytes).unwrap();
    assert_eq!((part.size, part.bytes), (1_000, content[990..].to_vec()));
}

#[tokio::test]
async fn a_photo_whose_file_was_lost_is_wanted_again_and_a_file_without_its_row_is_not() {
    let warehouse = Warehouse::new();
    let device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let (blob, content) = photo(500);
    send(&warehouse, &device, &piece(&blob, &content, 0, 500))
        .await
        .unwrap();
    let hex = blob.id.hex();
    let file = warehouse
        .folder
        .path()
        .join("blobs")
        .join(&hex[..2])
        .join(&hex);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(
        send(&warehouse, &device, &ask(&blob)).await.unwrap().held,
        [(blob.id, 0)]
    );
    let reply = send(&warehouse, &device, &piece(&blob, &content, 0, 500))
        .await
        .unwrap();
    assert_eq!(reply.outcome, Some(ChunkOutcome::Whole));
    assert_eq!(std::fs::read(&file).unwrap(), content);

    // The server died between the file and the row.
    let (other, content) = photo(600);
    let hex = other.id.hex();
    let folder = warehouse.folder.path().join("blobs").join(&hex[..2]);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(&hex), &content).unwrap();
    assert_eq!(
        send(&warehouse, &device, &ask(&other)).await.unwrap().held,
        [(other.id, 0)]
    );
    let reply = send(&warehouse, &device, &piece(&other, &content, 0, 10))
        .await
        .unwrap();
    assert_eq!(
        (reply.outcome, reply.held),
        (Some(ChunkOutcome::Whole), vec![(other.id, 600)])
    );
}

#[tokio::test]
async fn wrong_content_is_dropped_counted_and_may_be_sent_again() {
    let warehouse = Warehouse::new();
    let device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let id = device.replica.identity().unwrap().device;
    let (blob, content) = photo(100);
    let mut wrong = content.clone();
    wrong[50] ^= 1;
    let reply = send(&warehouse, &device, &piece(&blob, &wrong, 0, 100))
        .await
        .unwrap();
    assert_eq!(
        (reply.outcome, reply.held),
        (Some(ChunkOutcome::HashWrong), vec![(blob.id, 0)])
    );
    let refused = warehouse.hub.refusals(NOW).unwrap().remove(0);
    assert_eq!(
        (refused.device, refused.times, refused.cause.as_str()),
        (Some(id), 1, "blob-hash-wrong")
    );
    let reply = send(&warehouse, &device, &piece(&blob, &content, 0, 100))
        .await
        .unwrap();
    assert_eq!(reply.outcome, Some(ChunkOutcome::Whole));

    let page = b"<html><script>1</script>".to_vec();
    for (media, kind, outcome) in [
        ("text/html", BlobKind::Document, ChunkOutcome::MediaRefused),
        ("image/png", BlobKind::Photo, ChunkOutcome::MediaRefused),
    ] {
        let blob = BlobRef::of(&page, media, kind);
        let reply = send(&warehouse, &device, &piece(&blob, &page, 0, page.len()))
            .await
            .unwrap();
        assert_eq!(reply.outcome, Some(outcome), "{media}");
        assert!(warehouse.hub.whole_blob(blob.id).unwrap().is_none());
    }
}

#[tokio::test]
async fn what_is_too_large_or_too_much_is_refused_before_anything_is_kept() {
    let warehouse = Warehouse::new();
    let device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let id = device.replica.identity().unwrap().device;
    let (blob, content) = photo(100);
    for (size, kind) in [
        (protocol::BLOB_BYTES_MAX + 1, BlobKind::Photo),
        (u64::MAX, BlobKind::Photo),
        (protocol::THUMBNAIL_BYTES_MAX + 1, BlobKind::Thumbnail),
    ] {
        let large = BlobRef {
            size,
            kind,
            ..blob.clone()
        };
        let reply = send(&warehouse, &device, &piece(&large, &content, 0, 100))
            .await
            .unwrap();
        assert_eq!(reply.outcome, Some(ChunkOutcome::TooLarge));
        assert_eq!(reply.held, [(blob.id, 0)]);
    }
    // A chunk that passes its blob's end, or begins far outside, is no message.
    for (offset, size) in [(50, 100), (u64::MAX, 100), (0, 99)] {
        let mut request = piece(&blob, &content, 0, 100);
        let chunk = request.chunk.as_mut().unwrap();
        (chunk.offset, chunk.blob.size) = (offset, size);
        let refused = send(&warehouse, &device, &request).await;
        assert_eq!(refused.unwrap_err(), RefusalCode::Malformed);
    }
    let body = vec![0u8; protocol::CHUNK_BYTES_MAX + (65 << 10)];
    let (status, _) = post(&warehouse, protocol::BLOB_PATH, device.token(), body).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);

    let much = BlobRef {
        size: DAY_BYTES_MAX - 50,
        ..photo(101).0
    };
    warehouse
        .database
        .write(|t| hub_blobs::put(t, &much, id, NOW))
        .unwrap();
    let reply = send(&warehouse, &device, &piece(&blob, &content, 0, 100))
        .await
        .unwrap();
    assert_eq!(reply.outcome, Some(ChunkOutcome::QuotaReached));
    warehouse.pass(24 * 60 * crate::common::MINUTE);
    let reply = send(&warehouse, &device, &piece(&blob, &content, 0, 100))
        .await
        .unwrap();
    assert_eq!(reply.outcome, Some(ChunkOutcome::Whole));
}

#[tokio::test]
async fn strangers_and_revoked_devices_neither_send_nor_get() {
    let warehouse = Warehouse::new();
    let device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let (blob, content) = photo(100);
    let first = piece(&blob, &content, 0, 60);
    send(&warehouse, &device, &first).await.unwrap();
    let id = device.replica.identity().unwrap().device;
    warehouse.hub.set_revoked(id, true, NOW).unwrap();
    let get = BlobGet {
        versions: protocol::VERSIONS,
        id: blob.id,
        offset: 0,
        bytes_max: 9,
    };
    for token in [device.token(), "", "0000"] {
        for (path, body) in [
            (
                protocol::BLOB_PATH,
                piece(&blob, &content, 60, 100).to_bytes(),
            ),
            (protocol::BLOB_GET_PATH, get.to_bytes()),
        ] {
            let (status, bytes) = post(&warehouse, path, token, body).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
            assert_eq!(
                Refusal::from_bytes(&bytes).unwrap().code,
                RefusalCode::DeviceUnknown
            );
        }
    }
    warehouse.hub.set_revoked(id, false, NOW).unwrap();
    let reply = send(&warehouse, &device, &piece(&blob, &content, 60, 100))
        .await
        .unwrap();
    assert_eq!(reply.outcome, Some(ChunkOutcome::Whole));
}

#[tokio::test]
async fn noise_is_refused_and_a_photo_that_no_one_has_is_told() {
    let warehouse = Warehouse::new();
    let device = Handheld::enrol(&warehouse, "PDA 1", 1);
    for body in [Vec::new(), b"<html>".to_vec(), vec![0xff; 1_000]] {
        for path in [protocol::BLOB_PATH, protocol::BLOB_GET_PATH] {
            let (status, bytes) = post(&warehouse, path, device.token(), body.clone()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST);
            assert_eq!(
                Refusal::from_bytes(&bytes).unwrap().code,
                RefusalCode::Malformed
            );
        }
    }
    let (blob, _) = photo(9);
    let get = BlobGet {
        versions: protocol::VERSIONS,
        id: blob.id,
        offset: 0,
        bytes_max: 9,
    };
    let (_, bytes) = post(
        &warehouse,
        protocol::BLOB_GET_PATH,
        device.token(),
        get.to_bytes(),
    )
    .await;
    assert_eq!(BlobPart::from_bytes(&bytes).unwrap().size, 0);
    let many = BlobRequest {
        ask: vec![blob.id; protocol::BLOB_ASK_MAX + 1],
        ..ask(&blob)
    };
    assert_eq!(
        send(&warehouse, &device, &many).await.unwrap_err(),
        RefusalCode::Malformed
    );
    let later = BlobRequest {
        versions: (9, 9),
        ..ask(&blob)
    };
    assert_eq!(
        send(&warehouse, &device, &later).await.unwrap_err(),
        RefusalCode::VersionUnknown
    );
}
