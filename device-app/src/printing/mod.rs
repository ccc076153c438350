//! Labels on their way to the printer, on a thread of its own: a printer may be silent for seconds, and no scan waits for it.
//!
//! Jobs are kept in a file of their own ([`replica::PrintQueue`]). The worker puts them in; the thread drives the first of
//! them, stores it before each byte that must not go unstored, takes it out when it is done, and says what becomes of it.

mod queue;
mod settings;
mod thread;

pub use queue::{JobsOpened, PrinterThread};
pub use settings::{PrinterSettings, SIZES};

use labels::job::{Answer, Need, Progress, Question};
use labels::{Address, PrintJob};

/// What the thread is told.
#[derive(Debug)]
pub enum Order {
    /// Where the printer is; `None`: nowhere yet.
    Printer(Option<Address>),
    /// A job that lies in the queue already.
    Added {
        id: i64,
        title: String,
        job: PrintJob,
    },
    /// What a person said to the question with that number.
    Answer { number: u32, answer: Answer },
    /// Send no further label of the job under way. What is in doubt is still settled.
    Stop,
    /// Forget the job under way, also what is in doubt of it.
    Drop,
    /// Go on as with a printer that says nothing.
    NeverAnswers,
    /// Do not wait any longer.
    TryNow,
    /// Rest no longer than this, for tests.
    RestAtMost(std::time::Duration),
}

/// What becomes of the jobs: all of it, whenever something has changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrintState {
    /// Oldest first. The first one is under way.
    pub jobs: Vec<JobState>,
    /// How the first one stands.
    pub doing: Doing,
    /// The job that was done last.
    pub done: Option<JobState>,
    /// The thread has taken in all jobs up to this id.
    pub known: i64,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobState {
    pub id: i64,
    /// What a person knows it by.
    pub title: String,
    /// Caption of each label, and how far it is.
    pub labels: Vec<(String, Progress)>,
}

impl PrintState {
    /// What the thread says now. Jobs that were put in since it said so stay.
    #[must_use]
    pub(crate) fn after(self, earlier: &Self) -> Self {
        let newer = earlier.jobs.iter().filter(|job| job.id > self.known);
        Self {
            jobs: self.jobs.iter().chain(newer).cloned().collect(),
            ..self
        }
    }
}

impl JobState {
    pub(crate) fn of(id: i64, title: &str, job: &PrintJob) -> Self {
        let label = |l: &labels::job::JobLabel| (l.caption.clone(), l.progress);
        Self {
            id,
            title: title.to_owned(),
            labels: job.labels().iter().map(label).collect(),
        }
    }

    /// How many labels are so far.
    pub fn count(&self, progress: Progress) -> usize {
        self.labels.iter().filter(|(_, p)| *p == progress).count()
    }
}

/// How the job under way stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Doing {
    /// The printer was not reached yet.
    #[default]
    Begins,
    /// The printer is at work.
    AtWork,
    /// A person has to do something. `trouble`: stable code of why there is no connection.
    Needs {
        need: Need,
        trouble: Option<&'static str>,
    },
    /// A person has to say something. `number` counts the questions.
    Asks { number: u32, question: Question },
    /// Nobody said where the printer is.
    NoPrinter,
    /// The file of jobs could not be written, so nothing is sent: stable code.
    NotStored(&'static str),
}
