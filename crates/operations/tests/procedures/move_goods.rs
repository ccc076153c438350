//! Move, line by line.

use crate::support::{Site, check};
use operations::Operation::Move;

#[test]
fn bin_first_and_goods_first() {
    let mut site = Site::with(&["BOLT A-01 10", "WIRE A-02 5"]);
    check(
        Move,
        &mut site,
        &[
            ("scan A-01", "accepted bin-selected A-01 | scan-item | "),
            ("scan BOLT", "accepted item-selected BOLT | scan-to-bin | "),
            ("qty 4", "accepted quantity-set 4 | scan-to-bin | "),
            ("scan A-01", "refused same-bin A-01 | scan-to-bin | "),
            ("scan WIRE", "refused wrong-kind-here WIRE | scan-to-bin | "),
            (
                "scan A-03",
                "accepted moved 4 pcs,BOLT,A-03 | scan-item-or-done | moved A-01>A-03 BOLT 4",
            ),
            ("scan BOLT", ". | scan-to-bin | "),
            ("do all-of-it", "accepted quantity-set 6 | scan-to-bin | "),
            ("scan A-02", ". | . | moved A-01>A-02 BOLT 6"),
            ("do change-bin", " | scan-item-or-done | "),
            ("scan WIRE", "accepted item-selected WIRE | scan-to-bin | "),
            ("scan WIRE", "accepted quantity-set 2 | scan-to-bin | "),
            ("scan A-03", ". | . | moved A-02>A-03 WIRE 2"),
        ],
    );
    assert_eq!(site.balance("BOLT", "A-01"), "0");
    assert_eq!(site.balance("WIRE", "A-03"), "2");
}

#[test]
fn all_of_a_bin() {
    let mut site = Site::with(&[
        "BOLT A-01 10",
        "DRILL#S1 A-01 1",
        "DRILL A-01 2",
        "MILK/L1@2027-01-01 A-01 3",
    ]);
    check(
        Move,
        &mut site,
        &[
            (
                "do all-of-it",
                "refused finish-line-first | scan-from-bin | ",
            ),
            ("scan A-03", "."),
            ("do all-of-it", "refused not-enough-here 0 | . | "),
            ("scan A-01", "."),
            ("do all-of-it", " | scan-to-bin | "),
            ("scan A-01", "refused same-bin A-01 | scan-to-bin | "),
            (
                "scan A-02",
                "accepted moved 4,A-01,A-02 | . | moved A-01>A-02 DRILL#S1 1; moved A-01>A-02 BOLT 10; \
                 moved A-01>A-02 MILK/L1@2027-01-01 3; moved A-01>A-02 DRILL 2",
            ),
        ],
    );
    for sku in ["BOLT", "DRILL", "MILK"] {
        assert_eq!(site.balance(sku, "A-01"), "0", "{sku}");
    }
}

#[test]
fn units_move_whole_and_not_after_they_left() {
    check(
        Move,
        &mut Site::with(&["DRILL#S1 A-01 1", "BOLT#LP-1 A-01 48"]),
        &[
            ("scan LP-1", ". | scan-to-bin | "),
            (
                "qty 5",
                "refused quantity-out-of-range 48,48 | scan-to-bin | ",
            ),
            (
                "scan LP-1",
                "refused duplicate-scan 14:02,Li | scan-to-bin | ",
            ),
            ("scan A-02", ". | . | moved A-01>A-02 BOLT#LP-1 48"),
            ("scan A-03", "."),
            ("scan S1", ". | scan-to-bin | "),
            ("scan A-02", "attention wrong-bin A-03,A-01 | wrong-bin? | "),
            ("do confirm", ". | . | moved A-03>A-02 DRILL#S1 1"),
        ],
    );
}

#[test]
fn more_than_is_here() {
    check(
        Move,
        &mut Site::with(&["BOLT A-01 3"]),
        &[
            ("scan BOLT", "."),
            ("qty 5", "."),
            (
                "scan A-02",
                "attention not-enough-here 3 | not-enough-here? | ",
            ),
            ("do cancel", " | scan-to-bin | "),
            (
                "scan A-02",
                "accepted moved 1 pcs,BOLT,A-02 | . | moved A-01>A-02 BOLT 1",
            ),
        ],
    );
}
