//! What is written of a record and follows from it alone: it can be worked out on another thread than the one that
//! writes.

use documents::catalogue::Item;
use documents::{Record, RecordId, RecordKind};
use domain::ledger::StateHash;

use crate::search::words;

/// A record, and what is derived from it.
pub(crate) struct RecordRows {
    pub(super) record: Record,
    /// What the state hash counts of it.
    pub(super) counted: StateHash,
    /// Of items: what they show, and under what they are found.
    pub(super) item: Option<ItemRows>,
}

pub(super) struct ItemRows {
    pub(super) item: Item,
    pub(super) words: String,
    pub(super) codes: String,
}

impl RecordRows {
    pub(crate) fn of(id: RecordId, record: Record) -> Self {
        let item = match record.kind {
            RecordKind::Item => Item::from_record(id.into(), &record).map(ItemRows::of),
            _ => None,
        };
        Self {
            counted: counted(id, &record),
            record,
            item,
        }
    }
}

impl ItemRows {
    fn of(item: Item) -> Self {
        let mut codes = item.sku.clone();
        for code in item.barcodes.keys() {
            codes.push(' ');
            codes.push_str(code);
        }
        Self {
            words: format!("{} {}", words(&item.name_en), words(&item.name_zh)),
            codes,
            item,
        }
    }
}

/// Everything that both replicas must agree on about a record.
fn counted(id: RecordId, record: &Record) -> StateHash {
    let conflicts: Vec<_> = record
        .conflicts
        .iter()
        .map(|c| {
            (
                &c.path,
                c.values
                    .iter()
                    .map(|(v, by)| (v, by.to_string()))
                    .collect::<Vec<_>>(),
            )
        })
        .collect();
    // Maps of strings to plain values always serialise.
    let text =
        serde_json::to_vec(&(record.kind.code(), &record.fields, conflicts)).unwrap_or_default();
    let mut hash = StateHash::default();
    hash.add(&[b"r", &id.0[..], &text].concat());
    hash
}
