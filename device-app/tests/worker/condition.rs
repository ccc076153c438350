//! Battery and disk of the handheld: told on every screen, and the last room is for scans.

use device_app::health::{Battery, Health};
use device_app::view::{Screen, UiEvent, View};

use crate::hub::Hub;
use crate::rig::Rig;

const MB: u64 = 1_000_000;

fn health(percent: u8, free_mb: u64) -> Health {
    Health {
        battery: Some(Battery {
            percent,
            charging: false,
        }),
        free_bytes: Some(free_mb * MB),
    }
}

fn warned(view: &View) -> Option<(&str, bool)> {
    let warning = view.warning.as_ref()?;
    Some((warning.message.code.as_str(), warning.grave))
}

#[test]
fn what_will_not_last_is_told_and_scans_go_on_without_pictures() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    assert!(rig.worker.asks_health(), "at the start");
    rig.worker.take_health(health(90, 5_000));
    assert!(!rig.worker.asks_health(), "not all the time");
    rig.pass(30_000);
    assert!(rig.worker.asks_health());
    assert_eq!(warned(&rig.view()), None);
    rig.worker.take_health(health(18, 5_000));
    assert_eq!(warned(&rig.view()), Some(("battery-low", false)));
    rig.worker.take_health(health(60, 80));
    assert_eq!(warned(&rig.view()), Some(("storage-very-low", true)));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("4");
    assert_eq!(rig.stock(), ["A-01 BOLT 4"]);
    for event in [UiEvent::TakePhoto, UiEvent::OpenSigning] {
        rig.ui(event);
        assert_eq!(rig.said(), "no-room-for-pictures");
        rig.ui(UiEvent::Acknowledge);
    }
    assert!(matches!(rig.view().screen, Screen::Task(_)));
    // Somebody made room.
    rig.worker.take_health(health(60, 700));
    assert_eq!(warned(&rig.view()), None);
    rig.ui(UiEvent::OpenSigning);
    assert!(matches!(rig.view().screen, Screen::Signing(_)));
}
