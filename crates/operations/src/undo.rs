//! Undo is an event of its own: it voids its target at the target's place in time.

use domain::{EventBody, EventHash};

use crate::codes::FeedbackCode;
use crate::screen::Feedback;

/// An event that somebody wants undone, as the worker found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undoable {
    /// The event.
    pub target: EventHash,
    /// What it said, ready to show.
    pub text: String,
    /// It does not count any more.
    pub reversed: bool,
    /// This person may undo it, and it is of a kind that can be undone.
    pub allowed: bool,
}

/// The event that takes the target back.
///
/// # Errors
/// The refusal to show: nothing there, undone already, or not allowed.
pub fn undo(last: Option<&Undoable>) -> Result<(EventBody, Feedback), Feedback> {
    let refused = |code| Err(Feedback::refused(code, []));
    match last {
        None => refused(FeedbackCode::NothingToUndo),
        Some(last) if last.reversed => refused(FeedbackCode::AlreadyUndone),
        Some(last) if !last.allowed => refused(FeedbackCode::CannotUndo),
        Some(last) => Ok((
            EventBody::Reversed {
                target: last.target,
            },
            Feedback::accepted(FeedbackCode::Undone, [last.text.clone()]),
        )),
    }
}
