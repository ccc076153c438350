//! Devices that begin, and go on, from snapshots of a real hub, over the real device half of sync.

use std::ops::Range;
use std::path::Path;

use documents::Partition;
use domain::{EventBody, Goods, Quantity, UnixMillis};
use replica::{Commit, Replica};
use sync_server::backup;
use testkit::random::Random;
use tests::fleet::{
    Handheld, HubHost, SITE, T0, Wire, bin, bin_edit, item, item_edit, random_event,
};

const DAY: i64 = 86_400_000;

fn sync(device: &mut Handheld, hub: &HubHost, now: UnixMillis, random: &mut Random) {
    hub.get().pump(now).unwrap();
    assert!(device.exchange(hub.get(), Wire::Good, now, random).unwrap());
    hub.get().pump(now).unwrap();
}

fn working_hash(replica: &Replica) -> String {
    replica.working_hash(SITE).unwrap().to_string()
}

/// A site with a catalogue and two devices.
fn enrolled(host: &HubHost, folder: &Path) -> Vec<Handheld> {
    let hub = host.get();
    hub.set_window(10 * DAY);
    hub.commit(
        Commit {
            edits: (0..6).map(item_edit).chain((0..4).map(bin_edit)).collect(),
            ..Commit::default()
        },
        T0,
    )
    .unwrap();
    (1..=2)
        .map(|n| Handheld::enrol(folder, hub, n, T0).unwrap())
        .collect()
}

/// Quarters of days on which one device works and then syncs; they take turns.
fn work(devices: &mut [Handheld], host: &HubHost, steps: Range<i64>, random: &mut Random) {
    for step in steps {
        let now = T0 + step * DAY / 4;
        let at = (step % 2) as usize;
        let events = (0..8).map(|_| random_event(random)).collect();
        devices[at].record(events, now).unwrap();
        sync(&mut devices[at], host, now, random);
    }
}

/// Forty days of work.
fn forty_days(host: &HubHost, folder: &Path, random: &mut Random) -> Vec<Handheld> {
    let mut devices = enrolled(host, folder);
    work(&mut devices, host, 0..160, random);
    devices
}

#[test]
fn a_new_device_starts_from_a_snapshot_of_the_hub_and_a_full_one_drops_its_history() {
    let folder = tempfile::tempdir().unwrap();
    let host = HubHost::start(folder.path()).unwrap();
    let mut random = Random::new(7);
    let mut devices = forty_days(&host, folder.path(), &mut random);
    let now = T0 + 40 * DAY;
    let mut new = Handheld::enrol(folder.path(), host.get(), 3, now).unwrap();
    new.takes_snapshots = true;
    // The first contact makes the hub build it; a device that cannot wait is served the log.
    sync(&mut new, &host, now, &mut random);
    assert!(host.get().build_snapshots(now).unwrap() > 0);
    let mut newer = Handheld::enrol(folder.path(), host.get(), 4, now).unwrap();
    newer.takes_snapshots = true;
    sync(&mut newer, &host, now, &mut random);
    let installed = newer
        .replica
        .installed_snapshot(Partition::Site(SITE))
        .unwrap()
        .unwrap();
    assert!(installed.cut >= sync_server::hub::ENTRIES_MIN / 2);
    for device in &mut devices {
        sync(device, &host, now, &mut random);
    }
    let held = newer.replica.query().event_count().unwrap();
    let all = devices[0].replica.query().event_count().unwrap();
    assert!(held < all, "{held} of {all}");
    assert!(!newer.replica.query().is_stale(SITE).unwrap());
    let full = working_hash(&devices[0].replica);
    assert_eq!(working_hash(&newer.replica), full);
    // One that holds everything drops what is old, keeps what is its own, and agrees.
    devices[1].takes_snapshots = true;
    devices[1]
        .record(
            vec![EventBody::Received {
                bin: bin(1),
                goods: Goods::of(item(1)),
                quantity: Quantity::ONE,
            }],
            now + 1,
        )
        .unwrap();
    sync(&mut devices[1], &host, now + 2, &mut random);
    assert!(devices[1].replica.query().event_count().unwrap() < all);
    for at in [0, 1] {
        sync(&mut devices[at], &host, now + 3, &mut random);
    }
    sync(&mut newer, &host, now + 3, &mut random);
    let full = working_hash(&devices[0].replica);
    assert_eq!(working_hash(&devices[1].replica), full);
    assert_eq!(working_hash(&newer.replica), full);
    assert_eq!(working_hash(&host.get().replica().lock().unwrap()), full);
}

/// A backup from the twentieth day; on the fortieth both devices drop what is old; then the server is lost.
#[test]
fn devices_on_a_snapshot_bring_back_their_own_work_that_the_backup_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let host = HubHost::start(folder.path()).unwrap();
    let mut random = Random::new(11);
    let copy = folder.path().join("copy");
    let mut devices = enrolled(&host, folder.path());
    work(&mut devices, &host, 0..80, &mut random);
    backup::make(folder.path(), &copy, T0 + 20 * DAY).unwrap();
    work(&mut devices, &host, 80..160, &mut random);
    let now = T0 + 40 * DAY;
    let full = working_hash(&host.get().replica().lock().unwrap());
    // The restored server writes on chains of its own, which its record names: stock and exceptions are compared.
    let shown = |host: &HubHost| {
        let replica = host.get().replica().lock().unwrap();
        let events = replica.query().event_count().unwrap();
        (
            events,
            replica.partition_hash(Partition::Site(SITE)).unwrap(),
        )
    };
    let before = shown(&host);
    for round in 0..2 {
        for device in &mut devices {
            device.takes_snapshots = true;
            sync(device, &host, now + round, &mut random);
        }
        host.get().build_snapshots(now + round).unwrap();
    }
    let site = Partition::Site(SITE);
    for device in &devices {
        let installed = device.replica.installed_snapshot(site).unwrap().unwrap();
        let backed_up = device.replica.backed_up(site).unwrap();
        assert!(0 < backed_up && backed_up < installed.cut, "{backed_up}");
        // What the backup holds is gone here, what it lacks is not.
        let held = device.replica.own_segments_after(site, 0, usize::MAX);
        assert_eq!(held.unwrap()[0].header().unwrap().seq, 41);
        assert_eq!(working_hash(&device.replica), full);
    }
    drop(host);
    let again = folder.path().join("again");
    backup::restore(&copy, &again).unwrap();
    let host = HubHost::open(&again, now + DAY).unwrap();
    for round in 0..3 {
        for device in &mut devices {
            device.takes_snapshots = false;
            sync(device, &host, now + DAY + round, &mut random);
        }
    }
    assert_eq!(shown(&host), before);
}

/// A hub with a snapshot of everything so far, which `asks` has asked for.
fn build_for(asks: &mut Handheld, host: &HubHost, now: UnixMillis, random: &mut Random) {
    asks.takes_snapshots = true;
    sync(asks, host, now, random);
    assert!(host.get().build_snapshots(now).unwrap() > 0);
}

#[test]
fn a_device_that_lacks_a_certificate_reads_its_site_once_the_snapshot_has_brought_it() {
    let folder = tempfile::tempdir().unwrap();
    let host = HubHost::start(folder.path()).unwrap();
    let mut random = Random::new(5);
    let mut devices = enrolled(&host, folder.path());
    host.get().set_snapshot_entries_min(2);
    sync(&mut devices[0], &host, T0, &mut random);
    // While it is away, somebody whom it does not know works at its site.
    let mut unknown = Handheld::enrol(folder.path(), host.get(), 3, T0 + 1).unwrap();
    for n in 0..4 {
        unknown.rename(item(n), "改名", T0 + 2).unwrap();
        unknown
            .record(vec![random_event(&mut random)], T0 + 2)
            .unwrap();
        sync(&mut unknown, &host, T0 + 2, &mut random);
    }
    let mut new = Handheld::enrol(folder.path(), host.get(), 4, T0 + 3).unwrap();
    build_for(&mut new, &host, T0 + 3, &mut random);
    devices[0].takes_snapshots = true;
    sync(&mut devices[0], &host, T0 + 4, &mut random);
    let shared = devices[0].replica.installed_snapshot(Partition::Shared);
    assert!(shared.unwrap().is_some());
    assert_eq!(devices[0].replica.query().event_count().unwrap(), 4);
    assert_eq!(
        working_hash(&devices[0].replica),
        working_hash(&host.get().replica().lock().unwrap())
    );
}

#[test]
fn a_device_whose_last_acknowledgement_was_lost_goes_on_from_a_snapshot_that_covers_it() {
    let folder = tempfile::tempdir().unwrap();
    let host = HubHost::start(folder.path()).unwrap();
    let mut random = Random::new(5);
    let mut devices = enrolled(&host, folder.path());
    host.get().set_window(0);
    host.get().set_snapshot_entries_min(2);
    for n in 0..4 {
        devices[0]
            .record(vec![random_event(&mut random)], T0 + n)
            .unwrap();
        sync(&mut devices[0], &host, T0 + n, &mut random);
    }
    // The last entry of the log is its own, and it has not heard of it.
    devices[0]
        .record(vec![random_event(&mut random)], T0 + 5)
        .unwrap();
    let answered = devices[0].exchange(host.get(), Wire::ReplyLost, T0 + 5, &mut random);
    assert!(!answered.unwrap());
    host.get().pump(T0 + 5).unwrap();
    assert_eq!(devices[0].replica.waiting().unwrap().events, 1);
    build_for(&mut devices[1], &host, T0 + 6, &mut random);
    devices[0].takes_snapshots = true;
    for round in 7..9 {
        sync(&mut devices[0], &host, T0 + round, &mut random);
    }
    let site = Partition::Site(SITE);
    let installed = devices[0].replica.installed_snapshot(site).unwrap();
    assert_eq!(installed.unwrap().cut, 6);
    assert_eq!(devices[0].replica.waiting().unwrap().total(), 0);
    assert_eq!(
        working_hash(&devices[0].replica),
        working_hash(&host.get().replica().lock().unwrap())
    );
}
