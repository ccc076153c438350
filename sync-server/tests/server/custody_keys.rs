//! Keys of customers over the real router: given, asked for, destroyed.

use crate::common::Warehouse;
use crate::common::custody::{
    WHO, ask_keys, key_of_wang, keys_request, release, share_keys, take_in, wang,
};
use crate::common::handheld::Handheld;
use documents::{CustomerKey, FieldEdit, Partition, RecordKind};
use domain::CustomerId;
use minicbor::bytes::ByteArray;
use protocol::RefusalCode;
use protocol::keys::{KEYS_MAX, SharedKey};
use replica::{Commit, KeyState, RecordEdit};
use sync_server::hub::Hub;
use sync_server::store::Database;

fn state(hub: &Hub) -> KeyState {
    let replica = hub.replica().lock().unwrap();
    replica.query().customer_key(WHO).unwrap()
}

#[tokio::test]
async fn a_key_that_one_device_made_opens_the_person_on_the_server_and_on_another_device() {
    let warehouse = Warehouse::new();
    let (mut a, mut b) = (
        Handheld::enrol(&warehouse, "PDA 1", 1),
        Handheld::enrol(&warehouse, "PDA 2", 2),
    );
    take_in(&warehouse, &mut a);
    a.sync(&warehouse, warehouse.now());
    b.sync(&warehouse, warehouse.now());
    assert_eq!(b.replica.query().person(WHO).unwrap(), None);
    assert_eq!(state(&warehouse.hub), KeyState::Missing);

    share_keys(&warehouse, &mut a).await;
    assert!(a.replica.keys_to_share(9).unwrap().is_empty());
    assert_eq!(state(&warehouse.hub), KeyState::Held(key_of_wang()));
    share_keys(&warehouse, &mut b).await;
    assert_eq!(b.replica.query().person(WHO).unwrap(), Some(wang()));
    // Nothing is given twice.
    let token = b.token().to_owned();
    let reply = ask_keys(&warehouse, &token, &keys_request(&b))
        .await
        .unwrap();
    assert!(reply.keys.is_empty() && !reply.more);

    // The first key of a customer stays, whoever says otherwise.
    let mut other = keys_request(&b);
    other.made = vec![SharedKey {
        customer: WHO,
        key: Some(ByteArray::from([9; 32])),
    }];
    ask_keys(&warehouse, &token, &other).await.unwrap();
    assert_eq!(state(&warehouse.hub), KeyState::Held(key_of_wang()));
}

#[tokio::test]
async fn a_destroyed_key_is_gone_on_both_devices_and_comes_back_from_neither() {
    let warehouse = Warehouse::new();
    let (mut a, mut b) = (
        Handheld::enrol(&warehouse, "PDA 1", 1),
        Handheld::enrol(&warehouse, "PDA 2", 2),
    );
    take_in(&warehouse, &mut a);
    a.sync(&warehouse, warehouse.now());
    b.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut a).await;
    share_keys(&warehouse, &mut b).await;
    warehouse.hub.destroy_key(WHO, warehouse.now()).unwrap();
    assert_eq!(state(&warehouse.hub), KeyState::Destroyed);
    for device in [&mut a, &mut b] {
        share_keys(&warehouse, device).await;
        let query = device.replica.query();
        assert_eq!(query.customer_key(WHO).unwrap(), KeyState::Destroyed);
        assert_eq!(query.person(WHO).unwrap(), None);
        assert!(query.find_persons("王", 9).unwrap().is_empty());
    }
    // A device that still has it, and does not know, gives it again.
    let mut old = keys_request(&a);
    old.made = vec![SharedKey {
        customer: WHO,
        key: Some(ByteArray::from(*key_of_wang().as_bytes())),
    }];
    ask_keys(&warehouse, a.token(), &old).await.unwrap();
    assert_eq!(state(&warehouse.hub), KeyState::Destroyed);
    // The bytes are nowhere in the files of the store, once what was written last is in them.
    for name in ["hub.db", "replica.db"] {
        let path = warehouse.folder.path().join(name);
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
        let key = *key_of_wang().as_bytes();
        let holds = |path: &std::path::Path| {
            std::fs::read(path).is_ok_and(|bytes| bytes.windows(32).any(|w| w == key))
        };
        assert!(!holds(&path), "{name}");
    }
}

#[tokio::test]
async fn a_counter_gets_no_key_and_strangers_and_revoked_devices_are_refused() {
    let warehouse = Warehouse::new();
    let mut a = Handheld::enrol(&warehouse, "PDA 1", 1);
    let counter = Handheld::enrol_counter(&warehouse, "PDA 2", 2);
    take_in(&warehouse, &mut a);
    a.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut a).await;
    let reply = ask_keys(&warehouse, counter.token(), &keys_request(&counter)).await;
    assert!(reply.unwrap().keys.is_empty());

    let stranger = ask_keys(&warehouse, "no-token", &keys_request(&a)).await;
    assert_eq!(stranger, Err(RefusalCode::DeviceUnknown));
    let mut old = keys_request(&a);
    old.versions = (9_999, 9_999);
    let refused = ask_keys(&warehouse, a.token(), &old).await;
    assert_eq!(refused, Err(RefusalCode::VersionUnknown));
    let device = a.replica.enrolled().unwrap().device;
    warehouse
        .hub
        .set_revoked(device, true, warehouse.now())
        .unwrap();
    let refused = ask_keys(&warehouse, a.token(), &keys_request(&a)).await;
    assert_eq!(refused, Err(RefusalCode::DeviceUnknown));
}

#[tokio::test]
async fn keys_come_in_pages_and_too_many_or_none_at_once_are_refused() {
    let warehouse = Warehouse::new();
    let a = Handheld::enrol(&warehouse, "PDA 1", 1);
    let made = |from: u16, n: u16| -> Vec<SharedKey> {
        (from..from + n)
            .map(|n| {
                let mut id = [7; 16];
                id[..2].copy_from_slice(&n.to_be_bytes());
                SharedKey {
                    customer: CustomerId::from_bytes(id),
                    key: Some(ByteArray::from([3; 32])),
                }
            })
            .collect()
    };
    let mut request = keys_request(&a);
    request.made = made(0, 501);
    let refused = ask_keys(&warehouse, a.token(), &request).await;
    assert_eq!(refused, Err(RefusalCode::Malformed));
    // Only the server destroys.
    request.made = vec![SharedKey {
        customer: WHO,
        key: None,
    }];
    let refused = ask_keys(&warehouse, a.token(), &request).await;
    assert_eq!(refused, Err(RefusalCode::Malformed));
    for from in [0, 500] {
        request.made = made(from, 500);
        ask_keys(&warehouse, a.token(), &request).await.unwrap();
    }
    request.made = made(1_000, 1);
    ask_keys(&warehouse, a.token(), &request).await.unwrap();
    request.made = Vec::new();
    let mut seen = 0;
    for (count, more) in [(KEYS_MAX, true), (KEYS_MAX, true), (1, false)] {
        let reply = ask_keys(&warehouse, a.token(), &request).await.unwrap();
        assert_eq!((reply.keys.len(), reply.more), (count, more));
        (request.epoch, request.after) = (reply.epoch, reply.number);
        seen += reply.keys.len();
    }
    assert_eq!(seen, 1_001);
}

#[tokio::test]
async fn a_server_that_was_put_back_is_given_the_keys_it_lacks() {
    let warehouse = Warehouse::new();
    let mut a = Handheld::enrol(&warehouse, "PDA 1", 1);
    a.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut a).await;
    let to = warehouse.folder.path().join("backup");
    sync_server::backup::make(warehouse.folder.path(), &to, warehouse.now()).unwrap();
    take_in(&warehouse, &mut a);
    a.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut a).await;
    assert!(a.replica.keys_to_share(9).unwrap().is_empty());

    let restored = Warehouse::restored(&to);
    assert_eq!(state(&restored.hub), KeyState::Missing);
    // It hears of the other epoch, and offers all again.
    share_keys(&restored, &mut a).await;
    share_keys(&restored, &mut a).await;
    assert_eq!(state(&restored.hub), KeyState::Held(key_of_wang()));
}

#[test]
fn a_second_node_learns_keys_and_that_they_were_destroyed() {
    let warehouse = Warehouse::new();
    let own = warehouse.folder.path().join("node-2");
    std::fs::create_dir_all(&own).unwrap();
    let database = Database::open(&warehouse.folder.path().join("hub.db")).unwrap();
    let b = Hub::open_node(
        warehouse.folder.path(),
        &own,
        std::sync::Arc::new(database),
        warehouse.now(),
    )
    .unwrap();
    let now = warehouse.now();
    warehouse
        .hub
        .put_key(WHO, &CustomerKey::from_bytes([4; 32]), now)
        .unwrap();
    // As it looks at the store before each write, and four times a second.
    b.catch_up(now).unwrap();
    assert_eq!(state(&b), KeyState::Held(CustomerKey::from_bytes([4; 32])));
    warehouse.hub.destroy_key(WHO, now).unwrap();
    b.catch_up(now).unwrap();
    assert_eq!(state(&b), KeyState::Destroyed);
}

#[tokio::test]
async fn who_was_erased_stays_so_when_a_backup_from_before_is_put_back() {
    let warehouse = Warehouse::new();
    let mut a = Handheld::enrol(&warehouse, "PDA 1", 1);
    let mut away = Handheld::enrol(&warehouse, "PDA 2", 2);
    take_in(&warehouse, &mut a);
    for number in [1, 2] {
        release(&warehouse, &mut a, number);
    }
    a.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut a).await;
    away.sync(&warehouse, warehouse.now());
    share_keys(&warehouse, &mut away).await;
    let to = warehouse.folder.path().join("backup");
    sync_server::backup::make(warehouse.folder.path(), &to, warehouse.now()).unwrap();
    let data = warehouse.app.console_data();
    data.erase_person(WHO, warehouse.now()).unwrap().unwrap();
    warehouse.hub.pump(warehouse.now()).unwrap();
    a.sync(&warehouse, warehouse.now());

    let restored = Warehouse::restored(&to);
    assert_eq!(
        state(&restored.hub),
        KeyState::Held(key_of_wang()),
        "as it was then"
    );
    // What a device says of itself erases nobody.
    let edit = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Customer,
        id: WHO.into(),
        fields: vec![FieldEdit::set("erased_at", restored.now() + 1)],
    };
    let commit = Commit {
        edits: vec![edit],
        ..Commit::default()
    };
    away.replica.commit(commit, restored.now()).unwrap();
    away.sync(&restored, restored.now());
    restored.hub.pump(restored.now()).unwrap();
    assert_eq!(state(&restored.hub), KeyState::Held(key_of_wang()));
    // The server's own word does, whoever brings it back after the backup was put in place.
    let edit = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Customer,
        id: WHO.into(),
        fields: vec![FieldEdit::set("erased_at", restored.now())],
    };
    let commit = Commit {
        edits: vec![edit],
        ..Commit::default()
    };
    restored.hub.commit(commit, restored.now()).unwrap();
    restored.hub.pump(restored.now()).unwrap();
    assert_eq!(state(&restored.hub), KeyState::Destroyed);
    let person = restored.hub.replica().lock().unwrap().query().person(WHO);
    assert_eq!(person.unwrap(), None);
    // One that still has the key loses it, and does not bring it back.
    share_keys(&restored, &mut away).await;
    share_keys(&restored, &mut away).await;
    assert_eq!(
        away.replica.query().customer_key(WHO).unwrap(),
        KeyState::Destroyed
    );
    assert_eq!(state(&restored.hub), KeyState::Destroyed);
}
