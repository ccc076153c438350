//! A show of QR codes as a camera sees it, read by the reader of the handheld.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers panic as the test would"
)]

use carry::frames::{Receiver, Seen, Sender};
use scan::{Effort, FrameReader, LumaFrame, ReaderSettings};
use testkit::labels::{CameraView, SymbolKind, camera_like, label};

/// What a camera of 1280x720 sees of a frame on another handheld's screen.
fn pictured(text: &str, seed: u64) -> LumaFrame {
    let drawn = label(SymbolKind::Qr, text, "").unwrap();
    let view = CameraView {
        seed,
        ..CameraView::default()
    };
    let seen = camera_like(&drawn, &view.fitted(&drawn));
    let (width, height) = seen.dimensions();
    LumaFrame::new(width, height, seen.into_raw()).unwrap()
}

#[test]
fn three_hundred_events_cross_by_qr_although_every_third_frame_is_missed() {
    // As 300 events in signed segments: bytes that no packing makes smaller, 40 an event.
    let mut content = vec![0; 12_000];
    blake3::Hasher::new().finalize_xof().fill(&mut content);
    let sender = Sender::new(&content).unwrap();
    assert!(sender.parts() <= 20, "{} frames", sender.parts());
    let mut reader = FrameReader::new(ReaderSettings::default());
    let mut receiver = Receiver::default();
    let mut unread = 0;
    for number in (0..60).filter(|n| n % 3 != 2) {
        let reading = reader
            .read(
                &pictured(&sender.frame(number), u64::from(number)),
                Effort::Thorough,
            )
            .unwrap();
        let Some(payload) = reading.payloads.first() else {
            unread += 1;
            continue;
        };
        match receiver.take(&payload.text) {
            Seen::Complete(received) => {
                assert_eq!(received, content);
                assert_eq!(unread, 0, "frames that the reader could not read");
                return;
            }
            Seen::Progress { .. } => {}
            other => panic!("frame {number}: {other:?}"),
        }
    }
    panic!("not complete; {unread} frames were not read");
}
