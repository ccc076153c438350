//! What happened.

use chrono::NaiveDate;
use domain::ledger::Standing;
use domain::{EventHash, ExceptionId, Quantity, SiteId, UnixMillis};

use super::{Named, UnitRef};

/// Names of all kinds of event, for the filter.
pub const EVENT_KINDS: [&str; 17] = [
    "received",
    "issued",
    "moved",
    "adjusted",
    "counted",
    "set-aside",
    "reversed",
    "count-approved",
    "resolved",
    "attached",
    "quarantine-decided",
    "order-finished",
    "inspected",
    "handed-over",
    "packed",
    "noted",
    "custody",
];

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

/// One line of an order that somebody finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedLineView {
    /// What; `None` for goods that are on no line, or a bin.
    pub item: Option<Named>,
    /// What the order asked for.
    pub asked: Quantity,
    /// What was done.
    pub done: Quantity,
    /// Why it differs, as a code.
    pub reason: String,
}

/// What an event adds to a bin or takes from it, if it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeView {
    /// Where.
    pub bin: Named,
    /// How much; negative if it takes.
    pub by: Quantity,
}

/// Who reversed an event, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversedBy {
    /// Who.
    pub operator: Named,
    /// When, by the reversing device.
    pub at: UnixMillis,
}

/// A photo, a signature or a document, as far as it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoView {
    /// Address of the whole of it; `None` while it is not here.
    pub whole: Option<String>,
    /// Address of a picture of it that is here: the thumbnail, or the photo itself.
    pub picture: Option<String>,
    /// Stable name of its kind.
    pub kind: &'static str,
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
    /// The bin the goods went to, or who took a shift over.
    pub to: Option<Named>,
    /// How much, as written.
    pub quantity: Option<Quantity>,
    /// What it does to the stock, source before target; empty for counts and for what moves nothing.
    pub changes: Vec<ChangeView>,
    /// Lines of a count.
    pub lines: Vec<CountLine>,
    /// Lines of an order that was finished.
    pub finished: Vec<FinishedLineView>,
    /// A code that nobody knew, the step of an order, or the verdict of an inspection.
    pub code: Option<String>,
    /// The number of the order that it serves or finishes.
    pub order: Option<String>,
    /// Reason of an adjustment, note or choice of a decision.
    pub reason: Option<String>,
    /// The carton that the goods went into, or were in.
    pub carton: Option<String>,
    /// Orders that were under way when a shift was handed over.
    pub open: Vec<String>,
    /// The event that it names, which names none here.
    pub target: Option<Box<EventView>>,
    /// The device whose records it releases or rejects, and whether it releases them.
    pub releases: Option<(Named, bool)>,
    /// Kind code of the exception that it decides.
    pub decides: Option<(ExceptionId, String)>,
    /// Who did it.
    pub operator: Named,
    /// Who approved it on the same device.
    pub approved_by: Option<Named>,
    /// On which device.
    pub device: Named,
    /// The device's clock.
    pub device_time: UnixMillis,
    /// When it reached the hub.
    pub arrived: Option<UnixMillis>,
    /// Whether it counts.
    pub standing: Standing,
    /// Evidence for it; of an `attached` event, what it attached.
    pub photos: Vec<PhotoView>,
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
