//! One thread that runs decoders, so that a decoder that panics or hangs harms nobody else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::decoder::{Decoder, Stage};
use crate::{LumaFrame, Payload};

/// How a stage ended badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Panicked,
    TimedOut,
}

struct Job {
    stage: usize,
    frame: LumaFrame,
}

/// `None` if the decoder panicked; the thread has then ended.
type Answer = Option<Vec<Payload>>;

/// A running decoder thread. Dropping it lets the thread end once it is idle.
pub(crate) struct Worker {
    jobs: Sender<Job>,
    answers: Receiver<Answer>,
    thread: JoinHandle<()>,
}

impl Worker {
    pub(crate) fn start(stages: &[Stage]) -> std::io::Result<Self> {
        let (jobs, jobs_in) = channel();
        let (answers_out, answers) = channel();
        let stages = stages.to_vec();
        let thread = Builder::new()
            .name("decoder".to_owned())
            .spawn(move || run(&stages, &jobs_in, &answers_out))?;
        Ok(Self {
            jobs,
            answers,
            thread,
        })
    }

    /// Runs one stage on one frame; blocks for at most `budget`. After a fault this worker must
    /// not be used again.
    pub(crate) fn run(
        &self,
        stage: usize,
        frame: &LumaFrame,
        budget: Duration,
    ) -> Result<Vec<Payload>, Fault> {
        // A thread that is gone can only have died of a panic.
        let job = Job {
            stage,
            frame: frame.clone(),
        };
        self.jobs.send(job).map_err(|_| Fault::Panicked)?;
        match self.answers.recv_timeout(budget) {
            Ok(Some(payloads)) => Ok(payloads),
            Ok(None) | Err(RecvTimeoutError::Disconnected) => Err(Fault::Panicked),
            Err(RecvTimeoutError::Timeout) => Err(Fault::TimedOut),
        }
    }

    /// The thread, to see later whether it came back.
    pub(crate) fn abandon(self) -> JoinHandle<()> {
        self.thread
    }
}

fn run(stages: &[Stage], jobs: &Receiver<Job>, answers: &Sender<Answer>) {
    let mut decoders: Vec<Option<Box<dyn Decoder>>> = stages.iter().map(|_| None).collect();
    for Job { stage, frame } in jobs {
        // The decoders are never touched again after a panic: the thread ends with them.
        let answer = catch_unwind(AssertUnwindSafe(|| {
            let decoder = decoders[stage].get_or_insert_with(|| (stages[stage].make)());
            decoder.decode(&frame)
        }))
        .ok();
        let panicked = answer.is_none();
        if answers.send(answer).is_err() || panicked {
            return;
        }
    }
}
