//! A replica on a snapshot agrees with one that holds all of its history.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::history_tests::history;
use super::tests::{DAY, T0, Writer, bin, fold, item, key, units};
use super::*;
use crate::event::{
    CountedLine, Event, EventBody, EventId, ExceptionId, QuarantineDecision, Resolution,
};
use crate::ids::{ChainId, UnitId};

/// A hub's log: events in the order of acceptance, and those that nobody has accepted.
#[derive(Debug, Clone)]
struct Log {
    accepted: Vec<Event>,
    waiting: Vec<Event>,
}

/// Chains reach the hub in runs, long after they wrote, and in any order.
fn log(events: Vec<Event>, flushes: &[Option<u8>]) -> Log {
    let mut log = Log {
        accepted: Vec::new(),
        waiting: Vec::new(),
    };
    let mut now = T0;
    for (event, flush) in events.into_iter().zip(flushes.iter().cycle()) {
        now += 30_000;
        log.waiting.push(Event {
            accepted_at: None,
            ..event
        });
        let Some(chain) = flush else { continue };
        let chain = ChainId::from_bytes([*chain; 16]);
        log.waiting.retain(|e| {
            let comes = e.id.chain == chain;
            if comes {
                log.accepted.push(Event {
                    accepted_at: Some(now),
                    ..e.clone()
                });
            }
            !comes
        });
    }
    log
}

/// Chains of which the hub takes everything from a number on as quarantined, and what the server decides about it, each
/// after so many entries of the log.
#[derive(Debug, Clone)]
struct Judgement {
    chains: u8,
    from: u64,
    decisions: Vec<(usize, QuarantineDecision)>,
}

fn judgement() -> impl Strategy<Value = Judgement> {
    let decision = (0usize..40, 1u8..5, 1u64..8, 0u64..8, any::<bool>());
    let decisions = proptest::collection::vec(decision, 0..4);
    // Half of the histories know no quarantine.
    (any::<bool>(), 0u8..16, 1u64..4, decisions).prop_map(|(any, chains, from, decisions)| {
        let decisions = decisions
            .into_iter()
            .map(|(at, chain, first, more, release)| {
                let decision = QuarantineDecision {
                    chain: ChainId::from_bytes([chain; 16]),
                    segments: (1, 1),
                    events: Some((first, first + more)),
                    release,
                    reason: String::new(),
                };
                (at, decision)
            });
        Judgement {
            chains: if any { chains } else { 0 },
            from,
            decisions: decisions.filter(|_| any).collect(),
        }
    })
}

impl Log {
    fn judged(mut self, by: &Judgement) -> Self {
        let mut server = Writer::default();
        let mut accepted = Vec::new();
        for (at, mut event) in std::mem::take(&mut self.accepted).into_iter().enumerate() {
            let now = event.accepted_at.unwrap();
            let chain = event.id.chain.as_bytes()[0];
            event.quarantined = by.chains & (1 << (chain - 1)) != 0 && event.id.number >= by.from;
            accepted.push(event);
            for (_, decision) in by.decisions.iter().filter(|(after, _)| *after == at) {
                server.write(9, now, EventBody::QuarantineDecided(decision.clone()));
                accepted.extend(server.events.last().cloned().map(|decided| Event {
                    accepted_at: Some(now),
                    ..decided
                }));
            }
        }
        Self { accepted, ..self }
    }

    /// The cut of at least so many entries, and its horizon: entries of one moment are not torn apart.
    fn cut(&self, at_least: usize) -> (usize, Place) {
        let Some(last) = self.accepted.get(at_least.wrapping_sub(1)) else {
            return (0, Place::START);
        };
        let cut = self
            .accepted
            .iter()
            .filter(|e| e.accepted_at <= last.accepted_at)
            .count();
        (cut, Place::end_of(last.accepted_at.unwrap()))
    }

    fn full(&self, end: usize) -> MemoryLedger {
        fold(&self.accepted[..end])
    }

    /// A replica on the snapshot that was taken at `end` with that cut.
    fn on_snapshot(&self, cut: (usize, Place), end: usize) -> MemoryLedger {
        let again: std::collections::BTreeSet<EventId> =
            self.accepted[cut.0..].iter().map(|e| e.id).collect();
        let snapshot = self.full(end).snapshot(cut.1, |id| again.contains(&id));
        MemoryLedger::on(&snapshot)
    }
}

fn add(store: &mut MemoryLedger, events: &[Event], batch: usize) {
    for batch in events.chunks(batch) {
        let mut ledger = Ledger::new(store).unwrap();
        for event in batch {
            ledger.add(event.clone()).unwrap();
        }
        ledger.finish().unwrap();
    }
}

fn open(store: &MemoryLedger) -> BTreeMap<ExceptionId, Exception> {
    store
        .exceptions()
        .iter()
        .filter(|(_, e)| e.status == ExceptionStatus::Open)
        .map(|(id, e)| (*id, e.clone()))
        .collect()
}

/// Everything that is not stale is equal. Returns whether anything could be compared.
fn agree(full: &MemoryLedger, pruned: &MemoryLedger) -> Result<bool, TestCaseError> {
    let stale = pruned.stale();
    if stale.unknown {
        return Ok(false);
    }
    let fresh = |subject: Subject| !stale.covers(&subject);
    let stock = |store: &MemoryLedger| -> BTreeMap<_, _> {
        let rows = store.balances().clone();
        rows.into_iter()
            .filter(|(k, _)| fresh(Subject::Stock(k.clone())))
            .collect()
    };
    let units = |store: &MemoryLedger| -> BTreeMap<_, _> {
        let rows = store.units().clone();
        rows.into_iter()
            .filter(|(u, _)| fresh(Subject::Unit(u.clone())))
            .collect()
    };
    let found = |store: &MemoryLedger| -> BTreeMap<_, _> {
        let rows = open(store);
        rows.into_iter()
            .filter(|(_, e)| fresh(e.finding.subject.clone()))
            .collect()
    };
    prop_assert_eq!(stock(full), stock(pruned));
    prop_assert_eq!(units(full), units(pruned));
    prop_assert_eq!(found(full), found(pruned));
    Ok(true)
}

fn flushes() -> impl Strategy<Value = Vec<Option<u8>>> {
    proptest::collection::vec(proptest::option::weighted(0.4, 1u8..5), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn a_fresh_snapshot_and_the_rest_of_the_log_are_the_full_fold(
        events in history(), flushes in flushes(), judgement in judgement(), at in 0usize..40, batch in 1usize..8,
    ) {
        let log = log(events, &flushes).judged(&judgement);
        let end = log.accepted.len();
        let cut = log.cut(at.min(end));
        let mut pruned = log.on_snapshot(cut, end);
        add(&mut pruned, &log.accepted[cut.0..], batch);
        let full = log.full(end);
        prop_assert!(pruned.stale().is_empty(), "{:?}", pruned.stale());
        prop_assert!(agree(&full, &pruned)?);
        prop_assert_eq!(full.working_hash(), pruned.working_hash());
    }

    #[test]
    fn what_comes_after_the_snapshot_is_folded_or_told_to_be_stale(
        events in history(), flushes in flushes(), judgement in judgement(), at in 0usize..40, taken in 0usize..40,
        batch in 1usize..8, own_first in any::<bool>(),
    ) {
        let log = log(events, &flushes).judged(&judgement);
        let end = log.accepted.len();
        let cut = log.cut(at.min(end));
        let taken = taken.clamp(cut.0, end);
        let mut pruned = log.on_snapshot(cut, taken);
        let own: Vec<Event> = log.waiting.iter().filter(|e| e.id.chain == ChainId::from_bytes([1; 16])).cloned().collect();
        if own_first {
            add(&mut pruned, &own, batch);
        }
        add(&mut pruned, &log.accepted[cut.0..], batch);
        if !own_first {
            add(&mut pruned, &own, batch);
        }
        let mut full = log.full(end);
        add(&mut full, &own, 100);
        agree(&full, &pruned)?;
    }
}

#[test]
fn most_histories_stay_comparable_after_the_snapshot() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut compared, mut stale, mut runs) = (0, 0, 0);
    while runs < 500 {
        let (events, flushes) = (history(), flushes())
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let log = log(events, &flushes);
        let end = log.accepted.len();
        if end < 6 {
            continue;
        }
        runs += 1;
        let cut = log.cut(end / 3);
        let mut pruned = log.on_snapshot(cut, cut.0.max(2 * end / 3));
        add(&mut pruned, &log.accepted[cut.0..], 5);
        compared += usize::from(agree(&log.full(end), &pruned).unwrap());
        stale += usize::from(!pruned.stale().is_empty());
    }
    assert!(compared > 250, "{compared} of {runs}");
    assert!(stale > 50, "{stale} of {runs}");
}

/// Ten pieces on the first day; a snapshot of that day; then what the test writes.
fn on_day_one(write: impl FnOnce(&mut Writer)) -> (Writer, MemoryLedger) {
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 10);
    w.events[0].accepted_at = Some(T0);
    let snapshot = fold(&w.events).snapshot(Place::end_of(T0 + DAY), |_| false);
    let mut pruned = MemoryLedger::on(&snapshot);
    write(&mut w);
    add(&mut pruned, &w.events[1..], 1);
    (w, pruned)
}

#[test]
fn a_late_event_from_before_the_horizon_makes_its_pile_stale_until_a_fresh_snapshot() {
    let (mut w, pruned) = on_day_one(|w| {
        w.issue(2, T0 + 1, 1, 1, 3);
        w.issue(1, T0 + 2 * DAY, 1, 1, 1);
    });
    assert_eq!(pruned.stale().subjects, [Subject::Stock(key(1, 1))].into());
    assert!(!pruned.stale().unknown);
    assert!(pruned.stale().touches_item(item(1)) && !pruned.stale().touches_item(item(2)));
    assert_eq!(pruned.balances()[&key(1, 1)], units(9), "own work goes on");
    for event in &mut w.events {
        event.accepted_at = Some(T0 + 3 * DAY);
    }
    let fresh = fold(&w.events).snapshot(Place::end_of(T0 + DAY), |_| true);
    let mut fresh = MemoryLedger::on(&fresh);
    add(&mut fresh, &w.events, 1);
    assert!(fresh.stale().is_empty());
    assert_eq!(fresh.balances()[&key(1, 1)], units(6));
}

#[test]
fn deciding_again_what_was_decided_before_the_snapshot_is_told_though_the_evidence_is_new() {
    let mut w = Writer::default();
    let short = w.issue(1, T0, 1, 1, 1);
    let exception = *fold(&w.events).exceptions().keys().next().unwrap();
    let decided = |evidence| {
        EventBody::Resolved(Resolution {
            exception,
            after: None,
            evidence,
            choice: "x".to_owned(),
            note: String::new(),
            about: String::new(),
        })
    };
    w.write(2, T0 + 1, decided(vec![short]));
    let snapshot = fold(&w.events).snapshot(Place::end_of(T0 + DAY), |_| false);
    let mut pruned = MemoryLedger::on(&snapshot);
    // The third device knows only of this one, and takes it for what brought the pile below zero.
    let theirs = w.issue(3, T0 + 2 * DAY, 1, 1, 1);
    let decision = w.write(3, T0 + 2 * DAY + 1, decided(vec![theirs]));
    let target = theirs;
    w.write_for(
        3,
        T0 + 2 * DAY + 2,
        EventBody::Reversed { target },
        Some(decision),
    );
    add(&mut pruned, &w.events[2..], 1);
    let full = fold(&w.events);
    assert_eq!(full.balances()[&key(1, 1)], units(-2), "they were second");
    assert!(pruned.stale().unknown);
    let mut fresh = MemoryLedger::on(&fold(&w.events).snapshot(Place::end_of(T0 + DAY), |_| false));
    assert!(fresh.stale().is_empty());
    assert_eq!(fresh.balances(), full.balances());
    // A decision on what has been found since, and is gone by what carries it out, makes nothing stale.
    w.issue(4, T0 + 3 * DAY, 2, 1, 1);
    add(&mut fresh, &w.events[5..], 1);
    let (id, found) = open(&fresh).into_iter().next().unwrap();
    let target = found.finding.evidence[0];
    let EventBody::Resolved(mut resolution) = decided(vec![target]) else {
        unreachable!()
    };
    resolution.exception = id;
    let decision = w.write(4, T0 + 3 * DAY + 1, EventBody::Resolved(resolution));
    w.write_for(
        4,
        T0 + 3 * DAY + 2,
        EventBody::Reversed { target },
        Some(decision),
    );
    add(&mut fresh, &w.events[6..], 1);
    assert!(open(&fresh).is_empty() && fresh.stale().is_empty());
}

#[test]
fn reversing_what_is_no_longer_held_makes_everything_stale() {
    let (_, pruned) = on_day_one(|w| {
        let target = w.events[0].hash;
        w.write(1, T0 + 2 * DAY, EventBody::Reversed { target });
    });
    assert!(pruned.stale().unknown);
}

#[test]
fn an_open_variance_of_an_old_count_is_kept_and_approving_it_is_told() {
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 10);
    let count = w.write(
        1,
        T0 + 5,
        EventBody::Counted {
            bin: bin(1),
            lines: vec![CountedLine {
                item: item(1),
                lot: None,
                counted: units(8),
            }],
            whole_bin: true,
        },
    );
    let snapshot = fold(&w.events).snapshot(Place::end_of(T0 + DAY), |_| false);
    let mut pruned = MemoryLedger::on(&snapshot);
    assert_eq!(open(&pruned), open(&fold(&w.events)));
    w.write(3, T0 + 2 * DAY, EventBody::CountApproved { count });
    add(&mut pruned, &w.events[2..], 1);
    assert!(pruned.stale().subjects.contains(&Subject::Stock(key(1, 1))));
    let mut fresh = MemoryLedger::on(&fold(&w.events).snapshot(Place::end_of(T0 + DAY), |_| false));
    assert!(fresh.stale().is_empty());
    assert_eq!(fresh.balances()[&key(1, 1)], units(8));
    w.issue(1, T0 + 3 * DAY, 1, 1, 20);
    add(&mut fresh, &w.events[3..], 1);
    assert_eq!(open(&fresh), open(&fold(&w.events)));
}

#[test]
fn a_unit_goes_on_from_where_it_was_and_counts_its_findings_on() {
    let mut w = Writer::default();
    let goods = || crate::event::Goods {
        unit: Some(UnitId::plate("LP-1")),
        ..crate::event::Goods::of(item(1))
    };
    let issue = |w: &mut Writer, at| {
        let body = EventBody::Issued {
            bin: bin(1),
            goods: goods(),
            quantity: units(1),
        };
        w.write(1, at, body)
    };
    for at in [T0, T0 + 1, T0 + 2 * DAY] {
        issue(&mut w, at);
    }
    let mut pruned =
        MemoryLedger::on(&fold(&w.events[..2]).snapshot(Place::end_of(T0 + DAY), |_| false));
    add(&mut pruned, &w.events[2..], 1);
    let full = fold(&w.events);
    assert_eq!(open(&full).len(), 3, "twice, and the pile below zero");
    assert_eq!(open(&pruned), open(&full));
    assert_eq!(pruned.units(), full.units());
    // A decision on the old one closes it on both.
    let old = full
        .exceptions()
        .values()
        .find(|e| e.finding.kind == ExceptionKind::UnitIssuedTwice && e.finding.occurrence == "1")
        .unwrap();
    let decision = EventBody::Resolved(Resolution {
        exception: old.finding.id(),
        after: None,
        evidence: old.finding.evidence.clone(),
        choice: "dismissed".into(),
        note: String::new(),
        about: String::new(),
    });
    w.write(3, T0 + 3 * DAY, decision);
    add(&mut pruned, &w.events[3..], 1);
    assert_eq!(open(&pruned), open(&fold(&w.events)));
    assert_eq!(open(&pruned).len(), 2);
    assert!(pruned.stale().is_empty());
}

#[test]
fn a_late_count_of_a_whole_bin_makes_the_piles_stale_that_the_snapshot_does_not_know() {
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 3);
    w.issue(1, T0 + 10, 1, 1, 3);
    let mut pruned =
        MemoryLedger::on(&fold(&w.events).snapshot(Place::end_of(T0 + DAY), |_| false));
    let nothing_found = EventBody::Counted {
        bin: bin(1),
        lines: Vec::new(),
        whole_bin: true,
    };
    w.write(2, T0 + 5, nothing_found);
    add(&mut pruned, &w.events[2..], 1);
    assert_eq!(open(&fold(&w.events)).len(), 1, "three in the book");
    assert!(pruned.stale().covers(&Subject::Stock(key(1, 1))));
    assert!(!pruned.stale().covers(&Subject::Stock(key(2, 1))));
    assert!(pruned.stale().touches_bin(bin(1)) && !pruned.stale().touches_bin(bin(2)));
}

#[test]
fn an_event_moves_with_the_one_before_it_on_its_chain_even_within_its_millisecond() {
    let mut w = Writer::default();
    let late = w.receive(9, T0 + DAY + 7, 2, 2, 1);
    w.write(1, T0 + DAY + 7, EventBody::Reversed { target: late });
    // By a clock that went backward, so that only the event before says where it stands.
    w.issue(1, T0 + DAY + 3, 1, 1, 1);
    let horizon = Place::end_of(T0 + DAY);
    let mut pruned = MemoryLedger::on(&fold(&w.events[1..]).snapshot(horizon, |_| false));
    add(&mut pruned, &w.events[..1], 1);
    let full = fold(&w.events);
    let opened = open(&full).values().next().unwrap().finding.opened;
    assert_eq!(opened.clock.millis, T0 + DAY + 7);
    assert!(pruned.stale().is_empty());
    assert_eq!(open(&pruned), open(&full));
}

#[test]
fn a_late_event_behind_the_horizon_that_another_there_waited_for_makes_everything_stale() {
    let mut w = Writer::default();
    w.receive(2, T0, 1, 1, 1);
    let late = w.receive(2, T0 + 1, 1, 1, 1);
    w.write(1, T0 + 2, EventBody::Reversed { target: late });
    let without = [w.events[0].clone(), w.events[2].clone()];
    let mut pruned = MemoryLedger::on(&fold(&without).snapshot(Place::end_of(T0 + DAY), |_| false));
    assert!(pruned.stale().is_empty());
    add(&mut pruned, &w.events[1..2], 1);
    assert!(pruned.stale().unknown);
}
