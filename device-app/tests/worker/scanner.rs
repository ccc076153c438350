//! A wedge scanner is learnt from two scans of the test code on the screen.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use device_app::view::{Outcome, Place, ScannerView, Screen, UiEvent, View};
use device_app::worker::{ToWorker, WorkerOutput, spawn};
use scan::learn::{KeyPress, Terminator, test_text};
use scan::wedge::WedgeSettings;
use scan::{Effort, FrameReader, LumaFrame, ReaderSettings};

use crate::hub::{Hub, T0};
use crate::rig::{Rig, options};

/// The test code as a scanner types it that has another separator.
fn code(separator: &str) -> String {
    test_text().replace('\u{1d}', separator)
}

fn keys(text: &str, gap_ms: u64) -> UiEvent {
    let key = |(c, n): (char, u64)| KeyPress {
        text: c.to_string(),
        at_ms: 5_000 + n * gap_ms,
    };
    UiEvent::ScannerKeys(text.chars().zip(0..).map(key).collect())
}

fn opened(hub: &Hub) -> Rig {
    let mut rig = Rig::signed_in(hub, "AAAA1");
    rig.ui(UiEvent::Open(Place::Scanner));
    rig
}

fn scanner(rig: &mut Rig) -> ScannerView {
    match rig.view().screen {
        Screen::Scanner(view) => view,
        other => panic!("not the scanner: {other:?}"),
    }
}

fn usual() -> WedgeSettings {
    WedgeSettings::default()
}

#[test]
fn what_two_scans_agree_on_is_in_use_and_survives_the_end_of_the_program() {
    let hub = Hub::new();
    let mut rig = opened(&hub);
    assert_eq!(scanner(&mut rig).prompt.code, "scanner-scan-test");
    assert_eq!(scanner(&mut rig).found, None);

    let typed = format!("~{}#\t", code("^"));
    rig.ui(keys(&typed, 4));
    assert_eq!(rig.said(), "scanner-read-once");
    assert_eq!(rig.worker.wedge(), usual(), "one scan may be a chance");
    let view = scanner(&mut rig);
    assert_eq!(view.prompt.code, "scanner-scan-again");
    assert!(!view.is_learnt);
    assert_eq!(view.raw, format!("~{}#<Tab>", code("^")));

    rig.ui(keys(&typed, 4));
    assert_eq!(rig.said(), "scanner-learnt");
    let learnt = WedgeSettings {
        prefix: "~".into(),
        suffix: "#".into(),
        gs_substitute: Some("^".into()),
        ..usual()
    };
    assert_eq!(rig.worker.wedge(), learnt);

    let mut rig = rig.restart(&hub);
    assert_eq!(rig.worker.wedge(), learnt);
    rig.ui(UiEvent::Open(Place::Scanner));
    let view = scanner(&mut rig);
    assert_eq!(view.prompt.code, "scanner-in-use");
    assert!(view.is_learnt);
    let found = view.found.unwrap();
    assert_eq!(found.settings, learnt);
    assert_eq!(found.terminator, Terminator::Tab);

    rig.ui(UiEvent::ResetScanner);
    assert_eq!(rig.said(), "scanner-reset");
    assert_eq!(rig.worker.wedge(), usual());
    assert_eq!(scanner(&mut rig).prompt.code, "scanner-scan-test");
    let rig = rig.restart(&hub);
    assert_eq!(rig.worker.wedge(), usual());
}

#[test]
fn every_kind_of_scanner_is_kept_as_it_is() {
    let hub = Hub::new();
    let mut rig = opened(&hub);
    for (text, gap_ms, terminator, settings) in [
        (code("\u{1d}") + "\n", 4, Terminator::LineFeed, usual()),
        (
            code("\u{1d}"),
            100,
            Terminator::None,
            WedgeSettings {
                gap_max_ms: 200,
                length_min_without_terminator: Some(usual().length_min),
                ..usual()
            },
        ),
    ] {
        rig.ui(keys(&text, gap_ms));
        rig.ui(keys(&text, gap_ms));
        assert_eq!(rig.said(), "scanner-learnt");
        rig = rig.restart(&hub);
        assert_eq!(rig.worker.wedge(), settings);
        rig.ui(UiEvent::Open(Place::Scanner));
        assert_eq!(scanner(&mut rig).found.unwrap().terminator, terminator);
    }
}

#[test]
fn two_scans_that_differ_change_nothing_and_the_last_one_counts() {
    let hub = Hub::new();
    let mut rig = opened(&hub);
    rig.ui(keys(&(code("|") + "\n"), 4));
    rig.ui(keys(&(code("|") + "\t"), 4));
    assert_eq!(rig.said(), "scanner-differs");
    assert_eq!(rig.worker.wedge(), usual());
    rig.ui(keys(&(code("|") + "\t"), 4));
    assert_eq!(rig.said(), "scanner-learnt");
    assert_eq!(rig.worker.wedge().gs_substitute.as_deref(), Some("|"));
}

#[test]
fn a_separator_that_is_lost_is_told_with_what_to_set() {
    let hub = Hub::new();
    let mut rig = opened(&hub);
    rig.ui(keys(&(code("") + "\n"), 4));
    rig.ui(keys(&(code("") + "\n"), 4));
    assert_eq!(rig.said(), "scanner-separator-lost");
    assert!(scanner(&mut rig).found.unwrap().gs_lost);
}

/// As a German device types it.
fn of_qwertz(c: char) -> char {
    match c {
        'y' => 'z',
        'z' => 'y',
        c => c,
    }
}

#[test]
fn another_keyboard_layout_is_made_up_for() {
    let hub = Hub::new();
    let mut rig = opened(&hub);
    let german: String = code("|").chars().map(of_qwertz).collect();
    rig.ui(keys(&(german.clone() + "\r"), 4));
    rig.ui(keys(&(german + "\r"), 4));
    assert_eq!(rig.said(), "scanner-repaired");
    let mut rig = rig.restart(&hub);
    assert_eq!(rig.worker.wedge().as_sent("zYy|"), "yYz|");

    // A dead key, of which nothing is left behind.
    rig.ui(UiEvent::Open(Place::Scanner));
    let dead = code("|").replace("'E", "É") + "\r";
    rig.ui(keys(&dead, 4));
    rig.ui(keys(&dead, 4));
    assert_eq!(rig.said(), "scanner-signs-lost");
    assert_eq!(rig.view().feedback.unwrap().message.args, ["'"]);
}

#[test]
fn faults_are_named_and_change_nothing() {
    let hub = Hub::new();
    let mut rig = opened(&hub);
    let good = code("|") + "\n";
    // Two keys that come as one cannot be made up for.
    let azerty = |c: char| match "azqw-".find(c) {
        Some(at) => "qwaz/".chars().nth(at).unwrap(),
        None => c,
    };
    let qwertz = |c: char| match c {
        '-' => '/',
        c => of_qwertz(c),
    };
    let inverted = |c: char| match c.is_ascii_uppercase() {
        true => c.to_ascii_lowercase(),
        false => c.to_ascii_uppercase(),
    };
    let through = |change: &dyn Fn(char) -> char| good.chars().map(change).collect::<String>();
    for (text, gap_ms, said, args) in [
        ("4006381333931\n".into(), 4, "scanner-not-the-test-code", ""),
        ("\n".into(), 4, "scanner-not-the-test-code", ""),
        (good.clone(), 300, "scanner-too-slow", "300"),
        (through(&inverted), 4, "scanner-caps-inverted", ""),
        (
            through(&azerty),
            4,
            "scanner-layout-azerty",
            "-→/  z→w  q→a  w→z  a→q",
        ),
        (
            through(&qwertz),
            4,
            "scanner-layout-qwertz",
            "-→/  z→y  y→z",
        ),
        (good.replace('@', "\""), 4, "scanner-layout", "@→\""),
        (good.replace('#', ""), 4, "scanner-layout", "#→–"),
    ] {
        // A fault between two good scans makes them begin anew.
        rig.ui(keys(&good, 4));
        rig.ui(keys(&text, gap_ms));
        let feedback = rig.view().feedback.unwrap();
        assert_eq!(feedback.message.code, said, "{text}");
        assert_eq!(feedback.message.args.join(""), args, "{text}");
        assert_eq!(feedback.outcome, Outcome::Attention);
        assert_eq!(scanner(&mut rig).prompt.code, "scanner-scan-test");
        assert_eq!(rig.worker.wedge(), usual(), "{text}");
    }
}

#[test]
fn keys_that_come_after_the_screen_was_left_are_nothing() {
    let hub = Hub::new();
    let mut rig = opened(&hub);
    rig.ui(keys(&(code("|") + "\n"), 4));
    rig.ui(UiEvent::Back);
    assert!(matches!(rig.view().screen, Screen::Settings(_)));
    rig.ui(keys(&(code("|") + "\n"), 4));
    assert_eq!(rig.worker.wedge(), usual());
    // And what was read before does not count for the next time.
    rig.ui(UiEvent::Open(Place::Scanner));
    rig.ui(keys(&(code("|") + "\n"), 4));
    assert_eq!(rig.said(), "scanner-read-once");
}

#[test]
fn it_is_the_device_that_learns_also_in_practice() {
    let hub = Hub::new();
    let mut rig = opened(&hub);
    rig.ui(UiEvent::Practise(true));
    rig.ui(UiEvent::Open(Place::Scanner));
    rig.ui(keys(&(code("|") + "\n"), 4));
    rig.ui(keys(&(code("|") + "\n"), 4));
    assert_eq!(rig.said(), "scanner-learnt");
    rig.ui(UiEvent::Practise(false));
    let rig = rig.restart(&hub);
    assert_eq!(rig.worker.wedge().gs_substitute.as_deref(), Some("|"));
}

/// As a camera sees the screen: white around it, some pixels for each module.
#[test]
fn the_code_on_the_screen_is_the_test_code() {
    const MODULE: usize = 6;
    const QUIET: usize = 4;
    let hub = Hub::new();
    let qr = scanner(&mut opened(&hub)).qr;
    let side = qr.side as usize;
    let width = (side + 2 * QUIET) * MODULE;
    let luma = |at: usize| {
        let module = |at: usize| (at / MODULE).checked_sub(QUIET).filter(|at| *at < side);
        let dark = match (module(at % width), module(at / width)) {
            (Some(x), Some(y)) => qr.dark[y * side + x],
            _ => false,
        };
        if dark { 0 } else { 255 }
    };
    let luma = (0..width * width).map(luma).collect();
    let frame = LumaFrame::new(width as u32, width as u32, luma).unwrap();
    let read = FrameReader::new(ReaderSettings::default())
        .read(&frame, Effort::Thorough)
        .unwrap();
    let texts: Vec<String> = read.payloads.into_iter().map(|p| p.text).collect();
    assert_eq!(texts, [test_text()]);
}

struct Output(Sender<WedgeSettings>);

impl WorkerOutput for Output {
    fn show(&mut self, _view: View) {}

    fn wedge(&mut self, settings: WedgeSettings) {
        self.0.send(settings).unwrap();
    }

    fn quit(&mut self) {}
}

#[test]
fn the_window_hears_of_settings_at_the_start_and_at_once() {
    let hub = Hub::new();
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicI64::new(T0));
    let start = || {
        let (to, settings): (_, Receiver<WedgeSettings>) = mpsc::channel();
        let worker = spawn(options(folder.path(), &hub, &clock), Output(to)).unwrap();
        (worker, settings)
    };
    // Far beyond what it takes: a test that hangs says nothing.
    let next = |settings: &Receiver<WedgeSettings>| {
        settings.recv_timeout(Duration::from_secs(60)).unwrap()
    };
    let (worker, settings) = start();
    assert_eq!(next(&settings), usual());
    let ui = |event| worker.sender().send(ToWorker::Ui(event)).unwrap();
    ui(UiEvent::Open(Place::Scanner));
    ui(keys(&(code("|") + "\n"), 4));
    ui(keys(&(code("|") + "\n"), 4));
    let learnt = next(&settings);
    assert_eq!(learnt.gs_substitute.as_deref(), Some("|"));
    drop(worker);

    let (worker, settings) = start();
    assert_eq!(next(&settings), learnt);
    worker
        .sender()
        .send(ToWorker::Ui(UiEvent::ResetScanner))
        .unwrap();
    assert_eq!(next(&settings), usual());
}
