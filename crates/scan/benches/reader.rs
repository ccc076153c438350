//! What a frame costs, by what it shows: `cargo bench -p scan --bench reader`.
//!
//! `BENCHMARKS.md` has what is read, of which pictures and how soon; here a change that makes the same frames dearer is seen.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot start has nothing to measure"
)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use image::GrayImage;
use scan::{Effort, FrameReader, LumaFrame, ReaderSettings};
use testkit::labels::{CameraView, Sequence, SymbolKind, camera_like, label, noise_frame};

fn frame(picture: GrayImage) -> LumaFrame {
    LumaFrame::new(picture.width(), picture.height(), picture.into_raw()).unwrap()
}

fn seen(kind: SymbolKind, text: &str, view: CameraView) -> LumaFrame {
    frame(camera_like(&label(kind, text, "").unwrap(), &view))
}

/// Frames of a camera that stands still, in which only the noise differs; a weak read is not
/// confirmed by the same picture, so they are more than a turn.
const HELD: u64 = 13;

/// A camera that stands still.
fn held(kind: SymbolKind, text: &str, view: CameraView) -> Vec<LumaFrame> {
    let views = (1..=HELD).map(|seed| CameraView { seed, ..view });
    views.map(|view| seen(kind, text, view)).collect()
}

/// A frame of a camera that stands still: the mean over whole turns of all looks.
fn live(criterion: &mut Criterion) {
    let small = CameraView {
        width: 640,
        height: 480,
        ..CameraView::default()
    };
    let turned = CameraView {
        angle_deg: 33.0,
        pixels_per_module: 2.2,
        ..small
    };
    let dark = label(SymbolKind::Itf14, "10614141000415", "").unwrap();
    let dark = Sequence::LowLight.frames(&dark, (640, 480), HELD as usize, 1);
    let shown: [(&str, Vec<LumaFrame>); 6] = [
        ("blank 640x480", vec![frame(noise_frame(640, 480, 1, 4.0))]),
        (
            "blank 1280x720",
            vec![frame(noise_frame(1280, 720, 1, 4.0))],
        ),
        (
            "EAN-13 upright",
            held(SymbolKind::Ean13, "4006381333931", small),
        ),
        (
            "Code 128 turned",
            held(SymbolKind::Code128, "PALLET 000417", turned),
        ),
        (
            "DataMatrix turned",
            held(SymbolKind::DataMatrix, "LOT 20261123 / 0417", turned),
        ),
        ("ITF-14 in low light", dark.into_iter().map(frame).collect()),
    ];
    let mut group = criterion.benchmark_group("live frame");
    for (name, frames) in shown {
        let mut reader = FrameReader::new(ReaderSettings::default());
        let mut numbers = (0..frames.len()).cycle();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let frame = &frames[numbers.next().unwrap_or(0)];
                reader.read(black_box(frame), Effort::Live).unwrap()
            });
        });
    }
    group.finish();
}

/// A picture that is read alone.
fn still(criterion: &mut Criterion) {
    let blurred = CameraView {
        width: 640,
        height: 480,
        blur_px: 2.5,
        ..CameraView::default()
    };
    let shown = [
        (
            "QR",
            seen(SymbolKind::Qr, "BIN-A-03-2", CameraView::default()),
        ),
        (
            "EAN-13 out of focus",
            seen(SymbolKind::Ean13, "4006381333931", blurred),
        ),
    ];
    let mut group = criterion.benchmark_group("still picture");
    for (name, frame) in shown {
        let mut reader = FrameReader::new(ReaderSettings::default());
        group.bench_function(name, |bencher| {
            bencher.iter(|| reader.read(black_box(&frame), Effort::Still).unwrap());
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(40)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = live, still
}
criterion_main!(benches);
