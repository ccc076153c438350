//! A platform that is none, for tests: it writes down what it is told, and has the camera, the keyboard and the scans that a
//! test gives it.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use labels::Address;
use labels::transport::{self, Transport, TransportError};
use scan::source::{Frame, FrameSource, SourceError};

use super::{Platform, Scan, TakeScan, Typing};
use crate::health::Health;
use crate::view::Outcome;

/// What it was told, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Camera,
    Sound(Outcome, u32),
    Vibration(Vec<u64>),
    Keyboard(Option<Typing>),
    ScreenOn(bool),
    Printer(Address),
}

#[derive(Default)]
pub struct Recorder {
    told: Mutex<Vec<Told>>,
    /// Frames of each camera that is found, one after the other.
    cameras: Mutex<VecDeque<Frames>>,
    /// Why a camera that is there does not open.
    refuses_camera: Mutex<Option<String>>,
    take: Mutex<Option<TakeScan>>,
    has_keyboard: Mutex<bool>,
    health: Mutex<Health>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    /// What it was told since this was asked last.
    pub fn told(&self) -> Vec<Told> {
        std::mem::take(&mut *lock(&self.told))
    }

    /// Plugs in a camera that shows these frames and is unplugged then.
    pub fn plug_in(&self, frames: Vec<Frame>) {
        self.plug_in_at_pace(frames, Duration::ZERO);
    }

    /// The same with a camera that takes its time for each frame.
    pub fn plug_in_at_pace(&self, frames: Vec<Frame>, pace: Duration) {
        let frames = frames.into();
        lock(&self.cameras).push_back(Frames { frames, pace });
    }

    /// From now on a camera is there that does not open.
    pub fn refuse_camera(&self, reason: &str) {
        *lock(&self.refuses_camera) = Some(reason.to_owned());
    }

    /// A scan of the machine's own scanner. Nothing where nobody takes any.
    pub fn scan(&self, text: &str, follows: bool) {
        if let Some(take) = lock(&self.take).as_ref() {
            let text = text.to_owned();
            take(Scan { text, follows });
        }
    }

    /// Whether the system brings a keyboard.
    pub fn set_keyboard(&self, has: bool) {
        *lock(&self.has_keyboard) = has;
    }

    pub fn set_health(&self, health: Health) {
        *lock(&self.health) = health;
    }

    fn note(&self, told: Told) {
        lock(&self.told).push(told);
    }
}

impl Platform for Recorder {
    fn camera(&self) -> Result<Box<dyn FrameSource>, SourceError> {
        self.note(Told::Camera);
        if let Some(frames) = lock(&self.cameras).pop_front() {
            return Ok(Box::new(frames));
        }
        let index = 0;
        Err(match lock(&self.refuses_camera).clone() {
            Some(reason) => SourceError::CameraRefused { index, reason },
            None => SourceError::NoCamera { index },
        })
    }

    fn scans(&self, take: TakeScan) {
        *lock(&self.take) = Some(take);
    }

    fn sound(&self, outcome: Outcome, loudness: u32) {
        self.note(Told::Sound(outcome, loudness));
    }

    fn vibrate(&self, pattern_ms: &[u64]) {
        self.note(Told::Vibration(pattern_ms.to_vec()));
    }

    fn keyboard(&self, field: Option<Typing>) -> bool {
        self.note(Told::Keyboard(field));
        *lock(&self.has_keyboard)
    }

    fn health(&self, _folder: &Path) -> Health {
        *lock(&self.health)
    }

    fn keep_screen_on(&self, on: bool) {
        self.note(Told::ScreenOn(on));
    }

    fn printer(
        &self,
        address: &Address,
        within: Duration,
    ) -> Result<Box<dyn Transport>, TransportError> {
        self.note(Told::Printer(address.clone()));
        transport::open(address, within)
    }
}

/// A camera that is unplugged after its last frame.
struct Frames {
    frames: VecDeque<Frame>,
    pace: Duration,
}

impl FrameSource for Frames {
    fn next_frame(&mut self) -> Option<Result<Frame, SourceError>> {
        std::thread::sleep(self.pace);
        self.frames.pop_front().map(Ok)
    }

    fn describe(&self) -> String {
        "frames of a test".to_owned()
    }
}
