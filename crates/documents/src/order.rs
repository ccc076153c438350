//! Orders as the program uses them: goods to receive, to pick, to transfer; bins to count or to fill up.
//!
//! An order lives in the partition of its site. Its lines are entries of maps under their number, so that two people who
//! change different lines, or different things about one line, do not get in each other's way. What has been done of it
//! is not written here: it is folded from events.

use std::collections::BTreeMap;

use domain::{
    BinId, ItemId, OperatorId, OrderId, OrderType, Quantity, SiteId, StocktakeId, UnixMillis,
};

use crate::catalogue::{bytes, flag, text};
use crate::record::{FieldEdit, Record, RecordKind, Value};

/// One line: goods, or a bin to be counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineAsked {
    /// What; `None` in a count of everything in a bin.
    pub item: Option<ItemId>,
    /// Of which lot, if it has to be this one.
    pub lot: String,
    /// From or to which bin, or the bin to be counted.
    pub bin: Option<BinId>,
    /// How much.
    pub asked: Quantity,
}

/// What is to be done at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its identity.
    pub id: OrderId,
    /// Where.
    pub site: SiteId,
    /// What it is about.
    pub kind: OrderType,
    /// The number that people read and scan.
    pub code: String,
    /// Supplier or customer.
    pub party: String,
    /// What whoever works on it should know.
    pub note: String,
    /// When it is due; 0 if nobody said.
    pub due: UnixMillis,
    /// Whether it was called off.
    pub cancelled: bool,
    /// Of a count: whether the counter may not see the book.
    pub blind: bool,
    /// Who shall do it; anybody if `None`.
    pub assigned: Option<OperatorId>,
    /// Of a recount: who counted before and may not count again.
    pub counted_by: Vec<OperatorId>,
    /// Of a transfer: to which site.
    pub to_site: Option<SiteId>,
    /// Of a count: the stocktake that it was planned with.
    pub stocktake: Option<StocktakeId>,
    /// By number, from 1.
    pub lines: BTreeMap<u32, LineAsked>,
}

impl Order {
    /// The maps that its first change creates.
    pub(crate) const MAPS: &'static [&'static str] = &["item", "lot", "bin", "asked", "counted_by"];

    /// As it reads from its record; `None` for a record of another kind, or an order of a type that is not known.
    pub fn from_record(id: OrderId, record: &Record) -> Option<Self> {
        if record.kind != RecordKind::Order {
            return None;
        }
        let f = &record.fields;
        let id16 = |path: &str| <[u8; 16]>::try_from(bytes(f, path)).ok();
        let mut lines: BTreeMap<u32, LineAsked> = BTreeMap::new();
        let mut counted_by = Vec::new();
        for (path, value) in f {
            let Some((map, entry)) = path.split_once('/') else {
                continue;
            };
            if map == "counted_by" {
                counted_by.extend(entry.parse::<OperatorId>().ok());
                continue;
            }
            let Some(number) = entry.parse().ok().filter(|n| *n > 0) else {
                continue;
            };
            let line = lines.entry(number).or_default();
            match (map, value) {
                ("item", Value::Bytes(id)) => line.item = ItemId::from_slice(id).ok(),
                ("bin", Value::Bytes(id)) => line.bin = BinId::from_slice(id).ok(),
                ("lot", Value::Text(lot)) => line.lot.clone_from(lot),
                ("asked", Value::Integer(n)) => line.asked = Quantity::from_thousandths(*n),
                _ => {}
            }
        }
        // A line without goods and without a bin was taken out.
        lines.retain(|_, line| line.item.is_some() || line.bin.is_some());
        let due = match f.get("due") {
            Some(Value::Integer(due)) => *due,
            _ => 0,
        };
        Some(Self {
            id,
            site: SiteId::from_bytes(id16("site")?),
            kind: OrderType::from_code(&text(f, "type"))?,
            code: text(f, "code"),
            party: text(f, "party"),
            note: text(f, "note"),
            due,
            cancelled: flag(f, "cancelled"),
            blind: flag(f, "blind"),
            assigned: id16("assigned").map(OperatorId::from_bytes),
            counted_by,
            to_site: id16("to_site").map(SiteId::from_bytes),
            stocktake: id16("stocktake").map(StocktakeId::from_bytes),
            lines,
        })
    }

    /// All fields, for a new record.
    pub fn to_fields(&self) -> Vec<FieldEdit> {
        let id = |path: String, id: &[u8; 16]| FieldEdit {
            path,
            value: Some(Value::Bytes(id.to_vec())),
        };
        let mut fields = vec![
            id("site".into(), self.site.as_bytes()),
            FieldEdit::set("type", self.kind.code()),
            FieldEdit::set("code", self.code.as_str()),
        ];
        for (path, words) in [("party", &self.party), ("note", &self.note)] {
            if !words.is_empty() {
                fields.push(FieldEdit::set(path, words.as_str()));
            }
        }
        if self.due != 0 {
            fields.push(FieldEdit::set("due", self.due));
        }
        for (path, on) in [("cancelled", self.cancelled), ("blind", self.blind)] {
            if on {
                fields.push(FieldEdit::set(path, true));
            }
        }
        fields.extend(self.assigned.map(|o| id("assigned".into(), o.as_bytes())));
        fields.extend(self.to_site.map(|s| id("to_site".into(), s.as_bytes())));
        fields.extend(self.stocktake.map(|s| id("stocktake".into(), s.as_bytes())));
        for operator in &self.counted_by {
            fields.push(FieldEdit::set(format!("counted_by/{operator}"), true));
        }
        for (number, line) in &self.lines {
            fields.extend(
                line.item
                    .map(|i| id(format!("item/{number}"), i.as_bytes())),
            );
            fields.extend(line.bin.map(|b| id(format!("bin/{number}"), b.as_bytes())));
            if !line.lot.is_empty() {
                fields.push(FieldEdit::set(format!("lot/{number}"), line.lot.as_str()));
            }
            if line.asked != Quantity::ZERO {
                fields.push(FieldEdit::set(
                    format!("asked/{number}"),
                    line.asked.thousandths(),
                ));
            }
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use domain::ChainId;

    use super::*;
    use crate::record::{Counting, edit};

    fn stored(fields: &[FieldEdit]) -> Record {
        let chain = ChainId::from_bytes([1; 16]);
        edit(&[], RecordKind::Order, chain, fields, &Counting::ALL)
            .unwrap()
            .unwrap()
            .record
    }

    fn order() -> Order {
        Order {
            id: OrderId::from_bytes([1; 16]),
            site: SiteId::from_bytes([2; 16]),
            kind: OrderType::Inbound,
            code: "PO-1001".into(),
            party: "华东五金".into(),
            note: "3 号门".into(),
            due: 1_790_000_000_000,
            cancelled: false,
            blind: true,
            assigned: Some(OperatorId::from_bytes([3; 16])),
            counted_by: vec![OperatorId::from_bytes([4; 16])],
            to_site: Some(SiteId::from_bytes([5; 16])),
            stocktake: Some(StocktakeId::from_bytes([8; 16])),
            lines: [
                (
                    1,
                    LineAsked {
                        item: Some(ItemId::from_bytes([6; 16])),
                        lot: "L-7".into(),
                        bin: None,
                        asked: Quantity::from_thousandths(12_500),
                    },
                ),
                (
                    30,
                    LineAsked {
                        bin: Some(BinId::from_bytes([7; 16])),
                        ..LineAsked::default()
                    },
                ),
            ]
            .into(),
        }
    }

    #[test]
    fn an_order_goes_there_and_back() {
        let order = order();
        let record = stored(&order.to_fields());
        assert_eq!(Order::from_record(order.id, &record), Some(order));
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_the_rest_stands() {
        let order = order();
        let mut fields = order.to_fields();
        for path in ["item/0", "item/x", "asked/99", "due"] {
            fields.push(FieldEdit::set(path, "?"));
        }
        let read = Order::from_record(order.id, &stored(&fields)).unwrap();
        assert_eq!(read.lines, order.lines);
        assert_eq!(read.due, 0);
        fields.push(FieldEdit::set("type", "of a later program"));
        assert_eq!(Order::from_record(order.id, &stored(&fields)), None);
    }
}
