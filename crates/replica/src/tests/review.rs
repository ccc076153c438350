//! What a review queue rests on: what closed by itself, notes, and what would stand if the past were otherwise.

use domain::event::CountedLine;
use domain::ledger::ExceptionStatus;
use domain::{Assignment, EventHash, ExceptionId, Resolution, ReviewNote};

use super::*;
use crate::query::Supposed;

fn open_one(replica: &Replica) -> ExceptionId {
    let open = replica.query().open_exceptions().unwrap();
    assert_eq!(open.len(), 1, "{open:?}");
    open[0].id
}

fn closed(replica: &Replica) -> Vec<(ExceptionId, Option<EventHash>)> {
    let rows = replica.query().closed_by_themselves(None, 10).unwrap();
    rows.iter().map(|row| (row.id, row.closed_by)).collect()
}

#[test]
fn what_a_late_receipt_settles_is_remembered_over_a_rebuild() {
    let (mut a, mut b) = (device(1), device(2));
    let mut hub = Hub::default();
    let receipt = a.commit(events(vec![receive(1, 1, 9)]), T0).unwrap();
    // The other one takes from the bin before it has heard of the receipt.
    b.commit(events(vec![issue(1, 1, 4)]), T0 + 10).unwrap();
    let id = open_one(&b);
    assert!(closed(&b).is_empty());
    hub.sync(&mut [&mut a, &mut b]);
    assert!(b.query().open_exceptions().unwrap().is_empty());
    // What the hub took last is what put it right, for all that this replica can tell.
    let rows = b.query().closed_by_themselves(None, 10).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].id, rows[0].finding.kind),
        (id, ExceptionKind::NegativeStock)
    );
    assert_eq!(rows[0].finding.book, Some(units(-4)));
    assert!(
        rows[0].closed_by.is_some() && rows[0].closed_at > T0,
        "{rows:?}"
    );
    assert!(closed(&a).is_empty(), "nobody saw it there");
    let before = closed(&b);
    b.rebuild().unwrap();
    assert_eq!(closed(&b), before);
    assert_eq!(b.query().closed_by_itself(id).unwrap().unwrap().id, id);
    assert_eq!(b.query().closed_by_themselves_count(0).unwrap(), 1);
    let past = Some((rows[0].closed_at, rows[0].id));
    assert!(b.query().closed_by_themselves(past, 10).unwrap().is_empty());

    // It opens again: then it is not closed.
    let target = receipt.events[0].1;
    b.commit(events(vec![EventBody::Reversed { target }]), T0 + 700_000)
        .unwrap();
    assert_eq!(open_one(&b), id);
    assert!(closed(&b).is_empty());
}

#[test]
fn what_heals_is_remembered_and_what_was_decided_is_not() {
    let mut a = device(1);
    a.commit(events(vec![issue(1, 1, 4)]), T0).unwrap();
    let healed = open_one(&a);
    let receipt = a.commit(events(vec![receive(1, 1, 9)]), T0 + 10).unwrap();
    assert_eq!(closed(&a), [(healed, Some(receipt.events[0].1))]);
    let taken = a.commit(events(vec![issue(2, 1, 1)]), T0 + 20).unwrap();
    let id = open_one(&a);
    let decision = EventBody::Resolved(Resolution {
        exception: id,
        after: None,
        evidence: vec![taken.events[0].1],
        choice: "reverse-issue".into(),
        note: String::new(),
        about: String::new(),
    });
    let mut commit = events(vec![decision]);
    commit.events.push(NewEvent {
        carries_out: CarriesOut::FirstOfCommit,
        ..EventBody::Reversed {
            target: taken.events[0].1,
        }
        .into()
    });
    a.commit(commit, T0 + 30).unwrap();
    assert!(a.query().open_exceptions().unwrap().is_empty());
    assert_eq!(closed(&a).len(), 1, "a decision is no self-healing");
    let healed = a.query().exception(healed).unwrap().unwrap();
    assert_eq!(healed.status, ExceptionStatus::Healed);
}

#[test]
fn notes_add_up_and_the_last_assignment_holds() {
    let (mut a, mut b) = (device(1), device(2));
    let mut hub = Hub::default();
    a.commit(events(vec![issue(1, 1, 4)]), T0).unwrap();
    hub.sync(&mut [&mut a, &mut b]);
    let id = open_one(&a);
    let note = |text: &str, assigned: Option<Option<u8>>| {
        events(vec![EventBody::Noted(ReviewNote {
            exception: id,
            about: "negative-stock".into(),
            text: text.into(),
            assigned: assigned.map(|to| Assignment {
                to: to.map(|n| OperatorId::from_bytes([n; 16])),
            }),
        })])
    };
    // Two write at once, knowing nothing of each other.
    a.commit(note("look in the truck", Some(Some(7))), T0 + 10)
        .unwrap();
    b.commit(note("", Some(Some(8))), T0 + 20).unwrap();
    hub.sync(&mut [&mut a, &mut b]);
    for replica in [&mut a, &mut b] {
        for rebuild in [false, true] {
            if rebuild {
                replica.rebuild().unwrap();
            }
            assert_eq!(replica.query().notes(id).unwrap().len(), 2);
            let heads = replica.query().note_heads().unwrap();
            assert_eq!(heads, [(id, Some(OperatorId::from_bytes([8; 16])), 1)]);
        }
    }
    assert_eq!(a.state_hash(SITE).unwrap(), b.state_hash(SITE).unwrap());
    a.commit(note("", Some(None)), T0 + 800_000).unwrap();
    assert_eq!(a.query().note_heads().unwrap(), [(id, None, 1)]);
}

#[test]
fn what_would_stand_is_what_then_stands() {
    let count = |n: i64, whole_bin: bool| EventBody::Counted {
        bin: bin_id(1),
        lines: vec![CountedLine {
            item: item_id(1),
            lot: None,
            counted: units(n),
        }],
        whole_bin,
    };
    // Changes before and after a count that is approved in some of the cases.
    for (approved, reverse, expected) in [
        (false, 0, (9 - 2 + 5, -2 + 5)),
        (false, 1, (9 - 2 + 5, 9 + 5)),
        (false, 3, (9 - 2 + 5, 9 - 2)),
        (true, 0, (6 + 5, 6 + 5)),
        (true, 3, (6 + 5, 6)),
    ] {
        let mut a = device(1);
        let bodies = [
            receive(1, 1, 9),
            issue(1, 1, 2),
            count(6, false),
            receive(1, 1, 5),
        ];
        let mut hashes = Vec::new();
        for (at, body) in (T0..).zip(bodies) {
            hashes.push(a.commit(events(vec![body]), at).unwrap().events[0].1);
        }
        if approved {
            let body = EventBody::CountApproved { count: hashes[2] };
            a.commit(events(vec![body]), T0 + 10).unwrap();
        }
        let place = a.query().event_by_hash(hashes[reverse]).unwrap().unwrap();
        let supposed = [Supposed::Without(place.placed.place)];
        let found = a.query().balance_if(SITE, &pile(1, 1), &supposed).unwrap();
        let (now, then) = expected;
        assert_eq!(found, (units(now), units(then)), "{approved} {reverse}");
        let target = hashes[reverse];
        a.commit(events(vec![EventBody::Reversed { target }]), T0 + 20)
            .unwrap();
        assert_eq!(a.query().balance(SITE, &pile(1, 1)).unwrap(), units(then));
    }
    let mut a = device(1);
    a.commit(events(vec![receive(1, 1, 9), receive(1, 2, 4)]), T0)
        .unwrap();
    let counted = a.commit(events(vec![count(6, true)]), T0 + 1).unwrap();
    a.commit(events(vec![issue(1, 1, 1)]), T0 + 2).unwrap();
    let row = a.query().event_by_hash(counted.events[0].1).unwrap();
    let supposed = [
        Supposed::Approved(row.unwrap().placed.place),
        Supposed::Plus(units(2)),
    ];
    let of = |item| {
        a.query()
            .balance_if(SITE, &pile(1, item), &supposed)
            .unwrap()
    };
    assert_eq!(of(1), (units(8), units(6 - 1 + 2)));
    assert_eq!(of(2), (units(4), units(2)), "nothing was found of it");
    assert_eq!(of(3), (units(0), units(2)), "never here");
}
