//! A handheld that was enrolled as a counter.

use device_app::view::{HomeView, LookUpView, Outcome, Place, Screen, UiEvent};
use domain::OperatorId;

use crate::floor::plan_count;
use crate::hub::{COUNTER_CODE, Hub};
use crate::rig::Rig;

const LI: OperatorId = OperatorId::from_bytes([0x1f; 16]);

fn sync(rig: &mut Rig) {
    rig.ui(UiEvent::SyncNow);
    rig.settle();
}

fn home(rig: &mut Rig) -> HomeView {
    rig.ui(UiEvent::Open(Place::Home));
    match rig.view().screen {
        Screen::Home(home) => home,
        other => panic!("{other:?}"),
    }
}

fn looked_up(rig: &mut Rig, code: &str) -> LookUpView {
    rig.ui(UiEvent::Open(Place::LookUp));
    rig.scan(code);
    match rig.view().screen {
        Screen::LookUp(found) => found,
        other => panic!("{other:?}"),
    }
}

/// A site with twenty of BOLT in A-01, and a counter that has read all of it.
fn counter(hub: &Hub) -> Rig {
    let mut other = Rig::signed_in(hub, "AAAA1");
    other.ui(UiEvent::OpenOperation("receive".into()));
    other.scan("A-01");
    other.scan("BOLT");
    other.worker.quantity("20");
    other.action("done");
    sync(&mut other);
    assert_eq!(other.stock(), ["A-01 BOLT 20"]);
    let mut rig = Rig::signed_in(hub, COUNTER_CODE);
    sync(&mut rig);
    rig
}

#[test]
fn a_counter_offers_counting_and_says_no_number_of_stock() {
    let hub = Hub::new();
    let mut rig = counter(&hub);
    assert_eq!(rig.stock(), Vec::<String>::new());
    let home = home(&mut rig);
    assert!(home.counts_only);
    let offered: Vec<&str> = home.operations.iter().map(|o| o.code.as_str()).collect();
    assert_eq!(offered, ["count", "hand-over"]);
    for operation in ["receive", "issue", "adjust", "pick", "replenish"] {
        rig.ui(UiEvent::OpenOperation(operation.into()));
        assert_eq!(rig.said(), "counts-only");
        assert_eq!(rig.view().feedback.unwrap().outcome, Outcome::Refused);
        assert!(matches!(rig.view().screen, Screen::Home(_)));
    }

    let of_item = looked_up(&mut rig, "BOLT");
    assert!(of_item.hits.iter().all(|hit| hit.quantity.is_empty()));
    let detail = of_item.detail.unwrap();
    assert!(detail.counts_only && detail.stock.is_empty() && detail.history.is_empty());
    assert!(detail.facts.iter().all(|fact| fact.label != "on-hand"));
    let of_bin = looked_up(&mut rig, "A-01").detail.unwrap();
    assert!(of_bin.counts_only && of_bin.facts.is_empty());

    // On the home screen too, and what is offered there is to count.
    rig.ui(UiEvent::Open(Place::Home));
    rig.scan("A-01");
    let task = rig.task();
    assert_eq!(task.operation, "look-up");
    assert!(task.lines.is_empty());
    rig.action("count");
    assert_eq!(rig.task().operation, "count");
}

#[test]
fn a_count_on_a_counter_is_blind_even_if_it_is_open_and_is_a_variance_elsewhere() {
    let hub = Hub::new();
    plan_count(&hub, "C-1", |order| order.blind = false);
    let mut rig = counter(&hub);
    rig.ui(UiEvent::OpenOperation("count".into()));
    rig.scan("C-1");
    rig.scan("A-01");
    assert!(rig.task().lines.is_empty(), "nothing of the book");
    rig.scan("BOLT");
    rig.worker.quantity("19");
    rig.action("done");
    assert_eq!(rig.said(), "count-finished");
    sync(&mut rig);
    assert_eq!(rig.worker.waiting(), 0);
    let exceptions = |rig: &Rig| {
        let query = rig.worker.replica().query();
        query.exceptions(&Default::default(), 10).unwrap()
    };
    assert_eq!(exceptions(&rig), []);
    assert_eq!(rig.stock(), Vec::<String>::new());
    let mut other = Rig::enrolled(&hub, "BBBB2");
    sync(&mut other);
    let found = exceptions(&other);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].finding.book.unwrap().to_string(), "20");
}

#[test]
fn who_counted_before_may_not_count_again_on_a_counter_either() {
    let hub = Hub::new();
    plan_count(&hub, "C-AGAIN", |order| order.counted_by = vec![LI]);
    let mut rig = counter(&hub);
    rig.ui(UiEvent::OpenOperation("count".into()));
    assert!(rig.task().choices.is_empty());
    rig.scan("C-AGAIN");
    assert_eq!(rig.said(), "somebody-else");
    rig.ui(UiEvent::Acknowledge);
    rig.action("done");
    rig.ui(UiEvent::SignOut);
    rig.scan("B-WANG");
    rig.ui(UiEvent::OpenOperation("count".into()));
    rig.scan("C-AGAIN");
    assert_eq!(rig.said(), "order-selected");
}

#[test]
fn a_handheld_that_has_worked_is_told_to_be_erased_before_it_becomes_a_counter() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    sync(&mut rig);
    rig.ui(UiEvent::SignOut);
    rig.ui(UiEvent::Enrol {
        server_url: "https://hub.test".into(),
        code: COUNTER_CODE.into(),
        device_name: "again".into(),
    });
    rig.settle();
    assert_eq!(rig.said(), "device-role-other");
    assert!(!rig.worker.replica().counts_only());
    // The code serves a new one.
    let rig = Rig::enrolled(&hub, COUNTER_CODE);
    assert!(rig.worker.replica().counts_only());
}
