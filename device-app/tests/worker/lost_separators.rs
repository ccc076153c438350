//! GS1 data that comes without its separators from the wedge: what is known cuts it, and only a tie is asked about.

use device_app::view::{Outcome, PadKey, Place, Question, UiEvent};
use scan::learn::{KeyPress, test_text};

use crate::hub::Hub;
use crate::rig::Rig;

/// MILK tracks lot and expiry.
const MILK: &str = "0104012345678901";

/// A scanner that loses separators, learnt as such.
fn lossy(hub: &Hub) -> Rig {
    let mut rig = Rig::signed_in(hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    learn(&mut rig, "");
    rig
}

fn learn(rig: &mut Rig, separator: &str) {
    rig.ui(UiEvent::Open(Place::Scanner));
    let text = test_text().replace('\u{1d}', separator) + "\r";
    let key = |(c, n): (char, u64)| KeyPress {
        text: c.to_string(),
        at_ms: 5_000 + n * 4,
    };
    let keys: Vec<KeyPress> = text.chars().zip(0..).map(key).collect();
    for _ in 0..2 {
        rig.ui(UiEvent::ScannerKeys(keys.clone()));
    }
    rig.ui(UiEvent::Open(Place::Home));
}

fn receiving(rig: &mut Rig) {
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
}

fn question(rig: &mut Rig) -> Option<(String, String)> {
    let Question { message, .. } = rig.view().question?;
    Some((
        message.code,
        message.args.first().cloned().unwrap_or_default(),
    ))
}

fn asks(rig: &mut Rig, shown: &str) {
    let expected = Some(("which-reading".to_owned(), shown.to_owned()));
    assert_eq!(question(rig), expected);
}

#[test]
fn a_tie_is_asked_about_until_one_is_meant() {
    let hub = Hub::new();
    let mut rig = lossy(&hub);
    receiving(&mut rig);
    rig.scan(&format!("{MILK}1726123110L7215"));
    asks(&mut rig, "(10)L7215  (17)261231");
    // A scan does not answer it.
    rig.scan("BOLT");
    assert_eq!(rig.said(), "answer-first");
    rig.action("no");
    asks(&mut rig, "(10)L7  (17)261231  (21)5");
    rig.action("yes");
    assert_eq!(question(&mut rig), None);
    assert_eq!(rig.said(), "item-selected");
    rig.ui(UiEvent::Keypad(PadKey::Digit(2)));
    rig.action("next");
    let stock = rig.stock();
    assert!(stock.iter().any(|row| row == "A-01 MILK/L7 2"), "{stock:?}");
}

#[test]
fn what_none_of_them_says_is_not_taken() {
    let hub = Hub::new();
    let mut rig = lossy(&hub);
    receiving(&mut rig);
    rig.scan(&format!("{MILK}1726123110L7215"));
    rig.action("no");
    rig.action("no");
    assert_eq!(question(&mut rig), None);
    assert_eq!(rig.said(), "reading-none");
    assert_eq!(rig.view().feedback.unwrap().outcome, Outcome::Refused);
}

#[test]
fn a_date_decides_without_a_question() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    receiving(&mut rig);
    // Nobody tried this scanner.
    rig.scan(&format!("{MILK}10L717261231"));
    assert_eq!(question(&mut rig), None);
    assert_eq!(rig.said(), "item-selected");
    rig.ui(UiEvent::Keypad(PadKey::Digit(2)));
    rig.action("next");
    let stock = rig.stock();
    assert!(stock.iter().any(|row| row == "A-01 MILK/L7 2"), "{stock:?}");
}

#[test]
fn a_scanner_that_keeps_separators_is_believed() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    learn(&mut rig, "|");
    receiving(&mut rig);
    rig.scan(&format!("{MILK}1726123110L717261231"));
    assert_eq!(question(&mut rig), None);
    rig.ui(UiEvent::Keypad(PadKey::Digit(2)));
    rig.action("next");
    let stock = rig.stock();
    assert!(
        stock.iter().any(|row| row == "A-01 MILK/L717261231 2"),
        "{stock:?}"
    );
}

#[test]
fn a_lot_in_stock_decides() {
    let hub = Hub::new();
    let mut rig = lossy(&hub);
    receiving(&mut rig);
    rig.scan(&format!("{MILK}1726123110L7215"));
    rig.action("yes");
    rig.ui(UiEvent::Keypad(PadKey::Digit(2)));
    rig.action("next");
    // The same label again: its lot is known now.
    rig.pass(2_000);
    rig.scan(&format!("{MILK}1726123110L7215"));
    assert_eq!(question(&mut rig), None);
    assert_eq!(rig.said(), "item-selected");
}
