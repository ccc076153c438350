//! A keyboard-wedge scanner works on every screen, whatever has the focus.

use std::sync::Arc;

use device_app::platform::Typing;
use device_app::platform::recorder::{Recorder, Told};
use device_app::ui::{KeyAnswer, KeySink, samples};
use device_app::view::{Language, Screen, Theme, UiEvent};

use crate::support::Bench;

/// The least a sink may be: at least three keys and a line end are a scan, a pause is typing.
#[derive(Default)]
struct Burst {
    held: String,
    last_ms: u64,
}

impl KeySink for Burst {
    fn key(&mut self, text: &str, at_ms: u64) -> Vec<KeyAnswer> {
        match text {
            "\n" if self.held.len() >= 3 => vec![KeyAnswer::Scan {
                text: std::mem::take(&mut self.held),
                follows: false,
            }],
            _ if text.chars().all(|c| c.is_ascii_graphic()) => {
                self.held.push_str(text);
                self.last_ms = at_ms;
                vec![KeyAnswer::Held]
            }
            _ => {
                let held = std::mem::take(&mut self.held);
                vec![KeyAnswer::Pass(held + text)]
            }
        }
    }

    fn tick(&mut self, _at_ms: u64) -> Vec<KeyAnswer> {
        vec![KeyAnswer::Pass(std::mem::take(&mut self.held))]
    }

    fn due_ms(&self) -> Option<u64> {
        (!self.held.is_empty()).then_some(self.last_ms + 50)
    }
}

fn bench() -> Bench {
    let bench = Bench::phone();
    bench.window.set_key_sink(Box::new(Burst::default()));
    bench
}

fn scan(text: &str) -> UiEvent {
    UiEvent::Scan {
        text: text.into(),
        follows: false,
    }
}

#[test]
fn a_burst_is_a_scan_on_every_screen() {
    let bench = bench();
    for (name, view) in samples::views(Language::English, Theme::Light) {
        if matches!(view.screen, Screen::Scanner(_)) {
            // There keys are looked at one by one.
            continue;
        }
        bench.window.show_view(&view);
        bench.settle();
        bench.burst("4006381333931\n");
        assert_eq!(bench.events(), [scan("4006381333931")], "{name}");
    }
}

#[test]
fn a_burst_is_a_scan_inside_a_text_field_and_leaves_it_as_it_was() {
    let bench = bench();
    bench.show("look-up");
    bench.tap("Scan, or type a name, SKU or bin");
    bench.type_slowly("ab");
    assert_eq!(
        bench.events(),
        [
            UiEvent::Search("10-40a".into()),
            UiEvent::Search("10-40ab".into())
        ]
    );
    bench.burst("A-03-1\n");
    assert_eq!(bench.events(), [scan("A-03-1")]);
    bench.type_slowly("c");
    assert_eq!(bench.events(), [UiEvent::Search("10-40abc".into())]);
}

#[test]
fn keys_survive_the_field_that_had_the_focus() {
    let bench = bench();
    bench.show("look-up");
    bench.tap("Scan, or type a name, SKU or bin");
    assert_eq!(bench.find("Close keyboard").len(), 1);
    bench.show("home");
    assert_eq!(bench.find("Close keyboard").len(), 0);
    bench.burst("A-03-1\n");
    assert_eq!(bench.events(), [scan("A-03-1")]);

    bench.show("task-text");
    bench.tap("Expiry date");
    bench.show("task-scan");
    bench.burst("A-03-2\n");
    assert_eq!(bench.events(), [scan("A-03-2")]);
}

#[test]
fn a_scan_right_after_acknowledging_works() {
    let bench = bench();
    bench.show("refused");
    bench.tap("Refused. Tap to go on.");
    bench.show("task-scan");
    bench.burst("A-03-1\n");
    assert_eq!(bench.events(), [UiEvent::Acknowledge, scan("A-03-1")]);
}

#[test]
fn our_keyboard_types_past_the_sink() {
    let bench = bench();
    bench.show("look-up");
    bench.tap("Scan, or type a name, SKU or bin");
    bench.tap("q");
    bench.tap("Capital letters");
    bench.tap("W");
    bench.tap("Delete last letter");
    assert_eq!(
        bench.events(),
        [
            UiEvent::Search("10-40q".into()),
            UiEvent::Search("10-40qW".into()),
            UiEvent::Search("10-40q".into()),
        ]
    );
    bench.tap("Close keyboard");
    assert_eq!(bench.find("Close keyboard").len(), 0);
}

#[test]
fn the_machine_hears_what_a_field_wants_and_its_own_keyboard_takes_the_place_of_ours() {
    let bench = bench();
    let machine = Arc::new(Recorder::default());
    bench.window.set_platform(machine.clone());
    bench.show("look-up");
    assert_eq!(machine.told(), []);
    bench.tap("Scan, or type a name, SKU or bin");
    assert_eq!(machine.told(), [Told::Keyboard(Some(Typing::Text))]);
    assert_eq!(bench.find("Close keyboard").len(), 1, "it brings none");
    bench.tap("Close keyboard");
    assert_eq!(machine.told(), [Told::Keyboard(None)]);

    machine.set_keyboard(true);
    bench.show("enrol");
    bench.tap("Server address");
    assert_eq!(machine.told(), [Told::Keyboard(Some(Typing::Codes))]);
    assert_eq!(bench.find("Close keyboard").len(), 0, "its own is there");
    bench.tap("Name of this device");
    assert_eq!(
        machine.told(),
        [Told::Keyboard(Some(Typing::Text))],
        "from field to field it stays"
    );
    bench.show("home");
    assert_eq!(machine.told(), [Told::Keyboard(None)]);
}

#[test]
fn a_slow_answer_does_not_overwrite_fast_fingers() {
    let bench = bench();
    bench.show("look-up");
    bench.tap("Scan, or type a name, SKU or bin");
    bench.type_slowly("a");
    bench.show("look-up");
    bench.type_slowly("b");
    assert_eq!(
        bench.events(),
        [
            UiEvent::Search("10-40a".into()),
            UiEvent::Search("10-40ab".into())
        ]
    );
}
