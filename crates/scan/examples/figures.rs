//! How far the reader goes on pictures of our own making: `cargo run --release -p scan --example figures`
//!
//! Angles, pixels a module, blur, what frames without a code cost, and how soon a moving or resting
//! label is read. zxing-cpp alone stands beside it. `figures PART...` measures only those parts:
//! angles, modules, blur, two-width, empty, sequences, second. `misses=DIR` keeps the pictures that were not read
//! there, with their texts. `seed=N` takes other views of the sequences. The last line is JSON.

#![expect(clippy::print_stdout, reason = "a command-line report")]

use std::error::Error;
use std::path::PathBuf;

use rustix::time::{ClockId, clock_gettime};
use scan::decoder::{Decoder, single};
use scan::live::{Pacer, SHARE};
use scan::{Effort, FrameReader, LumaFrame, Payload, ReaderSettings};
use serde_json::{Map, Value, json};
use testkit::labels::{CameraView, Sequence, SymbolKind, camera_like, label, noise_frame};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Kind, and texts as they are drawn.
type Case = (SymbolKind, &'static str, [&'static str; 3]);

const KINDS: [Case; 6] = [
    (
        SymbolKind::Ean13,
        "ean-13",
        ["4006381333931", "9780441014989", "6901234567892"],
    ),
    (
        SymbolKind::Code128,
        "code-128",
        ["BIN-A-03-2", "PALLET 000417", "4711081500"],
    ),
    (
        SymbolKind::Gs1_128,
        "gs1-128",
        [
            "(01)04006381333931(10)LOT7",
            "(00)006141411234567890",
            "(02)04006381333931(37)24",
        ],
    ),
    (
        SymbolKind::Itf14,
        "itf-14",
        ["10614141000415", "15400141288763", "04006381333931"],
    ),
    (
        SymbolKind::Qr,
        "qr",
        [
            "BIN-A-03-2",
            "https://id.example/01/04006381333931",
            "货架 A-03",
        ],
    ),
    (
        SymbolKind::DataMatrix,
        "data-matrix",
        ["SN-2026-000017", "A1", "LOT 20261123 / 0417"],
    ),
];

/// Kinds whose elements are narrow or wide, of which only ITF-14 must have a check digit.
const TWO_WIDTHS: [Case; 3] = [
    (
        SymbolKind::Code39,
        "code-39",
        ["BIN-A-03-2", "PALLET 417", "4711081500"],
    ),
    (
        SymbolKind::Itf14,
        "itf-14",
        ["10614141000415", "15400141288763", "04006381333931"],
    ),
    (
        SymbolKind::Codabar,
        "codabar",
        ["A40156B", "B7110-8150$2C", "D311170132063A"],
    ),
];

/// Time between two frames of a camera.
const FRAME_MS: f64 = 1_000.0 / 30.0;

fn frame(picture: image::GrayImage) -> Outcome<LumaFrame> {
    let (width, height) = picture.dimensions();
    Ok(LumaFrame::new(width, height, picture.into_raw())?)
}

fn processor_ms() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

fn percentile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1) as f64;
    let at = (last * part).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// Letters and digits only: brackets are not in the symbol, separators not in the drawing.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Codabar with its start and stop letters, as it is drawn.
fn settings() -> ReaderSettings {
    ReaderSettings {
        codabar_guards: true,
        ..ReaderSettings::default()
    }
}

fn is_right(drawn: &str, found: &[Payload]) -> bool {
    found
        .iter()
        .any(|payload| plain(&payload.text) == plain(drawn))
}

/// Both readers.
struct Readers {
    cascade: FrameReader,
    single: Option<Box<dyn Decoder>>,
    wrong: usize,
    misses: Option<PathBuf>,
    missed: usize,
}

impl Readers {
    fn new(misses: Option<PathBuf>) -> Self {
        let settings = settings();
        Self {
            single: single("zxing", &settings),
            cascade: FrameReader::new(settings),
            wrong: 0,
            misses,
            missed: 0,
        }
    }

    /// Whether the whole reader, and zxing-cpp alone, read the text.
    fn read(&mut self, frame: &LumaFrame, text: &str) -> Outcome<(bool, bool)> {
        let found = self.cascade.read(frame, Effort::Still)?.payloads;
        let right = is_right(text, &found);
        self.wrong += usize::from(!right && !found.is_empty());
        if let Some(folder) = self.misses.as_ref().filter(|_| !right) {
            let path = folder.join(format!("{:04}.png", self.missed));
            self.missed += 1;
            std::fs::write(path.with_extension("txt"), text)?;
            let luma = frame.luma().to_vec();
            image::GrayImage::from_raw(frame.width(), frame.height(), luma)
                .ok_or("the frame has another size")?
                .save(path)?;
        }
        let alone = self.single.as_mut().map(|single| single.decode(frame));
        Ok((right, is_right(text, &alone.unwrap_or_default())))
    }
}

/// 24 angles of every kind, in percent.
fn angles(readers: &mut Readers) -> Outcome<Value> {
    let mut report = Map::new();
    for (kind, name, texts) in KINDS {
        let (mut all, mut cascade, mut alone) = (0, 0, 0);
        for (number, text) in texts.into_iter().enumerate() {
            let label = label(kind, text, "")?;
            // So small that the label fits into the frame at every angle.
            let diagonal = f64::from(label.width()).hypot(f64::from(label.height()));
            for angle in (0..360).step_by(15) {
                let view = CameraView {
                    angle_deg: f64::from(angle) + number as f64,
                    pixels_per_module: (690.0 / diagonal).min(3.0),
                    seed: 100 + angle as u64,
                    ..CameraView::default()
                };
                let (both, single) = readers.read(&frame(camera_like(&label, &view))?, text)?;
                all += 1;
                cascade += usize::from(both);
                alone += usize::from(single);
            }
        }
        let percent = |count: usize| 100.0 * count as f64 / f64::from(all);
        println!(
            "angles {name}: {:.1} % (zxing {:.1} %)",
            percent(cascade),
            percent(alone)
        );
        let row = json!({ "percent": percent(cascade), "zxing": percent(alone) });
        report.insert(name.to_owned(), row);
    }
    Ok(report.into())
}

/// The last step of a ladder, from easy to hard, up to which at least nine of ten views are read.
fn ladder(
    readers: &mut Readers,
    kind: SymbolKind,
    texts: &[&str],
    steps: &[f64],
    view_of: impl Fn(f64) -> CameraView,
) -> Outcome<(Option<f64>, Option<f64>)> {
    let (mut cascade, mut alone) = (None, None);
    let (mut going, mut alone_going) = (true, true);
    for step in steps {
        let (mut views, mut right, mut single) = (0, 0, 0);
        for text in texts {
            let label = label(kind, text, "")?;
            for number in 0..4u32 {
                let number = f64::from(number);
                let view = CameraView {
                    width: 640,
                    height: 480,
                    angle_deg: number * 1.7 - 2.5,
                    offset: (number * 0.37, number * 0.61),
                    seed: 50 + number as u64,
                    ..view_of(*step)
                };
                let (both, one) = readers.read(&frame(camera_like(&label, &view))?, text)?;
                views += 1;
                right += usize::from(both);
                single += usize::from(one);
            }
        }
        let enough = |count: usize| count * 10 >= views * 9;
        going &= enough(right);
        alone_going &= enough(single);
        cascade = if going { Some(*step) } else { cascade };
        alone = if alone_going { Some(*step) } else { alone };
        if !going && !alone_going {
            break;
        }
    }
    Ok((cascade, alone))
}

fn modules(readers: &mut Readers) -> Outcome<Value> {
    const STEPS: [f64; 12] = [3.0, 2.5, 2.0, 1.8, 1.7, 1.6, 1.5, 1.4, 1.3, 1.2, 1.1, 1.0];
    let mut report = Map::new();
    for (kind, name, texts) in KINDS {
        let of = |pixels_per_module| CameraView {
            pixels_per_module,
            blur_px: 0.5,
            ..CameraView::default()
        };
        // At 3 pixels a module a frame of 640 pixels sees only a part of a longer code.
        let width = label(kind, texts[0], "")?.width();
        let fits = |step: &&f64| f64::from(width) * **step < 620.0;
        let steps: Vec<f64> = STEPS.iter().filter(fits).copied().collect();
        let (cascade, zxing) = ladder(readers, kind, &texts[..2], &steps, of)?;
        println!("smallest px a module {name}: {cascade:?} (zxing {zxing:?})");
        report.insert(name.to_owned(), json!({ "px": cascade, "zxing": zxing }));
    }
    Ok(report.into())
}

fn blur(readers: &mut Readers) -> Outcome<Value> {
    const STEPS: [f64; 9] = [0.5, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 3.0];
    let mut report = Map::new();
    for (kind, name, texts) in KINDS {
        let fits = |text: &&&str| {
            label(kind, text, "").is_ok_and(|label| f64::from(label.width()) * 3.0 < 640.0)
        };
        let texts: Vec<_> = texts.iter().filter(fits).copied().collect();
        let of = |blur_px| CameraView {
            pixels_per_module: 3.0,
            blur_px,
            ..CameraView::default()
        };
        let (cascade, zxing) = ladder(readers, kind, &texts, &STEPS, of)?;
        println!("most blur at 3 px a module {name}: {cascade:?} (zxing {zxing:?})");
        report.insert(
            name.to_owned(),
            json!({ "sigma_px": cascade, "zxing": zxing }),
        );
    }
    Ok(report.into())
}

/// Codes of two widths of element in 24 angles, small, blurred and noisy, in percent.
fn two_widths(readers: &mut Readers) -> Outcome<Value> {
    const BLURS: [f64; 5] = [0.5, 1.0, 1.5, 2.0, 2.5];
    const NOISES: [f64; 4] = [5.0, 10.0, 20.0, 30.0];
    let mut conditions = Vec::new();
    for pixels_per_module in [1.3, 1.6, 2.0, 2.5, 3.0] {
        for blur_px in BLURS {
            // What is smeared over more modules than this nobody reads.
            if blur_px < 1.1 * pixels_per_module {
                conditions.push((pixels_per_module, blur_px, 3.0));
            }
        }
    }
    conditions.extend(NOISES.map(|noise| (2.0, 0.6, noise)));
    let mut report = Map::new();
    for (kind, name, texts) in TWO_WIDTHS {
        for &(pixels_per_module, blur_px, noise) in &conditions {
            let (mut views, mut both, mut alone) = (0, 0, 0);
            for angle in (0..360).step_by(15) {
                let text = texts[angle / 15 % texts.len()];
                let view = CameraView {
                    width: 640,
                    height: 640,
                    angle_deg: angle as f64 + 1.3,
                    pixels_per_module,
                    blur_px,
                    noise,
                    seed: 700 + angle as u64,
                    ..CameraView::default()
                };
                let label = label(kind, text, "")?;
                let (whole, single) = readers.read(&frame(camera_like(&label, &view))?, text)?;
                views += 1;
                both += usize::from(whole);
                alone += usize::from(single);
            }
            let percent = |count: usize| 100.0 * count as f64 / f64::from(views);
            let condition = format!("{pixels_per_module} px, blur {blur_px}, noise {noise}");
            let (both, alone) = (percent(both), percent(alone));
            println!("{name}, {condition}: {both:.0} % (zxing {alone:.0} %)");
            let row = json!({ "percent": both, "zxing": alone });
            report.insert(format!("{name}, {condition}"), row);
        }
    }
    Ok(report.into())
}

/// Print without a code: dark strokes on paper.
fn text_page(width: u32, height: u32) -> image::GrayImage {
    image::GrayImage::from_fn(width, height, |x, y| {
        let letter = u64::from(x / 9 + (y / 22) * 7);
        let bits = letter.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let cell = (x % 9) / 2 + 4 * ((y % 22) / 3);
        let ink = y % 22 < 13 && x % 9 < 7 && (bits >> (cell % 24)) & 1 == 1;
        image::Luma([if ink { 50 } else { 210 }])
    })
}

/// Processor time of live frames without a code, over some turns of all looks.
fn empty() -> Outcome<Value> {
    let mut report = Map::new();
    for (width, height) in [(1280, 720), (640, 480)] {
        let shelf = label(SymbolKind::Code128, "OUT OF FOCUS", "")?;
        let blurred = CameraView {
            width,
            height,
            blur_px: 9.0,
            ..CameraView::default()
        };
        let pictures = [
            ("flat", noise_frame(width, height, 1, 4.0)),
            ("noise", noise_frame(width, height, 2, 60.0)),
            ("text", text_page(width, height)),
            ("blurred", camera_like(&shelf, &blurred)),
        ];
        for (name, picture) in pictures {
            let frame = frame(picture)?;
            let mut reader = FrameReader::new(ReaderSettings::default());
            let mut pacer = Pacer::new(SHARE);
            let mut costs = Vec::new();
            for number in 0..240u64 {
                let before = processor_ms();
                reader.read(&frame, pacer.effort(number * 33))?;
                let cost = processor_ms() - before;
                pacer.spent(cost);
                costs.push(cost);
            }
            let mean = costs.iter().sum::<f64>() / costs.len() as f64;
            let p95 = percentile(&costs, 0.95);
            println!("empty {width}x{height} {name}: mean {mean:.1} ms, p95 {p95:.1} ms");
            let row = json!({ "mean_ms": mean, "p95_ms": p95 });
            report.insert(format!("{width}x{height} {name}"), row);
        }
    }
    Ok(report.into())
}

/// Milliseconds until a sequence is read, as a scheduler with this processor would: while a frame
/// is read the newest of the others waits. `None` if it never is.
fn time_to_read(frames: &[LumaFrame], text: &str, turn: u64) -> Outcome<Option<f64>> {
    let mut reader = FrameReader::new(ReaderSettings::default());
    let mut pacer = Pacer::new(SHARE);
    // The label comes in at any place of the turn of looks.
    let nothing = LumaFrame::new(64, 64, vec![128; 64 * 64])?;
    for _ in 0..turn {
        reader.read(&nothing, Effort::Live)?;
    }
    let mut now = 0.0f64;
    while ((now / FRAME_MS) as usize) < frames.len() {
        let number = (now / FRAME_MS) as usize;
        let before = processor_ms();
        let reading = reader.read(&frames[number], pacer.effort(now as u64))?;
        let cost = processor_ms() - before;
        pacer.spent(cost);
        if is_right(text, &reading.payloads) {
            return Ok(Some(now + cost));
        }
        now = (now + cost).max((number + 1) as f64 * FRAME_MS);
    }
    Ok(None)
}

/// Milliseconds after which a frame of the sequence can be read by all looks together, as a picture
/// of its own. A label that comes nearer cannot be read before.
fn readable_after(frames: &[LumaFrame], text: &str) -> Outcome<Option<f64>> {
    let mut reader = FrameReader::new(ReaderSettings::default());
    for (number, frame) in frames.iter().enumerate() {
        if is_right(text, &reader.read(frame, Effort::Still)?.payloads) {
            return Ok(Some(number as f64 * FRAME_MS));
        }
    }
    Ok(None)
}

/// Each time from the first frame; of the label that comes nearer, from the first frame that a
/// still look reads.
fn sequences(other_views: u64) -> Outcome<Value> {
    let mut report = Map::new();
    for sequence in Sequence::ALL {
        // A label at rest must be read at once, and so in many views.
        let (views, length) = match sequence {
            Sequence::Rest => (6, 12),
            _ => (1, 45),
        };
        let mut times = Vec::new();
        let mut never = 0;
        for (number, (kind, name, texts)) in KINDS.into_iter().enumerate() {
            for (at, text) in texts.into_iter().enumerate() {
                let label = label(kind, text, "")?;
                for view in 0..views {
                    let seed = (number * 100 + at * 10 + view) as u64 + 1 + other_views;
                    let drawn = sequence.frames(&label, (640, 480), length, seed);
                    let frames: Vec<_> = drawn.into_iter().map(frame).collect::<Result<_, _>>()?;
                    let mut time = time_to_read(&frames, text, seed * 7 % 48)?;
                    if sequence == Sequence::Approach {
                        let readable = readable_after(&frames, text)?.unwrap_or_default();
                        time = time.map(|time| (time - readable).max(0.0));
                    }
                    if time.is_none_or(|time| time > 150.0) {
                        println!("  late: {name} {text:?} view {view}: {time:?}");
                    }
                    match time {
                        Some(time) => times.push(time),
                        None => never += 1,
                    }
                }
            }
        }
        let total = times.len() + never;
        let soon = times.iter().filter(|time| **time <= 150.0).count();
        let (median, p95) = (percentile(&times, 0.5), percentile(&times, 0.95));
        let (name, read) = (sequence.name(), times.len());
        println!(
            "{name}: {read} of {total} read, {soon} within 150 ms, median {median:.0}, p95 {p95:.0} ms"
        );
        let row = json!({
            "sequences": total,
            "read": read,
            "within_150_ms": soon,
            "median_ms": median,
            "p95_ms": p95,
        });
        report.insert(name.to_owned(), row);
    }
    Ok(report.into())
}

/// A code that comes into view at rest, beside one that is read already and by itself: milliseconds
/// from its first frame.
fn second(other_views: u64) -> Outcome<Value> {
    const BEFORE: u64 = 15;
    const HALF: (u32, u32) = (640, 720);
    let all: Vec<(SymbolKind, &str)> = KINDS
        .iter()
        .flat_map(|(kind, _, texts)| texts.map(|text| (*kind, text)))
        .collect();
    let mut report = Map::new();
    for beside in [true, false] {
        let (mut times, mut never) = (Vec::new(), 0);
        for (at, &(kind, text)) in all.iter().enumerate() {
            let seed = at as u64 + 1 + other_views;
            // The other one is of every kind in turn.
            let (other_kind, other) = all[(at * 5 + 4) % all.len()];
            let of = |kind, text, seed| -> Outcome<_> {
                Ok(Sequence::Rest.frames(&label(kind, text, "")?, HALF, 12, seed))
            };
            let (left, right) = (of(other_kind, other, seed + 500)?, of(kind, text, seed)?);
            let bare = |number: u64| noise_frame(HALF.0, HALF.1, seed * 100 + number, 4.0);
            let mut reader = FrameReader::new(ReaderSettings::default());
            let mut pacer = Pacer::new(SHARE);
            let mut now = 0.0f64;
            let start = BEFORE as f64 * FRAME_MS;
            let mut time = None;
            while time.is_none() && now < start + 1_500.0 {
                let number = (now / FRAME_MS) as u64;
                let turn = number as usize % left.len();
                let mut whole = image::GrayImage::new(2 * HALF.0, HALF.1);
                let first = if beside {
                    left[turn].clone()
                } else {
                    bare(number)
                };
                let last = if number >= BEFORE {
                    right[turn].clone()
                } else {
                    bare(number + 50)
                };
                image::imageops::replace(&mut whole, &first, 0, 0);
                image::imageops::replace(&mut whole, &last, i64::from(HALF.0), 0);
                let frame = frame(whole)?;
                let before = processor_ms();
                let reading = reader.read(&frame, pacer.effort(now as u64))?;
                let cost = processor_ms() - before;
                pacer.spent(cost);
                if number >= BEFORE && is_right(text, &reading.payloads) {
                    time = Some(now + cost - start);
                }
                now = (now + cost).max((number + 1) as f64 * FRAME_MS);
            }
            if time.is_none_or(|time| time > 150.0) {
                println!("  late: {text:?} beside {other:?}: {time:?}");
            }
            match time {
                Some(time) => times.push(time),
                None => never += 1,
            }
        }
        let soon = times.iter().filter(|time| **time <= 150.0).count();
        let (median, p95) = (percentile(&times, 0.5), percentile(&times, 0.95));
        let name = if beside {
            "beside a code in view"
        } else {
            "by itself"
        };
        let read = times.len();
        println!(
            "1280x720, comes {name}: {read} of {} read, {soon} within 150 ms, median {median:.0}, p95 {p95:.0} ms",
            read + never
        );
        let row = json!({
            "read": read,
            "never": never,
            "within_150_ms": soon,
            "median_ms": median,
            "p95_ms": p95,
        });
        report.insert(name.to_owned(), row);
    }
    Ok(report.into())
}

fn main() -> Outcome<()> {
    let mut asked: Vec<String> = std::env::args().skip(1).collect();
    let misses = asked
        .iter()
        .find_map(|part| part.strip_prefix("misses="))
        .map(PathBuf::from);
    let seed = asked.iter().find_map(|part| part.strip_prefix("seed="));
    let seed = seed.map_or(Ok(0), str::parse)?;
    asked.retain(|part| !part.starts_with("misses=") && !part.starts_with("seed="));
    let is_asked = |part: &str| asked.is_empty() || asked.iter().any(|name| name == part);
    let mut readers = Readers::new(misses);
    let mut report = Map::new();
    if is_asked("angles") {
        report.insert("angles".to_owned(), angles(&mut readers)?);
    }
    if is_asked("modules") {
        report.insert("modules".to_owned(), modules(&mut readers)?);
    }
    if is_asked("blur") {
        report.insert("blur".to_owned(), blur(&mut readers)?);
    }
    if is_asked("two-width") {
        report.insert("two-width".to_owned(), two_widths(&mut readers)?);
    }
    report.insert("wrong".to_owned(), readers.wrong.into());
    if is_asked("empty") {
        report.insert("empty".to_owned(), empty()?);
    }
    if is_asked("sequences") {
        report.insert("sequences".to_owned(), sequences(seed)?);
    }
    if is_asked("second") {
        report.insert("second".to_owned(), second(seed)?);
    }
    println!("{}", Value::Object(report));
    Ok(())
}
