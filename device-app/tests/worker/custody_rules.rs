//! What may leave the house, and how long it may stay.

use device_app::view::{Screen, UiEvent};
use domain::custody::CustodyAct;

use crate::custody::{acts, house, left, only_deposit, signed, text};
use crate::custody_receipts::receipt_shown;
use crate::rig::Rig;

#[test]
fn a_signature_whose_act_nobody_approved_does_not_stand_in_the_next_act() {
    let hub = house();
    hub.grant_custody_to_wang();
    let mut rig = Rig::enrolled(&hub, "AAAA1");
    rig.scan("B-WANG");
    left(&mut rig);
    signed(&mut rig, "take-in");
    let row = only_deposit(&rig);
    // The ticket is lost: Wang may not hand it out alone.
    rig.ui(UiEvent::OpenOperation("release".into()));
    rig.action("lost-ticket");
    text(&mut rig, "王");
    let person = rig.task().choices[0].id.clone();
    rig.ui(UiEvent::Choose(person));
    let deposit = rig.task().choices[0].id.clone();
    rig.ui(UiEvent::Choose(deposit));
    rig.scan(row.deposit.pieces[&1].unit.printed());
    signed(&mut rig, "hand-out");
    assert!(
        matches!(&rig.view().screen, Screen::SignIn(view) if view.approval.is_some()),
        "{:?}",
        rig.view().screen
    );
    rig.ui(UiEvent::Back);
    assert_eq!(only_deposit(&rig).stored, 2, "nothing went");
    // With the ticket they may look into it, which nobody signs for.
    rig.action("cancel");
    rig.scan(row.deposit.claim.as_str());
    rig.scan(row.deposit.pieces[&1].unit.printed());
    rig.action("look-into");
    assert_eq!(rig.said(), "looked-into");
    let opened = acts(&rig, &row).pop().unwrap();
    assert_eq!((opened.act, opened.signature), (CustodyAct::Opened, None));
}

#[test]
fn a_guarded_piece_stays_where_the_server_does_not_answer() {
    let hub = house();
    hub.guard(100_000);
    let mut a = Rig::signed_in(&hub, "AAAA1");
    let mut b = Rig::signed_in(&hub, "BBBB2");
    a.ui(UiEvent::OpenOperation("deposit".into()));
    text(&mut a, "王喆");
    a.action("new-customer");
    text(&mut a, "13800138000");
    a.action("skip");
    a.action("nothing-forbidden");
    let case = a.task().choices[0].id.clone();
    a.ui(UiEvent::Choose(case));
    a.action("declared-value");
    text(&mut a, "1000");
    a.scan("A-02");
    signed(&mut a, "take-in");
    a.pass(60_000);
    b.pass(60_000);
    let row = only_deposit(&b);
    assert_eq!(row.deposit.pieces[&1].value, 100_000);
    b.ui(UiEvent::StayOffline(true));
    b.ui(UiEvent::OpenOperation("release".into()));
    b.scan(row.deposit.claim.as_str());
    b.scan(row.deposit.pieces[&1].unit.printed());
    b.action("hand-out");
    // Nobody signs for what cannot go, and what was scanned stays scanned.
    assert_eq!(b.said(), "piece-guarded");
    b.ui(UiEvent::Acknowledge);
    b.ui(UiEvent::StayOffline(false));
    b.pass(30_000);
    signed(&mut b, "hand-out");
    assert_eq!(b.said(), "handed-out");
}

#[test]
fn the_device_that_took_a_guarded_piece_in_hands_it_out_without_the_server() {
    let hub = house();
    hub.guard(1);
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    left(&mut rig);
    rig.action("declared-value");
    text(&mut rig, "9000");
    signed(&mut rig, "take-in");
    let row = only_deposit(&rig);
    rig.ui(UiEvent::OpenOperation("release".into()));
    rig.scan(row.deposit.claim.as_str());
    rig.scan(row.deposit.pieces[&2].unit.printed());
    signed(&mut rig, "hand-out");
    assert_eq!(rig.said(), "handed-out");
}

#[test]
fn what_is_overdue_is_listed_and_may_stay_longer() {
    let hub = house();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    left(&mut rig);
    signed(&mut rig, "take-in");
    const DAY_MS: i64 = 86_400_000;
    rig.pass(25 * DAY_MS);
    rig.scan("B-LI");
    rig.ui(UiEvent::OpenOperation("release".into()));
    rig.action("overdue");
    assert!(rig.task().choices.is_empty());
    rig.action("due-soon");
    assert_eq!(rig.task().choices.len(), 1);
    rig.pass(7 * DAY_MS);
    rig.scan("B-LI");
    rig.ui(UiEvent::OpenOperation("release".into()));
    rig.action("overdue");
    let task = rig.task();
    assert_eq!(task.prompt.code, "overdue-here");
    rig.ui(UiEvent::Choose(task.choices[0].id.clone()));
    rig.action("extend");
    text(&mut rig, "2020-01-01");
    assert_eq!(rig.said(), "term-past");
    rig.ui(UiEvent::Acknowledge);
    text(&mut rig, "14");
    assert_eq!(rig.said(), "term-extended");
    // Its receipt can be shown too.
    let row = only_deposit(&rig);
    let acts = rig
        .worker
        .replica()
        .query()
        .acts_of(row.deposit.id)
        .unwrap();
    rig.ui(UiEvent::OpenReceipt(acts[1].placed.event.hash.hex()));
    assert_eq!(receipt_shown(&mut rig).act, "extended");
}
