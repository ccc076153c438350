//! The scan crate's wedge as the window's keys take it.

use std::sync::mpsc::Receiver;

use scan::wedge::{Wedge, WedgeOutput, WedgeSettings};

use crate::ui::{KeyAnswer, KeySink};

/// Tells a scanner's burst from typing.
#[derive(Default)]
pub struct WedgeKeys {
    wedge: Wedge,
    /// Where other settings come from.
    settings: Option<Receiver<WedgeSettings>>,
}

impl WedgeKeys {
    /// Takes the usual settings until others come; those hold from the next key on that begins something.
    pub fn following(settings: Receiver<WedgeSettings>) -> Self {
        Self {
            wedge: Wedge::default(),
            settings: Some(settings),
        }
    }

    fn follow(&mut self) {
        if self.wedge.due_ms().is_some() {
            return;
        }
        let newest = self.settings.as_ref().and_then(|new| new.try_iter().last());
        if let Some(settings) = newest {
            self.wedge = Wedge::new(settings);
        }
    }
}

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
        self.follow();
        answers(self.wedge.key(text, at_ms))
    }

    fn tick(&mut self, at_ms: u64) -> Vec<KeyAnswer> {
        answers(self.wedge.tick(at_ms))
    }

    fn due_ms(&self) -> Option<u64> {
        self.wedge.due_ms()
    }
}
