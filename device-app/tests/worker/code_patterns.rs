//! Which code means what at the site: patterns from the server, and Health Industry Bar Codes by their product.

use device_app::view::{PadKey, UiEvent};
use documents::camera_reads::CameraReads;
use documents::code_patterns::set_code_patterns;
use documents::{FieldEdit, Partition, RecordKind};
use domain::ItemId;

use crate::hub::{Hub, SITE};
use crate::rig::Rig;

fn hub_with(lines: &[&str]) -> Hub {
    let hub = Hub::new();
    set(&hub, lines);
    hub
}

fn set(hub: &Hub, lines: &[&str]) {
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let fields = set_code_patterns(&lines);
    hub.edit(Partition::Shared, RecordKind::Site, SITE.into(), fields);
}

fn receiving(hub: &Hub) -> Rig {
    let mut rig = Rig::signed_in(hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig
}

#[test]
fn codes_of_the_site_name_bins_goods_and_how_many() {
    // The last one is none: the others still help.
    let hub = hub_with(&[
        "LOC-{bin}",
        "{item:A}*{lot}*{quantity:9}*{expiry:ddmmyy}",
        "{lot:7",
    ]);
    let mut rig = receiving(&hub);
    rig.scan("LOC-A-01");
    assert_eq!(rig.said(), "bin-selected");
    rig.scan("MILK*L7*12*311227");
    assert_eq!(rig.said(), "received");
    assert_eq!(rig.stock(), ["A-01 MILK/L7 12"]);
    // What fits no pattern is as ever.
    rig.pass(2_000);
    rig.scan("BOLT");
    assert_eq!(rig.said(), "item-selected");
}

#[test]
fn other_patterns_hold_from_the_next_sync_on() {
    let hub = hub_with(&["LOC-{bin}"]);
    let mut rig = receiving(&hub);
    rig.scan("X/A-01");
    assert_eq!(rig.said(), "unknown-code");
    rig.action("cancel");
    set(&hub, &["X/{bin}"]);
    rig.ui(UiEvent::SyncNow);
    rig.scan("X/A-01");
    assert_eq!(rig.said(), "bin-selected");
}

#[test]
fn a_health_industry_code_names_its_product_lot_and_day() {
    let hub = Hub::new();
    let milk = ItemId::from_bytes([0x42; 16]).into();
    let barcode = FieldEdit::set("barcodes/A99912345", 1_000);
    hub.edit(Partition::Shared, RecordKind::Item, milk, vec![barcode]);
    let mut rig = receiving(&hub);
    rig.scan("+A99912345/$$3281231L7N");
    assert_eq!(rig.said(), "wrong-check-digit");
    rig.action("cancel");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("+A99912345/$$3281231L71");
    assert_eq!(rig.said(), "item-selected");
    rig.ui(UiEvent::Keypad(PadKey::Digit(3)));
    rig.action("next");
    assert_eq!(rig.stock(), ["A-01 MILK/L7 3"]);
}

#[test]
fn the_camera_reads_what_the_site_wants_in_the_work_under_way() {
    let hub = Hub::new();
    let codes = |text: &str| text.split(' ').map(str::to_owned).collect();
    let mut reads = CameraReads::default();
    reads.set(None, codes("qr ean-13 of-tomorrow"));
    reads.set(Some("receive"), codes("code-128 databar add-on"));
    let fields = reads.fields();
    hub.edit(Partition::Shared, RecordKind::Site, SITE.into(), fields);
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    let read = |rig: &Rig| {
        let settings = rig.worker.camera_settings();
        let codes: Vec<_> = settings.symbologies.iter().map(|s| s.code()).collect();
        (codes.join(" "), settings.add_ons)
    };
    assert_eq!(read(&rig), ("qr ean-13".to_owned(), false));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    assert_eq!(read(&rig), ("code-128 databar".to_owned(), true));
    rig.action("cancel");
    rig.ui(UiEvent::OpenOperation("count".into()));
    assert_eq!(read(&rig), ("qr ean-13".to_owned(), false));
}
