//! Count, line by line.

use crate::support::{Site, check};
use operations::Operation::Count;

#[test]
fn every_scan_counts_and_one_event_says_all() {
    check(
        Count,
        &mut Site::with(&["BOLT A-01 99"]),
        &[
            ("scan A-01", "accepted bin-selected A-01 | scan-item | "),
            (
                "scan BOLT",
                "accepted counted-line 1 pcs,BOLT,A-01 | scan-item-or-done | ",
            ),
            (
                "scan BOLT",
                "accepted counted-line 2 pcs,BOLT,A-01 | scan-item-or-done | ",
            ),
            ("qty 5", "accepted counted-line 6 pcs,BOLT,A-01 | . | "),
            (
                "scan BOX12",
                "accepted counted-line 18 pcs,BOLT,A-01 | . | ",
            ),
            ("qty 2", "accepted counted-line 30 pcs,BOLT,A-01 | . | "),
            ("qty 3", "accepted quantity-set 3 | . | "),
            ("scan WIRE", "accepted counted-line 3 m,WIRE,A-01 | . | "),
            ("undo", "accepted undone WIRE | . | "),
            ("scan MILK", "accepted item-selected MILK | enter-lot | "),
            ("scan A-02", "refused wrong-kind-here A-02 | enter-lot | "),
            ("text L1", "accepted counted-line 1 l,MILK,A-01 | . | "),
            (
                "gs1 gtin=04012345678901 lot=L1",
                "accepted counted-line 2 l,MILK,A-01 | . | ",
            ),
            ("scan A-02", "refused wrong-bin A-02,A-01 | . | "),
            (
                "do done",
                "accepted count-finished A-01,2 | scan-bin-or-done | counted A-01 BOLT=30 MILK/L1=2",
            ),
            ("do done", " | finished | "),
        ],
    );
}

#[test]
fn an_empty_bin_is_said_twice() {
    check(
        Count,
        &mut Site::new(),
        &[
            ("scan A-01", "."),
            ("do bin-empty", " | count-empty-confirm? | "),
            ("do cancel", " | scan-item | "),
            ("do done", " | count-empty-confirm? | "),
            (
                "scan A-01",
                "accepted bin-counted-empty A-01 | scan-bin-or-done | counted A-01",
            ),
            ("scan A-02", "."),
            ("scan BOLT", "."),
            ("qty 0", "accepted counted-line 0 pcs,BOLT,A-02 | . | "),
            ("do done", ". | . | counted A-02 BOLT=0"),
        ],
    );
}

#[test]
fn units_count_once_and_odd_numbers_are_asked() {
    check(
        Count,
        &mut Site::with(&["DRILL#S1 A-01 1", "BOLT#LP-1 A-01 48"]),
        &[
            ("scan S1", ". | scan-bin | "),
            ("scan A-01", "accepted counted-line 1 pcs,DRILL,A-01 | . | "),
            ("scan S1", "refused duplicate-scan 14:02,Li | . | "),
            (
                "gs1 gtin=00036000291452 serial=NEW",
                "accepted counted-line 2 pcs,DRILL,A-01 | . | ",
            ),
            (
                "gs1 gtin=00036000291452 serial=NEW",
                "refused duplicate-scan 14:02,Li | . | ",
            ),
            ("undo", "."),
            (
                "gs1 gtin=00036000291452 serial=NEW",
                "accepted counted-line 2 pcs,DRILL,A-01 | . | ",
            ),
            ("scan LP-1", "accepted counted-line 48 pcs,BOLT,A-01 | . | "),
            ("scan BOLT", "accepted counted-line 49 pcs,BOLT,A-01 | . | "),
            (
                "qty 2000",
                "attention quantity-too-large-confirm 2000 | quantity-too-large-confirm? | ",
            ),
            (
                "do confirm",
                "accepted counted-line 2048 pcs,BOLT,A-01 | . | ",
            ),
            ("scan BOLT", "."),
            ("qty 0.5", "refused quantity-not-whole BOLT | . | "),
            ("do discard", " | discard-confirm? | "),
            ("do cancel", " | . | "),
            ("do done", ". | . | counted A-01 DRILL=2 BOLT=2049"),
        ],
    );
}

#[test]
fn strange_codes_in_a_bin_are_set_aside_there() {
    check(
        Count,
        &mut Site::new(),
        &[
            ("scan A-01", "."),
            ("scan NEVER", ". | unknown-code-choose | "),
            ("do set-aside", ". | scan-item | set-aside A-01 NEVER 1"),
            ("scan NEVER", ". | unknown-code-choose | "),
            ("do link-to-item", "."),
            (
                "scan BOLT",
                "accepted counted-line 1 pcs,BOLT,A-01 | . | link NEVER>BOLT",
            ),
        ],
    );
}
