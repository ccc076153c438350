//! What a card says before a decision, and who looks after it.

use crate::common::browser::Browser;
use crate::common::handheld::Handheld;
use crate::common::{NOW, Warehouse, bin, item, operator, story, units};
use domain::event::{EventBody, Goods};
use domain::ledger::{ExceptionKind, StockKey};
use replica::query::ExceptionFilter;
use sync_server::store::accounts::Role;

fn find(warehouse: &Warehouse, kind: ExceptionKind) -> Option<String> {
    let replica = warehouse.hub.replica().lock().unwrap();
    let filter = ExceptionFilter {
        kind: Some(kind),
        open_only: true,
        site: None,
    };
    let found = replica.query().exceptions(&filter, 1).unwrap();
    found.first().map(|e| e.finding.id().to_string())
}

/// What the book says of every pile, as the pages write it: bin code, item code, amount.
fn book(warehouse: &Warehouse, bins: &[(u8, &str)], items: &[(u8, &str)]) -> Vec<String> {
    let replica = warehouse.hub.replica().lock().unwrap();
    let mut book = Vec::new();
    for (b, bin_code) in bins {
        for (i, sku) in items {
            let key = StockKey {
                bin: bin(*b),
                item: item(*i),
                lot: None,
            };
            let balance = replica.query().balance(warehouse.site, &key).unwrap();
            book.push(format!("{bin_code} {sku} {balance}"));
        }
    }
    book
}

const BINS: [(u8, &str); 5] = [
    (1, "A-01-1"),
    (2, "A-01-2"),
    (3, "A-02-1"),
    (4, "B-01-1"),
    (5, "B-03-2"),
];
const ITEMS: [(u8, &str); 4] = [
    (1, "WR-0250"),
    (2, "GL-0008"),
    (3, "CB-0035"),
    (5, "PL-0900"),
];

/// The piles that a card says would change by a choice: bin code, item code, amount afterwards.
fn previewed(card: &str, choice: &str) -> Vec<String> {
    let words = sync_server::i18n::Lang::En
        .t(&format!("choice.{choice}"))
        .to_owned();
    let part = card
        .split("class=\"muted\">")
        .chain(card.split("<dt>"))
        .find(|part| part.starts_with(&words) && part.contains("class=\"preview\""))
        .unwrap_or_default();
    let list = part
        .split("<ul class=\"preview\">")
        .nth(1)
        .unwrap_or_default();
    let list = list.split("</ul>").next().unwrap();
    let mut lines = Vec::new();
    for line in list.split("<li>").skip(1) {
        let Some(then) = line.split(" → ").nth(1) else {
            continue;
        };
        let then = then.split([' ', '<']).next().unwrap();
        let code = |known: &[(u8, &str)]| {
            let found = known.iter().find(|(_, code)| line.contains(code));
            found
                .map(|(_, code)| (*code).to_owned())
                .unwrap_or_default()
        };
        lines.push(format!("{} {} {then}", code(&BINS), code(&ITEMS)));
    }
    lines.sort();
    lines
}

async fn told() -> (Warehouse, Browser) {
    let warehouse = Warehouse::new();
    let _handhelds = story::tell(&warehouse);
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    browser.set_cookie("tm_lang", "en");
    (warehouse, browser)
}

#[tokio::test]
async fn what_a_card_promises_is_what_the_decision_does() {
    for (kind, choice, note) in [
        (ExceptionKind::UnitIssuedTwice, "keep-first", ""),
        (ExceptionKind::UnitIssuedTwice, "keep-second", ""),
        (ExceptionKind::UnitIssuedTwice, "both-happened", "yes"),
        (ExceptionKind::NegativeStock, "adjust-to-zero", ""),
        (ExceptionKind::NegativeStock, "reverse-issue", ""),
        (ExceptionKind::NegativeStock, "recount-later", ""),
        (ExceptionKind::UnitInTwoBins, "keep-second", ""),
        (ExceptionKind::UnitInTwoBins, "keep-first", ""),
        (ExceptionKind::CountVariance, "approve-count", ""),
        (ExceptionKind::CountVariance, "reject-count", "no"),
        (ExceptionKind::ClockSkew, "acknowledge", ""),
    ] {
        let (warehouse, mut browser) = told().await;
        let id = find(&warehouse, kind).unwrap();
        let path = format!("/review/{id}");
        let shown = browser.get(&path).await;
        assert!(shown.body.contains("Review"), "in English");
        let promised = previewed(&shown.body, choice);
        let before = book(&warehouse, &BINS, &ITEMS);
        let seen = shown.field("seen");
        let fields = [("choice", choice), ("note", note), ("seen", seen.as_str())];
        let answer = browser
            .post_from(&path, &format!("{path}/resolve"), &fields)
            .await;
        assert_eq!(answer.status, 303, "{choice}: {}", answer.body);
        let after = book(&warehouse, &BINS, &ITEMS);
        let mut changed: Vec<String> = after.into_iter().filter(|p| !before.contains(p)).collect();
        changed.sort();
        assert_eq!(promised, changed, "{} {choice}", kind.code());
    }
}

#[tokio::test]
async fn each_side_says_when_it_was_written_when_it_came_and_what_it_moved() {
    let (warehouse, mut browser) = told().await;
    let id = find(&warehouse, ExceptionKind::UnitInTwoBins).unwrap();
    let body = browser.get(&format!("/review/{id}")).await.body;
    for side in body.split("<section class=\"side").skip(1).take(2) {
        let side = side.split("</section>").next().unwrap();
        for words in ["Device time", "Arrived", "Effect on stock", "手持"] {
            assert!(side.contains(words), "{words}: {side}");
        }
        assert_eq!(side.matches("<time").count(), 2, "{side}");
        assert!(
            side.contains("B-03-2 -1") || side.contains("A-01-1 +1"),
            "{side}"
        );
    }
}

#[tokio::test]
async fn two_supervisors_never_overwrite_each_other() {
    let (warehouse, mut chen) = told().await;
    warehouse.add_user("zhao", Role::Admin);
    let mut zhao = warehouse.signed_in(Role::Admin).await;
    zhao.set_cookie("tm_lang", "en");
    let id = find(&warehouse, ExceptionKind::NegativeStock).unwrap();
    let path = format!("/review/{id}");
    let note = format!("{path}/note");
    // Both have the page open; the option that takes it oneself is the first with an id.
    let take = |body: &str| -> String {
        let option = body.split("\">I take it").next().unwrap();
        option.rsplit("value=\"").next().unwrap().to_owned()
    };
    let (first, second) = (chen.get(&path).await, zhao.get(&path).await);
    let (me, you) = (take(&first.body), take(&second.body));
    assert_ne!(me, you);
    let give = |csrf: String, to: String, was: &'static str, text: &'static str| {
        [
            ("csrf", csrf),
            ("assign", to),
            ("was_with", was.to_owned()),
            ("text", text.to_owned()),
        ]
    };
    let fields = give(first.csrf(), me.clone(), "", "look in the truck");
    let fields = fields.each_ref().map(|(k, v)| (*k, v.as_str()));
    let answer = chen.post_raw(&note, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    // The other one still sees nobody on it.
    let fields = give(second.csrf(), you.clone(), "", "I was there");
    let fields = fields.each_ref().map(|(k, v)| (*k, v.as_str()));
    let answer = zhao.post_raw(&note, &fields).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("to somebody else meanwhile"),
        "{}",
        answer.body
    );
    assert!(
        answer.body.contains("I was there</textarea>"),
        "what was typed stays"
    );
    assert!(answer.body.contains("look in the truck"));
    // A comment alone is in nobody's way.
    let fields = give(second.csrf(), String::new(), "", "I was there");
    let fields = fields.each_ref().map(|(k, v)| (*k, v.as_str()));
    assert_eq!(zhao.post_raw(&note, &fields).await.status, 303);
    let body = chen.get(&path).await.body;
    assert!(body.contains("look in the truck") && body.contains("I was there"));
    assert!(body.contains("given to user-supervisor"));

    let mine = chen.get(&format!("/review?assigned={me}")).await.body;
    assert_eq!(mine.matches("<article").count(), 1, "{mine}");
    assert!(mine.contains("user-supervisor"));
    let nobodys = chen.get("/review?assigned=none").await.body;
    assert!(!nobodys.contains(&format!("id=\"x{id}\"")));
    let other = chen.get(&format!("/review?assigned={you}")).await.body;
    assert!(other.contains("Nothing matches"));
    for (fields, words) in [
        ([("text", "  "), ("assign", "")], "Write something"),
        (
            [
                ("text", ""),
                ("assign", "00000000-0000-0000-0000-000000000009"),
            ],
            "no such person",
        ),
    ] {
        let answer = chen.post_from(&path, &note, &fields).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(words), "{}", answer.body);
    }
    let mut viewer = warehouse.signed_in(Role::Viewer).await;
    let answer = viewer.post_from("/review", &note, &[("text", "x")]).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn a_note_is_shown_as_it_was_written() {
    let (warehouse, mut browser) = told().await;
    let id = find(&warehouse, ExceptionKind::ClockSkew).unwrap();
    let path = format!("/review/{id}");
    let text = "<script>alert(1)</script> \"&\n第二行";
    let answer = browser
        .post_from(&path, &format!("{path}/note"), &[("text", text)])
        .await;
    assert_eq!(answer.status, 303);
    let body = browser.get(&path).await.body;
    assert!(!body.contains("<script>alert"));
    assert!(body.contains("第二行"));
    let feed = browser.get("/feed").await.body;
    assert!(
        feed.contains("Said about “Device clock is ahead”"),
        "{feed}"
    );
}

#[tokio::test]
async fn the_last_decision_is_taken_back_by_whoever_took_it() {
    let (warehouse, mut browser) = told().await;
    let answer = browser.post_from("/review", "/review/undo", &[]).await;
    assert_eq!(answer.status, 409, "nothing was decided");
    let id = find(&warehouse, ExceptionKind::ClockSkew).unwrap();
    let path = format!("/review/{id}");
    let seen = browser.get(&path).await.field("seen");
    let fields = [
        ("choice", "acknowledge"),
        ("seen", seen.as_str()),
        ("back", "/review?severity=1"),
    ];
    let answer = browser
        .post_from(&path, &format!("{path}/resolve"), &fields)
        .await;
    assert_eq!(answer.location(), "/review?severity=1&done=resolved");
    assert_eq!(find(&warehouse, ExceptionKind::ClockSkew), None);
    let mut other = warehouse.signed_in(Role::Admin).await;
    let answer = other.post_from("/review", "/review/undo", &[]).await;
    assert_eq!(answer.status, 409, "it was not theirs");
    let answer = browser.post_from("/review", "/review/undo", &[]).await;
    assert_eq!(answer.location(), "/review?done=undone");
    assert_eq!(find(&warehouse, ExceptionKind::ClockSkew), Some(id));
}

/// `n` piles below zero, two devices, each in a bin of its own.
fn many(warehouse: &Warehouse, n: u32) {
    let mut handheld = Handheld::enrol(warehouse, "手持 1 号", 1);
    let own = |n: u32| {
        let mut bytes = [7; 16];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        domain::BinId::from_bytes(bytes)
    };
    for at in 0..n {
        let taken = EventBody::Issued {
            bin: own(at),
            goods: Goods::of(item(1)),
            quantity: units(1),
        };
        handheld.record(operator(1), taken, NOW + i64::from(at) * 100);
    }
    let now = NOW + i64::from(n) * 100;
    warehouse.pass(i64::from(n) * 100);
    handheld.sync(warehouse, now);
}

#[tokio::test]
async fn a_long_queue_is_walked_page_by_page() {
    let warehouse = Warehouse::new();
    many(&warehouse, 130);
    let mut browser = warehouse.signed_in(Role::Supervisor).await;
    let mut seen = std::collections::BTreeSet::new();
    let mut next = "/review".to_owned();
    let mut pages = 0;
    loop {
        let body = browser.get(&next).await.body;
        pages += 1;
        for part in body.split("<article class=\"card s2\" id=\"x").skip(1) {
            assert!(seen.insert(part[..64].to_owned()), "shown twice");
        }
        let Some(link) = body.split("rel=\"next\" href=\"").nth(1) else {
            break;
        };
        next = link
            .split('"')
            .next()
            .unwrap()
            .replace("&amp;", "&")
            .replace("&#38;", "&");
    }
    assert_eq!((seen.len(), pages), (130, 3));
    let made_up = browser
        .get("/review?after=999.zz&days=x&severity=9&device=1")
        .await;
    assert_eq!(made_up.status, 200);
}
