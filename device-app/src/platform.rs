//! What the machine does besides drawing: it sounds, it shakes, and it says how long it will last.
//!
//! The worker's answers reach it through [`answer`], after their commit. [`Linux`] is the adapter for the devices of
//! today; tests take one that writes down what it was told.

mod linux;
mod power;

pub use linux::{Linux, Vibrator};

use std::path::Path;

use crate::health::Health;
use crate::view::{Feedback, Outcome};

pub trait Platform: Send {
    /// `loudness`: 1 to 100. Must not wait for the end of the sound.
    fn sound(&mut self, outcome: Outcome, loudness: u32);
    /// Milliseconds of shaking and of rest in turn. Must not wait for the end; does nothing where nothing can shake.
    fn vibrate(&mut self, pattern_ms: &[u64]);
    /// Battery, and room on the disk that holds the folder. Must not wait.
    fn health(&mut self, folder: &Path) -> Health;
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
pub fn answer(platform: &mut dyn Platform, feedback: &Feedback, loudness: u32) {
    if loudness > 0 {
        platform.sound(feedback.outcome, loudness);
    }
    platform.vibrate(vibration(feedback.outcome));
}
