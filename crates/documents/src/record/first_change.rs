//! A record that consists of nothing but its first change is read straight from it: loading a document costs many
//! times more, and a catalogue is mostly such records.

use std::collections::BTreeMap;

use automerge::legacy::{Key, ObjectId, OpId, OpType};
use automerge::{AutoCommit, Change, ObjType, ScalarValue};
use sha2::{Digest, Sha256};

use super::{Record, RecordKind, Value};

/// Every chunk of automerge's format begins with these, then four bytes of its hash.
const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// The type of a chunk that is one plain change.
const CHANGE: u8 = 1;
const HEADER: usize = 8;

/// A stored document as a snapshot carries it: if it is a single change, without the magic and the checksum, which
/// follow from the rest; else whole. The flag says which.
pub fn shorten(saved: &[u8]) -> (bool, Vec<u8>) {
    if is_single_change(saved) {
        return (true, saved.get(HEADER..).unwrap_or_default().to_vec());
    }
    // A packed document of one change is larger than the change.
    if let Ok(mut doc) = AutoCommit::load(saved)
        && doc.get_missing_deps(&[]).is_empty()
        && let [only] = &doc.get_changes(&[])[..]
        && is_single_change(only.raw_bytes())
    {
        let bytes = only.raw_bytes().get(HEADER..).unwrap_or_default();
        return (true, bytes.to_vec());
    }
    (false, saved.to_vec())
}

/// The stored document that [`shorten`] was given, or one that reads the same.
pub fn lengthen(short: bool, bytes: &[u8]) -> Vec<u8> {
    if !short {
        return bytes.to_vec();
    }
    let hash = Sha256::digest(bytes);
    let mut saved = Vec::with_capacity(HEADER + bytes.len());
    saved.extend_from_slice(&MAGIC);
    saved.extend_from_slice(&hash[..4]);
    saved.extend_from_slice(bytes);
    saved
}

/// Whether the bytes are exactly one plain change.
fn is_single_change(saved: &[u8]) -> bool {
    let Some(rest) = saved.strip_prefix(&MAGIC) else {
        return false;
    };
    let Some([CHANGE, rest @ ..]) = rest.get(4..) else {
        return false;
    };
    // The length of the rest, seven bits a byte.
    let (mut length, mut shift) = (0usize, 0u32);
    for (at, byte) in rest.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return rest.len() - at - 1 == length;
        }
    }
    false
}

/// Reads a record from its only change; `None` if it is no such document, and must be loaded.
pub fn read(saved: &[u8]) -> Option<Record> {
    if !is_single_change(saved) {
        return None;
    }
    let change = Change::from_bytes(saved.to_vec()).ok()?;
    if !change.deps().is_empty() {
        return None;
    }
    let decoded = change.decode();
    let mut kind = None;
    let mut fields: BTreeMap<String, Value> = BTreeMap::new();
    let mut maps: Vec<(ObjectId, String)> = Vec::new();
    for (at, op) in (decoded.start_op.get()..).zip(&decoded.operations) {
        let Key::Map(key) = &op.key else {
            return None;
        };
        if !op.pred.is_empty() {
            return None;
        }
        let prefix = match &op.obj {
            ObjectId::Root => "",
            inner => maps
                .iter()
                .find(|(id, _)| id == inner)
                .map(|(_, path)| path.as_str())?,
        };
        match &op.action {
            OpType::Make(ObjType::Map) if prefix.is_empty() => {
                let id = ObjectId::Id(OpId::new(at, &decoded.actor_id));
                maps.push((id, format!("{key}/")));
            }
            OpType::Put(ScalarValue::Str(code)) if prefix.is_empty() && key == "kind" => {
                if kind.is_some() {
                    return None;
                }
                kind = Some(RecordKind::from_code(code)?);
            }
            OpType::Put(scalar) => {
                let value = Value::from_scalar(scalar)?;
                if fields.insert(format!("{prefix}{key}"), value).is_some() {
                    return None;
                }
            }
            _ => return None,
        }
    }
    fields.remove("kind");
    Some(Record {
        kind: kind?,
        fields,
        conflicts: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use domain::ChainId;
    use proptest::prelude::*;

    use super::*;
    use crate::record::{self, Counting, FieldEdit};

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            "[a-z扳手]{0,6}".prop_map(Value::Text),
            any::<i64>().prop_map(Value::Integer),
            any::<bool>().prop_map(Value::Boolean),
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        ]
    }

    fn edits() -> impl Strategy<Value = Vec<FieldEdit>> {
        let path = prop_oneof!["[a-c]", "barcodes/[0-9]{1,3}"];
        let edit = (path, proptest::option::weighted(0.9, value()))
            .prop_map(|(path, value)| FieldEdit { path, value });
        proptest::collection::vec(edit, 0..8)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

        /// Whatever was edited, the short way says the same as loading, or nothing.
        #[test]
        fn the_short_way_reads_what_loading_reads(first in edits(), second in edits(), kind in 0usize..6) {
            let kind = RecordKind::ALL[kind];
            let usable = |edits: &[FieldEdit]| -> Vec<FieldEdit> {
                let item = kind == RecordKind::Item;
                edits.iter().filter(|e| item || !e.path.contains('/')).cloned().collect()
            };
            let chain = ChainId::from_bytes([1; 16]);
            let mut saved = record::edit(&[], kind, chain, &usable(&first), &Counting::ALL).unwrap().unwrap().saved;
            for edits in [Vec::new(), usable(&second)] {
                if let Some(edited) = record::edit(&saved, kind, ChainId::from_bytes([2; 16]), &edits, &Counting::ALL).unwrap() {
                    saved = edited.saved;
                }
                let packed = record::merge(&saved, Vec::new(), &Counting::ALL).unwrap().0;
                for stored in [&saved, &packed] {
                    let loaded = |stored: &[u8]| record::read_doc(&record::load(stored).unwrap()).unwrap();
                    if let Some(read) = read(stored) {
                        prop_assert_eq!(&read, &loaded(stored));
                    }
                    let (short, bytes) = shorten(stored);
                    let back = lengthen(short, &bytes);
                    prop_assert_eq!(loaded(&back), loaded(stored));
                    prop_assert!(!short || back.len() == bytes.len() + HEADER);
                }
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
            let _ = read(&lengthen(true, &bytes));
        }
    }

    #[test]
    fn an_item_as_the_catalogue_makes_it_takes_the_short_way() {
        let edits = [
            FieldEdit::set("sku", "A-1"),
            FieldEdit::set("name_zh", "扳手"),
            FieldEdit::set("barcodes/690", 1_000),
        ];
        let made = record::edit(
            &[],
            RecordKind::Item,
            ChainId::from_bytes([1; 16]),
            &edits,
            &Counting::ALL,
        )
        .unwrap()
        .unwrap();
        assert_eq!(read(&made.saved), Some(made.record));
        let merged = record::merge(&[], vec![made.change], &Counting::ALL)
            .unwrap()
            .0;
        let (short, bytes) = shorten(&merged);
        assert!(short);
        assert_eq!(lengthen(short, &bytes), made.saved);
    }
}
