//! Frames in, believed payloads out.

use std::collections::HashMap;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::accept::{accepted, without_rivals};
use crate::blank::is_blank;
use crate::decoder::{Schedule, Stage, standard_stages};
use crate::steady::Steady;
use crate::track::Track;
use crate::worker::{Fault, Worker};
use crate::{LumaFrame, Payload, Reader, Symbology};

/// Threads of one decoder that may be stuck at the same time; then it is left out until one of
/// them comes back.
const STUCK_PER_DECODER_MAX: usize = 2;

/// Live frames within which a weak read must be seen again: one second.
const WEAK_FRAMES: u64 = 30;

/// Of so many glances one looks for the tracked code. Each costs more than a frame earns in a large
/// picture: done every time, no frame would ever be looked at hard again, and nothing else be found.
const GLANCES_A_TRACK: u64 = 4;

/// Live frames for which a code that was read counts as in view: it does not end the search for others.
const IN_VIEW_FRAMES: u64 = 8;

/// What to read and how long it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderSettings {
    /// Symbologies to read; each one less makes a frame cheaper and a wrong read rarer.
    pub symbologies: Vec<Symbology>,
    /// Whether the 2 or 5 digits beside an EAN or UPC symbol (issue number, price) are read too.
    pub add_ons: bool,
    /// Whether Codabar's start and stop letters belong to the text.
    pub codabar_guards: bool,
    /// Time a decoder may take for one live frame, in milliseconds, before it counts as hung.
    pub live_budget_ms: u64,
    /// The same for [`Effort::Thorough`].
    pub thorough_budget_ms: u64,
}

impl ReaderSettings {
    /// Every symbology, ITF of every length, add-ons and start and stop letters: to compare with
    /// other decoders, which read so. In a warehouse cut-off codes would pass for others.
    pub fn everything() -> Self {
        let symbologies = Symbology::ALL.into_iter();
        Self {
            symbologies: symbologies.filter(|s| *s != Symbology::Typed).collect(),
            add_ons: true,
            codabar_guards: true,
            ..Self::default()
        }
    }

    /// The symbologies with these stable codes, and add-ons of EAN and UPC where [`ADD_ON`] is among
    /// them. Codes that nobody knows are passed over; without any that is known it is the default.
    pub fn of_codes<'a>(codes: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        let known = codes.clone().into_iter().filter_map(Symbology::from_code);
        let symbologies: Vec<_> = known.filter(|s| *s != Symbology::Typed).collect();
        if symbologies.is_empty() {
            return Self::default();
        }
        Self {
            symbologies,
            add_ons: codes.into_iter().any(|code| code == ADD_ON),
            ..Self::default()
        }
    }
}

/// Stands for the 2 or 5 digits beside EAN and UPC among the codes of [`ReaderSettings::of_codes`].
pub const ADD_ON: &str = "add-on";

impl Default for ReaderSettings {
    /// The symbologies of a warehouse. Left out: UPC-E, which cut-off codes of other kinds are
    /// taken for, Code 93 and DataBar, which few warehouses meet.
    fn default() -> Self {
        use Symbology::*;
        Self {
            symbologies: vec![
                Ean13,
                Ean8,
                UpcA,
                Code128,
                Gs1_128,
                Code39,
                Itf14,
                Codabar,
                Qr,
                Gs1Qr,
                DataMatrix,
                Gs1DataMatrix,
                Pdf417,
                Aztec,
            ],
            add_ons: false,
            codabar_guards: false,
            live_budget_ms: 2_000,
            thorough_budget_ms: 10_000,
        }
    }
}

/// How much work a frame is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A frame of a running camera: a fast look, and a costly look in turn; ends at the first
    /// decoder that reads something. A weak read is held until a second frame shows it.
    Live,
    /// A frame of a running camera that gets the cheap look only, because time is short.
    Glance,
    /// A single picture that should cost little: costlier decoders look only as long as nothing
    /// sure was read.
    Still,
    /// A single picture: every decoder looks, and what they read is put together. Weak reads are
    /// marked as such.
    Thorough,
}

/// What a frame held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Each code once, in the order in which they were read; empty is normal.
    pub payloads: Vec<Payload>,
    /// Wall time in milliseconds, waiting for the decoder thread included.
    pub elapsed_ms: f64,
    /// Decoders that panicked or hung at this frame, by name.
    pub faulty: Vec<&'static str>,
}

/// Counts since the reader was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReaderStats {
    pub frames: u64,
    /// Payloads handed out.
    pub reads: u64,
    /// Reads that were not believed: wrong check digit or length, or not asked for.
    pub refused: u64,
    /// Payloads that only the second QR reader read.
    pub rqrr_unique: u64,
    /// Payloads that only the slanted lines read.
    pub slanted_unique: u64,
    pub panics: u64,
    pub timeouts: u64,
    /// Decoder threads that are hung now.
    pub stuck: u64,
}

/// Why a frame could not be read. Trying again with the next frame can help in every case.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Nothing was read, and this decoder did not come back in time.
    #[error("decoder {decoder} did not come back in time")]
    TimedOut { decoder: &'static str },
    /// Every decoder that was due has hung threads already.
    #[error("all decoders are hung")]
    AllStuck,
    /// The operating system gave no thread.
    #[error("no decoder thread")]
    NoThread {
        #[source]
        source: std::io::Error,
    },
}

impl ReadError {
    /// Stable code for screens and logs.
    pub fn code(&self) -> &'static str {
        match self {
            ReadError::TimedOut { .. } => "read-timed-out",
            ReadError::AllStuck => "read-all-stuck",
            ReadError::NoThread { .. } => "read-no-thread",
        }
    }
}

/// What the stages look at.
struct Seen {
    frame: LumaFrame,
    /// Whether it is the mean of several frames.
    is_mean: bool,
    effort: Effort,
}

/// Reads codes from frames. Decoding runs on a thread of its own; a call blocks until it is done.
pub struct FrameReader {
    settings: ReaderSettings,
    stages: Vec<Stage>,
    worker: Option<Worker>,
    stuck: Vec<(usize, JoinHandle<()>)>,
    live_frames: u64,
    /// Weak reads of the last live frames, with number and picture of the frame that showed each
    /// last.
    weak: HashMap<String, (u64, LumaFrame)>,
    steady: Steady,
    track: Option<Track>,
    /// Codes of the last live frames, with the number of the frame that showed each last.
    in_view: Vec<(String, Symbology, u64)>,
    /// Whether a code is one that the caller knows.
    is_known: Box<dyn Fn(&Payload) -> bool + Send>,
    stats: ReaderStats,
}

impl FrameReader {
    /// A reader with the decoders this build has.
    pub fn new(settings: ReaderSettings) -> Self {
        let stages = standard_stages(&settings);
        Self::with_stages(settings, stages)
    }

    /// A reader with decoders from outside.
    pub fn with_stages(settings: ReaderSettings, stages: Vec<Stage>) -> Self {
        Self {
            settings,
            stages,
            worker: None,
            stuck: Vec::new(),
            live_frames: 0,
            weak: HashMap::new(),
            steady: Steady::default(),
            track: None,
            in_view: Vec::new(),
            is_known: Box::new(|_| false),
            stats: ReaderStats::default(),
        }
    }

    /// The same, told which codes the caller knows: a live frame's weak read of one of them needs no
    /// second frame. `is_known` is asked between frames, so it should take less than a millisecond.
    pub fn knowing(mut self, is_known: impl Fn(&Payload) -> bool + Send + 'static) -> Self {
        self.is_known = Box::new(is_known);
        self
    }

    /// Reads by these settings from the next frame on, with the decoders this build has; the same settings
    /// again change nothing.
    pub fn set_settings(&mut self, settings: ReaderSettings) {
        if settings == self.settings {
            return;
        }
        let mut changed = Self::new(settings);
        changed.stats = self.stats;
        std::mem::swap(&mut changed.is_known, &mut self.is_known);
        *self = changed;
    }

    /// The codes in `frame`.
    ///
    /// # Errors
    /// Only if nothing was read: a decoder hung, or none could run.
    pub fn read(&mut self, frame: &LumaFrame, effort: Effort) -> Result<Reading, ReadError> {
        let start = Instant::now();
        self.stats.frames += 1;
        let budget_ms = match effort {
            Effort::Live | Effort::Glance => self.settings.live_budget_ms,
            Effort::Still | Effort::Thorough => self.settings.thorough_budget_ms,
        };
        let budget = Duration::from_millis(budget_ms);
        self.stuck.retain(|(_, thread)| !thread.is_finished());
        let mean = match effort {
            Effort::Live | Effort::Glance => self.steady.add(frame),
            Effort::Still | Effort::Thorough => None,
        };
        let seen = Seen {
            is_mean: mean.is_some(),
            frame: mean.unwrap_or_else(|| frame.clone()),
            effort,
        };
        let is_live = matches!(effort, Effort::Live | Effort::Glance);
        let is_blank = is_live && is_blank(&seen.frame);
        let due = if is_blank {
            self.live_frames += u64::from(effort == Effort::Live);
            Vec::new()
        } else {
            self.due(&seen)
        };

        let mut reading = Reading::default();
        let mut is_tracked = !is_live || is_blank;
        let (mut hung, mut left_out) = (None, 0);
        for &stage in &due {
            let enough = match effort {
                // Known codes say nothing about the rest of the frame.
                Effort::Live | Effort::Glance => self.has_news(&reading.payloads),
                Effort::Still => reading.payloads.iter().any(|payload| !payload.weak),
                Effort::Thorough => false,
            };
            if enough {
                break;
            }
            // What the cheap look reads need not be tracked.
            if !is_tracked && self.stages[stage].live != Schedule::EACH_FRAME {
                is_tracked = true;
                self.look_at_tracked(&seen, budget, &mut reading.payloads)?;
            }
            if self.is_left_out(stage) {
                left_out += 1;
                continue;
            }
            match self.run_stage(stage, &seen.frame, budget)? {
                Ok(found) => self.add(found, stage, &seen, None, &mut reading.payloads),
                Err(fault) => {
                    let name = self.stages[stage].name;
                    reading.faulty.push(name);
                    if fault == Fault::TimedOut {
                        hung = Some(name);
                    }
                }
            }
        }
        let may_track =
            effort != Effort::Glance || self.stats.frames.is_multiple_of(GLANCES_A_TRACK);
        if !is_tracked && may_track && !self.has_news(&reading.payloads) {
            self.look_at_tracked(&seen, budget, &mut reading.payloads)?;
        }
        if is_live {
            self.note_in_view(&reading.payloads);
        }
        if effort == Effort::Still {
            self.look_for_add_ons(&seen, budget, &mut reading.payloads)?;
        }
        without_rivals(&mut reading.payloads);
        if effort == Effort::Still && reading.payloads.iter().any(|payload| !payload.weak) {
            // A doubtful read beside a sure one is mostly a ghost of it.
            reading.payloads.retain(|payload| !payload.weak);
        }
        self.count(&reading.payloads);
        reading.elapsed_ms = start.elapsed().as_secs_f64() * 1_000.0;
        match hung {
            _ if !reading.payloads.is_empty() => Ok(reading),
            Some(decoder) => Err(ReadError::TimedOut { decoder }),
            None if left_out > 0 && left_out == due.len() => Err(ReadError::AllStuck),
            None => Ok(reading),
        }
    }

    /// Counts since the reader was made.
    pub fn stats(&self) -> ReaderStats {
        let stuck = self
            .stuck
            .iter()
            .filter(|(_, thread)| !thread.is_finished())
            .count();
        ReaderStats {
            stuck: stuck as u64,
            ..self.stats
        }
    }

    /// The stages that look at a frame; of a live one the cheap look first.
    fn due(&mut self, seen: &Seen) -> Vec<usize> {
        let is_cheap = |stage: &Stage| stage.live == Schedule::EACH_FRAME;
        match seen.effort {
            Effort::Live => {
                let number = self.live_frames;
                self.live_frames += 1;
                let mut due = self.numbers_of(is_cheap);
                due.extend(self.numbers_of(|s| s.live.is_due(number) && !is_cheap(s)));
                due
            }
            Effort::Glance => self.numbers_of(is_cheap),
            Effort::Still => self.numbers_of(|stage| stage.still),
            Effort::Thorough => self.numbers_of(|_| true),
        }
    }

    /// The code of the last frames, looked for where it was by the look that read it. Nothing else
    /// that turns up there is believed: the edge of a part can cut codes short.
    fn look_at_tracked(
        &mut self,
        seen: &Seen,
        budget: Duration,
        payloads: &mut Vec<Payload>,
    ) -> Result<(), ReadError> {
        let fresh = |track: &Track| track.is_fresh(self.live_frames);
        let Some(track) = self.track.take().filter(fresh) else {
            return Ok(());
        };
        let is_read = payloads.iter().any(|payload| track.is_of(payload));
        if !is_read && !self.is_left_out(track.stage) {
            let (part, (left, top)) = track.part(&seen.frame);
            // A fault is counted; the place is not looked at again.
            let Ok(mut found) = self.run_stage(track.stage, &part, budget)? else {
                return Ok(());
            };
            for payload in &mut found {
                let back = |(x, y): (i32, i32)| (x.saturating_add(left), y.saturating_add(top));
                payload.corners = payload.corners.map(|corners| corners.map(back));
            }
            self.add(found, track.stage, seen, Some(&track), payloads);
        }
        // A place at which nothing was seen is kept for the next frames.
        self.track = self.track.take().or(Some(track));
        Ok(())
    }

    /// Whether there is a code that the last live frames did not show.
    fn has_news(&self, payloads: &[Payload]) -> bool {
        let is_known = |payload: &Payload| {
            self.in_view.iter().any(|(text, symbology, frame)| {
                *text == payload.text
                    && *symbology == payload.symbology
                    && self.live_frames - frame <= IN_VIEW_FRAMES
            })
        };
        !payloads.iter().all(is_known)
    }

    fn note_in_view(&mut self, payloads: &[Payload]) {
        let now = self.live_frames;
        self.in_view.retain(|(text, symbology, frame)| {
            let is_here = |p: &Payload| p.text == *text && p.symbology == *symbology;
            now - frame <= IN_VIEW_FRAMES && !payloads.iter().any(is_here)
        });
        let seen = payloads.iter().map(|p| (p.text.clone(), p.symbology, now));
        self.in_view.extend(seen);
    }

    /// The fast look reads some add-ons that the costly one passes over; only these are taken of it.
    fn look_for_add_ons(
        &mut self,
        seen: &Seen,
        budget: Duration,
        payloads: &mut [Payload],
    ) -> Result<(), ReadError> {
        let lacks = |p: &Payload| p.symbology.is_retail() && p.add_on.is_none();
        if !self.settings.add_ons || !payloads.iter().any(lacks) {
            return Ok(());
        }
        for stage in self.numbers_of(|stage| stage.live == Schedule::EACH_FRAME) {
            if self.is_left_out(stage) {
                continue;
            }
            // A fault is counted; the code stands without its add-on.
            let Ok(found) = self.run_stage(stage, &seen.frame, budget)? else {
                continue;
            };
            for found in found {
                let Some(found) = accepted(found, &self.settings) else {
                    continue;
                };
                let same = |p: &&mut Payload| p.text == found.text && lacks(p);
                if let Some(known) = payloads.iter_mut().find(same) {
                    known.add_on = found.add_on;
                }
            }
        }
        Ok(())
    }

    fn is_left_out(&self, stage: usize) -> bool {
        let of_stage = self.stuck.iter().filter(|(number, _)| *number == stage);
        of_stage.count() >= STUCK_PER_DECODER_MAX
    }

    fn numbers_of(&self, due: impl Fn(&Stage) -> bool) -> Vec<usize> {
        self.stages
            .iter()
            .enumerate()
            .filter(|(_, stage)| due(stage))
            .map(|(at, _)| at)
            .collect()
    }

    /// Runs a stage on the worker, and replaces the worker if it did not survive that.
    fn run_stage(
        &mut self,
        stage: usize,
        frame: &LumaFrame,
        budget: Duration,
    ) -> Result<Result<Vec<Payload>, Fault>, ReadError> {
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => Worker::start(&self.stages).map_err(|source| ReadError::NoThread { source })?,
        };
        let result = worker.run(stage, frame, budget);
        match result {
            Ok(_) => self.worker = Some(worker),
            Err(Fault::Panicked) => self.stats.panics += 1,
            Err(Fault::TimedOut) => {
                self.stats.timeouts += 1;
                self.stuck.push((stage, worker.abandon()));
            }
        }
        Ok(result)
    }

    /// Takes what is believed and new. The same text in the same symbology is the same code: two
    /// equal labels in one frame are one scan. With `only`, other codes are passed over.
    fn add(
        &mut self,
        found: Vec<Payload>,
        stage: usize,
        seen: &Seen,
        only: Option<&Track>,
        payloads: &mut Vec<Payload>,
    ) {
        for payload in found {
            let Some(payload) = accepted(payload, &self.settings) else {
                self.stats.refused += 1;
                continue;
            };
            if only.is_some_and(|track| !track.is_of(&payload)) {
                continue;
            }
            let is_live = matches!(seen.effort, Effort::Live | Effort::Glance);
            if is_live && self.stages[stage].live != Schedule::EACH_FRAME {
                let track = Track::new(stage, &payload, self.live_frames);
                self.track = track.or(self.track.take());
            }
            // A picture has no second frame; there a code without check digit is as sure as its lines are.
            let payload = if is_live {
                let is_weak = payload.weak || !payload.symbology.checks_itself();
                if is_weak && !(self.is_known)(&payload) && !self.is_confirmed(&payload, seen) {
                    continue;
                }
                Payload {
                    weak: false,
                    ..payload
                }
            } else {
                payload
            };
            let same =
                |p: &&mut Payload| p.text == payload.text && p.symbology == payload.symbology;
            match payloads.iter_mut().find(same) {
                Some(known) => {
                    known.weak &= payload.weak;
                    known.add_on = known.add_on.take().or(payload.add_on);
                    known.confidence = known.confidence.max(payload.confidence);
                }
                None => payloads.push(payload),
            }
        }
    }

    /// Whether another live frame showed this weak read not long ago; notes that this one did.
    /// A still picture shown again is no other frame: it would confirm any mistake.
    fn is_confirmed(&mut self, payload: &Payload, seen: &Seen) -> bool {
        // Two means share most of their frames, so one does not confirm the other.
        if seen.is_mean {
            return false;
        }
        let now = self.live_frames;
        self.weak.retain(|_, (seen, _)| now - *seen <= WEAK_FRAMES);
        let earlier = self
            .weak
            .insert(payload.text.clone(), (now, seen.frame.clone()));
        earlier.is_some_and(|(_, earlier)| earlier != seen.frame)
    }

    fn count(&mut self, payloads: &[Payload]) {
        let by = |reader| payloads.iter().filter(|p| p.reader == reader).count() as u64;
        self.stats.reads += payloads.len() as u64;
        // These readers come after the others, so what is theirs nobody else read.
        self.stats.rqrr_unique += by(Reader::Rqrr);
        self.stats.slanted_unique += by(Reader::Slanted) + by(Reader::Linear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_made_of_stable_codes() {
        let settings = ReaderSettings::of_codes(["qr", "of-tomorrow", "ean-13", "add-on", "typed"]);
        assert_eq!(settings.symbologies, [Symbology::Qr, Symbology::Ean13]);
        assert!(settings.add_ons);
        assert!(!ReaderSettings::of_codes(["qr"]).add_ons);
        assert_eq!(
            ReaderSettings::of_codes(["of-tomorrow"]),
            ReaderSettings::default(),
            "a device that reads nothing helps nobody"
        );
    }

    #[test]
    fn a_reader_can_move_to_the_thread_that_owns_the_camera() {
        fn is_send<T: Send>() {}
        is_send::<FrameReader>();
    }
}
