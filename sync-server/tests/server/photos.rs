//! Photos on the console: not here yet, small, whole; and what a browser is told about them.

use crate::common::handheld::Handheld;
use crate::common::{NOW, Warehouse, operator, story};
use axum::body::Body;
use axum::http::Request;
use documents::catalogue::Site;
use domain::{BlobKind, BlobRef, EventBody, EventHash, Goods, SiteId};
use protocol::{BlobChunk, BlobRequest, ChunkOutcome};
use sync_server::store::accounts::Role;
use tower::ServiceExt;

fn jpeg(n: u8, bytes: usize) -> Vec<u8> {
    let mut content = b"\xff\xd8\xff".to_vec();
    content.resize(bytes, n);
    content
}

struct Story {
    warehouse: Warehouse,
    handheld: Handheld,
    photo: (BlobRef, Vec<u8>),
    thumbnail: (BlobRef, Vec<u8>),
}

impl Story {
    /// Goods came in, and somebody took a photo of them, which has not been sent yet.
    fn new() -> Self {
        let warehouse = Warehouse::new();
        let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
        let goods = Goods::of(crate::common::item(1));
        let received = handheld.record(operator(1), story::received(1, goods, 5), NOW + 1);
        let named = |n, bytes, kind| {
            let content = jpeg(n, bytes);
            (BlobRef::of(&content, "image/jpeg", kind), content)
        };
        let story = Self {
            photo: named(1, 5_000, BlobKind::Photo),
            thumbnail: named(2, 900, BlobKind::Thumbnail),
            warehouse,
            handheld,
        };
        story.attached_to(received)
    }

    fn attached_to(mut self, to: EventHash) -> Self {
        let body = EventBody::Attached {
            to,
            blob: self.photo.0.clone(),
            thumbnail: Some(self.thumbnail.0.clone()),
        };
        self.handheld.record(operator(1), body, NOW + 2);
        self.handheld.sync(&self.warehouse, NOW + 3);
        self
    }

    fn send(&self, what: &(BlobRef, Vec<u8>)) {
        let request = BlobRequest {
            versions: protocol::VERSIONS,
            ask: Vec::new(),
            chunk: Some(BlobChunk {
                blob: what.0.clone(),
                offset: 0,
                bytes: what.1.clone(),
            }),
        };
        let hub = &self.warehouse.hub;
        let reply = hub.take_blob(self.handheld.token(), &request, NOW).unwrap();
        assert_eq!(reply.unwrap().outcome, Some(ChunkOutcome::Whole));
    }
}

#[tokio::test]
async fn a_photo_shows_as_it_comes_at_its_event_wherever_that_is_listed() {
    let story = Story::new();
    let mut browser = story.warehouse.signed_in(Role::Viewer).await;
    let item = format!("/items/{}", crate::common::item(1));
    let (small, whole) = (
        format!("src=\"/blobs/{}\"", story.thumbnail.0.id),
        format!("<a href=\"/blobs/{}\">", story.photo.0.id),
    );
    let pages = ["/feed", item.as_str()];
    for path in pages {
        let body = browser.get(path).await.body;
        assert!(body.contains("照片还未上传"), "{path}");
        assert!(!body.contains("/blobs/"), "{path}");
    }
    story.send(&story.thumbnail);
    for path in pages {
        let body = browser.get(path).await.body;
        assert!(
            body.contains(&small) && body.contains("大图还未上传"),
            "{path}"
        );
        assert!(!body.contains(&whole), "{path}");
    }
    story.send(&story.photo);
    for path in pages {
        let body = browser.get(path).await.body;
        assert!(body.contains(&small) && body.contains(&whole), "{path}");
        assert!(!body.contains("还未上传"), "{path}");
    }
    browser.language = "en";
    let feed = browser.get("/feed?kind=attached").await.body;
    assert!(feed.contains("Photo or document for: Received 5"), "{feed}");
}

#[tokio::test]
async fn the_picture_itself_is_for_those_who_are_signed_in_and_runs_nothing() {
    let story = Story::new();
    story.send(&story.photo);
    let path = format!("/blobs/{}", story.photo.0.id);
    let stranger = story.warehouse.visitor().get(&path).await;
    assert_eq!(stranger.status, 303);
    assert!(stranger.location().starts_with("/sign-in"));
    let mut browser = story.warehouse.signed_in(Role::Viewer).await;
    let answer = browser.get(&path).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.bytes, story.photo.1);
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("x-content-type-options", "nosniff"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ),
        ("cache-control", "private, max-age=31536000, immutable"),
        ("content-disposition", "inline"),
    ] {
        assert_eq!(answer.headers[name], value, "{name}");
    }
    for unknown in [
        format!("/blobs/{}", story.thumbnail.0.id),
        format!("/blobs/{}", story.photo.0.id.hex().to_uppercase()),
        "/blobs/..%2Fhub.db".to_owned(),
        "/blobs/incoming".to_owned(),
    ] {
        assert_eq!(browser.get(&unknown).await.status, 404, "{unknown}");
    }
}

#[tokio::test]
async fn a_card_of_the_review_queue_shows_the_photo_of_its_evidence() {
    let warehouse = Warehouse::new();
    let mut handheld = Handheld::enrol(&warehouse, "手持 1 号", 1);
    let issued = story::issued(1, Goods::of(crate::common::item(1)), 5);
    let issued = handheld.record(operator(1), issued, NOW + 1);
    let content = jpeg(1, 400);
    let story = Story {
        photo: (
            BlobRef::of(&content, "image/jpeg", BlobKind::Photo),
            content.clone(),
        ),
        thumbnail: (
            BlobRef::of(&content[..300], "image/jpeg", BlobKind::Thumbnail),
            content[..300].to_vec(),
        ),
        warehouse,
        handheld,
    }
    .attached_to(issued);
    story.send(&story.thumbnail);
    let mut browser = story.warehouse.signed_in(Role::Supervisor).await;
    let review = browser.get("/review").await.body;
    let picture = format!("src=\"/blobs/{}\"", story.thumbnail.0.id);
    assert!(review.contains(&picture), "{review}");
}

#[tokio::test]
async fn refused_uploads_show_on_the_list_of_devices() {
    let story = Story::new();
    let mut browser = story.warehouse.signed_in(Role::Admin).await;
    assert!(!browser.get("/devices").await.body.contains("次被拒绝"));
    let (blob, mut content) = story.photo.clone();
    content[9] ^= 1;
    let request = BlobRequest {
        versions: protocol::VERSIONS,
        ask: Vec::new(),
        chunk: Some(BlobChunk {
            blob,
            offset: 0,
            bytes: content,
        }),
    };
    let hub = &story.warehouse.hub;
    let reply = hub
        .take_blob(story.handheld.token(), &request, NOW)
        .unwrap();
    assert_eq!(reply.unwrap().outcome, Some(ChunkOutcome::HashWrong));
    let page = browser.get("/devices").await.body;
    assert!(page.contains("1 次被拒绝"), "{page}");
    let page = browser.get("/refused").await.body;
    assert!(page.contains("照片在传送中损坏"), "{page}");
}

#[tokio::test]
async fn a_key_of_one_site_gets_the_photos_of_that_site_only() {
    let story = Story::new();
    story.send(&story.photo);
    let elsewhere = Site {
        id: SiteId::from_bytes([7; 16]),
        code: "GZ".into(),
        name_en: "Guangzhou".into(),
        name_zh: "广州".into(),
        time_zone: "Asia/Shanghai".into(),
    };
    let hub = &story.warehouse.hub;
    hub.create_site(&elsewhere, NOW).unwrap();
    let mut admin = story.warehouse.signed_in(Role::Admin).await;
    let here = story.warehouse.site.to_string();
    let there = elsewhere.id.to_string();
    for (sites, status) in [
        (vec![], 200),
        (vec![here.as_str()], 200),
        (vec![there.as_str()], 404),
        (vec![there.as_str(), here.as_str()], 200),
    ] {
        let mut fields = vec![("name", "ERP"), ("days", "30"), ("scope", "blobs-read")];
        fields.extend(sites.iter().map(|site| ("site", *site)));
        let made = admin.post_from("/api-keys", "/api-keys", &fields).await;
        let (_, key) = made.body.split_once("tallyman_").expect("a key");
        let request = Request::get(format!("/api/v1/blobs/{}", story.photo.0.id))
            .header("authorization", format!("Bearer tallyman_{}", &key[..64]))
            .body(Body::empty())
            .unwrap();
        let answer = story.warehouse.router().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), status, "{sites:?}");
    }
}
