//! A decoder that panics or hangs takes nothing down with it.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers panic as the test would"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use scan::decoder::{Decoder, Schedule, Stage};
use scan::{Effort, FrameReader, LumaFrame, Payload, ReadError, Reader, ReaderSettings, Symbology};

struct Reads(&'static str);

impl Decoder for Reads {
    fn decode(&mut self, _: &LumaFrame) -> Vec<Payload> {
        let symbology = Symbology::Code128;
        vec![Payload::of_symbol(self.0, symbology, "]C0", Reader::Other)]
    }
}

/// Panics at frames whose first pixel is 1.
struct Panics;

impl Decoder for Panics {
    fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload> {
        assert_ne!(frame.luma()[0], 1, "a panic the test asked for");
        Reads("after").decode(frame)
    }
}

/// Hangs at frames whose first pixel is 1, until it is let go.
struct Hangs(Arc<AtomicBool>);

impl Decoder for Hangs {
    fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload> {
        while frame.luma()[0] == 1 && !self.0.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(2));
        }
        Reads("after").decode(frame)
    }
}

fn frame(first_pixel: u8) -> LumaFrame {
    LumaFrame::new(4, 1, vec![first_pixel, 0, 0, 0]).unwrap()
}

fn reader(stages: Vec<Stage>) -> FrameReader {
    let settings = ReaderSettings {
        live_budget_ms: 1_000,
        ..ReaderSettings::default()
    };
    FrameReader::with_stages(settings, stages)
}

fn texts(reader: &mut FrameReader, frame: &LumaFrame) -> Vec<String> {
    let reading = reader.read(frame, Effort::Live).unwrap();
    reading
        .payloads
        .into_iter()
        .map(|payload| payload.text)
        .collect()
}

#[test]
fn a_panic_is_counted_and_the_others_still_read() {
    let mut reader = reader(vec![
        Stage::new("panics", Schedule::EACH_FRAME, || Panics),
        Stage::new("reads", Schedule::EACH_FRAME, || Reads("other")),
    ]);
    for _ in 0..20 {
        let reading = reader.read(&frame(1), Effort::Live).unwrap();
        assert_eq!(reading.faulty, ["panics"]);
        assert_eq!(reading.payloads[0].text, "other");
    }
    assert_eq!(
        texts(&mut reader, &frame(0)),
        ["after"],
        "the decoder is back"
    );
    let stats = reader.stats();
    assert_eq!((stats.frames, stats.reads, stats.panics), (21, 21, 20));
}

#[test]
fn a_decoder_that_cannot_be_made_is_a_panic_like_any() {
    let broken = Stage::new("broken", Schedule::EACH_FRAME, || -> Reads {
        panic!("asked for")
    });
    let mut reader = reader(vec![broken]);
    let reading = reader.read(&frame(0), Effort::Live).unwrap();
    assert_eq!(
        (reading.payloads.len(), reading.faulty),
        (0, vec!["broken"])
    );
}

#[test]
fn a_hang_ends_with_the_budget_and_the_next_frame_is_read() {
    let release = Arc::new(AtomicBool::new(false));
    let held = release.clone();
    let stage = Stage::new("hangs", Schedule::EACH_FRAME, move || Hangs(held.clone()));
    let mut reader = reader(vec![stage]);

    let start = Instant::now();
    let error = reader.read(&frame(1), Effort::Live).unwrap_err();
    assert!(
        matches!(error, ReadError::TimedOut { decoder: "hangs" }),
        "{error}"
    );
    assert_eq!(error.code(), "read-timed-out");
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(texts(&mut reader, &frame(0)), ["after"]);

    // A second thread may be lost; a third is not risked.
    assert!(matches!(
        reader.read(&frame(1), Effort::Live),
        Err(ReadError::TimedOut { .. })
    ));
    assert_eq!(reader.stats().stuck, 2);
    for _ in 0..50 {
        assert!(matches!(
            reader.read(&frame(1), Effort::Live),
            Err(ReadError::AllStuck)
        ));
    }
    let stats = reader.stats();
    assert_eq!((stats.timeouts, stats.stuck), (2, 2), "threads are bounded");

    // What comes back late is ignored, and the decoder works again.
    release.store(true, Ordering::SeqCst);
    let end = Instant::now() + Duration::from_secs(5);
    while reader.stats().stuck > 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(texts(&mut reader, &frame(0)), ["after"]);
    assert_eq!(reader.stats().reads, 2);
}

#[test]
fn a_hang_does_not_take_the_reads_of_others() {
    let stage = Stage::new("hangs", Schedule::EACH_FRAME, || {
        Hangs(Arc::new(AtomicBool::new(false)))
    });
    let mut reader = reader(vec![
        stage,
        Stage::new("reads", Schedule::EACH_FRAME, || Reads("other")),
    ]);
    for number in 0..5 {
        let reading = reader.read(&frame(1), Effort::Live).unwrap();
        assert_eq!(reading.payloads[0].text, "other");
        assert_eq!(
            reading.faulty.is_empty(),
            number >= 2,
            "left out once two threads hang"
        );
    }
}

#[test]
fn a_live_frame_ends_at_the_first_read_and_a_thorough_one_does_not() {
    let mut reader = reader(vec![
        Stage::new("first", Schedule::EACH_FRAME, || Reads("first")),
        Stage::new("second", Schedule::EACH_FRAME, || Reads("second")),
        Stage::new("again", Schedule { every: 3, at: 2 }, || Reads("first")),
    ]);
    assert_eq!(texts(&mut reader, &frame(0)), ["first"]);
    let reading = reader.read(&frame(0), Effort::Thorough).unwrap();
    let texts: Vec<_> = reading
        .payloads
        .iter()
        .map(|payload| payload.text.as_str())
        .collect();
    assert_eq!(texts, ["first", "second"]);
}

#[test]
fn stages_come_in_turn() {
    let mut reader = reader(vec![Stage::new(
        "third",
        Schedule { every: 3, at: 2 },
        || Reads("third"),
    )]);
    let reads: Vec<_> = (0..6)
        .map(|_| texts(&mut reader, &frame(0)).len())
        .collect();
    assert_eq!(reads, [0, 0, 1, 0, 0, 1]);
}

/// Reads an EAN-13 by few lines at frames whose first pixel is 1.
struct Weak;

impl Decoder for Weak {
    fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload> {
        let mut payloads = Reads("4006381333931").decode(frame);
        payloads.retain(|_| frame.luma()[0] == 1);
        for payload in &mut payloads {
            (payload.symbology, payload.weak) = (Symbology::Ean13, true);
        }
        payloads
    }
}

#[test]
fn a_weak_read_needs_a_second_live_frame() {
    let weak = || vec![Stage::new("weak", Schedule::EACH_FRAME, || Weak)];
    let mut reader = reader(weak());
    let other_frame = LumaFrame::new(4, 1, vec![1, 9, 9, 9]).unwrap();
    assert_eq!(texts(&mut reader, &frame(1)).len(), 0);
    assert_eq!(
        texts(&mut reader, &frame(1)).len(),
        0,
        "the same picture is no second frame"
    );
    let reading = reader.read(&other_frame, Effort::Live).unwrap();
    assert!(!reading.payloads[0].weak);
    for _ in 0..31 {
        assert_eq!(texts(&mut reader, &frame(0)).len(), 0);
    }
    assert_eq!(texts(&mut reader, &frame(1)).len(), 0, "too long ago");
    let single = reader.read(&frame(1), Effort::Thorough).unwrap();
    assert!(single.payloads[0].weak, "one picture cannot confirm itself");
}

/// Reads one text with one identifier.
struct Says(&'static str, &'static str);

impl Decoder for Says {
    fn decode(&mut self, _: &LumaFrame) -> Vec<Payload> {
        vec![Payload::of_symbol(
            self.0,
            Symbology::Ean13,
            self.1,
            Reader::Other,
        )]
    }
}

#[test]
fn an_add_on_that_only_the_fast_look_reads_is_kept() {
    let stages = || {
        vec![
            Stage::new("full", Schedule { every: 9, at: 0 }, || {
                Says("9780393058673", "]E0")
            }),
            Stage::new("fast", Schedule::EACH_FRAME, || {
                Says("978039305867352595", "]E3")
            })
            .not_for_stills(),
        ]
    };
    for (add_ons, expected) in [(true, Some("52595")), (false, None)] {
        let settings = ReaderSettings {
            add_ons,
            ..ReaderSettings::default()
        };
        let mut reader = FrameReader::with_stages(settings, stages());
        let found = reader.read(&frame(0), Effort::Still).unwrap().payloads;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].text, "9780393058673");
        assert_eq!(found[0].add_on.as_deref(), expected);
    }
}
