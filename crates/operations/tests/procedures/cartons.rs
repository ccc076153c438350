//! Cartons that are known by their label: moved whole, and told where they are.

use crate::support::{Site, check, context, play, reloaded};
use operations::Operation::{Issue, LookUp, Move, Pack, Receive};
use operations::{ActionCode, FactCode, FeedbackCode, Task};

/// Bolts and milk of SO-1 are in C-1, at the dock, beside loose bolts.
fn site() -> Site {
    let mut site = Site::with(&["BOLT DOCK 12", "BOLT A-01 50", "MILK/L1@2027-03-01 DOCK 6"]);
    site.sell("SO-1", &["BOLT 10", "MILK 6"]);
    check(
        Pack,
        &mut site,
        &[
            ("scan SO-1", "."),
            ("scan DOCK", "."),
            ("scan C-1", "."),
            ("scan BOLT", "."),
            ("do as-asked", "."),
            ("scan MILK", "."),
            ("do as-asked", "."),
            ("do later", "."),
        ],
    );
    site
}

#[test]
fn a_carton_moves_by_its_label_with_all_that_is_in_it() {
    let mut site = site();
    check(
        Move,
        &mut site,
        &[
            ("scan C-1", "accepted carton-here C-1,DOCK | scan-to-bin | "),
            ("scan DOCK", "refused same-bin DOCK | scan-to-bin | "),
            ("scan BOLT", "refused wrong-kind-here BOLT | scan-to-bin | "),
            (
                "scan A-02",
                "accepted carton-moved C-1,A-02 | scan-item-or-done | \
                 moved DOCK>A-02 BOLT 10 for SO-1:1 in C-1; \
                 moved DOCK>A-02 MILK/L1@2027-03-01 6 for SO-1:2 in C-1",
            ),
            // The work goes on with goods as before.
            ("scan A-01", "accepted bin-selected A-01 | . | "),
            ("scan BOLT", "."),
            ("qty 5", "."),
            ("scan A-03", ". | . | moved A-01>A-03 BOLT 5"),
        ],
    );
    assert_eq!(site.balance("BOLT", "DOCK"), "2", "the loose ones stay");
    assert_eq!(site.balance("BOLT", "A-02"), "10");
    // It is known where it is now, and goes out from there.
    check(
        LookUp,
        &mut site,
        &[("scan C-1", "accepted carton-here C-1,A-02 | . | ")],
    );
    check(
        Issue,
        &mut site,
        &[(
            "scan C-1",
            "accepted carton-loaded C-1,2 | scan-item-or-done | issued A-02 BOLT 10 for SO-1:1 in C-1; \
             issued A-02 MILK/L1@2027-03-01 6 for SO-1:2 in C-1",
        )],
    );
    check(
        Move,
        &mut site,
        &[("scan C-1", "refused carton-gone C-1 | scan-from-bin | ")],
    );
}

#[test]
fn a_line_in_hand_is_finished_first_and_a_carton_can_be_put_back() {
    let mut site = site();
    check(
        Move,
        &mut site,
        &[
            ("scan A-01", "."),
            ("scan BOLT", ". | scan-to-bin | "),
            // The bolts have no bin yet.
            ("scan C-1", ". | scan-to-bin | "),
            ("qty 3", "."),
            ("scan A-02", ". | . | moved A-01>A-02 BOLT 3"),
            ("scan C-1", "accepted carton-here C-1,DOCK | scan-to-bin | "),
            ("do all-of-it", "refused finish-line-first | . | "),
            ("do cancel", " | scan-item-or-done | "),
            ("scan A-03", "accepted bin-selected A-03 | . | "),
            (
                "scan NOBODY-KNOWS",
                "refused unknown-code NOBODY-KNOWS | . | ",
            ),
        ],
    );
    assert_eq!(site.balance("BOLT", "DOCK"), "12");
}

#[test]
fn a_carton_that_left_while_it_waited_for_its_bin_moves_nothing() {
    let mut site = site();
    let task = play(&Task::start(Move), "scan C-1", &site).task;
    // A restart in between: the draft knows what waits.
    let task = reloaded(&task);
    let facts = task.facts(&context());
    let carton = facts.iter().find(|f| f.label == FactCode::Carton).unwrap();
    assert_eq!(carton.value, "C-1");
    let buttons: Vec<ActionCode> = task.actions().iter().map(|a| a.code).collect();
    assert!(buttons.contains(&ActionCode::Cancel), "{buttons:?}");
    check(Issue, &mut site, &[("scan C-1", ".")]);
    let step = play(&task, "scan A-02", &site);
    assert_eq!(step.feedback.unwrap().code, FeedbackCode::CartonGone);
    assert!(step.events.is_empty());
    let step = play(&step.task, "scan A-02", &site);
    assert_eq!(step.feedback.unwrap().code, FeedbackCode::BinSelected);
}

#[test]
fn a_carton_in_a_bin_under_a_blind_count_moves_and_tells_nothing_of_what_is_in_it() {
    let mut site = site();
    site.plan_count("BLIND", true, &["DOCK", "A-02"]);
    check(
        Move,
        &mut site,
        &[
            ("scan C-1", "accepted carton-here C-1,DOCK | scan-to-bin | "),
            (
                "scan A-02",
                "attention bin-frozen-by-count DOCK,BLIND | bin-frozen-by-count? | ",
            ),
            (
                "do confirm",
                "attention bin-frozen-by-count A-02,BLIND | bin-frozen-by-count? | ",
            ),
            // No to this bin: the carton waits for another one.
            ("do cancel", " | scan-to-bin | "),
            (
                "scan A-02",
                "attention bin-frozen-by-count A-02,BLIND | bin-frozen-by-count? | ",
            ),
            (
                "do confirm",
                "accepted carton-moved C-1,A-02 | . | moved DOCK>A-02 BOLT 10 for SO-1:1 in C-1; \
                 moved DOCK>A-02 MILK/L1@2027-03-01 6 for SO-1:2 in C-1",
            ),
        ],
    );
    let mut task = Task::start(Move);
    for input in ["scan C-1", "scan A-03", "do confirm"] {
        let step = play(&task, input, &site);
        site.apply(&step);
        task = step.task;
    }
    let line = &task.lines(&context())[0];
    assert_eq!(
        (
            line.title.as_str(),
            line.subtitle.as_str(),
            line.quantity.as_str()
        ),
        ("C-1", "A-02 → A-03", "")
    );
}

/// What left elsewhere comes in two cartons, and a few bolts loose.
fn delivery() -> Site {
    let mut site = Site::new();
    site.expect("T-1", &["BOLT 12", "MILK/L1 6"]);
    site.announce_carton("T-1", "C-1", &["1 BOLT 6", "2 MILK/L1 6"]);
    site.announce_carton("T-1", "C-2", &["1 BOLT 4"]);
    site
}

#[test]
fn a_carton_of_a_transfer_is_received_by_its_label_and_stays_a_carton() {
    let mut site = delivery();
    check(
        LookUp,
        &mut site,
        &[("scan C-1", "attention carton-arrives C-1,T-1 | . | ")],
    );
    check(
        Receive,
        &mut site,
        &[
            ("scan C-1", "accepted carton-arrives C-1,T-1 | scan-bin | "),
            ("scan BOLT", "refused scan-bin-first | . | "),
            (
                "scan A-01",
                "accepted carton-received C-1,2,A-01 | . | \
                 received A-01 BOLT 6 for T-1:1 in C-1; received A-01 MILK/L1 6 for T-1:2 in C-1",
            ),
            ("scan C-1", "refused carton-here C-1,A-01 | . | "),
            (
                "scan C-2",
                "accepted carton-received C-2,1,A-01 | . | received A-01 BOLT 4 for T-1:1 in C-2",
            ),
            ("scan C-9", "refused unknown-code C-9 | . | "),
            ("do cancel", "."),
            // Two bolts were loose, and one of them is missing.
            ("scan BOLT", "."),
            ("qty 1", ". | . | received A-01 BOLT 1 for T-1:1"),
            ("do done", "attention order-differs-confirm 1 | . | "),
            (
                "do confirm",
                "accepted order-finished T-1 | finished | order-finished 1=11/12short 2=6/6",
            ),
        ],
    );
    // It moves and goes out here as it came, for no order.
    check(
        Move,
        &mut site,
        &[
            ("scan C-2", "accepted carton-here C-2,A-01 | scan-to-bin | "),
            (
                "scan A-02",
                "accepted carton-moved C-2,A-02 | . | moved A-01>A-02 BOLT 4 in C-2",
            ),
        ],
    );
    check(
        Issue,
        &mut site,
        &[(
            "scan C-2",
            "accepted carton-loaded C-2,1 | . | issued A-02 BOLT 4 in C-2",
        )],
    );
    check(
        Receive,
        &mut site,
        &[("scan C-2", "refused carton-gone C-2 | . | ")],
    );
}

#[test]
fn a_carton_that_was_begun_by_the_piece_is_not_taken_whole_nor_one_of_another_delivery() {
    let mut site = delivery();
    site.expect("T-2", &["WIRE 5"]);
    check(
        Receive,
        &mut site,
        &[
            ("scan T-2", "."),
            ("scan A-01", "."),
            ("scan C-1", "refused carton-of-other-order C-1,T-1 | . | "),
            ("do later", "."),
        ],
    );
    check(
        Receive,
        &mut site,
        &[
            ("scan T-1", "."),
            ("scan A-01", "."),
            ("scan BOLT", "."),
            ("qty 9", "."),
            ("scan C-1", "refused carton-partly C-1 | . | "),
            ("scan C-2", "refused carton-partly C-2 | . | "),
        ],
    );
    site.call_off("T-1");
    let step = play(&Task::start(Receive), "scan C-1", &site);
    assert_eq!(step.feedback.unwrap().code, FeedbackCode::OrderCalledOff);
    assert!(step.events.is_empty());
}
