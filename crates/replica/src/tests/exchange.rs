//! What other programs read, and records that are taken out again.

use super::*;
use crate::query::Arrival;

#[test]
fn a_record_whose_code_is_gone_shows_no_more_and_comes_back_with_it() {
    let mut a = device(1);
    let commit = |edits| Commit {
        edits,
        ..Commit::default()
    };
    a.commit(commit(vec![create_item(1, "螺栓"), create_bin(1)]), T0)
        .unwrap();
    assert_eq!(a.query().search("螺栓", 10).unwrap().len(), 1);
    let without = |edit: RecordEdit| RecordEdit {
        fields: edit
            .fields
            .iter()
            .map(|f| FieldEdit::clear(f.path.as_str()))
            .collect(),
        ..edit
    };
    let out = vec![without(create_item(1, "螺栓")), without(create_bin(1))];
    a.commit(commit(out), T0 + 1).unwrap();
    assert!(a.query().item(item_id(1)).unwrap().is_none());
    assert!(a.query().bin(bin_id(1)).unwrap().is_none());
    assert!(a.query().search("螺栓", 10).unwrap().is_empty());
    assert_eq!(a.query().item_count().unwrap(), 0);
    a.commit(commit(vec![create_item(1, "螺母")]), T0 + 2)
        .unwrap();
    let back = a.query().item(item_id(1)).unwrap().unwrap();
    assert_eq!(back.name_zh, "螺母");
}

#[test]
fn what_is_used_is_known_to_be() {
    let mut a = device(1);
    let commit = Commit {
        operator: Some(OPERATOR),
        site: Some(SITE),
        edits: vec![
            create_item(1, "a"),
            create_item(2, "b"),
            create_bin(1),
            create_bin(2),
        ],
        events: vec![
            EventBody::Received {
                bin: bin_id(1),
                goods: Goods::of(item_id(1)),
                quantity: Quantity::ONE,
            }
            .into(),
        ],
        ..Commit::default()
    };
    a.commit(commit, T0).unwrap();
    let q = a.query();
    assert!(q.is_item_used(item_id(1)).unwrap() && !q.is_item_used(item_id(2)).unwrap());
    assert!(q.is_bin_used(SITE, bin_id(1)).unwrap() && !q.is_bin_used(SITE, bin_id(2)).unwrap());
    let piles = q.piles_after(SITE, None, 10).unwrap();
    assert_eq!(piles.len(), 1);
    let after = q.piles_after(SITE, Some(&piles[0].key), 10).unwrap();
    assert!(after.is_empty());
    let items = q.items_after(None, 1).unwrap();
    let rest = q
        .items_after(Some((&items[0].sku, items[0].id)), 10)
        .unwrap();
    assert_eq!((items.len(), rest.len()), (1, 1));
    // The hub has taken nothing yet.
    let (rows, read) = q.arrived(SITE, Arrival::default(), 10).unwrap();
    assert_eq!((rows.len(), read), (0, Arrival::default()));
}
