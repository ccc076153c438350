//! Receipts that a handheld signs itself.

use device_app::view::{Place, ReceiptView, Screen, UiEvent};
use documents::{Signer, receipt_code};

use crate::custody::{detail, house, left, only_deposit, signed};
use crate::hub::ORGANISATION;
use crate::photos::photo_of;
use crate::rig::Rig;

pub(crate) fn receipt_shown(rig: &mut Rig) -> ReceiptView {
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
