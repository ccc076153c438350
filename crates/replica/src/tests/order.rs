//! Orders, and work on them by devices that do not know of each other.

use documents::{LineAsked, Order};
use domain::{FinishedLine, OrderFinished, OrderId, OrderLine, OrderStep, OrderType};

use super::snapshot::Site;
use super::*;
use crate::search::HitKind;

const ORDER: OrderId = OrderId::from_bytes([0x0d; 16]);

fn announced(code: &str) -> RecordEdit {
    let line = |item: u8, asked| LineAsked {
        item: Some(item_id(item)),
        asked: units(asked),
        ..LineAsked::default()
    };
    let order = Order {
        id: ORDER,
        site: SITE,
        kind: OrderType::Inbound,
        code: code.into(),
        party: "华东五金".into(),
        note: String::new(),
        due: T0,
        cancelled: false,
        blind: false,
        assigned: None,
        counted_by: Vec::new(),
        to_site: None,
        stocktake: None,
        lines: [(1, line(1, 10)), (2, line(2, 4))].into(),
    };
    RecordEdit {
        partition: Partition::Site(SITE),
        kind: RecordKind::Order,
        id: ORDER.into(),
        fields: order.to_fields(),
    }
}

fn receive_for(line: u32, item: u8, n: i64) -> Commit {
    let mut commit = events(vec![receive(1, item, n)]);
    commit.events[0].order = Some(OrderLine { order: ORDER, line });
    commit.events[0].reason = Some("damaged".into());
    commit
}

fn finish(done: i64, after: Vec<domain::EventHash>) -> Commit {
    events(vec![EventBody::OrderFinished(OrderFinished {
        order: ORDER,
        step: OrderStep::Receive,
        after,
        lines: vec![FinishedLine {
            line: 1,
            asked: units(10),
            done: units(done),
            reason: String::new(),
        }],
    })])
}

fn done(replica: &Replica) -> Vec<(u32, String)> {
    let done = replica
        .query()
        .progress(SITE, ORDER, OrderStep::Receive)
        .unwrap();
    done.into_iter()
        .map(|(line, done)| (line, done.to_string()))
        .collect()
}

#[test]
fn two_devices_add_up_and_both_ends_are_shown() {
    let (mut a, mut b) = (device(1), device(2));
    let mut hub = Hub::default();
    let records = vec![
        create_item(1, "扳手"),
        create_item(2, "螺丝刀"),
        create_bin(1),
        announced("PO-7"),
    ];
    a.commit(edits(records), T0).unwrap();
    hub.sync(&mut [&mut a, &mut b]);
    for replica in [&a, &b] {
        let query = replica.query();
        let found = query.orders_by_code(SITE, " po-7").unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].lines[&2].asked, units(4));
        assert_eq!(query.search("华东", 5).unwrap()[0].kind, HitKind::Order);
    }
    a.commit(receive_for(1, 1, 6), T0 + 1).unwrap();
    b.commit(receive_for(1, 1, 4), T0 + 2).unwrap();
    b.commit(receive_for(0, 3, 1), T0 + 3).unwrap();
    let first = a.commit(finish(6, vec![]), T0 + 4).unwrap().events[0].1;
    let second = b.commit(finish(4, vec![]), T0 + 5).unwrap().events[0].1;
    hub.sync(&mut [&mut a, &mut b]);
    assert_eq!(a.state_hash(SITE).unwrap(), b.state_hash(SITE).unwrap());
    for replica in [&mut a, &mut b] {
        assert_eq!(done(replica), [(0, "1".into()), (1, "10".into())]);
        let query = replica.query();
        let open = query.exceptions(&ExceptionFilter::default(), 10).unwrap();
        let [twice] = open.as_slice() else {
            panic!("{open:?}")
        };
        assert_eq!(twice.finding.kind, ExceptionKind::WorkDoneTwice);
        assert_eq!(twice.finding.evidence, [first, second]);
        let summary = query
            .orders(SITE, OrderType::Inbound, OrderStep::Receive)
            .unwrap();
        assert_eq!(summary[0].done[&1], units(10));
        assert!(summary[0].finished);
        assert_eq!(
            query.stock_of_bin(bin_id(1)).unwrap().len(),
            2,
            "no pile of its own"
        );
        let before = replica.state_hash(SITE).unwrap();
        replica.rebuild().unwrap();
        assert_eq!(replica.state_hash(SITE).unwrap(), before);
    }
    // Whoever knows both goes on from both.
    let known = a.query().finished(SITE, ORDER, OrderStep::Receive).unwrap();
    assert_eq!(known, [first, second]);
    a.commit(finish(10, known), T0 + 6).unwrap();
    hub.sync(&mut [&mut a, &mut b]);
    let open = b
        .query()
        .exceptions(&ExceptionFilter::default(), 10)
        .unwrap();
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn what_was_done_before_a_snapshot_is_known_after_it() {
    let mut site = Site::new();
    let mut a = device(1);
    site.server
        .commit(edits(vec![announced("PO-7")]), T0)
        .unwrap();
    site.sync(&mut [&mut a], T0);
    a.commit(receive_for(1, 1, 6), T0 + 1).unwrap();
    let first = a.commit(finish(6, vec![]), T0 + 2).unwrap().events[0].1;
    site.sync(&mut [&mut a], T0 + 10);
    let mut new = device(2);
    for partition in [Partition::Shared, snapshot::SITE_PARTITION] {
        site.install(&mut new, partition, T0 + 20);
    }
    assert_eq!(done(&new), [(1, "6".into())]);
    let known = new
        .query()
        .finished(SITE, ORDER, OrderStep::Receive)
        .unwrap();
    assert_eq!(known, [first]);
    new.commit(receive_for(1, 1, 4), T0 + 30).unwrap();
    new.commit(finish(10, known), T0 + 31).unwrap();
    site.sync(&mut [&mut a, &mut new], T0 + 40);
    assert_eq!(done(&a), [(1, "10".into())]);
    assert_eq!(done(&new), done(&a));
    let working = a.working_hash(SITE).unwrap();
    assert_eq!(new.working_hash(SITE).unwrap(), working);
    let open = new
        .query()
        .exceptions(&ExceptionFilter::default(), 10)
        .unwrap();
    assert!(open.is_empty(), "{open:?}");
}
