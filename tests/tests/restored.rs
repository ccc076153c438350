//! A server is destroyed and comes back from its backup: the handhelds bring what it lacks, their own work, that of a
//! handheld that is gone, and the server's own.

use std::sync::PoisonError;

use anyhow::Result;
use documents::{Certificate, FieldEdit, Partition, RecordKind, SigningKey};
use domain::{ChainId, DeviceId};
use protocol::{RenewReason, RenewRequest};
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
    backup::restore(&copy, &again)?;
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

/// A copy of the handheld asks for a key of its own; the copy's new identity and its chain at the site.
fn copy_of(host: &HubHost, handheld: &Handheld, key: u8, now: i64) -> Result<(DeviceId, ChainId)> {
    let (identity, here) = (handheld.replica.enrolled()?, Partition::Site(SITE));
    let chain = handheld
        .replica
        .own_chain(here)
        .ok_or_else(|| anyhow::anyhow!("a chain"))?;
    let key = SigningKey::from_seed(&[key; 32]);
    let request = RenewRequest::new(RenewReason::Fork, chain, &identity.key, &key);
    let reply = host
        .get()
        .renew(&identity.token, &request, now)?
        .map_err(|code| anyhow::anyhow!("refused: {}", code.code()))?;
    let certificate = Certificate::verify(&reply.certificates[0], &reply.server_key)
        .ok_or_else(|| anyhow::anyhow!("a certificate"))?;
    Ok((certificate.device, certificate.site_chain))
}

#[test]
fn what_a_server_learnt_about_devices_after_its_backup_holds_after_the_restore() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (data, backup, again) = (
        folder.path().join("server"),
        folder.path().join("backup"),
        folder.path().join("restored"),
    );
    std::fs::create_dir(&data)?;
    let host = HubHost::start(&data)?;
    let mut handhelds = (0..3)
        .map(|n| Handheld::enrol(folder.path(), host.get(), n, T0))
        .collect::<Result<Vec<_>>>()?;
    let mut random = Random::new(5);
    settle(&host, &mut handhelds, T0, &mut random)?;
    backup::make(&data, &backup, T0)?;

    let mut now = T0 + MINUTE;
    // Of three copies one is released. A device of before the backup is revoked, and one of after it.
    let (_, open) = copy_of(&host, &handhelds[0], 201, now)?;
    let (released_device, released) = copy_of(&host, &handhelds[1], 202, now)?;
    host.get().trust(released_device, now)?;
    let (late_device, late) = copy_of(&host, &handhelds[1], 203, now)?;
    host.get().trust(late_device, now)?;
    host.get().set_revoked(late_device, true, now)?;
    let lost = handhelds.remove(2);
    let (lost_device, lost_chain) = (
        lost.replica.enrolled()?.device,
        lost.replica.own_chain(Partition::Site(SITE)),
    );
    host.get().set_revoked(lost_device, true, now)?;
    let suspected = |host: &HubHost| -> Result<Vec<(ChainId, String)>> {
        let mut all = host.get().suspicions()?;
        all.retain(|(chain, _)| {
            [open, released, late].contains(chain) || Some(*chain) == lost_chain
        });
        all.sort();
        Ok(all)
    };
    let before = suspected(&host)?;
    assert_eq!(before.len(), 3, "{before:?}");
    settle(&host, &mut handhelds, now, &mut random)?;

    drop(host);
    std::fs::remove_dir_all(&data)?;
    now += MINUTE;
    backup::restore(&backup, &again)?;
    let host = HubHost::open(&again, now)?;
    assert_eq!(suspected(&host)?, []);
    settle(&host, &mut handhelds, now, &mut random)?;
    assert_eq!(suspected(&host)?, before);
    let devices = host.get().devices()?;
    let row = devices.iter().find(|row| row.device == lost_device);
    assert!(row.is_some_and(|row| row.revoked));

    // Another start changes nothing, and rights that are given back are given back.
    drop(host);
    let host = HubHost::open(&again, now)?;
    assert_eq!(suspected(&host)?, before);
    host.get().set_revoked(lost_device, false, now)?;
    rename(&host, 1, "之后的名字", now)?;
    settle(&host, &mut handhelds, now, &mut random)?;
    assert_eq!(suspected(&host)?.len(), 2);
    Ok(())
}

#[test]
fn what_a_restored_server_wrote_comes_back_when_it_is_destroyed_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (data, copy) = (folder.path().join("server"), folder.path().join("backup"));
    std::fs::create_dir(&data)?;
    let mut host = HubHost::start(&data)?;
    let edits = (0..6).map(item_edit).chain((0..4).map(bin_edit)).collect();
    let catalogue = Commit {
        edits,
        ..Commit::default()
    };
    host.get().commit(catalogue, T0)?;
    let mut random = Random::new(4);
    let mut handhelds = vec![Handheld::enrol(folder.path(), host.get(), 0, T0)?];
    settle(&host, &mut handhelds, T0, &mut random)?;
    backup::make(&data, &copy, T0)?;
    let mut acknowledged = 0;
    let mut now = T0;
    // Nobody made another backup in between: the chains of the first restored server are in none.
    for n in 1..4 {
        now += MINUTE;
        drop(host);
        let again = folder.path().join(format!("restored-{n}"));
        backup::restore(&copy, &again)?;
        host = HubHost::open(&again, now)?;
        settle(&host, &mut handhelds, now, &mut random)?;
        // A handheld that it has certified works, and is gone before the next one is restored.
        let mut other = Handheld::enrol(folder.path(), host.get(), n, now)?;
        acknowledged += other.record(vec![random_event(&mut random)], now)?;
        acknowledged += handhelds[0].record(vec![random_event(&mut random)], now)?;
        rename(&host, n, "恢复之后的名字", now)?;
        let mut both = vec![handhelds.remove(0), other];
        settle(&host, &mut both, now, &mut random)?;
        both.pop();
        handhelds = both;
        assert_eq!(shown(&host)?.1 as usize, acknowledged);
    }
    Ok(())
}

#[test]
fn who_carries_the_work_of_a_handheld_brings_the_servers_word_for_it_too() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (data, copy, again) = (
        folder.path().join("server"),
        folder.path().join("backup"),
        folder.path().join("restored"),
    );
    std::fs::create_dir(&data)?;
    let host = HubHost::start(&data)?;
    let mut random = Random::new(6);
    let mut handhelds = vec![Handheld::enrol(folder.path(), host.get(), 0, T0)?];
    settle(&host, &mut handhelds, T0, &mut random)?;
    backup::make(&data, &copy, T0)?;

    // Enrolled after the backup, it meets a neighbour, and never the server; nor has the neighbour heard of it there.
    let now = T0 + MINUTE;
    let mut lost = Handheld::enrol(folder.path(), host.get(), 1, now)?;
    let acknowledged = lost.record(vec![random_event(&mut random)], now)?;
    let file = exchange::parcels_for_anyone(&mut lost.replica, 1 << 20)?;
    for parcel in &file {
        exchange::take(&mut handhelds[0].replica, parcel, now)?;
    }
    assert_eq!(
        handhelds[0].replica.query().event_count()? as usize,
        acknowledged
    );
    drop((host, lost));
    std::fs::remove_dir_all(&data)?;
    backup::restore(&copy, &again)?;
    let host = HubHost::open(&again, now)?;
    settle(&host, &mut handhelds, now, &mut random)?;
    assert_eq!(shown(&host)?.1 as usize, acknowledged);
    Ok(())
}
