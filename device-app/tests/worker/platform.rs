//! What the machine does besides drawing, as the recording platform tells it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use device_app::camera::{self, Asked, Pictures, ShowCamera};
use device_app::health::{Battery, Health};
use device_app::platform::recorder::{Recorder, Told};
use device_app::view::{
    Camera, CameraHint, CodeKind, LabelWords, Outcome, Picture, Place, PrintEvent, Screen, UiEvent,
    View,
};
use device_app::worker::{ToWorker, WorkerHandle, WorkerOutput, spawn};
use scan::LumaFrame;
use scan::source::Frame;

use crate::hub::Hub;
use crate::rig::{Rig, options};

const MINUTE_MS: i64 = 60_000;

#[test]
fn the_screen_stays_on_while_work_is_open() {
    let hub = Hub::new();
    let mut rig = Rig::enrolled(&hub, "AAAA1");
    assert!(!rig.worker.keeps_screen_on(), "nobody is signed in");
    rig.scan("B-LI");
    assert!(!rig.worker.keeps_screen_on(), "at home");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    assert!(rig.worker.keeps_screen_on());
    rig.scan("A-01");
    rig.ui(UiEvent::Open(Place::LookUp));
    assert!(rig.worker.keeps_screen_on(), "in between");
    rig.ui(UiEvent::Open(Place::Home));
    assert!(!rig.worker.keeps_screen_on(), "the work waits at home");
    rig.ui(UiEvent::OpenOperation("receive".into()));
    assert!(rig.worker.keeps_screen_on());

    // Nobody looks at it: at the same time the operator is signed out.
    rig.pass(14 * MINUTE_MS);
    assert!(rig.worker.keeps_screen_on());
    rig.pass(MINUTE_MS + 1);
    assert!(!rig.worker.keeps_screen_on());
    assert!(matches!(rig.view().screen, Screen::SignIn(_)));
    rig.scan("B-LI");
    assert!(!rig.worker.keeps_screen_on(), "at home again");
}

#[test]
fn a_code_for_another_handheld_stays_lit() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    crate::floor::receive(&mut rig, "A-01", "20");
    rig.ui(UiEvent::Open(Place::Nearby));
    assert!(!rig.worker.keeps_screen_on());
    rig.ui(UiEvent::ShowCode(CodeKind::Parcel));
    assert!(rig.worker.keeps_screen_on());
    rig.ui(UiEvent::HideCode);
    assert!(!rig.worker.keeps_screen_on());
}

struct Views(Sender<View>);

impl WorkerOutput for Views {
    fn show(&mut self, view: View) {
        // The test may have ended.
        let _ = self.0.send(view);
    }

    fn quit(&mut self) {}
}

/// Waits until a view is so. Far beyond what it takes: a test that hangs says nothing.
fn until(views: &Receiver<View>, is_so: impl Fn(&View) -> bool) -> View {
    loop {
        let view = views.recv_timeout(Duration::from_secs(60)).unwrap();
        if is_so(&view) {
            return view;
        }
    }
}

#[test]
fn the_thread_tells_the_machine_and_hears_its_scanner() {
    let hub = Hub::new();
    let Rig {
        worker,
        clock,
        folder,
        ..
    } = Rig::enrolled(&hub, "AAAA1");
    drop(worker);
    let machine = Arc::new(Recorder::default());
    machine.set_health(Health {
        battery: Some(Battery {
            percent: 7,
            charging: false,
        }),
        free_bytes: None,
    });
    let mut options = options(folder.path(), &hub, &clock);
    options.platform = machine.clone();
    let (to, views) = mpsc::channel();
    let worker: WorkerHandle = spawn(options, Views(to)).unwrap();
    let first = until(&views, |_| true);
    assert_eq!(first.warning.unwrap().message.code, "battery-very-low");

    // As the engine of a PDA: no key and no field is involved.
    machine.scan("B-LI", false);
    until(&views, |view| matches!(view.screen, Screen::Home(_)));
    machine.told();
    let ui = |event| worker.sender().send(ToWorker::Ui(event)).unwrap();
    ui(UiEvent::OpenOperation("receive".into()));
    until(&views, |view| matches!(view.screen, Screen::Task(_)));
    clock.fetch_add(1_000, Ordering::Relaxed);
    machine.scan("A-01", false);
    let answered = until(&views, |view| {
        view.feedback
            .as_ref()
            .is_some_and(|f| f.message.code == "bin-selected")
    });
    assert_eq!(answered.feedback.unwrap().outcome, Outcome::Accepted);
    ui(UiEvent::Open(Place::Home));
    until(&views, |view| matches!(view.screen, Screen::Home(_)));
    ui(UiEvent::OpenOperation("receive".into()));
    until(&views, |view| matches!(view.screen, Screen::Task(_)));
    // The program ends in the middle of work.
    drop(worker);
    let told = machine.told();
    let screen: Vec<&Told> = told
        .iter()
        .filter(|told| matches!(told, Told::ScreenOn(_)))
        .collect();
    assert_eq!(
        screen,
        [
            &Told::ScreenOn(true),
            &Told::ScreenOn(false),
            &Told::ScreenOn(true),
            &Told::ScreenOn(false)
        ]
    );
    let heard: Vec<&Told> = told
        .iter()
        .filter(|told| !matches!(told, Told::ScreenOn(_)))
        .collect();
    assert_eq!(
        heard,
        [
            &Told::Sound(Outcome::Accepted, 80),
            &Told::Vibration(vec![60])
        ]
    );
}

/// A QR as a camera sees it.
fn frame(text: &str) -> Frame {
    const MODULE: usize = 6;
    const QUIET: usize = 4;
    let qr = qrcode::QrCode::new(text).unwrap();
    let side = qr.width() + 2 * QUIET;
    let width = side * MODULE;
    let luma = (0..width * width).map(|at| {
        let module = |at: usize| {
            (at / MODULE)
                .checked_sub(QUIET)
                .filter(|at| *at < qr.width())
        };
        match (module(at % width), module(at / width)) {
            (Some(x), Some(y)) if qr[(x, y)] == qrcode::Color::Dark => 0,
            _ => 255,
        }
    });
    let size = u32::try_from(width).unwrap();
    Frame {
        luma: LumaFrame::new(size, size, luma.collect()).unwrap(),
        preview: None,
    }
}

/// What the window was given by the camera.
#[derive(Default)]
struct Shown {
    /// Widths in pixels.
    pictures: Mutex<Vec<u32>>,
    hints: Mutex<Vec<Option<CameraHint>>>,
}

impl ShowCamera for Shown {
    fn preview(&self, picture: Picture) {
        self.pictures.lock().unwrap().push(picture.width);
    }

    fn hint(&self, hint: Option<CameraHint>) {
        self.hints.lock().unwrap().push(hint);
    }
}

#[test]
fn a_camera_in_the_dark_asks_for_light_until_it_is_gone() {
    let machine = Arc::new(Recorder::default());
    // Noise, so that no two frames are the same.
    let dark = (0..40u32).map(|number| Frame {
        luma: LumaFrame::new(
            160,
            120,
            (0..160 * 120)
                .map(|at| (at * 7 + number) as u8 % 23)
                .collect(),
        )
        .unwrap(),
        preview: None,
    });
    machine.plug_in_at_pace(dark.collect(), Duration::from_millis(33));
    let (to, messages) = mpsc::channel();
    let asked = Asked {
        camera: Arc::new(AtomicBool::new(true)),
        photo: Arc::new(AtomicBool::new(false)),
        settings: Arc::default(),
    };
    let shown = Arc::new(Shown::default());
    let thread = camera::start(Pictures::Camera(machine), to, shown.clone(), asked).unwrap();
    let next = || messages.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(matches!(next(), ToWorker::Camera(Camera::On)));
    assert!(matches!(next(), ToWorker::Camera(Camera::Missing)));
    drop(thread);
    assert_eq!(*shown.hints.lock().unwrap(), [Some(CameraHint::Dark), None]);
}

#[test]
fn a_camera_that_comes_and_goes_is_read_while_it_is_there() {
    let machine = Arc::new(Recorder::default());
    machine.plug_in(vec![frame("LP-77")]);
    let (to, messages) = mpsc::channel();
    let shown = Arc::new(Shown::default());
    let asked = Asked {
        camera: Arc::new(AtomicBool::new(true)),
        photo: Arc::new(AtomicBool::new(true)),
        settings: Arc::default(),
    };
    let wanted = asked.camera.clone();
    let thread =
        camera::start(Pictures::Camera(machine.clone()), to, shown.clone(), asked).unwrap();
    let next = || messages.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(matches!(next(), ToWorker::Camera(Camera::On)));
    // Reading does not wait for the photo, nor the photo for reading.
    let (mut codes, mut photos) = (Vec::new(), 0);
    for message in [next(), next()] {
        match message {
            ToWorker::Seen(seen) => codes.extend(seen.into_iter().map(|code| code.text)),
            ToWorker::PhotoTaken(Ok(_)) => photos += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((codes, photos), (vec!["LP-77".to_owned()], 1));
    assert!(matches!(next(), ToWorker::Camera(Camera::Missing)));
    wanted.store(false, Ordering::Relaxed);
    assert!(matches!(next(), ToWorker::Camera(Camera::Off)));
    drop(thread);
    assert_eq!(shown.pictures.lock().unwrap().len(), 1);
    let told = machine.told();
    assert!(told.len() >= 2 && told.iter().all(|told| *told == Told::Camera));
}

#[test]
fn a_camera_that_does_not_open_is_told_apart_from_none() {
    let machine = Arc::new(Recorder::default());
    machine.refuse_camera("permission denied");
    let (to, messages) = mpsc::channel();
    let asked = Asked {
        camera: Arc::new(AtomicBool::new(true)),
        photo: Arc::new(AtomicBool::new(false)),
        settings: Arc::default(),
    };
    let shown = Arc::new(Shown::default());
    let thread = camera::start(Pictures::Camera(machine), to, shown, asked).unwrap();
    let said = messages.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(matches!(said, ToWorker::Camera(Camera::Refused)));
    drop(thread);
}

#[test]
fn the_camera_reads_what_is_wanted_now() {
    let machine = Arc::new(Recorder::default());
    let frames: Vec<Frame> = (0..200).map(|_| frame("LP-77")).collect();
    machine.plug_in_at_pace(frames, Duration::from_millis(33));
    let (to, messages) = mpsc::channel();
    let codes = |codes: &[&str]| scan::ReaderSettings::of_codes(codes.iter().copied());
    let settings = Arc::new(Mutex::new(codes(&["ean-13"])));
    let asked = Asked {
        camera: Arc::new(AtomicBool::new(true)),
        photo: Arc::new(AtomicBool::new(false)),
        settings: settings.clone(),
    };
    let shown = Arc::new(Shown::default());
    let thread = camera::start(Pictures::Camera(machine), to, shown, asked).unwrap();
    let next = || messages.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(matches!(next(), ToWorker::Camera(Camera::On)));
    let nothing = messages.recv_timeout(Duration::from_millis(400));
    assert!(nothing.is_err(), "{nothing:?}");
    *settings.lock().unwrap() = codes(&["qr", "code-128", "data-matrix"]);
    assert!(matches!(next(), ToWorker::Seen(codes) if codes[0].text == "LP-77"));
    drop(thread);
}

#[test]
fn a_code_that_stays_before_the_camera_is_one_scan() {
    let machine = Arc::new(Recorder::default());
    let moved = |text: &str, by: u8| {
        let mut frame = frame(text);
        let pale = frame.luma.luma().iter().map(|grey| grey.saturating_sub(by));
        let size = frame.luma.width();
        frame.luma = LumaFrame::new(size, size, pale.collect()).unwrap();
        frame
    };
    let frames = (0..20).map(|number| moved("LP-77", number)).collect();
    machine.plug_in(frames);
    machine.plug_in(vec![frame("LP-78")]);
    let (to, messages) = mpsc::channel();
    let asked = Asked {
        camera: Arc::new(AtomicBool::new(true)),
        photo: Arc::new(AtomicBool::new(false)),
        settings: Arc::default(),
    };
    let thread = camera::start(
        Pictures::Camera(machine),
        to,
        Arc::new(Shown::default()),
        asked,
    )
    .unwrap();
    let mut seen = Vec::new();
    loop {
        match messages.recv_timeout(Duration::from_secs(60)).unwrap() {
            ToWorker::Seen(codes) => seen.extend(codes.into_iter().map(|code| code.text)),
            ToWorker::Camera(Camera::On) => {}
            ToWorker::Camera(_) => break,
            other => panic!("{other:?}"),
        }
    }
    drop(thread);
    assert_eq!(seen, ["LP-77", "LP-78"]);
}

#[test]
fn labels_go_through_the_machine() {
    let hub = Hub::new();
    let Rig {
        worker,
        clock,
        folder,
        ..
    } = Rig::enrolled(&hub, "AAAA1");
    drop(worker);
    let machine = Arc::new(Recorder::default());
    let mut rig = Rig::open_on(machine.clone(), &hub, folder, clock).unwrap();
    rig.scan("B-LI");
    let printer = labels::fake::FakeServer::start(labels::fake::FakePrinter::new(
        labels::Language::Zpl,
        labels::fake::Habits::good(),
    ))
    .unwrap();
    let address = format!("tcp://{}", printer.address());
    rig.ui(UiEvent::Print(PrintEvent::SetAddress(address.clone())));
    assert_eq!(machine.told(), [], "nothing is to be printed");
    let words = LabelWords {
        lot: "Lot".into(),
        expiry: "Expiry".into(),
        quantity: "Quantity".into(),
        plate: "Plate".into(),
        test: "Test label".into(),
        ticket: "Claim ticket".into(),
        keep:
            "Keep this: it is what your things are handed out for. Tell us at once if it is lost."
                .into(),
        pieces: "Pieces".into(),
        due: "May stay until".into(),
        receipt: "Receipt".into(),
    };
    rig.ui(UiEvent::Print(PrintEvent::Test(words)));
    rig.wait_until(|view| view.printing.chip.is_none());
    assert_eq!(machine.told(), [Told::Printer(address.parse().unwrap())]);
}
