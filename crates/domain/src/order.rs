//! Orders: what is to be done, and how events tell which line of which order they serve.
//!
//! The order itself is a record. What has been done of it is folded from events, so two devices that work on one order
//! while they are cut off from each other add up, and two that both finish it are shown.

use crate::event::EventHash;
use crate::ids::OrderId;
use crate::quantity::Quantity;

/// What an order is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum OrderType {
    /// An expected delivery (ASN, purchase order).
    Inbound,
    /// Goods to be picked and shipped.
    Outbound,
    /// Goods for another site.
    Transfer,
    /// Bins to be counted.
    Count,
}

impl OrderType {
    /// All types.
    pub const ALL: [Self; 4] = [Self::Inbound, Self::Outbound, Self::Transfer, Self::Count];

    /// Stable name, in documents and SQL.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Transfer => "transfer",
            Self::Count => "count",
        }
    }

    /// The type with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.code() == code)
    }
}

/// A step of the work on an order.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    minicbor::Encode,
    minicbor::Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum OrderStep {
    /// Goods came in.
    #[n(0)]
    Receive,
    /// Goods were taken from their bins for it.
    #[n(1)]
    Pick,
    /// Goods left the house.
    #[n(2)]
    Ship,
    /// Bins were counted.
    #[n(3)]
    Count,
    /// Goods that wait for it were checked, and packed into cartons.
    #[n(4)]
    Pack,
}

impl OrderStep {
    /// All steps.
    pub const ALL: [Self; 5] = [
        Self::Receive,
        Self::Pick,
        Self::Ship,
        Self::Count,
        Self::Pack,
    ];

    /// Stable name, in SQL and as the translation key.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Pick => "pick",
            Self::Ship => "ship",
            Self::Count => "count",
            Self::Pack => "pack",
        }
    }

    pub(crate) const fn tag(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.tag() == tag)
    }
}

/// Which line of which order an event serves.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    minicbor::Encode,
    minicbor::Decode,
)]
#[cbor(array)]
pub struct OrderLine {
    /// The order.
    #[n(0)]
    pub order: OrderId,
    /// Its line, from 1; 0 for goods that are on no line.
    #[n(1)]
    pub line: u32,
}

/// One line of an order, in one step of the work on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProgressKey {
    /// Order and line.
    pub line: OrderLine,
    /// The step.
    pub step: OrderStep,
}

/// What a line had come to when its order was finished.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct FinishedLine {
    /// Its number; 0 for goods that are on no line.
    #[n(0)]
    pub line: u32,
    /// What the order asked for, as it was known then.
    #[n(1)]
    pub asked: Quantity,
    /// What was done, as far as this device knew.
    #[n(2)]
    pub done: Quantity,
    /// Why it differs, as a code of the site; empty if it does not.
    #[n(3)]
    pub reason: String,
}

/// Somebody said that a step of an order is done.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct OrderFinished {
    /// The order.
    #[n(0)]
    pub order: OrderId,
    /// The step.
    #[n(1)]
    pub step: OrderStep,
    /// What was known then to have finished it before, and this one goes on from. Two that do not know of each other: the
    /// work was done twice.
    #[n(2)]
    pub after: Vec<EventHash>,
    /// Every line.
    #[n(3)]
    pub lines: Vec<FinishedLine>,
}

impl OrderFinished {
    /// Whether something else was done than was asked for.
    pub fn differs(&self) -> bool {
        self.lines.iter().any(|line| line.asked != line.done)
    }
}

/// What an inspection found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(index_only)]
pub enum Verdict {
    /// 合格
    #[n(0)]
    Accepted,
    /// 不合格
    #[n(1)]
    Rejected,
    /// 待检
    #[n(2)]
    OnHold,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Rejected, Self::OnHold];

    /// Stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::OnHold => "on-hold",
        }
    }
}

/// A quality check of goods that came in: the form as it was filled in. Where the goods go because of it is an event of its
/// own; photos are put to this one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Inspection {
    /// The receipt.
    #[n(0)]
    pub of: EventHash,
    /// What was found.
    #[n(1)]
    pub verdict: Verdict,
    /// How many pieces were looked at.
    #[n(2)]
    pub sample: Quantity,
    /// Question and answer, as codes of the form or as typed.
    #[n(3)]
    pub answers: Vec<(String, String)>,
}

/// How far the work on one order has come in one step, without what was found: who holds no stock is told this instead of
/// the events.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct OrderProgress {
    /// Which order.
    #[n(0)]
    pub order: OrderId,
    /// Its lines of which anything is done, by number, and how much.
    #[n(1)]
    pub lines: Vec<(u32, Quantity)>,
    /// The events that finished the step and that none went on from.
    #[n(2)]
    pub finished: Vec<EventHash>,
}

impl OrderProgress {
    /// Tells one list from another: the first 8 bytes of the BLAKE3 hash of its CBOR.
    pub fn digest(all: &[Self]) -> [u8; 8] {
        // Writing to a vector cannot fail.
        let bytes = minicbor::to_vec(all).unwrap_or_default();
        let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(&bytes).as_bytes();
        [a, b, c, d, e, f, g, h]
    }
}
