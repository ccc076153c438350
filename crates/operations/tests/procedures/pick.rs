//! Pick for an order.

use crate::support::{Site, check, context, play, reloaded};
use operations::Operation::Pick;
use operations::{FactCode, Task};

/// Two aisles; the milk that expires first lies in the second one.
fn site() -> Site {
    let mut site = Site::with(&[
        "BOLT A-02 10",
        "BOLT B-02 3",
        "WIRE A-01 50",
        "MILK/L1@2027-03-01 A-03 6",
        "MILK/L2@2027-01-01 B-01 4",
        "MILK/OLD@2026-01-01 A-01 9",
        "DRILL#S1 A-01 1",
        "DRILL#S2 A-01 1",
    ]);
    site.sell("SO-1", &["BOLT 12", "MILK 5", "WIRE 2.5"]);
    site
}

/// Up to the first bin.
const BEGUN: [(&str, &str); 2] = [
    (
        "scan SO-1",
        "accepted order-selected SO-1,ACME | scan-stage | ",
    ),
    ("scan DOCK", "accepted stage-selected DOCK | go-to-bin | "),
];

fn begun(rows: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    BEGUN.iter().chain(rows).copied().collect()
}

/// Where the picker is sent, and for how much.
fn due(task: &Task) -> String {
    let facts = task.facts(&context());
    let value = |label| {
        facts
            .iter()
            .find(|f| f.label == label)
            .map(|f| f.value.clone())
    };
    [
        FactCode::FromBin,
        FactCode::ToPick,
        FactCode::Sku,
        FactCode::Lot,
    ]
    .into_iter()
    .filter_map(value)
    .collect::<Vec<_>>()
    .join(" ")
}

fn played(site: &mut Site, rows: &[&str]) -> Task {
    let mut task = Task::start(Pick);
    for input in BEGUN.iter().map(|row| row.0).chain(rows.iter().copied()) {
        let step = play(&task, input, site);
        site.apply(&step);
        task = reloaded(&step.task);
        task.refresh(site, &context()).unwrap();
    }
    task
}

#[test]
fn an_order_is_fetched_bin_by_bin_along_the_walk() {
    check(
        Pick,
        &mut site(),
        &begun(&[
            // Up aisle A, down aisle B; of the milk first what expires first.
            ("scan A-01", "accepted bin-selected A-01 | pick-item | "),
            (
                "scan WIRE",
                "accepted item-selected WIRE | enter-quantity | ",
            ),
            (
                "qty 2.5",
                "accepted picked 2.5 m,WIRE,DOCK | go-to-bin | moved A-01>DOCK WIRE 2.5 for SO-1:3",
            ),
            ("scan A-02", "accepted bin-selected A-02 | pick-item | "),
            ("scan BOLT", "."),
            (
                "do as-asked",
                "accepted picked 10 pcs,BOLT,DOCK | empty-now? | moved A-02>DOCK BOLT 10 for SO-1:1",
            ),
            (
                "do confirm",
                "accepted counted-line 0 pcs,BOLT,A-02 | go-to-bin | counted A-02 BOLT=0",
            ),
            ("scan A-03", "."),
            ("gs1 gtin=04012345678901 lot=L1", "."),
            (
                "qty 1",
                "accepted picked 1 l,MILK,DOCK | go-to-bin | moved A-03>DOCK MILK/L1@2027-03-01 1 for SO-1:2",
            ),
            ("scan B-02", "."),
            ("scan BOLT", "."),
            ("qty 2", ". | go-to-bin | moved B-02>DOCK BOLT 2 for SO-1:1"),
            ("scan B-01", "."),
            ("scan MILK", "."),
            (
                "do as-asked",
                ". | empty-now? | moved B-01>DOCK MILK/L2@2027-01-01 4 for SO-1:2",
            ),
            ("do confirm", ". | all-picked | ."),
            (
                "do done",
                "accepted order-finished SO-1 | finished | order-finished 1=12/12 2=5/5 3=2.5/2.5",
            ),
        ]),
    );
}

#[test]
fn the_screen_says_where_to_go_and_for_how_much() {
    let mut site = site();
    let first = played(&mut site, &[]);
    assert_eq!(due(&first), "A-01 2.5 m WIRE");
    let next = played(&mut site, &["scan A-01", "scan WIRE", "qty 2.5"]);
    assert_eq!(due(&next), "A-02 10 pcs BOLT");
    let other = played(&mut site, &["scan B-01"]);
    assert_eq!(due(&other), "B-01 4 l MILK L2");
}

#[test]
fn the_order_is_chosen_first_then_where_it_is_put_then_the_bin() {
    check(
        Pick,
        &mut site(),
        &[
            ("scan BOLT", "refused choose-order-first | choose-order | "),
            ("scan A-01", "refused choose-order-first | choose-order | "),
            (
                "choose SO-1",
                "accepted order-selected SO-1,ACME | scan-stage | ",
            ),
            ("scan BOLT", "refused scan-stage-first | scan-stage | "),
            ("scan DOCK", "accepted stage-selected DOCK | go-to-bin | "),
            ("scan BOLT", "refused scan-bin-first A-01 | go-to-bin | "),
            ("do change-stage", ". | scan-stage | "),
            ("scan B-02", "accepted stage-selected B-02 | go-to-bin | "),
        ],
    );
}

#[test]
fn what_is_not_due_here_is_refused_by_name() {
    check(
        Pick,
        &mut site(),
        &begun(&[
            ("scan DOCK", "refused wrong-bin DOCK,A-01 | go-to-bin | "),
            ("scan A-01", "."),
            ("scan BOLT", "refused wrong-item BOLT,WIRE | pick-item | "),
            ("scan TWIN", "refused wrong-item TWIN,WIRE | pick-item | "),
            ("scan PO-9", "refused unknown-code PO-9 | . | "),
        ]),
    );
}

#[test]
fn more_than_is_asked_for_is_asked_about() {
    check(
        Pick,
        &mut site(),
        &begun(&[
            ("scan A-01", "."),
            ("scan WIRE", "."),
            (
                "qty 3",
                "attention more-than-ordered 2.5 m,3 m | more-than-ordered? | ",
            ),
            ("do cancel", ". | pick-item | "),
            ("scan WIRE", "."),
            ("do as-asked", ". | . | moved A-01>DOCK WIRE 2.5 for SO-1:3"),
        ]),
    );
}

#[test]
fn less_than_the_book_shows_is_counted_and_the_rest_comes_from_elsewhere() {
    check(
        Pick,
        &mut site(),
        &begun(&[
            ("scan A-02", "."),
            ("scan BOLT", "."),
            ("qty 4", ". | pick-item | moved A-02>DOCK BOLT 4 for SO-1:1"),
            (
                "do short",
                "attention short-confirm BOLT,A-02 | short-confirm? | ",
            ),
            (
                "do confirm",
                "accepted counted-line 0 pcs,BOLT,A-02 | . | counted A-02 BOLT=0 (short)",
            ),
            ("scan B-02", "accepted bin-selected B-02 | pick-item | "),
            ("scan BOLT", "."),
            (
                "do as-asked",
                ". | empty-now? | moved B-02>DOCK BOLT 3 for SO-1:1",
            ),
        ]),
    );
    // The book shows six bolts in A-02 until the count is approved; nobody is sent there again.
    let fetched = [
        "scan A-02",
        "scan BOLT",
        "qty 4",
        "do short",
        "do confirm",
        "scan A-01",
        "scan WIRE",
        "do as-asked",
        "scan B-02",
        "scan BOLT",
        "do as-asked",
        "do confirm",
    ];
    assert_eq!(due(&played(&mut site(), &fetched)), "A-03 1 l MILK L1");
}

#[test]
fn what_is_left_of_a_pile_is_counted_when_it_is_not_empty() {
    check(
        Pick,
        &mut site(),
        &begun(&[
            ("scan A-02", "."),
            ("scan BOLT", "."),
            ("do as-asked", ". | empty-now? | ."),
            // The next bin is no answer, and is not swallowed.
            ("scan A-03", "refused answer-first | empty-now? | "),
            ("do cancel", ". | enter-rest | "),
            ("scan A-03", "refused answer-first | enter-rest | "),
            (
                "qty 1.5",
                "refused quantity-out-of-range 0,1000000000 | enter-rest | ",
            ),
            (
                "qty 2",
                "accepted counted-line 2 pcs,BOLT,A-02 | . | counted A-02 BOLT=2",
            ),
        ]),
    );
}

#[test]
fn another_bin_with_the_same_goods_is_taken_after_a_second_scan() {
    let mut site = site();
    site.sell("SO-2", &["BOLT 2"]);
    check(
        Pick,
        &mut site,
        &[
            ("scan SO-2", "."),
            ("scan DOCK", "."),
            ("scan A-03", "refused wrong-bin A-03,A-02 | go-to-bin | "),
            (
                "scan B-02",
                "attention other-bin-confirm B-02,A-02 | other-bin-confirm? | ",
            ),
            ("do cancel", ". | go-to-bin | "),
            ("scan B-02", "."),
            ("scan B-02", "accepted bin-selected B-02 | pick-item | "),
            ("scan BOLT", "."),
            (
                "do as-asked",
                ". | all-picked | moved B-02>DOCK BOLT 2 for SO-2:1",
            ),
        ],
    );
}

#[test]
fn another_lot_than_the_one_that_expires_first_is_asked_about() {
    let mut site = Site::with(&["MILK/L1@2027-03-01 A-01 6", "MILK/L2@2027-01-01 A-01 4"]);
    site.sell("SO-3", &["MILK 2"]);
    check(
        Pick,
        &mut site,
        &[
            ("scan SO-3", "."),
            ("scan DOCK", "."),
            ("scan A-01", "."),
            ("gs1 gtin=04012345678901 lot=L1", "."),
            (
                "qty 2",
                "attention other-lot-confirm L1,L2 | other-lot-confirm? | ",
            ),
            (
                "do confirm",
                "accepted picked 2 l,MILK,DOCK | all-picked | moved A-01>DOCK MILK/L1@2027-03-01 2 for SO-3:1",
            ),
        ],
    );
}

#[test]
fn a_lot_that_the_order_names_is_fetched_and_no_other() {
    let mut site = site();
    site.sell("SO-4", &["MILK/L1 2"]);
    check(
        Pick,
        &mut site,
        &[
            ("scan SO-4", "."),
            ("scan DOCK", ". | go-to-bin | "),
            ("scan B-01", "refused wrong-bin B-01,A-03 | . | "),
            ("scan A-03", "accepted bin-selected A-03 | . | "),
        ],
    );
}

#[test]
fn what_is_begun_in_a_bin_is_ended_there_though_another_holds_more() {
    let mut site = Site::with(&["BOLT A-01 8", "BOLT A-02 8"]);
    site.sell("SO-1", &["BOLT 10"]);
    let task = played(&mut site, &["scan A-01", "scan BOLT", "qty 3"]);
    assert_eq!(due(&task), "A-01 5 pcs BOLT");
}

#[test]
fn a_stop_that_is_put_off_comes_last() {
    let mut site = site();
    let task = played(&mut site, &["do skip"]);
    assert_eq!(due(&task), "A-02 10 pcs BOLT");
    let task = played(
        &mut site,
        &["do skip", "do skip", "do skip", "do skip", "do skip"],
    );
    assert_eq!(
        due(&task),
        "A-01 2.5 m WIRE",
        "all were put off, the first one first"
    );
}

#[test]
fn a_unit_says_by_itself_in_which_bin_it_is() {
    let mut site = site();
    site.sell("SO-5", &["DRILL 1"]);
    check(
        Pick,
        &mut site,
        &[
            ("scan SO-5", "."),
            ("scan DOCK", "."),
            (
                "gs1 gtin=00036000291452 serial=S2",
                "accepted picked 1 pcs,DRILL,DOCK | . | moved A-01>DOCK DRILL#S2 1 for SO-5:1",
            ),
        ],
    );
}

#[test]
fn nothing_is_to_be_had_and_the_order_is_finished_short() {
    let mut site = Site::with(&["BOLT A-01 1"]);
    site.sell("SO-6", &["TWIN 4"]);
    check(
        Pick,
        &mut site,
        &[
            ("scan SO-6", "."),
            ("scan DOCK", ". | nothing-more-here | "),
            ("scan A-01", "refused nothing-more-to-pick A-01 | . | "),
            ("scan BOLT", "refused nothing-more-to-pick BOLT | . | "),
            (
                "do done",
                "attention order-differs-confirm 1 | order-differs-confirm? | ",
            ),
            (
                "do confirm",
                "accepted order-finished SO-6 | finished | order-finished 1=0/4short",
            ),
        ],
    );
}

#[test]
fn a_delivery_is_no_order_to_pick() {
    let mut site = site();
    site.expect("PO-7", &["BOLT 5"]);
    check(
        Pick,
        &mut site,
        &[(
            "scan PO-7",
            "refused wrong-kind-here PO-7 | choose-order | ",
        )],
    );
}

#[test]
fn who_comes_later_goes_on_where_others_left_off() {
    let mut site = site();
    played(&mut site, &["scan A-01", "scan WIRE", "do as-asked"]);
    let other = played(&mut site, &[]);
    assert_eq!(due(&other), "A-02 10 pcs BOLT");
}

#[test]
fn an_order_that_is_called_off_is_not_begun_and_not_gone_on_with() {
    let mut site = site();
    let begun = played(&mut site, &["scan A-01", "scan WIRE", "do as-asked"]);
    site.call_off("SO-1");
    let mut told = begun;
    told.refresh(&site, &context()).unwrap();
    assert_eq!(told.prompt().code.code(), "stop-order");
    check(
        Pick,
        &mut site,
        &[(
            "scan SO-1",
            "refused order-called-off SO-1 | choose-order | ",
        )],
    );
}

#[test]
fn what_was_taken_back_is_fetched_again() {
    let mut site = site();
    // The mistake of having found none, and the bolts that were fetched before it.
    let inputs = ["scan A-02", "scan BOLT", "qty 4", "do short", "do confirm"];
    assert_eq!(due(&played(&mut site, &inputs)), "A-01 2.5 m WIRE");
    let mut site = self::site();
    let back = [&inputs[..], &["undo"]].concat();
    assert_eq!(
        due(&played(&mut site, &[&back[..], &["scan A-02"]].concat())),
        "A-02 6 pcs BOLT"
    );
    let mut site = self::site();
    let both = [&back[..], &["undo", "scan A-02"]].concat();
    assert_eq!(due(&played(&mut site, &both)), "A-02 10 pcs BOLT");
}

#[test]
fn the_question_what_is_left_can_be_left_open() {
    check(
        Pick,
        &mut site(),
        &begun(&[
            ("scan A-02", "."),
            ("scan BOLT", "."),
            ("do as-asked", ". | empty-now? | ."),
            ("do cancel", ". | enter-rest | "),
            ("undo", "accepted undone A-02 | go-to-bin | "),
            ("scan A-03", "accepted bin-selected A-03 | . | "),
        ]),
    );
}

#[test]
fn a_unit_that_lies_in_another_bin_than_the_book_says_is_asked_about() {
    let mut site = Site::with(&["DRILL#S1 A-01 1", "DRILL#S2 A-02 1"]);
    site.sell("SO-5", &["DRILL 2"]);
    check(
        Pick,
        &mut site,
        &[
            ("scan SO-5", "."),
            ("scan DOCK", "."),
            ("scan A-01", "."),
            (
                "gs1 gtin=00036000291452 serial=S2",
                "attention wrong-bin A-01,A-02 | wrong-bin? | ",
            ),
            (
                "do confirm",
                ". | . | moved A-01>DOCK DRILL#S2 1 for SO-5:1",
            ),
        ],
    );
}
