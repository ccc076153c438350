//! What a job knows of its connection, and forgets with it.

use crate::job::{Need, Question};
use crate::status::Ear;

/// How long a printer may take to answer, in milliseconds. Mobile printers wake up in three seconds.
pub const ANSWER_MS: u32 = 5_000;
/// Between two questions while the printer works, in milliseconds. A short label takes half a second, so it is seen.
pub const POLL_MS: u32 = 200;
/// Between two questions while a person sees to the printer, in milliseconds.
pub const REST_MS: u32 = 1_000;
/// Between two attempts to connect, in milliseconds.
pub const RETRY_MS: u32 = 2_000;

/// "Ready" so often without any other proof, and a person is asked.
pub(super) const READIES_MAX: u8 = 10;
/// "Ready" so often behind a fence, and the printer stands still: what passed the fence was read, and is printed a
/// moment later, of which ESC/POS says nothing. It also lets the answer to a fence of an earlier connection go by.
pub(super) const READIES_AT_REST: u8 = 3;
/// The same while a fence is awaited: a long label takes seconds over a slow line.
pub(super) const READIES_BEFORE_FENCE_MAX: u8 = 50;
/// So often without any answer, and the connection is given up.
pub(super) const SILENCES_MAX: u8 = 3;
/// So many labels are sent to a printer that says nothing before a person is asked about them.
pub(super) const RUN_MAX: usize = 10;

#[derive(Debug, Clone, Default)]
pub(super) struct Link {
    pub(super) phase: Phase,
    pub(super) ear: Ear,
    /// The label that went over this connection and is not known to be out.
    pub(super) watched: Option<usize>,
    /// Something happened to the printer since: it may have spoiled the label, and printed it again or not.
    pub(super) trouble: bool,
    /// It was seen at work since.
    pub(super) busy_seen: bool,
    /// "Ready" was said so often since the printer was last seen busy or in trouble.
    pub(super) readies: u8,
    pub(super) silences: u8,
    /// Questions without an answer. No label is sent while there is one: its answer could be taken for a later one.
    pub(super) unanswered: u32,
    pub(super) fence: Fence,
    /// The labels that went over this connection to a printer that says nothing.
    pub(super) run: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Fence {
    #[default]
    None,
    Awaited(u32),
    Passed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is no connection. With a need: none is tried for a while.
    Down {
        need: Option<Need>,
    },
    Sending(What),
    Listening,
    Resting {
        ms: u32,
        need: Option<Need>,
    },
    Asking(Question),
}

impl Default for Phase {
    fn default() -> Self {
        Phase::Down { need: None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Makes the printer forget a part of a label.
    Forget,
    /// The question, with a fence before it if one is awaited that was not sent yet.
    Question { fence: Option<u32> },
    /// With fence and question behind it.
    Label(usize),
}
