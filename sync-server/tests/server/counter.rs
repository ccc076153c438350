//! A device that only counts, over the real router: enrolment, sync, what is pushed to it, and the page of devices.

use crate::common::handheld::Handheld;
use crate::common::{Warehouse, bin, item, operator};
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use documents::Partition;
use domain::{EventBody, Goods, Quantity};
use futures_util::{SinkExt, StreamExt};
use protocol::live::LIVE_PATH;
use protocol::{
    Becomes, ENROL_PATH, EnrolRequest, LIVE_PACKED_QUERY, LiveFrame, Refusal, RefusalCode,
    SYNC_PATH, SyncReply,
};
use sync_server::settings::{Settings, Transport};
use sync_server::store::accounts::Role;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tower::ServiceExt;

const LOT: &str = "LOT-ZEBRA-7731";

async fn post(warehouse: &Warehouse, path: &str, token: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body))
        .unwrap();
    let answer = warehouse.router().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = to_bytes(answer.into_body(), 8 << 20).await.unwrap();
    (status, bytes.to_vec())
}

fn received() -> EventBody {
    EventBody::Received {
        bin: bin(1),
        goods: Goods {
            lot: Some(LOT.into()),
            ..Goods::of(item(1))
        },
        quantity: Quantity::from_thousandths(7_731_113),
    }
}

fn tells(bytes: &[u8]) -> bool {
    bytes.windows(LOT.len()).any(|w| w == LOT.as_bytes())
}

/// Asks for the site's log over HTTP, and takes it in.
async fn sync(warehouse: &Warehouse, device: &mut Handheld) -> Vec<u8> {
    let mut heard = Vec::new();
    for partition in [Partition::Shared, Partition::Site(warehouse.site)] {
        let asked = device.request(partition, warehouse.now()).to_bytes();
        let token = device.token().to_owned();
        let (status, bytes) = post(warehouse, SYNC_PATH, &token, asked).await;
        assert_eq!(status, StatusCode::OK);
        let mut reply = SyncReply::from_bytes(&bytes).unwrap();
        exchange::snapshot::take_offers(&mut device.replica, &mut reply).unwrap();
        for part in reply.partitions {
            let done = device
                .replica
                .ingest(part.partition, reply.epoch, &part.entries, warehouse.now())
                .unwrap();
            assert_eq!(done.rejected, None);
        }
        heard.extend(bytes);
    }
    heard
}

#[tokio::test]
async fn over_http_a_counter_gets_the_log_without_events() {
    let warehouse = Warehouse::new();
    let mut other = Handheld::enrol(&warehouse, "PDA 1", 1);
    let mut counter = Handheld::enrol_counter(&warehouse, "PDA 2", 2);
    let now = warehouse.now();
    other.record(operator(1), received(), now);
    other.sync(&warehouse, now);
    let heard = sync(&warehouse, &mut counter).await;
    let mut third = Handheld::enrol(&warehouse, "PDA 3", 3);
    assert!(!tells(&heard));
    let here = Partition::Site(warehouse.site);
    assert!(counter.replica.query().bin_count(warehouse.site).unwrap() > 0);
    assert_eq!(counter.replica.query().event_count().unwrap(), 0);
    third.sync(&warehouse, now);
    let cursor = |device: &Handheld| device.replica.cursor(here).unwrap().unwrap().number;
    assert_eq!(cursor(&counter), cursor(&third));
    assert!(third.replica.query().event_count().unwrap() > 0);

    // Its own word reaches the book.
    warehouse.pass(crate::common::MINUTE);
    let now = warehouse.now();
    let count = EventBody::Counted {
        bin: bin(1),
        lines: Vec::new(),
        whole_bin: true,
    };
    counter.record(operator(2), count, now);
    sync(&warehouse, &mut counter).await;
    warehouse.hub.pump(now).unwrap();
    sync(&warehouse, &mut counter).await;
    assert_eq!(counter.replica.waiting().unwrap().total(), 0);
    let hub = warehouse.hub.replica().lock().unwrap();
    let found = hub.query().exceptions(&Default::default(), 10).unwrap();
    let book = |q: Option<Quantity>| q.map(Quantity::thousandths);
    assert!(
        found
            .iter()
            .any(|e| book(e.finding.book) == Some(7_731_113))
    );
}

#[tokio::test]
async fn a_live_line_tells_a_counter_to_ask_and_pushes_it_no_entries() {
    let warehouse = Warehouse::new();
    let mut other = Handheld::enrol(&warehouse, "PDA 1", 1);
    let mut counter = Handheld::enrol_counter(&warehouse, "PDA 2", 2);
    sync(&warehouse, &mut counter).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = Settings {
        data: warehouse.folder.path().to_owned(),
        listen: address,
        transport: Transport::PlainOnLoopback,
    };
    let app = warehouse.app.clone();
    tokio::spawn(async move {
        let never = std::future::pending();
        sync_server::serve(&settings, app, listener, None, never).await
    });
    for query in ["".to_owned(), format!("?{LIVE_PACKED_QUERY}")] {
        let url = format!("ws://{address}{LIVE_PATH}{query}");
        let mut asked = url.into_client_request().unwrap();
        let bearer = format!("Bearer {}", counter.token()).parse().unwrap();
        asked.headers_mut().insert("authorization", bearer);
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut socket, _) = tokio_tungstenite::client_async(asked, stream)
            .await
            .unwrap();
        let here = Partition::Site(warehouse.site);
        let mut next = async |ask: Option<Vec<u8>>| {
            if let Some(ask) = ask {
                socket.send(Message::binary(ask)).await.unwrap();
            }
            loop {
                if let Message::Binary(bytes) = socket.next().await.unwrap().unwrap() {
                    assert!(!tells(&bytes));
                    return LiveFrame::from_bytes(&bytes).unwrap();
                }
            }
        };
        let request = counter.request(here, warehouse.now()).to_bytes();
        let LiveFrame::Reply(reply) = next(Some(request)).await else {
            panic!("no reply")
        };
        for part in reply.partitions {
            let entries = &part.entries;
            let done = counter
                .replica
                .ingest(here, reply.epoch, entries, warehouse.now());
            assert_eq!(done.unwrap().rejected, None);
        }
        other.record(operator(1), received(), warehouse.now());
        other.sync(&warehouse, warehouse.now());
        match next(None).await {
            LiveFrame::Hint(hint) => assert_eq!(hint.partition, here),
            other => panic!("{other:?}"),
        }
        let request = counter.request(here, warehouse.now()).to_bytes();
        let LiveFrame::Reply(reply) = next(Some(request)).await else {
            panic!("no reply")
        };
        let part = &reply.partitions[0];
        assert!(part.entries.iter().all(|entry| entry.extract.is_some()));
        let entries = &part.entries;
        let done = counter
            .replica
            .ingest(here, reply.epoch, entries, warehouse.now());
        assert_eq!(done.unwrap().rejected, None);
    }
}

#[tokio::test]
async fn the_console_makes_counters_and_says_which_they_are() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Admin).await;
    let fields = [("name", "盘点 1"), ("counter", "yes")];
    let page = browser
        .post_from("/devices", "/devices/invite", &fields)
        .await;
    assert_eq!(page.status, 201);
    assert!(page.body.contains("此加入码用于盘点机"), "{}", page.body);
    let code = page.body.split("class=\"secret\">").nth(1).unwrap();
    let code = code.split('<').next().unwrap();
    let key = documents::SigningKey::from_seed(&[5; 32]);
    let request = EnrolRequest::new(code, "", &key);
    let used = Becomes {
        counter: false,
        other: true,
    };
    for (request, status, refusal) in [
        (request.clone(), 426, RefusalCode::VersionUnknown),
        (
            request.clone().becoming(used),
            409,
            RefusalCode::RoleRefused,
        ),
    ] {
        let (said, bytes) = post(&warehouse, ENROL_PATH, "", request.to_bytes()).await;
        assert_eq!(said, status);
        assert_eq!(Refusal::from_bytes(&bytes).unwrap().code, refusal);
    }
    let fresh = Becomes {
        counter: true,
        other: true,
    };
    let request = request.becoming(fresh).to_bytes();
    let (status, _) = post(&warehouse, ENROL_PATH, "", request).await;
    assert_eq!(status, 200);
    warehouse.hub.pump(warehouse.now()).unwrap();
    warehouse.app.announce_change();
    let page = browser.get("/devices").await.body;
    assert!(page.contains(">盘点机</span>"), "{page}");
    let refused = browser.get("/refused").await.body;
    assert!(refused.contains("加入码的设备类型不符"), "{refused}");
}
