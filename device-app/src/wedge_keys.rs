//! The scan crate's wedge as the window's keys take it.

use scan::wedge::{Wedge, WedgeOutput};

use crate::ui::{KeyAnswer, KeySink};

/// Tells a scanner's burst from typing.
#[derive(Default)]
pub struct WedgeKeys(Wedge);

fn answers(outputs: Vec<WedgeOutput>) -> Vec<KeyAnswer> {
    let answer = |output| match output {
        WedgeOutput::Pass(text) => KeyAnswer::Pass(text),
        WedgeOutput::Held => KeyAnswer::Held,
        WedgeOutput::Scan { text, follows } => KeyAnswer::Scan { text, follows },
    };
    outputs.into_iter().map(answer).collect()
}

impl KeySink for WedgeKeys {
    fn key(&mut self, text: &str, at_ms: u64) -> Vec<KeyAnswer> {
        answers(self.0.key(text, at_ms))
    }

    fn tick(&mut self, at_ms: u64) -> Vec<KeyAnswer> {
        answers(self.0.tick(at_ms))
    }

    fn due_ms(&self) -> Option<u64> {
        self.0.due_ms()
    }
}
