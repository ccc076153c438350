//! The handheld's program without a window system: its worker on its own thread, its screens painted into memory.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use device_app::keystore::{Protection, SecretError, SecretStore};
use device_app::platform::recorder::Recorder;
use device_app::transport::{Answer, Network, Post, PostError};
use device_app::ui::Window;
use device_app::view::{Outcome, Place, Screen, UiEvent, View};
use device_app::wedge_keys::WedgeKeys;
use device_app::worker::{ToWorker, WorkerHandle, WorkerOptions, WorkerOutput, spawn};
use slint::platform::software_renderer::{MinimalSoftwareWindow, RepaintBufferType};
use slint::platform::{Platform, WindowAdapter, WindowEvent, set_platform};
use slint::{
    ComponentHandle, PhysicalSize, PlatformError, Rgb8Pixel, SharedPixelBuffer, SharedString,
};

use super::site::BADGE;

const WIDTH: u32 = 480;
const HEIGHT: u32 = 800;
/// An answer that does not come in this time will not come.
const NOTHING_NEW: Duration = Duration::from_millis(200);
/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The file's key, which the load made it with.
struct KnownKey;

impl SecretStore for KnownKey {
    fn device_key(&self, _: bool) -> Result<[u8; 32], SecretError> {
        Ok([9; 32])
    }

    fn protection(&self) -> Protection {
        Protection::System
    }
}

/// No network, as in a cellar.
struct NoNetwork;

impl Network for NoNetwork {
    fn post(&mut self, _: Post, done: Box<dyn FnOnce(Answer) + Send>) {
        done(Err(PostError::Unreachable));
    }
}

struct Views(Sender<View>);

impl WorkerOutput for Views {
    fn show(&mut self, view: View) {
        // The bench may have ended.
        let _ = self.0.send(view);
    }

    fn quit(&mut self) {}
}

struct InMemory {
    adapter: Rc<RefCell<Option<Rc<MinimalSoftwareWindow>>>>,
    started: Instant,
}

impl Platform for InMemory {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        let window = MinimalSoftwareWindow::new(RepaintBufferType::ReusedBuffer);
        *self.adapter.borrow_mut() = Some(window.clone());
        Ok(window)
    }

    fn duration_since_start(&self) -> Duration {
        self.started.elapsed()
    }
}

pub(super) struct Handheld {
    window: Window,
    adapter: Rc<MinimalSoftwareWindow>,
    picture: SharedPixelBuffer<Rgb8Pixel>,
    to: Sender<ToWorker>,
    views: Receiver<View>,
    shown: Option<View>,
    _worker: WorkerHandle,
}

impl Handheld {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let adapter = Rc::default();
        set_platform(Box::new(InMemory {
            adapter: Rc::clone(&adapter),
            started: Instant::now(),
        }))?;
        let (events, from_window) = mpsc::channel();
        let window = Window::new(move |event| {
            let _ = events.send(event);
        })?;
        window.set_key_sink(Box::new(WedgeKeys::default()));
        let adapter = adapter.borrow().clone().context("a window")?;
        adapter.set_size(PhysicalSize::new(WIDTH, HEIGHT));
        window.show()?;
        let (to_bench, views) = mpsc::channel();
        let clock = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            since.map_or(0, |d| d.as_millis() as i64)
        };
        let options = WorkerOptions {
            data_folder: folder.join("data"),
            secrets: Box::new(KnownKey),
            clock: Arc::new(clock),
            network: Box::new(NoNetwork),
            neighbours: None,
            platform: Arc::new(Recorder::default()),
            language: None,
            camera_wanted: Arc::new(AtomicBool::new(false)),
            photo_wanted: Arc::new(AtomicBool::new(false)),
            camera_settings: Arc::default(),
        };
        let worker = spawn(options, Views(to_bench))?;
        let to = worker.sender();
        let forward = to.clone();
        std::thread::spawn(move || {
            for event in from_window {
                let _ = forward.send(ToWorker::Ui(event));
            }
        });
        Ok(Self {
            window,
            adapter,
            picture: SharedPixelBuffer::new(WIDTH, HEIGHT),
            to,
            views,
            shown: None,
            _worker: worker,
        })
    }

    fn paint(&mut self) {
        slint::platform::update_timers_and_animations();
        let picture = &mut self.picture;
        self.adapter.draw_if_needed(|renderer| {
            renderer.render(picture.make_mut_slice(), WIDTH as usize);
        });
    }

    fn show(&mut self, view: View) {
        self.window.show_view(&view);
        self.paint();
        self.shown = Some(view);
    }

    /// Shows and paints what comes until it is that.
    pub(super) fn until(&mut self, wanted: impl Fn(&View) -> bool) -> Result<()> {
        loop {
            let view = self.views.recv_timeout(PATIENCE).context("an answer")?;
            let is_it = wanted(&view);
            self.show(view);
            if is_it {
                return Ok(());
            }
        }
    }

    /// Shows and paints what comes until then; the window's own timers go on.
    pub(super) fn show_until(&mut self, then: Instant) -> Result<()> {
        loop {
            let left = then.saturating_duration_since(Instant::now());
            match self.views.recv_timeout(left.min(Duration::from_millis(2))) {
                Ok(view) => self.show(view),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => return Ok(()),
                Err(RecvTimeoutError::Timeout) => self.paint(),
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the worker ended"),
            }
        }
    }

    /// What a person does, until the answer is painted. Returns whether there was one: what changes nothing on the screen
    /// is not shown again.
    pub(super) fn tell(&mut self, event: UiEvent) -> Result<bool> {
        self.to.send(ToWorker::Ui(event))?;
        match self.views.recv_timeout(NOTHING_NEW) {
            Ok(view) => self.show(view),
            Err(RecvTimeoutError::Timeout) => return Ok(false),
            Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the worker ended"),
        }
        Ok(true)
    }

    /// Starts work, until its screen is painted.
    pub(super) fn begin(&mut self, operation: &str) -> Result<()> {
        self.to.send(ToWorker::Ui(UiEvent::Open(Place::Home)))?;
        self.to
            .send(ToWorker::Ui(UiEvent::OpenOperation(operation.to_owned())))?;
        self.until(|view| matches!(view.screen, Screen::Task(_)))
            .with_context(|| format!("after opening; shown is {:?}", self.shown))
    }

    /// A code from the scanner, until its answer is painted; it is on the disk before.
    pub(super) fn scan(&mut self, code: &str) -> Result<()> {
        let before = self.feedback_number();
        self.to.send(ToWorker::Ui(UiEvent::Scan {
            text: code.to_owned(),
            follows: false,
        }))?;
        self.until(|view| view.feedback.as_ref().is_some_and(|f| f.number != before))
            .with_context(|| format!("after the scan {code}; shown is {:?}", self.shown))
    }

    fn feedback_number(&self) -> u32 {
        let feedback = self.shown.as_ref().and_then(|view| view.feedback.as_ref());
        feedback.map_or(0, |feedback| feedback.number)
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        let feedback = self.shown.as_ref()?.feedback.as_ref();
        feedback.map(|feedback| feedback.outcome)
    }

    /// The keys of a wedge scanner, as fast as they come.
    pub(super) fn press(&self, code: &str) {
        let window = self.window.component().window();
        for key in code.chars().chain(['\n']) {
            let text = SharedString::from(key);
            window.dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
            window.dispatch_event(WindowEvent::KeyReleased { text });
        }
    }

    pub(super) fn sign_in(&mut self) -> Result<()> {
        if self.shown.is_none() {
            self.until(|view| matches!(view.screen, Screen::SignIn(_)))?;
        }
        self.scan(BADGE)
    }
}
