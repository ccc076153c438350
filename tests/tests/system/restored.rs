//! A server is destroyed and comes back from its backup: the handhelds bring what it lacks, their own work, that of a
//! handheld that is gone, and the server's own.

use std::path::PathBuf;
use std::sync::PoisonError;

use anyhow::Result;
use documents::{Certificate, FieldEdit, Partition, RecordKind, SigningKey};
use domain::{ChainId, DeviceId};
use protocol::{RenewReason, RenewRequest};
use replica::{Commit, RecordEdit};
use sync_server::backup;
use tempfile::TempDir;
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

/// A server with its handhelds, and the folder in which all of them lie.
struct Fleet {
    folder: TempDir,
    /// Where the server keeps its data.
    data: PathBuf,
    /// Absent while there is none.
    host: Option<HubHost>,
    handhelds: Vec<Handheld>,
    random: Random,
    restores: u32,
}

impl Fleet {
    fn new(size: u8, seed: u64) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("server");
        std::fs::create_dir(&data)?;
        let host = HubHost::start(&data)?;
        let edits = (0..6).map(item_edit).chain((0..4).map(bin_edit)).collect();
        let catalogue = Commit {
            edits,
            ..Commit::default()
        };
        host.get().commit(catalogue, T0)?;
        let mut fleet = Self {
            folder,
            data,
            host: Some(host),
            handhelds: Vec::new(),
            random: Random::new(seed),
            restores: 0,
        };
        for n in 0..size {
            let handheld = fleet.enrol(n, T0)?;
            fleet.handhelds.push(handheld);
        }
        Ok(fleet)
    }

    /// As [`Fleet::new`]; everybody is up to date, and there is a backup.
    fn backed_up(size: u8, seed: u64) -> Result<Self> {
        let mut fleet = Self::new(size, seed)?;
        fleet.settle(T0)?;
        backup::make(&fleet.data, &fleet.backup(), T0)?;
        Ok(fleet)
    }

    fn backup(&self) -> PathBuf {
        self.folder.path().join("backup")
    }

    fn host(&self) -> &HubHost {
        self.host.as_ref().expect("there is a server")
    }

    fn enrol(&self, n: u8, now: i64) -> Result<Handheld> {
        Handheld::enrol(self.folder.path(), self.host().get(), n, now)
    }

    /// One handheld writes something; how many events.
    fn work(&mut self, n: usize, now: i64) -> Result<usize> {
        let event = random_event(&mut self.random);
        self.handhelds[n].record(vec![event], now)
    }

    fn settle(&mut self, now: i64) -> Result<()> {
        let host = self.host.as_ref().expect("there is a server");
        for _ in 0..4 {
            for handheld in &mut self.handhelds {
                handheld.exchange(host.get(), Wire::Good, now, &mut self.random)?;
                host.get().pump(now)?;
            }
        }
        for (n, handheld) in self.handhelds.iter().enumerate() {
            let events = handheld.replica.query().event_count()?;
            let hash = handheld.replica.state_hash(SITE)?.to_string();
            assert_eq!((hash, events), shown(host)?, "handheld {n}");
            assert_eq!(handheld.replica.waiting()?.total(), 0, "handheld {n}");
        }
        Ok(())
    }

    /// The server and its data are no more.
    fn burn(&mut self) -> Result<()> {
        self.host = None;
        Ok(std::fs::remove_dir_all(&self.data)?)
    }

    /// Another server is made of the backup.
    fn restore(&mut self, now: i64) -> Result<()> {
        self.restores += 1;
        let again = format!("restored-{}", self.restores);
        self.data = self.folder.path().join(again);
        backup::restore(&self.backup(), &self.data)?;
        self.start(now)
    }

    fn start(&mut self, now: i64) -> Result<()> {
        self.host = None;
        self.host = Some(HubHost::open(&self.data, now)?);
        Ok(())
    }
}

#[test]
fn a_destroyed_server_comes_back_from_its_backup_and_nothing_is_missing() -> Result<()> {
    let mut fleet = Fleet::new(2, 9)?;
    let mut acknowledged = 0;
    let mut now = T0;

    // The backup is made while both work and sync.
    let (data, copy) = (fleet.data.clone(), fleet.backup());
    let backup = std::thread::spawn(move || backup::make(&data, &copy, T0));
    for _ in 0..20 {
        now += MINUTE;
        for n in 0..2 {
            acknowledged += fleet.work(n, now)?;
            let host = fleet.host.as_ref().expect("there is a server");
            fleet.handhelds[n].exchange(host.get(), Wire::Good, now, &mut fleet.random)?;
        }
    }
    let made = backup
        .join()
        .map_err(|_| anyhow::anyhow!("the backup panicked"))??;
    assert!(made.missing.is_empty());
    assert_eq!(backup::verify(&fleet.backup()).problems, [""; 0]);

    // Not in the backup: work of both, a name given on the console, a third handheld and its work.
    let third = fleet.enrol(2, now)?;
    fleet.handhelds.push(third);
    for n in 0..30 {
        now += MINUTE;
        acknowledged += fleet.work(n % 3, now)?;
    }
    rename(fleet.host(), 1, "备份之后的名字", now)?;
    fleet.settle(now)?;
    let before = shown(fleet.host())?;
    assert_eq!(before.1 as usize, acknowledged);

    // The server burns, and the third handheld with it.
    fleet.burn()?;
    fleet.handhelds.pop();
    now += MINUTE;
    fleet.restore(now)?;
    assert_ne!(shown(fleet.host())?, before);
    // Work goes on before anybody has noticed, on the restored server too.
    rename(fleet.host(), 2, "恢复之后的名字", now)?;
    acknowledged += fleet.work(0, now)?;
    fleet.settle(now)?;
    assert_eq!(shown(fleet.host())?.1 as usize, acknowledged);

    // The next backup holds all of it.
    let second = fleet.folder.path().join("second");
    backup::make(&fleet.data, &second, now)?;
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
    let mut fleet = Fleet::backed_up(3, 5)?;
    let mut now = T0 + MINUTE;
    // Of three copies one is released. A device of before the backup is revoked, and one of after it.
    let (_, open) = copy_of(fleet.host(), &fleet.handhelds[0], 201, now)?;
    let (released_device, released) = copy_of(fleet.host(), &fleet.handhelds[1], 202, now)?;
    fleet.host().get().trust(released_device, now)?;
    let (late_device, late) = copy_of(fleet.host(), &fleet.handhelds[1], 203, now)?;
    fleet.host().get().trust(late_device, now)?;
    fleet.host().get().set_revoked(late_device, true, now)?;
    let lost = fleet.handhelds.remove(2);
    let (lost_device, lost_chain) = (
        lost.replica.enrolled()?.device,
        lost.replica.own_chain(Partition::Site(SITE)),
    );
    fleet.host().get().set_revoked(lost_device, true, now)?;
    let suspected = |fleet: &Fleet| -> Result<Vec<(ChainId, String)>> {
        let mut all = fleet.host().get().suspicions()?;
        all.retain(|(chain, _)| {
            [open, released, late].contains(chain) || Some(*chain) == lost_chain
        });
        all.sort();
        Ok(all)
    };
    let before = suspected(&fleet)?;
    assert_eq!(before.len(), 3, "{before:?}");
    fleet.settle(now)?;

    fleet.burn()?;
    now += MINUTE;
    fleet.restore(now)?;
    assert_eq!(suspected(&fleet)?, []);
    fleet.settle(now)?;
    assert_eq!(suspected(&fleet)?, before);
    let devices = fleet.host().get().devices()?;
    let row = devices.iter().find(|row| row.device == lost_device);
    assert!(row.is_some_and(|row| row.revoked));

    // Another start changes nothing, and rights that are given back are given back.
    fleet.start(now)?;
    assert_eq!(suspected(&fleet)?, before);
    fleet.host().get().set_revoked(lost_device, false, now)?;
    rename(fleet.host(), 1, "之后的名字", now)?;
    fleet.settle(now)?;
    assert_eq!(suspected(&fleet)?.len(), 2);
    Ok(())
}

#[test]
fn what_a_restored_server_wrote_comes_back_when_it_is_destroyed_again() -> Result<()> {
    let mut fleet = Fleet::backed_up(1, 4)?;
    let mut acknowledged = 0;
    let mut now = T0;
    // Nobody made another backup in between: the chains of the first restored server are in none.
    for n in 1..4 {
        now += MINUTE;
        fleet.burn()?;
        fleet.restore(now)?;
        fleet.settle(now)?;
        // A handheld that it has certified works, and is gone before the next one is restored.
        let other = fleet.enrol(n, now)?;
        fleet.handhelds.push(other);
        acknowledged += fleet.work(1, now)?;
        acknowledged += fleet.work(0, now)?;
        rename(fleet.host(), n, "恢复之后的名字", now)?;
        fleet.settle(now)?;
        fleet.handhelds.pop();
        assert_eq!(shown(fleet.host())?.1 as usize, acknowledged);
    }
    Ok(())
}

#[test]
fn who_carries_the_work_of_a_handheld_brings_the_servers_word_for_it_too() -> Result<()> {
    let mut fleet = Fleet::backed_up(1, 6)?;
    // Enrolled after the backup, it meets a neighbour, and never the server; nor has the neighbour heard of it there.
    let now = T0 + MINUTE;
    let mut lost = fleet.enrol(1, now)?;
    let acknowledged = lost.record(vec![random_event(&mut fleet.random)], now)?;
    for parcel in &exchange::parcels_for_anyone(&mut lost.replica, 1 << 20)? {
        exchange::take(&mut fleet.handhelds[0].replica, parcel, now)?;
    }
    let carried = fleet.handhelds[0].replica.query().event_count()?;
    assert_eq!(carried as usize, acknowledged);
    drop(lost);
    fleet.burn()?;
    fleet.restore(now)?;
    fleet.settle(now)?;
    assert_eq!(shown(fleet.host())?.1 as usize, acknowledged);
    Ok(())
}
