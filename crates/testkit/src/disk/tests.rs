use rusqlite::{Connection, Error, ErrorCode, OpenFlags};

use super::*;

const KEY: &str =
    "PRAGMA key = \"x'2dd29ca851e7b56e4697b0e1f08507293d761a05ce4d1b628663f411a8086d99'\"";

fn open(mount: Mount, key: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::default();
    let db = Connection::open_with_flags_and_vfs(mount.path("a.db"), flags, VFS)?;
    if key {
        db.execute_batch(KEY)?;
    }
    db.execute_batch(
        "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA wal_autocheckpoint = 8;
         CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, filler BLOB)",
    )?;
    Ok(db)
}

fn insert(db: &Connection, n: i64) -> rusqlite::Result<()> {
    db.execute("INSERT INTO t VALUES (?1, zeroblob(3000))", [n])?;
    Ok(())
}

fn rows(db: &Connection) -> Vec<i64> {
    let mut statement = db.prepare("SELECT n FROM t ORDER BY n").unwrap();
    let rows = statement.query_map([], |r| r.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn is_sound(db: &Connection) {
    let said: String = db
        .query_row("PRAGMA integrity_check", [], |r| r.get(0))
        .unwrap();
    assert_eq!(said, "ok");
}

/// Works until something fails; returns how many inserts came back well.
fn work(disk: &Disk, key: bool) -> i64 {
    let Ok(db) = open(disk.mount(), key) else {
        return 0;
    };
    (1..=20).take_while(|n| insert(&db, *n).is_ok()).count() as i64
}

#[test]
fn what_was_committed_survives_a_power_cut_between_any_two_writes() {
    for key in [false, true] {
        let mut ends = std::collections::BTreeSet::new();
        for stop in 0.. {
            let disk = Disk::new(stop);
            disk.stop_after(stop);
            let done = work(&disk, key);
            let was_cut = disk.stands_still();
            disk.power_cut();
            let db = open(disk.mount(), key).unwrap();
            is_sound(&db);
            let found = rows(&db);
            // The one under way may have come through, or not.
            assert!(
                found == Vec::from_iter(1..=done) || found == Vec::from_iter(1..=done + 1),
                "after {stop} operations: {done} were done, {found:?} are there"
            );
            ends.insert(done);
            if !was_cut {
                break;
            }
        }
        assert_eq!(ends.len(), 21, "a cut after every insert");
    }
}

/// Writes without syncing, cuts the power, and returns what is left; `None`: a database that cannot be read.
fn left_of_unsynced(seed: u64) -> Option<Vec<i64>> {
    let disk = Disk::new(seed);
    let db = open(disk.mount(), false).unwrap();
    db.execute_batch("PRAGMA synchronous = off; PRAGMA wal_autocheckpoint = 0")
        .unwrap();
    (1..=5).for_each(|n| insert(&db, n).unwrap());
    disk.power_cut();
    drop(db);
    let db = open(disk.mount(), false).ok()?;
    is_sound(&db);
    Some(rows(&db))
}

#[test]
fn what_was_not_synced_is_forgotten_from_some_place_on() {
    let left: Vec<_> = (0..200).map(left_of_unsynced).collect();
    for n in 0..=5 {
        assert!(left.contains(&Some((1..=n).collect())), "{left:?}");
    }
    assert_eq!(left, (0..200).map(left_of_unsynced).collect::<Vec<_>>());
}

#[test]
fn a_killed_process_leaves_what_it_wrote_and_no_lock() {
    let disk = Disk::new(1);
    let mount = disk.mount();
    let db = open(mount, false).unwrap();
    db.execute_batch("PRAGMA synchronous = off").unwrap();
    insert(&db, 1).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    insert(&db, 2).unwrap();
    disk.kill(mount);
    assert!(db.execute_batch("COMMIT").is_err());
    drop(db);
    let db = open(disk.mount(), false).unwrap();
    assert_eq!(rows(&db), [1]);
    insert(&db, 2).unwrap();
}

#[test]
fn one_failing_write_or_sync_costs_one_transaction() {
    let count = {
        let disk = Disk::new(1);
        assert_eq!(work(&disk, false), 20);
        let counts = disk.counts();
        counts.writes + counts.syncs
    };
    for at in 0..count {
        let disk = Disk::new(at);
        let db = open(disk.mount(), false).unwrap();
        let mut expected = Vec::new();
        disk.fail_after(at);
        for n in 1..=20 {
            if insert(&db, n).is_ok() {
                expected.push(n);
            }
        }
        assert!(expected.len() >= 19);
        assert_eq!(rows(&db), expected, "error at {at}");
        is_sound(&db);
        disk.power_cut();
        drop(db);
        let db = open(disk.mount(), false).unwrap();
        is_sound(&db);
        let found = rows(&db);
        assert!(expected.iter().all(|n| found.contains(n)), "error at {at}");
    }
}

#[test]
fn a_full_disk_refuses_and_takes_again_when_there_is_room() {
    let disk = Disk::new(1);
    let db = open(disk.mount(), false).unwrap();
    insert(&db, 1).unwrap();
    disk.set_quota(Some(disk.bytes()));
    let refused = (2..=20).find_map(|n| insert(&db, n).err()).unwrap();
    assert!(
        matches!(refused, Error::SqliteFailure(e, _) if e.code == ErrorCode::DiskFull),
        "{refused}"
    );
    disk.set_quota(None);
    insert(&db, 100).unwrap();
    is_sound(&db);
}

#[test]
fn two_processes_share_a_database() {
    let disk = Disk::new(1);
    let (one, two) = (
        open(disk.mount(), false).unwrap(),
        open(disk.mount(), false).unwrap(),
    );
    insert(&one, 1).unwrap();
    insert(&two, 2).unwrap();
    assert_eq!(rows(&one), [1, 2]);
    one.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = insert(&two, 3).unwrap_err();
    assert!(
        matches!(busy, Error::SqliteFailure(e, _) if e.code == ErrorCode::DatabaseBusy),
        "{busy}"
    );
    one.execute_batch("COMMIT").unwrap();
    insert(&two, 3).unwrap();
    drop(two);
    assert_eq!(rows(&one), [1, 2, 3]);
}

#[test]
fn an_image_brings_the_disk_of_then_back() {
    let disk = Disk::new(1);
    let db = open(disk.mount(), true).unwrap();
    insert(&db, 1).unwrap();
    let image = disk.image();
    insert(&db, 2).unwrap();
    drop(db);
    let clone = Disk::new(2);
    clone.restore(&image);
    assert_eq!(rows(&open(clone.mount(), true).unwrap()), [1]);
    assert_eq!(rows(&open(disk.mount(), true).unwrap()), [1, 2]);
}
