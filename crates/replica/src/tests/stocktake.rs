//! Stocktakes: what there is to count, what was found beside the book, and what an approved count means for what comes late.

use std::collections::BTreeMap;

use documents::{LineAsked, Order, Stocktake, StocktakeKind};
use domain::event::CountedLine;
use domain::{Currency, OrderId, OrderLine, OrderType, StocktakeId, UnitValue};

use super::*;
use crate::query::BinFilter;

const STOCKTAKE: StocktakeId = StocktakeId::from_bytes([0x51; 16]);
const ORDER: OrderId = OrderId::from_bytes([0x0d; 16]);

fn stocktake() -> Stocktake {
    Stocktake {
        id: STOCKTAKE,
        site: SITE,
        code: "ST-1".into(),
        name: "月末".into(),
        kind: StocktakeKind::Cycle,
        blind: true,
        due: T0 + 9,
        classes: vec!["A".into()],
        zones: vec![ZoneId::from_bytes([1; 16])],
        tolerances: BTreeMap::from([
            (String::new(), "percent=5".parse().unwrap()),
            ("A".to_owned(), "quantity=1000 value=500".parse().unwrap()),
        ]),
        planned_at: T0,
        planned_by: Some(OPERATOR),
        closed: None,
    }
}

fn planned() -> Vec<RecordEdit> {
    let line = |b: u8| LineAsked {
        bin: Some(bin_id(b)),
        ..LineAsked::default()
    };
    let order = Order {
        id: ORDER,
        site: SITE,
        kind: OrderType::Count,
        code: "ST-1-1".into(),
        party: String::new(),
        note: String::new(),
        due: 0,
        cancelled: false,
        blind: true,
        assigned: None,
        counted_by: Vec::new(),
        to_site: None,
        stocktake: Some(STOCKTAKE),
        lines: [(1, line(1)), (2, line(2))].into(),
    };
    let here = |id, fields| RecordEdit {
        partition: Partition::Site(SITE),
        kind: RecordKind::Order,
        id,
        fields,
    };
    let mut item = create_item(1, "扳手");
    item.fields.push(documents::FieldEdit::set("class", "A"));
    item.fields.extend(Item::value_fields(worth()));
    vec![
        item,
        create_item(2, "螺丝刀"),
        create_bin(1),
        create_bin(2),
        create_bin(3),
        here(STOCKTAKE.into(), stocktake().to_fields()),
        here(ORDER.into(), order.to_fields()),
    ]
}

fn worth() -> UnitValue {
    UnitValue {
        minor: 1_250,
        currency: Currency::from_code("CNY").unwrap(),
    }
}

fn count(b: u8, lines: &[(u8, i64)]) -> Commit {
    let lines = lines.iter().map(|(item, n)| CountedLine {
        item: item_id(*item),
        lot: None,
        counted: units(*n),
    });
    let mut commit = events(vec![EventBody::Counted {
        bin: bin_id(b),
        lines: lines.collect(),
        whole_bin: true,
    }]);
    commit.events[0].order = Some(OrderLine {
        order: ORDER,
        line: b.into(),
    });
    commit
}

/// One that keeps sums, as a server does.
fn summing(n: u8) -> Replica {
    let mut options = OpenOptions::memory([n; 8]);
    options.tallies = true;
    enrolled(n, options, 5)
}

/// Item, book and count of each pile that a count of bin 1 found.
fn found(replica: &Replica) -> Vec<(u8, String, String)> {
    let query = replica.query();
    let counts = query.counts_of_order(ORDER).unwrap();
    let piles = query.counted_piles(SITE, bin_id(1), counts[0].place);
    let piles = piles.unwrap().into_iter();
    piles
        .map(|p| {
            let item = p.key.item.as_bytes()[0] & 0x0f;
            (item, p.book.to_string(), p.counted.to_string())
        })
        .collect()
}

#[test]
fn a_stocktake_and_its_orders_are_read_on_every_replica() {
    let (mut server, mut handheld) = (device(1), device(2));
    let mut hub = Hub::default();
    server.commit(edits(planned()), T0).unwrap();
    hub.sync(&mut [&mut server, &mut handheld]);
    for replica in [&server, &handheld] {
        let query = replica.query();
        assert_eq!(query.stocktakes(0, 9).unwrap(), [stocktake()]);
        assert_eq!(query.stocktake(STOCKTAKE).unwrap(), Some(stocktake()));
        assert!(query.stocktake_code_is_taken(SITE, "ST-1").unwrap());
        let orders = query.orders_of_stocktake(STOCKTAKE).unwrap();
        assert_eq!(orders.len(), 1);
        assert_eq!((orders[0].id, orders[0].lines.len()), (ORDER, 2));
        let found = query.item(item_id(1)).unwrap().unwrap();
        assert_eq!(
            (found.value, found.handling.class.as_str()),
            (Some(worth()), "A")
        );
        assert_eq!(query.item_classes().unwrap(), ["A"]);
    }
    assert_eq!(
        server.state_hash(SITE).unwrap(),
        handheld.state_hash(SITE).unwrap()
    );
    let closed = documents::Closed {
        at: T0 + 5,
        by: None,
        reason: "断电".into(),
    };
    let close = RecordEdit {
        fields: Stocktake::close_fields(&closed),
        ..planned().remove(5)
    };
    server.commit(edits(vec![close]), T0 + 5).unwrap();
    let read = server.query().stocktake(STOCKTAKE).unwrap().unwrap();
    assert_eq!(read.closed, Some(closed));
}

#[test]
fn bins_to_count_are_found_by_zone_and_by_what_lies_in_them() {
    let mut replica = device(1);
    replica.commit(edits(planned()), T0).unwrap();
    let goods = vec![receive(1, 1, 10), receive(2, 2, 4)];
    replica.commit(events(goods), T0 + 1).unwrap();
    replica.commit(count(2, &[(2, 4)]), T0 + 7).unwrap();
    let bins = |filter: BinFilter| {
        let bins = replica.query().bins_to_count(SITE, &filter).unwrap();
        let bins = bins.into_iter();
        bins.map(|b| (b.code, b.piles, b.counted_at))
            .collect::<Vec<_>>()
    };
    let all = [
        ("A-01".to_owned(), 1, None),
        ("A-02".to_owned(), 1, Some(T0 + 7)),
        ("A-03".to_owned(), 0, None),
    ];
    assert_eq!(bins(BinFilter::default()), all);
    let of_class = |class: &str| BinFilter {
        classes: vec![class.into()],
        ..BinFilter::default()
    };
    assert_eq!(bins(of_class("A")), all[..1]);
    assert_eq!(bins(of_class("B")), []);
    let elsewhere = BinFilter {
        zones: vec![ZoneId::from_bytes([7; 16])],
        ..BinFilter::default()
    };
    assert_eq!(bins(elsewhere), []);
    let with = replica.query().bins_with_item(SITE, item_id(2)).unwrap();
    assert_eq!(with, [bin_id(2)]);
}

/// The count differs before its approval and sets the book from its instant after it; what comes late from before it then
/// moves the book of that instant, and not the stock. Whatever the order of arrival, all replicas agree.
#[test]
fn an_approved_count_is_an_anchor_for_what_comes_late() {
    let (mut counter, mut late, mut other) = (summing(1), summing(2), summing(3));
    let mut hub = Hub::default();
    counter.commit(edits(planned()), T0).unwrap();
    hub.sync(&mut [&mut counter, &mut late, &mut other]);
    let goods = vec![receive(1, 1, 10), receive(1, 2, 3)];
    counter.commit(events(goods), T0 + 1).unwrap();
    hub.sync(&mut [&mut counter, &mut late, &mut other]);

    // Taken out before the count, on a device that is cut off.
    late.commit(
        events(vec![EventBody::Issued {
            bin: bin_id(1),
            goods: Goods::of(item_id(1)),
            quantity: units(2),
        }]),
        T0 + 2,
    )
    .unwrap();
    let counted = counter.commit(count(1, &[(1, 8)]), T0 + 5).unwrap();
    counter
        .commit(events(vec![receive(1, 1, 1)]), T0 + 6)
        .unwrap();
    let rows = [
        (1, "10".to_owned(), "8".to_owned()),
        (2, "3".into(), "0".into()),
    ];
    assert_eq!(found(&counter), rows);
    let row = counter.query().counts_of_order(ORDER).unwrap().remove(0);
    assert_eq!(
        (row.approved, row.operator, row.line.line),
        (false, OPERATOR, 1)
    );
    assert_eq!(row.hash, counted.events[0].1);
    let of_classes = |classes: &[(&str, u64)]| -> BTreeMap<String, u64> {
        classes.iter().map(|(c, n)| ((*c).to_owned(), *n)).collect()
    };
    assert_eq!((row.piles, row.wrong), (2, 2));
    assert_eq!(row.classes, of_classes(&[("A", 1), ("", 1)]));

    let approve = EventBody::CountApproved { count: row.hash };
    counter.commit(events(vec![approve]), T0 + 9).unwrap();
    let stock = |replica: &Replica, item: u8| {
        let piles = replica.query().stock_of_bin(bin_id(1)).unwrap();
        let of_item = piles.into_iter().find(|p| p.key.item == item_id(item));
        of_item.map_or("none".into(), |p| p.balance.to_string())
    };
    assert_eq!(
        (stock(&counter, 1), stock(&counter, 2)),
        ("9".into(), "none".into())
    );
    hub.sync(&mut [&mut counter, &mut late, &mut other]);
    hub.sync(&mut [&mut counter, &mut late, &mut other]);
    for replica in [&counter, &late, &other] {
        assert_eq!(stock(replica, 1), "9", "what came late does not move it");
        assert_eq!(
            found(replica)[0],
            (1, "8".into(), "8".into()),
            "it explains it"
        );
        let counts = replica.query().counts_of_order(ORDER).unwrap();
        assert!(counts[0].approved);
        assert_eq!((counts[0].piles, counts[0].wrong), (2, 1));
        super::tallies::are_those_of_all_events(replica);
    }
    // What was counted of an item is in the class that it is in by now.
    let classed = |class: &str| RecordEdit {
        fields: vec![documents::FieldEdit::set("class", class)],
        ..create_item(2, "")
    };
    for (class, classes) in [("B", &[("A", 1), ("B", 1)][..]), ("A", &[("A", 2)])] {
        counter
            .commit(edits(vec![classed(class)]), T0 + 20)
            .unwrap();
        let row = counter.query().counts_of_order(ORDER).unwrap().remove(0);
        assert_eq!(row.classes, of_classes(classes));
        let span = crate::query::Span {
            site: None,
            from: T0 - crate::tallies::SLOT_MS,
            until: T0 + crate::tallies::SLOT_MS,
        };
        let sums = counter.query().counted_sums(span).unwrap();
        let lines = sums.into_iter().map(|(class, sum)| (class, sum.lines));
        assert_eq!(
            lines.filter(|(_, n)| *n > 0).collect::<BTreeMap<_, _>>(),
            of_classes(classes)
        );
        super::tallies::are_those_of_all_events(&counter);
    }
    hub.sync(&mut [&mut counter, &mut late, &mut other]);
    let hash = counter.state_hash(SITE).unwrap();
    assert_eq!(late.state_hash(SITE).unwrap(), hash);
    assert_eq!(other.state_hash(SITE).unwrap(), hash);
}
