//! Two devices and a hub, with and without a line between them.

use device_app::transport::PostError;
use device_app::view::{Connection, Place, Screen, UiEvent};
use documents::Partition;
use protocol::{Refusal, RefusalCode};

use crate::hub::{Hub, SITE};
use crate::rig::Rig;

fn receive(rig: &mut Rig, bin: &str, quantity: &str) {
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan(bin);
    rig.scan("BOLT");
    rig.worker.quantity(quantity);
    assert_eq!(rig.said(), "received");
    rig.action("done");
}

#[test]
fn offline_work_meets_at_the_hub() {
    let hub = Hub::new();
    let mut a = Rig::signed_in(&hub, "AAAA1");
    let mut b = Rig::signed_in(&hub, "BBBB2");
    for rig in [&mut a, &mut b] {
        rig.ui(UiEvent::StayOffline(true));
        assert_eq!(rig.view().chip.connection, Connection::StayOffline);
    }
    for _ in 0..30 {
        receive(&mut a, "A-01", "1");
        receive(&mut b, "A-02", "2");
    }
    assert_eq!(a.view().chip.waiting, 30);
    assert_ne!(a.state_hash(), b.state_hash());
    for rig in [&mut a, &mut b] {
        rig.ui(UiEvent::StayOffline(false));
        rig.pass(10_000);
    }
    a.pass(10_000);
    assert_eq!(a.stock(), ["A-01 BOLT 30", "A-02 BOLT 60"]);
    assert_eq!(a.state_hash(), b.state_hash());
    assert_eq!(a.state_hash(), hub.state_hash());
    assert_eq!(
        (a.view().chip.waiting, a.view().chip.connection),
        (0, Connection::Online)
    );
    assert_eq!(a.view().chip.data_age_seconds, Some(0));
}

#[test]
fn captive_portals_and_broken_lines_are_offline_and_nothing_is_lost() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    let refused = |code| PostError::Refused(Refusal::from(code));
    for (fault, expected) in [
        (PostError::NotTheServer, "server-unreachable"),
        (PostError::Unreachable, "server-unreachable"),
        (PostError::Cut, "server-unreachable"),
        (PostError::CertificateWrong, "server-certificate-wrong"),
        (refused(RefusalCode::DeviceUnknown), "device-revoked"),
        (refused(RefusalCode::HubFailed), "server-error"),
        (refused(RefusalCode::VersionUnknown), "device-too-old"),
    ] {
        hub.inner().fault = Some(fault);
        receive(&mut rig, "A-01", "1");
        rig.pass(200_000);
        rig.ui(UiEvent::Open(Place::Sync));
        let view = rig.view();
        assert_eq!(view.chip.connection, Connection::Offline);
        let Screen::Sync(sync) = view.screen else {
            panic!()
        };
        assert_eq!(sync.last_error.unwrap().code, expected);
        assert!(sync.only_here > 0);
    }
    hub.inner().fault = None;
    hub.inner().now = rig.worker.now_ms();
    rig.ui(UiEvent::SyncNow);
    let Screen::Sync(sync) = rig.view().screen else {
        panic!()
    };
    assert_eq!((sync.only_here, sync.last_error), (0, None));
    assert_eq!(rig.state_hash(), hub.state_hash());
}

#[test]
fn a_forged_segment_is_not_taken_in() {
    let hub = Hub::new();
    let mut a = Rig::signed_in(&hub, "AAAA1");
    let mut b = Rig::signed_in(&hub, "BBBB2");
    b.ui(UiEvent::StayOffline(true));
    receive(&mut a, "A-01", "1");
    a.pass(10_000);
    hub.forge_last(Partition::Site(SITE));
    b.ui(UiEvent::StayOffline(false));
    b.pass(1_000);
    assert_eq!(b.stock(), Vec::<String>::new());
    b.ui(UiEvent::Open(Place::Sync));
    let Screen::Sync(sync) = b.view().screen else {
        panic!()
    };
    assert_eq!(sync.last_error.unwrap().code, "segment-forged");
    receive(&mut b, "A-02", "4");
    assert_eq!(b.stock(), ["A-02 BOLT 4"], "work goes on");
}

#[test]
fn an_idle_device_asks_and_its_database_survives_a_restart() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    let before = hub.inner().exchanges;
    rig.pass(6_000);
    assert_eq!(hub.inner().exchanges, before + 1);
    let hash = rig.state_hash();
    let mut rig = rig.restart(&hub);
    assert_eq!(rig.state_hash(), hash);
    assert!(matches!(rig.view().screen, Screen::SignIn(_)));
}

#[test]
fn a_clock_that_is_wrong_is_told() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    let error = |rig: &mut Rig| {
        rig.ui(UiEvent::SyncNow);
        rig.worker.sync_error()
    };
    assert_eq!(error(&mut rig), None);
    hub.inner().now -= 20 * 60_000;
    let message = error(&mut rig).unwrap();
    assert_eq!(
        (message.code.as_str(), message.args[0].as_str()),
        ("clock-wrong", "20 min")
    );
}
