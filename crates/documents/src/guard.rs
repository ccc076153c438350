//! Bytes that others wrote and automerge reads.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a decoder of automerge on bytes from outside. Some malformed bytes make it panic (found by fuzzing, `fuzz/`);
/// that is taken as unreadable. What the closure borrows mutably must be thrown away then.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(decode)).ok()
}
