//! A refusal, and why it was one: the device is told a code, the supervisor the cause.

use protocol::{Refusal, RefusalCode};

/// What a device is told, and what the supervisor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    /// Stable name: the code's, or that of one of several causes of a code.
    pub(super) cause: &'static str,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let cause = refusal.code.code();
        Self { refusal, cause }
    }
}

impl From<RefusalCode> for Refused {
    fn from(code: RefusalCode) -> Self {
        Refusal::from(code).into()
    }
}
