//! Random histories, folded by the engine and by slow, plain sums written apart from it.

use proptest::prelude::*;

use super::tests::{DAY, ORDER, T0, Writer, bin, finished, fold, item, units};
use super::*;
use crate::event::{
    ContentKey, CountedLine, Event, EventBody, Goods, QuarantineDecision, Resolution,
};
use crate::ids::{ChainId, UnitId};
use crate::order::{OrderLine, ProgressKey};
use crate::quantity::Quantity;

/// A random history: few bins, items and units, so that everything collides; clocks off by up to a day.
pub(super) fn history() -> impl Strategy<Value = Vec<Event>> {
    let op = (
        0u8..16,
        1u8..5,
        0u8..3,
        0u8..3,
        1i64..6,
        0usize..1_000,
        0i64..60_000,
    );
    (
        proptest::collection::vec(op, 1..40),
        proptest::collection::vec(-DAY..DAY, 5),
    )
        .prop_map(|(ops, skew)| {
            let mut w = Writer::default();
            let mut clock = T0;
            for (what, chain, b, i, n, pick, gap) in ops {
                clock += gap;
                let at = clock
                    + if pick % 3 == 0 {
                        skew[usize::from(chain)]
                    } else {
                        0
                    };
                let old = (!w.events.is_empty()).then(|| w.events[pick % w.events.len()].clone());
                let goods = match pick % 4 {
                    0 => Goods {
                        unit: Some(UnitId::plate(if n % 2 == 0 { "LP-1" } else { "LP-2" })),
                        ..Goods::of(item(i))
                    },
                    1 => Goods {
                        lot: Some("L".into()),
                        expiry: chrono::NaiveDate::from_ymd_opt(2027, 1, 1 + n as u32 % 2),
                        ..Goods::of(item(i))
                    },
                    _ => Goods::of(item(i)),
                };
                let quantity = units(n);
                let body = match (what, old) {
                    (0..=2, _) => EventBody::Received {
                        bin: bin(b),
                        goods,
                        quantity,
                    },
                    (3 | 4, _) => EventBody::Issued {
                        bin: bin(b),
                        goods,
                        quantity,
                    },
                    (5, _) => EventBody::Moved {
                        from: bin(b),
                        to: bin((b + 1) % 3),
                        goods,
                        quantity,
                    },
                    (6, _) => EventBody::Counted {
                        bin: bin(b),
                        lines: vec![CountedLine {
                            item: item(i),
                            lot: None,
                            counted: units(n - 1),
                        }],
                        whole_bin: pick % 2 == 0,
                    },
                    (7 | 8, Some(old)) => EventBody::Reversed { target: old.hash },
                    (9, Some(old)) => EventBody::CountApproved { count: old.hash },
                    (10, Some(_)) => {
                        let known = fold(&w.events);
                        let Some(exception) = known.exceptions().values().nth(pick % 3) else {
                            continue;
                        };
                        let decision = w.write(
                            chain,
                            at,
                            EventBody::Resolved(Resolution {
                                exception: exception.finding.id(),
                                after: match exception.status {
                                    ExceptionStatus::Resolved(by) if n % 2 == 0 => Some(by),
                                    _ => None,
                                },
                                evidence: exception.finding.evidence.clone(),
                                choice: "x".into(),
                                note: String::new(),
                                about: String::new(),
                            }),
                        );
                        let target = exception.finding.evidence[0];
                        w.write_for(
                            chain,
                            at + 1,
                            EventBody::Reversed { target },
                            Some(decision),
                        );
                        continue;
                    }
                    (11, _) => EventBody::SetAside {
                        code: "??".into(),
                        bin: None,
                        quantity,
                    },
                    (12, _) => {
                        let known = fold(&w.events);
                        let before = known.exceptions().values().find_map(|e| {
                            matches!(e.finding.subject, Subject::Order(..))
                                .then(|| e.finding.evidence.clone())
                        });
                        finished(b, n, before.filter(|_| pick % 2 == 0).unwrap_or_default())
                    }
                    (13 | 14, _) => EventBody::Packed {
                        bin: bin(b),
                        goods,
                        quantity,
                    },
                    _ => EventBody::Adjusted {
                        bin: bin(b),
                        goods,
                        difference: quantity.negated(),
                        reason: "x".into(),
                    },
                };
                w.order = (pick % 3 == 0).then_some(OrderLine {
                    order: ORDER,
                    line: u32::from(i),
                });
                w.carton = (pick % 2 == 0).then(|| UnitId::plate(&format!("C-{i}")));
                w.write(chain, at, body);
                w.order = None;
                w.carton = None;
            }
            // The hub accepts each chain in runs; what a chain wrote last may not have been accepted.
            let last = clock + 1_000;
            let len = w.events.len();
            for (n, event) in w.events.iter_mut().enumerate() {
                if n * 10 < len * 9 {
                    event.accepted_at = Some(last);
                }
            }
            w.events
        })
}

/// What counts of the work on orders.
fn naive_progress(
    store: &MemoryLedger,
    events: &[Event],
) -> std::collections::BTreeMap<ProgressKey, Quantity> {
    let mut progress = std::collections::BTreeMap::<ProgressKey, Quantity>::new();
    for event in events {
        let placed = store.clone().event(event.id).unwrap().unwrap();
        if let Some((key, quantity)) = event.record.progress()
            && placed.standing != Standing::Void
        {
            let sum = progress.entry(key).or_default();
            *sum = sum.plus(quantity);
        }
    }
    progress
}

/// What counts of what was packed, moved and sent in cartons.
fn naive_contents(
    store: &MemoryLedger,
    events: &[Event],
) -> std::collections::BTreeMap<ContentKey, Quantity> {
    let mut contents = std::collections::BTreeMap::<ContentKey, Quantity>::new();
    for event in events {
        let placed = store.clone().event(event.id).unwrap().unwrap();
        if placed.standing != Standing::Void {
            for (key, more) in event.record.contents() {
                let sum = contents.entry(key).or_default();
                *sum = sum.plus(more);
            }
        }
    }
    contents.retain(|_, quantity| *quantity != Quantity::ZERO);
    contents
}

/// Sum of what counts, in the right order, from nothing: slow, short and written apart from the engine's refolding.
fn naive_balances(
    store: &MemoryLedger,
    events: &[Event],
) -> std::collections::BTreeMap<StockKey, Quantity> {
    let mut store = store.clone();
    let mut placed: Vec<Placed> = events
        .iter()
        .map(|e| store.event(e.id).unwrap().unwrap())
        .collect();
    placed.retain(|p| p.standing != Standing::Void);
    placed.sort_by_key(|p| p.place);
    let mut balances = std::collections::BTreeMap::<StockKey, Quantity>::new();
    let mut change = |bin, goods: &Goods, by: Quantity| {
        let sum = balances
            .entry(StockKey {
                bin,
                item: goods.item,
                lot: goods.lot.clone(),
            })
            .or_default();
        *sum = sum.plus(by);
    };
    for p in &placed {
        match &p.event.record.body {
            EventBody::Received {
                bin,
                goods,
                quantity,
            } => change(*bin, goods, *quantity),
            EventBody::Issued {
                bin,
                goods,
                quantity,
            } => change(*bin, goods, quantity.negated()),
            EventBody::Adjusted {
                bin,
                goods,
                difference,
                ..
            } => change(*bin, goods, *difference),
            EventBody::Moved {
                from,
                to,
                goods,
                quantity,
            } => {
                change(*from, goods, quantity.negated());
                change(*to, goods, *quantity);
            }
            EventBody::Counted { .. } if p.standing == Standing::Approved => {
                return naive_with_anchors(&placed);
            }
            _ => {}
        }
    }
    balances.retain(|_, q| *q != Quantity::ZERO);
    balances
}

fn naive_with_anchors(placed: &[Placed]) -> std::collections::BTreeMap<StockKey, Quantity> {
    let mut balances = std::collections::BTreeMap::<StockKey, Quantity>::new();
    for p in placed {
        let changes = match &p.event.record.body {
            EventBody::Received {
                bin,
                goods,
                quantity,
            } => vec![(*bin, goods, *quantity)],
            EventBody::Issued {
                bin,
                goods,
                quantity,
            } => vec![(*bin, goods, quantity.negated())],
            EventBody::Adjusted {
                bin,
                goods,
                difference,
                ..
            } => vec![(*bin, goods, *difference)],
            EventBody::Moved {
                from,
                to,
                goods,
                quantity,
            } => {
                vec![(*from, goods, quantity.negated()), (*to, goods, *quantity)]
            }
            EventBody::Counted {
                bin,
                lines,
                whole_bin,
            } if p.standing == Standing::Approved => {
                if *whole_bin {
                    balances.retain(|k, _| k.bin != *bin);
                }
                for line in lines {
                    let key = StockKey {
                        bin: *bin,
                        item: line.item,
                        lot: line.lot.clone(),
                    };
                    balances.insert(key, line.counted);
                }
                continue;
            }
            _ => continue,
        };
        for (bin, goods, by) in changes {
            let sum = balances
                .entry(StockKey {
                    bin,
                    item: goods.item,
                    lot: goods.lot.clone(),
                })
                .or_default();
            *sum = sum.plus(by);
        }
    }
    balances.retain(|_, q| *q != Quantity::ZERO);
    balances
}

pub(super) fn shuffled(events: &[Event], seed: u64) -> Vec<Event> {
    let mut state = seed | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut out = events.to_vec();
    for i in (1..out.len()).rev() {
        out.swap(i, (next() % (i as u64 + 1)) as usize);
    }
    // Some arrive twice.
    let again: Vec<Event> = out.iter().filter(|_| next() % 4 == 0).cloned().collect();
    out.extend(again);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_gives_the_same_state(events in history(), seed in any::<u64>()) {
        let reference = fold(&events);
        let other = fold(&shuffled(&events, seed));
        prop_assert_eq!(reference.balances(), other.balances());
        prop_assert_eq!(reference.units(), other.units());
        prop_assert_eq!(reference.exceptions(), other.exceptions());
        prop_assert_eq!(reference.hash(), other.hash());
        prop_assert_eq!(reference.balances(), &naive_balances(&reference, &events));
        prop_assert_eq!(reference.progress(), &naive_progress(&reference, &events));
        prop_assert_eq!(reference.contents(), &naive_contents(&reference, &events));
    }

    #[test]
    fn small_batches_and_late_acceptance_end_in_the_same_state(events in history(), seed in any::<u64>(), size in 1usize..7) {
        let reference = fold(&events);
        let mut store = MemoryLedger::default();
        for batch in shuffled(&events, seed).chunks(size) {
            let mut ledger = Ledger::new(&mut store).unwrap();
            for event in batch {
                let fresh = Event { accepted_at: None, ..event.clone() };
                ledger.add(fresh).unwrap();
            }
            ledger.finish().unwrap();
        }
        for event in shuffled(&events, !seed) {
            let mut ledger = Ledger::new(&mut store).unwrap();
            ledger.accept(event.id, event.accepted_at).unwrap();
            ledger.finish().unwrap();
        }
        prop_assert_eq!(reference.balances(), store.balances());
        prop_assert_eq!(reference.exceptions(), store.exceptions());
        prop_assert_eq!(reference.hash(), store.hash());
    }

    /// Some chains lie in quarantine, and the server decides about runs of them, also twice: released events count at
    /// their place, all others not, whatever came first.
    #[test]
    fn quarantine_decisions_hold_in_any_order(
        events in history(),
        quarantined in 0u8..16,
        decisions in proptest::collection::vec((1u8..5, 1u64..12, 0u64..12, any::<bool>()), 0..6),
        seed in any::<u64>(),
    ) {
        let mut w = Writer { events, ..Writer::default() };
        for event in &mut w.events {
            let chain = event.id.chain.as_bytes()[0];
            event.quarantined = quarantined & (1 << (chain % 4)) != 0;
        }
        let written = w.events.len();
        for (chain, first, more, release) in &decisions {
            w.write(9, T0 + DAY, EventBody::QuarantineDecided(QuarantineDecision {
                chain: ChainId::from_bytes([*chain; 16]),
                segments: (1, 1),
                events: Some((*first, first + more)),
                release: *release,
                reason: String::new(),
            }));
        }
        let reference = fold(&w.events);
        // The judgement of the hub may become known later than the event, or be taken back.
        let mut store = MemoryLedger::default();
        for (n, event) in shuffled(&w.events, seed).into_iter().enumerate() {
            let mut ledger = Ledger::new(&mut store).unwrap();
            let early = Event { quarantined: n % 3 == 0, ..event.clone() };
            ledger.add(early).unwrap();
            ledger.set_quarantine(event.id, event.quarantined).unwrap();
            ledger.finish().unwrap();
        }
        prop_assert_eq!(reference.balances(), store.balances());
        prop_assert_eq!(reference.exceptions(), store.exceptions());
        prop_assert_eq!(reference.hash(), store.hash());
        prop_assert_eq!(reference.balances(), &naive_balances(&reference, &w.events));
        for event in w.events.iter().take(written).filter(|e| e.quarantined) {
            let first = decisions.iter().find(|(chain, first, more, _)| {
                event.id.chain.as_bytes()[0] == *chain && (*first..=first + more).contains(&event.id.number)
            });
            if first.is_none_or(|(.., release)| !release) {
                let placed = store.event(event.id).unwrap().unwrap();
                prop_assert_eq!(placed.standing, Standing::Void);
            }
        }
        // With all of it released, the stock is that of honest devices.
        let mut honest = Writer { events: w.events[..written].to_vec(), ..Writer::default() };
        for chain in 0..=9 {
            honest.write(9, T0 - DAY, EventBody::QuarantineDecided(QuarantineDecision {
                chain: ChainId::from_bytes([chain; 16]),
                segments: (1, u64::MAX),
                events: Some((1, u64::MAX)),
                release: true,
                reason: String::new(),
            }));
        }
        let released = fold(&honest.events);
        for event in &mut honest.events {
            event.quarantined = false;
        }
        prop_assert_eq!(released.hash(), fold(&honest.events).hash());
    }
}
