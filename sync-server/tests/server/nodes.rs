//! Several nodes over one store: each writes on chains of its own, and sees at once what the others did.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::common::handheld::Handheld;
use crate::common::{MINUTE, NOW, Warehouse, bin, item, operator, units};
use documents::catalogue::Site;
use documents::segment::SegmentStatus;
use documents::{FieldEdit, Partition, RecordKind};
use domain::ledger::StateHash;
use domain::{ChainId, EventBody, Goods, SiteId};
use futures_util::{SinkExt, StreamExt};
use protocol::live::LIVE_PATH;
use protocol::{Acceptance, Acceptances, LiveFrame, PushOutcome, SyncReply};
use replica::{Commit, RecordEdit};
use sync_server::backup;
use sync_server::clock::Clock;
use sync_server::hub::Hub;
use sync_server::settings::{Settings, Transport};
use sync_server::store::{Database, StoreError, hub_log};
use sync_server::{AppState, Parts};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A further node over the warehouse's store, as another program would open it.
fn node(warehouse: &Warehouse, name: &str) -> Hub {
    open(warehouse.folder.path(), &folder_of(warehouse, name))
}

fn folder_of(warehouse: &Warehouse, name: &str) -> PathBuf {
    let own = warehouse.folder.path().join(name);
    std::fs::create_dir_all(&own).unwrap();
    own
}

fn open(folder: &Path, own: &Path) -> Hub {
    let database = Arc::new(Database::open(&folder.join("hub.db")).unwrap());
    Hub::open_node(folder, own, database, NOW).unwrap()
}

fn chain(hub: &Hub, partition: Partition) -> ChainId {
    let replica = hub.replica().lock().unwrap();
    replica.own_chain(partition).unwrap()
}

fn state(hub: &Hub, site: SiteId) -> StateHash {
    hub.pump(NOW).unwrap();
    hub.replica().lock().unwrap().state_hash(site).unwrap()
}

fn event_count(hub: &Hub) -> u64 {
    hub.pump(NOW).unwrap();
    let replica = hub.replica().lock().unwrap();
    replica.query().event_count().unwrap()
}

fn rename(n: u8, name: &str) -> Commit {
    let edit = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item(n).into(),
        fields: vec![FieldEdit::set("name_zh", name)],
    };
    Commit {
        edits: vec![edit],
        ..Commit::default()
    }
}

fn received(n: i64) -> EventBody {
    EventBody::Received {
        bin: bin(1),
        goods: Goods::of(item(1)),
        quantity: units(n),
    }
}

fn receipt(site: SiteId, n: i64) -> Commit {
    Commit {
        operator: Some(operator(1)),
        site: Some(site),
        events: vec![received(n).into()],
        ..Commit::default()
    }
}

/// One exchange of both partitions with a node.
fn exchange(handheld: &mut Handheld, hub: &Hub, site: SiteId) -> Vec<SyncReply> {
    let mut replies = Vec::new();
    for partition in [Partition::Shared, Partition::Site(site)] {
        let request = handheld.request(partition, NOW);
        let reply = hub.sync(handheld.token(), request, NOW).unwrap().unwrap();
        for part in &reply.partitions {
            let done = handheld
                .replica
                .ingest(part.partition, reply.epoch, &part.entries, NOW)
                .unwrap();
            assert_eq!(done.rejected, None);
        }
        replies.push(reply);
    }
    replies
}

/// The whole log is read and verified as a backup's is.
fn log_is_sound(warehouse: &Warehouse, name: &str) {
    let to = warehouse.folder.path().join(name);
    backup::make(warehouse.folder.path(), &to, NOW).unwrap();
    assert_eq!(backup::verify(&to).problems, [""; 0]);
}

#[test]
fn two_nodes_write_at_once_and_devices_push_to_either() {
    let warehouse = Warehouse::new();
    let (a, b) = (&*warehouse.hub, node(&warehouse, "node-2"));
    let site = warehouse.site;
    let mut one = Handheld::enrol(&warehouse, "PDA 1", 21);
    let mut two = Handheld::enrol(&warehouse, "PDA 2", 22);
    for partition in [Partition::Shared, Partition::Site(site)] {
        assert_ne!(chain(a, partition), chain(&b, partition));
    }
    std::thread::scope(|scope| {
        for (hub, name, handheld) in [(a, "甲", &mut one), (&b, "乙", &mut two)] {
            scope.spawn(move || {
                for n in 0..15 {
                    hub.commit(rename(1 + n % 3, &format!("{name}{n}")), NOW)
                        .unwrap();
                    hub.commit(receipt(site, 1), NOW).unwrap();
                    handheld.record(operator(2), received(1), NOW);
                    exchange(handheld, hub, site);
                }
            });
        }
    });
    // Each goes to the other node now.
    one.record(operator(2), received(1), NOW);
    two.record(operator(2), received(1), NOW);
    exchange(&mut one, &b, site);
    exchange(&mut two, a, site);
    exchange(&mut one, a, site);
    let expected = state(a, site);
    assert_eq!(state(&b, site), expected);
    assert_eq!(event_count(a), 62);
    for handheld in [&mut one, &mut two] {
        exchange(handheld, &b, site);
        assert_eq!(handheld.replica.state_hash(site).unwrap(), expected);
    }
    log_is_sound(&warehouse, "backup");
}

#[test]
fn what_one_node_wrote_is_known_to_the_next_write_on_another() {
    let warehouse = Warehouse::new();
    let (a, b) = (&*warehouse.hub, node(&warehouse, "node-2"));
    a.commit(rename(1, "甲"), NOW).unwrap();
    b.commit(rename(1, "乙"), NOW).unwrap();
    a.commit(rename(1, "丙"), NOW).unwrap();
    b.pump(NOW).unwrap();
    let replica = b.replica().lock().unwrap();
    assert_eq!(replica.query().field_conflicts().unwrap(), []);
    drop(replica);
    assert!(!b.catch_up(NOW).unwrap(), "nothing is new");

    // A site that one makes has a chain of the other too, and devices of it know both.
    let other = SiteId::from_bytes([8; 16]);
    let made = Site {
        id: other,
        code: "GZ1".into(),
        name_en: "Guangzhou".into(),
        name_zh: "广州仓".into(),
        time_zone: "Asia/Shanghai".into(),
    };
    b.create_site(&made, NOW).unwrap();
    assert!(a.invite(other, "PDA 3", NOW).is_ok());
    let code = b.invite(other, "PDA 3", NOW).unwrap();
    let key = documents::SigningKey::from_seed(&[33; 32]);
    let request = protocol::EnrolRequest::new(&code, "PDA 3", &key);
    let mut device = Handheld::from_reply(b.enrol(&request, NOW).unwrap().unwrap(), key, 33);
    a.catch_up(NOW).unwrap();
    a.commit(receipt(other, 3), NOW).unwrap();
    b.commit(receipt(other, 4), NOW).unwrap();
    exchange(&mut device, &b, other);
    assert_eq!(device.replica.state_hash(other).unwrap(), state(a, other));
    assert_eq!(device.replica.query().event_count().unwrap(), 2);
    log_is_sound(&warehouse, "backup");
}

#[test]
fn a_node_goes_on_with_its_chains_and_a_new_replica_is_a_new_node() {
    let warehouse = Warehouse::new();
    let site = warehouse.site;
    let mut handheld = Handheld::enrol(&warehouse, "PDA 1", 21);
    let b = node(&warehouse, "node-2");
    b.commit(receipt(site, 1), NOW).unwrap();
    let (before, who) = (chain(&b, Partition::Site(site)), b.node().unwrap());
    drop(b);
    let b = node(&warehouse, "node-2");
    assert_eq!(
        (chain(&b, Partition::Site(site)), b.node().unwrap()),
        (before, who)
    );
    b.commit(receipt(site, 2), NOW).unwrap();
    drop(b);
    for file in ["replica.db", "replica.db-wal", "replica.db-shm"] {
        let _ = std::fs::remove_file(folder_of(&warehouse, "node-2").join(file));
    }
    let b = node(&warehouse, "node-2");
    assert_ne!(chain(&b, Partition::Site(site)), before);
    assert_ne!(b.node().unwrap(), who);
    b.commit(receipt(site, 3), NOW).unwrap();
    assert_eq!((event_count(&b), event_count(&warehouse.hub)), (3, 3));
    exchange(&mut handheld, &b, site);
    let shown = handheld.replica.state_hash(site).unwrap();
    assert_eq!(shown, state(&warehouse.hub, site));
    log_is_sound(&warehouse, "backup");
}

#[test]
fn a_copied_node_becomes_one_of_its_own_and_nothing_is_lost() {
    let warehouse = Warehouse::new();
    let (a, site) = (&*warehouse.hub, warehouse.site);
    let mut handheld = Handheld::enrol(&warehouse, "PDA 1", 21);
    drop(node(&warehouse, "node-2"));
    let copy = folder_of(&warehouse, "node-3");
    std::fs::copy(
        folder_of(&warehouse, "node-2").join("replica.db"),
        copy.join("replica.db"),
    )
    .unwrap();
    let (b, c) = (node(&warehouse, "node-2"), node(&warehouse, "node-3"));
    assert_eq!(b.node().unwrap(), c.node().unwrap());
    // Both commit before either publishes.
    for (hub, n) in [(&b, 1), (&c, 2)] {
        let mut replica = hub.replica().lock().unwrap();
        replica.commit(receipt(site, n), NOW).unwrap();
        replica.commit(rename(n as u8, "改"), NOW).unwrap();
    }
    for hub in [&b, &c, &b, &c] {
        hub.pump(NOW).unwrap();
    }
    assert_ne!(b.node().unwrap(), c.node().unwrap());
    for hub in [&b, &c] {
        hub.commit(receipt(site, 3), NOW).unwrap();
    }
    exchange(&mut handheld, a, site);
    let expected = handheld.replica.state_hash(site).unwrap();
    for hub in [a, &b, &c] {
        assert_eq!(state(hub, site), expected);
    }
    let stock = a.replica().lock().unwrap();
    let stock = stock.query().stock_of_bin(bin(1)).unwrap();
    assert_eq!(stock[0].balance, units(1 + 2 + 3 + 3));
    log_is_sound(&warehouse, "backup");
}

#[test]
fn rights_that_one_node_takes_away_are_gone_on_all_at_once() {
    let warehouse = Warehouse::new();
    let (a, b) = (&*warehouse.hub, node(&warehouse, "node-2"));
    let site = warehouse.site;
    let mut handheld = Handheld::enrol(&warehouse, "PDA 1", 21);
    exchange(&mut handheld, &b, site);
    let device = handheld.replica.identity().unwrap().device;
    a.set_revoked(device, true, NOW).unwrap();
    handheld.record(operator(1), received(5), NOW);
    let replies = exchange(&mut handheld, &b, site);
    let outcome = |reply: &SyncReply| reply.partitions[0].outcome;
    assert!(replies.iter().all(|r| outcome(r) == PushOutcome::Revoked));
    assert_eq!(a.suspicions().unwrap(), b.suspicions().unwrap());
    assert_eq!(b.suspicions().unwrap().len(), 2);
    for hub in [a, &b] {
        hub.pump(NOW).unwrap();
        let replica = hub.replica().lock().unwrap();
        assert_eq!(replica.query().quarantine().unwrap().len(), 1);
        assert!(replica.query().stock_of_bin(bin(1)).unwrap().is_empty());
    }
    b.set_revoked(device, false, NOW).unwrap();
    handheld.record(operator(1), received(1), NOW);
    let replies = exchange(&mut handheld, a, site);
    assert!(replies.iter().all(|r| outcome(r) == PushOutcome::Held));
    assert_eq!(state(a, site), state(&b, site));
}

#[test]
fn after_a_restore_every_node_begins_other_chains_and_brings_back_what_it_wrote() {
    let warehouse = Warehouse::new();
    let site = warehouse.site;
    let mut handheld = Handheld::enrol(&warehouse, "PDA 1", 21);
    let b = node(&warehouse, "node-2");
    b.commit(receipt(site, 1), NOW).unwrap();
    exchange(&mut handheld, &b, site);
    let copy = warehouse.folder.path().join("backup");
    backup::make(warehouse.folder.path(), &copy, NOW).unwrap();
    // Not in the backup: only the nodes remember it.
    b.commit(receipt(site, 2), NOW).unwrap();
    warehouse.hub.commit(receipt(site, 4), NOW).unwrap();
    assert_eq!(event_count(&b), 3);
    let before = chain(&b, Partition::Site(site));
    drop(b);
    let data = warehouse.folder.path().join("restored");
    backup::restore(&copy, &data).unwrap();
    let a = open(&data, &data);
    assert_eq!(event_count(&a), 1);
    let b = open(&data, &folder_of(&warehouse, "node-2"));
    assert_ne!(chain(&b, Partition::Site(site)), before);
    assert_eq!((event_count(&b), event_count(&a)), (3, 3));
    b.commit(receipt(site, 8), NOW).unwrap();
    assert_eq!(state(&a, site), state(&b, site));
    let replies = exchange(&mut handheld, &a, site);
    assert!(replies.iter().all(|r| r.partitions[0].restart));
    exchange(&mut handheld, &b, site);
    assert_eq!(handheld.replica.state_hash(site).unwrap(), state(&a, site));
}

#[test]
fn who_read_the_same_segments_judged_otherwise_or_at_other_times_is_told_to_begin_anew() {
    let warehouse = Warehouse::new();
    let site = Partition::Site(warehouse.site);
    let mut handheld = Handheld::enrol(&warehouse, "PDA 1", 21);
    for n in [1, 2, 4] {
        warehouse
            .hub
            .commit(receipt(warehouse.site, n), NOW + MINUTE)
            .unwrap();
    }
    handheld.sync(&warehouse, NOW);
    let read = handheld.replica.cursor(site).unwrap().unwrap().number;
    let taken: Vec<_> = (1..=read)
        .map(|n| handheld.replica.acceptance(site, n).unwrap().unwrap())
        .collect();
    assert!(taken.ends_with(&[(NOW + MINUTE, SegmentStatus::Live); 3]));
    let mut must_restart = |read: &[Acceptance], count: Option<u32>| {
        let mut request = handheld.request(site, NOW);
        let acceptances = &mut request.partitions[0].position.acceptances;
        let number = read.len() as u64;
        *acceptances =
            Acceptances::up_to::<()>(number, |n| Ok(Some(read[n as usize - 1]))).unwrap();
        let known = acceptances.unwrap();
        assert_eq!(known.count, 3);
        let count = count.unwrap_or(known.count);
        *acceptances = Some(Acceptances { count, ..known });
        let reply = warehouse.hub.sync(handheld.token(), request, NOW);
        reply.unwrap().unwrap().partitions[0].restart
    };
    assert!(!must_restart(&taken, None));
    for n in taken.len() - 3..taken.len() {
        let mut judged = taken.clone();
        judged[n].1 = SegmentStatus::Quarantined;
        assert!(must_restart(&judged, None), "{n}");
    }
    let mut later = taken.clone();
    for (at, _) in later.iter_mut().rev().take(3) {
        *at += 1;
    }
    assert!(must_restart(&later, None));
    assert!(
        !must_restart(&later, Some(65)),
        "a later program may compare more"
    );
}

#[test]
fn a_snapshot_that_one_node_built_is_given_out_by_another() {
    let warehouse = Warehouse::new();
    let (a, b) = (&*warehouse.hub, node(&warehouse, "node-2"));
    let site = warehouse.site;
    for _ in 0..sync_server::hub::ENTRIES_MIN + 2 {
        a.commit(receipt(site, 1), NOW).unwrap();
    }
    let mut handheld = Handheld::enrol(&warehouse, "PDA 1", 21);
    handheld
        .replica
        .restart_cursor(Partition::Site(site), [0; 16])
        .unwrap();
    let mut ask = |hub: &Hub, now| {
        let mut request = handheld.request(Partition::Site(site), NOW);
        request.partitions[0].snapshot.takes = true;
        let reply = hub.sync(handheld.token(), request, now).unwrap().unwrap();
        reply.partitions[0].snapshot.clone()
    };
    let later = NOW + 40 * 24 * 60 * MINUTE;
    assert_eq!(ask(a, later), [0; 0]);
    assert_eq!(a.build_snapshots(later).unwrap(), 1);
    let offered = ask(a, later);
    assert_ne!(offered, [0; 0]);
    assert_eq!(ask(&b, later), offered);
    assert_eq!(b.build_snapshots(later).unwrap(), 0);
    let get = protocol::SnapshotGet {
        versions: protocol::VERSIONS,
        id: documents::Manifest::id(&offered),
        chunk: 0,
    };
    let given = b.give_snapshot(handheld.token(), &get).unwrap().unwrap();
    assert!(given.chunk.is_some());
}

/// Serves a node as the program does, and returns its address.
async fn serve(warehouse: &Warehouse, hub: Arc<Hub>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = Settings {
        data: warehouse.folder.path().to_owned(),
        listen: address,
        transport: Transport::PlainOnLoopback,
    };
    let app = AppState::new(Parts {
        database: warehouse.database.clone(),
        hub: hub.clone(),
        clock: Clock::new(|| NOW),
        secure: false,
        public_url: format!("http://{address}"),
        certificate_fingerprint: None,
        limits: sync_server::hub::Limits::default(),
        proxies: Vec::new(),
    });
    let announce = app.clone();
    tokio::spawn(hub.run(Clock::new(|| NOW), move || announce.announce_change()));
    tokio::spawn(async move {
        let never = std::future::pending();
        sync_server::serve(&settings, app, listener, None, never).await
    });
    address.to_string()
}

#[tokio::test]
async fn a_device_that_is_connected_to_one_node_hears_what_comes_to_another() {
    let warehouse = Warehouse::new();
    let site = warehouse.site;
    let mut one = Handheld::enrol(&warehouse, "PDA 1", 21);
    let mut two = Handheld::enrol(&warehouse, "PDA 2", 22);
    let b = Arc::new(node(&warehouse, "node-2"));
    exchange(&mut two, &b, site);
    let address = serve(&warehouse, b).await;
    let mut asked = format!("ws://{address}{LIVE_PATH}")
        .into_client_request()
        .unwrap();
    let bearer = format!("Bearer {}", two.token()).parse().unwrap();
    asked.headers_mut().insert("authorization", bearer);
    let stream = TcpStream::connect(&address).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(asked, stream)
        .await
        .unwrap();
    let request = two.request(Partition::Site(site), NOW).to_bytes();
    socket.send(Message::binary(request)).await.unwrap();
    let mut next = async || loop {
        let frame = tokio::time::timeout(Duration::from_secs(10), socket.next());
        if let Message::Binary(bytes) = frame.await.unwrap().unwrap().unwrap() {
            return LiveFrame::from_bytes(&bytes).unwrap();
        }
    };
    assert!(matches!(next().await, LiveFrame::Reply(_)));
    one.record(operator(1), received(1), NOW);
    exchange(&mut one, &warehouse.hub, site);
    let LiveFrame::Entries(pushed) = next().await else {
        panic!("nothing was pushed")
    };
    assert_eq!(pushed.partition, Partition::Site(site));
    let device = two.replica.identity().unwrap().device;
    warehouse.hub.set_revoked(device, true, NOW).unwrap();
    assert!(matches!(next().await, LiveFrame::Hint(_)));
}

#[test]
fn nodes_that_open_a_new_store_at_once_serve_one_organisation() {
    let folder = tempfile::tempdir().unwrap();
    let hubs: Vec<Hub> = std::thread::scope(|scope| {
        let opening: Vec<_> = (0..3)
            .map(|n| {
                let own = folder.path().join(format!("node-{n}"));
                std::fs::create_dir_all(&own).unwrap();
                scope.spawn(move || open(own.parent().unwrap(), &own))
            })
            .collect();
        let opened = opening.into_iter().map(|thread| thread.join().unwrap());
        opened.collect()
    });
    let ids: Vec<_> = hubs.iter().map(|hub| hub.organisation().id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    for hub in &hubs {
        hub.commit(rename(1, "甲"), NOW).unwrap();
    }
    let ends = hubs[0].pump(NOW).and_then(|_| {
        let database = Database::open(&folder.path().join("hub.db"))?;
        database
            .read(|c| Ok::<_, StoreError>(hub_log::end(c, Partition::Shared)?.number))
            .map_err(Into::into)
    });
    assert!(ends.unwrap() >= 3);
}

#[test]
fn a_server_from_before_there_were_nodes_goes_on_with_its_chains() {
    let warehouse = Warehouse::new();
    let folder = tempfile::tempdir().unwrap();
    let hub = open(folder.path(), folder.path());
    let site = Site {
        id: warehouse.site,
        code: "SH1".into(),
        name_en: "Shanghai depot".into(),
        name_zh: "上海一号仓".into(),
        time_zone: "Asia/Shanghai".into(),
    };
    hub.create_site(&site, NOW).unwrap();
    hub.commit(receipt(site.id, 1), NOW).unwrap();
    let here = Partition::Site(site.id);
    let before = (hub.node().unwrap(), chain(&hub, here));
    drop(hub);
    let path = folder.path().join("hub.db");
    let raw = rusqlite::Connection::open(&path).unwrap();
    for (name, value) in [
        ("server-device", before.0.as_bytes()),
        ("shared-chain", &[7; 16]),
    ] {
        hub_log::set_meta(&raw, name, value).unwrap();
    }
    // What later steps have made was not there yet.
    for table in [
        "customer_key",
        "customer_code",
        "customer_session",
        "notice",
        "hub_reading",
        "webhook_delivery",
        "webhook_fed",
        "webhook",
        "api_answer",
        "api_key",
        "import_write",
        "import_run",
        "import_meaning",
        "request",
        "audit",
        "console_setting",
        "user_recovery",
        "user_totp",
        "role_rights",
        "user_sites",
    ] {
        raw.execute(&format!("DROP TABLE {table}"), []).unwrap();
    }
    for (table, column) in [
        ("hub_device", "counts_only"),
        ("hub_device", "waiting_releases"),
        ("hub_device", "battery_percent"),
        ("hub_device", "battery_charging"),
        ("hub_device", "storage_free"),
        ("hub_device", "locked"),
        ("hub_device", "data_as_of"),
        ("hub_invitation", "counts_only"),
        ("users", "everywhere"),
        ("sessions", "address"),
        ("sessions", "agent"),
        ("sessions", "half"),
    ] {
        let sql = format!("ALTER TABLE {table} DROP COLUMN {column}");
        raw.execute(&sql, []).unwrap();
    }
    raw.pragma_update(None, "user_version", 9).unwrap();
    drop(raw);
    let ends = || {
        let database = Database::open(&path).unwrap();
        let read = database.read(|c| {
            let shared = hub_log::end(c, Partition::Shared)?.number;
            Ok::<_, StoreError>((
                shared,
                hub_log::end(c, here)?.number,
                hub_log::meta(c, "server-device")?,
            ))
        });
        read.unwrap()
    };
    let there = ends();
    let hub = open(folder.path(), folder.path());
    assert_eq!((hub.node().unwrap(), chain(&hub, here)), before);
    assert_eq!((ends(), there.2.clone()), (there, None));
    hub.commit(receipt(site.id, 2), NOW).unwrap();
    assert_eq!(event_count(&hub), 2);
}
