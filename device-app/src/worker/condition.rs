//! Whether the device itself will last, as its screens tell.

use std::path::Path;

use super::machine::Worker;
use crate::health::Health;
use crate::view::{Message, Outcome, Warning};

/// So often the machine is asked, in milliseconds.
const ASKED_EVERY_MS: i64 = 30_000;

impl Worker {
    /// Where the files are that need room.
    pub fn data_folder(&self) -> &Path {
        &self.data_folder
    }

    /// Whether it is time to ask the machine how it is.
    pub fn asks_health(&self) -> bool {
        // A clock that was set back does not put it off.
        (self.now() - self.health_at).abs() >= ASKED_EVERY_MS
    }

    /// The machine has said how it is.
    pub fn take_health(&mut self, health: Health) {
        self.health_at = self.now();
        self.warnings = self.warnings.after(&health);
        self.health = health;
    }

    pub(crate) fn warning(&self) -> Option<Warning> {
        let (message, grave) = self.warnings.gravest(&self.health)?;
        Some(Warning { message, grave })
    }

    /// Whether a photo or a signature may be kept; says why not.
    pub(crate) fn may_keep_pictures(&mut self) -> bool {
        let refused = if self.practises() {
            Some((Outcome::Attention, "not-in-practice"))
        } else if self.warnings.has_room_for_pictures() {
            None
        } else {
            Some((Outcome::Refused, "no-room-for-pictures"))
        };
        if let Some((outcome, code)) = refused {
            self.tell(outcome, Message::new(code), "");
        }
        refused.is_none()
    }
}
