use proptest::prelude::*;

use super::*;
use crate::blob::{BlobKind, BlobRef};
use crate::clock::Timestamp;
use crate::event::{
    ContentKey, CountedLine, Event, EventBody, EventHash, EventId, EventRecord, Goods,
    QuarantineDecision, Resolution,
};
use crate::ids::{BinId, ChainId, DeviceId, ItemId, OperatorId, OrderId, SiteId, UnitId};
use crate::order::{FinishedLine, OrderFinished, OrderLine, OrderStep, ProgressKey};
use crate::quantity::Quantity;

pub(super) const DAY: i64 = 86_400_000;
pub(super) const T0: i64 = 1_790_000_000_000;

pub(super) fn bin(n: u8) -> BinId {
    BinId::from_bytes([n; 16])
}

pub(super) fn item(n: u8) -> ItemId {
    ItemId::from_bytes([n; 16])
}

pub(super) fn units(n: i64) -> Quantity {
    Quantity::from_units(n).unwrap()
}

pub(super) fn key(b: u8, i: u8) -> StockKey {
    StockKey {
        bin: bin(b),
        item: item(i),
        lot: None,
    }
}

/// Writes events as devices would: one chain each, rising numbers, hashes that name the event.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) events: Vec<Event>,
    /// The line of an order that what is written next serves.
    pub(super) order: Option<OrderLine>,
    /// The carton that it is about.
    pub(super) carton: Option<UnitId>,
}

impl Writer {
    pub(super) fn write(&mut self, chain: u8, millis: i64, body: EventBody) -> EventHash {
        self.write_for(chain, millis, body, None)
    }

    pub(super) fn write_for(
        &mut self,
        chain: u8,
        millis: i64,
        body: EventBody,
        carries_out: Option<EventHash>,
    ) -> EventHash {
        self.write_all(chain, millis, body, carries_out, None)
    }

    pub(super) fn write_again(
        &mut self,
        chain: u8,
        millis: i64,
        body: EventBody,
        origin: EventHash,
    ) -> EventHash {
        self.write_all(chain, millis, body, None, Some(origin))
    }

    fn write_all(
        &mut self,
        chain: u8,
        millis: i64,
        body: EventBody,
        carries_out: Option<EventHash>,
        origin: Option<EventHash>,
    ) -> EventHash {
        let chain_id = ChainId::from_bytes([chain; 16]);
        let number = 1 + self
            .events
            .iter()
            .filter(|e| e.id.chain == chain_id)
            .count() as u64;
        let record = EventRecord {
            clock: Timestamp {
                millis,
                counter: number as u32,
            },
            operator: OperatorId::from_bytes([chain; 16]),
            body,
            carries_out,
            evidence: Vec::new(),
            origin,
            order: self.order,
            reason: None,
            carton: self.carton.clone(),
            approved_by: None,
        };
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(&[chain])
            .update(&number.to_le_bytes())
            .update(&record.to_bytes());
        let hash = EventHash(*hasher.finalize().as_bytes());
        self.events.push(Event {
            id: EventId {
                chain: chain_id,
                number,
            },
            hash,
            site: SiteId::from_bytes([1; 16]),
            device: DeviceId::from_bytes([chain; 16]),
            record,
            accepted_at: None,
            quarantined: false,
        });
        hash
    }

    pub(super) fn receive(&mut self, chain: u8, at: i64, b: u8, i: u8, n: i64) -> EventHash {
        self.write(
            chain,
            at,
            EventBody::Received {
                bin: bin(b),
                goods: Goods::of(item(i)),
                quantity: units(n),
            },
        )
    }

    pub(super) fn issue(&mut self, chain: u8, at: i64, b: u8, i: u8, n: i64) -> EventHash {
        self.write(
            chain,
            at,
            EventBody::Issued {
                bin: bin(b),
                goods: Goods::of(item(i)),
                quantity: units(n),
            },
        )
    }
}

const ORDER: OrderId = OrderId::from_bytes([7; 16]);

/// Somebody says that a line of which 2 were asked for is done with so many.
fn finished(line: u8, done: i64, after: Vec<EventHash>) -> EventBody {
    EventBody::OrderFinished(OrderFinished {
        order: ORDER,
        step: OrderStep::Receive,
        after,
        lines: vec![FinishedLine {
            line: line.into(),
            asked: units(2),
            done: units(done),
            reason: String::new(),
        }],
    })
}

pub(super) fn fold(events: &[Event]) -> MemoryLedger {
    let mut store = MemoryLedger::default();
    let mut ledger = Ledger::new(&mut store).unwrap();
    for event in events {
        ledger.add(event.clone()).unwrap();
    }
    ledger.finish().unwrap();
    store
}

fn kinds(store: &MemoryLedger) -> Vec<(ExceptionKind, ExceptionStatus)> {
    let mut all: Vec<_> = store
        .exceptions()
        .values()
        .map(|e| (e.finding.kind, e.status))
        .collect();
    all.sort_by_key(|(kind, _)| *kind);
    all
}

#[test]
fn stock_adds_up_and_can_be_asked_for_any_instant() {
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 10);
    w.issue(1, T0 + 1_000, 1, 1, 3);
    w.write(
        2,
        T0 + 2_000,
        EventBody::Moved {
            from: bin(1),
            to: bin(2),
            goods: Goods::of(item(1)),
            quantity: units(2),
        },
    );
    let store = fold(&w.events);
    assert_eq!(store.balances().get(&key(1, 1)), Some(&units(5)));
    assert_eq!(store.balances().get(&key(2, 1)), Some(&units(2)));
    for (at, expected) in [
        (T0 - 1, 0),
        (T0, 10),
        (T0 + 999, 10),
        (T0 + 1_000, 7),
        (T0 + DAY, 5),
    ] {
        assert_eq!(store.balance_at(&key(1, 1), at), units(expected), "{at}");
    }
    assert!(store.exceptions().is_empty());
}

#[test]
fn a_reversal_voids_its_target_once_and_can_itself_be_reversed() {
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 10);
    let issue = w.issue(1, T0 + 1, 1, 1, 4);
    let first = w.write(1, T0 + 2, EventBody::Reversed { target: issue });
    assert_eq!(fold(&w.events).balances()[&key(1, 1)], units(10));
    w.write(2, T0 + 3, EventBody::Reversed { target: issue });
    assert_eq!(
        fold(&w.events).balances()[&key(1, 1)],
        units(10),
        "a second reversal changes nothing"
    );
    w.write(1, T0 + 4, EventBody::Reversed { target: first });
    assert_eq!(
        fold(&w.events).balances()[&key(1, 1)],
        units(10),
        "the second one still stands"
    );
}

#[test]
fn stock_below_zero_is_told_and_heals_when_the_late_receipt_comes() {
    let mut w = Writer::default();
    w.issue(1, T0 + 10, 1, 1, 4);
    let store = fold(&w.events);
    assert_eq!(
        kinds(&store),
        [(ExceptionKind::NegativeStock, ExceptionStatus::Open)]
    );
    assert_eq!(
        store.exceptions().values().next().unwrap().finding.book,
        Some(units(-4))
    );
    w.receive(2, T0 + 20, 1, 1, 4);
    assert_eq!(
        kinds(&fold(&w.events)),
        [(ExceptionKind::NegativeStock, ExceptionStatus::Healed)]
    );
    w.receive(3, T0 + 5, 1, 1, 4);
    assert!(
        fold(&w.events).exceptions().is_empty(),
        "with the earlier receipt it was never below zero"
    );
}

#[test]
fn two_devices_add_up_on_one_line_and_a_reversal_takes_its_part_back() {
    let mut w = Writer {
        order: Some(OrderLine {
            order: ORDER,
            line: 3,
        }),
        ..Writer::default()
    };
    w.receive(1, T0, 1, 1, 6);
    let second = w.receive(2, T0 + 1, 1, 1, 4);
    w.order = None;
    w.receive(1, T0 + 2, 1, 1, 50);
    let key = ProgressKey {
        line: OrderLine {
            order: ORDER,
            line: 3,
        },
        step: OrderStep::Receive,
    };
    assert_eq!(fold(&w.events).progress(), &[(key, units(10))].into());
    w.write(1, T0 + 3, EventBody::Reversed { target: second });
    assert_eq!(fold(&w.events).progress(), &[(key, units(6))].into());
}

/// The clock of whoever finished first was ahead, and its work came last.
#[test]
fn who_was_gone_on_from_before_a_snapshot_is_not_counted_when_it_comes_after_it() {
    let mut w = Writer::default();
    let first = w.write(1, T0 + 500, finished(1, 5, vec![]));
    let second = w.write(2, T0 + 100, finished(1, 5, vec![first]));
    w.write(3, T0 + 200, finished(1, 2, vec![second]));
    assert!(fold(&w.events).exceptions().is_empty());
    let late = w.events.remove(0);
    let horizon = Place::end_of(T0 + 300);
    let snapshot = fold(&w.events).snapshot(horizon, |_| false);
    let mut pruned = MemoryLedger::on(&snapshot);
    let mut ledger = Ledger::new(&mut pruned).unwrap();
    ledger.add(late).unwrap();
    ledger.finish().unwrap();
    assert!(pruned.exceptions().is_empty(), "{:?}", pruned.exceptions());
}

#[test]
fn an_order_finished_apart_is_one_exception_with_both_results() {
    let mut w = Writer::default();
    let first = w.write(1, T0, finished(1, 2, vec![]));
    assert!(fold(&w.events).exceptions().is_empty());
    let second = w.write(2, T0 + 1, finished(1, 5, vec![]));
    let store = fold(&w.events);
    let found = &store.exceptions().values().next().unwrap().finding;
    assert_eq!(found.kind, ExceptionKind::WorkDoneTwice);
    assert_eq!(found.evidence, [first, second]);
    assert_eq!(store.exceptions().len(), 1);
    // Somebody who knows both goes on from them.
    let third = w.write(1, T0 + 2, finished(1, 5, vec![first, second]));
    let store = fold(&w.events);
    assert_eq!(
        kinds(&store),
        [(ExceptionKind::OrderVariance, ExceptionStatus::Open)]
    );
    w.write(1, T0 + 3, EventBody::Reversed { target: third });
    w.write(1, T0 + 3, EventBody::Reversed { target: second });
    assert!(fold(&w.events).exceptions().is_empty(), "2 of 2");
}

fn unit_goods() -> Goods {
    Goods {
        unit: Some(UnitId::plate("LP-1")),
        ..Goods::of(item(1))
    }
}

fn one_unit_issued_twice() -> (Writer, EventHash, EventHash) {
    let mut w = Writer::default();
    w.write(
        1,
        T0,
        EventBody::Received {
            bin: bin(1),
            goods: unit_goods(),
            quantity: units(1),
        },
    );
    let a = w.write(
        1,
        T0 + 10,
        EventBody::Issued {
            bin: bin(1),
            goods: unit_goods(),
            quantity: units(1),
        },
    );
    let b = w.write(
        2,
        T0 + 20,
        EventBody::Issued {
            bin: bin(1),
            goods: unit_goods(),
            quantity: units(1),
        },
    );
    (w, a, b)
}

#[test]
fn one_unit_issued_by_two_hands_shows_both_sides_and_a_reversal_settles_it() {
    let (mut w, a, b) = one_unit_issued_twice();
    let store = fold(&w.events);
    let twice = store
        .exceptions()
        .values()
        .find(|e| e.finding.kind == ExceptionKind::UnitIssuedTwice)
        .unwrap();
    assert_eq!(twice.finding.evidence, [a, b]);
    let decision = w.write(
        3,
        T0 + 30,
        EventBody::Resolved(Resolution {
            exception: twice.finding.id(),
            after: None,
            evidence: twice.finding.evidence.clone(),
            choice: "keep-first".into(),
            note: String::new(),
            about: "unit-issued-twice".into(),
        }),
    );
    assert_eq!(
        fold(&w.events).exceptions()[&twice.finding.id()].status,
        ExceptionStatus::Resolved(decision)
    );
    w.write_for(
        3,
        T0 + 31,
        EventBody::Reversed { target: b },
        Some(decision),
    );
    let store = fold(&w.events);
    assert!(store.exceptions().is_empty(), "{:?}", store.exceptions());
    assert_eq!(store.balances().len(), 0);
    w.write(3, T0 + 40, EventBody::Reversed { target: decision });
    assert_eq!(
        kinds(&fold(&w.events)).len(),
        2,
        "undoing the decision undoes what it did"
    );
}

#[test]
fn of_two_decisions_taken_apart_only_the_first_acts() {
    let (mut w, a, b) = one_unit_issued_twice();
    let twice = fold(&w.events)
        .exceptions()
        .values()
        .find(|e| e.finding.kind == ExceptionKind::UnitIssuedTwice)
        .unwrap()
        .finding
        .clone();
    let mut decide = |chain: u8, at: i64, after, reverse: EventHash| {
        let body = EventBody::Resolved(Resolution {
            exception: twice.id(),
            after,
            evidence: twice.evidence.clone(),
            choice: "reverse".into(),
            note: String::new(),
            about: String::new(),
        });
        let decision = w.write(chain, at, body);
        w.write_for(
            chain,
            at + 1,
            EventBody::Reversed { target: reverse },
            Some(decision),
        );
    };
    decide(3, T0 + 100, None, b);
    decide(4, T0 + 50, None, a);
    let store = fold(&w.events);
    assert_eq!(
        store.units()[&UnitId::plate("LP-1")].since,
        b,
        "the decision of T0 + 50 reversed a"
    );
    assert!(store.exceptions().is_empty());
}

#[test]
fn new_evidence_opens_a_resolved_exception_again() {
    let mut w = Writer::default();
    let aside = |w: &mut Writer, chain| {
        let body = EventBody::SetAside {
            code: "X1".into(),
            bin: None,
            quantity: units(1),
        };
        w.write(chain, T0 + i64::from(chain), body)
    };
    let first = aside(&mut w, 1);
    let id = fold(&w.events)
        .exceptions()
        .values()
        .next()
        .unwrap()
        .finding
        .id();
    w.write(
        9,
        T0 + 100,
        EventBody::Resolved(Resolution {
            exception: id,
            after: None,
            evidence: vec![first],
            choice: "dismissed".into(),
            note: String::new(),
            about: String::new(),
        }),
    );
    assert!(matches!(
        fold(&w.events).exceptions()[&id].status,
        ExceptionStatus::Resolved(_)
    ));
    aside(&mut w, 2);
    assert_eq!(
        fold(&w.events).exceptions()[&id].status,
        ExceptionStatus::Open
    );
}

#[test]
fn an_approved_count_is_an_anchor_for_the_whole_bin() {
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 10);
    w.receive(1, T0, 1, 2, 5);
    let count = w.write(
        2,
        T0 + 100,
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
    w.issue(1, T0 + 200, 1, 1, 1);
    let store = fold(&w.events);
    assert_eq!(kinds(&store).len(), 2, "8 for 10, and nothing for 5");
    assert_eq!(store.balances()[&key(1, 1)], units(9), "not approved yet");
    w.write(3, T0 + 300, EventBody::CountApproved { count });
    let store = fold(&w.events);
    assert_eq!(
        store.balances()[&key(1, 1)],
        units(7),
        "counted 8, then 1 went out"
    );
    assert_eq!(store.balances().get(&key(1, 2)), None);
    assert!(store.exceptions().is_empty());
    // A late receipt from before the count changes nothing after it, also of goods not seen in the bin before.
    w.receive(4, T0 + 50, 1, 1, 100);
    w.receive(4, T0 + 51, 1, 3, 100);
    let store = fold(&w.events);
    assert_eq!(store.balances()[&key(1, 1)], units(7));
    assert_eq!(store.balances().get(&key(1, 3)), None);
}

#[test]
fn a_clock_a_day_ahead_is_cut_to_the_time_of_acceptance_and_told() {
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 5);
    w.issue(2, T0 + DAY, 1, 1, 5);
    w.write(
        3,
        T0 + 2_000,
        EventBody::Counted {
            bin: bin(1),
            lines: Vec::new(),
            whole_bin: true,
        },
    );
    for event in &mut w.events {
        event.accepted_at = Some(T0 + 1_000);
    }
    w.events[2].accepted_at = Some(T0 + 3_000);
    let store = fold(&w.events);
    assert_eq!(
        kinds(&store),
        [(ExceptionKind::ClockSkew, ExceptionStatus::Open)]
    );
    assert_eq!(store.balance_at(&key(1, 1), T0 + 1_000), Quantity::ZERO);
}

#[test]
fn quarantined_events_fold_to_nothing_until_released() {
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 5);
    w.events[0].quarantined = true;
    let mut store = fold(&w.events);
    assert!(store.balances().is_empty());
    let mut ledger = Ledger::new(&mut store).unwrap();
    ledger.set_quarantine(w.events[0].id, false).unwrap();
    ledger.finish().unwrap();
    assert_eq!(store.balances()[&key(1, 1)], units(5));
}

/// A handheld ahead of its fleet attaches photos: those that do not know the kind must hold the same stock.
#[test]
fn a_program_that_does_not_know_attachments_ends_in_the_same_state() {
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 5);
    let late = w.issue(2, T0 + 60_000, 1, 1, 7);
    // Chain 1's clock is behind that of the event to which it puts a photo.
    let attached = w.write(
        1,
        T0 + 10,
        EventBody::Attached {
            to: late,
            blob: BlobRef::of(b"photo", "image/jpeg", BlobKind::Photo),
            thumbnail: None,
        },
    );
    w.issue(1, T0 + 20, 1, 1, 4);
    let mut older = w.events.clone();
    for event in older.iter_mut().filter(|e| e.hash == attached) {
        event.record.body = EventBody::Unknown {
            kind: 10,
            raw: Vec::new(),
        };
    }
    let (mut new, mut old) = (fold(&w.events), fold(&older));
    assert_eq!(new.state_hash().unwrap(), old.state_hash().unwrap());
    for event in &w.events {
        assert_eq!(
            new.place_of(event.id).unwrap(),
            old.place_of(event.id).unwrap()
        );
    }
    assert_eq!(new.naming(late).unwrap().len(), 1);
}

#[test]
fn another_event_at_a_known_number_is_a_fork_and_left_out() {
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 5);
    let mut other = Writer::default();
    other.receive(1, T0, 1, 1, 6);
    let mut store = fold(&w.events);
    let mut ledger = Ledger::new(&mut store).unwrap();
    assert_eq!(ledger.add(w.events[0].clone()).unwrap(), Added::Known);
    assert_eq!(ledger.add(other.events[0].clone()).unwrap(), Added::Fork);
    ledger.finish().unwrap();
    assert_eq!(store.balances()[&key(1, 1)], units(5));
}

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
