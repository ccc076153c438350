//! What the hub is not known to hold.

use super::*;

#[test]
fn releases_that_stand_are_counted_until_the_hub_has_them() {
    let (mut server, mut a, mut b) = (device(0), device(1), device(2));
    let mut hub = Hub::default();
    let catalogue = vec![create_item(1, "扳手"), create_bin(1)];
    server.commit(edits(catalogue), T0).unwrap();
    hub.sync(&mut [&mut server, &mut a, &mut b]);
    let releases = |replica: &Replica, of: u8| {
        let of = DeviceId::from_bytes([of; 16]);
        replica.query().releases_only_here(of).unwrap()
    };
    assert_eq!(releases(&a, 1), 0);
    let done = a
        .commit(
            events(vec![receive(1, 1, 10), issue(1, 1, 3), issue(1, 1, 1)]),
            T0 + 1,
        )
        .unwrap();
    assert_eq!(releases(&a, 1), 2);
    a.seal(Partition::Site(SITE)).unwrap();
    assert_eq!(releases(&a, 1), 2, "sealed, and not sent");
    let target = done.events[1].1;
    a.commit(events(vec![EventBody::Reversed { target }]), T0 + 2)
        .unwrap();
    assert_eq!(releases(&a, 1), 1, "one did not happen");
    assert_eq!((a.waiting().unwrap().events, releases(&a, 2)), (4, 0));
    b.commit(events(vec![issue(1, 1, 1)]), T0 + 3).unwrap();
    hub.sync(&mut [&mut server, &mut a, &mut b]);
    assert_eq!((releases(&a, 1), releases(&b, 2)), (0, 0));
    a.commit(events(vec![issue(1, 1, 1)]), T0 + 4).unwrap();
    assert_eq!(
        releases(&a, 1),
        1,
        "those that the hub has are not among them"
    );
}
