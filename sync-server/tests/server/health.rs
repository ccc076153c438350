//! What watches over the server: alive, ready, figures.

use std::net::SocketAddr;

use crate::common::{Warehouse, story};
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use sync_server::tls::Peer;
use tower::ServiceExt;

async fn ask(
    warehouse: &Warehouse,
    path: &str,
    from: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, String) {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    let from: SocketAddr = from.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(Peer(from)));
    let answer = warehouse.router().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

const HERE: &str = "127.0.0.1:4000";

#[tokio::test]
async fn a_server_that_has_read_its_log_is_ready_until_it_stops() {
    let warehouse = Warehouse::new();
    story::tell(&warehouse);
    assert_eq!(
        ask(&warehouse, "/healthz", HERE, &[]).await,
        (StatusCode::OK, "ok".into())
    );
    let (status, body) = ask(&warehouse, "/readyz", "10.0.0.7:1", &[]).await;
    assert_eq!(
        (status, body.as_str()),
        (StatusCode::OK, r#"{"lacks":[],"ready":true}"#)
    );
    warehouse.app.close();
    let (status, body) = ask(&warehouse, "/readyz", HERE, &[]).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body, r#"{"lacks":["stopping"],"ready":false}"#);
}

#[tokio::test]
async fn the_figures_say_what_happened_and_only_to_this_machine() {
    let warehouse = Warehouse::new();
    story::tell(&warehouse);
    ask(&warehouse, "/sign-in", HERE, &[]).await;
    ask(&warehouse, "/sign-in/link/0123456789abcdef", HERE, &[]).await;
    ask(&warehouse, "/no-such-page", HERE, &[]).await;
    let (status, text) = ask(&warehouse, "/metrics", HERE, &[]).await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        "tallyman_requests_total{method=\"GET\",route=\"/sign-in\",status=\"200\"} 1",
        "tallyman_request_duration_seconds_count{method=\"GET\",route=\"/sign-in\"} 1",
        "route=\"/sign-in/link/{token}\"",
        "tallyman_devices 2",
        "tallyman_log_behind 0",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(
        !text.contains("0123456789abcdef"),
        "a token is among the figures"
    );
    assert!(!text.contains("no-such-page"), "strangers make figures");
    let now = warehouse.now();
    let open = warehouse.app.data(move |data| data.open_count(now));
    let open = open.await.unwrap();
    assert!(
        open > 0 && text.contains(&format!("tallyman_open_exceptions {open}\n")),
        "{text}"
    );
    for (from, headers) in [
        ("10.0.0.7:1", &[][..]),
        ("[2001:db8::1]:1", &[]),
        (HERE, &[("x-forwarded-for", "10.0.0.7")]),
        (HERE, &[("via", "1.1 proxy")]),
    ] {
        let (status, text) = ask(&warehouse, "/metrics", from, headers).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{from} {headers:?}");
        assert!(!text.contains("tallyman_"), "{from} {headers:?}");
    }
}
