//! The file of jobs, shared by the worker that puts jobs in and the thread that drives them.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use labels::{Address, PrintJob};
use replica::{DatabaseKey, PrintQueue, ReplicaError};

use super::thread::Drives;
use super::{JobState, Order, PrintState};
use crate::platform::Platform;
use crate::worker::ToWorker;

/// Shared with the worker, which puts jobs in. `None` once the program ends: then nothing more is sent, since nothing is
/// sent unstored.
pub(super) type Shared = Arc<Mutex<Option<PrintQueue>>>;

pub(super) fn lock(queue: &Shared) -> MutexGuard<'_, Option<PrintQueue>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn stored(job: &PrintJob) -> Result<String, ReplicaError> {
    serde_json::to_string(job).map_err(|_| ReplicaError::BadRow("print job"))
}

/// The file of jobs and what lay in it; [`JobsOpened::drive`] begins to print.
pub struct JobsOpened {
    queue: PrintQueue,
    jobs: VecDeque<Job>,
}

impl JobsOpened {
    /// Opens the file in that folder, or makes it.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn open(folder: &Path, key: &DatabaseKey) -> Result<Self, ReplicaError> {
        let queue = PrintQueue::open(&folder.join("print.db"), Some(key))?;
        let jobs = load(&queue)?;
        Ok(Self { queue, jobs })
    }

    /// Goes on with what lay in the file, over the machine's way to printers. What becomes of it is said through `to`.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn drive(
        self,
        printer: Option<Address>,
        platform: Arc<dyn Platform>,
        to: Sender<ToWorker>,
    ) -> std::io::Result<PrinterThread> {
        let (orders, taken) = mpsc::channel();
        let queue: Shared = Arc::new(Mutex::new(Some(self.queue)));
        let open = Arc::new(move |printer: &Address, within| platform.printer(printer, within));
        let mut state = Drives::new(queue.clone(), self.jobs, printer, open, taken, to);
        let said = state.state();
        std::thread::Builder::new()
            .name("printer".to_owned())
            .spawn(move || state.run())?;
        Ok(PrinterThread {
            queue,
            orders,
            begun: said,
        })
    }
}

/// Reaches the thread.
pub struct PrinterThread {
    queue: Shared,
    orders: Sender<Order>,
    /// How the jobs stood when it began.
    pub(crate) begun: PrintState,
}

impl PrinterThread {
    /// Tells the thread something.
    pub(crate) fn tell(&self, order: Order) {
        // It ends only with the program.
        let _ = self.orders.send(order);
    }

    /// A new job, behind all others. When this returns it is on the disk.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing is printed then.
    pub(crate) fn add(
        &self,
        title: String,
        job: PrintJob,
        now: i64,
    ) -> Result<Option<JobState>, ReplicaError> {
        let content = stored(&job)?;
        let id = match lock(&self.queue).as_mut() {
            Some(queue) => queue.add(&title, &content, now)?,
            None => return Ok(None),
        };
        let state = JobState::of(id, &title, &job);
        self.tell(Order::Added { id, title, job });
        Ok(Some(state))
    }
}

impl Drop for PrinterThread {
    fn drop(&mut self) {
        // The thread may wait for a silent printer for seconds; nobody waits for it. What it has sent is stored as sent.
        lock(&self.queue).take();
    }
}

pub(super) struct Job {
    pub(super) id: i64,
    pub(super) title: String,
    pub(super) job: PrintJob,
}

/// A job that a later program wrote is left alone.
pub(super) fn load(queue: &PrintQueue) -> Result<VecDeque<Job>, ReplicaError> {
    let kept = queue.jobs()?.into_iter();
    let jobs = kept.filter_map(|kept| {
        let job = serde_json::from_str(&kept.content);
        if let Err(error) = &job {
            tracing::warn!(%error, id = kept.id, "a print job cannot be read and stays where it is");
        }
        Some(Job {
            id: kept.id,
            title: kept.title,
            job: job.ok()?,
        })
    });
    Ok(jobs.collect())
}
