//! Receipts: made on the console, checked on the public page and at the terminal, held against the log.

use std::process::Command;

use crate::common::Warehouse;
use crate::common::browser::{Answer, Browser};
use crate::common::custody::{deposit, key_of_wang, release, take_in_as, wang};
use crate::common::handheld::Handheld;
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use documents::deposit::Piece;
use documents::sealed::CONDITION;
use documents::{Certificate, Receipt, Role, SigningKey, receipt_code};
use domain::custody::{Custody, CustodyAct};
use domain::ticket::PieceCode;
use domain::{
    BlobId, ChainId, DeviceId, EventBody, EventHash, EventId, EventRecord, OrganisationId, UnitId,
};
use sync_server::receipts::{Shown, Verdict, judge};
use sync_server::store::accounts::Role as Account;

const RECEIPT: &str = env!("CARGO_BIN_EXE_tallyman-server");

async fn scene() -> (Warehouse, Handheld, EventHash) {
    let warehouse = Warehouse::new();
    let mut device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let left = deposit(warehouse.site);
    let photo = BlobId([0x3f; 32]);
    let (who, key) = (wang(), key_of_wang());
    let act = take_in_as(&warehouse, &mut device, &left, &who, &key, vec![photo]);
    device.sync(&warehouse, warehouse.now());
    (warehouse, device, act)
}

async fn download(browser: &mut Browser, act: EventHash, kind: &str) -> Answer {
    let answer = browser
        .get(&format!("/custody/receipts/{}.{kind}", act.hex()))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    answer
}

/// What the page says, by its colour and its words.
async fn checked(warehouse: &Warehouse, bytes: &[u8]) -> String {
    let mut browser = warehouse.visitor();
    browser.language = "en";
    let answer = browser
        .upload("/receipt", "/receipt", "receipt.pdf", bytes)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.body
}

fn says(body: &str, verdict: &str) -> bool {
    let words = sync_server::i18n::Lang::En
        .t(&format!("receipt.verdict.{verdict}"))
        .to_owned();
    assert!(!words.starts_with("receipt."), "{words}");
    body.contains(&words)
}

/// A receipt by a device of ours that the server has never heard of.
fn receipt_of(warehouse: &Warehouse, event: EventId, record: EventRecord) -> Receipt {
    Receipt {
        organisation: warehouse.hub.organisation().id,
        site: warehouse.site,
        event,
        hash: EventHash([6; 32]),
        record,
    }
}

fn record_of(warehouse: &Warehouse, act: EventHash) -> (EventId, EventRecord) {
    let hub = warehouse.hub.replica().lock().unwrap();
    let row = hub.query().event_by_hash(act).unwrap().unwrap();
    (row.placed.event.id, row.placed.event.record)
}

#[tokio::test]
async fn a_receipt_downloaded_as_paper_or_bytes_is_genuine_and_says_what_was_done() {
    let (warehouse, _device, act) = scene().await;
    let mut viewer = warehouse.signed_in(Account::Viewer).await;
    let paper = download(&mut viewer, act, "pdf").await;
    assert_eq!(paper.headers["content-type"], "application/pdf");
    assert!(paper.bytes.starts_with(b"%PDF-"));
    let bare = download(&mut viewer, act, "tallyman-receipt").await.bytes;
    let text = BASE64URL_NOPAD.encode(&bare);
    for bytes in [
        paper.bytes.clone(),
        bare.clone(),
        text.clone().into_bytes(),
        format!("http://127.0.0.1:8080/receipt#{text}\n").into_bytes(),
    ] {
        let page = checked(&warehouse, &bytes).await;
        assert!(says(&page, "genuine"), "{page}");
        for said in [
            "Left with us",
            "Shanghai depot",
            "王芳",
            "Adjustable wrench 250 mm",
            "2026-10-01",
            "10.00 CNY for a piece",
            &"3f".repeat(32),
            &act.hex(),
        ] {
            assert!(page.contains(said), "{said}");
        }
        // Nothing of the customer's.
        for hidden in [
            "王喆",
            "138-0013",
            "E12345678",
            deposit(warehouse.site).claim.as_str(),
        ] {
            assert!(!page.contains(hidden), "{hidden}");
        }
    }
    // The same in Chinese, and by pasting, with no token: nothing is changed by it.
    let mut other = warehouse.visitor();
    other.language = "zh-CN";
    let page = other.upload_text("/receipt", "text", &text).await;
    assert!(page.body.contains("真实有效") && page.body.contains("每件每 24 小时"));
    let audit = warehouse
        .signed_in(Account::Admin)
        .await
        .get("/audit")
        .await;
    assert!(
        audit.body.contains(&act.hex()[..12]),
        "it is in the trail who took it"
    );
}

#[tokio::test]
async fn a_change_of_any_byte_of_the_paper_is_told_by_the_page() {
    let (warehouse, _device, act) = scene().await;
    let mut viewer = warehouse.signed_in(Account::Viewer).await;
    let paper = download(&mut viewer, act, "pdf").await.bytes;
    let step = (paper.len() / 60).max(1);
    let tail = paper.len() - 170..paper.len();
    let router = warehouse.router();
    for at in (0..paper.len()).step_by(step).chain(tail.step_by(7)) {
        let mut changed = paper.clone();
        changed[at] ^= 0x04;
        let mut browser = Browser::new(router.clone());
        browser.language = "en";
        let page = browser
            .upload("/receipt", "/receipt", "r.pdf", &changed)
            .await;
        assert!(
            page.status == StatusCode::TOO_MANY_REQUESTS
                || says(&page.body, "forged")
                || (at < 5 && says(&page.body, "unreadable")),
            "byte {at}: {}",
            page.body
        );
        assert!(!says(&page.body, "genuine"));
    }
}

#[tokio::test]
async fn every_other_verdict_is_told_apart() {
    let (warehouse, mut device, act) = scene().await;
    let us = warehouse.hub.organisation();
    let (event, record) = record_of(&warehouse, act);
    // By a device whose work has not come.
    let key = SigningKey::from_seed(&[1; 32]);
    let certificate = |chain| {
        Certificate {
            organisation: us.id,
            device: DeviceId::from_bytes([8; 16]),
            key: key.public(),
            shared_chain: ChainId::from_bytes([9; 16]),
            site: warehouse.site,
            site_chain: chain,
            role: Role::Handheld,
            issued_at: 1,
            copy_of: None,
        }
        .sign(&us.key)
    };
    let elsewhere = EventId {
        chain: ChainId::from_bytes([4; 16]),
        number: 1,
    };
    let early = receipt_of(&warehouse, elsewhere, record.clone());
    let early = early.sign(&key, Some(&certificate(elsewhere.chain)));
    assert!(says(&checked(&warehouse, &early).await, "not-yet"));
    let later = EventId {
        number: event.number + 1_000,
        ..event
    };
    let later =
        receipt_of(&warehouse, later, record.clone()).sign(&key, Some(&certificate(event.chain)));
    assert!(says(&checked(&warehouse, &later).await, "not-yet"));

    // At its place stands something else; or nothing, although the log goes on after it.
    let same_place = receipt_of(&warehouse, event, record.clone());
    let other_hash = same_place.sign(&key, Some(&certificate(event.chain)));
    assert!(says(&checked(&warehouse, &other_hash).await, "rewritten"));
    let mut said = record.clone();
    if let EventBody::Custody(custody) = &mut said.body {
        custody.pieces = vec![1];
    }
    let other_words = Receipt {
        hash: act,
        ..receipt_of(&warehouse, event, said)
    };
    let other_words = other_words.sign(&us.key, None);
    assert!(says(&checked(&warehouse, &other_words).await, "rewritten"));

    let strange = Receipt {
        organisation: OrganisationId::from_bytes([7; 16]),
        ..same_place.clone()
    };
    let strange = strange.sign(&SigningKey::from_seed(&[5; 32]), None);
    assert!(says(
        &checked(&warehouse, &strange).await,
        "other-organisation"
    ));
    let forged = same_place.sign(&SigningKey::from_seed(&[5; 32]), None);
    assert!(says(&checked(&warehouse, &forged).await, "forged"));
    for bytes in [
        &b"hello"[..],
        b"%PDF-1.7\nstartxref\n1\n%%EOF",
        &[0xff; 300],
    ] {
        let page = checked(&warehouse, bytes).await;
        assert!(says(&page, "unreadable"));
        assert!(
            page.contains("scan the whole QR code"),
            "it says what to do next"
        );
    }
    // What was taken back is said to be.
    let mut viewer = warehouse.signed_in(Account::Viewer).await;
    let bare = download(&mut viewer, act, "tallyman-receipt").await.bytes;
    device.record(
        crate::common::operator(1),
        EventBody::Reversed { target: act },
        warehouse.now(),
    );
    device.sync(&warehouse, warehouse.now());
    assert!(says(&checked(&warehouse, &bare).await, "void"));
}

/// What a handheld shows of the last act that it wrote.
fn shown_by(device: &Handheld, left: domain::DepositId) -> String {
    let identity = device.replica.identity().unwrap();
    let acts = device.replica.query().acts_of(left).unwrap();
    let event = &acts.last().unwrap().placed.event;
    let certificates = device.replica.certificates().unwrap();
    let own = certificates.iter().find(|bytes| {
        Certificate::verify(bytes, &identity.server_key)
            .is_some_and(|certificate| certificate.site_chain == event.id.chain)
    });
    let receipt = Receipt::of(identity.organisation, event).unwrap();
    receipt_code::to_text(&receipt_code::make(&receipt, &identity.key, own.unwrap()))
}

#[tokio::test]
async fn what_a_handheld_signs_is_ours_before_its_work_has_come_and_in_the_log_after() {
    let warehouse = Warehouse::new();
    let mut device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let left = deposit(warehouse.site);
    let (who, key) = (wang(), key_of_wang());
    let photo = BlobId([0x3f; 32]);
    take_in_as(&warehouse, &mut device, &left, &who, &key, vec![photo]);
    let text = shown_by(&device, left.id);
    let address = format!("https://tallyman.example.com/receipt#{text}");
    let page = checked(&warehouse, address.as_bytes()).await;
    assert!(says(&page, "not-yet"), "{page}");
    for said in ["Left with us", "2026-10-01"] {
        assert!(page.contains(said), "{said}");
    }
    device.sync(&warehouse, warehouse.now());
    let page = checked(&warehouse, text.as_bytes()).await;
    assert!(says(&page, "genuine"));
    // The log knows what the code left out.
    for said in [
        "Shanghai depot",
        "Adjustable wrench 250 mm",
        &"3f".repeat(32),
    ] {
        assert!(page.contains(said), "{said}");
    }
    for hidden in ["王喆", "138-0013", "E12345678", left.claim.as_str()] {
        assert!(!page.contains(hidden), "{hidden}");
    }

    // Through the real verifier, each letter that is changed is told.
    let organisation = warehouse.hub.organisation();
    let hub = warehouse.hub.replica().lock().unwrap();
    let judged = |text: &str| {
        let shown = Shown::from_file(text.as_bytes());
        let (us, key) = (Some(organisation.id), organisation.key.public());
        judge(&shown, us, &key, Some(&hub.query())).unwrap().verdict
    };
    assert_eq!(judged(&text), Verdict::Genuine);
    for at in 0..text.len() {
        let letter = if &text[at..=at] == "B" { "C" } else { "B" };
        let mut changed = text.clone();
        changed.replace_range(at..=at, letter);
        assert!(!judged(&changed).is_sound(), "{at}");
    }
}

#[tokio::test]
async fn a_receipt_of_many_pieces_is_named_in_its_code_and_found_in_the_log() {
    let warehouse = Warehouse::new();
    let mut device = Handheld::enrol(&warehouse, "PDA 1", 1);
    let mut left = deposit(warehouse.site);
    for n in 1..=99_u8 {
        let piece = Piece {
            unit: UnitId::plate(PieceCode::draw([n; 8]).as_str()),
            condition: key_of_wang().seal_words(left.customer, CONDITION, [n; 24], "完好，无划痕"),
            ..left.pieces[&1].clone()
        };
        left.pieces.insert(n.into(), piece);
    }
    let act = take_in_as(
        &warehouse,
        &mut device,
        &left,
        &wang(),
        &key_of_wang(),
        Vec::new(),
    );
    device.sync(&warehouse, warehouse.now());
    let handed = warehouse
        .app
        .data(move |data| data.receipt(act))
        .await
        .unwrap()
        .unwrap();
    assert!(handed.fragment.starts_with("r.") && handed.fragment.len() < 100);
    let page = checked(&warehouse, handed.fragment.as_bytes()).await;
    assert!(says(&page, "genuine") && page.contains("<b>99</b>"));
    let mut viewer = warehouse.signed_in(Account::Viewer).await;
    let paper = download(&mut viewer, act, "pdf").await.bytes;
    assert!(says(&checked(&warehouse, &paper).await, "genuine"));
    let mut wrong = handed.fragment.into_bytes();
    wrong[40] = if wrong[40] == b'A' { b'B' } else { b'A' };
    assert!(says(&checked(&warehouse, &wrong).await, "unreadable"));
}

#[tokio::test]
async fn only_acts_of_sites_that_are_seen_have_receipts() {
    let (warehouse, _device, act) = scene().await;
    let mut viewer = warehouse.signed_in(Account::Viewer).await;
    for file in [
        format!("{}.exe", act.hex()),
        "x.pdf".to_owned(),
        format!("{}.pdf", "ab".repeat(32)),
    ] {
        let answer = viewer.get(&format!("/custody/receipts/{file}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{file}");
    }
    let scope = sync_server::auth::Scope::Only([domain::SiteId::from_bytes([8; 16])].into());
    let narrow = warehouse.app.console_data().within(scope);
    assert!(narrow.receipt(act).unwrap().is_none());
    assert!(warehouse.app.console_data().receipt(act).unwrap().is_some());
    // An event that is no act.
    let other = {
        let hub = warehouse.hub.replica().lock().unwrap();
        let rows = hub.query().events(&Default::default(), 9).unwrap();
        let row = rows.iter().find(|row| row.placed.event.hash != act);
        row.unwrap().placed.event.hash
    };
    assert!(
        warehouse
            .app
            .console_data()
            .receipt(other)
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn at_the_terminal_a_receipt_is_checked_with_no_server() {
    let (warehouse, mut device, act) = scene().await;
    let released = release(&warehouse, &mut device, 2);
    let by_device = shown_by(&device, deposit(warehouse.site).id);
    device.sync(&warehouse, warehouse.now());
    let mut viewer = warehouse.signed_in(Account::Viewer).await;
    let folder = warehouse.folder.path();
    let data = folder.to_str().unwrap().to_owned();
    let public = warehouse.hub.organisation().key.public();
    let key: String = public
        .as_bytes()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let run = |file: &std::path::Path, args: &[&str]| {
        let done = Command::new(RECEIPT)
            .arg("verify-receipt")
            .arg(file)
            .args(args)
            .output()
            .unwrap();
        let said = String::from_utf8(done.stdout).unwrap();
        (done.status.code().unwrap(), said)
    };
    for (act, word) in [(act, "寄存"), (released, "领取")] {
        for kind in ["pdf", "tallyman-receipt"] {
            let file = folder.join(format!("receipt.{kind}"));
            std::fs::write(&file, download(&mut viewer, act, kind).await.bytes).unwrap();
            let (code, said) = run(&file, &["--key", &key, "--lang", "zh"]);
            assert_eq!(code, 0, "{said}");
            assert!(said.contains("真实有效") && said.contains(word), "{said}");
            assert!(said.contains(&act.hex()), "{said}");
            let (code, said) = run(&file, &["--data", &data, "--lang", "en"]);
            assert_eq!(code, 0, "{said}");
            assert!(
                said.contains("Shanghai depot") && said.contains("王芳"),
                "{said}"
            );
        }
    }
    // What stands in the QR on a handheld, as text.
    let file = folder.join("receipt.txt");
    std::fs::write(&file, format!("{by_device}\n")).unwrap();
    let (code, said) = run(&file, &["--key", &key, "--lang", "zh"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("真实有效") && said.contains("领取"), "{said}");
    assert!(said.contains(&released.hex()), "{said}");
    let file = folder.join("receipt.pdf");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (code, said) = run(&file, &["--key", &key, "--lang", "en"]);
    assert_eq!(
        (code, said.contains("Changed, or not ours")),
        (1, true),
        "{said}"
    );
    for (args, words) in [
        (&[][..], "--key"),
        (&["--key", "12"][..], "64 hexadecimal"),
        (&["--data", "/nowhere"][..], "no server's data"),
    ] {
        let (code, said) = run(&file, args);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(words), "{said}");
    }
    let (code, said) = run(&folder.join("none.pdf"), &["--key", &key]);
    assert_eq!((code, said.contains("cannot be read")), (2, true), "{said}");
}

#[test]
fn an_act_without_terms_or_log_is_told_by_numbers_alone() {
    let act = Custody::new(
        domain::DepositId::from_bytes([1; 16]),
        CustodyAct::Opened,
        vec![3],
    );
    let record = EventRecord {
        clock: domain::Timestamp {
            millis: 1_790_000_000_000,
            counter: 0,
        },
        operator: crate::common::operator(1),
        body: EventBody::Custody(Box::new(act)),
        carries_out: None,
        evidence: Vec::new(),
        origin: None,
        order: None,
        reason: None,
        carton: None,
        approved_by: None,
    };
    let key = SigningKey::from_seed(&[1; 32]);
    let receipt = Receipt {
        organisation: OrganisationId::from_bytes([1; 16]),
        site: domain::SiteId::from_bytes([2; 16]),
        event: EventId {
            chain: ChainId::from_bytes([3; 16]),
            number: 7,
        },
        hash: EventHash([6; 32]),
        record,
    };
    use sync_server::receipts::{ReceiptTold, Shown, Verdict, judge};
    let shown = Shown::Bytes(receipt.sign(&key, None));
    let judged = judge(&shown, None, &key.public(), None).unwrap();
    assert_eq!(judged.verdict, Verdict::Genuine);
    let told = ReceiptTold::of(&judged, &receipt, None).unwrap().unwrap();
    assert_eq!(told.pieces.len(), 1);
    assert_eq!(told.pieces[0].number, 3);
    assert!(told.operator.code.starts_with('?'));
}
