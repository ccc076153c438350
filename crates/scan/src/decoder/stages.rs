//! A decoder and the frames it is for.

use std::sync::Arc;

use super::Decoder;

/// Which live frames a stage looks at: those whose number leaves `at` when divided by `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub every: u64,
    pub at: u64,
}

impl Schedule {
    pub const EACH_FRAME: Schedule = Schedule { every: 1, at: 0 };

    pub(crate) fn is_due(self, frame_number: u64) -> bool {
        frame_number % self.every.max(1) == self.at
    }
}

/// A decoder and when it runs.
#[derive(Clone)]
pub struct Stage {
    /// Name in errors and counters.
    pub name: &'static str,
    pub live: Schedule,
    /// Whether it looks at a still picture in which the stages before it read nothing sure.
    pub still: bool,
    /// Makes the decoder on the thread that will run it, again after each fault.
    pub make: Arc<dyn Fn() -> Box<dyn Decoder> + Send + Sync>,
}

impl Stage {
    pub fn new<D: Decoder + 'static>(
        name: &'static str,
        live: Schedule,
        make: impl Fn() -> D + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            live,
            still: true,
            make: Arc::new(move || Box::new(make())),
        }
    }

    /// The same, left out for still pictures.
    pub fn not_for_stills(mut self) -> Self {
        self.still = false;
        self
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Stage")
            .field("name", &self.name)
            .field("live", &self.live)
            .finish()
    }
}
