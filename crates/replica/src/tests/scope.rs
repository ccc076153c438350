//! A reader that is told which sites there are knows of no other.

use std::collections::BTreeSet;

use super::*;
use crate::query::EventFilter;

const ELSEWHERE: SiteId = SiteId::from_bytes([0x52; 16]);

/// Tables that hold nothing that a question answers with by itself: they are read by an id, a chain or an event that one of
/// the covered tables gave.
const NOT_COVERED: [&str; 7] = [
    "chain",
    "chain_end",
    "cursor",
    "draft",
    "own_change",
    "snapshot",
    "unreadable",
];

fn worked_in() -> (tempfile::TempDir, Replica) {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions::file(folder.path().join("replica.db"), None, [1; 8]);
    let mut replica = enrolled(0, options, 5);
    let site = Site {
        id: SITE,
        code: "S1".into(),
        name_en: "Here".into(),
        name_zh: "这里".into(),
        time_zone: "UTC".into(),
    };
    let site = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Site,
        id: SITE.into(),
        fields: site.to_fields(),
    };
    replica
        .commit(edits(vec![site, create_item(1, "扳手"), create_bin(1)]), T0)
        .unwrap();
    replica
        .commit(events(vec![receive(1, 1, 2), issue(1, 1, 5)]), T0 + 1)
        .unwrap();
    (folder, replica)
}

#[test]
fn a_site_that_is_not_among_them_is_not_there() {
    let (_folder, replica) = worked_in();
    let reader = |sites: &[SiteId]| replica.reader().unwrap().unwrap().within(sites).unwrap();
    for (sites, sees) in [
        (&[SITE][..], true),
        (&[ELSEWHERE], false),
        (&[ELSEWHERE, SITE], true),
        (&[], false),
    ] {
        let reader = reader(sites);
        let q = reader.query();
        let exceptions = q.exceptions(&ExceptionFilter::default(), 9).unwrap();
        let seen = [
            q.sites().unwrap().len() == 1,
            q.site(SITE).unwrap().is_some(),
            q.bin(bin_id(1)).unwrap().is_some(),
            q.bins(SITE, 0, 9).unwrap().len() == 1,
            q.events(&EventFilter::default(), 9).unwrap().len() == 2,
            q.event_count().unwrap() == 2,
            q.history_of_bin(bin_id(1), 9).unwrap().len() == 2,
            q.stock_list(None, "", 0, 9).unwrap().len() == 1,
            q.stock_of_bin(bin_id(1)).unwrap().len() == 1,
            q.item_stock_list("", 0, 9).unwrap()[0].balance == units(2).minus(units(5)),
            exceptions.len() == 1,
            q.open_exception_count().unwrap() == 1,
            q.search("A-01", 9).unwrap().len() == 1,
        ];
        assert!(seen.iter().all(|seen| *seen == sees), "{sites:?} {seen:?}");
        assert!(q.item(item_id(1)).unwrap().is_some(), "the organisation's");
        assert_eq!(q.search("扳手", 9).unwrap().len(), 1);
    }
    // The writer and other readers see all.
    assert_eq!(replica.query().sites().unwrap().len(), 1);
    let plain = replica.reader().unwrap().unwrap();
    assert_eq!(plain.query().event_count().unwrap(), 2);
}

#[test]
fn a_narrowed_reader_writes_nothing() {
    let (_folder, replica) = worked_in();
    let reader = replica.reader().unwrap().unwrap().within(&[SITE]).unwrap();
    let refused = reader.connection.execute("DELETE FROM main.bin", []);
    assert!(refused.is_err());
}

/// A new table with a site in it needs a view in `scope.rs`.
#[test]
fn every_table_with_a_site_in_it_is_covered() {
    let (_folder, replica) = worked_in();
    let reader = replica.reader().unwrap().unwrap().within(&[SITE]).unwrap();
    let names = |sql: &str| -> BTreeSet<String> {
        let mut statement = reader.connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |r| r.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let with_a_site = names(
        "SELECT m.name FROM main.sqlite_schema m JOIN pragma_table_info(m.name, 'main') c
         WHERE m.type IN ('table', 'view') AND c.name IN ('site', 'partition', 'to_site')",
    );
    let covered = names("SELECT name FROM temp.sqlite_schema WHERE type = 'view'");
    for table in &with_a_site {
        assert!(
            covered.contains(table) || NOT_COVERED.contains(&table.as_str()),
            "{table} has no view in scope.rs"
        );
    }
    assert!(with_a_site.len() > 8, "{with_a_site:?}");
}

/// Of many events, the newest are found by their place, whoever asks.
#[test]
fn the_feed_stays_on_its_index() {
    let (_folder, replica) = worked_in();
    let reader = replica.reader().unwrap().unwrap().within(&[SITE]).unwrap();
    let mut statement = reader
        .connection
        .prepare(
            "EXPLAIN QUERY PLAN SELECT e.number FROM event e JOIN chain c ON c.id = e.chain
             WHERE e.place < x'ff' ORDER BY e.place DESC LIMIT 50",
        )
        .unwrap();
    let rows = statement
        .query_map([], |r| r.get::<_, String>("detail"))
        .unwrap();
    let plan: Vec<String> = rows.map(Result::unwrap).collect();
    assert!(
        plan.iter().any(|step| step.contains("event_by_place")),
        "{plan:?}"
    );
    assert!(
        !plan.iter().any(|step| step.contains("ORDER BY")),
        "{plan:?}"
    );
}
