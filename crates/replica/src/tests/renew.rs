//! Devices that go on under other chains.

use super::*;

/// What the server says that a device is from now on.
fn becomes(from: &Replica, n: u8, with_key: u8) -> (Identity, Vec<Vec<u8>>) {
    let identity = Identity {
        device: DeviceId::from_bytes([n; 16]),
        key: key(with_key),
        token: "next".into(),
        ..from.identity().unwrap().clone()
    };
    let certificate = Certificate {
        shared_chain: ChainId::from_bytes([0x20 | n; 16]),
        site_chain: ChainId::from_bytes([0xa0 | n; 16]),
        ..certificate(n, &key(with_key))
    };
    (identity, vec![certificate.sign(&key(0))])
}

/// Others learn of it, as from the device's record.
fn tell(certificates: &[Vec<u8>], replicas: &mut [&mut Replica]) {
    for replica in replicas {
        replica.learn(certificates).unwrap();
    }
}

fn rename(name: &str) -> Commit {
    edits(vec![RecordEdit {
        partition: Partition::Shared,
        kind: RecordKind::Item,
        id: item_id(1).into(),
        fields: vec![FieldEdit::set("name_zh", name)],
    }])
}

/// A server, a device, its copy, and a neighbour, all of the same site.
fn site() -> (Hub, Replica, Replica, Replica, Replica) {
    let (mut server, mut a, mut copy, mut b) = (device(0), device(1), device(1), device(2));
    let mut hub = Hub::default();
    let catalogue = vec![create_item(1, "扳手"), create_bin(1), create_bin(2)];
    server.commit(edits(catalogue), T0).unwrap();
    a.commit(events(vec![receive(1, 1, 10)]), T0 + 1).unwrap();
    hub.sync(&mut [&mut server, &mut a, &mut copy, &mut b]);
    (hub, server, a, copy, b)
}

fn agree(replicas: &mut [&mut Replica]) {
    let hash = replicas[0].state_hash(SITE).unwrap();
    for replica in replicas {
        assert_eq!(replica.state_hash(SITE).unwrap(), hash);
        replica.rebuild().unwrap();
        assert_eq!(replica.state_hash(SITE).unwrap(), hash, "rebuilt");
        assert_eq!(replica.waiting().unwrap().total(), 0);
    }
}

fn stock(replica: &Replica) -> Quantity {
    replica.query().balance(SITE, &pile(1, 1)).unwrap()
}

#[test]
fn what_a_copy_wrote_is_said_again_on_its_own_chain() {
    let (mut hub, mut server, mut a, mut copy, mut b) = site();
    a.commit(events(vec![issue(1, 1, 3)]), T0 + 10).unwrap();
    a.commit(rename("活动扳手"), T0 + 10).unwrap();
    // The copy receives twice, takes one back, and renames the same item.
    let done = copy
        .commit(events(vec![receive(1, 1, 5), receive(1, 1, 7)]), T0 + 20)
        .unwrap();
    let target = done.events[0].1;
    copy.seal(Partition::Site(SITE)).unwrap();
    copy.commit(events(vec![EventBody::Reversed { target }]), T0 + 21)
        .unwrap();
    copy.commit(rename("呆扳手"), T0 + 22).unwrap();
    hub.sync(&mut [&mut server, &mut a, &mut b]);

    let (identity, certificates) = becomes(&copy, 7, 7);
    let renewed = copy.renew(identity, &certificates, T0 + 30).unwrap();
    assert_eq!((renewed.events, renewed.records), (3, 1));
    assert_eq!(stock(&copy), units(17), "10, and 7 of its own");
    assert_eq!(copy.displaced().unwrap(), 0, "all of it was said again");
    tell(&certificates, &mut [&mut server, &mut a, &mut b]);
    hub.sync(&mut [&mut copy, &mut server, &mut a, &mut b]);
    agree(&mut [&mut copy, &mut server, &mut a, &mut b]);
    assert_eq!(stock(&server), units(14));
    let conflicts = server.query().field_conflicts().unwrap();
    assert_eq!(conflicts[0].values.len(), 2, "both names are to be seen");
    // It goes on writing, and so does the device that it is a copy of.
    copy.commit(events(vec![issue(1, 1, 1)]), T0 + 40).unwrap();
    a.commit(events(vec![issue(1, 1, 1)]), T0 + 41).unwrap();
    hub.sync(&mut [&mut copy, &mut server, &mut a, &mut b]);
    agree(&mut [&mut copy, &mut server, &mut a, &mut b]);
    assert_eq!(stock(&b), units(12));
}

#[test]
fn what_the_hub_had_after_all_does_not_count_twice() {
    let (mut hub, mut server, mut a, mut copy, mut b) = site();
    copy.commit(events(vec![receive(1, 1, 5)]), T0 + 20)
        .unwrap();
    copy.commit(rename("呆扳手"), T0 + 22).unwrap();
    // Taken, and the acknowledgement is lost.
    hub.push(&mut copy, Partition::Site(SITE));
    hub.push(&mut copy, Partition::Shared);
    let (identity, certificates) = becomes(&copy, 7, 7);
    copy.renew(identity, &certificates, T0 + 30).unwrap();
    assert_eq!(stock(&copy), units(15));
    tell(&certificates, &mut [&mut server, &mut a, &mut b]);
    hub.sync(&mut [&mut copy, &mut server, &mut b]);
    agree(&mut [&mut copy, &mut server, &mut b]);
    assert_eq!(stock(&server), units(15));
    assert!(server.query().field_conflicts().unwrap().is_empty());
}

#[test]
fn said_again_twice_and_undone_in_between() {
    let (mut hub, mut server, _, mut copy, mut b) = site();
    copy.commit(events(vec![receive(1, 1, 5), receive(1, 1, 6)]), T0 + 20)
        .unwrap();
    let (identity, certificates) = becomes(&copy, 7, 7);
    copy.renew(identity, &certificates, T0 + 30).unwrap();
    let filter = crate::query::EventFilter::default();
    let last = copy.query().events(&filter, 1).unwrap();
    let target = last[0].placed.event.hash;
    copy.commit(events(vec![EventBody::Reversed { target }]), T0 + 31)
        .unwrap();
    let (identity, more) = becomes(&copy, 8, 8);
    let renewed = copy.renew(identity, &more, T0 + 32).unwrap();
    assert_eq!(renewed.events, 3);
    tell(&more, &mut [&mut server, &mut b]);
    hub.sync(&mut [&mut copy, &mut server, &mut b]);
    agree(&mut [&mut copy, &mut server, &mut b]);
    assert_eq!(stock(&server), units(15));
}

#[test]
fn a_neighbour_that_carries_the_losing_branch_gives_way() {
    for by_log in [true, false] {
        let (mut hub, mut server, mut a, mut copy, mut b) = site();
        let site = Partition::Site(SITE);
        copy.commit(events(vec![receive(1, 1, 5)]), T0 + 20)
            .unwrap();
        copy.commit(rename("呆扳手"), T0 + 20).unwrap();
        for partition in [Partition::Shared, site] {
            copy.seal(partition).unwrap();
            let after = copy.accepted_seq(partition).unwrap();
            let branch = copy
                .own_segments_after(partition, after, usize::MAX)
                .unwrap();
            let taken = b.take_carried(partition, &branch, T0 + 21).unwrap();
            assert_eq!((taken.fresh, taken.rejected), (branch.len(), None));
        }
        assert_eq!(stock(&b), units(15));
        a.commit(events(vec![issue(1, 1, 3)]), T0 + 22).unwrap();
        a.commit(rename("活动扳手"), T0 + 22).unwrap();
        if by_log {
            hub.sync(&mut [&mut a, &mut server, &mut b]);
        } else {
            // The hub says so when it is offered.
            let chain = a.own_chain(site).unwrap();
            assert_eq!(b.give_way(site, chain).unwrap(), 1);
            let shared = a.own_chain(Partition::Shared).unwrap();
            assert_eq!(
                b.give_way(site, shared).unwrap(),
                0,
                "not of this partition"
            );
            assert_eq!(b.give_way(Partition::Shared, shared).unwrap(), 1);
            hub.sync(&mut [&mut a, &mut server, &mut b]);
        }
        agree(&mut [&mut a, &mut server, &mut b]);
        assert_eq!(stock(&b), units(7));
        assert_eq!(b.displaced().unwrap(), 2);
        let aside = SetAside {
            device: DeviceId::from_bytes([1; 16]),
            events: 1,
            oldest: Some(T0 + 20),
        };
        assert_eq!(b.query().set_aside().unwrap(), [aside]);
        b.note_said_again().unwrap();
        assert_eq!(b.query().set_aside().unwrap(), [aside]);
        let (identity, certificates) = becomes(&copy, 7, 7);
        copy.renew(identity, &certificates, T0 + 30).unwrap();
        tell(&certificates, &mut [&mut server, &mut a, &mut b]);
        hub.sync(&mut [&mut copy, &mut server, &mut a, &mut b]);
        agree(&mut [&mut copy, &mut server, &mut a, &mut b]);
        assert_eq!(stock(&b), units(12));
        assert_eq!(
            b.query().set_aside().unwrap(),
            [],
            "its writer said it again"
        );
        b.note_said_again().unwrap();
        assert_eq!(b.displaced().unwrap(), 1, "of an edit nothing tells");
    }
}

#[test]
fn an_own_segment_that_cannot_be_read_stays_set_aside_and_is_told() {
    let (_, _, _, mut copy, _) = site();
    let site = Partition::Site(SITE);
    copy.commit(events(vec![receive(1, 1, 5)]), T0 + 20)
        .unwrap();
    copy.seal(site).unwrap();
    let sealed = copy.own_head(site).unwrap().seq;
    let damaged = copy.connection.execute(
        "UPDATE segment SET body = x'00' WHERE number IS NULL AND seq = ?1",
        [sealed as i64],
    );
    assert_eq!(damaged.unwrap(), 1);
    copy.commit(events(vec![receive(1, 1, 7)]), T0 + 21)
        .unwrap();
    let (identity, certificates) = becomes(&copy, 7, 7);
    let renewed = copy.renew(identity, &certificates, T0 + 30).unwrap();
    assert_eq!(renewed.events, 1, "what can be read");
    let aside = copy.query().set_aside().unwrap();
    assert_eq!((aside.len(), aside[0].oldest), (1, None));
    assert!(aside[0].events >= 1);
    copy.note_said_again().unwrap();
    assert_eq!(copy.query().set_aside().unwrap(), aside);
}

#[test]
fn a_new_key_takes_new_chains_and_says_nothing_again_that_is_held() {
    let (mut hub, mut server, mut a, _, mut b) = site();
    let (identity, certificates) = becomes(&a, 1, 9);
    let renewed = a.renew(identity, &certificates, T0 + 30).unwrap();
    assert_eq!(renewed, Renewed::default());
    let filter = crate::query::EventFilter::default();
    let first = a.query().events(&filter, 1).unwrap()[0].placed.event.hash;
    a.commit(events(vec![EventBody::Reversed { target: first }]), T0 + 40)
        .unwrap();
    tell(&certificates, &mut [&mut server, &mut b]);
    hub.sync(&mut [&mut a, &mut server, &mut b]);
    agree(&mut [&mut a, &mut server, &mut b]);
    assert_eq!(stock(&b), Quantity::ZERO);
}

#[test]
fn who_reads_the_log_later_learns_every_chain_that_a_device_ever_had() {
    let (mut hub, mut server, mut a, ..) = site();
    let record = |certificate: &[u8]| {
        let device = Device {
            // Bins have low numbers.
            id: DeviceId::from_bytes([0xd1; 16]),
            name: "手持 1 号".into(),
            certificate: certificate.to_vec(),
            revoked: false,
        };
        edits(vec![RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Device,
            id: device.id.into(),
            fields: device.to_fields(),
        }])
    };
    let first = certificate(1, &key(1)).sign(&key(0));
    server.commit(record(&first), T0 + 30).unwrap();
    hub.sync(&mut [&mut server, &mut a]);
    let (identity, certificates) = becomes(&a, 1, 9);
    server.commit(record(&certificates[0]), T0 + 40).unwrap();
    a.renew(identity, &certificates, T0 + 41).unwrap();
    a.commit(events(vec![issue(1, 1, 3)]), T0 + 42).unwrap();
    hub.sync(&mut [&mut server, &mut a]);
    let mut late = enrolled(4, OpenOptions::memory([4; 8]), 0);
    for partition in [Partition::Shared, Partition::Site(SITE)] {
        assert_eq!(hub.pull(&mut late, partition).rejected, None);
    }
    assert_eq!(stock(&late), units(7));
}

#[test]
fn a_device_that_reads_of_its_next_key_writes_with_the_one_that_it_has() {
    let (_, _, mut a, ..) = site();
    let before = a.own_chain(Partition::Site(SITE));
    let (_, certificates) = becomes(&a, 1, 9);
    tell(&certificates, &mut [&mut a]);
    assert_eq!(a.own_chain(Partition::Site(SITE)), before);
}

#[test]
fn asking_again_is_asking_with_the_same_key() {
    let mut a = device(1);
    let chain = a.own_chain(Partition::Site(SITE)).unwrap();
    let first = a.begin_renewal(0, chain, [1; 32]).unwrap();
    let again = a.begin_renewal(0, chain, [2; 32]).unwrap();
    assert_eq!(first.public(), again.public());
    let other = a.begin_renewal(1, chain, [3; 32]).unwrap();
    assert_ne!(first.public(), other.public());
}

#[test]
fn a_site_that_was_left_is_dropped_when_nothing_there_waits() {
    let (mut hub, mut server, mut a, ..) = site();
    let old = Partition::Site(SITE);
    let new = SiteId::from_bytes([0x52; 16]);
    a.commit(events(vec![issue(1, 1, 3)]), T0 + 10).unwrap();
    let identity = Identity {
        site: new,
        token: "next".into(),
        ..a.identity().unwrap().clone()
    };
    let certificate = Certificate {
        site: new,
        site_chain: ChainId::from_bytes([0xb1; 16]),
        ..certificate(1, &key(1))
    };
    let back = (a.identity().unwrap().clone(), certificate.sign(&key(0)));
    a.renew(identity, std::slice::from_ref(&back.1), T0 + 20)
        .unwrap();
    assert_eq!(
        a.own_partitions(),
        [Partition::Shared, old, Partition::Site(new)]
    );
    assert!(!a.leave_old_sites().unwrap(), "3 pieces are only here");
    assert_eq!(a.waiting().unwrap().events, 1);
    hub.sync(&mut [&mut a, &mut server]);
    assert!(a.leave_old_sites().unwrap());
    assert!(!a.leave_old_sites().unwrap());
    assert_eq!(
        a.own_partitions(),
        [Partition::Shared, Partition::Site(new)]
    );
    assert_eq!(stock(&a), Quantity::ZERO);
    assert_eq!(a.query().event_count().unwrap(), 0);
    assert!(a.query().bins_by_code(SITE, "A-01").unwrap().is_empty());
    assert_eq!(a.query().items_by_code("SKU-1").unwrap().len(), 1);
    a.rebuild().unwrap();
    assert_eq!(a.query().event_count().unwrap(), 0);
    // Back again, it reads the log from the beginning.
    a.renew(back.0, &[], T0 + 50).unwrap();
    assert_eq!(a.cursor(old).unwrap(), None);
    hub.sync(&mut [&mut a, &mut server]);
    assert_eq!(
        a.state_hash(SITE).unwrap(),
        server.state_hash(SITE).unwrap()
    );
    assert_eq!(stock(&a), units(7));
}
