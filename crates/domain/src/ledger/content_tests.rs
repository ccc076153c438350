//! What is in a carton, from what was packed, moved and sent with it.

use super::tests::{T0, Writer, bin, fold, item, key, units};
use super::{MemoryLedger, Place};
use crate::event::{EventBody, EventHash, Goods};
use crate::ids::{OrderId, UnitId};
use crate::order::{OrderLine, OrderStep, ProgressKey};

const LINE: OrderLine = OrderLine {
    order: OrderId::from_bytes([7; 16]),
    line: 1,
};

fn packed(b: u8, goods: &Goods, n: i64) -> EventBody {
    EventBody::Packed {
        bin: bin(b),
        goods: goods.clone(),
        quantity: units(n),
    }
}

/// Ten lie at bin 1; of them six are in the carton, in two goes.
fn a_carton() -> (Writer, EventHash) {
    let goods = Goods::of(item(1));
    let mut w = Writer::default();
    w.receive(1, T0, 1, 1, 10);
    w.order = Some(LINE);
    w.carton = Some(UnitId::plate("C-1"));
    w.write(1, T0 + 1, packed(1, &goods, 4));
    let second = w.write(2, T0 + 2, packed(1, &goods, 2));
    (w, second)
}

fn contents(ledger: &MemoryLedger) -> Vec<(&str, u8, i64)> {
    let all = ledger.contents().iter();
    all.map(|(key, quantity)| {
        let plate = key.carton.as_str();
        (plate, key.bin.as_bytes()[0], quantity.thousandths() / 1_000)
    })
    .collect()
}

#[test]
fn packing_leaves_the_goods_where_they_are_and_fills_the_carton_and_the_line() {
    let (mut w, second) = a_carton();
    let ledger = fold(&w.events);
    assert_eq!(ledger.balances()[&key(1, 1)], units(10));
    assert_eq!(contents(&ledger), [("C-1", 1, 6)]);
    let done = ProgressKey {
        line: LINE,
        step: OrderStep::Pack,
    };
    assert_eq!(ledger.progress(), &[(done, units(6))].into());
    w.write(2, T0 + 3, EventBody::Reversed { target: second });
    let ledger = fold(&w.events);
    assert_eq!(contents(&ledger), [("C-1", 1, 4)]);
    assert_eq!(ledger.progress()[&done], units(4));
}

#[test]
fn a_carton_moves_and_goes_out_with_what_is_in_it() {
    let (mut w, _) = a_carton();
    let goods = Goods::of(item(1));
    let (from, to) = (bin(1), bin(2));
    let quantity = units(6);
    let moved = |goods: &Goods| EventBody::Moved {
        from,
        to,
        goods: goods.clone(),
        quantity,
    };
    w.write(1, T0 + 3, moved(&goods));
    let ledger = fold(&w.events);
    assert_eq!(contents(&ledger), [("C-1", 2, 6)]);
    let picked = ProgressKey {
        line: LINE,
        step: OrderStep::Pick,
    };
    assert_eq!(ledger.progress().get(&picked), None, "it was picked before");
    assert_eq!(ledger.balances()[&key(1, 1)], units(4));
    w.write(
        1,
        T0 + 4,
        EventBody::Issued {
            bin: to,
            goods,
            quantity,
        },
    );
    let ledger = fold(&w.events);
    assert!(ledger.contents().is_empty());
    assert_eq!(ledger.balances().get(&key(2, 1)), None);
}

#[test]
fn a_carton_that_comes_in_packed_is_a_carton_of_no_order() {
    let mut w = Writer::default();
    let goods = Goods::of(item(1));
    w.order = Some(LINE);
    w.carton = Some(UnitId::plate("C-1"));
    let came = EventBody::Received {
        bin: bin(1),
        goods: goods.clone(),
        quantity: units(6),
    };
    let came = w.write(1, T0, came);
    let ledger = fold(&w.events);
    assert_eq!(contents(&ledger), [("C-1", 1, 6)]);
    assert!(ledger.contents().keys().all(|key| key.order.is_none()));
    let received = ProgressKey {
        line: LINE,
        step: OrderStep::Receive,
    };
    assert_eq!(ledger.progress()[&received], units(6));
    assert_eq!(ledger.balances()[&key(1, 1)], units(6));
    w.write(1, T0 + 1, EventBody::Reversed { target: came });
    assert!(fold(&w.events).contents().is_empty());
}

#[test]
fn a_unit_that_is_packed_stays_stored_and_loose_goods_leave_a_carton_alone() {
    let (mut w, _) = a_carton();
    let unit = UnitId::plate("LP-1");
    let goods = Goods {
        unit: Some(unit.clone()),
        ..Goods::of(item(1))
    };
    w.carton = None;
    let received = w.write(
        1,
        T0 + 3,
        EventBody::Received {
            bin: bin(1),
            goods: goods.clone(),
            quantity: units(5),
        },
    );
    w.carton = Some(UnitId::plate("C-1"));
    w.write(1, T0 + 4, packed(1, &goods, 5));
    w.carton = None;
    w.issue(1, T0 + 5, 1, 1, 3);
    let ledger = fold(&w.events);
    assert_eq!(ledger.units()[&unit].since, received);
    assert_eq!(contents(&ledger), [("C-1", 1, 6), ("C-1", 1, 5)]);
    assert!(ledger.exceptions().is_empty());
}

#[test]
fn a_snapshot_remembers_what_is_in_a_carton() {
    let (w, _) = a_carton();
    let mut full = fold(&w.events);
    let pruned = MemoryLedger::on(&full.snapshot(Place::end_of(T0 + 10), |_| false));
    assert_eq!(full.contents(), pruned.contents());
    assert_eq!(contents(&pruned), [("C-1", 1, 6)]);
}
