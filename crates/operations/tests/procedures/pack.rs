//! Check and pack, and send by the carton.

use crate::support::{Site, check, context, play, reloaded};
use operations::Operation::{Issue, LookUp, Pack};
use operations::{ActionCode, FactCode, FeedbackCode, Task};

/// Picked to the dock for two orders.
fn site() -> Site {
    let mut site = Site::with(&[
        "BOLT DOCK 12",
        "BOLT A-01 50",
        "MILK/L1@2027-03-01 DOCK 6",
        "DRILL#S1 DOCK 1",
    ]);
    site.sell("SO-1", &["BOLT 12", "MILK 6"]);
    site.sell("SO-2", &["DRILL 1"]);
    site
}

/// Up to the first carton.
const BEGUN: [(&str, &str); 3] = [
    (
        "scan SO-1",
        "accepted order-selected SO-1,ACME | scan-waiting-bin | ",
    ),
    ("scan DOCK", "accepted bin-selected DOCK | scan-carton | "),
    ("scan C-1", "accepted carton-opened C-1 | scan-item | "),
];

fn begun<'a>(rows: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    BEGUN.iter().chain(rows).copied().collect()
}

/// Ten bolts and the milk are in two cartons.
fn packed(site: &mut Site) {
    check(
        Pack,
        site,
        &begun(&[
            ("scan BOLT", "."),
            (
                "qty 10",
                "accepted packed 10 pcs,BOLT,C-1 | scan-item | packed DOCK BOLT 10 for SO-1:1 in C-1",
            ),
            ("scan C-2", "refused unknown-code C-2 | . | "),
            ("do cancel", "."),
            (
                "do next-carton",
                "accepted carton-closed C-1 | scan-carton | ",
            ),
            ("scan C-2", "accepted carton-opened C-2 | scan-item | "),
            (
                "scan MILK",
                "accepted item-selected MILK | enter-quantity | ",
            ),
            (
                "do as-asked",
                "accepted packed 6 l,MILK,C-2 | scan-item | packed DOCK MILK/L1@2027-03-01 6 for SO-1:2 in C-2",
            ),
            ("do later", ". | finished | "),
        ]),
    );
}

#[test]
fn each_piece_is_checked_against_the_order_and_goes_into_the_open_carton() {
    let mut site = site();
    check(
        Pack,
        &mut site,
        &begun(&[
            (
                "scan BOLT",
                "accepted item-selected BOLT | enter-quantity | ",
            ),
            (
                "qty 13",
                "attention more-than-ordered 12 pcs,13 pcs | more-than-ordered? | ",
            ),
            ("do cancel", "."),
            ("scan BOLT", "."),
            ("scan BOLT", "."),
            (
                "do next",
                "accepted packed 2 pcs,BOLT,C-1 | scan-item | packed DOCK BOLT 2 for SO-1:1 in C-1",
            ),
            // Of another order.
            (
                "scan S1",
                "attention not-on-order DRILL,SO-1 | not-on-order? | ",
            ),
            ("do cancel", "."),
            ("undo", "accepted undone packed DOCK BOLT 2 | . | reversed"),
            ("do done", "attention order-differs-confirm 2 | . | "),
            (
                "do confirm",
                "accepted order-finished SO-1 | finished | order-finished 1=0/12short 2=0/6short",
            ),
        ]),
    );
    assert_eq!(site.balance("BOLT", "DOCK"), "12", "packing moves nothing");
}

#[test]
fn a_unit_that_is_in_a_carton_is_not_packed_again_unasked() {
    let mut site = site();
    check(
        Pack,
        &mut site,
        &[
            ("scan SO-2", "."),
            ("scan DOCK", "."),
            ("scan C-1", "."),
            (
                "scan S1",
                "accepted packed 1 pcs,DRILL,C-1 | all-packed | packed DOCK DRILL#S1 1 for SO-2:1 in C-1",
            ),
            (
                "scan S1",
                "attention unit-in-carton S1,C-1 | unit-in-carton? | ",
            ),
            ("do cancel", "."),
            (
                "undo",
                "accepted undone packed DOCK DRILL#S1 1 | . | reversed",
            ),
            ("scan S1", "accepted packed 1 pcs,DRILL,C-1 | . | ."),
        ],
    );
}

#[test]
fn what_is_missing_is_asked_first() {
    check(
        Pack,
        &mut site(),
        &[
            ("scan BOLT", "refused choose-order-first | choose-order | "),
            ("scan C-1", "refused choose-order-first | choose-order | "),
            ("scan DOCK", "refused choose-order-first | choose-order | "),
            ("scan SO-1", "."),
            (
                "scan BOLT",
                "refused scan-stage-first | scan-waiting-bin | ",
            ),
            ("scan DOCK", "."),
            ("scan BOLT", "refused scan-carton-first | scan-carton | "),
            (
                "gs1 sscc=003456789012345678",
                "accepted carton-opened 003456789012345678 | scan-item | ",
            ),
            // The next label ends the carton before it.
            (
                "gs1 sscc=003456789012345685",
                "accepted carton-opened 003456789012345685 | scan-item | ",
            ),
            ("scan NONSENSE", "refused unknown-code NONSENSE | . | "),
        ],
    );
}

#[test]
fn a_carton_without_a_label_gets_a_plate_that_no_other_device_makes() {
    let site = site();
    let mut task = Task::start(Pack);
    for input in ["scan SO-1", "scan DOCK", "do new-carton"] {
        task = reloaded(&play(&task, input, &site).task);
    }
    let facts = task.facts(&context());
    let plate = facts.iter().find(|f| f.label == FactCode::Carton).unwrap();
    assert_eq!(plate.value, "C7A-1NB2EW0", "{}", plate.value);
    assert!(plate.emphasis);
    let buttons: Vec<ActionCode> = task.actions().iter().map(|a| a.code).collect();
    assert_eq!(buttons[..2], [ActionCode::Done, ActionCode::NextCarton]);
}

#[test]
fn a_carton_goes_out_with_all_that_is_in_it_and_only_once() {
    let mut site = site();
    packed(&mut site);
    check(
        Issue,
        &mut site,
        &[
            (
                "scan C-1",
                "accepted carton-loaded C-1,1 | scan-item-or-done | issued DOCK BOLT 10 for SO-1:1 in C-1",
            ),
            ("scan C-1", "refused carton-gone C-1 | . | "),
            (
                "scan C-2",
                "accepted carton-loaded C-2,1 | . | issued DOCK MILK/L1@2027-03-01 6 for SO-1:2 in C-2",
            ),
            ("do done", "attention order-differs-confirm 1 | . | "),
            (
                "do confirm",
                "accepted order-finished SO-1 | finished | order-finished 1=10/12short 2=6/6",
            ),
        ],
    );
    assert_eq!(site.balance("BOLT", "DOCK"), "2");
    assert_eq!(site.balance("MILK", "DOCK"), "0");
}

#[test]
fn a_carton_of_another_order_is_refused_and_those_that_wait_are_listed() {
    let mut site = site();
    packed(&mut site);
    check(
        Issue,
        &mut site,
        &[
            ("scan SO-2", "."),
            ("scan C-1", "refused carton-of-other-order C-1,SO-1 | . | "),
        ],
    );
    check(
        Pack,
        &mut site,
        &[
            ("scan SO-2", "."),
            ("scan DOCK", "."),
            ("scan C-1", "refused carton-of-other-order C-1,SO-1 | . | "),
        ],
    );
    let step = play(&Task::start(Issue), "scan SO-1", &site);
    let waiting = |task: &Task| -> Vec<String> {
        let lines = task.lines(&context()).into_iter();
        lines.map(|l| l.title).take(2).collect()
    };
    assert_eq!(waiting(&step.task), ["C-1", "C-2"]);
    let step = play(&step.task, "scan C-1", &site);
    assert_eq!(waiting(&step.task)[0], "C-2");
}

#[test]
fn a_carton_of_an_order_that_was_called_off_stays_and_that_is_said() {
    let mut site = site();
    packed(&mut site);
    let begun = play(&Task::start(Issue), "scan SO-1", &site).task;
    site.call_off("SO-1");
    for (task, prompt) in [(Task::start(Issue), "scan-item"), (begun, "stop-order")] {
        let step = play(&task, "scan C-1", &site);
        let said = step.feedback.unwrap();
        assert_eq!(said.code, FeedbackCode::OrderCalledOff);
        assert_eq!(step.task.prompt().code.code(), prompt);
        assert!(step.events.is_empty());
    }
    let mut barred = self::site();
    packed(&mut barred);
    barred.bar("SO-1");
    let step = play(&Task::start(Issue), "scan C-1", &barred);
    assert_eq!(step.feedback.unwrap().code, FeedbackCode::SomebodyElse);
}

#[test]
fn a_carton_in_a_bin_under_a_blind_count_shows_nothing_of_what_is_in_it() {
    let mut site = site();
    packed(&mut site);
    let shown = |site: &Site| {
        let task = play(&Task::start(LookUp), "scan C-1", site).task;
        task.lines(&context()).len()
    };
    assert_eq!(shown(&site), 1);
    site.plan_count("PD-1", true, &["DOCK"]);
    assert_eq!(shown(&site), 0);
}

#[test]
fn a_carton_is_looked_up_and_sent_from_there() {
    let mut site = site();
    packed(&mut site);
    check(
        LookUp,
        &mut site,
        &[
            ("scan C-2", "accepted carton-here C-2,DOCK | . | "),
            (
                "do issue",
                "accepted carton-loaded C-2,1 | . | issued DOCK MILK/L1@2027-03-01 6 for SO-1:2 in C-2",
            ),
        ],
    );
    check(
        LookUp,
        &mut site,
        &[("scan C-2", "attention carton-gone C-2 | . | ")],
    );
}
