//! Snapshots of partitions in which something lies in quarantine, or lay.

use domain::ledger::Subject;

use super::quarantine::{carry, decide, rename};
use super::snapshot::{DAY, SITE_PARTITION, Site};
use super::*;

/// Devices other than 1: here a record of it and bin 1 would have one identity.
struct Scene {
    site: Site,
    honest: Replica,
    /// It has the suspect's work from its hand, and nothing after it.
    neighbour: Replica,
}

/// A device in question received goods and renamed an item; a month of honest work followed. `decided`: what the server
/// had decided before the cut.
fn month_after_a_suspect(decided: Option<bool>) -> Scene {
    let mut site = Site::new();
    let (mut suspect, mut honest, mut neighbour) = (device(3), device(2), device(4));
    site.sync(&mut [&mut suspect, &mut neighbour], T0 + 1);
    for partition in [Partition::Shared, SITE_PARTITION] {
        site.suspects.extend(suspect.own_chain(partition));
    }
    suspect
        .commit(edits(vec![rename("坏"), create_item(3, "假的")]), T0 + 2)
        .unwrap();
    suspect
        .commit(events(vec![receive(1, 1, 5), issue(2, 2, 1)]), T0 + 3)
        .unwrap();
    for partition in [Partition::Shared, SITE_PARTITION] {
        suspect.seal(partition).unwrap();
    }
    carry(&suspect, &mut neighbour);
    site.sync(&mut [&mut suspect], T0 + 1_000);
    if let Some(release) = decided {
        decide(&mut site.server, release, T0 + DAY);
        site.sync(&mut [], T0 + DAY);
    }
    for day in 2..30 {
        let now = T0 + day * DAY;
        let day = vec![receive(1, 1, 3), receive(2, 2, 1)];
        honest.commit(events(day), now).unwrap();
        site.sync(&mut [&mut honest], now);
    }
    Scene {
        site,
        honest,
        neighbour,
    }
}

fn begin(site: &Site) -> Replica {
    let mut new = device(5);
    site.install(&mut new, Partition::Shared, T0);
    site.install(&mut new, SITE_PARTITION, T0 + 20 * DAY);
    new
}

fn agree(site: &Site, new: &mut Replica) {
    for _ in 0..2 {
        site.agrees_with(new);
        assert_eq!(
            new.partition_hash(Partition::Shared).unwrap(),
            site.server.partition_hash(Partition::Shared).unwrap()
        );
        new.rebuild().unwrap();
    }
}

fn name(replica: &Replica) -> String {
    replica.query().item(item_id(1)).unwrap().unwrap().name_zh
}

#[test]
fn what_nobody_has_decided_does_not_count_and_rejected_it_never_does() {
    let Scene {
        mut site,
        mut honest,
        ..
    } = month_after_a_suspect(None);
    let mut new = begin(&site);
    site.sync(&mut [&mut new, &mut honest], T0 + 31 * DAY);
    agree(&site, &mut new);
    assert_eq!(name(&new), "扳手");
    assert!(new.query().item(item_id(3)).unwrap().is_none());
    let (fresh, day) = (units(28 * 3), T0 + 32 * DAY);
    assert_eq!(new.query().balance(SITE, &pile(1, 1)).unwrap(), fresh);

    decide(&mut site.server, false, day);
    site.sync(&mut [&mut new, &mut honest], day);
    agree(&site, &mut new);
    assert_eq!(name(&new), "扳手");
}

#[test]
fn released_behind_the_snapshot_records_count_at_once_and_stock_with_the_next_one() {
    let Scene {
        mut site,
        mut honest,
        ..
    } = month_after_a_suspect(None);
    let mut new = begin(&site);
    let now = T0 + 32 * DAY;
    decide(&mut site.server, true, now);
    site.sync(&mut [&mut new, &mut honest], now);
    assert_eq!(name(&new), "坏");
    assert_eq!(
        new.query().item(item_id(3)).unwrap().unwrap().name_zh,
        "假的"
    );
    for (b, i, stale) in [(1, 1, true), (2, 2, true), (1, 2, false)] {
        let subject = Subject::Stock(pile(b, i));
        let told = new.query().stale(SITE).unwrap().covers(&subject);
        assert_eq!(told, stale, "bin {b}, item {i}");
    }
    site.install(&mut new, SITE_PARTITION, T0 + 20 * DAY);
    agree(&site, &mut new);
    let with_theirs = units(28 * 3 + 5);
    assert_eq!(new.query().balance(SITE, &pile(1, 1)).unwrap(), with_theirs);
}

#[test]
fn what_was_decided_before_the_cut_stays_decided() {
    for release in [true, false] {
        let Scene {
            mut site,
            mut honest,
            ..
        } = month_after_a_suspect(Some(release));
        let mut new = begin(&site);
        site.sync(&mut [&mut new, &mut honest], T0 + 31 * DAY);
        agree(&site, &mut new);
        assert_eq!(name(&new), if release { "坏" } else { "扳手" });
        assert_eq!(new.query().item(item_id(3)).unwrap().is_some(), release);
        let theirs = if release { 5 } else { 0 };
        let all = units(28 * 3 + theirs);
        assert_eq!(new.query().balance(SITE, &pile(1, 1)).unwrap(), all);
    }
}

/// It had its neighbour's work from hand to hand, before any hub judged it, and has not read the log since.
#[test]
fn a_handheld_that_counted_it_already_stops_with_the_snapshot() {
    let Scene {
        site,
        mut neighbour,
        ..
    } = month_after_a_suspect(None);
    assert_eq!(name(&neighbour), "坏");
    let before = neighbour.query().balance(SITE, &pile(1, 1)).unwrap();
    assert_eq!(before, units(5));
    site.install(&mut neighbour, Partition::Shared, T0);
    site.install(&mut neighbour, SITE_PARTITION, T0 + 29 * DAY);
    agree(&site, &mut neighbour);
    assert_eq!(name(&neighbour), "扳手");
}
