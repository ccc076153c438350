//! What comes packed: an announced delivery says what is in each of its cartons, so that one scan of a label takes it in.
//! These are fields of the order's record, which older programs keep and pass over.

use std::collections::BTreeMap;

use domain::{Goods, Quantity, UnitId};

use crate::record::{FieldEdit, Record, RecordKind, Value};

const CARTON: &str = "carton:";
/// More are not read from one record.
const CONTENTS_MAX: usize = 10_000;

/// Goods that come in a carton.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct ArrivingContent {
    /// The carton's plate.
    #[n(0)]
    pub carton: UnitId,
    /// The line of the delivery.
    #[n(1)]
    pub line: u32,
    /// What.
    #[n(2)]
    pub goods: Goods,
    /// How much of it; 0 once it has turned out that it did not leave.
    #[n(3)]
    pub quantity: Quantity,
}

impl ArrivingContent {
    /// As a field of the order's record. Its path follows from all but the quantity, so that it is written once.
    pub fn to_field(&self) -> FieldEdit {
        let key = (&self.carton, self.line, &self.goods);
        // Encoding into memory cannot fail.
        let key = minicbor::to_vec(key).unwrap_or_default();
        let hash = blake3::derive_key("tallyman 2026 content of a carton that arrives", &key);
        let hex: String = hash.iter().take(8).map(|b| format!("{b:02x}")).collect();
        FieldEdit {
            path: format!("{CARTON}{hex}"),
            value: Some(Value::Bytes(minicbor::to_vec(self).unwrap_or_default())),
        }
    }

    /// What an order's record says, by carton and line; what cannot be read is left out.
    pub fn of(record: &Record) -> Vec<Self> {
        if record.kind != RecordKind::Order {
            return Vec::new();
        }
        let fields: &BTreeMap<String, Value> = &record.fields;
        let read = |(path, value): (&String, &Value)| match value {
            Value::Bytes(bytes) if path.starts_with(CARTON) => minicbor::decode(bytes).ok(),
            _ => None,
        };
        let mut contents: Vec<Self> = fields.iter().filter_map(read).take(CONTENTS_MAX).collect();
        contents.retain(|content| content.quantity > Quantity::ZERO && content.quantity.in_range());
        contents.sort_by(|a, b| (&a.carton, a.line, &a.goods).cmp(&(&b.carton, b.line, &b.goods)));
        contents
    }
}

#[cfg(test)]
mod tests {
    use domain::ItemId;

    use super::*;
    use crate::catalogue::tests::stored;

    #[test]
    fn what_is_in_a_carton_reads_back_and_nonsense_does_not() {
        let content = |plate: &str, line, quantity| ArrivingContent {
            carton: UnitId::plate(plate),
            line,
            goods: Goods {
                lot: Some("L1".into()),
                ..Goods::of(ItemId::from_bytes([7; 16]))
            },
            quantity: Quantity::from_thousandths(quantity),
        };
        let (first, second) = (content("C-1", 2, 5_000), content("C-2", 1, 1_500));
        let mut fields = vec![second.to_field(), first.to_field()];
        fields.push(content("C-3", 1, 0).to_field());
        fields.push(FieldEdit {
            path: "carton:00".into(),
            value: Some(Value::Bytes(vec![0xff, 1])),
        });
        assert_eq!(
            ArrivingContent::of(&stored(RecordKind::Order, &fields)),
            [first.clone(), second]
        );
        // More of the same is the same field.
        assert_eq!(
            first.to_field().path,
            content("C-1", 2, 9_000).to_field().path
        );
        assert_eq!(ArrivingContent::of(&stored(RecordKind::Item, &fields)), []);
    }
}
