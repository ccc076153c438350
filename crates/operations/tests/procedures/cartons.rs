//! Cartons that are known by their label: moved whole, and told where they are.

use crate::support::{Site, check, context, play, reloaded};
use operations::Operation::{Issue, LookUp, Move, Pack};
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
                "accepted carton-moved C-1,A-02 | . | moved DOCK>A-02 BOLT 10 for SO-1:1 in C-1; \
                 moved DOCK>A-02 MILK/L1@2027-03-01 6 for SO-1:2 in C-1",
            ),
        ],
    );
    let mut task = Task::start(Move);
    for input in ["scan C-1", "scan A-03"] {
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
