//! The time, as an argument: tests set it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use domain::UnixMillis;

/// Where the server reads the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> UnixMillis + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::new(|| {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .ok()
                .and_then(|d| UnixMillis::try_from(d.as_millis()).ok())
                .unwrap_or(0)
        })
    }

    /// Any other source of unix milliseconds.
    pub fn new(read: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Unix milliseconds, UTC.
    pub fn now(&self) -> UnixMillis {
        (self.0)()
    }
}
