//! The receipt of an act of custody, for the customer to take along.

use super::{Fact, Message, Qr};

/// What the customer reads off the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceiptView {
    /// Code of the act, such as `deposited`.
    pub act: String,
    /// Claim code, when, pieces, until when, what was paid.
    pub facts: Vec<Fact>,
    /// The receipt; none where this device can neither sign nor name the act.
    pub qr: Option<Qr>,
    /// What the QR says.
    pub text: String,
    /// What the code is worth, and what to do with it.
    pub next: Message,
}
