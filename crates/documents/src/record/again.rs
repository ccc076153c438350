//! Making anew, in another's name, what a chain that was given up had changed of a record.

use std::collections::BTreeSet;

use domain::ChainId;

use super::{FieldConflict, FieldEdit, Record, Value};

/// The edits that put into `base` what `by` alone had written into `full`. `base`: the record without the changes of
/// `by` that are given up; `None` if one of them made it.
pub fn edits_again(full: &Record, base: Option<&Record>, by: ChainId) -> Vec<FieldEdit> {
    let none = Default::default();
    let before = base.map_or(&none, |b| &b.fields);
    let paths: BTreeSet<&String> = full.fields.keys().chain(before.keys()).collect();
    let mut edits = Vec::new();
    for path in paths {
        let now = conflict(full, path);
        let then = base.and_then(|b| conflict(b, path));
        let wanted: Option<&Value> = match now {
            None => full.fields.get(path),
            Some(now) => match now.values.iter().find(|(_, writer)| *writer == by) {
                Some((value, _)) => Some(value),
                None => continue,
            },
        };
        // Somebody's disagreement that was settled is to be settled again.
        let settled = then.is_some() && now.is_none();
        let shown_anyway = then.is_some_and(|t| t.values.iter().any(|(v, _)| Some(v) == wanted));
        if !settled && (before.get(path) == wanted || shown_anyway) {
            continue;
        }
        edits.push(FieldEdit {
            path: path.clone(),
            value: wanted.cloned(),
        });
    }
    edits
}

fn conflict<'r>(record: &'r Record, path: &str) -> Option<&'r FieldConflict> {
    record.conflicts.iter().find(|c| c.path == path)
}

#[cfg(test)]
mod tests {
    use super::super::{Counting, RecordKind, edit, merge};
    use super::*;

    fn chain(n: u8) -> ChainId {
        ChainId::from_bytes([n; 16])
    }

    fn write(saved: &[u8], by: u8, edits: &[FieldEdit]) -> (Vec<u8>, automerge::Change, Record) {
        let edited = edit(saved, RecordKind::Item, chain(by), edits, &Counting::ALL)
            .unwrap()
            .unwrap();
        (edited.saved, edited.change, edited.record)
    }

    #[test]
    fn what_was_set_cleared_and_made_comes_again_and_nothing_else() {
        let made = [
            FieldEdit::set("sku", "A-1"),
            FieldEdit::set("name_zh", "扳手"),
            FieldEdit::set("barcodes/690", 1_000),
        ];
        let (saved, _, base) = write(&[], 1, &made);
        assert_eq!(edits_again(&base, None, chain(1)).len(), 3);
        let given_up = [
            FieldEdit::set("name_zh", "活动扳手"),
            FieldEdit::clear("barcodes/690"),
        ];
        let (_, _, full) = write(&saved, 2, &given_up);
        let again = edits_again(&full, Some(&base), chain(2));
        let (_, _, anew) = write(&saved, 3, &again);
        assert_eq!(anew.fields, full.fields);
        assert_eq!(again.len(), 2);
    }

    #[test]
    fn of_a_disagreement_the_own_side_comes_again_even_if_it_was_not_shown() {
        let (saved, _, base) = write(&[], 1, &[FieldEdit::set("name_zh", "扳手")]);
        let (by_other, others, _) = write(&saved, 4, &[FieldEdit::set("name_zh", "别人的")]);
        let (_, own, _) = write(&saved, 2, &[FieldEdit::set("name_zh", "自己的")]);
        let (_, full) = merge(&by_other, vec![own], &Counting::ALL).unwrap();
        let (_, without) = merge(&saved, vec![others], &Counting::ALL).unwrap();
        let again = edits_again(&full.unwrap(), without.as_ref(), chain(2));
        assert_eq!(again, [FieldEdit::set("name_zh", "自己的")]);
        assert_eq!(base.fields.len(), 1);
    }

    #[test]
    fn a_settled_disagreement_is_settled_again() {
        let (saved, _, _) = write(&[], 1, &[FieldEdit::set("name_zh", "扳手")]);
        let (a, _, _) = write(&saved, 4, &[FieldEdit::set("name_zh", "甲")]);
        let (_, b, _) = write(&saved, 5, &[FieldEdit::set("name_zh", "乙")]);
        let (both, base) = merge(&a, vec![b], &Counting::ALL).unwrap();
        let base = base.unwrap();
        let shown = base.fields["name_zh"].clone();
        let settle = FieldEdit {
            path: "name_zh".into(),
            value: Some(shown),
        };
        let (_, _, full) = write(&both, 2, std::slice::from_ref(&settle));
        assert_eq!(edits_again(&full, Some(&base), chain(2)), [settle]);
    }
}
