//! Events that say again what a chain that was given up had said.

use proptest::prelude::*;

use super::history_tests::history;
use super::tests::{T0, Writer, fold, item, key, units};
use super::*;
use crate::event::{Event, EventBody, EventHash, Goods, QuarantineDecision};
use crate::ids::{BinId, ChainId};

impl Writer {
    /// Says an event again on another chain.
    fn again(&mut self, chain: u8, event: &Event) -> EventHash {
        let origin = event.record.origin.unwrap_or(event.hash);
        let clock = event.record.clock.millis;
        self.write_again(chain, clock, event.record.body.clone(), origin)
    }
}

/// One receipt of five that a copy of chain 1 wrote, said again on chain 2.
fn said_again() -> (Writer, Event) {
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 5);
    let original = w.events[0].clone();
    w.again(2, &original);
    (w, original)
}

fn decide(w: &mut Writer, chain: u8, release: bool) {
    let decision = QuarantineDecision {
        chain: ChainId::from_bytes([chain; 16]),
        segments: (1, 1),
        events: Some((1, 9)),
        release,
        reason: String::new(),
    };
    w.write(9, T0 + 1_000, EventBody::QuarantineDecided(decision));
}

#[test]
fn what_is_said_again_counts_until_the_original_comes() {
    let (mut w, original) = said_again();
    let alone: Vec<Event> = w.events[1..].to_vec();
    assert_eq!(fold(&alone).balances()[&key(1, 1)], units(5));
    assert_eq!(fold(&w.events).balances()[&key(1, 1)], units(5));
    let mut late = alone;
    late.push(original.clone());
    assert_eq!(fold(&late).balances()[&key(1, 1)], units(5));
    // A second copy says it too, and what it says again is what the first copy said again.
    let first = w.events[1].clone();
    w.again(3, &first);
    assert_eq!(fold(&w.events).balances()[&key(1, 1)], units(5));
    w.events.remove(0);
    assert_eq!(fold(&w.events).balances()[&key(1, 1)], units(5));
}

#[test]
fn what_undoes_the_original_undoes_what_is_said_again() {
    let (mut w, original) = said_again();
    w.write(
        2,
        T0 + 1,
        EventBody::Reversed {
            target: original.hash,
        },
    );
    assert!(fold(&w.events).balances().is_empty());
    assert!(fold(&w.events[1..]).balances().is_empty());
    let mut late = w.events[1..].to_vec();
    late.reverse();
    assert!(fold(&late).balances().is_empty());
}

#[test]
fn a_count_that_is_said_again_is_approved_by_its_first_name() {
    let mut w = Writer::default();
    let count = EventBody::Counted {
        bin: BinId::from_bytes([1; 16]),
        lines: Vec::new(),
        whole_bin: true,
    };
    w.receive(3, T0 - 10, 1, 1, 7);
    let count = w.write(1, T0, count);
    let original = w.events[1].clone();
    w.again(2, &original);
    w.write(3, T0 + 5, EventBody::CountApproved { count });
    w.events.remove(1);
    assert!(fold(&w.events).balances().is_empty());
}

#[test]
fn an_original_in_quarantine_stands_in_nobodys_way() {
    let (mut w, _) = said_again();
    w.events[0].quarantined = true;
    let standings = |w: &Writer| {
        let mut store = fold(&w.events);
        [0, 1].map(|n| store.event(w.events[n].id).unwrap().unwrap().standing)
    };
    assert_eq!(standings(&w), [Standing::Void, Standing::Live]);
    decide(&mut w, 1, true);
    assert_eq!(standings(&w), [Standing::Live, Standing::Void]);
    // A copy's work waits in quarantine; the original comes meanwhile.
    let (mut w, _) = said_again();
    w.events[1].quarantined = true;
    assert_eq!(standings(&w), [Standing::Live, Standing::Void]);
    decide(&mut w, 2, true);
    assert_eq!(standings(&w), [Standing::Live, Standing::Void]);
    assert_eq!(fold(&w.events).balances()[&key(1, 1)], units(5));
}

#[test]
fn goods_on_a_plate_are_issued_once() {
    let mut w = Writer::default();
    let goods = Goods {
        unit: Some(crate::ids::UnitId::plate("LP-1")),
        ..Goods::of(item(1))
    };
    let (bin, quantity) = (BinId::from_bytes([1; 16]), units(1));
    let received = EventBody::Received {
        bin,
        goods: goods.clone(),
        quantity,
    };
    w.write(3, T0 - 10, received);
    let issued = EventBody::Issued {
        bin,
        goods,
        quantity,
    };
    w.write(1, T0, issued);
    let original = w.events[1].clone();
    w.again(2, &original);
    assert!(fold(&w.events).exceptions().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Copies say again what others said; some of the originals never come, some lie in quarantine.
    #[test]
    fn nothing_counts_twice_in_whatever_order_it_comes(
        events in history(),
        again in proptest::collection::vec((any::<proptest::sample::Index>(), 6u8..9, any::<bool>()), 1..8),
        quarantined in 0u8..16,
        released in 0u8..9,
        seed in any::<u64>(),
    ) {
        let mut w = Writer { events, ..Writer::default() };
        let plain = fold(&w.events);
        let mut missing = std::collections::BTreeSet::new();
        for (which, chain, goes) in &again {
            let event = which.get(&w.events).clone();
            // Only the server decides what is in quarantine.
            let origin = event.record.origin.unwrap_or(event.hash);
            w.again(*chain, &event);
            if *goes {
                missing.insert(origin);
            }
        }
        if quarantined == 0 {
            // All originals have come: as if nothing had been said again.
            prop_assert_eq!(plain.hash(), fold(&w.events).hash());
        }
        w.events.retain(|e| !missing.contains(&e.hash));
        for event in &mut w.events {
            event.quarantined = quarantined & (1 << (event.id.chain.as_bytes()[0] % 4)) != 0;
        }
        decide(&mut w, released, true);
        let reference = fold(&w.events);
        let other = fold(&super::history_tests::shuffled(&w.events, seed));
        prop_assert_eq!(reference.balances(), other.balances());
        prop_assert_eq!(reference.exceptions(), other.exceptions());
        prop_assert_eq!(reference.hash(), other.hash());
        let mut store = reference;
        let mut counted = std::collections::BTreeSet::new();
        for event in &w.events {
            let placed = store.event(event.id).unwrap().unwrap();
            let said = event.record.origin.unwrap_or(event.hash);
            if placed.standing != Standing::Void {
                prop_assert!(counted.insert(said), "{:?} counts twice", said);
            }
        }
    }
}
