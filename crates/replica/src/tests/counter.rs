//! The replica of a device that only counts.

use domain::CountedLine;

use super::*;

/// Device 6, enrolled as a counter.
fn counter() -> Replica {
    let mut replica = Replica::open(OpenOptions::memory([6; 8])).unwrap();
    let identity = Identity {
        device: DeviceId::from_bytes([6; 16]),
        key: key(6),
        ..device(5).identity().unwrap().clone()
    };
    let own = Certificate {
        role: Role::Counter,
        ..certificate(6, &key(6))
    };
    let others = (0..=5).map(|i| certificate(i, &key(i)).sign(&key(0)));
    let mut certificates: Vec<Vec<u8>> = others.collect();
    certificates.push(own.sign(&key(0)));
    replica.enrol(identity, &certificates).unwrap();
    replica
}

fn received() -> EventBody {
    EventBody::Received {
        bin: BinId::from_bytes([1; 16]),
        goods: Goods::of(ItemId::from_bytes([2; 16])),
        quantity: Quantity::ONE,
    }
}

fn commit(replica: &mut Replica, body: EventBody, edits: Vec<RecordEdit>) {
    let commit = Commit {
        operator: Some(OPERATOR),
        site: Some(SITE),
        events: vec![body.into()],
        edits,
        ..Commit::default()
    };
    replica.commit(commit, T0).unwrap();
}

fn bin_edit() -> RecordEdit {
    let bin = Bin {
        id: BinId::from_bytes([1; 16]),
        code: "A-1".into(),
        zone: ZoneId::from_bytes([1; 16]),
        site: SITE,
        room: Room::default(),
    };
    RecordEdit {
        partition: Partition::Site(SITE),
        kind: RecordKind::Bin,
        id: bin.id.into(),
        fields: bin.to_fields(),
    }
}

#[test]
fn a_counter_takes_records_from_extracts_and_no_segment_with_events() {
    let here = Partition::Site(SITE);
    let mut hub = Hub::default();
    let mut other = device(1);
    // One segment with an event and a record.
    commit(&mut other, received(), vec![bin_edit()]);
    hub.push(&mut other, here);
    let whole = hub.log[&here].clone();
    let mut counter = counter();
    assert!(counter.counts_only());
    let refused = counter.ingest(here, EPOCH, &whole, T0).unwrap();
    assert_eq!(refused.rejected, Some(Rejected::OtherRole));
    assert_eq!(counter.cursor(here).unwrap().unwrap().number, 0);

    let extracts: Vec<Accepted> = whole
        .iter()
        .map(|entry| entry.clone().extract(&key(0), |part| !part.is_journal))
        .collect();
    let done = counter.ingest(here, EPOCH, &extracts, T0).unwrap();
    assert_eq!((done.rejected, done.entries), (None, 1));
    assert_eq!(counter.query().bin_count(SITE).unwrap(), 1);
    assert_eq!(counter.query().event_count().unwrap(), 0);
    // Who holds stock does not take part of a segment for all of it.
    let mut ordinary = device(2);
    let refused = ordinary.ingest(here, EPOCH, &extracts, T0).unwrap();
    assert_eq!(refused.rejected, Some(Rejected::OtherRole));

    // It hands on nothing of the site, and takes nothing that was not extracted.
    assert_eq!(counter.log_after(here, 0, 1 << 20).unwrap().0, []);
    counter.restart_cursor(here, [9; 16]).unwrap();
    let carried = counter.carried(here, &Default::default(), 1 << 20).unwrap();
    assert_eq!(carried, (Vec::new(), false));
    let segments = whole.into_iter().filter_map(|e| e.segment);
    let segments: Vec<Segment> = segments.collect();
    let taken = counter.take_carried(here, &segments, T0).unwrap();
    assert_eq!(taken.fresh, 0);
}

#[test]
fn a_counter_folds_its_work_and_no_stock() {
    let here = Partition::Site(SITE);
    let mut counter = counter();
    let counted = EventBody::Counted {
        bin: BinId::from_bytes([1; 16]),
        lines: vec![CountedLine {
            item: ItemId::from_bytes([2; 16]),
            lot: None,
            counted: Quantity::ONE,
        }],
        whole_bin: true,
    };
    commit(&mut counter, counted, Vec::new());
    let nothing = |counter: &Replica| {
        let query = counter.query();
        assert_eq!(query.event_count().unwrap(), 1);
        let bin = BinId::from_bytes([1; 16]);
        assert_eq!(query.stock_of_bin(bin).unwrap(), []);
        let all = ExceptionFilter::default();
        assert_eq!(query.exceptions(&all, 9).unwrap(), []);
    };
    nothing(&counter);
    let mut hub = Hub::default();
    hub.push(&mut counter, here);
    hub.pull(&mut counter, here);
    counter.rebuild().unwrap();
    nothing(&counter);
    // The same work is a variance for who holds stock.
    let mut ordinary = device(1);
    let own = Certificate {
        role: Role::Counter,
        ..certificate(6, &key(6))
    };
    ordinary.learn(&[own.sign(&key(0))]).unwrap();
    assert!(!ordinary.counts_only());
    hub.pull(&mut ordinary, here);
    let all = ExceptionFilter::default();
    let found = ordinary.query().exceptions(&all, 9).unwrap();
    assert_eq!(found[0].finding.kind, ExceptionKind::CountVariance);
}

#[test]
fn a_used_file_does_not_change_its_kind() {
    let mut used = device(1);
    assert_eq!(used.may_become().unwrap(), (true, true));
    commit(&mut used, received(), Vec::new());
    assert_eq!(used.may_become().unwrap(), (false, true));
    let mut fresh = counter();
    assert_eq!(fresh.may_become().unwrap(), (true, true));
    // Nothing was done with it: it may be enrolled as another.
    let identity = device(2).identity().unwrap().clone();
    let ordinary = certificate(2, &key(2)).sign(&key(0));
    fresh.enrol(identity, &[ordinary]).unwrap();
    assert!(!fresh.counts_only());
    let mut counting = counter();
    let note = EventBody::SetAside {
        code: "?".into(),
        bin: None,
        quantity: Quantity::ONE,
    };
    commit(&mut counting, note, Vec::new());
    let identity = device(2).identity().unwrap().clone();
    let ordinary = certificate(2, &key(2)).sign(&key(0));
    let refused = counting.enrol(identity, &[ordinary]);
    assert!(matches!(refused, Err(ReplicaError::OtherRole)));
    assert!(counting.counts_only());
}
