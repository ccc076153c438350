//! Where goods may be put.

use documents::catalogue::{Room, Zone};
use documents::{Partition, RecordKind};
use domain::ZoneId;

use super::*;

/// Apart from the ids of bins: each record has one of its own.
fn zone_id(n: u8) -> ZoneId {
    ZoneId::from_bytes([0x70 | n; 16])
}

fn zone(n: u8, purpose: &str) -> RecordEdit {
    let zone = Zone {
        id: zone_id(n),
        code: format!("Z{n}"),
        name_en: String::new(),
        name_zh: String::new(),
        purpose: purpose.into(),
        site: SITE,
    };
    RecordEdit {
        partition: Partition::Site(SITE),
        kind: RecordKind::Zone,
        id: zone.id.into(),
        fields: zone.to_fields(),
    }
}

/// Bin `n`, whose code is `A-n`, in a zone and with what fits.
fn furnished(n: u8, in_zone: u8, room: Room) -> RecordEdit {
    let bin = Bin {
        id: bin_id(n),
        code: format!("A-{n:02}"),
        zone: zone_id(in_zone),
        site: SITE,
        room,
    };
    RecordEdit {
        fields: bin.to_fields(),
        ..create_bin(n)
    }
}

fn of_class(class: &str) -> Room {
    Room {
        class: class.into(),
        ..Room::default()
    }
}

#[test]
fn empty_bins_are_found_from_the_nearest_on() {
    let mut a = device(1);
    let plain = Room::default;
    let small = Room {
        volume: 10,
        ..Room::default()
    };
    let face = Room {
        face: Some((item_id(1), units(1), units(5))),
        ..Room::default()
    };
    // 1 is a dock, 5 is taken, 6 too small, 7 a pick face, 8 for cold goods; nobody has said what the zone of 9 is for.
    let mut all = vec![
        zone(1, "receiving"),
        zone(2, "storage"),
        create_item(1, "螺栓"),
    ];
    all.extend([
        furnished(1, 1, plain()),
        furnished(2, 2, plain()),
        furnished(3, 2, plain()),
        furnished(4, 2, plain()),
        furnished(5, 2, plain()),
        furnished(6, 2, small),
        furnished(7, 2, face),
        furnished(8, 2, of_class("cold")),
        furnished(9, 3, plain()),
    ]);
    a.commit(edits(all), T0).unwrap();
    a.commit(events(vec![receive(5, 1, 3)]), T0 + 1).unwrap();
    let found = |replica: &Replica, code: &str, room: &Room| {
        let bins = replica.query().empty_bins_near(SITE, code, room).unwrap();
        let codes: Vec<String> = bins.into_iter().map(|bin| bin.code).collect();
        codes.join(" ")
    };
    let needed = Room {
        volume: 20,
        ..Room::default()
    };
    assert_eq!(found(&a, "A-05", &needed), "A-09 A-04 A-03 A-02");
    assert_eq!(found(&a, "a-03", &plain()), "A-03 A-02 A-04 A-06");
    assert_eq!(found(&a, "A-01", &of_class("cold")), "A-08");
    assert_eq!(found(&a, "A-01", &of_class("steel")), "");
    // What was emptied is empty.
    a.commit(events(vec![issue(5, 1, 3)]), T0 + 2).unwrap();
    assert_eq!(found(&a, "A-05", &plain()), "A-05 A-04 A-06 A-03 A-09 A-02");
    let faces = a.query().pick_faces_of(SITE, item_id(1)).unwrap();
    assert_eq!(faces[0].code, "A-07");
    assert!(
        a.query()
            .pick_faces_of(SITE, item_id(2))
            .unwrap()
            .is_empty()
    );
    let due = a.query().faces_to_fill(SITE, 10).unwrap();
    assert_eq!((due[0].0.code.as_str(), due[0].1), ("A-07", units(0)));
    a.commit(events(vec![receive(7, 1, 1)]), T0 + 3).unwrap();
    assert!(
        a.query().faces_to_fill(SITE, 10).unwrap().is_empty(),
        "it has as much as it must"
    );
    let stores = |n| a.query().stores(zone_id(n)).unwrap();
    assert_eq!([1, 2, 3].map(stores), [false, true, true]);
}
