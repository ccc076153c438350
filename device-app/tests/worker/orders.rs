//! Work on orders: an announced delivery received, and goods picked, by handhelds that are cut off.

use device_app::view::{Fact, LookUpView, Place, Screen, TaskView, UiEvent};
use documents::{ArrivingContent, FieldEdit, LineAsked, Order, Partition, RecordKind};
use domain::{Goods, ItemId, OrderId, OrderType, Quantity, UnitId};

use crate::hub::{Hub, SITE};
use crate::rig::Rig;

fn announce(hub: &Hub) {
    order(hub, OrderType::Inbound, "PO-7");
}

/// Ten bolts and one drill.
fn order(hub: &Hub, kind: OrderType, code: &str) {
    let line = |n: u8, asked| LineAsked {
        item: Some(ItemId::from_bytes([0x40 | n; 16])),
        asked: Quantity::from_units(asked).unwrap(),
        ..LineAsked::default()
    };
    let order = Order {
        id: OrderId::from_bytes([0x0d; 16]),
        site: SITE,
        kind,
        code: code.into(),
        party: "华东五金".into(),
        note: String::new(),
        due: 0,
        cancelled: false,
        blind: false,
        assigned: None,
        counted_by: Vec::new(),
        to_site: None,
        stocktake: None,
        lines: [(1, line(1, 10)), (2, line(3, 1))].into(),
    };
    hub.edit(
        Partition::Site(SITE),
        RecordKind::Order,
        order.id.into(),
        order.to_fields(),
    );
}

#[test]
fn two_handhelds_receive_one_delivery_apart_and_both_results_are_shown() {
    let hub = Hub::new();
    announce(&hub);
    let mut one = Rig::signed_in(&hub, "AAAA1");
    let mut other = Rig::signed_in(&hub, "BBBB2");
    for rig in [&mut one, &mut other] {
        rig.ui(UiEvent::StayOffline(true));
    }
    // Its number opens it from anywhere.
    one.scan("PO-7");
    assert_eq!(one.said(), "order-selected");
    let task = one.task();
    assert_eq!(task.operation, "receive");
    assert_eq!(task.lines[0].quantity, "0 / 10 pcs");
    one.scan("A-01");
    one.scan("BOLT");
    let hint = one.task().keypad.unwrap().hint.unwrap();
    assert_eq!(hint.args, ["0 / 10 pcs"]);
    one.worker.quantity("10");
    assert_eq!(one.said(), "received");
    assert_eq!(one.task().lines.last().unwrap().title, "bolt");
    let bolts = |rig: &mut Rig| {
        let lines = rig.task().lines;
        let of_order = lines
            .into_iter()
            .find(|line| line.quantity.contains("/ 10"));
        of_order.unwrap().quantity
    };
    one.ui(UiEvent::Undo);
    assert_eq!(bolts(&mut one), "0 / 10 pcs");
    one.scan("BOLT");
    one.worker.quantity("10");
    assert_eq!(bolts(&mut one), "10 / 10 pcs");
    one.action("done");
    assert_eq!(one.said(), "order-differs-confirm");
    // Nothing is lost when the program ends in the middle of it.
    let mut one = one.restart(&hub);
    one.scan("B-LI");
    one.ui(UiEvent::Resume);
    assert_eq!(
        one.view().question.unwrap().message.code,
        "order-differs-confirm"
    );
    one.action("confirm");
    assert!(matches!(one.view().screen, Screen::Home(_)));

    // The other one finds it in the list.
    other.ui(UiEvent::OpenOperation("receive".into()));
    let offered = other.task().choices;
    assert_eq!(
        (offered[0].title.as_str(), offered[0].quantity.as_str()),
        ("PO-7", "0 / 2")
    );
    let id = offered[0].id.clone();
    other.ui(UiEvent::Choose(id));
    other.scan("A-02");
    other.scan("BOLT");
    other.worker.quantity("10");
    other.action("done");
    other.action("confirm");

    for rig in [&mut one, &mut other] {
        rig.ui(UiEvent::StayOffline(false));
        rig.settle();
    }
    one.ui(UiEvent::SyncNow);
    one.settle();
    let query = one.worker.replica().query();
    let open = query.exceptions(&Default::default(), 10).unwrap();
    let kinds: Vec<&str> = open.iter().map(|e| e.finding.kind.code()).collect();
    assert_eq!(kinds, ["work-done-twice"]);
    assert_eq!(one.state_hash(), other.state_hash());
    // What both have received is known when somebody opens it again.
    one.scan("PO-7");
    assert_eq!(one.said(), "order-already-finished");
    assert_eq!(one.task().lines[1].quantity, "20 / 10 pcs");
}

#[test]
fn an_order_is_picked_shipped_and_a_short_pick_is_shown() {
    let hub = Hub::new();
    order(&hub, OrderType::Outbound, "SO-1");
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    for bin in ["A-01", "A-02"] {
        rig.scan(bin);
        rig.scan("BOLT");
        rig.worker.quantity("8");
    }
    rig.action("done");
    rig.ui(UiEvent::OpenOperation("pick".into()));
    let offered = rig.task().choices;
    assert_eq!(offered[0].title, "SO-1");
    let id = offered[0].id.clone();
    rig.ui(UiEvent::Choose(id));
    rig.scan("A-03");
    assert_eq!(rig.said(), "stage-selected");
    assert_eq!(rig.task().prompt.code, "go-to-bin");
    assert_eq!(rig.task().prompt.args, ["A-01"]);
    rig.scan("BOLT");
    assert_eq!(rig.said(), "scan-bin-first");
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("3");
    assert_eq!(rig.said(), "picked");
    let now = rig.view().feedback.unwrap().now.unwrap();
    assert_eq!(now.code, "there-now-of-order");
    assert!(now.args[0].starts_with("3 / "), "{now:?}");
    // Where the picker is and what was found is not lost when the program ends.
    let mut rig = rig.restart(&hub);
    rig.scan("B-LI");
    rig.ui(UiEvent::Resume);
    rig.action("short");
    rig.action("confirm");
    assert_eq!(rig.said(), "counted-line");
    assert_eq!(rig.task().prompt.args, ["A-02"]);
    rig.scan("A-02");
    rig.scan("BOLT");
    rig.action("as-asked");
    assert_eq!(rig.said(), "picked");
    assert_eq!(
        rig.task().prompt.code,
        "nothing-more-here",
        "no drill is in stock"
    );
    rig.action("done");
    assert_eq!(rig.said(), "order-differs-confirm");
    rig.action("confirm");
    assert!(matches!(rig.view().screen, Screen::Home(_)));

    // Its number opens the next step now.
    rig.scan("SO-1");
    assert_eq!(rig.task().operation, "issue");
    rig.scan("A-03");
    rig.scan("BOLT");
    rig.action("all-of-it");
    assert_eq!(rig.said(), "issued");
    assert_eq!(rig.task().lines[1].quantity, "10 / 10 pcs");
    rig.action("done");
    rig.action("confirm");
    rig.ui(UiEvent::StayOffline(false));
    rig.settle();
    let query = rig.worker.replica().query();
    let open = query.exceptions(&Default::default(), 10).unwrap();
    let mut kinds: Vec<&str> = open.iter().map(|e| e.finding.kind.code()).collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        ["count-variance", "order-variance", "order-variance"]
    );
}

#[test]
fn two_handhelds_pick_one_order_apart_and_nothing_is_picked_unseen() {
    let hub = Hub::new();
    order(&hub, OrderType::Outbound, "SO-1");
    let mut one = Rig::signed_in(&hub, "AAAA1");
    one.ui(UiEvent::OpenOperation("receive".into()));
    one.scan("A-01");
    one.scan("BOLT");
    one.worker.quantity("10");
    one.action("done");
    one.settle();
    let mut other = Rig::signed_in(&hub, "BBBB2");
    for rig in [&mut one, &mut other] {
        rig.ui(UiEvent::StayOffline(true));
        rig.scan("SO-1");
        for code in ["A-03", "A-01", "BOLT"] {
            rig.scan(code);
        }
        rig.action("as-asked");
        rig.action("confirm");
        rig.action("done");
        rig.action("confirm");
    }
    for rig in [&mut one, &mut other] {
        rig.ui(UiEvent::StayOffline(false));
        rig.settle();
    }
    one.ui(UiEvent::SyncNow);
    one.settle();
    assert_eq!(one.state_hash(), other.state_hash());
    let query = one.worker.replica().query();
    let open = query.exceptions(&Default::default(), 10).unwrap();
    let mut kinds: Vec<&str> = open.iter().map(|e| e.finding.kind.code()).collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        ["count-variance", "negative-stock", "work-done-twice"]
    );
}

#[test]
fn an_order_that_is_called_off_meanwhile_is_told_to_whoever_works_on_it_or_opens_it() {
    let hub = Hub::new();
    order(&hub, OrderType::Outbound, "SO-1");
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.scan("SO-1");
    rig.scan("A-03");
    assert_eq!(rig.said(), "stage-selected");
    hub.edit(
        Partition::Site(SITE),
        RecordKind::Order,
        OrderId::from_bytes([0x0d; 16]).into(),
        vec![FieldEdit::set("cancelled", true)],
    );
    rig.ui(UiEvent::SyncNow);
    rig.settle();
    rig.scan("A-01");
    assert_eq!(rig.task().prompt.code, "stop-order");
    rig.action("later");
    rig.ui(UiEvent::OpenOperation("pick".into()));
    assert!(rig.task().choices.is_empty());
    rig.scan("SO-1");
    assert_eq!(rig.said(), "order-called-off");
}

#[test]
fn what_one_handheld_packs_another_sends_by_the_carton() {
    let hub = Hub::new();
    order(&hub, OrderType::Outbound, "SO-1");
    let mut one = Rig::signed_in(&hub, "AAAA1");
    one.ui(UiEvent::OpenOperation("receive".into()));
    one.scan("A-03");
    one.scan("BOLT");
    one.worker.quantity("10");
    one.action("done");
    one.ui(UiEvent::OpenOperation("pack".into()));
    one.scan("SO-1");
    for code in ["A-03", "BX-1", "BOLT"] {
        one.scan(code);
    }
    one.worker.quantity("6");
    assert_eq!(one.said(), "packed");
    // What is in the carton is known when the program ends in the middle.
    let mut one = one.restart(&hub);
    one.scan("B-LI");
    one.ui(UiEvent::Resume);
    let fact = |task: &TaskView, label: &str| {
        let of = |f: &&Fact| f.label == label;
        task.facts.iter().find(of).map(|f| f.value.clone())
    };
    assert_eq!(fact(&one.task(), "carton").unwrap(), "BX-1");
    one.action("next-carton");
    one.action("new-carton");
    let made_up = fact(&one.task(), "carton").unwrap();
    one.scan("BOLT");
    one.action("as-asked");
    assert_eq!(one.said(), "packed");
    assert_eq!(one.view().printing.last_unit, made_up);
    one.action("done");
    one.action("confirm");
    one.settle();
    assert_eq!(one.stock(), ["A-03 BOLT 10"], "packing moves nothing");

    let mut other = Rig::signed_in(&hub, "BBBB2");
    other.ui(UiEvent::StayOffline(true));
    other.ui(UiEvent::Open(Place::LookUp));
    other.scan("BX-1");
    let detail = |rig: &mut Rig| match rig.view().screen {
        Screen::LookUp(look_up) => look_up.detail.unwrap(),
        other => panic!("{other:?}"),
    };
    let shown = detail(&mut other);
    assert_eq!(
        (shown.kind.as_str(), shown.title.as_str()),
        ("carton", "BX-1")
    );
    assert_eq!(shown.stock[0].quantity, "6 pcs");
    assert_eq!(shown.history[0].operation, "pack");
    other.ui(UiEvent::OpenOperation("issue".into()));
    other.scan("SO-1");
    let waiting: Vec<String> = other.task().lines.into_iter().map(|l| l.title).collect();
    assert_eq!(waiting[..2], ["BX-1".to_owned(), made_up.clone()]);
    other.scan("BX-1");
    assert_eq!(other.said(), "carton-loaded");
    assert_eq!(other.task().lines[0].title, made_up);
    other.scan("BX-1");
    assert_eq!(other.said(), "carton-gone");
    other.ui(UiEvent::Acknowledge);
    assert_eq!(other.stock(), ["A-03 BOLT 4"]);
    // The line is taken back, and the carton waits again.
    other.ui(UiEvent::Undo);
    assert_eq!(other.stock(), ["A-03 BOLT 10"]);
    assert_eq!(other.task().lines[0].title, "BX-1");
    other.scan("BX-1");
    other.scan(&made_up);
    other.ui(UiEvent::StayOffline(false));
    other.settle();
    for rig in [&mut one, &mut other] {
        rig.ui(UiEvent::SyncNow);
        rig.settle();
    }
    assert_eq!(one.stock(), Vec::<String>::new());
    assert_eq!(one.state_hash(), other.state_hash());
    one.ui(UiEvent::Open(Place::LookUp));
    one.scan("BX-1");
    assert!(detail(&mut one).stock.is_empty());
}

#[test]
fn a_carton_that_a_delivery_announces_is_received_by_its_label_once() {
    let hub = Hub::new();
    announce(&hub);
    let content = ArrivingContent {
        carton: UnitId::plate("BX-9"),
        line: 1,
        goods: Goods::of(ItemId::from_bytes([0x41; 16])),
        quantity: Quantity::from_units(4).unwrap(),
    };
    let order = OrderId::from_bytes([0x0d; 16]);
    let fields = vec![content.to_field()];
    hub.edit(
        Partition::Site(SITE),
        RecordKind::Order,
        order.into(),
        fields,
    );
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    rig.ui(UiEvent::Open(Place::LookUp));
    rig.scan("BX-9");
    assert_eq!(rig.said(), "carton-arrives");
    let Screen::LookUp(look_up) = rig.view().screen else {
        panic!()
    };
    let shown = look_up.detail.unwrap();
    assert_eq!(
        (shown.kind.as_str(), shown.title.as_str()),
        ("carton", "BX-9")
    );
    assert_eq!(shown.facts[0].value, "PO-7");
    assert_eq!(shown.stock[0].quantity, "4 pcs");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("BX-9");
    rig.scan("A-01");
    assert_eq!(rig.said(), "carton-received");
    assert_eq!(rig.stock(), ["A-01 BOLT 4"]);
    rig.scan("BX-9");
    assert_eq!(rig.said(), "carton-here");
    rig.ui(UiEvent::Acknowledge);
    // What else came of the delivery is received by the piece; then it is done, and announces nothing any more.
    rig.scan("BOLT");
    rig.worker.quantity("6");
    rig.action("done");
    rig.action("confirm");
    assert_eq!(rig.said(), "order-finished");
    assert_eq!(rig.stock(), ["A-01 BOLT 10"]);
}

#[test]
fn what_is_in_a_carton_or_on_a_pallet_under_a_blind_count_is_not_told() {
    let hub = Hub::new();
    order(&hub, OrderType::Outbound, "SO-1");
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    const PALLET: &str = "(00)106141412345678908";
    rig.ui(UiEvent::OpenOperation("receive".into()));
    for code in ["A-01", PALLET, "BOLT"] {
        rig.scan(code);
    }
    rig.worker.quantity("7");
    assert_eq!(rig.said(), "received");
    rig.action("done");
    rig.ui(UiEvent::OpenOperation("pack".into()));
    for code in ["SO-1", "A-01", "BX-1", "BOLT"] {
        rig.scan(code);
    }
    rig.worker.quantity("3");
    assert_eq!(rig.said(), "packed");
    rig.action("later");
    let shown = |rig: &mut Rig, code: &str| {
        rig.ui(UiEvent::Open(Place::LookUp));
        rig.scan(code);
        let Screen::LookUp(LookUpView { detail, .. }) = rig.view().screen else {
            panic!("no look-up");
        };
        let detail = detail.unwrap();
        let facts = detail
            .facts
            .iter()
            .map(|f| (f.label.clone(), f.value.clone()));
        (facts.collect::<Vec<_>>(), detail.stock.len())
    };
    let of_book = |label: &str, value: &str| (label.to_owned(), value.to_owned());
    let (facts, _) = shown(&mut rig, PALLET);
    assert!(facts.contains(&of_book("quantity", "7")), "{facts:?}");
    assert_eq!(shown(&mut rig, "BX-1").1, 1);
    crate::floor::plan_count(&hub, "C-1", |order| order.blind = true);
    rig.ui(UiEvent::SyncNow);
    rig.settle();
    for code in [PALLET, "BX-1"] {
        let (facts, lines) = shown(&mut rig, code);
        assert!(facts.contains(&of_book("under-count", "–")), "{facts:?}");
        assert!(
            facts.iter().all(|(label, _)| label != "quantity"),
            "{facts:?}"
        );
        assert_eq!(lines, 0, "{code}");
    }
}
