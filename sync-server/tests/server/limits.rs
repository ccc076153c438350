//! How much a device may ask and send, through the whole app.

use crate::common::handheld::Handheld;
use crate::common::{MINUTE, NOW, Warehouse, bin, item, operator, units};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use documents::{Partition, SigningKey};
use domain::{EventBody, Goods};
use protocol::bounds::{CARRIED_CHAINS_MAX, PARTITIONS_MAX};
use protocol::{
    BlobRequest, CarriedChain, EnrolReply, EnrolRequest, Refusal, RefusalCode, SyncReply,
    SyncRequest,
};
use sync_server::hub::Limits;
use sync_server::tls::Peer;
use tower::ServiceExt;

/// Sends a message from an address; the bytes of the answer, or of the refusal.
async fn post(
    router: &Router,
    path: &str,
    token: &str,
    address: &str,
    body: Vec<u8>,
) -> Result<Vec<u8>, Refusal> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body))
        .unwrap();
    // `CLIENT via PROXY`: what the client itself claims comes first, what the proxy saw last.
    let (client, peer) = address.split_once(" via ").unwrap_or(("", address));
    if !client.is_empty() {
        let named = format!("203.0.113.9, {client}").parse().unwrap();
        request.headers_mut().insert("x-forwarded-for", named);
    }
    let peer = Peer((peer.parse::<std::net::IpAddr>().unwrap(), 40_000).into());
    request.extensions_mut().insert(ConnectInfo(peer));
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
    if status == 200 {
        return Ok(bytes.to_vec());
    }
    let refusal = Refusal::from_bytes(&bytes).unwrap();
    assert_eq!(status, refusal.code.status());
    Err(refusal)
}

async fn sync(router: &Router, token: &str, request: &SyncRequest) -> Result<SyncReply, Refusal> {
    let bytes = post(
        router,
        protocol::SYNC_PATH,
        token,
        "10.0.0.5",
        request.to_bytes(),
    )
    .await?;
    Ok(SyncReply::from_bytes(&bytes).unwrap())
}

async fn enrol(router: &Router, address: &str, code: &str) -> Result<EnrolReply, Refusal> {
    let request = EnrolRequest::new(code, "PDA", &SigningKey::from_seed(&[70; 32]));
    let path = protocol::ENROL_PATH;
    let bytes = post(router, path, "", address, request.to_bytes()).await?;
    Ok(EnrolReply::from_bytes(&bytes).unwrap())
}

fn scan(device: &mut Handheld, n: i64) {
    let body = EventBody::Received {
        bin: bin(1),
        goods: Goods::of(item(1)),
        quantity: units(n),
    };
    device.record(operator(1), body, NOW);
}

/// The device takes in what the hub answered.
fn ingest(device: &mut Handheld, reply: SyncReply) {
    for part in reply.partitions {
        let done = device
            .replica
            .ingest(part.partition, reply.epoch, &part.entries, NOW)
            .unwrap();
        assert_eq!(done.rejected, None);
    }
}

#[tokio::test]
async fn a_request_that_names_too_much_is_refused_and_the_next_one_is_answered() {
    let warehouse = Warehouse::new();
    let router = warehouse.router();
    let mut device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let good = device.request(Partition::Shared, NOW);
    let mut partitions = good.clone();
    partitions.partitions = vec![good.partitions[0].clone(); PARTITIONS_MAX + 1];
    let mut chains = good.clone();
    let chain = CarriedChain {
        chain: domain::ChainId::from_bytes([1; 16]),
        segments: Vec::new(),
        certificate: None,
    };
    chains.partitions[0].carried = vec![chain; CARRIED_CHAINS_MAX + 1];
    for much in [partitions, chains] {
        let refused = sync(&router, device.token(), &much).await;
        assert_eq!(refused.unwrap_err().code, RefusalCode::TooLarge);
    }
    // So is a body that is not even read.
    for path in [protocol::SYNC_PATH, protocol::BLOB_PATH] {
        let body = vec![0; protocol::REQUEST_BYTES_MAX + 1];
        let refused = post(&router, path, device.token(), "10.0.0.5", body).await;
        assert_eq!(refused.unwrap_err().code, RefusalCode::TooLarge);
    }
    assert!(sync(&router, device.token(), &good).await.is_ok());
}

#[tokio::test]
async fn a_device_that_asks_too_often_waits_alone() {
    let warehouse = Warehouse::new();
    let router = warehouse.router_with(Limits {
        requests_per_second: 2,
        ..Limits::default()
    });
    let hasty = Handheld::enrol(&warehouse, "PDA 1", 1);
    let calm = Handheld::enrol(&warehouse, "PDA 2", 2);
    let ask = BlobRequest {
        versions: protocol::VERSIONS,
        ask: Vec::new(),
        chunk: None,
    };
    let send = async |device: &Handheld| {
        let bytes = ask.to_bytes();
        let path = protocol::BLOB_PATH;
        let answer = post(&router, path, device.token(), "10.0.0.5", bytes).await;
        answer.map(drop)
    };
    for _ in 0..20 {
        assert_eq!(send(&hasty).await, Ok(()));
    }
    let refused = send(&hasty).await.unwrap_err();
    assert_eq!(refused.code, RefusalCode::TooMany);
    assert_eq!(refused.retry_after_seconds, 1);
    assert_eq!(send(&calm).await, Ok(()));
    warehouse.pass(1_000);
    assert_eq!(send(&hasty).await, Ok(()));
    assert_eq!(send(&hasty).await, Ok(()));
    assert!(send(&hasty).await.is_err());
}

#[tokio::test]
async fn an_address_that_asks_too_often_or_guesses_waits_and_others_do_not() {
    let warehouse = Warehouse::new();
    let router = warehouse.router_with(Limits {
        requests_per_second_per_address: 100,
        ..Limits::default()
    });
    let code = warehouse
        .hub
        .invite(warehouse.site, "", warehouse.now())
        .unwrap();
    for n in 0..50 {
        let wrong = enrol(&router, "10.0.0.6", &format!("WRONG-{n:05}")).await;
        assert_eq!(wrong.unwrap_err().code, RefusalCode::EnrolCodeWrong);
    }
    // Even with the right code, until it has waited.
    let refused = enrol(&router, "10.0.0.6", &code).await.unwrap_err();
    assert_eq!(refused.code, RefusalCode::TooMany);
    assert!(
        (1..=16).contains(&refused.retry_after_seconds),
        "{refused:?}"
    );
    assert!(enrol(&router, "10.0.0.7", &code).await.is_ok());
    warehouse.pass(20_000);
    let used = enrol(&router, "10.0.0.6", &code).await.unwrap_err();
    assert_eq!(used.code, RefusalCode::EnrolCodeUsed);

    // Wrong tokens: told so for as long as a fleet would ask, then sent away.
    let ask = async |token: &str| {
        let path = protocol::BLOB_PATH;
        let bytes = BlobRequest {
            versions: protocol::VERSIONS,
            ask: Vec::new(),
            chunk: None,
        };
        post(&router, path, token, "10.0.0.8", bytes.to_bytes()).await
    };
    for n in 0..600 {
        let wrong = ask(&format!("{n:064x}")).await.unwrap_err();
        assert_eq!(wrong.code, RefusalCode::DeviceUnknown, "{n}");
    }
    let refused = ask("0").await.unwrap_err();
    assert_eq!(refused.code, RefusalCode::TooMany);
    let device = Handheld::enrol(&warehouse, "PDA 1", 1);
    assert!(ask(device.token()).await.is_ok(), "its token is right");
    for _ in 602..1_000 {
        assert!(ask(device.token()).await.is_ok());
    }
    let refused = ask(device.token()).await.unwrap_err();
    assert_eq!(refused.code, RefusalCode::TooMany, "of the address");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_address_has_its_own_limits() {
    let warehouse = Warehouse::new();
    let router = warehouse.router_behind(&["10.0.0.0/30"], Limits::default());
    let code = warehouse
        .hub
        .invite(warehouse.site, "", warehouse.now())
        .unwrap();
    let guess = async |address: &str, n: i32| {
        let wrong = enrol(&router, address, &format!("WRONG-{n:05}")).await;
        wrong.unwrap_err().code
    };
    for n in 0..50 {
        let said = guess("192.168.7.9 via 10.0.0.2", n).await;
        assert_eq!(said, RefusalCode::EnrolCodeWrong);
    }
    // It is the same one over another of our proxies, whatever it claims.
    for address in ["192.168.7.9 via 10.0.0.2", "192.168.7.9 via 10.0.0.3"] {
        assert_eq!(guess(address, 50).await, RefusalCode::TooMany, "{address}");
    }
    // Who is no proxy of ours is counted by its own address, whomever it names.
    for n in 0..50 {
        let said = guess(&format!("192.168.8.{n} via 10.0.0.4"), n).await;
        assert_eq!(said, RefusalCode::EnrolCodeWrong);
    }
    let said = guess("192.168.8.99 via 10.0.0.4", 50).await;
    assert_eq!(said, RefusalCode::TooMany);
    let neighbour = enrol(&router, "192.168.7.10 via 10.0.0.2", &code).await;
    assert!(neighbour.is_ok(), "{:?}", neighbour.err());
}

#[tokio::test]
async fn what_is_over_a_days_share_waits_on_the_device_and_is_taken_the_next_day() {
    let warehouse = Warehouse::new();
    let mut device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let mut other = Handheld::enrol(&warehouse, "PDA 2", 2);
    device.sync(&warehouse, NOW);
    for shares in [
        Limits {
            push_changes_per_day: 3,
            ..Limits::default()
        },
        Limits {
            push_mib_per_day: 0,
            ..Limits::default()
        },
    ] {
        let router = warehouse.router_with(shares);
        let here = Partition::Site(warehouse.site);
        for n in 1..=5 {
            scan(&mut device, n);
        }
        let request = device.request(here, NOW);
        let reply = sync(&router, device.token(), &request).await.unwrap();
        ingest(&mut device, reply);
        assert_eq!(device.replica.waiting().unwrap().events, 0);
        scan(&mut device, 6);
        let over = device.request(here, NOW);
        let refused = sync(&router, device.token(), &over).await.unwrap_err();
        assert_eq!(refused.code, RefusalCode::TooMany);
        assert_eq!(refused.retry_after_seconds, 600);
        assert_eq!(device.replica.waiting().unwrap().events, 1);
        // Reading goes on, and so do the others.
        let mut reading = over.clone();
        reading.partitions[0].segments.clear();
        assert!(sync(&router, device.token(), &reading).await.is_ok());
        scan(&mut other, 1);
        let request = other.request(here, NOW);
        let reply = sync(&router, other.token(), &request).await.unwrap();
        ingest(&mut other, reply);
        assert_eq!(other.replica.waiting().unwrap().events, 0);

        warehouse.pass(24 * 60 * MINUTE);
        let reply = sync(&router, device.token(), &over).await.unwrap();
        ingest(&mut device, reply);
        assert_eq!(device.replica.waiting().unwrap().events, 0);
        warehouse.pass(24 * 60 * MINUTE);
    }
}
