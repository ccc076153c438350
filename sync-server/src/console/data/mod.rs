//! The only place of the console that touches the replica. Everything leaves here as plain views.

use chrono_tz::Tz;

use crate::error::AppError;

/// What the console shows and writes. Calls block.
pub struct ConsoleData {}

impl ConsoleData {
    /// How many exceptions and field conflicts wait.
    pub fn open_count(&self) -> Result<u64, AppError> {
        Ok(0)
    }

    /// The time zone of the first site.
    pub fn zone(&self) -> Result<Tz, AppError> {
        Ok(Tz::UTC)
    }
}
