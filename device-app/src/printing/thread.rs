//! The thread that drives print jobs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::Duration;

use labels::drive::{Driver, Open, Pause};
use labels::job::{Event, Keep, Need};
use labels::{Address, PrintJob};
use replica::{PrintQueue, ReplicaError};

use super::queue::{Job, Shared, load, lock, stored};
use super::{Doing, JobState, Order, PrintState};
use crate::worker::ToWorker;

/// A printer that is not reached is tried more and more seldom, down to this.
const REST_MAX: Duration = Duration::from_secs(30);

/// Why a job could not be stored.
enum StoreError {
    Ended,
    Failed(ReplicaError),
}

impl From<ReplicaError> for StoreError {
    fn from(error: ReplicaError) -> Self {
        Self::Failed(error)
    }
}

/// Whether the thread goes on.
enum Next {
    GoOn,
    End,
}

pub(super) struct Drives {
    queue: Shared,
    jobs: VecDeque<Job>,
    /// The last one that was taken in.
    known: i64,
    printer: Option<Address>,
    /// How the machine reaches printers.
    open: Arc<Open>,
    driver: Option<Driver>,
    orders: Receiver<Order>,
    to: Sender<ToWorker>,
    /// What the worker was told last.
    said: PrintState,
    doing: Doing,
    /// Counts questions.
    asked: u32,
    /// Attempts to reach the printer in a row.
    unreached: u32,
    rest_max: Duration,
    done: Option<JobState>,
}

impl Drives {
    /// Goes on with these jobs once it runs. What becomes of them is said through `to`.
    pub(super) fn new(
        queue: Shared,
        jobs: VecDeque<Job>,
        printer: Option<Address>,
        open: Arc<Open>,
        orders: Receiver<Order>,
        to: Sender<ToWorker>,
    ) -> Self {
        let driver = printer.clone();
        let driver = driver.map(|printer| Driver::through(printer, open.clone()));
        Self {
            known: jobs.back().map_or(0, |job| job.id),
            queue,
            jobs,
            printer,
            open,
            driver,
            orders,
            to,
            said: PrintState::default(),
            doing: Doing::Begins,
            asked: 0,
            unreached: 0,
            rest_max: REST_MAX,
            done: None,
        }
    }

    /// Until the worker is gone.
    pub(super) fn run(&mut self) {
        while let Next::GoOn = self.turn() {}
    }

    /// Does what can be done now, or waits until something can.
    fn turn(&mut self) -> Next {
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.obey(order),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Next::End,
            }
        }
        let result = match self.drive() {
            Ok(Some(pause)) => self.pause(pause),
            Ok(None) => {
                if !self.jobs.is_empty() {
                    self.doing = Doing::NoPrinter;
                }
                self.publish();
                Ok(self.wait(None))
            }
            Err(error) => Err(error),
        };
        match result {
            Ok(next) => next,
            Err(StoreError::Ended) => Next::End,
            Err(StoreError::Failed(error)) => self.not_stored(&error),
        }
    }

    /// Drives the first job until it needs somebody. `None`: there is nothing to drive, or no printer.
    fn drive(&mut self) -> Result<Option<Pause>, StoreError> {
        let (Some(first), Some(driver)) = (self.jobs.front_mut(), self.driver.as_mut()) else {
            return Ok(None);
        };
        let (queue, to, said) = (&self.queue, &self.to, &mut self.said);
        let (id, title) = (first.id, &first.title);
        let pause = driver.run(&mut first.job, |job| {
            let content = stored(job)?;
            match lock(queue).as_mut() {
                Some(queue) => queue.keep(id, &content)?,
                None => return Err(StoreError::Ended),
            }
            // A label that is out shows at once, even if the next one follows without a pause.
            let mut now = said.clone();
            if let Some(shown) = now.jobs.first_mut().filter(|shown| shown.id == id) {
                *shown = JobState::of(id, title, job);
            }
            tell(to, said, now);
            Ok(())
        })?;
        Ok(Some(pause))
    }

    fn pause(&mut self, pause: Pause) -> Result<Next, StoreError> {
        match pause {
            Pause::Done => {
                if let Some(first) = self.jobs.pop_front() {
                    self.done = Some(JobState::of(first.id, &first.title, &first.job));
                    self.with_queue(|queue| queue.remove(first.id))?;
                }
                self.begin_anew();
                self.publish();
                Ok(Next::GoOn)
            }
            Pause::Ask(question) => {
                let same = matches!(&self.doing, Doing::Asks { question: q, .. } if *q == question);
                if !same {
                    self.asked = self.asked.wrapping_add(1);
                }
                let number = self.asked;
                self.doing = Doing::Asks { number, question };
                self.publish();
                Ok(self.wait(None))
            }
            Pause::Rest { ms, need } => {
                let mut rest = Duration::from_millis(ms.into());
                self.doing = match need {
                    None => Doing::AtWork,
                    Some(need) => Doing::Needs {
                        need,
                        trouble: self.trouble(need),
                    },
                };
                if need == Some(Need::Reach) {
                    rest *= 1 << self.unreached.min(4);
                    self.unreached += 1;
                } else {
                    self.unreached = 0;
                }
                self.publish();
                let next = self.wait(Some(rest.min(self.rest_max)));
                Ok(next)
            }
        }
    }

    fn trouble(&self, need: Need) -> Option<&'static str> {
        let trouble = self.driver.as_ref()?.trouble()?;
        (need == Need::Reach).then(|| trouble.code())
    }

    /// Waits for an order; after the rest the job goes on by itself.
    fn wait(&mut self, rest: Option<Duration>) -> Next {
        let order = match rest {
            None => self
                .orders
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
            Some(rest) => self.orders.recv_timeout(rest),
        };
        match order {
            Ok(order) => self.obey(order),
            Err(RecvTimeoutError::Timeout) => self.rested(),
            Err(RecvTimeoutError::Disconnected) => return Next::End,
        }
        Next::GoOn
    }

    fn rested(&mut self) {
        if let Some(first) = self.jobs.front_mut() {
            // A rest changes nothing that is stored.
            let _ = first.job.handle(Event::Rested);
        }
    }

    /// Does what it is told. A job that cannot be stored is as it was.
    fn obey(&mut self, order: Order) {
        let result = match order {
            Order::Added { id, title, job } => {
                self.known = id;
                self.jobs.push_back(Job { id, title, job });
                Ok(())
            }
            Order::Printer(printer) => {
                self.set_printer(printer);
                Ok(())
            }
            Order::TryNow => {
                self.unreached = 0;
                self.rested();
                Ok(())
            }
            Order::RestAtMost(rest) => {
                self.rest_max = rest;
                Ok(())
            }
            Order::Answer { number, answer } => match self.doing.clone() {
                Doing::Asks {
                    number: asked,
                    question,
                } if asked == number => {
                    // The same question may come again, and is another one then.
                    self.doing = Doing::AtWork;
                    self.change(|job| job.handle(Event::Answered(question, answer)))
                }
                _ => Ok(()),
            },
            Order::Stop => self.change(PrintJob::stop),
            Order::NeverAnswers => self.change(PrintJob::without_answers),
            Order::Drop => {
                let dropped = self.jobs.pop_front();
                // The next job must not be taken for a part of this one.
                self.set_printer(self.printer.clone());
                match dropped {
                    Some(job) => self.with_queue(|queue| queue.remove(job.id)),
                    None => Ok(()),
                }
            }
        };
        if let Err(StoreError::Failed(error)) = result {
            self.reload(&error);
        }
    }

    fn set_printer(&mut self, printer: Option<Address>) {
        self.printer = printer;
        self.driver = self.fresh_driver();
        if let Some(first) = self.jobs.front_mut() {
            let _ = first.job.handle(Event::ConnectionLost);
        }
        self.begin_anew();
        self.rested();
    }

    /// Not connected yet.
    fn fresh_driver(&self) -> Option<Driver> {
        let printer = self.printer.clone()?;
        Some(Driver::through(printer, self.open.clone()))
    }

    fn begin_anew(&mut self) {
        self.unreached = 0;
        self.doing = Doing::Begins;
    }

    /// Changes the first job, and stores it if it says so.
    fn change(&mut self, act: impl FnOnce(&mut PrintJob) -> Keep) -> Result<(), StoreError> {
        let Some(first) = self.jobs.front_mut() else {
            return Ok(());
        };
        if act(&mut first.job) == Keep::AsStored {
            return Ok(());
        }
        let (id, content) = (first.id, stored(&first.job)?);
        self.with_queue(|queue| queue.keep(id, &content))
    }

    fn with_queue(
        &self,
        act: impl FnOnce(&mut PrintQueue) -> Result<(), ReplicaError>,
    ) -> Result<(), StoreError> {
        match lock(&self.queue).as_mut() {
            Some(queue) => Ok(act(queue)?),
            None => Err(StoreError::Ended),
        }
    }

    /// Nothing may be sent: what is stored is tried again after a while.
    fn not_stored(&mut self, error: &ReplicaError) -> Next {
        self.reload(error);
        self.publish();
        self.wait(Some(self.rest_max))
    }

    /// The jobs as they were stored last; what was under way is in doubt then.
    fn reload(&mut self, error: &ReplicaError) {
        tracing::error!(%error, "a print job could not be stored");
        let loaded = match lock(&self.queue).as_ref() {
            Some(queue) => load(queue),
            None => return,
        };
        self.driver = self.fresh_driver();
        self.doing = Doing::NotStored(error.code());
        if let Ok(jobs) = loaded {
            self.jobs = jobs;
        }
    }

    pub(super) fn state(&self) -> PrintState {
        let state = |job: &Job| JobState::of(job.id, &job.title, &job.job);
        PrintState {
            jobs: self.jobs.iter().map(state).collect(),
            doing: self.doing.clone(),
            done: self.done.clone(),
            known: self.known,
        }
    }

    fn publish(&mut self) {
        let now = self.state();
        tell(&self.to, &mut self.said, now);
    }
}

fn tell(to: &Sender<ToWorker>, said: &mut PrintState, now: PrintState) {
    if *said != now {
        *said = now.clone();
        // Without a worker the program ends.
        let _ = to.send(ToWorker::Printing(now));
    }
}
