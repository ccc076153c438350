//! What a newer program wrote passes through nodes of this one unharmed.

use std::sync::PoisonError;

use anyhow::Result;
use documents::{FieldEdit, Partition, RecordKind};
use domain::EventBody;
use replica::query::EventFilter;
use replica::{Commit, RecordEdit, Replica};
use testkit::random::Random;
use tests::fleet::{Handheld, HubHost, SITE, T0, Wire, bin_edit, item, item_edit, random_event};

/// A kind that no program of today knows, with fields [17, "later", [true]].
fn later_event() -> EventBody {
    EventBody::Unknown {
        kind: 9_000,
        raw: b"\x83\x11\x65later\x81\xf5".to_vec(),
    }
}

/// Every signed byte of a site and of the shared partition.
fn signed(replica: &Replica) -> Result<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    for partition in [Partition::Shared, Partition::Site(SITE)] {
        for (chain, _) in replica.chain_heads(partition)? {
            for segment in replica.segments_after(chain, 0, usize::MAX)?.0 {
                all.push([segment.header_bytes(), segment.body_bytes()].concat());
            }
        }
    }
    Ok(all)
}

#[test]
fn kinds_and_fields_of_a_newer_program_pass_through_byte_for_byte() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let host = HubHost::start(folder.path())?;
    let edits = (0..6).map(item_edit).chain((0..4).map(bin_edit)).collect();
    let catalogue = Commit {
        edits,
        ..Commit::default()
    };
    host.get().commit(catalogue, T0)?;
    let mut random = Random::new(3);
    let mut newer = Handheld::enrol(folder.path(), host.get(), 0, T0)?;
    let mut older = Handheld::enrol(folder.path(), host.get(), 1, T0)?;
    for handheld in [&mut newer, &mut older] {
        handheld.exchange(host.get(), Wire::Good, T0, &mut random)?;
    }

    newer.record(vec![random_event(&mut random), later_event()], T0 + 1)?;
    let field = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item(1).into(),
        fields: vec![FieldEdit::set("field_of_later", "红")],
    };
    let commit = Commit {
        edits: vec![field],
        ..Commit::default()
    };
    newer.replica.commit(commit, T0 + 2)?;
    // An older node writes the same record meanwhile, without knowing the field.
    older.rename(item(1), "旧程序改名", T0 + 3)?;
    for _ in 0..2 {
        for handheld in [&mut newer, &mut older] {
            handheld.exchange(host.get(), Wire::Good, T0 + 10, &mut random)?;
        }
    }
    host.get().pump(T0 + 10)?;

    let hub = host
        .get()
        .replica()
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    for replica in [&newer.replica, &older.replica, &*hub] {
        assert_eq!(replica.state_hash(SITE)?, newer.replica.state_hash(SITE)?);
        assert!(signed(replica)? == signed(&newer.replica)?, "byte for byte");
        let query = replica.query();
        assert_eq!(
            query.event_count()?,
            2,
            "counted, though nobody can read it"
        );
        let events = query.events(&EventFilter::default(), 10)?;
        let kept = |row: &replica::query::EventRow| row.placed.event.record.body == later_event();
        assert!(events.iter().any(kept));
        let fields = query
            .record(item(1).into())?
            .map(|r| r.fields)
            .unwrap_or_default();
        assert_eq!(fields.get("field_of_later"), Some(&"红".into()));
        assert_eq!(fields.get("name_zh"), Some(&"旧程序改名".into()));
    }
    drop(hub);
    // After an upgrade everything is folded again from the same bytes.
    let before = older.replica.state_hash(SITE)?;
    older.replica.rebuild()?;
    assert_eq!(older.replica.state_hash(SITE)?, before);
    Ok(())
}
