//! What customers leave: on one device without a network, and on another that has heard of it.

use device_app::view::{Detail, Place, Screen, Strokes, UiEvent};
use documents::sealed::{SEALED_MEDIA, sealed_for};
use domain::custody::{Custody, CustodyAct};
use domain::{BlobKind, EventBody};
use replica::KeyState;
use replica::query::DepositRow;

use crate::hub::{Hub, SITE};
use crate::photos::photo_of;
use crate::rig::Rig;

pub(crate) fn strokes() -> Strokes {
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

pub(crate) fn text(rig: &mut Rig, text: &str) {
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

pub(crate) fn signed(rig: &mut Rig, action: &str) {
    rig.action(action);
    let screen = rig.view().screen;
    assert!(matches!(screen, Screen::Signing(_)), "nobody signs");
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

pub(crate) fn detail(rig: &mut Rig) -> Detail {
    match rig.view().screen {
        Screen::LookUp(look_up) => look_up.detail.unwrap(),
        other => panic!("no detail: {other:?}"),
    }
}

pub(crate) fn acts(rig: &Rig, row: &DepositRow) -> Vec<Custody> {
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

#[test]
fn what_is_said_of_a_piece_is_sealed_and_gone_with_the_person() {
    let hub = house();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    left(&mut rig);
    rig.action("condition");
    text(&mut rig, "拉链上写着王喆");
    signed(&mut rig, "take-in");
    let row = only_deposit(&rig);
    let query = rig.worker.replica().query();
    assert_eq!(
        query.pieces(&row.deposit).unwrap()[1].condition,
        "拉链上写着王喆"
    );
    // The customer signed for the very words of the record, sealed.
    let terms = acts(&rig, &row).pop().unwrap().terms.unwrap();
    assert_eq!(terms.pieces[1].condition, row.deposit.pieces[&2].condition);
    assert_eq!(
        sealed_for(&terms.pieces[1].condition),
        Some(row.deposit.customer)
    );
    assert_eq!(terms, row.deposit.terms());
    rig.pass(60_000);
    hub.inner().keys.push(protocol::SharedKey {
        customer: row.deposit.customer,
        key: None,
    });
    rig.pass(11 * 60_000);
    let row = only_deposit(&rig);
    let query = rig.worker.replica().query();
    assert_eq!(query.pieces(&row.deposit).unwrap()[1].condition, "");
}
