//! Databases that cannot be used, and input that nobody should give.

use std::sync::Arc;

use device_app::view::{PadKey, Place, UiEvent};
use device_app::worker::ToWorker;
use proptest::prelude::*;
use scan::learn::KeyPress;

use crate::hub::Hub;
use crate::rig::Rig;

fn stopped(hub: &Hub, rig: Rig, spoil: impl Fn(&Rig)) -> &'static str {
    let (folder, clock) = (rig.folder.clone(), rig.clock.clone());
    spoil(&rig);
    drop(rig);
    match Rig::open(hub, folder, clock) {
        Ok(_) => "opened",
        Err(stopped) => stopped.code,
    }
}

#[test]
fn a_database_that_cannot_be_used_stops_the_program_and_stays_as_it_is() {
    let hub = Hub::new();
    let rig = Rig::enrolled(&hub, "AAAA1");
    let code = stopped(&hub, rig, |rig| {
        let folder = rig.folder.path().join("config");
        std::fs::rename(&folder, rig.folder.path().join("elsewhere")).unwrap();
    });
    assert_eq!(code, "database-key-missing");

    let rig = Rig::enrolled(&hub, "BBBB2");
    assert_eq!(stopped(&hub, rig, |_| {}), "opened");

    let rig = Rig::new(&hub);
    let folder = rig.folder.clone();
    let clock = rig.clock.clone();
    let second = Rig::open(&hub, folder.clone(), clock.clone())
        .map(|_| ())
        .unwrap_err();
    assert_eq!(second.code, "database-in-use");
    let database = rig.database();
    drop(rig);
    std::fs::write(&database, vec![0x5a; 8_192]).unwrap();
    let corrupt = Rig::open(&hub, folder.clone(), clock)
        .map(|_| ())
        .unwrap_err();
    assert_eq!(corrupt.code, "database-corrupt");
    assert_eq!(std::fs::read(&database).unwrap(), vec![0x5a; 8_192]);
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("1");
    assert_eq!(rig.stock(), ["A-01 BOLT 1"]);
    rig.worker.limit_growth(2).unwrap();
    let mut told = String::new();
    for _ in 0..2_000 {
        rig.scan("BOLT");
        rig.worker.quantity("1");
        told = rig.said();
        if told == "disk-full" {
            break;
        }
    }
    assert_eq!(told, "disk-full");
    assert_eq!(rig.view().banner.unwrap().code, "disk-full");
    // Nothing can be sent either: what is sealed must be written first.
    rig.ui(UiEvent::StayOffline(false));
    rig.pass(200_000);
    let unsent = rig.worker.sync_error().map(|m| m.code);
    assert_eq!(unsent.as_deref(), Some("disk-full"));
    let stock = rig.stock();
    // The same program goes on when there is room again, and says no longer that there is none.
    rig.worker.limit_growth(100_000).unwrap();
    rig.scan("BOLT");
    rig.worker.quantity("1");
    assert_eq!(rig.said(), "received");
    assert!(rig.view().banner.is_none());
    assert_ne!(rig.stock(), stock);
    rig.ui(UiEvent::StayOffline(true));
    let stock = rig.stock();
    let hash = rig.state_hash();
    let mut rig = rig.restart(&hub);
    assert_eq!(rig.stock(), stock);
    assert_eq!(rig.state_hash(), hash);
    rig.scan("B-LI");
    rig.ui(UiEvent::Resume);
    rig.scan("BOLT");
    rig.worker.quantity("7");
    assert_ne!(rig.stock(), stock, "with room again, work goes on");
}

fn press() -> impl Strategy<Value = UiEvent> {
    let codes = [
        "B-LI",
        "B-WANG",
        "A-01",
        "A-02",
        "BOLT",
        "MILK",
        "DRILL",
        "4006381333932",
        "NEVER",
        "]C1010401234567890110L7",
        "]C1999",
        "TALLYMAN1|https://hub.test|AAAA1|",
    ];
    let actions = [
        "done",
        "cancel",
        "confirm",
        "next",
        "undo",
        "set-aside",
        "link-to-item",
        "bin-empty",
        "all-of-it",
        "no-lot",
        "no-expiry",
        "no-serial",
        "back",
        "later",
        "discard",
        "issue",
        "nonsense",
    ];
    let places = [
        Place::Home,
        Place::LookUp,
        Place::History,
        Place::Sync,
        Place::Settings,
        Place::Scanner,
    ];
    let pad = prop_oneof![
        (0..12_u8).prop_map(PadKey::Digit),
        Just(PadKey::Point),
        Just(PadKey::Plus),
        Just(PadKey::Minus),
        Just(PadKey::Backspace),
    ];
    let operations = ["receive", "issue", "move", "count", "look-up", "x"];
    prop_oneof![
        6 => prop::sample::select(codes.to_vec()).prop_map(|t| UiEvent::Scan { text: t.into(), follows: false }),
        1 => any::<(String, bool)>().prop_map(|(text, follows)| UiEvent::Scan { text, follows }),
        2 => prop::sample::select(codes.to_vec()).prop_map(|t| UiEvent::Scan { text: t.into(), follows: true }),
        4 => prop::sample::select(actions.to_vec()).prop_map(|a| UiEvent::Action(a.into())),
        3 => pad.clone().prop_map(UiEvent::Keypad),
        1 => pad.prop_map(UiEvent::PinKey),
        2 => prop::sample::select(operations.to_vec()).prop_map(|o| UiEvent::OpenOperation(o.into())),
        2 => prop::sample::select(places.to_vec()).prop_map(UiEvent::Open),
        1 => any::<String>().prop_map(UiEvent::EnterText),
        1 => any::<Vec<(String, u64)>>().prop_map(|keys| UiEvent::ScannerKeys(
            keys.into_iter().map(|(text, at_ms)| KeyPress { text, at_ms }).collect(),
        )),
        1 => any::<String>().prop_map(UiEvent::Search),
        1 => any::<String>().prop_map(UiEvent::Choose),
        1 => prop::sample::select(vec![
            UiEvent::Back, UiEvent::Resume, UiEvent::Undo, UiEvent::SignOut, UiEvent::PinDone,
            UiEvent::Acknowledge, UiEvent::DismissBanner, UiEvent::OpenEnrol, UiEvent::SkipEnrol,
            UiEvent::SyncNow, UiEvent::StayOffline(true), UiEvent::StayOffline(false),
        ]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_is_pressed_the_worker_goes_on(presses in prop::collection::vec(press(), 1..60)) {
        let hub = Hub::new();
        let mut rig = Rig::signed_in(&hub, "AAAA1");
        for press in presses {
            rig.ui(press);
            let _ = rig.view();
        }
        rig.worker.handle(ToWorker::PictureFailed("picture-no-code"));
        rig.ui(UiEvent::StayOffline(false));
        rig.pass(300_000);
        let hash = rig.state_hash();
        let clock = rig.clock.clone();
        let folder = Arc::clone(&rig.folder);
        drop(rig);
        let rig = Rig::open(&hub, folder, clock).unwrap();
        prop_assert_eq!(rig.state_hash(), hash);
    }
}
