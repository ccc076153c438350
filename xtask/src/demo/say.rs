//! What the person at the terminal reads: short lines in both languages, with the time.

use std::cell::Cell;
use std::io::Write;
use std::time::Instant;

pub(crate) struct Say {
    started: Instant,
    steps: usize,
    step: Cell<usize>,
}

impl Say {
    /// For a story of so many steps.
    pub(crate) fn new(steps: usize) -> Self {
        Self {
            started: Instant::now(),
            steps,
            step: Cell::new(0),
        }
    }

    /// The next step begins.
    pub(crate) fn step(&self, zh: &str, en: &str) {
        self.step.set(self.step.get() + 1);
        let seconds = self.started.elapsed().as_secs_f32();
        self.line(&format!(
            "[{seconds:5.1} s] {}/{} {zh} · {en}",
            self.step.get(),
            self.steps
        ));
    }

    /// Something about the step under way.
    pub(crate) fn note(&self, text: &str) {
        self.line(&format!("            {text}"));
    }

    /// A line as it is.
    pub(crate) fn line(&self, text: &str) {
        // Nobody may be reading any more; the demo goes on.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}
