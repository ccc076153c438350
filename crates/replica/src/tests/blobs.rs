//! The file of photos: durable, encrypted, and right after a crash anywhere.

use domain::{BlobKind, BlobRef, EventHash};

use super::*;
use crate::blobs::{BlobStore, KEPT_MS, NewBlob};

fn content(n: u8, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| (i % 253) as u8 ^ n).collect()
}

fn photo(n: u8, bytes: usize, kind: BlobKind) -> NewBlob {
    NewBlob {
        content: content(n, bytes),
        media: "image/jpeg",
        kind,
    }
}

fn attached(to: EventHash, blob: &BlobRef, thumbnail: &BlobRef) -> EventBody {
    EventBody::Attached {
        to,
        blob: blob.clone(),
        thumbnail: Some(thumbnail.clone()),
    }
}

fn ids(store: &BlobStore) -> Vec<domain::BlobId> {
    let waiting = store.to_send(100).unwrap();
    waiting.into_iter().map(|w| w.blob.id).collect()
}

#[test]
fn parts_are_read_back_over_the_borders_of_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let key = DatabaseKey::from_bytes([7; 32]);
    let path = folder.path().join("blobs.db");
    let mut store = BlobStore::open(&path, Some(&key)).unwrap();
    let whole = content(1, 200_000);
    let event = EventHash([1; 32]);
    let blobs = store
        .put(event, &[photo(1, 200_000, BlobKind::Photo)], T0)
        .unwrap();
    let id = blobs[0].id;
    assert_eq!(blobs[0], BlobRef::of(&whole, "image/jpeg", BlobKind::Photo));
    for (offset, bytes) in [
        (0, 10),
        (65_530, 20),
        (65_536, 65_536),
        (131_000, 90_000),
        (0, 200_000),
    ] {
        let end = (offset + bytes).min(whole.len());
        assert_eq!(
            store.read(id, offset as u64, bytes).unwrap(),
            whole[offset..end]
        );
    }
    assert!(store.read(id, 200_000, 10).unwrap().is_empty());
    assert!(store.read(id, u64::MAX, 10).unwrap().is_empty());
    drop(store);
    let file = std::fs::read(&path).unwrap();
    assert!(!file.windows(64).any(|w| w == &whole[..64]), "encrypted");
    assert!(BlobStore::open(&path, None).is_err());
}

/// The program dies after each step of taking a photo, and is opened again.
#[test]
fn a_crash_at_any_point_leaves_the_photo_with_its_event_or_neither() {
    for died_after in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blobs.db");
        let replica_path = folder.path().join("replica.db");
        let mut replica = enrolled(1, OpenOptions::file(&replica_path, None, [1; 8]), 5);
        let to = replica
            .commit(events(vec![receive(1, 1, 5)]), T0)
            .unwrap()
            .events[0]
            .1;
        let mut store = BlobStore::open(&path, None).unwrap();
        let made = [
            photo(1, 90_000, BlobKind::Photo),
            photo(2, 5_000, BlobKind::Thumbnail),
        ];
        let blobs = store.put(to, &made, T0).unwrap();
        assert!(ids(&store).is_empty(), "nothing goes before its event");
        if died_after >= 1 {
            replica
                .commit(events(vec![attached(to, &blobs[0], &blobs[1])]), T0)
                .unwrap();
        }
        if died_after >= 2 {
            store.bind(&blobs).unwrap();
        }
        drop((replica, store));
        let replica = Replica::open(OpenOptions::file(&replica_path, None, [1; 8])).unwrap();
        let mut store = BlobStore::open(&path, None).unwrap();
        store.settle(&replica.query()).unwrap();
        let named = replica.query().attachments(to).unwrap().len();
        assert_eq!(named, usize::from(died_after >= 1));
        assert_eq!(ids(&store).len(), 2 * named);
        assert_eq!(
            store.read(blobs[0].id, 0, 90_000).unwrap().len(),
            90_000 * named
        );
    }
}

#[test]
fn what_is_on_the_hub_stays_for_a_while_and_is_offered_again_to_a_restored_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = BlobStore::open(&folder.path().join("blobs.db"), None).unwrap();
    let event = EventHash([1; 32]);
    let made = [
        photo(1, 90_000, BlobKind::Photo),
        photo(2, 5_000, BlobKind::Thumbnail),
        photo(3, 70_000, BlobKind::Photo),
    ];
    let blobs = store.put(event, &made, T0).unwrap();
    store.bind(&blobs).unwrap();
    // The same picture again is the same blob.
    assert_eq!(store.put(event, &made[..1], T0 + 5).unwrap(), blobs[..1]);
    for blob in &blobs[..2] {
        store.note_on_hub(blob.id, T0).unwrap();
    }
    store
        .note_refused(blobs[2].id, "blob-too-large", T0)
        .unwrap();
    assert!(ids(&store).is_empty());
    store.prune(T0 + KEPT_MS).unwrap();
    assert_eq!(store.read(blobs[0].id, 0, 10).unwrap().len(), 10);
    store.offer_again().unwrap();
    assert_eq!(ids(&store).len(), 2, "not what was refused");
    for blob in &blobs[..2] {
        store.note_on_hub(blob.id, T0).unwrap();
    }
    store.prune(T0 + KEPT_MS + 1).unwrap();
    assert!(store.read(blobs[0].id, 0, 10).unwrap().is_empty());
    assert_eq!(
        store.read(blobs[1].id, 0, 10).unwrap().len(),
        10,
        "thumbnails stay"
    );
    store.offer_again().unwrap();
    assert_eq!(ids(&store), [blobs[1].id]);
}
