//! Whatever is scanned, typed and tapped, in whatever order: no panic, only sound events, drafts that come back.

use crate::support::{Site, context, gs1, reloaded};
use domain::Quantity;
use operations::{ActionCode, Input, Operation, Scanned, Task};
use proptest::prelude::*;

fn code() -> impl Strategy<Value = Scanned> {
    let known = [
        "BOLT",
        "BOX12",
        "WIRE",
        "MILK",
        "DRILL",
        "BOTH",
        "A-01",
        "A-02",
        "A-03",
        "S1",
        "LP-1",
        "BADGE-1",
        "XYZ",
        "4006381333931",
        "4006381333932",
        "",
        "00036000291452",
    ];
    let labels = [
        "gtin=04012345678901 lot=L1 exp=2027-01-01",
        "gtin=04012345678901 lot=L2 exp=2026-01-01 count=24",
        "gtin=00036000291452 serial=S1",
        "gtin=00036000291452 serial=S7",
        "sscc=106141410000000008",
        "sscc=106141410000000015 gtin=04012345678901 count=0",
        "gtin=04006381333931 count=99999999999",
    ];
    prop_oneof![
        8 => prop::sample::select(known.to_vec()).prop_map(Scanned::plain),
        4 => prop::sample::select(labels.to_vec()).prop_map(gs1),
        1 => any::<String>().prop_map(Scanned::plain),
    ]
}

fn number() -> impl Strategy<Value = Quantity> {
    prop_oneof![
        6 => (0..50_i64).prop_map(|n| Quantity::from_thousandths(n * 1_000)),
        2 => any::<i64>().prop_map(Quantity::from_thousandths),
        1 => prop::sample::select(vec![
            Quantity::LIMIT, Quantity::from_thousandths(1_500), Quantity::from_thousandths(2_000_000),
        ]),
    ]
}

/// A choice stands for "the n-th that is offered", an undo for "of the last event".
#[derive(Debug, Clone)]
enum Press {
    Input(Input),
    Choice(usize),
    Undo,
}

fn press() -> impl Strategy<Value = Press> {
    let text = prop_oneof![
        Just("L1".to_owned()),
        Just("2027-01-01".to_owned()),
        any::<String>()
    ];
    prop_oneof![
        6 => code().prop_map(|c| Press::Input(Input::Scan(c))),
        3 => number().prop_map(|q| Press::Input(Input::Quantity(q))),
        2 => text.prop_map(|t| Press::Input(Input::Text(t))),
        4 => prop::sample::select(ActionCode::ALL.to_vec())
            .prop_map(|a| Press::Input(Input::Action(a))),
        2 => (0..4_usize).prop_map(Press::Choice),
        1 => Just(Press::Undo),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn nothing_breaks(
        operation in prop::sample::select(Operation::ALL.to_vec()),
        presses in prop::collection::vec(press(), 1..40),
    ) {
        let mut site = Site::with(&[
            "BOLT A-01 30", "WIRE A-01 5", "WIRE A-02 7", "DRILL#S1 A-02 1", "BOLT#LP-1 A-03 48",
            "MILK/L1@2027-01-01 A-01 12", "MILK/L2@2026-01-01 A-01 12",
        ]);
        let ctx = context();
        let mut task = Task::start(operation);
        for press in presses {
            let input = match press {
                Press::Input(input) => input,
                Press::Choice(n) => match task.choices(&ctx).get(n) {
                    Some(choice) => Input::Choose(choice.id.clone()),
                    None => continue,
                },
                Press::Undo => Input::Undo(site.last_undoable()),
            };
            let step = task.handle(input.clone(), &site, &ctx).unwrap();
            for event in &step.events {
                prop_assert!(event.body.is_sound(), "{input:?} made {event:?}");
            }
            let next = &step.task;
            let _ = (next.prompt(), next.facts(&ctx), next.lines(&ctx), next.keypad(), next.entry());
            prop_assert!(step.finished || !next.actions().is_empty(), "no way out of {next:?}");
            site.apply(&step);
            task = if step.finished { Task::start(operation) } else { reloaded(next) };
        }
    }
}
