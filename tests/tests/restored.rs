//! A server is destroyed and comes back from its backup: the handhelds bring what it lacks, their own work, that of a
//! handheld that is gone, and the server's own.

use std::sync::PoisonError;

use anyhow::Result;
use documents::{FieldEdit, Partition, RecordKind};
use replica::{Commit, RecordEdit};
use sync_server::backup;
use testkit::random::Random;
use tests::fleet::{Handheld, HubHost, SITE, T0, Wire, bin_edit, item, item_edit, random_event};

const MINUTE: i64 = 60_000;

/// What a supervisor writes on the console.
fn rename(host: &HubHost, n: u8, name_zh: &str, now: i64) -> Result<()> {
    let edit = RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item(n).into(),
        fields: vec![FieldEdit::set("name_zh", name_zh)],
    };
    let commit = Commit {
        edits: vec![edit],
        ..Commit::default()
    };
    host.get().commit(commit, now)?;
    Ok(())
}

/// What the server shows: its state and how many events.
fn shown(host: &HubHost) -> Result<(String, u64)> {
    let replica = host
        .get()
        .replica()
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    Ok((
        replica.state_hash(SITE)?.to_string(),
        replica.query().event_count()?,
    ))
}

fn settle(host: &HubHost, handhelds: &mut [Handheld], now: i64, random: &mut Random) -> Result<()> {
    for _ in 0..4 {
        for handheld in handhelds.iter_mut() {
            handheld.exchange(host.get(), Wire::Good, now, random)?;
            host.get().pump(now)?;
        }
    }
    for (n, handheld) in handhelds.iter().enumerate() {
        let events = handheld.replica.query().event_count()?;
        let hash = handheld.replica.state_hash(SITE)?.to_string();
        assert_eq!((hash, events), shown(host)?, "handheld {n}");
        assert_eq!(handheld.replica.waiting()?.total(), 0, "handheld {n}");
    }
    Ok(())
}

#[test]
fn a_destroyed_server_comes_back_from_its_backup_and_nothing_is_missing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (data, copy, again) = (
        folder.path().join("server"),
        folder.path().join("backup"),
        folder.path().join("restored"),
    );
    std::fs::create_dir(&data)?;
    let host = HubHost::start(&data)?;
    let edits = (0..6).map(item_edit).chain((0..4).map(bin_edit)).collect();
    let catalogue = Commit {
        edits,
        ..Commit::default()
    };
    host.get().commit(catalogue, T0)?;
    let mut random = Random::new(9);
    let mut handhelds = Vec::new();
    for n in 0..2 {
        handhelds.push(Handheld::enrol(folder.path(), host.get(), n, T0)?);
    }
    let mut acknowledged = 0;
    let mut now = T0;

    // The backup is made while both work and sync.
    std::thread::scope(|threads| -> Result<()> {
        let backup = threads.spawn(|| backup::make(&data, &copy, T0));
        for _ in 0..20 {
            now += MINUTE;
            for handheld in &mut handhelds {
                acknowledged += handheld.record(vec![random_event(&mut random)], now)?;
                handheld.exchange(host.get(), Wire::Good, now, &mut random)?;
            }
        }
        let made = backup
            .join()
            .map_err(|_| anyhow::anyhow!("the backup panicked"))??;
        assert!(made.missing.is_empty());
        Ok(())
    })?;
    assert_eq!(backup::verify(&copy).problems, [""; 0]);

    // Not in the backup: work of both, a name given on the console, a third handheld and its work.
    handhelds.push(Handheld::enrol(folder.path(), host.get(), 2, now)?);
    for n in 0..30 {
        now += MINUTE;
        acknowledged += handhelds[n % 3].record(vec![random_event(&mut random)], now)?;
    }
    rename(&host, 1, "备份之后的名字", now)?;
    settle(&host, &mut handhelds, now, &mut random)?;
    let before = shown(&host)?;
    assert_eq!(before.1 as usize, acknowledged);

    // The server burns, and the third handheld with it.
    drop(host);
    std::fs::remove_dir_all(&data)?;
    handhelds.pop();
    now += MINUTE;
    backup::restore(&copy, &again, now)?;
    let host = HubHost::open(&again, now)?;
    assert_ne!(shown(&host)?, before);
    // Work goes on before anybody has noticed, on the restored server too.
    rename(&host, 2, "恢复之后的名字", now)?;
    acknowledged += handhelds[0].record(vec![random_event(&mut random)], now)?;
    settle(&host, &mut handhelds, now, &mut random)?;
    assert_eq!(shown(&host)?.1 as usize, acknowledged);

    // The next backup holds all of it.
    let second = folder.path().join("second");
    backup::make(&again, &second, now)?;
    assert_eq!(backup::verify(&second).problems, [""; 0]);
    Ok(())
}
