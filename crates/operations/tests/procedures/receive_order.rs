//! Receive against an announced delivery.

use crate::support::{Site, check, context, play};
use domain::{EventBody, EventHash, OrderFinished, OrderId, OrderStep};
use operations::Operation::Receive;
use operations::Task;

fn site() -> Site {
    let mut site = Site::new();
    site.expect("PO-7", &["BOLT 24", "MILK/L1 6", "WIRE 10"]);
    site
}

#[test]
fn everything_comes_as_announced() {
    let mut site = site();
    check(
        Receive,
        &mut site,
        &[
            (
                "scan PO-7",
                "accepted order-selected PO-7,ACME | scan-bin | ",
            ),
            ("scan A-01", "accepted bin-selected A-01 | scan-item | "),
            (
                "scan BOX12",
                "accepted item-selected BOLT | enter-quantity | ",
            ),
            (
                "qty 2",
                "accepted received 24 pcs,BOLT,A-01 | scan-item-or-done | received A-01 BOLT 24 for PO-7:1",
            ),
            ("gs1 gtin=04012345678901 lot=L1 exp=2027-01-01", "."),
            (
                "qty 6",
                ". | . | received A-01 MILK/L1@2027-01-01 6 for PO-7:2",
            ),
            ("scan WIRE", "."),
            ("qty 10", ". | . | received A-01 WIRE 10 for PO-7:3"),
            (
                "do done",
                "accepted order-finished PO-7 | finished | order-finished 1=24/24 2=6/6 3=10/10",
            ),
        ],
    );
}

#[test]
fn the_delivery_is_chosen_from_the_list_while_nothing_is_begun() {
    check(
        Receive,
        &mut site(),
        &[
            (
                "choose PO-7",
                "accepted order-selected PO-7,ACME | scan-bin | ",
            ),
            ("scan A-01", "."),
            ("scan BOLT", "."),
            ("qty 1", ". | . | received A-01 BOLT 1 for PO-7:1"),
        ],
    );
}

#[test]
fn the_list_gives_way_to_the_keypad_once_something_is_scanned() {
    let site = site();
    let mut task = Task::start(Receive);
    task.offer(&site, &context()).unwrap();
    assert!(task.keypad().is_none());
    assert_eq!(task.choices(&context()).len(), 1);
    let task = play(&task, "scan A-01", &site).task;
    assert!(task.keypad().is_some());
    assert!(task.choices(&context()).is_empty());
}

#[test]
fn short_and_over_are_asked_about_and_kept() {
    check(
        Receive,
        &mut site(),
        &[
            ("scan PO-7", "."),
            ("scan A-01", "."),
            ("qty 30", "."),
            (
                "scan BOLT",
                "attention more-than-ordered 24 pcs,30 pcs | more-than-ordered? | ",
            ),
            (
                "do confirm",
                "accepted received 30 pcs,BOLT,A-01 | . | received A-01 BOLT 30 for PO-7:1",
            ),
            (
                "do done",
                "attention order-differs-confirm 3 | order-differs-confirm? | ",
            ),
            ("do cancel", " | scan-item-or-done | "),
            ("do done", "."),
            (
                "do confirm",
                "accepted order-finished PO-7 | finished | order-finished 1=30/24over 2=0/6short 3=0/10short",
            ),
        ],
    );
}

#[test]
fn goods_that_nobody_ordered_are_kept_once_confirmed() {
    check(
        Receive,
        &mut site(),
        &[
            ("scan PO-7", "."),
            ("scan A-01", "."),
            ("qty 2", "."),
            (
                "scan TWIN",
                "attention not-on-order TWIN,PO-7 | not-on-order? | ",
            ),
            ("do cancel", " | scan-item | "),
            ("qty 2", "."),
            ("scan TWIN", "."),
            // The same code again is a yes.
            ("scan TWIN", ". | . | received A-01 TWIN 2 for PO-7:0"),
            // Another lot than the one that was ordered is another thing.
            ("qty 6", "."),
            (
                "gs1 gtin=04012345678901 lot=L9 exp=2027-01-01",
                "attention not-on-order MILK,PO-7 | not-on-order? | ",
            ),
        ],
    );
}

#[test]
fn damaged_goods_are_marked_and_the_rest_may_come_later() {
    check(
        Receive,
        &mut site(),
        &[
            ("scan PO-7", "."),
            ("scan A-01", "."),
            ("scan BOLT", "."),
            ("do damaged", "accepted marked-damaged | enter-quantity | "),
            ("do damaged", "accepted marked-sound | enter-quantity | "),
            ("do damaged", "."),
            ("qty 3", ". | . | received A-01 BOLT 3 for PO-7:1 (damaged)"),
            ("scan PO-7", "accepted order-selected PO-7,ACME | . | "),
            ("do later", " | finished | "),
        ],
    );
}

#[test]
fn a_second_order_and_one_that_is_done_are_told() {
    let mut site = site();
    site.expect("PO-8", &["BOLT 5"]);
    check(
        Receive,
        &mut site,
        &[
            ("scan PO-7", "."),
            ("scan PO-8", "refused finish-order-first PO-8 | scan-bin | "),
            ("scan PO-7", "accepted order-selected PO-7,ACME | . | "),
        ],
    );
    site.write(
        EventBody::OrderFinished(OrderFinished {
            order: OrderId::from_bytes([2; 16]),
            step: OrderStep::Receive,
            after: Vec::<EventHash>::new(),
            lines: Vec::new(),
        })
        .into(),
    );
    check(
        Receive,
        &mut site,
        &[
            (
                "scan PO-8",
                "attention order-already-finished PO-8 | scan-bin | ",
            ),
            ("scan A-01", "."),
            ("scan BOLT", "."),
            ("qty 5", "."),
            // It goes on from what was known, so nobody did it twice.
            ("do done", ". | finished | order-finished 1=5/5 again"),
        ],
    );
}
