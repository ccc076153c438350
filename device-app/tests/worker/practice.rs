//! Practice: everything can be tried, and nothing of it is real.

use device_app::view::{Place, Screen, UiEvent};

use crate::hub::Hub;
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
fn what_is_tried_is_neither_kept_nor_sent_and_real_work_goes_on_as_it_was() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    receive(&mut rig, "A-01", "7");
    rig.ui(UiEvent::OpenOperation("issue".into()));
    rig.scan("BOLT");
    rig.settle();
    let before = (rig.stock(), rig.state_hash(), hub.state_hash());
    rig.ui(UiEvent::Practise(true));
    assert_eq!(rig.said(), "practice-begun");
    assert!(rig.view().practice);
    assert_eq!(rig.stock(), ["A-01 BOLT 7"], "it begins with what is here");
    receive(&mut rig, "A-02", "500");
    assert_eq!(rig.stock(), ["A-01 BOLT 7", "A-02 BOLT 500"]);
    // Exchanges go on with the real replica, and bring what others did.
    let mut other = Rig::signed_in(&hub, "BBBB2");
    receive(&mut other, "A-03", "2");
    other.settle();
    rig.ui(UiEvent::SyncNow);
    rig.pass(60_000);
    assert_eq!(rig.view().chip.waiting, 0);
    rig.ui(UiEvent::Practise(false));
    assert_eq!(rig.said(), "practice-ended");
    assert!(!rig.view().practice);
    assert_eq!(rig.stock(), ["A-01 BOLT 7", "A-03 BOLT 2"]);
    assert_eq!(rig.state_hash(), hub.state_hash());
    assert_ne!(hub.state_hash(), before.2, "what the other did has come");
    // The draft is where it was.
    rig.ui(UiEvent::Resume);
    assert_eq!(rig.task().operation, "issue");
    rig.worker.quantity("1");
    assert_eq!(rig.stock(), ["A-01 BOLT 6", "A-03 BOLT 2"]);
    rig.ui(UiEvent::SyncNow);
    rig.pass(60_000);
    assert_eq!(rig.state_hash(), hub.state_hash());
}

#[test]
fn it_ends_with_the_program_with_signing_out_and_with_the_next_person() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    let copy = |rig: &Rig| rig.database().with_file_name("practice.db").exists();
    rig.ui(UiEvent::Practise(true));
    receive(&mut rig, "A-01", "9");
    assert!(copy(&rig));
    let mut rig = rig.restart(&hub);
    assert!(!copy(&rig));
    assert!(rig.stock().is_empty());

    rig.scan("B-LI");
    rig.ui(UiEvent::Practise(true));
    receive(&mut rig, "A-01", "9");
    rig.ui(UiEvent::SignOut);
    assert!(matches!(rig.view().screen, Screen::SignIn(_)));
    assert!(!copy(&rig) && rig.stock().is_empty() && !rig.view().practice);

    rig.scan("B-LI");
    rig.ui(UiEvent::Practise(true));
    rig.scan("B-WANG");
    assert_eq!(rig.view().operator.as_deref(), Some("Wang"));
    assert!(!copy(&rig) && !rig.view().practice);
}

#[test]
fn settings_that_are_changed_meanwhile_are_kept() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::Practise(true));
    rig.ui(UiEvent::SetVolume(25));
    rig.ui(UiEvent::Open(Place::Settings));
    let mut rig = rig.restart(&hub);
    rig.ui(UiEvent::Open(Place::Settings));
    let Screen::Settings(settings) = rig.view().screen else {
        panic!()
    };
    assert_eq!(settings.volume, 25);
}
