//! A bin among the others of its rack.

use device_app::view::{CellState, Detail, Place, Rack, Screen, UiEvent};
use documents::catalogue::{Bin, Room};
use documents::{Partition, RecordKind};
use domain::{BinId, ZoneId};

use crate::hub::{Hub, SITE};
use crate::rig::Rig;

fn add_bin(hub: &Hub, code: &str) {
    let mut id = [0x0b; 16];
    for (to, from) in id.iter_mut().zip(code.bytes()) {
        *to = from;
    }
    let bin = Bin {
        id: BinId::from_bytes(id),
        code: code.into(),
        zone: ZoneId::from_bytes([0x77; 16]),
        site: SITE,
        room: Room::default(),
    };
    hub.edit(
        Partition::Site(SITE),
        RecordKind::Bin,
        bin.id.into(),
        bin.to_fields(),
    );
}

fn detail(rig: &mut Rig) -> Detail {
    match rig.view().screen {
        Screen::LookUp(found) => found.detail.unwrap(),
        _ => panic!("not looking up"),
    }
}

/// The cells from top left to bottom right; a bin that is not there is a dash.
fn drawn(rack: &Rack) -> Vec<String> {
    let rows = rack
        .cells
        .iter()
        .map(|cell| cell.row + 1)
        .max()
        .unwrap_or(0);
    let mark = |row: u32, column: u32| {
        let here = |cell: &&device_app::view::RackCell| (cell.row, cell.column) == (row, column);
        match rack.cells.iter().find(here) {
            None => "-",
            Some(cell) if cell.here => "here",
            Some(cell) => match cell.state {
                CellState::Empty => "empty",
                CellState::Used => "used",
                CellState::Frozen => "frozen",
                CellState::Hidden => "hidden",
            },
        }
    };
    let row = |row| (0..rack.bays.len() as u32).map(move |column| mark(row, column));
    (0..rows)
        .map(|n| row(n).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn a_bin_is_shown_among_its_neighbours_and_a_tap_goes_to_one_of_them() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    // Nine bays of two levels, of which the tenth has one; and an aisle whose name begins alike.
    for bay in 6..=14 {
        add_bin(&hub, &format!("B-{bay}-1"));
        if bay != 10 {
            add_bin(&hub, &format!("B-{bay}-2"));
        }
    }
    add_bin(&hub, "BB-11-1");
    add_bin(&hub, "DOCK");
    rig.ui(UiEvent::SyncNow);
    rig.settle();
    rig.ui(UiEvent::OpenOperation("receive".into()));
    for bin in ["B-12-2", "B-9-1"] {
        rig.scan(bin);
        rig.scan("BOLT");
        rig.worker.quantity("5");
    }
    rig.action("done");

    rig.ui(UiEvent::Open(Place::LookUp));
    rig.scan("B-11-1");
    let rack = detail(&mut rig).rack;
    assert_eq!(rack.aisle, "B");
    assert_eq!(rack.bays, ["9", "10", "11", "12", "13"]);
    assert_eq!(
        drawn(&rack),
        ["empty - empty used empty", "used empty here empty empty"]
    );
    // At the end of the aisle the window stays full.
    rig.scan("B-14-2");
    let rack = detail(&mut rig).rack;
    assert_eq!(rack.bays, ["10", "11", "12", "13", "14"]);
    let used = rack.cells.iter().find(|c| c.state == CellState::Used);
    rig.ui(UiEvent::OpenHit(used.unwrap().id.clone()));
    let found = detail(&mut rig);
    assert_eq!((found.title.as_str(), found.stock.len()), ("B-12-2", 1));

    // Bays with one level, and a code that names no rack.
    rig.scan("A-02");
    let rack = detail(&mut rig).rack;
    assert_eq!(rack.bays, ["01", "02", "03"]);
    assert_eq!(drawn(&rack), ["empty here empty"]);
    assert!(rack.cells.iter().all(|cell| cell.level.is_empty()));
    rig.scan("DOCK");
    assert_eq!(detail(&mut rig).rack, Rack::default());
}
