//! Put away: where goods that came in should go, and why.

use crate::support::{Site, check, context, play, reloaded};
use operations::Operation::PutAway;
use operations::Task;

/// The bin that is suggested for bolts from the dock, and why: label and value.
fn suggested(site: &Site, inputs: &[&str]) -> String {
    let mut task = Task::start(PutAway);
    for input in inputs {
        task = reloaded(&play(&task, input, site).task);
    }
    let facts = task.facts(&context());
    let shown = facts
        .iter()
        .take(2)
        .map(|f| format!("{} {}", f.label.code(), f.value));
    shown.collect::<Vec<_>>().join(", ")
}

const BOLTS: [&str; 2] = ["scan DOCK", "scan BOLT"];

#[test]
fn a_pick_face_is_filled_first_then_the_same_goods_then_an_empty_bin_near_them() {
    let mut site = Site::with(&["BOLT DOCK 20", "BOLT B-01 3", "WIRE A-01 5"]);
    assert_eq!(
        suggested(&site, &BOLTS),
        "suggested-bin B-01, same-goods-there 3 pcs"
    );
    site.keep_filled("A-03", "BOLT", 12);
    assert_eq!(
        suggested(&site, &BOLTS),
        "suggested-bin A-03, fills-up-to 12 pcs"
    );
    // Twenty are more than the face is to hold.
    assert_eq!(
        suggested(&site, &[&BOLTS[..], &["do all-of-it"]].concat()),
        "suggested-bin B-01, same-goods-there 3 pcs"
    );
}

#[test]
fn what_does_not_fit_goes_to_an_empty_bin_that_does() {
    let mut site = Site::with(&["BOLT DOCK 20", "BOLT A-02 3"]);
    site.handle("BOLT", "", 10);
    site.furnish("A-02", "", 60);
    site.furnish("A-01", "", 100);
    site.furnish("A-03", "cold", 1_000);
    let three = [&BOLTS[..], &["qty 3"]].concat();
    assert_eq!(
        suggested(&site, &three),
        "suggested-bin A-02, same-goods-there 3 pcs"
    );
    let four = [&BOLTS[..], &["qty 4"]].concat();
    assert_eq!(
        suggested(&site, &four),
        "suggested-bin A-01, empty-near A-02"
    );
    let twenty = [&BOLTS[..], &["qty 20"]].concat();
    assert_eq!(
        suggested(&site, &twenty),
        "suggested-bin B-01, empty-near A-02",
        "the next one is for cold goods"
    );
}

#[test]
fn goods_of_a_class_go_to_bins_of_it() {
    let mut site = Site::with(&["BOLT DOCK 20", "WIRE A-02 3"]);
    for bin in ["A-01", "B-01", "B-02"] {
        site.furnish(bin, "dry", 1_000);
    }
    site.handle("BOLT", "steel", 1);
    site.furnish("A-03", "steel", 1_000);
    assert_eq!(
        suggested(&site, &BOLTS),
        "suggested-bin A-03, empty-near DOCK"
    );
}

#[test]
fn another_lot_is_not_mixed_in() {
    let site = Site::with(&["MILK/L1@2027-01-01 DOCK 5", "MILK/L2@2027-02-01 A-01 5"]);
    assert_eq!(
        suggested(&site, &["scan DOCK", "scan MILK"]),
        "suggested-bin A-02, empty-near A-01"
    );
}

#[test]
fn nothing_is_suggested_where_nothing_fits() {
    let mut site = Site::with(&["BOLT DOCK 2"]);
    site.handle("BOLT", "", 500);
    for bin in ["A-01", "A-02", "A-03", "B-01", "B-02"] {
        site.furnish(bin, "", 400);
    }
    check(
        PutAway,
        &mut site,
        &[
            ("scan DOCK", ". | scan-item | "),
            ("scan BOLT", ". | scan-to-bin | "),
            (
                "scan A-03",
                "accepted put-away 1 pcs,BOLT,A-03 | . | moved DOCK>A-03 BOLT 1",
            ),
        ],
    );
}

#[test]
fn the_suggested_bin_is_scanned_once_and_another_one_twice() {
    check(
        PutAway,
        &mut Site::with(&["BOLT DOCK 20", "BOLT A-02 3"]),
        &[
            ("scan DOCK", "accepted bin-selected DOCK | scan-item | "),
            ("scan BOLT", "accepted item-selected BOLT | put-into | "),
            ("qty 5", "accepted quantity-set 5 | put-into | "),
            ("scan DOCK", "refused same-bin DOCK | put-into | "),
            (
                "scan A-02",
                "accepted put-away 5 pcs,BOLT,A-02 | scan-item-or-done | moved DOCK>A-02 BOLT 5",
            ),
            ("scan BOLT", ". | put-into | "),
            ("do all-of-it", "accepted quantity-set 15 | put-into | "),
            (
                "scan B-02",
                "attention other-target-confirm B-02,A-02 | other-target-confirm? | ",
            ),
            ("do cancel", ". | put-into | "),
            ("scan B-02", "."),
            (
                "scan B-02",
                "accepted put-away 15 pcs,BOLT,B-02 | . | moved DOCK>B-02 BOLT 15",
            ),
            ("do done", ". | finished | "),
        ],
    );
}

#[test]
fn a_pallet_goes_whole() {
    check(
        PutAway,
        &mut Site::with(&["BOLT#LP-1 DOCK 48"]),
        &[
            ("scan LP-1", "accepted item-selected LP-1 | put-into | "),
            (
                "scan B-02",
                "accepted put-away 48 pcs,BOLT,B-02 | . | moved DOCK>B-02 BOLT#LP-1 48",
            ),
        ],
    );
}
