//! The screen on which a wedge scanner is learnt.

use scan::learn::Learnt;

use super::{Message, Qr};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScannerView {
    /// The test code.
    pub qr: Qr,
    /// `scanner-scan-test`, `scanner-scan-again` or `scanner-in-use`.
    pub prompt: Message,
    /// What the last scan of the test code says, else what was learnt before; `None`: nothing was.
    pub found: Option<Learnt>,
    /// The keys of the last scan, control characters made visible; empty before the first.
    pub raw: String,
    /// Something that was learnt is in use, and can be put back.
    pub is_learnt: bool,
}
