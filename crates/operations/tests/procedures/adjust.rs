//! Adjust: the book is corrected, with a reason.

use crate::support::{Site, check};
use operations::Operation::Adjust;

#[test]
fn a_loss_takes_from_the_book_and_a_find_adds_to_it() {
    let mut site = Site::with(&["BOLT A-01 10"]);
    check(
        Adjust,
        &mut site,
        &[
            (
                "scan BOLT",
                "accepted item-selected BOLT | choose-reason | ",
            ),
            ("choose lost", " | enter-quantity | "),
            (
                "qty 3",
                "accepted adjusted −3 pcs,BOLT,A-01 | scan-item-or-done | adjusted A-01 BOLT (lost) -3",
            ),
            ("scan A-02", "accepted bin-selected A-02 | . | "),
            ("scan BOLT", ". | choose-reason | "),
            ("choose found", " | enter-quantity | "),
            (
                "qty 2",
                "accepted adjusted +2 pcs,BOLT,A-02 | . | adjusted A-02 BOLT (found) 2",
            ),
            ("undo", ". | . | reversed"),
            ("do done", " | finished | "),
        ],
    );
    assert_eq!(site.balance("BOLT", "A-01"), "7");
    assert_eq!(site.balance("BOLT", "A-02"), "0");
}

#[test]
fn more_than_there_is_cannot_be_lost_without_a_yes() {
    check(
        Adjust,
        &mut Site::with(&["BOLT A-01 3"]),
        &[
            ("scan BOLT", "."),
            ("choose scrapped", "."),
            ("qty 5", "attention not-enough-here 3 | not-enough-here? | "),
            ("qty 3", ". | . | adjusted A-01 BOLT (scrapped) -3"),
            ("scan BOLT", ". | scan-bin | "),
            ("scan A-01", ". | choose-reason | "),
            ("choose found", "."),
            (
                "qty 5",
                "accepted adjusted +5 pcs,BOLT,A-01 | . | adjusted A-01 BOLT (found) 5",
            ),
        ],
    );
}

#[test]
fn nothing_is_written_before_a_reason() {
    check(
        Adjust,
        &mut Site::with(&["BOLT A-01 3", "WIRE A-01 5"]),
        &[
            ("scan BOLT", ". | choose-reason | "),
            ("qty 2", "accepted quantity-set 2 | choose-reason | "),
            ("scan WIRE", "refused finish-line-first | choose-reason | "),
            ("do done", "refused finish-line-first | choose-reason | "),
            (
                "choose sample",
                "accepted adjusted −2 pcs,BOLT,A-01 | . | adjusted A-01 BOLT (sample) -2",
            ),
            ("do done", " | finished | "),
        ],
    );
}

#[test]
fn a_lost_unit_is_out_and_can_be_found_again() {
    let mut site = Site::with(&["DRILL#S1 A-01 1"]);
    check(
        Adjust,
        &mut site,
        &[
            ("scan S1", "accepted item-selected S1 | choose-reason | "),
            (
                "choose lost",
                "accepted adjusted −1 pcs,DRILL,A-01 | . | adjusted A-01 DRILL#S1 (lost) -1",
            ),
            ("scan S1", "refused unit-already-issued 09:30,Wang | . | "),
        ],
    );
    assert_eq!(site.balance("DRILL", "A-01"), "0");
    check(
        Adjust,
        &mut site,
        &[
            ("scan A-02", "."),
            ("scan DRILL", ". | enter-serial | "),
            ("text S2", ". | choose-reason | "),
            (
                "choose not-booked",
                ". | . | adjusted A-02 DRILL#S2 (not-booked) 1",
            ),
            ("scan S2", ". | choose-reason | "),
            ("choose lost", ". | . | adjusted A-02 DRILL#S2 (lost) -1"),
        ],
    );
}
