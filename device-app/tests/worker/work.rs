//! Work on one device: commits, drafts, undo, history, look-up.

use device_app::view::{LineState, PadKey, Place, Screen, UiEvent};
use documents::catalogue::{Customer, Item};
use documents::{Partition, RecordKind};
use domain::ledger::{StockKey, Subject};
use domain::{BinId, CustomerId, ItemId};

use crate::hub::Hub;
use crate::rig::Rig;

#[test]
fn a_receipt_typed_on_the_keypad() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    assert_eq!(rig.said(), "bin-selected");
    rig.scan("BOLT");
    assert_eq!(rig.task().prompt.code, "enter-quantity");
    rig.ui(UiEvent::Keypad(PadKey::Digit(1)));
    rig.ui(UiEvent::Keypad(PadKey::Digit(2)));
    assert_eq!(rig.task().keypad.unwrap().value, "12");
    assert_eq!(rig.worker.committed().len(), 0);
    rig.action("next");
    assert_eq!(rig.said(), "received");
    assert_eq!(rig.stock(), ["A-01 BOLT 12"]);
    assert_eq!(rig.view().chip.waiting, 1);
    // "5 then scan".
    rig.ui(UiEvent::Keypad(PadKey::Digit(5)));
    rig.scan("4006381333931");
    assert_eq!(rig.stock(), ["A-01 BOLT 17"]);
    rig.ui(UiEvent::Undo);
    assert_eq!(rig.said(), "undone");
    assert_eq!(rig.stock(), ["A-01 BOLT 12"]);
    rig.ui(UiEvent::Undo);
    assert_eq!(rig.stock(), Vec::<String>::new());
    rig.ui(UiEvent::Undo);
    assert_eq!(rig.said(), "nothing-to-undo");
    rig.action("done");
    assert!(matches!(rig.view().screen, Screen::Home(_)));
}

#[test]
fn the_answer_says_what_is_there_now() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    let now = |rig: &mut Rig| {
        let now = rig.view().feedback.and_then(|f| f.now);
        now.map(|now| format!("{} {}", now.code, now.args.join(" ")))
    };
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    assert_eq!(now(&mut rig), None, "nothing was written");
    for (quantity, there) in [("12", "12 pcs"), ("1", "13 pcs")] {
        rig.scan("BOLT");
        rig.worker.quantity(quantity);
        assert_eq!(now(&mut rig), Some(format!("there-now {there} A-01")));
    }
    rig.action("done");
    rig.ui(UiEvent::StayOffline(true));
    rig.pass(10 * 60_000);
    rig.ui(UiEvent::OpenOperation("issue".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("3");
    let told = now(&mut rig).unwrap();
    assert!(told.starts_with("there-now-as-of 10 pcs A-01 "), "{told}");
    rig.action("done");
    rig.ui(UiEvent::OpenOperation("count".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    assert_eq!(rig.said(), "counted-line");
    assert_eq!(now(&mut rig), None, "who counts is not told the book");
}

#[test]
fn a_task_says_that_stock_it_rests_on_is_being_recalculated() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    for bin in ["A-01", "A-02"] {
        rig.ui(UiEvent::OpenOperation("receive".into()));
        rig.scan(bin);
        rig.scan("BOLT");
        rig.action("next");
        rig.action("done");
    }
    let issue = |rig: &mut Rig| {
        rig.ui(UiEvent::OpenOperation("issue".into()));
        rig.scan("BOLT");
        assert!(!rig.task().choices.is_empty(), "one of two bins");
        rig.task().recalculating
    };
    assert!(!issue(&mut rig));
    rig.mark_stale(&Subject::Stock(StockKey {
        bin: BinId::from_bytes([1; 16]),
        item: ItemId::from_bytes([0x41; 16]),
        lot: None,
    }));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-03");
    assert!(!rig.task().recalculating, "it rests on no stock");
    rig.action("done");
    assert!(issue(&mut rig));
    let bin = rig.task().choices[1].id.clone();
    rig.ui(UiEvent::Choose(bin));
    assert!(rig.task().recalculating, "until the line is written");
}

#[test]
fn a_draft_survives_the_end_of_the_program() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("count".into()));
    rig.scan("A-02");
    rig.scan("BOLT");
    rig.scan("BOLT");
    let mut rig = rig.restart(&hub);
    assert_eq!(rig.view().banner.unwrap().code, "recovered-session");
    rig.scan("B-WANG");
    let Screen::Home(home) = rig.view().screen else {
        panic!()
    };
    assert_eq!(home.resumable, None, "somebody else's draft is theirs");
    rig.ui(UiEvent::SignOut);
    rig.scan("B-LI");
    let Screen::Home(home) = rig.view().screen else {
        panic!()
    };
    let draft = home.resumable.unwrap();
    assert_eq!(
        (draft.operation.as_str(), draft.title.as_str(), draft.lines),
        ("count", "A-02", 1)
    );
    rig.ui(UiEvent::Resume);
    rig.scan("BOLT");
    assert_eq!(
        rig.view().feedback.unwrap().message.args,
        ["3 pcs", "bolt", "A-02"]
    );
    rig.action("done");
    assert_eq!(rig.said(), "count-finished");
    assert_eq!(rig.worker.committed().len(), 1);
}

#[test]
fn a_scan_at_home_opens_what_fits() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.scan("BOLT");
    assert_eq!(rig.task().operation, "receive", "nothing of it is here yet");
    rig.scan("A-01");
    rig.ui(UiEvent::Keypad(PadKey::Digit(9)));
    rig.action("done");
    rig.scan("BOLT");
    let task = rig.task();
    assert_eq!(task.operation, "look-up");
    let actions: Vec<String> = task.actions.into_iter().map(|a| a.code).collect();
    assert_eq!(actions, ["issue", "move", "receive", "adjust", "done"]);
    rig.action("issue");
    assert_eq!(rig.task().operation, "issue");
    rig.worker.quantity("2");
    assert_eq!(rig.stock(), ["A-01 BOLT 7"]);
    // Unfinished work goes on when something is scanned at home.
    rig.scan("BOLT");
    rig.ui(UiEvent::Open(Place::Home));
    rig.scan("BOLT");
    assert_eq!(rig.task().operation, "issue");
    // Another operation asks before it drops it.
    rig.ui(UiEvent::Back);
    rig.ui(UiEvent::OpenOperation("move".into()));
    assert_eq!(rig.view().question.unwrap().message.code, "discard-confirm");
    rig.scan("BOLT");
    assert_eq!(rig.said(), "answer-first");
    rig.action("confirm");
    assert_eq!(rig.task().operation, "move");
    assert_eq!(rig.stock(), ["A-01 BOLT 7"]);
}

#[test]
fn unknown_codes_can_be_taught_to_the_catalogue() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("HOMEMADE-7");
    assert_eq!(rig.said(), "unknown-code");
    rig.ui(UiEvent::Acknowledge);
    rig.action("link-to-item");
    rig.scan("BOLT");
    assert_eq!(rig.said(), "linked");
    rig.action("next");
    rig.scan("HOMEMADE-7");
    assert_eq!(rig.said(), "item-selected");
    rig.action("next");
    assert_eq!(rig.stock(), ["A-01 BOLT 2"]);
    rig.scan("STRANGE");
    rig.action("set-aside");
    assert_eq!(rig.said(), "set-aside-saved");
    rig.pass(10_000);
    assert_eq!(rig.state_hash(), hub.state_hash());
}

#[test]
fn history_shows_states_and_takes_back() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("3");
    rig.pass(10_000);
    rig.ui(UiEvent::StayOffline(true));
    rig.scan("BOLT");
    rig.worker.quantity("4");
    rig.ui(UiEvent::Open(Place::History));
    let Screen::History(history) = rig.view().screen else {
        panic!()
    };
    let rows: Vec<_> = history
        .rows
        .iter()
        .map(|r| (r.text.as_str(), r.quantity.as_str(), r.state))
        .collect();
    assert_eq!(
        rows,
        [
            ("bolt · A-01", "4 pcs", LineState::Saved),
            ("bolt · A-01", "3 pcs", LineState::Completed)
        ]
    );
    let id = history.rows[1].id.clone();
    rig.ui(UiEvent::HistoryUndo(id.clone()));
    assert_eq!(rig.said(), "undone");
    assert_eq!(rig.stock(), ["A-01 BOLT 4"]);
    rig.ui(UiEvent::HistoryUndo(id.clone()));
    assert_eq!(rig.said(), "already-undone");
    rig.scan("B-WANG");
    rig.ui(UiEvent::Open(Place::History));
    let Screen::History(history) = rig.view().screen else {
        panic!()
    };
    rig.ui(UiEvent::HistoryUndo(history.rows[1].id.clone()));
    assert_eq!(rig.said(), "cannot-undo", "it is somebody else's");
    rig.ui(UiEvent::HistoryUndo("nonsense".into()));
    assert_eq!(rig.said(), "nothing-to-undo");
}

#[test]
fn look_up_says_whose_goods_they_are() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    let owner = Customer {
        id: CustomerId::from_bytes([0xc1; 16]),
        code: "ACME".into(),
        name_en: String::new(),
        name_zh: "艾克美".into(),
    };
    let bolt = ItemId::from_bytes([0x41; 16]);
    for (kind, id, fields) in [
        (RecordKind::Customer, owner.id.into(), owner.to_fields()),
        (
            RecordKind::Item,
            bolt.into(),
            vec![Item::owner_field(Some(owner.id))],
        ),
    ] {
        hub.edit(Partition::Shared, kind, id, fields);
    }
    rig.ui(UiEvent::SyncNow);
    rig.settle();
    rig.ui(UiEvent::Open(Place::LookUp));
    let owner_of = |rig: &mut Rig, code: &str| {
        rig.scan(code);
        let Screen::LookUp(found) = rig.view().screen else {
            panic!()
        };
        let facts = found.detail.unwrap().facts.into_iter();
        let mut owners = facts.filter(|fact| fact.label == "owner");
        owners.next().map(|fact| fact.value)
    };
    assert_eq!(owner_of(&mut rig, "BOLT").as_deref(), Some("艾克美"));
    assert_eq!(owner_of(&mut rig, "MILK"), None, "our own");
}

#[test]
fn look_up_finds_by_name_characters_and_scan() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan(
        "]C1010401234567890110L7<17280101"
            .replace('<', "\u{1d}")
            .as_str(),
    );
    rig.worker.quantity("6");
    assert_eq!(rig.stock(), ["A-01 MILK/L7 6"]);
    rig.ui(UiEvent::Open(Place::LookUp));
    for (text, kind) in [
        ("牛奶", "item"),
        ("niunai", "item"),
        ("MIL", "item"),
        ("a-01", "bin"),
    ] {
        rig.ui(UiEvent::Search(text.into()));
        let Screen::LookUp(found) = rig.view().screen else {
            panic!()
        };
        assert_eq!(
            found.hits.first().map(|h| h.kind.as_str()),
            Some(kind),
            "{text}"
        );
        assert_eq!(found.scanned, None);
    }
    rig.scan("A-01");
    let Screen::LookUp(found) = rig.view().screen else {
        panic!()
    };
    let detail = found.detail.unwrap();
    assert_eq!(
        (detail.kind.as_str(), detail.title.as_str()),
        ("bin", "A-01")
    );
    assert_eq!(detail.stock[0].lot, "L7");
    assert_eq!(detail.history.len(), 1);
    rig.scan("MILK");
    rig.ui(UiEvent::Back);
    let Screen::LookUp(found) = rig.view().screen else {
        panic!()
    };
    assert_eq!(found.detail, None);
    rig.scan("NOBODY-KNOWS");
    assert_eq!(rig.said(), "unknown-code");
}

#[test]
fn goods_from_the_dock_are_sent_to_where_the_same_lie() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    for (bin, quantity) in [("A-01", "20"), ("A-03", "3")] {
        rig.scan(bin);
        rig.scan("BOLT");
        rig.worker.quantity(quantity);
    }
    rig.action("done");
    rig.ui(UiEvent::OpenOperation("put-away".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    assert_eq!(rig.task().prompt.code, "put-into");
    assert_eq!(rig.task().prompt.args, ["A-03"]);
    assert_eq!(rig.task().facts[1].label, "same-goods-there");
    rig.action("all-of-it");
    rig.scan("A-02");
    assert_eq!(rig.said(), "other-target-confirm");
    rig.scan("A-02");
    assert_eq!(rig.said(), "put-away");
    assert_eq!(rig.stock(), ["A-02 BOLT 20", "A-03 BOLT 3"]);
}
