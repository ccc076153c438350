//! Return: what went out comes back, in some condition.

use crate::support::{Site, check};
use operations::Operation::{Issue, Return};

#[test]
fn each_line_says_in_what_condition_and_is_put_where_that_belongs() {
    let mut site = Site::new();
    check(
        Return,
        &mut site,
        &[
            (
                "scan BOLT",
                "accepted item-selected BOLT | choose-condition | ",
            ),
            ("choose returned-sound", " | scan-bin | "),
            (
                "scan A-01",
                "accepted bin-selected A-01 | enter-quantity | ",
            ),
            (
                "qty 4",
                "accepted returned 4 pcs,BOLT,A-01 | scan-item-or-done | received A-01 BOLT 4 (returned-sound)",
            ),
            ("scan BOLT", ". | choose-condition | "),
            ("choose returned-damaged", " | scan-bin | "),
            ("scan B-01", ". | enter-quantity | "),
            ("do next", ". | . | received B-01 BOLT 1 (returned-damaged)"),
            ("do done", " | finished | "),
        ],
    );
    assert_eq!(site.balance("BOLT", "A-01"), "4");
}

#[test]
fn a_unit_comes_back_as_it_went_out_and_only_once() {
    let mut site = Site::with(&["MILK/L1@2027-01-01#LP-1 A-02 96"]);
    check(
        Return,
        &mut site,
        &[("scan LP-1", "refused unit-not-out A-02,09:30 | . | ")],
    );
    check(Issue, &mut site, &[("scan LP-1", ". | . | .")]);
    check(
        Return,
        &mut site,
        &[
            (
                "scan LP-1",
                "accepted item-selected LP-1 | choose-condition | ",
            ),
            ("choose returned-opened", " | scan-bin | "),
            (
                "scan B-02",
                ". | . | received B-02 MILK/L1@2027-01-01#LP-1 96 (returned-opened)",
            ),
            ("scan LP-1", "refused unit-not-out B-02,09:30 | . | "),
        ],
    );
}

#[test]
fn lot_day_and_serial_are_asked_before_the_condition() {
    check(
        Return,
        &mut Site::new(),
        &[
            ("scan MILK", ". | enter-lot | "),
            ("text L9", ". | enter-expiry | "),
            ("text 2026-09-01", ". | choose-condition | "),
            ("choose returned-sound", ". | scan-bin | "),
            ("scan A-01", ". | enter-quantity | "),
            ("qty 2", "attention expired 2026-09-01 | expired? | "),
            (
                "do confirm",
                ". | . | received A-01 MILK/L9@2026-09-01 2 (returned-sound)",
            ),
            ("scan DRILL", ". | enter-serial | "),
            ("text S7", ". | choose-condition | "),
        ],
    );
}
