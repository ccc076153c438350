//! What the machine does besides drawing: it sees, hears of scans, sounds, shakes, prints, keeps its screen on, may bring a
//! keyboard of its own, and says how long it will last.
//!
//! One trait for all of it, so that a port to another system is one adapter. Worker, camera, printer and window each ask on
//! their own thread. [`Linux`] is the adapter for the devices of today; tests take [`recorder::Recorder`], which writes down
//! what it was told.

mod linux;
#[cfg(feature = "fake")]
pub mod recorder;

pub use linux::{Linux, NoScans, Vibrator};

use std::path::Path;
use std::time::Duration;

use labels::Address;
use labels::transport::{Transport, TransportError};
use scan::source::{FrameSource, SourceError};

use crate::health::Health;
use crate::view::{Feedback, Outcome};

/// A code that a scanner decoded by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Without terminator; GS is 0x1D.
    pub text: String,
    /// It began so soon after the one before it that nobody can have pulled the trigger between them.
    pub follows: bool,
}

/// Takes scans, on a thread of the platform's.
pub type TakeScan = Box<dyn Fn(Scan) + Send>;

/// What the text field that has the keys takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// Words of any language.
    Text,
    /// Codes, numbers and addresses: Latin letters, and nothing corrected or put in capitals.
    Codes,
}

pub trait Platform: Send + Sync {
    /// The camera that looks at labels. May take seconds. Closed when dropped.
    ///
    /// # Errors
    /// There is none now, or there is one and it does not open: another program has it, or the person may not use it.
    fn camera(&self) -> Result<Box<dyn FrameSource>, SourceError>;

    /// From now on, gives what the machine's own scanner decodes to `take`. Scanners that type are none of these: their keys
    /// come to the window. Called once.
    fn scans(&self, take: TakeScan);

    /// `loudness`: 1 to 100. Must not wait for the end of the sound.
    fn sound(&self, outcome: Outcome, loudness: u32);

    /// Milliseconds of shaking and of rest in turn. Must not wait for the end; does nothing where nothing can shake.
    fn vibrate(&self, pattern_ms: &[u64]);

    /// A text field has got the keys, or (`None`) none has them any more. Returns whether the system shows a keyboard of its
    /// own; ours stays away then.
    fn keyboard(&self, field: Option<Typing>) -> bool;

    /// Battery, and room on the disk that holds the folder. Must not wait.
    fn health(&self, folder: &Path) -> Health;

    /// Whether the screen must neither dim nor go off. Off at the start. Must not wait; where the system cannot be told,
    /// nothing happens.
    fn keep_screen_on(&self, on: bool);

    /// Connects to a label printer. Blocks for about `within`.
    ///
    /// # Errors
    /// [`TransportError`]
    fn printer(
        &self,
        address: &Address,
        within: Duration,
    ) -> Result<Box<dyn Transport>, TransportError>;
}

/// Three that can be told apart in a glove: one short, two, one long.
pub fn vibration(outcome: Outcome) -> &'static [u64] {
    match outcome {
        Outcome::Accepted => &[60],
        Outcome::Attention => &[120, 80, 120],
        Outcome::Refused => &[600],
    }
}

/// Lets a new answer be heard and felt. `loudness`: 0 to 100; 0 is silence, and the hand feels it all the same.
pub fn answer(platform: &dyn Platform, feedback: &Feedback, loudness: u32) {
    if loudness > 0 {
        platform.sound(feedback.outcome, loudness);
    }
    platform.vibrate(vibration(feedback.outcome));
}
