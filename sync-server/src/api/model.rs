//! What the API shows, apart from how it is kept: these shapes stay as they are within v1.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, SecondsFormat};
use documents::catalogue;
use domain::event::{Event as DomainEvent, EventBody};
use domain::ledger::{ExceptionStatus, Standing};
use domain::{Quantity, UnixMillis};
use replica::query::{ArrivedRow, EventRow, StockRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::console::data::{ExceptionState, OrderState};
use crate::console::desk::Contact;
use crate::store::imports::Run;

/// An instant as RFC 3339 in UTC, to the millisecond.
pub(crate) fn instant(at: UnixMillis) -> String {
    let at = DateTime::from_timestamp_millis(at).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A warehouse.
#[derive(Debug, Serialize, ToSchema)]
pub struct Site {
    #[schema(format = Uuid)]
    pub id: String,
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    /// IANA name.
    #[schema(example = "Asia/Shanghai")]
    pub time_zone: String,
}

impl From<catalogue::Site> for Site {
    fn from(site: catalogue::Site) -> Self {
        Self {
            id: site.id.to_string(),
            code: site.code,
            name_zh: site.name_zh,
            name_en: site.name_en,
            time_zone: site.time_zone,
        }
    }
}

/// A kind of goods.
#[derive(Debug, Serialize, ToSchema)]
pub struct Item {
    #[schema(format = Uuid)]
    pub id: String,
    pub sku: String,
    pub name_zh: String,
    pub name_en: String,
    /// Base unit.
    pub unit: String,
    /// Decimals of the base unit.
    #[schema(minimum = 0, maximum = 3)]
    pub decimals: u8,
    pub tracks_lot: bool,
    pub tracks_serial: bool,
    pub tracks_expiry: bool,
    /// Barcode to how much one scan of it means, in base units.
    pub barcodes: BTreeMap<String, String>,
    /// Storage class; empty: none.
    pub class: String,
    /// Of one base unit; 0: not known.
    pub volume_cm3: i64,
    /// Of one base unit; 0: not known.
    pub weight_g: i64,
    /// Safety stock over all sites, in base units; "0": none.
    pub min_stock: String,
    /// Absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Id of the customer whose goods these are; empty: our own.
    #[schema(pattern = "^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")]
    pub owner: String,
}

/// Whom goods belong to. Names and numbers of people do not belong here.
#[derive(Debug, Serialize, ToSchema)]
pub struct Customer {
    #[schema(format = Uuid)]
    pub id: String,
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
}

impl From<catalogue::Customer> for Customer {
    fn from(customer: catalogue::Customer) -> Self {
        Self {
            id: customer.id.to_string(),
            code: customer.code,
            name_zh: customer.name_zh,
            name_en: customer.name_en,
        }
    }
}

/// What one base unit of an item is worth in the books.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// In the currency's major unit, above 0, with no more decimals than the currency has.
    #[schema(max_length = 20, example = "12.50")]
    pub amount: String,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$", example = "CNY")]
    pub currency: String,
}

impl From<catalogue::Item> for Item {
    fn from(item: catalogue::Item) -> Self {
        let pack = |(code, pack): (String, Quantity)| (code, pack.to_string());
        Self {
            id: item.id.to_string(),
            sku: item.sku,
            name_zh: item.name_zh,
            name_en: item.name_en,
            unit: item.unit,
            decimals: item.decimals,
            tracks_lot: item.tracks_lot,
            tracks_serial: item.tracks_serial,
            tracks_expiry: item.tracks_expiry,
            barcodes: item.barcodes.into_iter().map(pack).collect(),
            class: item.handling.class,
            volume_cm3: item.handling.volume,
            weight_g: item.handling.weight,
            min_stock: item.handling.min_stock.to_string(),
            value: item.value.map(|value| Value {
                amount: value.currency.number(value.minor.into()),
                currency: value.currency.code().to_owned(),
            }),
            owner: item.owner.map_or_else(String::new, |id| id.to_string()),
        }
    }
}

/// What a pick face is kept filled with.
#[derive(Debug, Serialize, ToSchema)]
pub struct Face {
    #[schema(format = Uuid)]
    pub item: String,
    /// Below this it is filled up.
    pub min: String,
    /// Up to this.
    pub max: String,
}

/// A place for goods.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bin {
    #[schema(format = Uuid)]
    pub id: String,
    #[schema(format = Uuid)]
    pub site: String,
    pub code: String,
    /// Code of its zone; empty: none.
    pub zone: String,
    /// Class of goods that it takes; empty: any.
    pub class: String,
    /// 0: not known.
    pub volume_cm3: i64,
    /// What it bears; 0: not known.
    pub load_g: i64,
    /// Where it lies on the way through the site.
    pub sequence: i64,
    #[schema(required = true)]
    pub face: Option<Face>,
}

impl Bin {
    pub(super) fn of(bin: catalogue::Bin, zones: &[catalogue::Zone]) -> Self {
        let zone = zones.iter().find(|zone| zone.id == bin.zone);
        Self {
            id: bin.id.to_string(),
            site: bin.site.to_string(),
            code: bin.code,
            zone: zone.map(|zone| zone.code.clone()).unwrap_or_default(),
            class: bin.room.class,
            volume_cm3: bin.room.volume,
            load_g: bin.room.weight,
            sequence: bin.room.sequence,
            face: bin.room.face.map(|(item, min, max)| Face {
                item: item.to_string(),
                min: min.to_string(),
                max: max.to_string(),
            }),
        }
    }
}

/// A person who scans. No PIN and no badge leaves the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct Operator {
    #[schema(format = Uuid)]
    pub id: String,
    pub name: String,
    /// May sign in on handhelds.
    pub active: bool,
}

/// A handheld.
#[derive(Debug, Serialize, ToSchema)]
pub struct Device {
    #[schema(format = Uuid)]
    pub id: String,
    pub name: String,
    pub revoked: bool,
    /// Null: it was not enrolled at this server.
    #[schema(format = Uuid, required = true)]
    pub site: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub last_contact: Option<String>,
    /// Events and edits that it still holds back, as it last said.
    pub waiting: u64,
    /// How many of these are events that took goods out. Null: it did not say.
    #[schema(required = true)]
    pub waiting_releases: Option<u64>,
    /// All that the server had accepted before then it held when it was last heard of. Null: nothing.
    #[schema(format = DateTime, required = true)]
    pub data_as_of: Option<String>,
    /// Version of its program; empty if it was never heard of.
    pub program: String,
    /// 0 to 100. Null: it has no battery, or did not say.
    #[schema(required = true)]
    pub battery_percent: Option<u8>,
    #[schema(required = true)]
    pub battery_charging: Option<bool>,
    /// Bytes left on its disk.
    #[schema(required = true)]
    pub storage_free: Option<u64>,
    /// It has heard that it is locked. Null: it knows no lock, or was never heard of.
    #[schema(required = true)]
    pub locked: Option<bool>,
    /// Its clock less the server's.
    pub clock_offset_ms: i64,
}

impl Device {
    pub(super) fn of(device: catalogue::Device, contact: Option<&Contact>) -> Self {
        let report = contact.and_then(|c| c.report.clone()).unwrap_or_default();
        Self {
            id: device.id.to_string(),
            name: device.name,
            revoked: device.revoked,
            site: contact.map(|c| c.site.to_string()),
            last_contact: contact.and_then(|c| c.at).map(instant),
            waiting: report.waiting,
            waiting_releases: report.releases,
            data_as_of: report.data_as_of.map(instant),
            program: report.program,
            battery_percent: report.battery.map(|(percent, _)| percent),
            battery_charging: report.battery.map(|(_, charging)| charging),
            storage_free: report.storage_free,
            locked: report.locked,
            clock_offset_ms: report.clock_offset_ms,
        }
    }
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct Line {
    /// Its number, from 1.
    pub line: u32,
    #[schema(format = Uuid, required = true)]
    pub item: Option<String>,
    /// Of which lot, if it has to be this one; empty: any.
    pub lot: String,
    /// Of a count: the bin.
    #[schema(format = Uuid, required = true)]
    pub bin: Option<String>,
    /// In base units; 0 on counts.
    pub asked: String,
    /// Step to how much has been done.
    pub done: BTreeMap<String, String>,
}

/// What is to be done: an expected delivery, goods to ship or to transfer, bins to count.
#[derive(Debug, Serialize, ToSchema)]
pub struct Order {
    #[schema(format = Uuid)]
    pub id: String,
    #[schema(format = Uuid)]
    pub site: String,
    pub r#type: OrderKind,
    pub code: String,
    /// Supplier or customer.
    pub party: String,
    pub note: String,
    #[schema(format = DateTime, required = true)]
    pub due: Option<String>,
    /// It was called off.
    pub cancelled: bool,
    /// Of a count: the counter does not see the book.
    pub blind: bool,
    #[schema(format = Uuid, required = true)]
    pub assigned: Option<String>,
    #[schema(format = Uuid, required = true)]
    pub to_site: Option<String>,
    pub lines: Vec<Line>,
    /// Steps that somebody has said are done.
    pub finished: Vec<String>,
}

/// The type of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderKind {
    /// An expected delivery.
    Inbound,
    /// Goods to pick and ship.
    Outbound,
    /// Goods to send to another site.
    Transfer,
    /// Bins to count.
    Count,
}

impl OrderKind {
    /// As the rest of the program calls it.
    pub const fn domain(self) -> domain::OrderType {
        match self {
            Self::Inbound => domain::OrderType::Inbound,
            Self::Outbound => domain::OrderType::Outbound,
            Self::Transfer => domain::OrderType::Transfer,
            Self::Count => domain::OrderType::Count,
        }
    }

    const fn of(kind: domain::OrderType) -> Self {
        match kind {
            domain::OrderType::Inbound => Self::Inbound,
            domain::OrderType::Outbound => Self::Outbound,
            domain::OrderType::Transfer => Self::Transfer,
            domain::OrderType::Count => Self::Count,
        }
    }
}

impl From<OrderState> for Order {
    fn from(state: OrderState) -> Self {
        let OrderState {
            order,
            done,
            finished,
        } = state;
        let line = |(number, line): (u32, documents::LineAsked)| Line {
            line: number,
            item: line.item.map(|id| id.to_string()),
            lot: line.lot,
            bin: line.bin.map(|id| id.to_string()),
            asked: line.asked.to_string(),
            done: done
                .iter()
                .filter_map(|(step, lines)| {
                    Some((step.code().to_owned(), lines.get(&number)?.to_string()))
                })
                .collect(),
        };
        Self {
            id: order.id.to_string(),
            site: order.site.to_string(),
            r#type: OrderKind::of(order.kind),
            code: order.code,
            party: order.party,
            note: order.note,
            due: (order.due != 0).then(|| instant(order.due)),
            cancelled: order.cancelled,
            blind: order.blind,
            assigned: order.assigned.map(|id| id.to_string()),
            to_site: order.to_site.map(|id| id.to_string()),
            lines: order.lines.into_iter().map(line).collect(),
            finished: finished.iter().map(|step| step.code().to_owned()).collect(),
        }
    }
}

/// One pile: an item, of one lot, in one bin.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pile {
    #[schema(format = Uuid)]
    pub site: String,
    #[schema(format = Uuid)]
    pub bin: String,
    #[schema(format = Uuid)]
    pub item: String,
    #[schema(required = true)]
    pub lot: Option<String>,
    /// In base units; never 0, may be negative.
    pub quantity: String,
}

impl From<StockRow> for Pile {
    fn from(row: StockRow) -> Self {
        Self {
            site: row.site.to_string(),
            bin: row.key.bin.to_string(),
            item: row.key.item.to_string(),
            lot: row.key.lot,
            quantity: row.balance.to_string(),
        }
    }
}

/// What happened. Nothing edits or deletes an event: one that was reversed or decided against counts no more.
#[derive(Debug, Serialize, ToSchema)]
pub struct Event {
    /// The hash of what was written, in hexadecimal.
    pub id: String,
    pub kind: String,
    #[schema(format = Uuid)]
    pub site: String,
    /// By the device's clock.
    #[schema(format = DateTime)]
    pub at: String,
    /// When the server took it.
    #[schema(format = DateTime, required = true)]
    pub arrived: Option<String>,
    /// Whether it counts now.
    pub counts: bool,
    /// Whether it waits for a decision about its device.
    pub quarantined: bool,
    #[schema(format = Uuid)]
    pub operator: String,
    #[schema(format = Uuid)]
    pub device: String,
    #[schema(format = Uuid, required = true)]
    pub approved_by: Option<String>,
    #[schema(format = Uuid, required = true)]
    pub item: Option<String>,
    #[schema(required = true)]
    pub lot: Option<String>,
    #[schema(format = Date, required = true)]
    pub expiry: Option<String>,
    /// Licence plate or serial number.
    #[schema(required = true)]
    pub unit: Option<String>,
    #[schema(format = Uuid, required = true)]
    pub bin: Option<String>,
    /// Of a move: the bin that goods went to.
    #[schema(format = Uuid, required = true)]
    pub to_bin: Option<String>,
    /// In base units; of an adjustment the difference.
    #[schema(required = true)]
    pub quantity: Option<String>,
    /// Of a count: what was found.
    pub counted: Vec<Counted>,
    /// Id of the event that it reverses, approves, inspects or is put to.
    #[schema(required = true)]
    pub target: Option<String>,
    /// Of a decision: the exception.
    #[schema(required = true)]
    pub exception: Option<String>,
    /// A reason code, or what was decided.
    #[schema(required = true)]
    pub reason: Option<String>,
    #[schema(format = Uuid, required = true)]
    pub order: Option<String>,
    #[schema(required = true)]
    pub order_line: Option<u32>,
    /// Id of a photo, a signature or a document.
    #[schema(required = true)]
    pub blob: Option<String>,
}

/// One line of a count.
#[derive(Debug, Serialize, ToSchema)]
pub struct Counted {
    #[schema(format = Uuid)]
    pub item: String,
    #[schema(required = true)]
    pub lot: Option<String>,
    pub quantity: String,
}

fn target(event: &DomainEvent) -> Option<String> {
    let hash = match &event.record.body {
        EventBody::Reversed { target } => target,
        EventBody::CountApproved { count } => count,
        EventBody::Attached { to, .. } => to,
        EventBody::Inspected(inspection) => &inspection.of,
        _ => return None,
    };
    Some(hash.hex())
}

impl From<&EventRow> for Event {
    fn from(row: &EventRow) -> Self {
        let event = &row.placed.event;
        let record = &event.record;
        let goods = record.body.goods();
        let mut bins = record.body.bins().into_iter();
        let counted = match &record.body {
            EventBody::Counted { lines, .. } => lines
                .iter()
                .map(|line| Counted {
                    item: line.item.to_string(),
                    lot: line.lot.clone(),
                    quantity: line.counted.to_string(),
                })
                .collect(),
            _ => Vec::new(),
        };
        let reason = match &record.body {
            EventBody::Adjusted { reason, .. } => Some(reason.clone()),
            EventBody::Resolved(resolution) => Some(resolution.choice.clone()),
            _ => record.reason.clone(),
        };
        let date = |day: NaiveDate| day.to_string();
        let is_void = row.placed.standing == Standing::Void;
        Self {
            id: event.hash.hex(),
            kind: record.body.kind().to_owned(),
            site: event.site.to_string(),
            at: instant(record.clock.millis),
            arrived: event.accepted_at.map(instant),
            counts: !is_void && row.reversed_by.is_none(),
            quarantined: event.quarantined && is_void,
            operator: record.operator.to_string(),
            device: event.device.to_string(),
            approved_by: record.approved_by.map(|id| id.to_string()),
            item: goods.map(|g| g.item.to_string()),
            lot: goods.and_then(|g| g.lot.clone()),
            expiry: goods.and_then(|g| g.expiry).map(date),
            unit: goods.and_then(|g| Some(g.unit.as_ref()?.printed().to_owned())),
            bin: bins.next().map(|id| id.to_string()),
            to_bin: bins.next().map(|id| id.to_string()),
            quantity: record.body.quantity().map(|q| q.to_string()),
            counted,
            target: target(event),
            exception: match &record.body {
                EventBody::Resolved(resolution) => Some(resolution.exception.hex()),
                _ => None,
            },
            reason,
            order: record.order.map(|line| line.order.to_string()),
            order_line: record.order.map(|line| line.line),
            blob: match &record.body {
                EventBody::Attached { blob, .. } => Some(blob.id.to_string()),
                _ => None,
            },
        }
    }
}

impl From<&ArrivedRow> for Event {
    fn from(row: &ArrivedRow) -> Self {
        Self {
            arrived: Some(instant(row.accepted_at)),
            ..Self::from(&row.event)
        }
    }
}

/// Events that disagree, and wait for a decision or have one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Exception {
    pub id: String,
    pub kind: String,
    #[schema(format = Uuid)]
    pub site: String,
    #[schema(format = DateTime)]
    pub opened: String,
    pub status: StatusOfException,
    /// Ids of the events that disagree.
    pub evidence: Vec<String>,
    /// What the book said.
    #[schema(required = true)]
    pub book: Option<String>,
    /// What was counted.
    #[schema(required = true)]
    pub counted: Option<String>,
    /// What may be decided, the suggestion first.
    pub choices: Vec<String>,
    /// Stands for all that is shown; a decision has to name it.
    pub seen: String,
}

/// Whether an exception waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ExceptionStatus)]
pub enum StatusOfException {
    /// It waits for a decision.
    Open,
    /// Later events have settled it.
    Healed,
    /// Somebody has decided.
    Resolved,
}

impl From<ExceptionState> for Exception {
    fn from(state: ExceptionState) -> Self {
        let finding = &state.exception.finding;
        Self {
            id: finding.id().hex(),
            kind: finding.kind.code().to_owned(),
            site: finding.site.to_string(),
            opened: instant(finding.opened.clock.millis),
            status: match state.exception.status {
                ExceptionStatus::Open => StatusOfException::Open,
                ExceptionStatus::Healed => StatusOfException::Healed,
                ExceptionStatus::Resolved(_) => StatusOfException::Resolved,
            },
            evidence: finding.evidence.iter().map(|hash| hash.hex()).collect(),
            book: finding.book.map(|q| q.to_string()),
            counted: finding.counted.map(|q| q.to_string()),
            choices: state.choices.iter().map(|c| (*c).to_owned()).collect(),
            seen: state.seen,
        }
    }
}

/// An import: what it wrote, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Import {
    pub id: String,
    pub kind: String,
    #[schema(format = Uuid, required = true)]
    pub site: Option<String>,
    #[schema(format = DateTime)]
    pub at: String,
    pub by: String,
    pub file: String,
    /// Records or events that were new.
    pub new: u64,
    pub changed: u64,
    pub same: u64,
    pub left_out: u64,
    /// `writing`, `done`, `undoing` or `undone`.
    pub state: String,
    /// Records and events that an undo put back.
    pub put_back: u64,
    /// What an undo left as it is; the first thousand.
    pub kept: Vec<Kept>,
}

/// What an undo left as it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Kept {
    pub what: String,
    /// Why, as a code.
    pub why: String,
}

impl From<Run> for Import {
    fn from(run: Run) -> Self {
        Self {
            id: run.id.iter().map(|b| format!("{b:02x}")).collect(),
            kind: run.kind,
            site: run.site.map(|site| site.to_string()),
            at: instant(run.at),
            by: run.user,
            file: run.file,
            new: run.new,
            changed: run.changed,
            same: run.same,
            left_out: run.left_out,
            state: run.state.code().to_owned(),
            put_back: run.put_back,
            kept: run
                .kept
                .into_iter()
                .map(|kept| Kept {
                    what: kept.label,
                    why: kept.why,
                })
                .collect(),
        }
    }
}
