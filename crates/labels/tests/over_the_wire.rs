//! Jobs over real sockets and files, to a fake printer.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers panic as the test would"
)]

mod common;

use std::time::Duration;

use common::{fonts, samples};
use labels::drive::{Driver, Pause};
use labels::fake::{FakePrinter, FakeServer, Habits};
use labels::job::{Answer, BackChannel, Event, LabelId, Need, Question};
use labels::transport::{self, TransportError};
use labels::{Address, Arranged, Density, Language, Manner, PrintJob};

fn bin_labels(language: Language, count: usize) -> PrintJob {
    let (_, label) = samples(Density::Eight).remove(0);
    let bytes = language.say(&Arranged::new(&label, fonts()).unwrap(), Manner::default());
    let labels = (0..count).map(|n| (LabelId(n.to_string()), "A-01-2".to_owned(), bytes.clone()));
    PrintJob::new(language, BackChannel::Fence, labels)
}

/// Drives the job to its end. A rest is a tick of the printer; the person sees to it and looks at the tray.
fn drive(mut job: PrintJob, server: &FakeServer) -> Vec<Question> {
    let address = format!("tcp://{}", server.address()).parse().unwrap();
    let mut driver = Driver::new(address);
    let mut asked = Vec::new();
    for _ in 0..500 {
        match driver.run(&mut job, |_| Ok::<(), ()>(())).unwrap() {
            Pause::Done => return asked,
            Pause::Rest { need, .. } => {
                server.with(|printer| {
                    if matches!(need, Some(Need::Paper | Need::CloseHead)) {
                        printer.see_to();
                    }
                    printer.tick();
                });
                let _ = job.handle(Event::Rested);
            }
            Pause::Ask(question) => {
                let whole = server.with(|printer| printer.count_of("A-01-2"));
                let out = job
                    .labels()
                    .iter()
                    .filter(|label| label.progress == labels::job::Progress::Out)
                    .count();
                let answer = if whole > out { Answer::Yes } else { Answer::No };
                asked.push(question.clone());
                let _ = job.handle(Event::Answered(question, answer));
            }
        }
    }
    panic!("never done: {:?}, {:?}", job.step(), driver.trouble());
}

#[test]
fn whole_labels_cross_the_wire_once_in_every_language() {
    for language in Language::ALL {
        let server = FakeServer::start(FakePrinter::new(language, Habits::good())).unwrap();
        let asked = drive(bin_labels(language, 3), &server);
        assert_eq!(asked, [], "{language:?}");
        assert_eq!(
            server.with(|printer| printer.tray().len()),
            3,
            "{language:?}"
        );
    }
}

#[test]
fn a_cut_wire_is_asked_about_and_mended() {
    for language in Language::ALL {
        for (restart, after) in [(false, 700), (true, 700), (false, 2_500)] {
            let server = FakeServer::start(FakePrinter::new(language, Habits::good())).unwrap();
            server.cut_after(after, restart);
            let asked = drive(bin_labels(language, 3), &server);
            assert_eq!(asked.len(), 1, "{language:?} {after}: {asked:?}");
            let whole = server.with(|printer| printer.count_of("A-01-2"));
            assert_eq!(whole, 3, "{language:?} {after}");
        }
    }
}

#[test]
fn a_printer_without_paper_waits_for_a_person() {
    for language in Language::ALL {
        let mut printer = FakePrinter::new(language, Habits::good());
        printer.run_out_of_paper();
        let server = FakeServer::start(printer).unwrap();
        let mut job = bin_labels(language, 1);
        let address = format!("tcp://{}", server.address()).parse().unwrap();
        let pause = Driver::new(address)
            .run(&mut job, |_| Ok::<(), ()>(()))
            .unwrap();
        let need = Some(Need::Paper);
        assert!(
            matches!(pause, Pause::Rest { need: n, .. } if n == need),
            "{pause:?}"
        );
        assert_eq!(server.with(|printer| printer.tray().len()), 0);
    }
}

#[test]
fn a_printer_that_is_not_there_is_an_error_that_says_so() {
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let check = |address: &str, code: &str| {
        let address: Address = address.parse().unwrap();
        let Err(error) = transport::open(&address, Duration::from_secs(1)) else {
            panic!("{address} was opened");
        };
        assert_eq!(error.code(), code);
        assert!(TransportError::CODES.contains(&error.code()));
    };
    check(&format!("tcp://{free}"), "printer-no-connection");
    check("usb:/dev/usb/no-such-printer", "printer-no-device");
    check("serial:/dev/no-such-line", "printer-no-device");
    check("serial:/dev/null", "printer-not-raw");
}

#[test]
fn a_device_gives_back_what_it_says_and_never_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lp0");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    // A pipe that is open for both gives back what is written to it, as a printer would answer.
    let address: Address = format!("usb:{}", path.display()).parse().unwrap();
    let mut device = transport::open(&address, Duration::ZERO).unwrap();
    assert_eq!(device.read(Duration::ZERO).unwrap(), b"");
    device.write(b"~HS", Duration::ZERO).unwrap();
    assert_eq!(device.read(Duration::ZERO).unwrap(), b"~HS");
    // A pipe takes some, and then nothing, as a printer without paper.
    let stuck = device.write(&vec![0; 4 << 20], Duration::ZERO).unwrap_err();
    assert_eq!(stuck.code(), "printer-stuck");
}
