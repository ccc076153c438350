//! The worker's thread: messages in, views out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use scan::wedge::WedgeSettings;

use super::{Stopped, ToWorker, Worker, WorkerOptions};
use crate::platform::{self, Platform};
use crate::view::{Screen, StoppedView, UiEvent, View};

/// Reaches the worker. Dropping it ends the thread after what is under way.
pub struct WorkerHandle {
    to: Sender<ToWorker>,
    thread: Option<JoinHandle<()>>,
}

impl WorkerHandle {
    /// For other threads that have something to tell.
    pub fn sender(&self) -> Sender<ToWorker> {
        self.to.clone()
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        // The thread may have ended by itself.
        let _ = self.to.send(ToWorker::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the worker gives out, on its own thread.
pub trait WorkerOutput: Send + 'static {
    fn show(&mut self, view: View);
    /// Once, before the first view: what the keyboard had learned, as [`UiEvent::KeepWords`] brought it.
    fn words(&mut self, _kept: String) {}
    /// At the start and after each change: how scanners are told from typing.
    fn wedge(&mut self, _settings: WedgeSettings) {}
    /// Somebody asked to end the program.
    fn quit(&mut self);
}

/// Starts the thread, and lets the platform's scanner and the window reach it. Where the database cannot be used, a [`Screen::Stopped`] is shown and nothing else happens.
///
/// # Errors
/// The system gives no thread.
pub fn spawn(options: WorkerOptions, output: impl WorkerOutput) -> std::io::Result<WorkerHandle> {
    let (to, messages) = mpsc::channel();
    let answers = to.clone();
    let scanned = to.clone();
    options.platform.scans(Box::new(move |scan| {
        let (text, follows) = (scan.text, scan.follows);
        // Without a worker the program is about to end.
        let _ = scanned.send(ToWorker::Ui(UiEvent::Scan { text, follows }));
    }));
    let thread = std::thread::Builder::new()
        .name("worker".to_owned())
        .spawn(move || run(options, answers, &messages, output))?;
    Ok(WorkerHandle {
        to,
        thread: Some(thread),
    })
}

fn run(
    options: WorkerOptions,
    answers: Sender<ToWorker>,
    messages: &Receiver<ToWorker>,
    mut output: impl WorkerOutput,
) {
    let language = options.language;
    // A fault of ours must not leave a window that answers nothing. What was committed is safe: the database is
    // not written after this.
    let work = AssertUnwindSafe(|| work(options, answers, messages, &mut output));
    let ended = catch_unwind(work).unwrap_or_else(|_| {
        Err(Stopped {
            code: "internal",
            details: "the worker panicked".to_owned(),
        })
    });
    if let Err(stopped) = ended {
        tracing::error!(%stopped, "cannot work");
        output.show(stopped_view(&stopped, language));
        while let Ok(message) = messages.recv() {
            if matches!(message, ToWorker::Stop | ToWorker::Ui(UiEvent::Quit)) {
                break;
            }
        }
    }
    output.quit();
}

fn work(
    options: WorkerOptions,
    answers: Sender<ToWorker>,
    messages: &Receiver<ToWorker>,
    output: &mut impl WorkerOutput,
) -> Result<(), Stopped> {
    let platform = options.platform.clone();
    let mut worker = Worker::open(options, answers)?;
    let mut screen = ScreenOn::of(platform.clone());
    output.words(worker.words()?);
    worker.take_health(platform.health(worker.data_folder()));
    let mut wedge = worker.wedge();
    output.wedge(wedge.clone());
    let mut shown = worker.view();
    output.show(shown.clone());
    while !worker.wants_to_quit() {
        let wait = worker.due() - (worker.clock)();
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
        match messages.recv_timeout(wait) {
            Ok(message) => worker.handle(message),
            Err(RecvTimeoutError::Timeout) => worker.tick(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if worker.asks_health() {
            worker.take_health(platform.health(worker.data_folder()));
        }
        screen.keep(worker.keeps_screen_on());
        if wedge != worker.wedge() {
            wedge = worker.wedge();
            output.wedge(wedge.clone());
        }
        let view = worker.view();
        if view != shown {
            // What is added to an answer is no new answer.
            let number = |view: &View| view.feedback.as_ref().map(|f| f.number);
            if number(&view) != number(&shown)
                && let Some(feedback) = &view.feedback
            {
                platform::answer(platform.as_ref(), feedback, worker.loudness());
            }
            output.show(view.clone());
            shown = view;
        }
    }
    Ok(())
}

/// Whether the screen is kept on. It is let go at the end, however that comes.
struct ScreenOn {
    platform: Arc<dyn Platform>,
    kept: bool,
}

impl ScreenOn {
    fn of(platform: Arc<dyn Platform>) -> Self {
        Self {
            platform,
            kept: false,
        }
    }

    fn keep(&mut self, on: bool) {
        if self.kept != on {
            self.kept = on;
            self.platform.keep_screen_on(on);
        }
    }
}

impl Drop for ScreenOn {
    fn drop(&mut self) {
        self.keep(false);
    }
}

/// The screen that says why nothing works, and that nothing is lost.
pub(crate) fn stopped_view(stopped: &Stopped, language: Option<crate::view::Language>) -> View {
    let mut appearance = crate::view::Appearance::default();
    if let Some(language) = language {
        appearance.language = language;
    }
    View {
        screen: Screen::Stopped(StoppedView {
            message: crate::view::Message::new(stopped.code),
            details_code: stopped.details.clone(),
        }),
        chip: crate::view::SyncChip {
            connection: crate::view::Connection::Offline,
            waiting: 0,
            data_age_seconds: None,
        },
        operator: None,
        feedback: None,
        banner: None,
        warning: None,
        question: None,
        appearance,
        camera: crate::view::Camera::Off,
        practice: false,
        printing: crate::view::Printing::default(),
    }
}
