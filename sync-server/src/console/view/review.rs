//! What needs a decision, and what has been decided.

use domain::ledger::{ExceptionKind, ExceptionStatus};
use domain::{ExceptionId, Quantity, UnixMillis};

use super::{EventView, Named, UnitRef};

/// Codes of all kinds of exception, the most severe first, for the filter.
pub const KIND_CODES: [&str; 11] = [
    "unit-issued-twice",
    "negative-stock",
    "unit-in-two-bins",
    "work-done-twice",
    "order-variance",
    "right-breached",
    "unknown-code",
    "count-variance",
    "expiry-disagreement",
    "clock-skew",
    "field-conflict",
];

/// What an exception is about.
#[derive(Debug, Clone)]
pub enum SubjectView {
    /// A pile.
    Stock {
        /// What.
        item: Named,
        /// Where.
        bin: Named,
        /// Of which lot.
        lot: Option<String>,
    },
    /// A bin.
    Bin(Named),
    /// A unit.
    Unit {
        /// Which.
        unit: UnitRef,
        /// What it holds.
        item: Option<Named>,
    },
    /// A code that nobody knew.
    Code(String),
    /// A lot.
    Lot {
        /// Of what.
        item: Named,
        /// Its name.
        lot: String,
    },
    /// A device's clock.
    Clock(Named),
    /// What somebody did beyond their rights.
    Rights(Named),
    /// A step of an order.
    Order {
        /// Its number.
        code: String,
        /// Supplier or customer.
        party: String,
        /// Code of the step.
        step: &'static str,
    },
}

/// An exception with both sides of it.
#[derive(Debug, Clone)]
pub struct ExceptionView {
    /// Names it.
    pub id: ExceptionId,
    /// What kind of disagreement.
    pub kind: ExceptionKind,
    /// About what.
    pub subject: SubjectView,
    /// Where.
    pub site: Named,
    /// When it came about.
    pub opened: UnixMillis,
    /// Whether somebody still has to decide.
    pub status: ExceptionStatus,
    /// The events that disagree, in order.
    pub evidence: Vec<EventView>,
    /// What happened on the pile before the evidence, the latest last; at most a few.
    pub before: Vec<EventView>,
    /// Decisions so far, the latest last.
    pub decisions: Vec<DecisionView>,
    /// What the book said.
    pub book: Option<Quantity>,
    /// What was found.
    pub counted: Option<Quantity>,
    /// What the book says now.
    pub balance_now: Option<Quantity>,
    /// The numbers, and whether this stands at all, are being recalculated: they follow with the next snapshot.
    pub stale: bool,
    /// The item's base unit.
    pub base_unit: String,
    /// What somebody typed and has to put right.
    pub typed: Typed,
}

/// The fields of a decision as they were typed.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Why.
    pub note: String,
    /// SKU or barcode of an item.
    pub item: String,
    /// Code of a bin.
    pub bin: String,
}

impl ExceptionView {
    /// Whether it waits for a decision.
    pub fn is_open(&self) -> bool {
        self.status == ExceptionStatus::Open
    }

    /// What may be decided, the suggestion first.
    pub fn choices(&self) -> &'static [&'static str] {
        choices(self.kind)
    }

    /// Stands for all that was shown; a decision on less is refused.
    pub fn seen(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for event in &self.evidence {
            hasher.update(&event.hash.0);
        }
        for decision in self.decisions.iter().filter(|d| d.stands()) {
            hasher.update(b"decision");
            hasher.update(&decision.event.hash.0);
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }

    /// The bin where goods with an unknown code were left, if they said so.
    pub fn aside_bin(&self) -> &str {
        if !self.typed.bin.is_empty() {
            return &self.typed.bin;
        }
        self.evidence
            .iter()
            .find_map(|event| event.bin.as_ref())
            .map_or("", Named::short)
    }

    /// What counted less what the book said.
    pub fn variance(&self) -> Option<Quantity> {
        Some(self.counted?.minus(self.book?))
    }
}

/// What may be decided about a kind of exception, the suggestion first.
pub const fn choices(kind: ExceptionKind) -> &'static [&'static str] {
    match kind {
        ExceptionKind::UnitIssuedTwice => &["keep-first", "keep-second", "both-happened"],
        ExceptionKind::NegativeStock => &["recount-later", "adjust-to-zero", "reverse-issue"],
        ExceptionKind::UnitInTwoBins => &["keep-second", "keep-first", "both-happened"],
        ExceptionKind::UnknownCode => &["link-to-item", "dismiss"],
        ExceptionKind::CountVariance => &["approve-count", "reject-count"],
        ExceptionKind::WorkDoneTwice => &["keep-first", "keep-second", "both-happened"],
        ExceptionKind::OrderVariance
        | ExceptionKind::RightBreached
        | ExceptionKind::ExpiryDisagreement
        | ExceptionKind::ClockSkew => &["acknowledge"],
    }
}

/// Decisions that change nothing need a reason in words.
pub fn needs_note(choice: &str) -> bool {
    matches!(choice, "both-happened" | "dismiss" | "reject-count")
}

/// A decision that was taken. It outlives its exception, which vanishes when the events no longer disagree.
#[derive(Debug, Clone)]
pub struct DecisionView {
    /// The decision itself; its operator, time and choice.
    pub event: EventView,
    /// Which exception.
    pub exception: ExceptionId,
    /// Kind code of the exception.
    pub kind: String,
    /// What it was about, if that can still be told.
    pub subject: Option<SubjectView>,
    /// In the supervisor's words.
    pub note: String,
    /// The events that were on the table.
    pub evidence: Vec<EventView>,
    /// The events that carried it out.
    pub actions: Vec<EventView>,
}

impl DecisionView {
    /// Whether it counts: neither undone nor beaten by an earlier one.
    pub fn stands(&self) -> bool {
        !self.event.is_void()
    }
}

/// One field of a record with several values.
#[derive(Debug, Clone)]
pub struct FieldConflictView {
    /// Kind code of the record.
    pub record_kind: &'static str,
    /// The record's id.
    pub record: String,
    /// The record's name.
    pub named: Named,
    /// Which field.
    pub path: String,
    /// The values, the one shown first.
    pub values: Vec<FieldValue>,
}

/// One of several values of a field.
#[derive(Debug, Clone)]
pub struct FieldValue {
    /// As JSON, to choose it by.
    pub json: String,
    /// As people read it.
    pub text: String,
    /// The device that wrote it.
    pub device: Named,
}

/// What the queue shows.
#[derive(Debug, Clone, Default)]
pub struct ReviewList {
    /// By severity, then age.
    pub exceptions: Vec<ExceptionView>,
    /// Decisions, the latest first; only on the decided tab.
    pub decisions: Vec<DecisionView>,
    /// Devices of which something lies in quarantine; only on the open tab.
    pub quarantined: Vec<Named>,
    /// Fields that disagree; only on the open tab.
    pub fields: Vec<FieldConflictView>,
    /// How many wait, fields and devices in quarantine included.
    pub open: u64,
    /// How many decisions stand.
    pub decided: u64,
    /// Whether there are more than are listed.
    pub more: bool,
}
