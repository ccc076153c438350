//! Webhooks against a listener on loopback that fails, hangs, says 410, and takes what it is given.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{MINUTE, Warehouse};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use sync_server::store::accounts::Role;
use sync_server::webhooks::{self, signatures};

/// What the listener answers next, and what it was sent.
#[derive(Clone, Default)]
struct Listener {
    answers: Arc<Mutex<VecDeque<u16>>>,
    heard: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

/// Does not answer at all.
const HANG: u16 = 0;

async fn hear(State(listener): State<Listener>, headers: HeaderMap, body: String) -> StatusCode {
    listener.heard.lock().unwrap().push((headers, body));
    let answer = listener.answers.lock().unwrap().pop_front().unwrap_or(204);
    if answer == HANG {
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    StatusCode::from_u16(answer).unwrap()
}

impl Listener {
    async fn start() -> (Self, String) {
        let listener = Self::default();
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", socket.local_addr().unwrap());
        let routes = Router::new()
            .route("/hook", post(hear))
            .with_state(listener.clone());
        tokio::spawn(async move { axum::serve(socket, routes).await });
        (listener, url)
    }

    fn answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    fn ids(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        let id =
            |(headers, _): &(HeaderMap, String)| headers["webhook-id"].to_str().unwrap().to_owned();
        heard.iter().map(id).collect()
    }
}

/// Makes a webhook on the console; returns its secret.
async fn subscribe(warehouse: &Warehouse, url: &str, kinds: &[&str]) -> String {
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let mut fields = vec![("name", "ERP"), ("url", url)];
    fields.extend(kinds.iter().map(|kind| ("kind", *kind)));
    let made = admin.post_from("/webhooks", "/webhooks", &fields).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let (_, rest) = made.body.split_once("whsec_").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

/// Opening stock on the console: one received event each.
async fn receive(warehouse: &Warehouse, times: usize) {
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    for _ in 0..times {
        let fields = [("bin", "A-01-1"), ("sku", "WR-0250"), ("quantity", "1")];
        let saved = browser
            .post_from("/data/add/stock", "/data/add/stock", &fields)
            .await;
        assert_eq!(saved.status, 303, "{}", saved.body);
        warehouse.hub.pump(warehouse.now()).unwrap();
    }
}

async fn rounds(warehouse: &Warehouse, n: usize) {
    for _ in 0..n {
        webhooks::round(&warehouse.app).await.unwrap();
    }
}

fn allow_loopback(warehouse: &Warehouse) {
    warehouse
        .app
        .webhooks()
        .allow(vec!["127.0.0.0/8".parse().unwrap()]);
}

#[tokio::test]
async fn events_arrive_signed_in_order_once_and_only_those_asked_for() {
    let warehouse = Warehouse::new();
    allow_loopback(&warehouse);
    receive(&warehouse, 1).await;
    let (listener, url) = Listener::start().await;
    let secret = subscribe(&warehouse, &url, &["received"]).await;
    let (other, other_url) = Listener::start().await;
    subscribe(&warehouse, &other_url, &["issued"]).await;
    receive(&warehouse, 3).await;
    rounds(&warehouse, 6).await;

    let heard = listener.heard.lock().unwrap().clone();
    assert_eq!(
        heard.len(),
        3,
        "what came before the subscription is not sent"
    );
    assert!(other.ids().is_empty(), "it did not ask for these");
    let secret = data_encoding::BASE64.decode(secret.as_bytes()).unwrap();
    for (headers, body) in &heard {
        let header = |name: &str| headers[name].to_str().unwrap();
        let at: i64 = header("webhook-timestamp").parse().unwrap();
        let expected = signatures(&[&secret], header("webhook-id"), at * 1_000, body);
        assert_eq!(header("webhook-signature"), expected);
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(
            (&body["type"], &body["data"]["quantity"]),
            (&"event.received".into(), &"1".into())
        );
    }
    let mut ids = listener.ids();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each once");
    let numbers: Vec<String> = heard
        .iter()
        .map(|(_, b)| b.split("\"at\":").nth(1).unwrap()[..26].to_owned())
        .collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}

#[tokio::test]
async fn what_fails_or_hangs_is_tried_again_in_order_and_given_up_after_a_day() {
    let warehouse = Warehouse::new();
    allow_loopback(&warehouse);
    warehouse
        .app
        .webhooks()
        .set_timeout(Duration::from_millis(300));
    let (listener, url) = Listener::start().await;
    subscribe(&warehouse, &url, &[]).await;
    receive(&warehouse, 2).await;
    listener.answer(&[500, HANG, 302]);
    rounds(&warehouse, 3).await;
    assert_eq!(listener.ids().len(), 1, "it waits before it tries again");
    for tried in 2..=3 {
        warehouse.pass(3 * MINUTE);
        rounds(&warehouse, 2).await;
        let ids = listener.ids();
        assert_eq!(ids.len(), tried);
        assert!(
            ids.iter().all(|id| *id == ids[0]),
            "nothing overtakes: {ids:?}"
        );
    }
    warehouse.pass(3 * MINUTE);
    rounds(&warehouse, 3).await;
    let ids = listener.ids();
    assert_eq!(ids.len(), 5, "both have arrived");
    assert_ne!(ids[3], ids[4]);

    // One that never answers is given up, and the next one goes on.
    receive(&warehouse, 2).await;
    listener.answer(&[500; 9]);
    for _ in 0..9 {
        rounds(&warehouse, 1).await;
        warehouse.pass(16 * 60 * MINUTE);
    }
    rounds(&warehouse, 2).await;
    assert_eq!(listener.ids().len(), 5 + 9 + 1);
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let page = admin.get("/webhooks/1").await.body;
    assert!(
        page.contains("已放弃") && page.contains("回答 500"),
        "{page}"
    );
    let again = admin
        .post_from("/webhooks/1", "/webhooks/1/again", &[])
        .await;
    assert_eq!(again.status, 303);
    rounds(&warehouse, 2).await;
    let ids = listener.ids();
    assert_eq!(ids.len(), 16);
    assert_eq!(ids[15], ids[5], "the one that was given up");
    assert!(!admin.get("/webhooks/1").await.body.contains("回答 500"));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_and_nothing_is_lost() {
    let warehouse = Warehouse::new();
    allow_loopback(&warehouse);
    let (listener, url) = Listener::start().await;
    subscribe(&warehouse, &url, &[]).await;
    receive(&warehouse, 1).await;
    listener.answer(&[410]);
    rounds(&warehouse, 2).await;
    receive(&warehouse, 1).await;
    warehouse.pass(24 * 60 * MINUTE);
    rounds(&warehouse, 3).await;
    assert_eq!(listener.ids().len(), 1);
    let mut admin = warehouse.signed_in(Role::Admin).await;
    assert!(admin.get("/webhooks").await.body.contains("接收方已撤"));
    admin
        .post_from("/webhooks/1", "/webhooks/1/state", &[("state", "on")])
        .await;
    rounds(&warehouse, 3).await;
    assert_eq!(
        listener.ids().len(),
        3,
        "what waited and what came meanwhile"
    );
}

#[tokio::test]
async fn both_secrets_sign_for_a_day_after_a_new_one() {
    let warehouse = Warehouse::new();
    allow_loopback(&warehouse);
    let (listener, url) = Listener::start().await;
    let old = subscribe(&warehouse, &url, &[]).await;
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let page = admin
        .post_from("/webhooks/1", "/webhooks/1/secret", &[])
        .await
        .body;
    assert!(page.contains("whsec_") && !page.contains(&old));
    for signatures in [2, 1] {
        receive(&warehouse, 1).await;
        rounds(&warehouse, 2).await;
        let heard = listener.heard.lock().unwrap();
        let last = heard.last().unwrap().0["webhook-signature"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(last.split(' ').count(), signatures, "{last}");
        drop(heard);
        warehouse.pass(25 * 60 * MINUTE);
    }
}

#[tokio::test]
async fn nobody_points_the_server_at_its_own_network() {
    let warehouse = Warehouse::new();
    let (listener, url) = Listener::start().await;
    let mut admin = warehouse.signed_in(Role::Admin).await;
    for (url, words) in [
        (url.as_str(), "专用网络"),
        ("https://169.254.169.254/latest", "专用网络"),
        ("https://localhost/", "专用网络"),
        ("ftp://example.com/", "https://"),
        ("https://user:secret@example.com/", "https://"),
    ] {
        let fields = [("name", "x"), ("url", url)];
        let refused = admin.post_from("/webhooks", "/webhooks", &fields).await;
        assert_eq!(refused.status, 422, "{url}");
        assert!(refused.body.contains(words), "{url}: {}", refused.body);
    }
    // What was allowed once and is no more is not gone to either.
    allow_loopback(&warehouse);
    subscribe(&warehouse, &url, &[]).await;
    warehouse.app.webhooks().allow(Vec::new());
    receive(&warehouse, 1).await;
    rounds(&warehouse, 2).await;
    assert!(listener.ids().is_empty());
    assert!(admin.get("/webhooks/1").await.body.contains("专用网络"));
    for role in [Role::Viewer, Role::Supervisor] {
        let mut browser = warehouse.signed_in(role).await;
        assert_eq!(browser.get("/webhooks").await.status, 403);
    }
}

#[tokio::test]
async fn two_nodes_deliver_each_event_once() {
    let warehouse = Warehouse::new();
    allow_loopback(&warehouse);
    let (listener, url) = Listener::start().await;
    subscribe(&warehouse, &url, &[]).await;
    receive(&warehouse, 5).await;
    for _ in 0..6 {
        let (a, b) = tokio::join!(
            webhooks::round(&warehouse.app),
            webhooks::round(&warehouse.app)
        );
        a.unwrap();
        b.unwrap();
    }
    let ids = listener.ids();
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!((ids.len(), unique.len()), (5, 5));
}
