//! Live connections on a real socket: exchanges, what is pushed, what is refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::handheld::Handheld;
use crate::common::{Warehouse, bin, item, operator};
use documents::Partition;
use domain::{EventBody, Goods, Quantity};
use futures_util::{SinkExt, StreamExt};
use protocol::live::LIVE_PATH;
use protocol::{LIVE_PACKED_QUERY, LiveFrame, LivePacking, PushOutcome, SyncReply, SyncRequest};
use sync_core::Gather;
use sync_server::settings::{Settings, Transport};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;

type Socket = WebSocketStream<TcpStream>;

async fn serve(warehouse: &Warehouse) -> String {
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
    address.to_string()
}

fn request(address: &str, token: &str) -> Request {
    request_to(&format!("ws://{address}{LIVE_PATH}"), token)
}

fn request_to(url: &str, token: &str) -> Request {
    let mut request = url.into_client_request().unwrap();
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert("authorization", bearer);
    request
}

async fn connect(address: &str, device: &Handheld) -> Socket {
    open(address, request(address, device.token())).await
}

async fn open(address: &str, asked: Request) -> Socket {
    let stream = TcpStream::connect(address).await.unwrap();
    tokio_tungstenite::client_async(asked, stream)
        .await
        .unwrap()
        .0
}

async fn next(socket: &mut Socket) -> LiveFrame {
    loop {
        if let Message::Binary(bytes) = socket.next().await.unwrap().unwrap() {
            return LiveFrame::from_bytes(&bytes).unwrap();
        }
    }
}

fn gather(device: &mut Handheld) -> SyncRequest {
    let ask = Gather {
        push_after: BTreeMap::new(),
        carry: BTreeSet::new(),
        bytes_max: 1 << 20,
    };
    let gathered = exchange::gather(&mut device.replica, &ask, crate::common::NOW, "test").unwrap();
    SyncRequest {
        versions: protocol::VERSIONS,
        status: gathered.status,
        partitions: gathered.partitions.into_iter().map(Into::into).collect(),
        reply_bytes_max: 1 << 20,
    }
}

async fn ask(socket: &mut Socket, device: &mut Handheld) -> SyncReply {
    let bytes = gather(device).to_bytes();
    socket.send(Message::binary(bytes)).await.unwrap();
    match next(socket).await {
        LiveFrame::Reply(reply) => reply,
        other => panic!("{other:?}"),
    }
}

async fn exchange_on(socket: &mut Socket, device: &mut Handheld) {
    let reply = ask(socket, device).await;
    for part in reply.partitions {
        let done = device
            .replica
            .ingest(
                part.partition,
                reply.epoch,
                &part.entries,
                crate::common::NOW,
            )
            .unwrap();
        assert_eq!(done.rejected, None);
    }
}

fn received(n: i64) -> EventBody {
    EventBody::Received {
        bin: bin(1),
        goods: Goods::of(item(1)),
        quantity: Quantity::from_thousandths(1_000 * n),
    }
}

#[tokio::test]
async fn who_asks_for_packed_entries_gets_the_same_in_half_the_bytes() {
    let warehouse = Warehouse::new();
    let address = serve(&warehouse).await;
    let mut a = Handheld::enrol(&warehouse, "PDA 1", 21);
    let mut b = Handheld::enrol(&warehouse, "PDA 2", 22);
    let mut at_a = connect(&address, &a).await;
    let url = format!("ws://{address}{LIVE_PATH}?{LIVE_PACKED_QUERY}");
    let mut at_b = open(&address, request_to(&url, b.token())).await;
    exchange_on(&mut at_a, &mut a).await;
    exchange_on(&mut at_b, &mut b).await;
    let here = Partition::Site(warehouse.site);
    let mut packing = LivePacking::default();
    for n in 1..=6 {
        a.record(operator(1), received(n), crate::common::NOW);
        exchange_on(&mut at_a, &mut a).await;
        let LiveFrame::Packed(packed) = next(&mut at_b).await else {
            panic!("nothing packed was pushed")
        };
        let unpacked = packing.unpack(&packed).unwrap();
        assert_eq!(unpacked.partition, here);
        let position = exchange::position(&b.replica, here).unwrap();
        let pushed = unpacked.at(&position);
        assert!(pushed.after.is_at(&position));
        let plain = LiveFrame::Entries(pushed.clone()).to_bytes().len();
        // The first one stands alone.
        assert!(
            n == 1 || packed.len() * 2 < plain,
            "{} of {plain}",
            packed.len()
        );
        let done = b
            .replica
            .ingest(
                here,
                pushed.after.epoch,
                &pushed.entries,
                crate::common::NOW,
            )
            .unwrap();
        assert_eq!(done.rejected, None);
        if n == 3 {
            // An exchange in between, with work of its own, changes nothing about what both ends remember.
            b.record(operator(1), received(50), crate::common::NOW);
            exchange_on(&mut at_b, &mut b).await;
            next(&mut at_a).await;
            exchange_on(&mut at_a, &mut a).await;
        }
    }
    let events = |d: &Handheld| d.replica.query().event_count().unwrap();
    assert_eq!((events(&a), events(&b)), (7, 7));
}

#[tokio::test]
async fn an_event_of_one_device_is_pushed_to_the_others_and_follows_their_position() {
    let warehouse = Warehouse::new();
    let address = serve(&warehouse).await;
    let mut a = Handheld::enrol(&warehouse, "PDA 1", 21);
    let mut b = Handheld::enrol(&warehouse, "PDA 2", 22);
    let (mut at_a, mut at_b) = (connect(&address, &a).await, connect(&address, &b).await);
    exchange_on(&mut at_a, &mut a).await;
    exchange_on(&mut at_b, &mut b).await;
    for n in 1..=3 {
        a.record(operator(1), received(n), crate::common::NOW);
        exchange_on(&mut at_a, &mut a).await;
        let LiveFrame::Entries(pushed) = next(&mut at_b).await else {
            panic!("nothing was pushed")
        };
        let here = Partition::Site(warehouse.site);
        assert_eq!(pushed.partition, here);
        let cursor = b.replica.cursor(here).unwrap().unwrap();
        assert_eq!(pushed.after, exchange::position_of(cursor));
        assert!(LiveFrame::Entries(pushed.clone()).to_bytes().len() < 3_000);
        let done = b
            .replica
            .ingest(
                here,
                pushed.after.epoch,
                &pushed.entries,
                crate::common::NOW,
            )
            .unwrap();
        assert_eq!(done.rejected, None);
    }
    let (a, b) = (&a.replica, &b.replica);
    assert_eq!(
        a.state_hash(warehouse.site).unwrap(),
        b.state_hash(warehouse.site).unwrap()
    );
}

#[tokio::test]
async fn what_is_too_much_to_push_is_a_hint_and_said_once() {
    let warehouse = Warehouse::new();
    let address = serve(&warehouse).await;
    let mut a = Handheld::enrol(&warehouse, "PDA 1", 21);
    let mut b = Handheld::enrol(&warehouse, "PDA 2", 22);
    let mut at_b = connect(&address, &b).await;
    exchange_on(&mut at_b, &mut b).await;
    for _ in 0..2 {
        // Names compress badly enough to pass what is sent unasked.
        let name: String = (0..30_000_u32)
            .map(|n| char::from_u32(0x4e00 + n.wrapping_mul(2_654_435_761) % 20_000).unwrap())
            .collect();
        a.rename(item(2), &name, crate::common::NOW);
        a.sync(&warehouse, crate::common::NOW);
    }
    let LiveFrame::Hint(hint) = next(&mut at_b).await else {
        panic!("no hint")
    };
    assert_eq!(hint.partition, Partition::Shared);
    // The next thing said is the answer to a question.
    exchange_on(&mut at_b, &mut b).await;
    let cursor = b.replica.cursor(Partition::Shared).unwrap().unwrap();
    assert!(cursor.number >= hint.number);
}

#[tokio::test]
async fn a_revoked_device_is_told_to_ask_and_hears_nothing_more() {
    let warehouse = Warehouse::new();
    let address = serve(&warehouse).await;
    let mut a = Handheld::enrol(&warehouse, "PDA 1", 21);
    let mut at_a = connect(&address, &a).await;
    exchange_on(&mut at_a, &mut a).await;
    let device = a.replica.identity().unwrap().device;
    warehouse
        .hub
        .set_revoked(device, true, crate::common::NOW)
        .unwrap();
    let hinted = next(&mut at_a).await;
    assert!(matches!(hinted, LiveFrame::Hint(_)), "{hinted:?}");
    let reply = ask(&mut at_a, &mut a).await;
    assert!(
        reply
            .partitions
            .iter()
            .all(|p| p.outcome == PushOutcome::Revoked)
    );
}

#[tokio::test]
async fn a_wrong_token_and_a_request_that_is_none_are_refused() {
    let warehouse = Warehouse::new();
    let address = serve(&warehouse).await;
    let a = Handheld::enrol(&warehouse, "PDA 1", 21);
    let stream = TcpStream::connect(&address).await.unwrap();
    let refused = tokio_tungstenite::client_async(request(&address, "nobody"), stream).await;
    assert!(
        matches!(
            refused,
            Err(tokio_tungstenite::tungstenite::Error::Http(ref response)) if response.status() == 401
        ),
        "{refused:?}"
    );
    let mut at_a = connect(&address, &a).await;
    at_a.send(Message::binary(b"<html>".to_vec()))
        .await
        .unwrap();
    let answer = next(&mut at_a).await;
    assert!(matches!(answer, LiveFrame::Refused(_)), "{answer:?}");
}
