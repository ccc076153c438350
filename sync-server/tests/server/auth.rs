//! Signing in and out, forms, one-time links, roles.

use crate::common::{MINUTE, PASSWORD, Warehouse};
use axum::http::header;
use sync_server::auth::accounts;
use sync_server::store::accounts::Role;

const HOUR: i64 = 60 * MINUTE;

#[tokio::test]
async fn the_right_password_opens_the_page_that_was_asked_for() {
    let warehouse = Warehouse::new();
    warehouse.add_user("Chen", Role::Supervisor);
    let mut browser = warehouse.visitor();
    let asked = browser.get("/stock?by=item").await;
    assert_eq!(asked.location(), "/sign-in?to=%2Fstock%3Fby%3Ditem");
    let door = browser.get(asked.location()).await;
    let to = door.field("to");
    assert_eq!(to, "/stock?by=item");
    let fields = [("name", "chen"), ("password", PASSWORD), ("to", &to)];
    let answer = browser.post_from("/sign-in", "/sign-in", &fields).await;
    assert_eq!(
        (answer.status.as_u16(), answer.location()),
        (303, "/stock?by=item")
    );
    let cookie = answer.headers[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .to_owned();
    for part in ["tm_session=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(browser.get("/stock").await.status, 200);
    let out = browser.post_from("/stock", "/sign-out", &[]).await;
    assert_eq!(out.location(), "/sign-in");
    assert_eq!(browser.get("/stock").await.status, 303);
}

#[tokio::test]
async fn a_wrong_password_says_no_more_than_that_and_soon_has_to_wait() {
    let warehouse = Warehouse::new();
    warehouse.add_user("chen", Role::Admin);
    let mut browser = warehouse.visitor();
    for name in ["chen", "nobody"] {
        let fields = [("name", name), ("password", "wrong password")];
        let answer = browser.post_from("/sign-in", "/sign-in", &fields).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("用户名或密码不正确"));
    }
    for _ in 0..4 {
        let fields = [("name", "CHEN"), ("password", "wrong password")];
        browser.post_from("/sign-in", "/sign-in", &fields).await;
    }
    let right = [("name", "chen"), ("password", PASSWORD)];
    let answer = browser.post_from("/sign-in", "/sign-in", &right).await;
    assert_eq!(answer.status, 429);
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    assert!(answer.body.contains("15 分钟"), "{}", answer.body);
    warehouse.pass(16 * MINUTE);
    let answer = browser.post_from("/sign-in", "/sign-in", &right).await;
    assert_eq!(answer.status, 303);
}

#[tokio::test]
async fn a_form_without_its_token_is_refused() {
    let warehouse = Warehouse::new();
    warehouse.add_user("chen", Role::Admin);
    let mut browser = warehouse.visitor();
    let fields = [("name", "chen"), ("password", PASSWORD)];
    let answer = browser.post_raw("/sign-in", &fields).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("wrong-form-token"));
    let mut other = warehouse.visitor();
    let token = other.get("/sign-in").await.csrf();
    browser.get("/sign-in").await;
    let stolen = [("csrf", token.as_str()), fields[0], fields[1]];
    assert_eq!(browser.post_raw("/sign-in", &stolen).await.status, 403);
    let mut chen = warehouse.signed_in(Role::Admin).await;
    for path in ["/sign-out", "/people", "/devices/invite", "/review/fields"] {
        let answer = chen.post_raw(path, &[("csrf", "0")]).await;
        assert_eq!(answer.status, 403, "{path}");
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_in_any_case_after_a_week() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    for _ in 0..15 {
        warehouse.pass(11 * HOUR);
        assert_eq!(browser.get("/stock").await.status, 200);
    }
    warehouse.pass(11 * HOUR);
    assert_eq!(browser.get("/stock").await.status, 303, "a week has passed");
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    warehouse.pass(13 * HOUR);
    assert_eq!(browser.get("/stock").await.status, 303, "idle for too long");
}

#[tokio::test]
async fn a_one_time_link_works_once_and_looking_does_not_use_it_up() {
    let warehouse = Warehouse::new();
    warehouse.add_user("chen", Role::Supervisor);
    let user = accounts::find(&warehouse.database, "chen").unwrap();
    let make = |to: &str| {
        let token = accounts::make_link(&warehouse.database, Some(user.id), to, warehouse.now());
        format!("/sign-in/link/{}", token.unwrap().secret())
    };
    let link = make("/review?kind=negative-stock");
    let mut browser = warehouse.visitor();
    for _ in 0..2 {
        let look = browser.get(&link).await;
        assert_eq!(look.status, 200);
        assert!(look.body.contains("只能使用一次"));
    }
    let mut second = browser.clone();
    let entered = browser.post_from(&link, &link, &[]).await;
    assert_eq!(entered.location(), "/review?kind=negative-stock");
    assert_eq!(browser.get("/review").await.status, 200);
    assert_eq!(second.get(&link).await.status, 410);
    let late = make("/");
    warehouse.pass(31 * MINUTE);
    assert_eq!(second.get(&late).await.status, 410);
    let off = accounts::make_link(&warehouse.database, Some(user.id), "//evil.example", 0);
    assert!(off.is_err());
}

#[tokio::test]
async fn the_first_account_is_made_by_link_and_is_an_admin() {
    let warehouse = Warehouse::new();
    let token = accounts::make_link(&warehouse.database, None, "/", warehouse.now()).unwrap();
    let link = format!("/setup/{}", token.secret());
    let mut browser = warehouse.visitor();
    for (password, again, words) in [
        ("short", "short", "至少 8 个字符"),
        (PASSWORD, "something else", "两次输入的密码不同"),
    ] {
        let fields = [("name", "陈主管"), ("password", password), ("again", again)];
        let answer = browser.post_from(&link, &link, &fields).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(words), "{}", answer.body);
    }
    let fields = [
        ("name", "陈主管"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let answer = browser.post_from(&link, &link, &fields).await;
    assert_eq!(answer.status, 303);
    assert!(
        browser
            .get("/devices")
            .await
            .body
            .contains("/devices/invite")
    );
    assert_eq!(warehouse.visitor().get(&link).await.status, 410);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let warehouse = Warehouse::new();
    let mut browser = warehouse.signed_in(Role::Viewer).await;
    let mut elsewhere = warehouse.signed_in(Role::Viewer).await;
    let wrong = [
        ("old", "nonsense!"),
        ("password", "new password"),
        ("again", "new password"),
    ];
    let answer = browser.post_from("/account", "/account", &wrong).await;
    assert_eq!(answer.status, 422);
    let right = [
        ("old", PASSWORD),
        ("password", "new password"),
        ("again", "new password"),
    ];
    let answer = browser.post_from("/account", "/account", &right).await;
    assert_eq!(answer.location(), "/account?done=password");
    assert_eq!(browser.get("/account?done=password").await.status, 200);
    assert_eq!(elsewhere.get("/stock").await.status, 303);
}

#[tokio::test]
async fn each_role_may_do_what_it_may() {
    let warehouse = Warehouse::new();
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    let person = [("name", "赵六"), ("pin", "4711")];
    let answer = viewer.post_from("/account", "/people", &person).await;
    assert_eq!(answer.status, 403);
    let answer = supervisor.post_from("/people", "/people", &person).await;
    assert_eq!(answer.location(), "/people?done=person");
    let device = [("name", "手持 9")];
    let answer = supervisor
        .post_from("/account", "/devices/invite", &device)
        .await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("无权"));
}
