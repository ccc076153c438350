//! Inspect: the form, and what becomes of goods that were not accepted.

use crate::support::{Site, check};
use operations::Operation::Inspect;

#[test]
fn the_form_is_filled_in_and_accepted_goods_stay() {
    check(
        Inspect,
        &mut Site::with(&["BOLT DOCK 10", "WIRE DOCK 5"]),
        &[
            (
                "choose BOLT",
                "accepted item-selected BOLT | check-packaging | ",
            ),
            ("choose yes", " | check-label | "),
            ("choose yes", " | check-goods | "),
            ("choose no", " | enter-sample | "),
            (
                "qty 11",
                "refused quantity-out-of-range 1,10 | enter-sample | ",
            ),
            ("qty 3", "accepted quantity-set 3 | choose-verdict | "),
            (
                "choose accepted",
                "accepted inspected-accepted BOLT | choose-receipt | inspected accepted of 3 check-packaging=yes check-label=yes check-goods=no",
            ),
            (
                "scan BOLT",
                "refused nothing-to-inspect BOLT | choose-receipt | ",
            ),
            (
                "scan WIRE",
                "accepted item-selected WIRE | check-packaging | ",
            ),
            (
                "scan BOLT",
                "refused finish-line-first | check-packaging | ",
            ),
            ("do cancel", " | choose-receipt | "),
            ("do done", " | finished | "),
        ],
    );
}

#[test]
fn what_is_not_accepted_goes_somewhere_else() {
    let mut site = Site::with(&["MILK/L1@2027-01-01 DOCK 12"]);
    check(
        Inspect,
        &mut site,
        &[
            (
                "gs1 gtin=04012345678901 lot=L1",
                "accepted item-selected MILK | check-packaging | ",
            ),
            ("choose no", "."),
            ("choose no", " | check-goods | "),
            ("undo", "accepted undone | check-label | "),
            ("choose yes", "."),
            ("choose no", "."),
            ("qty 12", ". | choose-verdict | "),
            (
                "scan B-01",
                "refused wrong-kind-here B-01 | choose-verdict | ",
            ),
            (
                "choose rejected",
                "accepted inspected-rejected MILK | scan-apart-bin | .",
            ),
            ("scan DOCK", "refused same-bin DOCK | scan-apart-bin | "),
            (
                "scan B-01",
                "accepted moved 12 l,MILK,B-01 | . | moved DOCK>B-01 MILK/L1@2027-01-01 12 (rejected)",
            ),
        ],
    );
    assert_eq!(site.balance("MILK", "B-01"), "12");
}

#[test]
fn of_several_receipts_of_one_item_one_is_chosen() {
    check(
        Inspect,
        &mut Site::with(&["BOLT DOCK 10", "WIRE DOCK 2", "BOLT A-01 7"]),
        &[
            (
                "scan BOLT",
                "accepted item-selected BOLT | choose-receipt | ",
            ),
            (
                "choose BOLT",
                "accepted item-selected BOLT | check-packaging | ",
            ),
            ("choose yes", "."),
            ("choose yes", "."),
            ("choose yes", "."),
            ("qty 7", ". | choose-verdict | "),
            ("choose on-hold", ". | scan-apart-bin | ."),
            // It stays where it is.
            ("do cancel", " | choose-receipt | "),
        ],
    );
}
