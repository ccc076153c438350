//! Receive, line by line.

use crate::support::{Site, check};
use operations::Operation::Receive;

#[test]
fn five_then_scan_and_scan_then_five() {
    let mut site = Site::new();
    check(
        Receive,
        &mut site,
        &[
            ("scan A-01", "accepted bin-selected A-01 | scan-item | "),
            ("qty 5", "accepted quantity-set 5 | scan-item | "),
            (
                "scan BOLT",
                "accepted received 5 pcs,BOLT,A-01 | scan-item-or-done | received A-01 BOLT 5",
            ),
            (
                "scan BOLT",
                "accepted item-selected BOLT | enter-quantity | ",
            ),
            (
                "qty 5",
                "accepted received 5 pcs,BOLT,A-01 | . | received A-01 BOLT 5",
            ),
            (
                "scan BOX12",
                "accepted item-selected BOLT | enter-quantity | ",
            ),
            (
                "qty 2",
                "accepted received 24 pcs,BOLT,A-01 | . | received A-01 BOLT 24",
            ),
            ("do done", " | finished | "),
        ],
    );
    assert_eq!(site.balance("BOLT", "A-01"), "34");
}

#[test]
fn the_same_code_again_is_one_more_and_another_ends_the_line() {
    check(
        Receive,
        &mut Site::new(),
        &[
            ("scan A-01", "."),
            ("scan BOX12", "."),
            ("scan BOX12", "accepted quantity-set 24 | enter-quantity | "),
            (
                "scan WIRE",
                "accepted item-selected WIRE | enter-quantity | received A-01 BOLT 24",
            ),
            (
                "scan A-02",
                "accepted received 1 m,WIRE,A-01 | scan-item-or-done | received A-01 WIRE 1",
            ),
            ("scan BOLT", ". | enter-quantity | "),
            (
                "do next",
                "accepted received 1 pcs,BOLT,A-02 | . | received A-02 BOLT 1",
            ),
            ("scan 4006381333931", "accepted item-selected BOLT | . | "),
            (
                "do done",
                "accepted received 1 pcs,BOLT,A-02 | finished | received A-02 BOLT 1",
            ),
        ],
    );
}

#[test]
fn goods_first_then_the_bin() {
    check(
        Receive,
        &mut Site::new(),
        &[
            ("scan BOLT", "accepted item-selected BOLT | scan-bin | "),
            ("scan BOLT", "accepted quantity-set 2 | scan-bin | "),
            ("scan WIRE", "refused wrong-kind-here WIRE | scan-bin | "),
            ("do done", "refused finish-line-first | scan-bin | "),
            (
                "scan A-01",
                "accepted bin-selected A-01 | enter-quantity | ",
            ),
            ("qty 3", ". | . | received A-01 BOLT 3"),
        ],
    );
}

#[test]
fn lot_and_expiry_are_asked_only_when_the_code_is_silent() {
    check(
        Receive,
        &mut Site::new(),
        &[
            ("scan A-01", "."),
            ("scan MILK", "accepted item-selected MILK | enter-lot | "),
            ("scan A-02", "refused wrong-kind-here A-02 | enter-lot | "),
            ("text L1", "accepted lot-selected L1 | enter-expiry | "),
            (
                "text tomorrow",
                "refused date-malformed tomorrow | enter-expiry | ",
            ),
            ("text 2027-03-31", ". | enter-quantity | "),
            ("qty 6", ". | . | received A-01 MILK/L1@2027-03-31 6"),
            ("scan MILK", ". | enter-lot | "),
            ("scan L1", "accepted lot-selected L1 | enter-quantity | "),
            ("qty 1", ". | . | received A-01 MILK/L1@2027-03-31 1"),
            (
                "gs1 gtin=04012345678901 lot=L2 exp=2027-05-01 count=24",
                "accepted received 24 l,MILK,A-01 | . | received A-01 MILK/L2@2027-05-01 24",
            ),
            (
                "gs1 gtin=04012345678901 lot=L2 exp=2027-05-01",
                ". | enter-quantity | ",
            ),
            ("do next", ". | . | received A-01 MILK/L2@2027-05-01 1"),
            ("scan MILK", ". | enter-lot | "),
            ("do no-lot", ". | enter-expiry | "),
            ("do no-expiry", ". | enter-quantity | "),
            ("qty 2", ". | . | received A-01 MILK 2"),
        ],
    );
}

#[test]
fn expired_goods_and_a_day_that_differs_are_asked_about() {
    check(
        Receive,
        &mut Site::with(&["MILK/L1@2027-03-31 A-01 1"]),
        &[
            ("scan A-01", "."),
            (
                "gs1 gtin=04012345678901 lot=OLD exp=2026-09-20 count=4",
                "attention expired 2026-09-20 | expired? | ",
            ),
            ("scan BOLT", "refused answer-first | expired? | "),
            ("do cancel", " | scan-item | "),
            (
                "gs1 gtin=04012345678901 lot=OLD exp=2026-09-20 count=4",
                "attention expired 2026-09-20 | expired? | ",
            ),
            (
                "gs1 gtin=04012345678901 lot=OLD exp=2026-09-20 count=4",
                "accepted received 4 l,MILK,A-01 | . | received A-01 MILK/OLD@2026-09-20 4",
            ),
            (
                "gs1 gtin=04012345678901 lot=TODAY exp=2026-09-21 count=4",
                ". | . | received A-01 MILK/TODAY@2026-09-21 4",
            ),
            (
                "gs1 gtin=04012345678901 lot=L1 exp=2027-04-30 count=4",
                "attention expiry-differs 2027-04-30,2027-03-31 | expiry-differs? | ",
            ),
            ("do confirm", ". | . | received A-01 MILK/L1@2027-04-30 4"),
        ],
    );
}

#[test]
fn serial_numbers_make_units_and_come_in_once() {
    check(
        Receive,
        &mut Site::new(),
        &[
            ("scan A-01", "."),
            (
                "gs1 gtin=00036000291452 serial=S1",
                ". | . | received A-01 DRILL#S1 1",
            ),
            (
                "gs1 gtin=00036000291452 serial=S1",
                "refused duplicate-scan 09:30,Wang | scan-item-or-done | ",
            ),
            ("scan DRILL", ". | enter-serial | "),
            (
                "scan S1",
                "refused duplicate-scan 09:30,Wang | enter-serial | ",
            ),
            ("scan S2", ". | . | received A-01 DRILL#S2 1"),
            ("scan DRILL", ". | enter-serial | "),
            ("do no-serial", ". | enter-quantity | "),
            ("qty 3", ". | . | received A-01 DRILL 3"),
        ],
    );
}

#[test]
fn a_new_plate_takes_its_goods() {
    check(
        Receive,
        &mut Site::new(),
        &[
            ("scan A-01", "."),
            (
                "gs1 sscc=106141410000000008",
                "accepted item-selected 106141410000000008 | scan-item | ",
            ),
            ("scan BOX12", ". | enter-quantity | "),
            ("qty 4", ". | . | received A-01 BOLT#106141410000000008 48"),
            (
                "gs1 sscc=106141410000000015 gtin=04012345678901 lot=L9 exp=2027-05-01 count=96",
                ". | . | received A-01 MILK/L9@2027-05-01#106141410000000015 96",
            ),
            (
                "gs1 sscc=106141410000000015",
                "refused duplicate-scan 09:30,Wang | . | ",
            ),
            (
                "scan LP-7",
                "refused unknown-code LP-7 | unknown-code-choose | ",
            ),
            ("do new-plate", ". | scan-item | "),
            ("scan BOLT", ". | enter-quantity | "),
            ("qty 2", ". | . | received A-01 BOLT#LP-7 2"),
        ],
    );
}

#[test]
fn codes_that_nobody_knows_and_codes_that_are_wrong() {
    check(
        Receive,
        &mut Site::new(),
        &[
            ("scan A-01", "."),
            (
                "scan 4006381333932",
                "refused wrong-check-digit 4006381333932 | scan-item | ",
            ),
            ("bad ]C1019", "refused malformed-gs1 ]C1019 | scan-item | "),
            (
                "scan XYZ",
                "refused unknown-code XYZ | unknown-code-choose | ",
            ),
            ("scan BOLT", "refused answer-first | unknown-code-choose | "),
            ("do cancel", " | scan-item | "),
            ("scan XYZ", ". | unknown-code-choose | "),
            ("qty 3", "accepted quantity-set 3 | unknown-code-choose | "),
            (
                "do set-aside",
                "accepted set-aside-saved XYZ | scan-item-or-done | set-aside A-01 XYZ 3",
            ),
            ("scan XYZ", ". | unknown-code-choose | "),
            ("do link-to-item", " | link-scan-item | "),
            (
                "scan A-01",
                "refused wrong-kind-here A-01 | link-scan-item | ",
            ),
            (
                "scan BOLT",
                "accepted linked XYZ,BOLT | enter-quantity | link XYZ>BOLT",
            ),
            ("scan XYZ", "accepted quantity-set 2 | enter-quantity | "),
            ("do next", ". | . | received A-01 BOLT 2"),
            ("scan BADGE-1", "refused wrong-kind-here BADGE-1 | . | "),
            ("scan BOTH", " | choose-item | "),
            ("scan WIRE", "refused answer-first | choose-item | "),
            ("choose TWIN", ". | enter-quantity | "),
            ("do next", ". | . | received A-01 TWIN 1"),
        ],
    );
}

#[test]
fn amounts_that_cannot_be_and_amounts_that_surprise() {
    check(
        Receive,
        &mut Site::new(),
        &[
            (
                "qty 0",
                "refused quantity-out-of-range 0.001,1000000000 | . | ",
            ),
            ("scan A-01", "."),
            ("scan BOLT", "."),
            (
                "qty 1.5",
                "refused quantity-not-whole BOLT | enter-quantity | ",
            ),
            (
                "qty -1",
                "refused quantity-out-of-range 1,1000000000 | enter-quantity | ",
            ),
            (
                "qty 4006381",
                "attention quantity-too-large-confirm 4006381 | quantity-too-large-confirm? | ",
            ),
            ("do cancel", ". | enter-quantity | "),
            (
                "qty 1001",
                "attention quantity-too-large-confirm 1001 | quantity-too-large-confirm? | ",
            ),
            (
                "qty 101",
                "accepted received 101 pcs,BOLT,A-01 | . | received A-01 BOLT 101",
            ),
            ("scan BOLT", "."),
            ("qty 1200", ". | quantity-too-large-confirm? | "),
            ("scan BOLT", ". | . | received A-01 BOLT 1200"),
            ("scan WIRE", "."),
            ("qty 2.25", ". | . | received A-01 WIRE 2.25"),
            ("qty 1000000000", "accepted quantity-set 1000000000 | . | "),
            (
                "scan BOX12",
                "refused quantity-out-of-range 1,1000000000 | . | ",
            ),
        ],
    );
}

#[test]
fn undo_takes_the_hand_first_and_then_the_last_line() {
    let mut site = Site::new();
    check(
        Receive,
        &mut site,
        &[
            ("undo", "refused nothing-to-undo | . | "),
            ("scan A-01", "."),
            ("qty 5", "."),
            ("scan BOLT", "."),
            ("scan WIRE", ". | enter-quantity | "),
            ("undo", "accepted undone WIRE | scan-item-or-done | "),
            (
                "undo",
                "accepted undone received A-01 BOLT 5 | . | reversed",
            ),
            ("undo", "refused nothing-to-undo | . | "),
        ],
    );
    assert_eq!(site.balance("BOLT", "A-01"), "0");
}
