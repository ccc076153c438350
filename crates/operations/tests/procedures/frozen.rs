//! Bins whose goods should not be used: under a count, for defective goods, for goods that came back.

use crate::support::{Site, check};
use operations::Frozen;
use operations::Operation::{Issue, Move, Pick};

#[test]
fn goods_under_a_count_go_out_only_after_a_question_and_it_is_asked_once() {
    let mut site = Site::with(&["BOLT A-01 10", "WIRE A-01 9"]);
    site.plan_count("C-7", false, &["A-01"]);
    check(
        Issue,
        &mut site,
        &[
            ("scan BOLT", ". | enter-quantity | "),
            (
                "qty 4",
                "attention bin-frozen-by-count A-01,C-7 | bin-frozen-by-count? | ",
            ),
            // No: nothing is written, and the goods are put down.
            ("do cancel", " | scan-item | "),
            ("scan BOLT", ". | enter-quantity | "),
            ("qty 4", "attention bin-frozen-by-count A-01,C-7 | . | "),
            ("do confirm", ". | . | issued A-01 BOLT 4"),
            ("scan WIRE", ". | enter-quantity | "),
            ("qty 2", ". | . | issued A-01 WIRE 2"),
        ],
    );
}

#[test]
fn defective_goods_and_returns_do_not_go_out_unasked_and_may_be_moved() {
    let mut site = Site::with(&["BOLT A-01 10", "WIRE A-02 9"]);
    site.put_apart("A-01", Frozen::Defective);
    site.put_apart("A-02", Frozen::Returns);
    check(
        Issue,
        &mut site,
        &[
            ("scan BOLT", ". | enter-quantity | "),
            (
                "qty 1",
                "attention bin-of-defective A-01 | bin-of-defective? | ",
            ),
            ("do cancel", " | scan-item | "),
            ("scan WIRE", ". | enter-quantity | "),
            (
                "qty 1",
                "attention bin-of-returns A-02 | bin-of-returns? | ",
            ),
            ("do confirm", ". | . | issued A-02 WIRE 1"),
        ],
    );
    check(
        Move,
        &mut site,
        &[
            ("scan BOLT", ". | scan-to-bin | "),
            ("qty 3", "."),
            ("scan A-03", ". | . | moved A-01>A-03 BOLT 3"),
        ],
    );
}

#[test]
fn an_order_is_fetched_from_bins_that_are_not_frozen_and_never_from_what_is_put_apart() {
    let mut site = Site::with(&["BOLT A-01 10", "BOLT A-02 10", "BOLT A-03 4"]);
    site.put_apart("A-01", Frozen::Defective);
    site.plan_count("C-7", false, &["A-02"]);
    site.sell("SO-1", &["BOLT 6"]);
    check(
        Pick,
        &mut site,
        &[
            ("scan SO-1", "."),
            ("scan DOCK", ". | go-to-bin | "),
            ("scan A-03", ". | pick-item | "),
            ("scan BOLT", "."),
            ("qty 4", ". | . | moved A-03>DOCK BOLT 4 for SO-1:1"),
            // Only the bin under the count has more that may be used.
            ("do confirm", "."),
            ("scan A-02", ". | pick-item | "),
            ("scan BOLT", "."),
            (
                "qty 2",
                "attention bin-frozen-by-count A-02,C-7 | bin-frozen-by-count? | ",
            ),
            ("do confirm", ". | . | moved A-02>DOCK BOLT 2 for SO-1:1"),
        ],
    );
}

#[test]
fn goods_are_moved_out_of_a_bin_under_a_count_and_into_one_after_a_question_each() {
    let mut site = Site::with(&["BOLT A-01 10"]);
    site.plan_count("C-7", false, &["A-01", "A-02"]);
    check(
        Move,
        &mut site,
        &[
            ("scan BOLT", ". | scan-to-bin | "),
            ("qty 3", "."),
            (
                "scan A-02",
                "attention bin-frozen-by-count A-01,C-7 | bin-frozen-by-count? | ",
            ),
            (
                "do confirm",
                "attention bin-frozen-by-count A-02,C-7 | bin-frozen-by-count? | ",
            ),
            ("do cancel", " | scan-to-bin | "),
            ("scan A-03", ". | . | moved A-01>A-03 BOLT 3"),
            ("scan A-01", "."),
            ("do all-of-it", " | scan-to-bin | "),
            // Asked about A-01 once already.
            ("scan A-03", ". | . | moved A-01>A-03 BOLT 7"),
        ],
    );
    let mut site = Site::with(&["BOLT A-01 10"]);
    site.plan_count("C-7", false, &["A-01"]);
    check(
        Move,
        &mut site,
        &[
            ("scan A-01", "."),
            ("do all-of-it", " | scan-to-bin | "),
            (
                "scan A-03",
                "attention bin-frozen-by-count A-01,C-7 | bin-frozen-by-count? | ",
            ),
            ("do confirm", ". | . | moved A-01>A-03 BOLT 10"),
        ],
    );
}
