//! Frames of a running camera: what is at rest is read at once, what was read is looked for there
//! first, and what is dark gets clear with time.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers panic as the test would"
)]

use std::sync::{Arc, Mutex};

use scan::decoder::{Decoder, Schedule, Stage};
use scan::{Effort, FrameReader, LumaFrame, Payload, Reader, ReaderSettings, Symbology};

/// What a decoder was shown: width and height of each frame.
type Shown = Arc<Mutex<Vec<(u32, u32)>>>;

/// Finds the one white pixel, and calls it a code of 40 by 20 pixels about it.
struct Spot {
    text: &'static str,
    shown: Shown,
}

impl Decoder for Spot {
    fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload> {
        self.shown
            .lock()
            .unwrap()
            .push((frame.width(), frame.height()));
        let Some(at) = frame.luma().iter().position(|grey| *grey == 255) else {
            return Vec::new();
        };
        let (x, y) = (
            at as i32 % frame.width() as i32,
            at as i32 / frame.width() as i32,
        );
        let corners = [
            (x - 20, y - 10),
            (x + 20, y - 10),
            (x + 20, y + 10),
            (x - 20, y + 10),
        ];
        vec![Payload {
            corners: Some(corners),
            ..Payload::of_symbol(self.text, Symbology::Code128, "]C0", Reader::Other)
        }]
    }
}

fn spotted((x, y): (usize, usize)) -> LumaFrame {
    let mut luma = vec![90; 400 * 300];
    luma[y * 400 + x] = 255;
    LumaFrame::new(400, 300, luma).unwrap()
}

fn reader(stages: Vec<Stage>) -> FrameReader {
    FrameReader::with_stages(ReaderSettings::default(), stages)
}

#[test]
fn a_code_that_was_read_is_looked_for_there_first() {
    let shown = Shown::default();
    let seen = shown.clone();
    let rarely = Schedule { every: 40, at: 1 };
    let mut reader = reader(vec![Stage::new("spot", rarely, move || Spot {
        text: "A",
        shown: seen.clone(),
    })]);
    for number in 0..12usize {
        let (x, y) = (200 + 3 * number, 150);
        let reading = reader.read(&spotted((x, y)), Effort::Live).unwrap();
        assert_eq!(reading.payloads.len(), usize::from(number >= 1), "{number}");
        for payload in reading.payloads {
            let upper_left = (x as i32 - 20, y as i32 - 10);
            assert_eq!(payload.corners.unwrap()[0], upper_left, "{number}");
        }
    }
    let shown = shown.lock().unwrap();
    assert_eq!((shown.len(), shown[0]), (11, (400, 300)));
    assert!(
        shown[1..]
            .iter()
            .all(|(width, height)| *width < 120 && *height < 120),
        "{shown:?}"
    );
}

#[test]
fn a_code_that_left_is_given_up() {
    let shown = Shown::default();
    let seen = shown.clone();
    let rarely = Schedule { every: 60, at: 0 };
    let mut reader = reader(vec![Stage::new("spot", rarely, move || Spot {
        text: "A",
        shown: seen.clone(),
    })]);
    assert_eq!(
        reader
            .read(&spotted((200, 150)), Effort::Live)
            .unwrap()
            .payloads
            .len(),
        1
    );
    for _ in 0..30 {
        let gone = spotted((390, 290));
        assert!(
            reader
                .read(&gone, Effort::Live)
                .unwrap()
                .payloads
                .is_empty()
        );
    }
    assert!(
        shown.lock().unwrap().len() < 8,
        "{:?}",
        shown.lock().unwrap()
    );
}

/// Says another text in a part than in the whole, as a code that is cut short does.
struct CutShort;

impl Decoder for CutShort {
    fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload> {
        let text = if frame.width() == 400 { "whole" } else { "who" };
        let shown = Shown::default();
        Spot { text, shown }.decode(frame)
    }
}

#[test]
fn what_else_a_part_of_a_frame_shows_is_not_believed() {
    let rarely = Schedule { every: 9, at: 0 };
    let mut reader = reader(vec![Stage::new("cut", rarely, || CutShort)]);
    for number in 0..18 {
        let found = reader
            .read(&spotted((200, 150)), Effort::Live)
            .unwrap()
            .payloads;
        assert!(found.iter().all(|payload| payload.text == "whole"));
        assert_eq!(found.len(), usize::from(number % 9 == 0), "{number}");
    }
}

/// Live frames after which `B`, due every fourth frame, is read too where `A` is in view all the time.
fn read_beside(first: Schedule) -> usize {
    let seldom = Schedule { every: 4, at: 2 };
    let mut reader = reader(vec![
        Stage::new("first", first, || Spot {
            text: "A",
            shown: Shown::default(),
        }),
        Stage::new("second", seldom, || Spot {
            text: "B",
            shown: Shown::default(),
        }),
    ]);
    let mut shows = |text: &str| {
        let found = reader.read(&spotted((200, 150)), Effort::Live).unwrap();
        found.payloads.iter().any(|payload| payload.text == text)
    };
    while !shows("A") {}
    (1..100).find(|_| shows("B")).unwrap()
}

#[test]
fn other_codes_are_found_within_a_short_turn_beside_one_that_is_read() {
    assert!(read_beside(Schedule { every: 30, at: 3 }) <= 4, "tracked");
    assert!(
        read_beside(Schedule::EACH_FRAME) <= 4,
        "read by the cheap look"
    );
}

#[test]
fn glances_look_seldom_for_the_tracked_code() {
    let shown = Shown::default();
    let seen = shown.clone();
    let costly = Schedule { every: 2, at: 0 };
    let mut reader = reader(vec![Stage::new("costly", costly, move || Spot {
        text: "A",
        shown: seen.clone(),
    })]);
    reader.read(&spotted((200, 150)), Effort::Live).unwrap();
    for _ in 0..8 {
        reader.read(&spotted((200, 150)), Effort::Glance).unwrap();
    }
    assert_eq!(shown.lock().unwrap().len(), 1 + 2);
}

#[test]
fn a_frame_that_shows_nothing_is_not_looked_at() {
    let (cheap, costly) = (Shown::default(), Shown::default());
    let stage = |name, live, seen: &Shown| {
        let seen = seen.clone();
        let make = move || Spot {
            text: "A",
            shown: seen.clone(),
        };
        Stage::new(name, live, make)
    };
    let every_other = Schedule { every: 2, at: 0 };
    let mut reader = reader(vec![
        stage("cheap", Schedule::EACH_FRAME, &cheap),
        stage("costly", every_other, &costly),
    ]);
    let wall = LumaFrame::new(400, 300, vec![90; 400 * 300]).unwrap();
    for effort in [Effort::Live, Effort::Glance].repeat(8) {
        let reading = reader.read(&wall, effort).unwrap();
        assert!(reading.payloads.is_empty());
    }
    let looks = |shown: &Shown| shown.lock().unwrap().len();
    assert_eq!((looks(&cheap), looks(&costly)), (0, 0));
    reader.read(&wall, Effort::Still).unwrap();
    assert_eq!(looks(&costly), 1, "a still picture is always looked at");
}

/// A Code 39 in every frame, without a word of doubt.
struct Unchecked;

impl Decoder for Unchecked {
    fn decode(&mut self, _frame: &LumaFrame) -> Vec<Payload> {
        vec![Payload::of_symbol(
            "LOC-7",
            Symbology::Code39,
            "]A0",
            Reader::Other,
        )]
    }
}

#[test]
fn what_has_no_check_digit_needs_a_second_frame_or_a_known_code() {
    let stages = || vec![Stage::new("unchecked", Schedule::EACH_FRAME, || Unchecked)];
    let read = |reader: &mut FrameReader, at| {
        let reading = reader.read(&spotted(at), Effort::Live).unwrap();
        reading.payloads.len()
    };
    let mut cautious = reader(stages());
    assert_eq!(read(&mut cautious, (90, 90)), 0);
    assert_eq!(
        read(&mut cautious, (92, 90)),
        1,
        "another frame says the same"
    );
    let mut knowing = reader(stages()).knowing(|payload| payload.text == "LOC-7");
    assert_eq!(read(&mut knowing, (90, 90)), 1);
    let mut knowing_others = reader(stages()).knowing(|payload| payload.text == "LOC-8");
    assert_eq!(read(&mut knowing_others, (90, 90)), 0);
    let still = reader(stages()).read(&spotted((90, 90)), Effort::Still);
    assert_eq!(
        still.unwrap().payloads.len(),
        1,
        "a picture has no second frame"
    );
}

#[cfg(feature = "zxing")]
mod pictures {
    use scan::{Effort, FrameReader, LumaFrame, ReaderSettings};
    use testkit::labels::{Sequence, SymbolKind, label};

    fn frames(sequence: Sequence, kind: SymbolKind, text: &str, seed: u64) -> Vec<LumaFrame> {
        let label = label(kind, text, "").unwrap();
        let drawn = sequence.frames(&label, (640, 480), 12, seed);
        let frame =
            |p: image::GrayImage| LumaFrame::new(p.width(), p.height(), p.into_raw()).unwrap();
        drawn.into_iter().map(frame).collect()
    }

    /// Numbers of the frame in which the text was read, from each place of the turn of looks.
    fn read_after(frames: &[LumaFrame], text: &str, turn: u64) -> Option<usize> {
        let mut reader = FrameReader::new(ReaderSettings::default());
        let nothing = LumaFrame::new(64, 64, vec![128; 64 * 64]).unwrap();
        for _ in 0..turn {
            reader.read(&nothing, Effort::Live).unwrap();
        }
        frames.iter().position(|frame| {
            let found = reader.read(frame, Effort::Live).unwrap().payloads;
            found.iter().any(|payload| payload.text == text)
        })
    }

    #[test]
    fn other_settings_hold_from_the_next_frame_on() {
        use scan::Symbology;
        let of = |symbology| ReaderSettings {
            symbologies: vec![symbology],
            ..ReaderSettings::default()
        };
        let rest = frames(Sequence::Rest, SymbolKind::Qr, "BIN-A-03-2", 5);
        let mut reader = FrameReader::new(of(Symbology::Ean13));
        let mut texts = |settings: Option<ReaderSettings>| {
            if let Some(settings) = settings {
                reader.set_settings(settings);
            }
            let read = rest[..6].iter();
            let read = read.flat_map(|frame| reader.read(frame, Effort::Live).unwrap().payloads);
            read.map(|payload| payload.text).next()
        };
        assert_eq!(texts(None), None);
        assert_eq!(
            texts(Some(of(Symbology::Qr))).as_deref(),
            Some("BIN-A-03-2")
        );
        assert_eq!(texts(Some(of(Symbology::Code128))), None);
    }

    #[test]
    fn codes_at_rest_are_read_within_four_frames() {
        for (kind, text, seed) in [
            (SymbolKind::Code128, "BIN-A-03-2", 106),
            (SymbolKind::Itf14, "15400141288763", 311),
            (SymbolKind::DataMatrix, "LOT 20261123 / 0417", 523),
            (SymbolKind::Ean13, "9780441014989", 14),
        ] {
            let frames = frames(Sequence::Rest, kind, text, seed);
            for turn in 0..4 {
                let after = read_after(&frames, text, turn);
                assert!(
                    after.is_some_and(|after| after < 4),
                    "{text} {turn} {after:?}"
                );
            }
        }
    }

    #[test]
    fn dark_codes_are_read_from_several_frames() {
        let (kind, text) = (SymbolKind::Itf14, "10614141000415");
        let frames = frames(Sequence::LowLight, kind, text, 301);
        let mut reader = FrameReader::new(ReaderSettings::default());
        let single = reader.read(&frames[0], Effort::Glance).unwrap().payloads;
        assert!(single.is_empty());
        assert!(read_after(&frames, text, 0).is_some());
    }
}
