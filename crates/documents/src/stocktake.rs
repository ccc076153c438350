//! Stocktakes as the program uses them: count orders that were planned together, and how far a count may differ.
//!
//! A stocktake is kept as a record of the orders' kind with a type of its own. Programs that do not know the type keep the
//! record, count it in their state hash and show nothing of it, while they can count by its orders.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use domain::{OperatorId, Quantity, SiteId, StocktakeId, UnitValue, UnixMillis, ZoneId};

use crate::catalogue::{bytes, flag, text};
use crate::record::{FieldEdit, Record, RecordKind, Value};

/// The type of such records, where an order has [`domain::OrderType`].
const TYPE: &str = "stocktake";

/// How its bins were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StocktakeKind {
    /// 循环盘点: what has not been counted longest, by ABC class.
    Cycle,
    /// 全盘: everything.
    Full,
    /// 抽盘: a sample, or what somebody named.
    Spot,
}

impl StocktakeKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Cycle, Self::Full, Self::Spot];

    /// Stable name, in documents and SQL and as the translation key.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cycle => "cycle",
            Self::Full => "full",
            Self::Spot => "spot",
        }
    }

    /// The kind with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// How far the count of a pile may differ from the book. A difference is tolerated if it is beyond none of the limits that
/// are set; with none set, only no difference is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// In base units.
    pub quantity: Option<Quantity>,
    /// In percent of the book.
    pub percent: Option<u32>,
    /// In minor units of the item's currency. Beyond it is also what has no value.
    pub value: Option<i64>,
}

impl Tolerance {
    /// Whether so much was counted as may be, by the book.
    pub fn allows(&self, book: Quantity, counted: Quantity, worth: Option<UnitValue>) -> bool {
        let difference = counted.minus(book);
        if difference == Quantity::ZERO {
            return true;
        }
        let Self {
            quantity,
            percent,
            value,
        } = *self;
        let says_something = quantity.is_some() || percent.is_some() || value.is_some();
        says_something
            && quantity.is_none_or(|most| difference.size() <= most)
            && domain::Limits::is_within(difference, book, percent)
            && value.is_none_or(|most| {
                worth.is_some_and(|worth| worth.of(difference).abs() <= i128::from(most))
            })
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            self.quantity.map(|q| ("quantity", q.thousandths())),
            self.percent.map(|n| ("percent", i64::from(n))),
            self.value.map(|n| ("value", n)),
        ];
        let words = words.into_iter().flatten();
        let words: Vec<String> = words.map(|(name, n)| format!("{name}={n}")).collect();
        f.write_str(&words.join(" "))
    }
}

/// The text of a tolerance that says something else than numbers of limits that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no tolerance")]
pub struct ToleranceError;

impl FromStr for Tolerance {
    type Err = ToleranceError;

    fn from_str(text: &str) -> Result<Self, ToleranceError> {
        let mut read = Self::default();
        for word in text.split_whitespace() {
            let (name, number) = word.split_once('=').ok_or(ToleranceError)?;
            let number: i64 = number.parse().map_err(|_| ToleranceError)?;
            if number < 0 {
                return Err(ToleranceError);
            }
            match name {
                "quantity" => read.quantity = Some(Quantity::from_thousandths(number)),
                "percent" => read.percent = Some(number.try_into().map_err(|_| ToleranceError)?),
                "value" => read.value = Some(number),
                _ => return Err(ToleranceError),
            }
        }
        Ok(read)
    }
}

/// How a stocktake ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// When.
    pub at: UnixMillis,
    /// Who closed it.
    pub by: Option<OperatorId>,
    /// Why it was closed although something was open; empty if nothing was.
    pub reason: String,
}

/// Count orders that were planned together; each of them names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stocktake {
    /// Its identity.
    pub id: StocktakeId,
    /// Where.
    pub site: SiteId,
    /// The number that people read; those of its orders begin with it.
    pub code: String,
    /// What people call it; may be empty.
    pub name: String,
    /// How its bins were chosen.
    pub kind: StocktakeKind,
    /// Whether the counters may not see the book.
    pub blind: bool,
    /// When it should be done; 0 if nobody said.
    pub due: UnixMillis,
    /// Classes of items that it is about; all if empty.
    pub classes: Vec<String>,
    /// Zones that it is about; all if empty.
    pub zones: Vec<ZoneId>,
    /// By class of the item; that of the empty class holds for all others.
    pub tolerances: BTreeMap<String, Tolerance>,
    /// When it was planned.
    pub planned_at: UnixMillis,
    /// Who planned it.
    pub planned_by: Option<OperatorId>,
    /// How it ended, if it has.
    pub closed: Option<Closed>,
}

impl Stocktake {
    const TOLERANCE: &'static str = "tolerance:";

    /// Between the codes of classes.
    pub const COMMA: char = ',';

    /// The tolerance of an item of that class.
    pub fn tolerance(&self, class: &str) -> Tolerance {
        let of_class = self.tolerances.get(class);
        let of_class = of_class.or_else(|| self.tolerances.get(""));
        of_class.copied().unwrap_or_default()
    }

    /// As it reads from its record; `None` for any other record. A tolerance that cannot be read tolerates nothing.
    pub fn from_record(id: StocktakeId, record: &Record) -> Option<Self> {
        let f = &record.fields;
        if record.kind != RecordKind::Order || text(f, "type") != TYPE {
            return None;
        }
        let id16 = |path: &str| <[u8; 16]>::try_from(bytes(f, path)).ok();
        let operator = |path: &str| id16(path).map(OperatorId::from_bytes);
        let time = |path: &str| match f.get(path) {
            Some(Value::Integer(at)) => *at,
            _ => 0,
        };
        let tolerances = f.iter().filter_map(|(path, value)| {
            let class = path.strip_prefix(Self::TOLERANCE)?;
            let read = value.as_text().and_then(|text| text.parse().ok());
            Some((class.to_owned(), read.unwrap_or_default()))
        });
        let zones = bytes(f, "zones");
        let zones = zones
            .chunks_exact(16)
            .filter_map(|id| ZoneId::from_slice(id).ok());
        let closed_at = time("closed_at");
        Some(Self {
            id,
            site: SiteId::from_bytes(id16("site")?),
            code: text(f, "code"),
            name: text(f, "name"),
            kind: StocktakeKind::from_code(&text(f, "method"))?,
            blind: flag(f, "blind"),
            due: time("due"),
            classes: Self::split(&text(f, "classes")),
            zones: zones.collect(),
            tolerances: tolerances.collect(),
            planned_at: time("planned_at"),
            planned_by: operator("planned_by"),
            closed: (closed_at > 0).then(|| Closed {
                at: closed_at,
                by: operator("closed_by"),
                reason: text(f, "close_reason"),
            }),
        })
    }

    /// Codes of classes from one text.
    pub fn split(classes: &str) -> Vec<String> {
        let parts = classes.split(Self::COMMA).map(str::trim);
        parts.filter(|c| !c.is_empty()).map(str::to_owned).collect()
    }

    /// All fields, for a new record.
    pub fn to_fields(&self) -> Vec<FieldEdit> {
        let id = |path: &str, id: &[u8]| FieldEdit {
            path: path.into(),
            value: Some(Value::Bytes(id.to_vec())),
        };
        let mut fields = vec![
            id("site", self.site.as_bytes()),
            FieldEdit::set("type", TYPE),
            FieldEdit::set("code", self.code.as_str()),
            FieldEdit::set("method", self.kind.code()),
            FieldEdit::set("planned_at", self.planned_at),
        ];
        if !self.name.is_empty() {
            fields.push(FieldEdit::set("name", self.name.as_str()));
        }
        if self.blind {
            fields.push(FieldEdit::set("blind", true));
        }
        if self.due != 0 {
            fields.push(FieldEdit::set("due", self.due));
        }
        if !self.classes.is_empty() {
            let classes = self.classes.join(&Self::COMMA.to_string());
            fields.push(FieldEdit::set("classes", classes));
        }
        if !self.zones.is_empty() {
            let zones: Vec<u8> = self.zones.iter().flat_map(|z| *z.as_bytes()).collect();
            fields.push(id("zones", &zones));
        }
        fields.extend(self.planned_by.map(|o| id("planned_by", o.as_bytes())));
        for (class, tolerance) in &self.tolerances {
            let path = format!("{}{class}", Self::TOLERANCE);
            fields.push(FieldEdit::set(path, tolerance.to_string()));
        }
        fields.extend(self.closed.iter().flat_map(Self::close_fields));
        fields
    }

    /// The fields that end it.
    pub fn close_fields(closed: &Closed) -> Vec<FieldEdit> {
        let mut fields = vec![
            FieldEdit::set("closed_at", closed.at),
            FieldEdit::set("close_reason", closed.reason.as_str()),
        ];
        fields.extend(closed.by.map(|by| FieldEdit {
            path: "closed_by".into(),
            value: Some(Value::Bytes(by.as_bytes().to_vec())),
        }));
        fields
    }
}

#[cfg(test)]
mod tests {
    use domain::{ChainId, Currency, OrderId};

    use super::*;
    use crate::order::Order;
    use crate::record::{Counting, edit};

    fn stored(fields: &[FieldEdit]) -> Record {
        let chain = ChainId::from_bytes([1; 16]);
        edit(&[], RecordKind::Order, chain, fields, &Counting::ALL)
            .unwrap()
            .unwrap()
            .record
    }

    fn stocktake() -> Stocktake {
        let tolerance = |text: &str| text.parse::<Tolerance>().unwrap();
        Stocktake {
            id: StocktakeId::from_bytes([1; 16]),
            site: SiteId::from_bytes([2; 16]),
            code: "ST-260921-1".into(),
            name: "九月循环盘点".into(),
            kind: StocktakeKind::Cycle,
            blind: true,
            due: 1_790_000_000_000,
            classes: vec!["A".into(), "冷藏".into()],
            zones: vec![ZoneId::from_bytes([3; 16]), ZoneId::from_bytes([4; 16])],
            tolerances: [
                (String::new(), tolerance("quantity=2000 percent=5")),
                ("A".into(), tolerance("value=10000")),
            ]
            .into(),
            planned_at: 1_789_000_000_000,
            planned_by: Some(OperatorId::from_bytes([5; 16])),
            closed: Some(Closed {
                at: 1_790_000_000_001,
                by: Some(OperatorId::from_bytes([6; 16])),
                reason: "库区停电".into(),
            }),
        }
    }

    #[test]
    fn a_stocktake_goes_there_and_back_and_is_no_order() {
        let stocktake = stocktake();
        let record = stored(&stocktake.to_fields());
        let read = Stocktake::from_record(stocktake.id, &record);
        assert_eq!(read, Some(stocktake.clone()));
        let order = OrderId::from_bytes([1; 16]);
        assert_eq!(
            Order::from_record(order, &record),
            None,
            "older programs pass it over"
        );
        let going_on = Stocktake {
            closed: None,
            classes: Vec::new(),
            zones: Vec::new(),
            ..stocktake
        };
        let record = stored(&going_on.to_fields());
        assert_eq!(Stocktake::from_record(going_on.id, &record), Some(going_on));
    }

    #[test]
    fn a_tolerance_that_cannot_be_read_tolerates_nothing() {
        let stocktake = stocktake();
        let mut fields = stocktake.to_fields();
        fields.push(FieldEdit::set("tolerance:A", "colour=7"));
        let read = Stocktake::from_record(stocktake.id, &stored(&fields)).unwrap();
        assert_eq!(read.tolerance("A"), Tolerance::default());
        assert_eq!(read.tolerance("B").percent, Some(5), "that of all others");
    }

    #[test]
    fn what_is_beyond_no_limit_is_tolerated() {
        let worth = |minor| {
            let currency = Currency::from_code("CNY").unwrap();
            Some(UnitValue { minor, currency })
        };
        let units = |n| Quantity::from_units(n).unwrap();
        for (tolerance, book, counted, value, allowed) in [
            ("", 10, 10, None, true),
            ("", 10, 9, worth(1), false),
            ("quantity=2000", 10, 12, None, true),
            ("quantity=2000", 10, 7, None, false),
            ("percent=10", 100, 90, None, true),
            ("percent=10", 100, 111, None, false),
            ("percent=10", 0, 1, None, false),
            ("quantity=20000 percent=10", 100, 85, None, false),
            ("value=500", 10, 5, worth(100), true),
            ("value=500", 10, 4, worth(100), false),
            ("value=500", 10, 16, worth(100), false),
            ("value=500", 10, 9, None, false),
            ("quantity=0", 10, 9, None, false),
        ] {
            let tolerance: Tolerance = tolerance.parse().unwrap();
            assert_eq!(
                tolerance.allows(units(book), units(counted), value),
                allowed,
                "{tolerance} {book} {counted}"
            );
        }
        for wrong in ["quantity", "quantity=x", "percent=-1", "size=3"] {
            assert_eq!(wrong.parse::<Tolerance>(), Err(ToleranceError), "{wrong}");
        }
    }
}
