//! A running camera: which frames are read, how hard, and what of it is told.
//!
//! [`LiveReader`] puts the parts together: a mailbox that holds only the newest frame, a thread
//! that reads it, [`Pacer`], which keeps the work within a share of one core, [`Sightings`], which
//! tells a code that stays in view once, [`Hints`] for the torch and the lens, and [`Advisor`], which
//! makes of them what a person can be told.

mod advice;

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use advice::{Advice, Advisor};

use crate::{Effort, FrameReader, LumaFrame, Payload, ReaderSettings, Symbology};

/// How long a code may be out of sight and still be the same sighting, in milliseconds: some frames
/// in which a hand shook or a costly look was not due.
pub const FORGET_MS: u64 = 700;

/// Keeps the time spent on frames within a share of one core.
///
/// Each frame earns its share of the time since the one before and pays what it cost; while in
/// debt, only the cheap look is affordable. So a slow processor takes costly looks less often and
/// stays as responsive.
#[derive(Clone, Debug)]
pub struct Pacer {
    share: f64,
    credit_ms: f64,
    last_ms: Option<u64>,
}

/// Share of one core at which a code held still is read within 150 ms and the handheld stays cool:
/// 7.3 ms of each frame at 30 frames a second.
pub const SHARE: f64 = 0.22;
/// Credit saved up at most: one costly look, no burst of them.
const CREDIT_MAX_MS: f64 = 60.0;
/// Debt kept at most, so that one slow frame does not blind the reader for long.
const DEBT_MAX_MS: f64 = 150.0;

impl Pacer {
    /// `share`: of one core, 0 to 1.
    pub fn new(share: f64) -> Self {
        Self {
            share: share.clamp(0.01, 1.0),
            credit_ms: CREDIT_MAX_MS,
            last_ms: None,
        }
    }

    /// How hard the frame of `now_ms` (milliseconds of any one clock) may be looked at.
    pub fn effort(&mut self, now_ms: u64) -> Effort {
        let since = self.last_ms.map_or(0, |last| now_ms.saturating_sub(last));
        self.last_ms = Some(now_ms);
        let earned = since.min(1_000) as f64 * self.share;
        self.credit_ms = (self.credit_ms + earned).min(CREDIT_MAX_MS);
        if self.credit_ms > 0.0 {
            Effort::Live
        } else {
            Effort::Glance
        }
    }

    /// What the frame cost.
    pub fn spent(&mut self, cost_ms: f64) {
        self.credit_ms = (self.credit_ms - cost_ms).max(-DEBT_MAX_MS);
    }
}

/// What helps the next frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// The frame is dark: light would help.
    pub torch: bool,
    /// The frame has no sharp edge though it has contrast: the lens should focus anew.
    pub focus: bool,
}

/// Mean grey below which a torch helps, and above which it does not any more.
const DARK: u32 = 45;
const BRIGHT: u32 = 60;
/// Contrast that a frame must have for its sharpness to say something, in grey levels.
const CONTRAST_MIN: u32 = 50;
/// The steepest steps between neighbours, as a share of the contrast, of a frame out of focus.
const STEEPNESS_MIN: f64 = 0.16;

impl Hints {
    /// From a grid of samples of the frame. `torch_on` keeps the torch from going on and off at
    /// the threshold.
    pub fn of(frame: &LumaFrame, torch_on: bool) -> Self {
        let (width, luma) = (frame.width() as usize, frame.luma());
        let mut greys = [0u32; 256];
        let mut steps = [0u32; 256];
        for row in luma.chunks_exact(width).step_by(8) {
            for pair in row.windows(2).step_by(3) {
                greys[usize::from(pair[0])] += 1;
                steps[usize::from(pair[0].abs_diff(pair[1]))] += 1;
            }
        }
        let count: u32 = greys.iter().sum();
        if count == 0 {
            return Self::default();
        }
        let weighted = greys
            .iter()
            .zip(0u64..)
            .map(|(n, grey)| u64::from(*n) * grey);
        let mean = (weighted.sum::<u64>() / u64::from(count)) as u32;
        // The value that a part of all samples lies above.
        let above = |histogram: &[u32; 256], part: f64| {
            let mut left = (f64::from(count) * part) as u32;
            let mut value = 255u32;
            for n in histogram.iter().rev() {
                if *n > left {
                    break;
                }
                left -= n;
                value = value.saturating_sub(1);
            }
            value
        };
        let contrast = above(&greys, 0.02).saturating_sub(above(&greys, 0.98));
        let steepest = above(&steps, 0.003);
        Self {
            torch: mean < if torch_on { BRIGHT } else { DARK },
            focus: contrast >= CONTRAST_MIN
                && f64::from(steepest) < STEEPNESS_MIN * f64::from(contrast),
        }
    }
}

/// A code that is or was in view.
#[derive(Clone, Debug)]
struct Sighting {
    text: String,
    symbology: Symbology,
    middle: Option<(i32, i32)>,
    /// Half the longer side, in pixels.
    reach: i32,
    seen_ms: u64,
}

/// Which codes were in view lately, by text, place and time.
///
/// The same code at another place at once is a second one: two equal labels side by side are two.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    seen: Vec<Sighting>,
}

impl Sightings {
    /// The codes of a frame that were not in view before; all of them are noted. `now_ms` is of any
    /// one clock.
    pub fn fresh(&mut self, payloads: &[Payload], now_ms: u64) -> Vec<Payload> {
        self.seen.retain(|s| now_ms.abs_diff(s.seen_ms) < FORGET_MS);
        let mut fresh = Vec::new();
        let mut matched = vec![false; self.seen.len()];
        for payload in payloads {
            let (middle, reach) = place(payload);
            let known = self.seen.iter().enumerate().position(|(at, sighting)| {
                // What this frame shows twice is there twice.
                !matched.get(at).copied().unwrap_or(true)
                    && sighting.text == payload.text
                    && sighting.symbology == payload.symbology
                    && near(sighting, middle, reach)
            });
            let sighting = Sighting {
                text: payload.text.clone(),
                symbology: payload.symbology,
                middle,
                reach,
                seen_ms: now_ms,
            };
            match known {
                Some(at) => {
                    matched[at] = true;
                    self.seen[at] = sighting;
                }
                None => {
                    self.seen.push(sighting);
                    fresh.push(payload.clone());
                }
            }
        }
        fresh
    }
}

fn place(payload: &Payload) -> (Option<(i32, i32)>, i32) {
    let Some(corners) = payload.corners else {
        return (None, 0);
    };
    let xs = corners.map(|c| i64::from(c.0));
    let ys = corners.map(|c| i64::from(c.1));
    let mean = |v: [i64; 4]| (v.iter().sum::<i64>() / 4) as i32;
    let spread = |v: [i64; 4]| v.iter().max().unwrap_or(&0) - v.iter().min().unwrap_or(&0);
    let reach = spread(xs).max(spread(ys)) / 2;
    (
        Some((mean(xs), mean(ys))),
        reach.min(i64::from(i32::MAX)) as i32,
    )
}

/// Whether a code can have moved so far in the hand: by its own size between two looks.
fn near(sighting: &Sighting, middle: Option<(i32, i32)>, reach: i32) -> bool {
    match (sighting.middle, middle) {
        (Some(a), Some(b)) => {
            let reach = 2 * i64::from(sighting.reach.max(reach)).max(40);
            let apart = |a: i32, b: i32| (i64::from(a) - i64::from(b)).abs();
            apart(a.0, b.0) <= reach && apart(a.1, b.1) <= reach
        }
        _ => true,
    }
}

/// What a frame gave.
#[derive(Clone, Debug)]
pub struct LiveReading {
    /// Codes that came into view; each is told once while it stays.
    pub fresh: Vec<Payload>,
    /// Every code of this frame, to draw frames about them.
    pub in_view: Vec<Payload>,
    pub hints: Hints,
    /// Frames that were offered and replaced by newer ones before they could be read.
    pub dropped: u64,
    /// Wall time from the offer of the frame to now, in milliseconds.
    pub latency_ms: f64,
}

struct Mailbox {
    frame: Option<(LumaFrame, Instant)>,
    /// Settings from the next frame on.
    settings: Option<ReaderSettings>,
    dropped: u64,
    closed: bool,
}

struct Shared {
    mailbox: Mutex<Mailbox>,
    arrived: Condvar,
}

/// Reads the newest frame on a thread of its own. Dropping it ends the thread.
pub struct LiveReader {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl LiveReader {
    /// Of one core `share` (0 to 1, mostly [`SHARE`]) may be used on average; `tell` is called on the
    /// reader's thread after each frame.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        reader: FrameReader,
        share: f64,
        tell: impl FnMut(LiveReading) + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            mailbox: Mutex::new(Mailbox {
                frame: None,
                settings: None,
                dropped: 0,
                closed: false,
            }),
            arrived: Condvar::new(),
        });
        let inner = shared.clone();
        let thread = std::thread::Builder::new()
            .name("live-reader".to_owned())
            .spawn(move || run(&inner, reader, Pacer::new(share), tell))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Gives the newest frame; one that still waits is dropped for it. Never blocks for long.
    pub fn offer(&self, frame: LumaFrame) {
        let mut mailbox = self
            .shared
            .mailbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if mailbox.frame.replace((frame, Instant::now())).is_some() {
            mailbox.dropped += 1;
        }
        drop(mailbox);
        self.shared.arrived.notify_one();
    }

    /// Reads by these settings from the next frame on. What is in view stays told.
    pub fn set_settings(&self, settings: ReaderSettings) {
        let mailbox = self.shared.mailbox.lock();
        mailbox.unwrap_or_else(PoisonError::into_inner).settings = Some(settings);
    }

    /// Waits until the frame offered last was taken, at most `limit`; whether it was.
    pub fn wait_taken(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        loop {
            let mailbox = self
                .shared
                .mailbox
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if mailbox.frame.is_none() {
                return true;
            }
            drop(mailbox);
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for LiveReader {
    fn drop(&mut self) {
        let mut mailbox = self
            .shared
            .mailbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        mailbox.closed = true;
        drop(mailbox);
        self.shared.arrived.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(
    shared: &Shared,
    mut reader: FrameReader,
    mut pacer: Pacer,
    mut tell: impl FnMut(LiveReading),
) {
    let start = Instant::now();
    let mut sightings = Sightings::default();
    let mut hints = Hints::default();
    loop {
        let mut mailbox = shared
            .mailbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (frame, offered) = loop {
            // What was offered before the end is still read.
            if let Some(newest) = mailbox.frame.take() {
                break newest;
            }
            if mailbox.closed {
                return;
            }
            mailbox = shared
                .arrived
                .wait(mailbox)
                .unwrap_or_else(PoisonError::into_inner);
        };
        let dropped = std::mem::take(&mut mailbox.dropped);
        let settings = mailbox.settings.take();
        drop(mailbox);
        if let Some(settings) = settings {
            reader.set_settings(settings);
        }
        let now_ms = start.elapsed().as_millis() as u64;
        let effort = pacer.effort(now_ms);
        // A frame that could not be read is a frame without codes: the next one comes soon.
        let reading = reader.read(&frame, effort).unwrap_or_default();
        pacer.spent(reading.elapsed_ms);
        hints = Hints::of(&frame, hints.torch);
        tell(LiveReading {
            fresh: sightings.fresh(&reading.payloads, now_ms),
            in_view: reading.payloads,
            hints,
            dropped,
            latency_ms: offered.elapsed().as_secs_f64() * 1_000.0,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;

    #[test]
    fn a_slow_processor_looks_hard_less_often() {
        let hard_of_300 = |cost_ms: f64| {
            let mut pacer = Pacer::new(0.25);
            let mut hard = 0;
            for frame in 0..300u64 {
                let effort = pacer.effort(frame * 33);
                hard += usize::from(effort == Effort::Live);
                pacer.spent(if effort == Effort::Live { cost_ms } else { 2.0 });
            }
            hard
        };
        assert_eq!(
            hard_of_300(6.0),
            300,
            "within the share every frame is looked at hard"
        );
        let (slow, slower) = (hard_of_300(30.0), hard_of_300(120.0));
        assert!(slow < 120 && slow > 40, "{slow}");
        assert!(slower < slow && slower > 5, "{slower}");
    }

    #[test]
    fn a_pause_is_no_fortune() {
        let mut pacer = Pacer::new(0.5);
        pacer.effort(0);
        pacer.effort(1_000_000);
        pacer.spent(CREDIT_MAX_MS + 1.0);
        assert_eq!(pacer.effort(1_000_001), Effort::Glance);
        assert_eq!(
            pacer.effort(5),
            Effort::Glance,
            "a clock that went back earns nothing"
        );
    }

    fn code(text: &str, x: i32) -> Payload {
        Payload {
            corners: Some([(x, 0), (x + 100, 0), (x + 100, 50), (x, 50)]),
            ..Payload::of_symbol(text, Symbology::Code128, "]C0", Reader::Other)
        }
    }

    #[test]
    fn a_code_in_view_is_told_once() {
        let mut sightings = Sightings::default();
        assert_eq!(sightings.fresh(&[code("A", 0)], 0).len(), 1);
        for frame in 1..20 {
            let moved = code("A", frame as i32 * 30);
            assert!(sightings.fresh(&[moved], frame * 33).is_empty());
        }
        assert_eq!(
            sightings
                .fresh(&[code("A", 600)], 19 * 33 + FORGET_MS)
                .len(),
            1
        );
    }

    #[test]
    fn equal_labels_side_by_side_are_two() {
        let mut sightings = Sightings::default();
        let two = [code("A", 0), code("A", 150)];
        assert_eq!(sightings.fresh(&two, 0).len(), 2);
        assert!(sightings.fresh(&two, 33).is_empty());
        assert_eq!(
            sightings.fresh(&[code("A", 900)], 66).len(),
            1,
            "far away is another"
        );
        let other = Payload {
            symbology: Symbology::Qr,
            ..code("A", 0)
        };
        assert_eq!(
            sightings.fresh(&[other], 66).len(),
            1,
            "another symbol is another code"
        );
    }

    fn frame(of: impl Fn(u32, u32) -> u8) -> LumaFrame {
        let luma = (0..200u32 * 100).map(|at| of(at % 200, at / 200)).collect();
        LumaFrame::new(200, 100, luma).unwrap()
    }

    #[test]
    fn dark_and_blurred_frames_ask_for_help() {
        let sharp = frame(|x, _| if x / 7 % 2 == 0 { 40 } else { 210 });
        assert_eq!(Hints::of(&sharp, false), Hints::default());
        let dark = frame(|x, _| if x / 7 % 2 == 0 { 10 } else { 30 });
        assert!(Hints::of(&dark, false).torch);
        let dusk = frame(|x, _| if x / 7 % 2 == 0 { 20 } else { 85 });
        assert!(!Hints::of(&dusk, false).torch && Hints::of(&dusk, true).torch);
        let blurred = frame(|x, _| (125.0 + 85.0 * (f64::from(x) / 9.0).sin()) as u8);
        assert!(Hints::of(&blurred, false).focus);
        let flat = frame(|_, _| 120);
        assert!(!Hints::of(&flat, false).focus, "nothing to focus on");
    }

    #[test]
    fn the_newest_frame_is_read_and_the_thread_ends() {
        let (told, heard) = std::sync::mpsc::channel();
        let settings = ReaderSettings {
            symbologies: vec![Symbology::Qr],
            ..ReaderSettings::default()
        };
        let reader = LiveReader::start(FrameReader::new(settings), 0.5, move |reading| {
            let _ = told.send(reading.dropped);
        })
        .unwrap();
        for _ in 0..50 {
            reader.offer(frame(|x, y| (x ^ y) as u8));
        }
        drop(reader);
        let all: Vec<u64> = heard.iter().collect();
        assert_eq!(all.len() as u64 + all.iter().sum::<u64>(), 50, "{all:?}");
    }
}
