//! What customers leave: on one device without a network, and on another that has heard of it.

use device_app::view::{Detail, Place, ReceiptView, Screen, Strokes, UiEvent};
use documents::sealed::{SEALED_MEDIA, sealed_for};
use documents::{Signer, receipt_code};
use domain::custody::{Custody, CustodyAct};
use domain::{BlobKind, EventBody};
use replica::KeyState;
use replica::query::DepositRow;

use crate::hub::{Hub, ORGANISATION, SITE};
use crate::photos::photo_of;
use crate::rig::Rig;

fn strokes() -> Strokes {
    Strokes {
        width: 4_000,
        height: 2_000,
        lines: vec![vec![(500, 1_000), (1_500, 400), (3_000, 1_200)]],
    }
}

pub(crate) fn house() -> Hub {
    let hub = Hub::new();
    hub.keep_custody();
    hub
}

fn text(rig: &mut Rig, text: &str) {
    rig.ui(UiEvent::EnterText(text.into()));
}

/// Wang leaves two suitcases; the device stays with whoever took them in.
pub(crate) fn left(rig: &mut Rig) {
    rig.ui(UiEvent::OpenOperation("deposit".into()));
    text(rig, "王喆");
    rig.action("new-customer");
    text(rig, "13800138000");
    text(rig, "护照 E12345678");
    rig.action("nothing-forbidden");
    let case = rig.task().choices[0].id.clone();
    rig.ui(UiEvent::Choose(case.clone()));
    rig.ui(UiEvent::Choose(case));
    rig.scan("A-02");
    assert_eq!(rig.said(), "pieces-put");
}

fn signed(rig: &mut Rig, action: &str) {
    rig.action(action);
    assert!(
        matches!(rig.view().screen, Screen::Signing(_)),
        "{:?}",
        rig.view().screen
    );
    rig.ui(UiEvent::Signed(strokes()));
}

pub(crate) fn only_deposit(rig: &Rig) -> DepositRow {
    let rows = rig
        .worker
        .replica()
        .query()
        .deposits_here(SITE, None, 9)
        .unwrap();
    let [row] = &rows[..] else {
        panic!("{rows:?}");
    };
    row.clone()
}

fn detail(rig: &mut Rig) -> Detail {
    match rig.view().screen {
        Screen::LookUp(look_up) => look_up.detail.unwrap(),
        other => panic!("no detail: {other:?}"),
    }
}

fn acts(rig: &Rig, row: &DepositRow) -> Vec<Custody> {
    let acts = rig
        .worker
        .replica()
        .query()
        .acts_of(row.deposit.id)
        .unwrap();
    acts.into_iter()
        .filter_map(|row| match row.placed.event.record.body {
            EventBody::Custody(act) => Some(*act),
            _ => None,
        })
        .collect()
}

#[test]
fn what_is_left_offline_is_sealed_signed_and_known_elsewhere_once_both_have_synced() {
    let hub = house();
    let mut a = Rig::signed_in(&hub, "AAAA1");
    let mut b = Rig::signed_in(&hub, "BBBB2");
    a.ui(UiEvent::StayOffline(true));
    left(&mut a);
    a.worker.add_photo(Ok(photo_of(1))).unwrap();
    assert_eq!(a.said(), "photo-saved");
    signed(&mut a, "take-in");
    assert_eq!(a.said(), "taken-in");
    a.ui(UiEvent::Back);
    assert!(matches!(a.view().screen, Screen::Home(_)));

    let row = only_deposit(&a);
    assert_eq!(row.stored, 2);
    let [act] = &acts(&a, &row)[..] else {
        panic!("one act");
    };
    assert_eq!((act.act, act.pieces.len()), (CustodyAct::Deposited, 2));
    assert!(act.signature.is_some());
    assert_eq!(act.photos.len(), 1);
    // Nothing of the person stands open in what is written.
    let person = a
        .worker
        .replica()
        .query()
        .person(row.deposit.customer)
        .unwrap()
        .unwrap();
    assert_eq!(person.phone, "13800138000");
    let record = a
        .worker
        .replica()
        .query()
        .record(row.deposit.customer.into())
        .unwrap()
        .unwrap();
    for value in record.fields.values() {
        let bytes = match value {
            documents::Value::Bytes(bytes) => bytes.clone(),
            other => other.to_string().into_bytes(),
        };
        for open in ["王喆", "13800138000", "E12345678"] {
            let open = open.as_bytes();
            assert!(!bytes.windows(open.len()).any(|window| window == open));
        }
    }

    a.ui(UiEvent::StayOffline(false));
    a.pass(60_000);
    b.pass(60_000);
    b.pass(60_000);
    assert_eq!(only_deposit(&b).deposit, row.deposit);
    assert_eq!(
        b.worker
            .replica()
            .query()
            .person(row.deposit.customer)
            .unwrap(),
        Some(person)
    );
    let sent = hub.inner().whole_blobs();
    assert!(sent.iter().all(|blob| blob.media == SEALED_MEDIA));
    assert_eq!(
        sent.iter()
            .filter(|b| b.kind == BlobKind::Signature)
            .count(),
        1
    );
    for (_, content) in hub.inner().blobs.values() {
        assert_eq!(sealed_for(content), Some(row.deposit.customer));
    }

    // The other device hands out one of them.
    b.ui(UiEvent::OpenOperation("release".into()));
    let label = row.deposit.pieces[&1].unit.printed().to_owned();
    b.scan(&label);
    assert_eq!(b.said(), "scan-ticket-first");
    b.ui(UiEvent::Acknowledge);
    b.scan(row.deposit.claim.as_str());
    assert_eq!(b.said(), "ticket-found");
    b.scan(&label);
    assert_eq!(b.said(), "piece-matched");
    signed(&mut b, "hand-out");
    assert_eq!(b.said(), "handed-out");
    b.pass(60_000);
    a.pass(60_000);
    assert_eq!(only_deposit(&a).stored, 1);
    let released = acts(&a, &row).pop().unwrap();
    assert_eq!(
        (released.act, released.pieces),
        (CustodyAct::Released, vec![1])
    );
    assert!(released.signature.is_some());
    assert_eq!(released.charge.unwrap().due, 1_000);

    // Who comes with the same ticket for the same piece is told who has it.
    a.ui(UiEvent::OpenOperation("release".into()));
    a.scan(row.deposit.claim.as_str());
    a.scan(&label);
    assert_eq!(a.said(), "unit-already-issued");
}

#[test]
fn work_that_a_kill_interrupts_goes_on_where_it_was() {
    let hub = house();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    left(&mut rig);
    let mut rig = rig.restart(&hub);
    rig.scan("B-LI");
    rig.ui(UiEvent::Resume);
    assert_eq!(rig.task().prompt.code, "customer-signs");
    signed(&mut rig, "take-in");
    assert_eq!(rig.said(), "taken-in");
    assert_eq!(acts(&rig, &only_deposit(&rig)).len(), 1);
}

#[test]
fn who_does_not_want_to_sign_now_goes_back_and_nothing_is_written() {
    let hub = house();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    left(&mut rig);
    rig.action("take-in");
    rig.ui(UiEvent::Signed(Strokes {
        lines: Vec::new(),
        ..strokes()
    }));
    assert_eq!(rig.said(), "signature-empty");
    rig.ui(UiEvent::Back);
    assert_eq!(rig.task().prompt.code, "customer-signs");
    assert!(acts(&rig, &only_deposit(&rig)).is_empty());
}

#[test]
fn a_house_that_keeps_nothing_for_customers_does_not_offer_it() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    let Screen::Home(home) = rig.view().screen else {
        panic!("no home");
    };
    assert!(home.operations.iter().all(|tile| tile.code != "deposit"));
    rig.ui(UiEvent::OpenOperation("deposit".into()));
    assert_eq!(rig.said(), "no-categories");
}

#[test]
fn a_person_who_is_erased_is_unknown_on_every_device_after_its_next_contact() {
    let hub = house();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    left(&mut rig);
    signed(&mut rig, "take-in");
    rig.pass(60_000);
    let row = only_deposit(&rig);
    let customer = row.deposit.customer;
    assert_eq!(hub.inner().keys.len(), 1);
    hub.inner().keys.push(protocol::SharedKey {
        customer,
        key: None,
    });
    rig.pass(11 * 60_000);
    let query = rig.worker.replica().query();
    assert_eq!(query.customer_key(customer).unwrap(), KeyState::Destroyed);
    assert_eq!(query.person(customer).unwrap(), None);
    // What was left is still handed out, by ticket and label, and no picture of it is kept.
    rig.ui(UiEvent::OpenOperation("release".into()));
    rig.scan(row.deposit.claim.as_str());
    rig.scan(row.deposit.pieces[&2].unit.printed());
    signed(&mut rig, "hand-out");
    assert_eq!(rig.said(), "handed-out");
    assert_eq!(acts(&rig, &row).pop().unwrap().signature, None);
}

#[test]
fn the_life_of_a_piece_is_one_list_with_what_was_agreed_about_it() {
    let hub = house();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    left(&mut rig);
    signed(&mut rig, "take-in");
    let row = only_deposit(&rig);
    let label = row.deposit.pieces[&1].unit.printed().to_owned();
    rig.ui(UiEvent::Open(Place::LookUp));
    rig.scan(&label);
    let detail = detail(&mut rig);
    let known: Vec<(&str, &str)> = (detail.facts.iter())
        .map(|fact| (fact.label.as_str(), fact.value.as_str()))
        .collect();
    assert!(known.contains(&("customer-name", "王喆")), "{known:?}");
    assert!(known.contains(&("piece", "1 / 2")), "{known:?}");
    let done: Vec<&str> = detail
        .history
        .iter()
        .map(|row| row.operation.as_str())
        .collect();
    assert_eq!(done, ["deposit", "receive"], "the newest first");
}

fn receipt_shown(rig: &mut Rig) -> ReceiptView {
    match rig.view().screen {
        Screen::Receipt(receipt) => receipt,
        other => panic!("no receipt: {other:?}"),
    }
}

#[test]
fn the_receipt_is_signed_by_the_device_before_the_server_has_heard_of_the_act() {
    let hub = house();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    left(&mut rig);
    rig.worker.add_photo(Ok(photo_of(1))).unwrap();
    signed(&mut rig, "take-in");
    let shown = receipt_shown(&mut rig);
    assert_eq!(
        (shown.act.as_str(), shown.next.code.as_str()),
        ("deposited", "receipt-scan")
    );
    // Nobody has told where the server is: the bare text, in a code that a telephone reads off a screen.
    let qr = shown.qr.clone().unwrap();
    assert!(qr.side <= 77, "version 15 has 77 modules: {}", qr.side);
    let bytes = receipt_code::from_text(&shown.text).unwrap();
    let (organisation, key) = (ORGANISATION, hub.inner().server_key());
    let (read, signer) = receipt_code::verify(&bytes, Some(organisation), &key).unwrap();
    let row = only_deposit(&rig);
    let of = rig
        .worker
        .replica()
        .query()
        .acts_of(row.deposit.id)
        .unwrap();
    let event = &of[0].placed.event;
    assert_eq!((read.event, read.hash), (event.id, event.hash));
    assert_eq!(read.record, receipt_code::brief(&event.record));
    assert!(matches!(signer, Signer::Device(_)));
    assert!(read.custody().unwrap().signature.is_some());

    // A scan of anything serves the next customer.
    rig.scan(row.deposit.claim.as_str());
    assert_eq!(rig.task().operation, "release");
    rig.ui(UiEvent::Back);

    // It can be called up again from the life of each piece, and is the same.
    let label = row.deposit.pieces[&2].unit.printed().to_owned();
    rig.ui(UiEvent::Open(Place::LookUp));
    rig.scan(&label);
    let history = detail(&mut rig).history;
    let act = history.iter().find(|row| row.has_receipt).unwrap();
    rig.ui(UiEvent::OpenReceipt(act.id.clone()));
    assert_eq!(receipt_shown(&mut rig).text, shown.text);
    rig.ui(UiEvent::Back);
    assert_eq!(detail(&mut rig).title, label, "back where one was");
    // What is no act has none.
    let received = history.iter().find(|row| !row.has_receipt).unwrap();
    rig.ui(UiEvent::OpenReceipt(received.id.clone()));
    assert!(matches!(rig.view().screen, Screen::LookUp(_)));

    // Once the site knows its address, the code opens the page.
    hub.say_public_url("https://tallyman.example.com");
    rig.ui(UiEvent::StayOffline(false));
    rig.pass(60_000);
    rig.ui(UiEvent::OpenReceipt(act.id.clone()));
    let opened = receipt_shown(&mut rig);
    assert_eq!(
        opened.text,
        format!("https://tallyman.example.com/receipt#{}", shown.text)
    );
    assert!(opened.qr.unwrap().side <= 77);
}

#[test]
fn an_act_of_another_device_is_named_and_not_signed_for() {
    let hub = house();
    let mut a = Rig::signed_in(&hub, "AAAA1");
    let mut b = Rig::signed_in(&hub, "BBBB2");
    left(&mut a);
    signed(&mut a, "take-in");
    a.pass(60_000);
    b.pass(60_000);
    let row = only_deposit(&b);
    let act = b.worker.replica().query().acts_of(row.deposit.id).unwrap()[0]
        .placed
        .event
        .clone();
    b.ui(UiEvent::OpenReceipt(act.hash.hex()));
    let shown = receipt_shown(&mut b);
    assert_eq!(
        (shown.qr, shown.next.code.as_str()),
        (None, "receipt-elsewhere")
    );
    b.ui(UiEvent::Back);
    hub.say_public_url("https://tallyman.example.com/");
    b.pass(60_000);
    b.ui(UiEvent::OpenReceipt(act.hash.hex()));
    let shown = receipt_shown(&mut b);
    assert_eq!(shown.next.code, "receipt-named");
    let (address, name) = shown.text.split_once('#').unwrap();
    assert_eq!(address, "https://tallyman.example.com/receipt");
    assert_eq!(receipt_code::named(name), Some((act.id, act.hash)));
}
