//! A handheld that was locked on the console: what it shows, what it refuses, and what still goes.

use device_app::health::{Battery, Health};
use device_app::transport::PostError;
use device_app::view::{Language, LockedView, Outcome, Screen, UiEvent};
use device_app::worker::ToWorker;
use documents::{Instructions, Lock, Partition, RecordKind};
use domain::DeviceId;
use scan::Payload;

use crate::hub::{Hub, T0};
use crate::rig::Rig;

/// Of a supervisor, at half past twelve by the site's clock.
fn lock() -> Lock {
    Lock {
        text: "请交回办公室".into(),
        by: "陈主管".into(),
        at: T0,
    }
}

fn set(hub: &Hub, fields: Vec<documents::FieldEdit>) {
    let first = DeviceId::from_bytes([0xd1; 16]);
    hub.edit(Partition::Shared, RecordKind::Device, first.into(), fields);
}

fn locked(rig: &mut Rig) -> Option<LockedView> {
    match rig.view().screen {
        Screen::Locked(view) => Some(view),
        _ => None,
    }
}

/// What happens at the next poll.
fn poll(rig: &mut Rig) {
    rig.pass(60_000);
}

fn receives(rig: &mut Rig, quantity: &str) {
    rig.ui(UiEvent::OpenOperation("receive".into()));
    for scan in ["A-01", "BOLT"] {
        rig.scan(scan);
    }
    rig.worker.quantity(quantity);
    rig.settle();
}

#[test]
fn a_lock_is_heard_at_the_next_contact_and_nothing_is_recorded_until_its_end_is() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    assert_eq!(hub.inner().status.locked, Some(false));
    receives(&mut rig, "5");
    rig.scan("BOLT");
    set(&hub, Instructions::lock(&lock()));
    poll(&mut rig);
    let view = locked(&mut rig).unwrap();
    assert_eq!(
        (view.by.as_str(), view.text.as_str(), view.waiting),
        ("陈主管", "请交回办公室", 0)
    );
    assert!(!view.at.is_empty() && !view.stays_offline);
    assert_eq!(
        hub.inner().status.locked,
        Some(true),
        "the hub is told at once"
    );
    assert_eq!(rig.view().operator, None);

    let before = (rig.stock(), rig.worker.replica().query().event_count());
    let events = || -> Vec<UiEvent> {
        vec![
            UiEvent::OpenOperation("receive".into()),
            UiEvent::ChooseOperator("o".into()),
            UiEvent::Action("done".into()),
            UiEvent::Undo,
            UiEvent::Resume,
            UiEvent::Practise(true),
            UiEvent::Back,
            UiEvent::TakePhoto,
            UiEvent::StayOffline(true),
            UiEvent::OpenEnrol,
            UiEvent::Enrol {
                server_url: "https://hub.test".into(),
                code: "BBBB2".into(),
                device_name: "x".into(),
            },
        ]
    };
    for event in events() {
        let name = format!("{event:?}");
        rig.ui(event);
        assert!(locked(&mut rig).is_some(), "{name}");
    }
    for code in ["A-01", "BOLT", "B-LI"] {
        rig.scan(code);
        assert_eq!(rig.said(), "device-locked");
        assert_eq!(
            rig.view().feedback.map(|f| f.outcome),
            Some(Outcome::Refused)
        );
        rig.ui(UiEvent::Acknowledge);
    }
    let li = rig.worker.replica().query().operator_by_badge("B-LI");
    rig.worker
        .type_pin(&li.unwrap().unwrap().id.to_string(), "4711");
    assert_eq!(rig.view().operator, None, "not by a script either");
    rig.ui(UiEvent::Acknowledge);
    rig.worker
        .handle(ToWorker::Seen(vec![Payload::from_keys("BOLT")]));
    assert_eq!(rig.view().feedback, None, "a camera sees all the time");
    assert_eq!(before.0, rig.stock(), "{:?}", rig.view().feedback);
    assert_eq!(
        before.1.unwrap(),
        rig.worker.replica().query().event_count().unwrap()
    );
    rig.ui(UiEvent::SetLanguage(Language::Chinese));
    assert_eq!(rig.view().appearance.language, Language::Chinese);

    set(&hub, Instructions::unlock());
    rig.ui(UiEvent::SyncNow);
    assert!(matches!(rig.view().screen, Screen::SignIn(_)));
    assert_eq!(hub.inner().status.locked, Some(false));
    // The work that was begun is there, and goes on.
    rig.scan("B-LI");
    rig.ui(UiEvent::Resume);
    rig.worker.quantity("2");
    rig.settle();
    assert_eq!(rig.stock(), ["A-01 BOLT 7"]);
}

#[test]
fn neither_a_restart_nor_staying_offline_gets_round_a_lock_and_what_waits_still_goes() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    set(&hub, Instructions::lock(&lock()));
    // What is recorded before it hears of the lock is real, and is kept.
    hub.inner().fault = Some(PostError::Unreachable);
    receives(&mut rig, "5");
    assert_eq!(rig.view().chip.waiting, 1);
    assert_eq!(locked(&mut rig), None);
    hub.inner().fault = None;
    poll(&mut rig);
    assert_eq!(locked(&mut rig).unwrap().waiting, 0, "it was sent");

    hub.inner().fault = Some(PostError::Unreachable);
    set(&hub, Instructions::unlock());
    let mut rig = rig.restart(&hub);
    for _ in 0..3 {
        poll(&mut rig);
        rig.scan("B-LI");
        assert!(locked(&mut rig).is_some());
        assert_eq!(rig.view().operator, None);
        rig.ui(UiEvent::Acknowledge);
    }
    hub.inner().fault = None;
    rig.ui(UiEvent::SyncNow);
    poll(&mut rig);
    assert_eq!(locked(&mut rig), None);
    rig.scan("B-LI");
    assert_eq!(rig.view().operator.as_deref(), Some("Li"));
    assert_eq!(rig.stock(), ["A-01 BOLT 5"]);
}

#[test]
fn what_waits_on_a_locked_device_is_sent_when_the_server_answers_again() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    set(&hub, Instructions::lock(&lock()));
    // The record came with a neighbour's parcel or an answer whose own part was lost; here the device says it again.
    hub.inner().fault = Some(PostError::Unreachable);
    receives(&mut rig, "5");
    hub.inner().fault = None;
    rig.ui(UiEvent::SyncNow);
    assert!(locked(&mut rig).is_some());
    assert_eq!(hub.inner().status.waiting_events, 0);
    assert_eq!(rig.state_hash(), hub.state_hash(), "the hub has all of it");
}

#[test]
fn a_device_that_was_told_to_stay_offline_says_so_and_can_be_put_online_again() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    set(&hub, Instructions::lock(&lock()));
    poll(&mut rig);
    set(&hub, Instructions::unlock());
    // As its settings were before the lock: a restart finds them so.
    hub.inner().fault = Some(PostError::Unreachable);
    rig.ui(UiEvent::StayOffline(true));
    assert!(!locked(&mut rig).unwrap().stays_offline, "not while locked");
    hub.inner().fault = None;
    rig.ui(UiEvent::StayOffline(false));
    poll(&mut rig);
    assert_eq!(locked(&mut rig), None);
}

#[test]
fn practice_ends_with_a_lock_and_a_photo_under_way_is_not_kept() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    receives(&mut rig, "5");
    rig.worker
        .handle(ToWorker::Camera(device_app::view::Camera::On));
    rig.ui(UiEvent::TakePhoto);
    rig.ui(UiEvent::Practise(true));
    assert!(rig.view().practice);
    set(&hub, Instructions::lock(&lock()));
    poll(&mut rig);
    assert!(locked(&mut rig).is_some());
    assert!(!rig.view().practice);
    assert_eq!(rig.view().camera, device_app::view::Camera::Off);
    rig.worker
        .handle(ToWorker::PhotoTaken(Ok(crate::photos::photo_of(1))));
    assert_eq!(rig.worker.photos_waiting().photos, 0);
    assert_eq!(rig.stock(), ["A-01 BOLT 5"]);
}

#[test]
fn how_the_machine_is_goes_with_every_request() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    assert_eq!(hub.inner().status.battery, None);
    rig.worker.take_health(Health {
        battery: Some(Battery {
            percent: 41,
            charging: true,
        }),
        free_bytes: Some(7_000_000_000),
    });
    receives(&mut rig, "5");
    poll(&mut rig);
    hub.inner().fault = Some(PostError::Unreachable);
    rig.ui(UiEvent::OpenOperation("issue".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("2");
    rig.settle();
    hub.inner().fault = None;
    rig.ui(UiEvent::SyncNow);
    let status = hub.inner().status.clone();
    let battery = status.battery.map(|b| (b.percent, b.charging));
    assert_eq!(battery, Some((41, true)));
    assert_eq!(status.storage_free, Some(7_000_000_000));
    assert!(!status.program.is_empty());
    assert_eq!(
        (status.waiting_events, status.waiting_releases),
        (1, Some(1))
    );
    poll(&mut rig);
    let status = hub.inner().status.clone();
    assert_eq!(
        (status.waiting_events, status.waiting_releases),
        (0, Some(0))
    );
}
