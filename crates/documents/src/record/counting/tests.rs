use proptest::prelude::*;

use super::super::{FieldEdit, edit, merge, read};
use super::*;

fn chain(n: u8) -> ChainId {
    ChainId::from_bytes([n; 16])
}

fn counting(withheld: &ChangeHashes) -> Counting<'_> {
    Counting {
        withheld,
        is_server: &|_| false,
    }
}

struct Wrote {
    saved: Vec<u8>,
    change: Change,
    record: Record,
}

fn set(saved: &[u8], by: u8, fields: &[FieldEdit], withheld: &ChangeHashes) -> Wrote {
    let kind = RecordKind::Item;
    let edited = edit(saved, kind, chain(by), fields, &counting(withheld))
        .unwrap()
        .unwrap();
    Wrote {
        saved: edited.saved,
        change: edited.change,
        record: edited.record,
    }
}

fn name(record: &Record) -> Option<&str> {
    record.fields.get("name_zh").and_then(Value::as_text)
}

#[test]
fn what_is_withheld_is_as_if_it_had_never_been_written() {
    let none = ChangeHashes::new();
    let base = set(&[], 1, &[FieldEdit::set("name_zh", "扳手")], &none);
    let stolen = set(&base.saved, 2, &[FieldEdit::set("name_zh", "坏")], &none);
    let withheld = ChangeHashes::from([stolen.change.hash().0]);
    let record = read(&stolen.saved, &counting(&withheld)).unwrap();
    assert_eq!(record, base.record);

    // Somebody who saw it wrote the field since: that stands, and nothing comes back beside it.
    let since = set(
        &stolen.saved,
        3,
        &[FieldEdit::set("name_zh", "钳子")],
        &none,
    );
    let record = read(&since.saved, &counting(&withheld)).unwrap();
    assert_eq!(name(&record), Some("钳子"));
    assert!(record.conflicts.is_empty(), "{:?}", record.conflicts);
    // Released, it is history like any other.
    assert_eq!(read(&since.saved, &counting(&none)).unwrap(), since.record);
}

#[test]
fn a_record_that_only_withheld_changes_create_does_not_show() {
    let none = ChangeHashes::new();
    let stolen = set(&[], 2, &[FieldEdit::set("name_zh", "坏")], &none);
    let withheld = ChangeHashes::from([stolen.change.hash().0]);
    let (saved, record) = merge(&[], vec![stolen.change], &counting(&withheld)).unwrap();
    assert_eq!(record, None);
    assert!(read(&saved, &counting(&none)).is_ok());
}

#[test]
fn a_record_is_made_anew_where_the_change_that_made_it_does_not_count_or_has_not_come() {
    let none = ChangeHashes::new();
    let fields = [
        FieldEdit::set("sku", "A-1"),
        FieldEdit::set("barcodes/690", 1_000),
    ];
    let made = set(&[], 2, &fields, &none);
    let later = set(&made.saved, 4, &[FieldEdit::set("name_zh", "扳手")], &none);

    let withheld = ChangeHashes::from([made.change.hash().0]);
    let anew = set(&made.saved, 3, &fields, &withheld);
    assert_eq!(anew.record.fields["barcodes/690"], Value::Integer(1_000));
    let both = vec![anew.change, made.change.clone()];
    let (saved, record) = merge(&[], both, &counting(&withheld)).unwrap();
    assert_eq!(record.as_ref(), Some(&anew.record));
    // Released.
    assert_eq!(
        read(&saved, &counting(&none)).unwrap().fields,
        anew.record.fields
    );

    let (orphan, record) = merge(&[], vec![later.change], &counting(&none)).unwrap();
    assert_eq!(record, None);
    let anew = set(&orphan, 3, &fields, &none);
    assert_eq!(anew.record.fields["sku"], "A-1".into());
    // It comes after all.
    let (_, record) = merge(&anew.saved, vec![made.change], &counting(&none)).unwrap();
    let record = record.unwrap();
    assert_eq!(record.fields["name_zh"], "扳手".into());
    assert_eq!(record.fields["sku"], "A-1".into());
}

#[test]
fn a_field_can_be_set_and_cleared_over_withheld_changes() {
    let none = ChangeHashes::new();
    let base = set(&[], 1, &[FieldEdit::set("name_zh", "扳手")], &none);
    for stolen in [
        FieldEdit::set("name_zh", "钳子"),
        FieldEdit::clear("name_zh"),
    ] {
        let stolen = set(&base.saved, 2, &[stolen], &none);
        let withheld = ChangeHashes::from([stolen.change.hash().0]);
        // The very value that is withheld, and a clearing of what a withheld change has cleared.
        let wanted = FieldEdit::set("name_zh", "钳子");
        let same = set(&stolen.saved, 3, &[wanted], &withheld);
        assert_eq!(name(&same.record), Some("钳子"));
        assert!(same.record.conflicts.is_empty(), "{:?}", same.record);
        let cleared = set(&stolen.saved, 3, &[FieldEdit::clear("name_zh")], &withheld);
        assert_eq!(name(&cleared.record), None);
        // Writing what shows already still changes nothing.
        let shown = [FieldEdit::set("name_zh", "扳手")];
        let kind = RecordKind::Item;
        let again = edit(&stolen.saved, kind, chain(3), &shown, &counting(&withheld)).unwrap();
        assert!(again.is_none_or(|again| name(&again.record) == Some("扳手")));
    }
}

/// (who, which field, value or clearing, which earlier writers have been seen)
type Step = (u8, u8, Option<u8>, u8);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(
        (0u8..3, 0u8..3, proptest::option::of(0u8..4), 0u8..8),
        1..14,
    )
}

/// Three devices that now and then learn of each other's changes. Returns all changes.
fn history(steps: &[Step]) -> Vec<Change> {
    let none = ChangeHashes::new();
    let base = set(
        &[],
        9,
        &[
            FieldEdit::set("sku", "A"),
            FieldEdit::set("barcodes/690", 1),
        ],
        &none,
    );
    let mut all = vec![base.change];
    let mut known: [Vec<Change>; 3] = [all.clone(), all.clone(), all.clone()];
    for (who, field, value, learns) in steps {
        let who_at = usize::from(*who);
        for other in (0..3).filter(|n| learns & (1 << n) != 0) {
            let theirs = known[other].clone();
            known[who_at].extend(theirs);
        }
        let path = ["sku", "name_zh", "barcodes/690"][usize::from(*field)];
        let wanted = match value {
            Some(n) => FieldEdit::set(path, i64::from(*n)),
            None => FieldEdit::clear(path),
        };
        let (saved, _) = merge(&[], known[who_at].clone(), &counting(&none)).unwrap();
        let edited = edit(
            &saved,
            RecordKind::Item,
            chain(who + 1),
            &[wanted],
            &counting(&none),
        );
        if let Some(edited) = edited.unwrap() {
            known[who_at].push(edited.change.clone());
            all.push(edited.change);
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// With nothing withheld it reads as automerge does.
    #[test]
    fn our_reading_is_automerges(steps in steps()) {
        let all = history(&steps);
        let mut doc = AutoCommit::new();
        doc.apply_changes(all).unwrap();
        let theirs = super::super::readable(&doc).unwrap();
        prop_assert_eq!(read_counted(&doc.get_changes(&[]), |_| true), theirs);
    }

    /// Withholding one device reads the same in any order of arrival, and if nobody had seen it, as if it were not there.
    #[test]
    fn withholding_does_not_depend_on_the_order(steps in steps(), turn in 0usize..20) {
        let all = history(&steps);
        let by = |c: &Change| c.actor_id().to_bytes() == chain(2).as_bytes();
        let withheld: ChangeHashes = all.iter().filter(|c| by(c)).map(|c| c.hash().0).collect();
        let (saved, one) = merge(&[], all.clone(), &counting(&withheld)).unwrap();
        let mut turned = all.clone();
        let len = turned.len();
        turned.rotate_left(turn % len);
        let mut other = (Vec::new(), None);
        for change in turned {
            other = merge(&other.0, vec![change], &counting(&withheld)).unwrap();
        }
        prop_assert_eq!(&one, &other.1);
        prop_assert_eq!(&one, &read(&saved, &counting(&withheld)).ok());
        let seen = all.iter().any(|c| !by(c) && c.deps().iter().any(|d| withheld.contains(&d.0)));
        if !seen {
            let honest: Vec<Change> = all.into_iter().filter(|c| !by(c)).collect();
            prop_assert_eq!(one, merge(&[], honest, &counting(&ChangeHashes::new())).unwrap().1);
        }
    }
}
