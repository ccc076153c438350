//! Shift handover.

use crate::support::{Site, check};
use operations::Operation::{HandOver, Receive};

#[test]
fn who_goes_on_learns_what_is_under_way() {
    let mut site = Site::new();
    site.expect("PO-7", &["BOLT 5", "WIRE 2"]);
    site.expect("PO-8", &["BOLT 5"]);
    check(
        Receive,
        &mut site,
        &[
            ("scan PO-7", "."),
            ("scan A-01", "."),
            ("scan BOLT", "."),
            ("qty 5", "."),
            ("do later", "."),
        ],
    );
    check(
        HandOver,
        &mut site,
        &[
            (
                "do hand-over",
                "refused choose-person-first | choose-person | ",
            ),
            (
                "scan BOLT",
                "refused wrong-kind-here BOLT | choose-person | ",
            ),
            (
                "scan BADGE-1",
                "refused hand-over-to-self | choose-person | ",
            ),
            (
                "scan BADGE-2",
                "accepted person-selected Wang | note-for | ",
            ),
            ("do cancel", " | choose-person | "),
            ("choose Wang", "accepted person-selected Wang | note-for | "),
            ("text 三号门的叉车坏了", "accepted note-taken | note-for | "),
            (
                "do hand-over",
                "accepted handed-over Wang | finished | handed-over [PO-7 1 / 2] 三号门的叉车坏了",
            ),
        ],
    );
}

#[test]
fn a_page_is_no_note() {
    let page = format!("text {}", "长".repeat(501));
    check(
        HandOver,
        &mut Site::new(),
        &[
            ("choose Wang", "."),
            (&page, "refused note-too-long 500 | note-for | "),
            (
                "do hand-over",
                "accepted handed-over Wang | finished | handed-over []",
            ),
        ],
    );
}
