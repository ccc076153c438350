//! Many units of the same goods, scanned one after the other.

use crate::support::{Site, check, play};
use operations::Operation::Receive;
use operations::Task;

#[test]
fn serial_numbers_follow_one_after_the_other() {
    let mut site = Site::new();
    check(
        Receive,
        &mut site,
        &[
            ("scan A-01", "."),
            ("scan DRILL", ". | enter-serial | "),
            ("do batch", "accepted batch-begun DRILL | scan-next-unit | "),
            (
                "scan S1",
                "accepted received 1 pcs,DRILL,A-01 | scan-next-unit | received A-01 DRILL#S1 1",
            ),
            ("scan S2", ". | . | received A-01 DRILL#S2 1"),
            (
                "scan S2",
                "refused duplicate-scan 09:30,Wang | scan-next-unit | ",
            ),
            // The bin can change in the middle of it.
            (
                "scan A-02",
                "accepted bin-selected A-02 | scan-next-unit | ",
            ),
            ("scan S3", ". | . | received A-02 DRILL#S3 1"),
            ("undo", ". | . | reversed"),
            (
                "do end-batch",
                "accepted batch-ended 3,DRILL | scan-item-or-done | ",
            ),
            ("scan S4", "refused unknown-code S4 | . | "),
        ],
    );
    assert_eq!(site.balance("DRILL", "A-01"), "2");
}

#[test]
fn pallets_of_one_lot_follow_with_the_same_amount() {
    check(
        Receive,
        &mut Site::new(),
        &[
            ("scan A-01", "."),
            ("gs1 sscc=106141410000000008", "."),
            (
                "gs1 gtin=04012345678901 lot=L1 exp=2027-01-01",
                ". | enter-quantity | ",
            ),
            (
                "qty 96",
                ". | . | received A-01 MILK/L1@2027-01-01#106141410000000008 96",
            ),
            ("gs1 sscc=106141410000000015", "."),
            (
                "gs1 gtin=04012345678901 lot=L1 exp=2027-01-01 count=48",
                ". | . | .",
            ),
            ("scan LP-1", "refused unknown-code LP-1 | . | "),
            ("do new-plate", ". | scan-item | "),
            (
                "gs1 gtin=04012345678901 lot=L1 exp=2027-01-01",
                ". | enter-quantity | ",
            ),
            (
                "do batch",
                "accepted received 1 l,MILK,A-01 | scan-next-unit | received A-01 MILK/L1@2027-01-01#LP-1 1",
            ),
            (
                "scan LP-2",
                ". | scan-next-unit | received A-01 MILK/L1@2027-01-01#LP-2 1",
            ),
            ("scan LP-2", "refused duplicate-scan 09:30,Wang | . | "),
            (
                "gs1 sscc=106141410000000022",
                ". | scan-next-unit | received A-01 MILK/L1@2027-01-01#106141410000000022 1",
            ),
            ("do end-batch", "accepted batch-ended 3,MILK | . | "),
        ],
    );
}

#[test]
fn a_doubt_about_the_first_is_not_asked_again() {
    check(
        Receive,
        &mut Site::new(),
        &[
            ("scan A-01", "."),
            ("scan LP-1", "."),
            ("do new-plate", "."),
            (
                "gs1 gtin=04012345678901 lot=OLD exp=2026-01-01",
                ". | enter-quantity | ",
            ),
            ("do batch", "attention expired 2026-01-01 | expired? | "),
            (
                "do confirm",
                ". | scan-next-unit | received A-01 MILK/OLD@2026-01-01#LP-1 1",
            ),
            (
                "scan LP-2",
                "accepted received 1 l,MILK,A-01 | scan-next-unit | received A-01 MILK/OLD@2026-01-01#LP-2 1",
            ),
        ],
    );
}

#[test]
fn it_is_offered_for_units_only() {
    let offered = |inputs: &[&str]| {
        let site = Site::new();
        let mut task = Task::start(Receive);
        for input in inputs {
            task = play(&task, input, &site).task;
        }
        let actions = task.actions();
        actions.iter().any(|a| a.code.code() == "batch")
    };
    assert!(offered(&["scan A-01", "scan DRILL"]));
    assert!(!offered(&["scan A-01", "scan BOLT"]));
    assert!(!offered(&["scan A-01"]));
}
