//! Rights, limits and approvals on a handheld, cut off or not.

use std::sync::atomic::Ordering;

use device_app::view::{HomeView, PadKey, Screen, SignInView, UiEvent};
use documents::catalogue::Operator;
use documents::{LineAsked, Order, Partition, RecordKind};
use domain::ledger::ExceptionKind;
use domain::rights::{Action, Limits};
use domain::{Grant, ItemId, OperatorId, OrderId, OrderType, Quantity};
use replica::query::{EventFilter, ExceptionFilter};

use crate::hub::{Hub, SITE, T0};
use crate::rig::Rig;

const LI: OperatorId = OperatorId::from_bytes([0x1f; 16]);
const WANG: OperatorId = OperatorId::from_bytes([0x2f; 16]);

fn units(n: i64) -> Quantity {
    Quantity::from_units(n).unwrap()
}

fn grant(hub: &Hub, operator: OperatorId, since: i64, grant: &Grant) {
    hub.edit(
        Partition::Shared,
        RecordKind::Operator,
        operator.into(),
        vec![Operator::grant_field(since, grant)],
    );
}

fn actions(actions: &[Action]) -> Grant {
    Grant {
        actions: actions.iter().copied().collect(),
        ..Grant::default()
    }
}

/// Wang may pick and move; Li may do everything, and approve.
fn hub() -> Hub {
    let hub = Hub::new();
    grant(&hub, WANG, T0, &actions(&[Action::Pick, Action::Move]));
    grant(&hub, LI, T0, &Grant::everything());
    hub
}

fn signed_in(hub: &Hub) -> Rig {
    let mut rig = Rig::enrolled(hub, "AAAA1");
    rig.scan("B-WANG");
    rig
}

fn home(rig: &mut Rig) -> HomeView {
    match rig.view().screen {
        Screen::Home(home) => home,
        other => panic!("{other:?}"),
    }
}

/// What is to be approved; nothing if nobody is asked to.
fn asked(rig: &mut Rig) -> Option<SignInView> {
    match rig.view().screen {
        Screen::SignIn(view) => view.approval.is_some().then_some(view),
        _ => None,
    }
}

fn why(rig: &mut Rig) -> String {
    let why = asked(rig).and_then(|view| view.approval);
    why.map(|m| format!("{} {}", m.code, m.args.join(",")))
        .unwrap_or_default()
}

fn pin(rig: &mut Rig, digits: [u8; 4]) {
    for digit in digits {
        rig.ui(UiEvent::PinKey(PadKey::Digit(digit)));
    }
    rig.ui(UiEvent::PinDone);
}

fn approve(rig: &mut Rig) {
    rig.scan("B-LI");
    pin(rig, [4, 7, 1, 1]);
}

/// Who did it and who approved it, of everything that was written, the newest first.
fn written(rig: &Rig) -> Vec<(&'static str, OperatorId, Option<OperatorId>)> {
    let query = rig.worker.replica().query();
    let rows = query.events(&EventFilter::default(), 100).unwrap();
    let said = rows.into_iter().map(|row| row.placed.event.record);
    said.map(|r| (r.body.kind(), r.operator, r.approved_by))
        .collect()
}

fn breaches(replica: &replica::Replica) -> usize {
    let open = ExceptionFilter {
        open_only: true,
        ..ExceptionFilter::default()
    };
    let found = replica.query().exceptions(&open, 100).unwrap();
    let found = found.iter().map(|e| &e.finding);
    found
        .filter(|finding| finding.kind == ExceptionKind::RightBreached)
        .map(|finding| finding.evidence.len())
        .sum()
}

#[test]
fn who_has_no_right_is_told_and_who_has_it() {
    let hub = Hub::new();
    grant(&hub, WANG, T0, &actions(&[Action::Pick, Action::Move]));
    let mut rig = signed_in(&hub);
    let barred: Vec<String> = home(&mut rig)
        .operations
        .into_iter()
        .filter(|tile| tile.barred)
        .map(|tile| tile.code)
        .collect();
    let allowed = ["pick", "move"];
    // Nothing is looked up from here, and nothing is kept for customers.
    assert_eq!(barred.len(), operations::Operation::ALL.len() - 3 - 2);
    assert!(barred.iter().all(|code| !allowed.contains(&code.as_str())));
    rig.ui(UiEvent::OpenOperation("adjust".into()));
    let said = rig.view().feedback.unwrap().message;
    assert_eq!(
        (said.code.as_str(), said.args),
        (
            "needs-right-of",
            vec!["Wang".to_owned(), "adjust".into(), "Li".into()]
        )
    );
    rig.ui(UiEvent::Acknowledge);
    // Goods that are not in the house would be received: the same answer to a scan.
    rig.scan("4006381333931");
    let said = rig.view().feedback.unwrap().message;
    assert_eq!(
        (said.code.as_str(), said.args[1].as_str()),
        ("needs-right-of", "receive")
    );
    rig.ui(UiEvent::Acknowledge);
    assert_eq!(home(&mut rig).resumable, None);
    // What is allowed goes on as ever, and so does whoever nobody has restricted.
    rig.ui(UiEvent::OpenOperation("move".into()));
    assert_eq!(rig.task().operation, "move");
    rig.ui(UiEvent::Back);
    rig.scan("B-LI");
    assert!(home(&mut rig).operations.iter().all(|tile| !tile.barred));
    rig.ui(UiEvent::OpenOperation("adjust".into()));
    assert_eq!(rig.task().operation, "adjust");
}

#[test]
fn a_supervisor_approves_with_badge_and_pin_and_the_events_say_who() {
    let hub = hub();
    let mut rig = signed_in(&hub);
    rig.ui(UiEvent::StayOffline(true));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    assert_eq!(why(&mut rig), "needs-right Wang,receive");
    let view = asked(&mut rig).unwrap();
    assert_eq!(view.operators.len(), 1, "only who may approve");
    rig.scan("B-NOBODY");
    assert_eq!(rig.said(), "no-such-badge");
    rig.ui(UiEvent::Acknowledge);
    rig.scan("B-WANG");
    assert_eq!(
        rig.said(),
        "cannot-approve",
        "nobody approves what they do themselves"
    );
    rig.ui(UiEvent::Acknowledge);
    rig.scan("B-LI");
    pin(&mut rig, [1, 2, 3, 4]);
    assert_eq!(rig.said(), "wrong-pin", "a badge alone is no approval");
    rig.ui(UiEvent::Acknowledge);
    assert!(asked(&mut rig).is_some());
    pin(&mut rig, [4, 7, 1, 1]);
    assert_eq!(rig.said(), "approved");
    assert_eq!(
        rig.view().operator.as_deref(),
        Some("Wang"),
        "who works stays the same"
    );
    assert_eq!(rig.task().operation, "receive");
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("5");
    assert_eq!(rig.said(), "received");
    rig.action("done");
    assert_eq!(written(&rig), [("received", WANG, Some(LI))]);
    // It was given for this work alone.
    rig.ui(UiEvent::OpenOperation("receive".into()));
    assert_eq!(why(&mut rig), "needs-right Wang,receive");
    rig.ui(UiEvent::Back);
    assert!(home(&mut rig).resumable.is_none());
    rig.ui(UiEvent::StayOffline(false));
    rig.ui(UiEvent::SyncNow);
    assert_eq!(rig.worker.waiting(), 0);
    assert_eq!(breaches(rig.worker.replica()), 0);
    assert_eq!(rig.state_hash(), hub.state_hash());
}

#[test]
fn a_correction_beyond_the_limit_waits_and_less_of_it_does_not() {
    let hub = hub();
    grant(
        &hub,
        WANG,
        T0 + 1,
        &Grant {
            limits: Limits {
                adjust: Some(units(2)),
                ..Limits::default()
            },
            ..actions(&[Action::Receive, Action::Adjust])
        },
    );
    let mut rig = signed_in(&hub);
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("10");
    rig.action("done");
    let lose = |rig: &mut Rig| {
        rig.scan("BOLT");
        rig.ui(UiEvent::Choose("lost".into()));
        rig.ui(UiEvent::Keypad(PadKey::Digit(3)));
        rig.action("next");
    };
    rig.ui(UiEvent::OpenOperation("adjust".into()));
    lose(&mut rig);
    assert_eq!(why(&mut rig), "adjust-beyond-limit 3 pcs,2 pcs");
    assert_eq!(rig.stock(), ["A-01 BOLT 10"]);
    // Nobody comes: the line is as it was, with the number that was typed.
    rig.ui(UiEvent::Back);
    assert_eq!(rig.task().keypad.unwrap().value, "3");
    // The same after the end of the program, but for digits that nobody has meant.
    let mut rig = rig.restart(&hub);
    rig.scan("B-WANG");
    rig.ui(UiEvent::Resume);
    assert_eq!(rig.task().prompt.code, "enter-quantity");
    rig.worker.quantity("2");
    assert_eq!(rig.said(), "adjusted");
    assert_eq!(rig.stock(), ["A-01 BOLT 8"]);
    lose(&mut rig);
    approve(&mut rig);
    assert_eq!(rig.said(), "adjusted");
    assert_eq!(rig.stock(), ["A-01 BOLT 5"]);
    assert_eq!(
        written(&rig)[..2],
        [("adjusted", WANG, Some(LI)), ("adjusted", WANG, None)]
    );
    // An approval is for one step.
    lose(&mut rig);
    assert_eq!(why(&mut rig), "adjust-beyond-limit 3 pcs,2 pcs");
    rig.ui(UiEvent::Back);
    rig.ui(UiEvent::SyncNow);
    assert_eq!(breaches(rig.worker.replica()), 0);
    assert_eq!(rig.state_hash(), hub.state_hash());
}

#[test]
fn more_than_ordered_waits_for_an_approval() {
    let hub = hub();
    grant(
        &hub,
        WANG,
        T0 + 1,
        &Grant {
            limits: Limits {
                over_receipt_percent: Some(10),
                ..Limits::default()
            },
            ..actions(&[Action::Receive])
        },
    );
    let line = LineAsked {
        item: Some(ItemId::from_bytes([0x41; 16])),
        asked: units(10),
        ..LineAsked::default()
    };
    let order = Order {
        id: OrderId::from_bytes([0x0d; 16]),
        site: SITE,
        kind: OrderType::Inbound,
        code: "PO-7".into(),
        party: String::new(),
        note: String::new(),
        due: 0,
        cancelled: false,
        blind: false,
        assigned: None,
        counted_by: Vec::new(),
        to_site: None,
        stocktake: None,
        lines: [(1, line)].into(),
    };
    hub.edit(
        Partition::Site(SITE),
        RecordKind::Order,
        order.id.into(),
        order.to_fields(),
    );
    let mut rig = signed_in(&hub);
    rig.scan("PO-7");
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("12");
    // Wang is asked first whether that is so.
    rig.action("confirm");
    assert_eq!(why(&mut rig), "over-receipt-beyond-tolerance 2 pcs,10");
    assert_eq!(rig.stock(), Vec::<String>::new());
    // Who cannot wait is not forced to: signing out keeps the draft.
    rig.ui(UiEvent::SignOut);
    rig.scan("B-WANG");
    rig.ui(UiEvent::Resume);
    rig.action("confirm");
    approve(&mut rig);
    assert_eq!(rig.said(), "received");
    assert_eq!(rig.stock(), ["A-01 BOLT 12"]);
    assert_eq!(written(&rig)[0], ("received", WANG, Some(LI)));
}

#[test]
fn a_grant_runs_out_by_the_highest_clock_and_not_by_the_devices() {
    let hub = Hub::new();
    let until = T0 + 60_000;
    grant(
        &hub,
        WANG,
        T0,
        &Grant {
            until: Some(until),
            ..Grant::everything()
        },
    );
    let mut rig = signed_in(&hub);
    rig.ui(UiEvent::StayOffline(true));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.clock.store(until - 1_000, Ordering::Relaxed);
    rig.worker.quantity("1");
    assert_eq!(rig.said(), "received");
    rig.clock.store(until, Ordering::Relaxed);
    rig.scan("BOLT");
    rig.worker.quantity("2");
    assert_eq!(rig.said(), "right-expired");
    assert_eq!(rig.stock(), ["A-01 BOLT 1"], "nothing more is written");
    rig.ui(UiEvent::Acknowledge);
    assert_eq!(rig.task().operation, "receive", "and nothing is lost");
    // Work at another device's later clock was seen meanwhile: to put the clock back wins no time.
    let mut rig = rig.restart(&hub);
    rig.clock.store(T0 - 86_400_000, Ordering::Relaxed);
    rig.scan("B-WANG");
    rig.ui(UiEvent::Resume);
    rig.worker.quantity("2");
    assert_eq!(
        rig.said(),
        "received",
        "the last that was seen is a second before the end"
    );
    assert!(rig.worker.replica().highest_clock() >= until - 1_000);
    let grants = Grant {
        until: Some(until),
        ..Grant::everything()
    };
    // A newer grant shows a later time, whatever the device says.
    grant(&hub, WANG, until + 5, &grants);
    rig.ui(UiEvent::StayOffline(false));
    rig.ui(UiEvent::SyncNow);
    rig.scan("BOLT");
    rig.worker.quantity("3");
    assert_eq!(rig.said(), "right-expired");
}

#[test]
fn what_a_device_that_did_not_know_has_written_is_an_exception_for_the_supervisor() {
    let hub = Hub::new();
    let mut rig = signed_in(&hub);
    rig.ui(UiEvent::StayOffline(true));
    grant(&hub, WANG, T0, &actions(&[Action::Pick]));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    for quantity in ["1", "2"] {
        rig.scan("BOLT");
        rig.worker.quantity(quantity);
        assert_eq!(rig.said(), "received");
    }
    rig.ui(UiEvent::StayOffline(false));
    rig.ui(UiEvent::SyncNow);
    assert_eq!(rig.stock(), ["A-01 BOLT 3"], "the goods are there");
    assert_eq!(breaches(rig.worker.replica()), 2);
    assert_eq!(rig.state_hash(), hub.state_hash());
    // From now on it knows, in the middle of the work too.
    rig.scan("BOLT");
    rig.worker.quantity("4");
    assert_eq!(rig.said(), "needs-right-of");
    assert_eq!(rig.stock(), ["A-01 BOLT 3"]);
}

#[test]
fn to_take_over_to_print_and_to_take_back_what_others_did_are_rights_too() {
    let hub = hub();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("1");
    rig.scan("BOLT");
    rig.ui(UiEvent::Back);
    let event = rig.worker.replica().query();
    let event = event.events(&EventFilter::default(), 1).unwrap()[0]
        .placed
        .event
        .hash;
    rig.scan("B-WANG");
    rig.ui(UiEvent::HistoryUndo(event.hex()));
    assert_eq!(rig.said(), "needs-right-of");
    rig.ui(UiEvent::Acknowledge);
    rig.ui(UiEvent::TakeOver(LI.to_string()));
    assert_eq!(why(&mut rig), "needs-right Wang,take-over");
    approve(&mut rig);
    assert_eq!(
        rig.view().question.unwrap().message.code,
        "take-over-confirm"
    );
    rig.action("confirm");
    // The work is Wang's, and still takes a right that Wang does not have.
    rig.worker.quantity("2");
    assert_eq!(why(&mut rig), "needs-right Wang,receive");
    approve(&mut rig);
    assert_eq!(rig.said(), "received");
    assert_eq!(written(&rig)[0], ("received", WANG, Some(LI)));
    assert_eq!(breaches(rig.worker.replica()), 0);
}

#[test]
fn what_is_begun_stays_until_other_work_is_approved() {
    let hub = hub();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("10");
    rig.action("done");
    rig.scan("B-WANG");
    rig.ui(UiEvent::OpenOperation("move".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.ui(UiEvent::Back);
    rig.ui(UiEvent::OpenOperation("adjust".into()));
    assert_eq!(rig.view().question.unwrap().message.code, "discard-confirm");
    rig.action("confirm");
    assert_eq!(why(&mut rig), "needs-right Wang,adjust");
    rig.ui(UiEvent::Back);
    assert_eq!(home(&mut rig).resumable.unwrap().operation, "move");
    rig.ui(UiEvent::OpenOperation("adjust".into()));
    rig.action("confirm");
    approve(&mut rig);
    assert_eq!(rig.task().operation, "adjust");
    // Approved once, it goes on from the tile too.
    rig.ui(UiEvent::Back);
    rig.ui(UiEvent::OpenOperation("adjust".into()));
    assert_eq!(rig.task().operation, "adjust");
}

#[test]
fn whoever_practises_may_try_everything() {
    let hub = hub();
    let mut rig = signed_in(&hub);
    rig.ui(UiEvent::Practise(true));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    assert_eq!(rig.task().operation, "receive");
}

#[test]
fn a_recount_takes_the_right_to_recount() {
    let hub = hub();
    let line = LineAsked {
        bin: Some(domain::BinId::from_bytes([1; 16])),
        ..LineAsked::default()
    };
    for (n, code, counted_by) in [(1_u8, "C-1", vec![]), (2, "C-2", vec![LI])] {
        let order = Order {
            id: OrderId::from_bytes([0xa0 | n; 16]),
            site: SITE,
            kind: OrderType::Count,
            code: code.into(),
            party: String::new(),
            note: String::new(),
            due: 0,
            cancelled: false,
            blind: false,
            assigned: None,
            counted_by,
            to_site: None,
            stocktake: None,
            lines: [(1, line.clone())].into(),
        };
        hub.edit(
            Partition::Site(SITE),
            RecordKind::Order,
            order.id.into(),
            order.to_fields(),
        );
    }
    let mut rig = signed_in(&hub);
    for (since, action, offered) in [(1, Action::Count, "C-1"), (2, Action::Recount, "C-2")] {
        grant(&hub, WANG, T0 + since, &actions(&[action]));
        rig.ui(UiEvent::SyncNow);
        rig.ui(UiEvent::OpenOperation("count".into()));
        let titles: Vec<String> = rig.task().choices.into_iter().map(|c| c.title).collect();
        assert_eq!(titles, [offered]);
        let other = if offered == "C-1" { "C-2" } else { "C-1" };
        rig.scan(other);
        assert_eq!(rig.said(), "somebody-else");
        rig.ui(UiEvent::Acknowledge);
        rig.action("done");
    }
}
