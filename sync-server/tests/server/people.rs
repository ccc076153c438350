//! Accounts, second factors, sign-ins, badges and PINs, second persons, and the audit trail of all that.

use crate::common::browser::{Answer, Browser};
use crate::common::{MINUTE, PASSWORD, Warehouse, operator};
use sync_server::audit::verify;
use sync_server::auth::accounts;
use sync_server::store::accounts::Role;
use sync_server::store::audit::{Entry, Filter, search};
use sync_server::store::{StoreError, roles, totp};
use totp_rs::Builder;

/// What the authenticator of an account shows.
fn code(warehouse: &Warehouse, name: &str) -> String {
    let user = accounts::find(&warehouse.database, name).unwrap();
    let found: Result<_, StoreError> = warehouse.database.read(|c| totp::find(c, user.id));
    let generator = Builder::new()
        .with_secret(found.unwrap().unwrap().bytes.to_vec())
        .build()
        .unwrap();
    let seconds = u64::try_from(warehouse.now() / 1_000).unwrap();
    generator.generate(seconds).to_string()
}

fn entries(warehouse: &Warehouse, act: &str) -> Vec<Entry> {
    let filter = Filter {
        act: act.to_owned(),
        ..Filter::default()
    };
    let found: Result<_, StoreError> = warehouse.database.read(|c| search(c, &filter, 100));
    found.unwrap()
}

async fn sign_in(warehouse: &Warehouse, name: &str) -> (Browser, Answer) {
    let mut browser = warehouse.visitor();
    let fields = [("name", name), ("password", PASSWORD), ("to", "/stock")];
    let answer = browser.post_from("/sign-in", "/sign-in", &fields).await;
    (browser, answer)
}

/// Sets the second factor up; returns the recovery codes.
async fn set_up(warehouse: &Warehouse, browser: &mut Browser, name: &str) -> Vec<String> {
    let begun = browser.post_from("/account", "/account/totp", &[]).await;
    assert_eq!(begun.location(), "/account?done=totp-begun");
    assert!(browser.get("/account").await.body.contains("<svg"));
    let wrong = browser
        .post_from("/account", "/account/totp/confirm", &[("code", "000000")])
        .await;
    assert_eq!(wrong.status, 422);
    let typed = code(warehouse, name);
    let done = browser
        .post_from("/account", "/account/totp/confirm", &[("code", &typed)])
        .await;
    assert_eq!(done.status, 200);
    let codes = done.body.split("<li class=\"code\">").skip(1);
    codes
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_second_factor_is_asked_for_once_it_is_set_up() {
    let warehouse = Warehouse::new();
    warehouse.add_user("chen", Role::Supervisor);
    let (mut browser, _) = sign_in(&warehouse, "chen").await;
    let recovery = set_up(&warehouse, &mut browser, "chen").await;
    assert_eq!(recovery.len(), 10);
    warehouse.pass(MINUTE);

    let (mut other, answer) = sign_in(&warehouse, "chen").await;
    assert_eq!(answer.location(), "/sign-in/code?to=%2Fstock");
    assert_eq!(
        other.get("/stock").await.status,
        303,
        "half of it opens nothing"
    );
    let to = answer.location().to_owned();
    let wrong = other
        .post_from(&to, "/sign-in/code", &[("code", "123456")])
        .await;
    assert_eq!(wrong.status, 422);
    let typed = code(&warehouse, "chen");
    let fields = [("code", typed.as_str()), ("to", "/stock")];
    let right = other.post_from(&to, "/sign-in/code", &fields).await;
    assert_eq!(right.location(), "/stock");
    assert_eq!(other.get("/stock").await.status, 200);

    // The same code opens nothing a second time; a recovery code does, once.
    let (mut third, _) = sign_in(&warehouse, "chen").await;
    let again = third.post_from(&to, "/sign-in/code", &fields).await;
    assert_eq!(again.status, 422);
    let lost = [("code", recovery[0].as_str()), ("to", "/stock")];
    assert_eq!(
        third.post_from(&to, "/sign-in/code", &lost).await.status,
        303
    );
    let (mut fourth, _) = sign_in(&warehouse, "chen").await;
    assert_eq!(
        fourth.post_from(&to, "/sign-in/code", &lost).await.status,
        422
    );

    // Guessing has to wait, and the trail knows of it all but of no secret.
    for _ in 0..4 {
        fourth
            .post_from(&to, "/sign-in/code", &[("code", "111111")])
            .await;
    }
    let waits = fourth.post_from(&to, "/sign-in/code", &fields).await;
    assert_eq!(waits.status, 429);
    let tried = entries(&warehouse, "sign-in.code");
    assert!(
        tried
            .iter()
            .any(|e| e.outcome == "refused" && e.who == "chen")
    );
    assert!(tried.iter().any(|e| e.outcome == "done"));
    let all = format!("{:?}", entries(&warehouse, ""));
    for secret in [typed.as_str(), &recovery[0], PASSWORD] {
        assert!(!all.contains(secret));
    }
}

#[tokio::test]
async fn administrators_can_be_held_to_a_second_factor() {
    let warehouse = Warehouse::new();
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let rules = [("totp", "yes"), ("limit", "")];
    let first = admin.post_from("/roles", "/roles/rules", &rules).await;
    assert_eq!(first.status, 422, "one's own comes first");
    set_up(&warehouse, &mut admin, "user-admin").await;
    let set = admin.post_from("/roles", "/roles/rules", &rules).await;
    assert_eq!(set.location(), "/roles?done=saved");
    warehouse.add_user("li", Role::Admin);
    let (mut li, _) = sign_in(&warehouse, "li").await;
    assert_eq!(li.get("/stock").await.location(), "/account?need=totp");
    let refused = li.post_from("/account", "/sites", &[]).await;
    assert_eq!(refused.status, 403);
    set_up(&warehouse, &mut li, "li").await;
    assert_eq!(li.get("/stock").await.status, 200);
    let (mut viewer, _) = {
        warehouse.add_user("wang", Role::Viewer);
        sign_in(&warehouse, "wang").await
    };
    assert_eq!(viewer.get("/stock").await.status, 200);
}

#[tokio::test]
async fn an_account_is_made_reset_and_closed() {
    let warehouse = Warehouse::new();
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let site = warehouse.site.to_string();
    let nowhere = [("name", "zhao"), ("role", "supervisor"), ("scope", "some")];
    let answer = admin.post_from("/users", "/users", &nowhere).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("value=\"zhao\""),
        "what was typed stays"
    );
    let fields = [nowhere[0], nowhere[1], nowhere[2], ("site", site.as_str())];
    let made = admin.post_from("/users", "/users", &fields).await;
    assert_eq!(made.status, 201);
    let link = |answer: &Answer| -> String {
        let (_, rest) = answer.body.split_once("http://127.0.0.1:8080").unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    let mut zhao = warehouse.visitor();
    let door = link(&made);
    assert_eq!(
        zhao.post_from(&door, &door, &[]).await.location(),
        "/account"
    );
    let password = [("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(
        zhao.post_from("/account", "/account", &password)
            .await
            .status,
        303
    );

    let id = accounts::find(&warehouse.database, "zhao").unwrap().id;
    let page = format!("/users/{id}");
    let sessions = format!("{page}/sessions");
    let listed = admin.get(&page).await.body;
    assert!(listed.contains(&sessions));
    admin.post_from(&page, &sessions, &[]).await;
    assert_eq!(
        zhao.get("/stock").await.status,
        303,
        "signed out everywhere"
    );

    let reset = admin.post_from(&page, &format!("{page}/reset"), &[]).await;
    assert_eq!(reset.status, 201);
    let (_, old) = sign_in(&warehouse, "zhao").await;
    assert_eq!(old.status, 422, "the old password is gone");
    let off = format!("{page}/disable");
    admin.post_from(&page, &off, &[("disabled", "yes")]).await;
    let spent = warehouse.visitor().get(&link(&reset)).await;
    assert_eq!(spent.status, 410);

    // Nobody closes the last door behind them.
    let own = accounts::find(&warehouse.database, "user-admin")
        .unwrap()
        .id;
    let own = format!("/users/{own}");
    for (path, fields) in [
        (format!("{own}/disable"), [("disabled", "yes")]),
        (own.clone(), [("role", "viewer")]),
    ] {
        assert_eq!(
            admin.post_from(&own, &path, &fields).await.status,
            422,
            "{path}"
        );
    }
    let trail = admin.get("/audit").await.body;
    for word in ["zhao", "一次性链接", "创建帐号"] {
        assert!(trail.contains(word), "{word}");
    }
    let token = link(&made).rsplit('/').next().unwrap().to_owned();
    assert!(!trail.contains(&token));
}

#[tokio::test]
async fn a_role_has_the_rights_that_the_grid_says_on_page_and_form_alike() {
    let warehouse = Warehouse::new();
    let _handhelds = crate::common::story::tell(&warehouse);
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    assert!(
        supervisor
            .get("/people")
            .await
            .body
            .contains("action=\"/people\"")
    );
    // Only to see people is left to supervisors, and viewers may not even do that.
    let grid = [
        ("right", "supervisor people.see"),
        ("right", "supervisor review.see"),
    ];
    let saved = admin.post_from("/roles", "/roles", &grid).await;
    assert_eq!(saved.location(), "/roles?done=saved");
    let page = supervisor.get("/people").await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("action=\"/people\""));
    let refused = supervisor
        .post_from("/account", "/people", &[("name", "x"), ("pin", "1234")])
        .await;
    assert_eq!(refused.status, 403);
    assert_eq!(supervisor.get("/stock").await.status, 403);
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    assert_eq!(viewer.get("/people").await.status, 403);
    assert_eq!(admin.get("/people").await.status, 200);
    let refused = entries(&warehouse, "people.add");
    assert_eq!(
        (refused[0].outcome.as_str(), refused[0].who.as_str()),
        ("refused", "user-supervisor")
    );
}

#[tokio::test]
async fn a_badge_and_a_pin_are_given_and_taken_and_never_shown_to_others() {
    let warehouse = Warehouse::new();
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    let page = format!("/people/{}/badge", operator(1));
    let shown = supervisor.get(&page).await;
    assert!(shown.body.contains("id-card") && shown.body.contains("<svg"));
    supervisor
        .post_from(&page, &page, &[("choice", "new")])
        .await;
    let badge = warehouse
        .app
        .data(|data| data.badge(operator(1)))
        .await
        .unwrap()
        .badge;
    assert!(badge.starts_with("TM") && badge.len() == 14, "{badge}");
    let taken = [("choice", "scanned"), ("code", "B-2")];
    assert_eq!(supervisor.post_from(&page, &page, &taken).await.status, 422);
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    assert!(!viewer.get("/people").await.body.contains(&badge));

    let pin = format!("/people/{}/pin", operator(1));
    for (fields, status) in [
        ([("pin", "123"), ("again", "123")], 422),
        ([("pin", "12a4"), ("again", "12a4")], 422),
        ([("pin", "1234"), ("again", "1235")], 422),
        ([("pin", "97531"), ("again", "97531")], 303),
    ] {
        let answer = supervisor.post_from(&page, &pin, &fields).await;
        assert_eq!(answer.status, status, "{fields:?}");
        assert!(!answer.body.contains("97531"));
    }
    assert!(
        warehouse
            .app
            .data(|data| data.badge(operator(1)))
            .await
            .unwrap()
            .has_pin
    );
    supervisor.post_from(&page, &pin, &[("none", "yes")]).await;
    assert!(
        !warehouse
            .app
            .data(|data| data.badge(operator(1)))
            .await
            .unwrap()
            .has_pin
    );
    let kept = format!("{:?}", entries(&warehouse, ""));
    assert!(!kept.contains("97531") && !kept.contains(&badge));
    assert_eq!(entries(&warehouse, "people.pin").len(), 5);
}

/// The id of the first handheld.
async fn device(admin: &mut Browser) -> String {
    let page = admin.get("/devices").await.body;
    let (before, _) = page.split_once("/revoke\"").unwrap();
    before.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn two_people_revoke_a_device_and_never_one() {
    let warehouse = Warehouse::new();
    let _handhelds = crate::common::story::tell(&warehouse);
    let mut first = warehouse.signed_in(Role::Admin).await;
    let id = device(&mut first).await;
    let set: Result<(), StoreError> = warehouse
        .database
        .write(|t| roles::set_setting(t, &format!("{}device.revoke", roles::FOUR_EYES), "yes"));
    set.unwrap();
    let revoke = format!("/devices/{id}/revoke");
    let stale = first.post_raw(&revoke, &[("csrf", "x")]).await;
    assert_eq!(stale.status, 403, "nothing is asked for without the token");
    let asked = first.post_from("/devices", &revoke, &[]).await;
    assert_eq!(asked.location(), "/requests?done=second");
    let is_revoked = || warehouse.hub.devices().unwrap().iter().any(|d| d.revoked);
    assert!(!is_revoked());
    assert!(first.get("/review").await.body.contains("/requests"));
    // The one who asked is no second person, and a supervisor may not revoke.
    let own = [("choice", "approve")];
    assert_eq!(
        first
            .post_from("/requests", "/requests/1", &own)
            .await
            .status,
        403
    );
    let mut supervisor = warehouse.signed_in(Role::Supervisor).await;
    assert_eq!(
        supervisor
            .post_from("/requests", "/requests/1", &own)
            .await
            .status,
        404
    );
    warehouse.add_user("li", Role::Admin);
    let (mut second, _) = sign_in(&warehouse, "li").await;
    let page = second.get("/requests").await.body;
    assert!(page.contains("user-admin") && page.contains("吊销设备"));
    let refused = second
        .post_from("/requests", "/requests/1", &[("choice", "refuse")])
        .await;
    assert_eq!(refused.status, 422, "a refusal has its reason");
    let done = second.post_from("/requests", "/requests/1", &own).await;
    assert_eq!(done.location(), "/requests?done=request-approved");
    assert!(is_revoked());
    let late = second.post_from("/requests", "/requests/1", &own).await;
    assert_eq!(late.status, 409);
    let trail = entries(&warehouse, "device.revoke");
    assert_eq!(trail[0].who, "user-admin");
    assert!(
        trail[0].detail.contains("approved-by=li"),
        "{}",
        trail[0].detail
    );
    assert!(
        entries(&warehouse, "request.decide")
            .iter()
            .any(|e| e.who == "li" && e.outcome == "done")
    );
}

#[tokio::test]
async fn a_locked_device_is_told_and_one_that_is_renamed_too() {
    let warehouse = Warehouse::new();
    let _handhelds = crate::common::story::tell(&warehouse);
    let mut admin = warehouse.signed_in(Role::Admin).await;
    let id = device(&mut admin).await;
    let lock = [("locked", "yes"), ("text", "请交回办公室")];
    let done = admin
        .post_from("/devices", &format!("/devices/{id}/lock"), &lock)
        .await;
    assert_eq!(done.location(), "/devices?done=locked");
    assert!(admin.get("/devices").await.body.contains("请交回办公室"));
    admin
        .post_from(
            "/devices",
            &format!("/devices/{id}/lock"),
            &[("locked", "no")],
        )
        .await;
    assert!(!admin.get("/devices").await.body.contains("请交回办公室"));
    admin
        .post_from(
            "/devices",
            &format!("/devices/{id}/name"),
            &[("name", "冷库一号机")],
        )
        .await;
    assert!(admin.get("/devices").await.body.contains("冷库一号机"));
    assert!(
        warehouse
            .hub
            .devices()
            .unwrap()
            .iter()
            .any(|d| d.name == "冷库一号机")
    );
}

#[tokio::test]
async fn the_trail_is_exported_with_its_proof_and_every_view_of_it_is_kept() {
    let warehouse = Warehouse::new();
    let mut admin = warehouse.signed_in(Role::Admin).await;
    admin.get("/export/items.csv").await;
    admin.get("/people").await;
    sign_in(&warehouse, "nobody-has-this-name").await;
    let page = admin.get("/audit?act=data.export").await.body;
    let (_, key) = page
        .split_once("服务器公钥</dt><dd class=\"code\">")
        .unwrap();
    let key = key.split('<').next().unwrap().to_owned();
    for file in ["audit.jsonl", "audit.csv"] {
        let answer = admin.get(&format!("/audit/export/{file}")).await;
        assert_eq!(answer.status, 200);
        let verified = verify(&answer.body, Some(&key)).unwrap();
        assert_eq!(verified.first, 1);
        let changed = answer.body.replacen("people.see", "people.sea", 1);
        assert!(verify(&changed, Some(&key)).is_err());
        assert!(!answer.body.contains("nobody-has-this-name"));
    }
    let kinds: Vec<String> = entries(&warehouse, "").into_iter().map(|e| e.act).collect();
    for kind in [
        "data.export",
        "people.see",
        "sign-in",
        "audit.see",
        "audit.export",
    ] {
        assert!(kinds.iter().any(|act| act == kind), "{kind} in {kinds:?}");
    }
}
