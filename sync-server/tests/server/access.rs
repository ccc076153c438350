//! Every route, asked by nobody, a viewer, a supervisor, an administrator and a supervisor of another site; the list of
//! routes is `access.rs`, which the router is held to.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::browser::{Answer, Browser};
use crate::common::handheld::Handheld;
use crate::common::{NOW, Warehouse, operator};
use documents::catalogue::Site;
use domain::SiteId;
use domain::rights::Grant;
use sync_server::access::{Needs, RULES, Rule};
use sync_server::auth::{Scope, accounts};
use sync_server::store::StoreError;
use sync_server::store::accounts::{Role, set_reach};
use sync_server::store::roles::{FOUR_EYES, set_setting};

const ELSEWHERE: SiteId = SiteId::from_bytes([8; 16]);

/// A warehouse with something of every kind at its first site, and a second site with nothing.
async fn scene() -> (Warehouse, BTreeMap<&'static str, String>) {
    let warehouse = Warehouse::new();
    let (_one, _two) = crate::common::story::tell(&warehouse);
    let third = Handheld::enrol(&warehouse, "手持 3 号", 3);
    drop(third);
    let site = Site {
        id: ELSEWHERE,
        code: "BJ2".into(),
        name_en: "Beijing depot".into(),
        name_zh: "北京二号仓".into(),
        time_zone: "Asia/Shanghai".into(),
    };
    warehouse.hub.create_site(&site, warehouse.now()).unwrap();
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let review = admin.get("/review").await.body;
    let devices = admin.get("/devices").await.body;
    let between = |text: &str, before: &str| -> String {
        let (_, rest) = text.split_once(before).expect(before);
        rest.split(['/', '"', '?']).next().unwrap().to_owned()
    };
    let exception = review
        .split("/review/")
        .map(|rest| rest.split(['/', '"', '?']).next().unwrap_or_default())
        .find(|id| id.len() == 64)
        .unwrap()
        .to_owned();
    // A person who works at the first site only.
    let grant = Grant {
        sites: Some([warehouse.site].into()),
        ..Grant::everything()
    };
    let now = warehouse.now();
    warehouse
        .app
        .data(move |data| data.grant(operator(1), &grant, now))
        .await
        .unwrap();
    // Each act is to be judged itself, not asked of a second person first.
    let alone: Result<(), StoreError> = warehouse.database.write(|t| {
        for act in sync_server::access::FOUR_EYES {
            set_setting(t, &format!("{FOUR_EYES}{act}"), "")?;
        }
        Ok(())
    });
    alone.unwrap();
    let blob = "ab".repeat(32);
    let ids = BTreeMap::from([
        ("/items/{id}", crate::common::item(1).to_string()),
        ("/bins/{id}", crate::common::bin(1).to_string()),
        ("/units/{id}", "LP-00017".to_owned()),
        ("/c/photos/{id}", blob.clone()),
        (
            "/c/deposits/{id}",
            "00000000-0000-0000-0000-000000000001".to_owned(),
        ),
        ("/blobs/{id}", blob),
        (
            "/custody/{id}",
            "00000000-0000-0000-0000-000000000001".to_owned(),
        ),
        (
            "/custody/people/{id}",
            "00000000-0000-0000-0000-000000000001".to_owned(),
        ),
        ("/custody/rules/{id}", warehouse.site.to_string()),
        ("/review/{id}", exception),
        (
            "/stocktakes/{id}",
            "00000000-0000-0000-0000-000000000001".to_owned(),
        ),
        ("/imports/{id}", "ab".repeat(16)),
        ("/api-keys/{id}", "999".to_owned()),
        ("/webhooks/{id}", "999".to_owned()),
        ("/review/decisions/{id}", "ab".repeat(32)),
        (
            "/devices/{id}",
            between(&devices, "action=\"/devices/").replace(
                "invite",
                &between(
                    devices.split_once("/devices/invite").unwrap().1,
                    "action=\"/devices/",
                ),
            ),
        ),
        ("/quarantine/{id}", "ab".repeat(16)),
        ("/people/{id}", operator(1).to_string()),
        ("/sites/{id}", warehouse.site.to_string()),
        ("/users/{id}", "1".to_owned()),
        ("/requests/{id}", "999".to_owned()),
    ]);
    (warehouse, ids)
}

/// An address of the route that leads to something at the first site.
fn address(rule: &Rule, ids: &BTreeMap<&str, String>) -> String {
    let filled = rule
        .path
        .replace("{name}", "app.css")
        .replace("{token}", &"ab".repeat(32))
        .replace("{list}", "stock.csv")
        .replace("{file}", "audit.jsonl")
        .replace("{decision}", &"ab".repeat(32));
    let filled = match rule.path {
        path if path.ends_with("/receipts/{file}") => {
            path.replace("{file}", &format!("{}.pdf", "ab".repeat(32)))
        }
        "/data/template/{kind}" => "/data/template/items.csv".to_owned(),
        path if path.contains("{kind}") => filled.replace("{kind}", "items"),
        _ => filled,
    };
    let root = filled.split("{id}").next().unwrap_or_default();
    match filled.contains("{id}") {
        true => {
            let id = &ids[format!("{root}{{id}}").as_str()];
            filled.replace("{id}", id)
        }
        false => filled,
    }
}

/// What each form needs to be understood; the rest is empty, and refused for that by whoever may send it.
fn fields(rule: &Rule) -> Vec<(&'static str, String)> {
    let text = |fields: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        fields.iter().map(|(k, v)| (*k, (*v).to_owned())).collect()
    };
    match rule.path {
        "/devices/{id}/message" => text(&[("text", "好")]),
        "/devices/{id}/name" => text(&[("name", "手持 3 号")]),
        "/devices/{id}/lock" => text(&[("locked", "yes")]),
        "/devices/{id}/site" => vec![("site", ELSEWHERE.to_string())],
        "/people/{id}/active" => text(&[("active", "yes")]),
        "/people/{id}/badge" => text(&[("choice", "new")]),
        "/people/{id}/pin" => text(&[("pin", "2468"), ("again", "2468")]),
        "/sites/{id}/window" => text(&[("days", "30")]),
        "/review/{id}/note" => text(&[("text", "x"), ("assign", ""), ("was_with", "")]),
        "/stocktakes/{id}/decide" => text(&[("do", "approve"), ("count", "x")]),
        "/stocktakes/{id}/close" => text(&[("reason", "x")]),
        "/review/{id}/resolve" => text(&[("choice", "dismiss"), ("seen", "x")]),
        "/quarantine/{id}" => text(&[("choice", "release"), ("reason", "x"), ("seen", "x")]),
        _ => Vec::new(),
    }
}

async fn ask(browser: &mut Browser, rule: &Rule, ids: &BTreeMap<&str, String>) -> Answer {
    let path = address(rule, ids);
    if rule.method == "GET" {
        return browser.get(&path).await;
    }
    let page = match browser.cookie("tm_session") {
        Some(_) => "/account",
        None => "/sign-in",
    };
    let token = browser.get(page).await.csrf();
    let mut all = vec![("csrf", token)];
    all.extend(fields(rule));
    let all: Vec<(&str, &str)> = all.iter().map(|(k, v)| (*k, v.as_str())).collect();
    browser.post_raw(&path, &all).await
}

/// Nobody is let in to a route that needs somebody.
fn is_shut(rule: &Rule, answer: &Answer) -> bool {
    match rule.method {
        "GET" => answer.status == 303 && answer.location().starts_with("/sign-in"),
        _ => answer.status == 401,
    }
}

#[tokio::test]
async fn every_route_answers_whom_the_list_says_and_nobody_else() {
    let (warehouse, ids) = scene().await;
    // The stream of changes ends by itself then.
    warehouse.app.close();
    for rule in RULES {
        let what = format!("{} {}", rule.method, rule.path);
        let nobody = ask(&mut warehouse.visitor(), rule, &ids).await;
        let is_open = rule.needs == Needs::Nothing;
        // Who has not given a password has no code to give.
        if rule.path != "/sign-in/code" {
            assert_eq!(
                is_shut(rule, &nobody),
                !is_open,
                "{what}: {}",
                nobody.status
            );
        }
        for role in Role::ALL {
            let mut browser = warehouse.signed_in(role).await;
            let answer = ask(&mut browser, rule, &ids).await;
            let may = match rule.needs {
                Needs::Nothing | Needs::Account => true,
                Needs::Right(right) | Needs::Everywhere(right) => role >= right.least(),
            };
            let what = format!("{what} as {}: {}", role.code(), answer.status);
            assert_eq!(answer.status == 403, !may, "{what}");
            // A server that is about to stop says that it is not ready.
            let broke = answer.status.is_server_error() && rule.path != "/readyz";
            assert!(!broke, "{what}");
            assert!(
                rule.path == "/sign-in/code" || !is_shut(rule, &answer),
                "{what}"
            );
        }
    }
}

/// Routes whose address names something of a site.
const OF_A_SITE: [&str; 38] = [
    "/custody/{id}",
    "/custody/{id}/labels.pdf",
    "/custody/{id}/withdraw",
    "/custody/{id}/extend",
    "/custody/{id}/dispose",
    "/custody/{id}/cancel",
    "/custody/rules/{id}",
    "/review/{id}/note",
    "/stocktakes/{id}",
    "/stocktakes/{id}/progress",
    "/stocktakes/{id}/report",
    "/stocktakes/{id}/report/{file}",
    "/stocktakes/{id}/decide",
    "/stocktakes/{id}/close",
    "/bins/{id}",
    "/units/{id}",
    "/review/{id}",
    "/review/{id}/resolve",
    "/devices/{id}",
    "/devices/{id}/revoke",
    "/devices/{id}/lock",
    "/devices/{id}/name",
    "/devices/{id}/key",
    "/devices/{id}/site",
    "/devices/{id}/message",
    "/devices/{id}/settings",
    "/people/{id}/active",
    "/people/{id}/badge",
    "/people/{id}/pin",
    "/people/{id}/rights",
    "/sites/{id}/window",
    "/sites/{id}/codes",
    "/sites/{id}/codes/try",
    "/sites/{id}/symbologies",
    "/quarantine/{id}",
    "/blobs/{id}",
    "/custody/receipts/{file}",
    "/review/decisions/{decision}/undo",
];

/// Not of a site: the organisation's items, one's own things, and what asks for sight of all sites anyway.
fn is_of_none(rule: &Rule) -> bool {
    let whole = matches!(
        rule.needs,
        Needs::Everywhere(_) | Needs::Nothing | Needs::Account
    );
    whole
        || !rule.path.contains('{')
        || rule.path == "/items/{id}"
        || rule.path.contains("{kind}")
        || rule.path.contains("{list}")
}

/// Words that stand at the first site only.
const OF_THE_FIRST: [&str; 9] = [
    "上海一号仓",
    "Shanghai depot",
    "A-01-1",
    "B-01-1",
    "R-01",
    "手持 1 号",
    "手持 2 号",
    "LP-00017",
    "X-4711",
];

#[tokio::test]
async fn to_who_sees_another_site_the_first_is_not_there() {
    let (warehouse, ids) = scene().await;
    warehouse.app.close();
    for role in [Role::Viewer, Role::Supervisor] {
        let mut browser = warehouse.signed_in(role).await;
        let name = format!("user-{}", role.code());
        let user = accounts::find(&warehouse.database, &name).unwrap();
        let scope = Scope::Only(BTreeSet::from([ELSEWHERE]));
        let set: Result<(), StoreError> = warehouse
            .database
            .write(|t| set_reach(t, user.id, role, &scope));
        set.unwrap();
        for rule in RULES {
            let answer = match rule.path {
                "/sign-out" => continue,
                _ => ask(&mut browser, rule, &ids).await,
            };
            let may = match rule.needs {
                Needs::Nothing | Needs::Account => true,
                Needs::Right(right) => role >= right.least(),
                Needs::Everywhere(_) => false,
            };
            let what = format!("{} {}: {}", rule.method, rule.path, answer.status);
            assert_eq!(answer.status == 403, !may, "{what}");
            assert!(
                is_of_none(rule) || OF_A_SITE.contains(&rule.path),
                "{what}: of a site or not?"
            );
            if may && OF_A_SITE.contains(&rule.path) {
                assert_eq!(answer.status, 404, "{what}");
            }
            // A page may say again what it was asked for.
            let asked = address(rule, &ids);
            for word in OF_THE_FIRST.iter().filter(|word| !asked.contains(**word)) {
                assert!(!answer.body.contains(word), "{word} in {what}");
            }
        }
    }
    // The very words that would have told are there for who sees all sites.
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let mut all = String::new();
    for path in [
        "/review",
        "/stock",
        "/feed",
        "/devices",
        "/data",
        "/export/bins.csv",
    ] {
        all.push_str(&admin.get(path).await.body);
    }
    admin.language = "en";
    all.push_str(&admin.get("/data").await.body);
    for word in OF_THE_FIRST {
        assert!(all.contains(word), "{word}");
    }
}

/// The router and the list name the same routes: whatever one has and the other lacks stands here by name.
#[test]
fn the_router_and_the_list_name_the_same_routes() {
    let source = include_str!("../../src/router.rs");
    let mut routed = BTreeSet::new();
    for part in source.split(".route(").skip(1) {
        let path = part.split('"').nth(1).unwrap();
        // To the end of this call: the next route, or the end of the function.
        let call = part.split("\n}").next().unwrap();
        let handler = call.split_once(path).unwrap().1;
        for (mark, method) in [
            ("get(", "GET"),
            ("post(", "POST"),
            ("put(", "PUT"),
            ("delete(", "DELETE"),
            ("check)", "POST"),
        ] {
            if handler.contains(mark) {
                routed.insert((method, path.to_owned()));
            }
        }
    }
    let listed: BTreeSet<(&str, String)> = RULES
        .iter()
        .map(|rule| (rule.method, rule.path.to_owned()))
        .collect();
    let lacking: Vec<_> = routed.symmetric_difference(&listed).collect();
    assert!(
        lacking.is_empty(),
        "only in router.rs or only in access.rs: {lacking:?}"
    );
}

/// A route that nobody has written a rule for answers nobody: see `guard.rs`.
#[tokio::test]
async fn other_methods_are_not_found() {
    let warehouse = Warehouse::new();
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let answer = admin.post_from("/account", "/stock", &[]).await;
    assert_eq!(answer.status, 404);
    assert_eq!(warehouse.now(), NOW);
}
