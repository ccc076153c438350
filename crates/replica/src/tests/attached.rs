//! Photos put to events.

use domain::{BlobKind, BlobRef, EventHash};
use rusqlite::params;

use super::*;

fn photo_of(to: EventHash, content: &[u8]) -> EventBody {
    EventBody::Attached {
        to,
        blob: BlobRef::of(content, "image/jpeg", BlobKind::Photo),
        thumbnail: None,
    }
}

#[test]
fn a_photo_is_found_at_its_event_on_every_replica_and_a_reversed_one_is_not() {
    let (mut a, mut b) = (device(1), device(2));
    let mut hub = Hub::default();
    a.commit(edits(vec![create_item(1, "扳手"), create_bin(1)]), T0)
        .unwrap();
    let received = a.commit(events(vec![receive(1, 1, 5)]), T0).unwrap().events[0].1;
    let photos = a
        .commit(
            events(vec![photo_of(received, b"one"), photo_of(received, b"two")]),
            T0 + 1,
        )
        .unwrap();
    hub.sync(&mut [&mut a, &mut b]);
    for replica in [&a, &b] {
        let found = replica.query().attachments(received).unwrap();
        let hashes: Vec<EventHash> = found.iter().map(|row| row.placed.event.hash).collect();
        assert_eq!(hashes, [photos.events[0].1, photos.events[1].1]);
    }
    assert_eq!(a.state_hash(SITE).unwrap(), b.state_hash(SITE).unwrap());
    let target = photos.events[0].1;
    b.commit(events(vec![EventBody::Reversed { target }]), T0 + 2)
        .unwrap();
    assert_eq!(b.query().attachments(received).unwrap().len(), 1);
}

/// What an older program left: the event is kept whole, but not found under what it mentions.
#[test]
fn a_database_of_a_program_that_did_not_know_photos_shows_them_after_the_upgrade() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replica.db");
    let mut replica = enrolled(1, OpenOptions::file(&path, None, [1; 8]), 5);
    let received = replica
        .commit(events(vec![receive(1, 1, 5)]), T0)
        .unwrap()
        .events[0]
        .1;
    replica
        .commit(events(vec![photo_of(received, b"one")]), T0 + 1)
        .unwrap();
    replica
        .connection
        .execute("DELETE FROM event_name", params![])
        .unwrap();
    replica
        .connection
        .execute(
            "DELETE FROM meta WHERE key = 'event-kinds-known'",
            params![],
        )
        .unwrap();
    assert_eq!(replica.query().attachments(received).unwrap().len(), 0);
    drop(replica);
    let replica = Replica::open(OpenOptions::file(&path, None, [1; 8])).unwrap();
    assert_eq!(replica.query().attachments(received).unwrap().len(), 1);
}
