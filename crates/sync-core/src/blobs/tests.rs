use super::*;

const T0: i64 = 1_790_000_000_000;

fn waiting(n: u8, kind: BlobKind, size: u64, age: i64) -> WaitingBlob {
    WaitingBlob {
        blob: BlobRef {
            id: BlobId([n; 32]),
            size,
            media: "image/jpeg".into(),
            kind,
        },
        made_at: T0 - age,
    }
}

/// A hub in memory: answers as the real one does.
#[derive(Default)]
struct Hub {
    held: BTreeMap<BlobId, u64>,
    outcomes: Vec<(BlobId, ChunkOutcome)>,
    chunks: Vec<(u8, u64, usize)>,
}

impl Hub {
    fn answer(&mut self, step: &BlobStep) -> BlobReply {
        let mut outcome = None;
        let ids = match step {
            BlobStep::Ask(ids) => ids.clone(),
            BlobStep::Chunk {
                blob,
                offset,
                bytes,
            } => {
                self.chunks.push((blob.id.0[0], *offset, *bytes));
                let held = self.held.entry(blob.id).or_default();
                outcome = Some(
                    match self.outcomes.iter().position(|(id, _)| *id == blob.id) {
                        Some(at) => self.outcomes.remove(at).1,
                        None if *offset != *held => ChunkOutcome::Elsewhere,
                        None => {
                            *held += *bytes as u64;
                            if *held == blob.size {
                                ChunkOutcome::Whole
                            } else {
                                ChunkOutcome::Taken
                            }
                        }
                    },
                );
                if outcome == Some(ChunkOutcome::HashWrong) {
                    *held = 0;
                }
                vec![blob.id]
            }
        };
        let held = |id: BlobId| self.held.get(&id).copied().unwrap_or(0);
        BlobReply {
            version: 1,
            held: ids.into_iter().map(|id| (id, held(id))).collect(),
            outcome,
        }
    }
}

struct Device {
    uploads: BlobUploads,
    waiting: Vec<WaitingBlob>,
    metered: bool,
    now: i64,
    /// How long an answer takes.
    answer_ms: i64,
}

impl Device {
    fn new(waiting: Vec<WaitingBlob>) -> Self {
        Self {
            uploads: BlobUploads::new(7),
            waiting,
            metered: false,
            now: T0,
            answer_ms: CHUNK_MS,
        }
    }

    fn step(&mut self, hub: &mut Hub) -> Option<Vec<BlobNews>> {
        let step = self.uploads.next(self.now, &self.waiting, self.metered)?;
        self.now += self.answer_ms;
        let reply = hub.answer(&step);
        let news = self.uploads.replied(self.now, &reply, &self.waiting);
        for BlobNews::OnHub(id) | BlobNews::Refused(id, _) in &news {
            self.waiting.retain(|w| w.blob.id != *id);
        }
        Some(news)
    }

    /// In which order they were whole, until nothing more goes.
    fn run(&mut self, hub: &mut Hub) -> Vec<u8> {
        let mut order = Vec::new();
        while let Some(news) = self.step(hub) {
            order.extend(news.iter().map(|n| match n {
                BlobNews::OnHub(id) | BlobNews::Refused(id, _) => id.0[0],
            }));
        }
        order
    }
}

#[test]
fn thumbnails_first_then_small_before_large_then_the_oldest() {
    use BlobKind::{Document, Photo, Signature, Thumbnail};
    let mut device = Device::new(vec![
        waiting(1, Photo, 300_000, 9),
        waiting(2, Thumbnail, 9_000, 1),
        waiting(3, Photo, 290_000, 5),
        waiting(4, Signature, 3_000, 2),
        waiting(5, Document, 2_000_000, 99),
        waiting(6, Thumbnail, 19_000, 8),
        waiting(7, Photo, 90_000, 0),
    ]);
    assert_eq!(device.run(&mut Hub::default()), [6, 2, 4, 7, 1, 3, 5]);
}

#[test]
fn what_goes_over_a_metered_network() {
    use BlobKind::{Document, Photo, Signature, Thumbnail};
    let blobs = [
        (waiting(1, Thumbnail, 20_000, 0), true),
        (waiting(2, Signature, 400_000, 0), true),
        (waiting(3, Photo, METERED_PHOTO_BYTES_MAX, 0), true),
        (waiting(4, Photo, METERED_PHOTO_BYTES_MAX + 1, 0), false),
        (waiting(5, Document, 10, 0), false),
    ];
    for (waiting, goes) in &blobs {
        assert_eq!(goes_metered(&waiting.blob), *goes, "{waiting:?}");
    }
    let mut device = Device::new(blobs.map(|(w, _)| w).into());
    device.metered = true;
    assert_eq!(device.run(&mut Hub::default()), [1, 3, 2]);
    device.metered = false;
    assert_eq!(device.run(&mut Hub::default()), [5, 4]);
}

#[test]
fn an_upload_goes_on_where_the_hub_says_and_one_request_is_under_way_at_a_time() {
    let mut device = Device::new(vec![waiting(1, BlobKind::Photo, 100_000, 0)]);
    let mut hub = Hub::default();
    hub.held.insert(BlobId([1; 32]), 60_000);
    let ask = device.uploads.next(T0, &device.waiting, false).unwrap();
    assert_eq!(ask, BlobStep::Ask(vec![BlobId([1; 32])]));
    assert_eq!(device.uploads.next(T0, &device.waiting, false), None);
    assert!(device.uploads.is_busy());
    // The line is cut: later, the hub is asked again.
    device.uploads.failed(T0, "server-unreachable");
    assert_eq!(device.uploads.trouble(), Some("server-unreachable"));
    assert_eq!(device.uploads.next(T0, &device.waiting, false), None);
    device.now = device.uploads.due(T0).unwrap();
    assert!((T0..T0 + 60_000).contains(&device.now));
    assert_eq!(device.run(&mut hub), [1]);
    assert_eq!(hub.chunks.iter().map(|c| c.1).min(), Some(60_000));
    assert_eq!(device.uploads.trouble(), None);
}

#[test]
fn what_the_hub_has_already_is_not_sent() {
    let mut device = Device::new(vec![
        waiting(1, BlobKind::Photo, 100_000, 0),
        waiting(2, BlobKind::Thumbnail, 9_000, 0),
    ]);
    let mut hub = Hub::default();
    hub.held.insert(BlobId([1; 32]), 100_000);
    assert_eq!(device.run(&mut hub), [1, 2]);
    assert_eq!(hub.chunks.len(), 1, "the thumbnail alone: {:?}", hub.chunks);
}

#[test]
fn chunks_grow_and_shrink_with_the_line_within_their_bounds() {
    for (bytes_a_second, expected) in [
        (1_000_000, CHUNK_BYTES_MAX),
        (100_000, 100_000),
        (2_000, CHUNK_BYTES_MIN),
    ] {
        let mut device = Device::new(vec![waiting(1, BlobKind::Photo, 8 << 20, 0)]);
        let mut hub = Hub::default();
        device.step(&mut hub);
        for _ in 0..12 {
            device.answer_ms = device.uploads.chunk_bytes as i64 * 1_000 / bytes_a_second;
            device.step(&mut hub);
        }
        // Answers are timed in whole milliseconds.
        let off = device.uploads.chunk_bytes.abs_diff(expected);
        assert!(off <= expected / 500, "{bytes_a_second}: {off}");
        let sizes = CHUNK_BYTES_MIN..=CHUNK_BYTES_MAX;
        assert!(hub.chunks.iter().all(|c| sizes.contains(&c.2)));
    }
}

#[test]
fn a_wrong_hash_is_sent_again_from_the_beginning_and_holds_up_no_other() {
    let (bad, good) = (BlobId([1; 32]), BlobId([2; 32]));
    let mut device = Device::new(vec![
        waiting(1, BlobKind::Photo, 1_000, 5),
        waiting(2, BlobKind::Photo, 1_000, 0),
    ]);
    let mut hub = Hub::default();
    hub.outcomes.push((bad, ChunkOutcome::HashWrong));
    assert_eq!(device.run(&mut hub), [2]);
    assert_eq!(hub.held[&good], 1_000);
    device.now = device.uploads.due(device.now).unwrap();
    assert_eq!(device.run(&mut hub), [1]);
    assert_eq!(hub.chunks, [(1, 0, 1_000), (2, 0, 1_000), (1, 0, 1_000)]);
}

#[test]
fn what_can_never_go_is_given_up_and_a_quota_is_waited_for() {
    for (outcome, code) in [
        (ChunkOutcome::TooLarge, "blob-too-large"),
        (ChunkOutcome::MediaRefused, "blob-media-refused"),
    ] {
        let mut device = Device::new(vec![waiting(1, BlobKind::Photo, 1_000, 0)]);
        let mut hub = Hub::default();
        hub.outcomes.push((BlobId([1; 32]), outcome));
        device.step(&mut hub);
        let news = device.step(&mut hub).unwrap();
        assert_eq!(news, [BlobNews::Refused(BlobId([1; 32]), code)]);
        assert_eq!(device.uploads.trouble(), Some(code));
    }
    let mut device = Device::new(vec![waiting(1, BlobKind::Photo, 1_000, 0)]);
    let mut hub = Hub::default();
    hub.outcomes
        .push((BlobId([1; 32]), ChunkOutcome::QuotaReached));
    assert_eq!(device.run(&mut hub), []);
    assert_eq!(device.uploads.trouble(), Some("blob-quota"));
    assert_eq!(
        device.uploads.due(device.now),
        Some(device.now + QUOTA_WAIT_MS)
    );
    device.uploads.hurry();
    assert_eq!(device.run(&mut hub), [1]);
}

#[test]
fn many_are_asked_for_in_portions() {
    let blobs: Vec<WaitingBlob> = (0..600u64)
        .map(|n| {
            let mut waiting = waiting(0, BlobKind::Photo, 1_000, n as i64);
            waiting.blob.id.0[..8].copy_from_slice(&n.to_be_bytes());
            waiting
        })
        .collect();
    let mut device = Device::new(blobs);
    let mut hub = Hub::default();
    let Some(BlobStep::Ask(ids)) = device.uploads.next(T0, &device.waiting, false) else {
        panic!("nothing is known yet");
    };
    assert_eq!(ids.len(), BLOB_ASK_MAX);
    device.uploads.failed(T0, "server-unreachable");
    device.uploads.hurry();
    assert_eq!(device.run(&mut hub).len(), 600);
}
