//! Everything that can be touched is reached with the keys of the device too, and a screen reader has a name for it.

use std::collections::BTreeSet;

use device_app::ui::samples;
use device_app::view::{Language, PadKey, Place, Theme, UiEvent};
use device_app::wedge_keys::WedgeKeys;
use slint::SharedString;
use slint::platform::Key;

use crate::scene::{Scene, Target};
use crate::support::Bench;

/// More than any screen has things to press.
const STEPS_MAX: usize = 120;

fn press(bench: &Bench, key: Key) {
    bench.press(SharedString::from(key).as_str());
}

fn focused(scene: &Scene) -> Option<&Target> {
    scene.targets.iter().find(|target| target.focused)
}

/// What a person with eyes could press now.
fn in_reach(scene: &Scene) -> BTreeSet<String> {
    let pressable = scene.targets.iter().filter(|target| {
        // What is scrolled away is scrolled back by the keys, unless a shade lies over everything.
        let seen = match target.seen.is_empty() {
            true => scene.window,
            false => target.seen,
        };
        target.enabled && !scene.hidden(seen, target.order)
    });
    pressable.map(|target| target.label.clone()).collect()
}

/// The labels that come one after the other until the keys are with the window again.
fn walk(bench: &Bench, key: Key) -> Vec<String> {
    let mut labels = Vec::new();
    for _ in 0..STEPS_MAX {
        press(bench, key);
        let scene = Scene::of(bench.slint());
        let Some(target) = focused(&scene) else {
            return labels;
        };
        assert!(
            !target.seen.is_empty(),
            "“{}” has the keys and is out of sight",
            target.label
        );
        labels.push(target.label.clone());
    }
    panic!("the keys never come back to the window: {labels:?}");
}

#[test]
fn every_button_and_field_of_every_screen_is_reached_with_tab() {
    let bench = Bench::phone();
    for (form, width, height) in samples::FORMS {
        bench.resize(width as f32, height as f32);
        for (name, view) in samples::views(Language::English, Theme::Light) {
            bench.window.show_view(&view);
            bench.lay_out();
            let expected = in_reach(&Scene::of(bench.slint()));
            // Back too: some buttons give way to our keyboard while the field before them has the keys.
            let mut reached: BTreeSet<String> = walk(&bench, Key::Tab).into_iter().collect();
            reached.extend(walk(&bench, Key::UpArrow));
            assert_eq!(reached, expected, "{name} {form}");
        }
    }
}

#[test]
fn arrows_go_the_same_way_and_back() {
    let bench = Bench::phone();
    for name in [
        "home",
        "task-choice",
        "settings",
        "question",
        "refused",
        "enrol",
    ] {
        bench.show(name);
        let there = walk(&bench, Key::Tab);
        assert!(!there.is_empty(), "{name}");
        assert_eq!(walk(&bench, Key::DownArrow), there, "{name}");
        let mut back = walk(&bench, Key::UpArrow);
        back.reverse();
        assert_eq!(back, there, "{name}");
    }
}

#[test]
fn everything_that_can_be_pressed_is_read_out() {
    let bench = Bench::phone();
    let mut seen = 0;
    for language in Language::ALL {
        for (form, width, height) in samples::FORMS {
            bench.resize(width as f32, height as f32);
            for (name, view) in samples::views(language, Theme::Light) {
                bench.window.show_view(&view);
                bench.lay_out();
                let scene = Scene::of(bench.slint());
                assert_eq!(scene.mute, [""; 0], "{name} {form}");
                for target in &scene.targets {
                    seen += 1;
                    assert!(
                        !target.label.is_empty(),
                        "{name} {form}: {:?}",
                        target.kinds
                    );
                }
            }
        }
    }
    assert!(seen > 1_000, "only {seen} targets were found");
}

/// Tab until the thing with that label has the keys, then Enter.
pub(crate) fn choose(bench: &Bench, label: &str) {
    for _ in 0..STEPS_MAX {
        press(bench, Key::Tab);
        if focused(&Scene::of(bench.slint())).is_some_and(|target| target.label == label) {
            return bench.press("\n");
        }
    }
    panic!("“{label}” is not reached");
}

#[test]
fn enter_presses_what_has_the_keys() {
    let bench = Bench::phone();
    let check = |screen: &str, label: &str, expected: UiEvent| {
        bench.show(screen);
        bench.events();
        choose(&bench, label);
        assert_eq!(bench.events(), [expected], "{screen}: {label}");
    };
    check("home", "Receive", UiEvent::OpenOperation("receive".into()));
    check("home", "History", UiEvent::Open(Place::History));
    check("task-choice", "2026-02", UiEvent::Choose("l2".into()));
    check("task-quantity", "One more", UiEvent::Keypad(PadKey::Plus));
    check("question", "Cancel", UiEvent::Action("cancel".into()));
    check("refused", "Refused. Tap to go on.", UiEvent::Acknowledge);
    check("settings", "Gallery", UiEvent::Open(Place::Gallery));
    check("settings", "Scanner", UiEvent::Open(Place::Scanner));
    check("settings", "Left-handed", UiEvent::SetLeftHanded(true));
    check("gallery", "Back", UiEvent::Back);
}

#[test]
fn a_scanner_presses_nothing() {
    let bench = Bench::phone();
    bench.window.set_key_sink(Box::new(WedgeKeys::default()));
    let scan = || UiEvent::Scan {
        text: "A-03-1".into(),
        follows: false,
    };
    for screen in [
        "home",
        "task-quantity",
        "task-choice",
        "question",
        "refused",
        "pin",
    ] {
        bench.show(screen);
        press(&bench, Key::Tab);
        bench.burst("A-03-1\r\n");
        bench.burst("A-03-1\t\n");
        // How soon one came behind the other depends on the machine.
        let alone = |event| match event {
            UiEvent::Scan { text, .. } => UiEvent::Scan {
                text,
                follows: false,
            },
            other => other,
        };
        let events: Vec<UiEvent> = bench.events().into_iter().map(alone).collect();
        assert_eq!(events, [scan(), scan()], "{screen}");
    }
}

#[test]
fn keys_survive_the_button_that_had_them() {
    let bench = Bench::phone();
    bench.window.set_key_sink(Box::new(WedgeKeys::default()));
    bench.show("task-choice");
    choose(&bench, "2026-05");
    bench.show("task-scan");
    bench.events();
    bench.burst("A-03-1\n");
    assert_eq!(
        bench.events(),
        [UiEvent::Scan {
            text: "A-03-1".into(),
            follows: false
        }]
    );
}

#[test]
fn function_keys_open_places_and_do_what_the_buttons_do() {
    let bench = Bench::phone();
    let check = |screen: &str, key: Key, expected: &[UiEvent]| {
        bench.show(screen);
        bench.events();
        press(&bench, key);
        assert_eq!(bench.events(), expected, "{screen}");
    };
    for (key, place) in [
        (Key::F1, Place::Home),
        (Key::F2, Place::LookUp),
        (Key::F3, Place::History),
        (Key::F4, Place::Sync),
        (Key::F5, Place::Settings),
    ] {
        check("home", key, &[UiEvent::Open(place)]);
        check("sign-in", key, &[]);
        check("refused", key, &[]);
        check("question", key, &[]);
    }
    check("task-scan", Key::F6, &[UiEvent::Undo]);
    check("home", Key::F6, &[]);
    check("camera", Key::F7, &[UiEvent::TakePhoto]);
    check("task-scan", Key::F7, &[]);
    check("task-scan", Key::F10, &[UiEvent::Action("done".into())]);
    check(
        "task-text",
        Key::F10,
        &[UiEvent::EnterText("2027-03".into())],
    );
    check("home", Key::Escape, &[UiEvent::Back]);
    check("refused", Key::Escape, &[UiEvent::Acknowledge]);
    check("refused", Key::Return, &[UiEvent::Acknowledge]);
}

#[test]
fn digits_are_typed_with_keys_and_handed_in_with_enter() {
    let bench = Bench::phone();
    bench.show("task-quantity");
    // A stray Enter, before anything is typed, hands in nothing.
    press(&bench, Key::Return);
    assert_eq!(bench.events(), []);
    bench.type_slowly("75");
    press(&bench, Key::Backspace);
    press(&bench, Key::Delete);
    bench.type_slowly("+-");
    press(&bench, Key::Return);
    assert_eq!(
        bench.events(),
        [
            UiEvent::Keypad(PadKey::Digit(7)),
            UiEvent::Keypad(PadKey::Digit(5)),
            UiEvent::Keypad(PadKey::Backspace),
            UiEvent::Keypad(PadKey::Clear),
            UiEvent::Keypad(PadKey::Plus),
            UiEvent::Keypad(PadKey::Minus),
            UiEvent::Action("confirm".into()),
        ]
    );
    bench.show("pin");
    bench.type_slowly("4");
    press(&bench, Key::Return);
    assert_eq!(
        bench.events(),
        [UiEvent::PinKey(PadKey::Digit(4)), UiEvent::PinDone]
    );
}

/// Our keyboard takes half of the screen; what is typed into must still be seen, or it gets no keys.
#[test]
fn a_field_at_the_end_of_a_form_stays_in_sight_above_the_keyboard() {
    let bench = Bench::phone();
    for label in ["Server address", "One-time code", "Name of this device"] {
        bench.show("home");
        bench.show("enrol");
        choose_field(&bench, label);
        assert_eq!(bench.find("Close keyboard").len(), 1, "{label}");
        bench.type_slowly("x");
        assert!(value(&bench, label).contains('x'), "{label}");
    }
}

#[test]
fn the_keys_of_our_keyboard_never_have_the_keys_themselves() {
    let bench = Bench::phone();
    bench.show("look-up");
    bench.tap("Scan, or type a name, SKU or bin");
    assert_eq!(bench.find("q").len(), 1);
    let reached = walk(&bench, Key::Tab);
    assert!(
        !reached.iter().any(|label| label == "q" || label == "1"),
        "{reached:?}"
    );
}

fn choose_field(bench: &Bench, label: &str) {
    for _ in 0..STEPS_MAX {
        press(bench, Key::Tab);
        let scene = Scene::of(bench.slint());
        let Some(target) = focused(&scene) else {
            continue;
        };
        if target.label == label {
            assert!(!target.seen.is_empty());
            return;
        }
    }
    panic!("“{label}” is not reached");
}

fn value(bench: &Bench, label: &str) -> String {
    let found = bench.find(label);
    let field = found.first().unwrap();
    field.accessible_value().unwrap_or_default().into()
}

#[test]
fn escape_leaves_a_text_field_and_then_the_screen() {
    let bench = Bench::phone();
    bench.show("look-up");
    bench.tap("Scan, or type a name, SKU or bin");
    press(&bench, Key::Escape);
    assert_eq!(bench.find("Close keyboard").len(), 0);
    assert_eq!(bench.events(), []);
    press(&bench, Key::Escape);
    assert_eq!(bench.events(), [UiEvent::Back]);
}
