//! Replicas that rest on a snapshot.

use domain::UnixMillis;
use domain::ledger::Subject;

use super::*;
use crate::snapshot::Cut;

pub(super) const SITE_PARTITION: Partition = Partition::Site(SITE);

/// A hub whose log runs in real time, with a full replica in a file beside it.
pub(super) struct Site {
    folder: tempfile::TempDir,
    pub(super) server: Replica,
    hub: Hub,
    /// What these chains write lies in quarantine.
    pub(super) suspects: Vec<ChainId>,
}

impl Site {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = OpenOptions::file(folder.path().join("server.db"), None, [9; 8]);
        options.tallies = true;
        let mut site = Self {
            server: enrolled(0, options, 5),
            hub: Hub::default(),
            suspects: Vec::new(),
            folder,
        };
        site.server
            .commit(
                edits(vec![
                    create_item(1, "扳手"),
                    create_item(2, "螺丝刀"),
                    create_bin(1),
                    create_bin(2),
                ]),
                T0,
            )
            .unwrap();
        site.sync(&mut [], T0);
        site
    }

    pub(super) fn sync(&mut self, devices: &mut [&mut Replica], now: UnixMillis) {
        for partition in [Partition::Shared, SITE_PARTITION] {
            for replica in devices
                .iter_mut()
                .map(|d| &mut **d)
                .chain([&mut self.server])
            {
                replica.seal(partition).unwrap();
                let after = replica.accepted_seq(partition).unwrap();
                for segment in replica
                    .own_segments_after(partition, after, usize::MAX)
                    .unwrap()
                {
                    let log = self.hub.log.entry(partition).or_default();
                    let number = log.len() as u64 + 1;
                    let status = if self.suspects.contains(&segment.header().unwrap().chain) {
                        SegmentStatus::Quarantined
                    } else {
                        SegmentStatus::Live
                    };
                    log.push(Accepted::sign(number, now, status, segment, &key(0)));
                }
            }
            for replica in devices
                .iter_mut()
                .map(|d| &mut **d)
                .chain([&mut self.server])
            {
                let log = self.hub.log.get(&partition).cloned().unwrap_or_default();
                let from = replica.cursor(partition).unwrap().map_or(0, |c| c.number);
                let rest = &log[from as usize..];
                let done = replica.ingest(partition, EPOCH, rest, now).unwrap();
                assert_eq!(done.rejected, None);
            }
        }
        super::tallies::are_those_of_all_events(&self.server);
    }

    /// The last entry accepted at or before that moment.
    fn cut(&self, at: UnixMillis) -> Cut {
        let mut cursor = Cursor::start(EPOCH);
        let mut cut = Cut {
            number: 0,
            running_hash: [0; 32],
            accepted_at: 0,
        };
        for entry in &self.hub.log[&SITE_PARTITION] {
            cursor = cursor.after(entry.hash);
            if entry.accepted_at <= at {
                cut = Cut {
                    number: entry.number,
                    running_hash: cursor.running_hash,
                    accepted_at: entry.accepted_at,
                };
            }
        }
        cut
    }

    fn build(&self, partition: Partition, at: UnixMillis) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut chunks = Vec::new();
        let reader = self.server.reader().unwrap().unwrap();
        let manifest = reader
            .build_snapshot(
                ORGANISATION,
                partition,
                (partition == SITE_PARTITION).then(|| self.cut(at)),
                T0,
                &mut |chunk| {
                    chunks.push(chunk.to_vec());
                    Ok(())
                },
            )
            .unwrap()
            .unwrap();
        (manifest.sign(&key(0)), chunks)
    }

    pub(super) fn install(&self, replica: &mut Replica, partition: Partition, at: UnixMillis) {
        fetch(replica, partition, &self.build(partition, at));
        assert!(replica.install_snapshot(partition, at).unwrap());
    }

    pub(super) fn agrees_with(&self, replica: &Replica) {
        assert!(!replica.query().is_stale(SITE).unwrap());
        assert_eq!(
            replica.working_hash(SITE).unwrap(),
            self.server.working_hash(SITE).unwrap()
        );
    }
}

fn fetch(replica: &mut Replica, partition: Partition, snapshot: &(Vec<u8>, Vec<Vec<u8>>)) {
    assert!(replica.begin_snapshot(&snapshot.0).unwrap());
    while let Some(next) = replica.fetching_snapshot(partition).unwrap().unwrap().next {
        let chunk = &snapshot.1[next as usize];
        assert!(replica.put_snapshot_chunk(partition, next, chunk).unwrap());
    }
}

/// A month of work by two devices: a count with a variance, a unit issued twice, a pile below zero, a code set aside.
fn month(site: &mut Site) -> (Replica, Replica) {
    let (mut a, mut b) = (device(1), device(2));
    let unit = |bin| Goods {
        unit: Some(UnitId::plate(&format!("LP-{bin}"))),
        ..Goods::of(item_id(1))
    };
    for day in 0..30 {
        let now = T0 + day * 86_400_000;
        a.commit(
            events(vec![
                receive(1, 1, 5),
                receive(2, 2, 3),
                EventBody::Received {
                    bin: bin_id(1),
                    goods: unit(day % 4),
                    quantity: units(1),
                },
            ]),
            now,
        )
        .unwrap();
        b.commit(
            events(vec![
                issue(1, 1, 2),
                issue(2, 2, 4),
                EventBody::Issued {
                    bin: bin_id(1),
                    goods: unit(day % 3),
                    quantity: units(1),
                },
            ]),
            now + 1_000,
        )
        .unwrap();
        if day % 7 == 3 {
            let count = EventBody::Counted {
                bin: bin_id(1),
                lines: vec![domain::CountedLine {
                    item: item_id(1),
                    lot: None,
                    counted: units(4),
                }],
                whole_bin: true,
            };
            let aside = EventBody::SetAside {
                code: "???".into(),
                bin: None,
                quantity: units(1),
            };
            let count = a.commit(events(vec![count, aside]), now + 2_000).unwrap();
            if day % 2 == 0 {
                let approved = EventBody::CountApproved {
                    count: count.events[0].1,
                };
                site.server
                    .commit(events(vec![approved]), now + 3_000)
                    .unwrap();
            }
        }
        // One of them is out of reach for days.
        if day % 3 == 0 {
            site.sync(&mut [&mut a, &mut b], now + 10_000);
        } else {
            site.sync(&mut [&mut a], now + 10_000);
        }
    }
    (a, b)
}

pub(super) const DAY: i64 = 86_400_000;

#[test]
fn a_new_device_begins_from_a_snapshot_and_agrees_with_who_holds_the_history() {
    let mut site = Site::new();
    let (mut a, mut b) = month(&mut site);
    let mut new = device(3);
    site.install(&mut new, Partition::Shared, T0);
    site.install(&mut new, SITE_PARTITION, T0 + 20 * DAY);
    assert_eq!(
        new.partition_hash(Partition::Shared).unwrap(),
        site.server.partition_hash(Partition::Shared).unwrap()
    );
    let now = T0 + 31 * DAY;
    site.sync(&mut [&mut a, &mut b, &mut new], now);
    site.agrees_with(&new);
    let held = new.query().event_count().unwrap();
    let all = site.server.query().event_count().unwrap();
    assert!(held * 2 < all, "{held} of {all}");
    assert_eq!(new.query().search("扳手", 5).unwrap().len(), 1);
    // It works on, and so do the others, and all agree.
    new.commit(events(vec![issue(1, 1, 1)]), now + 1).unwrap();
    b.commit(events(vec![receive(1, 1, 50)]), now + 2).unwrap();
    site.sync(&mut [&mut new, &mut b, &mut a], now + 3);
    site.sync(&mut [&mut new, &mut b, &mut a], now + 4);
    site.agrees_with(&new);
    // Folding anew from the stored snapshot and the rest of the log changes nothing.
    let before = new.state_hash(SITE).unwrap();
    new.rebuild().unwrap();
    assert_eq!(new.state_hash(SITE).unwrap(), before);
    site.agrees_with(&new);
}

#[test]
fn pruning_keeps_what_only_this_device_holds_and_goes_on_numbering() {
    let mut site = Site::new();
    let (mut a, mut b) = month(&mut site);
    let now = T0 + 31 * DAY;
    site.sync(&mut [&mut a, &mut b], now);
    let before = a.query().event_count().unwrap();
    // Sealed and not sealed, both unknown to the hub.
    a.commit(events(vec![receive(1, 2, 7)]), now + 1).unwrap();
    a.seal(SITE_PARTITION).unwrap();
    let last = a
        .commit(events(vec![receive(1, 2, 1)]), now + 2)
        .unwrap()
        .events[0]
        .0;
    let waiting = a.waiting().unwrap();
    site.install(&mut a, SITE_PARTITION, now);
    assert_eq!(a.waiting().unwrap(), waiting);
    assert_eq!(a.query().balance(SITE, &pile(1, 2)).unwrap(), units(8));
    assert!(a.query().event_count().unwrap() * 3 < before);
    let next = a
        .commit(events(vec![issue(1, 2, 1)]), now + 3)
        .unwrap()
        .events[0]
        .0;
    assert_eq!(next.number, last.number + 1);
    site.sync(&mut [&mut a, &mut b], now + 10);
    site.sync(&mut [&mut a, &mut b], now + 11);
    site.agrees_with(&a);
    assert_eq!(
        site.server.query().balance(SITE, &pile(1, 2)).unwrap(),
        units(7)
    );
    // Again, on top of the first.
    site.install(&mut a, SITE_PARTITION, now + 10);
    site.agrees_with(&a);
}

/// The own segments that are held, by number on the chain.
fn held(replica: &Replica) -> Vec<u64> {
    let own = replica.own_segments_after(SITE_PARTITION, 0, usize::MAX);
    let seq = |segment: &Segment| segment.header().unwrap().seq;
    own.unwrap().iter().map(seq).collect()
}

#[test]
fn own_segments_stay_until_a_backup_of_the_server_holds_them() {
    let mut site = Site::new();
    let (mut a, _) = month(&mut site);
    let now = T0 + 31 * DAY;
    site.sync(&mut [&mut a], now);
    let all = held(&a);
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>());
    // Never backed up: a server that is restored from nothing gets all of it back.
    site.install(&mut a, SITE_PARTITION, T0 + 20 * DAY);
    assert_eq!(held(&a), all);
    site.agrees_with(&a);
    a.rebuild().unwrap();
    site.agrees_with(&a);
    assert!(a.query().only_here(9).unwrap().is_empty());
    assert_eq!(a.waiting().unwrap(), crate::Waiting::default());
    // It works on as if they were gone.
    a.commit(events(vec![receive(1, 1, 2)]), now + 1).unwrap();
    site.sync(&mut [&mut a], now + 2);
    site.agrees_with(&a);

    // A backup holds some of what the snapshot covers.
    let half = site.cut(T0 + 10 * DAY).number;
    a.set_backed_up(SITE_PARTITION, half).unwrap();
    assert_eq!(a.backed_up(SITE_PARTITION).unwrap(), half);
    site.install(&mut a, SITE_PARTITION, T0 + 20 * DAY);
    let some = held(&a);
    assert!(some.len() < all.len() && some.len() > all.len() / 2);
    assert!(some.windows(2).all(|pair| pair[1] == pair[0] + 1));
    let first = site.hub.log[&SITE_PARTITION]
        .iter()
        .find(|entry| {
            entry.segment.as_ref().is_some_and(|s| {
                let header = s.header().unwrap();
                header.seq == some[0] && Some(header.chain) == a.own_chain(SITE_PARTITION)
            })
        })
        .unwrap();
    assert!(first.number > half);

    // A backup holds all of it: what the snapshot covers goes, and no more than that.
    a.set_backed_up(SITE_PARTITION, u64::MAX >> 1).unwrap();
    site.install(&mut a, SITE_PARTITION, T0 + 21 * DAY);
    let rest = held(&a);
    assert!(!rest.is_empty() && rest.len() < some.len());
    site.agrees_with(&a);
}

#[test]
fn of_what_no_backup_holds_the_newest_stay() {
    let mut site = Site::new();
    let (mut a, _) = month(&mut site);
    site.sync(&mut [&mut a], T0 + 31 * DAY);
    let all = held(&a);
    site.install(&mut a, SITE_PARTITION, T0 + 20 * DAY);
    let bodies = a.own_segments_after(SITE_PARTITION, 0, usize::MAX).unwrap();
    let covered = crate::snapshot::covered_seq(
        &a.connection,
        a.chains
            .local(a.own_chain(SITE_PARTITION).unwrap())
            .unwrap(),
    )
    .unwrap() as usize;
    let newest = |n: usize| -> u64 {
        let sizes = bodies[covered - n..covered].iter();
        sizes.map(|s| s.body_bytes().len() as u64).sum()
    };
    a.bound_own(SITE_PARTITION, newest(3)).unwrap();
    assert_eq!(held(&a), all[covered - 3..]);
    site.agrees_with(&a);
}

#[test]
fn a_late_event_makes_its_pile_stale_and_a_fresh_snapshot_puts_it_right() {
    let mut site = Site::new();
    let (mut a, _) = month(&mut site);
    let now = T0 + 31 * DAY;
    site.sync(&mut [&mut a], now);
    site.install(&mut a, SITE_PARTITION, T0 + 20 * DAY);
    site.agrees_with(&a);
    let mut late = device(4);
    late.commit(events(vec![receive(2, 1, 9)]), T0 + DAY)
        .unwrap();
    site.sync(&mut [&mut late, &mut a], now + 1);
    site.sync(&mut [&mut late, &mut a], now + 2);
    let subject = |b, i| Subject::Stock(pile(b, i));
    assert!(a.query().stale(SITE).unwrap().covers(&subject(2, 1)));
    assert!(!a.query().stale(SITE).unwrap().covers(&subject(1, 1)));
    site.install(&mut a, SITE_PARTITION, T0 + 20 * DAY);
    site.agrees_with(&a);
    assert_eq!(a.query().balance(SITE, &pile(2, 1)).unwrap(), units(9));
}

#[test]
fn a_full_disk_in_the_middle_of_an_installation_leaves_everything_as_it_was() {
    let mut site = Site::new();
    let (mut a, mut b) = month(&mut site);
    let now = T0 + 31 * DAY;
    site.sync(&mut [&mut a, &mut b], now);
    let path = site.folder.path().join("new.db");
    let options = || OpenOptions::file(&path, None, [3; 8]);
    let mut new = enrolled(3, options(), 5);
    fetch(
        &mut new,
        Partition::Shared,
        &site.build(Partition::Shared, T0),
    );
    fetch(&mut new, SITE_PARTITION, &site.build(SITE_PARTITION, now));
    let before = new.state_hash(SITE).unwrap();
    // What older schemas left free would do for this little.
    new.connection.execute_batch("VACUUM").unwrap();
    let mut failed = 0;
    for pages in [0, 1, 2, 4, 8] {
        new.limit_growth(pages).unwrap();
        match new.install_snapshot(SITE_PARTITION, now) {
            Err(ReplicaError::DiskFull(_)) => failed += 1,
            other => assert!(other.unwrap(), "installed after {failed} failures"),
        }
        if new.installed_snapshot(SITE_PARTITION).unwrap().is_some() {
            break;
        }
        assert_eq!(new.state_hash(SITE).unwrap(), before);
        drop(new);
        new = Replica::open(options()).unwrap();
        assert_eq!(new.state_hash(SITE).unwrap(), before);
        assert_eq!(
            new.fetching_snapshot(SITE_PARTITION).unwrap().unwrap().next,
            None,
            "what was fetched is still there"
        );
    }
    assert!(failed > 0);
    drop(new);
    let mut new = Replica::open(options()).unwrap();
    new.install_snapshot(SITE_PARTITION, now).unwrap();
    new.install_snapshot(Partition::Shared, now).unwrap();
    site.sync(&mut [&mut new], now + 1);
    site.agrees_with(&new);
}

#[test]
fn what_the_server_did_not_sign_is_not_taken() {
    let mut site = Site::new();
    let (mut a, _) = month(&mut site);
    let (signed, chunks) = site.build(SITE_PARTITION, T0 + 20 * DAY);
    let mut bad = signed.clone();
    bad[40] ^= 1;
    assert!(!a.begin_snapshot(&bad).unwrap());
    let forged = documents::Manifest::verify(&signed, &key(0).public())
        .unwrap()
        .sign(&key(5));
    assert!(!a.begin_snapshot(&forged).unwrap());
    assert!(a.begin_snapshot(&signed).unwrap());
    assert!(!a.put_snapshot_chunk(SITE_PARTITION, 0, b"other").unwrap());
    assert!(
        !a.put_snapshot_chunk(SITE_PARTITION, 999, &chunks[0])
            .unwrap()
    );
    assert!(!a.install_snapshot(SITE_PARTITION, T0).unwrap());
}
