//! A supervisor has locked this device: it says so, and records nothing until it has heard that it is unlocked. The lock is
//! a field of the device's record, which only the server signs; it lies in the database, so neither a restart nor staying
//! offline gets round it. What waits is sent as ever.

use std::sync::atomic::Ordering;

use documents::Lock;
use replica::ReplicaError;

use super::ToWorker;
use super::machine::Worker;
use super::trigger::Trigger;
use crate::view::{LockedView, Message, Outcome, UiEvent};

/// What whoever holds a locked device may do: let it send, read what stands there, and leave.
const fn is_allowed(event: &UiEvent) -> bool {
    matches!(
        event,
        UiEvent::SyncNow
            | UiEvent::StayOffline(false)
            | UiEvent::Acknowledge
            | UiEvent::DismissBanner
            | UiEvent::SetLanguage(_)
            | UiEvent::SetTheme(_)
            | UiEvent::SetTextPercent(_)
            | UiEvent::SetSound(_)
            | UiEvent::SetVolume(_)
            | UiEvent::Quit
    )
}

impl Worker {
    /// Heeds what the device's record says. Whoever was signed in is signed out, with their work kept as a draft; after the
    /// lock the same person or another one signs in again.
    pub(crate) fn heed_lock(&mut self, lock: Option<Lock>) {
        let was = self.lock.is_some();
        self.lock = lock;
        self.sync.locked = self.lock.is_some();
        if self.lock.is_some() == was {
            return;
        }
        // Somebody at the console waits to read that it was heard.
        self.lock_changed = true;
        if self.lock.is_none() {
            return;
        }
        self.trigger = Trigger::default();
        self.photo_for = None;
        self.photo_wanted.store(false, Ordering::Relaxed);
        self.hide_code();
        self.leave(None);
    }

    /// The hub is told at once that a lock, or its end, was heard.
    pub(crate) fn tell_lock(&mut self) -> Result<(), ReplicaError> {
        match std::mem::take(&mut self.lock_changed) {
            true => self.sync_event(sync_core::Event::SyncNow),
            false => Ok(()),
        }
    }

    /// Whether a message is not to be acted upon because the device is locked. Says so where somebody scanned.
    pub(crate) fn is_kept_out(&mut self, message: &ToWorker) -> bool {
        if self.lock.is_none() {
            return false;
        }
        match message {
            ToWorker::Ui(UiEvent::Scan { .. }) => {
                self.tell(Outcome::Refused, Message::new("device-locked"), "");
                true
            }
            ToWorker::Ui(event) => !is_allowed(event),
            ToWorker::Seen(_) | ToWorker::PictureFailed(_) | ToWorker::PhotoTaken(_) => true,
            _ => false,
        }
    }

    pub(crate) fn locked_view(&self, lock: &Lock) -> LockedView {
        let now = self.now();
        LockedView {
            by: lock.by.clone(),
            at: match lock.at {
                0 => String::new(),
                at => self.site_clock.show(at, now),
            },
            text: lock.text.clone(),
            device_name: match self.replica.identity() {
                Some(identity) => identity.device_name.clone(),
                None => String::new(),
            },
            waiting: u32::try_from(self.waiting.total()).unwrap_or(u32::MAX),
            stays_offline: self.settings.stay_offline,
        }
    }
}
