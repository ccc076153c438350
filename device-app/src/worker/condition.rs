//! Whether the device itself will last, as its screens tell, and whether its screen stays on.

use std::path::Path;

use super::machine::{Showing, Worker};
use crate::health::Health;
use crate::view::{Message, Outcome, Warning};

/// So often the machine is asked, in milliseconds.
const ASKED_EVERY_MS: i64 = 30_000;

/// A screen that nobody has looked at for so long goes off even in the middle of work, in milliseconds. Where the operator
/// is signed out sooner, it goes off then.
const SCREEN_ON_MAX_MS: i64 = 15 * 60_000;

impl Worker {
    /// Whether the screen must not go dark: work is open, or a code stands there for another device to read. At home and
    /// where nobody is signed in the machine's own times hold.
    pub fn keeps_screen_on(&self) -> bool {
        let works = self.operator.is_some() && self.work.is_some() && self.showing != Showing::Home;
        let is_read = self.showing == Showing::Nearby && self.nearby.is_showing();
        // A clock that was set back does not keep it on.
        let idle_ms = (self.now() - self.last_input).abs();
        (works || is_read) && idle_ms < SCREEN_ON_MAX_MS
    }

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
        self.sync.health = health;
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
