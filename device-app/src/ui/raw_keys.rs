//! Keys of a scanner that is being learnt, with their times.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use scan::learn::KeyPress;
use slint::{Timer, TimerMode};

use super::Events;
use crate::view::UiEvent;

/// A scan is over after a pause this long: longer than any that a scanner may make, so that one which is too slow is
/// still seen whole.
const PAUSE: Duration = Duration::from_millis(800);

/// The test code has less than a hundred; a key that is stuck must not fill the memory.
const KEYS_MAX: usize = 1_000;

pub(super) struct RawKeys {
    events: Events,
    keys: RefCell<Vec<KeyPress>>,
    timer: Timer,
}

/// Keys that make a character begin a scan. All others work on the screen as ever.
fn begins(text: &str) -> bool {
    text.chars().any(|c| c == '\u{1d}' || makes_a_character(c))
}

/// Within a scan its terminator, and what a scanner sends around its code.
fn goes_on(text: &str) -> bool {
    text.chars().any(|c| {
        // Modifiers come as control characters of their own.
        let leads_elsewhere = matches!(c, '\u{10}'..='\u{19}' | '\u{1b}');
        makes_a_character(c) || (c.is_control() && !leads_elsewhere)
    })
}

fn makes_a_character(c: char) -> bool {
    // Arrows and function keys are private-use characters.
    !(c.is_control() || ('\u{e000}'..='\u{f8ff}').contains(&c))
}

impl RawKeys {
    pub(super) fn new(events: &Events) -> Rc<Self> {
        Rc::new(Self {
            events: events.clone(),
            keys: RefCell::default(),
            timer: Timer::default(),
        })
    }

    /// True if the key is of a scan; it is sent with the others once no more come.
    pub(super) fn take(self: &Rc<Self>, text: &str, at_ms: u64) -> bool {
        let mut keys = self.keys.borrow_mut();
        if !(begins(text) || (!keys.is_empty() && goes_on(text))) {
            return false;
        }
        if keys.len() < KEYS_MAX {
            keys.push(KeyPress {
                text: text.to_owned(),
                at_ms,
            });
        }
        let all = Rc::downgrade(self);
        self.timer.start(TimerMode::SingleShot, PAUSE, move || {
            if let Some(all) = all.upgrade() {
                let keys = all.keys.take();
                (all.events)(UiEvent::ScannerKeys(keys));
            }
        });
        true
    }
}
