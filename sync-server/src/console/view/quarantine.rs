//! What lies in quarantine.

use domain::UnixMillis;
use replica::QuarantinedRun;

use super::{EventView, Named};

/// Why something lies in quarantine; each has words under `quarantine.cause.`.
pub const CAUSES: [&str; 6] = [
    "revoked",
    "copy",
    "rotated",
    "moved",
    "provisional",
    "in-question",
];

/// What one device wrote that waits for a decision.
#[derive(Debug, Clone)]
pub struct QuarantineView {
    /// The device's id.
    pub id: String,
    /// Which device.
    pub device: Named,
    /// Why: codes of [`CAUSES`].
    pub causes: Vec<&'static str>,
    /// When the first of it came.
    pub since: Option<UnixMillis>,
    /// How many records of goods.
    pub event_count: u64,
    /// How many changes of items, bins and the like.
    pub edit_count: u64,
    /// The first of the records.
    pub events: Vec<EventView>,
    /// Stands for all of it; a decision on less, or on more, is refused.
    pub seen: String,
}

impl QuarantineView {
    /// Stands for these runs of segments.
    pub fn seen_of(runs: &[QuarantinedRun]) -> String {
        let mut hasher = blake3::Hasher::new();
        for run in runs {
            hasher
                .update(run.chain.as_bytes())
                .update(&run.segments.0.to_le_bytes())
                .update(&run.segments.1.to_le_bytes());
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }

    /// How many records are not listed.
    pub fn unlisted(&self) -> u64 {
        self.event_count.saturating_sub(self.events.len() as u64)
    }
}
