//! A scanner is learnt: its keys come as they are, and what was learnt holds at once.

use std::sync::mpsc;

use device_app::view::{Outcome, UiEvent};
use device_app::wedge_keys::WedgeKeys;
use scan::learn::{learn, test_text, visible};
use scan::wedge::WedgeSettings;
use slint::platform::WindowEvent;

use crate::reach::choose;
use crate::support::{Bench, sample};

const SHIFT: &str = "\u{10}";
const CONTROL: &str = "\u{11}";

fn bench() -> Bench {
    let bench = Bench::phone();
    bench.window.set_key_sink(Box::new(WedgeKeys::default()));
    bench
}

/// The keys of each scan that was sent, made visible.
fn scans(bench: &Bench) -> Vec<String> {
    // The pause after the last key.
    bench.lay_out();
    let keys = |event| match event {
        UiEvent::ScannerKeys(keys) => visible(&keys),
        other => panic!("{other:?}"),
    };
    bench.events().into_iter().map(keys).collect()
}

#[test]
fn keys_of_a_scan_come_whole_and_press_nothing() {
    let bench = bench();
    bench.show("scanner-learnt");
    // A button has the keys: the Enter of a scanner must not press it.
    bench.press("\t");
    bench.events();
    for (typed, came) in [
        ("~A-03-1\u{1d}é 1\n", "~A-03-1<GS>é<Space>1<Enter>"),
        ("]C101\r\n", "]C101<Enter><Enter>"),
        ("A\t", "A<Tab>"),
        ("A", "A"),
    ] {
        bench.burst(typed);
        assert_eq!(scans(&bench), [came], "{typed}");
    }
    // Between the letters, and none of them.
    bench.burst(&format!("a{SHIFT}B{SHIFT}\n"));
    assert_eq!(scans(&bench), ["aB<Enter>"]);
}

/// As winit has it: GS is the closing bracket while Control is held, and Control is a key of its own.
fn burst_with_control(bench: &Bench, before: &str, after: &str) {
    let key = |text: &str, down: bool| {
        let text = text.into();
        bench.slint().dispatch_event(match down {
            true => WindowEvent::KeyPressed { text },
            false => WindowEvent::KeyReleased { text },
        });
    };
    bench.burst(before);
    for (text, down) in [(CONTROL, true), ("]", true), ("]", false), (CONTROL, false)] {
        key(text, down);
    }
    bench.burst(after);
}

#[test]
fn the_separator_comes_as_control_and_a_bracket() {
    let bench = Bench::phone();
    // However slow the machine of the test is.
    let (to, settings) = mpsc::channel();
    let patient = WedgeSettings {
        gap_max_ms: 60_000,
        ..WedgeSettings::default()
    };
    to.send(patient).unwrap();
    bench
        .window
        .set_key_sink(Box::new(WedgeKeys::following(settings)));
    bench.show("task-scan");
    let gs1 = "]C1010401234567890110L]1\u{1d}2150";
    let (before, after) = gs1.split_once('\u{1d}').unwrap();
    burst_with_control(&bench, before, &format!("{after}\n"));
    bench.lay_out();
    assert_eq!(
        bench.events(),
        [UiEvent::Scan {
            text: gs1.into(),
            follows: false
        }],
        "a bracket without Control is a bracket"
    );
    bench.show("scanner");
    burst_with_control(&bench, "~A", "B\n");
    assert_eq!(scans(&bench), ["~A<GS>B<Enter>"]);
}

#[test]
fn keys_come_with_times_that_learn_understands() {
    let bench = bench();
    bench.show("scanner");
    bench.burst(&format!("~{}\n", test_text().replace('\u{1d}', "|")));
    bench.lay_out();
    let events = bench.events();
    let [UiEvent::ScannerKeys(keys)] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert!(keys.is_sorted_by_key(|key| key.at_ms));
    let learnt = learn(keys).unwrap();
    assert_eq!(learnt.settings.prefix, "~");
    assert_eq!(learnt.settings.gs_substitute.as_deref(), Some("|"));
}

#[test]
fn a_key_that_is_stuck_is_cut_off() {
    let bench = bench();
    bench.show("scanner");
    bench.burst(&"x".repeat(3_000));
    assert_eq!(scans(&bench), ["x".repeat(1_000)]);
}

#[test]
fn keys_of_a_person_work_as_ever() {
    let bench = bench();
    bench.show("scanner-learnt");
    bench.events();
    choose(&bench, "Usual settings again");
    bench.press("\u{1b}");
    assert_eq!(bench.events(), [UiEvent::ResetScanner, UiEvent::Back]);
}

#[test]
fn under_a_refusal_a_burst_is_a_scan() {
    let bench = bench();
    let mut view = sample("scanner", device_app::view::Language::English);
    view.feedback = sample("refused", device_app::view::Language::English).feedback;
    let refused = view.feedback.as_ref().map(|feedback| feedback.outcome);
    assert_eq!(refused, Some(Outcome::Refused));
    bench.window.show_view(&view);
    bench.settle();
    bench.burst("A-03-1\n");
    bench.lay_out();
    let scan = UiEvent::Scan {
        text: "A-03-1".into(),
        follows: false,
    };
    assert_eq!(bench.events(), [scan]);
}

#[test]
fn what_was_learnt_holds_from_the_next_key_on() {
    let bench = Bench::phone();
    let (learnt, settings) = mpsc::channel();
    bench
        .window
        .set_key_sink(Box::new(WedgeKeys::following(settings)));
    bench.show("home");
    let check = |text: &str| {
        bench.burst("~A|1#\n");
        bench.lay_out();
        let events = bench.events();
        let [UiEvent::Scan { text: came, .. }] = events.as_slice() else {
            panic!("{events:?}");
        };
        assert_eq!(came, text);
    };
    check("~A|1#");
    learnt
        .send(WedgeSettings {
            prefix: "~".into(),
            suffix: "#".into(),
            gs_substitute: Some("|".into()),
            ..WedgeSettings::default()
        })
        .unwrap();
    check("A\u{1d}1");
    learnt.send(WedgeSettings::default()).unwrap();
    check("~A|1#");
    // Nobody sends any more: the last ones stay.
    drop(learnt);
    check("~A|1#");
}
