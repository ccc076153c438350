//! What a scan on the home screen opens, and what a look-up offers.

use crate::support::{Site, context, gs1, play, shown};
use operations::home::{Route, route};
use operations::{Operation, Scanned, Task};

fn check(site: &Site, scanned: &Scanned, expected: &str) {
    let got = match route(scanned, site, &context()).unwrap() {
        Route::Open(step) => {
            let actions = step.task.actions();
            let codes: Vec<&str> = actions.iter().map(|a| a.code.code()).collect();
            format!("{}: {}", step.task.operation().code(), codes.join(" "))
        }
        Route::Badge { name, .. } => format!("badge {name}"),
        Route::Refused(feedback) => format!("refused {}", feedback.code.code()),
    };
    assert_eq!(got, expected, "{}", scanned.raw);
}

#[test]
fn any_code_opens_what_fits() {
    let mut site = Site::with(&["BOLT A-01 3", "DRILL#S1 A-02 1"]);
    site.expect("PO-7", &["BOLT 5"]);
    let plain = Scanned::plain;
    check(
        &site,
        &plain("BOLT"),
        "look-up: issue move receive adjust done",
    );
    check(&site, &plain("WIRE"), "receive: cancel damaged");
    check(&site, &plain("A-01"), "look-up: count move done");
    check(&site, &plain("S1"), "look-up: issue move adjust done");
    check(&site, &plain("BADGE-1"), "badge Li");
    check(&site, &plain("PO-7"), "receive: done later");
    check(&site, &gs1("sscc=106141410000000008"), "receive: cancel");
    check(
        &site,
        &plain("NEVER"),
        "look-up: set-aside link-to-item cancel",
    );
    check(&site, &plain("4006381333932"), "refused wrong-check-digit");
}

#[test]
fn an_order_opens_the_step_that_is_due() {
    let mut site = Site::with(&["BOLT A-01 3"]);
    site.sell("SO-1", &["BOLT 1"]);
    check(&site, &Scanned::plain("SO-1"), "pick: later");
    let mut task = Task::start(Operation::Pick);
    for input in [
        "scan SO-1",
        "scan DOCK",
        "scan A-01",
        "scan BOLT",
        "qty 1",
        "do done",
    ] {
        let step = play(&task, input, &site);
        site.apply(&step);
        task = step.task;
    }
    check(&site, &Scanned::plain("SO-1"), "issue: done later");
}

#[test]
fn an_offer_goes_on_with_the_code() {
    let site = Site::with(&["BOLT A-01 3"]);
    let Route::Open(step) = route(&Scanned::plain("BOLT"), &site, &context()).unwrap() else {
        panic!("opens");
    };
    let issue = play(&step.task, "do issue", &site);
    assert_eq!(issue.task.operation(), Operation::Issue);
    assert_eq!(shown(&issue, &site)[0], "accepted item-selected BOLT");
    assert_eq!(shown(&issue, &site)[1], "enter-quantity");
    let count = play(
        &play(&step.task, "scan A-01", &site).task,
        "do count",
        &site,
    );
    assert_eq!(count.task.operation(), Operation::Count);
    assert_eq!(count.task.title(), "A-01");
}

#[test]
fn where_no_stock_is_held_nothing_but_counting_is_offered_and_no_number_is_said() {
    let mut site = Site::with(&[]);
    site.without_stock = true;
    let plain = Scanned::plain;
    check(&site, &plain("BOLT"), "look-up: count done");
    check(&site, &plain("A-01"), "look-up: count done");
    check(
        &site,
        &gs1("sscc=106141410000000008"),
        "count: set-aside link-to-item cancel",
    );
    for code in ["BOLT", "A-01"] {
        let Route::Open(step) = route(&plain(code), &site, &context()).unwrap() else {
            panic!("{code}")
        };
        assert_eq!(step.task.lines(&context()), []);
        let facts = step.task.facts(&context());
        let said = facts.iter().map(|fact| fact.label.code());
        assert!(
            said.clone()
                .all(|label| label != "on-hand" && label != "lines")
        );
        assert!(said.count() > 0);
    }
}
