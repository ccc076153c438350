//! Who did what they had no right to: the same on every replica, whether events or grants come first.

use proptest::prelude::*;

use super::history_tests::{history, shuffled};
use super::tests::{T0, Writer, fold, units};
use super::*;
use crate::event::{Event, EventBody, EventHash, Resolution};
use crate::ids::OperatorId;
use crate::rights::{Action, Grant, Grants, Limits};

const SUPERVISOR: OperatorId = OperatorId::from_bytes([7; 16]);

fn operator(chain: u8) -> OperatorId {
    OperatorId::from_bytes([chain; 16])
}

fn picker() -> Grant {
    Grant {
        actions: [Action::Pick, Action::Issue].into(),
        ..Grant::default()
    }
}

/// Grants come to a store that holds events already.
fn grant(store: &mut MemoryLedger, operator: OperatorId, grants: Grants) {
    if let Some(from) = store.grant(operator, grants) {
        let mut ledger = Ledger::new(store).unwrap();
        ledger.regranted(operator, from).unwrap();
        ledger.finish().unwrap();
    }
}

fn breaches(store: &MemoryLedger) -> Vec<(Vec<EventHash>, ExceptionStatus)> {
    let of_rights = |e: &&Exception| e.finding.kind == ExceptionKind::RightBreached;
    let found = store.exceptions().values().filter(of_rights);
    found
        .map(|e| (e.finding.evidence.clone(), e.status))
        .collect()
}

#[test]
fn goods_received_without_the_right_count_and_somebody_is_told() {
    let mut w = Writer::default();
    let before = w.receive(1, T0, 1, 1, 5);
    let without = w.receive(1, T0 + 10, 1, 1, 2);
    w.issue(1, T0 + 11, 1, 1, 1);
    let mut store = fold(&w.events);
    assert_eq!(breaches(&store), []);
    grant(&mut store, operator(1), Grants::new([(T0 + 5, picker())]));
    assert_eq!(
        breaches(&store),
        [(vec![without], ExceptionStatus::Open)],
        "what was done before the grant was nobody's to forbid"
    );
    assert_eq!(store.balances().values().next(), Some(&units(6)));
    // A grant that is dated back takes that in too, and one that gives the right puts it right.
    grant(&mut store, operator(1), Grants::new([(T0, picker())]));
    assert_eq!(
        breaches(&store),
        [(vec![before, without], ExceptionStatus::Open)]
    );
    grant(
        &mut store,
        operator(1),
        Grants::new([(T0, Grant::everything())]),
    );
    assert_eq!(breaches(&store), []);
    assert_eq!(store.hash(), fold(&w.events).hash());
}

#[test]
fn a_decision_closes_it_until_there_is_more() {
    let mut w = Writer::default();
    let first = w.receive(1, T0, 1, 1, 5);
    let mut store = fold(&w.events);
    grant(&mut store, operator(1), Grants::new([(T0, picker())]));
    let id = *store.exceptions().keys().next().unwrap();
    let decision = w.write(
        9,
        T0 + 5,
        EventBody::Resolved(Resolution {
            exception: id,
            after: None,
            evidence: vec![first],
            choice: "acknowledge".into(),
            note: String::new(),
            about: "right-breached".into(),
        }),
    );
    let second = w.receive(1, T0 + 9, 1, 1, 1);
    let mut ledger = Ledger::new(&mut store).unwrap();
    ledger.add(w.events[1].clone()).unwrap();
    ledger.finish().unwrap();
    assert_eq!(
        breaches(&store),
        [(vec![first], ExceptionStatus::Resolved(decision))]
    );
    let mut ledger = Ledger::new(&mut store).unwrap();
    ledger.add(w.events[2].clone()).unwrap();
    ledger.finish().unwrap();
    assert_eq!(
        breaches(&store),
        [(vec![first, second], ExceptionStatus::Open)]
    );
}

#[test]
fn an_approval_counts_only_of_somebody_else_who_may() {
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 5);
    for (chain, approver) in [(2, SUPERVISOR), (3, operator(3)), (4, operator(8))] {
        w.receive(chain, T0 + i64::from(chain), 1, 1, 1);
        w.events.last_mut().unwrap().record.approved_by = Some(approver);
    }
    let mut store = fold(&w.events);
    for chain in 1..=4 {
        grant(&mut store, operator(chain), Grants::new([(T0, picker())]));
    }
    let may_approve = Grants::new([(T0, Grant::everything())]);
    assert_eq!(breaches(&store).len(), 4);
    grant(&mut store, SUPERVISOR, may_approve.clone());
    assert_eq!(
        breaches(&store).len(),
        3,
        "the supervisor's grant came last"
    );
    grant(&mut store, operator(3), may_approve);
    let still: Vec<_> = breaches(&store).into_iter().flat_map(|b| b.0).collect();
    assert!(
        !still.contains(&w.events[2].hash),
        "who may do everything needs no approval, not even their own"
    );
    assert!(still.contains(&w.events[0].hash) && still.contains(&w.events[3].hash));
}

#[test]
fn a_replica_on_a_snapshot_finds_the_same() {
    let mut w = Writer::default();
    for n in 0..6 {
        w.receive(1, T0 + n * 10, 1, 1, 1);
    }
    let grants = Grants::new([(T0 + 15, picker())]);
    let mut full = MemoryLedger::default();
    full.grant(operator(1), grants.clone());
    let mut ledger = Ledger::new(&mut full).unwrap();
    for event in &w.events[..4] {
        ledger.add(event.clone()).unwrap();
    }
    ledger.finish().unwrap();
    let snapshot = full.snapshot(Place::end_of(T0 + 30), |_| false);
    let mut on = MemoryLedger::on(&snapshot);
    grant(&mut on, operator(1), grants);
    for store in [&mut full, &mut on] {
        let mut ledger = Ledger::new(store).unwrap();
        for event in &w.events[4..] {
            ledger.add(event.clone()).unwrap();
        }
        ledger.finish().unwrap();
    }
    assert_eq!(breaches(&full).len(), 1);
    assert_eq!(breaches(&full), breaches(&on));
    assert_eq!(full.working_hash(), on.working_hash());
}

/// Anything about anybody: rights come and go, and some run out.
fn any_grants() -> impl Strategy<Value = Vec<(OperatorId, Grants)>> {
    let grant = (any::<u32>(), any::<bool>(), prop::option::of(0i64..40_000)).prop_map(
        |(mask, may_approve, until)| Grant {
            actions: Action::ALL
                .into_iter()
                .enumerate()
                .filter_map(|(bit, action)| (mask >> bit & 1 == 1).then_some(action))
                .collect(),
            limits: Limits {
                adjust: Some(units(3)),
                ..Limits::default()
            },
            may_approve,
            until: until.map(|ms| T0 + ms),
            ..Grant::default()
        },
    );
    let grants = prop::collection::vec((0i64..40_000, grant), 0..4)
        .prop_map(|all| Grants::new(all.into_iter().map(|(ms, grant)| (T0 + ms, grant))));
    prop::collection::vec((0u8..8).prop_map(operator), 1..6).prop_flat_map(move |operators| {
        let n = operators.len();
        (Just(operators), prop::collection::vec(grants.clone(), n))
            .prop_map(|(operators, grants)| operators.into_iter().zip(grants).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_order_of_events_and_grants_finds_the_same(
        events in history(),
        approvals in prop::collection::vec(prop::option::of(0u8..8), 0..40),
        grants in any_grants(),
        seed in any::<u64>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut events: Vec<Event> = events;
        for (event, by) in events.iter_mut().zip(approvals) {
            event.record.approved_by = by.map(operator);
        }
        let mut first = MemoryLedger::default();
        for (operator, grants) in &grants {
            first.grant(*operator, grants.clone());
        }
        let mut ledger = Ledger::new(&mut first).unwrap();
        for event in &events {
            ledger.add(event.clone()).unwrap();
        }
        ledger.finish().unwrap();

        let mixed = shuffled(&events, seed);
        let (early, late) = mixed.split_at(cut.index(mixed.len().max(1)).min(mixed.len()));
        let mut other = fold(early);
        // The last that is said of a person stands, whatever came before it.
        for (operator, _) in &grants {
            grant(&mut other, *operator, Grants::new([(T0, picker())]));
        }
        for (operator, grants) in &grants {
            grant(&mut other, *operator, grants.clone());
        }
        let mut ledger = Ledger::new(&mut other).unwrap();
        for event in late {
            ledger.add(event.clone()).unwrap();
        }
        ledger.finish().unwrap();
        prop_assert_eq!(first.exceptions(), other.exceptions());
        prop_assert_eq!(first.hash(), other.hash());
    }
}
