//! Sums that a server keeps: brought along by the fold, they are those of all events. Every test with a [`Site`] holds
//! its server to that after every exchange; these ask what the sums say.

use chrono::NaiveDate;
use documents::{LineAsked, Order};
use domain::event::CountedLine;
use domain::{OrderId, OrderLine, OrderStep, OrderType};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::snapshot::Site;
use super::*;
use crate::query::{Knower, Piles, Span};
use crate::tallies::{self, SLOT_MS};

const MINUTE: i64 = 60_000;

/// All rows that say something.
fn rows(connection: &Connection) -> Vec<Vec<Value>> {
    let mut all = Vec::new();
    for sql in [
        "SELECT * FROM tally",
        "SELECT * FROM tally_kind WHERE events <> 0",
        "SELECT * FROM tally_day WHERE events <> 0",
        "SELECT * FROM tally_operator WHERE events <> 0",
        "SELECT * FROM goods_stock WHERE balance <> 0 OR expiry IS NOT NULL OR last_in IS NOT NULL",
        "SELECT * FROM item_stock WHERE sku <> '' OR balance <> 0",
        "SELECT * FROM bin_stock WHERE piles <> 0 OR balance <> 0",
        "SELECT * FROM bin_picks WHERE picks <> 0",
        "SELECT * FROM act",
        "SELECT * FROM counted_line",
        "SELECT * FROM tally_count WHERE lines <> 0 OR agreed <> 0",
        "SELECT * FROM line_count",
        "SELECT * FROM order_done",
        "SELECT * FROM order_open",
    ] {
        let mut statement = connection.prepare(sql).unwrap();
        let width = statement.column_count();
        let found = statement
            .query_map([], |r| (0..width).map(|i| r.get(i)).collect())
            .unwrap();
        all.push(vec![Value::Text(sql.to_owned())]);
        all.extend(found.map(Result::unwrap));
    }
    all
}

/// What the fold brought along is what one pass over everything finds.
pub(super) fn are_those_of_all_events(replica: &Replica) {
    let connection = &replica.connection;
    let kept = rows(connection);
    connection
        .execute("DELETE FROM meta WHERE key = 'tallies'", [])
        .unwrap();
    tallies::keep(connection, &replica.chains).unwrap();
    assert_eq!(kept, rows(connection));
}

fn milk(b: u8, n: i64, lot: &str, expiry: &str) -> EventBody {
    EventBody::Received {
        bin: bin_id(b),
        goods: Goods {
            lot: Some(lot.to_owned()),
            expiry: NaiveDate::parse_from_str(expiry, "%Y-%m-%d").ok(),
            ..Goods::of(item_id(1))
        },
        quantity: units(n),
    }
}

fn count(b: u8, i: u8, n: i64) -> EventBody {
    EventBody::Counted {
        bin: bin_id(b),
        lines: vec![CountedLine {
            item: item_id(i),
            lot: None,
            counted: units(n),
        }],
        whole_bin: true,
    }
}

#[test]
fn lots_are_listed_by_day_and_by_age_as_the_fold_knows_them() {
    let mut site = Site::new();
    let mut one = device(1);
    one.commit(events(vec![milk(1, 10, "M2", "2026-12-01")]), T0 + MINUTE)
        .unwrap();
    let first = one
        .commit(
            events(vec![milk(1, 5, "M1", "2026-11-01"), receive(2, 2, 7)]),
            T0 + 2 * MINUTE,
        )
        .unwrap();
    let last = one
        .commit(
            events(vec![milk(2, 5, "M1", "2026-11-01")]),
            T0 + 9 * MINUTE,
        )
        .unwrap();
    site.sync(&mut [&mut one], T0 + 10 * MINUTE);
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
    let expiring = |site: &Site, until: &str| -> Vec<(String, i64)> {
        let found = site
            .server
            .query()
            .lots_expiring(day(until), None, 10)
            .unwrap();
        found
            .into_iter()
            .map(|l| (l.lot, l.balance.thousandths() / 1_000))
            .collect()
    };
    assert_eq!(expiring(&site, "2026-11-30"), [("M1".to_owned(), 10)]);
    assert_eq!(
        expiring(&site, "2026-12-31"),
        [("M1".to_owned(), 10), ("M2".to_owned(), 10)]
    );
    let by_age = |site: &Site| -> Vec<(String, Option<i64>)> {
        let found = site.server.query().lots_by_age(None, 10).unwrap();
        found.into_iter().map(|l| (l.lot, l.last_in)).collect()
    };
    assert_eq!(
        by_age(&site),
        [
            ("M2".to_owned(), Some(T0 + MINUTE)),
            (String::new(), Some(T0 + 2 * MINUTE)),
            ("M1".to_owned(), Some(T0 + 9 * MINUTE)),
        ]
    );
    // Page by page it is the same list.
    let found = site.server.query().lots_by_age(None, 10).unwrap();
    let after = crate::query::AfterLot {
        order: found[0].last_in.unwrap(),
        item: found[0].item,
        lot: found[0].lot.clone(),
        site: found[0].site,
    };
    assert_eq!(
        site.server.query().lots_by_age(Some(&after), 10).unwrap(),
        found[1..]
    );

    // The last receipt is taken back: the one before it is the last; then the lot's first, and its day is gone with it.
    let undo = |target| events(vec![EventBody::Reversed { target }]);
    one.commit(undo(last.events[0].1), T0 + 11 * MINUTE)
        .unwrap();
    site.sync(&mut [&mut one], T0 + 12 * MINUTE);
    assert!(by_age(&site).contains(&("M1".to_owned(), Some(T0 + 2 * MINUTE))));
    one.commit(undo(first.events[0].1), T0 + 13 * MINUTE)
        .unwrap();
    site.sync(&mut [&mut one], T0 + 14 * MINUTE);
    assert_eq!(expiring(&site, "2026-11-30"), []);
    site.server.rebuild().unwrap();
    are_those_of_all_events(&site.server);
}

#[test]
fn the_sum_of_the_past_is_the_sum_of_its_piles() {
    let mut site = Site::new();
    let (mut one, mut two) = (device(1), device(2));
    one.commit(
        events(vec![receive(1, 1, 10), receive(2, 2, 4)]),
        T0 + MINUTE,
    )
    .unwrap();
    site.sync(&mut [&mut one, &mut two], T0 + 2 * MINUTE);
    two.commit(events(vec![issue(1, 1, 3)]), T0 + 20 * MINUTE)
        .unwrap();
    let counted = one
        .commit(events(vec![count(1, 1, 5)]), T0 + 30 * MINUTE)
        .unwrap();
    let count = counted.events[0].1;
    site.sync(&mut [&mut one], T0 + 31 * MINUTE);
    site.server
        .commit(
            events(vec![EventBody::CountApproved { count }]),
            T0 + 40 * MINUTE,
        )
        .unwrap();
    // What the second device did before the count comes only now.
    site.sync(&mut [&mut one, &mut two], T0 + 50 * MINUTE);
    one.commit(events(vec![issue(1, 1, 2)]), T0 + 60 * MINUTE)
        .unwrap();
    site.sync(&mut [&mut one], T0 + 61 * MINUTE);
    let query = site.server.query();
    for (minute, sum) in [
        (0, 0),
        (1, 14),
        (19, 14),
        (20, 11),
        (29, 11),
        (30, 9),
        (59, 9),
        (60, 7),
        (90, 7),
    ] {
        let at = T0 + minute * MINUTE;
        let piles: Quantity = [1, 2]
            .into_iter()
            .flat_map(|b| query.piles_in(SITE, bin_id(b), Some(at)).unwrap())
            .fold(Quantity::ZERO, |sum, pile| sum.plus(pile.balance));
        assert_eq!(piles, units(sum), "minute {minute}");
        assert_eq!(
            query.stock_sum_at(Some(SITE), at).unwrap(),
            piles,
            "minute {minute}"
        );
        assert_eq!(
            query.stock_sum_at(None, at).unwrap(),
            piles,
            "minute {minute}"
        );
    }
    let span = Span {
        site: Some(SITE),
        from: T0 - SLOT_MS,
        until: T0 + 90 * MINUTE,
    };
    let issued: u64 = query
        .kind_sums(span.site, &[span.from, span.until])
        .unwrap()
        .iter()
        .filter(|s| s.kind == "issued")
        .map(|s| s.events)
        .sum();
    assert_eq!(issued, 2);
    let counted = query.counted_sums(span).unwrap();
    assert_eq!((counted[0].1.lines, counted[0].1.right), (1, 0));
}

#[test]
fn a_device_knew_what_it_had_read_and_written() {
    let mut site = Site::new();
    let (mut one, mut two) = (device(1), device(2));
    let received = one
        .commit(events(vec![receive(1, 1, 10)]), T0 + MINUTE)
        .unwrap();
    site.sync(&mut [&mut one, &mut two], T0 + 2 * MINUTE);
    let number = two
        .cursor(super::snapshot::SITE_PARTITION)
        .unwrap()
        .unwrap()
        .number;
    // Apart: one takes its receipt back and receives again, two issues twice.
    one.commit(
        events(vec![
            EventBody::Reversed {
                target: received.events[0].1,
            },
            receive(1, 1, 8),
        ]),
        T0 + 5 * MINUTE,
    )
    .unwrap();
    two.commit(events(vec![issue(1, 1, 3)]), T0 + 6 * MINUTE)
        .unwrap();
    let knew_at_7 = two.query().piles_in(SITE, bin_id(1), None).unwrap();
    two.commit(events(vec![issue(1, 1, 1)]), T0 + 9 * MINUTE)
        .unwrap();
    let knew_at_10 = two.query().piles_in(SITE, bin_id(1), None).unwrap();
    site.sync(&mut [&mut one], T0 + 8 * MINUTE);
    site.sync(&mut [&mut one, &mut two], T0 + 20 * MINUTE);

    let who = |number, minute| Knower {
        device: DeviceId::from_bytes([2; 16]),
        site: SITE,
        number,
        at: T0 + minute * MINUTE,
    };
    let query = site.server.query();
    let known = |who| query.piles_known_to(who, Piles::In(bin_id(1))).unwrap();
    assert_eq!(known(who(number, 7)), knew_at_7);
    assert_eq!(knew_at_7[0].balance, units(7));
    assert_eq!(known(who(number, 10)), knew_at_10);
    assert_eq!(
        query
            .piles_known_to(who(number, 10), Piles::Of(item_id(1)))
            .unwrap(),
        knew_at_10
    );
    assert_eq!(known(who(0, 0)), []);
    // Once it has read all it knows what the server knows.
    let all = two
        .cursor(super::snapshot::SITE_PARTITION)
        .unwrap()
        .unwrap()
        .number;
    assert_eq!(
        known(who(all, 30)),
        query.piles_in(SITE, bin_id(1), None).unwrap()
    );
}

#[test]
fn open_orders_reserve_what_is_not_picked_or_has_not_left() {
    let mut site = Site::new();
    let mut one = device(1);
    let order = OrderId::from_bytes([0x0d; 16]);
    let record = Order {
        stocktake: None,
        id: order,
        site: SITE,
        kind: OrderType::Outbound,
        code: "SO-1".into(),
        party: String::new(),
        note: String::new(),
        due: T0 + 30 * MINUTE,
        cancelled: false,
        blind: false,
        assigned: None,
        counted_by: Vec::new(),
        to_site: None,
        lines: [(
            1,
            LineAsked {
                item: Some(item_id(1)),
                asked: units(10),
                ..LineAsked::default()
            },
        )]
        .into(),
    };
    let edit = RecordEdit {
        partition: Partition::Site(SITE),
        kind: RecordKind::Order,
        id: order.into(),
        fields: record.to_fields(),
    };
    site.server.commit(edits(vec![edit]), T0).unwrap();
    one.commit(events(vec![receive(1, 1, 20)]), T0).unwrap();
    site.sync(&mut [&mut one], T0 + MINUTE);
    let reserved = |site: &Site| -> Quantity {
        let lines = site.server.query().committed_lines(item_id(1)).unwrap();
        lines
            .iter()
            .fold(Quantity::ZERO, |sum, l| sum.plus(l.reserved()))
    };
    assert_eq!(reserved(&site), units(10));
    let overdue = |site: &Site, minute| {
        site.server
            .query()
            .overdue_orders(None, T0 + minute * MINUTE, 9)
            .unwrap()
    };
    assert_eq!(overdue(&site, 29), []);
    assert_eq!(overdue(&site, 31), [order]);
    let line = OrderLine { order, line: 1 };
    let serve = |body: EventBody| {
        let mut commit = events(vec![body]);
        commit.events[0].order = Some(line);
        commit
    };
    let done = |step| {
        events(vec![EventBody::OrderFinished(domain::OrderFinished {
            order,
            step,
            after: Vec::new(),
            lines: Vec::new(),
        })])
    };
    let moved = EventBody::Moved {
        from: bin_id(1),
        to: bin_id(2),
        goods: Goods::of(item_id(1)),
        quantity: units(8),
    };
    one.commit(serve(moved), T0 + 2 * MINUTE).unwrap();
    site.sync(&mut [&mut one], T0 + 3 * MINUTE);
    assert_eq!(reserved(&site), units(10));
    one.commit(done(OrderStep::Pick), T0 + 4 * MINUTE).unwrap();
    site.sync(&mut [&mut one], T0 + 5 * MINUTE);
    assert_eq!(reserved(&site), units(8));
    one.commit(serve(issue(2, 1, 5)), T0 + 6 * MINUTE).unwrap();
    site.sync(&mut [&mut one], T0 + 7 * MINUTE);
    assert_eq!(reserved(&site), units(3));
    let shipped = one.commit(done(OrderStep::Ship), T0 + 8 * MINUTE).unwrap();
    site.sync(&mut [&mut one], T0 + 9 * MINUTE);
    assert_eq!(reserved(&site), Quantity::ZERO);
    assert_eq!(overdue(&site, 31), []);
    one.commit(
        events(vec![EventBody::Reversed {
            target: shipped.events[0].1,
        }]),
        T0 + 10 * MINUTE,
    )
    .unwrap();
    site.sync(&mut [&mut one], T0 + 11 * MINUTE);
    assert_eq!(overdue(&site, 31), [order]);
}

#[test]
fn items_below_their_safety_stock_are_listed() {
    let mut site = Site::new();
    let mut one = device(1);
    let least = |n: i64| RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item_id(1).into(),
        fields: vec![FieldEdit::set("min_stock", n * 1_000)],
    };
    let low = |site: &Site| {
        site.server
            .query()
            .listed_items_after("", true, None, 10)
            .unwrap()
            .len()
    };
    assert_eq!(low(&site), 0);
    site.server.commit(edits(vec![least(10)]), T0).unwrap();
    assert_eq!(low(&site), 1);
    one.commit(events(vec![receive(1, 1, 10)]), T0 + MINUTE)
        .unwrap();
    site.sync(&mut [&mut one], T0 + 2 * MINUTE);
    assert_eq!(low(&site), 0);
    one.commit(events(vec![issue(1, 1, 1)]), T0 + 3 * MINUTE)
        .unwrap();
    site.sync(&mut [&mut one], T0 + 4 * MINUTE);
    assert_eq!(
        (low(&site), site.server.query().low_item_count().unwrap()),
        (1, 1)
    );
    site.server
        .commit(edits(vec![least(9)]), T0 + 5 * MINUTE)
        .unwrap();
    assert_eq!(low(&site), 0);
}

#[test]
fn sums_of_people_are_those_of_their_slots() {
    let mut site = Site::new();
    let mut one = device(1);
    for hour in [0, 5, 20, 30, 31, 55, 80] {
        let at = T0 + hour * 60 * MINUTE;
        one.commit(events(vec![receive(1, 1, 1), issue(1, 1, 1)]), at)
            .unwrap();
    }
    site.sync(&mut [&mut one], T0 + 100 * 60 * MINUTE);
    let query = site.server.query();
    for from in (0..90).step_by(7) {
        for until in (from..100).step_by(9) {
            let span = Span {
                site: Some(SITE),
                from: T0 + from * 60 * MINUTE,
                until: T0 + until * 60 * MINUTE,
            };
            let instants: Vec<i64> = (from..=until).map(|h| T0 + h * 60 * MINUTE).collect();
            let by_hour = query.kind_sums(span.site, &instants).unwrap();
            assert!(by_hour.iter().all(|s| s.events == 1 && s.from >= span.from));
            let by_slot: u64 = by_hour.iter().map(|s| s.events).sum();
            let by_person: u64 = query
                .operator_sums(span)
                .unwrap()
                .iter()
                .map(|s| s.events)
                .sum();
            assert_eq!(by_person, by_slot, "{from} to {until}");
            let slots: u64 = query
                .operator_slots(span)
                .unwrap()
                .iter()
                .map(|(_, n)| n)
                .sum();
            assert_eq!(2 * slots, by_slot, "{from} to {until}");
        }
    }
}
