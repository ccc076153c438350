//! How far an operator goes alone.

use domain::rights::{Action, Limits};
use domain::{EventBody, Quantity};
use operations::{Operation, Said, Task, limits};

use crate::support::{Site, context, play};

fn units(n: i64) -> Quantity {
    Quantity::from_units(n).unwrap()
}

/// Plays a script and says what of its last step goes too far.
fn check(operation: Operation, site: &mut Site, limits: Limits, script: &[&str], expected: &str) {
    let mut task = Task::start(operation);
    task.offer(site, &context()).unwrap();
    let (last, before) = script.split_last().unwrap();
    for input in before {
        let step = play(&task, input, site);
        site.apply(&step);
        task = step.task;
        task.refresh(site, &context()).unwrap();
    }
    let step = play(&task, last, site);
    assert!(!step.events.is_empty(), "`{last}` writes nothing");
    let beyond = limits::beyond(operation, &step.events, &limits, site).unwrap();
    let said = beyond.map_or_else(String::new, |f| {
        format!("{} {}", f.code.code(), f.args.join(","))
    });
    assert_eq!(said, expected, "{script:?}");
    let free = limits::beyond(operation, &step.events, &Limits::default(), site);
    assert_eq!(free.unwrap(), None, "without limits");
}

#[test]
fn an_adjustment_is_held_against_the_amount_and_the_share_of_the_book() {
    let amount = Limits {
        adjust: Some(units(5)),
        ..Limits::default()
    };
    let share = Limits {
        adjust_percent: Some(10),
        ..Limits::default()
    };
    let both = Limits {
        adjust: Some(units(5)),
        ..share
    };
    let table = [
        (amount, "lost", "5", ""),
        (amount, "lost", "6", "adjust-beyond-limit 6 pcs,5 pcs"),
        (amount, "found", "6", "adjust-beyond-limit 6 pcs,5 pcs"),
        (share, "lost", "2", ""),
        (share, "lost", "3", "adjust-beyond-limit 3 pcs,10 %"),
        (both, "found", "3", "adjust-beyond-limit 3 pcs,10 %"),
    ];
    for (limits, reason, quantity, expected) in table {
        let mut site = Site::with(&["BOLT A-01 20"]);
        let choose = format!("choose {reason}");
        let quantity = format!("qty {quantity}");
        let script = ["scan A-01", "scan BOLT", &choose, &quantity];
        check(Operation::Adjust, &mut site, limits, &script, expected);
    }
    // What the book has nothing of has no share.
    let script = ["scan A-02", "scan BOLT", "choose found", "qty 1"];
    let said = "adjust-beyond-limit 1 pcs,10 %";
    check(Operation::Adjust, &mut Site::new(), share, &script, said);
}

#[test]
fn a_delivery_is_held_against_what_was_ordered_and_has_come() {
    let limits = Limits {
        over_receipt_percent: Some(10),
        ..Limits::default()
    };
    let table: [(&[&str], &str); 5] = [
        (&["scan BOLT", "qty 20"], ""),
        (&["scan BOLT", "qty 22", "do confirm"], ""),
        (
            &["scan BOLT", "qty 23", "do confirm"],
            "over-receipt-beyond-tolerance 3 pcs,10",
        ),
        (
            &["scan BOLT", "qty 20", "scan BOLT", "qty 3", "do confirm"],
            "over-receipt-beyond-tolerance 3 pcs,10",
        ),
        (
            &["scan WIRE", "qty 1", "do confirm"],
            "over-receipt-beyond-tolerance 1 m,10",
        ),
    ];
    for (script, expected) in table {
        let mut site = Site::new();
        site.expect("PO-7", &["BOLT 20"]);
        let script = [&["scan PO-7", "scan A-01"], script].concat();
        check(Operation::Receive, &mut site, limits, &script, expected);
    }
    let free = ["scan A-01", "scan BOLT", "qty 500"];
    check(Operation::Receive, &mut Site::new(), limits, &free, "");
}

#[test]
fn a_count_is_held_against_the_book_unless_that_is_hidden() {
    let limits = Limits {
        count_percent: Some(10),
        ..Limits::default()
    };
    let table: [(&[&str], &str); 5] = [
        (&["scan BOLT", "qty 18", "do done"], ""),
        (
            &["scan BOLT", "qty 17", "do done"],
            "count-beyond-tolerance BOLT,10",
        ),
        (
            &["scan BOLT", "qty 20", "scan WIRE", "qty 1", "do done"],
            "count-beyond-tolerance WIRE,10",
        ),
        (
            &["do bin-empty", "do confirm"],
            "count-beyond-tolerance BOLT,10",
        ),
        (
            &["scan BOLT", "qty 30", "do done"],
            "count-beyond-tolerance BOLT,10",
        ),
    ];
    for (script, expected) in table {
        let mut site = Site::with(&["BOLT A-01 20"]);
        let script = [&["scan A-01"], script].concat();
        check(Operation::Count, &mut site, limits, &script, expected);
        let mut blind = Site::with(&["BOLT A-01 20"]);
        blind.plan_count("C-1", true, &["A-01"]);
        let script = [&["scan C-1"], &script[..]].concat();
        check(Operation::Count, &mut blind, limits, &script, "");
    }
}

#[test]
fn whoever_says_after_a_pick_what_is_left_counts_no_bin() {
    let said = Said::from(EventBody::Counted {
        bin: domain::BinId::from_bytes([1; 16]),
        lines: Vec::new(),
        whole_bin: true,
    });
    let limits = Limits {
        count_percent: Some(0),
        ..Limits::default()
    };
    let site = Site::with(&["BOLT A-01 20"]);
    let beyond = |operation| limits::beyond(operation, std::slice::from_ref(&said), &limits, &site);
    assert_eq!(beyond(Operation::Pick).unwrap(), None);
    assert!(beyond(Operation::Count).unwrap().is_some());
}

#[test]
fn each_procedure_takes_the_right_of_its_name() {
    for operation in Operation::ALL {
        let takes = operation.takes();
        if *operation == Operation::LookUp {
            assert_eq!(takes, []);
        } else {
            assert!(takes.iter().any(|a| a.code() == operation.code()));
        }
    }
    assert_eq!(Operation::Count.takes(), [Action::Count, Action::Recount]);
}
