//! What the review queue lists, from what is known of each exception: pure code, no words and no queries.
//!
//! Exceptions that a silent device may explain are told from those that wait for a decision ([`holders`]); then those
//! with one cause are put together ([`groups`]).

mod cause;
mod fact;
mod waiting;

pub use cause::{Cause, Group, groups};
pub use fact::{EvidenceFact, Fact};
pub use waiting::{DeviceFact, HOLD_MS, IN_TOUCH_MS, holders};
