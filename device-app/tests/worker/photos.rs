//! Photos of what was scanned: kept before anything is said, sent when nothing else is due.

use device_app::photo;
use device_app::view::{Camera, Picture, Screen, UiEvent};
use device_app::worker::ToWorker;
use domain::{BlobKind, EventBody, EventHash};
use protocol::{BLOB_PATH, SYNC_PATH};

use crate::hub::Hub;
use crate::rig::Rig;

/// A picture that packs badly.
pub(crate) fn photo_of(seed: u32) -> photo::Photo {
    let (width, height) = (900, 700);
    let mut state = u64::from(seed) * 2 + 88_172_645_463_325_253;
    let rgb = (0..width * height * 3).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    });
    photo::from_picture(Picture {
        width,
        height,
        rgb: rgb.collect(),
    })
    .unwrap()
}

/// Signed in, with one receipt written.
fn receiving(hub: &Hub) -> (Rig, EventHash) {
    let mut rig = Rig::signed_in(hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("5");
    let received = rig.worker.committed()[0];
    rig.settle();
    (rig, received)
}

fn add_photo(rig: &mut Rig, seed: u32) {
    rig.worker.add_photo(Ok(photo_of(seed))).unwrap();
}

#[test]
fn a_photo_made_offline_is_sent_later_thumbnail_first() {
    let hub = Hub::new();
    let (mut rig, received) = receiving(&hub);
    rig.ui(UiEvent::StayOffline(true));
    add_photo(&mut rig, 1);
    assert_eq!(rig.said(), "photo-saved");
    let attached = rig.worker.replica().query().attachments(received).unwrap();
    let EventBody::Attached {
        blob, thumbnail, ..
    } = &attached[0].placed.event.record.body
    else {
        panic!("no photo");
    };
    rig.pass(60_000);
    assert!(hub.inner().blobs.is_empty());
    assert_eq!(rig.worker.photos_waiting().photos, 1);
    // The program ends and starts again.
    let mut rig = rig.restart(&hub);
    assert_eq!(
        rig.worker.photos_waiting().bytes,
        blob.size + thumbnail.as_ref().unwrap().size
    );
    rig.ui(UiEvent::StayOffline(false));
    rig.pass(10_000);
    assert_eq!(rig.worker.photos_waiting().photos, 0);
    let sent = hub.inner().whole_blobs();
    let kinds: Vec<BlobKind> = sent.iter().map(|b| b.kind).collect();
    assert_eq!(kinds, [BlobKind::Thumbnail, BlobKind::Photo]);
    assert_eq!(sent[1], *blob);
}

#[test]
fn an_exchange_goes_before_a_chunk_and_a_cut_upload_goes_on_where_it_was() {
    let hub = Hub::new();
    let (mut rig, _) = receiving(&hub);
    add_photo(&mut rig, 1);
    rig.settle();
    hub.inner().requests.clear();
    // The change of the photo is due in a moment: nothing goes before it.
    rig.pass(0);
    assert!(hub.inner().requests.iter().all(|p| p != BLOB_PATH));
    hub.inner().blob_answers_left = Some(3);
    rig.pass(1_000);
    let requests = hub.inner().requests.clone();
    assert_eq!(requests[0], SYNC_PATH);
    assert!(requests[1..].iter().any(|p| p == BLOB_PATH));
    let held: usize = hub.inner().blobs.values().map(|(_, b)| b.len()).sum();
    assert!(rig.worker.photos_waiting().photos == 1 && held > 0);
    // Scans are taken and sent while the line to the photos is down.
    rig.scan("BOLT");
    rig.worker.quantity("1");
    rig.pass(1_000);
    assert_eq!(rig.worker.waiting(), 0);
    hub.inner().blob_answers_left = None;
    hub.inner().chunks_from.clear();
    let mut rig = rig.restart(&hub);
    rig.pass(120_000);
    rig.pass(1_000);
    assert_eq!(rig.worker.photos_waiting().photos, 0);
    assert!(
        hub.inner().chunks_from[0] > 0,
        "{:?}",
        hub.inner().chunks_from
    );
}

#[test]
fn on_a_metered_network_the_screen_says_what_waits() {
    let hub = Hub::new();
    let (mut rig, _) = receiving(&hub);
    rig.ui(UiEvent::SetMetered(true));
    add_photo(&mut rig, 1);
    rig.pass(10_000);
    let sent = hub.inner().whole_blobs();
    assert_eq!(sent.len(), 1, "the thumbnail");
    let mut rig = rig.restart(&hub);
    rig.pass(1_000);
    rig.ui(UiEvent::Open(device_app::view::Place::Sync));
    let Screen::Sync(sync) = rig.view().screen else {
        panic!("no sync screen");
    };
    assert_eq!((sync.photos, sync.photos_held_back), (1, 1));
    assert!(sync.photos_size.ends_with(" MB"), "{}", sync.photos_size);
    rig.ui(UiEvent::SetMetered(false));
    rig.pass(10_000);
    assert_eq!(hub.inner().whole_blobs().len(), 2);
}

#[test]
fn the_button_takes_the_cameras_picture_for_the_last_scan() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.ui(UiEvent::TakePhoto);
    assert_eq!(rig.said(), "camera-missing");
    rig.worker.handle(ToWorker::Camera(Camera::On));
    rig.ui(UiEvent::TakePhoto);
    assert_eq!(rig.said(), "photo-nothing");
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("5");
    let first = rig.worker.committed()[0];
    rig.ui(UiEvent::TakePhoto);
    // Another scan before the camera answers: the photo is of what was asked for.
    rig.scan("BOLT");
    rig.worker.quantity("2");
    rig.worker.handle(ToWorker::PhotoTaken(Ok(photo_of(1))));
    assert_eq!(rig.said(), "photo-saved");
    assert_eq!(
        rig.worker
            .replica()
            .query()
            .attachments(first)
            .unwrap()
            .len(),
        1
    );
    // A picture that nobody asked for is none.
    rig.worker.handle(ToWorker::PhotoTaken(Ok(photo_of(2))));
    assert_eq!(rig.worker.photos_waiting().photos, 1);
    rig.worker.handle(ToWorker::Camera(Camera::Missing));
    rig.ui(UiEvent::Undo);
    assert_eq!(
        rig.stock(),
        ["A-01 BOLT 5"],
        "the scan is undone, not the photo"
    );
    // The photo itself is taken back on the screen of what was done.
    rig.ui(UiEvent::Open(device_app::view::Place::History));
    let Screen::History(history) = rig.view().screen else {
        panic!("no history");
    };
    let row = history
        .rows
        .iter()
        .find(|row| row.operation == "attach")
        .unwrap();
    assert!(row.can_undo && row.text.contains("A-01"), "{row:?}");
    rig.ui(UiEvent::HistoryUndo(row.id.clone()));
    assert!(
        rig.worker
            .replica()
            .query()
            .attachments(first)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_picture_that_cannot_be_used_writes_nothing() {
    let hub = Hub::new();
    let (mut rig, received) = receiving(&hub);
    rig.worker
        .add_photo(photo::from_file(b"no picture"))
        .unwrap();
    assert_eq!(rig.said(), "picture-unreadable");
    assert!(rig.worker.committed().is_empty());
    assert!(
        rig.worker
            .replica()
            .query()
            .attachments(received)
            .unwrap()
            .is_empty()
    );
}
