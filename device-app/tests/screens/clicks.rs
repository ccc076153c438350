//! What is tapped comes out as the event it stands for, and as nothing else.

use device_app::view::{Language, PadKey, Place, Theme, UiEvent};

use crate::support::{Bench, sample};

fn check(bench: &Bench, screen: &str, label: &str, expected: UiEvent) {
    bench.show(screen);
    bench.events();
    bench.tap(label);
    assert_eq!(bench.events(), [expected], "{screen}: {label}");
}

#[test]
fn home_opens_operations_and_places() {
    let bench = Bench::phone();
    for (label, code) in [
        ("Receive", "receive"),
        ("Issue", "issue"),
        ("Move", "move"),
        ("Count", "count"),
    ] {
        check(&bench, "home", label, UiEvent::OpenOperation(code.into()));
    }
    check(&bench, "home", "Go on: Count", UiEvent::Resume);
    check(&bench, "home", "History", UiEvent::Open(Place::History));
    check(&bench, "home", "Settings", UiEvent::Open(Place::Settings));
    check(
        &bench,
        "home",
        "Sync: Offline, 12 waiting, data 42 min old",
        UiEvent::Open(Place::Sync),
    );
    check(&bench, "banner", "Dismiss", UiEvent::DismissBanner);
}

#[test]
fn task_buttons() {
    let bench = Bench::phone();
    check(&bench, "task-scan", "Done", UiEvent::Action("done".into()));
    check(
        &bench,
        "task-scan",
        "Other bin",
        UiEvent::Action("change-bin".into()),
    );
    check(&bench, "task-scan", "Undo", UiEvent::Undo);
    check(&bench, "task-scan", "Back", UiEvent::Back);
    check(
        &bench,
        "task-quantity",
        "7",
        UiEvent::Keypad(PadKey::Digit(7)),
    );
    check(
        &bench,
        "task-quantity",
        "0",
        UiEvent::Keypad(PadKey::Digit(0)),
    );
    check(
        &bench,
        "task-quantity",
        "One more",
        UiEvent::Keypad(PadKey::Plus),
    );
    check(
        &bench,
        "task-quantity",
        "One less",
        UiEvent::Keypad(PadKey::Minus),
    );
    check(
        &bench,
        "task-quantity",
        "Clear",
        UiEvent::Keypad(PadKey::Clear),
    );
    check(
        &bench,
        "task-quantity",
        "Delete last digit",
        UiEvent::Keypad(PadKey::Backspace),
    );
    check(
        &bench,
        "task-quantity",
        "Confirm",
        UiEvent::Action("confirm".into()),
    );
    check(
        &bench,
        "task-choice",
        "2026-02",
        UiEvent::Choose("l2".into()),
    );
    check(
        &bench,
        "question",
        "Confirm",
        UiEvent::Action("confirm".into()),
    );
    check(
        &bench,
        "question",
        "Cancel",
        UiEvent::Action("cancel".into()),
    );
}

#[test]
fn a_typed_text_is_handed_in_by_the_primary_button() {
    let bench = Bench::phone();
    check(
        &bench,
        "task-text",
        "Confirm",
        UiEvent::EnterText("2027-03".into()),
    );
}

#[test]
fn a_question_covers_the_screen() {
    let bench = Bench::phone();
    bench.show("question");
    bench.tap_at(240.0, 30.0);
    bench.tap_at(60.0, 390.0);
    assert_eq!(bench.events(), []);
}

#[test]
fn people() {
    let bench = Bench::phone();
    check(
        &bench,
        "sign-in",
        "Farid Haddad",
        UiEvent::ChooseOperator("o3".into()),
    );
    check(&bench, "pin", "5", UiEvent::PinKey(PadKey::Digit(5)));
    check(&bench, "pin", "Somebody else", UiEvent::ForgetOperator);
    check(&bench, "pin", "Sign in", UiEvent::PinDone);
    check(&bench, "settings", "Sign out", UiEvent::SignOut);
}

#[test]
fn enrolment_hands_in_the_three_fields() {
    let bench = Bench::phone();
    let mut view = sample("enrol", Language::English);
    if let device_app::view::Screen::Enrol(enrol) = &mut view.screen {
        enrol.code = "Q7-4K".into();
    }
    bench.window.show_view(&view);
    bench.settle();
    bench.tap("Enrol this device");
    bench.tap("Not now");
    let expected = UiEvent::Enrol {
        server_url: "https://tallyman.example:8443".into(),
        code: "Q7-4K".into(),
        device_name: "HH-07".into(),
    };
    assert_eq!(bench.events(), [expected, UiEvent::SkipEnrol]);
}

#[test]
fn lists_and_settings() {
    let bench = Bench::phone();
    check(&bench, "look-up", "A-03-1", UiEvent::OpenHit("b1".into()));
    check(
        &bench,
        "look-up-detail",
        "Back to the list",
        UiEvent::CloseDetail,
    );
    check(&bench, "history", "Undo", UiEvent::HistoryUndo("h3".into()));
    check(&bench, "sync", "Sync now", UiEvent::SyncNow);
    check(&bench, "sync", "Stay offline", UiEvent::StayOffline(true));
    check(
        &bench,
        "settings",
        "中文",
        UiEvent::SetLanguage(Language::Chinese),
    );
    check(&bench, "settings", "Sun", UiEvent::SetTheme(Theme::Sun));
    check(&bench, "settings", "130 %", UiEvent::SetTextPercent(130));
    check(
        &bench,
        "settings",
        "Left-handed",
        UiEvent::SetLeftHanded(true),
    );
    check(&bench, "stopped", "Close", UiEvent::Quit);
}

#[test]
fn a_locked_device_offers_to_ask_the_server() {
    let bench = Bench::phone();
    check(&bench, "locked", "Ask the server now", UiEvent::SyncNow);
    check(
        &bench,
        "locked-offline",
        "Go online",
        UiEvent::StayOffline(false),
    );
    bench.window.show_view(&sample("locked", Language::Chinese));
    bench.settle();
    assert_eq!(bench.find("立即联系服务器").len(), 1);
}

#[test]
fn refused_covers_everything_until_it_is_acknowledged() {
    let bench = Bench::phone();
    bench.show("refused");
    for (x, y) in [
        (240.0, 30.0),
        (240.0, 400.0),
        (100.0, 680.0),
        (240.0, 750.0),
    ] {
        bench.tap_at(x, y);
        assert_eq!(bench.events(), [UiEvent::Acknowledge]);
    }
    bench.show("task-scan");
    bench.tap("Done");
    assert_eq!(bench.events(), [UiEvent::Action("done".into())]);
}

#[test]
fn the_language_changes_at_run_time() {
    let bench = Bench::phone();
    bench.show("home");
    assert_eq!(bench.find("Receive").len(), 1);
    bench.window.show_view(&sample("home", Language::Chinese));
    bench.settle();
    assert_eq!(bench.find("Receive").len(), 0);
    bench.tap("收货");
    assert_eq!(bench.events(), [UiEvent::OpenOperation("receive".into())]);
    bench.show("home");
    assert_eq!(bench.find("Receive").len(), 1);
}

#[test]
fn who_types_the_number_before_the_scan_pulls_the_keypad_out() {
    let bench = Bench::phone();
    bench.show("task-pack");
    bench.events();
    assert!(bench.find("7").is_empty(), "the lines have the room");
    bench.tap("Type the number first");
    bench.tap("7");
    assert_eq!(bench.events(), [UiEvent::Keypad(PadKey::Digit(7))]);
    bench.tap("Close the keypad");
    assert!(bench.find("7").is_empty());
    // Keys need no keypad on the screen.
    bench.burst("5");
    bench.settle();
    assert_eq!(bench.events(), [UiEvent::Keypad(PadKey::Digit(5))]);
    // A number is asked for: it comes by itself, and goes with the line.
    bench.tap("Type the number first");
    bench.show("task-quantity");
    bench.show("task-pack");
    assert!(bench.find("7").is_empty());
}
