//! Time a piece of work takes, other work on the machine left out.

use rustix::time::{ClockId, clock_gettime};

/// Processor time of all threads of this process so far, in milliseconds.
fn processor_ms() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

/// A clock that was started.
pub(crate) struct Stopwatch(f64);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(processor_ms())
    }

    /// Milliseconds of processor time since the start.
    pub(crate) fn ms(&self) -> f64 {
        processor_ms() - self.0
    }
}
