use super::*;
use crate::blob::{BlobKind, BlobRef};
use crate::clock::Timestamp;
use crate::event::{
    CountedLine, Event, EventBody, EventHash, EventId, EventRecord, Goods, Resolution,
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

pub(super) const ORDER: OrderId = OrderId::from_bytes([7; 16]);

/// Somebody says that a line of which 2 were asked for is done with so many.
pub(super) fn finished(line: u8, done: i64, after: Vec<EventHash>) -> EventBody {
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

#[test]
fn without_stock_work_is_folded_and_nothing_that_others_may_have_changed() {
    let mut w = Writer {
        order: Some(OrderLine {
            order: OrderId::from_bytes([9; 16]),
            line: 1,
        }),
        ..Writer::default()
    };
    let lines = vec![CountedLine {
        item: item(1),
        lot: None,
        counted: units(5),
    }];
    w.write(
        1,
        T0,
        EventBody::Counted {
            bin: bin(1),
            lines,
            whole_bin: true,
        },
    );
    w.order = None;
    w.write(
        1,
        T0 + 1,
        EventBody::Issued {
            bin: bin(1),
            goods: Goods::of(item(1)),
            quantity: units(9),
        },
    );
    w.write(
        1,
        T0 + 2,
        EventBody::SetAside {
            code: "?".into(),
            bin: None,
            quantity: units(1),
        },
    );
    for (mut store, kinds) in [
        (
            MemoryLedger::default(),
            vec![
                ExceptionKind::NegativeStock,
                ExceptionKind::CountVariance,
                ExceptionKind::UnknownCode,
            ],
        ),
        (
            MemoryLedger::without_stock(),
            vec![ExceptionKind::UnknownCode],
        ),
    ] {
        let mut ledger = Ledger::new(&mut store).unwrap();
        for event in &w.events {
            ledger.add(event.clone()).unwrap();
        }
        ledger.finish().unwrap();
        let found = store.exceptions().values().map(|e| e.finding.kind);
        let found: Vec<ExceptionKind> = found.collect();
        assert!(kinds.iter().all(|kind| found.contains(kind)), "{found:?}");
        assert_eq!(found.len(), kinds.len());
        assert_eq!(store.balances().is_empty(), kinds.len() == 1);
        assert_eq!(store.progress().len(), 1);
    }
}
