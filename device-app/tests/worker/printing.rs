//! Labels from the handheld to a printer that is none: each comes out once, or a person is asked about that very one.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use device_app::view::{
    LabelWords, Outcome, Place, PrintChipState, PrintEvent, PrintingView, Screen, SettingsView,
    UiEvent, View,
};
use labels::Language;
use labels::fake::{Failure, FakePrinter, FakeServer, Habits};

use crate::hub::Hub;
use crate::rig::Rig;

pub(crate) fn server(language: Language, habits: Habits) -> FakeServer {
    FakeServer::start(FakePrinter::new(language, habits)).unwrap()
}

pub(crate) fn words() -> LabelWords {
    LabelWords {
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
    }
}

pub(crate) fn print(rig: &mut Rig, event: PrintEvent) {
    rig.ui(UiEvent::Print(event));
}

fn set_up(rig: &mut Rig, address: &str, language: Language) {
    let place = Language::ALL.iter().position(|l| *l == language).unwrap();
    print(rig, PrintEvent::SetLanguage(place));
    print(rig, PrintEvent::SetAddress(address.into()));
    rig.worker.printer_rests_at_most(Duration::from_millis(1));
}

/// Signed in, with that printer.
pub(crate) fn rig_at(hub: &Hub, printer: &FakeServer, language: Language) -> Rig {
    let mut rig = Rig::signed_in(hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    set_up(&mut rig, &format!("tcp://{}", printer.address()), language);
    rig
}

fn look_up(rig: &mut Rig, code: &str) {
    rig.ui(UiEvent::Open(Place::LookUp));
    rig.scan(code);
}

/// A printer that never answers may still be at it when the person says that all came out.
fn comes_out(printer: &FakeServer, code: &str, labels: usize) {
    let until = Instant::now() + Duration::from_secs(10);
    while printer.with(|p| p.count_of(code)) < labels && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(printer.with(|p| p.count_of(code)), labels, "{code}");
}

/// The program ends as if it was killed: nobody waits for the printer.
fn killed(rig: Rig, hub: &Hub) -> Rig {
    let mut rig = rig.restart(hub);
    rig.worker.printer_rests_at_most(Duration::from_millis(1));
    rig.scan("B-LI");
    rig
}

pub(crate) fn stands(state: PrintChipState) -> impl Fn(&View) -> bool {
    move |view| view.printing.chip.is_some_and(|chip| chip.state == state)
}

pub(crate) fn is_done(view: &View) -> bool {
    view.printing.chip.is_none()
}

fn printing(rig: &mut Rig) -> PrintingView {
    rig.ui(UiEvent::Open(Place::Printing));
    let Screen::Printing(printing) = rig.view().screen else {
        panic!("no screen of labels");
    };
    rig.ui(UiEvent::Back);
    printing
}

fn settings(rig: &mut Rig) -> SettingsView {
    rig.ui(UiEvent::Open(Place::Settings));
    let Screen::Settings(settings) = rig.view().screen else {
        panic!("no settings");
    };
    settings
}

fn answer(rig: &mut Rig, answer: &str) {
    let number = printing(rig).question.unwrap().number;
    let answer = answer.to_owned();
    print(rig, PrintEvent::Answer { number, answer });
}

/// Scans work while labels are under way: a receipt is written.
fn receive_one(rig: &mut Rig) {
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-02");
    rig.scan("BOLT");
    rig.worker.quantity("1");
    assert_eq!(rig.said(), "received");
    rig.action("done");
}

#[test]
fn labels_are_printed_from_the_look_up_in_every_language() {
    for language in Language::ALL {
        let (hub, printer) = (Hub::new(), server(language, Habits::good()));
        let mut rig = rig_at(&hub, &printer, language);
        look_up(&mut rig, "A-01");
        print(&mut rig, PrintEvent::Detail(words()));
        assert_eq!(rig.said(), "label-printing");
        assert_eq!(rig.view().feedback.unwrap().message.args, ["A-01", "1"]);
        rig.wait_until(is_done);

        look_up(&mut rig, "BOLT");
        assert!(rig.view().printing.asks_copies);
        for more in [1, 10, -1, -100, 1, 1] {
            print(&mut rig, PrintEvent::Copies(more));
        }
        assert_eq!(rig.view().printing.copies, 3);
        print(&mut rig, PrintEvent::Detail(words()));
        rig.wait_until(is_done);
        let shown = printing(&mut rig);
        assert_eq!((shown.is_done, shown.out, shown.all), (true, 3, 3));
        assert_eq!(shown.labels[2].title, "bolt (3/3)");

        let codes = printer.with(|p| p.tray().iter().map(|l| l.code.clone()).collect::<Vec<_>>());
        let bolt = "4006381333931";
        assert_eq!(codes, ["A-01", bolt, bolt, bolt], "{language:?}");
        assert!(printer.with(|p| p.orders().all(|order| order.is_ok())));
    }
}

#[test]
fn copies_stay_between_one_and_ninety_nine_and_begin_anew_with_each_thing() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    look_up(&mut rig, "BOLT");
    for _ in 0..12 {
        print(&mut rig, PrintEvent::Copies(10));
    }
    assert_eq!(rig.view().printing.copies, 99);
    rig.scan("DRILL");
    assert_eq!(rig.view().printing.copies, 1);
    rig.scan("A-01");
    assert!(!rig.view().printing.asks_copies);
    rig.ui(UiEvent::CloseDetail);
    assert_eq!(rig.view().printing.copies, 0);
}

#[test]
fn a_unit_that_came_in_gets_its_label_and_scanning_goes_on() {
    let (hub, printer) = (Hub::new(), server(Language::Tspl, Habits::good()));
    let mut rig = rig_at(&hub, &printer, Language::Tspl);
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("DRILL");
    assert_eq!(rig.view().printing.last_unit, "");
    rig.ui(UiEvent::EnterText("SN-77".into()));
    assert_eq!(rig.said(), "received");
    assert_eq!(rig.view().printing.last_unit, "SN-77");
    print(&mut rig, PrintEvent::LastUnit(words()));
    assert_eq!(rig.said(), "label-printing");
    // The next one at once.
    rig.scan("DRILL");
    rig.ui(UiEvent::EnterText("SN-78".into()));
    print(&mut rig, PrintEvent::LastUnit(words()));
    rig.wait_until(is_done);
    assert_eq!(
        printer.with(|p| (p.count_of("SN-77"), p.count_of("SN-78"))),
        (1, 1)
    );
    // What was taken back has no label.
    rig.ui(UiEvent::Undo);
    assert_eq!(rig.view().printing.last_unit, "");
    // Later it is found by its serial number.
    look_up(&mut rig, "SN-77");
    print(&mut rig, PrintEvent::Detail(words()));
    rig.wait_until(is_done);
    assert_eq!(printer.with(|p| p.count_of("SN-77")), 2);
}

#[test]
fn a_new_plate_gets_its_label_with_what_is_on_it() {
    let (hub, printer) = (Hub::new(), server(Language::Zpl, Habits::good()));
    let mut rig = rig_at(&hub, &printer, Language::Zpl);
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("00106141412345678908");
    rig.scan("BOLT");
    rig.worker.quantity("12");
    assert_eq!(rig.said(), "received");
    assert_eq!(rig.view().printing.last_unit, "106141412345678908");
    print(&mut rig, PrintEvent::LastUnit(words()));
    rig.wait_until(is_done);
    let codes = printer.with(|p| p.tray().iter().map(|l| l.code.clone()).collect::<Vec<_>>());
    assert_eq!(codes.len(), 1);
    assert!(codes[0].contains("106141412345678908"), "{codes:?}");
}

/// The paper ends in the middle of the third of five; the program is killed and starts again.
#[test]
fn a_job_goes_on_after_a_kill_and_asks_about_the_one_label_in_doubt() {
    for language in Language::ALL {
        for reprints in [true, false] {
            let habits = Habits {
                reprints,
                ..Habits::good()
            };
            let (hub, printer) = (Hub::new(), server(language, habits));
            printer.with(|p| p.fail_after(2, Failure::PaperOut));
            let mut rig = rig_at(&hub, &printer, language);
            look_up(&mut rig, "BOLT");
            print(&mut rig, PrintEvent::Copies(4));
            print(&mut rig, PrintEvent::Detail(words()));
            rig.wait_until(stands(PrintChipState::Stuck));
            assert_eq!(rig.said(), "printer-paper", "{language:?}");
            let stuck = printing(&mut rig);
            assert_eq!((stuck.out, stuck.all), (2, 5), "{language:?}");
            assert_eq!(stuck.state, "paper-out");
            assert_eq!(stuck.labels[2].status, "sent");

            let mut rig = killed(rig, &hub);
            rig.wait_until(stands(PrintChipState::Stuck));
            assert_eq!(printing(&mut rig).out, 2);
            receive_one(&mut rig);
            printer.with(FakePrinter::see_to);
            rig.wait_until(stands(PrintChipState::Asks));
            let question = printing(&mut rig).question.unwrap();
            assert_eq!(question.message.code, "came-out");
            assert_eq!(question.message.args, ["bolt (3/5)"]);
            // The person looks at the tray.
            let is_out = printer.with(|p| p.count_of("4006381333931")) == 3;
            assert_eq!(is_out, reprints, "{language:?}");
            answer(&mut rig, if is_out { "yes" } else { "no" });
            rig.wait_until(is_done);
            let whole = printer.with(|p| p.count_of("4006381333931"));
            assert_eq!(whole, 5, "{language:?} {reprints}");
            // Nothing is left for the next start.
            let mut rig = killed(rig, &hub);
            assert!(is_done(&rig.view()));
            assert_eq!(rig.stock(), ["A-02 BOLT 1"]);
        }
    }
}

#[test]
fn an_answer_to_a_question_that_is_over_changes_nothing() {
    let (hub, printer) = (Hub::new(), server(Language::Zpl, Habits::good()));
    printer.with(|p| p.fail_after(0, Failure::HeadOpen));
    let mut rig = rig_at(&hub, &printer, Language::Zpl);
    look_up(&mut rig, "A-01");
    print(&mut rig, PrintEvent::Detail(words()));
    rig.wait_until(stands(PrintChipState::Stuck));
    assert_eq!(rig.said(), "printer-close-head");
    printer.with(FakePrinter::see_to);
    rig.wait_until(stands(PrintChipState::Asks));
    assert_eq!(rig.said(), "printer-asks");
    let number = printing(&mut rig).question.unwrap().number;
    let old = PrintEvent::Answer {
        number: number.wrapping_sub(1),
        answer: "no".into(),
    };
    print(&mut rig, old);
    print(
        &mut rig,
        PrintEvent::Answer {
            number,
            answer: "perhaps".into(),
        },
    );
    // The person goes to look; the printer is asked again, and so is the person.
    answer(&mut rig, "look");
    rig.ui(UiEvent::Open(Place::Printing));
    rig.wait_until(move |view| printer_question(view).is_some_and(|n| n > number));
    rig.ui(UiEvent::Back);
    answer(&mut rig, "yes");
    rig.wait_until(is_done);
    assert_eq!(printer.with(|p| p.count_of("A-01")), 1);
}

fn printer_question(view: &View) -> Option<u32> {
    match &view.screen {
        Screen::Printing(printing) => printing.question.as_ref().map(|q| q.number),
        _ => None,
    }
}

#[test]
fn a_printer_that_is_not_there_is_told_and_loses_nothing() {
    let hub = Hub::new();
    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    set_up(&mut rig, &format!("tcp://{free}"), Language::Zpl);
    for bin in ["A-01", "A-03"] {
        look_up(&mut rig, bin);
        print(&mut rig, PrintEvent::Detail(words()));
        rig.wait_until(stands(PrintChipState::Stuck));
    }
    let told = rig.view().feedback.unwrap();
    assert_eq!(
        (told.message.code.as_str(), told.outcome),
        ("printer-reach", Outcome::Attention)
    );
    let shown = printing(&mut rig);
    assert_eq!(shown.trouble.unwrap().code, "printer-no-connection");
    assert!(shown.can_try_now && shown.can_stop);
    assert_eq!(shown.later[0].title, "A-03");
    receive_one(&mut rig);

    let mut rig = killed(rig, &hub);
    rig.wait_until(stands(PrintChipState::Stuck));
    receive_one(&mut rig);
    // It was the wrong address: what waits goes to the right one.
    let printer = server(Language::Zpl, Habits::good());
    print(
        &mut rig,
        PrintEvent::SetAddress(format!("tcp://{}", printer.address())),
    );
    rig.wait_until(is_done);
    let codes = printer.with(|p| p.tray().iter().map(|l| l.code.clone()).collect::<Vec<_>>());
    assert_eq!(codes, ["A-01", "A-03"]);
    assert_eq!(rig.stock(), ["A-02 BOLT 2"]);
}

#[test]
fn a_printer_that_never_answers_is_told_and_then_the_person_is_asked() {
    let habits = Habits {
        answers: false,
        ..Habits::good()
    };
    let (hub, printer) = (Hub::new(), server(Language::EscPos, habits));
    let mut rig = rig_at(&hub, &printer, Language::EscPos);
    look_up(&mut rig, "BOLT");
    print(&mut rig, PrintEvent::Copies(1));
    print(&mut rig, PrintEvent::Detail(words()));
    // While the thread waits for an answer, scans are written.
    receive_one(&mut rig);
    receive_one(&mut rig);
    assert_eq!(rig.stock(), ["A-02 BOLT 2"]);
    rig.wait_until(stands(PrintChipState::Stuck));
    assert_eq!(rig.said(), "printer-make-answer");
    assert!(printing(&mut rig).can_go_on_unanswered);
    assert_eq!(printer.with(|p| p.tray().len()), 0);
    print(&mut rig, PrintEvent::NeverAnswers);
    rig.wait_until(stands(PrintChipState::Asks));
    let question = printing(&mut rig).question.unwrap();
    assert_eq!(question.message.code, "all-came-out");
    assert_eq!(question.message.args, ["2", "bolt (1/2)", "bolt (2/2)"]);
    answer(&mut rig, "yes");
    rig.wait_until(is_done);
    comes_out(&printer, "4006381333931", 2);
    // The next labels begin like that, also after a restart.
    let mut rig = killed(rig, &hub);
    assert!(!settings(&mut rig).printer.answers);
    look_up(&mut rig, "A-01");
    print(&mut rig, PrintEvent::Detail(words()));
    rig.wait_until(stands(PrintChipState::Asks));
    answer(&mut rig, "yes");
    rig.wait_until(is_done);
    comes_out(&printer, "A-01", 1);
}

#[test]
fn a_stopped_job_prints_no_more_and_what_is_in_doubt_can_be_forgotten() {
    let (hub, printer) = (Hub::new(), server(Language::Cpcl, Habits::good()));
    printer.with(|p| p.fail_after(1, Failure::PaperOut));
    let mut rig = rig_at(&hub, &printer, Language::Cpcl);
    look_up(&mut rig, "BOLT");
    print(&mut rig, PrintEvent::Copies(3));
    print(&mut rig, PrintEvent::Detail(words()));
    rig.wait_until(stands(PrintChipState::Stuck));
    assert!(!printing(&mut rig).can_drop);
    print(&mut rig, PrintEvent::Stop);
    rig.wait_until(|view| view.printing.chip.is_some_and(|chip| chip.all == 2));
    let stopped = printing(&mut rig);
    assert_eq!((stopped.can_stop, stopped.can_drop), (false, true));
    let stages: Vec<&str> = stopped.labels.iter().map(|l| l.status.as_str()).collect();
    assert_eq!(stages, ["out", "sent", "dropped", "dropped"]);
    print(&mut rig, PrintEvent::Drop);
    rig.wait_until(is_done);
    // The next job is not taken for a part of that one.
    printer.with(FakePrinter::see_to);
    look_up(&mut rig, "A-01");
    print(&mut rig, PrintEvent::Detail(words()));
    rig.wait_until(is_done);
    assert_eq!(printer.with(|p| p.count_of("A-01")), 1);
    let mut rig = killed(rig, &hub);
    assert!(is_done(&rig.view()));
}

#[test]
fn a_wrong_address_is_told_and_neither_it_nor_the_right_one_is_lost() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    set_up(&mut rig, "usb:/dev/usb/lp7", Language::Zpl);
    for (typed, code) in [
        ("192.168.1.20", "printer-address-scheme"),
        ("tcp://", "printer-address-host"),
        ("tcp://printer:70000", "printer-address-port"),
        ("serial:rfcomm0", "printer-address-path"),
    ] {
        print(&mut rig, PrintEvent::SetAddress(typed.into()));
        let printer = settings(&mut rig).printer;
        assert_eq!(printer.error.unwrap().code, code);
        assert_eq!(printer.address, typed);
    }
    // What was kept is still so.
    assert_eq!(printing(&mut rig).printer, "usb:/dev/usb/lp7");
    let mut rig = rig.restart(&hub);
    let printer = settings(&mut rig).printer;
    assert_eq!(
        (printer.address.as_str(), printer.error),
        ("usb:/dev/usb/lp7", None)
    );
    print(&mut rig, PrintEvent::SetAddress(" tcp://printer-3 ".into()));
    assert_eq!(settings(&mut rig).printer.address, "tcp://printer-3:9100");
}

#[test]
fn a_device_that_is_not_plugged_in_is_named() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    let nowhere = rig.folder.path().join("lp0");
    set_up(
        &mut rig,
        &format!("usb:{}", nowhere.display()),
        Language::Zpl,
    );
    look_up(&mut rig, "A-01");
    print(&mut rig, PrintEvent::Detail(words()));
    rig.wait_until(stands(PrintChipState::Stuck));
    assert_eq!(
        printing(&mut rig).trouble.unwrap().code,
        "printer-no-device"
    );
}

#[test]
fn without_a_printer_nothing_waits_and_the_next_step_is_told() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    look_up(&mut rig, "A-01");
    print(&mut rig, PrintEvent::Detail(words()));
    assert_eq!(rig.said(), "printer-not-set");
    print(&mut rig, PrintEvent::Test(words()));
    assert_eq!(rig.said(), "printer-not-set");
    assert!(is_done(&rig.view()));
    assert_eq!(printing(&mut rig).title, "");
}

#[test]
fn a_test_label_shows_what_was_set() {
    let (hub, printer) = (Hub::new(), server(Language::Tspl, Habits::good()));
    let mut rig = rig_at(&hub, &printer, Language::Tspl);
    print(&mut rig, PrintEvent::SetSize(3));
    print(&mut rig, PrintEvent::SetDpi(300));
    print(&mut rig, PrintEvent::Test(words()));
    rig.wait_until(is_done);
    assert_eq!(printer.with(|p| p.count_of("TALLYMAN-TEST")), 1);
    let kept = settings(&mut rig.restart(&hub)).printer;
    assert_eq!((kept.language, kept.size, kept.dpi), (1, Some(3), 300));
}

#[test]
fn names_on_labels_are_in_the_language_of_the_screen() {
    let (hub, printer) = (Hub::new(), server(Language::Zpl, Habits::good()));
    let mut rig = rig_at(&hub, &printer, Language::Zpl);
    for (language, name) in [
        (device_app::view::Language::Chinese, "螺栓"),
        (device_app::view::Language::English, "bolt"),
    ] {
        rig.ui(UiEvent::SetLanguage(language));
        look_up(&mut rig, "BOLT");
        print(&mut rig, PrintEvent::Detail(words()));
        assert_eq!(rig.view().feedback.unwrap().message.args[0], name);
        rig.wait_until(is_done);
    }
    assert_eq!(printer.with(|p| p.tray().len()), 2);
}

/// The screen of labels is left to where one was, and scans there go on with the work.
#[test]
fn the_labels_are_looked_at_in_the_middle_of_work() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.ui(UiEvent::Open(Place::Printing));
    rig.ui(UiEvent::Open(Place::Printing));
    rig.ui(UiEvent::Back);
    assert_eq!(rig.task().operation, "receive");
    rig.ui(UiEvent::Open(Place::Printing));
    rig.scan("BOLT");
    assert_eq!(rig.task().prompt.code, "enter-quantity");
}

#[test]
fn a_label_for_each_piece_and_the_ticket_come_out_of_the_printer() {
    let hub = crate::custody::house();
    let printer = server(Language::Zpl, Habits::good());
    let mut rig = rig_at(&hub, &printer, Language::Zpl);
    crate::custody::left(&mut rig);
    print(&mut rig, PrintEvent::LastUnit(words()));
    rig.wait_until(is_done);
    let deposit = crate::custody::only_deposit(&rig).deposit;
    for piece in deposit.pieces.values() {
        assert_eq!(printer.with(|p| p.count_of(piece.unit.printed())), 1);
    }
    assert_eq!(printer.with(|p| p.count_of(deposit.claim.as_str())), 1);
    // What hangs on the goods says nothing of the ticket.
    let labels = printer.with(|p| p.tray().len());
    assert_eq!(labels, 3);
}
