//! Labels: what can be printed where one is, the chip, the screen of labels, the printer's settings.

use device_app::view::{
    LabelWords, Language, Place, PrintEvent, Printing, Screen, Theme, UiEvent, View,
};

use crate::support::{Bench, sample};

fn check(bench: &Bench, screen: &str, label: &str, expected: PrintEvent) {
    bench.show(screen);
    bench.events();
    bench.tap(label);
    assert_eq!(
        bench.events(),
        [UiEvent::Print(expected)],
        "{screen}: {label}"
    );
}

fn words(bench: &Bench, view: &View, button: &str) -> PrintEvent {
    bench.window.show_view(view);
    bench.settle();
    bench.events();
    bench.tap(button);
    match bench.events().as_slice() {
        [UiEvent::Print(event)] => event.clone(),
        other => panic!("{button}: {other:?}"),
    }
}

#[test]
fn a_label_is_asked_for_with_the_words_of_the_screen() {
    let bench = Bench::phone();
    let english = LabelWords {
        lot: "Lot".into(),
        expiry: "Expiry date".into(),
        quantity: "Quantity".into(),
        plate: "Pallet or box".into(),
        test: "Test label".into(),
        ticket: "Claim ticket".into(),
        keep:
            "Keep this: it is what your things are handed out for. Tell us at once if it is lost."
                .into(),
        pieces: "Pieces".into(),
        due: "May stay until".into(),
        receipt: "Receipt".into(),
    };
    let chinese = LabelWords {
        lot: "批次".into(),
        expiry: "过期日期".into(),
        quantity: "数量".into(),
        plate: "容器号".into(),
        test: "测试标签".into(),
        ticket: "取件凭证".into(),
        keep: "请妥善保管，凭此取件。遗失请立即告知。".into(),
        pieces: "件数".into(),
        due: "可存至".into(),
        receipt: "收据".into(),
    };
    let detail = |language, button: &str| words(&bench, &sample("look-up-print", language), button);
    assert_eq!(
        detail(Language::English, "Print 3 labels"),
        PrintEvent::Detail(english.clone())
    );
    assert_eq!(
        detail(Language::Chinese, "打印 3 张标签"),
        PrintEvent::Detail(chinese)
    );
    assert_eq!(
        words(
            &bench,
            &sample("task-print", Language::English),
            "Print label of 106141412345678908"
        ),
        PrintEvent::LastUnit(english)
    );
}

#[test]
fn copies_are_chosen_for_items_only() {
    let bench = Bench::phone();
    check(
        &bench,
        "look-up-print",
        "1 more copies",
        PrintEvent::Copies(1),
    );
    check(
        &bench,
        "look-up-print",
        "10 more copies",
        PrintEvent::Copies(10),
    );
    check(
        &bench,
        "look-up-print",
        "1 fewer copies",
        PrintEvent::Copies(-1),
    );
    bench.show("look-up-print-bin");
    assert_eq!(bench.find("Print label").len(), 1);
    assert_eq!(bench.find("1 more copies").len(), 0);
    // Where there is nothing to print there is no button.
    bench.show("look-up-detail");
    assert_eq!(bench.find("Print label").len(), 0);
    bench.show("task-scan");
    assert_eq!(bench.find("Print label of 106141412345678908").len(), 0);
}

#[test]
fn the_chip_is_on_every_screen_and_opens_the_labels() {
    let bench = Bench::phone();
    let chip = sample("task-print", Language::English).printing;
    for (name, mut view) in device_app::ui::samples::views(Language::English, Theme::Light) {
        let is_open = matches!(view.screen, Screen::Printing(_));
        let is_covered = view.question.is_some() || name == "refused";
        view.printing = Printing {
            chip: chip.chip,
            ..Printing::default()
        };
        bench.window.show_view(&view);
        bench.settle();
        bench.events();
        let label = "Labels: 2 of 5 out, the printer needs you";
        assert_eq!(bench.find(label).len(), usize::from(!is_open), "{name}");
        if !is_open && !is_covered {
            bench.tap(label);
            assert_eq!(bench.events(), [UiEvent::Open(Place::Printing)], "{name}");
        }
    }
    bench.show("look-up-print");
    assert_eq!(bench.find("Labels: 2 of 5 out, a question waits").len(), 1);
    bench.show("home");
    assert_eq!(bench.find("Labels: 2 of 5 out").len(), 0);
}

#[test]
fn whether_a_label_came_out_is_answered() {
    let bench = Bench::phone();
    let answer = |answer: &str| PrintEvent::Answer {
        number: 7,
        answer: answer.into(),
    };
    check(&bench, "printing-question", "Yes, it is out", answer("yes"));
    check(&bench, "printing-question", "No, print again", answer("no"));
    check(
        &bench,
        "printing-question",
        "I have to look",
        answer("look"),
    );
    check(
        &bench,
        "printing-question",
        "Forget these labels",
        PrintEvent::Drop,
    );
    check(
        &bench,
        "printing-question-all",
        "Yes, all are out",
        answer("yes"),
    );
    check(
        &bench,
        "printing-question-all",
        "No, ask about each",
        answer("no"),
    );
}

#[test]
fn a_printer_in_trouble_offers_what_helps() {
    let bench = Bench::phone();
    check(&bench, "printing-paper", "Try now", PrintEvent::TryNow);
    check(
        &bench,
        "printing-paper",
        "Print no more of these",
        PrintEvent::Stop,
    );
    check(
        &bench,
        "printing-not-reached",
        "Forget these labels",
        PrintEvent::Drop,
    );
    check(
        &bench,
        "printing-silent",
        "It never answers: go on and ask me",
        PrintEvent::NeverAnswers,
    );
    bench.tap("Open the settings");
    assert_eq!(bench.events(), [UiEvent::Open(Place::Settings)]);
    bench.tap("Back");
    assert_eq!(bench.events(), [UiEvent::Back]);
    // Nothing to decide while all goes well.
    bench.show("printing");
    assert_eq!(
        (
            bench.find("Try now").len(),
            bench.find("Yes, it is out").len()
        ),
        (0, 0)
    );
    bench.show("printing-done");
    assert_eq!(bench.find("Print no more of these").len(), 0);
}

#[test]
fn the_printer_is_set_up() {
    let bench = Bench::phone();
    bench.resize(480.0, 2600.0);
    check(&bench, "settings", "CPCL", PrintEvent::SetLanguage(3));
    check(&bench, "settings", "100 × 150", PrintEvent::SetSize(3));
    check(&bench, "settings", "300 dpi", PrintEvent::SetDpi(300));
    check(
        &bench,
        "settings",
        "The printer answers",
        PrintEvent::SetAnswers(false),
    );
    bench.show("settings");
    assert_eq!(bench.find("Use this address").len(), 0);
    bench.tap("Where the printer is");
    bench.type_slowly("x");
    bench.settle();
    bench.events();
    bench.tap("Use this address");
    let [UiEvent::Print(PrintEvent::SetAddress(typed))] = &bench.events()[..] else {
        panic!("no address");
    };
    assert!(
        typed.contains('x') && typed.contains("192.168.1.20"),
        "{typed}"
    );
}

#[test]
fn a_wrong_address_stays_in_the_field_with_the_next_step_below_it() {
    let bench = Bench::phone();
    bench.resize(480.0, 2600.0);
    for (language, words) in [
        (
            Language::English,
            "An address begins with tcp://, usb: or serial:. Write it like one of the examples.",
        ),
        (
            Language::Chinese,
            "地址须以 tcp://、usb: 或 serial: 开头。请参照示例填写。",
        ),
    ] {
        let mut view = sample("settings", language);
        let Screen::Settings(settings) = &mut view.screen else {
            panic!("other screen");
        };
        settings.printer.address = "192.168.1.20".into();
        settings.printer.error = Some(device_app::view::Message::new("printer-address-scheme"));
        bench.window.show_view(&view);
        bench.settle();
        let said = i_slint_backend_testing::ElementHandle::find_by_accessible_label(
            bench.window.component(),
            words,
        );
        assert_eq!(said.count(), 1, "{words}");
        let drawn = bench.slint().take_snapshot().unwrap();
        crate::pictures::save(&format!("printer-wrong-{}.png", language.code()), &drawn);
    }
}

/// Main actions are for gloves.
#[test]
fn the_buttons_are_large() {
    let bench = Bench::phone();
    for (name, label) in [
        ("printing-question", "Yes, it is out"),
        ("printing-question", "No, print again"),
        ("printing-question", "I have to look"),
        ("printing-paper", "Print no more of these"),
        ("printing-paper", "Try now"),
        ("look-up-print", "Print 3 labels"),
        ("look-up-print", "1 more copies"),
        ("task-print", "Print label of 106141412345678908"),
    ] {
        bench.show(name);
        let found = bench.find(label);
        let element = found.first().unwrap_or_else(|| panic!("no {label}"));
        let size = element.size();
        assert!(
            size.width >= 64.0 && size.height >= 64.0,
            "{label}: {size:?}"
        );
        let lower = element.absolute_position().y + size.height;
        assert!(lower <= 800.0, "{label} ends at {lower}");
    }
}
