//! What holds for every route: sign-in, headers, machine answers.

use crate::common::Warehouse;
use sync_server::store::accounts::Role;

/// Pages that show or change something; `tests/access.rs` asks every route there is.
const PAGES: [&str; 45] = [
    "/refused",
    "/quarantine",
    "/account",
    "/live",
    "/review",
    "/review/list",
    "/review/0000000000000000000000000000000000000000000000000000000000000000",
    "/stock",
    "/stock/plan",
    "/dashboards",
    "/items/suggest",
    "/items/00000000-0000-0000-0000-000000000000",
    "/bins/labels",
    "/bins/labels.pdf",
    "/bins/00000000-0000-0000-0000-000000000000",
    "/units/LP-1",
    "/blobs/0000000000000000000000000000000000000000000000000000000000000000",
    "/feed",
    "/feed/list",
    "/devices",
    "/people",
    "/people/00000000-0000-0000-0000-000000000000/rights",
    "/data",
    "/data/template/items.csv",
    "/data/import/0/errors.csv",
    "/stocktakes",
    "/stocktakes/new",
    "/stocktakes/00000000-0000-0000-0000-000000000000",
    "/stocktakes/00000000-0000-0000-0000-000000000000/progress",
    "/stocktakes/00000000-0000-0000-0000-000000000000/report",
    "/stocktakes/00000000-0000-0000-0000-000000000000/report/report.xlsx",
    "/stocktakes/00000000-0000-0000-0000-000000000000/report/report.pdf",
    "/data/import/0/columns",
    "/data/add/items",
    "/data/series/bins",
    "/imports",
    "/api-keys",
    "/webhooks",
    "/webhooks/1",
    "/imports/00000000000000000000000000000000",
    "/export/items.csv",
    "/export/bins.csv",
    "/export/stock.csv",
    "/export/events.csv",
    "/export/exceptions.csv",
];

const FORMS: [&str; 39] = [
    "/review/decide",
    "/review/undo",
    "/review/00/note",
    "/quarantine/00000000-0000-0000-0000-000000000000",
    "/sites",
    "/sign-out",
    "/account",
    "/review/fields",
    "/review/decisions/00/undo",
    "/review/00/resolve",
    "/devices/invite",
    "/devices/parcels",
    "/devices/00000000-0000-0000-0000-000000000000/revoke",
    "/devices/00000000-0000-0000-0000-000000000000/key",
    "/devices/00000000-0000-0000-0000-000000000000/site",
    "/devices/00000000-0000-0000-0000-000000000000/message",
    "/devices/00000000-0000-0000-0000-000000000000/settings",
    "/sites/00000000-0000-0000-0000-000000000000/window",
    "/sites/00000000-0000-0000-0000-000000000000/codes",
    "/sites/00000000-0000-0000-0000-000000000000/codes/try",
    "/sites/00000000-0000-0000-0000-000000000000/symbologies",
    "/people",
    "/people/00000000-0000-0000-0000-000000000000/active",
    "/people/00000000-0000-0000-0000-000000000000/rights",
    "/stocktakes",
    "/stocktakes/00000000-0000-0000-0000-000000000000/decide",
    "/stocktakes/00000000-0000-0000-0000-000000000000/close",
    "/data/import/0/apply",
    "/data/import/items/check",
    "/data/import/0/columns",
    "/data/add/items",
    "/data/series/bins",
    "/api-keys",
    "/api-keys/1/revoke",
    "/webhooks",
    "/webhooks/1/state",
    "/webhooks/1/secret",
    "/webhooks/1/again",
    "/imports/00000000000000000000000000000000/undo",
];

#[tokio::test]
async fn nothing_is_shown_without_an_account() {
    let warehouse = Warehouse::new();
    for path in PAGES {
        let answer = warehouse.visitor().get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.location().starts_with("/sign-in?to="), "{path}");
        assert!(answer.body.is_empty(), "{path}");
    }
    for path in FORMS {
        let answer = warehouse.visitor().post_raw(path, &[]).await;
        assert!(
            [400, 401, 403].contains(&answer.status.as_u16()),
            "{path}: {}",
            answer.status
        );
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    for path in [
        "/review",
        "/nowhere",
        "/healthz",
        "/assets/app.css",
        "/export/items.csv",
        "/api/v1/x",
    ] {
        let answer = browser.get(path).await;
        let header = |name: &str| answer.headers.get(name).map_or("", |v| v.to_str().unwrap());
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'self'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
        let expected = if path.starts_with("/assets/") {
            "public"
        } else {
            "no-store"
        };
        assert!(header("cache-control").starts_with(expected), "{path}");
    }
}

#[tokio::test]
async fn pages_hold_nothing_inline() {
    let warehouse = Warehouse::new();
    let _handhelds = crate::common::story::tell(&warehouse);
    let mut browser = warehouse.signed_in(Role::Admin).await;
    for path in [
        "/review", "/stock", "/feed", "/devices", "/data", "/people", "/account", "/sign-in",
    ] {
        let body = browser.get(path).await.body;
        for mark in ["style=\"", "<style", "onclick", "javascript:"] {
            assert!(!body.contains(mark), "{mark} on {path}");
        }
        assert_eq!(
            body.matches("<script").count(),
            body.matches("<script src=\"/assets/").count()
        );
    }
}

#[tokio::test]
async fn machines_get_a_stable_code() {
    let warehouse = Warehouse::new();
    let answer = warehouse.visitor().get("/api/v2/items").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.body, r#"{"code":"not-found"}"#);
}
