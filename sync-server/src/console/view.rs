//! What the pages show: plain values with names instead of ids, in no language yet.

use chrono::NaiveDate;
use domain::ledger::{ExceptionKind, ExceptionStatus, Standing};
use domain::{EventHash, ExceptionId, ItemId, Quantity, SiteId, UnixMillis};

use crate::console::by_value::ByValue;
use crate::i18n::Lang;

/// Codes of all kinds of exception, the most severe first, for the filter.
pub const KIND_CODES: [&str; 8] = [
    "unit-issued-twice",
    "negative-stock",
    "unit-in-two-bins",
    "unknown-code",
    "count-variance",
    "expiry-disagreement",
    "clock-skew",
    "field-conflict",
];

/// Names of all kinds of event, for the filter.
pub const EVENT_KINDS: [&str; 9] = [
    "received",
    "issued",
    "moved",
    "adjusted",
    "counted",
    "set-aside",
    "reversed",
    "count-approved",
    "resolved",
];

/// A thing with a name: an item, bin, site, operator, device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// For addresses; empty if the thing has no page.
    pub id: String,
    /// The code that people use, such as the SKU; may be empty.
    pub code: String,
    /// Chinese name; may be empty.
    pub zh: String,
    /// English name; may be empty.
    pub en: String,
}

impl Named {
    /// The name in that language, or in the other, or the code, or the start of the id.
    pub fn name(&self, lang: impl ByValue<Lang>) -> &str {
        let (first, second) = match lang.value() {
            Lang::Zh => (&self.zh, &self.en),
            Lang::En => (&self.en, &self.zh),
        };
        [first, second, &self.code]
            .into_iter()
            .find(|text| !text.is_empty())
            .map_or_else(|| self.id.get(..8).unwrap_or("?"), String::as_str)
    }

    /// The code, or the name where there is none.
    pub fn short(&self) -> &str {
        if self.code.is_empty() {
            self.name(Lang::Zh)
        } else {
            &self.code
        }
    }

    /// Whether a code stands beside the name.
    pub fn has_both(&self, lang: impl ByValue<Lang>) -> bool {
        !self.code.is_empty() && self.code != self.name(lang.value())
    }
}

/// A unit: a licence plate or a serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRef {
    /// As stored; for addresses.
    pub id: String,
    /// What is printed on it.
    pub printed: String,
}

/// One line of a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountLine {
    /// What was counted.
    pub item: Named,
    /// Of which lot.
    pub lot: Option<String>,
    /// How much was there.
    pub counted: Quantity,
}

/// Who reversed an event, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversedBy {
    /// Who.
    pub operator: Named,
    /// When, by the reversing device.
    pub at: UnixMillis,
}

/// An event, with everything that a person wants to know about it.
#[derive(Debug, Clone)]
pub struct EventView {
    /// Names it.
    pub hash: EventHash,
    /// Its number on its chain.
    pub number: u64,
    /// Stable name of what happened.
    pub kind: &'static str,
    /// Where.
    pub site: SiteId,
    /// What, if one kind of goods.
    pub item: Option<Named>,
    /// The item's base unit.
    pub base_unit: String,
    /// Of which lot.
    pub lot: Option<String>,
    /// Its last good day.
    pub expiry: Option<NaiveDate>,
    /// Which very unit.
    pub unit: Option<UnitRef>,
    /// The bin, or the one the goods left.
    pub bin: Option<Named>,
    /// The bin the goods went to.
    pub to: Option<Named>,
    /// How much, as written.
    pub quantity: Option<Quantity>,
    /// Lines of a count.
    pub lines: Vec<CountLine>,
    /// A code that nobody knew.
    pub code: Option<String>,
    /// Reason of an adjustment, note or choice of a decision.
    pub reason: Option<String>,
    /// The event that it names, which names none here.
    pub target: Option<Box<EventView>>,
    /// Kind code of the exception that it decides.
    pub decides: Option<(ExceptionId, String)>,
    /// Who did it.
    pub operator: Named,
    /// On which device.
    pub device: Named,
    /// The device's clock.
    pub device_time: UnixMillis,
    /// When it reached the hub.
    pub arrived: Option<UnixMillis>,
    /// Whether it counts.
    pub standing: Standing,
    /// Who took it back.
    pub reversed_by: Option<ReversedBy>,
    /// Held back until a supervisor releases it.
    pub quarantined: bool,
}

impl EventView {
    /// Whether it counts for nothing.
    pub fn is_void(&self) -> bool {
        self.standing == Standing::Void
    }

    /// Minutes between the device's clock and arrival, if they are worth telling.
    pub fn late_minutes(&self) -> Option<i64> {
        let late = (self.arrived? - self.device_time) / 60_000;
        (late >= 10).then_some(late)
    }
}

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
    /// The item's base unit.
    pub base_unit: String,
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
        ExceptionKind::ExpiryDisagreement | ExceptionKind::ClockSkew => &["acknowledge"],
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
    /// Fields that disagree; only on the open tab.
    pub fields: Vec<FieldConflictView>,
    /// How many wait, fields included.
    pub open: u64,
    /// How many decisions stand.
    pub decided: u64,
    /// Whether there are more than are listed.
    pub more: bool,
}

/// One line of the stock lists.
#[derive(Debug, Clone)]
pub struct StockRow {
    /// Where.
    pub bin: Named,
    /// What.
    pub item: Named,
    /// Of which lot.
    pub lot: Option<String>,
    /// How much.
    pub quantity: Quantity,
    /// The item's base unit.
    pub base_unit: String,
}

impl StockRow {
    /// Whether more went out than was in.
    pub fn is_negative(&self) -> bool {
        self.quantity < Quantity::ZERO
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct PageOf<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether more follow.
    pub more: bool,
}

impl<T> Default for PageOf<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            more: false,
        }
    }
}

/// One line of stock by item.
#[derive(Debug, Clone)]
pub struct ItemRow {
    /// What.
    pub item: Named,
    /// In all bins.
    pub quantity: Quantity,
    /// In how many bins.
    pub bins: u64,
    /// Base unit.
    pub base_unit: String,
}

impl ItemRow {
    /// Whether more went out than was in.
    pub fn is_negative(&self) -> bool {
        self.quantity < Quantity::ZERO
    }
}

/// An item and everything about it.
#[derive(Debug, Clone)]
pub struct ItemView {
    /// Its identity.
    pub id: ItemId,
    /// Its name.
    pub item: Named,
    /// Base unit.
    pub base_unit: String,
    /// Barcodes and how many base units one scan of each means.
    pub barcodes: Vec<(String, Quantity)>,
    /// What is told apart: codes `lot`, `serial`, `expiry`.
    pub tracks: Vec<&'static str>,
    /// Where it lies.
    pub stock: Vec<StockRow>,
    /// Sum of the stock.
    pub total: Quantity,
    /// What happened, newest first.
    pub history: Vec<EventView>,
}

/// A bin and everything about it.
#[derive(Debug, Clone)]
pub struct BinView {
    /// Its name.
    pub bin: Named,
    /// The part of the site.
    pub zone: Option<Named>,
    /// Where.
    pub site: Named,
    /// What lies there.
    pub stock: Vec<StockRow>,
    /// What happened, newest first.
    pub history: Vec<EventView>,
}

/// A unit and everything about it.
#[derive(Debug, Clone)]
pub struct UnitView {
    /// Which.
    pub unit: UnitRef,
    /// What it holds.
    pub item: Named,
    /// How much.
    pub quantity: Quantity,
    /// Base unit.
    pub base_unit: String,
    /// Its bin, or the one it left.
    pub bin: Named,
    /// Whether it is in the house: `stored` or `issued`.
    pub status: &'static str,
    /// What happened, newest first.
    pub history: Vec<EventView>,
}

/// A device.
#[derive(Debug, Clone)]
pub struct DeviceView {
    /// Its name and id.
    pub device: Named,
    /// Where it works.
    pub site: Named,
    /// When it was last heard of.
    pub last_contact: Option<UnixMillis>,
    /// Events that it said it still holds back.
    pub waiting: Option<u64>,
    /// Its latest event here.
    pub last_event: Option<EventView>,
    /// Its clock against the server's, milliseconds; positive: ahead.
    pub clock_offset_ms: Option<i64>,
    /// Whether its rights were taken away.
    pub revoked: bool,
    /// The server itself.
    pub is_server: bool,
    /// Its chains: short id and how many events are here.
    pub chains: Vec<(String, u64)>,
}

/// A person who scans.
#[derive(Debug, Clone)]
pub struct OperatorView {
    /// Who.
    pub operator: Named,
    /// Whether they have a PIN.
    pub has_pin: bool,
    /// What their badge reads.
    pub badge: String,
    /// Whether they may sign in.
    pub active: bool,
    /// What they did last.
    pub last_event: Option<UnixMillis>,
}
