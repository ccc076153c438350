//! Replicas that exchange segments through a hub in memory.

mod attached;
mod blobs;
mod counter;
mod custody;
mod exchange;
mod known;
mod only_here;
mod order;
mod places;
mod quarantine;
mod renew;
mod review;
mod rights;
mod scope;
mod snapshot;
mod snapshot_quarantine;
mod stocktake;
mod tallies;

use documents::catalogue::{Bin, Device, Handling, Item, Operator, Room, Site};
use documents::certificate::Role;
use documents::segment::{Accepted, Segment, SegmentStatus};
use documents::{Certificate, FieldEdit, Partition, RecordId, RecordKind, SigningKey};
use domain::event::EventBody;
use domain::ledger::{ExceptionKind, StockKey};
use domain::{
    BinId, ChainId, DeviceId, Goods, ItemId, OperatorId, OrganisationId, Quantity, SiteId, UnitId,
    ZoneId,
};

use super::*;
use crate::query::ExceptionFilter;

const T0: i64 = 1_790_000_000_000;
const ORGANISATION: OrganisationId = OrganisationId::from_bytes([0xaa; 16]);
const SITE: SiteId = SiteId::from_bytes([0x51; 16]);
const OPERATOR: OperatorId = OperatorId::from_bytes([0x0b; 16]);
const EPOCH: [u8; 16] = [0xe0; 16];

fn certificate(n: u8, key: &SigningKey) -> Certificate {
    Certificate {
        organisation: ORGANISATION,
        device: DeviceId::from_bytes([n; 16]),
        key: key.public(),
        shared_chain: ChainId::from_bytes([n; 16]),
        site: SITE,
        site_chain: ChainId::from_bytes([0x80 | n; 16]),
        role: if n == 0 { Role::Server } else { Role::Handheld },
        issued_at: T0,
        copy_of: None,
    }
}

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n + 1; 32])
}

fn enrolled(n: u8, options: OpenOptions, others: u8) -> Replica {
    let mut replica = Replica::open(options).unwrap();
    let identity = Identity {
        organisation: ORGANISATION,
        device: DeviceId::from_bytes([n; 16]),
        device_name: format!("device {n}"),
        site: SITE,
        key: key(n),
        server_key: key(0).public(),
        server_url: String::new(),
        pinned_certificate: None,
        token: String::new(),
        pepper: [0; 32],
    };
    let certificates: Vec<Vec<u8>> = (0..=others)
        .map(|i| certificate(i, &key(i)).sign(&key(0)))
        .collect();
    replica.enrol(identity, &certificates).unwrap();
    replica
}

fn device(n: u8) -> Replica {
    enrolled(n, OpenOptions::memory([n; 8]), 5)
}

/// Accepts everything in the order of arrival.
#[derive(Default)]
struct Hub {
    log: std::collections::BTreeMap<Partition, Vec<Accepted>>,
}

impl Hub {
    fn push(&mut self, from: &mut Replica, partition: Partition) {
        from.seal(partition).unwrap();
        let after = from.accepted_seq(partition).unwrap();
        for segment in from
            .own_segments_after(partition, after, usize::MAX)
            .unwrap()
        {
            self.accept(partition, segment);
        }
    }

    fn accept(&mut self, partition: Partition, segment: Segment) {
        let log = self.log.entry(partition).or_default();
        if log.iter().any(|a| a.hash == segment.hash()) {
            return;
        }
        let number = log.len() as u64 + 1;
        log.push(Accepted::sign(
            number,
            T0 + 500_000 + number as i64,
            SegmentStatus::Live,
            segment,
            &key(0),
        ));
    }

    fn pull(&self, to: &mut Replica, partition: Partition) -> Ingested {
        let entries = self.log.get(&partition).cloned().unwrap_or_default();
        to.ingest(partition, EPOCH, &entries, T0 + 600_000).unwrap()
    }

    fn sync(&mut self, replicas: &mut [&mut Replica]) {
        for partition in [Partition::Shared, Partition::Site(SITE)] {
            for replica in replicas.iter_mut() {
                self.push(replica, partition);
            }
            for replica in replicas.iter_mut() {
                assert_eq!(self.pull(replica, partition).rejected, None);
            }
        }
    }
}

fn bin_id(n: u8) -> BinId {
    BinId::from_bytes([n; 16])
}

fn item_id(n: u8) -> ItemId {
    ItemId::from_bytes([0x40 | n; 16])
}

fn create_item(n: u8, name_zh: &str) -> RecordEdit {
    let item = Item {
        id: item_id(n),
        sku: format!("SKU-{n}"),
        name_en: format!("Thing {n}"),
        name_zh: name_zh.into(),
        unit: "pcs".into(),
        decimals: 0,
        tracks_lot: false,
        tracks_serial: false,
        tracks_expiry: false,
        barcodes: [(format!("690123456789{n}"), Quantity::ONE)].into(),
        handling: Handling::default(),
        value: None,
        owner: None,
    };
    RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item.id.into(),
        fields: item.to_fields(),
    }
}

fn create_bin(n: u8) -> RecordEdit {
    let bin = Bin {
        id: bin_id(n),
        code: format!("A-{n:02}"),
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

fn edits(edits: Vec<RecordEdit>) -> Commit {
    Commit {
        edits,
        ..Commit::default()
    }
}

fn events(bodies: Vec<EventBody>) -> Commit {
    Commit {
        operator: Some(OPERATOR),
        site: Some(SITE),
        events: bodies.into_iter().map(NewEvent::from).collect(),
        ..Commit::default()
    }
}

fn units(n: i64) -> Quantity {
    Quantity::from_units(n).unwrap()
}

fn receive(b: u8, i: u8, n: i64) -> EventBody {
    EventBody::Received {
        bin: bin_id(b),
        goods: Goods::of(item_id(i)),
        quantity: units(n),
    }
}

fn issue(b: u8, i: u8, n: i64) -> EventBody {
    EventBody::Issued {
        bin: bin_id(b),
        goods: Goods::of(item_id(i)),
        quantity: units(n),
    }
}

fn pile(b: u8, i: u8) -> StockKey {
    StockKey {
        bin: bin_id(b),
        item: item_id(i),
        lot: None,
    }
}

#[test]
fn what_is_committed_is_found_and_waits_to_be_sent() {
    let mut a = device(1);
    a.commit(edits(vec![create_item(1, "扳手"), create_bin(1)]), T0)
        .unwrap();
    a.commit(events(vec![receive(1, 1, 10)]), T0 + 1).unwrap();
    a.commit(events(vec![issue(1, 1, 3)]), T0 + 2).unwrap();
    let q = a.query();
    assert_eq!(q.balance(SITE, &pile(1, 1)).unwrap(), units(7));
    assert_eq!(q.balance_at(SITE, &pile(1, 1), T0 + 1).unwrap(), units(10));
    assert_eq!(
        q.items_by_code("06901234567891").unwrap()[0].item.id,
        item_id(1)
    );
    assert_eq!(q.items_by_code("sku-1").unwrap().len(), 1);
    assert_eq!(q.bins_by_code(SITE, "a-01").unwrap().len(), 1);
    assert_eq!(q.search("扳手", 5).unwrap().len(), 1);
    assert_eq!(q.event_count().unwrap(), 2);
    assert_eq!(
        a.waiting().unwrap(),
        Waiting {
            events: 2,
            edits: 2
        }
    );
    a.seal(Partition::Shared).unwrap();
    a.seal(Partition::Site(SITE)).unwrap();
    assert_eq!(a.waiting().unwrap().events, 2, "sealed is not yet accepted");
}

#[test]
fn two_devices_and_a_server_end_with_equal_hashes_and_show_the_conflict() {
    let (mut server, mut a, mut b) = (device(0), device(1), device(2));
    let mut hub = Hub::default();
    let lp = Goods {
        unit: Some(UnitId::plate("LP-1")),
        ..Goods::of(item_id(1))
    };
    server
        .commit(
            edits(vec![create_item(1, "扳手"), create_bin(1), create_bin(2)]),
            T0,
        )
        .unwrap();
    server
        .commit(
            events(vec![EventBody::Received {
                bin: bin_id(1),
                goods: lp.clone(),
                quantity: units(1),
            }]),
            T0,
        )
        .unwrap();
    hub.sync(&mut [&mut server, &mut a, &mut b]);
    assert_eq!(
        a.state_hash(SITE).unwrap(),
        server.state_hash(SITE).unwrap()
    );

    // Cut off: both issue the unit and rename the item.
    for (replica, name, at) in [(&mut a, "活动扳手", T0 + 10), (&mut b, "呆扳手", T0 + 20)] {
        let out = EventBody::Issued {
            bin: bin_id(1),
            goods: lp.clone(),
            quantity: units(1),
        };
        replica.commit(events(vec![out]), at).unwrap();
        let rename = RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Item,
            id: item_id(1).into(),
            fields: vec![FieldEdit::set("name_zh", name)],
        };
        replica.commit(edits(vec![rename]), at).unwrap();
    }
    assert_ne!(a.state_hash(SITE).unwrap(), b.state_hash(SITE).unwrap());
    hub.sync(&mut [&mut a, &mut b, &mut server]);
    for replica in [&a, &b, &server] {
        assert_eq!(
            replica.state_hash(SITE).unwrap(),
            server.state_hash(SITE).unwrap()
        );
        assert_eq!(replica.waiting().unwrap().total(), 0);
        let open = replica
            .query()
            .exceptions(
                &ExceptionFilter {
                    open_only: true,
                    ..Default::default()
                },
                10,
            )
            .unwrap();
        assert_eq!(open[0].finding.kind, ExceptionKind::UnitIssuedTwice);
        assert_eq!(replica.query().evidence(&open[0]).unwrap().len(), 2);
        let conflicts = replica.query().field_conflicts().unwrap();
        assert_eq!((conflicts.len(), conflicts[0].values.len()), (1, 2));
        assert_eq!(conflicts[0].path, "name_zh");
    }
    // A choice settles the field everywhere.
    let choose = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item_id(1).into(),
        fields: vec![FieldEdit::set("name_zh", "活动扳手")],
    };
    server.commit(edits(vec![choose]), T0 + 30).unwrap();
    hub.sync(&mut [&mut server, &mut a, &mut b]);
    assert!(b.query().field_conflicts().unwrap().is_empty());
    assert_eq!(
        b.query().item(item_id(1)).unwrap().unwrap().name_zh,
        "活动扳手"
    );
}

#[test]
fn rebuilding_from_the_changes_gives_the_identical_hash() {
    let (mut a, mut b) = (device(1), device(2));
    let mut hub = Hub::default();
    a.commit(
        edits(vec![
            create_item(1, "一"),
            create_item(2, "二"),
            create_bin(1),
        ]),
        T0,
    )
    .unwrap();
    for n in 0..40 {
        a.commit(events(vec![receive(1, 1, 2), issue(1, 2, 1)]), T0 + n)
            .unwrap();
        b.commit(events(vec![issue(1, 1, 1)]), T0 + n).unwrap();
        if n % 10 == 3 {
            hub.sync(&mut [&mut a, &mut b]);
        }
    }
    // Some of it is sealed, some not.
    let before = a.state_hash(SITE).unwrap();
    let waiting = a.waiting().unwrap();
    assert!(waiting.events > 0);
    a.rebuild().unwrap();
    assert_eq!(a.state_hash(SITE).unwrap(), before);
    assert_eq!(a.waiting().unwrap(), waiting);
    a.commit(events(vec![receive(1, 1, 1)]), T0 + 100).unwrap();
    hub.sync(&mut [&mut a, &mut b]);
    assert_eq!(a.state_hash(SITE).unwrap(), b.state_hash(SITE).unwrap());
}

#[test]
fn journals_roll_over_by_day_and_by_size_and_go_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    let db_key = DatabaseKey::from_bytes([9; 32]);
    // Each start of the program draws its identities anew.
    let mut starts = 0u8;
    let mut open = || {
        starts += 1;
        enrolled(
            1,
            OpenOptions::file(&path, Some(db_key.clone()), [starts; 8]),
            5,
        )
    };
    let mut a = open();
    let mut b = device(2);
    let mut hub = Hub::default();
    let mut total = 0;
    for (day, count) in [(0, 700), (0, 700), (1, 30), (9, 5)] {
        a.commit(
            events((0..count).map(|_| receive(1, 1, 1)).collect()),
            T0 + day * 86_400_000,
        )
        .unwrap();
        total += count;
        drop(a);
        a = open();
        if day == 0 {
            hub.sync(&mut [&mut a, &mut b]);
        }
    }
    let hash = a.state_hash(SITE).unwrap();
    drop(a);
    a = open();
    assert_eq!(a.state_hash(SITE).unwrap(), hash);
    // Time has run on since the last acceptance.
    for partition in [Partition::Shared, Partition::Site(SITE)] {
        hub.push(&mut a, partition);
        hub.pull(&mut a, partition);
        hub.pull(&mut b, partition);
    }
    assert_eq!(b.query().balance(SITE, &pile(1, 1)).unwrap(), units(total));
    assert_eq!(a.state_hash(SITE).unwrap(), b.state_hash(SITE).unwrap());
}

#[test]
fn duplicates_and_reordered_deliveries_change_nothing() {
    let (mut a, mut b) = (device(1), device(2));
    let mut hub = Hub::default();
    for n in 0..5 {
        a.commit(events(vec![receive(1, 1, 1)]), T0 + n).unwrap();
        hub.push(&mut a, Partition::Site(SITE));
    }
    let log = hub.log[&Partition::Site(SITE)].clone();
    assert_eq!(log.len(), 5);
    let mut swapped = log.clone();
    swapped.swap(1, 3);
    let got = b
        .ingest(Partition::Site(SITE), EPOCH, &swapped, T0)
        .unwrap();
    assert_eq!((got.entries, got.rejected), (1, Some(Rejected::Gap)));
    for _ in 0..2 {
        b.ingest(Partition::Site(SITE), EPOCH, &log, T0).unwrap();
    }
    assert_eq!(b.query().balance(SITE, &pile(1, 1)).unwrap(), units(5));
    assert_eq!(b.query().event_count().unwrap(), 5);
}

#[test]
fn a_device_that_was_put_back_and_wrote_on_does_not_take_in_what_it_had_written() {
    let site = Partition::Site(SITE);
    let (mut hub, mut before) = (Hub::default(), device(1));
    before.commit(events(vec![receive(1, 1, 5)]), T0).unwrap();
    hub.push(&mut before, site);
    let mut put_back = device(1);
    put_back
        .commit(events(vec![receive(1, 1, 3)]), T0 + 1)
        .unwrap();
    let taken = hub.pull(&mut put_back, site);
    assert_eq!((taken.entries, taken.rejected), (0, Some(Rejected::Fork)));
    // Nothing was written since: it reads what it had written, and goes on after it.
    let mut idle = device(1);
    assert_eq!(hub.pull(&mut idle, site).rejected, None);
    let next = idle.commit(events(vec![issue(1, 1, 1)]), T0 + 2).unwrap();
    assert_eq!(next.events[0].0.number, 2);
}

#[test]
fn forged_foreign_and_unvouched_segments_are_kept_out() {
    let (mut a, mut b) = (device(1), device(2));
    let site = Partition::Site(SITE);
    a.commit(events(vec![receive(1, 1, 1)]), T0).unwrap();
    a.seal(site).unwrap();
    let segment = a.own_segments_after(site, 0, usize::MAX).unwrap().remove(0);
    let accept = |segment: Segment, hub: &SigningKey| {
        Accepted::sign(1, T0, SegmentStatus::Live, segment, hub)
    };

    let not_hub = b
        .ingest(site, EPOCH, &[accept(segment.clone(), &key(3))], T0)
        .unwrap();
    assert_eq!(not_hub.rejected, Some(Rejected::NotSignedByHub));

    let header = segment.header().unwrap();
    let forged = Segment::seal(header.clone(), &segment.body().unwrap(), &key(3));
    let got = b
        .ingest(site, EPOCH, &[accept(forged, &key(0))], T0)
        .unwrap();
    assert!(
        matches!(got.rejected, Some(Rejected::Segment(_))),
        "{got:?}"
    );

    let elsewhere = Segment::seal(
        documents::SegmentHeader {
            organisation: OrganisationId::from_bytes([1; 16]),
            ..header.clone()
        },
        &segment.body().unwrap(),
        &key(1),
    );
    let got = b
        .ingest(site, EPOCH, &[accept(elsewhere, &key(0))], T0)
        .unwrap();
    assert_eq!(got.rejected, Some(Rejected::Foreign));

    let stranger = Segment::seal(
        documents::SegmentHeader {
            chain: ChainId::from_bytes([0x77; 16]),
            ..header
        },
        &segment.body().unwrap(),
        &key(1),
    );
    let got = b
        .ingest(site, EPOCH, &[accept(stranger, &key(0))], T0)
        .unwrap();
    assert_eq!(got.rejected, Some(Rejected::UnknownChain));

    assert_eq!(b.query().event_count().unwrap(), 0);
    let good = b
        .ingest(site, EPOCH, &[accept(segment, &key(0))], T0)
        .unwrap();
    assert_eq!((good.entries, good.rejected), (1, None));
    assert_eq!(b.query().event_count().unwrap(), 1);
}

#[test]
fn a_chain_becomes_known_through_the_device_record_that_the_server_signed() {
    let mut server = device(0);
    let mut late = enrolled(2, OpenOptions::memory([2; 8]), 0);
    let mut hub = Hub::default();
    let newcomer = certificate(5, &key(5));
    let record = Device {
        id: newcomer.device,
        name: "PDA 5".into(),
        certificate: newcomer.sign(&key(0)),
        revoked: false,
    };
    let edit = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Device,
        id: record.id.into(),
        fields: record.to_fields(),
    };
    server.commit(edits(vec![edit]), T0).unwrap();
    assert!(late.chain(newcomer.site_chain).is_none());
    hub.push(&mut server, Partition::Shared);
    hub.pull(&mut late, Partition::Shared);
    assert_eq!(
        late.chain(newcomer.site_chain).unwrap().device,
        newcomer.device
    );
}

#[test]
fn an_edit_that_comes_before_its_record_waits_and_is_counted() {
    let (mut a, mut b, mut c) = (device(1), device(2), device(3));
    let mut hub = Hub::default();
    a.commit(edits(vec![create_item(1, "扳手")]), T0).unwrap();
    hub.sync(&mut [&mut a, &mut b]);
    let rename = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item_id(1).into(),
        fields: vec![FieldEdit::set("name_zh", "活动扳手")],
    };
    b.commit(edits(vec![rename]), T0 + 1).unwrap();
    hub.push(&mut b, Partition::Shared);
    // Another hub has the edit first.
    let mut other = Hub::default();
    for entry in hub.log[&Partition::Shared].iter().rev() {
        other.accept(Partition::Shared, entry.segment.clone().unwrap());
        other.pull(&mut c, Partition::Shared);
        let waiting = c.query().waiting_record_count().unwrap();
        let here = c.query().item(item_id(1)).unwrap();
        assert_eq!(waiting == 0, here.is_some());
    }
    assert_eq!(
        c.query().item(item_id(1)).unwrap().unwrap().name_zh,
        "活动扳手"
    );
}

#[test]
fn quarantined_events_wait_on_every_replica() {
    let (mut a, mut b) = (device(1), device(2));
    let site = Partition::Site(SITE);
    a.commit(events(vec![receive(1, 1, 1)]), T0).unwrap();
    a.seal(site).unwrap();
    let segment = a.own_segments_after(site, 0, usize::MAX).unwrap().remove(0);
    let entry = Accepted::sign(1, T0 + 5, SegmentStatus::Quarantined, segment, &key(0));
    for replica in [&mut a, &mut b] {
        replica
            .ingest(site, EPOCH, std::slice::from_ref(&entry), T0)
            .unwrap();
        assert_eq!(
            replica.query().balance(SITE, &pile(1, 1)).unwrap(),
            Quantity::ZERO
        );
        assert_eq!(
            replica.query().event_count().unwrap(),
            1,
            "kept, not counted"
        );
    }
    assert_eq!(a.state_hash(SITE).unwrap(), b.state_hash(SITE).unwrap());
    b.rebuild().unwrap();
    assert_eq!(a.state_hash(SITE).unwrap(), b.state_hash(SITE).unwrap());

    // A hub that was put back judges anew, and may find otherwise.
    let segment = a.own_segments_after(site, 0, usize::MAX).unwrap().remove(0);
    let entry = Accepted::sign(1, T0 + 9, SegmentStatus::Live, segment, &key(0));
    for replica in [&mut a, &mut b] {
        replica.restart_cursor(site, EPOCH).unwrap();
        replica
            .ingest(site, EPOCH, std::slice::from_ref(&entry), T0)
            .unwrap();
        assert_eq!(
            replica.query().balance(SITE, &pile(1, 1)).unwrap(),
            units(1)
        );
        assert_eq!(
            replica.acceptance(site, 1).unwrap(),
            Some((T0 + 9, SegmentStatus::Live))
        );
        let before = replica.state_hash(SITE).unwrap();
        replica.rebuild().unwrap();
        assert_eq!(replica.state_hash(SITE).unwrap(), before);
    }
}

#[test]
fn a_failed_commit_writes_nothing_and_the_next_one_goes_on() {
    let mut a = device(1);
    let bad = events(vec![receive(1, 1, 1), receive(1, 1, 0)]);
    assert!(matches!(a.commit(bad, T0), Err(ReplicaError::UnsoundEvent)));
    let unknown_map = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: RecordId([3; 16]),
        fields: vec![FieldEdit::set("nowhere/x", "1")],
    };
    let mixed = Commit {
        edits: vec![create_item(1, "一"), unknown_map],
        ..events(vec![receive(1, 1, 1)])
    };
    assert!(matches!(
        a.commit(mixed, T0),
        Err(ReplicaError::Document(_))
    ));
    assert_eq!(a.waiting().unwrap(), Waiting::default());
    assert!(a.query().item(item_id(1)).unwrap().is_none());
    a.commit(events(vec![receive(1, 1, 1)]), T0).unwrap();
    assert_eq!(a.query().balance(SITE, &pile(1, 1)).unwrap(), units(1));
}

#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut a = enrolled(
        1,
        OpenOptions::file(dir.path().join("a.db"), None, [1; 8]),
        1,
    );
    a.commit(events(vec![receive(1, 1, 1)]), T0).unwrap();
    let pages: i64 = a
        .connection
        .pragma_query_value(None, "page_count", |r| r.get(0))
        .unwrap();
    a.connection
        .pragma_update(None, "max_page_count", pages + 1)
        .unwrap();
    let mut written = 1;
    let error = loop {
        match a.commit(
            events((0..50).map(|_| receive(1, 1, 1)).collect()),
            T0 + written,
        ) {
            Ok(_) => written += 50,
            Err(error) => break error,
        }
        assert!(written < 100_000);
    };
    assert_eq!(error.code(), "disk-full");
    assert_eq!(
        a.query().balance(SITE, &pile(1, 1)).unwrap(),
        units(written)
    );
    a.connection
        .pragma_update(None, "max_page_count", pages + 10_000)
        .unwrap();
    a.commit(events(vec![receive(1, 1, 1)]), T0 + 9).unwrap();
    assert_eq!(
        a.query().balance(SITE, &pile(1, 1)).unwrap(),
        units(written + 1)
    );
}

#[test]
fn people_and_places_are_read_back() {
    let mut server = device(0);
    let operator = Operator {
        id: OPERATOR,
        name: "王芳".into(),
        badge: "B-7".into(),
        pin_verifier: String::new(),
        active: true,
        grants: Default::default(),
    };
    let site = Site {
        id: SITE,
        code: "LEJ1".into(),
        name_en: "Leipzig".into(),
        name_zh: "莱比锡".into(),
        time_zone: "Europe/Berlin".into(),
    };
    let edit = |kind, id: RecordId, fields| RecordEdit {
        partition: Partition::Shared,
        kind,
        id,
        fields,
    };
    server
        .commit(
            edits(vec![
                edit(
                    RecordKind::Operator,
                    operator.id.into(),
                    operator.to_fields(),
                ),
                edit(RecordKind::Site, site.id.into(), site.to_fields()),
            ]),
            T0,
        )
        .unwrap();
    assert_eq!(
        server.query().operator_by_badge(" B-7").unwrap(),
        Some(operator)
    );
    assert_eq!(server.query().operator_by_badge("").unwrap(), None);
    assert_eq!(server.query().sites().unwrap(), [site]);
}

#[test]
fn a_handheld_cannot_write_people_sites_or_devices() {
    let mut a = device(1);
    let forged = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Operator,
        id: OPERATOR.into(),
        fields: vec![FieldEdit::set("pin_verifier", "mine")],
    };
    assert_eq!(
        a.commit(edits(vec![forged]), T0).unwrap_err().code(),
        "not-allowed"
    );
}

#[test]
fn drafts_and_settings_stay_on_the_device() {
    let mut a = device(1);
    let put = DraftChange::Put {
        name: "wang".into(),
        content: "{}".into(),
    };
    a.commit(
        Commit {
            draft: Some(put),
            ..events(vec![receive(1, 1, 1)])
        },
        T0,
    )
    .unwrap();
    assert_eq!(a.query().drafts().unwrap().len(), 1);
    a.set_draft(
        &DraftChange::Clear {
            name: "wang".into(),
        },
        T0,
    )
    .unwrap();
    assert!(a.query().drafts().unwrap().is_empty());
    a.set_setting("language", "zh").unwrap();
    assert_eq!(
        a.query().setting("language").unwrap().as_deref(),
        Some("zh")
    );
}

#[test]
fn a_change_that_cannot_be_applied_is_noted_and_the_rest_of_the_log_is_read() {
    use documents::body::{Body, Part};
    let (mut a, mut b) = (device(1), device(2));
    let chain = a.own_chain(Partition::Shared).unwrap();
    let id = RecordId([0x33; 16]);
    // Two first changes by one writer: no honest program makes them.
    let first = |sku: &str| {
        let fields = [FieldEdit::set("sku", sku)];
        let counting = documents::record::Counting::ALL;
        let edited = documents::record::edit(&[], RecordKind::Item, chain, &fields, &counting);
        edited.unwrap().unwrap().change.raw_bytes().to_vec()
    };
    let body = Body {
        parts: vec![Part::record(id, vec![first("GOOD"), first("TWICE")])],
    };
    let identity = a.identity().unwrap().clone();
    let header = documents::SegmentHeader {
        organisation: identity.organisation,
        partition: Partition::Shared,
        chain,
        seq: 1,
        previous: documents::SegmentHash::default(),
        changes: 2,
        body_hash: [0; 32],
    };
    let mut hub = Hub::default();
    hub.accept(
        Partition::Shared,
        Segment::seal(header, &body, &identity.key),
    );
    assert_eq!(hub.pull(&mut b, Partition::Shared).rejected, None);
    let noted: i64 = b
        .connection
        .query_row("SELECT count(*) FROM unreadable", [], |r| r.get(0))
        .unwrap();
    assert_eq!(noted, 1);
    let item = b.query().item(ItemId::from_bytes(id.0)).unwrap();
    assert_eq!(item.map(|i| i.sku), Some("GOOD".to_owned()));
    // Whoever folds again finds the same.
    let before = b.state_hash(SITE).unwrap();
    b.rebuild().unwrap();
    assert_eq!(b.state_hash(SITE).unwrap(), before);
    hub.pull(&mut a, Partition::Shared);
    assert_eq!(
        a.partition_hash(Partition::Shared).unwrap(),
        b.partition_hash(Partition::Shared).unwrap()
    );
}
