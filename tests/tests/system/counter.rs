//! A device that only counts holds no stock: not in its file, not on the wire, not from a neighbour, not from a file.

use documents::body::Body;
use documents::segment::Segment;
use documents::{LineAsked, Order, Partition, RecordKind, Role, SigningKey, journal};
use domain::event::EventHash;
use domain::ledger::ExceptionKind;
use domain::{
    CountedLine, EventBody, Goods, OperatorId, OrderFinished, OrderId, OrderLine, OrderStep,
    OrderType, Quantity, UnixMillis,
};
use protocol::{Becomes, EnrolRequest, PeerMessage, RefusalCode, SyncReply};
use replica::query::ExceptionFilter;
use replica::{Commit, RecordEdit};
use testkit::random::Random;
use tests::fleet::{Handheld, HubHost, SITE, T0, Wire, bin, bin_edit, item, item_edit};

const HERE: Partition = Partition::Site(SITE);
const MINUTE: i64 = 60_000;
/// Found nowhere else, in whatever is written down.
const LOT: &str = "LOT-ZEBRA-7731";
const QUANTITY: Quantity = Quantity::from_thousandths(7_731_113);
const COUNT: OrderId = OrderId::from_bytes([0xc1; 16]);
const RECOUNT: OrderId = OrderId::from_bytes([0xc2; 16]);
const DELIVERY: OrderId = OrderId::from_bytes([0xd1; 16]);
const FIRST_COUNTER: OperatorId = OperatorId::from_bytes([0x71; 16]);

/// Whether what was planted is in these bytes: the lot, or the quantity as CBOR has it.
fn tells(bytes: &[u8]) -> bool {
    let quantity = minicbor_int(QUANTITY.thousandths());
    let has = |what: &[u8]| bytes.windows(what.len()).any(|w| w == what);
    has(LOT.as_bytes()) || has(&quantity)
}

/// CBOR of an integer of four bytes.
fn minicbor_int(n: i64) -> Vec<u8> {
    let n = u32::try_from(n).unwrap();
    [&[0x1a][..], &n.to_be_bytes()].concat()
}

/// A body unpacked, its events in full; anything else as it is.
fn laid_open(bytes: &[u8]) -> Vec<u8> {
    let mut open = bytes.to_vec();
    let Ok(body) = Body::from_bytes(bytes) else {
        return open;
    };
    for part in &body.parts {
        for change in part.unpack().unwrap_or_default() {
            open.extend(format!("{:?}", change.decode().operations).into_bytes());
            let event = journal::event_of(&change).and_then(|found| found.record);
            open.extend(event.map(|record| record.to_bytes()).unwrap_or_default());
        }
    }
    open
}

/// Whether any value of any row of a device's file tells it.
fn file_tells(device: &Handheld) -> bool {
    let (path, key) = device.file();
    let file = rusqlite::Connection::open(path).unwrap();
    let hex: String = key.iter().map(|b| format!("{b:02x}")).collect();
    file.pragma_update(None, "key", format!("x'{hex}'"))
        .unwrap();
    let tables: Vec<String> = file
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
        .unwrap()
        .query_map([], |r| r.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    let number = QUANTITY.thousandths();
    for table in tables {
        let mut statement = file.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(r) = rows.next().unwrap() {
            for column in 0..columns {
                let told = match r.get_ref(column).unwrap() {
                    rusqlite::types::ValueRef::Integer(n) => n == number,
                    rusqlite::types::ValueRef::Text(text) => tells(text),
                    rusqlite::types::ValueRef::Blob(blob) => tells(&laid_open(blob)),
                    _ => false,
                };
                if told {
                    return true;
                }
            }
        }
    }
    false
}

/// Whether anything that the hub said to a device tells it.
fn wire_tells(device: &Handheld) -> bool {
    let segment = |segment: &Segment| tells(&laid_open(segment.body_bytes()));
    device.heard.iter().any(|bytes| {
        let reply = SyncReply::from_bytes(bytes).unwrap();
        let entries = reply.partitions.iter().flat_map(|part| &part.entries);
        tells(bytes) || entries.filter_map(|e| e.segment.as_ref()).any(segment)
    })
}

fn order(id: OrderId, kind: OrderType, code: &str) -> Order {
    Order {
        stocktake: None,
        id,
        site: SITE,
        kind,
        code: code.into(),
        party: String::new(),
        note: String::new(),
        due: 0,
        cancelled: false,
        blind: true,
        assigned: None,
        counted_by: Vec::new(),
        to_site: None,
        lines: (1..=2)
            .map(|n| {
                let line = LineAsked {
                    bin: Some(bin(n as u8 - 1)),
                    ..LineAsked::default()
                };
                (n, line)
            })
            .collect(),
    }
}

fn order_edit(order: &Order) -> RecordEdit {
    RecordEdit {
        partition: HERE,
        kind: RecordKind::Order,
        id: order.id.into(),
        fields: order.to_fields(),
    }
}

fn line(order: OrderId, line: u32) -> OrderLine {
    OrderLine { order, line }
}

fn counted(n: u8, found: i64) -> EventBody {
    EventBody::Counted {
        bin: bin(n),
        lines: vec![CountedLine {
            item: item(0),
            lot: None,
            counted: Quantity::from_thousandths(found * 1_000),
        }],
        whole_bin: true,
    }
}

struct Floor {
    _folder: tempfile::TempDir,
    host: HubHost,
    /// Two that hold stock, and one that counts.
    devices: Vec<Handheld>,
    random: Random,
    now: UnixMillis,
}

impl Floor {
    /// A site with goods in its bins, a delivery to come, a blind count and a recount.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = HubHost::start(folder.path()).unwrap();
        let delivery = Order {
            lines: [(
                1,
                LineAsked {
                    item: Some(item(0)),
                    lot: LOT.into(),
                    bin: None,
                    asked: QUANTITY,
                },
            )]
            .into(),
            ..order(DELIVERY, OrderType::Inbound, "PO-1")
        };
        let recount = Order {
            counted_by: vec![FIRST_COUNTER],
            ..order(RECOUNT, OrderType::Count, "C-2")
        };
        let orders = [order(COUNT, OrderType::Count, "C-1"), recount, delivery];
        let edits = (0..3).map(item_edit).chain((0..3).map(bin_edit));
        let commit = Commit {
            edits: edits.chain(orders.iter().map(order_edit)).collect(),
            ..Commit::default()
        };
        host.get().commit(commit, T0).unwrap();
        let roles = [Role::Handheld, Role::Handheld, Role::Counter];
        let devices = (1..)
            .zip(roles)
            .map(|(n, role)| Handheld::enrol_as(folder.path(), host.get(), n, role, T0).unwrap());
        let devices = devices.collect();
        let mut floor = Self {
            _folder: folder,
            host,
            devices,
            random: Random::new(7),
            now: T0,
        };
        let goods = Goods {
            lot: Some(LOT.into()),
            ..Goods::of(item(0))
        };
        let received = EventBody::Received {
            bin: bin(0),
            goods,
            quantity: QUANTITY,
        };
        let now = floor.later();
        floor.devices[0].record(vec![received], now).unwrap();
        for n in [0, 1, 2] {
            floor.sync(n);
        }
        floor
    }

    fn later(&mut self) -> UnixMillis {
        self.now += MINUTE;
        self.now
    }

    fn sync(&mut self, n: usize) {
        let now = self.later();
        self.host.get().pump(now).unwrap();
        let device = &mut self.devices[n];
        let done = device.exchange(self.host.get(), Wire::Good, now, &mut self.random);
        assert!(done.unwrap());
        self.host.get().pump(now).unwrap();
    }

    fn counter(&mut self) -> &mut Handheld {
        &mut self.devices[2]
    }

    fn holds_nothing(&self) {
        let counter = &self.devices[2];
        assert!(!wire_tells(counter), "on the wire");
        assert!(!file_tells(counter), "in the file");
        let query = counter.replica.query();
        for n in 0..3 {
            assert!(query.stock_of_bin(bin(n)).unwrap().is_empty());
        }
        assert!(query.stock_of_item(SITE, item(0)).unwrap().is_empty());
        let all = ExceptionFilter::default();
        assert_eq!(query.exceptions(&all, 10).unwrap(), []);
    }

    fn done(&self, n: usize, order: OrderId) -> Vec<(u32, i64)> {
        let query = self.devices[n].replica.query();
        let done = query.progress(SITE, order, OrderStep::Count).unwrap();
        let units = |(line, q): (u32, Quantity)| (line, q.thousandths() / 1_000);
        done.into_iter().map(units).collect()
    }
}

#[test]
fn a_counter_has_catalogue_and_counts_and_not_a_trace_of_stock() {
    let floor = Floor::new();
    // The same look finds it where it is.
    assert!(file_tells(&floor.devices[1]));
    assert!(wire_tells(&floor.devices[1]));
    floor.holds_nothing();

    let query = floor.devices[2].replica.query();
    assert_eq!(query.item_count().unwrap(), 3);
    assert_eq!(query.bin_count(SITE).unwrap(), 3);
    assert_eq!(query.event_count().unwrap(), 0);
    let recount = query.order(RECOUNT).unwrap().unwrap();
    assert_eq!(recount.counted_by, [FIRST_COUNTER]);
    assert!(recount.blind);
    assert_eq!(query.order(DELIVERY).unwrap(), None);
    let stand = |n: usize| floor.devices[n].replica.cursor(HERE).unwrap();
    assert_eq!(stand(2), stand(1), "it has read the whole log");
}

#[test]
fn what_it_counts_is_a_variance_on_the_server_and_none_on_itself() {
    let mut floor = Floor::new();
    let now = floor.later();
    let counter = floor.counter();
    counter.count(line(COUNT, 1), counted(0, 5), now).unwrap();
    floor.sync(2);
    let open = ExceptionFilter {
        kind: Some(ExceptionKind::CountVariance),
        ..ExceptionFilter::default()
    };
    {
        let replica = floor.host.get().replica().lock().unwrap();
        let found = replica.query().exceptions(&open, 10).unwrap();
        let of_lot = found.iter().find(|e| e.finding.book == Some(QUANTITY));
        assert_eq!(of_lot.unwrap().finding.counted, Some(Quantity::ZERO));
        assert_eq!(
            found.len(),
            2,
            "the lot that is not there, and what was found"
        );
    }
    assert_eq!(floor.devices[2].replica.waiting().unwrap().total(), 0);
    floor.sync(2);
    floor.holds_nothing();
    // It shows its own count after a fold from the beginning, too.
    floor.counter().replica.rebuild().unwrap();
    floor.holds_nothing();
    assert_eq!(floor.done(2, COUNT), [(1, 1)]);
    assert_eq!(floor.devices[2].replica.query().event_count().unwrap(), 1);
}

#[test]
fn it_is_told_how_far_others_have_counted_and_not_what_they_found() {
    let mut floor = Floor::new();
    let now = floor.later();
    let mut count = counted(1, 1);
    if let EventBody::Counted { lines, .. } = &mut count {
        lines[0].lot = Some(LOT.into());
        lines[0].counted = QUANTITY;
    }
    floor.devices[1].count(line(COUNT, 2), count, now).unwrap();
    floor.sync(1);
    floor.sync(2);
    assert_eq!(floor.done(2, COUNT), [(2, 1)]);
    let replies = floor.devices[2].heard.len();
    floor.sync(2);
    let last = SyncReply::from_bytes(&floor.devices[2].heard[replies]).unwrap();
    let here = last.partitions.iter().find(|part| part.partition == HERE);
    assert_eq!(here.unwrap().progress, None, "nothing is told twice");

    // Its own work and what others did add up, and who ends it goes on from what others had ended.
    let now = floor.later();
    let finished = |after: Vec<EventHash>| {
        EventBody::OrderFinished(OrderFinished {
            order: COUNT,
            step: OrderStep::Count,
            after,
            lines: Vec::new(),
        })
    };
    floor.devices[1]
        .record(vec![finished(Vec::new())], now)
        .unwrap();
    floor.sync(1);
    floor.sync(2);
    let query = floor.devices[2].replica.query();
    let told = query.finished(SITE, COUNT, OrderStep::Count).unwrap();
    assert_eq!(told.len(), 1);
    let now = floor.later();
    let counter = floor.counter();
    counter.count(line(COUNT, 1), counted(0, 5), now).unwrap();
    counter.record(vec![finished(told.clone())], now).unwrap();
    floor.sync(2);
    floor.sync(2);
    assert_eq!(floor.done(2, COUNT), [(1, 1), (2, 1)]);
    let query = floor.devices[2].replica.query();
    let ended = query.finished(SITE, COUNT, OrderStep::Count).unwrap();
    assert!(ended.len() == 1 && ended != told);
    let replica = floor.host.get().replica().lock().unwrap();
    let twice = ExceptionFilter {
        kind: Some(ExceptionKind::WorkDoneTwice),
        ..ExceptionFilter::default()
    };
    assert_eq!(replica.query().exceptions(&twice, 10).unwrap(), []);
    drop(replica);
    floor.holds_nothing();
}

#[test]
fn neither_a_neighbour_nor_a_file_brings_it_stock_and_it_carries_none() {
    let mut floor = Floor::new();
    let now = floor.later();
    let goods = Goods {
        lot: Some(LOT.into()),
        ..Goods::of(item(1))
    };
    let received = EventBody::Received {
        bin: bin(1),
        goods,
        quantity: QUANTITY,
    };
    // Not on the hub yet.
    floor.devices[0].record(vec![received], now).unwrap();
    let count = counted(2, 3);
    floor.counter().count(line(COUNT, 1), count, now).unwrap();

    // A file for anybody, with all of the log.
    let parcels = exchange::parcels_for_anyone(&mut floor.devices[0].replica, 1 << 20).unwrap();
    assert!(
        parcels
            .iter()
            .flat_map(|p| &p.parts)
            .any(|p| p.partition == HERE)
    );
    for parcel in &parcels {
        let taken = exchange::take(&mut floor.counter().replica, parcel, now).unwrap();
        assert_eq!((taken.fresh, taken.rejected), (0, None));
    }
    // A neighbour of today, and one that knows no counters and sends what it has.
    let [one, _, counter] = &mut floor.devices[..] else {
        panic!("three devices")
    };
    let have = exchange::holdings(&mut counter.replica).unwrap();
    assert!(have.iter().all(|h| h.partition == Partition::Shared));
    let mut said = PeerMessage {
        versions: protocol::VERSIONS,
        have,
        parcel: None,
    };
    for _ in 0..3 {
        let (reply, _) = exchange::answer(&mut one.replica, &said, 1 << 20, now).unwrap();
        let parts = reply.parcel.iter().flat_map(|p| &p.parts);
        assert!(parts.clone().all(|p| p.partition == Partition::Shared));
        let (answer, taken) = exchange::answer(&mut counter.replica, &reply, 1 << 20, now).unwrap();
        assert_eq!(taken.rejected, None);
        said = answer;
    }
    let of_one = exchange::holdings(&mut one.replica).unwrap();
    let at_start: Vec<_> = of_one
        .iter()
        .map(|h| protocol::Holding {
            position: protocol::LogPosition::default(),
            heads: Vec::new(),
            ..h.clone()
        })
        .collect();
    let all = exchange::parcel_for(&mut one.replica, &at_start, 1 << 20).unwrap();
    assert!(all.parts.iter().any(|p| p.partition == HERE));
    exchange::take(&mut counter.replica, &all, now).unwrap();

    // What it wrote itself has gone to the neighbour, which carries it; nothing of others goes out from it.
    assert_eq!(floor.done(0, COUNT), [(1, 1)]);
    let given = exchange::parcels_for_anyone(&mut floor.counter().replica, 1 << 20).unwrap();
    let here = given.iter().flat_map(|p| &p.parts);
    let here: Vec<_> = here.filter(|p| p.partition == HERE).collect();
    assert!(here.iter().all(|part| part.entries.is_empty()));
    let own = floor.devices[2].replica.own_chain(HERE).unwrap();
    let carried = here.iter().flat_map(|part| &part.carried);
    let chains: Vec<_> = carried.map(|s| s.header().unwrap().chain).collect();
    assert_eq!(chains, [own]);
    assert!(!file_tells(&floor.devices[2]));
    floor.sync(0);
    floor.sync(2);
    assert_eq!(floor.devices[2].replica.waiting().unwrap().total(), 0);
    // After a restore of the server too it offers only its own.
    floor.host.back_up(floor.now).unwrap();
    floor.host.restore(floor.now).unwrap();
    floor.sync(2);
    floor.holds_nothing();
}

#[test]
fn no_snapshot_of_a_site_is_given_to_it() {
    let mut floor = Floor::new();
    let hub = floor.host.get();
    hub.set_window(0);
    hub.set_snapshot_entries_min(1);
    for n in [1, 2] {
        floor.devices[n].takes_snapshots = true;
    }
    let folder = tempfile::tempdir().unwrap();
    let roles = [Role::Handheld, Role::Counter];
    for (n, role) in (4..).zip(roles) {
        let mut fresh =
            Handheld::enrol_as(folder.path(), floor.host.get(), n, role, floor.now).unwrap();
        fresh.takes_snapshots = true;
        floor.devices.push(fresh);
    }
    for n in [3, 4, 3, 4] {
        floor.sync(n);
        floor.host.get().build_snapshots(floor.now).unwrap();
    }
    let rests = |n: usize, on| floor.devices[n].replica.installed_snapshot(on).unwrap();
    let id = rests(3, HERE).unwrap().id;
    assert_eq!(rests(4, HERE), None);
    assert!(!file_tells(&floor.devices[4]));
    assert!(!wire_tells(&floor.devices[4]));
    // Nor if it asks for one by its name.
    let get = protocol::SnapshotGet {
        versions: protocol::VERSIONS,
        id,
        chunk: 0,
    };
    let token = |n: usize| floor.devices[n].replica.enrolled().unwrap().token.clone();
    let given = |n| floor.host.get().give_snapshot(&token(n), &get).unwrap();
    assert!(given(3).unwrap().chunk.is_some());
    assert!(given(4).unwrap().chunk.is_none());
}

#[test]
fn a_device_that_has_worked_becomes_no_counter_and_a_counter_nothing_else() {
    let mut floor = Floor::new();
    let may = |n: usize| floor.devices[n].replica.may_become().unwrap();
    assert_eq!(may(0), (false, true));
    assert_eq!(may(2), (true, false));
    let hub = floor.host.get();
    let key = SigningKey::from_seed(&[77; 32]);
    for (role, becomes, refusal) in [
        (Role::Counter, Some((false, true)), RefusalCode::RoleRefused),
        (
            Role::Handheld,
            Some((true, false)),
            RefusalCode::RoleRefused,
        ),
        (Role::Counter, None, RefusalCode::VersionUnknown),
    ] {
        let code = hub.invite_as(SITE, "PDA", role, floor.now).unwrap();
        let mut request = EnrolRequest::new(&code, "", &key);
        if let Some((counter, other)) = becomes {
            request = request.becoming(Becomes { counter, other });
        }
        assert_eq!(hub.enrol(&request, floor.now).unwrap(), Err(refusal));
        // The code is not burnt by it.
        let (counter, other) = (true, true);
        let request = EnrolRequest::new(&code, "", &key).becoming(Becomes { counter, other });
        assert!(hub.enrol(&request, floor.now).unwrap().is_ok());
    }
    // Whatever the server says, the file does not change its kind.
    let code = hub
        .invite_as(SITE, "PDA", Role::Counter, floor.now)
        .unwrap();
    let (counter, other) = (true, true);
    let request = EnrolRequest::new(&code, "", &key).becoming(Becomes { counter, other });
    let reply = hub.enrol(&request, floor.now).unwrap().unwrap();
    let mut identity = floor.devices[0].replica.enrolled().unwrap().clone();
    identity.device = reply.device;
    let certificates: Vec<Vec<u8>> = reply.certificates.into_iter().map(Vec::from).collect();
    let before = floor.devices[0].replica.enrolled().unwrap().device;
    let refused = floor.devices[0].replica.enrol(identity, &certificates);
    assert!(matches!(refused, Err(replica::ReplicaError::OtherRole)));
    assert_eq!(floor.devices[0].replica.enrolled().unwrap().device, before);
}

#[test]
fn a_counter_is_revoked_moved_and_given_a_new_key_as_any_device() {
    let mut floor = Floor::new();
    let device = floor.devices[2].replica.enrolled().unwrap().device;
    floor.host.get().rotate_key(device).unwrap();
    floor.sync(2);
    floor.sync(2);
    let now = floor.later();
    let count = counted(0, 5);
    floor.counter().count(line(COUNT, 1), count, now).unwrap();
    floor.sync(2);
    assert!(floor.devices[2].replica.counts_only());
    floor.holds_nothing();
    floor.sync(1);
    assert_eq!(floor.done(1, COUNT), [(1, 1)]);

    floor.host.get().set_revoked(device, true, now).unwrap();
    floor.host.get().pump(now).unwrap();
    let now = floor.later();
    let count = counted(1, 5);
    floor.counter().count(line(COUNT, 2), count, now).unwrap();
    let hub = floor.host.get();
    let stopped = floor.devices[2].exchange(hub, Wire::Good, now, &mut floor.random);
    assert!(stopped.is_err());
    floor.sync(1);
    assert_eq!(
        floor.done(1, COUNT),
        [(1, 1)],
        "what it brought after lies in quarantine"
    );
    floor.holds_nothing();
}
