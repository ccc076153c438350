//! The fold of one pile of goods.

use crate::event::EventHash;
use crate::ids::SiteId;
use crate::ledger::exception::{ExceptionKind, Finding};
use crate::ledger::place::Place;
use crate::ledger::store::{Entry, Part};
use crate::ledger::subject::{StockKey, Subject};
use crate::quantity::Quantity;

/// The state of a pile after an entry: a checkpoint from which the fold can go on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct StockState {
    /// What the book says is there.
    #[n(0)]
    pub balance: Quantity,
    /// How often it has fallen below zero so far.
    #[n(1)]
    pub times_below: u32,
    /// Whether it is below zero now.
    #[n(2)]
    pub below: bool,
}

/// What one entry does to a pile.
pub(crate) struct Step {
    pub(crate) after: StockState,
    pub(crate) what: StepFinding,
}

pub(crate) enum StepFinding {
    Nothing,
    /// The pile fell below zero, for the `times_below`-th time.
    FellBelow,
    /// It came back.
    CameBack,
    /// An unapproved count disagrees with the book.
    Variance {
        book: Quantity,
        counted: Quantity,
    },
}

pub(crate) fn step(before: StockState, entry: &Entry) -> Step {
    let mut after = before;
    let mut what = StepFinding::Nothing;
    match entry.part {
        Part::Change(difference) => after.balance = before.balance.plus(difference),
        Part::Count {
            counted,
            approved: true,
        } => after.balance = counted,
        Part::Count {
            counted,
            approved: false,
        } if counted != before.balance => {
            what = StepFinding::Variance {
                book: before.balance,
                counted,
            };
        }
        Part::Count { .. } | Part::Mark => {}
    }
    after.below = after.balance < Quantity::ZERO;
    if after.below && !before.below {
        after.times_below += 1;
        what = StepFinding::FellBelow;
    } else if before.below && !after.below {
        what = StepFinding::CameBack;
    }
    Step { after, what }
}

pub(crate) fn fell_below(
    key: &StockKey,
    site: SiteId,
    place: Place,
    hash: EventHash,
    after: StockState,
) -> Finding {
    Finding {
        kind: ExceptionKind::NegativeStock,
        subject: Subject::Stock(key.clone()),
        occurrence: after.times_below.to_string(),
        site,
        opened: place,
        healed: None,
        evidence: vec![hash],
        book: Some(after.balance),
        counted: None,
    }
}

pub(crate) fn variance(
    key: &StockKey,
    site: SiteId,
    place: Place,
    hash: EventHash,
    book: Quantity,
    counted: Quantity,
) -> Finding {
    Finding {
        kind: ExceptionKind::CountVariance,
        subject: Subject::Stock(key.clone()),
        occurrence: hash.hex(),
        site,
        opened: place,
        healed: None,
        evidence: vec![hash],
        book: Some(book),
        counted: Some(counted),
    }
}

/// The row of a pile, or of the progress of an order's line, as the state hash sees it.
pub(crate) fn row(subject: &Subject, balance: Quantity) -> Vec<u8> {
    let mut row = vec![b's'];
    row.extend_from_slice(&subject.to_key());
    row.extend_from_slice(&balance.thousandths().to_le_bytes());
    row
}
