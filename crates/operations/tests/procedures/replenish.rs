//! Replenish: pick faces are filled up from reserve.

use crate::support::{Site, check};
use operations::Operation::Replenish;

/// A-01 is the pick face of BOLT (20) with 4; reserve lies in B-01 and B-02.
fn site() -> Site {
    let mut site = Site::with(&["BOLT A-01 4", "BOLT B-02 50", "BOLT B-01 10", "WIRE B-01 5"]);
    site.keep_filled("A-01", "BOLT", 20);
    site
}

#[test]
fn the_emptiest_face_is_offered_and_filled_up() {
    let mut site = site();
    check(
        Replenish,
        &mut site,
        &[
            (
                "choose A-01",
                "accepted face-selected A-01,BOLT | go-to-bin | ",
            ),
            ("scan B-01", "accepted bin-selected B-01 | pick-item | "),
            ("scan BOLT", "accepted item-selected BOLT | put-into | "),
            ("do as-asked", "accepted quantity-set 10 | put-into | "),
            (
                "scan A-01",
                "accepted replenished 10 pcs,BOLT,A-01 | . | moved B-01>A-01 BOLT 10",
            ),
            ("do done", " | finished | "),
        ],
    );
    assert_eq!(site.balance("BOLT", "A-01"), "14");
}

#[test]
fn a_face_can_be_scanned_before_it_is_due_and_another_bin_used() {
    let mut site = site();
    check(
        Replenish,
        &mut site,
        &[
            ("scan BOLT", "refused choose-face-first | choose-face | "),
            ("scan B-01", "refused no-pick-face B-01 | choose-face | "),
            (
                "scan A-01",
                "accepted face-selected A-01,BOLT | go-to-bin | ",
            ),
            ("scan A-01", "refused same-bin A-01 | go-to-bin | "),
            ("scan B-02", "accepted bin-selected B-02 | pick-item | "),
            ("scan WIRE", "refused wrong-item WIRE,BOLT | pick-item | "),
            ("scan BOLT", ". | put-into | "),
            ("qty 16", ". | put-into | "),
            ("scan A-02", "refused wrong-face A-02,A-01 | put-into | "),
            (
                "scan A-01",
                "accepted replenished 16 pcs,BOLT,A-01 | . | moved B-02>A-01 BOLT 16",
            ),
            ("scan A-01", "accepted face-selected A-01,BOLT | . | "),
            ("do cancel", " | nothing-to-replenish | "),
        ],
    );
}

#[test]
fn where_there_is_no_reserve_it_is_said() {
    let mut site = Site::with(&["BOLT A-01 4"]);
    site.keep_filled("A-01", "BOLT", 20);
    check(
        Replenish,
        &mut site,
        &[
            ("choose A-01", ". | nothing-to-fetch | "),
            ("do done", " | finished | "),
        ],
    );
}
