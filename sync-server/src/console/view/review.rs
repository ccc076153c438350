//! What needs a decision, and what has been decided.

use domain::ledger::{ExceptionKind, ExceptionStatus};
use domain::{EventHash, ExceptionId, Quantity, UnixMillis};

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
    /// What each choice would do to the stock.
    pub previews: Vec<Preview>,
    /// Devices that may explain it once they report; then it waits for them.
    pub holders: Vec<Silent>,
    /// Who looks after it.
    pub assigned: Option<Named>,
    /// How many notes have words.
    pub words: u64,
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
    /// A comment.
    pub comment: String,
}

/// A device that has been silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// Which.
    pub device: Named,
    /// When it was last heard of.
    pub since: Option<UnixMillis>,
}

/// What a supervisor said about an exception, or whom they gave it to.
#[derive(Debug, Clone)]
pub struct NoteView {
    /// Who, and when.
    pub event: EventView,
    /// In their words; may be empty.
    pub text: String,
    /// Whom it was given to; inside `None`: to nobody.
    pub assigned: Option<Option<Named>>,
}

/// What a choice would do to the stock.
#[derive(Debug, Clone)]
pub struct Preview {
    /// One of [`choices`].
    pub choice: &'static str,
    /// Pile by pile, those that change first; empty if nothing is moved in the book.
    pub lines: Vec<PreviewLine>,
    /// How many more piles there are.
    pub more: usize,
}

/// One pile now, and after a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewLine {
    /// What; `None`: what the supervisor names.
    pub item: Option<Named>,
    /// Where; `None`: where the supervisor says.
    pub bin: Option<Named>,
    /// Of which lot.
    pub lot: Option<String>,
    /// The item's base unit.
    pub base_unit: String,
    /// What the book says now; `None`: `then` is what comes on top.
    pub now: Option<Quantity>,
    /// What it would say.
    pub then: Quantity,
}

impl ExceptionView {
    /// Events of the evidence that are shown at once; the rest unfolds.
    pub fn first_sides(&self) -> &[EventView] {
        self.evidence.get(..SIDES_MAX).unwrap_or(&self.evidence)
    }

    /// What happened on the pile before.
    pub fn earlier(&self) -> &[EventView] {
        &self.before
    }

    /// The rest of the evidence.
    pub fn more_sides(&self) -> &[EventView] {
        self.evidence.get(SIDES_MAX..).unwrap_or_default()
    }

    /// What the first choice would do.
    pub fn suggestion(&self) -> Option<&Preview> {
        self.previews.first()
    }

    /// Names it with what was shown of it, for a decision about several.
    pub fn pick(&self) -> String {
        format!("{}:{}", self.id, self.seen())
    }

    /// Whether a decision about several may have it among them.
    pub fn may_pick(&self) -> bool {
        self.is_open() && choices(self.kind).iter().any(|c| is_safe_for_many(c))
    }

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
        let standing = self.decisions.iter().filter(|d| d.stands());
        seen_of(
            self.evidence.iter().map(|event| event.hash),
            standing.map(|decision| decision.event.hash),
        )
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

/// A group of so many shows its lines at once.
const UNFOLDED_MAX: usize = 4;

/// More events than this unfold on demand: a code may have been met forty times.
const SIDES_MAX: usize = 4;

/// Stands for the evidence and the decisions that somebody had before them.
pub fn seen_of(
    evidence: impl Iterator<Item = EventHash>,
    standing: impl Iterator<Item = EventHash>,
) -> String {
    let mut hasher = blake3::Hasher::new();
    for hash in evidence {
        hasher.update(&hash.0);
    }
    for hash in standing {
        hasher.update(b"decision");
        hasher.update(&hash.0);
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Whether a choice may be made about several exceptions at once: it moves nothing in the book, or is the same for all
/// of one cause.
pub fn is_safe_for_many(choice: &str) -> bool {
    matches!(
        choice,
        "acknowledge" | "recount-later" | "reject-count" | "dismiss"
    )
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
    /// For addresses and notes.
    pub id: ExceptionId,
    /// Whom it was given to.
    pub assigned: Option<Named>,
    /// How many comments it has.
    pub words: u64,
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

/// Exceptions with one cause.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// Stable name of the sort of cause.
    pub code: &'static str,
    /// For addresses.
    pub key: String,
    /// The device, unit, code, person, order or bin.
    pub about: String,
    /// When the first of a late batch arrived.
    pub arrived: Option<UnixMillis>,
    /// How many of them are in this list.
    pub count: usize,
    /// How many of each kind, by the kind's code, the most severe first.
    pub kinds: Vec<(&'static str, usize)>,
    /// The highest severity among them.
    pub severity: u8,
    /// When the oldest came about.
    pub oldest: UnixMillis,
    /// All of them, or as many as fit.
    pub rows: Vec<GroupRow>,
    /// What may be decided about all rows that are shown.
    pub choices: Vec<&'static str>,
}

impl GroupView {
    /// How many are not among the rows.
    pub fn hidden(&self) -> usize {
        self.count.saturating_sub(self.rows.len())
    }

    /// Whether its lines are unfolded from the start: few, or to be decided one by one.
    pub fn is_unfolded(&self) -> bool {
        self.count <= UNFOLDED_MAX || self.choices.is_empty()
    }

    /// For links within the page.
    pub fn anchor(&self) -> String {
        blake3::hash(self.key.as_bytes()).to_hex()[..12].to_owned()
    }
}

/// One exception of a group, in a line.
#[derive(Debug, Clone)]
pub struct GroupRow {
    /// Which.
    pub id: ExceptionId,
    /// Kind code.
    pub kind: &'static str,
    /// About what.
    pub subject: SubjectView,
    /// When it came about.
    pub opened: UnixMillis,
    /// Whose records disagree.
    pub devices: Vec<Named>,
    /// See [`ExceptionView::pick`].
    pub pick: String,
}

/// One card of the queue.
#[derive(Debug, Clone)]
pub enum Card {
    /// An exception alone.
    One(Box<ExceptionView>),
    /// Several with one cause.
    Group(GroupView),
}

/// An exception that was open until something came that settled it.
#[derive(Debug, Clone)]
pub struct ClosedView {
    /// Which.
    pub id: ExceptionId,
    /// Kind code.
    pub kind: &'static str,
    /// About what.
    pub subject: SubjectView,
    /// Where.
    pub site: Named,
    /// When it came about.
    pub opened: UnixMillis,
    /// When what settled it reached the hub.
    pub closed_at: UnixMillis,
    /// What came last.
    pub by: Option<EventView>,
    /// What had disagreed.
    pub evidence: Vec<EventView>,
}

/// What the page of one exception shows.
#[derive(Debug, Clone, Default)]
pub struct ExceptionPageView {
    /// The exception; `None` if the events no longer disagree.
    pub exception: Option<ExceptionView>,
    /// The field, if it is about one with several values.
    pub field: Option<FieldConflictView>,
    /// How it closed, if nobody decided it.
    pub closed: Option<ClosedView>,
    /// Decisions, undone ones too, the latest first.
    pub decisions: Vec<DecisionView>,
    /// What was said about it, the oldest first.
    pub notes: Vec<NoteView>,
    /// What happened on its subject.
    pub timeline: Vec<EventView>,
    /// People whom it may be given to.
    pub people: Vec<Named>,
    /// A comment that was typed and not taken.
    pub comment: String,
}

impl ExceptionPageView {
    /// Whether it is with that person.
    pub fn is_with(&self, person: &Named) -> bool {
        self.open_to_notes().and_then(|(_, with)| with) == Some(person)
    }

    /// What may be commented and given to somebody: its id, and whom it is with.
    pub fn open_to_notes(&self) -> Option<(ExceptionId, Option<&Named>)> {
        let exception = self.exception.as_ref();
        let exception = exception.map(|e| (e.id, e.assigned.as_ref()));
        exception.or_else(|| self.field.as_ref().map(|f| (f.id, f.assigned.as_ref())))
    }
}

/// What the queue shows.
#[derive(Debug, Clone, Default)]
pub struct ReviewList {
    /// By severity, then age.
    pub cards: Vec<Card>,
    /// The group that alone is listed, if the address asks for one.
    pub of_group: Option<GroupView>,
    /// Exceptions that closed without a decision, the latest first; only on their tab.
    pub closed: Vec<ClosedView>,
    /// Decisions, the latest first; only on the decided tab.
    pub decisions: Vec<DecisionView>,
    /// Devices of which something lies in quarantine; only on the open tab.
    pub quarantined: Vec<Named>,
    /// Fields that disagree; only on the open tab.
    pub fields: Vec<FieldConflictView>,
    /// How many wait, fields and devices in quarantine included.
    pub open: u64,
    /// How many wait for a silent device.
    pub waiting: u64,
    /// How many closed by themselves in the last week; at most 1,000.
    pub closed_count: u64,
    /// How many decisions stand.
    pub decided: u64,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
    /// Devices that hold exceptions back, with how many; only on the waiting tab.
    pub silent: Vec<(Silent, usize)>,
    /// People whom an exception may be given to, by name.
    pub people: Vec<Named>,
    /// Devices that wrote what disagrees, for the filter.
    pub devices: Vec<Named>,
    /// Whether the person who looks has a decision of today to take back.
    pub may_undo: bool,
}
