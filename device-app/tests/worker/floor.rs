//! Adjusting, returning, replenishing, inspecting, counting by order and handing over, on a handheld with its replica.

use device_app::view::{CellState, HistoryRow, Place, Screen, UiEvent};
use documents::catalogue::{Bin, Room, Zone};
use documents::{LineAsked, Order, Partition, RecordKind};
use domain::{BinId, ItemId, OperatorId, OrderId, OrderType, Quantity, ZoneId};

use crate::hub::{Hub, SITE};
use crate::rig::Rig;

const LI: OperatorId = OperatorId::from_bytes([0x1f; 16]);
const WANG: OperatorId = OperatorId::from_bytes([0x2f; 16]);

fn units(n: i64) -> Quantity {
    Quantity::from_units(n).unwrap()
}

pub(crate) fn receive(rig: &mut Rig, bin: &str, quantity: &str) {
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan(bin);
    rig.scan("BOLT");
    rig.worker.quantity(quantity);
    rig.action("done");
}

/// A count of.
pub(crate) fn plan_count(hub: &Hub, code: &str, change: impl Fn(&mut Order)) {
    let line = |n: u8| LineAsked {
        bin: Some(BinId::from_bytes([n; 16])),
        ..LineAsked::default()
    };
    let mut order = Order {
        id: OrderId::from_bytes(id_of(code)),
        site: SITE,
        kind: OrderType::Count,
        code: code.into(),
        party: String::new(),
        note: String::new(),
        due: 0,
        cancelled: false,
        blind: false,
        assigned: None,
        counted_by: Vec::new(),
        to_site: None,
        stocktake: None,
        lines: [(1, line(1)), (2, line(2))].into(),
    };
    change(&mut order);
    let fields = order.to_fields();
    hub.edit(
        Partition::Site(SITE),
        RecordKind::Order,
        order.id.into(),
        fields,
    );
}

/// An id for each code.
fn id_of(code: &str) -> [u8; 16] {
    let mut id = [0x0c; 16];
    for (to, from) in id.iter_mut().zip(code.bytes()) {
        *to = from;
    }
    id
}

#[test]
fn the_book_of_bins_under_a_blind_count_is_shown_nowhere_until_it_is_finished() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    receive(&mut rig, "A-01", "20");
    receive(&mut rig, "A-03", "4");
    plan_count(&hub, "C-1", |order| order.blind = true);
    rig.ui(UiEvent::SyncNow);
    rig.settle();
    let on_hand = |rig: &mut Rig| {
        rig.ui(UiEvent::Open(Place::LookUp));
        rig.ui(UiEvent::Search("BOLT".into()));
        let Screen::LookUp(found) = rig.view().screen else {
            panic!()
        };
        found.hits[0].quantity.clone()
    };
    assert_eq!(on_hand(&mut rig), "4 pcs");
    rig.scan("A-01");
    let Screen::LookUp(found) = rig.view().screen else {
        panic!()
    };
    let detail = found.detail.unwrap();
    assert_eq!(
        (detail.facts[0].label.as_str(), detail.stock.len()),
        ("under-count", 0)
    );
    // Nor does the rack tell which of its bins are empty.
    let states: Vec<CellState> = detail.rack.cells.iter().map(|cell| cell.state).collect();
    let (hidden, used) = (CellState::Hidden, CellState::Used);
    assert_eq!(states, [hidden, hidden, used]);
    // What once went in would tell it too, in the look-up, at home and in the history.
    let quantities = |rows: &[HistoryRow]| -> Vec<String> {
        let row = |row: &HistoryRow| format!("{}: {}", row.text, row.quantity);
        rows.iter().map(row).collect()
    };
    assert_eq!(quantities(&detail.history), ["bolt · A-01: "]);
    let everywhere = |rig: &mut Rig| {
        rig.ui(UiEvent::Open(Place::History));
        let Screen::History(history) = rig.view().screen else {
            panic!()
        };
        rig.ui(UiEvent::Open(Place::Home));
        let Screen::Home(home) = rig.view().screen else {
            panic!()
        };
        let recent = home.recent.iter();
        let recent = recent.map(|line| format!("{}: {}", line.text, line.quantity));
        let recent: Vec<String> = recent.collect();
        let rows = quantities(&history.rows);
        assert_eq!(recent, rows[..recent.len()], "home says no more");
        rows
    };
    assert_eq!(
        everywhere(&mut rig),
        ["bolt · A-03: 4 pcs", "bolt · A-01: "]
    );

    // What goes in meanwhile is answered without the book.
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("1");
    assert_eq!(rig.said(), "received");
    assert_eq!(rig.view().feedback.unwrap().now, None);
    rig.action("done");

    // The counter finds it in the list, and sees what they count only.
    rig.ui(UiEvent::OpenOperation("count".into()));
    let offered = rig.task().choices;
    assert_eq!(offered[0].title, "C-1");
    let id = offered[0].id.clone();
    rig.ui(UiEvent::Choose(id));
    assert_eq!(rig.task().prompt.args, ["A-01"]);
    rig.scan("A-01");
    assert!(rig.task().lines.is_empty());
    rig.scan("BOLT");
    rig.worker.quantity("19");
    rig.action("done");
    assert_eq!(rig.said(), "count-finished");
    assert_eq!(rig.task().prompt.args, ["A-02"]);
    rig.scan("A-02");
    rig.action("bin-empty");
    rig.action("confirm");
    rig.action("done");
    assert_eq!(rig.said(), "order-finished");
    // Now it is no secret any more; the variance waits for a supervisor.
    assert_eq!(on_hand(&mut rig), "25 pcs");
    assert!(everywhere(&mut rig).contains(&"bolt · A-01: 20 pcs".to_owned()));
    let open = rig
        .worker
        .replica()
        .query()
        .exceptions(&Default::default(), 10)
        .unwrap();
    assert_eq!(open.len(), 1);
}

#[test]
fn a_blind_count_of_somebody_else_hides_nothing_and_cannot_be_taken() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    receive(&mut rig, "A-01", "20");
    plan_count(&hub, "C-WANG", |order| {
        (order.blind, order.assigned) = (true, Some(WANG));
    });
    plan_count(&hub, "C-AGAIN", |order| order.counted_by = vec![LI]);
    rig.ui(UiEvent::SyncNow);
    rig.settle();
    rig.ui(UiEvent::OpenOperation("count".into()));
    assert!(rig.task().choices.is_empty());
    for code in ["C-WANG", "C-AGAIN"] {
        rig.scan(code);
        assert_eq!(rig.said(), "somebody-else", "{code}");
        rig.ui(UiEvent::Acknowledge);
    }
    rig.ui(UiEvent::OpenOperation("issue".into()));
    rig.scan("BOLT");
    assert!(rig.task().facts.iter().any(|f| f.value == "20 pcs"));
}

#[test]
fn an_open_count_shows_what_the_book_has() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    receive(&mut rig, "A-01", "20");
    plan_count(&hub, "C-2", |_| {});
    rig.ui(UiEvent::SyncNow);
    rig.settle();
    rig.scan("C-2");
    assert_eq!(
        (rig.task().operation.as_str(), rig.said().as_str()),
        ("count", "order-selected")
    );
    rig.scan("A-01");
    assert_eq!(rig.task().lines[0].quantity, "0 / 20 pcs");
}

#[test]
fn goods_in_a_frozen_bin_are_asked_about_until_its_count_is_finished() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    receive(&mut rig, "A-01", "20");
    plan_count(&hub, "C-2", |_| {});
    rig.ui(UiEvent::SyncNow);
    rig.settle();
    let take_one = |rig: &mut Rig| {
        rig.ui(UiEvent::OpenOperation("issue".into()));
        rig.scan("A-01");
        rig.scan("BOLT");
        rig.worker.quantity("1");
        rig.said()
    };
    assert_eq!(take_one(&mut rig), "bin-frozen-by-count");
    assert_eq!(rig.view().feedback.unwrap().message.args, ["A-01", "C-2"]);
    rig.action("cancel");
    rig.action("done");
    assert_eq!(rig.stock(), ["A-01 BOLT 20"], "nothing by half");

    rig.scan("C-2");
    for (bin, counted) in [("A-01", "20"), ("A-02", "")] {
        rig.scan(bin);
        if counted.is_empty() {
            rig.action("bin-empty");
            rig.action("confirm");
        } else {
            rig.scan("BOLT");
            rig.worker.quantity(counted);
        }
        rig.action("done");
    }
    assert_eq!(rig.said(), "order-finished");
    assert_eq!(take_one(&mut rig), "issued");
    rig.action("done");

    // The bin comes into a zone for defective goods.
    let zone = Zone {
        id: ZoneId::from_bytes([0x77; 16]),
        code: "BAD".into(),
        name_en: "Defective".into(),
        name_zh: "残次品区".into(),
        purpose: "defective".into(),
        site: SITE,
    };
    hub.edit(
        Partition::Site(SITE),
        RecordKind::Zone,
        zone.id.into(),
        zone.to_fields(),
    );
    let bin = Bin {
        id: BinId::from_bytes([1; 16]),
        code: "A-01".into(),
        zone: zone.id,
        site: SITE,
        room: Room::default(),
    };
    hub.edit(
        Partition::Site(SITE),
        RecordKind::Bin,
        bin.id.into(),
        bin.to_fields(),
    );
    rig.ui(UiEvent::SyncNow);
    rig.settle();
    assert_eq!(take_one(&mut rig), "bin-of-defective");
}

#[test]
fn the_emptiest_pick_face_is_filled_up() {
    let hub = Hub::new();
    let face = |n: u8| Bin {
        id: BinId::from_bytes([n; 16]),
        code: format!("A-0{n}"),
        zone: ZoneId::from_bytes([1; 16]),
        site: SITE,
        room: Room {
            face: Some((ItemId::from_bytes([0x41; 16]), units(5), units(12))),
            ..Room::default()
        },
    };
    for n in [1, 2] {
        let fields = face(n).to_fields();
        hub.edit(
            Partition::Site(SITE),
            RecordKind::Bin,
            face(n).id.into(),
            fields,
        );
    }
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    receive(&mut rig, "A-01", "4");
    receive(&mut rig, "A-03", "50");
    rig.ui(UiEvent::OpenOperation("replenish".into()));
    let offered: Vec<(String, String)> = rig
        .task()
        .choices
        .into_iter()
        .map(|c| (c.title, c.quantity))
        .collect();
    let expected = [("A-02", "0 / 12 pcs"), ("A-01", "4 / 12 pcs")];
    assert_eq!(offered, expected.map(|(bin, has)| (bin.into(), has.into())));
    rig.scan("A-01");
    assert_eq!(rig.said(), "face-selected");
    assert_eq!(rig.task().prompt.args, ["A-03"]);
    rig.scan("A-03");
    rig.scan("BOLT");
    rig.action("as-asked");
    rig.scan("A-01");
    assert_eq!(rig.said(), "replenished");
    assert_eq!(rig.stock(), ["A-01 BOLT 12", "A-03 BOLT 42"]);
    assert_eq!(rig.task().choices.len(), 1);
}

#[test]
fn what_came_in_is_inspected_once_and_goods_that_were_rejected_are_put_apart() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    receive(&mut rig, "A-01", "20");
    receive(&mut rig, "A-02", "3");
    rig.ui(UiEvent::OpenOperation("inspect".into()));
    assert_eq!(rig.task().choices.len(), 2);
    let newest = rig.task().choices[0].clone();
    assert_eq!(newest.quantity, "3 pcs");
    rig.ui(UiEvent::Choose(newest.id));
    for answer in ["yes", "no", "no"] {
        rig.ui(UiEvent::Choose(answer.into()));
    }
    // Nothing is lost when the program ends in the middle of the form.
    let mut rig = rig.restart(&hub);
    rig.scan("B-LI");
    rig.ui(UiEvent::Resume);
    rig.worker.quantity("2");
    rig.ui(UiEvent::Choose("rejected".into()));
    assert_eq!(rig.said(), "inspected-rejected");
    rig.scan("A-03");
    assert_eq!(rig.stock(), ["A-01 BOLT 20", "A-03 BOLT 3"]);
    assert_eq!(rig.task().choices.len(), 1);
}

#[test]
fn a_loss_and_a_return_are_in_the_history_with_their_reason() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    receive(&mut rig, "A-01", "20");
    rig.ui(UiEvent::OpenOperation("adjust".into()));
    rig.scan("BOLT");
    rig.ui(UiEvent::Choose("lost".into()));
    rig.worker.quantity("2");
    assert_eq!(rig.said(), "adjusted");
    rig.action("done");
    rig.ui(UiEvent::OpenOperation("return".into()));
    rig.scan("BOLT");
    rig.ui(UiEvent::Choose("returned-opened".into()));
    rig.scan("A-02");
    rig.worker.quantity("1");
    assert_eq!(rig.said(), "returned");
    assert_eq!(rig.stock(), ["A-01 BOLT 18", "A-02 BOLT 1"]);
    rig.ui(UiEvent::Open(Place::History));
    let Screen::History(history) = rig.view().screen else {
        panic!()
    };
    let reasons: Vec<(&str, &str)> = history
        .rows
        .iter()
        .map(|row| (row.operation.as_str(), row.reason.as_str()))
        .collect();
    let expected = [
        ("return", "returned-opened"),
        ("adjust", "lost"),
        ("receive", ""),
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn who_goes_on_has_to_sign_in() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("hand-over".into()));
    assert_eq!(
        rig.task().choices.len(),
        1,
        "nobody hands over to themselves"
    );
    rig.scan("B-WANG");
    assert_eq!(rig.said(), "person-selected");
    rig.ui(UiEvent::EnterText("三号门的叉车坏了".into()));
    rig.action("hand-over");
    assert_eq!(rig.said(), "handed-over");
    let Screen::SignIn(sign_in) = rig.view().screen else {
        panic!("{:?}", rig.view().screen)
    };
    assert_eq!(sign_in.chosen, Some(WANG.to_string()));
    assert_eq!(rig.view().operator, None);
    rig.scan("B-WANG");
    assert_eq!(rig.view().operator.as_deref(), Some("Wang"));
}

#[test]
fn what_somebody_else_began_here_is_taken_over_after_a_question() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.scan("B-WANG");
    assert_eq!(
        rig.said(),
        "wrong-kind-here",
        "a badge in the middle of work signs nobody in"
    );
    rig.ui(UiEvent::Acknowledge);
    rig.ui(UiEvent::Back);
    rig.scan("B-WANG");
    let home = |rig: &mut Rig| match rig.view().screen {
        Screen::Home(home) => home,
        other => panic!("{other:?}"),
    };
    let offered = home(&mut rig).of_others;
    assert_eq!((offered.len(), offered[0].name.as_str()), (1, "Li"));
    assert_eq!(offered[0].draft.operation, "receive");
    rig.ui(UiEvent::TakeOver(offered[0].id.clone()));
    assert_eq!(
        rig.view().question.unwrap().message.code,
        "take-over-confirm"
    );
    rig.action("cancel");
    assert_eq!(home(&mut rig).of_others.len(), 1, "nothing happened");
    rig.ui(UiEvent::TakeOver(offered[0].id.clone()));
    rig.action("confirm");
    rig.worker.quantity("3");
    assert_eq!(rig.said(), "received");
    assert_eq!(rig.stock(), ["A-01 BOLT 3"]);
    // It is hers now, also after the end of the program; Li has nothing left to go on with.
    let mut rig = rig.restart(&hub);
    rig.scan("B-LI");
    let left = home(&mut rig);
    assert_eq!((left.resumable, left.of_others.len()), (None, 1));
    rig.ui(UiEvent::OpenOperation("count".into()));
    let wang = left.of_others[0].id.clone();
    rig.ui(UiEvent::Back);
    rig.ui(UiEvent::TakeOver(wang));
    assert_eq!(rig.said(), "finish-own-first");
}

#[test]
fn many_serial_numbers_are_taken_one_after_the_other() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("DRILL");
    rig.action("batch");
    for n in 1..=20 {
        rig.scan(&format!("SN-{n:03}"));
        assert_eq!(rig.said(), "received");
    }
    assert_eq!(rig.task().prompt.args, ["20"]);
    rig.action("end-batch");
    rig.action("done");
    assert_eq!(rig.stock(), ["A-01 DRILL 20"]);
}
