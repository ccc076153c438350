//! Issue, line by line.

use crate::support::{Site, check, context, play};
use operations::Operation::{Issue, Pick};
use operations::Task;

#[test]
fn the_only_bin_is_found_and_two_are_asked() {
    check(
        Issue,
        &mut Site::with(&["BOLT A-01 10", "WIRE A-01 5", "WIRE A-02 7"]),
        &[
            (
                "scan BOLT",
                "accepted item-selected BOLT | enter-quantity | ",
            ),
            (
                "qty 4",
                "accepted issued 4 pcs,BOLT,A-01 | scan-item-or-done | issued A-01 BOLT 4",
            ),
            ("scan WIRE", ". | choose-bin | "),
            (
                "choose A-02",
                "accepted bin-selected A-02 | enter-quantity | ",
            ),
            ("qty 2.5", ". | . | issued A-02 WIRE 2.5"),
            ("scan WIRE", ". | choose-bin | "),
            (
                "scan A-01",
                "accepted bin-selected A-01 | enter-quantity | ",
            ),
            ("do next", ". | . | issued A-01 WIRE 1"),
            ("scan WIRE", ". | enter-quantity | "),
            ("do done", ". | finished | issued A-01 WIRE 1"),
        ],
    );
}

#[test]
fn more_than_the_book_shows_is_asked_and_then_recorded() {
    let mut site = Site::with(&["BOLT A-01 3"]);
    check(
        Issue,
        &mut site,
        &[
            ("scan A-01", "."),
            ("scan BOLT", "."),
            ("qty 5", "attention not-enough-here 3 | not-enough-here? | "),
            ("qty 2", ". | . | issued A-01 BOLT 2"),
            ("scan BOLT", "."),
            ("qty 5", "attention not-enough-here 1 | not-enough-here? | "),
            ("do cancel", " | enter-quantity | "),
            ("qty 5", "attention not-enough-here 1 | not-enough-here? | "),
            ("do confirm", ". | . | issued A-01 BOLT 5"),
            ("scan DRILL", ". | enter-serial | "),
            (
                "text S9",
                "attention not-enough-here 0 | not-enough-here? | ",
            ),
            ("do confirm", ". | . | issued A-01 DRILL#S9 1"),
        ],
    );
    assert_eq!(site.balance("BOLT", "A-01"), "-4");
}

#[test]
fn lots_come_first_expired_first() {
    check(
        Issue,
        &mut Site::with(&[
            "MILK/LATE@2028-01-01 A-01 5",
            "MILK/SOON@2026-10-01 A-01 5",
            "MILK/OLD@2026-09-01 A-02 5",
        ]),
        &[
            ("scan A-01", "."),
            ("scan MILK", ". | choose-lot | "),
            (
                "choose SOON",
                "accepted lot-selected SOON | enter-quantity | ",
            ),
            ("qty 1", ". | . | issued A-01 MILK/SOON@2026-10-01 1"),
            ("scan MILK", ". | choose-lot | "),
            ("scan LATE", ". | enter-quantity | "),
            ("qty 1", ". | . | issued A-01 MILK/LATE@2028-01-01 1"),
            ("do change-bin", " | scan-item-or-done | "),
            (
                "gs1 gtin=04012345678901 lot=OLD",
                "accepted item-selected MILK | enter-quantity | ",
            ),
            ("qty 1", "attention expired 2026-09-01 | expired? | "),
            ("do confirm", ". | . | issued A-02 MILK/OLD@2026-09-01 1"),
        ],
    );
}

#[test]
fn units_go_out_whole_and_once() {
    check(
        Issue,
        &mut Site::with(&[
            "DRILL#S1 A-01 1",
            "DRILL#S2 A-01 1",
            "MILK/L1@2027-01-01#LP-1 A-02 96",
        ]),
        &[
            (
                "scan LP-1",
                ". | . | issued A-02 MILK/L1@2027-01-01#LP-1 96",
            ),
            ("scan LP-1", "refused unit-already-issued 09:30,Wang | . | "),
            ("scan S1", ". | . | issued A-01 DRILL#S1 1"),
            (
                "gs1 gtin=00036000291452 serial=S1",
                "refused unit-already-issued 09:30,Wang | . | ",
            ),
            ("scan A-02", "."),
            ("scan S2", "attention wrong-bin A-02,A-01 | wrong-bin? | "),
            ("do cancel", ". | . | issued A-01 DRILL#S2 1"),
        ],
    );
}

#[test]
fn no_stock_anywhere_asks_for_the_bin() {
    check(
        Issue,
        &mut Site::new(),
        &[
            ("scan BOLT", ". | scan-bin | "),
            ("scan A-03", ". | enter-quantity | "),
            (
                "do next",
                "attention not-enough-here 0 | not-enough-here? | ",
            ),
            (
                "scan A-03",
                "accepted issued 1 pcs,BOLT,A-03 | . | issued A-03 BOLT 1",
            ),
            (
                "scan NEVER",
                "refused unknown-code NEVER | unknown-code-choose | ",
            ),
            ("do set-aside", ". | . | set-aside A-03 NEVER 1"),
        ],
    );
}

#[test]
fn what_was_ordered_goes_out_line_by_line() {
    let mut site = Site::with(&["BOLT DOCK 12", "WIRE A-01 50", "MILK/L1@2027-01-01 DOCK 5"]);
    site.sell("SO-1", &["BOLT 12", "MILK/L1 6"]);
    check(
        Issue,
        &mut site,
        &[
            (
                "scan SO-1",
                "accepted order-selected SO-1,ACME | scan-item | ",
            ),
            ("scan DOCK", "."),
            ("scan BOX12", "."),
            (
                "do next",
                "accepted issued 12 pcs,BOLT,DOCK | . | issued DOCK BOLT 12 for SO-1:1",
            ),
            ("scan WIRE", "."),
            ("qty 1", "attention not-enough-here 0 | . | "),
            ("do cancel", "."),
            ("do cancel", "."),
            ("scan MILK", "."),
            (
                "qty 5",
                ". | . | issued DOCK MILK/L1@2027-01-01 5 for SO-1:2",
            ),
            ("do done", "attention order-differs-confirm 1 | . | "),
            (
                "do confirm",
                "accepted order-finished SO-1 | finished | order-finished 1=12/12 2=5/6short",
            ),
        ],
    );
}

#[test]
fn what_is_picked_is_offered_for_shipping_and_nothing_else() {
    let mut site = Site::with(&["BOLT A-01 3"]);
    site.sell("SO-1", &["BOLT 1"]);
    let offered = |site: &Site| {
        let mut task = Task::start(Issue);
        task.offer(site, &context()).unwrap();
        task.choices(&context()).len()
    };
    assert_eq!(offered(&site), 0);
    let mut task = Task::start(Pick);
    for input in [
        "scan SO-1",
        "scan DOCK",
        "scan A-01",
        "scan BOLT",
        "qty 1",
        "do done",
    ] {
        let step = play(&task, input, &site);
        site.apply(&step);
        task = step.task;
    }
    assert_eq!(offered(&site), 1);
}
