//! Count by order: the bins are named, open or blind.

use crate::support::{Site, check, context, play};
use operations::Operation::{Count, Issue, Pick};
use operations::Task;

fn lines(task: &Task) -> Vec<String> {
    let lines = task.lines(&context()).into_iter();
    lines
        .map(|l| format!("{} {} {}", l.title, l.quantity, l.status.code()).replace("  ", " "))
        .collect()
}

#[test]
fn the_bins_are_walked_and_each_count_serves_its_line() {
    let mut site = Site::with(&["BOLT A-01 10", "WIRE A-02 5"]);
    site.plan_count("C-1", true, &["A-02", "A-01", "B-01"]);
    check(
        Count,
        &mut site,
        &[
            (
                "choose C-1",
                "accepted order-selected C-1,ACME | go-to-bin | ",
            ),
            (
                "scan B-02",
                "refused bin-not-on-order B-02,C-1 | go-to-bin | ",
            ),
            ("scan A-01", "accepted bin-selected A-01 | scan-item | "),
            ("scan BOLT", ". | scan-item-or-done | "),
            ("qty 9", ". | . | "),
            (
                "do done",
                "accepted count-finished A-01,1 | go-to-bin | counted A-01 BOLT=9 for C-1:2",
            ),
            (
                "scan A-01",
                "attention count-again-confirm A-01 | count-again-confirm? | ",
            ),
            ("do cancel", " | go-to-bin | "),
            ("scan A-01", ". | count-again-confirm? | "),
            ("scan A-01", "accepted bin-selected A-01 | scan-item | "),
            ("scan BOLT", "."),
            ("qty 10", "."),
            ("do done", ". | . | counted A-01 BOLT=10 for C-1:2"),
            ("scan A-02", "."),
            ("do bin-empty", " | count-empty-confirm? | "),
            (
                "do confirm",
                "accepted bin-counted-empty A-02 | go-to-bin | counted A-02 for C-1:1",
            ),
            (
                "do done",
                "attention order-differs-confirm 1 | order-differs-confirm? | ",
            ),
            ("do cancel", " | go-to-bin | "),
            ("scan B-01", "."),
            ("do done", ". | count-empty-confirm? | "),
            ("do confirm", ". | all-counted | counted B-01 for C-1:3"),
            (
                "do done",
                "accepted order-finished C-1 | finished | order-finished 1=1/1 2=2/1 3=1/1",
            ),
        ],
    );
}

#[test]
fn an_open_count_shows_the_book_and_a_blind_one_does_not() {
    let stock = ["BOLT A-01 10", "WIRE A-01 5"];
    let mut site = Site::with(&stock);
    site.plan_count("OPEN", false, &["A-01"]);
    let mut task = Task::start(Count);
    for input in ["scan OPEN", "scan A-01", "scan BOLT", "qty 9"] {
        task = play(&task, input, &site).task;
    }
    assert_eq!(
        lines(&task),
        ["BOLT 9 / 10 pcs counted", "WIRE 0 / 5 m open"]
    );

    let mut site = Site::with(&stock);
    site.plan_count("BLIND", true, &["A-01"]);
    let mut task = Task::start(Count);
    for input in ["scan BLIND", "scan A-01", "scan BOLT", "qty 9"] {
        task = play(&task, input, &site).task;
    }
    assert_eq!(lines(&task), ["BOLT 9 pcs counted"]);
}

#[test]
fn somebody_else_has_to_count_again() {
    let mut site = Site::with(&["BOLT A-01 10"]);
    site.plan_count("RE-1", true, &["A-01"]);
    site.bar("RE-1");
    check(
        Count,
        &mut site,
        &[
            ("scan RE-1", "refused somebody-else RE-1 | scan-bin | "),
            ("scan A-01", ". | scan-item | "),
        ],
    );
}

#[test]
fn no_work_tells_what_the_book_has_in_a_bin_under_a_blind_count() {
    let mut site = Site::with(&["BOLT A-01 10", "BOLT A-02 4"]);
    site.plan_count("BLIND", true, &["A-01"]);
    site.sell("SO-1", &["BOLT 6"]);
    check(
        Issue,
        &mut site,
        &[
            ("scan A-01", "."),
            ("scan BOLT", ". | enter-quantity | "),
            ("qty 30", "attention bin-frozen-by-count A-01,BLIND | . | "),
            // That the book has less is not told.
            (
                "do confirm",
                "accepted issued 30 pcs,BOLT,A-01 | . | issued A-01 BOLT 30",
            ),
        ],
    );
    // Nobody is sent there.
    check(
        Pick,
        &mut site,
        &[
            ("choose SO-1", "."),
            ("scan DOCK", "accepted stage-selected DOCK | go-to-bin | "),
            ("scan A-02", ". | pick-item | "),
        ],
    );
}
