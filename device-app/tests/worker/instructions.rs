//! What a supervisor tells a handheld from the console.

use device_app::view::{Language, Theme, UiEvent};
use documents::{FieldEdit, Instructions, Partition, RecordKind};
use domain::DeviceId;

use crate::hub::Hub;
use crate::rig::Rig;

fn instruct(hub: &Hub, rig: &mut Rig, fields: Vec<FieldEdit>) {
    let first = DeviceId::from_bytes([0xd1; 16]);
    hub.edit(Partition::Shared, RecordKind::Device, first.into(), fields);
    rig.ui(UiEvent::SyncNow);
    rig.settle();
}

fn banner(rig: &mut Rig) -> Option<(String, Vec<String>)> {
    let banner = rig.view().banner;
    banner.map(|banner| (banner.code, banner.args))
}

#[test]
fn a_message_stands_on_every_screen_until_it_was_read() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    instruct(&hub, &mut rig, Instructions::tell("A 区先盘点", 5_000));
    let shown = Some(("from-supervisor".into(), vec!["A 区先盘点".to_owned()]));
    assert_eq!(banner(&mut rig), shown);
    // Work goes on below it, and it is there after a restart.
    rig.scan("A-01");
    assert_eq!(rig.said(), "bin-selected");
    assert_eq!(banner(&mut rig), shown);
    let mut rig = rig.restart(&hub);
    rig.scan("B-LI");
    rig.ui(UiEvent::SyncNow);
    rig.settle();
    assert_eq!(banner(&mut rig), shown);
    rig.ui(UiEvent::DismissBanner);
    rig.ui(UiEvent::SyncNow);
    rig.settle();
    assert_eq!(banner(&mut rig), None);
    let mut rig = rig.restart(&hub);
    rig.settle();
    assert_ne!(banner(&mut rig), shown, "it was read");
    // The same words again are another message.
    instruct(&hub, &mut rig, Instructions::tell("A 区先盘点", 6_000));
    assert_eq!(banner(&mut rig), shown);
}

#[test]
fn a_setting_from_the_server_holds_until_somebody_changes_it() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    let set = |rig: &mut Rig, settings: &[(&'static str, &'static str)]| {
        instruct(&hub, rig, Instructions::set_up(settings.iter().copied()));
    };
    set(
        &mut rig,
        &[
            ("theme", "sun"),
            ("language", "zh_CN"),
            ("text-size", "130"),
        ],
    );
    let look = rig.view().appearance;
    assert_eq!((look.theme, look.language), (Theme::Sun, Language::Chinese));
    assert_eq!(look.text_percent, 130);
    rig.ui(UiEvent::SetTheme(Theme::Dark));
    rig.ui(UiEvent::SyncNow);
    rig.settle();
    assert_eq!(
        rig.view().appearance.theme,
        Theme::Dark,
        "the person's choice"
    );
    set(&mut rig, &[("volume", "40"), ("theme", "")]);
    let mut rig = rig.restart(&hub);
    assert_eq!(rig.view().appearance.theme, Theme::Dark);
    set(&mut rig, &[("theme", "light")]);
    assert_eq!(rig.view().appearance.theme, Theme::Light);
}
