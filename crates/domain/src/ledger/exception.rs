//! Exceptions: what the fold found that someone must look at. Derived, so every replica finds the same.

use crate::event::{EventHash, ExceptionId};
use crate::ids::SiteId;
use crate::ledger::place::Place;
use crate::ledger::subject::Subject;
use crate::quantity::Quantity;

/// What kind of disagreement it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode,
)]
#[cbor(index_only)]
pub enum ExceptionKind {
    /// More went out of a pile than was in it.
    #[n(0)]
    NegativeStock,
    /// One unit was issued twice.
    #[n(1)]
    UnitIssuedTwice,
    /// One unit was handled in a bin where it was not.
    #[n(2)]
    UnitInTwoBins,
    /// A scanned code that no one knows.
    #[n(3)]
    UnknownCode,
    /// A count found something else than the book.
    #[n(4)]
    CountVariance,
    /// One lot, two expiry days.
    #[n(5)]
    ExpiryDisagreement,
    /// A device wrote events ahead of the hub's clock.
    #[n(6)]
    ClockSkew,
    /// One step of an order was finished twice, by people who did not know of each other.
    #[n(7)]
    WorkDoneTwice,
    /// An order was finished with more or less than it asked for.
    #[n(8)]
    OrderVariance,
    /// Somebody did what they had no right to, or went beyond their limits without approval.
    #[n(9)]
    RightBreached,
}

impl ExceptionKind {
    /// All kinds, the most severe first.
    pub const ALL: [Self; 10] = [
        Self::UnitIssuedTwice,
        Self::NegativeStock,
        Self::UnitInTwoBins,
        Self::WorkDoneTwice,
        Self::OrderVariance,
        Self::RightBreached,
        Self::UnknownCode,
        Self::CountVariance,
        Self::ExpiryDisagreement,
        Self::ClockSkew,
    ];

    /// Stable name, in SQL, on the wire and as the translation key.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NegativeStock => "negative-stock",
            Self::UnitIssuedTwice => "unit-issued-twice",
            Self::UnitInTwoBins => "unit-in-two-bins",
            Self::UnknownCode => "unknown-code",
            Self::CountVariance => "count-variance",
            Self::ExpiryDisagreement => "expiry-disagreement",
            Self::ClockSkew => "clock-skew",
            Self::WorkDoneTwice => "work-done-twice",
            Self::OrderVariance => "order-variance",
            Self::RightBreached => "right-breached",
        }
    }

    /// The kind with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.code() == code)
    }

    /// 3 = goods may be gone; 2 = the book is wrong; 1 = somebody should know.
    pub const fn severity(self) -> u8 {
        match self {
            Self::UnitIssuedTwice => 3,
            Self::NegativeStock
            | Self::UnitInTwoBins
            | Self::UnknownCode
            | Self::CountVariance
            | Self::WorkDoneTwice
            | Self::OrderVariance
            | Self::RightBreached => 2,
            Self::ExpiryDisagreement | Self::ClockSkew => 1,
        }
    }
}

/// Whether somebody still has to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExceptionStatus {
    /// It waits for a decision.
    Open,
    /// Later events put it right.
    Healed,
    /// A decision rests on all of its evidence.
    Resolved(EventHash),
}

/// What the fold sees, before anybody's decision.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Finding {
    /// What kind.
    #[n(0)]
    pub kind: ExceptionKind,
    /// About what.
    #[n(1)]
    pub subject: Subject,
    /// Which time: an ordinal, or the hash of the count.
    #[n(2)]
    pub occurrence: String,
    /// Where.
    #[n(3)]
    pub site: SiteId,
    /// When it came about.
    #[n(4)]
    pub opened: Place,
    /// Where later events put it right.
    #[n(5)]
    pub healed: Option<Place>,
    /// The events that disagree, in order.
    #[n(6)]
    pub evidence: Vec<EventHash>,
    /// Of a count: what the book said. Of negative stock: the balance it fell to.
    #[n(7)]
    pub book: Option<Quantity>,
    /// Of a count: what was found.
    #[n(8)]
    pub counted: Option<Quantity>,
}

impl Finding {
    /// The same on every replica.
    pub fn id(&self) -> ExceptionId {
        exception_id(self.site, self.kind, &self.subject, &self.occurrence)
    }
}

/// Hash of site, kind, subject and occurrence.
pub(crate) fn exception_id(
    site: SiteId,
    kind: ExceptionKind,
    subject: &Subject,
    occurrence: &str,
) -> ExceptionId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(site.as_bytes());
    for part in [
        kind.code().as_bytes(),
        &subject.to_key(),
        occurrence.as_bytes(),
    ] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    ExceptionId(*hasher.finalize().as_bytes())
}

/// A finding and what has been decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// What the fold sees.
    pub finding: Finding,
    /// What has been decided.
    pub status: ExceptionStatus,
}

impl Exception {
    /// The row as the state hash sees it; `id` is the finding's, which costs a hash.
    pub(crate) fn row(&self, id: ExceptionId) -> Vec<u8> {
        let mut row = vec![b'e'];
        row.extend_from_slice(&id.0);
        for hash in &self.finding.evidence {
            row.extend_from_slice(&hash.0);
        }
        row.extend_from_slice(
            &self
                .finding
                .book
                .unwrap_or_default()
                .thousandths()
                .to_le_bytes(),
        );
        match self.status {
            ExceptionStatus::Open => row.push(0),
            ExceptionStatus::Healed => row.push(1),
            ExceptionStatus::Resolved(by) => {
                row.push(2);
                row.extend_from_slice(&by.0);
            }
        }
        row
    }
}
