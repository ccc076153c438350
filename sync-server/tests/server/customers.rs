//! The customer's page: by ticket or by telephone, what it shows and what may be asked for, and what it says to nobody.

use std::time::Duration;

use crate::common::browser::{Answer, Browser};
use crate::common::custody::{
    DAY, WHO, deposit, field, key_of_wang, release, send_blob, share_keys, take_in_as, wang,
};
use crate::common::handheld::Handheld;
use crate::common::{NOW, Warehouse};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use documents::sealed::PICTURE;
use documents::{Deposit, Value};
use domain::ticket::ClaimCode;
use domain::{BlobId, BlobKind, CustomerId, DepositId, UnitId};
use sync_server::store::customers::notices;
use sync_server::store::{StoreError, customers};
use tokio::net::TcpListener;

const JPEG: &[u8] = b"\xff\xd8\xff\xe0 a suitcase";

/// Wang has left two pieces, with a photo; everything is on the server.
async fn scene() -> (Warehouse, Handheld) {
    let warehouse = Warehouse::new();
    let mut device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let photo = send_blob(&warehouse, &device, &sealed_photo(), BlobKind::Photo).id;
    let left = deposit(warehouse.site);
    let (who, key) = (wang(), key_of_wang());
    take_in_as(&warehouse, &mut device, &left, &who, &key, vec![photo]);
    device.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut device).await;
    (warehouse, device)
}

fn sealed_photo() -> Vec<u8> {
    key_of_wang().seal(WHO, PICTURE, [3; 24], JPEG)
}

async fn shows(browser: &mut Browser, claim: &str) -> Answer {
    browser.post_from("/c", "/c", &[("claim", claim)]).await
}

/// The page to which a right code leads.
async fn with_ticket(warehouse: &Warehouse) -> (Browser, String, String) {
    let mut browser = warehouse.visitor();
    let claim = deposit(warehouse.site).claim.grouped();
    let answer = shows(&mut browser, &claim).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/c"));
    let page = browser.get("/c").await.location().to_owned();
    let body = browser.get(&page).await.body;
    (browser, page, body)
}

#[tokio::test]
async fn a_ticket_shows_what_was_left_and_nothing_of_whose_it_is() {
    let (warehouse, mut device) = scene().await;
    warehouse.pass(3 * DAY);
    let (mut browser, page, body) = with_ticket(&warehouse).await;
    for said in [
        "寄存中",
        "上海一号仓",
        "2026-10-01",
        "还剩 7 天",
        "活动扳手 250 mm",
        "完好",
        // Two pieces, three days that have begun, 10 yuan each.
        "60.00 CNY",
        "每件每 24 小时 10.00 CNY",
    ] {
        assert!(body.contains(said), "{said} in {body}");
    }
    for hidden in ["王喆", "138-0013", "13800138000", "E12345678"] {
        assert!(!body.contains(hidden), "{hidden}");
    }
    let left = deposit(warehouse.site);
    assert!(!body.contains(left.claim.as_str()) && !page.contains(left.claim.as_str()));
    // Its photo is opened; nothing keeps it.
    let address = body.split("href=\"/c/photos/").nth(1).unwrap();
    let address = format!("/c/photos/{}", address.split('"').next().unwrap());
    let photo = browser.get(&address).await;
    assert_eq!((photo.status, &photo.bytes[..]), (StatusCode::OK, JPEG));
    assert_eq!(photo.headers["content-type"], "image/jpeg");
    assert_eq!(photo.headers["cache-control"], "no-store");
    let receipt = body.split("href=\"/c/receipts/").nth(1).unwrap();
    let receipt = format!("/c/receipts/{}", receipt.split('"').next().unwrap());
    assert!(browser.get(&receipt).await.bytes.starts_with(b"%PDF-"));
    // Neither goes to anybody else, and nothing goes to the console.
    let mut stranger = warehouse.visitor();
    for address in [&address, &receipt] {
        assert_eq!(stranger.get(address).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(stranger.get(&page).await.location(), "/c");
    assert_eq!(browser.get("/stock").await.status, StatusCode::SEE_OTHER);
    let headers = browser.get(&page).await.headers;
    assert_eq!(headers["cache-control"], "no-store");
    let csp = headers["content-security-policy"].to_str().unwrap();
    assert!(csp.contains("default-src 'self'") && !csp.contains("unsafe"));

    // One goes, and then the other.
    release(&warehouse, &mut device, 2);
    device.sync(&warehouse, warehouse.now());
    let body = browser.get(&page).await.body;
    assert!(body.contains("部分领取") && body.contains("30.00 CNY") && body.contains("已出库"));
    browser.language = "en";
    assert!(browser.get(&page).await.body.contains("Partly handed out"));

    warehouse.pass(31 * crate::common::MINUTE);
    assert_eq!(
        browser.get(&page).await.location(),
        "/c",
        "half an hour has passed"
    );
}

#[tokio::test]
async fn a_wrong_code_says_nothing_of_what_exists_and_an_erased_person_is_nobody() {
    let (warehouse, _device) = scene().await;
    let left = deposit(warehouse.site);
    // Drawn for the same site, but of nothing that is here.
    let unknown = ClaimCode::draw(warehouse.site, [9; 8]).grouped();
    let mut typo = left.claim.as_str().to_owned();
    let last = typo.pop().unwrap();
    typo.push(if last == '0' { '1' } else { '0' });
    let mut answers = Vec::new();
    let mut took = Vec::new();
    warehouse.hub.destroy_key(WHO, warehouse.now()).unwrap();
    let erased = left.claim.grouped();
    for code in [&unknown, &typo, &erased, "", "<script>"] {
        let mut browser = warehouse.visitor();
        let began = std::time::Instant::now();
        let answer = shows(&mut browser, code).await;
        took.push(began.elapsed());
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains("请逐位核对凭证码"));
        assert!(!answer.body.contains("<script>"));
        let token = answer.csrf();
        answers.push(answer.body.replace(&token, ""));
        assert!(browser.cookie("tm_customer").is_none());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    // Each waits until the same instant, whatever was looked up before.
    assert!(
        took.iter().all(|t| *t >= Duration::from_millis(250)),
        "{took:?}"
    );
}

#[tokio::test]
async fn whoever_has_a_session_loses_it_when_the_person_is_erased() {
    let (warehouse, _device) = scene().await;
    let (mut browser, page, _) = with_ticket(&warehouse).await;
    warehouse.hub.destroy_key(WHO, warehouse.now()).unwrap();
    assert_eq!(browser.get(&page).await.status, StatusCode::NOT_FOUND);
    assert!(!browser.get("/c").await.body.contains("上海一号仓"));
}

#[tokio::test]
async fn guessing_is_slowed_down_by_address_and_by_the_beginning_of_a_code() {
    let (warehouse, _device) = scene().await;
    let router = warehouse.router();
    let mut waits = 0;
    for n in 0..24_u8 {
        let mut browser = Browser::new(router.clone());
        let code = ClaimCode::draw(warehouse.site, [n + 20; 8]).grouped();
        let answer = shows(&mut browser, &code).await;
        waits += usize::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!((3..=5).contains(&waits), "{waits}");
    // A right one waits too: it is not looked up.
    let claim = deposit(warehouse.site).claim.grouped();
    let mut browser = Browser::new(router);
    let answer = shows(&mut browser, &claim).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers.contains_key("retry-after"));
    warehouse.pass(2 * crate::common::MINUTE);
    assert_eq!(
        shows(&mut browser, &claim).await.status,
        StatusCode::SEE_OTHER
    );
}

/// What lies in the outbox, once it is there.
async fn outbox(warehouse: &Warehouse, count: usize) -> Vec<customers::Notice> {
    for _ in 0..200 {
        let now = warehouse.now();
        let found: Result<_, StoreError> = warehouse.database.read(|c| notices(c, now, 9));
        let found = found.unwrap();
        if found.len() >= count {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no message came");
}

fn digits(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits[..6].to_owned()
}

#[tokio::test]
async fn a_telephone_and_a_code_that_came_to_it_show_all_that_is_theirs() {
    let (warehouse, mut device) = scene().await;
    // A second deposit of hers, and one of somebody else's.
    let mut second = deposit(warehouse.site);
    second.id = DepositId::from_bytes([0xd2; 16]);
    second.claim = ClaimCode::draw(warehouse.site, [6; 8]);
    second.pieces.remove(&2);
    if let Some(piece) = second.pieces.get_mut(&1) {
        piece.unit = UnitId::plate("P-OTHER");
    }
    let (who, key) = (wang(), key_of_wang());
    take_in_as(&warehouse, &mut device, &second, &who, &key, Vec::new());
    let other = Deposit {
        id: DepositId::from_bytes([0xd3; 16]),
        customer: CustomerId::from_bytes([0xc2; 16]),
        claim: ClaimCode::draw(warehouse.site, [7; 8]),
        ..second.clone()
    };
    device.sync(&warehouse, warehouse.now());

    let mut browser = warehouse.visitor();
    let sent = browser
        .post_from("/c", "/c/code", &[("phone", "0086 138 0013 8000")])
        .await;
    assert!(sent.body.contains("验证码正在发送"));
    let notice = outbox(&warehouse, 1).await.remove(0);
    assert_eq!((notice.customer, notice.state.as_str()), (WHO, "waiting"));
    let code = digits(&notice.text);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let enter = |code: &str, token: String| {
        [
            ("csrf", token),
            ("phone", "13800138000".to_owned()),
            ("code", code.to_owned()),
        ]
    };
    let token = sent.csrf();
    let fields = enter(wrong, token.clone());
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let answer = browser.post_raw("/c/enter", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = enter(&code, token.clone());
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let answer = browser.post_raw("/c/enter", &fields).await;
    assert_eq!(answer.location(), "/c");
    let list = browser.get("/c").await.body;
    assert_eq!(list.matches("href=\"/c/deposits/").count(), 2);
    assert!(!list.contains("王喆") && !list.contains("8000"));
    let stranger = format!("/c/deposits/{}", other.id);
    assert_eq!(browser.get(&stranger).await.status, StatusCode::NOT_FOUND);
    // It was good once.
    let mut again = warehouse.visitor();
    let token = again.get("/c").await.csrf();
    let fields = enter(&code, token);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let answer = again.post_raw("/c/enter", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let left = browser.post_from("/c", "/c/leave", &[]).await;
    assert_eq!(left.location(), "/c");
    assert!(browser.cookie("tm_customer").is_none());
}

#[tokio::test]
async fn an_unknown_telephone_gets_the_same_answers_and_five_tries_are_all() {
    let (warehouse, _device) = scene().await;
    let mut pages = Vec::new();
    for phone in ["13800138000", "13900139000"] {
        let mut browser = warehouse.visitor();
        let sent = browser
            .post_from("/c", "/c/code", &[("phone", phone)])
            .await;
        assert_eq!(sent.status, StatusCode::OK);
        let token = sent.csrf();
        pages.push(sent.body.replace(phone, "").replace(&token, ""));
        for _ in 0..5 {
            let fields = [("csrf", token.as_str()), ("phone", phone), ("code", "nope")];
            let answer = browser.post_raw("/c/enter", &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            pages.push(answer.body.replace(phone, "").replace(&token, ""));
        }
        if phone == "13800138000" {
            // The right one comes too late.
            let code = digits(&outbox(&warehouse, 1).await[0].text);
            let fields = [("csrf", token.as_str()), ("phone", phone), ("code", &code)];
            let answer = browser.post_raw("/c/enter", &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
    let (known, unknown) = pages.split_at(6);
    assert_eq!(known, unknown);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        outbox(&warehouse, 1).await.len(),
        1,
        "nobody else was sent anything"
    );
    let mut browser = warehouse.visitor();
    for bad in ["", "12", "abc"] {
        let answer = browser.post_from("/c", "/c/code", &[("phone", bad)]).await;
        assert!(answer.body.contains("手机号不正确"), "{bad}");
    }
}

#[tokio::test]
async fn a_gateway_is_given_the_message_and_asked_again_when_it_is_down() {
    let (warehouse, _device) = scene().await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let gateway = Router::new().route(
        "/sms",
        post(move |body: axum::Json<serde_json::Value>| async move {
            tell.send(body.0).unwrap();
            StatusCode::ACCEPTED
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, gateway).await });
    warehouse
        .app
        .send_notices_by(&format!("http://{address}/sms"));
    let mut browser = warehouse.visitor();
    browser.language = "en";
    let _ = browser
        .post_from("/c", "/c/code", &[("phone", "13800138000")])
        .await;
    let said = tokio::time::timeout(Duration::from_secs(9), told.recv()).await;
    let said = said.unwrap().unwrap();
    assert_eq!(said["to"], "+86 138-0013-8000");
    let text = said["text"].as_str().unwrap();
    assert!(text.contains("is your code for what you left with us"));
    for _ in 0..100 {
        if outbox(&warehouse, 1).await[0].state == "sent" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it is not known to be sent");
}

#[tokio::test]
async fn a_customer_asks_for_more_time_or_to_come_and_says_how_it_was() {
    let (warehouse, mut device) = scene().await;
    let (mut browser, page, _) = with_ticket(&warehouse).await;
    let ask = format!("{page}/wish");
    for (fields, words) in [
        (
            vec![("kind", "extend"), ("day", "2026-09-30")],
            "晚于当前到期日",
        ),
        (vec![("kind", "extend"), ("day", "2028-01-01")], "超过一年"),
        (vec![("kind", "extend"), ("day", "soon")], "请选择日期"),
        (
            vec![("kind", "release"), ("time", "2026-09-01T10:00")],
            "该时间已过",
        ),
        (
            vec![("kind", "release"), ("time", "2027-09-01T10:00")],
            "超过 90 天",
        ),
        (vec![("kind", "release"), ("time", "")], "请选择日期和时间"),
        (vec![("kind", "")], "请选择领取或续存"),
    ] {
        let answer = browser.post_from(&page, &ask, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains(words), "{words}");
    }
    let fields = [("kind", "extend"), ("day", "2026-10-15")];
    let answer = browser.post_from(&page, &ask, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(
        browser
            .get(&page)
            .await
            .body
            .contains("申请续存至 2026-10-15")
    );
    let fields = [("kind", "release"), ("time", "2026-09-25T10:30")];
    let answer = browser.post_from(&page, &ask, &fields).await;
    let body = browser.get(answer.location()).await.body;
    assert!(body.contains("已提交") && body.contains("预约 2026-09-25 10:30 领取"));
    // The handheld hears of it.
    warehouse.hub.pump(warehouse.now()).unwrap();
    device.sync(&warehouse, warehouse.now());
    let wishes = device.replica.query().wishes(warehouse.site, 9).unwrap();
    assert_eq!(wishes.len(), 1);
    let wish = wishes[0].deposit.wish.unwrap();
    // 10:30 in Shanghai.
    assert_eq!((wish.at, wish.asked_at), (1_790_303_400_000, NOW));

    let rate = format!("{page}/rate");
    let early = browser.post_from(&page, &rate, &[("rating", "5")]).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    release(&warehouse, &mut device, 1);
    release(&warehouse, &mut device, 2);
    device.sync(&warehouse, warehouse.now());
    assert!(browser.get(&page).await.body.contains("服务评价"));
    for bad in ["0", "6", "x"] {
        let answer = browser.post_from(&page, &rate, &[("rating", bad)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let answer = browser.post_from(&page, &rate, &[("rating", "4")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let left = deposit(warehouse.site).id;
    assert_eq!(
        field(&warehouse, left.into(), "rating"),
        Some(Value::Integer(4))
    );
    assert!(browser.get(&page).await.body.contains("您已评 4 分"));
    let late = browser.post_from(&page, &ask, &[("kind", "release")]).await;
    assert!(late.body.contains("物品已全部领取"));
}

#[tokio::test]
async fn a_photo_of_another_deposit_or_a_signature_is_not_handed_out() {
    let (warehouse, device) = scene().await;
    let other = key_of_wang().seal(WHO, PICTURE, [9; 24], b"\xff\xd8\xff signature");
    let other = send_blob(&warehouse, &device, &other, BlobKind::Signature).id;
    let (mut browser, _, _) = with_ticket(&warehouse).await;
    for id in [other, BlobId([1; 32])] {
        let answer = browser.get(&format!("/c/photos/{}", id.hex())).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}
