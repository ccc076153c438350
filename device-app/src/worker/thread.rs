//! The worker's thread: messages in, views out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use scan::wedge::WedgeSettings;

use super::{Stopped, ToWorker, Worker, WorkerOptions};
use crate::health::Health;
use crate::view::{Feedback, Screen, StoppedView, UiEvent, View};

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
    /// A new answer, after its commit, to be heard and felt. `loudness`: 0 to 100, 0 is silence.
    fn answer(&mut self, feedback: &Feedback, loudness: u32);
    /// Battery, and room on the disk that holds the folder.
    fn health(&mut self, _folder: &Path) -> Health {
        Health::default()
    }
    /// Somebody asked to end the program.
    fn quit(&mut self);
}

/// Starts the thread. Where the database cannot be used, a [`Screen::Stopped`] is shown and nothing else happens.
///
/// # Errors
/// The system gives no thread.
pub fn spawn(options: WorkerOptions, output: impl WorkerOutput) -> std::io::Result<WorkerHandle> {
    let (to, messages) = mpsc::channel();
    let answers = to.clone();
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
    let mut worker = Worker::open(options, answers)?;
    output.words(worker.words()?);
    let health = output.health(worker.data_folder());
    worker.take_health(health);
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
            let health = output.health(worker.data_folder());
            worker.take_health(health);
        }
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
                output.answer(feedback, worker.loudness());
            }
            output.show(view.clone());
            shown = view;
        }
    }
    Ok(())
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
