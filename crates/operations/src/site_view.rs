//! The read model as procedures need it.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use domain::ledger::UnitStatus;
use domain::{
    BinId, EventHash, Goods, ItemId, OrderId, OrderLine, OrderStep, OrderType, Quantity, UnitId,
};
use serde::{Deserialize, Serialize};

use crate::context::Language;
use crate::custody_view::CustodyView;
use crate::screen::Choice;

/// The read model could not be read. The procedure's state is as before; the same input may be tried again.
#[derive(Debug, thiserror::Error)]
#[error("stock could not be read")]
pub struct ViewError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// What a procedure must know of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemFacts {
    /// Identity.
    pub id: ItemId,
    /// Stock keeping unit.
    pub sku: String,
    /// English name; may be empty.
    pub name_en: String,
    /// Chinese name; may be empty.
    pub name_zh: String,
    /// Base unit, such as `pcs` or `kg`.
    pub unit: String,
    /// Decimals of the base unit, 0 to 3.
    pub decimals: u8,
    /// Whether each line names a lot.
    pub tracks_lot: bool,
    /// Whether each piece has a serial number.
    pub tracks_serial: bool,
    /// Whether each line names an expiry day.
    pub tracks_expiry: bool,
}

impl ItemFacts {
    /// The name in that language, else the other one, else the SKU.
    pub fn name(&self, language: Language) -> &str {
        let (first, second) = match language {
            Language::English => (&self.name_en, &self.name_zh),
            Language::Chinese => (&self.name_zh, &self.name_en),
        };
        [first, second, &self.sku]
            .into_iter()
            .find(|n| !n.is_empty())
            .map_or("", String::as_str)
    }

    /// Whether the base unit can be divided so finely.
    pub fn allows(&self, quantity: Quantity) -> bool {
        let finest = 10_i64.pow(3 - u32::from(self.decimals.min(3)));
        quantity.thousandths() % finest == 0
    }
}

/// What a procedure must know of a bin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BinFacts {
    /// Identity.
    pub id: BinId,
    /// What is written on it.
    pub code: String,
    /// Where it lies on the way through the site; 0: by its code.
    #[serde(default)]
    pub sequence: i64,
}

/// What decides where an item is put.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandlingFacts {
    /// Goods of a class go where bins are of it; empty if it does not matter.
    pub class: String,
    /// Room of a base unit in cubic centimetres; 0 if nobody measured it.
    pub volume: i64,
    /// Weight of a base unit in grams; 0 if nobody weighed it.
    pub weight: i64,
}

impl HandlingFacts {
    /// What so much of it needs.
    pub(crate) fn times(&self, quantity: Quantity) -> RoomNeeded {
        let of = |each: i64| {
            let thousandths = i128::from(each) * i128::from(quantity.thousandths().max(0));
            i64::try_from((thousandths + 999) / 1_000).unwrap_or(i64::MAX)
        };
        RoomNeeded {
            class: self.class.clone(),
            volume: of(self.volume),
            weight: of(self.weight),
        }
    }
}

/// What goods need of a bin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomNeeded {
    /// Bins of this class take them, and those of none; empty: only those of none.
    pub class: String,
    /// Cubic centimetres; 0 if nobody knows.
    pub volume: i64,
    /// Grams; 0 if nobody knows.
    pub weight: i64,
}

/// A bin, and what still fits into it by the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomFacts {
    /// Which.
    pub bin: BinFacts,
    /// Whether goods are kept there, in contrast to a dock.
    pub stores: bool,
    /// Takes goods of this class; empty: any.
    pub class: String,
    /// Cubic centimetres that are free; `None` if nobody knows.
    pub volume_left: Option<i64>,
    /// Grams that it still bears; `None` if nobody knows.
    pub weight_left: Option<i64>,
}

/// A unit of goods with a name of its own, as the book knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitFacts {
    /// Identity.
    pub id: UnitId,
    /// Whether it is in the house.
    pub status: UnitStatus,
    /// Its bin, or the one it left.
    pub bin: BinFacts,
    /// What it is.
    pub item: ItemFacts,
    /// Lot, expiry and the unit itself.
    pub goods: Goods,
    /// How much it holds.
    pub quantity: Quantity,
    /// Time of the event that says so, as the screen shows it.
    pub since: String,
    /// Name of who wrote that event.
    pub by: String,
}

/// Goods of one item and lot in one bin, by the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pile {
    /// Where.
    pub bin: BinFacts,
    /// What.
    pub item: ItemFacts,
    /// Of which lot.
    pub lot: Option<String>,
    /// The lot's last good day, if known.
    pub expiry: Option<NaiveDate>,
    /// How much; may be negative.
    pub balance: Quantity,
}

/// A carton, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartonFacts {
    /// What stands on it.
    pub plate: UnitId,
    /// Nothing, once it has gone out.
    pub contents: Vec<ContentFacts>,
}

impl CartonFacts {
    /// The orders that it is for.
    pub(crate) fn orders(&self) -> BTreeSet<OrderId> {
        let lines = self.contents.iter().filter_map(|c| c.order);
        lines.map(|line| line.order).collect()
    }
}

/// Goods in a carton.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentFacts {
    /// Where the carton is.
    pub bin: BinFacts,
    /// What.
    pub item: ItemFacts,
    /// Which of it.
    pub goods: Goods,
    /// How much; positive.
    pub quantity: Quantity,
    /// The line of the order that it is for.
    pub order: Option<OrderLine>,
}

/// A carton that an announced delivery brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivingFacts {
    /// What stands on it.
    pub plate: UnitId,
    /// The delivery.
    pub order: OrderId,
    /// Its number.
    pub code: String,
    /// What was packed into it where it comes from, with the line of the delivery that each is on.
    pub contents: Vec<(u32, ItemFacts, Goods, Quantity)>,
}

/// Goods that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptFacts {
    /// The event that says so.
    #[serde(with = "hash_text")]
    pub event: EventHash,
    /// What.
    pub item: ItemFacts,
    /// Which of it.
    #[serde(with = "goods_text")]
    pub goods: Goods,
    /// Where it was put.
    pub bin: BinFacts,
    /// How much.
    pub quantity: Quantity,
    /// When, as the screen shows it.
    pub time: String,
}

/// A hash in a draft: its hexadecimal digits.
mod hash_text {
    use domain::EventHash;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(hash: &EventHash, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hash.hex())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<EventHash, D::Error> {
        let text = String::deserialize(from)?;
        EventHash::from_hex(&text).ok_or_else(|| D::Error::custom("no hash"))
    }
}

/// Goods in a draft.
mod goods_text {
    use chrono::NaiveDate;
    use domain::{Goods, ItemId, UnitId};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Kept {
        item: ItemId,
        lot: Option<String>,
        expiry: Option<NaiveDate>,
        unit: Option<UnitId>,
    }

    pub(super) fn serialize<S: Serializer>(goods: &Goods, to: S) -> Result<S::Ok, S::Error> {
        let Goods {
            item,
            lot,
            expiry,
            unit,
        } = goods.clone();
        let kept = Kept {
            item,
            lot,
            expiry,
            unit,
        };
        kept.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Goods, D::Error> {
        let Kept {
            item,
            lot,
            expiry,
            unit,
        } = Kept::deserialize(from)?;
        Ok(Goods {
            item,
            lot,
            expiry,
            unit,
        })
    }
}

/// A pick face: a bin that is kept filled with one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaceFacts {
    /// Which bin.
    pub bin: BinFacts,
    /// With what.
    pub item: ItemFacts,
    /// What it has by the book.
    pub has: Quantity,
    /// Below this it is to be filled up.
    pub least: Quantity,
    /// Up to this.
    pub most: Quantity,
}

/// What an order asks for, and what of it is done in one step of the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFacts {
    /// Identity.
    pub id: OrderId,
    /// What it is about.
    pub kind: OrderType,
    /// The number that people read and scan.
    pub code: String,
    /// Supplier or customer; may be empty.
    pub party: String,
    /// What whoever works on it should know; may be empty.
    pub note: String,
    /// By number.
    pub lines: Vec<OrderLineFacts>,
    /// What was done of goods that are on no line.
    pub not_ordered: Quantity,
    /// Whether somebody has said that the step is done.
    pub finished: bool,
    /// Whether it was called off.
    #[serde(default)]
    pub cancelled: bool,
    /// Of a count: whether the counter may not see the book.
    #[serde(default)]
    pub blind: bool,
    /// Whether somebody else than the operator has to do it: of a recount, who counted before; else, who is assigned.
    #[serde(default)]
    pub barred: bool,
}

impl OrderFacts {
    /// How it is offered.
    pub(crate) fn as_choice(&self) -> Choice {
        let done = self.lines.iter().filter(|l| l.done >= l.asked).count();
        Choice {
            id: self.id.to_string(),
            title: self.code.clone(),
            subtitle: self.party.clone(),
            quantity: format!("{done} / {}", self.lines.len()),
        }
    }
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLineFacts {
    /// Its number, from 1.
    pub number: u32,
    /// What.
    pub item: Option<ItemFacts>,
    /// Of which lot, if it has to be this one; else empty.
    pub lot: String,
    /// The bin that is to be counted.
    #[serde(default)]
    pub bin: Option<BinFacts>,
    /// How much is asked for; of a bin to be counted, once.
    pub asked: Quantity,
    /// How much is done, as far as this device knows.
    pub done: Quantity,
}

/// Why what lies in a bin should not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frozen {
    /// The count with this number asks for the bin, and nobody has finished it.
    ByCount(String),
    /// The bin is for defective goods.
    Defective,
    /// The bin is for goods that came back.
    Returns,
}

/// Catalogue and stock of the site where the operator stands.
///
/// Implementers owe: one input sees one state (the worker reads in the transaction that it will write), and stock
/// that is hidden from this operator (a blind count) is not returned.
pub trait SiteView: CustodyView {
    /// Items that carry this barcode or SKU, each with the base units that one such code stands for. Codes are
    /// compared as stored; the caller tries all lengths of a GTIN.
    ///
    /// # Errors
    /// [`ViewError`], as of all methods here.
    fn items_with_code(&self, code: &str) -> Result<Vec<(ItemFacts, Quantity)>, ViewError>;
    /// The item.
    fn item(&self, id: ItemId) -> Result<Option<ItemFacts>, ViewError>;
    /// The bin of this site that carries this code.
    fn bin_with_code(&self, code: &str) -> Result<Option<BinFacts>, ViewError>;
    /// The bin.
    fn bin(&self, id: BinId) -> Result<Option<BinFacts>, ViewError>;
    /// The operator whose badge carries this code: id as text, and name.
    fn operator_with_badge(&self, code: &str) -> Result<Option<(String, String)>, ViewError>;
    /// The unit, if any event named it.
    fn unit(&self, id: &UnitId) -> Result<Option<UnitFacts>, ViewError>;
    /// Units whose plate or serial number reads like this.
    fn units_named(&self, printed: &str) -> Result<Vec<UnitFacts>, ViewError>;
    /// The carton with that plate, if anything was ever packed into it.
    fn carton(&self, plate: &UnitId) -> Result<Option<CartonFacts>, ViewError>;
    /// Cartons with goods for that order.
    fn cartons_of(&self, order: OrderId) -> Result<Vec<CartonFacts>, ViewError>;
    /// The carton with that plate, if a delivery that is not done yet announces it.
    fn arriving(&self, plate: &UnitId) -> Result<Option<ArrivingFacts>, ViewError>;
    /// Units stored in the bin.
    fn units_in_bin(&self, bin: BinId) -> Result<Vec<UnitFacts>, ViewError>;
    /// Piles of the bin that are not zero.
    fn stock_of_bin(&self, bin: BinId) -> Result<Vec<Pile>, ViewError>;
    /// Piles of the item at this site that are not zero.
    fn stock_of_item(&self, item: ItemId) -> Result<Vec<Pile>, ViewError>;
    /// What decides where the item is put.
    fn handling(&self, id: ItemId) -> Result<HandlingFacts, ViewError>;
    /// What still fits into the bin; `None` if nothing is known of it.
    fn room(&self, bin: BinId) -> Result<Option<RoomFacts>, ViewError>;
    /// Bins that are kept filled with the item, each with the amount up to which.
    fn pick_faces(&self, item: ItemId) -> Result<Vec<(RoomFacts, Quantity)>, ViewError>;
    /// The bin as a pick face; `None` if it is none.
    fn pick_face(&self, bin: BinId) -> Result<Option<FaceFacts>, ViewError>;
    /// Pick faces that have less than they should, the emptiest first; a screenful.
    fn faces_to_fill(&self) -> Result<Vec<FaceFacts>, ViewError>;
    /// Receipts of the last days that nobody has inspected, the newest first; a screenful.
    fn receipts_to_inspect(&self) -> Result<Vec<ReceiptFacts>, ViewError>;
    /// People who may sign in: id as text, and name.
    fn operators(&self) -> Result<Vec<(String, String)>, ViewError>;
    /// Whether stock is known here at all. Where it is not, nothing is said of any, not even that there is none.
    fn knows_stock(&self) -> bool {
        true
    }
    /// Whether the book of this bin is hidden from the operator: it is under a blind count. No stock of it is returned.
    fn is_hidden(&self, bin: BinId) -> Result<bool, ViewError>;
    /// Why what lies in the bin should not be used, as far as this device knows; `None` if it may be.
    fn frozen(&self, bin: BinId) -> Result<Option<Frozen>, ViewError>;
    /// A few empty bins where goods are kept and which take these, those of their class first, the nearest to `near` first.
    fn empty_bins_near(
        &self,
        near: &BinFacts,
        needed: &RoomNeeded,
    ) -> Result<Vec<RoomFacts>, ViewError>;
    /// Orders of this site that carry this number.
    fn orders_with_code(&self, code: &str) -> Result<Vec<(OrderId, OrderType)>, ViewError>;
    /// The order, and what is done of it in that step.
    fn order(&self, id: OrderId, step: OrderStep) -> Result<Option<OrderFacts>, ViewError>;
    /// Orders of one type that are still to be done, what is due first at the top.
    fn open_orders(&self, kind: OrderType, step: OrderStep) -> Result<Vec<OrderFacts>, ViewError>;
    /// The events that finished the step and that none went on from.
    fn finished(&self, id: OrderId, step: OrderStep) -> Result<Vec<EventHash>, ViewError>;
    /// The last good day that is known of the lot.
    fn lot_expiry(&self, item: ItemId, lot: &str) -> Result<Option<NaiveDate>, ViewError>;
}
