//! Fields that several devices changed at the same time: choosing a value, saying something, giving them to somebody.

use crate::common::{Warehouse, item, story};
use documents::catalogue::{Customer, Item};
use documents::{FieldEdit, RecordId, RecordKind};
use domain::{CustomerId, ItemId};
use sync_server::store::accounts::Role;

#[tokio::test]
async fn a_field_with_two_values_is_settled_by_choosing_one() {
    let warehouse = Warehouse::new();
    let _handhelds = story::tell(&warehouse);
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let page = browser.get("/review?kind=field-conflict").await.body;
    assert!(page.contains("活扳手 250 毫米") && page.contains("活动扳手 10 寸"));
    let record = item(1).to_string();
    let chosen = [
        ("record", record.as_str()),
        ("path", "name_zh"),
        ("value", "\"活动扳手 10 寸\""),
    ];
    let made_up = [chosen[0], chosen[1], ("value", "\"扳子\"")];
    let answer = browser
        .post_from("/review", "/review/fields", &made_up)
        .await;
    assert_eq!(answer.status, 409);
    let answer = browser
        .post_from("/review", "/review/fields", &chosen)
        .await;
    assert_eq!(answer.location(), "/review?done=field");
    let page = browser.get("/review?kind=field-conflict").await.body;
    assert!(page.contains("没有符合条件的异常"));
    assert!(
        browser
            .get("/stock?by=item")
            .await
            .body
            .contains("活动扳手 10 寸")
    );
}

#[tokio::test]
async fn owners_that_disagree_are_told_by_their_codes() {
    let warehouse = Warehouse::new();
    let (mut one, mut two) = story::tell(&warehouse);
    let now = warehouse.now();
    for (handheld, n, code) in [(&mut one, 1, "HX"), (&mut two, 2, "LY")] {
        let customer = Customer {
            id: CustomerId::from_bytes([0xc0 + n; 16]),
            code: code.into(),
            name_en: String::new(),
            name_zh: format!("货主{n}"),
        };
        let (kind, id) = (RecordKind::Customer, customer.id.into());
        handheld.edit(kind, id, customer.to_fields(), now);
        let owner = Item::owner_field(Some(customer.id));
        handheld.edit(RecordKind::Item, item(2).into(), vec![owner], now);
    }
    one.sync(&warehouse, now);
    two.sync(&warehouse, now);
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let page = browser.get("/review?kind=field-conflict").await.body;
    let (_, card) = page.split_once("货主").expect("the field's name");
    assert!(card.contains("HX") && card.contains("LY"), "{card}");
    assert!(!page.contains("16 bytes"));

    let value = serde_json::to_string(&[0xc2_u8; 16]).unwrap();
    let record = item(2).to_string();
    let chosen = [
        ("record", record.as_str()),
        ("path", "owner"),
        ("value", value.as_str()),
    ];
    let answer = browser
        .post_from("/review", "/review/fields", &chosen)
        .await;
    assert_eq!(answer.location(), "/review?done=field");
    let page = browser.get(&format!("/items/{record}")).await.body;
    assert!(page.contains("货主2") && page.contains("LY"), "{page}");
}

#[tokio::test]
async fn a_zone_that_disagrees_is_told_by_its_code() {
    let warehouse = Warehouse::new();
    let (mut one, mut two) = story::tell(&warehouse);
    let now = warehouse.now();
    for (handheld, name) in [(&mut one, "一号区"), (&mut two, "二号区")] {
        let fields = vec![FieldEdit::set("name_zh", name)];
        handheld.edit(RecordKind::Zone, RecordId([50; 16]), fields, now);
    }
    one.sync(&warehouse, now);
    two.sync(&warehouse, now);
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let page = browser.get("/review?kind=field-conflict").await.body;
    let card = page.split("<article").find(|card| card.contains("一号区"));
    let card = card.expect("a card with both values");
    assert!(
        card.contains("号区（A）") && card.contains("二号区"),
        "{card}"
    );
}

/// The id in the address of the first card on a page.
fn first_card(body: &str) -> &str {
    let (_, rest) = body
        .split_once("<article class=\"card s2\" id=\"x")
        .expect("a card");
    rest.split_once('"').unwrap().0
}

#[tokio::test]
async fn a_field_is_commented_and_given_to_somebody_like_an_exception() {
    let warehouse = Warehouse::new();
    let _handhelds = story::tell(&warehouse);
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    browser.set_cookie("tm_lang", "en");
    let page = browser.get("/review?kind=field-conflict").await.body;
    let path = format!("/review/{}", first_card(&page));
    let shown = browser.get(&path).await;
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains("活扳手 250 毫米"), "{}", shown.body);
    let option = shown.body.split("\">I take it").next().unwrap();
    let me = option.rsplit("value=\"").next().unwrap().to_owned();
    let fields = [
        ("text", "ask the supplier"),
        ("assign", me.as_str()),
        ("was_with", ""),
    ];
    let note = format!("{path}/note");
    let answer = browser.post_from(&path, &note, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    // Once more from a page that still shows nobody.
    let answer = browser.post_from(&path, &note, &fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("to somebody else meanwhile"));
    assert!(answer.body.contains("ask the supplier</textarea>"));

    let mine = browser.get(&format!("/review?assigned={me}")).await.body;
    assert!(
        mine.contains(&path) && mine.contains("user-supervisor"),
        "{mine}"
    );
    assert_eq!(mine.matches("<article").count(), 1);
    let nobodys = browser
        .get("/review?assigned=none&kind=field-conflict")
        .await
        .body;
    assert!(!nobodys.contains(&path));
    // Settled, its page still says what was said.
    let record = item(1).to_string();
    let chosen = [
        ("record", record.as_str()),
        ("path", "name_zh"),
        ("value", "\"活动扳手 10 寸\""),
    ];
    browser
        .post_from("/review", "/review/fields", &chosen)
        .await;
    let after = browser.get(&path).await;
    assert_eq!(after.status, 200);
    assert!(after.body.contains("ask the supplier"));
    let answer = browser
        .post_raw(&note, &[("csrf", &shown.csrf()), ("text", "late")])
        .await;
    assert_eq!(answer.status, 422);
}

#[tokio::test]
async fn many_fields_are_paged_behind_the_exceptions_and_each_is_shown_once() {
    let warehouse = Warehouse::new();
    let (mut one, mut two) = story::tell(&warehouse);
    let now = warehouse.now();
    for n in 0..120_u8 {
        let id = ItemId::from_bytes([0xd0, n, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
        for (handheld, name) in [(&mut one, "one"), (&mut two, "two")] {
            let sku = FieldEdit::set("sku", format!("MANY-{n:03}"));
            let name = FieldEdit::set("name_en", format!("{name} {n}"));
            handheld.edit(RecordKind::Item, id.into(), vec![sku, name], now);
        }
    }
    one.sync(&warehouse, now);
    two.sync(&warehouse, now);
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let (mut address, mut seen, mut pages) = ("/review".to_owned(), Vec::new(), 0);
    loop {
        let body = browser.get(&address).await.body;
        assert!(body.matches("<article").count() <= 50);
        let ids = body.split(" id=\"x").skip(1);
        seen.extend(ids.map(|rest| rest.split_once('"').unwrap().0.to_owned()));
        pages += 1;
        let Some((_, next)) = body.split_once("rel=\"next\" href=\"") else {
            break;
        };
        address = next
            .split_once('"')
            .unwrap()
            .0
            .replace("&amp;", "&")
            .replace("&#38;", "&");
    }
    assert_eq!(pages, 3);
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count, "none twice");
    let fields = browser.get("/review?kind=field-conflict").await.body;
    assert_eq!(fields.matches("<article").count(), 50);
    // The last field of the page is settled before somebody turns it over: the next page goes on behind it.
    let (_, next) = fields.split_once("rel=\"next\" href=\"").unwrap();
    let next = next.split_once('"').unwrap().0.replace("&#38;", "&");
    let (_, last) = fields.rsplit_once("name=\"record\" value=\"").unwrap();
    let record = last.split_once('"').unwrap().0.to_owned();
    let (_, value) = last
        .split_once("name=\"value\" value=\"&#34;")
        .expect("a text");
    let value = format!("\"{}\"", value.split_once("&#34;").unwrap().0);
    let chosen = [
        ("record", record.as_str()),
        ("path", "name_en"),
        ("value", value.as_str()),
    ];
    let answer = browser
        .post_from("/review", "/review/fields", &chosen)
        .await;
    assert_eq!(answer.location(), "/review?done=field");
    let second = browser.get(&next).await.body;
    let ids = |body: &str| -> Vec<String> {
        let ids = body.split(" id=\"x").skip(1);
        ids.map(|rest| rest.split_once('"').unwrap().0.to_owned())
            .collect()
    };
    assert_eq!(ids(&second).len(), 50);
    assert!(ids(&fields).iter().all(|id| !ids(&second).contains(id)));
    // Records of all sites are shown whatever site is chosen.
    let of_site = format!("/review?kind=field-conflict&site={}", warehouse.site);
    assert_eq!(ids(&browser.get(&of_site).await.body).len(), 50);
    // 120 names, one of the story, and the exceptions.
    assert!(count > 121, "{count}");
    assert!(browser.get("/review?after=field.made-up").await.status == 200);
}
