//! Several codes of one pull of the trigger, from the wedge and from the camera.

use std::sync::atomic::Ordering;

use device_app::view::{Outcome, Place, Screen, UiEvent};
use device_app::worker::ToWorker;
use documents::{FieldEdit, Partition, RecordKind};
use domain::ItemId;
use scan::Payload;

use crate::hub::Hub;
use crate::rig::Rig;

/// The wedge types these one right after the other.
fn pull(rig: &mut Rig, codes: &[&str]) {
    pull_every(rig, codes, 20);
}

/// As a belt goes by: the same code may come again, not within the time in which it would be the same scan.
fn pull_slowly(rig: &mut Rig, codes: &[&str]) {
    pull_every(rig, codes, 110);
}

fn pull_every(rig: &mut Rig, codes: &[&str], ms: i64) {
    rig.clock.fetch_add(400, Ordering::Relaxed);
    for (code, n) in codes.iter().zip(0..) {
        rig.clock.fetch_add(ms, Ordering::Relaxed);
        rig.worker.handle(ToWorker::Ui(UiEvent::Scan {
            text: (*code).to_owned(),
            follows: n > 0,
        }));
    }
}

/// One frame of the camera shows these.
fn see(rig: &mut Rig, codes: &[&str]) {
    rig.clock.fetch_add(400, Ordering::Relaxed);
    let payloads = codes.iter().map(|code| Payload::from_keys(code)).collect();
    rig.worker.handle(ToWorker::Seen(payloads));
}

fn answer(rig: &mut Rig) -> (String, Outcome, u32) {
    let feedback = rig.view().feedback.unwrap();
    (feedback.message.code, feedback.outcome, feedback.also_read)
}

fn receiving(hub: &Hub) -> Rig {
    let mut rig = Rig::signed_in(hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig
}

#[test]
fn the_code_that_fits_is_taken_at_once_and_the_others_are_told() {
    let hub = Hub::new();
    let mut rig = receiving(&hub);
    pull(&mut rig, &["BOLT", "WAYBILL-1", "WAYBILL-2"]);
    assert_eq!(
        answer(&mut rig),
        ("item-selected".into(), Outcome::Accepted, 2),
        "without waiting for anything"
    );
    assert_eq!(rig.task().prompt.code, "enter-quantity");
    rig.ui(UiEvent::Open(Place::Sync));
    let Screen::Sync(sync) = rig.view().screen else {
        panic!()
    };
    let raw: Vec<&str> = sync.raw_scans.iter().map(|r| r.text.as_str()).collect();
    assert_eq!(raw[..3], ["WAYBILL-2", "WAYBILL-1", "BOLT"]);
}

#[test]
fn a_foreign_code_waits_for_the_one_that_fits() {
    let hub = Hub::new();
    let mut rig = receiving(&hub);
    let before = rig.view().feedback;
    pull(&mut rig, &["WAYBILL-1", "WAYBILL-2"]);
    assert_eq!(rig.view().feedback, before, "not refused yet");
    rig.worker.handle(ToWorker::Ui(UiEvent::Scan {
        text: "BOLT".into(),
        follows: true,
    }));
    assert_eq!(
        answer(&mut rig),
        ("item-selected".into(), Outcome::Accepted, 2)
    );
    rig.pass(500);
    assert_eq!(rig.said(), "item-selected", "nothing is refused later");
}

#[test]
fn where_none_fits_there_is_one_refusal() {
    let hub = Hub::new();
    let mut rig = receiving(&hub);
    let number = rig.view().feedback.unwrap().number;
    pull(&mut rig, &["WAYBILL-1", "WAYBILL-2", "WAYBILL-3"]);
    assert_eq!(rig.view().feedback.unwrap().number, number);
    rig.pass(120);
    let refused = rig.view().feedback.unwrap();
    assert_eq!(refused.message.code, "unknown-code");
    assert_eq!((refused.number, refused.also_read), (number + 1, 2));
    // A tap does not wait.
    rig.action("cancel");
    pull(&mut rig, &["WAYBILL-4"]);
    rig.worker
        .handle(ToWorker::Ui(UiEvent::Action("cancel".into())));
    assert_eq!(rig.worker.view().feedback, None, "refused, and put away");
}

#[test]
fn two_that_fit_equally_are_refused_and_nothing_was_taken() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    pull(&mut rig, &["A-01", "A-02"]);
    assert_eq!(rig.said(), "several-codes");
    assert_eq!(rig.task().prompt.code, "scan-bin");
    let mut rig = rig.restart(&hub);
    rig.scan("B-LI");
    rig.ui(UiEvent::Resume);
    assert_eq!(rig.task().prompt.code, "scan-bin", "also on the disk");
    see(&mut rig, &["A-01", "A-02"]);
    assert_eq!(rig.said(), "several-codes");
    see(&mut rig, &["A-02", "WAYBILL-1"]);
    assert_eq!(
        answer(&mut rig),
        ("bin-selected".into(), Outcome::Accepted, 1)
    );
    see(&mut rig, &["BOLT", "MILK"]);
    assert_eq!(rig.said(), "several-codes");
}

#[test]
fn a_fast_wedge_loses_no_goods() {
    let hub = Hub::new();
    let mut rig = receiving(&hub);
    pull(&mut rig, &["BOLT", "MILK"]);
    assert_eq!(rig.stock(), ["A-01 BOLT 1"], "the second ended the first");
    assert_eq!(rig.task().prompt.code, "enter-lot");
}

#[test]
fn a_wedge_that_never_stops_is_no_single_trigger() {
    let hub = Hub::new();
    for (n, sku) in [(0xa1_u8, "NUT"), (0xa2, "RING"), (0xa3, "PIN")] {
        let id = ItemId::from_bytes([n; 16]).into();
        let fields = ["sku", "unit"].map(|field| FieldEdit::set(field, sku));
        hub.edit(Partition::Shared, RecordKind::Item, id, fields.to_vec());
    }
    let mut rig = receiving(&hub);
    // The same code comes again after others, each right behind the one before it.
    let goods = ["NUT", "RING", "PIN"];
    let codes: Vec<&str> = (0..60).map(|n| goods[n % 7 % 3]).collect();
    let meant: Vec<&str> = (codes.iter().zip([""].iter().chain(&codes)))
        .filter(|(code, before)| code != before)
        .map(|(code, _)| *code)
        .collect();
    pull_slowly(&mut rig, &meant);
    rig.action("done");
    let query = rig.worker.replica().query();
    let rows = query.events(&Default::default(), 100).unwrap();
    let sku = |row: &replica::query::EventRow| {
        let goods = row.placed.event.record.body.goods().unwrap().item;
        query.item(goods).unwrap().unwrap().sku
    };
    let mut recorded: Vec<String> = rows.iter().map(sku).collect();
    recorded.reverse();
    assert_eq!(recorded, meant);
}

#[test]
fn symbols_that_complete_each_other_are_one_label() {
    let hub = Hub::new();
    let mut rig = receiving(&hub);
    for whole in [true, false] {
        let codes = ["]C10104012345678901", "]C110L7\u{1d}17280101", "CN-22"];
        match whole {
            true => see(&mut rig, &codes),
            false => pull(&mut rig, &codes),
        }
        assert_eq!(rig.task().prompt.code, "enter-quantity", "{:?}", rig.said());
        assert_eq!(answer(&mut rig).2, 1);
        rig.worker.quantity("6");
    }
    assert_eq!(rig.stock(), ["A-01 MILK/L7 12"]);
}

#[test]
fn at_home_the_known_code_opens_its_work() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    pull(&mut rig, &["WAYBILL-1", "BOLT"]);
    assert_eq!(rig.task().operation, "receive");
    assert_eq!(answer(&mut rig).2, 1);
}
